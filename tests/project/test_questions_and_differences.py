"""Pages of docs/ that name functions, commands, tests and versions name what is there."""

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bobanalysis.cli import app

ROOT = Path(__file__).parents[2]
QUESTIONS = (ROOT / "docs" / "which_function.md").read_text("utf-8")
DIFFERENCES = (ROOT / "docs" / "differences.md").read_text("utf-8")
ROW = re.compile(r"^\| (?!what|question|---)(.*) \|$", re.M)
NAMED = sorted(
    set(
        re.findall(
            r"`((?:fairness|evaluation|population|recommenders|rules|audit|algorithms|data)\.[\w.]+)`",
            QUESTIONS,
        )
    )
)
COMMANDS = sorted(set(re.findall(r"`bobanalysis ([^`]+)`", QUESTIONS)))
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", DIFFERENCES)))


@pytest.mark.parametrize("name", NAMED)
def test_a_function_that_answers_a_question_exists(name):
    module, function = f"bobanalysis.{name}".rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_answers_a_question_has_the_options_that_are_written(line):
    words = line.split()
    called = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    shown = CliRunner().invoke(app, [*called, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, f"no command {called}"
    options = {word for word in words if word.startswith("--")}
    assert {option for option in options if not re.search(rf"{option}\b", shown.output)} == set()


def test_every_function_of_the_fairness_room_answers_a_question():
    from bobanalysis import fairness

    offered = {name for name, one in vars(fairness).items() if name.islower() and callable(one)}
    assert offered - {name.removeprefix("fairness.") for name in NAMED} == set()


def test_every_difference_names_its_test():
    rows = [row.rsplit(" | ", 1)[1] for row in ROW.findall(DIFFERENCES)]
    assert len(rows) > 15
    assert rows == re.findall(r"^- ([LG]\d+): `tests/[\w/]+\.py::\w+`$", DIFFERENCES, re.M)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.rsplit("::", 1)[1])
def test_the_test_of_a_difference_exists(test):
    path, name = test.split("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_shows_a_difference_has_its_row():
    """Tests of the two files that are only about differences."""
    shown = {
        f"{path.relative_to(ROOT).as_posix()}::{node.name}"
        for path in (ROOT / "tests").glob("*/test_where_*_differ.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert shown - {*TESTS} == set()


def test_the_versions_compared_with_are_those_of_the_lock():
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    versions = {(package["name"], package["version"]) for package in locked}
    said = re.findall(r"(fairlearn|statsmodels|scipy|scikit-learn) (\d+\.\d+\.\d+)", DIFFERENCES)
    said += [("pytrec-eval-terrier", v) for v in re.findall(r"pytrec_eval (\d+\.\d+\.\d+)", DIFFERENCES)]
    said += [("ir-measures", v) for v in re.findall(r"ir_measures (\d+\.\d+\.\d+)", DIFFERENCES)]
    assert len({name for name, _ in said}) == 6
    assert {*said} - versions == set()


def test_as_trec_eval_does_names_the_version():
    assert "**trec_eval 10**" in DIFFERENCES
    assert "single\nprecision" in DIFFERENCES or "single precision" in DIFFERENCES
