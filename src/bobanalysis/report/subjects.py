"""What has a card: the published rules and the steps of the diagnosis, and where each rule is used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from bobanalysis.bob import Family, catalogue, configuration, diagnosis, titles
from bobanalysis.bob.diagnosis import challenges, overall_rows
from bobanalysis.recommenders.conditions import content_rules, idle_families
from bobanalysis.recommenders.reach import in_use, published_rules
from bobanalysis.rules import Expr, Named, Text, Variable, inputs, is_condition
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


@dataclass(frozen=True)
class Subject:
    """What a card is about: a rule, or a step of the diagnosis."""

    name: str
    rule: Expr
    title: Text
    role: str
    status: str

    @property
    def inputs(self) -> list[Variable]:
        """Return what the rule reads, itself or through the rules that it names."""
        return [v for v in inputs(self.rule) if v.name not in ("user", "project")]


def card_path(rule: str) -> str:
    """Return where the card of a rule stands, seen from the folder of a language.

    Parameters: ``rule``, a published name, a step of the diagnosis (``main_challenge``) or a family's name. A
    rule that only contents use has no part of its own on the card of its family.

    >>> card_path("advice-senior"), card_path("for-old(50)"), card_path("main_challenge")
    ('rules/advice-senior.html', 'rules/for-old.html#for-old-50', 'rules/main_challenge.html')
    """
    rules = catalogue()
    if rule in rules and (pattern := rules[rule].family):
        family = next(f for f in rules.families if f.pattern.pattern == pattern)
        part = f"#{slug(rule)}" if rule in subjects() else ""
        return f"rules/{slug(family.name)}.html{part}"
    return f"rules/{slug(rule)}.html"


def slug(name: str) -> str:
    """Return a name as it stands in an address: letters, digits, hyphens and underscores.

    >>> slug("for-evolution-of-offers(+10%)"), slug("for-stressed-market(10/3)")
    ('for-evolution-of-offers-plus10', 'for-stressed-market-10-of-3')
    """
    plain = name.replace("+", "plus").replace("/", "-of-")
    return re.sub(r"[^\w]+", "-", plain).strip("-")


@cache
def subjects() -> Mapping[str, Subject]:
    """Return everything that has a card of its own or a part of one, by name.

    Steps of the diagnosis, rules with a fixed name, members of families that are in use, and one example of
    each family that nothing in the ranking uses.
    """
    found = {n: Subject(n, e, titles()[n], "diagnosis", "use") for n, e in steps().items()}
    examples = [example(f) for f in catalogue().families if not members(f)]
    for name, rule in {**published_rules(), **{n: catalogue()[n].expr for n in examples}}.items():
        title = spelt(catalogue()[name].title or Text(name, name))
        found[name] = Subject(name, rule, title, _role(name, rule), status(name))
    return found


def members(family: Family) -> list[str]:
    """Return the rules of a family that the pipeline reaches."""
    return [n for n in published_rules() if catalogue()[n].family == family.pattern.pattern]


def example(family: Family) -> str:
    """Return the rule that stands for a family of which none is in the ranking: one that contents use."""
    used = sorted(n for n in content_rules() if catalogue()[n].family == family.pattern.pattern)
    return used[0] if used else idle_families().get(family.pattern.pattern, family.example)


def status(name: str) -> str:
    """Return whether a rule is in use, for contents only, or dead."""
    if name in in_use():
        return "use"
    return "contents" if name in content_rules() else "dead"


def _role(name: str, rule: Expr) -> str:
    if catalogue()[name].family:
        return "family"
    if (name.startswith(("category-", "relevance-")) and name in in_use()) or name in steps():
        return "diagnosis"
    if any(use.kind == "advice" for use in uses().get(name, ())):
        return "advice"
    if any(use.kind == "strategy" for use in uses().get(name, ())):
        return "strategy"
    return "condition" if is_condition(rule) else "score"


def spelt(title: Text) -> Text:
    """Write the name of a job group before its code."""
    from bobanalysis import data

    names = dict(data.table("rome").select("rome", "name").rows())

    def name(match: re.Match[str]) -> str:
        return f"{names[match[0]]} ({match[0]})" if match[0] in names else match[0]

    return Text(*(re.sub(r"\b[A-N]\d{4}\b", name, text) for text in (title.fr, title.en)))
