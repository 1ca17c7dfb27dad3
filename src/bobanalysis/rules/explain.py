"""Explain a rule in words: its decision table, its inputs, its thresholds, in French and in English.

Everything is generated from the expression that runs, so an explanation cannot drift away from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .expr import (
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
    StartsWith,
    Total,
    Var,
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
    "rounded": Text("arrondi", "rounded"),
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
class Threshold:
    """A value at which a comparison on an input changes its result.

    ``relation`` is the comparison in words where the bound itself depends on another input.
    """

    variable: Variable
    op: str
    value: float | None
    relation: str = ""


def decision_table(rule: Expr, lang: Language, titles: Mapping[str, Text] | None = None) -> list[Line]:
    """Return the rule as rows of condition and result, read from top to bottom.

    Parameters: ``rule``; ``lang``; ``titles``, names of published rules → what to call them in a text.

    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
    >>> decision_table(first_match(when(age >= 45, 2), otherwise=0), "en")[0]
    Line(condition='age: 45 years or more', result='2', because=())
    """
    speak = _Speaker(lang, titles or {})
    rule = rule.item if isinstance(rule, Named) else rule
    if not isinstance(rule, Cases):
        if is_condition(rule):
            return [Line(speak.say(rule), speak.word("yes")), Line(speak.word("otherwise"), speak.word("no"))]
        return [Line(speak.word("always"), speak.say(rule))]
    rows = [r for r in rule.rows if not isinstance(r.condition, Const)]
    told = [code for r in rule.rows if isinstance(r.condition, Const) for code in r.because]
    lines = [Line(speak.say(r.condition), speak.say(r.result), r.because) for r in rows]
    return [*lines, Line(speak.word("otherwise"), speak.say(rule.otherwise), tuple(told))]


def sentence(condition: Expr, lang: Language, titles: Mapping[str, Text] | None = None) -> str:
    """Return a condition or a score in words.

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
    >>> sentence(~(age >= 45), "fr")
    'âge\\u202f: moins de 45 ans'
    """
    return _Speaker(lang, titles or {}).say(condition)


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


class _Speaker:
    def __init__(self, lang: Language, titles: Mapping[str, Text]) -> None:
        self.lang: Language = lang
        self.titles = titles

    def word(self, key: str) -> str:
        return WORDS[key].get(self.lang)

    def colon(self) -> str:
        return f"{_NBSP}: " if self.lang == "fr" else ": "

    def quote(self, text: str) -> str:
        return f"«{_NBSP}{text}{_NBSP}»" if self.lang == "fr" else f"“{text}”"

    def number(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, str):
            return self.quote(value)
        text = f"{value:g}" if abs(value) < 1e5 else f"{value:,.0f}".replace(",", _NBSP)
        text = text.replace("-", "\u2212")
        return text.replace(".", ",") if self.lang == "fr" else text

    def say(self, item: Expr, negate: bool = False) -> str:
        """Say an expression; ``negate`` says the contrary of a condition."""
        match item:
            case Not():
                return self.say(item.part, not negate)
            case Var():
                return self._input(item, negate)
            case Const():
                if isinstance(item.value, bool):
                    return self.word("always" if item.value is not negate else "never")
                return self.number(item.value)
            case Compare():
                return self._compare(item, negate)
            case IsIn():
                return self._membership(item, negate)
            case StartsWith():
                words = ", ".join(self.quote(p) for p in item.prefixes)
                verb = self.word("begins") if not negate else f"{self.word('not')} {self.word('begins')}"
                return f"{self.say(item.item)}{self.colon()}{verb} {words}"
            case Listed():
                words = f" {self.word('or')} ".join(map(self.quote, item.values))
                verb = self.word("holds") if not negate else f"{self.word('not')} {self.word('holds')}"
                return f"{self.say(item.item)}{self.colon()}{verb} {words}"
            case Total():
                return self._total(item)
            case Over():
                return f"{self.word(_OVER[item.how])} ({self.say(item.item)})"
            case And() | Or():
                return self._chain(item, negate)
            case Named():
                return self._named(item, negate)
            case Cases():
                return self._inline_table(item, negate)
            case Refuse():
                return self._refusal(item)
            case Attempt():
                return self.say(item.item, negate)
            case Round():
                return f"{self.say(item.item)} ({self.word('rounded')})"
            case Arith():
                if item.op in ("min", "max"):
                    word = self.word("smallest" if item.op == "min" else "largest")
                    return f"{word} {self._part(item.left)} {self.word('and')} {self._part(item.right)}"
                sign = {"*": "×", "/": "÷", "-": "\u2212", "**": "^"}.get(item.op, item.op)
                return f"{self._part(item.left)} {sign} {self._part(item.right)}"
        raise TypeError(f"cannot explain {type(item).__name__}")

    def _part(self, item: Expr) -> str:
        text = self.say(item)
        return f"({text})" if isinstance(item, Arith | Cases | Over) else text

    def _input(self, item: Var, negate: bool) -> str:
        label = item.variable.label.get(self.lang)
        if item.variable.kind != "bool":
            return label
        return f"{label}{self.colon()}{self.word('no' if negate else 'yes')}"

    def _value(self, variable: Variable, value: Any) -> str:
        if variable.kind == "enum":
            choice = variable.choice(int(value))
            return self.quote(choice.label.get(self.lang) if choice else str(value))
        unit = f"\u00a0{variable.unit.get(self.lang)}" if variable.unit else ""
        return self.number(value) + unit.replace("\u00a0", " ")

    def _compare(self, item: Compare, negate: bool) -> str:
        op = INVERSE[item.op] if negate else item.op
        if isinstance(item.left, Var) and isinstance(item.right, Const):
            variable = item.left.variable
            phrases = _ORDERED if variable.kind == "enum" else _PHRASES
            value = phrases[op].get(self.lang).format(self._value(variable, item.right.value))
            return f"{variable.label.get(self.lang)}{self.colon()}{value}"
        sign = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(op, op)
        return f"{self._part(item.left)} {sign} {self._part(item.right)}"

    def _membership(self, item: IsIn, negate: bool) -> str:
        if isinstance(item.item, Var):
            values = [self._value(item.item.variable, v) for v in item.values]
        else:
            values = [self.number(v) for v in item.values]
        head, last = values[:-1], values[-1]
        words = f"{', '.join(head)} {self.word('or')} {last}" if head else last
        if negate:
            words = _PHRASES["!="].get(self.lang).format(words)
        return f"{self.say(item.item)}{self.colon()}{words}"

    def _chain(self, item: And | Or, negate: bool) -> str:
        joined = "and" if isinstance(item, And) is not negate else "or"
        parts = []
        for part in item.parts:
            text = self.say(part, negate)
            inner = part.part if isinstance(part, Not) else part
            parts.append(f"({text})" if isinstance(inner, And | Or) else text)
        return f" {self.word(joined)} ".join(parts)

    def _named(self, item: Named, negate: bool) -> str:
        if item.name not in self.titles:
            return self.say(item.item, negate)
        title = self.quote(self.titles[item.name].get(self.lang))
        if not is_condition(item.item):
            return title
        return f"{title}{self.colon()}{self.word('no' if negate else 'yes')}"

    def _inline_table(self, item: Cases, negate: bool) -> str:
        rows = [
            f"{self.say(r.result, negate)} {_IF.get(self.lang)} {self.say(r.condition)}"
            for r in item.rows
            if not isinstance(r.condition, Const)
        ]
        return self._listed([*rows, f"{self.word('otherwise')} {self.say(item.otherwise, negate)}"])

    def _total(self, item: Total) -> str:
        if all(isinstance(r.result, Const) and r.result.value == 1 for r in item.rows):
            return f"{self.word('count')} ({self._listed(self.say(r.condition) for r in item.rows)})"
        rows = [
            self.say(r.result)
            if isinstance(r.condition, Const)
            else f"{self._part(r.result)} {_IF.get(self.lang)} {self.say(r.condition)}"
            for r in item.rows
        ]
        return f"{self.word('sum')} ({self._listed(rows)})"

    def _listed(self, texts: Iterable[str]) -> str:
        return (f"{_NBSP}; " if self.lang == "fr" else "; ").join(texts)

    def _refusal(self, item: Refuse) -> str:
        if item.kind == "error":
            return f"{self.word('error')} ({item.details[0]})"
        if not item.details:
            return self.word("no data")
        return f"{self.word('no data with')} {', '.join(item.details)}"


_IF = Text("si", "if")
_OVER = {"any": "any project", "all": "all projects"}
