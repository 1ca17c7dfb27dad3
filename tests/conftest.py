"""What several rooms' tests share: a browser, and libraries that may be missing."""

import gc
import importlib
import os
import shutil
import sys

import pytest
from hypothesis import settings

# The same examples on every run, so that a failure is of the change at hand; `make test-slow` and
# `make test-all` look for new ones with a seed that they print.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("fixed")

# Thousands of tests and hundreds of parsed pages stay: looking through them for garbage takes a third of the
# time of what makes many objects.
gc.set_threshold(20_000, 20, 100)
# jsonschema can do without it, and it takes a second to import wherever a notebook is read.
sys.modules.setdefault("rfc3987_syntax", None)


def pytest_collection_finish():
    gc.freeze()


BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first one has no windows, and takes half the time."""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def lacking(what: str, command: str) -> None:
    """Fail the test where CI promised everything; elsewhere skip it and say what would let it run."""
    reason = f"{what} is not on this machine; to run this test: {command}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require():
    """Import a module by name, or skip (fail in CI) with the command that installs it."""

    def import_or_skip(module: str, command: str = "make setup"):
        try:
            return importlib.import_module(module)
        except ImportError:
            lacking(f"the library {module}", command)

    return import_or_skip


@pytest.fixture(scope="module")
def browser(require):
    """Give a headless Chromium (Playwright, synchronous): ``page = browser.new_page()``.

    One a module and not one a session: while it is open no other event loop runs in this thread.
    """
    api = require("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        lacking("Chromium", "apt-get install chromium-headless-shell (or chromium, or Google Chrome)")
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def spare_tabs(browser):
    """Tabs that a test has done with: a new one takes a third more for every page."""
    return []


@pytest.fixture
def open_page(browser, spare_tabs):
    """Open an address in a tab; remember what the page asked for and what it complained about."""
    opened = []

    def go(address, width=1280):
        if spare_tabs:
            page = spare_tabs.pop()
        else:
            page = browser.new_page()
            page.on("request", lambda request: page.requests.append(request.url))
            page.on("console", lambda message: page.complaints.append(message.text))
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
        opened.append(page)
        page.requests, page.complaints = [], []
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        return page

    yield go
    for page in opened:
        page.goto("about:blank")  # what it still counts ends here
        page.emulate_media(media="null")
    spare_tabs += opened
