"""An algorithm from its dictionary, its rules and a file that holds everything that is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import (
    Inputs,
    Outcome,
    PublishedRule,
    Questions,
    Requirement,
    RuleAlgorithm,
    Source,
)
from bobanalysis.rules import Dictionary, Expr
from bobanalysis.tables import load_yaml
from bobanalysis.text import Text


@dataclass(frozen=True)
class _Rule:
    title: Text
    source: str


@dataclass(frozen=True)
class _Words:
    id: str
    title: Text
    source: Source
    outcomes: tuple[Outcome, ...]
    rules: Mapping[str, _Rule]
    input_roles: Inputs
    questions: tuple[Questions, ...]
    start: Mapping[str, Any]
    legal: Mapping[str, Text] = field(default_factory=dict)


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
        InputError: The file lacks something, or has a word for a rule that does not exist.
    """
    said = load_yaml(_Words, words)
    published = {
        name: PublishedRule(name, expr, said.rules[name].source, title=said.rules[name].title)
        for name, expr in rules.items()
    }
    return RuleAlgorithm(
        said.id,
        said.title,
        said.source,
        dictionary,
        said.outcomes,
        published,
        input_roles=said.input_roles,
        requirements=tuple(requirements),
        questions=said.questions,
        start=said.start,
        legal=said.legal,
    )
