"""Bob's published rules, grouped by what they are about.

==================  ==========================================================
``age``             how old the person is
``experience``      what the person has done: experience, diploma, training
``search``          how the search goes: its length, applications, interviews
``project``         what the person is looking for
``person``          the person's situation and declared difficulties
``place``           where, and how far
``market``          offers and candidates, locally and in the country
``challenges``      the main challenge of a search and its relevance
``combine``         names that are made of other names (``not-…``)
==================  ==========================================================
"""

from ..catalogue import CATALOGUE
from . import age, challenges, combine, experience, market, person, place, project, search

__all__ = [
    "CATALOGUE",
    "age",
    "challenges",
    "combine",
    "experience",
    "market",
    "person",
    "place",
    "project",
    "search",
]
