"""Read what the columns of a published table mean, batch by batch, into a cube.

A file of any size becomes the few sums of a cube while it is read: what is kept in memory grows with the
number of groups and of distinct scores, never with the number of rows. Nothing is guessed in silence: what
was read as unknown, as yes or no, or left out, is listed in ``notes``; what cannot be read stops with the
file, the row, the column and the value.
"""

from __future__ import annotations

import difflib
import operator
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis import tables
from bobanalysis.cluster.workers import ALONE, Workers
from bobanalysis.fairness._cube import SUMS, TIMES, UNKNOWN, Cube, distinct, merged, row_sums
from bobanalysis.fairness.scores import score_bins, weighted_median
from bobanalysis.fairness.survey import REPLICATES, Design
from bobanalysis.fairness.texts import text
from bobanalysis.tables import NO, YES, Batch, InputError, Table, as_number, no_column, open_table
from bobanalysis.text import Text

_WORDS = "NA N/A n/a #N/A #NA <NA> NaN nan -nan -NaN NULL null None ? unknown Unknown UNKNOWN"
MISSING = ("", *_WORDS.split())
"""Texts that stand for "not known" unless the caller names others."""

MOST_CATEGORIES = 200
MOST_SCORES = 5_000_000
"""Distinct scores by group that are kept; of more, only the means are."""
MOST_RANKED, RANKED_BINS = 20_000, 1_000
"""Distinct scores whose order is looked at one by one; more of them are put in so many bins of equal size."""
COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
CONDITION = re.compile(r"^(?P<name>.*?)\s*(?P<op>>=|<=|!=|==|=|>|<)\s*(?P<value>.+)$")
WHOLE = re.compile(r"^(-?\d+)\.0+$")
"""A whole number as columns with gaps have it: a code 3 becomes 3.0."""
_ROW = "·row"


@dataclass(frozen=True)
class Plan:
    """Which columns are what.

    Attributes:
        groups: columns to cross.
        prediction, outcome: a column of yes and no, or a condition on one: ``decile_score>=5``,
            ``score_text=High,Medium``. A prediction in other words is one of several answers.
        score: a column of numbers.
        weight: a column of weights, zero or more.
        count: a column saying for how many people the row stands, in a table that is already counted.
        selected: how many of these ``count`` people were selected; stands for ``prediction``.
        missing: texts that mean "not known".
        apart: keep people of different weights apart in :attr:`Reading.people`.
        strata, cluster, replicate_weights, replicate_kind, lonely: how a sample was drawn; see
            :class:`bobanalysis.fairness.Design`.
    """

    groups: tuple[str, ...]
    prediction: str | None = None
    outcome: str | None = None
    score: str | None = None
    weight: str | None = None
    count: str | None = None
    selected: str | None = None
    missing: tuple[str, ...] = MISSING
    apart: bool = False
    strata: str | None = None
    cluster: str | None = None
    replicate_weights: str | None = None
    replicate_kind: str | None = None
    lonely: str | None = None

    @property
    def design(self) -> Design | None:
        """How the sample was drawn, None where each row was drawn for itself."""
        if not (self.strata or self.cluster or self.replicate_weights):
            return None
        kind: Any = self.replicate_kind or "brr"
        kind = [float(part) for part in kind.split(",")] if "," in kind else kind
        return Design(self.strata, self.cluster, self.replicate_weights or (), kind, self.lonely or "refuse")


@dataclass(frozen=True)
class Reading:
    """What a file says, as cubes.

    Attributes:
        cube: the sums by group, prediction and outcome.
        rows: rows read.
        notes: what was read as what.
        scored: where there is a score, the cube by its bin ("_item"), whether it is above the median of
            everybody ("_prediction") and outcome; None without a score, or with too many distinct ones.
        ranked: where there is an outcome too, the cube by score ("_item"), for how well it ranks; by bins of
            it where there are more than :data:`MOST_RANKED` scores.
        kept: the sums of rows that say the same, as they say it, and what they were read from.
    """

    cube: Cube
    rows: int
    notes: tuple[Text, ...]
    scored: Cube | None
    ranked: Cube | None
    kept: tuple[pl.DataFrame, _Source]

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers may be written 0,5."""
        return self.kept[1].table.decimal_comma

    @cached_property
    def people(self) -> pl.DataFrame:
        """People who are alike in everything that was asked, with their number "_n".

        "_score" and "_weight" are columns where these are kept apart.
        """
        return _interpreted(*self.kept, []).cast({"_n": pl.Int64})


def read(
    path: Path,
    plan: Plan,
    encoding: str | None = None,
    skip_bad_rows: bool = False,
    progress: Callable[[int], None] | None = None,
    workers: Workers = ALONE,
) -> Reading:
    """Read a CSV, Parquet or JSON lines file into cubes.

    Args:
        path: the file, or a folder of files alike; see :func:`bobanalysis.tables.open_table`.
        plan: which columns are what.
        encoding: of a CSV; default UTF-8, or Windows-1252 where the file is not UTF-8.
        skip_bad_rows: leave out rows that are no rows of the table, and count them, rather than stop.
        progress: called with the number of rows read so far, after each batch.
        workers: who reads the parts of the file.

    Raises:
        InputError: the file is empty, cut short or of another kind; a column is missing; a value cannot be
            read; an outcome has other values than yes and no.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "hired.csv"
        ...     _ = file.write_text("sex;hired\\nF;yes\\nM;no\\n;yes\\n")
        ...     reading = read(file, Plan(groups=("sex",), prediction="hired"))
        >>> reading.cube.over(["sex"]).cells.group_by("sex").agg(pl.col("_n").sum()).sort("sex").rows()
        [('F', 1), ('M', 1), ('unknown', 1)]
    """
    source = _Source(open_table(path, encoding=encoding), plan, skip_bad_rows, progress)
    source.columns()  # what is wrong with the question is said before anything is read
    work = partial(_of_part, plan=plan, encoding=encoding, skip_bad_rows=skip_bad_rows, progress=progress)
    several = tables.parts(path) if workers or path.is_dir() else []
    summed = workers.combine(work, several, _together) if several else source.summed()
    cells, rows, skipped, weightless = summed
    if rows == 0:
        raise InputError(f"{path} has columns but no rows")
    notes = [*source.table.notes, *([text("skipped", rows=skipped)] if skipped else [])]
    notes += [text("weightless", people=weightless)] if weightless else []
    binned, scored, ranked = "_score" in cells.columns, None, None
    cells = cells.sort("_score", nulls_last=True) if binned else cells
    known, found = cells.select("_score", "_w", "_n").drop_nulls() if binned else pl.DataFrame(), cells
    if binned:
        above = pl.col("_score") > weighted_median(known["_score"], known["_w"])
        breaks, labels = score_bins(known["_score"], known["_w"])
        found = _by_bin(cells.with_columns(_above=above), breaks, [*labels])
    found = _interpreted(found, source, notes)
    if plan.score and found["_score_n"].sum() == 0:
        raise InputError(f"{path}: {plan.score!r} is unknown in every row")
    sample = plan.design.sample(found) if plan.design else None
    decisions = [key for key in ("_prediction", "_outcome") if key in found.columns]
    keys = [*plan.groups, *decisions, *(sample.keys if sample else [])]

    def whole(cells: pl.DataFrame, *more: str) -> Cube:
        return Cube(merged(cells, list(dict.fromkeys([*keys, *more]))), plan.groups, sample=sample)

    if binned:
        scored = whole(found.with_columns(_prediction=pl.col("_above")), "_item", "_prediction")
        if plan.outcome:
            levels, exact = _levels(known["_score"], known["_n"])
            notes += [] if exact else [text("ranked_in_bins", bins=len(levels))]
            single = _by_bin(cells, levels[:-1].to_list(), levels.cast(pl.String).to_list())
            ranked = whole(_interpreted(single, source, []).drop("_score_m2", "_score_m3"), "_item")
    elif plan.score:
        notes.append(text("many_scores"))
    return Reading(whole(found), rows, tuple(notes), scored, ranked, (cells, source))


def _of_part(
    part: tables.Part, plan: Plan, encoding: str | None, skip_bad_rows: bool, progress: Any = None
) -> tuple[pl.DataFrame, int, int, int]:
    """Sum the rows of a part that say the same; see :meth:`_Source.cells`."""
    return _Source(open_table(part, encoding=encoding), plan, skip_bad_rows, progress, part.number).summed()


def _together(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Add up the cells of two parts, and their numbers of rows."""
    (*both,), *counts = zip(mine, theirs, strict=True)
    for name in (c for c in both[0].columns if c not in (*SUMS, "_weight") and c in both[1].columns):
        one, other = (cells.schema[name] for cells in both)
        if one != other and not {one, other} <= {*_ALIKE} and not (one.is_temporal() and other.is_temporal()):
            both = [_in_words(cells, name) for cells in both]  # 1 and 1.0 are one label, as in a file of text
    keys = [c for c in both[0].columns if c in both[1].columns and c not in SUMS and not c.startswith("_r")]
    if "_score" in keys:
        return _bounded(pl.concat(both, how="vertical_relaxed"), keys), *map(sum, counts)
    both = [c.group_by(keys).agg(row_sums(True)) if "_score" in c.columns else c for c in both]
    return merged(pl.concat(both, how="vertical_relaxed"), keys), *map(sum, counts)


def _bounded(cells: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Give up scores where more than :data:`MOST_SCORES` cells differ, however the table was cut.

    Few rows are alike: they are not looked for before there are many.
    """
    if "_score" not in keys or cells.height <= MOST_SCORES:
        return cells
    cells = merged(cells, keys)
    if cells.height <= MOST_SCORES:
        return cells
    return cells.group_by([k for k in keys if k != "_score"], maintain_order=True).agg(row_sums(True))


_ALIKE = (pl.Boolean, pl.Int8, pl.Int64)
"""Kinds that say yes and no alike."""


def _in_words(cells: pl.DataFrame, name: str) -> pl.DataFrame:
    text = pl.col(name).cast(pl.String)
    number = cells.schema[name].is_numeric()
    return cells.with_columns(text.str.replace(WHOLE.pattern, "$1") if number else text)


def _levels(scores: pl.Series, people: pl.Series) -> tuple[pl.Series, bool]:
    """Return sorted scores one by one, or upper ends of bins of about equal size where they are very many."""
    distinct = scores.unique(maintain_order=True)
    if len(distinct) <= MOST_RANKED:
        return distinct, True
    before = people.cum_sum().to_numpy()
    ends = np.searchsorted(before, np.linspace(0, before[-1], RANKED_BINS + 1)[1:])
    return scores.gather(ends).unique(maintain_order=True), False


def _by_bin(cells: pl.DataFrame, breaks: list[float], labels: list[str | None]) -> pl.DataFrame:
    """Sum cells of single scores, sorted, by bin of the score ("_item"), each limit in the bin below it."""
    n, w, w2, s = (cells[name].cast(pl.Float64).to_numpy() for name in ("_n", "_w", "_w2", "_score"))
    seen = ~np.isnan(s)
    labels = labels or [None]  # nobody has a score
    ends = [0, *np.searchsorted(s[seen], breaks, side="right"), np.count_nonzero(seen), s.size]
    bins = np.repeat(np.arange(len(labels) + 1), np.diff(ends))
    again = cells.select(pl.col(REPLICATES)).columns
    single = ("_score", "_weight", *SUMS, *again)
    items, keys = pl.Series("_item", [*labels, None]), [c for c in cells.columns if c not in single]
    if again:
        binned = cells.with_columns(items.gather(bins))
        return binned.group_by([*keys, "_item"], maintain_order=True).agg(row_sums(True))
    row, at = tables.unique_rows([*(tables.factorize(cells[name]) for name in keys), (bins, len(items))])
    total = partial(np.bincount, at, minlength=len(row))
    sums = [total(x) for x in (n, w, w2, *(np.where(seen, x, 0) for x in (n, w, w2, w * s)))]
    away = np.nan_to_num(s - (sums[6] / np.maximum(sums[4], 1e-300))[at])
    square = w * away * away
    sums += [total(square), total(square * away)]
    found = cells[row].select(*keys, items.gather(bins[row]))
    summed = found.with_columns(pl.Series(name, x) for name, x in zip(SUMS, sums, strict=True))
    return summed.cast({"_n": pl.Int64, "_score_n": pl.Int64})


@dataclass(frozen=True)
class _Source:
    """A table and what is asked of it."""

    table: Table
    plan: Plan
    skip_bad_rows: bool
    progress: Callable[[int], None] | None
    number_of_part: int = 0

    def columns(self) -> tuple[list[str], list[str]]:
        """Every column of the plan, and those that are read as numbers only; or say which is missing."""
        plan, has = self.plan, self.table.columns
        decisions = [self.condition(asked)[:2] for asked in (plan.prediction, plan.outcome) if asked]
        numbers = [name for name in (plan.score, plan.weight, plan.count, plan.selected) if name]
        numbers += [name for name in self.drawn.values() if name]
        if missing := [name for name in (*plan.groups, *numbers) if name not in has]:
            raise no_column(missing[0], has, str(self.table.path))
        if clash := [name for name in plan.groups if name.startswith("_")]:
            raise InputError(f"rename the group column {clash[0]!r}: names of sums begin with an underscore")
        found = [*plan.groups, *(name for name, _ in decisions), *numbers]
        texts = {*plan.groups, *(name for name, op in decisions if op not in COMPARISONS)}
        texts |= {name for name in (plan.strata, plan.cluster) if name}
        return found, [name for name in found if name not in texts]

    def summed(self) -> tuple[pl.DataFrame, int, int, int]:
        """Sum the rows that say the same; see :meth:`cells`."""
        columns, numbers = self.columns()
        try:
            return self.cells(columns, (numbers, self.plan.missing))
        except InputError:  # now again, slowly, to say where
            return self.cells(columns, None)

    @cached_property
    def drawn(self) -> dict[str, str | None]:
        """What becomes of the columns that say how the sample was drawn."""
        design = self.plan.design
        return design.columns(self.table.columns, self.plan.weight) if design else {}

    def condition(self, asked: str) -> tuple[str, str, str]:
        """The column a prediction or outcome is about, its comparison ("" for none) and what with."""
        if asked in self.table.columns:
            return asked, "", ""
        found = CONDITION.match(asked)
        if found is None or found["name"] not in self.table.columns:
            raise no_column(found["name"] if found else asked, self.table.columns, str(self.table.path))
        return found["name"], found["op"], found["value"]

    def text(self, name: str) -> pl.Expr:
        """The text of a column, null where it stands for "not known"."""
        found = pl.col(name).cast(pl.String).str.strip_chars()
        found = found.str.replace(r'^"(.*)"$', "$1")  # quoted, but after a space
        return pl.when(found.is_in(list(self.plan.missing))).then(None).otherwise(found)

    def number(self, name: str, schema: pl.Schema) -> tuple[pl.Expr, pl.Expr]:
        """The number in a column, and whether there is something that is none."""
        if schema[name].is_numeric() or schema[name] == pl.Boolean:
            number, csv = as_number(pl.col(name), schema[name]), self.table.kind == "csv"
            return number, ~pl.col(name).is_finite() if csv else number.is_infinite()
        known = self.text(name)
        number = as_number(known, pl.String, self.table.decimal_comma)
        return number, known.is_not_null() & (number.is_null() | ~number.is_finite())

    def decision(self, asked: str, schema: pl.Schema) -> tuple[pl.Expr, pl.Expr]:
        """A decision as it stands, "1" and "0" where numbers are compared; and what is wrong."""
        name, op, value = self.condition(asked)
        if op not in COMPARISONS:
            return pl.col(name), pl.lit(False)
        try:
            limit = float(value)
        except ValueError as error:
            hint = f"write {name}={value} for a text"
            raise InputError(f"{asked!r}: {value!r} is not a number; {hint}") from error
        number, wrong = self.number(name, schema)
        return COMPARISONS[op](number, limit).cast(pl.Int8).cast(pl.String), wrong

    def cells(self, columns: list[str], quick: tables.Quick) -> tuple[pl.DataFrame, int, int, int]:
        """Sum the rows that say the same, as they say it; and how many there are, left out, of no weight."""
        parts, keys, rows, skipped, weightless = list[pl.DataFrame](), list[str](), 0, 0, 0
        for batch in self.table.batches(columns, quick=quick):
            skipped += batch.rejects.height
            if skipped and not self.skip_bad_rows:
                _, row, _, value, problem = batch.rejects.row(0)
                short = f"{self.table.path}, row {row}: {value!r} {problem}. The file may be cut short"
                raise InputError(f"{short}; --skip-bad-rows leaves such rows out and counts them")
            rows += batch.frame.height
            narrow = self.narrow(self.alike(batch))
            again = narrow.select(pl.col(REPLICATES)).columns
            apart = [] if self.plan.apart else ["_weight"]
            keys = keys or [name for name in narrow.columns if name not in (*SUMS, "_s", *again, *apart)]
            if self.plan.weight:
                weightless += int(narrow.filter(pl.col("_w") == 0)["_n"].sum())
            if "_score" in keys:  # few rows are alike
                parts.append(narrow.select(*keys, *SUMS[:3], *again))
            else:
                parts.append(narrow.group_by(keys).agg(row_sums("_score" in narrow.columns)))
            if sum(part.height for part in parts) > 2 * parts[0].height + 1_000_000:  # memory stays small
                parts = [_bounded(merged(pl.concat(parts, how="vertical_relaxed"), keys), keys)]
                keys = [name for name in keys if name in parts[0].columns]
            if self.progress:
                self.progress(rows)
        return _bounded(pl.concat(parts, how="vertical_relaxed"), keys), rows, skipped, weightless

    def alike(self, batch: Batch) -> Batch:
        """Count the rows that say the same, where they can be: what it means is then asked once of each."""
        if self.plan.score or self.plan.weight or self.plan.count or self.drawn:
            return batch
        lazy = batch.frame.lazy().with_columns(pl.Series(_ROW, batch.rows))
        counted = distinct(lazy, batch.frame.columns, pl.col(_ROW).min()).sort(_ROW)
        return Batch(counted.drop(_ROW), counted[_ROW], batch.rejects)

    def narrow(self, batch: Batch) -> pl.DataFrame:
        """Keys as they stand and numbers as numbers, or an error that names row, column and value."""
        plan, schema = self.plan, batch.frame.schema
        if nested := [name for name, kind in schema.items() if kind.is_nested()]:
            kind = f"{self.table.path}: column {nested[0]!r} holds {schema[nested[0]]}"
            raise InputError(f"{kind}; give text, numbers, booleans or dates")
        keys = {name: pl.col(name) for name in plan.groups}
        wrong: list[tuple[str, pl.Expr, str]] = []
        roles = {"_score": plan.score, "_w": plan.weight, "_n": plan.count, "_s": plan.selected}
        one = pl.lit(1.0)
        numbers = {"_n": pl.col(TIMES).cast(pl.Float64) if TIMES in schema else one, "_w": one}
        for role, name in roles.items():
            if not name:
                continue
            numbers[role], bad = number, _ = self.number(name, schema)
            wrong.append((name, bad, "is not a finite number"))
            if role != "_score":
                wrong.append((name, number.is_null(), "is missing; a number is needed in every row"))
                wrong.append((name, number < 0, "is negative; zero or more is needed"))
            if role in ("_n", "_s"):
                wrong.append((name, number != number.floor(), "is not a whole number of people"))
        if plan.selected:
            wrong.append((plan.selected, numbers["_s"] > numbers["_n"], f"is more than {plan.count!r}"))
        for key, asked in (("_prediction", plan.prediction), ("_outcome", plan.outcome)):
            if asked:
                keys[key], bad = self.decision(asked, schema)
                wrong.append((self.condition(asked)[0], bad, "is not a finite number"))
        for role, column in self.drawn.items():
            if not column:
                row = pl.Series(batch.rows).cast(pl.String)
                row = f"{self.number_of_part}:" + row if self.number_of_part else row
                keys[role] = pl.lit("all" if role == "_stratum" else row)
            elif role.startswith("_r"):
                numbers[role], bad = self.number(column, schema)
                wrong.append((column, bad | numbers[role].is_null(), "is no number; a replicate weight is"))
            else:
                keys[role] = self.text(column).str.replace(WHOLE.pattern, "$1")
                wrong.append((column, keys[role].is_null(), "is missing; every row needs it"))
        bad_at = (bad.fill_null(False).arg_true().first() for _, bad, _ in wrong)
        first = [row.alias(str(at)) for at, row in enumerate(bad_at)]
        for (name, _, why), at in zip(wrong, batch.frame.select(first).row(0) if wrong else (), strict=True):
            if at is not None:
                where = f"{self.table.path}: column {name!r}, row {batch.rows[at]}"
                raise InputError(f"{where}: {(value := batch.frame[name][at])!r} {why}{comma_hint(value)}")
        narrow = batch.frame.select(**keys, **numbers)
        if plan.selected:
            yes = narrow.with_columns(_prediction=pl.lit("1"), _n=pl.col("_s"))
            no = narrow.with_columns(_prediction=pl.lit("0"), _n=pl.col("_n") - pl.col("_s"))
            narrow = pl.concat([yes, no])
        n, w = pl.col("_n"), pl.col("_w")
        again = pl.col(REPLICATES) * n
        return narrow.filter(n > 0).with_columns(again, _weight=w, _w=n * w, _w2=n * w * w)


# --- what the texts mean ------------------------------------------------------------------------------------


def _interpreted(cells: pl.DataFrame, source: _Source, notes: list[Text]) -> pl.DataFrame:
    """Turn what stands in cells into labels and decisions, labels into numbers where all are; note it."""
    plan, path, people = source.plan, source.table.path, int(cells["_n"].sum())
    if people == 0:
        raise InputError(f"{path}: every row stands for 0 people")
    for key, asked in (("_prediction", plan.prediction), ("_outcome", plan.outcome)):
        _, op, value = source.condition(asked) if asked else ("", "", "")
        if asked:
            told = pl.col(key) if op in COMPARISONS else source.text(key).str.normalize("NFC")
            cells = cells.with_columns(told.alias(key))
            _check_held(cells, source, key, asked)
        if op in ("=", "==", "!="):
            same = pl.col(key).str.replace(WHOLE.pattern, "$1").is_in(accepted(value))  # gaps make codes 1.0
            if op != "!=" and (others := _counts(cells.filter(~same), key)):
                notes.append(text("read_as_no", asked=asked, values=_listed(others)))
            same = ~same if op == "!=" else same
            cells = cells.with_columns(same.cast(pl.Int8).cast(pl.String).alias(key))
    for name in plan.groups:
        cells = cells.with_columns(source.text(name).fill_null(UNKNOWN).alias(name))
        composed = cells[name].str.normalize("NFC")
        if two := int(cells.filter(composed != cells[name])["_n"].sum()):
            notes.append(text("composed", name=name, people=two))
            cells = cells.with_columns(composed)
        if unknown := int(cells.filter(pl.col(name) == UNKNOWN)["_n"].sum()):
            notes.append(text("unknown_group", name=name, unknown=unknown, people=people))
        cells = cells.with_columns(_ordered(cells[name]))
    for key, asked in (("_prediction", plan.prediction or plan.selected), ("_outcome", plan.outcome)):
        if not asked:
            continue
        counts = _counts(cells, key)
        values = {value.casefold() for value in counts}
        if not counts:
            raise InputError(f"{path}: {asked!r} is unknown in every row")
        if values <= {*YES, *NO}:
            cells = cells.with_columns(pl.col(key).str.to_lowercase().is_in(list(YES)))
            if not values & {*YES} or not values & {*NO}:
                notes.append(text("one_value", asked=asked, value=min(counts)))
        elif key == "_outcome" or plan.outcome or _all_numbers(values):
            raise _not_binary(path, asked, counts, key)
        elif len(counts) > MOST_CATEGORIES:
            many = f"{path}: {asked!r} has {len(counts)} different texts, more than {MOST_CATEGORIES}"
            raise InputError(f"{many}; is it an identifier? {_listed(counts)}")
        if missing := people - counts.total():
            notes.append(text("unknown_value", name=asked, unknown=missing, people=people))
    return cells


def accepted(value: str) -> list[str]:
    """Return the texts that a condition means: the whole of it, and its parts between commas.

    >>> accepted("3.0, 4")
    ['3.0, 4', '3', '4']
    """
    value = unicodedata.normalize("NFC", value).strip()
    parts = [value, *map(str.strip, value.split(","))]
    return [as_code(part) for part in dict.fromkeys(parts)]


def comma_hint(value: Any) -> str:
    """Say how to write a number that has commas.

    >>> comma_hint("13,74"), comma_hint("1,250"), comma_hint("many"), comma_hint(" 1,250,000.5")
    ('; write 13.74', '; write 1.250, or 1250', '', '; write 1250000.5')
    """
    said, shapes = str(value).strip(), {".": r"[-+]?\d+,\d+", "": r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?"}
    ways = [said.replace(",", sign) for sign, shape in shapes.items() if re.fullmatch(shape, said)]
    return f"; write {', or '.join(ways)}" if ways else ""


def as_code(label: Any) -> str:
    """Return a code as it is without the .0 that columns with gaps give it.

    >>> as_code("3.0"), as_code("3.5"), as_code("03.x")
    ('3', '3.5', '03.x')
    """
    return WHOLE.sub(r"\1", str(label))


def _check_held(cells: pl.DataFrame, source: _Source, key: str, asked: str) -> None:
    """Refuse a condition on a value that the column never holds."""
    name, op, value = source.condition(asked)
    counts = _counts(cells, key)
    if op in COMPARISONS:
        if set(counts) == {"0"}:
            frames = [batch.frame for batch in source.table.batches([name])]
            ends = [f.select(source.number(name, f.schema)[0]).to_series().drop_nulls() for f in frames]
            near = (max if op in (">", ">=") else min)(pl.concat(ends), default=None)
            raise InputError(f"{source.table.path}: {asked!r} holds for nobody; the nearest value is {near}")
    elif op:
        held = {as_code(text) for text in counts}
        every, *parts = accepted(value)
        for part in [] if every in held else parts or [every]:
            if part not in held:
                near = _nearest(part, sorted(held))
                never = f"{source.table.path}: column {name!r} never holds {part!r}"
                raise InputError(f"{never}; the nearest value is {near!r}. It holds: {_listed(counts)}")


def _nearest(value: str, held: list[str]) -> str | None:
    """The number nearest to a number, or the text most like a text."""
    if _all_numbers({value}) and (numbers := [text for text in held if _all_numbers({text})]):
        return min(numbers, key=lambda text: abs(float(text) - float(value)))
    like = difflib.get_close_matches(value.casefold(), [text.casefold() for text in held], 1, 0)
    return next((text for text in held if text.casefold() in like), None)


def _counts(cells: pl.DataFrame, key: str) -> Counter[str]:
    """How many people each text of a column stands for, in the order of the texts."""
    return Counter(dict(cells.drop_nulls(key).group_by(key).agg(pl.col("_n").sum()).sort(key).rows()))


def _not_binary(path: Path, asked: str, counts: Counter[str], key: str) -> InputError:
    values = sorted(counts)
    one = next((v for v in values if v.casefold() in YES), values[-1])
    hint = f"--{key.strip('_')} {f'{asked}={one}'!r}"
    if _all_numbers(set(values)) and key == "_prediction":
        middle = sorted(values, key=float)[len(values) // 2]
        hint += f", or {f'{asked}>={middle}'!r}, or --score {asked!r} for its mean"
    must = f"{path}: column {asked!r} must be yes or no (1/0, yes/no, true/false)"
    wrong = f"{must}, but has {len(values)} values"
    return InputError(f"{wrong}: {_listed(counts)}. Say which of them mean yes: {hint}")


def _listed(counts: Counter[str]) -> str:
    shown = [f"{value!r} ({n} rows)" for value, n in counts.most_common(8)]
    return ", ".join(shown) + (", …" if len(counts) > 8 else "")


def _all_numbers(values: set[str]) -> bool:
    return all(re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", value) for value in values)


def _ordered(labels: pl.Series) -> pl.Series:
    """Numbers as numbers, so that 10 comes after 9, and 3.0 as 3 where all are whole; else text, as 01 is."""
    known = labels.replace(UNKNOWN, None)
    for kind, said in ((pl.Int64, known.str.replace(WHOLE.pattern, "$1")), (pl.Float64, known)):
        number = said.cast(kind, strict=False)
        if known.null_count() < len(known) and (number.cast(pl.String).eq_missing(said)).all():
            return number
    return labels
