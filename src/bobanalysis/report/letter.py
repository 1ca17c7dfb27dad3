"""The letter "Why did I get this?": the answer one person gets, and why, in the order of a French decree.

`explain` gathers everything as data, the same for both languages: the answer, the conditions that held with
the person's values, what would have changed it. `letter_page.render` puts it into words, in the order of the
four items of article R311-3-1-2 of the French code on relations between the public and the administration
(CRPA): contribution, data and sources, parameters applied to the person, operations.

Every counterfactual is found by running the whole pipeline again (`bobanalysis.report.person`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Any, Literal

from bobanalysis.bob import DICTIONARY, Bob, InputError
from bobanalysis.bob.configuration import advice_modules, strategies
from bobanalysis.bob.diagnosis import Challenge, challenges
from bobanalysis.bob.market import JOINED, looked_up_by
from bobanalysis.bob.pipeline import LACKS_DATA
from bobanalysis.bob.uses import job_tips_rule
from bobanalysis.report.person import JOB, NOW, PLACE, Person, Told
from bobanalysis.report.reasons import Reason, because_of
from bobanalysis.rules import Change, Expr, Refuse, Text, Variable, inputs

Kind = Literal["main_challenge", "overall_score", "advice", "strategy"]
Category = Literal["yours", "protected", "figures"]
Outcome = tuple[str, Any]
"""What an item comes to: ("told", value), ("not given", None) or ("error", what the server stops on)."""

NOT_GIVEN: Outcome = ("not given", None)
ACTED_ON = ("area_type",)
"""Inputs that stand for a protected criterion, and that the person chooses all the same."""
_PAIRS = 60_000


@dataclass(frozen=True)
class Item:
    """Something that the person is told, or not: `rule` is what decides, `name` what the rule is called."""

    kind: Kind
    id: str
    name: str
    rule: Expr


@dataclass(frozen=True)
class Otherwise:
    """What would have changed an item: inputs with another value, and what it would have come to."""

    changes: tuple[Change, ...]
    outcome: Outcome

    @property
    def category(self) -> Category:
        """Whether the person can do or answer it otherwise, it is a protected criterion, or a figure."""
        kinds = {category(change.variable) for change in self.changes}
        return "protected" if "protected" in kinds else "figures" if "figures" in kinds else "yours"


@dataclass(frozen=True)
class Elsewhere:
    """In how many other départements (or jobs) an item comes to something else, and to what.

    `unknown` counts those, among `differ`, whose market figure is unknown.
    """

    total: int
    differ: int
    unknown: int
    outcomes: tuple[tuple[Outcome, int], ...]


@dataclass(frozen=True)
class Explained:
    """One item explained.

    `value` is what its rule gives. `pairs` says that no single change alters it, so that `otherwise` has the
    pairs that do; `follows`, that the item is lost with the main challenge, and `otherwise` leaves out the
    changes that lose it so. `lost_by` names the advice that excluded it, where its rule would have given it.
    """

    item: Item
    outcome: Outcome
    refusal: Refuse | None
    value: Any
    reasons: tuple[Reason, ...]
    because: tuple[str, ...]
    otherwise: tuple[Otherwise, ...]
    pairs: bool
    follows: bool
    places: Elsewhere | None
    jobs: Elsewhere | None
    reads: tuple[str, ...]
    lost_by: tuple[str, ...] = ()

    @property
    def for_everybody(self) -> bool:
        """Whether the rule reads nothing: everybody gets the same score."""
        return not inputs(self.item.rule)


@dataclass(frozen=True)
class Step:
    """One main challenge as it was tried: its relevance (see `Relevance`), and the conditions behind it."""

    challenge: Challenge
    relevance: int | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Letter:
    """Everything the letter says of a person, as data.

    `whole` tells a letter about everything from one about one item; `row` is the person as rules read them,
    `given` the inputs that are known of them, `reads` those that bear on what is explained; `scored` counts
    the advice whose rule gives a score, `excluded` names what other advice excludes; `stopped` is what stops
    the published server.
    """

    told: Told
    explained: tuple[Explained, ...]
    whole: bool
    now: str
    row: Mapping[str, Any]
    given: frozenset[str]
    steps: tuple[Step, ...]
    scored: int
    excluded: tuple[str, ...]
    stopped: Refuse | None
    figures: Text | None
    reads: tuple[str, ...] = field(default=())


def explain(
    given: Any,
    bob: Bob | None = None,
    *,
    now: str = NOW,
    project: int = 0,
    about: str | None = None,
    figures: Text | None = None,
    file: str = "person",
    strict: bool = True,
) -> Letter:
    """Gather the explanation of what the published algorithm tells a person.

    Parameters: `given`, one of Bob's records or inputs by name (see `Person.of`); `bob`, the algorithm on a
    market (default: the open figures of the project); `now`, the instant of the computation; `project`, place
    of the project, from 0; `about`, one item (see `item_called`; default: everything the person is told);
    `figures`, where the market figures come from (default: those of the project); `file`, for messages;
    `strict`, see `admit`.
    Returns the `Letter`. Raises InputError for a person who cannot be read, or an unknown item.

    >>> from bobanalysis.bob import Market
    >>> person = {"age": 47, "project_kind": "FIND_A_NEW_JOB"}
    >>> made = explain(person, Bob(Market.empty()), about="senior")
    >>> [(c.variable.name, c.after) for o in made.explained[0].otherwise for c in o.changes]
    [('age', 44)]
    """
    if bob is None:
        from bobanalysis.recommenders.market import french_market

        bob = Bob(french_market())
    item = None if about is None else item_called(about, bob)
    person = Person.of(given, bob, now=now, project=project, file=file, strict=strict)
    items = [item] if item else told_items(person)
    search = _Search(person, items)
    explained = tuple(_explained(person, item, search) for item in items)
    told = search.told
    kept = told.advice
    scored = {m.id: _stars(person, bob.advice[m.id]) for m in advice_modules()}
    lost = [] if told.error else [id for id, stars in scored.items() if stars > 0 and id not in kept]
    return Letter(
        told=told,
        explained=explained,
        whole=item is None,
        now=now,
        row=person.row,
        given=frozenset(_given(person)),
        steps=tuple(_steps(person)),
        scored=sum(stars != 0 for stars in scored.values()),
        excluded=tuple(lost),
        stopped=person.trace(bob.roots["overall_score"]).refusal,
        figures=figures,
        reads=tuple(dict.fromkeys(name for e in explained for name in e.reads)),
    )


# --- items


def told_items(person: Person) -> list[Item]:
    """Return what a person is told: main challenge, overall score, each piece of advice, each strategy."""
    bob, told = person.bob, person.told
    if told.error is not None:  # what stopped: the choice of the challenge, or the score that goes with it
        chosen = person.trace(bob.roots["main_challenge"]).answered
        return [_step_item("overall_score" if chosen else "main_challenge", bob)]
    return [
        *(_step_item("main_challenge", bob), _step_item("overall_score", bob)),
        *(_advice_item(id, bob) for id in told.advice),
        *(_strategy_item(id, bob) for id in told.strategies),
    ]


def item_called(name: str, bob: Bob) -> Item:
    """Return the item of a name: `main_challenge`, `overall_score`, an advice, a strategy, or its rule.

    An id that both have is the advice; `strategy:life-balance` is the strategy.
    Raises InputError that names the nearest item.

    >>> from bobanalysis.bob import Market
    >>> item_called("advice-senior", Bob(Market.empty())).id
    'senior'
    """
    from difflib import get_close_matches

    if name in ("main_challenge", "overall_score"):
        return _step_item(name, bob)
    modules = {m.id: m.trigger for m in advice_modules()}
    plans = {s.id: s.trigger for s in strategies()}
    kind, _, id = name.rpartition(":")
    for what, known, make in (("advice", modules, _advice_item), ("strategy", plans, _strategy_item)):
        by_rule = [k for k, trigger in known.items() if trigger == id]
        if kind in ("", what) and (id in known or len(by_rule) == 1):
            return make(id if id in known else by_rule[0], bob)
    every = ["main_challenge", "overall_score", *modules, *modules.values(), *plans, *plans.values()]
    near = get_close_matches(name, every, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise InputError(
        f"there is no item {name!r}. {hint}Give main_challenge, overall_score, an advice such as "
        f"{next(iter(modules))} or a strategy such as {next(iter(plans))}."
    )


def _step_item(name: Any, bob: Bob) -> Item:
    return Item(name, name, name, bob.roots[name])


def _advice_item(id: str, bob: Bob) -> Item:
    trigger = next(m.trigger for m in advice_modules() if m.id == id)
    return Item("advice", id, trigger, bob.advice[id])


def _strategy_item(id: str, bob: Bob) -> Item:
    trigger = next(s.trigger for s in strategies() if s.id == id)
    return Item("strategy", id, trigger, bob.strategies[id])


def outcome(item: Item, told: Told) -> Outcome:
    """Return what an item comes to in what a person is told."""
    if told.error is not None:
        return ("error", told.error)
    if item.kind == "main_challenge":
        return ("told", told.challenge)
    if item.kind == "overall_score":
        return ("told", told.score)
    found = told.advice if item.kind == "advice" else told.strategies
    return ("told", found[item.id]) if item.id in found else NOT_GIVEN


def reads(item: Item, bob: Bob) -> tuple[str, ...]:
    """Return the names of the inputs that can alter an item: those of its rule and of what bears on it.

    On advice bears other advice that excludes it; on a strategy its pieces of advice; on rules that read a
    result of the diagnosis, the diagnosis. Those by which figures are looked up count.
    """
    rules = [item.rule]
    if item.kind == "advice":
        rules += [bob.advice[id] for id in _excluders(item.id)]
    if item.kind == "strategy":
        plan = next(s for s in strategies() if s.id == item.id)
        pieces = [m.id for m in advice_modules() if m.id.startswith(plan.advice)]
        rules += [bob.advice[id] for piece in pieces for id in [piece, *_excluders(piece)]]
        rules += [job_tips_rule(), bob.advice["specific-to-job"]]
    found = inputs(*rules)
    if item.kind in ("main_challenge", "strategy") or {"diagnostic_category", "diagnostic_overall_score"} & {
        v.name for v in found
    }:
        found += inputs(bob.roots["overall_score"])
    names = [v.name for v in found]
    names += [v.name for v in looked_up_by(names, bob.market)]
    if {"search_length", "search_length_now"} & set(names):  # one question of the form: since when
        names += ["search_length", "search_not_started"]
    return tuple(dict.fromkeys(names))


@cache
def _excluders(id: str) -> tuple[str, ...]:
    """Return the advice that, directly or not, decides whether an advice is excluded."""
    found: list[str] = []
    waiting = [id]
    while waiting:
        one = waiting.pop()
        new = [m.id for m in advice_modules() if one in m.excludes and m.id not in (one, id, *found)]
        found += new
        waiting += new
    return tuple(found)


def category(variable: Variable) -> Category:
    """Return whether an input is the person's to change, a protected criterion, or a figure from outside."""
    if variable.group in (*JOINED, "service"):
        return "figures"
    if variable.protected and variable.name not in ACTED_ON:
        return "protected"
    return "yours"


# --- why


def _stars(person: Person, rule: Expr) -> float:
    """Return the score of an advice rule: 0.1 where it names what it lacks, 0 where it has none."""
    read = person.trace(rule)
    if read.refusal is None:
        return float(read.value)
    return LACKS_DATA if read.refusal.kind == "missing" and read.refusal.details else 0.0


def _steps(person: Person) -> Iterator[Step]:
    for c in challenges():
        read = person.trace(person.bob.roots[c.column])
        yield Step(c, read.value, because_of(read))


def _given(person: Person) -> Iterator[str]:
    """Iterate over the inputs that the person answered, or that are known of their job and place."""
    started = person.row.get("search_length", -1) >= 0
    lists = [v.name for v in DICTIONARY.tables["associations"].values()]
    always = {*_COUNTED, *lists, *(["search_not_started"] if started else [])}
    for variable in DICTIONARY.variables:
        value = person.row.get(variable.name)
        no_birth = variable.name == "age" and value is not None and value > (variable.maximum or value)
        known = variable.name in always or value not in (variable.default, "")
        if value is not None and known and not no_birth:
            yield variable.name


_COUNTED = ("num_projects", "num_objectives", "has_creation_date", "month")
"""Inputs that are known of everybody, whatever was answered."""


# --- what would have changed it


class _Search:
    """Tries changes for one person: single ones for all items at once, then pairs where they are needed."""

    def __init__(self, person: Person, items: Sequence[Item]) -> None:
        self.person, self.told = person, person.told
        self.names = {item: reads(item, person.bob) for item in items}
        self.single = person.changes()
        self.places, self.jobs = person.places(), person.jobs()
        sets = [(c,) for c in (*self.single, *self.places, *self.jobs)]
        told = person.would_be_told(sets)
        one, two = len(self.single), len(self.single) + len(self.places)
        self.after = list(zip(self.single, told[:one], strict=True))
        self.there, self.then = told[one:two], told[two:]
        self.lacking = [item for item in items if self._needs_pairs(item)]
        self.both = self._pairs()

    def otherwise(self, item: Item) -> list[Otherwise]:
        """Return the nearest single changes that alter an item, of each input in each direction."""
        base, allowed = outcome(item, self.told), set(self.names[item])
        best: dict[tuple[Any, ...], Otherwise] = {}
        sizes: dict[tuple[Any, ...], float] = {}
        for change, told in self.after:
            now = outcome(item, told)
            if change.variable.name not in allowed or now == base or self._is_void(item, told):
                continue
            for key in _keys(item, change, now):
                if key not in best or change.size < sizes[key]:
                    best[key], sizes[key] = Otherwise((change,), now), change.size
        once = {tuple((c.variable.name, c.after) for c in o.changes): o for o in best.values()}
        return sorted(once.values(), key=lambda o: (_rank(item, o), sum(c.size for c in o.changes)))

    def _needs_pairs(self, item: Item) -> bool:
        """Tell whether no single change alters an item, though its rule reads something."""
        constant = not inputs(item.rule) and not _excluders(item.id)
        if item.kind == "strategy" or constant or self.otherwise(item):
            return False
        return not any(e and e.differ for e in (self.elsewhere(item, key) for key in (PLACE, JOB)))

    def _pairs(self) -> dict[Item, list[tuple[tuple[Change, ...], Told]]]:
        """Try the pairs of changes of all items that need them, at once."""
        sets: dict[Item, list[tuple[Change, ...]]] = {}
        for item in self.lacking:
            single = [c for c in self.single if c.variable.name in self.names[item]]
            if len(single) ** 2 / 2 > _PAIRS:
                single = [c for c in single if category(c.variable) != "figures"]
            sets[item] = [p for p in combinations(single, 2) if p[0].variable is not p[1].variable]
        told = iter(self.person.would_be_told([s for found in sets.values() for s in found]))
        return {item: [(s, next(told)) for s in found] for item, found in sets.items()}

    def pairs(self, item: Item) -> list[Otherwise]:
        """Return the nearest pairs of changes that alter an item."""
        base = outcome(item, self.told)
        best: dict[tuple[Any, ...], Otherwise] = {}
        for chosen, told in self.both[item]:
            now = outcome(item, told)
            if now == base or self._is_void(item, told):
                continue
            key = (*(c.variable.name for c in chosen), now)
            if key not in best or _size(chosen) < _size(best[key].changes):
                best[key] = Otherwise(chosen, now)
        return sorted(best.values(), key=lambda o: (_rank(item, o), _size(o.changes)))

    def elsewhere(self, item: Item, key: str) -> Elsewhere | None:
        """Count the other places, or jobs, where an item comes to something else."""
        if key not in self.names[item]:
            return None
        told = self.there if key == PLACE else self.then
        base = outcome(item, self.told)
        other = [t for t in told if outcome(item, t) != base]
        counted = Counter(outcome(item, t) for t in other)
        unknown = sum(not t.market_known for t in other)
        ranked = sorted(counted.items(), key=lambda x: (-x[1], str(x[0])))
        return Elsewhere(len(told), len(other), unknown, tuple(ranked))

    def _is_void(self, item: Item, told: Told) -> bool:
        """Leave out, of advice and strategies, what goes with the whole diagnosis: that is told once."""
        if item.kind not in ("advice", "strategy"):
            return False
        if self.told.error or told.error:
            return True
        return follows(item, self.told) and told.challenge != self.told.challenge


def follows(item: Item, told: Told) -> bool:
    """Tell whether an item is a strategy that only the person's main challenge leads to."""
    if item.kind != "strategy":
        return False
    return next(s for s in strategies() if s.id == item.id).challenges == (told.challenge,)


def _size(changes: Sequence[Change]) -> float:
    return sum(c.size for c in changes)


def _keys(item: Item, change: Change, now: Outcome) -> Iterator[tuple[Any, ...]]:
    """Tell among which changes one is the nearest: of a number by direction, of an answer by outcome."""
    name, kind = change.variable.name, change.variable.kind
    if kind in ("int", "float"):
        up = change.after > change.before
        yield (name, up)
        if now == NOT_GIVEN or item.kind == "main_challenge":
            yield (name, up, now if item.kind == "main_challenge" else "gone")
    else:
        yield (name, now)


def _rank(item: Item, other: Otherwise) -> int:
    """Put the loss of an item before a change of its stars or points."""
    return 0 if other.outcome == NOT_GIVEN or item.kind in ("main_challenge", "overall_score") else 1


def _explained(person: Person, item: Item, search: _Search) -> Explained:
    read = person.trace(item.rule)
    lacking = item in search.lacking
    places, jobs = (search.elsewhere(item, key) for key in (PLACE, JOB))
    told = outcome(item, search.told)
    lost_by: tuple[str, ...] = ()
    if item.kind == "advice" and told == NOT_GIVEN:
        by = [m.id for m in advice_modules() if item.id in m.excludes and m.id in person.told.advice]
        lost_by = tuple(by) if _stars(person, item.rule) > 0 else ()
    return Explained(
        item=item,
        outcome=told,
        refusal=read.refusal,
        value=read.value,
        reasons=because_of(read),
        because=read.because(),
        otherwise=tuple(search.pairs(item) if lacking else search.otherwise(item)),
        pairs=lacking,
        follows=follows(item, search.told),
        places=places,
        jobs=jobs,
        reads=search.names[item],
        lost_by=lost_by,
    )


__all__ = ["Explained", "Item", "Letter", "Otherwise", "Reason", "because_of", "explain", "item_called"]
