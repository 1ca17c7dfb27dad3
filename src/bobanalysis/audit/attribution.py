"""What a gap between two groups of people comes from: the rules are run again, with people's answers mixed.

A gap is the difference of a mean answer between people A and people B. ``FactorMixture`` pairs people of A
with people of B and lets some *factors* (age, seniority, …) be those of the one from B and all others those
of the one from A. With no factor it is the mean of A, with all of them the mean of B, exactly. Shapley's rule
(``fairness.decomposition.shapley``) then gives each factor its part; the parts add up to the gap.

``rules_reading`` and ``with_neutral_rule`` go from factors to rules: each rule that reads an input itself can
be switched to its neutral version on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import isnan

import numpy as np
import polars as pl

from bobanalysis.algorithm import Algorithm, Result, change_text
from bobanalysis.rules import Expr, Named, neutral, transform, walk
from bobanalysis.rules.expr import Operand, Var
from bobanalysis.validation import validate

Answer = Callable[[Result], pl.Series]
"""What is explained of a result: one number a person."""
_BLOCK = 120_000  # rows run at a time


def is_answered(outcome: str, item: str) -> Answer:
    """Return the answer "a category outcome is this item" (1 or 0)."""
    return lambda found: (found.column(outcome) == item).fill_null(False).cast(pl.Float64)


def number(outcome: str) -> Answer:
    """Return the answer of a number outcome; null where it is undefined."""
    return lambda found: found.column(outcome).cast(pl.Float64)


def is_listed(algorithm: Algorithm, outcome: str, item: str, top: int | None = None) -> Answer:
    """Return the answer "is given this item of a list" (1 or 0), among the first ``top`` where said.

    Raises:
        ValueError: The list has no such item.
    """
    listed = algorithm.outcome(outcome)
    if item not in listed.items:
        raise ValueError(f"no {outcome} is called {item!r}; there are {', '.join(listed.items)}")
    place = list(listed.items).index(item)

    def answer(found: Result) -> pl.Series:
        there = found.ranked(listed)[0][:, :top] == place
        return pl.Series(there.any(axis=1).astype(np.float64))

    return answer


@dataclass(frozen=True)
class FactorMixture:
    """Two groups of people, paired so that any part of A's answers can be replaced by B's.

    Args:
        algorithm: Any.
        a, b: One row a person (weight 1 if there is none).
        outcomes: Name → answer.
        factors: Name → inputs, by default the algorithm's (``Inputs.factors``); inputs of no factor are the
            factor "rest".
        by: None pairs people at random, in a coupling that gives each person of both groups its weight
            exactly; the name of a column pairs each person with the one of the other group that has the same
            value (the same person, say: then only what was changed differs).
        seed: Of the pairs.

    Pairing at random means that a mixture holds combinations that neither group has (an age of one person
    with the experience of another): a part is what changes on average when a factor is replaced for people
    drawn at random, not for those who would have the combination in life.
    """

    algorithm: Algorithm
    a: pl.DataFrame
    b: pl.DataFrame
    outcomes: Mapping[str, Answer]
    factors: Mapping[str, Sequence[str]] | None = None
    by: str | None = None
    seed: int = 2016

    @cached_property
    def pairs(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
        """Return A's and B's people pair by pair, and the weights of pairs, which add up to 1."""
        if self.by is not None:
            left, right = self.a.sort(self.by), self.b.sort(self.by)
            if left[self.by].is_duplicated().any() or not left[self.by].equals(right[self.by]):
                raise ValueError(f"by={self.by!r}: both groups need the same values, each once")
            weight = _weights(left)
            if not np.allclose(weight, _weights(right), rtol=1e-12, atol=0):
                raise ValueError(f"by={self.by!r}: the two of a pair need the same weight")
            return self._ready(left), self._ready(right), pl.Series(weight)
        left, right = self._ready(self.a), self._ready(self.b)
        one, two, weight = random_coupling(_weights(self.a), _weights(self.b), self.seed)
        return left[one], right[two], pl.Series(weight)

    @cached_property
    def parts(self) -> dict[str, list[str]]:
        """Return the factors in which the paired people differ, with their inputs."""
        a, b, _ = self.pairs
        roles = self.algorithm.input_roles
        given = dict(roles.factors if self.factors is None else self.factors)
        taken = {name for names in given.values() for name in names}
        given["rest"] = [*given.get("rest", ()), *(c for c in a.columns if c not in taken)]
        differing = {c for c in a.columns if not a[c].equals(b[c])}
        found = {k: [c for c in names if c in differing] for k, names in given.items()}
        if self._figures in found and self._place in differing:
            found[self._figures] = [self._place]
        return {k: names for k, names in found.items() if names}

    @property
    def _figures(self) -> str:
        return self.algorithm.input_roles.figures_factor

    @cached_property
    def _place(self) -> str:
        return self.algorithm.axis("place").name if self._figures else ""

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
            found = self.algorithm.compute(pl.concat([self.mixed(on) for on in block]))
            values = [answer(found).to_numpy().reshape(len(block), -1) for answer in self.outcomes.values()]
            for k, on in enumerate(block):
                sums = [float((weight * v[k]).sum()) for v in values]
                means[on] = [None if isnan(s) else s for s in sums]
        return means

    def mixed(self, on: frozenset[str]) -> pl.DataFrame:
        """Return the pairs with the factors ``on`` taken from B, figures of the place that they belong to."""
        a, b, _ = self.pairs
        swap = [c for name in on if name != self._figures for c in self.parts[name]]
        people = a.with_columns(b[c] for c in swap)
        if not self._figures:
            return people
        of = b if self._figures in on and self._figures in self.parts else a
        where = of[self._place] if self._figures in self.parts else people[self._place]
        return people.with_columns(self.algorithm.figures(people.with_columns(where)))

    def _ready(self, frame: pl.DataFrame) -> pl.DataFrame:
        read = {v.name for v in self.algorithm.variables}
        kept = validate(frame, self.algorithm.variables).valid
        return kept.select(c for c in kept.columns if c in read)


def _weights(frame: pl.DataFrame) -> np.ndarray:
    weighted = frame if "weight" in frame.columns else frame.with_columns(weight=1.0)
    weight = weighted["weight"].cast(pl.Float64).to_numpy()
    if frame.is_empty() or not np.isfinite(weight).all() or (weight < 0).any() or weight.sum() == 0:
        raise ValueError("each group needs people, with weights of 0 or more that are not all 0")
    return np.asarray(weight / weight.sum())


def random_coupling(one: np.ndarray, two: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair two weighted groups at random so that both keep their weights exactly.

    Parameters: ``one``, ``two``, weights that each add up to 1; ``seed``.
    Returns rows of one, rows of two, weights of pairs (at most len(one) + len(two) - 1 pairs).
    Method: both groups are shuffled and laid end to end on the line from 0 to 1; a pair is where two people
    lie over each other.

    >>> rows, others, weight = random_coupling(np.array([0.5, 0.5]), np.array([1.0]), seed=1)
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


def rules_reading(algorithm: Algorithm, variable: str) -> list[str]:
    """Return the rules that read an input themselves, not only through another rule, in reading order.

    A root that has no name of its own is called by its key.
    """
    roots = algorithm.roots
    named = [n.name for n in walk(*roots.values()) if isinstance(n, Named) and _reads(n.item, variable)]
    alone = [key for key, rule in roots.items() if not isinstance(rule, Named) and _reads(rule, variable)]
    return list(dict.fromkeys([*named, *alone]))


def with_neutral_rule(algorithm: Algorithm, rule: str, variable: str, value: Operand) -> Algorithm:
    """Return the algorithm with one rule reading a value in place of an input; all others read the input.

    Args:
        algorithm: Any.
        rule: One of ``rules_reading``; rules that it uses are left as they are.
        variable: The input.
        value: What is read in its place.

    Raises:
        KeyError: The rule does not read the input itself.
    """
    reading = rules_reading(algorithm, variable)
    if rule not in reading:
        raise KeyError(f"{rule!r} does not read {variable!r} itself; these do: {', '.join(reading)}")

    def here(item: Expr) -> Expr:
        return neutral(item, {variable: value}, lambda node: isinstance(node, Named))

    def change(node: Expr) -> Expr | None:
        named = isinstance(node, Named) and node.name == rule
        return Named(f"{rule} (neutral)", here(node.item)) if named else None  # type: ignore[attr-defined]

    def each(key: str, expr: Expr) -> Expr:
        alone = key == rule and not isinstance(expr, Named)
        return here(expr) if alone else transform(expr, change)

    label = algorithm.dictionary[variable].label
    return algorithm.map_rules(each, change_text("neutral_rule", rule=rule, value=value, label=label))


def _reads(item: Expr, variable: str) -> bool:
    """Tell whether an expression reads an input outside the named rules that it uses."""
    below = walk(item, leave=lambda node: isinstance(node, Named) and node is not item)
    return any(isinstance(node, Var) and node.variable.name == variable for node in below)
