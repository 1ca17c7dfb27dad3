"""Bob's published rules, grouped by what they are about.

=========================  ==========================================================
``age``                    how old the person is
``experience``             what the person has done: experience, diploma, training
``search``                 how the search goes: its length, applications, interviews
``project``                what the person is looking for
``person``                 the person's situation and declared difficulties
``language``               the languages that the place and the job need
``place``                  where, and how far
``market``                 offers and candidates, locally and in the country
``job``                    the target job, as it is in the whole country
``challenges``             the main challenge of a search and its relevance
``advice_applications``    advice on applying (``advice-fresh-resume``…)
``advice_network``         advice on contacts and events (``advice-event``…)
``advice_training``        advice on training and licences (``advice-vae``…)
``advice_occupation``      advice on changing jobs (``advice-reorient-jobbing``…)
``advice_place``           advice on searching elsewhere (``advice-commute``…)
``advice_people``          advice for some people (``advice-senior``…)
``strategies``             scores of strategies
``scores``                 scores out of 100 that nothing published uses
``combine``                names that are made of other names (``not-…``)
=========================  ==========================================================
"""

from ..catalogue import CATALOGUE
from . import (  # noqa: F401  (each registers its rules)
    advice_applications,
    advice_network,
    advice_occupation,
    advice_people,
    advice_place,
    advice_training,
    age,
    challenges,
    combine,
    experience,
    job,
    language,
    market,
    person,
    place,
    project,
    scores,
    search,
    strategies,
)

__all__ = ["CATALOGUE"]
