"""Expressions, their explanation, their perturbation."""

import pytest
from expressions import DICTIONARY, PEOPLE, RULES, conditions
from hypothesis import assume, given, settings

from bobanalysis.rules import (
    decision_table,
    dropped,
    first_match,
    inputs,
    neutral,
    sentence,
    thresholds,
    trace,
    when,
    with_bound,
)
from bobanalysis.rules.expr import Const

d = DICTIONARY


def test_equal_expressions_are_one_object():
    assert ((d.age >= 45) & d.tired) is ((d.age >= 45) & d.tired)


def test_an_expression_has_no_truth_value():
    with pytest.raises(TypeError, match="no truth value"):
        bool(d.age > 3)


def test_a_chained_comparison_is_refused():
    with pytest.raises(TypeError, match="no truth value"):
        1 < d.age < 5  # noqa: B015


def test_an_expression_cannot_be_changed():
    with pytest.raises(AttributeError, match="immutable"):
        (d.age > 3).op = "<"


def test_a_misspelt_value_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match="Did you mean 'MUCH'"):
        d.level == "MUCHO"  # noqa: B015


def test_a_misspelt_input_is_refused_with_the_nearest_one():
    with pytest.raises(AttributeError, match="did you mean 'months'"):
        d.month  # noqa: B018


def test_rows_behind_a_row_that_always_holds_are_left_out():
    assert first_match(when(True, 1), when(d.tired, 2), otherwise=3) is Const(1)


def test_the_contrary_of_a_condition_is_said_as_such():
    assert sentence(~(d.age >= 45), "en") == "age: under 45 years"
    assert sentence(~(d.age < 45), "fr") == "âge\u202f: 45 ans ou plus"


def test_the_contrary_of_a_conjunction_is_said_with_or():
    assert sentence(~((d.age >= 45) & d.tired), "en") == "age: under 45 years or tired: no"


def test_values_of_an_enumeration_are_said_by_their_label():
    assert sentence(d.level >= "SOME", "fr") == "niveau\u202f: «\u202fSOME\u202f» ou au-dessus"


def test_a_filter_is_explained_as_yes_or_otherwise_no():
    assert [line.result for line in decision_table(d.age > 3, "fr")] == ["oui", "non"]


def test_a_bound_that_depends_on_another_input_is_listed_as_a_relation():
    found = thresholds(d.age > 3 * d.months)
    assert {t.variable.name for t in found} == {"age", "months"}
    assert all(t.value is None and "×" in t.relation for t in found)


@settings(max_examples=200, deadline=None)
@given(RULES)
def test_every_rule_can_be_explained_in_both_languages_with_as_many_rows(rule):
    assert len(decision_table(rule, "fr")) == len(decision_table(rule, "en"))


@settings(max_examples=300, deadline=None)
@given(conditions(2), PEOPLE)
def test_a_sweep_of_one_input_jumps_only_at_listed_thresholds(rule, person):
    listed = [t for t in thresholds(rule) if t.variable.name == "age"]
    assume(all(t.value is not None for t in listed))  # a bound that depends on another input is a relation

    def answer(age):
        read = trace(rule, {**person, "age": age})
        return read.value if read.answered else read.refusal

    for age in range(-3, 9):
        if answer(age) is not answer(age + 1):
            assert {t.value for t in listed} & {float(age), float(age + 1)}


@settings(max_examples=200, deadline=None)
@given(RULES, PEOPLE)
def test_a_neutral_rule_answers_as_for_the_reference_value(rule, person):
    reference = trace(rule, {**person, "age": 4})
    changed = trace(neutral(rule, {"age": 4}), person)
    assert (changed.value, changed.refusal) == (reference.value, reference.refusal) or (
        changed.refusal is reference.refusal and changed.value == pytest.approx(reference.value)
    )


@settings(max_examples=200, deadline=None)
@given(RULES)
def test_a_rule_from_which_an_input_was_dropped_reads_it_no_more(rule):
    try:
        rest = dropped(rule, ["age"])
    except ValueError:
        return  # the input enters the arithmetic of the score
    assert "age" not in {v.name for v in inputs(rest)}


def test_dropping_a_condition_keeps_the_others_of_the_conjunction():
    assert dropped((d.age >= 50) & d.tired, ["age"]) is d.tired


def test_dropping_the_only_condition_of_a_row_removes_the_row():
    rule = first_match(when(d.age >= 50, 2), when(d.tired, 1), otherwise=0)
    assert dropped(rule, ["age"]) is first_match(when(d.tired, 1), otherwise=0)


def test_an_input_in_the_arithmetic_of_a_score_cannot_be_dropped():
    with pytest.raises(ValueError, match="neutral"):
        dropped((68 - d.age) * 2, ["age"])


def test_a_threshold_moves_alone():
    rule = first_match(when(d.age >= 45, 2), when(d.age > 40, 1), otherwise=0)
    moved = with_bound(rule, "age", 45, 50)
    assert moved is first_match(when(d.age >= 50, 2), when(d.age > 40, 1), otherwise=0)


def test_a_trace_says_what_the_person_is_told():
    rule = first_match(when(d.age >= 45, 2, because="OLD"), otherwise=0)
    assert trace(rule, {"age": 50}).because() == ("OLD",)
    assert trace(rule, {"age": 40}).because() == ()


def test_a_trace_holds_only_what_was_looked_at():
    read = trace((d.age > 3) & d.tired, {"age": 1})
    assert [repr(t.item) for t in read.decisive()] == ["(age > 3)"]
