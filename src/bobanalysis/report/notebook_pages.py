"""The executed notebooks as pages: code folded, results shown, each cell linked with the figures it recorded.

They are in English, as the notebooks are. A notebook whose executed copy is not in the build has no page, and
nothing links to one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from bobanalysis.report import charts, pictures
from bobanalysis.report.findings import Book
from bobanalysis.report.renderer import Content, Page, PageRenderer
from bobanalysis.report.words import HERE
from bobanalysis.tables import load_yaml
from bobanalysis.text import Language, Text

HEAVY = 150_000
"""Bytes from which a drawing is shown as a PNG: a map drawn many times would make a page of megabytes."""
CHART = "Chart made by the code above"


ABOUT = load_yaml(dict[str, Text], HERE / "notebooks.yaml")
"""What each notebook does, by name."""


def listed(page: PageRenderer) -> dict[str, Any]:
    """Return what the list of notebooks shows: name, title, what it does, and how much it recorded."""
    content, rows = page.content, []
    for name in dict.fromkeys([*content.books, *content.merged["notebooks"]]):
        parts = (content.merged[part].values() for part in ("findings", "tables"))
        counts = [sum(record["notebook"] == name for record in part) for part in parts]
        used = dict.fromkeys(slug for id, slug in content.seen.items() if content.notebook_of(id) == name)
        titles = {p.slug: page.words._(p.title) for p in page.menu}
        shown = [(f"{slug}.html", titles[slug]) for slug in used if slug in titles]
        told, book = page.words.say(ABOUT.get(name)), content.books.get(name)
        rows.append({"name": name, "book": book, "told": told, "counts": counts, "shown": shown})
    return {"rows": rows}


def context(page: PageRenderer) -> Mapping[str, Any]:
    """Return what the page of one notebook shows."""
    book = page.content.books[page.page.slug.split("/")[1]]
    made: dict[str, list[tuple[str, str, str]]] = {}
    for part, files in (("findings", ""), ("tables", f"{page.home}../tables/")):
        for id, record in page.content.merged[part].items():
            if record["notebook"] == book.name:
                seen = page.content.seen.get(id)
                anchor = f"{page.home}{seen}.html#{'table' if files else 'note'}-{id}" if seen else ""
                href = anchor or (f"{files}{id}.csv" if files else "")
                label = page.words.say(record.get("title") or record.get("label"))
                made.setdefault(book.cell_of(id), []).append((id, label, href))
    return {"book": book, "cells": list(_cells(book, page.content, made))}


def recorded(page: PageRenderer) -> Mapping[str, Any]:
    """Return what the list of the findings of one notebook shows."""
    name = page.page.slug.split("/")[1]
    notes = [(id, f) for id, f in page.content.merged["findings"].items() if f["notebook"] == name]
    return {"name": name, "recorded": notes}


def pages(content: Content, language: Language) -> Iterator[Page]:
    """Return the pages that a language has of notebooks: their findings, and in English their copies."""
    menu = ("Notebooks", "Method and data")
    for name in content.merged["notebooks"]:
        yield Page(f"findings/{name}", *menu, recorded, "findings.html")
    for name in content.books if language == "en" else ():
        yield Page(f"notebooks/{name}", *menu, context, "notebook.html", twin="notebooks")


def _cells(book: Book, content: Content, made: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Turn each cell into what a page shows of it."""
    from nbconvert.filters import Highlight2HTML
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    text = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True))
    code = Highlight2HTML(pygments_lexer="python3")
    for cell in book.cells:
        if cell.cell_type == "markdown":
            html = re.sub(r"<code>(\w+)</code>", lambda m: _to(m, content.books), text.render(cell.source))
            yield {"id": cell.id, "text": Markup(_headed(html))}
        elif cell.cell_type == "code":
            outputs = [_output(o, f"{cell.id}-{i}") for i, o in enumerate(cell.outputs)]
            lines = len(cell.source.splitlines())
            html = _kept(re.sub(r'<span class="(?:n|nn|p|w|o)">(.*?)</span>', r"\1", code(cell.source)))
            found = made.get(cell.id, [])
            yield {"id": cell.id, "code": html, "lines": lines, "outputs": outputs, "recorded": found}


def _to(name: re.Match[str], books: Mapping[str, Book]) -> str:
    """Make the name of another notebook lead to it."""
    return f'<a href="{name[1]}.html">{name[0]}</a>' if name[1] in books else name[0]


def _headed(html: str) -> str:
    """Name the columns of tables as those of the site, and let a wide one scroll."""
    html = re.sub(r"<(style|h1)\b.*?</\1>", "", html, flags=re.S)
    html = re.sub(r"<th(?= |>)", '<th scope="col"', html).replace(' border="1"', "")
    return re.sub(r"<table.*?</table>", r'<div class="scroll" tabindex="0">\g<0></div>', html, flags=re.S)


def _output(output: Any, name: str) -> Markup:
    """Show a result as the richest of its forms that needs no script: drawing, table, or text."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        drawing = charts.plain(data["image/svg+xml"], name)
        if len(drawing) < HEAVY:
            return Markup(drawing.replace("<svg", f'<svg role="img" aria-label="{CHART}"', 1))
        inside = base64.b64encode(pictures.png(drawing, sharpness=1)).decode()
        width = re.findall(r'width="([\d.]+)"', drawing)[0]
        return Markup(f'<img alt="{CHART}" width="{width}" src="data:image/png;base64,{inside}">')
    if "text/html" in data:
        return Markup(_headed(data["text/html"]))
    return _kept(str(Markup("<pre>{}</pre>").format(data.get("text/plain") or output.get("text", ""))))


def _kept(html: str) -> Markup:
    """Keep blank lines, which a page leaves out of its source."""
    return Markup(re.sub(r"\n(?=\s*\n)", "&#10;", html))
