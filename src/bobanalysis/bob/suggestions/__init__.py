"""Job suggestions and market indicators that the published service worked out beforehand (spec 05).

Functions take tables and return tables; each says its columns.

============= ==================================================================================
``tension``   offers per ten candidates; départements in order
``lists``     less stressful job groups, best jobs of a département, both for people
``importer``  what the records of quirks run on a few rows, because its tables are not open
============= ==================================================================================

>>> from bobanalysis.bob.suggestions import SUGGESTIONS
>>> sorted(SUGGESTIONS)
['best-local-market-score', 'best-relative-local-score', 'less-stressful-job-groups']
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from .importer import (
    diplomas,
    driving_licences,
    good_job_groups,
    hiring_cities,
    hiring_needs,
    less_stressful_job_groups_elsewhere,
    offer_changes,
    open_without,
    reorient_jobbing,
    seasonal_jobbing,
    similar_jobs,
    training_counts,
    training_lengths,
)
from .lists import (
    SUGGESTIONS,
    best_jobs_in_area,
    for_people,
    less_stressful_job_groups,
    shown,
    suggest_jobs,
    with_indicators,
)
from .tension import less_stressful_departements, local_tension, national_tension, published
