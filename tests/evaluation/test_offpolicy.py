import numpy as np
import polars as pl
import pytest

from bobanalysis.evaluation import EvaluationError, EvaluationWarning, evaluate, offpolicy
from bobanalysis.evaluation.simulation import EFFECTS, TRAITS, ReturnToWork

LOGS, PEOPLE = 800, 400
MODEL = ReturnToWork()
TARGETS = {
    "network": MODEL.always("network"),
    "uniform": MODEL.uniform(),
    "sharper": MODEL.tailored(6.0, 0.1),
}


@pytest.fixture(scope="module")
def logs():
    return MODEL.draw(PEOPLE, logs=LOGS, seed=41)


def cross_fitted(logs):
    """Propensities and rewards of each kind and action, learnt from the other half of each log, shrunk."""
    kinds, actions = MODEL.probability().shape
    shape = (LOGS, 2, kinds, actions)
    half = np.broadcast_to(np.arange(PEOPLE) % 2, logs.kind.shape)
    log = np.broadcast_to(np.arange(LOGS)[:, None], logs.kind.shape)
    cell = np.ravel_multi_index((log, 1 - half, logs.kind, logs.action), shape)
    shown = np.bincount(cell.ravel(), minlength=np.prod(shape)).reshape(shape)
    won = np.bincount(cell.ravel(), logs.reward.ravel(), np.prod(shape)).reshape(shape)
    by_action = won.sum(axis=2, keepdims=True) / shown.sum(axis=2, keepdims=True)
    rewards = (won + 2 * by_action) / (shown + 2)
    return rewards[log, half, logs.kind]


def estimates(logs, target, rewards):
    """Each estimator, for all logs at once; rewards are predicted for (log, person, action)."""
    weight = offpolicy.weights(target[logs.kind, logs.action], logs.propensity)
    logged = np.take_along_axis(rewards, logs.action[..., None], axis=-1)[..., 0]
    expected = np.sum(target[logs.kind] * rewards, axis=-1)
    return {
        "inverse_propensity": offpolicy.inverse_propensity(logs.reward, weight),
        "self_normalised": offpolicy.self_normalised(logs.reward, weight),
        "doubly_robust": offpolicy.doubly_robust(logs.reward, weight, logged, expected),
    }


@pytest.mark.parametrize("name", TARGETS)
def test_estimators_are_unbiased_and_their_intervals_cover(logs, name):
    truth = MODEL.value(TARGETS[name])
    for estimator, found in estimates(logs, TARGETS[name], cross_fitted(logs)).items():
        noise = found.value.std() / np.sqrt(LOGS)
        assert abs(found.value.mean() - truth) < 3.5 * noise, estimator
        covered = np.mean((found.ci_low <= truth) & (truth <= found.ci_high))
        assert 0.925 <= covered <= 0.98, (estimator, covered)
        assert found.error.mean() == pytest.approx(found.value.std(), rel=0.1), estimator


def test_the_target_is_not_the_mean_of_its_action_in_the_log(logs):
    """The log is confounded, so a naive mean is off by far more than the estimators may be."""
    truth, shown = MODEL.value(TARGETS["network"]), logs.action == MODEL.actions.index("network")
    naive = (logs.reward * shown).sum(axis=1) / shown.sum(axis=1)
    assert abs(naive.mean() - truth) > 5 * naive.std() / np.sqrt(LOGS)


def test_doubly_robust_is_right_if_either_model_is(logs):
    target, right = TARGETS["network"], MODEL.probability()
    truth, wrong = MODEL.value(target), np.full_like(right, 0.8)
    shares = np.bincount(logs.action.ravel(), minlength=right.shape[1]) / logs.action.size

    def mean(rewards, propensity):
        weight = offpolicy.weights(target[logs.kind, logs.action], propensity)
        expected = np.sum(target * rewards, axis=1)[logs.kind]
        found = offpolicy.doubly_robust(logs.reward, weight, rewards[logs.kind, logs.action], expected)
        return found.value.mean() - truth, found.value.std() / np.sqrt(LOGS)

    for rewards, propensity in ((right, shares[logs.action]), (wrong, logs.propensity)):
        bias, noise = mean(rewards, propensity)
        assert abs(bias) < 3.5 * noise
    bias, noise = mean(wrong, shares[logs.action])
    assert abs(bias) > 5 * noise


def test_doubly_robust_is_more_precise_than_inverse_propensity(logs):
    found = estimates(logs, TARGETS["network"], cross_fitted(logs))
    assert found["doubly_robust"].value.std() < 0.95 * found["inverse_propensity"].value.std()


def test_clipping_lowers_weights_and_says_how_often(logs):
    target = TARGETS["network"][logs.kind, logs.action]
    free, cut = (offpolicy.weights(target, logs.propensity, clip) for clip in (None, 3.0))
    assert cut.value.max() == 3
    assert cut.clipped.mean() == pytest.approx(np.mean(free.value > 3))
    clipped, whole = (offpolicy.inverse_propensity(logs.reward, w) for w in (cut, free))
    assert clipped.error.mean() < whole.error.mean()
    assert clipped.mean_weight.mean() < whole.mean_weight.mean()
    assert whole.mean_weight.mean() == pytest.approx(1, abs=0.01)


def test_the_effective_sample_size_is_that_of_equal_weights():
    weight = offpolicy.weights([0.5, 0.5, 0, 0], [0.5] * 4)
    assert offpolicy.inverse_propensity([1, 1, 0, 0], weight).effective == 2


def test_a_table_with_known_propensities_recovers_the_value():
    log = MODEL.frame(MODEL.draw(4000, seed=7))
    found = offpolicy.estimate(log, "network", features=list(TRAITS))
    assert found["estimator"].to_list() == list(offpolicy.ESTIMATORS)
    truth = MODEL.value(TARGETS["network"])
    for row in found.filter(pl.col("estimator") != "direct").iter_rows(named=True):
        assert abs(row["value"] - truth) < 4 * row["error"], row["estimator"]
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert row["propensities"] == "known"


def test_estimated_propensities_recover_the_value_within_simulation_error():
    truth, values = MODEL.value(TARGETS["network"]), []
    names = ["inverse_propensity", "self_normalised", "doubly_robust"]
    for which in range(12):
        log = MODEL.frame(MODEL.draw(1200, seed=100 + which)).drop("propensity")
        found = offpolicy.estimate(
            log, "network", features=list(TRAITS), propensity=None, folds=3, estimators=names, seed=which
        )
        assert found["propensities"].unique().to_list() == ["estimated"]
        values.append(found["value"].to_list())
    for name, column in zip(names, np.array(values).T, strict=True):
        assert abs(column.mean() - truth) < 3.5 * column.std(ddof=1) / np.sqrt(12), name


def test_a_policy_given_as_probabilities_is_the_action_given_as_a_name():
    log = MODEL.frame(MODEL.draw(500, seed=1))
    table = pl.DataFrame({a: np.full(500, float(a == "letters")) for a in EFFECTS})
    names = ["inverse_propensity", "self_normalised"]
    one, two = (offpolicy.estimate(log, target, estimators=names) for target in ("letters", table))
    assert one.equals(two)


def test_rows_of_one_person_count_together_in_the_error():
    log = MODEL.frame(MODEL.draw(600, seed=1))
    twice = pl.concat([log, log])
    names = ["inverse_propensity"]
    alone, naive = (offpolicy.estimate(t, "letters", estimators=names)["error"].item() for t in (log, twice))
    grouped = offpolicy.estimate(twice, "letters", estimators=names, person="person_id")["error"].item()
    assert grouped == pytest.approx(alone)
    assert naive < 0.8 * alone


def test_incomplete_rows_are_dropped_and_counted_and_few_effective_rows_are_told():
    log = MODEL.frame(MODEL.draw(300, seed=1)).with_columns(
        reward=pl.when(pl.int_range(pl.len()) < 7).then(None).otherwise("reward")
    )
    with pytest.warns(EvaluationWarning, match="tell as much about the target as 35 would: take care"):
        found = offpolicy.estimate(log, "letters", estimators=["self_normalised"])
    assert found.select("n", "dropped").row(0) == (293, 7)


@pytest.mark.parametrize(
    ("change", "more", "message"),
    [
        ({"propensity": 0.0}, {}, "a propensity of 0.0"),
        ({"propensity": 1.5}, {}, "a propensity of 1.5"),
        ({"reward": "yes"}, {}, "log, row 1, column 'reward': 'yes' is no number"),
        ({}, {"reward": "gain"}, "no column 'gain'; it has: person_id"),
        ({}, {"estimators": ["magic"]}, "'magic' is no estimator"),
        ({}, {"estimators": ["doubly_robust"]}, "give features="),
        ({}, {"clip": 0}, "the largest weight is above 0"),
        ({}, {"propensity": None, "features": ["age"], "folds": 1}, "from 2 to the number of rows"),
    ],
)
def test_a_log_that_cannot_be_used_is_refused(change, more, message):
    log = MODEL.frame(MODEL.draw(60, seed=1)).with_columns(**{k: pl.lit(v) for k, v in change.items()})
    with pytest.raises(EvaluationError, match=message):
        offpolicy.estimate(log, "letters", **{"estimators": ["inverse_propensity"], **more})


def test_probabilities_that_do_not_sum_to_one_are_refused_with_their_row():
    log = MODEL.frame(MODEL.draw(3, seed=1))
    table = pl.DataFrame({a: [1 / 6, 1 / 6, 0.5] for a in EFFECTS})
    with pytest.raises(EvaluationError, match="target, row 3: probabilities"):
        offpolicy.estimate(log, table, estimators=["inverse_propensity"])


def test_an_action_that_was_never_shown_is_warned_about():
    log = MODEL.frame(MODEL.draw(100, seed=1))
    with pytest.warns(EvaluationWarning, match="takes 'a new one', which the log never shows"):
        found = offpolicy.estimate(log, "a new one", estimators=["self_normalised"])
    assert found["value"].item() is None


def test_wrong_propensities_are_seen_in_the_mean_weight():
    log = MODEL.frame(MODEL.draw(2000, seed=1)).with_columns(pl.col("propensity") / 3)
    with pytest.warns(EvaluationWarning, match="not near 1: check the propensities"):
        offpolicy.estimate(log, "letters", estimators=["inverse_propensity"])


def test_the_simulated_value_is_what_a_large_log_of_the_policy_gives():
    target = MODEL.tailored(5.0, 0.2)
    drawn = MODEL.draw(400_000, policy=target, seed=3).reward.mean()
    assert drawn == pytest.approx(MODEL.value(target), abs=0.003)


def test_effects_are_where_they_were_planted():
    planted, kinds = MODEL.planted(), MODEL.kinds()
    network = planted[:, MODEL.actions.index("network")]
    long = (kinds["search"] == "a year or more").to_numpy()
    assert set(network[long].round(9)) == {0.55}
    assert set(network[~long].round(9)) == {0.25}
    assert kinds["share"].sum() == pytest.approx(1)


def test_a_ranking_by_the_planted_truth_is_the_best_there_is():
    drawn = MODEL.draw(50, seed=2)
    truth = MODEL.judgements(drawn)
    best = truth.select(
        "person_id", "item", rank=pl.col("relevance").rank("ordinal", descending=True).over("person_id")
    )
    assert evaluate(best, truth, "ndcg@3").table["value"].item() == pytest.approx(1)
    turned = best.with_columns(rank=7 - pl.col("rank").cast(pl.Int64))
    assert evaluate(turned, truth, "ndcg@3").table["value"].item() < 0.7
