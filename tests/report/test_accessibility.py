"""What axe-core, a keyboard, a phone and a browser without JavaScript find on every page.

Structure is checked on every page by parsing. The browser looks at every page too. Of the cards of
rules and the pages of places, which are hundreds made from a template each, it takes a sample: always the
same one.
"""

import re
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from audited import OTHERS
from reading_pages import one_of_each

LANGUAGES = ("fr", "en")
CARDS = 30
"""Cards of rules and pages of places that the browser looks at, over both languages."""

STOPS = "a[href], button, input, select, textarea, summary, [tabindex='0']"
"""What a keyboard must reach."""


def every_path(folder):
    """Every page of both languages, by its path in the folder, and the page that leads to them."""
    found = [*folder.glob("*.html"), *folder.glob("fr/**/*.html"), *folder.glob("en/**/*.html")]
    return sorted(p.relative_to(folder).as_posix() for p in found)


def looked_at(folder):
    """The pages that the browser visits: all but the cards, and a sample of the cards spread over them."""
    found = every_path(folder)
    cards = [path for path in found if path.count("/") > 1]
    return [p for p in found if p not in cards] + cards[:: max(1, -(-len(cards) // CARDS))]


EACH = [
    pytest.param(algorithm.id, language, marks=[pytest.mark.slow] * ((at + turn) % 2))
    for at, algorithm in enumerate(OTHERS)
    for turn, language in enumerate(LANGUAGES)
]
"""The other algorithms in both languages; in a few minutes, each in one of them."""
SIZES = pytest.mark.parametrize(
    "chosen", [one_of_each, pytest.param(looked_at, marks=pytest.mark.slow)], ids=["templates", "all"]
)


# ---- what holds of every page, by parsing


@pytest.fixture(scope="module")
def parsed(pages):
    return pages


def test_every_page_names_its_language_and_has_a_title_of_its_own(parsed):
    for path, page in parsed.items():
        language = path.split("/")[0] if path[2] == "/" else "fr"
        assert page.all("html") == [{"lang": language}], path
    for language in LANGUAGES:
        titles = [
            re.search(r"<title>(.*?)</title>", p.source, re.S)[1]
            for path, p in parsed.items()
            if path.startswith(language)
        ]
        assert len(titles) == len(set(titles)), [t for t in titles if titles.count(t) > 1]


def test_every_page_has_one_main_heading_and_skips_no_level(parsed):
    for path, page in parsed.items():
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(b - a <= 1 for a, b in pairwise(levels)), path


def test_every_field_to_fill_in_has_a_label(parsed):
    for path, page in parsed.items():
        labelled = {a.get("for") for a in page.all("label")}
        for field in [f for tag in ("input", "select", "textarea") for f in page.all(tag)]:
            inside = re.search(rf'<label[^>]*><[^>]*id="{field.get("id")}"', page.source)
            named = field.get("aria-label") or field.get("id") in labelled or inside
            assert named or field.get("type") == "hidden", f"{path}: {field}"


def test_every_picture_has_a_text_alternative_or_is_hidden(parsed):
    for path, page in parsed.items():
        ids = {a.get("id") for _, a in page.elements}
        for picture in [p for tag in ("svg", "img") for p in page.all(tag)]:
            named = picture.get("alt") or picture.get("aria-label") or picture.get("aria-labelledby") in ids
            assert named or picture.get("aria-hidden") == "true", f"{path}: {picture}"


def test_every_table_names_its_columns(parsed):
    for path, page in parsed.items():
        for table in re.findall(r"<table.*?</table>", page.source, re.S):
            assert re.search(r'<th scope="(col|row)"', table), f"{path}: {table[:120]}"


def test_references_between_elements_lead_somewhere(parsed):
    for path, page in parsed.items():
        ids = {a.get("id") for _, a in page.elements}
        named = [a[k] for _, a in page.elements for k in ("aria-labelledby", "aria-describedby") if k in a]
        assert {id for names in named for id in names.split()} <= ids, path


# ---- what a browser finds


@pytest.fixture(scope="module")
def axe(require):
    return require("axe_playwright_python.sync_playwright").Axe()


@pytest.fixture(scope="module")
def tab(browser):
    """One tab that visits page after page, and remembers what the page asked for and complained about."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    page.close()


FIRST = {
    "tbody > tr": 2,
    "section > .entry": 1,
    "main > .source": 4,
    "svg g > *": 4,
    "ul > li, ol > li": 5,
    "option": 5,
}
"""How many of those that are made alike axe-core looks at; of each page, three times as many."""


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


def shorten(page, times=1):
    """Keep the first rows and entries: the others are made like them, and axe-core takes long over them."""
    page.evaluate(
        """([first, times]) => { for (const [of, most] of Object.entries(first)) {
          const seen = new Map();
          for (const e of document.querySelectorAll(of)) {
            const n = (seen.get(e.parentElement) ?? 0) + 1;
            seen.set(e.parentElement, n);
            if (n > most * times) e.remove(); } } }""",
        [FIRST, times],
    )


def axe_options(language):
    """Contrast takes most of the time; both languages have one style sheet, so one of them is enough.

    Nothing is loaded ahead: a page from disk may not ask for its own style sheet again, and the refusal of a
    late request would be counted against the page after it.
    """
    contrast = {"color-contrast": {"enabled": language == "en"}}
    return {"resultTypes": ["violations"], "rules": contrast, "preload": False}


@pytest.mark.browser
@SIZES
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_no_violation_asks_nothing_of_the_network_and_nothing_scrolls_sideways(
    tab, axe, rendered, language, chosen
):
    paths = [p for p in chosen(rendered) if p.startswith((language, "index"))]
    assert len(paths) >= 15
    times = 1 if chosen is one_of_each else 3
    found = [fault for path in paths for fault in faults(tab, axe, rendered, path, language, times)]
    assert not found, "\n".join(found)


def faults(tab, axe, folder, path, language, times=1):
    """What axe-core finds on a page, what the page asks of the network, and whether it scrolls sideways."""
    tab.requests.clear()
    tab.complaints.clear()
    tab.goto((folder / path).as_uri())
    unfold(tab)
    outside = [u for u in tab.requests if urlsplit(u).scheme not in ("file", "data")]
    found = [f"{path}: asks for {url}" for url in outside]
    found += [f"{path}: says {text}" for text in tab.complaints]
    if tab.evaluate("document.documentElement.scrollWidth") > 390:
        found.append(f"{path}: scrolls sideways at 390 pixels")
    shorten(tab, times)
    violations = axe.run(tab, options=axe_options(language)).response["violations"]
    if violations:  # a page is judged once its layout has settled
        tab.wait_for_timeout(500)
        violations = axe.run(tab, options=axe_options(language)).response["violations"]
    for violation in violations:
        where = violation["nodes"][0]["html"][:140]
        found.append(f"{path}: {violation['id']}, {len(violation['nodes'])} times, first {where}")
    return found


@pytest.mark.browser
@pytest.mark.parametrize(("algorithm", "language"), EACH)
def test_axe_finds_no_violation_on_a_page_of_each_kind_of_another_algorithm(
    tab, axe, rendered, algorithm, language
):
    folder = rendered / algorithm / language
    alone = sorted(folder.glob("*.html"))
    cards = sorted(folder.glob("rules/*.html"))[:1]
    assert len(alone) >= 4
    assert cards
    paths = [page.relative_to(rendered).as_posix() for page in (*alone, *cards)]
    found = [fault for path in paths for fault in faults(tab, axe, rendered, path, language)]
    assert not found, "\n".join(found)


VISIBLE_FOCUS = """() => {
  const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
  const ring = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
  return [e.tagName, ring && r.width > 0 && r.left >= 0]; }"""
REACHABLE = f"""() => [...document.querySelectorAll("{STOPS}")]
  .filter(e => e.checkVisibility({{visibilityProperty: true}}) && !e.disabled && e.tabIndex >= 0)
  .filter(e => e.type !== 'radio' || e.checked).length"""


@pytest.mark.browser
@pytest.mark.parametrize("slug", ["index", "try", "rules", "privacy", "register-crpa", "glossary"])
def test_the_keyboard_reaches_everything_in_turn_and_shows_where_it_is(tab, rendered, slug):
    tab.goto((rendered / "fr" / f"{slug}.html").as_uri())
    tab.wait_for_timeout(100)
    expected, seen = tab.evaluate(REACHABLE), []
    for _ in range(min(expected, 120)):
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate(VISIBLE_FOCUS))
    assert expected > 5
    assert all(visible for _, visible in seen), seen
    assert "BODY" not in [tag for tag, _ in seen]


def test_nothing_takes_itself_out_of_the_keyboards_way(parsed):
    for path, page in parsed.items():
        taken = [a for tag, a in page.elements if a.get("tabindex", "0") != "0" and tag != "section"]
        assert not taken, f"{path}: {taken}"


@pytest.mark.browser
@pytest.mark.parametrize("slug", ["index", "questions", "privacy"])
def test_the_skip_link_comes_first_and_leads_to_the_text(tab, rendered, slug):
    tab.goto((rendered / "fr" / f"{slug}.html").as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#content")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.browser
@pytest.mark.parametrize("slug", ["index", "questions", "privacy"])
def test_what_is_folded_opens_with_enter(tab, rendered, slug):
    tab.goto((rendered / "en" / f"{slug}.html").as_uri())
    summary = tab.locator("main summary").first
    summary.focus()
    tab.keyboard.press("Enter")
    assert summary.evaluate("s => s.parentElement.open")


@pytest.mark.browser
def test_questions_are_filtered_with_the_arrow_keys(tab, rendered):
    tab.goto((rendered / "fr" / "questions.html").as_uri())
    shown = "[...document.querySelectorAll('.entry')].filter(e => e.checkVisibility()).map(e => e.className)"
    every = tab.evaluate(shown)
    tab.locator("#show-all").focus()
    tab.keyboard.press("ArrowRight")
    answered = tab.evaluate(shown)
    assert set(answered) == {"entry s-answered"}
    assert len(answered) == every.count("entry s-answered")
    for _ in range(2):
        tab.keyboard.press("ArrowRight")
    assert set(tab.evaluate(shown)) == {"entry s-open"}
    assert tab.evaluate("[...document.querySelectorAll('.theme')].some(t => !t.checkVisibility())")


@pytest.mark.browser
@SIZES
def test_without_javascript_every_page_shows_its_text_and_says_what_it_lacks(
    browser, rendered, parsed, chosen
):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in chosen(rendered):
        page.goto((rendered / path).as_uri())
        words = len(page.locator("body").inner_text().split())
        told = page.locator("noscript").count()
        # all but the first only lack their search
        assert told == path.endswith(("/try.html", "/rules.html", "/questions.html", "/places.html")), path
        assert words > 15, path
        scripts = [a for a in parsed[path].all("script") if not a.get("src", "").endswith("/links.js")]
        assert bool(scripts) == bool(told), path  # links lead to the same pages without theirs
    page.goto((rendered / "fr" / "try.html").as_uri())
    assert "JavaScript" in page.locator("main").inner_text()
    page.goto((rendered / "fr" / "questions.html").as_uri())
    page.locator(".entry summary").first.click()
    assert page.locator(".entry .evidence").first.is_visible()
    context.close()
