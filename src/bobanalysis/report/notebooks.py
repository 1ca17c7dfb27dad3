"""The executed copies of notebooks, and which of their cells recorded what."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Book:
    """An executed notebook: `name` as its file is called, `cells` as nbformat reads them."""

    name: str
    cells: list[Any]

    @property
    def title(self) -> str:
        """Its main heading."""
        return str(self.cells[0].source.splitlines()[0].removeprefix("# "))

    @cached_property
    def literals(self) -> dict[str, list[str]]:
        """The texts in the code of each cell, by its id: what a finding's name is made from."""
        return {cell.id: _texts(cell.source) for cell in self.cells if cell.cell_type == "code"}

    def cell_of(self, finding: str) -> str:
        """Return the id of the cell that recorded a finding or table: the one whose code names most of it."""

        def named(cell: str) -> int:
            return max((len(text) for text in self.literals[cell] if finding.startswith(text)), default=0)

        return max(self.literals, key=named, default="")


def _texts(source: str) -> list[str]:
    found = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [text for text in found if isinstance(text, str) and "." in text]


def read(build: Path) -> dict[str, Book]:
    """Read the executed copies in a build folder, by name; there may be none."""
    import nbformat

    paths = sorted((build / "notebooks").glob("*.ipynb"))
    return {path.stem: Book(path.stem, nbformat.read(path, as_version=4).cells) for path in paths}
