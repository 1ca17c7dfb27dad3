"""What an attribute of an audit is: groups, or a number whose curve is drawn without bins.

The kinds are decided by the values of the whole file, never in silence: each attribute says what it was taken
for and which option has it otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Literal

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN
from bobanalysis.fairness.reading import COMPARISONS, CONDITION, WHOLE, accepted, as_code, comma_hint
from bobanalysis.fairness.texts import text
from bobanalysis.tables import InputError, as_number
from bobanalysis.text import Text

MOST_VALUES = 20
"""A number with more values is a curve; with fewer, each value is a group."""
OLDEST = 130
"""Completed years beyond which a date is no date of birth."""
_SURE = 0.9  # share of the people whose value is a number or a date, for the column to be one
_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y")

Kind = Literal["groups", "curve", "bands"]


@dataclass(frozen=True)
class Attribute:
    """One column, as it is measured.

    Attributes:
        name: of the column.
        kind: "groups" (each value), "bands" (of numbers) or "curve".
        raw: the values that the file has.
        values: what each is measured as: a label, a band or a number; null or "unknown" where not known.
        notes: what it was taken for and why, and what could not be read.
        numbers: the number that each value is, where it is one.
    """

    name: str
    kind: Kind
    raw: pl.Series
    values: pl.Series
    notes: tuple[Text, ...] = ()
    numbers: pl.Series | None = None

    def put(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return a frame with the column as it is measured, rather than as the file has it."""
        if self.values is self.raw:
            return frame
        known = pl.DataFrame([self.raw.alias(self.name), self.values.alias("·")])
        found = frame.join(known, on=self.name, how="left", nulls_equal=True, maintain_order="left")
        return found.with_columns(pl.col("·").alias(self.name)).drop("·")

    def label(self, asked: Any) -> str:
        """Return the label that is meant: 3 and 3.0 are one code."""
        same = {as_code(label): label for label in self.values.cast(pl.String).drop_nulls()}
        return same.get(as_code(asked), str(asked))


def attribute(
    cells: pl.DataFrame,
    name: str,
    *,
    bands: Sequence[float] = (),
    on: date | None = None,
    kind: Kind | None = None,
    decimal_comma: bool = False,
) -> Attribute:
    """Decide what a column of cells is.

    Args:
        cells: one row a value of the column, with ``_n`` people.
        name: the column.
        bands: limits of bands of numbers, each the first number of the next band.
        on: day for which dates of birth are turned into completed years.
        kind: "curve" or "groups" to have it so; by default what the values say.
        decimal_comma: whether numbers may be written 0,5.

    Raises:
        InputError: bands, a curve or an age is asked of a column that does not hold numbers or dates; a
            column of dates comes without ``on``.

    Example:
        >>> cells = pl.DataFrame({"age": ["19", "25", "64", "unknown"], "_n": [3, 3, 3, 1]})
        >>> attribute(cells, "age", bands=[25, 50]).values.to_list()
        ['under 25', '25–49', '50 and over', None]
        >>> attribute(cells, "age").kind, attribute(cells, "age", kind="curve").values.to_list()
        ('groups', [19.0, 25.0, 64.0, None])
    """
    column, n = cells[name], cells["_n"]
    if kind == "groups" and not bands:
        return Attribute(name, "groups", column, column)
    label = column.cast(pl.String).replace(UNKNOWN, None).alias("label")
    numbers, notes = _numbers(label, n, decimal_comma), []
    born, form = _dates(label, n)
    if born is not None:
        if on is None and (bands or kind == "curve" or born.n_unique() > MOST_VALUES):
            raise InputError(f"column {name!r} holds dates; --on 2026-01-31 takes the age on that day")
        if on is not None:
            day = born.dt.month().cast(pl.Int32) * 31 + born.dt.day()  # of the year, in order
            before = day > on.month * 31 + on.day
            years = (on.year - born.dt.year() - before.cast(pl.Int32)).cast(pl.Float64)
            numbers = pl.select(pl.when(years.is_between(0, OLDEST)).then(years)).to_series()
            notes.append(text("age_on", name=name, on=on.isoformat()))
            notes += [text("day_first", name=name)] if form.startswith("%d") else []
    if numbers is None:
        if bands or kind == "curve":
            option, some = "--bands" if bands else "--curve", _some(label) + comma_hint(label.min())
            raise InputError(f"{option}: column {name!r} does not hold numbers, but {some}")
        return Attribute(name, "groups", column, column, (text("are_groups", name=name),))
    if lost := int(n.filter(numbers.is_null() & label.is_not_null()).sum()):
        said = _some(label.filter(numbers.is_null()))
        notes.append(text("not_numbers", name=name, people=lost, values=said))
    distinct = numbers.drop_nulls().n_unique()
    if bands:
        notes.append(text("are_bands", name=name))
        return Attribute(name, "bands", column, banded(numbers, bands), tuple(notes), numbers)
    if kind == "curve" or distinct > MOST_VALUES or (born is not None and on is not None):
        notes.append(text("are_curve", name=name, values=distinct))
        return Attribute(name, "curve", column, numbers, tuple(notes), numbers)
    few = text("are_few", name=name, values=distinct)
    return Attribute(name, "groups", column, column, (few,), numbers)


def _some(label: pl.Series) -> str:
    return ", ".join(map(repr, label.drop_nulls().unique().sort()[:8]))


def _numbers(label: pl.Series, n: pl.Series, decimal_comma: bool) -> pl.Series | None:
    """The numbers in a column, unless too few are, or some are codes such as 01."""
    numbers = label.to_frame().select(as_number(pl.col("label"), pl.String, decimal_comma)).to_series()
    numbers = numbers.set(numbers.is_infinite(), None)
    codes = label.str.contains(r"^0\d").any()
    return numbers if _mostly(numbers, label, n) and not codes else None


def _mostly(found: pl.Series, label: pl.Series, n: pl.Series) -> bool:
    """Whether most people with a value have one that was found to be of a kind."""
    people, known = (int(n.filter(one.is_not_null()).sum()) for one in (found, label))
    return known > 0 and people >= _SURE * known


def _dates(label: pl.Series, n: pl.Series) -> tuple[pl.Series | None, str]:
    """The dates in a column, in the first way of writing that reads most of them, and that way."""
    if not (label.drop_nulls().head(1000).str.contains(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}").any()):
        return None, ""
    for form in _FORMATS:
        found = label.str.extract(r"^(\S+)").str.to_date(form, strict=False)
        if _mostly(found, label, n):
            return found, form
    return None, ""


def banded(numbers: pl.Series, limits: Sequence[float]) -> pl.Series:
    """Return the band of each number, in order, as text that says what is in it.

    Example:
        >>> banded(pl.Series([1.5, 2.0, 9.0]), [2, 4]).to_list()
        ['under 2', '2 to under 4', '4 and over']
    """
    ends = sorted(set(map(float, limits)))
    whole = all(end.is_integer() for end in ends) and bool((numbers.drop_nulls() % 1 == 0).all())
    said = [f"{end:g}" for end in ends]
    middle = [
        (a if high - low == 1 else f"{a}–{high - 1:g}") if whole else f"{a} to under {b}"
        for (low, high), (a, b) in zip(pairwise(ends), pairwise(said), strict=True)
    ]
    labels = [f"under {said[0]}", *middle, f"{said[-1]} and over"]
    at = pl.DataFrame([(numbers >= end).cast(pl.Int64).alias(str(end)) for end in ends])
    below = at.sum_horizontal(ignore_nulls=False).cast(pl.UInt32)
    return pl.Series(labels, dtype=pl.Enum(labels)).gather(below)


def numbers_by_name(option: str, asked: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Read numbers of columns as the command takes them; none stand for each value by itself.

    Raises:
        InputError: it is not a column, "=" and numbers.

    Example:
        >>> numbers_by_name("--bands", ["age=25,35", "grade="])
        {'age': (25.0, 35.0), 'grade': ()}
    """
    found = {}
    for one in asked:
        name, _, numbers = one.rpartition("=")
        try:
            found[name.strip()] = tuple(map(float, numbers.split(","))) if numbers or not name else ()
        except ValueError as error:
            raise InputError(f"{option} {one}: write it as {option} age=25,35,50") from error
    return found


def day(asked: str | date | None) -> date | None:
    """Read the day for which dates of birth are turned into ages, as the command takes it.

    Raises:
        InputError: it is no day.

    Example:
        >>> day("2026-01-31")
        datetime.date(2026, 1, 31)
    """
    try:
        return date.fromisoformat(asked) if isinstance(asked, str) else asked
    except ValueError as error:
        raise InputError(f"--on {asked}: write a day as 2026-01-31") from error


def fulfils(one: Attribute, asked: str) -> pl.Series:
    """Return which values of an attribute fulfil a condition; null where they are not known.

    Raises:
        InputError: it is no condition, or all or nobody fulfil it.
    """
    _, op, value = split_condition(asked)
    label = one.raw.cast(pl.String).replace(UNKNOWN, None)
    if op in ("=", "==", "!="):
        held = label.str.replace(WHOLE.pattern, "$1").is_in(accepted(value))
        found = ~held if op == "!=" else held
    elif one.numbers is None:
        raise InputError(f"{asked!r}: column {one.name!r} does not hold numbers")
    else:
        found = COMPARISONS[op](one.numbers, float(value))
    if found.drop_nulls().n_unique() < 2:
        raise InputError(f"{asked!r} makes no two groups: {one.name!r} holds {_some(label)}")
    return found


def split_condition(asked: str) -> tuple[str, str, str]:
    """Return column, comparison and value of a condition.

    Raises:
        InputError: it is none.

    Example:
        >>> split_condition("age >= 50")
        ('age', '>=', '50')
    """
    found = CONDITION.match(asked)
    if not found or (found[2] in COMPARISONS and not re.fullmatch(r"-?\d+(\.\d+)?", found[3])):
        raise InputError(f"{asked!r} is no condition that makes two groups: write 'age>=50' or 'sex=F'")
    return found[1], found[2], found[3]
