"""Check the shipped tables against the registry: content, columns, rows, and what the figures must add up to.

A check of `sources.yaml` is a mapping with one key, the name of a function here, and its settings. Each
returns None when it holds, else a sentence that says what was found.
"""

from __future__ import annotations

import inspect
import math
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
    problems = []
    try:
        path = table_path(entry)
        data = content(path)
        if (found := digest(data)) != entry.sha256:
            problems.append(f"{path}: sha256 is {found}, sources.yaml says {entry.sha256}; {REPAIR}")
        frame = parse(entry, data, path)
    except DataError as error:
        return Report(entry.id, None, 1, (str(error),))
    if frame.height != entry.rows:
        problems.append(f"{path}: {frame.height:,} rows, sources.yaml says {entry.rows:,}; {REPAIR}")
    tests = [pair for check in entry.checks for pair in check.items()]
    if entry.keys:
        tests.insert(0, ("unique", {"columns": list(entry.keys)}))
    for name, settings in tests:
        try:
            problem = run_check(entry, frame, name, settings)
        except DataError as error:  # such as another table, damaged, that this one is compared with
            problem = str(error)
        if problem:
            problems.append(f"{path}: {name}: {problem}")
    return Report(entry.id, frame.height, 3 + len(tests), tuple(problems))


def run_check(entry: Source, frame: pl.DataFrame, name: str, settings: Any) -> str | None:
    """Run one check by name. Raises `DataError` for a check or a setting that does not exist, naming the
    entry."""
    where = f"{folder() / 'sources.yaml'}: entry {entry.id}, field checks"
    if name not in CHECKS:
        raise DataError(f"{where}: {name!r} is none of {', '.join(CHECKS)}")
    try:
        inspect.signature(CHECKS[name]).bind(frame, **settings)
    except TypeError as error:
        raise DataError(f"{where}, {name}: {error}") from None
    return CHECKS[name](frame, **settings)


def _unregistered() -> Report:
    where = folder() / "reference"
    known = {entry.table for entry in sources().values()} - {None}
    extra = sorted(p for p in where.glob("*") if p.is_file() and p.name not in known)
    texts = (f"{path}: not in sources.yaml; register it or delete it" for path in extra)
    return Report("data/reference", len(known), 1, tuple(texts))


def _rows(frame: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame:
    return frame.filter(pl.lit(True), *(pl.col(c).cast(pl.String) == str(v) for c, v in where.items()))


def _differs(found: int, equals: int, what: str) -> str | None:
    return None if found == equals else f"{found:,} {what}, must be {equals:,}"


def _first(off: pl.DataFrame, text: str) -> str | None:
    """Fill in a text with the first row that is not as it must be."""
    return text.format(*off.row(0)[-1:], key=off.row(0)[:-1]) if off.height else None


def total(frame: pl.DataFrame, column: str, equals: float, where: Any = None, tolerance: float = 0) -> Any:
    """The sum of a column over some rows is a published total.

    >>> total(pl.DataFrame({"n": [1, 2]}), "n", equals=4)
    'sum of n is 3, must be 4'
    """
    found = float(_rows(frame, where or {})[column].sum())
    if abs(found - equals) <= tolerance:
        return None
    among = " where " + ", ".join(f"{c} is {v}" for c, v in where.items()) if where else ""
    near = f" ± {tolerance:,}" if tolerance else ""
    return f"sum of {column}{among} is {found:,.10g}, must be {equals:,}{near}"


def adds_up(frame: pl.DataFrame, column: str, by: list[str], equals: float, tolerance: float = 0) -> Any:
    """In each group the column adds up to the same number, such as 100."""
    sums = frame.group_by(by, maintain_order=True).agg(pl.col(column).sum())
    off = sums.filter((pl.col(column) - equals).abs() > tolerance)
    return _first(off, f"{column} adds up to {{0}} in {{key}}, must be {equals}")


def same_total(frame: pl.DataFrame, column: str, by: list[str], split: str, tolerance: float = 0) -> Any:
    """Two levels of detail of the same figures have the same total in each group."""
    sums = frame.group_by([*by, split]).agg(pl.col(column).sum())
    gaps = sums.group_by(by).agg(pl.max(column) - pl.min(column)).sort(by)
    return _first(gaps.filter(pl.col(column) > tolerance), f"levels of {split} differ by {{0}} in {{key}}")


def between(frame: pl.DataFrame, column: str, min: float | None = None, max: float | None = None) -> Any:
    """Known values lie in an interval, ends included; a missing value is not a value."""
    low, high = pl.lit(min) > pl.col(column), pl.col(column) > pl.lit(max)
    off = frame.with_row_index("row", offset=2).filter(low.fill_null(False) | high.fill_null(False))
    return _first(off.select("row", column), f"row {{key[0]}}: {column} is {{0}}, must lie in {min} … {max}")


def unique(frame: pl.DataFrame, columns: list[str]) -> str | None:
    """No two rows have the same key."""
    twice = frame.group_by(columns, maintain_order=True).len().filter(pl.col("len") > 1)
    return _first(twice, "{key} stands in {0} rows")


def complete(frame: pl.DataFrame, columns: list[str]) -> str | None:
    """Every combination of the values of these columns is there, once."""
    full = math.prod(frame[column].n_unique() for column in columns)
    what = f"combinations of {', '.join(columns)} are there"
    return _differs(frame.select(columns).n_unique(), full, what)


def distinct(frame: pl.DataFrame, column: str, equals: int) -> str | None:
    """A column has a known number of different values."""
    return _differs(frame[column].drop_nulls().n_unique(), equals, f"different {column}")


def count(frame: pl.DataFrame, where: Mapping[str, Any], equals: int) -> str | None:
    """A known number of rows meets a condition."""
    return _differs(_rows(frame, where).height, equals, f"rows where {dict(where)}")


def count_repeated(frame: pl.DataFrame, column: str, equals: int) -> str | None:
    """A known number of values stands in more than one row."""
    found = frame[column].value_counts().filter(pl.col("count") > 1).height
    return _differs(found, equals, f"values of {column} stand in several rows")


def missing(frame: pl.DataFrame, column: str, equals: int) -> str | None:
    """A known number of values is missing: nothing was filled in."""
    return _differs(frame[column].null_count(), equals, f"values of {column} are missing")


def within(frame: pl.DataFrame, column: str, table: str, other: str) -> str | None:
    """Every value is one of a column of another table."""
    strange = sorted(set(frame[column].drop_nulls()) - _column(table, other))
    return f"{column} {strange[0]!r} is not in {table}" if strange else None


def covers(frame: pl.DataFrame, column: str, table: str, other: str) -> str | None:
    """A column has all the values of a column of another table, and no others."""
    absent = sorted(_column(table, other) - set(frame[column]))
    return f"{table} {absent[0]!r} has no row" if absent else within(frame, column, table, other)


def _column(identifier: str, name: str) -> set[Any]:
    try:
        return set(table(identifier)[name])
    except DataError as error:
        raise DataError(f"cannot compare with {identifier}: {error}") from None


_COUNTS = (complete, distinct, count, count_repeated, missing)
CHECKS: Mapping[str, Callable[..., str | None]] = {
    check.__name__: check for check in (total, adds_up, same_total, between, unique, *_COUNTS, within, covers)
}
