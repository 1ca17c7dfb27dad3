"""Rules on what the person has done: experience in the job, diplomas, training."""

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

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
