"""Measures of ranked lists, and their names: ``ndcg@5``, ``ndcg(gain=exp2)@10``, ``rbp(0.8)``.

``measures.yaml`` has their formulas, sources and arguments. A measure is a function of the lists and of
``k``, with one value a query, NaN where it is undefined; a measure of all lists together (coverage, Gini)
also takes which queries are asked about, and has one value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import polars.selectors as cs

from bobanalysis.evaluation.lists import Array, EvaluationError, Ints, Lists
from bobanalysis.tables import load_yaml
from bobanalysis.text import Text

WHOLE_LIST = 2**31
"""Depth of a measure without ``@k``."""


def share(part: Array, whole: Array | float) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    whole = np.broadcast_to(np.asarray(whole, float), part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _hits(lists: Lists, k: int, rel: float = -np.inf) -> tuple[Ints, Ints, Array]:
    """Query, position and relevance of the judged items of ``rel`` or more among the first k."""
    query, position, relevance = lists.hits
    kept = (position <= k) & (relevance >= rel)
    return query[kept], position[kept], relevance[kept]


def precision(lists: Lists, k: int, rel: float) -> Array:
    """Places that are empty count, but without k only the items listed do: undefined for an empty list."""
    whole = lists.length.astype(float) if k == WHOLE_LIST else float(k)
    return share(lists.total(_hits(lists, k, rel)[0]), whole)


def recall(lists: Lists, k: int, rel: float) -> Array:
    """Undefined where nothing is relevant."""
    return share(lists.total(_hits(lists, k, rel)[0]), lists.relevant(rel))


def hit_rate(lists: Lists, k: int, rel: float) -> Array:
    """Undefined where nothing is relevant."""
    return share(np.minimum(lists.total(_hits(lists, k, rel)[0]), 1), np.minimum(lists.relevant(rel), 1))


def average_precision(lists: Lists, k: int, rel: float, over: str) -> Array:
    """Undefined where nothing is relevant."""
    query, position, _ = _hits(lists, k, rel)
    counts = np.bincount(query, minlength=lists.size)
    nth = np.arange(query.size) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    relevant = lists.relevant(rel)
    reachable = np.minimum(relevant, k) if over == "reachable" else relevant
    return share(lists.total(query, nth / position), reachable)


def reciprocal_rank(lists: Lists, k: int, rel: float) -> Array:
    """Undefined where nothing is relevant."""
    query, position, _ = _hits(lists, k, rel)
    begins = np.diff(query, prepend=-1) > 0  # positions rise within a query
    return share(lists.total(query[begins], 1 / position[begins]), np.minimum(lists.relevant(rel), 1))


def r_precision(lists: Lists, k: int, rel: float) -> Array:
    """Undefined where nothing is relevant."""
    query, position, _ = _hits(lists, k, rel)
    relevant = lists.relevant(rel)
    return share(lists.total(query[position <= relevant[query]]), relevant)


def judged(lists: Lists, k: int) -> Array:
    """Undefined for an empty list."""
    return share(lists.total(_hits(lists, k)[0]), np.minimum(lists.length, k).astype(float))


DISCOUNTS: dict[str, Callable[[Array], Array]] = {
    "log2": lambda place: 1 / np.log2(place + 1),
    "log2_from_2": lambda place: 1 / np.maximum(np.log2(place), 1),  # as first proposed: two places worth 1
    "inverse": lambda place: 1 / place,
    "none": np.ones_like,
}


def _gained(lists: Lists, query: Ints, place: Ints, relevance: Array, gain: str, discount: str) -> Array:
    above = np.maximum(relevance, 0)
    gains = above if gain == "linear" else np.exp2(above) - 1
    worth = DISCOUNTS[discount](np.arange(1.0, place.max(initial=0) + 1))
    return lists.total(query, gains * worth[place - 1])


def dcg(lists: Lists, k: int, gain: str, discount: str) -> Array:
    """Items not judged gain nothing."""
    return _gained(lists, *_hits(lists, k), gain, discount)


def ndcg(lists: Lists, k: int, gain: str, discount: str) -> Array:
    """Undefined where nothing judged has a gain."""
    query, place, relevance = lists.truth
    kept = place <= k
    best = _gained(lists, query[kept], place[kept], relevance[kept], gain, discount)
    return share(dcg(lists, k, gain, discount), best)


def rank_biased_precision(lists: Lists, k: int, p: float, rel: float) -> Array:
    """Precision for a reader who goes on to the next item with probability p."""
    query, position, _ = _hits(lists, k, rel)
    return (1 - p) * lists.total(query, np.power(p, position - 1.0))


def residual(lists: Lists, k: int, p: float) -> Array:
    """How much it could still rise if all that is not judged or listed were relevant."""
    return 1 - rank_biased_precision(lists, k, p, -np.inf)


def expected_reciprocal_rank(lists: Lists, k: int, max: float) -> Array:
    """A reader goes down the list and stops at an item with the chance that its grade gives.

    Raises:
        EvaluationError: a grade is larger than ``max``.
    """
    query, position, relevance = _hits(lists, k, np.finfo(float).tiny)
    if relevance.size and relevance.max() > max:
        high = f"{relevance.max():g}"
        raise EvaluationError(f"err: a relevance of {high} is above max={max:g}; write err(max={high})")
    stops = (np.exp2(relevance) - 1) / np.exp2(max)
    counts = np.bincount(query, minlength=lists.size)
    first, goes_on, found = np.cumsum(counts) - counts, np.ones(lists.size), np.zeros(lists.size)
    for nth in range(int(counts.max(initial=0))):
        here = np.flatnonzero(counts > nth)
        row = first[here] + nth
        found[here] += goes_on[here] * stops[row] / position[row]
        goes_on[here] *= 1 - stops[row]
    return share(found, np.minimum(lists.relevant(np.finfo(float).tiny), 1))


def binary_preference(lists: Lists, k: int, rel: float) -> Array:
    """Undefined where nothing is relevant; items that nobody judged play no part."""
    query, _, relevance = _hits(lists, k, 0)
    good, relevant = relevance >= rel, lists.relevant(rel)
    others = lists.relevant(0) - relevant
    bad = (~good).astype(float)
    begins = np.searchsorted(query, np.arange(lists.size))
    above: Array = np.cumsum(bad) - np.append(0, np.cumsum(bad))[begins][query]
    least = np.maximum(np.minimum(relevant, others), 1)
    lost = np.minimum(above, relevant[query]) / least[query]
    return share(lists.total(query[good], 1 - lost[good]), relevant)


def _described(lists: Lists, items: pl.DataFrame, k: int, *columns: str) -> pl.DataFrame:
    """Rows of the lists' first k items that are in the catalogue, with columns of the catalogue."""
    rows = lists.rows.lazy().filter(pl.col("position") <= k).with_columns(pl.col("item").cast(pl.String))
    known = items.lazy().select("item", "code", *columns)
    return rows.join(known, on="item", maintain_order="left").collect()


def _listed(lists: Lists, items: pl.DataFrame, asked: Array, k: int) -> Array:
    """How often each item is among the first k of the queries asked about."""
    rows = _described(lists, items, k)
    code = rows["code"].to_numpy()[np.asarray(asked, bool)[rows["query"].to_numpy()]]
    return np.bincount(code, minlength=items.height).astype(float)


def coverage(lists: Lists, items: pl.DataFrame, asked: Array, k: int, people: float) -> float:
    """More people cover more items, so groups are compared at the same number of ``people``."""
    counts, n = _listed(lists, items, asked, k), int(np.count_nonzero(asked))
    if n == 0 or people > n:
        return float("nan")
    if people == 0:
        return float(np.count_nonzero(counts)) / items.height
    from scipy.special import gammaln

    left = n - counts[counts > 0]
    can = left[left >= people]  # otherwise every draw has somebody who gets the item
    nobody = np.exp(gammaln(can + 1) - gammaln(can - people + 1) - gammaln(n + 1) + gammaln(n - people + 1))
    return float(left.size - nobody.sum()) / items.height


def gini(lists: Lists, items: pl.DataFrame, asked: Array, k: int) -> float:
    """0: all items alike; towards 1: one item has all places."""
    counts = np.sort(_listed(lists, items, asked, k))
    n = counts.size
    weighted = np.sum((2 * np.arange(1, n + 1) - n - 1) * counts)
    return float(weighted / (n * counts.sum())) if counts.sum() else float("nan")


def novelty(lists: Lists, items: pl.DataFrame, k: int) -> Array:
    """Items of unknown or zero popularity are left out; undefined where that is all of them."""
    if "popularity" not in items.columns:
        raise EvaluationError("novelty needs a column popularity in items: people who know each item")
    rows = _described(lists, items, k, "popularity").filter(pl.col("popularity") > 0)
    # A share is read as it is; counts become shares of their sum.
    whole = float(items["popularity"].sum()) if (items["popularity"] > 1).any() else 1.0
    query = rows["query"].to_numpy()
    return share(lists.total(query, -np.log2(rows["popularity"].to_numpy() / whole)), lists.total(query))


def diversity(lists: Lists, items: pl.DataFrame, k: int, distance: str) -> Array:
    """Undefined with fewer than two known items."""
    cosine = distance == "cosine"
    described = items.drop("item", "code", "popularity", strict=False)
    used = described.select(cs.numeric() if cosine else cs.string()).columns
    if not used:
        kind = "numbers" if cosine else "text"
        raise EvaluationError(f"ild({distance}) needs at least one column of {kind} in items")
    rows = _described(lists, items, k, *used).drop_nulls(used)
    n, alike = lists.total(rows["query"].to_numpy()), (_cosine if cosine else _same)(lists, rows, used)
    return share(n * (n - 1) / 2 - alike, n * (n - 1) / 2)


def _cosine(lists: Lists, rows: pl.DataFrame, used: list[str]) -> Array:
    """Sum over pairs of the cosine: from the length of the sum of the unit vectors."""
    vectors = rows.select(used).to_numpy().astype(float)
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    if rows.height and float(norm.min()) == 0:
        item = rows["item"][int(np.argmin(norm))]
        raise EvaluationError(f"items: {item!r} is 0 in every column of {used}; a cosine needs a direction")
    query = rows["query"].to_numpy()
    squares = sum(lists.total(query, axis) ** 2 for axis in (vectors / norm).T)
    return (squares - lists.total(query)) / 2


def _same(lists: Lists, rows: pl.DataFrame, used: list[str]) -> Array:
    """Sum over pairs of the share of columns in which the two items agree."""
    pairs = np.zeros(lists.size)
    for name in used:
        same = rows.group_by("query", name).len()
        n = same["len"].to_numpy().astype(float)
        pairs += lists.total(same["query"].to_numpy(), n * (n - 1) / 2)
    return pairs / len(used)


@dataclass(frozen=True)
class Measure:
    """A measure as ``measures.yaml`` describes it; the head of that file says what the fields are."""

    compute: str
    label: Text
    formula: str
    source: str
    aliases: tuple[str, ...] = ()
    arguments: Mapping[str, float | str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cut: bool = True
    bounded: bool = True
    binary: bool = False
    per: Literal["query", "everybody"] = "query"
    needs: Literal["qrels", "items"] = "qrels"


MEASURES = load_yaml(dict[str, Measure], Path(__file__).with_name("measures.yaml"))
_ALIASES = {alias: name for name, measure in MEASURES.items() for alias in measure.aliases}
_DCG = {("ndcg", "dcg", "log2"): ("gain", "linear"), ("ndcg", "dcg", "exp-log2"): ("gain", "exp2")}
"""What ir_measures writes for a gain."""
_NAME = re.compile(r"([a-z_]+)(?:\(([^()]*)\))?(?:@([0-9]+))?")


@dataclass(frozen=True)
class Metric:
    """A measure with its parameters: ``label`` as asked for, depth ``k``, every argument with its value."""

    label: str
    measure: Measure
    k: int
    arguments: Mapping[str, float | str]

    def __call__(self, *inputs: Any) -> Any:
        """Compute the measure, or take its values where they were computed."""
        if (found := inputs[0].values.get(self.label)) is not None:
            return found
        return globals()[self.measure.compute](*inputs, k=self.k, **self.arguments)


def parse(name: str) -> Metric:
    """Read the name of a measure: ``name``, ``name@k``, ``name(argument, key=value)@k``.

    Raises:
        EvaluationError: unknown name, argument or value; k forbidden or 0.

    >>> parse("rbp(0.95)").arguments["p"], parse("nDCG@5").label
    (0.95, 'ndcg@5')
    """
    label = re.sub(r"\s+", "", name).lower()
    label = re.sub(r"([(,])cutoff=(\d+)\)$", lambda m: ")" * (m[1] == ",") + f"@{m[2]}", label)  # ir_measures
    match = _NAME.fullmatch(re.sub(r"[_.](\d+)$", r"@\1", label))  # trec_eval writes ndcg_cut_10
    if not match:
        raise EvaluationError(f"{name!r} is no name of a measure; write for example ndcg@5 or rbp(0.8)")
    short = _ALIASES.get(match[1], match[1])
    if short not in MEASURES:
        known = f"there are: {', '.join(MEASURES)}"
        raise EvaluationError(f"{name!r}: no measure is called {match[1]!r}; {known}")
    measure = MEASURES[short]
    if match[3] is not None and (int(match[3]) == 0 or not measure.cut):
        raise EvaluationError(f"{name!r}: {'k counts from 1' if measure.cut else f'{short} takes no @k'}")
    found = dict(measure.arguments)
    for place, part in enumerate(filter(None, (match[2] or "").split(","))):
        key, value = part.split("=", 1) if "=" in part else ("".join(list(found)[place : place + 1]), part)
        key, value = _DCG.get((short, key, value.strip("'\"")), (key, value))
        if key not in found:
            takes = ", ".join(found) or "no argument"
            raise EvaluationError(f"{name!r}: {part!r} is not understood; {short} takes {takes}")
        if choices := measure.choices.get(key):
            if value not in choices:
                raise EvaluationError(f"{name!r}: {key}={value} is not one of: {', '.join(choices)}")
            found[key] = value
            continue
        try:
            found[key] = number = float(value)
        except ValueError:
            raise EvaluationError(f"{name!r}: {key}={value} is no number") from None
        if not {"p": 0 < number < 1, "people": number >= 1, "rel": number > 0, "max": number > 0}[key]:
            raise EvaluationError(f"{name!r}: {key}={value} is out of range")
    return Metric(label, measure, int(match[3]) if match[3] else WHOLE_LIST, found)


def parse_all(names: str | Iterable[str]) -> list[Metric]:
    """Read several names: a list, or one text with commas between names.

    Raises:
        EvaluationError: as :func:`parse`; or none, or one twice.

    >>> [metric.label for metric in parse_all("ndcg(gain=exp2,discount=log2)@5,map")]
    ['ndcg(gain=exp2,discount=log2)@5', 'map']
    """
    split = re.split(r",(?![^(]*\))", names) if isinstance(names, str) else list(names)
    metrics = [parse(name) for name in split if name.strip()]
    labels = [metric.label for metric in metrics]
    if not metrics:
        raise EvaluationError("no measure asked for; write for example ndcg@5,map")
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise EvaluationError(f"asked for more than once: {', '.join(sorted(twice))}")
    return metrics
