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
from typing import Any, TypeVar

from bobanalysis.tables import InputError, load, load_yaml
from bobanalysis.text import capital

Both = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """What is said of a finding; `pattern` is the entry that says it, `n_of` what its number `n` counts."""

    pattern: str
    unit: str
    kind: str
    vintage: str
    label: Both
    sources: tuple[str, ...] = ()
    note: Both | None = None
    no_interval: str | None = None
    n_of: str = "people"


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


@dataclass(frozen=True)
class _File:
    about: Mapping[str, Any]
    sources: Mapping[str, list[str]] = field(default_factory=dict)
    texts: Mapping[str, Both] = field(default_factory=dict)
    words: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def described(notebook: str) -> Descriptions | None:
    """Return what the file of a notebook says, or None where there is no file (a notebook of one's own).

    Raises:
        InputError: the file says what nothing reads, or names a text, a list or a word that it lacks.

    Example:
        >>> described("05_age").findings["advice_age.people"].unit
        'people'
    """
    root = Path(os.environ.get("BOBANALYSIS_DATA") or Path(__file__).parents[3] / "data")
    path = root / "findings" / f"{notebook}.yaml"
    return _read(path, path.stat().st_mtime_ns) if path.exists() else None


@cache
def _read(path: Path, stamp: int) -> Descriptions:
    file = load_yaml(_File, path)
    found: dict[str, Figure] = {}
    for pattern in sorted(
        file.findings, key=lambda id: "{" in id
    ):  # an id of its own says more than a pattern
        where, entry = f"{path}, {pattern}", file.findings[pattern]
        for named in _choices(pattern, file.words, where):
            id = pattern.format(**named)
            if id not in found:
                found[id] = _entry(Figure, {**entry, "pattern": pattern}, file, where, named)
    return Descriptions(found, {id: _sheet(id, file, path) for id in file.tables}, file.words)


def _choices(pattern: str, words: Mapping[str, Any], where: str) -> Iterable[dict[str, Any]]:
    """Iterate over the ways to fill in a pattern: choice -> key among its words."""
    choices = re.findall(r"\{(\w+)\}", pattern)
    if missing := [choice for choice in choices if choice not in words]:
        raise InputError(f"{where}: {', '.join(missing)} is not among the words of the file")
    for keys in itertools.product(*(words[choice] for choice in choices)):
        yield dict(zip(choices, keys, strict=True))


def _sheet(id: str, file: _File, path: Path) -> Sheet:
    columns = file.tables[id].get("columns") or {}
    labels = {name: {lang: said.get(lang, "") for lang in ("fr", "en")} for name, said in columns.items()}
    units = {name: said["unit"] for name, said in columns.items() if "unit" in said}
    topics = {name: said["names"] for name, said in columns.items() if "names" in said}
    if unknown := sorted({*topics.values()} - {*file.words}):
        raise InputError(f"{path}, {id}: {', '.join(unknown)} is not among the words of the file")
    names = {name: {str(key): text for key, text in file.words[t].items()} for name, t in topics.items()}
    entry = {**file.tables[id], "columns": labels, "units": units, "names": names}
    return _entry(Sheet, entry, file, f"{path}, {id}", {})


def _entry(kind: type[T], entry: Mapping[str, Any], file: _File, where: str, named: Mapping[str, Any]) -> T:
    """Read one entry: lists and texts that it names are looked up, choices of its pattern filled in."""
    said = {**file.about, **entry}
    said |= {"vintage": str(said["vintage"])} if "vintage" in said else {}
    for part in ("sources", "label", "note", "title", "caveats"):
        known: Mapping[str, Any] = file.sources if part == "sources" else file.texts
        if isinstance(said.get(part), str):
            name = said[part].format(**named)
            if name not in known:
                raise InputError(f"{where}: there is no {name!r}; there are {', '.join(known) or 'none'}")
            said[part] = known[name]
    for part in ("label", "note"):
        if named and isinstance(text := said.get(part), Mapping):
            words = {c: file.words[c][key] for c, key in named.items()}
            said[part] = {
                lang: capital(plain.format(**{c: word[lang] for c, word in words.items()}))
                for lang, plain in text.items()
            }
    return load(kind, said, where)
