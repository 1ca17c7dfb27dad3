"""Audit of a file: each attribute by itself, then crossed, with every measure that its columns allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property, reduce
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.cluster.workers import ALONE, Workers
from bobanalysis.fairness._cube import UNKNOWN, Cube, as_list
from bobanalysis.fairness.adjusted import adjusted_effects
from bobanalysis.fairness.attributes import Attribute, Kind, attribute, day, fulfils, split_condition
from bobanalysis.fairness.curves import curve, discontinuities, lack_of_fit
from bobanalysis.fairness.decomposition import kitagawa, oaxaca
from bobanalysis.fairness.disclosure import MOST_EXACT, Shield, suppress, top_and_bottom_coded
from bobanalysis.fairness.disparity import disparities, impact_ratios
from bobanalysis.fairness.distances import distribution_distances
from bobanalysis.fairness.export import long
from bobanalysis.fairness.gaps import MEAN, ODDS, gap_test
from bobanalysis.fairness.metrics import RATES, group_metrics, rates_of
from bobanalysis.fairness.page import fragment, printed
from bobanalysis.fairness.ranking import calibration, roc_area, roc_points
from bobanalysis.fairness.reading import MISSING, Plan, Reading, read
from bobanalysis.fairness.regression import NotEstimableError
from bobanalysis.fairness.result import Entry, Question, Result
from bobanalysis.fairness.subgroups import find_subgroups
from bobanalysis.fairness.survey import REPLICATES, Design
from bobanalysis.fairness.texts import text
from bobanalysis.tables import InputError, digest, load_yaml
from bobanalysis.text import Text

MOST_EMPTY = 300
"""Crossed groups, those of nobody among them, that are listed; of more, those of nobody are left out."""
MOST_MODELLED = 2_000_000
"""Rows that say different things up to which models of single people are fitted."""
MOST_ANSWERS = 12
"""Answers, the most frequent ones, that get a curve each."""
_TESTED = ("selection_rate", "false_positive_rate", "false_negative_rate", ODDS, MEAN)
_DRAWN = ("selection_rate", "base_rate", "false_positive_rate", "false_negative_rate")
_GAP = {"metric": pl.String, "value": pl.Float64, "high": pl.String, "low": pl.String}
_GAP |= dict.fromkeys(("ci_low", "ci_high", "p_value"), pl.Float64)
_COUNTED = ("n", "n_here", "left_out")
_PARTS: dict[str, Any] = dict.fromkeys(("metric", "part", "column"), pl.String)
_PARTS |= dict.fromkeys(("contribution", "ci_low", "ci_high"), pl.Float64)


class Audit(Result):
    """What a file says, as it shows itself: as tables, in Python and in a notebook."""

    @property
    def table(self) -> pl.DataFrame:
        """All tables of all entries as one long table: see ``long.yaml``."""
        return long(self)

    def __repr__(self) -> str:
        """Return the tables as text of 80 columns."""
        return printed(self)

    def _repr_html_(self) -> str:
        return fragment(self)


def audit_file(
    path: str | Path,
    groups: Sequence[str] = (),
    *,
    missing: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
    workers: Workers = ALONE,
    **asked: Any,
) -> Audit:
    """Audit a CSV, Parquet or JSON lines file, or a folder of them, of any size.

    Args:
        path: the file, one row a person (or a number of people, see ``count``).
        groups: columns to cross, each value a group.
        missing: texts that mean "not known".
        progress: see :func:`bobanalysis.fairness.reading.read`.
        workers: who reads the parts of the file.
        asked: ``by=``, ``cross=``, ``bands=``, …: see :class:`Question`; and ``prediction=``,
            ``outcome=``, ``score=``, ``weight=``, ``count=``, ``selected=``: columns, or conditions on
            one; see :class:`bobanalysis.fairness.reading.Plan`.

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
        >>> found["sex"]["impact"].select("category", "n", "impact_ratio").rows()
        [('F', 20, 0.5), ('M', 20, 1.0), ('unknown', 0, None)]
    """
    roles = {one.name: asked.pop(one.name) for one in fields(Plan) if one.name in asked}
    lists = {name: as_list(asked.get(name) or []) for name in ("by", "curve", "adjust_for", "decompose")}
    path, question = Path(path), Question(as_list(groups), **asked | lists)
    conditions = {one: split_condition(one)[0] for one in question.decompose}
    crossed = [name for one in question.cross for name in as_list(one)]
    decided = [*question.by, *crossed, *question.adjust_for, *conditions.values()]
    names = tuple(dict.fromkeys([*decided, *question.groups]))
    plan = Plan(names, **roles, missing=MISSING if missing is None else tuple(missing))
    _check(question, plan)
    background = ThreadPoolExecutor(1)
    background.submit(import_module, "scipy.special")  # it takes long, and the file is read by other threads
    options = (question.encoding, question.skip_bad_rows, progress, workers)
    apart = bool(plan.weight and (question.adjust_for or conditions))
    reading, found = read(path, replace(plan, apart=apart), *options), {}
    digested = background.submit(digest, path)
    on = day(question.on)
    for name in names:
        whole = reading.cube.over([name]).cells.group_by(name, maintain_order=True).agg(pl.col("_n").sum())
        kind: Kind | None = None if name in decided and question.bands.get(name) != () else "groups"
        kind = "curve" if name in question.curve else kind
        bands, comma = question.bands.get(name, ()), reading.decimal_comma
        found[name] = attribute(whole, name, bands=bands, on=on, kind=kind, decimal_comma=comma)
    if on and not any(text("age_on", name=n, on=on.isoformat()) in one.notes for n, one in found.items()):
        raise InputError(f"--on {on}: {', '.join(names)} hold no dates of birth that all exist; leave it out")
    if plan.weight and not apart and any(found[name].kind == "curve" for name in question.by):
        reading = read(path, replace(plan, apart=True), *options)  # a curve needs the weight of each person
    if still := [name for name in question.jump if found[name].kind != "curve"]:
        raise InputError(f"--jump {still[0]}: it is no curve here; --curve {still[0]} makes it one")
    ask = _Asked(reading, plan, question, found)
    entries = [ask.curve(n) if found[n].kind == "curve" else ask.groups([n]) for n in question.by]
    entries += [ask.groups(as_list(one), crossed=True) for one in question.cross]
    entries += [ask.groups(question.groups)] if question.groups else []
    entries += [ask.decomposition(one, name) for one, name in conditions.items()]
    people = int(reading.cube.cells["_n"].sum())
    notes = (text("protected"),) if question.protect else reading.notes  # they count people
    notes += (reading.cube.sample.told(),) if reading.cube.sample else ()
    several = reading.cube.cells.schema.get("_prediction") == pl.String
    notes += (text("no_model"),) * bool(several and (question.adjust_for or conditions or question.search))
    return Audit(path, plan, question, reading.rows, people, notes, tuple(entries), digested.result())


def _check(asked: Question, plan: Plan) -> None:
    """Refuse what cannot be asked together or would change nothing, in the words of ``refusals.yaml``."""
    by, decided, units = {*asked.by}, plan.prediction or plan.score, plan.strata or plan.cluster
    value, drawn, given = decided or plan.outcome, units or plan.replicate_weights, asked.reference
    more, adjusted = asked.search or asked.decompose, any({*asked.adjust_for} - {name} for name in by)
    names, among = (*asked.bands, *asked.curve, *asked.jump), ", ".join(plan.groups)
    lost = [name for name in names if name not in plan.groups]
    tables = [{name} for name in by] + [{*as_list(one)} for one in (*asked.cross, asked.groups) if one]
    told = {*given} if isinstance(given, Mapping) else {*plan.groups} if given and not tables else set()
    idle = sorted(told - {name for one in tables if one <= told for name in one})
    wrong = {"nothing": not (value or plan.selected), "names": not plan.groups, "lost": lost}
    wrong |= {"selected": plan.selected and (value or not plan.count), "protect": asked.protect and more}
    wrong |= {"several": len(tables) > 1 and not isinstance(given, Mapping | None), "idle": idle}
    wrong |= {"survey": drawn and more, "count": drawn and plan.count and not plan.cluster}
    wrong |= {"lonely": plan.lonely and not (units and plan.lonely in ("centre", "refuse"))}
    wrong |= {"kind": plan.replicate_kind and not plan.replicate_weights, "jump": {*asked.jump} - by}
    wrong |= {"adjust_for": asked.adjust_for and not (asked.decompose or adjusted)}
    wrong |= {"bands": {*asked.curve} & {*asked.bands}, "search": asked.search and not tables}
    wrong |= {"outcome": plan.outcome and decided and not tables}
    if found := [key for key, holds in wrong.items() if holds]:
        said = load_yaml(dict[str, str], files("bobanalysis.fairness") / "refusals.yaml")[found[0]]
        raise InputError(said.format(asked=asked, plan=plan, among=among, lost=lost, idle=idle))


@dataclass(frozen=True)
class _Asked:
    """What was read, and what is asked of it."""

    reading: Reading
    plan: Plan
    question: Question
    attributes: Mapping[str, Attribute]

    def groups(self, names: Sequence[str], crossed: bool = False) -> Entry:
        """Measure the groups of one attribute, or of several crossed."""
        alone = self.attributes[names[0]] if len(names) == 1 else None
        if number := next((n for n in names if crossed and self.attributes[n].kind == "curve"), None):
            few = f"{number!r} is a number of {self.attributes[number].values.n_unique()} values"
            raise InputError(f"--cross {','.join(names)}: {few}; crossed it needs --bands {number}=25,35,50")
        cells, scored = self._put(self.reading.cube, names), self._put(self.reading.scored, names)
        assert cells is not None
        notes, shown = list(alone.notes) if alone else [], cells
        if crossed:
            shown, empty = _with_nobody(cells)
            notes += [text("nobody", groups=empty)] if empty else []
        decided = shown if cells.binary else scored
        of_several = "_prediction" in cells.cells.columns and not cells.binary
        least: dict[str, Any] = {"min_group": self.question.min_group}
        against = {**least, "reference": self._reference(names)}
        shield, measures = self._shield, group_metrics(shown, **against)
        measures = shield.conceal(measures, names) if shield else measures
        tables = {"measures": measures, "gaps": _gaps(cells, shield, **least)}
        tables["summary"] = disparities(cells, shield=shield, **least) if cells.binary else None
        if decided is not None and (cells.binary or not shield):
            impact = impact_ratios(decided, shield=shield, **least)
            tables["impact"] = impact.filter(attributes=" × ".join(names)) if crossed else impact
        if shield:
            return _entry(" × ".join(names), names, alone.kind if alone else "groups", [], tables)
        tables["distances"] = distribution_distances(cells, **against) if of_several else None
        tables["calibration"] = _calibration(scored, **against)
        if ranked := self._put(self.reading.ranked, names):
            tables["ranking"] = roc_area(ranked, **least)
            tables["points"] = roc_points(scored, **least)
        tables["adjusted"] = self._adjusted(names[0], notes) if alone else None
        tables["subgroups"] = find_subgroups(cells) if self.question.search and not of_several else None
        notes += self._left_out(cells, measures)
        kind = alone.kind if alone else "groups"
        return _entry(" × ".join(names), names, kind, notes, tables, by_median=not cells.binary)

    def curve(self, name: str) -> Entry:
        """Measure along a number."""
        parts: dict[str, list[pl.DataFrame]] = {"curve": [], "shape": [], "jumps": []}
        notes, people, least = list(self.attributes[name].notes), self._people, self.question.min_group
        if self._reference([name]):
            raise InputError(f"--reference of {name!r}: a curve has no groups; --bands makes some of it")
        asked: dict[str, Any] = {"along": "at", "value": "y", "count": "n"}
        asked |= {"weight": "weight"} if self.plan.weight else {}
        drawn = people.select(pl.col(r"^_(stratum|psu|r\d+_w)$")).columns
        asked |= {"design": self._design} if drawn else {}
        for metric, item, who, among in self._measured:
            # where units matter, those of whom nobody counts do too
            of = people if drawn else people.filter(among)
            y, n = pl.when(among).then(who.cast(pl.Float64)), pl.when(among).then("_n").otherwise(0)
            of = of.select(*drawn, at=name, y=y, n=n, weight="_weight")
            if of.drop_nulls().filter(pl.col("weight") > 0)["n"].sum() < least:
                notes.append(text("no_curve", metric=text(f"metric_{metric}"), least=least))
                continue
            if self.question.protect:
                of = top_and_bottom_coded(of, "at", "n", least)
            jumps = discontinuities(of, at=self.question.jump.get(name) or None, **asked)
            shape = lack_of_fit(of, **asked)
            named = pl.lit(metric).alias("metric"), pl.lit(item, pl.String).alias("item")
            points = curve(of, **asked).with_columns(pl.when(pl.col("n_here") >= least).then("n_here"))
            if self.question.protect:  # no numbers of people, nor what few have at one place or on one side
                points = points.with_columns(pl.lit(None, pl.Int64).alias(c) for c in _COUNTED)
                shape = shape.with_columns(observed=pl.lit(None, pl.Float64))
                points = suppress(points, of, least, pl.Expr.eq) if points.height <= MOST_EXACT else points
                jumps = suppress(jumps, of, least)
            for key, found in zip(parts, (points, shape, jumps), strict=True):
                parts[key].append(found.select(*named, pl.all()))
        tables = {key: pl.concat(found) if found else None for key, found in parts.items()}
        if self.question.protect:
            return _entry(name, [name], "curve", [text("ends", least=least)], tables)
        tables["adjusted"] = self._adjusted(name, notes)
        unknown, everybody = int(people.filter(pl.col(name).is_null())["_n"].sum()), int(people["_n"].sum())
        notes += [text("off_curve" if unknown else "all_in", name=name, unknown=unknown, people=everybody)]
        return _entry(name, [name], "curve", notes, tables)

    def decomposition(self, asked: str, name: str) -> Entry:
        """Split the gap between those who fulfil a condition and the others."""
        columns = [n for n in self.question.adjust_for or self.question.by if n != name]
        if not columns:
            raise InputError(f"--decompose {asked}: say over which columns, with --adjust-for")
        one, other, notes = self.attributes[name], f"not {asked}", []
        held = fulfils(one, asked).replace_strict({True: asked, False: other}, return_dtype=pl.String)
        side = replace(one, values=held).put(self.reading.people)[name]
        if unknown := int(self.reading.people.filter(side.is_null())["_n"].sum()):
            notes.append(text("no_side", asked=asked, unknown=unknown))
        strata = all(self.attributes[n].kind != "curve" for n in columns)
        notes.append(text("kitagawa" if strata else "oaxaca", asked=asked, columns=", ".join(columns)))

        def split(people: pl.DataFrame, model: str, **options: Any) -> pl.DataFrame:
            options |= {"reference": other}
            return (kitagawa if strata else oaxaca)(people, "_value", "_side", columns, **options)

        people = self._people.with_columns(_side=side).drop_nulls("_side")
        if few := min(people.group_by("_side").agg(pl.col("_n").sum())["_n"]) < self.question.min_group:
            notes.append(text("few_on_a_side", min_group=self.question.min_group))
        found = None if few else self._modelled(split, people, notes)
        parts = None if found is None else pl.concat([pl.DataFrame(schema=_PARTS), found], how="diagonal")
        return _entry(asked, [name], "decomposition", notes, {"decomposition": parts})

    def _adjusted(self, name: str, notes: list[Text]) -> pl.DataFrame | None:
        """The gap of an attribute as it is, and between people alike in other columns."""
        columns = [n for n in self.question.adjust_for if n != name]
        reference = dict(zip([name], self._reference([name]) or (), strict=False))

        def effects(people: pl.DataFrame, **options: Any) -> pl.DataFrame:
            options |= {"reference": reference}
            raw = adjusted_effects(people, "_value", [name], **options).select("level", raw="effect")
            found = adjusted_effects(people, "_value", [name], columns, **options)
            return found.join(raw, on="level", nulls_equal=True, maintain_order="left")

        found = self._modelled(effects, self._people, notes) if columns else None
        if found is None:
            return None
        notes.append(text("adjusted_for", columns=", ".join(columns), left_out=found["left_out"].max()))
        few = pl.col("n") < self.question.min_group
        return found.with_columns(pl.when(~few).then(pl.col(pl.Float64)), suppressed=few)

    def _modelled(self, call: Callable[..., pl.DataFrame], people: pl.DataFrame, notes: list[Text]) -> Any:
        """What a call says of the decision and of the score, or else of the outcome, from rows of people."""
        whose = {metric: who for metric, item, who, _ in self._measured if item is None}
        options: dict[str, Any] = {"weight": "_weight" if self.plan.weight else None, "count": "_n"}
        options |= {"design": self._design} if self.plan.design else {}
        found, held, plan = [], self.question.adjust_for or self.question.by, self.plan
        for metric in [m for m in ("selection_rate", MEAN) if m in whose] or [*whose][:1]:
            try:
                own = plan.score if metric == MEAN else plan.selected or plan.prediction or plan.outcome
                if own in held:  # nothing is left to compare
                    raise NotEstimableError(f"{own!r} itself is among the columns held equal")
                if people.height > MOST_MODELLED:
                    raise NotEstimableError(f"{people.height:,} kinds of people, above {MOST_MODELLED:,}")
                table = people.with_columns(_value=whose[metric].cast(pl.Float64))
                part = call(table, model="linear" if metric == MEAN else "logit", **options)
                found.append(part.select(pl.lit(metric).alias("metric"), pl.all()))
            except NotEstimableError as error:
                notes.append(text("not_estimable", metric=text(f"metric_{metric}"), why=error))
        return pl.concat(found) if found else None

    @cached_property
    def _people(self) -> pl.DataFrame:
        """People as the attributes are measured: labels as text, numbers as numbers."""
        people = self.reading.people
        for name, one in self.attributes.items():
            people = one.put(people)
            if one.kind != "curve":
                people = people.with_columns(pl.col(name).cast(pl.String).fill_null(UNKNOWN))
        people = people.with_columns(pl.col(REPLICATES) / pl.col("_n"))  # of a person, as weights are
        return people if "_weight" in people.columns else people.with_columns(_weight=pl.lit(1.0))

    @property
    def _design(self) -> Design:
        """How the people were drawn, in the columns that they have."""
        given = self.plan.design or Design()
        again = Design(replicates="_r*_w", kind=given.kind)
        return again if given.replicates else Design("_stratum", "_psu", lonely="centre")

    @cached_property
    def _shield(self) -> Shield | None:
        """What hides small groups of all attributes, and of all ways to cross them."""
        names = [name for name, one in self.attributes.items() if one.kind != "curve"]
        cells = self._put(self.reading.cube, names) if self.question.protect and names else None
        return Shield(cells, self.question.min_group) if cells else None

    @cached_property
    def _measured(self) -> list[tuple[str, str | None, pl.Expr, pl.Expr]]:
        """What is drawn along a number: metric, item, who counts, among whom."""
        cells, decided = self.reading.cube, pl.col("_prediction")
        found: list[Any] = [(name, None, *RATES[name]) for name in rates_of(cells) if name in _DRAWN]
        if "_prediction" in cells.cells.columns and not cells.binary:
            answers = cells.cells.drop_nulls("_prediction").group_by("_prediction").agg(pl.col("_n").sum())
            most = answers.sort("_n", "_prediction", descending=[True, False])["_prediction"]
            found += [("selection_rate", a, decided == a, decided.is_not_null()) for a in most[:MOST_ANSWERS]]
        if "_score" in self.reading.people.columns:
            found.append((MEAN, None, pl.col("_score"), pl.col("_score").is_not_null()))
        return found

    def _put(self, cells: Cube | None, names: Sequence[str]) -> Cube | None:
        """Sums over some attributes, each as it is measured."""
        if cells is None:
            return None
        over = cells.over(names)
        known = [self.attributes[name] for name in names if self.attributes[name].kind != "curve"]
        placed = reduce(lambda frame, one: one.put(frame), known, over.cells)
        return replace(over, cells=placed).over(names)

    def _reference(self, names: Sequence[str]) -> Any:
        """The labels of the group that others are compared with, one a column."""
        given = self.question.reference
        asked = given if isinstance(given, tuple | list) else [given]
        asked = [*map(given.get, names)] if isinstance(given, Mapping) else asked
        labels = [self.attributes[name].label(one) for name, one in zip(names, asked, strict=False)]
        return None if None in asked else [*labels, *asked[len(labels) :]]

    def _left_out(self, cells: Cube, measures: pl.DataFrame) -> list[Text]:
        """Who is not in the comparisons, and why."""
        everybody = int(cells.cells["_n"].sum())
        unknown = everybody - int(cells.known().cells["_n"].sum())
        hidden = measures.filter(pl.col("suppressed"), metric="count")
        rates = measures.filter((pl.col("metric") != "count") & pl.col("value").is_null(), suppressed=False)
        facts = {"groups": hidden.height, "people": hidden["n"].sum(), "min_group": self.question.min_group}
        left = [text("no_group", unknown=unknown, people=everybody)] if unknown else []
        left += [text("hidden_groups", **facts)] if hidden.height else []
        left += [text("undefined_rates", rates=rates.height)] if rates.height else []
        return left or [text("nobody_left_out")]


def _entry(name: str, groups: Sequence[str], kind: str, notes: Any, tables: Any, **rest: bool) -> Entry:
    there = {key: table for key, table in tables.items() if table is not None}
    return Entry(name, tuple(groups), kind, tuple(notes), there, **rest)


def _with_nobody(cells: Cube) -> tuple[Cube, int]:
    """Add the crossed groups that nobody is in, and say how many there are."""
    known, names = cells.known().cells, list(cells.groups)
    levels = [known.select(name).unique().sort(name) for name in names]
    size = int(np.prod([level.height for level in levels]))
    empty = size - known.select(names).unique().height
    if not empty or size > MOST_EMPTY:
        return cells, empty
    every = reduce(lambda one, other: one.join(other, how="cross"), levels)
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
    cells = replace(scored, cells=scored.cells.drop("_prediction"))
    found = calibration(cells, reference=reference, min_group=min_group)
    return None if found.is_empty() else found.filter(metric="base_rate")


def _gaps(cells: Cube, shield: Shield | None, min_group: int) -> pl.DataFrame | None:
    """Test the largest gap of each main rate and of the mean between groups that are known."""
    if "_prediction" in cells.cells.columns and not cells.binary:
        return None
    known, scored = cells.known(), "_score_sum" in cells.cells.columns
    allowed = {*rates_of(cells), *([MEAN] if scored else [])}
    allowed |= {ODDS} if "false_positive_rate" in allowed else set()
    shown = {m: shield.known(known, m) if shield else known for m in _TESTED if m in allowed}
    tests = [gap_test(cells, metric=m, min_group=max(min_group, 2)) for m, cells in shown.items()]
    found = [{name: getattr(test, name) for name in _GAP} for test in tests if test.value is not None]
    return pl.DataFrame(found, schema=_GAP) if found else None
