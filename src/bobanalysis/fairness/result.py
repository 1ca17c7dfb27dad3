"""What is asked of a file, and what it says: the question and the tables that answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.fairness.metrics import MIN_GROUP
from bobanalysis.fairness.reading import Plan
from bobanalysis.text import Text


@dataclass(frozen=True)
class Question:
    """What is asked of a file, beside what its columns are.

    Attributes:
        groups: columns to cross, each value a group.
        by: attributes, each by itself. Text and numbers of few values are groups; a number of many values,
            or a date of birth with ``on``, is a curve without bins.
        cross: crossings, each several columns; a number of many values needs ``bands``.
        bands: limits by column, each the first number of the next band; none make each value a group.
        on: day for which dates of birth are turned into completed years.
        curve: attributes of ``by`` that are curves although they have few values.
        jump: values, by attribute, at which a curve may jump; by default all are tried.
        adjust_for: columns held equal in adjusted gaps, and over which gaps are decomposed.
        decompose: conditions such as "age>=50": the gap between those who fulfil it and the others is split.
        reference: label of the group that others are compared with: by attribute, or one a group column.
        min_group: smaller groups are suppressed.
        search: also search all combinations of the columns of ``groups`` and of each crossing.
        protect: hide also what small groups could be worked out from, in every table.
        encoding, skip_bad_rows: see :func:`bobanalysis.fairness.reading.read`.
    """

    groups: Sequence[str] = ()
    by: Sequence[str] = ()
    cross: Sequence[Sequence[str]] = ()
    bands: Mapping[str, Sequence[float]] = field(default_factory=dict)
    on: date | str | None = None
    curve: Sequence[str] = ()
    jump: Mapping[str, Sequence[float]] = field(default_factory=dict)
    adjust_for: Sequence[str] = ()
    decompose: Sequence[str] = ()
    reference: Any = None
    min_group: int = MIN_GROUP
    search: bool = False
    protect: bool = False
    encoding: str | None = None
    skip_bad_rows: bool = False


@dataclass(frozen=True)
class Entry:
    """What a file says about one attribute, or about several crossed; ``entry["impact"]`` is a table of it.

    Attributes:
        name: "age", "age × region", or the condition of a decomposition.
        groups: the columns.
        kind: "groups", "bands", "curve" or "decomposition".
        notes: what the attribute was taken for, what was left out, and why.
        tables: those that the columns allow, in the order in which they are told:

            measures       the measure frame (:data:`bobanalysis.fairness.MEASURE_COLUMNS`), not for a curve
            curve          points for each ``metric`` and ``item``; see :func:`bobanalysis.fairness.curve`
            shape          for each of these, whether it is flat and whether it fits: see ``lack_of_fit``
            jumps          the named values, or the one with the largest jump: see ``discontinuities``
            gaps           a row a rate or mean whose largest gap between known groups was tested
            summary        largest differences and smallest ratios between known groups
            impact         impact ratios
            distances      distances between distributions of several answers
            calibration    observed rates by bin of the score
            ranking        how well the score ranks: area under the ROC curve; ``points`` of that curve
            adjusted       the gap as it is (``raw``) and between people alike in other columns (``effect``)
            decomposition  what the gap between those who fulfil a condition and the others is made of
            subgroups      the search over all combinations
        by_median: whether "selected" in the impact ratios means a score above the median.
    """

    name: str
    groups: tuple[str, ...]
    kind: str
    notes: tuple[Text, ...]
    tables: Mapping[str, pl.DataFrame]
    by_median: bool = False

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return a table."""
        return self.tables[name]


@dataclass(frozen=True, repr=False)
class Result:
    """What a file says about its attributes; ``audit["age"]`` is the entry of one.

    Attributes:
        path: the file.
        plan: which columns were read as what.
        question: what was asked.
        rows: rows read.
        people: people they stand for (rows, or the sum of the column of counts).
        notes: what the reader must know.
        entries: one an attribute, in the order they were asked for, then one a crossing or decomposition.
        sha256: digest of the file.
    """

    path: Path
    plan: Plan
    question: Question
    rows: int
    people: int
    notes: tuple[Text, ...]
    entries: tuple[Entry, ...]
    sha256: str

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of an attribute, or of a crossing such as "age × region"."""
        return {entry.name: entry for entry in self.entries}[name]
