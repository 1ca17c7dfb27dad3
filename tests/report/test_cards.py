"""A walk over all rules: each has its card, in both languages, and the card says what the rule does."""

import json
import re

import pytest
from audited import BOB, CARDS, words
from markupsafe import escape
from reading_pages import Parsed

from bobanalysis.bob import DICTIONARY, catalogue
from bobanalysis.bob.uses import published_rules
from bobanalysis.bob.uses import rules_in_use as in_use
from bobanalysis.report import tryit
from bobanalysis.report.cards import pages
from bobanalysis.report.renderer import Content, Page, PageRenderer
from bobanalysis.report.sheets import numbers
from bobanalysis.rules import input_text, inputs, thresholds

LANGUAGES = ("fr", "en")
NAMES = sorted(CARDS.subjects)
SEEN = """[...document.querySelectorAll('.rule-list li')]
    .filter(e => e.checkVisibility()).map(e => e.dataset.rule)"""


@pytest.fixture(scope="module")
def cards(rendered):
    """The card of each rule: language, name -> its HTML, without the page around it."""
    found = {}
    for language in LANGUAGES:
        for name in NAMES:
            file = CARDS.path(name).split("#")[0]
            page = (rendered / language / file).read_text("utf-8")
            mark = f'data-rule="{escape(name)}">\n'
            start = page.index(mark) + len(mark)
            found[language, name] = page[start : page.index("</article>", start)]
    return found


def text(html):
    """What a reader sees, without quirks (which are texts of their own) and code."""
    html = re.sub(r"<code.*?</code>|<a href=\"[^\"]*quirks\.html.*?</li>", "", html, flags=re.S)
    return re.sub(r"[ \n]+", " ", " ".join(t for t, _ in Parsed(f"<div>{html}</div>").texts))


def part(html, start, end="<h"):
    """The part of a card from a mark to the next heading."""
    found = re.search(rf"{start}.*?(?={end}\d|\Z)", html, re.S)
    return found.group() if found else ""


def written(value, language):
    """A number as the cards write it."""
    plain = f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 1e4 else f"{value:g}"
    plain = plain.replace("-", "−")
    return plain.replace(",", "\u202f").replace(".", ",") if language == "fr" else plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_card(cards, language):
    expected = {*catalogue(), *in_use()}
    assert {name for lang, name in cards if lang == language} >= expected
    families = {family.name for family in catalogue().families}
    assert families <= {page.slug.removeprefix("rules/") for page in pages(BOB)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_threshold_of_a_rule_stands_among_the_thresholds_of_its_card(cards, language):
    missing = []
    for name in NAMES:
        shown = text(part(cards[language, name], '<div class="thresholds"'))
        for bound in thresholds(CARDS.subjects[name].rule):
            if bound.value is None or bound.variable.name in ("user", "project"):
                continue
            if bound.variable.kind == "enum":
                choice = bound.variable.choice(int(bound.value))
                wanted = choice.label.get(language) if choice else ""
            else:
                wanted = written(bound.value, language)
            if wanted not in shown:
                missing.append((name, bound.variable.name, bound.op, bound.value))
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_lists_what_its_rule_reads_and_nothing_else(cards, language):
    for name in NAMES:
        shown = {
            n for names in re.findall(r'data-inputs="([^"]*)"', cards[language, name]) for n in names.split()
        }
        read = {v.name for v in inputs(CARDS.subjects[name].rule)} - {"user", "project"}
        assert shown == read, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_card_mentions_an_input_that_its_rule_does_not_read(cards, language):
    labels = {v.name: input_text(v, language).lower() for v in DICTIONARY.values()}
    colon = "\u202f:" if language == "fr" else ":"
    wrong = []
    for name in NAMES:
        shown = text(cards[language, name]).lower()
        read = {labels[v.name] for v in inputs(CARDS.subjects[name].rule)}
        for label in sorted(read, key=len, reverse=True):
            shown = shown.replace(label, "·")
        unread = set(labels.values()) - read
        wrong += [
            (name, label) for label in unread if re.search(rf"(?<!\w){re.escape(label)}{colon} \w", shown)
        ]
    assert [w for w in wrong if not criterion(w[1], language)] == []


def criterion(label, language):
    """Labels that are also the name of a protected criterion, with which cards say what is read."""
    return (
        label
        in {"fr": ("âge", "sexe", "handicap"), "en": ("age", "sex", "disability", "family situation")}[
            language
        ]
    )


def test_french_and_english_cards_carry_the_same_numbers(cards):
    differ = []
    for name in NAMES:
        both = [numbers(text(cards[language, name]), language) for language in LANGUAGES]
        if both[0] != both[1]:
            differ.append((name, *both))
    assert differ == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_says_where_its_rule_stands_in_the_published_code(cards, language):
    for name in NAMES:
        if name in catalogue():
            assert f"/{catalogue()[name].source}" in cards[language, name], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_names_the_protected_criteria_that_its_rule_reads_and_no_other(cards, language):
    for name in NAMES:
        read = {v.protected.criterion.split()[0] for v in inputs(CARDS.subjects[name].rule) if v.protected}
        assert set(re.findall(r'class="reads r-(\w+)"', cards[language, name])) == read, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rule_that_nothing_uses_is_called_so(cards, language):
    dead = {"fr": "publiée, sans usage", "en": "published, used by nothing"}[language]
    for name in NAMES:
        assert (dead in cards[language, name]) == (CARDS.subjects[name].status == "dead"), name


def test_uses_and_reach_of_the_pipeline_agree():
    for name in published_rules():
        alive = any(use.alive and use.kind != "contents" for use in BOB.presentation.uses.get(name, ()))
        assert alive == (name in in_use()), name


def test_two_people_stand_on_both_sides_of_the_age_of_the_advice_for_older_people(cards):
    shown = text(part(cards["en", "advice-senior"], '<ul class="pairs"'))
    assert "44 years 0: not given" in shown
    assert "45 years 2 stars" in shown
    assert "Both also have: Declared difficulty: “age discrimination”" in shown


def test_a_threshold_without_two_such_people_says_why(cards):
    assert "another condition probably decides first" in text(cards["en", "age-score"])


def test_a_reach_that_the_modelled_population_cannot_tell_is_not_told_as_nothing(cards):
    assert "Real shares may differ" in text(cards["en", "advice-training"])
    assert "Real shares may differ" not in text(cards["en", "advice-senior"])


def test_a_refusal_is_told_in_words_and_not_by_the_name_of_a_field(cards):
    shown = text(part(cards["fr", "advice-training"], '<ul class="pairs"'))
    assert "Pas de réponse, il manque le but de la recherche" in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_leads_to_every_card(rendered, language):
    page = (rendered / language / "rules.html").read_text("utf-8")
    listed = set(re.findall(r'<li data-rule="[^"]*" class="[^"]*"><a href="([^"]*)"', page))
    assert listed == {f"{page.slug}.html" for page in pages(BOB)}


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_filters_of_the_index_keep_the_rules_that_they_name(browser, rendered, language):
    page = browser.new_page()
    page.goto((rendered / language / "rules.html").as_uri())
    page.check("#reads-age")
    page.check("#used-dead")
    seen = page.evaluate(SEEN)
    alone = {n: s for n, s in CARDS.subjects.items() if s.role != "family"}
    reads = {
        n for n, s in alone.items() if any(v.protected and v.protected.criterion == "age" for v in s.read)
    }
    assert {n for n in seen if n in alone} == {n for n in reads if alone[n].status == "dead"}
    page.close()


@pytest.mark.browser
def test_the_search_of_the_index_ignores_accents_and_takes_every_word(browser, rendered):
    page = browser.new_page()
    page.goto((rendered / "fr" / "rules.html").as_uri())
    page.fill("#search", "ages conseils")
    seen = page.evaluate(SEEN)
    assert seen == ["advice-senior"]
    assert "1" in page.locator("#search-count").inner_text()
    page.close()


def test_the_page_to_try_leads_to_the_cards_of_its_rules(rendered):
    renderer = PageRenderer(Content.of(BOB), words("fr"), Page("try", "Try it"))
    for _, address in json.loads(tryit.page(renderer)["tryit"])["rules"].values():
        file, _, anchor = address.partition("#")
        page = (rendered / "fr" / file).read_text("utf-8")
        assert not anchor or f'id="{anchor}"' in page


def test_a_reach_that_depends_on_the_scale_of_the_market_is_never_told_alone(cards):
    for name in NAMES:
        if "of the job seekers of the modelled population" in cards["en", name]:
            assert "over all defensible scales" in cards["en", name], name  # every invented one depends on it


def test_a_rule_that_nothing_uses_acts_on_nobody(cards):
    for name in NAMES:
        if CARDS.subjects[name].status == "dead":
            assert "of the job seekers of the modelled population" not in cards["en", name], name
    assert "Sur personne" in text(cards["fr", "for-migrant"])


def test_a_share_that_rests_on_an_assumed_answer_says_which(cards):
    assert "Cette part repose sur une hypothèse" in text(cards["fr", "advice-senior"])
    assert "<li>Difficultés déclarées</li>" in cards["fr", "advice-senior"]
    assert "This share rests on an assumption" not in text(cards["en", "for-old(50)"])
