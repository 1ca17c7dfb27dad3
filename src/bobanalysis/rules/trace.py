"""Trace a rule for one person: which conditions held, with their values, and what is missing.

The tracer reads the same expressions as the columnar evaluation, one person at a time, and keeps what it
read. It is also the row-at-a-time evaluation that tests and benchmarks hold the columnar one against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from . import expr as e

Group: TypeAlias = "Sequence[Mapping[str, Any]]"


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


def trace(rule: e.Expr, person: Mapping[str, Any], group: Group | None = None) -> Trace:
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
    return _read(rule, person, [person] if group is None else group, {})


class _Undefined(Exception):
    """Ends the reading of a node at its first part that is undefined."""


def _read(item: e.Expr, person: Mapping[str, Any], group: Group, seen: dict[int, Trace]) -> Trace:
    """Read a node, or remember what was read of it."""
    if id(item) not in seen:
        reading, value, refusal = _Reading(person, group, seen), None, None
        try:
            value = reading.visit(item)
        except _Undefined as undefined:
            (refusal,) = undefined.args
        seen[id(item)] = Trace(item, value, refusal, tuple(reading.parts), reading.row)
    return seen[id(item)]


class _Reading(e.Visitor):
    """Computes the value of one node from its parts, in the order in which they are read."""

    def __init__(self, person: Mapping[str, Any], group: Group, seen: dict[int, Trace]) -> None:
        self.person, self.group, self.seen = person, group, seen
        self.parts: list[Trace] = []
        self.row: int | None = None

    def part(self, item: e.Expr) -> Any:
        """Read a part and return its value."""
        return self._kept(_read(item, self.person, self.group, self.seen))

    def _kept(self, part: Trace) -> Any:
        self.parts.append(part)
        if part.refusal is not None:
            raise _Undefined(part.refusal)
        return part.value

    def _var(self, item: e.Var) -> Any:
        return self.person[item.variable.name]

    def _const(self, item: e.Const) -> Any:
        return item.value

    def _undefined(self, item: e.Undefined) -> Any:
        raise _Undefined(item)

    def _named(self, item: e.Named) -> Any:
        return self.part(item.item)

    def _not(self, item: e.Not) -> bool:
        return not self.part(item.part)

    def _compare(self, item: e.Compare) -> Any:
        return e.COMPARISONS[item.op](self.part(item.left), self.part(item.right))

    def _arith(self, item: e.Arith) -> Any:
        return e.ARITHMETIC[item.op](self.part(item.left), self.part(item.right))

    def _function(self, item: e.Function) -> Any:
        return e.FUNCTIONS[item.how](self.part(item.item))

    def _membership(self, item: e.Membership) -> bool:
        return item.holds(self.part(item.item))

    def _and(self, item: e.And | e.Or) -> bool:
        deciding = isinstance(item, e.Or)
        decided = any(bool(self.part(part)) is deciding for part in item.parts)
        return deciding if decided else not deciding

    _or = _and

    def _cases(self, item: e.Cases) -> Any:
        for number, row in enumerate(item.rows):
            if self.part(row.condition):
                self.row = number
                return self.part(row.result)
        return self.part(item.otherwise)

    def _sum(self, item: e.Sum) -> float:
        total = 0.0
        for row in item.rows:
            holds, amount = self.part(row.condition), self.part(row.result)
            total += amount if holds else 0
        return total

    def _coalesce(self, item: e.Coalesce) -> Any:
        try:
            return self.part(item.item)
        except _Undefined as undefined:
            (refusal,) = undefined.args
            if refusal.kind == "error":
                raise
        return self.part(item.with_fields if refusal.details else item.without_fields)

    def _window(self, item: e.Window) -> Any:
        for row in sorted(self.group, key=lambda row: row[item.order.variable.name]):
            score = self._kept(_read(item.item, row, self.group, {}))
            if (score == 0) is (item.how == "all"):
                return score
        return self.parts[0].value if item.how == "all" else 0
