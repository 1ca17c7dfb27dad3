"""`bobanalysis data` lists, shows, fetches and checks, and fails with a clear line."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from bobanalysis.cli import app
from bobanalysis.data import folder


def run(*words: object) -> Any:
    """Run the command `bobanalysis data`."""
    return CliRunner().invoke(app, ["data", *map(str, words)])


def test_list_names_every_source_and_says_which_are_shipped():
    result = run("list")
    assert result.exit_code == 0
    assert "market_rome_bassin_2021" in result.output
    assert "restricted" in result.output


def test_show_prints_columns_quirks_and_first_rows():
    result = run("show", "population_dep_sex_age5")
    assert result.exit_code == 0
    assert "17,901" in result.output
    assert "no network needed" in result.output


def test_show_of_an_unknown_id_suggests_the_nearest_and_exits_with_1():
    result = run("show", "rome_fap")
    assert result.exit_code == 1
    assert "did you mean rome_fap2009" in result.stderr


def test_check_says_that_everything_holds_without_a_network():
    result = run("check")
    assert result.exit_code == 0
    assert "no network was used" in result.output


def test_check_exits_with_1_and_a_line_for_each_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(folder(), tmp_path / "data")
    monkeypatch.setenv("BOBANALYSIS_DATA", str(tmp_path / "data"))
    (tmp_path / "data/reference/departements_tiles.csv").write_text("dep,row,col\n01,0,0\n")
    (tmp_path / "data/reference/market_rome_bassin_2021.csv.gz").write_bytes(b"\x1f\x8b")
    result = run("check")
    assert result.exit_code == 1
    assert "FAILED  departements_tiles" in result.stderr
    assert "FAILED  market_rome_bassin_2021" in result.stderr
    assert "ok      rome: 532 rows" in result.stdout


def dares(path: Path, value: str) -> Path:
    header = "Date;Code commune;Type de données;Catégorie;Sexe;Tranche d'âge;Nombre de demandeurs d'emploi"
    path.write_text(f"{header}\n2024-T4;1001;Brutes;ABC;Total;Total;{value}\n", encoding="utf-8")
    return path


def test_fetch_reads_a_given_file_and_writes_the_tidy_table(tmp_path: Path):
    raw, out = dares(tmp_path / "defm.csv", "65"), tmp_path / "out.parquet"
    result = run("fetch", "dares_communes", "--path", str(raw), "--output", str(out))
    assert result.exit_code == 0, result.output
    assert pl.read_parquet(out)["dep"].to_list() == ["01"]


def test_fetch_of_a_file_with_problems_prints_them_and_exits_with_1(tmp_path: Path):
    result = run("fetch", "dares_communes", "--path", str(dares(tmp_path / "defm.csv", "five")))
    assert result.exit_code == 1
    assert "row 2, column jobseekers: 'five' is not a number" in result.stderr


def test_fetch_never_overwrites_the_file_that_it_reads(tmp_path: Path):
    raw = dares(tmp_path / "defm.csv", "65")
    result = run("fetch", "dares_communes", "--path", str(raw), "--output", str(raw))
    assert result.exit_code == 1
    assert "would overwrite the input" in result.stderr
    assert raw.read_text(encoding="utf-8").endswith("65\n")


@pytest.mark.parametrize("identifier", ["dares_communes", "rome"])
def test_fetch_of_a_given_file_that_is_not_there_is_refused(tmp_path: Path, identifier: str):
    result = run("fetch", identifier, "--path", tmp_path / "nowhere.csv")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_fetch_tells_that_its_table_cannot_be_written(tmp_path: Path):
    raw, out = dares(tmp_path / "defm.csv", "65"), tmp_path / "out.csv"
    out.mkdir()
    result = run("fetch", "dares_communes", "--path", raw, "--output", out)
    assert result.exit_code == 1
    assert f"Is a directory: '{out}'" in result.stderr


def test_fetch_of_a_restricted_source_says_who_may_have_it():
    result = run("fetch", "fhs")
    assert result.exit_code == 1
    assert "researchers with an agreement" in result.stderr
