"""An outcome along a number such as age, without bins: curves, bands that hold for the whole curve, gaps.

``curve`` describes a sample: a spline (statsmodels) or one figure a value, with a band that covers the whole
curve at once. ``lack_of_fit`` says whether a smooth curve hides a jump. Of the same people at every value
nothing is sampled and nothing should be smoothed: see :func:`bobanalysis.fairness.steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import number, to_lazy
from bobanalysis.fairness.regression import (
    Array,
    Fit,
    NotEstimableError,
    Rows,
    check_confidence,
    critical,
    fit,
    jackknife,
    root,
    rows,
    sup_t,
    totals,
    two_sided,
)

Kind = Literal["rate", "mean"]
MIN_ROWS = 10
"""A curve of fewer rows is not estimable."""
POINTS = 101
"""Points of a curve along a number that has more values than twice that."""

_LIMITS = ("ci_low", "ci_high", "band_low", "band_high")
ESTIMATED, ONE_CLUSTER = "estimated", "no interval: the curve or a stretch of it rests on one cluster"


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
    table, kind = _sums(frame, along, value, by, weight, cluster, kind)
    if smooth == "each" and cluster:
        raise ValueError('smooth="each" treats people as independent: leave out cluster=, or give a number')
    points = _points(table.cells[along], at)
    groups = table.cells.select(by).unique().sort(by).rows(named=True) if by else [{}]
    level = confidence ** (1 / len(groups)) if all_curves else confidence
    one = (
        partial(_each, kind=kind)
        if smooth == "each"
        else partial(_spline, kind=kind, smooth=smooth, seed=seed)
    )
    parts = []
    for group in groups:
        mine = table.within(pl.all_horizontal(pl.col(c) == v for c, v in group.items())) if by else table
        parts.append(_described(mine, along, group, points, partial(one, confidence=confidence, band=level)))
    columns = [*by, along, "value", "se", *_LIMITS, "n", "n_here", "left_out", "status"]
    return table.back(pl.concat(parts).with_columns(left_out=pl.lit(table.left_out)).select(columns))


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
    seed: int = 0,
) -> Any:
    """Test whether the data follow the smooth curve, and return where they leave it most.

    A rule that starts at a birthday is a cliff; a spline draws it as a slope. The test adds up, at each value
    (at a stretch of values where few people are), what the curve leaves over, and compares the largest of
    these sums with what chance does. Where a curve does fit, simulated false alarms at 5 % are 4 % (rates) to
    9 % (means of people alike within towns): take 0.01 as the line.

    Args:
        frame, along, value, by, weight, cluster, smooth, kind, seed: as for :func:`curve`.

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
    table, kind = _sums(frame, along, value, by, weight, cluster, kind)
    groups = table.cells.select(by).unique().sort(by).rows(named=True) if by else [{}]
    parts = []
    for group in groups:
        mine = table.within(pl.all_horizontal(pl.col(c) == v for c, v in group.items())) if by else table
        parts.append(
            pl.DataFrame([group | _lack_of_fit(mine, along, kind, smooth, seed)], schema_overrides=_LACK)
        )
    return table.back(pl.concat(parts))


_BEYOND = "not estimable: beyond the data"
_LACK = {
    **dict.fromkeys(("p_value", "largest_from", "largest_to", "observed", "fitted"), pl.Float64),
    "status": pl.String,
}


@dataclass(frozen=True)
class _Curve:
    """A fitted spline: its coefficients, how uncertain they are, where it holds."""

    knots: Array
    degree: int
    params: Array
    logit: bool
    factor: Array  # k × k, times its transpose is the covariance
    freedom: float  # of the covariance; 0 where there is none
    freedom_at: Callable[[Array], Array]  # of the variance at each of some rows of columns
    range: tuple[float, float]
    scores: Array | None  # clusters × k: influence of each cluster on the coefficients
    cluster_names: Any

    def covers(self, points: Array) -> Any:
        return (points >= self.range[0]) & (points <= self.range[1])

    def predictor(self, points: Array) -> tuple[Array, Array]:
        """Linear predictor and its derivative by the coefficients, at each point."""
        x = _basis(np.clip(points, *self.range), self.knots, self.degree)
        return x @ self.params, x

    def response(self, points: Array) -> tuple[Array, Array]:
        """Rate or mean and its derivative by the coefficients, at each point."""
        eta, x = self.predictor(points)
        if not self.logit:
            return eta, x
        p = _inverse_logit(eta)
        return p, x * (p * (1 - p))[:, None]


def _sums(
    frame: Any,
    along: str,
    outcome: str,
    by: Sequence[str],
    weight: str | None,
    cluster: str | None,
    kind: str | None,
) -> tuple[Rows, Kind]:
    """The sums at each (group, value, cluster) that every curve is made from, and what kind of curve."""
    if kind not in (None, "rate", "mean"):
        raise ValueError(f'kind {kind!r} is neither "rate" nor "mean"')
    schema = to_lazy(frame, [along, *by])[0].collect_schema()
    number(along, schema)
    if schema[along] == pl.Boolean:
        raise ValueError(f"column {along!r} holds true/false; a curve runs along a number")
    table = rows(frame, outcome, [along], weight, cluster, labels=by)
    y = table.cells["_y"]
    chosen: Kind = kind or ("rate" if y.is_in([0.0, 1.0]).all() else "mean")  # type: ignore[assignment]
    if chosen == "rate" and not y.is_between(0, 1).all():
        raise ValueError(f"column {outcome!r} runs from {y.min()!r} to {y.max()!r}; a rate needs 0 to 1")
    keys = [*by, along, *(["_cluster"] if cluster else [])]
    w2, value = pl.col("_w2"), pl.col("_y")
    cells = table.cells.group_by(keys).agg(
        pl.col("_n").sum(),
        pl.col("_w").sum(),
        w2.sum(),
        (pl.col("_w") * value).sum().alias("_wy"),
        (w2 * value).sum().alias("_w2y"),
        (w2 * value**2).sum().alias("_w2y2"),
        pl.col("_w3").sum(),
        (pl.col("_w3") * value).sum().alias("_w3y"),
        (pl.col("_w3") * value**2).sum().alias("_w3y2"),
        value.min().alias("_min"),
        value.max().alias("_max"),
    )
    cells = cells.with_columns(_y=pl.col("_wy") / pl.col("_w")).sort(keys)
    return Rows(cells, table.left_out, table.back), chosen


def _points(values: pl.Series, at: Sequence[float] | None) -> Array:
    if at is not None:
        if len(points := np.unique(np.asarray(at, float))) == 0 or not np.isfinite(points).all():
            raise ValueError("at= needs one or more finite numbers")
        return points
    points = values.unique().sort().to_numpy()
    return points if len(points) <= 2 * POINTS else np.linspace(points[0], points[-1], POINTS)


def _described(mine: Rows, along: str, group: dict[str, str], points: Array, one: Any) -> pl.DataFrame:
    """The rows of one group's curve."""
    found, status = one(mine, along, points)
    here = mine.cells.group_by(along).agg(pl.col("_n").sum().alias("n_here"))
    part = _frame(group | {along: points}, found, status)
    counted = part.join(here, on=along, how="left", maintain_order="left")
    return counted.with_columns(pl.col("n_here").fill_null(0), n=pl.lit(mine.n))


def _frame(keys: dict[str, Any], found: dict[str, Array], status: list[str] | str) -> pl.DataFrame:
    columns = [
        pl.lit(values).alias(name) if isinstance(values, str) else pl.Series(name, values)
        for name, values in {**keys, **found}.items()
    ]
    told = pl.lit(status) if isinstance(status, str) else pl.Series(status)
    frame = pl.select(
        pl.Series("_", np.arange(len(next(iter(found.values()))))), *columns, told.alias("status")
    )
    return frame.drop("_").with_columns(pl.col(c).fill_nan(None) for c in found)


def _nothing(points: Array) -> dict[str, Array]:
    return {c: np.full(len(points), np.nan) for c in ("value", "se", *_LIMITS)}


def _spline(
    mine: Rows,
    along: str,
    points: Array,
    kind: Kind,
    smooth: int | None,
    seed: int,
    confidence: float,
    band: float,
) -> tuple[dict[str, Array], list[str] | str]:
    fitted = _fitted(mine, along, kind, smooth)
    if isinstance(fitted, str):
        return _nothing(points), fitted
    inside = fitted.covers(points)
    eta, x = fitted.predictor(points)
    value, slope = fitted.response(points)
    found = _nothing(points) | {"value": value}
    if fitted.freedom >= 1:
        spread = x @ fitted.factor
        se = np.sqrt((spread**2).sum(axis=1))
        found["se"] = np.sqrt(((slope @ fitted.factor) ** 2).sum(axis=1))
        back = _inverse_logit if fitted.logit else lambda v: v
        for name, width in _widths(spread, inside, fitted.freedom_at(x), confidence, band, seed).items():
            found[f"{name}_low"], found[f"{name}_high"] = back(eta - width * se), back(eta + width * se)
    told = ESTIMATED if fitted.freedom >= 1 else ONE_CLUSTER
    return {c: np.where(inside, v, np.nan) for c, v in found.items()}, [
        told if i else _BEYOND for i in inside
    ]


def _widths(
    spread: Array, inside: Any, freedom: Array, confidence: float, band: float, seed: int
) -> dict[str, Array]:
    """How many standard errors the limits are away: more where the curve rests on few people."""
    from scipy.special import ndtr, stdtrit

    once = critical(confidence)
    always = sup_t(spread[inside], band, seed=seed) if inside.any() else once
    return {name: -stdtrit(freedom, ndtr(-z)) for name, z in (("ci", once), ("band", always))}


def _each(
    mine: Rows, along: str, points: Array, kind: Kind, confidence: float, band: float
) -> tuple[dict[str, Array], list[str] | str]:
    """One figure a value: Wilson limits of a rate, t limits of a mean, Šidák's level for the band."""
    x, w, w2 = mine[along], mine.w, mine["_w2"]
    at = np.searchsorted(x, points)
    here = (at < len(x)) & (x[np.minimum(at, len(x) - 1)] == points)
    at = np.minimum(at, len(x) - 1)
    people, value = intervals.kish(w, w2), mine.y
    squares = mine["_w2y2"] - 2 * value * mine["_w2y"] + value**2 * w2
    spread = np.divide(np.clip(squares, 0, None), w2, out=np.zeros_like(w), where=w2 > 0)
    found = {"value": value, "se": np.sqrt(spread / np.where(people > 1, people - 1, np.nan))}
    for name, level in (("ci", confidence), ("band", band ** (1 / len(x)))):
        if kind == "rate":
            low, high = intervals.wilson(value, people, level)
        else:
            low, high = intervals.student(value, spread, people, level)
        found[f"{name}_low"], found[f"{name}_high"] = low, high
    status = [ESTIMATED if h else "not estimable: nobody at this value" for h in here]
    return {c: np.where(here, v[at], np.nan) for c, v in found.items()}, status


def _fitted(mine: Rows, along: str, kind: Kind, smooth: int | None) -> _Curve | str:
    """The spline of one group, or why there is none."""
    x, y, w, n = mine[along], mine.y, mine.w, mine.cells["_n"].to_numpy()
    values, total = np.unique(x), int(n.sum())
    if total < MIN_ROWS:
        return f"not estimable: {total} rows, fewer than {MIN_ROWS}"
    if len(values) < 2:
        return f"not estimable: {along} has one value only"
    if mine.cells["_min"].min() == mine.cells["_max"].max():
        return f"not estimable: the outcome is {mine.cells['_min'][0]:g} in every row"
    people = float(w.sum() ** 2 / mine["_w2"].sum())
    knots, degree, basis = _knots(x, n, _coefficients(smooth, people, len(values)))
    k = basis.shape[1]
    if total <= k or people <= k:
        return f"not estimable: {total} rows (as good as {people:.0f} of equal weight) for {k} coefficients"
    try:
        fitted = fit(basis, y, w, kind == "rate")
    except NotEstimableError:
        return (
            "not estimable: the rate is 0 or 1 over a whole stretch, where no logistic curve is finite; "
            'use smooth="each", fewer coefficients or kind="mean"'
        )
    codes, scores, names, freedom = mine.clusters(), None, None, float(total - k)
    if codes is None:
        factor = fitted.bread @ root((basis * _squares(mine, basis, fitted)[:, None]).T @ basis)
    else:
        names = mine.cells["_cluster"].unique().sort().to_list()
        try:
            left = w * (y - fitted.mean)
            scores = jackknife(basis, left, w * fitted.slope, codes, fitted.bread)
            factor, freedom = root(scores.T @ scores), len(names) - 1.0
        except NotEstimableError:
            factor, freedom = np.zeros((k, k)), 0.0
    ends = (float(values[0]), float(values[-1]))
    freedom_at = partial(_freedom_at, mine, basis, fitted, freedom)
    logit = kind == "rate"
    return _Curve(knots, degree, fitted.params, logit, factor, freedom, freedom_at, ends, scores, names)


def _freedom_at(mine: Rows, basis: Array, fitted: Fit, most: float, x: Array) -> Array:
    """Degrees of freedom of the variance at each point: the number of people, or clusters, it rests on.

    Source: Satterthwaite's approximation as in Bell and McCaffrey, Survey Methodology 28 (2002), 169-181,
    without the small correlation between residuals.
    """
    load = x @ fitted.bread @ basis.T  # points × cells
    codes = mine.clusters()
    if codes is None:
        v, w2, w3 = fitted.slope, mine["_w2"], mine["_w3"]
        once, twice = load**2 @ (v * w2), load**4 @ (v**2 * w3**2 / w2)
    else:
        parts = totals((load * mine.w * fitted.slope).T, codes) ** 2
        once, twice = parts.sum(axis=0), (parts**2).sum(axis=0)
    return np.clip(once**2 / twice - 1, 1.0, max(most, 1.0))


def _squares(mine: Rows, basis: Array, fitted: Fit) -> Array:
    """Sums of squared weighted residuals, each as if the row had been left out of the fit (HC3).

    A row's leverage is its weight times that of its cell; within a cell one typical weight stands for all.
    """
    squares, cubes = (
        np.clip(mine[f"{s}y2"] - 2 * fitted.mean * mine[f"{s}y"] + fitted.mean**2 * mine[s], 0, None)
        for s in ("_w2", "_w3")
    )
    typical = np.divide(cubes, squares, out=np.zeros_like(cubes), where=squares > 0)
    leverage = np.einsum("ci,ij,cj->c", basis, fitted.bread, basis) * fitted.slope * typical
    return squares / (1 - np.minimum(leverage, 0.9)) ** 2


def _coefficients(smooth: int | None, people: float, values: int) -> int:
    if smooth is None:
        return min(max(4, min(10, round(people ** (1 / 3)))), values)
    if isinstance(smooth, bool) or not isinstance(smooth, int) or smooth < 2:
        raise ValueError(f'smooth={smooth!r}: give a number of coefficients from 2, or "each" for curves')
    return min(smooth, values)


def _knots(x: Array, n: Any, coefficients: int) -> tuple[Array, int, Array]:
    """Knots at quantiles, and fewer of them until every coefficient is determined by the values there are."""
    order = np.argsort(x)
    counts, sorted_x = np.cumsum(n[order]), x[order]
    for k in range(coefficients, 1, -1):
        degree = min(3, k - 1)
        at = np.linspace(0, 1, k - degree + 1)[1:-1] * (counts[-1] - 1)
        below, above = (
            sorted_x[np.searchsorted(counts, part, side="right")] for part in (np.floor(at), np.ceil(at))
        )
        inner = below + (at - np.floor(at)) * (above - below)
        knots = np.concatenate([[sorted_x[0]] * (degree + 1), inner, [sorted_x[-1]] * (degree + 1)])
        basis = _basis(x, knots, degree)
        if np.linalg.matrix_rank(basis, tol=1e-7) == k:
            break
    return knots, degree, basis


def _basis(x: Array, knots: Array, degree: int) -> Array:
    """B-spline columns; they sum to 1, so there is no constant among them."""
    from scipy.interpolate import BSpline

    return BSpline.design_matrix(x, knots, degree).toarray()


def _inverse_logit(eta: Array) -> Array:
    from scipy.special import expit

    return expit(eta)


def _lack_of_fit(mine: Rows, along: str, kind: Kind, smooth: int | None, seed: int) -> dict[str, Any]:
    nothing = dict.fromkeys(_LACK)
    fitted = _fitted(mine, along, kind, smooth)
    if isinstance(fitted, str):
        return nothing | {"status": fitted}
    if fitted.freedom < 1:
        return nothing | {"status": ONE_CLUSTER}
    x, w, y = mine[along], mine.w, mine.y
    basis = _basis(x, fitted.knots, fitted.degree)
    value, _ = fitted.response(x)
    slope = value * (1 - value) if kind == "rate" else np.ones_like(value)
    bread = np.linalg.inv((basis * (w * slope)[:, None]).T @ basis)
    bins = _bins(x, mine.cells["_n"].to_numpy(), value if kind == "rate" else None)
    if len(bins_of := np.unique(bins)) <= basis.shape[1]:
        return nothing | {"status": "not estimable: about one coefficient for each value with enough people"}
    inside = (bins[:, None] == bins_of).astype(float)  # cells × bins
    left = inside.T @ (w * (y - value))
    # what a person adds to the sum of a bin, less what the person moves the curve by
    influence = inside - basis @ bread @ ((basis * (w * slope)[:, None]).T @ inside)
    codes = mine.clusters()
    if codes is not None:
        factor = totals(influence * (w * (y - value))[:, None], codes).T
    elif kind == "rate":  # the variance that the curve implies: of a few people, often nobody is told
        factor = (influence * np.sqrt(mine["_w2"] * value * (1 - value))[:, None]).T
    else:
        e2 = mine["_w2y2"] - 2 * value * mine["_w2y"] + value**2 * mine["_w2"]
        factor = (influence * np.sqrt(np.clip(e2, 0, None))[:, None]).T
    size = np.sqrt((factor**2).sum(axis=1))
    usable = size > 1e-9 * size.max()
    t = np.divide(left, size, out=np.zeros_like(left), where=usable)
    if kind == "mean" or codes is not None:
        t = _normal_scores(t, _people(mine, inside, codes))
    worst = int(np.argmax(np.abs(t)))
    there = bins == bins_of[worst]
    return {
        "p_value": _p_of_largest(factor[usable], float(np.abs(t[worst])), seed),
        "largest_from": float(x[there].min()),
        "largest_to": float(x[there].max()),
        "observed": float(np.average(y[there], weights=w[there])),
        "fitted": float(np.average(value[there], weights=w[there])),
        "status": ESTIMATED,
    }


def _bins(x: Array, n: Any, expected: Array | None) -> Any:
    """Number of the stretch of values of each cell: as short as its people allow, about 200 at most."""
    values, at = np.unique(x, return_inverse=True)
    counts = np.bincount(at, weights=n)
    # of a rate, enough people of both outcomes are expected in each stretch
    both = counts
    if expected is not None:
        both = np.minimum(np.bincount(at, n * expected), np.bincount(at, n * (1 - expected)))
    people, rarer, piece = 0.0, 0.0, np.zeros(len(values), int)
    most = max(MIN_STRETCH, counts.sum() / 200)
    for i, (c, r) in enumerate(zip(counts, both, strict=True)):
        if i:
            full = people >= most and (expected is None or rarer >= MIN_STRETCH / 2)
            piece[i] = piece[i - 1] + full
            people, rarer = (0.0, 0.0) if full else (people, rarer)
        people, rarer = people + c, rarer + r
    if people < most or (expected is not None and rarer < MIN_STRETCH / 2):
        piece[piece == piece[-1]] = max(piece[-1] - 1, 0)
    return piece[at]


MIN_STRETCH = 20
"""Fewest people of a stretch of values at which the misfit of a curve is looked at."""


def _people(mine: Rows, inside: Array, codes: Any) -> Array:
    """Effective number of people, or number of clusters, in each stretch."""
    if codes is not None:
        return (totals(inside, codes) > 0).sum(axis=0).astype(float)
    return (mine.w @ inside) ** 2 / (mine["_w2"] @ inside)


def _normal_scores(t: Array, people: Array) -> Array:
    """Turn ratios of a sum to the root of its squared parts into normal scores, as t tests do."""
    from scipy.special import ndtri, stdtr

    n = np.maximum(people, 2)
    below = -np.sqrt(np.minimum(t**2, 0.999 * n) * (n - 1) / (n - np.minimum(t**2, 0.999 * n)))
    return np.sign(t) * -ndtri(np.maximum(stdtr(n - 1, below), 1e-300))


def _p_of_largest(factor: Array, largest: float, seed: int) -> float:
    """Share of draws whose largest |z| is as large."""
    if len(factor) == 1:
        return float(two_sided(np.array(largest)))
    covariance = factor @ factor.T
    scale = np.sqrt(np.diag(covariance))
    unit = root(covariance / np.outer(scale, scale))
    found = np.abs(unit @ np.random.default_rng(seed).standard_normal((len(unit), 10_000))).max(axis=0)
    return float((1 + (found >= largest).sum()) / (1 + len(found)))
