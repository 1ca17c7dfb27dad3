"""Bob's published rules that compute; conditions are in ``rules.yaml``, decision tables in ``tables.yaml``.

==============  ==========================================================================
``filters``     filters, and families of rules such as ``not-…``
``advice``      pieces of advice, from the improvement of a résumé to seasonal jobs
``challenges``  the main challenge of a search, and languages
``scores``      scores of strategies, and scores out of 100 that nothing published uses
==============  ==========================================================================
"""

from ..catalogue import CATALOGUE
from . import advice, challenges, filters, scores  # noqa: F401  (each registers its rules)

__all__ = ["CATALOGUE"]
