"""Return to work with planted effects: logs whose true value is known, to test estimators with.

**Nothing here is measured.** Every number is an assumption, chosen so that estimators have something to get
wrong: advice is given more often to those it suits, and those differ in their chances anyway. A result on
these logs says whether an estimator works, never whether advice does.

The model: a person is one of 36 kinds (months searched, local market, age, diploma). Each month without work
she finds some with a probability whose log-odds are

    base + kind + effect of the advice + its extra effect for whom it suits - slope × log(1 + month)

and the reward is 1 when she has found work within ``months``. Kinds and actions are finite, so the value of
any policy is a sum, known without simulation error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis.evaluation.errors import EvaluationError
from bobanalysis.evaluation.lists import Array

TRAITS: dict[str, dict[str, tuple[float, float]]] = {  # trait: value: (share of people, log-odds)
    "search": {"under a year": (0.55, 0.0), "a year or more": (0.45, -0.6)},
    "market": {"many offers": (0.3, 0.4), "some offers": (0.4, 0.0), "few offers": (0.3, -0.5)},
    "age": {"16-24": (0.2, -0.1), "25-49": (0.55, 0.1), "50+": (0.25, -0.5)},
    "diploma": {"yes": (0.6, 0.2), "no": (0.4, -0.2)},
}
"""Who there is. Shares and log-odds are assumptions."""

EFFECTS = {
    "none": 0.0,
    "letters": 0.1,
    "network": 0.25,
    "training": -0.1,
    "mobility": 0.0,
    "interviews": 0.15,
}
"""Planted effect of each piece of advice on the monthly log-odds."""

SUITS: dict[str, tuple[str, str, float]] = {
    "network": ("search", "a year or more", 0.3),
    "training": ("diploma", "no", 0.5),
    "mobility": ("market", "few offers", 0.6),
    "interviews": ("age", "50+", 0.2),
}
"""For whom a piece of advice has an extra effect: trait, value, log-odds."""


@dataclass(frozen=True)
class Logs:
    """Logged decisions, shape (logs, people): ``kind``, ``action`` (indices), ``propensity``, ``reward``."""

    kind: NDArray[np.int64]
    action: NDArray[np.int64]
    propensity: Array
    reward: Array


@dataclass(frozen=True)
class ReturnToWork:
    """The model.

    Attributes:
        effects: planted effect of each action, log-odds a month.
        suits: planted extra effects.
        months: horizon of the reward.
        base: monthly log-odds at the start of somebody with no trait.
        slope: how the log-odds fall with the log of the months passed.

    >>> model = ReturnToWork()
    >>> model.value(model.always("network")) > model.value(model.always("none"))
    True
    """

    effects: Mapping[str, float] = field(default_factory=lambda: EFFECTS)
    suits: Mapping[str, tuple[str, str, float]] = field(default_factory=lambda: SUITS)
    months: int = 6
    base: float = -2.2
    slope: float = 0.3

    @property
    def actions(self) -> list[str]:
        """Names of the actions."""
        return list(self.effects)

    def kinds(self) -> pl.DataFrame:
        """Return one row a kind of person: the traits, ``share`` of people, ``log_odds`` without advice."""
        rows = []
        for values in product(*TRAITS.values()):
            parts = [TRAITS[trait][value] for trait, value in zip(TRAITS, values, strict=True)]
            share, odds = float(np.prod([p[0] for p in parts])), sum(p[1] for p in parts)
            rows.append({**dict(zip(TRAITS, values, strict=True)), "share": share, "log_odds": odds})
        return pl.DataFrame(rows)

    def planted(self) -> Array:
        """Return the effect of each action for each kind, log-odds a month, shape (kinds, actions)."""
        kinds = self.kinds()
        effect = np.tile(np.array(list(self.effects.values())), (kinds.height, 1))
        for action, (trait, value, extra) in self.suits.items():
            if action in self.effects:
                effect[(kinds[trait] == value).to_numpy(), self.actions.index(action)] += extra
        return effect

    def probability(self) -> Array:
        """Return the probability of work within ``months``, shape (kinds, actions)."""
        odds = self.base + self.kinds()["log_odds"].to_numpy()[:, None] + self.planted()
        month = np.log1p(np.arange(self.months))
        monthly = 1 / (1 + np.exp(-(odds[..., None] - self.slope * month)))
        return 1 - np.prod(1 - monthly, axis=-1)

    def value(self, policy: Array) -> float:
        """Return the mean reward of a policy: a table of probabilities, shape (kinds, actions)."""
        if policy.shape != self.probability().shape or not np.allclose(policy.sum(axis=1), 1):
            raise EvaluationError("a policy gives each kind of person probabilities of actions that sum to 1")
        return float(self.kinds()["share"].to_numpy() @ np.sum(policy * self.probability(), axis=1))

    def always(self, action: str) -> Array:
        """Return the policy that gives everybody the same."""
        policy = np.zeros_like(self.planted())
        policy[:, self.actions.index(action)] = 1
        return policy

    def uniform(self) -> Array:
        """Return the policy that draws an action."""
        return np.full_like(self.planted(), 1 / len(self.actions))

    def tailored(self, sharpness: float = 4.0, floor: float = 0.3) -> Array:
        """Return a policy that gives likelier what suits: confounded, yet every action has a chance.

        Args:
            sharpness: how much likelier, per unit of planted effect.
            floor: share of decisions that are drawn evenly.
        """
        scores = np.exp(sharpness * self.planted())
        return floor / len(self.actions) + (1 - floor) * scores / scores.sum(axis=1, keepdims=True)

    def draw(self, people: int, logs: int = 1, policy: Array | None = None, seed: int = 0) -> Logs:
        """Draw logs of a policy (default: ``tailored``), all at once.

        >>> ReturnToWork().draw(5, logs=2).reward.shape
        (2, 5)
        """
        rng = np.random.default_rng(seed)
        policy = self.tailored() if policy is None else policy
        shape = (logs, people)
        kind = rng.choice(policy.shape[0], size=shape, p=self.kinds()["share"].to_numpy())
        edges = np.cumsum(policy, axis=1)[:, :-1]
        action = np.sum(rng.random(shape)[..., None] > edges[kind], axis=-1)
        reward = (rng.random(shape) < self.probability()[kind, action]).astype(float)
        return Logs(kind, action, policy[kind, action], reward)

    def frame(self, logs: Logs, which: int = 0) -> pl.DataFrame:
        """Return one log as a table: ``person_id``, traits, ``action``, ``propensity``, ``reward``."""
        kinds = self.kinds().select(list(TRAITS))[logs.kind[which]]
        return kinds.select(
            pl.Series("person_id", np.arange(kinds.height)).cast(pl.String),
            pl.all(),
            pl.Series("action", np.array(self.actions)[logs.action[which]]),
            pl.Series("propensity", logs.propensity[which]),
            pl.Series("reward", logs.reward[which]),
        )

    def judgements(self, logs: Logs, which: int = 0) -> pl.DataFrame:
        """Return the truth as qrels: relevance is how much an action adds to a person's chance, in points."""
        chance = self.probability()
        added = 100 * (chance - chance[:, [self.actions.index("none")]])
        kind = logs.kind[which]
        return pl.DataFrame(
            {
                "person_id": np.repeat(np.arange(kind.size), len(self.actions)).astype(str),
                "item": np.tile(np.array(self.actions), kind.size),
                "relevance": added[kind].ravel(),
            }
        )
