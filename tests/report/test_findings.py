import io
import json
import re

import pandas as pd
import polars as pl
import pytest
from recorder import Invented

from bobanalysis.report.findings import FindingError, Notebook, merge
from conftest import PUBLISHED, ROOT

MADE = {"unit": "share", "kind": "by construction", "vintage": "2021"}
TEXT = {"fr": "Un titre", "en": "A title"}


@pytest.fixture
def book(tmp_path):
    return Invented("03_example", build=tmp_path)


def table(book, frame, id="a.table", **more):
    options = {
        "title": TEXT,
        "columns": dict.fromkeys(frame.columns, TEXT),
        "kind": "modelled",
        "vintage": "2021",
    }
    book.table(id, frame, **{**options, **more})


def test_a_finding_recorded_is_found_again_after_merging(book, tmp_path):
    book.record("a.b", value=0.25, interval=(0.2, 0.3), n=400, **{**MADE, "kind": "modelled"})
    found = merge(tmp_path)["findings"]["a.b"]
    assert (found["value"], found["interval"], found["n"], found["notebook"]) == (
        0.25,
        [0.2, 0.3],
        400,
        "03_example",
    )


def test_numbers_that_differ_in_the_tenth_digit_are_stored_alike(tmp_path):
    files = []
    for noise in (0, 1e-11):
        Invented("03_example", build=tmp_path).record("a.b", value=1 / 3 + noise, **MADE)
        files.append((tmp_path / "findings" / "03_example.json").read_bytes())
    assert files[0] == files[1]


def test_minus_zero_is_stored_as_zero(book):
    assert str(book.record("a.b", value=-0.0, **MADE)) == "0.0"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "0.5"])
def test_what_is_not_a_finite_number_is_refused(book, value):
    with pytest.raises(FindingError, match=r"03_example|cannot be stored|not a number"):
        book.record("a.b", value=value, **MADE)


def test_ids_are_lower_case_words_with_dots():
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))
    for id in (*published["findings"], *published["tables"]):
        assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+", id)


def test_a_percentage_given_for_a_share_is_refused_with_a_hint(book):
    with pytest.raises(FindingError, match=r"notebook 03_example, finding 'a\.b'.*divide per cent"):
        book.record("a.b", value=12.5, **MADE)


def test_an_estimate_without_interval_needs_a_reason(book):
    with pytest.raises(FindingError, match="no_interval"):
        book.record("a.b", value=0.5, **{**MADE, "kind": "modelled"})
    book.record("a.b", value=0.5, no_interval="bounds", **{**MADE, "kind": "modelled"})


def test_an_interval_that_does_not_hold_its_value_is_refused(book):
    with pytest.raises(FindingError, match="outside its interval"):
        book.record("a.b", value=0.5, interval=(0.6, 0.7), **MADE)


def test_a_kind_or_a_unit_that_does_not_exist_is_refused_with_the_known_ones(book):
    with pytest.raises(FindingError, match="by construction, modelled, observed, derived"):
        book.record("a.b", value=0.5, **{**MADE, "kind": "exact"})
    with pytest.raises(FindingError, match="points"):
        book.record("a.b", value=0.5, **{**MADE, "unit": "percent"})


def test_the_same_id_twice_in_a_notebook_is_refused(book):
    book.record("a.b", value=0.5, **MADE)
    with pytest.raises(FindingError, match="already used"):
        book.record("a.b", value=0.6, **MADE)


def test_the_same_id_in_two_notebooks_is_an_error_that_names_both(book, tmp_path):
    book.record("a.b", value=0.5, **MADE)
    Invented("04_other", build=tmp_path).record("a.b", value=0.5, **MADE)
    with pytest.raises(FindingError, match=r"'a\.b'.*03_example and 04_other"):
        merge(tmp_path)


def test_a_source_that_is_not_in_the_registry_is_refused(book):
    with pytest.raises(FindingError, match=r"no_such_source not in data/sources\.yaml"):
        book.record("a.b", value=0.5, sources=["no_such_source"], **MADE)


def test_a_number_typed_in_a_text_is_refused_but_a_year_is_not(book):
    with pytest.raises(FindingError, match="the number '58'"):
        book.record(
            "a.b", value=0.5, note={"fr": "Soit 58 sur cent", "en": "That is 58 in a hundred"}, **MADE
        )
    book.record("a.b", value=0.5, note={"fr": "Données de 2021", "en": "Data of 2021"}, **MADE)


def test_a_text_in_one_language_only_is_refused(book):
    with pytest.raises(FindingError, match="both languages"):
        book.record("a.b", value=0.5, label={"en": "Only English"}, **MADE)


def test_polars_and_pandas_tables_are_written_alike(tmp_path):
    rows = {"dep": ["01", "2A"], "share": [0.5, None], "n": [3, 4]}
    written = []
    for frame in (pl.DataFrame(rows), pd.DataFrame(rows)):
        table(Invented("03_example", build=tmp_path), frame)
        written.append((tmp_path / "tables" / "a.table.csv").read_text())
    assert written[0] == written[1] == "dep,share,n\n01,0.5,3\n2A,,4\n"


def test_unknown_in_a_table_stays_empty_and_is_never_zero(book, tmp_path):
    table(book, pl.DataFrame({"dep": ["01", "02", "03"], "share": [0.0, None, float("nan")]}))
    written = (tmp_path / "tables" / "a.table.csv").read_text()
    assert pl.read_csv(io.StringIO(written))["share"].to_list() == [0, None, None]


def test_a_column_of_decimals_without_a_unit_is_named(book):
    with pytest.raises(FindingError, match="column 'gap' holds decimal numbers"):
        table(book, pl.DataFrame({"gap": [0.5]}))


def test_a_column_without_a_label_is_named(book):
    with pytest.raises(FindingError, match=r"missing \['share'\]"):
        book.table(
            "a.table", pl.DataFrame({"share": [0.5]}), title=TEXT, columns={}, kind="modelled", vintage="2021"
        )


def test_a_table_changed_after_it_was_recorded_is_noticed(book, tmp_path):
    table(book, pl.DataFrame({"share": [0.5]}))
    (tmp_path / "tables" / "a.table.csv").write_text("share\n0.6\n")
    with pytest.raises(FindingError, match="execute 03_example again"):
        merge(tmp_path)


def test_a_new_run_of_a_notebook_forgets_the_tables_of_the_last(book, tmp_path):
    table(book, pl.DataFrame({"share": [0.5]}))
    Invented("03_example", build=tmp_path)
    assert not (tmp_path / "tables" / "a.table.csv").exists()


def test_a_damaged_record_is_named_with_what_to_do(book, tmp_path):
    (tmp_path / "findings" / "03_example.json").write_text('{"findings": ')
    with pytest.raises(FindingError, match=r"03_example\.json is damaged.*execute notebook 03_example again"):
        merge(tmp_path)


def test_merged_findings_are_sorted_so_that_files_do_not_depend_on_the_order_of_recording(tmp_path):
    for order in (("b.x", "a.y"), ("a.y", "b.x")):
        book = Invented("03_example", build=tmp_path)
        for id in order:
            book.record(id, value=0.5, **MADE)
        assert list(merge(tmp_path)["findings"]) == ["a.y", "b.x"]
    json.dumps(merge(tmp_path), allow_nan=False)


DESCRIBED = """
about: {kind: modelled, vintage: "2021", sources: [rome]}
words:
  end: {"": {fr: "", en: ""}, _low: {fr: ", au plus bas", en: ", lowest"}}
texts: {level: {fr: "Selon le niveau.", en: "By level."}}
findings:
  "age.changed{end}": {unit: share, no_interval: bounds, label: {fr: "Changé{end}", en: "Changed{end}"}}
tables:
  age.steps: {title: {fr: Marches, en: Steps}, caveats: level, columns: {age: {fr: âge, en: age}}}
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A notebook whose records are described in a data folder of its own."""
    (tmp_path / "data" / "findings").mkdir(parents=True)
    (tmp_path / "data" / "sources.yaml").symlink_to(ROOT / "data" / "sources.yaml")
    (tmp_path / "data" / "findings" / "05_own.yaml").write_text(DESCRIBED, encoding="utf-8")
    monkeypatch.setenv("BOBANALYSIS_DATA", str(tmp_path / "data"))
    return Notebook("05_own", build=tmp_path / "build")


def test_unit_kind_sources_and_words_of_a_record_come_from_its_description(own, tmp_path):
    own.record("age.changed_low", 0.2, n=10)
    own.record("age.changed", 0.3)
    own.table("age.steps", pl.DataFrame({"age": [30]}))
    found = merge(tmp_path / "build")
    finding = found["findings"]["age.changed_low"]
    assert (finding["unit"], finding["kind"], finding["no_interval"]) == ("share", "modelled", "bounds")
    assert (finding["sources"], finding["label"]) == (
        ["rome"],
        {"fr": "Changé, au plus bas", "en": "Changed, lowest"},
    )
    assert found["tables"]["age.steps"]["caveats"]["en"] == "By level."


def test_a_record_that_is_not_described_is_refused_with_the_file_to_add_it_to(own):
    with pytest.raises(FindingError, match=r"data/findings/05_own\.yaml does not describe it"):
        own.record("age.other", 0.2)


def test_a_description_that_nobody_records_is_refused(own, tmp_path):
    own.record("age.changed", 0.3)
    with pytest.raises(FindingError, match=r"describes age\.steps; 05_own records none"):
        merge(tmp_path / "build")


def test_a_number_is_recorded_with_the_ends_of_its_range(book, tmp_path):
    book.defaults = MADE
    book.over("a.b", 0.3, 0.1, 0.5)
    values = {id: f["value"] for id, f in merge(tmp_path)["findings"].items()}
    assert values == {"a.b": 0.3, "a.b_high": 0.5, "a.b_low": 0.1}


def test_what_a_choice_lacks_counts_as_said_in_a_range():
    frames = {
        "one": pl.DataFrame({"item": ["a", "b"], "share": [0.2, 0.4]}),
        "two": pl.DataFrame({"item": ["b", "c"], "share": [0.5, 0.1]}),
    }
    rows = Notebook.ranges(frames, ["item"], default="one", missing=0).rows()
    assert rows == [("a", 0.2, 0.0, 0.2), ("b", 0.4, 0.4, 0.5)]


def test_a_notebook_shows_a_table_with_names_and_per_cent(book):
    frame = pl.DataFrame({"departement_id": ["23", "976"], "share": [0.125, None]})
    names = {"departement_id": {"fr": "Lieu", "en": "Place"}, "share": {"fr": "Part", "en": "Share"}}
    shown = book.table("a.b", frame, title=TEXT, columns=names, kind="modelled", vintage="2021")
    html = shown._repr_html_()
    assert "<th>Place</th><th>Share</th>" in html
    assert "<td>Creuse (23)</td><td>12.5%</td>" in html
    assert "<td>Mayotte (976)</td><td>no data</td>" in html


def test_charts_of_a_notebook_are_images_that_need_no_network(book):
    import altair as alt

    assert alt.renderers.active == "svg"


def test_false_alarms_are_published_only_from_many_data_sets():
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))["findings"]
    assert all(f["n"] >= 400 for id, f in published.items() if "alarm" in id)


def test_a_finding_says_what_its_number_counts_unless_these_are_people(book):
    book.record("a.people", 0.5, n=10, **MADE)
    book.record("a.rows", 0.5, n=10, n_of="rows", **MADE)
    book.record("a.none", 0.5, n_of="rows", **MADE)
    found = json.loads(book._path.read_text("utf-8"))["findings"]
    assert [found[id].get("n_of") for id in ("a.people", "a.rows", "a.none")] == [None, "rows", None]


def test_a_share_of_people_drawn_has_the_interval_of_the_draw(book, tmp_path):
    book.defaults = MADE
    book.record("a.b", 0.5, n=200, design_effect=2)
    book.record("a.c", 1.0, n=100, design_effect=1)
    found = merge(tmp_path)["findings"]
    # Wilson's interval of 50 of 100 people, and of 100 of 100
    assert found["a.b"]["interval"] == pytest.approx([0.403832, 0.596168], abs=1e-6)
    assert found["a.c"]["interval"] == pytest.approx([0.963006, 1.0], abs=1e-5)
    assert found["a.b"]["no_interval"] is None
