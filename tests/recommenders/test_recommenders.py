import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis import data
from bobanalysis.bob.suggestions import SUGGESTIONS
from bobanalysis.population import market, modelled, paired_ages, paired_departements
from bobanalysis.population.markets import classes_2019
from bobanalysis.recommenders import (
    BobAdvice,
    BobJobs,
    BobStrategies,
    LocalDemand,
    Random,
    Recommender,
    baselines,
    bob,
    checked,
    french_market,
    judgements,
    linked,
)

MARKET = french_market()
PEOPLE = modelled(600, seed=7).frame
EVERY = [
    BobAdvice(bob(MARKET)),
    BobStrategies(bob(MARKET)),
    *(BobJobs(MARKET, kind, name=kind) for kind in SUGGESTIONS),
    BobJobs(MARKET, blind="place", name="place-neutral"),
    BobJobs(MARKET, blind="place", how="dropped", name="place-dropped"),
    BobJobs(MARKET, told=bob(MARKET), name="told"),
    *baselines(),
]


@pytest.mark.parametrize("recommender", EVERY, ids=lambda r: r.name)
def test_every_recommender_gives_lists_and_the_same_ones_again(recommender):
    assert isinstance(recommender, Recommender)
    lists = checked(recommender.recommend(PEOPLE), PEOPLE)
    assert lists.height > 0
    assert_frame_equal(lists, recommender.recommend(PEOPLE))


@pytest.mark.parametrize("recommender", EVERY, ids=lambda r: r.name)
def test_nobody_asked_about_is_no_error(recommender):
    assert recommender.recommend(PEOPLE.head(0)).height == 0


def test_the_market_has_the_indicators_without_which_advice_reaches_nobody():
    plain = {"reorient-to-close-job", "relocate"}
    people = PEOPLE.with_columns(area_type=pl.lit(4, pl.Int8))
    without = set(BobAdvice(bob(market())).recommend(people)["item"])
    assert not plain & without
    assert plain <= set(BobAdvice(bob(MARKET)).recommend(people)["item"])


def test_the_order_of_advice_is_the_order_of_the_pipeline():
    run = bob(MARKET).run(PEOPLE)
    lists = BobAdvice(bob(MARKET)).recommend(PEOPLE)
    first = lists.filter(pl.col("rank") == 1)["item"].to_list()
    assert first == run["advice"].list.first().cast(pl.String).to_list()


def test_jobs_blind_to_place_are_the_same_in_every_departement():
    moved = paired_departements(PEOPLE.head(20))
    for how in ("neutral", "dropped"):
        lists = BobJobs(MARKET, blind="place", how=how).recommend(moved)
        owner = moved.select("person_id", "pair_id", "departement_id")
        by_place = (
            lists.join(owner, on="person_id")
            .group_by("pair_id", "departement_id")
            .agg(pl.col("item").sort_by("rank").str.join(","))
        )
        assert by_place.group_by("pair_id").agg(pl.col("item").n_unique())["item"].max() == 1


def test_jobs_as_published_do_depend_on_the_departement():
    moved = paired_departements(PEOPLE.head(20))
    lists = BobJobs(MARKET).recommend(moved).join(moved.select("person_id", "pair_id"), on="person_id")
    assert lists.group_by("pair_id").agg(pl.col("item").n_unique())["item"].max() > 5


def test_age_decides_who_is_shown_job_suggestions_and_blindness_to_age_undoes_it():
    aged = paired_ages(PEOPLE.head(200), ages=[44, 45])
    shown = {}
    for name, told in {"published": bob(MARKET), "blind": bob(MARKET, "age", "dropped")}.items():
        lists = BobJobs(MARKET, told=told).recommend(aged).filter(pl.col("rank") == 1)
        ages = aged.select("person_id", "age").join(lists, on="person_id")["age"]
        shown[name] = [(ages == age).sum() for age in (44, 45)]
    assert shown["published"][0] > 1.2 * shown["published"][1]
    assert shown["blind"][0] == shown["blind"][1]


def test_a_blindness_without_a_meaning_is_refused():
    with pytest.raises(ValueError, match="do not read age"):
        BobJobs(MARKET, blind="age")
    with pytest.raises(ValueError, match="made of the place"):
        BobJobs(MARKET, "best-local-market-score", blind="place")
    with pytest.raises(ValueError, match="choose one of"):
        BobJobs(MARKET, "nearest").recommend(PEOPLE)


def test_links_put_close_jobs_before_evolutions():
    lists = linked(PEOPLE)
    assert lists["score"].unique().sort().to_list() == [1.0, 2.0]
    assert not lists.join(PEOPLE.select("person_id", item="rome_id"), on=["person_id", "item"]).height


def test_local_demand_ranks_by_offers_per_job_seeker_and_leaves_out_the_own_job():
    lists = LocalDemand(most=3).recommend(PEOPLE)
    assert lists.group_by("person_id").len()["len"].unique().to_list() == [3]
    assert lists.join(PEOPLE.select("person_id", item="rome_id"), on=["person_id", "item"]).is_empty()
    of_linked = LocalDemand("linked", most=50).recommend(PEOPLE)
    assert of_linked.join(linked(PEOPLE), on=["person_id", "item"]).height == of_linked.height


def test_random_lists_depend_on_the_seed_and_spread_over_the_pool():
    a, b = (Random(most=2, seed=seed).recommend(PEOPLE) for seed in (1, 2))
    assert a["item"].to_list() != b["item"].to_list()
    assert a["item"].n_unique() > 400
    advice = Random(pool=["x", "y"], most=5).recommend(PEOPLE.head(3))
    assert advice.group_by("person_id").len()["len"].to_list() == [2, 2, 2]


def test_close_jobs_are_related_by_construction():
    lists, links = BobJobs(MARKET).recommend(PEOPLE), judgements.related(PEOPLE)
    assert lists.join(links, on=["person_id", "item"]).height == lists.height


def test_a_class_of_tension_below_four_is_judged_and_not_hiring():
    classes, judged = classes_2019(), judgements.hiring(PEOPLE)
    both = judged.join(PEOPLE.select("person_id", "departement_id"), on="person_id").join(
        classes, left_on=["departement_id", "item"], right_on=["departement_id", "rome_id"]
    )
    expected = {1: 0, 2: 0, 3: 0, 4: 1, 5: 2}
    assert dict(both.select("tension_class", "relevance").unique().sort("tension_class").rows()) == expected


def test_where_dares_publishes_no_class_nothing_is_judged():
    silent = data.table("tension_fap_area_2019").filter(
        (pl.col("area_level").cast(pl.String) == "departement")
        & (pl.col("fap_level").cast(pl.String) == "87")
        & (pl.col("area") == "15")
        & pl.col("tension_class").is_null()
    )
    assert silent.height > 0
    in_cantal = PEOPLE.with_columns(departement_id=pl.lit("15"))
    judged = judgements.linked_and_hiring(in_cantal)
    assert 0 < judged.height < linked(in_cantal).height


def test_the_population_of_the_2019_classes_is_that_of_the_2019_market():
    """The market "tension_2019" reads the same classes: 1, 3, 5, 7 or 9 offers for ten."""
    both = market("tension_2019").local.join(classes_2019(), on=["departement_id", "rome_id"])
    assert both.height == market("tension_2019").local.height
    assert (both["market_offers_per_10_candidates"] == 2 * both["tension_class"] - 1).all()
