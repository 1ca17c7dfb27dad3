"""The registry of sources: `data/sources.yaml`, read once, every field checked before anything uses it."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl
import yaml

from bobanalysis.data.errors import DataError

Text = Mapping[str, str]
"""A text in two languages: {"fr": …, "en": …}."""

TYPES: dict[str, Any] = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64, "label": pl.Enum}
ACCESS = ("download", "account", "restricted", "closed")


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times faster


@dataclass(frozen=True)
class Column:
    """A column: its type, unit and meaning; `order` lists the labels of a `label` column, lowest first."""

    name: str
    type: str
    unit: str
    text: Text
    order: tuple[str, ...] = ()

    @property
    def dtype(self) -> Any:
        """The Polars type of the column."""
        return pl.Enum(self.order) if self.type == "label" else TYPES[self.type]


@dataclass(frozen=True)
class Source:
    """One source of figures: where it comes from and what may be done with it, its columns, quirks and
    checks."""

    id: str
    title: Text
    producer: str
    vintage: str
    licence: str
    landing: str
    columns: Mapping[str, Column]
    files: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    rows: int | None = None
    sha256: str | None = None
    official_sha256: Mapping[str, str] = field(default_factory=dict)
    access: Literal["download", "account", "restricted", "closed"] = "download"
    shipped_as: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    reached: str = ""
    quirks: tuple[Text, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()

    def orders(self) -> dict[str, tuple[str, ...]]:
        """The columns that carry an order of their own, with their labels from the lowest up."""
        return {name: column.order for name, column in self.columns.items() if column.order}


def root() -> Path:
    """The folder of `sources.yaml` and `reference/`: $BOBANALYSIS_DATA, or `data` in the repository."""
    return Path(os.environ.get("BOBANALYSIS_DATA") or Path(__file__).parents[3] / "data")


def sources() -> Mapping[str, Source]:
    """All sources by id, in the order of the file. Raises `DataError` naming file, entry and field.

    >>> sources()["departements"].rows
    101
    """
    path = root() / "sources.yaml"
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0)


def source(identifier: str) -> Source:
    """One source by id. Raises `DataError` for an id that is not in the registry, with the nearest ones.

    >>> source("rome_fap209")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    bobanalysis.data.errors.DataError: no source 'rome_fap209'; did you mean rome_fap2009? ...
    """
    known = sources()
    if identifier in known:
        return known[identifier]
    near = difflib.get_close_matches(identifier, known, n=3, cutoff=0.65)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    raise DataError(f"no source {identifier!r}; {hint}`bobanalysis data list` shows them all")


@cache
def _load(path: Path, _changed: int) -> Mapping[str, Source]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except FileNotFoundError:
        raise DataError(
            f"{path}: not there; set BOBANALYSIS_DATA to the folder of the repository named data"
        ) from None
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    entries = content.get("sources") if isinstance(content, dict) else None
    if not isinstance(entries, dict) or not entries:
        raise DataError(f"{path}: the file must hold a mapping named sources")
    return {key: _entry(_Reader(path, str(key), body)) for key, body in entries.items()}


class _Reader:
    """Takes fields out of one entry and says which one is wrong."""

    def __init__(self, path: Path, entry: str, body: Any) -> None:
        self.path, self.entry, self.body = path, entry, body
        if not isinstance(body, dict):
            raise self.wrong("", f"must be a mapping of fields, not {type(body).__name__}")
        unknown = set(body) - {f for f in Source.__dataclass_fields__ if f != "id"}
        if unknown:
            raise self.wrong(
                sorted(map(str, unknown))[0], "is not a field; see docs of bobanalysis.data.registry.Source"
            )

    def wrong(self, name: str, why: str) -> DataError:
        return DataError(f"{self.path}: entry {self.entry}{f', field {name}' if name else ''}: {why}")

    def get(self, name: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        value = self.body.get(name)
        if value is None:
            if required:
                raise self.wrong(name, "is missing")
            return default
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(name, f"must be {kind.__name__}, not {value!r}")
        return value

    def text(self, name: str, value: Any) -> Text:
        if not isinstance(value, dict) or not all(
            isinstance(value.get(k), str) and value[k] for k in ("fr", "en")
        ):
            raise self.wrong(name, f"must hold a text in fr and in en, not {value!r}")
        return {"fr": value["fr"], "en": value["en"]}


def _entry(read: _Reader) -> Source:
    columns = {
        name: _column(read, name, body) for name, body in read.get("columns", dict, required=True).items()
    }
    table = read.get("table", str)
    made = Source(
        id=read.entry,
        title=read.text("title", read.body.get("title")),
        producer=read.get("producer", str, required=True),
        vintage=read.get("vintage", str, required=True),
        licence=read.get("licence", str, required=True),
        landing=read.get("landing", str, required=True),
        columns=columns,
        files=_strings(read, "files"),
        table=table,
        rows=read.get("rows", int, required=table is not None),
        sha256=read.get("sha256", str, required=table is not None),
        official_sha256=_strings(read, "official_sha256"),
        access=read.get("access", str, "download"),
        shipped_as=tuple(read.get("shipped_as", list, [])),
        keys=tuple(read.get("keys", list, [])),
        reached=read.get("reached", str, ""),
        quirks=tuple(read.text("quirks", quirk) for quirk in read.get("quirks", list, [])),
        checks=tuple(read.get("checks", list, [])),
    )
    if made.access not in ACCESS:
        raise read.wrong("access", f"must be one of {', '.join(ACCESS)}, not {made.access!r}")
    for name, digest in {"sha256": made.sha256, **made.official_sha256}.items():
        if digest is not None and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
            raise read.wrong(name, f"must be 64 lower-case hexadecimal digits, not {digest!r}")
    if missing := [key for key in made.keys if key not in columns]:
        raise read.wrong("keys", f"{missing[0]!r} is not a column")
    return made


def _column(read: _Reader, name: str, body: Any) -> Column:
    where = f"columns.{name}"
    text = read.text(where, body)
    kind, order = body.get("type", "text"), body.get("order", [])
    if kind not in TYPES:
        raise read.wrong(where, f"type must be one of {', '.join(TYPES)}, not {kind!r}")
    if (kind == "label") != bool(order):
        raise read.wrong(where, "a label column, and no other, lists its labels in order")
    if not isinstance(body.get("unit"), str):
        raise read.wrong(where, "unit is missing")
    return Column(str(name), kind, body["unit"], text, tuple(map(str, order)))


def _strings(read: _Reader, name: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in read.get(name, dict, {}).items()}
