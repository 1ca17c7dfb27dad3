"""Every condition on age or place is listed once, and what it changes by itself is measured."""

import polars as pl
import pytest

from bobanalysis import population
from bobanalysis.algorithm import CRITERIA
from bobanalysis.audit.conditions import conditions, effects, force_condition, in_words, measure_of
from bobanalysis.bob import Bob, catalogue, titles, validate
from bobanalysis.bob.uses import content_rules, idle_families, outside, published_rules, rules_in_use
from bobanalysis.recommenders import french_market
from bobanalysis.rules import Named, as_expr, inputs, walk
from bobanalysis.rules.expr import Var, children

BOB = Bob(french_market())
LISTED = conditions(BOB)
CONDITIONS = {c.id: c for c in LISTED}


def own_inputs(rule):
    """What a rule reads in its own text, found without the code under test."""
    left, found, waiting = set(BOB.presentation.named_in(rule)), set(), [rule]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Named) and node.name in left:
            continue
        if isinstance(node, Var):
            found.add(node.variable)
        waiting += children(node)
    return found


def test_every_reading_of_age_or_place_in_a_rules_own_text_is_in_a_condition():
    for name in published_rules():
        protected = {
            v.name
            for v in own_inputs(catalogue()[name].expr)
            if v.protected and v.protected.criterion in CRITERIA.values()
        }
        listed = {v.name for c in CONDITIONS.values() if c.rule == name for v in c.variables}
        assert protected <= listed, name


def test_conditions_have_names_of_their_own():
    assert len(CONDITIONS) == len(LISTED)


def test_the_conditions_on_the_year_of_birth_in_use_are_those_of_the_published_rules():
    ages = sorted({c.cut[1] for c in CONDITIONS.values() if c.status == "in use" and c.cut})
    assert ages == [16, 25, 26, 30, 31, 35, 41, 45, 46, 50, 51, 56]


def test_what_a_rule_reads_through_another_one_is_not_listed_twice():
    assert not [c for c in CONDITIONS.values() if c.rule == "not-for-old(50)"]
    assert [c.comparison for c in CONDITIONS.values() if c.rule == "for-old(50)"] == ["> 50"]


def test_a_rule_is_in_use_or_for_contents_or_dead():
    for c in CONDITIONS.values():
        assert (c.status == "in use") == (c.rule in rules_in_use())
        assert (c.status == "contents") == (c.rule in content_rules())


def test_families_without_a_member_anywhere_have_an_example():
    used = {*published_rules(), *content_rules()}
    for pattern, example in idle_families().items():
        assert not any(catalogue()[name].family == pattern for name in used)
        assert BOB.rule_status(example) == "dead"


def test_conditions_of_the_whole_server_outside_the_rules_are_listed_with_their_source():
    listed = {o.condition: o for o in outside()}
    assert len(listed) == len(outside()) > 5
    assert all(o.source.startswith("frontend/") and o.said.fr and o.where.en for o in listed.values())
    assert listed["salary-comment"].said.fr == "âge\u202f: 35 ans ou plus"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_condition_in_words_names_what_it_reads(lang):
    for c in CONDITIONS.values():
        said = in_words(c, titles()).get(lang)
        assert said
        assert len(said) < 400, c.id


def test_only_the_condition_that_is_decided_changes():
    rule = catalogue()["advice-senior"].expr
    node = next(c.node for c in CONDITIONS.values() if c.rule == "advice-senior" and c.comparison == ">= 45")
    changed = force_condition(BOB, "advice-senior", node, False)
    assert {v.name for v in inputs(changed)} == {v.name for v in inputs(rule)}
    assert node not in set(walk(changed))
    assert any(n is not node and getattr(n, "op", "") == ">" for n in walk(changed))


def test_a_rule_is_replaced_wherever_it_is_used():
    bob = BOB.with_rule("for-old(50)", as_expr(True))
    every = [*bob.diagnosis.values(), *bob.advice.values(), *bob.strategies.values(), bob.roots["job tips"]]
    names = {n.name for n in walk(*every) if isinstance(n, Named)}
    assert "for-old(50)" not in names
    assert "for-old(50) (changed)" in names


@pytest.fixture(scope="module")
def bob():
    return BOB


@pytest.fixture(scope="module")
def people():
    return population.modelled(400).frame


def shares_that_differ(one, other, weight):
    differ = pl.zeros(one.height, dtype=pl.Boolean, eager=True)
    for column in ("main_challenge", "overall_score", "advice", "stars", "strategies", "strategy_points"):
        differ |= pl.Series(
            [a != b for a, b in zip(one[column].to_list(), other[column].to_list(), strict=True)]
        )
    return (differ.cast(pl.Float64) * weight).sum() / weight.sum()


@pytest.mark.parametrize(("rule", "moved"), [("for-old(50)", 49), ("for-young(25)", 24)])
def test_the_effect_of_an_age_is_what_moving_its_threshold_changes_for_people_of_that_age(
    bob, people, rule, moved
):
    condition = next(c for c in CONDITIONS.values() if c.rule == rule)
    measured = effects(bob, people, [condition])
    age = condition.cut[0]
    there = people.drop("person_id").with_columns(age=pl.lit(age, dtype=people.schema["age"]))
    there = validate(there, bob.variables).valid
    other = bob.with_threshold(rule, moved)
    expected = shares_that_differ(
        bob.run(there, validated=True), other.run(there, validated=True), people["weight"]
    )
    assert measured["share"].item() == pytest.approx(expected)
    assert measured["measure"].item() == "years"


def test_the_effect_of_a_condition_on_the_place_is_that_of_the_figures_of_the_country(bob, people):
    condition = next(c for c in CONDITIONS.values() if c.rule == "for-stressed-market(10/3)")
    assert measure_of(condition) == "country"
    measured = effects(bob, people, [condition]).row(0, named=True)
    assert 0 < measured["share_challenge"] <= measured["share"] < 1


def test_a_condition_that_reads_what_nobody_holds_changes_nothing(bob, people):
    condition = next(c for c in CONDITIONS.values() if c.rule == "for-more-job-offers-locally(5)")
    assert effects(bob, people, [condition])["share"].item() == 0


def test_conditions_of_one_rule_read_in_the_figures_of_the_country_share_one_effect(bob, people):
    own = [c for c in CONDITIONS.values() if c.rule == "for-stressed-market(10/3)"]
    assert len(own) == 2
    assert effects(bob, people, own)["share"].n_unique() == 1
