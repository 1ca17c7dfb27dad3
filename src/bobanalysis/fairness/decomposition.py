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
    fit,
    need_clusters,
    rows,
    two_sided,
    variance,
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
    masks = np.arange(2**k)
    on = (masks[:, None] >> np.arange(k)) & 1
    size = on.sum(axis=1)
    share = np.array([1 / (k * comb(k - 1, s)) for s in range(k)])
    weights = np.where(
        on == 1, share[np.maximum(size - 1, 0)][:, None], -share[np.minimum(size, k - 1)][:, None]
    )
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
    y, w2 = pl.col("_y"), pl.col("_w2")
    w = pl.col("_w")
    cells = table.cells.group_by(group, *strata).agg(
        pl.col("_n").sum(), w.sum(), w2.sum(), (w * y).sum().alias("_wy"),
        (w2 * y).sum().alias("_w2y"), (w2 * y**2).sum().alias("_w2y2"),
    )  # fmt: skip
    groups = cells[group].unique().sort().to_list()
    if str(reference) not in groups:
        raise ValueError(f"reference {reference!r} is not among the groups: {', '.join(groups[:20])}")
    if len(groups) == 1:
        raise ValueError(f"column {group!r} has one group only, {groups[0]!r}: there is no gap")
    sums = _SUMS
    against = cells.filter(pl.col(group) == str(reference)).drop(group, "_n")
    parts = []
    for name in groups:
        if name == str(reference):
            continue
        mine = cells.filter(pl.col(group) == name)
        both = mine.join(against, on=strata, how="full", suffix="_ref", coalesce=True).sort(strata)
        both = both.with_columns(pl.concat_str(strata, separator=" × ").alias("_stratum"))
        both = both.with_columns(pl.col([*sums, *(f"{c}_ref" for c in sums)]).fill_null(0.0))
        parts.append(
            _kitagawa(both, confidence, detail).with_columns(
                group=pl.lit(name), reference=pl.lit(str(reference)), n=pl.lit(int(mine["_n"].sum()))
            )
        )
    columns = ("group", "reference", "part", "stratum", "contribution", "se", "ci_low", "ci_high", "p_value")
    found = pl.concat(parts).with_columns(left_out=pl.lit(table.left_out))
    return table.back(found.select(*columns, "n", "matched", "left_out"))


_SUMS = ("_w", "_w2", "_wy", "_w2y", "_w2y2")
GAP, COMPOSITION, RATES, NOT_SHARED = "gap", "composition", "rates", "not shared"


def _kitagawa(both: pl.DataFrame, confidence: float, detail: bool) -> pl.DataFrame:
    sums = [{c[1:]: both[f"{c}{end}"].to_numpy() for c in _SUMS} for end in ("", "_ref")]
    shared = (sums[0]["w"] > 0) & (sums[1]["w"] > 0)
    total = [s["w"].sum() for s in sums]
    inside = [s["w"][shared].sum() for s in sums]
    rate = [np.divide(s["wy"], s["w"], out=np.zeros_like(s["w"]), where=s["w"] > 0) for s in sums]
    overall = [s["wy"].sum() / t for s, t in zip(sums, total, strict=True)]
    stratum = both["_stratum"].to_list()
    gap = overall[0] - overall[1]
    if not shared.any():
        values, slopes = [gap, np.nan, np.nan, np.nan], None
        each: list[tuple[str, str, float]] = []
    else:
        share = [np.where(shared, s["w"], 0) / t for s, t in zip(sums, inside, strict=True)]
        mean = [c @ r for c, r in zip(share, rate, strict=True)]
        composition = (share[0] - share[1]) * (rate[0] + rate[1]) / 2 * shared
        rates = (rate[0] - rate[1]) * (share[0] + share[1]) / 2 * shared
        outside = 0.0 if shared.all() else (overall[0] - mean[0]) - (overall[1] - mean[1])
        values = [gap, composition.sum(), rates.sum(), outside]
        each = [
            (part, name, v)
            for part, column in ((COMPOSITION, composition), (RATES, rates))
            for name, v, known in zip(stratum, column, shared, strict=True)
            if known
        ]
        apart = [
            s["w"] / t * np.where(shared, 0, r - m)
            for s, t, r, m in zip(sums, total, rate, mean, strict=True)
        ]
        each += [
            (NOT_SHARED, name, a - b)
            for name, a, b, known in zip(stratum, *apart, shared, strict=True)
            if not known
        ]
        slopes = (share, inside, mean, shared)
    se = _kitagawa_se(sums, total, rate, overall, slopes)
    found = pl.DataFrame(
        {"part": [GAP, COMPOSITION, RATES, NOT_SHARED], "stratum": pl.Series([None] * 4, dtype=pl.String)}
    ).with_columns(contribution=pl.Series(np.array(values)), se=pl.Series(se))
    if detail and each:
        extra = pl.DataFrame(each, schema=["part", "stratum", "contribution"], orient="row")
        found = pl.concat([found, extra.with_columns(se=pl.lit(None, pl.Float64))], how="diagonal")
    return _with_limits(found, confidence).with_columns(matched=pl.lit(float(inside[0] / total[0])))


def _kitagawa_se(sums: Any, total: Any, rate: Any, overall: Any, slopes: Any) -> Array:
    """Standard errors of gap, composition, rates and not shared, from what one person moves each by."""
    squares = np.zeros(4)
    for i, sign in ((0, 1.0), (1, -1.0)):
        s = sums[i]
        # a person of stratum s with outcome y moves a part by (at[s] + times[s] * (y - rate[s])) / total
        effects = {0: (sign * (rate[i] - overall[i]), np.full_like(rate[i], sign))}
        if slopes:
            share, inside, mean, shared = slopes
            scale = total[i] / inside[i] * shared
            per_share = np.divide(1.0, share[i], out=np.zeros_like(share[i]), where=share[i] > 0)
            middle, half = (rate[0] + rate[1]) / 2, (rate[0] - rate[1]) / 2
            effects[1] = (
                scale * sign * (middle - share[i] @ middle),
                scale * per_share * (share[0] - share[1]) / 2,
            )
            effects[2] = (
                scale * (half - share[i] @ half),
                scale * per_share * sign * (share[0] + share[1]) / 2,
            )
            effects[3] = (effects[0][0] - sign * scale * (rate[i] - mean[i]), sign * (1 - scale))
        for part, (at, times) in effects.items():
            left = s["w2y"] - rate[i] * s["w2"]
            spread = s["w2y2"] - 2 * rate[i] * s["w2y"] + rate[i] ** 2 * s["w2"]
            squares[part] += (at**2 * s["w2"] + 2 * at * times * left + times**2 * spread).sum() / total[
                i
            ] ** 2
    return np.sqrt(np.clip(squares, 0, None)) if slopes else np.array([np.sqrt(squares[0]), *[np.nan] * 3])


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
    mine, against = _two_groups(table.cells[group].unique().sort().to_list(), group, reference)
    table = table.within(pl.col(group).is_in([mine, against]))
    columns = design(table.cells, explain)
    in_group = (table.cells[group] == mine).to_numpy()
    sides = [_Side(table, columns, keep, name) for keep, name in ((in_group, mine), (~in_group, against))]
    codes = table.clusters()
    freedom = np.inf if codes is None else need_clusters(codes) - 1.0
    parts = (
        _three_fold(sides, columns)
        if kind == "three-fold"
        else _two_fold(table, columns, sides, in_group, coefficients)
    )
    a, b = sides
    mean = lambda side: side.influence_of_mean(table.y - side.mean_y)  # noqa: E731
    everything = [(GAP, None, a.mean_y - b.mean_y, mean(a) - mean(b)), *parts]
    se = np.sqrt(np.diag(variance(table, np.column_stack([influence for *_, influence in everything]))))
    found = pl.DataFrame(
        [row[:3] for row in everything],
        schema={"part": pl.String, "column": pl.String, "contribution": pl.Float64},
        orient="row",
    ).with_columns(se=pl.Series(se))
    sizes = [int(table.cells["_n"].to_numpy()[keep].sum()) for keep in (in_group, ~in_group)]
    return table.back(
        _with_limits(found, confidence, freedom).with_columns(
            group=pl.lit(mine), reference=pl.lit(against), n=pl.lit(sizes[0]), n_reference=pl.lit(sizes[1])
        )
    )


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
    """The regression of one of the two groups; zero outside it."""

    def __init__(self, table: Rows, columns: Design, keep: Any, name: str):
        x, w = columns.x[keep], table.w[keep]
        if int(table.cells["_n"].to_numpy()[keep].sum()) <= x.shape[1]:
            raise NotEstimableError(f"group {name!r} has too few rows for {x.shape[1]} coefficients")
        try:
            _check_side(x, columns.names)
            self.fit = fit(x, table.y[keep], w, logit=False)
        except (NotEstimableError, np.linalg.LinAlgError) as error:
            raise NotEstimableError(f"in group {name!r} {error}") from None
        self.keep, self.weight = keep, float(w.sum())
        self.mean_x, self.mean_y = w @ x / w.sum(), float(w @ table.y[keep] / w.sum())
        self.beta = self.fit.params
        residual = np.where(keep, table.y - columns.x @ self.beta, 0.0)
        self.of_beta = (columns.x * residual[:, None]) @ self.fit.bread  # cells × k
        self.of_mean_x = np.where(keep[:, None], columns.x - self.mean_x, 0.0) / self.weight

    def influence_of_mean(self, centred: Array) -> Array:
        return np.where(self.keep, centred, 0.0) / self.weight


def _check_side(x: Array, names: Sequence[str]) -> None:
    """Raise NotEstimableError if a column follows from the others."""
    used = np.flatnonzero(np.abs(x).max(axis=0) > 0)
    if len(used) < x.shape[1]:
        nobody = [name for i, name in enumerate(names) if i not in used]
        raise NotEstimableError(
            f"nobody has {', '.join(nobody)}: merge the value with another or leave it out"
        )
    check_rank(x, names)


Part = tuple[str, str | None, float, Array]


def _bilinear(
    part: str, columns: Design, x: Array, of_x: Array, beta: Array, of_beta: Array, detail: bool
) -> list[Part]:
    """``x @ beta`` as a whole and column by column, with the influence of each person."""
    whole: list[Part] = [(part, None, float(x @ beta), of_x @ beta + of_beta @ x)]
    if not detail:
        return whole
    for name, term in columns.terms.items():
        at = list(term.at)
        whole.append((part, name, float(x[at] @ beta[at]), of_x[:, at] @ beta[at] + of_beta[:, at] @ x[at]))
    return whole


def _three_fold(sides: list[_Side], columns: Design) -> list[Part]:
    a, b = sides
    dx, of_dx = a.mean_x - b.mean_x, a.of_mean_x - b.of_mean_x
    db, of_db = a.beta - b.beta, a.of_beta - b.of_beta
    return [
        *_bilinear("endowments", columns, dx, of_dx, b.beta, b.of_beta, True),
        *_bilinear("coefficients", columns, b.mean_x, b.of_mean_x, db, of_db, False),
        *_bilinear("interaction", columns, dx, of_dx, db, of_db, True),
    ]


def _two_fold(
    table: Rows, columns: Design, sides: list[_Side], in_group: Any, coefficients: str
) -> list[Part]:
    a, b = sides
    size = float(table.w[in_group].sum() / table.w.sum())
    shares = {"group": 1.0, "reference": 0.0, "average": 0.5, "cotton": size}
    if coefficients == "pooled":
        x = np.column_stack([columns.x, in_group])
        together = fit(x, table.y, table.w, logit=False)
        beta = together.params[:-1]
        of_beta = ((x * (table.y - together.mean)[:, None]) @ together.bread)[:, :-1]
    elif coefficients in shares:
        s = shares[coefficients]
        beta, of_beta = s * a.beta + (1 - s) * b.beta, s * a.of_beta + (1 - s) * b.of_beta
    else:
        raise ValueError(f"coefficients {coefficients!r} is not one of: pooled, {', '.join(shares)}")
    explained = _bilinear(
        "explained", columns, a.mean_x - b.mean_x, a.of_mean_x - b.of_mean_x, beta, of_beta, True
    )
    gap = a.influence_of_mean(table.y - a.mean_y) - b.influence_of_mean(table.y - b.mean_y)
    rest = (a.mean_y - b.mean_y) - explained[0][2]
    return [*explained, ("unexplained", None, rest, gap - explained[0][3])]
