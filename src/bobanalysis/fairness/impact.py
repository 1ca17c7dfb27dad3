"""Impact ratios as New York City's rules on automated employment decision tools ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube, to_lazy
from bobanalysis.fairness.coverage import repaired_wilson
from bobanalysis.fairness.metrics import MIN_GROUP, RATES, rate_sums
from bobanalysis.fairness.scores import weighted_median

FOUR_FIFTHS = 0.8
TWO_PERCENT = 0.02


def impact_ratios(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    score: str | None = None,
    weight: str | None = None,
    exclude_below: float | None = None,
    min_group: int = MIN_GROUP,
    confidence: float = 0.95,
) -> Any:
    """Compare every group with the group that is selected most, attribute by attribute and crossed.

    Formula: selection rate of a category = selected / all of it; with a score, the scoring rate = share of
    the category with a score above the median of everybody. Impact ratio = rate / highest rate of a category.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube with a prediction.
        groups: attributes: a table for each, and one for each way to cross them.
        prediction: true/false or 0/1.
        score: numbers, instead of a prediction.
        weight: weights, zero or more.
        exclude_below: categories of a smaller share of the known people than this are left out of the
            comparison (the rules allow 0.02, with a justification); their number and rate are still given.
        min_group: smaller categories are suppressed and left out of the comparison. The city's published
            tables show all: 1.
        confidence: of the intervals of rates and ratios.

    Returns:
        A frame of the library that came in: ``attributes`` ("sex", "sex × race"), ``category``, ``n``,
        ``share`` of the known people, ``rate`` with ``ci_low`` and ``ci_high`` (repaired Wilson),
        ``impact_ratio`` with ``ratio_low`` and ``ratio_high`` (MOVER, one pair at a time; empty for the
        highest category itself), ``most_selected``, ``below_four_fifths``, ``below_two_percent``,
        ``excluded``, ``suppressed``. The last
        row of each table is the people whose category is unknown: their number, and nothing else. Null is
        "not estimable": nobody, or nobody selected in any category.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or both or neither of prediction and score.

    Source: Rules of the City of New York, title 6, §§ 5-300 and 5-301 (Local Law 144 of 2021); four fifths:
    29 CFR § 1607.4 D.

    >>> hired = [1] * 12 + [0] * 38 + [1] * 20 + [0] * 30
    >>> people = pl.DataFrame({"sex": ["F"] * 50 + ["M"] * 50, "hired": hired})
    >>> impact_ratios(people, ["sex"], prediction="hired").select("category", "rate", "impact_ratio").rows()
    [('F', 0.24, 0.6), ('M', 0.4, 1.0), ('unknown', None, None)]
    """
    if not isinstance(frame, Cube) and (prediction is None) == (score is None):
        raise ValueError("give either prediction= or score=")
    if score is not None:
        rows, back = to_lazy(frame, [*(groups or []), score, *([weight] if weight else [])])
        cells = cube(_above_median(rows, score, weight), groups, prediction="_above", weight=weight)
        cells = replace(cells, back=back)
    else:
        cells = cube(frame, groups, prediction=prediction, weight=weight)
    if not cells.binary:
        raise ValueError("impact ratios need a decision of yes or no, or a score")
    names = cells.groups
    back, (cells, _) = cells.back, cells.renamed()
    ways = (way for size in range(1, len(cells.groups) + 1) for way in combinations(cells.groups, size))
    named = dict(zip(cells.groups, names, strict=True))
    return back(
        pl.concat(
            _one(cells, way, [named[g] for g in way], exclude_below, min_group, confidence) for way in ways
        )
    )


def _one(
    cells: Cube,
    groups: tuple[str, ...],
    names: Sequence[str],
    exclude_below: float | None,
    min_group: int,
    confidence: float,
) -> pl.DataFrame:
    sums = rate_sums(cells.cells, list(groups), "selection_rate", None, *RATES["selection_rate"])
    by = sums.filter(pl.col("n") > 0).sort(groups)
    label = [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in groups]
    unknown = by.select(pl.any_horizontal(part == UNKNOWN for part in label)).to_series()
    known = by.filter(~unknown)
    w, x = known["w"].to_numpy(), known["x"].to_numpy()
    n = known["n"].to_numpy()
    share = n / n.sum() if n.sum() else np.zeros(0)
    hidden = n < max(min_group, 1)
    excluded = share < (exclude_below or 0.0)
    rate = np.clip(np.divide(x, w, out=np.full(len(w), np.nan), where=w > 0), 0, 1)
    limits = repaired_wilson(rate, intervals.kish(w, known["w2"].to_numpy()), confidence)
    compared = ~hidden & ~excluded & ~np.isnan(rate)
    best = int(np.argmax(np.where(compared, rate, -1.0))) if compared.any() else None
    found = {"rate": rate, "ci_low": limits[0], "ci_high": limits[1]}
    found = {name: np.where(hidden, np.nan, column) for name, column in found.items()}
    nothing = np.full(len(n), np.nan)
    most = np.zeros(len(n), bool)
    ratio, (low, high) = nothing, (nothing, nothing)
    if best is not None and rate[best] > 0:
        most = compared & (rate == rate[best])
        ratio = np.where(compared, rate / rate[best], np.nan)
        low, high = intervals.ratio(rate, limits, rate[best], (limits[0][best], limits[1][best]))
        low, high = (np.where(compared & (np.arange(len(n)) != best), limit, np.nan) for limit in (low, high))
    found |= {"impact_ratio": ratio, "ratio_low": low, "ratio_high": high}
    attributes = " × ".join(names)
    table = known.select(
        pl.lit(attributes).alias("attributes"),
        pl.concat_str(label, separator=" × ").alias("category"),
        "n",
        pl.Series("share", share, dtype=pl.Float64),
        *(pl.Series(name, column, dtype=pl.Float64).fill_nan(None) for name, column in found.items()),
        pl.Series("most_selected", most),
        pl.when(pl.Series(~np.isnan(ratio)))
        .then(pl.Series(ratio < FOUR_FIFTHS - 1e-12))
        .alias("below_four_fifths"),
        pl.Series("below_two_percent", share < TWO_PERCENT),
        pl.Series("excluded", excluded),
        pl.Series("suppressed", hidden),
    )
    unnamed = int(by.filter(unknown)["n"].sum())
    last = pl.DataFrame({"attributes": attributes, "category": UNKNOWN, "n": unnamed, "suppressed": False})
    return pl.concat([table, last], how="diagonal_relaxed")


def _above_median(rows: pl.LazyFrame, score: str, weight: str | None) -> pl.LazyFrame:
    kind = rows.collect_schema()[score]
    if not kind.is_numeric():
        raise ValueError(f"column {score!r} holds {kind}; a median needs numbers")
    value = pl.col(score).cast(pl.Float64).fill_nan(None)
    w = pl.col(weight).cast(pl.Float64) if weight else pl.lit(1.0)
    known = rows.filter(value.is_not_null()).select(v=value, w=w)
    counted = known.group_by("v").agg(pl.col("w").sum()).collect()
    return rows.with_columns(_above=value > weighted_median(counted["v"], counted["w"]))
