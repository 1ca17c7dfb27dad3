"""An outcome along a number such as age, without bins: curves, bands that hold for the whole curve, gaps.

``curve`` describes a sample: a spline (statsmodels) or one figure a value, with a band that covers the whole
curve at once. ``lack_of_fit`` says whether a smooth curve hides a jump. Of the same people at every value
nothing is sampled and nothing should be smoothed: see :func:`bobanalysis.fairness.steps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import number, to_lazy
from bobanalysis.fairness.regression import (
    Array,
    NotEstimableError,
    Rows,
    check_confidence,
    critical,
    fit,
    rows,
    sup_t,
)

Kind = Literal["rate", "mean"]
MIN_ROWS = 10
"""A curve of fewer rows is not estimable."""
POINTS = 101
"""Points of a curve along a number that has more values than twice that."""
MIN_STRETCH = 20
"""Fewest people of a stretch of values at which the misfit of a curve is looked at."""

ESTIMATED, ONE_CLUSTER = "estimated", "no interval: the curve or a stretch of it rests on one cluster"
BEYOND = "not estimable: beyond the data"
_FOUND = ("value", "se", "ci_low", "ci_high", "band_low", "band_high")
_LACK = dict.fromkeys(("p_value", "largest_from", "largest_to", "observed", "fitted"), pl.Float64)


def curve(
    frame: Any,
    along: str,
    value: str,
    *,
    by: Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    smooth: int | Literal["each"] | None = None,
    kind: Kind | None = None,
    at: Sequence[float] | None = None,
    confidence: float = 0.95,
    all_curves: bool = True,
    seed: int = 0,
) -> Any:
    """Return the curve of a rate or a mean along a number, with a band for the whole curve.

    Args:
        frame: one row a person.
        along: a number, such as age; rows without one are left out.
        value: true/false or 0/1 for a rate, other numbers for a mean; rows without one are left out.
        by: columns to cross: one curve a group; rows without a group are the group "unknown".
        weight: zero or more, without gaps.
        cluster: column of clusters within which people are not independent; intervals then rest on them.
        smooth: number of coefficients of a cubic B-spline with knots at quantiles (4 is a cubic polynomial);
            by default the cube root of the effective number of people, from 4 to 10, whatever the outcomes
            are, as a choice that looked at them would spoil the band. "each" smooths nothing: one figure a
            value, which needs many people a value.
        kind: "rate" (logistic curve, within 0 and 1) or "mean" (linear); told from the outcome by default.
        at: where to evaluate; by default each value present, or 101 points where there are more than 202.
        confidence: of each interval, and of the band as a whole.
        all_curves: the band holds for all groups at once; False: for each curve by itself.
        seed: of the draws behind the band's critical value.

    Returns:
        A frame of the library that came in, one row a group and point: the ``by`` columns, ``along``,
        ``value``, ``se`` (of a rate: on its own scale), ``ci_low``, ``ci_high`` (for this point alone),
        ``band_low``, ``band_high`` (for all points at once), ``n`` and ``n_here`` (rows of the curve, and at
        just this value), ``left_out`` (rows of the table without a value or an outcome), ``status``:
        "estimated", or why a group has no curve or no interval (nulls then).
        Points beyond a group's own range are "not estimable: beyond the data", never extrapolated.

    Raises:
        ValueError: a column is missing or of the wrong type, nothing is left, or an argument is impossible.

    Source: Montiel Olea and Plagborg-Møller, Journal of Applied Econometrics 34 (2019), for the band;
    Šidák, JASA 62 (1967), for several curves, dependent or not.

    >>> people = pl.DataFrame({"age": [20, 30, 40, 50] * 25, "score": [10.0, 20.0, 30.0, 40.0, 12.0] * 20})
    >>> found = curve(people, "age", "score", smooth="each")
    >>> found["value"].to_list()
    [22.4, 22.4, 22.4, 22.4]
    """
    check_confidence(confidence)
    if smooth == "each" and cluster:
        raise ValueError('smooth="each" treats people as independent: leave out cluster=, or give a number')
    table, kind, groups = _read(frame, along, value, by, weight, cluster, kind)
    points = _points(table.table[along], at)
    band = confidence ** (1 / len(groups)) if all_curves else confidence
    parts = []
    for group, mine in groups:
        x = mine.table[along].to_numpy()
        if smooth == "each":
            found, status = _each(mine, x, points, kind, confidence, band)
        else:
            found, status = _spline(mine, x, points, kind, smooth, (confidence, band), seed)
        values, counts = np.unique(x, return_counts=True)
        here = np.isin(points, values)
        count = np.where(here, counts[np.searchsorted(values, points).clip(max=len(values) - 1)], 0)
        columns = {along: points, **found, "n_here": count, "status": status}
        part = pl.DataFrame(columns).with_columns(
            *(pl.lit(v).alias(c) for c, v in group.items()), n=pl.lit(len(x)), left_out=pl.lit(table.left_out)
        )
        parts.append(part.with_columns(pl.col(_FOUND).fill_nan(None)))
    return table.back(pl.concat(parts).select(*by, along, *_FOUND, "n", "n_here", "left_out", "status"))


def lack_of_fit(
    frame: Any,
    along: str,
    value: str,
    *,
    by: Sequence[str] = (),
    weight: str | None = None,
    cluster: str | None = None,
    smooth: int | None = None,
    kind: Kind | None = None,
) -> Any:
    """Test whether the data follow the smooth curve, and return where they leave it most.

    A rule that starts at a birthday is a cliff; a spline draws it as a slope. The test adds up, at each value
    (at a stretch of values where few people are), what the curve leaves over, and compares the largest of
    these sums with what chance does. Where a curve does fit, simulated false alarms at 5 % are 4 % (rates) to
    9 % (means of people alike within towns): take 0.01 as the line.

    Args:
        frame, along, value, by, weight, cluster, smooth, kind: as for :func:`curve`.

    Returns:
        A frame of the library that came in, one row a group: the ``by`` columns, ``p_value`` (small: the
        curve hides something), ``largest_from`` and ``largest_to`` (the value or range that leaves the curve
        most), ``observed`` and ``fitted`` there, ``status``.

    Raises:
        ValueError: as :func:`curve`.

    >>> ages = pl.DataFrame({"age": list(range(20, 60)) * 30})
    >>> cliff = ages.with_columns(told=(pl.col("age") >= 46) ^ (pl.int_range(pl.len()) % 7 == 0))
    >>> lack_of_fit(cliff, "age", "told", smooth=5)["p_value"].item() < 0.01
    True
    """
    table, kind, groups = _read(frame, along, value, by, weight, cluster, kind)
    found = [group | _lack_of_fit(mine, along, kind, smooth) for group, mine in groups]
    schema = dict.fromkeys(by, pl.String) | _LACK | {"status": pl.String}
    return table.back(pl.DataFrame(found, schema=schema))


def _read(
    frame: Any,
    along: str,
    outcome: str,
    by: Sequence[str],
    weight: str | None,
    cluster: str | None,
    kind: str | None,
) -> tuple[Rows, Kind, list[tuple[dict[str, str], Rows]]]:
    """The rows, what kind of curve, and the rows of each group."""
    if kind not in (None, "rate", "mean"):
        raise ValueError(f'kind {kind!r} is neither "rate" nor "mean"')
    schema = to_lazy(frame, [along, *by])[0].collect_schema()
    number(along, schema)
    if schema[along] == pl.Boolean:
        raise ValueError(f"column {along!r} holds true/false; a curve runs along a number")
    table = rows(frame, outcome, [along], weight, cluster, labels=by)
    y = table.table["_y"]
    chosen: Kind = kind or ("rate" if y.is_in([0.0, 1.0]).all() else "mean")  # type: ignore[assignment]
    if chosen == "rate" and not y.is_between(0, 1).all():
        raise ValueError(f"column {outcome!r} runs from {y.min()!r} to {y.max()!r}; a rate needs 0 to 1")
    if not by:
        return table, chosen, [({}, table)]
    parts = table.table.partition_by(by, as_dict=True)
    named = ((dict(zip(by, key, strict=True)), parts[key]) for key in sorted(parts))
    return table, chosen, [(group, Rows(part, table.left_out, table.back)) for group, part in named]


def _points(values: pl.Series, at: Sequence[float] | None) -> Array:
    if at is not None:
        if len(points := np.unique(np.asarray(at, float))) == 0 or not np.isfinite(points).all():
            raise ValueError("at= needs one or more finite numbers")
        return points
    points = values.unique().sort().to_numpy()
    return points if len(points) <= 2 * POINTS else np.linspace(points[0], points[-1], POINTS)


def _fitted(mine: Rows, x: Array, kind: Kind, smooth: int | None) -> tuple[Any, Array]:
    """The spline of one group and its knots; NotEstimableError says why there is none."""
    values, people = np.unique(x), float(mine.w.sum() ** 2 / (mine.w**2).sum())
    if smooth is None:
        smooth = max(4, min(10, round(people ** (1 / 3))))
    elif isinstance(smooth, bool) or not isinstance(smooth, int) or smooth < 2:
        raise ValueError(f'smooth={smooth!r}: give a number of coefficients from 2, or "each" for curves')
    if len(x) < MIN_ROWS:
        raise NotEstimableError(f"{len(x)} rows, fewer than {MIN_ROWS}")
    if len(values) < 2:
        raise NotEstimableError("all rows have one value only")
    if mine.y.min() == mine.y.max():
        raise NotEstimableError(f"the outcome is {mine.y[0]:g} in every row")
    for k in range(min(smooth, len(values)), 1, -1):  # fewer until the values there are determine all
        degree = min(3, k - 1)
        inner = np.quantile(x, np.linspace(0, 1, k - degree + 1))
        knots = np.concatenate([[inner[0]] * degree, inner, [inner[-1]] * degree])
        basis = _basis(x, knots)
        if np.linalg.matrix_rank(basis, tol=1e-7) == k:
            break
    if people <= k or len(x) <= k:
        raise NotEstimableError(f"{len(x)} rows (as good as {people:.0f} of one weight) for {k} coefficients")
    try:
        apart = Rows(mine.table.drop("_cluster", strict=False), 0, mine.back)
        return fit(apart, basis, kind == "rate", "HC3"), knots
    except NotEstimableError:
        raise NotEstimableError(
            "the rate is 0 or 1 over a whole stretch, where no logistic curve is finite; "
            'use smooth="each", fewer coefficients or kind="mean"'
        ) from None


def _covariance(mine: Rows, fitted: Any) -> Array | None:
    """Covariance of the coefficients; of clusters by leaving each out, None where one alone matters.

    statsmodels' own for clusters makes bands of 95 % that hold 89 % of curves of 60 towns.
    Source: MacKinnon, Nielsen and Webb, Journal of Applied Econometrics 38 (2023), 671-694 (CV3).
    """
    codes = mine.codes()
    x, mean, logit = fitted.model.exog, fitted.fittedvalues, fitted.model.__class__.__name__ == "GLM"
    slope = mine.w * (mean * (1 - mean) if logit else 1.0)
    if codes is None:
        if not logit:
            return np.asarray(fitted.cov_params())
        bread = np.linalg.inv((x * slope[:, None]).T @ x)  # a GLM of statsmodels gives HC0 when asked for HC3
        leverage = np.minimum(slope * ((x @ bread) * x).sum(axis=1), 1 - 1e-6)
        moved = (x * (mine.w * (mine.y - mean) / (1 - leverage))[:, None]) @ bread
        return np.asarray(moved.T @ moved)
    count = codes.max() + 1
    sums, squares = np.zeros((count, x.shape[1])), np.zeros((count, x.shape[1], x.shape[1]))
    np.add.at(sums, codes, x * (mine.w * (mine.y - mean))[:, None])
    np.add.at(squares, codes, x[:, :, None] * (x * slope[:, None])[:, None, :])
    others = squares.sum(axis=0) - squares
    if not (np.linalg.cond(others) < 1e10).all():
        return None
    moved = np.linalg.solve(others, sums[:, :, None])[:, :, 0]
    return np.asarray(moved.T @ moved * ((count - 1) / count))


def _basis(x: Array, knots: Array) -> Array:
    """B-spline columns; they sum to 1, so there is no constant among them."""
    from scipy.interpolate import BSpline

    degree = int((knots == knots[0]).sum()) - 1
    return BSpline.design_matrix(np.clip(x, knots[0], knots[-1]), knots, degree).toarray()


def _spline(
    mine: Rows,
    x: Array,
    points: Array,
    kind: Kind,
    smooth: int | None,
    confidence: tuple[float, float],
    seed: int,
) -> tuple[dict[str, Array], list[str]]:
    from scipy.special import expit

    try:
        fitted, knots = _fitted(mine, x, kind, smooth)
    except NotEstimableError as error:
        nothing = np.full(len(points), np.nan)
        return dict.fromkeys(_FOUND, nothing), [f"not estimable: {error}"] * len(points)
    inside, basis = (points >= knots[0]) & (points <= knots[-1]), _basis(points, knots)
    eta, back = basis @ fitted.params, expit if kind == "rate" else np.asarray
    of_params, codes = _covariance(mine, fitted), mine.codes()
    alone = of_params is None
    covariance = basis @ (np.zeros((len(fitted.params),) * 2) if of_params is None else of_params) @ basis.T
    value, se = back(eta), np.sqrt(np.diag(covariance)) * (np.nan if alone else 1.0)
    freedom = float(fitted.df_resid) if codes is None else max(float(codes.max()), 1.0)
    found = {"value": value, "se": se * (value * (1 - value) if kind == "rate" else 1.0)}
    seen = covariance[np.ix_(inside, inside)]
    widths = critical(confidence[0], freedom), sup_t(seen, confidence[1], freedom, seed)
    for name, width in zip(("ci", "band"), widths, strict=True):
        found |= {f"{name}_low": back(eta - width * se), f"{name}_high": back(eta + width * se)}
    status = [(ONE_CLUSTER if alone else ESTIMATED) if i else BEYOND for i in inside]
    return {name: np.where(inside, column, np.nan) for name, column in found.items()}, status


def _each(
    mine: Rows, x: Array, points: Array, kind: Kind, confidence: float, band: float
) -> tuple[dict[str, Array], list[str]]:
    """One figure a value: Wilson limits of a rate, t limits of a mean, Šidák's level for the band."""
    values, codes = np.unique(x, return_inverse=True)
    w, w2 = (np.bincount(codes, mine.w**power) for power in (1, 2))
    value, people = np.bincount(codes, mine.w * mine.y) / w, intervals.kish(w, w2)
    spread = np.bincount(codes, mine.w**2 * (mine.y - value[codes]) ** 2) / w2
    found = {"value": value, "se": np.sqrt(spread / np.where(people > 1, people - 1, np.nan))}
    for name, level in (("ci", confidence), ("band", band ** (1 / len(values)))):
        rate, mean = intervals.wilson(value, people, level), intervals.student(value, spread, people, level)
        found[f"{name}_low"], found[f"{name}_high"] = rate if kind == "rate" else mean
    here = np.isin(points, values)
    at = np.searchsorted(values, points).clip(max=len(values) - 1)
    status = [ESTIMATED if h else "not estimable: nobody at this value" for h in here]
    return {name: np.where(here, column[at], np.nan) for name, column in found.items()}, status


def _lack_of_fit(mine: Rows, along: str, kind: Kind, smooth: int | None) -> dict[str, Any]:
    from scipy.stats import t as student

    x, w, y = mine.table[along].to_numpy(), mine.w, mine.y
    try:
        fitted, knots = _fitted(mine, x, kind, smooth)
    except NotEstimableError as error:
        return {"status": f"not estimable: {error}"}
    codes = mine.codes()
    if codes is not None and codes.max() == 0:
        return {"status": ONE_CLUSTER}
    basis, value = _basis(x, knots), fitted.fittedvalues
    slope = w * (value * (1 - value) if kind == "rate" else 1.0)
    bins = _stretches(x, np.minimum(value, 1 - value) if kind == "rate" else None)
    if (count := bins.max() + 1) <= basis.shape[1]:
        return {"status": "not estimable: about one coefficient for each value with enough people"}
    inside = np.eye(count)[bins]
    # what a person adds to the sum of a stretch, less what the person moves the curve by
    moved = (basis * slope[:, None]).T
    influence = inside - basis @ np.linalg.solve(moved @ basis, moved @ inside)
    if kind == "rate" and codes is None:  # of a few people often nobody is told: the curve's variance
        size, freedom = (influence**2).T @ (w**2 * value * (1 - value)), np.full(count, np.inf)
    else:
        size = np.diag(mine.variance(influence * (y - value)[:, None]))
        codes = np.arange(len(x)) if codes is None else codes
        freedom = np.array([max(len(np.unique(codes[bins == b])) - 1, 1) for b in range(count)])
    left = inside.T @ (w * (y - value))
    usable = size > 1e-18 * size.max()
    t = np.divide(np.abs(left), np.sqrt(size), out=np.zeros(count), where=usable)
    p = np.where(usable, 2 * student.sf(t, freedom), 1.0)
    there = bins == (worst := int(np.argmin(p)))
    return {
        "p_value": -float(np.expm1(usable.sum() * np.log1p(-min(p[worst], 1 - 1e-16)))),  # Šidák
        "largest_from": float(x[there].min()),
        "largest_to": float(x[there].max()),
        "observed": float(np.average(y[there], weights=w[there])),
        "fitted": float(np.average(value[there], weights=w[there])),
        "status": ESTIMATED,
    }


def _stretches(x: Array, rarer: Array | None) -> Any:
    """Number of the stretch of values of each row: as short as its people allow, about 200 at most.

    ``rarer`` is the chance of the rarer outcome: of a rate, enough people of both are expected in each.
    """
    values, at, counts = np.unique(x, return_inverse=True, return_counts=True)
    both = counts if rarer is None else np.bincount(at, rarer)
    most, few = max(MIN_STRETCH, len(x) / 200), MIN_STRETCH / (1 if rarer is None else 2)
    piece, people, expected = np.zeros(len(values), int), 0.0, 0.0
    for i, (c, r) in enumerate(zip(counts, both, strict=True)):
        full = people >= most and expected >= few
        piece[i] = piece[max(i - 1, 0)] + full
        people, expected = (c, r) if full else (people + c, expected + r)
    if people < most or expected < few:
        piece[piece == piece[-1]] = max(piece[-1] - 1, 0)
    return piece[at]
