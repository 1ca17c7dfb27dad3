"""Bad input is named with its file, row, column and value; the other rows go on and are counted."""

import gzip
import json

import polars as pl
import pytest
from typer.testing import CliRunner

from bobanalysis import validation
from bobanalysis.audit.scoring import score_file
from bobanalysis.bob import DICTIONARY, Bob, InputError, Market, validate
from bobanalysis.bob.records import RECORDS
from bobanalysis.cli import app
from bobanalysis.rules import first_match, when
from vectors import vectors


def people_of(path, variables, **options):
    return validation.read_people(path, variables, records=RECORDS, **options)


BOB = Bob(Market.empty())
NOW = "2022-06-29T00:00:00"


def people(**changes):
    """Return three people who answered everything in the plainest way, with some columns changed."""
    columns = {v.name: [v.default] * 3 for v in BOB.variables if v.group not in ("market", "job")}
    columns |= {"age": [30, 40, 50], "departement_id": ["01", "2A", "971"], "rome_id": ["A1101"] * 3}
    columns |= {"has_clear_project": [2] * 3, "project_kind": [6] * 3}
    return pl.DataFrame({"person_id": ["a", "b", "c"]} | columns | changes)


VARIABLES = [*BOB.variables, DICTIONARY["departement_id"]]


@pytest.mark.parametrize(
    ("column", "values", "value"),
    [
        ("age", [30, 300, 50], "300"),
        ("departement_id", ["01", "99", "971"], "99"),
        ("departement_id", ["01", "20", "971"], "20"),
        ("rome_id", ["A1101", "boulanger", "A1101"], "boulanger"),
        ("seniority", ["JUNIOR", "SENOIR", "EXPERT"], "SENOIR"),
        ("seniority", [3, 12, 6], "12"),
        ("search_not_started", ["true", "maybe", "no"], "maybe"),
        ("search_length", ["1.5", "long", "3"], "long"),
    ],
)
def test_a_bad_value_costs_its_row_alone_and_is_named(column, values, value):
    came = validate(people(**{column: values}), VARIABLES, file="people.csv")
    assert (came.read, came.valid.height, came.num_rejected) == (3, 2, 1)
    refused = came.rejected.row(0, named=True)
    assert (refused["file"], refused["row"], refused["column"], refused["value"]) == (
        "people.csv",
        2,
        column,
        value,
    )
    assert refused["problem"]


def test_a_row_with_two_problems_is_listed_twice_and_rejected_once():
    came = validate(people(age=[30, 300, 50], seniority=[1, 99, 1]), VARIABLES)
    assert came.rejected.height == 2
    assert came.num_rejected == 1


def test_an_answer_that_is_not_there_reads_its_default():
    came = validate(people(age=[30, None, 50], seniority=["", "EXPERT", None]), VARIABLES)
    assert came.valid["age"].to_list() == [30, 2022, 50]
    assert came.valid["seniority"].to_list() == [0, 6, 0]


def test_a_missing_column_is_named_with_the_file():
    with pytest.raises(InputError, match=r"people\.csv: column 'seniority' missing"):
        validate(people().drop("seniority"), VARIABLES, file="people.csv")


def test_names_and_numbers_of_an_enumeration_are_the_same_answer():
    by_name = BOB.diagnose(people(seniority=["JUNIOR", "SENIOR", "EXPERT"]))
    assert by_name.equals(BOB.diagnose(people(seniority=[3, 5, 6])))


def test_a_frame_with_a_bad_row_is_refused_as_a_whole_by_diagnose():
    with pytest.raises(
        InputError, match=r"1 of 3 rows cannot be read; the first: row 2, column 'age', value '300'"
    ):
        BOB.diagnose(people(age=[30, 300, 50]))


def test_pandas_people_come_back_as_pandas():
    import pandas as pd

    done = BOB.diagnose(people().to_pandas())
    assert isinstance(done, pd.DataFrame)
    assert done["person_id"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_every_format_gives_the_same_diagnosis(tmp_path, ending):
    file, out = tmp_path / f"people{ending}", tmp_path / "out.parquet"
    if ending == ".parquet":
        people().write_parquet(file)
    elif ending == ".csv":
        people().write_csv(file)
    else:
        file.write_bytes(gzip.compress(people().write_csv().encode()))
    totals = score_file(file, out, BOB.diagnosis_only, now=NOW)
    assert (totals.read, totals.scored, totals.rejected) == (3, 3, 0)
    assert pl.read_parquet(out).equals(BOB.diagnose(people()))


def test_a_file_of_people_gets_the_advice_and_the_strategies_of_a_frame(tmp_path):
    people().write_parquet(tmp_path / "people.parquet")
    score_file(tmp_path / "people.parquet", tmp_path / "out.parquet", BOB, now=NOW)
    got, expected = pl.read_parquet(tmp_path / "out.parquet"), BOB.run(people())
    for column in ("advice", "stars", "strategies", "strategy_points", "strategy_advice"):
        assert got[column].to_list() == expected[column].to_list(), column


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_every_output_format_holds_every_person(tmp_path, ending):
    people().write_csv(tmp_path / "people.csv")
    out = tmp_path / f"out{ending}"
    score_file(tmp_path / "people.csv", out, BOB, now=NOW)
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".jsonl": pl.read_ndjson}[ending]
    assert read(out)["person_id"].to_list() == ["a", "b", "c"]


def test_rows_read_are_rows_scored_and_rows_rejected(tmp_path):
    people(age=["30", "300", "x"]).write_csv(tmp_path / "people.csv")
    rejects = tmp_path / "rejects.csv"
    totals = score_file(tmp_path / "people.csv", tmp_path / "out.csv", BOB, now=NOW, rejects=rejects)
    assert (totals.read, totals.scored, totals.rejected) == (3, 1, 2)
    assert pl.read_csv(rejects)["row"].to_list() == [2, 3]


def test_a_line_with_too_few_fields_is_rejected_and_the_others_are_kept(tmp_path):
    lines = people().write_csv().splitlines()
    cut = [lines[0], lines[1], lines[2][: len(lines[2]) // 2], lines[3]]
    (tmp_path / "people.csv").write_text("\n".join(cut))
    intakes = list(people_of(tmp_path / "people.csv", VARIABLES, now=NOW))
    assert sum(i.read for i in intakes) == 3
    assert next(i for i in intakes if i.rejected.height).rejected["row"].to_list() == [2]
    kept = pl.concat([i.valid for i in intakes])
    assert kept["person_id"].to_list() == ["a", "c"]


def test_a_bad_value_behind_a_broken_line_keeps_its_own_row_number(tmp_path):
    lines = people(age=[30, 40, 300]).write_csv().splitlines()
    (tmp_path / "people.csv").write_text("\n".join([lines[0], "a,b", lines[2], lines[3]]))
    rejects = pl.concat([i.rejected for i in people_of(tmp_path / "people.csv", VARIABLES, now=NOW)])
    assert rejects.select("row", "value").rows() == [(1, "a,b"), (3, "300")]


def test_a_truncated_parquet_file_is_named_and_the_last_output_stays(tmp_path):
    file, out = tmp_path / "people.parquet", tmp_path / "out.csv"
    people().write_parquet(file)
    file.write_bytes(file.read_bytes()[:-40])
    out.write_text("the last good output")
    with pytest.raises(InputError, match=r"people\.parquet is not a whole Parquet file"):
        score_file(file, out, BOB, now=NOW)
    assert out.read_text() == "the last good output"


def test_a_truncated_gzip_file_is_named(tmp_path):
    file = tmp_path / "people.csv.gz"
    file.write_bytes(gzip.compress(people().write_csv().encode())[:-30])
    with pytest.raises(InputError, match=r"people\.csv\.gz cannot be read"):
        list(people_of(file, VARIABLES, now=NOW))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        list(people_of(tmp_path / "none.csv", VARIABLES, now=NOW))


def test_an_empty_csv_file_is_named(tmp_path):
    (tmp_path / "people.csv").write_text("")
    with pytest.raises(InputError, match=r"people\.csv is empty"):
        list(people_of(tmp_path / "people.csv", VARIABLES, now=NOW))


def record(**project):
    return {"profile": {"yearOfBirth": 1990}, "projects": [{"kind": "FIND_A_NEW_JOB", **project}]}


def test_a_line_that_is_no_record_is_rejected_and_the_others_are_kept(tmp_path):
    lines = [
        json.dumps(record()),
        "{not json",
        json.dumps(record(seniority="SENOIR")),
        "[]",
        json.dumps(record()),
    ]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    (intake,) = people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW)
    assert (intake.read, intake.valid.height, intake.num_rejected) == (5, 2, 3)
    assert intake.rejected.select("row", "column").rows() == [(2, "(line)"), (3, "seniority"), (4, "(line)")]


def test_a_person_without_a_project_is_listed_as_such(tmp_path):
    (tmp_path / "people.jsonl").write_text("\n".join([json.dumps(record()), "{}"]))
    (intake,) = people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW)
    assert (intake.read, intake.valid.height, intake.rejected["column"].to_list()) == (2, 1, ["projects"])


def test_people_of_a_long_file_keep_their_place_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr("bobanalysis.validation.BATCH", 20)
    (tmp_path / "people.jsonl").write_text("\n".join([json.dumps(record())] * 5))
    intakes = list(people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW))
    assert len(intakes) == 3
    assert pl.concat([i.valid for i in intakes])["user"].to_list() == [0, 1, 2, 3, 4]


def test_a_misspelt_difficulty_in_a_record_is_rejected(tmp_path):
    user = record() | {"profile": {"frustrations": ["MOTIVATION", "MOTIVASION"]}}
    (tmp_path / "people.jsonl").write_text(json.dumps(user))
    (intake,) = people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW)
    assert intake.rejected["value"].to_list() == ["MOTIVASION"]


def test_a_person_without_a_year_of_birth_is_as_old_as_the_calendar(tmp_path):
    (tmp_path / "people.jsonl").write_text(json.dumps({"projects": [{}]}))
    (intake,) = people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW)
    assert intake.valid["age"].to_list() == [2022]


@pytest.mark.parametrize(
    ("user", "column", "near"),
    [
        ({"profil": {}, "projects": [{}]}, "profil", "profile"),
        ({"profile": {"gendre": "FEMININE"}, "projects": [{}]}, "profile.gendre", "gender"),
        ({"projects": [{"senority": "SENIOR"}]}, "projects.senority", "seniority"),
        ({"projects": [{"city": {"departmentId": "01"}}]}, "projects.city.departmentId", "departementId"),
    ],
)
def test_a_misspelt_field_of_a_record_is_refused_with_the_nearest(tmp_path, user, column, near):
    lines = [json.dumps(record()), json.dumps(user), json.dumps(record())]
    (tmp_path / "people.jsonl").write_text("\n".join(lines))
    (found,) = people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW)
    assert (found.read, found.valid["user"].to_list()) == (3, [0, 2])
    assert found.rejected.select("row", "column").rows() == [(2, column)]
    assert f"did you mean {near}?" in found.rejected["problem"][0]


def test_published_fields_that_no_rule_reads_are_no_typing_errors(tmp_path):
    users = "\n".join(json.dumps(v["user"]) for v in vectors() if v["user"].get("projects"))
    (tmp_path / "people.jsonl").write_text(users)
    (found,) = people_of(tmp_path / "people.jsonl", BOB.variables, now=NOW)
    assert not found.rejected["problem"].str.contains("no field of a record").any()


def test_a_date_that_is_none_costs_its_record_alone(tmp_path):
    users = [record(createdAt="2022-01-01T00:00:00Z"), record(createdAt="yesterday")]
    (tmp_path / "people.json").write_text(json.dumps(users))
    (found,) = people_of(tmp_path / "people.json", BOB.variables, now=NOW)
    assert found.valid.height == 1
    assert found.rejected.select("row", "column", "value").rows() == [(2, "projects.createdAt", "yesterday")]


@pytest.mark.parametrize("ending", [".csv", ".json"])
def test_an_instant_that_is_none_is_said_to_be_none(tmp_path, ending):
    with pytest.raises(InputError, match=r"now: 'yesterday' is not an instant\. Write it like"):
        list(people_of(tmp_path / f"people{ending}", BOB.variables, now="yesterday"))


def test_people_given_by_the_names_of_inputs_get_what_follows_from_their_answers(tmp_path):
    person = {"age": 52, "search_length": 5.0, "frustrations": ["MOTIVATION"], "employment_types": ["CDI"]}
    (tmp_path / "people.json").write_text(json.dumps([person, {"frustrations": ["MOTIVASION"]}]))
    (found,) = people_of(tmp_path / "people.json", BOB.variables, now=NOW)
    row = found.valid.row(0, named=True)
    assert (row["age"], row["search_length_now"], row["num_employment_types"]) == (52, 5.0, 1)
    assert (row["frustration_motivation"], row["frustration_resume"]) == (True, False)
    assert found.rejected.select("row", "column", "value").rows() == [(2, "frustrations", "MOTIVASION")]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_table_of_nobody_gives_a_complete_result(tmp_path, ending):
    people().clear().write_csv(tmp_path / "nobody.csv")
    people().write_csv(tmp_path / "people.csv")
    read = {
        ".csv": lambda file: file.read_text().splitlines()[:1],
        ".parquet": lambda file: pl.read_parquet(file).schema,
        ".jsonl": lambda file: "",
    }[ending]
    for name in ("nobody", "people"):
        score_file(tmp_path / f"{name}.csv", tmp_path / f"{name}-scored{ending}", BOB, now=NOW)
    assert read(tmp_path / f"nobody-scored{ending}") == read(tmp_path / f"people-scored{ending}")


def test_names_that_look_like_markup_are_printed_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")
    file = tmp_path / "[bold]x[" / "].csv"
    file.parent.mkdir()
    file.write_text("a;b\n1;2\n")
    done = CliRunner().invoke(app, ["score", str(file), "--output", str(tmp_path / "out.csv")])
    assert done.exit_code == 1
    assert f"{file.name}: column 'num_projects'" in done.output
    user = {"projects": [{"targetJob": {"codeOgr": "[/x]", "jobGroup": {"romeId": "A1101"}}}]}
    (tmp_path / "one.json").write_text(json.dumps(user))
    done = CliRunner().invoke(app, ["trace", str(tmp_path / "one.json"), "--model", "not-for-job(1)"])
    assert done.exit_code == 0, done.output
    assert "[/x]" in done.output


def test_the_dictionary_is_printed_with_limits_on_one_side():
    done = CliRunner().invoke(app, ["columns", "--lang", "en"])
    assert done.exit_code == 0, done.output


def test_the_dictionary_and_a_rule_are_explained_in_french_to_the_last_word():
    told = CliRunner().invoke(app, ["columns", "--lang", "fr"]).output
    assert "critère protégé : handicap (par ce que la personne en dit)" in " ".join(told.split())
    assert "chiffres du projet : modélisés" in " ".join(told.split())
    read = CliRunner().invoke(app, ["explain", "for-old(50)", "--lang", "fr"], env={"COLUMNS": "150"}).output
    assert "âge (lu directement)" in read
    for english in ("declared", "protected", "direct)", "evidence", "modelled", "assumed"):
        assert english not in told + read


def test_a_rule_may_answer_more_scores_than_are_ranked_where_few_people_have_few_of_them():
    table = first_match(*[when(DICTIONARY.age > 800 - k, k / 100) for k in range(1, 800)], otherwise=0)
    advice = BOB.with_rule(BOB.root_rule("advice vae"), table).run(people())["advice"][0].to_list()
    assert advice[0] == "vae"
