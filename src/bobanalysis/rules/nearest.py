"""The nearest counterfactuals: what would have had to be different for a rule to answer something else.

"You were told A because of x; with y instead of x you would have been told B." Such a sentence explains one
decision without opening the whole rule (Wachter, Mittelstadt and Russell 2017, *Counterfactual explanations
without opening the black box*). Here the rule is open, so the search is exhaustive over the values at which
the rule can change its mind, and its claim of being nearest can be checked. Only some inputs are a person's
to change (Ustun, Spangher and Liu 2019, *Actionable recourse in linear classification*): who calls says which
with ``among``; age or place are worth asking about too, because that is where unequal treatment shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import polars as pl

from .evaluate import STATUS, evaluate
from .expr import (
    Arith,
    Attempt,
    Cases,
    Compare,
    Const,
    Expr,
    IsIn,
    Listed,
    Named,
    Over,
    Refuse,
    Round,
    Total,
    Var,
    inputs,
    walk,
)
from .variables import Variable

REACH = 60
"""How far whole numbers are tried around a number that enters the arithmetic of a rule."""
_TYPES: dict[str, Any] = {
    "bool": pl.Boolean,
    "int": pl.Int64,
    "float": pl.Float64,
    "text": pl.String,
    "enum": pl.Int64,
}


@dataclass(frozen=True)
class Change:
    """One input with another value; ``size`` says how far it moved (see ``nearest``)."""

    variable: Variable
    before: Any
    after: Any
    size: float


@dataclass(frozen=True)
class Counterfactual:
    """The same person but for ``changes``, and what the rule then answers: a value or a refusal."""

    changes: tuple[Change, ...]
    answer: Any
    refusal: Refuse | None

    @property
    def size(self) -> float:
        """Return how far the inputs moved, in sum."""
        return sum(change.size for change in self.changes)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the inputs that were changed."""
        return tuple(change.variable.name for change in self.changes)


@dataclass(frozen=True)
class Nearest:
    """What the rule answered, and the nearest people to whom it answers otherwise, nearest first.

    ``found`` all have the same number of changes, the smallest that alters the answer; it is empty where
    nothing within ``depth`` changes does. ``tried`` counts the people that were evaluated.
    """

    answer: Any
    refusal: Refuse | None
    found: tuple[Counterfactual, ...]
    depth: int
    tried: int


def candidates(
    *rules: Expr,
    person: Mapping[str, Any],
    among: Iterable[str] | None = None,
    values: Mapping[Variable, Sequence[Any]] | None = None,
) -> list[Change]:
    """Return the single changes at which one of the rules can change its mind, in reading order.

    Parameters: as for ``nearest``, for several rules at once.
    Raises KeyError if the person lacks an input.

    >>> from bobanalysis.rules import Dictionary, Text
    >>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0)])
    >>> [change.after for change in candidates(d.age > 45, d.age < 26, person={"age": 30})]
    [25, 26, 27, 44, 45, 46]
    """
    own = {variable.name: tried for variable, tried in (values or {}).items()}
    allowed = None if among is None else set(among)
    index = _Index.of(rules)
    read = {v.name: v for v in (*inputs(*rules), *(values or {}))}
    missing = sorted(set(read) - set(person))
    if missing:
        raise KeyError(f"the person has no value for {', '.join(missing)}, which the rule reads")
    return [
        change
        for name, variable in read.items()
        if allowed is None or name in allowed
        for change in _changes(index, variable, person[name], own.get(name))
    ]


def nearest(
    rule: Expr,
    person: Mapping[str, Any],
    *,
    among: Iterable[str] | None = None,
    values: Mapping[Variable, Sequence[Any]] | None = None,
    depth: int = 2,
    settle: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
    group: Sequence[Mapping[str, Any]] = (),
) -> Nearest:
    """Find the nearest people to whom the rule answers something else.

    Parameters: ``rule``; ``person``, input name → value; ``among``, names of the inputs that may change (all
    that the rule reads); ``values``, for some inputs the values to try instead of those below (an input that
    the rule does not read itself may be tried so, where ``settle`` knows what follows); ``depth``, how many
    inputs may change at once, 1 or 2; ``settle``, puts in order what follows from a change (the figures of
    another place, say): it gets the frame of candidates, one row a person, and returns it; ``group``, all
    rows of the person's group, for rules that read them all (an input of the dictionary's group "person"
    changes in each of them).

    What is tried: every choice of an enumerated input; the contrary of a yes or no; of a number, both sides
    of every threshold in whole units, and where it enters arithmetic every whole number within ``REACH`` of
    the person's; of a text, every value that the rule names. One change first; pairs only where no single
    change alters the answer.

    How changes are measured: an ordered enumeration (one that the rule compares with < or >) in steps, a
    number in its own unit (years, months), any other answer as 1. To give no answer any more counts as many
    as there are choices. Of several values of one input that lead to one answer, the smallest change is kept;
    ties go to the value tried first, so that the result is always the same.

    Returns a ``Nearest``. Raises KeyError if the person lacks an input, ValueError for another depth.

    >>> from bobanalysis.rules import Dictionary, Text, first_match, when
    >>> d = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("age", "interviews")])
    >>> rule = first_match(when(d.age >= 45, 2), when(d.interviews < 1, 1), otherwise=0)
    >>> for c in nearest(rule, {"age": 40, "interviews": 0}).found:
    ...     print([(x.variable.name, x.before, x.after) for x in c.changes], c.answer)
    [('interviews', 0, 1)] 0
    [('age', 40, 45)] 2
    """
    if depth not in (1, 2):
        raise ValueError(f"one or two inputs may change at once, not {depth}")
    read = {v.name: v for v in (*inputs(rule), *(values or {}))}
    changes = candidates(rule, person=person, among=among, values=values)
    runner = _Runner(rule, person, read, changes, settle, group)
    base = runner.outcomes([()])[0]
    tried = 0
    for count in range(1, depth + 1):
        sets = [
            chosen
            for chosen in combinations(range(len(changes)), count)
            if len({changes[k].variable.name for k in chosen}) == count
        ]
        tried += len(sets)
        outcomes = runner.outcomes(sets) if sets else []
        best: dict[tuple[Any, ...], tuple[float, tuple[int, ...]]] = {}
        for chosen, outcome in zip(sets, outcomes, strict=True):
            if outcome == base:
                continue
            key = (*(changes[k].variable.name for k in chosen), outcome)
            size = sum(changes[k].size for k in chosen)
            if key not in best or size < best[key][0]:
                best[key] = (size, chosen)
        if best:
            ranked = sorted((size, chosen, key[-1]) for key, (size, chosen) in best.items())
            found = tuple(
                Counterfactual(tuple(changes[k] for k in chosen), *runner.said(outcome))
                for _, chosen, outcome in ranked
            )
            return Nearest(*runner.said(base), found, count, tried)
    return Nearest(*runner.said(base), (), depth, tried)


class _Runner:
    """Evaluates the rule for the person with some changes, all sets of changes at once."""

    def __init__(
        self,
        rule: Expr,
        person: Mapping[str, Any],
        read: Mapping[str, Variable],
        changes: list[Change],
        settle: Callable[[pl.DataFrame], pl.DataFrame] | None,
        group: Sequence[Mapping[str, Any]],
    ) -> None:
        self.rule, self.changes, self.settle = rule, changes, settle
        windows = [node for node in walk(rule) if isinstance(node, Over)]
        self.keys = (windows[0].group.variable.name, windows[0].order.variable.name) if windows else None
        kept = person if settle is not None else {name: person[name] for name in read}
        self.types = {name: _TYPES[v.kind] for name, v in read.items()}
        self.person = pl.DataFrame([dict(kept)], schema_overrides=_known(self.types, kept))
        self.others = pl.DataFrame()
        if self.keys:
            rest = [row for row in group if row[self.keys[1]] != person[self.keys[1]]]
            self.others = pl.DataFrame([{n: row[n] for n in read} for row in rest])
        self.refusals: tuple[Refuse, ...] = ()

    def outcomes(self, sets: Sequence[tuple[int, ...]]) -> list[tuple[int, Any]]:
        """Return, for each set of changes, the status (0: answered) and the value."""
        frame = self._settled(self._changed(self.person, sets), sets)
        if self.keys:
            frame = self._with_others(frame, sets)
        done = evaluate({"answer": self.rule}, frame)
        self.refusals = done.refusals
        answered = done.frame
        if self.keys:
            answered = answered[frame["·own"].arg_true()]
        status = (
            answered["answer" + STATUS].to_list()
            if "answer" + STATUS in answered.columns
            else [0] * len(sets)
        )
        return [
            (k, value if k == 0 else 0) for k, value in zip(status, answered["answer"].to_list(), strict=True)
        ]

    def said(self, outcome: tuple[int, Any]) -> tuple[Any, Refuse | None]:
        status, value = outcome
        return (value, None) if status == 0 else (None, self.refusals[status - 1])

    def _changed(self, rows: pl.DataFrame, sets: Sequence[tuple[int, ...]], only: str = "") -> pl.DataFrame:
        """Repeat one row for each set and put the changes of the set into it."""
        frame = rows[[0] * len(sets)]
        by_name: dict[str, dict[int, Any]] = {}
        for row, chosen in enumerate(sets):
            for k in chosen:
                if not only or self.changes[k].variable.group == only:
                    by_name.setdefault(self.changes[k].variable.name, {})[row] = self.changes[k].after
        columns = []
        for name, at in by_name.items():
            values = frame[name].to_list()
            for row, value in at.items():
                values[row] = value
            columns.append(pl.Series(name, values, dtype=self.types[name]))
        return frame.with_columns(columns)

    def _settled(self, frame: pl.DataFrame, sets: Sequence[tuple[int, ...]]) -> pl.DataFrame:
        if self.settle is None:
            return frame
        settled = self.settle(frame)
        if settled.height != len(sets):
            raise ValueError(f"settle must return the {len(sets)} rows it was given, not {settled.height}")
        return settled

    def _with_others(self, frame: pl.DataFrame, sets: Sequence[tuple[int, ...]]) -> pl.DataFrame:
        """Put the other rows of the group beside each candidate, each group under a number of its own."""
        assert self.keys is not None
        read = list(self.types)
        number = pl.int_range(len(sets)).cast(pl.Int64)
        parts = [frame.select(read).with_columns(pl.lit(True).alias("·own"), number.alias(self.keys[0]))]
        for k in range(self.others.height):
            rows = self._changed(self.others[[k]], sets, only="person")
            parts.append(
                rows.select(read).with_columns(pl.lit(False).alias("·own"), number.alias(self.keys[0]))
            )
        return pl.concat(parts, how="vertical_relaxed")


def _known(types: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dtype for name, dtype in types.items() if name in person}


@dataclass(frozen=True)
class _Index:
    """What rules do with each input: values compared with it, whether in order, whether in arithmetic."""

    named: Mapping[int, list[Any]]
    ordered: frozenset[int]
    summed: frozenset[int]

    @classmethod
    def of(cls, rules: Sequence[Expr]) -> _Index:
        """Read rules once; inputs are known by identity."""
        named: dict[int, list[Any]] = {}
        ordered: set[int] = set()
        sums = list(rules)
        for node in walk(*rules):
            match node:
                case Compare(left=Var(variable=v), right=Const(value=value)):
                    named.setdefault(id(v), []).append(value)
                case Compare():
                    sums += [node.left, node.right]
                case IsIn(item=Var(variable=v)) | Listed(item=Var(variable=v)):
                    named.setdefault(id(v), []).extend(node.values)  # type: ignore[attr-defined]
            if isinstance(node, Compare) and node.op not in ("==", "!="):
                ordered |= {id(x.variable) for x in (node.left, node.right) if isinstance(x, Var)}
        return cls(named, frozenset(ordered), frozenset(id(v) for item in sums for v in _summed(item)))


def _changes(index: _Index, variable: Variable, now: Any, values: Sequence[Any] | None) -> list[Change]:
    """Return the changes of one input to try, each value once, in order."""
    ordered = id(variable) in index.ordered
    tried = values if values is not None else _values(index, variable, now)
    return [
        Change(variable, now, value, _size(variable, now, value, ordered))
        for value in dict.fromkeys(tried)
        if value != now
    ]


def _values(index: _Index, variable: Variable, now: Any) -> list[Any]:
    if variable.kind == "bool":
        return [not now]
    if variable.kind == "enum":
        return [choice.number for choice in variable.choices]
    named = index.named.get(id(variable), [])
    if variable.kind == "text":
        return [value for value in named if isinstance(value, str)]
    numbers: set[float] = set()
    for value in named:
        numbers |= {math.ceil(value) - 1, value, math.floor(value) + 1}
    if id(variable) in index.summed:
        numbers |= set(range(math.ceil(now) - REACH, math.floor(now) + REACH + 1))
    low = -math.inf if variable.minimum is None else variable.minimum
    high = math.inf if variable.maximum is None else variable.maximum
    inside = [n for n in sorted(numbers) if low <= n <= high]
    return [int(n) for n in inside if n == int(n)] if variable.kind == "int" else [float(n) for n in inside]


def _summed(item: Expr) -> Iterator[Variable]:
    """Iterate over the inputs that make the value of an expression, not those that only choose it."""
    match item:
        case Var():
            yield item.variable
        case Arith():
            yield from _summed(item.left)
            yield from _summed(item.right)
        case Round() | Named() | Over():
            yield from _summed(item.item)
        case Attempt():
            for part in (item.item, item.with_fields, item.without_fields):
                yield from _summed(part)
        case Cases():
            for row in item.rows:
                yield from _summed(row.result)
            yield from _summed(item.otherwise)
        case Total():
            for row in item.rows:
                yield from _summed(row.result)


def _size(variable: Variable, before: Any, after: Any, ordered: bool) -> float:
    if variable.kind in ("bool", "text"):
        return 1.0
    if variable.kind != "enum":
        return float(abs(after - before))
    if after == variable.default:
        return float(len(variable.choices))
    if before == variable.default or not ordered:
        return 1.0
    places = [choice.number for choice in variable.choices]
    if before not in places:  # a number that no choice bears: Bob keeps it
        return 1.0
    return float(abs(places.index(after) - places.index(before)))
