"""The loaders read files in the layout of the official ones, with their quirks, and say what is wrong."""

from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from bobanalysis.data import DataError, official

DARES_HEADER = (
    "Date;Code région;Région;Code département;Département;Code commune;Commune;"
    "Type de données;Catégorie;Sexe;Tranche d'âge;Nombre de demandeurs d'emploi"
)


def dares_row(commune: str, sex: str, age: str, value: str, date: str = "2024-T4") -> str:
    return f"{date};84;ARA;01;Ain;{commune};Nom;Brut;ABC;{sex};{age};{value}"


def dares_file(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([DARES_HEADER, *rows]) + "\n", encoding="utf-8-sig")
    return path


def book(path: Path, **sheets: list[list[object]]) -> Path:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        page = workbook.create_sheet(name.replace("__", " "))
        for row in rows:
            page.append(row)
    workbook.save(path)
    return path


# ---- job seekers


def test_job_seekers_by_commune_are_read_with_a_byte_order_mark_and_a_hidden_figure_is_missing(
    tmp_path: Path,
):
    path = dares_file(
        tmp_path / "defm.csv",
        dares_row("01001", "Total", "Total", "65"),
        dares_row("01001", "Hommes", "Total", "*"),
        dares_row("01001", "Total", "Moins de 25 ans", "10"),
    )
    loaded = official.dares_communes(path)
    hidden = loaded.frame.filter(pl.col("sex") == "M")["jobseekers"].to_list()
    assert hidden == [None]
    assert loaded.frame["quarter"].unique().to_list() == ["2024-T4"]
    assert loaded.frame["dep"].unique().to_list() == ["01"]
    assert not loaded.problems


def test_paris_by_arrondissement_and_rows_of_totals_are_left_out(tmp_path: Path):
    rows = [
        dares_row(c, "Total", "Total", "5") for c in ("75056", "75101", "69381", "13216", "13119", "Total")
    ]
    loaded = official.dares_communes(dares_file(tmp_path / "defm.csv", *rows))
    assert loaded.frame["commune"].to_list() == ["13119", "75056"]


def test_overseas_communes_have_a_departement_of_three_characters(tmp_path: Path):
    loaded = official.dares_communes(
        dares_file(tmp_path / "d.csv", dares_row("97411", "Total", "Total", "5"))
    )
    assert loaded.frame["dep"].to_list() == ["974"]


def test_sexes_that_do_not_add_up_to_their_total_are_reported(tmp_path: Path):
    path = dares_file(
        tmp_path / "defm.csv",
        dares_row("01001", "Total", "Total", "100"),
        dares_row("01001", "Hommes", "Total", "30"),
        dares_row("01001", "Femmes", "Total", "40"),
    )
    assert "sex: F + M is not total in 1 groups" in official.dares_communes(path).problems[0]


def test_rounding_to_five_is_not_reported_as_a_wrong_sum(tmp_path: Path):
    path = dares_file(
        tmp_path / "defm.csv",
        dares_row("01001", "Total", "Total", "100"),
        dares_row("01001", "Hommes", "Total", "45"),
        dares_row("01001", "Femmes", "Total", "50"),
    )
    assert official.dares_communes(path).problems == []


def test_gironde_must_come_to_its_published_total(tmp_path: Path):
    row = dares_row("33063", "Total", "Total", "{}")
    wrong = official.dares_communes(dares_file(tmp_path / "a.csv", row.format("150000")))
    right = official.dares_communes(dares_file(tmp_path / "b.csv", row.format("142600")))
    assert "Gironde: 150,000, others printed 142,570" in wrong.problems[0]
    assert right.problems == []


def test_a_cell_that_is_no_number_is_named_and_the_other_rows_are_kept(tmp_path: Path):
    path = dares_file(
        tmp_path / "defm.csv",
        dares_row("01001", "Total", "Total", "10"),
        dares_row("01002", "Total", "Total", "abc"),
    )
    loaded = official.dares_communes(path)
    assert loaded.frame["jobseekers"].to_list() == [10, None]
    assert "defm.csv: row 3, column jobseekers: 'abc' is not a number" in loaded.problems[0]


def test_a_missing_column_stops_the_loader_and_is_named(tmp_path: Path):
    path = tmp_path / "defm.csv"
    path.write_text("Date;Sexe\n2024-T4;Total\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no column commune .*; it has date, sexe"):
        official.dares_communes(path)


# ---- INSEE


def rate_rows(*figures: object) -> list[list[object]]:
    rows: list[list[object]] = [["Taux"], ["note"], [], ["Code", "Libellé", "T2_2025", "T3_2025"]]
    rows += [[f"{i:02}", "Nom", *figures] for i in range(1, 96) if i != 20]
    return [*rows, ["2A", "x", 5, 6], ["2B", "x", 5, None], ["Source : Insee"]]


def test_unemployment_rates_are_read_below_their_notes(tmp_path: Path):
    loaded = official.insee_unemployment_rate(book(tmp_path / "sl.xlsx", Département=rate_rows(7.1, "8,2")))
    assert loaded.problems == []
    assert loaded.frame.filter(pl.col("dep") == "01").rows() == [
        ("01", "2025-T2", 7.1),
        ("01", "2025-T3", 8.2),
    ]
    assert loaded.frame.filter(pl.col("dep") == "2B")["rate_pct"].to_list() == [5, None]


@pytest.mark.parametrize("rows", [[], [["Code", "Nom"]], [["Nom", "T3_2025"]]])
def test_a_sheet_without_its_headers_is_refused(tmp_path: Path, rows: list[list[object]]):
    with pytest.raises(DataError, match="sheet Département: no columns Code and such as T3_2025"):
        official.insee_unemployment_rate(book(tmp_path / "sl.xlsx", Département=rows))


def test_a_workbook_without_the_expected_sheet_names_those_it_has(tmp_path: Path):
    with pytest.raises(DataError, match="no sheet 'Département'; it has Nothing"):
        official.insee_unemployment_rate(book(tmp_path / "sl.xlsx", Nothing=[["a"]]))


def test_a_workbook_is_read_by_its_content_and_not_by_its_suffix(tmp_path: Path):
    path = book(tmp_path / "x.xlsx", Département=rate_rows(1, 2)).rename(tmp_path / "HTFile.ashx")
    assert official.insee_unemployment_rate(path).frame.height == 192


def test_a_truncated_workbook_is_named_with_what_to_do(tmp_path: Path):
    path = book(tmp_path / "cut.xlsx", Département=rate_rows(1, 2))
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(DataError, match=r"cut\.xlsx: not a whole workbook .* --refresh"):
        official.insee_unemployment_rate(path)
