"""Read a table that somebody else published, batch by batch, into a cube.

A file of any size becomes the few sums of :mod:`bobanalysis.fairness.cube` while it is read: what is kept in
memory grows with the number of groups and of distinct scores, never with the number of rows. Nothing is
guessed
in silence: what was read as unknown, as yes or no, or left out, is listed in ``notes``; what cannot be read
stops with the file, the row, the column and the value.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.fairness.cube import UNKNOWN, Cube, merging

MISSING = (
    *(
        "",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "#NA",
        "<NA>",
        "NaN",
        "nan",
        "-nan",
        "-NaN",
        "NULL",
        "null",
        "None",
        "?",
    ),
    *("unknown", "Unknown", "UNKNOWN"),
)
"""Texts that stand for "not known" unless the caller names others."""

YES = frozenset({"1", "1.0", "true", "t", "yes", "y", "oui", "o", "vrai"})
NO = frozenset({"0", "0.0", "false", "f", "no", "n", "non", "faux"})

Note = tuple[str, str]
"""A sentence in French and in English."""

MOST_CATEGORIES = 200
MOST_SCORES = 20_000_000
SCORE_VALUES = 20  # as many distinct scores or fewer are their own bins of calibration
SCORE_BINS = 10
_BATCH = 1 << 23  # bytes of text
_ROWS = 1 << 17  # rows of Parquet
_CONDITION = re.compile(r"^(?P<name>.*?)\s*(?P<op>>=|<=|!=|==|=|>|<)\s*(?P<value>.+)$")


class ReadError(ValueError):
    """A file cannot be audited: the message names it, and the row, column and value where there is one."""


@dataclass(frozen=True)
class Table:
    """A file that has been opened: its columns, and its rows in batches.

    Attributes:
        path: where it is.
        columns: the names of its columns, stripped of spaces around them.
        batches: called with names, yields frames of those columns (text as it stands, or Parquet's types).
        notes: what was assumed while opening.
        decimal_comma: whether numbers may be written 0,5.
        skipped: rows of a wrong number of fields that were left out, counted while reading.
    """

    path: Path
    columns: tuple[str, ...]
    batches: Callable[[Sequence[str]], Iterator[pl.DataFrame]]
    notes: list[Note] = field(default_factory=list)
    decimal_comma: bool = False
    skipped: list[int] = field(default_factory=lambda: [0])


@dataclass(frozen=True)
class Plan:
    """Which columns are what.

    Attributes:
        groups: columns to cross.
        prediction, outcome: a column of yes and no, or a condition on one: ``decile_score>=5``,
            ``score_text=High,Medium``. A prediction in other words is one of several answers.
        score: a column of numbers.
        weight: a column of weights, zero or more.
        count: a column saying for how many people the row stands, in a table that is already counted.
        selected: how many of these ``count`` people were selected; stands for ``prediction``.
        missing: texts that mean "not known".
    """

    groups: tuple[str, ...]
    prediction: str | None = None
    outcome: str | None = None
    score: str | None = None
    weight: str | None = None
    count: str | None = None
    selected: str | None = None
    missing: tuple[str, ...] = MISSING


@dataclass(frozen=True)
class Reading:
    """What a file says, as cubes.

    Attributes:
        cube: the sums by group, prediction and outcome.
        rows: rows read.
        notes: what was read as what, in French and in English.
        scores: distinct scores with their weight ("_score", "_w"), None without a score.
        scored: where there is a score, the cube by its bin ("_item"), whether it is above the median of
            everybody ("_prediction") and outcome; None without a score, or with too many distinct ones.
        bins: labels of the bins in their order.
        median: the (weighted) median score of everybody.
    """

    cube: Cube
    rows: int
    notes: tuple[Note, ...]
    scores: pl.DataFrame | None = None
    scored: Cube | None = None
    bins: tuple[str, ...] = ()
    median: float | None = None


def read(
    path: Path,
    plan: Plan,
    encoding: str | None = None,
    skip_bad_rows: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Reading:
    """Read a CSV or Parquet file into cubes.

    Args:
        path: CSV (comma, semicolon, tab or bar; also compressed, ``.csv.gz``) or Parquet.
        plan: which columns are what.
        encoding: of a CSV; default UTF-8, or Windows-1252 where the file is not UTF-8.
        skip_bad_rows: leave out rows of a wrong number of fields, and count them, rather than stop.
        progress: called with the number of rows read so far, after each batch.

    Raises:
        ReadError: the file is empty, cut short or of another kind; a column is missing; a value cannot be
            read; an outcome has other values than yes and no.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "hired.csv"
    ...     _ = file.write_text("sex;hired\\nF;yes\\nM;no\\n;yes\\n")
    ...     reading = read(file, Plan(groups=("sex",), prediction="hired"))
    >>> reading.cube.over(["sex"]).cells.group_by("sex").agg(pl.col("_n").sum()).sort("sex").rows()
    [('F', 1), ('M', 1), ('unknown', 1)]
    """
    table = open_table(path, encoding, skip_bad_rows)
    plan = _checked(plan, table)
    cells, rows, scores = _reduce(table, plan, None, progress)
    if rows == 0:
        raise ReadError(f"{path} has columns but no rows")
    cells, notes = _interpreted(cells, plan, path)
    reading = Reading(Cube(cells, plan.groups), rows, (), scores)
    if scores is not None:
        reading = _with_scores(reading, table, plan)
    return replace(reading, notes=(*table.notes, *_skipped(table), *notes, *reading.notes))


def open_table(path: Path, encoding: str | None = None, skip_bad_rows: bool = False) -> Table:
    """Open a CSV or Parquet file, told apart by their first bytes.

    Raises:
        ReadError: there is no such file, or it is empty, or of another kind.
    """
    if path.is_dir() or not path.exists():
        raise ReadError(f"{path} is a folder; give one file" if path.is_dir() else f"{path}: no such file")
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise ReadError(f"{path} is empty (0 bytes)")
    if start.startswith(b"PAR1") or path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(path)
    if start.startswith(b"PK\x03\x04") or start.startswith(b"\xd0\xcf\x11\xe0"):
        raise ReadError(f"{path} is a zip or spreadsheet file; save the sheet as CSV and give that")
    return _csv(path, encoding, skip_bad_rows)


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = tuple(pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise ReadError(f"{path} is not a whole Parquet file, perhaps cut short: {_short(error)}") from error

    def batches(names: Sequence[str]) -> Iterator[pl.DataFrame]:
        try:
            for batch in pq.ParquetFile(path).iter_batches(batch_size=_ROWS, columns=list(names)):
                frame: Any = pl.from_arrow(batch)
                yield frame
        except (pa.ArrowException, OSError) as error:
            raise ReadError(f"{path} cannot be read to its end: {_short(error)}") from error

    return Table(path, columns, batches)


def _csv(path: Path, encoding: str | None, skip_bad_rows: bool) -> Table:
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            start = stream.read(1 << 20)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise ReadError(f"{path} cannot be read: {_short(error)}") from error
    encoding, notes = _encoding(path, start, encoding)
    text = _decoded(start, encoding).lstrip("\ufeff")
    skip = 0
    while text and not text.split("\n", 1)[0].strip():
        text, skip = text.split("\n", 1)[1] if "\n" in text else "", skip + 1
    if told := re.match(r"sep=(.)\r?\n", text):
        text, skip = text[told.end() :], skip + 1
    if not text.strip():
        raise ReadError(f"{path} has no header: it holds nothing but blanks")
    mark = told[1] if told else _separator(text)
    header_reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
    header = next(header_reader)
    names, doubled = _unique(header)
    notes += [
        (
            f"La colonne « {name} » figure plusieurs fois dans l’en-tête : la première est lue.",
            f"Column {name!r} is in the header more than once: the first one is read.",
        )
        for name in doubled
    ]
    skipped = [0]
    wrong: list[tuple[int, int, str]] = []

    def bad_row(row: Any) -> str:
        skipped[0] += 1
        wrong.append((row.expected_columns, row.actual_columns, str(row.text)[:80]))
        del wrong[1:]
        return "skip" if skip_bad_rows else "error"

    def batches(columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        skipped[0] = 0
        wrong.clear()
        try:
            reader = pa_csv.open_csv(
                str(path),
                read_options=pa_csv.ReadOptions(
                    skip_rows=skip + header_reader_lines,
                    column_names=names,
                    encoding=encoding,
                    block_size=_BATCH,
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=mark, newlines_in_values=True, invalid_row_handler=bad_row
                ),
                convert_options=pa_csv.ConvertOptions(
                    include_columns=list(columns),
                    column_types=dict.fromkeys(columns, pa.string()),
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                frame: Any = pl.from_arrow(batch)
                yield frame
        except (pa.ArrowException, OSError, EOFError, UnicodeError) as error:
            if "Empty CSV" in str(error):
                return
            if wrong and not skip_bad_rows:
                expected, found, row = wrong[0]
                raise ReadError(
                    f"{path}: a row has {found} fields where the header has {expected}: {row!r}. The file "
                    f"may be cut short; --skip-bad-rows leaves such rows out and counts them"
                ) from error
            hint = "; say its encoding, --encoding cp1252 for example" if "UTF8" in str(error) else ""
            raise ReadError(f"{path} cannot be read to its end: {_short(error)}{hint}") from error

    header_reader_lines = header_reader.line_num
    return Table(path, tuple(n for n in names), batches, notes, decimal_comma=mark == ";", skipped=skipped)


def _encoding(path: Path, start: bytes, asked: str | None) -> tuple[str, list[Note]]:
    if asked:
        try:
            "".encode(asked)
        except LookupError as error:
            raise ReadError(f"encoding {asked!r} is not known; utf-8, cp1252 and latin-1 are") from error
        return asked, []
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", []
    if b"\x00" in start:
        raise ReadError(f"{path} holds binary data, not text; give CSV or Parquet")
    try:
        _decoded(start, "utf-8")
    except UnicodeDecodeError:
        return "cp1252", [
            (
                f"{path.name} n’est pas en UTF-8 : lu comme du Windows-1252 (autre choix : --encoding).",
                f"{path.name} is not UTF-8: read as Windows-1252 (--encoding says otherwise).",
            )
        ]
    return "utf8", []


def _decoded(start: bytes, encoding: str) -> str:
    import codecs

    try:
        return codecs.getincrementaldecoder(encoding)().decode(start, final=False)
    except UnicodeDecodeError:
        if encoding in ("utf8", "utf-8"):
            raise
        return start.decode(encoding, "replace")


def _separator(text: str) -> str:
    """The separator that cuts the first rows into the same number of fields, the most fields first."""
    lines = text.splitlines(keepends=True)[:50]
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines = lines[:-1]

    def fit(mark: str) -> tuple[float, int]:
        rows = [row for row in csv.reader(lines, delimiter=mark, skipinitialspace=True) if row]
        fields = len(rows[0]) if rows else 1
        return (sum(len(row) == fields for row in rows) / max(len(rows), 1) if fields > 1 else 0, fields)

    return max(",;\t|", key=fit)


def _unique(header: Sequence[str]) -> tuple[list[str], list[str]]:
    names: list[str] = []
    doubled = []
    for place, raw in enumerate(header, 1):
        name = raw.strip() or f"column {place}"
        if name in names:
            doubled.append(name)
            name = f"{name} (column {place})"
        names.append(name)
    return names, list(dict.fromkeys(doubled))


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _skipped(table: Table) -> list[Note]:
    if not (bad := table.skipped[0]):
        return []
    return [
        (
            f"{bad} lignes ont été laissées de côté : leur nombre de champs n’est pas celui de l’en-tête.",
            f"{bad} rows were left out: their number of fields is not that of the header.",
        )
    ]


# --- columns ------------------------------------------------------------------------------------------------


def _checked(plan: Plan, table: Table) -> Plan:
    """Find every column of the plan, or say which is missing and which looks like it."""
    if not (plan.prediction or plan.outcome or plan.score or plan.selected):
        raise ReadError("nothing to measure: give --prediction, --score or --outcome")
    if plan.selected and (not plan.count or plan.prediction or plan.outcome or plan.score):
        raise ReadError("--selected goes with --count, and stands for --prediction")
    for role in ("prediction", "outcome"):
        if asked := getattr(plan, role):
            _column(asked, table)
    for name in (*plan.groups, *filter(None, (plan.score, plan.weight, plan.count, plan.selected))):
        if name not in table.columns:
            raise _no_column(name, table)
    if not plan.groups:
        raise ReadError("give at least one column of groups")
    return plan


def _no_column(name: str, table: Table) -> ReadError:
    shown = ", ".join(table.columns[:40]) + (", …" if len(table.columns) > 40 else "")
    folded = {c.casefold(): c for c in table.columns}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1)
    hint = f" (did you mean {folded[close[0]]!r}?)" if close else ""
    return ReadError(f"{table.path} has no column {name!r}{hint}; it has: {shown}")


def _column(asked: str, table: Table) -> tuple[str, tuple[str, str] | None]:
    """The column a prediction or outcome is about, and its condition."""
    if asked in table.columns:
        return asked, None
    found = _CONDITION.match(asked)
    if found is None or found["name"] not in table.columns:
        raise _no_column(found["name"] if found else asked, table)
    return found["name"], (found["op"], found["value"])


def _text(column: pl.Expr, dtype: Any, missing: Sequence[str]) -> pl.Expr:
    if dtype.is_nested():
        raise ReadError(
            f"column {column.meta.output_name()!r} holds {dtype}; give text, numbers, booleans or dates"
        )
    text = column.cast(pl.String).str.strip_chars()
    text = text.str.replace(r'^"(.*)"$', "$1")  # quoted, but after a space
    return pl.when(text.is_in(list(missing))).then(None).otherwise(text)


def _number(column: pl.Expr, dtype: Any, plan: Plan, table: Table) -> tuple[pl.Expr, pl.Expr]:
    """The number, and whether there is a text that is none."""
    if dtype.is_numeric() or dtype == pl.Boolean:
        number = column.cast(pl.Float64).fill_nan(None)
        return number, number.is_infinite().fill_null(False)
    text = _text(column, dtype, plan.missing)
    plain = text.str.replace(",", ".", literal=True) if table.decimal_comma else text
    number = plain.cast(pl.Float64, strict=False)
    return number.fill_nan(None), text.is_not_null() & (number.is_null() | ~number.is_finite())


def _decision(asked: str, schema: pl.Schema, plan: Plan, table: Table) -> tuple[pl.Expr, pl.Expr | None]:
    """The text of a prediction or an outcome, "1" and "0" where a condition was given; and what is wrong."""
    name, condition = _column(asked, table)
    text = _text(pl.col(name), schema[name], plan.missing)
    if condition is None:
        return text, None
    op, value = condition
    if op in (">=", "<=", ">", "<"):
        try:
            limit = float(value)
        except ValueError as error:
            raise ReadError(
                f"{asked!r}: {value!r} is not a number; write {name}={value} for a text"
            ) from error
        number, wrong = _number(pl.col(name), schema[name], plan, table)
        holds = {">=": number >= limit, "<=": number <= limit, ">": number > limit, "<": number < limit}[op]
        return pl.when(holds).then(pl.lit("1")).when(~holds).then(pl.lit("0")), wrong
    holds = text.is_in([part.strip() for part in value.split(",")] + [value.strip()])
    holds = ~holds if op == "!=" else holds
    return pl.when(holds).then(pl.lit("1")).when(~holds).then(pl.lit("0")), None


# --- rows to cells ------------------------------------------------------------------------------------------


def _reduce(
    table: Table,
    plan: Plan,
    cuts: tuple[float, Sequence[float], Sequence[str]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[pl.DataFrame, int, pl.DataFrame | None]:
    """Sum a table batch by batch; with ``cuts`` (median, breaks, labels) by score rather than prediction."""
    asked = (plan.prediction, plan.outcome)
    decisions = [_column(name, table)[0] for name in asked if name]
    numbers = [name for name in (plan.score, plan.weight, plan.count, plan.selected) if name]
    columns = list(dict.fromkeys([*plan.groups, *decisions, *numbers]))
    parts: list[pl.DataFrame] = []
    scores: list[pl.DataFrame] = []
    rows = kept = held = 0
    for batch in table.batches(columns):
        narrow = _narrow(batch, plan, table, rows, cuts)
        rows += batch.height
        if progress:
            progress(rows)
        keys = [name for name in narrow.columns if name not in ("_c", "_w", "_score")]
        parts.append(narrow.group_by(keys).agg(_sums("_score" in narrow.columns)))
        if sum(part.height for part in parts) > 2 * kept + 200_000:
            parts = [_added(parts, keys)]
            kept = parts[0].height
        if plan.score and cuts is None and held <= MOST_SCORES:
            known = narrow.filter(pl.col("_score").is_not_null() & (pl.col("_c") > 0))
            scores.append(known.group_by("_score").agg((pl.col("_w") * pl.col("_c")).sum().alias("_w")))
            if sum(part.height for part in scores) > 2 * held + 200_000:
                scores = [pl.concat(scores).group_by("_score").agg(pl.col("_w").sum())]
                held = scores[0].height
    if not parts:
        return pl.DataFrame(), 0, None
    found = pl.concat(scores).group_by("_score").agg(pl.col("_w").sum()).sort("_score") if scores else None
    return _added(parts, keys), rows, found if held <= MOST_SCORES else None


def _added(parts: list[pl.DataFrame], keys: list[str]) -> pl.DataFrame:
    both = pl.concat(parts, how="vertical_relaxed")
    return both.group_by(keys, maintain_order=True).agg(merging(both.columns))


def _narrow(
    batch: pl.DataFrame,
    plan: Plan,
    table: Table,
    before: int,
    cuts: tuple[float, Sequence[float], Sequence[str]] | None,
) -> pl.DataFrame:
    """Keys as text and numbers as numbers, or an error that names row, column and value."""
    schema = batch.schema
    keys = {name: _text(pl.col(name), schema[name], plan.missing).fill_null(UNKNOWN) for name in plan.groups}
    wrong: list[tuple[str, pl.Expr, str]] = []
    numbers: dict[str, pl.Expr] = {}
    for role, name in (
        ("_score", plan.score),
        ("_w", plan.weight),
        ("_c", plan.count),
        ("_s", plan.selected),
    ):
        if name:
            numbers[role], bad = _number(pl.col(name), schema[name], plan, table)
            wrong.append((name, bad, "is not a finite number"))
            if role != "_score":
                wrong.append((name, numbers[role].is_null(), "is missing; a number is needed in every row"))
                wrong.append((name, numbers[role] < 0, "is negative; zero or more is needed"))
            if role in ("_c", "_s"):
                whole = numbers[role] != numbers[role].floor()
                wrong.append((name, whole, "is not a whole number of people"))
    if plan.selected:
        wrong.append((plan.selected, numbers["_s"] > numbers["_c"], f"is more than {plan.count!r}"))
    for key, asked in (("_prediction", plan.prediction), ("_outcome", plan.outcome)):
        if asked:
            keys[key], bad_decision = _decision(asked, schema, plan, table)
            if bad_decision is not None:
                wrong.append((_column(asked, table)[0], bad_decision, "is not a finite number"))
    for name, bad, why in wrong:
        at = batch.select(bad.fill_null(False).arg_true().first()).item()
        if at is not None:
            raise ReadError(
                f"{table.path}: column {name!r}, row {before + at + 1}: {batch[name][at]!r} {why}"
            )
    if cuts is not None:
        keys |= _score_keys(numbers["_score"], *cuts)
    counts = {"_c": numbers.get("_c", pl.lit(1.0)), "_w": numbers.get("_w", pl.lit(1.0))}
    if plan.score:
        counts["_score"] = numbers["_score"]
    narrow = batch.select(**{**keys, **counts})
    if plan.selected:
        chosen = batch.select(numbers["_s"].alias("_s"))["_s"]
        answers = (("1", chosen), ("0", narrow["_c"] - chosen))
        narrow = pl.concat(
            [narrow.with_columns(pl.lit(a).alias("_prediction"), c.alias("_c")) for a, c in answers]
        )
    return narrow.filter(pl.col("_c") > 0) if plan.count else narrow


def _score_keys(
    score: pl.Expr, median: float, breaks: Sequence[float], labels: Sequence[str]
) -> dict[str, pl.Expr]:
    return {"_item": in_bins(score, breaks, labels), "_prediction": score > median}


def _sums(scored: bool) -> list[pl.Expr]:
    c, w = pl.col("_c"), pl.col("_w")
    sums = [
        c.sum().cast(pl.Int64).alias("_n"),
        (c * w).sum().alias("_w"),
        (c * w * w).sum().alias("_w2"),
    ]
    if scored:
        s = pl.col("_score").fill_null(0.0)
        seen = pl.when(pl.col("_score").is_not_null()).then(c).otherwise(0.0)
        total, weights = (seen * w * s).sum(), (seen * w).sum()
        squares = (seen * w * (s - total / weights) ** 2).fill_nan(0.0).sum()
        parts = (seen.sum().cast(pl.Int64), weights, (seen * w * w).sum(), total, squares)
        names = ("_score_n", "_score_w", "_score_w2", "_score_sum", "_score_m2")
        sums += [part.alias(name) for part, name in zip(parts, names, strict=True)]
    return sums


# --- what the texts mean ------------------------------------------------------------------------------------


def _interpreted(cells: pl.DataFrame, plan: Plan, path: Path) -> tuple[pl.DataFrame, list[Note]]:
    """Turn texts into decisions and labels into numbers where all of them are, and say so."""
    notes: list[Note] = []
    people = int(cells["_n"].sum())
    if cells["_n"].sum() == 0:
        raise ReadError(f"{path}: every row stands for 0 people")
    for name in plan.groups:
        unknown = int(cells.filter(pl.col(name) == UNKNOWN)["_n"].sum())
        if unknown:
            notes.append(
                (
                    f"« {name} » : valeur inconnue pour {unknown} personnes sur {people}, gardées comme "
                    f"groupe.",
                    f"{name!r}: unknown for {unknown} of {people} people, kept as a group of their own.",
                )
            )
        cells = cells.with_columns(_ordered(cells[name]))
    decisions = [("_prediction", plan.prediction or plan.selected), ("_outcome", plan.outcome)]
    for key, asked in decisions:
        if not asked:
            continue
        found = cells.group_by(key).agg(pl.col("_n").sum()).drop_nulls(key).sort(key)
        if found.is_empty():
            raise ReadError(f"{path}: {asked!r} is unknown in every row")
        values = {str(value).casefold() for value in found[key]}
        if values <= YES | NO:
            cells = cells.with_columns(pl.col(key).str.to_lowercase().is_in(list(YES)))
            if values & YES == set() or values & NO == set():
                notes.append(
                    (
                        f"« {asked} » a la même valeur partout où elle est connue ({found[key][0]}).",
                        f"{asked!r} has the same value wherever it is known ({found[key][0]}).",
                    )
                )
        elif key == "_outcome" or plan.outcome or _all_numbers(values):
            raise _not_binary(path, asked, found, key)
        elif found.height > MOST_CATEGORIES:
            raise ReadError(
                f"{path}: {asked!r} has {found.height} different texts, more than {MOST_CATEGORIES}; is it "
                f"an identifier? {_listed(found, key)}"
            )
        missing = int(cells.filter(pl.col(key).is_null())["_n"].sum())
        if missing:
            notes.append(
                (
                    f"« {asked} » : valeur inconnue pour {missing} personnes sur {people} ; les taux "
                    f"portent sur "
                    "les autres.",
                    f"{asked!r}: unknown for {missing} of {people} people; rates are among the others.",
                )
            )
    if plan.score and cells["_score_n"].sum() == 0:
        raise ReadError(f"{path}: {plan.score!r} is unknown in every row")
    return cells, notes


def _not_binary(path: Path, asked: str, found: pl.DataFrame, key: str) -> ReadError:
    numbers = sorted(str(v) for v in found[key])
    one = next((v for v in numbers if v.casefold() in YES), numbers[-1])
    hint = f"--{key.strip('_')} {f'{asked}={one}'!r}"
    if _all_numbers({str(v) for v in found[key]}) and key == "_prediction":
        middle = sorted(numbers, key=float)[len(numbers) // 2]
        hint += f", or {f'{asked}>={middle}'!r}, or --score {asked!r} for its mean"
    return ReadError(
        f"{path}: column {asked!r} must be yes or no (1/0, yes/no, true/false), but has {found.height} "
        f"values: {_listed(found, key)}. Say which of them mean yes: {hint}"
    )


def _listed(found: pl.DataFrame, key: str) -> str:
    shown = [f"{value!r} ({n} rows)" for value, n in found.sort("_n", descending=True).head(8).rows()]
    return ", ".join(shown) + (", …" if found.height > 8 else "")


def _all_numbers(values: set[str]) -> bool:
    return all(re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", value) for value in values)


def _ordered(labels: pl.Series) -> pl.Series:
    """Whole numbers as numbers, so that 10 comes after 9; codes such as 01 and anything else stay text."""
    text = labels.replace(UNKNOWN, None)
    for kind in (pl.Int64, pl.Float64):
        number = text.cast(kind, strict=False)
        if text.null_count() < len(text) and (number.cast(pl.String).eq_missing(text)).all():
            return number
    return labels


# --- scores -------------------------------------------------------------------------------------------------


def _with_scores(reading: Reading, table: Table, plan: Plan) -> Reading:
    """Read the file once more, by bin of the score and by whether it is above the median."""
    scores = reading.scores
    if scores is None or scores.is_empty():
        note = (
            "Trop de scores distincts : la médiane et la calibration ne sont pas calculées.",
            "Too many distinct scores: median and calibration were left out.",
        )
        return replace(reading, notes=(note,))
    median = weighted_median(scores["_score"], scores["_w"])
    breaks, labels = score_bins(scores["_score"], scores["_w"])
    cells, _, _ = _reduce(table, replace(plan, prediction=None), (median, breaks, labels))
    if plan.outcome:
        cells, _ = _interpreted(cells, replace(plan, prediction=None, score=None), table.path)
    else:
        cells = cells.with_columns(_ordered(cells[name]) for name in plan.groups)
    return replace(reading, scored=Cube(cells, plan.groups), bins=tuple(labels), median=median)


def weighted_median(values: pl.Series, weights: pl.Series) -> float:
    """Return the median of values with weights: the middle of the two values where the half falls between.

    >>> weighted_median(pl.Series([1.0, 2.0, 10.0]), pl.Series([1.0, 1.0, 2.0]))
    6.0
    """
    table = pl.DataFrame({"v": values, "w": weights}).filter(pl.col("w") > 0).sort("v")
    if table.is_empty():
        return float("nan")
    up_to = table["w"].cum_sum()
    half = up_to[-1] / 2
    at = int((up_to < half * (1 - 1e-12)).sum())
    between = abs(up_to[at] - half) <= 1e-12 * half and at + 1 < table.height
    return float((table["v"][at] + table["v"][at + 1]) / 2) if between else float(table["v"][at])


def score_bins(
    values: pl.Series, weights: pl.Series, bins: int = SCORE_BINS, most_values: int = SCORE_VALUES
) -> tuple[list[float], list[str]]:
    """Return the inner limits of bins of a score, each limit in the bin below, and the bins' labels.

    Up to ``most_values`` distinct scores are a bin each; otherwise ``bins`` bins of about equal weight.

    >>> score_bins(pl.Series([1.0, 2.0, 3.0]), pl.Series([5.0, 1.0, 1.0]))
    ([1.5, 2.5], ['1', '2', '3'])
    """
    table = (
        pl.DataFrame({"v": values, "w": weights}).group_by("v").agg(pl.col("w").sum()).drop_nulls().sort("v")
    )
    distinct = table["v"].to_list()
    if len(distinct) <= most_values:
        breaks = [(a + b) / 2 for a, b in pairwise(distinct)]
        return breaks, _distinct_labels([(v,) for v in distinct])
    share = table["w"].cum_sum() / table["w"].sum()
    wanted = [int((share < k / bins).sum()) for k in range(1, bins)]
    breaks = sorted({distinct[at] for at in wanted if at < len(distinct) - 1})
    ends = [distinct[0], *breaks, distinct[-1]]
    return breaks, _distinct_labels(list(pairwise(ends)))


def _distinct_labels(bins: Sequence[tuple[float, ...]]) -> list[str]:
    """Write bins with as few digits as tell them apart."""
    for write in ("{:g}".format, "{:.12g}".format, repr):
        labels = [" – ".join(write(end) for end in ends) for ends in bins]
        if len(set(labels)) == len(labels):
            break
    return labels


def in_bins(score: pl.Expr, breaks: Sequence[float], labels: Sequence[str]) -> pl.Expr:
    """Return the label of the bin of a score; null without a score.

    >>> bins = in_bins(pl.col("s"), [1.5], ["low", "high"])
    >>> pl.DataFrame({"s": [1.0, 2.0, None]}).select(bins).to_series().to_list()
    ['low', 'high', None]
    """
    above = pl.sum_horizontal(pl.lit(0), *((score > limit).cast(pl.Int32) for limit in breaks))
    named = above.replace_strict(list(range(len(labels))), list(labels), return_dtype=pl.String)
    return pl.when(score.is_not_null()).then(named)
