"""Read the full official files, whose addresses and columns the registry gives.

Every loader takes a path and returns `Loaded`: a tidy frame, `problems` (figures that disagree with
themselves or with a published total, cells that are no number) and `notes` (what differs from what was
expected but costs nothing). A cell that the producer hides (`*`) is missing and never 0. A bad cell never
costs the other rows; a missing column does stop the loader, with an error that names it.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data.bands import AGE5
from bobanalysis.data.cache import fetch
from bobanalysis.data.errors import DataError

HIDDEN = ("*", "-", "", "nd", "ns", "s", "c", "na", "nan", "n/a", "none")
"""How the producers write a figure that they hide or do not have, in lower case."""

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
"""First bytes of an .xls workbook."""

BMO_TOTALS = {2015: 1_739_277, 2016: 1_827_271, 2017: 1_976_268, 2018: 2_318_471}
"""Hiring projects in the file, hidden cells counting nothing: sums that a study of the same files printed."""

BMO_PUBLISHED = {2019: 2_693_000, 2023: 3_040_000}
"""Hiring projects as France Travail published them, rounded; hidden cells make the file's sum a little
lower."""


@dataclass(frozen=True)
class Loaded:
    """An official file as a tidy frame, with what was found wrong and what was found different."""

    frame: pl.DataFrame
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Findings:
    """Collects what a loader finds, each sentence with the name of the file in front."""

    path: Path
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def problem(self, text: str) -> None:
        self.problems.append(f"{self.path.name}: {text}")

    def note(self, text: str) -> None:
        self.notes.append(f"{self.path.name}: {text}")

    def loaded(self, frame: pl.DataFrame) -> Loaded:
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


def read_text(
    path: Path, separator: str = ";", member: str | None = None, encoding: str = "utf8"
) -> pl.DataFrame:
    """Read a delimited text file, or one member of a zip, with every column as text and headers as `slug`
    writes them.

    Parameters: `member`, a pattern for the name of the member; `encoding`, "utf8" (a byte order mark is no
    header) or another name that Python knows. Raises `DataError` when the file is truncated, damaged or not
    a table.
    """
    try:
        raw = _member(path, member) if zipfile.is_zipfile(path) else path.read_bytes()
        if encoding != "utf8":
            raw = raw.decode(encoding).encode()
        frame = pl.read_csv(raw.removeprefix(b"\xef\xbb\xbf"), separator=separator, infer_schema=False)
    except FileNotFoundError:
        raise DataError(f"{path}: not there; `bobanalysis data fetch` downloads official files") from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path}: not a whole table ({str(error).splitlines()[0]}); download it again with "
            f"`bobanalysis data fetch ID --refresh`"
        ) from None
    return frame.rename({name: slug(name) for name in frame.columns})


def _member(path: Path, pattern: str | None) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if re.search(pattern or r"\.csv$", n, re.IGNORECASE)]
        if not names:
            raise DataError(
                f"{path}: no member like {pattern or '.csv'}; it has {', '.join(archive.namelist()[:8])}"
            )
        return archive.read(max(names, key=lambda n: archive.getinfo(n).file_size))


def sheets(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook (.xlsx, or .xls where python-calamine is installed)."""
    return list(_workbook(path)[0])


def sheet(path: Path, name: str) -> list[list[Any]]:
    """Return the rows of one sheet of a workbook. Raises `DataError` naming the sheets that it has."""
    names, rows = _workbook(path)
    if name not in names:
        raise DataError(f"{path}: no sheet {name!r}; it has {', '.join(names)}")
    return rows(name)


def _workbook(path: Path) -> tuple[list[str], Callable[[str], list[list[Any]]]]:
    """Open a workbook by what it holds: addresses often end in no suffix, or a wrong one."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: not there; `bobanalysis data fetch` downloads official files") from None
    if raw.startswith(OLD_EXCEL):
        try:
            from python_calamine import CalamineWorkbook
        except ImportError:
            raise DataError(
                f"{path}: reading an .xls workbook needs python-calamine; run `pip install python-calamine`, "
                f"or save the workbook as .xlsx"
            ) from None
        old = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        return old.sheet_names, lambda name: old.get_sheet_by_name(name).to_python(skip_empty_area=False)
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, EOFError) as error:
        raise DataError(
            f"{path}: not a whole workbook ({error}); run `bobanalysis data fetch ID --refresh`"
        ) from None
    return book.sheetnames, lambda name: [list(row) for row in book[name].iter_rows(values_only=True)]


def _as_text(rows: Iterable[Sequence[Any]], header: Sequence[Any]) -> pl.DataFrame:
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


def differences(frame: pl.DataFrame, known: Sequence[str], found: _Findings) -> None:
    """Note the columns that were not expected and those that were expected and are absent."""
    if extra := [c for c in frame.columns if c not in known and not c.startswith("empty_")]:
        found.note(f"columns that the registry does not describe: {', '.join(extra)}")
    if absent := [c for c in known if c not in frame.columns]:
        found.note(f"columns that the registry describes and the file has not: {', '.join(absent)}")


def numbers(
    frame: pl.DataFrame, columns: Sequence[str], found: _Findings, first_row: int = 2
) -> pl.DataFrame:
    """Turn text into numbers: spaces between thousands and a decimal comma are read, a hidden figure is
    missing.

    Any other text is missing too, and reported with its row and column. `first_row` is the row number of the
    first row.
    """
    made = frame
    for name in columns:
        text = pl.col(name).str.replace_all(r"[\s\u00a0\u202f]", "").str.replace(",", ".", literal=True)
        hidden = pl.col(name).is_null() | text.str.to_lowercase().is_in(HIDDEN)
        made = made.with_columns(text.cast(pl.Float64, strict=False).alias(name))
        bad = frame.with_row_index("row", offset=first_row).filter(~hidden & made[name].is_null())
        if bad.height:
            found.problem(
                f"row {bad['row'][0]}, column {name}: {bad[name][0]!r} is not a number; {bad.height} "
                "such cells are missing"
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


def _sexes_add_up(
    frame: pl.DataFrame,
    by: Sequence[str],
    whole: str,
    parts: Sequence[str],
    column: str,
    value: str,
    slack: float,
) -> str | None:
    """Say where the categories of a column do not add up to their total, among groups where all are known."""
    wide = frame.filter(pl.col(column).is_in([whole, *parts])).pivot(
        column, index=list(by), values=value, aggregate_function="sum"
    )
    if any(name not in wide.columns for name in (whole, *parts)):
        return None
    gap = pl.sum_horizontal([pl.col(p) for p in parts], ignore_nulls=False) - pl.col(whole)
    off = wide.filter(gap.abs() > slack)
    if not off.height:
        return None
    first = off.row(0, named=True)
    where = ", ".join(f"{k} {first[k]}" for k in by)
    total = " + ".join(f"{first[p]:,.0f}" for p in parts)
    return f"{column}: {' + '.join(parts)} is not {whole} in {off.height} groups, first {where}: "
    f"{total}, {first[whole]:,.0f}"


# ---- job seekers (Dares, France Travail) --------------------------------------------------------------

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
    found = _Findings(path)
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
    of_sexes = frame.filter(pl.col("age_band") == "total")
    of_ages = frame.filter(pl.col("sex") == "total")
    # three figures rounded to 5 differ from the sum of two by up to 7.5
    for problem in (
        _sexes_add_up(of_sexes, every, "total", ["F", "M"], "sex", "jobseekers", 10),
        _sexes_add_up(of_ages, every, "total", ["15-24", "25-49", "50+"], "age_band", "jobseekers", 10),
    ):
        if problem:
            found.problem(problem)
    _gironde(of_sexes.filter(pl.col("sex") == "total"), found)
    if text.height != 2_095_020:
        found.note(
            f"{text.height:,} rows; the file of late 2024 had 2,095,020, later ones hold more quarters"
        )
    return found.loaded(frame.select(*every, "sex", "age_band", "jobseekers").sort(every))


def _gironde(frame: pl.DataFrame, found: _Findings) -> None:
    """The published total of Gironde at the end of 2024 is 142,570; hundreds of rounded communes come close
    to it."""
    total = float(frame.filter(pl.col("dep") == "33", pl.col("quarter") == "2024-T4")["jobseekers"].sum())
    if total and abs(total / 142_570 - 1) > 0.01:
        found.problem(f"communes of Gironde add up to {total:,.0f} in 2024-T4; 142,570 were published")


def _labels(frame: pl.DataFrame, column: str, labels: Mapping[str, str], found: _Findings) -> pl.DataFrame:
    """Replace labels by ours; rows with another label are kept as they are, and noted."""
    other = sorted(set(frame[column].drop_nulls().unique().to_list()) - set(labels))
    if other:
        found.note(f"column {column} has labels that are not known: {', '.join(other[:5])}")
    return frame.with_columns(pl.col(column).replace(labels))


def dares_departements(path: Path) -> Loaded:
    """Job seekers by département, sex, age and time since registration, rounded to 100.

    The whole list of columns was never seen, so the loader says what differs. Rows of totals over places are
    left out. Returns the columns that it knows (date, region, dep, data_type, category, sex, age_band,
    duration, jobseekers).
    """
    found = _Findings(path)
    text = read_text(path)
    known = {
        "date": "date", "region": "code_region", "dep": "code_departement", "data_type": "type_de_donnees",
        "category": "categorie", "sex": "sexe", "age_band": "tranche_d_age", "duration": "anciennete.*",
        "jobseekers": "value|valeur|nombre_de_demandeurs_d_emploi",
    }  # fmt: skip
    must = ("date", "dep", "category", "sex", "age_band", "jobseekers")
    there = {k: p for k, p in known.items() if k in must or any(re.fullmatch(p, c) for c in text.columns)}
    for name in known.keys() - there.keys():
        found.note(f"no column {known[name]}: {name} is left out")
    if extra := [c for c in text.columns if not any(re.fullmatch(p, c) for p in known.values())]:
        found.note(f"columns that the registry does not describe: {', '.join(extra)}")
    frame = numbers(need(text, there, path), ["jobseekers"], found)
    frame = frame.filter(~pl.col("dep").fill_null("Total").str.contains("(?i)total")).with_columns(
        departement_code("dep")
    )
    frame = _labels(_labels(frame, "sex", SEXES, found), "age_band", DARES_AGES, found)
    by = [c for c in frame.columns if c not in ("sex", "jobseekers")]
    if problem := _sexes_add_up(frame, by, "total", ["F", "M"], "sex", "jobseekers", 200):
        found.problem(problem)
    return found.loaded(frame)


# ---- hiring needs and tension (France Travail) --------------------------------------------------------


def bmo(path: Path) -> Loaded:
    """Hiring projects by job family and employment area (survey Besoins en main-d'œuvre), any year since
    2015.

    Headers change from year to year (BE15 … BE25, `code métier BMO`, a space at the end): they are found by
    pattern. Returns year, job, job_name, nomenclature, region, dep, bassin, bassin_name, projects, hard,
    seasonal.
    """
    found = _Findings(path)
    text, first_row = _bmo_sheet(path)
    columns = {
        "year": "annee", "job": "code_metier_bmo", "job_name": "nom_metier_bmo", "region": "reg",
        "dep": "dept",
        "bassin": r"be\d\d", "bassin_name": r"nombe_?\d\d", "projects": "met", "hard": "xmet",
        "seasonal": "smet",
    }  # fmt: skip
    frame = numbers(need(text, columns, path), ["year", "projects", "hard", "seasonal"], found, first_row)
    year = int(frame["year"].drop_nulls().mode().sort().item(0)) if frame["year"].count() else 0
    frame = frame.with_columns(
        pl.col("year").cast(pl.Int32),
        departement_code("dep"),
        pl.lit("FAP2021" if year >= 2024 else "FAP2009").alias("nomenclature"),
    )
    for part in ("hard", "seasonal"):
        if more := frame.filter(pl.col(part) > pl.col("projects") + 1).height:
            found.problem(f"{more} rows have more {part} projects than projects")
    total = float(frame["projects"].sum())
    exact, published = BMO_TOTALS.get(year), BMO_PUBLISHED.get(year)
    if exact and abs(total - exact) > 0.5:
        found.problem(f"projects of {year} add up to {total:,.0f}, must be {exact:,}")
    if published and not 0.97 * published < total < 1.005 * published:
        found.problem(f"projects of {year} add up to {total:,.0f}; {published:,} were published")
    if not exact and not published:
        found.note(f"no published total is known for {year}; projects add up to {total:,.0f}")
    if year == 2025 and frame.height != 50_076:
        found.note(f"{frame.height:,} rows, the file that was described had 50,076")
    order = [
        "year",
        "job",
        "job_name",
        "nomenclature",
        "region",
        "dep",
        "bassin",
        "bassin_name",
        "projects",
        "hard",
        "seasonal",
    ]
    return found.loaded(frame.select(order))


def _bmo_sheet(path: Path) -> tuple[pl.DataFrame, int]:
    """Find the sheet and the row of headers: the first row that holds `met`."""
    if path.suffix.lower() == ".csv":
        return read_text(path), 2
    for name in sheets(path):
        rows = sheet(path, name)
        for i, row in enumerate(rows[:20]):
            if {"annee", "met"} <= {slug(v) for v in row if v is not None}:
                return _as_text(rows[i + 1 :], row), i + 2
    raise DataError(f"{path}: no sheet with the headers annee and met; it has {', '.join(sheets(path))}")


def tensions(path: Path) -> Loaded:
    """Indicators of labour market tension by job family and place (France Travail and Dares), one sheet a
    level.

    Returns year, fap, area_level (country, region, departement), area, and every other column under its
    slug; the indicators are numbers and are missing where they are hidden. Sheets that do not hold the
    indicator are noted.
    """
    found = _Findings(path)
    frames = []
    for name in sheets(path):
        rows = sheet(path, name)
        top = next(
            (i for i, r in enumerate(rows[:20]) if any(slug(v).startswith("code_fap") for v in r if v)), None
        )
        if top is None or not any("tension" in slug(v) for v in rows[top] if v):
            found.note(f"sheet {name!r} holds no indicator and is left out")
            continue
        text = _as_text(rows[top + 1 :], rows[top])
        dep, region = "code_departement" in text.columns, "code_region" in text.columns
        area = (
            departement_code("code_departement")
            if dep
            else pl.col("code_region").str.zfill(2)
            if region
            else pl.lit("FR")
        )
        level = "departement" if dep else "region" if region else "country"
        fap = need(text, {"fap": r"code_fap.*"}, path)["fap"]
        text = text.with_columns(fap, area.alias("area"), pl.lit(level).alias("area_level"))
        labels = {"fap", "area", "area_level"} | {
            c for c in text.columns if re.match(r"(code|libelle|lib)_", c)
        }
        values = [c for c in text.columns if c not in labels]
        frames.append(numbers(text.select("area_level", "area", "fap", *values), values, found, top + 2))
    if not frames:
        raise DataError(
            f"{path}: no sheet has the columns code_fap… and tension; it has {', '.join(sheets(path))}"
        )
    frame = pl.concat(frames, how="diagonal")
    return found.loaded(frame.rename({"annee": "year"} if "annee" in frame.columns else {}))


# ---- population and unemployment (INSEE) --------------------------------------------------------------


def insee_population(
    path: Path,
    years: Sequence[str] | None = None,
    departements: Iterable[str] | None = None,
    altered: Mapping[tuple[str, str, str], tuple[float, float]] | None = None,
) -> Loaded:
    """Population by département, sex and five years of age, from the workbook with one sheet a year.

    Figures are those of men and of women; "Ensemble" must be their sum, and each "Total" the sum of its
    bands. Parameters: `years`, sheets to read (all when None); `departements`, codes wanted (those of the
    registry when None); `altered`, (year, département, band) → (Ensemble as written, men + women) of cells
    known to be wrong in this copy. Returns year, dep, sex, age_band, population. Mayotte is absent before
    2014.
    """
    from bobanalysis.data.tables import table

    found = _Findings(path)
    codes = set(departements if departements is not None else table("departements")["dep"].to_list())
    frames = []
    for year in years or [name for name in sheets(path) if re.fullmatch(r"\d{4}", name)]:
        rows = sheet(path, year)
        lines = {code: r for r in rows if r and (code := _code(r[0])) in codes}
        if not lines:
            found.problem(f"sheet {year}: no row begins with the code of a département")
            continue
        absent = codes - set(lines) - ({"976"} if int(year) < 2014 else set())
        if absent:
            found.problem(f"sheet {year}: no row for {', '.join(sorted(absent))}")
        first = next(iter(lines.values()))
        width = next((i for i, v in enumerate(first) if i and isinstance(v, int | float)), 2)
        for dep, line in lines.items():
            both, men, women = (line[width + 21 * k : width + 21 * (k + 1)] for k in range(3))
            _agree(year, dep, both, men, women, altered or {}, found)
            for sex, values in (("F", women), ("M", men)):
                frames += [(int(year), dep, sex, band, n) for band, n in zip(AGE5, values[:20], strict=True)]
    schema: Any = {
        "year": pl.Int32,
        "dep": pl.String,
        "sex": pl.String,
        "age_band": pl.Enum(AGE5),
        "population": pl.Int64,
    }
    return found.loaded(pl.DataFrame(frames, schema=schema, orient="row", strict=False))


def _code(value: Any) -> str:
    """A département code as text: overseas codes are numbers in the workbook."""
    return str(int(value)) if isinstance(value, float) else str(value).strip()


def _agree(
    year: str,
    dep: str,
    both: Sequence[Any],
    men: Sequence[Any],
    women: Sequence[Any],
    altered: Mapping[tuple[str, str, str], tuple[float, float]],
    found: _Findings,
) -> None:
    for sex, values in (("men", men), ("women", women)):
        if sum(values[:-1]) != values[-1]:
            found.problem(
                f"sheet {year}, {dep}, {sex}: bands add up to {sum(values[:-1]):,.0f}, total "
                f"{values[-1]:,.0f}"
            )
    for band, whole, m, w in zip((*AGE5, "Total"), both, men, women, strict=True):
        if whole != m + w and altered.get((year, dep, band)) != (whole, m + w):
            found.problem(
                f"sheet {year}, {dep}, {band}: Ensemble is {whole:,.0f}, men plus women {m + w:,.0f}"
            )


def insee_unemployment_rate(path: Path) -> Loaded:
    """Localised unemployment rate by département and quarter, percent, from the sheet « Département ».

    The name of the file carries the quarter; columns are named T3_2025. Returns dep, quarter, rate_pct.
    """
    found = _Findings(path)
    rows = sheet(path, "Département")
    top = next(
        (i for i, r in enumerate(rows[:12]) if any(slug(v) == "code" for v in r if v is not None)), None
    )
    if top is None:
        raise DataError(
            f"{path}: sheet Département: no header Code in its first rows; the layout has changed"
        )
    text = _as_text(rows[top + 1 :], rows[top])
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


def insee_census_unemployment(path: Path) -> Loaded:
    """Active and unemployed people by département and age (15-24, 25-54, 55-64), census, summed from
    communes.

    Returns year, dep, age_band, active, unemployed. Figures of communes are estimates with decimals.
    """
    found = _Findings(path)
    text = read_text(path, member=r"^(?!meta).*\.csv$")
    year = next((m[1] for c in text.columns if (m := re.fullmatch(r"p(\d\d)_act1524", c))), None)
    if year is None:
        raise DataError(f"{path}: no column such as P22_ACT1524; it has {', '.join(text.columns[:12])} …")
    bands = {"15-24": "1524", "25-54": "2554", "55-64": "5564"}
    columns = {"codgeo": "codgeo"} | {
        f"{kind}{tail}": f"p{year}_{kind}{tail}" for tail in bands.values() for kind in ("act", "chom")
    }
    names = [c for c in columns if c != "codgeo"]
    frame = numbers(need(text, columns, path), names, found)
    frame = frame.filter(~pl.col("codgeo").str.contains(ARRONDISSEMENT))
    sums = frame.group_by(commune_departement("codgeo").alias("dep")).agg(pl.col(names).sum())
    tidy = pl.concat(
        sums.select(
            pl.lit(2000 + int(year)).alias("year"),
            "dep",
            pl.lit(band).cast(pl.Enum(list(bands))).alias("age_band"),
            pl.col(f"act{tail}").alias("active"),
            pl.col(f"chom{tail}").alias("unemployed"),
        )
        for band, tail in bands.items()
    )
    if more := tidy.filter(pl.col("unemployed") > pl.col("active")).height:
        found.problem(f"{more} groups have more unemployed than active people")
    return found.loaded(tidy.sort("dep", "age_band"))


def insee_eec(path: Path) -> Loaded:
    """Labour force survey, detail file: weighted people by sex, age, activity and diploma.

    Ages are AGE5 until 2020 and AGE6 from 2021, kept as the code that the file holds. ACTEU: 1 employed, 2
    unemployed, 3 inactive. Weights (EXTRIAN) are those of a quarter; the mean over quarters is returned. No
    département is in it. Returns year, sex, age_code, activity, diploma (DIP11), weighted, n_sample.
    """
    found = _Findings(path)
    text = read_text(path)
    columns = {
        "year": "annee", "quarter": "trim", "sex": "sexe", "age_code": "age6|age5", "activity": "acteu",
        "diploma": "dip11", "weight": "extri.*",
    }  # fmt: skip
    frame = numbers(need(text, columns, path), ["weight"], found)
    frame = _labels(_labels(frame, "sex", {"1": "M", "2": "F"}, found), "activity", ACTIVITY, found)
    quarters = max(frame["quarter"].n_unique(), 1)
    by = ["year", "sex", "age_code", "activity", "diploma"]
    sums = frame.group_by(by).agg(
        (pl.col("weight").sum() / quarters).round(1).alias("weighted"), pl.len().alias("n_sample")
    )
    if "2018" in frame["year"].to_list() and frame.height != 423_275:
        found.note(f"{frame.height:,} rows; a public copy of the file of 2018 has 423,275")
    return found.loaded(sums.sort(by))


ACTIVITY = {"1": "employed", "2": "unemployed", "3": "inactive"}


# ---- jobs and Bob's own inputs ------------------------------------------------------------------------


def rome(path: Path) -> Loaded:
    """Job groups of a ROME archive (any version): every code of the list, and those that only have job
    titles.

    Returns rome, name, titles (the number of job titles). A code that the list forgets has no name, and is
    noted.
    """
    found = _Findings(path)
    codes = need(
        read_text(path, ",", r"referentiel_code_rome.*\.csv"),
        {"rome": "code_rome", "name": "libelle_rome"},
        path,
    )
    titles = need(read_text(path, ",", r"referentiel_appellation.*\.csv"), {"rome": "code_rome"}, path)
    frame = codes.join(
        titles.group_by("rome").agg(pl.len().alias("titles")), on="rome", how="full", coalesce=True
    )
    if forgotten := frame.filter(pl.col("name").is_null())["rome"].sort().to_list():
        found.note(f"in the job titles but not in the list of codes: {', '.join(forgotten[:9])}")
    return found.loaded(frame.with_columns(pl.col("titles").fill_null(0)).sort("rome"))


def imt(path: Path) -> Loaded:
    """Market statistics of Pôle emploi as Bob read them (closed since): offers per 10 candidates by place
    and job group.

    Returns area_level, area, rome, offers_per_10_candidates: 0 is a figure (no offer), an empty cell is
    unknown.
    """
    found = _Findings(path)
    levels = {"B": "bassin", "D": "departement", "R": "region", "F": "country"}
    columns = {
        "area_level": "area_type_code", "area": "area_code", "rome": "rome_profession_card_code",
        "offers_per_10_candidates": "tension_ratio",
    }  # fmt: skip
    frame = numbers(need(read_text(path, ","), columns, path), ["offers_per_10_candidates"], found)
    frame = _labels(frame, "area_level", levels, found)
    dep = pl.col("area_level") == "departement"
    return found.loaded(
        frame.with_columns(pl.when(dep).then(departement_code("area")).otherwise("area").alias("area"))
    )


LOADERS: Mapping[str, Callable[[Path], Loaded]] = {
    f.__name__: f
    for f in (
        dares_communes,
        dares_departements,
        bmo,
        tensions,
        insee_population,
        insee_unemployment_rate,
        insee_census_unemployment,
        insee_eec,
        imt,
    )
} | {"rome_archive": rome}
"""Source id → the function that reads its official file."""


def load(identifier: str, part: str | None = None, path: Path | None = None) -> Loaded:
    """Download an official file (or take the one at `path`) and read it.

    Parameters: `identifier`, id of a source with a loader; `part`, which file, the newest when None. Returns
    `Loaded`. Raises `DataError` when the source has no loader, or the file cannot be had or is not what it
    must be.
    """
    if identifier not in LOADERS:
        from bobanalysis.data.registry import source

        source(identifier)  # an unknown id has a better message
        raise DataError(f"{identifier} has no loader; those with one: {', '.join(sorted(LOADERS))}")
    return LOADERS[identifier](path or fetch(identifier, part))
