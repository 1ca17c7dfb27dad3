"""Groups compared by the law and the literature: largest differences, smallest ratios, impact ratios.

Impact ratios are those that New York City's rules on automated employment decision tools ask for.
"""

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
_NAMES = {
    "selection_rate": "demographic_parity",
    "true_positive_rate": "equal_opportunity",
    "false_positive_rate": "predictive_equality",
    "positive_predictive_value": "predictive_parity",
    "accuracy": "accuracy_equality",
}


def disparities(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    outcome: str | None = None,
    min_group: int = MIN_GROUP,
    shield: Shield | None = None,
    **roles: Any,
) -> Any:
    """Summarise each rate over the groups by its largest difference and its smallest ratio.

    Formulas, r being the rate of a group: max r - min r and min r / max r. Demographic parity looks at the
    selection rate, equal opportunity at the true positive rate, predictive equality at the false positive
    rate, equalised odds at the worse of these two.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross. People of unknown group are not compared.
        prediction, outcome: true/false or 0/1; without an outcome only demographic parity.
        min_group: groups of fewer people (among whom the rate is) are left out, and counted in ``left_out``.
        shield: leaves out the groups that would give small ones away.
        roles: ``weight=``: see :func:`bobanalysis.fairness.cube`.

    Returns:
        A frame of the library that came in, one row a ``measure`` (such as "equalized_odds"):
        ``difference`` and ``ratio`` (null where fewer than two groups can be compared, or 0 is divided by 0:
        not estimable, never 0), ``highest`` and ``lowest``, the groups that differ most, ``groups`` compared
        and ``left_out``. A largest gap is biased upwards, the more so the smaller the groups are: see the
        tests of gaps before calling it one.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`.

    Source: Hardt, Price and Srebro (2016), NeurIPS; names and formulas as in fairlearn 0.13, to whose figures
    these are equal wherever every rate can be estimated (fairlearn writes 0 where nobody is in a
    denominator).

    >>> told = [1] * 5 + [0] * 15 + [1] * 10 + [0] * 10
    >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "told": told})
    >>> disparities(people, ["sex"], "told").select("measure", "difference", "ratio", "lowest").row(0)
    ('demographic_parity', 0.25, 0.5, 'F')
    """
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, **roles)
    if not cells.binary:
        raise ValueError("disparities need a decision of yes or no")
    known = ~pl.any_horizontal(pl.lit(False), *(pl.col(name) == UNKNOWN for name in cells.groups))
    label = pl.concat_str(cells.groups, separator=" × ").filter(known)
    value = pl.col("value").filter(known)
    several, high, low = value.count() > 1, value.max(), value.min()
    rates = measures(cells, min_group=min_group, exact=True).filter(pl.col("metric").is_in([*_NAMES]))
    if shield:
        rates = shield.conceal(rates, cells.groups)
    found = rates.group_by(measure=pl.col("metric").replace(_NAMES), maintain_order=True).agg(
        pl.when(several).then(high - low).alias("difference"),
        pl.when(several & (high > 0)).then(low / high).alias("ratio"),
        pl.when(several).then(label.get(value.arg_max())).alias("highest"),
        pl.when(several).then(label.get(value.arg_min())).alias("lowest"),
        value.count().cast(pl.Int64).alias("groups"),
        value.null_count().cast(pl.Int64).alias("left_out"),
    )
    rows = {row["measure"]: row for row in found.to_dicts()}
    first = [rows.pop("demographic_parity")]
    if "equal_opportunity" in rows:
        first.append(_worse(rows["equal_opportunity"], rows["predictive_equality"]))
    return cells.back(pl.DataFrame([*first, *rows.values()], schema=found.schema))


def _worse(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Equalised odds: the worse of two rates, not estimable unless both are."""
    named = {"measure": "equalized_odds"}
    if one["difference"] is None or other["difference"] is None:
        return {**one, **named, **dict.fromkeys(("difference", "ratio", "highest", "lowest"))}
    worse = max(one, other, key=lambda rate: rate["difference"])
    ratios = [rate["ratio"] for rate in (one, other) if rate["ratio"] is not None]
    return {**worse, **named, "ratio": min(ratios) if len(ratios) == 2 else None}


def impact_ratios(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    min_group: int = MIN_GROUP,
    shield: Shield | None = None,
    **roles: Any,
) -> Any:
    """Compare every group with the group that is selected most, attribute by attribute and crossed.

    Formula: selection rate of a category = selected / all of it. Impact ratio = rate / highest rate of a
    category. Where there are scores, the rules ask for the share with a score above the median of everybody:
    give that as the prediction.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube with a prediction.
        groups: attributes: a table for each, and one for each way to cross them.
        prediction: true/false or 0/1.
        min_group: smaller categories are suppressed and left out of the comparison. The city's published
            tables show all: 1.
        shield: hides what would give small groups away: their figures, and shares where something is hidden.
        roles: ``weight=``, ``design=``: see :func:`bobanalysis.fairness.cube`.

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
    cells = cube(frame, groups, prediction=prediction, **roles)
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
    said = {"attributes": pl.lit(attributes), "category": pl.concat_str(groups, separator=" × ")}
    said |= {"n": pl.col("n"), "share": share, "rate": rate, "impact_ratio": ratio}
    said |= {"ratio_low": low, "ratio_high": high}
    table = rates.select(
        **said,
        most_selected=((rate == rate.max()) & (rate > 0)).fill_null(False),
        below_four_fifths=ratio < FOUR_FIFTHS - 1e-12,
        below_two_percent=share < TWO_PERCENT,
        suppressed="suppressed",
    )
    unnamed = int(every.cells["_n"].sum()) - int(known.cells["_n"].sum()) if whole else None
    last = pl.DataFrame({"attributes": attributes, "category": UNKNOWN, "n": unnamed, "suppressed": False})
    return pl.concat([table, last], how="diagonal_relaxed")
