"""Trace a rule for one person: which conditions held, with their values, and what is missing.

The tracer reads the same expressions as the columnar evaluation, one person at a time, and keeps what it
read. It is also the row-at-a-time evaluation that tests and benchmarks hold the columnar one against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    StartsWith,
    Total,
    Var,
)


@dataclass(frozen=True)
class Trace:
    """What was read of one expression: its value or its refusal, and the parts that were looked at.

    ``row`` is, for a decision table, the number of the row that decided (None for the last, "otherwise").
    """

    item: Expr
    value: Any
    refusal: Refuse | None
    parts: tuple[Trace, ...] = ()
    row: int | None = None

    @property
    def answered(self) -> bool:
        """Tell whether there is a value."""
        return self.refusal is None

    def because(self) -> tuple[str, ...]:
        """Return the codes of what the person is told: those of the row that decided."""
        if isinstance(self.item, Named):
            return self.parts[0].because()
        if isinstance(self.item, Cases) and self.row is not None:
            return self.item.rows[self.row].because
        return ()

    def decisive(self) -> Iterator[Trace]:
        """Iterate over the elementary conditions that were read, in order."""
        if isinstance(self.item, Compare | IsIn | StartsWith | Listed) or (
            isinstance(self.item, Var) and self.item.variable.kind == "bool"
        ):
            yield self
            return
        for part in self.parts:
            yield from part.decisive()


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "min": min,
    "max": max,
}


def trace(rule: Expr, person: Mapping[str, Any], group: Sequence[Mapping[str, Any]] | None = None) -> Trace:
    """Read a rule for one person.

    Parameters: ``rule``; ``person``, input name → value (every input that is reached must be there);
    ``group``, the rows of the same group (all projects of the person) for rules that read them all,
    by default this one alone.
    Returns the ``Trace``; its ``value`` is what the columnar evaluation gives for the same person.

    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> trace(first_match(when(age >= 45, 2), otherwise=0), {"age": 50}).value
    2
    """
    return _Tracer(person, [person] if group is None else group).read(rule)


class _Tracer:
    def __init__(self, person: Mapping[str, Any], group: Sequence[Mapping[str, Any]]) -> None:
        self.person = person
        self.group = group
        self.seen: dict[int, Trace] = {}

    def read(self, item: Expr) -> Trace:
        if id(item) not in self.seen:
            self.seen[id(item)] = self._read(item)
        return self.seen[id(item)]

    def _all(self, item: Expr, parts: list[Expr], function: Callable[..., Any]) -> Trace:
        """Read parts one after the other, then compute; the first refusal ends the reading."""
        read: list[Trace] = []
        for part in parts:
            read.append(self.read(part))
            if not read[-1].answered:
                return Trace(item, None, read[-1].refusal, tuple(read))
        return Trace(item, function(*(t.value for t in read)), None, tuple(read))

    def _read(self, item: Expr) -> Trace:
        match item:
            case Var():
                return Trace(item, self.person[item.variable.name], None)
            case Const():
                return Trace(item, item.value, None)
            case Refuse():
                return Trace(item, None, item)
            case Named():
                return self._all(item, [item.item], lambda v: v)
            case Not():
                return self._all(item, [item.part], lambda v: not v)
            case Compare():
                return self._all(item, [item.left, item.right], COMPARISONS[item.op])
            case Arith():
                return self._all(item, [item.left, item.right], _ARITHMETIC[item.op])
            case Round():
                function = round if item.how == "round" else math.floor
                return self._all(item, [item.item], lambda v: float(function(v)))
            case IsIn():
                return self._all(item, [item.item], lambda v: v in item.values)
            case StartsWith():
                return self._all(item, [item.item], lambda v: v.startswith(item.prefixes))
            case Listed():
                return self._all(item, [item.item], lambda v: bool(set(v.split(",")) & set(item.values)))
            case Total():
                return self._total(item)
            case Over():
                return self._over(item)
            case And() | Or():
                return self._chain(item)
            case Cases():
                return self._cases(item)
            case Attempt():
                return self._attempt(item)
        raise TypeError(f"cannot trace {type(item).__name__}")

    def _total(self, item: Total) -> Trace:
        read: list[Trace] = []
        total = 0.0
        for row in item.rows:
            for part in (row.condition, row.result):
                read.append(self.read(part))
                if not read[-1].answered:
                    return Trace(item, None, read[-1].refusal, tuple(read))
            total += read[-1].value if read[-2].value else 0
        return Trace(item, total, None, tuple(read))

    def _over(self, item: Over) -> Trace:
        rows = sorted(self.group, key=lambda row: row[item.order.variable.name])
        read: list[Trace] = []
        for row in rows:
            read.append(_Tracer(row, self.group).read(item.item))
            decides = read[-1].answered and (read[-1].value == 0) is (item.how == "all")
            if decides or not read[-1].answered:
                return Trace(item, read[-1].value, read[-1].refusal, tuple(read))
        return Trace(item, read[0].value if item.how == "all" else 0, None, tuple(read))

    def _chain(self, item: And | Or) -> Trace:
        deciding = isinstance(item, Or)
        read: list[Trace] = []
        for part in item.parts:
            read.append(self.read(part))
            if not read[-1].answered:
                return Trace(item, None, read[-1].refusal, tuple(read))
            if bool(read[-1].value) is deciding:
                return Trace(item, deciding, None, tuple(read))
        return Trace(item, not deciding, None, tuple(read))

    def _cases(self, item: Cases) -> Trace:
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

    def _attempt(self, item: Attempt) -> Trace:
        tried = self.read(item.item)
        if tried.answered or (tried.refusal is not None and tried.refusal.kind == "error"):
            return Trace(item, tried.value, tried.refusal, (tried,))
        assert tried.refusal is not None
        replacement = self.read(item.with_fields if tried.refusal.details else item.without_fields)
        return Trace(item, replacement.value, replacement.refusal, (tried, replacement))
