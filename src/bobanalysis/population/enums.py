"""Numbers of the enums that a population is made of.

They are the numbers of the specification (file 01, section 6). They stand here as well as in the data
dictionary of the audited algorithm because this room knows nothing of that algorithm; a test keeps the two
equal.
"""

from __future__ import annotations

ENUMS: dict[str, dict[str, int]] = {
    "project_kind": {
        "CREATE_OR_TAKE_OVER_COMPANY": 2,
        "REORIENTATION": 4,
        "FIND_A_FIRST_JOB": 5,
        "FIND_A_NEW_JOB": 6,
        "FIND_ANOTHER_JOB": 7,
    },
    "previous_job_similarity": {"DONE_THIS": 1, "DONE_SIMILAR": 2, "NEVER_DONE": 3},
    "seniority": {
        "NO_SENIORITY": 1,
        "INTERN": 2,
        "JUNIOR": 3,
        "INTERMEDIARY": 4,
        "SENIOR": 5,
        "EXPERT": 6,
        "CARREER": 7,
    },
    "passionate_level": {
        "UNKNOWN_PASSION_LEVEL": 0,
        "ALIMENTARY_JOB": 1,
        "LIKEABLE_JOB": 2,
        "PASSIONATING_JOB": 3,
        "LIFE_GOAL_JOB": 4,
    },
    "training_fulfillment_estimate": {
        "UNKNOWN_TRAINING_FULFILLMENT": 0,
        "ENOUGH_DIPLOMAS": 1,
        "ENOUGH_EXPERIENCE": 2,
        "CURRENTLY_IN_TRAINING": 3,
        "TRAINING_FULFILLMENT_NOT_SURE": 4,
        "NO_TRAINING_REQUIRED": 5,
    },
    "weekly_applications_estimate": {
        "UNKNOWN_NUMBER_ESTIMATE_OPTION": 0,
        "LESS_THAN_2": 1,
        "SOME": 2,
        "DECENT_AMOUNT": 3,
        "A_LOT": 4,
    },
    "network_estimate": {"-1": -1, "0": 0, "1": 1, "2": 2, "3": 3},
    "has_clear_project": {"UNKNOWN_BOOL": 0, "FALSE": 1, "TRUE": 2},
    "area_type": {"UNKNOWN_AREA_TYPE": 0, "CITY": 1, "DEPARTEMENT": 2, "REGION": 3, "COUNTRY": 4, "WORLD": 5},
    "family_situation": {
        "UNKNOWN_FAMILY_SITUATION": 0,
        "SINGLE": 1,
        "IN_A_RELATIONSHIP": 2,
        "FAMILY_WITH_KIDS": 3,
        "SINGLE_PARENT_SITUATION": 4,
    },
    "situation": {
        "UNKNOWN_SITUATION": 0,
        "FIRST_TIME": 1,
        "LOST_QUIT": 2,
        "IN_TRAINING": 3,
        "EMPLOYED": 5,
    },
    "gender": {"UNKNOWN_GENDER": 0, "MASCULINE": 1, "FEMININE": 2},
    "highest_degree": {
        "UNKNOWN_DEGREE": 0,
        "NO_DEGREE": 1,
        "CAP_BEP": 2,
        "BAC_BACPRO": 3,
        "BTS_DUT_DEUG": 4,
        "LICENCE_MAITRISE": 5,
        "DEA_DESS_MASTER_PHD": 6,
    },
}

FRUSTRATIONS: tuple[str, ...] = (
    "NO_OFFERS",
    "NO_OFFER_ANSWERS",
    "RESUME",
    "INTERVIEW",
    "TRAINING",
    "MOTIVATION",
    "TIME_MANAGEMENT",
    "SINGLE_PARENT",
    "HANDICAPED",
    "ATYPIC_PROFILE",
    "AGE_DISCRIMINATION",
    "SEX_DISCRIMINATION",
    "EXPERIENCE",
    "SELF_CONFIDENCE",
    "STAY_AT_HOME_PARENT",
    "RACE_DISCRIMINATION",
    "LANGUAGE",
    "FOREIGN_QUALIFICATIONS",
    "CHILD_CARE",
)

# The youngest age at which a person can hold each degree, in the order of the enum from NO_DEGREE: the usual
# length of the studies, without early starts.
YOUNGEST_WITH_DEGREE: tuple[int, ...] = (16, 18, 18, 20, 21, 23)

# Experience in years that each level of seniority takes at least, indexed by its number (0 and 1 take none).
YEARS_OF_EXPERIENCE: tuple[int, ...] = (0, 0, 0, 0, 2, 6, 10, 20)

WORKING_AGE = 16
