"""Change a rule in one place: another threshold, or blind to an input.

"Blind to an input" has two meanings, and the code that uses it must name one:

*neutral*: every condition on the input is decided as for one reference value (age 40, say);
*dropped*: the condition is removed from the conjunction or the disjunction that it stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .expr import (
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
    Operand,
    Or,
    Over,
    Round,
    Row,
    StartsWith,
    Total,
    Var,
    _compare,
    all_of,
    any_of,
    children,
    first_match,
    lift,
    walk,
)


class InArithmetic(ValueError):
    """An input that enters the arithmetic of a score: it can be neutralised there, not dropped."""


def transform(
    item: Expr, change: Callable[[Expr], Expr | None], leave: Callable[[Expr], bool] | None = None
) -> Expr:
    """Rebuild an expression from the bottom up.

    ``change`` receives each rebuilt node and returns its replacement, or None to keep it. Parts that nothing
    changed stay the same objects; so do parts for which ``leave`` is true, with all that is below them (rules
    used by name, say).
    """
    memo: dict[int, Expr] = {}

    def visit(node: Expr) -> Expr:
        if leave is not None and leave(node):
            return node
        if id(node) not in memo:
            rebuilt = _rebuild(node, visit)
            replacement = change(rebuilt)
            memo[id(node)] = rebuilt if replacement is None else replacement
        return memo[id(node)]

    return visit(item)


def _rebuild(node: Expr, visit: Callable[[Expr], Expr]) -> Expr:
    match node:
        case Compare():
            return _compare(node.op, visit(node.left), visit(node.right))
        case Arith():
            return Arith(node.op, visit(node.left), visit(node.right))
        case Round():
            return Round(node.how, visit(node.item))
        case IsIn():
            item = visit(node.item)
            return Const(item.value in node.values) if isinstance(item, Const) else IsIn(item, node.values)
        case StartsWith():
            item = visit(node.item)
            if isinstance(item, Const):
                return Const(str(item.value).startswith(node.prefixes))
            return StartsWith(item, node.prefixes)
        case Listed():
            item = visit(node.item)
            if isinstance(item, Const):
                return Const(bool(set(str(item.value).split(",")) & set(node.values)))
            return Listed(item, node.values)
        case Total():
            return Total(tuple(Row(visit(r.condition), visit(r.result), r.because) for r in node.rows))
        case Over():
            return Over(node.how, visit(node.item), node.group, node.order)
        case Not():
            return ~visit(node.part)
        case And():
            return all_of(*map(visit, node.parts))
        case Or():
            return any_of(*map(visit, node.parts))
        case Cases():
            rows = [Row(visit(r.condition), visit(r.result), r.because) for r in node.rows]
            return first_match(*rows, otherwise=visit(node.otherwise))
        case Attempt():
            return Attempt(visit(node.item), visit(node.with_fields), visit(node.without_fields))
        case Named():
            item = visit(node.item)
            return node if item is node.item else Named(f"{node.name} (changed)", item)
        case _:
            return node


def with_threshold(rule: Expr, variable: str, old: float, new: float) -> Expr:
    """Return the rule with the threshold ``old`` on ``variable`` moved to ``new``.

    Raises LookupError if the rule compares the input with no such value; the message lists those it has.

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> with_threshold(age >= 45, "age", 45, 50)
    (age >= 50)
    """
    found = {
        node.right.value
        for node in walk(rule)
        if isinstance(node, Compare) and _reads(node.left, {variable}) and isinstance(node.right, Const)
    }
    if old not in found:
        raise LookupError(f"{variable!r} is not compared with {old!r}; thresholds found: {sorted(found)}")

    def change(node: Expr) -> Expr | None:
        if isinstance(node, Compare) and _reads(node.left, {variable}) and isinstance(node.right, Const):
            if node.right.value == old:
                return Compare(node.op, node.left, Const(new))
        return None

    return transform(rule, change)


def neutral(rule: Expr, values: Mapping[str, Operand]) -> Expr:
    """Return the rule with inputs replaced by a reference value (or by another expression).

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> neutral(age >= 45, {"age": 40})
    False
    """

    def change(node: Expr) -> Expr | None:
        known = isinstance(node, Var) and node.variable.name in values
        return lift(values[node.variable.name]) if known else None  # type: ignore[attr-defined]

    return transform(rule, change)


def dropped(rule: Expr, variables: Iterable[str]) -> Expr:
    """Return the rule without its conditions on ``variables``.

    A row of a decision table whose whole condition goes is removed with it; a condition that stands alone
    becomes true. Raises ValueError where an input enters the arithmetic of a score: it cannot be dropped
    there, only neutralised.

    >>> from bobanalysis.rules import Dictionary, Text, Variable
    >>> d = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("age", "seniority")])
    >>> dropped((d.age >= 50) & (d.seniority > 5), ["age"])
    (seniority > 5)
    """
    names = set(variables)
    memo: dict[int, Expr | None] = {}

    def keep(node: Expr) -> Expr | None:
        """Return the node without its conditions on the inputs; None if nothing is left of it."""
        if id(node) not in memo:
            memo[id(node)] = compute(node)
        return memo[id(node)]

    def whole(node: Expr) -> Expr:
        rest = keep(node)
        return Const(True) if rest is None else rest

    def compute(node: Expr) -> Expr | None:
        match node:
            case Compare() | IsIn() | StartsWith() | Listed() if _reads_itself(node, names):
                return None
            case Compare():
                try:
                    left, right = keep(node.left), keep(node.right)
                except InArithmetic:  # a comparison of a sum that holds the input is a condition on it
                    return None
                return None if left is None or right is None else _compare(node.op, left, right)
            case IsIn():
                item = keep(node.item)
                return None if item is None else IsIn(item, node.values)
            case Total():  # a row that only the input decides goes; its amount too
                counted = [(keep(r.condition), r) for r in node.rows]
                return Total(tuple(Row(c, whole(r.result), r.because) for c, r in counted if c is not None))
            case Over():
                rest = keep(node.item)
                return None if rest is None else Over(node.how, rest, node.group, node.order)
            case Var() if _is_var(node, names):
                if node.variable.kind == "bool":
                    return None
                raise InArithmetic(f"{node.variable.name!r} enters the arithmetic of the rule; use neutral()")
            case Arith() | Round() if _reads_itself(node, names):
                raise InArithmetic(f"{sorted(names)} enter the arithmetic of the rule; use neutral()")
            case Arith():
                return Arith(node.op, whole(node.left), whole(node.right))
            case Round():
                return Round(node.how, whole(node.item))
            case Not():
                part = keep(node.part)
                return None if part is None else ~part
            case And() | Or():
                parts = [p for p in map(keep, node.parts) if p is not None]
                if not parts:
                    return None
                return all_of(*parts) if isinstance(node, And) else any_of(*parts)
            case Cases():
                rows = [(keep(r.condition), r) for r in node.rows]
                kept = [Row(c, whole(r.result), r.because) for c, r in rows if c is not None]
                return first_match(*kept, otherwise=whole(node.otherwise))
            case Named():
                item = keep(node.item)
                if item is None or item is node.item:
                    return None if item is None else node
                return Named(f"{node.name} (changed)", item)
            case Attempt():
                item = keep(node.item)
                if item is None:
                    return None
                return Attempt(item, whole(node.with_fields), whole(node.without_fields))
            case _:
                return node

    return whole(rule)


def _is_var(node: Expr, names: set[str]) -> bool:
    return isinstance(node, Var) and node.variable.name in names


def _reads_itself(node: Expr, names: set[str]) -> bool:
    """Tell whether an expression computes with an input (not with a table whose conditions read it)."""
    if isinstance(node, Cases | Total | Attempt | Over):
        return False
    return _is_var(node, names) or any(_reads_itself(c, names) for c in children(node))


def _reads(node: Expr, names: set[str]) -> bool:
    return any(_is_var(n, names) for n in walk(node))
