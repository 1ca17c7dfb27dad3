import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis.population import modelled
from bobanalysis.recommenders import (
    REGION,
    FairRanker,
    LearnedRanker,
    Learner,
    LinkedJobs,
    checked,
    cross_fitted,
    french_market,
    judgements,
)

ITEMS = list("abcd")


class Planted:
    """Candidates whose outcome depends on a feature that is lower in group 1."""

    features = ("x", "noise")

    def pairs(self, people):
        items = pl.DataFrame({"item": ITEMS})
        pairs = people.join(items, how="cross", maintain_order="left_right")
        place = pl.int_range(pl.len()).over("person_id")
        return pairs.select("person_id", "item", "noise", x=pl.col("skill") + place - 1.5)


def planted(n=600):
    rng = np.random.default_rng(3)
    group = np.arange(n) % 2
    people = pl.DataFrame(
        {
            "person_id": [f"p{k:04}" for k in range(n)],
            "skill": rng.normal(size=n) - 1.0 * group,
            "noise": rng.normal(size=n),
            "group": group,
            "departement_id": [f"{k // 7 % 10:02}" for k in range(n)],
            "region_id": [f"r{k // 7 % 10 % 3}" for k in range(n)],
        }
    )
    pairs = Planted().pairs(people)
    outcome = pairs["x"].to_numpy() + rng.logistic(size=pairs.height) * 0.5 > 0
    return people, pairs.select("person_id", "item", outcome=pl.Series(outcome))


PEOPLE, OUTCOMES = planted()


def selected(lists):
    rate = PEOPLE.join(lists.group_by("person_id").len(), on="person_id", how="left").group_by("group")
    share = dict(rate.agg(pl.col("len").fill_null(0).mean() / len(ITEMS)).sort("group").rows())
    return share[0], share[1]


@pytest.fixture(scope="module")
def plain():
    return LearnedRanker(Planted()).fit(PEOPLE, OUTCOMES)


def test_a_learned_ranker_finds_what_was_planted_and_its_probabilities_are_calibrated(plain):
    assert isinstance(plain, Learner)
    scored = cross_fitted(LearnedRanker(Planted()), PEOPLE, OUTCOMES, by="person_id", call="probabilities")
    both = scored.join(OUTCOMES, on=["person_id", "item"]).with_columns(
        bin=(pl.col("score") * 5).floor().clip(0, 4)
    )
    bins = both.group_by("bin").agg(pl.len(), pl.col("score").mean(), pl.col("outcome").mean())
    assert (
        bins.filter(pl.col("len") > 100).select((pl.col("score") - pl.col("outcome")).abs().max()).item()
        < 0.12
    )
    good, bad = (both.filter(pl.col("outcome") == o)["score"].mean() for o in (True, False))
    assert good - bad > 0.3


def test_it_proposes_only_what_reaches_the_threshold(plain):
    lists = checked(plain.recommend(PEOPLE), PEOPLE)
    assert lists["score"].min() >= 0.5
    assert lists.height < PEOPLE.height * len(ITEMS)


def test_the_same_data_give_the_same_lists(plain):
    again = LearnedRanker(Planted()).fit(PEOPLE, OUTCOMES)
    assert_frame_equal(plain.recommend(PEOPLE), again.recommend(PEOPLE))


@pytest.mark.parametrize("method", ["exponentiated_gradient", "threshold_optimizer"])
def test_a_constrained_ranker_proposes_as_often_to_both_groups(plain, method):
    fair = FairRanker(Planted(), group=pl.col("group"), method=method, slack=0.01, rounds=8)
    lists = checked(fair.fit(PEOPLE, OUTCOMES).recommend(PEOPLE), PEOPLE)
    before, after = selected(plain.recommend(PEOPLE)), selected(lists)
    assert before[0] - before[1] > 0.15
    assert abs(after[0] - after[1]) < 0.08
    assert_frame_equal(lists, fair.recommend(PEOPLE))


def test_small_groups_are_constrained_together_and_new_ones_join_them():
    named = (
        pl.when(pl.col("person_id") < "p0004").then(pl.lit("tiny")).otherwise(pl.col("group").cast(pl.String))
    )
    fair = FairRanker(Planted(), group=named, method="threshold_optimizer").fit(PEOPLE, OUTCOMES)
    assert fair.known == ("0", "1")
    assert fair.recommend(PEOPLE).height > 0


def test_one_group_only_is_refused():
    with pytest.raises(ValueError, match="one group only"):
        FairRanker(Planted(), group=pl.lit("all")).fit(PEOPLE, OUTCOMES)


def test_one_kind_of_outcome_is_refused():
    with pytest.raises(ValueError, match="both good and bad"):
        LearnedRanker(Planted()).fit(PEOPLE, OUTCOMES.with_columns(outcome=True))


def test_lists_before_learning_are_refused():
    with pytest.raises(ValueError, match=r"fit\(\)"):
        LearnedRanker(Planted()).recommend(PEOPLE)


def test_too_many_people_are_refused_before_anything_is_computed():
    many = pl.DataFrame({"person_id": pl.int_range(20_001, eager=True).cast(pl.String)})
    with pytest.raises(ValueError, match="20,001 people"):
        LearnedRanker(Planted()).fit(many, OUTCOMES)


class Spy:
    """Remembers whom it learned from, and says so in its lists."""

    def fit(self, people, interactions):
        self.seen = set(people["departement_id"])
        return self

    def recommend(self, people):
        return people.select("person_id", leaked=pl.col("departement_id").is_in(list(self.seen)))


def test_cross_fitting_by_departement_never_learns_from_the_own_departement():
    lists = cross_fitted(Spy(), PEOPLE, OUTCOMES, by="departement_id", folds=3, within=REGION)
    assert not lists["leaked"].any()
    assert set(lists["person_id"]) == set(PEOPLE["person_id"])
    assert cross_fitted(Spy(), PEOPLE, OUTCOMES, by="person_id")["leaked"].all()


def test_more_folds_than_places_are_refused():
    with pytest.raises(ValueError, match="11 folds"):
        cross_fitted(Spy(), PEOPLE, OUTCOMES, folds=11)


def test_linked_jobs_are_described_by_the_market_alone():
    people = modelled(150).frame
    candidates = LinkedJobs(french_market())
    pairs = candidates.pairs(people)
    other = people.with_columns(age=pl.lit(60, pl.Int16), gender=pl.lit(2, pl.Int8))
    assert_frame_equal(pairs, candidates.pairs(other))
    unknown = pairs.filter(pl.col("offers_known") == 0)
    assert unknown.height > 0
    assert (unknown["offers"] == 0).all()


def test_a_learner_of_linked_jobs_beats_the_order_of_the_links():
    people = modelled(600, seed=5).frame
    judged = judgements.linked_and_hiring(people)
    outcomes = judged.select("person_id", "item", outcome=pl.col("relevance") > 0)
    lists = cross_fitted(LearnedRanker(LinkedJobs(french_market())), people, outcomes, within=REGION)
    hit = checked(lists, people).join(outcomes, on=["person_id", "item"])["outcome"].mean()
    assert hit > outcomes["outcome"].mean() + 0.08
