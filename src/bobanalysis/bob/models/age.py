"""Rules on age.

The published code takes age as a difference of calendar years, and takes somebody without a year of birth
as 2,022 years old or so (Q01, Q02): such people pass every "older than" and fail every "younger than".
"""

from bobanalysis.rules import Expr

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d


@CATALOGUE.family(r"for-old\(([0-9]+)\)")
def for_old(years: str) -> Expr:
    """Older than N years; N itself is not older."""
    return d.age > int(years)


@CATALOGUE.family(r"for-young\(([0-9]+)\)")
def for_young(years: str) -> Expr:
    """Younger than N years; N itself is not younger."""
    return d.age < int(years)


@CATALOGUE.family(r"for-frustrated-old\(([0-9]+)\)")
def for_frustrated_old(years: str) -> Expr:
    """Older than N years and says that age is held against them."""
    return (d.age > int(years)) & d.frustrations.has("AGE_DISCRIMINATION")


CATALOGUE.add("for-frustrated-young(25)", d.frustrations.has("AGE_DISCRIMINATION") & (d.age < 25))
