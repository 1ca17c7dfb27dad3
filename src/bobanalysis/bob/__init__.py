"""Bob Emploi's published algorithm, in the language of ``bobanalysis.rules``.

>>> from bobanalysis.bob import catalogue
>>> catalogue()["for-old(50)"].expr
(age > 50)
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from bobanalysis.tables import InputError
from bobanalysis.validation import ValidationResult, validate

from .catalogue import DICTIONARY, UPSTREAM_COMMIT, Catalogue, Family
from .diagnosis import Challenge, Relevance, challenges, diagnosis, overall_rows
from .market import Market, MarketLike, NoFigures
from .pipeline import Bob
from .records import read_users
from .rulebook import catalogue, titles
