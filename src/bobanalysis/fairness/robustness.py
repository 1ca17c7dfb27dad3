"""What holds under every defensible specification, and what depends on the one that was chosen."""

from __future__ import annotations

from typing import Any

import polars as pl

from bobanalysis.fairness._cube import to_lazy

HIGH, LOW, DEPENDS = "high", "low", "depends"


def rank_intervals(frame: Any, unit: str, specification: str, value: str, extreme: int = 20) -> Any:
    """Return the ranks of units over all specifications, and which units are extreme under every one.

    Parameters: ``frame``, pandas or Polars, one row a (unit, specification) with a ``value`` (a rate or a
    mean; null where it cannot be estimated); ``unit``, ``specification``, ``value``, column names;
    ``extreme``, how many of the highest and of the lowest units are called extreme.

    Returns a frame of the same kind, one row a unit that has a value under some specification, sorted by
    unit: ``rank_low`` and ``rank_high`` (1 is the highest value; ties share the better rank), ``class``:
    "high" (among the ``extreme`` highest under every specification), "low", or "depends"; and
    ``specifications``, the number of those that have a value. A unit that lacks a value under some
    specification is never called high or low.

    Raises ValueError if ``extreme`` is not between 1 and half the number of units, or if a unit has two
    values under one specification. Source: Steegen et al. (2016), Increasing transparency through a
    multiverse analysis, Perspectives on Psychological Science 11(5).

    >>> import polars as pl
    >>> shares = pl.DataFrame({"place": list("abcabc"), "scale": [1, 1, 1, 2, 2, 2],
    ...                        "share": [0.9, 0.5, 0.1, 0.6, 0.2, 0.3]})
    >>> rank_intervals(shares, "place", "scale", "share", extreme=1).rows()[0]
    ('a', 1, 1, 'high', 2)
    """
    lazy, back = to_lazy(frame, [unit, specification, value])
    table = lazy.select(unit, specification, value).drop_nulls(value).collect()
    if table.select(unit, specification).is_duplicated().any():
        raise ValueError(f"a {unit} has two values under one {specification}")
    units = table[unit].n_unique()
    if not 1 <= extreme <= max(1, units // 2):
        raise ValueError(f"extreme must be between 1 and {units // 2} (half of {units} units), not {extreme}")
    rate = pl.col(value)
    ranked = table.with_columns(
        rank=rate.rank("min", descending=True).over(specification),
        from_below=rate.rank("min").over(specification),
    )
    every = table[specification].n_unique()
    complete = pl.len() == every
    high, low = ((complete & (pl.col(c).max() <= extreme)) for c in ("rank", "from_below"))
    kind = pl.when(high).then(pl.lit(HIGH)).when(low).then(pl.lit(LOW)).otherwise(pl.lit(DEPENDS))
    result = ranked.group_by(unit).agg(
        pl.col("rank").min().cast(pl.Int64).alias("rank_low"),
        pl.col("rank").max().cast(pl.Int64).alias("rank_high"),
        kind.alias("class"),
        pl.len().cast(pl.Int64).alias("specifications"),
    )
    return back(result.sort(unit))
