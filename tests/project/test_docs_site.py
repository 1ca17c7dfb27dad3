"""`make docs` makes pages to read from disk: every public name, no broken link, nothing from outside."""

import html
import importlib
import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from tools import code_reader as code
from tools.docs_site import PUBLIC, as_markdown, entries, public

ROOT = Path(__file__).parents[2]
ROOMS = ("fairness", "evaluation", "recommenders", "rules", "population", "data")
TAGS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}
LINKS_THAT_LOAD_NOTHING = {"canonical", "next", "prev", "edit"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_an_entry_for_every_public_name(room):
    door = importlib.import_module(f"bobanalysis.{room}")
    listed = getattr(door, "__all__", None) or [
        name for name in vars(door) if not name.startswith("_") and name in Path(door.__file__).read_text()
    ]
    known = {name.rsplit(".", 1)[1] for name in entries() if name.startswith(f"bobanalysis.{room}.")}
    modules = {path.stem for path in Path(door.__file__).parent.glob("*.py")}
    assert {*listed} - modules - known == set()


def test_what_a_module_keeps_to_itself_is_not_public():
    names = public("bobanalysis.fairness")
    assert "bobanalysis.fairness.group_metrics" in names
    assert not any(name.rsplit(".", 1)[1].startswith("_") for name in names)
    assert public("bobanalysis.algorithms") == ["bobanalysis.algorithms.load", "bobanalysis.algorithms.names"]


def test_a_role_leads_to_an_entry_and_an_example_is_code():
    found = as_markdown(":func:`prepare`.\n\n    >>> 1\n    1\n\nEnd.", "bobanalysis.evaluation.summary")
    assert found.startswith("[`prepare`][bobanalysis.evaluation.prepare].")
    assert "    ```pycon\n    >>> 1\n    1\n    ```\n\nEnd." in found


def test_a_role_without_an_entry_is_plain_code():
    assert (
        as_markdown(":func:`bobanalysis.tables.open_table`", "bobanalysis.data")
        == "`bobanalysis.tables.open_table`"
    )


def test_every_document_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text().replace("!ENV", "")
    listed = set(re.findall(r"[\w/-]+\.md", str(yaml.safe_load(text)["nav"]).replace("'", " ")))
    there = {
        path.relative_to(ROOT / "docs").with_suffix(".md").as_posix()
        for kind in ("*.md", "*.ipynb")
        for path in (ROOT / "docs").rglob(kind)
        if path.parent.name != "decisions"  # the hook puts them there
    }
    assert listed == there


class Loads(HTMLParser):
    """What a page loads when it is opened, and the ids that it has."""

    def __init__(self, text):
        super().__init__()
        self.found, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        address = attrs.get(TAGS.get(tag, "none"), "")
        if tag != "link" or not LINKS_THAT_LOAD_NOTHING & {*(attrs.get("rel") or "").split()}:
            self.found.append(address or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory, require):
    """The pages, made as `make docs` does but without running the tutorials (a test of its own runs them)."""
    require("mkdocs")
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = {**os.environ, "DOCS_EXECUTE": "false", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
def test_every_public_name_is_on_a_page_with_its_docstring(site):
    pages = {path.stem: Loads(path.read_text("utf-8")).ids for path in (site / "api").glob("*.html")}
    for room in ROOMS:
        assert {*public(f"bobanalysis.{room}")} - pages[room] == set()


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_the_page_of_a_room_says_what_each_function_says_of_itself(site, room):
    door = importlib.import_module(f"bobanalysis.{room}")
    shown = _words((site / "api" / f"{room}.html").read_text("utf-8"))
    offered = [getattr(door, name.rsplit(".", 1)[1]) for name in public(f"bobanalysis.{room}")]
    said = {thing.__name__: inspect.getdoc(thing) for thing in offered if inspect.isroutine(thing)}
    assert [name for name, text in said.items() if _words(text.split(".")[0])[:60] not in shown] == []


def _words(text):
    return " ".join(re.sub(r"<[^>]+>|`|:\w+:", "", html.unescape(text)).split())


@pytest.mark.slow
def test_a_function_named_on_a_page_leads_to_its_entry(site):
    page = (site / "which_function.html").read_text("utf-8")
    assert re.search(
        r'href="api/fairness.html#bobanalysis.fairness.curve"[^>]*><code>fairness.curve</code>', page
    )


@pytest.mark.slow
def test_no_page_loads_anything_from_outside(site):
    pages = [*site.rglob("*.html")]
    assert len(pages) > 20
    outside = {
        (path.name, address)
        for path in pages
        for address in Loads(path.read_text("utf-8")).found
        if re.match(r"(https?:)?//", address)
    }
    assert outside == set()
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"url\([\"']?(https?:)?//|@import", styles)


@pytest.mark.slow
def test_no_role_of_a_docstring_is_left_as_it_was_typed(site):
    assert [
        p.name for p in site.rglob("*.html") if re.search(r":(func|class|data|mod):", p.read_text())
    ] == []


@pytest.mark.slow
@pytest.mark.browser
def test_a_page_opened_from_disk_asks_for_nothing_else_and_is_searched(site, browser):
    page, asked, wrong = browser.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((site / "index.html").as_uri())
    results, found = page.locator(".md-search-result__link"), []
    for word in (
        "impact ratios",
        "impact ratio",
        "impact ratios",
    ):  # as somebody types again who sees nothing yet
        page.locator("input[name=query]").fill(word)
        page.wait_for_timeout(4_000)
        found = found or results.evaluate_all("links => links.map(link => link.href)")
    page.close()
    assert any("api/fairness.html" in address for address in found)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []
    assert wrong == []


def test_a_room_is_written_out_where_a_page_names_it():
    named = {m for path in (ROOT / "docs" / "api").glob("*.md") for m in PUBLIC.findall(path.read_text())}
    assert {f"bobanalysis.{room}" for room in ROOMS} <= named
    assert named <= code.modules().keys()
