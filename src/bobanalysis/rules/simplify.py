"""Say the same more simply: what an expression comes to before it is put into words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from . import expr as e


def refusals(*rules: e.Expr) -> tuple[e.Undefined, ...]:
    """Return every undefined outcome that the rules hold, in reading order, each once."""
    return tuple(node for node in e.walk(*rules) if isinstance(node, e.Undefined))


def can_refuse(item: e.Expr, memo: dict[int, frozenset[e.Undefined]] | None = None) -> frozenset[e.Undefined]:
    """Return the undefined outcomes that ``item`` may end in (those that are replaced are not among them)."""
    memo = {} if memo is None else memo
    if id(item) not in memo:
        found = frozenset([item] if isinstance(item, e.Undefined) else ())
        if isinstance(item, e.Coalesce):  # a replacement is reached only for what the item may lack
            own = can_refuse(item.item, memo)
            lacking = {r for r in own if r.kind == "missing"}
            found = frozenset(own - lacking)
            if any(r.details for r in lacking):
                found |= can_refuse(item.with_fields, memo)
            if any(not r.details for r in lacking):
                found |= can_refuse(item.without_fields, memo)
        else:
            found = found.union(*(can_refuse(c, memo) for c in e.children(item)))
        memo[id(item)] = found
    return memo[id(item)]


@lru_cache(maxsize=4096)  # what many rules hold is looked at once, not once for each way to it
def constants(item: e.Expr) -> frozenset[e.Scalar] | None:
    """Return the values that an expression may have, where only constants are answered; None where not.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> sorted(constants(first_match(when(age >= 45, 2), otherwise=0))), constants(age + 1)
        ([0, 2], None)
    """
    match item:
        case e.Const():
            return frozenset([item.value])
        case e.Undefined():
            return frozenset()
        case e.Named():
            return constants(item.item)
        case e.Cases():
            parts = [item.otherwise, *(row.result for row in item.rows)]
        case e.Coalesce():
            parts = [item.item, item.with_fields, item.without_fields]
        case _:
            return None
    found = [constants(part) for part in parts]
    return None if None in found else frozenset().union(*found)  # type: ignore[arg-type]


def simplify(item: e.Expr) -> e.Expr:
    """Return an expression that means the same, said more simply.

    A table that is compared with a value is the condition under which its result compares so.
    """
    match item:
        case e.Not():
            return ~simplify(item.part)
        case e.Compare():
            return _comparison(item)
        case e.Coalesce():
            return _replaced(e.Coalesce(simplify(item.item), item.with_fields, item.without_fields))
        case e.Arith():
            return _arithmetic(item)
        case _:
            return item


def _comparison(item: e.Compare) -> e.Expr:
    if not isinstance(item.right, e.Const):
        return item
    left, right = simplify(item.left), item.right

    def decided(result: e.Expr) -> e.Expr:
        known = isinstance(result, e.Const)
        return e.Const(e.COMPARISONS[item.op](result.value, right.value)) if known else result  # type: ignore[attr-defined]

    if isinstance(left, e.Const):
        return decided(left)
    if isinstance(left, e.Cases):
        results = [*(r.result for r in left.rows), left.otherwise]
        if all(isinstance(r, e.Const | e.Undefined) for r in results):
            rows = [e.Row(r.condition, decided(r.result), r.because) for r in left.rows]
            return _condition(rows, decided(left.otherwise))
    if isinstance(left, e.Coalesce):
        others = (left.with_fields, left.without_fields)
        if all(isinstance(c, e.Const) for c in others):
            inner = simplify(e.Compare(item.op, left.item, right))
            return _replaced(e.Coalesce(inner, *map(decided, others)))
    return item


def _condition(rows: list[e.Row], otherwise: e.Expr) -> e.Expr:
    """Return a table of yes and no as a condition, where it is one."""
    results = [r.result for r in rows]
    if all(r is otherwise for r in results):
        return otherwise
    if isinstance(otherwise, e.Const) and all(r is e.Const(not otherwise.value) for r in results):
        holds = e.any_of(*(r.condition for r in rows))
        return ~holds if otherwise.value else holds
    return e.Cases(tuple(rows), otherwise)


def _replaced(item: e.Coalesce) -> e.Expr:
    if isinstance(item.item, e.Const) or any(r.kind == "missing" for r in can_refuse(item.item)):
        return item
    return item.item


def clip(item: e.Expr) -> e.Expr | None:
    """Return the value out of 100 that an expression brings to the scale from 0 to 3; None if it does not."""
    match item:
        case e.Arith("/", e.Arith("*", e.Arith("min", bounded, e.Const(100)), e.Const(3)), e.Const(100)):
            match bounded:
                case e.Arith("max", raw, e.Const(0)):
                    return raw
    return None


def _arithmetic(item: e.Arith) -> e.Expr:
    if (raw := clip(item)) is not None:
        raw = simplify(raw)
        if not isinstance(raw, e.Cases):
            return _to_three(raw)
        rows = tuple(e.Row(r.condition, _to_three(r.result), r.because) for r in raw.rows)
        return e.Cases(rows, _to_three(raw.otherwise))
    left, right = simplify(item.left), simplify(item.right)
    if isinstance(left, e.Const) and isinstance(right, e.Const) and (right.value or item.op != "/"):
        return e.Const(e.ARITHMETIC[item.op](left.value, right.value))
    adds_nothing = item.op == "+" and isinstance(left, e.Const) and left.value == 0
    return right if adds_nothing else e.Arith(item.op, left, right)


def _to_three(result: e.Expr) -> e.Expr:
    if isinstance(result, e.Const):
        return e.Const(round(min(max(float(result.value), 0), 100) * 3 / 100, 6))
    if isinstance(result, e.Undefined):
        return result
    bounded = e.Arith("min", e.Arith("max", result, e.Const(0)), e.Const(100))
    return e.Arith("/", e.Arith("*", bounded, e.Const(3)), e.Const(100))


_LEAST_TERMS = 3  # that make a chain of + a sum worth a table of its own


def as_sum(item: e.Expr) -> e.Sum | None:
    """Return a sum of terms, each with its condition, if an expression is one: a total or a chain of +.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, total, when
        >>> d = Dictionary([Variable(n, "bool", Text(n, n), False) for n in ("a", "b")])
        >>> as_sum(0.5 + total(when(d.a, 1)) - 2)
        total(when(True, 0.5), when(a, 1), when(True, -2))
    """
    inner = e.unnamed(item)
    rows = tuple(_terms(inner))
    is_sum = isinstance(inner, e.Sum) or any(isinstance(x, e.Sum) for x, _ in _added(inner))
    return e.Sum(rows) if is_sum or len(rows) >= _LEAST_TERMS else None


def _added(item: e.Expr, minus: bool = False) -> Iterator[tuple[e.Expr, bool]]:
    """Iterate over what a chain of + and - adds up; True beside what it takes away."""
    if isinstance(item, e.Arith) and item.op in "+-" and clip(item) is None:
        yield from _added(item.left, minus)
        yield from _added(item.right, minus is not (item.op == "-"))
    else:
        yield item, minus


def _terms(item: e.Expr) -> Iterator[e.Row]:
    for term, minus in _added(item):
        match term:
            case e.Sum():
                rows = term.rows
            case e.Cases(rows=(row,), otherwise=e.Const(value=0)) if not e.is_condition(term):
                rows = (row,)
            case _:
                rows = (e.Row(e.Const(True), term, ()),)
        yield from (e.Row(r.condition, -r.result if minus else r.result, r.because) for r in rows)


def is_computation(item: e.Expr) -> bool:
    """Tell whether an expression is a number that a rule computes and calls by a name."""
    return isinstance(item, e.Named) and isinstance(e.unnamed(item), e.Arith | e.Function | e.Sum)
