"""Executed notebooks as pages, and the links between them and the figures they feed."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from audited import BOB, words
from invented_notebooks import CELLS
from reading_pages import Parsed

from bobanalysis.report import findings, notebook_pages
from bobanalysis.report.renderer import Content, Page, PageRenderer

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def page(pages):
    return pages["en/notebooks/05_age.html"]


def section(page, cell):
    return re.search(rf'<section class="cell" id="cell-{cell}">.*?</section>', page.source, re.S)[0]


def test_every_cell_stands_in_its_order_under_its_id(page):
    cells = [a["id"] for a in page.all("section") if a.get("class") == "cell"]
    assert cells == [f"cell-{id}" for id, _, _ in CELLS]


def test_words_are_shown_as_words(page):
    shown = section(page, "heading")
    assert "<em>paragraph</em> &amp; a list" in shown
    assert "<li>one</li>" in shown


def test_the_title_stands_once(page):
    assert page.source.count("<h1>") == 1
    assert "<h1>05 · Age, invented</h1>" in page.source


def test_code_is_folded_and_keeps_its_blank_lines(page):
    code = re.search(r"<details><summary>Code: 3 lines</summary>.*?</details>", section(page, "setup"), re.S)[
        0
    ]
    text = "".join(t for t, _ in Parsed(code).texts)
    assert "findings\n\nbook = " in text


def test_text_that_a_cell_printed_is_not_taken_for_markup(page):
    assert "<pre>&lt;b&gt;800&lt;/b&gt;" in section(page, "people")


def test_a_table_has_named_columns_no_style_and_may_scroll(page):
    shown = section(page, "changed")
    assert '<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">age</th>' in shown
    assert "<style" not in shown


def test_a_drawing_is_an_image_with_ids_of_its_own(page):
    shown = section(page, "chart")
    assert '<svg role="img" aria-label=' in shown
    assert 'id="chart-0-part0"' in shown
    assert "url(#chart-0-part0)" in shown
    assert "M0.1,1L2,3" in shown
    assert "alt.Chart" not in shown


def test_a_heavy_drawing_becomes_a_picture_that_is_lighter():
    look = 'xmlns="http://www.w3.org/2000/svg" width="40" height="20" viewBox="0 0 40 20"'
    drawn = f"<svg {look}>{'<g/>' * 50_000}</svg>"
    shown = notebook_pages._output({"data": {"image/svg+xml": drawn}}, "x")
    assert shown.startswith('<img alt="Chart made by the code above" width="40" src="data:image/png;base64,')
    assert len(shown) < len(drawn) / 10


def test_the_name_of_another_notebook_leads_to_it_only_where_it_is_a_page(page):
    shown = section(page, "title")
    assert "<code>03_diagnosis_by_age_and_place</code>" in shown  # not executed for this site
    assert "href" not in shown


@pytest.mark.parametrize(
    ("finding", "cell"),
    [
        ("advice_age.people", "people"),
        ("advice_age.changed_advice", "changed"),
        ("advice_age.changed", "tables"),
    ],
)
def test_a_finding_is_found_in_the_cell_that_recorded_it(finding, cell):
    cells = [nbformat.v4.new_code_cell(source, id=id) for id, source, made in CELLS if made is not None]
    assert findings.Book("05_age", cells).cell_of(finding) == cell


def test_a_figure_leads_to_the_cell_that_recorded_it_and_the_cell_leads_back(pages):
    for language in ("fr", "en"):
        note = re.search(
            r'<tr id="note-advice_age\.people".*?</tr>', pages[f"{language}/age.html"].source, re.S
        ) or re.search(
            r'<tr id="note-advice_age\.people".*?</tr>', pages[f"{language}/index.html"].source, re.S
        )
        assert '../en/notebooks/05_age.html#cell-people" hreflang="en"' in note[0]
    back = re.search(
        r'<li id="made-advice_age\.people"><a href="([^"]+)"', pages["en/notebooks/05_age.html"].source
    )
    file, anchor = back[1].split("#")
    target = pages[f"en/notebooks/{file}".replace("notebooks/../", "")]
    assert any(a.get("id") == anchor for _, a in target.elements)


def test_the_list_says_what_each_notebook_does_and_which_have_no_page(pages):
    for language, lacking in (("fr", "pas été exécuté"), ("en", "not executed")):
        page = pages[f"{language}/notebooks.html"]
        published = json.loads((ROOT / "reports" / "findings.json").read_text("utf-8"))["notebooks"]
        for name in published:
            entry = re.search(rf'<dt id="{name}"[^>]*>.*?</dd>', page.source, re.S)[0]
            executed = name in ("05_age", "06_place")
            assert (lacking in entry) != executed
            assert (f"en/notebooks/{name}.html" in entry) == executed


def test_the_french_list_says_that_notebooks_are_in_english_and_marks_their_titles(pages):
    page = pages["fr/notebooks.html"]
    assert "Ces pages sont en anglais" in page.source
    assert 'hreflang="en" lang="en">05 · Age, invented</a>' in page.source
    assert "Ces pages" not in pages["en/notebooks.html"].source


def test_the_french_of_a_notebook_is_the_list(pages):
    page = pages["en/notebooks/05_age.html"]
    assert [a["href"] for a in page.all("a") if a.get("hreflang") == "fr"] == ["../../fr/notebooks.html"]


def test_a_build_without_executed_copies_has_no_page_and_no_link(invented_build, tmp_path):
    content = Content.read(invented_build, algorithm=BOB)
    content.books.clear()
    assert not [p for p in notebook_pages.pages(content, "en") if p.slug.startswith("notebooks/")]
    shown = PageRenderer(content, words("fr"), Page("index", "x")).recorded_in("advice_age.people")
    assert shown == "<code>05_age</code>"


def test_every_notebook_is_described_in_both_languages():
    assert [*notebook_pages.ABOUT] == NOTEBOOKS
    assert all(text.fr and text.en for text in notebook_pages.ABOUT.values())


@pytest.mark.slow
def test_the_executed_notebooks_of_this_folder_are_pages_of_less_than_a_megabyte_without_paths(tmp_path):
    build = ROOT / "build"
    if not (build / "notebooks").exists():
        pytest.skip("no notebook was executed here; make reports")
    content = Content.read(build, algorithm=BOB)
    for page in notebook_pages.pages(content, "en"):
        text = PageRenderer(content, words("en"), page).html()
        assert len(text.encode()) < 1_000_000, page.slug
        assert str(ROOT) not in text, page.slug
        assert not re.search(r'src="(?!data:|(\.\./)+assets/)|/tmp/|/home/', text), page.slug
        assert text == PageRenderer(content, words("en"), page).html()
