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

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import cube
from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.metrics import RATES, labelled, rates_of

REPLICATES = 10_000
ONE, NOBODY = "no interval: one person shows no chance", "not estimable: nobody"


def bootstrap(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    metrics: Sequence[str] | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
    **roles: Any,
) -> Any:
    """Return percentile intervals of rates by group, at 95 %.

    Args:
        frame: one row a person, or a cube of one.
        groups: columns to cross.
        prediction: column of true/false or 0/1.
        metrics: names of rates of :func:`bobanalysis.fairness.group_metrics`; all that the columns allow.
        replicates: number of them.
        seed: of the random numbers.
        roles: ``outcome=``, ``weight=``: columns, see :func:`bobanalysis.fairness.cube`.

    Returns:
        A frame of the library that came in (Polars for a cube): ``metric``, the groups, ``value``,
        ``ci_low``, ``ci_high``, ``replicates``, the number in which the value could be estimated, and
        ``status``: "estimated", or why not (nulls then). Of one person there is a value but no interval.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; a metric the columns do not allow; a cube with a
            design, which drawing rows would ignore.

    >>> people = pl.DataFrame({"age": ["young", "old"] * 50, "told": [1, 0, 0, 0] * 25})
    >>> bootstrap(people, ["age"], "told", replicates=999).select("age", "value").rows()
    [('old', 0.0), ('young', 0.5)]
    """
    from scipy.sparse import coo_array

    cells = cube(frame, groups, prediction=prediction, **roles)
    if cells.sample:
        raise ValueError("drawing rows ignores strata and clusters: take group_metrics with design=")
    if "_prediction" in cells.cells.columns and not cells.binary:
        raise ValueError("the prediction holds several answers; give one of them, as true/false or 0/1")
    allowed = rates_of(cells)
    if bad := [m for m in metrics or [] if m not in allowed]:
        raise ValueError(f"metric {bad[0]!r} is not one that the columns allow: {', '.join(allowed)}")
    by = list(cells.groups)
    table = labelled(cells.cells, by)  # sorted, so that runs of the same labels are groups
    labels = table.select(by).unique(maintain_order=True) if by else pl.DataFrame()
    place = table.select(pl.struct(by).rle_id()).to_series().to_numpy() if by else np.zeros(len(table))
    member = coo_array((np.ones(len(table)), (np.arange(len(table)), place))).tocsr()
    weights = np.vstack([table["_w"].to_numpy(), _weights(table, replicates, np.random.default_rng(seed))])
    parts = []
    for metric in metrics or allowed:
        who, among = (table.select(e.fill_null(False)).to_series().to_numpy() for e in RATES[metric])
        above, below = ((weights * mask) @ member for mask in (who & among, among))
        people = (table["_n"].to_numpy() * among) @ member
        value, *drawn = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
        low, high = np.full((2, len(value)), np.nan)
        if (some := ~np.isnan(value) & (people > 1)).any():
            low[some], high[some] = np.nanquantile(np.array(drawn)[:, some], [0.025, 0.975], axis=0)
        found = {"value": value, "ci_low": low, "ci_high": high, "replicates": (~np.isnan(drawn)).sum(axis=0)}
        found["status"] = np.where(some, "estimated", np.where(people == 1, ONE, NOBODY))
        parts.append(pl.DataFrame({"metric": [metric] * len(value), **labels.to_dict(), **found}))
    return cells.back(pl.concat(parts).with_columns(pl.col("value", "ci_low", "ci_high").fill_nan(None)))


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
