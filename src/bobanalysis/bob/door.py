"""The door: every frame of people is checked here once, then trusted.

Answers become the numbers that rules read; an answer that is not there reads its default. A value that cannot
be what its column says is refused with its row: the file, the row, the column, the value and what to do are
listed, and the other rows go on. Rows read = rows kept + rows rejected.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.rules import Variable

from . import records
from .market import JOINED

REJECTS_SCHEMA = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "problem": pl.String,
}
BATCH = 500_000  # rows held in memory at a time
_TRUE, _FALSE = ["true", "1", "yes", "oui", "vrai"], ["false", "0", "no", "non", "faux"]


class InputError(ValueError):
    """A file that cannot be read at all; the message names the file and says what to do."""


@dataclass(frozen=True)
class Intake:
    """What came through the door: ``kept`` rows, ready to be scored, and the ``rejects``.

    ``rejects`` has one row a problem: file, row (the first data row is 1), column, value, problem. A row with
    two problems stands there twice and is rejected once.
    """

    kept: pl.DataFrame
    rejects: pl.DataFrame
    read: int

    @property
    def rejected(self) -> int:
        """Count the rows that were rejected."""
        return self.read - self.kept.height


def admit(
    frame: pl.DataFrame,
    variables: Iterable[Variable],
    *,
    file: str = "frame",
    first_row: int = 1,
    strict: bool = True,
) -> Intake:
    """Check a frame of people and turn its answers into what rules read.

    Parameters: ``frame``, one row a person or project; ``variables``, the inputs that will be read;
    ``file`` and ``first_row``, for messages; ``strict``, refuse values outside the dictionary's ranges and
    enumerations (the published code keeps them: turn it off to reproduce it).

    Raises InputError if a column is missing. Market figures may be missing: they are joined later; so may
    results of earlier steps and answers of outside services, which then read their default.

    >>> from bobanalysis.bob.catalogue import DICTIONARY
    >>> came = admit(pl.DataFrame({"age": [30, 300]}), [DICTIONARY["age"]])
    >>> came.kept.height, came.rejects["value"].to_list()
    (1, ['300'])
    """
    once = {v.name: v for v in variables}
    absent = [v for v in once.values() if v.name not in frame.columns and v.group in ("result", "service")]
    frame = frame.with_columns(**{v.name: pl.lit(v.default) for v in absent})
    wanted = [v for v in once.values() if v.name in frame.columns or v.group not in JOINED]
    missing = [v for v in wanted if v.name not in frame.columns]
    if missing:
        names = ", ".join(repr(v.name) for v in missing)
        raise InputError(
            f"{file}: column {names} missing; the rules read it. Add it (empty where there is no answer)"
            f"; `bobanalysis columns` describes every column."
        )
    raw = {v.name: pl.col(v.name) for v in wanted}
    read = frame.with_columns(**{v.name: _convert(v, frame.schema[v.name]) for v in wanted})
    problems = [_unreadable(frame, read, wanted)]
    if strict:
        problems.append(_outside(read, wanted))
    if "frustrations_unknown" in frame.columns:
        odd = frame.with_row_index("row").filter(pl.col("frustrations_unknown").is_not_null())
        problems.append(
            odd.select("row", column=pl.lit("frustrations"), problem=pl.lit("is not a known difficulty"))
        )
    found = pl.concat([p.cast({"row": pl.Int64}) for p in problems])
    filled = read.with_columns(**{v.name: _filled(v, read, raw[v.name]) for v in wanted})
    if found.is_empty():
        return Intake(filled, pl.DataFrame(schema=REJECTS_SCHEMA), frame.height)
    rejects = _describe(frame, found, file, first_row)
    bad = found["row"].unique()
    kept = filled.with_row_index("·at").filter(~pl.col("·at").is_in(bad.to_list())).drop("·at")
    return Intake(kept, rejects, frame.height)


def _filled(variable: Variable, frame: pl.DataFrame, value: pl.Expr) -> pl.Expr:
    """Fill an answer that is not there, except figures that the market gives later."""
    if variable.group in JOINED:
        return value
    if variable.name == "age" and "age_if_unknown" in frame.columns:
        return value.fill_null(pl.col("age_if_unknown"))
    return value.fill_null(pl.lit(variable.default))


_DTYPES: dict[str, Any] = {
    "int": pl.Int32,
    "float": pl.Float64,
    "text": pl.String,
    "bool": pl.Boolean,
    "enum": pl.Int32,
}


def _convert(variable: Variable, dtype: pl.DataType) -> pl.Expr:
    """Return the column as rules read it; null where it is empty or cannot be read."""
    value = pl.col(variable.name)
    if variable.kind in ("enum", "int") and dtype.is_integer():
        return value
    if dtype != pl.String:
        return value.cast(_DTYPES[variable.kind], strict=False)
    text = value.str.strip_chars()
    if variable.kind == "enum":
        named = {c.name: c.number for c in variable.choices}
        number = text.str.to_uppercase().replace_strict(named, default=None, return_dtype=pl.Int32)
        return pl.coalesce(number, text.cast(pl.Int32, strict=False))
    if variable.kind == "bool":
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False)
    if variable.kind == "text":
        return text
    return text.cast(_DTYPES[variable.kind], strict=False)


def _unreadable(frame: pl.DataFrame, read: pl.DataFrame, variables: list[Variable]) -> pl.DataFrame:
    """Return row and column of the values that are there but cannot be read."""
    changed = [v for v in variables if frame.schema[v.name] != read.schema[v.name]]
    flags = {}
    for v in changed:
        there = pl.col(v.name).is_not_null()
        if frame.schema[v.name] == pl.String:
            there &= pl.col(v.name).str.strip_chars() != ""
        flags[v.name] = there
    present = frame.select(**flags) if flags else pl.DataFrame()
    found = []
    for v in changed:
        rows = (present[v.name] & read[v.name].is_null()).arg_true()
        text = (
            "is not one of " + ", ".join(c.name for c in v.choices)
            if v.choices
            else f"is not of type {v.kind}"
        )
        found.append(pl.DataFrame({"row": rows}).with_columns(column=pl.lit(v.name), problem=pl.lit(text)))
    return _stack(found)


def _outside(read: pl.DataFrame, variables: list[Variable]) -> pl.DataFrame:
    """Return row and column of the values outside the ranges of the data dictionary."""
    import pandera.errors
    import pandera.polars

    checked = [v for v in variables if _limits(v)]
    schema = _schema(tuple(checked), tuple(str(read.schema[v.name]) for v in checked))
    try:
        schema.validate(read.select(v.name for v in checked), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        said = {v.name: _limits(v) for v in checked}
        cases = errors.failure_cases
        return cases.select(
            row="index",
            column="column",
            problem=pl.col("column").replace_strict(said, return_dtype=pl.String),
        )
    return _stack([])


@lru_cache
def _schema(variables: tuple[Variable, ...], dtypes: tuple[str, ...]) -> Any:
    """Return the Pandera schema of some inputs."""
    import pandera.polars as pandera

    def checks(v: Variable) -> list[Any]:
        if v.choices:
            return [pandera.Check.isin([c.number for c in v.choices])]
        if v.pattern:
            return [pandera.Check.str_matches(v.pattern)]
        return [pandera.Check.in_range(v.minimum, v.maximum)]

    return pandera.DataFrameSchema(
        {v.name: pandera.Column(checks=checks(v), nullable=True, required=True) for v in variables}
    )


def _limits(variable: Variable) -> str:
    """Say what values an input may have; empty where anything goes."""
    if variable.choices:
        return "is not one of " + ", ".join(f"{c.number} {c.name}" for c in variable.choices)
    if variable.pattern:
        return f"is not a known code ({variable.label.en})"
    if variable.minimum is not None and variable.maximum is not None:
        return f"is not between {variable.minimum:g} and {variable.maximum:g}"
    return ""


def _stack(found: list[pl.DataFrame]) -> pl.DataFrame:
    empty = pl.DataFrame(schema={"row": pl.Int64, "column": pl.String, "problem": pl.String})
    return pl.concat([empty, *(f.cast({"row": pl.Int64}) for f in found)])


def _describe(frame: pl.DataFrame, found: pl.DataFrame, file: str, first_row: int) -> pl.DataFrame:
    """Put the file, the row and the value beside each problem."""
    sources = {"frustrations": "frustrations_unknown"}
    values = [
        str(frame[row, sources.get(column, column)])
        for row, column in found.select("row", "column").iter_rows()
    ]
    return (
        found.with_columns(file=pl.lit(file), value=pl.Series(values, dtype=pl.String))
        .with_columns(pl.col("row") + first_row)
        .select(*REJECTS_SCHEMA)
        .sort("row", "column")
    )


def read_people(
    path: Path, variables: Iterable[Variable], *, now: str, strict: bool = True
) -> Iterator[Intake]:
    """Read a file of people batch by batch: Parquet, CSV (``.csv``, ``.csv.gz``) or Bob's JSON lines.

    Parameters: ``path``; ``variables``, the inputs that will be read; ``now``, the instant of the computation
    (ISO 8601), from which JSON records take ages; ``strict``, see ``admit``.
    Raises InputError, naming the file, if it does not exist, is of an unknown kind, or cannot be read.
    """
    wanted = list(variables)
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines}
    suffix = next((s for s in reversed(path.suffixes) if s != ".gz"), "")
    if suffix not in readers:
        raise InputError(f"{path}: files of people end in {', '.join(readers)}; this one ends in {suffix!r}")
    if not path.exists():
        raise InputError(f"{path}: no such file")
    row = 1
    try:
        for frame, rejects in readers[suffix](path, now):
            intake = admit(frame, wanted, file=path.name, first_row=0, strict=strict)
            numbers = frame["·row"] if "·row" in frame.columns else pl.Series(range(row, row + frame.height))
            placed = intake.rejects.with_columns(row=numbers.gather(intake.rejects["row"]).cast(pl.Int64))
            lost = rejects["row"].n_unique()
            row += frame.height + lost
            every = pl.concat([placed, rejects.with_columns(file=pl.lit(path.name)).select(*REJECTS_SCHEMA)])
            yield Intake(intake.kept.drop("·row", strict=False), every.sort("row"), frame.height + lost)
    except (pl.exceptions.PolarsError, OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read ({_short(error)}). Is it complete? Fetch or write it again."
        ) from error


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


_NO_REJECTS = pl.DataFrame(schema=REJECTS_SCHEMA)
_Batches = Iterator[tuple[pl.DataFrame, pl.DataFrame]]


def _parquet(path: Path, now: str) -> _Batches:
    import pyarrow.lib
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH):
                yield pl.DataFrame(pl.from_arrow(batch)), _NO_REJECTS
    except pyarrow.lib.ArrowInvalid as error:
        raise InputError(f"{path}: not a complete Parquet file ({_short(error)}). Write it again.") from error


def _csv(path: Path, now: str) -> _Batches:
    """Read CSV as text, batch by batch; a line with too few or too many fields is rejected."""
    import pyarrow as pa
    import pyarrow.csv

    broken: list[tuple[int, str, str, str]] = []

    def skip(row: Any) -> str:
        broken.append(
            (
                row.number - 1,
                "(line)",
                row.text[:80],
                f"has {row.actual_columns} fields, not {row.expected_columns}",
            )
        )
        return "skip"

    header = _csv_header(path)
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            reader = pyarrow.csv.open_csv(
                stream,
                read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=1 << 26),
                parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=skip),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True
                ),
            )
            row = 1
            for batch in reader:
                frame = pl.DataFrame(pl.from_arrow(batch))
                lost = {number for number, *_ in broken}
                numbers = [n for n in range(row, row + frame.height + len(lost)) if n not in lost]
                row += frame.height + len(lost)
                yield (
                    frame.with_columns(pl.Series("·row", numbers[: frame.height], dtype=pl.Int64)),
                    _broken(broken),
                )
                broken.clear()
            if broken:
                yield frame.clear().with_columns(pl.Series("·row", [], dtype=pl.Int64)), _broken(broken)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a complete CSV file ({_short(error)}). Write it again.") from error


def _csv_header(path: Path) -> list[str]:
    import csv
    import gzip

    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), None)
    if not header:
        raise InputError(f"{path}: the file is empty; its first line must name the columns")
    return header


def _broken(lines: list[tuple[int, str, str, str]]) -> pl.DataFrame:
    rows = [(None, *line) for line in lines]
    return pl.DataFrame(rows, schema=REJECTS_SCHEMA, orient="row")


def _json_lines(path: Path, now: str) -> _Batches:
    """Read JSON lines; a line that is not a record is rejected, the others are read all at once."""
    import gzip
    from itertools import islice

    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        first = 1
        while lines := list(islice(file, BATCH // 10)):
            try:
                raw = pl.read_ndjson(io.BytesIO(b"".join(lines)), schema=records.USER)
                good, rejects = list(range(first, first + len(lines))), _NO_REJECTS
                if raw.height != len(lines):
                    raise pl.exceptions.ComputeError("blank lines")
            except pl.exceptions.PolarsError:
                raw, good, rejects = _one_by_one(lines, first)
            idle = raw["projects"].list.len().fill_null(0) == 0
            without = [
                (good[k], "projects", "[]", "is empty: there is nothing to score") for k in idle.arg_true()
            ]
            rejects = pl.concat([rejects, _broken(without)])
            frame = records.flatten(raw.with_columns(now=pl.lit(now)))
            numbers = pl.Series(good, dtype=pl.Int64).gather(frame["user"])
            place = numbers.cast(frame.schema["user"]) - 1  # of the line in the file, not in the batch
            yield frame.with_columns(numbers.alias("·row"), place.alias("user")), rejects
            first += len(lines)


def _one_by_one(lines: list[bytes], first: int) -> tuple[pl.DataFrame, list[int], pl.DataFrame]:
    """Read lines one at a time, after reading them together failed, to find the bad ones."""
    frames, good, bad = [], [], []
    for number, line in enumerate(lines, first):
        try:
            if not isinstance(json.loads(line), dict):
                raise ValueError("not a JSON object")
            frames.append(pl.read_ndjson(io.BytesIO(line), schema=records.USER))
            good.append(number)
        except (ValueError, pl.exceptions.PolarsError) as error:
            bad.append(
                (
                    number,
                    "(line)",
                    line[:80].decode("utf-8", "replace").strip(),
                    f"is not a record: {_short(error)}",
                )
            )
    raw = pl.concat(frames) if frames else pl.DataFrame(schema=records.USER)
    return raw, good, _broken(bad)
