"""What fairness costs: quality beside the gap between groups, for several recommenders at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
REPLICATES = 1000


def frontier(
    values: pl.DataFrame,
    groups: pl.DataFrame,
    smallest: int = 30,
    replicates: int = REPLICATES,
    seed: int = 0,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """Return quality and the gap between groups of each recommender, with intervals.

    Parameters: ``values``, person_id, recommender, value: a measure per person
    (``evaluation.evaluate(…).per_query``), null where undefined; ``groups``, person_id and one other column;
    ``smallest``, the fewest people of a group that counts; ``replicates``, ``seed``: of the bootstrap.

    Returns one row a recommender, in the order of ``values``: ``quality`` (mean), ``gap`` (mean of the best
    served group minus that of the worst served), each with ``_low`` and ``_high`` (percentile bootstrap of
    people, the same draws for every recommender), ``best`` and ``worst`` (the groups), ``n`` people with a
    value, ``dominated``: another recommender is at least as good on both and better on one.
    The gap between the extremes of many groups is above zero by chance alone: compare gaps, and read one by
    itself with care.
    Raises ValueError if fewer than two groups are large enough.

    >>> values = pl.DataFrame({"recommender": "r", "value": [1.0, 1, 0, 0] * 10})
    >>> values = values.with_columns(person_id=pl.int_range(40).cast(pl.String))
    >>> groups = values.select("person_id", g=pl.int_range(40) % 4 < 2)
    >>> frontier(values, groups, smallest=5).select("quality", "gap", "best").row(0)
    (0.5, 1.0, 'true')
    """
    (name,) = [c for c in groups.columns if c != "person_id"]
    named = groups.select("person_id", _group=pl.col(name).cast(pl.String)).drop_nulls()
    named = named.filter(pl.len().over("_group") >= smallest).sort("person_id")
    labels = sorted(named["_group"].unique())
    if len(labels) < 2:
        raise ValueError(f"groups: {len(labels)} of {name!r} have {smallest} people or more; two are needed")
    order = values["recommender"].unique(maintain_order=True).to_list()
    pivoted = values.pivot("recommender", index="person_id", values="value")
    wide = named.join(pivoted, on="person_id", how="left").sort("person_id")
    table = wide.select(order).to_numpy().astype(float)
    member = (wide["_group"].to_numpy()[:, None] == np.array(labels)).astype(float)
    people = table.shape[0]
    drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=replicates)
    tail = (1 - confidence) / 2
    rows = []
    for column, recommender in enumerate(order):
        mean, by_group = _means(np.ones((1, people)), table[:, column], member)
        means, by_groups = _means(drawn.astype(float), table[:, column], member)
        rows.append(
            {
                "recommender": recommender,
                "n": int(np.count_nonzero(~np.isnan(table[:, column]))),
                "quality": float(mean[0]),
                **_ends("quality", means, tail),
                "gap": float(_gap(by_group)[0]),
                **_ends("gap", _gap(by_groups), tail),
                "best": labels[int(np.nanargmax(by_group[0]))],
                "worst": labels[int(np.nanargmin(by_group[0]))],
            }
        )
    return pl.DataFrame(rows).with_columns(dominated=pl.Series(_dominated(rows)))


def _means(weights: Floats, value: Floats, member: Floats) -> tuple[Floats, Floats]:
    """Return weighted means of all people, and of each group: rows are draws."""
    there = ~np.isnan(value)
    w, v = weights[:, there], value[there]
    groups = member[there]
    sums, totals = w @ (groups * v[:, None]), w @ groups
    nothing = np.full_like(sums, np.nan)
    return (w @ v) / w.sum(axis=1), np.divide(sums, totals, out=nothing, where=totals > 0)


def _gap(by_group: Floats) -> Floats:
    return np.asarray(np.nanmax(by_group, axis=1) - np.nanmin(by_group, axis=1))


def _ends(name: str, draws: Floats, tail: float) -> dict[str, float]:
    low, high = np.quantile(draws, [tail, 1 - tail])
    return {f"{name}_low": float(low), f"{name}_high": float(high)}


def _dominated(rows: list[dict[str, Any]]) -> list[bool]:
    points = [(row["quality"], -row["gap"]) for row in rows]
    return [any(a >= q and b >= g and (a, b) != (q, g) for a, b in points) for q, g in points]
