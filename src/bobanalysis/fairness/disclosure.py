"""Publish a table of counts without letting small groups be worked out from its totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, Cube, as_list, to_lazy
from bobanalysis.fairness.metrics import ERROR_COLUMNS, EVERYONE_ELSE, MEASURE_COLUMNS, MIN_GROUP, RATES

TOTAL = "total"
"""Label of the sum over an attribute."""

MOST_CHECKED = 250
"""Most small cells whose possible values are worked out exactly."""

MOST_EXACT = 20
"""Most values of a number whose curve may follow each of them, however few people have it."""


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
    number = inner[count].cast(pl.Float64).fill_nan(None)
    wrong = {"is missing": number.is_null(), "is negative": number < 0}
    wrong["is not a whole number"] = number != number.floor()
    for why, bad in wrong.items():
        for row in bad.arg_true().head(1):
            raise ValueError(f"column {count!r} holds {inner[count][row]} in row {row}, which {why}")
    kinds = {}
    for name in by:  # labels in the order of their values, "unknown" first, totals last
        labels = inner[name].unique().sort().cast(pl.String).fill_null(UNKNOWN).unique(maintain_order=True)
        if TOTAL in labels:
            raise ValueError(f"column {name!r} has the value {TOTAL!r}; leave totals out, they are added")
        kinds[name] = pl.Enum([*labels, TOTAL])
    full = inner.with_columns(pl.col(n).cast(pl.String).fill_null(UNKNOWN).cast(k) for n, k in kinds.items())
    full = full.group_by(by).agg(pl.col(count, *values).sum())
    for name, kind in kinds.items():
        others = [c for c in by if c != name]
        sums = full.group_by(others).agg if others else full.select
        total = sums(pl.col(count, *values).sum()).with_columns(pl.lit(TOTAL, kind).alias(name))
        full = pl.concat([full, total.select(full.columns)])
    full = full.sort(by)
    n = full[count].cast(pl.Float64).to_numpy()
    small = (n > 0) & (n < min_count)
    hidden, low, high = _hide(n, small, _lines(full, by), min_count)
    primary = pl.when(pl.Series(small)).then(pl.lit("primary"))
    told = primary.when(pl.Series(hidden)).then(pl.lit("complementary"))
    return back(
        full.with_columns(
            pl.col(by).cast(pl.String),
            *(pl.when(pl.Series(~hidden)).then(pl.col(name)).alias(name) for name in (count, *values)),
            told.alias("hidden"),
            pl.Series("possible_low", low).fill_nan(None),
            pl.Series("possible_high", high).fill_nan(None),
        )
    )


def top_and_bottom_coded(people: pl.DataFrame, at: str, n: str, least: int) -> pl.DataFrame:
    """Top and bottom code a number: its extreme values become those that so many people reach.

    Args:
        people: one row a value and what else; rows with a null count for nobody.
        at, n: columns: the number, and how many people a row is (whole numbers).
        least: people whom the lowest and the highest value left have to be shared by.

    Returns:
        The frame with ``at`` coded, rows and order kept. Where fewer people are there, all get one value.

    Source: Hundepool et al., Statistical Disclosure Control (2012), on top and bottom coding.

    Example:
        >>> ages = pl.DataFrame({"age": [20, 30, 40, 99], "n": [12, 9, 11, 1]})
        >>> top_and_bottom_coded(ages, "age", "n", 11)["age"].to_list()
        [20, 30, 40, 40]
    """
    placed = people.drop_nulls().group_by(at).agg(pl.col(n).sum()).sort(at)
    low: Any = placed.filter(pl.col(n).cum_sum() >= least)[at].min()
    high: Any = placed.filter(pl.col(n).cum_sum(reverse=True) >= least)[at].max()
    return people.with_columns(pl.col(at).clip(upper_bound=high).clip(lower_bound=low))


def suppress(table: pl.DataFrame, people: pl.DataFrame, least: int, aside: Any = pl.Expr.lt) -> pl.DataFrame:
    """Return places along a number without the figures of those that rest on few people.

    Of a rate those who have the outcome and those who have not are counted apart, as in tables of groups.

    Args:
        table: a row a place, "at": jumps (see :func:`bobanalysis.fairness.discontinuities`) or points.
        people: "at", outcome "y", "weight" and number "n" of people.
        least: people of whom something is shown.
        aside: who is counted by themselves: those below a place, or ``pl.Expr.eq``, those at it.

    Returns:
        The table, with the column ``suppressed``; where it is true, all decimal numbers but "at" are null.

    Source: Hundepool et al., Statistical Disclosure Control (2012), on primary suppression; a threshold of
    people, no other rule.

    Example:
        >>> people = pl.DataFrame({"at": [1, 2, 3], "y": [5.0, 7.0, 9.0], "n": [20, 20, 4], "weight": 1.0})
        >>> jumps = pl.DataFrame({"at": [2.0, 3.0], "jump": [4.0, 2.0]})
        >>> suppress(jumps, people, 11)["jump"].to_list()
        [4.0, None]
    """
    seen, at = people.drop_nulls().filter(pl.col("n") > 0, pl.col("weight") > 0), pl.col("at")
    kind = pl.col("y") * int(seen["y"].is_in([0.0, 1.0]).all())
    sides = {c: seen.group_by(aside(at, c), kind).agg(pl.sum("n")) for c in table["at"].drop_nulls()}
    few = at.is_in([c for c, of in sides.items() if (of["n"] < least).any()]).fill_null(False)
    return table.with_columns(pl.when(~few).then(pl.col(pl.Float64).exclude("at")), suppressed=few)


class Shield:
    """Which figures of a cube can be shown so that no small cell can be worked out from all of them.

    The table of counts that stands behind every rate (groups × prediction × outcome, with all totals) is
    protected once, by :func:`protect`. A rate is shown where all counts that it is made of are; so whatever
    is shown, of one attribute or of some crossed, follows from cells of that table that are not hidden.
    """

    def __init__(self, cells: Cube, min_count: int = MIN_GROUP) -> None:
        """Protect the counts of a cube."""
        safe, self._names = cells.renamed()
        self._roles = [key for key in ("_prediction", "_outcome") if key in safe.cells.columns]
        by = [*safe.groups, *self._roles]
        counts = safe.cells.group_by(by).agg(pl.col("_n").sum())
        self._cells = protect(counts, by, "_n", min_count=min_count).filter(pl.col("hidden").is_not_null())
        if not self._cells.filter(pl.all_horizontal(pl.col(by) == TOTAL)).is_empty():
            raise ValueError(f"so few people that even their number gives groups below {min_count} away")

    def lost(self, metric: str, groups: Sequence[str], item: str | None = None) -> list[str]:
        """Return the labels of groups (crossed, "total" for all) of which a measure cannot be shown."""
        made: list[dict[str, Any]] = [{}]  # counts that it is made of, those of all answers not named
        if item is not None or metric == "prediction_missing_rate":
            made += [{"_prediction": item or UNKNOWN}, {"_prediction": UNKNOWN}]
        elif metric in RATES:
            roots = {name for part in RATES[metric] for name in part.meta.root_names()}
            told = pl.DataFrame({"_prediction": [True, True, False, False], "_outcome": [True, False] * 2})
            made = told.filter(RATES[metric][1]).select(r for r in self._roles if r in roots).to_dicts()
        text = [{k: v if isinstance(v, str) else str(v).lower() for k, v in cell.items()} for cell in made]
        one = pl.all_horizontal
        which = [one(True, *(pl.col(r) == cell.get(r, TOTAL) for r in self._roles)) for cell in text]
        rest = [pl.col(name) == TOTAL for name, said in self._names.items() if said not in groups]
        hidden = self._cells.filter(pl.any_horizontal(which), *rest)
        return hidden.rename(self._names).select(_label(groups)).to_series().unique().to_list()

    def conceal(self, table: pl.DataFrame, groups: Sequence[str], named: Sequence[str] = ()) -> pl.DataFrame:
        """Return a measure frame without what gives small cells away; ``named``: its groups' real names."""
        parts, everybody = [], " × ".join([TOTAL] * len(groups))
        for block in table.partition_by("metric", "item", maintain_order=True):
            metric, item, other = block.select("metric", "item", "reference").row(0)
            gone = _label(groups).is_in(lost := self.lost(metric, named or groups, item))
            known = (everybody if other == EVERYONE_ELSE else other) not in lost
            keep = dict.fromkeys(MEASURE_COLUMNS[2:6], ~gone)
            compared = [*MEASURE_COLUMNS[7:15], *(c for c in ERROR_COLUMNS if c in block.columns)]
            keep |= dict.fromkeys(compared, ~gone & pl.lit(known))
            keep |= {"n": pl.lit(False)} if metric == "mean_score" else {}  # it would count who has no score
            shown = (pl.when(where).then(c).alias(c) for c, where in keep.items())
            parts.append(block.with_columns(*shown, suppressed=pl.col("suppressed") | gone))
        return pl.concat(parts)

    def whole(self, groups: Sequence[str]) -> bool:
        """Whether nothing of a way to cross attributes is hidden."""
        rest = [pl.col(name) == TOTAL for name, said in self._names.items() if said not in groups]
        return self._cells.filter(pl.lit(True), *rest).is_empty()

    def known(self, cells: Cube, metric: str) -> Cube:
        """Return the cube of the groups of which a measure can be shown."""
        made = "accuracy" if metric == "equalized_odds" else metric  # of all four counts
        return cells.where(~_label(cells.groups).is_in(self.lost(made, cells.groups)))


def _label(groups: Sequence[str]) -> pl.Expr:
    return pl.concat_str([pl.col(g).cast(pl.String).fill_null(UNKNOWN) for g in groups], separator=" × ")


def _lines(full: pl.DataFrame, by: list[str]) -> Any:
    """One row a line of the table: 1 for its parts, -1 for their total; a sparse matrix of lines × cells."""
    from scipy.sparse import csr_matrix

    rows, sign, count = [], [], 0
    for name in by:
        others = [c for c in by if c != name]
        line = full.select(pl.struct(others).rank("dense") if others else pl.repeat(1, pl.len()))
        rows.append(count - 1 + line.to_series().to_numpy().astype(np.int64))
        sign.append(np.where(full[name] == TOTAL, -1.0, 1.0))
        count = rows[-1].max() + 1
    cells = np.tile(np.arange(full.height), len(by))
    return csr_matrix((np.concatenate(sign), (np.concatenate(rows), cells)), shape=(count, full.height))


def _hide(n: Any, small: Any, lines: Any, min_count: int) -> tuple[Any, Any, Any]:
    """Which cells are hidden, and between which values small ones can lie."""
    hidden, low, high = small.copy(), np.full(len(n), np.nan), np.full(len(n), np.nan)
    _close(n, hidden, lines, min_count)
    if small.sum() > MOST_CHECKED:
        return hidden, low, high
    for cell in np.flatnonzero(small):
        while True:
            ends, free = _possible(n, hidden, lines, cell), np.flatnonzero(~hidden & (n > 0))
            if ends[1] - ends[0] >= min_count - 1 - 1e-6 or not len(free):
                break
            near = np.intersect1d(free, lines[lines[:, [cell]].nonzero()[0]].indices)
            hidden[_smallest(n, near if len(near) else free)] = True
            _close(n, hidden, lines, min_count)
    for cell in np.flatnonzero(small):  # what was hidden later only widens the ranges
        low[cell], high[cell] = _possible(n, hidden, lines, cell)
    return hidden, low, high


def _smallest(n: Any, cells: Any) -> int:
    return int(cells[n[cells].argmin()])


def _close(n: Any, hidden: Any, lines: Any, min_count: int) -> None:
    """Hide more until no line gives away a hidden cell, or a sum of hidden cells that is itself small."""
    changed = True
    while changed:
        changed = False
        for start, end in zip(lines.indptr[:-1], lines.indptr[1:], strict=True):
            cells, part = lines.indices[start:end], lines.data[start:end] > 0
            out, free = hidden[cells], ~hidden[cells] & (n[cells] > 0)
            # a total stands against its parts: what is known of the hidden ones is their sum
            thin = out.any() and not out[~part].any() and n[cells[out]].sum() < min_count
            if (out.sum() == 1 or thin) and free.any():
                hidden[_smallest(n, cells[free & part if (free & part).any() else free])] = True
                changed = True


def _possible(n: Any, hidden: Any, lines: Any, cell: Any) -> tuple[float, float]:
    """Least and greatest value of a hidden cell that all that is shown allows."""
    from scipy.optimize import linprog

    # one equation a line: the hidden parts, less the total where it is hidden too, are what is not shown
    known, matrix = -(lines[:, ~hidden] @ n[~hidden]), lines[:, hidden]
    asked = matrix.getnnz(axis=1) > 0
    aim = (np.flatnonzero(hidden) == cell).astype(float)
    ends = []
    for way in (1.0, -1.0):
        found = linprog(way * aim, A_eq=matrix[asked], b_eq=known[asked], bounds=(0, None), method="highs")
        ends.append(float(way * found.fun) if found.status == 0 else way * -np.inf)
    return ends[0], ends[1]
