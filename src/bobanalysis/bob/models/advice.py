"""What all pieces of advice have in common: a title, taken from the published table, and reasons."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from bobanalysis.rules import Expr, Named, Text, all_of, when
from bobanalysis.rules.expr import Row

from ..catalogue import DICTIONARY as d
from ..catalogue import rule
from ..configuration import advice_modules

TITLES: dict[str, Text] = {module.trigger: module.label for module in advice_modules()}

told_missing_diploma = d.diagnostic_category == "missing-diploma"
told_bravo = d.diagnostic_category == "bravo"


def advice(name: str, *table: Expr, **last: Any) -> Named:
    """Register a rule that scores a piece of advice, under the title of that advice."""
    return rule(name, *table, title=TITLES[name], **last)


def telling(
    condition: Expr | bool, score: float, reasons: Mapping[str, Expr], also: str | None = None
) -> list[Row]:
    """Return the rows that give one score and tell each of the reasons that hold (at least one must).

    ``also`` is a reason that is told with them.
    """
    always = (also,) if also else ()
    return [
        when(all_of(condition, *(reasons[code] for code in told)), score, because=(*told, *always))
        for size in range(len(reasons), 0, -1)
        for told in combinations(reasons, size)
    ]
