"""Advice on training, diplomas, work-study, skills and the driving licence."""

from bobanalysis.rules import Expr, Named, count, first_match, largest, smallest, when

from ..catalogue import DICTIONARY as d
from .advice import advice, telling, told_missing_diploma
from .project import local_salary

months = d.search_length.round()

advice(
    "advice-training",
    first_match(
        when(told_missing_diploma, 3, because="NEEDS_A_DIPLOMA"),
        when((d.num_trainings >= 2) & (months >= 3), 3, because="SEARCHING_FOR_SOME_TIME"),
        when(
            (d.num_trainings >= 2) & (d.project_kind == "REORIENTATION"),
            3,
            because="WANTS_TO_CHANGE_OCCUPATION",
        ),
        when(months >= 2, 2, because="SEARCHING_FOR_SOME_TIME"),
        otherwise=1,
    ),
)
advice(
    "advice-try-alternance",
    first_match(
        when(~told_missing_diploma & (d.seniority >= "SENIOR"), 0),
        when(~told_missing_diploma & (d.age > 55), 0),
        when(
            ~told_missing_diploma
            & ~d.training_fulfillment_estimate.is_in(
                "UNKNOWN_TRAINING_FULFILLMENT", "TRAINING_FULFILLMENT_NOT_SURE"
            ),
            0,
        ),
        when(d.age < 26, 3, because="YOUNG"),
        when(
            (d.age < 35) & d.project_kind.is_in("REORIENTATION", "FIND_A_FIRST_JOB", "FIND_A_NEW_JOB"),
            3,
            because="STILL_YOUNG",
        ),
        when(d.age > 45, 1, because="WORK_STUDY_IS_NOT_ONLY_FOR_THE_YOUNG"),
        otherwise=2,
        because="WORK_STUDY_IS_NOT_ONLY_FOR_THE_YOUNG",
    ),
)


def recognition_of_experience() -> Expr:
    """Experience without the diploma: exactly 6 to 20 years, or training hard to get."""
    experienced = d.seniority.is_in("SENIOR", "EXPERT")  # not over 20 years (Q19)
    hard_to_train = d.frustrations.has("TRAINING")
    only_experience = d.training_fulfillment_estimate == "ENOUGH_EXPERIENCE"
    lacks = d.training_fulfillment_estimate.is_in("CURRENTLY_IN_TRAINING", "TRAINING_FULFILLMENT_NOT_SURE")
    told = {"SAID_THEY_HAVE_EXPERIENCE": experienced, "SAID_TRAINING_IS_HARD_TO_GET": hard_to_train}
    return first_match(
        when(d.training_fulfillment_estimate == "ENOUGH_DIPLOMAS", 0),
        *telling(only_experience, 3, told, also="SAID_THEY_HAVE_THE_EXPERIENCE_NOT_THE_DIPLOMA"),
        when(only_experience, 2, because="SAID_THEY_HAVE_THE_EXPERIENCE_NOT_THE_DIPLOMA"),
        when(experienced & hard_to_train & lacks, 2, because=(*told, "SAID_THEY_LACK_THE_DIPLOMA")),
        when(experienced & hard_to_train, 2, because=tuple(told)),
        when(experienced & lacks, 2, because=("SAID_THEY_HAVE_EXPERIENCE", "SAID_THEY_LACK_THE_DIPLOMA")),
        otherwise=0,
    )


advice("advice-vae", recognition_of_experience())
advice("advice-skill-for-future", first_match(when(d.jg_num_skills_for_future > 0, 2), otherwise=0))

# --- the driving licence: how much one would help (spec 04 §2.10)
isolated = ((d.city_urban_score != 0) & (d.city_urban_score <= 5)) | (
    (d.city_transport_score != 0) & (d.city_transport_score <= 5)
)
asked = d.jg_car_license_percent
license_would_help = Named(
    "use of a driving licence",
    first_match(
        when(d.has_car_driving_license != "FALSE", 0),
        otherwise=smallest(3, count(isolated, asked > 50, asked > 67, asked > 80)),
    ),
)
advice(
    "advice-driving-license-low-income",
    first_match(
        when((d.age < 25) | (d.search_length_now < 6), 0),
        when(local_salary > 20_000, 0),
        otherwise=license_would_help,
    ),
)
advice(
    "advice-driving-license-euro",
    first_match(when((d.age < 16) | (d.age >= 25), 0), otherwise=license_would_help),
)
advice(
    "advice-driving-license-written",
    first_match(
        when(d.age < 16, 0), when(license_would_help == 0, 0), otherwise=largest(1, license_would_help - 1)
    ),
)
