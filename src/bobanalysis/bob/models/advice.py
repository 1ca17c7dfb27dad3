"""Advice that computes its score; decision tables of the rest stand in ``tables.yaml``."""

from bobanalysis.rules import Named, any_of, count, largest, missing, smallest, total, when

from ..catalogue import CATALOGUE, rule, step
from ..catalogue import DICTIONARY as d
from ..configuration import association_publics, job_advice
from .filters import local_salary, offers

told_bravo = d.diagnostic_category == "bravo"


# --- on applying

# What the bands of answers are taken for: applications a week, interviews so far.
APPLICATIONS_A_WEEK = {"LESS_THAN_2": 0, "SOME": 2, "DECENT_AMOUNT": 6, "A_LOT": 15}
applications_a_week = step(
    "applications a week",
    *(when(d.weekly_applications_estimate == k, n) for k, n in APPLICATIONS_A_WEEK.items() if n),
    otherwise=0,
)
interviews = step(
    "interviews so far",
    when(d.total_interview_count < 0, 0),
    when(d.total_interview_count > 0, d.total_interview_count),
    when(d.total_interviews_estimate == "SOME", 1),
    when(d.total_interviews_estimate == "DECENT_AMOUNT", 5),
    when(d.total_interviews_estimate == "A_LOT", 10),
    otherwise=0,
)
candidates_per_offer = step(
    "candidates per offer", when(offers == 0, 2.85), when(offers == -1, 1000.0), otherwise=10 / offers
)

# How many times more interviews the applications sent should have brought.
expected = d.search_length * 52 / 12 * applications_a_week / candidates_per_offer
possible_increase = step(
    "interviews expected for one obtained",
    when((d.total_interviews_estimate >= "A_LOT") | (d.total_interview_count > 20), 0),
    otherwise=expected / largest(interviews, 1),
)
rule(
    "advice-improve-resume",
    when((possible_increase >= 2) & (d.search_length <= 6), 3, because="COULD_GET_MORE_INTERVIEWS"),
    when(told_bravo & d.frustrations.has("RESUME"), 1, because="SAID_THE_CV_IS_HARD"),
    otherwise=0,
)

complex_application = d.jg_application_complexity == "COMPLEX_APPLICATION_PROCESS"
many_a_month = step("many interviews a month", when(complex_application, 5), otherwise=3)

rule(
    "advice-improve-interview",
    when(d.diagnostic_category == "enhance-methods-to-interview", 3),
    when(
        interviews / largest(d.search_length, 1) > many_a_month,
        3,
        because="SAID_MANY_INTERVIEWS_DID_NOT_SUCCEED",
    ),
    when(interviews >= 5, 3, because="SAID_MANY_INTERVIEWS_DID_NOT_SUCCEED"),
    when(told_bravo, 1),
    otherwise=0,
)

# --- on changing jobs, on training, diplomas

rule(
    "advice-specific-to-job",
    when(any_of(*(CATALOGUE.check(tips.filters) for tips in job_advice())), 3),
    otherwise=0,
)
rule(
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
rule(
    "advice-reorient-jobbing",
    when(~two_open_jobs, 0),
    when(d.highest_degree <= "CAP_BEP", 3 + dear_job),
    when(d.highest_degree == "BAC_BACPRO", largest(2 + dear_job, 1)),
    when(d.highest_degree == "BTS_DUT_DEUG", 1),
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
rule(
    "advice-explore-safe-jobs",
    when(
        ~d.covid_risk_is_published & ~d.automation_risk_is_published,
        missing("data.job_group_info.automation_risk", "data.job_group_info.covid_risk"),
    ),
    when(risk <= 15, 0),
    otherwise=smallest((risk - 15) / 22, 3),
    because="JOBS_WITH_LITTLE_AUTOMATION_EXIST",
)

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
rule(
    "advice-driving-license-low-income",
    when((d.age < 25) | (d.search_length_now < 6), 0),
    when(local_salary > 20_000, 0),
    otherwise=license_would_help,
)
rule("advice-driving-license-euro", when((d.age < 16) | (d.age >= 25), 0), otherwise=license_would_help)
rule(
    "advice-driving-license-written",
    when(d.age < 16, 0),
    when(license_would_help == 0, 0),
    otherwise=largest(1, license_would_help - 1),
)

# --- on company, and on searching elsewhere

# Non-profits whose filters all pass: the public's filters are checked once, the départements are counted.
associations = Named(
    "associations for the person",
    total(*(when(CATALOGUE.check(p.filters), d.associations.of(p.id)) for p in association_publics())),
)
rule(
    "advice-association-help",
    when(associations == 0, 0),
    when(d.frustrations.has("MOTIVATION"), 3, because="SAID_STAYING_MOTIVATED_IS_HARD"),
    when((associations >= 3) & (d.search_length >= 6), 3, because="SEARCHING_FOR_SOME_TIME"),
    when(d.search_length >= 12, 3, because="SEARCHING_FOR_SOME_TIME"),
    otherwise=2,
    because="HUMAN_SUPPORT_HELPS",
)
