"""Audit of a file: every measure that its columns allow, from one reading (two where there is a score)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.fairness._calibration import calibration
from bobanalysis.fairness._cube import Cube
from bobanalysis.fairness.disparity import disparities
from bobanalysis.fairness.distances import distribution_distances
from bobanalysis.fairness.gaps import MEAN, gap_test
from bobanalysis.fairness.impact import impact_ratios
from bobanalysis.fairness.metrics import MIN_GROUP, group_metrics, rates_of
from bobanalysis.fairness.reading import MISSING, Plan, read
from bobanalysis.fairness.subgroups import find_subgroups
from bobanalysis.text import Text

_TESTED = ("selection_rate", "false_positive_rate", "false_negative_rate", MEAN)
_GAP = {"metric": pl.String, "value": pl.Float64, "high": pl.String, "low": pl.String}
_GAP |= dict.fromkeys(("ci_low", "ci_high", "p_value"), pl.Float64)


@dataclass(frozen=True)
class Audit:
    """What a file says about its groups.

    Attributes:
        path: the file.
        plan: which columns were read as what.
        rows: rows read.
        people: people they stand for (rows, or the sum of the column of counts).
        min_group: smallest group shown.
        notes: what the reader must know.
        measures: the measure frame of all groups crossed (:data:`bobanalysis.fairness.MEASURE_COLUMNS`).
        summary: largest differences and smallest ratios between known groups, None without a decision.
        impact: impact ratios, attribute by attribute and crossed, None without a decision or a score.
        by_median: whether "selected" in ``impact`` means a score above the median.
        distances: distances between distributions, None unless there are several answers.
        calibration: observed rates by bin of the score, None without a score and an outcome.
        gaps: one row a rate or mean whose largest gap between known groups was tested: ``metric``, ``value``,
            ``high``, ``low``, ``ci_low``, ``ci_high``, ``p_value``; None where there is none.
        subgroups: the search over all combinations, None unless asked for.
    """

    path: Path
    plan: Plan
    rows: int
    people: int
    min_group: int
    notes: tuple[Text, ...]
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
    *,
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
        groups: columns to cross.
        reference: label of the group that others are compared with, or one label a group column.
        min_group: smaller groups are suppressed.
        missing: texts that mean "not known".
        encoding, skip_bad_rows, progress: see :func:`bobanalysis.fairness.reading.read`.
        search: also search all combinations of the group columns.
        roles: ``prediction=``, ``outcome=``, ``score=``, ``weight=``, ``count=``, ``selected=``: columns, or
            conditions on a column; see :class:`bobanalysis.fairness.reading.Plan`.

    Returns:
        The :class:`Audit`.

    Raises:
        InputError: (a ValueError) see :func:`bobanalysis.fairness.reading.read`.
        ValueError: the reference is not there; a group column has the name of a column of the measure frame.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "hired.csv"
        ...     _ = file.write_text("sex,hired\\n" + "F,yes\\nF,no\\nM,yes\\nM,yes\\n" * 10)
        ...     found = audit_file(file, ["sex"], prediction="hired")
        >>> found.impact.select("category", "n", "impact_ratio").rows()
        [('F', 20, 0.5), ('M', 20, 1.0), ('unknown', 0, None)]
    """
    names = (groups,) if isinstance(groups, str) else tuple(dict.fromkeys(groups))
    plan = Plan(names, missing=tuple(missing), **roles)
    reading = read(Path(path), plan, encoding, skip_bad_rows, progress)
    cells = reading.cube
    several = "_prediction" in cells.cells.columns and not cells.binary
    decided = cells if cells.binary else reading.scored
    return Audit(
        path=Path(path),
        plan=plan,
        rows=reading.rows,
        people=int(cells.cells["_n"].sum()),
        min_group=min_group,
        notes=reading.notes,
        measures=group_metrics(cells, reference=reference, min_group=min_group),
        summary=disparities(cells, min_group=min_group) if cells.binary else None,
        impact=None if decided is None else impact_ratios(decided, min_group=min_group),
        by_median=not cells.binary,
        distances=distribution_distances(cells, reference=reference, min_group=min_group)
        if several
        else None,
        calibration=_calibration(reading.scored, reference, min_group),
        gaps=_gaps(cells, min_group),
        subgroups=find_subgroups(cells) if search and not several else None,
    )


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
