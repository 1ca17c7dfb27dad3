"""Filters and relevance of the main challenges that read languages or compute; see ``tables.yaml``."""

from collections.abc import Mapping
from itertools import combinations

from bobanalysis.rules import (
    Expr,
    Named,
    all_of,
    any_of,
    attempt,
    error,
    first_match,
    first_not_zero,
    largest,
    missing,
    when,
)
from bobanalysis.rules.expr import Row

from ..catalogue import DICTIONARY as d
from ..catalogue import rule
from .advice import APPLICATIONS_A_WEEK, applications_a_week

NOT_RELEVANT, NEUTRAL, RELEVANT_AND_GOOD = 0, 1, 3  # what a relevance model answers (spec 01 §4.2)

# --- registered, but used by no published configuration (C10)
rate_is_low = 1 - largest(d.total_interview_count, 0) / d.search_length_now
no_count = d.total_interview_count == 0
no_applications = d.weekly_applications_estimate == "UNKNOWN_NUMBER_ESTIMATE_OPTION"
COUNT, APPLICATIONS = "projects.0.totalInterviewCount", "projects.0.weeklyApplicationsEstimate"

enhance_methods = rule(
    "category-enhance-methods-to-interview",
    when(d.search_length_now <= 0, missing()),
    when(rate_is_low <= 0, 0),
    when(no_count & no_applications, missing(COUNT, APPLICATIONS)),
    when(no_count, missing(COUNT)),
    when(no_applications, missing(APPLICATIONS)),
    # The published table has no other number: an undefined one is looked up in vain (O3).
    when(~d.weekly_applications_estimate.is_in(*APPLICATIONS_A_WEEK), error("KeyError")),
    otherwise=rate_is_low * (applications_a_week / 5),
)
rule(
    "relevance-enhance-methods-to-interview",
    attempt(
        first_match(when(enhance_methods > 0, RELEVANT_AND_GOOD), otherwise=RELEVANT_AND_GOOD),
        with_fields=NEUTRAL,
        without_fields=NEUTRAL,
    ),
)
MODES = tuple(d.sets["jg_first_modes"])
rule(
    "category-search-methods",
    when(~d.jg_has_application_modes, missing("data.job_group_info.{rome_id}.application_modes")),
    when(
        d.preferred_application_mode == "UNDEFINED_APPLICATION_MODE",
        missing("projects.0.preferredApplicationMode"),
    ),
    when(any_of(*((d.preferred_application_mode == m) & d.jg_first_modes.has(m) for m in MODES)), 0),
    when(any_of(*((d.preferred_application_mode == m) & d.jg_second_modes.has(m) for m in MODES)), 1),
    otherwise=3,
)


# Jobs that need the language spoken and written, and those that need it spoken (M1025 is no job group: M34).
WRITTEN_JOBS = (
    *("M1025", "M1203", "M1501", "M1502"),
    *("M1601", "M1602", "M1604", "M1605", "M1607", "M1608", "M1609"),
)
SPOKEN_JOBS = ("G17", "G18", "D12")

in_brussels = d.departement_id == "BRU"
SPOKEN = {"fr": d.speaks_french, "nl": d.speaks_dutch}
WRITTEN = {"fr": d.writes_french, "nl": d.writes_dutch}


def in_use(language: str, condition: Expr) -> Expr:
    """Return the condition, for a language that is used in the place."""
    return in_brussels & condition if language == "nl" else condition


def unknown(knowledge: Mapping[str, Expr], field: str) -> dict[str, Expr]:
    """Return the fields of what is not known of each language, with when each is missing."""
    return {
        f"profile.languages.{language}.{field}": in_use(language, known == "UNKNOWN_BOOL")
        for language, known in knowledge.items()
    }


def lacking(fields: Mapping[str, Expr]) -> list[Row]:
    """Return the rows that refuse to answer, with all the fields that are missing.

    >>> from bobanalysis.bob.catalogue import DICTIONARY as d
    >>> lacking({"a": d.age < 0, "b": d.age > 9})[0]
    when(((age < 0) & (age > 9)), missing('a', 'b'))
    """
    return [
        when(all_of(*(fields[f] for f in some)), missing(*some))
        for size in range(len(fields), 0, -1)
        for some in combinations(fields, size)
    ]


def over_projects(condition: Expr) -> Expr:
    """Return the condition that one of the person's projects meets a condition."""
    return first_not_zero(first_match(when(condition, 1), otherwise=0), d.user, d.project) > 0


missing_language = rule(
    "for-missing-language",
    when(any_of(*(in_use(k, v == "TRUE") for k, v in SPOKEN.items())), False),
    *lacking(unknown(SPOKEN, "hasSpokenKnowledge")),
    otherwise=True,
)

written = Named("job that needs writing", over_projects(d.rome_id.starts_with(*WRITTEN_JOBS)))
spoken = Named("job that needs speaking", over_projects(d.rome_id.starts_with(*WRITTEN_JOBS, *SPOKEN_JOBS)))

rule(
    "for-missing-job-language",
    when(~spoken, False),
    when(any_of(*(in_use(k, v == "FALSE") for k, v in SPOKEN.items())), True),
    when(written & any_of(*(in_use(k, v == "FALSE") for k, v in WRITTEN.items())), True),
    *lacking(
        unknown(SPOKEN, "hasSpokenKnowledge")
        | {f: written & c for f, c in unknown(WRITTEN, "hasWrittenKnowledge").items()}
    ),
    otherwise=False,
)
rule(
    "language-relevance",
    when(~in_brussels, NOT_RELEVANT),
    otherwise=attempt(
        first_match(when(missing_language, RELEVANT_AND_GOOD), otherwise=RELEVANT_AND_GOOD),
        with_fields=NEUTRAL,
        without_fields=NEUTRAL,
    ),
)
