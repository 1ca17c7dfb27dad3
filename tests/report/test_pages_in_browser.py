from itertools import pairwise

import pytest

from bobanalysis.report.site import PAGES

pytestmark = pytest.mark.browser
ONE_EACH = ("index", "rules", "conditions", "quirks", "questions", "privacy")
EVERY = [
    pytest.param(
        language, page.slug, marks=() if language == "fr" and page.slug in ONE_EACH else pytest.mark.slow
    )
    for language in ("fr", "en")
    for page in PAGES
]
"""Every page; in the usual run those with a layout of their own, once (axe looks at the others)."""


@pytest.fixture
def visit(open_page, rendered):
    """Open a page from disk; remember what it asked for and what it complained about."""
    return lambda language, slug, width=1280: open_page(
        (rendered / language / f"{slug}.html").as_uri(), width
    )


@pytest.mark.parametrize(("language", "slug"), EVERY)
def test_a_page_asks_nothing_of_the_network_logs_no_error_and_fits_a_desk_and_a_phone(visit, language, slug):
    page = visit(language, slug)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    assert page.complaints == []


def test_a_table_wider_than_its_frame_says_so_and_a_shadow_stays_until_its_last_column_is_in_view(visit):
    page = visit("en", "regions/94", width=390)
    frame = page.locator(".scroll.whole:has(.inside)")
    said = "getComputedStyle(document.querySelector('.scroll.whole'), '::before').content"
    page.wait_for_selector(".scroll.slides.cut:has(.inside)")
    assert "Slide the table" in page.evaluate(said)
    frame.evaluate("frame => { frame.scrollLeft = frame.scrollWidth; }")
    page.wait_for_selector(".scroll.slides:not(.cut):has(.inside)")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_selector(".scroll:not(.slides):has(.inside)")
    assert page.evaluate(said) == "none"


def test_the_language_switch_leads_to_the_same_page_and_back(visit):
    page = visit("fr", "quirks")
    page.click("a.language")
    assert page.url.endswith("/en/quirks.html")
    page.click("a.language")
    assert page.url.endswith("/fr/quirks.html")


def test_the_language_switch_keeps_the_place_on_the_page(visit):
    page = visit("fr", "index")
    page.click("a.figure >> nth=0")
    anchor = page.url.split("#")[1]
    page.click("a.language")
    page.wait_for_url(f"**/en/index.html#{anchor}")
    assert page.locator(":target").get_attribute("id") == anchor


def test_a_value_from_a_folded_table_opens_it(visit):
    page = visit("fr", "age")
    link = page.locator("a.figure[href^='#table-']").first
    table = page.locator(f"[id='{link.get_attribute('href')[1:]}']")
    assert table.get_attribute("open") is None
    link.click()
    page.wait_for_function("document.querySelector(':target').open")
    assert table.locator("table").is_visible()


def test_the_first_page_leads_to_both_languages(visit):
    page = visit("..", "reports/index")
    assert page.locator("a[hreflang=fr]").get_attribute("href") == "fr/index.html"
    page.click("a[hreflang=en]")
    assert page.locator("h1").inner_text().startswith("What does the algorithm say")


def test_a_phone_gets_the_narrow_chart_and_a_desk_the_wide_one(visit):
    for width, seen, hidden in ((390, "narrow", "wide"), (1280, "wide", "narrow")):
        page = visit("fr", "place", width)
        assert page.locator(f"#chart-place-map .{seen} svg").is_visible()
        assert not page.locator(f"#chart-place-map .{hidden} svg").is_visible()


@pytest.mark.parametrize("slug", ["age", "place"])
def test_letters_in_charts_are_not_shrunk_below_nine_pixels_on_a_phone(visit, slug):
    page = visit("fr", slug, 390)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    sizes = page.evaluate(
        """[...document.querySelectorAll('.narrow svg text')].map(t =>
           parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getScreenCTM().a)"""
    )
    assert sizes
    assert min(sizes) >= 9


def test_every_image_has_a_text_alternative(visit):
    page = visit("en", "place")
    named = page.evaluate(
        """[...document.querySelectorAll('svg, img')].map(i =>
           i.alt || document.getElementById(i.getAttribute('aria-labelledby'))?.textContent || '')"""
    )
    assert named
    assert all(named)


def test_the_skip_link_is_the_first_stop_of_the_keyboard(visit):
    page = visit("fr", "index")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0


def test_a_figure_leads_to_its_note(visit):
    page = visit("fr", "index")
    page.click("a.figure >> nth=0")
    target = page.evaluate("document.querySelector(':target').dataset.finding")
    assert target == "age.changed_share_low"


def test_text_stands_out_from_its_ground(visit):
    page = visit("fr", "index")
    ratios = page.evaluate(
        """[...document.querySelectorAll('main :is(p, a, small, summary, th), .foot p')].map(e => {
          const bare = e => getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)';
          const light = colour => {
            const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
              .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b; };
          let ground = e;
          while (bare(ground)) ground = ground.parentElement;
          const pair = [getComputedStyle(e).color, getComputedStyle(ground).backgroundColor].map(light);
          return (Math.max(...pair) + .05) / (Math.min(...pair) + .05); })"""
    )
    assert min(ratios) >= 4.5


@pytest.mark.parametrize("width", [1280, 390])
def test_no_text_of_a_finding_on_the_front_page_runs_over_another(visit, width):
    page = visit("fr", "index", width)
    boxes = """[...document.querySelectorAll('.essential')].map(card => [...card.children].map(e => {
        const range = document.createRange(); range.selectNodeContents(e);
        const box = range.getBoundingClientRect(); return [box.top, box.bottom]; }))"""
    for card in page.evaluate(boxes):
        assert all(upper[1] <= lower[0] + 2 for upper, lower in pairwise(card)), card


SEEN = """() => { const row = document.querySelector(':target'), box = row.getBoundingClientRect();
    return [box.left + 9, box.right - 9].every(x => [box.top + 2, box.bottom - 2].every(
      y => row.contains(document.elementFromPoint(x, y)))); }"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("slug", ["index", "questions", "quirks", "compare"])
def test_the_row_that_a_figure_leads_to_is_seen_whole_under_every_head_that_sticks(visit, slug, width):
    page = visit("fr", slug, width)
    links = page.locator("a.figure[href^='#note-']")
    for number in (0, links.count() // 2, links.count() - 1):
        links.nth(number).evaluate("link => link.click()")
        page.wait_for_timeout(50)
        assert page.evaluate(SEEN), links.nth(number).get_attribute("href")


def test_a_note_that_a_figure_leads_to_is_not_hidden_by_the_head_of_its_table(visit):
    page = visit("fr", "age", 1280)
    page.click("a.figure[href='#note-age.changed_share'] >> nth=0")
    place = "id => document.getElementById(id).getBoundingClientRect().top"
    head = page.evaluate("document.querySelector('.notes thead').getBoundingClientRect().height")
    assert page.evaluate(place, "note-age.changed_share") >= head


def test_a_theme_of_questions_whose_name_was_followed_is_printed_alone_and_unfolded(visit) -> None:
    page = visit("fr", "questions")
    page.locator('.counts a[href="#theme-money"]').click()
    page.emulate_media(media="print")
    shown = page.locator("article.entry:visible")
    assert 0 < shown.count() < page.locator("article.entry").count()
    assert shown.evaluate_all("all => all.every(e => e.closest('.theme').querySelector('#theme-money'))")
    assert page.locator(".theme:has(#theme-money) .evidence").first.is_visible()
