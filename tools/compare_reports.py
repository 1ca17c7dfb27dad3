"""Compare two folders of reports, such as those before and after a change; nothing seen must get lost.

    python -m tools.compare_reports OLD NEW [--words WORDS.yaml]

Prints the files that only one has and the first lines that differ of each other; exit status 0 only if all
are equal. WORDS.yaml renames words, old: new, in the old texts before they are compared: whole words only,
the longest first.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

FILES, LINES, WIDTH = 15, 4, 300
"""How many files, lines of each, and characters of a line are printed."""


def compare(old: Path, new: Path, words: Mapping[str, str] | None = None) -> list[str]:
    """Return what is different between two folders, a line each; nothing when they are equal."""
    before, after = content(old, words or {}), content(new, {})
    said = [f"only in {old}: {name}" for name in sorted(before.keys() - after.keys())]
    said += [f"only in {new}: {name}" for name in sorted(after.keys() - before.keys())]
    changed = [name for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    for name in changed[:FILES]:
        said += [
            f"differs: {name}",
            *(f"    {line[:WIDTH]}" for line in differences(before[name], after[name])),
        ]
    return said + [f"differs: {name}" for name in changed[FILES:]]


def content(folder: Path, words: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of a folder: path in it -> bytes, with words renamed in those that are text."""
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}
    return {name: renamed(data, words) for name, data in files.items()}


def renamed(data: bytes, words: Mapping[str, str]) -> bytes:
    """Rename whole words in UTF-8 text; other bytes stay as they are."""
    if not words:
        return data
    longest_first = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    return re.sub(rf"(?<!\w)({longest_first})(?!\w)", lambda m: str(words[m[0]]), text).encode()


def differences(old: bytes, new: bytes) -> list[str]:
    """Return the first lines that differ, with - and +."""
    try:
        before, after = old.decode("utf-8").splitlines(), new.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return [f"{len(old):,} bytes and {len(new):,} bytes that are no text"]
    found = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in found if not line.startswith(("---", "+++", "@@"))][:LINES]


def digest(folder: Path) -> str:
    """Return a digest of all files of a folder, of their names and bytes."""
    sha = hashlib.sha256()
    for name, data in sorted(content(folder, {}).items()):
        sha.update(f"{name} {len(data)} ".encode() + data)
    return sha.hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--words", type=Path, help="YAML: old word: new word")
    given = parser.parse_args()
    for folder in (given.old, given.new):
        if not folder.is_dir():
            parser.error(f"{folder} is not a folder")
        print(f"{digest(folder)}  {folder}")
    found = compare(given.old, given.new, given.words and yaml.safe_load(given.words.read_text("utf-8")))
    print(*found or ["equal"], sep="\n")
    sys.exit(bool(found))
