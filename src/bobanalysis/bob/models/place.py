"""Rules on the place of the search and on how far the person would go."""

from bobanalysis.rules import Expr

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"


def parts(text: str) -> list[str]:
    """Split a list of a rule's name on commas; an empty part stays (Q27).

    >>> parts("75, 93,")
    ['75', '93', '']
    """
    return [part.strip() for part in text.split(",")]


@CATALOGUE.family(r"for-departement\((.*)\)", source=f"{SCORING}#L230-L238", spec="02, P03", quirks=("Q27",))
def for_departement(codes: str) -> Expr:
    """Searches in one of some départements; an empty code matches an unknown département."""
    return d.departement_id.is_in(*parts(codes))


@CATALOGUE.family(r"for-region\((.*)\)", source=f"{SCORING}#L241-L249", spec="02, P04", quirks=("Q27",))
def for_region(codes: str) -> Expr:
    """Searches in one of some régions; an empty code matches an unknown région."""
    return d.region_id.is_in(*parts(codes))


for name, area, lines, spec in (
    ("low-mobility(departement)", "DEPARTEMENT", "L1203-L1205", "F32"),
    ("medium-mobility(region)", "REGION", "L1206-L1208", "F33"),
    ("high-mobility(country)", "COUNTRY", "L1190-L1192", "F27"),
):
    CATALOGUE.add(
        f"for-{name}",
        d.area_type >= area,
        source=f"{SCORING}#{lines}",
        spec=f"02, {spec}",
        quirks=("Q20",) if area != "COUNTRY" else (),
    )

CATALOGUE.add(
    "for-big-city-inhabitant(100000)",
    d.city_population >= 100_000,
    source=f"{SCORING}#L1116-L1118",
    spec="02, F05",
)
CATALOGUE.add(
    "for-small-city-inhabitant(20000)",
    (d.city_population > 0) & (d.city_population <= 20_000),
    source=f"{SCORING}#L1273-L1275",
    spec="02, F57",
)
CATALOGUE.add(
    "for-rural-area-inhabitant", d.city_urban_score == -1, source=f"{SCORING}#L1252-L1254", spec="02, F50"
)
