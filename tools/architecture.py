"""Draw which room imports which, from the imports in the code, into docs/architecture.md.

python -m tools.architecture          write the diagram
python -m tools.architecture --check  fail when it is not current
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from tools import code_reader as code

DOCUMENT = code.ROOT / "docs" / "architecture.md"
START, END = "<!-- drawn by tools/architecture.py -->\n", "<!-- end of the diagram -->"


def diagram(graph: Mapping[str, set[str]]) -> str:
    """Return the diagram of rooms (name -> names of those it imports), those with nothing below them lowest.

    Arrows that follow from others are left out: what a room reaches through another room.
    """
    lines = ["```mermaid", "flowchart TD"]
    for room in sorted(graph):
        through = {far for near in graph[room] for far in code.reached(graph, near)}
        lines += [f"    {room} --> {other}" for other in sorted(graph[room] - through)]
    return "\n".join([*lines, "```", ""])


def rooms() -> dict[str, set[str]]:
    """Return the rooms of the package and what each imports."""
    graph: dict[str, set[str]] = {}
    for name, imported in code.imports(code.modules()).items():
        room = name.split(".")[1] if "." in name else None
        others = {other.split(".")[1] for other in imported if "." in other}
        if room:
            graph[room] = graph.get(room, set()) | (others - {room})
    return graph


def drawn(text: str) -> str:
    """Return the document with the diagram of the code as it is."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n{diagram(rooms())}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    text = DOCUMENT.read_text("utf-8")
    if "--check" in sys.argv:
        sys.exit(text != drawn(text) and f"{DOCUMENT} is old: python -m tools.architecture")
    DOCUMENT.write_text(drawn(text), "utf-8")
