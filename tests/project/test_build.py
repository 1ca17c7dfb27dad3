"""The notebook runner, on a small project of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import nbformat
import pytest

from bobanalysis import build as builder
from bobanalysis import data

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


def build(root, render=render, **options):
    """Bring a project up to date with pages of its own."""
    with mock.patch.object(builder, "make_pages", render):
        builder.build(root, **options)


def project(root):
    for folder in ("notebooks", "data/quirks", "src/package/pages"):
        (root / folder).mkdir(parents=True)
    for name, text in FILES.items():
        (root / name).write_text(text)
    return root


FILES = {
    "uv.lock": "version = 1\n",
    "data/table.csv": "a\n1\n",
    "src/package/__init__.py": "",
    "src/package/room.py": "from package import below\nbelow.rows()\n",
    "src/package/below.py": """
from pathlib import Path
def rows():
    from package import called
    return (Path(__file__).parent / "rows.yaml").read_text()
""",
    "src/package/called.py": "A = 1\n",
    "src/package/rows.yaml": "- 1\n",
    "src/package/pages/page.html": "<p>",
    "src/package/pages/fr.po": "",
    "src/package/pages/labels.yaml": "a: b\n",
}


@pytest.fixture
def root(tmp_path):
    return project(tmp_path)


def page(root):
    return (root / "reports" / "fr" / "index.html").read_text()


def test_two_notebooks_run_once_make_a_page_and_are_not_run_again(root, capsys):
    notebook(root, "01_one", RECORD.format(name="01_one", value=40))
    notebook(root, "02_two", RECORD.format(name="02_two", value=2), "print('seen')")
    build(root)
    assert page(root) == "42"
    executed = nbformat.read(root / "build" / "notebooks" / "02_two.ipynb", as_version=4)
    assert executed.cells[1].outputs[0].text == "seen\n"
    assert "execution" not in executed.cells[1].metadata, "recorded timings differ from run to run"
    assert "reports/fr/index.html" in capsys.readouterr().out.replace(os.sep, "/")
    before = (root / "build" / "notebooks" / "02_two.ipynb").read_bytes()

    build(root, render=lambda *_: pytest.fail("nothing changed, so no page is made again"))
    said = capsys.readouterr().out
    assert "01_one: unchanged" in said
    assert "pages: unchanged" in said

    build(root, only=["02_two"], force=True)
    assert (root / "build" / "notebooks" / "02_two.ipynb").read_bytes() == before, (
        "executed copies are stable"
    )


def test_a_failed_cell_is_named_and_leaves_the_last_good_page(root):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    build(root)
    notebook(root, "01_one", "x = 1", "raise ValueError('no such départment')")
    with pytest.raises(builder.BuildError) as failure:
        build(root)
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
    build(root)

    def broken(folder, reports):
        (reports / "half.html").write_text("half")
        raise RuntimeError("no template")

    with pytest.raises(RuntimeError, match="no template"):
        build(root, force=True, render=broken)
    assert page(root) == "1"
    assert not (root / "reports" / "half.html").exists()


@pytest.mark.parametrize("left", [pytest.param(n, marks=[pytest.mark.slow] * (n > 0)) for n in range(5)])
def test_a_build_that_is_stopped_between_two_folders_leaves_whole_pages_and_is_mended_by_the_next(root, left):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    build(root)
    notebook(root, "01_one", RECORD.format(name="01_one", value=2))
    calls, real = [], builder.exchange

    def stopped(new, old):
        calls.append(old.name)
        if len(calls) > left:
            raise KeyboardInterrupt
        real(new, old)

    with mock.patch.object(builder, "exchange", stopped), contextlib.suppress(KeyboardInterrupt):
        build(root)
    assert page(root) == "1", "the pages come last"
    build(root)
    assert page(root) == "2"


def test_what_a_build_ended_by_force_left_aside_is_put_back_or_removed(root):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    build(root)
    (root / "reports").rename(root / ".reports-before")
    left = root / "build" / "next-left", root / "build" / "cache" / "01_one-running-left"
    for folder in left:
        folder.mkdir()
    build(root, render=lambda *_: pytest.fail("the pages that were put back are still those"))
    assert page(root) == "1"
    assert not any(folder.exists() for folder in left)


def test_a_page_changed_by_hand_is_made_again(root):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    build(root)
    (root / "reports" / "fr" / "index.html").write_text("by hand")
    build(root)
    assert page(root) == "1"


def test_an_unknown_notebook_is_refused_with_those_there_are(root):
    notebook(root, "01_one", "1")
    with pytest.raises(builder.BuildError, match=r"no notebook 03_three in .*; there are: 01_one"):
        build(root, only=["03_three"])


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A project whose first notebook reads a room of a package and a table; the second reads nothing."""
    root = project(tmp_path_factory.mktemp("project"))
    notebook(root, "01_reads", READS)
    notebook(root, "02_nothing", "1")
    build(root)
    return root


def executed_again(root, monkeypatch):
    """Names of the notebooks that a build executes; nothing is kept of them."""
    names = []

    async def execute(job, root):
        names.append(job.name)
        raise builder.BuildError("only counted")

    monkeypatch.setattr(builder, "_execute", execute)
    with contextlib.suppress(builder.BuildError):
        build(root, render=lambda *_: None)
    return names


READS = """
assert not {"record", "os", "sys"} & set(dir()), "what records adds no name"
import sys
import time
from pathlib import Path
sys.path.insert(0, "../src")
import package.room
Path("../data/table.csv").read_bytes()
list(Path("../data/quirks").iterdir())
"""
READER, BOTH, NONE = ["01_reads"], ["01_reads", "02_nothing"], []


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("src/package/room.py", READER),
        ("src/package/below.py", READER),
        ("src/package/called.py", READER),
        ("src/package/rows.yaml", READER),
        ("data/table.csv", READER),
        ("data/quirks/new.yaml", READER),
        ("uv.lock", BOTH),
        ("src/package/other_room.py", NONE),
        ("src/package/pages/page.html", NONE),
        ("src/package/pages/fr.po", NONE),
        ("src/package/pages/labels.yaml", NONE),
        ("src/package/__pycache__/room.pyc", NONE),
        ("data/other.csv", NONE),
        ("README.md", NONE),
    ],
)
def test_a_notebook_is_executed_again_when_what_it_read_has_changed(executed, monkeypatch, changed, again):
    path = executed / changed
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text("A = 1  # changed\n")
    try:
        assert executed_again(executed, monkeypatch) == again
    finally:
        path.write_bytes(before) if before is not None else path.unlink()
    assert executed_again(executed, monkeypatch) == []


def test_a_notebook_is_executed_again_when_its_cells_have_changed_but_not_for_outputs(executed, monkeypatch):
    path = executed / "notebooks" / "02_nothing.ipynb"
    book = nbformat.read(path, as_version=4)
    book.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(book, path)
    assert executed_again(executed, monkeypatch) == []
    notebook(executed, "02_nothing", "2")
    assert executed_again(executed, monkeypatch) == ["02_nothing"]


def test_pages_are_made_again_for_a_changed_template_and_no_notebook_is(root, monkeypatch):
    notebook(root, "01_one", RECORD.format(name="01_one", value=1))
    build(root)
    (root / "src" / "page.html").write_text("changed")
    monkeypatch.setattr(builder, "_execute", lambda *_: pytest.fail("executed again"))
    build(root, render=lambda build, reports: (reports / "new.html").write_text("new"))
    assert (root / "reports" / "new.html").read_text() == "new"


def test_what_was_read_while_it_changed_is_read_again(root, monkeypatch):
    notebook(root, "01_one", "from pathlib import Path\nPath('../data/table.csv').read_text()")
    (root / "data" / "table.csv").write_text("1")
    ahead = time.time() + 1000
    os.utime(root / "data" / "table.csv", (ahead, ahead))
    build(root)
    assert executed_again(root, monkeypatch) == ["01_one"]


def test_a_parameter_is_set_aside_from_what_is_published(root):
    path = notebook(root, "01_one", "PEOPLE = 2", "print(PEOPLE)")
    book = nbformat.read(path, as_version=4)
    book.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(book, path)
    notebook(root, "02_without", "raise ValueError('has no parameter')")
    build(root, parameters={"PEOPLE": 100})
    tried = nbformat.read(root / "build" / "trial" / "notebooks" / "01_one.ipynb", as_version=4)
    assert [cell.outputs[0].text for cell in tried.cells if cell.get("outputs")] == ["100\n"]
    assert not (root / "reports").exists()
    assert not (root / "build" / "notebooks").exists()
    with pytest.raises(builder.BuildError, match="no notebook sets PLACES in a cell tagged parameters"):
        build(root, parameters={"PLACES": 1})


def test_shipped_tables_are_read_where_the_recorder_sees_it(tmp_path):
    """A reader that takes a path and opens it outside Python would hide a table from the cache."""
    log = tmp_path / "log"
    shipped = {s.table for s in data.sources().values() if s.table and "csv" in s.table}
    code = f"from bobanalysis import data\nfor name in {[t.split('.')[0] for t in shipped]}: data.table(name)"
    environment = {**os.environ, "BOBANALYSIS_READS": str(log)}
    recorder = builder.RECORDER.read_text()
    subprocess.run([sys.executable, "-c", f"{recorder}\n{code}"], env=environment, check=True)
    read = {Path(line).name for line in log.read_text().splitlines()}
    assert read >= shipped


def test_a_damaged_notebook_is_named(root):
    (root / "notebooks" / "01_one.ipynb").write_text('{"cells": [')
    with pytest.raises(builder.BuildError, match=r"01_one\.ipynb is not a notebook"):
        build(root)


def test_the_command_says_what_it_can_do():
    done = subprocess.run(
        [sys.executable, "-m", "bobanalysis.build", "--help"], capture_output=True, text=True, check=True
    )
    assert "--only" in done.stdout


def test_the_project_folder_is_the_one_that_holds_the_notebooks():
    assert (builder.ROOT / "pyproject.toml").exists()
    assert Path(builder.__file__).is_relative_to(builder.ROOT)
