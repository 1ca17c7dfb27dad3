"""Job suggestions and market indicators that the published service worked out beforehand (spec 05).

Functions take tables and return tables. Each says its columns; those marked * need a table of one's own,
because no open one is shipped (salaries, dated offers, job seekers' histories, forecasts).

===================== =============================================================================
``tension``           offers per ten candidates; départements in order; share of more stressed people
``close_jobs``        less stressful job groups; similar jobs (ROME's links)
``best_in_area``      best jobs of a département, by market, against the country, by salary*, sector*
``recommend``         ``suggest_jobs``: those lists for people; ``with_indicators``: what advice reads of them
``offers``            offer changes*, jobs without qualification*, seasonal jobs*, titles*, better title*
``commuting``         cities that hire*, cities to commute to*
``local_market``      difficult hiring*, salaries*, seasons*, contracts*, time without work*, trainings*
``job_groups``        growth*, automation*, ways of applying*, wordings by prefix*
``requirements``      diplomas*, driving licences*, office software*, contracts*
===================== =============================================================================

Where the published code leaves the order of equals open, it is fixed here (by code) and said so.

>>> from bobanalysis.bob.suggestions import SUGGESTIONS
>>> sorted(SUGGESTIONS)
['best-local-market-score', 'best-relative-local-score', 'less-stressful-job-groups']
"""

from .best_in_area import best_jobs_in_area, good_job_groups, open_without, shown
from .close_jobs import (
    group_links,
    less_stressful_job_groups,
    less_stressful_job_groups_elsewhere,
    similar_jobs,
)
from .commuting import cities_to_commute_to, hiring_cities
from .job_groups import (
    application_modes,
    automation_risk,
    by_longest_prefix,
    growth_2012_2022,
    training_lengths,
)
from .local_market import (
    active_months,
    asked_salaries,
    employment_types,
    hiring_needs,
    job_group_of_family,
    offered_salaries,
    salary_bucket,
    training_counts,
    unemployment_duration,
)
from .offers import (
    better_job_in_group,
    offer_changes,
    recent_job_offers,
    reorient_jobbing,
    seasonal_jobbing,
    specific_jobs,
)
from .recommend import SUGGESTIONS, for_people, suggest_jobs, with_indicators
from .requirements import contract_types, diplomas, driving_licences, office_skills
from .tension import (
    departement_scores,
    less_stressful_departements,
    local_tension,
    market_score,
    more_stressed_jobseekers,
    national_tension,
    published,
    stress,
    tension_from_cells,
)

__all__ = [
    "SUGGESTIONS",
    "active_months",
    "application_modes",
    "asked_salaries",
    "automation_risk",
    "best_jobs_in_area",
    "better_job_in_group",
    "by_longest_prefix",
    "cities_to_commute_to",
    "contract_types",
    "departement_scores",
    "diplomas",
    "driving_licences",
    "employment_types",
    "for_people",
    "good_job_groups",
    "group_links",
    "growth_2012_2022",
    "hiring_cities",
    "hiring_needs",
    "job_group_of_family",
    "less_stressful_departements",
    "less_stressful_job_groups",
    "less_stressful_job_groups_elsewhere",
    "local_tension",
    "market_score",
    "more_stressed_jobseekers",
    "national_tension",
    "offer_changes",
    "offered_salaries",
    "office_skills",
    "open_without",
    "published",
    "recent_job_offers",
    "reorient_jobbing",
    "salary_bucket",
    "seasonal_jobbing",
    "shown",
    "similar_jobs",
    "specific_jobs",
    "stress",
    "suggest_jobs",
    "tension_from_cells",
    "training_counts",
    "training_lengths",
    "unemployment_duration",
    "with_indicators",
]
