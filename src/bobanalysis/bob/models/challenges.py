"""The filters and the relevance of the main challenges."""

from bobanalysis.rules import any_of, attempt, error, first_match, largest, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .advice_applications import APPLICATIONS_A_WEEK, applications_a_week
from .market import easy_market, market_known
from .search import long_accumulated_search

NOT_RELEVANT, NEUTRAL, RELEVANT_AND_GOOD = 0, 1, 3  # what a relevance model answers (spec 01 §4.2)

unmotivated = d.frustrations.has("MOTIVATION")
never_done = d.previous_job_similarity == "NEVER_DONE"

CATALOGUE.add(
    "category-find-what-you-like",
    first_match(
        when((d.has_clear_project == "FALSE") & (d.rome_id == ""), True),
        when(d.passionate_level > "LIKEABLE_JOB", False),
        when(d.project_kind == "CREATE_OR_TAKE_OVER_COMPANY", unmotivated),
        when(easy_market(7), False),
        when(d.age <= 30, d.seniority < "SENIOR"),
        when(d.search_not_started & never_done, unmotivated),
        when(long_accumulated_search, False),
        otherwise=(d.project_kind == "REORIENTATION") | never_done,
    ),
)
CATALOGUE.add(
    "category-missing-diploma",
    first_match(
        when(d.project_kind == "CREATE_OR_TAKE_OVER_COMPANY", False),
        when(d.rome_id == "", missing("projects.0.targetJob.jobGroup.romeId")),
        when(~d.jg_requires_diploma, False),
        when(d.training_fulfillment_estimate.is_in("ENOUGH_DIPLOMAS", "CURRENTLY_IN_TRAINING"), False),
        when((d.seniority > "SENIOR") & (d.age >= 50), False),
        otherwise=True,
    ),
)
CATALOGUE.add(
    "relevance-enhance-methods", first_match(when(d.search_length < 0, NEUTRAL), otherwise=RELEVANT_AND_GOOD)
)
CATALOGUE.add(
    "relevance-find-what-you-like",
    first_match(
        when(d.passionate_level == "LIKEABLE_JOB", NEUTRAL),
        when((d.passionate_level < "LIKEABLE_JOB") & easy_market(7), NEUTRAL),
        otherwise=RELEVANT_AND_GOOD,
    ),
)
# --- registered, but used by no published configuration (C10)
rate_is_low = 1 - largest(d.total_interview_count, 0) / d.search_length_now
no_count = d.total_interview_count == 0
no_applications = d.weekly_applications_estimate == "UNKNOWN_NUMBER_ESTIMATE_OPTION"
COUNT, APPLICATIONS = "projects.0.totalInterviewCount", "projects.0.weeklyApplicationsEstimate"

enhance_methods = CATALOGUE.add(
    "category-enhance-methods-to-interview",
    first_match(
        when(d.search_length_now <= 0, missing()),
        when(rate_is_low <= 0, 0),
        when(no_count & no_applications, missing(COUNT, APPLICATIONS)),
        when(no_count, missing(COUNT)),
        when(no_applications, missing(APPLICATIONS)),
        # The published table has no other number: an undefined one is looked up in vain (O3).
        when(~d.weekly_applications_estimate.is_in(*APPLICATIONS_A_WEEK), error("KeyError")),
        otherwise=rate_is_low * (applications_a_week / 5),
    ),
)
CATALOGUE.add(
    "relevance-enhance-methods-to-interview",
    attempt(
        first_match(when(enhance_methods > 0, RELEVANT_AND_GOOD), otherwise=RELEVANT_AND_GOOD),
        with_fields=NEUTRAL,
        without_fields=NEUTRAL,
    ),
)
MODES = tuple(d.sets["jg_first_modes"])
CATALOGUE.add(
    "category-search-methods",
    first_match(
        when(~d.jg_has_application_modes, missing("data.job_group_info.{rome_id}.application_modes")),
        when(
            d.preferred_application_mode == "UNDEFINED_APPLICATION_MODE",
            missing("projects.0.preferredApplicationMode"),
        ),
        when(any_of(*((d.preferred_application_mode == m) & d.jg_first_modes.has(m) for m in MODES)), 0),
        when(any_of(*((d.preferred_application_mode == m) & d.jg_second_modes.has(m) for m in MODES)), 1),
        otherwise=3,
    ),
)
CATALOGUE.add(
    "relevance-market-stress", first_match(when(market_known, RELEVANT_AND_GOOD), otherwise=NEUTRAL)
)
