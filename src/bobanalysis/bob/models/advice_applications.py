"""Advice on applying, on contacts and events."""

from bobanalysis.rules import Expr, all_of, largest, when

from ..catalogue import DICTIONARY as d
from ..catalogue import step
from .advice import advice, telling, told_bravo, told_missing_diploma
from .filters import offers

resume_is_hard = d.frustrations.has("RESUME")

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

advice(
    "advice-body-language",
    *telling(
        True,
        2,
        {
            "SAID_INTERVIEWS_ARE_HARD": d.frustrations.has("INTERVIEW"),
            "SAID_THEY_LACK_SELF_CONFIDENCE": d.frustrations.has("SELF_CONFIDENCE"),
            "SAID_THEIR_PROFILE_IS_UNUSUAL": d.frustrations.has("ATYPIC_PROFILE"),
        },
    ),
    otherwise=1,
    because="ONE_CAN_ALWAYS_PRESENT_ONESELF_BETTER",
)
advice(
    "advice-follow-up",
    when(d.jg_preferred_application_medium == "APPLY_IN_PERSON", 0),
    when(d.frustrations.has("NO_OFFER_ANSWERS"), 2, because="SAID_RECRUITERS_DO_NOT_ANSWER"),
    otherwise=1,
)
advice(
    "advice-less-applications",
    when(
        d.weekly_applications_estimate.is_in("DECENT_AMOUNT", "A_LOT"),
        3,
        because="SAID_THEY_SEND_MANY_APPLICATIONS",
    ),
    otherwise=0,
)
advice("advice-more-offer-answers", when(d.frustrations.has("NO_OFFER_ANSWERS"), 2), otherwise=1)
advice(
    "advice-job-boards",
    when(d.frustrations.has("NO_OFFERS"), 2, because="SAID_OFFERS_ARE_TOO_FEW"),
    otherwise=1,
)
advice(
    "advice-spontaneous-application",
    when(d.jg_first_modes.has("SPONTANEOUS_APPLICATION"), 3, because="FIRST_HIRING_CHANNEL"),
    when(told_missing_diploma, 2, because="BEST_WAY_TO_WORK_STUDY"),
    when(d.jg_second_modes.has("SPONTANEOUS_APPLICATION"), 2, because="ONE_OF_THE_BEST_CHANNELS"),
    when(told_bravo & d.frustrations.has("NO_OFFERS"), 2, because="SAID_OFFERS_ARE_TOO_FEW"),
    otherwise=0,
)
advice(
    "advice-fresh-resume",
    when(
        (d.weekly_applications_estimate <= "LESS_THAN_2") | (d.search_length < 2),
        3,
        because="SAID_THEY_ARE_BEGINNING_TO_APPLY",
    ),
    when(told_bravo & resume_is_hard, 1, because="SAID_THE_CV_IS_HARD"),
    otherwise=0,
)


def possible_increase() -> Expr:
    """How many times more interviews the applications sent should have brought."""
    expected = d.search_length * 52 / 12 * applications_a_week / candidates_per_offer
    return step(
        "interviews expected for one obtained",
        when((d.total_interviews_estimate >= "A_LOT") | (d.total_interview_count > 20), 0),
        otherwise=expected / largest(interviews, 1),
    )


advice(
    "advice-improve-resume",
    when((possible_increase() >= 2) & (d.search_length <= 6), 3, because="COULD_GET_MORE_INTERVIEWS"),
    when(told_bravo & resume_is_hard, 1, because="SAID_THE_CV_IS_HARD"),
    otherwise=0,
)

complex_application = d.jg_application_complexity == "COMPLEX_APPLICATION_PROCESS"
many_a_month = step("many interviews a month", when(complex_application, 5), otherwise=3)

advice(
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


OTHER_CHANNELS = ("SPONTANEOUS_APPLICATION", "PLACEMENT_AGENCY", "OTHER_CHANNELS")

hired_through_contacts = d.jg_first_modes.has("PERSONAL_OR_PROFESSIONAL_CONTACTS") & all_of(
    *(~d.jg_first_modes.has(channel) for channel in OTHER_CHANNELS)
)

for name, level in (("improve-network", 1), ("better-network", 2), ("use-good-network", 3)):
    advice(
        f"advice-{name}",
        when(d.network_estimate != level, 0),
        when(hired_through_contacts, 3, because="CONTACTS_ARE_THE_FIRST_CHANNEL"),
        otherwise=2,
    )

advice(
    "advice-event",
    when(hired_through_contacts, 2, because="CONTACTS_ARE_THE_FIRST_CHANNEL"),
    otherwise=1,
    because="GOOD_WAY_TO_MEET_PEOPLE",
)
advice(
    "advice-online-salons",
    when(d.open_online_salons == 0, 0),
    when(d.area_type >= "COUNTRY", 1, because="MOBILE_EVERYWHERE"),
    otherwise=1,
)
