"""Advice for some people: older, young, disabled, in need of company or of balance."""

from bobanalysis.rules import Named, first_match, total, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from ..configuration import association_publics
from . import age, combine, experience, job, person, search  # noqa: F401  (the filters of non-profits)
from .advice import advice

advice(
    "advice-senior",
    first_match(
        when((d.age > 40) & d.frustrations.has("AGE_DISCRIMINATION"), 2, because="SAID_AGE_IS_AN_OBSTACLE"),
        when(d.age >= 45, 2),
        otherwise=0,
    ),
)
advice("advice-life-balance", first_match(when(d.has_handicap, 0), otherwise=1))
advice(
    "advice-civic-service",
    first_match(
        when((d.age < 16) | (d.seniority > "INTERN"), 0),
        when(d.age <= 25, 2, because="AGED_16_TO_25"),
        when(d.has_handicap & (d.age <= 30), 2, because="AGED_16_TO_30"),
        otherwise=0,
    ),
)

weak_network, keen = d.network_estimate <= 2, d.passionate_level >= "PASSIONATING_JOB"
advice(
    "advice-immersion-milo",
    first_match(
        when((d.previous_job_similarity != "NEVER_DONE") | (d.age > 25), 0),
        when(weak_network & keen, 3, because=("BUILDS_A_NETWORK", "SHOWS_MOTIVATION")),
        when(weak_network, 2.5, because="BUILDS_A_NETWORK"),
        when(keen, 2.5, because="SHOWS_MOTIVATION"),
        otherwise=2,
    ),
)

# Non-profits whose filters all pass: the public's filters are checked once, the départements are counted.
associations = Named(
    "associations for the person",
    total(*(when(CATALOGUE.check(p.filters), d.associations.of(p.id)) for p in association_publics())),
)
advice(
    "advice-association-help",
    first_match(
        when(associations == 0, 0),
        when(d.frustrations.has("MOTIVATION"), 3, because="SAID_STAYING_MOTIVATED_IS_HARD"),
        when((associations >= 3) & (d.search_length >= 6), 3, because="SEARCHING_FOR_SOME_TIME"),
        when(d.search_length >= 12, 3, because="SEARCHING_FOR_SOME_TIME"),
        otherwise=2,
        because="HUMAN_SUPPORT_HELPS",
    ),
)
advice(
    "advice-volunteer",
    first_match(
        when((d.missions_in_departement == 0) & (d.missions_everywhere == 0), 0),
        when(d.search_length < 9, 1),
        otherwise=2,
        because="KEEPS_A_SOCIAL_LIFE",
    ),
)
