"""The pages on other algorithms: what they claim follows from what was recorded, or they are not made."""

import re
import shutil

import pytest
from audited import BOB, OTHERS, words
from reading_pages import parse_all

from bobanalysis import text as typography
from bobanalysis.report import sheets
from bobanalysis.report.renderer import Content, PageError, PageRenderer
from bobanalysis.report.site import PAGES
from bobanalysis.report.words import HERE

SLUGS = ("compare", "observed")
PAGE = {page.slug: page for page in PAGES if page.slug in SLUGS}


def claims(slug):
    text = (HERE / "templates" / f"{slug}.html").read_text("utf-8")
    return re.findall(r'\{\{ sure\(.*, "([^"]+)"\) \}\}', text)


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, BOB)


def made(content, slug, language="en"):
    return PageRenderer(content, words(language), PAGE[slug]).html()


def plain(html):
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


# --- claims

BROKEN = [
    ("compare", "three.ams_step_30", 0.01, "falls at 30 and at 50"),
    ("compare", "three.ams_step_50", -0.01, "more at 50 than at 30"),
    ("compare", "three.ams_office_4", 0.9, "the first type of office gives the highest chance"),
    ("compare", "three.duo_cells_place_changed", 0.9, "class of everybody changes"),
    ("observed", "observed.mean_2014_15_18_high", 40.0, "nil under twenty-one"),
    ("observed", "observed.mean_2014_25_50_low", 31.0, "mean score falls with age in 2014"),
    ("observed", "observed.mean_2014_25_50_high", 30.0, "the oldest could come out above"),
    ("observed", "observed.share_2014_15_18_low", 0.2, "lie among the other ages"),
    ("observed", "observed.gap_class_1_2014_19_20", 0.01, "most often in the highest class"),
    ("observed", "observed.far_2014_25_50", 0.6, "lived far from their parents most often"),
    ("observed", "observed.share_same_2014_25_50", 0.3, "share in the two highest classes falls with age"),
    ("observed", "observed.composition_classes_1_2_2014_25_50", 0.01, "nearly cancel"),
    ("observed", "observed.composition_mean_2014_25_50", 19.0, "do not cancel"),
    ("observed", "observed.share_2019_15_18_low", 0.1, "the youngest of 2019 stand out"),
    ("observed", "observed.far_2019_15_18", 0.4, "the youngest lived nearer"),
    ("observed", "observed.class_1_2014_outside_europe", 0.05, "in the highest class more often"),
    ("observed", "observed.selected_2019_outside_europe_all", 0.01, "selected several times as often"),
    ("observed", "observed.selected_2014_outside_europe_1", 0.05, "within the highest class too"),
    ("observed", "observed.selection_rates_2014_outside_europe", 0.001, "added more than the rule did"),
    ("observed", "observed.undue_population_2014_outside_europe", 0.1, "undue grants more often"),
    ("observed", "observed.undue_random_sample_2014_all", 0.3, "few undue grants"),
]


@pytest.mark.parametrize(("slug", "finding", "value", "claim"), BROKEN)
def test_a_page_whose_figures_no_longer_bear_out_a_claim_is_not_made(
    content, monkeypatch, slug, finding, value, claim
):
    found = content.merged["findings"]
    monkeypatch.setitem(found, finding, {**found[finding], "value": value})
    with pytest.raises(PageError, match=f"template {slug}.html: the records do not bear out .*{claim}"):
        made(content, slug)


def test_every_claim_is_broken_above_or_below():
    broken = [next(c for c in claims(slug) if claim in c) for slug, _, _, claim in BROKEN]
    left = [c for slug in SLUGS for c in claims(slug) if c not in broken]
    assert len(left) == 4, left  # steps in a table, and the interval of a ratio: below


@pytest.mark.parametrize(
    ("population", "outcome", "claim"),
    [
        ("bob", "overall_score", "at one birthday"),
        ("duo_cells", "score_low", "falls at every step"),
        ("duo_cells", "score_high", "rises at some step"),
    ],
)
def test_steps_of_age_with_another_sign_stop_the_page(content, monkeypatch, population, outcome, claim):
    rows = content.grouped("three.steps_score", "population", "a test")
    down = outcome == "score_high"
    other = {"what": "down" if down else "up", "change": -5.0 if down else 5.0}
    changed = [row | other if row["outcome"] == outcome else row for row in rows[population]]
    monkeypatch.setitem(rows, population, changed)
    with pytest.raises(PageError, match=claim):
        made(content, "compare")


def test_a_ratio_whose_interval_holds_one_stops_the_page(content, monkeypatch):
    found, id = content.merged["findings"], "observed.ratio_2019_outside_europe"
    monkeypatch.setitem(found, id, {**found[id], "interval": [0.9, 4.2]})
    with pytest.raises(PageError, match="adjusted for class"):
        made(content, "observed")


# --- what the pages say


@pytest.fixture(scope="module")
def texts(content):
    return {(slug, lang): made(content, slug, lang) for slug in SLUGS for lang in ("fr", "en")}


def test_the_page_of_three_says_what_kind_each_is_and_whose_answers(texts):
    said = plain(texts["compare", "en"])
    for sentence in (
        "Bob (France) gives advice",
        "classes that steer support",
        "selects students for checks",
        "We found no second published recommender complete enough to be run again",
        "only Bob reads a place on the map",
        "These are not the same people",
    ):
        assert sentence in said
    assert "Comparé à d’autres" in plain(texts["compare", "fr"])


def test_the_page_on_observed_people_never_shows_selection_by_age_or_distance(texts):
    for lang in ("fr", "en"):
        shown = re.findall(r'href="#note-(observed\.\w+)"', texts["observed", lang])
        crossed = [id for id in shown if re.search(r"selected|selection|undue|ratio", id)]
        assert len(crossed) > 15
        assert not [id for id in crossed if re.search(r"\d\d_\d\d|far|km", id)]
    assert "was published by class and origin only" in plain(texts["observed", "en"])


def test_codes_in_tables_stand_by_their_names_in_both_languages(texts):
    for slug in SLUGS:
        for lang in ("fr", "en"):
            cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", texts[slug, lang])
            assert not [c for c in cells if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+|MBO_.*|netherlands|0km", c)]
    assert "origine hors d’Europe" in texts["observed", "fr"]
    assert "origin outside Europe" in texts["observed", "en"]


def test_every_published_figure_stands_beside_ours_and_differs_as_it_says(texts):
    for kind, count in (("score", 5), ("share", 6), ("count", 16)):
        table = texts["observed", "en"].split(f'id="table-observed.published_{kind}"')[1].split("</table>")[0]
        rows = re.findall(r"<tr><th.*?</tr>", table)[1:]
        assert len(rows) == count
        assert all(row.count("<td") == 4 for row in rows)


# --- their own pages


def test_each_other_algorithm_has_its_pages_beside_and_they_lead_back(rendered):
    for algorithm in OTHERS:
        found = parse_all(rendered / algorithm.id)
        slugs = ("rules", "conditions", "letter", "try", "record")
        assert {f"{lang}/{slug}.html" for lang in ("fr", "en") for slug in slugs} <= set(found)
        for path, page in found.items():
            for link in page.all("a"):
                if not link["href"].startswith(("http", "#")):
                    target = rendered / algorithm.id / path
                    assert (target.parent / link["href"].split("#")[0]).exists(), (path, link["href"])
        assert 'href="../../fr/compare.html"' in found["fr/rules.html"].source


def test_their_pages_keep_the_typographic_rules_and_do_not_speak_of_bob(rendered):
    for algorithm in OTHERS:
        for path, page in parse_all(rendered / algorithm.id).items():
            assert not re.search(r"\bBob\b|France Travail", page.source), path
            for said, around in page.texts:
                if not any(tag in ("style", "script", "code") for tag, _ in around):
                    assert not typography.faults(said, path[:2]), (algorithm.id, path, said)


def test_each_other_algorithm_has_a_register_record_and_a_legal_frame():
    names = {frozenset(sheets.record(a.id).fields) for a in OTHERS}
    assert len(names) == 1, "both records have the same fields"
    for algorithm in OTHERS:
        record = sheets.record(algorithm.id)
        assert len(record.fields) >= 20
        assert record.fields["not_read"].text
        assert any("not read" in text.en for text in algorithm.legal.values())
        assert not any("CRPA" in text.en or "Bob" in text.en for text in algorithm.legal.values())
    assert sheets.record("toy") is None


def test_a_record_with_a_blank_field_is_refused(tmp_path, monkeypatch):
    from bobanalysis.data.registry import folder

    shutil.copytree(folder() / "registers", tmp_path / "registers")
    path = tmp_path / "registers" / "ams.yaml"
    path.write_text(path.read_text("utf-8").replace("field: code}", "field: cod}"), "utf-8")
    monkeypatch.setenv("BOBANALYSIS_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=r"ams\.yaml: field field: the record has no field 'cod'"):
        sheets.record("ams")
