"""What has a card: the rules of an algorithm and its steps, with their addresses and titles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from bobanalysis import data
from bobanalysis.algorithm import Algorithm
from bobanalysis.presentation import RuleFamily
from bobanalysis.rules import Expr, Text, Variable, inputs

STATUS = {"in use": "use"}
"""What `Algorithm.rule_status` says, in addresses and classes of pages."""


@dataclass(frozen=True)
class Subject:
    """What a card is about: a rule, or a step; `read` are its inputs, direct or through other rules."""

    name: str
    rule: Expr
    title: Text
    role: str
    status: str
    source: str
    read: tuple[Variable, ...]


def slug(name: str) -> str:
    """Return a name as it stands in an address: letters, digits, hyphens and underscores.

    Example:
        >>> slug("for-evolution-of-offers(+10%)"), slug("for-stressed-market(10/3)")
        ('for-evolution-of-offers-plus10', 'for-stressed-market-10-of-3')
    """
    plain = name.replace("+", "plus").replace("/", "-of-")
    return re.sub(r"[^\w]+", "-", plain).strip("-")


class CardIndex:
    """The cards of an algorithm: one a rule and step, one a family of rules."""

    def __init__(self, algorithm: Algorithm) -> None:
        """Index the cards of an algorithm."""
        self.algorithm, self.presentation = algorithm, algorithm.presentation

    @cached_property
    def subjects(self) -> Mapping[str, Subject]:
        """Everything that has a card of its own or a part of one, by name.

        Steps, rules, and one example of each family that has no rule in use.
        """
        found = [(s, rule) for s, rule in self.presentation.steps.items()]
        found += self.algorithm.rules.items()
        examples = [self.example(f) for f in self.presentation.families if not self.members(f)]
        found += [(name, self.algorithm.rule(name)) for name in examples]
        return {name: self.subject(name) for name, _ in found}

    def subject(self, name: str) -> Subject:
        """Return a rule or a step as the subject of a card."""
        step = name in self.presentation.steps
        rule = self.presentation.steps[name] if step else self.algorithm.rule(name)
        title = rule.title or Text(name, name)
        keys = self.algorithm.input_roles.keys
        return Subject(
            name,
            rule.expr,
            title if step else Text(self._spelt(title.fr), self._spelt(title.en)),
            self.presentation.role(name, rule.expr),
            "use" if step else self.status(name),
            rule.source,
            tuple(v for v in inputs(rule.expr) if v.name not in keys),
        )

    def status(self, name: str) -> str:
        """Return "use", "contents" or "dead"."""
        status = self.algorithm.rule_status(name)
        return STATUS.get(status, status)

    def path(self, name: str) -> str:
        """Return where the card of a rule, step or family stands, seen from the folder of a language.

        A rule of a family that has no part of its own there leads to the card of its family.
        """
        if name not in self.presentation.steps and name not in self._family_names:
            family = self.algorithm.rule(name).family
            if family:
                at = next(f.name for f in self.presentation.families if f.key == family)
                return f"rules/{slug(at)}.html" + (f"#{slug(name)}" if name in self.subjects else "")
        return f"rules/{slug(name)}.html"

    @cached_property
    def _family_names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.presentation.families)

    def members(self, family: RuleFamily) -> list[str]:
        """Return the rules of a family that are in use."""
        return [n for n, rule in self.algorithm.rules.items() if rule.family == family.key]

    def listed(self, family: RuleFamily) -> list[str]:
        """Return the rules of a family that only lists of contents use."""
        return [n for n in self._others if self.algorithm.rule(n).family == family.key]

    @cached_property
    def _others(self) -> list[str]:
        others = [n for n in self.algorithm.listed_rules() if n not in self.algorithm.rules]
        return [n for n in others if self.algorithm.rule_status(n) == "contents"]

    def example(self, family: RuleFamily) -> str:
        """Return the rule that stands for a family of which none is in use."""
        others = [n for n in self.algorithm.listed_rules() if self.algorithm.rule(n).family == family.key]
        return next(iter(others), family.example)

    def rule(self, name: str) -> Expr:
        """Return the expression of a rule or of a step."""
        steps = self.presentation.steps
        return (steps[name] if name in steps else self.algorithm.rule(name)).expr

    def knows(self, name: str) -> bool:
        """Tell whether a name is that of a rule or of a step."""
        try:
            return name in self.presentation.steps or bool(self.algorithm.rule(name))
        except KeyError:
            return False

    @cached_property
    def titles(self) -> Mapping[str, Text]:
        """What to call rules, steps, missing fields, and values that rules name by their code."""
        own = {n: rule.title for n in self.subjects if (rule := self._published(n)) and rule.title}
        codes = {code: Text(f"{name} ({code})", f"{name} ({code})") for code, name in self._spelled.items()}
        return {**codes, **self.presentation.titles, **own}

    def _published(self, name: str):  # type: ignore[no-untyped-def]
        return None if name in self.presentation.steps else self.algorithm.rule(name)

    @cached_property
    def _spelled(self) -> Mapping[str, str]:
        """Names by the codes that are spelt out in texts: those with a letter."""
        known = {c: n for name in self.presentation.code_tables for c, n in self.codes(name).items()}
        return {code: name for code, name in known.items() if re.fullmatch(r"[A-Z]\d{4}", code)}

    def _spelt(self, text: str) -> str:
        """Write the name of a code before it."""

        def name(match: re.Match[str]) -> str:
            return f"{self._spelled[match[0]]} ({match[0]})" if match[0] in self._spelled else match[0]

        return re.sub(r"\b[A-Z]\d{4}\b", name, text)

    def codes(self, input: str) -> Mapping[str, str]:
        """Return the names of the codes that an input holds; nothing where it holds none."""
        table = self.presentation.code_tables.get(input)
        return _names(table) if table else {}


@cache
def _names(table: str) -> Mapping[str, str]:
    return dict(data.table(table).select(data.table(table).columns[:2]).rows())


@cache
def card_index(algorithm: Algorithm) -> CardIndex:
    """Return the cards of an algorithm.

    Example:
        >>> from bobanalysis.bob import Bob, Market
        >>> cards = card_index(Bob(Market.empty()))
        >>> cards.path("advice-senior"), cards.path("for-old(50)")
        ('rules/advice-senior.html', 'rules/for-old.html#for-old-50')
    """
    return CardIndex(algorithm)
