"""A tutorial runs, every command of it succeeds, and it says what its figures may be quoted for."""

import ast
import importlib
from pathlib import Path

import nbformat
import pytest

from tools.doors import cells

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
each_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)

SHOWS = {
    "audit_your_own_table": [
        "a curve, without bands",
        "50–64",
        "Kitagawa, without a model",
        "outside_europe",
    ],
    "evaluate_your_own_recommender": ["ndcg@5", "age_band", "adjusted by Holm", "rbo(0.9)"],
    "add_your_data": ["must be 944", "All 25 hold", "anes96_parties"],
}
"""What a reader must see in the outputs: the tutorial shows what it tells of."""


def run(path):
    """Execute a notebook; a command in it that fails stops it, as an error in Python does."""
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    checked = []
    for cell in book.cells:
        checked.append(cell)
        if cell.cell_type == "code" and any(line.startswith("!") for line in cell.source.split("\n")):
            checked.append(nbformat.v4.new_code_cell("assert _exit_code == 0, 'the command failed'"))
    book.cells = checked
    NotebookClient(book, timeout=900).execute()
    outputs = [o for cell in book.cells if cell.cell_type == "code" for o in cell.outputs]
    return "\n".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in outputs)


@pytest.mark.slow
@each_tutorial
def test_a_tutorial_runs_and_shows_what_it_tells(path, require):
    require("nbclient")
    shown = run(path)
    assert [text for text in SHOWS[path.stem] if text not in shown] == []


@pytest.mark.slow
def test_a_command_that_fails_stops_a_tutorial(tmp_path, require):
    failed = require("nbclient").exceptions.CellExecutionError
    cell = nbformat.v4.new_code_cell("!exit 3")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "failing.ipynb")
    with pytest.raises(failed):
        run(tmp_path / "failing.ipynb")


@each_tutorial
def test_what_a_tutorial_imports_is_there(path):
    imported = [node for node in ast.walk(ast.parse(cells(path))) if isinstance(node, ast.ImportFrom)]
    missing = [
        alias.name
        for node in imported
        for alias in node.names
        if not hasattr(importlib.import_module(node.module), alias.name)
    ]
    assert imported
    assert missing == []


@each_tutorial
def test_a_tutorial_says_what_its_figures_may_be_quoted_for_and_what_not(path):
    told = " ".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
    assert "quoted for" in told or "may be quoted" in told
    assert "not" in told


@each_tutorial
def test_a_tutorial_uses_both_the_command_and_python(path):
    book = nbformat.read(path, as_version=4)
    code = "\n".join(c.source for c in book.cells if c.cell_type == "code")
    assert "\n!bobanalysis " in f"\n{code}"
    assert "from bobanalysis" in code
