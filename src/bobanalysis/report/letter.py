"""The letter "Why did I get this?": what one person is answered, why, and what would have changed it.

`Letter` gathers it for any algorithm; a template puts it on a page. Every change that is told was tried by
running the whole algorithm again (`bobanalysis.audit.person`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal

from bobanalysis.algorithm import Algorithm, Outcome
from bobanalysis.audit.person import NOW, Answers, Person
from bobanalysis.presentation import Presentation
from bobanalysis.report.subjects import card_index
from bobanalysis.report.words import Words
from bobanalysis.rules import Change, Question, Text, Trace, Variable, format_value, inputs, search, walk
from bobanalysis.rules import expr as e
from bobanalysis.rules.counterfactual import Changes, Counterfactual, remembered
from bobanalysis.tables import InputError
from bobanalysis.text import capital

PAIRS = 60_000
"""How many pairs of changes are tried for one answer; above that, pairs with looked-up figures are not."""


@dataclass(frozen=True)
class Stopped:
    """What stopped the algorithm before it answered anything."""

    error: str


@dataclass(frozen=True)
class Item:
    """One answer: an outcome, or of a list one item."""

    outcome: Outcome = field(hash=False)
    id: str = ""

    @property
    def root(self) -> str:
        """The key of its rule in ``Algorithm.roots``."""
        return self.outcome.root_of(self.id)

    @property
    def listed(self) -> bool:
        """Whether it is an item of a list."""
        return self.outcome.kind == "list"

    def answer(self, answers: Answers) -> Any:
        """Return what it comes to: None where a list has not got it, `Stopped` where nothing is answered."""
        if answers.error is not None:
            return Stopped(answers.error)
        value = answers.values[self.outcome.id]
        return value.get(self.id) if self.listed else value


@dataclass(frozen=True)
class Elsewhere:
    """In how many other places, or jobs, an item comes to something else, and to what.

    ``unknown`` counts those, among ``differ``, whose looked-up figures are unknown.
    """

    total: int
    differ: int
    unknown: int
    answers: tuple[tuple[Any, int], ...]


@dataclass(frozen=True)
class Explained:
    """One item explained.

    Args:
        item: What is explained.
        answer: What it comes to.
        read: Its rule as it was read.
        reasons: The conditions that made it.
        found: The nearest changes that alter it.
        paired: No single change alters it; pairs were tried.
        follows: It goes with the main answer, and ``found`` leaves out what changes that.
        elsewhere: By input that is tried apart.
        reads: The names of the inputs that can alter it.
    """

    item: Item
    answer: Any
    read: Trace
    reasons: tuple[Reason, ...]
    found: tuple[Counterfactual, ...]
    paired: bool
    follows: bool
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)
    reads: tuple[str, ...] = ()

    @property
    def for_everybody(self) -> bool:
        """Whether the rule reads nothing: everybody gets the same."""
        return not inputs(self.read.item)


class Letter:
    """Everything that the letter to one person says, the same in both languages.

    Args:
        person: before an algorithm.
        about: one item (see `item_called`); by default everything the person is answered.
        now: the instant that the letter is dated.
        figures: where looked-up figures come from.

    Raises:
        InputError: there is no such item.

    Example:
        >>> from bobanalysis.bob import Bob, Market
        >>> person = Person.of({"age": 47, "project_kind": "FIND_A_NEW_JOB"}, Bob(Market.empty()))
        >>> [c.after for f in Letter(person, "senior").explained[0].found for c in f.changes]
        [44]
    """

    def __init__(
        self, person: Person, about: str | None = None, now: str = NOW, figures: Text | None = None
    ) -> None:
        """Choose what the letter is about."""
        self.person, self.algorithm, self.now, self.figures = person, person.algorithm, now, figures
        self.whole, self.presentation = about is None, person.algorithm.presentation
        self.items = [*told_items(person)] if about is None else [item_called(about, person.algorithm)]
        self.answers, self._run = person.answers, remembered(person.would_be_answered)

    @cached_property
    def explained(self) -> tuple[Explained, ...]:
        """Each item, explained."""
        asked = {item: self._question(item) for item in self.items}
        apart = (change for own in self._apart.values() for change in own)
        self._run([(), *((change,) for change in (*self._single, *apart))])  # all that is asked, at once
        found = search(self._single, self._run, asked, 1)
        elsewhere = {item: dict(self._elsewhere(item, asked[item].among or ())) for item in self.items}
        unpaired = self.presentation.unpaired
        alone = [i for i in self.items if not found[i].found and i.outcome.id not in unpaired]
        fixed = [i for i in alone if not any(other.differ for other in elsewhere[i].values())]
        lacking = {item: asked[item] for item in fixed if asked[item].among}
        found |= search(self._single, self._run, lacking, 2)
        return tuple(
            Explained(
                item=item,
                answer=item.answer(self.answers),
                read=(read := self.person.trace(self.algorithm.roots[item.root])),
                reasons=because_of(read, whole=self.presentation.whole_computations),
                found=found[item].found,
                paired=item in lacking,
                follows=self.presentation.follows(item.outcome.id, item.id, self.answers.values),
                elsewhere=elsewhere[item],
                reads=tuple(asked[item].among or ()),
            )
            for item in self.items
        )

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The names of the inputs that can alter what is explained."""
        return tuple(dict.fromkeys(name for one in self.explained for name in one.reads))

    @cached_property
    def _single(self) -> list[Change]:
        return self.person.changes()

    @cached_property
    def _apart(self) -> dict[str, list[Change]]:
        """Other places and jobs, each tried for itself."""
        apart, codes = self.algorithm.input_roles.elsewhere, card_index(self.algorithm).codes
        return {name: self.person.alternatives(name, [*codes(name)] or None) for name in apart}

    def _question(self, item: Item) -> Question[Answers]:
        """Ask for the nearest changes that alter an item, of each input in each direction."""
        reads = self.presentation.reads(item.outcome.id, item.id)
        own = [c for c in self._single if c.variable.name in reads]
        if len(own) ** 2 / 2 > PAIRS:
            own = [c for c in own if self.presentation.category(c.variable) != "figures"]
        chosen = item.outcome.kind == "category"

        def alike(changes: Changes, answer: Any) -> Iterator[Any]:
            change = changes[0]
            if len(changes) > 1 or change.variable.kind not in ("int", "float"):
                yield (*(c.variable.name for c in changes), answer)
                return
            up = change.after > change.before
            yield (change.variable.name, up)
            if chosen or (item.listed and answer is None):
                yield (change.variable.name, up, answer)

        def counts(answers: Answers) -> bool:
            """Leave out, of lists, what goes with the whole answer: that is told once."""
            if not item.listed:
                return True
            if self.answers.error or answers.error:
                return False
            main = self.algorithm.outcomes[0].id
            follows = self.presentation.follows(item.outcome.id, item.id, self.answers.values)
            return not follows or answers.values[main] == self.answers.values[main]

        def rank(found: Counterfactual) -> int:
            return int(item.listed and found.answer is not None)

        return Question(item.answer, among=reads, paired=own, counts=counts, alike=alike, rank=rank)

    def _elsewhere(self, item: Item, reads: Iterable[str]) -> Iterator[tuple[str, Elsewhere]]:
        """Count the other places, or jobs, where an item comes to something else."""
        base = item.answer(self.answers)
        for name, changes in self._apart.items():
            if name not in reads or not changes:
                continue
            answers = self._run([(c,) for c in changes])
            other = [a for a in answers if item.answer(a) != base]
            counted = Counter(item.answer(a) for a in other)
            ranked = sorted(counted.items(), key=lambda x: (-x[1], x[0] is None, str(x[0])))
            yield name, Elsewhere(len(answers), len(other), sum(not a.known for a in other), tuple(ranked))


def told_items(person: Person) -> Iterator[Item]:
    """Iterate over what a person is answered: each outcome, of lists each item; or what stopped."""
    if person.answers.error is not None:
        if stopped := person.algorithm.presentation.stopped(person):
            yield Item(person.algorithm.outcome(stopped))
        return
    for outcome in person.algorithm.outcomes:
        if outcome.kind == "list":
            yield from (Item(outcome, id) for id in person.answers.values[outcome.id])
        else:
            yield Item(outcome)


def item_called(name: str, algorithm: Algorithm) -> Item:
    """Return the item of a name: an outcome, an item of a list, or its published rule.

    An id that two lists have is the first one's; ``strategy:life-balance`` is the other's.

    Raises:
        InputError: There is none; the message names the nearest.

    Example:
        >>> from bobanalysis.bob import Bob, Market
        >>> item_called("advice-senior", Bob(Market.empty())).id
        'senior'
    """
    kind, _, id = name.rpartition(":")
    known: list[str] = []
    for outcome in algorithm.outcomes:
        if outcome.kind != "list":
            if name == outcome.id:
                return Item(outcome)
            known.append(outcome.id)
            continue
        rules = {item: algorithm.root_rule(outcome.root_of(item)) for item in outcome.items}
        by_rule = [item for item, rule in rules.items() if rule == id]
        if kind in ("", outcome.root) and (id in rules or len(by_rule) == 1):
            return Item(outcome, id if id in rules else by_rule[0])
        known += [*rules, *rules.values()]
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    some = [o.id if o.kind != "list" else f"{next(iter(o.items))} ({o.label.en})" for o in algorithm.outcomes]
    raise InputError(f"there is no item {name!r}. {hint}Give one such as {', '.join(some)}.")


# ---- why: the elementary conditions that made an answer ---------------------------------------------------


@dataclass(frozen=True)
class Reason:
    """An elementary condition that was read: `holds` says whether `item` held (else its contrary did).

    `why` tells conditions of the row that decided ("held"), of rows read before it ("passed"), and figures
    that only enter a computation ("used": then `item` is no condition). `value` is what a count came to.
    """

    item: e.Expr
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


def term_text(condition: e.Expr, amount: e.Expr, say: Callable[[e.Expr], str], words: Words) -> str:
    """Say a term of a sum: its condition, and its amount where that is computed."""
    parts = [say(part) for part in (condition, amount) if inputs(part)]
    said = f"{parts[0]} ({parts[1]})" if len(parts) == 2 else "".join(parts)
    return capital(said or words._("to begin with"))
