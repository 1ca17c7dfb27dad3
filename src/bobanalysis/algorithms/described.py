"""An algorithm from its dictionary, its rules and a file that holds everything that is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import Requirement, RuleAlgorithm
from bobanalysis.rules import Dictionary, Expr
from bobanalysis.tables import InputError, load, load_yaml


def described(
    words: Path, dictionary: Dictionary, rules: Mapping[str, Expr], requirements: Sequence[Requirement] = ()
) -> RuleAlgorithm:
    """Return an algorithm whose words stand in a file.

    Args:
        words: A YAML file: id, title, source, outcomes, rules (title and place in the publication),
            questions, the person to start from, and what law applied.
        dictionary: Its inputs.
        rules: Its rules by name.
        requirements: What must hold of a person.

    Raises:
        InputError: The file lacks something, such as the words of a rule, or has those of a rule that does
            not exist.
    """
    said = load_yaml(dict[str, Any], words)
    told = load(dict[str, dict[str, Any]], said.get("rules"), f"{words.name}, rules")
    for name in sorted({*told} ^ {*rules}):
        wrong = "no rule is called so; take its words out" if name in told else "has no words; write them"
        raise InputError(f"{words.name}, rules: {name!r}: {wrong}")
    made = {
        "dictionary": dictionary,
        "rules": {n: {"name": n, "expr": expr, **told[n]} for n, expr in rules.items()},
        "requirements": [*requirements],
    }
    return load(RuleAlgorithm, {**said, **made}, words.name)
