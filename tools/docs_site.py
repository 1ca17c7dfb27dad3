"""What `make docs` adds to MkDocs: public names of a room, docstrings as Markdown, notebooks as pages.

A line ``::: public bobanalysis.fairness`` of a page becomes one directive of mkdocstrings a public name, so
that no list of names is written twice. A link to a notebook leads to its page.
"""

from __future__ import annotations

import ast
import base64
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from griffe import Extension

from tools import code_reader as code

DOCS = code.ROOT / "docs"
DECISIONS = DOCS / "decisions"
PUBLIC = re.compile(r"^::: public (\S+)$", re.M)
_ROLE = re.compile(r":(?:class|func|data|mod|attr|meth):`+~?([\w.]+)`+")
_NAMED = re.compile(r"(?<!\[)`([a-z]+(?:\.\w+)+)`")
_FOR_A_TERMINAL = re.compile(r"\x1b\[[0-9;]*m|^.*\r(?!\n)|\r", re.M)
"""Colours, and lines that are written over."""
_DOCTEST = re.compile(r"^( *)>>> .*(?:\n\1\S.*|\n\1 +\S.*)*", re.M)


def public(module: str) -> list[str]:
    """Return what a room offers, as full names: ``__all__``, else what its door imports or it defines."""
    file = code.modules()[module]
    tree = ast.parse(file.read_text("utf-8"))
    package = file.name == "__init__.py"
    listed = [
        name
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AugAssign) and _target(node) == "__all__"
        for name in ast.literal_eval(node.value)
    ]
    if not listed and package:
        door = ast.Module([node for node in tree.body if isinstance(node, ast.ImportFrom)], [])
        found = code.bindings(door, module, package)
        listed = [name for name, source, _ in found if source.startswith("bobanalysis")]
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if not listed or set(defined) - {"__getattr__"}:
        listed = defined  # a door that defines something imports for itself
    return [f"{module}.{name}" for name in sorted({*listed}, key=str.lower) if not name.startswith("_")]


def _target(node: ast.Assign | ast.AugAssign) -> str:
    target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


@cache
def entries() -> frozenset[str]:
    """Return every name that has an entry on a page of docs/api."""
    text = "\n".join(path.read_text("utf-8") for path in sorted((DOCS / "api").glob("*.md")))
    named = re.findall(r"^::: (bobanalysis\S+)$", text, re.M)
    return frozenset([*named, *(name for module in PUBLIC.findall(text) for name in public(module))])


class Docstrings(Extension):
    """Docstrings as Markdown: roles are links where their target has an entry, examples are fenced."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Rewrite the docstring of one object (griffe calls this)."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value, obj.module.path)


def as_markdown(text: str, module: str) -> str:
    """Write roles and examples of a docstring in the Markdown of these pages.

    Example:
        >>> as_markdown("See :func:`prepare`.", "bobanalysis.evaluation.summary")
        'See [`prepare`][bobanalysis.evaluation.prepare].'
    """
    room = ".".join(module.split(".")[:2])

    def role(match: re.Match[str]) -> str:
        name = match[1]
        for full in (name, f"{room}.{name}", f"{module}.{name}", f"{room}.{name.rsplit('.', 1)[-1]}"):
            if full in entries():
                return f"[`{name.rsplit('.', 1)[-1]}`][{full}]"
        return f"`{name.removeprefix(f'{room}.')}`"

    text = _ROLE.sub(role, text)
    return _DOCTEST.sub(lambda m: f"{m[1]}```pycon\n{m[0]}\n{m[1]}```", text)


def on_config(config: Any) -> Any:
    """Put the decisions, in their order, at the end of the navigation (MkDocs calls this)."""
    config.nav.append({"Decisions": [f"decisions/{path.name}" for path in sorted(DECISIONS.glob("*.md"))]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Put a page in the place of each notebook (MkDocs calls this)."""
    from mkdocs.structure.files import File

    for found in [file for file in files if file.src_uri.endswith(".ipynb")]:
        book = read_notebook(Path(found.abs_src_path), execute=config.extra["execute"])
        address = found.src_uri.removesuffix(".ipynb") + ".md"
        files.append(File.generated(config, address, content=notebook_page(book, Path(found.src_uri).name)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write the public names of rooms out; lead names and notebooks to their pages (MkDocs calls this)."""
    written = PUBLIC.sub(lambda m: "\n\n".join(f"::: {name}" for name in public(m[1])), markdown)
    written = _NAMED.sub(_to_entry, written)
    return re.sub(r"(\]\((?!https?:)[^)\s]*)\.ipynb\)(?!\{)", r"\1.md)", written)


def _to_entry(match: re.Match[str]) -> str:
    full = f"bobanalysis.{match[1]}"
    return f"[`{match[1]}`][{full}]" if full in entries() else match[0]


def read_notebook(path: Path, execute: bool) -> Any:
    """Read a notebook, and run it in a folder of its own where that is asked."""
    import tempfile

    import nbformat

    book = nbformat.read(path, as_version=4)
    if execute:
        from nbclient import NotebookClient

        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(book, timeout=600, resources={"metadata": {"path": folder}}).execute()
    return book


def notebook_page(book: Any, name: str) -> str:
    """Write a notebook as Markdown: text, code, and what it printed or showed."""
    parts = []
    for number, cell in enumerate(book.cells):
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            if number == 0:
                parts.append(f"[The notebook itself]({name}){{ download }}")
        else:
            parts += [f"```python\n{cell.source}\n```", *filter(None, map(_shown, cell.outputs))]
    return "\n\n".join(parts) + "\n"


def _shown(output: Any) -> str:
    if output.output_type == "stream":
        return (
            f"```text\n{_FOR_A_TERMINAL.sub('', output.text).strip()}\n```" if output.name == "stdout" else ""
        )
    data = output.get("data", {})
    if picture := data.get("image/svg+xml"):
        packed = base64.b64encode("".join(picture).encode()).decode()
        return f'<img alt="The chart of the cell above" src="data:image/svg+xml;base64,{packed}">'
    if table := data.get("text/html"):
        return f'<div class="output">{_without_blank_lines(table)}</div>'
    return f"```text\n{data.get('text/plain', '')}\n```"


def _without_blank_lines(html: str | Sequence[str]) -> str:
    return "\n".join(line for line in "".join(html).splitlines() if line.strip())
