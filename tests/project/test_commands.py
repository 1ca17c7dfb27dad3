"""Every command and snippet of the documents runs as it stands, and a wheel works away from the project."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bobanalysis.cli import ROOMS, _LazyModule, app
from tools.doors import blocks

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (bobanalysis .*)$", README, re.MULTILINE)
LONG = ("conformance",)
"""Commands that take long: they run with the slow tests."""


RUN_ELSEWHERE = {"add_a_recommender.md": "tests/recommenders/test_add_a_recommender.py"}
"""Documents whose snippets another test runs, and looks at what they give."""


def run(command, folder, **environment):
    """Run one line of a document in a folder, with the command of this environment."""
    start = [sys.executable, "-c", "from bobanalysis.cli import app; app()"]
    words = [*start, *command.split()[1:]]
    env = {**os.environ, "COLUMNS": "200", **environment}
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    return done.stdout


def copy_of_what_is_read(folder):
    """Make the folder look like the project to commands that name its files."""
    for name in ("data", "tests"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "build").mkdir()


@pytest.mark.parametrize("name", ROOMS)
def test_the_list_of_commands_says_of_each_what_its_own_help_says(name):
    listed = " ".join(ROOMS[name][1].split())
    own = " ".join(CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output.split())
    assert listed in own


@pytest.mark.parametrize("name", ["score", "population", "audit", "evaluate"])
def test_the_help_names_the_extra_that_workers_need(name):
    assert "needs the extra 'cluster'" in " ".join(
        CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output.replace("│", " ").split()
    )


LIBRARIES = (
    "polars.dataframe",
    "numpy.lib",
    "yaml.loader",
    "pyarrow.compute",
    "bobanalysis.fairness",
    "bobanalysis.bob",
)


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--help"], []),
        (["columns"], []),
        (["explain", "advice-senior"], ["bobanalysis.bob"]),
        (["trace", "data/examples/person.json"], ["polars.dataframe", "bobanalysis.bob"]),
        (
            ["score", "data/examples/person.json", "--output", "told.csv"],
            ["polars.dataframe", "numpy.lib", "bobanalysis.bob"],
        ),
        (["letter", "data/examples/person.json"], ["polars.dataframe", "numpy.lib", "bobanalysis.bob"]),
    ],
)
def test_a_command_imports_only_the_libraries_that_it_needs(tmp_path, words, allowed):
    copy_of_what_is_read(tmp_path)
    code = f"""
import contextlib, sys
from bobanalysis.cli import app
with contextlib.suppress(SystemExit):
    app({words!r})
print([name for name in {LIBRARIES!r} if name in sys.modules], file=sys.stderr)
"""
    for _ in range(2):  # what YAML files hold, and what is said of columns, is kept by the first
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
        )  # fmt: skip
    assert ast.literal_eval(done.stderr.splitlines()[-1]) == allowed


def test_a_library_that_is_imported_later_gives_what_it_holds(monkeypatch):
    import fractions

    later = _LazyModule("fractions")
    monkeypatch.setitem(sys.modules, "fractions", later)
    assert later.Fraction(1, 2) == fractions.Fraction(1, 2)
    assert sys.modules["fractions"] is not later
    assert isinstance(later.Fraction(1), sys.modules["fractions"].Fraction)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        getattr(later, "nothing_like_it")  # noqa: B009 the attribute of a module


def test_every_command_of_the_readme_runs_as_it_stands(tmp_path, monkeypatch):
    copy_of_what_is_read(tmp_path)
    short = [line for line in COMMANDS if line.split()[1] not in LONG]
    assert {line.split()[1] for line in short} >= {
        "columns",
        "explain",
        "letter",
        "population",
        "score",
        "audit",
    }
    monkeypatch.chdir(tmp_path)
    for line in short:
        done = CliRunner().invoke(app, line.split()[1:])
        assert done.exit_code == 0, f"{line}\n{done.output[-1500:]}\n{done.exception!r}"
    made = {path.name for path in (tmp_path / "build").iterdir()}
    assert made >= {"letter.html", "people.parquet", "told.parquet", "audit.html"}


@pytest.mark.slow
def test_the_long_commands_of_the_readme_run_as_they_stand(tmp_path):
    copy_of_what_is_read(tmp_path)
    for line in [line for line in COMMANDS if line.split()[1] in LONG]:
        assert "444000" in run(line, tmp_path).replace(",", "")


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
        if blocks(p) and p.name not in RUN_ELSEWHERE
    ],
    ids=lambda path: path.name,
)
def test_the_snippets_of_a_document_run_one_after_the_other(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "document"}
    for block in blocks(path):
        exec(compile(block, path.name, "exec"), names)


WITHOUT_EXTRAS = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("altair", "vl_convert", "nbclient", "nbformat", "ipykernel", "jupyterlab"):
            raise ModuleNotFoundError(f"No module named {name!r}: it is an extra", name=name)

sys.meta_path.insert(0, Refuse())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, require):
    """The files of the wheel, unpacked as an installer does, beside an environment without the extras."""
    require("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as packed:
        packed.extractall(folder / "site")
    (folder / "site" / "sitecustomize.py").write_text(WITHOUT_EXTRAS)
    return folder / "site"


@pytest.mark.slow
def test_a_wheel_works_alone_in_a_foreign_folder_without_the_extras(wheel, tmp_path):
    """The installed package has its own data; nothing of the project is beside it."""
    (tmp_path / "person.json").write_bytes((ROOT / "data" / "examples" / "person.json").read_bytes())
    (tmp_path / "run.csv").write_text("query,item,rank,score\na,x,1,2\na,y,2,1\nb,x,1,1\n")
    (tmp_path / "qrels.csv").write_text("query,item,relevance\na,x,1\nb,y,1\n")
    env = {"PYTHONPATH": str(wheel)}
    env["BOBANALYSIS_DATA"] = ""
    home = "import bobanalysis; print(bobanalysis.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", home], env={**os.environ, **env}, cwd=tmp_path, capture_output=True
    )
    assert found.stdout.decode().startswith(str(wheel)), "the wheel, and not the project, is what runs"
    for line in (
        "bobanalysis columns",
        "bobanalysis explain advice-senior",
        "bobanalysis letter person.json --output letter.html",
        "bobanalysis trace person.json",
        "bobanalysis population --people 200 --output people.parquet",
        "bobanalysis score people.parquet --output told.csv",
        "bobanalysis audit told.csv --groups main_challenge --score overall_score --output audit.html",
        "bobanalysis evaluate run.csv qrels.csv",
        "bobanalysis data check",
    ):
        run(line, tmp_path, **env)
