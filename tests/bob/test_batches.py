"""People are scored batch by batch: the answers are those of one, whatever the format and the borders."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import polars as pl
import pytest
from typer.testing import CliRunner

from bobanalysis.algorithm import Result
from bobanalysis.audit.scoring import score_file
from bobanalysis.bob import DICTIONARY, Bob, InputError, Market
from bobanalysis.cli import app

BOB = Bob(Market.empty())
NOW = "2022-06-29T00:00:00"
BAD = [1, 7, 8, 14, 41]
"""Rows that are rejected: at both ends of the file, and on both sides of a border between batches of 7."""


def many():
    """Return 41 people who differ in what rules read; the age of some is none."""
    rows = range(1, 42)
    columns = {v.name: [v.default] * 41 for v in BOB.variables if v.group not in ("market", "job")}
    columns |= {
        "age": [300 if n in BAD else 16 + n for n in rows],
        "departement_id": [["01", "2A", "971"][n % 3] for n in rows],
        "rome_id": [["A1101", "D1202", "K1304", "M1607"][n % 4] for n in rows],
        "search_length": [float(n % 20) for n in rows],
        "frustration_motivation": [n % 5 == 0 for n in rows],
    }
    for name in ("project_kind", "has_clear_project", "highest_degree"):
        known = [c.number for c in DICTIONARY[name].choices]
        columns[name] = [known[n % len(known)] for n in rows]
    return pl.DataFrame({"person_id": [f"p{n}" for n in rows]} | columns)


def written(folder, ending):
    """Write the people in a format; in JSON lines each person is an object of inputs by name."""
    file = folder / f"people{ending}"
    write = {".csv": "write_csv", ".parquet": "write_parquet", ".jsonl": "write_ndjson"}[ending]
    getattr(many(), write)(file)
    return file


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_several_batches_give_the_answers_and_the_rejects_of_one(tmp_path, monkeypatch, ending):
    file, found = written(tmp_path, ending), {}
    for rows in (500_000, 28):
        monkeypatch.setattr("bobanalysis.validation.BATCH", rows)
        out, rejects, seen = tmp_path / f"{rows}.parquet", tmp_path / f"{rows}.csv", []
        score_file(file, out, BOB, now=NOW, keep=["age"], rejects=rejects, progress=seen.append)
        found[len(seen)] = pl.read_parquet(out), rejects.read_text(), seen[-1]
    (one, together), (several, apart) = found.items()
    assert one == 1 < several
    assert together[0].equals(apart[0])
    assert together[1:] == apart[1:]
    assert pl.read_csv(tmp_path / "28.csv")["row"].to_list() == BAD
    assert apart[0]["person_id"].to_list() == [f"p{n}" for n in range(1, 42) if n not in BAD]


def test_kept_columns_stand_beside_the_answers_of_the_same_person(tmp_path):
    file, out = written(tmp_path, ".csv"), tmp_path / "out.parquet"
    done = CliRunner().invoke(
        app, ["score", str(file), "--output", str(out), "--keep", "age, departement_id"]
    )
    assert done.exit_code == 0, done.output
    kept = many().filter(~pl.col("age").is_in([300])).select("person_id", "age", "departement_id")
    assert pl.read_parquet(out).select("person_id", "age", "departement_id").rows() == kept.rows()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("departement", r"no column 'departement' \(did you mean 'departement_id'\?\)"),
        ("person_id", "column 'person_id' is one of the answers already"),
    ],
)
def test_a_column_that_cannot_be_kept_is_named_and_the_last_output_stays(tmp_path, name, message):
    out = tmp_path / "out.csv"
    out.write_text("the last good output")
    with pytest.raises(InputError, match=message):
        score_file(written(tmp_path, ".parquet"), out, BOB, now=NOW, keep=[name])
    assert [out.read_text(), sorted(f.name for f in tmp_path.iterdir())] == [
        "the last good output",
        ["out.csv", "people.parquet"],
    ]


def test_answers_of_two_batches_are_computed_at_the_same_time():
    both = Barrier(2, timeout=20)

    def answer():
        both.wait()  # breaks where one waits for the other to end
        return pl.DataFrame()

    with ThreadPoolExecutor(2) as threads:
        results = [Result(pl.DataFrame(), answer) for _ in range(2)]
        assert all(frame.is_empty() for frame in threads.map(lambda result: result.answers, results))
