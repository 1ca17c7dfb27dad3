"""Rules on the person's situation and on the difficulties that they declare."""

from bobanalysis.rules import Expr

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"

for level in (1, 2, 3):
    CATALOGUE.add(
        f"for-network({level})",
        d.network_estimate == level,
        source=f"{SCORING}#L{1216 + 2 * level}-L{1217 + 2 * level}",
        spec=f"02, F{36 + level}",
    )


@CATALOGUE.family(r"for-frustrated\((\w*)\)", source=f"{SCORING}#L271-L279", spec="02, P10")
def for_frustrated(difficulty: str) -> Expr:
    """Declared one given difficulty."""
    return d.frustrations.has(difficulty)
