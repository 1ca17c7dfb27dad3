"""The diagnosis says what the published code said, for every recorded person and project."""

from functools import cache

from bobanalysis.bob import Relevance, challenges
from vectors import answered, expected, vectors


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
    assert len(list(with_diagnosis())) > 0


def test_the_main_challenge_is_the_recorded_one():
    assert all(row["main_challenge"] == said["categoryId"] for row, said in with_diagnosis())


def test_the_overall_score_and_its_row_are_the_recorded_ones():
    for row, said in with_diagnosis():
        got = (row["overall_score"], row["overall_row"])
        assert got == (said["overallScore"], said["overallTemplateId"]), (row["vector"], row["project"])


def test_the_relevance_of_each_challenge_is_the_recorded_one():
    for row, said in with_diagnosis():
        got = [(c.id, Relevance(row[c.column]).name) for c in challenges()]
        assert got == [(c["categoryId"], c["relevance"]) for c in said["categories"]], row["vector"]


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
