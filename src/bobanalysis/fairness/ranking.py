"""A score, group by group: does it mean the same (calibration), and how well does it rank (ROC curve)?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import survey
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube
from bobanalysis.fairness.coverage import repaired_wilson
from bobanalysis.fairness.metrics import MIN_GROUP, labelled, measures
from bobanalysis.fairness.survey import REPLICATES


def calibration(
    frame: Any,
    groups: Sequence[str] | None = None,
    score: str | None = None,
    outcome: str | None = None,
    bin: str | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
    **roles: Any,
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
        reference: the group others are compared with; default everyone else with a score in the same bin.
        min_group, roles: as in :func:`bobanalysis.fairness.group_metrics`: ``weight=``, ``design=``.

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
    cells = by_bin(frame, groups, score=score, outcome=outcome, item=bin, **roles)
    w, total = pl.col("_score_w").sum(), pl.col("_score_sum").sum()
    order = cells.cells.group_by("_item").agg(_mean=total / w).sort("_mean")["_item"].to_list()
    found = measures(cells, reference, min_group).filter(pl.col("metric").is_in(["base_rate", "mean_score"]))
    place = pl.col("item").replace_strict(order, range(len(order)), return_dtype=pl.Int64)
    return cells.back(found.sort("metric", place, maintain_order=True))


def by_bin(frame: Any, groups: Sequence[str] | None, **roles: Any) -> Cube:
    """Return the cube of those who have both a score and an outcome, its items the bins."""
    cells = cube(frame, groups, **roles)
    if missing := {"_score_sum", "_outcome", "_item"} - {*cells.cells.columns}:
        why = f"a score is judged with score=, outcome= and bin=; there is no {min(missing).strip('_')}"
        raise ValueError(why)
    scored = (pl.col("_item") != UNKNOWN) & (pl.col("_score_n") > 0)
    return cells.where(scored & pl.col("_outcome").is_not_null())


def roc_area(
    frame: Any,
    groups: Sequence[str] | None = None,
    score: str | None = None,
    outcome: str | None = None,
    min_group: int = MIN_GROUP,
    **roles: Any,
) -> Any:
    """Measure how often someone with the outcome has a higher score than someone without, group by group.

    Formula: over all pairs of a person with and one without the outcome in the group, share in which the
    former has the higher score, equal scores counted half: the area under the ROC curve.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube whose items are scores (or bins of
            them, within which all are then equal).
        groups: columns to cross.
        score: numbers; rows without are left out.
        outcome: what was true, yes or no; rows without are left out.
        min_group: groups with fewer people with or without the outcome are hidden.
        roles: ``weight=``, ``design=``: see :func:`bobanalysis.fairness.cube`.

    Returns:
        A frame of the library that came in, one row a group: group columns, ``n``, ``n_with`` (people with
        the outcome), ``area``, ``ci_low``, ``ci_high``, ``suppressed``. Limits are Wilson's for as many
        people as DeLong's variance (with a design, that of the units) is worth. Null: hidden, or not
        estimable.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), 837-845.

    >>> people = pl.DataFrame({"sex": ["F"] * 40, "score": [1, 2, 3, 4] * 10, "again": [0, 0, 1, 1] * 10})
    >>> roc_area(people, ["sex"], "score", "again").select("area", "ci_high").row(0)
    (1.0, 1.0)
    """
    given = by_bin(frame, groups, score=score, outcome=outcome, item=score, **roles)
    cells, names = given.renamed()
    levels, sample, by = _levels(cells), cells.sample, list(cells.groups)
    p, q, p2, q2 = (pl.col(f"{side}{of}") for of in ("_w", "_w2") for side in "+-")
    above, below = (q.cum_sum() - q / 2) / q.sum(), 1 - (p.cum_sum() - p / 2) / p.sum()
    levels = levels.with_columns(_p=above.over(by), _q=below.over(by))
    area = ((p * pl.col("_p")).sum() / p.sum()).over(by)
    apart = {"_p": (pl.col("_p") - area) / p.sum().over(by), "_q": (pl.col("_q") - area) / q.sum().over(by)}
    levels = levels.with_columns(area=area, **apart)
    squares, effective = [], []
    for w, w2, moved in ((p, p2, "_p"), (q, q2, "_q")):
        many = w.sum() ** 2 / w2.sum()
        squares.append((w2 * pl.col(moved) ** 2).sum() * many / (many - 1))
        effective.append(many)
    sums = [pl.col("+_n", "-_n").sum(), pl.col("area").first(), pl.min_horizontal(effective).alias("people")]
    replicates = range(0 if sample is None or sample.scale is None else len(sample.scale))
    again = [_area(f"_r{at}_w") for at in replicates]
    table = levels.group_by(by).agg(*sums, *again, variance=sum(squares))
    table = labelled(table, by).with_columns(n=pl.col("+_n") + pl.col("-_n"))
    value, variance, people, n = (table[c].to_numpy() for c in ("area", "variance", "people", "n"))
    degrees = np.full(table.height, np.inf)
    if again and sample:
        away = table.select(pl.col(r"^_r\d+_w$") - pl.col("area")).to_numpy()
        variance, degrees = away**2 @ sample.scale, np.full(table.height, len(again) - 1)
    elif sample:  # what each unit moves the area by
        side = pl.when("_outcome").then("_p").otherwise("_q")
        each = cells.cells.join(levels.select(*by, "_item", "_p", "_q"), on=[*by, "_item"], nulls_equal=True)
        each = each.select(*by, *sample.keys, x=pl.col("_w") * side, w="_w", w2="_w2", n="_n")
        units = labelled(each.group_by(*by, *sample.keys).sum(), by)
        law = survey.covariance(table.with_columns(x=0.0, w=1.0), units, by, sample)
        variance, degrees, people = law[0], law[2], np.minimum(people, law[3])
    low, high = repaired_wilson(value, survey.people(value, variance, degrees, people, n))
    hidden = pl.min_horizontal("+_n", "-_n") < max(min_group, 1)
    ends = (pl.Series(c, v).fill_nan(None) for c, v in (("area", value), ("ci_low", low), ("ci_high", high)))
    table = table.with_columns(*ends, suppressed=hidden)
    shown = (pl.when(~pl.col("suppressed")).then(c).alias(c) for c in ("area", "ci_low", "ci_high"))
    table = table.select(*by, "n", pl.col("+_n").alias("n_with"), *shown, "suppressed")
    return given.back(table.rename(names))


def roc_points(
    frame: Any,
    groups: Sequence[str] | None = None,
    score: str | None = None,
    outcome: str | None = None,
    min_group: int = MIN_GROUP,
    **roles: Any,
) -> Any:
    """Return the points of the ROC curve of each group: what selecting from each score upwards would do.

    Args:
        frame, groups, score, outcome, min_group, roles: as for :func:`roc_area`.

    Returns:
        A frame of the library that came in, one row a score and group, the highest first: group columns,
        ``from_score``, ``true_positive_rate`` and ``false_positive_rate`` of selecting all with this score
        or a higher one. Hidden groups are left out.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`.

    >>> people = pl.DataFrame({"sex": ["F"] * 40, "score": [1, 2, 3, 4] * 10, "again": [0, 1, 0, 1] * 10})
    >>> roc_points(people, ["sex"], "score", "again").drop("sex").rows()
    [('4', 0.5, 0.0), ('3', 0.5, 0.5), ('2', 1.0, 0.5), ('1', 1.0, 1.0)]
    """
    given = by_bin(frame, groups, score=score, outcome=outcome, item=score, **roles)
    cells, names = given.renamed()
    by, upwards = list(cells.groups), _levels(cells).reverse()
    shares = (
        (pl.col(f"{side}_w").cum_sum() / pl.col(f"{side}_w").sum()).over(by).alias(name)
        for side, name in (("+", "true_positive_rate"), ("-", "false_positive_rate"))
    )
    fewest = pl.min_horizontal(pl.col(f"{side}_n").sum().over(by) for side in "+-")
    order = pl.col("_mean").mean().over("_item").rank("dense", descending=True)
    table = upwards.select(*by, pl.col("_item").alias("from_score"), *shares, order=order, few=fewest)
    table = labelled(table.filter(pl.col("few") >= max(min_group, 1)), by)
    return given.back(table.drop("order", "few").rename(names))


def _levels(cells: Cube) -> pl.DataFrame:
    """Sums of people with (+) and without (-) the outcome, by group and score, the lowest score first."""
    if not cells.groups:
        raise ValueError("how a score ranks is measured by group: give groups=")
    y, score = pl.col("_outcome"), pl.col("_score_sum").sum() / pl.col("_score_w").sum()
    numbers = pl.col("_n", "_w", "_w2"), pl.col(REPLICATES)
    sums = (c.filter(who).sum().name.prefix(side) for c in numbers for side, who in (("+", y), ("-", ~y)))
    return cells.cells.group_by(*cells.groups, "_item").agg(*sums, _mean=score).sort("_mean")


def _area(weight: str) -> pl.Expr:
    """The area with one replicate of the weights."""
    p, q = pl.col(f"+{weight}"), pl.col(f"-{weight}")
    return ((p * (q.cum_sum() - q / 2)).sum() / (p.sum() * q.sum())).alias(weight)
