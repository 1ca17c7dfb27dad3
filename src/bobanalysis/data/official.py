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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data.registry import DataError
from bobanalysis.tables import as_number, read_table

HIDDEN = ("*", "-", "", "nd", "ns", "s", "c", "na", "nan", "n/a", "none")
"""How the producers write a figure that they hide or do not have, in lower case."""


@dataclass(frozen=True)
class Loaded:
    """An official file as a tidy frame, with what was found wrong and what was found different."""

    frame: pl.DataFrame
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Findings:
    """Collects what a loader finds, each sentence with the name of the file in front."""

    path: Path
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def problem(self, text: str) -> None:
        """Note what is wrong."""
        self.problems.append(f"{self.path.name}: {text}")

    def note(self, text: str) -> None:
        """Note what is different."""
        self.notes.append(f"{self.path.name}: {text}")

    def loaded(self, frame: pl.DataFrame) -> Loaded:
        """Return the frame with what was found."""
        return Loaded(frame, tuple(self.problems), tuple(self.notes))


# ---- reading text, zip and workbook -------------------------------------------------------------------


def slug(header: object) -> str:
    """Write a column header without case, accents, spaces or signs, as headers change in these from year to
    year.

    >>> slug("Libellé de famille de métier "), slug("Tranche d'âge"), slug("NOMBE25")
    ('libelle_de_famille_de_metier', 'tranche_d_age', 'nombe25')
    """
    plain = unicodedata.normalize("NFKD", str(header)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def read_text(path: Path) -> pl.DataFrame:
    """Read a delimited text file with every column as text and headers as `slug` writes them."""
    frame = read_table(path)
    return frame.rename({name: slug(name) for name in frame.columns})


def read_sheets(path: Path) -> Mapping[str, list[list[Any]]]:
    """Read the sheets of an .xlsx workbook: name → rows. Raises `DataError` when it is not a whole one."""
    from openpyxl import load_workbook

    try:
        with path.open("rb") as file:  # by what it holds: addresses often end in no suffix, or a wrong one
            book = load_workbook(file, read_only=True, data_only=True)
            return {
                name: [list(r) for r in book[name].iter_rows(values_only=True)] for name in book.sheetnames
            }
    except FileNotFoundError:
        raise DataError(f"{path}: not there; `bobanalysis data fetch` downloads official files") from None
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise DataError(
            f"{path}: not a whole workbook ({error}); run `bobanalysis data fetch ID --refresh`"
        ) from None


def sheet(path: Path, name: str) -> list[list[Any]]:
    """Return the rows of one sheet. Raises `DataError` naming the sheets that there are."""
    sheets = read_sheets(path)
    if name not in sheets:
        raise DataError(f"{path}: no sheet {name!r}; it has {', '.join(sheets)}")
    return sheets[name]


def as_text(rows: Iterable[Sequence[Any]], header: Sequence[Any]) -> pl.DataFrame:
    """Make a frame of text from rows of a sheet; a whole number loses its `.0`, an empty cell is missing."""
    names = [slug(h) if h is not None else f"empty_{i}" for i, h in enumerate(header)]

    def text(value: Any) -> str | None:
        if value is None:
            return None
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

    body = [[text(v) for v in row[: len(names)]] for row in rows if any(v not in (None, "") for v in row)]
    return pl.DataFrame(body, schema=dict.fromkeys(names, pl.String), orient="row")


def need(frame: pl.DataFrame, columns: Mapping[str, str], path: Path) -> pl.DataFrame:
    """Pick columns by a pattern of their header. Raises `DataError` naming the columns that are not there.

    Parameters: `columns`, our name → a pattern for the whole slug.

    >>> need(pl.DataFrame({"be25": ["1"], "met": ["*"]}), {"bassin": r"be\\d\\d"}, Path("x")).columns
    ['bassin']
    """
    found = {
        ours: next((c for c in frame.columns if re.fullmatch(p, c)), None) for ours, p in columns.items()
    }
    if absent := [f"{ours} (a header like {columns[ours]})" for ours, name in found.items() if name is None]:
        raise DataError(f"{path}: no column {', '.join(absent)}; it has {', '.join(frame.columns)}")
    return frame.select(pl.col(str(name)).alias(ours) for ours, name in found.items())


def numbers(frame: pl.DataFrame, columns: Sequence[str], found: Findings, first_row: int = 2) -> pl.DataFrame:
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
        if bad.height:
            found.problem(
                f"row {bad['row'][0]}, column {name}: {bad[name][0]!r} is not a number; {bad.height} such "
                "cells are missing"
            )
    return made


def departement_code(column: str) -> pl.Expr:
    """Write a département code in two or three characters: spreadsheets lose the zero of 01 to 09.

    >>> pl.DataFrame({"d": ["1", "2a", "971", "75"]}).select(departement_code("d"))["d"].to_list()
    ['01', '2A', '971', '75']
    """
    return pl.col(column).str.strip_chars().str.to_uppercase().str.zfill(2).alias(column)


def commune_departement(column: str) -> pl.Expr:
    """Give the département of a commune code: its first two characters, three overseas."""
    code = pl.col(column)
    return pl.when(code.str.starts_with("97")).then(code.str.slice(0, 3)).otherwise(code.str.slice(0, 2))


def _parts_add_up(
    frame: pl.DataFrame, by: Sequence[str], column: str, parts: Sequence[str], found: Findings
) -> None:
    """Report where the categories of a column do not add up to their total, among groups where all are known.

    Three figures rounded to 5 differ from the sum of two by up to 7.5.
    """
    wide = frame.pivot(column, index=list(by), values="jobseekers", aggregate_function="sum")
    if any(name not in wide.columns for name in ("total", *parts)):
        return
    gap = pl.sum_horizontal([pl.col(p) for p in parts], ignore_nulls=False) - pl.col("total")
    off = wide.filter(gap.abs() > 10)
    for first in off.head(1).iter_rows(named=True):
        where = ", ".join(f"{k} {first[k]}" for k in by)
        said = " + ".join(f"{first[p]:,.0f}" for p in parts)
        found.problem(
            f"{column}: {' + '.join(parts)} is not total in {off.height} groups, first {where}: {said}, "
            f"{first['total']:,.0f}"
        )


# ---- job seekers (Dares) -------------------------------------------------------------------------------

SEXES = {"Total": "total", "Hommes": "M", "Femmes": "F"}
DARES_AGES = {
    "Total": "total",
    "Moins de 25 ans": "15-24",
    "De 25 à 49 ans": "25-49",
    "50 ans et plus": "50+",
}
ARRONDISSEMENT = r"^(751\d\d|6938\d|132\d\d)$"


def _quarter(column: str) -> pl.Expr:
    """Read `2024-T4`, `T4 2024` or a day of the quarter as `2024-T4`."""
    year, named = pl.col(column).str.extract(r"(\d{4})"), pl.col(column).str.extract(r"[TQ](\d)")
    month = pl.col(column).str.extract(r"^\d{4}-(\d\d)").cast(pl.Int32)
    return pl.format("{}-T{}", year, pl.coalesce(named, ((month + 2) // 3).cast(pl.String)))


def dares_communes(path: Path) -> Loaded:
    """Job seekers by commune and sex, or commune and age (the two are not crossed), quarterly means rounded
    to 5.

    Returns quarter, dep, commune, category, sex, age_band, jobseekers. Paris, Lyon and Marseille stand in
    the file both whole and by arrondissement: the latter, and rows of totals, are left out.
    """
    found = Findings(path)
    text = read_text(path)
    columns = {
        "quarter": "date", "commune": "code_commune", "category": "categorie", "sex": "sexe",
        "age_band": "tranche_d_age", "jobseekers": r"nombre_de_demandeurs_d_emploi|nb_?de?_?demandeurs.*",
    }  # fmt: skip
    frame = numbers(need(text, columns, path), ["jobseekers"], found)
    frame = frame.with_columns(pl.col("commune").str.zfill(5))
    own = ~pl.col("commune").str.contains("Total") & ~pl.col("commune").str.contains(ARRONDISSEMENT)
    frame = _labels(_labels(frame, "sex", SEXES, found), "age_band", DARES_AGES, found).filter(own)
    frame = frame.with_columns(
        _quarter("quarter").alias("quarter"), commune_departement("commune").alias("dep")
    )
    every = ["quarter", "dep", "commune", "category"]
    of_sexes, of_ages = frame.filter(pl.col("age_band") == "total"), frame.filter(pl.col("sex") == "total")
    _parts_add_up(of_sexes, every, "sex", ["F", "M"], found)
    _parts_add_up(of_ages, every, "age_band", ["15-24", "25-49", "50+"], found)
    _gironde(of_sexes.filter(pl.col("sex") == "total"), found)
    if text.height != 2_095_020:
        found.note(
            f"{text.height:,} rows; the file of late 2024 had 2,095,020, later ones hold more quarters"
        )
    return found.loaded(frame.select(*every, "sex", "age_band", "jobseekers").sort(every))


def _gironde(frame: pl.DataFrame, found: Findings) -> None:
    """The published total of Gironde at the end of 2024 is 142,570; hundreds of rounded communes come close
    to it."""
    total = float(frame.filter(pl.col("dep") == "33", pl.col("quarter") == "2024-T4")["jobseekers"].sum())
    if total and abs(total / 142_570 - 1) > 0.01:
        found.problem(f"communes of Gironde add up to {total:,.0f} in 2024-T4; 142,570 were published")


def _labels(frame: pl.DataFrame, column: str, labels: Mapping[str, str], found: Findings) -> pl.DataFrame:
    """Replace labels by ours; rows with another label are kept as they are, and noted."""
    other = sorted(set(frame[column].drop_nulls().unique().to_list()) - set(labels))
    if other:
        found.note(f"column {column} has labels that are not known: {', '.join(other[:5])}")
    return frame.with_columns(pl.col(column).replace(labels))


# ---- unemployment (INSEE) -----------------------------------------------------------------------------


def insee_unemployment_rate(path: Path) -> Loaded:
    """Localised unemployment rate by département and quarter, percent, from the sheet « Département ».

    The name of the file carries the quarter; columns are named T3_2025. Returns dep, quarter, rate_pct.
    """
    found = Findings(path)
    rows = sheet(path, "Département")
    top = next((i for i, r in enumerate(rows[:12]) if "code" in map(slug, r)), None)
    if top is None:
        raise DataError(
            f"{path}: sheet Département: no header Code in its first rows; the layout has changed"
        )
    text = as_text(rows[top + 1 :], rows[top])
    quarters = [c for c in text.columns if re.fullmatch(r"t\d_\d{4}", c)]
    if not quarters:
        raise DataError(
            f"{path}: sheet Département: no column such as T3_2025; it has {', '.join(text.columns)}"
        )
    text = text.filter(pl.col("code").str.contains(r"^(\d{1,3}|2[AaBb])$")).with_columns(
        departement_code("code")
    )
    frame = numbers(text.select("code", *quarters), quarters, found, top + 2).unpivot(quarters, index="code")
    quarter = pl.format("{}-T{}", pl.col("variable").str.slice(3), pl.col("variable").str.slice(1, 1))
    frame = frame.select(
        pl.col("code").alias("dep"), quarter.alias("quarter"), pl.col("value").alias("rate_pct")
    )
    if strange := frame.filter(~pl.col("rate_pct").is_between(0, 60)).height:
        found.problem(f"{strange} rates are not between 0 and 60 %")
    if (number := frame["dep"].n_unique()) not in (96, 100, 101):
        found.problem(f"{number} départements, not 96, 100 or 101")
    return found.loaded(frame.sort("dep", "quarter"))


LOADERS: Mapping[str, Callable[[Path], Loaded]] = {
    loader.__name__: loader for loader in (dares_communes, insee_unemployment_rate)
}
"""Source id → the function that reads its official file."""
