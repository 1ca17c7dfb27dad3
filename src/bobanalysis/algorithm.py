"""What an audit, a page or a command needs to know of an algorithm, and nothing more.

``Algorithm`` is the interface. ``RuleAlgorithm`` is one that is made of a dictionary, named rules and
outcomes, and needs no line of code of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import numpy as np
import polars as pl

from bobanalysis import rules as r
from bobanalysis.presentation import Presentation
from bobanalysis.rules import Dictionary, Expr, Text, Variable
from bobanalysis.rules.expr import Operand
from bobanalysis.tables import InputError, load_yaml, to_polars
from bobanalysis.validation import Records, Requirement, validate

T = TypeVar("T")
CRITERIA: Mapping[str, str] = {"age": "age", "place": "place of residence"}
"""The two criteria that are audited, and what data dictionaries call them."""

CHANGES = load_yaml(dict[str, Text], Path(__file__).with_name("changes.yaml"))
Rules = Mapping[str, Expr]
How = Literal["neutral", "dropped"]
RuleChange = Callable[[str, Expr], Expr]
"""How to change an algorithm: the key of a root and its expression → the new expression."""


@dataclass(frozen=True)
class Outcome:
    """One thing that an algorithm answers.

    Args:
        id: Its name, and that of its column in ``Algorithm.run`` where ``column`` is empty.
        kind: "category" (one of ``items``), "number", or "list" (some of ``items``, best first).
        label: What to call it.
        items: Labels of the categories or list items by id, in the published order.
        scores: Of a list, the column with the scores of its items.
        first: Of a list, what to call its first item in tables; by default ``first_<id>``.
        item: Of a list, what one item is called ("a piece of advice").
        root: Key of its rule in ``Algorithm.roots``, by default ``id``; of a list, the word before the item.
        unit: Unit of the number, or of the scores.
        details: Of a list, further list columns about its items.
        short: What to call it in names of columns, by default ``id``.
        minimum, maximum: Limits of the number.
    """

    id: str
    kind: Literal["category", "number", "list"]
    label: Text
    items: Mapping[str, Text] = field(default_factory=dict)
    column: str = ""
    scores: str | None = None
    first: str = ""
    item: Text | None = None
    root: str = ""
    unit: Text | None = None
    details: tuple[str, ...] = ()
    short: str = ""
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """Fill what follows from the id."""
        for name in ("column", "first", "root", "short"):
            own = f"first_{self.id}" if name == "first" else self.id
            object.__setattr__(self, name, getattr(self, name) or own)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the answers that belongs to this outcome."""
        return (self.column, *([self.scores] if self.scores else []), *self.details)

    @property
    def asked(self) -> list[str]:
        """What has a rule of its own: each item of a list; of others, the answer itself, ""."""
        return [*self.items] if self.kind == "list" else [""]

    def root_of(self, item: str = "") -> str:
        """Return the key in ``Algorithm.roots`` of the rule that answers this, or scores one item of it."""
        return f"{self.root} {item}" if self.kind == "list" else self.root


@dataclass(frozen=True)
class PublishedRule:
    """One published rule.

    Args:
        name: As it is published.
        expr: A condition (a filter: 3 where it holds, 0 elsewhere), a score, or a category.
        source: File and lines in the publication, as ``Source.address`` takes them.
        spec: Paragraph of the specification.
        title: What to call it in a text.
        quirks: Numbers of what it does otherwise than its name says.
        family: The pattern that its name follows.
    """

    name: str
    expr: Expr
    source: str = ""
    spec: str = ""
    title: Text | None = None
    quirks: tuple[str, ...] = ()
    family: str = ""

    @property
    def score(self) -> Expr:
        """Return the rule as a score: a filter gives 3 or 0."""
        return r.first_match(r.when(self.expr, 3), otherwise=0) if r.is_condition(self.expr) else self.expr


class lazyproperty(cached_property[T]):
    """A ``functools.cached_property`` that batches may ask at the same time, each for its own.

    Up to Python 3.11 the library lets one object compute it at a time, of all that have it: threads that each
    score a batch of people would wait for each other. Asked at the same time of one object, it may be
    computed twice.

    Source: https://docs.python.org/3/library/functools.html#functools.cached_property, "Changed in 3.12".

    >>> class Batch:
    ...     rows = lazyproperty(lambda self: print("computed") or 3)
    >>> batch = Batch()
    >>> batch.rows + batch.rows
    computed
    6
    """

    def __get__(self, instance: object, owner: type[Any] | None = None) -> Any:
        """Compute the value of an object when it is first asked for, and keep it."""
        name = self.attrname
        if instance is None or name is None:
            return self
        if name not in instance.__dict__:
            instance.__dict__[name] = self.func(instance)
        return instance.__dict__[name]


@dataclass(frozen=True)
class Source:
    """Where an algorithm is published.

    Args:
        name: What to call the publication.
        address: Where to read it; ``{source}`` stands for the place that a rule names, if rules can be
            addressed one by one.
        version: Commit or date of what was read.
    """

    name: Text
    address: str = ""
    version: str = ""

    def link(self, source: str) -> str:
        """Return the address of one rule's place; the whole publication's where rules have none."""
        return self.address.replace("{source}", source)


@dataclass(frozen=True)
class Inputs:
    """What the inputs of an algorithm are to a person; names and groups are those of the dictionary.

    Args:
        asked: Groups that people answer.
        unasked: Inputs of these groups that nobody is asked for.
        together: Columns that hold one answer, by its name.
        fixed: Inputs on which no single change is tried: they follow from others, or are tried apart.
        elsewhere: Inputs tried apart, over their whole grid (place, job).
        keys: Columns that only tell rows apart.
        figures_factor: The factor "figures that are looked up by place", if there is one.
        factors: Inputs by factor, for attribution; inputs of no factor are the factor "rest".
        factor_labels: What to call the factors.
    """

    asked: tuple[str, ...] = ()
    unasked: frozenset[str] = frozenset()
    together: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    elsewhere: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    figures_factor: str = ""
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factor_labels: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """How an algorithm is made blind to a criterion: what its inputs read, and how to say it.

    Args:
        values: Input → what is read in its place.
        neutral: "Every condition on age is read as at 40."
        dropped: "The conditions on age are removed."
    """

    values: Mapping[str, Operand]
    neutral: Text
    dropped: Text


@dataclass(frozen=True)
class Questions:
    """A group of inputs on the page where a reader tries the rules."""

    label: Text
    inputs: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Result:
    """What an algorithm found for people, and what its rules read.

    Args:
        known: The people as rules read them: looked-up figures and results of earlier steps included.
        answer: Makes ``answers``, when they are first asked for.
    """

    known: pl.DataFrame
    answer: Callable[[], pl.DataFrame]

    @lazyproperty
    def answers(self) -> pl.DataFrame:
        """One row a person, in their order: keys, then the columns of each outcome."""
        return self.answer()

    def column(self, name: str) -> pl.Series:
        """Return one column of the answers, without making those that are not asked for."""
        return self.answers[name]

    def ranked(self, outcome: Outcome) -> tuple[np.typing.NDArray[np.int16], np.typing.NDArray[np.float64]]:
        """Return a list outcome as two tables, people × ranks: place of the item (-1: none), and score."""
        lists = self.column(outcome.column)
        place = {item: k for k, item in enumerate(outcome.items)}
        width = max(int(lists.list.len().max() or 0), 1)  # type: ignore[arg-type]
        row = np.repeat(np.arange(len(lists)), lists.list.len().fill_null(0).to_numpy())
        items = lists.explode().drop_nulls().cast(pl.String)
        column = np.arange(len(row)) - np.searchsorted(row, row)
        found = np.full((len(lists), width), -1, dtype=np.int16)
        scores = np.zeros((len(lists), width))
        found[row, column] = items.replace_strict(place, return_dtype=pl.Int16).to_numpy()
        if outcome.scores:
            scores[row, column] = self.column(outcome.scores).explode().drop_nulls().to_numpy()
        return found, scores


class Algorithm(ABC):
    """A published algorithm, ready to run.

    What differs between algorithms is data: the dictionary of inputs, rules, outcomes, sources. An own class
    is needed only where rules read figures that are joined, or where steps follow each other.
    """

    id: str
    title: Text
    source: Source
    dictionary: Dictionary
    outcomes: tuple[Outcome, ...]
    changes: tuple[Text, ...]
    rules: Mapping[str, PublishedRule]
    """Every named rule, in the published order, whether or not it is run."""
    roots: Rules
    """Every expression that is run, by what it answers (``Outcome.root_of``)."""
    input_roles: Inputs
    questions: tuple[Questions, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    """What must hold between the answers of a person: validation rejects the others."""
    start: Mapping[str, Any] = {}
    legal: Mapping[str, Text] = {}
    """Texts of the law that a letter quotes, by key; none where no country's law is known to apply."""

    records: Records | None = None
    """How people are read from the algorithm's own records; None where it has none."""
    quirk_folder: Path | None = None
    """Records of what the rules do otherwise than they say (``audit.quirks``); None where there are none."""
    known_column: str = ""
    """A column of the answers that tells for whom the looked-up figures are known."""
    error_column: str = ""
    """A column of the answers that tells what stopped the algorithm, or null."""

    # --- what each algorithm does

    @abstractmethod
    def compute(self, people: pl.DataFrame, rules: Iterable[Expr] = ()) -> Result:
        """Run the algorithm on validated people, once for all that it answers.

        Args:
            people: A frame from ``validate``.
            rules: Further rules that will be read: ``Result.known`` holds their inputs too.
        """

    # --- what follows

    def map_rules(self, change: RuleChange, said: Text) -> Self:
        """Return the algorithm with each root changed, and ``said`` among its changes.

        Args:
            change: Gets the key of a root and its expression, and returns the new expression.
            said: What changed, in words.
        """
        roots = {key: change(key, rule) for key, rule in self.roots.items()}
        return replace(self, roots=roots, changes=(*self.changes, said))  # type: ignore[type-var]

    @cached_property
    def variables(self) -> list[Variable]:
        """Every input that is read, keys of looked-up figures included."""
        return self.reads([*self.roots.values(), *(r.condition for r in self.requirements)])

    def reads(self, rules: Iterable[Expr]) -> list[Variable]:
        """Return the inputs that some rules need, keys of looked-up figures included."""
        return r.inputs(*rules)

    def rule(self, name: str) -> PublishedRule:
        """Return the rule, or the root, called ``name``; KeyError that names the nearest."""
        if name in self.rules:
            return self.rules[name]
        if name in self.roots:
            return PublishedRule(name, self.roots[name])
        near = get_close_matches(name, [*self.rules, *self.roots], n=1)
        raise KeyError(f"no rule is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))

    def run(self, people: Any, *, validated: bool = False, strict: bool = True) -> Any:
        """Return what people are answered.

        Args:
            people: A Polars or pandas frame, one row a person, with the columns of the data dictionary.
            validated: The frame comes from ``validate``.
            strict: Undefined values outside the dictionary's ranges and choices.

        Returns:
            A frame of the same kind, in the same order: keys, and the column of each outcome.

        Raises:
            InputError: A column is missing, or a value is outside the dictionary.
        """
        frame, back = to_polars(people)
        if not validated:
            frame = validated_or_raise(frame, self.variables, self.requirements, strict=strict)
        return back(self.compute(frame).answers)

    def outcome(self, id: str) -> Outcome:
        """Return the outcome called ``id``; KeyError that lists all."""
        for outcome in self.outcomes:
            if id in (outcome.id, outcome.column):
                return outcome
        raise KeyError(f"no outcome is called {id!r}; there are {', '.join(o.id for o in self.outcomes)}")

    def titles(self) -> Mapping[str, Text]:
        """Return what to call in a text what rules name."""
        return {rule.name: rule.title for rule in self.rules.values() if rule.title}

    def is_rule(self, node: Expr) -> bool:
        """Tell whether a node of an expression is a published rule, used by name."""
        return isinstance(node, r.Named) and node.name in self.rules

    def rule_status(self, name: str) -> str:
        """Tell by what a rule is reached: "in use" by the algorithm, or "dead"."""
        return "in use" if name in self.used_rules() else "dead"

    def listed_rules(self) -> list[str]:
        """Return the names of the rules whose conditions are listed: by default all."""
        return [*self.rules]

    def figures(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the figures that are looked up by the people's place, one row a person."""
        return people.select()

    def used_rules(self) -> frozenset[str]:
        """Return the names of the published rules that the roots reach."""
        named = {n.name for n in r.walk(*self.roots.values()) if isinstance(n, r.Named)}
        return frozenset((named | {self.root_rule(key) for key in self.roots}) & {*self.rules})

    def root_rule(self, key: str) -> str:
        """Return the name of the published rule that a root is, or ""."""
        return key if key in self.rules else ""

    def is_active(self, root: str, rule: Expr) -> Expr:
        """Return the condition that a rule acts on a person: it holds, or scores above 0."""
        return rule if r.is_condition(rule) else rule > 0

    # --- protected criteria

    def protected(self, criterion: str, *hows: str) -> list[Variable]:
        """Return the inputs that are a criterion ("age", "place" or its name in the dictionary).

        Args:
            criterion: The criterion.
            hows: Only those that are it in one of these ways ("direct", "proxy", …); none: all.
        """
        whole = CRITERIA.get(criterion, criterion)
        found = [v for v in self.dictionary.values() if v.protected and v.protected.criterion == whole]
        return [v for v in found if v.protected and (not hows or v.protected.how in hows)]

    def axis(self, criterion: str) -> Variable:
        """Return the input that a grid over a criterion varies: the direct one that has a grid.

        Raises:
            LookupError: No input is this criterion.
        """
        direct = self.protected(criterion, "direct")
        if not direct:
            raise LookupError(f"{self.id}: no input of the dictionary is directly {criterion!r}")
        return next((v for v in direct if v.grid), direct[0])

    def grid(self, variable: Variable) -> pl.DataFrame:
        """Return the values that a grid tries for an input: its column, and those that follow from it.

        They are the dictionary's ``grid``, else the choices, else every whole number from minimum to maximum.

        Raises:
            LookupError: The dictionary says nothing of the kind.
        """
        return pl.DataFrame({variable.name: [value for value, _ in grid_values(variable)]})

    def name_of(self, variable: Variable, value: Any) -> Text:
        """Return what to call a value of an input that has a grid or choices."""
        labels = {c.number: c.label for c in variable.choices} | dict(variable.grid)
        return labels.get(value, Text(str(value), str(value)))

    def followers(
        self, name: str, after: Any, row: Mapping[str, Any], columns: Collection[str]
    ) -> dict[str, Any]:
        """Return a changed input as columns, with what follows from it.

        Args:
            name: The input.
            after: Its new value.
            row: The person as rules read it.
            columns: The columns that the person's rows have.
        """
        return {name: after}

    def can_change(self, variable: Variable) -> bool:
        """Tell whether a change of an input can be tried: by default, not of looked-up figures."""
        return not variable.joined

    def adjust_changes(self, found: list[r.Change], row: Mapping[str, Any]) -> list[r.Change]:
        """Return the changes to try for one person, where inputs that follow from others ask for more."""
        return found

    def reference(self, criterion: str, value: Operand | None = None) -> Reference:
        """Return how the algorithm is made blind to a criterion.

        Args:
            criterion: "age", "place", or a criterion of the dictionary.
            value: What is read in place of the direct input (by default, its default).
        """
        axis = self.axis(criterion)
        read = self.protected(criterion, "direct", "place-keyed data")
        values: dict[str, Operand] = {v.name: v.default for v in read}
        values[axis.name] = axis.default if value is None else value
        shown = values[axis.name]
        called = change_text("reference") if isinstance(shown, Expr) else self.name_of(axis, shown)
        neutral = change_text("read_as", label=axis.label, value=called)
        return Reference(values, neutral, change_text("removed", label=axis.label))

    # --- what its pages say

    @cached_property
    def presentation(self) -> Presentation:
        """What the pages of the algorithm say beyond what is run."""
        return Presentation(self)

    # --- variants, all built on ``map_rules``

    def blind_to(self, criterion: str, how: How = "neutral", reference: Operand | None = None) -> Self:
        """Return the algorithm blind to a criterion.

        Args:
            criterion: "age", "place", or a criterion of the dictionary.
            how: "neutral", every condition is decided as for one reference, or "dropped", the condition is
                removed from the conjunction or disjunction that it stands in.
            reference: What is read in place of the direct input.

        Raises:
            ValueError: An input enters the arithmetic of a score and can only be neutralised.
        """
        blind = self.reference(criterion, reference)
        if how == "neutral":
            return self.map_rules(lambda _, rule: r.neutral(rule, blind.values), blind.neutral)
        return self.map_rules(lambda _, rule: r.dropped(rule, blind.values), blind.dropped)

    def with_rule(self, name: str, expr: Expr, said: Text | None = None) -> Self:
        """Return the algorithm with one published rule replaced, wherever it is used.

        Args:
            name: Its name.
            expr: What stands in its place.
            said: What changed, in words.

        Raises:
            KeyError: No rule is called so.
        """
        self.rule(name)
        score = PublishedRule(name, expr).score
        changed = r.Named(f"{name} (changed)", expr)

        def change(node: Expr) -> Expr | None:
            return changed if isinstance(node, r.Named) and node.name == name else None

        def each(root: str, rule: Expr) -> Expr:
            whole = self.root_rule(root) == name and not isinstance(rule, r.Named)
            return score if whole else r.transform(rule, change)

        return self.map_rules(each, said or change_text("replaced", rule=name))

    def with_threshold(
        self, rule: str | None, new: float, *, variable: str | None = None, old: float | None = None
    ) -> Self:
        """Return the algorithm with a threshold moved.

        Args:
            rule: A published rule, wherever it is used; None: in all rules.
            new: The new threshold.
            variable, old: The input, or the named computation, and its threshold; they may be left out
                where the rule has only one.

        Raises:
            KeyError: No rule is called so.
            LookupError: There is no such threshold, or several.
        """
        rules = [*self.roots.values()] if rule is None else [self.rule(rule).expr]
        found = _bounds(*rules)
        asked = {b for b in found if variable in (None, b[0]) and old in (None, b[1])}
        if len(asked) != 1:
            known = sorted(asked or {b for b in found if b[0] == variable} or found)
            raise LookupError(f"{rule or self.id!r} has {len(asked)} such thresholds, not one: {known}")
        ((name, value),) = asked
        inside = name in self.dictionary
        label = self.dictionary[name].label if inside else self.titles().get(name, Text(name, name))
        if rule is not None:
            said = change_text("moved", rule=rule, old=value, label=label, new=new)
            return self.with_rule(rule, r.with_bound(rules[0], name, value, new), said)
        said = change_text("moved_everywhere", old=value, label=label, new=new)
        return self.map_rules(lambda _, expr: r.with_bound(expr, name, value, new), said)


def change_text(key: str, **values: Any) -> Text:
    """Return a change in words (``changes.yaml``)."""
    return CHANGES[key].filled(**values)


def _bounds(*rules: Expr) -> set[tuple[str, float]]:
    return {found for node in r.walk(*rules) if (found := r.bound(node))}


def ordered_thresholds(algorithm: Algorithm) -> list[tuple[str, float]]:
    """Return the inputs and the values that the rules compare them with by order, each once, sorted."""
    return sorted(b for b in _bounds(*algorithm.roots.values()) if b[0] in algorithm.dictionary)


def grid_values(variable: Variable) -> Sequence[tuple[Any, Text]]:
    """Return the values that a grid tries for an input, with what to call them.

    Raises:
        LookupError: The dictionary gives neither grid nor choices nor whole numbers between two limits.
    """
    if variable.grid:
        return variable.grid
    if variable.choices:
        return [(c.number, c.label) for c in variable.choices]
    if variable.kind == "int" and variable.minimum is not None and variable.maximum is not None:
        numbers = range(int(variable.minimum), int(variable.maximum) + 1)
        return [(n, Text(str(n), str(n))) for n in numbers]
    raise LookupError(f"{variable.name}: give it a `grid` in the data dictionary: the values to try")


def validated_or_raise(
    frame: pl.DataFrame,
    variables: Iterable[Variable],
    requirements: Sequence[Requirement] = (),
    *,
    strict: bool = True,
) -> pl.DataFrame:
    """Return people once they are validated; InputError that describes the first wrong value."""
    result = validate(frame, variables, requirements=requirements, strict=strict)
    if result.rejected.height:
        worst = result.rejected.row(0, named=True)
        said = f"row {worst['row']}, column {worst['column']!r}, value {worst['value']!r} {worst['problem']}"
        raise InputError(f"{result.num_rejected} of {result.read} rows cannot be read; the first: {said}")
    return result.valid


@dataclass(frozen=True, eq=False)
class RuleAlgorithm(Algorithm):
    """An algorithm made of a dictionary, named rules and outcomes.

    A category or number is answered by the rule of its name; a list by one rule an item, called
    ``<id> <item>``: items above 0 are listed, best first, equals in the published order. Where a rule is
    undefined for a person, its answer is null, and the column ``undefined`` says which and why.

    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when
    >>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0)])
    >>> score = PublishedRule("score", first_match(when(d.age >= 50, -0.7), otherwise=0.1))
    >>> number = Outcome("score", "number", Text("note", "score"))
    >>> toy = RuleAlgorithm("toy", Text("jeu", "toy"), Source(Text("", "")), d, (number,), {"score": score})
    >>> toy.compute(pl.DataFrame({"age": [40, 60]})).answers["score"].to_list()
    [0.1, -0.7]
    >>> toy.with_threshold("score", 65).changes[0].en
    'In the rule score, the threshold 50 of age becomes 65.'
    """

    id: str
    title: Text
    source: Source
    dictionary: Dictionary
    outcomes: tuple[Outcome, ...]
    rules: Mapping[str, PublishedRule]
    input_roles: Inputs = field(default_factory=Inputs)
    requirements: tuple[Requirement, ...] = ()
    questions: tuple[Questions, ...] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    legal: Mapping[str, Text] = field(default_factory=dict)
    changes: tuple[Text, ...] = ()
    roots: Rules = field(default_factory=dict)
    error_column = "undefined"

    def __post_init__(self) -> None:
        """Run the published rules, unless others are given; refuse an outcome without a rule."""
        keys = [o.root_of(i) for o in self.outcomes for i in o.asked]
        if lacking := [key for key in keys if key not in self.rules]:
            raise KeyError(f"{self.id}: no rule is called {lacking[0]!r}; the outcomes need it")
        if not self.roots:
            object.__setattr__(self, "roots", {key: r.Named(key, self.rules[key].expr) for key in keys})

    def compute(self, people: pl.DataFrame, rules: Iterable[Expr] = ()) -> Result:
        """Run all rules on validated people; see ``Algorithm.compute``."""
        return Result(people, lambda: self._answers(people))

    def _answers(self, people: pl.DataFrame) -> pl.DataFrame:
        keys = [c for c in ("person_id", *self.input_roles.keys) if c in people.columns]
        done = r.evaluate(self.roots, people, keep=keys)
        columns = {c: pl.col(c) for c in keys}
        columns |= {o.column: pl.col(o.root) for o in self.outcomes if o.kind != "list"}
        columns["undefined"] = _undefined(self.roots, done.frame.columns, done.refusals)
        lists = [_ranked_lists(done.frame, o) for o in self.outcomes if o.kind == "list"]
        return pl.concat([done.frame.select(**columns), *lists], how="horizontal")


def _undefined(roots: Rules, columns: Sequence[str], refusals: Sequence[r.Undefined]) -> pl.Expr:
    """Return the first rule that is undefined for each person, and why; null where none is."""
    said = {k: f"{r.kind}: {', '.join(r.details)}".removesuffix(": ") for k, r in enumerate(refusals, 1)}
    texts = [
        pl.format("{}: {}", pl.lit(key), pl.col(key + r.STATUS).replace_strict(said, default=None))
        for key in roots
        if key + r.STATUS in columns
    ]
    return pl.coalesce(*texts, pl.lit(None, pl.String))


def _ranked_lists(scored: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """Return the items of a list outcome above 0, best first, equals in the published order."""
    ids = [*outcome.items]
    scores = scored.select(pl.col(outcome.root_of(i)).cast(pl.Float64).alias(i) for i in ids)
    rows = scores.with_row_index("row")
    long = rows.unpivot(index="row", variable_name="item", value_name="score").filter(pl.col("score") > 0)
    best = long.sort("row", "score", descending=[False, True], maintain_order=True)
    lists = best.group_by("row", maintain_order=True).agg(pl.col("item").cast(pl.Enum(ids)), "score")
    whole = rows.select("row").join(lists, on="row", how="left", maintain_order="left")
    named = {outcome.column: "item"} | ({outcome.scores: "score"} if outcome.scores else {})
    return whole.select(
        pl.col(old).fill_null(pl.lit([], dtype=lists.schema[old])).alias(new) for new, old in named.items()
    )
