"""Bob's answers for the same people at every age and in every département: the whole pipeline.

Rules read age only by comparing it with constants, so answers can change only between neighbouring ages that
such a constant parts: one age a stretch is run and stands for the others (``stretches``). The advice lists
are stored once each (``Sweep.lists``) and named by a number, so that comparing two answers is comparing two
numbers.

Nothing is sampled: figures are exact for the people given. Seniority, search, diploma and family stay as they
are while age changes; what an older person *has* that a younger one has not is another question (``why``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from bobanalysis import data
from bobanalysis.bob import DICTIONARY, Bob, admit
from bobanalysis.population import paired_ages
from bobanalysis.rules import Expr, walk
from bobanalysis.rules.expr import Compare, Const, Var, children

AGES = range(16, 71)
OUTCOMES = ("main_challenge", "overall_score", "first_advice", "advice", "first_strategy", "strategies")
"""What a variant is compared by; ``advice`` and ``strategies`` are the ordered lists."""
TOP = 5
"""Pieces of advice at the top of a list, as ``largest`` counts them."""
WHAT = ("appears", "disappears", "stars_up", "stars_down", "pushed_up", "pushed_down")
"""What can happen to a piece of advice; pushed: its rank changed though its own stars did not."""
_BLOCK = 120_000  # rows run at a time: some 200 MB
_WIDTH = 1 << 7  # of a token is the item
Along = Literal["age", "place"]


@dataclass(frozen=True)
class Sweep:
    """The answers to each person at each age and in each département.

    ``people``: pair_id, weight, age and departement_id (their own), ``youngest`` (age from which experience
    and diploma are possible; null: never). ``answers``: one row a (pair_id, age, departement_id), with
    ``OUTCOMES``, ``list`` (the ordered advice with its stars) and ``market_known``; only ages that are run
    are there. ``ages``: each age and the one that was run for it (``age_run``). ``lists``: list, order
    (``advice``), rank, item, stars. ``placed``: whether départements were varied (else everyone stays).
    """

    people: pl.DataFrame
    answers: pl.DataFrame
    ages: pl.DataFrame
    lists: pl.DataFrame
    placed: bool

    @property
    def runs(self) -> int:
        """Count the variants that the sweep answers for."""
        return int(self.ages.join(self.answers.select(age_run="age"), on="age_run").height)

    def whole(self, columns: Sequence[str] = OUTCOMES) -> pl.DataFrame:
        """Return one row a (pair_id, age, departement_id) for every age, with ``columns`` and the weight."""
        kept = self.answers.select("pair_id", pl.col("age").alias("age_run"), "departement_id", *columns)
        whole = self.ages.join(kept, on="age_run", maintain_order="left_right").drop("age_run")
        return whole.join(self.people.select("pair_id", "weight"), on="pair_id", maintain_order="left")

    def at_own(self, what: Along) -> pl.DataFrame:
        """Return the answers at the people's own age, or in their own département."""
        if what == "place":
            return self.answers.join(
                self.people.select("pair_id", "departement_id"),
                on=["pair_id", "departement_id"],
                how="semi",
                maintain_order="left",
            )
        own = self.people.select("pair_id", "age").join(self.ages, on="age")
        return self.answers.join(
            own.select("pair_id", age="age_run"), on=["pair_id", "age"], how="semi", maintain_order="left"
        )


def stretches(rules: Iterable[Expr], ages: Iterable[int] = AGES) -> pl.DataFrame:
    """Return the ages, each with the one that can be run in its place.

    Parameters: ``rules``; ``ages``, whole years.
    Returns columns ``age`` and ``age_run``: the lowest of the ages that no comparison tells apart. If age
    enters anything but comparisons with a constant, every age is run.

    >>> from bobanalysis.bob import catalogue
    >>> stretches([catalogue()["category-find-what-you-like"].expr], [29, 30, 31, 32])["age_run"].to_list()
    [29, 29, 31, 31]
    """
    wanted = sorted(set(ages))
    cuts: set[float] = set()
    for node in walk(*rules):
        if not any(isinstance(c, Var) and c.variable.name == "age" for c in children(node)):
            continue
        limits = [float(c.value) for c in children(node) if isinstance(c, Const)]
        if not isinstance(node, Compare) or len(limits) != 1:
            return _ages(wanted, wanted)
        # age < 30 parts 29 from 30, age <= 30 parts 30 from 31, age == 30 does both
        (limit,) = limits
        sides = {"<": (0.0,), ">=": (0.0,), ">": (0.5,), "<=": (0.5,)}.get(node.op, (0.0, 0.5))
        cuts |= {limit + side for side in sides}
    run = wanted[:1]
    for before, age in pairwise(wanted):
        run.append(age if any(before < cut <= age for cut in cuts) else run[-1])
    return _ages(wanted, run)


def _ages(ages: Sequence[int], run: Sequence[int]) -> pl.DataFrame:
    return pl.DataFrame({"age": ages, "age_run": run}, schema={"age": pl.Int32, "age_run": pl.Int32})


def every_rule(bob: Bob) -> list[Expr]:
    """Return the rules of each step of the pipeline."""
    return [*bob.rules.values(), *bob.advice.values(), *bob.strategies.values(), bob.job_tips]


def sweep(
    bob: Bob,
    people: pl.DataFrame,
    ages: Iterable[int] | None = AGES,
    departements: Iterable[str] | Literal["own"] | None = None,
) -> Sweep:
    """Run the whole pipeline for each person at each age and in each département.

    Parameters: ``bob``, on ``french_market()`` where advice matters; ``people``, a population frame
    (person_id unique; weight 1 if there is none); ``ages``, whole years, None: everyone keeps theirs;
    ``departements``, codes, all 101 by default, "own": everyone stays.
    Returns a ``Sweep``. Where a département changes, the figures looked up by it change with it; the town's
    size and transport stay, as nobody knows which town the person would live in.
    Raises ValueError for a repeated person, a missing age or département, or an unknown département.

    >>> from bobanalysis.bob import Market
    >>> from bobanalysis.population import modelled
    >>> found = sweep(Bob(Market.empty()), modelled(20).frame, departements=["15", "75"])
    >>> found.runs, found.answers.height
    (2200, 480)
    """
    frame = _checked(people)
    places = _places(departements)
    wanted = sorted(frame["age"].unique().to_list()) if ages is None else list(ages)
    if not wanted:
        raise ValueError("ages: give at least one")
    table = _ages(wanted, wanted) if ages is None else stretches(every_rule(bob), wanted)
    ready = admit(frame, bob.variables).kept
    own = pl.int_range(pl.len(), dtype=pl.UInt32)
    base = ready.drop("person_id", strict=False).with_columns(_pair=own)
    run = table.select(age=pl.col("age_run").unique().sort().cast(base.schema["age"]))
    store = _Lists()
    found = pl.concat([_answers(bob, block, store) for block in _blocks(base, run, ages is None, places)])
    named = found.with_columns(
        pair_id=frame["person_id"].gather(found["_pair"]), age=pl.col("age").cast(pl.Int32)
    )
    answers = named.select("pair_id", "age", "departement_id", *OUTCOMES, "list", "market_known")
    return Sweep(_described(frame), answers, table, store.frame(list(bob.advice)), places is not None)


def _checked(people: pl.DataFrame) -> pl.DataFrame:
    for column in ("person_id", "age", "departement_id"):
        if column not in people.columns:
            raise ValueError(f"people: the column {column!r} is missing; add it")
    if people["person_id"].is_duplicated().any():
        raise ValueError("people: a person_id occurs on several rows; keep one row a person")
    return people if "weight" in people.columns else people.with_columns(weight=pl.lit(1.0))


def _places(departements: Iterable[str] | Literal["own"] | None) -> pl.DataFrame | None:
    if isinstance(departements, str):
        if departements != "own":
            raise ValueError(f"departements: give a list of codes, 'own' or None, not {departements!r}")
        return None
    table = data.table("departements").select(departement_id="dep", region_id="region").sort("departement_id")
    if departements is None:
        return table
    wanted = pl.DataFrame({"departement_id": list(departements)}, schema={"departement_id": pl.String})
    found = wanted.join(table, on="departement_id", how="left", maintain_order="left")
    if found["region_id"].null_count() or found.is_empty():
        unknown = found.filter(pl.col("region_id").is_null())["departement_id"].to_list()
        raise ValueError(
            f"departements: {unknown or 'an empty list'}: give codes such as '01', '2A' or '976'"
        )
    return found


def _described(frame: pl.DataFrame) -> pl.DataFrame:
    """Return who the people are, with the age from which they could exist."""
    possible = paired_ages(frame).filter("plausible_age")
    youngest = possible.group_by("pair_id").agg(youngest=pl.col("age").min().cast(pl.Int32))
    kept = frame.select(
        pair_id="person_id",
        weight="weight",
        age=pl.col("age").cast(pl.Int32),
        departement_id="departement_id",
    )
    return kept.join(youngest, on="pair_id", how="left", maintain_order="left")


def _blocks(
    base: pl.DataFrame, run: pl.DataFrame, keep_age: bool, places: pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """Return the variants, some at a time: all ages of a person are in one block."""
    if not keep_age:
        base = base.drop("age")
    each = (1 if keep_age else run.height) * (1 if places is None else places.height)
    if places is not None:
        places = places.select(c for c in places.columns if c in base.columns)
        base = base.drop(places.columns)
    size = max(1, _BLOCK // each)
    for start in range(0, base.height, size):
        block = base.slice(start, size)
        if not keep_age:
            block = block.join(run, how="cross", maintain_order="left_right")
        if places is not None:
            block = block.join(places, how="cross", maintain_order="left_right")
        yield block


def _answers(bob: Bob, block: pl.DataFrame, store: _Lists) -> pl.DataFrame:
    found = bob.steps(block)
    codes = store.add(found.advice)
    names = pl.Series([*bob.advice, None], dtype=pl.Categorical)
    first = np.where(found.advice.counts > 0, found.advice.item(found.advice.sorted[:, 0]), len(names) - 1)
    plans = found.proposed["strategies"]
    return block.select("_pair", "age", "departement_id").with_columns(
        found.diagnosed.select(
            pl.col("main_challenge").cast(pl.Categorical), "overall_score", "market_known"
        ),
        first_advice=names.gather(first.astype(np.int64)),
        advice=pl.Series(store.orders_of(codes)),
        list=pl.Series(codes),
        first_strategy=plans.list.first(),
        strategies=plans.cast(pl.List(pl.String)).list.join(" ").cast(pl.Categorical),
    )


class _Lists:
    """The distinct advice lists, numbered in the order in which they are met.

    A list is found by a hash of its 64-bit tokens, and then compared token by token: a collision is seen.
    """

    def __init__(self) -> None:
        self._known: dict[int, int] = {}
        self._tokens: list[npt.NDArray[np.int64]] = []
        self._order: dict[tuple[int, ...], int] = {}
        self._orders: list[int] = []
        self._odd = np.random.default_rng(0).integers(1, 1 << 63, 64, dtype=np.uint64) | np.uint64(1)

    def add(self, advice: Any) -> npt.NDArray[np.uint32]:
        """Return the number of each person's list."""
        there = advice.sorted != 0
        stars = np.where(there, advice.score(advice.sorted), 0.0)
        thousandths = np.rint(stars * 1000).astype(np.int64)
        tokens = np.where(there, thousandths * _WIDTH + advice.item(advice.sorted) + 1, 0)
        odd = self._odd[: tokens.shape[1]]
        hashes = (tokens.astype(np.uint64) * odd).sum(axis=1, dtype=np.uint64)
        distinct, where, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        if not np.array_equal(tokens[where][inverse], tokens):
            raise RuntimeError("two advice lists have one hash; change the seed of the hash")
        codes = [self._number(int(h), tokens[k]) for h, k in zip(distinct, where, strict=True)]
        return np.array(codes, dtype=np.uint32)[inverse]

    def _number(self, key: int, tokens: npt.NDArray[np.int64]) -> int:
        if key in self._known:
            if not np.array_equal(self._tokens[self._known[key]], tokens):
                raise RuntimeError("two advice lists have one hash; change the seed of the hash")
            return self._known[key]
        code = self._known[key] = len(self._tokens)
        self._tokens.append(tokens)
        order = tuple((tokens % _WIDTH).tolist())
        self._orders.append(self._order.setdefault(order, len(self._order)))
        return code

    def orders_of(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """Return the number of each list's order, stars left aside."""
        return np.array(self._orders, dtype=np.uint32)[codes]

    def frame(self, items: list[str]) -> pl.DataFrame:
        """Return the lists, one row a piece of advice."""
        table = np.array(self._tokens)
        row, column = np.nonzero(table)
        tokens = table[row, column]
        names = pl.Series(items, dtype=pl.Enum(items))
        return pl.DataFrame(
            {
                "list": row.astype(np.uint32),
                "advice": np.array(self._orders, dtype=np.uint32)[row],
                "rank": (column + 1).astype(np.int32),
                "item": names.gather((tokens % _WIDTH - 1).astype(np.int64)),
                "stars": (tokens // _WIDTH) / 1000,
            }
        )


# --- what changes


def cliffs(found: Sweep, plausible: bool = False) -> pl.DataFrame:
    """Return the birthdays at which advice appears, disappears, or changes rank.

    Parameters: ``found``, a sweep over ages; ``plausible``, count only people who could exist at the lower of
    the two ages (nobody has ten years of experience at 20).
    Returns, in order of age then of share: ``age_from``, ``age_to``, ``item``, ``what`` (one of ``WHAT``),
    ``share`` (of people, by weight; over all départements that were run), ``rank_from`` and ``rank_to`` (mean
    rank of the item before and after; null where it is not there). Ages at which nothing changes have no row.
    """
    weighted = found.answers.select("pair_id", "age", "departement_id", "list").join(
        found.people.select("pair_id", "weight", "youngest"), on="pair_id", maintain_order="left"
    )
    run = found.ages["age_run"].unique().sort().to_list()
    last = dict(found.ages.group_by("age_run").agg(pl.col("age").max()).iter_rows())
    rows = []
    for before, after in pairwise(run):
        old, new = (weighted.filter(pl.col("age") == age) for age in (before, after))
        both = old.join(new.select("pair_id", "departement_id", new="list"), on=["pair_id", "departement_id"])
        if plausible:
            both = both.filter(pl.col("youngest") <= last[before])
        moved = (
            both.filter(pl.col("list") != pl.col("new")).group_by("list", "new").agg(pl.col("weight").sum())
        )
        if moved.height:
            whole = float(both["weight"].sum())
            rows.append(_events(moved.sort("list", "new"), found.lists, last[before], after, whole))
    if not rows:
        return pl.DataFrame(schema=_CLIFFS)
    order = ["age_from", "share", "item", "what"]
    return pl.concat(rows).sort(order, descending=[False, True, False, False])


_CLIFFS = {
    "age_from": pl.Int32,
    "age_to": pl.Int32,
    "item": pl.String,
    "what": pl.String,
    "share": pl.Float64,
    "rank_from": pl.Float64,
    "rank_to": pl.Float64,
}


def _events(
    moved: pl.DataFrame, lists: pl.DataFrame, age_from: int, age_to: int, whole: float
) -> pl.DataFrame:
    """Compare two lists piece by piece, for each pair of lists that somebody passes between."""
    listed = lists.select("list", "rank", "stars", pl.col("item").cast(pl.String))
    old = moved.join(listed, on="list")
    new = moved.join(listed.rename({"list": "new", "rank": "rank_to", "stars": "stars_to"}), on="new")
    key = ["list", "new", "item"]
    both = old.join(
        new.select(*key, "rank_to", "stars_to", there="weight"), on=key, how="full", coalesce=True
    )
    up, rank_up = pl.col("stars_to") - pl.col("stars"), pl.col("rank") - pl.col("rank_to").cast(pl.Int32)
    what = (
        pl.when(pl.col("rank").is_null())
        .then(pl.lit("appears"))
        .when(pl.col("rank_to").is_null())
        .then(pl.lit("disappears"))
        .when(up > 0)
        .then(pl.lit("stars_up"))
        .when(up < 0)
        .then(pl.lit("stars_down"))
        .when(rank_up > 0)
        .then(pl.lit("pushed_up"))
        .when(rank_up < 0)
        .then(pl.lit("pushed_down"))
    )
    weight, rank, rank_to = pl.col("weight"), pl.col("rank"), pl.col("rank_to")
    return (
        both.with_columns(what=what, weight=pl.coalesce("weight", "there"))
        .drop_nulls("what")
        .sort(key)
        .group_by("item", "what", maintain_order=True)
        .agg(
            share=weight.sum() / whole,
            rank_from=(weight * rank).sum() / weight.filter(rank.is_not_null()).sum(),
            rank_to=(weight * rank_to).sum() / weight.filter(rank_to.is_not_null()).sum(),
        )
        .with_columns(
            pl.col("rank_from", "rank_to").fill_nan(None),
            age_from=pl.lit(age_from, pl.Int32),
            age_to=pl.lit(age_to, pl.Int32),
        )
        .select(list(_CLIFFS))
    )


def given(found: Sweep, by: Sequence[str] = ("age",), top: int | None = None) -> pl.DataFrame:
    """Return the share of people given each piece of advice, by age, by département or by both.

    Parameters: ``by``, "age", "departement_id" or both; ``top``, count it only among the first ``top``.
    Returns the columns ``by`` (for ages, every age), ``item``, ``share`` (0: nobody is given it), sorted.
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
    if "age" in by:
        share = found.ages.join(share, left_on="age_run", right_on="age").drop("age_run")
    return share.select(*by, "item", "share").sort(*by, "item")


def changed(
    found: Sweep,
    along: Along,
    at: Literal["own", "every"] = "own",
    known: bool = False,
    plausible: bool = False,
    outcomes: Sequence[str] = OUTCOMES,
) -> pl.DataFrame:
    """Return the share of people to whom something else is said when only their age, or place, changes.

    Parameters: ``along``; ``at``, the other of the two: as it is for each person ("own"), or averaged over
    all that were run; ``known``, leave out places where the market of the person's job is unknown;
    ``plausible``, leave out ages at which the person could not exist.
    Returns one row an outcome: ``outcome``, ``share`` (by weight), ``people`` (with two answers or more to
    compare), ``answers_mean`` (different answers a person, on average).

    >>> from bobanalysis.bob import Market
    >>> from bobanalysis.population import modelled
    >>> found = sweep(Bob(Market.empty()), modelled(50).frame, departements="own")
    >>> changed(found, "age")["outcome"][0]
    'main_challenge'
    """
    other = "departement_id" if along == "age" else "age"
    rows = found.answers if at == "every" else found.at_own("place" if along == "age" else "age")
    rows = rows.join(
        found.people.select("pair_id", "weight", "youngest"), on="pair_id", maintain_order="left"
    )
    stretch = found.ages.group_by("age_run").agg(_last=pl.col("age").max(), _ages=pl.len())
    rows = rows.join(stretch, left_on="age", right_on="age_run", maintain_order="left")
    if known:
        rows = rows.filter("market_known")
    if plausible:
        rows = rows.filter(pl.col("youngest") <= pl.col("_last"))
    variants = pl.col("_ages").sum() if along == "age" else pl.len()
    each = rows.group_by("pair_id", other).agg(
        *(pl.col(c).n_unique().alias(c) for c in outcomes), pl.col("weight").first(), _n=variants
    )
    each = each.filter(pl.col("_n") > 1)
    people = each["pair_id"].n_unique()
    share = [((pl.col(c) > 1) * pl.col("weight")).sum() / pl.col("weight").sum() for c in outcomes]
    mean = [(pl.col(c) * pl.col("weight")).sum() / pl.col("weight").sum() for c in outcomes]
    each = each.sort("pair_id", other)
    return pl.DataFrame(
        {
            "outcome": list(outcomes),
            "share": each.select(s.alias(c) for s, c in zip(share, outcomes, strict=True)).row(0),
            "people": [people] * len(outcomes),
            "answers_mean": each.select(m.alias(c) for m, c in zip(mean, outcomes, strict=True)).row(0),
        },
        schema_overrides={"share": pl.Float64, "answers_mean": pl.Float64},
    )


def top_sets(found: Sweep, top: int = TOP) -> pl.DataFrame:
    """Return, for each order of advice, the set of its first pieces as the bits of one number."""
    bit = pl.lit(1, pl.UInt64) * pl.lit(2, pl.UInt64).pow(pl.col("item").to_physical().cast(pl.UInt64))
    first = found.lists.filter(pl.col("rank") <= top).unique(["advice", "rank"], keep="first")
    return first.group_by("advice").agg(top_set=bit.cast(pl.UInt64).sum()).sort("advice")


def largest(found: Sweep, along: Along, plausible: bool = True, top: int = TOP) -> pl.DataFrame:
    """Return the largest change that one person meets when only their age, or place, changes.

    Parameters: as for ``changed``, the other of the two as it is for each person; ``top``, how many pieces of
    advice count.
    Returns two rows: ``outcome`` ("overall_score": points; "top_advice": pieces among the first ``top`` that
    are others), ``change``, ``people`` (who meet a change as large), ``pair_id`` (the first of them),
    ``value_from`` and ``value_to`` (the ages or départements between which, as text).
    """
    rows = found.at_own("place" if along == "age" else "age")
    rows = rows.join(found.people.select("pair_id", "youngest"), on="pair_id", maintain_order="left")
    value = "age" if along == "age" else "departement_id"
    if plausible:
        last = found.ages.group_by("age_run").agg(_last=pl.col("age").max())
        own = last.rename({"age_run": "age"})
        rows = rows.join(own, on="age", maintain_order="left").filter(pl.col("youngest") <= pl.col("_last"))
    rows = rows.join(top_sets(found, top), on="advice", how="left", maintain_order="left")
    one = rows.select("pair_id", pl.col(value).cast(pl.String).alias("value"), "overall_score", "top_set")
    score = (
        one.drop_nulls("overall_score")
        .group_by("pair_id")
        .agg(
            change=(pl.col("overall_score").max() - pl.col("overall_score").min()).cast(pl.Float64),
            value_from=pl.col("value").sort_by("overall_score", "value").first(),
            value_to=pl.col("value").sort_by("overall_score", "value", descending=[True, False]).first(),
        )
    )
    sets = one.drop_nulls("top_set").unique(["pair_id", "top_set"], keep="first", maintain_order=True)
    both = sets.select("pair_id", "value", "top_set").join(
        sets.select("pair_id", value_to="value", other="top_set"), on="pair_id"
    )
    lost = (pl.col("top_set") & ~pl.col("other")).bitwise_count_ones()
    lists = both.select("pair_id", change=lost.cast(pl.Float64), value_from="value", value_to="value_to")
    return pl.concat(
        [_most(score, "overall_score"), _most(lists, "top_advice")],
    )


def _most(each: pl.DataFrame, outcome: str) -> pl.DataFrame:
    top = each.filter(pl.col("change") == pl.col("change").max()).sort("pair_id", "value_from", "value_to")
    return top.head(1).select(
        outcome=pl.lit(outcome),
        change="change",
        people=pl.lit(top["pair_id"].n_unique(), pl.Int64),
        pair_id="pair_id",
        value_from="value_from",
        value_to="value_to",
    )


def smallest_description(
    bob: Bob, people: pl.DataFrame, row: dict[str, Any], along: Along, top: int = TOP
) -> pl.DataFrame:
    """Return the answers of a person that the change rests on: without any one of them it is smaller.

    Parameters: ``people``, the frame that was swept; ``row``, one row of ``largest``.
    Every other answer is set to the most common one among ``people``, one at a time and in an order that is
    fixed, and the pipeline is run again; a change that stays as large means that the answer does not matter.
    The description that is left cannot be shortened further (another one, as short, may exist).
    Returns ``answer`` (the input), ``value`` and ``usual`` (the most common value), as text: the name of the
    choice where there is one.
    """
    wide = admit(people.filter(pl.col("person_id") == row["pair_id"]), bob.variables).kept
    usual = admit(people, bob.variables).kept.select(
        pl.col(v.name).mode().sort().first() for v in bob.variables if v.name in wide.columns
    )
    value = "age" if along == "age" else "departement_id"
    free = [c for c in usual.columns if c != value and wide[c][0] != usual[c][0]]
    ends = pl.DataFrame({value: [row["value_from"], row["value_to"]]}).cast({value: wide.schema[value]})
    if along == "place" and "region_id" in wide.columns:
        regions = data.table("departements").select(departement_id="dep", region_id="region")
        ends = ends.join(regions, on="departement_id", how="left", maintain_order="left")
    needed = list(free)

    def variant(kept: list[str]) -> pl.DataFrame:
        one = wide.with_columns(usual[c] for c in free if c not in kept)
        return one.drop(ends.columns).join(ends, how="cross").select(wide.columns)

    while needed:
        frames = [variant([c for c in needed if c != left]) for left in needed]
        sizes = _change(bob, pl.concat(frames), row["outcome"], top)
        idle = [needed[k] for k, size in enumerate(sizes) if size >= row["change"]]
        if not idle:
            break
        bold = [c for c in needed if c not in idle]  # all at once, if that does no harm
        together = _change(bob, variant(bold), row["outcome"], top)[0] >= row["change"]
        needed = bold if together else [c for c in needed if c != idle[0]]
    return pl.DataFrame(
        {
            "answer": needed,
            "value": [_said(c, wide[c][0]) for c in needed],
            "usual": [_said(c, usual[c][0]) for c in needed],
        },
        schema=dict.fromkeys(("answer", "value", "usual"), pl.String),
    )


def _said(name: str, value: Any) -> str:
    """Write an answer: the name of the choice, else the value itself."""
    choice = DICTIONARY[name].choice(value) if DICTIONARY[name].choices else None
    return choice.name if choice else f"{value:.3g}" if isinstance(value, float) else str(value)


def _change(bob: Bob, pairs: pl.DataFrame, outcome: str, top: int) -> npt.NDArray[np.float64]:
    """Return how far apart the answers to each two neighbouring rows are."""
    found = bob.steps(pairs)
    if outcome == "overall_score":
        score = found.diagnosed["overall_score"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return np.abs(score[1::2] - score[::2])
    best = np.where(found.advice.sorted[:, :top] != 0, found.advice.item(found.advice.sorted[:, :top]), -1)
    old, new = best[::2, :, None], best[1::2, None, :]
    return ((old != new).all(axis=2) & (best[::2] >= 0)).sum(axis=1).astype(np.float64)
