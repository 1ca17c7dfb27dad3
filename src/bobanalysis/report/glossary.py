"""The glossary: what the technical words of the pages mean, and the links from their first use.

`data/glossary.yaml` holds the terms; `glossary` reads and checks them, `link` makes the first use of each on
a page lead to the page of the glossary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bobanalysis.data.registry import read_raw
from bobanalysis.report import sheets
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.tables import load
from bobanalysis.text import Text

PROSE = {"p", "li", "dd"}
"""Elements whose words are linked."""
APART = {
    *("a", "button", "code", "details", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "header"),
    *("label", "nav", "script", "small", "style", "svg", "table"),
}
"""Elements inside which they are not: what is a link or a heading already, and what is not prose."""
VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}

_TAG = re.compile(r"(<svg\b.*?</svg>|<table\b.*?</table>|<[^>]*>)", re.S)
"""A tag, or a whole picture or table: nothing in these is linked."""


@dataclass(frozen=True)
class Term:
    """A word of the glossary: `forms` are the words, by language, by which pages use it."""

    id: str
    term: Text
    forms: Mapping[str, tuple[str, ...]]
    text: Text
    example: Text


@cache
def glossary(path: Path | str | None = None) -> tuple[Term, ...]:
    """Read the terms of the glossary, in the order of the file.

    Args:
        path: the file; `data/glossary.yaml` when it is left out.

    Raises:
        InputError: names file, term and field of every fault.

    Example:
        >>> next(t for t in glossary() if t.id == "threshold").term.fr
        'Seuil'
    """
    path = sheets.path_of("glossary", path)
    terms = load(dict[str, tuple[Term, ...]], read_raw(path), path.name)["terms"]
    sheets.stop_on([*sheets.faults_of_texts(terms, "term"), *sheets.twice(terms, "term")], path.name)
    return terms


def page(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of the glossary shows: the terms in the alphabetical order of its language."""
    return {"terms": sorted(glossary(), key=lambda term: plain(page.words.say(term.term)))}


def plain(text: str) -> str:
    """Return a text as dictionaries sort it: without accents and capitals.

    >>> plain("Échelle")
    'echelle'
    """
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).casefold()


@cache
def _pattern(language: str) -> tuple[re.Pattern[str], dict[str, str]]:
    known = {form.casefold(): t.id for t in glossary() for form in t.forms[language]}
    longest = sorted(known, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])", re.IGNORECASE), known


def link(html: str, language: str, home: str) -> str:
    """Make the first use of each term on a page lead to the glossary.

    Only words in paragraphs, items and descriptions count, outside of links, headings, tables and folded
    parts, and outside of any element marked `data-plain`.

    Parameters: `html` of a page; `language`; `home`, the way to the folder of the language.

    >>> link("<main><p>A threshold; a threshold.</p></main>", "en", "")
    '<main><p>A <a class="term" href="glossary.html#threshold">threshold</a>; a threshold.</p></main>'
    """
    pattern, known = _pattern(language)
    done: set[str] = set()

    def linked(match: re.Match[str]) -> str:
        id = known[match[1].casefold()]
        if id in done:
            return match[1]
        done.add(id)
        return f'<a class="term" href="{home}glossary.html#{id}">{match[1]}</a>'

    parts, around = _TAG.split(html), list[str]()
    for i, part in enumerate(parts):
        if i % 2:
            if not part.endswith(("</svg>", "</table>")):
                _step(around, part)
        elif "main" in around and PROSE & set(around) and not (APART | {"data-plain"}) & set(around):
            parts[i] = pattern.sub(linked, part)
    return "".join(parts)


def _step(around: list[str], tag: str) -> None:
    """Follow a tag: enter an element, or leave it and what was left open in it."""
    name = re.match(r"</?([a-zA-Z][\w-]*)", tag)
    if not name or name[1] in VOID or tag.endswith("/>"):
        return
    if tag.startswith("</"):
        while around and around.pop() != name[1]:
            pass
        if around and around[-1] == "data-plain":
            around.pop()
        return
    if " data-plain" in tag or 'class="kicker"' in tag:
        around.append("data-plain")
    around.append(name[1])
