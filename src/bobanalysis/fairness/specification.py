"""Does a finding depend on choices nobody can settle: all combinations, and bounds for what is unknown.

``specification_curve`` runs a measure under every combination of choices; ``agreement`` says how many agree
in sign and how far apart they are; ``rank_intervals`` which units are extreme under each. ``unknown_bounds``
makes no choice at all: the lowest and highest a share can be whatever the missing values are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import as_list, label, number, to_lazy
from bobanalysis.fairness.regression import CONFIDENCE, check_weights

MOST_SPECIFICATIONS = 100_000
NOT_ESTIMABLE, ESTIMATED = "not estimable", "estimated"
HIGH, LOW, DEPENDS = "high", "low", "depends"
_FIXED = ("value", "ci_low", "ci_high", "status", "rank", "sign")


def specification_curve(
    measure: Callable[..., Any], choices: Mapping[str, Mapping[str, Any] | Sequence[Any]]
) -> pl.DataFrame:
    """Run a measure under every combination of choices and return the results, lowest first.

    Args:
        measure: called with one keyword a choice (the option itself, not its label); returns a number, or a
            Polars or pandas frame, one row a unit, with "value" and, where known, "ci_low" and "ci_high"
            (units are further columns of text). None, NaN or a ``ValueError`` means that this combination has
            no result; it is kept and says so.
        choices: by name, the options: label → anything (a frame, a function, a number), or a plain list of
            labels that are passed as they are.

    Returns:
        Polars, one row a combination (and unit): one column a choice with the label, further columns of the
        measure, ``value``, ``ci_low``, ``ci_high``, ``status`` ("estimated", or "not estimable: …" and why),
        ``rank`` (from 1, the lowest, within a unit; null without a value) and ``sign`` (−1, 0, 1).

    Raises:
        ValueError: no choice, a choice without options, more than 100,000 combinations, or a choice named
            like a column of the result. Whatever else ``measure`` raises, with the combination in a note.

    Source: Simonsohn, Simmons and Nelson, Nature Human Behaviour 4 (2020), 1208-1214; Steegen, Tuerlinckx,
    Gelman and Vanpaemel, Perspectives on Psychological Science 11 (2016), 702-712.

    >>> found = specification_curve(lambda cut, map: cut - map, {"cut": {"50": 50, "55": 55}, "map": [52, 1]})
    >>> found.select("cut", "map", "value", "rank").rows()[0]
    ('50', '52', -2.0, 1)
    """
    options = {name: _options(name, given) for name, given in choices.items()}
    if not options:
        raise ValueError("give at least one choice")
    if clash := {*options} & {*_FIXED}:
        raise ValueError(f"rename the choice {min(clash)!r}: the result has a column of that name")
    if (count := prod(map(len, options.values()))) > MOST_SPECIFICATIONS:
        raise ValueError(f"{count:,} combinations, more than {MOST_SPECIFICATIONS:,}: give fewer options")
    found = []
    for combination in product(*(given.items() for given in options.values())):
        named = dict(zip(options, combination, strict=True))
        rows = _run(measure, named)
        found.append(rows.with_columns(pl.lit(text).alias(name) for name, (text, _) in named.items()))
    limits = dict.fromkeys(("value", "ci_low", "ci_high"), pl.Float64)
    empty = pl.DataFrame(schema=limits | {"status": pl.String})
    table = pl.concat([empty, *found], how="diagonal_relaxed")
    table = table.with_columns(pl.col(c).cast(pl.Float64).fill_nan(None) for c in limits)
    further = [c for c in table.columns if c not in (*options, *_FIXED)]
    units = [c for c in further if table.schema[c] in (pl.String, pl.Categorical, pl.Enum)]
    told = pl.when(pl.col("value").is_null()).then(pl.lit(NOT_ESTIMABLE)).otherwise(pl.lit(ESTIMATED))
    rank = pl.col("value").rank("ordinal")
    table = table.with_columns(
        status=pl.coalesce("status", told),
        rank=(rank.over(units) if units else rank).cast(pl.Int64),
        sign=pl.col("value").sign().cast(pl.Int8),
    )
    return table.select(*options, *further, *_FIXED).sort(*units, "rank", *options, nulls_last=True)


def _options(name: str, given: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    pairs = given.items() if isinstance(given, Mapping) else [(option, option) for option in given]
    options = {str(text): option for text, option in pairs}
    if not options:
        raise ValueError(f"choice {name!r} has no options")
    if len(options) < len(given):
        labels = ", ".join(str(label) for label, _ in pairs)
        raise ValueError(f"choice {name!r} has two options of one label: {labels}")
    return options


def _run(measure: Callable[..., Any], named: Mapping[str, tuple[str, Any]]) -> pl.DataFrame:
    try:
        result = measure(**{name: option for name, (_, option) in named.items()})
    except ValueError as error:
        return pl.DataFrame({"value": [None], "status": [f"{NOT_ESTIMABLE}: {error}"]})
    except Exception as error:
        error.add_note("specification: " + ", ".join(f"{name} = {text}" for name, (text, _) in named.items()))
        raise
    if np.ndim(result) == 0:
        return pl.DataFrame({"value": [result]}, strict=False)
    import narwhals as nw

    found = nw.from_native(result, eager_only=True).to_polars()
    if "value" not in found.columns:
        raise ValueError(f"the measure returned {', '.join(found.columns)} and no 'value'")
    return found


def agreement(curve: Any, by: Sequence[str] = (), value: str = "value") -> Any:
    """Return how far the specifications agree.

    Args:
        curve: one row a specification, with ``value`` (null where not estimable) and, where known,
            ``ci_low`` and ``ci_high``: what :func:`specification_curve` returns, or any such frame.
        by: columns of units (a place, a piece of advice): one row each.
        value: name of the column.

    Returns:
        A frame of the library that came in: the ``by`` columns, ``specifications``, ``estimable``, ``sign``
        (of most of the estimable ones: −1, 0, 1; null on a tie), ``agreement`` (share of the *estimable*
        specifications that have it; on a tie the share of either), ``agreement_of_all`` (share of all),
        ``clear`` (share of the estimable ones whose interval has that sign throughout; null without
        intervals), ``lowest``, ``quarter``, ``median``, ``three_quarters``, ``highest``.
        Specifications share their data: the share that agree is a description, not a test.

    Raises:
        ValueError: a column is missing, or the table has no rows.

    >>> agreement(pl.DataFrame({"value": [1.0, 2.0, -1.0, None]})).select("sign", "agreement").row(0)
    (1, 0.6666666666666666)
    """
    import narwhals as nw

    by = as_list(by)
    columns = nw.from_native(curve).collect_schema().names()
    limits = [c for c in ("ci_low", "ci_high") if {"ci_low", "ci_high"} <= {*columns}]
    lazy, back = to_lazy(curve, [*by, value, *limits])
    schema = lazy.collect_schema()
    ends = {c: number(c, schema) if limits else pl.lit(None, pl.Float64) for c in ("ci_low", "ci_high")}
    table = lazy.select(*by, number(value, schema).alias("_v"), **ends).collect()
    if table.is_empty():
        raise ValueError("the table has no rows")
    v, sure = pl.col("_v"), pl.col("ci_low").sign() == pl.col("ci_high").sign()
    signs, estimable = v.sign().cast(pl.Int8), v.count()
    modes = signs.drop_nulls().mode()
    agree, told = (signs == modes.first()).sum(), modes.len() == 1
    clear = (sure & (signs == modes.first())).sum() / estimable
    columns = {
        "specifications": pl.len().cast(pl.Int64),
        "estimable": estimable.cast(pl.Int64),
        "sign": pl.when(told).then(modes.first()),
        "agreement": pl.when(estimable > 0).then(agree / estimable),
        "agreement_of_all": agree / pl.len(),
        "clear": pl.when(told & (pl.col("ci_low").count() > 0)).then(clear),
        **{name: v.quantile(q / 4, "linear") for q, name in enumerate(_ORDER)},
    }
    found = table.group_by(by).agg(**columns).sort(by) if by else table.select(**columns)
    return back(found)


_ORDER = ("lowest", "quarter", "median", "three_quarters", "highest")


def rank_intervals(frame: Any, unit: str, specification: str, value: str, extreme: int = 20) -> Any:
    """Return the ranks of units over all specifications, and which units are extreme under every one.

    Parameters: ``frame``, pandas or Polars, one row a (unit, specification) with a ``value`` (a rate or a
    mean; null where it cannot be estimated); ``unit``, ``specification``, ``value``, column names;
    ``extreme``, how many of the highest and of the lowest units are called extreme.

    Returns a frame of the same kind, one row a unit that has a value under some specification, sorted by
    unit: ``rank_low`` and ``rank_high`` (1 is the highest value; ties share the better rank), ``class``:
    "high" (among the ``extreme`` highest under every specification), "low", or "depends"; and
    ``specifications``, the number of those that have a value. A unit that lacks a value under some
    specification is never called high or low.

    Raises ValueError if ``extreme`` is not between 1 and half the number of units, or if a unit has two
    values under one specification. Source: Steegen et al. (2016), Increasing transparency through a
    multiverse analysis, Perspectives on Psychological Science 11(5).

    >>> import polars as pl
    >>> shares = pl.DataFrame({"place": list("abcabc"), "scale": [1, 1, 1, 2, 2, 2],
    ...                        "share": [0.9, 0.5, 0.1, 0.6, 0.2, 0.3]})
    >>> rank_intervals(shares, "place", "scale", "share", extreme=1).rows()[0]
    ('a', 1, 1, 'high', 2)
    """
    lazy, back = to_lazy(frame, [unit, specification, value])
    table = lazy.select(unit, specification, value).drop_nulls(value).collect()
    if table.select(unit, specification).is_duplicated().any():
        raise ValueError(f"a {unit} has two values under one {specification}")
    units = table[unit].n_unique()
    if not 1 <= extreme <= max(1, units // 2):
        raise ValueError(f"extreme must be between 1 and {units // 2} (half of {units} units), not {extreme}")
    rate = pl.col(value)
    down, up = (rate.rank("min", descending=way).over(specification) for way in (True, False))
    ranked = table.with_columns(rank=down, from_below=up)
    every = table[specification].n_unique()
    complete = pl.len() == every
    high, low = ((complete & (pl.col(c).max() <= extreme)) for c in ("rank", "from_below"))
    kind = pl.when(high).then(pl.lit(HIGH)).when(low).then(pl.lit(LOW)).otherwise(pl.lit(DEPENDS))
    result = ranked.group_by(unit).agg(
        pl.col("rank").min().cast(pl.Int64).alias("rank_low"),
        pl.col("rank").max().cast(pl.Int64).alias("rank_high"),
        kind.alias("class"),
        pl.len().cast(pl.Int64).alias("specifications"),
    )
    return back(result.sort(unit))


def unknown_bounds(frame: Any, value: str, groups: Sequence[str] = (), *, weight: str | None = None) -> Any:
    """Return the lowest and the highest a share can be, whatever the unknown values are.

    Nothing is assumed of who is unknown: ``low`` counts all of them as 0, ``high`` as 1.

    Args:
        frame: one row a person; a value that is null is unknown.
        value: column of true/false or of numbers from 0 to 1.
        groups: columns to cross; rows without a group are the group "unknown".
        weight: zero or more, without gaps.

    Returns:
        A frame of the library that came in, one row a group: the ``groups``, ``n``, ``n_known``,
        ``share_unknown`` (by weight), ``value_known`` (mean of the known; null if nobody is), ``low``,
        ``high``, and at 95 % ``ci_low``, ``ci_high`` (which hold the true value, wherever between the bounds
        it is). The gap of two groups lies between ``low`` of one less ``high`` of the other and ``high`` of
        one less ``low`` of the other.

    Raises:
        ValueError: a column is missing, an outcome is out of range, a weight is negative, or no rows.

    Source: Manski, American Economic Review P&P 80 (1990), 319-323; Imbens and Manski, Econometrica 72
    (2004), 1845-1857, for the interval, as corrected by Stoye, Econometrica 77 (2009).

    >>> told = pl.DataFrame({"place": list("aaaab"), "stuck": [1, 0, None, 0, None]})
    >>> unknown_bounds(told, "stuck", ["place"]).select("place", "value_known", "low", "high").rows()
    [('a', 0.3333333333333333, 0.25, 0.5), ('b', None, 0.0, 1.0)]
    """
    from scipy.optimize.elementwise import find_root
    from scipy.special import ndtr

    groups = as_list(groups)
    lazy, back = to_lazy(frame, [value, *groups, *([weight] if weight else [])])
    schema = lazy.collect_schema()
    named = {c: label(c, schema) for c in groups}
    weights = number(weight, schema) if weight else pl.lit(1.0)
    table = lazy.select(**named, _y=number(value, schema), _w=weights).collect()
    if table.is_empty():
        raise ValueError("the table has no rows")
    check_weights(table["_w"], weight)
    if not table["_y"].drop_nulls().is_between(0, 1).all():
        seen = f"{table['_y'].min()!r} to {table['_y'].max()!r}"
        raise ValueError(f"column {value!r} runs from {seen}, out of 0 to 1; give true/false or shares")
    y, w = pl.col("_y"), pl.col("_w")
    sums = {"n": pl.len().cast(pl.Int64), "n_known": y.count().cast(pl.Int64)}
    sums["share_unknown"] = w.filter(y.is_null()).sum() / w.sum()
    sums["value_known"] = (w * y).sum() / w.filter(y.is_not_null()).sum()
    for name, end in {"low": y.fill_null(0.0), "high": y.fill_null(1.0)}.items():
        sums[name] = mean = (w * end).sum() / w.sum()
        sums[f"_se_{name}"] = (w**2 * (end - mean) ** 2).sum().sqrt() / w.sum()
    found = table.group_by(groups).agg(**sums).sort(groups) if groups else table.select(**sums)
    low, high, se_low, se_high, n = found.select("low", "high", "_se_low", "_se_high", "n").to_numpy().T
    # one observation more at each end of the range: a share seen as 0 of 8 is not known to be 0
    floor = 1 / (2 * (n + 2)) * np.sqrt(2 / (n + 2))
    se_low, se_high = np.maximum(se_low, floor), np.maximum(se_high, floor)
    # two-sided where nobody is unknown, one-sided where the bounds are far apart
    apart = (high - low) / np.maximum(se_low, se_high)
    held = lambda c, apart: ndtr(c + apart) - ndtr(-c) - CONFIDENCE  # noqa: E731
    width = find_root(held, (0.0, 40.0), args=(apart,)).x
    ends = {"ci_low": low - width * se_low, "ci_high": high + width * se_high}
    limits = (pl.Series(name, np.clip(end, 0.0, 1.0)) for name, end in ends.items())
    found = found.drop("_se_low", "_se_high").with_columns(limits)
    return back(found.with_columns(pl.selectors.float().fill_nan(None)))
