"""What is taken from the site: tables for people, the dictionary, the zip, the schema of the findings."""

import csv
import io
import json
import zipfile
from copy import deepcopy
from pathlib import Path

import jsonschema
import polars as pl
import pytest
from audited import BOB
from recorder import Invented

from bobanalysis.report import downloads
from bobanalysis.report.findings import UNITS
from bobanalysis.report.renderer import Content
from bobanalysis.report.words import vocabulary
from conftest import PUBLISHED

ROOT = Path(__file__).parents[2]
LABELS = {
    "departement_id": {"fr": "département", "en": "département"},
    "main_challenge": {"fr": "frein principal", "en": "main challenge"},
    "what": {"fr": "sens", "en": "direction"},
    "held": {"fr": "tenu", "en": "held"},
    "share": {"fr": "part", "en": "share"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The files made from one table with every sort of code, and from two findings of a range."""
    build = tmp_path_factory.mktemp("build")
    book = Invented("03_example", build=build, kind="modelled", vintage="2021", sources=("rome",))
    frame = pl.DataFrame(
        {
            "departement_id": ["01", "2A"],
            "main_challenge": ["stuck-market", "bravo"],
            "what": ["up", "down"],
            "held": ["true", "false"],
            "share": [0.125, None],
        }
    )
    names = {"what": {"up": {"fr": "monte", "en": "rises"}, "down": {"fr": "baisse", "en": "falls"}}}
    book.table("a.table", frame, title={"fr": "Une table", "en": "A table"}, columns=LABELS, names=names)
    said = {"unit": "share", "no_interval": "bounds", "label": {"fr": "Une part", "en": "A share"}}
    for end, value in (("", 0.25), ("_low", 0.125), ("_high", 0.5)):
        book.record(f"a.share{end}", value, n=1000, **said)
    return downloads.files(Content.read(build, BOB))


def test_the_french_table_has_a_mark_semicolons_decimal_commas_and_names_beside_codes(made):
    first, second, third = made["tables/fr/a.table.csv"].splitlines()
    assert first.startswith("\ufeffDépartement (code);Département;Frein principal (code);Frein principal;")
    assert second == "01;Ain (01);stuck-market;Marché bouché;up;monte;true;oui;0,125"
    assert third.endswith("down;baisse;false;non;")


def test_the_english_table_has_commas_decimal_points_and_english_names(made):
    _, second, _ = made["tables/en/a.table.csv"].splitlines()
    assert second.startswith("01,Ain (01),stuck-market,")
    assert second.endswith(",up,rises,true,yes,0.125")


def test_the_raw_table_is_what_was_recorded(made):
    assert made["tables/a.table.csv"].splitlines()[1] == "01,stuck-market,up,true,0.125"


def test_the_list_of_findings_gives_the_ends_of_a_range_and_what_is_counted(made):
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(made["findings.csv"]))}
    assert (rows["a.share"]["range_low"], rows["a.share"]["range_high"]) == ("0.125", "0.5")
    assert (rows["a.share"]["n"], rows["a.share"]["n_of"]) == ("1000", "people")
    french = made["tables/fr/findings.csv"].splitlines()
    assert "a.share;Une part;0,25;" in french[1]
    assert ";modélisé;" in french[1]
    assert ";sur 1\u202f000 personnes;2021;" in french[1]


def test_the_dictionary_tells_each_column_in_both_languages(made):
    rows = list(csv.DictReader(io.StringIO(made["dictionary.csv"])))
    assert [row["column"] for row in rows] == [*LABELS]
    last = rows[-1]
    assert (last["label_fr"], last["label_en"], last["unit"]) == ("part", "share", "share")
    assert (last["unit_fr"], last["unit_en"]) == ("part, de zéro à un", "share, from zero to one")


def test_each_unit_has_a_name_in_the_dictionary_and_in_the_schema():
    schema = json.loads((ROOT / "data" / "findings.schema.json").read_text("utf-8"))["$defs"]
    every = {*schema["column"]["properties"]["unit"]["enum"]}
    assert {*UNITS} <= {*vocabulary()["units"]} == every
    assert {name for name, unit in UNITS.items() if not unit.tables_only} == {*UNITS} & {
        *schema["finding"]["properties"]["unit"]["enum"]
    }


def test_no_id_stands_at_the_head_of_a_published_table_and_heads_differ():
    for id, table in json.loads((PUBLISHED / "findings.json").read_text("utf-8"))["tables"].items():
        for language in ("fr", "en"):
            labels = [column["label"][language] for column in table["columns"]]
            assert len({*labels}) == len(labels), (id, labels)
            assert not [label for label in labels if "_" in label], (id, labels)


def test_a_table_for_people_has_every_row(rendered):
    for id, table in json.loads((rendered / "findings.json").read_text("utf-8"))["tables"].items():
        for language, mark in (("fr", ";"), ("en", ",")):
            text = (rendered / "tables" / language / f"{id}.csv").read_text("utf-8")
            assert len([*csv.reader(io.StringIO(text), delimiter=mark)]) == table["rows"] + 1


def test_the_zip_holds_every_file_of_figures_and_is_the_same_each_time(rendered):
    texts = {"b.csv": "é\n", "a/c.csv": "1\n"}
    assert downloads.archive(texts) == downloads.archive(dict(reversed(texts.items())))
    with zipfile.ZipFile(rendered / downloads.ARCHIVE) as file:
        names = {*file.namelist()}
        assert file.read("bobanalysis/findings.csv") == (rendered / "findings.csv").read_bytes()
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    tables = {f"bobanalysis/{p.relative_to(rendered).as_posix()}" for p in rendered.glob("tables/**/*.csv")}
    assert tables <= names
    assert {"bobanalysis/dictionary.csv", "bobanalysis/findings.schema.json"} <= names


def test_the_published_findings_fit_their_schema_and_wrong_ones_do_not():
    schema = json.loads((ROOT / "data" / "findings.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))
    assert [error.message for error in check.iter_errors(published)][:3] == []
    for field, wrong in (
        ("kind", "guessed"),
        ("unit", "percent"),
        ("label", {"fr": "Part"}),
        ("interval", [1]),
    ):
        altered = deepcopy(published)
        altered["findings"]["age.changed_share"][field] = wrong
        assert not check.is_valid(altered), field


def test_the_page_of_downloads_is_small_and_names_units_and_files(pages, rendered):
    for language in ("fr", "en"):
        source = pages[f"{language}/data.html"].source
        assert len(source.encode()) < 500_000
        assert source.count('href="../tables/fr/') == len([*rendered.glob("tables/fr/*.csv")])
        assert 'href="../bobanalysis-data.zip"' in source
        assert f"<dd>{vocabulary()['units']['share'].get(language)}</dd>" in source
