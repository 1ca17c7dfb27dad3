"""The notebook runner, on a small project of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from bobanalysis import build as builder

RECORD = """
import json, os, pathlib
folder = pathlib.Path(os.environ["BOBANALYSIS_BUILD"], "findings")
folder.mkdir(parents=True, exist_ok=True)
(folder / "{name}.json").write_text(json.dumps({value}))
"""


def notebook(root, name, *cells):
    book = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    book.cells = [nbformat.v4.new_code_cell(cell, id=f"cell-{i}") for i, cell in enumerate(cells)]
    path = root / "notebooks" / f"{name}.ipynb"
    nbformat.write(book, path)
    return path


def render(build, reports):
    """Make one page that holds the sum of all findings."""
    values = [json.loads(path.read_text()) for path in sorted((build / "findings").glob("*.json"))]
    (reports / "fr").mkdir()
    (reports / "fr" / "index.html").write_text(str(sum(values)))


@pytest.fixture
def root(tmp_path):
    for folder in ("notebooks", "src", "data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "src" / "module.py").write_text("A = 1\n")
    (tmp_path / "uv.lock").write_text("version = 1\n")
    return tmp_path


def page(root):
    return (root / "reports" / "fr" / "index.html").read_text()


def test_two_notebooks_run_once_make_a_page_and_are_not_run_again(root, capsys):
    notebook(root, "01_one", RECORD.format(name="01_one", value=40))
    notebook(root, "02_two", RECORD.format(name="02_two", value=2), "print('seen')")
    builder.build(root, render=render)
    assert page(root) == "42"
    executed = nbformat.read(root / "build" / "notebooks" / "02_two.ipynb", as_version=4)
    assert executed.cells[1].outputs[0].text == "seen\n"
    assert "execution" not in executed.cells[1].metadata, "recorded timings differ from run to run"
    assert "reports/fr/index.html" in capsys.readouterr().out.replace(os.sep, "/")
    before = (root / "build" / "notebooks" / "02_two.ipynb").read_bytes()

    builder.build(root, render=lambda *_: pytest.fail("nothing changed, so no page is made again"))
    said = capsys.readouterr().out
    assert "01_one: unchanged" in said
    assert "pages: unchanged" in said

    builder.build(root, only=["02_two"], force=True)
    assert (root / "build" / "notebooks" / "02_two.ipynb").read_bytes() == before, (
        "executed copies are stable"
    )


def test_a_failed_cell_is_named_and_leaves_the_last_good_page(root):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    builder.build(root, render=render)
    notebook(root, "01_one", "x = 1", "raise ValueError('no such départment')")
    with pytest.raises(builder.BuildError) as failure:
        builder.build(root, render=render)
    last = str(failure.value).splitlines()[-1]
    assert last.endswith(
        "01_one.ipynb failed in code cell 2 of 2 (id cell-1): ValueError: no such départment"
    )
    assert "\x1b" not in str(failure.value)
    assert page(root) == "1"
    assert not list((root / "build").glob("next-*"))
    assert not list((root / "build" / "cache").glob("*running*"))


def test_a_page_that_cannot_be_made_leaves_the_last_good_one(root):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    builder.build(root, render=render)

    def broken(build, reports):
        (reports / "half.html").write_text("half")
        raise RuntimeError("no template")

    with pytest.raises(RuntimeError, match="no template"):
        builder.build(root, force=True, render=broken)
    assert page(root) == "1"
    assert not (root / "reports" / "half.html").exists()


def test_a_page_changed_by_hand_is_made_again(root):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    builder.build(root, render=render)
    (root / "reports" / "fr" / "index.html").write_text("by hand")
    builder.build(root, render=render)
    assert page(root) == "1"


def test_an_unknown_notebook_is_refused_with_those_there_are(root):
    notebook(root, "01_one", "1")
    with pytest.raises(builder.BuildError, match=r"no notebook 03_three in .*; there are: 01_one"):
        builder.build(root, only=["03_three"])


@pytest.mark.parametrize("changed", ["src/module.py", "data/table.csv", "uv.lock"])
def test_the_cache_key_changes_with_every_input(root, changed):
    path = notebook(root, "01_one", "1")
    before = builder.cache_key(path, builder.inputs_digest(root))
    (root / changed).write_text("changed\n")
    assert builder.cache_key(path, builder.inputs_digest(root)) != before


def test_the_cache_key_changes_with_the_cells_but_not_with_their_outputs(root):
    path = notebook(root, "01_one", "1")
    before = builder.cache_key(path, "")
    book = nbformat.read(path, as_version=4)
    book.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(book, path)
    assert builder.cache_key(path, "") == before
    notebook(root, "01_one", "2")
    assert builder.cache_key(path, "") != before


def test_bytecode_is_no_input(root):
    before = builder.inputs_digest(root)
    (root / "src" / "__pycache__").mkdir()
    (root / "src" / "__pycache__" / "module.pyc").write_bytes(b"1")
    assert builder.inputs_digest(root) == before


def test_a_damaged_notebook_is_named(root):
    (root / "notebooks" / "01_one.ipynb").write_text('{"cells": [')
    with pytest.raises(builder.BuildError, match=r"01_one\.ipynb is not a notebook"):
        builder.build(root)


def test_the_command_says_what_it_can_do():
    done = subprocess.run(
        [sys.executable, "-m", "bobanalysis.build", "--help"], capture_output=True, text=True, check=True
    )
    assert "--only" in done.stdout


def test_the_project_folder_is_the_one_that_holds_the_notebooks():
    assert (builder.ROOT / "pyproject.toml").exists()
    assert Path(builder.__file__).is_relative_to(builder.ROOT)
