"""People of any algorithm are validated alike, whatever the file they come in."""

import gzip
import json
import time

import polars as pl
import pytest

from bobanalysis.rules import Choice, Dictionary, Text, Variable
from bobanalysis.rules.expr import Var
from bobanalysis.tables import NO, YES, InputError
from bobanalysis.validation import Records, Requirement, read_people, record_faults, validate


def variable(name, kind, default, **more):
    return Variable(name, kind, Text(name, name), default, **more)


LEVELS = tuple(Choice(k, n, Text(n, n)) for k, n in enumerate(("NONE", "SOME", "MANY")))
AGE = variable("age", "int", 0, minimum=0, maximum=120)
RATE = variable("rate", "float", 0.0, minimum=0)
LEVEL = variable("level", "enum", 0, choices=LEVELS)
FLAG = variable("flag", "bool", False)
TOWN = variable("town", "text", "", pattern="^[0-9]{2}$")
FIGURE = variable("figure", "int", 7, joined=True)
EARLIER = variable("earlier", "text", "none", optional=True)
EVERY = [AGE, RATE, LEVEL, FLAG, TOWN]

GOOD = {"age": [30, 40], "rate": [1.5, 2.0], "level": [1, 2], "flag": [True, False], "town": ["01", "75"]}


def read(path, variables=EVERY, **options):
    results = list(read_people(path, variables, **options))
    return (
        pl.concat([r.valid for r in results]),
        pl.concat([r.rejected for r in results]),
        sum(r.read for r in results),
    )


@pytest.mark.parametrize(
    ("variable", "given", "problem"),
    [
        (AGE, 54.7, "is not a whole number"),
        (AGE, "54.7", "is not a whole number"),
        (AGE, float("nan"), "is not a whole number"),
        (AGE, "NaN", "is not a whole number"),
        (AGE, 10**12, "is not between 0 and 120"),
        (LEVEL, 1.6, "is not one of 0 NONE, 1 SOME, 2 MANY"),
        (LEVEL, "1.6", "is not one of 0 NONE, 1 SOME, 2 MANY"),
        (LEVEL, "SOEM", "is not one of 0 NONE, 1 SOME, 2 MANY (did you mean SOME?)"),
        (LEVEL, 3, "is not one of 0 NONE, 1 SOME, 2 MANY"),
        (FLAG, 0.3, "is neither yes nor no"),
        (FLAG, 2, "is neither yes nor no"),
        (FLAG, "0.3", "is neither yes nor no"),
        (RATE, float("nan"), "is not a number"),
        (RATE, "nan", "is not a number"),
        (RATE, -0.5, "is below 0"),
        (TOWN, "Paris", "is not a known code (town)"),
    ],
)
def test_a_value_that_an_input_cannot_have_is_refused_and_never_cut(variable, given, problem):
    found = validate(pl.DataFrame({variable.name: [given]}), [variable])
    assert found.valid.is_empty()
    assert found.rejected["problem"].to_list() == [problem]


@pytest.mark.parametrize(
    ("variable", "given", "read_as"),
    [
        (AGE, 48.0, 48),
        (AGE, "48.0", 48),
        (LEVEL, 2.0, 2),
        (LEVEL, "2.0", 2),
        (LEVEL, " many ", 2),
        (FLAG, 1.0, True),
        (AGE, None, 0),
        (AGE, "", 0),
    ],
)
def test_whole_numbers_are_read_however_they_are_written(variable, given, read_as):
    assert validate(pl.DataFrame({variable.name: [given]}), [variable]).valid.item() == read_as


def test_yes_and_no_are_the_words_of_every_table():
    words = [w for word in (*YES, *NO) for w in (word, word.upper())]
    found = validate(pl.DataFrame({"flag": words}), [FLAG]).valid["flag"].to_list()
    assert found == [word.lower() in YES for word in words]


def test_categories_that_pandas_writes_are_read_as_texts():
    frame = pl.DataFrame({"level": pl.Series(["SOME", "MANY"], dtype=pl.Categorical)})
    assert validate(frame, [LEVEL]).valid["level"].to_list() == [1, 2]


def test_a_figure_that_is_joined_later_may_be_absent_and_stays_unknown():
    frame = pl.DataFrame({"age": [30]})
    assert "figure" not in validate(frame, [AGE, FIGURE]).valid.columns
    assert validate(frame.with_columns(figure=None), [AGE, FIGURE]).valid["figure"].to_list() == [None]


def test_an_optional_input_without_a_column_reads_its_default_and_any_other_is_named():
    frame = pl.DataFrame({"age": [30]})
    assert validate(frame, [AGE, EARLIER]).valid["earlier"].to_list() == ["none"]
    with pytest.raises(InputError, match=r"people\.csv: column 'rate' missing"):
        validate(frame, [AGE, RATE], file="people.csv")


def test_values_outside_the_dictionary_are_kept_where_they_are_to_be_reproduced():
    frame = pl.DataFrame({"age": [300], "level": [7]})
    assert validate(frame, [AGE, LEVEL], strict=False).valid.row(0) == (300, 7)


def test_a_column_that_is_wrong_in_every_row_of_a_million_is_listed_in_seconds():
    frame = pl.DataFrame({"age": pl.int_range(200, 1_000_200, eager=True)})
    start = time.perf_counter()
    found = validate(frame, [AGE])
    assert time.perf_counter() - start < 30
    assert (found.valid.height, found.rejected.height, found.num_rejected) == (0, 1_000_000, 1_000_000)
    assert found.rejected["value"].to_list()[-1] == "1000199"


FILES = {
    "people.csv": b"age,rate,level,flag,town\n30,1.5,SOME,yes,01\n40,2,2,no,75\n",
    "excel.csv": "\ufeffage;rate;level;flag;town\r\n30;1,5;SOME;oui;01\r\n40,0;2;2,0;n;75\r\n".encode(),
    "windows.csv": "age;rate;level;flag;town;nom\n30;1,5;SOME;oui;01;Zoé\n40;2;2;non;75;Ève\n".encode(
        "cp1252"
    ),
    "tabs.tsv": b"age\trate\tlevel\tflag\ttown\n30\t1.5\tSOME\tvrai\t01\n40.0\t2\t2\tfaux\t75\n",
    "packed.csv.gz": gzip.compress(b"age,rate,level,flag,town\n30,1.5,SOME,1,01\n40,2,MANY,0,75\n", mtime=0),
    "lines.jsonl": b'{"age": 30, "rate": 1.5, "level": "SOME", "flag": true, "town": "01"}\n'
    b'{"age": 40, "rate": 2, "level": "MANY", "town": "75"}\n',
    "list.json": b'\xef\xbb\xbf[{"age": 30, "rate": 1.5, "level": "SOME", "flag": true, "town": "01"},\n'
    b'{"age": 40.0, "rate": 2, "level": "MANY", "flag": false, "town": "75"}]',
}


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_read_in_every_form_in_which_people_write_it(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    valid, rejected, count = read(tmp_path / name)
    assert (count, rejected.height) == (2, 0)
    assert valid.select(*GOOD).to_dict(as_series=False) == GOOD


def test_a_parquet_file_is_read_as_a_csv_is(tmp_path):
    frame = pl.DataFrame(GOOD | {"age": [30.0, 40.5]})
    frame.write_parquet(tmp_path / "people.parquet")
    frame.write_csv(tmp_path / "people.csv")
    parquet, csv = read(tmp_path / "people.parquet"), read(tmp_path / "people.csv")
    assert parquet[0].rows() == csv[0].rows()
    assert parquet[1].drop("file").rows() == csv[1].drop("file").rows()
    assert parquet[1]["value"].to_list() == ["40.5"]


def test_one_record_in_a_file_of_several_lines_is_one_person(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps({"age": 52, "town": "01"}, indent=2))
    valid, _, count = read(tmp_path / "one.json")
    assert (count, valid.row(0, named=True)) == (
        1,
        {"age": 52, "town": "01", "rate": 0.0, "level": 0, "flag": False},
    )


def test_a_misspelt_input_of_a_record_is_refused_with_the_nearest(tmp_path):
    (tmp_path / "one.json").write_text('{"agee": 52}')
    with pytest.raises(InputError, match=r"'agee' is no input; did you mean 'age'\?"):
        read(tmp_path / "one.json")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_without_rows_gives_an_empty_result_with_every_column(tmp_path, ending):
    frame, path = pl.DataFrame(GOOD), tmp_path / f"people{ending}"
    write = {".csv": pl.DataFrame.write_csv, ".parquet": pl.DataFrame.write_parquet}[ending]
    write(frame, path)
    full, _, _ = read(path)
    write(frame.clear(), path)
    empty, _, count = read(path)
    assert (count, empty.schema) == (0, full.schema)


OWN = Records(
    lambda: {"who": pl.Struct({"years": pl.Int64}), "jobs": pl.List(pl.Struct({"town": pl.String}))},
    {"who.name"},
    lambda raw, now: raw.explode("jobs").select(
        "record", age=pl.col("who").struct.field("years"), town=pl.col("jobs").struct.field("town")
    ),
    "jobs",
    lambda people, now: people,
)


def test_an_algorithm_brings_the_reader_of_its_own_records(tmp_path):
    lines = [
        '{"who": {"years": 30, "name": "A"}, "jobs": [{"town": "01"}, {"town": "xx"}]}',
        '{"who": {"yeers": 30}, "jobs": [{"town": "01"}]}',
        '{"who": {"years": 30}, "jobs": []}',
        "not json",
        '{"who": {"years": 50}, "jobs": [{"town": "75"}]}',
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    valid, rejected, count = read(tmp_path / "own.jsonl", [AGE, TOWN], records=OWN)
    assert valid.rows() == [(30, "01"), (50, "75")]
    assert rejected.select("row", "column").rows() == [
        (1, "town"),
        (2, "who.yeers"),
        (3, "jobs"),
        (4, "(line)"),
    ]
    assert count == 6
    assert rejected["problem"][1] == "is no field of a record (did you mean years?)"


def test_a_field_at_the_wrong_place_of_a_record_is_unknown_there():
    known = pl.Struct(OWN.schema)
    faults = [*record_faults({"years": 3, "jobs": [{"year": 1}]}, known)]
    assert [(f.field, f.place, f.unknown) for f in faults] == [
        ("years", "years", True),
        ("jobs.year", "jobs[0].year", True),
    ]


def test_a_dictionary_says_which_groups_may_be_absent_and_what_a_grid_tries(tmp_path):
    (tmp_path / "d.yaml").write_text(
        """
groups: {joined: [market], optional: [result]}
variables:
  - {name: age, kind: int, group: person, label: {fr: âge, en: age}, grid: {from: 16, to: 18}}
  - name: town
    kind: text
    group: market
    required: true
    label: {fr: ville, en: town}
    grid: [{value: "01", fr: Ain, en: Ain}]
  - {name: earlier, kind: int, group: result, label: {fr: avant, en: earlier}}
"""
    )
    d = Dictionary.from_yaml(tmp_path / "d.yaml")
    assert [value for value, _ in d["age"].grid] == [16, 17, 18]
    assert d["town"].grid == (("01", Text("Ain", "Ain")),)
    assert [(v.joined, v.optional) for v in d.values()] == [(False, False), (True, False), (False, True)]
    assert [v.required for v in d.values()] == [False, True, False]


BIRTHS = variable("births", "int", 0, minimum=0)
NEEDED = variable("age", "int", 0, minimum=0, maximum=120, required=True)
AGE_READ, BIRTHS_READ = (Var(v) for v in (NEEDED, BIRTHS))
ADULT = Requirement((BIRTHS_READ == 0) | (AGE_READ >= 15), "births", "is not possible below age 15")


def test_a_row_without_an_answer_that_is_required_is_rejected_and_the_others_go_on():
    found = validate(pl.DataFrame({"age": ["30", None, " ", "x"]}), [NEEDED])
    assert found.valid["age"].to_list() == [30]
    assert found.rejected.select("row", "value", "problem").rows() == [
        (2, None, "is missing; this algorithm needs it"),
        (3, " ", "is missing; this algorithm needs it"),
        (4, "x", "is not a whole number"),
    ]


def test_a_requirement_between_answers_rejects_rows_that_have_no_other_problem():
    frame = pl.DataFrame({"age": [30, 14, 14, 300], "births": [2, 0, 1, 1]})
    found = validate(frame, [NEEDED, BIRTHS], requirements=[ADULT], file="people.csv")
    assert found.valid.rows() == [(30, 2), (14, 0)]
    assert found.rejected.rows() == [
        ("people.csv", 3, "births", "1", "is not possible below age 15"),
        ("people.csv", 4, "age", "300", "is not between 0 and 120"),
    ]


def test_a_requirement_names_the_input_that_it_reads_where_the_table_lacks_it():
    with pytest.raises(InputError, match="column 'births' missing"):
        validate(pl.DataFrame({"age": [30]}), [NEEDED], requirements=[ADULT])


def test_a_file_of_people_is_read_with_the_requirements(tmp_path):
    (tmp_path / "people.json").write_text(
        '[{"age": 14, "births": 1}, {"births": 0}, {"age": 40, "births": 1}]'
    )
    valid, rejected, count = read(tmp_path / "people.json", [NEEDED, BIRTHS], requirements=[ADULT])
    assert (valid.rows(), count) == ([(40, 1)], 3)
    assert rejected.select("row", "column").rows() == [(1, "births"), (2, "age")]


@pytest.mark.parametrize(("name", "content"), [("a.jsonl", ""), ("b.json", "[]"), ("c.jsonl", "\n")])
def test_a_json_file_of_nobody_gives_an_empty_result_with_every_input(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    valid, rejected, count = read(tmp_path / name)
    assert (valid.height, rejected.height, count) == (0, 0, 0)
    assert {*valid.columns} >= {v.name for v in EVERY}


def test_what_was_assumed_when_a_file_was_opened_is_kept(tmp_path):
    (tmp_path / "windows.csv").write_bytes(FILES["windows.csv"])
    (found,) = read_people(tmp_path / "windows.csv", EVERY)
    assert "Windows-1252" in found.notes[0].en
