"""Rules on the target job, as it is in the whole country."""

from bobanalysis.rules import Expr, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .place import parts

SCORING = "frontend/server/scoring.py"
MODES = "frontend/server/modules/application_modes.py"


@CATALOGUE.family(r"for-job-group\((.*)\)", source=f"{SCORING}#L205-L216", spec="02, P01", quirks=("Q27",))
def for_job_group(prefixes: str) -> Expr:
    """Looks for a job of one of some groups; an empty code is a prefix of everything."""
    return d.rome_id.starts_with(*parts(prefixes))


@CATALOGUE.family(r"for-job\((.*)\)", source=f"{SCORING}#L219-L227", spec="02, P02")
def for_job(codes: str) -> Expr:
    """Looks for one of some job titles; an empty code matches an unknown title."""
    return d.code_ogr.is_in(*parts(codes))


for name, channel, lines in (
    ("network", d.jg_hires_mainly_through_network, "L83-L118"),
    ("spontaneous", d.jg_hires_mainly_through_spontaneous, "L83-L118"),
):
    CATALOGUE.add(
        f"for-mainly-hiring-through-{name}(±15%)", channel, source=f"{MODES}#{lines}", spec="04, §2.1"
    )

for name, complexity, lines, spec in (
    ("simple", "SIMPLE_APPLICATION_PROCESS", "L1267-L1268", "F55"),
    ("complex", "COMPLEX_APPLICATION_PROCESS", "L1121-L1122", "F07"),
):
    CATALOGUE.add(
        f"for-{name}-application",
        d.jg_application_complexity == complexity,
        source=f"{SCORING}#{lines}",
        spec=f"02, {spec}",
    )

for name, medium, lines, spec in (
    ("by-mail", "APPLY_BY_EMAIL", "L1197-L1198", "F29"),
    ("in-person", "APPLY_IN_PERSON", "L1199-L1200", "F30"),
):
    CATALOGUE.add(
        f"for-job-applied-{name}",
        d.jg_preferred_application_medium == medium,
        source=f"{SCORING}#{lines}",
        spec=f"02, {spec}",
    )

CATALOGUE.add(
    "for-few-job-creation",
    d.jg_growth_2012_2022 < 0.069,
    source=f"{SCORING}#L1162-L1166",
    spec="02, F20",
    quirks=("Q21",),
)
CATALOGUE.add(
    "for-most-likely-short-contract",
    d.jg_has_contract_types
    & (d.jg_contract_percent.of("CDD_LESS_EQUAL_3_MONTHS") + d.jg_contract_percent.of("INTERIM") >= 50),
    source=f"{SCORING}#L591-L607",
    spec="02, F35",
)
CATALOGUE.add(
    "for-no-required-diploma",
    d.jg_max_diploma_percent == 0,
    source=f"{SCORING}#L1227-L1229",
    spec="02, F41",
    quirks=("Q21",),
)
CATALOGUE.add(
    "for-potential-freelancer", d.jg_has_freelancers, source=f"{SCORING}#L1233-L1235", spec="02, F43"
)
CATALOGUE.add(
    "for-risky-covid",
    first_match(
        when(d.jg_covid_risk != "COVID_UNKNOWN_RISK", d.jg_covid_risk == "COVID_RISKY"),
        when(d.rome_id == "", missing("projects.0.targetJob.jobGroup.romeId")),
        otherwise=missing("data.job_group_info.{rome_id}.covid_risk"),
    ),
    source=f"{SCORING}#L776-L792",
    spec="02, F49",
    quirks=("Q09",),
)
