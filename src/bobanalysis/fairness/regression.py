"""What curves, adjusted effects and decompositions share: rows, columns, fits and simultaneous limits.

Rows that are the same in every column used are counted once with their weights summed, so a million rows of
categories cost as much as a few thousand. Standard errors never assume that a model is right about the
variance: they are sandwiches, over rows or over clusters of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis.fairness._cube import UNKNOWN, Back, label, number, to_lazy

Array = NDArray[Any]

DRAWS = 10_000
"""Draws behind a simultaneous limit: another seed moves it by less than one part in a hundred."""


class NotEstimableError(ValueError):
    """The data do not determine what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows of a table, distinct ones only.

    Attributes:
        cells: the columns asked for (text for categories, Float64 for numbers), ``_y`` outcome, ``_cluster``
            where one was named, ``_n`` rows, ``_w`` sum of weights, ``_w2`` and ``_w3`` sums of their powers.
        left_out: number of rows without an outcome, a number or a weight above zero.
        back: turns a Polars frame into one of the library that came in.
    """

    cells: pl.DataFrame
    left_out: int
    back: Back

    @property
    def y(self) -> Array:
        """Outcome of each cell."""
        return self["_y"]

    @property
    def w(self) -> Array:
        """Sum of weights of each cell."""
        return self["_w"]

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.cells["_n"].sum())

    def __getitem__(self, column: str) -> Array:
        """Return a column of numbers."""
        return self.cells[column].cast(pl.Float64).to_numpy()

    def within(self, keep: pl.Expr) -> Rows:
        """Return the rows that an expression keeps."""
        return Rows(self.cells.filter(keep), self.left_out, self.back)

    def clusters(self) -> NDArray[np.intp] | None:
        """Return the number of the cluster of each cell, from 0, or None where no cluster was named."""
        if "_cluster" not in self.cells.columns:
            return None
        return np.unique(self.cells["_cluster"].to_numpy(), return_inverse=True)[1]


def rows(
    frame: Any,
    outcome: str,
    columns: Sequence[str],
    weight: str | None = None,
    cluster: str | None = None,
    labels: Sequence[str] = (),
) -> Rows:
    """Reduce a table to its distinct rows.

    Args:
        frame: one row a person: Polars, pandas, PyArrow, ….
        outcome: true/false or numbers; rows without one are left out, and counted.
        columns: text, categories and booleans are kept as categories (nothing said: "unknown"), numbers as
            numbers (rows without one are left out, and counted).
        weight: zero or more, without gaps.
        cluster: people of one cluster are not independent of each other.
        labels: columns that name groups whatever they hold.

    Returns:
        The rows.

    Raises:
        ValueError: a column is missing, is infinite somewhere or of no use; a weight is negative or missing;
            no row is left.

    >>> people = pl.DataFrame({"told": [1, 1, None], "sex": ["F", "F", "M"]})
    >>> rows(people, "told", ["sex"]).cells["_n"].to_list()
    [2]
    """
    names = list(dict.fromkeys([*labels, *columns]))
    if clash := {*names} & {"_y", "_n", "_w", "_w2", "_w3", "_cluster"}:
        raise ValueError(f"rename the column {min(clash)!r}: the name is used for sums")
    lazy, back = to_lazy(frame, [outcome, *names, *(c for c in (weight, cluster) if c)])
    schema = lazy.collect_schema()
    w = number(weight, schema) if weight else pl.lit(1.0)
    keys = [*names, "_y", *(["_cluster"] if cluster else [])]
    expressions = [
        number(outcome, schema).alias("_y"),
        w.alias("_w"),
        *(
            label(c, schema) if c in labels or not schema[c].is_numeric() else number(c, schema).alias(c)
            for c in names
        ),
    ]
    if cluster:
        expressions.append(pl.col(cluster).cast(pl.String).fill_null(UNKNOWN).alias("_cluster"))
    table = lazy.select(expressions).collect()
    _check_weights(table["_w"], weight)
    for name, column in [(outcome, "_y"), *((c, c) for c in names)]:
        if table.schema[column] == pl.Float64 and table[column].is_infinite().any():
            raise ValueError(
                f"column {name!r} is infinite in row {table[column].is_infinite().arg_max()} "
                "(the first is row 0); a mean needs finite numbers"
            )
    kept = table.filter(pl.col("_w") > 0).drop_nulls()
    if kept.is_empty():
        raise ValueError(
            f"none of the {table.height} rows has a value in {', '.join(map(repr, [outcome, *names]))}"
            + (" and a weight above 0" if weight else "")
        )
    sums = [
        pl.len().cast(pl.Int64).alias("_n"),
        pl.col("_w").sum(),
        (pl.col("_w") ** 2).sum().alias("_w2"),
        (pl.col("_w") ** 3).sum().alias("_w3"),
    ]
    cells = kept.group_by(keys, maintain_order=True).agg(sums)
    return Rows(cells, table.height - kept.height, back)


def _check_weights(weights: pl.Series, name: str | None) -> None:
    wrong = weights.is_null() | weights.is_infinite() | (weights < 0)
    if wrong.fill_null(True).any():
        row = wrong.fill_null(True).arg_max()
        raise ValueError(
            f"column {name!r} holds {weights[row or 0]} in row {row} (the first is row 0); "
            "a weight must be a number, zero or more"
        )


@dataclass(frozen=True)
class Term:
    """One column of the table among the columns of the design.

    Attributes:
        name: of the column.
        at: where its columns stand in the design.
        levels: of a category other than its reference, in the order of ``at``; empty for a number.
        reference: the level that the others are compared with; None for a number.
    """

    name: str
    at: tuple[int, ...]
    levels: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True)
class Design:
    """Columns of a regression: a constant, numbers as they are, categories as 0/1 but for the reference."""

    x: Array
    names: tuple[str, ...]
    terms: Mapping[str, Term]

    def put(self, term: Term, level: str | None) -> Array:
        """Return the columns with everybody at one level of a category (None or the reference: at that)."""
        x = self.x.copy()
        x[:, list(term.at)] = 0.0
        if level in term.levels:
            x[:, term.at[term.levels.index(str(level))]] = 1.0
        return x


def design(cells: pl.DataFrame, columns: Sequence[str], reference: Mapping[str, Any] | None = None) -> Design:
    """Return the columns of a regression on some columns of the rows.

    The reference of a category is the one named, or else the one with the largest weight.

    Raises:
        ValueError: a reference is not there.
        NotEstimableError: a column has one value only, or follows from the others.

    >>> cells = pl.DataFrame({"sex": ["F", "M", "M"], "age": [20.0, 30.0, 50.0], "_w": [1.0, 1.0, 1.0]})
    >>> design(cells, ["sex", "age"]).names
    ('constant', 'sex = F', 'age')
    """
    blocks, names, terms = [np.ones(cells.height)], ["constant"], {}
    for name in dict.fromkeys(columns):
        values = cells[name]
        if values.n_unique() == 1:
            raise NotEstimableError(
                f"column {name!r} is {values[0]!r} in every row: nothing to compare, leave it out"
            )
        if values.dtype != pl.String:
            terms[name] = Term(name, (len(names),))
            blocks.append(values.to_numpy())
            names.append(name)
            continue
        sizes = cells.group_by(name).agg(pl.col("_w").sum()).sort("_w", name, descending=[True, False])
        asked = (reference or {}).get(name)
        base = str(sizes[name][0] if asked is None else asked)
        if base not in (levels := sizes[name].sort().to_list()):
            raise ValueError(
                f"reference {base!r} is not among the values of {name!r}: {', '.join(levels[:20])}"
            )
        others = tuple(level for level in levels if level != base)
        terms[name] = Term(name, tuple(range(len(names), len(names) + len(others))), others, base)
        codes = values.to_numpy()
        blocks += [(codes == level).astype(float) for level in others]
        names += [f"{name} = {level}" for level in others]
    x = np.column_stack(blocks)
    check_rank(x, names)
    return Design(x, tuple(names), terms)


def check_rank(x: Array, names: Sequence[str]) -> None:
    """Raise NotEstimableError, naming them, if columns follow from those before them."""
    from scipy.linalg import qr

    scaled = x / np.sqrt((x**2).sum(axis=0))
    triangle = np.abs(np.diag(qr(scaled, mode="r")[0])) if len(x) >= x.shape[1] else np.zeros(x.shape[1])
    if bad := [name for name, d in zip(names, triangle, strict=False) if d < 1e-9]:
        raise NotEstimableError(
            f"the effect of {', '.join(map(repr, bad))} is not estimable: it follows from the columns before "
            "it (or there are more columns than distinct rows); leave out one of them or merge rare values"
        )


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes:
        params: coefficients (k).
        mean: fitted value of each cell.
        slope: derivative of the fitted value by the linear predictor: 1, or p(1 - p) for a logit.
        bread: inverse of the weighted cross-products (k × k).
    """

    params: Array
    mean: Array
    slope: Array
    bread: Array


def fit(x: Array, y: Array, w: Array, logit: bool, names: Sequence[str] = ()) -> Fit:
    """Fit a weighted linear or logistic regression with statsmodels.

    Raises:
        NotEstimableError: a logit has no finite solution (some combination of columns predicts perfectly).
    """
    import warnings

    import statsmodels.api as sm

    if not logit:
        params = np.asarray(sm.WLS(y, x, weights=w).fit().params)
        mean = x @ params
        return Fit(params, mean, np.ones_like(mean), _inverse((x * w[:, None]).T @ x))
    scaled = w / w.mean()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        model = sm.GLM(y, x, family=sm.families.Binomial(), var_weights=scaled)
        params = np.asarray(model.fit(tol=1e-12, maxiter=60).params)
        # where a solution exists Newton's next steps vanish; where none does each adds about 1 for ever
        for _ in range(4):
            mean = 1 / (1 + np.exp(-(x @ params)))
            slope = mean * (1 - mean)
            information = (x * (w * slope)[:, None]).T @ x
            step = _solve(information, x.T @ (w * (y - mean)))
            moved = np.abs(x @ step).max()
            if not np.isfinite(moved) or moved < 1e-9:
                break
            params = params + step
    if not np.isfinite(moved) or moved > 1e-6:
        spread = np.abs(params) * x.std(axis=0)
        worst = f" ({names[int(np.argmax(spread))]!r} most of all)" if names else ""
        raise NotEstimableError(
            f"the columns{worst} separate the outcomes perfectly: no logit effect is finite; "
            "merge rare values, leave the column out or use a linear model"
        )
    return Fit(params, mean, slope, _inverse(information))


def _solve(a: Array, b: Array) -> Array:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return np.full(b.shape, np.nan)


def _inverse(a: Array) -> Array:
    scale = 1 / np.sqrt(np.diag(a))
    return scale[:, None] * np.linalg.inv(a * np.outer(scale, scale)) * scale


def totals(values: Array, codes: NDArray[np.intp]) -> Array:
    """Return the sums of rows of ``values`` (cells × k) by cluster (clusters × k)."""
    out = np.zeros((codes.max() + 1, values.shape[1]))
    np.add.at(out, codes, values)
    return out


def sandwich(table: Rows, x: Array, fitted: Fit) -> Array:
    """Return the covariance of the coefficients, over rows (HC1) or over clusters (CR1).

    Raises:
        NotEstimableError: there is one cluster only.

    Source: MacKinnon, Nielsen and Webb, Journal of Econometrics 232 (2023), 272-299, section 2.
    """
    residual, codes, (n, k) = table.y - fitted.mean, table.clusters(), (table.n, x.shape[1])
    if n <= k:
        raise NotEstimableError(f"{n} rows cannot determine {k} coefficients and their uncertainty")
    if codes is None:
        meat = (x * (table["_w2"] * residual**2)[:, None]).T @ x * (n / (n - k))
    else:
        g = need_clusters(codes)
        scores = totals(x * (table.w * residual)[:, None], codes)
        meat = scores.T @ scores * (g / (g - 1) * (n - 1) / (n - k))
    return fitted.bread @ meat @ fitted.bread


def jackknife(x: Array, left: Array, curvature: Array, codes: NDArray[np.intp], bread: Array) -> Array:
    """Return how far coefficients move when each cluster is left out (clusters × k), scaled to a variance.

    The sum of their squares is the variance CV3, which stays near the truth where a few clusters weigh much;
    of a logit, with one Newton step from the whole.

    Args:
        x: cells × k.
        left: weighted residual of each cell.
        curvature: weight times slope of each cell.
        codes: cluster of each cell.
        bread: inverse of the weighted cross-products.

    Raises:
        NotEstimableError: there is one cluster, or a coefficient rests on one cluster alone.

    Source: MacKinnon, Nielsen and Webb, Journal of Applied Econometrics 38 (2023), 671-694.
    """
    g, k = need_clusters(codes), x.shape[1]
    half = root(bread)
    z = x @ half  # in which the cross-products of the whole are the identity
    sums = totals(z * left[:, None], codes)
    squares = totals((z[:, :, None] * (z * curvature[:, None])[:, None, :]).reshape(-1, k * k), codes)
    values, vectors = np.linalg.eigh(np.eye(k) - squares.reshape(g, k, k))
    if values.min() < 1e-6:
        raise NotEstimableError("a coefficient rests on one cluster alone")
    moved = np.einsum("gij,gj,glj,gl->gi", vectors, 1 / values, vectors, sums, optimize=True)
    return moved @ half.T * np.sqrt((g - 1) / g)


def need_clusters(codes: NDArray[np.intp]) -> int:
    """Return the number of clusters; NotEstimableError if there is one only."""
    if (g := int(codes.max()) + 1) < 2:
        raise NotEstimableError("all rows are in one cluster: their uncertainty is not estimable")
    return g


def variance(table: Rows, influence: Array) -> Array:
    """Return the covariance (k × k) of estimates from the influence of one person of each cell on them.

    Args:
        table: the rows.
        influence: cells × k; an estimate moves by its influence times the person's weight.

    Raises:
        NotEstimableError: there is one cluster only.
    """
    codes = table.clusters()
    if codes is None:
        return (influence * table["_w2"][:, None]).T @ influence
    g = need_clusters(codes)
    sums = totals(influence * table.w[:, None], codes)
    return sums.T @ sums * (g / (g - 1))


def critical(confidence: float, freedom: float = np.inf) -> float:
    """Two-sided critical value of a t distribution, of the normal where ``freedom`` is infinite."""
    from scipy.special import stdtrit

    q = 0.5 + confidence / 2
    return float(stdtrit(freedom, q)) if np.isfinite(freedom) else NormalDist().inv_cdf(q)


def sup_t(factor: Array, confidence: float, freedom: float = np.inf, seed: int = 0) -> float:
    """Critical value of the largest of several |t|, so that one band holds for all of them at once.

    Args:
        factor: m × k with ``factor @ factor.T`` the covariance of the m estimates.
        confidence: of the band as a whole.
        freedom: degrees of freedom of the variance estimate.
        seed: of the draws.

    Returns:
        The value that standard errors are multiplied by: the ordinary one for one estimate.

    Source: Montiel Olea and Plagborg-Møller, Journal of Applied Econometrics 34 (2019), 1-17.

    >>> round(sup_t(np.eye(1), 0.95), 2), round(sup_t(np.eye(10), 0.95), 1)
    (1.96, 2.8)
    """
    size = np.sqrt((factor**2).sum(axis=1))
    unit = factor[size > 0] / size[size > 0, None]
    if len(unit) < 2:
        return critical(confidence, freedom)
    draws = _normal(factor.shape[1], seed)
    largest = np.zeros(DRAWS)
    for part in np.array_split(unit, -(-len(unit) // 100)):
        np.maximum(largest, np.abs(part @ draws).max(axis=0), out=largest)
    if np.isfinite(freedom):
        largest /= np.sqrt(np.random.default_rng([seed, 1]).chisquare(freedom, DRAWS) / freedom)
    return float(np.quantile(largest, confidence))


@lru_cache(maxsize=4)
def _normal(size: int, seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal((size, DRAWS))


def root(covariance: Array) -> Array:
    """Return a matrix whose product with its transpose is the covariance; tiny negative parts are noise."""
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    return vectors * np.sqrt(np.clip(values, 0, None))


def two_sided(statistic: Array, freedom: float = np.inf) -> Array:
    """P-value of t statistics."""
    from scipy.special import ndtr, stdtr

    below = -np.abs(statistic)
    return 2 * (stdtr(freedom, below) if np.isfinite(freedom) else ndtr(below))


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless ``confidence`` is between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, as 0.95, not {confidence}")
