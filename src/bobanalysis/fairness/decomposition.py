"""What a gap is made of: exact Shapley parts, Kitagawa for rates, Oaxaca and Blinder for means.

``shapley``     any gap that can be computed again with some factors switched on: parts that add up exactly
``kitagawa``    a gap of observed rates or means: who the people are (composition) and what happens to people
                alike (rates), exact, without a model
``oaxaca``      the same with a linear model, for several columns and numbers, with standard errors
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness.regression import (
    Array,
    Design,
    NotEstimableError,
    Rows,
    check_confidence,
    check_rank,
    critical,
    design,
    rows,
    two_sided,
)

MOST_FACTORS = 16
"""More factors would need more than 65,536 evaluations."""


def shapley(
    factors: Sequence[str], value: Callable[[frozenset[str]], Any], labels: Sequence[Any] | None = None
) -> Any:
    """Split ``value(all factors) - value(none)`` into one part a factor; the parts add up to it exactly.

    Each factor's part is its effect when switched on, averaged over all orders in which factors can be
    switched on; it depends on no order. Each of the 2**k combinations is evaluated once.

    Args:
        factors: names, 1 to 16.
        value: given the set of factors that are on, returns a number, or a column of numbers (one a group, in
            the same order each time): a Polars or pandas Series or an array. Null or NaN: not estimable.
        labels: names of the groups of a column; by default a pandas Series' index, or 0, 1, ….

    Returns:
        A frame (pandas where ``value`` returns pandas, else Polars), one row a factor, or a factor and group:
        ``factor``, ``group`` (for columns), ``contribution``, ``alone`` (effect with all others off),
        ``last`` (effect with all others on: where ``alone`` and ``last`` differ, the factor works with
        others) and
        ``total``, the gap that is split. A part that rests on a value that is not estimable is null, and
        never 0.

    Raises:
        ValueError: no factor, one named twice, more than 16, columns of different lengths or labels.

    Source: Shapley (1953); Shorrocks, Journal of Economic Inequality 11 (2013), 99-126.

    >>> gap = {frozenset(): 0.0, frozenset({"age"}): 2.0, frozenset({"place"}): 1.0}
    >>> shapley(["age", "place"], lambda on: gap.get(on, 5.0)).select("factor", "contribution").rows()
    [('age', 3.0), ('place', 2.0)]
    """
    names = list(factors)
    if not 1 <= len(names) <= MOST_FACTORS:
        raise ValueError(
            f"{len(names)} factors; give 1 to {MOST_FACTORS}, as each one doubles the evaluations"
        )
    if len(set(names)) < len(names):
        raise ValueError(f"a factor is named twice among {', '.join(map(repr, names))}")
    k = len(names)
    answers = [
        value(frozenset(name for i, name in enumerate(names) if mask >> i & 1)) for mask in range(2**k)
    ]
    values, groups, scalar, pandas = _columns(answers, labels)
    on = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    others = on.sum(axis=1, keepdims=True) - on
    weights = (2 * on - 1) / (k * np.array([comb(k - 1, s) for s in range(k)])[others])
    total = values[-1] - values[0]
    parts = weights.T @ (values - values[0])
    parts += (total - parts.sum(axis=0)) / k  # what rounding left, far below any digit shown
    alone = values[2 ** np.arange(k)] - values[0]
    last = values[-1] - values[2**k - 1 - 2 ** np.arange(k)]
    columns = {"factor": pl.Series(np.repeat(names, len(groups)))}
    if not scalar:
        columns["group"] = pl.Series(list(groups) * k, strict=False)
    numbers = {"contribution": parts, "alone": alone, "last": last, "total": np.tile(total, (k, 1))}
    found = pl.DataFrame(columns | {name: column.ravel() for name, column in numbers.items()})
    found = found.with_columns(pl.col(name).fill_nan(None) for name in numbers)
    return found.to_pandas() if pandas else found


def _columns(answers: list[Any], labels: Sequence[Any] | None) -> tuple[Array, Sequence[Any], bool, bool]:
    """Answers as an array (evaluations × groups), the groups, whether they were numbers, whether pandas."""
    first = answers[0]
    scalar = np.ndim(first) == 0
    pandas = type(first).__module__.startswith("pandas")
    if pandas and not scalar:
        index = list(first.index)
        if any(list(a.index) != index for a in answers[1:]):
            raise ValueError("value() returned Series of different indexes; give the same groups each time")
        labels = index if labels is None else labels
    arrays = [_numbers(a) for a in answers]
    if len({len(a) for a in arrays}) > 1:
        raise ValueError(f"value() returned columns of different lengths: {sorted({len(a) for a in arrays})}")
    if labels is not None and len(labels) != len(arrays[0]):
        raise ValueError(f"{len(labels)} labels for columns of {len(arrays[0])} values")
    return np.stack(arrays), list(range(len(arrays[0]))) if labels is None else list(labels), scalar, pandas


def _numbers(answer: Any) -> Array:
    if answer is None:
        return np.array([np.nan])
    if isinstance(answer, pl.Series):
        return answer.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    found = np.atleast_1d(np.asarray(answer, dtype=float))
    if found.ndim != 1:
        raise ValueError(f"value() returned an array of {found.ndim} dimensions; give a number or a column")
    return found


def kitagawa(
    frame: Any,
    value: str,
    group: str,
    strata: Sequence[str],
    *,
    reference: Any,
    weight: str | None = None,
    confidence: float = 0.95,
    detail: bool = False,
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
        weight: zero or more, without gaps.
        confidence: of each interval.
        detail: also one row a stratum (sums over strata are the parts; without intervals).

    Returns:
        A frame of the library that came in: ``group``, ``reference``, ``part`` ("gap", "composition",
        "rates", "not shared"), ``stratum`` (null for the whole), ``contribution``, ``se``, ``ci_low``,
        ``ci_high``, ``p_value``, ``n`` (rows of the group), ``matched`` (share of the group, by weight, in
        strata that the reference has too), ``left_out`` (rows). Where no stratum is shared, composition and
        rates are null: not estimable. The named ``group`` column is called ``group``.

    Raises:
        ValueError: a column is missing, the reference is not there, or there is no other group.

    Source: Kitagawa, JASA 50 (1955), 1168-1194; Ñopo, Review of Economics and Statistics 90 (2008), 290-299.

    >>> people = pl.DataFrame({"sex": ["F"] * 4 + ["M"] * 4, "job": list("aaab") + list("abbb"),
    ...                        "told": [1, 1, 0, 0, 1, 0, 0, 1]})
    >>> parts = kitagawa(people, "told", "sex", ["job"], reference="M")
    >>> parts.select("part", pl.col("contribution").round(3)).rows()
    [('gap', 0.0), ('composition', 0.333), ('rates', -0.333), ('not shared', 0.0)]
    """
    check_confidence(confidence)
    strata = [strata] if isinstance(strata, str) else list(strata)
    if not strata or group in strata or value in (group, *strata):
        raise ValueError("name at least one column of strata, other than the group and the value")
    table = rows(frame, value, [], weight, labels=[group, *strata])
    groups, against = table.table[group].unique().sort().to_list(), str(reference)
    if against not in groups:
        raise ValueError(f"reference {reference!r} is not among the groups: {', '.join(groups[:20])}")
    if len(groups) == 1:
        raise ValueError(f"column {group!r} has one group only, {groups[0]!r}: there is no gap")
    parts = []
    for name in groups:
        if name != against:
            both = table.within(pl.col(group).is_in([name, against]))
            part = _kitagawa(both, (both.table[group] == name).to_numpy(), strata, confidence, detail)
            parts.append(part.with_columns(group=pl.lit(name), reference=pl.lit(against)))
    columns = ("group", "reference", "part", "stratum", "contribution", "se", "ci_low", "ci_high", "p_value")
    found = pl.concat(parts).with_columns(left_out=pl.lit(table.left_out))
    return table.back(found.select(*columns, "n", "matched", "left_out"))


GAP, COMPOSITION, RATES, NOT_SHARED = "gap", "composition", "rates", "not shared"


def _kitagawa(table: Rows, mine: Any, strata: list[str], confidence: float, detail: bool) -> pl.DataFrame:
    labels = table.table.select(pl.concat_str(strata, separator=" × ")).to_series().to_numpy()
    names, codes = np.unique(labels, return_inverse=True)
    sides, y, w = (mine, ~mine), table.y, table.w
    weight = np.stack([np.bincount(codes, w * side, len(names)) for side in sides])
    value = np.stack([np.bincount(codes, w * y * side, len(names)) for side in sides])
    rate = np.divide(value, weight, out=np.zeros_like(weight), where=weight > 0)
    shared, total = (weight > 0).all(axis=0), weight.sum(axis=1)
    inside, sign = (weight * shared).sum(axis=1), np.array([[1.0], [-1.0]])
    overall = value.sum(axis=1) / total
    # how a row moves each part: at[its side, its stratum] + times[…] * (its outcome - the rate there)
    at, times = np.zeros((4, *rate.shape)), np.zeros((4, *rate.shape))
    at[0], times[0] = sign * (rate - overall[:, None]), sign
    each = np.full((3, len(names)), np.nan)
    if shared.any():
        share = weight * shared / inside[:, None]
        mean = (share * rate).sum(axis=1, keepdims=True)
        middle, half = rate.mean(axis=0), (rate[0] - rate[1]) / 2
        outside = sign * weight / total[:, None] * np.where(shared, 0, rate - mean)
        composition, rates = (share[0] - share[1]) * middle, 2 * half * share.mean(axis=0)
        each = np.stack([composition * shared, rates * shared, outside.sum(axis=0)])
        scale = total[:, None] / inside[:, None] * shared
        per = np.divide(scale, share, out=np.zeros_like(share), where=share > 0)
        at[1], times[1] = scale * sign * (middle - (share @ middle)[:, None]), per * (share[0] - share[1]) / 2
        at[2], times[2] = scale * (half - (share @ half)[:, None]), per * sign * share.mean(axis=0)
        at[3], times[3] = at[0] - sign * scale * (rate - mean), sign * (1 - scale)
    side = np.where(mine, 0, 1)
    moved = at[:, side, codes] + times[:, side, codes] * (y - rate[side, codes])
    se = np.sqrt(np.diag(table.variance((moved / total[side]).T)))
    se[1:] = se[1:] if shared.any() else np.nan
    found = pl.DataFrame(
        {
            "part": [GAP, COMPOSITION, RATES, NOT_SHARED],
            "stratum": pl.Series([None] * 4, dtype=pl.String),
            "contribution": np.array([overall[0] - overall[1], *each.sum(axis=1)]),
            "se": se,
        }
    )
    if detail and shared.any():
        for part, column, known in zip(found["part"][1:], each, (shared, shared, ~shared), strict=True):
            extra = {"part": part, "stratum": names[known], "contribution": column[known]}
            found = pl.concat([found, pl.DataFrame(extra)], how="diagonal")
    matched = pl.lit(float(inside[0] / total[0]))
    return _with_limits(found, confidence).with_columns(n=pl.lit(int(mine.sum())), matched=matched)


def _with_limits(found: pl.DataFrame, confidence: float, freedom: float = np.inf) -> pl.DataFrame:
    z, value, se = critical(confidence, freedom), pl.col("contribution"), pl.col("se")
    found = found.with_columns(value.fill_nan(None), pl.when(se > 0).then(se.fill_nan(None)).alias("se"))
    ratio = (found["contribution"] / found["se"]).to_numpy()
    return found.with_columns(
        ci_low=value - z * se,
        ci_high=value + z * se,
        p_value=pl.Series(two_sided(ratio, freedom)).fill_nan(None),
    )


Kind = Literal["two-fold", "three-fold"]
Coefficients = Literal["pooled", "group", "reference", "average", "cotton"]


def oaxaca(
    frame: Any,
    value: str,
    group: str,
    explain: Sequence[str],
    *,
    reference: Any,
    kind: Kind = "two-fold",
    coefficients: Coefficients = "pooled",
    weight: str | None = None,
    cluster: str | None = None,
    confidence: float = 0.95,
) -> Any:
    """Split the gap of two groups' means with a linear model in each (Oaxaca and Blinder).

    two-fold     explained (different columns, at common coefficients) and unexplained
    three-fold   endowments (different columns, at the reference's coefficients), coefficients (at the
                 reference's columns) and interaction

    Args:
        frame: one row a person.
        value: true/false or numbers; of 0/1 the model is a linear probability.
        group: column of the groups; rows of groups other than the two compared are left out.
        explain: columns; text, categories and booleans are categories.
        reference: the group subtracted, or ``(group, reference)`` where there are more than two.
        kind: see above.
        coefficients: the common ones of two-fold: "pooled" (both groups together, with a column for the
            group, without which explained parts take in what is not), those of the "group" or the
            "reference", their
            "average" (Reimers), or by size ("cotton").
        weight: zero or more, without gaps.
        cluster: standard errors then allow people of one cluster to be alike.
        confidence: of each interval.

    Returns:
        A frame of the library that came in: ``part`` ("gap", then the parts), ``column`` (null for the
        whole), ``contribution``, ``se``, ``ci_low``, ``ci_high``, ``p_value``, ``group``, ``reference``,
        ``n`` and ``n_reference`` (rows). Explained, endowment and interaction parts are also given column by
        column; unexplained and coefficient parts are not, as their split changes with the category left out
        and the origin of each number. Columns are sampled like outcomes: standard errors allow for both.

    Raises:
        ValueError: a column is missing, a group is not there, or which two groups is not clear.
        NotEstimableError: (a ValueError) columns that follow from each other, also within one group (a value
            nobody of a group has), too few rows, one cluster.

    Source: Jann, Stata Journal 8 (2008), 453-479; Oaxaca and Ransom, Review of Economics and Statistics 81
    (1999), for what cannot be split. Estimates equal statsmodels' ``OaxacaBlinder`` (which offers neither
    weights, nor clusters, nor columns).

    >>> people = pl.DataFrame({"sex": ["F"] * 4 + ["M"] * 4, "years": [1.0, 2, 3, 4, 3, 4, 5, 6],
    ...                        "score": [2.0, 4, 6, 8, 7, 9, 11, 13]})
    >>> parts = oaxaca(people, "score", "sex", ["years"], reference="M")
    >>> parts.filter(pl.col("column").is_null()).select("part", pl.col("contribution").round(6)).rows()
    [('gap', -5.0), ('explained', -4.0), ('unexplained', -1.0)]
    """
    check_confidence(confidence)
    if kind not in ("two-fold", "three-fold"):
        raise ValueError(f'kind {kind!r} is neither "two-fold" nor "three-fold"')
    explain = [explain] if isinstance(explain, str) else list(explain)
    if not explain or group in explain or value in (group, *explain):
        raise ValueError("explain= needs one or more columns, other than the group and the value")
    table = rows(frame, value, explain, weight, cluster, labels=[group])
    mine, against = _two_groups(table.table[group].unique().sort().to_list(), group, reference)
    table = table.within(pl.col(group).is_in([mine, against]))
    columns = design(table.table, explain)
    in_group = (table.table[group] == mine).to_numpy()
    a, b = (_Side(table, columns, keep, name) for keep, name in ((in_group, mine), (~in_group, against)))
    mean = a.mean_y - b.mean_y, a.of_mean_y - b.of_mean_y
    dx, of_dx = a.mean_x - b.mean_x, a.of_mean_x - b.of_mean_x
    if kind == "three-fold":
        db, of_db = a.beta - b.beta, a.of_beta - b.of_beta
        parts = [
            *_product("endowments", columns, dx, of_dx, b.beta, b.of_beta),
            _product("coefficients", columns, b.mean_x, b.of_mean_x, db, of_db)[0],
            *_product("interaction", columns, dx, of_dx, db, of_db),
        ]
    else:
        common = _common(table, columns, a, b, in_group, coefficients)
        parts = _product("explained", columns, dx, of_dx, *common)
        parts.append(("unexplained", None, mean[0] - parts[0][2], mean[1] - parts[0][3]))
    parts = [(GAP, None, *mean), *parts]
    se = np.sqrt(np.diag(table.variance(np.column_stack([influence for *_, influence in parts]))))
    found = pl.DataFrame(
        {
            "part": [part[0] for part in parts],
            "column": pl.Series([part[1] for part in parts], dtype=pl.String),
            "contribution": [part[2] for part in parts],
            "se": se,
        }
    )
    sizes = {"n": pl.lit(int(in_group.sum())), "n_reference": pl.lit(int((~in_group).sum()))}
    limits = _with_limits(found, confidence, table.freedom())
    return table.back(limits.with_columns(group=pl.lit(mine), reference=pl.lit(against), **sizes))


def _two_groups(groups: list[str], column: str, reference: Any) -> tuple[str, str]:
    if isinstance(reference, tuple | list) and len(reference) == 2:
        mine, against = map(str, reference)
    else:
        against = str(reference)
        others = [name for name in groups if name != against]
        mine = others[0] if len(others) == 1 else ""
    for name in filter(None, (mine, against)):
        if name not in groups:
            raise ValueError(f"{name!r} is not among the groups of {column!r}: {', '.join(groups[:20])}")
    if not mine or mine == against:
        raise ValueError(
            f"column {column!r} has {len(groups)} groups ({', '.join(groups[:20])}); "
            "say which two with reference=(group, reference)"
        )
    return mine, against


class _Side:
    """The regression of one of the two groups, and what each row moves its means and coefficients by.

    statsmodels' OaxacaBlinder has no weights, clusters or columns, so only its formulas are used here.
    """

    def __init__(self, table: Rows, columns: Design, keep: Any, name: str):
        x = columns.x[keep]
        if nobody := [n for n, any_ in zip(columns.names, (x != 0).any(axis=0), strict=True) if not any_]:
            raise NotEstimableError(
                f"in group {name!r} nobody has {', '.join(nobody)}: merge that value or leave it out"
            )
        try:
            check_rank(x, columns.names)
        except NotEstimableError as error:
            raise NotEstimableError(f"in group {name!r} {error}") from None
        share = keep / table.w[keep].sum()
        self.beta, self.of_beta = _least_squares(columns.x, table.y, table.w * keep)
        self.mean_x, self.mean_y = (share * table.w) @ columns.x, float((share * table.w) @ table.y)
        self.of_mean_x = share[:, None] * (columns.x - self.mean_x)
        self.of_mean_y = share * (table.y - self.mean_y)


def _least_squares(x: Array, y: Array, w: Array) -> tuple[Array, Array]:
    """Coefficients, and what each row moves them by a unit of weight."""
    import statsmodels.api as sm

    fitted = sm.WLS(y, x, weights=w).fit()
    influence = (x * (y - x @ fitted.params)[:, None]) @ fitted.normalized_cov_params
    return fitted.params, influence * (w > 0)[:, None]


Part = tuple[str, str | None, float, Array]


def _product(part: str, columns: Design, x: Array, of_x: Array, beta: Array, of_beta: Array) -> list[Part]:
    """``x @ beta`` as a whole and column by column, with the influence of each row."""
    places = {None: list(range(len(x)))} | {name: list(term.at) for name, term in columns.terms.items()}
    return [
        (part, name, float(x[at] @ beta[at]), of_x[:, at] @ beta[at] + of_beta[:, at] @ x[at])
        for name, at in places.items()
    ]


def _common(
    table: Rows, columns: Design, a: _Side, b: _Side, in_group: Any, coefficients: str
) -> tuple[Array, Array]:
    """Coefficients at which columns are compared in a two-fold split."""
    if coefficients == "pooled":
        x = np.column_stack([columns.x, in_group])
        beta, of_beta = _least_squares(x, table.y, table.w)
        return beta[:-1], of_beta[:, :-1]
    size = float(table.w[in_group].sum() / table.w.sum())
    shares = {"group": 1.0, "reference": 0.0, "average": 0.5, "cotton": size}
    if coefficients not in shares:
        raise ValueError(f"coefficients {coefficients!r} is not one of: pooled, {', '.join(shares)}")
    s = shares[coefficients]
    return s * a.beta + (1 - s) * b.beta, s * a.of_beta + (1 - s) * b.of_beta
