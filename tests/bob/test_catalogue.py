"""Rules are found by name as the published code finds them, and read an empty project as it does."""

import math
from functools import cache
from importlib.resources import files

import pytest
import yaml
from scores import names, rules

from bobanalysis.bob import DICTIONARY, Market, catalogue, read_users, validate
from bobanalysis.bob.market import join
from bobanalysis.bob.outcomes import answers
from bobanalysis.rules import dropped, evaluate, inputs, neutral, passes

UNKNOWN = [
    *("for-experienced(5)", "for-frustrated-young(30)", "for-network(4)", "for-frustrated()"),
    *("for-frustrated(NOPE)", "for-passionate(NOPE)", "for-active-experiment(alpha)", "constant(abc)"),
    *("strategy-for-frustrated(MOTIVATION,)", "for-old(-1)", "for-young( 25)", "for-good-score(nope)"),
    *("for-any-project(nope)", "not-for-typo", "for-many-interviews-per-month(.5)", "for-women "),
    *(" for-women", "for-women\n"),
]


@cache
def empty_project():
    people = read_users([{"projects": [{}]}], ["2022-06-29T00:00:00"])
    return join(validate(people, DICTIONARY.values(), strict=False).valid, Market.empty())


def outcome(rule):
    return answers(evaluate({"it": rule}, empty_project(), keep=["rome_id"]), "it")[0]


def test_a_name_that_the_published_code_does_not_know_is_refused():
    for name in UNKNOWN:
        with pytest.raises(KeyError, match="no rule is called"):
            catalogue()[name]


def test_the_table_of_rules_and_the_code_hold_the_same_rules():
    table = yaml.safe_load(files("bobanalysis.bob").joinpath("rules.yaml").read_text(encoding="utf-8"))
    assert [row["name"] for row in table["rules"]] == list(catalogue())
    assert {row["name"] for row in table["families"]} == {family.name for family in catalogue().families}


def test_a_pattern_tolerates_one_trailing_line_feed():
    assert catalogue()["for-old(50)\n"].expr is catalogue()["for-old(50)"].expr


RECORDED = {
    3: "for-few-job-creation for-no-required-diploma for-short-search(-1) for-short-search(-3) "
    "for-unqualified(bac) relevance-find-what-you-like",
    2: "advice-senior",
    1: "advice-body-language advice-follow-up advice-life-balance advice-more-offer-answers "
    "advice-training relevance-enhance-methods relevance-market-stress",
    1.2: "strategy-likeable-job",
    0.6: "strategy-get-alternance",
    0.3: "strategy-interview-success strategy-try-without-diploma",
}
MISSING = {
    "for-autonomous": "profile.isAutonomous",
    "for-company-creator": "projects.0.kind",
    "for-risky-covid": "projects.0.targetJob.jobGroup.romeId",
    "for-with-resume": "projects.0.hasResume",
    "category-missing-diploma": "projects.0.targetJob.jobGroup.romeId",
}


def test_an_empty_project_gives_the_recorded_outcomes():
    expected = {name: score for score, group in RECORDED.items() for name in group.split()}
    for name in (n for n in catalogue() if catalogue()[n].spec.startswith("02")):
        got = outcome(catalogue()[name].score)
        if name in MISSING:
            assert got == {"missing": [MISSING[name]]}, name
        else:
            assert got == pytest.approx(expected.get(name, 0)), name


def test_an_empty_part_of_a_list_matches_an_unknown_place():
    assert outcome(catalogue()["for-departement(80, 84, )"].score) == 3


def test_a_constant_that_is_no_number_does_not_pass_and_its_negation_does():
    assert math.isnan(outcome(catalogue()["constant(nan)"].score))
    assert outcome(passes(catalogue()["constant(nan)"].expr)) is False
    assert outcome(catalogue()["not-constant(nan)"].score) == 3
    assert outcome(catalogue()["not-constant(inf)"].score) == 0


def search(**project):
    """Answer two rules for a search of some months without a clear number of interviews."""
    started = {"createdAt": "2022-06-01T00:00:00Z", "jobSearchStartedAt": "2022-01-01T00:00:00Z"}
    people = read_users([{"projects": [started | project]}], ["2022-06-29T00:00:00"])
    frame = join(validate(people, DICTIONARY.values(), strict=False).valid, Market.empty())
    names = ("category-enhance-methods-to-interview", "relevance-enhance-methods-to-interview")
    done = evaluate({n: catalogue()[n].score for n in names}, frame, keep=["rome_id"])
    return [answers(done, name)[0] for name in names]


@pytest.mark.parametrize("number", [5, 7, -1])
def test_an_undefined_number_of_applications_crashes_as_in_the_published_code(number):
    crash = {"error": "KeyError"}
    assert search(weeklyApplicationsEstimate=number, totalInterviewCount=1) == [crash, crash]
    # rows that come before the look-up: an interview a month or more, an answer that is missing
    assert search(weeklyApplicationsEstimate=number, totalInterviewCount=9) == [0, 3]
    missing = {"missing": ["projects.0.totalInterviewCount"]}
    assert search(weeklyApplicationsEstimate=number) == [missing, 1]


@pytest.mark.parametrize(("number", "score"), [(1, 0), (2, 0.4), (3, 1.2), (4, 3)])
def test_a_defined_number_of_applications_is_looked_up(number, score):
    assert search(weeklyApplicationsEstimate=number, totalInterviewCount=-1) == [pytest.approx(score), 3]


@pytest.mark.parametrize(
    ("number", "said"), [(-1, {"error": "KeyError"}), (5, {"error": "KeyError"}), (3, {"missing": []})]
)
def test_the_former_score_of_applications_crashes_on_an_undefined_number_too(number, said):
    people = read_users([{"projects": [{"weeklyApplicationsEstimate": number}]}], ["2022-06-29T00:00:00"])
    frame = join(validate(people, DICTIONARY.values(), strict=False).valid, Market.empty())
    rule = catalogue()["too-few-applications-score"].score
    assert answers(evaluate({"it": rule}, frame, keep=["rome_id"]), "it") == [said]


def test_an_undefined_salary_unit_crashes_as_in_the_published_code():
    stats = {"salary": {"medianSalary": 10, "unit": 9}}
    people = read_users([{"projects": [{"localStats": stats}]}], ["2022-06-29T00:00:00"])
    frame = join(validate(people, DICTIONARY.values(), strict=False).valid, Market.empty())
    rule = catalogue()["for-high-salary-expectations"].score
    assert answers(evaluate({"it": rule}, frame, keep=["rome_id"]), "it") == [{"error": "KeyError"}]


def test_a_value_that_an_enumeration_does_not_define_is_kept_inside_lists_too():
    profile = {"frustrations": [25, 26, "RESUME", 3], "customFrustrations": ["a", "a", "b"]}
    project = {"employmentTypes": ["CDI", 12], "seniority": 9}
    people = read_users([{"profile": profile, "projects": [project]}], ["2022-06-29T00:00:00"])
    row = validate(people, DICTIONARY.values(), strict=False).valid.row(0, named=True)
    assert (row["num_other_frustrations"], row["frustration_resume"]) == (4, True)
    assert (row["num_employment_types"], row["employment_cdi"]) == (2, True)
    assert row["seniority"] == 9


@pytest.mark.parametrize("criterion", ["age", "gender"])
def test_every_rule_can_be_made_blind_to_an_input(criterion):
    for name, rule in rules().items():
        blind = neutral(rule, {criterion: DICTIONARY[criterion].default})
        assert criterion not in {v.name for v in inputs(blind)}, name


def test_only_the_score_that_computes_with_age_cannot_drop_it():
    stubborn = []
    for name in names():
        try:
            assert "age" not in {v.name for v in inputs(dropped(rules()[name], ["age"]))}
        except ValueError:
            stubborn.append(name)
    assert stubborn == ["age-score"]
