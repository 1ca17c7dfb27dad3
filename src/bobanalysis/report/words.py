"""The words of the pages: one English source text, and its French translation from `locale/fr/*.po`.

Templates and charts ask a `Words` object for every text and every number, so that both languages come from
one place and carry the same figures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from bobanalysis import text as formatter
from bobanalysis.text import Language

HERE = Path(__file__).parent


def N_(text: str) -> str:
    """Mark a text for translation where it is written, to be translated where it is shown."""
    return text


CLASSES = {
    "high": N_("Among the highest, whatever the scale"),
    "depends": N_("Depends on the scale"),
    "low": N_("Among the lowest, whatever the scale"),
    "unknown": N_("No data"),
}
"""Classes of départements."""

KINDS = {
    "by construction": N_("by construction"),
    "modelled": N_("modelled"),
    "observed": N_("observed"),
}

NO_INTERVAL = {
    "exact": N_("none: the same people are scored twice, nothing is sampled"),
    "description": N_("none: a description, not an estimate"),
    "bounds": N_("none: bounds are given instead"),
}


FINDINGS = {
    "age.changed_share": N_("Main challenge that changes when only the age does"),
    "age.changed_share_high": N_("Challenge changed by age alone, highest over scales and scenarios"),
    "age.changed_share_low": N_("Challenge changed by age alone, lowest over scales and scenarios"),
    "age.people": N_("People scored at every age"),
    "age.specifications": N_("Combinations of a scale and a scenario"),
    "place.changed_share": N_("Main challenge that changes when only the département does"),
    "place.changed_share_high": N_("Challenge changed by place alone, highest over the scales"),
    "place.changed_share_low": N_("Challenge changed by place alone, lowest over the scales"),
    "place.class_depends_n": N_("Départements whose class depends on the scale"),
    "place.class_high_n": N_("Départements among the highest on every scale"),
    "place.class_low_n": N_("Départements among the lowest on every scale"),
    "place.class_unknown_n": N_("Départements without data"),
    "place.own_agree_n": N_("Départements with the same class for both groups of people"),
    "place.own_high_n": N_("Départements among the highest, with their modelled people"),
    "place.own_low_n": N_("Départements among the lowest, with their modelled people"),
    "place.people": N_("People placed in every département"),
    "place.rank_span_median": N_("Distance between best and worst rank, median"),
    "place.scales": N_("Scales on which places are compared"),
    "place.unknown_max": N_("Cases without market figure, département with most"),
    "place.unknown_mean": N_("Cases without market figure, mean of the départements"),
    "place.unknown_min": N_("Cases without market figure, département with fewest"),
    "blind.age_in_rule": N_("Age at which the advice for older people begins"),
    "cross.subgroups_looked_at": N_("Groups of people looked at one by one"),
    "rule.diploma_age": N_("Age read by the rule on the missing diploma"),
    "rule.like_age": N_("Age read by the rule on the job to like"),
    "place.extreme": N_("How many highest or lowest ranks count as extreme"),
    "rule.stuck_offers": N_("Offers for ten candidates at which the market counts as stuck"),
}
"""Labels of findings that their notebook gives none."""


class CatalogueError(ValueError):
    """A text has no translation, or a template asks for a word that does not exist."""


class Words:
    """Texts and numbers in one language.

    Parameters: `language`, "fr" or "en".

    >>> w = Words("fr")
    >>> w.quantity(0.5, "share"), w.label("challenge", "missing-diploma")
    ('50,0\u202f%', 'Diplôme manquant')
    """

    def __init__(self, language: Language) -> None:
        """Load the catalogue of a language."""
        if language not in ("fr", "en"):
            raise CatalogueError(f"pages exist in fr and en, not {language!r}")
        self.language = language
        self._catalogue = _catalogue(language)

    def gettext(self, text: str) -> str:
        """Translate and polish a text; raise `CatalogueError` when the translation is missing."""
        if self.language != "en":
            if text not in self._catalogue:
                raise CatalogueError(
                    f"no {self.language} translation of {text[:80]!r} in locale/{self.language}/*.po"
                )
            text = self._catalogue[text]
        return formatter.typeset(text, self.language)

    _ = gettext

    def ngettext(self, one: str, many: str, n: float) -> str:
        """Choose the singular or the plural text; 0 and 1.5 are singular in French, plural in English."""
        return self.gettext(formatter.plural(n, one, many, self.language))

    def label(self, unit: str, key: str) -> str:
        """Return the label of a challenge or of a class."""
        if key not in (known := challenge_labels() if unit == "challenge" else CLASSES):
            raise CatalogueError(f"{key!r} is not a {unit}; known: {', '.join(known)}")
        return self.pick(challenge_labels()[key]) if unit == "challenge" else self.gettext(CLASSES[key])

    def number(self, value: float, decimals: int = 0) -> str:
        """See `text.number`."""
        return formatter.number(value, self.language, decimals)

    def quantity(self, value: float, unit: str, bare: bool = False) -> str:
        """See `text.quantity`."""
        return formatter.quantity(value, unit, self.language, bare)

    def interval(self, low: float, high: float, unit: str) -> str:
        """See `text.interval`."""
        return formatter.interval(low, high, unit, self.language)

    def polish(self, text: str) -> str:
        """See `text.typeset`."""
        return formatter.typeset(text, self.language)

    def pick(self, text: Any) -> str:
        """Choose this language of a text that a notebook wrote in both, polished."""
        return self.polish(text[self.language]) if text else ""


@cache
def challenge_labels() -> dict[str, dict[str, str]]:
    """Return the labels of the main challenges, in the order in which the published table tries them."""
    from bobanalysis.bob import challenges

    return {c.id: {"fr": c.label.fr, "en": c.label.en} for c in challenges()}


@cache
def _catalogue(language: str) -> dict[str, str]:
    if language == "en":
        return {}
    from babel.messages.pofile import read_po

    known: dict[str, str] = {}
    for path in sorted((HERE / "locale" / language).glob("*.po")):
        with path.open("rb") as file:
            messages = read_po(file, locale=language)
        known |= {str(m.id): str(m.string) for m in messages if m.id and m.string and not m.fuzzy}
    return known


def used_messages() -> dict[str, str]:
    """Collect every text that asks for a translation: English text -> where it first stands."""
    import jinja2
    from babel.messages.extract import extract

    environment: Any = jinja2.Environment(
        extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    found: dict[str, str] = {}
    for path in sorted((HERE / "templates").rglob("*.html")):
        for line, _, message in environment.extract_translations(path.read_text(encoding="utf-8")):
            texts = message if isinstance(message, tuple) else (message,)
            for text in texts:
                if text is not None:  # a text in a variable is collected where it is written
                    found.setdefault(str(text), f"{path.relative_to(HERE).as_posix()}:{line}")
    for path in sorted(HERE.glob("*.py")):
        with path.open("rb") as file:
            for line, text, *_ in extract("python", file, keywords={"_": None, "N_": None}):
                found.setdefault(str(text), f"{path.name}:{line}")
    return found
