"""Names that are made of other names, and constants."""

from bobanalysis.rules import Expr, attempt, first_not_zero, lift, passes, zero_or_first

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d

GOOD = 1.5  # what a good score is


@CATALOGUE.family(r"not-(.*)")
def negation(name: str) -> Expr:
    """The rule NAME does not pass; where it lacks data, so does this one."""
    return ~passes(CATALOGUE.use(name))


@CATALOGUE.family(r"constant\((.+)\)")
def constant(value: str) -> Expr:
    """The same score for everybody."""
    return lift(float(value))


@CATALOGUE.family(r"for-good-score\((.+)\)")
def for_good_score(name: str) -> Expr:
    """The rule NAME scores 1.5 or more; where it lacks data this one does not pass."""
    return attempt(CATALOGUE[name].score >= GOOD, False, False)


@CATALOGUE.family(r"for-bad-score\((.+)\)")
def for_bad_score(name: str) -> Expr:
    """The rule NAME scores under 1.5; where it lacks data this one does not pass either."""
    return attempt(CATALOGUE[name].score < GOOD, False, False)


@CATALOGUE.family(r"for-any-project\((.*)\)")
def for_any_project(name: str) -> Expr:
    """The first score other than 0 that NAME gives to a project of the person."""
    return first_not_zero(CATALOGUE[name].score, d.user, d.project)


@CATALOGUE.family(r"for-all-projects\((.*)\)")
def for_all_projects(name: str) -> Expr:
    """What NAME gives to the person's first project, unless a project scores 0."""
    return zero_or_first(CATALOGUE[name].score, d.user, d.project)
