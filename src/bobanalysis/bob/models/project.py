"""Rules on what the person is looking for, and whether they know it."""

from bobanalysis.rules import Expr, Named, error, first_match, missing, total, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

employed = CATALOGUE.add("for-employed", (d.situation == "EMPLOYED") | (d.project_kind == "FIND_ANOTHER_JOB"))
CATALOGUE.add(
    "for-company-creator",
    first_match(
        when(d.project_kind == "UNKNOWN_PROJECT_KIND", missing("projects.0.kind")),
        otherwise=d.project_kind == "CREATE_OR_TAKE_OVER_COMPANY",
    ),
)

CATALOGUE.add(
    "for-no-clear-project",
    first_match(
        when(d.num_projects > 1, False),
        when(d.num_objectives == 0, True),
        when(d.has_clear_project == "UNKNOWN_BOOL", missing("projects.0.hasClearProject")),
        otherwise=d.has_clear_project == "FALSE",
    ),
)
CATALOGUE.add(
    "for-unclear-project",
    first_match(
        when(d.num_objectives == 0, True),
        when(d.num_objectives >= 3, True),
        when(d.num_projects > 1, False),
        when(d.has_clear_project == "UNKNOWN_BOOL", missing("projects.0.hasClearProject")),
        otherwise=d.has_clear_project == "FALSE",
    ),
)


CATALOGUE.add("for-unemployed", (d.situation != "UNKNOWN_SITUATION") & (d.situation != "EMPLOYED"))

CATALOGUE.add(
    "for-narrow-contract-search",
    d.jg_has_contract_types
    & (
        total(
            *(
                when(d.employment_types.has(kind), d.jg_contract_percent.of(kind))
                for kind in d.sets["employment_types"]
            )
        )
        < 50
    ),
)

# What the local median salary is worth per year before tax, by its unit (spec 01 §3, SALARY).
local_salary = d.market_median_salary * Named(
    "what brings the salary to a year",
    first_match(
        when(d.market_salary_unit.is_in("UNKNOWN_SALARY_UNIT", "ANNUAL_GROSS_SALARY"), 1.0),
        when(d.market_salary_unit == "MONTHLY_GROSS_SALARY", 12.0),
        when(d.market_salary_unit == "MONTHLY_NET_SALARY", 12 / 0.8),
        when(d.market_salary_unit == "HOURLY_GROSS_SALARY", 52 * 35.0),
        when(d.market_salary_unit == "HOURLY_NET_SALARY", 52 * 35 / 0.8),
        otherwise=error("KeyError"),
    ),
)
CATALOGUE.add("for-high-salary-expectations", d.min_salary > local_salary)


@CATALOGUE.family(r"for-passionate\((\w+)\)")
def for_passionate(level: str) -> Expr:
    """At least this attached to the job."""
    return d.passionate_level >= d["passionate_level"].number_of(level)
