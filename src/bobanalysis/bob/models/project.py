"""Rules on what the person is looking for, and whether they know it."""

from bobanalysis.rules import first_match, missing, when

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
