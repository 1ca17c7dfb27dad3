"""Does the same score mean the same thing in every group?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import Cube, as_list, cube, number, to_lazy
from bobanalysis.fairness.metrics import MIN_GROUP, Interval, measures
from bobanalysis.fairness.scores import SCORE_BINS, in_bins, score_bins


def calibration(
    frame: Any,
    groups: Sequence[str] | None = None,
    score: str = "",
    outcome: str = "",
    weight: str | None = None,
    bins: int | Sequence[str] = SCORE_BINS,
    reference: Any = None,
    min_group: int = MIN_GROUP,
    interval: Interval = "repaired",
    confidence: float = 0.95,
) -> Any:
    """Measure the observed rate at each level of a score, group by group.

    Formula: in bin b and group g, observed rate = share of people with the outcome among those of g whose
    score is in b; mean score = mean of their scores. Calibrated within groups: at the same score, the same
    rate.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube whose items are bins of the score.
        groups: columns to cross.
        score: numbers; rows without are left out.
        outcome: what was true, yes or no; rows without are left out.
        weight: weights, zero or more.
        bins: number of bins of about equal weight over everybody; a score of at most 20 distinct values keeps
            its values. Of a cube: the names of its bins in their order.
        reference: the group others are compared with; default everyone else with a score in the same bin.
        min_group, interval, confidence: as in :func:`bobanalysis.fairness.group_metrics`.

    Returns:
        A measure frame (see :data:`bobanalysis.fairness.MEASURE_COLUMNS`) of the library that came in;
        ``item`` is the bin, in the order of scores, ``metric`` is ``base_rate`` or ``mean_score``. Bins
        without people of a group are absent from it.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or nobody has both a score and an outcome.

    Source: Chouldechova, Big Data 5 (2017), 153-163 (calibration of a score, "test fairness"); Pleiss et al.
    (2017), NeurIPS.

    Example:
        >>> again = [0, 1] * 10 + [0, 0] * 10
        >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "decile": [1, 9] * 20, "again": again})
        >>> found = calibration(people, ["sex"], "decile", "again", min_group=5).filter(metric="base_rate")
        >>> found.filter(item="9").select("sex", "value").rows()
        [('F', 1.0), ('M', 0.0)]
    """
    cells, labels = _cells(frame, groups, score, outcome, weight, bins)
    found = measures(cells.where(pl.col("_item").is_in(labels)), reference, min_group, interval, confidence)
    place = pl.col("item").replace_strict(labels, list(range(len(labels))), return_dtype=pl.Int64)
    kept = found.filter(pl.col("metric").is_in(["base_rate", "mean_score"]))
    return cells.back(kept.sort("metric", place, maintain_order=True))


def calibration_error(
    frame: Any,
    groups: Sequence[str] | None = None,
    score: str = "",
    outcome: str = "",
    weight: str | None = None,
    bins: int | Sequence[str] = SCORE_BINS,
    min_group: int = MIN_GROUP,
) -> Any:
    """Measure by how much a probability misses what happens, group by group.

    Formulas, over the bins b of a group, w_b being their share of its weight: expected calibration error =
    sum of w_b |rate_b - mean score_b|; ``in_the_large`` = mean score - rate of the whole group (above 0: the
    score is too high). The first is biased upwards in small groups, the second is not.

    Args: as :func:`calibration`, with a score from 0 to 1.

    Returns:
        A frame of the library that came in, one row a group: group columns, ``n``, ``calibration_error``,
        ``in_the_large``, ``suppressed``. Null: hidden (``suppressed``), or not estimable.

    Raises:
        ValueError: a score is not between 0 and 1; see :func:`bobanalysis.fairness.cube`.

    Source: Naeini, Cooper and Hauskrecht (2015), AAAI; Cox, Biometrika 45 (1958), 562-565.

    Example:
        >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "p": [0.5] * 40,
        ...                        "y": [0, 1] * 10 + [0] * 20})
        >>> found = calibration_error(people, ["sex"], "p", "y")
        >>> found.select("sex", "calibration_error", "in_the_large").rows()
        [('F', 0.0, 0.0), ('M', 0.5, 0.5)]
    """
    cells, _ = _cells(frame, groups, score, outcome, weight, bins, probability=True)
    by, w, gap = list(cells.groups), pl.col("w").sum(), pl.col("gap")
    hit = pl.col("_w").filter(pl.col("_outcome")).sum()
    found = (
        cells.cells.group_by(*by, "_item")
        .agg(n=pl.col("_n").sum(), w=pl.col("_w").sum(), gap=pl.col("_score_sum").sum() - hit)
        .group_by(by)
        .agg(pl.col("n").sum(), calibration_error=gap.abs().sum() / w, in_the_large=gap.sum() / w)
        .sort(by)
        .with_columns(suppressed=pl.col("n") < max(min_group, 1))
    )
    shown = pl.col("calibration_error", "in_the_large").fill_nan(None)
    return cells.back(found.with_columns(pl.when(~pl.col("suppressed")).then(shown)))


def _cells(
    frame: Any,
    groups: Sequence[str] | None,
    score: str,
    outcome: str,
    weight: str | None,
    bins: int | Sequence[str],
    probability: bool = False,
) -> tuple[Cube, list[str]]:
    if isinstance(frame, Cube):
        labels = (
            frame.cells["_item"].drop_nulls().unique().sort().to_list() if isinstance(bins, int) else bins
        )
        return cube(frame, groups), list(labels)
    if not isinstance(bins, int) or bins < 2:
        raise ValueError(f"bins must be 2 or more, not {bins}")
    rows, back = to_lazy(frame, [*as_list(groups or []), score, outcome, *([weight] if weight else [])])
    schema = rows.collect_schema()
    value = number(score, schema)
    known = rows.filter(value.is_not_null() & pl.col(outcome).is_not_null())
    if schema[outcome].is_float():
        known = known.filter(pl.col(outcome).is_not_nan())
    w = number(weight, schema) if weight else pl.lit(1.0)
    values = known.select(v=value, w=w).group_by("v").agg(pl.col("w").sum()).sort("v").collect()
    if values.is_empty():
        raise ValueError(f"no row has both a {score!r} and an {outcome!r}")
    least, most = float(values["v"][0]), float(values["v"][-1])
    if probability and not (least >= 0 and most <= 1):
        raise ValueError(f"column {score!r} goes from {least} to {most}; a probability is from 0 to 1")
    breaks, names = score_bins(values["v"], values["w"], bins)
    binned = known.with_columns(_bin=in_bins(value, breaks, names))
    cells = cube(binned, groups, score=score, outcome=outcome, weight=weight, item="_bin")
    return replace(cells, back=back), names
