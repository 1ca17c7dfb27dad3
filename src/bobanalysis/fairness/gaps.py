"""Gaps between groups, with a false-alarm rate that holds: a test, and limits for the largest of many gaps.

Of many groups that are truly alike, the two that differ most always look different. So nothing here compares
two groups as if they had been chosen beforehand. Each group gets a *comparison interval* (Wilson's score
interval of a rate, Student's of a mean) with its multiplier set so that, if all groups were alike, two of
them anywhere would fail to overlap in 5 % of data sets only. Intervals that do not overlap are a gap; how far
apart they are is its lower limit.

The multiplier comes from data sets drawn without a difference, all from the sums of the cube, so that a draw
costs the same whatever the rows:

* rates: group sizes are kept and the selected dealt out again (a conditional permutation test);
* rates with weights: numbers of people and sums of their weights are drawn from the moments of everybody's
  weights among those selected and those not, weights divided by their mean in each group first, so that
  groups of different weight can exchange them;
* means: means and their variances are drawn, each group with its own variance, all with the skewness that the
  scores have within groups.

Where precisions differ between groups, the limits are widened to what that asks for.

Sources: Hochberg, Weiss and Hart, On graphical procedures for multiple comparisons, JASA 77 (1982), 767-772;
Westfall and Young, Resampling-based multiple testing (1993); for the mid-P value Lancaster, JASA 56 (1961),
223-234. Wilson: see :mod:`bobanalysis.fairness.intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import Cube, cube
from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.metrics import RATES, labelled, mean_sums, rate_sums

DRAWS = 1_999
"""Number of data sets drawn without a difference, where groups are few enough to afford it."""

_FEWEST, _WORK, _CHUNK = 199, 20_000_000, 2_000_000
_MOST_PAIRS = 1_000
_MOST_DEALT = 10**9  # people, that numpy deals out without replacement
MEAN = "mean_score"


@dataclass(frozen=True)
class GapTest:
    """The largest gap between groups, and how sure it is.

    Attributes:
        metric: what was compared.
        value: largest observed gap, a difference of shares (or of means); biased upwards, more so with many
            small groups.
        high, low: labels of the groups with the highest and the lowest observed rate.
        ci_low, ci_high: limits of the largest true gap, for all gaps at once; 0 as the lower one means that
            "no gap at all" cannot be excluded. Above 0 exactly when ``p_value`` is 1 - confidence or less.
        p_value: chance of intervals this far apart somewhere, if all groups were alike.
        surest: labels of the two groups whose gap is the surest; with unequal sizes seldom the largest one.
        omnibus_p_value: the same for the chi-square distance of all groups from the average: stronger where
            many groups differ a little.
        n: rows that were compared.
        groups: number of groups that were compared.
        left_out: labels of the groups too small to compare.
        intervals: a row a group: its label, ``n``, ``people`` (effective number), ``value``, and the
            comparison interval ``low`` to ``high``; two groups differ when theirs do not overlap.
        confidence: nominal coverage.
        draws: number of data sets drawn.
        method: how they were drawn.
        reason: why the test is not estimable (values are then None), or None.
    """

    metric: str
    value: float | None
    n: int
    groups: int
    left_out: tuple[str, ...]
    intervals: pl.DataFrame = field(repr=False)
    high: str | None = None
    low: str | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    surest: tuple[str, str] | None = None
    omnibus_p_value: float | None = None
    confidence: float = 0.95
    draws: int = 0
    method: str = ""
    reason: str | None = None

    @property
    def estimable(self) -> bool:
        """Whether the data allow a test."""
        return self.reason is None


def gap_test(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    metric: str | None = None,
    min_group: int = 2,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    *,
    score: str | None = None,
) -> GapTest:
    """Test whether groups differ at all, and say how large the largest gap is.

    Args:
        frame: one row a person: Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross. Rows without a group are the group "unknown".
        prediction, outcome, score, weight: as for :func:`bobanalysis.fairness.group_metrics`; weights may be
            related to what is measured.
        metric: name of a rate of :func:`bobanalysis.fairness.group_metrics`, such as
            "false_positive_rate", or "mean_score"; by default the first that the columns allow.
        min_group: groups of fewer rows are left out, and named. At least 2: one row shows no rate.
        confidence: nominal coverage; 1 minus it is the level of the test.
        draws: data sets to draw; fewer are where groups are many (at least 199).
        seed: of the random numbers.

    Returns:
        The test; see :class:`GapTest`. It is *not estimable*, and says why, where fewer than two groups are
        large enough or where all are given the same.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or an unknown metric.

    Example:
        >>> told = [1] * 40 + [0] * 60 + [1] * 70 + [0] * 30
        >>> people = pl.DataFrame({"age": ["under 50"] * 100 + ["50 or more"] * 100, "told": told})
        >>> found = gap_test(people, groups=["age"], prediction="told", draws=999)
        >>> print(f"{found.value:.2f} ({found.ci_low:.2f} to {found.ci_high:.2f}), p {found.p_value:.3f}")
        0.30 (0.16 to 0.43), p 0.001
    """
    cells = _cells(frame, groups, prediction, outcome, weight, score)
    levels = compare(cells, metric, min_group, confidence)
    size: dict[str, Any] = {"n": int(levels.n.sum()), "groups": len(levels.n), "left_out": levels.left_out}
    if reason := _why_not(levels):
        nothing = np.full(len(levels.n), np.nan)
        value = float(np.ptp(levels.value)) if len(levels.n) > 1 else None
        table = _comparison(levels, nothing, nothing)
        return GapTest(levels.metric, value, **size, intervals=table, confidence=confidence, reason=reason)
    found, apart = _separation(levels.value[None], levels.precision[None], levels.mean)
    null, spreads = _null(levels, draws, seed)
    p_value = _mid_p(found[0], null)
    q = _agreeing(_multiplier(levels, null, confidence), found[0], p_value, confidence)
    low, high = _limits(levels.value, levels.precision, q, levels.mean)
    top, bottom = int(levels.value.argmax()), int(levels.value.argmin())
    widest = float(high.max() - low.min())
    spread = _spread(levels.value[None], levels.precision[None], levels.mean)[0]
    labels = levels.labels
    return GapTest(
        metric=levels.metric,
        value=float(levels.value[top] - levels.value[bottom]),
        high=labels[top],
        low=labels[bottom],
        ci_low=float(max(low.max() - high.min(), 0.0)),
        ci_high=widest if levels.mean else min(widest, 1.0),
        p_value=p_value,
        surest=(labels[apart[0][0]], labels[apart[1][0]]),
        omnibus_p_value=_mid_p(spread, spreads),
        intervals=_comparison(levels, low, high),
        confidence=confidence,
        draws=len(null),
        method=levels.method,
        **size,
    )


def pairwise_gaps(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    reference: Any = None,
    outcome: str | None = None,
    weight: str | None = None,
    metric: str | None = None,
    min_group: int = 2,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
    *,
    score: str | None = None,
) -> Any:
    """Return all gaps between two groups, or all gaps to one group, with limits that hold for all at once.

    Args:
        frame, groups, prediction, outcome, score, weight, metric, min_group, confidence, draws, seed: as for
            :func:`gap_test`.
        reference: label of the group to compare the others with (one label a group column); None compares
            every two groups.

    Returns:
        A frame of the library that came in, one row a pair, the surest gap first: ``group``, ``other``,
        ``n``, ``other_n``, ``value``, ``other_value``, ``difference`` (positive, or either sign to a
        reference), simultaneous ``ci_low`` and ``ci_high``, and ``p_adjusted``: the chance of a gap as sure
        as this anywhere among them, if all groups were alike. No rows where nothing is estimable.

    Raises:
        ValueError: as :func:`gap_test`; a reference that is not there; too many pairs to list.

    Example:
        >>> told = [1] * 40 + [0] * 60 + [1] * 70 + [0] * 30
        >>> people = pl.DataFrame({"age": ["under 50"] * 100 + ["50 or more"] * 100, "told": told})
        >>> found = pairwise_gaps(people, ["age"], "told", reference="under 50", draws=999)
        >>> found["difference"].round(3).item()
        0.3
    """
    cells = _cells(frame, groups, prediction, outcome, weight, score)
    levels = compare(cells, metric, min_group, confidence)
    against = None if reference is None else levels.position(reference)
    count = len(levels.n)
    if against is not None:
        one, other = np.delete(np.arange(count), against), np.array([against])
    elif count > _MOST_PAIRS:
        raise ValueError(f"{count} groups make too many pairs to list; give reference=, or take gap_test")
    else:
        one, other = np.triu_indices(count, 1)
    if _why_not(levels):
        one, other = one[:0], other[:0]
        null, q = np.zeros(1), 0.0
    else:
        null = np.sort(_null(levels, draws, seed, against)[0])
        q = _multiplier(levels, null, confidence, against)
    other = np.broadcast_to(other, one.shape)
    p, n = levels.value, levels.precision
    if reference is None:
        swap = p[one] < p[other]
        one, other = np.where(swap, other, one), np.where(swap, one, other)
    low, high = _limits(p, n, q, levels.mean)
    sure = np.abs(_pair(p[one], n[one], p[other], n[other], levels.mean))
    greater = len(null) - np.searchsorted(null, sure * (1 + 1e-9), "right")
    equal = len(null) - np.searchsorted(null, sure * (1 - 1e-9), "left") - greater
    labels = np.array(levels.labels, dtype=object)
    furthest = np.inf if levels.mean else 1.0
    table = {
        "group": pl.Series(labels[one].tolist(), dtype=pl.String),
        "other": pl.Series(labels[other].tolist(), dtype=pl.String),
        "n": levels.n[one],
        "other_n": levels.n[other],
        "value": p[one],
        "other_value": p[other],
        "difference": p[one] - p[other],
        "ci_low": np.maximum(low[one] - high[other], -furthest),
        "ci_high": np.minimum(high[one] - low[other], furthest),
        "p_adjusted": (1 + greater + equal / 2) / (1 + len(null)),
    }
    order = np.argsort(-sure, kind="stable")
    return cells.back(pl.DataFrame(table)[order])


# --- what is compared -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Levels:
    """Rates or means of the groups that can be compared, and what is needed to draw them again.

    Attributes:
        metric, labels: what is compared, and between whom.
        n: rows of each group.
        value: its rate or mean.
        people: its effective number of people.
        precision: of a rate the effective number of people; of a mean 1 / (standard error)², the error
            lengthened as Student's t asks for at the confidence.
        left_out: labels of the groups too small to compare.
        weights: with weights, of those not selected and of those selected: share of all, mean and mean square
            of the normalised weights; None without.
        variance: of a mean, that of the people of each group; None for rates.
        skewness: of a mean, that of the people within groups.
    """

    metric: str
    labels: list[str]
    n: Any
    value: Array
    people: Array
    precision: Array
    left_out: tuple[str, ...]
    weights: Array | None = None
    variance: Array | None = None
    skewness: float = 0.0

    @property
    def mean(self) -> bool:
        """Whether means are compared rather than rates."""
        return self.variance is not None

    @property
    def method(self) -> str:
        """How data sets without a difference are drawn."""
        if self.mean:
            return "means and variances from the moments of each group"
        if self.weights is not None:
            return "pooled numbers and weights, normalised by group"
        return "conditional permutation on the count cube"

    def position(self, reference: Any) -> int:
        """Return where a group is; ValueError if it is not compared."""
        parts = reference if isinstance(reference, tuple | list) else [reference]
        label = " × ".join(str(part) for part in parts)
        if label not in self.labels:
            shown = ", ".join(self.labels[:20])
            raise ValueError(f"reference {label!r} is not among the groups compared: {shown}")
        return self.labels.index(label)


def _cells(
    frame: Any,
    groups: Sequence[str] | None,
    prediction: str | None,
    outcome: str | None,
    weight: str | None,
    score: str | None,
) -> Cube:
    if not (isinstance(frame, Cube) or prediction or outcome or score):
        raise ValueError("nothing to compare: give prediction=, outcome= or score=")
    if not (isinstance(frame, Cube) or groups):
        raise ValueError("a gap needs groups: give groups=")
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, weight=weight, score=score)
    if "_prediction" in cells.cells.columns and not cells.binary:
        raise ValueError(
            f"column {prediction!r} holds several answers; compare one of them, as true/false or 0/1"
        )
    return cells


def compare(cells: Cube, metric: str | None, min_group: int, confidence: float = 0.95) -> Levels:
    """Return the levels of a metric in the groups of a cube that are large enough."""
    has = cells.cells.columns
    first = ("selection_rate", "_prediction"), ("base_rate", "_outcome"), (MEAN, "_score_sum")
    metric = metric or next(name for name, column in first if column in has)
    if metric != MEAN and metric not in RATES:
        raise ValueError(f"metric {metric!r} is not one of: {', '.join((*RATES, MEAN))}")
    needed = {"_score_sum"} if metric == MEAN else {c for e in RATES[metric] for c in e.meta.root_names()}
    if missing := sorted(needed - {*has}, reverse=True):
        raise ValueError(f"{metric} needs {missing[0].strip('_').removesuffix('_sum')}=")
    cells, _ = cells.renamed()
    groups = list(cells.groups)
    if metric == MEAN:
        sums = mean_sums(cells.cells, groups)
    else:
        sums = rate_sums(cells.cells, groups, metric, None, *RATES[metric])
    sums = labelled(sums, groups).with_columns(_label=pl.concat_str(groups, separator=" × "))
    people = intervals.kish(sums["w"].to_numpy(), sums["w2"].to_numpy())
    kept = (sums["n"].to_numpy() >= max(min_group, 2)) & (people > (1 if metric == MEAN else 0))
    left_out, sums, people = sums.filter(~kept)["_label"], sums.filter(kept), people[kept]
    n, w, w2, x = (sums[c].to_numpy() for c in ("n", "w", "w2", "x"))
    value = x / w if metric == MEAN else np.clip(x / w, 0, 1)
    found = Levels(metric, sums["_label"].to_list(), n, value, people, people, tuple(left_out))
    if metric == MEAN:
        cubes = sums["m3"].to_numpy() if "m3" in sums.columns else np.zeros_like(w)
        return _with_variance(found, sums["m2"].to_numpy() / w, cubes / w, confidence)
    if np.array_equal(w, n) and np.array_equal(w2, n):
        return found
    among = cells.cells.filter(RATES[metric][1]).select(*groups, "_n", "_w", "_w2", y=RATES[metric][0])
    by = among.group_by(groups).agg(_mean=pl.col("_w").sum() / pl.col("_n").sum())
    mean = pl.col("_mean")
    parts = (
        among.join(by.filter(mean > 0), on=groups, nulls_equal=True)
        .group_by("y")
        .agg(pl.col("_n").sum(), (pl.col("_w") / mean).sum(), (pl.col("_w2") / mean**2).sum())
        .sort("y")
    )
    number, weight, square = (parts[c].cast(pl.Float64).to_numpy() for c in ("_n", "_w", "_w2"))
    return replace(found, weights=np.stack([parts["y"].to_numpy(), number, weight, square]))


def _with_variance(levels: Levels, variance: Array, cubes: Array, confidence: float) -> Levels:
    """Add the variance of the people of each group; one that shows none has that of all together."""
    from scipy.special import ndtri, stdtrit

    freedom = levels.people - 1
    unbiased = variance * levels.people / freedom
    pooled = float(np.average(unbiased, weights=freedom)) if len(freedom) else 0.0
    unbiased = np.where(unbiased > 1e-12 * pooled, unbiased, pooled)
    size = float((levels.people * variance**1.5).sum())
    skewness = float((levels.people * cubes).sum()) / size if size > 0 else 0.0
    q = 0.5 + confidence / 2
    longer = stdtrit(freedom, q) / ndtri(q)
    with np.errstate(divide="ignore"):
        precision = levels.people / (unbiased * longer**2)
    return replace(levels, skewness=skewness, variance=unbiased, precision=precision)


def _why_not(levels: Levels) -> str | None:
    if len(levels.n) < 2:
        few = f"{len(levels.n)} group{'s' if len(levels.n) != 1 else ''} large enough to compare"
        return f"not estimable: {few}; a gap needs two"
    same = levels.variance is not None and not levels.variance.any()
    if same or (not levels.mean and ((levels.value == 0).all() or (levels.value == 1).all())):
        return "not estimable: everybody is given the same, so nothing shows how much chance alone would move"
    return None


def _comparison(levels: Levels, low: Array, high: Array) -> pl.DataFrame:
    table = {
        "group": pl.Series(levels.labels, dtype=pl.String),
        "n": levels.n,
        "people": levels.people,
        "value": levels.value,
        "low": low,
        "high": high,
    }
    return pl.DataFrame(table).with_columns(pl.col("low", "high").fill_nan(None))


# --- how far apart intervals are --------------------------------------------------------------------------


def _limits(value: Array, precision: Array, q: Any, mean: bool) -> tuple[Array, Array]:
    """Wilson's limits of rates, or those of means, at multiplier q, which may differ by row."""
    if mean:
        return value - q / np.sqrt(precision), value + q / np.sqrt(precision)
    t = q * q / precision
    half = np.sqrt(t * (value * (1 - value) + t / 4))
    return (value + t / 2 - half) / (1 + t), (value + t / 2 + half) / (1 + t)


def _pair(p: Array, n: Array, other: Array, m: Array, mean: bool) -> Array:
    """Multiplier at which the intervals of two groups touch, with the sign of their difference.

    Those of rates touch at the rate that lies equally many standard errors from both.
    """
    a, b = np.sqrt(n), np.sqrt(m)
    scale = 1 / a + 1 / b
    if not mean:
        between = (p * a + other * b) / (a + b)
        scale = scale * np.sqrt(np.maximum(between * (1 - between), 0))
    return np.divide(p - other, scale, out=np.zeros_like(scale), where=scale > 0)


def _separation(
    value: Array, precision: Array, mean: bool, lowest: Array | None = None
) -> tuple[Array, tuple[Any, Any]]:
    """Smallest multiplier at which the intervals of all groups overlap, for each row of (sets × groups).

    ``lowest`` are the rates to compare from below, where they are not the same as from above. Also returned:
    the positions of the two groups that overlap last.
    """
    lowest = value if lowest is None else lowest
    precision = np.broadcast_to(precision, value.shape)

    def farthest(rows: Any, q: Array) -> tuple[Any, Any]:
        n = precision[rows]
        above, below = _limits(value[rows], n, q, mean)[0], _limits(lowest[rows], n, q, mean)[1]
        return above.argmax(1), below.argmin(1)

    def touch(rows: Any, i: Any, j: Any) -> Array:
        return _pair(value[rows, i], precision[rows, i], lowest[rows, j], precision[rows, j], mean)

    return _climb(len(value), farthest, touch)


def _climb(
    sets: int, farthest: Callable[[Any, Array], tuple[Any, Any]], touch: Callable[[Any, Any, Any], Array]
) -> tuple[Array, tuple[Any, Any]]:
    """Climb from pair to pair: at the multiplier where one pair touches, another may still be apart."""
    q = np.zeros(sets)
    best = np.zeros(sets, int), np.zeros(sets, int)
    active = np.arange(sets)
    while len(active):
        i, j = farthest(active, q[active, None])
        at = touch(active, i, j)
        up = at > q[active] * (1 + 1e-12)
        active = active[up]
        q[active], best[0][active], best[1][active] = at[up], i[up], j[up]
    return q, best


def _needed(scale: Array, confidence: float, draws: int, against: int | None) -> float:
    """Multiplier that normal errors of these standard deviations need for all pairs to be covered at once."""
    sets = min(draws, max(_FEWEST, _WORK // len(scale) // 4))
    error = np.random.default_rng(0).standard_normal((sets, len(scale))) * scale
    if against is not None:
        other = np.maximum(scale + scale[against], 1e-300)
        found = (np.abs(error - error[:, [against]]) / other).max(1)
    else:
        found, _ = _climb(
            sets,
            lambda rows, q: ((error[rows] - q * scale).argmax(1), (error[rows] + q * scale).argmin(1)),
            lambda rows, i, j: (error[rows, i] - error[rows, j]) / np.maximum(scale[i] + scale[j], 1e-300),
        )
    return float(np.quantile(found, confidence))


def _spread(value: Array, precision: Array, mean: bool) -> Array:
    """Chi-square distance of the groups from their average."""
    precision = np.broadcast_to(precision, value.shape)
    average = (value * precision).sum(1, keepdims=True) / precision.sum(1, keepdims=True)
    spread = (precision * (value - average) ** 2).sum(1)
    if mean:
        return spread
    scale = (average * (1 - average))[:, 0]
    return np.divide(spread, scale, out=np.zeros_like(spread), where=scale > 0)


def _mid_p(found: float, null: Array) -> float:
    """Chance of a value beyond the one found, ties counted half, the data themselves counted in."""
    slack = 1e-9 * max(abs(found), 1.0)
    greater = np.count_nonzero(null > found + slack)
    equal = np.count_nonzero(null > found - slack) - greater
    return float((1 + greater + equal / 2) / (1 + len(null)))


def _multiplier(levels: Levels, null: Array, confidence: float, against: int | None = None) -> float:
    """Multiplier of the intervals: for groups alike, or as different as these where that is larger."""
    alike = float(np.quantile(null, confidence, method="higher"))
    low, high = _limits(levels.value, levels.precision, max(alike, 1e-9), levels.mean)
    return max(alike, _needed((high - low) / 2 / max(alike, 1e-9), confidence, len(null), against))


def _agreeing(q: float, found: float, p_value: float, confidence: float) -> float:
    """Put the multiplier on the same side of the data as the test."""
    step = 1e-9 * found  # more than rounding errors, less than matters
    return min(q, found - step) if p_value <= 1 - confidence + 1e-12 else max(q, found + step)


# --- data sets without a difference -----------------------------------------------------------------------


def _null(levels: Levels, draws: int, seed: int, against: int | None = None) -> tuple[Array, Array]:
    """Draw data sets without a difference; return how far apart and how spread the groups are in each."""
    rng = np.random.default_rng(seed)
    apart, spread = [], []
    for value, precision in _drawn(levels, draws, rng):
        spread.append(_spread(value, precision, levels.mean))
        if against is not None:
            n, k = np.broadcast_to(precision, value.shape), slice(against, against + 1)
            apart.append(np.abs(_pair(value, n, value[:, k], n[:, k], levels.mean)).max(1))
        elif levels.weights is None and not levels.mean:
            highest, size, lowest = _extremes(value, levels.people)
            apart.append(_separation(highest, size, False, lowest)[0])
        else:
            apart.append(_separation(value, precision, levels.mean)[0])
    return np.concatenate(apart), np.concatenate(spread)


def _extremes(value: Array, people: Array) -> tuple[Array, Array, Array]:
    """Keep the highest and the lowest rate of groups of the same size: no other can be farthest apart."""
    order = np.argsort(people, kind="stable")
    size, start = np.unique(people[order], return_index=True)
    if len(size) == len(people):
        return value, people, value
    ordered = value[:, order]
    return np.maximum.reduceat(ordered, start, axis=1), size, np.minimum.reduceat(ordered, start, axis=1)


def _drawn(levels: Levels, draws: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Yield values and precisions, (sets × groups), a chunk at a time."""
    work = len(levels.n)
    left = min(draws, max(_FEWEST, _WORK // work))
    draw = _means if levels.mean else _dealt if levels.weights is None else _weighed
    while left > 0:
        size = min(max(1, _CHUNK // work), left)
        left -= size
        yield draw(levels, size, rng)


def _dealt(levels: Levels, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Deal the selected out again."""
    selected, n = round(float((levels.value * levels.n).sum())), levels.n
    if n.sum() < _MOST_DEALT:
        found = rng.multivariate_hypergeometric(n, selected, size, method="marginals")
    else:  # of so many, with or without replacement is the same
        found = rng.binomial(n, selected / n.sum(), (size, len(n)))
    return found / n, levels.people[None]


def _weighed(levels: Levels, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw how many are selected, and the weights of those who are and of those who are not."""
    assert levels.weights is not None
    chosen, number, weight, square = levels.weights
    share = float(number[chosen == 1].sum() / number.sum())
    selected = rng.binomial(levels.n, share, (size, len(levels.n)))
    x, whole, squared = np.zeros(selected.shape), np.zeros(selected.shape), np.zeros(selected.shape)
    for y, mean, second in zip(chosen, weight / number, square / number, strict=True):
        people = selected if y else levels.n - selected
        variance = max(second - mean**2, 1e-9 * mean**2)
        total, spread = _gamma(people, np.array(mean**2 / variance), rng)
        total *= people * mean
        # of a sample of weights the sum of squares is (sum)² (1 + squared variation) / number
        squared += total**2 * (1 + spread * (1 - 1 / np.maximum(people, 1))) / np.maximum(people, 1)
        whole += total
        x += total if y else 0
    return np.clip(x / np.maximum(whole, 1e-300), 0, 1), whole**2 / np.maximum(squared, 1e-300)


def _means(levels: Levels, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw means and the variances that come with them, skewed as the scores are within groups."""
    assert levels.variance is not None
    n = np.broadcast_to(levels.people, (size, len(levels.n)))
    shape = np.array(4 / max(levels.skewness**2, 1e-4))
    mean, spread = _gamma(n, shape, rng)  # in units of a mean of 1, whose variance is 1 / shape
    deviation = np.sqrt(levels.variance * shape)
    ratio = np.maximum(spread * mean**2 * shape, 1e-12)  # drawn variance over the true one
    value = np.copysign(1.0, levels.skewness) * (mean - 1) * deviation
    return value, levels.precision / ratio


def _gamma(n: Any, shape: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Mean (its expectation 1) and squared coefficient of variation of samples of ``n`` from a gamma law.

    The two are independent of each other, which no other law can say; the mean is drawn exactly, the second
    from the gamma law of its own mean and variance. A normal law is the limit of large shapes.
    """
    n = np.asarray(n, float)
    k, some = np.maximum(n, 1.0) * shape, np.maximum(n, 1.5)
    mean = np.where(n > 0, rng.standard_gamma(k) / k, 0.0)
    first = some / (1 + some * shape)
    fourth = shape**2 * (1 + 2 / (some - 1) + 6 / (shape * some))
    below = some * shape * (some * shape + 1) * (some * shape + 2) * (some * shape + 3) / some**4
    variance = np.maximum(fourth / below - first**2, 1e-12 * first**2)
    spread = rng.standard_gamma(first**2 / variance) * (variance / first)
    return mean, np.where(n > 1, spread, 0.0)
