"""Impact ratios as New York City's rules on automated employment decision tools ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, Cube, cube, merged
from bobanalysis.fairness.disclosure import Shield
from bobanalysis.fairness.metrics import MIN_GROUP, measures
from bobanalysis.fairness.survey import REPLICATES

FOUR_FIFTHS = 0.8
TWO_PERCENT = 0.02


def impact_ratios(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    weight: str | None = None,
    min_group: int = MIN_GROUP,
    shield: Shield | None = None,
) -> Any:
    """Compare every group with the group that is selected most, attribute by attribute and crossed.

    Formula: selection rate of a category = selected / all of it. Impact ratio = rate / highest rate of a
    category. Where there are scores, the rules ask for the share with a score above the median of everybody:
    give that as the prediction.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube with a prediction.
        groups: attributes: a table for each, and one for each way to cross them.
        prediction: true/false or 0/1.
        weight: weights, zero or more.
        min_group: smaller categories are suppressed and left out of the comparison. The city's published
            tables show all: 1.
        shield: hides what would give small groups away: their figures, and shares where something is hidden.

    Returns:
        A frame of the library that came in: ``attributes`` ("sex", "sex × race"), ``category``, ``n``,
        ``share`` of the known people, ``rate``, ``impact_ratio`` with ``ratio_low`` and ``ratio_high``
        (MOVER, one pair at a time; empty for the highest category), ``most_selected``, ``below_four_fifths``,
        ``below_two_percent`` (the rules allow to leave these out, with a justification), ``suppressed``. The
        last row of each table is the people whose category is unknown: their number, and nothing else. Null
        is "not estimable": nobody, or nobody selected in any category.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`.

    Source: Rules of the City of New York, title 6, §§ 5-300 and 5-301 (Local Law 144 of 2021); four fifths:
    29 CFR § 1607.4 D.

    >>> hired = [1] * 12 + [0] * 38 + [1] * 20 + [0] * 30
    >>> people = pl.DataFrame({"sex": ["F"] * 50 + ["M"] * 50, "hired": hired})
    >>> impact_ratios(people, ["sex"], prediction="hired").select("category", "rate", "impact_ratio").rows()
    [('F', 0.24, 0.6), ('M', 0.4, 1.0), ('unknown', None, None)]
    """
    cells = cube(frame, groups, prediction=prediction, weight=weight)
    if not cells.binary:
        raise ValueError("impact ratios need a decision of yes or no")
    safe, named = cells.renamed()
    ways = (way for size in range(1, len(named) + 1) for way in combinations(named, size))
    tables = [_one(safe, way, [named[name] for name in way], min_group, shield) for way in ways]
    return cells.back(pl.concat(tables))


def _one(
    cells: Cube, groups: tuple[str, ...], named: list[str], min_group: int, shield: Shield | None
) -> pl.DataFrame:
    """The table of one attribute, or of some crossed: ratios to the category that is selected most."""
    keys = [*groups, "_prediction", *(cells.sample.keys if cells.sample else [])]
    decided = cells.cells.drop_nulls("_prediction").select(*keys, "_n", "_w", "_w2", pl.col(REPLICATES))
    every = replace(cells, cells=merged(decided, keys), groups=groups)
    known, attributes = every.known(), " × ".join(named)

    def compared(reference: Any) -> pl.DataFrame:
        found = measures(known, reference, min_group).filter(metric="selection_rate")
        return shield.conceal(found, groups, named) if shield else found

    rates = compared(None)
    most = rates.drop_nulls("value").sort("value", descending=True, maintain_order=True).select(groups)
    if not most.is_empty():
        rates = compared(most.row(0))
    ratios = (pl.when(not most.is_empty()).then(pl.col(f"ratio{end}")) for end in ("", "_low", "_high"))
    ratio, low, high = ratios
    whole = not shield or shield.whole(named)
    rate, share = pl.col("value"), pl.when(whole).then(pl.col("n") / pl.col("n").sum())
    table = rates.select(
        attributes=pl.lit(attributes),
        category=pl.concat_str(groups, separator=" × "),
        n=pl.col("n"),
        share=share,
        rate=rate,
        impact_ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        most_selected=((rate == rate.max()) & (rate > 0)).fill_null(False),
        below_four_fifths=ratio < FOUR_FIFTHS - 1e-12,
        below_two_percent=share < TWO_PERCENT,
        suppressed=pl.col("suppressed"),
    )
    unnamed = int(every.cells["_n"].sum()) - int(known.cells["_n"].sum()) if whole else None
    last = pl.DataFrame({"attributes": attributes, "category": UNKNOWN, "n": unnamed, "suppressed": False})
    return pl.concat([table, last], how="diagonal_relaxed")
