"""What stands at the top of the repository agrees with itself."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ON_CONDA_FORGE = {"duckdb": "python-duckdb"}


def bounds(requirements):
    """Split "name>=1.2" into name -> lower bound."""
    return {name: bound for name, _, bound in (r.replace(" ", "").partition(">=") for r in requirements)}


def test_conda_users_get_the_packages_of_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    from_pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    entries = [e for e in conda if isinstance(e, str)] + [e for e in from_pip if not e.startswith("-")]
    extras = [name for extra in PROJECT["project"]["optional-dependencies"].values() for name in extra]
    asked = PROJECT["project"]["dependencies"] + extras + PROJECT["dependency-groups"]["dev"]
    asked = [name for name in asked if not name.startswith("bobanalysis[")]
    expected = {ON_CONDA_FORGE.get(name, name): bound for name, bound in bounds(asked).items()}
    expected |= {"python": PROJECT["project"]["requires-python"].removeprefix(">="), "pip": ""}
    assert bounds(entries) == expected
    assert "--editable ." in from_pip


def test_the_lock_names_nothing_of_one_machine():
    lock = (ROOT / "uv.lock").read_text()
    assert len(set(re.findall(r'registry = "([^"]+)"', lock))) == 1
    addresses = re.findall(r'(?:registry|url) = "([^"]+)"', lock)
    assert [a for a in addresses if not re.match(r"https://[a-z.]+\.(org|com)/", a)] == []
    assert re.findall(r'source = { (?!registry|editable = "\.")[^}]*', lock) == []


def test_the_code_is_under_the_gpl_in_full():
    text = (ROOT / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["project"]["license"] == "GPL-3.0-or-later"


def test_texts_and_figures_are_under_cc_by():
    assert (
        "https://creativecommons.org/licenses/by/4.0/legalcode" in (ROOT / "LICENSE-CC-BY-4.0.md").read_text()
    )


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"title", "message", "authors"} <= set(citation)
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert f"\n## {citation['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_two_commands_stand_at_the_top_of_the_readme():
    first = (ROOT / "README.md").read_text()[:600]
    assert "make reports" in first
    assert "make test" in first


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md")),
    ],
)
def test_links_between_documents_lead_somewhere(document):
    path = ROOT / document
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text())
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_decisions_are_numbered_without_gaps():
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_make_help_lists_every_command():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "reports", "test", "test-slow", "test-all", "lint", "lab", "docs", "help"):
        assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE), target


@pytest.mark.parametrize(
    "path",
    [
        *(ROOT / "src").rglob("*.yaml"),
        *(ROOT / "data").glob("*.yaml"),
        *(ROOT / "data").glob("quirks/*.yaml"),
    ],
    ids=lambda path: path.name,
)
def test_no_text_of_a_data_file_is_cut_at_a_comma(path):
    def without_value(part):
        if isinstance(part, dict):
            cut = [k for k, v in part.items() if v is None] if {"fr", "en"} & set(part) else []
            return cut + [x for v in part.values() for x in without_value(v)]
        return [x for v in part for x in without_value(v)] if isinstance(part, list) else []

    assert without_value(yaml.safe_load(path.read_text("utf-8"))) == []


def test_the_bibliography_is_in_order_and_has_every_key_that_is_cited():
    keys = re.findall(
        r"^- `\[([a-z]+[0-9]{4}[a-z]?)\]` \S", (ROOT / "docs" / "references.md").read_text(), re.MULTILINE
    )
    assert keys == sorted(set(keys))
    code = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    cited = set(re.findall(r"\[([a-z]{3,}(?:19|20)[0-9]{2}[a-z]?)\]", code))
    assert cited - set(keys) == set()
