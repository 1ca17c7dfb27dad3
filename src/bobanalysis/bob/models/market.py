"""Rules on offers and candidates, in the département (figures looked up by place) and in the country.

The published code compares candidates per offer with 10/N; said of offers per 10 candidates, which is how
the figure is stored, the same rule compares with N. 0 means an unknown figure, -1 that there is no offer.
"""

from bobanalysis.rules import Expr

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

offers = d.market_offers_per_10_candidates
market_known = offers != 0


@CATALOGUE.family(r"for-stressed-market\(10/([0-9]+)\)")
def for_stressed_market(limit: str) -> Expr:
    """At most N offers per 10 candidates in the département; an unknown market does not pass."""
    return market_known & (offers <= int(limit)) if int(limit) else offers == -1


def easy_market(limit: int) -> Expr:
    """Return the condition that there are more than ``limit`` offers per 10 candidates."""
    return offers > limit


@CATALOGUE.family(r"for-lower-market-tension\(10/([0-9]+)\)")
def for_lower_market_tension(limit: str) -> Expr:
    """At least N offers per 10 candidates in the département; an unknown market does not pass."""
    return market_known & ((offers >= int(limit)) | (offers < -1)) if int(limit) else market_known


CATALOGUE.add("for-unstressed-market(10/7)", for_lower_market_tension("7"))


CATALOGUE.add(
    "for-stressed-job(10/3)", (d.jg_national_market_score != 0) & (d.jg_national_market_score <= 0.3)
)
