"""What changes over a grid of ages and places: at which birthdays, for how many people, how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from bobanalysis.algorithm import Algorithm
from bobanalysis.validation import validate

from .grid import Along, Grid

TOP = 5
"""Items at the top of a list, as ``largest`` counts them."""
_MOVED: Mapping[str, Any] = {
    **dict.fromkeys(("age_from", "age_to"), pl.Int32),
    **dict.fromkeys(("item", "what"), pl.String),
    **dict.fromkeys(("share", "rank_from", "rank_to"), pl.Float64),
}


def discontinuities(found: Grid, plausible: bool = False, outcome: str = "") -> pl.DataFrame:
    """Return the birthdays at which an answer changes.

    Args:
        found: A grid over ages.
        plausible: Count only people who are possible at the lower of the two ages.
        outcome: Column of an outcome; by default that of the list, or the first one.

    Returns:
        In order of age, then of share: ``age_from``, ``age_to``, ``item`` (of a list or category; the outcome
        itself for a number), ``what`` ("appears", "disappears"; of a list also "stars_up", "stars_down", and
        "pushed_up", "pushed_down": its rank changed though its own score did not; of a number "up", "down"),
        ``share`` (of people, by weight, over all places), ``rank_from`` and ``rank_to`` (mean rank of the
        item, or mean value of the number, before and after). Ages at which nothing changes have no row.
    """
    column = outcome or (found.listed.column if found.listed else found.outcomes[0])
    listed = found.listed is not None and column == found.listed.column
    value = "list" if listed else column
    keys = [k for k in ("pair_id", found.place) if k]
    weighted = found.described(found.answers.select(*keys, found.age, pl.col(value).alias("list")))
    run = found.ages[found.run_age].unique().sort().to_list()
    last = dict(found.last_ages().select(found.age, "_last").iter_rows())
    rows = []
    for before, after in pairwise(run):
        old, new = (weighted.filter(pl.col(found.age) == age) for age in (before, after))
        both = old.join(new.select(*keys, new="list"), on=keys)
        if plausible:
            both = both.filter(pl.col("youngest") <= last[before])
        moved = both.filter(pl.col("list").ne_missing(pl.col("new")))
        moved = moved.group_by("list", "new").agg(pl.col("weight").sum()).sort("list", "new")
        if moved.height:
            whole = float(both["weight"].sum())
            if listed:
                events = _list_events(moved, found.lists, found.listed.scores or "score", whole)  # type: ignore[union-attr]
            else:
                events = _value_events(moved, column, column in found.numbers, whole)
            at = {"age_from": pl.lit(last[before], pl.Int32), "age_to": pl.lit(after, pl.Int32)}
            rows.append(events.with_columns(**at).select(pl.col(c).cast(t) for c, t in _MOVED.items()))
    if not rows:
        return pl.DataFrame(schema=_MOVED)
    order = ["age_from", "share", "item", "what"]
    return pl.concat(rows).sort(order, descending=[False, True, False, False])


def _list_events(moved: pl.DataFrame, lists: pl.DataFrame, scores: str, whole: float) -> pl.DataFrame:
    """Compare two lists item by item, for each pair of lists that somebody passes between."""
    listed = lists.select("list", "rank", pl.col(scores).alias("stars"), pl.col("item").cast(pl.String))
    old = moved.join(listed, on="list")
    new = moved.join(listed.rename({"list": "new", "rank": "rank_to", "stars": "stars_to"}), on="new")
    key = ["list", "new", "item"]
    new = new.select(*key, "rank_to", "stars_to", there="weight")
    both = old.join(new, on=key, how="full", coalesce=True)
    up, rank_up = pl.col("stars_to") - pl.col("stars"), pl.col("rank") - pl.col("rank_to").cast(pl.Int32)
    tests: Mapping[str, pl.Expr] = {
        "appears": pl.col("rank").is_null(),
        "disappears": pl.col("rank_to").is_null(),
        "stars_up": up > 0,
        "stars_down": up < 0,
        "pushed_up": rank_up > 0,
        "pushed_down": rank_up < 0,
    }
    what = pl.coalesce(pl.when(test).then(pl.lit(name)) for name, test in tests.items())
    weight, rank, rank_to = pl.col("weight"), pl.col("rank"), pl.col("rank_to")
    events = both.with_columns(what=what, weight=pl.coalesce("weight", "there")).drop_nulls("what").sort(key)
    means = {
        f"rank_{to}": ((weight * of).sum() / weight.filter(of.is_not_null()).sum()).fill_nan(None)
        for to, of in (("from", rank), ("to", rank_to))
    }
    return events.group_by("item", "what", maintain_order=True).agg(share=weight.sum() / whole, **means)


def _value_events(moved: pl.DataFrame, column: str, number: bool, whole: float) -> pl.DataFrame:
    """Say of a category which disappear and appear, of a number how far it goes up or down."""
    share = pl.col("weight").sum() / whole
    if number:
        known = moved.drop_nulls()
        up = pl.when(pl.col("new") > pl.col("list")).then(pl.lit("up")).otherwise(pl.lit("down"))
        mean = {f"rank_{to}": _mean(c) for to, c in (("from", "list"), ("to", "new"))}
        return known.group_by(what=up).agg(share=share, **mean).with_columns(item=pl.lit(column))
    nothing = pl.lit(None, pl.Float64)
    parts = [
        moved.group_by(item=pl.col(c).cast(pl.String)).agg(share=share).with_columns(what=pl.lit(what))
        for c, what in (("list", "disappears"), ("new", "appears"))
    ]
    return pl.concat(parts).drop_nulls("item").with_columns(rank_from=nothing, rank_to=nothing)


def _mean(column: str) -> pl.Expr:
    weight = pl.col("weight")
    return (weight * pl.col(column)).sum() / weight.sum()


def share_recommended(found: Grid, by: Sequence[str] = ("age",), top: int | None = None) -> pl.DataFrame:
    """Return the share of people who get each item of the list, by age, by place or by both.

    Args:
        found: A grid of an algorithm that has a list outcome.
        by: Inputs that were varied.
        top: Count an item only among the first ``top``.

    Returns:
        The columns ``by`` (every age), ``item``, ``share`` (0: nobody gets it), sorted.
    """
    people = found.people.select("pair_id", "weight")
    rows = found.answers.select("pair_id", *by, "list").join(people, on="pair_id", maintain_order="left")
    cells = rows.group_by(*by, "list").agg(pl.col("weight").sum()).sort(*by, "list")
    whole = cells.group_by(by).agg(_whole=pl.col("weight").sum())
    listed = found.lists if top is None else found.lists.filter(pl.col("rank") <= top)
    told = cells.join(listed.select("list", "item"), on="list", maintain_order="left_right")
    sums = told.group_by(*by, "item", maintain_order=True).agg(pl.col("weight").sum())
    grid = whole.join(found.lists.select(pl.col("item").unique()), how="cross")
    share = grid.join(sums, on=[*by, "item"], how="left").select(
        *by, pl.col("item").cast(pl.String), share=pl.col("weight").fill_null(0.0) / pl.col("_whole")
    )
    if found.age in by:
        share = found.ages.join(share, left_on=found.run_age, right_on=found.age).drop(found.run_age)
    return share.select(*by, "item", "share").sort(*by, "item")


def changed(found: Grid, along: Along, known: bool = False, plausible: bool = False) -> pl.DataFrame:
    """Return the share of people whose answer changes when only their age, or place, changes.

    The other of the two is as it is for each person.

    Args:
        found: A grid.
        along: What changes.
        known: Leave out variants whose looked-up figures are unknown.
        plausible: Leave out ages at which the person is not possible.

    Returns:
        One row an outcome: ``outcome``, ``share`` (by weight), ``people`` (with two answers or more to
        compare), ``answers_mean`` (different answers a person, on average).
    """
    rows, weight = _others_own(found, along, plausible), pl.col("weight")
    if known:
        rows = rows.filter(found.known)
    variants = pl.col("_ages").sum() if along == "age" else pl.len()
    different = [pl.col(c).n_unique().alias(c) for c in found.outcomes]
    each = rows.group_by("pair_id").agg(*different, weight.first(), _n=variants)
    each = each.filter(pl.col("_n") > 1).sort("pair_id")
    share = each.select((((pl.col(c) > 1) * weight).sum() / weight.sum()).alias(c) for c in found.outcomes)
    mean = each.select(_mean(c).alias(c) for c in found.outcomes)
    people = [each.height] * len(found.outcomes)
    table = {"outcome": found.outcomes, "share": share.row(0), "people": people, "answers_mean": mean.row(0)}
    return pl.DataFrame(table, schema_overrides={"share": pl.Float64, "answers_mean": pl.Float64})


def _others_own(found: Grid, along: Along, plausible: bool) -> pl.DataFrame:
    """Return the answers along one axis, the other as it is for each person."""
    other: Along = "place" if along == "age" else "age"
    rows = found.described(found.at_own(other) if found.column(other) else found.answers)
    rows = rows.join(found.last_ages(), on=found.age, maintain_order="left")
    return rows.filter(pl.col("youngest") <= pl.col("_last")) if plausible else rows


def top_sets(found: Grid) -> pl.DataFrame:
    """Return, for each order of the list, the set of its first items as the bits of one number."""
    assert found.listed is not None
    bit = pl.lit(1, pl.UInt64) * pl.lit(2, pl.UInt64).pow(pl.col("item").to_physical().cast(pl.UInt64))
    order = found.listed.column
    first = found.lists.filter(pl.col("rank") <= TOP).unique([order, "rank"], keep="first")
    return first.group_by(order).agg(top_set=bit.cast(pl.UInt64).sum()).sort(order)


def largest(found: Grid, along: Along, plausible: bool = True) -> pl.DataFrame:
    """Return the largest change that one person meets when only their age, or place, changes.

    Of a list, the first ``TOP`` items count.

    Args:
        found: A grid; of lists, with 64 items at most.
        along, plausible: As for ``changed``; the other of the two is as it is for each person.

    Returns:
        One row a number outcome (``change`` in its unit), and ``top_<list>`` (items among the first ``top``
        that are others): ``outcome``, ``change``, ``people`` (who meet a change as large), ``pair_id`` (the
        first of them), ``value_from`` and ``value_to`` (between which ages or places, as text).
    """
    value, rows = found.column(along), _others_own(found, along, plausible)
    if found.listed:
        rows = rows.join(top_sets(found), on=found.listed.column, how="left", maintain_order="left")
    one = rows.with_columns(pl.col(value).cast(pl.String).alias("value"))
    parts = []
    for number in found.numbers:
        score = one.drop_nulls(number).group_by("pair_id")
        each = score.agg(
            change=(pl.col(number).max() - pl.col(number).min()).cast(pl.Float64),
            value_from=pl.col("value").sort_by(number, "value").first(),
            value_to=pl.col("value").sort_by(number, "value", descending=[True, False]).first(),
        )
        parts.append(_most(each, number))
    if found.listed:
        sets = one.drop_nulls("top_set").unique(["pair_id", "top_set"], keep="first", maintain_order=True)
        sets = sets.select("pair_id", "value", "top_set")
        both = sets.join(sets.rename({"value": "value_to", "top_set": "other"}), on="pair_id")
        lost = (pl.col("top_set") & ~pl.col("other")).bitwise_count_ones()
        lists = both.select("pair_id", "value_to", change=lost.cast(pl.Float64), value_from="value")
        parts.append(_most(lists, f"top_{found.listed.id}"))
    return pl.concat(parts)


def _most(each: pl.DataFrame, outcome: str) -> pl.DataFrame:
    top = each.filter(pl.col("change") == pl.col("change").max()).sort("pair_id", "value_from", "value_to")
    people = pl.lit(top["pair_id"].n_unique(), pl.Int64)
    named = top.head(1).with_columns(outcome=pl.lit(outcome), people=people)
    return named.select("outcome", "change", "people", "pair_id", "value_from", "value_to")


def smallest_description(
    algorithm: Algorithm, people: pl.DataFrame, row: Mapping[str, Any], along: Along
) -> pl.DataFrame:
    """Return the answers of a person that a change rests on: without any one of them it is smaller.

    Every other answer is set to the most common one among the people, one at a time and in an order that is
    fixed, and the algorithm is run again; a change that stays as large means that the answer does not matter.
    The description that is left cannot be shortened further (another one, as short, may exist).

    Args:
        algorithm: That of the grid.
        people: The frame that the grid was made of.
        row: One row of ``largest``.
        along: As for ``largest``.

    Returns:
        ``answer`` (the input), ``value`` and ``usual`` (the most common value), as text: the name of the
        choice where there is one.
    """
    every = validate(people, algorithm.variables).valid
    wide = validate(people.filter(pl.col("person_id") == row["pair_id"]), algorithm.variables).valid
    read = [v.name for v in algorithm.variables if v.name in wide.columns]
    usual = every.select(pl.col(read).mode().sort().first())
    axis = algorithm.axis(along)
    free = [c for c in usual.columns if c != axis.name and wide[c][0] != usual[c][0]]
    ends = pl.DataFrame({axis.name: [row["value_from"], row["value_to"]]})
    ends = ends.cast({axis.name: wide.schema[axis.name]})
    if along == "place":
        table = algorithm.grid(axis)
        follow = [c for c in table.columns if c in wide.columns]
        ends = ends.join(table.select(follow), on=axis.name, how="left", maintain_order="left")
    needed = list(free)

    def variant(kept: list[str]) -> pl.DataFrame:
        one = wide.with_columns(usual[c] for c in free if c not in kept)
        return one.drop(ends.columns).join(ends, how="cross").select(wide.columns)

    while needed:
        frames = [variant([c for c in needed if c != left]) for left in needed]
        sizes = _change(algorithm, pl.concat(frames), row["outcome"])
        idle = [needed[k] for k, size in enumerate(sizes) if size >= row["change"]]
        if not idle:
            break
        bold = [c for c in needed if c not in idle]  # all at once, if that does no harm
        together = _change(algorithm, variant(bold), row["outcome"])[0] >= row["change"]
        needed = bold if together else [c for c in needed if c != idle[0]]
    texts = {
        "answer": needed,
        "value": [_text(algorithm, c, wide[c][0]) for c in needed],
        "usual": [_text(algorithm, c, usual[c][0]) for c in needed],
    }
    return pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))


def _text(algorithm: Algorithm, name: str, value: Any) -> str:
    """Write an answer: the name of the choice, else the value itself."""
    choice = algorithm.dictionary[name].choice(value) if algorithm.dictionary[name].choices else None
    return choice.name if choice else f"{value:.3g}" if isinstance(value, float) else str(value)


def _change(algorithm: Algorithm, pairs: pl.DataFrame, outcome: str) -> npt.NDArray[np.float64]:
    """Return how far apart the answers to each two neighbouring rows are."""
    found = algorithm.compute(pairs)
    if not outcome.startswith("top_"):
        score = found.column(outcome).cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return np.abs(score[1::2] - score[::2])
    best = found.ranked(algorithm.outcome(outcome.removeprefix("top_")))[0][:, :TOP]
    old, new = best[::2, :, None], best[1::2, None, :]
    return ((old != new).all(axis=2) & (best[::2] >= 0)).sum(axis=1).astype(np.float64)
