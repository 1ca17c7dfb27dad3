"""Search every combination of attributes for groups that are treated unlike everybody else.

The table is reduced once to its cube; combinations are then grown attribute by attribute from cells, and no
combination of too few people is ever grown further: every group inside it is smaller still. All that were
large enough to be looked at count as tests when false discoveries are controlled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube, merged
from bobanalysis.fairness.metrics import RATES, rates_of
from bobanalysis.fairness.multiplicity import adjusted_p_values

MIN_PEOPLE = 30
MOST_SUBGROUPS = 1_000_000


def find_subgroups(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    metric: str | None = None,
    min_share: float = 0.01,
    min_people: int = MIN_PEOPLE,
    max_attributes: int | None = None,
    alpha: float = 0.05,
    **roles: Any,
) -> Any:
    """Find the groups, over all combinations of attributes, whose rate or mean differs from everyone else's.

    Formulas: with u = w (y - mean of everybody), the sum of u over a group has, when outcomes and weights are
    dealt to people at random, mean 0 and variance n (N - n) / (N (N - 1)) × sum of u²; without weights a rate
    is tested by the hypergeometric distribution itself (Fisher, twice the smaller tail). With weights, means
    rest on Kish's effective sample size for that variance.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns of attributes to combine, any number.
        prediction: column of decisions.
        metric: "selection_rate", "mean_score", or a rate of the confusion matrix such as
            "false_positive_rate"; default the selection rate, or without a prediction the mean score, or the
            base rate.
        min_share, min_people: smallest group looked at, as a share of everybody and in people; the larger
            counts.
        max_attributes: most attributes combined at a time; default all.
        alpha: false discovery rate (Benjamini–Hochberg).
        roles: ``outcome=``, ``score=``, ``weight=``: as in :func:`bobanalysis.fairness.group_metrics`.

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
    cells = cube(frame, groups, prediction=prediction, **roles)
    if cells.sample:
        raise ValueError("the search takes people as drawn one by one: leave out design=")
    if clash := set(cells.groups) & {"subgroup", *_RESULT}:
        raise ValueError(f"rename the attribute {min(clash)!r}: the result has a column of that name")
    safe, names = cells.renamed()
    table, is_mean = _sums(safe, metric)
    whole = table.select(_SUMS).row(0, named=True)
    whole["mean"] = whole["x"] / whole["w"] if whole["w"] else float("nan")
    enough = max(min_people, min_share * whole["n"], 1)
    found = _grown(table, list(names), enough, max_attributes or len(names))
    law = "mean" if is_mean else "counts" if (table["w"] == table["n"]).all() else "rate"
    result = _described(found.filter(pl.col("n") < whole["n"]), names, whole, alpha, law)
    return cells.back(result.rename(names))


_SUMS = pl.col("n", "w", "w2", "x", "w2_x", "x2").sum()
_RESULT = (
    *("attributes", "n", "share", "value", "rest", "difference", "difference_low", "difference_high"),
    *("adds", "p_value", "p_adjusted", "found"),
)


def _sums(cells: Cube, metric: str | None) -> tuple[pl.DataFrame, bool]:
    """What the metric is made of in each cell (the first that the columns allow), and whether it is a mean.

    ``n``, ``w`` and ``w2`` people, weights and squared weights, ``x`` what is averaged, ``w2_x`` squared
    weights of those that a rate counts, ``x2`` squared deviations of a mean, from that of everybody.
    """
    if "_prediction" in cells.cells.columns and not cells.binary:
        raise ValueError("selection_rate needs a prediction of yes or no")
    named = [*rates_of(cells), *(["mean_score"] if "_score_sum" in cells.cells.columns else [])]
    first = (m for m in ("selection_rate", "mean_score", "base_rate") if m in named)
    metric = metric or next(first, "selection_rate")
    if metric not in named:
        raise ValueError(f"metric {metric!r} is not one that the columns allow: {', '.join(named)}")
    by, nothing = list(cells.groups), pl.lit(0.0)
    if metric == "mean_score":
        n, w, w2, x, m2 = (pl.col(f"_score_{name}") for name in ("n", "w", "w2", "sum", "m2"))
        x2 = m2 + (w * (x / w - x.sum() / w.sum()) ** 2).fill_nan(0.0)
        table = merged(cells.cells, by).select(*by, n=n, w=w, w2=w2, x=x, w2_x=nothing, x2=x2)
    else:
        who, among = RATES[metric]
        sums = {name: pl.col(f"_{name}").filter(among).sum() for name in ("n", "w", "w2")}
        sums |= {name: pl.col(c).filter(among & who).sum() for name, c in (("x", "_w"), ("w2_x", "_w2"))}
        table = cells.cells.group_by(by).agg(**sums).with_columns(x2=nothing)
    numbers = pl.col("n", "w", "w2", "x", "w2_x", "x2").cast(pl.Float64)
    labels = pl.col(by).cast(pl.String).fill_null(UNKNOWN).cast(pl.Categorical)
    return table.filter(pl.col("n") > 0).select(labels, numbers), metric == "mean_score"


def _grown(table: pl.DataFrame, names: list[str], enough: float, most: int) -> pl.DataFrame:
    """Every combination of attribute values held by enough people, one row each; null for any value."""
    found, total = [table.clear()], 0
    stack: list[tuple[pl.DataFrame, list[str]]] = [(table, [])]
    while stack:
        rows, by = stack.pop()
        for place in range(names.index(by[-1]) + 1 if by else 0, len(names)):
            keys = [*by, names[place]]
            large = rows.group_by(keys).agg(_SUMS).filter(pl.col("n") >= enough)
            total += large.height
            if total > MOST_SUBGROUPS:
                many = f"more than {MOST_SUBGROUPS:,} groups are large enough"
                raise ValueError(f"{many}: raise min_share= or set max_attributes=")
            found.append(large)
            if large.height and len(keys) < most and place + 1 < len(names):
                stack.append((rows.join(large.select(keys), on=keys, how="semi"), keys))
    return pl.concat(found, how="diagonal").with_columns(pl.col(names).cast(pl.String))


def _described(
    found: pl.DataFrame, names: dict[str, str], whole: dict[str, float], alpha: float, law: str
) -> pl.DataFrame:
    """The result, the surest first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        one = {c: found[c].to_numpy() for c in ("n", "w", "w2", "x", "x2")}
        rest = {c: whole[c] - column for c, column in one.items()}
        value = one["x"] / one["w"]
        others = np.where(rest["w"] > 1e-12 * whole["w"], rest["x"] / rest["w"], np.nan)
        gap = value - others
        p_value = np.where(np.isnan(gap), np.nan, _p_values(one, whole, law))
        p_adjusted = adjusted_p_values(p_value)
        is_found = p_adjusted <= alpha
        confidence = 1 - alpha * max(is_found.sum(), 1) / max((~np.isnan(p_value)).sum(), 1)
        limits = []
        for level, part in ((value, one), (others, rest)):
            n = intervals.kish(np.maximum(part["w"], 0), np.maximum(part["w2"], 0))
            variance = np.maximum(part["x2"] / part["w"] - (level - whole["mean"]) ** 2, 0)
            of_rate = intervals.wilson(np.clip(level, 0, 1), n, confidence)
            of_mean = intervals.student(level, variance, n, confidence)
            limits.append(of_mean if law == "mean" else of_rate)
        low, high = intervals.difference(value, limits[0], others, limits[1])
    numbers = {"share": one["w"] / whole["w"], "value": value, "rest": others, "difference": gap}
    numbers |= {"difference_low": low, "difference_high": high, "p_value": p_value, "p_adjusted": p_adjusted}
    texts = [pl.lit(f"{said}=") + pl.col(name) for name, said in names.items()]
    result = found.select(
        pl.concat_str(texts, separator=", ", ignore_nulls=True).alias("subgroup"),
        *names,
        pl.sum_horizontal(pl.col(names).is_not_null()).cast(pl.Int64).alias("attributes"),
        pl.col("n").cast(pl.Int64),
        *(pl.Series(name, column, dtype=pl.Float64).fill_nan(None) for name, column in numbers.items()),
        pl.Series("found", is_found),
    )
    result = result.with_columns(adds=_adds(result, list(names), whole["mean"]).fill_nan(None))
    # two halves of everybody are equally sure: rounding errors must not say which comes first
    sure, size = (e.round_sig_figs(9) for e in (pl.col("p_value"), pl.col("difference").abs()))
    order: list[Any] = ["found", sure, size, "n", "subgroup"]
    result = result.sort(order, descending=[True, False, True, True, False], nulls_last=True)
    return result.select("subgroup", *names, *_RESULT)


def _p_values(one: dict[str, Any], whole: dict[str, float], law: str) -> Any:
    from scipy.special import ndtr
    from scipy.stats import hypergeom

    people, mean = whole["n"], whole["mean"]
    if law == "counts":
        x, n, k, size = (np.rint(v).astype(np.int64) for v in (one["x"], one["n"], whole["x"], people))
        tails = hypergeom.sf(x - 1, size, k, n), hypergeom.cdf(x, size, k, n)
        return np.clip(2 * np.where(x * size > n * k, *tails), 0, 1)
    # the sum of u²: of a rate from who is counted, of a mean as if weights told nothing of it
    spread = whole["w2_x"] * (1 - mean) ** 2 + (whole["w2"] - whole["w2_x"]) * mean**2
    if law == "mean" and whole["w"]:
        spread = whole["x2"] * whole["w2"] / whole["w"]
    if not spread > 1e-12 * max(abs(whole["x"]), 1e-300):  # all the same: no group differs
        return np.ones(len(one["n"]))
    variance = one["n"] * (people - one["n"]) / (people * max(people - 1, 1)) * spread
    return 2 * ndtr(-np.abs(one["x"] - one["w"] * mean) / np.sqrt(variance))


def _adds(result: pl.DataFrame, names: list[str], everybody: float) -> pl.Series:
    """Difference to the nearest group with one attribute less."""
    table, parents = result.with_row_index("_row"), result.select(*names, parent="value")
    gaps = [
        table.filter(pl.col(name).is_not_null(), pl.col("attributes") > 1)
        .with_columns(pl.lit(None, pl.String).alias(name))
        .join(parents, on=names, nulls_equal=True)
        .select("_row", gap=pl.col("value") - pl.col("parent"))
        for name in names
    ]
    alone = table.filter(attributes=1).select("_row", gap=pl.col("value") - everybody)
    gap = pl.col("gap")
    every = pl.concat([alone, *gaps]).group_by("_row", maintain_order=True)
    nearest = every.agg(gap.get(gap.abs().arg_min()))
    return table.join(nearest, on="_row", how="left", maintain_order="left")["gap"]
