"""The parts of a gap add up to it, and each factor and rule moves what it should."""

from functools import cache

import numpy as np
import polars as pl
import pytest

from bobanalysis import population
from bobanalysis.audit.attribution import (
    FactorMixture,
    is_answered,
    is_listed,
    number,
    random_coupling,
    rules_reading,
    with_neutral_rule,
)
from bobanalysis.bob import Bob, validate
from bobanalysis.fairness.decomposition import shapley
from bobanalysis.recommenders import french_market

FACTORS = Bob.input_roles.factors
score = number("overall_score")


@cache
def bob():
    return Bob(french_market())


@cache
def people():
    return population.modelled(400, seed=3).frame


@cache
def outcomes():
    return {
        "score": score,
        "stuck": is_answered("main_challenge", "stuck-market"),
        "senior": is_listed(bob(), "advice", "senior"),
        "work-study first": is_listed(bob(), "advice", "alternance", top=5),
    }


def mean(frame, outcome):
    run = bob().steps(validate(frame, bob().variables).valid)
    return np.average(outcome(run).to_numpy(), weights=frame["weight"].to_numpy())


@cache
def weighted():
    chance = np.random.default_rng(5)
    return people().with_columns(weight=pl.Series(chance.uniform(0.2, 3, people().height)))


@cache
def groups():
    old = weighted().filter(pl.col("age") >= 50)
    return weighted().filter(pl.col("age") < 50).head(90), old.head(60)


@cache
def by_age():
    small = {**dict.fromkeys(("age", "seniority", "search", "diploma", "market", "place", "job")), "rest": ()}
    return FactorMixture(bob(), *groups(), outcomes(), {k: FACTORS[k] for k in small})


def test_the_parts_of_each_gap_add_up_to_it_exactly():
    young, old = groups()
    parts = shapley(by_age().names, by_age().value, list(outcomes()))
    for name, outcome in outcomes().items():
        gap = mean(old, outcome) - mean(young, outcome)
        own = parts.filter(group=name)
        assert own["total"][0] == pytest.approx(gap, abs=1e-12)
        assert own["contribution"].sum() == pytest.approx(gap, abs=1e-12)


def test_advice_that_reads_age_alone_is_put_to_age_alone():
    parts = shapley(by_age().names, by_age().value, list(outcomes())).filter(group="senior")
    age = parts.filter(factor="age")["contribution"].item()
    assert age > 0.5
    others = parts.filter(~pl.col("factor").is_in(["age", "rest"]))[
        "contribution"
    ]  # rest: a declared obstacle
    assert others.abs().max() < 1e-12


def moved(age):
    return population.paired_ages(people().head(150), [age]).drop("person_id", "plausible_age")


def test_between_two_ages_of_the_same_people_everything_is_age():
    a, b = (moved(age).rename({"pair_id": "person_id"}) for age in (30, 55))
    same = FactorMixture(bob(), a, b, outcomes(), by="person_id")
    assert same.names == ["age"]
    assert same.value(frozenset({"age"}))[2] - same.value(frozenset())[2] == pytest.approx(1, abs=0.2)


def placed(code):
    pairs = population.paired_departements(people().head(150), [code])
    return pairs.drop("person_id").rename({"pair_id": "person_id"})


def test_between_two_places_the_market_and_the_rest_of_the_place_share_the_gap():
    same = FactorMixture(bob(), placed("15"), placed("93"), outcomes(), by="person_id")
    assert same.names == ["market", "place"]
    parts = shapley(same.names, same.value, list(outcomes()))
    gap = mean(placed("93"), score) - mean(placed("15"), score)
    assert parts.filter(group="score")["contribution"].sum() == pytest.approx(gap, abs=1e-12)
    assert parts.filter(factor="market", group="score")["contribution"].item() == pytest.approx(
        gap, abs=1e-12
    )


def test_the_market_of_another_place_is_looked_up_for_the_job_of_the_mixture():
    same = FactorMixture(bob(), placed("15"), placed("93"), outcomes(), by="person_id")
    only_market = same.value(frozenset({"market"}))
    assert only_market[0] == pytest.approx(mean(placed("93"), score), abs=1e-12)


def test_pairing_keeps_the_weight_of_everybody():
    chance = np.random.default_rng(1)
    one, two = (w / w.sum() for w in (chance.uniform(0, 1, 50), chance.uniform(0, 1, 7)))
    rows, others, weight = random_coupling(one, two, seed=4)
    assert np.allclose(np.bincount(rows, weight, 50), one, rtol=0, atol=1e-15)
    assert np.allclose(np.bincount(others, weight, 7), two, rtol=0, atol=1e-15)
    assert len(weight) <= 56


def test_an_empty_group_or_another_person_is_refused():
    with pytest.raises(ValueError, match="each group needs people"):
        FactorMixture(bob(), people().head(0), people(), outcomes()).value(frozenset())
    with pytest.raises(ValueError, match="same values"):
        FactorMixture(bob(), people().head(3), people().head(4), outcomes(), by="person_id").value(
            frozenset()
        )


def test_the_rules_that_read_age_are_found_and_no_rule_reads_the_code_of_the_place():
    found = rules_reading(bob(), "age")
    assert {"category-missing-diploma", "for-old(50)", "advice senior", "strategy get-alternance"} <= set(
        found
    )
    assert rules_reading(bob(), "departement_id") == []


def test_a_rule_switched_to_neutral_no_longer_reads_age_and_the_others_still_do():
    for rule in rules_reading(bob(), "age"):
        assert rule not in rules_reading(with_neutral_rule(bob(), rule, "age", 40), "age")
    left = with_neutral_rule(bob(), "advice senior", "age", 40)
    assert set(rules_reading(left, "age")) == set(rules_reading(bob(), "age")) - {"advice senior"}


def test_all_rules_switched_are_bob_blind_to_age():
    switched = bob()
    for rule in rules_reading(bob(), "age"):
        switched = with_neutral_rule(switched, rule, "age", 40)
    frame = people().head(100)
    blind = bob().blind_to("age").run(frame)
    columns = ["main_challenge", "overall_score", "stars", "strategy_points"]
    assert switched.run(frame).select(columns).equals(blind.select(columns))


def test_a_rule_that_does_not_read_age_cannot_be_switched():
    with pytest.raises(KeyError, match="does not read 'age'"):
        with_neutral_rule(bob(), "for-women", "age", 40)


def test_an_unknown_advice_is_refused():
    with pytest.raises(ValueError, match="no advice is called"):
        is_listed(bob(), "advice", "wisdom")
