"""Scores out of 100 that the server once showed beside the diagnosis, and the filters that read them.

No published configuration uses them any more; the code is still there (spec 04, §2.8). Each gives a raw
value, cut to 0–100, then brought to the 0–3 scale.
"""

from bobanalysis.rules import Expr, as_expr, error, first_match, largest, missing, smallest, when
from bobanalysis.rules.expr import Operand

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .market import offers

unknown = missing()


def hundred(raw: Expr | float) -> Expr:
    """Return a raw value out of 100 on the 0–3 scale (spec 01 §4.2)."""
    return smallest(largest(raw, 0), 100) * 3 / 100


def score(name: str, *rows: tuple[Expr, Operand], otherwise: Operand = unknown) -> None:
    """Register a score out of 100: the value of the first row whose condition holds."""
    raw = first_match(*(when(condition, value) for condition, value in rows), otherwise=otherwise)
    CATALOGUE.add(name, hundred(raw if rows else as_expr(otherwise)))


def curve(x: Expr, *points: tuple[float, float]) -> Expr:
    """Return the polynomial in ``x`` that goes through ``points`` (Lagrange)."""
    total = as_expr(0.0)
    for a, b in points:
        if b:
            term = as_expr(float(b))
            for other, _ in points:
                if other != a:
                    term = term * ((x - other) / (a - other))
            total = total + term
    return total


def by_answer(answer: Expr, **values: float) -> list[tuple[Expr, Operand]]:
    """Return a row for each answer."""
    return [(answer == name, value) for name, value in values.items()]


months = d.search_length
count = d.total_interview_count
sent = d.weekly_applications_estimate
similar, fulfilled = d.previous_job_similarity, d.training_fulfillment_estimate
change, growth = d.market_job_offers_change, d.jg_growth_2012_2022
few_offers = (d.market_num_job_offers_previous_year < 5) & (d.market_num_job_offers_last_year < 5)
better_places = smallest(d.market_num_better_departements * 1.5, 100) / 2
area = d.area_type
NO_AREA = (area == "UNKNOWN_AREA_TYPE", unknown)

length = curve(months, (0, 100), (3, 50), (6, 30), (12, 0))
score("search-length-score", (months < 0, unknown), (months > 12, 0), otherwise=length)
score(
    "interview-rate-score",
    (sent == "LESS_THAN_2", unknown),
    ((count < 0) | (months < 0), unknown),
    (months == 0, error("ZeroDivisionError")),
    otherwise=count / months * 15,
)
score("too-many-interviews-score", (count < 10, unknown), otherwise=100 - 8 * count)
not_started = (d.search_not_started, unknown)
score("too-many-applications-score", not_started, (sent.is_in("DECENT_AMOUNT", "A_LOT"), 0))
score(
    "too-few-applications-score",
    not_started,
    (sent == "LESS_THAN_2", 20),
    (sent == "SOME", 60),
    (sent.is_in("UNKNOWN_NUMBER_ESTIMATE_OPTION", "DECENT_AMOUNT", "A_LOT"), unknown),
    otherwise=error("KeyError"),
)
done = {"ENOUGH_DIPLOMAS": 100, "ENOUGH_EXPERIENCE": 100, "NO_TRAINING_REQUIRED": 100}
answers = {"TRAINING_FULFILLMENT_NOT_SURE": 0, **done, "CURRENTLY_IN_TRAINING": 50}
score("training-fullfillment-score", *by_answer(fulfilled, **answers))
score(
    "required-diplomas-score",
    (fulfilled != "TRAINING_FULFILLMENT_NOT_SURE", unknown),
    (~d.jg_has_diplomas, unknown),
    otherwise=100 - d.jg_max_diploma_percent,
)
levels = by_answer(d.seniority, INTERN=0, JUNIOR=33, INTERMEDIARY=67)
score("seniority-score", (d.seniority <= "NO_SENIORITY", unknown), *levels, otherwise=100)
score(
    "job-similarity-score",
    (similar == "NEVER_DONE", 0),
    ((similar == "DONE_SIMILAR") & d.frustrations.has("ATYPIC_PROFILE"), 60),
    (similar == "DONE_SIMILAR", 50),
    ((similar == "DONE_THIS") & d.frustrations.has("MOTIVATION"), 100),
    (similar == "DONE_THIS", 90),
)
score("age-score", otherwise=(68 - d.age) * 2)
score("market-stress-score", (offers == 0, unknown), (offers == -1, 0), otherwise=offers / 10 * 100)
score("offers-change-score", (few_offers, unknown), (change < 0, 0), otherwise=change * 5 + 50)
days = d.market_unemployment_days
score("return-to-employment-score", (days == 0, unknown), otherwise=100 * (1 - (days / 365) ** 0.7))
future = curve(growth, (-0.17, 0), (0.07, 50), (0.29, 100))
score("job-of-the-future", (growth == 0, unknown), otherwise=future)
score("network-score", *((d.network_estimate == n, value) for n, value in ((1, 0), (2, 60), (3, 100))))
passion = {"ALIMENTARY_JOB": 0, "LIKEABLE_JOB": 50, "PASSIONATING_JOB": 80, "LIFE_GOAL_JOB": 100}
score("job-passionate-score", *by_answer(d.passionate_level, **passion))
for name in ("ATYPIC_PROFILE", "INTERVIEW", "MOTIVATION", "RESUME", "SELF_CONFIDENCE", "TIME_MANAGEMENT"):
    short = {"ATYPIC_PROFILE": "atypic", "TIME_MANAGEMENT": "time-managment"}  # as published
    known_as = short.get(name, name.lower().replace("_", "-"))
    score(f"frustration-{known_as}-scorer", (d.frustrations.has(name), 0))
hard = d.market_percent_difficult
score("hiring-difficulty-score", (hard == 0, unknown), otherwise=hard)
score(
    "project-mobility-score",
    NO_AREA,
    (offers == 0, unknown),
    (d.market_num_better_departements < 3, unknown),
    (area >= "COUNTRY", 50 + better_places),
    (area >= "REGION", 50),
    (area >= "DEPARTEMENT", 50 - better_places / 2),
    otherwise=50 - better_places,
)
reached = ((area >= "COUNTRY", 100), (area == "REGION", 70), (area == "DEPARTEMENT", 50))
score("profile-mobility-scorer", NO_AREA, *reached, otherwise=0)

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
