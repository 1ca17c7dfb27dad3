"""Rules in words, in French and in English: sentences, decision tables, sums, thresholds.

Everything is generated from the expression that runs, so an explanation cannot drift away from it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bobanalysis.tables import load_yaml
from bobanalysis.text import Language, Text, colon, join, plural, quote, significant, split_label

from . import expr as e
from .simplify import as_sum, clip, is_computation, simplify

_WORDS = load_yaml(dict[str, dict[str, Text]], Path(__file__).with_name("words.yaml"))


@dataclass(frozen=True)
class Line:
    """One row of a decision table, or one term of a sum, in words."""

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
class ExplainedRow:
    """One row of a decision table, or one term of a sum; ``condition`` is None in the last (otherwise).

    ``value`` is the result where it is fixed.
    """

    condition: Clause | None
    result: str
    value: bool | float | str | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleExplanation:
    """A rule for a page: its rows, and the computations (``parts``) that it was too long to hold.

    ``adds`` tells a sum of rows from a choice among them; a computation has a ``key`` and a ``title``.
    """

    cases: tuple[ExplainedRow, ...]
    adds: bool = False
    parts: tuple[RuleExplanation, ...] = ()
    key: str = ""
    title: str = ""


@dataclass(frozen=True)
class Limit:
    """A comparison of an input (None: of a computation) with fixed values, in words, without its label."""

    variable: e.Variable | None
    op: str
    values: tuple[Any, ...]
    text: str


def decision_table(rule: e.Expr, lang: Language, titles: Mapping[str, Text] | None = None) -> list[Line]:
    """Return the rule as lines of condition and result, read from top to bottom; of a sum, its terms.

    Args:
        rule: the rule.
        lang: "fr" or "en".
        titles: what to call in a text what rules name: published rules, computations, missing fields, values
            of text inputs (and ``name=value``: that a named rule gives a value).

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
        >>> decision_table(first_match(when(age >= 45, 2), otherwise=0), "en")[0]
        Line(condition='age: 45 years or more', result='2', because=())
    """
    words = _Verbalizer(lang, titles or {})
    *rows, last = _rows(rule)
    lines = [Line(words.say(r.condition), words.result(r.result), r.because) for r in rows]
    if as_sum(rule) is not None:
        return [Line(line.condition, words.added(line.result), line.because) for line in lines]
    return [*lines, Line(words.word("otherwise"), words.result(last.result), last.because)]


def explain_rule(
    rule: e.Expr,
    lang: Language,
    titles: Mapping[str, Text],
    refer: Callable[[str, str], str] | None = None,
    local: Collection[str] = (),
    names: Mapping[int, Text] | None = None,
) -> RuleExplanation:
    """Return the rule as a decision table or a sum for a page, with long computations set apart.

    Args:
        rule: the rule.
        lang: "fr" or "en".
        titles: see ``decision_table``.
        refer: how to write the mention of a named rule, from its name and its title.
        local: names of computations to explain there.
        names: what to call unnamed computations, by the ``id`` of the expression.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> d = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("a", "b")])
        >>> rule = first_match(when((d.a > 1) & (d.b > 2), 3), otherwise=0)
        >>> [part.text for part in explain_rule(rule, "en", {}).cases[0].condition.parts]
        ['a: over 1', 'b: over 2']
    """
    apart: dict[int, tuple[str, str, e.Expr]] = {}
    words = _Verbalizer(lang, titles, refer, frozenset(local), names or {}, apart)
    whole = words.explained(rule)
    parts: list[RuleExplanation] = []
    while len(parts) < len(apart):  # what is told of one may set others apart
        key, title, item = list(apart.values())[len(parts)]
        parts.append(replace(words.explained(item), key=key, title=title))
    return replace(whole, parts=tuple(parts))


def sentence(condition: e.Expr, lang: Language, titles: Mapping[str, Text] | None = None) -> str:
    """Return a condition or a score in words.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
        >>> sentence(~(age >= 45), "fr")
        'âge\\u202f: moins de 45 ans'
    """
    return _Verbalizer(lang, titles or {}).say(condition)


def format_value(
    variable: e.Variable, value: Any, lang: Language, titles: Mapping[str, Text] | None = None
) -> str:
    """Return a value of an input in words, with its unit, or with what the number stands for.

    Example:
        >>> from bobanalysis.rules import Text, Variable
        >>> format_value(Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years")), 45, "fr")
        '45 ans'
    """
    words = _Verbalizer(lang, titles or {})
    return words.number(bool(value)) if variable.kind == "bool" else words.value(variable, value)


def input_text(variable: e.Variable, lang: Language) -> str:
    """Return what to call an input; one answer of a question, or one figure of a table, in parentheses."""
    head, member = split_label(variable.label.get(lang), lang)
    return f"{head} ({member})" if member else head


def limits(
    rule: e.Expr, lang: Language, titles: Mapping[str, Text] | None = None, leave: Collection[str] = ()
) -> list[Limit]:
    """Return every fixed value that an input or a computation of the rule is compared with, in words.

    Args:
        rule: the rule.
        lang: "fr" or "en".
        titles: see ``decision_table``.
        leave: names of rules not to look into.

    Returns:
        The limits in reading order; numbers that stand for something else than a quantity are told with it.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))]).age
        >>> [(limit.variable.name, limit.text) for limit in limits((age > 30) & (age < 50), "en")]
        [('age', 'over 30 years'), ('age', 'under 50 years')]
    """
    words = _Verbalizer(lang, titles or {})
    left = frozenset(leave)
    inside = _outside(rule, left) if left else e.walk(rule)
    made = (words.limit(node) for node in inside if isinstance(node, e.Compare | e.Membership))
    return list({(m.variable and m.variable.name, m.op, m.values, m.text): m for m in made if m}.values())


def _outside(rule: e.Expr, left: frozenset[str]) -> Iterator[e.Expr]:
    """Iterate over the parts of a rule, each once, but not over what named rules hold."""
    waiting, seen = deque([rule]), set()
    while waiting:
        node = waiting.popleft()
        if id(node) not in seen and not (isinstance(node, e.Named) and node.name in left):
            seen.add(id(node))
            yield node
            waiting += e.children(node)


def word(key: str, lang: Language) -> str:
    """Return one of the words that explanations are made of."""
    return _WORDS["words"][key].get(lang)


# ---- rows


_YES, _NO = e.Const(True), e.Const(False)
_LACKS = e.Coalesce(_NO, _YES, _YES)
"""The condition that an answer is missing; it is said as such."""


def _rows(rule: e.Expr) -> list[e.Row]:
    """Return the rows of a rule or the terms of a sum; the condition of the last always holds."""
    if (added := as_sum(rule)) is not None:
        return [*added.rows, e.Row(_YES, e.Const(0), ())]
    rule = simplify(rule.item if isinstance(rule, e.Named) else rule)
    if isinstance(rule, e.Cases):
        rows = [r for r in rule.rows if not isinstance(r.condition, e.Const)]
        told = tuple(code for r in rule.rows if isinstance(r.condition, e.Const) for code in r.because)
        held = [e.Row(simplify(r.condition), r.result, r.because) for r in rows]
        return [*(r for r in held if r.condition is not _NO), e.Row(_YES, rule.otherwise, told)]
    if isinstance(rule, e.Coalesce) and not e.is_condition(rule):
        table, lacks = rule.item, e.Row(_LACKS, rule.with_fields, ())
        if isinstance(table, e.Cases) and all(r.result is table.otherwise for r in table.rows):
            return [lacks, e.Row(_YES, table.otherwise, ())]
        return [lacks, *_rows(table)]
    if e.is_condition(rule) and not isinstance(rule, e.Const):
        return [e.Row(rule, _YES, ()), e.Row(_YES, _NO, ())]
    return [e.Row(_YES, rule, ())]


@dataclass
class _Verbalizer(e.Visitor):
    """Says expressions in one language; ``apart`` gathers long computations (None: said in place)."""

    lang: Language
    titles: Mapping[str, Text]
    refer: Callable[[str, str], str] | None = None
    local: frozenset[str] = frozenset()
    names: Mapping[int, Text] = field(default_factory=dict)
    apart: dict[int, tuple[str, str, e.Expr]] | None = None

    def word(self, key: str) -> str:
        return word(key, self.lang)

    def asked(self, op: str, value: str, ordered: bool = False) -> str:
        """Say what a comparison asks for."""
        return _WORDS["ordered" if ordered else "numbers"][op].get(self.lang).format(value)

    def after(self, head: str, text: str) -> str:
        return f"{head}{colon(self.lang)}{text}"

    def quote(self, text: str) -> str:
        return quote(text, self.lang)

    def number(self, value: Any) -> str:
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        return self.text_value(value) if isinstance(value, str) else significant(value, self.lang)

    def added(self, amount: str) -> str:
        """Say an amount that is added."""
        return amount if amount.startswith("\u2212") else f"+{amount}"

    def text_value(self, value: str) -> str:
        if value == "":
            return self.word("not given")
        return self.quote(self.titles[value].get(self.lang) if value in self.titles else value)

    # --- tables

    def explained(self, rule: e.Expr) -> RuleExplanation:
        *rows, last = _rows(rule)
        clauses = [*(self.clause(row.condition) for row in rows), None]
        told = []
        for clause, row in zip(clauses, [*rows, last], strict=True):
            fixed = getattr(simplify(row.result), "value", None)
            told.append(ExplainedRow(clause, self.result(row.result), fixed, row.because))
        return RuleExplanation(tuple(told), as_sum(rule) is not None)

    def result(self, item: e.Expr) -> str:
        """Say what a row gives."""
        item = simplify(item)
        if isinstance(item, e.Const):
            return self.number(item.value)
        if e.is_condition(item) and not isinstance(item, e.Undefined):
            held = f"{self.word('yes')} {self.word('if')} {self.say(item)}"
            return join([held, f"{self.word('otherwise')} {self.word('no')}"], self.lang)
        return self.say(item)

    def clause(self, item: e.Expr, negate: bool = False) -> Clause:
        """Say a condition as nested lists."""
        item = simplify(item)
        if isinstance(item, e.Not):
            return self.clause(item.part, not negate)
        if not isinstance(item, e.And | e.Or):
            return Clause(self.say(item, negate))
        how = "all" if isinstance(item, e.And) is not negate else "any"
        groups = self.grouped(item, negate, how)
        parts = tuple(Clause(said) if said else self.clause(part, negate) for said, part in groups)
        return parts[0] if len(parts) == 1 else Clause(how=how, parts=parts)

    # --- expressions

    def say(self, item: e.Expr, negate: bool = False) -> str:
        """Say an expression; ``negate`` says the contrary of a condition."""
        item = simplify(item)
        if isinstance(item, e.Compare | e.Var | e.IsIn) and (pair := self.pair(item, negate)):
            return self.after(*pair)
        return str(self.visit(item, negate))

    def _not(self, item: e.Not, negate: bool) -> str:
        return self.say(item.part, not negate)

    def _var(self, item: e.Var, negate: bool) -> str:
        return input_text(item.variable, self.lang)

    def _const(self, item: e.Const, negate: bool) -> str:
        if isinstance(item.value, bool):
            return self.word("always" if item.value is not negate else "never")
        return self.number(item.value)

    def _isin(self, item: e.IsIn, negate: bool) -> str:
        return self.after(self.say(item.item), self.one_of(map(self.number, item.values), negate))

    def _membership(self, item: e.Membership, negate: bool) -> str:
        said = self.begins_or_holds(item)
        return self.after(self.say(item.item), f"{self.word('not')} {said}" if negate else said)

    def begins_or_holds(self, item: e.Membership) -> str:
        verb = self.word("begins" if isinstance(item, e.StartsWith) else "holds")
        return f"{verb} {self.either(map(self.text_value, item.values))}"

    def _window(self, item: e.Window, negate: bool) -> str:
        return f"{self.word('window ' + item.how)} ({self.say(item.item)})"

    def pair(self, item: e.Expr, negate: bool) -> tuple[str, str] | None:
        """Return an elementary condition as its input’s label and what is asked of it; None for others."""
        match item:
            case e.Var() if item.variable.kind == "bool":
                head, member = split_label(item.variable.label.get(self.lang), self.lang)
                if not member:
                    return head, self.word("no" if negate else "yes")
                return head, f"{self.word('not')} {self.quote(member)}" if negate else self.quote(member)
            case e.Compare(left=left, right=e.Const() as right) if isinstance(inner := _rounded(left), e.Var):
                op = e.INVERSE[item.op] if negate else item.op
                head = self.say(left) if left is not inner else input_text(inner.variable, self.lang)
                return head, self.phrase(inner.variable, op, right.value)
            case e.IsIn(item=e.Var() as inner):
                values = [self.value(inner.variable, v) for v in item.values]
                return input_text(inner.variable, self.lang), self.one_of(values, negate)
        return None

    def phrase(self, variable: e.Variable, op: str, value: Any) -> str:
        """Say what a comparison asks of an input."""
        if variable.kind == "enum":
            numbers = [c.number for c in variable.choices]
            if numbers and (op, value) in ((">=", max(numbers)), ("<=", min(numbers))):
                op = "=="
            return self.asked(op, self.value(variable, value), ordered=True)
        if variable.kind == "text" and value == "":
            return self.word("not given" if op == "==" else "given")
        said = self.coded(variable, op, value) if variable.kind == "int" and variable.codes else ""
        return said or self.asked(op, self.value(variable, value))

    def coded(self, variable: e.Variable, op: str, value: float) -> str:
        """Say a comparison by what its whole numbers stand for; empty where they are quantities."""
        known, least = {c.number for c in variable.codes}, variable.minimum
        if op in ("<", "<=") and least is not None:
            below = range(int(least), int(value) + (op == "<="))
            if below and known.issuperset(below):
                return self.either(self.value(variable, n) for n in below)
        if op == ">" and value in known:
            if value == least:
                return self.asked("!=", self.value(variable, value))
            if value + 1 not in known:
                return self.asked(">=", self.value(variable, value + 1))
        return ""

    def value(self, variable: e.Variable, value: Any) -> str:
        if variable.kind == "enum":
            choice = variable.choice(int(value))
            return self.quote(choice.label.get(self.lang) if choice else str(value))
        if variable.kind == "text":
            return self.text_value(value)
        if code := variable.code(value):
            return self.quote(code.get(self.lang))
        return self.number(value) + self.unit(variable, value)

    def unit(self, variable: e.Variable, value: float) -> str:
        """Say the unit behind a number, in the singular where it must be."""
        unit = variable.unit.get(self.lang) if variable.unit else ""
        if unit in ("", "%"):
            return f" {unit}" if unit and self.lang == "fr" else unit
        one = unit if unit == "mois" else unit.removesuffix("s")
        return " " + str(plural(abs(value) if self.lang == "fr" else value, one, unit, self.lang))

    def _compare(self, item: e.Compare, negate: bool) -> str:
        """Say a comparison between computations."""
        op = e.INVERSE[item.op] if negate else item.op
        left, right = item.left, item.right
        if isinstance(left, e.Named) and isinstance(right, e.Const):
            own = self.titles.get(f"{left.name}={right.value}") if item.op == "==" else None
            if own:
                text = self.mention(left.name, own.get(self.lang))
                return self.after(self.word("not"), text) if negate else text
            if left.name in self.titles:
                return self.after(self._named(left, False), self.asked(op, self.number(right.value)))
        other = right.right if isinstance(right, e.Arith) and _is_once(right) else right
        if isinstance(left, e.Var) and isinstance(other, e.Var):
            said = self.quote(input_text(other.variable, self.lang))
            return self.after(self.say(left), _WORDS["inputs"][op].get(self.lang).format(said))
        sign = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}.get(op, op)
        return f"{self.part(left)} {sign} {self.part(right)}"

    def limit(self, item: e.Compare | e.Membership) -> Limit | None:
        """Say with which fixed values a condition compares, without the label of the input."""
        target = item.left if isinstance(item, e.Compare) else item.item
        inner = _rounded(target)
        variable = inner.variable if isinstance(inner, e.Var) else None
        if isinstance(item, e.Membership):
            if variable is None:
                return None
            listed = isinstance(item, e.IsIn)
            values = (self.value(variable, v) for v in item.values)
            said = self.either(values) if listed else self.begins_or_holds(item)
            return Limit(variable, type(item).__name__, item.values, said)
        if not isinstance(item.right, e.Const):
            return None
        value = item.right.value
        if variable:
            return Limit(variable, item.op, (value,), self.plainly(variable, item.op, value))
        computed = isinstance(target, e.Arith | e.Sum | e.Function) or is_computation(target)
        if not computed or isinstance(simplify(item), e.Const):
            return None
        titled = isinstance(target, e.Named) and target.name in self.titles
        head = self.say(target) if titled else self.word("computed")
        said = self.after(head, self.asked(item.op, self.number(value)))
        return Limit(None, item.op, (value,), said)

    def plainly(self, variable: e.Variable, op: str, value: Any) -> str:
        """Say a comparison with the number itself, followed by what it stands for."""
        if variable.kind in ("enum", "text"):
            return self.phrase(variable, op, value)
        said = self.asked(op, self.number(value) + self.unit(variable, value))
        code = variable.code(value)
        return f"{said} ({self.after(self.number(value), code.get(self.lang))})" if code else said

    def one_of(self, values: Iterable[str], negate: bool) -> str:
        first, *rest = values
        if not negate:
            return self.either([first, *rest])
        if not rest:
            return self.asked("!=", first)
        return " ".join([f"{self.word('neither')} {first}", *(f"{self.word('nor')} {v}" for v in rest)])

    def either(self, values: Iterable[str], joined: str = "or") -> str:
        *head, last = list(values)
        return f"{', '.join(head)} {self.word(joined)} {last}" if head else last

    def part(self, item: e.Expr) -> str:
        item = simplify(item)
        whole = isinstance(item, e.Arith | e.Window) or (isinstance(item, e.Cases) and self.apart is None)
        return f"({self.say(item)})" if whole else self.say(item)

    def _arith(self, item: e.Arith, negate: bool) -> str:
        if (raw := clip(item)) is not None:
            return f"{self.say(raw)} ({self.word('clipped')})"
        if item.op in ("min", "max"):
            word = self.word("smallest" if item.op == "min" else "largest")
            return f"{word} {self.part(item.left)} {self.word('and')} {self.part(item.right)}"
        sign = {"*": "×", "/": "÷", "-": "\u2212", "**": "^"}.get(item.op, item.op)
        left = self.say(item.left) if _chained(item) else self.part(item.left)
        return f"{left} {sign} {self.part(item.right)}"

    def _function(self, item: e.Function, negate: bool) -> str:
        if item.how in ("exp", "log"):
            return f"{self.word(item.how)}({self.say(item.item)})"
        part = self.part(item.item)
        return f"\u2212{part}" if item.how == "neg" else f"{part} ({self.word(item.how)})"

    def grouped(self, item: e.And | e.Or, negate: bool, how: str) -> list[tuple[str, e.Expr]]:
        """Return the parts of a chain, each with its text where it asks something of one input.

        Neighbours that ask something of the same input stand together.
        """
        groups: list[tuple[str, list[str], e.Expr]] = []
        for part in map(simplify, item.parts):
            inner, flipped = (part.part, not negate) if isinstance(part, e.Not) else (part, negate)
            label, asked = self.pair(inner, flipped) or ("", "")
            if label and groups and groups[-1][0] == label:
                groups[-1][1].append(asked)
            else:
                groups.append((label, [asked], part))
        joined = "and" if how == "all" else "or"
        return [
            (label and self.after(label, self.either(asked, joined)), part) for label, asked, part in groups
        ]

    def _and(self, item: e.And | e.Or, negate: bool) -> str:
        how = "all" if isinstance(item, e.And) is not negate else "any"
        parts = []
        for said, part in self.grouped(item, negate, how):
            inner = part.part if isinstance(part, e.Not) else part
            text = said or self.say(part, negate)
            parts.append(text if said or not isinstance(inner, e.And | e.Or) else f"({text})")
        return f" {self.word('and' if how == 'all' else 'or')} ".join(parts)

    _or = _and

    def mention(self, name: str, title: str) -> str:
        return self.refer(name, title) if self.refer else title

    def _named(self, item: e.Named, negate: bool) -> str:
        if item.name not in self.titles:
            return self.say(item.item, negate)
        text = self.titles[item.name].get(self.lang)
        if item.name in self.local and self.apart is not None:
            self.apart.setdefault(id(item.item), (item.name, text, item.item))
        title = self.mention(item.name, self.quote(text))
        return self.as_answer(title, negate) if e.is_condition(item.item) else title

    def as_answer(self, title: str, negate: bool) -> str:
        return self.after(title, self.word("no" if negate else "yes"))

    def set_apart(self, item: e.Expr) -> str:
        """Note a computation to be told below, and return what to call it; empty if it is said here."""
        if self.apart is None:
            return ""
        letters = sum(key.startswith("quantity-") for key, _, _ in self.apart.values())
        own = self.names.get(id(item))
        title = own.get(self.lang) if own else f"{self.word('amount')} {chr(65 + letters)}"
        new = (f"quantity-{chr(97 + letters)}", title, item)
        key, title, _ = self.apart.setdefault(id(item), new)
        return self.mention(key, self.quote(title))

    def _coalesce(self, item: e.Coalesce, negate: bool) -> str:
        """Say a condition that counts as decided where data are missing."""
        if isinstance(item.item, e.Const) and e.is_condition(item):
            return self.word("lacks")
        said = self.say(item.item, negate)
        no = e.is_condition(item) and item.with_fields is item.without_fields is _NO
        return f"{said} ({self.word('lacking is no')})" if no else said

    def _cases(self, item: e.Cases, negate: bool) -> str:
        if apart := self.set_apart(item):
            return self.as_answer(apart, negate) if e.is_condition(item) else apart
        shown, when = (r for r in item.rows if not isinstance(r.condition, e.Const)), self.word("if")
        rows = [f"{self.say(r.result, negate)} {when} {self.say(r.condition)}" for r in shown]
        return join([*rows, f"{self.word('otherwise')} {self.say(item.otherwise, negate)}"], self.lang)

    def _sum(self, item: e.Sum, negate: bool) -> str:
        if apart := self.set_apart(item):
            return apart
        if all(isinstance(r.result, e.Const) and r.result.value == 1 for r in item.rows):
            return f"{self.word('count')} ({join([self.say(r.condition) for r in item.rows], self.lang)})"
        rows = [
            self.say(r.result)
            if isinstance(r.condition, e.Const)
            else f"{self.part(r.result)} {self.word('if')} {self.say(r.condition)}"
            for r in item.rows
        ]
        return f"{self.word('sum')} ({join(rows, self.lang)})"

    def _undefined(self, item: e.Undefined, negate: bool) -> str:
        if item.kind == "error":
            return f"{self.word('error')} ({item.details[0]})"
        fields = [self.titles[f].get(self.lang) if f in self.titles else f for f in item.details]
        return f"{self.word('no data with')} {self.either(fields, 'and')}" if fields else self.word("no data")


def _rounded(item: e.Expr) -> e.Expr:
    """Return what is rounded, or the expression itself."""
    return item.item if isinstance(item, e.Function) and item.how in ("round", "floor") else item


def _is_once(item: e.Arith) -> bool:
    """Tell whether a product is one time something."""
    return item.op == "*" and getattr(item.left, "value", None) == 1


def _chained(item: e.Arith) -> bool:
    """Tell whether the left part of an operation needs no parentheses: sums of sums, products of products."""
    left = item.left
    same = isinstance(left, e.Arith) and left.op in ("+-*/" if item.op in "+-" else "*/")
    return same and item.op in "+-*/" and clip(left) is None
