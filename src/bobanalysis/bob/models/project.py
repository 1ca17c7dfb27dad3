"""Rules on what the person is looking for, and whether they know it."""

from bobanalysis.rules import Expr, Named, error, first_match, missing, total, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

employed = CATALOGUE.add(
    "for-employed",
    (d.situation == "EMPLOYED") | (d.project_kind == "FIND_ANOTHER_JOB"),
    source=f"{SCORING}#L1129-L1133",
    spec="02, F10",
    quirks=("Q25",),
)
CATALOGUE.add(
    "for-company-creator",
    first_match(
        when(d.project_kind == "UNKNOWN_PROJECT_KIND", missing("projects.0.kind")),
        otherwise=d.project_kind == "CREATE_OR_TAKE_OVER_COMPANY",
    ),
    source=f"{SCORING}#L968-L979",
    spec="02, F06",
    quirks=("Q26",),
)
CATALOGUE.add(
    "for-first-job-search",
    d.project_kind == "FIND_A_FIRST_JOB",
    source=f"{SCORING}#L1173-L1175",
    spec="02, F22",
)
CATALOGUE.add(
    "for-no-clear-project",
    first_match(
        when(d.num_projects > 1, False),
        when(d.num_objectives == 0, True),
        when(d.has_clear_project == "UNKNOWN_BOOL", missing("projects.0.hasClearProject")),
        otherwise=d.has_clear_project == "FALSE",
    ),
    source="frontend/server/modules/project_clarity.py#L23-L83",
    spec="04, §2.17",
    quirks=("M36",),
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
    source="frontend/server/modules/project_clarity.py#L23-L51",
    spec="04, §2.17",
    quirks=("M36",),
)
CATALOGUE.add(
    "for-too-many-objectives",
    d.num_objectives >= 3,
    source="frontend/server/modules/project_clarity.py#L84-L86",
    spec="04, §2.17",
)
CATALOGUE.add(
    "for-reorientation", d.project_kind == "REORIENTATION", source=f"{SCORING}#L1247-L1249", spec="02, F48"
)
CATALOGUE.add(
    "for-not-employed-anymore",
    d.situation == "LOST_QUIT",
    source=f"{SCORING}#L1230-L1232",
    spec="02, F42",
    quirks=("Q25",),
)
CATALOGUE.add(
    "for-unemployed",
    (d.situation != "UNKNOWN_SITUATION") & (d.situation != "EMPLOYED"),
    source=f"{SCORING}#L1280-L1282",
    spec="02, F60",
    quirks=("Q25",),
)
CATALOGUE.add(
    "for-very-short-contract",
    d.employment_types.has("INTERIM"),
    source=f"{SCORING}#L1295-L1297",
    spec="02, F65",
)
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
    source=f"{SCORING}#L610-L622",
    spec="02, F36",
    quirks=("Q21",),
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
CATALOGUE.add(
    "for-high-salary-expectations",
    d.min_salary > local_salary,
    source=f"{SCORING}#L1193-L1196",
    spec="02, F28",
    quirks=("Q21",),
)


@CATALOGUE.family(r"for-passionate\((\w+)\)", source=f"{SCORING}#L282-L290", spec="02, P12")
def for_passionate(level: str) -> Expr:
    """At least this attached to the job."""
    return d.passionate_level >= d["passionate_level"].number_of(level)
