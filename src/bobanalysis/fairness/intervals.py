"""Intervals for a rate, a mean, a difference and a ratio, element by element on numpy arrays.

A rate comes as its value and the number of people it rests on; with weights that number is Kish's effective
sample size. What cannot be estimated is NaN, on the way in and on the way out, and is never a number. ``inf``
as the upper limit of a ratio says that the data set no upper limit.

A gap between two groups is built from the limits of each (MOVER, "method of variance estimates recovery"):
the same two formulas serve rates and means, with Wilson, Jeffreys or t limits, and stay within the possible
for tiny groups.
"""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Limits = tuple[Array, Array]


def kish(weight: Any, weight_squared: Any) -> Array:
    """Kish's effective sample size: how many people of equal weight tell as much.

    Args:
        weight: sum of the weights of each group.
        weight_squared: sum of the squared weights of each group.

    Returns:
        ``weight² / weight_squared``, people; 0 where the weights sum to 0.

    Source: Kish, Survey Sampling (1965), section 11.7.

    >>> kish([4.0, 4.0], [4.0, 10.0])
    array([4. , 1.6])
    """
    w, w2 = np.asarray(weight, float), np.asarray(weight_squared, float)
    return np.divide(w**2, w2, out=np.zeros_like(w), where=w2 > 0)


def wilson(rate: Any, n: Any, confidence: float = 0.95) -> Limits:
    """Wilson's score interval of a rate.

    Args:
        rate: observed rates, 0 to 1.
        n: number of people behind each; NaN limits where it is 0.
        confidence: nominal coverage.

    Returns:
        Lower and upper limits.

    Source: Wilson, JASA 22 (1927), 209-212; Brown, Cai and DasGupta, Statistical Science 16 (2001), 101-133.

    >>> low, high = wilson([0.0], [8])
    >>> print(f"{low[0]:.3f} to {high[0]:.3f}")
    0.000 to 0.324
    """
    p, n = np.asarray(rate, float), np.asarray(n, float)
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return _exact_at_the_ends(p, centre - half, centre + half)


def jeffreys(rate: Any, n: Any, confidence: float = 0.95) -> Limits:
    """Jeffreys' interval of a rate: equal-tailed, prior Beta(1/2, 1/2), reaching an observed 0 or 1.

    Args:
        rate: observed rates, 0 to 1.
        n: number of people behind each; NaN limits where it is 0.
        confidence: nominal coverage.

    Returns:
        Lower and upper limits.

    Source: Brown, Cai and DasGupta, Statistical Science 16 (2001), 101-133, section 4.1.2 for the two ends.

    >>> low, high = jeffreys([0.0], [8])
    >>> print(f"{low[0]:.3f} to {high[0]:.3f}")
    0.000 to 0.262
    """
    from scipy.special import betaincinv

    p, n = np.asarray(rate, float), np.asarray(n, float)
    a, b = p * n + 0.5, np.maximum((1 - p) * n, 0) + 0.5
    tail = (1 - confidence) / 2
    low, high = (np.where(n > 0, betaincinv(a, b, q), np.nan) for q in (tail, 1 - tail))
    return _exact_at_the_ends(p, low, high)


def student(mean: Any, variance: Any, n: Any, confidence: float = 0.95) -> Limits:
    """Student's t interval of a mean.

    Args:
        mean: observed means.
        variance: mean squared deviations from them (divisor n, not n - 1).
        n: number of people behind each; NaN limits where it is 1 or fewer.
        confidence: nominal coverage.

    Returns:
        Lower and upper limits.

    >>> low, high = student([2.0], [2 / 3], [3])
    >>> print(f"{low[0]:.3f} to {high[0]:.3f}")
    -0.484 to 4.484
    """
    from scipy.special import stdtrit

    m, n = np.asarray(mean, float), np.asarray(n, float)
    freedom = np.where(n > 1, n - 1, np.nan)
    half = stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(np.maximum(variance, 0) / freedom)
    return m - half, m + half


def difference(value: Any, limits: Limits, other: Any, other_limits: Limits, rho: Any = 0.0) -> Limits:
    """Limits of ``value - other``; with Wilson limits this is Newcombe's hybrid score interval.

    Args:
        value, limits: of the group.
        other, other_limits: of the group it is compared with, which shares no people with it.
        rho: correlation of the two estimates, such as those of people of the same clusters.

    Returns:
        Lower and upper limits of the difference.

    Source: Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10; Zou and Donner, ibid. 27 (2008).

    >>> a, b = (np.array([56 / 70]), wilson([56 / 70], [70])), (np.array([48 / 80]), wilson([48 / 80], [80]))
    >>> low, high = difference(*a, *b)
    >>> print(f"{low[0]:.4f} to {high[0]:.4f}")  # Newcombe 1998, table II, (a)
    0.0524 to 0.3339
    """
    (l1, u1), (l2, u2) = limits, other_limits
    gap = np.asarray(value, float) - np.asarray(other, float)
    low, high = np.hypot(value - l1, u2 - other), np.hypot(u1 - value, other - l2)
    if np.any(rho):
        low = np.sqrt(np.maximum(low**2 - 2 * rho * (value - l1) * (u2 - other), 0))
        high = np.sqrt(np.maximum(high**2 - 2 * rho * (u1 - value) * (other - l2), 0))
    return gap - low, gap + high


def ratio(value: Any, limits: Limits, other: Any, other_limits: Limits, rho: Any = 0.0) -> Limits:
    """Limits of ``value / other``; unlike a log interval they exist when nobody in the group is selected.

    Args:
        value, limits: of the group, not negative.
        other, other_limits: of the group it is compared with, positive; NaN limits elsewhere.
        rho: correlation of the two estimates.

    Returns:
        Lower and upper limits of the ratio; the upper is ``inf`` where the other may be 0.

    Source: Donner and Zou, Statistical Methods in Medical Research 21 (2012), 347-359, with the
    root moved to the denominator of the lower limit so that nothing cancels.

    >>> a, b = (np.array([0.0]), wilson([0.0], [20])), (np.array([0.5]), wilson([0.5], [20]))
    >>> low, high = ratio(*a, *b)
    >>> print(f"{low[0]:.2f} to {high[0]:.2f}")
    0.00 to 0.35
    """
    p, q = np.asarray(value, float), np.asarray(other, float)
    (l1, u1), (l2, u2) = limits, other_limits
    product = np.where((p >= 0) & (q > 0), p * q, np.nan)
    below, above = l1 * (2 * p - l1), l2 * (2 * q - l2)
    with np.errstate(divide="ignore", invalid="ignore"):
        less = product - rho * (p - l1) * (u2 - q)
        low = below / (less + np.sqrt(np.maximum(less**2 - below * u2 * (2 * q - u2), 0)))
        less = product - rho * (u1 - p) * (q - l2)
        high = (less + np.sqrt(np.maximum(less**2 - u1 * (2 * p - u1) * above, 0))) / above
    low = np.where((p == 0) & ~np.isnan(product), 0.0, low)
    return low, np.where((l2 <= 0) & ~np.isnan(product), np.inf, high)


def _exact_at_the_ends(rate: Array, low: Array, high: Array) -> Limits:
    """Let no rounding push a limit past the rate it surrounds, or out of 0 to 1."""
    low = np.where(rate <= 0, np.where(np.isnan(low), np.nan, 0.0), np.clip(low, 0.0, 1.0))
    high = np.where(rate >= 1, np.where(np.isnan(high), np.nan, 1.0), np.clip(high, 0.0, 1.0))
    return low, high
