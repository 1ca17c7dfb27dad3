"""Audit of a file: every measure that its columns allow, from one reading (two where there is a score)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness.calibration import calibration_table
from bobanalysis.fairness.cube import UNKNOWN, Cube
from bobanalysis.fairness.disparity import disparity_table
from bobanalysis.fairness.distances import distance_table
from bobanalysis.fairness.impact import impact_table
from bobanalysis.fairness.metrics import MIN_GROUP, measures
from bobanalysis.fairness.multiplicity import with_tests
from bobanalysis.fairness.reading import MISSING, Note, Plan, Reading, read
from bobanalysis.fairness.subgroups import subgroup_table

MOST_TESTED = 2_000
"""Most groups between which gaps are tested."""
_MOST_ROWS = 3_000_000
_TESTED = ("selection_rate", "false_positive_rate", "false_negative_rate")


@dataclass(frozen=True)
class Audit:
    """What a file says about its groups.

    Attributes:
        path: the file.
        plan: which columns were read as what.
        rows: rows read.
        people: people they stand for (rows, or the sum of the column of counts).
        min_group: smallest group shown.
        notes: what the reader must know, in French and English.
        measures: the measure frame of all groups crossed (:data:`bobanalysis.fairness.MEASURE_COLUMNS`).
        summary: largest differences and smallest ratios between known groups, None without a decision.
        impact: impact ratios, attribute by attribute and crossed, None without a decision or a score.
        by_median: whether "selected" in ``impact`` means a score above the median.
        distances: distances between distributions, None unless there are several answers.
        calibration: observed rates by bin of the score, None without a score and an outcome.
        gaps: one row a rate whose largest gap was tested: ``metric``, ``value``, ``high``, ``low``,
            ``ci_low``, ``ci_high``, ``p_value``; None where there is none.
        subgroups: the search over all combinations, None unless asked for.
    """

    path: Path
    plan: Plan
    rows: int
    people: int
    min_group: int
    notes: tuple[Note, ...]
    measures: pl.DataFrame
    summary: pl.DataFrame | None = None
    impact: pl.DataFrame | None = None
    by_median: bool = False
    distances: pl.DataFrame | None = None
    calibration: pl.DataFrame | None = None
    gaps: pl.DataFrame | None = None
    subgroups: pl.DataFrame | None = None


def audit_file(
    path: str | Path,
    groups: Sequence[str],
    prediction: str | None = None,
    outcome: str | None = None,
    score: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    selected: str | None = None,
    reference: Any = None,
    min_group: int = MIN_GROUP,
    missing: Sequence[str] = MISSING,
    encoding: str | None = None,
    skip_bad_rows: bool = False,
    search: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Audit a CSV or Parquet file of any size.

    Args:
        path: the file, one row a person (or a number of people, see ``count``).
        groups: columns to cross.
        prediction, outcome: a column of yes and no in any of the usual words, or a condition on a column:
            ``decile_score>=5``, ``score_text=High,Medium``. A prediction in other words, without an outcome,
            is one of several answers.
        score: a column of numbers.
        weight: a column of weights, zero or more.
        count: a column saying for how many people a row stands.
        selected: a column saying how many of these were selected, in place of ``prediction``.
        reference: label of the group that others are compared with, or one label a group column.
        min_group: smaller groups are suppressed.
        missing: texts that mean "not known".
        encoding, skip_bad_rows, progress: see :func:`bobanalysis.fairness.reading.read`.
        search: also search all combinations of the group columns.

    Returns:
        The :class:`Audit`.

    Raises:
        ReadError: (a ValueError) see :func:`bobanalysis.fairness.reading.read`.
        ValueError: the reference is not there; a group column has the name of a column of the measure frame.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "hired.csv"
    ...     _ = file.write_text("sex,hired\\n" + "F,yes\\nF,no\\nM,yes\\nM,yes\\n" * 10)
    ...     found = audit_file(file, ["sex"], prediction="hired")
    >>> found.impact.select("category", "n", "impact_ratio").rows()
    [('F', 20, 0.5), ('M', 20, 1.0), ('unknown', 0, None)]
    """
    names = (groups,) if isinstance(groups, str) else tuple(dict.fromkeys(groups))
    plan = Plan(names, prediction, outcome, score, weight, count, selected, tuple(missing))
    reading = read(Path(path), plan, encoding, skip_bad_rows, progress)
    cells, notes = reading.cube, list(reading.notes)
    found = with_tests(measures(cells, reference, min_group))
    binary = "_prediction" in cells.cells.columns and cells.cells.schema["_prediction"] == pl.Boolean
    several = "_prediction" in cells.cells.columns and not binary
    decided = cells if binary else reading.scored
    gaps, more = _gaps(cells, plan, binary, min_group)
    notes += more
    subgroups = None
    if search and not several:
        subgroups = subgroup_table(cells)
    return Audit(
        path=Path(path),
        plan=plan,
        rows=reading.rows,
        people=int(cells.cells["_n"].sum()),
        min_group=min_group,
        notes=tuple(notes),
        measures=found,
        summary=disparity_table(cells, include_unknown=False, min_group=min_group) if binary else None,
        impact=None if decided is None else impact_table(_no_items(decided), min_group=min_group),
        by_median=not binary,
        distances=distance_table(cells, reference, min_group) if several else None,
        calibration=_calibration(reading, reference, min_group),
        gaps=gaps,
        subgroups=subgroups,
    )


def _no_items(cells: Cube) -> Cube:
    if "_item" not in cells.cells.columns:
        return cells
    keys = [*cells.groups, "_prediction"]
    return Cube(cells.cells.group_by(keys).agg(pl.col("_n", "_w", "_w2").sum()), cells.groups)


def _calibration(reading: Reading, reference: Any, min_group: int) -> pl.DataFrame | None:
    if reading.scored is None or "_outcome" not in reading.scored.cells.columns:
        return None
    known = reading.scored.cells.filter(pl.col("_outcome").is_not_null() & pl.col("_item").is_not_null())
    if known.is_empty():
        return None
    cells = Cube(known.drop("_prediction"), reading.scored.groups)
    return calibration_table(cells, reading.bins, reference, min_group)


def _gaps(cells: Cube, plan: Plan, binary: bool, min_group: int) -> tuple[pl.DataFrame | None, list[Note]]:
    """Test the largest gap of each main rate, where rows are people of the same weight."""
    groups = cells.cells.select(cells.groups).n_unique()
    if not binary or groups < 2:
        return None, []
    people = int(cells.cells["_n"].sum())
    if plan.weight or groups > MOST_TESTED or people > _MOST_ROWS:
        return None, [
            (
                "Le plus grand écart n’est pas testé ici (poids, plus de "
                f"{MOST_TESTED} groupes ou plus de {_MOST_ROWS} personnes) : voir "
                "bobanalysis.fairness.gap_test en Python.",
                f"The largest gap is not tested here (weights, more than {MOST_TESTED} groups or more than "
                f"{_MOST_ROWS} people): see bobanalysis.fairness.gap_test in Python.",
            )
        ]
    from bobanalysis.fairness.gaps import gap_test

    text = [pl.col(name).cast(pl.String) for name in cells.groups]
    known = cells.cells.filter(~pl.any_horizontal(part.fill_null(UNKNOWN) == UNKNOWN for part in text))
    keys = known.select(*text, *(key for key in cells.keys if key not in cells.groups))
    rows = keys[np.repeat(np.arange(keys.height), known["_n"].to_numpy())]
    found = []
    if keys.select(cells.groups).n_unique() < 2 or not keys["_prediction"].count():
        return None, []
    for metric in _TESTED:
        if metric != "selection_rate" and not plan.outcome:
            continue
        test = gap_test(
            rows,
            list(cells.groups),
            prediction="_prediction",
            outcome="_outcome" if plan.outcome else None,
            metric=metric,
            min_group=max(min_group, 2),
        )
        if test.value is not None:
            columns = ("metric", "value", "high", "low", "ci_low", "ci_high", "p_value")
            found.append({name: getattr(test, name) for name in columns})
    return (pl.DataFrame(found), []) if found else (None, [])
