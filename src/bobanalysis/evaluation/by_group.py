"""Measures by group: what a column of groups is, the largest gaps, curves along a number, groups of items.

Everything is computed from one row a query; what a measure is, nothing here knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from bobanalysis.evaluation.lists import EvaluationError, Lists, Notes
from bobanalysis.evaluation.measures import DISCOUNTS, Array, Metric, share
from bobanalysis.fairness import MIN_GROUP, UNKNOWN, Cube, adjusted_p_values, curve, gap_test, intervals
from bobanalysis.fairness.attributes import attribute
from bobanalysis.fairness.disclosure import Shield, protect, top_and_bottom_coded
from bobanalysis.fairness.texts import text
from bobanalysis.tables import InputError

EVERYONE = "everyone"
GAPS = ("metric", "attribute", "n", "groups", "value", "ci_low", "ci_high", "high", "low", "p_value")
CURVES = ("metric", "attribute", "group", "at", "value", "ci_low", "ci_high", "band_low", "band_high", "n")
EXPOSURE = ("group", "items", "relevant_items", "exposure", "ci_low", "ci_high", "catalogue", "relevant")
Sets = Sequence[Sequence[str]]
Hidden = Mapping[tuple[str, ...], set[str]]

FEW = f"hidden: fewer than {MIN_GROUP} people"
GIVES_AWAY = f"{FEW}, or such could be worked out"
_TEXTS = ("metric", "attribute", "group", "high", "low", "left_out", "reason", "status")
_COUNTS = ("n", "groups", "items", "relevant_items")


def kinds(
    labels: pl.DataFrame, bands: Mapping[str, Sequence[float]], notes: Notes, on: date | None, asked: bool
) -> tuple[pl.DataFrame, set[str]]:
    """Decide what each column is: groups, bands, or a number whose curve is drawn; the last are named.

    Args:
        labels: a row a query, text, "unknown" where nothing is known.
        bands: limits by column; none for a column means that each of its values is a group.
        notes: what was decided is added here.
        on: day for which dates of birth are turned into completed years.
        asked: whether columns were named: dates without a day are then refused, and otherwise groups.

    Raises:
        InputError: dates of many values without a day; bands of a column that is not there or holds no
            numbers, or limits that do not rise.
    """
    curves = set[str]()
    for name, limits in bands.items():
        if name not in labels.columns:
            there = _listed(labels.columns)
            raise EvaluationError(f"bands: {name!r} is no column of groups; there are: {there}")
        if list(limits) != sorted({*limits}):
            said = _listed(f"{limit:g}" for limit in limits)
            raise EvaluationError(f"bands of {name!r}: {said} do not rise; write the lowest limit first")
    for name in labels.columns:
        limits = bands.get(name, ())
        kind: Any = "groups" if name in bands and not limits else None
        try:
            one = attribute(labels.group_by(name).agg(_n=pl.len()), name, bands=limits, on=on, kind=kind)
        except InputError:
            if asked or name in bands:
                raise
            continue  # dates, whose values are groups
        if one.kind == "groups":
            continue
        unknown, labels = int((labels[name] == UNKNOWN).sum()), one.put(labels)
        lost = labels[name].null_count() - unknown
        notes.append((f"people whose {name!r} is no number", lost, "in no band and on no curve"))
        born = (text("age_on", name=name, on=on.isoformat()), text("day_first", name=name)) if on else ()
        notes += [(f"dates in {name!r}", one.raw.n_unique(), said.en) for said in one.notes if said in born]
        if one.kind == "curve":
            curves.add(name)
            other = f"--bands {name}=25,35,50 gives bands, --bands {name}= a group for each value"
            count = labels[name].drop_nulls().n_unique()
            notes.append((f"values of {name!r}, a number", count, f"a curve without bins; {other}"))
        else:
            order = pl.Enum([*labels[name].dtype.categories, UNKNOWN])  # type: ignore[attr-defined]
            labels = labels.with_columns(pl.col(name).cast(pl.String).fill_null(UNKNOWN).cast(order))
    if on and not any(what.startswith("dates in") for what, *_ in notes):
        said = _listed(labels.columns)
        raise EvaluationError(f"--on {on}: {said} hold no dates of birth that all exist; leave it out")
    return labels, curves


def unsafe(labels: pl.DataFrame, each: Iterable[Array], sets: Sets) -> Hidden:
    """Return the groups that are small or that give a small one away, by the columns that are crossed.

    Everybody, and those with a value of each measure, are counted apart: a group that is not safe in one of
    these tables of counts is hidden in all of them.

    Args:
        labels: a row a query, a column a name of the sets.
        each: values a query, NaN where undefined.
        sets: columns that are crossed; none of them a number.

    Raises:
        ValueError: so few people that even their number gives small groups away, or a group "total".
    """
    names = [*dict.fromkeys(name for one in sets for name in one)]
    known = {there.tobytes(): there for there in (~np.isnan(values) for values in each)} if names else {}
    counts = (labels.filter(there).group_by(names).agg(_n=pl.len()) for there in known.values())
    shields = [Shield(Cube(cells.cast({"_n": pl.Int64}), tuple(names)), MIN_GROUP) for cells in counts]
    return {tuple(one): {text for s in shields if one for text in s.lost("count", one)} for one in sets}


def _safe(names: Sequence[str], hidden: Hidden) -> pl.Expr:
    return ~pl.concat_str(names, separator=" × ").is_in([*hidden.get(tuple(names), ())])


def gaps(each: pl.DataFrame, sets: Sets, metrics: Sequence[Metric], hidden: Hidden) -> pl.DataFrame:
    """Test the largest gap of each measure between the groups of each attribute; "unknown" is no group."""
    rows: list[dict[str, Any]] = []
    for names, metric in ((names, metric) for names in sets for metric in metrics):
        keys = {f"g{at}": name for at, name in enumerate(names)}
        known = pl.all_horizontal(pl.col(names) != UNKNOWN), _safe(names, hidden)
        people = each.filter(*known).select(**keys, y=metric.label)
        row = {"metric": metric.label, "attribute": " × ".join(names), "n": 0, "groups": 0}
        row["reason"] = "not estimable: nobody has a value"
        if (people := people.drop_nulls()).height:
            role = {"prediction" if metric.measure.binary else "score": "y"}
            test = gap_test(people, [*keys], min_group=MIN_GROUP, **role)  # type: ignore[arg-type]
            row |= {name: getattr(test, name) for name in (*GAPS[2:], "reason")}
            row["left_out"] = _listed(test.left_out)
        rows.append(row)
    found = pl.DataFrame(rows, _schema(*GAPS, "p_adjusted", "left_out", "reason"))
    adjusted = pl.Series(adjusted_p_values(found["p_value"].fill_null(np.nan), "holm"), dtype=pl.Float64)
    return found.with_columns(p_adjusted=adjusted.fill_nan(None))


def curves(each: pl.DataFrame, sets: Sets, metrics: Sequence[Metric], hidden: Hidden) -> pl.DataFrame:
    """Draw each measure along the number that comes first in a set, a curve a group of the others."""
    schema: Any = _schema(*CURVES, "status")
    parts = [pl.DataFrame(schema=schema)]
    for (along, *names), metric in ((names, metric) for names in sets for metric in metrics):
        group = pl.concat_str(names, separator=" × ") if names else pl.lit(EVERYONE)
        safe = _safe(names, hidden) if names else pl.lit(True)
        people = each.select(at=along, group=group, y=metric.label, safe=safe).drop_nulls()
        few = (pl.len().over("group") < MIN_GROUP) | ~pl.col("safe")
        small = people.filter(few).group_by("group", maintain_order=True).agg(n=pl.len())
        found = [small.with_columns(status=pl.lit(GIVES_AWAY if hidden else FEW))]
        if (people := people.filter(~few)).height:
            if hidden:
                apart = people.with_columns(n=1).partition_by("group", maintain_order=True)
                people = pl.concat(top_and_bottom_coded(one, "at", "n", MIN_GROUP) for one in apart)
            found.append(curve(people, "at", "y", by=["group"]))
        called = {"metric": pl.lit(metric.label), "attribute": pl.lit(" × ".join([along, *names]))}
        part = pl.concat(found, how="diagonal_relaxed").with_columns(**called)
        part = part.with_columns(n=None) if hidden else part
        ends = pl.col(set(CURVES[4:9]) & {*part.columns})
        parts.append(part.with_columns(ends.clip(0, 1)) if metric.measure.bounded else part)
    return pl.concat(parts, how="diagonal_relaxed").select(*schema).cast(schema)


def exposure(lists: Lists, items: pl.DataFrame, column: str, safe: bool = False) -> pl.DataFrame:
    """Compare what share of the attention the groups of items get with their share of what there is.

    Attention of a place is 1 / log2(place + 1); an item is relevant from grade 1 on. The interval is that of
    a ratio of two means over people. With ``safe``, what fewer than 11 people are shown, or judged relevant,
    is hidden, and with it what it could be worked out from, as shares add up to 1.

    Source: [singh2018]; [cochran1977] (interval).
    """
    if column not in items.columns:
        there = _listed(name for name in items.columns if name not in ("code", "item"))
        raise EvaluationError(f"items: no column {column!r} to group items by; there are: {there or 'none'}")
    known = items.select("item", group=pl.col(column).cast(pl.String).replace(["", None], UNKNOWN))
    both = (frame.cast({"item": pl.String}) for frame in (lists.rows, lists.judged()))
    shown, judged = (frame.join(known, on="item") for frame in both)
    judged, query = judged.filter(pl.col("relevance") >= 1), shown["query"].to_numpy()
    seen = DISCOUNTS["log2"](shown["position"].to_numpy())
    whole, rows = lists.total(query, seen), []
    for name in known["group"].unique().sort():
        mine = lists.total(query, seen * (shown["group"] == name).to_numpy())
        part = float(share(mine.sum(), whole.sum()))
        spread = ((mine - part * whole) / max(whole.mean(), 1e-300)).var()
        ends = np.clip(intervals.student(part, spread, lists.size), 0, 1)
        counts = (int((frame["group"] == name).sum()) for frame in (known, judged))
        people = np.count_nonzero(mine), judged.filter(group=name)["query"].n_unique()
        rows.append((name, *counts, part, *map(float, ends), *people))
    found = pl.DataFrame(rows, _schema(*EXPOSURE[:6], "shown", "judged"), orient="row")
    for count in ("shown", "judged") if safe else ():
        gone = protect(found, ["group"], count).drop_nulls("hidden")["group"]
        kept = ~pl.col("group").is_in(gone.implode())
        found = found.with_columns(pl.when(kept).then(pl.col(*EXPOSURE[2:6])).name.keep())
    shares = {"catalogue": pl.col("items") / known.height}
    shares["relevant"] = pl.col("relevant_items") / judged.height
    ratios = {f"exposure_to_{name}": pl.col("exposure") / pl.col(name) for name in EXPOSURE[6:]}
    # Where nothing is relevant there is no ratio to it: neither x / 0 nor 0 / 0.
    found = found.drop("shown", "judged").with_columns(**shares).with_columns(**ratios)
    return found.with_columns(cs.float().replace([np.inf, np.nan], None))


def _schema(*names: str) -> dict[str, Any]:
    return {n: pl.String if n in _TEXTS else pl.Int64 if n in _COUNTS else pl.Float64 for n in names}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
