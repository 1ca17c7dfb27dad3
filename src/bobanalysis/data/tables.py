"""Read the shipped reference tables with the types of the registry, and check them."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.data.registry import DataError, Source, folder, source

REPAIR = "restore it with `git checkout -- data/reference`, or see data/README.md to make it again"


def table(identifier: str) -> pl.DataFrame:
    """A shipped reference table, with the columns, types and orders that the registry gives.

    Parameters: `identifier`, an id of `sources()` that ships a table. Bands are `Enum` columns in their own
    order, not the alphabet's. `departements_map` comes as a row a shape, with `geometry` as GeoJSON text;
    see also `geojson`. Returns a Polars frame (not shared: change it freely). Raises `DataError` naming the
    file and what to do.

    >>> table("departements").filter(pl.col("dep") == "2A")["name"].item()
    'Corse-du-Sud'
    """
    path = table_path(source(identifier))
    return _read(identifier, path, path.stat().st_mtime_ns if path.exists() else 0).clone()


def geojson(identifier: str = "departements_map") -> dict[str, Any]:
    """A shipped map as a GeoJSON feature collection on a flat plane (see `tools/derive/shapes.py`).

    >>> sorted({f["properties"]["inset"] for f in geojson()["features"]})
    ['none', 'overseas', 'paris']
    """
    path = table_path(source(identifier))
    return _parse_map(content(path), path)


def table_path(entry: Source) -> Path:
    """The file of a shipped table. Raises `DataError` when the source ships none."""
    if entry.table is None:
        hint = f"; from it come the shipped tables {', '.join(entry.shipped_as)}" if entry.shipped_as else ""
        fetch = f"`bobanalysis data fetch {entry.id}`{hint}"
        raise DataError(f"{entry.id} is an official file that is not shipped: {fetch}")
    return folder() / "reference" / entry.table


def content(path: Path) -> bytes:
    """The bytes of a shipped file, unpacked. Raises `DataError` when it is missing, truncated or not gzip."""
    try:
        packed = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: the file is missing; {REPAIR}") from None
    if path.suffix != ".gz":
        return packed
    try:
        return gzip.decompress(packed)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        what = f"truncated or damaged ({len(packed):,} bytes, {error})"
        raise DataError(f"{path}: the compressed file is {what}; {REPAIR}") from None


def digest(data: bytes) -> str:
    """The sha256 of the unpacked content: compression differs between machines, figures must not."""
    return hashlib.sha256(data).hexdigest()


def parse(entry: Source, data: bytes, path: Path) -> pl.DataFrame:
    """Make a frame of the unpacked content of a shipped table. Raises `DataError` naming file, column and
    row."""
    if path.suffix == ".geojson":
        shapes = _parse_map(data, path)["features"]
        rows = [{**shape["properties"], "geometry": json.dumps(shape["geometry"])} for shape in shapes]
        return pl.DataFrame(rows, {c.name: c.dtype for c in entry.columns.values()})
    try:
        text = pl.read_csv(data, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path}: not readable as a table ({str(error).splitlines()[0]}); {REPAIR}") from None
    if missing := [name for name in entry.columns if name not in text.columns]:
        raise DataError(f"{path}: no column {', '.join(missing)}; it has {', '.join(text.columns)}; {REPAIR}")
    if extra := [name for name in text.columns if name not in entry.columns]:
        raise DataError(f"{path}: column {', '.join(extra)} is not in sources.yaml, entry {entry.id}; add it")
    typed = text.with_columns(pl.col(c.name).cast(c.dtype, strict=False) for c in entry.columns.values())
    for name, column in entry.columns.items():
        for row in (typed[name].is_null() & text[name].is_not_null()).arg_true().head(1):
            wanted = f"one of {', '.join(column.order)}" if column.order else f"of type {column.type}"
            wrong = f"{text[name][row]!r} is not {wanted}"
            raise DataError(f"{path}: row {row + 2}, column {name}: {wrong}; {REPAIR}")
    return typed.select(list(entry.columns))


@cache
def _read(identifier: str, path: Path, _changed: int) -> pl.DataFrame:
    return parse(source(identifier), content(path), path)


def _parse_map(data: bytes, path: Path) -> dict[str, Any]:
    try:
        return json.loads(data)  # type: ignore[no-any-return]
    except ValueError as error:
        raise DataError(f"{path}: not readable as GeoJSON ({error}); {REPAIR}") from None
