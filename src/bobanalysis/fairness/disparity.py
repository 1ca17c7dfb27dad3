"""The one-number summaries of a table by group: the largest difference and the smallest ratio of a rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, cube
from bobanalysis.fairness.disclosure import Shield
from bobanalysis.fairness.metrics import MIN_GROUP, measures

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
    weight: str | None = None,
    min_group: int = MIN_GROUP,
    shield: Shield | None = None,
) -> Any:
    """Summarise each rate over the groups by its largest difference and its smallest ratio.

    Formulas, r being the rate of a group: max r - min r and min r / max r. Demographic parity looks at the
    selection rate, equal opportunity at the true positive rate, predictive equality at the false positive
    rate, equalised odds at the worse of these two.

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross. People of unknown group are not compared.
        prediction, outcome: true/false or 0/1; without an outcome only demographic parity.
        weight: weights, zero or more.
        min_group: groups of fewer people (among whom the rate is) are left out, and counted in ``left_out``.
        shield: leaves out the groups that would give small ones away.

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
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, weight=weight)
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
