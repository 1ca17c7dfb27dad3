"""Work in parts gives what one process gives, whatever fails and whichever worker is killed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from operator import add
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis import population
from bobanalysis.algorithms import load
from bobanalysis.audit.scoring import score_file, score_parts
from bobanalysis.cluster import folder
from bobanalysis.cluster.folder import parts_folder
from bobanalysis.cluster.workers import Workers
from bobanalysis.evaluation import EvaluationError, evaluate, read_qrels, read_run
from bobanalysis.evaluation.summary import measured
from bobanalysis.fairness.audit import audit_file
from bobanalysis.population.build import write_parts
from bobanalysis.tables import InputError, Part, open_table, parts, read_table

ROOT = Path(__file__).parents[2]
NOW = "2022-06-29T00:00:00"
DIAGNOSIS = partial(load, "bob", only_diagnosis=True)
WRONG = 700
ONE = [Part(Path("people.parquet"))]
COMMAND = [sys.executable, "-c", "from bobanalysis.cli import app; app()"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """One file of people, one of them of an age that nobody has, and the same in a folder of four."""
    folder = tmp_path_factory.mktemp("people")
    number = pl.int_range(pl.len())
    frame = population.modelled(1_000).frame.with_columns(
        age=pl.when(number == WRONG).then(-7).otherwise("age"), told=number % 3 == 0, points=number * 0.25
    )
    frame.write_parquet(folder / "people.parquet")
    (folder / "parts").mkdir()
    for at in range(4):
        frame[at * 250 : at * 250 + 250].write_parquet(folder / "parts" / f"{at}.parquet")
    return folder


@pytest.fixture(scope="module")
def alone(people):
    """What one process makes of the file: totals and answers."""
    out = people / "alone.parquet"
    return score_file(people / "people.parquet", out, DIAGNOSIS(), now=NOW), pl.read_parquet(out)


def tables(audit):
    """Every table of an audit."""
    return {f"{entry.name} {name}": table for entry in audit.entries for name, table in entry.tables.items()}


def rows(part):
    """Return the rows of a part; the second cannot be read."""
    if part.number == 1:
        raise ValueError("bad\nluck")
    return [part.number]


def test_a_folder_is_read_as_one_table(people):
    assert read_table(people / "parts").equals(read_table(people / "people.parquet"))


def test_tables_of_a_folder_that_differ_are_refused_by_name(tmp_path):
    pl.DataFrame({"a": [1], "b": [2]}).write_csv(tmp_path / "one.csv")
    pl.DataFrame({"a": [1], "c": [2]}).write_csv(tmp_path / "two.csv")
    with pytest.raises(InputError, match=r"two\.csv and .*one\.csv differ in column 'b'"):
        open_table(tmp_path)


def test_a_folder_without_a_table_is_refused(tmp_path):
    (tmp_path / "_notes.csv").write_text("not of the data")
    with pytest.raises(InputError, match="is a folder without a table"):
        parts(tmp_path)


def test_rows_of_a_part_bear_the_numbers_that_they_have_in_the_file(people):
    cut = parts(people / "people.parquet", 300)
    assert [(part.first, part.rows) for part in cut] == [(0, 300), (300, 300), (600, 300), (900, 100)]
    (batch,) = open_table(cut[3]).batches(["age"])
    assert (batch.rows[0], batch.rows[-1]) == (901, 1000)


def test_parts_are_put_together_in_their_order():
    five = [Part(Path("x"), number) for number in range(0, 10, 2)]
    seen = []
    assert Workers().combine(lambda part: [part.number], five, add, lambda *at: seen.append(at)) == [
        0,
        2,
        4,
        6,
        8,
    ]
    assert seen == [(at, 5) for at in range(1, 6)]


def test_a_part_that_fails_is_named_and_the_others_are_done():
    three, done = [Part(Path("x.parquet"), n, 10 * n, 10) for n in range(3)], []

    def work(part):
        done.append(part.number)
        return rows(part)

    with pytest.raises(InputError, match=r"1 of 3 parts failed.*: x\.parquet, rows 11 to 20: bad luck"):
        Workers().combine(work, three, add)
    assert done == [0, 1, 2]


def test_people_scored_in_parts_are_those_scored_at_once(people, alone, tmp_path):
    totals = score_parts(people / "parts", tmp_path / "out", DIAGNOSIS, now=NOW, rejects=tmp_path / "bad.csv")
    assert totals == alone[0]
    assert read_table(tmp_path / "out").equals(read_table(people / "alone.parquet"))
    assert (tmp_path / "bad.csv").read_text().splitlines()[1].startswith("2.parquet,201,age,-7,")


def test_a_run_after_one_that_failed_does_only_what_is_left(people, alone, tmp_path):
    source = shutil.copytree(people / "parts", tmp_path / "in")
    whole = (source / "1.parquet").read_bytes()
    (source / "1.parquet").write_bytes(whole[:1000])
    score = partial(score_parts, source, tmp_path / "out", DIAGNOSIS, now=NOW)
    with pytest.raises(InputError, match=r"1 of 4 parts failed, .*1\.parquet.* cut short"):
        score()
    before = {path.name: path.stat().st_ino for path in (tmp_path / "out.partial").glob("part-*")}
    (source / "1.parquet").write_bytes(whole)
    assert score() == alone[0]
    after = {path.name: path.stat().st_ino for path in (tmp_path / "out").iterdir()}
    assert before == {name: inode for name, inode in after.items() if name != "part-00001.parquet"}
    assert read_table(tmp_path / "out").equals(read_table(people / "alone.parquet"))


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def unread(path):
    path.write_text("{")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("part-00000.parquet", cut),
        ("part-00000.parquet", Path.unlink),
        ("_part-00000.parquet.json", cut),
        ("_part-00000.parquet.json", unread),
        ("_rejects-part-00002.parquet", cut),
        ("_asked.json", unread),
    ],
)
def test_kept_parts_that_were_damaged_are_made_again(people, alone, tmp_path, name, damage):
    source = shutil.copytree(people / "parts", tmp_path / "in")
    whole = (source / "1.parquet").read_bytes()
    (source / "1.parquet").write_bytes(whole[:1000])
    score = partial(score_parts, source, tmp_path / "out", DIAGNOSIS, now=NOW, rejects=tmp_path / "bad.csv")
    with pytest.raises(InputError, match="1 of 4 parts failed"):
        score()
    damage(tmp_path / "out.partial" / name)
    (source / "1.parquet").write_bytes(whole)
    assert score() == alone[0]
    assert read_table(tmp_path / "out").equals(read_table(people / "alone.parquet"))
    assert "2.parquet,201,age,-7," in (tmp_path / "bad.csv").read_text()


def test_kept_people_that_were_damaged_are_drawn_again(tmp_path, monkeypatch):
    monkeypatch.setattr("bobanalysis.population.build.BLOCKS", 1)
    write = partial(write_parts, tmp_path / "people", 70_000)
    with monkeypatch.context() as patch:
        patch.setattr("bobanalysis.cluster.folder.exchange", stopped)
        with pytest.raises(KeyboardInterrupt):
            write()
    cut(tmp_path / "people.partial" / "part-00001.parquet")
    write()
    assert pl.read_parquet(tmp_path / "people/*").equals(population.modelled(70_000).frame)


def stopped(*at, **_):
    """Stop where a folder takes its name, or loses its first file that is no part."""
    if len(at) != 1 or at[0].parent.name == "out":
        raise KeyboardInterrupt


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("step", ["exchange", "Path.unlink"])
def test_a_run_stopped_at_the_very_end_leaves_a_whole_folder_and_the_next_one_completes(
    tmp_path, monkeypatch, step, before
):
    def run(text, path=tmp_path / "out"):
        with parts_folder(path, ONE, {"text": text}) as folder:
            (folder / "part-00000.parquet").write_text(text)

    def there():
        return (tmp_path / "out" / "part-00000.parquet").read_text()

    if before:
        run("old")
    with monkeypatch.context() as patch:
        patch.setattr(f"bobanalysis.cluster.folder.{step}", stopped)
        with pytest.raises(KeyboardInterrupt):
            run("new")
    if before or step == "Path.unlink":
        assert there() == ("old" if step == "exchange" else "new")
    run("newest")
    assert there() == "newest"
    assert {path.name for path in tmp_path.rglob("*")} == {"out", "part-00000.parquet"}


@pytest.mark.parametrize("left", [[], ["part-00000.parquet"], [".part-00000.parquet.host.1.part"]])
def test_a_run_killed_before_its_lock_or_after_its_end_does_not_stop_the_next(tmp_path, left):
    (tmp_path / "out.partial").mkdir()
    for name in left:
        (tmp_path / "out.partial" / name).write_text("old")
    with parts_folder(tmp_path / "out", ONE, {}) as folder:
        assert [path.name for path in folder.iterdir() if path.name in left] == []
        (folder / "part-00000.parquet").write_text("new")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["part-00000.parquet"]


@pytest.mark.parametrize(
    ("next_question", "code", "there"),
    [({"now": 1}, "old", True), ({"now": 2}, "old", False), ({"now": 1}, "new", False)],
)
def test_only_the_same_question_to_the_same_code_finds_the_parts_of_the_last_run(
    tmp_path, monkeypatch, next_question, code, there
):
    monkeypatch.setattr("bobanalysis.cluster.folder._code", lambda: "old")
    with parts_folder(tmp_path / "out", ONE, {"now": 1}) as folder:
        (folder / "part-00000.parquet").write_text("done")
        shutil.copytree(folder, tmp_path / "kept")  # as a run leaves it that was stopped here
    (tmp_path / "kept").rename(tmp_path / "out.partial")
    monkeypatch.setattr("bobanalysis.cluster.folder._code", lambda: code)
    with parts_folder(tmp_path / "out", ONE, next_question) as folder:
        assert (folder / "part-00000.parquet").exists() is there


@pytest.mark.parametrize("name", ["rules.py", "words.yaml"])
def test_the_code_that_made_the_parts_is_known_by_what_its_files_hold(tmp_path, monkeypatch, name):
    monkeypatch.setattr(folder, "__file__", str(tmp_path / "cluster" / "folder.py"))
    (tmp_path / name).write_text("1")
    before = folder._code.__wrapped__()
    (tmp_path / name).write_text("2")
    assert folder._code.__wrapped__() != before


def test_parts_made_with_other_figures_are_made_again(people, tmp_path, monkeypatch):
    figures = shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.setenv("BOBANALYSIS_DATA", str(figures))
    source = shutil.copytree(people / "parts", tmp_path / "in")
    (source / "3.parquet").write_bytes(b"PAR1 broken")
    made = []
    for _ in range(2):
        with pytest.raises(InputError, match="1 of 4 parts failed"):
            score_parts(source, tmp_path / "out", DIAGNOSIS, now=NOW)
        made.append((tmp_path / "out.partial" / "part-00000.parquet").stat().st_mtime_ns)
        with (figures / "reference" / "everyday_jobs.csv").open("a") as file:
            file.write("\n")
    assert made[0] != made[1]


def test_a_folder_of_other_things_is_never_replaced(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("precious")
    with (
        pytest.raises(InputError, match="holds other things than parts"),
        parts_folder(tmp_path / "thesis", ONE, {}),
    ):
        pass
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "precious"


@pytest.mark.parametrize("score", [None, "points"])
def test_an_audit_of_parts_is_that_of_the_whole(people, score):
    asked = {
        "by": ["gender", "age"],
        "cross": [["gender", "region_id"]],
        "prediction": "told",
        "score": score,
    }
    whole, cut = (audit_file(people / name, **asked) for name in ("people.parquet", "parts"))
    assert (whole.rows, whole.people) == (cut.rows, cut.people)
    assert all(table.equals(tables(cut)[name]) for name, table in tables(whole).items())


def test_too_many_distinct_scores_are_given_up_in_parts_as_in_the_whole(people, monkeypatch):
    monkeypatch.setattr("bobanalysis.fairness.reading.MOST_SCORES", 400)
    found = audit_file(people / "parts", by=["gender"], score="points")
    plain = audit_file(people / "parts", by=["gender"], prediction="told", score="points", outcome="told")
    means = found["gender"]["measures"].filter(metric="mean_score")["value"]
    held = (
        pl.read_parquet(people / "people.parquet")
        .group_by("gender")
        .agg(pl.col("points").mean())
        .sort("gender")
    )
    assert means.to_list() == pytest.approx(held["points"].to_list())
    assert "ranking" not in plain["gender"].tables


@pytest.mark.parametrize(("most", "there"), [(500, True), (499, False)])
@pytest.mark.parametrize("batch", [40, 200])
@pytest.mark.parametrize("form", ["file", "folder"])
def test_so_many_distinct_scores_are_kept_in_one_file_as_in_a_folder(
    tmp_path, monkeypatch, form, batch, most, there
):
    from bobanalysis import tables as readers

    monkeypatch.setattr("bobanalysis.fairness.reading.MOST_SCORES", most)
    monkeypatch.setattr(readers.Table.batches, "__defaults__", (None, batch))
    number = pl.int_range(1_200)
    frame = pl.select(g=number % 2, points=number % 500, told=number % 3 == 0)
    frame.write_parquet(tmp_path / "whole.parquet")
    (tmp_path / "parts").mkdir()
    for at in range(4):
        frame[at * 300 : at * 300 + 300].write_parquet(tmp_path / "parts" / f"{at}.parquet")
    path = tmp_path / ("parts" if form == "folder" else "whole.parquet")
    found = audit_file(path, by=["g"], score="points")
    assert ("impact" in found["g"].tables) is there
    assert any("Too many distinct scores" in note.en for note in found.notes) is not there


def test_a_population_in_parts_is_the_same_people(tmp_path, monkeypatch):
    monkeypatch.setattr("bobanalysis.population.build.BLOCKS", 1)
    write_parts(tmp_path / "people", 70_000)
    assert len([*(tmp_path / "people").iterdir()]) == 2
    population.write_parquet(tmp_path / "whole.parquet", 70_000)
    assert pl.read_parquet(tmp_path / "people/*").equals(pl.read_parquet(tmp_path / "whole.parquet"))


def test_rejected_people_of_a_folder_are_named_by_file_and_row_in_it(people, tmp_path):
    score_file(people / "parts", tmp_path / "out.parquet", DIAGNOSIS(), now=NOW, rejects=tmp_path / "bad.csv")
    assert (tmp_path / "bad.csv").read_text().splitlines()[1].startswith("2.parquet,201,age,-7,")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("file", "options", "told"),
    [
        ("nothere.csv", {}, "nothere.csv: no such file"),
        ("parts", {"make": partial(load, "bobb")}, "no algorithm is called 'bobb'.* mean 'bob'"),
        (
            "parts",
            {"keep": ["agee"]},
            r"^4 of 4 parts failed, the first: [^;]*no column 'agee' \([^;]*; it has",
        ),
    ],
)
def test_a_command_that_is_refused_leaves_nothing(people, tmp_path, file, options, told, workers):
    asked = {"make": DIAGNOSIS, "now": NOW, "workers": Workers(workers)} | options
    with pytest.raises(InputError, match=told):
        score_parts(people / file, tmp_path / "out", **asked)
    assert [*tmp_path.iterdir()] == []


def test_two_processes_give_what_one_gives(people, alone, tmp_path):
    totals = score_parts(people / "parts", tmp_path / "out", DIAGNOSIS, now=NOW, workers=Workers(2))
    assert totals == alone[0]
    assert read_table(tmp_path / "out").equals(read_table(people / "alone.parquet"))


def test_a_second_cluster_beside_another_is_no_matter(recwarn):
    three = [Part(Path("x"), number) for number in (0, 2, 4)]
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # another cluster stands there: all the better
            other.bind(("127.0.0.1", 8787))
            other.listen()
        assert Workers(1).combine(rows, three, add) == [0, 2, 4]
    assert [str(warning.message) for warning in recwarn if "8787" in str(warning.message)] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not limit open files")
def test_more_workers_than_files_may_be_open_are_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda kind: (40, 40))
    told = "--workers 2 needs 50 open files: `ulimit -n 50`"
    with pytest.raises(InputError, match=told):
        Workers(2).combine(rows, ONE * 2, add)


def test_nobody_at_the_address_of_a_scheduler_is_said(monkeypatch):
    monkeypatch.setattr("bobanalysis.cluster.workers.PATIENCE", 0.2)
    with pytest.raises(InputError, match=r"--scheduler tcp://127\.0\.0\.1:1: no worker answers"):
        Workers(scheduler="tcp://127.0.0.1:1").combine(rows, [Part(Path("x")), Part(Path("y"))], add)


def test_people_of_a_sample_are_units_of_their_own_in_whatever_part_they_are(people):
    asked = {"by": ["gender"], "prediction": "told", "strata": "region_id"}
    whole, cut = (audit_file(people / name, **asked) for name in ("people.parquet", "parts"))
    for name, table in tables(whole).items():
        assert_frame_equal(table, tables(cut)[name], rel_tol=1e-12)


def test_a_label_that_parts_hold_as_number_and_as_text_is_one_group(tmp_path):
    told = pl.Series([True, False] * 20)
    for at, labels in enumerate(([1.0, 2.0], [1, 2], ["1", "2"])):
        frame = pl.DataFrame({"group": labels * 20, "told": told})
        frame.write_parquet(tmp_path / f"{at}.parquet") if at else frame.write_ndjson(tmp_path / "0.jsonl")
    found = audit_file(tmp_path, by=["group"], prediction="told")["group"]["measures"].filter(metric="count")
    assert dict(found.select(pl.col("group").cast(pl.String), "n").rows()) == {"1": 60, "2": 60}


@pytest.mark.parametrize(
    ("output", "rejects"),
    [("parts", "bad.csv"), (".", "bad.csv"), ("out", "parts/1.parquet"), ("out", "out/b.csv")],
)
def test_nothing_that_is_read_is_written_over(people, tmp_path, output, rejects):
    folder = shutil.copytree(people / "parts", tmp_path / "desk" / "parts")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    out, bad = tmp_path / "desk" / output, tmp_path / "desk" / rejects
    with pytest.raises(InputError, match=r"would overwrite|would be within"):
        score_parts(folder, out, DIAGNOSIS, now=NOW, rejects=bad)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_of_somebody_else_that_is_called_partial_is_left(tmp_path):
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="is not of this command"), parts_folder(tmp_path / "out", ONE, {}):
        pass
    assert (tmp_path / "out.partial" / "thesis.txt").read_text() == "precious"


def test_a_second_run_to_the_same_folder_is_refused(tmp_path):
    with (
        parts_folder(tmp_path / "out", ONE, {}),
        pytest.raises(InputError, match="another run writes there"),
        parts_folder(tmp_path / "out", ONE, {}),
    ):
        pass


@pytest.mark.parametrize(("figures", "kept"), [("{}", True), ("{ }", False)])
def test_parts_made_from_an_older_market_are_made_again(people, tmp_path, figures, kept):
    market, source = tmp_path / "market", shutil.copytree(people / "parts", tmp_path / "in")
    market.mkdir()
    (market / "figures.json").write_text("{}")
    (source / "3.parquet").write_bytes(b"PAR1 broken")
    made = []
    for _ in range(2):
        with pytest.raises(InputError, match="1 of 4 parts failed"):
            score_parts(source, tmp_path / "out", DIAGNOSIS, now=NOW, reads=market)
        made.append((tmp_path / "out.partial" / "part-00000.parquet").stat().st_mtime_ns)
        if figures != "{}":
            (market / "figures.json").write_text(figures)
    assert (made[0] == made[1]) is kept


def test_a_part_without_a_record_is_told_and_no_good_row_is_lost(people, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    pl.read_parquet(people / "parts" / "0.parquet").write_ndjson(folder / "0.jsonl")
    (folder / "1.jsonl").write_text("")
    with pytest.raises(InputError, match=r"1\.jsonl"):
        score_file(folder, tmp_path / "out.parquet", DIAGNOSIS(), now=NOW)
    assert not (tmp_path / "out.parquet").exists()


# --- ranked lists -------------------------------------------------------------------------------------------


class Shares(Workers):
    """Shares one after another, in this process."""

    def __bool__(self):
        return False


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    """Lists of 200 people: ties, people whom nobody judged, judged people without a list, fields left empty.

    Whole (run.trec, run.csv, qrels.csv), and in folders whose files each hold rows of all people.
    """
    folder, rng = tmp_path_factory.mktemp("ranked"), np.random.default_rng(3)
    ids = [f"p{n}" for n in range(200)]
    run = pl.DataFrame({"query": np.repeat(ids, 6), "item": [f"i{n % 7}" for n in range(1200)]})
    run = run.with_columns(score=pl.Series(rng.integers(0, 4, 1200) / 3)).sample(
        fraction=1, shuffle=True, seed=1
    )
    judged = run.filter(pl.col("query") < "p9").select("query", "item").gather_every(2)
    more = pl.DataFrame({"query": [f"q{n}" for n in range(20)], "item": "i1"})
    qrels = pl.concat([judged, more]).with_columns(
        relevance=pl.Series(rng.integers(0, 3, judged.height + 20))
    )
    run = run.with_columns(score=pl.when(pl.int_range(pl.len()) % 100 > 0).then("score"))
    qrels = qrels.with_columns(relevance=pl.when(pl.int_range(pl.len()) % 50 > 0).then("relevance"))
    people = pl.DataFrame(
        {"query": ids, "sex": ["F", "M", "X", None] * 50, "age": [20 + n % 40 for n in range(200)]}
    )
    items = pl.DataFrame(
        {"item": [f"i{n}" for n in range(6)], "kind": list("aabbcc"), "popularity": range(1, 7)}
    )
    for name, frame in {"run": run, "qrels": qrels, "people": people, "items": items}.items():
        frame.write_csv(folder / f"{name}.csv")
    nobody = qrels[:3].with_columns(query=pl.lit(None, pl.String))
    for name, frame in {"runs": run, "judgements": pl.concat([qrels, nobody])}.items():
        (folder / name).mkdir()
        for at in range(3):
            frame[at::3].write_parquet(folder / name / f"{at}.parquet")
    known = (
        run.drop_nulls()
        .with_row_index("rank")
        .select("query", pl.lit("Q0"), "item", "rank", "score", tag=pl.lit("b"))
    )
    known.write_csv(folder / "run.trec", include_header=False, separator=" ")
    (folder / "trec").mkdir()
    for at in range(2):
        part = known[at * 600 : at * 600 + 600]
        part.write_csv(folder / "trec" / f"{at}.run", include_header=False, separator=" ")
    return folder


def evaluated(folder, run, qrels, *options):
    """The JSON of an evaluation, and what the command says."""
    words = [str(folder / run), str(folder / qrels), "--groups", str(folder / "people.csv"), "--by", "sex"]
    words += [
        "--by",
        "age",
        "--metrics",
        "ndcg@3,map,p@2,judged@5,hit_rate@1",
        "--output",
        str(folder / "r.json"),
    ]
    done = subprocess.run(
        [*COMMAND, "evaluate", *words, *options], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "r.json").read_text("utf-8")), done.stdout, done.stderr


@pytest.mark.slow
def test_lists_measured_by_two_processes_are_those_of_one_to_the_last_digit(ranked):
    alone, printed, told = evaluated(ranked, "runs", "judgements", "--compare", str(ranked / "run.csv"))
    both = evaluated(ranked, "runs", "judgements", "--compare", str(ranked / "run.csv"), "--workers", "2")
    assert both == (alone, printed, told)
    assert alone["tables"]["measures"][0]["n"] > 150
    assert {note["what"] for note in alone["notes"]} >= {
        "run rows dropped",
        "qrels rows dropped",
        "queries nobody judged",
        "judged queries without a list",
        "run rows with tied scores",
        "groups of people without lists or judgements",
        "queries where map is undefined",
    }


@pytest.mark.filterwarnings("ignore::bobanalysis.evaluation.EvaluationWarning")
def test_lists_of_two_processes_have_the_values_of_one(ranked):
    paths = (ranked / "runs", ranked / "judgements")
    lists = measured(*paths, Workers(2), metrics="ndcg@3,map", missing="zero", items=None)
    alone = evaluate(*read_lists(ranked, "runs", "judgements"), "ndcg@3,map")
    assert evaluate(lists, None, "ndcg@3,map").per_query.equals(alone.per_query)


@pytest.mark.filterwarnings("ignore::bobanalysis.evaluation.EvaluationWarning")
@pytest.mark.parametrize("undefined", ["null", "zero"])
@pytest.mark.parametrize("missing", ["zero", "skip"])
@pytest.mark.parametrize("count", [1, 3])
def test_shares_of_the_queries_add_up_to_all(ranked, missing, undefined, count):
    items, groups = pl.read_csv(ranked / "items.csv"), pl.read_csv(ranked / "people.csv")
    metrics = "ndcg@3,map,novelty@2,ild(mismatch)@3"
    asked = {"groups": groups, "by": ["sex", "age"], "undefined": undefined, "items": items}
    lists = measured(
        ranked / "runs", ranked / "judgements", Shares(count), metrics=metrics, missing=missing, items=items
    )
    cut = evaluate(lists, None, metrics, **asked)
    whole = evaluate(*read_lists(ranked, "runs", "judgements"), metrics, missing=missing, **asked)
    for name in ("table", "per_query", "gaps", "curves", "notes"):
        assert getattr(cut, name).equals(getattr(whole, name)), name


def read_lists(folder, run, qrels):
    return read_run(folder / run), read_qrels(folder / qrels)


@pytest.mark.filterwarnings("ignore::bobanalysis.evaluation.EvaluationWarning")
def test_a_folder_of_lists_is_read_as_one_run(ranked):
    order = ["query", "item", "score"]
    for listed, file in (("runs", "run.csv"), ("trec", "run.trec")):
        cut, whole = (read_run(ranked / name).select(order).sort(order) for name in (listed, file))
        assert cut.equals(whole)


def test_a_query_is_in_one_share_with_all_its_rows(ranked):
    for read, listed in ((read_run, "runs"), (read_qrels, "judgements")):
        shares = [read(ranked / listed, (number, 3)) for number in range(3)]
        assert sum(share.height for share in shares) == read(ranked / listed).height
        names = [name for share in shares for name in share["query"].unique()]
        assert len(names) == len({*names})
        assert min(share.height for share in shares) > 50


def test_what_is_wrong_with_lists_is_said_as_one_process_says_it(ranked, tmp_path):
    (tmp_path / "bad.run").write_text("p1 Q0 i1 1 0.5 b\np2 Q0 i1 1 high b\n")
    with pytest.raises(EvaluationError, match=r"bad\.run, line 2: the score 'high' is no number"):
        measured(
            tmp_path / "bad.run", ranked / "qrels.csv", Shares(2), metrics="map", missing="zero", items=None
        )


def test_a_few_queries_that_leave_a_share_empty_are_measured_all_the_same(tmp_path):
    pl.DataFrame({"query": ["a", "b"], "item": "x", "rank": 1}).write_csv(tmp_path / "run.csv")
    pl.DataFrame({"query": ["a", "b"], "item": "x", "relevance": 1}).write_csv(tmp_path / "qrels.csv")
    paths = (tmp_path / "run.csv", tmp_path / "qrels.csv")
    lists = measured(*paths, Shares(8), metrics="map", missing="zero", items=None)
    assert evaluate(lists, None, "map").per_query.rows() == [("a", 1.0), ("b", 1.0)]


def test_files_of_a_folder_of_lists_that_differ_are_refused_by_name(tmp_path):
    pl.DataFrame({"query": ["a"], "item": ["x"], "rank": [1]}).write_csv(tmp_path / "1.csv")
    pl.DataFrame({"query": ["b"], "item": ["x"], "score": [1]}).write_csv(tmp_path / "2.csv")
    with pytest.raises(EvaluationError, match=r"2\.csv has other columns than the files before it"):
        read_run(tmp_path)


@pytest.mark.slow
def test_measures_of_all_lists_together_are_those_of_one_process(ranked):
    more = ("--items", str(ranked / "items.csv"), "--item-group", "kind")
    metrics = ("--metrics", "coverage@2,gini@2,ndcg@3")
    alone = evaluated(ranked, "run.csv", "qrels.csv", *more, *metrics)
    assert evaluated(ranked, "run.csv", "qrels.csv", *more, *metrics, "--workers", "2") == alone


# --- stopped by its user ------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("workers", ["2", "0"])
def test_a_run_that_its_user_stops_says_in_a_sentence_what_is_kept_and_leaves_no_worker(tmp_path, workers):
    (tmp_path / "in").mkdir()
    frame = population.modelled(5_000).frame
    for at in range(60):
        frame.write_parquet(tmp_path / "in" / f"{at:02}.parquet")
    words = [*COMMAND, "score", "in", "--output", "out", "--workers", workers]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(words, cwd=tmp_path, start_new_session=True, **pipes)
    deadline = time.monotonic() + 60
    while not [*(tmp_path / "out.partial").glob("part-*")] and time.monotonic() < deadline:
        time.sleep(0.02)
    started = workers_of(process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it too
    said = process.communicate(timeout=60)
    kept = len([*(tmp_path / "out.partial").glob("part-*")])
    kept_there = f"stopped: {kept} of 60 parts are done and kept in {tmp_path}/out.partial"
    assert (process.returncode, *said) == (130, "", f"{kept_there}; to go on, give the same command\n")
    assert [pid for pid in started if Path(f"/proc/{pid}/cmdline").exists()] == []
    assert len(started) == int(workers)


def test_a_run_that_is_stopped_before_anything_is_done_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), parts_folder(tmp_path / "out", ONE, {}):
        raise KeyboardInterrupt
    assert [*tmp_path.iterdir()] == []


# --- killed workers -----------------------------------------------------------------------------------------


def workers_of(process):
    """Processes that a running command has started for the work, with the processor time of each."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            called = (stat.parent / "cmdline").read_text()
        except OSError:
            continue
        if (
            "spawn_main" in called
            and int(stat.parent.name) != process.pid
            and fields[3] == str(os.getsid(process.pid))
        ):
            found[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("done_before", [3, 15, 30])
def test_a_worker_killed_in_mid_run_is_survived(tmp_path, done_before):
    (tmp_path / "in").mkdir()
    frame = population.modelled(100_000).frame
    for at in range(40):
        frame[at * 2_500 : at * 2_500 + 2_500].write_parquet(tmp_path / "in" / f"{at:02}.parquet")
    words = ["score", "in", "--output", "out", "--workers", "2"]
    process = subprocess.Popen([*COMMAND, *words], cwd=tmp_path, start_new_session=True)
    busy, killed, deadline = {}, None, time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        now = workers_of(process)
        if killed is None and len([*(tmp_path / "out.partial").glob("part-*")]) >= done_before:
            killed = max(now, key=lambda pid: now[pid] - busy.get(pid, 0))
            os.kill(killed, signal.SIGKILL)
        busy |= now
        time.sleep(0.05)
    assert (process.returncode, killed is not None) == (0, True)
    hard_workers = [pid for pid, ticks in busy.items() if ticks > 0.3 * max(busy.values())]
    assert len(hard_workers) >= 2
    score_file(tmp_path / "in", tmp_path / "one.parquet", load("bob"), now=NOW)
    assert read_table(tmp_path / "out").equals(read_table(tmp_path / "one.parquet"))


@pytest.mark.slow
def test_a_poisoned_part_is_named_and_the_others_are_kept_for_the_next_run(tmp_path):
    (tmp_path / "in").mkdir()
    frame = population.modelled(4_000).frame
    for at in range(8):
        frame[at * 500 : at * 500 + 500].write_parquet(tmp_path / "in" / f"{at}.parquet")
    wrong = bytearray((tmp_path / "in" / "5.parquet").read_bytes())
    wrong[1000:3000] = bytes(2000)
    (tmp_path / "in" / "5.parquet").write_bytes(wrong)
    words = [*COMMAND, "score", "in", "--output", "out", "--workers", "2", "--only-diagnosis"]
    first = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert first.returncode == 1
    assert "1 of 8 parts failed" in first.stderr
    assert "5.parquet" in first.stderr
    assert "Traceback" not in first.stderr
    assert len([*(tmp_path / "out.partial").glob("part-*.parquet")]) == 7


@pytest.mark.slow
def test_the_commands_of_the_page_start_a_cluster_that_scores(tmp_path, people):
    page = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    lines = [line.strip().replace("8786", port) for line in page.splitlines() if "8786" in line]
    scheduler, worker, score = lines
    shutil.copytree(people / "parts", tmp_path / "build" / "people")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    options = {"cwd": tmp_path, "env": {**os.environ, "PATH": path}, "shell": True}
    elsewhere = {**options, "cwd": people}  # paths are those of the command, wherever workers stand
    started = [subprocess.Popen(f"exec env {line}", **elsewhere) for line in (scheduler, worker)]
    try:
        done = subprocess.run(score, **options, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert "read 1000 = scored 999 + rejected 1" in done.stdout
        assert len([*(tmp_path / "build" / "told").iterdir()]) == 4
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


@pytest.mark.slow
def test_the_first_commands_of_the_page_run_as_they_stand(tmp_path):
    page = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    commands = [
        line.strip()
        for line in page.splitlines()
        if line.startswith("    bobanalysis") and "8786" not in line
    ]
    assert len(commands) == 3
    for line in commands:
        words = line.replace("3000000", "4000").replace(" --workers 2", "").split()[1:]
        done = subprocess.run([*COMMAND, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
