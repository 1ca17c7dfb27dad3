"""Scores out of 100 that the server once showed beside the diagnosis, and the filters that read them.

No published configuration uses them any more; the code is still there (spec 04, §2.8). Each gives a raw
value, cut to 0–100, then brought to the 0–3 scale.
"""

from bobanalysis.rules import Expr, error, first_match, largest, lift, missing, smallest, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .market import offers

unknown = missing()


def hundred(raw: Expr | float) -> Expr:
    """Return a raw value out of 100 on the 0–3 scale (spec 01 §4.2)."""
    return smallest(largest(raw, 0), 100) * 3 / 100


def out_of_hundred(name: str, raw: Expr) -> None:
    """Register a score out of 100."""
    CATALOGUE.add(name, hundred(raw))


def curve(x: Expr, *points: tuple[float, float]) -> Expr:
    """Return the polynomial in ``x`` that goes through ``points`` (Lagrange)."""
    total = lift(0.0)
    for a, b in points:
        if b:
            term = lift(float(b))
            for other, _ in points:
                if other != a:
                    term = term * ((x - other) / (a - other))
            total = total + term
    return total


def by_answer(answer: Expr, values: dict[str, float]) -> Expr:
    """Return a value for each answer; none for the others."""
    return first_match(*(when(answer == name, value) for name, value in values.items()), otherwise=unknown)


NOT_ANSWERED = "UNKNOWN_NUMBER_ESTIMATE_OPTION"
months = d.search_length
count = d.total_interview_count

out_of_hundred(
    "search-length-score",
    first_match(
        when(months < 0, unknown),
        when(months > 12, 0),
        otherwise=curve(months, (0, 100), (3, 50), (6, 30), (12, 0)),
    ),
)
out_of_hundred(
    "interview-rate-score",
    first_match(
        when(d.weekly_applications_estimate == "LESS_THAN_2", unknown),
        when((count < 0) | (months < 0), unknown),
        when(months == 0, error("ZeroDivisionError")),
        otherwise=count / months * 15,
    ),
)
out_of_hundred("too-many-interviews-score", first_match(when(count < 10, unknown), otherwise=100 - 8 * count))

out_of_hundred(
    "too-many-applications-score",
    first_match(
        when(d.search_not_started, unknown),
        when(d.weekly_applications_estimate.is_in("DECENT_AMOUNT", "A_LOT"), 0),
        otherwise=unknown,
    ),
)
out_of_hundred(
    "too-few-applications-score",
    first_match(
        when(d.search_not_started, unknown),
        when(d.weekly_applications_estimate == "LESS_THAN_2", 20),
        when(d.weekly_applications_estimate == "SOME", 60),
        when(d.weekly_applications_estimate.is_in(NOT_ANSWERED, "DECENT_AMOUNT", "A_LOT"), unknown),
        otherwise=error("KeyError"),
    ),
)
out_of_hundred(
    "training-fullfillment-score",
    by_answer(
        d.training_fulfillment_estimate,
        {
            "TRAINING_FULFILLMENT_NOT_SURE": 0,
            "ENOUGH_DIPLOMAS": 100,
            "ENOUGH_EXPERIENCE": 100,
            "NO_TRAINING_REQUIRED": 100,
            "CURRENTLY_IN_TRAINING": 50,
        },
    ),
)
out_of_hundred(
    "required-diplomas-score",
    first_match(
        when(d.training_fulfillment_estimate != "TRAINING_FULFILLMENT_NOT_SURE", unknown),
        when(~d.jg_has_diplomas, unknown),
        otherwise=100 - d.jg_max_diploma_percent,
    ),
)
out_of_hundred(
    "seniority-score",
    first_match(
        when(d.seniority <= "NO_SENIORITY", unknown),
        when(d.seniority == "INTERN", 0),
        when(d.seniority == "JUNIOR", 33),
        when(d.seniority == "INTERMEDIARY", 67),
        otherwise=100,
    ),
)
out_of_hundred(
    "job-similarity-score",
    first_match(
        when(d.previous_job_similarity == "NEVER_DONE", 0),
        when((d.previous_job_similarity == "DONE_SIMILAR") & d.frustrations.has("ATYPIC_PROFILE"), 60),
        when(d.previous_job_similarity == "DONE_SIMILAR", 50),
        when((d.previous_job_similarity == "DONE_THIS") & d.frustrations.has("MOTIVATION"), 100),
        when(d.previous_job_similarity == "DONE_THIS", 90),
        otherwise=unknown,
    ),
)
out_of_hundred("age-score", (68 - d.age) * 2)
out_of_hundred(
    "market-stress-score",
    first_match(when(offers == 0, unknown), when(offers == -1, 0), otherwise=offers / 10 * 100),
)
out_of_hundred(
    "offers-change-score",
    first_match(
        when((d.market_num_job_offers_previous_year < 5) & (d.market_num_job_offers_last_year < 5), unknown),
        when(d.market_job_offers_change < 0, 0),
        otherwise=d.market_job_offers_change * 5 + 50,
    ),
)
out_of_hundred(
    "return-to-employment-score",
    first_match(
        when(d.market_unemployment_days == 0, unknown),
        otherwise=100 * (1 - (d.market_unemployment_days / 365) ** 0.7),
    ),
)
out_of_hundred(
    "job-of-the-future",
    first_match(
        when(d.jg_growth_2012_2022 == 0, unknown),
        otherwise=curve(d.jg_growth_2012_2022, (-0.17, 0), (0.07, 50), (0.29, 100)),
    ),
)
out_of_hundred(
    "network-score",
    first_match(
        when(d.network_estimate == 1, 0),
        when(d.network_estimate == 2, 60),
        when(d.network_estimate == 3, 100),
        otherwise=unknown,
    ),
)
out_of_hundred(
    "job-passionate-score",
    by_answer(
        d.passionate_level,
        {"ALIMENTARY_JOB": 0, "LIKEABLE_JOB": 50, "PASSIONATING_JOB": 80, "LIFE_GOAL_JOB": 100},
    ),
)
for name, difficulty in (
    ("atypic", "ATYPIC_PROFILE"),
    ("interview", "INTERVIEW"),
    ("motivation", "MOTIVATION"),
    ("resume", "RESUME"),
    ("self-confidence", "SELF_CONFIDENCE"),
    ("time-managment", "TIME_MANAGEMENT"),
):
    out_of_hundred(
        f"frustration-{name}-scorer", first_match(when(d.frustrations.has(difficulty), 0), otherwise=unknown)
    )
out_of_hundred(
    "hiring-difficulty-score",
    first_match(when(d.market_percent_difficult == 0, unknown), otherwise=d.market_percent_difficult),
)

better_places = smallest(d.market_num_better_departements * 1.5, 100) / 2

out_of_hundred(
    "project-mobility-score",
    first_match(
        when(d.area_type == "UNKNOWN_AREA_TYPE", unknown),
        when(offers == 0, unknown),
        when(d.market_num_better_departements < 3, unknown),
        when(d.area_type >= "COUNTRY", 50 + better_places),
        when(d.area_type >= "REGION", 50),
        when(d.area_type >= "DEPARTEMENT", 50 - better_places / 2),
        otherwise=50 - better_places,
    ),
)
out_of_hundred(
    "profile-mobility-scorer",
    first_match(
        when(d.area_type == "UNKNOWN_AREA_TYPE", unknown),
        when(d.area_type >= "COUNTRY", 100),
        when(d.area_type == "REGION", 70),
        when(d.area_type == "DEPARTEMENT", 50),
        otherwise=0,
    ),
)

# Filters on the partial scores of an older diagnosis, which no published code fills any more (M28).


@CATALOGUE.family(r"for-empty-diagnostic\((.*?)\)")
def for_empty_diagnostic(topic: str) -> Expr:
    """No partial score on a topic."""
    return d.subdiagnostics.of(topic) < 0


@CATALOGUE.family(r"for-low-diagnostic\((.*?), ([0-9]+)\)")
def for_low_diagnostic(topic: str, limit: str) -> Expr:
    """The partial score on a topic is under N."""
    score = d.subdiagnostics.of(topic)
    return (score >= 0) & (score < int(limit))


@CATALOGUE.family(r"for-high-diagnostic\((.*?), ([0-9]+)\)")
def for_high_diagnostic(topic: str, limit: str) -> Expr:
    """The partial score on a topic is N or more."""
    score = d.subdiagnostics.of(topic)
    return (score >= 0) & (score >= int(limit))
