"""Are relevant items in the list, and early? Measures of relevant or not."""

from __future__ import annotations

import numpy as np

from bobanalysis.evaluation.lists import Array, Ints, Lists
from bobanalysis.evaluation.measure import DEEP, RELEVANT, Measure


def _found(lists: Lists, k: int, rel: float) -> tuple[Ints, Ints]:
    """Query and position of the relevant items among the first k."""
    query, position, relevance = lists.hit_columns
    kept = (relevance >= rel) & (position <= k)
    return query[kept], position[kept]


def share(part: Array, whole: Array | float) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    whole = np.broadcast_to(np.asarray(whole, float), part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def precision(lists: Lists, k: int, rel: float) -> Array:
    """Share of relevant items among the first k places; empty places count, as in ``trec_eval``.

    Without k, among the items listed, undefined for an empty list.
    """
    found = lists.total(_found(lists, k, rel)[0])
    return share(found, lists.length.astype(float) if k == DEEP else float(k))


def recall(lists: Lists, k: int, rel: float) -> Array:
    """Share of the relevant items that are among the first k; undefined where none is relevant."""
    return share(lists.total(_found(lists, k, rel)[0]), lists.relevant(rel))


def hit_rate(lists: Lists, k: int, rel: float) -> Array:
    """1 where at least one relevant item is among the first k; undefined where none is relevant."""
    hit = (lists.total(_found(lists, k, rel)[0]) > 0).astype(float)
    return np.where(lists.relevant(rel) > 0, hit, np.nan)


def average_precision(lists: Lists, k: int, rel: float, over: str) -> Array:
    """Mean over the relevant items of the precision at their place (0 if not among the first k)."""
    query, position = _found(lists, k, rel)
    start = np.searchsorted(query, np.arange(lists.size))
    nth = np.arange(query.size) - start[query] + 1
    relevant = lists.relevant(rel)
    return share(
        lists.total(query, nth / position), np.minimum(relevant, k) if over == "reachable" else relevant
    )


def reciprocal_rank(lists: Lists, k: int, rel: float) -> Array:
    """One over the place of the first relevant item, 0 if not listed; undefined where none is relevant."""
    query, position = _found(lists, k, rel)
    first = np.zeros(lists.size)
    np.maximum.at(first, query, 1 / position)
    return np.where(lists.relevant(rel) > 0, first, np.nan)


def r_precision(lists: Lists, k: int, rel: float) -> Array:
    """Precision at as many places as there are relevant items; undefined where none is relevant."""
    query, position = _found(lists, k, rel)
    relevant = lists.relevant(rel)
    return share(lists.total(query[position <= relevant[query]]), relevant)


def judged(lists: Lists, k: int) -> Array:
    """Share of the items listed among the first k that somebody judged; undefined for an empty list."""
    query, position, _ = lists.hit_columns
    return share(lists.total(query[position <= k]), np.minimum(lists.length, k).astype(float))


_REL = {"rel": RELEVANT}
_BOOK = "Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), chapter 8"

MEASURES = [
    Measure("p", "précision", "precision", "(1/k) Σ_{i≤k} r_i", _BOOK, precision, _REL),
    Measure("recall", "rappel", "recall", "(1/R) Σ_{i≤k} r_i", _BOOK, recall, _REL),
    Measure(
        "hit_rate",
        "part de personnes servies",
        "hit rate",
        "1 if Σ_{i≤k} r_i > 0 else 0",
        "Deshpande and Karypis, ACM TOIS 22 (2004), 143-177",
        hit_rate,
        _REL,
        binary=True,
    ),
    Measure(
        "map",
        "précision moyenne",
        "mean average precision",
        "(1/R) Σ_{i≤k} r_i P@i; over=reachable divides by min(R, k)",
        "Buckley and Voorhees, SIGIR 2000, 33-40; " + _BOOK,
        average_precision,
        {**_REL, "over": "relevant"},
        {"over": ("relevant", "reachable")},
    ),
    Measure(
        "mrr",
        "rang réciproque moyen",
        "mean reciprocal rank",
        "1 / min{i ≤ k: r_i = 1}, 0 if there is none",
        "Voorhees, TREC-8 (1999), 77-82",
        reciprocal_rank,
        _REL,
    ),
    Measure("rprec", "R-précision", "R-precision", "(1/R) Σ_{i≤R} r_i", _BOOK, r_precision, _REL, cut="no"),
    Measure(
        "judged",
        "part d’éléments jugés",
        "share of listed items judged",
        "judged items among the first k / items among the first k",
        "Macdonald, Yates et al., ir-measures, ECIR 2022",
        judged,
        higher=None,
    ),
]
