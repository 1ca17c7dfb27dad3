"""Gaps between groups, with a false-alarm rate that holds: a test, and limits for the largest of many gaps.

Of many groups that are truly alike, the two that differ most always look different. So nothing here compares
two groups as if they had been chosen beforehand. Each group gets a *comparison interval*, Wilson's score
interval with its multiplier set so that, if all groups were alike, two of them anywhere would fail to overlap
in 5 % of data sets only. Intervals that do not overlap are a gap; how far apart they are is its lower limit.

The multiplier comes from the data: group sizes are kept, and who gets what is drawn again as if groups did
not matter: without replacement on the counts of the cube (a conditional permutation test), or, with weights,
by drawing pairs of outcome and weight from everybody (a pooled bootstrap), weights first divided by their
mean in each group so that groups of different weight can exchange them. Where rates, hence precisions, differ
between groups, the limits are widened to what that asks for. A draw costs the same whatever the rows.

Sources: Hochberg, Weiss and Hart, On graphical procedures for multiple comparisons, JASA 77 (1982), 767-772;
Westfall and Young, Resampling-based multiple testing (1993); for the mid-P value Lancaster, JASA 56 (1961),
223-234. Wilson: see :mod:`bobanalysis.fairness.intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import intervals
from bobanalysis.fairness.cube import UNKNOWN, _decision, _group, cube, to_lazy
from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.metrics import _CONFUSION, _labelled, _rate

DRAWS = 1_999
"""Number of data sets drawn without a difference, where groups are few enough to afford it."""

_FEWEST, _WORK, _CHUNK = 199, 20_000_000, 2_000_000
_WEIGHT_BINS = 12
_MOST_PAIRS = 1_000
_WEIGHT = "_w"
RATES = {  # metric: (who is counted, among whom)
    "selection_rate": (pl.col("_prediction"), pl.col("_prediction").is_not_null()),
    **_CONFUSION,
}


@dataclass(frozen=True)
class GapTest:
    """The largest gap between groups, and how sure it is.

    Attributes:
        metric: what was compared.
        value: largest observed gap, a difference of shares; biased upwards, more so with many small groups.
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
    high: str | None
    low: str | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    surest: tuple[str, str] | None
    omnibus_p_value: float | None
    n: int
    groups: int
    left_out: tuple[str, ...]
    intervals: pl.DataFrame = field(repr=False)
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
    groups: Sequence[str],
    prediction: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    metric: str | None = None,
    min_group: int = 2,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> GapTest:
    """Test whether groups differ at all, and say how large the largest gap is.

    Args:
        frame: one row a person: Polars, pandas, PyArrow, …
        groups: columns to cross. Rows without a group are the group "unknown".
        prediction, outcome: columns of true/false or 0/1.
        weight: column of weights, zero or more; they may be related to the outcome.
        metric: name of a rate of :func:`bobanalysis.fairness.group_metrics`, such as
            "false_positive_rate"; by default "selection_rate", or "base_rate" where only an outcome is given.
        min_group: groups of fewer rows are left out, and named. At least 2: one row shows no rate.
        confidence: nominal coverage; 1 minus it is the level of the test.
        draws: data sets to draw; fewer are where groups are many (at least 199).
        seed: of the random numbers.

    Returns:
        The test; see :class:`GapTest`. It is *not estimable*, and says why, where fewer than two groups are
        large enough or where all are given the same.

    Raises:
        ValueError: see :func:`bobanalysis.fairness.cube`; or an unknown metric.

    >>> told = [1] * 40 + [0] * 60 + [1] * 70 + [0] * 30
    >>> people = pl.DataFrame({"age": ["under 50"] * 100 + ["50 or more"] * 100, "told": told})
    >>> found = gap_test(people, groups=["age"], prediction="told", draws=999)
    >>> print(f"{found.value:.2f} ({found.ci_low:.2f} to {found.ci_high:.2f}), p {found.p_value:.3f}")
    0.30 (0.16 to 0.43), p 0.001
    """
    rates = _rates(frame, groups, prediction, outcome, weight, metric, min_group)
    reason = _why_not(rates)
    if reason:
        return _not_estimable(rates, confidence, reason)
    found, apart = _separation(rates.rate[None], rates.people[None])
    null = _null(rates, draws, seed)
    p_value = _mid_p(found[0], null.apart)
    q = _agreeing(_multiplier(rates, null.apart, confidence), found[0], p_value, confidence)
    low, high = _wilson(rates.rate, rates.people, q)
    top, bottom = int(rates.rate.argmax()), int(rates.rate.argmin())
    labels = rates.labels
    return GapTest(
        metric=rates.metric,
        value=float(rates.rate[top] - rates.rate[bottom]),
        high=labels[top],
        low=labels[bottom],
        ci_low=float(max(low.max() - high.min(), 0.0)),
        ci_high=float(min(high.max() - low.min(), 1.0)),
        p_value=p_value,
        surest=(labels[apart[0][0]], labels[apart[1][0]]),
        omnibus_p_value=_mid_p(_chi_square(rates.rate[None], rates.people[None])[0], null.spread),
        intervals=_comparison(rates, low, high),
        confidence=confidence,
        draws=len(null.apart),
        method=rates.method,
        **_size(rates),
    )


def pairwise_gaps(
    frame: Any,
    groups: Sequence[str],
    prediction: str | None = None,
    reference: Any = None,
    outcome: str | None = None,
    weight: str | None = None,
    metric: str | None = None,
    min_group: int = 2,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Any:
    """Return all gaps between two groups, or all gaps to one group, with limits that hold for all at once.

    Args:
        frame, groups, prediction, outcome, weight, metric, min_group, confidence, draws, seed: as for
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

    >>> told = [1] * 40 + [0] * 60 + [1] * 70 + [0] * 30
    >>> people = pl.DataFrame({"age": ["under 50"] * 100 + ["50 or more"] * 100, "told": told})
    >>> pairwise_gaps(people, ["age"], "told", reference="under 50", draws=999)["difference"].round(3).item()
    0.3
    """
    rates = _rates(frame, groups, prediction, outcome, weight, metric, min_group)
    back = to_lazy(frame, [])[1]
    against = None if reference is None else _position(rates, reference)
    if against is not None:
        one, other = np.delete(np.arange(len(rates.rate)), against), np.array([against])
    elif len(rates.rate) > _MOST_PAIRS:
        raise ValueError(
            f"{len(rates.rate)} groups make too many pairs to list; give reference=, or take gap_test"
        )
    else:
        one, other = np.triu_indices(len(rates.rate), 1)
    if _why_not(rates):
        one, other = one[:0], other[:0]
        null, q = np.zeros(1), 0.0
    else:
        null = np.sort(_null(rates, draws, seed, against).apart)
        q = _multiplier(rates, null, confidence, against)
    other = np.broadcast_to(other, one.shape)
    if reference is None:
        swap = rates.rate[one] < rates.rate[other]
        one, other = np.where(swap, other, one), np.where(swap, one, other)
    p, n = rates.rate, rates.people
    low, high = _wilson(p, n, q)
    sure = np.abs(_pair(p[one], n[one], p[other], n[other]))
    greater = len(null) - np.searchsorted(null, sure * (1 + 1e-9), "right")
    equal = len(null) - np.searchsorted(null, sure * (1 - 1e-9), "left") - greater
    labels = np.array(rates.labels, dtype=object)
    table = {
        "group": pl.Series(labels[one].tolist(), dtype=pl.String),
        "other": pl.Series(labels[other].tolist(), dtype=pl.String),
        "n": rates.n[one],
        "other_n": rates.n[other],
        "value": p[one],
        "other_value": p[other],
        "difference": p[one] - p[other],
        "ci_low": np.maximum(low[one] - high[other], -1),
        "ci_high": np.minimum(high[one] - low[other], 1),
        "p_adjusted": (1 + greater + equal / 2) / (1 + len(null)),
    }
    order = np.argsort(-sure, kind="stable")
    return back(pl.DataFrame(table)[order])


# --- what is compared -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rates:
    """Rates of the groups that can be compared, and what is needed to draw them again."""

    metric: str
    labels: list[str]
    n: Any  # rows
    rate: Array
    people: Array  # effective number
    left_out: tuple[str, ...]
    pairs: tuple[Array, Array] | None  # with weights: outcome and weight of each row compared
    rows: Any  # rows of each group that have a weight

    @property
    def method(self) -> str:
        """How data sets without a difference are drawn."""
        if self.pairs is not None:
            return "pooled bootstrap of outcome-weight pairs, normalised by group"
        return "conditional permutation on the count cube"


def _rates(
    frame: Any,
    groups: Sequence[str],
    prediction: str | None,
    outcome: str | None,
    weight: str | None,
    metric: str | None,
    min_group: int,
) -> Rates:
    groups = [groups] if isinstance(groups, str) else list(groups)
    if not groups:
        raise ValueError("a gap needs groups: give groups=")
    if not (prediction or outcome):
        raise ValueError("nothing to compare: give prediction= or outcome=, true/false or 0/1")
    metric = metric or ("selection_rate" if prediction else "base_rate")
    if metric not in RATES:
        raise ValueError(f"metric {metric!r} is not one of: {', '.join(RATES)}")
    who, among = RATES[metric]
    needed = {*who.meta.root_names(), *among.meta.root_names()}
    cells = cube(frame, groups, prediction=prediction, outcome=outcome, weight=weight).cells
    if missing := [
        c for c in ("prediction", "outcome") if f"_{c}" in needed and f"_{c}" not in cells.columns
    ]:
        raise ValueError(f"{metric} needs {missing[0]}=")
    if prediction and cells.schema["_prediction"] != pl.Boolean:
        raise ValueError(
            f"column {prediction!r} holds several answers; compare one of them, as true/false or 0/1"
        )
    sums = _labelled(_rate(cells, groups, metric, None, who, among).with_columns(order=pl.lit(0)), groups)
    labels = sums.select(pl.concat_str(groups, separator=" × ")).to_series().to_list()
    n, w, w2, x = (sums[c].to_numpy() for c in ("n", "w", "w2", "x"))
    people = intervals.kish(w, w2)
    kept = (n >= max(min_group, 2)) & (people > 0)
    pairs, rows = None, n
    if weight:
        pairs, rows = _pairs(frame, groups, prediction, outcome, weight, metric, labels, kept)
    return Rates(
        metric,
        [label for label, keep in zip(labels, kept, strict=True) if keep],
        n[kept],
        np.clip(x[kept] / w[kept], 0, 1),
        people[kept],
        tuple(label for label, keep in zip(labels, kept, strict=True) if not keep),
        pairs,
        rows[kept],
    )


def _pairs(
    frame: Any,
    groups: list[str],
    prediction: str | None,
    outcome: str | None,
    weight: str,
    metric: str,
    labels: list[str],
    kept: Any,
) -> tuple[tuple[Array, Array], Any]:
    """Outcome and weight of every row that is compared, weights divided by the mean of their group."""
    who, among = RATES[metric]
    given = {"_prediction": prediction, "_outcome": outcome}
    lazy, _ = to_lazy(frame, [*groups, *(c for c in (prediction, outcome, weight) if c)])
    schema = lazy.collect_schema()
    label = [_group(g, schema[g]).cast(pl.String).fill_null(UNKNOWN) for g in groups]
    rows = lazy.select(
        pl.concat_str(label, separator=" × ").alias("label"),
        *(_decision(c, schema[c], False).alias(name) for name, c in given.items() if c),
        pl.col(weight).cast(pl.Float64).alias(_WEIGHT),
    ).filter(among & (pl.col(_WEIGHT) > 0))
    mean = pl.col(_WEIGHT).mean().over("label")
    pairs = rows.select("label", who.cast(pl.Float64).alias("y"), pl.col(_WEIGHT) / mean).collect()
    counts = dict(pairs.group_by("label").len().rows())
    pairs = pairs.filter(pl.col("label").is_in([x for x, keep in zip(labels, kept, strict=True) if keep]))
    rows_of = np.array([counts.get(x, 0) for x in labels])
    return (pairs["y"].to_numpy(), pairs[_WEIGHT].to_numpy()), rows_of


def _why_not(rates: Rates) -> str | None:
    if len(rates.rate) < 2:
        few = f"{len(rates.rate)} group{'s' if len(rates.rate) != 1 else ''} large enough to compare"
        return f"not estimable: {few}; a gap needs two"
    if (rates.rate == 0).all() or (rates.rate == 1).all():
        return "not estimable: everybody is given the same, so nothing shows how much chance alone would move"
    return None


def _not_estimable(rates: Rates, confidence: float, reason: str) -> GapTest:
    nothing = np.full(len(rates.rate), np.nan)
    value = float(np.ptp(rates.rate)) if len(rates.rate) > 1 else None
    return GapTest(
        metric=rates.metric,
        value=value,
        high=None,
        low=None,
        ci_low=None,
        ci_high=None,
        p_value=None,
        surest=None,
        omnibus_p_value=None,
        intervals=_comparison(rates, nothing, nothing),
        confidence=confidence,
        reason=reason,
        **_size(rates),
    )


def _size(rates: Rates) -> dict[str, Any]:
    return {"n": int(rates.n.sum()), "groups": len(rates.rate), "left_out": rates.left_out}


def _comparison(rates: Rates, low: Array, high: Array) -> pl.DataFrame:
    group = pl.Series(rates.labels, dtype=pl.String)
    table = {
        "group": group,
        "n": rates.n,
        "people": rates.people,
        "value": rates.rate,
        "low": low,
        "high": high,
    }
    return pl.DataFrame(table).with_columns(pl.col("low", "high").fill_nan(None))


def _position(rates: Rates, reference: Any) -> int:
    parts = reference if isinstance(reference, tuple | list) else [reference]
    label = " × ".join(str(part) for part in parts)
    if label not in rates.labels:
        raise ValueError(
            f"reference {label!r} is not among the groups compared: {', '.join(rates.labels[:20])}"
        )
    return rates.labels.index(label)


# --- how far apart intervals are --------------------------------------------------------------------------


def _wilson(rate: Array, people: Array, q: Any) -> tuple[Array, Array]:
    """Wilson's limits at multiplier q, which may differ by row."""
    t = q * q / people
    half = np.sqrt(t * (rate * (1 - rate) + t / 4))
    return (rate + t / 2 - half) / (1 + t), (rate + t / 2 + half) / (1 + t)


def _pair(p: Array, n: Array, other: Array, m: Array) -> Array:
    """Multiplier at which the Wilson intervals of two groups touch, with the sign of their difference.

    They touch at the rate that lies equally many standard errors from both.
    """
    a, b = np.sqrt(n), np.sqrt(m)
    between = (p * a + other * b) / (a + b)
    scale = (1 / a + 1 / b) * np.sqrt(np.maximum(between * (1 - between), 0))
    return np.divide(p - other, scale, out=np.zeros_like(scale), where=scale > 0)


def _separation(rate: Array, people: Array, lowest: Array | None = None) -> tuple[Array, tuple[Any, Any]]:
    """Smallest multiplier at which the intervals of all groups overlap, for each row of (sets × groups).

    ``lowest`` are the rates to compare from below, where they are not the same as from above. Also returned:
    the positions of the two groups that overlap last.
    """
    lowest = rate if lowest is None else lowest
    people = np.broadcast_to(people, rate.shape)

    def farthest(rows: Any, q: Array) -> tuple[Any, Any]:
        n = people[rows]
        return _wilson(rate[rows], n, q)[0].argmax(1), _wilson(lowest[rows], n, q)[1].argmin(1)

    def touch(rows: Any, i: Any, j: Any) -> Array:
        return _pair(rate[rows, i], people[rows, i], lowest[rows, j], people[rows, j])

    return _climb(len(rate), farthest, touch)


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


def _chi_square(rate: Array, people: Array) -> Array:
    people = np.broadcast_to(people, rate.shape)
    mean = (rate * people).sum(1, keepdims=True) / people.sum(1, keepdims=True)
    scale = (mean * (1 - mean))[:, 0]
    spread = (people * (rate - mean) ** 2).sum(1)
    return np.divide(spread, scale, out=np.zeros_like(spread), where=scale > 0)


def _mid_p(found: float, null: Array) -> float:
    """Chance of a value beyond the one found, ties counted half, the data themselves counted in."""
    slack = 1e-9 * max(abs(found), 1.0)
    greater = np.count_nonzero(null > found + slack)
    equal = np.count_nonzero(null > found - slack) - greater
    return float((1 + greater + equal / 2) / (1 + len(null)))


def _multiplier(rates: Rates, null: Array, confidence: float, against: int | None = None) -> float:
    """Multiplier of the intervals: for groups alike, or as different as these where that is larger."""
    alike = float(np.quantile(null, confidence, method="higher"))
    low, high = _wilson(rates.rate, rates.people, max(alike, 1e-9))
    return max(alike, _needed((high - low) / 2 / max(alike, 1e-9), confidence, len(null), against))


def _agreeing(q: float, found: float, p_value: float, confidence: float) -> float:
    """Put the multiplier on the same side of the data as the test."""
    step = 1e-9 * found  # more than rounding errors, less than matters
    return min(q, found - step) if p_value <= 1 - confidence + 1e-12 else max(q, found + step)


# --- data sets without a difference -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Null:
    apart: Array
    spread: Array


def _null(rates: Rates, draws: int, seed: int, against: int | None = None) -> _Null:
    """Draw data sets in which groups do not matter, and measure each as the data were."""
    rng = np.random.default_rng(seed)
    apart, spread = [], []
    for rate, people in _drawn(rates, draws, rng):
        spread.append(_chi_square(rate, people))
        if against is not None:
            n = np.broadcast_to(people, rate.shape)
            k = slice(against, against + 1)
            apart.append(np.abs(_pair(rate, n, rate[:, k], n[:, k])).max(1))
        elif rates.pairs is None:
            apart.append(_separation(*_extremes(rate, rates.people))[0])
        else:
            apart.append(_separation(rate, people)[0])
    return _Null(np.concatenate(apart), np.concatenate(spread))


def _extremes(rate: Array, people: Array) -> tuple[Array, Array, Array]:
    """Keep the highest and the lowest rate of groups of the same size: no other can be farthest apart."""
    order = np.argsort(people, kind="stable")
    size, start = np.unique(people[order], return_index=True)
    if len(size) == len(people):
        return rate, people, rate
    sorted_rate = rate[:, order]
    return (
        np.maximum.reduceat(sorted_rate, start, axis=1),
        size,
        np.minimum.reduceat(sorted_rate, start, axis=1),
    )


def _drawn(rates: Rates, draws: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Yield rates and effective numbers of people, (sets × groups), a chunk at a time."""
    work, cells = len(rates.rate), None
    if rates.pairs is not None:
        cells = _cells(*rates.pairs)
        work = min(work * len(cells[0]), len(rates.pairs[0]))
    left = min(draws, max(_FEWEST, _WORK // work))
    chunk = max(1, _CHUNK // work)
    while left > 0:
        size = min(chunk, left)
        left -= size
        if rates.pairs is None or cells is None:
            yield _permuted(rates, size, rng), rates.people[None]
        elif len(rates.pairs[0]) <= len(rates.rate) * len(cells[0]):
            yield _shuffled(rates, *rates.pairs, size, rng)
        else:
            yield _resampled(rates, cells, size, rng)


def _permuted(rates: Rates, size: int, rng: np.random.Generator) -> Array:
    selected = round(float((rates.rate * rates.n).sum()))
    return rng.multivariate_hypergeometric(rates.n, selected, size, method="marginals") / rates.n


def _shuffled(rates: Rates, y: Array, w: Array, size: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Exchange the pairs themselves, where groups are so small that this is less work."""
    start = np.cumsum(rates.rows) - rates.rows
    sums = np.stack([w, w * y, w * w], axis=1)
    drawn = np.stack([np.add.reduceat(sums[rng.permutation(len(w))], start) for _ in range(size)])
    return np.clip(drawn[..., 1] / drawn[..., 0], 0, 1), drawn[..., 0] ** 2 / drawn[..., 2]


def _cells(y: Array, w: Array, bins: int = _WEIGHT_BINS) -> tuple[Array, Array, Array, Array]:
    """Reduce pairs of outcome and weight to few kinds: their shares, outcomes, mean and mean square weights.

    Bins hold equal parts of the squared weights, so that the few large weights, which matter, are kept apart.
    """
    kinds = []
    for outcome in (0.0, 1.0):
        sorted_w = np.sort(w[y == outcome])
        if not len(sorted_w):
            continue
        values = np.unique(sorted_w.round(9))
        if len(values) <= bins:
            where = np.searchsorted(values, sorted_w.round(9))
        else:
            squares = np.cumsum(sorted_w**2)
            where = np.minimum((squares / squares[-1] * bins).astype(int), bins - 1)
        n = np.bincount(where)
        some = n > 0
        mean, square = (np.bincount(where, sorted_w**k)[some] / n[some] for k in (1, 2))
        kinds.append(np.array([n[some] / len(y), np.full(some.sum(), outcome), mean, square]))
    share, outcome, mean, square = np.concatenate(kinds, axis=1)
    return share / share.sum(), outcome, mean, square


def _resampled(
    rates: Rates, cells: tuple[Array, Array, Array, Array], size: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    share, outcome, mean, square = cells
    sums = np.stack([mean, mean * outcome, square], axis=1)
    drawn = np.stack([rng.multinomial(n, share, size) @ sums for n in rates.rows], axis=1)
    w, x, w2 = drawn[..., 0], drawn[..., 1], drawn[..., 2]
    return np.clip(x / w, 0, 1), w * w / w2
