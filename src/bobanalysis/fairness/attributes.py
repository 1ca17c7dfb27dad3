"""Bands of a number, as a command is asked for them, and when a number is a curve rather than groups."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from bobanalysis.tables import InputError

MOST_VALUES = 20
"""A number with more values is a curve; with fewer, each value is a group."""


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
    """Read numbers of columns as the command takes them.

    Raises:
        InputError: it is not a column, "=" and numbers.

    Example:
        >>> numbers_by_name("--bands", ["age=25,35"])
        {'age': (25.0, 35.0)}
    """
    found = {}
    for one in asked:
        name, _, numbers = one.rpartition("=")
        try:
            found[name.strip()] = tuple(float(number) for number in numbers.split(","))
        except ValueError as error:
            raise InputError(f"{option} {one}: write it as {option} age=25,35,50") from error
    return found
