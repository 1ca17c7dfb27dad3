"""The data-flow diagram: who gives personal data to whom, drawn from `data/privacy.yaml`.

The places of the boxes are laid out by hand in `flow.yaml`, once for a desk and once for a phone; everything
that is said (names, which flows there are, whether a flow points to a person) comes from the sheet on
personal data. A flow is a straight arrow between the sides that face each other, with a number that its row
of the table has too. Solid and thick: it points to a person; dashed and thin: it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from textwrap import wrap
from typing import Any

from bobanalysis.report.renderer import environment
from bobanalysis.report.sheets import Edge, Flow, Node
from bobanalysis.report.words import HERE, Words
from bobanalysis.tables import InputError, load_yaml

Box = tuple[float, float, float, float]
Point = tuple[float, float]

NUMBER = 0.42
"""Where the number stands on its arrow: before the middle, so that the head stays in sight."""


@dataclass(frozen=True)
class Layout:
    """Where the boxes stand, and which arrows are not in the middle or have a corner; see `flow.yaml`."""

    size: Point
    letters: float
    boxes: Mapping[str, Box]
    along: Mapping[str, float] = field(default_factory=dict)
    via: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)


@cache
def layouts() -> Mapping[str, Layout]:
    """Return the two layouts, "wide" and "narrow"."""
    return load_yaml(Mapping[str, Layout], HERE / "flow.yaml")  # type: ignore[type-abstract]


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
    at = layouts()[layout]
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
    raise InputError(
        f"flow.yaml, {layout}: {edge.origin} → {edge.target} is no straight arrow; move a box or give the "
        "arrow a corner under `via`"
    )


def _edge(edge: Edge, at: Layout, layout: str) -> dict[str, Any]:
    points = _points(edge, at, layout)
    (x1, y1), (x2, y2) = max(pairwise(points), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
    return {
        "path": "M" + "L".join(f"{x:g},{y:g}" for x, y in points),
        "identifies": edge.identifies,
        "flow": f"{edge.origin} {edge.target}",
        "x": x1 + (x2 - x1) * NUMBER,
        "y": y1 + (y2 - y1) * NUMBER,
    }


def _node(node: Node, at: Layout, words: Words) -> dict[str, Any]:
    x, y, w, h = at.boxes[node.id]
    bold = node.kind in ("service", "person")
    letters = at.letters * (0.92 if bold else 1)
    room = int((w - 6) / letters / (0.66 if bold else 0.6))
    lines = wrap(words.say(node.name), room, break_long_words=False, break_on_hyphens=False)
    top = y + h / 2 - at.letters * 1.2 * (len(lines) - 1) / 2 + at.letters * 0.35
    shown = {"id": node.id, "kind": node.kind, "box": at.boxes[node.id], "x": x + w / 2, "top": top}
    return {**shown, "lines": lines, "bold": bold, "letters": letters}
