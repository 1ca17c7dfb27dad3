"""What axe-core, a keyboard, a phone and a browser without JavaScript find on every page."""

import pytest

pytestmark = pytest.mark.browser
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="make setup installs it")
