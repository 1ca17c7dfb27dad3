"""An outcome along a number such as age, without bins: curves, bands that hold for the whole curve, gaps.

``curve`` describes a sample: a spline, with a band that covers the whole curve at once. ``lack_of_fit`` says
whether a smooth curve hides a jump. Of the same people at every value nothing is sampled and nothing should
be smoothed: see :func:`bobanalysis.fairness.steps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import number, to_lazy
from bobanalysis.fairness.intervals import kish
from bobanalysis.fairness.regression import CONFIDENCE, Array, Fit, NotEstimableError, Rows, fit, rows

MIN_ROWS = 10
"""A curve of fewer rows is not estimable."""
POINTS = 101
"""Points of a curve along a number that has more values than twice that."""
MIN_STRETCH = 20
"""Fewest people of a stretch of values at which the misfit of a curve is looked at."""
DRAWS = 10_000
"""Draws behind the critical value of a band: another seed moves it by less than one part in a hundred."""

ESTIMATED, BEYOND = "estimated", "not estimable: beyond the data"
_FOUND = ("value", "se", "ci_low", "ci_high", "band_low", "band_high")
_LACK = ("p_value", "largest_from", "largest_to", "observed", "fitted")


def curve(
    frame: Any,
    along: str,
    value: str,
    *,
    by: Sequence[str] = (),
    weight: str | None = None,
    smooth: int | None = None,
) -> Any:
    """Return the curve of a rate or a mean along a number, with a band for the whole curve.

    Args:
        frame: one row a person, independent of the others.
        along: a number, such as age; rows without one are left out.
        value: true/false or 0/1 for a rate (a logistic curve, within 0 and 1), other numbers for a mean (a
            linear one); rows without one are left out.
        by: columns to cross: one curve a group; rows without a group are the group "unknown".
        weight: zero or more, without gaps.
        smooth: number of coefficients of a cubic B-spline with knots at quantiles (4 is a cubic polynomial);
            by default the cube root of the effective number of people, from 4 to 10, whatever the outcomes
            are, as a choice that looked at them would spoil the band.

    Returns:
        A frame of the library that came in, one row a group and point (each value present, or 101 points
        where there are more than 202): the ``by`` columns, ``along``, ``value``, ``se`` (of a rate: on its
        own scale), ``ci_low``, ``ci_high`` (for this point alone), ``band_low``, ``band_high`` (for all
        points of all groups at once), both at 95 %, ``n`` and ``n_here`` (rows of the curve, and at just
        this value), ``left_out`` (rows of the table without a value or an outcome), ``status``: "estimated",
        or why a group has no curve (nulls then). Points beyond a group's own range are "not estimable:
        beyond the data", never extrapolated.

    Raises:
        ValueError: a column is missing or of the wrong type, nothing is left, or an argument is impossible.

    Source: Montiel Olea and Plagborg-Møller, Journal of Applied Econometrics 34 (2019), for the band;
    Bell and McCaffrey, Survey Methodology 28 (2002), 169-181, for limits where few people decide a point;
    Šidák, JASA 62 (1967), for several curves, dependent or not.

    >>> people = pl.DataFrame({"age": [20, 30, 40, 50] * 25, "score": [10.0, 20.0, 30.0, 40.0, 12.0] * 20})
    >>> found = curve(people, "age", "score")
    >>> found["value"].round(6).to_list()
    [22.4, 22.4, 22.4, 22.4]
    """
    table, groups = _read(frame, along, value, by, weight)
    points = table.table[along].unique().sort()
    if len(points) > 2 * POINTS:
        points = pl.Series(along, np.linspace(points[0], points[-1], POINTS))
    parts = []
    for group, mine in groups:
        found, status = _curve(mine, along, points.to_numpy(), smooth, len(groups))
        here = mine.table.group_by(along).agg(n_here=pl.len().cast(pl.Int64))
        part = points.to_frame().join(here, on=along, how="left", maintain_order="left")
        parts.append(
            part.with_columns(
                *(pl.lit(text).alias(name) for name, text in group.items()),
                *(pl.Series(name, column).fill_nan(None) for name, column in found.items()),
                pl.col("n_here").fill_null(0),
                n=pl.lit(mine.table.height),
                left_out=pl.lit(table.left_out),
                status=pl.Series(status),
            )
        )
    return table.back(pl.concat(parts).select(*by, along, *_FOUND, "n", "n_here", "left_out", "status"))


def lack_of_fit(
    frame: Any,
    along: str,
    value: str,
    *,
    by: Sequence[str] = (),
    weight: str | None = None,
    smooth: int | None = None,
) -> Any:
    """Test whether the data follow the smooth curve, and return where they leave it most.

    A rule that starts at a birthday is a cliff; a spline draws it as a slope. The test adds up, at each value
    (at a stretch of values where few people are), what the curve leaves over, and compares the largest of
    these sums with what chance does. Where a curve does fit, simulated false alarms at
    5 % are 4 to 5 %.

    Args:
        frame, along, value, by, weight, smooth: as for :func:`curve`.

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
    table, groups = _read(frame, along, value, by, weight)
    found = [group | _lack_of_fit(mine, along, smooth) for group, mine in groups]
    schema = dict.fromkeys(by, pl.String) | dict.fromkeys(_LACK, pl.Float64) | {"status": pl.String}
    return table.back(pl.DataFrame(found, schema=schema))


def _read(
    frame: Any, along: str, value: str, by: Sequence[str], weight: str | None
) -> tuple[Rows, list[tuple[dict[str, str], Rows]]]:
    """The rows, and those of each group."""
    schema = to_lazy(frame, [along, *by])[0].collect_schema()
    number(along, schema)
    if schema[along] == pl.Boolean:
        raise ValueError(f"column {along!r} holds true/false; a curve runs along a number")
    table = rows(frame, value, [along], weight, labels=by)
    # one group may lack an outcome that others have: what kind of curve it is, the whole table says
    rate = pl.lit(table.table["_y"].is_in([0.0, 1.0]).all())
    whole = table.table.with_columns(_rate=rate)
    parts = whole.partition_by(by, as_dict=True) if by else {(): whole}
    named = [(dict(zip(by, key, strict=True)), parts[key]) for key in sorted(parts)]
    return table, [(group, Rows(part, table.left_out, table.back)) for group, part in named]


def _spline(mine: Rows, along: str, smooth: int | None) -> tuple[Fit, Array]:
    """The spline of one group and its knots; NotEstimableError says why there is none."""
    x, y = mine.table[along].to_numpy(), mine.y
    values, people = np.unique(x), float(kish(mine.w.sum(), (mine.w**2).sum()))
    if smooth is None:
        smooth = max(4, min(10, round(people ** (1 / 3))))
    elif isinstance(smooth, bool) or not isinstance(smooth, int) or smooth < 2:
        raise ValueError(f"smooth={smooth!r}: give a number of coefficients from 2")
    if len(x) < MIN_ROWS:
        raise NotEstimableError(f"{len(x)} rows, fewer than {MIN_ROWS}")
    if len(values) < 2:
        raise NotEstimableError("all rows have one value only")
    if y.min() == y.max():
        raise NotEstimableError(f"the outcome is {y[0]:g} in every row")
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
        return fit(mine, basis, mine.table["_rate"][0]), knots
    except NotEstimableError:
        raise NotEstimableError(
            "the rate is 0 or 1 over a whole stretch, where no logistic curve is finite; "
            "take fewer coefficients or merge values"
        ) from None


def _basis(x: Array, knots: Array) -> Array:
    """B-spline columns; they sum to 1, so there is no constant among them."""
    from scipy.interpolate import BSpline

    degree = int((knots == knots[0]).sum()) - 1
    return BSpline.design_matrix(np.clip(x, knots[0], knots[-1]), knots, degree).toarray()


def _curve(
    mine: Rows, along: str, points: Array, smooth: int | None, curves: int
) -> tuple[dict[str, Array], list[str]]:
    from scipy.special import expit
    from scipy.stats import norm, t

    try:
        fitted, knots = _spline(mine, along, smooth)
    except NotEstimableError as error:
        return dict.fromkeys(_FOUND, np.full(len(points), np.nan)), [f"not estimable: {error}"] * len(points)
    rate, inside = mine.table["_rate"][0], (points >= knots[0]) & (points <= knots[-1])
    basis = _basis(points, knots)
    eta, back = basis @ fitted.params, expit if rate else np.asarray
    leverage = np.minimum(fitted.slope * ((fitted.x @ fitted.bread) * fitted.x).sum(axis=1), 1 - 1e-6)
    moved = fitted.moved / np.sqrt(1 - leverage)[:, None]  # HC2
    seen, value = basis @ (moved.T @ moved) @ basis.T, back(eta)
    se, freedom = np.sqrt(np.diag(seen)), _freedom(mine, fitted, basis)
    found = {"value": value, "se": se * (value * (1 - value) if rate else 1.0)}
    band = norm.sf(_largest(seen[np.ix_(inside, inside)], CONFIDENCE ** (1 / curves)))
    for name, tail in (("ci", (1 - CONFIDENCE) / 2), ("band", band)):
        half = t.isf(tail, freedom) * se
        found |= {f"{name}_low": back(eta - half), f"{name}_high": back(eta + half)}
    columns = {name: np.where(inside, found[name], np.nan) for name in _FOUND}
    return columns, [ESTIMATED if i else BEYOND for i in inside]


def _freedom(mine: Rows, fitted: Fit, basis: Array) -> Array:
    """Degrees of freedom of the variance at each point: how many people decide it.

    With those of the whole table, bands of 95 % of means with unequal weights hold 91 % of curves.
    """
    share, found = np.sqrt(mine.w * fitted.slope), []
    for direction in basis @ fitted.bread:
        parts = ((fitted.x @ direction) * share) ** 2
        found.append(parts.sum() ** 2 / (parts**2).sum())
    return np.array(found)


def _largest(covariance: Array, confidence: float) -> float:
    """Critical value of the largest of several |z|, so that one band holds for all of them at once."""
    size = np.sqrt(np.diag(covariance))
    draws = np.random.default_rng(0).multivariate_normal(
        np.zeros(len(size)), covariance / np.outer(size, size), DRAWS, method="eigh", check_valid="ignore"
    )
    return float(np.quantile(np.abs(draws).max(axis=1), confidence))


def _lack_of_fit(mine: Rows, along: str, smooth: int | None) -> dict[str, Any]:
    from scipy.stats import t as student

    x, y, w, rate = mine.table[along].to_numpy(), mine.y, mine.w, mine.table["_rate"][0]
    try:
        fitted, _ = _spline(mine, along, smooth)
    except NotEstimableError as error:
        return {"status": f"not estimable: {error}"}
    bins = _stretches(x, np.minimum(fitted.mean, 1 - fitted.mean) if rate else None)
    if (count := bins.max() + 1) <= fitted.x.shape[1]:
        return {"status": "not estimable: about one coefficient for each value with enough people"}
    inside = np.eye(count)[bins]
    # what a person adds to the sum of a stretch, less what the person moves the curve by
    influence = inside - fitted.x @ (fitted.bread @ (fitted.x * fitted.slope[:, None]).T @ inside)
    left = inside.T @ fitted.left
    if rate:  # of a few people often nobody is told: the curve's variance
        size, freedom = (influence**2).T @ (w * fitted.slope), np.full(count, np.inf)
    else:
        sums, units = influence * fitted.left[:, None], np.maximum(inside.sum(axis=0), 2)
        # about the mean of the stretch: a sum of few can never be far in units of its own squares
        size = ((sums - inside * left / units) ** 2).sum(axis=0) * units / (units - 1)
        parts = influence**2 * (w * fitted.slope)[:, None]
        freedom = parts.sum(axis=0) ** 2 / (parts**2).sum(axis=0)  # how many people decide it
    usable = size > 1e-18 * size.max()
    t = np.divide(np.abs(left), np.sqrt(size), out=np.zeros(count), where=usable)
    p = np.where(usable, 2 * student.sf(t, freedom), 1.0)
    there = bins == (worst := int(np.argmin(p)))
    return {
        "p_value": -float(np.expm1(usable.sum() * np.log1p(-min(p[worst], 1 - 1e-16)))),  # Šidák
        "largest_from": float(x[there].min()),
        "largest_to": float(x[there].max()),
        "observed": float(np.average(y[there], weights=w[there])),
        "fitted": float(np.average(fitted.mean[there], weights=w[there])),
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
