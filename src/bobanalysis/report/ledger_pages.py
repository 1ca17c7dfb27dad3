"""The pages of questions and answers: the transparency ledger, personal data, the algorithm register.

What the pages say is written in `data/ledger.yaml`, `data/privacy.yaml` and `data/register.yaml`; here it is
put in order for the templates. Counts come from notebook 14 through the findings, like every other figure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from bobanalysis.bob import catalogue
from bobanalysis.report import flow
from bobanalysis.report import ledger as texts
from bobanalysis.report.findings import dump
from bobanalysis.report.renderer import Content, Page, PageError, PageRenderer
from bobanalysis.report.subjects import card_path
from bobanalysis.report.words import N_, vocabulary

SIGNS = {"answered": "●", "partly": "◐", "open": "○"}
"""Signs of the statuses, beside their names."""


_ADDRESS = re.compile(r"https?://")
_CODE = re.compile(r"(?P<path>[\w.-]+(?:/[\w.-]+)*)(?:@(?P<commit>[0-9a-f]{7}))?(?P<lines>#L\d+(?:-L\d+)?)?")


def address(locator: str, repository: str, commit: str) -> str:
    """Return the public address of a place in the published code or of a page; empty when it has none.

    Parameters: `locator`, as the files of texts write it; `repository` and `commit` of the published code.

    >>> address("frontend/server/auth.py@cb91b3e#L4-L5", "https://github.com/a/b", "6bdbeec")
    'https://github.com/a/b/blob/cb91b3e/frontend/server/auth.py#L4-L5'
    >>> address("https://example.org/page", "", ""), address("Legifrance, CRPA L311-3-1", "", "")
    ('https://example.org/page', '')
    """
    if _ADDRESS.match(locator):
        return locator
    if found := _CODE.fullmatch(locator):
        return f"{repository}/blob/{found['commit'] or commit}/{found['path']}{found['lines'] or ''}"
    return ""


# ---- what all three pages need ---------------------------------------------------------------------------


def say(page: PageRenderer, text: texts.Text | None) -> Markup:
    """Write a text in the language of the page, each finding that it cites as a figure with its note."""
    if text is None:
        return Markup("")
    plain = str(escape(page.words.pick(text)))
    return Markup(re.sub(r"\{([a-z0-9_.]+)\}", lambda m: str(page.figure(m[1], bare=True)), plain))


def measured(page: PageRenderer, ids: Sequence[str]) -> list[dict[str, Any]]:
    """List findings with their labels; raise `PageError` for one that has no label."""

    rows = []
    for id in ids:
        finding = page.content.finding(id, page.where)
        label = page.words.pick(finding["label"]) or (page.words.names("findings").get(id, ""))
        if not label:
            raise PageError(f"finding {id!r} has no label; give one in its notebook or in vocabulary.yaml")
        rows.append({"id": id, "label": label, "figure": page.figure(id)})
    return rows


def _counted(page: PageRenderer, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table of counts, each number written as a reader wants it."""
    rows = page.content.table(table, page.where).to_dicts()
    return [{k: v if isinstance(v, str) else page.words.number(v) for k, v in row.items()} for row in rows]


def _places(locators: Collection[str], sheet: Any) -> list[dict[str, str]]:
    """Split locators of code into a short name (the file and its lines) and an address."""
    return [
        {"name": _short(locator), "href": address(locator, sheet.repository, sheet.commit)}
        for locator in locators
    ]


def _short(locator: str) -> str:
    """Return the last part of a path; a README or an index says nothing without its folder."""
    parts = locator.split("/")
    return "/".join(parts[-2:] if re.match(r"README|index\.", parts[-1]) else parts[-1:])


# ---- questions and answers -------------------------------------------------------------------------------


def questions(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of questions shows: the ledger by theme, and its overview."""
    known = texts.ledger()
    overview = _counted(page, "ledger.by_theme")
    return {
        "ledger": known,
        "themes": [
            {
                "id": id,
                "name": page.words.pick(name),
                "counts": next(row for row in overview if row["theme"] == id),
                "entries": [_entry(page, known, e) for e in known.entries if e.theme == id],
            }
            for id, name in known.themes.items()
        ],
        "overview": overview,
        "status": page.words.names("answered"),
        "confidence": page.words.names("confidence"),
        "kinds": page.words.names("documents"),
        "read": page.words.names("read"),
        "signs": SIGNS,
        "say": partial(say, page),
    }


def _entry(page: PageRenderer, known: texts.Ledger, entry: texts.Entry) -> dict[str, Any]:
    before = entry.lowered_from or {}
    return {
        "id": entry.id,
        "status": entry.status,
        "confidence": entry.confidence,
        "allegation": entry.allegation,
        "question": page.words.pick(entry.question),
        "answer": say(page, entry.answer),
        "not_verified": say(page, entry.not_verified),
        "review": say(page, entry.review),
        "before": [
            page.words.name(topic, before[name])
            for name, topic in (("status", "answered"), ("confidence", "confidence"))
            if name in before
        ],
        "evidence": [
            {
                "kind": e.kind,
                "ref": page.words.pick(e.ref),
                "locator": e.locator,
                "href": address(e.locator, known.repository, known.commit),
                "reading": e.reading,
                "shows": page.words.pick(e.shows),
            }
            for e in entry.evidence
        ],
        "measured": measured(page, entry.findings),
    }


# ---- personal data ---------------------------------------------------------------------------------------


def privacy(page: PageRenderer) -> dict[str, Any]:
    """Return what the page on personal data shows: fields, flows, their diagram, promises, retention."""
    sheet = texts.privacy()
    counts = {row["field"]: row["rules"] for row in _counted(page, "privacy.rules")}
    nodes = {n.id: {"kind": n.kind, "name": page.words.pick(n.name)} for n in sheet.nodes}
    return {
        "sheet": sheet,
        "say": partial(say, page),
        "nodes": nodes,
        "kinds": page.words.names("nodes"),
        "legend": {kind: _sample(kind) for kind in page.words.names("nodes")},
        "kept": page.words.names("deletion"),
        "fields": [_personal(page, sheet, field, nodes, counts) for field in sheet.fields],
        "flows": [
            {
                "number": number,
                "id": f"flow-{edge.origin}-{edge.target}",
                "origin": nodes[edge.origin]["name"],
                "target": nodes[edge.target]["name"],
                "what": page.words.pick(edge.what),
                "when": page.words.pick(edge.when),
                "identifies": edge.identifies,
                "places": _places(edge.locators, sheet),
            }
            for number, edge in enumerate(sheet.edges, 1)
        ],
        "diagrams": {layout.name: _diagram(page, sheet, layout) for layout in (flow.WIDE, flow.NARROW)},
        "promises": [_statement(page, sheet, s) for s in sheet.promises],
        "retention": [_statement(page, sheet, s) for s in sheet.retention],
        "unknown": [page.words.pick(text) for text in sheet.unknown],
    }


def _personal(
    page: PageRenderer,
    sheet: texts.Privacy,
    field: texts.PersonalField,
    nodes: Mapping[str, Any],
    counts: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "id": field.id,
        "name": page.words.pick(field.name),
        "special": field.special_category,
        "identifier": field.tag == "identifier",
        "kept": field.after_deletion,
        "sent": [nodes[place]["name"] for place in field.sent],
        "rules": [{"title": _title(page, name), "href": card(page, name)} for name in field.rules],
        "read_by": counts[field.id],
        "note": page.words.pick(field.note) if field.note else "",
        "no_locator": page.words.pick(field.no_locator) if field.no_locator else "",
        "places": _places(field.locators, sheet),
    }


def card(page: PageRenderer, rule: str) -> str:
    """Return the address of the card of a rule, seen from the page."""
    return page.home + card_path(rule)


def _title(page: PageRenderer, rule: str) -> str:
    title = catalogue()[rule].title
    if title is None:
        return rule
    return page.words.polish(title.fr if page.words.language == "fr" else title.en)


def _statement(page: PageRenderer, sheet: texts.Privacy, statement: texts.Statement) -> dict[str, Any]:
    return {
        "id": statement.id,
        "said": page.words.pick(statement.said),
        "shown": page.words.pick(statement.shown),
        "places": _places(statement.locators, sheet),
    }


def _diagram(page: PageRenderer, sheet: texts.Privacy, layout: flow.Layout) -> Markup:
    title = page.words._("Who gives personal data to whom, according to the published code")
    description = page.words._(
        "A diagram of boxes and numbered arrows. A job seeker answers on the site; the site passes the "
        "answers to the server, and the server to the user base. From the site, from the server and from "
        "the user base other arrows lead to outside companies and to two further stores. Each arrow is a "
        "row of the table below the diagram, with the same number."
    )
    return Markup(flow.diagram(sheet, layout, page.words.language, title, description))


def _sample(kind: str) -> Markup:
    drawing = flow.shape(kind, (2, 2, 36, 18))
    return Markup(f'<svg width="40" height="22" viewBox="0 0 40 22" aria-hidden="true">{drawing}</svg>')


# ---- the register ----------------------------------------------------------------------------------------


def register(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of the register shows: the duties, and the forms that lead to their pages."""
    record = texts.register()
    return {
        "record": record,
        "say": partial(say, page),
        "duties": record.duties,
        "duty": page.words.names("duty"),
        "questions": {e.id: page.words.pick(e.question) for e in texts.ledger().entries},
        "forms": {row["form"]: row for row in _counted(page, "register.by_form")},
        "field": page.words.names("field"),
    }


def form_pages() -> tuple[Page, ...]:
    """Return the pages of the six forms, which only the page of the register leads to."""

    section = N_("Questions and answers")
    return tuple(
        Page(f"register-{form}", "", section, partial(register_form, form), "register_form.html")
        for form in vocabulary()["forms"]
    )


def register_form(form: str, page: PageRenderer) -> dict[str, Any]:
    """Return what the page of one form shows: every line, in the sections and the order of the form."""
    record = texts.register()
    chosen = record.forms[form]
    topic = "parts_" + form.replace("-", "_")
    parts = page.words.names(topic) if topic in vocabulary() else {}
    sections: dict[str, list[dict[str, Any]]] = {}
    for item in chosen.items:
        section = page.words.pick(item.section)
        part = next((p for p in parts if _starts(section, p)), "")
        head = f"{part} {parts[part]}" if part else section
        sections.setdefault(head, []).append(
            {
                "number": section if part else "",
                "label": page.words.pick(item.label),
                "status": item.field.status,
                "text": say(page, item.field.text),
                "field": item.field.id,
                "ledger": item.field.ledger,
            }
        )
    return {
        "form": chosen,
        "title": page.words.name("forms", form),
        "others": [(other.id, other.title) for other in record.forms.values() if other.id != form],
        "row": {row["form"]: row for row in _counted(page, "register.by_form")}[form],
        "sections": sections,
        "say": partial(say, page),
        "duty": page.words.names("duty"),
        "field": page.words.names("field"),
        "signs": {"filled": "●", "not applicable": "–", "not disclosed by the operator": "○"},
        "questions": {e.id: page.words.pick(e.question) for e in texts.ledger().entries},
    }


def _starts(section: str, part: str) -> bool:
    first, _, last = part.partition("–")
    return first <= section[0] <= last if last else section.startswith(part)


# ---- downloads -------------------------------------------------------------------------------------------


def downloads(content: Content) -> dict[str, str]:
    """Return the files of the three sheets as JSON, with the findings written into their texts."""
    from bobanalysis.data.registry import root

    found = content.merged["findings"]
    files = {f"{name}.json": dump(texts.filled(name, found)) for name in ("ledger", "privacy", "register")}
    return files | {"register.schema.json": (root() / "register.schema.json").read_text(encoding="utf-8")}
