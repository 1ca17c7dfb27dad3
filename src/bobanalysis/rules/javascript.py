"""Compile rules to JavaScript, so that a static page can read them for one person without a server.

The script is made from the same expressions as everything else: every distinct node becomes one function,
shared by all the rules that use it, and is read at most once a person. Reading goes in the order of
``trace``: from left to right and from top to bottom; the first refusal that is met ends it. The script says,
like a trace, which row of a table decided, what the person is told, and which conditions were read and held.

The script is a classic one (no module, no network, no ``eval``), so that it works in a page opened from disk.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    Or,
    Over,
    Refuse,
    Round,
    Row,
    StartsWith,
    Total,
    Var,
    children,
    inputs,
    walk,
)


@dataclass(frozen=True)
class Script:
    """Rules as a classic script: ``text`` declares one object (see ``compile_script``).

    ``conditions`` are the elementary conditions that its answers speak of, by number; ``tables`` the decision
    tables, by number.
    """

    text: str
    conditions: Mapping[int, Expr]
    tables: Mapping[int, Cases]


def compile_script(rules: Mapping[str, Expr], name: str = "rules") -> Script:
    """Compile named rules to a script.

    Parameters: ``rules``, name → expression; ``name``, the global object that the script declares. In
    JavaScript, ``rules.read(person, group, forced)`` takes an object with a value for each of ``rules.inputs``
    (and the rows of the person's group, by default this one alone; and conditions to take for what they are
    not, by number) and returns a reader, of which ``answer(name)`` gives

    - ``value`` (undefined where the rule refuses) and ``refusal`` (null, or ``kind`` and ``details``);
    - ``table`` and ``row``: the number of the decision table and of its row that decided, from 0 (null for
      "otherwise"; both null where the rule is no table); ``because``, codes of what the person is told;
    - ``conditions``: pairs of the number of an elementary condition and whether it held, as they were read;
      ``deciding``: those of the row that decided.

    ``reader.value(name)`` and ``reader.refusal(name)`` give these alone, ``rules.fill(detail, person)`` a
    detail of a refusal with its inputs. An input that is not there is an error that names it. Windows over a
    group say nothing of their conditions.

    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> made = compile_script({"senior": first_match(when(age >= 45, 2), otherwise=0)})
    >>> "return p.age >= 45;" in made.text, list(made.conditions.values())
    (True, [(age >= 45)])
    """
    writer = _Writer(rules)
    bodies = [
        f"  /* {number} {_comment(node)}*/ function (p, r, t, g) {{ {writer.body(node)} }}"
        for number, node in enumerate(writer.nodes)
    ]
    conditions = {k: n for k, n in enumerate(writer.nodes) if _is_elementary(n)}
    tables = {k: n for k, n in enumerate(writer.nodes) if isinstance(n, Cases)}
    told = {k: [list(row.because) for row in n.rows] for k, n in tables.items()}
    facts = {
        "INPUTS": [v.name for v in inputs(*rules.values())],
        "ROOTS": {rule: writer.number(item) for rule, item in rules.items()},
        "REFUSALS": [[r.kind, list(r.details)] for r in writer.refusals],
        "TOLD": told,
        "NAMED": [k for k, n in enumerate(writer.nodes) if isinstance(n, Named)],
        "ELEMENTARY": list(conditions),
    }
    lines = [f"var {name} = (function () {{", '"use strict";']
    lines += [f"var {key} = {json.dumps(fact, ensure_ascii=False)};" for key, fact in facts.items()]
    lines += ["var NODES = [", ",\n".join(bodies), "];", _RUNTIME, "})();", ""]
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


def _is_elementary(item: Expr) -> bool:
    """Tell whether a condition only compares inputs, so that it can be said in a few words."""
    if isinstance(item, Var):
        return item.variable.kind == "bool"
    if not isinstance(item, Compare | IsIn | StartsWith | Listed):
        return False
    return all(isinstance(n, Var | Const | Arith | Round) for part in children(item) for n in walk(part))


def _comment(node: Expr) -> str:
    return f"{node.name} ".replace("*/", "* /") if isinstance(node, Named) else ""


_OPERATORS = {"==": "===", "!=": "!=="}


class _Writer:
    """Gives every node that is read through ``r`` its number, and writes its function."""

    def __init__(self, rules: Mapping[str, Expr]) -> None:
        self.nodes: list[Expr] = []
        self._numbers: dict[int, int] = {}
        self.refusals = [node for node in walk(*rules.values()) if isinstance(node, Refuse)]
        self._refusal_numbers = {id(node): k for k, node in enumerate(self.refusals)}
        for node in walk(*rules.values()):
            if not isinstance(node, Row) and not self._is_inline(node):
                self._number(node)
        windows = [node.item for node in self.nodes if isinstance(node, Over)]
        for rule in [*rules.values(), *windows]:  # read through a node even if it is an input or a constant
            self._number(rule)

    def _is_inline(self, node: Expr) -> bool:
        return isinstance(node, Const) or (isinstance(node, Var) and node.variable.kind != "bool")

    def _number(self, node: Expr) -> None:
        if id(node) not in self._numbers:
            self._numbers[id(node)] = len(self.nodes)
            self.nodes.append(node)

    def number(self, node: Expr) -> int:
        return self._numbers[id(node)]

    def use(self, node: Expr) -> str:
        """Write the use of a node in another one's function."""
        if isinstance(node, Const):
            return literal(node.value)
        return self._input(node) if self._is_inline(node) else f"r({self.number(node)})"

    def _input(self, node: Expr) -> str:
        assert isinstance(node, Var)
        name = node.variable.name
        return f"p.{name}" if name.isascii() and name.isidentifier() else f"p[{literal(name)}]"

    def body(self, node: Expr) -> str:
        """Write the statements of a node's function: ``p`` person, ``r`` read, ``t`` trace, ``g`` group."""
        match node:
            case Var():
                return f"return {self._input(node)};"
            case Const():
                return f"return {literal(node.value)};"
            case Named():
                return f"return {self.use(node.item)};"
            case Refuse():
                return f"throw refusals[{self._refusal_numbers[id(node)]}];"
            case Not():
                return f"return !{self.use(node.part)};"
            case Compare():
                operator = _OPERATORS.get(node.op, node.op)
                return f"return {self.use(node.left)} {operator} {self.use(node.right)};"
            case Arith():
                left, right = self.use(node.left), self.use(node.right)
                if node.op in ("min", "max"):
                    return f"return {node.op}({left}, {right});"
                return f"return ({left}) {node.op} ({right});"
            case Round():
                return f"return {'halfEven' if node.how == 'round' else 'Math.floor'}({self.use(node.item)});"
            case IsIn():
                values = ", ".join(map(literal, node.values))
                return f"return [{values}].indexOf({self.use(node.item)}) >= 0;"
            case StartsWith():
                return f"return begins({self.use(node.item)}, [{', '.join(map(literal, node.prefixes))}]);"
            case Listed():
                return f"return lists({self.use(node.item)}, [{', '.join(map(literal, node.values))}]);"
            case And() | Or():
                sign = " && " if isinstance(node, And) else " || "
                return f"return !!({sign.join(map(self.use, node.parts))});"
            case Cases():
                rows = [
                    f"t.from = t.parts.length; if ({self.use(row.condition)}) "
                    f"{{ t.row = {k}; return {self.use(row.result)}; }}"
                    for k, row in enumerate(node.rows)
                ]
                return " ".join([*rows, f"t.from = 0; return {self.use(node.otherwise)};"])
            case Total():
                rows = [
                    f"c = {self.use(row.condition)}; v = {self.use(row.result)}; s += c ? v : 0;"
                    for row in node.rows
                ]
                return " ".join(["var s = 0, c, v;", *rows, "return s;"])
            case Attempt():
                return (
                    f"try {{ return {self.use(node.item)}; }} catch (e) {{ lacking(e); "
                    f"return e.details.length ? {self.use(node.with_fields)} : "
                    f"{self.use(node.without_fields)}; }}"
                )
            case Over():
                order = literal(node.order.variable.name)
                return f"return over(g, {order}, {literal(node.how)}, {self.number(node.item)});"
        raise TypeError(f"cannot compile {type(node).__name__}")


_RUNTIME = """\
function Refusal(kind, details) { this.kind = kind; this.details = details; }
var refusals = REFUSALS.map(function (r) { return new Refusal(r[0], r[1]); });
var named = {}, elementary = {};
NAMED.forEach(function (k) { named[k] = true; });
ELEMENTARY.forEach(function (k) { elementary[k] = true; });
function min(a, b) { return b < a ? b : a; }
function max(a, b) { return b > a ? b : a; }
function halfEven(v) {
  var down = Math.floor(v), rest = v - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}
function begins(text, prefixes) { return prefixes.some(function (s) { return text.indexOf(s) === 0; }); }
function lists(text, values) { return text.split(",").some(function (s) { return values.indexOf(s) >= 0; }); }
function lacking(e) { if (!(e instanceof Refusal) || e.kind === "error") throw e; }
function over(group, order, how, k) {
  var rows = group.slice().sort(function (a, b) { return a[order] - b[order]; });
  var first;
  for (var n = 0; n < rows.length; n++) {
    var value = reading(rows[n], group)(k);
    if ((+value === 0) === (how === "all")) return value;
    if (n === 0) first = value;
  }
  return how === "all" ? first : 0;
}
function reading(person, group, forced) {
  var stack = [], seen = r.seen = [];
  function r(k) {
    if (stack.length) stack[stack.length - 1].parts.push(k);
    var t = seen[k];
    if (!t) {
      t = { value: undefined, refusal: null, parts: [], row: null, from: 0 };
      stack.push(t);
      try { t.value = forced && k in forced ? forced[k] : NODES[k](person, r, t, group); }
      catch (e) { if (!(e instanceof Refusal)) throw e; t.refusal = e; }
      finally { stack.pop(); }
      seen[k] = t;
    }
    if (t.refusal) throw t.refusal;
    return t.value;
  }
  return r;
}
function read(person, group, forced) {
  INPUTS.forEach(function (name) {
    if (person[name] === undefined || person[name] === null) {
      throw new Error("the input " + name + " is missing");
    }
  });
  var r = reading(person, group || [person], forced);
  function of(name) {
    if (!Object.prototype.hasOwnProperty.call(ROOTS, name)) throw new Error("no rule is called " + name);
    try { r(ROOTS[name]); } catch (e) { if (!(e instanceof Refusal)) throw e; }
    return ROOTS[name];
  }
  function conditions(parts) {
    var met = {}, found = [];
    function each(k) {
      if (met[k]) return;
      met[k] = true;
      if (elementary[k]) found.push([k, r.seen[k].value]);
      else r.seen[k].parts.forEach(each);
    }
    parts.forEach(each);
    return found;
  }
  return {
    value: function (name) { return r.seen[of(name)].value; },
    refusal: function (name) { return r.seen[of(name)].refusal; },
    answer: function (name) {
      var root = of(name), k = root;
      while (named[k] && r.seen[k].parts.length) k = r.seen[k].parts[0];
      var t = r.seen[k], table = TOLD[k] || null;
      return {
        value: t.value,
        refusal: t.refusal && { kind: t.refusal.kind, details: t.refusal.details },
        table: table && k,
        row: t.row,
        because: table && t.row !== null ? table[t.row] : [],
        conditions: conditions([root]),
        deciding: conditions(table ? t.parts.slice(t.from) : [root])
      };
    }
  };
}
function fill(detail, person) {
  return detail.replace(/\\{(\\w+)\\}/g, function (whole, name) {
    return name in person ? person[name] : whole;
  });
}
return { names: Object.keys(ROOTS), inputs: INPUTS, read: read, fill: fill };"""
