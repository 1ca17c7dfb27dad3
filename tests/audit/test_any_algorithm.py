"""What an algorithm needs to be audited: the pattern for the next one."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import toy
from bobanalysis import algorithms, cli, population
from bobanalysis.algorithm import grid_values
from bobanalysis.audit.activation import activation_rates, as_read
from bobanalysis.audit.attribution import FactorMixture, number, rules_reading, with_neutral_rule
from bobanalysis.audit.boundary import boundary_pairs
from bobanalysis.audit.changes import (
    changed,
    discontinuities,
    largest,
    share_recommended,
    smallest_description,
)
from bobanalysis.audit.conditions import conditions, effects, in_words
from bobanalysis.audit.grid import answer_grid
from bobanalysis.audit.person import Person
from bobanalysis.audit.robustness import given_answers, without_answers
from bobanalysis.audit.scoring import score_file
from bobanalysis.rules import Expr, Question, search
from bobanalysis.tables import InputError
from bobanalysis.validation import Requirement, validate
from toy import TOY, people


def a_few(algorithm):
    """People to run an algorithm on; of one without a population of its own, every answer drawn at random."""
    if algorithm.id in ("toy", "bob"):
        return people() if algorithm is TOY else population.modelled(20).frame
    draw = np.random.default_rng(5)
    columns = {}
    for v in algorithm.variables:
        values = [False, True] if v.kind == "bool" else [value for value, _ in grid_values(v)]
        columns[v.name] = [values[k] for k in draw.integers(len(values), size=60)]
    found = validate(pl.DataFrame(columns), algorithm.variables, requirements=algorithm.requirements)
    return found.valid.with_row_index("person_id").with_columns(pl.col("person_id").cast(pl.String))


def nearest(person, answer, among):
    """The smallest single changes that give a person another answer."""
    return search(person.changes(), person.would_be_answered, {"": Question(answer, among)}, 1)[""].found


@pytest.fixture(scope="module", params=[*algorithms.names(), "toy"])
def algorithm(request):
    return TOY if request.param == "toy" else algorithms.load(request.param)


# --- any algorithm


def test_a_grid_runs_no_combination_that_a_requirement_refuses():
    strict = replace(TOY, requirements=(Requirement(toy.D.age - toy.D.years_worked >= 14, "age", "is low"),))
    given = people()
    found = answer_grid(strict, given, ages=range(16, 41), places="own")
    possible = given.join(pl.DataFrame({"at": range(16, 41)}), how="cross")
    possible = possible.filter(pl.col("at") - pl.col("years_worked") >= 14)
    assert found.refused > 0
    assert found.runs == possible.height
    assert found.whole().select("pair_id", "age").sort("pair_id", "age").rows() == sorted(
        possible.select("person_id", "at").rows()
    )


def test_its_roots_are_what_its_outcomes_ask_for(algorithm):
    wanted = [o.root_of(i) for o in algorithm.outcomes for i in (o.items if o.kind == "list" else [""])]
    assert {*wanted} <= {*algorithm.roots}
    assert all(isinstance(rule, Expr) for rule in algorithm.roots.values())


def test_it_answers_each_outcome_in_a_column_of_its_own(algorithm):
    found = algorithm.run(a_few(algorithm))
    assert {c for o in algorithm.outcomes for c in o.columns} <= {*found.columns}
    for outcome in algorithm.outcomes:
        items = found[outcome.column].explode() if outcome.kind == "list" else found[outcome.column]
        if outcome.kind != "number":
            assert {*items.drop_nulls().cast(pl.String)} <= {*outcome.items}


def test_pandas_in_pandas_out(algorithm):
    assert type(algorithm.run(a_few(algorithm).to_pandas())).__module__.startswith("pandas")


def test_every_rule_that_is_run_by_name_has_a_title(algorithm):
    assert not {n for n in algorithm.used_rules() if algorithm.rule(n).title is None}


@pytest.mark.parametrize("criterion", ["age", "place"])
def test_blind_to_a_criterion_nobody_s_answers_change_along_it(algorithm, criterion):
    blind = algorithm.blind_to(criterion)
    assert blind.changes[-1].fr != blind.changes[-1].en
    ages = "all" if criterion == "age" else "own"
    places = algorithm.grid(algorithm.axis("place")).head(3) if criterion == "place" else "own"
    found = answer_grid(blind, a_few(algorithm), ages, places)
    assert changed(found, criterion)["share"].to_list() == [0.0] * len(found.outcomes)


def test_a_rule_in_its_own_place_changes_nothing(algorithm):
    same, name = algorithm, next(iter(sorted(algorithm.used_rules())))
    same = algorithm.with_rule(name, algorithm.rule(name).expr)
    assert same.run(a_few(algorithm)).equals(algorithm.run(a_few(algorithm)))


def test_a_person_typed_by_name_is_answered_as_in_a_table(algorithm):
    row = a_few(algorithm).row(1, named=True)
    given = {v.name: row[v.name] for v in algorithm.variables if row.get(v.name) is not None}
    given = {k: v for k, v in given.items() if k not in algorithm.input_roles.keys}
    alone = algorithm.run(a_few(algorithm)[[1]]).row(0, named=True)
    found = Person.of(given, algorithm).answers
    for outcome in algorithm.outcomes:
        value = found.values[outcome.id]
        assert (list(value) if outcome.kind == "list" else value) == alone[outcome.column]


def test_a_counterfactual_comes_true_when_the_person_is_run_with_it(algorithm):
    given = {"age": 49} if algorithm.id in ("toy", "bob") else {**algorithm.start, "age": 22}
    person = Person.of(given, algorithm)
    outcome = next((o for o in algorithm.outcomes if o.kind == "list"), algorithm.outcomes[0])

    def answer(answers):
        value = answers.values[outcome.id]
        return tuple(value.items()) if outcome.kind == "list" else value

    found = nearest(person, answer, ["age"])
    assert found
    for one in found:
        (answers,) = person.would_be_answered([one.changes])
        assert answer(answers) == one.answer != answer(person.answers)


# --- the toy, where every figure is known


def test_the_toy_scores_a_file(tmp_path):
    file, out = tmp_path / "people.csv", tmp_path / "out.csv"
    people().with_columns(age=pl.Series([25, 49, 150, 66])).write_csv(file, separator=";")
    totals = score_file(file, out, TOY, now="2022-01-01", rejects=tmp_path / "bad.csv")
    assert (totals.read, totals.scored, totals.rejected) == (4, 3, 1)
    assert pl.read_csv(out).select("person_id", "score", "class", "offers", "offer_scores").rows() == [
        ("a", 61.0, "HIGH", "mentor|course", "3.0|2.0"),
        ("b", 87.0, "HIGH", "mentor", "1.0"),
        ("d", 55.0, "LOW", "course|mentor", "2.0|1.0"),
    ]


def test_the_toy_s_answers_jump_at_30_and_at_50_only():
    found = answer_grid(TOY, people())
    assert found.runs == 4 * 53 * 4
    assert {*discontinuities(found)["age_to"]} == {30}
    down = discontinuities(found, outcome="score")
    assert down.select("age_from", "age_to", "what", "share").rows() == [(49, 50, "down", 1.0)]
    classes = discontinuities(found, outcome="class")
    assert {*classes["what"]} == {"appears", "disappears"}
    assert largest(found, "age").row(0, named=True)["change"] == 20
    assert largest(found, "place").row(0, named=True)["change"] == 2
    at_18 = share_recommended(found, top=1).filter(pl.col("age") == 18, pl.col("item") == "mentor")
    assert at_18["share"].item() == 1.0


def test_the_toy_s_largest_change_needs_no_other_answer():
    found = answer_grid(TOY, people(), places="own")
    row = largest(found, "age").row(0, named=True)
    assert smallest_description(TOY, people(), row, "age").is_empty()


def test_the_toy_s_conditions_are_those_of_its_rules():
    listed = conditions(TOY)
    assert [(c.rule, c.comparison, c.criteria) for c in listed] == [
        ("factor", "== 2", ("place",)),
        ("factor", "== 4", ("place",)),
        ("score", ">= 50", ("age",)),
        ("offers mentor", "< 30", ("age",)),
        ("forgotten", "> 65", ("age",)),
    ]
    assert [c.status for c in listed][-1] == "dead"
    assert in_words(listed[2], TOY.titles()).en == "age: 50 years or more"
    found = effects(TOY, people(), listed[2:3]).row(0, named=True)
    assert (found["measure"], found["share"], found["share_score"], found["share_offers"]) == (
        "years",
        1,
        1,
        0,
    )


def test_the_toy_s_rules_act_on_known_shares():
    rules = {name: rule.expr for name, rule in TOY.rules.items() if name in ("forgotten", "offers course")}
    found = activation_rates(TOY, as_read(TOY, people(), rules.values()), rules, {"region": "region"})
    everybody = found.filter(pl.col("by") == "all")
    assert dict(everybody.select("rule", "share").rows()) == {"offers course": 5 / 8, "forgotten": 4 / 8}
    assert everybody["effective"].to_list() == [64 / 22] * 2
    assert found.height == 2 * (1 + 4)


def test_a_pair_of_people_stands_on_both_sides_of_the_toy_s_threshold():
    found = boundary_pairs({"score": TOY.rules["score"].expr}).filter(pl.col("threshold") == ">= 50")
    assert found.select("below", "above").row(0) == ("49", "50")
    assert float(found["answer_below"].item()) - float(found["answer_above"].item()) == 20


def test_a_gap_between_two_toys_is_split_among_factors():
    one, other = people()[:2], people()[2:]
    mixture = FactorMixture(TOY, one, other, {"score": number("score")})
    assert mixture.names == ["age", "work", "place"]
    assert mixture.value(frozenset()).item() == (61 + 87) / 2
    assert mixture.value(frozenset(mixture.names)).item() == pytest.approx((2 * 66 + 4 * 55) / 6)


def test_a_toy_rule_is_switched_off_alone():
    assert rules_reading(TOY, "age") == ["score", "offers mentor"]
    blind = with_neutral_rule(TOY, "score", "age", 40)
    told = blind.run(people())
    assert told["score"].to_list() == [61, 87, 86, 75]
    assert told["offers"].to_list() == TOY.run(people())["offers"].to_list()


def test_a_toy_threshold_is_moved_in_one_rule_or_everywhere():
    assert TOY.with_threshold("score", 40, variable="age").run(people())["score"].to_list() == [
        61,
        67,
        66,
        55,
    ]
    moved = TOY.with_threshold(None, 24, variable="age", old=30)
    assert moved.run(people())["offers"].list.first().to_list()[0] == "course"
    with pytest.raises(LookupError, match="has 0 such thresholds, not one"):
        TOY.with_threshold(None, 45, variable="age", old=44)


def test_a_toy_answer_can_go_missing():
    assert {*given_answers(TOY, people())} == {"age", "region", "years_worked", "trained"}
    without = without_answers(TOY, people(), ["years_worked"])
    assert TOY.run(without)["score"].to_list() == [61, 72, 51, 40]


def test_only_what_the_toy_reads_can_change_its_answer():
    person = Person.of({"age": 52, "region": "HILLS", "years_worked": 3}, TOY)
    assert (person.answers.values["score"], person.answers.values["class"]) == (41, "LOW")
    found = nearest(person, lambda answers: answers.values["class"], ["age", "trained"])
    assert [(c.variable.name, c.after) for one in found for c in one.changes] == [("age", 49)]
    assert person.trace(TOY.roots["score"]).value == 41


def test_an_unknown_value_of_a_toy_person_is_refused_by_name():
    with pytest.raises(ValueError, match=r"ana.json: region: 'COST' .* Did you mean 'COAST'"):
        Person.of({"region": "COST"}, TOY, file="ana.json")


def test_a_combination_that_an_algorithm_refuses_is_refused_in_tables_and_typed():
    known = toy.D.years_worked <= toy.D.age - 14
    problem = "is more than the years since age 14"
    strict = replace(TOY, requirements=(Requirement(known, "years_worked", problem),))
    young = toy.people().with_columns(age=pl.lit(20), years_worked=pl.lit(9))
    assert TOY.run(young).height == 4
    with pytest.raises(InputError, match=f"column 'years_worked', value '9' {problem}"):
        strict.run(young)
    with pytest.raises(InputError, match=f"years_worked: '9' {problem}"):
        Person.of({"age": 20, "years_worked": 9}, strict)


def test_the_commands_run_the_algorithm_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(algorithms._LOADERS, "toy", lambda: TOY)
    file = tmp_path / "person.json"
    file.write_text(json.dumps({"age": 52, "region": "HILLS"}))

    def said(*words):
        result = CliRunner().invoke(cli.app, [*map(str, words), "--algorithm", "toy", "--lang", "en"])
        assert result.exit_code == 0, result.output
        return result.output

    assert "years_worked" in said("columns")
    assert "50 years or more" in said("explain", "score")
    assert "result: 41" in said("trace", file, "--model", "score")


def test_a_command_that_is_proposed_is_that_of_the_algorithm_at_hand(tmp_path):
    (tmp_path / "person.json").write_text('{"age": 40}')
    done = CliRunner().invoke(cli.app, ["trace", str(tmp_path / "person.json"), "--algorithm", "ams"])
    assert done.exit_code == 1
    assert "Give it; `bobanalysis columns`, with the same --algorithm, lists what is known." in done.output


def test_an_unknown_algorithm_is_refused_as_it_was_written():
    result = CliRunner().invoke(cli.app, ["columns", "--algorithm", "b[bold]ob"])
    assert result.exit_code == 1
    assert "no algorithm is called 'b[bold]ob'" in result.output


def test_a_threshold_on_a_named_computation_is_moved_in_its_rule():
    moved = TOY.with_threshold("class", 70, variable="score")
    assert TOY.run(people())["class"].cast(pl.String).to_list() == ["HIGH", "HIGH", "HIGH", "LOW"]
    assert moved.run(people())["class"].cast(pl.String).to_list() == ["LOW", "HIGH", "LOW", "LOW"]
    assert moved.changes[-1].en == "In the rule class, the threshold 60 of score becomes 70."
