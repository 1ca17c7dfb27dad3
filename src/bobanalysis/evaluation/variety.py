"""What is listed, apart from being relevant: how many different items, how known, how alike.

All need ``items``: a frame with one row an item of the catalogue, and what is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from bobanalysis.evaluation.accuracy import share
from bobanalysis.evaluation.errors import EvaluationError
from bobanalysis.evaluation.lists import Array, Lists, column, numbers, once, to_polars
from bobanalysis.evaluation.measure import Measure


@dataclass(frozen=True)
class Items:
    """The catalogue of items.

    Attributes:
        frame: ``item``, ``code`` (0, 1, …), and the columns that came with it.
    """

    frame: pl.DataFrame

    @property
    def size(self) -> int:
        """Number of items."""
        return self.frame.height

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
        name = column(frame, "item", "items")
        frame = frame.rename({name: "item"}).with_columns(pl.col("item").cast(pl.String))
        if frame.is_empty() or frame["item"].null_count():
            raise EvaluationError(f"items: {frame.height} rows, {frame['item'].null_count()} without an item")
        once(frame, ["item"], "items", "describe an item once")
        if "popularity" in frame.columns:
            popularity = numbers(frame, "popularity", "items")
            if (below := popularity.filter(popularity < 0)).len():
                raise EvaluationError(
                    f"items: a popularity of {below[0]}; it is a number or a share of people"
                )
            frame = frame.with_columns(popularity=popularity)
        return cls(frame.sort("item").with_row_index("code"))

    def of(self, lists: Lists, k: int, *columns: str) -> pl.DataFrame:
        """Rows of the lists' first k items that are in the catalogue, with columns of the catalogue."""
        rows = lists.rows.lazy().filter(pl.col("position") <= k)
        known = self.frame.lazy().select("item", "code", *columns)
        return rows.join(known, on="item", maintain_order="left").collect()


def coverage(lists: Lists, items: Items, asked: Array, k: int, people: float) -> float:
    """Share of the catalogue that is listed for somebody; ``people`` > 0: expected for that many of them.

    More people cover more items, so groups of different size are compared at the same ``people``: the
    expected number of different items for a random draw of them, without replacement.
    """
    counts, n = _counts(lists, items, asked, k), int(np.count_nonzero(asked))
    if n == 0 or people > n:
        return float("nan")
    if people == 0:
        return float(np.count_nonzero(counts)) / items.size
    from scipy.special import gammaln

    left = n - counts[counts > 0]
    can = left >= people  # otherwise every draw has somebody who gets the item
    nobody = np.exp(
        gammaln(left[can] + 1) - gammaln(left[can] - people + 1) - gammaln(n + 1) + gammaln(n - people + 1)
    )
    return float(left.size - nobody.sum()) / items.size


def gini(lists: Lists, items: Items, asked: Array, k: int) -> float:
    """How unequally the places are shared among the items: 0 all alike, towards 1 one item has all."""
    counts = np.sort(_counts(lists, items, asked, k))
    n = counts.size
    if counts.sum() == 0:
        return float("nan")
    return float(np.sum((2 * np.arange(1, n + 1) - n - 1) * counts) / (n * counts.sum()))


def novelty(lists: Lists, items: Items, k: int) -> Array:
    """Mean surprise of the listed items, in bits; items of unknown or zero popularity are left out.

    Undefined where the popularity of no listed item is known.
    """
    if "popularity" not in items.frame.columns:
        raise EvaluationError("novelty needs a column popularity in items: people who know each item")
    rows = items.of(lists, k, "popularity").filter(pl.col("popularity") > 0)
    popularity = items.frame["popularity"]
    # A share is read as it is; counts become shares of their sum.
    whole = 1.0 if float(popularity.max() or 0) <= 1 else float(popularity.sum())  # type: ignore[arg-type]
    query, surprise = rows["query"].to_numpy(), -np.log2(rows["popularity"].to_numpy() / whole)
    return share(lists.total(query, surprise), lists.total(query))


def diversity(lists: Lists, items: Items, k: int, distance: str) -> Array:
    """Mean distance of two different items of a list; undefined with fewer than two known items."""
    described = items.frame.drop("item", "code", "popularity", strict=False)
    numeric, text = described.select(cs.numeric()).columns, described.select(cs.string()).columns
    used = numeric if distance == "cosine" else text
    if not used:
        kind = "numbers" if distance == "cosine" else "text"
        raise EvaluationError(f"ild({distance}) needs at least one column of {kind} in items")
    rows = items.of(lists, k, *used).drop_nulls(used)
    alike = _cosine(lists, rows, used) if distance == "cosine" else _same(lists, rows, used)
    n = lists.total(rows["query"].to_numpy())
    return share(n * (n - 1) / 2 - alike, n * (n - 1) / 2)


def _cosine(lists: Lists, rows: pl.DataFrame, used: list[str]) -> Array:
    """Sum over pairs of the cosine: from the length of the sum of the unit vectors."""
    vectors = rows.select(used).to_numpy().astype(float)
    norm = np.linalg.norm(vectors, axis=1, keepdims=True)
    if rows.height and float(norm.min()) == 0:
        item = rows["item"][int(np.argmin(norm))]
        raise EvaluationError(f"items: {item!r} is 0 in every column of {used}; a cosine needs a direction")
    unit, query = vectors / norm, rows["query"].to_numpy()
    squares = sum(lists.total(query, axis) ** 2 for axis in unit.T)
    return (squares - lists.total(query)) / 2


def _same(lists: Lists, rows: pl.DataFrame, used: list[str]) -> Array:
    """Sum over pairs of the share of columns in which the two items agree."""
    pairs = np.zeros(lists.size)
    for name in used:
        same = rows.group_by("query", name).len()
        n = same["len"].to_numpy().astype(float)
        pairs += lists.total(same["query"].to_numpy(), n * (n - 1) / 2)
    return pairs / len(used)


def _counts(lists: Lists, items: Items, asked: Array, k: int) -> Array:
    rows = items.of(lists, k)
    code = rows["code"].to_numpy()[np.asarray(asked, bool)[rows["query"].to_numpy()]]
    return np.bincount(code, minlength=items.size).astype(float)


_SURVEY = "Castells, Hurley and Vargas, in Recommender Systems Handbook (3rd edition, 2022), chapter 16"

MEASURES = [
    Measure(
        "coverage",
        "couverture du catalogue",
        "catalogue coverage",
        "different items among the first k of all lists / items of the catalogue; people=m: expected for m",
        "Ge, Delgado-Battenfeld and Jannach, RecSys 2010, 257-260; Hurlbert, Ecology 52 (1971), 577-586",
        coverage,
        {"people": 0.0},
        per="everybody",
        needs="items",
    ),
    Measure(
        "gini",
        "indice de Gini de l’exposition",
        "Gini index of exposure",
        "Σ_j (2j - n - 1) x_(j) / (n Σ x), x_(j) the places of the n items of the catalogue, ascending",
        "Gini (1912); Fleder and Hosanagar, Management Science 55 (2009), 697-712",
        gini,
        higher=False,
        per="everybody",
        needs="items",
    ),
    Measure(
        "novelty",
        "nouveauté",
        "novelty",
        "mean over the first k of -log2(share of people who know the item)",
        "Zhou et al., PNAS 107 (2010), 4511-4515; " + _SURVEY,
        novelty,
        bounded=False,
        higher=None,
        needs="items",
    ),
    Measure(
        "ild",
        "diversité de la liste",
        "intra-list diversity",
        "mean over pairs of the first k of 1 - cosine, or of the share of text columns that differ",
        "Smyth and McClave, ICCBR 2001, 347-361; Ziegler et al., WWW 2005, 22-32",
        diversity,
        {"distance": "cosine"},
        {"distance": ("cosine", "mismatch")},
        bounded=False,
        higher=None,
        needs="items",
    ),
]
