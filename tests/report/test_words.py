import re

import pytest
from audited import words as words_of
from babel.messages.pofile import read_po
from messages import used_messages

from bobanalysis import text as typography
from bobanalysis.report.words import HERE, CatalogueError, Words, vocabulary

# Numbers that say nothing about the audit: names of licences and encodings, calendar years.
FILES = sorted((HERE / "locale" / "fr").glob("*.po"))
ALLOWED = re.compile(r"CC BY 4\.0|GPL-3\.0-or-later|UTF-8|20[12]\d")


@pytest.fixture(scope="module")
def catalogue():
    messages = []
    for path in FILES:
        with path.open("rb") as file:
            messages += [message for message in read_po(file) if message.id]
    return messages


def test_every_text_has_a_french_translation_that_is_used_and_not_fuzzy(catalogue):
    translated = {message.id for message in catalogue if message.string and not message.fuzzy}
    used = set(used_messages())
    assert sorted(used - translated) == [], "missing"
    assert sorted({message.id for message in catalogue} - used) == [], "unused, empty or fuzzy"


def test_no_text_is_translated_twice(catalogue):
    ids = [message.id for message in catalogue]
    assert [id for id in ids if ids.count(id) > 1] == []
    for path in FILES:
        listed = re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.M)
        assert len(listed) == len(set(listed)), path.name


def test_both_languages_of_a_text_carry_the_same_figures_links_and_marks(catalogue):
    for message in catalogue:
        for pattern in (r"%\(\w+\)s", r"\{\w+\}", r"</?\w+[^>]*>"):
            assert sorted(re.findall(pattern, message.id)) == sorted(re.findall(pattern, message.string)), (
                message.id
            )


def test_no_number_is_typed_in_a_text_of_either_language(catalogue):
    for message in catalogue:
        for text in (message.id, message.string):
            plain = re.sub(r"<[^>]*>|%\(\w+\)s|\{\w+\}", "", ALLOWED.sub("", text))
            assert not re.search(r"\d", plain), text


def test_french_texts_keep_the_typographic_rules_once_polished(catalogue):
    for message in catalogue:
        text = re.sub(r"<[^>]*>|%\(\w+\)s|\{\w+\}", "x", message.string)
        assert typography.faults(typography.typeset(text, "fr"), "fr") == []


def test_names_keep_the_typographic_rules_and_hold_the_same_figures_in_both_languages():
    for topic, names in vocabulary().items():
        for key, text in names.items():
            figures = [sorted(re.findall(r"\{\w+\}", text.get(lang))) for lang in ("fr", "en")]
            assert figures[0] == figures[1], (topic, key)
            for lang in ("fr", "en"):
                plain = re.sub(r"\{\w+\}", "x", text.get(lang))
                assert typography.faults(typography.typeset(plain, lang), lang) == [], (topic, key)
                assert topic == "try" or not re.search(r"\d", plain), (topic, key)


def test_a_missing_translation_stops_the_pages():
    with pytest.raises(CatalogueError, match="no fr translation of 'Never written'"):
        Words("fr").gettext("Never written")


def test_the_seven_challenges_have_different_names_in_each_language():
    for language in ("fr", "en"):
        assert len({*words_of(language).names("challenge").values()}) == 7


def test_a_label_that_does_not_exist_is_refused_with_the_known_ones():
    with pytest.raises(CatalogueError, match="stuck-market"):
        words_of("en").name("challenge", "stuckmarket")


ONE_WORD = {  # one word for one thing: what stands for it nowhere else
    "particularité": r"[Bb]izarrerie",
    "notebook": r"\b[Cc]arnets?\b(?! de calcul\))",
    "score global": r"[Nn]otes? (?:globale|d’ensemble)|[Ss]core d’ensemble",
    "quirk": r"\b[Oo]ddit(?:y|ies)\b|\b[Pp]eculiarit(?:y|ies)\b",
    "Passer à un métier proche": r"[Ss]e réorienter vers|[Cc]hanger pour un métier",
    "Switch to a close job": r"\b[Mm]ove to a close job",
    "Chercher dans un autre département": r"[Cc]onseil de déménager",
    "overall score": r"\b(?:[Gg]lobal|[Tt]otal) score\b",
}


@pytest.mark.parametrize("word", ONE_WORD)
def test_one_thing_has_one_word_in_every_text_that_readers_see(word):
    package = HERE.parent
    data = package.parents[1] / "data"
    files = [
        *FILES,
        *HERE.rglob("*.html"),
        *HERE.glob("*.yaml"),
        *package.glob("bob/**/*.yaml"),
        *data.rglob("*.yaml"),
    ]
    assert len(files) > 60
    found = [(f.name, m[0]) for f in files for m in [re.search(ONE_WORD[word], f.read_text("utf-8"))] if m]
    assert found == []
