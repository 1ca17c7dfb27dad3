"""How hard the pages are to read: the measures against values computed by hand, then limits for every page.

The limits were set by measuring pages that read well, a little above what they reach: a page full of jargon
or of long sentences fails.
"""

import re
from dataclasses import dataclass

import pytest
from readability import ease, measure, sentences, syllables, words
from reading_pages import Parsed, prose


@dataclass(frozen=True)
class Limits:
    """What a family of pages must keep to: words a sentence, share of long ones, ease and LIX by language."""

    median: float
    ninetieth: float
    long_share: float
    ease: dict
    lix: dict


FAMILIES = (
    (
        r"index|try|method|privacy|register",
        Limits(14, 23.5, 0.01, {"en": 64, "fr": 77}, {"en": 36, "fr": 44}),
    ),
    (r"questions|register-.*", Limits(12, 21, 0.01, {"en": 56, "fr": 73}, {"en": 38, "fr": 43})),
    (r"glossary", Limits(12, 18, 0, {"en": 66, "fr": 83}, {"en": 34, "fr": 40})),
    (r"data|sources", Limits(14, 22, 0.03, {"en": 62, "fr": 80}, {"en": 34, "fr": 42})),
    # a letter lists what would have changed an answer, one change a line
    (r"letter", Limits(17, 26, 0.06, {"en": 56, "fr": 72}, {"en": 40, "fr": 45})),
    (r"rules/.*", Limits(14, 24, 0.02, {"en": 56, "fr": 72}, {"en": 40, "fr": 45})),
    (r".*", Limits(14, 24, 0.02, {"en": 58, "fr": 73}, {"en": 38, "fr": 44})),
)
"""The first family whose pattern is the whole name of a page holds for it."""
FEW = 8
"""Sentences below which the share of long ones and the formulas say nothing."""


def limits(name):
    return next(kept for pattern, kept in FAMILIES if re.fullmatch(pattern, name))


def complaints(path, texts):
    """What is too hard on a page, with its longest sentences; empty when nothing is."""
    language, name = path.removesuffix(".html").split("/", 1)
    kept, found = limits(name), measure(texts, language)
    wrong = [
        f"{what} {value:.3g}, limit {limit}"
        for what, value, limit in (
            ("median words", found.median, kept.median),
            ("words, ninetieth percentile", found.ninetieth, kept.ninetieth),
            ("share of long sentences", found.long_share, kept.long_share),
            ("LIX", found.lix, kept.lix[language]),
            ("ease (inverted)", -found.ease, -kept.ease[language]),
        )
        if value > limit and (found.sentences >= FEW or what == "median words")
    ]
    return [f"{path}: {'; '.join(wrong)}; longest: {' | '.join(found.worst)}"] if wrong else []


# ---- the measures


def test_a_sentence_ends_before_a_capital_and_not_inside_a_figure_or_after_a_colon():
    assert sentences("Il y en a 3.5 ici : un seul. «\u202fOui.\u202f» Puis deux\u202f?") == [
        "Il y en a 3.5 ici : un seul.",
        "«\u202fOui.\u202f»",
        "Puis deux\u202f?",
    ]


def test_words_count_figures_and_elisions_once():
    assert words("L’âge de 1\u202f234,5 ans, c’est-à-dire – beaucoup") == [
        *("L’âge", "de", "1\u202f234,5", "ans", "c’est-à-dire", "beaucoup"),
    ]


@pytest.mark.parametrize(
    ("language", "word", "count"),
    [
        *(("fr", "chat", 1), ("fr", "personne", 2), ("fr", "département", 4), ("fr", "règles", 1)),
        *(("fr", "demandé", 3), ("fr", "je", 1), ("en", "make", 1), ("en", "reading", 2)),
        *(("en", "people", 2), ("en", "explained", 2), ("en", "started", 2), ("en", "1234", 1)),
    ],
)
def test_syllables_are_counted_as_a_reader_would(language, word, count):
    assert syllables(word, language) == count


def test_the_formulas_give_what_their_authors_coefficients_give_by_hand():
    assert ease(20, 1.5, "en") == pytest.approx(206.835 - 20.3 - 126.9)
    assert ease(20, 1.5, "fr") == pytest.approx(207 - 20.3 - 110.4)


def test_a_text_is_measured_as_by_hand():
    # 4 + 6 words; 5 + 9 syllables; one word of more than six letters (tranquillement)
    found = measure(["Le chat dort ici.", "Il mange la nuit très tranquillement."], "fr")
    assert (found.sentences, found.median, found.long_share) == (2, 5, 0)
    assert found.ninetieth == pytest.approx(5.8)
    assert found.lix == pytest.approx(5 + 100 * 1 / 10)
    assert found.ease == pytest.approx(207 - 1.015 * 5 - 73.6 * 1.4)
    assert found.worst[0] == "Il mange la nuit très tranquillement."


def test_the_ninetieth_percentile_and_the_share_of_long_sentences_are_those_of_the_counts():
    texts = [f"{'word ' * n}end." for n in (4, 9, 19, 29, 39)]
    found = measure(texts, "en")  # 5, 10, 20, 30 and 40 words
    assert (found.median, found.ninetieth, found.long_share) == (20, 36, 0.2)


def test_nothing_to_measure_is_refused():
    with pytest.raises(ValueError, match="no sentence"):
        measure(["…"], "fr")


# ---- the pages


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_every_page_is_easy_enough_to_read(pages, step):
    found, made = [], [path for path in pages if path.count("/") > 1]
    for path in {*pages} - {*made} | {*made[::step]}:  # of those made by the hundred, one in so many
        page = pages[path]
        texts = prose(page, path[:2]) if "/" in path else []
        found += complaints(path, texts) if texts else []
    assert not found, "\n".join(found)


def test_learned_prose_fails_in_both_languages():
    en = "The heterogeneity of unobserved characteristics necessitates counterfactual identification. "
    fr = "L’hétérogénéité des caractéristiques inobservées nécessite une stratégie d’identification causale. "
    for family in ("index", "questions", "glossary", "rules/advice-senior", "quirks"):
        assert complaints(f"en/{family}.html", [en * 10]), family
        assert complaints(f"fr/{family}.html", [fr * 10]), family


def test_a_page_with_long_sentences_is_named_with_its_longest():
    long = f"This {'is a very long ' * 8} sentence."
    message = complaints("en/index.html", ["A short one. " * 9 + long])[0]
    assert message.startswith("en/index.html: share of long sentences")
    assert long.split()[1] in message.split("longest: ")[1]


def test_prose_is_whole_sentences_without_tables_code_and_labels():
    page = Parsed(
        "<html lang='en'><main><p>One <b>sentence</b>.</p><p>A label</p><table><td><p>Not this.</p></table>"
        "<ul><li>First line.<br>Second line.</li></ul><nav><p>Nor this.</p></nav></main></html>"
    )
    assert prose(page, "en") == ["One sentence.", "First line.", "Second line."]
