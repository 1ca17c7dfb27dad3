"""The loaders read files in the layout of the official ones, with their quirks, and say what is wrong."""

import zipfile
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from bobanalysis.data import DataError, official
from bobanalysis.data.bands import AGE5

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
    assert official.dares_communes(path).problems == ()


def test_gironde_must_come_to_its_published_total(tmp_path: Path):
    row = dares_row("33063", "Total", "Total", "{}")
    wrong = official.dares_communes(dares_file(tmp_path / "a.csv", row.format("150000")))
    right = official.dares_communes(dares_file(tmp_path / "b.csv", row.format("142600")))
    assert "142,570 were published" in wrong.problems[0]
    assert right.problems == ()


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


def test_a_truncated_zip_is_named_with_what_to_do(tmp_path: Path):
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.csv", "x;y\n1;2\n")
    path = tmp_path / "cut.zip"
    path.write_bytes(whole.read_bytes()[:40])
    with pytest.raises(DataError, match=r"cut\.zip"):
        official.insee_eec(path)


def test_departement_statistics_say_which_columns_differ(tmp_path: Path):
    path = tmp_path / "d.csv"
    path.write_text(
        "date;code_departement;categorie;sexe;tranche_d_age;value;nouveau\n"
        "2024-01;1;A;Total;Total;100;x\n"
        "2024-01;Total France;A;Total;Total;900;x\n"
        "2024-01;2A;A;Total;Total;*;x\n"
    )
    loaded = official.dares_departements(path)
    assert loaded.frame["dep"].to_list() == ["01", "2A"]
    assert loaded.frame["jobseekers"].to_list() == [100, None]
    assert any("nouveau" in note for note in loaded.notes)
    assert any("anciennete" in note for note in loaded.notes)


# ---- hiring needs

BMO_2025 = [
    "annee",
    "Code métier BMO",
    "Nom métier BMO",
    "Famille_met",
    "Lbl_fam_met",
    "REG",
    "NOM_REG",
    "Dept",
]
BMO_2025 += ["NomDept", "BE25", "NOMBE25", "met", "xmet", "smet"]


def bmo_row(year: object, *figures: object, dep: object = "01") -> list[object]:
    return [
        year,
        "A0X40",
        "Agriculteurs",
        "A",
        "Agriculture",
        84,
        "ARA",
        dep,
        "Ain",
        "8401",
        "BOURG",
        *figures,
    ]


def test_hiring_needs_of_2025_are_found_in_their_sheet_and_an_asterisk_is_missing(tmp_path: Path):
    rows = [BMO_2025, bmo_row(2025, "10", "*", "0"), bmo_row(2025, "*", "*", "*", dep=1)]
    path = book(tmp_path / "bmo.xlsx", Description_des_variables=[["annee"]], BMO_2025_open_data=rows)
    frame = official.bmo(path).frame
    assert frame["projects"].to_list() == [10, None]
    assert frame["hard"].to_list() == [None, None]
    assert frame["seasonal"].to_list() == [0, None]
    assert frame["dep"].to_list() == ["01", "01"]
    assert frame["nomenclature"].unique().to_list() == ["FAP2021"]


def test_hiring_needs_of_2019_have_other_headers(tmp_path: Path):
    header = ["annee", "code métier BMO", "nom_metier BMO", "Famille_metier", "Libellé de famille de métier"]
    header += ["REG", "NOM_REG", "Dept", "NomDept", "BE19", "NOMBE19", "met", "xmet", "smet"]
    path = book(tmp_path / "bmo.xlsx", BMO_2019=[header, bmo_row(2019, 2_690_000, "1,5", "-")])
    loaded = official.bmo(path)
    assert loaded.frame.row(0)[-3:] == (2_690_000, 1.5, None)
    assert loaded.frame["nomenclature"].to_list() == ["FAP2009"]
    assert loaded.problems == ()


def test_a_space_after_a_header_of_2017_costs_nothing_and_the_known_sum_is_checked(tmp_path: Path):
    header = [*BMO_2025[:-3], "met ", "xmet", "smet "]
    right = book(tmp_path / "a.xlsx", BMO=[header, bmo_row(2017, 1_976_268, 5, 5)])
    wrong = book(tmp_path / "b.xlsx", BMO=[header, bmo_row(2017, 1_976_269, 5, 5)])
    assert official.bmo(right).problems == ()
    assert "must be 1,976,268" in official.bmo(wrong).problems[0]


def test_more_hard_projects_than_projects_are_reported(tmp_path: Path):
    path = book(tmp_path / "bmo.xlsx", BMO=[BMO_2025, bmo_row(2026, 10, 20, 0)])
    assert any("more hard projects than projects" in p for p in official.bmo(path).problems)


def test_a_workbook_without_the_expected_sheet_names_those_it_has(tmp_path: Path):
    with pytest.raises(DataError, match="it has Nothing"):
        official.bmo(book(tmp_path / "bmo.xlsx", Nothing=[["a"]]))


def test_a_workbook_is_read_by_its_content_and_not_by_its_suffix(tmp_path: Path):
    path = book(tmp_path / "x.xlsx", BMO=[BMO_2025, bmo_row(2026, 10, 2, 0)])
    assert official.bmo(path.rename(tmp_path / "HTFile.ashx")).frame.height == 1


def test_tension_keeps_the_level_of_each_sheet(tmp_path: Path):
    top = ["annee", "code_fap_228", "libelle_fap_228"]
    end = ["tension", "intensité d'embauches"]
    path = book(
        tmp_path / "tension.xlsx",
        Lisez_moi=[["Tensions"]],
        Départements=[[*top, "code_departement", *end], [2024, "A0X40", "x", 1, "1,25", "*"]],
        Régions=[[*top, "code_region", *end], [2024, "A0X40", "x", 1, 0.5, 3]],
        France=[[*top, *end], [2024, "A0X40", "x", -0.1, 3]],
    )
    loaded = official.tensions(path)
    places = {(r["area_level"], r["area"]): r["tension"] for r in loaded.frame.iter_rows(named=True)}
    assert places == {("departement", "01"): 1.25, ("region", "01"): 0.5, ("country", "FR"): -0.1}
    assert loaded.frame.filter(pl.col("area_level") == "departement")["intensite_d_embauches"].to_list() == [
        None
    ]
    assert "Lisez_moi" in loaded.notes[0]


# ---- INSEE


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
    loaded = official.insee_population(path, departements=["01", "971"])
    assert loaded.problems == ()
    assert loaded.frame["population"].sum() == 200
    assert loaded.frame["dep"].unique().sort().to_list() == ["01", "971"]
    assert loaded.frame["age_band"].unique().sort().cast(pl.String).to_list() == list(AGE5)


def test_an_altered_total_of_the_sexes_is_reported_with_its_place_and_band(tmp_path: Path):
    line = insee_line("19")
    line[2 + 13] = 1
    loaded = official.insee_population(insee_book(tmp_path / "p.xlsx", [line]), departements=["19"])
    assert loaded.problems == ("p.xlsx: sheet 2021, 19, 65-69: Ensemble is 1, men plus women 5",)
    assert loaded.frame.filter(pl.col("age_band") == "65-69")["population"].sum() == 5


def test_an_alteration_that_is_known_is_not_reported_again(tmp_path: Path):
    line = insee_line("19")
    line[2 + 13] = 1
    known = {("2021", "19", "65-69"): (1, 5)}
    path = insee_book(tmp_path / "p.xlsx", [line])
    assert official.insee_population(path, departements=["19"], altered=known).problems == ()


def test_a_departement_without_a_row_is_reported(tmp_path: Path):
    loaded = official.insee_population(
        insee_book(tmp_path / "p.xlsx", [insee_line("01")]), departements=["01", "02"]
    )
    assert "no row for 02" in loaded.problems[0]


def test_unemployment_rates_are_read_below_their_notes(tmp_path: Path):
    rows = [["Taux"], ["note"], [], ["Code", "Libellé", "T2_2025", "T3_2025"]]
    rows += [[f"{i:02}", "Nom", 7.1, "8,2"] for i in range(1, 96) if i != 20] + [
        ["2A", "x", 5, 6],
        ["2B", "x", 5, None],
    ]
    path = book(tmp_path / "sl.xlsx", **{"Département": [*rows, ["Source : Insee"]]})
    loaded = official.insee_unemployment_rate(path)
    assert loaded.problems == ()
    assert loaded.frame.filter(pl.col("dep") == "01").rows() == [
        ("01", "2025-T2", 7.1),
        ("01", "2025-T3", 8.2),
    ]
    assert loaded.frame.filter(pl.col("dep") == "2B")["rate_pct"].to_list() == [5, None]


def test_the_census_is_summed_from_communes_to_departements(tmp_path: Path):
    head = "CODGEO;P22_ACT1524;P22_ACT2554;P22_ACT5564;P22_CHOM1524;P22_CHOM2554;P22_CHOM5564"
    path = tmp_path / "census.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta_base.csv", "x;y\n" * 500)
        archive.writestr(
            "base.csv", f"{head}\n01001;10.5;20;5;1;2;0\n01002;1.5;1;1;0;0;1\n97101;4;4;4;1;1;1\n"
        )
    frame = official.insee_census_unemployment(path).frame
    young = frame.filter(pl.col("age_band") == "15-24")
    assert young.rows() == [(2022, "01", "15-24", 12.0, 1.0), (2022, "971", "15-24", 4.0, 1.0)]


def test_the_labour_force_survey_is_weighted_and_averaged_over_quarters(tmp_path: Path):
    path = tmp_path / "eec.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "FD_EEC.csv",
            "ANNEE;TRIM;SEXE;AGE6;ACTEU;DIP11;EXTRIAN\n2023;1;2;50;2;41;100,5\n2023;2;2;50;2;41;99,5\n",
        )
    frame = official.insee_eec(path).frame
    assert frame.rows() == [("2023", "F", "50", "unemployed", "41", 100.0, 2)]


# ---- jobs


def test_a_job_group_that_the_list_forgets_is_added_without_a_name_and_noted(tmp_path: Path):
    path = tmp_path / "rome.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "unix_referentiel_code_rome_v347_utf8.csv", '"code_rome","libelle_rome"\n"A1101","Conduite"\n'
        )
        archive.writestr(
            "unix_referentiel_appellation_v347_utf8.csv",
            '"code_ogr","code_rome"\n"1","A1101"\n"2","L1510"\n"3","L1510"\n',
        )
    loaded = official.rome(path)
    assert loaded.frame.rows() == [("A1101", "Conduite", 1), ("L1510", None, 2)]
    assert "L1510" in loaded.notes[0]


def test_a_market_without_offers_is_zero_and_an_unknown_market_is_missing(tmp_path: Path):
    path = tmp_path / "imt.csv"
    path.write_text(
        "AREA_TYPE_CODE,AREA_CODE,ROME_PROFESSION_CARD_CODE,TENSION_RATIO\nD,1,A1101,0\nD,2A,A1101,\nR,84,A1101,3\n"
    )
    rows = official.imt(path).frame.rows()
    assert rows == [
        ("departement", "01", "A1101", 0),
        ("departement", "2A", "A1101", None),
        ("region", "84", "A1101", 3),
    ]


def test_a_source_without_a_loader_names_those_with_one(tmp_path: Path):
    with pytest.raises(DataError, match=r"departements has no loader; those with one: bmo"):
        official.load("departements", path=tmp_path)
