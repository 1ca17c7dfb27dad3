"""Read what the columns of a published table mean, batch by batch, into a cube.

A file of any size becomes the few sums of a cube while it is read: what is kept in memory grows with the
number of groups and of distinct scores, never with the number of rows. Nothing is guessed in silence: what
was read as unknown, as yes or no, or left out, is listed in ``notes``; what cannot be read stops with the
file, the row, the column and the value.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN, Cube, merged, row_sums
from bobanalysis.fairness.scores import in_bins, score_bins, weighted_median
from bobanalysis.fairness.texts import text
from bobanalysis.tables import NO, YES, Batch, InputError, Table, as_number, no_column, open_table
from bobanalysis.text import Text

MISSING = (
    *("", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "nan", "-nan", "-NaN"),
    *("NULL", "null", "None", "?", "unknown", "Unknown", "UNKNOWN"),
)
"""Texts that stand for "not known" unless the caller names others."""

MOST_CATEGORIES = 200
MOST_SCORES = 20_000_000
_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
_CONDITION = re.compile(r"^(?P<name>.*?)\s*(?P<op>>=|<=|!=|==|=|>|<)\s*(?P<value>.+)$")
_Cuts = tuple[float, Sequence[float], Sequence[str]]  # median, breaks and labels of bins


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
    """

    groups: tuple[str, ...]
    prediction: str | None = None
    outcome: str | None = None
    score: str | None = None
    weight: str | None = None
    count: str | None = None
    selected: str | None = None
    missing: tuple[str, ...] = MISSING


@dataclass(frozen=True)
class Reading:
    """What a file says, as cubes.

    Attributes:
        cube: the sums by group, prediction and outcome.
        rows: rows read.
        notes: what was read as what.
        scores: distinct scores with their weight ("_score", "_w"), None without a score.
        scored: where there is a score, the cube by its bin ("_item"), whether it is above the median of
            everybody ("_prediction") and outcome; None without a score, or with too many distinct ones.
        bins: labels of the bins in their order.
        median: the (weighted) median score of everybody.
    """

    cube: Cube
    rows: int
    notes: tuple[Text, ...]
    scores: pl.DataFrame | None = None
    scored: Cube | None = None
    bins: tuple[str, ...] = ()
    median: float | None = None


def read(
    path: Path,
    plan: Plan,
    encoding: str | None = None,
    skip_bad_rows: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Reading:
    """Read a CSV, Parquet or JSON lines file into cubes.

    Args:
        path: the file; see :func:`bobanalysis.tables.open_table`.
        plan: which columns are what.
        encoding: of a CSV; default UTF-8, or Windows-1252 where the file is not UTF-8.
        skip_bad_rows: leave out rows that are no rows of the table, and count them, rather than stop.
        progress: called with the number of rows read so far, after each batch.

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
    source.check()
    cells = source.cells()
    notes = [*source.table.notes]
    if source.skipped:
        notes.append(text("skipped", rows=source.skipped))
    for asked, texts in source.read_as_no.items():
        if texts:
            notes.append(text("read_as_no", asked=asked, values=_listed(texts)))
    if source.rows == 0:
        raise InputError(f"{path} has columns but no rows")
    cells, more = _interpreted(cells, plan, path)
    reading = Reading(Cube(cells, plan.groups), source.rows, (*notes, *more), source.scores)
    return reading if source.scores is None else _with_scores(reading, source)


@dataclass
class _Source:
    """A table and what is asked of it; reading it fills ``rows``, ``skipped``, ``scores``, ``read_as_no``."""

    table: Table
    plan: Plan
    skip_bad_rows: bool = False
    progress: Callable[[int], None] | None = None
    rows: int = 0
    skipped: int = 0
    scores: pl.DataFrame | None = None
    read_as_no: dict[str, Counter[str]] = field(default_factory=dict)

    def check(self) -> None:
        """Find every column of the plan, or say which is missing and which looks like it."""
        plan = self.plan
        if not (plan.prediction or plan.outcome or plan.score or plan.selected):
            raise InputError("nothing to measure: give --prediction, --score or --outcome")
        if plan.selected and (not plan.count or plan.prediction or plan.outcome or plan.score):
            raise InputError("--selected goes with --count, and stands for --prediction")
        for asked in filter(None, (plan.prediction, plan.outcome)):
            self.condition(asked)
        for name in (*plan.groups, *filter(None, (plan.score, plan.weight, plan.count, plan.selected))):
            if name not in self.table.columns:
                raise no_column(name, self.table.columns, str(self.table.path))
            if name in plan.groups and name.startswith("_"):
                raise InputError(f"rename the group column {name!r}: names of sums begin with an underscore")
        if not plan.groups:
            raise InputError("give at least one column of groups")

    def condition(self, asked: str) -> tuple[str, tuple[str, str] | None]:
        """The column a prediction or outcome is about, and its condition."""
        if asked in self.table.columns:
            return asked, None
        found = _CONDITION.match(asked)
        if found is None or found["name"] not in self.table.columns:
            raise no_column(found["name"] if found else asked, self.table.columns, str(self.table.path))
        return found["name"], (found["op"], found["value"])

    def text(self, name: str, schema: pl.Schema) -> pl.Expr:
        """The text of a column, null where it stands for "not known"."""
        if schema[name].is_nested():
            kind = f"{self.table.path}: column {name!r} holds {schema[name]}"
            raise InputError(f"{kind}; give text, numbers, booleans or dates")
        found = pl.col(name).cast(pl.String).str.strip_chars()
        found = found.str.replace(r'^"(.*)"$', "$1")  # quoted, but after a space
        return pl.when(found.is_in(list(self.plan.missing))).then(None).otherwise(found)

    def number(self, name: str, schema: pl.Schema) -> tuple[pl.Expr, pl.Expr]:
        """The number in a column, and whether there is something that is none."""
        if schema[name].is_numeric() or schema[name] == pl.Boolean:
            number = as_number(pl.col(name), schema[name])
            return number, number.is_infinite()
        known = self.text(name, schema)
        number = as_number(known, pl.String, self.table.decimal_comma)
        return number, known.is_not_null() & (number.is_null() | ~number.is_finite())

    def decision(self, asked: str, schema: pl.Schema) -> tuple[pl.Expr, pl.Expr]:
        """The text of a decision, "1" and "0" where a condition was given; and what is wrong."""
        name, condition = self.condition(asked)
        known, nothing = self.text(name, schema), pl.lit(False)
        if condition is None:
            return known, nothing
        op, value = condition
        if op in _COMPARISONS:
            try:
                limit = float(value)
            except ValueError as error:
                hint = f"write {name}={value} for a text"
                raise InputError(f"{asked!r}: {value!r} is not a number; {hint}") from error
            number, nothing = self.number(name, schema)
            holds = _COMPARISONS[op](number, limit)
        else:
            asked_for = {value.strip(), *(part.strip() for part in value.split(","))}
            same = _whole(known).is_in([_WHOLE.sub(r"\1", part) for part in asked_for])
            holds = ~same if op == "!=" else same
        return pl.when(holds).then(pl.lit("1")).when(~holds).then(pl.lit("0")), nothing

    def cells(self, cuts: _Cuts | None = None) -> pl.DataFrame:
        """Sum the table batch by batch; with ``cuts`` by score rather than prediction."""
        plan = self.plan
        decisions = [self.condition(name)[0] for name in (plan.prediction, plan.outcome) if name]
        numbers = [name for name in (plan.score, plan.weight, plan.count, plan.selected) if name]
        parts: list[pl.DataFrame] = []
        scores: list[pl.DataFrame] = []
        rows = 0
        for batch in self.table.batches([*plan.groups, *decisions, *numbers]):
            if cuts is None:
                self.look_at(batch)
            narrow = self.narrow(batch, cuts)
            rows += batch.frame.height
            if self.progress:
                self.progress(rows)
            keys = [name for name in narrow.columns if name not in ("_c", "_w", "_score")]
            parts.append(narrow.group_by(keys).agg(row_sums("_score" in narrow.columns)))
            parts = _added_up(parts, partial(merged, keys=keys))
            if plan.score and cuts is None and not (scores and scores[0].height > MOST_SCORES):
                known = narrow.filter(pl.col("_score").is_not_null() & (pl.col("_c") > 0))
                scores.append(known.group_by("_score").agg((pl.col("_w") * pl.col("_c")).sum().alias("_w")))
                scores = _added_up(scores, _by_score)
        if cuts is None:
            self.rows = rows
            if plan.score:
                few = scores[0].height <= MOST_SCORES
                self.scores = _by_score(pl.concat(scores)).sort("_score") if few else pl.DataFrame()
        return merged(pl.concat(parts, how="vertical_relaxed"), keys)

    def look_at(self, batch: Batch) -> None:
        """Count wrong rows, or stop at the first; and count the texts that a condition reads as no."""
        self.skipped += batch.rejects.height
        if batch.rejects.height and not self.skip_bad_rows:
            _, row, _, value, problem = batch.rejects.row(0)
            raise InputError(
                f"{self.table.path}, row {row}: {value!r} {problem}. The file may be cut short; "
                f"--skip-bad-rows leaves such rows out and counts them"
            )
        for asked in filter(None, (self.plan.prediction, self.plan.outcome)):
            name, condition = self.condition(asked)
            seen = self.read_as_no.setdefault(asked, Counter())
            if condition and condition[0] in ("=", "==") and len(seen) <= MOST_CATEGORIES:
                schema = batch.frame.schema
                known, holds = self.text(name, schema), self.decision(asked, schema)[0]
                others = batch.frame.select(known.filter(holds == "0").alias("value"))
                seen.update(dict(others.group_by("value").len().rows()))

    def narrow(self, batch: Batch, cuts: _Cuts | None) -> pl.DataFrame:
        """Keys as text and numbers as numbers, or an error that names row, column and value."""
        plan, schema = self.plan, batch.frame.schema
        keys = {name: self.text(name, schema).fill_null(UNKNOWN) for name in plan.groups}
        wrong: list[tuple[str, pl.Expr, str]] = []
        numbers: dict[str, pl.Expr] = {}
        roles = {"_score": plan.score, "_w": plan.weight, "_c": plan.count, "_s": plan.selected}
        for role, name in roles.items():
            if not name:
                continue
            numbers[role], bad = self.number(name, schema)
            wrong.append((name, bad, "is not a finite number"))
            if role != "_score":
                wrong.append((name, numbers[role].is_null(), "is missing; a number is needed in every row"))
                wrong.append((name, numbers[role] < 0, "is negative; zero or more is needed"))
            if role in ("_c", "_s"):
                part = numbers[role] != numbers[role].floor()
                wrong.append((name, part, "is not a whole number of people"))
        if plan.selected:
            wrong.append((plan.selected, numbers["_s"] > numbers["_c"], f"is more than {plan.count!r}"))
        for key, asked in (("_prediction", plan.prediction), ("_outcome", plan.outcome)):
            if asked:
                keys[key], bad = self.decision(asked, schema)
                wrong.append((self.condition(asked)[0], bad, "is not a finite number"))
        found = batch.frame.select(
            bad.fill_null(False).arg_true().first().alias(str(at)) for at, (_, bad, _) in enumerate(wrong)
        )
        for (name, _, why), at in zip(wrong, found.row(0) if wrong else (), strict=True):
            if at is not None:
                where = f"{self.table.path}: column {name!r}, row {batch.rows[at]}"
                raise InputError(f"{where}: {batch.frame[name][at]!r} {why}")
        if cuts is not None:
            median, breaks, labels = cuts
            keys["_item"] = in_bins(numbers["_score"], breaks, labels)
            keys["_prediction"] = numbers["_score"] > median
        counts = {"_c": numbers.get("_c", pl.lit(1.0)), "_w": numbers.get("_w", pl.lit(1.0))}
        if plan.score:
            counts["_score"] = numbers["_score"]
        narrow = batch.frame.select(**{**keys, **counts})
        if plan.selected:
            chosen = batch.frame.select(numbers["_s"].alias("_s"))["_s"]
            answers = (("1", chosen), ("0", narrow["_c"] - chosen))
            narrow = pl.concat(
                [narrow.with_columns(pl.lit(a).alias("_prediction"), c.alias("_c")) for a, c in answers]
            )
        return narrow.filter(pl.col("_c") > 0) if plan.count else narrow


def _added_up(parts: list[pl.DataFrame], add: Callable[[pl.DataFrame], pl.DataFrame]) -> list[pl.DataFrame]:
    """Add up tables once they have become twice as long as their sum was, so that memory stays small."""
    long = sum(part.height for part in parts) > 2 * parts[0].height + 200_000
    return [add(pl.concat(parts, how="vertical_relaxed"))] if long else parts


def _by_score(weights: pl.DataFrame) -> pl.DataFrame:
    return weights.group_by("_score").agg(pl.col("_w").sum())


_WHOLE = re.compile(r"^(-?\d+)\.0+$")


def _whole(known: pl.Expr) -> pl.Expr:
    """Write 1.0 as 1, as codes become numbers with decimals where one of them is missing."""
    return known.str.replace(_WHOLE.pattern, "$1")


# --- what the texts mean ------------------------------------------------------------------------------------


def _interpreted(cells: pl.DataFrame, plan: Plan, path: Path) -> tuple[pl.DataFrame, list[Text]]:
    """Turn texts into decisions and labels into numbers where all of them are, and say so."""
    notes: list[Text] = []
    people = int(cells["_n"].sum())
    if people == 0:
        raise InputError(f"{path}: every row stands for 0 people")
    for name in plan.groups:
        unknown = int(cells.filter(pl.col(name) == UNKNOWN)["_n"].sum())
        if unknown:
            notes.append(text("unknown_group", name=name, unknown=unknown, people=people))
        cells = cells.with_columns(_ordered(cells[name]))
    for key, asked in (("_prediction", plan.prediction or plan.selected), ("_outcome", plan.outcome)):
        if not asked:
            continue
        found = cells.group_by(key).agg(pl.col("_n").sum()).drop_nulls(key).sort(key)
        if found.is_empty():
            raise InputError(f"{path}: {asked!r} is unknown in every row")
        counts = Counter(dict(found.rows()))
        values = {value.casefold() for value in counts}
        if values <= {*YES, *NO}:
            cells = cells.with_columns(pl.col(key).str.to_lowercase().is_in(list(YES)))
            if not values & {*YES} or not values & {*NO}:
                notes.append(text("one_value", asked=asked, value=found[key][0]))
        elif key == "_outcome" or plan.outcome or _all_numbers(values):
            raise _not_binary(path, asked, counts, key)
        elif found.height > MOST_CATEGORIES:
            raise InputError(
                f"{path}: {asked!r} has {found.height} different texts, more than {MOST_CATEGORIES}; is it "
                f"an identifier? {_listed(counts)}"
            )
        if missing := int(cells.filter(pl.col(key).is_null())["_n"].sum()):
            notes.append(text("unknown_value", name=asked, unknown=missing, people=people))
    if plan.score and cells["_score_n"].sum() == 0:
        raise InputError(f"{path}: {plan.score!r} is unknown in every row")
    return cells, notes


def _not_binary(path: Path, asked: str, counts: Counter[str], key: str) -> InputError:
    values = sorted(counts)
    one = next((v for v in values if v.casefold() in YES), values[-1])
    hint = f"--{key.strip('_')} {f'{asked}={one}'!r}"
    if _all_numbers(set(values)) and key == "_prediction":
        middle = sorted(values, key=float)[len(values) // 2]
        hint += f", or {f'{asked}>={middle}'!r}, or --score {asked!r} for its mean"
    return InputError(
        f"{path}: column {asked!r} must be yes or no (1/0, yes/no, true/false), but has {len(values)} "
        f"values: {_listed(counts)}. Say which of them mean yes: {hint}"
    )


def _listed(counts: Counter[str]) -> str:
    shown = [f"{value!r} ({n} rows)" for value, n in counts.most_common(8)]
    return ", ".join(shown) + (", …" if len(counts) > 8 else "")


def _all_numbers(values: set[str]) -> bool:
    return all(re.fullmatch(r"[-+]?\d+(\.\d*)?(e[-+]?\d+)?", value) for value in values)


def _ordered(labels: pl.Series) -> pl.Series:
    """Whole numbers as numbers, so that 10 comes after 9; codes such as 01 and anything else stay text."""
    known = labels.replace(UNKNOWN, None)
    for kind in (pl.Int64, pl.Float64):
        number = known.cast(kind, strict=False)
        if known.null_count() < len(known) and (number.cast(pl.String).eq_missing(known)).all():
            return number
    return labels


def _with_scores(reading: Reading, source: _Source) -> Reading:
    """Read the file once more, by bin of the score and by whether it is above the median."""
    scores, plan = reading.scores, source.plan
    if scores is None or scores.is_empty():
        return replace(reading, notes=(*reading.notes, text("many_scores")))
    median = weighted_median(scores["_score"], scores["_w"])
    breaks, labels = score_bins(scores["_score"], scores["_w"])
    source.plan = replace(plan, prediction=None)
    cells = source.cells((median, breaks, labels))
    if plan.outcome:
        cells, _ = _interpreted(cells, replace(plan, prediction=None, score=None), source.table.path)
    else:
        cells = cells.with_columns(_ordered(cells[name]) for name in plan.groups)
    return replace(reading, scored=Cube(cells, plan.groups), bins=tuple(labels), median=median)
