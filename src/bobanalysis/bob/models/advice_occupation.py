"""Advice on changing jobs: a close one, a safer one, one without qualification, one's own company."""

from bobanalysis.rules import Named, any_of, first_match, largest, missing, smallest, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from ..configuration import job_advice
from . import combine, experience, job  # noqa: F401  (the filters of tips for one occupation)
from .advice import advice
from .market import offers

advice(
    "advice-other-work-env",
    first_match(when((d.jg_num_structures > 1) | (d.jg_num_sectors > 1), 2), otherwise=0),
)
advice(
    "advice-specific-to-job",
    first_match(when(any_of(*(CATALOGUE.check(tips.filters) for tips in job_advice())), 3), otherwise=0),
)
advice(
    "advice-better-job-in-group",
    first_match(
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
    ),
)
advice(
    "advice-create-your-company",
    first_match(
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
    ),
)

# Two jobs without qualification at least as open as the person's own; 8 offers per 10 candidates if unknown.
# (A market without any offer, -1, never passes: M10. A switch of the developers, allModules, is left out.)
two_open_jobs = Named(
    "two open jobs",
    first_match(
        when(offers == 0, d.jobbing_market_score >= 8),
        when(offers > 0, d.jobbing_market_score >= offers),
        otherwise=False,
    ),
)
dear_job = Named(
    "points for a job held dear",
    first_match(
        when((d.passionate_level == "LIFE_GOAL_JOB") & (d.jg_growth_2012_2022 < 0.1), -1),
        when(d.passionate_level == "LIFE_GOAL_JOB", -2),
        otherwise=0,
    ),
)
advice(
    "advice-reorient-jobbing",
    first_match(
        when(~two_open_jobs, 0),
        when(d.highest_degree <= "CAP_BEP", 3 + dear_job),
        when(d.highest_degree == "BAC_BACPRO", largest(2 + dear_job, 1)),
        when(d.highest_degree == "BTS_DUT_DEUG", 1),
        otherwise=0,
    ),
)

months = d.search_length_now.round()
stuck = d.diagnostic_category == "stuck-market"
attached = d.passionate_level >= "PASSIONATING_JOB"
advice(
    "advice-reorient-to-close-job",
    first_match(
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
    ),
)

# Risk out of 100: half from Covid, half from automation; unknown counts 25 where it is known of another job.
covid = Named(
    "points for Covid",
    first_match(
        when(d.jg_covid_risk == "COVID_RISKY", 50),
        when((d.jg_covid_risk == "COVID_UNKNOWN_RISK") & d.covid_risk_is_published, 25),
        otherwise=0,
    ),
)
automation = Named(
    "points for automation",
    first_match(
        when(d.jg_automation_risk != 0, (d.jg_automation_risk / 2).floor()),
        when(d.automation_risk_is_published, 25),
        otherwise=0,
    ),
)
risk = covid + automation
advice(
    "advice-explore-safe-jobs",
    first_match(
        when(
            ~d.covid_risk_is_published & ~d.automation_risk_is_published,
            missing("data.job_group_info.automation_risk", "data.job_group_info.covid_risk"),
        ),
        when(risk <= 15, 0),
        otherwise=smallest((risk - 15) / 22, 3),
        because="JOBS_WITH_LITTLE_AUTOMATION_EXIST",
    ),
)
