"""The columnar evaluation says what the one-person reading says, on every kind of frame."""

import math
from importlib import import_module

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from expressions import DICTIONARY, PEOPLE, RULES
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.rules import (
    STATUS,
    Named,
    attempt,
    constants,
    error,
    evaluate,
    first_match,
    inputs,
    missing,
    passes,
    trace,
    when,
)
from bobanalysis.rules.expr import Const, Undefined

SCHEMA = {"age": pl.Int64, "months": pl.Float64, "level": pl.Int8, "tired": pl.Boolean, "code": pl.String}
d = DICTIONARY


def answers(rule, frame):
    """Return value or refusal, person by person, of the columnar evaluation."""
    done = evaluate({"rule": rule}, frame)
    table = pl.from_arrow(done.frame) if isinstance(done.frame, pa.Table) else pl.DataFrame(done.frame)
    values = table["rule"].to_list()
    statuses = table["rule" + STATUS].to_list() if "rule" + STATUS in table.columns else [0] * len(values)
    return [done.refusals[s - 1] if s else v for v, s in zip(values, statuses, strict=True)]


def one_by_one(rule, people):
    traces = [trace(rule, person) for person in people]
    return [t.value if t.answered else t.refusal for t in traces]


def same(left, right):
    if isinstance(left, int | float) and isinstance(right, int | float):
        return math.isclose(left, right, abs_tol=1e-12)
    return left is right


@settings(max_examples=300, deadline=None)
@given(RULES, st.lists(PEOPLE, min_size=1, max_size=8))
def test_a_frame_gets_the_answers_that_its_people_get_one_by_one(rule, people):
    got = answers(rule, pl.DataFrame(people, schema=SCHEMA))
    assert all(map(same, got, one_by_one(rule, people))), (rule, got)


@settings(max_examples=60, deadline=None)
@given(RULES, st.lists(PEOPLE, min_size=1, max_size=5))
def test_pandas_and_arrow_frames_get_the_answers_that_polars_gets(rule, people):
    frame = pl.DataFrame(people, schema=SCHEMA)
    expected = answers(rule, frame)
    for other in (frame.to_pandas(), frame.to_arrow()):
        assert all(map(same, answers(rule, other), expected))


@settings(max_examples=150, deadline=None)
@given(RULES, PEOPLE, PEOPLE)
def test_an_input_that_is_not_listed_never_changes_the_answer(rule, person, other):
    read = {v.name for v in inputs(rule)}
    changed = {name: person[name] if name in read else other[name] for name in person}
    assert same(one_by_one(rule, [person])[0], one_by_one(rule, [changed])[0])


def test_a_pandas_frame_comes_back_as_pandas():
    done = evaluate({"old": d.age > 3}, pd.DataFrame({"age": [3, 4]}))
    assert isinstance(done.frame, pd.DataFrame)
    assert done.frame["old"].tolist() == [False, True]


def test_a_condition_that_decides_hides_a_refusal_behind_it():
    lacking = first_match(when(d.tired, missing("a")), otherwise=True)
    frame = pl.DataFrame({"age": [1, 9], "tired": [True, True]})
    assert answers((d.age > 5) & lacking, frame) == [False, missing("a")]


def test_a_refusal_wins_over_a_condition_behind_it():
    lacking = first_match(when(d.tired, missing("a")), otherwise=True)
    frame = pl.DataFrame({"age": [1], "tired": [True]})
    assert answers(lacking & (d.age > 5), frame) == [missing("a")]


def test_an_attempt_replaces_missing_data_but_not_an_error():
    rule = first_match(
        when(d.age == 1, missing("a")), when(d.age == 2, missing()), when(d.age == 3, error("E")), otherwise=4
    )
    frame = pl.DataFrame({"age": [1, 2, 3, 4]})
    assert answers(attempt(rule, 10, 20), frame) == [10, 20, error("E"), 4]


def test_a_rule_that_cannot_refuse_has_no_status_column():
    assert evaluate({"old": d.age > 3}, pl.DataFrame({"age": [1]})).frame.columns == ["old"]


def test_not_a_number_does_not_pass_and_its_contrary_does():
    assert passes(Const(math.nan)) is Const(False)
    assert ~passes(Const(math.nan)) is Const(True)


def test_two_changed_rules_of_one_name_do_not_mix():
    first, second = (
        Named("old (changed)", (d.age > 1) & (d.age < 9)),
        Named("old (changed)", (d.age > 5) & (d.age < 9)),
    )
    done = evaluate(
        {"a": first & d.tired, "b": second & d.tired}, pl.DataFrame({"age": [3], "tired": [True]})
    )
    assert done.frame.row(0) == (True, False)


def test_a_missing_column_is_named_with_the_rule_that_reads_it():
    with pytest.raises(KeyError, match=r"'age' is missing; it is read by 'old'"):
        evaluate({"old": d.age > 3}, pl.DataFrame({"months": [1.0]}))


def test_an_empty_frame_gives_an_empty_frame():
    assert evaluate({"old": d.age > 3}, pl.DataFrame(schema={"age": pl.Int64})).frame.height == 0


@pytest.mark.parametrize("most", [2, 1000])
def test_what_follows_from_a_text_alone_is_right_for_texts_that_came_before_and_new_ones(monkeypatch, most):
    monkeypatch.setattr(import_module("bobanalysis.rules.evaluate"), "MANY", most)
    known = Named(f"begins with a ({most})", d.code.starts_with("a") & (d.code != "ab"))
    rule = first_match(when(known & d.tired, 1), when(known, 2), otherwise=0)
    for codes in (["a", "b"], ["ab", "b"], ["a1", "a", "", "b", "ab"], ["c"]):
        told = answers(rule, pl.DataFrame({"code": codes, "tired": [False] * len(codes)}))
        assert told == [2 if code in ("a", "a1") else 0 for code in codes]


def test_an_empty_frame_that_comes_first_has_what_follows_from_a_text_alone():
    rule = first_match(
        when(Named("only of nobody", d.code.starts_with("zz") & (d.code != "zzz")), 1), otherwise=0
    )
    assert answers(rule, pl.DataFrame(schema=SCHEMA)) == []
    assert answers(rule, pl.DataFrame({"code": ["zz", "zzz"]})) == [1, 0]


@settings(max_examples=200, deadline=None)
@given(RULES, st.lists(PEOPLE, min_size=1, max_size=8))
def test_a_rule_that_answers_constants_alone_never_answers_anything_else(rule, people):
    possible = constants(rule)
    told = [
        value
        for value in answers(rule, pl.DataFrame(people, schema=SCHEMA))
        if not isinstance(value, Undefined)
    ]
    assert possible is None or {*told} <= possible


def test_the_constants_of_a_rule_are_those_of_its_rows_and_of_what_replaces_missing_data():
    rule = first_match(when(d.age > 4, 3), when(d.tired, missing("a")), otherwise=1)
    assert constants(Named("said", attempt(rule, 7, 8))) == {3, 1, 7, 8}
    assert constants(first_match(when(d.tired, d.age), otherwise=1)) is None


def test_the_constants_of_rules_that_share_what_they_hold_are_found_once():
    rule = first_match(when(d.age > 4, 1), otherwise=0)
    for step in range(60):  # 2 to the 60th ways lead to the first one
        rule = Named(f"step {step}", first_match(when(d.age > step, rule), when(d.tired, 2), otherwise=rule))
    assert constants(rule) == {0, 1, 2}
