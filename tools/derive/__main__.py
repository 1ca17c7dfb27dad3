"""Make the shipped reference tables again from a folder of raw files.

    python -m tools.derive RAW_DIR [--output FOLDER] [--only ID] [--record]

The raw files are those that `data/sources.yaml` names under `reached`; `data/README.md` shows the folder.
The same raw files give the same bytes: rows are sorted, numbers rounded to a stated number of decimals, and a
compressed table carries no time.
"""

from __future__ import annotations

import argparse
import gzip
import io
import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from bobanalysis.data import DataError, folder, source, sources
from bobanalysis.data.tables import content, digest, parse
from bobanalysis.tables import InputError
from tools.derive.shapes import departements_map
from tools.derive.tables import TABLES


def sort_rows(frame: pl.DataFrame, orders: Mapping[str, tuple[str, ...]] | None = None) -> pl.DataFrame:
    """Sort by every column from the left; a column with an order of its own sorts by it and not by the
    alphabet.

    >>> bands = pl.DataFrame({"age_band": ["25-49", "5-9"]})
    >>> sort_rows(bands, {"age_band": ("5-9", "25-49")})["age_band"].to_list()
    ['5-9', '25-49']
    """
    orders = orders or {}
    keys = [pl.col(c).cast(pl.Enum(orders[c])) if c in orders else pl.col(c) for c in frame.columns]
    return frame.sort(keys, nulls_last=True)


def as_bytes(frame: pl.DataFrame, *, compressed: bool) -> bytes:
    """Write a frame as CSV text; compressed text carries no time and no name, so that its bytes repeat."""
    text = io.BytesIO()
    frame.write_csv(text)
    if not compressed:
        return text.getvalue()
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=9, mtime=0) as stream:
        stream.write(text.getvalue())
    return packed.getvalue()


def _make(identifier: str, raw: Path) -> pl.DataFrame:
    try:
        return TABLES[identifier](raw)
    except pl.exceptions.PolarsError as error:
        cause = str(error).splitlines()[0]
        raise DataError(
            f"{identifier}: the raw file has not the columns or labels that "
            f"tables.{identifier} reads ({cause})"
        ) from None


def write_tables(raw: Path, output: Path, only: tuple[str, ...] = ()) -> list[Path]:
    """Make the reference tables in `output` from the raw files in `raw`.

    Parameters: `raw`, folder of raw files; `output`, folder for the tables; `only`, ids to make (all when
    empty). Returns the files written. Raises `DataError` when a raw file is missing or its figures disagree
    with themselves.
    """
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for entry in sources().values():
        if entry.table is None or (only and entry.id not in only):
            continue
        path = output / entry.table
        if entry.table.endswith(".geojson"):
            content = departements_map(raw)
        else:
            frame = sort_rows(
                _make(entry.id, raw), {c.name: c.order for c in entry.columns.values() if c.order}
            )
            content = as_bytes(frame, compressed=path.suffix == ".gz")
        path.write_bytes(content)
        written.append(path)
    return written


def record(identifier: str, path: Path, registry: Path) -> bool:
    """Write rows and sha256 of a table into its entry of `sources.yaml`, other lines untouched. Returns if
    it changed."""
    data = content(path)
    rows = parse(source(identifier), data, path).height
    text = registry.read_text(encoding="utf-8")
    start = text.index(f"\n  {identifier}:\n")
    stop = re.compile(r"\n  \w+:\n").search(text, start + 1)
    entry = text[start : stop.start() if stop else None]
    new = re.sub(r"\n    rows: \d+", f"\n    rows: {rows}", entry)
    new = re.sub(r'\n    sha256: "\w+"', f'\n    sha256: "{digest(data)}"', new)
    registry.write_text(text.replace(entry, new), encoding="utf-8")
    return new != entry


def main(arguments: list[str] | None = None) -> None:
    """Run the derivation from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.derive", description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path, metavar="RAW_DIR", help="folder of raw files, see data/README.md")
    parser.add_argument("--output", type=Path, default=folder() / "reference", help="where the tables go")
    parser.add_argument(
        "--only", action="append", default=[], metavar="ID", help="make this table only (may be repeated)"
    )
    parser.add_argument("--record", action="store_true", help="write rows and sha256 into sources.yaml")
    options = parser.parse_args(arguments)
    by_file = {entry.table: entry.id for entry in sources().values()}
    try:
        for path in write_tables(options.raw, options.output, tuple(options.only)):
            identifier = by_file[path.name]
            changed = options.record and record(identifier, path, folder() / "sources.yaml")
            print(f"{identifier}: {path.stat().st_size:,} bytes{', recorded' if changed else ''}", flush=True)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
