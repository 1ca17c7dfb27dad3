"""Measures of ranked lists, and their names: ``ndcg@5``, ``ndcg(gain=exp2)@10``, ``rbp(0.8)``, ``p(rel=2)@3``.

A measure is a function of the lists and of ``k``, with one value a query, NaN where it is undefined; a
measure of all lists together (coverage, Gini) also takes which queries are asked about, and has one value.
In the formulas r_i is 1 where the item at place i is relevant, R the number of relevant items.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl
import polars.selectors as cs

from bobanalysis.evaluation.lists import (
    RELEVANT,
    Array,
    EvaluationError,
    Ints,
    Lists,
    column,
    numbers,
    once,
    to_polars,
)

WHOLE_LIST = 2**31
"""Depth of a measure without ``@k``."""

Gain = Literal["linear", "exp2"]
Discount = Literal["log2", "log2_from_2", "inverse", "none"]


def share(part: Array, whole: Array | float) -> Array:
    """Divide; NaN where there is nothing to divide by."""
    whole = np.broadcast_to(np.asarray(whole, float), part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)


def _hits(lists: Lists, k: int, rel: float = -np.inf) -> tuple[Ints, Ints, Array]:
    """Query, position and relevance of the judged items of ``rel`` or more among the first k."""
    query, position, relevance = lists.hit_columns
    kept = (position <= k) & (relevance >= rel)
    return query[kept], position[kept], relevance[kept]


def precision(lists: Lists, k: int, rel: float) -> Array:
    """(1/k) Σ_{i≤k} r_i; empty places count. Without k, over the items listed, undefined for an empty list.

    Source: Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), chapter 8.
    """
    whole = lists.length.astype(float) if k == WHOLE_LIST else float(k)
    return share(lists.total(_hits(lists, k, rel)[0]), whole)


def recall(lists: Lists, k: int, rel: float) -> Array:
    """(1/R) Σ_{i≤k} r_i. Source: as :func:`precision`."""
    return share(lists.total(_hits(lists, k, rel)[0]), lists.relevant(rel))


def hit_rate(lists: Lists, k: int, rel: float) -> Array:
    """1 if Σ_{i≤k} r_i > 0, else 0. Source: Deshpande and Karypis, ACM TOIS 22 (2004), 143-177."""
    hit = (lists.total(_hits(lists, k, rel)[0]) > 0).astype(float)
    return np.where(lists.relevant(rel) > 0, hit, np.nan)


def average_precision(lists: Lists, k: int, rel: float, over: str) -> Array:
    """(1/R) Σ_{i≤k} r_i P@i; ``over="reachable"`` divides by min(R, k).

    Source: Buckley and Voorhees, SIGIR 2000, 33-40.
    """
    query, position, _ = _hits(lists, k, rel)
    nth = np.arange(query.size) - np.searchsorted(query, np.arange(lists.size))[query] + 1
    relevant = lists.relevant(rel)
    reachable = np.minimum(relevant, k) if over == "reachable" else relevant
    return share(lists.total(query, nth / position), reachable)


def reciprocal_rank(lists: Lists, k: int, rel: float) -> Array:
    """1 / min{i ≤ k: r_i = 1}, 0 if there is none. Source: Voorhees, TREC-8 (1999), 77-82."""
    query, position, _ = _hits(lists, k, rel)
    first = np.zeros(lists.size)
    np.maximum.at(first, query, 1 / position)
    return np.where(lists.relevant(rel) > 0, first, np.nan)


def r_precision(lists: Lists, k: int, rel: float) -> Array:
    """(1/R) Σ_{i≤R} r_i. Source: as :func:`precision`."""
    query, position, _ = _hits(lists, k, rel)
    relevant = lists.relevant(rel)
    return share(lists.total(query[position <= relevant[query]]), relevant)


def judged(lists: Lists, k: int) -> Array:
    """Judged items among the first k / items among the first k.

    Source: Macdonald, Yates et al., ir-measures, ECIR 2022.
    """
    return share(lists.total(_hits(lists, k)[0]), np.minimum(lists.length, k).astype(float))


def _gained(query: Ints, place: Ints, relevance: Array, gain: str, discount: str, lists: Lists) -> Array:
    above, i = np.maximum(relevance, 0), place.astype(float)
    gains = above if gain == "linear" else np.exp2(above) - 1
    if discount == "log2":
        weights = 1 / np.log2(i + 1)
    elif discount == "log2_from_2":  # as first proposed: the first two places are worth 1
        weights = 1 / np.maximum(np.log2(i), 1)
    else:
        weights = 1 / i if discount == "inverse" else np.ones_like(i)
    return lists.total(query, gains * weights)


def dcg(lists: Lists, k: int, gain: Gain, discount: Discount) -> Array:
    """Σ_{i≤k} gain(rel_i) × discount(i); items not judged gain nothing.

    Source: Järvelin and Kekäläinen, ACM TOIS 20 (2002), 422-446 (linear gain; discount log2_from_2); Burges
    et al., ICML 2005, 89-96 (gain exp2, discount log2).
    """
    return _gained(*_hits(lists, k), gain, discount, lists)


def ndcg(lists: Lists, k: int, gain: Gain, discount: Discount) -> Array:
    """DCG@k of the list / DCG@k of the judged items, best first; undefined where nothing has a gain.

    Source: as :func:`dcg`.
    """
    query, place, relevance = lists.truth_columns
    kept = place <= k
    best = _gained(query[kept], place[kept], relevance[kept], gain, discount, lists)
    return share(dcg(lists, k, gain, discount), best)


def rank_biased_precision(lists: Lists, k: int, p: float, rel: float) -> Array:
    """(1 - p) Σ_{i≤k} r_i p^(i-1). Source: Moffat and Zobel, ACM TOIS 27 (2008), article 2."""
    query, position, _ = _hits(lists, k, rel)
    return (1 - p) * lists.total(query, np.power(p, position - 1.0))


def residual(lists: Lists, k: int, p: float) -> Array:
    """1 - (1 - p) Σ_{i≤k, judged} p^(i-1): how much of it is not known. Source: as above."""
    return 1 - rank_biased_precision(lists, k, p, -np.inf)


@dataclass(frozen=True)
class Items:
    """The catalogue of items: ``item``, ``code`` (0, 1, …), and the columns that came with it."""

    frame: pl.DataFrame

    @classmethod
    def read(cls, items: Any) -> Items:
        """Check a frame of items.

        Args:
            items: column ``item``; ``popularity`` (how many people, or what share of them, have, want or
                know the item) for novelty; numeric columns for the cosine distance, text columns for the
                mismatch distance.

        Raises:
            EvaluationError: no items, an item twice, or a popularity below 0.
        """
        frame = to_polars(items)[0]
        frame = frame.rename({column(frame, "item", "items"): "item"}).with_columns(
            pl.col("item").cast(pl.String)
        )
        if frame.is_empty() or frame["item"].null_count():
            raise EvaluationError(f"items: {frame.height} rows, {frame['item'].null_count()} without an item")
        once(frame, ["item"], "items", "describe an item once")
        if "popularity" in frame.columns:
            frame = frame.with_columns(popularity=numbers(frame, "popularity", "items"))
            if (below := frame["popularity"].filter(frame["popularity"] < 0)).len():
                raise EvaluationError(
                    f"items: a popularity of {below[0]}; it is a number or a share of people"
                )
        return cls(frame.sort("item").with_row_index("code"))

    def of(self, lists: Lists, k: int, *columns: str) -> pl.DataFrame:
        """Rows of the lists' first k items that are in the catalogue, with columns of the catalogue."""
        rows = lists.rows.lazy().filter(pl.col("position") <= k)
        known = self.frame.lazy().select("item", "code", *columns)
        return rows.join(known, on="item", maintain_order="left").collect()

    def listed(self, lists: Lists, k: int, asked: Array) -> Array:
        """How often each item is among the first k of the queries asked about."""
        rows = self.of(lists, k)
        code = rows["code"].to_numpy()[np.asarray(asked, bool)[rows["query"].to_numpy()]]
        return np.bincount(code, minlength=self.frame.height).astype(float)


def coverage(lists: Lists, items: Items, asked: Array, k: int, people: float) -> float:
    """Different items among the first k of all lists / items of the catalogue.

    More people cover more items, so groups of different size are compared at the same number of ``people``:
    the expected coverage of a random draw of so many, without replacement.

    Source: Ge, Delgado-Battenfeld and Jannach, RecSys 2010, 257-260; Hurlbert, Ecology 52 (1971), 577-586.
    """
    counts, n, size = items.listed(lists, k, asked), int(np.count_nonzero(asked)), items.frame.height
    if n == 0 or people > n:
        return float("nan")
    if people == 0:
        return float(np.count_nonzero(counts)) / size
    from scipy.special import gammaln

    left = n - counts[counts > 0]
    can = left[left >= people]  # otherwise every draw has somebody who gets the item
    nobody = np.exp(gammaln(can + 1) - gammaln(can - people + 1) - gammaln(n + 1) + gammaln(n - people + 1))
    return float(left.size - nobody.sum()) / size


def gini(lists: Lists, items: Items, asked: Array, k: int) -> float:
    """Σ_j (2j - n - 1) x_(j) / (n Σ x), x_(j) the places of the n items of the catalogue, ascending.

    Source: Gini (1912); Fleder and Hosanagar, Management Science 55 (2009), 697-712.
    """
    counts = np.sort(items.listed(lists, k, asked))
    n = counts.size
    weighted = np.sum((2 * np.arange(1, n + 1) - n - 1) * counts)
    return float(weighted / (n * counts.sum())) if counts.sum() else float("nan")


def novelty(lists: Lists, items: Items, k: int) -> Array:
    """Mean over the first k of -log2(share of people who know the item), of items whose share is known.

    Source: Zhou et al., PNAS 107 (2010), 4511-4515.
    """
    if "popularity" not in items.frame.columns:
        raise EvaluationError("novelty needs a column popularity in items: people who know each item")
    rows = items.of(lists, k, "popularity").filter(pl.col("popularity") > 0)
    popularity = items.frame["popularity"]
    # A share is read as it is; counts become shares of their sum.
    whole = float(popularity.sum()) if (popularity > 1).any() else 1.0
    query = rows["query"].to_numpy()
    return share(lists.total(query, -np.log2(rows["popularity"].to_numpy() / whole)), lists.total(query))


def diversity(lists: Lists, items: Items, k: int, distance: str) -> Array:
    """Mean over pairs of the first k of 1 - cosine, or of the share of text columns that differ.

    Source: Smyth and McClave, ICCBR 2001, 347-361; Ziegler et al., WWW 2005, 22-32.
    """
    cosine = distance == "cosine"
    described = items.frame.drop("item", "code", "popularity", strict=False)
    used = described.select(cs.numeric() if cosine else cs.string()).columns
    if not used:
        kind = "numbers" if cosine else "text"
        raise EvaluationError(f"ild({distance}) needs at least one column of {kind} in items")
    rows = items.of(lists, k, *used).drop_nulls(used)
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
    """A measure of ranked lists.

    Attributes:
        compute: the function.
        arguments: names in order, with defaults; a text default may only become one of ``choices``.
        choices: allowed texts of an argument.
        cut: whether ``@k`` may be given.
        bounded: whether values lie from 0 to 1.
        binary: whether values are 0 or 1, so that a mean is a rate.
        per: "query", or "everybody" for one value of all lists.
        needs: "qrels" or "items".
    """

    compute: Callable[..., Any]
    arguments: Mapping[str, float | str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cut: bool = True
    bounded: bool = True
    binary: bool = False
    per: Literal["query", "everybody"] = "query"
    needs: Literal["qrels", "items"] = "qrels"


_REL: dict[str, float | str] = {"rel": RELEVANT}
_DCG: dict[str, float | str] = {"gain": "linear", "discount": "log2"}
_GAINS = {"gain": ("linear", "exp2"), "discount": ("log2", "log2_from_2", "inverse", "none")}
_DISTANCES = {"distance": ("cosine", "mismatch")}
MEASURES: dict[str, Measure] = {
    "p": Measure(precision, _REL),
    "recall": Measure(recall, _REL),
    "hit_rate": Measure(hit_rate, _REL, binary=True),
    "map": Measure(average_precision, {**_REL, "over": "relevant"}, {"over": ("relevant", "reachable")}),
    "mrr": Measure(reciprocal_rank, _REL),
    "rprec": Measure(r_precision, _REL, cut=False),
    "judged": Measure(judged),
    "dcg": Measure(dcg, _DCG, _GAINS, bounded=False),
    "ndcg": Measure(ndcg, _DCG, _GAINS),
    "rbp": Measure(rank_biased_precision, {"p": 0.8, **_REL}),
    "rbp_residual": Measure(residual, {"p": 0.8}),
    "coverage": Measure(coverage, {"people": 0.0}, per="everybody", needs="items"),
    "gini": Measure(gini, per="everybody", needs="items"),
    "novelty": Measure(novelty, bounded=False, needs="items"),
    "ild": Measure(diversity, {"distance": "cosine"}, _DISTANCES, bounded=False, needs="items"),
}
ALIASES = {
    "precision": "p",
    "hit": "hit_rate",
    "success": "hit_rate",
    "ap": "map",
    "average_precision": "map",
    "rr": "mrr",
    "recip_rank": "mrr",
    "r_precision": "rprec",
    "diversity": "ild",
}
_NAME = re.compile(r"([a-z_]+)(?:\(([^()]*)\))?(?:@([0-9]+))?")


@dataclass(frozen=True)
class Metric:
    """A measure with its parameters: ``label`` as asked for, depth ``k``, every argument with its value."""

    label: str
    measure: Measure
    k: int
    arguments: Mapping[str, float | str]

    def __call__(self, *inputs: Any) -> Any:
        """Compute the measure."""
        return self.measure.compute(*inputs, k=self.k, **self.arguments)


def parse(name: str) -> Metric:
    """Read the name of a measure: ``name``, ``name@k``, ``name(argument, key=value)@k``.

    Raises:
        EvaluationError: unknown name, argument or value; k forbidden or 0.

    >>> parse("rbp(0.95)").arguments["p"], parse("nDCG@5").label
    (0.95, 'ndcg@5')
    """
    label = re.sub(r"\s+", "", name).lower()
    match = _NAME.fullmatch(label)
    if not match:
        raise EvaluationError(f"{name!r} is no name of a measure; write for example ndcg@5 or rbp(0.8)")
    short = ALIASES.get(match[1], match[1])
    if short not in MEASURES:
        raise EvaluationError(
            f"{name!r}: no measure is called {match[1]!r}; there are: {', '.join(MEASURES)}"
        )
    measure = MEASURES[short]
    if match[3] is not None and (int(match[3]) == 0 or not measure.cut):
        raise EvaluationError(f"{name!r}: {'k counts from 1' if measure.cut else f'{short} takes no @k'}")
    found = dict(measure.arguments)
    for place, part in enumerate(filter(None, (match[2] or "").split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = (list(found)[place] if place < len(found) else ""), part
        if key not in found:
            takes = ", ".join(found) or "no argument"
            raise EvaluationError(f"{name!r}: {part!r} is not understood; {short} takes {takes}")
        found[key] = _value(measure.choices.get(key), key, value, name)
    return Metric(label, measure, int(match[3]) if match[3] else WHOLE_LIST, found)


def _value(choices: tuple[str, ...] | None, key: str, value: str, name: str) -> float | str:
    if choices is not None:
        if value not in choices:
            raise EvaluationError(f"{name!r}: {key}={value} is not one of: {', '.join(choices)}")
        return value
    try:
        number = float(value)
    except ValueError:
        raise EvaluationError(f"{name!r}: {key}={value} is no number") from None
    if not {"p": 0 < number < 1, "people": 1 <= number, "rel": 0 < number}[key]:
        raise EvaluationError(f"{name!r}: {key}={value} is out of range")
    return number


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
