"""The pages of départements and regions: what they say follows from the tables, and no two say the same."""

import re

import polars as pl
import pytest
from audited import BOB, words
from invented_findings import write_invented
from reading_pages import Parsed

from bobanalysis import data
from bobanalysis.report import place_pages
from bobanalysis.report.findings import csv_text
from bobanalysis.report.renderer import Content, PageError, PageRenderer
from bobanalysis.report.site import PAGES

PAGE = {page.slug: page for page in place_pages.pages()}


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    write_invented(folder)
    return folder


@pytest.fixture
def content(build):
    return Content.read(build, algorithm=BOB)


def shown(content, slug, language="en"):
    """The text of a page, without what the frame repeats."""
    html = PageRenderer(content, words(language), PAGE[slug], PAGES).html()
    main = html[html.index("<main") : html.index('id="origins"')]
    return re.sub(r"\s+", " ", "".join(text for text, _ in Parsed(main).texts))


def altered(content, table, where, **values):
    """Set values of the rows of a table in which columns have some values."""
    frame = content.table(table, "the test")
    rows = pl.all_horizontal(pl.col(name) == value for name, value in where.items())
    assert frame.filter(rows).height
    new = frame.with_columns(
        pl.when(rows).then(pl.lit(value, frame.schema[name])).otherwise(name).alias(name)
        for name, value in values.items()
    )
    content.tables[table] = new
    content.csv[table] = csv_text(new.columns, new.rows())
    content.groups.clear()
    return content


# ---- all of them


def test_every_departement_and_every_present_region_has_a_page():
    table = data.table("departements")
    wanted = {f"places/{dep}" for dep in table["dep"]} | {f"regions/{code}" for code in table["region"]}
    assert set(PAGE) == wanted
    assert len(wanted) == 101 + 18


def test_how_french_says_in_a_place_is_known_for_each_and_holds_its_name():
    for place in [*place_pages.departements().values(), *place_pages.regions().values()]:
        assert re.match(r"(à|en|dans (le |la |les |l’)) ?", place.within), place
        assert place.within.endswith(place.name), place


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_two_pages_are_equal_when_names_are_taken_out(pages, language):
    everywhere = [*place_pages.departements().values(), *place_pages.regions().values()]
    names = "|".join(sorted({re.escape(p.name) for p in everywhere}, key=len, reverse=True))
    found = {}
    for slug in PAGE:
        source = pages[f"{language}/{slug}.html"].source
        text = "".join(t for t, _ in Parsed(source[source.index("<main") :]).texts)
        text = re.sub(rf"\((\d\d\d?|2[AB])\)|{names}", "", text)
        text = re.sub(r"\b(dans|en|à|in) (le|la|les|l’)?", "", text)
        assert text not in found, f"{slug} and {found[text]}"
        found[text] = slug


def test_a_page_of_a_place_stays_small(rendered):
    for slug in PAGE:
        for language in ("fr", "en"):
            assert (rendered / f"{language}/{slug}.html").stat().st_size < 60_000, slug


def test_each_page_asks_three_questions_and_says_whom_to_ask(pages):
    for slug in PAGE:
        source = pages[f"fr/{slug}.html"].source
        asked = source.split('<ol class="asks">')[1].split("</ol>")[0]
        assert asked.count("<li>") == asked.count("<small>À demander") == 3, slug


def test_every_place_is_reached_from_the_page_that_finds_them(pages):
    for language in ("fr", "en"):
        page = pages[f"{language}/places.html"]
        listed = [a["href"] for a in page.all("a") if "data-find" in a]
        assert sorted(listed) == sorted(f"{slug}.html" for slug in PAGE)
        tiles = page.source.split('class="tiles links"')[1].split("</svg>")[0]
        linked = re.findall(r'<a href="(places/\w+)\.html"', tiles)
        assert sorted(linked) == sorted(slug for slug in PAGE if slug.startswith("places/"))


def test_each_departement_is_found_by_its_towns_and_every_other_name_is_of_a_page_that_exists(pages):
    listed = {a["href"]: a["data-also"] for a in pages["fr/places.html"].all("a") if "data-find" in a}
    assert all(listed[f"places/{dep}.html"] for dep in place_pages.departements())
    assert {f"{slug}.html" for slug in place_pages.WORDS["english"]} <= listed.keys()


# ---- what is said follows from the tables


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ((0.05, 0.2), "more often here than on average"),
        ((-0.2, -0.05), "less often here than on average"),
        ((-0.1, 0.1), "Nothing is sure"),
        ((0.005, 0.2), "Nothing is sure"),
    ],
)
def test_whether_an_answer_comes_more_often_follows_from_all_scales_and_the_draw(content, difference, said):
    where = {"departement_id": "23", "main_challenge": "stuck-market"}
    low, high = difference
    altered(content, "each_place.challenges", where, difference_low=low, difference_high=high, error=0.02)
    told = shown(content, "places/23").split("What the same people are told")[1].split("Job by job")[0]
    for sentence in ("more often here than on average", "less often here than on average", "Nothing is sure"):
        assert (sentence == said) == (sentence in told), sentence


def test_a_difference_within_the_draw_on_every_scale_is_called_nearly_alike(content):
    where = {"departement_id": "23", "item": "alternance"}
    altered(content, "each_place.advice", where, difference_low=-0.01, difference_high=0.015, error=0.02)
    row = next(r for r in local(content, "23").compared("each_place.advice") if r["item"] == "alternance")
    assert row["way"] == "alike"


def local(content, code):
    page = PageRenderer(content, words("en"), PAGE[f"places/{code}"], PAGES)
    return PAGE[f"places/{code}"].context(page)


def test_a_class_on_every_scale_is_told_as_such_and_one_that_depends_is_not(content):
    text = shown(
        altered(content, "place.stressed", {"departement_id": "23"}, **{"class": "high"}), "places/23"
    )
    assert "always among the most frequent" in text
    text = shown(
        altered(content, "place.stressed", {"departement_id": "23"}, **{"class": "low"}), "places/23"
    )
    assert "always among the rarest" in text
    text = shown(
        altered(content, "place.stressed", {"departement_id": "23"}, **{"class": "depends"}), "places/23"
    )
    assert "always among" not in text


def test_a_place_without_market_figures_gets_no_rank_and_the_gap_is_called_ours(content):
    text = shown(content, "places/976")
    assert "bobanalysis can say nothing" in text
    assert "a gap in our data, not a fault of Bob" in text
    assert not re.search(r"rank \d", text)
    assert "more often" not in text


def test_a_second_place_without_figures_stops_the_sentence_that_there_is_one_alone(content):
    altered(content, "place.stressed", {"departement_id": "2A"}, **{"class": "unknown"})
    with pytest.raises(PageError, match="one département alone has no market figure"):
        shown(content, "places/976")


def test_what_the_lists_lack_is_said_and_gives_a_question(content):
    altered(content, "each_place.lists", {"departement_id": "23"}, local=0, everybody=0, young=0)
    text = shown(content, "places/23")
    assert "None is local." in text
    assert "names none in Creuse" in text.split("Three questions")[1]
    altered(content, "each_place.lists", {"departement_id": "23"}, local=5, everybody=1)
    text = shown(content, "places/23")
    assert "None is local." not in text
    assert "None of them is for everybody" not in text


def test_the_driving_schools_follow_the_list(content):
    lists = "each_place.lists"
    assert "has no entry" in shown(altered(content, lists, {"departement_id": "75"}, schools=0), "places/75")
    assert "has an entry" in shown(altered(content, lists, {"departement_id": "75"}, schools=1), "places/75")


def test_that_most_places_give_everybody_the_advice_on_non_profits_stops_when_they_do_not(content):
    altered(content, "advice_place.help", {"departement_id": "23"}, share=0.1)
    assert "In most départements everybody gets it." in shown(content, "places/23")
    for dep in place_pages.departements():
        altered(content, "advice_place.help", {"departement_id": dep}, share=0.1)
    with pytest.raises(PageError, match="in most départements everybody"):
        shown(content, "places/23")


def test_how_frequent_accounts_were_follows_from_both_denominators(content):
    reach = "advice_place.reach"
    for kind, said in {"high": "among the most frequent", "low": "among the rarest"}.items():
        text = shown(altered(content, reach, {"departement_id": "23"}, **{"class": kind}), "places/23")
        assert f"Either way, accounts were {said}" in text
    text = shown(altered(content, reach, {"departement_id": "23"}, **{"class": "depends"}), "places/23")
    assert "Either way" not in text


def test_the_neighbour_named_is_the_one_with_the_largest_step(content):
    borders = "each_place.borders"
    where = {"departement_id": "23", "other": "03"}
    altered(content, borders, where, share_low=0.6, share_high=0.99)
    assert "The widest step is to Allier (03)" in shown(content, "places/23")


def test_a_region_names_the_departements_at_the_ends_and_only_those(content):
    for dep in place_pages.regions()["11"].members:
        depends = {"class": "depends", "rank_low": 5, "rank_high": 60}
        altered(content, "place.stressed", {"departement_id": dep}, **depends)
    assert "For each, the scale decides whether it is" in shown(content, "regions/11")
    high = {"class": "high", "rank_low": 1, "rank_high": 9}
    altered(content, "place.stressed", {"departement_id": "93"}, **high)
    text = shown(content, "regions/11")
    assert re.search(r"of France with most answers “Stuck market”: Seine-Saint-Denis \(93\)\.", text)


def test_where_a_region_stands_follows_from_all_ways_to_compute_it(content):
    regions, where = "advice_place.regions", {"map": "today", "unit": "Corse"}
    assert "above the mean in all" in shown(
        altered(content, regions, where, lowest=0.1, highest=2), "regions/94"
    )
    assert "depends on how" in shown(altered(content, regions, where, lowest=-0.1, highest=2), "regions/94")
    assert "below the mean in all" in shown(
        altered(content, regions, where, lowest=-2, highest=-0.1), "regions/94"
    )


def test_neighbours_are_mutual_and_touch_and_the_overseas_have_none(content):
    pairs = {
        tuple(row)
        for row in content.table("each_place.borders", "x").select("departement_id", "other").rows()
    }
    assert pairs == {(b, a) for a, b in pairs}
    assert {b for a, b in pairs if a == "2A"} == {"2B"}
    assert {b for a, b in pairs if a == "23"} == {"03", "18", "19", "36", "63", "87"}
    assert {b for a, b in pairs if a == "75"} == {"92", "93", "94"}
    assert {b for a, b in pairs if a == "971"} == {"972", "973", "974"}
    assert not [a for a, _ in pairs if a == "976"]


def test_postcodes_that_reach_two_departements_are_shipped_with_both():
    odd = data.table("postcodes_departements").group_by("postcode").agg(pl.col("dep").sort())
    found = dict(odd.iter_rows())
    assert found["13780"] == ["13", "83"]
    assert found["94390"] == ["91"]
    assert "75018" not in found


# ---- the search


pytest_browser = pytest.mark.browser


@pytest.fixture(scope="module")
def offline(browser):
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def finder(offline, rendered):
    """The page of places with nothing in its box; opened again where a test has left it."""
    address = (rendered / "fr/places.html").as_uri()
    if offline.url != address:
        offline.goto(address)
    offline.fill("#find-text", "")
    assert offline.locator("#find-found li").count() == 0
    return offline


@pytest_browser
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("93", ["Seine-Saint-Denis (93)"]),
        ("93200", ["Seine-Saint-Denis (93)"]),
        ("seine saint denis", ["Seine-Saint-Denis (93)"]),
        ("SEINE-ST-DENIS", ["Seine-Saint-Denis (93)"]),
        ("creuse", ["Creuse (23)"]),
        ("2A", ["Corse-du-Sud (2A)"]),
        ("2a", ["Corse-du-Sud (2A)"]),
        ("20000", ["Corse-du-Sud (2A)"]),
        ("20600", ["Haute-Corse (2B)"]),
        ("20", ["Corse-du-Sud (2A)", "Haute-Corse (2B)"]),
        ("97400", ["La Réunion (974)"]),
        ("974", ["La Réunion (974)"]),
        ("97600", ["Mayotte (976)"]),
        ("1", ["Ain (01)"]),
        ("01200", ["Ain (01)", "Haute-Savoie (74)"]),
        ("94390", ["Essonne (91)"]),
        ("75 018", ["Paris (75)"]),
        ("cote d or", ["Côte-d’Or (21)"]),
        ("ile de france", ["Île-de-France"]),
        ("herault", ["Hérault (34)"]),
        ("Guéret", ["Guéret\u202f: Creuse (23)"]),
        ("bastia", ["Bastia\u202f: Haute-Corse (2B)"]),
        ("saint denis", ["Seine-Saint-Denis (93)", "Saint-Denis\u202f: La Réunion (974)"]),
        ("brittany", ["Brittany\u202f: Bretagne"]),
        (
            "Corsica",
            [
                "Corsica\u202f: Corse",
                "South Corsica\u202f: Corse-du-Sud (2A)",
                "Upper Corsica\u202f: Haute-Corse (2B)",
            ],
        ),
        ("98800", []),
        ("97133", []),
        ("xyz", []),
    ],
)
def test_a_name_a_town_a_number_or_a_postcode_finds_its_place(finder, typed, found):
    finder.fill("#find-text", typed)
    assert finder.locator("#find-found li").all_inner_texts() == found
    said = finder.locator("#find-said").inner_text()
    assert bool(said) == (not found or (len(found) > 1 and typed == "01200"))


@pytest_browser
def test_enter_opens_the_first_place_found(finder):
    finder.fill("#find-text", "creuse")
    finder.press("#find-text", "Enter")
    finder.wait_for_url("**/places/23.html")
    assert finder.inner_text("h1") == "Creuse (23)"


@pytest_browser
def test_without_a_script_the_box_is_not_shown_and_every_place_is(browser, rendered):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((rendered / "fr/places.html").as_uri())
    assert not page.is_visible("#find")
    assert page.locator(".all-places li a:visible").count() == 101
    context.close()
