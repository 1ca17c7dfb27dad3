"""The same people with one answer missing, and the same rules with one threshold moved.

Nothing is sampled: what moves is caused by the one thing that changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from bobanalysis.bob import DICTIONARY, Bob
from bobanalysis.rules import Expr, Text, inputs, transform, walk
from bobanalysis.rules.expr import Compare, Const

ASKED = ("person", "search", "place")
"""Groups of the data dictionary that people answer; the others are looked up."""

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "search_length": ("search_length", "search_length_now", "search_not_started"),
    "departement_id": ("departement_id", "region_id"),
}
"""Columns that hold one answer, by its name."""

NO_ANSWER = ("age", "has_creation_date", "num_projects", "num_objectives")
"""Columns that nobody is asked for, and age: without a year of birth the rules would read an age of 2022
years, which files with people may not hold."""

_ORDER = ("<", "<=", ">", ">=")


def answers(algorithm: Bob, people: pl.DataFrame) -> list[str]:
    """Return the answers that the rules read and that some of these people gave, in reading order.

    An answer that everybody lacks (in the modelled population: towns, driving licences) cannot go missing.
    """
    inside = {column: name for name, columns in TOGETHER.items() for column in columns}
    found = [v for v in algorithm.variables if v.group in ASKED and v.name not in NO_ANSWER]
    given = [v.name for v in found if v.name in people.columns and (people[v.name] != v.default).any()]
    return list(dict.fromkeys(inside.get(name, name) for name in given))


def without_answers(people: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Repeat each person once for each answer, as if it had not been given.

    Parameters: ``people``, a population frame; ``names``, answers (``answers``).
    Returns the same columns after ``pair_id`` (the person) and ``missing`` (the answer), answer after answer;
    ``person_id`` is made unique. What is missing holds what the rules read without an answer: the data
    dictionary's default.
    Raises ValueError for an answer that the dictionary or the frame does not have.

    >>> from bobanalysis.population import modelled
    >>> without_answers(modelled(3).frame, ["seniority"])["seniority"].to_list()
    [0, 0, 0]
    """
    parts = []
    for name in names:
        columns = [c for c in TOGETHER.get(name, (name,)) if c in people.columns]
        if not columns or name not in DICTIONARY:
            raise ValueError(f"{name!r} is no answer: the data dictionary or the people do not have it")
        empty = {
            c: pl.lit(DICTIONARY[c].default if c in DICTIONARY else "").cast(people.schema[c])
            for c in columns
        }
        part = people.with_columns(
            person_id=pl.col("person_id") + f"/without={name}",
            pair_id=pl.col("person_id"),
            missing=pl.lit(name),
            **empty,
        )
        parts.append(part.select("pair_id", "missing", *people.columns))
    return pl.concat(parts)


def ordered_thresholds(algorithm: Bob) -> list[tuple[str, float]]:
    """Return the inputs and the values that the rules compare them with by order, each once, sorted.

    >>> from bobanalysis.bob import Market
    >>> ("age", 45.0) in ordered_thresholds(Bob(Market.empty()))
    True
    """
    rules = [*algorithm.rules.values(), *algorithm.advice.values(), *algorithm.strategies.values()]
    found = {_threshold(node) for rule in rules for node in walk(rule)} - {None}
    return sorted(pair for pair in found if pair is not None)


def with_moved_threshold(algorithm: Bob, variable: str, old: float, new: float) -> Bob:
    """Return Bob with a threshold moved wherever its rules have it (``Bob.with_threshold``: in one rule).

    Raises LookupError where no rule compares the input with ``old`` by order.

    >>> from bobanalysis.bob import Market
    >>> with_moved_threshold(Bob(Market.empty()), "age", 45, 46).changes[0].en
    'Wherever age is compared with 45, with 46.'
    """
    if (variable, float(old)) not in ordered_thresholds(algorithm):
        raise LookupError(f"no rule compares {variable!r} with {old:g} by order; see ordered_thresholds()")

    def change(node: Expr) -> Expr | None:
        if _threshold(node) != (variable, float(old)) or not isinstance(node, Compare):
            return None
        return Compare(node.op, node.left, Const(new))

    def each(rules: Mapping[str, Expr]) -> dict[str, Expr]:
        return {name: transform(rule, change) for name, rule in rules.items()}

    label = DICTIONARY[variable].label
    said = Text(
        f"Partout où l’on compare {old:g} à : {label.fr}, on y compare {new:g}.".replace(" :", "\u202f:"),
        f"Wherever {label.en} is compared with {old:g}, with {new:g}.",
    )
    return replace(
        algorithm,
        rules=each(algorithm.rules),
        advice=each(algorithm.advice),
        strategies=each(algorithm.strategies),
        job_tips=transform(algorithm.job_tips, change),
        changes=(*algorithm.changes, said),
    )


def _threshold(node: Expr) -> tuple[str, float] | None:
    """Return the input and the value of a comparison by order of one input with a number, else None."""
    if not isinstance(node, Compare) or node.op not in _ORDER or not isinstance(node.right, Const):
        return None
    value, read = node.right.value, inputs(node.left)
    if isinstance(value, bool | str) or len(read) != 1 or read[0].kind not in ("int", "float", "enum"):
        return None
    return read[0].name, float(value)
