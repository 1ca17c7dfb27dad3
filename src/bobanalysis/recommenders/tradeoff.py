"""What fairness costs: quality beside the gap between groups, for several recommenders at once."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import polars as pl

Floats: TypeAlias = "np.typing.NDArray[np.float64]"


def frontier(
    values: pl.DataFrame, groups: pl.DataFrame, smallest: int = 30, replicates: int = 1000
) -> pl.DataFrame:
    """Return quality and the gap between groups of each recommender, with intervals.

    Parameters: ``values``, person_id, recommender, value: a measure per person
    (``evaluation.evaluate(…).per_query``), null where undefined; ``groups``, person_id and one other column;
    ``smallest``, the fewest people of a group that counts; ``replicates``, of the bootstrap.

    Returns one row a recommender, in the order of ``values``: ``quality`` (mean), ``gap`` (mean of the best
    served group minus that of the worst served), each with ``_low`` and ``_high`` (95 %, percentile bootstrap
    of people, the same draws for every recommender), ``best`` and ``worst`` (the groups), ``n`` people with a
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
    people = table.shape[0]
    # The first group is everybody.
    member = np.column_stack([np.ones(people), wide["_group"].to_numpy()[:, None] == np.array(labels)])
    drawn = np.random.default_rng(0).multinomial(people, np.full(people, 1 / people), size=replicates)
    rows = []
    for recommender, value in zip(order, table.T, strict=True):
        row: dict[str, Any] = {"recommender": recommender, "n": int(np.count_nonzero(~np.isnan(value)))}
        observed = _means(np.ones((1, people)), value, member)
        means = _means(drawn.astype(float), value, member)
        for name, of in {"quality": lambda m: m[:, 0], "gap": _gap}.items():
            low, high = np.quantile(of(means), [0.025, 0.975])
            row |= {name: float(of(observed)[0]), f"{name}_low": float(low), f"{name}_high": float(high)}
        row["best"] = labels[int(np.nanargmax(observed[0, 1:]))]
        row["worst"] = labels[int(np.nanargmin(observed[0, 1:]))]
        rows.append(row)
    points = [(row["quality"], -row["gap"]) for row in rows]
    dominated = [any(a >= q and b >= g and (a, b) != (q, g) for a, b in points) for q, g in points]
    return pl.DataFrame(rows).with_columns(dominated=pl.Series(dominated))


def _means(weights: Floats, value: Floats, member: Floats) -> Floats:
    """Return the weighted mean of each group: a row a draw; NaN where nobody of a group was drawn."""
    there = ~np.isnan(value)
    totals = weights[:, there] @ member[there]
    sums = weights[:, there] @ (member[there] * value[there, None])
    return np.divide(sums, totals, out=np.full_like(sums, np.nan), where=totals > 0)


def _gap(means: Floats) -> Floats:
    return np.asarray(np.nanmax(means[:, 1:], axis=1) - np.nanmin(means[:, 1:], axis=1))
