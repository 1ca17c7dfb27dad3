"""Ranked lists beside judgements, checked once and laid out in columns for the measures.

A *run* has one row a query and item, a *qrels* frame one row a query and judged item. A query is a person
here, a topic at TREC; every column may have the usual name of either world (``NAMES``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis.tables import InputError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Missing = Literal["zero", "skip"]

RELEVANT = 1.0
"""Relevance from which an item counts as relevant, unless ``rel=`` says otherwise."""

NAMES = {
    "query": ("query", "person_id", "query_id", "qid", "q_id"),
    "item": ("item", "item_id", "doc_id", "docno"),
    "relevance": ("relevance", "rel", "judgement"),
}
"""What a column may be called; the first name is the one used in messages."""

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
        items: names of all items listed or judged, sorted.
        coded: every listed row: ``query`` (index into ``queries``), ``position`` (from 1), ``item``
            (index into ``items``), sorted.
        hits: of those, the judged: ``query``, ``position``, ``relevance``.
        truth: every judgement: ``query``, ``relevance``, best first; None without judgements.
        notes: what was dropped or assumed: ``what``, ``count``, ``meaning``.
        back: brings a Polars frame to the library that the run came in.
    """

    query_name: str
    queries: pl.Series
    length: Ints
    items: pl.Series
    coded: pl.DataFrame
    hits: pl.DataFrame | None
    truth: pl.DataFrame | None
    notes: pl.DataFrame
    back: Callable[[pl.DataFrame], Any]

    @property
    def size(self) -> int:
        """Number of queries."""
        return self.queries.len()

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Every listed row with the name of its ``item``."""
        return self.coded.with_columns(item=self.items.gather(self.coded["item"]))

    @cached_property
    def hit_columns(self) -> tuple[Ints, Ints, Array]:
        """Query, position and relevance of the judged items in the lists, in order of position."""
        return _columns(self._judged(self.hits), "query", "position", "relevance")

    @cached_property
    def truth_columns(self) -> tuple[Ints, Ints, Array]:
        """Query, place in the best possible list (from 1) and relevance of every judgement."""
        truth = self._judged(self.truth)
        query, relevance = truth["query"].to_numpy().astype(np.int64), truth["relevance"].to_numpy()
        start = np.searchsorted(query, np.arange(self.size))
        return query, np.arange(query.size) - start[query] + 1, relevance

    def relevant(self, rel: float) -> Array:
        """How many judged items of each query have a relevance of ``rel`` or more."""
        query, _, relevance = self.truth_columns
        return self.total(query[relevance >= rel])

    def total(self, query: Ints, values: Array | None = None) -> Array:
        """Sum of values (of ones) by query."""
        return np.bincount(query, weights=values, minlength=self.size).astype(float)

    def _judged(self, frame: pl.DataFrame | None) -> pl.DataFrame:
        if frame is None:
            raise EvaluationError("this measure needs judgements: give qrels=")
        return frame


def prepare(run: Any, qrels: Any | None = None, missing: Missing = "zero") -> Lists:
    """Check a run and judgements and lay them out; do it once to compute many measures.

    Args:
        run: columns query, item, and ``rank`` (order shown, smallest first; only the order counts) or
            ``score`` (largest first; equal scores by item name, last letter first, as ``trec_eval`` does).
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
    notes: list[tuple[str, int, str]] = []
    given, back = to_polars(run)
    name = column(given, "query", "run")
    order = next((key for key in ("rank", "score") if key in given.columns), None)
    if order is None:
        raise EvaluationError(f"run: no column rank or score; it has: {', '.join(given.columns)}")
    listed = _read(given, "run", order, notes)
    if listed.is_empty():
        raise EvaluationError("the run is empty: no row with a query, an item, and a rank or a score")
    judged = None
    if qrels is not None:
        truths = to_polars(qrels)[0]
        judged = _read(truths, "qrels", column(truths, "relevance", "qrels"), notes)
        if judged.is_empty():
            raise EvaluationError("the qrels are empty: no row with a query, an item and a relevance")
    # From here on names are numbers in alphabetical order: numbers sort and join several times faster.
    both = [frame for frame in (listed, judged) if frame is not None]
    names, items = (pl.concat([frame[c] for frame in both]).unique().sort() for c in ("query", "item"))
    rows = _ranked(_coded(listed, names, items, "run"), names, order == "rank", notes)
    hits = truth = None
    kept = np.bincount(rows["query"].to_numpy(), minlength=names.len()) > 0
    if judged is not None:
        truth = _coded(judged, names, items, "qrels")
        kept = _kept(names, kept, truth, missing, notes)
        # Queries that are left out keep no rows: what number they get does not matter, but it cannot be -1.
        number = pl.Series("query", np.maximum(np.cumsum(kept) - 1, 0)).cast(pl.UInt32)
        before, names = rows.height, names.filter(pl.Series(kept))
        rows, truth = (_renumbered(frame, kept, number) for frame in (rows, truth))
        _note(notes, "run rows of queries nobody judged", before - rows.height, "left out")
        hits = rows.join(truth, on=["query", "item"]).sort("query", "position")
        _note(notes, "listed items not judged", rows.height - hits.height, "taken as not relevant")
        none = names.len() - truth.filter(pl.col("value") >= RELEVANT)["query"].n_unique()
        _note(notes, "queries with no relevant item", none, "measures that need one are undefined there")
        hits = hits.select("query", "position", relevance="value")
        truth = truth.select("query", relevance="value").sort("query", "relevance", descending=[False, True])
    length = np.bincount(rows["query"].to_numpy(), minlength=names.len())
    told = pl.DataFrame(notes, _NOTES, orient="row")
    return Lists(name, names, length, items, rows, hits, truth, told, back)


def to_polars(frame: Any) -> tuple[pl.DataFrame, Callable[[pl.DataFrame], Any]]:
    """Return a frame of any library in Polars, and the way back."""
    if isinstance(frame, pl.LazyFrame):
        return frame.collect(), lambda out: out
    if isinstance(frame, pl.DataFrame):
        return frame, lambda out: out
    native = nw.from_native(frame, eager_only=True)
    kind = native.implementation
    return native.to_polars(), lambda out: nw.from_arrow(out.to_arrow(), backend=kind).to_native()


def column(frame: pl.DataFrame, role: str, what: str) -> str:
    """Find the column of a role, under one of its usual names.

    Raises:
        EvaluationError: there is none, or more than one.
    """
    found = [name for name in NAMES[role] if name in frame.columns]
    if len(found) > 1:
        raise EvaluationError(f"{what}: {found} could each be the {role}; keep one of these columns")
    if not found:
        usual = " or ".join(NAMES[role])
        raise EvaluationError(f"{what}: no column {usual}; it has: {', '.join(frame.columns)}")
    return found[0]


def numbers(frame: pl.DataFrame, name: str, what: str) -> pl.Series:
    """Return a column as Float64, null where nothing (or NaN) is written.

    Raises:
        EvaluationError: a value is not a number; the text gives the row.
    """
    found = frame[name]
    if found.dtype == pl.String:
        found = found.str.strip_chars().replace("", None)
    cast = found.cast(pl.Float64, strict=False)
    wrong = (cast.is_null() & found.is_not_null()).arg_true()
    if wrong.len():
        raise EvaluationError(
            f"{what}, row {wrong[0] + 1}, column {name!r}: {found[wrong[0]]!r} is no number"
        )
    return cast.fill_nan(None)


def once(frame: pl.DataFrame, keys: Sequence[str], what: str, advice: str) -> None:
    """Refuse a frame with two rows of the same keys.

    Raises:
        EvaluationError: naming the first such keys.
    """
    twice = frame.select(keys).filter(pl.struct(keys).is_duplicated()) if frame.height else frame
    if twice.height:
        first = ", ".join(f"{key} {twice[key][0]!r}" for key in keys)
        rows = f"{twice.height} rows in all" if twice.height > 2 else "2 rows"
        raise EvaluationError(f"{what}: {first} stands there more than once ({rows}); {advice}")


def _read(given: pl.DataFrame, what: str, number: str, notes: list[tuple[str, int, str]]) -> pl.DataFrame:
    """Return query and item as text, and the column ``number``, as ``value``; drop and count rows without."""
    columns = {role: given[column(given, role, what)].cast(pl.String) for role in ("query", "item")}
    frame = pl.DataFrame({**columns, "value": numbers(given, number, what)})
    kept = frame.drop_nulls()
    name = "relevance" if what == "qrels" else number
    _note(notes, f"{what} rows dropped", frame.height - kept.height, f"no query, no item or no {name}")
    return kept


def _coded(frame: pl.DataFrame, names: pl.Series, items: pl.Series, what: str) -> pl.DataFrame:
    """Make numbers of the names, and refuse an item that a query has twice."""
    query, item = frame["query"].cast(pl.Enum(names)), frame["item"].cast(pl.Enum(items))
    coded = frame.with_columns(query.to_physical().cast(pl.UInt32), item.to_physical().cast(pl.UInt32))
    pair = coded.select(pl.col("query").cast(pl.Int64) * items.len() + pl.col("item")).to_series()
    if pair.n_unique() < pair.len():
        once(frame, ["query", "item"], what, "keep one of these rows")
    return coded


def _ranked(
    frame: pl.DataFrame, names: pl.Series, ranked: bool, notes: list[tuple[str, int, str]]
) -> pl.DataFrame:
    """Sort the rows into lists and give each its position; refuse a rank twice, count tied scores."""
    rows = frame.sort("query", "value", "item", descending=[False, not ranked, True])
    query, order = rows["query"].to_numpy(), rows["value"].to_numpy()
    same = (query[1:] == query[:-1]) & (order[1:] == order[:-1])
    if same.any() and ranked:
        first = int(np.argmax(same))
        raise EvaluationError(
            f"run: query {names[int(query[first])]!r} has two items of rank {order[first]:g} "
            f"({np.count_nonzero(same)} such rows in all); number the items of each list without repeats"
        )
    tied = np.count_nonzero(np.append(same, False) | np.append(False, same))
    _note(notes, "run rows with tied scores", tied, "ordered by item name, last letter first (trec_eval)")
    start = np.searchsorted(query, np.arange(names.len(), dtype=query.dtype))
    position = pl.Series("position", np.arange(query.size) - start[query] + 1)
    return rows.select("query", position, "item")


def _kept(
    names: pl.Series, listed: Any, truth: pl.DataFrame, missing: Missing, notes: list[tuple[str, int, str]]
) -> Any:
    """Say which queries to evaluate, and count the others."""
    judged = np.bincount(truth["query"].to_numpy(), minlength=names.len()) > 0
    if not np.any(listed & judged):
        example = (
            f"{names[int(np.argmax(listed))]!r} in the run, {names[int(np.argmax(judged))]!r} in the qrels"
        )
        raise EvaluationError(f"run and qrels share no query: {example}")
    _note(notes, "queries nobody judged", np.count_nonzero(listed & ~judged), "left out")
    meaning = "evaluated as an empty list" if missing == "zero" else "left out"
    _note(notes, "judged queries without a list", np.count_nonzero(judged & ~listed), meaning)
    return judged if missing == "zero" else judged & listed


def _renumbered(frame: pl.DataFrame, kept: Any, number: pl.Series) -> pl.DataFrame:
    if kept.all():
        return frame
    frame = frame.filter(pl.Series(kept).gather(frame["query"]))
    return frame.with_columns(query=number.gather(frame["query"]))


def _note(notes: list[tuple[str, int, str]], what: str, count: Any, meaning: str) -> None:
    if count:
        notes.append((what, int(count), meaning))


def _columns(frame: pl.DataFrame, *names: str) -> tuple[Ints, Ints, Array]:
    first, second, third = (frame[name].to_numpy() for name in names)
    return first.astype(np.int64), second.astype(np.int64), third
