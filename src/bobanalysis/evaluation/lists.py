"""Ranked lists beside judgements, checked once and laid out in columns for the measures.

A *run* has one row a query and item, a *qrels* frame one row a query and judged item. A query is a person
here, a topic at TREC; every column may have the usual name of either world (``NAMES``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis.fairness._cube import to_lazy
from bobanalysis.tables import InputError, as_number

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Judged = tuple[Ints, Ints, Array]
Notes = list[tuple[str, int, str]]
Stretches = list[tuple[Ints, Ints]]
Missing = Literal["zero", "skip"]

NAMES = {
    "query": ("query", "person_id", "query_id", "qid", "q_id", "user", "userId", "user_id"),
    "item": ("item", "item_id", "itemId", "movieId", "doc_id", "docno"),
    "relevance": ("relevance", "rel", "judgement"),
}
"""What a column may be called; the first name is the one used in messages."""

_RATED = "call it score if predicted, relevance if people gave it (from 1 on all count; p(rel=4): from 4)"
_GRID = 1 << 20
"""Places that a grid of lists may have beyond those that are taken."""
_DEEP = 64
"""Judgements of one query up to which all are compared with all."""
_ODD = np.uint64(0x9E3779B97F4A7C15)

_NOTES = {"what": pl.String, "count": pl.Int64, "meaning": pl.String}


class EvaluationError(InputError):
    """An input that cannot be evaluated; the text names file, line, column and value, and says what to do."""


class EvaluationWarning(UserWarning):
    """Something was left out or is undefined; the text says how much."""


@dataclass(frozen=True)
class Lists:
    """Ranked lists and, where there are any, judgements.

    Attributes:
        query_name: what the run calls its query column.
        queries: names of the queries that are evaluated, as text, sorted.
        length: items in the list of each query; 0 for a query without a list.
        items: item of every listed row, as text, by query and position.
        hits: of the listed rows, the judged: query, position (from 1) and relevance, sorted; empty without
            judgements.
        truth: of every judgement: query, place in the best possible list (from 1) and relevance.
        notes: what was dropped or assumed: ``what``, ``count``, ``meaning``.
        back: brings a Polars frame to the library that the run came in.
        judged: every judgement: ``query`` (index), ``item`` (text) and ``relevance``.
        values: of queries that were measured elsewhere, the values by label of the measure; the rows stayed
            there.
    """

    query_name: str
    queries: pl.Series
    length: Ints
    items: Callable[[], pl.Series]
    hits: Judged
    truth: Judged
    notes: pl.DataFrame
    back: Callable[[pl.DataFrame], Any]
    judged: Callable[[], pl.DataFrame]
    values: Mapping[str, Array] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of queries."""
        return self.queries.len()

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Every listed row: ``query`` (index into ``queries``), ``position`` (from 1), ``item``, sorted."""
        query, place = _spread(self.length)
        return pl.DataFrame({"query": query, "position": place + 1, "item": self.items()})

    def __repr__(self) -> str:
        """Return the rows as a table."""
        return str(self.rows)

    def _repr_html_(self) -> str:
        """Return the rows as a notebook shows them."""
        return str(self.rows._repr_html_())

    def relevant(self, rel: float) -> Array:
        """How many judged items of each query have a relevance of ``rel`` or more."""
        query, _, relevance = self.truth
        return self.total(query[relevance >= rel])

    def total(self, query: Ints, values: Array | None = None) -> Array:
        """Sum of values (of ones) by query."""
        return np.bincount(query, weights=values, minlength=self.size).astype(float)


def prepare(run: Any, qrels: Any | None = None, missing: Missing = "zero") -> Lists:
    """Check a run and judgements and lay them out; do it once to compute many measures.

    Args:
        run: columns query, item, and ``rank`` (order shown, smallest first; only the order counts) or
            ``score`` (largest first; equal scores by item name, last letter first, as ``trec_eval`` 10 does;
            versions before it compare in single precision, where scores that are very close are equal).
            With both, the rank decides: it is what the person saw.
        qrels: columns query, item, ``relevance`` (0 or less: judged not relevant). Items that are not judged
            count as not relevant. None: only measures that need no judgement can be computed.
        missing: a judged query without a list: "zero" evaluates an empty list (``trec_eval -c``), so that
            leaving people out is no way to a better figure; "skip" leaves it out (``trec_eval``).

    Returns:
        The lists. Queries of the run that nobody judged are left out, and counted in ``notes``.

    Raises:
        EvaluationError: a column is missing or is no number; an item twice in a list or in the judgements of
            a query; a rank twice in a list; nothing to evaluate.

    >>> run = pl.DataFrame({"query": ["a", "a"], "item": ["x", "y"], "score": [0.5, 0.5]})
    >>> prepare(run).rows.rows()
    [(0, 1, 'y'), (0, 2, 'x')]
    """
    if missing not in ("zero", "skip"):
        raise EvaluationError(f"missing={missing!r} is not one of: zero, skip")
    notes: Notes = []
    given, back = to_polars(run)
    order = next((key for key in ("rank", "score") if key in given.columns), None)
    if order is None:
        raise EvaluationError(f"run: no column rank or score{_has(given)}")
    both = [_read(given, "run", order, notes)]
    if qrels is not None:
        truths = to_polars(qrels)[0]
        both.append(_read(truths, "qrels", column(truths, "relevance", "qrels"), notes))
    names, stretches = _numbered([frame["query"] for frame in both])
    kept = np.ones(names.len(), bool) if qrels is None else _kept(names, stretches, missing, notes)
    names, tables = names.filter(pl.Series(kept)), []
    for frame, (code, rows) in zip(both, stretches, strict=True):
        tables.append(_Table.of(frame, np.where(kept, np.cumsum(kept) - 1, -1)[code], rows, names.len()))
    for table, what in zip(tables, ("run", "qrels"), strict=False):
        if table.may_repeat():
            once(table.frame, ["query", "item"], what, "keep one of these rows")
    ranked = tables[0].ranked(order == "rank", names, notes)
    query, place = ranked.spread
    hits: Judged = (query[:0], place[:0], np.zeros(0))
    truth = hits
    if qrels is not None:
        at, judged = ranked.found_in(tables[1])
        hits = (query[at], place[at] + 1, tables[1].values[judged])
        truth = tables[1].best()
        notes.append(("listed items not judged", query.size - at.size, "taken as not relevant"))
    told = pl.DataFrame(notes, _NOTES, orient="row").filter(pl.col("count") > 0)
    called = column(given, "query", "run")
    judgements = tables[1].laid if qrels is not None else (lambda: ranked.laid().clear())
    return Lists(called, names, ranked.length, ranked.items, hits, truth, told, back, judgements)


def to_polars(frame: Any) -> tuple[pl.DataFrame, Callable[[pl.DataFrame], Any]]:
    """Return a frame of any library in Polars, and the way back."""
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame.lazy().collect(), lambda out: out
    import narwhals as nw

    lazy, back = to_lazy(frame, nw.from_native(frame, eager_only=True).columns)
    return lazy.collect(), back


def column(frame: pl.DataFrame, role: str, what: str) -> str:
    """Find the column of a role, under one of its usual names; ``user_id`` beside another one is no key.

    Raises:
        EvaluationError: there is none, or more than one.
    """
    found = [name for name in NAMES[role] if name in frame.columns]
    if len(found) > 1 and found[1:] != ["user_id"]:
        raise EvaluationError(f"{what}: {found} could each be the {role}; keep one of these columns")
    if not found:
        usual = " or ".join(NAMES[role])
        raise EvaluationError(f"{what}: no column {usual}{_has(frame)}")
    return found[0]


def _has(frame: pl.DataFrame) -> str:
    """Say which columns a frame has, and what to make of one of ratings."""
    return f"; it has: {', '.join(frame.columns)}" + (f"; rating: {_RATED}" if "rating" in frame else "")


def numbers(frame: pl.DataFrame, name: str, what: str, decimal_comma: bool = False) -> pl.Series:
    """Return a column as Float64, null where nothing (or NaN) is written.

    Raises:
        EvaluationError: a value is not a number; the text gives the row.
    """
    found = frame.select(as_number(pl.col(name), frame[name].dtype, decimal_comma)).to_series()
    lost = found.is_null() & frame[name].is_not_null()
    for row in lost.arg_true() if frame[name].dtype == pl.String else ():
        if (value := frame[name][row]).strip().lower() not in ("", "nan"):
            raise EvaluationError(f"{what}, row {row + 1}, column {name!r}: {value!r} is no number")
    return found


def once(frame: pl.DataFrame, keys: list[str], what: str, advice: str) -> None:
    """Refuse a frame with two rows of the same keys.

    Raises:
        EvaluationError: naming the first such keys.
    """
    twice = frame.select(keys).filter(pl.struct(keys).is_duplicated()) if frame.height else frame
    if twice.height:
        first = ", ".join(f"{key} {twice[key][0]!r}" for key in keys)
        rows = f"{twice.height} rows in all" if twice.height > 2 else "2 rows"
        raise EvaluationError(f"{what}: {first} stands there more than once ({rows}); {advice}")


def _read(given: pl.DataFrame, what: str, number: str, notes: Notes) -> pl.DataFrame:
    """Return query and item as text, and the column ``number`` as ``value``; drop and count rows without."""
    columns = {role: given[column(given, role, what)].cast(pl.String) for role in ("query", "item")}
    frame = pl.DataFrame({**columns, "value": numbers(given, number, what)})
    kept = frame.drop_nulls() if any(c.null_count() for c in frame) else frame
    name, empty = (number, "run is") if what == "run" else ("relevance", "qrels are")
    if kept.is_empty():
        raise EvaluationError(f"the {empty} empty: no row with a query, an item and a {name}")
    notes.append((f"{what} rows dropped", frame.height - kept.height, f"no query, no item or no {name}"))
    return kept


def _numbered(columns: list[pl.Series]) -> tuple[pl.Series, Stretches]:
    """Return the sorted names; of each column, its stretches of one name: number of the name, and rows."""
    runs = [column.rle().struct.unnest() for column in columns]
    heads = [run["value"].rename("name") for run in runs]
    alike = len(heads) == 2 and heads[0].equals(heads[1])  # as when both files are in the order of queries
    names = (heads[0] if alike else pl.concat(heads)).unique().sort()
    kind = pl.Enum(names)
    codes = [head.cast(kind).to_physical().to_numpy().astype(np.int64) for head in heads[: 1 if alike else 2]]
    rows = [run["len"].to_numpy().astype(np.int64) for run in runs]
    return names, [(codes[-1 if k else 0], of) for k, of in enumerate(rows)]


def _kept(names: pl.Series, stretches: Stretches, missing: Missing, notes: Notes) -> NDArray[Any]:
    """Say which queries are evaluated, and count what is left out."""
    listed, judged = (np.bincount(code, rows, names.len()) for code, rows in stretches)
    shared = (listed > 0) & (judged > 0)
    if not shared.any():
        first = (names[int(np.argmax(there > 0))] for there in (listed, judged))
        why = "run: it and the qrels share no query: {!r} in the run, {!r} in the qrels".format(*first)
        raise EvaluationError(why)
    kept = judged > 0 if missing == "zero" else shared
    meaning = "evaluated as an empty list" if missing == "zero" else "left out"
    notes += [
        ("queries nobody judged", int(np.count_nonzero(judged == 0)), "left out"),
        ("judged queries without a list", int(np.count_nonzero(listed == 0)), meaning),
        ("run rows of queries nobody judged", int(listed[judged == 0].sum()), "left out"),
    ]
    return kept


def _spread(length: Ints) -> tuple[Ints, Ints]:
    """Number of the query of each row, and its place there from 0."""
    query = np.repeat(np.arange(length.size), length)
    return query, np.arange(query.size) - np.repeat(np.cumsum(length) - length, length)


@dataclass(frozen=True)
class _Table:
    """Rows of a run or of judgements by query: their numbers in ``frame``, and their values."""

    frame: pl.DataFrame
    length: Ints
    rows: Ints
    values: Array
    wide: int

    @classmethod
    def of(cls, frame: pl.DataFrame, code: Ints, rows: Ints, size: int) -> _Table:
        """Bring stretches of rows into the order of their queries; those of query -1 are left out."""
        begin, order = np.cumsum(rows) - rows, np.argsort(code, kind="stable")
        order = order[np.searchsorted(code[order], 0) :]
        begin, rows, code = begin[order], rows[order], code[order]
        length = np.bincount(code, rows, size).astype(np.int64)
        number = np.arange(rows.sum()) + np.repeat(begin - (np.cumsum(rows) - rows), rows)
        return cls(frame, length, number, frame["value"].to_numpy()[number], int(length.max(initial=0)))

    def items(self) -> pl.Series:
        """Return the item of each row."""
        return self.frame["item"].gather(self.rows)

    def laid(self) -> pl.DataFrame:
        """Return query, item and value of each row."""
        return pl.DataFrame({"query": self.spread[0], "item": self.items(), "relevance": self.values})

    def hashed(self) -> NDArray[np.uint64]:
        """Return a number for the item of each row: other numbers, other items."""
        return self.frame["item"].hash(0).to_numpy()[self.rows]

    def grid(self, values: NDArray[Any], fill: float) -> NDArray[Any]:
        """Lay values out with a row a query, filled up at the end."""
        if (self.length == self.wide).all():
            return values.reshape(-1, self.wide)
        laid = np.full((self.length.size, self.wide), fill, values.dtype)
        laid[np.arange(self.wide) < self.length[:, None]] = values
        return laid

    @cached_property
    def spread(self) -> tuple[Ints, Ints]:
        """Query and place of each row, from 0."""
        return _spread(self.length)

    def even(self) -> bool:
        """Whether a grid holds few places more than there are rows."""
        return self.length.size * self.wide <= 4 * self.rows.size + _GRID

    def may_repeat(self) -> bool:
        """Whether two rows of a query can have one item; where items are very many, rarely so in error."""
        query, hashed = self.spread[0], self.hashed()
        if self.even() and self.wide <= _DEEP:
            laid = self.grid(hashed, 0).T.copy()  # a place of all queries lies together: compared at once
            inside = [place < self.length for place in range(self.wide)]
            pairs = combinations(range(self.wide), 2)
            return any(bool(((laid[one] == laid[two]) & inside[two]).any()) for one, two in pairs)
        return pl.Series(hashed ^ query.astype(np.uint64) * _ODD).n_unique() < query.size

    def ranked(self, ranked: bool, names: pl.Series, notes: Notes) -> _Table:
        """Sort the rows of each query into a list; refuse a rank twice, count tied scores."""
        key = self.values if ranked else -self.values
        query, place = self.spread
        if self.even():
            order = np.argsort(self.grid(key, np.inf), axis=1, kind="stable")[query, place]
            order += np.repeat(np.cumsum(self.length) - self.length, self.length)
        else:
            order = np.lexsort((key, query))
        key = key[order]
        same = (query[1:] == query[:-1]) & (key[1:] == key[:-1])
        if same.any() and ranked:
            first = int(np.argmax(same))
            what = f"run: query {names[int(query[first])]!r} has two items of rank {key[first]:g}"
            todo = "number the items of each list without repeats"
            raise EvaluationError(f"{what} ({np.count_nonzero(same)} such rows in all); {todo}")
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        if tied.size:
            text = {"query": query[tied], "key": key[tied], "row": order[tied]}
            named = pl.DataFrame(text).with_columns(item=self.frame["item"].gather(self.rows[order[tied]]))
            by_name = named.sort("query", "key", "item", descending=[False, False, True])
            order[tied] = by_name["row"].to_numpy()
        meaning = "ordered by item name, last letter first (trec_eval 10)"
        notes.append(("run rows with tied scores", tied.size, meaning))
        return _Table(self.frame, self.length, self.rows[order], self.values[order], self.wide)

    def found_in(self, other: _Table) -> tuple[Ints, Ints]:
        """Return which rows have an item that a row of the other table has too, and which row that is."""
        if self.even() and other.even() and other.wide <= _DEEP:
            laid, theirs = (t.grid(t.hashed(), 0).T.copy() for t in (self, other))
            found, start = np.full(laid.shape, -1), np.cumsum(other.length) - other.length
            for place in range(other.wide):
                np.copyto(found, start + place, where=(laid == theirs[place]) & (place < other.length))
            at, query = np.nonzero((found >= 0) & (np.arange(self.wide)[:, None] < self.length))
            mine = (np.cumsum(self.length) - self.length)[query] + at
            mine, row = mine[order := np.argsort(mine)], found[at, query][order]
        else:
            keys = ({"query": t.spread[0], "item": t.hashed()} for t in (self, other))
            one, two = (pl.DataFrame(key).with_columns(row=pl.int_range(pl.len())) for key in keys)
            both = one.join(two, on=["query", "item"]).sort("row")
            mine, row = both["row"].to_numpy(), both["row_right"].to_numpy()
        items = (t.frame["item"].gather(t.rows[at]) for t, at in ((self, mine), (other, row)))
        alike = next(items).eq_missing(next(items)).to_numpy()  # two items can have one number
        return mine[alike], row[alike]

    def best(self) -> Judged:
        """Return query, place and value with the largest value of each query first."""
        query, place = self.spread
        if self.even():
            values = -np.sort(self.grid(-self.values, np.inf), axis=1)[query, place]
        else:
            values = self.values[np.lexsort((-self.values, query))]
        return query, place + 1, values
