"""Read the code of the package without running it: modules, what they import, how long they are.

Used by the tests of the project and by `architecture.py`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src"
PACKAGE = SRC / "bobanalysis"


def modules(src: Path = SRC) -> dict[str, Path]:
    """Return every module of the package: dotted name -> file; a package stands for its `__init__`."""
    found = {}
    for file in sorted((src / "bobanalysis").rglob("*.py")):
        parts = file.relative_to(src).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def bindings(tree: ast.AST, module: str, package: bool) -> Iterator[tuple[str, str, str | None]]:
    """Yield what the imports of a tree bind, those in functions too: (name, module, name in it or None)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name, None
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".") if package else module.split(".")[:-1]
            base = base[: len(base) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield alias.asname or alias.name, source, alias.name


def imports(known: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return which modules of ``known`` (name -> file) each imports itself: name -> set of names."""
    found = {}
    for name, file in known.items():
        text = file.read_text("utf-8")
        bound = bindings(ast.parse(text), name, file.name == "__init__.py")
        named = {f"{source}.{part}" if f"{source}.{part}" in known else source for _, source, part in bound}
        named |= {*re.findall(r'"([\w.]+):\w+"', text)}  # as `resolve_name` takes them
        found[name] = (named & known.keys()) - {name}
    return found


def circles(graph: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """Return the groups of nodes that reach each other, each sorted."""
    reach = {node: reached(graph, node) for node in graph}
    groups = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in graph if a in reach[a]}
    return sorted(groups)


def reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """Return the nodes that arrows lead to from ``start``."""
    seen: set[str] = set()
    todo = [*graph[start]]
    while todo:
        if (node := todo.pop()) not in seen:
            seen.add(node)
            todo += graph[node]
    return seen


def code_lines(text: str) -> int:
    """Count the lines of a module that hold code: no docstrings, comments and blank lines."""
    silent = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    passed = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {n for t in tokens if t.type not in passed for n in range(t.start[0], t.end[0] + 1)}
    return len(lines - silent)
