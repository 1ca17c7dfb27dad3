"""Pages on paper, as headless Chromium prints them: a header, a footer, few sheets, and nothing cut."""

import re

import pytest
from reading_pages import one_of_each

from bobanalysis.report.renderer import ON_PAPER
from bobanalysis.report.site import PAGES
from tools.release import MOST, PRINTED, SECTIONS

pytestmark = pytest.mark.browser

STORIES = [page.slug for page in PAGES if page.section in SECTIONS]
PAPER = 673
"""Pixels between the margins of A4: 178 millimetres."""
WIDER = """() => [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('svg')
    && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def printed(browser, rendered, tmp_path_factory, require):
    """Print a page; return the text of each sheet."""
    reader = require("pypdf").PdfReader

    def sheets(path, anchor=""):
        target = tmp_path_factory.mktemp("paper") / "page.pdf"
        page = browser.new_page()
        page.goto((rendered / path).as_uri() + anchor)
        page.pdf(path=target, **PRINTED)
        page.close()
        return [sheet.extract_text() for sheet in reader(target).pages]

    return sheets


@pytest.fixture(scope="module")
def paper(browser, rendered):
    """Open a page as it is laid out on paper."""
    page = browser.new_page(viewport={"width": PAPER, "height": 1000})
    page.emulate_media(media="print")
    yield lambda path: page.goto((rendered / path).as_uri()) and page
    page.close()


def plain(text):
    """Take typography apart: a PDF has ligatures and its own spaces."""
    return re.sub(r"\s+", " ", text.replace("ﬀ", "ff").replace("ﬁ", "fi").replace("ﬂ", "fl"))


@pytest.mark.parametrize(
    ("language", "slug"),
    [
        pytest.param(language, slug, marks=[] if (language, slug) == ("fr", "age") else slow)
        for slow in [pytest.mark.slow]
        for slug in STORIES
        for language in ("fr", "en")
    ],
)
def test_a_story_prints_in_under_ten_pages_each_with_title_version_and_number(printed, pages, language, slug):
    sheets = printed(f"{language}/{slug}.html")
    source = pages[f"{language}/{slug}.html"].source
    title = re.search(r"<title>(.*?) – bobanalysis</title>", source, re.S)[1]
    assert len(sheets) < MOST
    for i, sheet in enumerate(sheets, 1):
        text = plain(sheet)
        assert plain(title)[:30] in text
        assert re.search(r"bobanalysis \d+\.\d+", text)
        assert f"{i} / {len(sheets)}" in text


@pytest.mark.parametrize("chosen", [one_of_each, pytest.param(lambda f: every(f), marks=pytest.mark.slow)])
def test_nothing_is_cut_on_paper(paper, rendered, chosen):
    found = {path: paper(path).evaluate(WIDER)[:3] for path in chosen(rendered)}
    assert {path: wide for path, wide in found.items() if wide} == {}


def every(folder):
    return sorted(
        p.relative_to(folder).as_posix() for part in ("fr", "en") for p in (folder / part).rglob("*.html")
    )


def test_a_long_folded_table_is_printed_as_the_name_of_its_file_and_any_other_whole(paper):
    page = paper("en/compare.html")
    tables = page.evaluate(
        """() => [...document.querySelectorAll('details[data-table]')].map(d => [d.dataset.table,
             d.querySelectorAll('tbody tr').length, d.querySelector('tbody tr').checkVisibility(
               {contentVisibilityAuto: true}), d.innerText, d.classList.contains('unfolded')])"""
    )
    long = {id: rows > ON_PAPER and not unfolded for id, rows, _, _, unfolded in tables}
    assert {*long.values()} == {True, False}
    for id, rows, shown, text, _ in tables:
        assert shown != long[id], id
        assert (f"{rows} rows, not printed here: see the file tables/{id}.csv" in text) == long[id], id


def test_sources_of_a_table_are_counted_on_paper_and_not_listed_again(paper):
    page = paper("fr/compare.html")
    folded = page.locator("details.fold ul")
    assert folded.count() > 0
    assert not any(folded.nth(i).is_visible() for i in range(folded.count()))


def test_links_and_menus_are_not_printed(paper):
    page = paper("fr/age.html")
    assert not page.locator(".top nav").is_visible()
    assert not page.locator(".near").is_visible()
    assert page.locator("h1").is_visible()


@pytest.mark.parametrize(("slug", "part"), [("questions", "theme"), ("quirks", "concern")])
def test_a_theme_that_the_address_names_is_printed_alone(paper, slug, part):
    page = paper(f"fr/{slug}.html")
    sections = page.locator(f"section.{part}")
    assert all(sections.nth(i).is_visible() for i in range(sections.count()))
    chosen = page.locator(f"section.{part} > h2").nth(1).get_attribute("id")
    page.goto(page.url.split("#")[0] + f"#{chosen}")
    shown = [sections.nth(i).is_visible() for i in range(sections.count())]
    assert shown == [i == 1 for i in range(len(shown))]
    assert page.locator("h1").is_visible()


@pytest.mark.slow
def test_each_theme_begins_a_new_sheet(printed, pages):
    sheets = printed("en/questions.html", "")
    headings = re.findall(r'<h2 id="theme-[\w-]+">(.*?)</h2>', pages["en/questions.html"].source)
    assert len(headings) > 5
    for heading in headings[1:]:
        assert any(
            plain(sheet).split(" bobanalysis ")[-1].find(plain(heading)) in range(60) for sheet in sheets
        ), heading
