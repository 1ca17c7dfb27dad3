"""Scores of strategies."""

from bobanalysis.rules import Expr, any_of, first_match, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .place import parts
from .scores import hundred

CATALOGUE.add(
    "strategy-interview-success",
    hundred(first_match(when((d.total_interview_count >= 3) & (d.search_length_now >= 7), 30), otherwise=10)),
)
CATALOGUE.add("strategy-get-alternance", hundred(first_match(when(d.age > 30, 20), otherwise=40)))
CATALOGUE.add(
    "strategy-likeable-job",
    hundred(
        first_match(
            when(d.passionate_level > "LIKEABLE_JOB", 0),
            when(d.diagnostic_category == "find-what-you-like", 30),
            otherwise=40,
        )
    ),
)
CATALOGUE.add(
    "strategy-try-without-diploma",
    hundred(first_match(when(d.jg_is_diploma_strictly_required, 0), otherwise=10)),
)


@CATALOGUE.family(r"strategy-for-frustrated\((.*)\)")
def strategy_for_frustrated(difficulties: str) -> Expr:
    """A little more where one of some difficulties was declared."""
    declared = any_of(*(d.frustrations.has(name) for name in parts(difficulties)))
    return hundred(first_match(when(declared, 15), otherwise=10))


@CATALOGUE.family(r"favor-strategy\((.*)\)")
def favor_strategy(names: str) -> Expr:
    """High where one of some strategies was started, medium where one was proposed."""
    wanted = parts(names)
    return first_match(
        when(d.opened_strategies.lists_any(*wanted), 3, because="STARTED_SUCH_A_STRATEGY"),
        when(d.proposed_strategies.lists_any(*wanted), 2, because="SUCH_A_STRATEGY_COULD_WORK"),
        otherwise=1,
    )
