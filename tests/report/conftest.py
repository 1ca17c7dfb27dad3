"""Pages made once from invented findings, before the tests that read them, and what stands in them."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import invented_notebooks
import pytest
from invented_findings import write_invented
from reading_pages import parse_all

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PUBLISHED = ROOT / "reports"


def site_folder():
    """Where the site of these very sources is, or will be."""
    sha = hashlib.sha256()
    for folder in (ROOT / "src", ROOT / "data", HERE):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith("test_"):
                sha.update(f"{file} {len(file.read_bytes())} ".encode() + file.read_bytes())
    return ROOT / "build" / "test-site" / sha.hexdigest()[:16]


def pytest_collection_finish(session):
    """Start making the site in a process of its own, so that nobody sleeps when it is needed."""
    asked = any(
        {"rendered", "invented_build"} & {*getattr(item, "fixturenames", ())} for item in session.items
    )
    if asked and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        folder = site_folder()
        folder.with_suffix(".failed").unlink(missing_ok=True)
        if not folder.exists():  # else an earlier run made it from the same sources
            folder.parent.mkdir(parents=True, exist_ok=True)
            session.config.making = subprocess.Popen([sys.executable, "make_site.py", str(folder)], cwd=HERE)


@pytest.fixture(scope="session")
def made_site():
    """The folder with the invented findings and the hundreds of pages made from them."""
    folder = site_folder()
    for _ in range(1200):
        if folder.exists():
            return folder
        if folder.with_suffix(".failed").exists():
            pytest.fail(folder.with_suffix(".failed").read_text("utf-8"), pytrace=False)
        time.sleep(0.1)
    pytest.fail(f"nobody made the site in {folder} within two minutes")


@pytest.fixture(scope="session")
def invented_build(tmp_path_factory):
    build = tmp_path_factory.mktemp("build")
    write_invented(build)
    invented_notebooks.write(build)
    return build


@pytest.fixture(scope="session")
def rendered(made_site):
    """The site made from invented findings: hundreds of pages, made once for all processes of a run."""
    return made_site / "reports"


@pytest.fixture(scope="session")
def pages(rendered):
    """Every page made from invented findings, by its path, parsed into its elements and texts."""
    return parse_all(rendered)


@pytest.fixture(scope="session", params=["invented", pytest.param("published", marks=pytest.mark.slow)])
def site(request, rendered, pages):
    """A folder of reports and its pages: those made from invented findings, and those that are published."""
    if request.param == "invented":
        return rendered, pages
    if not (PUBLISHED / "index.html").exists():
        pytest.fail(f"no pages in {PUBLISHED}; make reports", pytrace=False)
    return PUBLISHED, parse_all(PUBLISHED)
