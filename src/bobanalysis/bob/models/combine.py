"""Names that are made of other names."""

from bobanalysis.rules import Expr, passes

from ..catalogue import CATALOGUE


@CATALOGUE.family(r"not-(.*)", source="frontend/server/scoring.py#L304-L314", spec="02, P05")
def negation(name: str) -> Expr:
    """The rule NAME does not pass; where it lacks data, so does this one."""
    return ~passes(CATALOGUE.use(name))
