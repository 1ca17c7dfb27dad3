"""Read people from Bob's own records: JSON lines of the ``User`` message (spec 01, section 5).

Reading is columnar. One row a project; a field that is left out is null here and reads its default at the
door (``bobanalysis.bob.door``), where names of enumerated values become numbers.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any

import polars as pl

from .catalogue import DICTIONARY

_ENUM = pl.String  # names, or numbers written as text
_TIME = pl.String
_CITY = pl.Struct(
    {
        "cityId": pl.String,
        "departementId": pl.String,
        "regionId": pl.String,
        "population": pl.Int64,
        "urbanScore": pl.Int64,
    }
)
_LOCAL_STATS = pl.Struct(
    {
        "imt": pl.Struct({"yearlyAvgOffersPer10Candidates": pl.Int64}),
        "numJobOffersLastYear": pl.Int64,
    }
)
_PROJECT = pl.Struct(
    {
        "targetJob": pl.Struct({"jobGroup": pl.Struct({"romeId": pl.String})}),
        "city": _CITY,
        "areaType": _ENUM,
        "createdAt": _TIME,
        "kind": _ENUM,
        "previousJobSimilarity": _ENUM,
        "seniority": _ENUM,
        "trainingFulfillmentEstimate": _ENUM,
        "networkEstimate": pl.Int64,
        "jobSearchHasNotStarted": pl.Boolean,
        "jobSearchStartedAt": _TIME,
        "weeklyApplicationsEstimate": _ENUM,
        "totalInterviewCount": pl.Int64,
        "passionateLevel": _ENUM,
        "hasClearProject": _ENUM,
        "localStats": _LOCAL_STATS,
    }
)
_PROFILE = pl.Struct(
    {
        "yearOfBirth": pl.Int64,
        "gender": _ENUM,
        "situation": _ENUM,
        "familySituation": _ENUM,
        "highestDegree": _ENUM,
        "frustrations": pl.List(_ENUM),
        "locale": pl.String,
    }
)
USER = {"profile": _PROFILE, "projects": pl.List(_PROJECT)}

# Families of job groups that count as one objective, by prefix of the ROME code (spec 04 §1.6). Two prefixes
# are seven characters long and can never match a code of five (M35).
OBJECTIVES: dict[str, tuple[str, ...]] = {
    "secretarial": ("M1602", "M1606", "M1607", "M1608"),
    "cleaning": ("K2204", "K2303", "G1501"),
    "international relations": ("K140101", "K140401"),
    "teaching and research": ("K21", "K24"),
    "hotels and cafés": ("G1502", "G1702"),
    "arts": ("B", "L"),
    "handling": ("N1103", "N1104", "N1105"),
    "communication": ("E1103", "E1106"),
    "sales": ("D1106", "D1211", "D1212", "D1213", "D1214", "D1505", "D1507"),
}


def read_users(users: Iterable[Any], now: Iterable[str]) -> pl.DataFrame:
    """Return the projects of users as rows with the inputs of the rules.

    Parameters: ``users``, dictionaries in the JSON form of Bob's ``User`` message; ``now``, for each of them
    the instant of the computation (ISO 8601, UTC).
    Returns one row a project: ``user`` (place in the list), ``project`` (place among the user's), the columns
    of the data dictionary as they were written, and ``job_key``. Local figures are null unless the project
    brings its own.

    >>> read_users([{"projects": [{"seniority": "EXPERT"}]}], ["2022-06-29T00:00:00"])["seniority"].to_list()
    ['EXPERT']
    """
    lines = "\n".join(json.dumps(user) for user in users)
    raw = pl.read_ndjson(io.BytesIO(lines.encode()), schema=USER) if lines else pl.DataFrame(schema=USER)
    return flatten(raw.with_columns(now=pl.Series(list(now), dtype=pl.String)))


def flatten(raw: pl.DataFrame) -> pl.DataFrame:
    """Return one row a project from one row a user (``profile``, ``projects``, ``now``)."""
    raw = raw.with_row_index("user").with_columns(now=_instant(pl.col("now")))
    projects = (
        raw.explode("projects", empty_as_null=False, keep_nulls=False)
        .with_columns(project=pl.int_range(pl.len()).over("user"))
        .unnest("projects")
    )
    rome = pl.col("targetJob").struct.field("jobGroup").struct.field("romeId").fill_null("")
    projects = projects.with_columns(rome_id=rome)
    profile = pl.col("profile").struct.field
    birth, locale = profile("yearOfBirth").fill_null(0), profile("locale").fill_null("")
    started, created = _instant(pl.col("jobSearchStartedAt")), _instant(pl.col("createdAt"))
    epoch = pl.lit(0).cast(pl.Datetime("us"))
    return projects.select(
        "user",
        "project",
        age=pl.when(birth != 0).then(pl.col("now").dt.year() - birth).cast(pl.Int64),
        age_if_unknown=pl.col("now").dt.year().cast(pl.Int64),
        **_enums("gender situation family_situation highest_degree", profile),
        **_frustrations(profile("frustrations")),
        **_enums(
            "previous_job_similarity seniority training_fulfillment_estimate passionate_level "
            "has_clear_project weekly_applications_estimate area_type",
            pl.col,
        ),
        project_kind="kind",
        network_estimate="networkEstimate",
        total_interview_count="totalInterviewCount",
        search_length=_months(created.fill_null(epoch), started),
        search_not_started=pl.col("jobSearchHasNotStarted").fill_null(False) & started.is_null(),
        has_creation_date=created.is_not_null(),
        rome_id="rome_id",
        job_key=pl.when((locale != "") & ~locale.str.starts_with("fr"))
        .then(pl.format("{}:{}", locale.str.slice(0, 2), "rome_id"))
        .otherwise("rome_id"),
        num_projects=pl.len().over("user").cast(pl.Int64),
        num_objectives=_objective(pl.col("rome_id")).drop_nulls().n_unique().over("user").cast(pl.Int64),
        departement_id=pl.col("city").struct.field("departementId").fill_null(""),
        market_offers_per_10_candidates=_own("imt", "yearlyAvgOffersPer10Candidates"),
        market_num_job_offers_last_year=_own("numJobOffersLastYear"),
    )


def _instant(text: pl.Expr) -> pl.Expr:
    """Read an ISO 8601 instant as a naive UTC date-time, to the microsecond."""
    return text.str.strip_chars_end("Z").str.to_datetime(time_unit="us", strict=True)


def _months(end: pl.Expr, start: pl.Expr) -> pl.Expr:
    """Return the whole days from start to end, rounded down, over 30.5; -1 where there is no start."""
    microseconds = (end - start).dt.total_microseconds()
    days = (microseconds / 86_400_000_000).floor()
    return (days / 30.5).fill_null(-1.0)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _enums(names: str, field: Any) -> dict[str, pl.Expr]:
    return {name: field(_camel(name)) for name in names.split()}


def _frustrations(answers: pl.Expr) -> dict[str, pl.Expr]:
    """Return one column a value, and ``frustrations_unknown``: the first answer that is no value's name."""
    members = DICTIONARY.sets["frustrations"]
    columns = {v.name: answers.list.contains(name).fill_null(False) for name, v in members.items()}
    element = pl.element()
    strange = element.filter(~element.is_in(list(members)) & ~element.str.contains(r"^-?\d+$"))
    return columns | {"frustrations_unknown": answers.list.eval(strange).list.first()}


def _objective(rome: pl.Expr) -> pl.Expr:
    """Return the family of a job group, or its own code; null where there is no job."""
    prefixes = sorted(
        ((p, family) for family, ps in OBJECTIVES.items() for p in ps), key=lambda x: -len(x[0])
    )
    chain: Any = pl
    for prefix, family in prefixes:
        chain = chain.when(rome.str.starts_with(prefix)).then(pl.lit(family))
    return pl.when(rome != "").then(chain.otherwise(rome))


def _own(*path: str) -> pl.Expr:
    """Read a figure of the project's own local stats: 0 where they are there without it, else null."""
    figure = pl.col("localStats")
    for name in path:
        figure = figure.struct.field(name)
    return pl.when(pl.col("localStats").is_not_null()).then(figure.fill_null(0)).cast(pl.Int32)
