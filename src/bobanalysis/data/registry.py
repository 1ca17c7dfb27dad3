"""The registry of sources: `data/sources.yaml`, read once, every field checked before anything uses it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

from bobanalysis.tables import InputError, load, load_yaml
from bobanalysis.text import Text

TYPES: dict[str, Any] = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}


class DataError(InputError):
    """A source, a table or a file is not what the registry says; the text names it and says what to do."""


@dataclass(frozen=True)
class Column:
    """A column: its unit, meaning and type; `order` lists the labels of a `label` column, lowest first."""

    unit: str
    fr: str
    en: str
    type: Literal["text", "integer", "number", "label"] = "text"
    order: tuple[str, ...] = ()
    name: str = ""

    @property
    def dtype(self) -> Any:
        """The Polars type of the column."""
        return pl.Enum(self.order) if self.type == "label" else TYPES[self.type]


@dataclass(frozen=True)
class Source:
    """One source of figures: where it comes from and what may be done with it, its columns, quirks and
    checks.

    Producer, vintage and licence may be written once, where both languages say the same.
    `altered` lists the cells that the raw file is known to have wrong: year, département, age band, figure as
    written, right figure.
    """

    title: Text
    producer: Text
    vintage: Text
    licence: Text
    landing: str
    columns: Mapping[str, Column]
    id: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    rows: int | None = None
    sha256: str | None = None
    access: Literal["download", "account", "restricted", "closed"] = "download"
    shipped_as: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    reached: str = ""
    quirks: tuple[Text, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    altered: tuple[tuple[str, str, str, int, int], ...] = ()

    @property
    def parts(self) -> list[str]:
        """The names of the official files (often years), the newest last."""
        return sorted(key for key in self.files if key != "mirror")


def folder() -> Path:
    """The folder of `sources.yaml` and `reference/`.

    $BOBANALYSIS_DATA, else `data` of the project, else the copy that travels with an installed package.
    """
    if chosen := os.environ.get("BOBANALYSIS_DATA"):
        return Path(chosen)
    package = Path(__file__).parents[1]
    project = package.parents[1] / "data"
    return project if (project / "sources.yaml").exists() else package / "_data"


def read_raw(path: Path) -> Any:
    """What a YAML file of the data folder holds, unchecked. Raises `InputError` when it cannot be read."""
    try:
        return load_yaml(Any, path)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; set BOBANALYSIS_DATA to the data folder") from None


def sources() -> Mapping[str, Source]:
    """All sources by id, in the order of the file. Raises `InputError` naming file, entry and field.

    >>> sources()["departements"].rows
    101
    """
    path = folder() / "sources.yaml"
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


def source(identifier: str) -> Source:
    """One source by id. Raises `DataError` for an id that is not in the registry, with the nearest ones.

    >>> source("rome_fap209")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    bobanalysis.data.registry.DataError: no source 'rome_fap209'; did you mean rome_fap2009? ...
    """
    known = sources()
    if identifier in known:
        return known[identifier]
    near = difflib.get_close_matches(identifier, known, n=3, cutoff=0.65)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    raise DataError(f"no source {identifier!r}; {hint}`bobanalysis data list` shows them all")


@cache
def _load(path: Path, _changed: int) -> Mapping[str, Source]:
    content = read_raw(path)
    if not isinstance(content, dict) or not isinstance(content.get("sources"), dict):
        raise DataError(f"{path}: the file must hold a mapping named sources")
    for entry in (each for each in content["sources"].values() if isinstance(each, dict)):
        plain = {name: entry[name] for name in ("producer", "vintage", "licence") if name in entry}
        entry |= {name: {"fr": said, "en": said} for name, said in plain.items() if isinstance(said, str)}
    loaded = load(dict[str, Source], content["sources"], str(path))
    return {key: _checked(entry, key, f"{path}, {key!r}") for key, entry in loaded.items()}


def _checked(entry: Source, key: str, where: str) -> Source:
    """Check what lies between fields, and give the entry and its columns their names."""
    if entry.table and (entry.rows is None or entry.sha256 is None):
        raise DataError(f"{where}: a shipped table has rows and sha256")
    if missing := [name for name in entry.keys if name not in entry.columns]:
        raise DataError(f"{where}, keys: {missing[0]!r} is not a column")
    for name, column in entry.columns.items():
        if (column.type == "label") != bool(column.order):
            said = "a label column, and no other, lists its labels in order"
            raise DataError(f"{where}, columns, {name}: {said}")
    return replace(entry, id=key, columns={n: replace(c, name=n) for n, c in entry.columns.items()})


def show(identifier: str) -> str:
    """Say in text what the registry holds about a source.

    Raises `DataError` for an id that is not in the registry.

    >>> print(show("bob_users_dep_2017").splitlines()[0])
    bob_users_dep_2017 – Users of Bob by département, 27 November 2017
    """
    from jinja2 import Template

    text = Path(__file__).with_name("show.txt").read_text(encoding="utf-8")
    return Template(text, trim_blocks=True, lstrip_blocks=True).render(source=source(identifier)).rstrip("\n")
