"""Trace a rule for one person: which conditions held, with their values, and what is missing.

The tracer reads the same expressions as the columnar evaluation, one person at a time, and keeps what it
read. It is also the row-at-a-time evaluation that tests and benchmarks hold the columnar one against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import expr as e


@dataclass(frozen=True)
class Trace:
    """What was read of one expression: its value or its refusal, and the parts that were looked at.

    ``row`` is, for a decision table, the number of the row that decided (None for the last, "otherwise").
    """

    item: e.Expr
    value: Any
    refusal: e.Undefined | None
    parts: tuple[Trace, ...] = ()
    row: int | None = None

    @property
    def answered(self) -> bool:
        """Tell whether there is a value."""
        return self.refusal is None

    def because(self) -> tuple[str, ...]:
        """Return the codes of what the person is told: those of the row that decided."""
        if isinstance(self.item, e.Named):
            return self.parts[0].because()
        if isinstance(self.item, e.Cases) and self.row is not None:
            return self.item.rows[self.row].because
        return ()

    def decisive(self) -> Iterator[Trace]:
        """Iterate over the elementary conditions that were read, in order."""
        if e.is_elementary(self.item):
            yield self
            return
        for part in self.parts:
            yield from part.decisive()

    def terms(self) -> Iterator[Term]:
        """Iterate over the terms of a sum that were read, with the sum so far.

        Example:
            >>> from bobanalysis.rules import Dictionary, Text, Variable, total, when
            >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
            >>> [(t.counts, t.so_far) for t in trace(total(when(age > 50, 2)), {"age": 60}).terms()]
            [(True, 2.0)]
        """
        so_far = 0.0
        pairs = zip(self.parts[::2], self.parts[1::2], strict=False) if isinstance(self.item, e.Sum) else ()
        for condition, amount in pairs:
            if amount.answered:
                so_far += amount.value if condition.value else 0
            yield Term(condition, amount, so_far)


@dataclass(frozen=True)
class Term:
    """One term of a sum for one person; ``so_far`` is the sum up to it."""

    condition: Trace
    amount: Trace
    so_far: float

    @property
    def counts(self) -> bool:
        """Tell whether the condition holds, so that the amount is added."""
        return bool(self.condition.value)


def trace(rule: e.Expr, person: Mapping[str, Any], group: Sequence[Mapping[str, Any]] | None = None) -> Trace:
    """Read a rule for one person.

    Args:
        rule: the rule.
        person: input name → value; every input that is reached must be there.
        group: the rows of the same group (all projects of the person) for rules that read them all; by
            default this one alone.

    Returns:
        The ``Trace``; its ``value`` is what the columnar evaluation gives for the same person.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
        >>> trace(first_match(when(age >= 45, 2), otherwise=0), {"age": 50}).value
        2
    """
    return _Tracer(person, [person] if group is None else group).read(rule)


class _Tracer(e.Visitor):
    def __init__(self, person: Mapping[str, Any], group: Sequence[Mapping[str, Any]]) -> None:
        self.person = person
        self.group = group
        self.seen: dict[int, Trace] = {}

    def read(self, item: e.Expr) -> Trace:
        if id(item) not in self.seen:
            self.seen[id(item)] = self.visit(item)
        return self.seen[id(item)]

    def _all(self, item: e.Expr, parts: Sequence[e.Expr], function: Callable[..., Any]) -> Trace:
        """Read parts one after the other, then compute; the first refusal ends the reading."""
        read: list[Trace] = []
        for part in parts:
            read.append(self.read(part))
            if not read[-1].answered:
                return Trace(item, None, read[-1].refusal, tuple(read))
        return Trace(item, function(*(t.value for t in read)), None, tuple(read))

    def _var(self, item: e.Var) -> Trace:
        return Trace(item, self.person[item.variable.name], None)

    def _const(self, item: e.Const) -> Trace:
        return Trace(item, item.value, None)

    def _undefined(self, item: e.Undefined) -> Trace:
        return Trace(item, None, item)

    def _named(self, item: e.Named) -> Trace:
        return self._all(item, [item.item], lambda v: v)

    def _not(self, item: e.Not) -> Trace:
        return self._all(item, [item.part], lambda v: not v)

    def _compare(self, item: e.Compare) -> Trace:
        return self._all(item, [item.left, item.right], e.COMPARISONS[item.op])

    def _arith(self, item: e.Arith) -> Trace:
        return self._all(item, [item.left, item.right], e.ARITHMETIC[item.op])

    def _function(self, item: e.Function) -> Trace:
        return self._all(item, [item.item], e.FUNCTIONS[item.how])

    def _membership(self, item: e.Membership) -> Trace:
        return self._all(item, [item.item], item.holds)

    def _sum(self, item: e.Sum) -> Trace:
        def add(*values: Any) -> float:
            return sum((v if c else 0 for c, v in zip(values[::2], values[1::2], strict=True)), 0.0)

        return self._all(item, [part for row in item.rows for part in (row.condition, row.result)], add)

    def _window(self, item: e.Window) -> Trace:
        rows = sorted(self.group, key=lambda row: row[item.order.variable.name])
        read: list[Trace] = []
        for row in rows:
            read.append(_Tracer(row, self.group).read(item.item))
            decides = read[-1].answered and (read[-1].value == 0) is (item.how == "all")
            if decides or not read[-1].answered:
                return Trace(item, read[-1].value, read[-1].refusal, tuple(read))
        return Trace(item, read[0].value if item.how == "all" else 0, None, tuple(read))

    def _and(self, item: e.And | e.Or) -> Trace:
        deciding = isinstance(item, e.Or)
        read: list[Trace] = []
        for part in item.parts:
            read.append(self.read(part))
            if not read[-1].answered:
                return Trace(item, None, read[-1].refusal, tuple(read))
            if bool(read[-1].value) is deciding:
                return Trace(item, deciding, None, tuple(read))
        return Trace(item, not deciding, None, tuple(read))

    _or = _and

    def _cases(self, item: e.Cases) -> Trace:
        read: list[Trace] = []
        for number, row in enumerate(item.rows):
            condition = self.read(row.condition)
            read.append(condition)
            if not condition.answered:
                return Trace(item, None, condition.refusal, tuple(read))
            if condition.value:
                result = self.read(row.result)
                return Trace(item, result.value, result.refusal, (*read, result), number)
        result = self.read(item.otherwise)
        return Trace(item, result.value, result.refusal, (*read, result))

    def _coalesce(self, item: e.Coalesce) -> Trace:
        tried = self.read(item.item)
        if tried.refusal is None or tried.refusal.kind == "error":
            return Trace(item, tried.value, tried.refusal, (tried,))
        replacement = self.read(item.with_fields if tried.refusal.details else item.without_fields)
        return Trace(item, replacement.value, replacement.refusal, (tried, replacement))
