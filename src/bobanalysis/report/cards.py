"""The cards of the rules: one page a rule, rules whose names follow a pattern together on one."""

from __future__ import annotations

import re

from bobanalysis.bob import catalogue


def card_path(rule: str) -> str:
    """Return where the card of a rule stands, seen from the folder of a language.

    Parameters: ``rule``, a published name, a step of the diagnosis (``main_challenge``) or the name of a
    family. Raises KeyError that names the nearest rule.

    >>> card_path("advice-senior"), card_path("for-old(50)"), card_path("main_challenge")
    ('rules/advice-senior.html', 'rules/for-old.html#for-old-50', 'rules/main_challenge.html')
    """
    rules = catalogue()
    if rule in rules and (pattern := rules[rule].family):
        family = next(f for f in rules.families if f.pattern.pattern == pattern)
        return f"rules/{slug(family.name)}.html#{slug(rule)}"
    return f"rules/{slug(rule)}.html"


def slug(name: str) -> str:
    """Return a name as it stands in an address: letters, digits, hyphens and underscores.

    >>> slug("for-evolution-of-offers(+10%)"), slug("for-departement(2A)")
    ('for-evolution-of-offers-plus10', 'for-departement-2A')
    """
    plain = name.replace("+", "plus").replace("/", "-of-")
    return re.sub(r"[^\w]+", "-", plain).strip("-")
