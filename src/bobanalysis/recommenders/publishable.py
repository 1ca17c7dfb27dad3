"""What the modelled population may not be asked: age and place together.

No source counts job seekers by age, job and place at once. The model gives every place the national ages of
its jobs, so a figure by age *and* place made from it would be an assumption printed as a result. The refusal
is code, so that no report can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import polars as pl

from bobanalysis.population import Population

AGE = r"(^|[-_])(age([-_]|$)|birth|cohort|generation)"
PLACE = r"(^|[-_])(dep([-_]|$)|d[eé]partement|r[eé]gion|bassin|city|commune|zone|place|postcode|insee)"
"""Names of columns that are an age or a place."""
Origin = Population | Literal["paired", "own"]
WHY = (
    "No source counts job seekers by age, job and place at once: age crossed with place cannot be estimated"
    " from the modelled population. Use paired profiles."
)


class NotEstimableError(ValueError):
    """A figure that the people at hand cannot give; the message says why and what can be asked instead."""


def publishable(frame: pl.DataFrame, groups: Sequence[str], population: Origin) -> pl.DataFrame:
    """Return ``frame`` if figures by ``groups`` may be published from it; refuse otherwise.

    Parameters: ``frame``, one row a person (or profile); ``groups``, the columns to cross; ``population``,
    where the people come from: a modelled population (which ``frame`` was cut from),
    "paired" for paired profiles (checked: each person has each combination of the groups, equally often), or
    "own" for a table of real people that is not the model's.

    Raises NotEstimableError if age × place is asked of a modelled population: by two groups, or by one of
    them within a cut of the other (the people of one département by age). A column counts as age or place by
    its name, or if its values follow from age or from the département. KeyError for a missing column.

    >>> from bobanalysis.population import modelled
    >>> people = modelled(200)
    >>> publishable(people.frame, ["age"], people).height
    200
    >>> publishable(people.frame, ["age", "region_id"], people)
    Traceback (most recent call last):
    bobanalysis.recommenders.publishable.NotEstimableError: age × region_id: No source counts ...
    """
    if lacking := [c for c in groups if c not in frame.columns]:
        raise KeyError(f"column {lacking[0]!r} is missing; the frame has {', '.join(frame.columns)}")
    if isinstance(population, str):
        if population == "own":
            return frame
        if population == "paired":
            return _crossed(frame, list(groups))
        raise ValueError(f"population: give a modelled population, 'paired' or 'own', not {population!r}")
    age = [c for c in groups if _stands_for(frame, c, "age", AGE)]
    place = [c for c in groups if _stands_for(frame, c, "departement_id", PLACE)]
    if age and place:
        raise NotEstimableError(f"{' × '.join([*age, *place])}: {WHY}")
    for asked, other, what in ((age, "departement_id", "départements"), (place, "age", "ages")):
        if asked and _fewer(frame, population.frame, other):
            raise NotEstimableError(f"{', '.join(asked)} within some {what} only: {WHY}")
    return frame


def _stands_for(frame: pl.DataFrame, column: str, original: str, words: str) -> bool:
    if column == original or re.search(words, column.lower()):
        return True
    if original not in frame.columns:
        return False
    both, values = frame.select(original, column).n_unique(), frame[original].n_unique()
    sure = frame.height >= 3 * values  # else everything follows from everything
    return sure and frame[column].n_unique() > 1 and both == values


def _fewer(frame: pl.DataFrame, model: pl.DataFrame, column: str) -> bool:
    """Tell whether the frame was cut: the values that it holds cover under nine in ten of the people."""
    if not {column} <= {*frame.columns} & {*model.columns}:
        return False
    left = model.filter(pl.col(column).is_in(frame[column].unique().implode())).height
    return left < 0.9 * model.height


def _crossed(frame: pl.DataFrame, groups: list[str]) -> pl.DataFrame:
    if "pair_id" not in frame.columns:
        raise NotEstimableError("these are no paired profiles: there is no column pair_id")
    combinations = frame.select(pl.struct(groups).n_unique()).item() if groups else 1
    counts = frame.group_by("pair_id", *groups).len()
    whole = counts.height == frame["pair_id"].n_unique() * combinations and counts["len"].n_unique() <= 1
    if not whole:
        needs = f"each person needs each of the {combinations} combinations, equally often"
        raise NotEstimableError(f"these are no paired profiles by {' × '.join(groups)}: {needs}")
    return frame
