"""Read official files, whose addresses and columns the registry gives.

Every loader takes a path and returns `Loaded`: a tidy frame, `problems` (figures that disagree with
themselves or with a published total, cells that are no number) and `notes` (what differs from what was
expected but costs nothing). A cell that the producer hides (`*`) is missing and never 0. A bad cell never
costs the other rows; a missing column does stop the loader, with an error that names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data.registry import DataError
from bobanalysis.data.tables import table
from bobanalysis.tables import as_number, load_yaml, read_table

HIDDEN = ("", *"* - nd ns nc s c na nan n/a none secret n.d. n.s. n.c. … .. ... ///".split())  # noqa: SIM905
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
    plain = unicodedata.normalize("NFKD", str(header).replace("’", "'").lower())
    return re.sub(r"[^a-z0-9]+", "_", plain.encode("ascii", "ignore").decode()).strip("_")


def read_sheets(path: Path) -> Mapping[str, list[list[Any]]]:
    """Read the sheets of a workbook: name → rows, None where nothing is, charts left out.

    Raises `DataError` when it is not a whole one.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    try:
        with path.open("rb") as file:  # by what it holds: addresses often end in no suffix, or a wrong one
            book = CalamineWorkbook.from_filelike(file)
            names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            rows = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
            return {n: [[None if c == "" else c for c in r] for r in each] for n, each in rows.items()}
    except FileNotFoundError:
        raise DataError(f"{path}: not there; `bobanalysis data fetch` downloads official files") from None
    except Exception as error:  # whatever the reader below raises
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

_LAYOUTS: dict[str, Any] = load_yaml(dict[str, Any], Path(__file__).with_name("official.yaml"))


def dares_communes(path: Path) -> Loaded:
    """Job seekers by commune and sex, or commune and age (the two are not crossed), means of a fourth quarter
    rounded to 5.

    Returns quarter, dep, commune, category, sex, age_band, jobseekers. Paris, Lyon and Marseille stand in
    the file both whole and by arrondissement: the latter, and rows of totals, are left out. Raises
    `DataError` for a column that is missing and for a label that is not known: it names row and value.
    """
    found, text, layout = Loaded(path), read_table(path), _LAYOUTS["dares_communes"]
    known = {slug(name): name for name in text.columns}
    columns = layout["columns"]
    where = {ours: next((c for c in known if re.fullmatch(p, c)), "") for ours, p in columns.items()}
    if absent := [f"{ours} (a header like {columns[ours]})" for ours, name in where.items() if not name]:
        raise DataError(f"{path}: no column {', '.join(absent)}; it has {', '.join(known)}")
    if not text.height:
        raise DataError(f"{path}: no row below the header; run `bobanalysis data fetch ID --refresh`")
    text = text.select(pl.col(known[c]).cast(pl.String).str.strip_chars().alias(n) for n, c in where.items())
    commune = pl.col("commune").str.replace(r"^(\d{4})$", "0$1")  # spreadsheets lose the zero of 01 to 09
    text = text.with_columns(commune).with_row_index("line", offset=2)
    for name, pattern in layout["accepts"].items():
        right = pl.col(name).str.contains(f"^(?:{pattern})$").fill_null(False)
        _refuse(path, text.filter(~right), name, f"is not {pattern.replace('|', ', ')}")
    called = [pl.col(name).replace(layout[name]) for name in ("sex", "age_band")]
    frame = numbers(text, ["jobseekers"], found).with_columns(called)
    crossed = frame.filter(pl.col("sex") != "total", pl.col("age_band") != "total")
    _refuse(path, crossed, "age_band", "stands beside a sex, and the two were not crossed")
    uneven = frame.filter((pl.col("jobseekers") % 5 != 0) | (pl.col("jobseekers") < 0))
    for row, people in uneven.select("line", "jobseekers").head(1).iter_rows():
        found.problem(f"row {row}, column jobseekers: {people:g} is not a count rounded to 5")
    code = pl.col("commune")
    if totals := frame.filter(code == "Total").height:
        found.note(f"{totals:,} rows of totals are left out")
    dep = code.str.slice(0, pl.when(code.str.starts_with("97")).then(3).otherwise(2))
    frame = frame.filter(code != "Total").with_columns(dep=dep)
    every = ["quarter", "dep", "commune", "category"]
    twice = frame.filter(frame.select(*every, "sex", "age_band").is_duplicated())
    _refuse(path, twice, "commune", "has two rows for one quarter, sex and age")
    for city, pattern in layout["cities"].items():
        frame = _whole_city(frame, city, code.str.contains(f"^{pattern}$"), found)
    _parts_add_up(frame.filter(age_band="total"), every, "sex", ["F", "M"], found)
    _parts_add_up(frame.filter(sex="total"), every, "age_band", ["15-24", "25-49", "50+"], found)
    later = "later ones hold more, and the series breaks in 2025 as recipients of the RSA are registered"
    found.note(f"{text.height:,} rows; the file of late 2024 had {layout['rows_of_late_2024']:,}, {later}")
    found.frame = frame.select(*every, "sex", "age_band", "jobseekers").sort(every)
    return _compared("dares_communes", found)


def _refuse(path: Path, wrong: pl.DataFrame, column: str, what: str) -> None:
    """Raise `DataError` for the first row that is not of the layout that is known."""
    for row, value in wrong.select("line", column).head(1).iter_rows():
        why = f"{what} ({wrong.height:,} rows)"
        reader = "this is another series or another layout, which data/official.py must learn"
        raise DataError(f"{path}: row {row}, column {column}: {value!r} {why}; {reader}")


def _whole_city(frame: pl.DataFrame, city: str, parts: pl.Expr, found: Loaded) -> pl.DataFrame:
    """Leave the arrondissements of a city out, and report where they do not add up to it."""
    keys = ["quarter", "sex", "age_band"]
    whole = frame.filter(commune=city).select(*keys, whole="jobseekers")
    sums = frame.filter(parts).group_by(keys).agg(pl.col("jobseekers").sum(), n=pl.len()).sort(keys)
    far = (pl.col("jobseekers") - pl.col("whole")).abs() > 2.5 * (pl.col("n") + 1)
    off = sums.join(whole, on=keys, how="left").filter(pl.col("whole").is_null() | far)
    for first in off.head(1).iter_rows(named=True):
        says = "is not there, or is hidden" if first["whole"] is None else f"says {first['whole']:,.0f}"
        said = f"arrondissements of {city} add up to {first['jobseekers']:,.0f}, the whole city {says}"
        found.problem(f"{', '.join(first[key] for key in keys)}: {said} ({off.height} such groups)")
    return frame.filter(~parts)


def _compared(identifier: str, found: Loaded) -> Loaded:
    """Compare with figures that others printed from such a file: say when they agree, and when not."""
    for check in _LAYOUTS["published"][identifier]:
        rows = found.frame.filter(pl.col(name) == value for name, value in check["where"].items())
        if rows.height:
            value, figure = check["value"], rows[check["column"]].sum()
            agrees = "as others printed" if abs(figure - value) < 1e-6 else f"others printed {value:,}"
            tell = found.note if abs(figure - value) <= check["tolerance"] else found.problem
            tell(f"{check['name']}: {figure:,.10g}, {agrees}")
    return found


def _parts_add_up(frame: pl.DataFrame, by: list[str], column: str, parts: list[str], found: Loaded) -> None:
    """Report where the categories of a column do not add up to their total, among groups where all are known.

    Three figures rounded to 5 differ from the sum of two by up to 7.5.
    """
    wide = frame.pivot(column, index=by, values="jobseekers", aggregate_function="sum")
    if not {"total", *parts} <= set(wide.columns):
        return
    off = wide.filter((pl.sum_horizontal(parts, ignore_nulls=False) - pl.col("total")).abs() > 10)
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
    rows = sheets["Département"] or [[]]
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
    quarter = pl.format("{}-T{}", pl.col("variable").str.slice(3), pl.col("variable").str.slice(1, 1))
    frame = frame.select(dep="code", quarter=quarter, rate_pct="value")
    if strange := frame.filter(~pl.col("rate_pct").is_between(0, 60)).height:
        found.problem(f"{strange} rates are not between 0 and 60 %")
    if (number := frame["dep"].n_unique()) not in (96, 100, 101):
        found.problem(f"{number} départements, not 96, 100 or 101")
    found.frame = frame.sort("dep", "quarter")
    return found


def insee_unemployment_by_age(path: Path) -> Loaded:
    """Localised unemployment rate by département and age, percent, from the workbook « 50_MTS-52_CHO ».

    Sheets « Territoire - Figure 1 » to 5: three lines, a header, then code, name and rate; notes below. The
    second is a gap between women and men and is left out. Returns year, dep, age_band, rate_pct.
    """
    found, sheets, layout = Loaded(path), read_sheets(path), _LAYOUTS["insee_unemployment_by_age"]
    names = dict(table("departements").select("dep", "name").iter_rows())
    # whatever their hyphens, spaces and capitals
    named, figures = {slug(name): name for name in sheets}, enumerate(layout["figures"], 1)
    wanted = {named.get(f"territoire_figure_{n}", f"Territoire - Figure {n}"): age for n, age in figures}
    if absent := [name for name in wanted if name not in sheets]:
        raise DataError(f"{path}: no sheet {absent[0]!r}; it has {', '.join(sheets)}; the layout has changed")
    titles = [" ".join(str(c) for row in sheets[name][:4] for c in row if c is not None) for name in wanted]
    years = sorted({*re.findall(r"\b20\d\d\b", " ".join(titles))})
    year = int(*years) if len(years) == 1 else layout["year"]
    told = f"titles name {', '.join(years) or 'no year'}; the first is {titles[0]!r}"
    (found.problem if years[1:] else found.note)(f"the figures are taken for those of {year}; {told}")
    frames = [_figure(s, sheets[s], age, names, found) for s, age in wanted.items() if age != "gap"]
    frame = pl.concat(frames).with_columns(year=year)
    found.frame = frame.select("year", "dep", "age_band", "rate_pct").sort("dep", "age_band")
    if (places := min(frame.group_by("age_band").len()["len"].to_list())) not in (96, 100, 101):
        found.problem(f"{places} départements in a sheet, not 96, 100 or 101")
    ages = [age for age in layout["figures"] if age not in ("total", "gap")]
    wide = frame.pivot("age_band", index="dep", values="rate_pct").drop_nulls(ages)
    low, high = pl.min_horizontal(ages) - 0.1, pl.max_horizontal(ages) + 0.1
    for dep, total in wide.filter(~pl.col("total").is_between(low, high)).select("dep", "total").iter_rows():
        found.problem(f"{names[dep]}: the rate of all ages, {total}, is not between those of the ages")
    return _compared("insee_unemployment_by_age", found)


def _figure(sheet: str, rows: list[Any], age: str, names: Mapping[str, str], found: Loaded) -> pl.DataFrame:
    """Read the rates of one age from a sheet whose fourth row is the header."""
    cells = [[None if c is None else str(c).strip() for c in [*row, None, None, None][:3]] for row in rows]
    head = " ".join(filter(None, (c for row in cells[:4] for c in row)))
    titles = _LAYOUTS["insee_unemployment_by_age"]["titles"]
    told = {one for one, pattern in titles.items() if re.search(pattern, head)}
    codes = [(row[0] or "").upper().removesuffix(".0").zfill(2) for row in cells]
    last = max((i for i, code in enumerate(codes) if code in names), default=0)
    where = f"{found.path}: sheet {sheet}"
    advice = "the layout has changed, and data/official.py must learn it"
    if told - {age} or (age in titles and age not in told and re.search(r"\d\s+ans", head)):
        raise DataError(f"{where}: its title {head!r} is not of ages {age}; {advice}")
    if last < 4 or codes[3] in names or not any(row[2] for row in cells[4 : last + 1]):
        raise DataError(f"{where}: départements do not begin in row 5, column A, or rates in C; {advice}")
    for number, (code, row) in enumerate(zip(codes[4 : last + 1], cells[4:], strict=False), 5):
        if slug(names.get(code, "")) != slug(row[1]):
            known = f"is not the name of {code!r}" if code in names else f"stands beside the code {row[0]!r}"
            raise DataError(f"{where}: row {number}, column B: {row[1]!r} {known}; {advice}")
    if len({*codes[4 : last + 1]}) < last - 3:
        raise DataError(f"{where}: column A: a département stands in two rows; {advice}")
    text = pl.DataFrame({"dep": codes[4 : last + 1], "rate_pct": [row[2] for row in cells[4 : last + 1]]})
    return numbers(text, ["rate_pct"], found, 5).with_columns(age_band=pl.lit(age))


_KNOWN = (dares_communes, insee_unemployment_rate, insee_unemployment_by_age)
LOADERS: Mapping[str, Callable[[Path], Loaded]] = {loader.__name__: loader for loader in _KNOWN}
"""Source id → the function that reads its official file."""
