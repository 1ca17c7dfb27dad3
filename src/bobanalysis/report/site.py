"""The site: the list of pages, and the folder of reports made from what the notebooks recorded.

`render` writes the findings file, the tables and the charts for download, and the pages in both languages. It
writes the same bytes from the same records, on every machine and every day.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

from bobanalysis.algorithm import Algorithm
from bobanalysis.audit.person import Person
from bobanalysis.cluster.exchange import exchange
from bobanalysis.report.letter import Letter
from bobanalysis.report.letter_page import example, letter_pages
from bobanalysis.report.renderer import Content, Page, PageRenderer
from bobanalysis.report.sheets import record
from bobanalysis.report.words import HERE, environment
from bobanalysis.tables import load_yaml
from bobanalysis.text import LANGUAGES, Language

from . import cards, downloads, glossary, notebook_pages, pictures, place_pages, sheet_pages, tryit

MENU = load_yaml(dict[str, list[list[str]]], HERE / "pages.yaml")


def _listed(slug: str, title: str, section: str, context: str = "") -> Page:
    return Page(slug, title, section, resolve_name(f"bobanalysis.report.{context}") if context else None)


PAGES = tuple(_listed(*row) for row in MENU["pages"])
"""The pages in the order of the menu. To add one: a line in `pages.yaml`, a template, its French words."""
OWN_PAGES = tuple(_listed(*row) for row in MENU["own"])
"""The pages that any algorithm has, made from its rules; the record where one is written."""
SCRIPTS = ("try.css", "rules.js", "links.js", "places.js")


def every_page(algorithm: Algorithm) -> tuple[Page, ...]:
    """Return the pages of the menu and those that only other pages lead to."""
    return (*PAGES, *sheet_pages.form_pages(), *place_pages.pages(), *cards.pages(algorithm))


def render(build: Path, reports: Path, algorithm: Algorithm, others: Sequence[Algorithm] = ()) -> Path:
    """Make the folder of reports from what the notebooks recorded.

    Args:
        build: the folder the notebooks wrote to.
        reports: the folder to make: what is in it is replaced as a whole.
        algorithm: what the cards, the letter and the try-it page are about.
        others: algorithms to compare with, whose own pages stand in folders beside.

    Raises:
        FindingError, PageError, CatalogueError: something is missing; the old folder is left as it was.
    """
    content = Content.read(build, algorithm)
    reports.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".reports-", dir=reports.parent) as folder:
        fresh = Path(folder) / "new"
        _write_all(content, fresh)
        for other in others:
            render_algorithm(other, fresh / other.id, within_site=True)
        exchange(fresh, reports)
    return reports


def render_algorithm(algorithm: Algorithm, folder: Path, within_site: bool = False) -> Path:
    """Make the pages of any algorithm: cards, conditions on age and place, a letter, the page to try it.

    Args:
        algorithm: ready to run.
        folder: to write into; files of the same names are replaced.
        within_site: the folder stands in the folder of reports; pages lead back to it.

    Raises:
        CatalogueError: a text has no translation.
    """
    content = Content.of(algorithm, within_site)
    menu = [page for page in OWN_PAGES if page.slug != "record" or record(algorithm.id)]
    own = algorithm.presentation.try_template
    pages = [replace(p, template=own) if p.slug == "try" else p for p in menu if p.slug != "letter"]
    for path, text in letter_pages(Letter(Person.of(dict(algorithm.start), algorithm))).items():
        _write(folder / path, text)
    for language in LANGUAGES:
        for page in (*pages, *cards.pages(algorithm)):
            _write(folder / f"{language}/{page.slug}.html", _page(content, language, page, menu))
    _write_assets(algorithm, folder)
    return folder


def _write_all(content: Content, folder: Path) -> None:
    """Write what is for download, the pages of each language, and the page that leads to them."""
    data = downloads.files(content) | sheet_pages.downloads(content)
    root = {"index.html": environment("fr").get_template("root.html").render()}
    files = root | data | letter_pages(example(content.algorithm))
    for path, made in (files | {downloads.ARCHIVE: downloads.archive(data)}).items():
        _write(folder / path, made)
    pages = every_page(content.algorithm)
    for page in sorted(pages, key=lambda page: page.slug == "notebooks"):  # it says what the others show
        for language in LANGUAGES:
            text = _page(content, language, page, PAGES)
            if page.slug != "glossary":
                text = glossary.link(text, language, page.home)
            _write(folder / f"{language}/{page.slug}.html", text)
            if page in PAGES:
                picture = folder / f"assets/social/{language}-{page.slug}.png"
                _write(picture, pictures.social(text, page, language))
    for language in LANGUAGES:
        for page in notebook_pages.pages(content, language):
            _write(folder / f"{language}/{page.slug}.html", _page(content, language, page, PAGES))
    for name, text in pictures.charts(content):
        _write(folder / "assets" / "charts" / f"{name}.svg", text)
        _write(folder / "assets" / "charts" / f"{name}.png", pictures.png(text))
    _write_assets(content.algorithm, folder)


def _page(content: Content, language: Language, page: Page, menu: Sequence[Page]) -> str:
    return PageRenderer(content, content.words(language), page, menu).html()


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _write_assets(algorithm: Algorithm, folder: Path) -> None:
    _write(folder / "assets" / "try.js", tryit.script(algorithm))
    for path in ("templates/style.css", *(f"scripts/{name}" for name in SCRIPTS)):
        shutil.copy(HERE / path, folder / "assets")
