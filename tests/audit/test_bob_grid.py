"""A sweep gives the answers of the pipeline itself, at every age and place, and sees what changes."""

from functools import cache

import polars as pl
import pytest

from bobanalysis import population
from bobanalysis.audit.changes import (
    changed,
    discontinuities,
    largest,
    share_recommended,
    smallest_description,
)
from bobanalysis.audit.grid import age_intervals, answer_grid
from bobanalysis.bob import DICTIONARY, Bob
from bobanalysis.recommenders import french_market

OUTCOMES = ("main_challenge", "overall_score", "first_advice", "advice", "first_strategy", "strategies")
PLACES = ["15", "75", "93", "976"]


@cache
def bob():
    return Bob(french_market())


@cache
def people():
    return population.modelled(40, seed=7).frame


@cache
def everywhere():
    return answer_grid(bob(), people(), places=PLACES)


@cache
def at_home():
    return answer_grid(bob(), population.modelled(400, seed=8).frame, places="own")


@cache
def one_by_one():
    """Every variant run on its own row: all 55 ages, no age standing for another."""
    pairs = population.paired_ages(people()).drop("pair_id", "plausible_age")
    placed = population.paired_departements(pairs, PLACES)
    run = bob().run(placed.drop("pair_id"))
    keys = placed.select(
        pair_id=pl.col("pair_id").str.split("/").list.first(), age="age", departement_id="departement_id"
    )
    return pl.concat([keys, run.drop("person_id")], how="horizontal")


def both_ways():
    swept = everywhere().whole([*OUTCOMES, "list"])
    keys = ["pair_id", "age", "departement_id"]
    direct = one_by_one().with_columns(pl.col("age").cast(pl.Int32))
    return swept.sort(keys), direct.sort(keys)


def test_ages_run_for_others_give_the_answers_of_every_age_run_on_its_own():
    swept, direct = both_ways()
    assert swept.height == direct.height == 40 * 55 * 4
    assert swept.select("pair_id", "age", "departement_id").equals(
        direct.select("pair_id", "age", "departement_id")
    )
    assert swept["main_challenge"].cast(pl.String).equals(direct["main_challenge"])
    assert swept["overall_score"].equals(direct["overall_score"])
    strategies = direct["strategies"].cast(pl.List(pl.String)).list.join(" ")
    assert swept["strategies"].cast(pl.String).equals(strategies.alias("strategies"))


def test_every_advice_list_with_its_ranks_and_stars_is_that_of_the_pipeline():
    swept, direct = both_ways()
    lists = (
        everywhere()
        .lists.sort("list", "rank")
        .group_by("list", maintain_order=True)
        .agg(pl.col("item").cast(pl.String), pl.col("stars").round(3))
    )
    named = swept.join(lists, on="list", how="left", maintain_order="left")
    assert named["item"].to_list() == direct["advice"].cast(pl.List(pl.String)).to_list()
    stars = direct["stars"].cast(pl.List(pl.Float64)).list.eval(pl.element().round(3))
    assert named["stars"].to_list() == stars.to_list()
    assert named["first_advice"].cast(pl.String).to_list() == [items[0] for items in named["item"].to_list()]


def test_ages_are_parted_where_a_rule_reads_them_and_nowhere_else():
    found = age_intervals(bob().roots.values(), range(16, 71))
    assert found["age_run"].unique().to_list() == [16, 25, 26, 30, 31, 35, 41, 45, 46, 50, 51, 56]


def test_a_rule_that_computes_with_age_makes_every_age_count():
    rule = DICTIONARY.age * 2 > 60
    assert age_intervals([rule], [29, 30, 31])["age_run"].to_list() == [29, 30, 31]


def test_a_grid_of_one_person_is_a_grid():
    assert answer_grid(bob(), people().head(1)).runs == 55 * 101


def test_without_ages_everybody_keeps_their_own():
    found = answer_grid(bob(), people(), ages="own", places=["75"])
    ages = found.answers.select("pair_id", "age").sort("pair_id")["age"]
    assert ages.to_list() == people().sort("person_id")["age"].to_list()
    assert found.runs == people().height


def test_the_advice_for_seniors_appears_at_41_or_45_and_at_no_other_birthday():
    found = discontinuities(at_home()).filter(pl.col("item") == "senior", pl.col("what") == "appears")
    assert found["age_to"].to_list() == [41, 45]
    assert found["share"].sum() == pytest.approx(1)


def test_work_study_falls_at_26_35_46_and_56():
    lost = discontinuities(at_home()).filter(
        pl.col("item") == "alternance", pl.col("what").is_in(["stars_down", "disappears"])
    )
    assert set(lost["age_to"]) >= {26, 35, 46, 56}


def test_between_two_discontinuities_nothing_changes():
    whole = at_home().whole(["advice"]).sort("pair_id", "age")
    moved = whole.filter(pl.col("advice") != pl.col("advice").shift(1).over("pair_id"))
    assert set(moved["age"]) == set(discontinuities(at_home())["age_to"])


def test_the_share_changed_is_counted_as_one_would_by_hand():
    whole = at_home().whole(["first_advice"])
    moved = whole.group_by("pair_id").agg(pl.col("first_advice").n_unique() > 1, pl.col("weight").first())
    by_hand = (moved["first_advice"] * moved["weight"]).sum() / moved["weight"].sum()
    share = changed(at_home(), "age").filter(outcome="first_advice")["share"].item()
    assert share == pytest.approx(by_hand)


def test_blind_to_age_nothing_changes_with_age():
    blind = answer_grid(bob().blind_to("age"), people(), places="own")
    assert discontinuities(blind).is_empty()
    assert changed(blind, "age")["share"].to_list() == [0] * len(OUTCOMES)


def test_blind_to_place_nothing_changes_with_place():
    blind = answer_grid(bob().blind_to("place"), people(), ages="own", places=PLACES)
    assert changed(blind, "place")["share"].to_list() == [0] * len(OUTCOMES)


def test_shares_given_by_age_are_those_of_the_lists():
    by_age = share_recommended(at_home()).filter(item="senior")
    young, old = (by_age.filter(age=a)["share"].item() for a in (40, 45))
    assert (young, old) == (0, pytest.approx(1))


def test_the_largest_change_rests_on_each_answer_that_describes_it():
    frame = population.modelled(400, seed=8).frame
    row = largest(at_home(), "age").row(0, named=True)
    scores = at_home().at_own("place").filter(pair_id=row["pair_id"])["overall_score"]
    assert row["change"] == scores.max() - scores.min()
    described = smallest_description(bob(), frame, row, "age")
    assert 0 < described.height < 20
    plain = frame.with_columns(
        pl.col(c).mode().sort().first() for c in frame.columns if c not in ("person_id", "weight")
    ).head(1)
    person = frame.filter(person_id=row["pair_id"])
    ends = [int(row["value_from"]), int(row["value_to"])]

    def change(answers):
        one = plain.with_columns(person[c] for c in answers)
        score = bob().run(population.paired_ages(one, ends))["overall_score"]
        return abs(score[1] - score[0])

    needed = described["answer"].to_list()
    assert change(needed) >= row["change"]
    assert all(change([c for c in needed if c != left]) < row["change"] for left in needed)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda f: f.drop("age"), "'age' is missing"),
        (lambda f: pl.concat([f, f.head(1)]), "several rows"),
    ],
)
def test_people_that_cannot_be_run_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        answer_grid(bob(), wrong(people()))


def test_unknown_places_are_refused():
    with pytest.raises(ValueError, match="99"):
        answer_grid(bob(), people(), places=["75", "99"])
    with pytest.raises(ValueError, match="'own'"):
        answer_grid(bob(), people(), places="75")
