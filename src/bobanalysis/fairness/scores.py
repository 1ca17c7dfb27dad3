"""Levels of a score: its median with weights, and its bins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

SCORE_VALUES = 20  # as many distinct scores or fewer are their own bins of calibration
SCORE_BINS = 10


def weighted_median(values: pl.Series, weights: pl.Series) -> float:
    """Return the median of values with weights: the middle of the two values where the half falls between.

    >>> weighted_median(pl.Series([1.0, 2.0, 10.0]), pl.Series([1.0, 1.0, 2.0]))
    6.0
    """
    table = pl.DataFrame({"v": values, "w": weights}).sort("v").filter(pl.col("w") > 0)
    if table.is_empty():
        return float("nan")
    up_to = table["w"].cum_sum()
    half = up_to[-1] / 2
    at = int((up_to < half * (1 - 1e-12)).sum())
    between = abs(up_to[at] - half) <= 1e-12 * half and at + 1 < table.height
    return float((table["v"][at] + table["v"][at + 1]) / 2) if between else float(table["v"][at])


def score_bins(values: pl.Series, weights: pl.Series) -> tuple[list[float], list[str]]:
    """Return the inner limits of bins of a score, each limit in the bin below, and the bins' labels.

    Few distinct scores are a bin each; otherwise bins are of about equal weight.

    >>> score_bins(pl.Series([1.0, 2.0, 3.0]), pl.Series([5.0, 1.0, 1.0]))
    ([1.5, 2.5], ['1', '2', '3'])
    """
    scores = pl.DataFrame({"v": values, "w": weights}).drop_nulls().sort("v")
    table = scores.group_by("v", maintain_order=True).agg(pl.col("w").sum())
    distinct = table["v"]
    if len(distinct) <= SCORE_VALUES:
        breaks = [(a + b) / 2 for a, b in pairwise(distinct)]
        return breaks, _distinct_labels([(v,) for v in distinct])
    share = table["w"].cum_sum() / table["w"].sum()
    wanted = [int((share < k / SCORE_BINS).sum()) for k in range(1, SCORE_BINS)]
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
