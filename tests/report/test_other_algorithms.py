"""The pages on other algorithms; what they claim is tested with the claims of every page."""

import re
import shutil

import pytest
from audited import BOB, OTHERS, words
from reading_pages import parse_all

from bobanalysis import text as typography
from bobanalysis.report import sheets
from bobanalysis.report.renderer import Content, PageRenderer
from bobanalysis.report.site import PAGES

SLUGS = ("compare", "observed")
PAGE = {page.slug: page for page in PAGES if page.slug in SLUGS}


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, BOB)


def made(content, slug, language="en"):
    return PageRenderer(content, words(language), PAGE[slug]).html()


def plain(html):
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


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
        "only Bob goes by a place on the map",
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
