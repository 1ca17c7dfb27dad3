"""What notebooks record, said once: units, kinds, sources and words in `data/findings/<notebook>.yaml`.

A notebook computes; its file says what each figure is. An id in a file may be a pattern with choices in
braces (`why.age_{gap}_{end}`), which stand under `words` with their texts. Numbers in texts are written out:
figures on pages come from findings only.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Both = Mapping[str, str]


class DescriptionError(ValueError):
    """A file of descriptions that cannot be used; the message names the file, the entry and what to do."""


@dataclass(frozen=True)
class Figure:
    """What is said of a finding; `pattern` is the entry that says it."""

    pattern: str
    unit: str
    kind: str
    vintage: str
    label: Both
    sources: tuple[str, ...] = ()
    note: Both | None = None
    no_interval: str | None = None


@dataclass(frozen=True)
class Sheet:
    """What is said of a table: title, caveats, and of columns the labels, units and names of codes."""

    title: Both
    columns: Mapping[str, Both]
    kind: str
    vintage: str
    units: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, Both]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    caveats: Both | None = None


@dataclass(frozen=True)
class Descriptions:
    """All that is said of the records of one notebook: findings and tables by id."""

    findings: Mapping[str, Figure]
    tables: Mapping[str, Sheet]
    words: Mapping[str, Any] = field(default_factory=dict)

    def unrecorded(self, findings: Iterable[str], tables: Iterable[str]) -> list[str]:
        """Return the entries that no record answers to: leave them out, or record them."""
        patterns = {figure.pattern for figure in self.findings.values()}
        found = {self.findings[id].pattern for id in findings if id in self.findings}
        return sorted((patterns - found) | (set(self.tables) - set(tables)))


def described(notebook: str) -> Descriptions | None:
    """Return what the file of a notebook says, or None where there is no file (a notebook of one's own).

    Raises:
        DescriptionError: the file names something that does not exist, or the same id twice.

    Example:
        >>> described("05_age").findings["advice_age.people"].unit
        'people'
    """
    root = Path(os.environ.get("BOBANALYSIS_DATA") or Path(__file__).parents[3] / "data")
    path = root / "findings" / f"{notebook}.yaml"
    return _read(path, path.stat().st_mtime_ns) if path.exists() else None


@cache
def _read(path: Path, stamp: int) -> Descriptions:
    import yaml

    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if unknown := set(raw) - {"about", "sources", "texts", "words", "findings", "tables"}:
        raise DescriptionError(f"{path}: {', '.join(sorted(unknown))} is not a part of such a file")
    texts, words, lists = (raw.get(part) or {} for part in ("texts", "words", "sources"))

    def whole(entry: Any) -> dict[str, Any]:
        entry = {**raw["about"], **entry}
        named = entry.get("sources", ())
        return {**entry, "sources": lists[named] if isinstance(named, str) else named}

    found: dict[str, Figure] = {}
    for pattern, entry in (raw.get("findings") or {}).items():
        for id, named in _ids(pattern, words, f"{path}, {pattern}"):
            if id in found and "{" in pattern:
                continue  # an id of its own says more than a pattern, whichever stands first
            if id in found and "{" not in found[id].pattern:
                raise DescriptionError(f"{path}: {id} stands there twice; keep one")
            found[id] = _figure(whole(entry), pattern, words, named, texts, f"{path}, {id}")
    entries = (raw.get("tables") or {}).items()
    tables = {id: _sheet(whole(entry), texts, words, f"{path}, {id}") for id, entry in entries}
    return Descriptions(found, tables, words)


def _ids(pattern: str, words: Any, where: str) -> Iterable[tuple[str, dict[str, str]]]:
    choices = re.findall(r"\{(\w+)\}", pattern)
    if missing := [choice for choice in choices if choice not in words]:
        raise DescriptionError(f"{where}: {', '.join(missing)} is not among the words of the file")
    for keys in itertools.product(*(words[choice] for choice in choices)):
        named = dict(zip(choices, map(str, keys), strict=True))
        yield pattern.format(**named), named


def _figure(entry: Any, pattern: str, words: Any, named: Mapping[str, str], texts: Any, where: str) -> Figure:
    said = {
        key: _filled(_text(entry[key], texts, where), words, named)
        for key in ("label", "note")
        if key in entry
    }
    return _made(Figure, {**entry, "pattern": pattern, **said}, where)


def _sheet(entry: Any, texts: Any, words: Any, where: str) -> Sheet:
    columns = entry.pop("columns", None) or {}
    entry["title"] = _text(entry.get("title"), texts, where)
    if "caveats" in entry:
        entry["caveats"] = _text(entry["caveats"], texts, where)
    labels = {name: {"fr": c.get("fr", ""), "en": c.get("en", "")} for name, c in columns.items()}
    units = {name: c["unit"] for name, c in columns.items() if "unit" in c}
    topics = {name: c["names"] for name, c in columns.items() if "names" in c}
    if unknown := sorted({*topics.values()} - {*words}):
        raise DescriptionError(f"{where}: {', '.join(unknown)} is not among the words of the file")
    names = {name: {str(key): text for key, text in words[t].items()} for name, t in topics.items()}
    return _made(Sheet, {**entry, "columns": labels, "units": units, "names": names}, where)


def _made(kind: Any, entry: dict[str, Any], where: str) -> Any:
    try:
        return kind(**{**entry, "vintage": str(entry["vintage"]), "sources": tuple(entry.get("sources", ()))})
    except (TypeError, KeyError) as error:
        raise DescriptionError(f"{where}: {error}; an entry has {', '.join(kind.__annotations__)}") from error


def _text(text: Any, texts: Any, where: str) -> Any:
    if isinstance(text, str):
        if text not in texts:
            raise DescriptionError(
                f"{where}: there is no text {text!r}; texts are {', '.join(texts) or 'none'}"
            )
        return texts[text]
    return text


def _filled(text: Any, words: Any, named: Mapping[str, str]) -> Any:
    if not isinstance(text, dict):
        return text
    filled = {}
    for language, said in text.items():
        choices = {choice: _word(words[choice], key)[language] for choice, key in named.items()}
        said = said.format(**choices) if choices else said
        filled[language] = said[:1].upper() + said[1:] if choices else said
    return filled


def _word(choices: Any, key: str) -> Any:
    return choices[key] if key in choices else choices[int(key)]
