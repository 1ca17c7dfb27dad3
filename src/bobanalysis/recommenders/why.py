"""Old names of ``audit.attribution``, for Bob."""  # alias

from __future__ import annotations

from bobanalysis.audit.attribution import Answer as Outcome
from bobanalysis.audit.attribution import FactorMixture as Mixture
from bobanalysis.audit.attribution import is_answered, is_listed, number, rules_reading, with_neutral_rule
from bobanalysis.audit.attribution import random_coupling as transport
from bobanalysis.bob import Bob
from bobanalysis.bob.configuration import advice_modules
from bobanalysis.rules import Text

FACTORS, LABELS = Bob.input_roles.factors, Bob.input_roles.factor_labels
score = number("overall_score")


def told(challenge: str) -> Outcome:
    """Return the outcome "is told this main challenge"."""
    return is_answered("main_challenge", challenge)


def advised(bob: Bob, item: str, top: int | None = None) -> Outcome:
    """Return the outcome "is given this advice"."""
    return is_listed(bob, "advice", item, top)


def readers(bob: Bob, variable: str = "age") -> list[str]:
    """Return the rules that read an input themselves."""
    return rules_reading(bob, variable)


def without(bob: Bob, rule: str, variable: str = "age", value: int | str = 40) -> Bob:
    """Return Bob with one rule reading a value in place of the input."""
    changed = with_neutral_rule(bob, rule, variable, value)
    assert isinstance(changed, Bob)
    return changed


def label_of(rule: str) -> Text:
    """Return the name of a rule for readers: advice by its label, others by their identifier."""
    kind, _, name = rule.partition(" ")
    labels = {m.id: m.label for m in advice_modules()}
    if kind == "advice" and name in labels:
        return Text(f"conseil « {labels[name].fr} »", f"advice “{labels[name].en}”")
    return Text(rule, rule)


__all__ = [
    "FACTORS",
    "LABELS",
    "Mixture",
    "Outcome",
    "advised",
    "label_of",
    "readers",
    "score",
    "told",
    "transport",
    "without",
]
