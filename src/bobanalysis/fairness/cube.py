"""The count cube: a table reduced to the few mergeable sums from which every group measure is computed.

A partition of a population can be scored and summed anywhere: the cube of the whole is the sum of the cubes
of its parts. Weights enter as their sum and their sum of squares (for Kish's effective sample size), scores
as their sum and their centred sum of squares, which merge without the loss of digits that plain squares bring
(Chan, Golub and LeVeque, The American Statistician 37 (1983), 242-247).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

UNKNOWN = "unknown"
"""Label of the group of people whose group is not known."""

_KEYS = ("_item", "_prediction", "_outcome")
_SUMS = ("_n", "_w", "_w2")
_SCORE = ("_score_n", "_score_w", "_score_w2", "_score_sum")


@dataclass(frozen=True)
class Cube:
    """Mergeable sums, one row a cell: item × groups × prediction × outcome.

    Attributes:
        cells: the key columns that were asked for (group columns under their own names, ``_item``,
            ``_prediction``, ``_outcome``), then ``_n`` rows, ``_w`` sum of weights, ``_w2`` sum of squared
            weights, and where a score was given ``_score_n``, ``_score_w``, ``_score_w2``, ``_score_sum``
            (weighted) and ``_score_m2`` (weighted squared deviations from the cell's mean), over the rows
            that have one.
        groups: names of the group columns.
    """

    cells: pl.DataFrame
    groups: tuple[str, ...]

    @property
    def keys(self) -> list[str]:
        """Names of the key columns."""
        return [*self.groups, *(key for key in _KEYS if key in self.cells.columns)]

    def __add__(self, other: Cube) -> Cube:
        """Return the cube of two disjoint sets of rows taken together.

        >>> people = pl.DataFrame({"sex": ["F", "F", "M"], "told": [True, False, True]})
        >>> one, other = (cube(part, ["sex"], prediction="told") for part in (people[:2], people[2:]))
        >>> (one + other).cells["_n"].sum()
        3
        """
        if (self.groups, set(self.cells.columns)) != (other.groups, set(other.cells.columns)):
            raise ValueError(f"cubes of different columns: {self.cells.columns} and {other.cells.columns}")
        both = pl.concat([self.cells, other.cells.select(self.cells.columns)], how="vertical_relaxed")
        return Cube(_merged(both, self.keys), self.groups)

    def over(self, groups: Sequence[str]) -> Cube:
        """Return the same people by fewer groups, the others summed out.

        >>> people = pl.DataFrame({"sex": ["F", "F", "M"], "dep": ["01", "2A", "2A"], "told": [1, 0, 1]})
        >>> cube(people, ["sex", "dep"], prediction="told").over(["dep"]).cells.filter(dep="2A")["_n"].sum()
        2
        """
        if unknown := [name for name in groups if name not in self.groups]:
            raise ValueError(f"{_listed(unknown)} not among the cube's groups: {_listed(self.groups)}")
        dropped = [name for name in self.groups if name not in groups]
        keys = [key for key in self.keys if key not in dropped]
        return Cube(_merged(self.cells.drop(dropped), keys), tuple(groups))


def cube(
    frame: Any,
    groups: Sequence[str],
    *,
    prediction: str | None = None,
    score: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    item: str | None = None,
) -> Cube:
    """Reduce a table to its cube.

    Args:
        frame: one row a person (a person and item, where ``item`` is given): Polars (lazy frames are
            streamed), pandas, PyArrow or what else Narwhals reads.
        groups: columns to cross; rows without a value are kept as a group of their own.
        prediction: column of decisions: true/false or 0/1, or text for one of several answers. May have gaps.
        score: column of numbers. May have gaps.
        outcome: column of what was true in the end: true/false or 0/1. May have gaps.
        weight: column of weights, zero or more, without gaps; 1 for all where none is given.
        item: column naming what the row is about, such as a piece of advice; measures are kept apart by it.

    Returns:
        The cube.

    Raises:
        ValueError: a column is missing, the table is empty, a weight is negative or missing, a prediction or
            an outcome is neither 0 nor 1, a score is infinite, or a column has no value at all.

    >>> people = pl.DataFrame({"sex": ["F", None], "told": [1, 1]})
    >>> cube(people, ["sex"], prediction="told").cells["sex"].sort().to_list()
    ['F', 'unknown']
    """
    groups = [groups] if isinstance(groups, str) else list(dict.fromkeys(groups))
    rows, _ = to_lazy(frame, [*groups, *(c for c in (prediction, score, outcome, weight, item) if c)])
    schema = rows.collect_schema()
    keys = {name: _group(name, schema[name]) for name in groups}
    if item:
        keys["_item"] = pl.col(item).cast(pl.String).fill_null(UNKNOWN)
    if prediction:
        keys["_prediction"] = _decision(prediction, schema[prediction], categories=outcome is None)
    if outcome:
        keys["_outcome"] = _decision(outcome, schema[outcome], categories=False)
    _check(rows, schema, prediction, score, outcome, weight)
    columns = [expr.alias(name) for name, expr in keys.items()]
    if weight:
        columns.append(pl.col(weight).cast(pl.Float64).alias("_w"))
    if score:
        columns.append(_number(score, schema[score]).alias("_score"))
    if not columns:
        raise ValueError("nothing to count: give groups, prediction=, score= or outcome=")
    narrow, sums = rows.select(columns), _sums_of_rows(weight is not None, score is not None)
    cells = narrow.group_by(list(keys)).agg(sums) if keys else narrow.select(sums)
    return Cube(
        cells.collect(engine="streaming" if isinstance(frame, pl.LazyFrame) else "auto"), tuple(groups)
    )


def to_lazy(frame: Any, columns: Sequence[str]) -> tuple[pl.LazyFrame, Callable[[pl.DataFrame], Any]]:
    """Return a frame of any library as a lazy Polars frame of some columns, and the way back.

    Raises:
        ValueError: a column is not in the frame.
    """
    if isinstance(frame, pl.LazyFrame | pl.DataFrame):
        has, lazy, back = frame.lazy().collect_schema().names(), frame.lazy(), lambda out: out
    else:
        native = nw.from_native(frame, eager_only=True)
        has, kind = native.columns, native.implementation
        back = lambda out: nw.from_arrow(out.to_arrow(), backend=kind).to_native()  # noqa: E731
        lazy = native.select([c for c in dict.fromkeys(columns) if c in has]).to_polars().lazy()
    for column in columns:
        if column not in has:
            raise ValueError(f"column {column!r} is not in the table; it has: {_listed(has)}")
    return lazy, back


def _sums_of_rows(weighted: bool, scored: bool) -> list[pl.Expr]:
    w = pl.col("_w") if weighted else pl.lit(1.0)
    n = pl.len()
    sums = [n.alias("_n")]
    sums += (
        [w.sum().alias("_w"), (w * w).sum().alias("_w2")]
        if weighted
        else [n.cast(float).alias(c) for c in _SUMS[1:]]
    )
    if scored:
        known, s = pl.col("_score").is_not_null(), pl.col("_score").fill_null(0.0)
        ws = pl.when(known).then(w).otherwise(0.0)
        total, weights = (ws * s).sum(), ws.sum()
        squares = (ws * (s - total / weights) ** 2).fill_nan(0.0).sum()
        parts = (known.sum(), weights, (ws * ws).sum(), total, squares)
        sums += [part.alias(name) for part, name in zip(parts, (*_SCORE, "_score_m2"), strict=True)]
    return sums


def _merged(cells: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Add up the cells that have the same keys."""
    return cells.group_by(keys).agg(merging(cells.columns)) if keys else cells.select(merging(cells.columns))


def merging(columns: Sequence[str]) -> list[pl.Expr]:
    """Return the aggregations that add cells up, for use within a ``group_by``."""
    sums = [pl.col(name).sum() for name in (*_SUMS, *_SCORE) if name in columns]
    if "_score_m2" not in columns:
        return sums
    w, s = pl.col("_score_w"), pl.col("_score_sum")
    between = (w * (s / w - s.sum() / w.sum()) ** 2).fill_nan(0.0).sum()
    return [*sums, pl.col("_score_m2").sum() + between]


def _group(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_nested():
        raise ValueError(f"group column {name!r} holds {dtype}; give text, numbers, booleans or dates")
    if dtype in (pl.String, pl.Categorical, pl.Null):
        return column.cast(pl.String).fill_null(UNKNOWN)
    return column.fill_nan(None) if dtype.is_float() else column


def _number(name: str, dtype: pl.DataType) -> pl.Expr:
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
        raise ValueError(f"column {name!r} holds {dtype}; a mean needs numbers")
    return pl.col(name).cast(pl.Float64).fill_nan(None)


def _decision(name: str, dtype: pl.DataType, categories: bool) -> pl.Expr:
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        if categories:
            return pl.col(name).cast(pl.String)
        raise ValueError(
            f"column {name!r} holds text; rates against an outcome need true/false or 0/1 in both"
        )
    return pl.col(name) if dtype == pl.Boolean else _number(name, dtype).cast(pl.Boolean)


def _check(
    rows: pl.LazyFrame,
    schema: pl.Schema,
    prediction: str | None,
    score: str | None,
    outcome: str | None,
    weight: str | None,
) -> None:
    """Raise ValueError for the first thing that no measure can be made of, naming where it is."""
    bad: dict[str, tuple[pl.Expr, str]] = {}
    for name in filter(None, (prediction, outcome)):
        if schema[name].is_numeric():
            wrong = ~_number(name, schema[name]).is_in([0.0, 1.0])
            bad[name] = (
                wrong,
                "a rate needs true/false or 0/1; give the column as score= for its mean, or as text",
            )
    if score:
        bad[score] = (_number(score, schema[score]).is_infinite(), "a mean needs finite numbers")
    if weight:
        w = _number(weight, schema[weight])
        bad[weight] = (w.is_null() | (w < 0) | w.is_infinite(), "a weight must be a number, zero or more")
    values = [name for name in (prediction, score, outcome) if name]
    found = rows.select(
        pl.len().alias("rows"),
        *(pl.col(name).count().alias(f"known {name}") for name in values),
        *(wrong.fill_null(False).any().alias(f"bad {name}") for name, (wrong, _) in bad.items()),
    ).collect()
    facts = found.row(0, named=True)
    if facts["rows"] == 0:
        raise ValueError("the table has no rows")
    for name in values:
        if facts[f"known {name}"] == 0:
            raise ValueError(f"column {name!r} is empty in every one of the {facts['rows']} rows")
    for name, (wrong, why) in bad.items():
        if facts[f"bad {name}"]:
            first = rows.select(name).with_row_index("row number").filter(wrong.fill_null(False)).head(1)
            row, value = first.collect().row(0)
            raise ValueError(f"column {name!r} holds {value} in row {row} (the first is row 0); {why}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
