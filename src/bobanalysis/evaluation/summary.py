"""Evaluate a run: measures per person, and their means with intervals, for everybody and by group."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from operator import add
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import polars.selectors as cs

from bobanalysis.cluster.workers import Workers
from bobanalysis.evaluation import by_group
from bobanalysis.evaluation import lists as frames
from bobanalysis.evaluation.by_group import EVERYONE, GIVES_AWAY, Hidden, Sets
from bobanalysis.evaluation.files import read_qrels, read_run
from bobanalysis.evaluation.lists import Array, EvaluationError, EvaluationWarning, Lists, Missing, Notes
from bobanalysis.evaluation.measures import Metric, parse_all
from bobanalysis.fairness import MIN_GROUP, UNKNOWN, intervals
from bobanalysis.fairness.attributes import day
from bobanalysis.tables import InputError, Part

Interval = Literal["t", "bootstrap"]

Undefined = Literal["null", "zero"]

_INTERVALS = ("t", "bootstrap")
_UNDEFINED = {"null": "null, and not in the mean", "zero": "counted as 0 (trec_eval 10, ir_measures)"}
REPLICATES = 2000
_BCA = 5000
_NUMBERS = ("value", "ci_low", "ci_high")
SHARES = 8
"""Shares of the queries where a cluster does not say how many workers it has."""


@dataclass(frozen=True)
class Evaluation:
    """What :func:`evaluate` returns, printed as its table; frames are of the library that the run came in.

    Attributes:
        table: one row a measure and group: ``metric``, the group columns (first "everyone"), ``n`` people
            with a value, ``undefined`` people without one, ``value`` (mean; the measure itself where it is
            about all lists together), ``ci_low``, ``ci_high``, ``suppressed``.
        per_query: one row a query: its name, its groups, one column a measure, null where undefined.
        notes: what was dropped or assumed: ``what``, ``count``, ``meaning``.
        measures: what was asked for.
        query_name: what the run calls its query column.
        sets: the attributes that are groups, each a column or several that are crossed.
        numbers: those that are curves, each the column of numbers and those that it is crossed with.
        exposure: with ``item_group``, one row a group of items: its share of the ``exposure`` (attention, 1 /
            log2(place + 1)) with a 95 % interval, of the ``catalogue`` and of the ``relevant`` items, and the
            ratios of the first to the others; otherwise None.
        hidden: with ``protect``, the groups that are hidden, by the columns that are crossed.
    """

    table: Any
    per_query: Any
    notes: Any
    measures: tuple[Metric, ...]
    query_name: str
    sets: Sets = ()
    numbers: Sets = ()
    exposure: Any = None
    hidden: Hidden = field(default_factory=dict)

    @cached_property
    def gaps(self) -> Any:
        """The largest gap of each measure a query between the groups of each attribute.

        One row a measure and attribute: ``n`` people, ``groups`` compared, ``value`` (largest difference of
        means), ``ci_low``, ``ci_high``, the ``high`` and ``low`` group, ``p_value``, ``p_adjusted`` (Holm,
        for all rows), groups ``left_out`` as too small, ``reason`` where nothing can be tested; see
        :func:`bobanalysis.fairness.gap_test`. Whoever is in no group is left out.
        """
        return self._of_each(by_group.gaps, self.sets)

    @cached_property
    def curves(self) -> Any:
        """Each measure a query along a number: ``at``, ``value``, ``ci_low``, ``ci_high``, and a band.

        The band (``band_low``, ``band_high``, 95 %) holds for the whole curve at once, and for those of all
        groups that the number is crossed with; see :func:`bobanalysis.fairness.curve`.
        """
        return self._of_each(by_group.curves, self.numbers)

    def _of_each(self, compute: Any, sets: Sets) -> Any:
        each, back = frames.to_polars(self.per_query)
        return back(compute(each, sets, [m for m in self.measures if m.measure.per == "query"], self.hidden))

    @property
    def per_person(self) -> list[str]:
        """Labels of the measures that have a value a query."""
        return [metric.label for metric in self.measures if metric.measure.per == "query"]

    def __repr__(self) -> str:
        """Return the table as its library prints it."""
        return str(self.table)

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it."""
        return str(frames.to_polars(self.table)[0]._repr_html_())


def evaluate(
    run: Any,
    qrels: Any | None,
    metrics: str | Iterable[str],
    groups: Any | None = None,
    items: Any | None = None,
    missing: Missing = "zero",
    interval: Interval = "t",
    by: Sequence[str | Sequence[str]] | None = None,
    undefined: Undefined = "null",
    bands: Mapping[str, Sequence[float]] | None = None,
    item_group: str | None = None,
    on: str | date | None = None,
    protect: bool = False,
) -> Evaluation:
    """Evaluate ranked lists.

    Args:
        run: one row a person and item, with ``rank`` or ``score``; see :func:`prepare`. Or what it returned.
        qrels: one row a person and judged item, with ``relevance``; None if no measure needs it.
        metrics: names, such as ``["ndcg@5", "map"]`` or ``"ndcg@5,map"``; ``measures.yaml`` has them all.
        groups: one row a person: the query column, and one or more columns to group by. Whoever has none is
            in the group "unknown".
        items: the catalogue, for coverage, Gini, novelty and diversity: column ``item``; ``popularity`` (how
            many people, or what share of them, have, want or know the item) for novelty; numeric columns for
            the cosine distance, text columns for the mismatch distance.
        missing: judged people without a list: "zero" or "skip"; see :func:`prepare`.
        interval: of a mean (95 %): Student's "t", or "bootstrap" (BCa) for skewed values. Rates, and means
            whose values are all the same, have Wilson's interval. Measures of all lists together have none: a
            bootstrap of people always covers fewer items.
        by: columns of ``groups``, each by itself; several in a list are crossed. None: all, each by itself. A
            column of numbers with more than 20 values is not cut into groups, but is a curve.
        undefined: values that are undefined: "null" leaves them out of means; "zero" counts them as 0, as
            ``trec_eval`` 10 and ir_measures do.
        bands: limits that cut a column of numbers into groups, each the first number of the next band:
            ``{"age": [25, 35, 50]}``; no limits, ``{"age": []}``, make each value a group.
        item_group: column of ``items`` whose groups' exposure is wanted.
        on: day, as 2026-01-31, for which dates of birth in ``groups`` are turned into completed years.
        protect: hide also the groups, and their numbers of people, that small ones could be worked out from
            in all tables together; ``per_query`` still has everybody.

    Returns:
        The evaluation. What is undefined is null, counted, and warned about; groups of fewer than 11 people
        are suppressed.

    Raises:
        EvaluationError: see :func:`prepare`, :func:`parse`; or a person in two groups.
        InputError: a column named in ``by`` holds dates of many values, and ``on`` is not given.
        ValueError: with ``protect``, so few people that even their number gives small groups away, or a group
            called "total".

    Source: intervals: :mod:`bobanalysis.fairness.intervals`; Efron, JASA 82 (1987), 171-185.

    >>> run = pl.DataFrame({"person_id": ["a", "a", "b"], "item": ["x", "y", "x"], "rank": [1, 2, 1]})
    >>> qrels = pl.DataFrame({"person_id": ["a", "b"], "item": ["y", "x"], "relevance": [1, 1]})
    >>> evaluate(run, qrels, "mrr").per_query.rows()
    [('a', 0.5), ('b', 1.0)]
    """
    known: Any
    for name, given, known in ("interval", interval, _INTERVALS), ("undefined", undefined, _UNDEFINED):
        if given not in known:
            raise EvaluationError(f"{name}={given!r} is not one of: {', '.join(known)}")
    asked = parse_all(metrics)
    lists = run if isinstance(run, Lists) else frames.prepare(run, qrels, missing)
    for name, needs in ((m.label, m.measure.needs) for m in asked):
        if needs == "items" and items is None:
            raise EvaluationError(f"{name} needs items=: a frame with one row an item of the catalogue")
        if needs == "qrels" and not lists.truth[0].size and not lists.values:
            raise EvaluationError(f"{name} needs judgements: give qrels=")
    catalogue = None if items is None else _catalogue(items)
    if item_group is not None and catalogue is None:
        raise EvaluationError("item_group needs items=: a frame with one row an item of the catalogue")
    labels, ignored = _groups(lists, groups)
    sets = [[one] if isinstance(one, str) else list(one) for one in (labels.columns if by is None else by)]
    for name in (name for names in sets for name in names if name not in labels.columns):
        there = ", ".join(labels.columns) or "none; give groups="
        raise EvaluationError(f"by: groups has no column {name!r}; it has: {there}")
    labels = labels.select([*dict.fromkeys(name for names in sets for name in names)])
    for name in (name for name in labels.columns if by and (labels[name] == UNKNOWN).all()):
        raise EvaluationError(f"groups: column {name!r} has no value for anybody evaluated; leave it out")
    for name in {*labels.columns} & {metric.label for metric in asked}:
        raise EvaluationError(f"groups: rename {name!r}; a measure is called that")
    each: dict[str, Array] = {}
    told: Notes = [] if lists.values else _without_relevant(lists, asked)
    told.append(("groups of people without lists or judgements", ignored, "left out"))
    labels, numbers = by_group.kinds(labels, bands or {}, told, day(on), by is not None)
    along = [sorted(names, key=lambda name: name not in numbers) for names in sets if numbers & {*names}]
    for first, *rest in (names for names in along if numbers & {*names[1:]}):
        raise EvaluationError(f"by: {first} and {rest[0]} are numbers of many values; give bands for one")
    sets = [names for names in sets if not numbers & {*names}]
    told = [one for one in told if not (protect and one[0].startswith("people "))]  # of a group
    parts = [part for names in sets for part in _parts(labels.select(names))]
    for metric in (m for m in asked if m.measure.per == "query"):
        values = metric(lists, catalogue) if metric.measure.needs == "items" else metric(lists)
        if lost := int(np.count_nonzero(np.isnan(values))):
            ends = "they are not in its mean" if undefined == "null" else "they count as 0"
            text = f"{metric.label} is undefined for {lost} of {lists.size} queries; {ends}"
            warnings.warn(text, EvaluationWarning, stacklevel=2)
            told.append((f"queries where {metric.label} is undefined", lost, _UNDEFINED[undefined]))
        each[metric.label] = values if undefined == "null" else np.nan_to_num(values)
    asked_about, everybody = [[], *sets, *(names[1:] for names in along)], np.ones(lists.size)
    hidden = by_group.unsafe(labels, [everybody, *each.values()], asked_about) if protect else {}
    rows: list[dict[str, Any]] = []
    everyone = {name: EVERYONE for name in labels.columns if any(name in names for names in sets)}
    for at, here in (({}, everybody > 0), *parts):
        people = int(np.count_nonzero(here))
        few = bool(at) and (people < MIN_GROUP or " × ".join(at.values()) in hidden.get(tuple(at), ()))
        for metric in asked:
            if metric.measure.per == "query":
                found = _mean(metric, each[metric.label][here], interval)
            else:
                found = {"n": people, "undefined": 0, "value": float(metric(lists, catalogue, here))}
            if few:
                found |= dict.fromkeys((*_NUMBERS, *(("n", "undefined") if protect else ())))
            rows.append({"metric": metric.label, **everyone, **at, **found, "suppressed": few})
    kinds: dict[str, Any] = dict.fromkeys(("metric", *everyone), pl.String)
    kinds |= {"n": pl.Int64, "undefined": pl.Int64, **dict.fromkeys(_NUMBERS, pl.Float64)}
    table = pl.DataFrame(rows, {**kinds, "suppressed": pl.Boolean}).with_columns(cs.float().fill_nan(None))
    lost = protect * table.filter("suppressed").height // len(asked)
    told.append(("groups hidden", lost, GIVES_AWAY.removeprefix("hidden: ")))
    columns = {name: pl.Series(values).fill_nan(None) for name, values in each.items()}
    named = labels.with_columns(cs.enum().cast(pl.String))
    per_query = pl.DataFrame({lists.query_name: lists.queries, **named.to_dict(), **columns})
    back = lists.back
    shown = item_group and back(by_group.exposure(lists, catalogue, item_group, protect))  # type: ignore[arg-type]
    made = back(table), back(per_query), back(_notes(lists, told, catalogue)), tuple(asked), lists.query_name
    return Evaluation(*made, sets, along, shown, hidden)


def measured(run: Path, qrels: Path, team: Workers, **asked: Any) -> Lists:
    """Measure each query of a run by itself, the queries shared among workers.

    Whose share a query is a hash of its name says, so that its rows may be spread over files: each worker
    reads all files, one after another, and keeps the rows of its share.

    Args:
        run, qrels: files, or folders of files alike, that all workers see.
        team: who works, on as many shares (of a cluster eight).
        asked: ``metrics``, all of them a value a query, ``missing`` and ``items``, as for :func:`evaluate`.

    Returns:
        The queries with their values, for :func:`evaluate`. Where a share has no query with a list and
        judgements, or something is wrong with a file, what one process makes of all, or says of it.

    Raises:
        InputError: see :func:`read_run`, :meth:`bobanalysis.cluster.workers.Workers.combine`.
    """
    count, files = team.number or SHARES, (run, qrels)
    work = partial(_of_share, [path.resolve() if team.scheduler else path for path in files], count, asked)
    found = team.combine(work, [Part(run, number) for number in range(count)], add)
    if None in found:
        return frames.prepare(read_run(run), read_qrels(qrels), asked["missing"])
    for told in dict.fromkeys(text for *_, texts in found for text in texts):
        warnings.warn(told, EvaluationWarning, stacklevel=2)
    each, notes = (pl.concat(share[at] for share in found) for at in (0, 1))
    name, *labels = each.columns
    each, none = each.sort(name), np.zeros(0, np.int64)
    known = notes.filter(~pl.col("what").str.ends_with(" is undefined"))  # that is counted anew
    sums = pl.col("count").sum(), pl.col("meaning").min()
    notes, laid = known.group_by("what", maintain_order=True).agg(sums), (none, none, np.zeros(0))
    about = (name, each[name], none, pl.Series, laid, laid, notes, lambda frame: frame, pl.DataFrame)
    return Lists(*about, {label: each[label].to_numpy() for label in labels})


def _of_share(files: Sequence[Path], count: int, asked: dict[str, Any], part: Part) -> list[Any]:
    """Return values and notes of a share, and the warnings; None if it cannot be evaluated."""
    share = part.number, count
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EvaluationWarning)
        try:
            found = evaluate(read_run(files[0], share), read_qrels(files[1], share), **asked)
        except InputError:
            return [None]
    return [(found.per_query, found.notes, [str(one.message) for one in caught])]


def _without_relevant(lists: Lists, asked: Sequence[Metric]) -> Notes:
    """Count the queries without an item that is relevant to measures asked for; say which grade there is."""
    notes, highest = [], float(lists.truth[2].max(initial=0))
    for rel in dict.fromkeys(float(m.arguments["rel"]) for m in asked if "rel" in m.arguments):
        names = [m.label for m in asked if m.arguments.get("rel") == rel]
        todo = f"; for the highest grade: {re.split('[(@]', names[0])[0]}(rel={highest:g})"
        text = f"nothing is relevant there to {', '.join(names)}{todo if 0 < highest < rel else ''}"
        count = int(np.count_nonzero(lists.relevant(rel) == 0))
        notes.append((f"queries with no item of relevance {rel:g} or more", count, text))
    return notes


def _mean(metric: Metric, values: Array, interval: Interval, seed: int = 0) -> dict[str, Any]:
    """Mean and interval; past ``_BCA`` people percentiles, as BCa leaves each of n people out of n."""
    known = values[~np.isnan(values)]
    n, found = known.size, {"n": known.size, "undefined": values.size - known.size}
    if n == 0:
        return found
    mean, flat, bounded = float(known.mean()), bool(np.ptp(known) == 0), metric.measure.bounded
    ends: Any = (np.nan, np.nan)  # values that are all alike tell nothing about their spread
    if bounded and (metric.measure.binary or flat):
        ends = intervals.wilson(mean, n)
    elif not flat and interval == "bootstrap":
        from scipy.stats import bootstrap

        method, batch = ("BCa" if n <= _BCA else "percentile"), max(1, 4_000_000 // n)
        options: dict[str, Any] = {"n_resamples": REPLICATES, "method": method, "batch": batch}
        ends = bootstrap((known,), np.mean, rng=seed, **options).confidence_interval
    elif not flat:
        ends = intervals.student(mean, known.var(), n)
    low, high = (float(np.clip(end, 0, 1) if bounded else end) for end in ends)
    return found | {"value": mean, "ci_low": low, "ci_high": high}


def _catalogue(items: Any) -> pl.DataFrame:
    """Check a frame of items; ``code`` numbers them."""
    frame = frames.to_polars(items)[0]
    name = frames.column(frame, "item", "items")
    frame = frame.rename({name: "item"}).with_columns(pl.col("item").cast(pl.String))
    if frame.is_empty() or frame["item"].null_count():
        raise EvaluationError(f"items: {frame.height} rows, {frame['item'].null_count()} without an item")
    frames.once(frame, ["item"], "items", "describe an item once")
    if "popularity" in frame.columns:
        frame = frame.with_columns(popularity=frames.numbers(frame, "popularity", "items"))
        for low in frame["popularity"].filter(frame["popularity"] < 0).head(1):
            raise EvaluationError(f"items: a popularity of {low}; it is a number or a share of people")
    return frame.sort("item").with_row_index("code")


def _groups(lists: Lists, groups: Any | None) -> tuple[pl.DataFrame, int]:
    """Return the group labels of each query, as text, and how many rows of ``groups`` are of nobody here."""
    if groups is None:
        return pl.DataFrame(), 0
    frame = frames.to_polars(groups)[0]
    name = lists.query_name if lists.query_name in frame.columns else frames.column(frame, "query", "groups")
    labels = [column for column in frame.columns if column != name]
    reserved = {"metric", "n", "undefined", *_NUMBERS, "suppressed", "query"}
    if not labels or reserved & set(labels):
        wrong = f"rename {min(reserved & set(labels))!r}" if labels else "it has no column to group by"
        raise EvaluationError(f"groups: {wrong}")
    frames.once(frame, [name], "groups", "a person has one row")
    frame = frame.with_columns(pl.col(name).cast(pl.String))
    here = pl.DataFrame({name: lists.queries}).join(frame, on=name, how="left", maintain_order="left")
    ignored = frame.join(here.select(name), on=name, how="anti").height
    if ignored == frame.height:
        first = frame[name][0] if frame.height else "nobody"
        apart = f"{first!r} there, {lists.queries[0]!r} in the run; write both alike"
        raise EvaluationError(f"groups: column {name!r} has nobody who is evaluated: {apart}")
    text = here.select(pl.col(labels).cast(pl.String).fill_null(UNKNOWN))
    for label in (label for label in labels if EVERYONE in text[label]):
        raise EvaluationError(f"groups: rename the group {EVERYONE!r} of {label!r}: the total is called that")
    return text, ignored


def _parts(labels: pl.DataFrame) -> list[tuple[dict[str, str], Any]]:
    """Return each group in alphabetical order, as labels and a mask."""
    if not labels.columns:
        return []
    code = labels.select(pl.struct(labels.columns).rank("dense")).to_series().to_numpy()
    kinds = labels.unique().sort(labels.columns).iter_rows(named=True)
    return [(row, code == number) for number, row in enumerate(kinds, 1)]


def _notes(lists: Lists, told: Notes, items: pl.DataFrame | None) -> pl.DataFrame:
    if items is not None:
        unknown = lists.rows.cast({"item": pl.String}).join(items, on="item", how="anti").height
        told.insert(0, ("listed items not in the catalogue", unknown, "left out of the measures of items"))
    more = pl.DataFrame(told, lists.notes.schema, orient="row").filter(pl.col("count") > 0)
    return pl.concat([lists.notes, more])
