"""Advice on changing jobs, on training, diplomas and the driving licence."""

from bobanalysis.rules import Expr, any_of, count, first_match, largest, missing, smallest, when

from ..catalogue import CATALOGUE, step
from ..catalogue import DICTIONARY as d
from ..configuration import job_advice
from .advice import advice, telling, told_missing_diploma
from .filters import local_salary, offers

advice("advice-other-work-env", when((d.jg_num_structures > 1) | (d.jg_num_sectors > 1), 2), otherwise=0)
advice(
    "advice-specific-to-job",
    when(any_of(*(CATALOGUE.check(tips.filters) for tips in job_advice())), 3),
    otherwise=0,
)
advice(
    "advice-better-job-in-group",
    when(d.rome_id.is_in("K2107", "K2401"), 0),
    when(~d.jg_has_job_titles | (d.jg_top_title == d.code_ogr), 0),
    when(d.own_title_percent + 30 < d.jg_top_title_percent, 3, because="MANY_MORE_OFFERS_IN_CLOSE_JOBS"),
    when(
        (d.search_length > 6) & (d.own_title_percent + 5 < d.jg_top_title_percent),
        3,
        because="MORE_OFFERS_IN_CLOSE_JOBS",
    ),
    when(d.project_kind == "REORIENTATION", 3, because="WANTS_TO_CHANGE_OCCUPATION"),
    otherwise=2,
    because="SOME_OFFERS_IN_CLOSE_JOBS",
)
advice(
    "advice-create-your-company",
    when(
        d.frustrations.has_any("AGE_DISCRIMINATION", "ATYPIC_PROFILE", "SEX_DISCRIMINATION")
        & d.frustrations.has("NO_OFFERS"),
        2,
        because=("EMPLOYERS_GIVE_THEM_NO_CHANCE", "NO_OFFERS_SUIT_THEM"),
    ),
    when(
        d.frustrations.has_any("AGE_DISCRIMINATION", "ATYPIC_PROFILE", "SEX_DISCRIMINATION"),
        2,
        because="EMPLOYERS_GIVE_THEM_NO_CHANCE",
    ),
    when(d.frustrations.has("NO_OFFERS"), 2, because="NO_OFFERS_SUIT_THEM"),
    when(d.search_length_now > 3, 2, because="EASIER_THAN_ONE_THINKS"),
    otherwise=1,
    because="EASIER_THAN_ONE_THINKS",
)

# Two jobs without qualification at least as open as the person's own; 8 offers per 10 candidates if unknown.
# (A market without any offer, -1, never passes: M10. A switch of the developers, allModules, is left out.)
two_open_jobs = step(
    "two open jobs",
    when(offers == 0, d.jobbing_market_score >= 8),
    when(offers > 0, d.jobbing_market_score >= offers),
    otherwise=False,
)
dear_job = step(
    "points for a job held dear",
    when((d.passionate_level == "LIFE_GOAL_JOB") & (d.jg_growth_2012_2022 < 0.1), -1),
    when(d.passionate_level == "LIFE_GOAL_JOB", -2),
    otherwise=0,
)
advice(
    "advice-reorient-jobbing",
    when(~two_open_jobs, 0),
    when(d.highest_degree <= "CAP_BEP", 3 + dear_job),
    when(d.highest_degree == "BAC_BACPRO", largest(2 + dear_job, 1)),
    when(d.highest_degree == "BTS_DUT_DEUG", 1),
    otherwise=0,
)

months = d.search_length_now.round()
stuck = d.diagnostic_category == "stuck-market"
attached = d.passionate_level >= "PASSIONATING_JOB"
advice(
    "advice-reorient-to-close-job",
    when((offers == 0) | (d.market_num_close_jobs < 2), 0),
    when((d.age >= 45) & stuck, 1),
    when(d.age >= 45, 0),
    when((d.search_not_started | (months <= 1)) & attached, 1),
    when(d.search_not_started | (months <= 1), 2, because="NOT_TOO_ATTACHED_TO_THE_JOB"),
    when(months >= 12, 3, because="SEARCHING_FOR_SOME_TIME"),
    when(months >= 9, 2, because="SEARCHING_FOR_SOME_TIME"),
    when(months >= 6, 1, because="SEARCHING_FOR_SOME_TIME"),
    when(stuck & attached, 1),
    when(stuck, 1, because="NOT_TOO_ATTACHED_TO_THE_JOB"),
    otherwise=0,
)

# Risk out of 100: half from Covid, half from automation; unknown counts 25 where it is known of another job.
covid = step(
    "points for Covid",
    when(d.jg_covid_risk == "COVID_RISKY", 50),
    when((d.jg_covid_risk == "COVID_UNKNOWN_RISK") & d.covid_risk_is_published, 25),
    otherwise=0,
)
automation = step(
    "points for automation",
    when(d.jg_automation_risk != 0, (d.jg_automation_risk / 2).floor()),
    when(d.automation_risk_is_published, 25),
    otherwise=0,
)
risk = covid + automation
advice(
    "advice-explore-safe-jobs",
    when(
        ~d.covid_risk_is_published & ~d.automation_risk_is_published,
        missing("data.job_group_info.automation_risk", "data.job_group_info.covid_risk"),
    ),
    when(risk <= 15, 0),
    otherwise=smallest((risk - 15) / 22, 3),
    because="JOBS_WITH_LITTLE_AUTOMATION_EXIST",
)


months = d.search_length.round()

advice(
    "advice-training",
    when(told_missing_diploma, 3, because="NEEDS_A_DIPLOMA"),
    when((d.num_trainings >= 2) & (months >= 3), 3, because="SEARCHING_FOR_SOME_TIME"),
    when(
        (d.num_trainings >= 2) & (d.project_kind == "REORIENTATION"), 3, because="WANTS_TO_CHANGE_OCCUPATION"
    ),
    when(months >= 2, 2, because="SEARCHING_FOR_SOME_TIME"),
    otherwise=1,
)
advice(
    "advice-try-alternance",
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
advice("advice-skill-for-future", when(d.jg_num_skills_for_future > 0, 2), otherwise=0)

# --- the driving licence: how much one would help (spec 04 §2.10)
isolated = ((d.city_urban_score != 0) & (d.city_urban_score <= 5)) | (
    (d.city_transport_score != 0) & (d.city_transport_score <= 5)
)
asked = d.jg_car_license_percent
license_would_help = step(
    "use of a driving licence",
    when(d.has_car_driving_license != "FALSE", 0),
    otherwise=smallest(3, count(isolated, asked > 50, asked > 67, asked > 80)),
)
advice(
    "advice-driving-license-low-income",
    when((d.age < 25) | (d.search_length_now < 6), 0),
    when(local_salary > 20_000, 0),
    otherwise=license_would_help,
)
advice("advice-driving-license-euro", when((d.age < 16) | (d.age >= 25), 0), otherwise=license_would_help)
advice(
    "advice-driving-license-written",
    when(d.age < 16, 0),
    when(license_would_help == 0, 0),
    otherwise=largest(1, license_would_help - 1),
)
