"""Counterfactuals are true, nearest, and always the same; the tracer is the judge."""

import math

import pytest
from expressions import DICTIONARY, PEOPLE, RULES
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.rules import (
    Change,
    Dictionary,
    Question,
    Text,
    Variable,
    all_of,
    counterfactuals,
    error,
    first_match,
    missing,
    search,
    trace,
    when,
)
from bobanalysis.rules.counterfactual import REACH, remembered
from bobanalysis.rules.expr import Undefined, Var, Window

d = DICTIONARY
CALM = {"age": 3, "months": 6.0, "level": 1, "tired": False, "code": "A"}


def told(rule, person):
    read = trace(rule, person)
    return read.value if read.answered else read.refusal


def same(left, right):
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return left is right
    return math.isclose(left, right, abs_tol=1e-12)


def with_changes(person, counterfactual):
    return person | {change.variable.name: change.after for change in counterfactual.changes}


@settings(max_examples=150, deadline=None)
@given(RULES, PEOPLE)
def test_every_counterfactual_really_changes_the_answer_to_what_it_says(rule, person):
    found = counterfactuals(rule, person, depth=1)
    assert same(told(rule, person), found.answer)
    for other in found.found:
        now = told(rule, with_changes(person, other))
        assert same(now, other.answer)
        assert not same(now, found.answer)


@settings(max_examples=100, deadline=None)
@given(RULES, PEOPLE)
def test_no_smaller_single_change_exists(rule, person):
    answer = told(rule, person)
    by_name = {}
    for other in counterfactuals(rule, person, depth=1).found:
        (change,) = other.changes
        by_name.setdefault(change.variable.name, []).append(change.size)
    nearer = {
        "age": [person["age"] + sign * step for step in range(1, REACH + 1) for sign in (-1, 1)],
        "tired": [not person["tired"]],
        "level": [0, 1, 2],
    }
    for name, values in nearer.items():
        alter = [v for v in values if not same(told(rule, person | {name: v}), answer)]
        if name == "age":
            best = min((abs(v - person["age"]) for v in alter), default=None)
            assert min(by_name.get(name, [None])) == best, (name, rule)
        else:
            assert bool(alter) == (name in by_name), (name, rule)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2), st.sampled_from(["A", "B"]), st.booleans(), PEOPLE)
def test_pairs_are_told_only_where_no_single_change_alters_the_answer(level, code, tired, person):
    holds = (d.level == level, d.code == code, d.tired if tired else ~d.tired)
    rule = first_match(when(all_of(*holds), 1), otherwise=0)
    among = ["level", "code", "tired"]
    wrong = [c for c in holds if not trace(c, person).value]
    found = counterfactuals(rule, person, among=among)
    if len(wrong) == 2:
        assert [len(other.changes) for other in found.found] == [2]
        assert counterfactuals(rule, person, among=among, depth=1).found == ()
    elif len(wrong) == 1:
        assert [len(other.changes) for other in found.found] == [1]
    elif len(wrong) == 3:
        assert found.found == ()
    for other in found.found:
        assert same(told(rule, with_changes(person, other)), other.answer)


@settings(max_examples=40, deadline=None)
@given(RULES, PEOPLE)
def test_the_same_question_gets_the_same_answer(rule, person):
    assert counterfactuals(rule, person, depth=1) == counterfactuals(
        rule, dict(reversed(person.items())), depth=1
    )


def test_fewest_changes_come_first_then_the_smallest():
    rule = first_match(when((d.age >= 9) | d.tired, 1), otherwise=0)
    found = counterfactuals(rule, CALM).found
    assert [(c.names, c.size) for c in found] == [(("tired",), 1.0), (("age",), 6.0)]


def test_a_pair_is_found_where_two_conditions_stand_together():
    rule = first_match(when((d.age >= 9) & d.tired, 1), otherwise=0)
    found = counterfactuals(rule, CALM)
    assert [(c.names, c.answer, c.size) for c in found.found] == [(("age", "tired"), 1, 7.0)]


def test_nothing_within_two_changes_is_said():
    rule = first_match(when((d.age >= 9) & d.tired & (d.code == "B"), 1), otherwise=0)
    found = counterfactuals(rule, CALM)
    assert found.found == ()


def test_only_the_inputs_that_are_asked_about_change():
    rule = first_match(when((d.age >= 9) | d.tired, 1), otherwise=0)
    assert [c.names for c in counterfactuals(rule, CALM, among=["age"]).found] == [("age",)]


def test_an_ordered_answer_is_measured_in_steps_and_another_one_as_one():
    ordered = first_match(when(d.level >= 2, 1), otherwise=0)
    named = first_match(when(d.level == 2, 1), otherwise=0)
    person = CALM | {"level": 0}
    steps = [counterfactuals(rule, CALM | {"level": 1}).found[0].size for rule in (ordered, named)]
    assert steps == [1.0, 1.0]
    assert counterfactuals(ordered, person).found[0].size == 1.0  # from no answer to an answer
    assert (
        counterfactuals(ordered, CALM | {"level": 2}).found[0].changes[0].after == 1
    )  # nearer than giving none


def test_both_sides_of_a_threshold_are_tried_whichever_the_comparison():
    for rule, after in ((d.age > 5, 6), (d.age >= 5, 5), (d.age == 5, 5), (d.age < 3, 2), (d.age <= 2, 2)):
        change = counterfactuals(rule, CALM).found[0].changes[0]
        assert (change.before, change.after) == (3, after)


def test_a_number_in_a_sum_is_searched_around_its_value():
    rule = first_match(when(d.age * 2 > d.months, 1), otherwise=0)
    assert counterfactuals(rule, CALM, among=["age"]).found[0].changes[0].after == 4


def test_values_outside_the_dictionary_are_not_tried():
    age = Variable("age", "int", Text("âge", "age"), 0, minimum=0, maximum=40)
    rule = Dictionary([age]).age > 40
    assert counterfactuals(rule, {"age": 30}).found == ()


def test_a_refusal_counts_as_another_answer():
    rule = first_match(when(d.tired, missing("level")), when(d.age > 8, error("Stop")), otherwise=1)
    found = counterfactuals(rule, CALM)
    assert [(c.names[0], c.answer.kind) for c in found.found] == [("tired", "missing"), ("age", "error")]


def test_a_rule_over_a_group_reads_a_person_who_is_alone_in_theirs():
    user = Variable("user", "int", Text("personne", "person"), 0)
    order = Variable("project", "int", Text("projet", "project"), 0)
    rule = Window("any", first_match(when(d.age >= 9, 2), otherwise=0), Var(user), Var(order))
    found = counterfactuals(rule, CALM | {"user": 7, "project": 0}, among=["age"])
    assert [(c.changes[0].after, c.answer) for c in found.found] == [(9, 2.0)]


class Service:
    """Something that is run as a whole: who is 9 or tired gets a call, who is 9 and tired a visit."""

    def __init__(self):
        self.batches = []

    def run(self, sets):
        self.batches.append(len(sets))
        people = [{"age": 3, "tired": False} | {c.variable.name: c.after for c in s} for s in sets]
        return [{"call": p["age"] >= 9 or p["tired"], "visit": p["age"] >= 9 and p["tired"]} for p in people]


CHANGES = [Change(d["age"], 3, 9, 6.0), Change(d["age"], 3, 12, 9.0), Change(d["tired"], False, True, 1.0)]


def asked(name, **options):
    return Question(lambda result: result[name], **options)


def test_all_questions_are_answered_from_one_batch_of_single_changes_and_one_of_pairs():
    service = Service()
    found = search(CHANGES, service.run, {"call": asked("call"), "visit": asked("visit")})
    assert service.batches == [4, 2]
    assert [c.names for c in found["call"].found] == [("tired",), ("age",)]
    assert [(c.names, c.size) for c in found["visit"].found] == [(("age", "tired"), 7.0)]


def test_a_run_that_is_remembered_is_shared_with_who_asks_something_else():
    service = Service()
    run = remembered(service.run)
    run([(c,) for c in CHANGES])
    search(CHANGES, run, {"call": asked("call")})
    assert service.batches == [3, 1]


def test_a_question_says_which_changes_count_and_which_come_first():
    run = Service().run
    options = {
        "among": {"among": ["age"]},
        "paired": {"paired": ()},
        "counts": {"counts": lambda result: not result["visit"]},
        "by size": {"alike": lambda changes, answer: [changes[0].after]},
        "rank": {"rank": lambda c: c.names != ("age",)},
    }
    of = {"paired": "visit", "counts": "visit"}
    questions = {key: asked(of.get(key, "call"), **option) for key, option in options.items()}
    found = {key: [c.names for c in f.found] for key, f in search(CHANGES, run, questions).items()}
    assert found == {
        "among": [("age",)],
        "paired": [],
        "counts": [],
        "by size": [("tired",), ("age",), ("age",)],
        "rank": [("age",), ("tired",)],
    }


def test_a_person_without_an_input_is_refused_by_name():
    with pytest.raises(KeyError, match="months"):
        counterfactuals(d.months > 2, {"age": 3})
