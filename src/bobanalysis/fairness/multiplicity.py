"""Many tests at once: P values of two rates or two means, and their correction for how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import narwhals as nw
import numpy as np
import polars as pl

from bobanalysis.fairness.intervals import Array

Method = Literal["benjamini-hochberg", "benjamini-yekutieli", "holm", "bonferroni"]
_NAMES = {  # of statsmodels
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
    "holm": "holm",
    "bonferroni": "bonferroni",
}

_FEW = 10


def adjusted_p_values(p_values: Any, method: Method = "benjamini-hochberg") -> Array:
    """Correct P values for how many tests there are.

    Args:
        p_values: of a family of tests; NaN where a test was not estimable, which does not count as a test.
        method: "benjamini-hochberg" bounds the share of false findings among the findings, as does
            "benjamini-yekutieli" however the tests depend on each other; "holm" and "bonferroni" bound the
            chance of any false finding.

    Returns:
        Adjusted P values, NaN where there was none.

    Raises:
        ValueError: an unknown method, or a P value outside 0 to 1.

    Source: Benjamini and Hochberg, JRSS B 57 (1995), 289-300; Holm, Scandinavian J. of Statistics 6 (1979).

    >>> adjusted_p_values([0.01, 0.04, 0.03, np.nan], "holm")
    array([0.03, 0.06, 0.06,  nan])
    """
    from statsmodels.stats.multitest import multipletests

    if method not in _NAMES:
        raise ValueError(f"method {method!r} is not one of: {', '.join(_NAMES)}")
    p = np.asarray(p_values, float)
    known = ~np.isnan(p)
    if ((p[known] < 0) | (p[known] > 1)).any():
        raise ValueError(f"a P value lies from 0 to 1, not {p[known][(p[known] < 0) | (p[known] > 1)][0]}")
    found = np.full(p.shape, np.nan)
    if known.any():
        found[known] = multipletests(p[known], method=_NAMES[method])[1]
    return found


def with_tests(
    measures: Any, method: Method = "benjamini-hochberg", within: Sequence[str] = ("metric", "item")
) -> Any:
    """Fill ``p_adjusted`` of a measure frame from its ``p_value``.

    Args:
        measures: frame from :func:`bobanalysis.fairness.group_metrics`, where each group is compared with its
            reference.
        method: of correction; see :func:`adjusted_p_values`.
        within: columns whose values make a family of tests; none for one family of all rows.

    Returns:
        The frame, of the library that came in, rows in the order given. A gap that is not estimable or
        suppressed stays null, and is not counted among the tests.

    Raises:
        ValueError: a column is missing, or an unknown method.

    >>> from bobanalysis.fairness import group_metrics
    >>> told = [1] * 6 + [0] * 24 + [1] * 10 + [0] * 10 + [1] * 9 + [0] * 21
    >>> people = pl.DataFrame({"age": ["young"] * 30 + ["old"] * 20 + ["middle"] * 30, "told": told})
    >>> tested = with_tests(group_metrics(people, ["age"], prediction="told"), "holm")
    >>> tested.filter(metric="selection_rate").select("age", pl.col("^p_.*$").round(3)).rows()
    [('middle', 0.862, 0.862), ('old', 0.047, 0.142), ('young', 0.099, 0.198)]
    """
    native = nw.from_native(measures, eager_only=True)
    for column in ("p_value", "p_adjusted", *within):
        if column not in native.columns:
            raise ValueError(f"column {column!r} is not in the measure frame; it has: {native.columns}")
    p = native.select("p_value").to_polars()["p_value"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    found = np.full(len(p), np.nan)
    families = native.select(*within).to_polars() if within else pl.DataFrame({"all": np.zeros(len(p))})
    rows = families.with_row_index("_row").filter(~np.isnan(p))
    for family in rows.partition_by(families.columns) if len(rows) else []:
        at = family["_row"].to_numpy()
        found[at] = adjusted_p_values(p[at], method)
    adjusted_p_values(p[:0], method)  # refuse an unknown method, even where there is nothing to adjust
    filled = nw.new_series("p_adjusted", found, nw.Float64, backend=native.implementation)
    return native.with_columns(nw.when(~filled.is_nan()).then(filled).alias("p_adjusted")).to_native()


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

    mean, n, other, m = (np.asarray(v, float) for v in (mean, n, other, m))
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = np.where(n > 1, variance / (n - 1), np.nan), np.where(m > 1, other_variance / (m - 1), np.nan)
        freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
        return np.where(a + b > 0, 2 * stdtr(freedom, -np.abs(mean - other) / np.sqrt(a + b)), np.nan)


def _mid_fisher(x: Array, n: Array, y: Array, m: Array) -> Array:
    from scipy.stats import hypergeom

    tables, back = np.unique(np.stack([x, n, y, m]), axis=1, return_inverse=True)  # each tail is slow
    x, n, y, m = tables
    law = hypergeom(n + m, np.minimum(x + y, n + m), np.maximum(n, 0))
    half = law.pmf(x) / 2
    return np.minimum(2 * np.minimum(law.cdf(x) - half, law.sf(x) + half), 1.0)[back.ravel()]
