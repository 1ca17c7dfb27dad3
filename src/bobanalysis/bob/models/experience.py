"""Rules on what the person has done: experience in the job, diplomas, training."""

from bobanalysis.rules import Expr, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

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


for years, level, lines, spec in (
    (2, "INTERMEDIARY", "L1137-L1139", "F12"),
    (6, "SENIOR", "L1140-L1142", "F13"),
    (10, "EXPERT", "L1143-L1145", "F14"),
):
    CATALOGUE.add(
        f"for-experienced({years})", d.seniority >= level, source=f"{SCORING}#{lines}", spec=f"02, {spec}"
    )

CATALOGUE.add(
    "for-experience-in-domain",
    d.previous_job_similarity == "DONE_THIS",
    source=f"{SCORING}#L1153-L1155",
    spec="02, F17",
)
CATALOGUE.add(
    "for-currently-in-training",
    d.training_fulfillment_estimate == "CURRENTLY_IN_TRAINING",
    source=f"{SCORING}#L1123-L1124",
    spec="02, F08",
)
CATALOGUE.add(
    "for-training-fulfilled",
    d.training_fulfillment_estimate == "ENOUGH_DIPLOMAS",
    source=f"{SCORING}#L1278-L1279",
    spec="02, F59",
)
CATALOGUE.add(
    "for-experience-in-similar-domain",
    d.previous_job_similarity == "DONE_SIMILAR",
    source=f"{SCORING}#L1156-L1158",
    spec="02, F18",
)
CATALOGUE.add(
    "for-first-time-in-job",
    d.previous_job_similarity == "NEVER_DONE",
    source=f"{SCORING}#L1176-L1178",
    spec="02, F23",
)

for name, lines, spec in (("internship", "L1146-L1149", "F15"), ("intern", "L1150-L1152", "F16")):
    CATALOGUE.add(
        f"for-exact-experienced({name})",
        d.seniority == "INTERN",
        source=f"{SCORING}#{lines}",
        spec=f"02, {spec}",
    )

for name, level, lines, spec in (
    ("bac+2", "BTS_DUT_DEUG", "L1236-L1238", "F44"),
    ("bac+3", "LICENCE_MAITRISE", "L1239-L1241", "F45"),
    ("bac+5", "DEA_DESS_MASTER_PHD", "L1242-L1244", "F46"),
):
    CATALOGUE.add(
        f"for-qualified({name})", d.highest_degree >= level, source=f"{SCORING}#{lines}", spec=f"02, {spec}"
    )

CATALOGUE.add(
    "for-unqualified(bac)",
    d.highest_degree <= "BAC_BACPRO",
    source=f"{SCORING}#L1283-L1285",
    spec="02, F61",
    quirks=("Q21",),
)
CATALOGUE.add(
    "for-no-degree", d.highest_degree == "NO_DEGREE", source=f"{SCORING}#L1286-L1288", spec="02, F62"
)
CATALOGUE.add(
    "for-foreign-diploma",
    d.frustrations.has("FOREIGN_QUALIFICATIONS"),
    source="frontend/server/modules/diplomas.py#L43-L44",
    spec="04, §2.9",
)
CATALOGUE.add(
    "missing-required-diploma",
    missing_required_diploma(),
    source="frontend/server/modules/diplomas.py#L7-L42",
    spec="04, §2.9",
)
