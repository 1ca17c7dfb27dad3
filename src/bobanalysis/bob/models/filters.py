"""Filters that compute, and families of filters; the others are conditions of ``rules.yaml``."""

from bobanalysis.rules import (
    Expr,
    Named,
    as_expr,
    attempt,
    count,
    error,
    first_not_zero,
    passes,
    total,
    when,
    zero_or_first,
)

from ..catalogue import CATALOGUE, rule, step
from ..catalogue import DICTIONARY as d


@CATALOGUE.family(r"for-frustrated-old\(([0-9]+)\)")
def for_frustrated_old(years: str) -> Expr:
    """Older than N years and says that age is held against them."""
    return (d.age > int(years)) & d.frustrations.has("AGE_DISCRIMINATION")


rule(
    "for-very-frustrated(5)",
    Named("difficulties ticked", count(*(d.frustrations.has(f) for f in d.sets["frustrations"])))
    + d.num_other_frustrations
    >= 5,
)


rule(
    "for-most-likely-short-contract",
    d.jg_has_contract_types
    & (d.jg_contract_percent.of("CDD_LESS_EQUAL_3_MONTHS") + d.jg_contract_percent.of("INTERIM") >= 50),
)


offers = d.market_offers_per_10_candidates
market_known = offers != 0


@CATALOGUE.family(r"for-stressed-market\(10/([0-9]+)\)")
def for_stressed_market(limit: str) -> Expr:
    """At most N offers per 10 candidates in the département; an unknown market does not pass."""
    return market_known & (offers <= int(limit)) if int(limit) else offers == -1


@CATALOGUE.family(r"for-lower-market-tension\(10/([0-9]+)\)")
def for_lower_market_tension(limit: str) -> Expr:
    """At least N offers per 10 candidates in the département; an unknown market does not pass."""
    return market_known & ((offers >= int(limit)) | (offers < -1)) if int(limit) else market_known


rule("for-unstressed-market(10/7)", for_lower_market_tension("7"))


rule(
    "for-narrow-contract-search",
    d.jg_has_contract_types
    & (
        total(
            *(
                when(d.employment_types.has(k), d.jg_contract_percent.of(k))
                for k in d.sets["employment_types"]
            )
        )
        < 50
    ),
)

# What the local median salary is worth per year before tax, by its unit (spec 01 §3, SALARY).
local_salary = d.market_median_salary * step(
    "what brings the salary to a year",
    when(d.market_salary_unit.is_in("UNKNOWN_SALARY_UNIT", "ANNUAL_GROSS_SALARY"), 1.0),
    when(d.market_salary_unit == "MONTHLY_GROSS_SALARY", 12.0),
    when(d.market_salary_unit == "MONTHLY_NET_SALARY", 12 / 0.8),
    when(d.market_salary_unit == "HOURLY_GROSS_SALARY", 52 * 35.0),
    when(d.market_salary_unit == "HOURLY_NET_SALARY", 52 * 35 / 0.8),
    otherwise=error("KeyError"),
)
rule("for-high-salary-expectations", d.min_salary > local_salary)


@CATALOGUE.family(r"for-many-interviews-per-month\(([0-9]+(?:\.[0-9]+)?)\)")
def for_many_interviews_per_month(rate: str) -> Expr:
    """More than X interviews a month since the search began; unknown counts as none."""
    return (d.search_length >= 0) & (d.total_interview_count > float(rate) * d.search_length)


GOOD = 1.5  # what a good score is


@CATALOGUE.family(r"not-(.*)")
def negation(name: str) -> Expr:
    """The rule NAME does not pass; where it lacks data, so does this one."""
    return ~passes(CATALOGUE.use(name))


@CATALOGUE.family(r"constant\((.+)\)")
def constant(value: str) -> Expr:
    """The same score for everybody."""
    return as_expr(float(value))


@CATALOGUE.family(r"for-good-score\((.+)\)")
def for_good_score(name: str) -> Expr:
    """The rule NAME scores 1.5 or more; where it lacks data this one does not pass."""
    return attempt(CATALOGUE[name].score >= GOOD, False, False)


@CATALOGUE.family(r"for-bad-score\((.+)\)")
def for_bad_score(name: str) -> Expr:
    """The rule NAME scores under 1.5; where it lacks data this one does not pass either."""
    return attempt(CATALOGUE[name].score < GOOD, False, False)


@CATALOGUE.family(r"for-any-project\((.*)\)")
def for_any_project(name: str) -> Expr:
    """The first score other than 0 that NAME gives to a project of the person."""
    return first_not_zero(CATALOGUE[name].score, d.user, d.project)


@CATALOGUE.family(r"for-all-projects\((.*)\)")
def for_all_projects(name: str) -> Expr:
    """What NAME gives to the person's first project, unless a project scores 0."""
    return zero_or_first(CATALOGUE[name].score, d.user, d.project)
