"""Every condition on age or on place that stands in the rules, and what each one changes by itself.

A condition is looked for in the rule's own text: what a rule reads through another rule that it names is
listed once, under that other rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from bobanalysis.algorithm import CRITERIA, Algorithm
from bobanalysis.rules import Expr, Text, Variable, as_expr, is_condition, neutral, sentence, transform
from bobanalysis.rules import expr as e
from bobanalysis.validation import validate

LONGEST = 200
"""Letters of a condition in words; a longer one is a computation that only its card can tell."""
Measure = Literal["years", "country", "contrary"]


@dataclass(frozen=True)
class Condition:
    """One condition of one rule on age or on place.

    Args:
        rule: Name of the rule.
        node: The condition, or the whole rule where an input enters a score without a condition.
        variables: The inputs of the two criteria that it reads.
        criteria: "age", "place" or both.
        hows: Whether the inputs are the criterion itself ("direct"), what the person says of it ("declared"),
            what stands for it ("proxy") or a figure that is looked up by place.
        status: That of the rule (``Algorithm.rule_status``).
        number: Which condition of the rule's own text it is, from 1.
        age: The input that is the age.
    """

    rule: str
    node: Expr
    variables: tuple[Variable, ...]
    criteria: tuple[str, ...]
    hows: tuple[str, ...]
    status: str
    number: int
    age: str

    @property
    def id(self) -> str:
        """Return the key of the condition: rule, input, comparison (or its number in the rule)."""
        return f"{self.rule} | {self.variables[0].name} | {self.comparison or f'({self.number})'}"

    @property
    def comparison(self) -> str:
        """Return the operator and the value compared with; empty where the bound is not one number."""
        match self.node:
            case e.Compare(op, e.Var(), e.Const(int() | float() as value)):
                return f"{op} {value:g}"
            case e.Compare(op, e.Var(), e.Const(value)):
                return f"{op} {value}"
        return ""

    @property
    def cut(self) -> tuple[int, int] | None:
        """Return the two neighbouring ages that the condition parts, if it compares the age with a number."""
        match self.node:
            case e.Compare("<" | ">=" | "<=" | ">" as op, e.Var(variable), e.Const(value)) if (
                variable.name == self.age
            ):
                lower = int(value) - (op in ("<", ">="))
                return lower, lower + 1
        return None


def conditions(algorithm: Algorithm) -> tuple[Condition, ...]:
    """Return every condition on age or on place of the rules that are listed."""
    return tuple(c for name in algorithm.listed_rules() for c in _conditions(algorithm, name))


def _conditions(algorithm: Algorithm, name: str) -> Iterator[Condition]:
    status = algorithm.rule_status(name)
    direct = algorithm.protected("age", "direct")
    held = list(_held(algorithm, algorithm.rule(name).expr))
    read: dict[int, tuple[Expr, list[Variable]]] = {}
    for node, variable in held:
        if _criterion(variable):
            read.setdefault(id(node), (node, []))[1].append(variable)
    for node, found in read.values():
        variables = tuple(dict.fromkeys(found))
        criteria = tuple(c for c in CRITERIA if c in {_criterion(v) for v in variables})
        hows = tuple(dict.fromkeys(v.protected.how for v in variables if v.protected))
        number = next(k for k, (n, _) in enumerate(held, 1) if n is node)
        age = direct[0].name if direct else ""
        yield Condition(name, node, variables, criteria, hows, status, number, age)


def _criterion(variable: Variable) -> str:
    criterion = variable.protected.criterion if variable.protected else ""
    return next((short for short, whole in CRITERIA.items() if whole == criterion), "")


def _held(algorithm: Algorithm, rule: Expr) -> Iterator[tuple[Expr, Variable]]:
    """Iterate over what a rule reads in its own text, each with the narrowest condition that holds it."""
    seen: set[tuple[int, int | None]] = set()

    def visit(node: Expr, holder: Expr | None) -> Iterator[tuple[Expr, Variable]]:
        if (id(node), id(holder)) in seen or algorithm.is_rule(node):
            return
        seen.add((id(node), id(holder)))
        if isinstance(node, e.Var):
            alone = node if node.variable.kind == "bool" else rule
            yield (alone if holder is None else holder), node.variable
        elif isinstance(node, e.Row):
            yield from visit(node.condition, None)
            yield from visit(node.result, holder)
        else:
            if isinstance(node, e.Compare | e.Membership):
                holder = node
            elif isinstance(node, e.And | e.Or | e.Not):
                holder = None
            for child in e.children(node):
                yield from visit(child, holder)

    yield from visit(rule, None)


def in_words(condition: Condition, titles: Mapping[str, Text]) -> Text:
    """Return a condition in words, in both languages.

    Args:
        condition: Of any rule.
        titles: What to call what rules name (``Algorithm.titles``).
    """
    node, labels = condition.node, [v.label for v in condition.variables]
    fr, en = ", ".join(t.fr for t in labels), ", ".join(t.en for t in labels)
    if not is_condition(node):
        return Text(f"entre dans le calcul de la note : {fr}", f"enters the computation of the score: {en}")
    said = Text(sentence(node, "fr", titles), sentence(node, "en", titles))
    short = len(said.en) <= LONGEST
    return said if short else Text(f"un calcul où entrent : {fr}", f"a computation with: {en}")


# --- what one condition changes by itself


def force_condition(algorithm: Algorithm, rule: str, node: Expr, value: Any) -> Expr:
    """Return a published rule in which one condition of its own text is replaced by ``value``."""
    expr, new = algorithm.rule(rule).expr, as_expr(value)
    return transform(expr, lambda n: new if n is node else None, algorithm.is_rule)


def measure_of(condition: Condition) -> Measure:
    """Return how the effect of a condition is measured.

    "years": the same people a year below, the condition decided as a year above. "country": the rule reads
    the reference in place of the place and of figures looked up by it. "contrary": the condition is decided
    the other way.
    """
    if condition.cut:
        return "years"
    local = {"direct", "place-keyed data"} & set(condition.hows)
    return "country" if "place" in condition.criteria and local else "contrary"


def effects(algorithm: Algorithm, people: pl.DataFrame, listed: Iterable[Condition]) -> pl.DataFrame:
    """Return the share of people whose result changes when one condition of one rule is decided otherwise.

    Everything else stays as published: the other rules, and the other conditions of the same rule.

    Args:
        algorithm: Ready to run.
        people: One row a person, ``weight`` (1 if there is none).
        listed: Conditions of rules in use.

    Returns:
        One row a condition: ``condition`` (its id), ``measure`` (see ``measure_of``), ``share`` (anything
        changes, scores of lists too) and ``share_<outcome>``, by weight.
    """
    weight = people["weight"] if "weight" in people.columns else pl.repeat(1.0, people.height, eager=True)
    alone = people.drop("person_id", strict=False)
    kept: dict[int | None, tuple[pl.DataFrame, pl.DataFrame]] = {}
    country: dict[str, tuple[float, ...]] = {}
    rows = []
    for condition in listed:
        age = condition.cut[0] if condition.cut else None
        if age not in kept:
            at = {} if age is None else {condition.age: pl.lit(age, dtype=alone.schema[condition.age])}
            frame = validate(alone.with_columns(**at), algorithm.variables).valid
            kept[age] = frame, algorithm.compute(frame).answers
        frame, published = kept[age]
        how = measure_of(condition)
        if how == "country" and condition.rule in country:
            shares = country[condition.rule]
        else:
            changed = algorithm.with_rule(condition.rule, _otherwise(algorithm, condition, how))
            shares = _shares(algorithm, published, changed.compute(frame).answers, weight)
            if how == "country":
                country[condition.rule] = shares
        rows.append((condition.id, how, *shares))
    names = ["share", *(f"share_{o.short}" for o in algorithm.outcomes)]
    schema = {"condition": pl.String, "measure": pl.String, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _otherwise(algorithm: Algorithm, condition: Condition, how: Measure) -> Expr:
    node, rule = condition.node, condition.rule
    if how == "country":
        return neutral(algorithm.rule(rule).expr, algorithm.reference("place").values, algorithm.is_rule)
    year_above = condition.cut and neutral(node, {condition.age: condition.cut[1]})
    return force_condition(algorithm, rule, node, ~node if year_above is None else year_above)


def _shares(
    algorithm: Algorithm, published: pl.DataFrame, changed: pl.DataFrame, weight: pl.Series
) -> tuple[float, ...]:
    """Return the share of people for whom anything, then each outcome, differs."""

    differ = [
        pl.any_horizontal(published[c].ne_missing(changed[c]) for c in outcome.columns)
        for outcome in algorithm.outcomes
    ]
    flags = pl.select(part.alias(str(k)) for k, part in enumerate([pl.any_horizontal(*differ), *differ]))
    total = float(weight.sum())
    return tuple(float((flags[c].cast(pl.Float64) * weight).sum()) / total for c in flags.columns)
