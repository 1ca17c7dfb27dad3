"""Why a rule answered what it did for one person: the elementary conditions that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bobanalysis.presentation import Presentation
from bobanalysis.report.words import Words
from bobanalysis.rules import Expr, Trace, Variable, format_value, inputs, walk
from bobanalysis.rules import expr as e
from bobanalysis.text import capital


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


_MADE_OF_CONDITIONS = (e.Cases, e.Coalesce, e.Sum, e.Window, e.And, e.Or, e.Membership, e.Undefined, e.Not)


def _is_one_condition(item: e.Compare, whole: bool) -> bool:
    if isinstance(item.left, e.Sum):  # a count of conditions
        return all(isinstance(r.result, e.Const) and r.result.value == 1 for r in item.left.rows)
    if isinstance(item.left, e.Named) and isinstance(item.right, e.Const):
        if whole or isinstance(item.right.value, str):
            return True  # an earlier answer, by its name
    return not any(isinstance(node, _MADE_OF_CONDITIONS) for node in walk(item))


def _reasons(read: Trace, why: Any, whole: bool) -> Iterator[Reason]:
    item, parts = read.item, [(part, why) for part in read.parts]
    match item:
        case e.Window():  # it reads other projects too: its conditions are not this one's
            return
        case e.Var():
            if item.variable.kind == "bool":
                yield Reason(item, bool(read.value), why)
            else:
                yield Reason(item, True, "used")
            return
        case e.Compare() if read.answered and _is_one_condition(item, whole):
            counted = read.parts[0].value if isinstance(item.left, e.Sum | e.Named) else None
            yield Reason(item, bool(read.value), why, counted)
            return
        case e.Membership() if read.answered:
            yield Reason(item, bool(read.value), why)
            return
        case e.And() | e.Or() if read.answered and bool(read.value) is isinstance(item, e.Or):
            parts = parts[-1:]  # the one that was enough
        case e.Cases():
            conditions = len(read.parts) - (len(read.parts) > len(item.rows) or read.row is not None)
            for number, part in enumerate(read.parts[:conditions]):
                if number != read.row and part.answered:
                    parts[number] = (part, "passed")
        case e.Sum():
            counted = [bool(condition.value) for condition in read.parts[::2]]
            parts = [part for number, part in enumerate(parts) if counted[number // 2]]
    for part, its_why in parts:
        yield from _reasons(part, its_why, whole)


def unanswered(variable: Variable, value: Any, words: Words, presentation: Presentation) -> str:
    """Say a value that stands for no answer, or for no figure; empty where it is a value as others are."""
    if said := presentation.unknown(variable, value):
        return words.name("unknown", said).format(n=words.number(value, 0 if value == int(value) else 1))
    known = variable.kind == "enum" or variable.code(value) is not None
    if value != variable.default or not known:
        return ""
    return words.polish(format_value(variable, value, words.language))


def term_text(condition: Expr, amount: Expr, say: Callable[[Expr], str], words: Words) -> str:
    """Say a term of a sum: its condition, and its amount where that is computed."""
    parts = [say(part) for part in (condition, amount) if inputs(part)]
    said = f"{parts[0]} ({parts[1]})" if len(parts) == 2 else "".join(parts)
    return capital(said or words._("to begin with"))
