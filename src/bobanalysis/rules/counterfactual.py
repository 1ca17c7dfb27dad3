"""The smallest changes that flip an answer: of one rule, or of whatever else can be run again.

"You were told A because of x; with y instead of x you would have been told B." Such a sentence explains one
decision without opening the whole rule (Wachter, Mittelstadt and Russell 2017, *Counterfactual explanations
without opening the black box*). Here the rule is open, so the search is exhaustive over the values at which
the rule can change its mind, and its claim of being nearest can be checked. Only some inputs are a person's
to change (Ustun, Spangher and Liu 2019, *Actionable recourse in linear classification*): who calls
says which; age or place are worth asking about too, because that is where unequal treatment shows.

``search`` is the engine: it knows changes and a function that runs a batch of variants, nothing else.
``counterfactuals`` asks it about one rule, a whole pipeline asks it with its own function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Generic, TypeAlias, TypeVar

import polars as pl

from . import expr as e
from .evaluate import STATUS, evaluate
from .simplify import refusals

REACH = 60
"""How far whole numbers are tried around a number that enters the arithmetic of a rule."""


@dataclass(frozen=True)
class Change:
    """One input with another value; ``size`` says how far it moved (see ``counterfactuals``)."""

    variable: e.Variable
    before: Any
    after: Any
    size: float


Changes: TypeAlias = tuple[Change, ...]
R = TypeVar("R")  # what a run returns for one variant
Key = TypeVar("Key", bound=Hashable)


# ---- the engine


@dataclass(frozen=True)
class Counterfactual:
    """The same person but for ``changes``, and what the answer then is."""

    changes: Changes
    answer: Any

    @property
    def size(self) -> float:
        """Return how far the inputs moved, in sum."""
        return sum(change.size for change in self.changes)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the inputs that were changed."""
        return tuple(change.variable.name for change in self.changes)


def by_inputs_and_answer(changes: Changes, answer: Any) -> Iterator[Hashable]:
    """Keep the nearest of the changes of the same inputs that lead to one answer."""
    yield (*(change.variable.name for change in changes), answer)


@dataclass(frozen=True)
class Question(Generic[R]):
    """What is asked of every variant.

    Args:
        answer: what a result of the run says.
        among: names of the inputs that may change (None: all).
        paired: changes that may be made two at a time, where no single one flips the answer (None: all).
        counts: tells which results count at all.
        alike: keys of what one counterfactual stands for: the smallest with each key is kept.
        rank: what comes before the size when counterfactuals are put in order.
    """

    answer: Callable[[R], Any]
    among: Collection[str] | None = None
    paired: Sequence[Change] | None = None
    counts: Callable[[R], bool] = lambda result: True
    alike: Callable[[Changes, Any], Iterable[Hashable]] = by_inputs_and_answer
    rank: Callable[[Counterfactual], Any] = lambda found: 0


@dataclass(frozen=True)
class Found:
    """What one question came to.

    ``found`` are the counterfactuals, nearest first: all with as many changes as the fewest that flip the
    answer, none where nothing within the depth of the search does.
    """

    answer: Any
    found: tuple[Counterfactual, ...]


def remembered(run: Callable[[Sequence[Changes]], Sequence[R]]) -> Callable[[Sequence[Changes]], list[R]]:
    """Return a run that never runs a variant twice, so that callers can share one batch."""
    known: dict[Any, R] = {}

    def key(changes: Changes) -> tuple[Any, ...]:
        return tuple((id(c.variable), type(c.after), c.after) for c in changes)

    def again(sets: Sequence[Changes]) -> list[R]:
        new = {k: s for s in sets if (k := key(s)) not in known}
        if new:
            known.update(zip(new, run(list(new.values())), strict=True))
        return [known[key(s)] for s in sets]

    return again


def search(
    changes: Sequence[Change],
    run: Callable[[Sequence[Changes]], Sequence[R]],
    questions: Mapping[Key, Question[R]],
    depth: int = 2,
) -> dict[Key, Found]:
    """Find the smallest changes that flip the answers to some questions.

    Args:
        changes: the single changes to try, in the order in which equals are preferred.
        run: gets a batch of variants, each a tuple of changes (none: the person as they are), and returns a
            result for each.
        questions: what to ask of the results, by any key; all are answered from the same batches.
        depth: how many inputs may change at once, 1 or 2; two only where no single change flips the answer.

    Returns:
        What each question came to, by its key.

    Example:
        >>> from bobanalysis.rules import Text, Variable
        >>> age = Variable("age", "int", Text("âge", "age"), 0)
        >>> tried = [Change(age, 30, after, abs(after - 30)) for after in (20, 40, 50)]
        >>> old = lambda batch: [(c[0].after if c else 30) > 35 for c in batch]
        >>> search(tried, old, {"old": Question(bool)})["old"].found[0].changes[0].after
        40
    """
    run = remembered(run)
    found: dict[Key, Found] = {}
    for count in range(1, depth + 1):
        sets: dict[Key, list[Changes]] = {}
        for key, question in questions.items():
            if count == 1 or not found[key].found:
                single = [c for c in changes if question.among is None or c.variable.name in question.among]
                single = single if count == 1 or question.paired is None else list(question.paired)
                sets[key] = [
                    s for s in combinations(single, count) if len({c.variable.name for c in s}) == count
                ]
        run([(), *(s for wanted in sets.values() for s in wanted)])
        found |= {key: _flips(questions[key], run, wanted) for key, wanted in sets.items()}
    return found


def _flips(
    question: Question[R], run: Callable[[Sequence[Changes]], Sequence[R]], sets: Sequence[Changes]
) -> Found:
    """Return the answer and, of the variants with another one, the nearest of each kind."""
    base = question.answer(run([()])[0])
    best: dict[Hashable, Counterfactual] = {}
    for chosen, result in zip(sets, run(sets), strict=True):
        answer = question.answer(result)
        if answer == base or not question.counts(result):
            continue
        made = Counterfactual(chosen, answer)
        for key in question.alike(chosen, answer):
            if key not in best or made.size < best[key].size:
                best[key] = made
    order = {id(chosen): place for place, chosen in enumerate(sets)}
    once = {id(made.changes): made for made in best.values()}.values()
    nearest = sorted(once, key=lambda m: (question.rank(m), m.size, order[id(m.changes)]))
    return Found(base, tuple(nearest))


# ---- one rule


def counterfactuals(
    rule: e.Expr, person: Mapping[str, Any], *, among: Collection[str] | None = None, depth: int = 2
) -> Found:
    """Find the nearest people to whom a rule answers something else.

    What is tried: every choice of an enumerated input; the contrary of a yes or no; of a number, both sides
    of every threshold in whole units, and where it enters arithmetic every whole number within ``REACH`` of
    the person's; of a text, every value that the rule names.

    Changes are measured so: an ordered enumeration (one that the rule compares with < or >) in steps, a
    number in its own unit (years, months), any other answer as 1. To give no answer any more counts as many
    as there are choices. Ties go to the value tried first, so that the result is always the same.

    Args:
        rule: the rule; where it reads all rows of a group, the person is alone in theirs.
        person: input name → value.
        among: names of the inputs that may change (None: all that the rule reads).
        depth: how many inputs may change at once, 1 or 2.

    Returns:
        What was found; an ``answer`` is a value or an ``Undefined``.

    Raises:
        KeyError: the person lacks an input.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
        >>> d = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("age", "interviews")])
        >>> rule = first_match(when(d.age >= 45, 2), when(d.interviews < 1, 1), otherwise=0)
        >>> for c in counterfactuals(rule, {"age": 40, "interviews": 0}).found:
        ...     print([(x.variable.name, x.before, x.after) for x in c.changes], c.answer)
        [('interviews', 0, 1)] 0
        [('age', 40, 45)] 2
    """
    read, undefined = e.inputs(rule), refusals(rule)
    alone = {node.group.variable.name for node in e.walk(rule) if isinstance(node, e.Window)}

    def run(sets: Sequence[Changes]) -> list[tuple[int, Any]]:
        edits = [{c.variable.name: c.after for c in chosen} for chosen in sets]
        columns = {"·": pl.Series([0] * len(sets))}  # for a rule that reads nothing
        for v in read:
            values = [edit.get(v.name, person[v.name]) for edit in edits]
            kind = pl.Float64 if v.kind == "float" else None
            columns[v.name] = pl.Series(range(len(sets)) if v.name in alone else values, dtype=kind)
        done = evaluate({"answer": rule}, pl.DataFrame(columns)).frame
        return list(
            zip(done.get_column("answer" + STATUS, default=[0] * len(sets)), done["answer"], strict=True)
        )

    def said(outcome: tuple[int, Any]) -> Any:
        status, value = outcome
        return undefined[status - 1] if status else value

    changes = candidates(rule, person=person, among=among)
    made = search(changes, run, {"": Question(lambda outcome: outcome)}, depth)[""]
    return Found(said(made.answer), tuple(Counterfactual(c.changes, said(c.answer)) for c in made.found))


# ---- what to try


def candidates(
    *rules: e.Expr, person: Mapping[str, Any], among: Collection[str] | None = None
) -> list[Change]:
    """Return the single changes at which one of the rules can change its mind, in reading order.

    Args:
        rules: the rules.
        person: input name → value.
        among: names of the inputs that may change (None: all that the rules read).

    Raises:
        KeyError: the person lacks an input.

    Example:
        >>> from bobanalysis.rules import Dictionary, Text, Variable
        >>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0)])
        >>> [change.after for change in candidates(d.age > 45, d.age < 26, person={"age": 30})]
        [25, 26, 27, 44, 45, 46]
    """
    read = e.inputs(*rules)
    if missing := sorted({v.name for v in read} - set(person)):
        raise KeyError(f"the person has no value for {', '.join(missing)}, which the rule reads")
    index = _Index.of(rules)
    return [
        Change(variable, now, after, _size(variable, now, after, id(variable) in index.ordered))
        for variable in read
        if among is None or variable.name in among
        for now in [person[variable.name]]
        for after in dict.fromkeys(_values(index, variable, now))
        if after != now
    ]


@dataclass(frozen=True)
class _Index:
    """What rules do with each input: values compared with it, whether in order, whether in arithmetic."""

    named: Mapping[int, list[Any]]
    ordered: frozenset[int]
    summed: frozenset[int]

    @classmethod
    def of(cls, rules: Sequence[e.Expr]) -> _Index:
        """Read rules once; inputs are known by identity."""
        named: dict[int, list[Any]] = {}
        ordered: set[int] = set()
        sums = list(rules)
        for node in e.walk(*rules):
            match node:
                case e.Compare(left=e.Var(variable=v), right=e.Const(value=value)):
                    named.setdefault(id(v), []).append(value)
                case e.Compare():
                    sums += [node.left, node.right]
                case e.IsIn(item=e.Var(variable=v)) | e.Contains(item=e.Var(variable=v)):
                    named.setdefault(id(v), []).extend(node.values)  # type: ignore[attr-defined]
            if isinstance(node, e.Compare) and node.op not in ("==", "!="):
                ordered |= {id(x.variable) for x in (node.left, node.right) if isinstance(x, e.Var)}
        return cls(named, frozenset(ordered), frozenset(id(v) for item in sums for v in _summed(item)))


def _values(index: _Index, variable: e.Variable, now: Any) -> list[Any]:
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


def _summed(item: e.Expr) -> Iterator[e.Variable]:
    """Iterate over the inputs that make the value of an expression, not those that only choose it."""
    match item:
        case e.Var():
            yield item.variable
        case e.Row(_, value, _) | e.Window(_, value, _, _):
            yield from _summed(value)
        case e.Cases() | e.Sum() | e.Function() | e.Named() | e.Arith() | e.Coalesce():
            for part in e.children(item):
                yield from _summed(part)


def _size(variable: e.Variable, before: Any, after: Any, ordered: bool) -> float:
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
