"""Evaluate a run: measures per person, and their means with intervals, for everybody and by group."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.evaluation.lists import (
    Array,
    EvaluationError,
    EvaluationWarning,
    Lists,
    Missing,
    column,
    once,
    prepare,
    to_polars,
)
from bobanalysis.evaluation.measures import Items, Metric, parse_all
from bobanalysis.fairness import MIN_GROUP, UNKNOWN, intervals

Interval = Literal["t", "bootstrap"]

EVERYONE = "everyone"
REPLICATES = 2000


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
    """

    table: Any
    per_query: Any
    notes: Any
    measures: tuple[Metric, ...]
    query_name: str

    @property
    def per_person(self) -> list[str]:
        """Labels of the measures that have a value a query."""
        return [metric.label for metric in self.measures if metric.measure.per == "query"]

    def to_frame(self) -> Any:
        """Return ``table``."""
        return self.table

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return str(to_polars(self.table)[0]._repr_html_())

    def long(self) -> Any:
        """Return ``per_query`` with one row a query and measure: columns ``metric`` and ``value``.

        Gaps between groups follow:
        ``fairness.group_metrics(e.long(), ["age"], score="value", item="metric")``.
        """
        frame, back = to_polars(self.per_query)
        keys = [name for name in frame.columns if name not in self.per_person]
        return back(frame.unpivot(self.per_person, index=keys, variable_name="metric", value_name="value"))


def evaluate(
    run: Any,
    qrels: Any | None,
    metrics: str | Iterable[str],
    groups: Any | None = None,
    items: Any | None = None,
    missing: Missing = "zero",
    interval: Interval = "t",
    confidence: float = 0.95,
    min_group: int = MIN_GROUP,
    seed: int = 0,
) -> Evaluation:
    """Evaluate ranked lists.

    Args:
        run: one row a person and item, with ``rank`` or ``score``; see :func:`prepare`. Or what it returned.
        qrels: one row a person and judged item, with ``relevance``; None if no measure needs it.
        metrics: names, such as ``["ndcg@5", "map"]`` or ``"ndcg@5,map"``; they are in :mod:`bobanalysis.evaluation.measures`.
        groups: one row a person: the query column, and one or more columns to group by (crossed). Whoever
            has none is in the group "unknown".
        items: the catalogue, for coverage, Gini, novelty and diversity; see :meth:`Items.read`.
        missing: judged people without a list: "zero" or "skip"; see :func:`prepare`.
        interval: of a mean: Student's "t", or "bootstrap" (BCa) for skewed values. Rates, and means whose
            values are all the same, have Wilson's interval. Measures of all lists together have none: a
            bootstrap of people always covers fewer items.
        confidence: nominal coverage.
        min_group: groups of fewer people are suppressed.
        seed: of the bootstrap.

    Returns:
        The evaluation. What is undefined is null, counted, and warned about.

    Raises:
        EvaluationError: see :func:`prepare`, :func:`parse`; or a person in two groups.

    Source: intervals: :mod:`bobanalysis.fairness.intervals`; Efron, JASA 82 (1987), 171-185.

    >>> run = pl.DataFrame({"person_id": ["a", "a", "b"], "item": ["x", "y", "x"], "rank": [1, 2, 1]})
    >>> qrels = pl.DataFrame({"person_id": ["a", "b"], "item": ["y", "x"], "relevance": [1, 1]})
    >>> evaluate(run, qrels, "mrr").per_query.rows()
    [('a', 0.5), ('b', 1.0)]
    """
    if interval not in ("t", "bootstrap"):
        raise EvaluationError(f"interval={interval!r} is not one of: t, bootstrap")
    asked = parse_all(metrics)
    lists = run if isinstance(run, Lists) else prepare(run, qrels, missing)
    catalogue = _catalogue(asked, items)
    labels, ignored = _groups(lists, groups)
    each: dict[str, Array] = {}
    for one in (one for one in asked if one.measure.per == "query"):
        each[one.label] = one(lists, catalogue) if one.measure.needs == "items" else one(lists)
        if lost := int(np.count_nonzero(np.isnan(each[one.label]))):
            text = f"{one.label} is undefined for {lost} of {lists.size} queries; they are not in its mean"
            warnings.warn(text, EvaluationWarning, stacklevel=2)
    rows: list[dict[str, Any]] = []
    for group, here in _parts(labels, lists.size):
        everyone = all(label == EVERYONE for label in group.values())
        hidden = not everyone and int(np.count_nonzero(here)) < min_group
        for one in asked:
            if one.measure.per == "query":
                found = _mean(one, each[one.label][here], interval, confidence, seed)
            else:
                found = _whole(one, lists, catalogue, here)
            if hidden:
                found |= dict.fromkeys(("value", "ci_low", "ci_high"))
            rows.append({"metric": one.label, **group, **found, "suppressed": hidden})
    order = ["metric", *labels.columns, "n", "undefined", "value", "ci_low", "ci_high", "suppressed"]
    kinds = dict.fromkeys(("value", "ci_low", "ci_high"), pl.Float64)
    table = pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None).select(order)
    notes = _notes(lists, each, catalogue, ignored)
    columns = {name: pl.Series(values).fill_nan(None) for name, values in each.items()}
    per_query = pl.DataFrame({lists.query_name: lists.queries, **labels.to_dict(), **columns})
    return Evaluation(*map(lists.back, (table, per_query, notes)), tuple(asked), lists.query_name)


def bootstrap(
    values: Array, confidence: float, seed: int, replicates: int = REPLICATES
) -> tuple[float, float]:
    """Return the BCa interval of a mean: bias-corrected and accelerated percentiles of resampled means.

    Resampling draws how often each *distinct* value comes, which has the same distribution and costs little
    where measures take few values.

    >>> low, high = bootstrap(np.array([0.0, 0.5, 1.0, 1.0, 0.25] * 8), 0.95, seed=1)
    >>> low < 0.55 < high
    True
    """
    from scipy.special import ndtr, ndtri

    n, mean = values.size, float(values.mean()) if values.size else float("nan")
    if n < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(values, return_counts=True)
    means = np.empty(replicates)
    step = max(1, 4_000_000 // distinct.size)
    for first in range(0, replicates, step):
        drawn = rng.multinomial(n, counts / n, size=min(step, replicates - first))
        means[first : first + step] = drawn @ distinct / n
    below = (np.count_nonzero(means < mean) + np.count_nonzero(means == mean) / 2) / replicates
    bias = ndtri(np.clip(below, 1 / replicates, 1 - 1 / replicates))
    apart = values - mean
    spread = np.sum(apart**2) ** 1.5
    acceleration = np.sum(apart**3) / (6 * spread) if spread > 0 else 0.0
    z = bias + ndtri(np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))
    low, high = np.quantile(means, ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def _mean(one: Metric, values: Array, interval: Interval, confidence: float, seed: int) -> dict[str, Any]:
    known = values[~np.isnan(values)]
    n, undefined = known.size, values.size - known.size
    found: dict[str, Any] = {"n": n, "undefined": undefined, "value": None, "ci_low": None, "ci_high": None}
    if n == 0:
        return found
    mean, flat = float(known.mean()), bool(np.all(known == known[0]))
    if one.measure.bounded and (one.measure.binary or flat):
        low, high = (float(end) for end in intervals.wilson(mean, n, confidence))
    elif flat:
        low = high = float("nan")  # values that are all alike tell nothing about their spread
    elif interval == "bootstrap":
        low, high = bootstrap(known, confidence, seed)
    else:
        low, high = (float(end) for end in intervals.student(mean, known.var(), n, confidence))
    if one.measure.bounded:
        low, high = max(low, 0.0), min(high, 1.0)
    found |= {"value": mean}
    return found if np.isnan(low) else found | {"ci_low": low, "ci_high": high}


def _whole(one: Metric, lists: Lists, items: Items | None, here: Array) -> dict[str, Any]:
    value = float(one(lists, items, here))
    found = {"n": int(np.count_nonzero(here)), "undefined": 0, "ci_low": None, "ci_high": None}
    return found | {"value": None if np.isnan(value) else value}


def _catalogue(asked: Sequence[Metric], items: Any | None) -> Items | None:
    needing = [one.label for one in asked if one.measure.needs == "items"]
    if items is None and needing:
        raise EvaluationError(f"{needing[0]} needs items=: a frame with one row an item of the catalogue")
    return None if items is None else Items.read(items)


def _groups(lists: Lists, groups: Any | None) -> tuple[pl.DataFrame, int]:
    """Return the group labels of each query, as text, and how many rows of ``groups`` are of nobody here."""
    if groups is None:
        return pl.DataFrame(), 0
    frame = to_polars(groups)[0]
    name = lists.query_name if lists.query_name in frame.columns else column(frame, "query", "groups")
    labels = [column for column in frame.columns if column != name]
    reserved = {"metric", "n", "undefined", "value", "ci_low", "ci_high", "suppressed", "query"}
    if not labels or reserved & set(labels):
        wrong = f"rename {min(reserved & set(labels))!r}" if labels else "it has no column to group by"
        raise EvaluationError(f"groups: {wrong}")
    once(frame, [name], "groups", "a person has one row")
    frame = frame.with_columns(pl.col(name).cast(pl.String))
    here = pl.DataFrame({name: lists.queries}).join(frame, on=name, how="left", maintain_order="left")
    ignored = frame.join(here.select(name), on=name, how="anti").height
    text = here.select(pl.col(labels).cast(pl.String).fill_null(UNKNOWN))
    if clash := [label for label in labels if EVERYONE in text[label]]:
        raise EvaluationError(
            f"groups: rename the group {EVERYONE!r} of {clash[0]!r}: the total is called that"
        )
    return text, ignored


def _parts(labels: pl.DataFrame, size: int) -> list[tuple[dict[str, str], Any]]:
    """Return everyone, then each group in alphabetical order, as labels and a mask."""
    parts = [(dict.fromkeys(labels.columns, EVERYONE), np.ones(size, bool))]
    if not labels.columns:
        return parts
    coded = labels.with_columns(code=pl.struct(labels.columns).rank("dense"))
    code = coded["code"].to_numpy()
    kinds = coded.unique("code").sort("code")
    for row in kinds.iter_rows(named=True):
        number = row.pop("code")
        parts.append((row, code == number))
    return parts


def _notes(lists: Lists, each: dict[str, Array], items: Items | None, ignored: int) -> pl.DataFrame:
    rows: list[tuple[str, int, str]] = []
    if items is not None:
        unknown = lists.rows.join(items.frame, on="item", how="anti").height
        rows.append(("listed items not in the catalogue", unknown, "left out of the measures of items"))
    rows.append(("groups of people without lists or judgements", ignored, "left out"))
    for name, values in each.items():
        lost = int(np.count_nonzero(np.isnan(values)))
        rows.append((f"queries where {name} is undefined", lost, "null, and not in the mean"))
    more = pl.DataFrame(rows, lists.notes.schema, orient="row").filter(pl.col("count") > 0)
    return pl.concat([lists.notes, more])
