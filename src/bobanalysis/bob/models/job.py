"""Rules on the target job, as it is in the whole country."""

from bobanalysis.rules import Expr, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .place import parts


@CATALOGUE.family(r"for-job-group\((.*)\)")
def for_job_group(prefixes: str) -> Expr:
    """Looks for a job of one of some groups; an empty code is a prefix of everything."""
    return d.rome_id.starts_with(*parts(prefixes))


@CATALOGUE.family(r"for-job\((.*)\)")
def for_job(codes: str) -> Expr:
    """Looks for one of some job titles; an empty code matches an unknown title."""
    return d.code_ogr.is_in(*parts(codes))


CATALOGUE.add(
    "for-most-likely-short-contract",
    d.jg_has_contract_types
    & (d.jg_contract_percent.of("CDD_LESS_EQUAL_3_MONTHS") + d.jg_contract_percent.of("INTERIM") >= 50),
)


CATALOGUE.add(
    "for-risky-covid",
    first_match(
        when(d.jg_covid_risk != "COVID_UNKNOWN_RISK", d.jg_covid_risk == "COVID_RISKY"),
        when(d.rome_id == "", missing("projects.0.targetJob.jobGroup.romeId")),
        otherwise=missing("data.job_group_info.{rome_id}.covid_risk"),
    ),
)
