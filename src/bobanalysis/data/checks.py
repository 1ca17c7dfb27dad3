"""Check the shipped tables against the registry: content, columns, rows, and what the figures must add up to.

A check of `sources.yaml` is a mapping with one key, the name of a function here, and its settings. Each
returns None when it holds, else a sentence that says what was found.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from bobanalysis.data.registry import DataError, Source, folder, source, sources
from bobanalysis.data.tables import REPAIR, content, digest, parse, table, table_path


@dataclass(frozen=True)
class Report:
    """What was found about one table: `problems` is empty when everything holds; `done` counts the checks
    made."""

    id: str
    rows: int | None
    done: int
    problems: tuple[str, ...]


def check(identifiers: Iterable[str] | None = None) -> list[Report]:
    """Check shipped tables; a bad one never hides another.

    Parameters: `identifiers`, ids of sources (all that ship a table when None). Returns a report for each.

    >>> [report.problems for report in check(["departements", "rome"])]
    [(), ()]
    """
    wanted = [source(i) for i in identifiers] if identifiers is not None else list(sources().values())
    reports = [check_table(entry) for entry in wanted if entry.table or identifiers is not None]
    return reports if identifiers is not None else [*reports, _unregistered()]


def check_table(entry: Source) -> Report:
    """Check one shipped table: sha256, columns and types, row count, keys, then the checks of its entry."""
    try:
        path = table_path(entry)
        data = content(path)
        found = digest(data)
        problems = (
            []
            if found == entry.sha256
            else [f"{path}: sha256 is {found}, sources.yaml says {entry.sha256}; {REPAIR}"]
        )
        frame = parse(entry, data, path)
    except DataError as error:
        return Report(entry.id, None, 1, (str(error),))
    if frame.height != entry.rows:
        problems.append(f"{path}: {frame.height:,} rows, sources.yaml says {entry.rows:,}; {REPAIR}")
    tests: list[Mapping[str, Any]] = [{"unique": {"columns": list(entry.keys)}}] if entry.keys else []
    tests += entry.checks
    for test in tests:
        name, settings = next(iter(test.items()))
        try:
            problem = run_check(entry, frame, str(name), settings)
        except DataError as error:  # such as another table, damaged, that this one is compared with
            problem = str(error)
        if problem:
            problems.append(f"{path}: {name}: {problem}")
    return Report(entry.id, frame.height, 3 + len(tests), tuple(problems))


def run_check(entry: Source, frame: pl.DataFrame, name: str, settings: Any) -> str | None:
    """Run one check by name. Raises `DataError` for a check or a setting that does not exist, naming the
    entry."""
    if name not in CHECKS:
        raise DataError(
            f"{folder() / 'sources.yaml'}: entry {entry.id}, field checks: {name!r} is none of "
            f"{', '.join(CHECKS)}"
        )
    try:
        inspect.signature(CHECKS[name]).bind(frame, **settings)
    except TypeError as error:
        raise DataError(
            f"{folder() / 'sources.yaml'}: entry {entry.id}, field checks, {name}: {error}"
        ) from None
    return CHECKS[name](frame, **settings)


def _unregistered() -> Report:
    where = folder() / "reference"
    known = {entry.table for entry in sources().values()}
    found = sorted(p.name for p in where.glob("*") if p.is_file() and p.name not in known)
    text = "{}: not in sources.yaml; register it or delete it"
    return Report(
        "data/reference", len(known - {None}), 1, tuple(text.format(where / name) for name in found)
    )


def _rows(frame: pl.DataFrame, where: Mapping[str, Any] | None) -> pl.DataFrame:
    conditions = [pl.col(c).cast(pl.String) == str(v) for c, v in (where or {}).items()]
    return frame.filter(conditions) if conditions else frame


def total(
    frame: pl.DataFrame,
    column: str,
    equals: float,
    where: Mapping[str, Any] | None = None,
    tolerance: float = 0,
) -> str | None:
    """The sum of a column over some rows is a published total.

    >>> total(pl.DataFrame({"n": [1, 2]}), "n", equals=4)
    'sum of n is 3, must be 4'
    """
    found = float(_rows(frame, where)[column].sum())
    if abs(found - equals) <= tolerance:
        return None
    among = " where " + ", ".join(f"{c} is {v}" for c, v in where.items()) if where else ""
    return (
        f"sum of {column}{among} is {found:,.10g}, must be "
        f"{equals:,}{f' ± {tolerance:,}' if tolerance else ''}"
    )


def adds_up(
    frame: pl.DataFrame, column: str, by: list[str], equals: float, tolerance: float = 0
) -> str | None:
    """In each group the column adds up to the same number, such as 100."""
    sums = frame.group_by(by, maintain_order=True).agg(pl.col(column).sum())
    off = sums.filter((pl.col(column) - equals).abs() > tolerance)
    return (
        f"{column} adds up to {off[column][0]} in {off.row(0)[:-1]}, must be {equals}" if off.height else None
    )


def same_total(
    frame: pl.DataFrame, column: str, by: list[str], split: str, tolerance: float = 0
) -> str | None:
    """Two levels of detail of the same figures have the same total in each group."""
    sums = (
        frame.group_by([*by, split])
        .agg(pl.col(column).sum())
        .group_by(by)
        .agg(pl.max(column) - pl.min(column))
    )
    off = sums.filter(pl.col(column) > tolerance).sort(by)
    return f"levels of {split} differ by {off[column][0]} in {off.row(0)[:-1]}" if off.height else None


def between(
    frame: pl.DataFrame, column: str, min: float | None = None, max: float | None = None
) -> str | None:
    """Known values lie in an interval, ends included; a missing value is not a value."""
    low = pl.lit(False) if min is None else pl.col(column) < min
    high = pl.lit(False) if max is None else pl.col(column) > max
    off = frame.with_row_index("row", offset=2).filter(low | high)
    return (
        f"row {off['row'][0]}: {column} is {off[column][0]}, must lie in {min} … {max}"
        if off.height
        else None
    )


def unique(frame: pl.DataFrame, columns: list[str]) -> str | None:
    """No two rows have the same key."""
    twice = frame.group_by(columns, maintain_order=True).len().filter(pl.col("len") > 1)
    return f"{twice.row(0)[:-1]} stands in {twice['len'][0]} rows" if twice.height else None


def complete(frame: pl.DataFrame, columns: list[str]) -> str | None:
    """Every combination of the values of these columns is there, once."""
    full = 1
    for column in columns:
        full *= frame[column].n_unique()
    found = frame.select(columns).n_unique()
    return None if found == full else f"{found:,} of {full:,} combinations of {', '.join(columns)} are there"


def distinct(frame: pl.DataFrame, column: str, equals: int) -> str | None:
    """A column has a known number of different values."""
    found = frame[column].drop_nulls().n_unique()
    return None if found == equals else f"{found} different {column}, must be {equals}"


def count(frame: pl.DataFrame, where: Mapping[str, Any], equals: int) -> str | None:
    """A known number of rows meets a condition."""
    found = _rows(frame, where).height
    return None if found == equals else f"{found} rows where {dict(where)}, must be {equals}"


def count_repeated(frame: pl.DataFrame, column: str, equals: int) -> str | None:
    """A known number of values stands in more than one row."""
    found = frame.group_by(column).len().filter(pl.col("len") > 1).height
    return None if found == equals else f"{found} values of {column} stand in several rows, must be {equals}"


def missing(frame: pl.DataFrame, column: str, equals: int) -> str | None:
    """A known number of values is missing: nothing was filled in."""
    found = frame[column].null_count()
    return None if found == equals else f"{found:,} values of {column} are missing, must be {equals:,}"


def within(frame: pl.DataFrame, column: str, table: str, other: str) -> str | None:
    """Every value is one of a column of another table."""
    known = _column(table, other)
    strange = sorted(set(frame[column].drop_nulls().to_list()) - known)
    return f"{column} {strange[0]!r} is not in {table}" if strange else None


def covers(frame: pl.DataFrame, column: str, table: str, other: str) -> str | None:
    """A column has all the values of a column of another table, and no others."""
    absent = sorted(_column(table, other) - set(frame[column].to_list()))
    return f"{table} {absent[0]!r} has no row" if absent else within(frame, column, table, other)


def _column(identifier: str, name: str) -> set[Any]:
    try:
        return set(table(identifier)[name].to_list())
    except DataError as error:
        raise DataError(f"cannot compare with {identifier}: {error}") from None


_ALL = (
    total,
    adds_up,
    same_total,
    between,
    unique,
    complete,
    distinct,
    count,
    count_repeated,
    missing,
    within,
)
CHECKS: Mapping[str, Callable[..., str | None]] = {check.__name__: check for check in (*_ALL, covers)}
