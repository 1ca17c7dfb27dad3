"""The count cube: a table reduced to the few mergeable sums from which every group measure is computed.

A partition of a population can be scored and summed anywhere: the cube of the whole is the sum of the cubes
of its parts. Weights enter as their sum and their sum of squares (for Kish's effective sample size), scores
as their sum and their centred sums of squares and cubes, which merge without the loss of digits that plain
squares bring (Chan, Golub and LeVeque, The American Statistician 37 (1983), 242-247).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from bobanalysis.fairness.survey import REPLICATES, Design, Sample
from bobanalysis.tables import NO, YES, as_yes_no

UNKNOWN = "unknown"
"""Label of the group of people whose group is not known."""

_KEYS = ("_item", "_prediction", "_outcome", "_stratum", "_psu")
_SUMS = ("_n", "_w", "_w2")
_SCORE = ("_score_n", "_score_w", "_score_w2", "_score_sum", "_score_m2", "_score_m3")
SUMS = (*_SUMS, *_SCORE)
"""Columns of sums of a cube with a score."""
Back = Callable[[pl.DataFrame], Any]


def _same(frame: pl.DataFrame) -> Any:
    return frame


@dataclass(frozen=True)
class Cube:
    """Mergeable sums, one row a cell: item × groups × prediction × outcome.

    Attributes:
        cells: the key columns that were asked for (group columns under their own names, ``_item``,
            ``_prediction``, ``_outcome``), then ``_n`` rows, ``_w`` sum of weights, ``_w2`` sum of squared
            weights, and where a score was given ``_score_n``, ``_score_w``, ``_score_w2``, ``_score_sum``
            (weighted), ``_score_m2`` and ``_score_m3`` (weighted squared and cubed deviations from the cell's
            mean), over the rows that have one. Of a sample with a design also its keys ``_stratum`` and
            ``_psu``, or ``_r0_w``, ``_r1_w``, … (and ``_score_w``, ``_score_sum`` of each), sums of its
            replicate weights.
        groups: names of the group columns.
        back: turns a Polars frame into one of the library that the rows came in.
        sample: how the rows were drawn, None where each was drawn for itself.
    """

    cells: pl.DataFrame
    groups: tuple[str, ...]
    back: Back = field(default=_same, repr=False, compare=False)
    sample: Sample | None = field(default=None, repr=False)

    @property
    def keys(self) -> list[str]:
        """Names of the key columns."""
        return [*self.groups, *(key for key in _KEYS if key in self.cells.columns)]

    @property
    def binary(self) -> bool:
        """Whether there is a prediction of yes or no."""
        return self.cells.schema.get("_prediction") == pl.Boolean

    def __add__(self, other: Cube) -> Cube:
        """Return the cube of two disjoint sets of rows taken together.

        Example:
            >>> people = pl.DataFrame({"sex": ["F", "F", "M"], "told": [True, False, True]})
            >>> one, other = (cube(part, ["sex"], prediction="told") for part in (people[:2], people[2:]))
            >>> (one + other).cells["_n"].sum()
            3
        """
        if (self.groups, set(self.cells.columns)) != (other.groups, set(other.cells.columns)):
            raise ValueError(f"cubes of different columns: {self.cells.columns} and {other.cells.columns}")
        both = pl.concat([self.cells, other.cells.select(self.cells.columns)], how="vertical_relaxed")
        sample = self.sample and other.sample and self.sample + other.sample
        return replace(self, cells=merged(both, self.keys), sample=sample)

    def over(self, groups: Sequence[str]) -> Cube:
        """Return the same people by fewer groups, the others summed out.

        Example:
            >>> people = pl.DataFrame({"sex": ["F", "F", "M"], "dep": ["01", "2A", "2A"], "told": [1, 0, 1]})
            >>> both = cube(people, ["sex", "dep"], prediction="told")
            >>> both.over(["dep"]).cells.filter(dep="2A")["_n"].sum()
            2
        """
        if unknown := [name for name in groups if name not in self.groups]:
            raise ValueError(f"{_listed(unknown)} not among the cube's groups: {_listed(self.groups)}")
        dropped = [name for name in self.groups if name not in groups]
        keys = [key for key in self.keys if key not in dropped]
        return replace(self, cells=merged(self.cells.drop(dropped), keys), groups=tuple(groups))

    def where(self, keep: pl.Expr) -> Cube:
        """Return the cube of some of the cells."""
        return replace(self, cells=self.cells.filter(keep))

    def known(self) -> Cube:
        """Return the cube of the people whose groups are all known."""
        text = [pl.col(name).cast(pl.String).fill_null(UNKNOWN) for name in self.groups]
        return self.where(~pl.any_horizontal(pl.lit(False), *(part == UNKNOWN for part in text)))

    def renamed(self) -> tuple[Cube, dict[str, str]]:
        """Return the cube with group columns that no name of a result can clash with, and the way back."""
        names = {name: f"·{at}" for at, name in enumerate(self.groups)}
        cells = self.cells.rename(names)
        back = {new: old for old, new in names.items()}
        return replace(self, cells=cells, groups=tuple(names.values()), back=_same), back


def cube(
    frame: Any,
    groups: Sequence[str] | None = None,
    *,
    prediction: str | None = None,
    score: str | None = None,
    outcome: str | None = None,
    weight: str | None = None,
    item: str | None = None,
    design: Design | None = None,
) -> Cube:
    """Reduce a table to its cube.

    Args:
        frame: one row a person (a person and item, where ``item`` is given): Polars (lazy frames are
            streamed), pandas, PyArrow or what else Narwhals reads; or a cube, of which fewer ``groups`` may
            be asked.
        groups: columns to cross; rows without a value are kept as a group of their own.
        prediction: column of decisions: yes or no in any of the usual words, or text for one of several
            answers. May have gaps.
        score: column of numbers. May have gaps.
        outcome: column of what was true in the end: yes or no. May have gaps.
        weight: column of weights, zero or more, without gaps; 1 for all where none is given.
        item: column naming what the row is about, such as a piece of advice; measures are kept apart by it.
        design: how the rows were drawn; measures and tests of gaps then heed it.

    Returns:
        The cube.

    Raises:
        ValueError: a column is missing, the table is empty, a weight is negative or missing, a prediction or
            an outcome is neither yes nor no, a score is infinite, or a column has no value at all.

    Example:
        >>> people = pl.DataFrame({"sex": ["F", None], "told": ["oui", "non"]})
        >>> cube(people, ["sex"], prediction="told").cells["sex"].sort().to_list()
        ['F', 'unknown']
    """
    if isinstance(frame, Cube):
        if given := [c for c in (prediction, score, outcome, weight, item, design and "design") if c]:
            raise ValueError(f"a cube has its columns already: leave out {_listed(given)}")
        return frame if groups is None else frame.over(as_list(groups))
    groups = as_list(groups or [])
    if clash := [name for name in groups if name.startswith("_")]:
        raise ValueError(f"rename the group column {clash[0]!r}: names of sums begin with an underscore")
    if not (groups or prediction or score or outcome or item):
        raise ValueError("nothing to count: give groups, prediction=, score= or outcome=")
    drawn = design.columns(column_names(frame), weight) if design else {}
    named = [c for c in (prediction, score, outcome, weight, item) if c]
    rows, back = to_lazy(frame, [*groups, *named, *(c for c in drawn.values() if c)])
    schema = rows.collect_schema()
    keys = {name: group(name, schema[name]) for name in groups}
    # Rows that say the same are counted as they say it: what it means is then asked once of each.
    alike, n = rows, pl.lit(1)
    if not (score or weight or drawn or any(schema[name].is_float() for name in groups)):
        alike, n = distinct(rows, [*groups, *named]).lazy(), pl.col(TIMES)
    if item:
        keys["_item"] = pl.col(item).cast(pl.String).fill_null(UNKNOWN)
    if prediction:
        keys["_prediction"] = _decision(alike, prediction, schema[prediction], categories=outcome is None)
    if outcome:
        keys["_outcome"] = _decision(alike, outcome, schema[outcome], categories=False)
    _check(rows, alike, [name for name in (prediction, outcome) if name], score, weight)
    w = pl.col(weight).cast(pl.Float64) if weight else n.cast(pl.Float64)
    numbers = {"_n": n, "_w": w, "_w2": w * w if weight else w}
    if score:
        numbers["_score"] = number(score, schema)
    for role, name in drawn.items():
        if name and role.startswith("_r"):
            numbers[role] = number(name, schema).fill_null(float("nan"))
        else:
            keys[role] = group(name, schema[name]).cast(pl.String) if name else NOBODY[role]
    narrow, sums = alike.select(**keys, **numbers), row_sums(score is not None)
    cells = narrow.group_by(list(keys)).agg(sums) if keys else narrow.select(sums)
    found = cells.collect(engine="streaming")
    return Cube(found, tuple(groups), back, design.sample(found) if design else None)


TIMES = "·n"
"""How many rows say the same."""
NOBODY = {"_stratum": pl.lit("all"), "_psu": pl.int_range(pl.len()).cast(pl.String)}
"""Without strata there is one; without clusters each row is one."""


def distinct(rows: pl.LazyFrame, columns: Sequence[str], *sums: pl.Expr) -> pl.DataFrame:
    """Return what rows say in some columns, each once, with how many say it, and what else is asked."""
    return rows.group_by(as_list(columns)).agg(pl.len().alias(TIMES), *sums).collect(engine="streaming")


def as_list(names: Any) -> list[str]:
    """Return one name or several as a list of different ones."""
    return [names] if isinstance(names, str) else list(dict.fromkeys(names))


def column_names(frame: Any) -> list[str]:
    """Return the names of the columns of a frame of any library."""
    import narwhals as nw

    return nw.from_native(frame).collect_schema().names()


def to_lazy(frame: Any, columns: Sequence[str]) -> tuple[pl.LazyFrame, Back]:
    """Return a frame of any library as a lazy Polars frame of some columns, and the way back.

    Raises:
        ValueError: a column is not in the frame.
    """
    ours = isinstance(frame, pl.LazyFrame | pl.DataFrame)
    if not ours:
        import narwhals as nw  # not for who has Polars: it takes a while to import

        native = nw.from_native(frame, eager_only=True)
    has = (frame if ours else native).collect_schema().names()
    if missing := [column for column in columns if column not in has]:
        raise ValueError(f"column {missing[0]!r} is not in the table; it has: {_listed(has)}")
    if ours:
        return frame.lazy(), _same
    kind = native.implementation
    table = pl.DataFrame([_column(native, name) for name in dict.fromkeys(columns)])
    return table.lazy(), lambda out: nw.from_arrow(out.to_arrow(), backend=kind).to_native()


def _column(native: Any, name: str) -> pl.Series:
    """A column as Polars; what it cannot hold as it is (text and numbers, intervals) as text."""
    import narwhals as nw
    import pyarrow as pa

    try:
        if native.schema[name] == nw.String:  # Polars copies texts, but not views of them
            return pl.Series(name, native[name].to_arrow().cast(pa.string_view()))
        column = native[name].to_polars()
        if column.dtype.is_numeric() or column.dtype in _PLAIN:
            return column
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError):
        pass
    values = native[name].to_native()
    known = values.notna() if hasattr(values, "notna") else [value is not None for value in values]
    texts = [str(value) if there else None for value, there in zip(values, known, strict=True)]
    return pl.Series(name, texts, dtype=pl.String)


_PLAIN = (pl.Boolean, pl.String, pl.Categorical, pl.Enum, pl.Null, pl.Date, pl.Datetime)


def row_sums(scored: bool) -> list[pl.Expr]:
    """Return the aggregations that make cells of rows that stand for ``_n`` people of the weight ``_w``."""
    again = pl.col(REPLICATES)
    sums = [pl.col("_n").sum().cast(pl.Int64), pl.col("_w").sum(), pl.col("_w2").sum(), again.sum()]
    if scored:
        seen = pl.col("_score").is_not_null()
        n, w, w2, s = (pl.col(name).filter(seen) for name in ("_n", "_w", "_w2", "_score"))
        away = s - (w * s).sum() / w.sum()
        moments = [(w * away**power).fill_nan(0.0).sum() for power in (2, 3)]
        parts = (n.sum().cast(pl.Int64), w.sum(), w2.sum(), (w * s).sum(), *moments)
        sums += [part.alias(name) for name, part in zip(_SCORE, parts, strict=True)]
        for end, part in (("score_w", again), ("score_sum", again * pl.col("_score"))):
            sums.append(part.filter(seen).sum().name.replace("w$", end))
    return sums


def merged(cells: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Add up the cells that have the same keys."""
    sums = [pl.col(name).sum() for name in (*_SUMS, *_SCORE[:4]) if name in cells.columns]
    sums.append(pl.col(r"^_r\d+_.*$").sum())
    if "_score_m2" in cells.columns:
        w, s, m2, m3 = (pl.col(f"_score_{name}") for name in ("w", "sum", "m2", "m3"))
        away = s / w - s.sum() / w.sum()
        sums.append(m2.sum() + (w * away**2).fill_nan(0.0).sum())
        sums.append(m3.sum() + (3 * away * m2 + w * away**3).fill_nan(0.0).sum())
    return cells.group_by(keys, maintain_order=True).agg(sums) if keys else cells.select(sums)


def number(name: str, schema: pl.Schema) -> pl.Expr:
    """Return a column as numbers, a gap where it says nothing; ValueError if it holds something else."""
    if not (schema[name].is_numeric() or schema[name] in (pl.Boolean, pl.Null)):
        raise ValueError(f"column {name!r} holds {schema[name]}; give numbers or true/false")
    return pl.col(name).cast(pl.Float64).fill_nan(None)


def label(name: str, schema: pl.Schema) -> pl.Expr:
    """Return a column as the names of groups, "unknown" where it says nothing."""
    return group(name, schema[name]).cast(pl.String).fill_null(UNKNOWN).alias(name)


def group(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as groups, in its own order; ValueError if it cannot name any."""
    column = pl.col(name)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise ValueError(f"column {name!r} holds {dtype}; give text, numbers, booleans or dates")
    if dtype in (pl.String, pl.Categorical, pl.Null):
        return column.cast(pl.String).fill_null(UNKNOWN)
    return column.fill_nan(None) if dtype.is_float() else column


def _decision(rows: pl.LazyFrame, name: str, dtype: pl.DataType, categories: bool) -> pl.Expr:
    """A column as yes or no, or as one of several answers where texts say other things."""
    if dtype not in (pl.String, pl.Categorical, pl.Enum):
        return number(name, pl.Schema({name: dtype})).cast(pl.Boolean)
    text = pl.col(name).cast(pl.String)
    distinct = rows.select(text.str.strip_chars().str.to_lowercase().unique()).collect().to_series()
    if (found := set(distinct.drop_nulls())) and found <= {*YES, *NO}:
        return as_yes_no(text)
    if categories:
        return text
    raise ValueError(f"column {name!r} holds text; rates against an outcome need yes or no in both")


def _check(
    rows: pl.LazyFrame, alike: pl.LazyFrame, decisions: list[str], score: str | None, weight: str | None
) -> None:
    """Raise ValueError for the first thing that no measure can be made of, naming where it is."""
    schema = rows.collect_schema()
    binary = "a rate needs yes and no, as true/false, 0/1 or text; give the column as score= for its mean"
    numeric = [name for name in decisions if schema[name].is_numeric()]
    bad = {name: (~number(name, schema).is_in([0.0, 1.0]), binary) for name in numeric}
    if score:
        bad[score] = (number(score, schema).is_infinite(), "a mean needs finite numbers")
    if weight:
        w = number(weight, schema)
        bad[weight] = (w.is_null() | (w < 0) | w.is_infinite(), "a weight must be a number, zero or more")
    values = list(dict.fromkeys([*decisions, *([score] if score else [])]))
    wrong = {name: expr.fill_null(False) for name, (expr, _) in bad.items()}
    facts = [pl.col(name).count().alias(f"known {name}") for name in values]
    facts += [expr.any().alias(f"bad {name}") for name, expr in wrong.items()]
    people, *found = alike.select(pl.len(), *facts).collect().row(0)
    if people == 0:
        raise ValueError("the table has no rows")
    if 0 in (known := found[: len(values)]):
        people = rows.select(pl.len()).collect().item()
        raise ValueError(f"column {values[known.index(0)]!r} is empty in every one of the {people} rows")
    for (name, (_, why)), is_bad in zip(bad.items(), found[len(values) :], strict=True):
        if is_bad:
            first = rows.select(name).with_row_index("row number").filter(wrong[name]).head(1)
            row, value = first.collect().row(0)
            raise ValueError(f"column {name!r} holds {value} in row {row} (the first is row 0); {why}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
