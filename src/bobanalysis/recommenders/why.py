"""What a gap between two groups of people comes from: the rules are run again, with people's answers mixed.

A gap is the difference of a mean answer between people A and people B. ``Mixture`` pairs people of A with
people of B and lets some *factors* (age, seniority, …) be those of the one from B and all others those of the
one from A. With no factor it is the mean of A, with all of them the mean of B, exactly. Shapley's rule
(``fairness.decomposition.shapley``) then gives each factor its part; the parts add up to the gap.

``readers`` and ``without`` go from factors to rules: each rule that reads an input itself can be switched to
its neutral version on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import isnan

import numpy as np
import polars as pl

from bobanalysis.bob import DICTIONARY, Bob, admit
from bobanalysis.bob.configuration import advice_modules
from bobanalysis.bob.market import join
from bobanalysis.bob.pipeline import Run
from bobanalysis.rules import Expr, Named, Text, lift, transform, walk
from bobanalysis.rules.expr import Var, children

from .sweep import every_rule

FACTORS: dict[str, tuple[str, ...]] = {
    "age": ("age",),
    "seniority": ("seniority", "previous_job_similarity"),
    "search": (
        "search_length",
        "search_length_now",
        "search_not_started",
        "total_interview_count",
        "total_interviews_estimate",
        "weekly_applications_estimate",
    ),
    "diploma": ("highest_degree", "training_fulfillment_estimate"),
    "family": (
        "family_situation",
        "frustration_single_parent",
        "frustration_child_care",
        "frustration_stay_at_home_parent",
    ),
    "mobility": ("area_type", "has_car_driving_license"),
    "market": (),
    "place": ("departement_id", "region_id", "city_population", "city_urban_score", "city_transport_score"),
    "job": ("rome_id", "code_ogr"),
    "rest": (),
}
"""The inputs of each factor. "market": the département whose market figures are looked up; "place": the one
that rules read otherwise (lists by département, the town); "rest": every other answer."""

LABELS = {
    "age": Text("l’âge, lu par les règles", "age, read by the rules"),
    "seniority": Text("l’expérience dans le métier", "experience in the job"),
    "search": Text(
        "la recherche (durée, candidatures, entretiens)", "the search (length, applications, interviews)"
    ),
    "diploma": Text("le diplôme et la formation", "diploma and training"),
    "family": Text("la famille", "family"),
    "mobility": Text("la mobilité", "mobility"),
    "market": Text("le marché local du métier", "the local market of the job"),
    "place": Text("le lieu, hors marché", "the place, market aside"),
    "job": Text("le métier cherché", "the job sought"),
    "rest": Text("les autres réponses", "the other answers"),
}
Outcome = Callable[[Run], pl.Series]
_BLOCK = 120_000  # rows run at a time
_MARKET = {v.name for v in DICTIONARY.values() if v.group == "market"}


def told(challenge: str) -> Outcome:
    """Return the outcome "is told this main challenge" (1 or 0)."""
    return lambda run: (run.diagnosed["main_challenge"] == challenge).fill_null(False).cast(pl.Float64)


def score(run: Run) -> pl.Series:
    """Return the overall score; null where the diagnosis fails."""
    return run.diagnosed["overall_score"].cast(pl.Float64)


def advised(bob: Bob, item: str, top: int | None = None) -> Outcome:
    """Return the outcome "is given this advice" (1 or 0), among the first ``top`` where said.

    Raises ValueError for an advice that is not Bob's.
    """
    if item not in bob.advice:
        raise ValueError(f"no advice is called {item!r}; Bob's are {', '.join(bob.advice)}")
    column = list(bob.advice).index(item)

    def outcome(run: Run) -> pl.Series:
        shown = run.advice.sorted[:, :top]
        there = (shown != 0) & (run.advice.item(shown) == column)
        return pl.Series(there.any(axis=1).astype(np.float64))

    return outcome


@dataclass(frozen=True)
class Mixture:
    """Two groups of people, paired so that any part of A's answers can be replaced by B's.

    ``a``, ``b``: population frames (weight 1 if there is none). ``outcomes``: name → outcome. ``factors``:
    name → inputs, by default ``FACTORS``; inputs of no factor are the "rest". ``by``: None pairs people at
    random (``seed``) in a transport of weights that gives each person of both groups its weight exactly;
    the name of a column pairs each person with the one of the other group that has the same value (the same
    person, say: then only what was changed differs).

    Pairing at random means that a mixture holds combinations that neither group has (an age of one person
    with the experience of another): a part is what changes on average when a factor is replaced for people
    drawn at random, not for those who would have the combination in life.
    """

    bob: Bob
    a: pl.DataFrame
    b: pl.DataFrame
    outcomes: Mapping[str, Outcome]
    factors: Mapping[str, Sequence[str]] | None = None
    by: str | None = None
    seed: int = 2016

    @cached_property
    def pairs(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
        """Return A's and B's people pair by pair, and the weights of pairs, which add up to 1."""
        left, right = (self._ready(frame) for frame in (self.a, self.b))
        if self.by is not None:
            keys = [frame.get_column(self.by) for frame in (self.a, self.b)]
            if any(k.is_duplicated().any() for k in keys) or set(keys[0]) != set(keys[1]):
                raise ValueError(f"by={self.by!r}: both groups need the same values, each once")
            place = dict(zip(keys[1], range(len(keys[1])), strict=True))
            rows = np.array([place[k] for k in keys[0]], dtype=np.int64)
            weight, other = _weights(self.a), _weights(self.b)[rows]
            if not np.allclose(weight, other, rtol=1e-12, atol=0):
                raise ValueError(f"by={self.by!r}: the two of a pair need the same weight")
            return left, right[rows], pl.Series(weight)
        one, two, weight = transport(_weights(self.a), _weights(self.b), self.seed)
        return left[one], right[two], pl.Series(weight)

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """Return the factors in which the paired people differ, with their inputs."""
        a, b, _ = self.pairs
        given = dict(FACTORS if self.factors is None else self.factors)
        taken = {name for names in given.values() for name in names}
        given["rest"] = [*given.get("rest", ()), *(c for c in a.columns if c not in taken)]
        differing = {c for c in a.columns if not a[c].equals(b[c])}
        found = {k: [c for c in names if c in differing] for k, names in given.items()}
        if "market" in found and "departement_id" in differing:
            found["market"] = ["departement_id"]
        return {k: names for k, names in found.items() if names}

    @property
    def names(self) -> list[str]:
        """Return the names of the factors that differ, in order; the others have no part in any gap."""
        return list(self.parts)

    def value(self, on: frozenset[str]) -> pl.Series:
        """Return the mean of each outcome when the factors ``on`` are B's and all others A's.

        It is null where the outcome of anybody is (a diagnosis that fails). All mixtures are run at the first
        call, many at a time.
        """
        return pl.Series(self._means[on & {*self.parts}], dtype=pl.Float64)

    @cached_property
    def _means(self) -> dict[frozenset[str], list[float | None]]:
        every = [frozenset(c) for k in range(len(self.names) + 1) for c in combinations(self.names, k)]
        weight = self.pairs[2].to_numpy()
        at_once = max(1, _BLOCK // len(weight))
        means: dict[frozenset[str], list[float | None]] = {}
        for start in range(0, len(every), at_once):
            block = every[start : start + at_once]
            found = self.bob.steps(pl.concat([self._figures(self.mixed(on)) for on in block]))
            values = [outcome(found).to_numpy().reshape(len(block), -1) for outcome in self.outcomes.values()]
            for k, on in enumerate(block):
                sums = [float((weight * v[k]).sum()) for v in values]
                means[on] = [None if isnan(s) else s for s in sums]
        return means

    def mixed(self, on: frozenset[str]) -> pl.DataFrame:
        """Return the pairs with the factors ``on`` taken from B; ``market_of``: whose market is looked up."""
        a, b, _ = self.pairs
        swap = [c for name in on if name != "market" for c in self.parts[name]]
        people = a.with_columns(b[c] for c in swap)
        where = (b if "market" in on else a)["departement_id"] if "market" in self.parts else None
        return people.with_columns(market_of=people["departement_id"] if where is None else where)

    def _figures(self, people: pl.DataFrame) -> pl.DataFrame:
        """Add the market figures of the place ``market_of``; the pipeline looks up all others itself."""
        asked = people.drop("departement_id").rename({"market_of": "departement_id"})
        looked = join(asked, self.bob.market, [v.name for v in self.bob.variables if v.group == "market"])
        figures = looked.drop(c for c in asked.columns if c not in _MARKET)
        return people.drop("market_of").with_columns(figures)

    def _ready(self, frame: pl.DataFrame) -> pl.DataFrame:
        read = {v.name for v in self.bob.variables}
        kept = admit(frame, self.bob.variables).kept
        return kept.select(c for c in kept.columns if c in read)


def _weights(frame: pl.DataFrame) -> np.ndarray:
    weight = (
        frame["weight"].cast(pl.Float64).to_numpy() if "weight" in frame.columns else np.ones(frame.height)
    )
    if frame.is_empty() or not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() == 0:
        raise ValueError("each group needs people, with weights of 0 or more that are not all 0")
    return np.asarray(weight / weight.sum())


def transport(one: np.ndarray, two: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair two weighted groups at random so that both keep their weights exactly.

    Parameters: ``one``, ``two``, weights that each add up to 1; ``seed``.
    Returns rows of one, rows of two, weights of pairs (at most len(one) + len(two) - 1 pairs).
    Method: both groups are shuffled and laid end to end on the line from 0 to 1; a pair is where two people
    lie over each other.

    >>> rows, others, weight = transport(np.array([0.5, 0.5]), np.array([1.0]), seed=1)
    >>> others.tolist(), weight.tolist()
    ([0, 0], [0.5, 0.5])
    """
    shuffle = np.random.default_rng(seed)
    orders = [shuffle.permutation(len(w)) for w in (one, two)]
    ends = [np.minimum(np.cumsum(w[order]), 1.0) for w, order in zip((one, two), orders, strict=True)]
    for end in ends:
        end[-1] = 1.0
    cuts = np.unique(np.concatenate(ends))
    weight = np.diff(cuts, prepend=0.0)
    kept = weight > 0
    middle = (cuts - weight / 2)[kept]
    left, right = (order[np.searchsorted(end, middle)] for order, end in zip(orders, ends, strict=True))
    return left, right, weight[kept]


# --- single rules


def readers(bob: Bob, variable: str = "age") -> list[str]:
    """Return the rules that read an input themselves, not only through another rule, in reading order.

    A rule of a step that has no name of its own is called "advice …", "strategy …" or "diagnosis …".

    >>> from bobanalysis.bob import Market
    >>> readers(Bob(Market.empty()))[:3]
    ['category-find-what-you-like', 'category-missing-diploma', 'for-young(30)']
    """
    every = [n for n in walk(*every_rule(bob)) if isinstance(n, Named) and _reads(n.item, variable)]
    roots = [
        name for name, rule in _roots(bob).items() if not isinstance(rule, Named) and _reads(rule, variable)
    ]
    return list(dict.fromkeys([*(n.name for n in every), *roots]))


def without(bob: Bob, rule: str, variable: str = "age", value: int | str = 40) -> Bob:
    """Return Bob with one rule reading ``value`` in place of the input; all others read the input itself.

    Parameters: ``rule``, one of ``readers``; rules that it uses are left as they are.
    Raises KeyError if the rule does not read the input itself.
    """
    if rule not in readers(bob, variable):
        raise KeyError(
            f"{rule!r} does not read {variable!r} itself; these do: {', '.join(readers(bob, variable))}"
        )

    def change(node: Expr) -> Expr | None:
        if isinstance(node, Named) and node.name == rule:
            return Named(f"{rule} (neutral)", _neutral_here(node.item, variable, value))
        return None

    def each(step: str, rules: Mapping[str, Expr]) -> dict[str, Expr]:
        return {
            name: _neutral_here(expr, variable, value)
            if rule == f"{step} {name}"
            else transform(expr, change)
            for name, expr in rules.items()
        }

    label = DICTIONARY[variable].label
    said = Text(
        f"La règle {rule} lit {value} à la place de : {label.fr}.",
        f"The rule {rule} reads {value} in place of: {label.en}.",
    )
    return replace(
        bob,
        rules=each("diagnosis", bob.rules),
        advice=each("advice", bob.advice),
        strategies=each("strategy", bob.strategies),
        job_tips=transform(bob.job_tips, change),
        changes=(*bob.changes, said),
    )


def label_of(rule: str) -> Text:
    """Return the name of a rule for readers: advice by its label, others by their identifier."""
    kind, _, name = rule.partition(" ")
    labels = {m.id: m.label for m in advice_modules()}
    if kind == "advice" and name in labels:
        return Text(f"conseil « {labels[name].fr} »", f"advice “{labels[name].en}”")
    return Text(rule, rule)


def _roots(bob: Bob) -> dict[str, Expr]:
    steps = (("diagnosis", bob.rules), ("advice", bob.advice), ("strategy", bob.strategies))
    return {f"{step} {name}": rule for step, rules in steps for name, rule in rules.items()}


def _reads(item: Expr, variable: str) -> bool:
    """Tell whether an expression reads an input outside the named rules that it uses."""
    if isinstance(item, Var):
        return item.variable.name == variable
    return any(_reads(c, variable) for c in children(item) if not isinstance(c, Named))


def _neutral_here(item: Expr, variable: str, value: int | str) -> Expr:
    """Replace an input by a value, but not within the named rules that the expression uses."""
    kept = {n.name: n for n in walk(item) if isinstance(n, Named)}

    def change(node: Expr) -> Expr | None:
        if isinstance(node, Var) and node.variable.name == variable:
            return lift(value)
        if isinstance(node, Named):
            return kept.get(node.name.removesuffix(" (changed)"))
        return None

    return transform(item, change)
