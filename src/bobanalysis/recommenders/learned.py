"""Rankers that learn which items are worth proposing, with or without a fairness constraint.

They propose, among candidate pairs of a person and an item, those whose calibrated probability of a good
outcome reaches a threshold, best first. Where outcomes come from is for the caller to say: a log of one's
own, a simulation, or judgements (``judgements``).
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from bobanalysis.bob import MarketLike
from bobanalysis.population import national_cells

from .interface import ranking
from .published import linked

MOST_PEOPLE = 20_000
"""The most people that a ranker learns from; a larger frame is refused, as fitting would take minutes."""

SMALLEST_GROUP = 200
"""Pairs below which a group is constrained together with the other small ones."""

_OVERSEAS = pl.col("departement_id").str.starts_with("97")
REGION = pl.when(_OVERSEAS).then(pl.lit("overseas")).otherwise("region_id").alias("region")
"""A person's region; those overseas, of one département each, are taken together."""

Method = Literal["exponentiated_gradient", "threshold_optimizer"]
Floats: TypeAlias = "np.typing.NDArray[np.float64]"


@dataclass
class LinkedJobs:
    """The job groups that ROME links to each person's, described by the market; age and sex play no part.

    ``market``, as ``french_market()``. Features: offers of the item and of the person's own job group per
    candidate, in the département (logarithm, 0 where unknown, and whether they are known) and in the country;
    whether the link is a close one; how many people look for that job; how much of the département's market
    is known.

    >>> from bobanalysis.population import modelled
    >>> from bobanalysis.recommenders import french_market
    >>> LinkedJobs(french_market()).pairs(modelled(50).frame).null_count().sum_horizontal().item()
    0
    """

    market: MarketLike

    features = (
        *("offers", "offers_known", "own_offers", "own_offers_known"),
        *("national_offers", "close", "jobseekers", "market_known"),
    )

    def pairs(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the linked job groups of people with their features."""
        figure = pl.col("market_offers_per_10_candidates")
        local = self.market.local.select("departement_id", "rome_id", offers=figure.clip(0))
        places = local.group_by("departement_id").agg(market_known=pl.len() / 532)
        country = self.market.jobs.select(item="rome_id", national_offers="jg_national_market_score")
        sizes = national_cells().select(item="rome_id", jobseekers=pl.col("jobseekers").log1p())
        pairs = linked(people).sort("person_id", "item")
        pairs = pairs.select("person_id", "item", close=pl.col("score") == 2)
        own = people.select("person_id", "departement_id", "rome_id")
        found = own.join(pairs, on="person_id", maintain_order="left_right")
        of_items, own_jobs = local.rename({"rome_id": "item"}), local.rename({"offers": "own_offers"})
        for table, *on in (
            (of_items, "departement_id", "item"),
            (own_jobs, "departement_id", "rome_id"),
            (places, "departement_id"),
            (country, "item"),
            (sizes, "item"),
        ):
            found = found.join(table, on=on, how="left", maintain_order="left")
        known = {f"{c}_known": pl.col(c).is_not_null() for c in ("offers", "own_offers")}
        logs = [pl.col(c).fill_null(0).log1p() for c in ("offers", "own_offers", "national_offers")]
        numbered = found.with_columns(**known).with_columns(*logs).select("person_id", "item", *self.features)
        return numbered.with_columns(pl.col(self.features).cast(pl.Float64).fill_null(0))


@dataclass
class LearnedRanker:
    """Gradient-boosted trees (scikit-learn) that propose what is likely to have a good outcome.

    ``candidates``: what may be proposed, with ``features``, names of columns of numbers, and
    ``pairs(people)``, which returns person_id, item and these columns, the rows of a person together;
    ``propose_from``: the least probability to propose an item, 0 ranks every candidate; ``most``: the longest
    list; ``seed``: of whatever draws. Probabilities are calibrated (Platt's sigmoid) on people who were left
    out.
    """

    candidates: Any
    propose_from: float = 0.5
    most: int = 5
    seed: int = 0
    name: str = "learned"
    model: Any = field(default=None, repr=False)

    def fit(self, people: pl.DataFrame, interactions: pl.DataFrame) -> LearnedRanker:
        """Learn from the interactions of these people; pairs that are no candidate are left out.

        Raises ValueError if there are too many people, or not both good and bad outcomes to learn from.
        """
        from sklearn.calibration import CalibratedClassifierCV

        if people.height > MOST_PEOPLE:
            raise ValueError(f"{self.name}: {people.height:,} people; learn from {MOST_PEOPLE:,} at most")
        kinds = {"person_id": pl.String, "item": pl.String, "outcome": pl.Int8}
        seen = interactions.select(*kinds).cast(kinds).drop_nulls()  # type: ignore[arg-type]
        rows = self.candidates.pairs(people).join(seen, on=["person_id", "item"], maintain_order="left")
        if (found := rows["outcome"].n_unique()) < 2:
            said = f"{rows.height} pairs to learn from, with {found} kind of outcome"
            raise ValueError(f"{self.name}: {said}; both good and bad outcomes are needed")
        with _one_thread():
            calibrated = CalibratedClassifierCV(self._base(), method="sigmoid", cv=_people_left_out(rows))
            self.model = calibrated.fit(self._features(rows), rows["outcome"].to_numpy())
            self._constrain(rows, people)
        return self

    def probabilities(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return person_id, item and ``score``: the calibrated probability of every candidate."""
        return self._scored(people).select("person_id", "item", "score")

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the candidates that are proposed, most probable first."""
        scored = self._scored(people)
        return ranking(scored.filter(self._proposed(scored, people)), self.most)

    def _scored(self, people: pl.DataFrame) -> pl.DataFrame:
        if self.model is None:
            raise ValueError(f"{self.name}: call fit() before asking for lists")
        pairs = self.candidates.pairs(people)
        with _one_thread():
            known = self.model.predict_proba(self._features(pairs))[:, 1] if pairs.height else []
        return pairs.with_columns(score=pl.Series(known, dtype=pl.Float64))

    def _features(self, rows: pl.DataFrame) -> Floats:
        return rows.select(self.candidates.features).to_numpy().astype(np.float64)

    def _base(self) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(max_iter=20, learning_rate=0.3, random_state=self.seed)

    def _constrain(self, rows: pl.DataFrame, people: pl.DataFrame) -> None:
        """Do nothing: nobody is held to anything."""

    def _proposed(self, scored: pl.DataFrame, people: pl.DataFrame) -> pl.Series:
        return scored["score"] >= self.propose_from


@dataclass
class FairRanker(LearnedRanker):
    """The same, held by fairlearn to propose alike to groups.

    ``group``: an expression on people, such as ``pl.col("age") >= 45`` or ``REGION``; ``method``:
    "exponentiated_gradient" (the constraint shapes what is learned; the group is not read when proposing) or
    "threshold_optimizer" (a threshold a group: **the group is read when proposing**, so two people who differ
    in it alone may be proposed different items). As many of each group's candidates are proposed
    (demographic parity); ``slack``: the difference allowed, and ``rounds``, the most rounds, of the
    exponentiated gradient.

    The constrained model says what is proposed (drawing by ``seed`` where it decides by chance), the
    calibrated probability of ``LearnedRanker`` in which order; ``propose_from`` plays no part. Groups of
    fewer than ``SMALLEST_GROUP`` pairs, or with one kind of outcome, are constrained together.
    Source: Agarwal et al., ICML 2018 (reductions); Hardt, Price and Srebro, NeurIPS 2016 (thresholds).
    """

    group: pl.Expr = field(default_factory=lambda: REGION)
    method: Method = "exponentiated_gradient"
    slack: float = 0.02
    rounds: int = 10
    name: str = "learned-fair"
    constrained: Any = field(default=None, repr=False)
    known: tuple[str, ...] = ()

    def _proposed(self, scored: pl.DataFrame, people: pl.DataFrame) -> pl.Series:
        x, given = self._features(scored), {"random_state": self.seed}
        if self.method == "threshold_optimizer":
            given["sensitive_features"] = self._groups(scored, people)
            x = scored["score"].to_numpy()[:, None]
        with _one_thread():
            chosen = self.constrained.predict(x, **given) == 1 if len(x) else []
        return pl.Series(chosen, dtype=pl.Boolean)

    def _constrain(self, rows: pl.DataFrame, people: pl.DataFrame) -> None:
        self.known = ()
        grouped = rows.group_by(group=pl.Series(self._groups(rows, people)))
        sizes = grouped.agg(pl.len(), kinds=pl.col("outcome").n_unique())
        large = sizes.filter(pl.col("len") >= SMALLEST_GROUP, pl.col("kinds") == 2)
        self.known = tuple(sorted(large["group"]))
        labels, y = self._groups(rows, people), rows["outcome"].to_numpy()
        if len(set(labels)) < 2:
            raise ValueError(f"{self.name}: there is one group only, {labels[0]!r}; nothing can be compared")
        fit = self._thresholds if self.method == "threshold_optimizer" else self._reduced
        self.constrained = fit(rows, y, labels)

    def _groups(self, pairs: pl.DataFrame, people: pl.DataFrame) -> Any:
        """Return the group of each pair; those that are not known stand together."""
        named = people.select("person_id", group=self.group.cast(pl.String).fill_null("unknown"))
        both = pairs.select("person_id").join(named, on="person_id", how="left", maintain_order="left")
        known = pl.col("group").is_in(self.known) if self.known else pl.lit(True)
        return both.select(pl.when(known).then("group").otherwise(pl.lit("others"))).to_series().to_numpy()

    def _reduced(self, rows: pl.DataFrame, y: Any, labels: Any) -> Any:
        from fairlearn.reductions import DemographicParity, ExponentiatedGradient

        parity = DemographicParity(difference_bound=self.slack)
        reduction = ExponentiatedGradient(self._base(), parity, max_iter=self.rounds)
        with warnings.catch_warnings():  # fairlearn writes to pandas series in a way that pandas is leaving
            warnings.filterwarnings("ignore", module="fairlearn")
            return reduction.fit(self._features(rows), y, sensitive_features=labels)

    def _thresholds(self, rows: pl.DataFrame, y: Any, labels: Any) -> Any:
        """Fit thresholds on the probabilities of people left out, which are those of people to come."""
        from fairlearn.postprocessing import ThresholdOptimizer
        from sklearn.linear_model import LinearRegression

        x, left_out = self._features(rows), np.zeros((len(y), 1))
        for model, (_, left) in zip(self.model.calibrated_classifiers_, _people_left_out(rows), strict=True):
            left_out[left, 0] = model.predict_proba(x[left])[:, 1]
        as_it_is = LinearRegression()  # the one feature is the score already
        as_it_is.coef_, as_it_is.intercept_ = np.ones(1), 0.0
        optimizer = ThresholdOptimizer(estimator=as_it_is, prefit=True, predict_method="predict")
        return optimizer.fit(left_out, y, sensitive_features=labels)


def _people_left_out(rows: pl.DataFrame) -> list[Any]:
    """Cut rows into three folds, each person whole in one."""
    from sklearn.model_selection import GroupKFold

    return list(GroupKFold(3).split(rows, groups=rows["person_id"].rle_id().to_numpy()))


def _one_thread() -> Any:
    """Keep to one thread: sums then come out the same on every machine, and small fits are not slowed."""
    import sklearn.ensemble  # noqa: F401  # the limit reaches only libraries that are loaded already
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def cross_fitted(
    ranker: Any,
    people: pl.DataFrame,
    interactions: pl.DataFrame,
    by: str = "departement_id",
    folds: int = 2,
    within: pl.Expr | None = None,
    call: str = "recommend",
) -> pl.DataFrame:
    """Return lists in which nobody's own outcomes were learned from.

    Parameters: ``ranker``, a learner (a copy is fitted for each fold); ``by``, what is left out whole:
    "departement_id" (nothing of the person's département was seen: what a new place would get) or
    "person_id"; ``folds``; ``within``, an expression on people (``REGION``) whose values are spread over the
    folds, so that each group is learned from; ``call``, "recommend" or "probabilities".
    Returns what ``call`` returns, of all people, fold after fold.
    Raises ValueError if there are fewer values than folds.

    Leaving people out is not leaving places out: people of one département and job group have the same
    candidates and the same judgements.
    """
    spread = pl.lit("") if within is None else within.cast(pl.String)
    units = people.select(by, _within=spread).unique(by, keep="first").sort("_within", by)
    if units.height < folds:
        raise ValueError(f"{units.height} values of {by} cannot be put in {folds} folds; ask for fewer")
    units = units.select(by, _fold=pl.int_range(pl.len()) % folds)
    placed = people.join(units, on=by, how="left", maintain_order="left")
    found = []
    for fold in range(folds):
        mine = pl.col("_fold") == fold
        rest, left = (placed.filter(keep).drop("_fold") for keep in (~mine, mine))
        found.append(getattr(deepcopy(ranker).fit(rest, interactions), call)(left))
    return pl.concat(found)
