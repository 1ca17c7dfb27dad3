"""Every published rule answers what the published code answered, for every recorded person."""

import json

import pytest
from scores import names, projects, rules, scores

from bobanalysis.bob import catalogue
from bobanalysis.bob.configuration import actions, advice_modules, association_publics, job_advice, reasons
from bobanalysis.bob.configuration import strategies as published_strategies
from bobanalysis.rules import decision_table, trace
from bobanalysis.rules.expr import Row, walk
from vectors import vectors


def same(got, expected):
    if isinstance(got, dict) or isinstance(expected, dict):
        return got == expected
    return abs(got - expected) <= 1e-9


def test_every_rule_answers_as_recorded_for_every_person():
    recorded = {v["id"]: v["expected"]["scores"] for v in vectors()}
    wrong, compared = {}, 0
    for name, found in scores().items():
        compared += len(found)
        of_rule = {
            k: (got, recorded[k][name]) for k, got in found.items() if not same(got, recorded[k][name])
        }
        if of_rule:
            wrong[name] = of_rule
    assert not wrong, f"{len(wrong)} rules: {json.dumps(wrong)[:1000]}"
    assert compared == sum(map(len, recorded.values())) > 0


@pytest.mark.parametrize("market", ["nocovid", "empty"])
def test_reading_one_person_at_a_time_gives_the_same_scores(market):
    chosen, frame = projects(market)
    rows = frame.filter(frame["user"] < 6).to_dicts()
    people = [row for row in rows if row["project"] == 0]
    assert len(people) == 6
    for person in people:
        group = [row for row in rows if row["user"] == person["user"]]
        for name, rule in rules().items():
            read = trace(rule, person, group)
            expected = scores()[name][chosen[person["user"]]["id"]]
            if read.answered:
                assert same(read.value, expected), (name, person["user"])
            else:
                filled = [f.replace("{rome_id}", person["rome_id"]) for f in read.refusal.details]
                kind = read.refusal.kind
                assert expected == {kind: filled[0] if kind == "error" else filled}, name


def test_every_rule_is_explained_in_both_languages():
    for name, rule in rules().items():
        french, english = ([line.result for line in decision_table(rule, lang)] for lang in ("fr", "en"))
        assert len(french) == len(english) > 0, name


def test_every_rule_that_the_published_tables_name_exists():
    triggers = [m.trigger for m in (*advice_modules(), *published_strategies(), *actions())]
    filters = [f for m in (*association_publics(), *job_advice()) for f in m.filters]
    for name in (*triggers, *filters):
        assert catalogue()[name].source


def test_every_reason_is_told_in_both_languages_and_none_is_left_over():
    told = {code for n in walk(*rules().values()) if isinstance(n, Row) for code in n.because}
    assert told == set(reasons())


def test_every_piece_of_advice_and_every_challenge_has_a_title():
    untitled = [
        name
        for name in names()
        if name.startswith(("advice-", "category-")) and catalogue()[name].title is None
    ]
    assert untitled == []
