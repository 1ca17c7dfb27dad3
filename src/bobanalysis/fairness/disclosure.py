"""Publish a table of counts without letting small groups be worked out from its totals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, as_list, to_lazy
from bobanalysis.fairness.metrics import MIN_GROUP

TOTAL = "total"
"""Label of the sum over an attribute."""

MOST_CHECKED = 250
"""Most small cells whose possible values are worked out exactly."""


def protect(
    table: Any, by: Sequence[str], count: str = "n", values: Sequence[str] = (), min_count: int = MIN_GROUP
) -> Any:
    """Add all totals to a table of counts, and hide what would give small cells away.

    Cells of 1 to ``min_count`` - 1 people are hidden (primary). Since every total is published, a single
    hidden
    cell in a line is the total less the others: further cells are hidden (complementary), the smallest
    first, until in every line the hidden cells are two or more and together at least ``min_count`` people.
    Then linear programs ask, as an intruder would, between which values each small cell must lie given all
    that is shown; more is hidden until that range is at least ``min_count`` - 1 wide.

    Args:
        table: one row a combination of attributes, in Polars, pandas, PyArrow, …; rows of the same
            combination are summed.
        by: columns of attributes, without totals.
        count: column of numbers of people.
        values: further columns of sums (such as people selected) to total and to hide with the count. Make
            rates from what is shown, not before.
        min_count: smallest count shown.

    Returns:
        A frame of the library that came in, one row a combination, totals included ("total" in place of the
        attribute's value), in the order of values with totals last: ``by``, ``count`` and ``values`` (null
        where hidden), ``hidden`` ("primary", "complementary" or null), ``possible_low`` and ``possible_high``
        of small cells (null for others, and for all if there are more than 250 small cells: then only the
        rule of lines was applied).

    Raises:
        ValueError: a column is missing; a count is missing, negative or not whole; an attribute has the value
            "total".

    Source: Hundepool et al., Statistical Disclosure Control (2012), chapter 4; Cox, JASA 75 (1980), 377-385.

    >>> table = pl.DataFrame({"sex": list("FFMM"), "dep": ["01", "2A"] * 2, "n": [40, 3, 50, 20]})
    >>> shown = protect(table, ["sex", "dep"])
    >>> shown["n"].to_list(), shown["possible_high"].drop_nulls().to_list()
    ([None, None, 43, None, None, 70, 90, 23, 113], [23.0])
    """
    by = as_list(by)
    rows, back = to_lazy(table, [*by, count, *values])
    inner = rows.select(*by, count, *values).collect()
    number = inner[count].cast(pl.Float64)
    for bad, why in (
        (number.is_null() | number.is_nan(), "is missing"),
        (number < 0, "is negative"),
        (number != number.floor(), "is not a whole number"),
    ):
        if (bad := bad.fill_null(False)).any():
            row = int(bad.arg_max() or 0)
            raise ValueError(f"column {count!r} holds {inner[count][row]} in row {row}, which {why}")
    ranks = {name: _ranks(inner[name]) for name in by}
    for name in by:
        if TOTAL in ranks[name]:
            raise ValueError(f"column {name!r} has the value {TOTAL!r}; leave totals out, they are added")
    text = [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in by]
    sums = [pl.col(name).sum() for name in (count, *values)]
    ways = [kept for size in range(len(by), -1, -1) for kept in combinations(by, size)]
    parts = (
        inner.with_columns(text, _all=pl.lit(0)).group_by("_all", *kept).agg(sums)
        .with_columns(pl.lit(TOTAL).alias(name) for name in by if name not in kept)
        for kept in ways
    )  # fmt: skip
    place = [
        pl.col(name).replace_strict({**ranks[name], TOTAL: len(ranks[name])}, return_dtype=pl.Int64)
        for name in by
    ]
    full = pl.concat(part.select(*by, count, *values) for part in parts).sort(place)
    n = full[count].cast(pl.Float64).to_numpy()
    lines = _lines(full.select(place).to_numpy(), [len(ranks[name]) for name in by])
    small = (n > 0) & (n < min_count)
    hidden, low, high = _hide(n, small, lines, min_count)
    why_hidden = pl.when(pl.Series(small)).then(pl.lit("primary")).when(pl.Series(hidden))
    return back(
        full.with_columns(
            *(pl.when(pl.Series(~hidden)).then(pl.col(name)).alias(name) for name in (count, *values)),
            why_hidden.then(pl.lit("complementary")).alias("hidden"),
            pl.Series("possible_low", low).fill_nan(None),
            pl.Series("possible_high", high).fill_nan(None),
        )
    )


def _ranks(column: pl.Series) -> dict[str, int]:
    values = column.unique().sort().cast(pl.String).fill_null(UNKNOWN)
    return {value: place for place, value in enumerate(values.unique(maintain_order=True))}


def _lines(table: Any, totals: list[int]) -> list[tuple[Any, int]]:
    """Of every line of the table: which cells, and which total is their sum."""
    lines = []
    for axis, total in enumerate(totals):
        found: dict[bytes, list[int]] = {}
        for cell, others in enumerate(np.delete(table, axis, axis=1)):
            found.setdefault(others.tobytes(), []).append(cell)
        for key in sorted(found):
            members = np.array(found[key])
            is_total = table[members, axis] == total
            lines.append((members[~is_total], int(members[is_total][0])))
    return lines


def _hide(n: Any, small: Any, lines: list[tuple[Any, int]], min_count: int) -> tuple[Any, Any, Any]:
    hidden = small.copy()
    low, high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    _close(n, hidden, lines, min_count)
    if not 0 < small.sum() <= MOST_CHECKED:
        return hidden, low, high
    of: dict[int, list[int]] = {}
    for at, (members, total) in enumerate(lines):
        for cell in (*members, total):
            of.setdefault(int(cell), []).append(at)
    for cell in np.flatnonzero(small):
        while True:
            low[cell], high[cell] = _possible(n, hidden, lines, int(cell))
            if high[cell] - low[cell] >= min_count - 1 - 1e-6:
                break
            near = {int(c) for at in of[int(cell)] for c in (*lines[at][0], lines[at][1])}
            more = [c for c in near if not hidden[c] and n[c] > 0] or list(np.flatnonzero(~hidden & (n > 0)))
            if not more:
                break
            hidden[min(more, key=lambda c: (n[c], c))] = True
            _close(n, hidden, lines, min_count)
    for cell in np.flatnonzero(small):  # what was hidden later only widens the ranges
        low[cell], high[cell] = _possible(n, hidden, lines, int(cell))
    return hidden, low, high


def _close(n: Any, hidden: Any, lines: list[tuple[Any, int]], min_count: int) -> None:
    """Hide more until no line gives away a hidden cell, or a sum of hidden cells that is itself small."""
    changed = True
    while changed:
        changed = False
        for members, total in lines:
            cells = np.append(members, total)
            out = hidden[cells]
            # a total stands against its parts: what is known of the hidden ones is their sum
            parts = n[members[hidden[members]]].sum()
            alone = out.sum() == 1
            thin = out.any() and not hidden[total] and parts < min_count
            if not (alone or thin):
                continue
            free = cells[~out & (n[cells] > 0)]
            inside = [c for c in free if c != total]
            if inside or len(free):
                hidden[min(inside or list(free), key=lambda c: (n[c], c))] = True
                changed = True


def _possible(n: Any, hidden: Any, lines: list[tuple[Any, int]], cell: int) -> tuple[float, float]:
    """Least and greatest value of a hidden cell that all that is shown allows."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    # one equation a line: the hidden parts, less the total where it is hidden too, are what is not shown
    places = [(at, [*members, total]) for at, (members, total) in enumerate(lines)]
    row = np.concatenate([np.full(len(cells), at) for at, cells in places])
    column = np.concatenate([cells for _, cells in places])
    sign = np.concatenate([np.append(np.ones(len(members)), -1.0) for members, _ in lines])
    matrix = csr_matrix((sign, (row, column)), shape=(len(lines), len(n)))
    known = -(matrix[:, ~hidden] @ n[~hidden])
    matrix = matrix[:, hidden]
    asked = matrix.getnnz(axis=1) > 0
    aim = (np.flatnonzero(hidden) == cell).astype(float)
    ends = []
    for way in (1.0, -1.0):
        found = linprog(way * aim, A_eq=matrix[asked], b_eq=known[asked], bounds=(0, None), method="highs")
        ends.append(float(way * found.fun) if found.status == 0 else way * -np.inf)
    return ends[0], ends[1]
