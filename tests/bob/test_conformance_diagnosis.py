"""The diagnosis says what the published code said, for every recorded person and project."""

from functools import cache

import pytest

from bobanalysis.bob import Relevance, catalogue, challenges, diagnosis, read_users, validate
from bobanalysis.bob.market import join
from bobanalysis.rules import evaluate
from bobanalysis.rules.expr import Named, walk
from vectors import answered, expected, market, vectors


@cache
def rows():
    return answered().to_dicts()


def with_diagnosis():
    for row in rows():
        said = expected(row["vector"], row["project"])
        if said.get("pipelineError", {}).get("stage") != "diagnose":
            yield row, said["diagnostic"]


def test_every_recorded_project_is_scored():
    assert len(rows()) == sum(len(v["user"].get("projects", [])) for v in vectors())
    assert len(list(with_diagnosis())) == 597 + 129


def test_the_main_challenge_is_the_recorded_one():
    assert all(row["main_challenge"] == said["categoryId"] for row, said in with_diagnosis())


def test_the_overall_score_and_its_row_are_the_recorded_ones():
    for row, said in with_diagnosis():
        got = (row["overall_score"], row["overall_row"])
        assert got == (said["overallScore"], said["overallTemplateId"]), (row["vector"], row["project"])


@pytest.mark.parametrize("number", range(7))
def test_the_relevance_of_a_challenge_is_the_recorded_one(number):
    challenge = challenges()[number]
    for row, said in with_diagnosis():
        recorded = said["categories"][number]
        assert recorded["categoryId"] == challenge.id
        assert Relevance(row[challenge.column]).name == recorded["relevance"], row["vector"]


def test_the_first_challenge_that_needs_attention_is_the_highlighted_one():
    for row, said in with_diagnosis():
        highlighted = [c["categoryId"] for c in said["categories"] if c["isHighlighted"]]
        assert highlighted == [row["main_challenge"]]


def test_the_recorded_crashes_are_reproduced_with_their_fields():
    crashes = []
    for row in rows():
        said = expected(row["vector"], row["project"]).get("pipelineError")
        if said and said["stage"] == "diagnose":
            crashes.append(row["vector"])
            assert row["diagnosis_error"] == "missing: " + ", ".join(said["missing"])
            assert row["main_challenge"] is None
        else:
            assert row["diagnosis_error"] is None
    assert len(crashes) == 3


def used_rules():
    """Return the published rules that the diagnosis uses."""
    rules = catalogue()
    names = {n.name for n in walk(*diagnosis().values()) if isinstance(n, Named)}
    return {n: rules[n].score for n in sorted(names - set(diagnosis()))}


def test_every_rule_that_the_diagnosis_uses_gives_the_recorded_scores():
    rules = used_rules()
    assert len(rules) > 25
    compared = 0
    for name in {v["market"] for v in vectors()}:
        chosen = [v for v in vectors() if v["market"] == name]
        people = read_users([v["user"] for v in chosen], [v["now"] for v in chosen])
        from bobanalysis.rules import inputs

        admitted = validate(people, inputs(*rules.values()), strict=False).valid
        done = evaluate(
            rules,
            join(admitted, market(name), [v.name for v in inputs(*rules.values())]),
            keep=["user", "project"],
        )
        for row in done.frame.filter(done.frame["project"] == 0).iter_rows(named=True):
            scores = chosen[row["user"]]["expected"]["scores"]
            for rule in rules:
                status = row.get(rule + "?", 0)
                got = {"missing": list(done.refusals[status - 1].details)} if status else row[rule]
                assert got == scores[rule], (chosen[row["user"]]["id"], rule)
                compared += 1
    assert compared == 600 * len(rules)
