"""Every condition on age or on place: in the published rules, and what each one changes by itself.

A condition is looked for in the rule's own text: what a rule reads through another rule that it names is
listed once, under that other rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import polars as pl

from bobanalysis.bob import DICTIONARY, Bob, admit, catalogue, configuration, titles
from bobanalysis.bob.pipeline import national_figures
from bobanalysis.rules import (
    Expr,
    Language,
    Named,
    Text,
    Variable,
    first_match,
    is_condition,
    lift,
    sentence,
    transform,
    walk,
    when,
)
from bobanalysis.rules.expr import (
    COMPARISONS,
    And,
    Compare,
    Const,
    IsIn,
    Listed,
    Not,
    Or,
    Row,
    StartsWith,
    Var,
    children,
)

from .reach import in_use, published_rules

CRITERIA: Mapping[str, str] = {"age": "age", "place": "place of residence"}
"""The two criteria of this ledger, and what the data dictionary calls them."""

LANGUAGES: tuple[Language, ...] = ("fr", "en")
LONGEST = 200
"""Letters of a condition in words; a longer one is a computation that only its card can tell."""
Status = Literal["in use", "contents", "dead"]
Measure = Literal["years", "country", "contrary"]
SHARES = ("share", "share_challenge", "share_score", "share_advice", "share_strategies")


@dataclass(frozen=True)
class Condition:
    """One condition of one rule on age or on place.

    ``node`` is the condition, or the whole rule where an input enters a score without a condition;
    ``variables`` are the inputs of the two criteria that it reads, ``criteria`` "age", "place" or both, and
    ``hows`` whether they are the criterion itself ("direct"), what the person says of it ("declared"), what
    stands for it ("proxy") or a figure that is looked up by place. ``status`` is that of the rule: reached by
    the pipeline, only by lists of contents that are picked outside it, or by nothing.
    """

    rule: str
    node: Expr
    variables: tuple[Variable, ...]
    criteria: tuple[str, ...]
    hows: tuple[str, ...]
    status: Status

    @property
    def id(self) -> str:
        """Return the key of the condition: rule, input, comparison."""
        return f"{self.rule} | {self.variables[0].name} | {self.comparison or _order(self)}".rstrip(" |")

    @property
    def comparison(self) -> str:
        """Return the operator and the value compared with; empty where the bound is not one number."""
        node = self.node
        if isinstance(node, Compare) and isinstance(node.left, Var) and isinstance(node.right, Const):
            value = node.right.value
            return f"{node.op} {value:g}" if isinstance(value, int | float) else f"{node.op} {value}"
        return ""

    @property
    def cut(self) -> tuple[int, int] | None:
        """Return the two neighbouring ages that the condition parts, if it compares the age with a number."""
        node = self.node
        if not (isinstance(node, Compare) and isinstance(node.left, Var) and isinstance(node.right, Const)):
            return None
        if node.left.variable.name != "age" or node.op not in ("<", ">=", "<=", ">"):
            return None
        lower = int(node.right.value) - (node.op in ("<", ">="))
        return lower, lower + 1


def _order(condition: Condition) -> str:
    """Number the conditions of a rule that are not one comparison with a number."""
    own = [n for n, _ in _held(catalogue()[condition.rule].expr)]
    places = [k for k, n in enumerate(own) if n is condition.node]
    return f"({places[0] + 1})"


def rule_status(name: str) -> Status:
    """Tell by what a rule is reached.

    >>> rule_status("advice-senior"), rule_status("for-young(27)"), rule_status("age-score")
    ('in use', 'contents', 'dead')
    """
    if name in in_use():
        return "in use"
    return "contents" if name in content_rules() else "dead"


@cache
def content_rules() -> frozenset[str]:
    """Return the rules that lists of contents name, with those that these use, and the pipeline does not."""
    named = {f for listed in configuration.contents() for own in listed.contents.values() for f in own}
    reached = walk(*(catalogue().use(name) for name in sorted(named)))
    return frozenset(n.name for n in reached if _is_rule(n) and isinstance(n, Named)) - in_use()


def idle_families() -> dict[str, str]:
    """Return an example of each family of rules none of whose members is used anywhere, by its pattern.

    >>> "for-frustrated-old(50)" in idle_families().values()
    True
    """
    used = [*published_rules(), *content_rules()]
    families = catalogue().families
    idle = [f for f in families if not any(f.pattern.fullmatch(name) for name in used)]
    return {f.pattern.pattern: f.example for f in idle}


@cache
def rule_conditions() -> tuple[Condition, ...]:
    """Return every condition on age or on place in the rules: used, named by contents, dead.

    Rules are those of ``published_rules``, those that lists of contents name, and one example of each family
    that nothing uses.

    >>> [c.comparison for c in rule_conditions() if c.rule == "advice-senior" and c.cut]
    ['> 40', '>= 45']
    """
    names = [*published_rules(), *sorted(content_rules() - set(published_rules())), *idle_families().values()]
    return tuple(c for name in dict.fromkeys(names) for c in _conditions(name))


def _conditions(name: str) -> Iterator[Condition]:
    status = rule_status(name)
    read: dict[int, tuple[Expr, list[Variable]]] = {}
    for node, variable in _held(catalogue()[name].expr):
        if _criterion(variable):
            read.setdefault(id(node), (node, []))[1].append(variable)
    for node, found in read.values():
        variables = tuple(dict.fromkeys(found))
        criteria = tuple(c for c in CRITERIA if c in {_criterion(v) for v in variables})
        hows = tuple(dict.fromkeys(v.protected.how for v in variables if v.protected))
        yield Condition(name, node, variables, criteria, hows, status)


def _criterion(variable: Variable) -> str:
    criterion = variable.protected.criterion if variable.protected else ""
    return next((short for short, whole in CRITERIA.items() if whole == criterion), "")


def _is_rule(node: Expr) -> bool:
    return isinstance(node, Named) and node.name in catalogue()


def _held(rule: Expr) -> Iterator[tuple[Expr, Variable]]:
    """Iterate over what a rule reads in its own text, each with the narrowest condition that holds it."""
    seen: set[tuple[int, int | None]] = set()

    def visit(node: Expr, holder: Expr | None) -> Iterator[tuple[Expr, Variable]]:
        if (id(node), id(holder)) in seen or _is_rule(node):
            return
        seen.add((id(node), id(holder)))
        if isinstance(node, Var):
            alone = node if node.variable.kind == "bool" else rule
            yield (alone if holder is None else holder), node.variable
        elif isinstance(node, Row):
            yield from visit(node.condition, None)
            yield from visit(node.result, holder)
        else:
            if isinstance(node, Compare | IsIn | StartsWith | Listed):
                holder = node
            elif isinstance(node, And | Or | Not):
                holder = None
            for child in children(node):
                yield from visit(child, holder)

    yield from visit(rule, None)


# --- in words


def in_words(condition: Condition) -> Text:
    """Return a condition in words, in both languages.

    >>> in_words(next(c for c in rule_conditions() if c.rule == "advice-senior")).en
    'age: over 40 years'
    """
    node, labels = condition.node, [v.label for v in condition.variables]
    fr, en = (", ".join(text.get(lang) for text in labels) for lang in LANGUAGES)
    if not is_condition(node):
        return Text(f"entre dans le calcul de la note : {fr}", f"enters the computation of the score: {en}")
    said = Text(*(sentence(node, lang, titles()) for lang in LANGUAGES))
    if len(said.en) > LONGEST:
        return Text(f"un calcul où entrent : {fr}", f"a computation with: {en}")
    return said


@dataclass(frozen=True)
class Outside:
    """A condition that the server reads outside the named rules: what it chooses, the condition in words."""

    condition: str
    criterion: str
    where: Text
    said: Text
    source: str


@cache
def outside() -> tuple[Outside, ...]:
    """Return the conditions on age or place that are read outside the named rules.

    >>> [o.said.en for o in outside() if o.criterion == "age"]
    ['age: 18 years or less', 'age: 35 years or more']
    """
    found = []
    for rule in configuration.outside_rules():
        variable = DICTIONARY[rule.input]
        said = rule.says
        if said is None:
            compared = Compare(rule.op, Var(variable), Const(rule.threshold))
            said = Text(*(sentence(compared, lang) for lang in LANGUAGES))
        found.append(Outside(rule.id, _criterion(variable), rule.where, said, rule.source))
    return tuple(found)


# --- what one condition changes by itself


def altered(bob: Bob, rule: str, expr: Expr) -> Bob:
    """Return Bob with one published rule replaced, wherever it is used.

    Parameters: ``bob``; ``rule``, its name; ``expr``, what stands in its place.

    >>> from bobanalysis.bob import Market
    >>> bob = altered(Bob(Market.empty()), "advice-senior", lift(0))
    >>> bob.advice["senior"]
    0
    """

    def change(node: Expr) -> Expr | None:
        return Named(f"{rule} (changed)", expr) if isinstance(node, Named) and node.name == rule else None

    def each(rules: Mapping[str, Expr], triggers: Mapping[str, str]) -> dict[str, Expr]:
        score = first_match(when(expr, 3), otherwise=0) if is_condition(expr) else expr
        return {k: score if triggers.get(k) == rule else transform(old, change) for k, old in rules.items()}

    return replace(
        bob,
        rules=each(bob.rules, {}),
        advice=each(bob.advice, {m.id: m.trigger for m in configuration.advice_modules()}),
        strategies=each(bob.strategies, {s.id: s.trigger for s in configuration.strategies()}),
        job_tips=transform(bob.job_tips, change),
    )


def decided(rule: str, node: Expr, value: Any) -> Expr:
    """Return a published rule in which one condition of its own text is replaced by ``value``.

    >>> decided("for-old(50)", catalogue()["for-old(50)"].expr, True)
    True
    """
    return transform(catalogue()[rule].expr, lambda n: lift(value) if n is node else None, _is_rule)


def measure_of(condition: Condition) -> Measure:
    """Return how the effect of a condition is measured.

    "years": the same people a year below, the condition decided as a year above. "country": the rule reads
    the figures of the whole country and no place. "contrary": the condition is decided the other way.
    """
    if condition.cut:
        return "years"
    local = {"direct", "place-keyed data"} & set(condition.hows)
    return "country" if "place" in condition.criteria and local else "contrary"


def effects(bob: Bob, people: pl.DataFrame, conditions: Iterable[Condition]) -> pl.DataFrame:
    """Return the share of people whose result changes when one condition of one rule is decided otherwise.

    Everything else stays as published: the other rules, and the other conditions of the same rule.

    Parameters: ``bob``, on ``french_market()``; ``people``, a population frame; ``conditions``, of rules in
    use.
    Returns one row a condition: ``condition`` (its id), ``measure`` (see ``measure_of``), ``share`` (anything
    changes: main challenge, score, advice and stars, strategies and points) and the share of people for whom
    each of these changes, by weight.
    """
    weight = people["weight"] if "weight" in people.columns else pl.repeat(1.0, people.height, eager=True)
    alone = people.drop("person_id", strict=False)
    kept: dict[int | None, tuple[pl.DataFrame, pl.DataFrame]] = {}
    country: dict[str, tuple[float, ...]] = {}
    rows = []
    for condition in conditions:
        age = condition.cut[0] if condition.cut else None
        if age not in kept:
            there = alone if age is None else alone.with_columns(age=pl.lit(age, dtype=alone.schema["age"]))
            frame = admit(there, bob.variables).kept
            kept[age] = frame, bob.run_admitted(frame)
        frame, published = kept[age]
        how = measure_of(condition)
        if how == "country" and condition.rule in country:
            shares = country[condition.rule]
        else:
            changed = altered(bob, condition.rule, _otherwise(condition, how))
            shares = _shares(published, changed.run_admitted(frame), weight)
            if how == "country":
                country[condition.rule] = shares
        rows.append((condition.id, how, *shares))
    schema = {"condition": pl.String, "measure": pl.String, **dict.fromkeys(SHARES, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _otherwise(condition: Condition, how: Measure) -> Expr:
    node = condition.node
    if how == "years":
        assert isinstance(node, Compare)
        assert isinstance(node.right, Const)
        assert condition.cut
        return decided(condition.rule, node, COMPARISONS[node.op](condition.cut[1], node.right.value))
    if how == "contrary":
        return decided(condition.rule, node, ~node)
    values = national_figures()

    def change(read: Expr) -> Expr | None:
        known = isinstance(read, Var) and read.variable.name in values
        return lift(values[read.variable.name]) if known else None  # type: ignore[attr-defined]

    return transform(catalogue()[condition.rule].expr, change, _is_rule)


def _shares(published: pl.DataFrame, changed: pl.DataFrame, weight: pl.Series) -> tuple[float, ...]:
    """Return the share of people for whom anything, then each outcome, differs."""
    parts: Mapping[str, Sequence[str]] = {
        "challenge": ["main_challenge"],
        "score": ["overall_score"],
        "advice": ["advice", "stars"],
        "strategies": ["strategies", "strategy_points", "strategy_is_secondary", "strategy_advice"],
    }
    differ = [
        pl.any_horizontal(*(_text(published[c]).ne_missing(_text(changed[c])) for c in columns))
        for columns in parts.values()
    ]
    flags = pl.select(
        pl.any_horizontal(*differ).alias("any"), *(d.alias(k) for k, d in zip(parts, differ, strict=True))
    )
    total = float(weight.sum())
    return tuple(float((flags[c].cast(pl.Float64) * weight).sum()) / total for c in flags.columns)


def _text(column: pl.Series) -> pl.Series:
    """Return one comparable value a row for lists."""
    if not isinstance(column.dtype, pl.List):
        return column
    return column.hash()
