"""Read people from Bob's own records: JSON lines of the ``User`` message (spec 01, section 5).

Reading is columnar. One row a project; a field that is left out is null here and reads its default once it is
validated (``bobanalysis.validation``), where names of enumerated values become numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from bobanalysis.tables import as_yes_no
from bobanalysis.validation import IF_UNKNOWN, UNPLACED, Records, instant

from . import fields
from .catalogue import DICTIONARY
from .documents import from_json, local_figures
from .fields import COLUMNS, EXPERIMENTS, OBJECTIVES, UNREAD, read_fields


def read_users(
    users: Iterable[Any], now: Iterable[str], services: Iterable[Any] | None = None
) -> pl.DataFrame:
    """Return the projects of users as rows with the inputs of the rules.

    Parameters: ``users``, dictionaries in the JSON form of Bob's ``User`` message; ``now``, for each of them
    the instant of the computation (ISO 8601, UTC); ``services``, what outside services answered for each:
    ``numTrainings`` and ``lbbHeadcounts`` (head-count texts of companies, in order).
    Returns one row a project: ``user`` (place in the list), ``project`` (place among the user's), the columns
    of the data dictionary as they were written, and ``job_key``. Local figures are null unless the project
    brings its own.

    >>> read_users([{"projects": [{"seniority": "EXPERT"}]}], ["2022-06-29T00:00:00"])["seniority"].to_list()
    ['EXPERT']
    """
    raw = from_json(users, fields.user()).with_columns(now=pl.Series(list(now), dtype=pl.String))
    if services is not None:
        raw = raw.with_columns(from_json(services, fields.services()))
    return flatten(raw)


def _to_rows(raw: pl.DataFrame, now: str) -> pl.DataFrame:
    """Return one row a project from numbered records; ``user`` is the place of the record in the file."""
    rows = flatten(raw.drop("record").with_columns(now=pl.lit(instant(now).isoformat())))
    number = raw["record"].gather(rows["user"])
    return rows.with_columns(record=number, user=(number - 1).cast(rows.schema["user"]))


def _complete(people: pl.DataFrame, now: str) -> pl.DataFrame:
    """Add to people given as inputs by name what follows from them and from the instant."""
    moment = instant(now)
    lists = [name for name in DICTIONARY.sets if isinstance(people.schema.get(name), pl.List)]
    for name in lists:
        answers = pl.col(name).list.eval(pl.element().cast(pl.String))
        people = people.with_columns(
            **_ticked(name, answers), **{f"{name}{UNPLACED}": _strange(name, answers).list.first()}
        )
    people = people.drop(lists)
    contracts = [v.name for v in DICTIONARY.sets["employment_types"].values() if v.name in people.columns]
    ticked = [as_yes_no(pl.col(c), people.schema[c]).fill_null(False).cast(pl.Int32) for c in contracts]
    place = pl.col("record") - 1 if "record" in people.columns else pl.int_range(pl.len())
    follows = {
        "num_employment_types": pl.sum_horizontal(pl.lit(0), *ticked),
        "search_length_now": pl.col("search_length") if "search_length" in people.columns else None,
        "now": pl.lit(moment),
        "month": pl.lit(moment.month, dtype=pl.Int32),
        f"age{IF_UNKNOWN}": pl.lit(moment.year),
        "user": place.cast(pl.Int32),
        "project": pl.lit(0, dtype=pl.Int32),
    }
    return people.with_columns(
        **{k: v for k, v in follows.items() if v is not None and k not in people.columns}
    )


RECORDS = Records(fields.user, UNREAD, _to_rows, "projects", _complete)


def flatten(raw: pl.DataFrame) -> pl.DataFrame:
    """Return one row a project from one row a user (the fields of a user, ``now``, maybe of services)."""
    absent = {c: pl.lit(None, dtype=t) for c, t in fields.services().items() if c not in raw.columns}
    raw = raw.with_row_index("user").with_columns(now=_instant(pl.col("now")), **absent)
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
        "now",
        month=pl.col("now").dt.month().cast(pl.Int32),
        age=pl.when(birth != 0).then(pl.col("now").dt.year() - birth).cast(pl.Int64),
        **{f"age{IF_UNKNOWN}": pl.col("now").dt.year().cast(pl.Int64)},
        **read_fields(COLUMNS),
        **_frustrations(profile("frustrations"), profile("customFrustrations")),
        num_driving_licenses=profile("drivingLicenses").list.len().cast(pl.Int64),
        **_languages(profile("languages")),
        **{
            f"experiment_{name}": pl.col("featuresEnabled").struct.field(camel).is_in(["ACTIVE", "1"])
            for name, camel in EXPERIMENTS.items()
        },
        search_length=_months(created.fill_null(epoch), started),
        **_no_instant("createdAt"),
        **_no_instant("jobSearchStartedAt"),
        search_not_started=pl.col("jobSearchHasNotStarted").fill_null(False) & started.is_null(),
        has_creation_date=created.is_not_null(),
        search_length_now=_months(pl.col("now"), started),
        **_ticked("employment_types", pl.col("employmentTypes")),
        num_employment_types=pl.col("employmentTypes").list.len().cast(pl.Int64),
        rome_id="rome_id",
        job_key=pl.when((locale != "") & ~locale.str.starts_with("fr"))
        .then(pl.format("{}:{}", locale.str.slice(0, 2), "rome_id"))
        .otherwise("rome_id"),
        num_projects=pl.len().over("user").cast(pl.Int64),
        num_objectives=_objective(pl.col("rome_id")).drop_nulls().n_unique().over("user").cast(pl.Int64),
        departement_id=pl.col("city").struct.field("departementId").fill_null(""),
        num_trainings="numTrainings",
        companies_headcount=_headcount(pl.col("lbbHeadcounts")),
        **_subdiagnostics(pl.col("diagnostic").struct.field("subDiagnostics")),
        **{
            column: pl.col(field)
            .list.eval(pl.element().struct.field("strategyId").fill_null(""))
            .list.join(",")
            for column, field in (
                ("opened_strategies", "openedStrategies"),
                ("proposed_strategies", "strategies"),
            )
        },
        **local_figures(pl.col("localStats")),
    )


def _instant(text: pl.Expr) -> pl.Expr:
    """Read an ISO 8601 instant as a naive UTC date-time, to the microsecond; null where it is none."""
    return text.str.strip_chars_end("Z").str.to_datetime(time_unit="us", strict=False)


def _no_instant(field: str) -> dict[str, pl.Expr]:
    """Return the dates of a field that are none: their rows are refused."""
    return {f"projects.{field}{UNPLACED}": pl.when(_instant(pl.col(field)).is_null()).then(field)}


def _months(end: pl.Expr, start: pl.Expr) -> pl.Expr:
    """Return the whole days from start to end, rounded down, over 30.5; -1 where there is no start."""
    microseconds = (end - start).dt.total_microseconds()
    days = (microseconds / 86_400_000_000).floor()
    return (days / 30.5).fill_null(-1.0)


def _known(name: str, answers: pl.Expr) -> pl.Expr:
    """Write the values of a list of answers by name, those that are given by number too."""
    members = DICTIONARY.sets[name]
    numbers = {str(k): value for k, value in enumerate(members)}
    return answers.list.eval(pl.element().replace(numbers))


def _ticked(name: str, answers: pl.Expr) -> dict[str, pl.Expr]:
    """Return one column a value: whether it is among the answers."""
    known = _known(name, answers)
    return {v.name: known.list.contains(value).fill_null(False) for value, v in DICTIONARY.sets[name].items()}


def _frustrations(answers: pl.Expr, custom: pl.Expr) -> dict[str, pl.Expr]:
    """Return one column a value, how many others there are, and the first text that is no value's name.

    An answer that is a number that no value bears is kept and counted; for such a text the row is refused.
    """
    element = pl.element()
    other = element.filter(~element.is_in(list(DICTIONARY.sets["frustrations"])))
    others = _known("frustrations", answers).list.eval(other)
    return _ticked("frustrations", answers) | {
        "num_other_frustrations": _distinct(others) + _distinct(custom),
        f"frustrations{UNPLACED}": _strange("frustrations", answers).list.first(),
    }


def _strange(name: str, answers: pl.Expr) -> pl.Expr:
    """Return the answers that are neither a value's name nor a number."""
    element = pl.element()
    known = element.is_in(list(DICTIONARY.sets[name])) | element.str.contains(r"^-?\d+$")
    return answers.list.eval(element.filter(~known))


def _distinct(items: pl.Expr) -> pl.Expr:
    return items.list.n_unique().fill_null(0).cast(pl.Int64)


def _languages(languages: pl.Expr) -> dict[str, pl.Expr]:
    """Return what is known of French and Dutch: the last entry of each language counts (spec 04 §2.14)."""
    columns = {}
    for locale, language in (("fr", "french"), ("nl", "dutch")):
        entry = languages.list.eval(pl.element().filter(pl.element().struct.field("locale") == locale))
        last = entry.list.last().struct
        columns[f"speaks_{language}"] = last.field("hasSpokenKnowledge")
        columns[f"writes_{language}"] = last.field("hasWrittenKnowledge")
    return columns


def _subdiagnostics(items: pl.Expr) -> dict[str, pl.Expr]:
    """Return the first score of each topic (null where there is none) and how many scores are good."""
    element, score = pl.element().struct, pl.element().struct.field("score").fill_null(0)
    columns = {}
    for number, (topic, variable) in enumerate(DICTIONARY.tables["subdiagnostics"].items()):
        there = element.field("topic").fill_null("0").is_in([topic, str(number)])
        columns[variable.name] = items.list.eval(score.filter(there)).list.first()
    good = items.list.eval(score.filter(score >= 60)).list.len()
    return columns | {"num_good_subdiagnostics": good.cast(pl.Int64)}


def _headcount(texts: pl.Expr) -> pl.Expr:
    """Add up what stands before the first space of each text, as far as it is a number (spec 02, F47)."""
    heads = pl.element().str.splitn(" ", 2).struct.field("field_0").cast(pl.Int64, strict=False)
    return texts.list.eval(heads.drop_nulls().cum_sum()).list.max()


def _objective(rome: pl.Expr) -> pl.Expr:
    """Return the family of a job group, or its own code; null where there is no job."""
    known = [(prefix, family) for family, each in OBJECTIVES.items() for prefix in each]
    chain: Any = pl
    for prefix, family in sorted(known, key=lambda pair: -len(pair[0])):
        chain = chain.when(rome.str.starts_with(prefix)).then(pl.lit(family))
    return pl.when(rome != "").then(chain.otherwise(rome))
