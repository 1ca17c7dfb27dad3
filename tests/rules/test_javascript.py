"""Rules compiled to JavaScript answer in a real browser what the tracer answers, for the same reasons."""

import json
from itertools import pairwise

import pytest
from expressions import DICTIONARY as d
from expressions import PEOPLE, RULES
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.rules import (
    Named,
    as_expr,
    attempt,
    count,
    error,
    first_match,
    first_not_zero,
    missing,
    total,
    trace,
    when,
    zero_or_first,
)
from bobanalysis.rules.expr import Cases, Var
from bobanalysis.rules.javascript import compile_script, literal
from bobanalysis.rules.variables import Dictionary, Text, Variable

SAID = """([text, people]) => {
    const rules = new Function(text + '; return rules;')();
    return people.map(group => {
        const all = Array.isArray(group) ? group : [group];
        const reader = rules.read(all[0], all);
        return Object.fromEntries(rules.names.map(name => [name, reader.answer(name)]));
    });
}"""


@pytest.fixture(scope="module")
def said(browser):
    """Answer rules in the browser: one dictionary of answers a person."""
    page = browser.new_page()
    yield lambda rules, people: page.evaluate(SAID, [compile_script(rules).text, people])
    page.close()


def conditions(read, numbers, met):
    """List the elementary conditions of a trace as they were read, each once."""
    if id(read.item) in met:
        return
    met.add(id(read.item))
    if id(read.item) in numbers:
        yield [numbers[id(read.item)], read.value]
        return
    for part in read.parts:
        yield from conditions(part, numbers, met)


def table(read):
    while isinstance(read.item, Named):
        read = read.parts[0]
    return read if isinstance(read.item, Cases) else None


def assert_same(answer, read, script):
    if read.answered:
        assert answer["refusal"] is None
        assert answer["value"] == read.value
    else:
        assert answer["refusal"] == {"kind": read.refusal.kind, "details": list(read.refusal.details)}
    numbers = {id(item): k for k, item in script.conditions.items()}
    assert answer["conditions"] == list(conditions(read, numbers, set()))
    assert answer["because"] == list(read.because())
    if decided := table(read):
        assert answer["row"] == decided.row
        assert script.tables[answer["table"]] is decided.item


@pytest.mark.browser
@settings(max_examples=25)
@given(st.lists(RULES, min_size=20, max_size=30), st.lists(PEOPLE, min_size=3, max_size=8))
def test_any_rule_answers_and_explains_itself_as_the_tracer_does(said, rules, people):
    named = {f"rule {k}": rule for k, rule in enumerate(rules)}
    script = compile_script(named)
    for person, answers in zip(people, said(named, people), strict=True):
        for name, rule in named.items():
            assert_same(answers[name], trace(rule, person), script)


PERSON = {"age": 3, "months": 2.5, "level": 1, "tired": False, "code": "AB"}


@pytest.mark.browser
def test_a_refusal_met_on_the_way_wins_and_one_behind_a_decision_is_never_seen(said):
    refuses = first_match(when(d.age > 2, missing("a")), otherwise=True)
    rules = {
        "met": refuses & d.tired,
        "behind": d.tired & refuses,
        "held before": (d.age > 2) | refuses,
        "in a sum": total(when(d.tired, first_match(when(d.age > 2, error("KeyError")), otherwise=1))),
    }
    (answers,) = said(rules, [PERSON])
    assert answers["met"]["refusal"] == {"kind": "missing", "details": ["a"]}
    assert answers["behind"]["value"] is False
    assert answers["held before"]["value"] is True
    assert answers["in a sum"]["refusal"]["kind"] == "error"


@pytest.mark.browser
def test_an_attempt_replaces_what_is_missing_and_lets_errors_pass(said):
    def tried(refusal):
        return attempt(first_match(when(d.age > 2, refusal), otherwise=5), with_fields=1, without_fields=2)

    rules = {"fields": tried(missing("a")), "bare": tried(missing()), "error": tried(error("KeyError"))}
    (answers,) = said(rules, [PERSON])
    assert [answers[k].get("value") for k in rules] == [1, 2, None]
    assert answers["error"]["refusal"] == {"kind": "error", "details": ["KeyError"]}


@pytest.mark.browser
def test_ties_are_rounded_to_even_and_floors_go_down(said):
    people = [PERSON | {"months": m} for m in (-1.5, -0.5, 0.49999999999999994, 0.5, 1.5, 2.5, 2.6)]
    answers = said({"round": d.months.round(), "floor": d.months.floor()}, people)
    assert [a["round"]["value"] for a in answers] == [-2, 0, 0, 0, 2, 2, 3]
    assert [a["floor"]["value"] for a in answers] == [-2, -1, 0, 0, 1, 2, 2]


@pytest.mark.browser
def test_lists_prefixes_counts_and_odd_texts_are_read_as_in_python(said):
    rules = {
        "lists": d.code.lists_any("B", "C"),
        "begins": d.code.starts_with("A,", "x"),
        "count": count(d.tired, d.age > 2, d.age > 1),
        "odd": first_match(when(d.code == 'l’"œuf"\\</script>\u2028', 7), otherwise=1),
    }
    people = [PERSON | {"code": code} for code in ("", "A,B", "AB", 'l’"œuf"\\</script>\u2028')]
    for person, answers in zip(people, said(rules, people), strict=True):
        assert {k: a["value"] for k, a in answers.items()} == {
            k: trace(rule, person).value for k, rule in rules.items()
        }


@pytest.mark.browser
def test_the_projects_of_a_person_are_read_in_order_up_to_the_one_that_decides(said):
    place = Dictionary([Variable(n, "int", Text(n, n), 0) for n in ("user", "project", "score")])
    score = first_match(when(place.score == 9, missing("x")), otherwise=place.score)
    rules = {
        "any": first_not_zero(score, place.user, place.project),
        "all": zero_or_first(score, place.user, place.project),
        "plain": first_not_zero(place.score, place.user, place.project),
    }
    groups = [
        [{"user": 0, "project": k, "score": s} for k, s in scores]
        for scores in ([(0, 2), (1, 0)], [(1, 3), (0, 0)], [(0, 0), (1, 9)], [(0, 4), (1, 9), (2, 0)])
    ]
    for group, answers in zip(groups, said(rules, groups), strict=True):
        for name, rule in rules.items():
            read = trace(rule, group[0], group)
            assert answers[name].get("value") == read.value, (name, group)
            assert (answers[name]["refusal"] is None) is read.answered


@pytest.mark.browser
def test_an_input_that_is_not_there_is_an_error_that_names_it(browser):
    page = browser.new_page()
    text = compile_script({"senior": d.age >= 45}).text
    complaint = page.evaluate(
        """text => {
            try { new Function(text + '; return rules;')().read({}); } catch (e) { return e.message; }
        }""",
        text,
    )
    page.close()
    assert complaint == "the input age is missing"


@pytest.mark.browser
def test_the_row_that_decided_says_which_conditions_and_which_reasons(said):
    rule = first_match(
        when(d.tired, 3, "TIRED"), when((d.age > 2) & (d.level >= 1), 2, ("OLD", "SKILLED")), otherwise=0
    )
    script = compile_script({"rule": rule})
    (answers,) = said({"rule": rule}, [PERSON])
    answer = answers["rule"]
    assert (answer["row"], answer["because"]) == (1, ["OLD", "SKILLED"])
    assert [
        script.conditions[k] is c
        for (k, _), c in zip(answer["deciding"], (d.age > 2, d.level >= 1), strict=True)
    ]
    assert [held for _, held in answer["conditions"]] == [False, True, True]


def test_a_sub_rule_used_twice_is_one_function():
    shared = Named("shared", (d.age > 2) & d.tired)
    text = compile_script({"a": first_match(when(shared, 1), otherwise=0), "b": ~shared}).text
    assert text.count("/* ") == text.count("function (p, r, t, g)")
    assert text.count("shared */") == 1
    assert text.count("p.age > 2") == 1


def test_the_same_rules_give_the_same_script():
    rules = {"a": d.age > 2, "b": as_expr(3), "c": Var(d["months"])}
    assert compile_script(rules) == compile_script(rules)


def test_a_script_calls_nothing_outside_itself():
    text = compile_script({"a": d.code.starts_with("A")}).text
    for forbidden in ("eval", "fetch", "XMLHttp", "import", "document", "window", "localStorage"):
        assert forbidden not in text


def test_literals_are_valid_json_but_for_what_json_lacks():
    values = [True, False, 3, -2.5, 'é"\\', 1e300]
    assert [json.loads(literal(v)) for v in values] == values
    assert literal(float("nan")) == "NaN"
    assert [literal(float(x)) for x in ("inf", "-inf")] == ["Infinity", "-Infinity"]
    assert all(a != b for a, b in pairwise(map(literal, values)))
