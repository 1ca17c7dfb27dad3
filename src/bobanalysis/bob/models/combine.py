"""Names that are made of other names, and constants."""

from bobanalysis.rules import Expr, attempt, first_not_zero, lift, passes, zero_or_first

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

SCORING = "frontend/server/scoring.py"
GOOD = 1.5  # what a good score is


@CATALOGUE.family(r"not-(.*)", source=f"{SCORING}#L304-L314", spec="02, P05")
def negation(name: str) -> Expr:
    """The rule NAME does not pass; where it lacks data, so does this one."""
    return ~passes(CATALOGUE.use(name))


@CATALOGUE.family(r"constant\((.+)\)", source="frontend/server/scoring_base.py#L717-L726", spec="02, P07")
def constant(value: str) -> Expr:
    """The same score for everybody."""
    return lift(float(value))


@CATALOGUE.family(r"for-good-score\((.+)\)", source=f"{SCORING}#L374-L393", spec="02, P13")
def for_good_score(name: str) -> Expr:
    """The rule NAME scores 1.5 or more; where it lacks data this one does not pass."""
    return attempt(CATALOGUE[name].score >= GOOD, False, False)


@CATALOGUE.family(r"for-bad-score\((.+)\)", source=f"{SCORING}#L374-L393", spec="02, P14")
def for_bad_score(name: str) -> Expr:
    """The rule NAME scores under 1.5; where it lacks data this one does not pass either."""
    return attempt(CATALOGUE[name].score < GOOD, False, False)


@CATALOGUE.family(
    r"for-any-project\((.*)\)", source=f"{SCORING}#L870-L880", spec="02, P20", quirks=("Q30", "Q09")
)
def for_any_project(name: str) -> Expr:
    """The first score other than 0 that NAME gives to a project of the person."""
    return first_not_zero(CATALOGUE[name].score, d.user, d.project)


@CATALOGUE.family(
    r"for-all-projects\((.*)\)", source=f"{SCORING}#L894-L906", spec="02, P21", quirks=("Q30", "Q09")
)
def for_all_projects(name: str) -> Expr:
    """What NAME gives to the person's first project, unless a project scores 0."""
    return zero_or_first(CATALOGUE[name].score, d.user, d.project)
