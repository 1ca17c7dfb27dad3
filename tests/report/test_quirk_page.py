"""The page of quirks: an entry a record in both languages, its evidence, its people, whom it touches."""

import re
from importlib.resources import files

import polars as pl
import pytest
import yaml
from audited import BOB, words

from bobanalysis.algorithms.bob_quirks import quirks
from bobanalysis.bob import catalogue
from bobanalysis.fairness.intervals import wilson
from bobanalysis.fairness.metrics import MIN_GROUP
from bobanalysis.report import quirk_pages
from bobanalysis.report.renderer import Content, Page, PageRenderer
from bobanalysis.report.site import PAGES
from bobanalysis.report.words import departement_names

LANGUAGES = ("fr", "en")
EVIDENCE = {
    "fr": {"shown": "montrée par le calcul", "read": "relevée par la lecture seule"},
    "en": {"shown": "shown by running", "read": "supported by reading only"},
}

IDLE = ("Q03", "Q22", "Q28")
"""Quirks of rules that nothing uses, although the people whom these let pass were counted."""


@pytest.fixture(scope="module")
def texts(rendered):
    return {lang: (rendered / lang / "quirks.html").read_text(encoding="utf-8") for lang in LANGUAGES}


@pytest.fixture(scope="module")
def entries(texts):
    """Each entry by language and id, as the text of its element."""
    found = {}
    for lang, text in texts.items():
        for article in re.findall(r'<article class="entry quirk.*?</article>', text, re.S):
            found[lang, re.search(r'id="(\w+)"', article)[1]] = article
    return found


@pytest.fixture(scope="module")
def shares(invented_build):
    touched = Content.read(invented_build, algorithm=BOB).tables["quirks.touched"]
    shares = dict(touched.filter(by="all").select("quirk", "share").iter_rows())
    return {id: share for id, share in shares.items() if id not in IDLE}


@pytest.fixture(scope="module")
def maker(invented_build):
    def make(language, slug="quirks"):
        return PageRenderer(
            Content.read(invented_build, algorithm=BOB), words(language), Page(slug, "Quirks")
        )

    return make


def plain(html):
    linked = re.sub(r"</?a\b[^>]*>", "", html)  # terms of the glossary are links inside words
    return " ".join(re.sub(r"<[^>]+>", " ", linked).replace("&#39;", "’").split())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_record_has_one_entry(lang, texts, entries) -> None:
    assert sorted(id for language, id in entries if language == lang) == sorted(quirks())
    assert len(re.findall(r'id="Q17"', texts[lang])) == 1


def test_entries_of_a_part_stand_by_the_share_of_people_and_those_without_one_last(entries, shares) -> None:
    for concern in {quirk.concern for quirk in quirks().values()}:
        own = [id for lang, id in entries if lang == "fr" and quirks()[id].concern == concern]
        assert own == sorted(own, key=lambda id: (shares.get(id) is None, -(shares.get(id) or 0)))


def test_ten_are_told_first_by_the_share_of_people_each_with_its_interval_or_why_nobody_is_counted(
    texts, shares
) -> None:
    chosen = [id for id, quirk in quirks().items() if quirk.first]
    assert len(chosen) == 10
    for lang in LANGUAGES:
        told = re.findall(r'<li data-quirk="(\w+)">(.*?)</li>', texts[lang], re.S)
        ids = [id for id, _ in told]
        assert set(ids) == set(chosen)
        assert ids == sorted(ids, key=lambda id: (shares.get(id) is None, -(shares.get(id) or 0)))
        for id, said in told:
            assert f'<a href="#{id}">' in said
            assert plain(words(lang).polish(quirks()[id].first.get(lang))) in plain(said)
            counted = re.search(r"k-m.*?</sup></a> \([^)]+\)", said)
            assert bool(counted) == (shares.get(id) is not None), id
            assert counted or {"fr": "Personne n’est compté", "en": "Nobody is counted"}[lang] in said


def test_a_share_that_rests_on_assumed_answers_names_them_and_one_that_does_not_names_none(entries) -> None:
    said = {id: plain(entries["en", id]).partition("Rests on assumed answers: ")[2] for id in quirks()}
    assert said["Q20"].startswith("area of search.")
    assert said["Q18"].startswith("declared difficulties.")
    assert said["Q50"].startswith("all those that the whole computation reads.")
    assert said["C19"] == said["O22"] == said["C22"] == ""


def test_a_quirk_of_rules_that_nothing_uses_touches_nobody(entries, texts) -> None:
    for id in IDLE:
        assert {BOB.rule_status(rule) for rule in quirks()[id].rules} == {"dead"}
        assert "Nobody: it stands in the published code, and nothing uses it." in plain(entries["en", id])
        assert "%" not in plain(entries["en", id]).partition("Whom it touches")[2].split(".")[0]
        assert f'<li data-quirk="{id}">' not in texts["en"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_départements_without_a_driving_school_are_those_of_no_list_published(lang, entries) -> None:
    lists = yaml.safe_load((files("bobanalysis.bob") / "config/contents.yaml").read_text("utf-8"))
    schools = next(c for c in lists if c["id"] == "driving-schools")["contents"]
    named = {code for filters in schools.values() for f in filters for code in re.findall(r"\((\w+)\)", f)}
    without = [f"{name} ({code})" for code, name in departement_names().items() if code not in named]
    assert ", ".join(without) in plain(entries[lang, "C21"])
    assert len(without) == int(re.match(r"\d+", quirks()["C21"].title.en)[0])


def test_no_département_is_told_by_its_number_alone(entries) -> None:
    for id, quirk in quirks().items():
        for text in (quirk.published, quirk.promise, quirk.first):
            for lang in LANGUAGES if text else ():
                left = re.findall(r"(?<![(\w])(?:2[AB]|97[1-46])\b(?!\))", text.get(lang))
                assert not left, (id, left)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_entry_says_whether_it_was_run_or_read(lang, entries) -> None:
    other = {"shown": "read", "read": "shown"}
    for id, quirk in quirks().items():
        said = plain(entries[lang, id])
        assert EVIDENCE[lang][quirk.evidence] in said, id
        assert EVIDENCE[lang][other[quirk.evidence]] not in said, id


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_entry_that_was_only_read_says_why(lang, entries) -> None:
    for id, quirk in quirks().items():
        if quirk.unshown:
            assert plain(words(lang).polish(quirk.unshown.get(lang))) in plain(entries[lang, id]), id


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_case_of_a_record_is_listed(lang, entries) -> None:
    for id, quirk in quirks().items():
        listed = re.findall(r"<ol>(.*?)</ol>", entries[lang, id], re.S)
        assert sum(part.count("<li>") for part in listed) == len(quirk.cases), id


def test_a_person_is_told_by_labels_and_not_by_names_of_columns(entries) -> None:
    english, french = plain(entries["en", "Q12"]), plain(entries["fr", "Q12"])
    assert "age: 34 years · aim of the search: “change occupation”" in english
    assert "but de la recherche" in french
    assert "project_kind" not in english + french


def test_an_answer_is_told_in_words(entries) -> None:
    assert "the advice is given" in plain(entries["en", "Q17"])
    assert "« Marché bouché »" in plain(entries["fr", "Q48"]).replace("\u202f", " ")
    assert "the computation stops with an error" in plain(entries["en", "M24"])


def test_a_case_without_a_year_of_birth_says_so_where_it_counts(entries) -> None:
    assert "not even the year of birth" in plain(entries["en", "Q17"])
    assert "no year of birth" in plain(entries["en", "Q15"])
    assert "year of birth" not in plain(entries["en", "Q28"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_entry_shows_a_share_or_says_why_nobody_is_counted(lang, entries, shares) -> None:
    for id in quirks():
        shows = 'class="figure k-m" href="#table-quirks.touched"' in entries[lang, id]
        assert shows == (shares.get(id) is not None), id
    whys = {"fr": "la population modélisée", "en": "the modelled population"}
    assert whys[lang] in plain(entries[lang, "M4"])


def test_a_small_group_is_left_out_of_the_shares_by_region(maker, entries) -> None:
    assert "Île-de-France" in entries["en", "Q17"]
    page = maker("en")
    rows = page.rows_of("quirks.touched", "quirk")
    rows["Q17"] = [r | {"share": None} if r["group"] == "11" else r for r in rows["Q17"]]
    names = [name for name, *_ in quirk_pages._whom(page, quirks()["Q17"])["groups"][1]["lines"]]
    assert "Auvergne-Rhône-Alpes" in names
    assert "Île-de-France" not in names


def test_each_entry_links_to_the_cards_of_its_rules_and_to_the_published_code(entries) -> None:
    entry = entries["fr", "Q17"]
    assert 'href="rules/advice-senior.html"' in entry
    assert re.search(
        r'href="https://github\.com/[^"]+/blob/\w{40}/frontend/server/scoring\.py#L512-L520"', entry
    )


def test_every_source_of_every_entry_is_a_link(entries) -> None:
    for id, quirk in quirks().items():
        assert entries["en", id].count('rel="noreferrer"') == len(quirk.source), id


def test_the_text_of_the_page_itself_holds_no_number(entries, texts) -> None:
    for lang, text in texts.items():
        main = text[text.index("<main") : text.index("</main>")]
        for entry in (entries[lang, id] for id in quirks()):
            main = main.replace(entry, "")
        main = re.sub(r'<ol class="ten">.*?</ol>', "", main, flags=re.S)
        main = re.sub(r'<section class="notes".*', "", main, flags=re.S)
        main = re.sub(r'<a class="figure.*?</a>', "", main, flags=re.S)
        main = re.sub(r"<td[^>]*>.*?</td>", "", main, flags=re.S)
        assert re.findall(r"\d+", plain(main)) == [], lang


def test_the_template_holds_no_number() -> None:
    template = (quirk_pages.__file__).replace("quirk_pages.py", "templates/quirks.html")
    with open(template, encoding="utf-8") as file:
        assert re.findall(r">[^<{]*\d[^<{]*<", file.read()) == []


def test_both_languages_show_the_same_figures(entries) -> None:
    for id in quirks():
        figures = [re.findall(r'class="figure[^>]*>([\d.,]+)', entries[lang, id]) for lang in LANGUAGES]
        assert [f.replace(",", ".") for f in figures[0]] == figures[1], id


def test_the_page_stays_light(texts) -> None:
    assert max(len(text.encode()) for text in texts.values()) < 1_000_000


def test_the_page_stands_in_the_menu_of_the_rules() -> None:
    assert [page.section for page in PAGES if page.slug == "quirks"] == ["The rules"]


# --- intervals


def counted(**changed):
    row = {"quirk": "Q17", "touches": "told_to_move", "by": "all", "group": "all", "certain": False}
    return pl.DataFrame([row | {"share": 0.25, "people": 400, "effective": 300.0} | changed])


def test_an_interval_is_that_of_people_of_equal_weight_over_the_design_effect() -> None:
    row = quirk_pages.with_intervals(counted(), 1.5).row(0, named=True)
    low, high = wilson(0.25, 200)
    assert row["effective"] == 200
    assert (row["low"], row["high"]) == pytest.approx((float(low), float(high)))


def test_a_group_of_too_few_people_has_no_share_and_no_interval() -> None:
    row = quirk_pages.with_intervals(counted(people=MIN_GROUP - 1), 1.0).row(0, named=True)
    assert (row["share"], row["low"], row["high"]) == (None, None, None)
    assert quirk_pages.with_intervals(counted(people=MIN_GROUP), 1.0)["share"].item() == 0.25


def test_what_the_code_alone_decides_has_a_share_and_no_interval() -> None:
    row = quirk_pages.with_intervals(counted(share=1.0, certain=True), 1.0).row(0, named=True)
    assert (row["share"], row["low"], row["high"]) == (1.0, None, None)


# --- for the cards


def test_a_card_gets_the_quirks_that_name_its_rule_and_those_that_its_rule_names(maker) -> None:
    listed = {quirk.id for quirk in quirk_pages.for_rule(maker("en"), "advice-senior")}
    assert {"Q01", "Q17", "O6"} <= listed
    assert set(catalogue()["advice-senior"].quirks) <= listed


def test_a_quirk_of_a_card_has_a_title_an_evidence_and_an_address_seen_from_the_card(rendered) -> None:
    card = plain((rendered / "fr/rules/advice-senior.html").read_text("utf-8").replace("<a href=", "("))
    title = "Le conseil pour les plus âgés commence à 45 ans, sans raison donnée"
    assert f'("../quirks.html#Q17">Q17 – {title} (montrée par le calcul)' in card


def test_a_step_of_the_pipeline_has_its_quirks_too(maker) -> None:
    assert "Q35" in {quirk.id for quirk in quirk_pages.for_rule(maker("en"), "advice")}


def test_a_rule_without_quirks_has_none(maker) -> None:
    named = {r for q in quirks().values() for r in q.rules}
    free = next(r for r in catalogue() if r not in named and not catalogue()[r].quirks)
    assert quirk_pages.for_rule(maker("en"), free) == []


def test_what_cases_ask_for_has_words() -> None:
    known = words("en").names("asked")
    for asks in (asks for quirk in quirks().values() for asks in quirk.cases):
        if "step" in asks:
            assert asks["step"] in known
        if "suggestion" in asks:
            assert f"{asks['suggestion']} {asks.get('column', '')}".strip() in known
