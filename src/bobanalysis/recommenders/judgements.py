"""What job suggestions can be judged by: ROME's links and local demand. Not by outcomes.

No public log says what became of Bob's users, so nothing here says whether a suggestion helped anyone. Two
things can be observed of a suggested job group: whether ROME links it to the person's (*related*), and
whether it was hard to recruit for in the person's département (*hiring*).

Limits, to be said wherever a figure is shown:

- the published close jobs are chosen among ROME's links: they are related by construction;
- they are sorted by offers per job seeker of 2021, so hiring is judged by another source and another year:
  Dares' class of tension of 2019, of the job *family* (87 of them) to which the job group leads. It also
  counts how recruiters fare and how many leave, not offers alone; 4 and 5 (of 5) are called hiring;
- a family stands for several job groups, and where Dares publishes no class nothing is judged;
- a tense job may be tense because people leave it: hiring is not good work.
"""

from __future__ import annotations

import polars as pl

from bobanalysis.population.markets import classes_2019

from .published import linked

TENSE = 4
"""Class of tension (1 to 5) from which a job group is called hiring."""

QRELS = ("person_id", "item", "relevance")
"""Columns of judgements: relevance (Int8), 0 where judged and not relevant."""


def related(people: pl.DataFrame) -> pl.DataFrame:
    """Return ROME's links as judgements: 2 for a close job group, 1 for an evolution; others are not judged.

    Parameters: ``people``, person_id and rome_id. Returns ``QRELS``. Source: ROME 3.47.
    """
    return linked(people).select("person_id", "item", relevance=pl.col("score").cast(pl.Int8))


def hiring(people: pl.DataFrame, among: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return local demand as judgements: 2 for class 5, 1 for class 4, 0 below, in the person's département.

    Parameters: ``people``, person_id and departement_id; ``among``, the pairs to judge (person_id, item), as
    a list; None: every job group with a class, some 400 a person.
    Returns ``QRELS``. Source: ``population.markets.classes_2019``.
    """
    places = people.select("person_id", "departement_id")
    grade = (pl.col("tension_class") - (TENSE - 1)).clip(0).cast(pl.Int8)
    found = classes_2019().select("departement_id", item="rome_id", relevance=grade)
    if among is None:
        return places.join(found, on="departement_id").select(QRELS)
    asked = among.select("person_id", "item").join(places, on="person_id")
    return asked.join(found, on=["departement_id", "item"]).select(QRELS)


def linked_and_hiring(people: pl.DataFrame) -> pl.DataFrame:
    """Return judgements of the job groups that ROME links to the person's, by local demand.

    The question of the published close jobs: of the jobs that one could move to, which are in demand around?
    Links without a class in the département are not judged. Returns ``QRELS``.
    """
    return hiring(people, among=linked(people))
