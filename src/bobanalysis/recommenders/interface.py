"""What a recommender is, and how scores become a list."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import polars as pl

COLUMNS = ("person_id", "item", "rank", "score")
"""Columns of a list: person and item (String), rank (Int32, 1 is first), score (Float64)."""


@runtime_checkable
class Recommender(Protocol):
    """People in, a ranked list a person out.

    ``name`` tells it from others. ``recommend`` takes a population frame and returns ``COLUMNS``, in the
    order of people, then rank. The same people give the same lists: chance, where there is any, comes from a
    seed that is set when the recommender is made. A person without a row is recommended nothing.
    """

    name: str

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the ranked lists of people."""


@runtime_checkable
class Learner(Recommender, Protocol):
    """A recommender that learns from what happened.

    ``interactions``: person_id, item, ``outcome`` (Boolean, or 0 and 1: what one wants more of); where the
    same items are also judged, a judgement is an outcome too.
    """

    def fit(self, people: pl.DataFrame, interactions: pl.DataFrame) -> Any:
        """Learn, and return itself."""


def ranking(scored: pl.DataFrame, most: int | None = None) -> pl.DataFrame:
    """Return scored items as ranked lists.

    Parameters: ``scored``, person_id, item, score; the rows of a person stand together; ``most``, the
    longest list wanted. Highest score first, equals by the item's name, so that nothing depends on the order
    of rows. Rows without a score (null, NaN) are left out.
    Returns ``COLUMNS``, people in the order they came in.
    Raises ValueError if a column is missing, a person's rows are apart, or an item stands twice in a list.

    >>> ranking(pl.DataFrame({"person_id": ["p", "p", "p"], "item": list("abc"), "score": [1, 2, 2]})).rows()
    [('p', 'b', 1, 2.0), ('p', 'c', 2, 2.0), ('p', 'a', 3, 1.0)]
    """
    kinds = {"person_id": pl.String, "item": pl.String, "score": pl.Float64}
    if lacking := [c for c in kinds if c not in scored.columns]:
        there = ", ".join(scored.columns)
        raise ValueError(f"scored items: no column {', '.join(lacking)}; they have {there}")
    typed = scored.select(*kinds, _of=pl.col("person_id").rle_id()).cast(kinds)  # type: ignore[arg-type]
    known = typed.fill_nan(None).drop_nulls()
    if known["_of"].n_unique() != known["person_id"].n_unique():
        raise ValueError("scored items: the rows of a person must stand together; sort them by person first")
    ordered = known.sort("_of", "score", "item", descending=[False, True, False])
    ranked = ordered.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("_of"))
    twice = ranked.select("_of", "item").is_duplicated()
    if twice.any():
        person, item = ranked.select("person_id", "item").row(int(twice.arg_true()[0]))
        raise ValueError(f"scored items: {item!r} stands twice for person {person!r}; keep one")
    return ranked.filter(pl.col("rank") <= (most or ranked.height)).select(COLUMNS)


def checked(lists: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Return the lists of a recommender, once they are seen to be lists: for tests of one's own.

    Parameters: ``lists``, what ``recommend`` returned; ``people``, who was asked about.
    Raises ValueError saying what is wrong: columns, an item twice, ranks that are not 1, 2, 3 … in the order
    of falling scores, or a person nobody asked about.

    >>> lists = pl.DataFrame({"person_id": ["p"], "item": ["a"], "rank": [1], "score": [0.5]})
    >>> checked(lists, lists.select("person_id")).height
    1
    """
    if tuple(lists.columns) != COLUMNS:
        raise ValueError(f"lists: columns are {', '.join(lists.columns)}, not {', '.join(COLUMNS)}")
    again = ranking(lists.sort("person_id", "rank", maintain_order=True).select("person_id", "item", "score"))
    mine = lists.sort("person_id", "rank")
    expected = pl.int_range(1, pl.len() + 1).over("person_id")
    if again.height != lists.height or not mine.select((pl.col("rank") == expected).all()).item():
        raise ValueError("lists: ranks are not 1, 2, 3 … for each person, or a row has no score")
    falling = pl.col("score") <= pl.col("score").shift(1).over("person_id")
    if not mine.select(falling.fill_null(True).all()).item():
        raise ValueError("lists: a score rises along a list; rank by the score that you return")
    strangers = lists.join(people, on="person_id", how="anti")
    if strangers.height:
        raise ValueError(f"lists: nobody asked about person {strangers['person_id'][0]!r}")
    return lists
