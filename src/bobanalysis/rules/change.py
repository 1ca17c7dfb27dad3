"""Change a rule in one place, and find the places: thresholds, another value, blind to an input.

"Blind to an input" has two meanings, and the code that uses it must name one:

*neutral*: every condition on the input is decided as for one reference value (age 40, say);
*dropped*: the condition is removed from the conjunction or the disjunction that it stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from . import expr as e
from .simplify import is_computation
from .words import sentence


class InArithmetic(ValueError):
    """An input that enters the arithmetic of a score: it can be neutralised there, not dropped."""


@dataclass(frozen=True)
class Threshold:
    """A value at which a comparison on an input changes its result.

    ``relation`` is the comparison in words where the bound itself depends on another input.
    """

    variable: e.Variable
    op: str
    value: float | None
    relation: str = ""


def thresholds(rule: e.Expr) -> list[Threshold]:
    """Return every value with which the rule compares an input, each once, in reading order."""
    found: dict[tuple[str, str, float | None, str], Threshold] = {}
    for node in e.walk(rule):
        if not isinstance(node, e.Compare):
            continue
        fixed = node.right.value if isinstance(node.left, e.Var) and isinstance(node.right, e.Const) else None
        if isinstance(fixed, str):
            continue
        relation = "" if fixed is not None else sentence(node, "en")
        value = None if fixed is None else float(fixed)
        for variable in e.inputs(node):
            key = (variable.name, node.op, value, relation)
            found.setdefault(key, Threshold(variable, node.op, value, relation))
    return list(found.values())


def bound(node: e.Expr) -> tuple[str, float] | None:
    """Return what a comparison by order with a number is about, and the number; None for other nodes.

    It is about a named computation, else about the one input that it reads.

    Example:
        >>> from bobanalysis.rules import Dictionary, Named, Text, Variable
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> bound(Named("chance", 1 / age) > 0.66), bound(age.round() < 50), bound(age == 50)
        (('chance', 0.66), ('age', 50.0), None)
    """
    if not isinstance(node, e.Compare) or node.op in ("==", "!=") or not isinstance(node.right, e.Const):
        return None
    value, read = node.right.value, e.inputs(node.left)
    if isinstance(value, bool | str):
        return None
    if isinstance(node.left, e.Named) and is_computation(node.left):
        return node.left.name, float(value)
    known = len(read) == 1 and read[0].kind in ("int", "float", "enum")
    return (read[0].name, float(value)) if known else None


def transform(
    item: e.Expr, change: Callable[[e.Expr], e.Expr | None], leave: Callable[[e.Expr], bool] | None = None
) -> e.Expr:
    """Rebuild an expression from the bottom up.

    Args:
        item: the expression.
        change: gets each rebuilt node and returns its replacement, or None to keep it.
        leave: tells parts to keep with all that is below them (rules used by name, say).

    Returns:
        The expression; parts that nothing changed are the same objects.
    """
    memo: dict[int, e.Expr] = {}

    def visit(node: e.Expr) -> e.Expr:
        if leave is not None and leave(node):
            return node
        if id(node) not in memo:
            rebuilt = e.rebuild(node, visit)
            replacement = change(rebuilt)
            memo[id(node)] = rebuilt if replacement is None else replacement
        return memo[id(node)]

    return visit(item)


def with_bound(rule: e.Expr, name: str, old: float, new: float) -> e.Expr:
    """Return the rule with the number ``old``, by which ``name`` is compared, moved to ``new``.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> with_bound(age >= 45, "age", 45, 50)
        (age >= 50)
    """

    def change(node: e.Expr) -> e.Expr | None:
        moved = isinstance(node, e.Compare) and bound(node) == (name, old)
        return e.Compare(node.op, node.left, e.Const(new)) if moved else None  # type: ignore[attr-defined]

    return transform(rule, change)


def neutral(
    rule: e.Expr, values: Mapping[str, e.Operand], leave: Callable[[e.Expr], bool] | None = None
) -> e.Expr:
    """Return the rule with inputs replaced by a reference value (or by another expression).

    Args:
        rule: the rule.
        values: input name → what is read in its place.
        leave: see ``transform``.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> neutral(age >= 45, {"age": 40})
        False
    """

    def change(node: e.Expr) -> e.Expr | None:
        known = isinstance(node, e.Var) and node.variable.name in values
        return e.as_expr(values[node.variable.name]) if known else None  # type: ignore[attr-defined]

    return transform(rule, change, leave)


def dropped(rule: e.Expr, variables: Iterable[str]) -> e.Expr:
    """Return the rule without its conditions on ``variables``.

    A row of a decision table whose whole condition goes is removed with it; a condition that stands alone
    becomes true.

    Raises:
        ValueError: an input enters the arithmetic of a score: it can only be neutralised there.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable
        >>> d = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("age", "seniority")])
        >>> dropped((d.age >= 50) & (d.seniority > 5), ["age"])
        (seniority > 5)
    """
    names = set(variables)
    memo: dict[int, e.Expr | None] = {}

    def keep(node: e.Expr) -> e.Expr | None:
        """Return the node without its conditions on the inputs; None if nothing is left of it."""
        if id(node) not in memo:
            memo[id(node)] = compute(node)
        return memo[id(node)]

    def whole(node: e.Expr) -> e.Expr:
        rest = keep(node)
        return e.Const(True) if rest is None else rest

    def compute(node: e.Expr) -> e.Expr | None:
        match node:
            case e.Compare() | e.Membership() if _computes_with(node, names):
                return None
            case e.Var() if _is_var(node, names):
                if node.variable.kind == "bool":
                    return None
                raise InArithmetic(f"{node.variable.name!r} enters the arithmetic of the rule; use neutral()")
            case e.Arith() | e.Function() if _computes_with(node, names):
                raise InArithmetic(f"{sorted(names)} enter the arithmetic of the rule; use neutral()")
            case e.Compare():
                try:
                    gone = keep(node.left) is None or keep(node.right) is None
                except InArithmetic:  # a comparison of a sum that holds the input is a condition on it
                    gone = True
                return None if gone else e.rebuild(node, whole)
            case e.Not():
                return None if keep(node.part) is None else e.rebuild(node, whole)
            case e.Membership() | e.Window() | e.Coalesce() | e.Named() if keep(node.item) is None:
                return None
            case e.And() | e.Or():
                parts = [p for p in map(keep, node.parts) if p is not None]
                made = e.all_of(*parts) if isinstance(node, e.And) else e.any_of(*parts)
                return made if parts else None
            case e.Cases() | e.Sum():  # a row that only the input decides goes; its amount too
                kept = [(keep(r.condition), r) for r in node.rows]
                rows = [e.Row(c, whole(r.result), r.because) for c, r in kept if c is not None]
                if isinstance(node, e.Sum):
                    return e.Sum(tuple(rows))
                return e.first_match(*rows, otherwise=whole(node.otherwise))
        return e.rebuild(node, whole)

    return whole(rule)


def _is_var(node: e.Expr, names: set[str]) -> bool:
    return isinstance(node, e.Var) and node.variable.name in names


def _computes_with(node: e.Expr, names: set[str]) -> bool:
    """Tell whether an expression computes with an input (not with a table whose conditions read it)."""
    if isinstance(node, e.Cases | e.Sum | e.Coalesce | e.Window):
        return False
    return _is_var(node, names) or any(_computes_with(c, names) for c in e.children(node))
