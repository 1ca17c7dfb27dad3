"""The diagnosis: which main challenge a person is told about, and the overall score (spec 03, section 2).

Every challenge gets a relevance: it *needs attention* if its filters all pass; otherwise it is not relevant,
neutral, or relevant and good, as its relevance model says (without one: neutral where data are missing, good
otherwise). The main challenge is the first that needs attention. The overall score is a constant, written in
the first row of that challenge whose filters pass.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache

from bobanalysis.rules import Expr, Named, as_expr, attempt, first_match, when

from .configuration import Challenge as Challenge
from .configuration import challenges as challenges
from .configuration import overall_rows as overall_rows
from .models import CATALOGUE


class Relevance(IntEnum):
    """How a challenge bears on a person (spec 01 §6, MainChallengeRelevance)."""

    UNKNOWN_RELEVANCE = 0
    NOT_RELEVANT = 1
    NEUTRAL_RELEVANCE = 2
    NEEDS_ATTENTION = 3
    RELEVANT_AND_GOOD = 4


_FAILED, _PASSED, _LACKS_FIELDS = 0, 1, 2


def relevance(challenge: Challenge) -> Expr:
    """Return the relevance of a challenge (spec 03 §2.2).

    Missing data without a field count exactly as "the filters failed" (Q34).
    """
    tried = attempt(
        first_match(when(CATALOGUE.check(challenge.filters), _PASSED), otherwise=_FAILED),
        with_fields=_LACKS_FIELDS,
        without_fields=_FAILED,
    )
    if challenge.relevance is None:
        return first_match(
            when(tried == _PASSED, Relevance.NEEDS_ATTENTION),
            when(tried == _LACKS_FIELDS, Relevance.NEUTRAL_RELEVANCE),
            otherwise=Relevance.RELEVANT_AND_GOOD,
        )
    score = CATALOGUE.use(challenge.relevance)
    return first_match(
        when(tried == _PASSED, Relevance.NEEDS_ATTENTION),
        when(score <= 0, Relevance.NOT_RELEVANT),
        when(score >= 3, Relevance.RELEVANT_AND_GOOD),
        otherwise=Relevance.NEUTRAL_RELEVANCE,
    )


@cache
def diagnosis() -> dict[str, Expr]:
    """Return the rules of the diagnosis, by the name of the column that each one fills.

    ``relevance_<challenge>`` (see ``Relevance``), ``main_challenge`` (id), ``overall_row`` (place of the
    row in ``overall_rows()``) and ``overall_score`` (0 to 100). The last two refuse to answer where the
    published server crashes (Q32).

    >>> list(diagnosis())[-3:]
    ['main_challenge', 'overall_row', 'overall_score']
    """
    relevances = {c.column: Named(c.column, relevance(c)) for c in challenges()}
    *before, last = challenges()
    assert not last.filters, "the last challenge takes everyone"
    main = Named(
        "main_challenge",
        first_match(
            *(when(relevances[c.column] == Relevance.NEEDS_ATTENTION, c.id) for c in before),
            otherwise=last.id,
        ),
    )

    def choose(answers: list[int]) -> Expr:
        def rows(challenge: str) -> Expr:
            own = [(r, k) for r, k in zip(overall_rows(), answers, strict=True) if r.challenge == challenge]
            assert not own[-1][0].filters, f"the last row of {challenge} takes everyone"
            table = [when(CATALOGUE.check(r.filters), answer) for r, answer in own[:-1]]
            return first_match(*table, otherwise=as_expr(own[-1][1]))

        return first_match(*(when(main == c.id, rows(c.id)) for c in before), otherwise=rows(last.id))

    return {
        **relevances,
        "main_challenge": main,
        "overall_row": Named("overall_row", choose(list(range(len(overall_rows()))))),
        "overall_score": Named("overall_score", choose([r.score for r in overall_rows()])),
    }
