"""Old names of ``audit.grid`` and ``audit.changes``, for Bob over French ages and départements."""  # alias

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import polars as pl

from bobanalysis.audit import changes, grid
from bobanalysis.audit.changes import changed, largest, smallest_description, top_sets
from bobanalysis.audit.grid import Grid as Sweep
from bobanalysis.audit.grid import age_intervals
from bobanalysis.bob import Bob
from bobanalysis.population import paired_ages
from bobanalysis.rules import Expr

AGES = range(16, 71)
OUTCOMES = ("main_challenge", "overall_score", "first_advice", "advice", "first_strategy", "strategies")
cliffs, given = changes.discontinuities, changes.share_recommended


def stretches(rules: Iterable[Expr], ages: Iterable[int] = AGES) -> pl.DataFrame:
    """Return the ages, each with the one that can be run in its place."""
    return age_intervals(rules, ages)


def every_rule(bob: Bob) -> list[Expr]:
    """Return every expression of the pipeline."""
    return [*bob.roots.values()]


def sweep(
    bob: Bob,
    people: pl.DataFrame,
    ages: Iterable[int] | None = AGES,
    departements: Iterable[str] | Literal["own"] | None = None,
) -> Sweep:
    """Run the whole pipeline for each person at each age and in each département (``audit.answer_grid``)."""
    if "person_id" not in people.columns or people["person_id"].is_duplicated().any():
        return grid.answer_grid(bob, people)
    possible = paired_ages(people).filter("plausible_age").group_by("pair_id")
    youngest = possible.agg(youngest=pl.col("age").min()).rename({"pair_id": "person_id"})
    frame = people.join(youngest, on="person_id", how="left", maintain_order="left")
    places: Any = "all" if departements is None else departements
    return grid.answer_grid(bob, frame, "own" if ages is None else ages, places)


__all__ = [
    "AGES",
    "OUTCOMES",
    "Sweep",
    "changed",
    "cliffs",
    "every_rule",
    "given",
    "largest",
    "smallest_description",
    "stretches",
    "sweep",
    "top_sets",
]
