"""How far apart the answers of groups are when there are several of them, such as main challenges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import UNKNOWN, cube
from bobanalysis.fairness.metrics import EVERYONE_ELSE, MIN_GROUP, no_reference, reference_labels
from bobanalysis.fairness.multiplicity import adjusted_p_values

DISTANCE_COLUMNS = (
    *("n", "reference", "reference_n", "total_variation", "expected_by_chance", "hellinger"),
    *("jensen_shannon", "chi_square", "degrees", "p_value", "p_adjusted", "suppressed"),
)


def total_variation(p: Any, q: Any) -> intervals.Array:
    """Total variation: half the sum of |p - q|; the share of people who would have to be told another answer.

    Args:
        p, q: distributions in the last axis, each summing to 1.

    Returns:
        0 (equal) to 1 (nothing in common).

    Source: Levin and Peres, Markov Chains and Mixing Times (2017), section 4.1.

    >>> float(total_variation([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]))
    0.5
    """
    return np.abs(np.asarray(p, float) - np.asarray(q, float)).sum(axis=-1) / 2


def hellinger(p: Any, q: Any) -> intervals.Array:
    """Hellinger distance: sqrt(sum of (sqrt p - sqrt q)² / 2); weighs rare answers more than total variation.

    Args:
        p, q: distributions in the last axis, each summing to 1.

    Returns:
        0 (equal) to 1 (nothing in common).

    Source: Hellinger, Journal für die reine und angewandte Mathematik 136 (1909), 210-271.

    >>> round(float(hellinger([1.0, 0.0], [0.5, 0.5])), 4)
    0.5412
    """
    gap = np.sqrt(np.asarray(p, float)) - np.sqrt(np.asarray(q, float))
    return np.sqrt((gap**2).sum(axis=-1) / 2)


def jensen_shannon(p: Any, q: Any) -> intervals.Array:
    """Jensen–Shannon divergence in bits: what an answer tells, on average, about the group it was given to.

    Formula: KL(p, m) / 2 + KL(q, m) / 2 with m = (p + q) / 2 and logarithms to base 2, 0 log 0 = 0.

    Args:
        p, q: distributions in the last axis, each summing to 1.

    Returns:
        0 (equal) to 1 bit (nothing in common); its square root is a distance.

    Source: Lin, IEEE Transactions on Information Theory 37 (1991), 145-151.

    >>> float(jensen_shannon([1.0, 0.0], [0.0, 1.0]))
    1.0
    """
    from scipy.spatial.distance import jensenshannon

    return np.asarray(jensenshannon(np.asarray(p, float), np.asarray(q, float), base=2, axis=-1)) ** 2


def distribution_distances(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    weight: str | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
) -> Any:
    """Compare what each group is told, over all answers at once, with what another group is told.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross.
        prediction: one of several answers (text), or a decision. Rows without are left out.
        weight: weights, zero or more.
        reference: label of the group the others are compared with, or one label a group column; default
            everyone else.
        min_group: smaller groups are suppressed.

    Returns:
        A frame of the library that came in, one row a group: group columns, ``n``, ``reference``,
        ``reference_n``, ``total_variation``, ``expected_by_chance`` (the total variation that two samples of
        these sizes show on average when nothing differs: compare it before calling a small group different),
        ``hellinger``, ``jensen_shannon`` (bits), ``chi_square`` of the two rows of counts with ``degrees`` of
        freedom and ``p_value`` (with weights, after Rao and Scott's division by the design effect),
        ``p_adjusted`` (Benjamini–Hochberg over the rows), ``suppressed``. Null: hidden, or not estimable.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or a reference that is not there.

    Source: see each distance; chance level: mean absolute value of a normal difference of shares,
    sqrt(2 / pi) times its standard error; Rao and Scott, JASA 76 (1981), 221-230.

    >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "told": ["a", "b"] * 10 + ["a"] * 20})
    >>> distribution_distances(people, ["sex"], "told").select("sex", "total_variation").rows()
    [('F', 0.5), ('M', 0.5)]
    """
    cells = cube(frame, groups, prediction=prediction, weight=weight)
    back = cells.back
    cells, restore = cells.renamed()
    names = list(restore.values())
    by = list(cells.groups)
    said = cells.cells.filter(pl.col("_prediction").is_not_null())
    text = [pl.col(name).cast(pl.String).fill_null(UNKNOWN).alias(name) for name in by]
    order = said.select(by).unique().sort(by)
    place = order.with_row_index("_at")
    answers = said["_prediction"].unique().sort()
    named = answers.to_frame("_prediction").with_row_index("_to")
    flat = said.join(place, on=by, nulls_equal=True).join(named, on="_prediction")
    shape = (order.height, len(answers))
    at = (flat["_at"].to_numpy(), flat["_to"].to_numpy())
    n, w, w2 = (np.zeros(shape) for _ in range(3))
    for table, column in ((n, "_n"), (w, "_w"), (w2, "_w2")):
        np.add.at(table, at, flat[column].cast(pl.Float64).to_numpy())
    labels = order.select(text)
    if reference is None:
        other, other_n, other_w2 = w.sum(0) - w, n.sum(1).sum() - n.sum(1), w2.sum() - w2.sum(1)
        other, name, itself = np.maximum(other, 0), EVERYONE_ELSE, np.zeros(shape[0], bool)
    else:
        wanted = reference_labels(reference, names)
        itself = np.array([list(row) == wanted for row in labels.rows()])
        if not itself.any():
            raise no_reference(reference, labels.rows())
        one, name = int(itself.argmax()), " × ".join(wanted)
        other = np.broadcast_to(w[one], shape)
        other_n, other_w2 = np.full(shape[0], n[one].sum()), np.full(shape[0], w2[one].sum())
    mine, theirs = (intervals.kish(t.sum(1), s) for t, s in ((w, w2.sum(1)), (other, other_w2)))
    p, q = (
        np.divide(t, t.sum(1)[:, None], out=np.full(shape, np.nan), where=t.sum(1)[:, None] > 0)
        for t in (w, other)
    )
    some = ~np.isnan(p[:, 0]) & ~np.isnan(q[:, 0]) if shape[1] else np.zeros(shape[0], bool)
    hidden = (n.sum(1) < max(min_group, 1)) | (other_n < max(min_group, 1))
    shown = some & ~hidden
    tests = {key: np.where(itself, np.nan, one) for key, one in _chi_square(p, q, mine, theirs).items()}
    distances = {"total_variation": total_variation, "hellinger": hellinger, "jensen_shannon": jensen_shannon}
    found = {key: distance(p, q) for key, distance in distances.items()} | tests
    found = {key: np.where(shown, column, np.nan) for key, column in found.items()}
    result = labels.with_columns(
        pl.Series("n", n.sum(1), dtype=pl.Int64),
        pl.lit(name).alias("reference"),
        pl.Series("reference_n", other_n, dtype=pl.Int64),
        *(pl.Series(key, column).fill_nan(None) for key, column in found.items()),
        pl.Series("p_adjusted", adjusted_p_values(found["p_value"])).fill_nan(None),
        pl.Series("suppressed", hidden & (n.sum(1) > 0)),
    )
    return back(result.select(*by, *DISTANCE_COLUMNS).rename(restore))


def _chi_square(p: Any, q: Any, n: Any, m: Any) -> dict[str, Any]:
    """The chi-square test of two rows of counts, and the total variation that chance alone would show."""
    from scipy.special import chdtrc

    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (p * n[:, None] + q * m[:, None]) / (n + m)[:, None]
        factor = 1 / n + 1 / m
        chance = np.sqrt(2 / np.pi * pooled * (1 - pooled) * factor[:, None]).sum(axis=1) / 2
        parts = np.divide((p - q) ** 2, pooled, out=np.zeros_like(pooled), where=pooled > 0)
        statistic = parts.sum(axis=1) / factor
    degrees = (pooled > 0).sum(axis=1) - 1.0
    known = (degrees > 0) & np.isfinite(statistic)
    p_value = chdtrc(np.maximum(degrees, 1), np.where(known, statistic, 0))
    return {
        "expected_by_chance": np.minimum(chance, 1.0),
        "chi_square": np.where(known, statistic, np.nan),
        "degrees": degrees,
        "p_value": np.where(known, p_value, np.nan),
    }
