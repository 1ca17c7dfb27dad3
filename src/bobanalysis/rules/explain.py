"""Explain a rule in words: its decision table, its inputs, its thresholds, in French and in English.

Everything is generated from the expression that runs, so an explanation cannot drift away from it.
`decision_table` gives lines of text; `sheet` gives conditions as nested lists and sets long computations
apart, for pages.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .expr import (
    COMPARISONS,
    INVERSE,
    And,
    Arith,
    Attempt,
    Cases,
    Compare,
    Const,
    Expr,
    IsIn,
    Listed,
    Named,
    Not,
    Or,
    Over,
    Refuse,
    Round,
    Row,
    StartsWith,
    Total,
    Var,
    any_of,
    children,
    inputs,
    is_condition,
    walk,
)
from .variables import Language, Text, Variable

_NBSP = "\u202f"  # French puts a narrow no-break space before : ; ! ? and inside « »

WORDS = {
    "and": Text("et", "and"),
    "or": Text("ou", "or"),
    "not": Text("pas", "not"),
    "always": Text("dans tous les cas", "in every case"),
    "never": Text("jamais", "never"),
    "otherwise": Text("sinon", "otherwise"),
    "yes": Text("oui", "yes"),
    "no": Text("non", "no"),
    "no data": Text("pas de réponse, faute de données", "no answer, for lack of data"),
    "no data with": Text("pas de réponse, il manque", "no answer, missing"),
    "error": Text("le calcul s’arrête sur une erreur", "the computation stops with an error"),
    "if": Text("si", "if"),
    "nor": Text("ni", "nor"),
    "neither": Text("ni", "neither"),
    "given": Text("renseigné", "given"),
    "not given": Text("non renseigné", "not given"),
    "lacks": Text("une réponse ou un chiffre manque", "an answer or a figure is missing"),
    "lacks for": Text(
        "une réponse ou un chiffre manque pour savoir si", "an answer or a figure is missing to tell whether"
    ),
    "lacking is no": Text("sans réponse, c’est non", "no answer counts as no"),
    "amount": Text("grandeur", "quantity"),
    "computed": Text("le résultat du calcul", "the result of the computation"),
    "clamped": Text(
        "ramené entre 0 et 100, puis multiplié par 3 et divisé par 100",
        "brought between 0 and 100, then multiplied by 3 and divided by 100",
    ),
    "begins": Text("commence par", "starts with"),
    "holds": Text("contient", "holds"),
    "sum": Text("somme de", "sum of"),
    "count": Text("nombre de réponses « oui » parmi", "number of “yes” among"),
    "any project": Text(
        "premier résultat autre que 0 parmi les projets de la personne",
        "first result other than 0 among the person’s projects",
    ),
    "all projects": Text(
        "0 si un projet de la personne donne 0, sinon le résultat du premier",
        "0 if one of the person’s projects gives 0, else the result of the first",
    ),
    "round": Text("arrondi", "rounded"),
    "floor": Text("arrondi vers le bas", "rounded down"),
    "smallest": Text("le plus petit de", "the smaller of"),
    "largest": Text("le plus grand de", "the larger of"),
    "other": Text("une autre réponse", "another answer"),
}
_PHRASES = {  # of a comparison with a number; {} is the number with its unit
    "==": Text("{}", "{}"),
    "!=": Text("autre que {}", "other than {}"),
    "<": Text("moins de {}", "under {}"),
    "<=": Text("{} ou moins", "{} or less"),
    ">": Text("plus de {}", "over {}"),
    ">=": Text("{} ou plus", "{} or more"),
}
_ORDERED = {  # of a comparison with a value of an ordered enumeration
    "==": Text("{}", "{}"),
    "!=": Text("autre que {}", "other than {}"),
    "<": Text("en dessous de {}", "below {}"),
    "<=": Text("{} ou en dessous", "{} or below"),
    ">": Text("au-dessus de {}", "above {}"),
    ">=": Text("{} ou au-dessus", "{} or above"),
}


@dataclass(frozen=True)
class Line:
    """One row of a decision table in words."""

    condition: str
    result: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clause:
    """A condition in words: a ``text``, or ``parts`` of which "all" or "any" must hold (``how``)."""

    text: str = ""
    how: str = ""
    parts: tuple[Clause, ...] = ()


@dataclass(frozen=True)
class Case:
    """One row of a decision table for a page; ``condition`` is None in the last row (otherwise).

    ``value`` is the result where it is fixed.
    """

    condition: Clause | None
    result: str
    value: bool | float | str | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """A computation set apart: ``key`` names it, ``adds`` tells a sum of rows from a choice among them."""

    key: str
    title: str
    cases: tuple[Case, ...]
    adds: bool = False


@dataclass(frozen=True)
class Sheet:
    """A rule for a page: its decision table and the computations that it was too long to hold."""

    cases: tuple[Case, ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Threshold:
    """A value at which a comparison on an input changes its result.

    ``relation`` is the comparison in words where the bound itself depends on another input.
    """

    variable: Variable
    op: str
    value: float | None
    relation: str = ""


@dataclass(frozen=True)
class Limit:
    """A comparison of an input (None: of a computation) with fixed values, in words, without its label."""

    variable: Variable | None
    op: str
    values: tuple[Any, ...]
    text: str


def decision_table(rule: Expr, lang: Language, titles: Mapping[str, Text] | None = None) -> list[Line]:
    """Return the rule as rows of condition and result, read from top to bottom.

    Parameters: ``rule``; ``lang``; ``titles``, what to call in a text what rules name: published rules,
    missing fields, values of text inputs (and ``name=value``: that a named rule gives a value).

    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
    >>> decision_table(first_match(when(age >= 45, 2), otherwise=0), "en")[0]
    Line(condition='age: 45 years or more', result='2', because=())
    """
    speak = _Speaker(lang, titles or {})
    return [
        Line(
            speak.say(row.condition) if row is not last else speak.word("otherwise"),
            speak.result(row.result),
            row.because,
        )
        for rows in [_rows(rule)]
        for last in [rows[-1]]
        for row in rows
    ]


def sheet(
    rule: Expr,
    lang: Language,
    titles: Mapping[str, Text],
    refer: Callable[[str, str], str] | None = None,
    local: Collection[str] = (),
    names: Mapping[int, Text] | None = None,
) -> Sheet:
    """Return the rule as a decision table for a page, with long computations set apart.

    Parameters: ``rule``; ``lang``; ``titles``, see ``decision_table``; ``refer``, how to write the mention
    of a named rule, from its name and its title; ``local``, names of computations to explain there;
    ``names``, what to call unnamed computations, by the ``id`` of the expression.

    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> d = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("a", "b")])
    >>> rule = first_match(when((d.a > 1) & (d.b > 2), 3), otherwise=0)
    >>> [part.text for part in sheet(rule, "en", {}).cases[0].condition.parts]
    ['a: over 1', 'b: over 2']
    """
    speak = _Speaker(lang, titles, refer, frozenset(local), names or {}, apart={})
    cases = speak.cases(rule)
    told: dict[int, Part] = {}
    while waiting := [key for key in speak.apart or {} if key not in told]:
        for id_ in waiting:
            key, title, item = (speak.apart or {})[id_]
            told[id_] = Part(key, title, speak.cases(item), isinstance(item, Total))
    return Sheet(cases, tuple(told.values()))


def sentence(condition: Expr, lang: Language, titles: Mapping[str, Text] | None = None) -> str:
    """Return a condition or a score in words.

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
    >>> sentence(~(age >= 45), "fr")
    'âge\\u202f: moins de 45 ans'
    """
    return _Speaker(lang, titles or {}).say(condition)


def value_text(
    variable: Variable, value: Any, lang: Language, titles: Mapping[str, Text] | None = None
) -> str:
    """Return a value of an input in words, with its unit, or with what the number stands for.

    >>> from bobanalysis.rules import Text, Variable
    >>> value_text(Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years")), 45, "fr")
    '45 ans'
    """
    speak = _Speaker(lang, titles or {})
    if variable.kind == "bool":
        return speak.word("yes" if value else "no")
    return speak.value(variable, value)


def input_text(variable: Variable, lang: Language) -> str:
    """Return what to call an input; one answer of a question, or one figure of a table, in parentheses."""
    return _Speaker(lang, {}).label(variable)


def thresholds(rule: Expr) -> list[Threshold]:
    """Return every value with which the rule compares an input, each once, in reading order."""
    speak = _Speaker("en", {})
    found: dict[tuple[Any, ...], Threshold] = {}
    for node in walk(rule):
        if not isinstance(node, Compare):
            continue
        fixed = node.right.value if isinstance(node.left, Var) and isinstance(node.right, Const) else None
        if isinstance(fixed, str):
            continue
        relation = "" if fixed is not None else speak.say(node)
        value = None if fixed is None else float(fixed)
        for variable in inputs(node):
            key = (variable.name, node.op, value, relation)
            found.setdefault(key, Threshold(variable, node.op, value, relation))
    return list(found.values())


def limits(
    rule: Expr, lang: Language, titles: Mapping[str, Text] | None = None, leave: Collection[str] = ()
) -> list[Limit]:
    """Return every fixed value that an input or a computation of the rule is compared with, in words.

    Parameters: see ``decision_table``; ``leave``, names of rules not to look into. Numbers that stand for
    something else than a quantity are told with it.

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
    >>> [(limit.variable.name, limit.text) for limit in limits((age > 30) & (age < 50), "en")]
    [('age', 'over 30 years'), ('age', 'under 50 years')]
    """
    speak = _Speaker(lang, titles or {})
    left = frozenset(leave)
    found: dict[tuple[Any, ...], Limit] = {}
    for node in _outside(rule, left) if left else walk(rule):
        if isinstance(node, Compare | IsIn | StartsWith | Listed) and (limit := speak.limit(node)):
            found.setdefault(
                (limit.variable and limit.variable.name, limit.op, limit.values, limit.text), limit
            )
    return list(found.values())


def _outside(rule: Expr, left: frozenset[str]) -> Iterator[Expr]:
    """Iterate over the parts of a rule, each once, but not over what named rules hold."""
    seen: set[int] = set()
    waiting = [rule]
    while waiting:
        node = waiting.pop(0)
        if id(node) in seen or (isinstance(node, Named) and node.name in left):
            continue
        seen.add(id(node))
        yield node
        waiting += children(node)


# --- rows, and what is simpler said otherwise


def _rows(rule: Expr) -> list[Row]:
    """Return the rows of a rule; the condition of the last always holds."""
    rule = settled(rule.item if isinstance(rule, Named) else rule)
    if isinstance(rule, Total):
        return [*rule.rows, Row(Const(True), Const(0), ())]
    if isinstance(rule, Cases):
        rows = [r for r in rule.rows if not isinstance(r.condition, Const)]
        told = tuple(code for r in rule.rows if isinstance(r.condition, Const) for code in r.because)
        rows = [Row(c, r.result, r.because) for r in rows if (c := settled(r.condition)) is not Const(False)]
        return [*rows, Row(Const(True), rule.otherwise, told)]
    if isinstance(rule, Attempt) and not is_condition(rule):
        if (
            isinstance(rule.item, Cases)
            and len({id(r.result) for r in rule.item.rows} | {id(rule.item.otherwise)}) == 1
        ):
            inner = [Row(Const(True), rule.item.otherwise, ())]
        else:
            inner = _rows(rule.item)
        return [Row(_LACKS, rule.with_fields, ()), *inner]
    if is_condition(rule) and not isinstance(rule, Const):
        return [Row(rule, Const(True), ()), Row(Const(True), Const(False), ())]
    return [Row(Const(True), rule, ())]


_LACKS = Attempt(Const(False), Const(True), Const(True))
"""The condition that an answer is missing; the speaker says it as such."""


def settled(item: Expr) -> Expr:
    """Return an expression that says the same more simply: a table compared with a value is a condition."""
    match item:
        case Not():
            inner = settled(item.part)
            return ~inner
        case Compare():
            return _settled_comparison(item)
        case Attempt():
            return _settled_attempt(Attempt(settled(item.item), item.with_fields, item.without_fields))
        case Arith():
            return _settled_arithmetic(item)
        case _:
            return item


def _settled_comparison(item: Compare) -> Expr:
    if not isinstance(item.right, Const):
        return item
    left, right = settled(item.left), item.right
    compare = COMPARISONS[item.op]
    if isinstance(left, Const):
        return Const(compare(left.value, right.value))
    if isinstance(left, Cases) and _fixed(left):

        def decided(result: Expr) -> Expr:
            return Const(compare(result.value, right.value)) if isinstance(result, Const) else result

        rows = [Row(r.condition, decided(r.result), r.because) for r in left.rows]
        return _condition(rows, decided(left.otherwise))
    if (
        isinstance(left, Attempt)
        and isinstance(left.with_fields, Const)
        and isinstance(left.without_fields, Const)
    ):
        with_fields, without = (
            Const(compare(c.value, right.value)) for c in (left.with_fields, left.without_fields)
        )
        return _settled_attempt(Attempt(settled(Compare(item.op, left.item, right)), with_fields, without))
    return item


def _condition(rows: list[Row], otherwise: Expr) -> Expr:
    """Return a table of yes and no as a condition, where it is one."""
    results = [r.result for r in rows]
    if all(r is otherwise for r in results):
        return otherwise
    if isinstance(otherwise, Const) and all(r is Const(not otherwise.value) for r in results):
        holds = any_of(*(r.condition for r in rows))
        return ~holds if otherwise.value else holds
    return Cases(tuple(rows), otherwise)


def _settled_attempt(item: Attempt) -> Expr:
    from .evaluate import can_refuse

    if not any(refusal.kind == "missing" for refusal in can_refuse(item.item)) and not isinstance(
        item.item, Const
    ):
        return item.item
    return item


def _fixed(table: Cases) -> bool:
    return all(isinstance(r, Const | Refuse) for r in (*(r.result for r in table.rows), table.otherwise))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "min": min,
    "max": max,
}


def clamped(item: Expr) -> Expr | None:
    """Return the value out of 100 that an expression brings to the scale from 0 to 3; None if it does not."""
    match item:
        case Arith(
            op="/", left=Arith(op="*", left=Arith(op="min", left=Arith(op="max") as inner, right=top))
        ):
            third = item.left.right  # type: ignore[attr-defined]
            if not _same(inner.right, 0) or not _same(top, 100):
                return None
            return inner.left if _same(third, 3) and _same(item.right, 100) else None
    return None


def _same(item: Expr, value: float) -> bool:
    return isinstance(item, Const) and item.value == value


def _settled_arithmetic(item: Arith) -> Expr:
    raw = clamped(item)
    if raw is not None:
        raw = settled(raw)
        if isinstance(raw, Cases):
            return Cases(
                tuple(Row(r.condition, _to_three(r.result), r.because) for r in raw.rows),
                _to_three(raw.otherwise),
            )
        return _to_three(raw)
    left, right = settled(item.left), settled(item.right)
    if isinstance(left, Const) and isinstance(right, Const) and (right.value or item.op != "/"):
        return Const(_OPERATORS[item.op](left.value, right.value))
    if item.op == "+" and _same(left, 0):
        return right
    return Arith(item.op, left, right)


def _to_three(result: Expr) -> Expr:
    if isinstance(result, Const):
        return Const(round(min(max(float(result.value), 0), 100) * 3 / 100, 6))
    if isinstance(result, Refuse):
        return result
    return Arith(
        "/", Arith("*", Arith("min", Arith("max", result, Const(0)), Const(100)), Const(3)), Const(100)
    )


def quoted(text: str, lang: Language) -> str:
    """Put a text in the quotation marks of a language; those inside it become the inner ones.

    >>> quoted("« Marché » ?", "fr"), quoted("“Market”?", "en")
    ('«\\u202f“Marché” ?\\u202f»', '“‘Market’?”')
    """
    if lang == "en":
        return f"“{text.replace('“', '‘').replace('”', '’')}”"
    inner = re.sub(rf"«[ {_NBSP}]?", "“", re.sub(rf"[ {_NBSP}]?»", "”", text))
    return f"«{_NBSP}{inner}{_NBSP}»"


@dataclass
class _Speaker:
    """Says expressions in one language; ``apart`` gathers long computations (None: said in place)."""

    lang: Language
    titles: Mapping[str, Text]
    refer: Callable[[str, str], str] | None = None
    local: frozenset[str] = frozenset()
    names: Mapping[int, Text] = field(default_factory=dict)
    apart: dict[int, tuple[str, str, Expr]] | None = None

    def word(self, key: str) -> str:
        return WORDS[key].get(self.lang)

    def colon(self) -> str:
        return f"{_NBSP}: " if self.lang == "fr" else ": "

    def quote(self, text: str) -> str:
        return quoted(text, self.lang)

    def number(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, str):
            return self.text_value(value)
        if float(value).is_integer() and abs(value) >= 1e4:
            text = f"{value:,.0f}".replace(",", _NBSP if self.lang == "fr" else ",")
        else:
            text = f"{value:g}"
        text = text.replace("-", "\u2212")
        return text.replace(".", ",") if self.lang == "fr" else text

    def text_value(self, value: str) -> str:
        if value == "":
            return self.word("not given")
        return self.quote(self.titles[value].get(self.lang) if value in self.titles else value)

    # --- tables

    def cases(self, rule: Expr) -> tuple[Case, ...]:
        *rows, last = _rows(rule)
        made = [
            Case(self.clause(r.condition), self.result(r.result), _value_of(r.result), r.because)
            for r in rows
        ]
        return (*made, Case(None, self.result(last.result), _value_of(last.result), last.because))

    def result(self, item: Expr) -> str:
        """Say what a row gives."""
        item = settled(item)
        if isinstance(item, Const):
            return self.number(item.value)
        if is_condition(item) and not isinstance(item, Refuse):
            held = f"{self.word('yes')} {self.word('if')} {self.say(item)}"
            return f"{held}{self.semicolon()}{self.word('otherwise')} {self.word('no')}"
        return self.say(item)

    def clause(self, item: Expr, negate: bool = False) -> Clause:
        """Say a condition as nested lists."""
        item = settled(item)
        if isinstance(item, Not):
            return self.clause(item.part, not negate)
        if not isinstance(item, And | Or):
            return Clause(self.say(item, negate))
        how = "all" if isinstance(item, And) is not negate else "any"
        parts = [
            Clause(self.together(label, [p for _, p in group], how))
            if label
            else self.clause(group[0][0], negate)
            for label, group in self.grouped(item, negate)
        ]
        return parts[0] if len(parts) == 1 else Clause(how=how, parts=tuple(parts))

    # --- expressions

    def say(self, item: Expr, negate: bool = False) -> str:
        """Say an expression; ``negate`` says the contrary of a condition."""
        item = settled(item)
        if isinstance(item, Compare | Var | IsIn) and (pair := self.pair(item, negate)):
            return f"{pair[0]}{self.colon()}{pair[1]}"
        match item:
            case Not():
                return self.say(item.part, not negate)
            case Var():
                return self.label(item.variable)
            case Const():
                if isinstance(item.value, bool):
                    return self.word("always" if item.value is not negate else "never")
                return self.number(item.value)
            case Compare():
                return self.relation(item, negate)
            case IsIn():
                return (
                    f"{self.say(item.item)}{self.colon()}{self.one_of(map(self.number, item.values), negate)}"
                )
            case StartsWith() | Listed():
                verb = self.word("begins" if isinstance(item, StartsWith) else "holds")
                values = item.prefixes if isinstance(item, StartsWith) else item.values
                verb = f"{self.word('not')} {verb}" if negate else verb
                return (
                    f"{self.say(item.item)}{self.colon()}{verb} {self.either(map(self.text_value, values))}"
                )
            case Total():
                return self.set_apart(item) or self.total(item)
            case Over():
                return f"{self.word(_OVER[item.how])} ({self.say(item.item)})"
            case And() | Or():
                return self.chain(item, negate)
            case Named():
                return self.named(item, negate)
            case Cases():
                if apart := self.set_apart(item):
                    return self.as_answer(apart, negate) if is_condition(item) else apart
                return self.inline_table(item, negate)
            case Refuse():
                return self.refusal(item)
            case Attempt():
                return self.attempted(item, negate)
            case Round():
                return f"{self.part(item.item)} ({self.word(item.how)})"
            case Arith():
                return self.arithmetic(item)
        raise TypeError(f"cannot explain {type(item).__name__}")

    def label(self, variable: Variable) -> str:
        """Say an input; one answer of a question, or one figure of a table, stands in parentheses."""
        label = variable.label.get(self.lang)
        head, _, member = label.partition(" : " if self.lang == "fr" else ": ")
        return f"{head} ({member})" if member else label

    def pair(self, item: Expr, negate: bool) -> tuple[str, str] | None:
        """Return an elementary condition as its input’s label and what is asked of it; None for others."""
        match item:
            case Var() if item.variable.kind == "bool":
                label = item.variable.label.get(self.lang)
                head, _, member = label.partition(" : " if self.lang == "fr" else ": ")
                if not member:
                    return label, self.word("no" if negate else "yes")
                return head, f"{self.word('not')} {self.quote(member)}" if negate else self.quote(member)
            case Compare(left=Var() as left, right=Const() as right):
                op = INVERSE[item.op] if negate else item.op
                return self.label(left.variable), self.phrase(left.variable, op, right.value)
            case Compare(left=Round(item=Var() as inner) as left, right=Const() as right):
                op = INVERSE[item.op] if negate else item.op
                head = f"{self.label(inner.variable)} ({self.word(left.how)})"
                return head, self.phrase(inner.variable, op, right.value)
            case IsIn(item=Var() as inner):
                values = [self.value(inner.variable, v) for v in item.values]
                return self.label(inner.variable), self.one_of(values, negate)
        return None

    def phrase(self, variable: Variable, op: str, value: Any) -> str:
        """Say what a comparison asks of an input."""
        if variable.kind == "enum":
            numbers = [c.number for c in variable.choices]
            if numbers and (op, value) in ((">=", max(numbers)), ("<=", min(numbers))):
                op = "=="
            return _ORDERED[op].get(self.lang).format(self.value(variable, value))
        if variable.kind == "text":
            if value == "":
                return self.word("not given" if op == "==" else "given")
            return _PHRASES[op].get(self.lang).format(self.text_value(value))
        if variable.kind == "int" and variable.codes and (said := self.coded(variable, op, value)):
            return said
        return _PHRASES[op].get(self.lang).format(self.value(variable, value))

    def coded(self, variable: Variable, op: str, value: float) -> str:
        """Say a comparison by what its whole numbers stand for; empty where they are quantities."""
        known = {c.number for c in variable.codes}
        least = variable.minimum
        if op in ("<", "<=") and least is not None:
            below = range(int(least), int(value) + (op == "<="))
            if 0 < len(below) <= len(known) and set(below) <= known:
                return self.either(self.value(variable, n) for n in below)
        if op == ">" and value in known:
            if value == least:
                return _PHRASES["!="].get(self.lang).format(self.value(variable, value))
            if value + 1 not in known:
                return _PHRASES[">="].get(self.lang).format(self.value(variable, value + 1))
        return ""

    def value(self, variable: Variable, value: Any) -> str:
        if variable.kind == "enum":
            choice = variable.choice(int(value))
            return self.quote(choice.label.get(self.lang) if choice else str(value))
        if variable.kind == "text":
            return self.text_value(value)
        if code := variable.code(value):
            return self.quote(code.get(self.lang))
        return self.number(value) + self.unit(variable, value)

    def unit(self, variable: Variable, value: float) -> str:
        """Say the unit behind a number, in the singular where it must be."""
        if variable.unit is None:
            return ""
        unit = variable.unit.get(self.lang)
        if unit == "%":
            return " %" if self.lang == "fr" else "%"
        one = abs(value) < 2 if self.lang == "fr" else value == 1
        return " " + (unit.removesuffix("s") if one and unit != "mois" else unit)

    def relation(self, item: Compare, negate: bool) -> str:
        """Say a comparison between computations."""
        op = INVERSE[item.op] if negate else item.op
        if isinstance(item.left, Named) and isinstance(item.right, Const):
            key = f"{item.left.name}={item.right.value}"
            if item.op == "==" and key in self.titles:
                text = self.mention(item.left.name, self.titles[key].get(self.lang))
                return f"{self.word('not')}{self.colon()}{text}" if negate else text
            if item.left.name in self.titles:
                asked = _PHRASES[op].get(self.lang).format(self.number(item.right.value))
                return f"{self.named(item.left, False)}{self.colon()}{asked}"
        sign = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(op, op)
        return f"{self.part(item.left)} {sign} {self.part(item.right)}"

    def limit(self, item: Compare | IsIn | StartsWith | Listed) -> Limit | None:
        """Say with which fixed values a condition compares, without the label of the input."""
        target = item.left if isinstance(item, Compare) else item.item
        inner = target.item if isinstance(target, Round) else target
        if isinstance(item, Compare):
            if not isinstance(item.right, Const):
                return None
            if isinstance(inner, Var):
                said = self.plainly(inner.variable, item.op, item.right.value)
                return Limit(inner.variable, item.op, (item.right.value,), said)
            if not isinstance(target, Arith | Total) or isinstance(settled(item), Const):
                return None
            said = _PHRASES[item.op].get(self.lang).format(self.number(item.right.value))
            return Limit(None, item.op, (item.right.value,), f"{self.word('computed')}{self.colon()}{said}")
        if not isinstance(inner, Var):
            return None
        if isinstance(item, IsIn):
            return Limit(
                inner.variable,
                "in",
                item.values,
                self.one_of([self.value(inner.variable, v) for v in item.values], False),
            )
        values = item.prefixes if isinstance(item, StartsWith) else item.values
        verb = self.word("begins" if isinstance(item, StartsWith) else "holds")
        return Limit(inner.variable, "starts" if isinstance(item, StartsWith) else "lists", values,
                     f"{verb} {self.either(map(self.text_value, values))}")  # fmt: skip

    def plainly(self, variable: Variable, op: str, value: Any) -> str:
        """Say a comparison with the number itself, followed by what it stands for."""
        if variable.kind in ("enum", "text"):
            return self.phrase(variable, op, value)
        said = _PHRASES[op].get(self.lang).format(self.number(value) + self.unit(variable, value))
        code = variable.code(value)
        return f"{said} ({self.number(value)}{self.colon()}{code.get(self.lang)})" if code else said

    def one_of(self, values: Iterable[str], negate: bool) -> str:
        listed = list(values)
        if not negate:
            return self.either(listed)
        if len(listed) == 1:
            return _PHRASES["!="].get(self.lang).format(listed[0])
        first, *rest = listed
        return " ".join([f"{self.word('neither')} {first}", *(f"{self.word('nor')} {v}" for v in rest)])

    def either(self, values: Iterable[str], joined: str = "or") -> str:
        *head, last = list(values)
        return f"{', '.join(head)} {self.word(joined)} {last}" if head else last

    def part(self, item: Expr) -> str:
        item = settled(item)
        text = self.say(item)
        if self.apart is not None and isinstance(item, Cases | Total):
            return text
        return f"({text})" if isinstance(item, Arith | Cases | Over) else text

    def arithmetic(self, item: Arith) -> str:
        raw = clamped(item)
        if raw is not None:
            return f"{self.say(raw)} ({self.word('clamped')})"
        if item.op in ("min", "max"):
            word = self.word("smallest" if item.op == "min" else "largest")
            return f"{word} {self.part(item.left)} {self.word('and')} {self.part(item.right)}"
        sign = {"*": "×", "/": "÷", "-": "\u2212", "**": "^"}.get(item.op, item.op)
        left = self.say(item.left) if _chained(item) else self.part(item.left)
        return f"{left} {sign} {self.part(item.right)}"

    def grouped(self, item: And | Or, negate: bool) -> list[tuple[str, list[tuple[Expr, str]]]]:
        """Return the parts of a chain; neighbours that ask something of the same input stand together."""
        groups: list[tuple[str, list[tuple[Expr, str]]]] = []
        for raw in item.parts:
            part = settled(raw)
            inner, flipped = (part.part, not negate) if isinstance(part, Not) else (part, negate)
            pair = self.pair(inner, flipped)
            label = pair[0] if pair else ""
            if label and groups and groups[-1][0] == label:
                groups[-1][1].append((part, pair[1] if pair else ""))
            else:
                groups.append((label, [(part, pair[1] if pair else "")]))
        return groups

    def together(self, label: str, asked: list[str], how: str) -> str:
        return f"{label}{self.colon()}{self.either(asked, 'and' if how == 'all' else 'or')}"

    def chain(self, item: And | Or, negate: bool) -> str:
        how = "all" if isinstance(item, And) is not negate else "any"
        parts = []
        for label, group in self.grouped(item, negate):
            if label:
                parts.append(self.together(label, [p for _, p in group], how))
                continue
            (part, _), *_ = group
            inner = part.part if isinstance(part, Not) else part
            text = self.say(part, negate)
            parts.append(f"({text})" if isinstance(inner, And | Or) else text)
        return f" {self.word('and' if how == 'all' else 'or')} ".join(parts)

    def mention(self, name: str, title: str) -> str:
        return self.refer(name, title) if self.refer else title

    def named(self, item: Named, negate: bool) -> str:
        if item.name not in self.titles:
            return self.say(item.item, negate)
        text = self.titles[item.name].get(self.lang)
        if item.name in self.local and self.apart is not None:
            self.apart.setdefault(id(item.item), (item.name, text, item.item))
        title = self.quote(text) if self.refer is None else self.refer(item.name, self.quote(text))
        return self.as_answer(title, negate) if is_condition(item.item) else title

    def as_answer(self, title: str, negate: bool) -> str:
        return f"{title}{self.colon()}{self.word('no' if negate else 'yes')}"

    def set_apart(self, item: Expr) -> str:
        """Note a computation to be told below, and return what to call it; empty if it is said here."""
        if self.apart is None:
            return ""
        if id(item) not in self.apart:
            own = self.names.get(id(item))
            letters = sum(key.startswith("quantity-") for key, _, _ in self.apart.values())
            key = f"quantity-{chr(97 + letters)}"
            title = own.get(self.lang) if own else f"{self.word('amount')} {chr(65 + letters)}"
            self.apart[id(item)] = (key, title, item)
        key, title, _ = self.apart[id(item)]
        return self.mention(key, self.quote(title))

    def attempted(self, item: Attempt, negate: bool) -> str:
        """Say a condition that counts as decided where data are missing."""
        lacking = item.with_fields, item.without_fields
        if isinstance(item.item, Const) and not is_condition(item):
            return self.say(item.item, negate)
        if isinstance(item.item, Const):
            return self.word("lacks")
        if is_condition(item) and all(c is Const(False) for c in lacking):
            return f"{self.say(item.item, negate)} ({self.word('lacking is no')})"
        return self.say(item.item, negate)

    def semicolon(self) -> str:
        return f"{_NBSP}; " if self.lang == "fr" else "; "

    def inline_table(self, item: Cases, negate: bool) -> str:
        rows = [
            f"{self.say(r.result, negate)} {self.word('if')} {self.say(r.condition)}"
            for r in item.rows
            if not isinstance(r.condition, Const)
        ]
        return self.semicolon().join([*rows, f"{self.word('otherwise')} {self.say(item.otherwise, negate)}"])

    def total(self, item: Total) -> str:
        if all(isinstance(r.result, Const) and r.result.value == 1 for r in item.rows):
            return f"{self.word('count')} ({self.semicolon().join(self.say(r.condition) for r in item.rows)})"
        rows = [
            self.say(r.result)
            if isinstance(r.condition, Const)
            else f"{self.part(r.result)} {self.word('if')} {self.say(r.condition)}"
            for r in item.rows
        ]
        return f"{self.word('sum')} ({self.semicolon().join(rows)})"

    def refusal(self, item: Refuse) -> str:
        if item.kind == "error":
            return f"{self.word('error')} ({item.details[0]})"
        if not item.details:
            return self.word("no data")
        fields = [self.titles[f].get(self.lang) if f in self.titles else f for f in item.details]
        return f"{self.word('no data with')} {self.either(fields, 'and')}"


def _value_of(result: Expr) -> bool | float | str | None:
    item = settled(result)
    return item.value if isinstance(item, Const) else None


def _chained(item: Arith) -> bool:
    """Tell whether the left part of an operation needs no parentheses: sums of sums, products of products."""
    left = item.left
    if not isinstance(left, Arith) or clamped(left) is not None:
        return False
    return (item.op in "+-" and left.op in "+-*/") or (item.op in "*/" and left.op in "*/")


_OVER = {"any": "any project", "all": "all projects"}
