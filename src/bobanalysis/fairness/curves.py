"""An outcome along a number such as age, without bins: curves, bands that hold for the whole curve, gaps.

``curve`` describes a sample: a spline, with a band that covers the whole curve at once. ``lack_of_fit`` says
whether it is flat, and whether a smooth curve hides something; ``discontinuities`` where it jumps. Of the
same people at every value nothing is sampled and nothing should be smoothed: ``changed_share`` says how much
of the outcome moves when one answer changes and all else stays, ``steps`` where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
MOST_TRIED = 200
"""Values at which a jump is looked for."""
MOST_FITTED = 5
"""Values at which the largest jump may be, tried in turn until a curve with a step is estimable."""
CHUNK = 20_000
"""Rows that are looked at together."""
DRAWS = 10_000
"""Draws behind the critical value of a band: another seed moves it by less than one part in a hundred."""

ESTIMATED, BEYOND = "estimated", "not estimable: beyond the data"
ONE_CLUSTER = "no interval: the curve or a stretch of it rests on one cluster"
_FOUND = ("value", "se", "ci_low", "ci_high", "band_low", "band_high")
_LACK = ("p_value", "largest_from", "largest_to", "observed", "fitted", "p_flat")
_JUMP = ("below", "from", "jump", "se", "ci_low", "ci_high", "p_value", "p_adjusted")


def curve(
    frame: Any, along: str, value: str, *, by: Sequence[str] = (), smooth: int | None = None, **rest: Any
) -> Any:
    """Return the curve of a rate or a mean along a number, with a band for the whole curve.

    Args:
        frame: one row a person.
        along: a number, such as age; rows without one are left out.
        value: true/false or 0/1 for a rate (a logistic curve, within 0 and 1), other numbers for a mean (a
            linear one); rows without one are left out.
        by: columns to cross: one curve a group; rows without a group are the group "unknown".
        smooth: number of coefficients of a cubic B-spline with knots at quantiles (4 is a cubic polynomial);
            by default the cube root of the effective number of people, from 4 to 10, whatever the outcomes
            are, as a choice that looked at them would spoil the band.
        rest: columns: ``weight=`` (zero or more, without gaps), ``cluster=`` (within which people are not
            independent; intervals then rest on clusters), ``count=`` (for how many people a row stands, in a
            table that is already counted). For a survey ``design=`` instead of ``cluster=``: its strata and
            clusters (:class:`bobanalysis.fairness.Design`), those that nobody of a curve is from too; or its
            replicate weights, with each of which the curve is fitted again (for the curve alone, no test).

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
    table, groups = _read(frame, along, value, by, **rest)
    points = table.table[along].unique().sort()
    if len(points) > 2 * POINTS:
        points = pl.Series(along, np.linspace(points[0], points[-1], POINTS))
    parts = []
    for group, mine in groups:
        found, status = _curve(mine, along, points.to_numpy(), smooth, len(groups))
        here = mine.table.group_by(along).agg(n_here=pl.col("_f").sum().cast(pl.Int64))
        part = points.to_frame().join(here, on=along, how="left", maintain_order="left")
        parts.append(
            part.with_columns(
                *(pl.lit(text).alias(name) for name, text in group.items()),
                *(pl.Series(name, column).fill_nan(None) for name, column in found.items()),
                pl.col("n_here").fill_null(0),
                n=pl.lit(int(mine.table["_f"].sum())),
                left_out=pl.lit(table.left_out),
                status=pl.Series(status),
            )
        )
    return table.back(pl.concat(parts).select(*by, along, *_FOUND, "n", "n_here", "left_out", "status"))


def lack_of_fit(
    frame: Any, along: str, value: str, *, by: Sequence[str] = (), smooth: int | None = None, **rest: Any
) -> Any:
    """Test whether the data follow the smooth curve, and return where they leave it most.

    A rule that starts at a birthday is a cliff; a spline draws it as a slope. The test adds up, at each value
    (at a stretch of values where few people are), what the curve leaves over, and compares the largest of
    these sums with what chance does. Where a curve does fit, simulated false alarms at
    5 % are 4 to 5 %.

    Args:
        frame, along, value, by, smooth, rest: as for :func:`curve`.

    Returns:
        A frame of the library that came in, one row a group: the ``by`` columns, ``p_value`` (small: the
        curve hides something), ``largest_from`` and ``largest_to`` (the value or range that leaves the curve
        most), ``observed`` and ``fitted`` there, ``p_flat`` (small: the curve is not flat; a score test of
        all coefficients being equal, robust to unequal variances), ``status``.

    Raises:
        ValueError: as :func:`curve`.

    >>> ages = pl.DataFrame({"age": list(range(20, 60)) * 30})
    >>> cliff = ages.with_columns(told=(pl.col("age") >= 46) ^ (pl.int_range(pl.len()) % 7 == 0))
    >>> lack_of_fit(cliff, "age", "told", smooth=5)["p_value"].item() < 0.01
    True
    """
    table, groups = _read(frame, along, value, by, **rest)
    found = [group | _lack_of_fit(mine, along, smooth) for group, mine in groups]
    schema = dict.fromkeys(by, pl.String) | dict.fromkeys(_LACK, pl.Float64) | {"status": pl.String}
    return table.back(pl.DataFrame(found, schema=schema))


def discontinuities(
    frame: Any,
    along: str,
    value: str,
    *,
    at: Sequence[float] | None = None,
    by: Sequence[str] = (),
    smooth: int | None = None,
    **rest: Any,
) -> Any:
    """Test whether the outcome jumps at named values, or find where it jumps most.

    At each value the curve gets a step beside its spline; the step is what a smooth curve cannot follow. A
    curve steeper than its knots allow looks like a step: see ``lack_of_fit``, and take more coefficients.
    Where none is there, simulated false alarms at 5 % are 4 to 6 %.

    Args:
        frame, along, value, by, smooth, rest: as for :func:`curve`.
        at: values at which a rule may start, such as 50 (those of 50 belong to the upper side); by default
            every value with enough people on both sides is tried, 200 at most, and the largest is told.

    Returns:
        A frame of the library that came in, one row a group and named value, or a group: the ``by`` columns,
        ``along``, ``below`` and ``from`` (rate or mean on either side), ``jump`` with ``se``, ``ci_low`` and
        ``ci_high`` (for all values tried at once), ``p_value`` (of this value alone), ``p_adjusted``
        (corrected for all that were tried, by the largest of as many correlated normal variables),
        ``tried``, ``status``.

    Raises:
        ValueError: as :func:`curve`.

    Source: Westfall and Young, Resampling-based multiple testing (1993), 2.6, for the correction.

    >>> ages = pl.DataFrame({"age": list(range(20, 60)) * 30})
    >>> cliff = ages.with_columns(told=(pl.col("age") >= 46) ^ (pl.int_range(pl.len()) % 7 == 0))
    >>> discontinuities(cliff, "age", "told", smooth=5).select("age", pl.col("p_adjusted") < 0.01).row(0)
    (46.0, True)
    """
    table, groups = _read(frame, along, value, by, **rest)
    found = [group | row for group, mine in groups for row in _jumps(mine, along, at, smooth)]
    schema = dict.fromkeys(by, pl.String) | {along: pl.Float64} | dict.fromkeys(_JUMP, pl.Float64)
    return table.back(pl.DataFrame(found, schema=schema | {"tried": pl.Int64, "status": pl.String}))


def changed_share(frame: Any, pair: str, value: str, weight: str | None = None) -> float | None:
    """Return the share of people whose outcome is not the same under every value of the changed answer.

    Parameters: ``frame``, pandas or Polars; ``pair``, the column that says which rows are one person;
    ``value``, any column (null counts as a value); ``weight``, the column of a person's weight.
    Returns a share from 0 to 1, None for an empty frame. Raises ValueError for a missing column.
    Source: Kusner et al. (2017), Counterfactual fairness, NeurIPS.

    >>> import polars as pl
    >>> changed_share(pl.DataFrame({"pair": [1, 1, 2, 2], "said": list("abaa")}), "pair", "said")
    0.5
    """
    columns = list(dict.fromkeys([pair, value, *([weight] if weight else [])]))
    table = to_lazy(frame, columns)[0].select(columns).collect()
    if table.is_empty():
        return None
    w = pl.col(weight).first() if weight else pl.lit(1.0)
    people = table.group_by(pair).agg(moved=pl.col(value).n_unique() > 1, weight=w)
    return float(people.select((pl.col("moved") * pl.col("weight")).sum() / pl.col("weight").sum()).item())


def steps(frame: Any, pair: str, along: str, value: str, weight: str | None = None) -> Any:
    """Return where the outcome moves along an ordered answer, age by age say.

    Parameters: as for ``changed_share``; ``along``, the changed answer.
    Returns a frame of the same kind, one row a pair of neighbouring values at which somebody's outcome
    changes, in order: ``<along>_from``, ``<along>_to``, ``share_changed`` (0 to 1), ``n`` (people).
    Raises ValueError for a missing column, ValueError if a person lacks one of the values.

    >>> import polars as pl
    >>> sweep = pl.DataFrame({"pair": [1, 1, 1], "age": [29, 30, 31], "said": list("aab")})
    >>> steps(sweep, "pair", "age", "said").rows()
    [(30, 31, 1.0, 1)]
    """
    columns = list(dict.fromkeys([pair, along, value, *([weight] if weight else [])]))
    lazy, back = to_lazy(frame, columns)
    table = lazy.select(columns).collect().sort(pair, along)
    people, values = table[pair].n_unique(), table[along].n_unique()
    if table.height != people * values:
        raise ValueError(f"every {pair} needs one row for each of the {values} values of {along!r}")
    moved = table.with_columns(
        _from=pl.col(along).shift(1).over(pair),
        _changed=pl.col(value).ne_missing(pl.col(value).shift(1).over(pair)),
        _weight=pl.col(weight) if weight else pl.lit(1.0),
    ).drop_nulls("_from")
    ends, w = (pl.col("_from").alias(f"{along}_from"), pl.col(along).alias(f"{along}_to")), pl.col("_weight")
    share = (pl.col("_changed") * w).sum() / w.sum()
    result = moved.group_by(*ends).agg(share_changed=share, n=pl.len().cast(pl.Int64))
    return back(result.filter(pl.col("share_changed") > 0).sort(f"{along}_from"))


def _read(
    frame: Any, along: str, value: str, by: Sequence[str], **rest: Any
) -> tuple[Rows, list[tuple[dict[str, str], Rows]]]:
    """The rows, those that are the same as one with their number ``_f``; and those of each group."""
    schema = to_lazy(frame, [along, *by])[0].collect_schema()
    number(along, schema)
    if schema[along] == pl.Boolean:
        raise ValueError(f"column {along!r} holds true/false; a curve runs along a number")
    table = rows(frame, value, [along], labels=by, **rest)
    # one group may lack an outcome that others have: what kind of curve it is, the whole table says
    rate = pl.lit(table.table["_y"].is_in([0.0, 1.0]).all())
    same = [name for name in table.table.columns if name != "_f"]
    whole = table.table.group_by(same).agg(pl.col("_f").sum()).sort(same).with_columns(_rate=rate)
    parts = whole.partition_by(by, as_dict=True) if by else {(): whole}
    named = [(dict(zip(by, key, strict=True)), parts[key]) for key in sorted(parts)]
    return table, [(group, replace(table, table=part)) for group, part in named]


def _spline(mine: Rows, along: str, smooth: int | None, tested: bool = True) -> tuple[Fit, Array]:
    """The spline of one group and its knots; NotEstimableError says why there is none."""
    if tested and mine.scale is not None:
        raise NotEstimableError("no test of a curve is made with replicate weights")
    x, y, f = mine.table[along].to_numpy(), mine.y, mine.f
    values, people = np.unique(x), float(kish((f * mine.w).sum(), (f * mine.w**2).sum()))
    if smooth is None:
        smooth = max(4, min(10, round(people ** (1 / 3))))
    elif isinstance(smooth, bool) or not isinstance(smooth, int) or smooth < 2:
        raise ValueError(f"smooth={smooth!r}: give a number of coefficients from 2")
    if (n := int(f.sum())) < MIN_ROWS:
        raise NotEstimableError(f"{n} rows, fewer than {MIN_ROWS}")
    if len(values) < 2:
        raise NotEstimableError("all rows have one value only")
    if y.min() == y.max():
        raise NotEstimableError(f"the outcome is {y[0]:g} in every row")
    for k in range(min(smooth, len(values)), 1, -1):  # fewer until the values there are determine all
        degree = min(3, k - 1)
        inner = np.quantile(np.repeat(x, f.astype(int)), np.linspace(0, 1, k - degree + 1))
        knots = np.concatenate([[inner[0]] * degree, inner, [inner[-1]] * degree])
        basis = _basis(x, knots)
        if np.linalg.matrix_rank(basis, tol=1e-7) == k:
            break
    if people <= k or n <= k:
        raise NotEstimableError(f"{n} rows (as good as {people:.0f} of one weight) for {k} coefficients")
    try:
        return fit(mine, basis, mine.table["_rate"][0]), knots
    except NotEstimableError:
        why = "the rate is 0 or 1 over a whole stretch, where no logistic curve is finite"
        raise NotEstimableError(f"{why}; take fewer coefficients or merge values") from None


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
        fitted, knots = _spline(mine, along, smooth, tested=False)
    except NotEstimableError as error:
        return dict.fromkeys(_FOUND, np.full(len(points), np.nan)), [f"not estimable: {error}"] * len(points)
    rate, inside = mine.table["_rate"][0], (points >= knots[0]) & (points <= knots[-1])
    basis = _basis(points, knots)
    eta, back = basis @ fitted.params, expit if rate else np.asarray
    value, moved = back(eta), _moved(mine, fitted)
    if moved is None:
        alone = np.where(inside, value, np.nan)
        told = [ONE_CLUSTER if i else BEYOND for i in inside]
        return {name: alone if name == "value" else 0 * alone + np.nan for name in _FOUND}, told
    seen = basis @ (moved.T @ moved) @ basis.T
    se, again = np.sqrt(np.diag(seen)), mine.scale
    freedom = _freedom(mine, fitted, basis) if again is None else len(again) - 1
    found = {"value": value, "se": se * (value * (1 - value) if rate else 1.0)}
    band = norm.sf(_largest(seen[np.ix_(inside, inside)], CONFIDENCE ** (1 / curves)))
    for name, tail in (("ci", (1 - CONFIDENCE) / 2), ("band", band)):
        half = t.isf(tail, freedom) * se
        found |= {f"{name}_low": back(eta - half), f"{name}_high": back(eta + half)}
    columns = {name: np.where(inside, found[name], np.nan) for name in _FOUND}
    return columns, [ESTIMATED if i else BEYOND for i in inside]


def _moved(mine: Rows, fitted: Fit) -> Array | None:
    """What moves the coefficients: people (HC2), replicates, clusters left out; None where one alone matters.

    statsmodels' own for clusters makes bands of 95 % that hold 89 % of curves of 60 towns.
    Source: MacKinnon, Nielsen and Webb, Journal of Applied Econometrics 38 (2023), 671-694 (CV3).
    """
    x, slope, f = fitted.x, fitted.slope, mine.f
    if mine.scale is not None:
        try:
            return mine.again(lambda one: fit(one, x, mine.table["_rate"][0]).params)
        except NotEstimableError:
            return None
    if mine.clusters is None:
        leverage = np.minimum(slope / f * ((x @ fitted.bread) * x).sum(axis=1), 1 - 1e-6)
        return np.asarray(fitted.moved / np.sqrt(f * (1 - leverage))[:, None])
    strata, sums = mine.strata, mine.by_cluster(x * fitted.left[:, None])
    squares = np.stack([mine.by_cluster(x * (column * slope)[:, None]) for column in x.T], axis=1)
    left = strata.leave_one_out(squares.reshape(len(sums), -1))
    others = np.linalg.inv(fitted.bread) - left.reshape(squares.shape)
    if mine.degrees < 1 or not (np.linalg.cond(others) < 1e10).all():
        return None
    moved = np.linalg.solve(others, strata.leave_one_out(sums)[:, :, None])[:, :, 0]
    return np.asarray(moved / np.sqrt(strata.factor)[:, None])


def _freedom(mine: Rows, fitted: Fit, basis: Array) -> Array:
    """Degrees of freedom of the variance at each point: how many people, or clusters, decide it.

    With those of the whole table, bands of 95 % of means with unequal weights hold 91 % of curves.
    """
    f = mine.f
    share, found = np.sqrt(mine.w * fitted.slope / f), []
    many = f if mine.clusters is None else mine.degrees / (mine.met.size - 1)  # strata take theirs
    for direction in basis @ fitted.bread:
        parts = (fitted.x @ direction) * share
        if mine.clusters is not None:
            parts = mine.by_cluster((f * parts)[:, None])[:, 0]
        found.append((many * parts**2).sum() ** 2 / (many * parts**4).sum())
    return np.array(found)


def _largest(covariance: Array, confidence: float) -> float:
    """Critical value of the largest of several |z|, so that one band holds for all of them at once."""
    return float(np.quantile(_maxima(covariance), confidence))


def _maxima(covariance: Array) -> Array:
    """Draws of the largest of several correlated |z|."""
    size = np.sqrt(np.diag(covariance))
    normal, alike = np.random.default_rng(0).multivariate_normal, covariance / np.outer(size, size)
    draws = normal(np.zeros(len(size)), alike, DRAWS, method="eigh", check_valid="ignore")
    return np.asarray(np.abs(draws).max(axis=1))


def _lack_of_fit(mine: Rows, along: str, smooth: int | None) -> dict[str, Any]:
    from scipy.stats import t as student

    x, y, w, rate = mine.table[along].to_numpy(), mine.y, mine.w, mine.table["_rate"][0]
    f = mine.f
    try:
        fitted, _ = _spline(mine, along, smooth)
    except NotEstimableError as error:
        return {"status": f"not estimable: {error}"}
    if mine.clusters is not None and mine.degrees < 1:
        return {"status": ONE_CLUSTER}
    flat = {"p_flat": _flat(mine, fitted.x)}
    bins = _stretches(x, f, np.minimum(fitted.mean, 1 - fitted.mean) if rate else None)
    if (count := bins.max() + 1) <= fitted.x.shape[1]:
        return flat | {"status": "not estimable: about one coefficient for each value with enough people"}
    left, units = np.bincount(bins, fitted.left, count), np.maximum(np.bincount(bins, f, count), 2)
    size, own, squares = np.zeros((3, count))
    # what a person adds to the sum of a stretch, less what the person moves the curve by
    for part, influence in _beside(fitted, lambda part: np.eye(count)[bins[part]]):
        seen = influence**2 * (w * fitted.slope / f)[part, None]
        own, squares = own + f[part] @ seen, squares + f[part] @ seen**2
        # about the mean of the stretch: a sum of few can never be far in units of its own squares
        if not rate:
            sums = influence * (fitted.left / f)[part, None]
            size += f[part] @ (sums - np.eye(count)[bins[part]] * left / units) ** 2 * units / (units - 1)
    if mine.clusters is not None:
        met = np.zeros((mine.strata.units, count))
        met[mine.clusters, bins] = 1
        units, freedom = np.maximum(met.sum(axis=0), 2), np.full(count, float(mine.degrees))
        sums = _by_cluster(mine, fitted, lambda part: np.eye(count)[bins[part]])
        size = ((sums - met * left / units) ** 2).sum(axis=0) * units / (units - 1)
        size = mine.strata.variances(sums, sums) if mine.strata.mean.size > 1 else size
    elif rate:  # of a few people often nobody is told: the curve's variance
        size, freedom = own, np.full(count, np.inf)
    else:
        freedom = own**2 / squares  # how many people decide it
    usable = size > 1e-18 * size.max()
    t = np.divide(np.abs(left), np.sqrt(size), out=np.zeros(count), where=usable)
    p = np.where(usable, 2 * student.sf(t, freedom), 1.0)
    there = bins == (worst := int(np.argmin(p)))
    return flat | {
        "p_value": -float(np.expm1(usable.sum() * np.log1p(-min(p[worst], 1 - 1e-16)))),  # Šidák
        "largest_from": float(x[there].min()),
        "largest_to": float(x[there].max()),
        "observed": float(np.average(y[there], weights=(f * w)[there])),
        "fitted": float(np.average(fitted.mean[there], weights=(f * w)[there])),
        "status": ESTIMATED,
    }


def _beside(fitted: Fit, columns: Callable[[slice], Array]) -> Iterator[tuple[slice, Array]]:
    """What of some columns the curve cannot follow, some rows at a time, so that memory stays small."""
    parts = [slice(first, first + CHUNK) for first in range(0, len(fitted.x), CHUNK)]
    sums = [(fitted.x[part] * fitted.slope[part, None]).T @ columns(part) for part in parts]
    followed = fitted.bread @ np.sum(sums, axis=0)
    for part in parts:
        yield part, columns(part) - fitted.x[part] @ followed


def _by_cluster(mine: Rows, fitted: Fit, columns: Callable[[slice], Array]) -> Array:
    """What the people of each cluster move the sums of some columns by."""
    parts = _beside(fitted, columns)
    sums = [mine.by_cluster(beside * fitted.left[part, None], part) for part, beside in parts]
    return np.asarray(np.sum(sums, axis=0))


def _from_units(mine: Rows, moved: Array) -> Array:
    """Covariance of sums that are 0 on average, from what each unit moves them by.

    That of the design, within strata, with how far the sums are from 0 as one more degree of freedom: as
    long as the sums of squares about 0 that one stratum has.
    """
    sums = moved.sum(axis=0)
    return mine.strata.covariances(moved, moved) + np.outer(sums, sums) / max(mine.degrees, 1)


def _flat(mine: Rows, basis: Array) -> float:
    """P value of the score test that all coefficients of the curve are equal.

    With strata Hotelling's, with the degrees of freedom of the design: where these are few, chi square
    says too little.
    Source: Korn and Graubard, The American Statistician 44 (1990), 270-276.
    """
    from scipy.stats import beta, chi2

    y, w, f, free = mine.y, mine.w, mine.f, 0
    mean = np.average(y, weights=f * w)
    columns = (basis - np.average(basis, axis=0, weights=f * w))[:, :-1]
    if mine.clusters is None:
        spread = mean * (1 - mean) if mine.table["_rate"][0] else (y - mean) ** 2
        seen = (columns * (f * w**2 * spread)[:, None]).T @ columns
    else:
        moved = mine.by_cluster(columns * (f * w * (y - mean))[:, None])
        seen = _from_units(mine, moved) * (mine.degrees / (mine.degrees + 1))
        free = mine.degrees + 1 if mine.strata.mean.size > 1 else 0
    sums, k = (f * w * (y - mean)) @ columns, columns.shape[1]
    square = sums @ np.linalg.pinv(seen, hermitian=True) @ sums
    return float(beta.sf(square / free, k / 2, (free - k) / 2) if free > k else chi2.sf(square, k))


def _jumps(mine: Rows, along: str, at: Sequence[float] | None, smooth: int | None) -> list[dict[str, Any]]:
    """A row for each named value, or one for the value with the largest jump."""
    from scipy.special import expit
    from scipy.stats import norm

    x, f, rate = mine.table[along].to_numpy(), mine.f, mine.table["_rate"][0]
    try:
        fitted, knots = _spline(mine, along, smooth)
        if mine.clusters is not None and mine.degrees < 1:
            raise NotEstimableError("there are no more primary units than strata")
    except NotEstimableError as error:
        why = {"status": f"not estimable: {error}"}
        return [{along: value} | why for value in ([None] if at is None else at)]
    usual = np.unique(x) if at is None else np.unique(np.asarray(at, float))
    if len(usual) > MOST_TRIED:
        usual = usual[np.linspace(0, len(usual) - 1, MOST_TRIED).round().astype(int)]
    rarer = f * np.minimum(fitted.mean, 1 - fitted.mean) * 2 if rate else f
    tried = np.array([c for c in usual if min(rarer[x < c].sum(), rarer[x >= c].sum()) >= MIN_STRETCH])
    spread = mine.w * fitted.slope if rate else fitted.left**2 / f
    seen, sums = np.zeros((len(tried), len(tried))), np.zeros(len(tried))
    for part, beside in _beside(fitted, lambda part: (x[part, None] >= tried).astype(float)):
        seen, sums = seen + (beside * spread[part, None]).T @ beside, sums + fitted.left[part] @ beside
    if mine.clusters is not None:
        moved = _by_cluster(mine, fitted, lambda part: (x[part, None] >= tried).astype(float))
        seen = _from_units(mine, moved)
    some = np.diag(seen) > 1e-8 * spread.sum()  # a curve as free as the data follows every step
    tried, seen = tried[some], seen[np.ix_(some, some)]
    z, largest = sums[some] / np.sqrt(np.diag(seen)), _maxima(seen) if len(tried) else np.zeros(1)
    found, back = [], expit if rate else np.asarray
    for value in tried[np.argsort(-np.abs(z))][:MOST_FITTED] if at is None else at:
        found.append({along: float(value), "tried": len(tried), "status": ESTIMATED})
        try:
            if value not in tried:
                raise NotEstimableError("too few people on one side")
            steps = fit(mine, np.column_stack([fitted.x, x >= value]), rate)
        except NotEstimableError as error:
            found[-1]["status"] = f"not estimable: {error}"
            continue
        sides = np.column_stack([np.repeat(_basis(np.array([value]), knots), 2, axis=0), [0, 1]])
        below, above = back(sides @ steps.params)
        size, jump = abs(z[tried == value][0]), above - below
        se = abs(jump) / size  # so that limits say what the test says
        ends = jump + np.array([-1, 1]) * np.quantile(largest, CONFIDENCE) * se
        beyond = (1 + (largest >= size).sum()) / (1 + len(largest))
        limits = np.clip(ends, -1, 1) if rate else ends
        values = (below, above, jump, se, *limits, 2 * norm.sf(size), beyond)
        found[-1] |= dict(zip(_JUMP, map(float, values), strict=True))
        if at is None:
            break
    nothing = {"status": "not estimable: no value has enough people on both sides"}
    return found if at is not None else found[-1:] or [nothing]


def _stretches(x: Array, f: Array, rarer: Array | None) -> Any:
    """Number of the stretch of values of each row: as short as its people allow, about 200 at most.

    ``rarer`` is the chance of the rarer outcome: of a rate, enough people of both are expected in each.
    """
    values, at = np.unique(x, return_inverse=True)
    counts = np.bincount(at, f)
    both = counts if rarer is None else np.bincount(at, f * rarer)
    most, few = max(MIN_STRETCH, f.sum() / 200), MIN_STRETCH / (1 if rarer is None else 2)
    piece, people, expected = np.zeros(len(values), int), 0.0, 0.0
    for i, (c, r) in enumerate(zip(counts, both, strict=True)):
        full = people >= most and expected >= few
        piece[i] = piece[max(i - 1, 0)] + full
        people, expected = (c, r) if full else (people + c, expected + r)
    if people < most or expected < few:
        piece[piece == piece[-1]] = max(piece[-1] - 1, 0)
    return piece[at]
