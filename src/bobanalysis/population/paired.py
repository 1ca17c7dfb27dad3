"""Paired profiles: the same person with only the age, or only the département, changed. Exact, without
sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import narwhals as nw
import polars as pl

from bobanalysis import data

from .draw import COLUMNS, UNASKED
from .enums import FRUSTRATIONS, YEARS_OF_EXPERIENCE, YOUNGEST_WITH_DEGREE

AGES = range(16, 71)


def to_polars(frame: Any) -> tuple[pl.DataFrame, Callable[[pl.DataFrame], Any]]:
    """Return a frame of any library in Polars, and the way back."""
    if isinstance(frame, pl.DataFrame):
        return frame, lambda out: out
    native = nw.from_native(frame, eager_only=True)
    kind = native.implementation
    return native.to_polars(), lambda out: nw.from_arrow(out.to_arrow(), backend=kind).to_native()


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
        entry = pl.col("highest_degree").replace_strict(
            dict(enumerate(YOUNGEST_WITH_DEGREE, 1)), default=YOUNGEST_WITH_DEGREE[0], return_dtype=pl.Int16
        )
        years = pl.col("seniority").replace_strict(
            dict(enumerate(YEARS_OF_EXPERIENCE)), default=0, return_dtype=pl.Int16
        )
        youngest = entry + years
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
    table = data.table("departements").select(departement_id="dep", region_id="region").sort("departement_id")
    if departements is not None:
        wanted = pl.DataFrame({"departement_id": list(departements)}, schema={"departement_id": pl.String})
        if unknown := wanted.join(table, on="departement_id", how="anti")["departement_id"].to_list():
            raise ValueError(
                f"departements: {unknown[0]!r} is not one of the 101 codes (such as '01', '2A', '976'); "
                "correct it"
            )
        table = wanted.join(table, on="departement_id", how="left", maintain_order="left")
    return paired(people, "departement_id", table, also=("region_id",))


REFERENCE_JOBS = ("N9900", "N9901", "N9920", "N9921", "N9950", "N9951", "N9980", "N9981")
"""Made-up job groups (codes that ROME does not use), for profiles whose job group does not matter."""


def reference_profiles(
    rome_ids: Iterable[str] = REFERENCE_JOBS,
    departement_id: str = "75",
    age: int = 40,
    gender: int = 0,
) -> pl.DataFrame:
    """A fixed set of profiles: every consistent combination of the answers that the diagnosis reads, each
    once.

    They stand for nobody in particular and their frequency means nothing: they show what the rules can do, by
    construction. Factors: job group (8 made-up ones) x kind of project (5) x experience (5) x attachment (3)
    x diplomas (2) x length of search (not started, 1, 4, 8 months) x interviews (none, two a month) x
    motivation as a difficulty (2). A first job goes with no experience only, a search that has not started
    with no interview.

    Parameters: ``rome_ids``, job groups (one full grid each): :data:`REFERENCE_JOBS` by default, real codes
    for the real market; ``departement_id``, ``age`` (years) and ``gender`` (enum number), the same
    for all.
    Returns: a population frame, weight 1 a row.
    Raises: ValueError for an unknown département.

    >>> reference_profiles(rome_ids=["M1607"]).height, reference_profiles().height
    (1764, 14112)
    """
    regions = dict(data.table("departements").select("dep", "region").iter_rows())
    if departement_id not in regions:
        raise ValueError(
            f"departement_id: {departement_id!r} is not one of the 101 codes (such as '01', '2A'); correct it"
        )
    rows = [
        (rome, kind, similarity, seniority, passion, training, months, interviews, motivation)
        for rome, kind, (similarity, seniority), passion, training, (
            months,
            interviews,
        ), motivation in product(
            rome_ids, (2, 4, 5, 6, 7), _EXPERIENCE, (1, 2, 3), (1, 4), _SEARCHES, (False, True)
        )
        if kind != 5 or similarity == 3
    ]
    names = (
        "rome_id",
        "project_kind",
        "previous_job_similarity",
        "seniority",
        "passionate_level",
        "training_fulfillment_estimate",
        "search_length",
        "total_interview_count",
        "frustration_motivation",
    )
    grid = pl.DataFrame(rows, schema=names, orient="row")
    fixed = {
        "weight": pl.lit(1.0),
        "age": pl.lit(age, pl.Int16),
        "gender": pl.lit(gender),
        "highest_degree": pl.lit(3),
        "weekly_applications_estimate": pl.when(pl.col("search_length") < 0).then(1).otherwise(2),
        "has_clear_project": pl.lit(2),
        "situation": pl.lit(0),
        "family_situation": pl.lit(1),
        "area_type": pl.lit(2),
        "network_estimate": pl.lit(2),
        "search_not_started": pl.col("search_length") < 0,
        "has_creation_date": pl.lit(True),
        "departement_id": pl.lit(departement_id),
        "region_id": pl.lit(regions[departement_id]),
        "city_population": pl.lit(0, pl.Int32),
        "city_urban_score": pl.lit(0),
        "num_projects": pl.lit(1),
        "num_objectives": pl.lit(1),
        **{f"frustration_{n.lower()}": pl.lit(False) for n in FRUSTRATIONS if n != "MOTIVATION"},
        "search_length_now": pl.col("search_length"),
        **UNASKED,
    }
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(5)
    whole = grid.with_columns((pl.lit("reference-") + number).alias("person_id"))
    whole = whole.with_columns(value.alias(name) for name, value in fixed.items())
    small = [c for c, kind in whole.schema.items() if kind in (pl.Int64, pl.Int32) and c not in _WIDE]
    return whole.with_columns(
        pl.col(small).cast(pl.Int8),
        pl.col("total_interview_count").cast(pl.Int16),
        pl.col("search_length", "search_length_now").cast(pl.Float64),
    ).select(c for c in COLUMNS if c in whole.columns)


_WIDE = ("city_population", "total_interview_count")
# (similarity, seniority): never done it and no experience, then done it for ever longer.
_EXPERIENCE = ((3, 1), (1, 3), (1, 4), (1, 5), (1, 6))
# (months, interviews): not started, then 1, 4 and 8 months with none or two a month.
_SEARCHES = ((-1.0, -1), (1.0, -1), (1.0, 2), (4.0, -1), (4.0, 8), (8.0, -1), (8.0, 16))
