"""Read official files, whose addresses and columns the registry gives.

Every loader takes a path and returns `Loaded`: a tidy frame, `problems` (figures that disagree with
themselves or with a published total, cells that are no number) and `notes` (what differs from what was
expected but costs nothing). A cell that the producer hides (`*`) is missing and never 0. A bad cell never
costs the other rows; a missing column does stop the loader, with an error that names it.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data.registry import DataError
from bobanalysis.tables import as_number, load_yaml, read_table

HIDDEN = ("*", "-", "", "nd", "ns", "s", "c", "na", "nan", "n/a", "none")
"""How the producers write a figure that they hide or do not have, in lower case."""


@dataclass
class Loaded:
    """An official file: a tidy frame, with what was found wrong and what was found different.

    Each sentence begins with the name of the file.
    """

    path: Path
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def problem(self, text: str) -> None:
        """Note what is wrong."""
        self.problems.append(f"{self.path.name}: {text}")

    def note(self, text: str) -> None:
        """Note what is different."""
        self.notes.append(f"{self.path.name}: {text}")


def slug(header: object) -> str:
    """Write a column header without case, accents, spaces or signs, which change from year to year.

    >>> slug("Libellé de famille de métier "), slug("Tranche d'âge"), slug("NOMBE25")
    ('libelle_de_famille_de_metier', 'tranche_d_age', 'nombe25')
    """
    plain = unicodedata.normalize("NFKD", str(header)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def read_sheets(path: Path) -> Mapping[str, list[list[Any]]]:
    """Read the sheets of an .xlsx workbook: name → rows. Raises `DataError` when it is not a whole one."""
    from openpyxl import load_workbook

    try:
        with path.open("rb") as file:  # by what it holds: addresses often end in no suffix, or a wrong one
            book = load_workbook(file, read_only=True, data_only=True)
            return {sheet.title: [list(r) for r in sheet.iter_rows(values_only=True)] for sheet in book}
    except FileNotFoundError:
        raise DataError(f"{path}: not there; `bobanalysis data fetch` downloads official files") from None
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        again = "run `bobanalysis data fetch ID --refresh`"
        raise DataError(f"{path}: not a whole workbook ({error}); {again}") from None


def numbers(frame: pl.DataFrame, columns: Sequence[str], found: Loaded, first_row: int = 2) -> pl.DataFrame:
    """Turn text into numbers: spaces between thousands and a decimal comma are read, a hidden figure is
    missing.

    Any other text is missing too, and reported with its row and column. `first_row` is the row number of the
    first row.
    """
    made = frame
    for name in columns:
        text = pl.col(name).str.replace_all(r"[\s\u00a0\u202f]", "")
        hidden = pl.col(name).is_null() | text.str.to_lowercase().is_in(HIDDEN)
        made = made.with_columns(as_number(text, decimal_comma=True).alias(name))
        bad = frame.with_row_index("row", offset=first_row).filter(~hidden & made[name].is_null())
        for row, value in bad.select("row", name).head(1).iter_rows():
            missing = f"is not a number; {bad.height} such cells are missing"
            found.problem(f"row {row}, column {name}: {value!r} {missing}")
    return made


# ---- job seekers (Dares) -------------------------------------------------------------------------------

_DARES = load_yaml(dict[str, dict[str, str]], Path(__file__).with_name("official.yaml"))
ARRONDISSEMENT = r"^(751\d\d|6938\d|132\d\d)$"
ROWS_OF_2024 = 2_095_020
GIRONDE_OF_2024 = 142_570


def dares_communes(path: Path) -> Loaded:
    """Job seekers by commune and sex, or commune and age (the two are not crossed), quarterly means rounded
    to 5.

    Returns quarter, dep, commune, category, sex, age_band, jobseekers. Paris, Lyon and Marseille stand in
    the file both whole and by arrondissement: the latter, and rows of totals, are left out.
    """
    found, text = Loaded(path), read_table(path)
    known = {slug(name): name for name in text.columns}
    columns = _DARES["columns"]
    where = {ours: next((c for c in known if re.fullmatch(p, c)), "") for ours, p in columns.items()}
    if absent := [f"{ours} (a header like {columns[ours]})" for ours, name in where.items() if not name]:
        raise DataError(f"{path}: no column {', '.join(absent)}; it has {', '.join(known)}")
    text = text.select(pl.col(known[name]).alias(ours) for ours, name in where.items())
    # `2024-T4`, `T4 2024` or a day of the quarter are all 2024-T4.
    date = pl.col("quarter")
    month = (date.str.extract(r"^\d{4}-(\d\d)").cast(pl.Int32) + 2) // 3
    quarter = pl.coalesce(date.str.extract(r"[TQ](\d)"), month.cast(pl.String))
    code = pl.col("commune").str.zfill(5)
    frame = numbers(text, ["jobseekers"], found).with_columns(
        quarter=pl.format("{}-T{}", date.str.extract(r"(\d{4})"), quarter),
        commune=code,
        dep=code.str.slice(0, pl.when(code.str.starts_with("97")).then(3).otherwise(2)),
    )
    for name in ("sex", "age_band"):
        labels = _DARES[name]
        if other := sorted(set(frame[name].drop_nulls().unique().to_list()) - set(labels)):
            found.note(f"column {name} has labels that are not known: {', '.join(other[:5])}")
        frame = frame.with_columns(pl.col(name).replace(labels))
    frame = frame.filter(~pl.col("commune").str.contains(f"Total|{ARRONDISSEMENT}"))
    every = ["quarter", "dep", "commune", "category"]
    _parts_add_up(frame.filter(age_band="total"), every, "sex", ["F", "M"], found)
    _parts_add_up(frame.filter(sex="total"), every, "age_band", ["15-24", "25-49", "50+"], found)
    gironde = frame.filter(sex="total", age_band="total", dep="33", quarter="2024-T4")
    people = float(gironde["jobseekers"].sum())
    if people and abs(people / GIRONDE_OF_2024 - 1) > 0.01:  # hundreds of rounded communes come close to it
        said = f"{people:,.0f} in 2024-T4; {GIRONDE_OF_2024:,} were published"
        found.problem(f"communes of Gironde add up to {said}")
    if text.height != ROWS_OF_2024:
        of_2024 = f"the file of late 2024 had {ROWS_OF_2024:,}, later ones hold more quarters"
        found.note(f"{text.height:,} rows; {of_2024}")
    found.frame = frame.select(*every, "sex", "age_band", "jobseekers").sort(every)
    return found


def _parts_add_up(frame: pl.DataFrame, by: list[str], column: str, parts: list[str], found: Loaded) -> None:
    """Report where the categories of a column do not add up to their total, among groups where all are known.

    Three figures rounded to 5 differ from the sum of two by up to 7.5.
    """
    wide = frame.pivot(column, index=by, values="jobseekers", aggregate_function="sum")
    if not {"total", *parts} <= set(wide.columns):
        return
    gap = pl.sum_horizontal(parts, ignore_nulls=False) - pl.col("total")
    off = wide.filter(gap.abs() > 10)
    for first in off.head(1).iter_rows(named=True):
        where = ", ".join(f"{k} {first[k]}" for k in by)
        said = " + ".join(f"{first[p]:,.0f}" for p in parts)
        groups = f"{off.height} groups, first {where}: {said}, {first['total']:,.0f}"
        found.problem(f"{column}: {' + '.join(parts)} is not total in {groups}")


# ---- unemployment (INSEE) -----------------------------------------------------------------------------


def insee_unemployment_rate(path: Path) -> Loaded:
    """Localised unemployment rate by département and quarter, percent, from the sheet « Département ».

    The name of the file carries the quarter; columns are named T3_2025. Returns dep, quarter, rate_pct.
    """
    found, sheets = Loaded(path), read_sheets(path)
    if "Département" not in sheets:
        raise DataError(f"{path}: no sheet 'Département'; it has {', '.join(sheets)}")
    rows = sheets["Département"]
    top = next((i for i, r in enumerate(rows[:12]) if "code" in map(slug, r)), 0)
    names = [slug(h) if h is not None else f"empty_{i}" for i, h in enumerate(rows[top])]
    quarters = [c for c in names if re.fullmatch(r"t\d_\d{4}", c)]
    if "code" not in names or not quarters:
        layout = "no columns Code and such as T3_2025 under one row of headers; the layout has changed"
        raise DataError(f"{path}: sheet Département: {layout}; row {top + 1} is {', '.join(names)}")
    body = [[None if v is None else str(v) for v in row[: len(names)]] for row in rows[top + 1 :]]
    text = pl.DataFrame(body, dict.fromkeys(names, pl.String), orient="row")
    # Spreadsheets lose the zero of 01 to 09.
    code = pl.col("code").str.strip_chars().str.to_uppercase().str.strip_suffix(".0").str.zfill(2)
    text = text.with_columns(code).filter(pl.col("code").str.contains(r"^(\d{2,3}|2[AB])$"))
    frame = numbers(text.select("code", *quarters), quarters, found, top + 2).unpivot(quarters, index="code")
    name = pl.col("variable")
    frame = frame.select(
        dep="code",
        quarter=pl.format("{}-T{}", name.str.slice(3), name.str.slice(1, 1)),
        rate_pct="value",
    )
    if strange := frame.filter(~pl.col("rate_pct").is_between(0, 60)).height:
        found.problem(f"{strange} rates are not between 0 and 60 %")
    if (number := frame["dep"].n_unique()) not in (96, 100, 101):
        found.problem(f"{number} départements, not 96, 100 or 101")
    found.frame = frame.sort("dep", "quarter")
    return found


LOADERS: Mapping[str, Callable[[Path], Loaded]] = {
    loader.__name__: loader for loader in (dares_communes, insee_unemployment_rate)
}
"""Source id → the function that reads its official file."""
