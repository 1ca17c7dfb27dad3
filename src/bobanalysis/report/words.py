"""The words of the pages, in one language.

Sentences stand in templates and in code as English texts, with their French in `locale/fr/*.po`; names of
things (kinds, criteria, statuses …) stand in `vocabulary.yaml`, in both languages. Templates and charts ask a
`Words` object for every text and every number, so that both languages carry the same figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from bobanalysis import text as formatter
from bobanalysis.presentation import Vocabulary
from bobanalysis.rules import Variable
from bobanalysis.tables import disk_cached, load_yaml
from bobanalysis.text import Language, Text

HERE = Path(__file__).parent


def N_(text: str) -> str:
    """Mark a text for translation where it is written, to be translated where it is shown."""
    return text


@cache
def departement_names() -> dict[str, str]:
    """Return the name of each département by its code."""
    from bobanalysis import data

    frame = data.table("departements")
    return {dep: name.replace("'", "’") for dep, name in zip(frame["dep"], frame["name"], strict=True)}


class CatalogueError(ValueError):
    """A text has no translation, or a page asks for a name that does not exist."""


class Words:
    """Texts and numbers in one language.

    Args:
        language: "fr" or "en".
        more: names by topic that replace those of the vocabulary, or stand before them.

    Example:
        >>> w = Words("fr")
        >>> w.quantity(0.5, "share"), w.name("criteria", "place of residence")
        ('50,0\u202f%', 'lieu de résidence')
    """

    def __init__(self, language: Language, more: Vocabulary | None = None) -> None:
        """Load the catalogue of a language."""
        if language not in formatter.LANGUAGES:
            raise CatalogueError(f"pages exist in fr and en, not {language!r}")
        self.language = language
        self._more = more or {}
        self._names: dict[str, dict[str, str]] = {}
        self.colon = formatter.colon(language)
        self.date = partial(formatter.date, lang=language)
        self.interval = partial(formatter.interval, lang=language)
        self.join = partial(formatter.join, lang=language)
        self.plural = partial(formatter.plural, lang=language)
        self.polish = partial(formatter.typeset, lang=language)
        self.quantity = partial(formatter.quantity, lang=language)
        self.quote = partial(formatter.quote, lang=language)

    def gettext(self, text: str) -> str:
        """Translate and typeset a text; raise `CatalogueError` when the translation is missing."""
        if self.language != "en":
            texts = catalogue(self.language)
            if text not in texts:
                why = f"no {self.language} translation of {text[:80]!r} in locale/{self.language}/*.po"
                raise CatalogueError(why)
            text = texts[text]
        return self.polish(text)

    _ = gettext

    def ngettext(self, one: str, many: str, n: float) -> str:
        """Translate the singular or the plural text."""
        return self.gettext(self.plural(n, one, many))

    def names(self, topic: str) -> dict[str, str]:
        """Return the names of a topic of the vocabulary, in their order."""
        if topic not in self._names:
            own, common = self._more.get(topic, {}), vocabulary().get(topic, {})
            if not own and topic not in vocabulary():
                raise CatalogueError(f"the vocabulary has no topic {topic!r}: {', '.join(vocabulary())}")
            self._names[topic] = {key: self.say(text) for key, text in {**own, **common, **own}.items()}
        return self._names[topic]

    def name(self, topic: str, key: str) -> str:
        """Return one name of a topic of the vocabulary."""
        if key not in (known := self.names(topic)):
            raise CatalogueError(f"{key!r} is not one of the {topic}; known: {', '.join(known)}")
        return known[key]

    def say(self, text: Text | Mapping[str, str] | None) -> str:
        """Choose this language of a text and typeset it; None is empty."""
        if not text:
            return ""
        return self.polish(text.get(self.language) or "")  # type: ignore[arg-type]

    def criterion(self, variable: Variable) -> str:
        """Return the protected criterion that an input is, and how; empty where it is none."""
        law, names = variable.protected, self.names("criteria")
        return f"{names.get(law.criterion, law.criterion)} ({self.name('hows', law.how)})" if law else ""

    def mark(self, variable: Variable) -> str:
        """Say of an input that it is a protected criterion, or stands for one; empty where it does not."""
        if variable.protected is None:
            return ""
        criterion = self.name("criteria", variable.protected.criterion)
        return self.name("marked", variable.protected.how).format(criterion=criterion)

    def shown(self, value: Any, unit: str) -> str:
        """Write a value of a table: a number in its unit, a place, a challenge or a class by its name."""
        if value is None or value != value:  # NaN
            return self._("no data")
        if unit == "departement":
            return f"{departement_names()[value]} ({value})"
        if unit in ("challenge", "class"):
            return self.name(unit, value)
        if unit == "code":
            said = {"true": self._("yes"), "false": self._("no")}
            return said.get(str(value).lower()) or self.polish(str(value))
        return self.quantity(value, unit, bare=True)

    def period(self, vintage: str) -> str:
        """Write the years, or the day, that data is of.

        Example:
            >>> Words("fr").period("2017-11-27; 2018-2021"), Words("en").period("2017 / 2021")
            ('27 novembre 2017, 2018–2021', '2017, 2021')
        """
        text = re.sub(r"\d{4}-\d\d-\d\d", lambda found: self.date(found[0]), vintage)
        return re.sub(r" ?[;/] ?", ", ", re.sub(r"(?<=\d{4})-(?=\d{4})", "–", text))

    def head(self, column: Mapping[str, Any]) -> str:
        """Return the label of a column, with its unit where the values do not show it."""
        unit = self.names("units_in_heads").get(column["unit"])
        return formatter.capital(self.say(column["label"])) + (f" ({unit})" if unit else "")

    def number(self, value: float | None, decimals: int | None = 0) -> str:
        """See `text.number`."""
        return formatter.number(value, self.language, decimals)


@cache
def vocabulary() -> Vocabulary:
    """Return the names of things, by topic."""
    return load_yaml(dict[str, dict[str, Text]], HERE / "vocabulary.yaml")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the translations into a language: English text -> text; nothing for English."""
    files = sorted((HERE / "locale" / language).glob("*.po"))
    return disk_cached(lambda: _translations(files), *files) if files else {}


def _translations(files: Iterable[Path]) -> dict[str, str]:
    from babel.messages.pofile import read_po

    known: dict[str, str] = {}
    for path in files:
        with path.open("rb") as file:
            messages = read_po(file)
        known |= {str(m.id): str(m.string) for m in messages if m.id and m.string and not m.fuzzy}
    return known


def tidy(html: str) -> str:
    """Take blank lines and spaces at the ends of lines out of a page."""
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip()) + "\n"


@cache
def environment(language: Language) -> Any:
    """Return the Jinja environment of a language."""
    from importlib.metadata import version

    import jinja2

    from bobanalysis.data import sources

    words = Words(language)
    options: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    options |= {"undefined": jinja2.StrictUndefined, "extensions": ["jinja2.ext.i18n"]}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), **options)
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters |= {"say": words.say, "capital": formatter.capital, "years": words.period}
    environment.globals |= {"sources": sources, "version": version("bobanalysis")}
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment
