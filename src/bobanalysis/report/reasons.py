"""Why a rule answered what it did for one person: the elementary conditions that made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bobanalysis.rules import Expr, Named, Trace, Undefined, walk
from bobanalysis.rules.expr import (
    And,
    Cases,
    Coalesce,
    Compare,
    Const,
    Contains,
    IsIn,
    Not,
    Or,
    StartsWith,
    Sum,
    Var,
    Window,
)


@dataclass(frozen=True)
class Reason:
    """An elementary condition that was read: `holds` says whether `item` held (else its contrary did).

    `why` tells conditions of the row that decided ("held"), of rows read before it ("passed"), and figures
    that only enter a computation ("used": then `item` is no condition). `value` is what a count came to.
    """

    item: Expr
    holds: bool
    why: Literal["held", "passed", "used"]
    value: Any = None


def because_of(trace: Trace, whole: bool = False) -> tuple[Reason, ...]:
    """Return the elementary conditions that made a rule answer what it did, each once, in reading order.

    Where several conditions must hold, all of them; where one is enough, the one that was; of a condition
    that failed, the part that made it fail.

    Args:
        trace: the rule as it was read.
        whole: take the comparison of a named computation with a number for one condition, not for those that
            the computation holds.
    """
    found: dict[tuple[int, bool], Reason] = {}
    for reason in _reasons(trace, "held", whole):
        key = (id(reason.item), reason.holds)
        if key not in found or found[key].why == "passed":
            found[key] = reason
    return tuple(found.values())


_LEAVES = (Cases, Coalesce, Sum, Window, And, Or, IsIn, StartsWith, Contains, Undefined, Not)


def _is_leaf(item: Compare, whole: bool) -> bool:
    if isinstance(item.left, Sum):
        return all(isinstance(r.result, Const) and r.result.value == 1 for r in item.left.rows)
    if isinstance(item.left, Named) and isinstance(item.right, Const):
        if whole or isinstance(item.right.value, str):
            return True  # an earlier answer, by its name
    return not any(isinstance(node, _LEAVES) for node in walk(item))


def _reasons(read: Trace, why: Any, whole: bool) -> Iterator[Reason]:
    item = read.item
    match item:
        case (
            Const() | Undefined() | Window()
        ):  # an Over reads other projects too: its conditions are not this one's
            return
        case Var():
            if item.variable.kind == "bool":
                yield Reason(item, bool(read.value), why)
            else:
                yield Reason(item, True, "used")
        case Compare() if read.answered and _is_leaf(item, whole):
            counted = read.parts[0].value if isinstance(item.left, Sum | Named) else None
            yield Reason(item, bool(read.value), why, counted)
        case IsIn() | StartsWith() | Contains() if read.answered:
            yield Reason(item, bool(read.value), why)
        case And() | Or() if read.answered:
            ended = bool(read.value) is isinstance(item, Or)
            for part in read.parts[-1:] if ended else read.parts:
                yield from _reasons(part, why, whole)
        case Cases():
            concluded = len(read.parts) > len(item.rows) or read.row is not None
            conditions = read.parts[:-1] if concluded else read.parts
            for number, part in enumerate(conditions):
                decided = number == read.row or not part.answered
                yield from _reasons(part, why if decided else "passed", whole)
            if concluded:
                yield from _reasons(read.parts[-1], why, whole)
        case Sum():
            for condition, result in zip(read.parts[::2], read.parts[1::2], strict=False):
                if condition.value:
                    yield from _reasons(condition, why, whole)
                    yield from _reasons(result, why, whole)
        case _:
            for part in read.parts:
                yield from _reasons(part, why, whole)
