"""Paired profiles: the same person with only the age, or only the département, changed. Exact, without
sampling."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import polars as pl

from bobanalysis import data

from .draw import COLUMNS, UNASKED
from .enums import FRUSTRATIONS, YEARS_OF_EXPERIENCE, YOUNGEST_WITH_DEGREE
from .markets import MarketTables

AGES = range(16, 71)


def paired_ages(people: pl.DataFrame, ages: Iterable[int] = AGES) -> pl.DataFrame:
    """Repeat each person once for each age, everything else kept.

    Parameters: ``people``, a population frame (person_id unique); ``ages``, whole years.
    Returns: the same columns, len(people) x len(ages) rows in the order of people then ages, with ``pair_id``
    (the person_id of the original; person_id itself is made unique) and ``plausible_age`` (Boolean: the
    experience and the degree can be held at that age; rules are read at every age all the same). ``age_band``
    and ``fap87`` stay as they were if present.
    Raises: ValueError for a missing column, a repeated person or no age.

    >>> pairs = paired_ages(reference_profiles(["M1607"]).head(2), ages=[30, 31])
    >>> pairs["age"].to_list(), pairs["pair_id"].n_unique()
    ([30, 31, 30, 31], 2)
    """
    wanted = list(ages)
    _check(people, ("person_id", "age"), wanted, "ages")
    other = pl.DataFrame({"age": pl.Series(wanted, dtype=people.schema["age"])})
    pairs = _paired(people, other, ["age"])
    youngest = pl.lit(0)
    if {"seniority", "highest_degree"} <= set(people.columns):
        entry = pl.col("highest_degree").replace_strict(
            dict(enumerate(YOUNGEST_WITH_DEGREE, 1)), default=YOUNGEST_WITH_DEGREE[0], return_dtype=pl.Int16
        )
        years = pl.col("seniority").replace_strict(
            dict(enumerate(YEARS_OF_EXPERIENCE)), default=0, return_dtype=pl.Int16
        )
        youngest = entry + years
    return pairs.with_columns((pl.col("age") >= youngest).alias("plausible_age"))


def paired_departements(people: pl.DataFrame, departements: Iterable[str] | None = None) -> pl.DataFrame:
    """Repeat each person once for each département, everything else kept.

    Parameters: ``people``, a population frame (person_id unique); ``departements``, codes ("01" ... "2A" ...
    "976"), all 101 by default.
    Returns: the same columns with ``pair_id``; only ``departement_id`` and ``region_id`` change. Mayotte is
    there: its market is unknown for every job group, which is to be shown as no data.
    Raises: ValueError for a missing column, a repeated person or an unknown département.

    >>> paired_departements(reference_profiles(["M1607"]).head(1)).height
    101
    """
    table = data.table("departements").select(
        pl.col("dep").alias("departement_id"), pl.col("region").alias("region_id")
    )
    table = table.sort("departement_id")
    wanted = table["departement_id"].to_list() if departements is None else list(departements)
    unknown = [code for code in wanted if code not in set(table["departement_id"])]
    if unknown:
        raise ValueError(
            f"departements: {unknown[0]!r} is not one of the 101 codes (such as '01', '2A', '976'); correct "
            f"it"
        )
    _check(people, ("person_id", "departement_id", "region_id"), wanted, "departements")
    other = pl.DataFrame({"departement_id": wanted}).join(
        table, on="departement_id", how="left", maintain_order="left"
    )
    return _paired(people, other, ["departement_id", "region_id"])


def _check(people: pl.DataFrame, columns: tuple[str, ...], wanted: list[int] | list[str], what: str) -> None:
    missing = [column for column in columns if column not in people.columns]
    if missing:
        raise ValueError(f"people: the column {missing[0]!r} is missing; add it")
    if not wanted or len(set(wanted)) != len(wanted):
        raise ValueError(f"{what}: give at least one value, each once; got {wanted}")
    if people["person_id"].n_unique() != people.height:
        first = people.filter(pl.col("person_id").is_duplicated())["person_id"][0]
        raise ValueError(f"people: person_id {first!r} occurs on several rows; keep one row a person")


def _paired(people: pl.DataFrame, other: pl.DataFrame, changed: list[str]) -> pl.DataFrame:
    suffix = pl.col(changed[0]).cast(pl.String)
    return (
        people.rename({"person_id": "pair_id"})
        .drop(changed)
        .join(other, how="cross", maintain_order="left_right")
        .with_columns((pl.col("pair_id") + f"/{changed[0]}=" + suffix).alias("person_id"))
        .select("pair_id", *people.columns)
    )


REFERENCE_JOBS: dict[str, tuple[int | None, bool]] = {
    "N9900": (None, False),
    "N9901": (None, True),
    "N9920": (2, False),
    "N9921": (2, True),
    "N9950": (5, False),
    "N9951": (5, True),
    "N9980": (10, False),
    "N9981": (10, True),
}
"""Made-up job groups (codes that ROME does not use): offers per ten candidates (None: unknown) and whether a
diploma is
asked for. Two is stressed, five neither, ten easy."""


def reference_market() -> MarketTables:
    """A made-up market, the same in every département, with one job group for each case that rules tell
    apart.

    For paired ages: what the rules do to age then depends on no figure and on no scale. Not for paired
    départements, which need the real market.
    Returns: :class:`MarketTables` (scale ``reference``) with the job groups of :data:`REFERENCE_JOBS`; the
    unknown ones have no row in ``local`` and a national score of 0.

    >>> reference_market().jobs.height
    8
    """
    jobs = pl.DataFrame(
        [(job, offers, diploma) for job, (offers, diploma) in REFERENCE_JOBS.items()],
        schema={"rome_id": pl.String, "offers": pl.Int32, "jg_requires_diploma": pl.Boolean},
        orient="row",
    )
    places = data.table("departements").select(pl.col("dep").alias("departement_id")).sort("departement_id")
    local = (
        places.join(jobs.drop_nulls("offers"), how="cross", maintain_order="left_right")
        .select("departement_id", "rome_id", pl.col("offers").alias("market_offers_per_10_candidates"))
        .with_columns(pl.lit(100, pl.Int32).alias("market_num_job_offers_last_year"))
    )
    table = jobs.select(
        "rome_id",
        (pl.col("offers").fill_null(0) / 10).cast(pl.Float32).alias("jg_national_market_score"),
        "jg_requires_diploma",
        pl.lit(False).alias("jg_hires_mainly_through_network"),
    )
    return MarketTables(local, table, scale="reference", scenario="reference", rounded_up=0)


def reference_profiles(
    rome_ids: Iterable[str] = tuple(REFERENCE_JOBS),
    departement_id: str = "75",
    age: int = 40,
    gender: int = 0,
) -> pl.DataFrame:
    """A fixed set of profiles: every consistent combination of the answers that the diagnosis reads, each
    once.

    They stand for nobody in particular and their frequency means nothing: they show what the rules can do, by
    construction. Factors: job group (8 made-up ones: four levels of the market x diploma asked for or not) x
    kind of project (5) x experience (5) x attachment (3) x diplomas (2) x length of search (not started, 1,
    4, 8 months) x interviews (none, two a month) x motivation as a difficulty (2). A first job goes with no
    experience only, a search that has not started with no interview.

    Parameters: ``rome_ids``, job groups (one full grid each): those of :func:`reference_market` by default,
    real codes for the real market; ``departement_id``, ``age`` (years) and ``gender`` (enum number), the same
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
