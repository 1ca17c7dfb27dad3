"""Search every combination of attributes for groups that are treated unlike everybody else.

The table is reduced once to its cube; combinations are then grown attribute by attribute from cells, and no
combination of too few people is ever grown further: every group inside it is smaller still. All that were
large enough to be looked at count as tests when false discoveries are controlled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube
from bobanalysis.fairness.metrics import RATES, mean_sums, rate_sums, rates_of
from bobanalysis.fairness.multiplicity import Method, adjusted_p_values

MIN_PEOPLE = 30
MOST_SUBGROUPS = 1_000_000
_METHODS: dict[str, Method] = {"bh": "benjamini-hochberg", "by": "benjamini-yekutieli"}


def find_subgroups(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    outcome: str | None = None,
    score: str | None = None,
    weight: str | None = None,
    metric: str | None = None,
    min_share: float = 0.01,
    min_people: int = MIN_PEOPLE,
    max_attributes: int | None = None,
    alpha: float = 0.05,
    method: Literal["bh", "by"] = "bh",
) -> Any:
    """Find the groups, over all combinations of attributes, whose rate or mean differs from everyone else's.

    Formulas: with u = w (y - mean of everybody), the sum of u over a group has, when outcomes and weights are
    dealt to people at random, mean 0 and variance n (N - n) / (N (N - 1)) × sum of u²; without weights a rate
    is tested by the hypergeometric distribution itself (Fisher, twice the smaller tail). With weights, means
    rest on Kish's effective sample size for that variance.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns of attributes to combine, any number.
        prediction, outcome, score, weight: as in :func:`bobanalysis.fairness.group_metrics`.
        metric: "selection_rate", "mean_score", or a rate of the confusion matrix such as
            "false_positive_rate"; default the selection rate, or without a prediction the mean score, or the
            base rate.
        min_share, min_people: smallest group looked at, as a share of everybody and in people; the larger
            counts.
        max_attributes: most attributes combined at a time; default all.
        alpha: false discovery rate.
        method: "bh" for Benjamini–Hochberg; "by" for Benjamini–Yekutieli, which holds however the overlapping
            groups depend on each other, at the price of finding fewer.

    Returns:
        A frame of the library that came in, one row a group that is large enough, the surest first:
        ``subgroup`` ("age=50+, sex=F"), one column an attribute (null: any value), ``attributes`` combined,
        ``n``, ``share``, ``value``, ``rest`` (everyone else), ``difference`` with ``difference_low``,
        ``difference_high`` (at 1 - alpha × found / looked at: of the intervals of those found, alpha miss on
        average), ``adds`` (difference to the nearest group with one attribute less; for
        single attributes to everybody: near 0, the last attribute explains nothing), ``p_value``,
        ``p_adjusted``, ``found``.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; an unknown metric; more than a million groups.

    Source: Agrawal and Srikant (1994), VLDB (pruning by support); Pastor, de Alfaro and Baralis (2021),
    SIGMOD (divergence of subgroups); Benjamini and Yekutieli, JASA 100 (2005), 71-93 (intervals of those
    found).

    >>> sex, age = ["F", "M"] * 200, (["50+"] * 2 + ["under 50"] * 2) * 100
    >>> told = [int(s == "F" and a == "50+") for s, a in zip(sex, age)]
    >>> found = find_subgroups(pl.DataFrame({"sex": sex, "age": age, "told": told}), ["sex", "age"], "told")
    >>> found.select("subgroup", "n", "difference", "adds").row(0)
    ('sex=F, age=50+', 100, 1.0, 0.5)
    """
    if method not in _METHODS:
        raise ValueError(f"method {method!r} is not one of: bh, by")
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, score=score, weight=weight)
    sums = _sums(cells, metric)
    names = list(cells.groups)
    if clash := set(names) & set(_COLUMNS):
        raise ValueError(f"rename the attribute {min(clash)!r}: the result has a column of that name")
    people = float(sums.n.sum())
    enough = max(min_people, min_share * people, 1)
    patterns = _grow(sums, enough, max_attributes or len(names))
    kept = patterns.n < people
    return cells.back(_table(sums, patterns.take(kept), names, alpha, method))


_COLUMNS = (
    *("subgroup", "attributes", "n", "share", "value", "rest", "difference", "difference_low"),
    *("difference_high", "adds", "p_value", "p_adjusted", "found"),
)


@dataclass(frozen=True)
class _Sums:
    """Cells of the attributes: codes of their values, and the sums the metric is made of."""

    codes: Any  # one column an attribute
    labels: list[list[str]]
    n: Any
    w: Any
    w2: Any
    x: Any  # weighted sum of what is averaged
    spread: float  # sum of u² over everybody
    squares: float  # weighted squared deviations from the mean of everybody, for means
    m2: Any  # squared deviations, for means
    exact: bool


@dataclass(frozen=True)
class _Patterns:
    values: Any  # codes, -1 for any
    n: Any
    w: Any
    w2: Any
    x: Any
    m2: Any

    def take(self, which: Any) -> _Patterns:
        return _Patterns(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def _sums(cells: Cube, metric: str | None) -> _Sums:
    """What the metric is made of in each cell; the mean score, or the first rate that the columns allow."""
    allowed = rates_of(cells)
    scored = "_score_sum" in cells.cells.columns
    if "_prediction" in cells.cells.columns and not cells.binary:
        raise ValueError("selection_rate needs a prediction of yes or no")
    named = [*allowed, *(["mean_score"] if scored else [])]
    first = [m for m in ("selection_rate", "mean_score", "base_rate") if m in named]
    metric = metric or next(iter(first), "selection_rate")
    if metric not in named:
        raise ValueError(f"metric {metric!r} is not one that the columns allow: {', '.join(named)}")
    safe, _ = cells.renamed()
    by, is_mean = list(safe.groups), metric == "mean_score"
    table = mean_sums(safe.cells, by) if is_mean else rate_sums(safe.cells, by, metric, None, *RATES[metric])
    table = table.filter(pl.col("n") > 0).with_columns(pl.col("m2").fill_null(0.0))
    n, w, w2, x, m2 = (table[c].cast(pl.Float64).to_numpy() for c in ("n", "w", "w2", "x", "m2"))
    total = w.sum()
    mean = x.sum() / total if total > 0 else 0.0
    means = np.divide(x, w, out=np.zeros_like(x), where=w > 0)
    squares = m2.sum() + (w * (means - mean) ** 2).sum()
    if is_mean:
        spread = squares * w2.sum() / total if total > 0 else 0.0
    else:
        who, among = RATES[metric]
        chosen = float(safe.cells.filter(among & who)["_w2"].cast(pl.Float64).sum())
        spread = chosen * (1 - mean) ** 2 + (w2.sum() - chosen) * mean**2
    exact = not is_mean and bool((w == n).all())
    return _Sums(*_codes(table, by), n, w, w2, x, float(spread), float(squares), m2, exact)


def _codes(table: pl.DataFrame, names: list[str]) -> tuple[Any, list[list[str]]]:
    codes, labels = [], []
    for name in names:  # null sorts first, and its rank is null
        rank = table[name].rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
        codes.append(rank - (0 if table[name].has_nulls() else 1))
        labels.append(table[name].unique().sort().cast(pl.String).fill_null(UNKNOWN).to_list())
    return np.column_stack(codes) if codes else np.zeros((table.height, 0), int), labels


def _grow(sums: _Sums, enough: float, most: int) -> _Patterns:
    """Every combination of attribute values held by enough people, one row each."""
    width = sums.codes.shape[1]
    found: list[list[Any]] = []
    total = 0
    stack = [(np.arange(len(sums.n)), np.zeros(len(sums.n), np.int64), np.full((1, width), -1), 0, 0)]
    while stack:
        rows, at, values, start, size = stack.pop()
        for column in range(start, width):
            cardinality = len(sums.labels[column])
            key = at * cardinality + sums.codes[rows, column]
            if len(values) * cardinality <= 4 * len(rows) + 100_000:  # count in place rather than sort
                distinct, place = np.arange(len(values) * cardinality), key
            else:
                distinct, place = np.unique(key, return_inverse=True)
            people = np.bincount(place, sums.n[rows], minlength=len(distinct))
            large = people >= enough
            if not large.any():
                continue
            total += int(large.sum())
            if total > MOST_SUBGROUPS:
                raise ValueError(
                    f"more than {MOST_SUBGROUPS:,} groups are large enough: raise min_share= or set "
                    "max_attributes="
                )
            grown = values[distinct[large] // cardinality].copy()
            grown[:, column] = distinct[large] % cardinality
            others = (
                np.bincount(place, part[rows], minlength=len(distinct))[large]
                for part in (sums.w, sums.w2, sums.x)
            )
            found.append([grown, people[large], *others, _within(sums, rows, place, large)])
            if size + 1 < most and column + 1 < width:
                renumbered = np.full(len(distinct), -1)
                renumbered[large] = np.arange(large.sum())
                inside = renumbered[place]
                keep = inside >= 0
                stack.append((rows[keep], inside[keep], grown, column + 1, size + 1))
    if not found:
        nothing = np.zeros(0)
        return _Patterns(np.zeros((0, width), int), *[nothing] * 5)
    return _Patterns(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _within(sums: _Sums, rows: Any, place: Any, large: Any) -> Any:
    """Squared deviations from the mean of each group, from those of its cells and those between them."""
    w, x = sums.w[rows], sums.x[rows]
    size = len(large)
    total = np.bincount(place, w, minlength=size)
    mean = np.divide(np.bincount(place, x, minlength=size), total, out=np.zeros(len(total)), where=total > 0)
    cell = np.divide(x, w, out=np.zeros_like(x), where=w > 0)
    return np.bincount(place, sums.m2[rows] + w * (cell - mean[place]) ** 2, minlength=size)[large]


def _table(sums: _Sums, found: _Patterns, names: list[str], alpha: float, method: str) -> pl.DataFrame:
    weight, total = sums.w.sum(), sums.x.sum()
    rest_w, rest_x = np.maximum(weight - found.w, 0), total - found.x
    nothing = np.full(len(found.n), np.nan)
    value = np.divide(found.x, found.w, out=nothing.copy(), where=found.w > 0)
    rest = np.divide(rest_x, rest_w, out=nothing.copy(), where=rest_w > 1e-12 * weight)
    p_value = np.where(np.isnan(value) | np.isnan(rest), np.nan, _p_values(sums, found))
    p_adjusted = adjusted_p_values(p_value, _METHODS[method])
    is_found = p_adjusted <= alpha
    tests = int((~np.isnan(p_value)).sum())
    confidence = 1 - alpha * max(int(is_found.sum()), 1) / max(tests, 1)
    low, high = _limits(sums, found, value, rest, confidence)
    columns = {f"_{i}": found.values[:, i] for i in range(len(names))}
    table = pl.DataFrame(columns | {"value": value, "_x": found.x, "_w": found.w}).with_row_index("_row")
    adds = _adds(table, len(names), total / weight if weight > 0 else float("nan"))
    words = [
        pl.Series(name, [None, *labels], dtype=pl.String).gather(found.values[:, i] + 1)
        for i, (name, labels) in enumerate(zip(names, sums.labels, strict=True))
    ]
    numbers = {
        "share": found.w / weight if weight > 0 else nothing,
        "value": value,
        "rest": rest,
        "difference": value - rest,
        "difference_low": low,
        "difference_high": high,
        "adds": adds,
        "p_value": p_value,
        "p_adjusted": p_adjusted,
    }
    parts = [pl.lit(f"{name}=") + pl.col(name) for name in names]
    result = pl.DataFrame(words).with_columns(
        pl.concat_str(parts, separator=", ", ignore_nulls=True).alias("subgroup"),
        pl.Series("attributes", (found.values >= 0).sum(1), dtype=pl.Int64),
        pl.Series("n", found.n, dtype=pl.Int64),
        *(pl.Series(name, column, dtype=pl.Float64).fill_nan(None) for name, column in numbers.items()),
        pl.Series("found", is_found),
    )
    # two halves of everybody are equally sure: rounding errors must not say which comes first
    sure, size = (e.round_sig_figs(9) for e in (pl.col("p_value"), pl.col("difference").abs()))
    order: list[Any] = ["found", sure, size, "n", "subgroup"]
    sorted_result = result.sort(order, descending=[True, False, True, True, False], nulls_last=True)
    return sorted_result.select("subgroup", *names, *_COLUMNS[1:])


def _p_values(sums: _Sums, found: _Patterns) -> Any:
    from scipy.special import ndtr
    from scipy.stats import hypergeom

    people, weight, total = sums.n.sum(), sums.w.sum(), sums.x.sum()
    if sums.spread <= 1e-12 * max(abs(total), 1e-300):  # all the same: no group differs
        return np.ones(len(found.n))
    if sums.exact:
        x, n, k, size = (np.rint(v).astype(np.int64) for v in (found.x, found.n, total, people))
        above = x * size > n * k
        tail = np.empty(len(x))
        tail[above] = hypergeom.sf(x[above] - 1, size, k, n[above])
        tail[~above] = hypergeom.cdf(x[~above], size, k, n[~above])
        return np.clip(2 * tail, 0, 1)
    gap = found.x - found.w * total / weight
    variance = found.n * (people - found.n) / (people * max(people - 1, 1)) * sums.spread
    z = np.divide(np.abs(gap), np.sqrt(variance), out=np.zeros_like(gap), where=variance > 0)
    return 2 * ndtr(-z)


def _limits(sums: _Sums, found: _Patterns, value: Any, rest: Any, confidence: float) -> intervals.Limits:
    mine = intervals.kish(found.w, found.w2)
    theirs = intervals.kish(np.maximum(sums.w.sum() - found.w, 0), np.maximum(sums.w2.sum() - found.w2, 0))
    if not sums.m2.any() and np.nanmax(np.abs(np.concatenate([value, rest, [0]]))) <= 1 + 1e-9:
        ours, others = (
            intervals.wilson(np.clip(v, 0, 1), n, confidence) for v, n in ((value, mine), (rest, theirs))
        )
        return intervals.difference(value, ours, rest, others)
    w, total_w = found.w, sums.w.sum()
    rest_w = np.maximum(total_w - w, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest_m2 = np.maximum(sums.squares - found.m2 - w * rest_w / total_w * (value - rest) ** 2, 0)
        ours = intervals.student(value, found.m2 / w, mine, confidence)
        others = intervals.student(rest, rest_m2 / rest_w, theirs, confidence)
    return intervals.difference(value, ours, rest, others)


def _adds(table: pl.DataFrame, width: int, everybody: float) -> Any:
    """Difference to the nearest group with one attribute less."""
    keys = [f"_{i}" for i in range(width)]
    size = pl.sum_horizontal(pl.col(key) >= 0 for key in keys)
    nearest = table.select("_row", alone=size == 1, value="value", adds=pl.lit(None, pl.Float64))
    nearest = nearest.with_columns(adds=pl.when("alone").then(pl.col("value") - everybody))
    parents = table.select(*keys, parent="value")
    for key in keys:
        smaller = table.filter(pl.col(key) >= 0, size > 1).with_columns(pl.lit(-1, pl.Int64).alias(key))
        joined = smaller.join(parents, on=keys).select("_row", gap=pl.col("value") - pl.col("parent"))
        nearest = nearest.join(joined, on="_row", how="left", maintain_order="left").with_columns(
            adds=pl.when(pl.col("adds").is_null() | (pl.col("gap").abs() < pl.col("adds").abs()))
            .then(pl.coalesce("gap", "adds"))
            .otherwise("adds")
        )
        nearest = nearest.drop("gap")
    return nearest.sort("_row")["adds"].cast(pl.Float64).to_numpy()
