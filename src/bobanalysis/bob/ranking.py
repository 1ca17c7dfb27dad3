"""Rank items by score for many people at once: sorting small integers in blocks of rows.

A score and a tie-break fit in one small integer: the place of the score in a table of the distinct scores,
then the place of the item's id. Sorting those integers row by row in numpy is about ten times faster than
sorting lists in a data frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

BITS = 6  # of a key are the item: at most 64 items
_BLOCK = 1 << 15  # rows sorted at a time: they stay in the processor's cache


@dataclass(frozen=True)
class Ranking:
    """Items in order, person by person.

    ``keys`` (items × people, int16): what was sorted, 0 where an item is not kept; ``sorted`` (people ×
    items), the same, best first; ``values``, the distinct scores. ``item`` and ``score`` decode a key.
    """

    keys: npt.NDArray[np.int16]
    sorted: npt.NDArray[np.int16]
    values: npt.NDArray[np.float64]
    items: npt.NDArray[np.int16]

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Count the items kept for each person."""
        return np.count_nonzero(self.sorted, axis=1)

    def item(self, keys: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """Return the column of the item that a key stands for."""
        return self.items[keys & ((1 << BITS) - 1)]

    def score(self, keys: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
        """Return the score that a key stands for."""
        return self.values[keys >> BITS]


def rank(
    scores: Sequence[pl.Series],
    ids: Sequence[str],
    incompatible: Iterable[tuple[str, str]] = (),
    negative: bool = True,
) -> Ranking:
    """Rank items by score, then by id, both descending (spec 03 §3.2).

    Parameters: ``scores``, one float column an item, null where it has no score; ``ids``, their names, all
    different, at most 64; ``incompatible``, pairs (a, b): b is dropped where a is kept and ranked better;
    ``negative``, whether an item below 0 is kept where every item has a score other than 0 (advice), or never
    (actions).

    Raises ValueError for more items or more distinct scores than fit in the key.

    >>> done = rank([pl.Series([1.0, 2.0]), pl.Series([1.0, None])], ["a", "b"])
    >>> done.item(done.sorted[0]).tolist(), done.counts.tolist()
    ([1, 0], [2, 1])
    """
    if len(ids) > 1 << BITS or len(set(ids)) != len(ids):
        raise ValueError(f"at most {1 << BITS} different items can be ranked, not {len(ids)}")
    # Why integers: a score and its tie-break in 15 bits sort in one pass of numpy over a block that fits in
    # the cache, and an incompatibility ("b is dropped where a ranks better") is one comparison of two columns
    # of keys. Lists in a data frame would be sorted by two keys, and settled by joins, for every person.
    values = _distinct(scores)
    if len(values) >= 1 << (15 - BITS):
        raise ValueError(f"{len(values)} distinct scores are more than the key holds")
    by_id = sorted(range(len(ids)), key=lambda k: ids[k])
    place = {column: k for k, column in enumerate(by_id)}
    n = len(scores[0]) if scores else 0
    keys = np.empty((len(ids), n), dtype=np.int16)
    zero = int(np.searchsorted(values, 0.0))
    pairs = [(ids.index(a), ids.index(b)) for a, b in incompatible if a != b]

    def fill(column: int) -> None:
        codes = _codes(scores[column], values, zero)
        # A score of 0 is not told: its key is 0, which no other key can be (see _distinct).
        keys[column] = np.where(codes == zero, 0, (codes << BITS) | place[column])

    with ThreadPoolExecutor() as threads:
        list(threads.map(fill, range(len(ids))))
        blocks = [slice(start, start + _BLOCK) for start in range(0, n, _BLOCK)]
        list(threads.map(lambda block: _settle(keys[:, block], zero << BITS, pairs, negative), blocks))
        best = np.empty((n, len(ids)), dtype=np.int16)

        def sort(block: slice) -> None:
            rows = np.array(keys[:, block].T, order="C")  # a copy even for one row: `keys` stay unsorted
            rows.sort(axis=1)
            best[block] = rows[:, ::-1]

        list(threads.map(sort, blocks))
    return Ranking(keys, best, values, np.array(by_id, dtype=np.int16))


def _distinct(scores: Sequence[pl.Series]) -> npt.NDArray[np.float64]:
    """Return the distinct scores, ascending, behind one that nobody has (so that no key is 0) and with 0."""
    found = {-np.inf, 0.0}
    for column in scores:
        found.update(v for v in column.unique().to_list() if v is not None)
    return np.array(sorted(found))


def _codes(column: pl.Series, values: npt.NDArray[np.float64], zero: int) -> npt.NDArray[np.int16]:
    """Return the place of each score in the table; an absent score counts as 0."""
    own = column.unique().drop_nulls().sort()
    table = np.searchsorted(values, own.to_numpy()).astype(np.int16)
    if len(own) == 0:
        return np.full(len(column), zero, dtype=np.int16)
    if len(own) == 1 and column.null_count() == 0:
        return np.full(len(column), table[0], dtype=np.int16)
    mapped = column.replace_strict(own, pl.Series(table), default=zero, return_dtype=pl.Int16)
    return mapped.to_numpy()


def _settle(keys: npt.NDArray[np.int16], zero: int, pairs: list[tuple[int, int]], negative: bool) -> None:
    """Drop, in place, the items that a better one excludes, and those below 0 that nobody reaches."""
    below = (keys != 0) & (keys < zero)
    if below.any():
        reached = (keys != 0).all(axis=0) if negative else np.zeros(keys.shape[1], dtype=bool)
        keys[below & ~reached] = 0
    if not pairs:
        return
    given = {b: keys[b].copy() for _, b in pairs}
    # An item that is itself dropped no longer excludes others: dropping is repeated until nothing moves, and
    # each round decides anew from the keys as given, against those that still stand.
    while True:  # settles in as many rounds as the longest chain of exclusions, three in practice
        before = {b: keys[b].copy() for b in given}
        for b, key in given.items():
            beaten = np.logical_or.reduce([keys[a] > key for a, other in pairs if other == b])
            keys[b] = np.where(beaten, 0, key)
        if all(np.array_equal(before[b], keys[b]) for b in given):
            return
