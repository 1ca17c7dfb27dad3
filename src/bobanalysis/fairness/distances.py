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


def distribution_distances(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
    **roles: Any,
) -> Any:
    """Compare what each group is told, over all answers at once, with what another group is told.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross.
        prediction: one of several answers (text), or a decision. Rows without are left out.
        reference: label of the group the others are compared with, or one label a group column; default
            everyone else.
        min_group: smaller groups are suppressed.
        roles: ``weight=``, ``design=``, as in :func:`bobanalysis.fairness.cube`.

    Returns:
        A frame of the library that came in, one row a group: group columns, ``n``, ``reference``,
        ``reference_n``, ``total_variation``, ``expected_by_chance`` (the total variation that two samples of
        these sizes show on average when nothing differs: compare it before calling a small group different),
        ``hellinger``, ``jensen_shannon`` (bits), ``chi_square`` of the two rows of counts with ``degrees`` of
        freedom and ``p_value`` (with weights, after Rao and Scott's division by the design effect),
        ``p_adjusted`` (Benjamini–Hochberg over the rows), ``suppressed``. Null: hidden, or not estimable.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or a reference that is not there.

    Formulas: with shares p and q, total variation is half the sum of |p - q| (the share of people who would
    have to be told another answer), Hellinger sqrt(sum of (sqrt p - sqrt q)² / 2), which weighs rare answers
    more, Jensen–Shannon KL(p, m) / 2 + KL(q, m) / 2 with m = (p + q) / 2 (what an answer tells, on average,
    about the group it was given to). Each is 0 where all is equal and 1 where nothing is in common.

    Source: Levin and Peres, Markov Chains and Mixing Times (2017), section 4.1; Hellinger, Journal für die
    reine und angewandte Mathematik 136 (1909), 210-271; Lin, IEEE Transactions on Information Theory 37
    (1991), 145-151; chance level: mean absolute value of a normal difference of shares, sqrt(2 / pi) times
    its standard error; Rao and Scott, JASA 76 (1981), 221-230.

    >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "told": ["a", "b"] * 10 + ["a"] * 20})
    >>> distribution_distances(people, ["sex"], "told").select("sex", "total_variation").rows()
    [('F', 0.5), ('M', 0.5)]
    """
    from scipy.spatial.distance import jensenshannon
    from scipy.special import chdtrc

    given = cube(frame, groups, prediction=prediction, **roles)
    cells, restore = given.renamed()
    by = list(cells.groups)
    said = cells.cells.filter(pl.col("_prediction").is_not_null())
    order, answers = said.select(by).unique().sort(by), said["_prediction"].unique().sort()
    labels = order.select(pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in by)
    flat = said.join(order.with_row_index("_at"), on=by, nulls_equal=True)
    flat = flat.join(answers.to_frame().with_row_index("_to"), on="_prediction")
    n, w, w2 = np.zeros((3, order.height, len(answers)))
    for table, column in ((n, "_n"), (w, "_w"), (w2, "_w2")):
        np.add.at(table, (flat["_at"].to_numpy(), flat["_to"].to_numpy()), flat[column].to_numpy())
    people, squares, itself = n.sum(1), w2.sum(1), np.zeros(order.height, bool)
    other, other_n, other_w2 = np.maximum(w.sum(0) - w, 0), n.sum() - people, w2.sum() - squares
    name = EVERYONE_ELSE
    if reference is not None:
        wanted = reference_labels(reference, list(restore.values()))
        itself = np.array([list(row) == wanted for row in labels.rows()])
        if not itself.any():
            raise no_reference(reference, labels.rows())
        one, name = int(itself.argmax()), " × ".join(wanted)
        other = np.broadcast_to(w[one], w.shape)
        other_n, other_w2 = np.full_like(people, people[one]), np.full_like(squares, squares[one])
    hidden = (people < max(min_group, 1)) | (other_n < max(min_group, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = (t / t.sum(1, keepdims=True) for t in (w, other))
        mine, theirs = intervals.kish(w.sum(1), squares), intervals.kish(other.sum(1), other_w2)
        pooled = (p * mine[:, None] + q * theirs[:, None]) / (mine + theirs)[:, None]
        factor = 1 / mine + 1 / theirs
        chance = np.sqrt(2 / np.pi * pooled * (1 - pooled) * factor[:, None]).sum(1) / 2
        statistic = np.divide((p - q) ** 2, pooled, out=np.zeros_like(p), where=pooled > 0).sum(1) / factor
    degrees = (pooled > 0).sum(1) - 1.0
    statistic = np.where((degrees > 0) & np.isfinite(statistic), statistic, np.nan)
    found = {
        "total_variation": np.abs(p - q).sum(1) / 2,
        "expected_by_chance": np.minimum(chance, 1.0),
        "hellinger": np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum(1) / 2),
        "jensen_shannon": jensenshannon(p, q, base=2, axis=1) ** 2,
        "chi_square": statistic,
        "degrees": degrees,
        "p_value": chdtrc(np.maximum(degrees, 1), statistic),
    }
    shown = ~(hidden | np.isnan(p).any(1) | np.isnan(q).any(1))
    # of a group and itself there is no test, nor of a sample with a design
    tests, untested = ("expected_by_chance", "chi_square", "degrees", "p_value"), itself | bool(given.sample)
    for key, column in found.items():
        found[key] = np.where(shown & ~(untested & (key in tests)), column, np.nan)
    result = labels.with_columns(
        pl.Series("n", people, dtype=pl.Int64),
        pl.lit(name).alias("reference"),
        pl.Series("reference_n", other_n, dtype=pl.Int64),
        *(pl.Series(key, column).fill_nan(None) for key, column in found.items()),
        pl.Series("p_adjusted", adjusted_p_values(found["p_value"])).fill_nan(None),
        pl.Series("suppressed", hidden & (people > 0)),
    )
    return given.back(result.select(*by, *DISTANCE_COLUMNS).rename(restore))
