"""The site: the list of pages, and the folder of reports made from what the notebooks recorded.

`render` writes the findings file, the tables and the charts for download, and the pages in both languages. It
writes the same bytes from the same records, on every machine and every day.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import Algorithm
from bobanalysis.audit.person import Person
from bobanalysis.report import (
    cards,
    condition_pages,
    findings,
    glossary,
    letter_page,
    quirk_pages,
    sheet_pages,
    sheets,
    tryit,
)
from bobanalysis.report.renderer import Content, Page, PageRenderer, environment
from bobanalysis.report.words import HERE, N_, Words
from bobanalysis.text import LANGUAGES, Language

PAGES = (
    Page("index", N_("The story"), N_("The story")),
    Page("try", N_("Try it"), N_("Try it"), tryit.page),
    Page("rules", N_("Every rule"), N_("The rules"), cards.index),
    Page("conditions", N_("Age and place"), N_("The rules"), condition_pages.conditions),
    Page("quirks", N_("Quirks"), N_("The rules"), quirk_pages.quirks),
    Page("questions", N_("Questions"), N_("Questions and answers"), sheet_pages.questions),
    Page("privacy", N_("Personal data"), N_("Questions and answers"), sheet_pages.privacy),
    Page("register", N_("Register"), N_("Questions and answers"), sheet_pages.register),
    Page("compare", N_("Compared with others"), N_("Compare")),
    Page("observed", N_("Observed people"), N_("Compare")),
    Page("method", N_("Method"), N_("Method and data")),
    Page("glossary", N_("Glossary"), N_("Method and data"), glossary.page),
    Page("sources", N_("Sources"), N_("Method and data")),
    Page("data", N_("Downloads"), N_("Method and data")),
)
"""The pages in the order of the menu. To add one: an entry here, a template, its French words."""


OWN_PAGES = (
    Page("rules", N_("Every rule"), N_("The rules"), cards.index),
    Page("conditions", N_("Age and place"), N_("The rules"), condition_pages.conditions),
    Page("letter", N_("A letter"), N_("One person")),
    Page("try", N_("Try it"), N_("One person"), tryit.page),
    Page("record", N_("Register"), N_("The rules"), sheet_pages.record),
)
"""The pages that any algorithm has, made from its rules; the last one where a record of it is written."""


def every_page(algorithm: Algorithm) -> tuple[Page, ...]:
    """Return the pages of the menu and those that only other pages lead to."""
    return (*PAGES, *sheet_pages.form_pages(), *cards.pages(algorithm))


def render(
    build: str | os.PathLike[str] | None = None,
    reports: str | os.PathLike[str] | None = None,
    notebooks: Sequence[str] | None = None,
    *,
    algorithm: Algorithm,
    others: Sequence[Algorithm] = (),
) -> Path:
    """Make the folder of reports from what the notebooks recorded.

    Args:
        build: the folder the notebooks wrote to (see `findings.build_folder`).
        reports: the folder to make, default `reports` of the project: what is in it is replaced as a whole.
        notebooks: names of the notebooks to publish; all that left a record when None.
        algorithm: what the cards, the letter and the try-it page are about.
        others: algorithms to compare with, whose own pages stand in folders beside.

    Raises:
        FindingError, PageError, CatalogueError: something is missing; the old folder is left as it was.
    """
    target = Path(reports) if reports is not None else Path(__file__).parents[3] / "reports"
    content = Content.read(findings.build_folder(build), notebooks, algorithm)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".reports-", dir=target.parent) as folder:
        fresh = Path(folder) / "new"
        _write_all(content, fresh)
        for other in others:
            render_algorithm(other, fresh / other.id, within_site=True)
        if target.exists():
            target.replace(Path(folder) / "old")
        fresh.replace(target)
    return target


def render_algorithm(
    algorithm: Algorithm, folder: str | os.PathLike[str], person: Any = None, within_site: bool = False
) -> Path:
    """Make the pages of any algorithm: cards, conditions on age and place, a letter, the page to try it.

    Args:
        algorithm: ready to run.
        folder: to write into; files of the same names are replaced.
        person: whom the letter is to, inputs by name; by default the algorithm's own example.
        within_site: the folder stands in the folder of reports; pages lead back to it.

    Raises:
        InputError: the person cannot be read.
        CatalogueError: a text has no translation.
    """
    target, content = Path(folder), Content.of(algorithm, within_site)
    own = OWN_PAGES if sheets.record(algorithm.id) else OWN_PAGES[:-1]
    example = Person.of(dict(algorithm.start) if person is None else person, algorithm)
    for language in LANGUAGES:
        words = Words(language, algorithm.presentation.words)
        for page in (*own, *cards.pages(algorithm)):
            if page.slug == "letter":
                text = letter_page.personal_letter(example, language, invented=person is None, site=True)
            else:
                page = replace(page, template=page.template or _own_template(algorithm, page))
                text = PageRenderer(content, words, page, own).html()
            _write(target / f"{language}/{page.slug}.html", text)
    _write_assets(algorithm, target)
    return target


def _own_template(algorithm: Algorithm, page: Page) -> str:
    return algorithm.presentation.try_template if page.slug == "try" else ""


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_assets(algorithm: Algorithm, folder: Path) -> None:
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for source, name in (("templates", "style.css"), ("scripts", "try.css"), ("scripts", "rules.js")):
        shutil.copyfile(HERE / source / name, folder / "assets" / name)
    _write(folder / "assets" / "try.js", tryit.script(algorithm))


def _write_all(content: Content, folder: Path) -> None:
    def write(path: str, text: str) -> None:
        _write(folder / path, text)

    write("findings.json", findings.dump(content.merged))
    write("findings.csv", findings_csv(content.merged))
    for id, text in content.csv.items():
        write(f"tables/{id}.csv", text)
    for page in every_page(content.algorithm):
        for language in LANGUAGES:
            write(f"{language}/{page.slug}.html", _page(content, language, page))
    for path, text in downloads(content).items():
        write(path, text)
    for (name, shown, narrow), (_, svg) in sorted(content.drawings.items()):
        write(f"assets/charts/{name}{'-narrow' if narrow else ''}-{shown}.svg", svg)
    _write_assets(content.algorithm, folder)
    write("index.html", environment("fr").get_template("root.html").render())


def _page(content: Content, language: Language, page: Page) -> str:
    text = PageRenderer(content, Words(language, content.algorithm.presentation.words), page, PAGES).html()
    return text if page.slug == "glossary" else glossary.link(text, language, page.home)


def downloads(content: Content) -> dict[str, str]:
    """Return the other files that pages offer: path in the folder of reports -> text."""
    return sheet_pages.downloads(content) | letter_page.letter_pages(content.algorithm)


def findings_csv(merged: Mapping[str, Any]) -> str:
    """Write all findings as one CSV table, with both labels."""
    names = ("id", "value", "unit", "kind", "low", "high", "n", "vintage", "sources", "label_fr", "label_en")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "notebook"])
    for id, f in merged["findings"].items():
        low, high = f["interval"] or (None, None)
        label = f["label"] or {"fr": "", "en": ""}
        numbers = [findings.cell(x) for x in (f["value"], low, high, f["n"])]
        row = [id, numbers[0], f["unit"], f["kind"], *numbers[1:], f["vintage"], " ".join(f["sources"])]
        writer.writerow([*row, label["fr"], label["en"], f["notebook"]])
    return out.getvalue()
