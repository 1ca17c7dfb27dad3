"""Old names of ``audit.conditions`` and ``bob.uses``, for Bob."""  # alias

from __future__ import annotations

from functools import cache
from typing import Any

from bobanalysis.algorithm import CRITERIA
from bobanalysis.audit import conditions as audited
from bobanalysis.audit.conditions import Condition, effects, measure_of
from bobanalysis.bob import Bob, Market, titles
from bobanalysis.bob.uses import content_rules, idle_families, outside
from bobanalysis.rules import Expr, Text

LANGUAGES = ("fr", "en")
SHARES = ("share", "share_challenge", "share_score", "share_advice", "share_strategies")


@cache
def _bob() -> Bob:
    return Bob(Market.empty())


@cache
def rule_conditions() -> tuple[Condition, ...]:
    """Return every condition on age or on place in Bob's rules."""
    return audited.conditions(_bob())


def rule_status(name: str) -> str:
    """Tell by what a rule is reached."""
    return _bob().rule_status(name)


def in_words(condition: Condition) -> Text:
    """Return a condition in words."""
    return audited.in_words(condition, titles())


def altered(bob: Bob, rule: str, expr: Expr) -> Bob:
    """Return Bob with one published rule replaced."""
    return bob.with_rule(rule, expr)


def decided(rule: str, node: Expr, value: Any) -> Expr:
    """Return a published rule in which one condition of its own text is replaced."""
    return audited.force_condition(_bob(), rule, node, value)


__all__ = [
    "CRITERIA",
    "LANGUAGES",
    "SHARES",
    "Condition",
    "altered",
    "content_rules",
    "decided",
    "effects",
    "idle_families",
    "in_words",
    "measure_of",
    "outside",
    "rule_conditions",
    "rule_status",
]
