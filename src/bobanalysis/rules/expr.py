"""Expressions: what a rule is made of.

A rule is an immutable expression over named inputs. Equal expressions are one object (they are interned), so
that a sub-rule used a hundred times is evaluated once. An expression has no truth value: write ``&``, ``|``
and ``~``, not ``and``, ``or`` and ``not``.

Evaluating an expression for a person gives one of four outcomes (the audited algorithm's own, spec 04 §1.3):
a value; *not enough data*, with the fields that are missing; the same without fields; an error. The last
three are refusals. Conditions are read from left to right and from top to bottom, and the first that decides
wins: a refusal met on the way stops the reading, one that stands behind a decision is never seen.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from .variables import Variable

Scalar: TypeAlias = "bool | int | float | str"
Operand: TypeAlias = "Expr | bool | int | float | str"

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
INVERSE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRROR = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Expr:
    """Base of all expressions; ``fields`` names the parts of a node, in order."""

    fields: ClassVar[tuple[str, ...]] = ()
    __slots__ = ("__weakref__",)
    _interned: ClassVar[WeakValueDictionary[tuple[Any, ...], Expr]] = WeakValueDictionary()

    def __new__(cls, *parts: Any) -> Any:
        """Return the one node made of ``parts``."""
        key = (cls, *(_key(p) for p in parts))
        node = Expr._interned.get(key)
        if node is None:
            node = object.__new__(cls)
            for name, part in zip(cls.fields, parts, strict=True):
                object.__setattr__(node, name, part)
            Expr._interned[key] = node
        return node

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse: expressions are immutable."""
        raise AttributeError(
            "expressions are immutable; use bobanalysis.rules.perturb to derive a changed one"
        )

    def __bool__(self) -> bool:
        """Refuse: an expression is neither true nor false before it is evaluated."""
        raise TypeError(
            "an expression has no truth value: combine conditions with & | ~ (and parentheses), "
            "and write (a <= x) & (x <= b) instead of a <= x <= b"
        )

    __hash__ = object.__hash__

    def __eq__(self, other: Operand) -> Expr:  # type: ignore[override]
        """Compare: equal."""
        return _compare("==", self, other)

    def __ne__(self, other: Operand) -> Expr:  # type: ignore[override]
        """Compare: different."""
        return _compare("!=", self, other)

    def __lt__(self, other: Operand) -> Expr:
        """Compare: less than."""
        return _compare("<", self, other)

    def __le__(self, other: Operand) -> Expr:
        """Compare: less than or equal."""
        return _compare("<=", self, other)

    def __gt__(self, other: Operand) -> Expr:
        """Compare: greater than."""
        return _compare(">", self, other)

    def __ge__(self, other: Operand) -> Expr:
        """Compare: greater than or equal."""
        return _compare(">=", self, other)

    def __and__(self, other: Expr | bool) -> Expr:
        """Both conditions hold."""
        return all_of(self, other)

    def __or__(self, other: Expr | bool) -> Expr:
        """At least one condition holds."""
        return any_of(self, other)

    def __invert__(self) -> Expr:
        """Return the contrary of the condition."""
        if isinstance(self, Const):
            return Const(not self.value)
        return self.part if isinstance(self, Not) else Not(self)

    def __add__(self, other: Operand) -> Expr:
        """Add."""
        return _arith("+", self, other)

    def __radd__(self, other: Operand) -> Expr:
        """Add to a number."""
        return _arith("+", other, self)

    def __sub__(self, other: Operand) -> Expr:
        """Subtract."""
        return _arith("-", self, other)

    def __rsub__(self, other: Operand) -> Expr:
        """Subtract from a number."""
        return _arith("-", other, self)

    def __mul__(self, other: Operand) -> Expr:
        """Multiply."""
        return _arith("*", self, other)

    def __rmul__(self, other: Operand) -> Expr:
        """Multiply a number."""
        return _arith("*", other, self)

    def __truediv__(self, other: Operand) -> Expr:
        """Divide; the rule must have excluded zero beforehand."""
        return _arith("/", self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        """Divide a number; the rule must have excluded zero beforehand."""
        return _arith("/", other, self)

    def __pow__(self, other: Operand) -> Expr:
        """Raise to a power."""
        return _arith("**", self, other)

    def is_in(self, *values: Scalar) -> Expr:
        """Return the condition that the value is one of ``values`` (names of an enumeration are accepted)."""
        return IsIn(self, tuple(_named(self, v) for v in values))

    def starts_with(self, *prefixes: str) -> Expr:
        """Return the condition that the text starts with one of ``prefixes``."""
        return StartsWith(self, tuple(prefixes))

    def lists_any(self, *values: str) -> Expr:
        """Return the condition that the text, a list separated by commas, holds one of ``values``."""
        return Listed(self, tuple(values))

    def round(self) -> Expr:
        """Round to the nearest integer, ties to even."""
        return Round("round", self)

    def floor(self) -> Expr:
        """Round down."""
        return Round("floor", self)

    def __repr__(self) -> str:
        """Write the expression as it was typed, or nearly so."""
        return _write(self)


def _key(part: Any) -> Any:
    if isinstance(part, Expr):
        return id(part)
    if isinstance(part, tuple):
        return tuple(_key(p) for p in part)
    return (type(part), part)


class Var(Expr):
    """The value of one input."""

    fields = __slots__ = ("variable",)
    variable: Variable


class Const(Expr):
    """A fixed value."""

    fields = __slots__ = ("value",)
    value: Scalar


class Compare(Expr):
    """A comparison between two expressions."""

    fields = __slots__ = ("op", "left", "right")
    op: str
    left: Expr
    right: Expr


class IsIn(Expr):
    """Membership of a fixed list."""

    fields = __slots__ = ("item", "values")
    item: Expr
    values: tuple[Scalar, ...]


class StartsWith(Expr):
    """Text that starts with one of some prefixes."""

    fields = __slots__ = ("item", "prefixes")
    item: Expr
    prefixes: tuple[str, ...]


class And(Expr):
    """All parts hold; read from left to right up to the first that does not."""

    fields = __slots__ = ("parts",)
    parts: tuple[Expr, ...]


class Or(Expr):
    """At least one part holds; read from left to right up to the first that does."""

    fields = __slots__ = ("parts",)
    parts: tuple[Expr, ...]


class Not(Expr):
    """The contrary of a condition; a refusal stays a refusal."""

    fields = __slots__ = ("part",)
    part: Expr


class Arith(Expr):
    """An arithmetic operation in 64-bit floating point: + - * / ** min max."""

    fields = __slots__ = ("op", "left", "right")
    op: str
    left: Expr
    right: Expr


class Round(Expr):
    """A rounding: ``round`` (to the nearest, ties to even) or ``floor``."""

    fields = __slots__ = ("how", "item")
    how: str
    item: Expr


class Listed(Expr):
    """A text that holds a list, its items separated by commas, holds one of some values."""

    fields = __slots__ = ("item", "values")
    item: Expr
    values: tuple[str, ...]


class Row(Expr):
    """One row of a decision table: a condition, the result, and what the person is told (codes)."""

    fields = __slots__ = ("condition", "result", "because")
    condition: Expr
    result: Expr
    because: tuple[str, ...]


class Cases(Expr):
    """A decision table: the first row whose condition holds gives the result."""

    fields = __slots__ = ("rows", "otherwise")
    rows: tuple[Row, ...]
    otherwise: Expr


class Total(Expr):
    """A sum: the results of all the rows whose conditions hold (a count, if each result is 1)."""

    fields = __slots__ = ("rows",)
    rows: tuple[Row, ...]


class Over(Expr):
    """A score over all the rows of a group (all projects of a person), read in order.

    ``how`` is "any": the first score that is not 0, else 0; or "all": 0 as soon as a score is 0, else the
    score of the first row. A refusal that is met before the reading ends is the outcome.
    """

    fields = __slots__ = ("how", "item", "group", "order")
    how: str
    item: Expr
    group: Var
    order: Var


class Refuse(Expr):
    """The rule does not answer: ``kind`` is "missing" (with the fields asked for, maybe none) or "error".

    A field may hold the name of a text input in braces, which is filled in for each person.
    """

    fields = __slots__ = ("kind", "details")
    kind: str
    details: tuple[str, ...]


class Attempt(Expr):
    """The item, or a replacement where it lacks data: one with missing fields, one without. Errors pass."""

    fields = __slots__ = ("item", "with_fields", "without_fields")
    item: Expr
    with_fields: Expr
    without_fields: Expr


class Named(Expr):
    """A published rule used inside another one: the same value, and a name to speak of it."""

    fields = __slots__ = ("name", "item")
    name: str
    item: Expr


def lift(value: Operand) -> Expr:
    """Return ``value`` as an expression."""
    if isinstance(value, Expr):
        return value
    return Const(int(value) if isinstance(value, IntEnum) else value)


def _named(item: Expr, value: Any) -> Any:
    """Return the number of an enumerated value that was given by its name."""
    if isinstance(item, Var) and item.variable.kind == "enum" and isinstance(value, str):
        return item.variable.number_of(value)
    return value


def _compare(op: str, left: Operand, right: Operand) -> Expr:
    left = lift(left)
    right = right if isinstance(right, Expr) else lift(_named(left, right))
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(COMPARISONS[op](left.value, right.value))
    if isinstance(left, Const):
        left, right, op = right, left, MIRROR[op]
    return Compare(op, left, right)


def _arith(op: str, left: Operand, right: Operand) -> Expr:
    return Arith(op, lift(left), lift(right))


def all_of(*parts: Expr | bool) -> Expr:
    """Return the condition that all ``parts`` hold; true when there is none.

    >>> all_of(True, Const(3) > 2)
    True
    """
    return _chain(And, parts, neutral=True)


def any_of(*parts: Expr | bool) -> Expr:
    """Return the condition that at least one of ``parts`` holds; false when there is none."""
    return _chain(Or, parts, neutral=False)


def _chain(cls: type[And] | type[Or], parts: Iterable[Expr | bool], neutral: bool) -> Expr:
    kept: list[Expr] = []
    for part in map(lift, parts):
        if isinstance(part, cls):
            kept += part.parts
        elif isinstance(part, Const):
            if bool(part.value) is not neutral:  # decides the rest: nothing behind it is read
                kept.append(Const(not neutral))
                break
        else:
            kept.append(part)
    if not kept:
        return Const(neutral)
    return kept[0] if len(kept) == 1 else cls(tuple(kept))


def when(condition: Expr | bool, score: Operand | None = None, because: str | Iterable[str] = ()) -> Row:
    """Return one row of a decision table.

    Parameters: ``condition``; ``score``, the result (a refusal or any expression is accepted); ``because``,
    codes of what the person is told.
    """
    codes = (because,) if isinstance(because, str) else tuple(because)
    return Row(lift(condition), lift(True if score is None else score), codes)


def first_match(*rows: Row, otherwise: Operand, because: str | Iterable[str] = ()) -> Expr:
    """Return a decision table: the first row whose condition holds, else ``otherwise``.

    ``because`` are the codes of what the person is told in that last case.

    >>> first_match(when(False, 2), when(Const(1) < 2, 3), otherwise=0)
    3
    """
    kept: list[Row] = []
    for row in (*rows, when(True, otherwise, because)):
        if isinstance(row.condition, Const):
            if row.condition.value:  # the rows behind it can never be reached
                told = (row,) if row.because else ()
                return Cases((*kept, *told), row.result) if kept or told else row.result
            continue
        kept.append(row)
    raise AssertionError("unreachable: the last row holds")


def total(*rows: Row) -> Expr:
    """Return the sum of the results of all the rows whose conditions hold.

    >>> total(when(True, 2), when(Const(1) > 2, 5))
    total(when(True, 2), when(False, 5))
    """
    return Total(tuple(rows))


def count(*conditions: Expr) -> Expr:
    """Return how many of ``conditions`` hold."""
    return Total(tuple(when(c, 1) for c in conditions))


def first_not_zero(item: Operand, group: Expr, order: Expr) -> Expr:
    """Return, over the rows of a group in order, the first score that is not 0; 0 if there is none."""
    return Over("any", lift(item), group, order)


def zero_or_first(item: Operand, group: Expr, order: Expr) -> Expr:
    """Return 0 if a row of the group scores 0, else the score of the group's first row in order."""
    return Over("all", lift(item), group, order)


def missing(*fields: str) -> Refuse:
    """Return the refusal "not enough data", with the ``fields`` that are wanted (maybe none)."""
    return Refuse("missing", tuple(sorted(fields)))


def error(name: str) -> Refuse:
    """Return the refusal that stands for a crash of the published code with the exception ``name``."""
    return Refuse("error", (name,))


def attempt(item: Expr, with_fields: Operand, without_fields: Operand) -> Expr:
    """Return ``item``, or a replacement where it lacks data."""
    return Attempt(item, lift(with_fields), lift(without_fields))


def smallest(left: Operand, right: Operand) -> Expr:
    """Return the smaller of two numbers."""
    return _arith("min", left, right)


def largest(left: Operand, right: Operand) -> Expr:
    """Return the larger of two numbers."""
    return _arith("max", left, right)


def passes(item: Expr) -> Expr:
    """Return the condition that a rule used as a filter passes: it holds, or its score is above 0.

    Not-a-number does not pass (spec 01 §4.5).
    """
    if is_condition(item):
        return item
    inner = item
    while isinstance(inner, Named):
        inner = inner.item
    if isinstance(inner, Const):  # here not-a-number is excluded; frames do not agree on how it compares
        return Const(not math.isnan(float(inner.value)) and float(inner.value) > 0)
    return item > 0


def is_condition(item: Expr) -> bool:
    """Tell whether the expression is true or false (rather than a number or a text)."""
    match item:
        case Named() | Attempt():
            return is_condition(item.item)
        case Var():
            return item.variable.kind == "bool"
        case Const():
            return isinstance(item.value, bool)
        case Cases():
            results = [r.result for r in item.rows] + [item.otherwise]
            return all(is_condition(r) for r in results if not isinstance(r, Refuse))
        case _:
            return isinstance(item, Compare | IsIn | StartsWith | Listed | And | Or | Not)


def children(item: Expr) -> Iterator[Expr]:
    """Iterate over the direct parts of an expression, in reading order."""
    for name in item.fields:
        part = getattr(item, name)
        if isinstance(part, Expr):
            yield part
        elif isinstance(part, tuple):
            yield from (p for p in part if isinstance(p, Expr))


def walk(*roots: Expr) -> Iterator[Expr]:
    """Iterate once over every distinct node below ``roots``, in reading order."""
    seen: set[int] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        stack.extend(reversed(list(children(node))))


def inputs(*roots: Expr) -> list[Variable]:
    """Return the variables that the expressions read, in reading order, each once.

    A refusal reads the inputs whose names its fields hold only to fill in a message, so they do not count.
    """
    return [node.variable for node in walk(*roots) if isinstance(node, Var)]


def _write(item: Expr) -> str:
    match item:
        case Var():
            return item.variable.name
        case Const():
            return repr(item.value)
        case Compare() | Arith():
            return f"({item.left!r} {item.op} {item.right!r})"
        case IsIn():
            return f"{item.item!r}.is_in{item.values!r}"
        case StartsWith():
            return f"{item.item!r}.starts_with{item.prefixes!r}"
        case Listed():
            return f"{item.item!r}.lists_any{item.values!r}"
        case Total():
            return f"total({', '.join(map(repr, item.rows))})"
        case Over():
            return f"over({item.how}, {item.item!r}, {item.group!r}, {item.order!r})"
        case And():
            return "(" + " & ".join(map(repr, item.parts)) + ")"
        case Or():
            return "(" + " | ".join(map(repr, item.parts)) + ")"
        case Not():
            return f"~{item.part!r}"
        case Round():
            return f"{item.item!r}.{item.how}()"
        case Row():
            return f"when({item.condition!r}, {item.result!r})"
        case Cases():
            return f"first_match({', '.join(map(repr, item.rows))}, otherwise={item.otherwise!r})"
        case Refuse():
            return f"{item.kind}({', '.join(item.details)})"
        case Attempt():
            return f"attempt({item.item!r}, {item.with_fields!r}, {item.without_fields!r})"
        case Named():
            return f"<{item.name}>"
    raise TypeError(type(item))
