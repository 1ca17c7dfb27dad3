"""An algorithm's answers for the same people at every age and in every place.

Rules that only compare age with constants can change their answers only between neighbouring ages that such a
constant parts: one age of each interval is run and stands for the others (``age_intervals``). Lists are
stored once each (``Grid.lists``) and named by a number, so that comparing two answers is comparing two
numbers.

Nothing is sampled: figures are exact for the people given. Every other answer stays as it is while age or
place changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from bobanalysis.algorithm import Algorithm, Outcome, validated_or_raise
from bobanalysis.rules import Expr, Variable, walk
from bobanalysis.rules.expr import Compare, Const, Var, children
from bobanalysis.validation import meets

_BLOCK = 120_000  # rows run at a time: some 200 MB
Along = Literal["age", "place"]
Axis = Iterable[Any] | Literal["all", "own"]


@dataclass(frozen=True)
class Grid:
    """The answers to each person at each age and in each place.

    Args:
        people: pair_id, weight, age and place (their own), ``youngest`` (age from which the person is
            possible; null: never).
        answers: One row a (pair_id, age, place): a column an outcome (of a list: its order, and its first
            item), ``list`` (the order with its scores) and whether looked-up figures are known. Only ages
            that are run are there.
        ages: Each age and the one that was run for it.
        lists: The distinct lists of the first list outcome: list, order, rank, item, score.
        age, place: The inputs that are varied; "" where the algorithm reads no such input.
        outcomes: Columns that variants are compared by.
        numbers: Those that are numbers.
        listed: The list outcome of ``lists``; None where there is none.
        known: The column that tells whether looked-up figures are known; "" where there are none.
        refused: How many combinations were left out, as the algorithm's requirements refuse them: they have
            no row in ``answers``.
    """

    people: pl.DataFrame
    answers: pl.DataFrame
    ages: pl.DataFrame
    lists: pl.DataFrame
    age: str
    place: str
    outcomes: tuple[str, ...]
    numbers: tuple[str, ...]
    listed: Outcome | None
    known: str
    refused: int = 0

    @property
    def run_age(self) -> str:
        """The column of ``ages`` with the age that was run."""
        return f"{self.age}_run"

    @property
    def runs(self) -> int:
        """Count the variants that the grid answers for; refused ones do not count."""
        return int(self.answers.join(self.last_ages(), on=self.age)["_ages"].sum())

    def column(self, along: Along) -> str:
        """Return the input that is varied along an axis."""
        return self.age if along == "age" else self.place

    def whole(self, columns: Sequence[str] = ()) -> pl.DataFrame:
        """Return one row a (pair_id, age, place) for every age: ``columns`` (all outcomes), weight."""
        age = pl.col(self.age).alias(self.run_age)
        kept = self.answers.select("pair_id", age, self.place, *(columns or self.outcomes))
        whole = self.ages.join(kept, on=self.run_age, maintain_order="left_right").drop(self.run_age)
        return whole.join(self.people.select("pair_id", "weight"), on="pair_id", maintain_order="left")

    def at_own(self, what: Along) -> pl.DataFrame:
        """Return the answers at the people's own age, or in their own place."""
        own = self.people.select("pair_id", self.column(what))
        if what == "age":
            run = own.join(self.ages, on=self.age)
            own = run.select("pair_id", pl.col(self.run_age).alias(self.age))
        return self.answers.join(own, on=own.columns, how="semi", maintain_order="left")

    def described(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the people's weight and youngest age to rows of answers."""
        who = self.people.select("pair_id", "weight", "youngest")
        return rows.join(who, on="pair_id", maintain_order="left")

    def last_ages(self) -> pl.DataFrame:
        """Return each age that was run, with the last age it stands for and how many."""
        run = self.ages.group_by(self.run_age).agg(_last=pl.col(self.age).max(), _ages=pl.len())
        return run.rename({self.run_age: self.age})


def age_intervals(rules: Iterable[Expr], ages: Iterable[int], name: str = "age") -> pl.DataFrame:
    """Return ages, each with the one that can be run in its place.

    Args:
        rules: All that are run.
        ages: Whole years.
        name: The input that is the age.

    Returns:
        Columns ``<name>`` and ``<name>_run``: the lowest of the ages that no comparison tells apart. If age
        enters anything but comparisons with a constant, every age is run.

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> age_intervals([age > 30], [29, 30, 31, 32])["age_run"].to_list()
    [29, 29, 31, 31]
    """
    wanted = sorted(set(ages))
    cuts: set[float] = set()
    for node in walk(*rules):
        if not any(isinstance(c, Var) and c.variable.name == name for c in children(node)):
            continue
        limits = [float(c.value) for c in children(node) if isinstance(c, Const)]
        if not isinstance(node, Compare) or len(limits) != 1:
            return _ages(wanted, wanted, name)
        # age < 30 parts 29 from 30, age <= 30 parts 30 from 31, age == 30 does both
        (limit,) = limits
        sides = {"<": (0.0,), ">=": (0.0,), ">": (0.5,), "<=": (0.5,)}.get(node.op, (0.0, 0.5))
        cuts |= {limit + side for side in sides}
    run = wanted[:1]
    for before, age in pairwise(wanted):
        run.append(age if any(before < cut <= age for cut in cuts) else run[-1])
    return _ages(wanted, run, name)


def _ages(ages: Sequence[int], run: Sequence[int], name: str) -> pl.DataFrame:
    return pl.DataFrame({name: ages, f"{name}_run": run}, schema={name: pl.Int32, f"{name}_run": pl.Int32})


def answer_grid(
    algorithm: Algorithm, people: pl.DataFrame, ages: Axis = "all", places: Axis | pl.DataFrame = "all"
) -> Grid:
    """Run an algorithm for each person at each age and in each place.

    Args:
        algorithm: Any; which inputs are age and place, and the values to try, come from its dictionary.
        people: One row a person: ``person_id`` (unique), ``weight`` (1 if there is none), ``youngest`` (age
            from which the person is possible, if known), the inputs.
        ages: Whole years; "own": everyone keeps theirs.
        places: Values of the input that is the place (or a frame with columns that follow from it); "own":
            everyone stays. Looked-up figures change with the place.

    Returns:
        The grid. Combinations that the algorithm's requirements refuse are not run: a person has no row
        there, and ``Grid.refused`` counts them (each age that was run once).

    Raises:
        ValueError: A repeated person, a missing age or place, an unknown place, a wrong value.
    """
    age, place = (v.name if v else "" for v in (_axis(algorithm, c) for c in ("age", "place")))
    if not age:
        raise ValueError(f"{algorithm.id}: no input of its dictionary is a person's age")
    for column in ("person_id", age, place):
        if column and column not in people.columns:
            raise ValueError(f"people: the column {column!r} is missing; add it")
    if people["person_id"].is_duplicated().any():
        raise ValueError("people: a person_id occurs on several rows; keep one row a person")
    filled = {name: pl.lit(value) for name, value in _FILLED.items() if name not in people.columns}
    frame = people.with_columns(**filled)
    where = _places(algorithm, place, places)
    keep_age = isinstance(ages, str) and ages == "own"
    wanted = sorted(frame[age].unique().to_list()) if keep_age else _values(algorithm, age, ages)
    if not wanted:
        raise ValueError("ages: give at least one")
    rules = [*algorithm.roots.values(), *(r.condition for r in algorithm.requirements)]
    table = _ages(wanted, wanted, age) if keep_age else age_intervals(rules, wanted, age)
    ready = validated_or_raise(frame, algorithm.variables)
    if where is not None:
        where = where.cast({c: ready.schema[c] for c in where.columns if c in ready.columns})
    base = ready.drop("person_id").with_columns(_pair=pl.int_range(pl.len(), dtype=pl.UInt32))
    run = table.select(pl.col(f"{age}_run").unique().sort().cast(base.schema[age]).alias(age))
    listed = next((o for o in algorithm.outcomes if o.kind == "list"), None)
    store = _Lists(1 << max(7, (len(listed.items if listed else ()) + 1).bit_length()))
    keys = ["_pair", age, *([place] if place else [])]
    blocks, tried = [], 0
    for block in _blocks(base, None if keep_age else run, where):
        tried += block.height
        for requirement in algorithm.requirements:
            block = block.filter(meets(requirement, block))
        blocks.append(_answers(algorithm, block, keys, listed, store))
    found = pl.concat(blocks)
    if listed:
        found = found.with_columns(pl.Series(listed.column, store.orders()[found["list"].to_numpy()]))
    named = found.with_columns(pl.col(age).cast(pl.Int32), pair_id=ready["person_id"].gather(found["_pair"]))
    compared = [c for o in algorithm.outcomes for c in ([o.first] if o.kind == "list" else []) + [o.column]]
    extra = [*(["list"] if listed else []), *([algorithm.known_column] if algorithm.known_column else [])]
    return Grid(
        ready.select(
            pl.col("person_id").alias("pair_id"),
            "weight",
            pl.col(age).cast(pl.Int32),
            *keys[2:],
            pl.col("youngest").cast(pl.Int32),
        ),
        named.select("pair_id", *keys[1:], *compared, *extra),
        table,
        store.frame(listed) if listed else pl.DataFrame(),
        age,
        place,
        tuple(compared),
        tuple(o.column for o in algorithm.outcomes if o.kind == "number"),
        listed,
        algorithm.known_column,
        tried - found.height,
    )


_FILLED = {"weight": 1.0, "youngest": 0}
"""What a table of people may leave out."""


def _axis(algorithm: Algorithm, criterion: str) -> Variable | None:
    try:
        return algorithm.axis(criterion)
    except LookupError:
        return None


def _values(algorithm: Algorithm, name: str, values: Axis) -> list[Any]:
    if not isinstance(values, str):
        return list(values)
    if values != "all":
        raise ValueError(f"{name}: give values, 'all' or 'own', not {values!r}")
    return algorithm.grid(algorithm.dictionary[name])[name].to_list()


def _places(algorithm: Algorithm, name: str, places: Axis | pl.DataFrame) -> pl.DataFrame | None:
    """Return the places to try, with the columns that follow from them; None if everyone stays."""
    if isinstance(places, pl.DataFrame):
        return places
    if not name or (isinstance(places, str) and places == "own"):
        return None
    table, wanted = algorithm.grid(algorithm.dictionary[name]), _values(algorithm, name, places)
    unknown = [p for p in wanted if p not in set(table[name].to_list())]
    if unknown or not wanted:
        known = table[name].head(3).to_list()
        raise ValueError(f"{name}: {unknown or 'an empty list'}: give values such as {known}")
    asked = pl.DataFrame({name: wanted}, schema={name: table.schema[name]})
    return asked.join(table, on=name, how="left", maintain_order="left")


def _blocks(
    base: pl.DataFrame, run: pl.DataFrame | None, places: pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """Return the variants, some at a time: all ages of a person are in one block."""
    axes = []
    for axis in (run, places):
        if axis is not None:
            axes.append(axis.select(c for c in axis.columns if c in base.columns))
            base = base.drop(axes[-1].columns)
    size = max(1, _BLOCK // int(np.prod([a.height for a in axes], initial=1)))
    for start in range(0, base.height, size):
        block = base.slice(start, size)
        for axis in axes:
            block = block.join(axis, how="cross", maintain_order="left_right")
        yield block


def _answers(
    algorithm: Algorithm, block: pl.DataFrame, keys: Sequence[str], listed: Outcome | None, store: _Lists
) -> pl.DataFrame:
    found = algorithm.compute(block)
    columns: dict[str, pl.Series] = {}
    for outcome in algorithm.outcomes:
        if outcome is listed:
            items, scores = found.ranked(outcome)
            names = pl.Series([*outcome.items, None], dtype=pl.Categorical)
            first = np.where(items[:, 0] >= 0, items[:, 0], len(names) - 1)
            columns[outcome.first] = names.gather(first.astype(np.int64))
            columns["list"] = pl.Series(store.add(items, scores))
            continue
        said = found.column(outcome.column)
        if outcome.kind == "list":
            columns[outcome.first] = said.list.first()
            said = said.cast(pl.List(pl.String)).list.join(" ")
        columns[outcome.column] = said if outcome.kind == "number" else said.cast(pl.Categorical)
    if algorithm.known_column:
        columns[algorithm.known_column] = found.column(algorithm.known_column)
    return block.select(keys).with_columns(**columns)


@dataclass(frozen=True)
class _Lists:
    """The distinct lists, numbered in the order in which they are met.

    A row of a list is one 64-bit token: its score in thousandths, then its item in the last bits. A list is
    found by a hash of its tokens and then compared token by token, so that a collision is seen. Hashing whole
    blocks in numpy and looking up only the distinct hashes keeps the millions of lists of a grid cheap.
    """

    width: int  # above the number of any item
    numbers: dict[int, int] = field(default_factory=dict)
    tokens: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def add(self, items: npt.NDArray[np.int16], scores: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]:
        """Return the number of each person's list."""
        thousandths = np.rint(scores * 1000).astype(np.int64)
        tokens = np.where(items >= 0, thousandths * self.width + items + 1, 0)
        odd = np.random.default_rng(0).integers(1, 1 << 63, tokens.shape[1], dtype=np.uint64) | np.uint64(1)
        hashes = (tokens.astype(np.uint64) * odd).sum(axis=1, dtype=np.uint64)
        distinct, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        codes, same = [], np.array_equal(tokens[first][inverse], tokens)
        for key, row in zip(distinct.tolist(), tokens[first], strict=True):
            listed = np.trim_zeros(row, "b")  # blocks may differ in the length of their longest list
            if key not in self.numbers:
                self.numbers[key] = len(self.tokens)
                self.tokens.append(listed)
            codes.append(self.numbers[key])
            same &= np.array_equal(self.tokens[codes[-1]], listed)
        if not same:
            raise RuntimeError("two lists have one hash; change the seed of the hash")
        return np.array(codes, dtype=np.uint32)[inverse]

    def orders(self) -> npt.NDArray[np.uint32]:
        """Return the number of each list's order, scores left aside."""
        known: dict[tuple[int, ...], int] = {}
        orders = (tuple((tokens % self.width).tolist()) for tokens in self.tokens)
        return np.array([known.setdefault(order, len(known)) for order in orders], dtype=np.uint32)

    def frame(self, outcome: Outcome) -> pl.DataFrame:
        """Return the lists, one row an item."""
        row = np.repeat(np.arange(len(self.tokens)), [len(tokens) for tokens in self.tokens])
        tokens = np.concatenate([*self.tokens, np.array([], dtype=np.int64)])
        names = pl.Series([*outcome.items], dtype=pl.Enum([*outcome.items]))
        return pl.DataFrame(
            {
                "list": row.astype(np.uint32),
                outcome.column: self.orders()[row],
                "rank": (np.arange(len(row)) - np.searchsorted(row, row) + 1).astype(np.int32),
                "item": names.gather((tokens % self.width - 1).astype(np.int64)),
                outcome.scores or "score": (tokens // self.width) / 1000,
            }
        )
