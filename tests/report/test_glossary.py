"""The glossary: terms in both languages, technical words of the pages explained, first uses linked."""

import re

import pytest
import yaml
from reading_pages import blocks

from bobanalysis import text as typography
from bobanalysis.report.glossary import _pattern, glossary, link
from bobanalysis.tables import InputError

JARGON = {
    "fr": """algorithme anonymisé ATRS BMO particularité CADA calage CARIF-OREF notebook CIL CNIL commit
        contrefactuel cookie CRPA Dares département dépôt diagnostic «effet de plan» empreinte Etalab
        «essai randomisé» filtre «France Stratégie» «frein principal» GPL hachage identifiant IMT
        Insee intervalle «licence libre» médiane modélisé NBER «Net Promoter Score» «score global»
        «par construction» PIA rang RGPD ROME scénario serveur seuil stratégie «table de décision»
        traceur «critère protégé» «code publié»""",
    "en": """algorithm anonymised ATRS BMO quirk CADA raking CARIF-OREF notebook CIL CNIL commit
        counterfactual cookie CRPA Dares département repository diagnosis «design effect» hash Etalab
        «randomised trial» filter «France Stratégie» «main challenge» GPL identifier IMT input Insee
        interval «free licence» median modelled NBER «Net Promoter Score» «overall score»
        «by construction» PIA proxy ranks GDPR ROME scenario score server threshold strategy
        «decision table» tracker «protected criterion» «published code»""",
}
"""Words that a reader may not know; where a page uses one, the glossary must explain it."""
NEVER = {
    "fr": [
        "p-valeur",
        "écart-type",
        "variance",
        "bootstrap",
        "payload",
        "parser",
        "overfitting",
        "hétérogénéité",
    ],
    "en": [
        "p-value",
        "standard deviation",
        "variance",
        "bootstrap",
        "payload",
        "overfitting",
        "heterogeneity",
    ],
}
"""Words that pages for everyone do without."""
APART = ("data", "findings", "notebooks", "sources")
"""Pages that list files and sources, by the names that these have."""


def used(text, language):
    """List the terms that a text uses, in the order of their first use."""
    pattern, known = _pattern(language)
    return list(dict.fromkeys(known[m[1].casefold()] for m in pattern.finditer(text)))


def listed(language):
    return [word.strip("«»") for word in re.findall(r"«[^»]+»|\S+", JARGON[language])]


def texts(pages, language):
    """The words of every page of a language, by path."""
    return {
        path: " ".join(blocks(page, language))
        for path, page in pages.items()
        if path.startswith(f"{language}/") and not {*path.removesuffix(".html").split("/")} & {*APART}
    }


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_technical_word_that_a_page_uses_has_an_entry(pages, language):
    shown = " ".join(texts(pages, language).values())
    for word in listed(language):
        if re.search(rf"\b{re.escape(word)}s?\b", shown, re.IGNORECASE):
            assert used(word, language) or any(
                word.casefold() in t.term.get(language).casefold() for t in glossary()
            ), f"{word} is used and not in data/glossary.yaml"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_do_without_the_jargon_of_statistics_and_code(pages, language):
    for path, text in texts(pages, language).items():
        found = [word for word in NEVER[language] if re.search(rf"\b{word}\b", text, re.IGNORECASE)]
        assert not found, f"{path}: {found}"


def test_an_explanation_has_one_to_three_plain_sentences_and_an_example():
    for term in glossary():
        for language in ("fr", "en"):
            sentences = re.findall(r"[.!?](?:\s|$)", term.text.get(language))
            assert 1 <= len(sentences) <= 3, term.id
            longest = max(len(s.split()) for s in re.split(r"[.!?:;]\s", term.text.get(language)))
            assert longest <= 30, f"{term.id}: {longest} words in a sentence"
            assert term.example.get(language) != term.text.get(language)


def test_a_word_leads_to_one_entry_only():
    for language in ("fr", "en"):
        forms = [form.casefold() for term in glossary() for form in term.forms[language]]
        assert len(forms) == len(set(forms)), [f for f in forms if forms.count(f) > 1]


def test_the_page_shows_every_term_in_alphabetical_order(pages):
    for language in ("fr", "en"):
        shown = pages[f"{language}/glossary.html"].all("dt")
        assert {a["id"] for a in shown} == {t.id for t in glossary()}
        assert [a["id"] for a in shown] != [t.id for t in glossary()]


def test_the_first_use_of_a_word_on_a_page_leads_to_the_glossary_and_no_other_use(pages):
    page = pages["en/index.html"]
    links = [a["href"] for a in page.all("a") if a.get("class") == "term"]
    assert "glossary.html#challenge" in links
    assert len(links) == len(set(links))


def test_words_in_links_headings_code_and_plain_parts_are_left_alone():
    for html in ("<a href='x'>threshold</a>", "<code>threshold</code>", "<b data-plain>threshold</b>"):
        assert link(f"<main><p>{html} seen</p></main>", "en", "") == f"<main><p>{html} seen</p></main>"
    heading = "<main><h2>Threshold</h2></main>"
    assert link(heading, "en", "") == heading


def test_the_longest_word_wins_and_parts_of_words_do_not_count():
    text = "<main><p>The overall score; scoreboards.</p></main>"
    assert link(text, "en", "../").count("glossary.html#") == 1
    assert '"../glossary.html#overall-score">overall score</a>' in link(text, "en", "../")


def test_a_term_without_an_example_is_refused_by_name(tmp_path):
    term = {"id": "x", "term": {"fr": "X", "en": "X"}, "forms": {"fr": [], "en": []}}
    term |= {"text": {"fr": "Un.", "en": "One."}}
    path = tmp_path / "glossary.yaml"
    path.write_text(yaml.safe_dump({"terms": [term]}), encoding="utf-8")
    with pytest.raises(InputError, match=r"entry 1 \(x\): field 'example' is missing"):
        glossary(path)


def test_texts_are_set_as_each_language_wants():
    for term in glossary():
        for language in ("fr", "en"):
            for text in (term.text, term.example):
                assert not typography.faults(text.get(language), language)
