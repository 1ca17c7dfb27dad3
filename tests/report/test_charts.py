import json
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import polars as pl
import pytest
from audited import BOB, words

from bobanalysis.report import charts
from bobanalysis.report.renderer import Content
from bobanalysis.report.words import departement_names

NAMES = [*charts.CHARTS]
CHALLENGES = [*words("en").names("challenge")]
DEPARTEMENTS = sorted(departement_names())
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, algorithm=BOB)


def draw(content, name, language="en", narrow=False):
    return charts.draw(name, tables(content, name), words(language), narrow)


def tables(content, name):
    return {id: content.tables[id] for id in charts.CHARTS[name].tables}


@pytest.fixture(scope="module")
def drawn(content):
    return lambda name, language="en", narrow=False: content.drawing(name, words(language), narrow)[1]


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text") if element.text]


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_drawn_twice_is_the_same_to_the_byte(content, drawn, name):
    assert charts.svg(draw(content, name), name) == drawn(name)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_an_image_with_a_title_and_a_description(drawn, name, language):
    root = ET.fromstring(drawn(name, language))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == root[0].get("id")
    assert root.get("aria-describedby") == root[1].get("id")
    assert len(root[0].text) > 10
    assert len(root[1].text) > 40


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_committed_chart_is_smaller_than_250_kilobytes(drawn, name, narrow):
    assert len(drawn(name, "fr", narrow).encode()) < 250_000


@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_chart_fits_a_phone(drawn, name):
    assert float(re.search(r'width="([\d.]+)"', drawn(name, "fr", True)).group(1)) <= 370


@pytest.mark.parametrize("name", NAMES)
def test_ids_of_a_chart_start_with_its_name_so_that_charts_can_share_a_page(drawn, name):
    assert all(id.startswith(name) for id in re.findall(r'\bid="([^"]+)"', drawn(name)))


def test_the_tile_map_shows_every_departement_once(drawn):
    codes = [text for text in texts(drawn("place-map", "fr", True)) if re.fullmatch(r"\d[\dAB]\d?", text)]
    assert sorted(codes) == DEPARTEMENTS


def test_the_map_writes_the_number_of_each_departement_with_a_class_that_holds_on_every_scale(content, drawn):
    codes = [text for text in texts(drawn("place-map")) if re.fullmatch(r"\d[\dAB]\d?", text)]
    held = content.tables["place.stressed"].filter(pl.col("class").is_in(["high", "low"]))
    assert sorted(codes) == sorted(held["departement_id"])


@pytest.mark.parametrize("narrow", [False, True])
def test_a_departement_without_data_is_hatched_and_not_given_a_colour_of_a_class(drawn, narrow):
    svg = drawn("place-map", "en", narrow)
    hatched = re.findall(r'fill="url\(#place-map[a-z-]*-hatch\)"', svg)
    assert len(hatched) == 2  # the one département, and the key
    assert charts.HATCH not in svg


def test_a_departement_without_ranks_is_not_ranked(drawn):
    assert len([text for text in texts(drawn("place-ranks")) if text.endswith(")")]) == len(DEPARTEMENTS) - 1


def test_the_age_chart_names_every_challenge_and_its_largest_steps(drawn):
    shown = texts(drawn("age-challenges"))
    assert {words("en").name("challenge", name) for name in CHALLENGES} <= set(shown)
    assert {"30 → 31", "49 → 50"} <= set(shown)


def test_small_steps_are_not_marked(content):
    rows = charts.largest(content.tables["age.cliffs"])
    assert [row["age_from"] for row in rows] == [30, 49]


def test_every_name_and_value_that_a_chart_asks_for_is_given(content):
    for name in NAMES:
        for narrow in (False, True):
            text = draw(content, name, narrow=narrow).spec
            assert not re.search(r'"\$\w+"', text)
            assert json.loads(text)["background"] == "#ffffff"


def test_areas_fill_the_whole_at_every_age(content):
    values = charts._age_challenges(tables(content, "age-challenges"), words("en"), False)[1]
    for age in range(16, 71):
        here = [row for row in values["shares"] if row["age"] == age]
        assert sum(row["share"] for row in here) == pytest.approx(1, abs=1e-3)
        assert [row["kind"] for row in sorted(here, key=lambda row: -row["order"])] == [
            name for name in CHALLENGES if name in {row["kind"] for row in here}
        ]


def test_names_of_thin_areas_are_moved_apart():
    shares = {"a": 0.9, "b": 0.01, "c": 0.01, "d": 0.06, "e": 0.02}
    rows = charts._names_at_the_end(shares, 70, {name: name for name in shares})
    placed = [row["share"] for row in rows]
    assert all(above - below >= 0.0469 for above, below in pairwise(placed))
    assert min(placed) >= 0.0234


def test_the_name_of_a_step_stands_higher_where_the_one_before_is_near():
    steps = [{"age_from": age, "age_to": age + 1} for age in (49, 25, 30)]
    assert [row["lift"] for row in charts._lifted(steps, near=8)] == [-8, -20, -8]


def test_the_description_of_the_age_chart_carries_the_figures_of_the_table(content):
    drawing = draw(content, "age-challenges", "fr")
    assert "Trouver un métier qui plaît\u202f: 10,4\u202f% à 16" in drawing.description


def test_no_cliff_at_all_still_gives_a_chart(content):
    flat = content.tables["age.cliffs"].with_columns(share_changed=pl.lit(0.0))
    for name in ("age-challenges", "age-cliffs"):
        drawing = charts.draw(name, {**tables(content, name), "age.cliffs": flat}, words("fr"), False)
        assert "<svg" in charts.svg(drawing, name)


@pytest.mark.parametrize("name", NAMES)
def test_the_converter_measures_only_characters_and_a_font_that_it_brings_along(content, name):
    # a narrow space or an arrow would be measured with a font of the machine, and give another file there
    for language in ("fr", "en"):
        for narrow in (False, True):
            text = draw(content, name, language, narrow).spec
            assert set(re.sub(r"[\x20-\xff’–œŒ…]", "", text)) == set()
            assert charts.STYLE["measure"] in text
            assert charts.STYLE["font"] not in text


@pytest.mark.parametrize("name", NAMES)
def test_no_stand_in_is_left_in_a_chart(drawn, name):
    for language in ("fr", "en"):
        assert not re.search("[" + "".join(charts.STYLE["stand_ins"].values()) + "]", drawn(name, language))
    assert "100\u202f%" in drawn("age-challenges", "fr")
