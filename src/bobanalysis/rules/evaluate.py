"""Evaluate rules on a whole frame at once (Polars, pandas, PyArrow, DuckDB… through Narwhals).

A rule becomes a pair of columns: its value and, only if it can refuse to answer, a status (0 = a value,
otherwise the place of the refusal in a small table). Named sub-rules are computed once, layer by layer, as
columns that later layers read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import zip_longest
from typing import Any, NamedTuple

import narwhals as nw

from .expr import (
    COMPARISONS,
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
    children,
    is_condition,
    walk,
)

STATUS = "?"  # suffix of a status column


class Pair(NamedTuple):
    """A compiled rule: its value and, if it can refuse, its status."""

    value: nw.Expr
    status: nw.Expr | None


@dataclass(frozen=True)
class Evaluation:
    """What rules answered: a frame, and what the numbers of its status columns mean.

    ``frame`` holds the columns that were kept, one column a rule, and ``<rule>?`` beside each rule that can
    refuse: 0 where it answered, else k for ``refusals[k - 1]`` (the value is then null).
    """

    frame: Any
    refusals: tuple[Refuse, ...]

    def statuses(self, kind: str) -> list[int]:
        """Return the status numbers of one kind of refusal: "missing" or "error"."""
        return [k for k, refusal in enumerate(self.refusals, 1) if refusal.kind == kind]


def refusals(*rules: Expr) -> tuple[Refuse, ...]:
    """Return every refusal that the rules hold, in reading order, each once."""
    return tuple(node for node in walk(*rules) if isinstance(node, Refuse))


def can_refuse(item: Expr) -> frozenset[Refuse]:
    """Return the refusals that ``item`` may end in (an attempt replaces those for lack of data)."""
    return _can_refuse(item, {})


def _can_refuse(item: Expr, memo: dict[int, frozenset[Refuse]]) -> frozenset[Refuse]:
    if id(item) not in memo:
        if isinstance(item, Refuse):
            found = frozenset([item])
        else:
            found = frozenset().union(*(_can_refuse(c, memo) for c in children(item)))
            if isinstance(item, Attempt):  # a replacement is reached only for what the item may lack
                own = _can_refuse(item.item, memo)
                lacking = {r for r in own if r.kind == "missing"}
                found = frozenset(own - lacking)
                if any(r.details for r in lacking):
                    found |= _can_refuse(item.with_fields, memo)
                if any(not r.details for r in lacking):
                    found |= _can_refuse(item.without_fields, memo)
        memo[id(item)] = found
    return memo[id(item)]


def evaluate(rules: Mapping[str, Expr], frame: Any, keep: Iterable[str] = ()) -> Evaluation:
    """Evaluate named rules on a frame.

    Parameters: ``rules``, name → expression; ``frame``, any eager or lazy frame that Narwhals reads, one row
    a case, with a column for each input (no nulls: fill them with the dictionary's defaults at the door);
    ``keep``, columns of the frame to carry over.

    Returns an ``Evaluation`` whose frame is of the type that was given. Raises KeyError if a column is
    missing, naming the rules that read it.

    >>> import polars as pl
    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> senior = first_match(when(age >= 45, 2), otherwise=0)
    >>> evaluate({"senior": senior}, pl.DataFrame({"age": [44, 45]})).frame["senior"].to_list()
    [0, 2]
    """
    native = nw.from_native(frame)
    _require_columns(rules, set(native.collect_schema().names()))
    table = refusals(*rules.values())
    compiler = Compiler(table)
    work = native
    for layer in _layers(rules.values()):
        for step in zip_longest(*map(compiler.materialise, layer), fillvalue=()):
            work = work.with_columns(*(column for columns in step for column in columns))
    out = []
    for name, rule in rules.items():
        pair = compiler.compile(rule)
        if pair.status is None:
            out.append(pair.value.alias(name))
        else:
            out.append(nw.when(pair.status == 0).then(pair.value).alias(name))
            out.append(pair.status.alias(name + STATUS))
    kept = list(keep)
    result = work.with_columns(*out).select(*kept, *_names(rules, compiler))
    return Evaluation(nw.to_native(result), table)


def _names(rules: Mapping[str, Expr], compiler: Compiler) -> list[str]:
    names = []
    for name, rule in rules.items():
        names.append(name)
        if compiler.refuses(rule):
            names.append(name + STATUS)
    return names


def _require_columns(rules: Mapping[str, Expr], present: set[str]) -> None:
    for name, rule in rules.items():
        for node in walk(rule):
            if isinstance(node, Var) and node.variable.name not in present:
                readers = [n for n, r in rules.items() if any(v is node for v in walk(r))]
                raise KeyError(
                    f"column {node.variable.name!r} is missing; it is read by {name!r}"
                    + (f" and {len(readers) - 1} more rules" if len(readers) > 1 else "")
                    + f". Add it, or fill it with its default ({node.variable.default!r})."
                )


def _layers(rules: Iterable[Expr]) -> list[list[Named | Over]]:
    """Sort named sub-rules and windows by depth: one stands in a later layer than those it reads."""
    depth: dict[int, int] = {}

    def measure(node: Expr) -> int:
        if id(node) not in depth:
            below = max((measure(c) for c in children(node)), default=0)
            depth[id(node)] = below + isinstance(node, Named | Over)
        return depth[id(node)]

    layers: dict[int, list[Named | Over]] = {}
    roots = list(rules)
    for root in roots:
        measure(root)
    for node in walk(*roots):
        if isinstance(node, Over) or (isinstance(node, Named) and not _is_simple(node.item)):
            layers.setdefault(depth[id(node)], []).append(node)
    return [layers[d] for d in sorted(layers)]


def _is_simple(item: Expr) -> bool:
    """Tell whether an expression is so cheap that a column of its own would be waste."""
    match item:
        case Var() | Const():
            return True
        case Compare():
            return isinstance(item.left, Var) and isinstance(item.right, Const)
        case Not():
            return _is_simple(item.part)
        case _:
            return False


_ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "min": nw.min_horizontal,
    "max": nw.max_horizontal,
}


class Compiler:
    """Turns expressions into Narwhals expressions, each node once."""

    def __init__(self, table: tuple[Refuse, ...]) -> None:
        """Number the refusals of ``table`` from 1."""
        self._code = {id(refusal): k for k, refusal in enumerate(table, 1)}
        self._pairs: dict[int, Pair] = {}
        self._refuse_memo: dict[int, frozenset[Refuse]] = {}

    def refuses(self, item: Expr) -> bool:
        """Tell whether an expression may refuse to answer."""
        return bool(_can_refuse(item, self._refuse_memo))

    def materialise(self, node: Named | Over) -> list[list[nw.Expr]]:
        """Return the columns of a named rule or window, step by step; from now on it is read from them."""
        return self._window(node) if isinstance(node, Over) else [self._columns(node)]

    def _columns(self, named: Named) -> list[nw.Expr]:
        pair = self.compile(named.item)
        column = f"= {named.name} #{len(self._pairs)}"  # numbered: a changed rule keeps its name
        columns = [pair.value.alias(column)]
        status = None
        if pair.status is not None:
            columns.append(pair.status.alias(column + STATUS))
            status = nw.col(column + STATUS)
        self._pairs[id(named)] = Pair(nw.col(column), status)
        return columns

    def _window(self, over: Over) -> list[list[nw.Expr]]:
        """Find the first row of each group that decides, then take what it says.

        Windows cannot be nested, hence three steps: what each row says, the place of the row that decides,
        its value. A row decides if it refuses or if its score is (for "any": is not) 0.
        """
        pair = self.compile(over.item)
        group, order = over.group.variable.name, nw.col(over.order.variable.name)
        number = len(self._pairs)
        value, status, place = (f"= window #{number} {part}" for part in ("value", "status", "place"))
        decides = (pair.value == 0) if over.how == "all" else (pair.value != 0)
        if pair.status is not None:
            decides = decides | (pair.status != 0)
        first: nw.Expr = nw.when(decides).then(order).min().over(group)
        if over.how == "all":  # no zero at all: the first row speaks
            first = nw.when(first.is_null()).then(order.min().over(group)).otherwise(first)
        here = nw.col(place) == order
        steps: list[list[nw.Expr]] = [[pair.value.cast(nw.Float64).alias(value)], [first.alias(place)]]
        said = nw.when(here).then(nw.col(value)).max().over(group)
        steps.append([said.fill_null(0.0).alias(value)])
        if pair.status is not None:
            steps[0].append(pair.status.alias(status))
            said = nw.when(here).then(nw.col(status)).max().over(group)
            steps[2].append(said.fill_null(0).cast(nw.Int16).alias(status))
        self._pairs[id(over)] = Pair(nw.col(value), None if pair.status is None else nw.col(status))
        return steps

    def _number(self, item: Expr) -> Pair:
        """Return a term of a sum or product: answers are widened, or small integers would overflow."""
        pair = self.compile(item)
        return Pair(pair.value.cast(nw.Float64), pair.status) if isinstance(item, Var) else pair

    def compile(self, item: Expr) -> Pair:
        """Return the value and the status of an expression."""
        if id(item) not in self._pairs:
            self._pairs[id(item)] = self._compile(item)
        return self._pairs[id(item)]

    def _compile(self, item: Expr) -> Pair:
        match item:
            case Var():
                return Pair(nw.col(item.variable.name), None)
            case Const():
                return Pair(nw.lit(item.value), None)
            case Named():
                return self.compile(item.item)
            case Compare():
                left, right = self.compile(item.left), self.compile(item.right)
                value = COMPARISONS[item.op](left.value, right.value)
                return Pair(value, _first(left.status, right.status))  # type: ignore[arg-type]
            case Arith():
                left, right = self._number(item.left), self._number(item.right)
                value = _ARITHMETIC[item.op](left.value, right.value)
                return Pair(value, _first(left.status, right.status))
            case Round():
                inner = self.compile(item.item)
                return Pair(_round(item.how, inner.value), inner.status)
            case IsIn():
                inner = self.compile(item.item)
                return Pair(inner.value.is_in(list(item.values)), inner.status)
            case StartsWith():
                inner = self.compile(item.item)
                return Pair(_starts_with(inner.value, item.prefixes), inner.status)
            case Listed():
                inner = self.compile(item.item)
                pattern = f"(?:^|,)(?:{'|'.join(map(re.escape, item.values))})(?:,|$)"
                return Pair(inner.value.str.contains(pattern), inner.status)
            case Total():
                return self._total(item)
            case Not():
                inner = self.compile(item.part)
                return Pair(~inner.value, inner.status)
            case And() | Or():
                return self._chain(item)
            case Cases():
                return self._cases(item)
            case Refuse():
                return Pair(nw.lit(0), nw.lit(self._code[id(item)], dtype=nw.Int16))
            case Attempt():
                return self._attempt(item)
        raise TypeError(f"cannot evaluate {type(item).__name__}")

    def _chain(self, item: And | Or) -> Pair:
        """Combine conditions from left to right; a refusal counts only if nothing before it decided."""
        pairs = [self.compile(part) for part in item.parts]
        combine = (lambda a, b: a & b) if isinstance(item, And) else (lambda a, b: a | b)
        value = reduce(combine, (p.value for p in pairs))
        status: nw.Expr | None = None
        for pair in reversed(pairs):
            decided = ~pair.value if isinstance(item, And) else pair.value
            if status is not None:
                status = nw.when(decided).then(_answered()).otherwise(status)
            if pair.status is not None:
                after = _answered() if status is None else status
                status = nw.when(pair.status != 0).then(pair.status).otherwise(after)
        return Pair(value, status)

    def _cases(self, item: Cases) -> Pair:
        """Read a decision table from the bottom up, so that its first row decides."""
        blank = nw.lit(False) if is_condition(item) else nw.lit(0)
        value, status = self._result(item.otherwise, blank)
        for row in reversed(item.rows):
            assert isinstance(row, Row)
            condition = self.compile(row.condition)
            result, result_status = self._result(row.result, blank)
            value = nw.when(condition.value).then(result).otherwise(value)
            if status is not None or result_status is not None:
                here = _answered() if result_status is None else result_status
                after = _answered() if status is None else status
                status = nw.when(condition.value).then(here).otherwise(after)
            if condition.status is not None:
                after = _answered() if status is None else status
                status = nw.when(condition.status != 0).then(condition.status).otherwise(after)
        return Pair(value, status)

    def _total(self, item: Total) -> Pair:
        value: nw.Expr = nw.lit(0.0)
        status: nw.Expr | None = None
        for row in item.rows:
            condition, result = self.compile(row.condition), self._number(row.result)
            value = value + nw.when(condition.value).then(result.value).otherwise(0)
            status = _first(_first(status, condition.status), result.status)
        return Pair(value, status)

    def _result(self, item: Expr, blank: nw.Expr) -> Pair:
        pair = self.compile(item)
        return Pair(blank, pair.status) if isinstance(item, Refuse) else pair

    def _attempt(self, item: Attempt) -> Pair:
        inner = self.compile(item.item)
        if inner.status is None:
            return inner
        possible = _can_refuse(item.item, self._refuse_memo)
        fields = [self._code[id(r)] for r in possible if r.kind == "missing" and r.details]
        bare = [self._code[id(r)] for r in possible if r.kind == "missing" and not r.details]
        value, status = inner.value, inner.status
        final: nw.Expr | None = status if any(r.kind == "error" for r in possible) else None
        for codes, replacement in ((fields, item.with_fields), (bare, item.without_fields)):
            if codes:
                caught = status.is_in(codes)
                new = self.compile(replacement)
                value = nw.when(caught).then(new.value).otherwise(value)
                if final is not None or new.status is not None:
                    here = _answered() if new.status is None else new.status
                    after = _answered() if final is None else final
                    final = nw.when(caught).then(here).otherwise(after)
        return Pair(value, final)


def _answered() -> nw.Expr:
    return nw.lit(0, dtype=nw.Int16)


def _first(left: nw.Expr | None, right: nw.Expr | None) -> nw.Expr | None:
    """Return the status of two parts that are read one after the other."""
    if left is None or right is None:
        return right if left is None else left
    return nw.when(left != 0).then(left).otherwise(right)


def _starts_with(text: nw.Expr, prefixes: tuple[str, ...]) -> nw.Expr:
    """Compare beginnings of the same length with all prefixes of that length at once."""
    if "" in prefixes:
        return text == text
    by_length: dict[int, list[str]] = {}
    for prefix in prefixes:
        by_length.setdefault(len(prefix), []).append(prefix)
    tests = [
        text.str.starts_with(same[0]) if len(same) == 1 else text.str.slice(0, length).is_in(same)
        for length, same in by_length.items()
    ]
    return reduce(lambda a, b: a | b, tests)


def _round(how: str, value: nw.Expr) -> nw.Expr:
    if how == "floor":
        return value.floor()
    up = (value + 0.5).floor()
    is_odd_tie = (up == value + 0.5) & ((up / 2).floor() * 2 != up)
    return nw.when(is_odd_tie).then(up - 1).otherwise(up)
