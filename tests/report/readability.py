"""How hard a text is to read: words per sentence, and published formulas for English and French.

The formulas count words, syllables and letters, not ideas: a text that passes may still be unclear, and a
text that fails is worth rewriting. Sources: R. Flesch, *A new readability yardstick*, Journal of Applied
Psychology 32 (1948), for English; L. Kandel and A. Moles, *Application de l'indice de Flesch à la langue
française*, Cahiers d'études de radio-télévision 19 (1958), for French; C.-H. Björnsson, *Läsbarhet* (1968),
and *Readability of newspapers in 11 languages*, Reading Research Quarterly 18 (1983), for LIX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median, quantiles

LONG = 30
"""A sentence of more words than this is called long."""
LONG_WORD = 6
"""LIX calls a word long when it has more letters than this."""

_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*|\d+(?:[.,\u202f\u00a0]\d+)*")
_ENDS = re.compile(r"((?<=[.!?…])[\u202f\u00a0]?[»”’)]*)[ \n]+(?=[«“(]?[\u202f\u00a0]?[A-ZÀ-ÖØ-Þ\d])")
_VOWELS = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    """Split a text where a full stop, ? or ! is followed by a space and a capital or a figure.

    A colon and a semicolon join; a reader pauses at them, but the thought goes on.

    >>> sentences("One. Two, at 3.5 km? “Three.” Four")
    ['One.', 'Two, at 3.5 km?', '“Three.”', 'Four']
    """
    return [part.strip() for part in _ENDS.sub(r"\1\0", text).split("\0") if part.strip()]


def words(text: str) -> list[str]:
    """List the words of a text; a figure is a word, and so is a word with a hyphen or an elision.

    >>> words("L’âge, 3,5 fois : peut-être.")
    ['L’âge', '3,5', 'fois', 'peut-être']
    """
    return _WORD.findall(text)


def syllables(word: str, language: str) -> int:
    """Count the syllables of a word as it is written: its groups of vowels.

    In French the silent -e and -es of a longer word do not count; in English neither does a silent -e or -ed.
    A figure counts as one. It is a count by rule of thumb: it serves to compare texts.

    >>> [syllables(w, "fr") for w in ("règle", "emploi", "réponses", "chômage", "le")]
    [1, 2, 2, 2, 1]
    >>> [syllables(w, "en") for w in ("rule", "employment", "asked", "table", "the")]
    [1, 3, 1, 2, 1]
    """
    if language == "fr":
        stem = re.sub(r"(?<=[^\W\d_aeiouyéèêâ])(?:e|es)$", "", word, flags=re.IGNORECASE)
        return max(1, len(_VOWELS.findall(stem)))
    stem = re.sub(r"(?<=[^\W\d_aeiouyl])e$|(?<=[aeiouy]l)e$", "", word, flags=re.IGNORECASE)
    stem = re.sub(r"(?<=[^\W\d_aeiouytd])ed$", "", stem, flags=re.IGNORECASE)
    return max(1, len(_VOWELS.findall(stem)))


@dataclass(frozen=True)
class Reading:
    """What was measured on some texts.

    `ease` is Flesch's reading ease in English and Kandel and Moles's in French: about zero for a learned
    text, sixty for plain writing, a hundred for a comic strip. `lix` rises with difficulty: below thirty for
    children's books, forty for newspapers, above fifty for official texts. `worst` holds the longest
    sentences, longest first.
    """

    sentences: int
    median: float
    ninetieth: float
    long_share: float
    ease: float
    lix: float
    worst: tuple[str, ...]


def measure(texts: Iterable[str], language: str) -> Reading:
    """Measure texts together; each is a paragraph or an item, so that no sentence runs over two.

    Parameters: `texts`; `language`, "fr" or "en". Returns a `Reading`. Raises ValueError when there is no
    sentence.

    >>> reading = measure(["The cat sat on the mat. It was a red cat."], "en")
    >>> reading.sentences, reading.median, round(reading.ease, 1), reading.lix
    (2, 5.5, 116.7, 5.5)
    """
    found = [s for text in texts for s in sentences(text) if words(s)]
    if not found:
        raise ValueError("there is no sentence to measure; give texts with words in them")
    counts = [len(words(s)) for s in found]
    every = [word for s in found for word in words(s)]
    per_sentence = len(every) / len(found)
    per_word = sum(syllables(word, language) for word in every) / len(every)
    long_words = sum(len(re.sub(r"\W", "", word)) > LONG_WORD for word in every)
    by_length = sorted(zip(counts, found, strict=True), key=lambda pair: -pair[0])
    return Reading(
        len(found),
        median(counts),
        quantiles(counts, n=10, method="inclusive")[8] if len(counts) > 1 else counts[0],
        sum(n > LONG for n in counts) / len(found),
        ease(per_sentence, per_word, language),
        per_sentence + 100 * long_words / len(every),
        tuple(s for _, s in by_length[:3]),
    )


def ease(words_per_sentence: float, syllables_per_word: float, language: str) -> float:
    """Return the reading ease: Flesch's formula in English, its French version by Kandel and Moles.

    >>> round(ease(15, 1.5, "en"), 3), round(ease(15, 1.5, "fr"), 3)
    (64.71, 81.375)
    """
    if language == "fr":
        return 207 - 1.015 * words_per_sentence - 73.6 * syllables_per_word
    return 206.835 - 1.015 * words_per_sentence - 84.6 * syllables_per_word
