"""Make what a release attaches, in build/release: the site as a zip, stories as PDF, and their checksums.

    python -m tools.release            everything: make release
    python -m tools.release --only pdf the PDF files alone: make pdfs

The pages are those in reports/: `make reports` first. A PDF is what headless Chromium prints; its bytes
differ from one machine to the next, so it is compared by text and number of pages.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bobanalysis.report.site import PAGES

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "build" / "release"
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SECTIONS = ("The essentials", "The inquiry")
"""Sections of the menu whose pages are printed."""
MOST = 10
"""Pages that a story may take on paper, less one."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip, so that two of the same site are the same."""
PRINTED: dict[str, Any] = {"prefer_css_page_size": True, "print_background": True}


def printed(browser: Any, source: Path, target: Path) -> int:
    """Print a page as Chromium does and return how many sheets it takes."""
    from pypdf import PdfReader

    page = browser.new_page()
    page.goto(source.as_uri())
    page.pdf(path=target, **PRINTED)
    page.close()
    return len(PdfReader(target).pages)


def pdfs(reports: Path, target: Path) -> Iterator[tuple[str, int]]:
    """Print every story in both languages; yield names of files and numbers of sheets."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit(f"No browser to print with: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for language in ("fr", "en"):
            for slug in (page.slug for page in PAGES if page.section in SECTIONS):
                name = f"bobanalysis-{slug}-{language}.pdf"
                yield name, printed(browser, reports / language / f"{slug}.html", target / name)
        browser.close()


def archive(folder: Path, target: Path) -> None:
    """Put a folder into a zip that is the same for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", EPOCH)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            file.writestr(entry, path.read_bytes())


def checksums(folder: Path) -> str:
    """Return a line for each file of a folder, as `sha256sum --check` reads it."""
    found = sorted(p for p in folder.iterdir() if p.is_file() and p.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in found)


def main(arguments: list[str] | None = None, reports: Path = ROOT / "reports", target: Path = TARGET) -> int:
    """Run the command; return 1 where a story takes too many sheets."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--only", choices=["pdf", "zip"], help="make these files alone")
    only = parser.parse_args(arguments).only
    if not (reports / "fr" / "index.html").exists() or not (reports / "fr" / "rules").exists():
        print(f"{reports} does not hold all pages; make reports first", file=sys.stderr)
        return 1
    if not only:
        shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    long = []
    if only != "zip":
        for name, sheets in pdfs(reports, target):
            print(f"{sheets:4} pages  {name}", flush=True)
            long += [name] * (sheets >= MOST)
    if only != "pdf":
        archive(reports, target / "bobanalysis-site.zip")
    (target / "SHA256SUMS").write_text(checksums(target), encoding="utf-8")
    if long:
        print(f"On paper these take {MOST} pages or more; shorten them: {', '.join(long)}", file=sys.stderr)
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
