"""Charts as files that stand alone, and the pictures of pages."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
from audited import BOB, words

from bobanalysis.data import sources
from bobanalysis.report import charts, pictures
from bobanalysis.report.renderer import Content
from bobanalysis.report.site import PAGES

SVG = "{http://www.w3.org/2000/svg}"
FILES = [
    (name, language, narrow)
    for name in charts.CHARTS
    for language in ("fr", "en")
    for narrow in (True, False)
]


def file_of(folder, name, language, narrow, ending="svg"):
    return folder / "assets" / "charts" / f"{name}{'-narrow' if narrow else ''}-{language}.{ending}"


def lines(root):
    return [(element.get("y"), element.text) for element in root.findall(f"{SVG}text")]


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, algorithm=BOB)


@pytest.fixture(scope="module")
def image(require):
    pillow = require("PIL.Image")
    return lambda data: pillow.open(io.BytesIO(data))


@pytest.mark.parametrize(("name", "language", "narrow"), FILES)
def test_a_chart_file_shows_its_title_kind_sources_and_whom_to_name(
    rendered, content, name, language, narrow
):
    root = ET.fromstring(file_of(rendered, name, language, narrow).read_text("utf-8"))
    shown = " ".join(text for _, text in lines(root))
    meta = content.merged["tables"][charts.CHARTS[name].tables[0]]
    w = words(language)
    assert root[0].text in shown
    assert w.name("kinds", meta["kind"]).lower() in shown.lower()
    assert all(w.say(sources()[id].title) in shown for id in meta["sources"])
    assert re.search(r"\d{4}", shown)
    assert "bobanalysis, CC BY 4.0" in shown


@pytest.mark.parametrize(("name", "language", "narrow"), FILES)
def test_title_and_credit_stand_beside_the_drawing_and_inside_the_picture(
    rendered, content, name, language, narrow
):
    root = ET.fromstring(file_of(rendered, name, language, narrow).read_text("utf-8"))
    drawn = ET.fromstring(content.drawing(name, words(language), narrow)[1])
    _, top, width, height = (float(n) for n in root.get("viewBox").split())
    below = float(drawn.get("height"))
    for y, text in lines(root):
        assert top < float(y) < 0 or below < float(y) < top + height
        size = 16 if float(y) < 0 else 10
        assert len(text) * size * 0.53 <= width, text
    assert float(root.get("height")) == height


def test_the_borders_of_a_map_are_credited_too(rendered):
    text = file_of(rendered, "place-map", "en", False).read_text("utf-8")
    assert "Outlines of the départements" in re.sub(r"</text><text[^>]*>", " ", text)


def test_a_file_is_the_same_to_the_byte_when_it_is_made_again(rendered, content):
    drawing, svg = content.drawing("age-cliffs", words("fr"), False)
    credit = pictures.credit(content, charts.CHARTS["age-cliffs"], words("fr"))
    again = pictures.framed(svg, drawing.title, credit)
    assert file_of(rendered, "age-cliffs", "fr", False).read_text("utf-8") == again


def test_what_would_be_markup_is_shown_as_it_is():
    svg = '<svg width="300" height="10" viewBox="0 0 300 10"><title>t</title><desc>d</desc><g/></svg>'
    assert "a &lt;b&gt; &amp; c" in pictures.framed(svg, "a <b> & c", "credit")


@pytest.mark.parametrize(("name", "narrow"), [("age-cliffs", False), ("place-map", True)])
def test_a_chart_is_a_png_of_twice_its_size_with_ink_on_it(rendered, image, name, narrow):
    root = ET.fromstring(file_of(rendered, name, "fr", narrow).read_text("utf-8"))
    picture = image(file_of(rendered, name, "fr", narrow, "png").read_bytes())
    assert picture.size == (round(2 * float(root.get("width"))), round(2 * float(root.get("height"))))
    assert len(picture.convert("RGB").getcolors(2**24)) > 50
    title = picture.convert("L").crop((0, 0, picture.width, 60))
    assert title.getextrema()[0] < 80  # the title is written, not only framed


def test_every_chart_has_a_png_beside_it(rendered):
    drawn = [*(rendered / "assets" / "charts").glob("*.svg")]
    assert drawn
    assert all(path.with_suffix(".png").is_file() for path in drawn)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_of_the_menu_names_a_picture_for_its_address(rendered, pages, image, language):
    for page in PAGES:
        (meta,) = [
            m for m in pages[f"{language}/{page.slug}.html"].all("meta") if m.get("property") == "og:image"
        ]
        path = (rendered / language / page.slug).parent / meta["content"]
        assert image(path.read_bytes()).size == (1200, 630), page.slug


def test_a_card_of_a_rule_names_no_picture(pages):
    assert not [m for m in pages["fr/rules/for-old.html"].all("meta") if m.get("property") == "og:image"]


def test_the_picture_of_a_page_shows_its_title(rendered):
    page = next(page for page in PAGES if page.slug == "age")
    one, other = (
        pictures.social(f"<title>{t} – bobanalysis</title>", page, "fr") for t in ("Un", "Autre titre")
    )
    assert one != other
