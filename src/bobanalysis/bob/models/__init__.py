"""Bob's published rules, grouped by what they are about; those that are one comparison are in ``rules.yaml``.

=========================  ====================================================================
``filters``                the person, the job and its market, the project and the search
``challenges``             the main challenge of a search, its relevance, languages
``advice_applications``    advice on applying, contacts and events (``advice-fresh-resume``…)
``advice_occupation``      advice on changing jobs and on training (``advice-vae``…)
``advice_people``          advice for some people, and on searching elsewhere (``advice-senior``…)
``scores``                 scores of strategies, and scores out of 100 that nothing published uses
=========================  ====================================================================
"""

from ..catalogue import CATALOGUE
from . import (  # noqa: F401  (each registers its rules)
    advice_applications,
    advice_occupation,
    advice_people,
    challenges,
    filters,
    scores,
)

__all__ = ["CATALOGUE"]
