"""Where each published rule is used: by which step, advice, strategy, list of contents or other rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bobanalysis.bob import catalogue, configuration, diagnosis
from bobanalysis.bob.diagnosis import challenges, overall_rows
from bobanalysis.recommenders.conditions import content_rules
from bobanalysis.recommenders.reach import in_use, published_rules
from bobanalysis.rules import Expr, Named
from bobanalysis.rules.expr import children

Kind = Literal[
    "advice", "strategy", "action", "challenge", "relevance", "overall", "tips", "public", "rule", "contents"
]
"""What uses a rule: it scores a piece of advice, a strategy or an action; it is a condition of a main
challenge, tells its relevance, or chooses a row of overall scores; it picks tips for an occupation,
non-profits or contents; or another rule reads it."""


@dataclass(frozen=True)
class Use:
    """One use of a rule: ``what`` is the id of the user, ``alive`` whether the pipeline reaches it."""

    kind: Kind
    what: str
    alive: bool = True


STEP_SOURCES = {
    "relevance": "frontend/server/diagnostic.py#L294-L387",
    "main_challenge": "frontend/server/diagnostic.py#L62-L87",
    "overall_score": "frontend/server/diagnostic.py#L215-L252",
}
"""Where the steps of the diagnosis stand in the published code (specification 03, sections 2.2 and 2.3)."""


def step_source(name: str) -> str:
    """Return where a step of the diagnosis stands in the published code.

    >>> step_source("relevance_bravo")
    'frontend/server/diagnostic.py#L294-L387'
    """
    return STEP_SOURCES[name if name in STEP_SOURCES else name.split("_")[0]]


def steps() -> dict[str, Expr]:
    """Return the steps of the diagnosis that a reader sees, by name.

    >>> list(steps())[-2:]
    ['main_challenge', 'overall_score']
    """
    return {name: step for name, step in diagnosis().items() if name != "overall_row"}


@cache
def uses() -> Mapping[str, tuple[Use, ...]]:
    """Return the uses of each rule, by its name, most decisive first; a rule that is not in it has none.

    >>> [(use.kind, use.what) for use in uses()["advice-senior"]]
    [('advice', 'senior')]
    """
    found: dict[str, dict[Use, None]] = {}
    for name, use in _uses():
        found.setdefault(name, {})[use] = None
    return {name: tuple(own) for name, own in found.items()}


def _uses() -> Iterator[tuple[str, Use]]:
    there = {c.id for c in challenges()}
    for module in configuration.advice_modules():
        yield module.trigger, Use("advice", module.id)
    for strategy in configuration.strategies():
        yield strategy.trigger, Use("strategy", strategy.id, bool(set(strategy.challenges) & there))
    for challenge in challenges():
        if challenge.relevance:
            yield challenge.relevance, Use("relevance", challenge.id)
        for name in challenge.filters:
            yield name, Use("challenge", challenge.id)
    for row in overall_rows():
        for name in row.filters:
            yield name, Use("overall", row.challenge, row.challenge in there)
    for action in configuration.actions():
        yield action.trigger, Use("action", action.id)
    for tips in configuration.job_advice():
        for name in tips.filters:
            yield name, Use("tips", tips.id)
    for public in configuration.association_publics():
        for name in public.filters:
            yield name, Use("public", public.id)
    for user, rule in published_rules().items():
        for name in named_in(rule):
            yield name, Use("rule", user, user in in_use())
    for listed in configuration.contents():
        for name in {f: None for own in listed.contents.values() for f in own}:
            yield name, Use("contents", listed.id)
    for name in sorted(content_rules()):
        for read in named_in(catalogue()[name].expr):
            yield read, Use("rule", name, False)


def named_in(rule: Expr) -> list[str]:
    """Return the published rules that a rule names in its own text, in reading order.

    >>> named_in(catalogue()["not-for-women"].expr)
    ['for-women']
    """
    found: dict[str, None] = {}
    seen: set[int] = set()

    def visit(node: Expr) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, Named) and (node.name in catalogue() or node.name in diagnosis()):
            found[node.name] = None
            return
        for child in children(node):
            visit(child)

    visit(rule.item if isinstance(rule, Named) else rule)
    return list(found)
