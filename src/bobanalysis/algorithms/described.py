"""An algorithm from its dictionary, its rules and a file that holds everything that is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import Requirement, RuleAlgorithm
from bobanalysis.rules import Dictionary, Expr
from bobanalysis.tables import load, load_yaml


def described(
    words: Path, dictionary: Dictionary, rules: Mapping[str, Expr], requirements: Sequence[Requirement] = ()
) -> RuleAlgorithm:
    """Return an algorithm whose words stand in a file.

    Args:
        words: A YAML file: id, title, source, outcomes, rules (title and place in the publication), questions
            and the person to start from.
        dictionary: Its inputs.
        rules: Its rules by name.
        requirements: What must hold of a person.

    Raises:
        InputError: The file lacks something, or has a word for a rule that does not exist.
        KeyError: The file has no word for a rule.
    """
    said = load_yaml(dict[str, Any], words)
    for name, expr in rules.items():
        said["rules"][name] |= {"name": name, "expr": expr}
    made = {"dictionary": dictionary, "requirements": [*requirements]}
    return load(RuleAlgorithm, {**said, **made}, words.name)
