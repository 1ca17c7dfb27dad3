"""Austria's model gives the published answers, and refuses what it does not know."""

import itertools
import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from bobanalysis import algorithms
from bobanalysis.cli import app
from bobanalysis.tables import InputError

MODEL = algorithms.load("ams")
REFERENCE = {v.name: v.default for v in MODEL.dictionary.values()} | {"age": 25}


def answers(*people):
    return MODEL.run(pl.DataFrame([REFERENCE | person for person in people]))


@pytest.mark.parametrize(
    ("person", "score", "percent"),
    [
        ({}, "0.10", "52.5"),
        ({"gender": 2}, "-0.04", "49.0"),
        (
            {"gender": 2, "age": 51, "office_type": 4, "impaired": True, "care_duty": True, "state_group": 3}
            | {"steady_work": False, "case_years": 1, "long_case": True, "measure": 1},
            "-3.90",
            "1.98",
        ),
        (
            {"age": 23, "state_group": 2, "schooling": 2, "occupation_group": 2, "case_years": 3},
            "2.69",
            "93.64",
        ),
    ],
    ids=["reference man", "reference woman", "woman of 51", "man of 23"],
)
def test_a_published_person_gets_the_published_score_and_chance(person, score, percent):
    found = answers(person).row(0, named=True)
    decimals = len(percent.partition(".")[2])
    assert f"{found['score']:.2f}" == score
    assert f"{100 * found['chance']:.{decimals}f}" == percent


def test_office_types_move_the_reference_man_by_the_published_points():
    chances = 100 * answers(*({"office_type": k} for k in (1, 2, 3, 4, 5)))["chance"].to_numpy()
    assert [f"{c:.2f}" for c in chances[1:] - chances[0]] == ["-8.47", "-4.50", "-19.98", "-19.76"]


def test_class_a_begins_above_66_percent_and_c_is_not_computed():
    people = answers({"case_years": 1}, {"case_years": 0}, {"measure": 1, "case_years": 1})
    assert people["class"].to_list() == ["A", "B_OR_C", "B_OR_C"]
    assert set(MODEL.outcome("class").items) == {"A", "B_OR_C"}


def test_care_counts_for_women_only():
    men = answers({"care_duty": True}, {"care_duty": False})["score"].to_numpy()
    women = answers({"gender": 2, "care_duty": True}, {"gender": 2, "care_duty": False})["score"].to_numpy()
    assert men[0] == men[1]
    assert women[0] - women[1] == pytest.approx(-0.15)


def combinations():
    """Every combination of inputs, one age for each of the three bands."""
    values = {
        v.name: [25, 40, 60] if v.name == "age" else [c.number for c in v.choices] or [False, True]
        for v in MODEL.dictionary.values()
    }
    rows = np.array([*itertools.product(*values.values())], dtype=object)
    return pl.DataFrame({name: list(rows[:, k]) for k, name in enumerate(values)})


@pytest.mark.slow
def test_of_138240_combinations_108000_are_valid():
    from bobanalysis.validation import validate

    every = combinations()
    found = validate(every, MODEL.variables, requirements=MODEL.requirements)
    assert (every.height, found.valid.height) == (138_240, 108_000)


def by_hand(frame):
    """The published sum, computed without the rules of the house."""
    n = {name: frame[name].cast(float).to_numpy() for name in frame.columns}
    woman, case = n["gender"] == 2, n["case_years"].astype(int)
    score = 0.10 - 0.14 * woman - 0.15 * woman * n["care_duty"] - 0.67 * n["impaired"]
    score += np.where(n["age"] >= 50, -0.70, np.where(n["age"] >= 30, -0.13, 0))
    score += np.array([0, 0.16, -0.05])[n["state_group"].astype(int) - 1]
    score += np.array([0, 0.28, 0.01])[n["schooling"].astype(int) - 1]
    score += np.array([0, -0.34, -0.18, -0.83, -0.82])[n["office_type"].astype(int) - 1]
    score += 0.17 * (n["occupation_group"] == 2) - 0.74 * (n["steady_work"] == 0)
    score += np.array([0, 0.65, 1.19, 1.98])[case] - 0.80 * n["long_case"]
    score += np.array([0, -0.57, -0.21, -0.43])[n["measure"].astype(int)]
    return score, 1 / (1 + np.exp(-score))


@pytest.mark.slow
def test_all_108000_combinations_get_what_the_published_sum_gives_by_hand():
    every = combinations()
    cases = pl.col("case_years").cast(int) > 0
    every = every.filter(cases | (~pl.col("long_case") & (pl.col("measure").cast(int) == 0)))
    found, (score, chance) = MODEL.run(every), by_hand(every)
    assert every.height == 108_000
    np.testing.assert_allclose(found["score"].to_numpy(), score, atol=1e-12)
    np.testing.assert_allclose(found["chance"].to_numpy(), chance, atol=1e-12)
    assert ((found["class"].cast(pl.String) == "A").to_numpy() == (chance > 0.66)).all()


def test_a_care_duty_of_a_man_is_taken_counts_nothing_and_its_name_says_so():
    assert answers({"care_duty": True})["score"].to_list() == answers({})["score"].to_list()
    assert MODEL.dictionary["care_duty"].label.en == "care duty (counted for women only)"


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        ("6,NONE,no,NONE,30", "office_type", "is not one of"),
        ("1,NONE,yes,NONE,30", "long_case", "a long case needs a year with a case"),
        ("1,NONE,no,QUALIFYING,30", "measure", "a measure needs a year with a case"),
        ("1,NONE,no,NONE,14", "age", "is not between 15 and 70"),
        ("1,NONE,no,NONE,15-18", "age", "is not a whole number"),
        ("1,NONE,no,NONE,", "age", "is missing"),
    ],
)
def test_a_person_that_the_model_does_not_know_is_rejected_and_the_others_are_scored(
    tmp_path, row, column, problem
):
    from bobanalysis.audit.scoring import score_file

    rest = "MAN,AUSTRIA,COMPULSORY,no,no,SERVICES,yes"
    head = "office_type,case_years,long_case,measure,age,gender,state_group,schooling,care_duty,impaired"
    lines = [f"{head},occupation_group,steady_work", f"1,NONE,no,NONE,30,{rest}", f"{row},{rest}"]
    people, rejects = tmp_path / "people.csv", tmp_path / "rejected.csv"
    people.write_text("\n".join(lines) + "\n")
    totals = score_file(people, tmp_path / "scored.csv", MODEL, now="2022-06-29T00:00:00", rejects=rejects)
    assert (totals.read, totals.scored, totals.rejected) == (2, 1, 1)
    rejected = pl.read_csv(rejects).row(0, named=True)
    assert (rejected["row"], rejected["column"]) == (2, column)
    assert problem in rejected["problem"]


PERSON = REFERENCE | {"age": 30}


def answered(tmp_path, command, given):
    path = tmp_path / "person.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    return CliRunner().invoke(app, [*command.split(), str(path), "--algorithm", "ams", "--lang", "en"])


def test_two_people_are_refused_where_one_is_explained(tmp_path):
    found = answered(tmp_path, "trace", [PERSON, {**PERSON, "age": 50}])
    assert found.exit_code == 1
    assert "not one person" in " ".join(found.output.split())


def test_an_office_that_does_not_exist_is_named_once_beside_those_that_do(tmp_path):
    found = " ".join(answered(tmp_path, "trace", {**PERSON, "office_type": 6}).output.split())
    assert "office_type: '6' is not one of 1, 2, 3, 4, 5. Correct it" in found


def test_what_a_sum_begins_with_has_a_name(tmp_path):
    assert "+0.1 in every case" in " ".join(answered(tmp_path, "trace", PERSON).output.split())


def test_a_misspelt_column_is_named_beside_the_one_that_lacks(tmp_path):
    people = pl.DataFrame(PERSON).rename({"office_type": "office_typ"})
    with pytest.raises(InputError, match=r"'office_type' missing \(is it 'office_typ'\?\)"):
        MODEL.run(people)
