"""What a gap is made of: exact Shapley parts, Kitagawa for rates, Oaxaca and Blinder for means.

``shapley``     any gap that can be computed again with some factors switched on: parts that add up exactly
``kitagawa``    a gap of observed rates or means: who the people are (composition) and what happens to people
                alike (rates), exact, without a model
``oaxaca``      the same with a linear model, for several columns and numbers, with standard errors
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness import regression
from bobanalysis.fairness._cube import as_list
from bobanalysis.fairness.metrics import no_reference
from bobanalysis.fairness.regression import Array, Design, NotEstimableError, Rows

MOST_FACTORS = 16
"""More factors would need more than 65,536 evaluations."""


def shapley(
    factors: Sequence[str], value: Callable[[frozenset[str]], Any], labels: Sequence[Any] | None = None
) -> pl.DataFrame:
    """Split ``value(all factors) - value(none)`` into one part a factor; the parts add up to it exactly.

    Each factor's part is its effect when switched on, averaged over all orders in which factors can be
    switched on; it depends on no order. Each of the 2**k combinations is evaluated once.

    Args:
        factors: names, 1 to 16.
        value: given the set of factors that are on, returns a number, or a column of numbers (one a group, in
            the same order each time): a Series or an array. Null or NaN: not estimable.
        labels: names of the groups of a column; by default 0, 1, ….

    Returns:
        One row a factor, or a factor and group: ``factor``, ``group`` (for columns), ``contribution``,
        ``alone`` (effect with all others off), ``last`` (effect with all others on: where ``alone`` and
        ``last`` differ, the factor works with others) and ``total``, the gap that is split. A part that rests
        on a value that is not estimable is null, and never 0.

    Raises:
        ValueError: no factor, one named twice, more than 16, columns of different lengths or labels.

    Source: Shapley (1953); Shorrocks, Journal of Economic Inequality 11 (2013), 99-126.

    >>> gap = {frozenset(): 0.0, frozenset({"age"}): 2.0, frozenset({"place"}): 1.0}
    >>> shapley(["age", "place"], lambda on: gap.get(on, 5.0)).select("factor", "contribution").rows()
    [('age', 3.0), ('place', 2.0)]
    """
    names = list(factors)
    if not 1 <= len(names) <= MOST_FACTORS:
        asked = f"{len(names)} factors; give 1 to {MOST_FACTORS}"
        raise ValueError(f"{asked}, as each one doubles the evaluations")
    if len(set(names)) < len(names):
        raise ValueError(f"a factor is named twice among {', '.join(map(repr, names))}")
    k = len(names)
    answers = [
        np.asarray(value(frozenset(name for i, name in enumerate(names) if mask >> i & 1)), dtype=float)
        for mask in range(2**k)
    ]
    if answers[0].ndim > 1 or len(sizes := {answer.shape for answer in answers}) > 1:
        raise ValueError(f"value() returned columns of different lengths or several columns: {sizes}")
    values = np.stack([np.atleast_1d(answer) for answer in answers])
    groups = list(range(values.shape[1])) if labels is None else list(labels)
    if len(groups) != values.shape[1]:
        raise ValueError(f"{len(groups)} labels for columns of {values.shape[1]} values")
    on = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    others = on.sum(axis=1, keepdims=True) - on
    weights = (2 * on - 1) / (k * np.array([comb(k - 1, s) for s in range(k)])[others])
    total = values[-1] - values[0]
    parts = weights.T @ (values - values[0])
    parts += (total - parts.sum(axis=0)) / k  # what rounding left, far below any digit shown
    alone = values[2 ** np.arange(k)] - values[0]
    last = values[-1] - values[2**k - 1 - 2 ** np.arange(k)]
    columns = {"factor": pl.Series(np.repeat(names, len(groups)))}
    if answers[0].ndim:
        columns["group"] = pl.Series(groups * k, strict=False)
    numbers = {"contribution": parts, "alone": alone, "last": last, "total": np.tile(total, (k, 1))}
    found = pl.DataFrame(columns | {name: column.ravel() for name, column in numbers.items()})
    return found.with_columns(pl.col(name).fill_nan(None) for name in numbers)


PARTS = ("gap", "composition", "rates", "not shared")


def kitagawa(
    frame: Any,
    value: str,
    group: str,
    strata: Sequence[str],
    *,
    reference: Any,
    weight: str | None = None,
    count: str | None = None,
) -> Any:
    """Split the gap of each group to a reference into composition and rates, exactly and without a model.

    composition   the groups hold different shares of the strata
    rates         people of the same stratum fare differently
    not shared    strata in which one of the two groups has nobody: no rates can be compared there, so what
                  they add to the gap is set apart (Ñopo), and never put to either of the others

    Args:
        frame: one row a person.
        value: true/false or numbers.
        group: column of the groups; nothing said is the group "unknown".
        strata: columns to cross (text, or numbers taken as labels); nothing said is a stratum.
        reference: the group the others are compared with.
        weight: column, zero or more, without gaps.
        count: column saying for how many people a row stands, in a table that is already counted.

    Returns:
        A frame of the library that came in: ``group``, ``reference``, ``part`` ("gap", "composition",
        "rates", "not shared"), ``contribution``, ``n`` (people of the group), ``matched`` (share of it,
        by weight, in strata that the reference has too), ``left_out`` (rows). Where no stratum is shared,
        composition and rates are null: not estimable. The named ``group`` column is called ``group``.

    Raises:
        ValueError: a column is missing, the reference is not there, or there is no other group.

    Source: Kitagawa, JASA 50 (1955), 1168-1194; Ñopo, Review of Economics and Statistics 90 (2008), 290-299.

    >>> people = pl.DataFrame({"sex": ["F"] * 4 + ["M"] * 4, "job": list("aaab") + list("abbb"),
    ...                        "told": [1, 1, 0, 0, 1, 0, 0, 1]})
    >>> parts = kitagawa(people, "told", "sex", ["job"], reference="M")
    >>> parts.select("part", pl.col("contribution").round(3)).rows()
    [('gap', 0.0), ('composition', 0.333), ('rates', -0.333), ('not shared', 0.0)]
    """
    strata = as_list(strata)
    if not strata or group in strata or value in (group, *strata):
        raise ValueError("name at least one column of strata, other than the group and the value")
    table = regression.rows(frame, value, [], weight, labels=[group, *strata], count=count)
    names, against = table.table[group].unique().sort().to_list(), str(reference)
    if against not in names:
        raise no_reference(reference, names)
    if len(names) == 1:
        raise ValueError(f"column {group!r} has one group only, {names[0]!r}: there is no gap")
    y, w = pl.col("_y"), pl.col("_w") * pl.col("_f")
    cells = (
        table.table.select(pl.struct(strata).alias("_stratum"), "_y", "_w", "_f", group=group)
        .group_by("_stratum", "group")
        .agg(rate=(w * y).sum() / w.sum(), people=w.sum(), rows=pl.col("_f").sum())
        .with_columns(share=pl.col("people") / pl.col("people").sum().over("group"))
        .sort("group", "_stratum")
    )
    theirs = cells.filter(group=against)
    parts = [
        _parts(cells.filter(group=name), theirs).with_columns(group=pl.lit(name))
        for name in names
        if name != against
    ]
    found = pl.concat(parts).with_columns(reference=pl.lit(against), left_out=pl.lit(table.left_out))
    found = found.unpivot(
        PARTS, index=["group", "reference", "n", "matched", "left_out"], variable_name="part",
        value_name="contribution",
    )  # fmt: skip
    order = pl.col("part").cast(pl.Enum(PARTS))
    head = ("group", "reference", "part", "contribution", "n", "matched", "left_out")
    return table.back(found.sort("group", order).select(head))


def _parts(mine: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """The parts of one gap, in one row; a sum over strata leaves out those where a side is null."""
    both = mine.join(theirs, on="_stratum", how="full", coalesce=True, maintain_order="left_right")
    share, rate, other, base = (pl.col(c) for c in ("share", "rate", "share_right", "rate_right"))
    shared = share.is_not_null() & other.is_not_null()
    a, b = share / share.filter(shared).sum(), other / other.filter(shared).sum()
    mean, base_mean = ((s * r).filter(shared).sum() for s, r in ((a, rate), (b, base)))
    alone = (share * (rate - mean)).filter(other.is_null()).sum()
    alone -= (other * (base - base_mean)).filter(share.is_null()).sum()
    values = {
        "composition": ((a - b) * (rate + base) / 2).sum(),
        "rates": ((rate - base) * (a + b) / 2).sum(),
        "not shared": alone,
    }
    return both.select(
        (share * rate).sum().alias("gap") - (other * base).sum(),
        *(pl.when(shared.any()).then(part).alias(name) for name, part in values.items()),
        n=pl.col("rows").sum().cast(pl.Int64),
        matched=share.filter(shared).sum(),
    )


def oaxaca(
    frame: Any,
    value: str,
    group: str,
    explain: Sequence[str],
    *,
    reference: Any,
    weight: str | None = None,
    count: str | None = None,
) -> Any:
    """Split the gap of two groups' means with a linear model in each (Oaxaca and Blinder).

    explained     different columns, at the coefficients of both groups together (with a column for the group,
                  without which explained parts take in what is not)
    unexplained   the rest

    Args:
        frame: one row a person, independent of the others.
        value: true/false or numbers; of 0/1 the model is a linear probability.
        group: column of the two groups.
        explain: columns; text, categories and booleans are categories.
        reference: the group subtracted.
        weight, count: columns, as for :func:`kitagawa`.

    Returns:
        A frame of the library that came in: ``part`` ("gap", then the parts), ``column`` (null for the
        whole), ``contribution``, ``se``, ``ci_low``, ``ci_high``, ``p_value``, ``group``, ``reference``,
        ``n`` and ``n_reference`` (people). What is explained is also given column by column; what is not is
        not, as its split changes with the category left out and the origin of each number. Columns are
        sampled like outcomes: standard errors allow for both.

    Raises:
        ValueError: a column is missing, the reference is not there, or there are not two groups.
        NotEstimableError: (a ValueError) columns that follow from each other, also within one group (a value
            nobody of a group has), or too few rows.

    Source: Jann, Stata Journal 8 (2008), 453-479; Oaxaca and Ransom, Review of Economics and Statistics 81
    (1999), for what cannot be split. Estimates equal statsmodels' ``OaxacaBlinder`` (which offers neither
    weights nor columns).

    >>> people = pl.DataFrame({"sex": ["F"] * 4 + ["M"] * 4, "years": [1.0, 2, 3, 4, 3, 4, 5, 6],
    ...                        "score": [2.0, 4, 6, 8, 7, 9, 11, 13]})
    >>> parts = oaxaca(people, "score", "sex", ["years"], reference="M")
    >>> parts.filter(pl.col("column").is_null()).select("part", pl.col("contribution").round(6)).rows()
    [('gap', -5.0), ('explained', -4.0), ('unexplained', -1.0)]
    """
    explain = as_list(explain)
    if not explain or group in explain or value in (group, *explain):
        raise ValueError("explain= needs one or more columns, other than the group and the value")
    table = regression.rows(frame, value, explain, weight, labels=[group], count=count)
    groups, against = table.table[group].unique().sort().to_list(), str(reference)
    if against not in groups:
        raise no_reference(reference, groups)
    if len(groups) != 2:
        has = f"column {group!r} has {len(groups)} groups ({', '.join(groups[:20])})"
        raise ValueError(f"{has}; keep the rows of two")
    mine = next(name for name in groups if name != against)
    columns, in_group = regression.design(table.table, explain), (table.table[group] == mine).to_numpy()
    x, b = _side(table, columns, in_group, mine)
    x0, b0 = _side(table, columns, ~in_group, against)
    both = np.column_stack([columns.x, in_group])
    regression.check_rank(both, [*columns.names, group], table.f)
    pooled = regression.fit(table, both)
    common = np.vstack([pooled.params, pooled.moved])[:, :-1]
    found: list[tuple[str, str | None, Array]] = [
        ("gap", None, _product(x, b) - _product(x0, b0)),
        ("explained", None, _product(x - x0, common)),
    ]
    for name, term in columns.terms.items():
        found.append(("explained", name, _product(x - x0, common, list(term.at))))
    found.append(("unexplained", None, _product(x, b - common) - _product(x0, b0 - common)))
    contribution, *moved = np.stack([column for *_, column in found], axis=1)
    se = np.sqrt(np.diag(regression.covariance(np.array(moved), f=table.f)))
    named = pl.DataFrame([row[:2] for row in found], {"part": pl.String, "column": pl.String}, orient="row")
    result = named.with_columns(contribution=pl.Series(contribution), **regression.limits(contribution, se))
    sizes = {"n": pl.lit(int(table.f[in_group].sum())), "n_reference": pl.lit(int(table.f[~in_group].sum()))}
    return table.back(result.with_columns(group=pl.lit(mine), reference=pl.lit(against), **sizes))


def _side(table: Rows, columns: Design, keep: Any, name: str) -> tuple[Array, Array]:
    """Means and coefficients of one of the two groups; below each, what every row moves it by."""
    x, mine = columns.x[keep], table.within(pl.Series(keep))
    if nobody := [n for n, any_ in zip(columns.names, (x != 0).any(axis=0), strict=True) if not any_]:
        why = f"in group {name!r} nobody has {', '.join(nobody)}: merge that value or leave it out"
        raise NotEstimableError(why)
    try:
        regression.check_rank(x, columns.names, mine.f)
    except NotEstimableError as error:
        raise NotEstimableError(f"in group {name!r} {error}") from None
    fitted, share = regression.fit(mine, x), mine.w * mine.f / (mine.w * mine.f).sum()
    means, coefficients = np.zeros((2, len(keep) + 1, x.shape[1]))
    means[0], coefficients[0] = share @ x, fitted.params
    means[1:][keep], coefficients[1:][keep] = share[:, None] * (x - means[0]), fitted.moved
    return means, coefficients


def _product(x: Array, beta: Array, at: Any = slice(None)) -> Array:
    """``x @ beta`` at some columns, and below it what every row moves it by."""
    x, beta = x[:, at], beta[:, at]
    found = x @ beta[0] + beta @ x[0]
    found[0] /= 2
    return np.asarray(found)
