"""What the pages of an algorithm need to know beyond what is run: groups of rules, uses, titles, own words.

Every algorithm has a ``Presentation``; its defaults follow from outcomes and rules. An algorithm with steps,
families of rules or words of its own overrides what differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from bobanalysis.rules import Expr, Named, Text, Variable, inputs, is_condition, walk

Vocabulary = Mapping[str, Mapping[str, Text]]


@dataclass(frozen=True)
class Use:
    """One use of a rule.

    Args:
        kind: Topic ``uses`` of the vocabulary: "outcome", "rule", "step", or a kind of the algorithm's own.
        what: Id of the user.
        label: What to call it; None where only the number of such uses is told, or the user has a card.
        alive: Whether the algorithm reaches it.
    """

    kind: str
    what: str
    label: Text | None = None
    alive: bool = True


@dataclass(frozen=True)
class RuleFamily:
    """Rules whose names follow a pattern: they share one card."""

    name: str
    key: str  # ``PublishedRule.family`` of its rules
    title: Text
    source: str
    example: str


class Presentation:
    """What the pages of one algorithm say; the defaults follow from its outcomes and rules."""

    roles: tuple[str, ...] = ("outcome", "condition", "score")
    """Groups of the index of rules, in their order."""
    families: tuple[RuleFamily, ...] = ()
    words: Vocabulary = MappingProxyType({})
    """Names that the algorithm adds to the vocabulary of the pages, or that replace some."""
    reasons: Mapping[str, Text] = MappingProxyType({})
    """What people are told as a reason, by the codes in ``because``."""
    assumed: Mapping[str, str] = MappingProxyType({})
    """Inputs whose assumption bears another name in the scenarios of the population."""
    code_tables: Mapping[str, str] = MappingProxyType({})
    """Inputs that hold codes -> the table of ``data`` with their names in its first two columns."""

    def __init__(self, algorithm: Any) -> None:
        """Present an algorithm (an ``Algorithm``; that module stands above this one)."""
        self.algorithm = algorithm

    @cached_property
    def steps(self) -> Mapping[str, Any]:
        """Expressions that are run, are no published rule by themselves, and have a card all the same."""
        found = {k: self.algorithm.rule(k) for k in self.algorithm.roots if not self.algorithm.root_rule(k)}
        return {k: rule for k, rule in found.items() if k not in self.algorithm.rules}

    @cached_property
    def answered(self) -> Mapping[str, tuple[Any, str]]:
        """The outcome, and its item, that each rule answers."""
        known = [(o, i) for o in self.algorithm.outcomes for i in o.asked]
        return {self.algorithm.root_rule(root := o.root_of(i)) or root: (o, i) for o, i in known}

    def named_in(self, rule: Expr) -> list[str]:
        """Return the published rules and steps that a rule names in its own text, in reading order."""

        def named(node: Expr) -> bool:
            return isinstance(node, Named) and (self.algorithm.is_rule(node) or node.name in self.steps)

        below = walk(rule.item if isinstance(rule, Named) else rule, leave=named)
        return [*dict.fromkeys(node.name for node in below if isinstance(node, Named) and named(node))]

    @cached_property
    def uses(self) -> Mapping[str, tuple[Use, ...]]:
        """The uses of each rule by its name; a rule that is not in it has none."""
        found: dict[str, dict[Use, None]] = {}
        for name, use in self._uses():
            found.setdefault(name, {})[use] = None
        return {name: tuple(own) for name, own in found.items()}

    def _uses(self) -> Iterator[tuple[str, Use]]:
        for name, (outcome, item) in self.answered.items():
            label = outcome.items[item] if item else outcome.label
            yield name, Use("outcome", f"{outcome.id} {item}".strip(), label)
        for user, rule in self.algorithm.rules.items():
            for name in self.named_in(rule.expr):
                yield name, Use("rule", user, alive=self.algorithm.rule_status(user) == "in use")

    def role(self, name: str, rule: Expr) -> str:
        """Return the group of the index that a rule stands in."""
        if name in self.answered:
            return "outcome"
        return "condition" if is_condition(rule) else "score"

    def decides(self, name: str, rule: Expr, title: Text) -> tuple[str, Text]:
        """Return what a rule decides: a key of the topic ``decides``, and the title to put into it."""
        if name in self.answered:
            outcome, item = self.answered[name]
            return outcome.kind, outcome.items[item] if item else outcome.label
        return "condition" if is_condition(rule) else "value", title

    def answer(self, name: str, value: bool | float | str, plain: str, words: Any) -> str:
        """Say what a value of a rule means.

        Args:
            name: The rule.
            value: What it gives.
            plain: The value in words, without its meaning.
            words: ``report.words.Words`` of the page.
        """
        outcome, _ = self.answered.get(name, (None, ""))
        if isinstance(value, str):
            items = outcome.items if outcome and outcome.kind == "category" else {}
            return str(words.say(items.get(value) or self.titles.get(value) or Text(value, value)))
        unit = words.say(outcome.unit) if outcome and outcome.unit else ""
        return f"{plain} {unit}".strip()

    # --- the letter to one person

    letter_template: str = "personal_letter.html"
    whole_computations: bool = True
    """Whether a comparison of a named computation is told as one condition, and a sum as its terms."""
    unpaired: frozenset[str] = frozenset()
    """Outcomes for which no pairs of changes are tried."""
    main_outcomes: tuple[str, ...] = ()
    """Outcomes whose conditions decide what data is told first; all where empty."""
    always_told: tuple[str, ...] = ()
    """Inputs that are told first whatever decided."""

    def label_of(self, outcome: str, item: str = "") -> Text:
        """Return what to call an outcome, or an item of a list."""
        found = self.algorithm.outcome(outcome)
        return found.items[item] if item else found.label  # type: ignore[no-any-return]

    def reads(self, outcome: str, item: str = "") -> list[str]:
        """Return the names of the inputs that can alter an answer."""
        return [v.name for v in inputs(self.algorithm.roots[self.algorithm.outcome(outcome).root_of(item)])]

    def category(self, variable: Variable) -> str:
        """Return whether an input is the person's to change ("yours"), "protected", or from outside."""
        return "figures" if variable.joined else "protected" if variable.protected else "yours"

    def is_given(self, variable: Variable, row: Mapping[str, Any]) -> bool:
        """Tell whether an input was answered, or is known all the same."""
        return True

    def unknown(self, variable: Variable, value: Any) -> str:
        """Return the key, in the topic ``unknown``, of what a value says that stands for no answer."""
        return ""

    def stopped(self, person: Any) -> str:
        """Return the outcome that a person for whom the algorithm stops is told of; "" for none."""
        return ""

    def follows(self, outcome: str, item: str, values: Mapping[str, Any]) -> bool:
        """Tell whether an item of a list can only be there with the first outcome as it is."""
        return False

    def letter(self, say: Any) -> dict[str, Any]:
        """Return what the algorithm's own template of the letter shows beside.

        Args:
            say: What puts the letter into words: ``report.letter_page``.
        """
        return {}

    # --- the page where a reader tries the rules

    try_template: str = "try_any.html"
    """Template of the page where a reader tries the rules."""
    try_texts: str = "try_any"
    """Topic of the vocabulary with what its scripts say."""
    try_scripts: tuple[str, ...] = ("profile.js", "try_any.js")
    """Scripts of that page, beside the compiled rules."""

    def try_data(self) -> dict[str, Any]:
        """Return what the scripts of that page read, the same in both languages."""
        outcomes = [
            {"id": o.id, "kind": o.kind, "roots": {i: o.root_of(i) for i in o.asked}}
            for o in self.algorithm.outcomes
        ]
        defaults = {v.name: v.default for v in self.algorithm.variables}
        start = defaults | dict(self.algorithm.start)
        return {"outcomes": outcomes, "defaults": defaults, "start": start, "axes": self._axes}

    @cached_property
    def _axes(self) -> dict[str, list[Any]]:
        """Values of age and place, where the algorithm reads them and says which there are."""
        found = {}
        for criterion in ("age", "place"):
            with suppress(LookupError):
                axis = self.algorithm.axis(criterion)
                if axis in self.algorithm.variables:
                    found[axis.name] = self.algorithm.grid(axis)[axis.name].to_list()
        return found

    def try_words(self, words: Any, codes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """Return names for that page in one language.

        Args:
            words: ``report.words.Words``.
            codes: Input -> code -> name.
        """
        axes = {name: words.say(self.algorithm.dictionary[name].label) for name in self._axes}
        outcomes = {}
        for o in self.algorithm.outcomes:
            items = {id: words.say(text) for id, text in o.items.items()}
            outcomes[o.id] = {"label": words.say(o.label), "items": items, "unit": words.say(o.unit)}
        return {"codes": codes, "axes": axes, "outcomes": outcomes}

    def row_names(self, name: str) -> Mapping[int, Text]:
        """Return what to call unnamed computations of a rule, by the ``id`` of their expressions."""
        return {}

    @cached_property
    def titles(self) -> Mapping[str, Text]:
        """What to call in a text what rules name, values of text inputs included."""
        return self.algorithm.titles()
