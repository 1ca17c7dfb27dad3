"""Rules on what the person has done: experience in the job, diplomas, training."""

from bobanalysis.rules import Expr, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

VOCATIONAL_JOBS = ("M1608", "M1606", "N4104")  # a CAP or BEP is taken for granted there


def missing_required_diploma() -> Expr:
    """Below the lowest diploma that the job asks for; unknown degrees are below any."""
    vocational = d.rome_id.starts_with(*VOCATIONAL_JOBS)
    return first_match(
        when(d.rome_id == "", missing("projects.0.targetJob.jobGroup.romeId")),
        when(d.highest_degree >= "DEA_DESS_MASTER_PHD", False),
        when((d.jg_lowest_diploma == "UNKNOWN_DEGREE") & vocational, d.highest_degree < "CAP_BEP"),
        when(
            d.jg_lowest_diploma == "UNKNOWN_DEGREE",
            missing("data.job_group_info.{rome_id}.requirements.diplomas"),
        ),
        when(d.jg_lowest_diploma == "NO_DEGREE", False),
        otherwise=d.highest_degree < d.jg_lowest_diploma,
    )


CATALOGUE.add("missing-required-diploma", missing_required_diploma())
