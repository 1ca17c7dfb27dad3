"""The algorithm that the pages under test are about, its cards, and those that it is compared with."""

from bobanalysis import algorithms
from bobanalysis.bob import Bob
from bobanalysis.recommenders.market import french_market
from bobanalysis.report.subjects import card_index
from bobanalysis.report.words import Words

BOB = Bob(french_market())
CARDS = card_index(BOB)
OTHERS = [algorithms.load(name) for name in algorithms.names() if name != "bob"]


def words(language):
    """Words of a language, with those of the algorithm."""
    return Words(language, BOB.presentation.words)
