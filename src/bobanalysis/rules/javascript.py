"""Compile rules to JavaScript, so that a static page can read them for one person without a server.

Every distinct node becomes one function, read at most once a person, in the order of ``trace``. The script is
a classic one (no module, no network, no ``eval``), so that it works in a page opened from disk. What it
offers is written in docs/decisions/0005-one-expression.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import expr as e
from .simplify import refusals


@dataclass(frozen=True)
class Script:
    """Rules as a classic script: ``text`` declares one object (see ``compile_script``).

    ``conditions`` are the elementary conditions that its answers speak of, by number; ``tables`` the decision
    tables, by number.
    """

    text: str
    conditions: Mapping[int, e.Expr]
    tables: Mapping[int, e.Cases]


def compile_script(rules: Mapping[str, e.Expr], name: str = "rules") -> Script:
    """Compile named rules to a script.

    Args:
        rules: name → expression.
        name: the global object that the script declares.

    Returns:
        The ``Script``. In it, ``rules.read(person, group, forced).answer(name)`` gives the answer, the row
        that decided, what the person is told, and the conditions that were read; ``group`` (by default the
        person alone) and ``forced`` (conditions to take for what they are not, by number) may be left out.
        Numbers are those of Python, but for ``exp``, ``log`` and ``**``, which browsers may round otherwise
        in the last place.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> made = compile_script({"senior": first_match(when(age >= 45, 2), otherwise=0)})
        >>> "return p.age >= 45;" in made.text, list(made.conditions.values())
        (True, [(age >= 45)])
    """
    writer = _Writer(rules)
    bodies = []
    for number, node in enumerate(writer.nodes):
        comment = f"{node.name} ".replace("*/", "* /") if isinstance(node, e.Named) else ""
        bodies.append(f"  /* {number} {comment}*/ function (p, r, t, g) {{ {writer.visit(node)} }}")
    conditions = {k: n for k, n in enumerate(writer.nodes) if _is_elementary(n)}
    tables = {k: n for k, n in enumerate(writer.nodes) if isinstance(n, e.Cases)}
    told = {k: [list(row.because) for row in n.rows] for k, n in tables.items()}
    facts = {
        "INPUTS": [v.name for v in e.inputs(*rules.values())],
        "ROOTS": {rule: writer.number(item) for rule, item in rules.items()},
        "REFUSALS": [[r.kind, list(r.details)] for r in writer.refusals],
        "TOLD": told,
        "NAMED": [k for k, n in enumerate(writer.nodes) if isinstance(n, e.Named)],
        "ELEMENTARY": list(conditions),
    }
    lines = [f"var {name} = (function () {{", '"use strict";']
    lines += [f"var {key} = {json.dumps(fact, ensure_ascii=False)};" for key, fact in facts.items()]
    lines += [
        "var NODES = [",
        ",\n".join(bodies),
        "];",
        _RUNTIME.read_text("utf-8").rstrip("\n"),
        "})();",
        "",
    ]
    return Script("\n".join(lines), conditions, tables)


def literal(value: Any) -> str:
    """Write a value of an expression in JavaScript.

    >>> literal(True), literal(2.5), literal("l’âge"), literal(math.inf)
    ('true', '2.5', '"l’âge"', 'Infinity')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("</", "<\\/")


def _is_elementary(item: e.Expr) -> bool:
    """Tell whether a condition only compares inputs, so that it can be said in a few words."""
    plain = (e.Var, e.Const, e.Arith, e.Function)
    return e.is_elementary(item) and all(isinstance(n, plain) for c in e.children(item) for n in e.walk(c))


_RUNTIME = Path(__file__).with_name("runtime.js")


_MEMBERSHIP: dict[type[e.Expr], str] = {
    e.IsIn: "[{1}].indexOf({0}) >= 0",
    e.StartsWith: "begins({0}, [{1}])",
    e.Contains: "lists({0}, [{1}])",
}
_CALLED = {
    **{"==": "===", "!=": "!=="},
    **{"round": "halfEven", "floor": "Math.floor", "exp": "Math.exp", "log": "Math.log", "neg": "-"},
}


class _Writer(e.Visitor):
    """Gives every node that is read through ``r`` its number, and writes its function."""

    def __init__(self, rules: Mapping[str, e.Expr]) -> None:
        self.nodes: list[e.Expr] = []
        self._numbers: dict[int, int] = {}
        self.refusals = refusals(*rules.values())
        self._refusal_numbers = {id(node): k for k, node in enumerate(self.refusals)}
        for node in e.walk(*rules.values()):
            if not isinstance(node, e.Row) and not self._is_inline(node):
                self._number(node)
        windows = [node.item for node in self.nodes if isinstance(node, e.Window)]
        for rule in [*rules.values(), *windows]:  # read through a node even if it is an input or a constant
            self._number(rule)

    def _is_inline(self, node: e.Expr) -> bool:
        return isinstance(node, e.Const) or (isinstance(node, e.Var) and not e.is_condition(node))

    def _number(self, node: e.Expr) -> None:
        if id(node) not in self._numbers:
            self._numbers[id(node)] = len(self.nodes)
            self.nodes.append(node)

    def number(self, node: e.Expr) -> int:
        return self._numbers[id(node)]

    def use(self, node: e.Expr) -> str:
        """Write the use of a node in another one's function."""
        if isinstance(node, e.Const):
            return literal(node.value)
        return self._input(node) if self._is_inline(node) else f"r({self.number(node)})"

    def _input(self, node: e.Expr) -> str:
        assert isinstance(node, e.Var)
        name = node.variable.name
        return f"p.{name}" if name.isascii() and name.isidentifier() else f"p[{literal(name)}]"

    # the statements of a node's function: ``p`` person, ``r`` read, ``t`` trace, ``g`` group

    def _var(self, node: e.Var) -> str:
        return f"return {self._input(node)};"

    def _const(self, node: e.Const) -> str:
        return f"return {literal(node.value)};"

    def _named(self, node: e.Named) -> str:
        return f"return {self.use(node.item)};"

    def _undefined(self, node: e.Undefined) -> str:
        return f"throw refusals[{self._refusal_numbers[id(node)]}];"

    def _not(self, node: e.Not) -> str:
        return f"return !{self.use(node.part)};"

    def _compare(self, node: e.Compare) -> str:
        return f"return {self.use(node.left)} {_CALLED.get(node.op, node.op)} {self.use(node.right)};"

    def _arith(self, node: e.Arith) -> str:
        left, right = self.use(node.left), self.use(node.right)
        if node.op in ("min", "max"):
            return f"return {node.op}({left}, {right});"
        return f"return ({left}) {node.op} ({right});"

    def _function(self, node: e.Function) -> str:
        return f"return {_CALLED[node.how]}({self.use(node.item)});"

    def _membership(self, node: e.Membership) -> str:
        asked = _MEMBERSHIP[type(node)]
        return f"return {asked.format(self.use(node.item), ', '.join(map(literal, node.values)))};"

    def _and(self, node: e.And | e.Or) -> str:
        sign = " && " if isinstance(node, e.And) else " || "
        return f"return !!({sign.join(map(self.use, node.parts))});"

    _or = _and

    def _cases(self, node: e.Cases) -> str:
        rows = [
            f"t.from = t.parts.length; if ({self.use(row.condition)}) "
            f"{{ t.row = {k}; return {self.use(row.result)}; }}"
            for k, row in enumerate(node.rows)
        ]
        return " ".join([*rows, f"t.from = 0; return {self.use(node.otherwise)};"])

    def _sum(self, node: e.Sum) -> str:
        rows = [
            f"c = {self.use(row.condition)}; v = {self.use(row.result)}; s += c ? v : 0;" for row in node.rows
        ]
        return " ".join(["var s = 0, c, v;", *rows, "return s;"])

    def _coalesce(self, node: e.Coalesce) -> str:
        return (
            f"try {{ return {self.use(node.item)}; }} catch (e) {{ lacking(e); "
            f"return e.details.length ? {self.use(node.with_fields)} : {self.use(node.without_fields)}; }}"
        )

    def _window(self, node: e.Window) -> str:
        order = literal(node.order.variable.name)
        return f"return over(g, {order}, {literal(node.how)}, {self.number(node.item)});"
