"""The tidy measure frame: what each group gets, how sure that is, and the gap to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals, multiplicity, survey
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube, merged
from bobanalysis.fairness.coverage import repaired_wilson
from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.survey import REPLICATES, Design, Errors, Sample
from bobanalysis.tables import factorize, unique_rows

MIN_GROUP = 11
"""Smallest group shown unless another size is asked for: INSEE's rule for households in gridded data."""

EVERYONE_ELSE = "everyone else"

MEASURE_COLUMNS = (
    *("metric", "item", "n", "value", "ci_low", "ci_high", "reference"),
    *("difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high"),
    *("p_value", "p_adjusted", "suppressed"),
)
"""Columns of the measure frame; the group columns stand between ``item`` and ``n``."""

ERROR_COLUMNS = ("se", "difference_se", "design_effect", "degrees")
"""Further columns of the measure frame of a sample with a design."""

Rate = tuple[str, str | None, pl.Expr, pl.Expr]
"""Name and item of a rate, who is counted, among whom."""

_P, _Y = pl.col("_prediction"), pl.col("_outcome")
_BOTH = _P.is_not_null() & _Y.is_not_null()
RATES: dict[str, tuple[pl.Expr, pl.Expr]] = {  # metric: (who is counted, among whom)
    "selection_rate": (_P, _P.is_not_null()),
    "base_rate": (_Y, _Y.is_not_null()),
    "true_positive_rate": (_P, _BOTH & _Y),
    "false_positive_rate": (_P, _BOTH & ~_Y),
    "true_negative_rate": (~_P, _BOTH & ~_Y),
    "false_negative_rate": (~_P, _BOTH & _Y),
    "positive_predictive_value": (_Y, _BOTH & _P),
    "negative_predictive_value": (~_Y, _BOTH & ~_P),
    "accuracy": (_P == _Y, _BOTH),
}


def rates_of(cells: Cube) -> list[str]:
    """Return the rates that the columns of a cube allow."""
    has = {*cells.cells.columns} - (set() if cells.binary else {"_prediction"})
    needs = {name: {c for e in rate for c in e.meta.root_names()} for name, rate in RATES.items()}
    return [name for name, columns in needs.items() if columns <= has]


def group_metrics(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    score: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    item: str | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
    exact: bool = False,
    design: Design | None = None,
) -> Any:
    """Measure what each group gets.

    Args:
        frame: one row a person (a person and item, where ``item`` is given), in Polars, pandas, PyArrow, …;
            or a cube, such as the sum of the cubes of many files.
        groups: columns to cross; none for everybody together. Rows without a group are the group "unknown".
        prediction: the decision, yes or no: ``selection_rate``. Text: one ``selection_rate`` a category,
            named in ``item``. Where some rows have none, ``prediction_missing_rate`` says how many, and rates
            are among the others.
        score: numbers: ``mean_score``.
        outcome: what was true, yes or no: ``base_rate``, and with a prediction the rates of the confusion
            matrix.
        weight: weights, zero or more; intervals then rest on Kish's effective sample size.
        item: column naming what the row is about; every measure is made for each item.
        reference: the group that the others are compared with: its label, or one label a group column.
            Default: everyone else, so each group is compared with the people outside it, which keeps the two
            independent.
        min_group: groups of fewer people than this (of those a rate is among) are suppressed. 1 shows all.
            Only primary suppression: for a table with totals see :func:`bobanalysis.fairness.protect`.
        exact: whether the figures are by construction: they then have no sampling error, so no interval.
            Other rates have Wilson's at 95 %, lengthened where a small group needs it (see
            :mod:`bobanalysis.fairness.coverage`), means have Student's.
        design: strata, clusters or replicate weights of a survey (:class:`bobanalysis.fairness.Design`);
            intervals and tests then rest on what primary sampling units show.

    Returns:
        A frame of the library that came in, columns ``MEASURE_COLUMNS`` with the groups (as text) in their
        middle; one row a metric, item and group, in the order of the values, unknown last. ``n`` is the
        number of rows the value rests on. ``value`` is a share (rates), a mean, or a sum of weights
        (``count``). Null in ``value`` means not estimable (nobody to measure, ``suppressed`` false) or hidden
        (``suppressed`` true); never 0. ``difference`` and ``ratio`` compare with ``reference``, each with
        limits made from those of the two groups; ``ratio_high`` is infinite where the data set no limit.
        ``p_value`` is of that difference, one test a row; ``p_adjusted`` is corrected for how many groups a
        metric and item has (Benjamini and Hochberg). Of the largest gap among many groups only
        :func:`bobanalysis.fairness.gap_test` speaks. With a design also ``se``, ``difference_se`` (people of
        one unit may be on both sides), ``design_effect`` (variance divided by that of as many people drawn
        one by one) and ``degrees`` of freedom; a group met in one unit only has no interval.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or nothing to measure, or a reference that is not
            there.

    Source: see :mod:`bobanalysis.fairness.intervals`.

    Example:
        >>> told = [1] * 6 + [0] * 24 + [1] * 10 + [0] * 10
        >>> people = pl.DataFrame({"age": ["under 50"] * 30 + ["50 or more"] * 20, "told": told})
        >>> rates = group_metrics(people, ["age"], prediction="told").filter(metric="selection_rate")
        >>> rates.select("age", "n", "value", "difference").rows()
        [('50 or more', 20, 0.5, 0.3), ('under 50', 30, 0.2, -0.3)]

        >>> suites = pl.DataFrame({"mark": [2.0, 3.0, 2.5, 3.5, 3.0, 2.0], "suite": list("aabbcc")})
        >>> found = group_metrics(suites, score="mark", min_group=1, design=Design(cluster="suite"))
        >>> round(found["se"][-1], 3)
        0.167
    """
    if not (isinstance(frame, Cube) or prediction or score or outcome):
        raise ValueError("nothing to measure: give prediction=, score= or outcome=")
    roles = {"prediction": prediction, "score": score, "outcome": outcome, "weight": weight, "item": item}
    cells = cube(frame, groups, **roles, design=design)
    return cells.back(measures(cells, reference, min_group, exact))


def measures(
    cells: Cube, reference: Any = None, min_group: int = MIN_GROUP, exact: bool = False
) -> pl.DataFrame:
    """Return the measure frame of a cube; see :func:`group_metrics`."""
    if clash := set(cells.groups) & {*MEASURE_COLUMNS}:
        raise ValueError(f"rename the group column {min(clash)!r}: the measure frame has one of that name")
    cells, names = cells.renamed()
    groups = list(cells.groups)
    sums = _with_reference(labelled(_sums(cells), groups), groups, reference, list(names.values()))
    is_mean, counted = ((sums["metric"] == name).to_numpy() for name in ("mean_score", "count"))
    errors = None if exact or cells.sample is None else _errors(cells, sums)
    mine, other = (_side(sums, prefix, is_mean, exact, errors) for prefix in ("", "ref_"))
    alike = 0.0 if errors is None else errors.correlation
    least = max(min_group, 1)
    shown, enough = ((sums[n] >= least).to_numpy() for n in ("n", "ref_n"))
    compared = shown & enough & ~counted
    apart = compared & ~sums["itself"].to_numpy()
    sides = (mine.value, mine.limits, other.value, other.limits, alike)
    (low, high), (ratio_low, ratio_high) = intervals.difference(*sides), intervals.ratio(*sides)
    positive = (other.value > 0) & (mine.value >= 0)
    nothing = np.full(len(sums), np.nan)
    found = {  # what it is, and where it is shown
        "value": (np.where(counted, sums["w"].to_numpy(), mine.value), shown),
        "ci_low": (mine.limits[0], shown & ~counted),
        "ci_high": (mine.limits[1], shown & ~counted),
        "difference": (mine.value - other.value, compared),
        "difference_low": (low, apart),
        "difference_high": (high, apart),
        "ratio": (np.divide(mine.value, other.value, out=nothing.copy(), where=positive), compared),
        "ratio_low": (ratio_low, apart),
        "ratio_high": (ratio_high, apart),
        "p_value": (nothing if exact else _p_value(mine, other, is_mean, errors), apart),
    }
    if errors is not None:
        people = np.maximum(sums["n"].to_numpy() - 1.0, 1e-300)
        alone = np.where(is_mean, mine.spread, mine.value * (1 - mine.value)) / people
        known, variance = shown & ~counted & (errors.degrees[0] > 0), errors.variance[0]
        found["se"] = (np.sqrt(np.maximum(variance, 0)), known)
        found["difference_se"] = (errors.difference_se, apart)
        found["design_effect"] = (np.divide(variance, alone, out=nothing.copy(), where=alone > 0), known)
        found["degrees"] = (errors.degrees[0].astype(float), known)
    shared = {name: np.where(where, column, np.nan) for name, (column, where) in found.items()}
    family = sums.select(pl.col("order").rle_id() + pl.col("item").rle_id()).to_series()  # rows of one metric
    families = np.split(shared["p_value"], np.flatnonzero(np.diff(family)) + 1)
    shared["p_adjusted"] = np.concatenate([multiplicity.adjusted_p_values(tests) for tests in families])
    suppressed = pl.Series("suppressed", ~shown & (sums["n"] > 0).to_numpy())
    table = sums.with_columns(suppressed, *pl.DataFrame(shared, nan_to_null=True))
    further = ERROR_COLUMNS if errors is not None else ()
    return table.select(*MEASURE_COLUMNS[:2], *groups, *MEASURE_COLUMNS[2:], *further).rename(names)


def _sums(cells: Cube) -> pl.DataFrame:
    """One row a metric, item and group: n, w, w2, weighted sum x, m2 (squared deviations, null for rates)."""
    has = cells.cells.columns
    everybody = pl.lit(True)
    plan: list[Rate] = [("count", None, everybody, everybody)]
    if "_prediction" in has:
        if cells.cells["_prediction"].has_nulls():
            plan.append(("prediction_missing_rate", None, _P.is_null(), everybody))
        if not cells.binary:
            if "_item" in has:
                raise ValueError("a prediction in words names its own items: give it without item=")
            categories = cells.cells["_prediction"].drop_nulls().unique().sort()
            plan += [("selection_rate", name, _P.eq(name), _P.is_not_null()) for name in categories]
    plan += [(name, None, *RATES[name]) for name in rates_of(cells)]
    by = [*cells.groups, *(["_item"] if "_item" in has else [])]
    sums = rate_sums(cells.cells, by, plan)
    if "_score_sum" not in has:
        return sums
    means = mean_sums(cells.cells, by).with_columns(order=pl.lit(len(plan), pl.Int64))
    return pl.concat([sums, means.select(sums.columns)])


def rate_sums(cells: pl.DataFrame, by: list[str], plan: Sequence[Rate]) -> pl.DataFrame:
    """Return what rates are made of, by group: see :func:`_sums`."""
    row, group = unique_rows([(np.zeros(cells.height, int), 1), *(factorize(cells[name]) for name in by)])
    place, order = np.argsort(group, kind="stable"), np.repeat(np.arange(len(plan)), len(row))
    starts = np.searchsorted(group[place], np.arange(len(row)))
    summed = cells.select(pl.col("_n", "_w", "_w2").name.replace("^_", ""), pl.col(REPLICATES))
    values = summed.cast(pl.Float64).to_numpy()[place]
    people = [one.fill_null(False) for _, _, who, among in plan for one in (among, among & who)]
    told = cells.select("_n", *(one.alias(f"·{at}") for at, one in enumerate(people)))[place, 1:]
    sums = [np.add.reduceat(np.where(one.to_numpy()[:, None], values, 0), starts) for one in told]
    all_of, those_of = (pl.DataFrame(np.concatenate(sums[at::2]), summed.columns) for at in (0, 1))
    those_of = those_of.select(pl.col("w").alias("x"), pl.col(REPLICATES).name.replace("w$", "x"))
    found = all_of.with_columns(*those_of, *cells[np.tile(row, len(plan))].select(by))
    metrics, items = (pl.Series([one[at] for one in plan], dtype=pl.String).gather(order) for at in (0, 1))
    return _named(found, metrics, items).with_columns(order=order, m2=pl.lit(None, pl.Float64))


def mean_sums(cells: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return what a mean is made of, by group: see :func:`_sums`."""
    parts = {"n": "n", "w": "w", "w2": "w2", "x": "sum", "m2": "m2", "m3": "m3"}
    named = [pl.col(f"_score_{part}").alias(name) for name, part in parts.items()]
    for end, name in (("score_w", "w"), ("score_sum", "x")):
        named.append(pl.col(rf"^_r\d+_{end}$").name.replace(f"{end}$", name))
    return _named(merged(cells, by).select(*by, *named), "mean_score", None)


def _named(part: pl.DataFrame, metric: Any, item: Any) -> pl.DataFrame:
    named = pl.col("_item") if "_item" in part.columns else pl.lit(item, pl.String)
    counted = part.cast({"n": pl.Int64}).with_columns(named.alias("item"), metric=pl.lit(metric, pl.String))
    return counted.select("metric", "item", pl.exclude("metric", "item", "_item"))


def labelled(sums: pl.DataFrame, groups: list[str]) -> pl.DataFrame:
    """Put rows in the order of the group's values, unknown last, then turn the values into text."""
    text = {name: pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in groups}
    keys = [key for name in groups for key in (text[name] == UNKNOWN, pl.col(name))]
    first = [name for name in ("order", "item") if name in sums.columns]
    return (sums.sort(*first, *keys) if first or keys else sums).with_columns(**text)


def reference_labels(reference: Any, names: Sequence[str]) -> list[str]:
    """Return the labels of a reference, one a group column."""
    labels = [str(part) for part in (reference if isinstance(reference, tuple | list) else [reference])]
    if len(labels) != len(names):
        raise ValueError(f"reference {reference!r} needs one label for each group column: {', '.join(names)}")
    return labels


def no_reference(reference: Any, seen: Sequence[Any]) -> ValueError:
    """Say that a reference is not among the groups, and which ones are."""
    shown = (" × ".join(row) if isinstance(row, tuple) else str(row) for row in seen[:20])
    return ValueError(f"reference {reference!r} is not among the groups: {', '.join(shown)}")


def _with_reference(sums: pl.DataFrame, groups: list[str], reference: Any, names: list[str]) -> pl.DataFrame:
    """Add the sums of the group each row is compared with, and whether that is the row itself."""
    of = ["metric", "item"]
    if reference is None:
        n, w, w2, x, m2 = (pl.col(c) for c in ("n", "w", "w2", "x", "m2"))
        whole, rest = w.sum().over(of), (w.sum().over(of) - w).clip(0)
        rest_x = x.sum().over(of) - x
        # the squares of the whole are those of the two parts and those between them (Chan et al.)
        between = (w * (x / w - x.sum().over(of) / whole) ** 2).fill_nan(0.0).sum().over(of)
        apart = (w * rest / whole * (x / w - rest_x / rest) ** 2).fill_nan(0.0)
        others = {"ref_n": n.sum().over(of) - n, "ref_w": rest, "ref_w2": (w2.sum().over(of) - w2).clip(0)}
        others |= {"ref_x": rest_x, "ref_m2": (m2.sum().over(of) + between - m2 - apart).clip(0)}
        others |= {"reference": pl.lit(EVERYONE_ELSE if groups else None, pl.String)}
        return sums.with_columns(**others, itself=pl.lit(False))
    labels = reference_labels(reference, names)
    is_it = pl.all_horizontal(pl.col(name) == label for name, label in zip(groups, labels, strict=True))
    chosen = sums.filter(is_it).select(*of, pl.col("n", "w", "w2", "x", "m2").name.prefix("ref_"))
    if chosen.is_empty():
        raise no_reference(" × ".join(labels), sums.select(groups).unique(maintain_order=True).rows())
    joined = sums.join(chosen, on=of, how="left", nulls_equal=True, maintain_order="left")
    named = {"reference": pl.lit(" × ".join(labels)), "itself": is_it}
    return joined.with_columns(**named, ref_n=pl.col("ref_n").fill_null(0))


@dataclass(frozen=True)
class _Side:
    """Value, effective number of people, variance and limits of every row: of the group, or of the other.

    ``spread`` is the variance between people, ``variance`` the one that limits rest on.
    """

    value: Array
    people: Array
    spread: Array
    variance: Array
    limits: intervals.Limits


def _errors(cells: Cube, sums: pl.DataFrame) -> Errors:
    """Errors of the rows of a measure frame, from the sums by primary sampling unit."""
    groups, sample = list(cells.groups), cells.sample or Sample()
    parts = labelled(_sums(replace(cells, groups=(*groups, *sample.keys))), groups)
    return survey.errors(sums, parts, groups, sample)


def _side(sums: pl.DataFrame, prefix: str, is_mean: Any, exact: bool, errors: Errors | None) -> _Side:
    n, w, w2, x, m2 = (sums[f"{prefix}{c}"].cast(pl.Float64).to_numpy() for c in ("n", "w", "w2", "x", "m2"))
    nobody, some = np.full_like(w, np.nan), (n > 0) & (w > 0)
    value, variance = (np.divide(part, w, out=nobody.copy(), where=some) for part in (x, m2))
    value = np.where(is_mean, value, np.clip(value, 0.0, 1.0))
    people = np.where(some, intervals.kish(w, w2), 0.0)
    if exact:
        return _Side(value, people, variance, variance, (nobody, nobody))
    spread = variance
    if errors is not None:
        side = int(bool(prefix))
        seen, free, units = errors.variance[side], errors.degrees[side], errors.units[side]
        people = np.where(is_mean, free + 1.0, survey.people(value, seen, free, np.minimum(people, units), n))
        variance = seen * free  # so that Student's limits are those of this variance
    rates = repaired_wilson(np.where(is_mean, np.nan, value), people)
    means = intervals.student(np.where(is_mean, value, np.nan), variance, people)
    low, high = (np.where(is_mean, *limits) for limits in zip(means, rates, strict=True))
    return _Side(value, people, spread, variance, (low, high))


def _p_value(mine: _Side, other: _Side, is_mean: Any, errors: Errors | None) -> Array:
    """P value of every row's gap: of two means where it is one, else of two rates; with a design Wald's."""
    if errors is not None:
        return errors.p_value(mine.value - other.value)
    n, m = mine.people, other.people
    selected = np.where(is_mean, np.nan, mine.value * n)
    rates = multiplicity.two_rates(selected, n, other.value * m, m)
    means = multiplicity.two_means(mine.value, mine.variance, n, other.value, other.variance, m)
    return np.where(is_mean, means, rates)
