"""Does the same score mean the same thing in every group?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, Cube, cube
from bobanalysis.fairness.metrics import MIN_GROUP, measures
from bobanalysis.fairness.survey import Design


def calibration(
    frame: Any,
    groups: Sequence[str] | None = None,
    score: str | None = None,
    outcome: str | None = None,
    bin: str | None = None,
    weight: str | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
    design: Design | None = None,
) -> Any:
    """Measure the observed rate at each level of a score, group by group.

    Formula: in bin b and group g, observed rate = share of people with the outcome among those of g whose
    score is in b; mean score = mean of their scores. Calibrated within groups: at the same score, the same
    rate.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube whose items are bins of the score.
        groups: columns to cross.
        score: numbers.
        outcome: what was true, yes or no; rows without are left out.
        bin: column naming the bin of the score, such as its decile; rows without are left out.
        weight: weights, zero or more.
        reference: the group others are compared with; default everyone else with a score in the same bin.
        min_group, design: as in :func:`bobanalysis.fairness.group_metrics`.

    Returns:
        A measure frame (see :data:`bobanalysis.fairness.MEASURE_COLUMNS`) of the library that came in;
        ``item`` is the bin, in the order of scores, ``metric`` is ``base_rate`` or ``mean_score``. Bins
        without people of a group are absent from it.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`.

    Source: Chouldechova, Big Data 5 (2017), 153-163 (calibration of a score, "test fairness"); Pleiss et al.
    (2017), NeurIPS.

    Example:
        >>> again = [0, 1] * 10 + [0, 0] * 10
        >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "decile": [1, 9] * 20, "again": again})
        >>> found = calibration(people, ["sex"], "decile", "again", bin="decile", min_group=5)
        >>> found.filter(metric="base_rate", item="9").select("sex", "value").rows()
        [('F', 1.0), ('M', 0.0)]
    """
    cells = by_bin(frame, groups, score, outcome, bin, weight, design)
    w, total = pl.col("_score_w").sum(), pl.col("_score_sum").sum()
    order = cells.cells.group_by("_item").agg(_mean=total / w).sort("_mean")["_item"].to_list()
    found = measures(cells, reference, min_group).filter(pl.col("metric").is_in(["base_rate", "mean_score"]))
    place = pl.col("item").replace_strict(order, range(len(order)), return_dtype=pl.Int64)
    return cells.back(found.sort("metric", place, maintain_order=True))


def by_bin(
    frame: Any, groups: Any, score: Any, outcome: Any, bin: Any, weight: Any, design: Design | None = None
) -> Cube:
    """Return the cube of those who have both a score and an outcome, its items the bins."""
    cells = cube(frame, groups, score=score, outcome=outcome, item=bin, weight=weight, design=design)
    if missing := {"_score_sum", "_outcome", "_item"} - {*cells.cells.columns}:
        raise ValueError(
            f"a score is judged with score=, outcome= and bin=; there is no {min(missing).strip('_')}"
        )
    scored = (pl.col("_item") != UNKNOWN) & (pl.col("_score_n") > 0)
    return cells.where(scored & pl.col("_outcome").is_not_null())
