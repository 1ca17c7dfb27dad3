"""Many tests at once: P values of two rates or two means, and their correction for how many there are."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from bobanalysis.fairness.intervals import Array

Method = Literal["benjamini-hochberg", "holm", "bonferroni"]

_FEW = 10


def adjusted_p_values(p_values: Any, method: Method = "benjamini-hochberg") -> Array:
    """Correct P values for how many tests there are.

    Args:
        p_values: of a family of tests; NaN where a test was not estimable, which does not count as a test.
        method: "benjamini-hochberg" bounds the share of false findings among the findings; "holm" and
            "bonferroni" bound the chance of any false finding.

    Returns:
        Adjusted P values, NaN where there was none.

    Raises:
        ValueError: an unknown method, or a P value outside 0 to 1.

    Source: Benjamini and Hochberg, JRSS B 57 (1995), 289-300; Holm, Scandinavian J. of Statistics 6 (1979).

    >>> adjusted_p_values([0.01, 0.04, 0.03, np.nan], "holm")
    array([0.03, 0.06, 0.06,  nan])
    """
    if method not in get_args(Method):
        raise ValueError(f"method {method!r} is not one of: {', '.join(get_args(Method))}")
    p = np.asarray(p_values, float)
    known = ~np.isnan(p)
    if (wrong := p[(p < 0) | (p > 1)]).size:
        raise ValueError(f"a P value lies from 0 to 1, not {wrong[0]}")
    found = np.full(p.shape, np.nan)
    if method == "benjamini-hochberg":  # part of every audit, and libraries that have it are slow to import
        order = np.flatnonzero(known)[np.argsort(p[known])[::-1]]
        found[order] = np.minimum.accumulate(p[order] * (len(order) / np.arange(len(order), 0.0, -1.0)))
    elif known.any():
        from statsmodels.stats.multitest import multipletests

        found[known] = multipletests(p[known], method=method)[1]
    return found


def two_rates(x: Any, n: Any, y: Any, m: Any) -> Array:
    """P value of two rates being equal, element by element.

    Args:
        x, n: number selected and number of people in the groups.
        y, m: the same of those they are compared with. With weights, effective numbers.

    Returns:
        Two-sided P values. Where fewer than ten selected or not selected are expected in a group, twice the
        smaller tail of Fisher's conditional distribution with the mid-P correction, numbers rounded;
        elsewhere the score test with the factor (N - 1) / N. NaN where a group is empty, 1 where everybody or
        nobody is selected.

    Source: Lancaster, JASA 56 (1961), 223-234; Campbell, Statistics in Medicine 26 (2007), 3661-3675.

    >>> two_rates([10, 300], [20, 1000], [6, 200], [30, 1000]).round(4)
    array([0.0335, 0.    ])
    """
    from scipy.special import ndtr

    x, n, y, m = np.broadcast_arrays(*(np.asarray(v, float) for v in (x, n, y, m)))
    total = n + m
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x + y) / total
        variance = pooled * (1 - pooled) * (1 / n + 1 / m) * total / (total - 1)
        z = np.abs(x / n - y / m) / np.sqrt(variance)
        found = np.where(variance > 0, 2 * ndtr(-z), 1.0)
        expected = np.minimum(n, m) * np.minimum(pooled, 1 - pooled)
    few = (n > 0) & (m > 0) & (variance > 0) & (expected < _FEW)
    if few.any():
        found[few] = _mid_fisher(*(np.rint(v[few]) for v in (x, n, y, m)))
    return np.where((n > 0) & (m > 0), found, np.nan)


def two_means(mean: Any, variance: Any, n: Any, other: Any, other_variance: Any, m: Any) -> Array:
    """P value of two means being equal (Welch), element by element.

    Args:
        mean, variance, n: of the groups, variance with divisor n; with weights, effective numbers.
        other, other_variance, m: the same of those they are compared with.

    Returns:
        Two-sided P values, NaN where a group has one person or fewer, or where nothing varies.

    Source: Welch, Biometrika 34 (1947), 28-35.

    >>> two_means([2.0], [1.0], [50], [2.5], [1.0], [50]).round(4)
    array([0.015])
    """
    from scipy.special import stdtr

    n, m = (np.where(np.asarray(size, float) > 1, size, np.nan) for size in (n, m))
    mean, variance, other, other_variance = map(np.asarray, (mean, variance, other, other_variance))
    with np.errstate(divide="ignore", invalid="ignore"):
        mine, others = variance / (n - 1), other_variance / (m - 1)
        freedom = (mine + others) ** 2 / (mine**2 / (n - 1) + others**2 / (m - 1))
        found = 2 * stdtr(freedom, -np.abs(mean - other) / np.sqrt(mine + others))
    return np.where(mine + others > 0, found, np.nan)


def _mid_fisher(x: Array, n: Array, y: Array, m: Array) -> Array:
    """Twice the smaller mid-P tail, by ratios of neighbours: ``scipy.stats`` takes half a second to load."""
    tables, back = np.unique(np.stack([x, n, y, m]), axis=1, return_inverse=True)
    x, n, y, m = tables
    tails = []
    for one, out, other, rest in ((x, n - x, y, m - y), (n - x, x, m - y, y)):  # more in the group, or fewer
        tail, term = np.full(x.shape, 0.5), np.ones(x.shape)
        while (term > 1e-17 * tail).any():
            term = term * (np.maximum(other, 0) * np.maximum(out, 0) / ((one + 1) * (rest + 1)))
            term = np.minimum(term, 1e300)  # then the other tail is 0 to the last digit
            tail, one, out, other, rest = tail + term, one + 1, out - 1, other - 1, rest + 1
        tails.append(tail)
    return (2 * np.minimum(*tails) / (tails[0] + tails[1]))[back.ravel()]
