"""What a data dictionary and a frame must be; what is said of those that are not."""

import pandas as pd
import polars as pl
import pytest

from bobanalysis.rules import Choice, Dictionary, Text, Variable, evaluate, first_match, when

LEVELS = (Choice(1, "LOW", Text("bas", "low")), Choice(2, "HIGH", Text("haut", "high")))


def variable(name="x", kind="int", default=0, **more):
    return Variable(name, kind, Text(name, name), default, **more)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ([variable(kind="integer")], "entry 'x': the kind 'integer' is not one of bool, int"),
        ([variable(), variable()], "entry 'x': the name is there twice"),
        (
            [variable(kind="enum", default=3, choices=LEVELS)],
            r"default 3 is not among .*: 1 \(LOW\)",
        ),
        ([variable(kind="bool", default=0)], "default 0 is not of kind bool"),
        ([variable(default=True)], "default True is not of kind int"),
        ([variable(kind="text", default=0)], "default 0 is not of kind text"),
        *(
            ([variable(name)], f"entry '{name}': the name is one that the dictionary uses itself")
            for name in ("keys", "values", "items", "get", "sets", "tables", "from_yaml", "_x")
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_by_name(variables, said):
    with pytest.raises(ValueError, match=said):
        Dictionary(variables)


def test_a_question_with_a_reserved_name_is_refused():
    with pytest.raises(ValueError, match="'keys'"):
        Dictionary([variable()], sets={"keys": {"A": variable()}})


def test_a_file_with_a_wrong_entry_is_named(tmp_path):
    file = tmp_path / "inputs.yaml"
    file.write_text("variables: [{name: x, kind: integer, label: {fr: x, en: x}}]")
    with pytest.raises(ValueError, match=r"inputs.yaml: .*entry 'x'.*'integer'"):
        Dictionary.from_yaml(file)


def test_a_misspelt_answer_of_a_question_is_refused_with_the_nearest():
    own = Dictionary([variable("x_a", "bool", False)], sets={"x": {"ALPHA": variable("x_a", "bool", False)}})
    with pytest.raises(ValueError, match="Did you mean 'ALPHA'"):
        own.x.has("alpha")


def test_the_type_of_a_column_follows_from_the_kind():
    kinds = {
        "bool": (False, pl.Boolean),
        "int": (0, pl.Int32),
        "float": (0.0, pl.Float64),
        "text": ("", pl.String),
    }
    assert {k: variable(kind=k, default=v).dtype for k, (v, _) in kinds.items()} == {
        k: t for k, (_, t) in kinds.items()
    }


D = Dictionary(
    [
        variable("age"),
        variable("level", "enum", 1, choices=LEVELS),
        variable("tired", "bool", False),
        variable("code", "text", ""),
    ]
)
OLD = {"young": D.age < 50, "old": D.age >= 50}


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"age": [30, None, 60, None]}),
        pd.DataFrame({"age": [30, None, 60, None]}),
        pl.DataFrame({"age": [30, None, 60, None]}).to_arrow(),
    ],
)
def test_an_empty_cell_that_a_rule_would_read_is_refused_with_row_and_column(frame):
    with pytest.raises(
        ValueError, match=r"'age' has 2 empty cells \(nulls\), the first in row 2.*'young' and 1 more"
    ):
        evaluate(OLD, frame)


def test_empty_cells_of_a_lazy_frame_are_refused_too():
    with pytest.raises(ValueError, match=r"'age' has 1 empty cells"):
        evaluate(OLD, pl.LazyFrame({"age": [30, None]}))


def test_empty_cells_of_a_column_that_no_rule_reads_do_not_matter():
    frame = pl.DataFrame({"age": [30], "other": [None]})
    assert evaluate(OLD, frame, keep=["other"]).frame["young"].to_list() == [True]


@pytest.mark.parametrize(
    ("rule", "frame", "said"),
    [
        (D.level == "LOW", {"level": ["LOW"]}, r"'level' is of type String.*kind enum.*LOW is 1; HIGH is 2"),
        (D.age > 3, {"age": ["4"]}, "'age' is of type String.*Give numbers"),
        (D.tired & True, {"tired": [1]}, "'tired' is of type Int64.*Give true and false"),
        (D.code == "A", {"code": [1]}, "'code' is of type Int64.*Give texts"),
    ],
)
def test_a_column_of_another_type_than_its_input_is_refused(rule, frame, said):
    with pytest.raises(ValueError, match=said):
        evaluate({"it": rule}, pl.DataFrame(frame))


def test_texts_may_come_as_categories():
    frame = pl.DataFrame({"code": ["A", "B"]}, schema={"code": pl.Categorical})
    rule = first_match(when(D.code == "A", 2), otherwise=0)
    assert evaluate({"it": rule}, frame).frame["it"].to_list() == [2, 0]
