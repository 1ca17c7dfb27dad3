"""The filters, folds and addresses of the page of quirks, without JavaScript, and what axe-core finds."""

import pytest

from bobanalysis.algorithms.bob_quirks import quirks

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tab(browser):
    """A tab of a phone's width, with JavaScript off for the page itself."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(params=["fr", pytest.param("en", marks=pytest.mark.slow)])
def opened(request, tab, rendered):
    tab.goto("about:blank")  # so that a page left at an anchor is loaded again
    tab.emulate_media(media="null")
    tab.goto((rendered / request.param / "quirks.html").as_uri())
    return tab


def seen(page):
    return set(page.locator("article.quirk:visible").evaluate_all("all => all.map(e => e.id)"))


def expected(evidence=None, criterion=None):
    return {
        q.id
        for q in quirks().values()
        if (evidence is None or q.evidence == evidence) and (criterion is None or criterion in q.criteria)
    }


def test_all_entries_are_shown_at_first(opened) -> None:
    assert seen(opened) == set(quirks())


@pytest.mark.parametrize("evidence", ["shown", "read"])
def test_the_choice_of_evidence_leaves_the_entries_of_that_evidence(opened, evidence) -> None:
    opened.check(f"#e-{evidence}")
    assert seen(opened) == expected(evidence)


@pytest.mark.parametrize(("radio", "criterion"), [("age", "age"), ("place", "place of residence")])
def test_the_choice_of_a_criterion_and_an_evidence_leaves_the_entries_of_both(
    opened, radio, criterion
) -> None:
    opened.check(f"#c-{radio}")
    assert seen(opened) == expected(None, criterion)
    opened.check("#e-read")
    assert seen(opened) == expected("read", criterion)


def test_the_choice_of_other_criteria_leaves_entries_that_are_not_on_age_or_place_alone(opened) -> None:
    opened.check("#c-other")
    assert seen(opened) == {
        q.id for q in quirks().values() if set(q.criteria) - {"age", "place of residence"}
    }


def test_a_part_without_an_entry_left_is_hidden_with_its_heading(opened) -> None:
    opened.check("#c-other")
    left = {q.concern for q in quirks().values() if set(q.criteria) - {"age", "place of residence"}}
    shown = {h.get_attribute("id") for h in opened.locator("section.concern > h2:visible").all()}
    assert shown == {f"concern-{concern}" for concern in left}


def test_a_filter_is_reached_and_changed_by_keyboard(opened) -> None:
    opened.locator("#e-all").focus()
    opened.keyboard.press("ArrowRight")
    assert seen(opened) == expected("shown")


def test_the_people_of_an_entry_are_folded_until_asked_for(opened) -> None:
    entry = opened.locator("#Q17")
    assert not entry.locator(".parts").is_visible()
    entry.locator("summary").first.click()
    assert entry.locator(".parts").is_visible()
    assert not entry.locator(".cases ol").is_visible()
    entry.locator(".cases summary").click()
    assert entry.locator(".cases ol").is_visible()


def test_on_a_phone_the_page_is_less_than_thirty_screens_long(opened) -> None:
    assert opened.evaluate("document.documentElement.scrollHeight") < 30 * 844


def test_the_entry_that_an_address_names_is_open(opened) -> None:
    opened.goto(opened.url + "#Q17")
    assert opened.locator("#Q17 .parts").is_visible()
    assert not opened.locator("#Q18 .parts").is_visible()


def test_a_part_whose_name_was_followed_is_printed_alone_and_unfolded(opened) -> None:
    opened.locator('#overview ~ .list a[href="#concern-criteria"]').click()
    opened.emulate_media(media="print")
    shown = seen(opened)
    assert shown == {q.id for q in quirks().values() if q.concern == "criteria"}
    assert all(opened.locator(f"#{id} .parts").is_visible() for id in shown)
    assert opened.locator("h1").is_visible()
    opened.goto(opened.url.split("#")[0])
    assert seen(opened) == set(quirks())


@pytest.mark.parametrize("entries", [3, pytest.param(1000, marks=pytest.mark.slow)])
def test_axe_finds_nothing_with_everything_unfolded(browser, rendered, entries) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="make setup installs it")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((rendered / "fr" / "quirks.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(
        """most => document.querySelectorAll('section').forEach(s =>
             [...s.querySelectorAll('.quirk')].slice(most).forEach(e => e.remove()))""",
        entries,
    )
    found = axe.Axe().run(page).response["violations"]
    page.close()
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found] == []
