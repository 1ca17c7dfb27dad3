"""The pages of citizen questions, of personal data, of the register, and of who stood behind the service.

What they say is written in the files that `sheets` reads. Counts come from notebook 14 through the
findings, like every other figure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from textwrap import wrap
from typing import Any

from markupsafe import Markup

from bobanalysis.data import folder
from bobanalysis.report import sheets
from bobanalysis.report.findings import KINDS, dump
from bobanalysis.report.renderer import Content, Page, PageRenderer
from bobanalysis.report.sheets import Edge, Flow, Node
from bobanalysis.report.words import HERE, N_, Words, environment, vocabulary
from bobanalysis.tables import InputError, load_yaml

ENDS = ("_low", "_high")
"""How the ids of the ends of a range go on from the id of what they are a range of."""
Box = tuple[float, float, float, float]
Point = tuple[float, float]

NUMBER = 0.42
"""Where the number stands on its arrow: before the middle, so that the head stays in sight."""
WIDTHS = {"wide": (1000, 24), "narrow": (360, 22)}
"""Width of the drawing of events, and how far apart two of them in the same row stand, by layout."""


def address(locator: str, published: sheets.Questions | sheets.Privacy) -> str:
    """Return the public address of a place in the published code or of a page; empty when it has none.

    Args:
        locator: as the files of texts write it.
        published: says in which repository the code is, and at which commit.

    Example:
        >>> known = sheets.citizen_questions()
        >>> address("frontend/server/auth.py@cb91b3e#L4-L5", known)
        'https://github.com/bayesimpact/bob-emploi/blob/cb91b3e/frontend/server/auth.py#L4-L5'
        >>> address("https://example.org/page", known), address("Legifrance, CRPA L311-3-1", known)
        ('https://example.org/page', '')
    """
    if locator.startswith(("http://", "https://")):
        return locator
    if found := sheets.CODE.fullmatch(locator):
        at = found["commit"] or published.commit
        return f"{published.repository}/blob/{at}/{found['path']}{found['lines'] or ''}"
    return ""


def _counted(page: PageRenderer, table: str, key: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table of counts by their key, each number written as a reader wants it."""
    rows = page.content.table(table, page.where).to_dicts()
    shown = [{k: v if isinstance(v, str) else page.words.number(v) for k, v in row.items()} for row in rows]
    return {row[key]: row for row in shown}


def _short(locator: str) -> str:
    """Return the last part of a path; a README or an index says nothing without its folder."""
    parts = locator.split("/")
    return "/".join(parts[-2:] if re.match(r"README|index\.", parts[-1]) else parts[-1:])


def questions(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of questions shows, beside the questions by theme: their overview."""
    common = documents(page)
    first = [common["questions"][id] for id in common["ledger"].first]
    return {**common, "first": first, "overview": _counted(page, "ledger.by_theme", "theme")}


def known(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of what is known shows: questions by status, and `by_kind`.

    `by_kind` takes the pages that tell findings, by their ids; it returns these and the findings that answers
    cite, by kind, those that others state apart; each with the addresses of what it is about.
    """
    common = questions(page)
    entries: Sequence[sheets.Question] = common["ledger"].entries

    def by_kind(told: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
        about = {id: [address] for id, address in told.items()}
        for entry in entries:
            for id in entry.findings:
                about.setdefault(id, []).append(f"questions.html#{entry.id}")
        rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in (*KINDS, "stated")}
        for id, addresses in about.items():
            finding = page.content.finding(id, page.where)
            if id.endswith(ENDS) and id.rpartition("_")[0] in about:
                continue  # it stands beside the finding whose range it ends
            links = [(to, common["questions"].get(to.partition("#")[2])) for to in addresses]
            said = finding["no_interval"] == "stated"
            rows["stated" if said else finding["kind"]].append({"id": id, "finding": finding, "links": links})
        return rows

    by_status = {status: [e for e in entries if e.status == status] for status in sheets.STATUSES}
    return {**common, "by_kind": by_kind, "by_status": by_status}


def privacy(page: PageRenderer) -> dict[str, Any]:
    """Return what the page on personal data shows, beside the sheet: the diagram and names of rules."""
    sheet = sheets.privacy()
    rules = {name for field in sheet.fields for name in field.rules}
    return {
        "sheet": sheet,
        "nodes": {n.id: page.words.say(n.name) for n in sheet.flow.nodes},
        "legend": {kind: Markup(sample(kind)) for kind in page.words.names("nodes")},
        "counts": _counted(page, "privacy.rules", "field"),
        "rules": {name: page.words.say(page.algorithm.rule(name).title) or name for name in rules},
        "card_path": page.cards.path,
        "diagrams": {at: Markup(diagram(sheet.flow, at, page.words)) for at in LAYOUTS},
        "address": partial(address, published=sheet),
        "short": _short,
    }


def register(page: PageRenderer) -> dict[str, Any]:
    """Return what the page of the register shows: the duties, and the forms that lead to their pages."""
    forms = _counted(page, "register.by_form", "form")
    return {"record": sheets.register(), "forms": forms, **documents(page)}


def record(page: PageRenderer) -> dict[str, Any]:
    """Return what the register record of an algorithm other than Bob shows."""
    found = sheets.record(page.algorithm.id)
    sections: dict[str, list[Any]] = {}
    for item in found.forms["record"].items if found else ():
        sections.setdefault(page.words.say(item.section), []).append(item)
    return {"record": found, "sections": sections}


def form_pages() -> tuple[Page, ...]:
    """Return the pages of the six forms, which only the page of the register leads to."""
    made = partial(Page, title="", section=N_("Questions and answers"), template="register_form.html")
    forms = vocabulary()["forms"]
    return tuple(made(f"register-{form}", context=partial(register_form, form)) for form in forms)


def register_form(form: str, page: PageRenderer) -> dict[str, Any]:
    """Return what the page of one form shows: every line, in the sections and the order of the form."""
    common = register(page)
    topic = "parts_" + form.replace("-", "_")
    parts = page.words.names(topic) if topic in vocabulary() else {}
    sections: dict[str, list[dict[str, Any]]] = {}
    for item in common["record"].forms[form].items:
        section = page.words.say(item.section)
        part = next((p for p in parts if _starts(section, p)), "")
        line = {"number": section if part else "", "label": item.label, "id": item.field}
        sections.setdefault(f"{part} {parts[part]}" if part else section, []).append(line)
    return {**common, "id": form, "row": common["forms"][form], "sections": sections}


def _starts(section: str, part: str) -> bool:
    first, _, last = part.partition("–")
    return first <= section[0] <= last if last else section.startswith(part)


def downloads(content: Content) -> dict[str, str]:
    """Return the files of the three sheets as JSON, with the findings written into their texts."""
    found = content.merged["findings"]
    names = ("ledger", "privacy", "published", "register")
    files = {f"{name}.json": dump(sheets.filled(name, found)) for name in names}
    return files | {"register.schema.json": (folder() / "register.schema.json").read_text(encoding="utf-8")}


# ---- who stood behind the service, and people's data -------------------------------------------------------


def backers(page: PageRenderer) -> dict[str, Any]:
    """Return what the page on who is behind the service shows: money, events, partners, their evidence."""
    found = sheets.published()
    timelines = {layout: Markup(timeline(found.events, layout, page.words)) for layout in WIDTHS}
    return {**documents(page), "found": found, "timelines": timelines}


def your_data(page: PageRenderer) -> dict[str, Any]:
    """Return what the page on people's data shows: the sheet on personal data, and the questions asked."""
    return {**privacy(page), **documents(page)}


def documents(page: PageRenderer) -> dict[str, Any]:
    """Return the questions by their ids, and their evidence, for sentences that rest on documents."""
    known = sheets.citizen_questions()
    asked = {entry.id: entry for entry in known.entries}
    return {"ledger": known, "questions": asked, "address": partial(address, published=known)}


def timeline(events: Sequence[sheets.Event], layout: str, words: Words) -> str:
    """Draw events along the years, each with the number that it has in the list beside.

    Example:
        >>> timeline(sheets.published().events, "wide", Words("en")).count("<circle")
        25
    """
    width, apart = WIDTHS[layout]
    first, last = int(events[0].when[:4]), int(events[-1].when[:4]) + 1
    rows, points = list[float](), []
    for event in events:
        year, *rest = (int(part) for part in event.when.split("-"))
        at = year + sum((n - 1) / most for n, most in zip(rest, (12, 365), strict=False))
        x = 14 + (at - first) / (last - first) * (width - 28)
        free = next((i for i, end in enumerate(rows) if x - end >= apart), len(rows))
        rows[free : free + 1] = [x]
        points.append((x, free))
    years = [(year, 14 + (year - first) / (last - first) * (width - 28)) for year in range(first, last)]
    drawing = environment(words.language).get_template("parts/timeline.svg").module
    return str(drawing.timeline(f"timeline-{layout}", width, len(rows), years, points)).strip()


# ---- the data-flow diagram: who gives personal data to whom ------------------------------------------------
#
# The places of the boxes are laid out by hand in `flow.yaml`, once for a desk and once for a phone; all that
# is said comes from the sheet on personal data. A flow is a straight arrow between the sides that face each
# other, with a number that its row of the table has too. Solid and thick: it points to a person; dashed: not.


@dataclass(frozen=True)
class Layout:
    """Where the boxes stand, and which arrows are not in the middle or have a corner; see `flow.yaml`."""

    size: Point
    letters: float
    boxes: Mapping[str, Box]
    along: Mapping[str, float] = field(default_factory=dict)
    via: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)


LAYOUTS = load_yaml(dict[str, Layout], HERE / "flow.yaml")
"""The two layouts, "wide" and "narrow"."""


def diagram(flow: Flow, layout: str, words: Words) -> str:
    """Draw the flows of a sheet on personal data.

    Args:
        flow: the places and flows.
        layout: "wide" or "narrow".
        words: of the language.

    Returns:
        An `<svg role="img">`; the flows are numbered from one in the order of the sheet.

    Raises:
        InputError: the layout has no place for a node, or an arrow cannot be drawn.

    Example:
        >>> from bobanalysis.report.sheets import privacy
        >>> drawing = diagram(privacy().flow, "wide", Words("en"))
        >>> drawing.count("<path") == len(privacy().flow.edges), "Job seeker" in drawing
        (True, True)
    """
    at = LAYOUTS[layout]
    if missing := [n.id for n in flow.nodes if n.id not in at.boxes]:
        raise InputError(f"flow.yaml, {layout}: no place for {', '.join(missing)}; give one")
    shown = environment(words.language).get_template("parts/flow.svg").module
    edges = [_edge(e, at, layout) for e in flow.edges]
    return str(shown.diagram(f"flow-{layout}", at, edges, [_node(n, at, words) for n in flow.nodes])).strip()


def sample(kind: str) -> str:
    """Draw a small box of a kind, for the key."""
    return str(environment("en").get_template("parts/flow.svg").module.sample(kind))


def _points(edge: Edge, at: Layout, layout: str) -> list[Point]:
    """Return the ends of an arrow, and its corner where it has one."""
    key = f"{edge.origin} {edge.target}"
    if key in at.via:
        return list(at.via[key])
    (x1, y1, w1, h1), (x2, y2, w2, h2) = at.boxes[edge.origin], at.boxes[edge.target]
    left, right = max(x1, x2), min(x1 + w1, x2 + w2)
    top, bottom = max(y1, y2), min(y1 + h1, y2 + h2)
    if left < right:
        x = at.along.get(key, (left + right) / 2)
        return [(x, y1 + h1), (x, y2)] if y1 < y2 else [(x, y1), (x, y2 + h2)]
    if top < bottom:
        y = at.along.get(key, (top + bottom) / 2)
        return [(x1 + w1, y), (x2, y)] if x1 < x2 else [(x1, y), (x2 + w2, y)]
    advice = "move a box or give the arrow a corner under `via`"
    raise InputError(f"flow.yaml, {layout}: {edge.origin} → {edge.target} is no straight arrow; {advice}")


def _edge(edge: Edge, at: Layout, layout: str) -> dict[str, Any]:
    points = _points(edge, at, layout)
    (x1, y1), (x2, y2) = max(pairwise(points), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
    number = {"x": x1 + (x2 - x1) * NUMBER, "y": y1 + (y2 - y1) * NUMBER}
    path, flow = "M" + "L".join(f"{x:g},{y:g}" for x, y in points), f"{edge.origin} {edge.target}"
    return {"path": path, "identifies": edge.identifies, "flow": flow, **number}


def _node(node: Node, at: Layout, words: Words) -> dict[str, Any]:
    x, y, w, h = at.boxes[node.id]
    bold = node.kind in ("service", "person")
    letters = at.letters * (0.92 if bold else 1)
    room = int((w - 6) / letters / (0.66 if bold else 0.6))
    lines = wrap(words.say(node.name), room, break_long_words=False, break_on_hyphens=False)
    top = y + h / 2 - at.letters * 1.2 * (len(lines) - 1) / 2 + at.letters * 0.35
    shown = {"id": node.id, "kind": node.kind, "box": at.boxes[node.id], "x": x + w / 2, "top": top}
    return {**shown, "lines": lines, "bold": bold, "letters": letters}
