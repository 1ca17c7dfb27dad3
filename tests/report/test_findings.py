import io
import json

import pandas as pd
import polars as pl
import pytest

from bobanalysis.report.findings import FindingError, Notebook, described, merge
from conftest import PUBLISHED

MADE = {"unit": "share", "kind": "by construction", "vintage": "2021"}
TEXT = {"fr": "Un titre", "en": "A title"}


@pytest.fixture
def book(tmp_path):
    return Notebook("03_example", build=tmp_path)


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
        Notebook("03_example", build=tmp_path).record("a.b", value=1 / 3 + noise, **MADE)
        files.append((tmp_path / "findings" / "03_example.json").read_bytes())
    assert files[0] == files[1]


def test_minus_zero_is_stored_as_zero(book):
    assert str(book.record("a.b", value=-0.0, **MADE)) == "0.0"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "0.5"])
def test_what_is_not_a_finite_number_is_refused(book, value):
    with pytest.raises(FindingError, match=r"03_example|cannot be stored|not a number"):
        book.record("a.b", value=value, **MADE)


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
    with pytest.raises(FindingError, match="by construction, modelled, observed"):
        book.record("a.b", value=0.5, **{**MADE, "kind": "exact"})
    with pytest.raises(FindingError, match="points"):
        book.record("a.b", value=0.5, **{**MADE, "unit": "percent"})


def test_the_same_id_twice_in_a_notebook_is_refused(book):
    book.record("a.b", value=0.5, **MADE)
    with pytest.raises(FindingError, match="already used"):
        book.record("a.b", value=0.6, **MADE)


def test_the_same_id_in_two_notebooks_is_an_error_that_names_both(book, tmp_path):
    book.record("a.b", value=0.5, **MADE)
    Notebook("04_other", build=tmp_path).record("a.b", value=0.5, **MADE)
    with pytest.raises(FindingError, match=r"'a\.b'.*03_example and 04_other"):
        merge(tmp_path)


def test_a_notebook_without_a_record_is_named(book, tmp_path):
    with pytest.raises(FindingError, match="04_other"):
        merge(tmp_path, notebooks=["03_example", "04_other"])


def test_a_notebook_that_is_not_asked_for_is_left_out(book, tmp_path):
    Notebook("02_gone", build=tmp_path).record("old.value", value=0.5, **MADE)
    assert "old.value" not in merge(tmp_path, notebooks=["03_example"])["findings"]


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
        table(Notebook("03_example", build=tmp_path), frame)
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
    Notebook("03_example", build=tmp_path)
    assert not (tmp_path / "tables" / "a.table.csv").exists()


def test_a_damaged_record_is_named_with_what_to_do(book, tmp_path):
    (tmp_path / "findings" / "03_example.json").write_text('{"findings": ')
    with pytest.raises(FindingError, match=r"03_example\.json is damaged.*execute notebook 03_example again"):
        merge(tmp_path)


def test_merged_findings_are_sorted_so_that_files_do_not_depend_on_the_order_of_recording(tmp_path):
    for order in (("b.x", "a.y"), ("a.y", "b.x")):
        book = Notebook("03_example", build=tmp_path)
        for id in order:
            book.record(id, value=0.5, **MADE)
        assert list(merge(tmp_path)["findings"]) == ["a.y", "b.x"]
    json.dumps(merge(tmp_path), allow_nan=False)


def test_what_a_finding_is_comes_from_the_file_where_its_notebook_does_not_say(tmp_path):
    book = Notebook("04_eval", build=tmp_path)
    book.record("eval.bob_jobs.of_three_places", value=0.4, **MADE)
    found = merge(tmp_path)["findings"]["eval.bob_jobs.of_three_places"]
    assert found["label"]["en"].startswith("Bob’s close jobs, as kept for everybody: linked jobs")
    assert "does not say whether anyone found a job" in found["note"]["en"]


def test_every_description_of_a_finding_is_a_text_without_numbers_in_both_languages():
    assert all(set(texts["label"]) == {"fr", "en"} for texts in described().values())


def test_false_alarms_are_published_only_from_many_data_sets():
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))["findings"]
    assert all(f["n"] >= 400 for id, f in published.items() if "alarm" in id)
