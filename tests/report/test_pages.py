import json
import os
import re
from itertools import pairwise
from urllib.parse import urldefrag

import pytest
from audited import BOB, OTHERS, words
from invented_findings import write_invented
from reading_pages import blocks, one_of_each

from bobanalysis import text as typography
from bobanalysis.report import glossary
from bobanalysis.report.findings import FindingError
from bobanalysis.report.renderer import Content, Page, PageError, PageRenderer, read_table
from bobanalysis.report.site import PAGES, every_page, render
from conftest import PUBLISHED

MADE = (
    *("data-finding", "data-table", "data-chart", "data-source", "data-rule", "data-ledger", "data-quirk"),
    "data-publication",
)
ALLOWED = re.compile(r"CC BY 4\.0|GPL-3\.0-or-later|UTF-8|20[12]\d|findings|SVG")
BUILT = ("rules", "places", "regions", "notebooks", "findings", "charts", "fr", "en")
"""Folders of pages, and of tables for people, that a build makes and no commit holds."""
WITHOUT_FIGURES = (
    *("rules", "sources", "data", "glossary", "register-etalab", "notebooks"),
    "cite",
)


def snapshot(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def paths(language, pages=None):
    """Every page of a language; of a published folder, those that a build makes only where they were made."""
    found = [f"{language}/{page.slug}.html" for page in every_page(BOB)]
    return [path for path in found if pages is None or path in pages or path.split("/")[1] not in BUILT]


def test_every_page_exists_in_both_languages(pages):
    beside = {"index.html", "fr/letter.html", "en/letter.html"}
    recorded = {path for path in pages if "/notebooks/" in path or "/findings/" in path}
    assert {*paths("fr"), *paths("en"), *beside} == set(pages) - recorded
    lists = {path.removeprefix("fr/") for path in recorded if path.startswith("fr/")}
    assert lists == {path.removeprefix("en/") for path in recorded if path.startswith("en/findings/")}


def test_a_page_of_each_kind_made_again_in_another_process_is_the_same(rendered, content_of_site):
    shown = {page.slug: page for page in every_page(BOB)}
    for path in one_of_each(rendered, ("fr/**/*.html", "en/**/*.html")):
        language, slug = path.removesuffix(".html").split("/", 1)
        if slug in shown:
            text = PageRenderer(content_of_site, words(language), shown[slug], PAGES).html()
            if slug != "glossary":
                text = glossary.link(text, language, shown[slug].home)
            made = (rendered / path).read_text("utf-8")
            assert text == made or slug == "notebooks", path  # that one says what others showed before it


@pytest.mark.slow
def test_rendering_again_changes_no_byte(rendered, invented_build, tmp_path):
    again = render(invented_build, tmp_path / "again", algorithm=BOB, others=OTHERS)
    assert snapshot(again) == snapshot(rendered)


@pytest.fixture(scope="module")
def content_of_site(made_site):
    return Content.read(made_site / "build", algorithm=BOB)


def test_a_file_that_no_page_needs_any_more_goes(invented_build, rendered, tmp_path, monkeypatch):
    target = tmp_path / "reports"
    (target / "fr").mkdir(parents=True)
    (target / "fr" / "old.html").write_text("old")
    monkeypatch.setattr(
        "bobanalysis.report.site._write_all", lambda content, folder: (folder / "fr").mkdir(parents=True)
    )
    render(invented_build, target, algorithm=BOB)
    assert snapshot(target) == {}


def test_a_rendering_that_fails_leaves_the_old_pages_as_they_were(tmp_path):
    target = tmp_path / "reports"
    target.mkdir()
    (target / "index.html").write_text("old")
    with pytest.raises(FindingError, match="execute the notebooks first"):
        render(tmp_path / "nothing", target, algorithm=BOB)
    assert snapshot(target) == {"index.html": b"old"}
    assert [p.name for p in tmp_path.iterdir()] == ["reports"]


def test_a_page_that_asks_for_a_finding_nobody_recorded_says_which_and_what_is_near(invented_build):
    maker = PageRenderer(Content.read(invented_build, algorithm=BOB), words("en"), Page("index", "x"))
    with pytest.raises(
        PageError, match=r"template index\.html asks for finding 'age\.nothing'.*age\.changed_share"
    ):
        maker.figure("age.nothing")


def test_a_modelled_figure_is_shown_with_its_interval_kind_and_note(tmp_path):
    book = write_invented(tmp_path)
    book.record("x.y", value=0.13, interval=(0.12, 0.145), unit="share", kind="modelled", vintage="2021")
    maker = PageRenderer(Content.read(tmp_path, algorithm=BOB), words("fr"), Page("index", "x"))
    shown = maker.figure("x.y")
    assert "13,0\u202f% (de 12,0 à 14,5\u202f%)<sup>m</sup>" in shown
    assert 'href="#note-x.y"' in shown
    assert [id for id, _ in maker.notes()] == ["x.y"]


def test_a_finding_without_value_is_called_not_estimable_and_never_zero(tmp_path):
    book = write_invented(tmp_path)
    note = {"fr": "Trop peu de cas", "en": "Too few cases"}
    book.record("x.y", value=None, unit="share", kind="by construction", vintage="2021", note=note)
    assert "not estimable" in PageRenderer(
        Content.read(tmp_path, algorithm=BOB), words("en"), Page("index", "x")
    ).figure("x.y")


def test_an_empty_cell_of_a_table_is_shown_as_no_data(invented_build):
    maker = PageRenderer(Content.read(invented_build, algorithm=BOB), words("en"), Page("index", "x"))
    row = re.search(r"<tr>(?:(?!</tr>).)*Mayotte.*?</tr>", maker.table("place.stressed"), re.S).group()
    assert row.count("no data") == 4
    assert "No data" in row


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_number_stands_in_a_sentence_but_from_findings(site, language):
    _, pages = site
    for path in paths(language, pages):
        for text, around in pages[path].texts:
            made = any(key in attributes for _, attributes in around for key in MADE)
            figure = any(
                attributes.get("class", "").split()[:1] in (["figure"], ["from-table"])
                for _, attributes in around
            )
            if not made and not figure and not any(tag == "code" for tag, _ in around):
                assert not re.search(r"\d", ALLOWED.sub("", text)), f"{path}: {text.strip()[:80]}"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_typography_of_every_text_is_right(site, language):
    _, pages = site
    faults = [
        f
        for path in paths(language, pages)
        for text in blocks(pages[path], language)
        for f in typography.faults(text, language)
    ]
    assert faults == []


def test_both_languages_of_a_page_show_the_same_findings_in_the_same_order(site):
    _, pages = site
    for fr, en in zip(paths("fr", pages), paths("en", pages), strict=True):
        assert figures(pages[fr]) == figures(pages[en])
        assert fr.removesuffix(".html")[3:].split("/")[0] in WITHOUT_FIGURES or figures(pages[fr])


def figures(page):
    return [a["href"] for a in page.all("a") if a.get("class", "").startswith("figure")]


def test_every_link_inside_the_folder_leads_somewhere(site):
    rendered, pages = site
    ids = {path: {a.get("id") for _, a in page.elements} for path, page in pages.items()}
    for path, page in pages.items():
        for address in {attributes["href"] for tag in ("a", "link") for attributes in page.all(tag)}:
            if address.startswith(("https:", "http:", "data:")):
                continue
            file, anchor = urldefrag(address)
            target = (rendered / path).parent / file if file else rendered / path
            if rendered == PUBLISHED and not target.exists():
                # what a build makes for reading only is not committed
                built = (
                    target.name == "dictionary.csv"
                    or target.suffix in (".png", ".zip")
                    or target.parent.name in BUILT
                )
                assert built, f"{path}: {address}"
                continue
            assert target.is_file(), f"{path}: {address}"
            if anchor:
                other = os.path.relpath(target, rendered)
                assert anchor in ids[other], f"{path}: {address}"


def test_nothing_is_loaded_from_outside_and_no_script_is_needed(site):
    _, pages = site
    for path, page in pages.items():
        scripts = [
            src for a in page.all("script") if not (src := a.get("src", "")).endswith("assets/links.js")
        ]
        own = ("", "../assets/try.js", "../assets/rules.js", "../assets/places.js")
        assert all(src in own for src in scripts), path
        # the first computes, and says so; the others add a search
        searched = ("/try.html", "/rules.html", "/questions.html", "/places.html")
        assert not scripts or path.endswith(searched), path
        loaded = [a.get("src") or a.get("href") for tag in ("img", "link", "iframe") for a in page.all(tag)]
        assert not [address for address in loaded if address.startswith("http")], path


def test_a_page_has_the_same_anchors_in_both_languages(pages):
    for fr, en in zip(paths("fr"), paths("en"), strict=True):
        ids = [{a["id"] for _, a in pages[path].elements if "id" in a} for path in (fr, en)]
        assert ids[0] == ids[1], fr


def test_the_first_page_says_what_the_site_is(pages):
    about = next(a["content"] for a in pages["index.html"].all("meta") if a.get("name") == "description")
    assert "Bob Emploi" in about


def test_no_code_stands_where_a_french_reader_expects_a_producer_a_year_or_a_licence(pages):
    english = re.compile(r"\b(the|and|of|to|through|with|each|none|figures|reuse)\b")
    for term in re.findall(r"<dd>(.*?)</dd>", pages["fr/sources.html"].source, re.S):
        assert not english.search(re.sub(r"“.*?”|«.*?»|<.*?>|https:\S+|Welcome to the Jungle", "", term)), (
            term
        )


def test_ids_are_unique_on_every_page(site):
    _, pages = site
    for path, page in pages.items():
        ids = [a["id"] for _, a in page.elements if "id" in a]
        assert len(ids) == len(set(ids)), path


def test_a_page_says_its_language_has_one_main_heading_and_skips_no_level(site):
    _, pages = site
    for language in ("fr", "en"):
        for path in paths(language, pages):
            page = pages[path]
            assert page.all("html") == [{"lang": language}]
            levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
            assert levels[0] == 1
            assert levels.count(1) == 1
            assert all(b - a <= 1 for a, b in pairwise(levels)), path


def test_every_chart_stands_with_its_kind_its_data_and_its_downloads(pages, rendered):
    for name in ("age-challenges", "age-cliffs", "age-advice", "place-map", "place-ranks"):
        page = pages[f"fr/{name.split('-')[0]}.html"].source
        figure = re.search(rf'<figure id="chart-{name}">.*?</figure>', page, re.S).group()
        assert "par construction" in figure
        assert f"{name}-fr.svg" in figure
        assert re.search(r"tables/[a-z_.]+\.csv", figure)


def test_share_unknown_stands_beside_share_known_in_the_table_of_places(pages):
    table = pages["en/place.html"].source.split('id="table-place.stressed"')[1]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', table)
    known = next(i for i, head in enumerate(heads) if "highest" in head.lower())
    assert any("unknown" in head for head in heads[known:])


def test_a_long_list_of_sources_is_folded_and_a_short_one_is_not(invented_build):
    maker = PageRenderer(Content.read(invented_build, algorithm=BOB), words("en"), Page("index", "x"))
    assert "<details" not in maker.sources_of(["rome", "departements"])
    folded = maker.sources_of(["rome", "departements", "rome_mobility"])
    assert "<summary>3 sources</summary>" in folded
    assert folded.count("sources.html#") == 3


def test_a_small_chart_shows_a_share_with_its_range_over_choices(pages):
    page = pages["en/index.html"].source
    row = re.search(r"<tr><th[^>]*>main challenge</th>.*?</tr>", page)[0]
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))["findings"]
    share, low, high = (published[f"age.changed_share{end}"]["value"] * 100 for end in ("", "_low", "_high"))
    line = f'<span style="width:{share:.1f}%"></span><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
    assert line in row
    assert re.search(rf'href="#note-age\.changed_share"[^>]*>{share:.1f}%<sup>c</sup>', row)


def test_the_findings_file_is_valid_json_and_holds_what_was_recorded(rendered):
    merged = json.loads((rendered / "findings.json").read_text("utf-8"))
    published = json.loads((PUBLISHED / "findings.json").read_text("utf-8"))
    assert merged["findings"]["age.changed_share"] == published["findings"]["age.changed_share"]
    assert (rendered / "findings.csv").read_text("utf-8").count("\n") == len(merged["findings"]) + 1


def test_a_table_read_back_keeps_codes_as_text_and_ranks_whole(invented_build):
    content = Content.read(invented_build, algorithm=BOB)
    frame = content.tables["place.stressed"]
    assert frame["departement_id"].to_list()[0] == "01"
    assert frame["rank_low"].dtype.is_integer()
    assert frame["share_unknown"].dtype.is_float()


def test_a_whole_number_written_as_a_decimal_can_be_read(tmp_path):
    meta = {"columns": [{"name": "share", "unit": "share"}, {"name": "age", "unit": "years"}]}
    assert read_table("share,age\n1,16\n,17\n", meta).rows() == [(1.0, 16), (None, 17)]


def test_a_département_whose_market_is_unknown_shows_no_share_told_that_it_is_stuck(pages):
    table = pages["en/place.html"].source.split('id="table-place.challenge_share"')[1].split("</table>")[0]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', table)
    rows = {
        dep: re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", re.search(rf"<tr><th[^>]*>{dep} .*?</tr>", table)[0])
        for dep in ("Mayotte", "Creuse")
    }
    stuck = heads.index(words("en").name("challenge", "stuck-market"))
    assert "unknown" in heads[1]
    assert rows["Mayotte"][1] == "100%"
    assert "no data" in rows["Mayotte"][stuck]
    assert re.fullmatch(r"[\d.]+% <small>\([\d.]+% to [\d.]+%\)</small>", rows["Creuse"][stuck])


def test_every_finding_that_is_listed_has_words_in_both_languages(pages):
    for path in ("fr/data.html", "en/data.html", "fr/index.html", "fr/age.html", "fr/place.html"):
        for row in re.findall(r'<tr id="note-(.*?)".*?<th scope="row">(.*?)<code>', pages[path].source, re.S):
            assert row[1].strip(), f"{path}: {row[0]} is shown without a word"


def test_the_story_says_of_age_that_only_the_main_challenge_stays(pages):
    text = pages["en/age.html"].source
    assert "age alone never changes the main challenge" in text
    assert re.search(r"changes at some age for <a[^>]*advice_age\.changed_advice", text)


def test_values_stand_with_the_size_of_their_sample(pages):
    text = pages["fr/age.html"].source
    assert re.search(r"Sur 10\s000 personnes modélisées\.", text.split('id="table-age.changed_by_scale"')[1])


def test_missing_market_figures_are_laid_to_this_audit_and_not_to_bob(pages):
    for page, said in (
        ("en/index.html", "These gaps are ours, not Bob’s"),
        ("fr/index.html", "Ces lacunes sont les nôtres, non celles de Bob"),
        ("fr/place.html", "les lacunes indiquées ici sont celles des chiffres publics"),
    ):
        assert said in pages[page].source


def test_the_départements_where_nobody_is_sent_to_a_non_profit_are_named(pages):
    item = re.search(r"<li><b>Nobody:</b>.*?</li>", pages["en/place.html"].source)[0]
    assert "Corse-du-Sud (2A), Haute-Corse (2B), Mayotte (976)" in item
    assert "none of them is: <span" in pages["en/index.html"].source


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_front_page_leads_to_every_answer_that_a_reader_comes_for(pages, language):
    page = pages[f"{language}/index.html"]
    ways = ("age", "place", "quality", "known", "places", "try", "questions", "method", "cite")
    assert {f"{way}.html" for way in ways} <= {a["href"] for a in page.all("a")}
    assert [a["action"] for a in page.all("form")] == ["places.html"]
    assert {"age", "place", "jobs", "unknown", "sure"} <= {a.get("id") for _, a in page.elements}


def test_a_count_of_départements_is_not_written_like_the_number_of_one(pages):
    assert re.search(r">93<sup>c</sup></a> autres ne", pages["fr/place.html"].source)


def test_no_code_stands_in_a_table_where_a_name_belongs(pages):
    code = re.compile(r"[A-Za-z0-9]+(_[a-z0-9]+)+|[a-z]+(-[a-z]+)+|[A-Z]+(_[A-Z]+)+|true|false")
    found = {
        (path, text)
        for path, page in pages.items()
        if path.startswith("fr/") and not path.endswith("/data.html")  # it lists labels that tests invent
        for text, around in page.texts
        if {"td", "th", "dt"} & {tag for tag, _ in around} and not {"a", "code"} & {tag for tag, _ in around}
        if code.fullmatch(text.strip())
    }
    assert found == set()


@pytest.fixture
def noted(tmp_path):
    """Make a page about findings of a share with a range, and return the notes of what it shows."""
    book = write_invented(tmp_path)
    said = {"unit": "share", "kind": "by construction", "vintage": "2021", "no_interval": "bounds"}
    said["label"] = {"fr": "Une part", "en": "A share"}
    for id, value in (("x.y", 0.5), ("x.y_low", 0.25), ("x.y_high", 0.75), ("x.alone", 0.5)):
        book.record(id, value, n=1200, n_of="rows" if id == "x.alone" else "people", **said)
    maker = PageRenderer(Content.read(tmp_path, algorithm=BOB), words("en"), Page("index", "x"))

    def note(id):
        maker.shown.clear()
        maker.figure(id)
        return maker._made("parts/notes.html", notes=maker.notes())

    return note


@pytest.mark.parametrize("id", ["x.y", "x.y_low", "x.y_high"])
def test_a_note_shows_the_range_that_its_figure_lies_in_or_ends(noted, id):
    assert "range: 25.0% to 75.0%" in noted(id)


def test_a_note_without_interval_and_range_says_why_and_never_promises_bounds(noted):
    assert "the uncertainty comes from choices or roundings" in noted("x.alone")


def test_a_note_says_whether_people_or_rows_are_counted(noted):
    assert "on 1,200 people" in noted("x.y")
    assert "on 1,200 rows of the table" in noted("x.alone")
