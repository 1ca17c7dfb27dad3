"""The one-number summaries of a table by group: the largest difference and the smallest ratio of a rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, cube
from bobanalysis.fairness.metrics import MIN_GROUP, measures

Method = Literal["between_groups", "to_overall"]
_NAMES = {
    "selection_rate": "demographic_parity",
    "true_positive_rate": "equal_opportunity",
    "false_positive_rate": "predictive_equality",
    "positive_predictive_value": "predictive_parity",
    "accuracy": "accuracy",
}


def disparities(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    method: Method = "between_groups",
    agg: Literal["worst_case", "mean"] = "worst_case",
    include_unknown: bool = True,
    min_group: int = MIN_GROUP,
) -> Any:
    """Summarise each rate over the groups by its largest difference and its smallest ratio.

    Formulas, r being the rate of a group: between groups max r - min r and min r / max r; to overall
    max |r - R| and min of r / R and R / r, R being the rate of everybody. Demographic parity looks at the
    selection rate, equal opportunity at the true positive rate, predictive equality at the false positive
    rate, equalised odds at the worse of these two (or with ``agg="mean"`` their mean).

    Args:
        frame: one row a person, in Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross.
        prediction, outcome: true/false or 0/1; without an outcome only demographic parity.
        weight: weights, zero or more.
        method: compare groups with each other or with everybody.
        agg: how equalised odds joins its two rates.
        include_unknown: whether people of unknown group are compared as a group.
        min_group: groups of fewer people (among whom the rate is) are left out, and counted in ``left_out``.

    Returns:
        A frame of the library that came in: ``measure`` (such as "equalized_odds_difference"), ``value``
            (null
        where fewer than two groups can be compared, or 0 is divided by 0: not estimable, never 0),
        ``highest`` and ``lowest``, the groups it lies between, ``groups`` compared and ``left_out``. A
        largest
        gap is biased upwards, the more so the smaller the groups are: see the tests of gaps before calling it
        one.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`.

    Source: Hardt, Price and Srebro (2016), NeurIPS; names and formulas as in fairlearn 0.13, to whose figures
    these are equal wherever every rate can be estimated (fairlearn writes 0 where nobody is in a
    denominator).

    >>> told = [1] * 5 + [0] * 15 + [1] * 10 + [0] * 10
    >>> people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "told": told})
    >>> disparities(people, ["sex"], "told").select("measure", "value", "lowest").rows()
    [('demographic_parity_difference', 0.25, 'F'), ('demographic_parity_ratio', 0.5, 'F')]
    """
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, weight=weight)
    if not cells.binary:
        raise ValueError("disparities need a decision of yes or no")
    if method not in ("between_groups", "to_overall"):
        raise ValueError(f"method {method!r} is not one of: between_groups, to_overall")
    by_group = measures(cells, min_group=min_group, interval="none")
    everybody = measures(cells.over([]), min_group=1, interval="none")
    label = pl.concat_str([pl.col(name) for name in cells.groups], separator=" × ").alias("group")
    rows: dict[str, dict[str, Any]] = {}
    for metric, name in _NAMES.items():
        every = by_group.filter(metric=metric)
        if every.is_empty():
            continue
        if not include_unknown:
            every = every.filter(~pl.any_horizontal(pl.col(g) == UNKNOWN for g in cells.groups))
        shown = every.drop_nulls("value").select(label, "value")
        overall = everybody.filter(metric=metric)["value"][0]
        for kind in ("difference", "ratio"):
            rows[f"{name}_{kind}"] = {
                "measure": f"{name}_{kind}",
                **_summary(shown, overall, kind, method),
                "groups": shown.height,
                "left_out": every.height - shown.height,
            }
    if "equal_opportunity_difference" in rows:
        rows |= {f"equalized_odds_{kind}": _odds(rows, kind, agg) for kind in ("difference", "ratio")}
    order = sorted(rows, key=lambda name: (not name.startswith("demo"), not name.startswith("equalized")))
    texts, counts = ("highest", "lowest"), ("groups", "left_out")
    schema = {"measure": pl.String, "value": pl.Float64} | dict.fromkeys(texts, pl.String)
    schema |= dict.fromkeys(counts, pl.Int64)
    return cells.back(pl.DataFrame([rows[name] for name in order], schema=schema))


def _summary(shown: pl.DataFrame, overall: float | None, kind: str, method: str) -> dict[str, Any]:
    nothing = {"value": None, "highest": None, "lowest": None}
    if shown.height < 2 or overall is None:
        return nothing
    value, names = shown["value"].to_numpy(), shown["group"].to_list()
    high, low = int(value.argmax()), int(value.argmin())
    if method == "between_groups":
        if kind == "ratio":
            result = float(value[low] / value[high]) if value[high] > 0 else None
        else:
            result = float(value[high] - value[low])
        return {"value": result, "highest": names[high], "lowest": names[low]}
    if kind == "difference":
        at = int(np.abs(value - overall).argmax())
        result = float(abs(value[at] - overall))
    elif overall == 0:
        return nothing
    else:
        both = np.minimum(value, overall) / np.maximum(value, overall)
        at, result = int(both.argmin()), float(both.min())
    above = value[at] >= overall
    return {"value": result, "highest": names[at] if above else None, "lowest": None if above else names[at]}


def _odds(rows: dict[str, dict[str, Any]], kind: str, agg: str) -> dict[str, Any]:
    parts = [rows[f"{name}_{kind}"] for name in ("equal_opportunity", "predictive_equality")]
    known = [part for part in parts if part["value"] is not None]
    named = {"measure": f"equalized_odds_{kind}"}
    if len(known) < 2:  # one of two is not the worse of two
        return {**parts[0], "value": None, "highest": None, "lowest": None, **named}
    worst = (max if kind == "difference" else min)(known, key=lambda part: part["value"])
    if agg == "mean":
        mean = sum(part["value"] for part in known) / 2
        return {**worst, **named, "value": mean, "highest": None, "lowest": None}
    return {**worst, **named}
