"""An interval for a rate whose coverage is checked, not hoped for: Wilson's, repaired where it falls short.

Wilson's interval covers as often as it says on average, but not at every rate: for fewer than about forty
people there are rates at which an interval of 95 % covers 83 % of the time. The repair lengthens the
intervals of the few counts concerned, just enough, so that it misses

* at most half as often again as it should (92.5 % coverage where 95 % is asked for) where five people or more
  are expected on either side, and
* at most three times as often as it should (85 %) at the rarest rates.

From ``REPAIRED_UP_TO`` people on it is Wilson's interval itself.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from bobanalysis.fairness.intervals import Array, Limits, wilson

REPAIRED_UP_TO = 40
"""Number of people from which Wilson's interval needs no repair (the tests compute its exact coverage)."""

_EXPECTED = 5
_TRIES = 10
_STEPS = 5_000
_RATES = np.arange(1, _STEPS) / _STEPS


def repaired_wilson(rate: Any, n: Any, confidence: float = 0.95) -> Limits:
    """Wilson's score interval of a rate, repaired for small groups.

    Args:
        rate: observed rates, 0 to 1.
        n: number of people behind each; NaN limits where it is 0. Between whole numbers (Kish's effective
            size) limits are interpolated.
        confidence: nominal coverage.

    Returns:
        Lower and upper limits.

    Source: Wilson, JASA 22 (1927), 209-212, for the score interval; the repair and its exact coverage are
    this project's own. Cf. Brown, Cai and DasGupta, Statistical Science 16 (2001), 101-133, section 4.1.1.

    >>> low, high = repaired_wilson([0.1, 0.1], [10, 1000])
    >>> print([f"{a:.4f} to {b:.4f}" for a, b in zip(low, high)])
    ['0.0160 to 0.4027', '0.0829 to 0.1202']
    """
    p, n = np.broadcast_arrays(np.asarray(rate, float), np.asarray(n, float))
    low, high = (np.array(limit) for limit in wilson(p, n, confidence))
    small = (n >= 1) & (n < REPAIRED_UP_TO) & ~np.isnan(p)
    if not small.any():
        return low, high
    below = np.floor(n[small])
    part = n[small] - below
    ends = [_at(p[small], below + step, confidence) for step in (0, 1)]
    for limit, side in ((low, 0), (high, 1)):
        limit[small] = (1 - part) * ends[0][side] + part * ends[1][side]
    return low, high


def _at(rate: Array, n: Array, confidence: float) -> Limits:
    """Limits at whole numbers of people, interpolated between counts."""
    low, high = np.empty_like(rate), np.empty_like(rate)
    for size in np.unique(n):
        here, counts = n == size, np.arange(size + 1)
        limits = _repaired(int(size), confidence)
        low[here], high[here] = (np.interp(rate[here] * size, counts, limit) for limit in limits)
    return low, high


@lru_cache(maxsize=1_000)
def _repaired(n: int, confidence: float) -> Limits:
    """Limits of every count 0 to n, of average coverage near the nominal one."""
    limits = wilson(np.arange(n + 1) / n, np.full(n + 1, n), confidence)
    if n >= REPAIRED_UP_TO:
        return limits
    miss = 1 - confidence
    for shorter in range(_TRIES):  # at a few sizes the repair makes intervals too long on average
        start = wilson(np.arange(n + 1) / n, np.full(n + 1, n), 1 - miss * (1 + shorter / 50))
        limits = _lengthened(*start, miss)
        if coverage(*limits, _RATES).mean() <= 1 - miss * 0.92:
            break
    return limits


def coverage(low: Array, high: Array, rates: Array) -> Array:
    """Exact chance that the interval of the count that is drawn holds the true rate.

    Args:
        low, high: limits of each count 0 to n, neither of them falling.
        rates: true rates, between 0 and 1.

    Returns:
        Coverage at each rate.

    >>> low, high = repaired_wilson([0, 0.5, 1], [2, 2, 2])
    >>> print(coverage(low, high, np.array([0.5])).round(2))
    [1.]
    """
    first, last = _holding(low, high, rates)
    return 1 - _missed(first, last, len(low) - 1, rates)


def _holding(low: Array, high: Array, rates: Array) -> tuple[Any, Any]:
    """First and last count whose interval holds each rate."""
    return np.searchsorted(high, rates, "left"), np.searchsorted(low, rates, "right") - 1


def _missed(first: Any, last: Any, n: int, rates: Array) -> Array:
    from scipy.special import bdtr, bdtrc

    under = np.where(first > 0, bdtr(np.maximum(first - 1.0, 0), n, rates), 0.0)
    return under + np.where(last < n, bdtrc(np.maximum(last, 0.0), n, rates), 0.0)


def _lengthened(low: Array, high: Array, miss: float) -> Limits:
    """Let the likelier of the two next counts hold each rate that too few counts hold."""
    from scipy.special import comb

    n, step = len(low) - 1, 1 / _STEPS
    allowed = miss * np.where(n * (np.minimum(_RATES, 1 - _RATES) + step) >= _EXPECTED, 1.5, 3.0)
    low, high = low.copy(), high.copy()
    first, last = _holding(low, high, _RATES)
    while (short := _missed(first, last, n, _RATES) > allowed).any():
        # scipy.stats has this law, and is slow to import
        less, more = (comb(n, k) * _RATES**k * (1 - _RATES) ** (n - k) for k in (first - 1, last + 1))
        below = less >= more
        np.maximum.at(high, first[short & below] - 1, _RATES[short & below] + step)
        np.minimum.at(low, last[short & ~below] + 1, _RATES[short & ~below] - step)
        low = np.minimum(low, 1 - high[::-1])
        high = 1 - low[::-1]
        first, last = _holding(low, high, _RATES)
    return low, high
