"""Rank items by score for many people at once: sorting small integers in blocks of rows.

A score and a tie-break fit in one small integer: the place of the score in a table of the distinct scores,
then the place of the item's id. Sorting those integers row by row in numpy is about ten times faster than
sorting lists in a data frame.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain, zip_longest
from typing import Any, TypeAlias

import numpy as np
import polars as pl

Ints: TypeAlias = "np.typing.NDArray[np.int16]"

BITS = 6  # of a key are the item: at most 64 items
FEW = 8  # scores that are compared with one after the other
BLOCK = 1 << 15  # rows that are sorted at a time: they stay in the processor's cache


@dataclass(frozen=True)
class Ranking:
    """Items in order, person by person.

    ``keys`` (for each item, people): what was sorted, 0 where an item is not kept; ``sorted`` (people ×
    items that somebody has a score of), the same, best first; ``values``, the distinct scores. ``item`` and
    ``score`` decode a key.
    """

    keys: Sequence[Ints]
    sorted: Ints
    values: np.typing.NDArray[np.float64]
    items: Ints

    def item(self, keys: Ints) -> Ints:
        """Return the column of the item that a key stands for."""
        return self.items.take(keys & ((1 << BITS) - 1))

    def score(self, keys: Ints) -> np.typing.NDArray[np.float64]:
        """Return the score that a key stands for."""
        return self.values.take(keys >> BITS)


def rank(
    scores: Sequence[pl.Series],
    ids: Sequence[str],
    incompatible: Iterable[tuple[str, str]] = (),
    negative: bool = True,
    levels: Sequence[Collection[Any] | None] = (),
) -> Ranking:
    """Rank items by score, then by id, both descending (spec 03 §3.2).

    Parameters: ``scores``, one column of numbers an item, null where it has no score; ``ids``, their names,
    all different, at most 64; ``incompatible``, pairs (a, b): b is dropped where a is kept and ranked better;
    ``negative``, whether an item below 0 is kept where every item has a score other than 0 (advice), or never
    (actions); ``levels``, for each item the scores that it may have (None, and by default: they are found).

    Raises ValueError for more items or more distinct scores than fit in the key.

    >>> done = rank([pl.Series([1.0, 2.0]), pl.Series([1.0, None])], ["a", "b"])
    >>> done.item(done.sorted[0]).tolist(), done.sorted[1].tolist()
    ([1, 0], [192, 0])
    """
    if len(ids) > 1 << BITS or len(set(ids)) != len(ids):
        raise ValueError(f"at most {1 << BITS} different items can be ranked, not {len(ids)}")
    # Why integers: a score and its tie-break in 15 bits sort in one pass of numpy over a block that fits in
    # the cache, and an incompatibility ("b is dropped where a ranks better") is one comparison of two columns
    # of keys. Lists in a data frame would be sorted by two keys, and settled by joins, for every person.
    told = pl.DataFrame({str(k): score for k, score in enumerate(scores)})
    if any(score.null_count() for score in scores):
        told = told.fill_null(0)
    somebody, known = told.select((pl.all() != 0).any()).row(0), []
    for score, there, possible in zip_longest(told, somebody, levels):
        one = [0] if not there else score.unique().to_list() if possible is None else [*possible]
        known.append(np.array(one))
    values = np.array(sorted({-math.inf, 0.0, *chain(*known)}))  # nobody has the first one: no key is 0
    if len(values) >= 1 << (15 - BITS):
        raise ValueError(f"{len(values)} distinct scores are more than the key holds")
    by_id = sorted(range(len(ids)), key=lambda k: ids[k])
    place = np.argsort(by_id).astype(np.int16)
    pairs = [(ids.index(a), ids.index(b)) for a, b in incompatible if a != b]
    zero = int(np.searchsorted(values, 0.0))
    columns = [column.to_numpy() for column in told]
    scored = [k for k, scores in enumerate(known) if scores.any()] or [0]  # of others nobody has one

    # Of a power of two, the same place of all items would share few lines of the processor's cache.
    every = np.zeros((len(scored), told.height + 64), dtype=np.int16)[:, : told.height]
    best = np.empty((told.height, len(scored)), dtype=np.int16)
    pairs = [(scored.index(a), scored.index(b)) for a, b in pairs if {a, b} <= {*scored}]

    # Memory that is used again: new memory for each comparison takes longer than the comparison.
    mask_buffer, key_buffer = np.empty(BLOCK, dtype=bool), np.empty(BLOCK, dtype=np.int16)
    for first in range(0, told.height, BLOCK):
        block = slice(first, first + BLOCK)
        keys = every[:, block]
        mask, added = mask_buffer[: keys.shape[1]], key_buffer[: keys.shape[1]]
        for key, k in zip(keys, scored, strict=True):
            column, distinct = columns[k][block], known[k]
            # A score of 0 is not told: its key is 0.
            coded = np.where(distinct == 0, 0, (np.searchsorted(values, distinct) << BITS) | place[k])
            if len(distinct) > FEW:
                key[:] = coded[np.argsort(distinct)][np.searchsorted(np.sort(distinct), column)]
            else:  # comparing with each is faster than looking each person's up
                for score, code in zip(distinct, coded.astype(np.int16), strict=True):
                    if code:
                        np.multiply(np.equal(column, score, out=mask), code, out=added)
                        key |= added
        _settle(keys, zero << BITS, pairs, negative and len(scored) == len(ids))
        best[block] = keys.T
        best[block].sort(axis=1)
    found = dict(zip(scored, every, strict=True)) | {-1: np.zeros(told.height, dtype=np.int16)}
    each = [found.get(k, found[-1]) for k in range(len(ids))]
    return Ranking(each, best[:, ::-1], values, np.array(by_id, dtype=np.int16))


def _settle(keys: Ints, zero: int, pairs: list[tuple[int, int]], negative: bool) -> None:
    """Drop, in place, the items that a better one excludes, and those below 0 that nobody reaches."""
    below = (keys != 0) & (keys < zero) if zero > 1 << BITS else np.zeros(1, dtype=bool)
    if below.any():
        reached = (keys != 0).all(axis=0) if negative else np.zeros(keys.shape[1], dtype=bool)
        keys[below & ~reached] = 0
    given = {b: keys[b].copy() for _, b in pairs}
    better = {b: [a for a, other in pairs if other == b] for b in given}
    # An item that is itself dropped no longer excludes others: each one is decided again, from its key as
    # given against those that still stand, where one of them has moved.
    waiting = {*given}
    while waiting:
        for b, key in given.items():
            if b in waiting:
                waiting.remove(b)
                now = np.where(reduce(np.maximum, (keys[a] for a in better[b])) > key, 0, key)
                if not np.array_equal(now, keys[b]):
                    keys[b] = now
                    waiting |= {other for other, by in better.items() if b in by}
