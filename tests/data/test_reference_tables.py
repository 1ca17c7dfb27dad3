"""The shipped tables hold what they say, and a damaged one is named without hiding the others."""

import gzip
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from bobanalysis.data import DataError, check, folder, registry, sources, table
from bobanalysis.tables import InputError
from bobanalysis.text import Text


def in_order(labels: list[str]) -> bool:
    """Say whether age or duration labels stand in rising order of their lower bounds."""
    bounds = [int(label.rstrip("+").split("-")[0]) for label in labels]
    return bounds == sorted(bounds) and len(set(bounds)) == len(bounds)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data folder that a test may damage."""
    copied = tmp_path / "data"
    shutil.copytree(folder(), copied)
    monkeypatch.setenv("BOBANALYSIS_DATA", str(copied))
    return copied


def problems(identifier: str) -> str:
    return " ".join(check([identifier])[0].problems)


def test_every_shipped_table_passes_every_check():
    assert {report.id: report.problems for report in check()} == {report.id: () for report in check()}
    assert sum(report.done for report in check()) > 100


def test_what_is_shipped_stays_under_three_megabytes():
    assert sum(p.stat().st_size for p in (folder() / "reference").iterdir()) < 3_000_000


def test_population_of_2021_is_the_published_total_and_the_altered_cell_is_right():
    people = table("population_dep_sex_age5").filter(pl.col("year") == 2021)
    assert people["population"].sum() == 67_407_241
    altered = people.filter(pl.col("dep") == "19", pl.col("age_band") == "65-69")
    assert altered["population"].sum() == 17_901
    assert people["dep"].n_unique() == 101


def test_every_band_sorts_by_age_or_duration_and_not_by_the_alphabet():
    seen = 0
    for source in sources().values():
        for column in source.columns.values():
            if column.name.startswith(("age_band", "duration")) and column.order:
                assert in_order(list(column.order)), (source.id, column.name)
                values = table(source.id)[column.name].drop_nulls().unique().sort().cast(pl.String).to_list()
                assert in_order(values), (source.id, column.name)
                seen += 1
    assert seen >= 5


def test_alphabetical_order_of_bands_is_recognised_as_wrong():
    assert not in_order(sorted(["5-9", "10-14", "15-19"]))


def test_rome_has_532_groups_with_the_one_that_the_list_of_codes_forgets():
    assert table("rome").filter(pl.col("rome") == "L1510")["name"].to_list() == [
        "Films d’animation et effets spéciaux"
    ]


def test_mayotte_has_no_market_figure_rather_than_a_zero():
    market = table("market_rome_bassin_2021").join(table("bassin_dep_share"), on="bassin", how="left")
    assert "976" not in market["dep"].to_list()
    assert "976" not in table("unemployment_rate_dep")["dep"].to_list()
    assert "976" in table("bassin_dep_share")["dep"].to_list()


def test_a_missing_tension_class_stays_missing():
    classes = table("tension_fap_area_2019")["tension_class"]
    assert classes.null_count() == 13_891
    assert classes.min() == 1


def test_a_table_can_be_changed_without_changing_the_next_one():
    first = table("departements")
    first[0, "name"] = "changed"
    assert table("departements")["name"][0] == "Ain"


def test_an_unknown_id_suggests_the_nearest():
    with pytest.raises(DataError, match="did you mean departements"):
        table("departments")


def test_an_official_file_that_is_not_shipped_says_what_serves_instead():
    with pytest.raises(DataError, match=r"not shipped.*tension_fap_area_2019"):
        table("tensions")


def test_a_changed_figure_is_found_by_checksum_and_by_its_total(copy: Path):
    path = copy / "reference/bob_users_dep_2017.csv"
    path.write_text(path.read_text().replace("10,790", "10,791"))
    assert "sha256" in problems("bob_users_dep_2017")
    assert "sum of users is 113,405, must be 113,404" in problems("bob_users_dep_2017")


def test_a_truncated_file_is_named_and_the_others_are_still_checked(copy: Path):
    path = copy / "reference/market_rome_bassin_2021.csv.gz"
    path.write_bytes(path.read_bytes()[:5000])
    reports = {report.id: report for report in check()}
    assert "truncated" in reports["market_rome_bassin_2021"].problems[0]
    assert str(path) in reports["market_rome_bassin_2021"].problems[0]
    assert "git checkout" in reports["market_rome_bassin_2021"].problems[0]
    assert [r.id for r in reports.values() if r.problems] == ["market_rome_bassin_2021"]


def test_a_file_that_is_no_gzip_is_called_damaged(copy: Path):
    (copy / "reference/population_dep_sex_age5.csv.gz").write_bytes(b"not gzip at all")
    with pytest.raises(DataError, match="damaged"):
        table("population_dep_sex_age5")


def test_a_missing_file_is_named_and_a_table_that_refers_to_it_says_so(copy: Path):
    (copy / "reference/rome.csv").unlink()
    reports = {report.id: " ".join(report.problems) for report in check()}
    assert "missing" in reports["rome"]
    assert "cannot compare with rome" in reports["market_rome_bassin_2021"]
    assert reports["departements"] == ""


def test_a_missing_column_is_named_with_those_that_are_there(copy: Path):
    path = copy / "reference/rome.csv"
    path.write_text(path.read_text().replace("rome,name", "rome,label", 1))
    with pytest.raises(DataError, match="no column name; it has rome, label"):
        table("rome")


def test_a_value_of_the_wrong_type_is_named_with_row_and_column(copy: Path):
    path = copy / "reference/bob_users_dep_2017.csv"
    path.write_text(path.read_text().replace("01,", "01,many", 1))
    with pytest.raises(DataError, match=r"row 2, column users: 'many\d+' is not of type integer"):
        table("bob_users_dep_2017")


def test_a_label_that_is_not_in_the_order_is_named(copy: Path):
    path = copy / "reference/jobseekers_fap87_age_2020.csv"
    path.write_text(path.read_text().replace("A0Z,15-24", "A0Z,< 25", 1))
    with pytest.raises(DataError, match="column age_band: '< 25' is not one of 15-24, 25-29"):
        table("jobseekers_fap87_age_2020")


def test_a_file_that_nothing_registers_is_reported(copy: Path):
    (copy / "reference/extra.csv").write_text("a\n1\n")
    assert "extra.csv: not in sources.yaml" in check()[-1].problems[0]


def test_the_checksum_is_of_the_content_and_not_of_its_compression(copy: Path):
    path = copy / "reference/population_dep_sex_age5.csv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1))
    assert problems("population_dep_sex_age5") == ""


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "    producer: Insee (Code officiel géographique)\n",
            "",
            "'departements': field 'producer' is missing",
        ),
        (
            "type: label, order: [metropolitan, overseas]",
            "type: label",
            "'departements', columns, zone: a label column",
        ),
        ("    rows: 532", "    rows: many", "'rome', rows: 'many' is not a whole number"),
        ("    keys: [rome]", "    keys: [romme]", "keys: 'romme' is not a column"),
        (
            "Carte en tuiles des départements, en:",
            "Carte, de:",
            "'departements_tiles', title: unknown field 'de'",
        ),
        (
            '    vintage: "version 3.47"',
            "    vintag: v347",
            "unknown field 'vintag' (did you mean 'vintage'?)",
        ),
        (
            "    access: account",
            "    access: secret",
            "'market_api', access: 'secret' is not one of 'download'",
        ),
    ],
)
def test_a_mistake_in_the_registry_names_file_entry_and_field(
    copy: Path, before: str, after: str, message: str
):
    path = copy / "sources.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(InputError) as caught:
        sources()
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_a_check_that_does_not_exist_is_named(copy: Path):
    path = copy / "sources.yaml"
    path.write_text(
        path.read_text().replace("- distinct: {column: region, equals: 18}", "- sums: {column: region}")
    )
    assert "field checks: 'sums' is none of total" in problems("departements")


def test_every_source_says_where_it_comes_from_in_both_languages():
    for source in sources().values():
        own = source.producer.en.startswith("bobanalysis")
        assert own or source.landing.startswith("https://"), source.id
        assert source.title.fr != source.title.en, source.id
        assert not source.table or (source.reached and source.checks), source.id
        told = [source.title, source.producer, source.vintage, source.licence, *source.quirks]
        for text in [*told, *source.columns.values()]:
            assert "'" not in text.fr, (source.id, text.fr)
            assert not re.search(r" [;:?!»%]|« |\d \d{3}", text.fr), (source.id, text.fr)


def test_what_an_official_source_says_is_shipped_is_shipped():
    for source in sources().values():
        for name in source.shipped_as:
            assert registry.source(name).table, (source.id, name)


def test_the_folder_is_the_one_asked_for_else_that_of_the_project_else_the_copy_in_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert registry.folder() == Path(__file__).parents[2] / "data"
    monkeypatch.setenv("BOBANALYSIS_DATA", str(tmp_path))
    assert registry.folder() == tmp_path
    monkeypatch.delenv("BOBANALYSIS_DATA")
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "site-packages/bobanalysis/data/registry.py"))
    assert registry.folder() == tmp_path / "site-packages/bobanalysis/_data"


def test_a_text_written_once_is_the_same_in_both_languages(copy: Path):
    assert registry.source("rome").licence == Text("Licence Ouverte 2.0", "Licence Ouverte 2.0")
    assert registry.source("bmo").vintage.fr != registry.source("bmo").vintage.en
