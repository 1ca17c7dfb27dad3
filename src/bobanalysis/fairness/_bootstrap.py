"""The bootstrap on the cube: replicates of a table that cost the same whatever its number of rows.

Drawing rows with replacement and counting cells is drawing the counts of cells from a multinomial law, so the
rows are not needed. With weights, the sum of the weights of the rows drawn from a cell is drawn too, from the
gamma law that has the mean and the variance that the cell's own weights give it.

A percentile interval never leaves what was observed: of nobody selected among eight people it makes "0 to 0".
For one rate take the intervals of :func:`bobanalysis.fairness.group_metrics`, for gaps
:func:`bobanalysis.fairness.gap_test`; the bootstrap is for what has no formula.

Source: Efron, Annals of Statistics 7 (1979), 1-26.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, Cube, cube
from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.metrics import RATES, labelled, rates_of

REPLICATES = 10_000


def bootstrap(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    metrics: Sequence[str] | None = None,
    statistic: Callable[[Array], Array] | None = None,
    replicates: int = REPLICATES,
    confidence: float = 0.95,
    seed: int = 0,
) -> Any:
    """Return percentile intervals of rates by group, or of any statistic of them.

    Args:
        frame: one row a person, or a cube of one.
        groups: columns to cross.
        prediction, outcome: columns of true/false or 0/1.
        weight: column of weights, zero or more.
        metrics: names of rates of :func:`bobanalysis.fairness.group_metrics`; all that the columns allow.
        statistic: function of the rates of one metric, (replicates × groups) with NaN where a group has
            nobody, to one number a replicate, such as a ratio of the lowest to the highest rate.
        replicates: number of them.
        confidence: nominal coverage.
        seed: of the random numbers.

    Returns:
        A frame of the library that came in (Polars for a cube): ``metric``, the groups (not for a
        statistic), ``value``, ``ci_low``, ``ci_high`` and ``replicates``, the number in which the value could
        be estimated; null where it cannot be.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or a metric the columns do not allow.

    >>> people = pl.DataFrame({"age": ["young", "old"] * 50, "told": [1, 0, 0, 0] * 25})
    >>> found = bootstrap(people, ["age"], "told", statistic=lambda r: r.max(1) - r.min(1), replicates=999)
    >>> found["value"].item()
    0.5
    """
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, weight=weight)
    labels, rates = replicated(cells, metrics, replicates, seed)
    parts = []
    for metric, (value, drawn) in rates.items():
        if statistic is not None:
            value, drawn = statistic(value[None]), statistic(drawn)[:, None]
        low, high = _percentiles(drawn, confidence)
        parts.append(
            pl.DataFrame(
                {
                    "metric": [metric] * len(value),
                    **({} if statistic else labels.to_dict()),
                    "value": value,
                    "ci_low": np.where(np.isnan(value), np.nan, low),
                    "ci_high": np.where(np.isnan(value), np.nan, high),
                    "replicates": np.count_nonzero(~np.isnan(drawn), axis=0),
                }
            )
        )
    found = pl.concat(parts).with_columns(pl.col("value", "ci_low", "ci_high").fill_nan(None))
    return cells.back(found)


def replicated(
    cells: Cube, metrics: Sequence[str] | None = None, replicates: int = REPLICATES, seed: int = 0
) -> tuple[pl.DataFrame, dict[str, tuple[Array, Array]]]:
    """Return the groups, and for each rate its values by group and its replicates (replicates × groups).

    >>> people = pl.DataFrame({"age": ["young", "old"] * 50, "told": [1, 0, 0, 0] * 25})
    >>> labels, rates = replicated(cube(people, ["age"], prediction="told"), replicates=10)
    >>> labels["age"].to_list(), rates["selection_rate"][0], rates["selection_rate"][1].shape
    (['old', 'young'], array([0. , 0.5]), (10, 2))
    """
    table, groups = cells.cells, list(cells.groups)
    if "_prediction" in table.columns and not cells.binary:
        raise ValueError("the prediction holds several answers; give one of them, as true/false or 0/1")
    allowed = rates_of(cells)
    if bad := [m for m in metrics or [] if m not in allowed]:
        raise ValueError(f"metric {bad[0]!r} is not one that the columns allow: {', '.join(allowed)}")
    labels = labelled(table.select(groups).unique(), groups) if groups else pl.DataFrame()
    where = np.zeros(len(table), int)
    if groups:
        keys = table.select(pl.col(g).cast(pl.String).fill_null(UNKNOWN) for g in groups)
        numbered = labels.with_row_index("_g")
        where = keys.join(numbered, on=groups, how="left", maintain_order="left")["_g"].to_numpy()
    count, start = max(len(labels), 1), np.argsort(where, kind="stable")
    weights = _weights(table, replicates, np.random.default_rng(seed))
    observed = table["_w"].to_numpy()[None]
    found = {}
    for metric in metrics or allowed:
        who, among = (table.select(e.fill_null(False)).to_series().to_numpy() for e in RATES[metric])
        found[metric] = tuple(_ratio(w, among & who, among, where, start, count) for w in (observed, weights))
    return labels, {m: (value[0], drawn) for m, (value, drawn) in found.items()}


def _weights(table: pl.DataFrame, replicates: int, rng: np.random.Generator) -> Array:
    """Weight of each cell in each replicate."""
    n, w, w2 = (table[c].cast(pl.Float64).to_numpy() for c in ("_n", "_w", "_w2"))
    drawn = rng.multinomial(int(n.sum()), n / n.sum(), replicates).astype(float)
    mean = w / n
    variance = np.maximum(w2 / n - mean**2, 0)
    varies = variance > 1e-12 * mean**2
    total = drawn * mean
    if varies.any():
        shape = drawn[:, varies] * (mean[varies] ** 2 / variance[varies])
        total[:, varies] = rng.standard_gamma(shape) * (variance[varies] / mean[varies])
    return total


def _ratio(weights: Array, who: Any, among: Any, where: Any, order: Any, groups: int) -> Array:
    """Rates by group: weight of ``who`` over weight ``among``, NaN where that is nobody."""
    above, below = (_by_group(weights, mask, where, order, groups) for mask in (who, among))
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)


def _by_group(weights: Array, mask: Any, where: Any, order: Any, groups: int) -> Array:
    total = np.zeros((len(weights), groups))
    chosen = order[mask[order]]
    if len(chosen):
        at, start = np.unique(where[chosen], return_index=True)
        total[:, at] = np.add.reduceat(weights[:, chosen], start, axis=1)
    return total


def _percentiles(drawn: Array, confidence: float) -> tuple[Array, Array]:
    tail = (1 - confidence) / 2
    known = ~np.isnan(drawn).all(axis=0)
    low, high = np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    if known.any():
        low[known], high[known] = np.nanquantile(drawn[:, known], [tail, 1 - tail], axis=0)
    return low, high
