"""Ranked lists beside judgements, checked once and laid out in columns for the measures.

A *run* has one row a query and item, a *qrels* frame one row a query and judged item. A query is a person
here, a topic at TREC; every column may have the usual name of either world (``NAMES``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis.fairness._cube import to_lazy
from bobanalysis.tables import InputError, as_number

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Judged = tuple[Ints, Ints, Array]
Notes = list[tuple[str, int, str]]
Missing = Literal["zero", "skip"]

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
        rows: every listed row: ``query`` (index into ``queries``), ``position`` (from 1), ``item``, sorted.
        hits: of those, the judged: query, position and relevance; empty without judgements.
        truth: of every judgement: query, place in the best possible list (from 1) and relevance.
        notes: what was dropped or assumed: ``what``, ``count``, ``meaning``.
        back: brings a Polars frame to the library that the run came in.
    """

    query_name: str
    queries: pl.Series
    length: Ints
    rows: pl.DataFrame
    hits: Judged
    truth: Judged
    notes: pl.DataFrame
    back: Callable[[pl.DataFrame], Any]

    @property
    def size(self) -> int:
        """Number of queries."""
        return self.queries.len()

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
    notes: Notes = []
    given, back = to_polars(run)
    order = next((key for key in ("rank", "score") if key in given.columns), None)
    if order is None:
        raise EvaluationError(f"run: no column rank or score; it has: {', '.join(given.columns)}")
    both = [_read(given, "run", order, notes)]
    if qrels is not None:
        truths = to_polars(qrels)[0]
        both.append(_read(truths, "qrels", column(truths, "relevance", "qrels"), notes))
    # from here on names are numbers in alphabetical order: they sort and join several times faster
    kinds: dict[Any, Any] = {
        c: pl.Enum(pl.concat([frame[c] for frame in both]).unique().sort()) for c in ("query", "item")
    }
    both = [frame.cast(kinds) for frame in both]
    for frame, what in zip(both, ("run", "qrels"), strict=False):
        pair = _codes(frame) * kinds["item"].categories.len() + frame["item"].to_physical().to_numpy()
        if pl.Series(pair).n_unique() < frame.height:
            once(frame, ["query", "item"], what, "keep one of these rows")
    rows, truth = _ranked(both[0], order == "rank", notes), both[-1].clear()
    names = kinds["query"].categories
    if qrels is not None:
        names, rows, truth = _judged(rows, both[1], missing, notes)
    hits = rows.join(truth, on=["query", "item"]).sort("query", "position")
    if qrels is not None:
        notes.append(("listed items not judged", rows.height - hits.height, "taken as not relevant"))
        none = names.len() - truth.filter(pl.col("value") >= 1)["query"].n_unique()
        notes.append(("queries with no relevant item", none, "measures that need one are undefined there"))
    truth = truth.sort("query", "value", descending=[False, True])
    length = np.bincount(_codes(rows), minlength=names.len())
    told = pl.DataFrame(notes, _NOTES, orient="row").filter(pl.col("count") > 0)
    found = (_codes(hits), hits["position"].to_numpy(), hits["value"].to_numpy())
    best = (_codes(truth), _places(truth), truth["value"].to_numpy())
    rows = rows.with_columns(pl.col("query").to_physical())
    return Lists(column(given, "query", "run"), names, length, rows, found, best, told, back)


def to_polars(frame: Any) -> tuple[pl.DataFrame, Callable[[pl.DataFrame], Any]]:
    """Return a frame of any library in Polars, and the way back."""
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame.lazy().collect(), lambda out: out
    lazy, back = to_lazy(frame, nw.from_native(frame, eager_only=True).columns)
    return lazy.collect(), back


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
    kept = frame.drop_nulls()
    name, empty = (number, "run is") if what == "run" else ("relevance", "qrels are")
    if kept.is_empty():
        raise EvaluationError(f"the {empty} empty: no row with a query, an item and a {name}")
    notes.append((f"{what} rows dropped", frame.height - kept.height, f"no query, no item or no {name}"))
    return kept


def _ranked(frame: pl.DataFrame, ranked: bool, notes: Notes) -> pl.DataFrame:
    """Sort the rows into lists and give each its position; refuse a rank twice, count tied scores."""
    rows = frame.sort("query", "value", "item", descending=[False, not ranked, True])
    query, order = _codes(rows), rows["value"].to_numpy()
    same = (query[1:] == query[:-1]) & (order[1:] == order[:-1])
    if same.any() and ranked:
        first = int(np.argmax(same))
        what = f"run: query {rows['query'][first]!r} has two items of rank {order[first]:g}"
        todo = "number the items of each list without repeats"
        raise EvaluationError(f"{what} ({np.count_nonzero(same)} such rows in all); {todo}")
    tied = int(np.count_nonzero(np.append(same, False) | np.append(False, same)))
    notes.append(("run rows with tied scores", tied, "ordered by item name, last letter first (trec_eval)"))
    return rows.select("query", pl.Series("position", _places(rows)), "item")


def _codes(frame: pl.DataFrame) -> Ints:
    """Number of the query of each row."""
    return frame["query"].to_physical().to_numpy().astype(np.int64)


def _places(frame: pl.DataFrame) -> Ints:
    """Number the rows of each query from 1; rows are sorted by query."""
    query = _codes(frame)
    return np.arange(query.size) - np.searchsorted(query, query) + 1


def _judged(
    rows: pl.DataFrame, truth: pl.DataFrame, missing: Missing, notes: Notes
) -> tuple[pl.Series, pl.DataFrame, pl.DataFrame]:
    """Leave out the queries that are not evaluated, and count them."""
    listed, judged = (frame["query"].unique().sort() for frame in (rows, truth))
    shared = judged.filter(judged.is_in(listed.implode()))
    if shared.is_empty():
        what = f"{listed[0]!r} in the run, {judged[0]!r} in the qrels"
        raise EvaluationError(f"run and qrels share no query: {what}")
    kept = judged if missing == "zero" else shared
    meaning = "evaluated as an empty list" if missing == "zero" else "left out"
    alone, empty = listed.len() - shared.len(), judged.len() - shared.len()
    notes += [("queries nobody judged", alone, "left out"), ("judged queries without a list", empty, meaning)]
    height, names = rows.height, kept.cast(pl.String)
    if alone or kept is shared:
        frames = (frame.filter(pl.col("query").is_in(kept.implode())) for frame in (rows, truth))
        rows, truth = (f.with_columns(pl.col("query").cast(pl.String).cast(pl.Enum(names))) for f in frames)
    notes.append(("run rows of queries nobody judged", height - rows.height, "left out"))
    return names, rows, truth
