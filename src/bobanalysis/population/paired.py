"""Paired profiles: the same person with only the age, or only the département, changed. Exact, without
sampling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import polars as pl

from bobanalysis import data
from bobanalysis.tables import to_polars

from .vocabulary import COLUMNS, READ, WORKING_AGE, constants

AGES = range(16, 71)


def paired(people: Any, column: str, values: Any, also: Sequence[str] = ()) -> Any:
    """Repeat each person once for each value of a column, everything else kept.

    Parameters: ``people``, a frame with one row a person (``person_id`` unique); ``column``, what changes: an
    age, a place, …; ``values``, those to give, each once, or a frame with ``column`` and the columns ``also``
    that change with it (the region of a place, say).
    Returns: the same columns, in the library of ``people``, len(people) x len(values) rows in the order of
    people then values, with ``pair_id`` (the person_id of the original; person_id itself is made unique).
    Raises: ValueError for a missing column, a repeated person or value, or no value.

    >>> pairs = paired(reference_profiles(["M1607"]).head(2), "age", [30, 31])
    >>> pairs["age"].to_list(), pairs["pair_id"].n_unique()
    ([30, 31, 30, 31], 2)
    """
    frame, back = to_polars(people)
    for name in ("person_id", column, *also):
        if name not in frame.columns:
            raise ValueError(f"people: the column {name!r} is missing; add it")
    if not isinstance(values, pl.DataFrame):
        values = pl.DataFrame({column: pl.Series(list(values), dtype=frame.schema[column])})
    if values.is_empty() or values[column].is_duplicated().any():
        raise ValueError(f"{column}: give at least one value, each once; got {values[column].to_list()}")
    if frame["person_id"].n_unique() != frame.height:
        first = frame.filter(pl.col("person_id").is_duplicated())["person_id"][0]
        raise ValueError(f"people: person_id {first!r} occurs on several rows; keep one row a person")
    suffix = pl.lit(f"/{column}=") + pl.col(column).cast(pl.String)
    return back(
        frame.rename({"person_id": "pair_id"})
        .drop(column, *also)
        .join(values, how="cross", maintain_order="left_right")
        .with_columns(person_id=pl.col("pair_id").cast(pl.String) + suffix)
        .select("pair_id", *frame.columns)
    )


def paired_ages(people: Any, ages: Iterable[int] = AGES) -> Any:
    """Repeat each person once for each age, everything else kept; see :func:`paired`.

    Returns: besides, ``plausible_age`` (Boolean: the experience and the degree can be held at that age; rules
    are read at every age all the same). ``age_band`` and ``fap87`` stay as they were if present.

    >>> paired_ages(reference_profiles(["M1607"]).head(1), ages=[30, 31])["plausible_age"].to_list()
    [True, True]
    """
    frame, back = to_polars(people)
    youngest = pl.lit(0)
    if {"seniority", "highest_degree"} <= set(frame.columns):
        entry, years = (WORKING_AGE, *READ.youngest_with_degree), READ.years_of_experience
        for column, known in {"highest_degree": entry, "seniority": years}.items():
            numbers = dict(enumerate(known))
            youngest += pl.col(column).replace_strict(numbers, default=known[0], return_dtype=pl.Int16)
    return back(paired(frame, "age", ages).with_columns(plausible_age=pl.col("age") >= youngest))


def paired_departements(people: Any, departements: Iterable[str] | None = None) -> Any:
    """Repeat each person once for each département, everything else kept; see :func:`paired`.

    Parameters: ``departements``, codes ("01" ... "2A" ... "976"), all 101 by default.
    Returns: ``departement_id`` and ``region_id`` change. Mayotte is there: its market is unknown for every
    job group, which is to be shown as no data.
    Raises: ValueError besides for an unknown département.

    >>> paired_departements(reference_profiles(["M1607"]).head(1)).height
    101
    """
    known = data.table("departements").select(departement_id="dep", region_id="region").sort("departement_id")
    if departements is not None:
        asked = pl.DataFrame({"departement_id": list(departements)}, schema={"departement_id": pl.String})
        for unknown in asked.join(known, on="departement_id", how="anti")["departement_id"]:
            codes = "one of the 101 codes (such as '01', '2A', '976'); correct it"
            raise ValueError(f"departement_id: {unknown!r} is not {codes}")
        known = asked.join(known, on="departement_id", how="left", maintain_order="left")
    return paired(people, "departement_id", known, also=("region_id",))


REFERENCE_JOBS = ("N9900", "N9901", "N9920", "N9921", "N9950", "N9951", "N9980", "N9981")
"""Made-up job groups (codes that ROME does not use), for profiles whose job group does not matter."""


def reference_profiles(rome_ids: Iterable[str] = REFERENCE_JOBS) -> pl.DataFrame:
    """A fixed set of profiles: every consistent combination of the answers that the diagnosis reads, each
    once.

    They stand for nobody in particular and their frequency means nothing: they show what the rules can do, by
    construction. Factors: job group (8 made-up ones) x kind of project (5) x experience (5) x attachment (3)
    x diplomas (2) x length of search (not started, 1, 4, 8 months) x interviews (none, two a month) x
    motivation as a difficulty (2). A first job goes with no experience only, a search that has not started
    with no interview. All are 40 years old and live in Paris: :func:`paired` gives them other ages or places.

    Parameters: ``rome_ids``, job groups (one full grid each): :data:`REFERENCE_JOBS` by default, real codes
    for the real market.
    Returns: a population frame, weight 1 a row.

    >>> reference_profiles(rome_ids=["M1607"]).height, reference_profiles().height
    (1764, 14112)
    """
    grids = map(pl.DataFrame, [{"rome_id": list(rome_ids)}, *READ.combined])
    grid = reduce(lambda one, two: one.join(two, how="cross", maintain_order="left_right"), grids)
    grid = grid.filter((pl.col("project_kind") != 5) | (pl.col("previous_job_similarity") == 3))
    small = [name for name, kind in grid.schema.items() if kind == pl.Int64]
    not_started = pl.col("search_length") < 0
    calm = {f"frustration_{name.lower()}": False for name in READ.frustrations if name != "MOTIVATION"}
    same = READ.reference | READ.fixed | READ.unasked | calm
    whole = grid.with_columns(pl.col(small).cast(pl.Int8)).with_columns(
        pl.col("total_interview_count").cast(pl.Int16),
        person_id=pl.lit("reference-") + pl.int_range(pl.len()).cast(pl.String).str.zfill(5),
        weekly_applications_estimate=pl.when(not_started).then(1).otherwise(2).cast(pl.Int8),
        search_not_started=not_started,
        search_length_now="search_length",
        **constants(same),
    )
    return whole.select(c for c in COLUMNS if c in whole.columns)
