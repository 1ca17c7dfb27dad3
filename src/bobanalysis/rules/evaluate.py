"""Evaluate rules on a whole frame at once.

A rule becomes a pair of columns: its value and, only if it can refuse to answer, a status (0 = a value,
otherwise the place of the refusal in a small table). Named sub-rules are computed once, layer by layer, as
columns that later layers read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import polars as pl

from bobanalysis.tables import to_polars

from . import expr as e
from .simplify import can_refuse, refusals

STATUS = "?"  # suffix of a status column
MANY = 10_000  # values of a text of which what follows from them is not kept


class Pair(NamedTuple):
    """A compiled rule: its value and, if it can refuse, its status."""

    value: pl.Expr
    status: pl.Expr | None


@dataclass(frozen=True)
class Evaluation:
    """What rules answered: a frame, and what the numbers of its status columns mean.

    ``frame`` holds the columns that were kept, one column a rule, and ``<rule>?`` beside each rule that can
    refuse: 0 where it answered, else k for ``refusals[k - 1]`` (the value is then null).
    """

    frame: Any
    refusals: tuple[e.Undefined, ...]

    def statuses(self, kind: str) -> list[int]:
        """Return the status numbers of one kind of refusal: "missing" or "error"."""
        return [k for k, refusal in enumerate(self.refusals, 1) if refusal.kind == kind]


def evaluate(rules: Mapping[str, e.Expr], frame: Any, keep: Iterable[str] = ()) -> Evaluation:
    """Evaluate named rules on a frame.

    Args:
        rules: name → expression.
        frame: of Polars, pandas or PyArrow; one row a case, with a column for each input and no nulls in it
            (fill them with the dictionary's defaults).
        keep: columns of the frame to carry over.

    Returns:
        An ``Evaluation`` whose frame is of the type that was given.

    Raises:
        KeyError: a column is missing; the message names the rules that read it.
        ValueError: a column holds nulls, or is of another type than its input; row and column are named.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> senior = first_match(when(age >= 45, 2), otherwise=0)
        >>> evaluate({"senior": senior}, pl.DataFrame({"age": [44, 45]})).frame["senior"].to_list()
        [0, 2]
    """
    work, back = to_polars(frame)
    plan = _plan((*rules,), (*rules.values(),))
    _check(rules, plan.read, work)
    for name in plan.told:
        work = work.hstack(_told(work[name], plan).get_columns())
    for columns in plan.layers:
        work = work.with_columns(columns)
    return Evaluation(back(work.with_columns(**plan.out).select(*keep, *plan.out)), plan.table)


class _Plan(NamedTuple):
    """Compiled rules: what they may refuse and read; columns, layer by layer, then those of the answers.

    ``told``: those that follow from one text input alone, by its name. A text has few values (a job, say):
    its columns are computed once for each, kept in ``values`` for the next frame, and gathered.
    """

    table: tuple[e.Undefined, ...]
    read: list[e.Variable]
    told: dict[str, list[list[pl.Expr]]]
    layers: list[list[pl.Expr]]
    out: dict[str, pl.Expr]
    values: dict[str, pl.DataFrame]


@lru_cache(maxsize=32)
def _plan(names: tuple[str, ...], rules: tuple[e.Expr, ...]) -> _Plan:
    plan = _Plan(refusals(*rules), e.inputs(*rules), {}, [], {}, {})
    compiler = _Compiler(plan.table)
    for layer in _layers(rules):
        found: dict[str, list[pl.Expr]] = {}
        for node in layer:
            read = e.inputs(node)
            alone = read[0].name if [v.kind for v in read] == ["text"] else ""
            found.setdefault(alone, []).extend(compiler.columns(node))
        plan.layers.append(found.pop("", []))
        for name, columns in found.items():
            plan.told.setdefault(name, []).append(columns)
    for name, rule in zip(names, rules, strict=True):
        value, status = compiler.compile(rule)
        plan.out[name] = value
        if status is not None:
            plan.out.update({name: pl.when(status == 0).then(value), name + STATUS: status})
    return plan


def _told(column: pl.Series, plan: _Plan) -> pl.DataFrame:
    """Return the columns that follow from a text input alone."""
    name, texts = column.name, column.cast(pl.String)
    none = pl.DataFrame(schema={name: pl.String})
    values = plan.values.get(name, none)
    places = texts.cast(pl.Enum(values[name]), strict=False)
    if places.null_count() or values.width == 1:  # of no people, the columns are read all the same
        values = pl.concat([values.select(name), texts.unique().to_frame()]).unique()
        for columns in plan.told[name]:
            values = values.with_columns(columns)
        plan.values[name] = values if values.height < MANY else none
        places = texts.cast(pl.Enum(values[name]))
    return values.drop(name)[places.to_physical()]


def _check(rules: Mapping[str, e.Expr], read: Iterable[e.Variable], frame: pl.DataFrame) -> None:
    """Refuse a frame that lacks a column, holds one of another type, or a null that a rule would read."""
    types = frame.schema
    for variable in read:
        name = variable.name
        if name not in types:
            raise KeyError(
                f"column {name!r} is missing; it is read by {_readers(rules, variable)}. "
                f"Add it, or fill it with its default ({variable.default!r})."
            )
        if nulls := frame[name].null_count():
            raise ValueError(
                f"column {name!r} has {nulls} empty cells (nulls), the first in row "
                f"{frame[name].is_null().arg_true()[0] + 1}; it is read by "
                f"{_readers(rules, variable)}. Fill them, with its default ({variable.default!r}) for "
                "instance, or leave these rows out."
            )
        if not _fits(variable.kind, types[name]):
            known = [f"{c.name} is {c.number}" for c in variable.choices]
            few = f" ({'; '.join([*known[:3], *['…'][: len(known) > 3]])})" if known else ""
            raise ValueError(
                f"column {name!r} is of type {types[name]}, but the input is of kind {variable.kind}; it is "
                f"read by {_readers(rules, variable)}. Give {e.KINDS[variable.kind].wanted}{few}."
            )


def _fits(kind: str, dtype: Any) -> bool:
    """Tell whether a column of a type can hold an input of a kind."""
    texts = {"bool": (pl.Boolean,), "text": (pl.String, pl.Categorical, pl.Enum)}.get(kind)
    return dtype in texts if texts else bool(dtype.is_numeric())


def _readers(rules: Mapping[str, e.Expr], variable: e.Variable) -> str:
    first, *others = (name for name, rule in rules.items() if variable in e.inputs(rule))
    return repr(first) + (f" and {len(others)} more rules" if others else "")


def _layers(rules: Iterable[e.Expr]) -> list[list[e.Named | e.Window]]:
    """Sort named sub-rules and windows by depth: one stands in a later layer than those it reads."""
    depth: dict[int, int] = {}

    def measure(node: e.Expr) -> int:
        if id(node) not in depth:
            below = max((measure(c) for c in e.children(node)), default=0)
            depth[id(node)] = below + isinstance(node, e.Named | e.Window)
        return depth[id(node)]

    layers: dict[int, list[e.Named | e.Window]] = {}
    roots = list(rules)
    for root in roots:
        measure(root)
    for node in e.walk(*roots):
        if isinstance(node, e.Window) or (isinstance(node, e.Named) and not _is_simple(node.item)):
            layers.setdefault(depth[id(node)], []).append(node)
    return [layers[d] for d in sorted(layers)]


def _is_simple(item: e.Expr) -> bool:
    """Tell whether an expression is so cheap that a column of its own would be waste."""
    if isinstance(item, e.Not):
        return _is_simple(item.part)
    to_constant = isinstance(item, e.Compare) and isinstance(item.right, e.Const)
    return isinstance(item.left if to_constant else item, e.Var | e.Const)  # type: ignore[attr-defined]


_OPERATORS: dict[str, Any] = e.ARITHMETIC | {  # what a column calls otherwise than a number
    "**": lambda a, b: a**b,
    "min": lambda *given: pl.min_horizontal(*given),
    "max": lambda *given: pl.max_horizontal(*given),
    "round": lambda v: v.round(mode="half_to_even"),
    "floor": lambda v: v.floor(),
    "neg": lambda v: v * -1.0,
    "exp": lambda v: v.exp(),
    "log": lambda v: v.log(),
}

_PATTERNS: dict[type[e.Expr], str] = {e.StartsWith: "^(?:{})", e.Contains: "(?:^|,)(?:{})(?:,|$)"}


class _Compiler(e.Visitor):
    """Turns expressions into Polars expressions, each node once."""

    def __init__(self, table: tuple[e.Undefined, ...]) -> None:
        self._code = {id(refusal): k for k, refusal in enumerate(table, 1)}
        self._pairs: dict[int, Pair] = {}
        self._memo: dict[int, frozenset[e.Undefined]] = {}
        self._coded: dict[int, pl.Expr] = {}  # texts as categories, which are compared faster

    def columns(self, node: e.Named | e.Window) -> list[pl.Expr]:
        """Return the columns of a named rule or window; from now on it is read from them."""
        value, status = self.visit(node)
        column = f"= {getattr(node, 'name', 'window')} #{len(self._pairs)}"  # a changed rule keeps its name
        read = pl.col(column)
        if (coded := self._coded.get(id(node))) is not None:
            self._coded[id(node)], value, read = read, coded, read.cast(pl.String)
        self._pairs[id(node)] = Pair(read, None if status is None else pl.col(column + STATUS))
        return [value.alias(column), *([] if status is None else [status.alias(column + STATUS)])]

    def _window(self, over: e.Window) -> Pair:
        """Return what the first row says that decides: it refuses, or its score is (for "any": is not) 0."""
        pair = self.compile(over.item)
        group, order = over.group.variable.name, pl.col(over.order.variable.name)
        decides = (pair.value == 0) if over.how == "all" else (pair.value != 0)
        if pair.status is not None:
            decides = decides | (pair.status != 0)

        def first(said: pl.Expr) -> pl.Expr:
            place = order.filter(decides).arg_min()
            return said.filter(decides).get(place, null_on_oob=True).over(group)

        value = pair.value.cast(pl.Float64)
        none = value.get(order.arg_min()).over(group) if over.how == "all" else pl.lit(0.0)
        status = None if pair.status is None else first(pair.status).fill_null(0)
        return Pair(pl.coalesce(first(value), none), status)

    def _number(self, item: e.Expr) -> Pair:
        """Return a term of a sum or product: answers are widened, or small integers would overflow."""
        pair = self.compile(item)
        return Pair(pair.value.cast(pl.Float64), pair.status) if isinstance(item, e.Var) else pair

    def compile(self, item: e.Expr) -> Pair:
        """Return the value and the status of an expression."""
        if id(item) not in self._pairs:
            self._pairs[id(item)] = self.visit(item)
        return self._pairs[id(item)]

    def _var(self, item: e.Var) -> Pair:
        return Pair(pl.col(item.variable.name), None)

    def _const(self, item: e.Const) -> Pair:
        return Pair(pl.lit(item.value), None)

    def _named(self, item: e.Named) -> Pair:
        pair = self.compile(item.item)
        if id(item.item) in self._coded:
            self._coded[id(item)] = self._coded[id(item.item)]
        return pair

    def _compare(self, item: e.Compare) -> Pair:
        left, right = self.compile(item.left), self.compile(item.right)
        equal = item.op in ("==", "!=") and isinstance(item.right, e.Const)
        value = self._coded.get(id(item.left), left.value) if equal else left.value
        return Pair(e.COMPARISONS[item.op](value, right.value), _first(left.status, right.status))

    def _arith(self, item: e.Arith) -> Pair:
        left, right = self._number(item.left), self._number(item.right)
        return Pair(_OPERATORS[item.op](left.value, right.value), _first(left.status, right.status))

    def _function(self, item: e.Function) -> Pair:
        inner = self._number(item.item)
        return Pair(_OPERATORS[item.how](inner.value), inner.status)

    def _isin(self, item: e.IsIn) -> Pair:
        inner = self.compile(item.item)
        return Pair(inner.value.is_in(list(item.values)), inner.status)

    def _membership(self, item: e.Membership) -> Pair:
        inner = self.compile(item.item)
        pattern = _PATTERNS[type(item)].format("|".join(map(re.escape, item.values)))
        return Pair(inner.value.str.contains(pattern), inner.status)

    def _not(self, item: e.Not) -> Pair:
        inner = self.compile(item.part)
        return Pair(~inner.value, inner.status)

    def _undefined(self, item: e.Undefined) -> Pair:
        return Pair(pl.lit(0), pl.lit(self._code[id(item)], dtype=pl.Int16))

    def _and(self, item: e.And | e.Or) -> Pair:
        """Combine conditions from left to right; a refusal counts only if nothing before it decided."""
        pairs = [self.compile(part) for part in item.parts]
        combine = (lambda a, b: a & b) if isinstance(item, e.And) else (lambda a, b: a | b)
        value = reduce(combine, (p.value for p in pairs))
        status: pl.Expr | None = None
        for pair in reversed(pairs):
            decided = ~pair.value if isinstance(item, e.And) else pair.value
            status = _first(pair.status, _pick(decided, None, status))
        return Pair(value, status)

    _or = _and

    def _cases(self, item: e.Cases) -> Pair:
        """Read a decision table from the bottom up, so that its first row decides."""
        blank = pl.lit(False) if e.is_condition(item) else pl.lit(0)
        results = [item.otherwise, *(row.result for row in item.rows)]
        texts = [r.value for r in results if isinstance(r, e.Const) and isinstance(r.value, str)]
        coded = pl.Enum([*dict.fromkeys(texts)]) if len(texts) == len(results) else None
        value, status = self._result(item.otherwise, blank, coded)
        for row in reversed(item.rows):
            assert isinstance(row, e.Row)
            condition = self.compile(row.condition)
            result, result_status = self._result(row.result, blank, coded)
            value = pl.when(condition.value).then(result).otherwise(value)
            status = _first(condition.status, _pick(condition.value, result_status, status))
        if coded:
            self._coded[id(item)], value = value, value.cast(pl.String)
        return Pair(value, status)

    def _sum(self, item: e.Sum) -> Pair:
        value: pl.Expr = pl.lit(0.0)
        status: pl.Expr | None = None
        for row in item.rows:
            condition, result = self.compile(row.condition), self._number(row.result)
            value = value + pl.when(condition.value).then(result.value).otherwise(0)
            status = _first(_first(status, condition.status), result.status)
        return Pair(value, status)

    def _result(self, item: e.Expr, blank: pl.Expr, coded: pl.Enum | None) -> Pair:
        pair = self.compile(item)
        value = blank if isinstance(item, e.Undefined) else pair.value
        return Pair(value.cast(coded) if coded else value, pair.status)

    def _coalesce(self, item: e.Coalesce) -> Pair:
        inner = self.compile(item.item)
        if inner.status is None:
            return inner
        possible = can_refuse(item.item, self._memo)
        fields = [self._code[id(r)] for r in possible if r.kind == "missing" and r.details]
        bare = [self._code[id(r)] for r in possible if r.kind == "missing" and not r.details]
        value, status = inner.value, inner.status
        final: pl.Expr | None = status if any(r.kind == "error" for r in possible) else None
        for codes, replacement in ((fields, item.with_fields), (bare, item.without_fields)):
            if codes:
                caught = status.is_in(codes)
                new = self.compile(replacement)
                value = pl.when(caught).then(new.value).otherwise(value)
                final = _pick(caught, new.status, final)
        return Pair(value, final)


def _pick(condition: pl.Expr, then: pl.Expr | None, otherwise: pl.Expr | None) -> pl.Expr | None:
    """Return one status where a condition holds, another elsewhere (None: there is a value)."""
    if then is None and otherwise is None:
        return None
    here, after = (pl.lit(0, dtype=pl.Int16) if s is None else s for s in (then, otherwise))
    return pl.when(condition).then(here).otherwise(after)


def _first(left: pl.Expr | None, right: pl.Expr | None) -> pl.Expr | None:
    """Return the status of two parts that are read one after the other."""
    if left is None or right is None:
        return right if left is None else left
    return pl.when(left != 0).then(left).otherwise(right)
