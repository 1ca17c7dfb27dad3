"""Expressions: what a rule is made of.

A rule is an immutable expression over named inputs. Equal expressions are one object (they are interned), so
that a sub-rule used a hundred times is evaluated once. An expression has no truth value: write ``&``, ``|``
and ``~``, not ``and``, ``or`` and ``not``.

Evaluating an expression for a person gives a value or one of three undefined outcomes: *not enough data* with
the fields that are missing, the same without fields, an error. Conditions are read from left to right and
from top to bottom, and the first that decides wins: an undefined outcome met on the way stops the reading,
one that stands behind a decision is never seen.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from inspect import get_annotations
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias
from weakref import WeakValueDictionary

import polars as pl

from bobanalysis.text import Text

Scalar: TypeAlias = "bool | int | float | str"
Operand: TypeAlias = "Expr | bool | int | float | str"
Kind = Literal["bool", "int", "float", "text", "enum"]

# ---- operators: one table for every reading, which replaces only what its backend calls otherwise

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
INVERSE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRROR = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _power(left: float, right: float) -> float:
    """Raise to a power as frames and browsers do: infinite or not-a-number where Python would stop."""
    try:
        return math.pow(left, right)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.inf if left == 0 else math.nan


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _power,
    "min": min,
    "max": max,
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "round": lambda v: float(round(v)),
    "floor": lambda v: float(math.floor(v)),
    "neg": operator.neg,
    "exp": _exp,
    "log": _log,
}

# ---- inputs


class KindOf(NamedTuple):
    """What a kind of input is made of: its Polars type, type of a value, default, what messages ask for."""

    dtype: str
    types: tuple[type, ...]
    default: Scalar
    wanted: str


KINDS = {
    "bool": KindOf("Boolean", (bool,), False, "true and false"),
    "int": KindOf("Int32", (int,), 0, "numbers"),
    "float": KindOf("Float64", (int, float), 0.0, "numbers"),
    "text": KindOf("String", (str,), "", "texts"),
    "enum": KindOf("Int32", (int,), 0, "the numbers of its values"),
}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest of some names, if one is near."""
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True)
class Choice:
    """One value of an enumerated input: its number (which gives the order), its name, its label."""

    number: int
    name: str
    label: Text


@dataclass(frozen=True)
class Protected:
    """Which legally protected criterion an input is (direct) or stands for (proxy), and by which law."""

    criterion: str
    how: Literal["direct", "proxy", "place-keyed data", "declared"]
    basis: str


@dataclass(frozen=True, eq=False)
class Variable:
    """One input of the rules.

    ``default`` is what the rules read where there is no answer; ``evidence`` says for the project's own
    data whether the figure is observed, rescaled or assumed. ``codes`` are numbers of a numeric input that
    stand for something else than a quantity (-1 for none, say). ``grid`` are values that an audit tries, with
    their names. A table of people may lack a ``joined`` input (its figure is looked up later) and an
    ``optional`` one (it then reads its default). Who gives no answer to a ``required`` one is rejected.
    """

    name: str
    kind: Kind
    label: Text
    default: bool | int | float | str
    unit: Text | None = None
    choices: tuple[Choice, ...] = ()
    protected: Protected | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    group: str = ""
    path: str = ""
    evidence: str = ""
    note: Text | None = None
    codes: tuple[Choice, ...] = ()
    grid: tuple[tuple[Any, Text], ...] = ()
    joined: bool = False
    optional: bool = False
    required: bool = False

    @property
    def dtype(self) -> Any:
        """The Polars type of a column that holds the input."""
        return getattr(pl, KINDS[self.kind].dtype)

    def number_of(self, name: str) -> int:
        """Return the number of the enumerated value ``name``; ValueError names the nearest."""
        numbers = {c.name: c.number for c in self.choices}
        if name in numbers:
            return numbers[name]
        hint = did_you_mean(name.upper(), numbers)
        raise ValueError(f"{self.name}: {name!r} is not one of {[*numbers]}.{hint}")

    def choice(self, number: int) -> Choice | None:
        """Return the enumerated value numbered ``number``, or None if there is none."""
        return next((c for c in self.choices if c.number == number), None)

    def code(self, number: float) -> Text | None:
        """Return what a number stands for where it is no quantity, else None."""
        return next((c.label for c in self.codes if c.number == number), None)


# ---- nodes


def _operator(op: str, mirrored: bool = False) -> Any:
    def apply(self: Expr, other: Operand) -> Expr:
        if op in "&|":
            return all_of(self, other) if op == "&" else any_of(self, other)  # type: ignore[arg-type]
        left, right = (other, self) if mirrored else (self, other)
        return compare(op, left, right) if op in COMPARISONS else _arith(op, left, right)

    return apply


class Expr:
    """Base of all expressions; ``fields`` names the parts of a node, in order."""

    fields: ClassVar[tuple[str, ...]] = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()  # parts that no change of a rule reaches
    boolean: ClassVar[bool] = False
    shown: ClassVar[str] = ""  # how the node is written; its tuples are joined with ``joint``
    joint: ClassVar[str] = ", "
    holds: ClassVar[Callable[..., bool]]
    _interned: ClassVar[WeakValueDictionary[tuple[Any, ...], Expr]] = WeakValueDictionary()

    def __init_subclass__(cls) -> None:
        """Take the parts of a node from its annotations."""
        cls.fields = cls.__match_args__ = tuple(get_annotations(cls)) or cls.fields  # type: ignore[misc]

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
        raise AttributeError("expressions are immutable; bobanalysis.rules.change derives changed ones")

    def __bool__(self) -> bool:
        """Refuse: an expression is neither true nor false before it is evaluated."""
        raise TypeError(
            "an expression has no truth value: combine conditions with & | ~ (and parentheses), "
            "and write (a <= x) & (x <= b) instead of a <= x <= b"
        )

    __hash__ = object.__hash__
    __eq__, __ne__ = _operator("=="), _operator("!=")
    __lt__, __le__ = _operator("<"), _operator("<=")
    __gt__, __ge__ = _operator(">"), _operator(">=")
    __add__, __radd__ = _operator("+"), _operator("+", True)
    __sub__, __rsub__ = _operator("-"), _operator("-", True)
    __mul__, __rmul__ = _operator("*"), _operator("*", True)
    __truediv__, __rtruediv__ = _operator("/"), _operator("/", True)  # a rule excludes zero beforehand
    __and__, __or__ = _operator("&"), _operator("|")
    __pow__, __rpow__ = _operator("**"), _operator("**", True)

    def __invert__(self) -> Expr:
        """Return the contrary of the condition."""
        if isinstance(self, Const):
            return Const(not self.value)
        return self.part if isinstance(self, Not) else Not(self)

    def __neg__(self) -> Expr:
        """Return the number with the other sign."""
        if isinstance(self, Const):
            return Const(-self.value)  # type: ignore[operator]
        return self.item if isinstance(self, Function) and self.how == "neg" else Function("neg", self)

    def is_in(self, *values: Scalar) -> Expr:
        """Return the condition that the value is one of ``values`` (names of an enumeration are accepted)."""
        return IsIn(self, tuple(_named(self, v) for v in values))

    def starts_with(self, *prefixes: str) -> Expr:
        """Return the condition that the text starts with one of ``prefixes``."""
        return StartsWith(self, tuple(prefixes))

    def lists_any(self, *values: str) -> Expr:
        """Return the condition that the text, a list separated by commas, holds one of ``values``."""
        return Contains(self, tuple(values))

    def round(self) -> Expr:
        """Round to the nearest integer, ties to even."""
        return Function("round", self)

    def floor(self) -> Expr:
        """Round down."""
        return Function("floor", self)

    def __repr__(self) -> str:
        """Write the expression as it was typed, or nearly so."""
        parts = {name: getattr(self, name) for name in self.fields}
        joined = {n: self.joint.join(map(repr, p)) if isinstance(p, tuple) else p for n, p in parts.items()}
        return self.shown.format(**joined)


def _key(part: Any) -> Any:
    if isinstance(part, Expr):
        return id(part)
    if isinstance(part, tuple):
        return tuple(_key(p) for p in part)
    return (type(part), part)


class Var(Expr):
    """The value of one input."""

    variable: Variable
    shown = "{variable.name}"


class Const(Expr):
    """A fixed value."""

    value: Scalar
    shown = "{value!r}"


class Compare(Expr):
    """A comparison between two expressions."""

    op: str
    left: Expr
    right: Expr
    shown, boolean = "({left} {op} {right})", True


class Membership(Expr):
    """A question about one value and a fixed list; ``holds`` answers it for a value."""

    item: Expr
    values: tuple[Any, ...]
    boolean = True


class IsIn(Membership):
    """A value that is one of a fixed list."""

    shown, holds = "{item}.is_in({values})", lambda self, value: value in self.values


class StartsWith(Membership):
    """A text that starts with one of some prefixes."""

    shown, holds = "{item}.starts_with({values})", lambda self, value: str(value).startswith(self.values)


class Contains(Membership):
    """A text that holds a list, its items separated by commas, holds one of some values."""

    shown = "{item}.lists_any({values})"
    holds = lambda self, value: bool(set(str(value).split(",")) & set(self.values))  # noqa: E731


class And(Expr):
    """All parts hold; read from left to right up to the first that does not."""

    parts: tuple[Expr, ...]
    shown, joint, boolean = "({parts})", " & ", True


class Or(Expr):
    """At least one part holds; read from left to right up to the first that does."""

    parts: tuple[Expr, ...]
    shown, joint, boolean = "({parts})", " | ", True


class Not(Expr):
    """The contrary of a condition; what is undefined stays so."""

    part: Expr
    shown, boolean = "~{part}", True


class Arith(Expr):
    """An arithmetic operation in 64-bit floating point: one of ``ARITHMETIC``."""

    op: str
    left: Expr
    right: Expr
    shown = "({left} {op} {right})"


class Function(Expr):
    """A function of one number: one of ``FUNCTIONS`` (``round``: ties to even; ``log``: natural)."""

    how: str
    item: Expr
    shown = "{item}.{how}()"


class Row(Expr):
    """One row of a decision table: a condition, the result, and what the person is told (codes)."""

    condition: Expr
    result: Expr
    because: tuple[str, ...]
    shown = "when({condition}, {result})"


class Cases(Expr):
    """A decision table: the first row whose condition holds gives the result."""

    rows: tuple[Row, ...]
    otherwise: Expr
    shown = "first_match({rows}, otherwise={otherwise})"


class Sum(Expr):
    """A sum: the results of all the rows whose conditions hold (a count, if each result is 1)."""

    rows: tuple[Row, ...]
    shown = "total({rows})"


class Window(Expr):
    """A score over all the rows of a group (all projects of a person), read in order.

    ``how`` is "any": the first score that is not 0, else 0; or "all": 0 as soon as a score is 0, else the
    score of the first row. What is undefined before the reading ends is the outcome.
    """

    how: str
    item: Expr
    group: Var
    order: Var
    shown, fixed = "over({how}, {item}, {group}, {order})", ("group", "order")


class Undefined(Expr):
    """The rule does not answer: ``kind`` is "missing" (with the fields asked for, maybe none) or "error".

    A field may hold the name of a text input in braces, which is filled in for each person.
    """

    kind: str
    details: tuple[str, ...]
    shown = "{kind}({details})"


class Coalesce(Expr):
    """The item, or a replacement where it lacks data: one with missing fields, one without. Errors pass."""

    item: Expr
    with_fields: Expr
    without_fields: Expr
    shown = "attempt({item}, {with_fields}, {without_fields})"


class Named(Expr):
    """A published rule or a computation used inside another one: the same value, and a name to call it by."""

    name: str
    item: Expr
    shown = "<{name}>"


# ---- making expressions


def as_expr(value: Operand) -> Expr:
    """Return ``value`` as an expression."""
    if isinstance(value, Expr):
        return value
    return Const(int(value) if isinstance(value, IntEnum) else value)


def _named(item: Expr, value: Any) -> Any:
    """Return the number of an enumerated value that was given by its name."""
    if isinstance(item, Var) and item.variable.kind == "enum" and isinstance(value, str):
        return item.variable.number_of(value)
    return value


def compare(op: str, left: Operand, right: Operand) -> Expr:
    """Return a comparison, its constant on the right; a constant if both sides are."""
    left = as_expr(left)
    right = right if isinstance(right, Expr) else as_expr(_named(left, right))
    if isinstance(left, Const) and isinstance(right, Const):
        return Const(COMPARISONS[op](left.value, right.value))
    if isinstance(left, Const):
        left, right, op = right, left, MIRROR[op]
    return Compare(op, left, right)


def _arith(op: str, left: Operand, right: Operand) -> Expr:
    left, right = as_expr(left), as_expr(right)
    if op == "**" and left is Const(math.e):  # the exponential, and it reads better
        return exp(right)
    return Arith(op, left, right)


def exp(value: Operand) -> Expr:
    """Return the exponential of a number.

    Example:
        >>> 1 / (1 + exp(-Const(0.5)))
        (1 / (1 + -0.5.exp()))
    """
    return Function("exp", as_expr(value))


def log(value: Operand) -> Expr:
    """Return the natural logarithm of a number: -inf of 0, not-a-number below."""
    return Function("log", as_expr(value))


def all_of(*parts: Expr | bool) -> Expr:
    """Return the condition that all ``parts`` hold; true when there is none.

    Example:
        >>> all_of(True, Const(3) > 2)
        True
    """
    return _chain(And, parts, neutral=True)


def any_of(*parts: Expr | bool) -> Expr:
    """Return the condition that at least one of ``parts`` holds; false when there is none."""
    return _chain(Or, parts, neutral=False)


def _chain(cls: type[And] | type[Or], parts: Iterable[Expr | bool], neutral: bool) -> Expr:
    kept: list[Expr] = []
    for part in map(as_expr, parts):
        if not isinstance(part, Const):
            kept += part.parts if isinstance(part, cls) else [part]
        elif bool(part.value) is not neutral:  # decides the rest: nothing behind it is read
            kept.append(Const(not neutral))
            break
    return cls(tuple(kept)) if len(kept) > 1 else kept[0] if kept else Const(neutral)


def when(condition: Expr | bool, score: Operand | None = None, because: str | Iterable[str] = ()) -> Row:
    """Return one row of a decision table or of a sum.

    Args:
        condition: when the row holds.
        score: the result, any expression; true if none is given.
        because: codes of what the person is told.
    """
    codes = (because,) if isinstance(because, str) else tuple(because)
    return Row(as_expr(condition), as_expr(True if score is None else score), codes)


def first_match(*rows: Row, otherwise: Operand, because: str | Iterable[str] = ()) -> Expr:
    """Return a decision table: the first row whose condition holds, else ``otherwise``.

    Args:
        rows: the rows, from top to bottom.
        otherwise: the result where none holds.
        because: codes of what the person is told in that case.

    Example:
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


def lookup(table: Mapping[Any, Operand], *keys: Expr, otherwise: Operand) -> Expr:
    """Return the value that a small table holds for one or several inputs, as a decision table.

    Args:
        table: key, or tuple of as many keys as there are inputs, → result. A key is a value (names of an
            enumeration are accepted) or a ``range`` of numbers, its end excluded.
        keys: the inputs that are looked up, in the order of the keys.
        otherwise: the result for what the table does not hold.

    Raises:
        ValueError: a key has not one value for each input.

    Example:
        >>> age = Var(Variable("age", "int", Text("âge", "age"), 0))
        >>> lookup({range(0, 30): 2, 30: 1}, age, otherwise=0)
        first_match(when(((age >= 0) & (age < 30)), 2), when((age == 30), 1), otherwise=0)
    """

    def is_at(item: Expr, key: Any) -> Expr:
        if isinstance(key, range):
            return all_of(compare(">=", item, key.start), compare("<", item, key.stop))
        return compare("==", item, key)

    rows = []
    for key, result in table.items():
        parts = key if isinstance(key, tuple) else (key,)
        if len(parts) != len(keys):
            raise ValueError(f"the key {key!r} has {len(parts)} values for {len(keys)} inputs; give one each")
        rows.append(when(all_of(*map(is_at, keys, parts)), result))
    return first_match(*rows, otherwise=otherwise)


def total(*rows: Row) -> Expr:
    """Return the sum of the results of all the rows whose conditions hold.

    Example:
        >>> total(when(True, 2), when(Const(1) > 2, 5))
        total(when(True, 2), when(False, 5))
    """
    return Sum(tuple(rows))


def count(*conditions: Expr) -> Expr:
    """Return how many of ``conditions`` hold."""
    return Sum(tuple(when(c, 1) for c in conditions))


def first_not_zero(item: Operand, group: Expr, order: Expr) -> Expr:
    """Return, over the rows of a group in order, the first score that is not 0; 0 if there is none."""
    return Window("any", as_expr(item), group, order)


def zero_or_first(item: Operand, group: Expr, order: Expr) -> Expr:
    """Return 0 if a row of the group scores 0, else the score of the group's first row in order."""
    return Window("all", as_expr(item), group, order)


def missing(*fields: str) -> Undefined:
    """Return the outcome "not enough data", with the ``fields`` that are wanted (maybe none)."""
    return Undefined("missing", tuple(sorted(fields)))


def error(name: str) -> Undefined:
    """Return the outcome that stands for a crash of the published code with the exception ``name``."""
    return Undefined("error", (name,))


def attempt(item: Expr, with_fields: Operand, without_fields: Operand) -> Expr:
    """Return ``item``, or a replacement where it lacks data."""
    return Coalesce(item, as_expr(with_fields), as_expr(without_fields))


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
    inner = unnamed(item)
    if isinstance(inner, Const):  # here not-a-number is excluded; frames do not agree on how it compares
        return Const(not math.isnan(float(inner.value)) and float(inner.value) > 0)
    return compare(">", item, 0)


# ---- reading and rebuilding


def unnamed(item: Expr) -> Expr:
    """Return what stands behind the names of an expression."""
    while isinstance(item, Named):
        item = item.item
    return item


def is_condition(item: Expr) -> bool:
    """Tell whether the expression is true or false (rather than a number or a text)."""
    match item:
        case Named() | Coalesce():
            return is_condition(item.item)
        case Var():
            return item.variable.kind == "bool"
        case Const():
            return isinstance(item.value, bool)
        case Cases():
            results = [r.result for r in item.rows] + [item.otherwise]
            return all(is_condition(r) for r in results if not isinstance(r, Undefined))
    return item.boolean


def is_elementary(item: Expr) -> bool:
    """Tell whether an expression is a condition that is not made of others."""
    return isinstance(item, Compare | Membership) or (isinstance(item, Var) and is_condition(item))


def children(item: Expr) -> Iterator[Expr]:
    """Iterate over the direct parts of an expression, in reading order."""
    for name in item.fields:
        part = getattr(item, name)
        if isinstance(part, Expr):
            yield part
        elif isinstance(part, tuple):
            yield from (p for p in part if isinstance(p, Expr))


def walk(*roots: Expr, leave: Callable[[Expr], bool] | None = None) -> Iterator[Expr]:
    """Iterate once over every distinct node below ``roots``, in reading order.

    ``leave`` tells nodes below which nothing is read.
    """
    seen: set[int] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            if leave is None or not leave(node):
                stack.extend(reversed(list(children(node))))


def inputs(*roots: Expr) -> list[Variable]:
    """Return the variables that the expressions read, in reading order, each once.

    An undefined outcome reads the inputs whose names its fields hold only to fill in a message, so they do
    not count.
    """
    return [node.variable for node in walk(*roots) if isinstance(node, Var)]


def rebuild(node: Expr, visit: Callable[[Expr], Expr]) -> Expr:
    """Return a node of what ``visit`` makes of its parts; the same object if it changes none."""

    def each(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(each, part))
        if isinstance(part, Row):
            return rebuild(part, visit)
        return visit(part) if isinstance(part, Expr) else part

    old = [getattr(node, name) for name in node.fields]
    new = [p if name in node.fixed else each(p) for name, p in zip(node.fields, old, strict=True)]
    if _key(tuple(old)) == _key(tuple(new)):
        return node
    if isinstance(node, Membership) and isinstance(new[0], Const):
        return Const(node.holds(new[0].value))
    return _MAKERS.get(type(node), type(node))(*new)


_MAKERS: dict[type[Expr], Callable[..., Expr]] = {  # a constant where constants decide
    Compare: compare,
    Not: operator.invert,
    And: lambda parts: all_of(*parts),
    Or: lambda parts: any_of(*parts),
    Cases: lambda rows, otherwise: first_match(*rows, otherwise=otherwise),
    Named: lambda name, item: Named(f"{name} (changed)", item),
}


class Visitor:
    """Reads a node with the method that bears the name of its class, or of a class above it."""

    def visit(self, node: Expr, *more: Any) -> Any:
        """Return what the method for the class of ``node`` returns."""
        for cls in type(node).__mro__:
            if method := getattr(self, f"_{cls.__name__.lower()}", None):
                return method(node, *more)
        raise TypeError(f"{type(self).__name__} does not know {type(node).__name__}")
