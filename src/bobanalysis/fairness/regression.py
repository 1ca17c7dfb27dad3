"""What curves, adjusted effects and decompositions share: rows, columns, fits and simultaneous limits.

Models are those of statsmodels. Standard errors never assume that a model is right about the variance: they
are sandwiches, over rows or over clusters of rows. The sandwich is computed here because statsmodels gives a
logit HC0 whatever it is asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis.fairness import survey
from bobanalysis.fairness._cube import NOBODY, UNKNOWN, Back, column_names, label, number, to_lazy

Array = NDArray[Any]
CONFIDENCE = 0.95
"""Of each interval."""


class NotEstimableError(ValueError):
    """The data do not determine what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Rows:
    """Rows that can be used: text for categories, numbers as Float64, ``_y``, ``_w``, ``_f``, ``_cluster``.

    Attributes:
        table: the rows.
        left_out: number of rows without an outcome, a number or a weight above zero.
        back: turns a Polars frame into one of the library that came in.
        drawn: of a survey the strata of its units, those of nobody here too; ``_cluster`` numbers them.
        scale: what squared distances of each of its replicates are multiplied by; ``_r0_w``, … weigh them.
    """

    table: pl.DataFrame
    left_out: int
    back: Back
    drawn: survey.Strata | None = None
    scale: Any = None

    @property
    def y(self) -> Array:
        """Outcome of each row."""
        return self.table["_y"].to_numpy()

    @property
    def w(self) -> Array:
        """Weight of each person of a row."""
        return self.table["_w"].to_numpy()

    @property
    def f(self) -> Array:
        """Number of people of each row."""
        return self.table["_f"].to_numpy()

    @cached_property
    def clusters(self) -> NDArray[np.intp] | None:
        """Number of the cluster of each row, or None where each row stands for itself."""
        if "_cluster" not in self.table.columns:
            return None
        numbers = self.table["_cluster"].to_numpy()
        return numbers if self.drawn else np.unique(numbers, return_inverse=True)[1]

    @cached_property
    def strata(self) -> survey.Strata:
        """Strata of the clusters, one where nothing is said of them."""
        return self.drawn or survey.Strata(np.zeros(self.met.size, int))

    @cached_property
    def met(self) -> Array:
        """Clusters that somebody is from."""
        return np.unique(np.asarray(self.clusters))

    @property
    def degrees(self) -> int:
        """Degrees of freedom: clusters less strata, of those that are met."""
        return self.met.size - np.unique(self.strata.stratum[self.met]).size

    def by_cluster(self, values: Array, part: slice = slice(None)) -> Array:
        """Return the sums of columns of values, of some of the rows, by cluster."""
        clusters = np.asarray(self.clusters)[part]
        return np.stack([np.bincount(clusters, column, self.strata.units) for column in values.T], axis=1)

    def again(self, estimates: Callable[[Rows], Array]) -> Array:
        """Return how far each replicate is from estimates, as large as its share in their covariance."""
        weighed = (self.table.with_columns(_w=f"_r{at}_w") for at in range(len(self.scale)))
        away = np.array([estimates(replace(self, table=one)) for one in weighed]) - estimates(self)
        return np.asarray(away * np.sqrt(self.scale)[:, None])

    def within(self, keep: pl.Series) -> Rows:
        """Return some of the rows."""
        return replace(self, table=self.table.filter(keep))


def covariance(moved: Array, coefficients: int = 1, clusters: Any = None, f: Array | None = None) -> Array:
    """Return the covariance of estimates from what each row of ``f`` people moves them by: HC1, or CR1."""
    f = np.ones(len(moved)) if f is None else f
    n = groups = f.sum()
    if clusters is not None:
        moved = np.stack([np.bincount(clusters, column) for column in moved.T], axis=1)
        groups = len(moved)
    else:
        moved = moved / np.sqrt(f)[:, None]
    if groups == 1:
        raise NotEstimableError("all rows are in one cluster: their uncertainty is not estimable")
    return np.asarray(moved.T @ moved * (groups / (groups - 1) * (n - 1) / (n - coefficients)))


def rows(
    frame: Any,
    outcome: str,
    columns: Sequence[str],
    weight: str | None = None,
    cluster: str | None = None,
    labels: Sequence[str] = (),
    count: str | None = None,
    design: Any = None,
) -> Rows:
    """Return the rows of a table that have all that is needed.

    Args:
        frame: one row a person: Polars, pandas, PyArrow, ….
        outcome: true/false or numbers; rows without one are left out, and counted.
        columns: text, categories and booleans are kept as categories (nothing said: "unknown"), numbers as
            numbers (rows without one are left out, and counted).
        weight: zero or more, without gaps.
        cluster: people of one cluster are not independent of each other.
        labels: columns that name groups whatever they hold.
        count: column saying for how many people a row stands, by default one; kept as ``_f``.
        design: strata and clusters of a survey, or its replicate weights, instead of ``cluster``.

    Raises:
        ValueError: a column is missing, is infinite somewhere or of no use; a weight is negative or missing;
            no row is left; a design cannot be.

    >>> people = pl.DataFrame({"told": [1, 1, None], "sex": ["F", "F", "M"]})
    >>> rows(people, "told", ["sex"]).table.rows()
    [('F', 1.0, 1.0, 1.0), ('F', 1.0, 1.0, 1.0)]
    """
    names = list(dict.fromkeys([*labels, *columns]))
    if clash := {*names} & {"_y", "_w", "_f", "_cluster", "_stratum", "_psu", "_code"}:
        raise ValueError(f"rename the column {min(clash)!r}: the name is used for sums")
    if design and (cluster or (count and not (design.cluster or design.replicates))):
        raise ValueError("design= stands in place of cluster=; with count= it needs clusters or replicates")
    drawn = design.columns(column_names(frame), weight) if design else {}
    more = [c for c in (weight, cluster, count, *drawn.values()) if c]
    lazy, back = to_lazy(frame, [outcome, *names, *more])
    schema = lazy.collect_schema()
    texts = [c for c in names if c in labels or not schema[c].is_numeric()]
    wanted = {c: (label if c in texts else number)(c, schema) for c in names}
    wanted |= {"_y": number(outcome, schema), "_w": number(weight, schema) if weight else pl.lit(1.0)}
    if cluster:
        wanted["_cluster"] = pl.col(cluster).cast(pl.String).fill_null(UNKNOWN)
    again = design is not None and bool(design.replicates)
    for key, c in drawn.items():
        told: Any = number(c, schema).fill_null(np.nan) if c and again else c and label(c, schema)
        wanted[key] = NOBODY[key] if c is None else told
    wanted["_f"] = number(count, schema) if count else pl.lit(1.0)
    table = lazy.select(**wanted).collect()
    check_weights(table["_w"], weight)
    strata, sample = None, design.sample(table) if design else survey.Sample()
    if design and not again:
        units = sample.numbered().rename({"_unit": "_cluster"})
        strata = survey.Strata(units["_code"].to_numpy())
        table = table.join(units, on=[*drawn], maintain_order="left").drop(*drawn, "_code")
    for name, column in [(outcome, "_y"), *((c, c) for c in names)]:
        if table.schema[column] == pl.Float64 and table[column].is_infinite().any():
            where = f"column {name!r} is infinite in row {table[column].is_infinite().arg_max()}"
            raise ValueError(f"{where} (the first is row 0); a mean needs finite numbers")
    kept = table.filter(pl.col("_w") > 0).drop_nulls()
    if kept.is_empty():
        needed = ", ".join(map(repr, [outcome, *names])) + (" and a weight above 0" if weight else "")
        raise ValueError(f"none of the {table.height} rows has a value in {needed}")
    left_out = int(table["_f"].sum()) - int(kept["_f"].sum())
    if count:  # what is not asked may have told rows apart
        kept = kept.group_by(pl.exclude("_f"), maintain_order=True).agg(pl.col("_f").sum())
    return Rows(kept, left_out, back, strata, sample.scale)


def check_weights(weights: pl.Series, name: str | None) -> None:
    """Raise ValueError, naming the row, unless every weight is a number, zero or more."""
    wrong = (weights.is_null() | weights.is_infinite() | (weights < 0)).fill_null(True)
    if wrong.any():
        row = wrong.arg_max() or 0
        where = f"column {name!r} holds {weights[row]} in row {row} (the first is row 0)"
        raise ValueError(f"{where}; a weight must be a number, zero or more")


@dataclass(frozen=True)
class Term:
    """Where one column of the table stands in a design; ``levels`` and ``reference`` for a category only."""

    at: tuple[int, ...]
    levels: tuple[str, ...] = ()
    reference: str | None = None


@dataclass(frozen=True)
class Design:
    """Columns of a regression: a constant, numbers as they are, categories as 0/1 but for the reference."""

    x: Array
    names: tuple[str, ...]
    terms: Mapping[str, Term]


def design(table: pl.DataFrame, columns: Sequence[str], reference: Mapping[str, Any] | None = None) -> Design:
    """Return the columns of a regression on some columns of the rows.

    The reference of a category is the one named, or else the one with the largest weight.

    Raises:
        ValueError: a reference is not there.
        NotEstimableError: a column has one value only, or follows from the others.

    >>> ages = [20.0, 30.0, 50.0, 20.0]
    >>> table = pl.DataFrame({"sex": ["F", "M", "M", "M"], "age": ages, "_w": 1.0, "_f": 1.0})
    >>> design(table, ["sex", "age"]).names
    ('constant', 'sex = F', 'age')
    """
    blocks, names, terms = [np.ones(table.height)], ["constant"], {}
    for name in dict.fromkeys(columns):
        values = table[name]
        if values.n_unique() == 1:
            why = f"column {name!r} is {values[0]!r} in every row: nothing to compare, leave it out"
            raise NotEstimableError(why)
        if values.dtype != pl.String:
            terms[name] = Term((len(names),))
            blocks.append(values.to_numpy())
            names.append(name)
            continue
        size = (pl.col("_w") * pl.col("_f")).sum()
        sizes = table.group_by(name).agg(size).sort("_w", name, descending=[True, False])
        base = str((reference or {}).get(name, sizes[name][0]))
        if base not in (levels := sizes[name].sort().to_list()):
            among = f"the values of {name!r}: {', '.join(levels[:20])}"
            raise ValueError(f"reference {base!r} is not among {among}")
        others = tuple(level for level in levels if level != base)
        terms[name] = Term(tuple(range(len(names), len(names) + len(others))), others, base)
        blocks += [(values == level).to_numpy().astype(float) for level in others]
        names += [f"{name} = {level}" for level in others]
    x = np.column_stack(blocks)
    check_rank(x, names, table["_f"].to_numpy())
    return Design(x, tuple(names), terms)


def check_rank(x: Array, names: Sequence[str], f: Array) -> None:
    """Raise NotEstimableError, naming them, if columns follow from those before them."""
    from scipy.linalg import qr

    if f.sum() <= x.shape[1]:
        why = f"{f.sum():.0f} rows cannot determine {x.shape[1]} coefficients and their uncertainty"
        raise NotEstimableError(why)
    x = np.pad(x * np.sqrt(f)[:, None], ((0, max(0, x.shape[1] - len(x))), (0, 0)))
    triangle = np.abs(np.diag(qr(x / np.sqrt(np.maximum((x**2).sum(axis=0), 1e-300)), mode="r")[0]))
    if bad := [name for name, d in zip(names, triangle, strict=True) if d < 1e-9]:
        why = f"the effect of {', '.join(map(repr, bad))} is not estimable: it follows from the columns"
        raise NotEstimableError(f"{why} before it; leave out one of them or merge rare values")


@dataclass(frozen=True)
class Fit:
    """A weighted linear or logistic regression.

    Attributes:
        x: the columns.
        params: coefficients.
        mean: prediction for each row.
        slope: weight of each row, of all its people, times how fast its prediction rises with the linear
            predictor.
        left: the same weight times what the prediction leaves over.
        bread: inverse of the information.
    """

    x: Array
    params: Array
    mean: Array
    slope: Array
    left: Array
    bread: Array

    @property
    def moved(self) -> Array:
        """What each row moves the coefficients by."""
        return (self.x * self.left[:, None]) @ self.bread


def fit(table: Rows, x: Array, logit: bool = False) -> Fit:
    """Fit a weighted linear or logistic regression with statsmodels.

    ``covariance(found.moved, x.shape[1], table.clusters, table.f)`` is the robust covariance.

    Raises:
        NotEstimableError: a logit has no finite solution (some combination of columns predicts perfectly).
    """
    import statsmodels.api as sm

    y, w = table.y, table.w * table.f
    if not logit:
        found = sm.WLS(y, x, weights=w).fit()
        mean, slope = x @ found.params, w
    else:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model = sm.GLM(y, x, family=sm.families.Binomial(), var_weights=w / w.mean())
            found = model.fit(tol=1e-12, maxiter=60)
        mean = found.fittedvalues
        # where no finite solution exists each step moves on by about 1, and predictions become 0 or 1
        if (mean * (1 - mean)).min() < 1e-9:
            why = "the columns separate the outcomes perfectly: no logit effect is finite"
            raise NotEstimableError(f"{why}; merge rare values, leave the column out or use a linear model")
        slope = w * mean * (1 - mean)
    try:
        bread = np.linalg.inv((x * slope[:, None]).T @ x)
    except np.linalg.LinAlgError as error:  # of a replicate
        raise NotEstimableError("with some weights at 0 a column says nothing") from error
    return Fit(x, found.params, mean, slope, w * (y - mean), bread)


def limits(value: Array, se: Array, freedom: float = np.inf) -> dict[str, pl.Series]:
    """Return ``ci_low``, ``ci_high`` and ``p_value`` of estimates (t, or normal); null without an error."""
    from scipy.stats import t

    se = np.where(se > 0, se, np.nan)
    half = t.ppf(0.5 + CONFIDENCE / 2, freedom) * se
    p_value = 2 * t.sf(np.abs(value / se), freedom)
    found = {"se": se, "ci_low": value - half, "ci_high": value + half, "p_value": p_value}
    return {name: pl.Series(column).fill_nan(None) for name, column in found.items()}
