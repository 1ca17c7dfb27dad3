"""How much does the reader gain on the way down the list? Measures of graded relevance and of patience."""

from __future__ import annotations

import numpy as np

from bobanalysis.evaluation.accuracy import share
from bobanalysis.evaluation.lists import Array, Lists
from bobanalysis.evaluation.measure import RELEVANT, Measure


def gains(relevance: Array, gain: str) -> Array:
    """Return the gain of a relevance: itself ("linear") or 2^relevance - 1 ("exp2"); never below 0."""
    above = np.maximum(relevance, 0)
    return above if gain == "linear" else np.exp2(above) - 1


def weights(position: np.ndarray, discount: str) -> Array:
    """Return what a place is worth.

    "log2": 1 / log2(i + 1). "log2_from_2": 1 for the first two places, then 1 / log2(i), as first
    proposed. "inverse": 1 / i (Zipf). "none": 1.
    """
    i = np.asarray(position, float)
    if discount == "log2":
        return 1 / np.log2(i + 1)
    if discount == "log2_from_2":
        return 1 / np.maximum(np.log2(i), 1)
    return 1 / i if discount == "inverse" else np.ones_like(i)


def dcg(lists: Lists, k: int, gain: str, discount: str) -> Array:
    """Discounted cumulative gain of the first k items; items not judged gain nothing."""
    query, position, relevance = lists.hit_columns
    kept = position <= k
    return lists.total(query[kept], gains(relevance[kept], gain) * weights(position[kept], discount))


def ndcg(lists: Lists, k: int, gain: str, discount: str) -> Array:
    """Discounted cumulative gain over that of the best possible list of the judged items.

    Undefined where nothing judged has a gain.
    """
    query, place, relevance = lists.truth_columns
    kept = place <= k
    best = lists.total(query[kept], gains(relevance[kept], gain) * weights(place[kept], discount))
    return share(dcg(lists, k, gain, discount), best)


def rank_biased_precision(lists: Lists, k: int, p: float, rel: float) -> Array:
    """Precision for a reader who goes on to the next item with probability p."""
    query, position, relevance = lists.hit_columns
    kept = (relevance >= rel) & (position <= k)
    return (1 - p) * lists.total(query[kept], np.power(p, position[kept] - 1.0))


def residual(lists: Lists, k: int, p: float) -> Array:
    """How much rank-biased precision could still rise if all that is not judged or listed were relevant."""
    query, position, _ = lists.hit_columns
    kept = position <= k
    return 1 - (1 - p) * lists.total(query[kept], np.power(p, position[kept] - 1.0))


_DCG: dict[str, float | str] = {"gain": "linear", "discount": "log2"}
_CHOICES = {"gain": ("linear", "exp2"), "discount": ("log2", "log2_from_2", "inverse", "none")}
_DCG_SOURCE = (
    "Järvelin and Kekäläinen, ACM TOIS 20 (2002), 422-446 (linear gain; discount log2_from_2); "
    "Burges et al., ICML 2005, 89-96 (gain exp2, discount log2)"
)
_RBP = "Moffat and Zobel, ACM TOIS 27 (2008), article 2"

MEASURES = [
    Measure(
        "dcg",
        "gain cumulé actualisé",
        "discounted cumulative gain",
        "Σ_{i≤k} gain(rel_i) × discount(i)",
        _DCG_SOURCE,
        dcg,
        _DCG,
        _CHOICES,
        bounded=False,
    ),
    Measure(
        "ndcg",
        "gain cumulé actualisé normalisé",
        "normalised discounted cumulative gain",
        "DCG@k of the list / DCG@k of the judged items, best first",
        _DCG_SOURCE,
        ndcg,
        _DCG,
        _CHOICES,
    ),
    Measure(
        "rbp",
        "précision selon la patience",
        "rank-biased precision",
        "(1 - p) Σ_{i≤k} r_i p^(i-1)",
        _RBP,
        rank_biased_precision,
        {"p": 0.8, "rel": RELEVANT},
    ),
    Measure(
        "rbp_residual",
        "part indéterminée de la précision selon la patience",
        "residual of rank-biased precision",
        "1 - (1 - p) Σ_{i≤k, judged} p^(i-1)",
        _RBP,
        residual,
        {"p": 0.8},
        higher=False,
    ),
]
