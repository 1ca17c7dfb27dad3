"""What an explanation shows means the same as the rule: what it simplifies is evaluated beside it."""

import math

import polars as pl
import pytest
from expressions import DICTIONARY, PEOPLE, RULES
from hypothesis import given, settings

from bobanalysis.rules import (
    Dictionary,
    Named,
    Text,
    Variable,
    all_of,
    any_of,
    decision_table,
    explain_rule,
    first_match,
    format_value,
    input_text,
    limits,
    sentence,
    total,
    trace,
    when,
)
from bobanalysis.rules.expr import Cases, Const
from bobanalysis.rules.simplify import simplify
from bobanalysis.rules.words import _rows

d = DICTIONARY
TITLES = {"old": Text("vieux", "old"), "points": Text("les points", "the points")}


def told(rule, person):
    read = trace(rule, person)
    return read.value if read.answered else (read.refusal.kind, read.refusal.details)


def same(left, right):
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, abs_tol=1e-9)
    return left == right


@settings(max_examples=200, deadline=None)
@given(RULES, PEOPLE)
def test_what_is_said_more_simply_means_the_same(rule, person):
    assert same(told(simplify(rule), person), told(rule, person))


@settings(max_examples=200, deadline=None)
@given(RULES, PEOPLE)
def test_the_first_row_that_holds_gives_the_answer_of_the_rule(rule, person):
    answer = told(rule, person)
    if not isinstance(answer, int | float):
        return  # rows tell what is missing in words, not in order
    rows = _rows(rule)
    whole = Cases(tuple(rows[:-1]), rows[-1].result) if len(rows) > 1 else rows[0].result
    again = told(whole, person)
    assert not isinstance(again, int | float) or same(again, answer)


def test_a_table_compared_with_a_value_is_said_as_a_condition():
    table = first_match(when(d.age > 5, 3), otherwise=0)
    assert sentence(table > 0, "en") == "age: over 5 years"
    assert sentence(table == 0, "en") == "age: 5 years or less"
    assert sentence(table < 9, "en") == "in every case"


def test_neighbouring_questions_to_one_input_stand_together():
    rule = all_of(d.age > 2, d.age < 8, d.tired)
    assert sentence(rule, "en") == "age: over 2 years and under 8 years and tired: yes"


def test_conditions_are_lists_in_lists():
    rule = all_of(d.tired, any_of(d.age > 2, d.code == "A"))
    clause = explain_rule(rule, "en", {}).cases[0].condition
    assert (clause.how, clause.parts[0].text) == ("all", "tired: yes")
    assert clause.parts[1].how == "any"
    assert [p.text for p in clause.parts[1].parts] == ["age: over 2 years", "code: “A”"]


def test_the_contrary_of_a_list_turns_all_into_at_least_one():
    clause = explain_rule(~all_of(d.tired, d.age > 2), "fr", {}).cases[0].condition
    assert clause.how == "any"
    assert [p.text for p in clause.parts] == ["fatigue\u202f: non", "âge\u202f: 2 ans ou moins"]


def test_a_long_computation_is_set_apart_once_and_mentioned_by_its_name():
    points = Named("points", total(when(d.tired, 2), when(d.age > 3, 1)))
    rule = first_match(when(points > 1, 3), when(points > 0, 2), otherwise=0)
    told_ = explain_rule(rule, "en", TITLES, refer=lambda name, title: f"[{name}|{title}]", local=["points"])
    assert [c.condition.text for c in told_.cases[:2]] == [
        "[points|“the points”]: over 1",
        "[points|“the points”]: over 0",
    ]
    (part,) = told_.parts
    assert (part.key, part.adds) == ("points", True)
    assert [c.value for c in part.cases] == [2, 1, 0]


def test_a_named_rule_is_mentioned_and_not_told_again():
    rule = first_match(when(Named("old", d.age > 5), 1), otherwise=0)
    told_ = explain_rule(rule, "fr", TITLES, refer=lambda name, title: f"<{name}>")
    assert told_.cases[0].condition.text == "<old>\u202f: oui"
    assert told_.parts == ()


def test_limits_leave_out_the_rules_that_are_not_looked_into():
    rule = Named("old", d.age > 5) & (d.months >= 2)
    assert {limit.values for limit in limits(rule, "en")} == {(5,), (2,)}
    assert [limit.values for limit in limits(rule, "en", leave=["old"])] == [(2,)]


@pytest.mark.parametrize(
    ("lang", "value", "said"),
    [("fr", 1, "1 an"), ("fr", 0, "0 an"), ("fr", 2, "2 ans"), ("en", 1, "1 year"), ("en", 0, "0 years")],
)
def test_units_are_singular_where_they_must_be(lang, value, said):
    assert format_value(d["age"], value, lang) == said


def test_a_number_that_stands_for_something_else_is_said_as_that():
    from bobanalysis.rules import Choice

    codes = (Choice(-1, "", Text("aucun", "none")), Choice(0, "", Text("inconnu", "unknown")))
    count = Variable("count", "int", Text("compte", "count"), 0, minimum=-1, codes=codes)
    own = Dictionary([count])
    assert sentence(own.count == -1, "en") == "count: “none”"
    assert sentence(own.count != 0, "fr") == "compte\u202f: autre que «\u202finconnu\u202f»"
    assert sentence(own.count > 0, "en") == "count: 1 or more"


def test_one_answer_of_a_question_stands_in_parentheses():
    answer = Variable("x", "bool", Text("difficulté : fatigue", "difficulty: tired"), False)
    assert input_text(answer, "fr") == "difficulté (fatigue)"


def test_the_decision_table_for_the_terminal_reads_from_top_to_bottom():
    rule = first_match(when(d.age > 5, 2), when(d.tired, 1), otherwise=0)
    lines = decision_table(rule, "en")
    assert [(line.condition, line.result) for line in lines] == [
        ("age: over 5 years", "2"),
        ("tired: yes", "1"),
        ("otherwise", "0"),
    ]


def test_a_row_that_never_holds_is_not_told():
    rule = first_match(when(Const(False) & (d.age > 5), 2), when(d.tired, 1), otherwise=0)
    assert [line.result for line in decision_table(rule, "en")] == ["1", "0"]


def test_the_frame_and_the_explanation_agree_on_a_clamped_score():
    from bobanalysis.rules import evaluate, largest, smallest

    rule = smallest(largest(d.age * 10, 0), 100) * 3 / 100
    frame = pl.DataFrame({"age": [-3, 4, 20]}, schema={"age": pl.Int32})
    got = evaluate({"score": rule, "simple": simplify(rule)}, frame).frame
    assert got["score"].to_list() == pytest.approx(got["simple"].to_list())
    assert got["score"].to_list() == pytest.approx([0, 1.2, 3])
