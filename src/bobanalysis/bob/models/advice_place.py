"""Advice on searching elsewhere: nearby cities, another département, seasonal work."""

from bobanalysis.rules import error, first_match, when

from ..catalogue import DICTIONARY as d
from .advice import advice
from .market import market_known

advice(
    "advice-commute",
    first_match(
        when(d.commute_cities == 0, 0),
        when(
            (d.area_type > "CITY") & (d.commute_best_ratio >= 2),
            3,
            because="MANY_MORE_OFFERS_IN_OTHER_CITIES",
        ),
        otherwise=2,
        because="OFFERS_IN_OTHER_CITIES",
    ),
)
advice(
    "advice-relocate",
    first_match(
        when(d.area_type < "COUNTRY", 0),
        when(
            market_known & (d.market_num_better_departements != 0),
            2,
            because=("READY_TO_MOVE", "MANY_MORE_OFFERS_ELSEWHERE"),
        ),
        otherwise=0,
    ),
)
only_permanent = d.employment_types.has("CDI") & (d.num_employment_types == 1)
advice(
    "advice-seasonal-relocate",
    first_match(
        when((d.area_type < "COUNTRY") | (d.family_situation != "SINGLE"), 0),
        when((d.highest_degree >= "LICENCE_MAITRISE") | (d.age > 30) | only_permanent, 0),
        when(d.seasonal_departements == -1, error("IndexError")),
        when(
            d.seasonal_departements > 1,
            2,
            because=("READY_TO_MOVE", "NO_FAMILY_TIES", "MORE_SEASONAL_OFFERS_ELSEWHERE"),
        ),
        otherwise=0,
    ),
)
