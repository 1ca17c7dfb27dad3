"""Who is shown what first: exposure of items by group of readers, and how much lists differ.

Lists come as one row a person and item with its rank, 1 for the first. A discount says how much attention a
rank gets; no discount is right by itself, so three are offered and results should be shown under each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import Back, as_list, cube, group, to_lazy
from bobanalysis.fairness.metrics import MIN_GROUP, measures

Discount = Literal["log2", "reciprocal", "rbp"]
PERSISTENCE = 0.8
"""Chance that a reader at one rank goes on to the next, for "rbp" and for rank-biased overlap."""

DISCOUNTS: dict[str, Callable[[pl.Expr, float], pl.Expr]] = {
    "log2": lambda rank, _: 1 / (rank + 1).log(2),
    "reciprocal": lambda rank, _: 1 / rank,
    "rbp": lambda rank, p: (1 - p) * pl.lit(p).pow(rank - 1),
}


def attention(rank: pl.Expr, discount: str = "log2", persistence: float = PERSISTENCE) -> pl.Expr:
    """Return the attention a rank gets.

    Formulas: "log2" 1 / log2(rank + 1); "reciprocal" 1 / rank; "rbp" (1 - p) p^(rank - 1), p the persistence.

    Args:
        rank: ranks from 1.
        discount: one of ``DISCOUNTS``.
        persistence: p of "rbp", between 0 and 1.

    Raises:
        ValueError: no such discount, or a persistence outside 0 to 1.

    Source: Järvelin and Kekäläinen, ACM TOIS 20 (2002), 422-446 (log2); Moffat and Zobel, ACM TOIS 27 (2008)
    (rbp).

    >>> pl.DataFrame({"rank": [1, 3]}).select(attention(pl.col("rank"))).to_series().to_list()
    [1.0, 0.5]
    """
    if discount not in DISCOUNTS:
        raise ValueError(f"discount {discount!r} is not one of: {', '.join(DISCOUNTS)}")
    if not 0 < persistence < 1:
        raise ValueError(f"persistence must be between 0 and 1, not {persistence}")
    return DISCOUNTS[discount](rank.cast(pl.Float64), persistence)


def exposure(
    frame: Any,
    groups: Sequence[str],
    person: str,
    item: str,
    rank: str,
    weight: str | None = None,
    discount: Discount = "log2",
    persistence: float = PERSISTENCE,
    top: int | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
) -> Any:
    """Measure how much attention each item gets from the readers of each group.

    Formula: mean over the people of a group of the attention of the item's rank in their list, 0 where it is
    not in it.

    Args:
        frame: one row a person and item shown, in Polars, pandas, PyArrow, …; a person shown nothing has one
            row without an item.
        groups: columns of groups of people to cross.
        person: column saying whose list the row is in.
        item: column of items.
        rank: column of ranks, whole numbers from 1.
        weight: column of a person's weight, the same in all rows of the person.
        discount, persistence: see :func:`attention`.
        top: ranks beyond this get no attention.
        reference, min_group: as in :func:`bobanalysis.fairness.group_metrics`.

    Returns:
        A measure frame of the library that came in, metric ``exposure``, ``item`` the item, one row an item
        and group; ``n`` people; intervals are Student's. 0 means: never shown to this group; null: hidden or
        not estimable.

    Raises:
        ValueError: a column is missing, a rank is not a whole number from 1, an item is twice in one list, a
            person has two groups or two weights, or a weight is negative or missing.

    Source: Singh and Joachims (2018), KDD, section 3 (exposure), here of an item by group of readers.

    >>> lists = pl.DataFrame({"who": [1, 1, 2, 2], "sex": list("FFMM"), "item": list("abba")})
    >>> lists = lists.with_columns(rank=pl.Series([1, 2, 1, 2]))
    >>> found = exposure(lists, ["sex"], "who", "item", "rank", discount="reciprocal", min_group=1)
    >>> found.filter(item="a").select("sex", "value", "difference").rows()
    [('F', 1.0, 0.5), ('M', 0.5, -0.5)]
    """
    groups = as_list(groups)
    rows, people, back = _lists(frame, groups, person, item, rank, weight)
    seen = attention(pl.col("_rank"), discount, persistence)
    if top is not None:
        seen = pl.when(pl.col("_rank") <= top).then(seen).otherwise(0.0)
    shown = rows.lazy().select("_person", "_item", _a=seen)
    full = people.lazy().join(shown.select("_item").unique(), how="cross")
    full = full.join(shown, on=["_person", "_item"], how="left").with_columns(pl.col("_a").fill_null(0.0))
    cells = cube(full, groups, score="_a", weight="_w", item="_item")
    found = measures(cells, reference, min_group)
    return back(found.filter(metric="mean_score").with_columns(metric=pl.lit("exposure")))


# --- how much two lists differ ------------------------------------------------------------------------------


def list_overlaps(first: Any, second: Any, by: str, item: str, rank: str, persistence: float = 0.9) -> Any:
    """Compare the list of every person in one table with the list of the same person in another.

    Args:
        first, second: one row a (person, item) with its rank; the same people at another age, say.
        by: column saying whose list it is.
        item, rank: columns of items and of ranks, whole numbers from 1.
        persistence: p of rank-biased overlap.

    Returns:
        A frame of the library that came in, one row a person who is in both tables, in order of ``by``:
        ``overlap`` (extrapolated rank-biased overlap), ``kendall_tau`` (tau-b over all items of either list,
        those not in a list tied at its end; null where a list has one item or where nothing is ordered),
        ``kendall_distance`` (pairs in another order, from 0 to 1, 1 being lists without a common item),
        ``same_first`` and ``same_list``.

    Raises:
        ValueError: a column is missing, a rank is not a whole number from 1, an item is twice in one list.

    Source: Webber, Moffat and Zobel (2010); Kendall, Biometrika 33 (1945), 239-251; Fagin, Kumar and
    Sivakumar, SIAM Journal on Discrete Mathematics 17 (2003), K with penalty 1/2, divided by its value for
    disjoint lists.

    >>> at_30 = pl.DataFrame({"who": [1, 1, 1], "item": list("abc"), "rank": [1, 2, 3]})
    >>> at_60 = pl.DataFrame({"who": [1, 1, 1], "item": list("bac"), "rank": [1, 2, 3]})
    >>> list_overlaps(at_30, at_60, "who", "item", "rank").select("kendall_tau", "same_first").rows()
    [(0.3333333333333333, False)]
    """
    (one, _, back), (two, _, _) = (_lists(frame, [], by, item, rank, None) for frame in (first, second))
    both = one.select("_person").unique().join(two.select("_person").unique(), on="_person").sort("_person")
    codes = both.with_row_index("_at")
    tables = [rows.join(codes, on="_person").select("_at", "_item", "_rank") for rows in (one, two)]
    overlap = _overlaps(tables[0], tables[1], both.height, persistence)
    tau, distance = _kendall(tables[0], tables[1], both.height)
    firsts = [
        t.sort("_at", "_rank").group_by("_at", maintain_order=True).agg(pl.col("_item").first(), pl.len())
        for t in tables
    ]
    result = both.select(pl.col("_person").alias(by)).with_columns(
        overlap=pl.Series(overlap),
        kendall_tau=pl.Series(tau).fill_nan(None),
        kendall_distance=pl.Series(distance).fill_nan(None),
        same_first=(firsts[0]["_item"] == firsts[1]["_item"]),
        same_list=pl.Series(distance == 0) & (firsts[0]["len"] == firsts[1]["len"]),
    )
    return back(result)


# --- parts --------------------------------------------------------------------------------------------------


def _lists(
    frame: Any, groups: list[str], person: str, item: str, rank: str, weight: str | None
) -> tuple[pl.DataFrame, pl.DataFrame, Back]:
    """Rows with an item (_person, _item, _rank) and people (_person, groups, _w), both checked."""
    native, back = to_lazy(frame, [*groups, person, item, rank, *([weight] if weight else [])])
    schema = native.collect_schema()
    table = native.select(
        *(group(name, schema[name]).alias(name) for name in groups),
        pl.col(person).alias("_person"),
        pl.col(item).cast(pl.String).alias("_item"),
        pl.col(rank).cast(pl.Float64, strict=False).alias("_rank"),
        (pl.col(weight).cast(pl.Float64) if weight else pl.lit(1.0)).alias("_w"),
    ).collect()
    if table.is_empty():
        raise ValueError("the table has no rows")
    rows = table.filter(pl.col("_item").is_not_null())
    r = pl.col("_rank")
    bad = rows.filter(r.is_null() | r.is_nan() | (r < 1) | (r != r.floor()))
    if not bad.is_empty():
        who, what, value = bad.select("_person", "_item", "_rank").row(0)
        raise ValueError(
            f"column {rank!r} holds {value} for item {what!r} of {person} {who!r}; "
            "ranks are whole numbers from 1"
        )
    if (twice := rows.filter(rows.select("_person", "_item").is_duplicated())).height:
        who, what = twice.select("_person", "_item").row(0)
        raise ValueError(f"item {what!r} stands more than once in the list of {person} {who!r}")
    people = table.select("_person", *groups, "_w").unique(maintain_order=True)
    if (twice := people.filter(people["_person"].is_duplicated())).height:
        raise ValueError(
            f"{person} {twice['_person'][0]!r} has several groups or weights: {twice.head(3).rows()}"
        )
    if people.filter(pl.col("_w").is_null() | ~(pl.col("_w") >= 0)).height:
        raise ValueError(f"column {weight!r}: a weight must be a number, zero or more")
    return rows, people, back


def _overlaps(one: pl.DataFrame, two: pl.DataFrame, people: int, p: float) -> Any:
    """Extrapolated rank-biased overlap of many pairs of lists at once (formula 32)."""
    if not 0 < p < 1:
        raise ValueError(f"persistence must be between 0 and 1, not {p}")
    # the place in the list, so that ranks may have holes
    place = pl.col("_rank").rank("ordinal").over("_at").alias("_place")
    lengths = np.stack([np.bincount(table["_at"].to_numpy(), minlength=people) for table in (one, two)])
    s, l = lengths.min(0), lengths.max(0)  # noqa: E741 the paper's names
    common = one.with_columns(place).join(two.with_columns(place), on=["_at", "_item"])
    depth = int(l.max()) if people else 0
    meets = np.zeros((people, depth + 1))
    at = common["_at"].to_numpy()
    np.add.at(meets, (at, np.maximum(common["_place"].to_numpy(), common["_place_right"].to_numpy())), 1)
    x = meets.cumsum(1)
    d = np.arange(1, depth + 1)
    each = np.arange(people)
    xs, xl = x[each, s], x[each, l]
    within = d[None, :] <= l[:, None]
    first = np.where(within, x[:, 1:] / d * p**d, 0).sum(1)
    later = within & (d[None, :] > s[:, None])
    second = np.where(later, xs[:, None] * (d - s[:, None]) / (s[:, None] * d) * p**d, 0).sum(1)
    return np.minimum((1 - p) / p * (first + second) + ((xl - xs) / l + xs / s) * p**l, 1.0)


def _kendall(one: pl.DataFrame, two: pl.DataFrame, people: int) -> tuple[Any, Any]:
    """Tau-b over the items of either list, and Fagin's distance, of many pairs of lists at once."""
    union = one.join(two, on=["_at", "_item"], how="full", coalesce=True).with_columns(
        pl.col("_rank", "_rank_right").fill_null(float("inf"))
    )
    union = union.with_columns(_i=pl.int_range(pl.len()).over("_at"))
    pairs = union.join(union, on="_at", suffix="_b").filter(pl.col("_i") < pl.col("_i_b"))
    a, b = ((pl.col(rank) - pl.col(f"{rank}_b")).fill_nan(0.0).sign() for rank in ("_rank", "_rank_right"))
    found = (
        pairs.select("_at", a.alias("a"), b.alias("b"), (a * b).alias("ab"))
        .group_by("_at")
        .agg(
            both=pl.col("ab").sum(),
            ordered=(pl.col("a").abs().sum() * pl.col("b").abs().sum()).sqrt(),
            against=(pl.col("ab") == -1).sum() + ((pl.col("a") == 0) != (pl.col("b") == 0)).sum() / 2,
        )
    )
    lengths = [np.bincount(t["_at"].to_numpy(), minlength=people).astype(float) for t in (one, two)]
    most = lengths[0] * lengths[1] + sum(k * (k - 1) / 4 for k in lengths)
    tau, count, at = np.full(people, np.nan), np.zeros(people), found["_at"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        tau[at] = found["both"].to_numpy() / found["ordered"].to_numpy()
    count[at] = found["against"].to_numpy()
    return tau, count / most
