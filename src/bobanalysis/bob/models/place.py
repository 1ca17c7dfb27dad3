"""Rules on the place of the search and on how far the person would go."""

from bobanalysis.rules import Expr

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d


def parts(text: str) -> list[str]:
    """Split a list of a rule's name on commas; an empty part stays (Q27).

    >>> parts("75, 93,")
    ['75', '93', '']
    """
    return [part.strip() for part in text.split(",")]


@CATALOGUE.family(r"for-departement\((.*)\)")
def for_departement(codes: str) -> Expr:
    """Searches in one of some départements; an empty code matches an unknown département."""
    return d.departement_id.is_in(*parts(codes))


@CATALOGUE.family(r"for-region\((.*)\)")
def for_region(codes: str) -> Expr:
    """Searches in one of some régions; an empty code matches an unknown région."""
    return d.region_id.is_in(*parts(codes))


CATALOGUE.add("for-small-city-inhabitant(20000)", (d.city_population > 0) & (d.city_population <= 20_000))
