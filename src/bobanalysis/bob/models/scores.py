"""Scores of strategies, and scores out of 100 that the server once showed beside the diagnosis."""

from typing import Any

from bobanalysis.rules import Expr, any_of, as_expr, error, first_match, missing, smallest, when

from ..catalogue import CATALOGUE, hundred, parts, rule
from ..catalogue import DICTIONARY as d
from .filters import offers

unknown = missing()


def out_of_hundred(name: str, *rows: Any, otherwise: Any = unknown) -> None:
    """Register a score out of 100, given as a decision table."""
    rule(name, hundred(first_match(*rows, otherwise=otherwise)))


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


months = d.search_length
interviews = d.total_interview_count

out_of_hundred(
    "search-length-score",
    when(months < 0, unknown),
    when(months > 12, 0),
    otherwise=curve(months, (0, 100), (3, 50), (6, 30), (12, 0)),
)
out_of_hundred(
    "interview-rate-score",
    when(d.weekly_applications_estimate == "LESS_THAN_2", unknown),
    when((interviews < 0) | (months < 0), unknown),
    when(months == 0, error("ZeroDivisionError")),
    otherwise=interviews / months * 15,
)
out_of_hundred("too-many-interviews-score", when(interviews < 10, unknown), otherwise=100 - 8 * interviews)

out_of_hundred(
    "required-diplomas-score",
    when(d.training_fulfillment_estimate != "TRAINING_FULFILLMENT_NOT_SURE", unknown),
    when(~d.jg_has_diplomas, unknown),
    otherwise=100 - d.jg_max_diploma_percent,
)
out_of_hundred("age-score", otherwise=(68 - d.age) * 2)
out_of_hundred(
    "market-stress-score", when(offers == 0, unknown), when(offers == -1, 0), otherwise=offers / 10 * 100
)
out_of_hundred(
    "offers-change-score",
    when((d.market_num_job_offers_previous_year < 5) & (d.market_num_job_offers_last_year < 5), unknown),
    when(d.market_job_offers_change < 0, 0),
    otherwise=d.market_job_offers_change * 5 + 50,
)
out_of_hundred(
    "return-to-employment-score",
    when(d.market_unemployment_days == 0, unknown),
    otherwise=100 * (1 - (d.market_unemployment_days / 365) ** 0.7),
)
out_of_hundred(
    "job-of-the-future",
    when(d.jg_growth_2012_2022 == 0, unknown),
    otherwise=curve(d.jg_growth_2012_2022, (-0.17, 0), (0.07, 50), (0.29, 100)),
)
better_places = smallest(d.market_num_better_departements * 1.5, 100) / 2

out_of_hundred(
    "project-mobility-score",
    when(d.area_type == "UNKNOWN_AREA_TYPE", unknown),
    when(offers == 0, unknown),
    when(d.market_num_better_departements < 3, unknown),
    when(d.area_type >= "COUNTRY", 50 + better_places),
    when(d.area_type >= "REGION", 50),
    when(d.area_type >= "DEPARTEMENT", 50 - better_places / 2),
    otherwise=50 - better_places,
)

# Filters on the partial scores of an older diagnosis, which no published code fills any more (M28).


@CATALOGUE.family(r"for-empty-diagnostic\((.*?)\)")
def for_empty_diagnostic(topic: str) -> Expr:
    """No partial score on a topic."""
    return d.subdiagnostics.of(topic) < 0


@CATALOGUE.family(r"for-low-diagnostic\((.*?), ([0-9]+)\)")
def for_low_diagnostic(topic: str, limit: str) -> Expr:
    """The partial score on a topic is under N."""
    return (d.subdiagnostics.of(topic) >= 0) & (d.subdiagnostics.of(topic) < int(limit))


@CATALOGUE.family(r"for-high-diagnostic\((.*?), ([0-9]+)\)")
def for_high_diagnostic(topic: str, limit: str) -> Expr:
    """The partial score on a topic is N or more."""
    return (d.subdiagnostics.of(topic) >= 0) & (d.subdiagnostics.of(topic) >= int(limit))


@CATALOGUE.family(r"strategy-for-frustrated\((.*)\)")
def strategy_for_frustrated(difficulties: str) -> Expr:
    """A little more where one of some difficulties was declared."""
    declared = any_of(*(d.frustrations.has(name) for name in parts(difficulties)))
    return hundred(first_match(when(declared, 15), otherwise=10))


@CATALOGUE.family(r"favor-strategy\((.*)\)")
def favor_strategy(names: str) -> Expr:
    """High where one of some strategies was started, medium where one was proposed."""
    wanted = parts(names)
    return first_match(
        when(d.opened_strategies.lists_any(*wanted), 3, because="STARTED_SUCH_A_STRATEGY"),
        when(d.proposed_strategies.lists_any(*wanted), 2, because="SUCH_A_STRATEGY_COULD_WORK"),
        otherwise=1,
    )
