"""Pages made once from invented findings, and the texts that stand in them."""

import os
import time
from pathlib import Path

import pytest
from invented_findings import write_invented
from reading_pages import parse_all

from bobanalysis.report.site import render

PUBLISHED = Path(__file__).parents[2] / "reports"


@pytest.fixture(scope="session")
def invented_build(tmp_path_factory):
    build = tmp_path_factory.mktemp("build")
    write_invented(build)
    return build


@pytest.fixture(scope="session")
def rendered(invented_build, tmp_path_factory):
    """The site made from invented findings: hundreds of pages, made once for all processes of a run."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return render(invented_build, tmp_path_factory.mktemp("site") / "reports")
    shared = tmp_path_factory.getbasetemp().parent / "site"
    try:
        shared.mkdir()
    except FileExistsError:
        return made_elsewhere(shared)
    try:
        return render(invented_build, shared / "reports")  # appears as a whole, when it is finished
    except BaseException:
        (shared / "failed").touch()
        raise


def made_elsewhere(shared, seconds=600):
    """Wait for the site that another process makes."""
    for _ in range(seconds * 2):
        if (shared / "reports").exists():
            return shared / "reports"
        if (shared / "failed").exists():
            break
        time.sleep(0.5)
    pytest.fail(f"another process could not make the site in {shared}")


@pytest.fixture(scope="session")
def pages(rendered):
    """Every page made from invented findings, by its path, parsed into its elements and texts."""
    return parse_all(rendered)


@pytest.fixture(scope="session", params=["invented", "published"])
def site(request, rendered):
    """A folder of reports and its pages: those made from invented findings, and those that are published."""
    folder = rendered if request.param == "invented" else PUBLISHED
    if not (folder / "index.html").exists():
        pytest.skip(f"no pages in {folder}; make reports")
    return folder, parse_all(folder)
