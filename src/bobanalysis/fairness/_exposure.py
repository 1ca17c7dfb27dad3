"""Who is shown what first: exposure of items by group of readers.

Lists come as one row a person and item with its rank, 1 for the first. A discount says how much attention a
rank gets; no discount is right by itself, so three are offered and results should be shown under each. How
much two lists of one person differ: :func:`bobanalysis.evaluation.stability`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import polars as pl

from bobanalysis.fairness._cube import as_list, cube, group, to_lazy
from bobanalysis.fairness.metrics import MIN_GROUP, measures
from bobanalysis.fairness.regression import check_weights

Discount = Literal["log2", "reciprocal", "rbp"]
PERSISTENCE = 0.8
"""Chance that a reader at one rank goes on to the next, for "rbp"."""

DISCOUNTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "log2": lambda rank: 1 / (rank + 1).log(2),
    "reciprocal": lambda rank: 1 / rank,
    "rbp": lambda rank: (1 - PERSISTENCE) * pl.lit(PERSISTENCE).pow(rank - 1),
}


def exposure(
    frame: Any,
    groups: Sequence[str],
    person: str,
    item: str,
    rank: str,
    weight: str | None = None,
    discount: Discount = "log2",
    reference: Any = None,
    min_group: int = MIN_GROUP,
) -> Any:
    """Measure how much attention each item gets from the readers of each group.

    Formulas: mean over the people of a group of the attention of the item's rank in their list, 0 where it is
    not in it; attention is 1 / log2(rank + 1) ("log2"), 1 / rank ("reciprocal") or (1 - p) p^(rank - 1) with
    p = 0.8 ("rbp").

    Args:
        frame: one row a person and item shown, in Polars, pandas, PyArrow, …; a person shown nothing has one
            row without an item.
        groups: columns of groups of people to cross.
        person: column saying whose list the row is in.
        item: column of items.
        rank: column of ranks, whole numbers from 1.
        weight: column of a person's weight, the same in all rows of the person.
        discount: see above.
        reference, min_group: as in :func:`bobanalysis.fairness.group_metrics`.

    Returns:
        A measure frame of the library that came in, metric ``exposure``, ``item`` the item, one row an item
        and group; ``n`` people; intervals are Student's. 0 means: never shown to this group; null: hidden or
        not estimable.

    Raises:
        ValueError: a column is missing, a rank is not a whole number from 1, an item is twice in one list, a
            person has two groups or two weights, a weight is negative or missing, or no such discount.

    Source: Singh and Joachims (2018), KDD, section 3 (exposure), here of an item by group of readers;
    Järvelin and Kekäläinen, ACM TOIS 20 (2002), 422-446 (log2); Moffat and Zobel, ACM TOIS 27 (2008) (rbp).

    >>> lists = pl.DataFrame({"who": [1, 1, 2, 2], "sex": list("FFMM"), "item": list("abba")})
    >>> lists = lists.with_columns(rank=pl.Series([1, 2, 1, 2]))
    >>> found = exposure(lists, ["sex"], "who", "item", "rank", discount="reciprocal", min_group=1)
    >>> found.filter(item="a").select("sex", "value", "difference").rows()
    [('F', 1.0, 0.5), ('M', 0.5, -0.5)]
    """
    if discount not in DISCOUNTS:
        raise ValueError(f"discount {discount!r} is not one of: {', '.join(DISCOUNTS)}")
    groups = as_list(groups)
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
    check_weights(table["_w"], weight)
    rows, r = table.filter(pl.col("_item").is_not_null()), pl.col("_rank")
    bad = rows.filter(~(r >= 1).fill_null(False) | r.is_nan() | (r != r.floor()))
    for who, what, value in bad.select("_person", "_item", "_rank").head(1).iter_rows():
        where = f"column {rank!r} holds {value} for item {what!r} of {person} {who!r}"
        raise ValueError(f"{where}; ranks are whole numbers from 1")
    twice = rows.filter(rows.select("_person", "_item").is_duplicated())
    for who, what in twice.select("_person", "_item").head(1).iter_rows():
        raise ValueError(f"item {what!r} stands more than once in the list of {person} {who!r}")
    people = table.select("_person", *groups, "_w").unique(maintain_order=True)
    twice = people.filter(people["_person"].is_duplicated())
    for who in twice["_person"].head(1):
        raise ValueError(f"{person} {who!r} has several groups or weights: {twice.head(3).rows()}")
    shown = rows.lazy().select("_person", "_item", _attention=DISCOUNTS[discount](r))
    full = people.lazy().join(shown.select("_item").unique(), how="cross")
    full = full.join(shown, on=["_person", "_item"], how="left")
    full = full.with_columns(pl.col("_attention").fill_null(0.0))
    cells = cube(full, groups, score="_attention", weight="_w", item="_item")
    found = measures(cells, reference, min_group)
    return back(found.filter(metric="mean_score").with_columns(metric=pl.lit("exposure")))
