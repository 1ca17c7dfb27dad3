import gzip
import warnings
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from bobanalysis.evaluation import (
    EvaluationError,
    EvaluationWarning,
    evaluate,
    read_groups,
    read_items,
    read_qrels,
    read_run,
)
from bobanalysis.evaluation.cli import evaluate as command
from bobanalysis.evaluation.files import run_names
from bobanalysis.tables import InputError

RUN = "p1 Q0 A1101 1 2.5 bob\np1\tQ0  B1101 2 1e0 bob\r\n\np2 Q0 A1101 1 0.5 bob\n"
QRELS = "p1 0 B1101 2\np2 0 A1101 1\np2 0 C1101 0\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "bob.run").write_text(RUN, newline="")
    (tmp_path / "truth.qrels").write_text(QRELS)
    (tmp_path / "groups.csv").write_text("person_id,age\np1,young\np2,old\n")
    return tmp_path


def written(frame, path):
    """Write a frame in the format of a name."""
    content = {".parquet": frame.write_parquet, ".csv": frame.write_csv}
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    else:
        content[path.suffix](path)
    return path


def test_a_trec_run_is_read_with_any_white_space_and_blank_lines(files):
    assert read_run(files / "bob.run").rows() == [
        ("p1", "A1101", 2.5),
        ("p1", "B1101", 1.0),
        ("p2", "A1101", 0.5),
    ]


@pytest.mark.parametrize("name", ["run.csv", "run.parquet", "run.csv.gz"])
def test_every_format_gives_the_same_figures(files, name):
    run, qrels = read_run(files / "bob.run"), read_qrels(files / "truth.qrels")
    copy = read_run(written(run, files / name))
    judged = read_qrels(written(qrels, files / name.replace("run", "qrels")))
    assert evaluate(copy, judged, "ndcg@5,map").table.equals(evaluate(run, qrels, "ndcg@5,map").table)


def test_compressed_trec_files_are_read(files):
    (files / "bob.run.gz").write_bytes(gzip.compress(RUN.encode()))
    assert read_run(files / "bob.run.gz").equals(read_run(files / "bob.run"))


def test_trec_lines_under_the_name_of_a_table_are_read_as_trec_lines(tmp_path):
    """As MS MARCO publishes its judgements: four columns, tabs, no header."""
    (tmp_path / "qrels.dev.tsv").write_text("300\t0\t70670\t1\n1048\t0\t70679\t1\n")
    (tmp_path / "run.tsv").write_text("query\titem\tscore\n300\t70670\t9\n300\t11\t8\n1048\t70679\t7.1\n")
    assert read_qrels(tmp_path / "qrels.dev.tsv").rows() == [("300", "70670", 1.0), ("1048", "70679", 1.0)]
    assert read_run(tmp_path / "run.tsv").rows()[2] == ("1048", "70679", 7.1)


def test_lines_of_comment_and_spaces_in_a_tag_are_read_as_trec_eval_reads_them(tmp_path):
    (tmp_path / "a.run").write_text(
        "# made on Monday\nq1 Q0 d#1 1 2.0 BM25 + RM3 (k1=0.9)\nq1 Q0 d2 2 1.0 t\n"
    )
    assert read_run(tmp_path / "a.run").rows() == [("q1", "d#1", 2.0), ("q1", "d2", 1.0)]


def test_a_table_as_excel_in_france_writes_it_is_read(tmp_path):
    (tmp_path / "run.csv").write_bytes("query;item;score\né;x;0,5\né;y;1,25\n".encode("cp1252"))
    assert read_run(tmp_path / "run.csv").rows() == [("é", "x", 0.5), ("é", "y", 1.25)]


def test_ranks_that_contradict_scores_are_counted_and_not_followed(tmp_path):
    (tmp_path / "a.run").write_text("p Q0 x 1 1 t\np Q0 y 2 2 t\nq Q0 x 1 9 t\n")
    with pytest.warns(EvaluationWarning, match="1 lines have a better score"):
        run = read_run(tmp_path / "a.run")
    assert "rank" not in run.columns


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.run", "p Q0 x 1 2 t\n\np Q0 y 2 t\n", r"a\.run, line 3: 'p Q0 y 2 t' has 5 fields and not 6"),
        ("a.run", "p Q0 x 1 2 t\np Q0 y 2 good t\n", r"a\.run, line 2: the score 'good' is no number"),
        ("a.run", "p Q0 x 1 nan t\n", r"line 1: the score 'nan' is no number"),
        ("a.run", "\n \n", r"a\.run: the file is empty"),
        ("a.run", b"p Q0 x 1 2 t\np Q0 \xe9 2 1 t\n", r"a\.run, line 2: byte 0xe9 is not UTF-8"),
        (
            "a.csv",
            "query,item,score\np,x,1\np,y,one\n",
            r"a\.csv, row 2, column 'score': 'one' is no number",
        ),
        ("a.csv", "", r"a\.csv is empty"),
        ("a.parquet", "no", r"a\.parquet is not a whole Parquet file"),
        ("a.run.gz", b"\x1f\x8bno", r"a\.run\.gz: cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_file_line_and_value(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        read_run(path)


def test_a_relevance_that_is_no_number_is_refused_with_its_line(tmp_path):
    (tmp_path / "a.qrels").write_text("p 0 x 1\np 0 y yes\n")
    with pytest.raises(EvaluationError, match=r"line 2: the relevance 'yes' is no number"):
        read_qrels(tmp_path / "a.qrels")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EvaluationError, match=r"nowhere\.run: cannot be read: No such file"):
        read_run(tmp_path / "nowhere.run")


def test_groups_and_items_need_their_key(files):
    assert read_groups(files / "groups.csv").columns == ["person_id", "age"]
    with pytest.raises(EvaluationError, match="no column item"):
        read_items(files / "groups.csv")
    (files / "items.csv").write_text("item,popularity,family\n007,3,a\n")
    assert read_items(files / "items.csv").rows() == [("007", 3.0, "a")]


@pytest.fixture
def called():
    app = typer.Typer()
    app.command()(command)

    def call(*arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("error", EvaluationWarning)  # the command tells them itself
            return CliRunner().invoke(app, [str(a) for a in arguments])

    return call


def test_the_command_prints_and_writes_the_table(files, called):
    out = files / "table.csv"
    arguments = ["--metrics", "ndcg@5,rbp(0.8)", "--groups", files / "groups.csv", "--output", out]
    found = called(
        files / "bob.run", files / "truth.qrels", *arguments, "--per-query", files / "each.parquet"
    )
    assert found.exit_code == 0, found.output
    table = pl.read_csv(out)
    assert table.filter(metric="ndcg@5", age="everyone")["n"].item() == 2
    assert "0.8155" in found.output
    assert "hidden" in found.output  # groups of one person
    assert "1 listed items not judged: taken as not relevant" in found.output
    assert pl.read_parquet(files / "each.parquet").columns == ["query", "age", "ndcg@5", "rbp(0.8)"]


def test_the_command_stops_with_one_line_that_names_the_file(files, called):
    (files / "bad.run").write_text("p1 Q0 A1101 1 x bob\n")
    found = called(files / "bad.run", files / "truth.qrels")
    assert found.exit_code == 2
    assert "bad.run, line 1: the score 'x' is no number" in found.output
    assert "Traceback" not in found.output
    assert called(files / "bob.run", files / "truth.qrels", "--metrics", "ndgc").exit_code == 2


def test_the_command_says_what_is_undefined(files, called):
    (files / "none.qrels").write_text("p1 0 A1101 0\np2 0 A1101 1\n")
    found = called(files / "bob.run", files / "none.qrels", "--metrics", "map")
    assert "1 queries where map is undefined: null, and not in the mean" in found.output


def test_a_file_of_single_spaces_is_read_as_one_of_any_white_space(tmp_path):
    plain = "a Q0 x 1 2.5 t\nb Q0 é 1 1e-3 t\nb Q0 z 2 -inf t\n"
    files = {"plain.run": plain, "tabs.run": plain.replace(" ", "\t"), "wide.run": plain.replace(" ", "  ")}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    one, *others = [read_run(tmp_path / name) for name in files]
    assert one.height == 3
    assert all(one.equals(other) for other in others)


def test_the_command_shows_one_attribute_at_a_time_within_eighty_columns(files, called):
    ids = [f"p{n:02}" for n in range(40)]
    run = pl.DataFrame({"query": ids, "item": ["a"] * 40, "score": [1.0] * 40})
    written(run, files / "many.csv")
    written(run.select("query", "item", relevance=pl.int_range(40) % 2), files / "many_judged.csv")
    bands = {
        "query": ids,
        "age_band": ["under 50", "50 and over"] * 20,
        "région": ["Nord"] * 20 + ["Sud"] * 20,
    }
    written(pl.DataFrame(bands), files / "two.csv")
    arguments = ["--groups", files / "two.csv", "--metrics", "AP,P@1", "--undefined", "zero"]
    found = called(files / "many.csv", files / "many_judged.csv", *arguments)
    assert found.exit_code == 0, found.output
    tables = found.output.split("┏")[1:]
    assert [("age_band" in table, "région" in table) for table in tables] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),  # the largest gaps of both
    ]
    assert max(len(line) for line in found.output.split("note:")[0].splitlines()) <= 80
    crossed = called(files / "many.csv", files / "many_judged.csv", *arguments, "--cross", "age_band,région")
    assert "hidden" in crossed.output  # ten people each


def test_the_command_compares_runs_in_pairs_and_writes_the_comparison(files, called):
    run = read_run(files / "bob.run")
    other = written(run.with_columns(score=-pl.col("score")), files / "other.csv")
    out = files / "compared.csv"
    found = called(files / "bob.run", files / "truth.qrels", "--compare", other, "--comparison", out)
    assert found.exit_code == 0, found.output
    assert {*pl.read_csv(out)["run"]} == {"other.csv"}
    assert "adjusted by Holm" in found.output
    assert called(files / "bob.run", files / "truth.qrels", "--compare", files / "bob.run").exit_code == 2


@pytest.mark.parametrize("option", ["--output", "--per-query"])
@pytest.mark.parametrize("name", ["run.csv", "qrels.csv", "groups.csv", "./sub/../groups.csv", "link.csv"])
def test_the_command_never_overwrites_what_it_reads(files, called, option, name):
    (files / "sub").mkdir()
    run = written(read_run(files / "bob.run"), files / "run.csv")
    qrels = written(read_qrels(files / "truth.qrels"), files / "qrels.csv")
    (files / "link.csv").symlink_to(files / "run.csv")
    before = {path: path.read_bytes() for path in files.glob("*.csv")}
    found = called(run, qrels, "--groups", files / "groups.csv", option, files / name)
    assert found.exit_code == 2
    assert "would overwrite the input" in found.output
    assert {path: path.read_bytes() for path in files.glob("*.csv")} == before


def test_the_command_names_its_own_option_where_the_catalogue_is_missing(files, called):
    found = called(files / "bob.run", files / "truth.qrels", "--metrics", "map,novelty")
    assert found.exit_code == 2
    assert "novelty needs --items" in found.output


@pytest.mark.parametrize(
    ("folders", "names", "called_"),
    [
        (("a", "b"), ("one.run", "two.run"), ["one.run", "two.run"]),
        (("a", "b"), ("my.run", "my.run"), ["tag a", "tag b"]),
        (("a", "a/again"), ("my.run", "my.run"), ["a/my.run", "a/again/my.run"]),
        (("a", "b"), ("my.csv", "my.csv"), ["a/my.csv", "b/my.csv"]),
    ],
)
def test_runs_are_called_as_their_files_or_their_tags_or_their_paths(
    tmp_path, monkeypatch, folders, names, called_
):
    monkeypatch.chdir(tmp_path)
    paths = [Path(folder) / name for folder, name in zip(folders, names, strict=True)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (
            "query,item,score\np,x,1\n" if path.suffix == ".csv" else f"p Q0 x 1 2.5 tag {path.parts[0]}\n"
        )
        path.write_text(lines)
    assert run_names(paths) == called_


def test_a_table_of_ratings_is_refused_with_what_the_rating_may_be(files, called):
    (files / "ratings.csv").write_text("userId,movieId,rating,timestamp\np1,A1101,4.5,1\n")
    for asked in (files / "ratings.csv", files / "truth.qrels"), (files / "bob.run", files / "ratings.csv"):
        found = called(*asked)
        assert found.exit_code == 2
        assert "rating: call it score if predicted, relevance if people gave it" in found.output
        assert "no column" in found.output


def test_users_and_movies_are_people_and_items(files):
    (files / "liked.csv").write_text("userId,movieId,relevance,timestamp\np1,B1101,4.5,1\n")
    found = evaluate(read_run(files / "bob.run"), read_qrels(files / "liked.csv"), "p(rel=4)@1,mrr")
    assert found.table["value"].to_list() == [0.0, 0.5]


def test_what_was_dropped_or_assumed_of_the_run_compared_with_is_told_too(files, called):
    (files / "half.run").write_text("p1 Q0 B1101 1 2.5 half\n")
    found = called(files / "bob.run", files / "truth.qrels", "--compare", files / "half.run")
    assert found.exit_code == 0, found.output
    assert "1 judged queries without a list in half.run: evaluated as an empty list" in found.output
    assert "without a list:" not in found.output
