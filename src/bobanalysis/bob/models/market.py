"""Rules on offers and candidates, in the département (figures looked up by place) and in the country.

The published code compares candidates per offer with 10/N; said of offers per 10 candidates, which is how
the figure is stored, the same rule compares with N. 0 means an unknown figure, -1 that there is no offer.
"""

from bobanalysis.rules import Expr

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

offers = d.market_offers_per_10_candidates
market_known = offers != 0


@CATALOGUE.family(
    r"for-stressed-market\(10/([0-9]+)\)",
    source=f"{SCORING}#L396-L416",
    spec="02, P16",
    quirks=("Q08", "Q48"),
)
def for_stressed_market(limit: str) -> Expr:
    """At most N offers per 10 candidates in the département; an unknown market does not pass."""
    return market_known & (offers <= int(limit)) if int(limit) else offers == -1


def easy_market(limit: int) -> Expr:
    """Return the condition that there are more than ``limit`` offers per 10 candidates."""
    return offers > limit


@CATALOGUE.family(
    r"for-lower-market-tension\(10/([0-9]+)\)", source=f"{SCORING}#L396-L416", spec="02, P15", quirks=("Q08",)
)
def for_lower_market_tension(limit: str) -> Expr:
    """At least N offers per 10 candidates in the département; an unknown market does not pass."""
    return market_known & ((offers >= int(limit)) | (offers < -1)) if int(limit) else market_known


CATALOGUE.add(
    "for-unstressed-market(10/7)",
    for_lower_market_tension("7"),
    source=f"{SCORING}#L1290-L1291",
    spec="02, F63",
    quirks=("Q08",),
)
CATALOGUE.add(
    "for-evolution-of-offers(+10%)",
    d.market_job_offers_change >= 10,
    source=f"{SCORING}#L1134-L1136",
    spec="02, F11",
)
CATALOGUE.add(
    "for-more-job-offers-locally(5)",
    d.market_num_job_offers_last_year >= 16,
    source=f"{SCORING}#L1167-L1172",
    spec="02, F21",
)
CATALOGUE.add(
    "for-stressed-job(10/3)",
    (d.jg_national_market_score != 0) & (d.jg_national_market_score <= 0.3),
    source=f"{SCORING}#L625-L635",
    spec="02, F58",
    quirks=("Q23",),
)
CATALOGUE.add(
    "for-recruiting-sector",
    d.companies_headcount >= 500,
    source=f"{SCORING}#L552-L575",
    spec="02, F47",
)
