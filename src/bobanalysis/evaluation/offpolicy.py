"""What would another policy have given? Estimates from logs, with intervals and signs of trouble.

A log has one row a decision: what was shown (the action), with which probability (the propensity), and what
came of it (the reward). A target policy gives other probabilities to the same actions. The functions on
arrays take any leading shape, so that many logs are estimated at once; :func:`estimate` takes a table.

No public log of Bob's users exists: this is for a user's own logs, and for simulated ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs

from bobanalysis.evaluation.errors import EvaluationError, EvaluationWarning
from bobanalysis.evaluation.lists import Array, numbers, to_polars
from bobanalysis.fairness import intervals

ESTIMATORS = ("direct", "inverse_propensity", "self_normalised", "doubly_robust")
FEW = 20
"""Rows of an action below which its reward model is its mean alone."""

FEW_EFFECTIVE = 50
"""Effective sample size below which a warning says that intervals may not cover."""


@dataclass(frozen=True)
class Estimate:
    """Value of a policy, estimated; every field has the leading shape of the logs.

    Attributes:
        value: estimated mean reward.
        error: its standard error.
        ci_low, ci_high: limits; Student's t with ``effective - 1`` degrees of freedom.
        effective: effective sample size, (Σ w)² / Σ w²: how many rows of equal weight tell as much.
        mean_weight: near 1 where the propensities are right; less where weights were clipped.
        largest_weight: of one row.
        clipped: share of rows whose weight was cut.
    """

    value: Array
    error: Array
    ci_low: Array
    ci_high: Array
    effective: Array
    mean_weight: Array
    largest_weight: Array
    clipped: Array


@dataclass(frozen=True)
class Weights:
    """Importance weights: ``value``, shape (..., rows), and the share ``clipped``."""

    value: Array
    clipped: Array


def weights(target: Any, propensity: Any, clip: float | None = None) -> Weights:
    """Weigh each logged action by how much likelier the target policy takes it.

    Args:
        target: probability of the logged action under the target policy, 0 to 1.
        propensity: its probability when it was logged, above 0 and up to 1.
        clip: largest weight; smaller variance, and a bias towards rewards of the logging policy.

    Returns:
        ``min(target / propensity, clip)``.

    Raises:
        EvaluationError: a probability out of range, or a clip that is not above 0.

    Source: Horvitz and Thompson, JASA 47 (1952), 663-685; Ionides, J. Computational and Graphical
    Statistics 17 (2008), 295-311 (clipping).

    >>> weights([0.5, 1.0], [0.5, 0.1], clip=5).value
    array([1., 5.])
    """
    t, p = np.asarray(target, float), np.asarray(propensity, float)
    if not np.all((p > 0) & (p <= 1)):
        wrong = p[~((p > 0) & (p <= 1))].flat[0]
        raise EvaluationError(f"a propensity of {wrong}: the logged action had a chance above 0 and up to 1")
    if not np.all((t >= 0) & (t <= 1)):
        raise EvaluationError(f"a target probability of {t[~((t >= 0) & (t <= 1))].flat[0]}")
    if clip is not None and not clip > 0:
        raise EvaluationError(f"clip={clip}: the largest weight is above 0")
    ratio = t / p
    cut = np.minimum(ratio, np.inf if clip is None else clip)
    return Weights(cut, np.mean(cut < ratio, axis=-1))


def inverse_propensity(
    reward: Any, weight: Weights, confidence: float = 0.95, person: Any | None = None
) -> Estimate:
    """Mean of weight × reward: unbiased with the right propensities and no clipping.

    Args:
        reward: shape (..., rows).
        weight: from :func:`weights`.
        confidence: nominal coverage.
        person: for one log, whose row it is (0, 1, …); rows of one person then count together in the error.

    Propensities estimated from the same log are taken as known, which makes the interval wider than need be
    (Hirano, Imbens and Ridder, Econometrica 71 (2003), 1161-1189).

    Source: Horvitz and Thompson (1952); Dudík et al., Statistical Science 29 (2014), 485-511.

    >>> found = inverse_propensity([1.0, 0.0, 1.0, 0.0], weights([1, 0, 1, 0], [0.5] * 4))
    >>> float(found.value), float(found.effective)
    (1.0, 2.0)
    """
    terms = weight.value * np.asarray(reward, float)
    value = terms.mean(axis=-1)
    return _estimate(value, terms - value[..., None], weight, confidence, person)


def self_normalised(
    reward: Any, weight: Weights, confidence: float = 0.95, person: Any | None = None
) -> Estimate:
    """Weighted mean of the rewards: never out of their range, unbiased only with many rows.

    Undefined where no logged action has a weight. The error is that of a ratio (delta method).

    Source: Hájek (1971); Swaminathan and Joachims, NIPS 2015, 3231-3239.

    >>> float(self_normalised([1.0, 0.0, 1.0], weights([1, 1, 0.5], [0.5, 0.5, 0.5])).value)
    0.6
    """
    w, r = weight.value, np.asarray(reward, float)
    whole = w.sum(axis=-1)
    safe = np.where(whole > 0, whole, np.nan)
    value = (w * r).sum(axis=-1) / safe
    parts = w * (r - value[..., None]) * (w.shape[-1] / safe)[..., None]
    return _estimate(value, parts, weight, confidence, person)


def doubly_robust(
    reward: Any,
    weight: Weights,
    predicted: Any,
    expected: Any,
    confidence: float = 0.95,
    person: Any | None = None,
) -> Estimate:
    """Predicted value corrected by weighted residuals: right if the propensities or the predictions are.

    Args:
        predicted: predicted reward of the logged action, shape (..., rows), by a model that did not see the
            row (cross-fitting).
        expected: mean predicted reward of the target policy's actions, shape (..., rows).
        reward, weight, confidence, person: as for :func:`inverse_propensity`.

    Source: Robins, Rotnitzky and Zhao, JASA 89 (1994), 846-866; Dudík et al. (2014); Chernozhukov et al.,
    Econometrics Journal 21 (2018), C1-C68 (cross-fitting).

    >>> w = weights([1, 0], [0.5, 0.5])
    >>> float(doubly_robust([1.0, 0.0], w, predicted=[0.75, 0.25], expected=[0.75, 0.75]).value)
    1.0
    """
    residual = np.asarray(reward, float) - np.asarray(predicted, float)
    terms = np.asarray(expected, float) + weight.value * residual
    value = terms.mean(axis=-1)
    return _estimate(value, terms - value[..., None], weight, confidence, person)


def direct(expected: Any, confidence: float = 0.95, person: Any | None = None) -> Estimate:
    """Mean predicted reward of the target policy: as right as the model; its interval ignores model error.

    >>> float(direct([0.2, 0.4]).value)
    0.30000000000000004
    """
    e = np.asarray(expected, float)
    value = e.mean(axis=-1)
    return _estimate(
        value, e - value[..., None], Weights(np.ones_like(e), np.zeros(e.shape[:-1])), confidence, person
    )


def estimate(
    log: Any,
    target: Any,
    features: Sequence[str] = (),
    reward: str = "reward",
    action: str = "action",
    propensity: str | None = "propensity",
    person: str | None = None,
    estimators: Sequence[str] = ESTIMATORS,
    clip: float | None = None,
    folds: int = 5,
    propensity_model: Any | None = None,
    reward_model: Any | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Any:
    """Estimate the value of a target policy from a table of logged decisions.

    Args:
        log: one row a decision.
        target: an action that everybody would get; or a table with the rows of ``log`` in their order and one
            column of probabilities for each action.
        features: columns known when the decision was taken; numbers, or text (made into indicators). The
            models use them.
        reward, action: their columns.
        propensity: column with the probability of the logged action; None estimates it from ``features``.
        person: column that says whose row it is, where people have several: rows of a person stay in one fold
            and count together in the error.
        estimators: of ``direct``, ``inverse_propensity``, ``self_normalised``, ``doubly_robust``.
        clip: largest weight.
        folds: of cross-fitting: a row is never predicted by a model that saw it.
        propensity_model, reward_model: scikit-learn estimators; default: logistic regression (ridge
            regression for rewards other than 0 and 1), one reward model an action.
        confidence: nominal coverage.
        seed: of the folds.

    Returns:
        One row an estimator: ``estimator, n, value, ci_low, ci_high, error, effective, mean_weight,
        largest_weight, clipped, propensities`` ("known" or "estimated"), ``dropped`` (rows without a reward,
        an action, a propensity or a feature), in the library of ``log``.

    Raises:
        EvaluationError: a column is missing, a probability is out of range, probabilities of a row do not
            sum to 1, or there are too few rows for the folds.

    >>> log = pl.DataFrame({"action": ["a", "b"] * 50, "propensity": [0.5] * 100, "reward": [1, 0] * 50})
    >>> estimate(log, "a", estimators=["self_normalised"])["value"].item()
    1.0
    """
    if unknown := [name for name in estimators if name not in ESTIMATORS]:
        raise EvaluationError(f"{unknown[0]!r} is no estimator; there are: {', '.join(ESTIMATORS)}")
    given, back = to_polars(log)
    needed = [reward, action, *features, *[name for name in (propensity, person) if name]]
    if lacking := [name for name in needed if name not in given.columns]:
        raise EvaluationError(f"log: no column {lacking[0]!r}; it has: {', '.join(given.columns)}")
    modelled = propensity is None or {"direct", "doubly_robust"} & set(estimators)
    if modelled and not features:
        raise EvaluationError("give features=: the columns from which propensities and rewards are predicted")
    frame = given.with_columns(
        *[numbers(given, name, "log").alias(name) for name in (reward, propensity) if name],
        pl.col(action).cast(pl.String),
    )
    frame = frame.with_columns(cs.float().fill_nan(None)).with_row_index("_row").drop_nulls(needed)
    if frame.height < 2:
        raise EvaluationError(f"log: {frame.height} complete rows of {given.height}")
    actions, policy = _policy(frame, target, action, given.height)
    chosen = pl.Series(frame[action]).replace_strict(actions, range(len(actions))).to_numpy()
    rows = np.arange(frame.height)
    rewards = frame[reward].to_numpy()
    whose = None if person is None else frame[person].rank("dense").to_numpy().astype(np.int64) - 1
    split = _folds(frame.height, whose, folds, seed)
    inputs = _inputs(frame, features) if modelled else np.empty((frame.height, 0))
    if propensity is None:
        chance = predict_propensities(inputs, chosen, len(actions), split, propensity_model)
        p = chance[rows, chosen]
    else:
        p = frame[propensity].to_numpy()
    weight = weights(policy[rows, chosen], p, clip)
    _warn(weight, policy, chosen, actions, clip)
    found = {}
    if {"direct", "doubly_robust"} & set(estimators):
        q = predict_rewards(inputs, chosen, rewards, len(actions), split, reward_model)
        expected = np.sum(policy * q, axis=1)
        found["direct"] = direct(expected, confidence, whose)
        found["doubly_robust"] = doubly_robust(rewards, weight, q[rows, chosen], expected, confidence, whose)
    found["inverse_propensity"] = inverse_propensity(rewards, weight, confidence, whose)
    found["self_normalised"] = self_normalised(rewards, weight, confidence, whose)
    table = pl.DataFrame(
        [
            {
                "estimator": name,
                "n": frame.height,
                **{
                    field: float(getattr(found[name], field))
                    for field in ("value", "ci_low", "ci_high", "error", *_SIGNS)
                },
                "propensities": "estimated" if propensity is None else "known",
                "dropped": given.height - frame.height,
            }
            for name in estimators
        ]
    )
    return back(table.with_columns(pl.col(pl.Float64).fill_nan(None)))


_SIGNS = ("effective", "mean_weight", "largest_weight", "clipped")


def predict_propensities(
    inputs: Array, chosen: Any, actions: int, split: Sequence[Any], model: Any | None = None
) -> Array:
    """Predict the probability of each action for each row by models that did not see the row.

    Args:
        inputs: shape (rows, features).
        chosen: index of the logged action.
        actions: how many actions there are.
        split: pairs of rows to learn from and rows to predict.
        model: scikit-learn classifier; default: logistic regression on standardised inputs.

    Returns:
        Shape (rows, actions). 0 for an action that the rows learned from never had.
    """
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = model if model is not None else make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    chance = np.zeros((len(inputs), actions))
    for learned, predicted in split:
        if np.unique(chosen[learned]).size == 1:
            chance[predicted, chosen[learned][0]] = 1
            continue
        fitted = clone(model).fit(inputs[learned], chosen[learned])
        chance[np.ix_(predicted, fitted.classes_)] = fitted.predict_proba(inputs[predicted])
    return chance


def predict_rewards(
    inputs: Array, chosen: Any, reward: Array, actions: int, split: Sequence[Any], model: Any | None = None
) -> Array:
    """Predict the reward of each action for each row by models that did not see the row, one an action.

    Args:
        inputs, chosen, actions, split: as for :func:`predict_propensities`.
        reward: what came of the logged action.
        model: scikit-learn classifier (rewards 0 and 1) or regressor; default: logistic or ridge regression.

    Returns:
        Shape (rows, actions). Actions with fewer than ``FEW`` rows, or with one reward only, have their mean;
        an action without rows has the mean of all.
    """
    from sklearn.base import clone, is_classifier
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    binary = bool(np.isin(reward, (0.0, 1.0)).all())
    usual = LogisticRegression(max_iter=1000) if binary else Ridge()
    model = model if model is not None else make_pipeline(StandardScaler(), usual)
    q = np.empty((len(inputs), actions))
    for learned, predicted in split:
        for one in range(actions):
            rows = learned[chosen[learned] == one]
            if rows.size < FEW or np.ptp(reward[rows]) == 0:
                q[predicted, one] = reward[rows if rows.size else learned].mean()
                continue
            fitted = clone(model).fit(inputs[rows], reward[rows])
            if is_classifier(fitted):
                q[predicted, one] = fitted.predict_proba(inputs[predicted]) @ fitted.classes_.astype(float)
            else:
                q[predicted, one] = fitted.predict(inputs[predicted])
    return q


def _estimate(value: Array, parts: Array, weight: Weights, confidence: float, person: Any | None) -> Estimate:
    """Make an interval of what each row adds to the estimate (its mean is 0)."""
    from scipy.special import stdtrit

    n = parts.shape[-1]
    if person is not None:
        parts = np.asarray(np.bincount(person, weights=parts), float)
    many = parts.shape[-1]
    spread = np.sum(parts**2, axis=-1) * (many / (many - 1)) if many > 1 else np.full(value.shape, np.nan)
    error = np.sqrt(spread) / n
    w = weight.value
    effective = intervals.kish(w.sum(axis=-1), np.sum(w**2, axis=-1))
    freedom = np.maximum(np.minimum(effective, many) - 1, 1)
    half = stdtrit(freedom, 0.5 + confidence / 2) * error
    return Estimate(
        value, error, value - half, value + half, effective, w.mean(axis=-1), w.max(axis=-1), weight.clipped
    )


def _policy(frame: pl.DataFrame, target: Any, action: str, height: int) -> tuple[list[str], Array]:
    """Return the actions and the target's probabilities, shape (rows kept, actions)."""
    logged = frame[action].unique().sort().to_list()
    if isinstance(target, str):
        actions = sorted({*logged, target})
        policy = np.zeros((frame.height, len(actions)))
        policy[:, actions.index(target)] = 1
        return actions, policy
    table = to_polars(target)[0]
    if table.height != height:
        raise EvaluationError(f"target: {table.height} rows, the log has {height}")
    if extra := sorted(set(logged) - set(table.columns)):
        raise EvaluationError(f"target: no column for the logged action {extra[0]!r}")
    policy = np.column_stack([numbers(table, name, "target").to_numpy() for name in table.columns])
    policy = policy[frame["_row"].to_numpy()]
    wrong = ~np.isclose(policy.sum(axis=1), 1, atol=1e-6) | (policy < 0).any(axis=1)
    if wrong.any():
        row = int(frame["_row"][int(np.argmax(wrong))]) + 1
        raise EvaluationError(f"target, row {row}: probabilities lie from 0 to 1 and sum to 1")
    return table.columns, np.clip(policy, 0, 1)


def _inputs(frame: pl.DataFrame, features: Sequence[str]) -> Array:
    text = frame.select(features).select(~cs.numeric() & ~cs.boolean()).columns
    table = frame.select(features).with_columns(pl.col(text).cast(pl.String))
    return (
        table.to_dummies(text, drop_first=True).cast(pl.Float64).to_numpy()
        if text
        else (table.cast(pl.Float64).to_numpy())
    )


def _folds(n: int, person: Any | None, folds: int, seed: int) -> list[tuple[Any, Any]]:
    """Share people (or rows) out to folds at random."""
    units: Any = np.arange(n) if person is None else person
    many = int(units.max()) + 1
    if not 2 <= folds <= many:
        raise EvaluationError(
            f"folds={folds}: from 2 to the number of {'rows' if person is None else 'people'}"
        )
    fold = np.random.default_rng(seed).permutation(many)[units] % folds
    return [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(folds)]


def _warn(weight: Weights, policy: Array, chosen: Any, actions: list[str], clip: float | None) -> None:
    wanted = policy.mean(axis=0)
    never = [a for i, a in enumerate(actions) if wanted[i] > 0 and not np.any(chosen == i)]
    n, w = weight.value.shape[-1], weight.value
    texts = []
    if never:
        texts.append(f"the target takes {never[0]!r}, which the log never shows: nothing is known of it")
    apart = abs(w.mean() - 1) / max(float(w.std()) / np.sqrt(n), 1e-12)
    if clip is None and not never and apart > 4:
        texts.append(f"the mean weight is {w.mean():.3f} and not near 1: check the propensities")
    effective = float(intervals.kish(w.sum(), np.sum(w**2)))
    if 0 < effective < FEW_EFFECTIVE:
        texts.append(f"the {n} rows tell as much about the target as {effective:.0f} would: take care")
    for text in texts:
        warnings.warn(text, EvaluationWarning, stacklevel=3)
