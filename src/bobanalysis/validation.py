"""Validation of people: every table of them is checked here once, then trusted.

Answers become the numbers that rules read; an answer that is not there reads its default. A value that cannot
be what the data dictionary says rejects its row: file, row, column, value and problem are listed, and the
other rows go on. Rows read = valid rows + rejected rows.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from bobanalysis import tables as t
from bobanalysis.rules import Expr, Variable, evaluate, inputs
from bobanalysis.tables import InputError, rejects
from bobanalysis.text import Text

BATCH = 262_144
UNPLACED = "·unknown"
"""Ending of a column that holds, for the question before it, an answer that is none of its values."""
IF_UNKNOWN = "_if_unknown"
"""Ending of a column that holds what to read where the input before it has no answer."""


@dataclass(frozen=True)
class ValidationResult:
    """Valid rows, ready to run; the problems of the others; how many rows were read.

    Args:
        valid: The rows without a problem, as rules read them.
        rejected: One row a problem: file, row (the first of the data is 1), column, value, problem. A row
            with two problems stands there twice and is rejected once.
        read: How many rows there were.
        notes: What was assumed when the file was opened.
    """

    valid: pl.DataFrame
    rejected: pl.DataFrame
    read: int
    notes: tuple[Text, ...] = ()

    @property
    def num_rejected(self) -> int:
        """Count the rejected rows."""
        return self.read - self.valid.height


@dataclass(frozen=True)
class Requirement:
    """What must hold between the answers of a person, or an algorithm has nothing to say of them.

    Args:
        condition: What must hold; a row for which it is false or undefined is rejected.
        column: The input that is named as wrong.
        problem: What is wrong with its value, and what to do ("is not possible where …").
    """

    condition: Expr
    column: str
    problem: str


@dataclass(frozen=True)
class Records:
    """How an algorithm reads people from JSON.

    Args:
        fields: Gives the fields of its own records that are read, with Polars types.
        unread: Paths of fields that records may hold and nothing reads ("profile.origin").
        to_rows: Makes rows of inputs of records, which have their number in ``record``, and an instant.
        entries: Field that lists what becomes rows: a record where it is empty is rejected.
        complete: Adds what follows to people given as inputs by name, and an instant.
    """

    fields: Callable[[], Mapping[str, Any]]
    unread: Collection[str]
    to_rows: Callable[[pl.DataFrame, str], pl.DataFrame]
    entries: str
    complete: Callable[[pl.DataFrame, str], pl.DataFrame]

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The fields that are read, with Polars types."""
        return self.fields()


def validate(
    frame: pl.DataFrame,
    variables: Iterable[Variable],
    *,
    requirements: Sequence[Requirement] = (),
    file: str = "frame",
    strict: bool = True,
    decimal_comma: bool = False,
) -> ValidationResult:
    """Check a frame of people and turn its answers into what rules read.

    Args:
        frame: One row a person.
        variables: The inputs that will be read. ``joined`` and ``optional`` ones may have no column.
        requirements: What must hold between the answers of a row that has no other problem.
        file: Name of the frame, for messages.
        strict: Refuse values outside the dictionary's ranges and choices.
        decimal_comma: Texts may write 1,5.

    Returns:
        The rows in order, each valid or rejected; columns that are no input stay as they are.

    Raises:
        InputError: A column is missing.

    Example:
        >>> from bobanalysis.text import Text
        >>> age = Variable("age", "int", Text("âge", "age"), 0, minimum=0, maximum=120)
        >>> found = validate(pl.DataFrame({"age": ["30.0", "54.7", "300", ""]}), [age])
        >>> found.valid["age"].to_list(), found.rejected["problem"].to_list()
        ([30, 0], ['is not a whole number', 'is not between 0 and 120'])
    """
    once = {v.name: v for v in (*variables, *inputs(*(r.condition for r in requirements)))}
    frame = t.plain(frame, file)
    there = {*frame.columns}  # Polars makes columns and schema anew whenever it is asked
    absent = [v for v in once.values() if v.optional and v.name not in there]
    frame = frame.with_columns(**{v.name: pl.lit(v.default) for v in absent})
    given = frame.schema
    wanted = [v for v in once.values() if v.name in given or not v.joined]
    if missing := [v.name for v in wanted if v.name not in given]:
        near = [f" (is it {name!r}?)" for name in get_close_matches(missing[0], frame.columns, n=1)]
        wrong = f"column {', '.join(map(repr, missing))} missing{''.join(near)}; the rules read it"
        advice = "Add it, empty for no answer; `bobanalysis columns` (same --algorithm) lists all of them."
        raise InputError(f"{file}: {wrong}. {advice}")
    objects = [v.name for v in wanted if given[v.name].is_nested()]  # no answer, but a text
    frame = frame.with_columns(pl.col(n).map_elements(str, return_dtype=pl.String) for n in objects)
    given, columns = frame.schema, frame.columns
    read = frame.select(_converted(v, given[v.name], decimal_comma).alias(v.name) for v in wanted)
    types = read.schema
    both = pl.concat([frame.select(pl.all().name.suffix(" given")), read], how="horizontal")
    checks = [c for v in wanted for c in _checks(v, given[v.name], types[v.name], strict)]
    for name, dtype in given.items():
        if name.endswith(UNPLACED) and dtype == pl.String:
            column = name.removesuffix(UNPLACED)
            some = pl.col(f"{name} given").is_not_null()
            checks.append(_Check(column, "is not what this field takes", some, name, once.get(column)))
    filled = frame.with_columns(_filled(v, read[v.name], columns).alias(v.name) for v in wanted)
    flags = both.select(c.bad.fill_null(False).alias(str(k)) for k, c in enumerate(checks)).get_columns()
    failed = [(check, bad.arg_true()) for check, bad in zip(checks, flags, strict=True) if bad.any()]

    def sound() -> pl.DataFrame:
        """The rows without a problem, numbered."""
        wrong = pl.concat([pl.Series(dtype=pl.UInt32), *(rows for _, rows in failed)])
        return filled.with_row_index("·row").filter(~pl.col("·row").is_in(wrong.implode()))

    answered = sound() if requirements else filled
    for r in requirements:
        unmet = answered["·row"].filter(~meets(r, answered))
        failed += [(_Check(r.column, r.problem, pl.lit(True)), unmet)] if len(unmet) else []
    found = [rejects()]
    for check, rows in failed:
        values = both[f"{check.given or check.column} given"].gather(rows).cast(pl.String)
        table = {"row": rows.cast(pl.Int64) + 1, "value": values, "problem": _problems(check, values)}
        lits = {"file": pl.lit(file), "column": pl.lit(check.column)}
        found.append(pl.DataFrame(table).with_columns(**lits).select(*t.REJECTS))
    rejected = pl.concat(found).sort("row", "column", maintain_order=True)
    return ValidationResult(sound().drop("·row") if failed else filled, rejected, frame.height)


def meets(requirement: Requirement, people: pl.DataFrame) -> pl.Series:
    """Tell for each of some validated people whether a requirement holds; undefined counts as no."""
    return evaluate({"·holds": requirement.condition}, people).frame["·holds"].fill_null(False)


def _converted(variable: Variable, dtype: Any, comma: bool) -> pl.Expr:
    """Return the column as rules read it; null where it is empty or cannot be read."""
    value = pl.col(variable.name)
    if variable.kind == "text":
        return value.str.strip_chars() if dtype == pl.String else value.cast(pl.String)
    if variable.kind == "bool":
        return t.as_yes_no(value, dtype)
    if variable.kind == "float":
        return t.as_number(value, dtype, comma)
    if dtype.is_integer():
        return value
    number = t.as_whole(value, dtype, comma).cast(pl.Int32, strict=False)
    if variable.kind == "enum" and dtype == pl.String:
        named = {c.name: c.number for c in variable.choices}
        text = value.str.strip_chars().str.to_uppercase()
        return pl.coalesce(text.replace_strict(named, default=None, return_dtype=pl.Int32), number)
    return number


class _Check(NamedTuple):
    """What can be wrong with a column, and for which rows."""

    column: str
    problem: str
    bad: pl.Expr
    given: str = ""  # the column where the value stands, if it is another
    near: Variable | None = None  # whose answers the value may be meant for


def _checks(v: Variable, given: Any, read: Any, strict: bool) -> Iterator[_Check]:
    """Iterate over what can be wrong with an input: a value that cannot be read, one outside its limits."""
    value, original = pl.col(v.name), pl.col(f"{v.name} given")
    there = original.is_not_null()
    if given == pl.String:
        there &= original.str.strip_chars() != ""
    near = v if v.choices else None
    if v.required:
        yield _Check(v.name, "is missing; this algorithm needs it", ~there)
    if given != read or given.is_float():
        yield _Check(v.name, _UNREADABLE[v.kind], there & value.is_null(), near=near)
    if not strict:
        return
    if near:
        yield _Check(v.name, _UNREADABLE["enum"], ~value.is_in([c.number for c in v.choices]), near=near)
    elif v.pattern:
        yield _Check(v.name, f"is not a known code ({v.label.en})", ~value.str.contains(v.pattern))
    elif v.minimum is not None or v.maximum is not None:
        low, high = (math.inf * s if n is None else n for s, n in ((-1, v.minimum), (1, v.maximum)))
        yield _Check(v.name, _outside(v), ~value.is_between(low, high))


_UNREADABLE = {
    "int": "is not a whole number",
    "float": "is not a number",
    "bool": "is neither yes nor no",
    "enum": "is not one of the known answers",
    "text": "is not a text",
}


def _outside(v: Variable) -> str:
    if v.minimum is not None and v.maximum is not None:
        return f"is not between {v.minimum:g} and {v.maximum:g}"
    return f"is below {v.minimum:g}" if v.minimum is not None else f"is above {v.maximum:g}"


def _problems(check: _Check, values: pl.Series) -> pl.Series:
    """Say of each value what is wrong; of a misspelt answer, which one is near."""
    variable = check.near
    if variable is None or not variable.choices:
        return pl.repeat(check.problem, len(values), eager=True)
    names = [c.name for c in variable.choices]
    found = {v: get_close_matches(v.upper(), names, n=1) for v in values.unique().head(1000)}
    near = {value: f" (did you mean {match[0]}?)" for value, match in found.items() if match}
    # a number that is its own name is said once
    known = "is not one of " + ", ".join(" ".join({str(c.number): 0, c.name: 0}) for c in variable.choices)
    hints = values.replace_strict(near, default="", return_dtype=pl.String)
    return known + hints


def _filled(variable: Variable, value: pl.Series, columns: Sequence[str]) -> pl.Expr:
    """Fill an answer that is not there, except figures that are looked up later."""
    if variable.joined:
        return pl.lit(value)
    own = variable.name + IF_UNKNOWN
    return pl.lit(value).fill_null(pl.col(own) if own in columns else pl.lit(variable.default))


def instant(now: str) -> datetime:
    """Read the instant of a computation (ISO 8601, UTC); InputError says how it is written."""
    try:
        return datetime.fromisoformat(now.removesuffix("Z")).replace(tzinfo=None)
    except ValueError:
        raise InputError(f"now: {now!r} is not an instant. Write it like 2022-06-29T00:00:00.") from None


def read_people(
    path: Path | t.Part,
    variables: Iterable[Variable],
    *,
    requirements: Sequence[Requirement] = (),
    now: str = "",
    records: Records | None = None,
) -> Iterator[ValidationResult]:
    """Read a file of people batch by batch: CSV of any separator, Parquet, JSON, JSON lines, maybe packed.

    Args:
        path: The file, a folder of files alike, or a part of either.
        variables: The inputs that will be read.
        requirements: As for :func:`validate`.
        now: Instant of the computation (ISO 8601), from which records take ages.
        records: The algorithm's own records, which a JSON file may hold instead of inputs by name.

    Yields:
        Each batch, with the rows numbered as in the file; at least one.

    Raises:
        InputError: The file is not there, is of an unknown kind, or cannot be read to its end.
    """
    if now:
        instant(now)
    wanted, asked = list(variables), path
    path = path.path if isinstance(path, t.Part) else Path(path)
    try:
        table = t.open_table(asked)
    except t.NoRecords:
        if path.is_dir():
            raise
        nobody = t.Batch(pl.DataFrame(), pl.Series(dtype=pl.Int64), rejects())
        table = t.Table(path, (), lambda *_: iter([nobody]), kind="json")
    own = records if records and table.kind == "json" and {*records.schema} & {*table.columns} else None
    strange = rejects()
    if own and path.is_dir():
        advice = "give an output without an ending, for parts"
        raise InputError(f"{path}: records are read file by file; {advice}")
    if own:
        table = t.open_table(path, schema=own.schema)
        strange = _unknown_fields(path, own)
    for batch in table.batches(rows=BATCH):
        frame, refused = batch.frame.with_columns(record=batch.rows), batch.rejects
        if own:
            refused = pl.concat([refused, strange.filter(pl.col("row").is_in(batch.rows.to_list()))])
            frame = frame.filter(~pl.col("record").is_in(refused["row"].to_list()))
            empty = pl.col(own.entries).list.len().fill_null(0) == 0
            said = (own.entries, "[]", "is empty: there is nothing to score")
            lost = [(row, *said) for row in frame.filter(empty)["record"]]
            refused = pl.concat([refused, rejects(lost, path.name)])
            frame = own.to_rows(frame, now)
        elif table.kind == "json":
            frame = records.complete(frame, now) if records else frame
            _check_names(frame, wanted, str(path))
            left_out = [v.name for v in wanted if not v.joined and v.name not in frame.columns]
            frame = frame.with_columns(pl.lit(None).alias(name) for name in left_out)
        people, comma, named = frame.drop("record"), table.decimal_comma, batch.file or path.name
        found = validate(people, wanted, requirements=requirements, file=named, decimal_comma=comma)
        placed = found.rejected.with_columns(row=frame["record"].gather(found.rejected["row"] - 1))
        rejected = pl.concat([placed, refused]).sort("row")
        yield ValidationResult(found.valid, rejected, frame.height + refused["row"].n_unique(), table.notes)


def _check_names(frame: pl.DataFrame, variables: Sequence[Variable], file: str) -> None:
    """Refuse a name that is nearly that of an input: left out, it would silently read as no answer."""
    known = {v.name for v in variables}
    for name in frame.columns:
        near = get_close_matches(name, known - {*frame.columns}, n=1, cutoff=0.8)
        if name not in known and near:
            raise InputError(f"{file}: {name!r} is no input; did you mean {near[0]!r}?")


def _unknown_fields(path: Path, records: Records) -> pl.DataFrame:
    """Return the fields of records that are not read: their typing error would read as no answer."""
    found: list[tuple[int, str, str, str]] = []
    known = pl.Struct(records.schema)
    lines, first = t.json_lines(path), 1
    while some := list(islice(lines, BATCH // 10)):
        try:  # most files hold known fields only: seen without looking at each record
            schema = pl.read_ndjson(io.BytesIO(b"\n".join(some)), infer_schema_length=None).schema
            strange = {*_paths(pl.Struct(schema), records.unread)} - {*_paths(known)}
        except pl.exceptions.PolarsError:
            strange = {""}
        leaves = [name.rpartition(".")[2].encode() for name in strange]
        for row, line in enumerate(some, first):
            if any(leaf in line for leaf in leaves):
                with suppress(ValueError):
                    faults = record_faults(json.loads(line), known, records.unread)
                    found += [(row, f.field, f.shown, f.problem) for f in faults if f.unknown]
        first += len(some)
    return rejects(found, path.name)


def _paths(dtype: Any, unread: Collection[str] = (), path: str = "") -> Iterator[str]:
    """Iterate over the fields of a type and of what it holds, as ``projects.city.name``."""
    if isinstance(dtype, pl.List):
        yield from _paths(dtype.inner, unread, path)
    elif isinstance(dtype, pl.Struct):
        for one in dtype.fields:
            if (name := f"{path}.{one.name}".lstrip(".")) not in unread:
                yield name
                yield from _paths(one.dtype, unread, name)


class Fault(NamedTuple):
    """What is wrong with one field of a record: it has no such field, or not such a value."""

    field: str
    value: Any
    problem: str
    unknown: bool
    place: str  # the field, with the numbers of what is listed

    @property
    def shown(self) -> str:
        """The beginning of the value, as JSON."""
        return json.dumps(self.value, ensure_ascii=False)[:80]


_TAKES: Mapping[str, tuple[tuple[type, ...], str]] = {
    "Int64": ((int,), "a whole number (without quotation marks)"),
    "Float64": ((int, float), "a number (without quotation marks)"),
    "Boolean": ((bool,), "true or false (without quotation marks)"),
    "String": ((str, int), "a text (in quotation marks)"),
    "List": ((list,), "a list"),
    "Struct": ((Mapping,), "an object"),
}


def record_faults(
    value: Any, dtype: Any, unread: Collection[str] = (), field: str = "", place: str = ""
) -> Iterator[Fault]:
    """Iterate over what a record holds and its type does not take.

    Args:
        value: The record.
        dtype: Its Polars type.
        unread: Paths of fields that it may hold and nothing reads.
        field: Where it stands.
        place: The same, with the numbers of what is listed.

    Example:
        >>> [(f.field, f.shown, f.problem) for f in record_faults({"ages": 3}, pl.Struct({"age": pl.Int64}))]
        [('ages', '3', 'is no field of a record (did you mean age?)')]
    """
    if value is None:
        return
    kinds, takes = _TAKES[dtype.base_type().__name__]
    inside: Any = value
    if not isinstance(value, kinds) or isinstance(value, bool) is not (dtype == pl.Boolean):
        yield Fault(field, value, f"is not {takes}", False, place)
    elif isinstance(dtype, pl.List):
        for number, item in enumerate(inside):
            yield from record_faults(item, dtype.inner, unread, field, f"{place}[{number}]")
    elif isinstance(dtype, pl.Struct):
        types = {f.name: f.dtype for f in dtype.fields}
        for key, inner in inside.items():
            name, at = f"{field}.{key}".lstrip("."), f"{place}.{key}".lstrip(".")
            if key in types:
                yield from record_faults(inner, types[key], unread, name, at)
            elif name not in unread:
                told = {k.casefold(): k for k in types}
                near = get_close_matches(key.casefold(), told, n=1)
                hint = f" (did you mean {told[near[0]]}?)" if near else f"; known are {', '.join(types)}"
                yield Fault(name, inner, f"is no field of a record{hint}", True, at)
    elif field.endswith("At"):
        with suppress(InputError):
            instant(str(value))
            return
        yield Fault(field, value, "is not a date (such as 2022-06-29T00:00:00Z)", False, place)
