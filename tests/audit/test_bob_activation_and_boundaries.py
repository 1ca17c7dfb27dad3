"""On whom rules act, and the two people whom a threshold parts."""

import json

import polars as pl
import pytest

from bobanalysis import population
from bobanalysis.audit.activation import activation_over, activation_rates, as_read, unanswered
from bobanalysis.audit.boundary import boundary_pairs
from bobanalysis.audit.values import format_answer
from bobanalysis.bob import DICTIONARY, Bob, Market, catalogue
from bobanalysis.bob.uses import published_rules, rules_in_use
from bobanalysis.recommenders import french_market
from bobanalysis.rules import first_match, missing, trace, when

d = DICTIONARY
BOB = Bob(Market.empty())
BY = {"age": "age_band", "region": "region_id"}
PEOPLE = pl.DataFrame(
    {
        "age": [20, 40, 60, 60],
        "age_band": ["15-24", "30-49", "55+", "55+"],
        "region_id": ["11", "11", "11", "93"],
        "weight": [1.0, 2.0, 3.0, 4.0],
    }
)
SOME = ("advice-senior", "for-old(50)", "advice-civic-service", "category-missing-diploma", "advice-training")


def test_a_share_is_weighted_and_told_for_everybody_and_by_group():
    found = activation_rates(BOB, PEOPLE, {"old": d.age > 50}, BY)
    shares = {(by, group): share for by, group, share in found.select("by", "group", "share").rows()}
    assert shares == {
        ("all", "all"): pytest.approx(0.7),
        ("age", "15-24"): 0,
        ("age", "30-49"): 0,
        ("age", "55+"): 1,
        ("region", "11"): pytest.approx(0.5),
        ("region", "93"): 1,
    }


def test_the_number_of_people_of_equal_weight_is_that_of_kish():
    found = activation_rates(BOB, PEOPLE, {"old": d.age > 50}, BY).filter(by="all")
    assert found["effective"].item() == pytest.approx(10**2 / (1 + 4 + 9 + 16))
    assert found["people"].item() == 4


def test_a_score_acts_above_nothing_and_a_refusal_does_not_act():
    rule = first_match(when(d.age < 30, missing("x")), when(d.age < 50, 0), otherwise=0.5)
    found = activation_rates(BOB, PEOPLE, {"score": rule}, {})
    assert found.select("share", "refused").row(0) == (pytest.approx(0.7), pytest.approx(0.1))


def test_a_challenge_acts_where_it_needs_attention():
    rule = first_match(when(d.age > 50, 3), otherwise=4)
    assert activation_rates(BOB, PEOPLE, {"relevance_x": rule}, {})["share"].item() == pytest.approx(0.7)


def test_the_activation_rate_of_the_advice_for_older_people_is_the_share_that_is_given_it():
    bob, people = Bob(french_market()), population.modelled(400).frame
    known = as_read(bob, people)
    share = activation_rates(BOB, known, {"advice-senior": catalogue()["advice-senior"].expr}, {})[
        "share"
    ].item()
    given = bob.run(people.drop("person_id"), strict=False)["advice"].list.contains("senior")
    weight = people["weight"]
    assert share == pytest.approx((given.cast(pl.Float64) * weight).sum() / weight.sum())


def test_what_nobody_answers_is_listed_as_unanswered():
    empty = PEOPLE.with_columns(is_autonomous=pl.lit(0))
    found = unanswered(BOB, empty, {"alone": catalogue()["for-autonomous"].expr, "old": d.age > 50})
    assert found.rows() == [("alone", "is_autonomous")]


@pytest.fixture(scope="module")
def found():
    return boundary_pairs({name: catalogue()[name].expr for name in SOME})


def value(variable, text):
    if variable.kind == "bool":
        return text == "true"
    return text if variable.kind == "text" else float(text) if variable.kind == "float" else int(text)


def test_two_people_differ_in_one_answer_and_get_the_two_results_that_are_told(found):
    for row in found.filter(pl.col("answer_below") != "").iter_rows(named=True):
        rule, variable = catalogue()[row["rule"]].expr, DICTIONARY[row["variable"]]
        plain = {v.name: v.default for v in DICTIONARY.values()} | json.loads(row["person"])
        for side in ("below", "above"):
            read = trace(rule, plain | {variable.name: value(variable, row[side])})
            assert format_answer(read.value, read.refusal) == row[f"answer_{side}"], row
        assert row["answer_below"] != row["answer_above"]


def test_the_two_people_stand_just_below_and_just_above_an_age(found):
    ages = found.filter((pl.col("variable") == "age") & (pl.col("below") != ""))
    assert ages.height > 5
    assert all(int(above) == int(below) + 1 for below, above in ages.select("below", "above").rows())


def test_nothing_more_can_be_taken_away_from_two_people(found):
    for row in found.filter(pl.col("answer_below") != "").iter_rows(named=True):
        rule, variable = catalogue()[row["rule"]].expr, DICTIONARY[row["variable"]]
        person = json.loads(row["person"])
        plain = {v.name: v.default for v in DICTIONARY.values()}
        for name in person:
            fewer = plain | {k: v for k, v in person.items() if k != name}
            both = [trace(rule, fewer | {variable.name: value(variable, row[s])}) for s in ("below", "above")]
            first, second = (format_answer(read.value, read.refusal) for read in both)
            assert first == second, (row, name)


def test_a_threshold_that_never_matters_is_told_so():
    never = first_match(when((d.age > 40) & (d.age < 30), 1), otherwise=0)
    assert boundary_pairs({"x": never})["person"].to_list() == ["never", "never"]
    assert boundary_pairs({"y": d.gender == "FEMININE"})["person"].to_list() == ["{}"]


def test_a_value_that_nobody_can_stand_below_is_out_of_range():
    found = boundary_pairs({"x": catalogue()["for-unstressed-market(10/7)"].expr})
    reasons = dict(found.select("threshold", "person").rows())
    assert (reasons["< -1"], reasons[">= 7"]) == ("out of range", "{}")


def test_the_same_pairs_are_found_again():
    one = {"advice-senior": catalogue()["advice-senior"].expr}
    assert boundary_pairs(one).equals(boundary_pairs(one))


def test_rules_in_use_are_published_rules():
    assert rules_in_use() < set(published_rules())


def test_the_activation_over_scales_is_that_of_the_lowest_and_the_highest_scale():
    people = population.modelled(300).frame
    bobs = {scale: Bob(french_market(scale)) for scale in list(population.SCALES)[:3]}
    rules = {name: catalogue()[name].expr for name in ("for-stressed-market(10/3)", "for-women")}
    span = {row[0]: row[1:] for row in activation_over(people, rules, bobs).rows()}
    each = [activation_rates(bob, as_read(bob, people, rules.values()), rules, {}) for bob in bobs.values()]
    shares = [one.filter(rule="for-stressed-market(10/3)")["share"].item() for one in each]
    assert span["for-stressed-market(10/3)"] == (min(shares), max(shares))
    assert min(shares) < max(shares)
    assert span["for-women"][0] == span["for-women"][1]
