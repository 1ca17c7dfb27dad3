"""The population is made of men and women, and cells that disagree are reported."""

from pathlib import Path

import polars as pl
from openpyxl import Workbook

from tools.derive.tables import AGE5, insee_population


def book(path: Path, **sheets: list[list[object]]) -> Path:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        page = workbook.create_sheet(name.replace("__", " "))
        for row in rows:
            page.append(row)
    workbook.save(path)
    return path


def insee_line(dep: object, men: int = 2, women: int = 3) -> list[object]:
    block = [[n] * 20 + [20 * n] for n in (men + women, men, women)]
    return [dep, "Nom", *block[0], *block[1], *block[2]]


def insee_book(path: Path, lines: list[list[object]]) -> Path:
    head = [["Estimation"], ["Année 2021"], [], ["Départements", None, "Ensemble"], [None, None, "0 à 4 ans"]]
    return book(
        path, **{"À__savoir": [["note"]], "2021": [*head, *lines, ["France", None], ["Source : Insee"]]}
    )


def test_population_is_made_of_men_and_women_and_overseas_codes_may_be_numbers(tmp_path: Path):
    path = insee_book(tmp_path / "pop.xlsx", [insee_line("01"), insee_line(971)])
    loaded = insee_population(path, departements=["01", "971"])
    assert loaded.problems == []
    assert loaded.frame["population"].sum() == 200
    assert loaded.frame["dep"].unique().sort().to_list() == ["01", "971"]
    assert loaded.frame["age_band"].unique().sort().cast(pl.String).to_list() == list(AGE5)


def test_an_altered_total_of_the_sexes_is_reported_with_its_place_and_band(tmp_path: Path):
    line = insee_line("19")
    line[2 + 13] = 1
    loaded = insee_population(insee_book(tmp_path / "p.xlsx", [line]), departements=["19"])
    assert loaded.problems == ["p.xlsx: sheet 2021, 19, 65-69: Ensemble is 1, men plus women 5"]
    assert loaded.frame.filter(pl.col("age_band") == "65-69")["population"].sum() == 5


def test_an_alteration_that_is_known_is_not_reported_again(tmp_path: Path):
    line = insee_line("19")
    line[2 + 13] = 1
    known = {("2021", "19", "65-69"): (1, 5)}
    path = insee_book(tmp_path / "p.xlsx", [line])
    assert insee_population(path, departements=["19"], altered=known).problems == []


def test_a_departement_without_a_row_is_reported(tmp_path: Path):
    loaded = insee_population(insee_book(tmp_path / "p.xlsx", [insee_line("01")]), departements=["01", "02"])
    assert "no row for 02" in loaded.problems[0]
