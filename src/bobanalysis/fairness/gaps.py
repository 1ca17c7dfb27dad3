"""Gaps between groups, with a false-alarm rate that holds: a test, and limits for the largest of many gaps.

And what a table can show: the smallest gap that it can detect, and the gaps that it can exclude.

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

* of a sample with a design: estimates are drawn from the normal law that has their covariances, their
  variances with the degrees of freedom of the design (:mod:`bobanalysis.fairness.survey`).

Where precisions differ between groups, the limits are widened to what that asks for.

Sources: Hochberg, Weiss and Hart, On graphical procedures for multiple comparisons, JASA 77 (1982), 767-772;
Westfall and Young, Resampling-based multiple testing (1993); for the mid-P value Lancaster, JASA 56 (1961),
223-234. Wilson: see :mod:`bobanalysis.fairness.intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness._cube import Back, cube
from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.metrics import RATES, labelled, mean_sums, rate_sums
from bobanalysis.fairness.survey import covariance, shorter

DRAWS = 1_999
"""Number of data sets drawn without a difference, where groups are few enough to afford it."""
LEVEL = 0.05
"""Chance of a false alarm; limits hold with the rest, 95 %."""

_FEWEST, _WORK, _CHUNK = 199, 20_000_000, 2_000_000
_MOST_PAIRED = 3_000  # groups all pairs of which are looked at
_MOST_LISTED = 1_000  # groups whose pairs are listed
_MOST_DEALT = 10**9  # people, that numpy deals out without replacement
MEAN, ODDS = "mean_score", "equalized_odds"
_FIRST = (("selection_rate", "_prediction"), ("base_rate", "_outcome"), (MEAN, "_score_sum"))


@dataclass(frozen=True)
class GapTest:
    """The largest gap between groups, and how sure it is.

    Attributes:
        metric: what was compared.
        value: largest observed gap, a difference of shares (or of means); biased upwards, more so with many
            small groups.
        n: rows that were compared.
        groups: number of groups that were compared.
        left_out: labels of the groups too small to compare.
        intervals: a row a group: its label, ``n``, ``people`` (effective number), ``value``, and the
            comparison interval ``low`` to ``high``; two groups differ when theirs do not overlap.
        high, low: labels of the groups with the highest and the lowest observed rate.
        ci_low, ci_high: limits of the largest true gap, for all gaps at once; 0 as the lower one means that
            "no gap at all" cannot be excluded. Above 0 exactly when ``p_value`` is 0.05 or less.
        p_value: chance of intervals this far apart somewhere, if all groups were alike.
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
    reason: str | None = None


def gap_test(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    metric: str | None = None,
    min_group: int = 2,
    draws: int = DRAWS,
    seed: int = 0,
    **roles: Any,
) -> GapTest:
    """Test whether groups differ at all, and say how large the largest gap is.

    Args:
        frame: one row a person: Polars, pandas, PyArrow, …; or a cube.
        groups: columns to cross. Rows without a group are the group "unknown".
        prediction: column of decisions.
        metric: name of a rate of :func:`bobanalysis.fairness.group_metrics`, such as
            "false_positive_rate", or "mean_score"; by default the first that the columns allow. Also
            "equalized_odds", the larger of the largest gaps of the true and of the false positive rate: both
            are tested at half the level (Bonferroni), so that the limits hold for the larger, whichever it is
            and whether or not the two go together.
        min_group: groups of fewer rows are left out, and named. At least 2: one row shows no rate.
        draws: data sets to draw; fewer are where groups are many (at least 199).
        seed: of the random numbers.
        roles: ``outcome=``, ``score=``, ``weight=``, ``design=``: as for
            :func:`bobanalysis.fairness.group_metrics`; weights may be related to what is measured.

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
    roles |= {"prediction": prediction}
    if metric != ODDS:
        return _gap_test(compare(frame, groups, roles, metric, min_group), draws, seed)
    cells, tests = cube(frame, groups, **roles), []
    for rate in ("true_positive_rate", "false_positive_rate"):
        tests.append(_gap_test(compare(cells, None, {}, rate, min_group), draws, seed, LEVEL / 2))
        if (last := tests[-1]).reason:
            return replace(last, metric=ODDS, value=None, reason=f"{rate}: {last.reason}")
    worse = max(tests, key=lambda test: test.value or 0.0)
    ends = {end: max(getattr(test, end) for test in tests) for end in ("ci_low", "ci_high")}
    p_value = min(2 * min(test.p_value or 0.0 for test in tests), 1.0)
    return replace(worse, metric=ODDS, n=sum(test.n for test in tests), p_value=p_value, **ends)


def _gap_test(levels: Levels, draws: int, seed: int, level: float = LEVEL) -> GapTest:
    value, labels = levels.value, levels.labels
    gap = float(np.ptp(value)) if len(value) > 1 else None
    found = partial(GapTest, levels.metric, gap, int(levels.n.sum()), len(value), levels.left_out)
    if levels.reason:
        return found(_intervals(levels, np.nan), reason=levels.reason)
    p_value, multiplier, _ = _tested(levels, draws, seed, level)
    shown = _intervals(levels, multiplier)
    low, high = shown["low"].to_numpy(), shown["high"].to_numpy()
    widest = float(high.max() - low.min())
    furthest = widest if levels.metric == MEAN else min(widest, 1.0)
    ends: dict[str, Any] = {"ci_low": float(max(low.max() - high.min(), 0.0)), "ci_high": furthest}
    return found(shown, high=labels[value.argmax()], low=labels[value.argmin()], p_value=p_value, **ends)


def pairwise_gaps(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    metric: str | None = None,
    min_group: int = 2,
    draws: int = DRAWS,
    seed: int = 0,
    **roles: Any,
) -> Any:
    """Return all gaps between two groups, with limits that hold for all at once.

    Args:
        frame, groups, prediction, metric, min_group, draws, seed, roles: as for :func:`gap_test`.

    Returns:
        A frame of the library that came in, one row a pair, the surest gap first: ``group`` and
        ``group_other``, ``n`` and ``n_other``, ``value`` and ``value_other``, ``difference`` (positive),
        simultaneous ``ci_low`` and ``ci_high``, and ``p_adjusted``: the chance of a gap as sure as this
        anywhere among them, if all groups were alike. No rows where nothing is estimable.

    Raises:
        ValueError: as :func:`gap_test`; too many pairs to list.

    Example:
        >>> told = [1] * 40 + [0] * 60 + [1] * 70 + [0] * 30
        >>> people = pl.DataFrame({"age": ["under 50"] * 100 + ["50 or more"] * 100, "told": told})
        >>> pairwise_gaps(people, ["age"], "told", draws=999)["difference"].round(3).item()
        0.3
    """
    levels = compare(frame, groups, roles | {"prediction": prediction}, metric, min_group)
    if len(levels.n) > _MOST_LISTED:
        raise ValueError(f"{len(levels.n)} groups make too many pairs to list; take gap_test")
    _, multiplier, alike = (1.0, np.nan, np.zeros(0)) if levels.reason else _tested(levels, draws, seed)
    each = _intervals(levels, multiplier).with_columns(precision=levels.precision)
    each = each.drop_nulls("low").sort("value", descending=True, maintain_order=True).with_row_index("at")
    pairs = each.join(each, how="cross", suffix="_other").filter(pl.col("at") < pl.col("at_other"))
    p, n, other, m = (pairs[f"{c}{of}"].to_numpy() for of in ("", "_other") for c in ("value", "precision"))
    sure = _touching(p, n, other, m, levels.even)
    furthest = np.inf if levels.metric == MEAN else 1.0
    value, low, high = (pl.col(name) for name in ("value", "low", "high"))
    found = pairs.select(
        pl.col("group", "group_other", "n", "n_other", "value", "value_other"),
        difference=value - pl.col("value_other"),
        ci_low=(low - pl.col("high_other")).clip(-furthest),
        ci_high=(high - pl.col("low_other")).clip(None, furthest),
        p_adjusted=pl.Series(_mid_p(sure, alike)),
    )
    return levels.back(found[np.argsort(-sure, kind="stable")])


def _intervals(levels: Levels, multiplier: float) -> pl.DataFrame:
    """A row a group, with its comparison interval; null where the multiplier is not known."""
    low, high = _limits(levels.value, levels.precision, multiplier, levels.even)
    if levels.metric != MEAN:
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    table = {"group": pl.Series(levels.labels, dtype=pl.String), "n": levels.n, "people": levels.people}
    found = pl.DataFrame(table | {"value": levels.value, "low": low, "high": high})
    return found.with_columns(pl.col("low", "high").fill_nan(None))


# --- what a table can show ---------------------------------------------------------------------------------


def power(rate: Any, gap: Any, n: Any, m: Any, level: float = 0.05, tests: int = 1) -> Array:
    """Chance that a two-sided test of two rates finds a gap, as statsmodels computes it.

    Args:
        rate: rate of those that a group is compared with.
        gap: rate of the group minus that rate; outside 0 to 1 in sum gives NaN.
        n, m: people in the group, and in the one it is compared with; effective numbers with weights.
        level: chance of a false alarm, of all tests together.
        tests: number of tests that it is shared among (Bonferroni).

    Returns:
        Power, 0 to 1.

    Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 6.

    Example:
        >>> power(0.3, [0.05, 0.1, 0.2], 350, 350).round(2)
        array([0.29, 0.79, 1.  ])
    """
    from statsmodels.stats.power import normal_power
    from statsmodels.stats.proportion import proportion_effectsize

    p, gap, n, m = np.broadcast_arrays(*(np.asarray(v, float) for v in (rate, gap, n, m)))
    possible = (p + gap >= 0) & (p + gap <= 1) & (n > 0) & (m > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, size = proportion_effectsize(p + gap, p), n * m / (n + m)
    return np.where(possible, normal_power(effect, size, level / tests), np.nan)


def minimum_detectable_gap(
    rate: Any, n: Any, m: Any, chance: float = 0.8, level: float = 0.05, tests: int = 1
) -> Array:
    """Smallest gap upwards that would be found with a given chance: :func:`power`, turned round.

    Args:
        rate: rate of those that a group is compared with; for gaps downwards give 1 minus it.
        n, m, level, tests: as for :func:`power`.
        chance: of finding the gap.

    Returns:
        A difference of shares; NaN where even the largest possible gap would be found less often.

    Example:
        >>> minimum_detectable_gap(0.3, [20, 350], [1000, 350]).round(2)
        array([0.31, 0.1 ])
    """
    p, n, m = np.broadcast_arrays(*(np.asarray(v, float) for v in (rate, n, m)))
    normal = NormalDist()
    effect = (normal.inv_cdf(1 - level / tests / 2) + normal.inv_cdf(chance)) * np.sqrt(1 / n + 1 / m)
    angle = np.arcsin(np.sqrt(p)) + effect / 2
    return np.where(angle <= np.pi / 2, np.sin(angle) ** 2 - p, np.nan)


@dataclass(frozen=True)
class Equivalence:
    """Whether a gap larger than a margin can be excluded.

    Attributes:
        margin: the margin asked for, a difference of shares.
        excluded: whether every gap is shown to be smaller.
        smallest: the smallest margin that can be excluded; None where it is not estimable.
        high, low: labels of the two groups that decide it.
        left_out: labels of the groups too small to compare, about which nothing is shown.
        reason: why it is not estimable, or None.
    """

    margin: float
    excluded: bool
    smallest: float | None
    high: str | None
    low: str | None
    left_out: tuple[str, ...]
    reason: str | None = None


def equivalence_test(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    margin: float = 0.05,
    metric: str | None = None,
    min_group: int = 2,
    level: float = 0.05,
    **roles: Any,
) -> Equivalence:
    """Test whether gaps of more than a margin can be excluded (two one-sided tests of every pair).

    "No significant gap" may only mean few people. This asks the opposite question, and the burden of proof is
    on the claim that groups are treated alike. It needs no correction for the number of pairs: the claim
    is made only if it holds for each.

    Args:
        frame, groups, prediction, metric, min_group, roles: as for :func:`bobanalysis.fairness.gap_test`.
        margin: difference of shares, more than 0 and less than 1; 0.05 is five points.
        level: chance of excluding the margin wrongly.

    Returns:
        The result; see :class:`Equivalence`.

    Raises:
        ValueError: as :func:`bobanalysis.fairness.gap_test`; a margin that cannot be.

    Source: Schuirmann, J. of Pharmacokinetics and Biopharmaceutics 15 (1987), 657-680; Berger and Hsu,
    Statistical Science 11 (1996), 283-319, for all pairs; Newcombe's limits for a difference.

    >>> import polars as pl
    >>> people = pl.DataFrame({"sex": ["F", "M"] * 4000, "told": [1, 1, 0, 0] * 2000})
    >>> found = equivalence_test(people, ["sex"], "told", margin=0.05)
    >>> found.excluded, round(found.smallest, 3)
    (True, 0.018)
    """
    if not 0 < margin < 1:
        raise ValueError(f"a margin lies between 0 and 1 (0.05 is five points), not {margin}")
    levels = compare(frame, groups, roles | {"prediction": prediction}, metric, min_group)
    if levels.metric == MEAN:
        raise ValueError("an equivalence test compares rates: give prediction= or outcome=")
    if len(levels.value) < 2:
        return Equivalence(margin, False, None, None, None, levels.left_out, levels.reason)
    if len(levels.value) > _MOST_PAIRED:
        raise ValueError(f"{len(levels.value)} groups make too many pairs; compare fewer groups")
    p = levels.value
    low, high = intervals.wilson(p, levels.people, 1 - 2 * level)
    # upper limit of what the group of the row has more than that of the column
    up = p[:, None] - p + np.hypot((high - p)[:, None], p - low)
    np.fill_diagonal(up, -1.0)
    i, j = divmod(int(up.argmax()), len(p))
    smallest, labels = float(up[i, j]), levels.labels
    return Equivalence(margin, smallest < margin, smallest, labels[i], labels[j], levels.left_out)


# --- what is compared -------------------------------------------------------------------------------------

Draw = Callable[[int, np.random.Generator], tuple[Array, Array]]


@dataclass(frozen=True)
class Levels:
    """Rates or means of the groups that can be compared, and how to draw them again without a difference.

    Attributes:
        back: turns a Polars frame into one of the library that the rows came in.
        metric, labels: what is compared, and between whom.
        left_out: labels of the groups too small to compare.
        n: rows of each group.
        value: its rate or mean.
        people: its effective number of people.
        even: whether limits are as far below as above: of means, and with a design of rates too.
        precision: of a rate the effective number of people; where limits are even 1 / (standard error)², the
            error lengthened as Student's t asks for at 95 %.
        varies: whether anything differs between any two people.
        draw: draws values and precisions, (sets × groups).
    """

    back: Back
    metric: str
    labels: list[str]
    left_out: tuple[str, ...]
    n: Any
    value: Array
    people: Array
    even: bool
    precision: Array
    varies: bool
    draw: Draw

    @property
    def reason(self) -> str | None:
        """Why nothing can be tested, or None."""
        if len(self.n) < 2:
            few = f"{len(self.n)} group{'s' if len(self.n) != 1 else ''} large enough to compare"
            return f"not estimable: {few}; a gap needs two"
        if not self.varies:
            why = "everybody is given the same, so nothing shows how much chance alone would move"
            return f"not estimable: {why}"
        return None


def compare(
    frame: Any, groups: Sequence[str] | None, roles: dict[str, Any], metric: str | None, min_group: int
) -> Levels:
    """Return the levels of a metric in the groups of a table or cube that are large enough."""
    cells = cube(frame, groups, **roles)
    has = cells.cells.columns
    if not cells.groups:
        raise ValueError("a gap needs groups: give groups=")
    if "_prediction" in has and not cells.binary:
        named = roles.get("prediction", "prediction")
        raise ValueError(f"column {named!r} holds several answers; compare one of them, as true/false or 0/1")
    metric = metric or next((name for name, column in _FIRST if column in has), None)
    if metric is None:
        raise ValueError("nothing to compare: give prediction=, outcome= or score=")
    if metric != MEAN and metric not in RATES:
        raise ValueError(f"metric {metric!r} is not one of: {', '.join((*RATES, MEAN))}")
    needed = {"_score_sum"} if metric == MEAN else {c for e in RATES[metric] for c in e.meta.root_names()}
    if missing := sorted(needed - {*has}, reverse=True):
        raise ValueError(f"{metric} needs {missing[0].strip('_').removesuffix('_sum')}=")
    safe, names = cells.renamed()
    table, by, mean = safe.cells, [*names], metric == MEAN

    def summed(keys: list[str]) -> pl.DataFrame:
        sums = mean_sums(table, keys) if mean else rate_sums(table, keys, [(metric, None, *RATES[metric])])
        return labelled(sums, by)

    sums = summed(by).with_columns(label=pl.concat_str(by, separator=" × "))
    effective = intervals.kish(sums["w"].to_numpy(), sums["w2"].to_numpy())
    large = (sums["n"].to_numpy() >= max(min_group, 2)) & (effective > (1 if mean else 0))
    if cells.sample:
        law = covariance(sums, summed([*by, *cells.sample.keys]), by, cells.sample)
        large &= (law[2] > 0) & np.isfinite(law[0])
    left_out, sums, people = tuple(sums.filter(~large)["label"]), sums.filter(large), effective[large]
    n, w, w2, x, m2 = (sums[c].to_numpy() for c in ("n", "w", "w2", "x", "m2"))
    found = partial(Levels, cells.back, metric, sums["label"].to_list(), left_out, n)
    if cells.sample:
        variance, together, degrees, units = law
        if together is not None:
            together = together[np.ix_(large, large)]
        people = np.minimum(people, units[large])
        drawn = (x, w, m2, n, people, variance[large], together, degrees[large])
        return found(x / w, *_drawn_law(*drawn))
    if mean:
        return found(x / w, people, True, *_means_law(people, m2 / w, sums["m3"].to_numpy() / w))
    value = np.clip(x / w, 0, 1)
    equal = np.array_equal(w, n) and np.array_equal(w2, n)
    draw = partial(_dealt, n, value) if equal else partial(_weighed, n, _weights(table, by, metric))
    varies = bool((value != 0).any() and (value != 1).any())
    return found(value, people, False, people, varies, draw)


def _weights(table: pl.DataFrame, groups: list[str], metric: str) -> list[tuple[bool, int, float, float]]:
    """Of those not selected and those selected: how many, mean and mean square of the normalised weights."""
    who, among = RATES[metric]
    typical = pl.col("_w").sum().over(groups) / pl.col("_n").sum().over(groups)
    people = table.filter(among).with_columns(y=who, typical=typical).filter(pl.col("typical") > 0)
    w, w2, n = pl.col("_w") / pl.col("typical"), pl.col("_w2") / pl.col("typical") ** 2, pl.col("_n").sum()
    return people.group_by("y").agg(n=n, w=w.sum() / n, w2=w2.sum() / n).sort("y").rows()


def _drawn_law(
    x: Array, w: Array, m2: Any, n: Array, units: Array, variance: Array, together: Any, degrees: Array
) -> Any:
    """What Levels says of a sample with a design: people, precision, whether anything varies, how to draw.

    A group that shows no variance has that of all, as if each of its units were one person.
    """
    mean, squares = x.sum() / max(w.sum(), 1e-300), m2.astype(float)
    each = mean * (1 - mean) if np.isnan(squares).all() else squares.sum() / max(w.sum(), 1e-300)
    flat = variance <= 1e-9 * each / units
    variance = np.where(flat, each / units, variance)
    root = np.sqrt(variance)
    if together is not None:
        together[flat, flat] = variance[flat]
        size, turn = np.linalg.eigh(together)
        root = turn * np.sqrt(np.maximum(size, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        people = np.minimum(each / variance, n) * shorter(degrees)
        precision = shorter(degrees) / variance
    return people, True, precision, bool(each > 0), partial(_drawn, root, precision, degrees)


def _drawn(root: Array, precision: Array, degrees: Array, size: int, rng: np.random.Generator) -> Any:
    """Draw estimates that are alike, and the precision that each seems to have."""
    noise = rng.standard_normal((size, len(degrees)))
    value = noise @ root.T if root.ndim == 2 else noise * root
    return value, precision / (rng.chisquare(degrees, noise.shape) / degrees)


def _means_law(people: Array, variance: Array, cubes: Array) -> tuple[Array, bool, Draw]:
    """Precision of means, whether scores vary, and how to draw; a group that shows none has that of all."""
    from scipy.special import ndtri, stdtrit

    freedom = people - 1
    unbiased = variance * people / freedom
    pooled = float(np.average(unbiased, weights=freedom)) if len(freedom) else 0.0
    unbiased = np.where(unbiased > 1e-12 * pooled, unbiased, pooled)
    size = float((people * variance**1.5).sum())
    skewness = float((people * cubes).sum()) / size if size > 0 else 0.0
    longer = stdtrit(freedom, 1 - LEVEL / 2) / ndtri(1 - LEVEL / 2)
    with np.errstate(divide="ignore"):
        precision = people / (unbiased * longer**2)
    return precision, bool(unbiased.any()), partial(_means, people, unbiased, precision, skewness)


# --- how far apart intervals are --------------------------------------------------------------------------


def _limits(value: Array, precision: Array, q: Any, mean: bool) -> tuple[Array, Array]:
    """Wilson's limits of rates, or those of means, at multiplier q, which may differ by row."""
    if mean:
        return value - q / np.sqrt(precision), value + q / np.sqrt(precision)
    t = q * q / precision
    half = np.sqrt(t * (value * (1 - value) + t / 4))
    return (value + t / 2 - half) / (1 + t), (value + t / 2 + half) / (1 + t)


def _touching(p: Array, n: Array, other: Array, m: Array, mean: bool) -> Array:
    """Multiplier at which the intervals of two groups touch, with the sign of their difference.

    Those of rates touch at the rate that lies equally many standard errors from both.
    """
    a, b = np.sqrt(n), np.sqrt(m)
    scale = 1 / a + 1 / b
    if not mean:
        between = (p * a + other * b) / (a + b)
        scale = scale * np.sqrt(np.maximum(between * (1 - between), 0))
    return np.divide(p - other, scale, out=np.zeros_like(scale), where=scale > 0)


def _separation(value: Array, precision: Array, mean: bool) -> Array:
    """Smallest multiplier at which the intervals of all groups overlap, for each row of (sets × groups).

    Climbs from pair to pair: at the multiplier where one pair touches, another may still be apart.
    """
    precision = np.broadcast_to(precision, value.shape)
    q, active = np.zeros(len(value)), np.arange(len(value))
    while len(active):
        low, high = _limits(value[active], precision[active], q[active, None], mean)
        i, j = (active, low.argmax(1)), (active, high.argmin(1))
        at = _touching(value[i], precision[i], value[j], precision[j], mean)
        up = at > q[active] * (1 + 1e-12)
        active = active[up]
        q[active] = at[up]
    return q


def _mid_p(found: Any, alike: Array) -> Any:
    """Chance of a value beyond the one found, ties counted half, the data themselves counted in."""
    slack = 1e-9 * np.maximum(found, 1.0)
    greater, not_less = (len(alike) - np.searchsorted(alike, found + s, "right") for s in (slack, -slack))
    return (1 + (greater + not_less) / 2) / (1 + len(alike))


def _tested(levels: Levels, draws: int, seed: int, level: float = LEVEL) -> tuple[float, float, Array]:
    """P value, multiplier of the intervals, and the sorted multipliers of data sets that are alike."""
    alike = np.sort(_alike(levels, draws, seed))
    found = _separation(levels.value[None], levels.precision[None], levels.even)[0]
    p_value, q = float(_mid_p(found, alike)), _multiplier(levels, alike, level)
    step = 1e-9 * found  # more than rounding errors, less than matters: limits must say what the test says
    return p_value, min(q, found - step) if p_value <= level + 1e-12 else max(q, found + step), alike


def _multiplier(levels: Levels, alike: Array, level: float) -> float:
    """Multiplier for groups alike, or as different in precision as these where that asks for a larger one.

    The latter is what normal errors of these sizes need for all pairs to be covered at once.
    """
    q = float(np.quantile(alike, 1 - level, method="higher"))
    low, high = _limits(levels.value, levels.precision, max(q, 1e-9), levels.even)
    scale = (high - low) / 2 / max(q, 1e-9)
    sets = min(len(alike), max(_FEWEST, _WORK // len(scale) // 4))
    error = np.random.default_rng(0).standard_normal((sets, len(scale))) * scale
    return max(q, float(np.quantile(_separation(error, scale**-2, True), 1 - level)))


# --- data sets without a difference -----------------------------------------------------------------------


def _alike(levels: Levels, draws: int, seed: int) -> Array:
    """Draw data sets without a difference, a chunk at a time; return how far apart the groups are in each."""
    rng, width = np.random.default_rng(seed), len(levels.n)
    left, size = min(draws, max(_FEWEST, _WORK // width)), max(1, _CHUNK // width)
    found = []
    while left > 0:
        value, precision = levels.draw(min(size, left), rng)
        found.append(_separation(value, precision, levels.even))
        left -= size
    return np.concatenate(found)


def _dealt(n: Any, value: Array, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Deal the selected out again."""
    selected = round(float((value * n).sum()))
    if n.sum() < _MOST_DEALT:
        found = rng.multivariate_hypergeometric(n, selected, size, method="marginals")
    else:  # of so many, with or without replacement is the same
        found = rng.binomial(n, selected / n.sum(), (size, len(n)))
    return found / n, n.astype(float)


def _weighed(n: Any, weights: Any, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Draw how many are selected, and the weights of those who are and of those who are not."""
    share = sum(people for y, people, *_ in weights if y) / sum(people for _, people, *_ in weights)
    selected = rng.binomial(n, share, (size, len(n)))
    x, whole, squared = (np.zeros(selected.shape) for _ in range(3))
    for y, _, mean, second in weights:
        people = selected if y else n - selected
        variance = max(second - mean**2, 1e-9 * mean**2)
        total, spread = _gamma(people, mean**2 / variance, rng)
        total *= people * mean
        # of a sample of weights the sum of squares is (sum)² (1 + squared variation) / number
        squared += total**2 * (1 + spread * (1 - 1 / np.maximum(people, 1))) / np.maximum(people, 1)
        whole += total
        x += total if y else 0
    return np.clip(x / np.maximum(whole, 1e-300), 0, 1), whole**2 / np.maximum(squared, 1e-300)


def _means(
    people: Array, variance: Array, precision: Array, skewness: float, size: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Draw means and the variances that come with them, skewed as the scores are within groups."""
    shape = 4 / max(skewness**2, 1e-4)
    # in units of a mean of 1, whose variance is 1 / shape
    mean, spread = _gamma(np.broadcast_to(people, (size, len(people))), shape, rng)
    ratio = np.maximum(spread * mean**2 * shape, 1e-12)  # drawn variance over the true one
    value = np.copysign(1.0, skewness) * (mean - 1) * np.sqrt(variance * shape)
    return value, precision / ratio


def _gamma(n: Any, shape: float, rng: np.random.Generator) -> tuple[Array, Array]:
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
