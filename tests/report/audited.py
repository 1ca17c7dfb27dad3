"""The algorithm that the pages under test are about, and its cards."""

from bobanalysis.bob import Bob
from bobanalysis.recommenders.market import french_market
from bobanalysis.report.subjects import card_index
from bobanalysis.report.words import Words

BOB = Bob(french_market())
CARDS = card_index(BOB)


def words(language):
    """Words of a language, with those of the algorithm."""
    return Words(language, BOB.presentation.words)
