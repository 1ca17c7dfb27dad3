"""Rules on the place of the search and on how far the person would go."""

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

CATALOGUE.add(
    "for-low-mobility(departement)",
    d.area_type >= "DEPARTEMENT",
    source=f"{SCORING}#L1203-L1205",
    spec="02, F32",
    quirks=("Q20",),
)
