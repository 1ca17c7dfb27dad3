"""Tables as other people write them are read with their values, or refused in a sentence."""

import gzip
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bobanalysis import tables
from bobanalysis.tables import (
    InputError,
    Writer,
    as_number,
    as_whole,
    as_yes_no,
    load,
    load_yaml,
    open_table,
    read_table,
    refuse_overwrite,
    write_table,
)
from bobanalysis.text import Text

ROWS = [("Orléans", "0,5"), ('a;b\n"c"', "2"), ("", "3")]
CSV = 'nom;taux\nOrléans;0,5\n"a;b\n""c""";2\n;3\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", CSV.encode()),
        ("bom.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("windows.csv", CSV.replace("\n", "\r\n").replace("b\r\n", "b\n").encode("cp1252")),
        ("wide.csv", CSV.encode("utf-16")),
        ("packed.csv.gz", gzip.compress(CSV.encode(), mtime=0)),
        ("packed_without_saying.csv", gzip.compress(CSV.encode("cp1252"), mtime=0)),
        ("blanks_first.csv", ("\n\n" + CSV).encode()),
        ("told.csv", ("sep=;\n" + CSV).encode()),
        ("told_in_an_old_way.csv", ("sep=;\r\r" + CSV).encode()),
        ("blanks_of_all_kinds_first.csv", ("\r\r\n \n\x0c\n" + CSV).encode()),
        ("tabs.tsv", CSV.replace(";b", "%b").replace(";", "\t").replace("%", ";").encode()),
        ("bars.txt", CSV.replace(";b", "%b").replace(";", "|").replace("%", ";").encode()),
    ],
)
def test_a_csv_is_read_in_any_shape_that_people_write(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    table = open_table(tmp_path / name)
    assert table.columns == ("nom", "taux")
    (batch,) = table.batches()
    assert batch.frame.rows() == ROWS
    assert batch.rows.to_list() == [1, 2, 3]
    assert batch.rejects.is_empty()


@pytest.mark.parametrize(("mark", "comma"), [(";", True), ("\t", True), ("|", False)])
def test_numbers_with_a_decimal_comma_are_read_where_the_separator_allows_it(tmp_path, mark, comma):
    (tmp_path / "t.csv").write_text(f"a{mark}b\nx{mark}0,5\n")
    assert open_table(tmp_path / "t.csv").decimal_comma is comma


def test_thousands_in_a_table_of_tabs_are_no_decimals(tmp_path):
    (tmp_path / "t.tsv").write_text("a\tb\nx\t1,234\n")
    assert not open_table(tmp_path / "t.tsv").decimal_comma


def test_rows_with_too_few_or_too_many_fields_are_rejected_by_their_number(tmp_path):
    lines = ["a,b", *(f"{n},{n}" for n in range(1, 3000))]
    lines[7], lines[9], lines[2999] = "7", "9,9,9", "2999"
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    batches = list(open_table(tmp_path / "t.csv").batches(["b"], rows=10))
    assert len(batches) > 3
    rejected = pl.concat(b.rejects for b in batches)
    assert rejected.rows() == [
        ("t.csv", 7, "(line)", "7", "has 1 fields, not 2"),
        ("t.csv", 9, "(line)", "9,9,9", "has 3 fields, not 2"),
        ("t.csv", 2999, "(line)", "2999", "has 1 fields, not 2"),
    ]
    numbers = [n for b in batches for n in b.rows]
    assert numbers == [n for n in range(1, 2999) if n not in (7, 9)]
    assert [int(v) for b in batches for v in b.frame["b"]] == numbers


def test_a_quick_reading_gives_numbers_and_categories_and_refuses_what_is_neither(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\nx,1\ny,NA\nx,2.5\n")
    frame = next(open_table(tmp_path / "t.csv").batches(["a", "b"], quick=(["b"], ["NA"]))).frame
    assert [type(kind) for kind in frame.dtypes] == [pl.Categorical, pl.Float64]
    assert frame.rows() == [("x", 1.0), ("y", None), ("x", 2.5)]
    for wrong in ("x,many\n", "x\n", "x,1,2\n"):
        (tmp_path / "t.csv").write_text("a,b\nx,1\n" + wrong)
        with pytest.raises(InputError, match=r"t\.csv cannot be read to its end"):
            list(open_table(tmp_path / "t.csv").batches(["a", "b"], quick=(["b"], ["NA"])))


@pytest.mark.parametrize("above", ["\n", "\r", " \r\n\r", "sep=,\n\n"])
def test_wrong_rows_before_the_first_good_one_keep_their_numbers(tmp_path, above):
    (tmp_path / "t.csv").write_bytes(f"{above}a,b\n1\n2\n3,3\n".encode())
    (batch,) = open_table(tmp_path / "t.csv").batches()
    assert batch.rows.to_list() == [3]
    assert batch.rejects["row"].to_list() == [1, 2]


def test_a_table_of_wrong_rows_only_rejects_them_all(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1\n2\n")
    batches = list(open_table(tmp_path / "t.csv").batches())
    assert sum(b.frame.height for b in batches) == 0
    assert pl.concat(b.rejects for b in batches)["row"].to_list() == [1, 2]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_table_without_rows_is_one_empty_batch_with_its_columns(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    write_table(pl.DataFrame({"a": ["x"], "b": ["y"]}).clear(), path)
    schema = {"a": pl.String, "b": pl.String} if ending == ".jsonl" else None
    if ending == ".jsonl":
        path.write_text("\n")
    (batch,) = open_table(path, schema=schema).batches(["b"])
    assert batch.frame.columns == ["b"]
    assert batch.frame.height == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n  \n", "has no header"),
        ("sheet.xlsx", b"PK\x03\x04____", "spreadsheet"),
        ("cut.parquet", b"PAR1____", "not a whole Parquet file"),
        ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n" * 100_000, mtime=0)[:900], "cannot be read"),
        ("binary.csv", b"\x01\x00\x02\x00", "binary"),
        ("broken.csv", "é,b\n1,2\n".encode() + b"\xe9,3\n", "line 3: byte 0xe9 is not UTF-8"),
        ("list.json", b"[1, 2]", "no record"),
        ("half.json", b'{"a": ', "not JSON"),
    ],
)
def test_what_is_no_table_is_refused_with_its_name(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        list(open_table(tmp_path / name).batches())
    assert name in str(error.value)


def test_windows_1252_is_seen_wherever_the_first_accent_stands(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"x,1\n" * 3_000_000 + "é,2\n".encode("cp1252"))
    table = open_table(tmp_path / "t.csv")
    assert "Windows-1252" in table.notes[0].en
    assert list(table.batches(["a"]))[-1].frame["a"][-1] == "é"


def test_a_missing_column_is_named_with_the_one_that_looks_like_it(tmp_path):
    (tmp_path / "t.csv").write_text("Région,taux\nx,1\n")
    with pytest.raises(InputError, match=r"t\.csv has no column 'region' \(did you mean 'Région'\?\)"):
        next(open_table(tmp_path / "t.csv").batches(["region"]))


def test_parquet_of_other_tools_has_the_values_that_were_written(tmp_path):
    n = 3
    table = pa.table(
        {
            "d32": pa.array([Decimal("1.5")] * n, pa.decimal32(5, 1)),
            "d64": pa.array([Decimal("2.5")] * n, pa.decimal64(12, 1)),
            "d128": pa.array([Decimal("3.5")] * n, pa.decimal128(30, 1)),
            "kind": pa.array(["a", "b", None]).dictionary_encode(),
            "bytes": pa.array([b"x", b"y", None]),
            "nothing": pa.nulls(n),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    frame = read_table(tmp_path / "t.parquet")
    assert frame.row(0) == (1.5, 2.5, 3.5, "a", "x", None)
    assert frame.dtypes == [*[pl.Float64] * 3, *[pl.String] * 3]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array([1, 2], pa.duration("s")), "Duration"),
        (pa.array([b"\xe9", b"a"]), "not UTF-8"),
        (pa.array([1, 2], pa.time64("us")), "Time"),
    ],
)
def test_a_column_that_has_no_plain_reading_is_refused_only_where_it_is_asked_for(tmp_path, values, said):
    pq.write_table(pa.table({"town": values, "told": [0, 1]}), tmp_path / "t.parquet")
    table = open_table(tmp_path / "t.parquet")
    assert next(table.batches(["told"])).frame.height == 2
    with pytest.raises(InputError, match=rf"t\.parquet: column 'town' holds .*{said}"):
        list(table.batches(["town"]))


def test_months_written_by_pandas_are_refused_rather_than_read_as_numbers(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"month": pd.period_range("2020-01", periods=2, freq="M")})
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"'month' holds .*period"):
        list(open_table(tmp_path / "t.parquet").batches())


def test_lines_of_json_are_read_and_those_that_are_no_record_are_rejected(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 1, "b": "x"}\nnot json\n[1]\n\n{"a": 4}\n')
    batches = list(open_table(tmp_path / "t.jsonl").batches(rows=20))
    assert [row for b in batches for row in b.frame.rows()] == [(1, "x"), (4, None)]
    assert [n for b in batches for n in b.rows] == [1, 5]
    assert [n for b in batches for n in b.rejects["row"]] == [2, 3, 4]


@pytest.mark.parametrize(
    "content", ['{"a": 1}', '[{"a": 1}]', '{"a":\n 1}', '{"a": 1}\n', '\ufeff[{"a": 1}]']
)
def test_json_of_one_record_or_of_a_list_is_read_as_lines_are(tmp_path, content):
    (tmp_path / "t.json").write_text(content)
    assert read_table(tmp_path / "t.json").rows() == [(1,)]


def test_json_is_known_by_its_first_characters(tmp_path):
    (tmp_path / "people.txt").write_text('{"a": 1}\n{"a": 2}\n')
    assert open_table(tmp_path / "people.txt").kind == "json"


def test_fields_of_json_have_the_types_that_were_asked_for(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n')
    frame = next(open_table(tmp_path / "t.jsonl", schema={"a": pl.String, "b": pl.Int8}).batches()).frame
    assert frame.schema == {"a": pl.String, "b": pl.Int8}
    assert frame.rows() == [("1", None)]


def test_a_row_that_cannot_be_read_stops_what_reads_a_whole_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(InputError, match=r"t\.csv, row 2: '3' has 1 fields, not 2"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("read", "values", "expected"),
    [
        (
            as_number,
            ["1e3", " 2 ", "-0.5", "NaN", "x", "", None],
            [1000.0, 2.0, -0.5, None, None, None, None],
        ),
        (as_number, ["12\u202f500", "1\u00a0000\u00a0000", "1 2"], [12500.0, 1e6, None]),
        (as_whole, ["48.0", "48", "54.7", "x"], [48, 48, None, None]),
        (as_whole, [48.0, 54.7, float("nan")], [48, None, None]),
        (
            as_yes_no,
            ["Oui", " TRUE", "1.0", "non", "F", "0", "peut-être", None],
            [True] * 3 + [False] * 3 + [None] * 2,
        ),
        (as_yes_no, [1.0, 0.0, 0.3, None], [True, False, None, None]),
        (as_yes_no, [True, False, None], [True, False, None]),
    ],
)
def test_a_value_is_read_whole_or_not_at_all(read, values, expected):
    frame = pl.DataFrame({"x": values})
    assert frame.select(read(pl.col("x"), frame.schema["x"])).to_series().to_list() == expected


def test_a_comma_is_a_decimal_point_only_where_it_may_be():
    frame = pl.DataFrame({"x": ["0,5", "1,234.5"]})
    assert frame.select(as_number(pl.col("x"))).to_series().to_list() == [None, None]
    assert frame.select(as_number(pl.col("x"), decimal_comma=True)).to_series().to_list() == [0.5, None]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_table_that_was_written_in_parts_is_read_back(tmp_path, ending):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x,;", "é"]})
    with Writer(tmp_path / f"t{ending}") as writer:
        writer.write(frame[:1])
        writer.write(frame[1:])
    assert read_table(tmp_path / f"t{ending}").cast(pl.String).rows() == [("1", "x,;"), ("2", "é")]


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_run_that_fails_leaves_the_last_good_output(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    write_table(pl.DataFrame({"a": [1]}), path)

    def half():
        with Writer(path) as writer:
            writer.write(pl.DataFrame({"a": [2]}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert read_table(path).cast(pl.String).rows() == [("1",)]
    assert os.listdir(tmp_path) == [path.name]


def test_parts_of_other_columns_stop_a_parquet_file_and_leave_the_last_good_output(tmp_path):
    write_table(pl.DataFrame({"a": [1]}), tmp_path / "t.parquet")

    def mixed():
        with Writer(tmp_path / "t.parquet") as writer:
            writer.write(pl.DataFrame({"a": [2]}))
            writer.write(pl.DataFrame({"a": ["b"]}))

    with pytest.raises(InputError, match=r"t\.parquet: a column is \('a', Int64\) and, further on"):
        mixed()
    assert read_table(tmp_path / "t.parquet").rows() == [(1,)]
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_an_output_of_no_known_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"t\.xlsx"):
        write_table(pl.DataFrame(), tmp_path / "t.xlsx")


@pytest.mark.parametrize("how", ["same", "dots", "link", "hard link"])
def test_an_output_never_overwrites_an_input_under_any_name(tmp_path, how):
    source = tmp_path / "in.csv"
    source.write_text("a\n1\n")
    output = {"same": source, "dots": tmp_path / "x" / ".." / "in.csv"}.get(how, tmp_path / "out.csv")
    if how == "link":
        output.symlink_to(source)
    if how == "hard link":
        output.hardlink_to(source)
    with pytest.raises(InputError, match="would overwrite the input"):
        refuse_overwrite(output, tmp_path / "other.csv", source)


def test_another_output_is_allowed(tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    refuse_overwrite(tmp_path / "out.csv", tmp_path / "in.csv")


@dataclass(frozen=True)
class Part:
    id: str
    label: Text
    share: float = 1.0
    kind: Literal["near", "far"] = "near"
    places: tuple[str, ...] | None = None
    sizes: Mapping[str, tuple[int, ...]] | None = None
    pair: tuple[int, str] = (0, "")
    more: Any = None


FULL = {
    "id": "x",
    "label": {"fr": "un", "en": "one"},
    "share": 1,
    "kind": "far",
    "places": ["a", "b"],
    "sizes": {"s": [1, 2]},
    "pair": [1, "z"],
    "more": {"free": [1]},
}


def test_a_file_becomes_the_objects_that_its_types_say(tmp_path):
    path = tmp_path / "parts.yaml"
    path.write_text(json.dumps([FULL, {"id": "y", "label": {"fr": "", "en": ""}}]))
    first, second = load_yaml(tuple[Part, ...], path)
    assert first == Part(
        "x", Text("un", "one"), 1.0, "far", ("a", "b"), {"s": (1, 2)}, (1, "z"), {"free": [1]}
    )
    assert isinstance(first.share, float)
    assert second == Part("y", Text("", ""))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shre": 2}, r"f.yaml, entry 1 \(x\): unknown field 'shre' \(did you mean 'share'\?\)"),
        ({"label": {"fr": "un"}}, r"f.yaml, entry 1 \(x\), label: field 'en' is missing"),
        (
            {"kind": "farr"},
            r"f.yaml, entry 1 \(x\), kind: 'farr' is not one of 'near', 'far' \(did you mean 'far'\?\)",
        ),
        ({"share": "many"}, r"f.yaml, entry 1 \(x\), share: 'many' is not a number"),
        ({"share": True}, r"share: True is not a number"),
        ({"places": ["a", 2]}, r"f.yaml, entry 1 \(x\), places, entry 2: 2 is not a text"),
        ({"places": "a"}, r"places: 'a' is not a list"),
        ({"sizes": {"s": [1, "x"]}}, r"sizes, 's', entry 2: 'x' is not a whole number"),
        ({"pair": [1]}, r"pair: \[1\] has 1 values, not 2"),
        ({"label": "un"}, r"label: 'un' is not a table with the fields fr, en"),
        ({"label": None}, r"label: None is not a table"),
    ],
)
def test_what_does_not_fit_is_named_by_file_entry_and_field(change, message):
    with pytest.raises(InputError, match=message):
        load(tuple[Part, ...], [FULL | change], "f.yaml")


def test_names_are_what_a_path_says(tmp_path):
    write_table(pl.DataFrame({"a": [1]}), str(Path(tmp_path) / "deep" / "t.csv"))
    assert read_table(str(tmp_path / "deep" / "t.csv")).rows() == [("1",)]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A YAML file in a folder that stands for the project, where what it holds is kept."""
    monkeypatch.setattr(tables, "PROJECT", tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "words.yaml"
    path.write_text("word: {fr: âge, en: age}\n", "utf-8")
    return path


def kept(path):
    """The file that holds what was read."""
    return next((path.parent / "__pycache__").iterdir())


def test_what_a_file_of_the_project_holds_is_read_as_yaml_once(project, monkeypatch):
    first = tables.read_yaml(project)
    monkeypatch.delattr(yaml, "load")
    assert tables.read_yaml(project) == first == {"word": {"fr": "âge", "en": "age"}}


def test_a_changed_file_is_read_anew(project):
    tables.read_yaml(project)
    project.write_text("word: {fr: lieu, en: place}\n", "utf-8")
    assert tables.read_yaml(project)["word"]["fr"] == "lieu"


@pytest.mark.parametrize("place", [0, 40, 70, -1])
def test_a_damaged_copy_of_what_was_read_is_not_read(project, place):
    first = tables.read_yaml(project)
    content = bytearray(kept(project).read_bytes())
    content[place] ^= 1
    kept(project).write_bytes(content)
    assert tables.read_yaml(project) == first


def test_a_folder_that_cannot_be_written_to_is_read_all_the_same(project):
    (project.parent / "__pycache__").write_text("in the way")
    assert tables.read_yaml(project)["word"]["en"] == "age"


@pytest.mark.parametrize("place", ["elsewhere", "project"])
def test_nothing_is_kept_of_files_of_others_or_where_python_keeps_nothing(project, monkeypatch, place):
    if place == "elsewhere":
        monkeypatch.setattr(tables, "PROJECT", project.parent / "other")
    else:
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    tables.read_yaml(project)
    assert not (project.parent / "__pycache__").exists()


def test_what_is_made_of_a_folder_is_made_anew_when_a_file_of_it_changes(project):
    made_of = project.parent / "rules"
    made_of.mkdir()
    (made_of / "a.csv").write_text("1")

    def content():
        return (made_of / "a.csv").read_text()

    assert tables.disk_cached(content, made_of) == tables.disk_cached(content, made_of) == "1"
    (made_of / "a.csv").write_text("22")
    assert tables.disk_cached(content, made_of) == "22"


def test_two_contents_of_the_same_files_are_kept_apart(project):
    found = [tables.disk_cached(lambda name=name: name, project, name=name) for name in ("one", "two", "one")]
    assert found == ["one", "two", "one"]


def test_a_kept_content_is_not_made_again(project):
    tables.disk_cached(lambda: [1, None, b"x"], project)
    assert tables.disk_cached(lambda: pytest.fail("made again"), project) == [1, None, b"x"]


def test_a_kept_content_of_which_only_zeros_are_left_is_made_again(project):
    kept = project.parent / "__pycache__" / f"{project.name}.{sys.implementation.cache_tag}"
    tables.disk_cached(lambda: "made", project)
    assert kept.exists()
    kept.write_bytes(bytes(4))
    assert tables.disk_cached(lambda: "again", project) == "again"
