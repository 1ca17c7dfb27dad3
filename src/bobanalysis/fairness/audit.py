"""Audit of a file: each attribute by itself, then crossed, every measure that its columns allow, from one reading."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness._calibration import calibration
from bobanalysis.fairness._cube import UNKNOWN, Cube, as_list
from bobanalysis.fairness.adjusted import adjusted_effects
from bobanalysis.fairness.attributes import Attribute, Kind, attribute, fulfils, split_condition
from bobanalysis.fairness.curves import curve, discontinuities, lack_of_fit
from bobanalysis.fairness.decomposition import kitagawa, oaxaca
from bobanalysis.fairness.disparity import disparities
from bobanalysis.fairness.distances import distribution_distances
from bobanalysis.fairness.gaps import MEAN, gap_test
from bobanalysis.fairness.impact import impact_ratios
from bobanalysis.fairness.metrics import MIN_GROUP, RATES, group_metrics, rates_of
from bobanalysis.fairness.reading import MISSING, Plan, Reading, read
from bobanalysis.fairness.regression import NotEstimableError
from bobanalysis.fairness.subgroups import find_subgroups
from bobanalysis.fairness.texts import text
from bobanalysis.tables import InputError, open_table
from bobanalysis.text import Text

MOST_EMPTY = 300
"""Crossed groups, those of nobody among them, that are listed; of more, those of nobody are left out."""
MOST_MODELLED = 2_000_000
"""People up to whom models of single people are fitted."""
MOST_ANSWERS = 12
"""Answers, the most frequent ones, that get a curve each."""
_TESTED = ("selection_rate", "false_positive_rate", "false_negative_rate", MEAN)
_DRAWN = ("selection_rate", "base_rate", "false_positive_rate", "false_negative_rate")
_GAP = {"metric": pl.String, "value": pl.Float64, "high": pl.String, "low": pl.String}
_GAP |= dict.fromkeys(("ci_low", "ci_high", "p_value"), pl.Float64)
_PARTS: dict[str, Any] = dict.fromkeys(("metric", "part", "column"), pl.String)
_PARTS |= dict.fromkeys(("contribution", "ci_low", "ci_high"), pl.Float64)


@dataclass(frozen=True)
class Entry:
    """What a file says about one attribute, or about several crossed.

    Attributes:
        name: "age", "age × region", or the condition of a decomposition.
        groups: the columns.
        kind: "groups", "bands", "curve" or "decomposition".
        notes: what the attribute was taken for, what was left out, and why.
        measures: the measure frame (:data:`bobanalysis.fairness.MEASURE_COLUMNS`), None for a curve.
        curve: points of a curve for each ``metric`` and ``item``; see :func:`bobanalysis.fairness.curve`.
        shape: for each of these, whether it is flat and whether it fits: see ``lack_of_fit``.
        jumps: the named ages, or the one with the largest jump: see ``discontinuities``.
        gaps: one row a rate or mean whose largest gap between known groups was tested: ``metric``, ``value``,
            ``high``, ``low``, ``ci_low``, ``ci_high``, ``p_value``; None where there is none.
        summary: largest differences and smallest ratios between known groups, None without a decision.
        impact: impact ratios, None without a decision or a score.
        by_median: whether "selected" in ``impact`` means a score above the median.
        distances: distances between distributions, None unless there are several answers.
        calibration: observed rates by bin of the score, None without a score and an outcome.
        adjusted: the gap as it is (``raw``) and between people alike in other columns (``difference``).
        decomposition: what the gap between those who fulfil a condition and the others is made of.
        subgroups: the search over all combinations, None unless asked for.
    """

    name: str
    groups: tuple[str, ...]
    kind: str
    notes: tuple[Text, ...] = ()
    measures: pl.DataFrame | None = None
    curve: pl.DataFrame | None = None
    shape: pl.DataFrame | None = None
    jumps: pl.DataFrame | None = None
    gaps: pl.DataFrame | None = None
    summary: pl.DataFrame | None = None
    impact: pl.DataFrame | None = None
    by_median: bool = False
    distances: pl.DataFrame | None = None
    calibration: pl.DataFrame | None = None
    adjusted: pl.DataFrame | None = None
    decomposition: pl.DataFrame | None = None
    subgroups: pl.DataFrame | None = None

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables there are, by their names, in the order in which they are told."""
        return {name: table for name, table in vars(self).items() if isinstance(table, pl.DataFrame)}


@dataclass(frozen=True)
class Audit:
    """What a file says about its attributes.

    Attributes:
        path: the file.
        plan: which columns were read as what.
        rows: rows read.
        people: people they stand for (rows, or the sum of the column of counts).
        min_group: smallest group shown.
        notes: what the reader must know.
        entries: one an attribute, in the order they were asked for, then one a crossing or decomposition.
        asked: the options, as the command takes them.
        sha256: digest of the file.
    """

    path: Path
    plan: Plan
    rows: int
    people: int
    min_group: int
    notes: tuple[Text, ...]
    entries: tuple[Entry, ...]
    asked: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of an attribute, or of a crossing such as "age × region"."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise KeyError(f"{name!r} is not one of {', '.join(repr(entry.name) for entry in self.entries)}")

    @property
    def table(self) -> pl.DataFrame:
        """All measures of all entries, one a row: see :func:`bobanalysis.fairness.export.long`."""
        from bobanalysis.fairness.export import long

        return long(self)

    def __repr__(self) -> str:
        """Return the tables as text of 80 columns."""
        from bobanalysis.fairness.page import printed

        return printed(self)

    def _repr_html_(self) -> str:
        from bobanalysis.fairness.page import fragment

        return fragment(self)


def audit_file(
    path: str | Path,
    groups: Sequence[str] = (),
    *,
    by: Sequence[str] = (),
    cross: Sequence[Sequence[str]] = (),
    bands: Mapping[str, Sequence[float]] | None = None,
    on: date | str | None = None,
    curves: Sequence[str] = (),
    jumps: Mapping[str, Sequence[float]] | None = None,
    adjust_for: Sequence[str] = (),
    decompose: Sequence[str] = (),
    reference: Any = None,
    min_group: int = MIN_GROUP,
    missing: Sequence[str] = MISSING,
    encoding: str | None = None,
    skip_bad_rows: bool = False,
    search: bool = False,
    progress: Callable[[int], None] | None = None,
    **roles: str | None,
) -> Audit:
    """Audit a CSV, Parquet or JSON lines file of any size.

    Args:
        path: the file, one row a person (or a number of people, see ``count``).
        groups: columns to cross, each value a group.
        by: attributes, each by itself. Text and numbers of few values are groups; a number of many values,
            or a date of birth with ``on``, is a curve without bins.
        cross: crossings, each a list of columns; a number of many values needs ``bands``.
        bands: limits by column, each the first number of the next band.
        on: day for which dates of birth are turned into completed years.
        curves: attributes of ``by`` that are curves although they have few values.
        jumps: values, by attribute, at which a curve may jump; by default all are tried.
        adjust_for: columns held equal in adjusted gaps, and over which gaps are decomposed.
        decompose: conditions such as "age>=50": the gap between those who fulfil it and the others is split.
        reference: label of the group that others are compared with (one label a group column, or labels by
            column).
        min_group: smaller groups are suppressed.
        missing: texts that mean "not known".
        encoding, skip_bad_rows, progress: see :func:`bobanalysis.fairness.reading.read`.
        search: also search all combinations of the columns of ``groups`` and of each crossing.
        roles: ``prediction=``, ``outcome=``, ``score=``, ``weight=``, ``count=``, ``selected=``: columns, or
            conditions on a column; see :class:`bobanalysis.fairness.reading.Plan`.

    Returns:
        The :class:`Audit`, with one entry an attribute or crossing.

    Raises:
        InputError: (a ValueError) see :func:`bobanalysis.fairness.reading.read` and
            :func:`bobanalysis.fairness.attributes.attribute`; a number is to be crossed without bands.
        ValueError: the reference is not there; a group column has the name of a column of the measure frame.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "hired.csv"
        ...     _ = file.write_text("sex,hired\\n" + "F,yes\\nF,no\\nM,yes\\nM,yes\\n" * 10)
        ...     found = audit_file(file, by=["sex"], prediction="hired")
        >>> found["sex"].impact.select("category", "n", "impact_ratio").rows()
        [('F', 20, 0.5), ('M', 20, 1.0), ('unknown', 0, None)]
    """
    path, crossings = Path(path), [tuple(as_list(one)) for one in cross]
    by, groups, adjust, decompose = map(as_list, (by, groups, adjust_for, decompose))
    on = date.fromisoformat(on) if isinstance(on, str) else on
    conditions = {asked: split_condition(asked)[0] for asked in decompose}
    names = [*by, *(n for one in crossings for n in one), *groups, *adjust, *conditions.values()]
    plan = Plan(tuple(dict.fromkeys(names)), missing=tuple(missing), **roles)
    apart = bool(plan.weight) and bool(adjust or conditions or _some_numbers(path, by, encoding))
    reading = read(path, replace(plan, apart=apart), encoding, skip_bad_rows, progress)
    bands, jumps = bands or {}, jumps or {}
    if reference is not None and not isinstance(reference, Mapping) and len([*by, *crossings]) + bool(groups) > 1:
        raise InputError(f"reference {reference!r}: say of which attribute, as --reference {plan.groups[0]}=…")
    if unused := [n for n in (*bands, *curves, *jumps) if n not in names]:
        raise InputError(f"{unused[0]!r} is not among the attributes: {', '.join(dict.fromkeys(names))}")

    decided = {*by, *adjust, *conditions.values(), *(name for one in crossings for name in one)}
    found = {}
    for name in plan.groups:
        whole = reading.cube.over([name]).cells.group_by(name, maintain_order=True).agg(pl.col("_n").sum())
        kind: Kind | None = "curve" if name in curves else None if name in decided else "groups"
        options = {"bands": bands.get(name, ()), "on": on, "decimal_comma": reading.decimal_comma}
        found[name] = attribute(whole, name, kind=kind, **options)
    if plan.weight and not apart and any(found[name].kind == "curve" for name in by):
        reading = read(path, replace(plan, apart=True), encoding, skip_bad_rows, progress)
    ask = _Asked(reading, plan, found, min_group, reference, tuple(adjust), jumps)
    entries = [ask.curve(n) if found[n].kind == "curve" else ask.groups((n,)) for n in by]
    for one in crossings:
        if number := next((n for n in one if found[n].kind == "curve"), None):
            few = f"{number!r} is a number of {found[number].values.n_unique()} values"
            raise InputError(f"--cross {','.join(one)}: {few}; crossed it needs --bands {number}=25,35,50")
        entries.append(ask.groups(one, crossed=True, search=search))
    if groups:
        entries.append(ask.groups(tuple(groups), search=search))
    entries += [ask.decomposition(asked, name, by) for asked, name in conditions.items()]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    asked = {"groups": groups, "by": by, "cross": crossings, "bands": bands, "on": on, "curve": list(curves)}
    asked |= {"jump": jumps, "adjust_for": adjust, "decompose": decompose, **roles, "reference": reference}
    asked |= {"min_group": min_group if min_group != MIN_GROUP else None, "encoding": encoding}
    asked |= {"missing": None if missing is MISSING else missing, "skip_bad_rows": skip_bad_rows}
    asked |= {"search": search}
    people, notes = int(reading.cube.cells["_n"].sum()), list(reading.notes)
    for name in found if not groups else ():  # each entry says who is left out
        alone = reading.cube.over([name])
        unknown = people - int(alone.known().cells["_n"].sum())
        said = text("unknown_group", name=name, unknown=unknown, people=people)
        notes = [note for note in notes if note != said]
    told = {key: value for key, value in asked.items() if value}
    return Audit(path, plan, reading.rows, people, min_group, tuple(notes), tuple(entries), told, digest)


def _some_numbers(path: Path, names: Sequence[str], encoding: str | None) -> bool:
    """Whether any of some columns may hold numbers or dates, by its first rows."""
    if not names:
        return False
    table = open_table(path, encoding=encoding)
    first = next(table.batches([name for name in names if name in table.columns] or None, 1000)).frame
    return bool(first.select(pl.any_horizontal(pl.all().cast(pl.String).str.contains(r"^\s*[-+]?\d").any())).item())


@dataclass(frozen=True)
class _Asked:
    """What was read, and what is asked of it."""

    reading: Reading
    plan: Plan
    attributes: Mapping[str, Attribute]
    min_group: int
    reference: Any
    adjust: tuple[str, ...]
    jumps: Mapping[str, Sequence[float]]

    def groups(self, names: tuple[str, ...], crossed: bool = False, search: bool = False) -> Entry:
        """Measure the groups of one attribute, or of several crossed."""
        cells, scored = self._put(self.reading.cube, names), self._put(self.reading.scored, names)
        assert cells is not None
        several = "_prediction" in cells.cells.columns and not cells.binary
        options: dict[str, Any] = {"min_group": self.min_group}
        against = {**options, "reference": self._reference(names)}
        notes = [note for n in names if len(names) == 1 for note in self.attributes[n].notes]
        shown = cells
        if crossed:
            shown, empty = _with_nobody(cells)
            notes += [text("nobody", groups=empty)] if empty else []
        decided = shown if cells.binary else scored
        measures, adjusted = group_metrics(shown, **against), None
        impact = None if decided is None else impact_ratios(decided, **options)
        if impact is not None and crossed:
            impact = impact.filter(attributes=" × ".join(names))
        if len(names) == 1:
            adjusted, said = self._adjusted(names[0])
            notes += said
        return Entry(
            name=" × ".join(names),
            groups=names,
            kind=self.attributes[names[0]].kind if len(names) == 1 else "groups",
            notes=(*notes, *self._left_out(cells, measures)),
            measures=measures,
            gaps=_gaps(cells, self.min_group),
            summary=disparities(cells, **options) if cells.binary else None,
            impact=impact,
            by_median=not cells.binary,
            distances=distribution_distances(cells, **against) if several else None,
            calibration=_calibration(scored, **against),
            adjusted=adjusted,
            subgroups=find_subgroups(cells) if search and not several else None,
        )

    def curve(self, name: str) -> Entry:
        """Measure along a number."""
        parts: dict[str, list[pl.DataFrame]] = {"curve": [], "shape": [], "jumps": []}
        notes, people = list(self.attributes[name].notes), self._people
        asked: dict[str, Any] = {"along": "at", "value": "y", "count": "n"}
        asked |= {"weight": "weight"} if self.plan.weight else {}
        for metric, item, who, among in self._measured:
            of = people.filter(among).select(at=name, y=who.cast(pl.Float64), n="_n", weight="_weight")
            if of.drop_nulls().filter(pl.col("weight") > 0).is_empty():
                notes.append(text("no_curve", name=name, metric=text(f"metric_{metric}")))
                continue
            named = [pl.lit(metric).alias("metric"), pl.lit(item, pl.String).alias("item")]
            parts["curve"].append(curve(of, **asked).select(*named, pl.all()))
            parts["shape"].append(lack_of_fit(of, **asked).select(*named, pl.all()))
            found = discontinuities(of, at=self.jumps.get(name), **asked)
            parts["jumps"].append(found.select(*named, pl.all()))
        adjusted, said = self._adjusted(name)
        unknown, everybody = int(people.filter(pl.col(name).is_null())["_n"].sum()), int(people["_n"].sum())
        key = "off_curve" if unknown else "all_in"
        notes += [*said, text(key, name=name, unknown=unknown, people=everybody)]
        tables = {key: pl.concat(found) for key, found in parts.items() if found}
        return Entry(name, (name,), "curve", tuple(notes), adjusted=adjusted, **tables)

    def decomposition(self, asked: str, name: str, by: Sequence[str]) -> Entry:
        """Split the gap between those who fulfil a condition and the others."""
        columns = [n for n in self.adjust or by if n != name]
        if not columns:
            raise InputError(f"--decompose {asked}: say over which columns, with --adjust-for")
        one, other, notes, found = self.attributes[name], f"not {asked}", [], []
        held = pl.DataFrame({"held": fulfils(one, asked)}).select(
            pl.when("held").then(pl.lit(asked)).when(~pl.col("held")).then(pl.lit(other)).alias("side")
        )
        side = replace(one, values=held.to_series()).put(self.reading.people)[name]
        if unknown := int(self.reading.people.filter(side.is_null())["_n"].sum()):
            notes.append(text("no_side", asked=asked, unknown=unknown))
        strata = all(self.attributes[n].kind != "curve" for n in columns)
        for metric, who in self._modelled:
            table = self._rows(self._people.with_columns(side=side, y=who.cast(pl.Float64)).drop_nulls("side"))
            options = {"reference": other, "weight": "_weight" if self.plan.weight else None}
            try:
                parts = (kitagawa if strata else oaxaca)(table, "y", "side", columns, **options)
            except NotEstimableError as error:
                notes.append(text("not_estimable", metric=text(f"metric_{metric}"), why=error))
                continue
            found.append(parts.select(pl.lit(metric).alias("metric"), pl.all()))
        notes.append(text("kitagawa" if strata else "oaxaca", asked=asked, columns=", ".join(columns)))
        parts = pl.concat([pl.DataFrame(schema=_PARTS), *found], how="diagonal") if found else None
        return Entry(asked, (name,), "decomposition", tuple(notes), decomposition=parts)

    def _adjusted(self, name: str) -> tuple[pl.DataFrame | None, list[Text]]:
        """The gap of an attribute as it is, and between people alike in other columns."""
        columns, notes, found = [n for n in self.adjust if n != name], [], []
        for metric, who in self._modelled if columns else []:
            options: dict[str, Any] = {"weight": "_weight" if self.plan.weight else None}
            options["model"] = "linear" if metric == MEAN else "logit"
            if isinstance(self.reference, Mapping) and name in self.reference:
                options["reference"] = {name: self.reference[name]}
            try:
                table = self._rows(self._people.with_columns(y=who.cast(pl.Float64)))
                raw = adjusted_effects(table, "y", [name], **options).select("level", raw="effect")
                effects = adjusted_effects(table, "y", [name], columns, **options)
            except NotEstimableError as error:
                notes.append(text("not_estimable", metric=text(f"metric_{metric}"), why=error))
                continue
            found.append(effects.join(raw, on="level", nulls_equal=True, maintain_order="left"))
            found[-1] = found[-1].select(pl.lit(metric).alias("metric"), pl.all())
        if not found:
            return None, notes
        whole, few = pl.concat(found), pl.col("n") < self.min_group
        hidden = [pl.when(~few).then(pl.col(n)).alias(n) for n, kind in whole.schema.items() if kind == pl.Float64]
        notes.append(text("adjusted_for", columns=", ".join(columns), left_out=whole["left_out"].max()))
        return whole.with_columns(*hidden, suppressed=few), notes

    @cached_property
    def _people(self) -> pl.DataFrame:
        """People as the attributes are measured: labels as text, numbers as numbers."""
        people = self.reading.people
        for name, one in self.attributes.items():
            people = one.put(people)
            if one.kind != "curve":
                people = people.with_columns(pl.col(name).cast(pl.String).fill_null(UNKNOWN))
        return people if "_weight" in people.columns else people.with_columns(_weight=pl.lit(1.0))

    @staticmethod
    def _rows(people: pl.DataFrame) -> pl.DataFrame:
        """One row a person."""
        if (everybody := people["_n"].sum()) > MOST_MODELLED:
            raise NotEstimableError(f"{everybody:,} people, more than the {MOST_MODELLED:,} that a model takes")
        return people[np.repeat(np.arange(people.height), people["_n"].to_numpy())]

    @cached_property
    def _measured(self) -> list[tuple[str, str | None, pl.Expr, pl.Expr]]:
        """What is drawn along a number: metric, item, who counts, among whom."""
        cells, decided = self.reading.cube, pl.col("_prediction")
        found = [(name, None, *RATES[name]) for name in rates_of(cells) if name in _DRAWN]
        if "_prediction" in cells.cells.columns and not cells.binary:
            answers = cells.cells.drop_nulls("_prediction").group_by("_prediction").agg(pl.col("_n").sum())
            most = answers.sort("_n", "_prediction", descending=[True, False])["_prediction"]
            found += [("selection_rate", a, decided == a, decided.is_not_null()) for a in most[:MOST_ANSWERS]]
        if "_score" in self.reading.people.columns:
            found.append((MEAN, None, pl.col("_score"), pl.col("_score").is_not_null()))
        return found

    @property
    def _modelled(self) -> list[tuple[str, pl.Expr]]:
        """What is adjusted and decomposed: the decision and the score, or else the outcome."""
        found = {metric: who for metric, item, who, _ in self._measured if item is None}
        main = [name for name in ("selection_rate", MEAN) if name in found] or ["base_rate"]
        return [(name, found[name]) for name in main if name in found]

    def _put(self, cells: Cube | None, names: tuple[str, ...]) -> Cube | None:
        """Sums over some attributes, each as it is measured."""
        if cells is None:
            return None
        over = cells.over(names)
        for name in names:
            over = replace(over, cells=self.attributes[name].put(over.cells))
        return over.over(names)

    def _reference(self, names: tuple[str, ...]) -> Any:
        if not isinstance(self.reference, Mapping):
            return self.reference
        labels = tuple(self.reference.get(name) for name in names)
        return None if None in labels else labels

    def _left_out(self, cells: Cube, measures: pl.DataFrame) -> list[Text]:
        """Who is not in the comparisons, and why."""
        everybody = int(cells.cells["_n"].sum())
        unknown = everybody - int(cells.known().cells["_n"].sum())
        hidden = measures.filter(pl.col("suppressed"), metric="count")
        rates = measures.filter((pl.col("metric") != "count") & pl.col("value").is_null(), suppressed=False)
        left = []
        if unknown:
            left.append(text("no_group", unknown=unknown, people=everybody))
        if hidden.height:
            facts = {"groups": hidden.height, "people": hidden["n"].sum(), "min_group": self.min_group}
            left.append(text("hidden_groups", **facts))
        if rates.height:
            left.append(text("undefined_rates", rates=rates.height))
        return left or [text("nobody_left_out")]


def _with_nobody(cells: Cube) -> tuple[Cube, int]:
    """Add the crossed groups that nobody is in, and say how many there are."""
    known, names = cells.known().cells, list(cells.groups)
    levels = [known.select(name).unique().sort(name) for name in names]
    size = int(np.prod([level.height for level in levels]))
    empty = size - known.select(names).unique().height
    if not empty or size > MOST_EMPTY:
        return cells, empty
    every = levels[0]
    for level in levels[1:]:
        every = every.join(level, how="cross")
    kept = cells.cells.drop(names)
    nothing = [
        pl.lit(0 if kind.is_numeric() else kept[name].drop_nulls().first(), kind).alias(name)
        for name, kind in kept.schema.items()
    ]
    added = every.join(known, on=names, how="anti").with_columns(nothing)
    return replace(cells, cells=pl.concat([cells.cells, added.select(cells.cells.columns)])), empty


def _calibration(scored: Cube | None, reference: Any, min_group: int) -> pl.DataFrame | None:
    if scored is None or "_outcome" not in scored.cells.columns:
        return None
    cells = Cube(scored.cells.drop("_prediction"), scored.groups)
    found = calibration(cells, reference=reference, min_group=min_group)
    return None if found.is_empty() else found.filter(metric="base_rate")


def _gaps(cells: Cube, min_group: int) -> pl.DataFrame | None:
    """Test the largest gap of each main rate and of the mean between groups that are known."""
    if "_prediction" in cells.cells.columns and not cells.binary:
        return None
    known, scored = cells.known(), "_score_sum" in cells.cells.columns
    allowed = {*rates_of(cells), *([MEAN] if scored else [])}
    tests = [gap_test(known, metric=m, min_group=max(min_group, 2)) for m in _TESTED if m in allowed]
    found = [{name: getattr(test, name) for name in _GAP} for test in tests if test.value is not None]
    return pl.DataFrame(found, schema=_GAP) if found else None
