"""Does a finding depend on choices nobody can settle: all combinations, and bounds for what is unknown.

``specification_curve`` runs a measure under every combination of choices; ``agreement`` says how many agree
in sign and how far apart they are; ``by_choice`` says which choice moves the result. ``regroup`` and
``bands`` make the usual choices: a map of regions given as a table, age cuts. ``unknown_bounds`` makes no
choice at all: the lowest and highest a share can be whatever the missing values are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from bobanalysis.fairness.cube import UNKNOWN, to_lazy
from bobanalysis.fairness.regression import Array, check_confidence, critical, label, number

MOST_SPECIFICATIONS = 100_000
NOT_ESTIMABLE, ESTIMATED = "not estimable", "estimated"
_FIXED = ("value", "ci_low", "ci_high", "status", "rank", "sign")


def specification_curve(
    measure: Callable[..., Any],
    choices: Mapping[str, Mapping[str, Any] | Sequence[Any]],
    *,
    keep: Callable[[Mapping[str, str]], bool] | None = None,
) -> pl.DataFrame:
    """Run a measure under every combination of choices and return the results, lowest first.

    Args:
        measure: called with one keyword a choice (the option itself, not its label); returns a number, or a
            mapping with "value" and, where known, "ci_low" and "ci_high" (further numbers and texts become
            columns), or a Polars or pandas frame of such rows, one a unit (units in further columns). None,
            NaN or a ``ValueError`` means that this combination has no result; it is kept and says so.
        choices: by name, the options: label → anything (a frame, a function, a number), or a plain list of
            labels that are passed as they are.
        keep: given the labels of a combination, whether it makes sense; all by default.

    Returns:
        Polars, one row a combination (and unit): one column a choice with the label, further columns of the
        measure, ``value``, ``ci_low``, ``ci_high``, ``status`` ("estimated", or "not estimable: …" and why),
        ``rank`` (from 1, the lowest, within a unit; null without a value) and ``sign`` (−1, 0, 1).

    Raises:
        ValueError: no choice, a choice without options, more than 100,000 combinations, a choice named like a
            column of the result, or every combination is refused by ``keep``. Whatever else ``measure``
            raises, with the combination in a note.

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
    found, texts = [], {name: list(given) for name, given in options.items()}
    for combination in product(*texts.values()):
        labels = dict(zip(options, combination, strict=True))
        if keep is None or keep(labels):
            found += [
                labels | row
                for row in _run(measure, {name: options[name][text] for name, text in labels.items()}, labels)
            ]
    if not found:
        raise ValueError("keep= refused every combination")
    return _ordered(found, list(options))


def _options(name: str, given: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    pairs = given.items() if isinstance(given, Mapping) else [(option, option) for option in given]
    options = {str(text): option for text, option in pairs}
    if not options:
        raise ValueError(f"choice {name!r} has no options")
    if len(options) < len(given):
        raise ValueError(
            f"choice {name!r} has two options of one label: {', '.join(str(t) for t, _ in pairs)}"
        )
    return options


def _run(
    measure: Callable[..., Any], given: Mapping[str, Any], labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    try:
        result = measure(**given)
    except ValueError as error:
        return [{"value": None, "status": f"{NOT_ESTIMABLE}: {error}"}]
    except Exception as error:
        error.add_note("specification: " + ", ".join(f"{name} = {text}" for name, text in labels.items()))
        raise
    if isinstance(result, Mapping):
        result = [dict(result)]
    elif np.ndim(result) == 0:
        result = [{"value": result}]
    elif isinstance(result, pl.DataFrame):
        result = result.to_dicts()
    else:
        result = nw.from_native(result, eager_only=True).to_polars().to_dicts()
    for row in result:
        if "value" not in row:
            raise ValueError(f"the measure returned {', '.join(row)} and no 'value'")
        for name in ("value", "ci_low", "ci_high"):
            if (given := row.get(name)) is not None:
                row[name] = None if np.isnan(given) else float(given)
        row["status"] = row.get("status") or (NOT_ESTIMABLE if row["value"] is None else ESTIMATED)
    return result


def _ordered(found: list[dict[str, Any]], choices: list[str]) -> pl.DataFrame:
    table = pl.from_dicts(found, infer_schema_length=None)
    for name in ("value", "ci_low", "ci_high"):
        column = pl.col(name) if name in table.columns else pl.lit(None)
        table = table.with_columns(column.cast(pl.Float64).alias(name))
    further = [c for c in table.columns if c not in (*choices, *_FIXED)]
    units = [c for c in further if table.schema[c] in (pl.String, pl.Categorical, pl.Enum)]
    rank = pl.col("value").rank("ordinal")
    table = table.with_columns(
        rank=(rank.over(units) if units else rank).cast(pl.Int64), sign=pl.col("value").sign().cast(pl.Int8)
    )
    return table.select(*choices, *further, *_FIXED).sort(*units, "rank", *choices, nulls_last=True)


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
    by = [by] if isinstance(by, str) else list(by)
    lazy, back = to_lazy(curve, [*by, value])
    columns = nw.from_native(curve).collect_schema().names()
    limits = all(c in columns for c in ("ci_low", "ci_high"))
    if limits:
        lazy, back = to_lazy(curve, [*by, value, "ci_low", "ci_high"])
    schema = lazy.collect_schema()
    table = lazy.select(
        *by,
        number(value, schema).alias("_v"),
        *(
            number(c, schema).alias(c) if limits else pl.lit(None, pl.Float64).alias(c)
            for c in ("ci_low", "ci_high")
        ),
    ).collect()
    if table.is_empty():
        raise ValueError("the table has no rows")
    v, sure = pl.col("_v"), pl.col("ci_low").sign() == pl.col("ci_high").sign()
    counts = [(v.sign() == s).sum().alias(f"_{s}") for s in (-1, 0, 1)]
    aggregations = [
        pl.len().cast(pl.Int64).alias("specifications"),
        v.count().cast(pl.Int64).alias("estimable"),
        *counts,
        *((sure & (v.sign() == s)).sum().alias(f"_clear{s}") for s in (-1, 0, 1)),
        *(
            v.quantile(q, "linear").alias(name)
            for q, name in zip((0, 0.25, 0.5, 0.75, 1), _ORDER, strict=True)
        ),
        (pl.col("ci_low").count() > 0).alias("_limits"),
    ]
    found = table.group_by(by).agg(aggregations).sort(by) if by else table.select(aggregations)
    most = pl.max_horizontal("_-1", "_0", "_1")
    tied = pl.sum_horizontal(*(pl.col(f"_{s}") == most for s in (-1, 0, 1))) > 1
    sign, clear = pl.lit(None, pl.Int8), pl.lit(None, pl.UInt32)
    for s in (-1, 0, 1):
        sign = pl.when(pl.col(f"_{s}") == most).then(pl.lit(s, pl.Int8)).otherwise(sign)
        clear = pl.when(pl.col(f"_{s}") == most).then(pl.col(f"_clear{s}")).otherwise(clear)
    some = pl.when(pl.col("estimable") > 0)
    return back(
        found.with_columns(
            sign=some.then(pl.when(~tied).then(sign)),
            agreement=some.then(most / pl.col("estimable")),
            agreement_of_all=most / pl.col("specifications"),
            clear=some.then(pl.when(pl.col("_limits") & ~tied).then(clear / pl.col("estimable"))),
        ).select(
            *by, "specifications", "estimable", "sign", "agreement", "agreement_of_all", "clear", *_ORDER
        )
    )


_AGREEMENT = ("specifications", "estimable", "sign", "agreement", "agreement_of_all", "clear")
_ORDER = ("lowest", "quarter", "median", "three_quarters", "highest")


def by_choice(curve: Any, choices: Sequence[str], value: str = "value") -> Any:
    """Return what each option does to the result, all others taken together: which choice matters.

    Args:
        curve: as for :func:`agreement`.
        choices: columns of choices.
        value: name of the column.

    Returns:
        A frame of the library that came in, one row a choice and option: ``choice``, ``option``,
        ``estimable``, ``median``, ``share_above`` and ``share_below`` (of estimable specifications above and
        below 0), and ``share_of_variance`` (of the choice: squared differences between the means of its
        options over all squared differences; null where nothing varies). The shares of several choices sum to
        at most 1 where every combination was run; the rest is how choices work together.

    Raises:
        ValueError: a column is missing, or the table has no rows.

    >>> curve = pl.DataFrame({"cut": ["50", "50", "55", "55"], "map": list("abab"), "value": [1.0, 1, 3, 3]})
    >>> by_choice(curve, ["cut", "map"])["share_of_variance"].to_list()
    [1.0, 1.0, 0.0, 0.0]
    """
    choices = [choices] if isinstance(choices, str) else list(choices)
    if not choices:
        raise ValueError("name the columns of choices")
    lazy, back = to_lazy(curve, [*choices, value])
    schema = lazy.collect_schema()
    table = lazy.select(*(label(c, schema) for c in choices), number(value, schema).alias("_v")).collect()
    if table.is_empty():
        raise ValueError("the table has no rows")
    v, total = pl.col("_v"), table["_v"].var(ddof=0)
    centre = table["_v"].mean()
    parts = []
    for choice in choices:
        part = (
            table.group_by(pl.col(choice).alias("option"), maintain_order=True)
            .agg(
                v.count().cast(pl.Int64).alias("estimable"),
                v.median().alias("median"),
                (v > 0).mean().alias("share_above"),
                (v < 0).mean().alias("share_below"),
                v.mean().alias("_mean"),
            )
            .select(pl.lit(choice).alias("choice"), pl.all())
        )
        n = pl.col("estimable")
        between = (n * (pl.col("_mean") - centre) ** 2).sum() / n.sum() / total
        varies = isinstance(total, float) and total > 1e-24
        explained = between if varies else pl.lit(None, pl.Float64)
        parts.append(part.with_columns(share_of_variance=explained).drop("_mean"))
    return back(pl.concat(parts))


def regroup(frame: Any, column: str, grouping: Any, into: str) -> Any:
    """Return the table with a coarser group from a map given as a table, such as départements to old regions.

    Args:
        frame: any rows.
        column: the finer group, in both tables.
        grouping: a frame with ``column`` (each value once) and ``into``.
        into: the coarser group's column, added to the rows (replaced if there).

    Returns:
        A frame of the library that came in, its rows in order; "unknown" where the map lacks the value.

    Raises:
        ValueError: a column is missing, or the map has a value twice.

    >>> people, old = pl.DataFrame({"dep": ["67", "99"]}), pl.DataFrame({"dep": ["67"], "region": ["Alsace"]})
    >>> regroup(people, "dep", old, "region")["region"].to_list()
    ['Alsace', 'unknown']
    """
    lazy, _ = to_lazy(grouping, [column, into])
    schema = lazy.collect_schema()
    keys = lazy.select(label(column, schema), label(into, schema).alias("_into")).collect()
    if keys[column].is_duplicated().any():
        twice = keys.filter(keys[column].is_duplicated())[column][0]
        raise ValueError(f"the map has {column} {twice!r} twice; give each value once")
    names = list(nw.from_native(frame).collect_schema().names())
    rows, back = to_lazy(frame, [*names, column])
    mine = rows.collect()
    found = mine.select(label(column, mine.schema)).join(keys, on=column, how="left", maintain_order="left")
    return back(mine.with_columns(found["_into"].fill_null(UNKNOWN).alias(into)))


def bands(frame: Any, column: str, cuts: Sequence[float], into: str) -> Any:
    """Return the table with a number cut into bands; a cut belongs to the band above it.

    Args:
        frame: any rows.
        column: a number.
        cuts: increasing; ``[25, 50]`` makes "< 25", "25 to < 50" and "≥ 50".
        into: the column added (replaced if there).

    Returns:
        A frame of the library that came in; "unknown" where there is no number.

    Raises:
        ValueError: a column is missing or no number, or the cuts do not increase.

    >>> bands(pl.DataFrame({"age": [24, 25, None]}), "age", [25], "band")["band"].to_list()
    ['< 25', '≥ 25', 'unknown']
    """
    cuts = list(cuts)
    if not cuts or any(not a < b for a, b in pairwise(cuts)):
        raise ValueError(f"cuts must increase, as [25, 50], not {cuts}")
    names = [
        f"< {cuts[0]:g}",
        *(f"{a:g} to < {b:g}" for a, b in pairwise(cuts)),
        f"≥ {cuts[-1]:g}",
    ]
    every = list(nw.from_native(frame).collect_schema().names())
    lazy, back = to_lazy(frame, [*every, column])
    value = number(column, lazy.collect_schema())
    band = pl.lit(names[0])
    for cut, name in zip(cuts, names[1:], strict=True):
        band = pl.when(value >= cut).then(pl.lit(name)).otherwise(band)
    band = pl.when(value.is_null()).then(pl.lit(UNKNOWN)).otherwise(band)
    return back(lazy.with_columns(band.alias(into)).collect())


def unknown_bounds(
    frame: Any,
    outcome: str,
    groups: Sequence[str] = (),
    *,
    weight: str | None = None,
    lowest: float = 0.0,
    highest: float = 1.0,
    reference: Any = None,
    confidence: float = 0.95,
) -> Any:
    """Return the lowest and the highest a share or mean can be, whatever the unknown outcomes are.

    Nothing is assumed of who is unknown: ``low`` counts all of them as ``lowest``, ``high`` as ``highest``.

    Args:
        frame: one row a person; an outcome that is null is unknown.
        outcome: true/false, 0/1, or numbers between ``lowest`` and ``highest``.
        groups: columns to cross; rows without a group are the group "unknown".
        weight: zero or more, without gaps.
        lowest, highest: what an outcome can be.
        reference: a group (its label, or one label a column) the others are compared with.
        confidence: of the interval.

    Returns:
        A frame of the library that came in, one row a group: the ``groups``, ``n``, ``n_known``,
        ``share_unknown`` (by weight), ``value_known`` (mean of the known; null if nobody is), ``low``,
        ``high``, ``ci_low``, ``ci_high`` (which holds the true value, wherever between the bounds it is, with
        the confidence asked for), and with a reference ``difference_low``, ``difference_high`` (bounds of
        group minus reference, null for itself) and ``sign_known`` (whether they exclude 0).

    Raises:
        ValueError: a column is missing, an outcome is out of range, a weight is negative, no rows, or the
            reference is not there.

    Source: Manski, American Economic Review P&P 80 (1990), 319-323; Imbens and Manski, Econometrica 72
    (2004), 1845-1857, for the interval, as corrected by Stoye, Econometrica 77 (2009).

    >>> told = pl.DataFrame({"place": list("aaaab"), "stuck": [1, 0, None, 0, None]})
    >>> unknown_bounds(told, "stuck", ["place"]).select("place", "value_known", "low", "high").rows()
    [('a', 0.3333333333333333, 0.25, 0.5), ('b', None, 0.0, 1.0)]
    """
    check_confidence(confidence)
    if not lowest < highest:
        raise ValueError(f"lowest ({lowest}) must be below highest ({highest})")
    groups = [groups] if isinstance(groups, str) else list(groups)
    lazy, back = to_lazy(frame, [outcome, *groups, *([weight] if weight else [])])
    schema = lazy.collect_schema()
    w = number(weight, schema) if weight else pl.lit(1.0)
    table = lazy.select(
        *(label(c, schema) for c in groups), number(outcome, schema).alias("_y"), w.alias("_w")
    ).collect()
    if table.is_empty():
        raise ValueError("the table has no rows")
    if (table["_w"].is_null() | (table["_w"] < 0) | table["_w"].is_infinite()).any():
        raise ValueError(f"column {weight!r} has a weight that is missing, infinite or negative")
    if not table["_y"].drop_nulls().is_between(lowest, highest).all():
        raise ValueError(
            f"column {outcome!r} runs from {table['_y'].min()!r} to {table['_y'].max()!r}, "
            f"out of {lowest:g} to {highest:g}; give lowest= and highest="
        )
    y, w = pl.col("_y"), pl.col("_w")
    known = y.is_not_null()
    ends = {"low": y.fill_null(lowest), "high": y.fill_null(highest)}
    mean = {name: (w * end).sum() / w.sum() for name, end in ends.items()}
    squares = [
        (w**2 * (end - mean[name]) ** 2).sum().sqrt().truediv(w.sum()).alias(f"_se_{name}")
        for name, end in ends.items()
    ]
    aggregations = [
        pl.len().cast(pl.Int64).alias("n"),
        known.sum().cast(pl.Int64).alias("n_known"),
        (w.filter(~known).sum() / w.sum()).alias("share_unknown"),
        ((w * y).sum() / w.filter(known).sum()).alias("value_known"),
        *(expr.alias(name) for name, expr in mean.items()),
        *squares,
    ]
    found = table.group_by(groups).agg(aggregations).sort(groups) if groups else table.select(aggregations)
    found = _identified_interval(found, lowest, highest, confidence)
    if reference is not None:
        found = _bounded_gaps(found, groups, reference)
    return back(found.with_columns(pl.selectors.float().fill_nan(None)))


def _identified_interval(
    found: pl.DataFrame, lowest: float, highest: float, confidence: float
) -> pl.DataFrame:
    low, high, se_low, se_high, n = (
        found[c].cast(pl.Float64).to_numpy() for c in ("low", "high", "_se_low", "_se_high", "n")
    )
    # one observation more at each end of the range: a share seen as 0 of 8 is not known to be 0
    floor = (highest - lowest) / (2 * (n + 2)) * np.sqrt(2 / (n + 2))
    width = _imbens_manski(high - low, np.maximum(np.maximum(se_low, se_high), floor), confidence)
    columns = {
        "ci_low": np.clip(low - width * np.maximum(se_low, floor), lowest, highest),
        "ci_high": np.clip(high + width * np.maximum(se_high, floor), lowest, highest),
    }
    return found.drop("_se_low", "_se_high").with_columns(pl.Series(k, v) for k, v in columns.items())


def _imbens_manski(width: Array, se: Array, confidence: float) -> Array:
    """Critical value c with P(−c − width/se ≤ Z ≤ c) = confidence: two-sided at width 0, else one-sided."""
    from scipy.special import ndtr

    low = np.full_like(width, critical(2 * confidence - 1) if confidence > 0.5 else 0.0)
    high = np.full_like(width, critical(confidence))
    for _ in range(50):
        middle = (low + high) / 2
        short = ndtr(middle + width / se) - ndtr(-middle) < confidence
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return high


def _bounded_gaps(found: pl.DataFrame, groups: list[str], reference: Any) -> pl.DataFrame:
    labels = [str(part) for part in (reference if isinstance(reference, tuple | list) else [reference])]
    if len(labels) != len(groups):
        raise ValueError(
            f"reference {reference!r} needs one label for each group column: {', '.join(groups)}"
        )
    itself = pl.all_horizontal(pl.col(c) == text for c, text in zip(groups, labels, strict=True))
    chosen = found.filter(itself)
    if chosen.is_empty():
        seen = found.select(groups).head(20).rows()
        raise ValueError(
            f"reference {reference!r} is not among the groups: {', '.join(map(' × '.join, seen))}"
        )
    low, high = pl.col("low") - chosen["high"][0], pl.col("high") - chosen["low"][0]
    gaps = found.with_columns(
        difference_low=pl.when(~itself).then(low), difference_high=pl.when(~itself).then(high)
    )
    return gaps.with_columns(sign_known=(pl.col("difference_low") > 0) | (pl.col("difference_high") < 0))
