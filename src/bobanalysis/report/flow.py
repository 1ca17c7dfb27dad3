"""The data-flow diagram: who gives personal data to whom, drawn from `data/privacy.yaml`.

The places of the boxes are laid out by hand, once for a desk and once for a phone; everything that is said
(names, which flows there are, whether a flow points to a person) comes from the sheet on personal data. A
flow is a straight arrow between the sides that face each other, with a number that its row of the table has
too. Solid and thick: it points to a person; dashed and thin: it does not. Nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from bobanalysis.report.ledger import Edge, LedgerError, Node, Privacy
from bobanalysis.text import typeset

Box = tuple[float, float, float, float]
"""Left, top, width, height."""
Point = tuple[float, float]

PERSON, OTHER = "#8c1d22", "#2f4f6b"
"""Colours of flows that point to a person, and of those that do not; both above 7 to 1 on white."""
NUMBER = 0.42
"""Where the number stands on its arrow: before the middle, so that the head stays in sight."""
FILL = {
    "person": "#fbe9d7",
    "service": "#e2ecf6",
    "store": "#e4f0e6",
    "source": "#ffffff",
    "processor": "#f3f1ea",
}


@dataclass(frozen=True)
class Layout:
    """Where the boxes stand.

    `boxes` by node; `along`, where an arrow meets its boxes when not in the middle of what they share; `via`,
    the points of an arrow that has a corner; `letters`, the size of letters.
    """

    name: str
    size: tuple[float, float]
    boxes: Mapping[str, Box]
    along: Mapping[tuple[str, str], float]
    via: Mapping[tuple[str, str], tuple[Point, Point, Point]]
    letters: float


WIDE = Layout(
    "wide",
    (1160, 576),
    {
        "counsellor": (6, 199, 130, 113),
        "person": (185, 134, 130, 48),
        "imilo": (185, 199, 130, 48),
        "typeform": (185, 264, 130, 48),
        "logins": (185, 332, 130, 74),
        "pole-emploi": (185, 418, 130, 46),
        "browser": (400, 134, 500, 110),
        "server": (400, 344, 570, 120),
        "algolia": (400, 40, 100, 48),
        "fonts": (512, 40, 104, 48),
        "sentry": (628, 40, 96, 48),
        "adverts": (736, 4, 118, 84),
        "amplitude": (866, 40, 104, 48),
        "mailjet": (400, 516, 100, 48),
        "slack": (512, 516, 100, 48),
        "ma-voie": (624, 516, 100, 48),
        "la-bonne-boite": (736, 516, 110, 48),
        "carif": (860, 516, 110, 48),
        "dashboards": (1016, 200, 140, 66),
        "base": (1016, 344, 140, 120),
        "evaluation": (1016, 516, 140, 48),
    },
    {("browser", "amplitude"): 884, ("amplitude", "server"): 938},
    {},
    14.5,
)
"""For a desk: processors of the site above, those of the server below, stores to the right."""

NARROW = Layout(
    "narrow",
    (350, 868),
    {
        "person": (4, 10, 100, 44),
        "imilo": (4, 92, 100, 44),
        "counsellor": (4, 182, 100, 60),
        "typeform": (4, 288, 100, 44),
        "browser": (141, 10, 78, 310),
        "algolia": (254, 10, 92, 44),
        "fonts": (254, 76, 92, 44),
        "sentry": (254, 142, 92, 44),
        "adverts": (254, 200, 92, 72),
        "amplitude": (254, 290, 92, 44),
        "server": (141, 384, 78, 440),
        "logins": (4, 388, 100, 66),
        "pole-emploi": (4, 478, 100, 44),
        "dashboards": (4, 580, 100, 58),
        "base": (4, 692, 100, 66),
        "evaluation": (4, 820, 100, 44),
        "mailjet": (254, 450, 92, 44),
        "slack": (254, 526, 92, 44),
        "ma-voie": (254, 602, 92, 44),
        "la-bonne-boite": (254, 678, 92, 44),
        "carif": (254, 754, 92, 44),
    },
    {},
    {("amplitude", "server"): ((300, 334), (300, 408), (219, 408))},
    12,
)
"""For a phone: site and server as columns, what gives to them on the left, what receives on the right."""


def diagram(sheet: Privacy, layout: Layout, language: str, title: str, description: str) -> str:
    """Draw the flows of a sheet on personal data.

    Parameters: `sheet`; `layout`, `WIDE` or `NARROW`; `language`; `title` and `description`, the name of the
    picture and its text alternative.
    Returns an `<svg role="img">`; the flows are numbered from one in the order of the sheet. Raises
    `LedgerError` for a node that the layout has no place for.

    >>> from bobanalysis.report.ledger import privacy
    >>> drawing = diagram(privacy(), WIDE, "en", "Flows", "Who gives what to whom.")
    >>> drawing.count("<path") == len(privacy().edges), "Job seeker" in drawing
    (True, True)
    """
    if missing := [n.id for n in sheet.nodes if n.id not in layout.boxes]:
        raise LedgerError(
            f"the {layout.name} diagram has no place for {', '.join(missing)}; give one in report/flow.py"
        )
    name = f"flow-{layout.name}"
    parts = [
        f'<svg viewBox="0 0 {layout.size[0]:g} {layout.size[1]:g}" xmlns="http://www.w3.org/2000/svg" '
        f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc" '
        f'font-family="system-ui, sans-serif" font-size="{layout.letters:g}">',
        f'<title id="{name}-title">{escape(title)}</title>',
        f'<desc id="{name}-desc">{escape(description)}</desc>',
        "<defs>",
        *(_head(f"{name}-{key}", colour) for key, colour in (("p", PERSON), ("o", OTHER))),
        "</defs>",
    ]
    parts += [_arrow(edge, layout, name) for edge in sheet.edges]
    parts += [_box(node, layout, language) for node in sheet.nodes]
    parts += [_number(number, edge, layout) for number, edge in enumerate(sheet.edges, 1)]
    return "\n".join([*parts, "</svg>"])


def _head(id: str, colour: str) -> str:
    return (
        f'<marker id="{id}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" '
        f'markerUnits="userSpaceOnUse" orient="auto">'
        f'<polygon points="0,0 10,5 0,10" fill="{colour}"/></marker>'
    )


def _points(edge: Edge, layout: Layout) -> list[Point]:
    """Return the ends of an arrow, and its corner where it has one."""
    key = (edge.origin, edge.target)
    if key in layout.via:
        return list(layout.via[key])
    (x1, y1, w1, h1), (x2, y2, w2, h2) = layout.boxes[edge.origin], layout.boxes[edge.target]
    left, right = max(x1, x2), min(x1 + w1, x2 + w2)
    top, bottom = max(y1, y2), min(y1 + h1, y2 + h2)
    if left < right:
        x = layout.along.get(key, (left + right) / 2)
        return [(x, y1 + h1), (x, y2)] if y1 < y2 else [(x, y1), (x, y2 + h2)]
    if top < bottom:
        y = layout.along.get(key, (top + bottom) / 2)
        return [(x1 + w1, y), (x2, y)] if x1 < x2 else [(x1, y), (x2 + w2, y)]
    raise LedgerError(
        f"the {layout.name} diagram cannot draw {edge.origin} → {edge.target} as one straight arrow; "
        "move a box or give the arrow a corner in report/flow.py"
    )


def _arrow(edge: Edge, layout: Layout, name: str) -> str:
    path = "M" + "L".join(f"{x:g},{y:g}" for x, y in _points(edge, layout))
    style = (
        f'stroke="{PERSON}" stroke-width="2.5" marker-end="url(#{name}-p)"'
        if edge.identifies
        else f'stroke="{OTHER}" stroke-width="1.5" stroke-dasharray="5 4" marker-end="url(#{name}-o)"'
    )
    return f'<path d="{path}" fill="none" {style} data-flow="{edge.origin} {edge.target}"/>'


def _number(number: int, edge: Edge, layout: Layout) -> str:
    points = _points(edge, layout)
    (x1, y1), (x2, y2) = max(pairwise(points), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
    x, y = x1 + (x2 - x1) * NUMBER, y1 + (y2 - y1) * NUMBER
    radius = layout.letters * 0.68
    colour = PERSON if edge.identifies else OTHER
    dashes = "" if edge.identifies else ' stroke-dasharray="3 2"'
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="{radius:.1f}" fill="#fff" stroke="{colour}"{dashes}/>'
        f'<text x="{x:g}" y="{y + layout.letters * 0.3:.1f}" text-anchor="middle" '
        f'font-size="{layout.letters * 0.8:.1f}" font-weight="700" fill="{colour}">{number}</text>'
    )


def _box(node: Node, layout: Layout, language: str) -> str:
    x, y, w, h = layout.boxes[node.id]
    bold = node.kind in ("service", "person")
    letters = layout.letters * (0.92 if bold else 1)
    lines = _lines(typeset(node.name[language], language), int((w - 6) / letters / (0.66 if bold else 0.6)))
    step = layout.letters * 1.2
    top = y + h / 2 - step * (len(lines) - 1) / 2 + layout.letters * 0.35
    texts = "".join(
        f'<tspan x="{x + w / 2:g}" y="{top + i * step:.1f}">{escape(line)}</tspan>'
        + ("" if i == len(lines) - 1 else " ")
        for i, line in enumerate(lines)
    )
    weight = f' font-weight="650" font-size="{letters:g}"' if bold else ""
    return (
        f'<g data-node="{node.id}">{shape(node.kind, layout.boxes[node.id])}'
        f'<text text-anchor="middle" fill="#1d1d1b"{weight}>{texts}</text></g>'
    )


def shape(kind: str, box: Box) -> str:
    """Draw the outline of a kind of node: a reader can tell kinds apart without colour.

    >>> shape("source", (0, 0, 10, 10)).count("stroke-dasharray")
    1
    """
    x, y, w, h = box
    fill = FILL[kind]
    plain = f'x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" fill="{fill}" stroke="#3d3d39"'
    if kind == "person":
        return f'<rect {plain} rx="{min(w, h) / 2.2:.1f}"/>'
    if kind == "service":
        return f'<rect {plain} stroke-width="3" rx="3"/>'
    if kind == "source":
        return f'<rect {plain} stroke-dasharray="2 3"/>'
    if kind == "store":
        return (
            f'<rect {plain}/><line x1="{x:g}" x2="{x + w:g}" y1="{y + 5:g}" y2="{y + 5:g}" stroke="#3d3d39"/>'
        )
    return f"<rect {plain}/>"


def _lines(text: str, room: int) -> list[str]:
    """Break a name into lines of at most `room` letters where it has spaces."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= room or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines
