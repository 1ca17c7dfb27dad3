import json
import re
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urldefrag

import polars as pl
import pytest
from audited import BOB, OTHERS, words
from invented_findings import write_invented
from reading_pages import blocks

from bobanalysis import text as typography
from bobanalysis.report.findings import FindingError
from bobanalysis.report.renderer import Content, Page, PageError, PageRenderer, read_table
from bobanalysis.report.site import PAGES, every_page, render

MADE = ("data-finding", "data-table", "data-chart", "data-source", "data-rule", "data-ledger", "data-quirk")
ALLOWED = re.compile(r"CC BY 4\.0|GPL-3\.0-or-later|UTF-8|20[12]\d|findings|SVG")
WITHOUT_FIGURES = ("rules", "sources", "data", "glossary", "register-etalab")


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, algorithm=BOB)


def snapshot(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def paths(language, pages=None):
    """Every page of a language; of a published folder, cards of rules only where they were made."""
    found = [f"{language}/{page.slug}.html" for page in every_page(BOB)]
    return [path for path in found if pages is None or path in pages or "/rules/" not in path]


def test_every_page_exists_in_both_languages(pages):
    beside = {"index.html", "fr/letter.html", "en/letter.html"}
    assert {*paths("fr"), *paths("en"), *beside} == set(pages)


def test_rendering_again_changes_no_byte(rendered, invented_build, tmp_path):
    again = render(invented_build, tmp_path / "again", algorithm=BOB, others=OTHERS)
    assert snapshot(again) == snapshot(rendered)


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
    assert row.count("no data") == 6
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
    for path, page in pages.items():
        for attributes in [*page.all("a"), *page.all("link")]:
            address = attributes["href"]
            if address.startswith(("https:", "http:", "data:")):
                continue
            file, anchor = urldefrag(address)
            target = (rendered / path).parent / file if file else rendered / path
            if target.parent.name == "rules" and not target.parent.exists():
                continue  # published without the cards, which a build makes
            assert target.is_file(), f"{path}: {address}"
            if anchor:
                other = pages[target.resolve().relative_to(rendered.resolve()).as_posix()]
                assert any(a.get("id") == anchor for _, a in other.elements), f"{path}: {address}"


def test_nothing_is_loaded_from_outside_and_no_script_is_needed(site):
    _, pages = site
    for path, page in pages.items():
        scripts = [a.get("src", "") for a in page.all("script")]
        assert all(src in ("", "../assets/try.js", "../assets/rules.js") for src in scripts), path
        # the first computes, and says so; the others add a search
        assert not scripts or path.endswith(("/try.html", "/rules.html", "/questions.html")), path
        loaded = [a.get("src") or a.get("href") for tag in ("img", "link", "iframe") for a in page.all(tag)]
        assert not [address for address in loaded if address.startswith("http")], path


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
    assert heads[heads.index("Highest share, known cases") + 1] == "Share unknown"


def test_a_long_list_of_sources_is_folded_and_a_short_one_is_not(invented_build):
    maker = PageRenderer(Content.read(invented_build, algorithm=BOB), words("en"), Page("index", "x"))
    assert "<details" not in maker.sources_of(["rome", "departements"])
    folded = maker.sources_of(["rome", "departements", "rome_mobility"])
    assert "<summary>3 sources</summary>" in folded
    assert folded.count("sources.html#") == 3


def test_a_small_chart_shows_a_share_with_its_range_over_choices(pages):
    page = pages["en/index.html"].source
    row = re.search(r"<tr><th[^>]*>main challenge</th>.*?</tr>", page)[0]
    assert '<span style="width:11.6%"></span><i style="left:2.0%;width:29.0%"></i>' in row
    assert re.search(r'href="#note-age\.changed_share"[^>]*>11\.6%<sup>c</sup>', row)


def test_the_findings_file_is_valid_json_and_holds_what_was_recorded(rendered):
    merged = json.loads((rendered / "findings.json").read_text("utf-8"))
    assert merged["findings"]["age.changed_share"]["value"] == 0.1163
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
    stuck = heads.index(words("en").label("challenge", "stuck-market"))
    assert heads[1] == "Share unknown"
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
    assert re.search(r"Sur 1\s000 personnes modélisées\.", text.split('id="table-age.changed_by_scale"')[1])


def test_missing_market_figures_are_laid_to_this_audit_and_not_to_bob(pages):
    for page, said in (
        ("en/index.html", "These gaps are ours, not Bob’s"),
        ("fr/index.html", "Ces lacunes sont les nôtres, non celles de Bob"),
        ("fr/place.html", "les lacunes indiquées ici sont celles des chiffres publics"),
    ):
        assert said in pages[page].source


def test_the_départements_where_nobody_is_sent_to_a_non_profit_are_named(pages):
    item = re.search(r"<li><b>Nobody:</b>.*?</li>", pages["en/place.html"].source)[0]
    assert "Corse-du-Sud (2A), Mayotte (976)" in item
    assert "nobody is: <span" in pages["en/index.html"].source


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_front_page_leads_to_every_answer_that_a_reader_comes_for(pages, language):
    page = pages[f"{language}/index.html"]
    ways = ("age", "place", "quality", "known", "places", "try", "questions", "method", "cite")
    assert {f"{way}.html" for way in ways} <= {a["href"] for a in page.all("a")}
    assert [a["action"] for a in page.all("form")] == ["places.html"]
    assert {"age", "place", "jobs", "unknown", "sure"} <= {a.get("id") for _, a in page.elements}


CLAIMS = (
    ("index", "age.changed_share_high", 0.4, "a minority"),
    ("age", "age.changed_share_high", 0.4, "a minority"),
    ("index", "advice_age.changed_advice_low", 0.98, "for everybody"),
    ("age", "advice_age.changed_advice_low", 0.98, "for everybody"),
    ("index", "advice_age.senior_appears_share_low", 0.3, "most people"),
    ("index", "place.changed_share_low", 0.1, "more people than age"),
    ("place", "place.changed_share_low", 0.1, "more people than age"),
    ("index", "advice_place.help_nobody_n", 0, "somewhere nobody"),
    ("place", "advice_place.help_nobody_n", 0, "somewhere nobody"),
    ("index", "eval.age.shown_45", 0.9, "fewer at forty-five"),
    ("age", "age.step_ages", 3, "no other age"),
    ("age", "advice_age.gap_score_lowest", 0.1, "depends on the assumptions"),
    ("age", "advice_age.gap_work_study_highest", 0.1, "less often above the cut"),
    ("age", "why.age_close_job_age_high", 0.1, "in every attempt"),
    ("age", "blind.age_neutral.challenge", 0.6, "place neutral changes"),
    ("age", "advice_age.alternance_disappears_share", 0.4, "no more than the draw"),
    ("age", "cross.sex_challenge", 0.01, "neither diagnosis nor score"),
    ("place", "place.own_agree_n", 2, "same class"),
    ("place", "why.place_score_market_low", -1.0, "market figures alone"),
    ("place", "why.place_non_profits_place_high", 0.0, "owes nothing to the market"),
    ("place", "blind.place_neutral.challenge", 0.9, "at home than somewhere"),
)


@pytest.mark.parametrize(("slug", "id", "value", "claim"), CLAIMS)
def test_a_claim_that_the_figures_no_longer_bear_out_stops_its_page(content, slug, id, value, claim):
    known = content.merged["findings"]
    altered = replace(
        content, merged={**content.merged, "findings": {**known, id: known[id] | {"value": value}}}
    )
    page = next(page for page in PAGES if page.slug == slug)
    with pytest.raises(PageError, match=rf"{slug}\.html.*{claim}"):
        PageRenderer(altered, words("en"), page).html()


def test_of_jobs_suggested_the_page_claims_only_what_the_table_bears_out(content):
    table = content.tables["eval.recommenders"]
    bob = pl.col("recommender") == "bob-jobs"
    for column, value, claim in (
        ("share_high", 0.9, "fewer places"),
        ("share_of_listed", 0.1, "of the jobs listed"),
    ):
        changed = table.with_columns(pl.when(bob).then(value).otherwise(column).alias(column))
        altered = replace(content)
        altered.__dict__["tables"] = {**content.tables, "eval.recommenders": changed}
        with pytest.raises(PageError, match=claim):
            PageRenderer(altered, words("en"), next(p for p in PAGES if p.slug == "index")).html()


def test_a_count_of_départements_is_not_written_like_the_number_of_one(pages):
    assert re.search(r"les <a[^>]*>81<sup>c</sup></a> autres départements", pages["fr/place.html"].source)
