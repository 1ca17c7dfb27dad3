"""Advice for some people (older, young, in need of company), and on searching elsewhere."""

from bobanalysis.rules import Named, error, total, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from ..configuration import association_publics
from .advice import advice
from .filters import market_known

advice(
    "advice-senior",
    when((d.age > 40) & d.frustrations.has("AGE_DISCRIMINATION"), 2, because="SAID_AGE_IS_AN_OBSTACLE"),
    when(d.age >= 45, 2),
    otherwise=0,
)
advice("advice-life-balance", when(d.has_handicap, 0), otherwise=1)
advice(
    "advice-civic-service",
    when((d.age < 16) | (d.seniority > "INTERN"), 0),
    when(d.age <= 25, 2, because="AGED_16_TO_25"),
    when(d.has_handicap & (d.age <= 30), 2, because="AGED_16_TO_30"),
    otherwise=0,
)

weak_network, keen = d.network_estimate <= 2, d.passionate_level >= "PASSIONATING_JOB"
advice(
    "advice-immersion-milo",
    when((d.previous_job_similarity != "NEVER_DONE") | (d.age > 25), 0),
    when(weak_network & keen, 3, because=("BUILDS_A_NETWORK", "SHOWS_MOTIVATION")),
    when(weak_network, 2.5, because="BUILDS_A_NETWORK"),
    when(keen, 2.5, because="SHOWS_MOTIVATION"),
    otherwise=2,
)

# Non-profits whose filters all pass: the public's filters are checked once, the départements are counted.
associations = Named(
    "associations for the person",
    total(*(when(CATALOGUE.check(p.filters), d.associations.of(p.id)) for p in association_publics())),
)
advice(
    "advice-association-help",
    when(associations == 0, 0),
    when(d.frustrations.has("MOTIVATION"), 3, because="SAID_STAYING_MOTIVATED_IS_HARD"),
    when((associations >= 3) & (d.search_length >= 6), 3, because="SEARCHING_FOR_SOME_TIME"),
    when(d.search_length >= 12, 3, because="SEARCHING_FOR_SOME_TIME"),
    otherwise=2,
    because="HUMAN_SUPPORT_HELPS",
)
advice(
    "advice-volunteer",
    when((d.missions_in_departement == 0) & (d.missions_everywhere == 0), 0),
    when(d.search_length < 9, 1),
    otherwise=2,
    because="KEEPS_A_SOCIAL_LIFE",
)


advice(
    "advice-commute",
    when(d.commute_cities == 0, 0),
    when((d.area_type > "CITY") & (d.commute_best_ratio >= 2), 3, because="MANY_MORE_OFFERS_IN_OTHER_CITIES"),
    otherwise=2,
    because="OFFERS_IN_OTHER_CITIES",
)
advice(
    "advice-relocate",
    when(d.area_type < "COUNTRY", 0),
    when(
        market_known & (d.market_num_better_departements != 0),
        2,
        because=("READY_TO_MOVE", "MANY_MORE_OFFERS_ELSEWHERE"),
    ),
    otherwise=0,
)
only_permanent = d.employment_types.has("CDI") & (d.num_employment_types == 1)
advice(
    "advice-seasonal-relocate",
    when((d.area_type < "COUNTRY") | (d.family_situation != "SINGLE"), 0),
    when((d.highest_degree >= "LICENCE_MAITRISE") | (d.age > 30) | only_permanent, 0),
    when(d.seasonal_departements == -1, error("IndexError")),
    when(
        d.seasonal_departements > 1,
        2,
        because=("READY_TO_MOVE", "NO_FAMILY_TIES", "MORE_SEASONAL_OFFERS_ELSEWHERE"),
    ),
    otherwise=0,
)
