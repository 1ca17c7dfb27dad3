"""The diagnosis: which main challenge a person is told about, and the overall score (spec 03, section 2).

Every challenge gets a relevance: it *needs attention* if its filters all pass; otherwise it is not relevant,
neutral, or relevant and good, as its relevance model says (without one: neutral where data are missing, good
otherwise). The main challenge is the first that needs attention. The overall score is a constant, written in
the first row of that challenge whose filters pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from bobanalysis.rules import Expr, Named, Text, attempt, first_match, lift, when

from .configuration import table
from .models import CATALOGUE


class Relevance(IntEnum):
    """How a challenge bears on a person (spec 01 §6, MainChallengeRelevance)."""

    UNKNOWN_RELEVANCE = 0
    NOT_RELEVANT = 1
    NEUTRAL_RELEVANCE = 2
    NEEDS_ATTENTION = 3
    RELEVANT_AND_GOOD = 4


@dataclass(frozen=True)
class Challenge:
    """One main challenge of the published configuration."""

    id: str
    label: Text
    told: Text
    filters: tuple[str, ...]
    relevance: str | None = None

    @property
    def column(self) -> str:
        """Return the name of the column that holds its relevance."""
        return "relevance_" + self.id.replace("-", "_")


@dataclass(frozen=True)
class OverallRow:
    """One row of the published table of overall scores."""

    number: int
    id: str
    challenge: str
    score: int
    filters: tuple[str, ...]


@cache
def challenges() -> tuple[Challenge, ...]:
    """Return the published main challenges in the order in which they are tried."""
    return tuple(
        Challenge(c["id"], Text(**c["label"]), Text(**c["told"]), tuple(c["filters"]), c.get("relevance"))
        for c in table("challenges")
    )


@cache
def overall_rows() -> tuple[OverallRow, ...]:
    """Return the published rows of overall scores in the order in which they are tried."""
    return tuple(
        OverallRow(number, r["id"], r["challenge"], r["score"], tuple(r["filters"]))
        for number, r in enumerate(table("overall"))
    )


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

    def choose(what: str) -> Expr:
        def rows(challenge: str) -> Expr:
            own = [r for r in overall_rows() if r.challenge == challenge]
            assert not own[-1].filters, f"the last row of {challenge} takes everyone"
            table = [when(CATALOGUE.check(r.filters), getattr(r, what)) for r in own[:-1]]
            return first_match(*table, otherwise=lift(getattr(own[-1], what)))

        return first_match(
            *(when(main == c.id, rows(c.id)) for c in before),
            otherwise=rows(last.id),
        )

    return {
        **relevances,
        "main_challenge": main,
        "overall_row": Named("overall_row", choose("number")),
        "overall_score": Named("overall_score", choose("score")),
    }
