"""Notebooks as they are committed: a story, without outputs."""

import ast
import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
LONGEST = 10
CODE_LINES = 2_900
"""Code lines of all notebooks together, at most."""
PLUMBING = re.compile(r"\b(title|columns|caveats|units|label|vintage|no_interval)\s*=|[\"'](fr|en)[\"']\s*:")
"""What belongs in data/findings: a notebook computes and tells."""
WITHOUT_PARAMETERS = {"01_data", "04_the_algorithm", "14_transparency_ledger", "18_who_is_behind"}
"""Notebooks that read what is published and draw nobody: there is nothing to change."""

each_story = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS + TUTORIALS, ids=lambda path: path.stem)


def code_of(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def long_functions(source):
    python = "\n".join(line for line in source.split("\n") if not line.startswith(("!", "%")))
    functions = [
        n for n in ast.walk(ast.parse(python)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [f.name for f in functions if f.end_lineno - f.lineno + 1 > LONGEST]


@each_notebook
def test_outputs_are_cleared(path):
    assert all(not cell.outputs and cell.execution_count is None for cell in code_of(path))


@each_notebook
def test_a_notebook_is_valid_with_stable_ids_of_its_own(path):
    book = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(book)
    ids = [cell["id"] for cell in json.loads(path.read_text())["cells"]]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_no_function_is_longer_than_ten_lines(path):
    assert [name for cell in code_of(path) for name in long_functions(cell.source)] == []


@each_notebook
def test_a_notebook_starts_with_a_title_and_tells_a_story(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    told = sum(cell.cell_type == "markdown" for cell in cells)
    assert told * 3 >= len(cells), "at least one cell in three explains"


@each_notebook
def test_a_notebook_runs_on_the_projects_kernel(path):
    assert nbformat.read(path, as_version=4).metadata.kernelspec.name == "python3"


@each_notebook
def test_a_notebook_names_no_place_of_one_machine(path):
    source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    assert not any(place in source for place in ("/home/", "/root/", "/Users/", "C:\\"))


def test_a_long_function_is_seen():
    assert long_functions("def short():\n    return 1\n") == []
    assert long_functions("!ls\n%time 1\n") == []
    assert long_functions("def long():\n" + "    x = 1\n" * LONGEST) == ["long"]


@pytest.mark.filterwarnings("ignore:Overriding existing pre_save_hook")
@each_notebook
def test_a_notebook_opened_in_lab_and_left_alone_is_saved_as_it_was(path, tmp_path, require):
    """Lab saves what it opened with the metadata of the kernel that it started."""
    manager = require("jupyter_server.services.contents.filemanager").FileContentsManager
    config = runpy.run_path(str(ROOT / "tools" / "jupyter_server_config.py"))
    (tmp_path / path.name).write_bytes(path.read_bytes())
    contents = manager(root_dir=str(tmp_path), pre_save_hook=config["without_machine"])
    model = contents.get(path.name)
    kernel = {"name": "python", "version": "3.99.0", "mimetype": "text/x-python", "file_extension": ".py"}
    model["content"]["metadata"]["language_info"] = kernel
    model["content"]["cells"][0]["metadata"]["trusted"] = True
    contents.save(model, path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_lab_reads_the_projects_way_of_saving(require):
    """`make setup` puts the file where every Lab of the environment reads it."""
    loader = require("traitlets.config").PyFileConfigLoader
    found = loader("jupyter_server_config.py", path=str(ROOT / "tools")).load_config()
    assert found.FileContentsManager.pre_save_hook.__name__ == "without_machine"
    assert "cp tools/jupyter_server_config.py .venv/etc/jupyter/" in (ROOT / "Makefile").read_text()


@each_story
def test_the_first_cell_of_code_holds_the_parameters(path):
    first = code_of(path)[0]
    if path.stem in WITHOUT_PARAMETERS:
        assert not any("parameters" in cell.metadata.get("tags", []) for cell in code_of(path))
        return
    assert first.metadata.get("tags") == ["parameters"]
    lines = ast.parse(first.source).body
    assert all(isinstance(line, ast.Assign) for line in lines)
    assert "#" in first.source


def code_lines(source):
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.splitlines())


def test_all_notebooks_together_stay_short():
    assert sum(code_lines(cell.source) for path in NOTEBOOKS for cell in code_of(path)) <= CODE_LINES


@each_story
def test_a_notebook_holds_no_publishing_plumbing(path):
    calls = [
        line
        for cell in code_of(path)
        for call in re.findall(r"book\.\w+\((?:[^()]|\([^()]*\))*\)", cell.source)
        for line in call.splitlines()
        if PLUMBING.search(line)
    ]
    assert calls == []


def test_publishing_plumbing_is_seen():
    assert PLUMBING.search('book.table("a.b", frame, title={"fr": "x", "en": "y"})')
    assert not PLUMBING.search('book.record("a.b", frame["share"].min(), n=PEOPLE)')
