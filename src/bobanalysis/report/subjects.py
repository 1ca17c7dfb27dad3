"""What has a card: the rules of an algorithm and its steps, with their addresses and titles."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from bobanalysis import data
from bobanalysis.algorithm import Algorithm
from bobanalysis.population import scenarios
from bobanalysis.presentation import RuleFamily
from bobanalysis.rules import Expr, Text, Variable, inputs

STATUS = {"in use": "use"}
"""What `Algorithm.rule_status` says, in addresses and classes of pages."""
_CODE = re.compile(r"\b[A-Z]\d{4}\b")


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
    def names(self) -> Collection[str]:
        """The names of all that has a card of its own or a part of one.

        Steps, rules, and one example of each family that has no rule in use.
        """
        examples = [self.example(f) for f in self.presentation.families if not self.members(f)]
        return dict.fromkeys((*self.presentation.steps, *self.algorithm.rules, *examples))

    @cached_property
    def subjects(self) -> Mapping[str, Subject]:
        """Everything that has a card of its own or a part of one, by name."""
        return {name: self.subject(name) for name in self.names}

    def subject(self, name: str) -> Subject:
        """Return a rule or a step as the subject of a card."""
        step, rule = name in self.presentation.steps, self._published(name)
        title = rule.title or Text(name, name)
        if not step:
            title = Text(self._spelt(title.fr), self._spelt(title.en))
        status = "in use" if step else self.algorithm.rule_status(name)
        role = self.presentation.role(name, rule.expr)
        read = tuple(v for v in inputs(rule.expr) if v.name not in self.algorithm.input_roles.keys)
        return Subject(name, rule.expr, title, role, STATUS.get(status, status), rule.source, read)

    def path(self, name: str) -> str:
        """Return where the card of a rule, step or family stands, seen from the folder of a language.

        A rule of a family that has no part of its own there leads to the card of its family.
        """
        alone = {*self.presentation.steps, *(f.name for f in self.presentation.families)}
        family = None if name in alone else self.algorithm.rule(name).family
        if not family:
            return f"rules/{slug(name)}.html"
        at = next(f.name for f in self.presentation.families if f.key == family)
        has_part = name in self.algorithm.rules or name in self.names
        return f"rules/{slug(at)}.html" + (f"#{slug(name)}" if has_part else "")

    def members(self, family: RuleFamily) -> list[str]:
        """Return the rules of a family that are in use."""
        return [n for n, rule in self.algorithm.rules.items() if rule.family == family.key]

    def listed(self, family: RuleFamily) -> list[str]:
        """Return the rules of a family that only lists of contents use."""
        known = (n for n in self._of(family) if n not in self.algorithm.rules)
        return [n for n in known if self.algorithm.rule_status(n) == "contents"]

    def example(self, family: RuleFamily) -> str:
        """Return the rule that stands for a family of which none is in use."""
        return next(iter(self._of(family)), family.example)

    def _of(self, family: RuleFamily) -> list[str]:
        return [n for n in self.algorithm.listed_rules() if self.algorithm.rule(n).family == family.key]

    def rule(self, name: str) -> Expr:
        """Return the expression of a rule or of a step."""
        return self._published(name).expr  # type: ignore[no-any-return]

    def _published(self, name: str) -> Any:
        steps = self.presentation.steps
        return steps[name] if name in steps else self.algorithm.rule(name)

    def knows(self, name: str) -> bool:
        """Tell whether a name is that of a rule or of a step."""
        try:
            return bool(self._published(name))
        except KeyError:
            return False

    @cached_property
    def titles(self) -> Mapping[str, Text]:
        """What to call rules, steps, missing fields, and values that rules name by their code."""
        own = {name: rule.title for name, rule in self.algorithm.rules.items() if rule.title}
        codes = {code: Text(said, said) for code, said in self._spelled.items()}
        return {**codes, **self.presentation.titles, **own}

    @cached_property
    def _spelled(self) -> Mapping[str, str]:
        """Codes that are spelt out in texts, those with a letter: the name, and the code behind it."""
        known = {c: n for name in self.presentation.code_tables for c, n in self.codes(name).items()}
        return {code: f"{name} ({code})" for code, name in known.items() if _CODE.fullmatch(code)}

    def _spelt(self, text: str) -> str:
        """Write the name of a code before it."""
        return _CODE.sub(lambda match: self._spelled.get(match[0], match[0]), text)

    def assumed(self, read: Iterable[Variable]) -> list[Mapping[str, str]]:
        """Return labels of the inputs among some that the modelled population holds by assumption only."""
        labels, other = scenarios.labels(), self.presentation.assumed
        names = (other.get(v.name, v.name) for v in read)
        known = dict.fromkeys("frustrations" if n.startswith("frustration_") else n for n in names)
        return [labels[name] for name in known if name in labels]

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
