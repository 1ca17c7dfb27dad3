"""Read and write tables: CSV as people publish it, Parquet, JSON lines; and YAML files of known shape.

Longer than 450 lines because it is the one reader for the whole package. It says which rows it could not read
and why; what the values mean is for its callers to say. Text stays text until :func:`as_number`,
:func:`as_whole` or :func:`as_yes_no` is asked.
"""

from __future__ import annotations

import codecs
import csv
import dataclasses
import difflib
import glob
import io
import json
import marshal
import os
import platform
import re
import sys
import types
import typing
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import numpy as np
import polars as pl
import yaml

from bobanalysis.text import Text

if TYPE_CHECKING:
    from concurrent.futures import Future

YES = ("1", "1.0", "true", "t", "yes", "y", "oui", "o", "vrai")
NO = ("0", "0.0", "false", "f", "no", "n", "non", "faux")
"""Texts that mean yes and no, in French and in English, whatever their case: the only list of them."""

REJECTS = {"file": str, "row": int, "column": str, "value": str, "problem": str}
"""Schema of what was not read; the first row of data is row 1."""

FORMATS = (".parquet", ".csv", ".jsonl")
ROWS = 1 << 17  # rows held in memory at a time
PART_ROWS = 1 << 20  # rows of a part that is worked on by itself
Names = Sequence[str] | None
Quick = tuple[Sequence[str], Sequence[str]] | None
PROJECT = Path(__file__).parents[2]
LINE = "(line)"  # stands for the column where a whole line is wrong


class InputError(ValueError):
    """A file or a frame cannot be read; the message says which, where in it, and what to do."""


class NoRecords(InputError):
    """A JSON file holds nobody: an empty list, or no line."""


# --- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """Some rows of a table, their numbers in the file, and the rows between them that could not be read.

    ``file`` is the name of the file where a table is a folder of them.
    """

    frame: pl.DataFrame
    rows: pl.Series
    rejects: pl.DataFrame
    file: str = ""


@dataclass(frozen=True)
class Part:
    """Some of the rows of a table that is read in parts: a file of a folder, or rows of a Parquet file.

    Attributes:
        path: the file.
        number: which part it is, from 0.
        first: how many rows of the file are before it.
        rows: how many there are; None for a whole file.
    """

    path: Path
    number: int = 0
    first: int = 0
    rows: int | None = None

    def __str__(self) -> str:
        """Return where it is, for people."""
        where = f"{self.path}"
        return where if self.rows is None else f"{where}, rows {self.first + 1} to {self.first + self.rows}"


@dataclass(frozen=True)
class Table:
    """A file, or a folder of files alike, that has been opened.

    Attributes:
        path: where it is.
        columns: the names of its columns, without spaces around them.
        notes: what was assumed while it was opened.
        decimal_comma: whether its numbers may be written 0,5.
        kind: how it was read.
    """

    path: Path
    columns: tuple[str, ...]
    read: Callable[[Sequence[str], int, Quick], Iterator[Batch]]
    notes: tuple[Text, ...] = ()
    decimal_comma: bool = False
    kind: Literal["csv", "parquet", "json"] = "csv"

    def batches(self, columns: Names = None, rows: int = ROWS, *, quick: Quick = None) -> Iterator[Batch]:
        """Read some columns (default: all), about ``rows`` rows at a time; always at least one batch.

        With ``quick`` (columns of numbers, and texts that stand for none) a CSV is read on all processors,
        its numbers as numbers and its texts as categories; an InputError then does not say where it is.
        """
        wanted = self.columns if columns is None else tuple(dict.fromkeys(columns))
        if missing := [name for name in wanted if name not in self.columns]:
            raise no_column(missing[0], self.columns, str(self.path))
        read = self.read(wanted, rows, quick)
        return _ahead(read) if quick and self.kind == "csv" else read


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Read the next batch while one is worked on."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def open_table(
    path: str | Path | Part, *, encoding: str | None = None, schema: Mapping[str, Any] | None = None
) -> Table:
    """Open a CSV (any separator, UTF-8 or Windows-1252), Parquet or JSON lines file; also compressed.

    Args:
        path: the file, whose first bytes say what it is, whatever its name; a folder of files with the same
            columns; or a part of either (see :func:`parts`).
        encoding: of a CSV; default UTF-8, or Windows-1252 where the file is not UTF-8.
        schema: types of the fields of JSON lines; default: as they are found.

    Raises:
        InputError: there is no such file, or it is empty, cut short, or of another kind.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> file = Path(folder.name) / "towns.csv"
        >>> _ = file.write_bytes("nom;taux\\nOrléans;0,5\\nLyon\\n".encode("cp1252"))
        >>> table = open_table(file)
        >>> table.columns, table.decimal_comma, table.notes[0].en
        (('nom', 'taux'), True, 'towns.csv is not UTF-8: read as Windows-1252. Save as UTF-8 if it is not.')
        >>> [(b.frame.rows(), b.rejects.row(0)) for b in table.batches()]
        [([('Orléans', '0,5')], ('towns.csv', 2, '(line)', 'Lyon', 'has 1 fields, not 2'))]
        >>> folder.cleanup()
    """
    part = path if isinstance(path, Part) else Part(Path(path))
    path = part.path
    if path.is_dir():
        return _folder(path, encoding=encoding, schema=schema)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            start = file.read(8)
        suffixes = {s.lower() for s in path.suffixes}
        if not start and not suffixes & {".jsonl", ".ndjson"}:
            raise InputError(f"{path} is empty (0 bytes)")
        if start.startswith(b"PAR1") or _is_parquet(path):
            return _parquet(path, part.first, part.rows)
        if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise InputError(f"{path} is a zip or spreadsheet file; save the sheet as CSV and give that")
        with _stream(path) as stream:
            start = stream.read(1 << 20)
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {short(error)}") from error
    if suffixes & {".jsonl", ".ndjson", ".json"} or re.match(rb"(\xef\xbb\xbf)?\s*(\[\s*)?\{\s*\"", start):
        return _json(path, schema)
    return _csv(path, start, encoding)


def read_table(path: str | Path | Part, columns: Sequence[str] | None = None, **options: Any) -> pl.DataFrame:
    """Read a whole table that must not have a wrong row; arguments as for :func:`open_table`.

    Raises:
        InputError: it cannot be opened, lacks a column, or has a row that cannot be read.
    """
    frames = []
    for batch in open_table(path, **options).batches(columns):
        frames.append(batch.frame)
        for _, row, column, value, problem in batch.rejects.head(1).iter_rows():
            where = "" if column == LINE else f", column {column!r}"
            raise InputError(f"{path}, row {row}{where}: {value!r} {problem}")
    return pl.concat(frames, how="vertical_relaxed")


def no_column(name: str, columns: Sequence[str], where: str) -> InputError:
    """Say that a column is not there, which one looks like it, and which ones are."""
    shown = ", ".join(columns[:40]) + (", …" if len(columns) > 40 else "")
    return InputError(f"{where} has no column {name!r}{_similar(name, columns)}; it has: {shown}")


def _similar(name: str, known: Sequence[str]) -> str:
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def short(error: BaseException) -> str:
    """Return the message of an error of another library in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def _stream(path: Path) -> Any:
    """Open a file, unpacked if it is packed; gzip is known by its first bytes, whatever the name."""
    import pyarrow as pa

    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return pa.input_stream(str(path), compression="gzip" if packed else "detect")


def rejects(rows: Sequence[tuple[int, str, str, str]] = (), file: str = "") -> pl.DataFrame:
    """Return rows that were not read (row, column, value, problem) as a frame."""
    return pl.DataFrame([(file, *row) for row in rows], schema=REJECTS, orient="row")


def parts(path: str | Path, rows: int = PART_ROWS) -> list[Part]:
    """Return the parts that a table can be read in, each by itself: files of a folder, rows of Parquet.

    Args:
        path: a table, or a folder of tables; a CSV or a JSON file is one part.
        rows: of a Parquet file, at most so many a part.

    Raises:
        InputError: there is no such file, or a folder holds no table.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        ...     [(part.number, part.first, part.rows) for part in parts(file.name)]
        [(0, 0, None)]
    """
    path, found = Path(path), list[Part]()
    if not path.exists():
        raise InputError(f"{path}: no such file")
    for file in _files(path) if path.is_dir() else [path]:
        height = parquet_height(file)
        for at in range(0, max(height, 1), rows):
            bounds = (at, min(rows, height - at)) if height > rows else (0, None)
            found.append(Part(file, len(found), *bounds))
    return found


def parquet_height(file: Path) -> int:
    """Rows of a Parquet file; 0 for another, or one that cannot be read: who reads it says so."""
    try:
        return pl.scan_parquet(file).select(pl.len()).collect().item() if _is_parquet(file) else 0
    except (pl.exceptions.PolarsError, OSError):
        return 0


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _files(folder: Path) -> list[Path]:
    """Tables of a folder by name; names that begin with a dot or an underscore are not of the data."""
    kinds = (*FORMATS, ".pq", ".tsv", ".ndjson", ".gz", ".trec", ".run", ".qrels")
    names = (file for file in folder.iterdir() if file.suffix.lower() in kinds and file.name[0] not in "._")
    if not (found := sorted(names)):
        raise InputError(f"{folder} is a folder without a table ({', '.join(kinds)}); give one file")
    return found


def _folder(path: Path, **options: Any) -> Table:
    """A folder of tables with the same columns, read one after another."""
    tables = [open_table(file, **options) for file in _files(path)]
    first = tables[0]
    for other in tables:
        if apart := sorted({*first.columns} ^ {*other.columns}):
            raise InputError(f"{other.path} and {first.path} differ in column {apart[0]!r}; write all alike")

    def read(columns: Sequence[str], rows: int, quick: Quick) -> Iterator[Batch]:
        for table in tables:
            for batch in table.read(columns, rows, quick):
                yield dataclasses.replace(batch, file=table.path.name)

    notes = tuple(dict.fromkeys(note for table in tables for note in table.notes))
    comma = any(table.decimal_comma for table in tables)
    return Table(path, first.columns, read, notes, comma, first.kind)


def _parquet(path: Path, before: int = 0, height: int | None = None) -> Table:
    try:
        schema = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path} is not a whole Parquet file, perhaps cut short: {short(error)}") from error

    def read(columns: Sequence[str], rows: int, quick: Quick) -> Iterator[Batch]:
        wanted, first = pl.scan_parquet(path).select(columns).slice(before, height), before + 1
        size = max(1, rows if quick else rows // 4)
        try:
            for frame in wanted.collect_batches(chunk_size=size, maintain_order=True):
                yield Batch(plain(frame, str(path)), _numbers(first, frame.height), rejects())
                first += frame.height
            if first == before + 1:
                yield Batch(plain(wanted.head(0).collect(), str(path)), _numbers(first, 0), rejects())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{path} cannot be read to its end: {short(error)}") from error

    return Table(path, tuple(schema), read, kind="parquet")


def plain(frame: pl.DataFrame, where: str = "frame") -> pl.DataFrame:
    """Turn types that other tools write into text, numbers, booleans and dates.

    Raises:
        InputError: a column holds durations, times of day, Python objects, what another tool alone can read
            (periods of pandas), or bytes that are not UTF-8.
    """
    changed = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.BaseExtension) and dtype.ext_name().startswith("arrow."):
            changed.append(frame[name].ext.storage())
        elif isinstance(dtype, pl.Duration | pl.Time | pl.Object | pl.BaseExtension):
            raise InputError(f"{where}: column {name!r} holds {dtype}; write it as text or numbers")
        elif isinstance(dtype, pl.Decimal):
            changed.append(frame[name].cast(pl.Float64))
        elif isinstance(dtype, pl.Categorical | pl.Enum | pl.Null | pl.Binary):
            try:
                changed.append(frame[name].cast(pl.String))
            except pl.exceptions.PolarsError:
                problem = "holds bytes that are not UTF-8; write it as text"
                raise InputError(f"{where}: column {name!r} {problem}") from None
    return frame.with_columns(changed)


def _numbers(first: int, count: int) -> pl.Series:
    return pl.int_range(first, first + count, dtype=pl.Int64, eager=True)


def _csv(path: Path, start: bytes, asked: str | None) -> Table:
    import pyarrow as pa
    from pyarrow import csv as pa_csv

    encoding, said = _encoding(path, path.stat().st_mtime_ns, start, asked)
    notes = [_said(key, file=path.name) for key in said]
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start).lstrip("\ufeff")
    told = re.match(r"\s*sep=(.)(?=[\r\n])", text)
    body = text[told.end() :] if told else text
    above = text[: len(text) - len(body.lstrip())]
    skip = len(re.findall(r"\r\n?|\n", above))  # as the reader below counts lines: \r by itself ends one
    text = text[max(above.rfind("\n"), above.rfind("\r")) + 1 :]
    if not text.strip():
        raise InputError(f"{path} has no header: it holds nothing but blanks")
    mark = told[1] if told else _separator(text)
    header = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
    names, doubled = _unique(next(header))
    skip += header.line_num
    notes += [_said("doubled", name=name) for name in doubled]

    def read(columns: Sequence[str], rows: int, quick: Quick) -> Iterator[Batch]:
        wrong: list[tuple[int, str, str, str]] = []

        def leave_out(row: Any) -> str:
            problem = f"has {row.actual_columns} fields, not {row.expected_columns}"
            wrong.append((row.number - skip, LINE, row.text[:80], problem))
            return "skip"

        given, gaps = quick or ((), ())
        # Beside numbers few rows are alike and are kept: categories take less room, texts less time.
        types = dict.fromkeys(columns, pa.dictionary(pa.int32(), pa.string()) if given else pa.string())
        types |= dict.fromkeys(given, pa.float64())
        options = {"decimal_point": "," if comma else ".", "null_values": gaps}
        handler = None if quick else leave_out  # rows have numbers only where one thread reads
        blocks = {"use_threads": bool(quick), "skip_rows": skip, "block_size": rows * (16 if quick else 64)}
        parse = {"delimiter": mark, "newlines_in_values": True, "invalid_row_handler": handler}
        first, empty = 1, True
        try:
            with _stream(path) as stream:
                reader = pa_csv.open_csv(
                    stream,
                    pa_csv.ReadOptions(column_names=names, encoding=encoding, **blocks),
                    pa_csv.ParseOptions(**parse),
                    pa_csv.ConvertOptions(include_columns=list(columns), column_types=types, **options),
                )
                for batch in reader:
                    # Polars copies texts, but not views of them
                    texts = {name: pa.string_view() for name, kind in types.items() if kind == pa.string()}
                    kinds = {field.name: texts.get(field.name, field.type) for field in batch.schema}
                    frame, empty = pl.DataFrame(pl.from_arrow(batch.cast(pa.schema(kinds)))), False
                    numbers, first = _between(first, frame.height, [row for row, *_ in wrong])
                    found = [row for row in wrong if row[0] < first]
                    yield Batch(frame, numbers, rejects(found, path.name))
                    del wrong[: len(found)]
        except (pa.ArrowException, OSError, EOFError, UnicodeError) as error:
            if not re.search("Empty CSV|Could not skip initial", str(error)):  # a header alone
                raise InputError(f"{path} cannot be read to its end: {short(error)}") from error
        if wrong or empty:
            nothing = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
            yield Batch(nothing, _numbers(1, 0), rejects(wrong, path.name))

    comma = mark == ";" or (mark == "\t" and bool(re.search(r"\t-?\d+,(\d\d?|\d{4,})\s*[\t\n]", text)))
    return Table(path, tuple(names), read, tuple(notes), comma)


def _between(first: int, count: int, lost: Sequence[int]) -> tuple[pl.Series, int]:
    """Return the numbers of ``count`` rows from ``first`` on, those lost left out, and the next number."""
    numbers = np.setdiff1d(np.arange(first, first + count + len(lost) + 1), lost, assume_unique=True)
    return pl.Series(numbers[:count], dtype=pl.Int64), int(numbers[count])


@lru_cache(maxsize=8)
def _encoding(path: Path, changed: int, start: bytes, asked: str | None) -> tuple[str, tuple[str, ...]]:
    """Find how a text file is encoded, and what is to be said of it; all of it is read."""
    if asked:
        try:
            return codecs.lookup(asked).name, ()
        except LookupError as error:
            raise InputError(f"encoding {asked!r} is not known; utf-8, cp1252 and latin-1 are") from error
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", ()
    if b"\x00" in start:
        raise InputError(f"{path} holds binary data, not text; give CSV, Parquet or JSON lines")
    decoder, lines, ascii_only = codecs.getincrementaldecoder("utf-8")(), 1, True
    try:
        with _stream(path) as stream:
            while block := stream.read(1 << 23):
                if not (ascii_only and block.isascii()):
                    decoder.decode(block)
                    ascii_only = False
                lines += block.count(b"\n")
    except UnicodeDecodeError as error:
        before, byte = error.object[: error.start], error.object[error.start]
        if not (ascii_only and before.isascii()):  # so far it was UTF-8, with accents: this is a broken byte
            line = lines + before.count(b"\n")
            wrong = f"{path}, line {line}: byte {byte:#04x} is not UTF-8"
            hint = "save the file as UTF-8 (`audit` takes its encoding too: --encoding cp1252)"
            raise InputError(f"{wrong}; {hint}") from None
        return "cp1252", ("not_utf8",)
    except (OSError, EOFError) as error:
        raise InputError(f"{path} cannot be read to its end: {short(error)}") from error
    return "utf-8", ()


def _said(key: str, **facts: str) -> Text:
    return load_yaml(dict[str, Text], Path(__file__).with_name("tables.yaml"))[key].filled(**facts)


def _separator(text: str) -> str:
    """The separator that cuts the first rows into the same number of fields, the most fields first."""
    lines = text.splitlines(keepends=True)[:50]
    if len(lines) > 1 and not lines[-1].endswith(("\n", "\r")):
        lines = lines[:-1]

    def fit(mark: str) -> tuple[float, int]:
        rows = [row for row in csv.reader(lines, delimiter=mark, skipinitialspace=True) if row]
        fields = len(rows[0]) if rows else 1
        return (sum(len(row) == fields for row in rows) / max(len(rows), 1) if fields > 1 else 0, fields)

    return max(",;\t|", key=fit)


def _unique(header: Sequence[str]) -> tuple[list[str], list[str]]:
    names, doubled = list[str](), list[str]()
    for place, raw in enumerate(header, 1):
        name = raw.strip() or f"column {place}"
        if name in names:
            doubled.append(name)
            name = f"{name} (column {place})"
        names.append(name)
    return names, list(dict.fromkeys(doubled))


def _json(path: Path, schema: Mapping[str, Any] | None) -> Table:
    """JSON lines, or a JSON file of one record or of a list of records."""
    if schema is None:
        head = [line for line in islice(json_lines(path), 1000) if line.strip()]
        schema = _records(head, None, 1)[0].schema if head else {}
        if not schema:
            kind = InputError if head else NoRecords
            raise kind(f"{path} holds no record; give one JSON object a line")

    def read(columns: Sequence[str], rows: int, quick: Quick) -> Iterator[Batch]:
        first, left = 1, json_lines(path)
        try:
            while (taken := list(islice(left, max(1, rows // 10)))) or first == 1:
                frame, good, bad = _records(taken, schema, first)
                yield Batch(frame.select(columns), pl.Series(good, dtype=pl.Int64), rejects(bad, path.name))
                first += max(1, len(taken))
        except (OSError, EOFError) as error:
            raise InputError(f"{path} cannot be read to its end: {short(error)}") from error

    return Table(path, tuple(schema), read, kind="json")


def json_lines(path: Path) -> Iterator[bytes]:
    """Iterate over the lines of a file; a file of one record or of a list becomes lines."""
    if ".json" in {s.lower() for s in path.suffixes}:
        try:
            with _stream(path) as stream:
                raw = json.loads(stream.read().decode("utf-8-sig"))
        except (ValueError, OSError, EOFError, RecursionError) as error:
            if "Extra data" not in str(error):  # JSON lines under the name of JSON
                raise InputError(f"{path} is not JSON: {short(error)}") from error
        else:
            yield from (json.dumps(record).encode() for record in (raw if isinstance(raw, list) else [raw]))
            return
    with _stream(path) as stream:
        for number, line in enumerate(io.BufferedReader(stream)):
            yield line.removeprefix(codecs.BOM_UTF8) if number == 0 else line


def _records(
    lines: list[bytes], schema: Mapping[str, Any] | None, first: int
) -> tuple[pl.DataFrame, list[int], list[tuple[int, str, str, str]]]:
    """Read lines together or, where that fails, one at a time to find the wrong ones."""

    def parsed(content: bytes) -> pl.DataFrame:
        return pl.read_ndjson(io.BytesIO(content), schema=schema, infer_schema_length=None)

    try:
        frame = parsed(b"\n".join(line.rstrip(b"\r\n") for line in lines))
        if frame.height == len(lines):
            return frame, list(range(first, first + len(lines))), []
    except (pl.exceptions.PolarsError, OSError):
        pass
    kept, good, bad = list[bytes](), [], []
    for number, line in enumerate(lines, first):
        try:
            if not isinstance(json.loads(line), dict):
                raise ValueError("not a JSON object")
            parsed(b"\n".join([*kept[:1], line.strip()]))  # of kinds that go with those of the first
            kept.append(line.strip())
            good.append(number)
        except (ValueError, OSError, RecursionError, pl.exceptions.PolarsError) as error:
            shown = line[:80].decode("utf-8", "replace").strip()
            bad.append((number, LINE, shown, f"is not a record: {short(error)}"))
    try:
        return parsed(b"\n".join(kept)) if kept else pl.DataFrame(schema=schema), good, bad
    except pl.exceptions.PolarsError as error:
        kinds = "one field holds numbers or text in some records, and objects or lists in others"
        raise InputError(f"records {first} to {first + len(lines) - 1}: {kinds}: {short(error)}") from error


def to_polars(frame: Any) -> tuple[pl.DataFrame, Callable[[pl.DataFrame], Any]]:
    """Return a frame of Polars, pandas or PyArrow in Polars, and the way back.

    Raises:
        InputError: it is of another kind.
    """
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame if isinstance(frame, pl.DataFrame) else frame.collect(), lambda out: out
    import narwhals as nw  # not for who has Polars: it takes a while to import

    try:
        native = nw.from_native(frame, eager_only=True)
    except TypeError:
        raise InputError(f"give a Polars, pandas or PyArrow frame, not {type(frame).__name__}") from None
    kind = native.implementation
    return native.to_polars(), lambda out: nw.from_arrow(out.to_arrow(), backend=kind).to_native()


# --- values -------------------------------------------------------------------------------------------------


def as_number(column: pl.Expr, dtype: Any = None, decimal_comma: bool = False) -> pl.Expr:
    """Return a column of ``dtype`` (text unless given) as numbers: null where it is empty or no number.

    Example:
        >>> frame = pl.DataFrame({"x": ["1\\u202f250,5", " 3 ", "many", None]})
        >>> frame.select(as_number(pl.col("x"), decimal_comma=True)).to_series().to_list()
        [1250.5, 3.0, None, None]
    """
    if dtype not in (None, pl.String):
        return column.cast(pl.Float64, strict=False).fill_nan(None)
    text = column.str.strip_chars().str.replace_all(r"[\u00a0\u202f](\d{3})", "${1}")
    text = text.str.replace(",", ".", literal=True) if decimal_comma else text
    return text.cast(pl.Float64, strict=False).fill_nan(None)


def as_whole(column: pl.Expr, dtype: Any = None, decimal_comma: bool = False) -> pl.Expr:
    """Return a column as whole numbers, also where they are written 48.0; null where they are not whole.

    Example:
        >>> pl.DataFrame({"x": ["48.0", "54.7", "3"]}).select(as_whole(pl.col("x"))).to_series().to_list()
        [48, None, 3]
    """
    if dtype not in (None, pl.String) and dtype.is_integer():
        return column.cast(pl.Int64, strict=False)
    number = as_number(column, dtype, decimal_comma)
    return pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False)


def as_yes_no(column: pl.Expr, dtype: Any = None) -> pl.Expr:
    """Return a column of yes and no, true and false, or 1 and 0 as booleans; null for anything else.

    Example:
        >>> pl.DataFrame({"x": ["Oui", "n", "maybe"]}).select(as_yes_no(pl.col("x"))).to_series().to_list()
        [True, False, None]
    """
    if dtype == pl.Boolean:
        return column
    if dtype not in (None, pl.String):
        number = column.cast(pl.Float64, strict=False)
        return pl.when(number == 1).then(True).when(number == 0).then(False)
    text = column.str.strip_chars().str.to_lowercase()
    return pl.when(text.is_in(list(YES))).then(True).when(text.is_in(list(NO))).then(False)


# --- distinct rows ------------------------------------------------------------------------------------------

Codes: TypeAlias = "tuple[np.typing.NDArray[np.signedinteger[Any]], int]"


def factorize(column: pl.Series | np.typing.NDArray[np.integer[Any]]) -> Codes:
    """Number the values that occur from 0 on, as ``pandas.factorize`` does, at a fraction of its time.

    Args:
        column: a column of any type, or whole numbers: one value a row.

    Returns:
        The number of each row's value, and how many values there are. Numbers follow the order of the values
        (texts excepted); rows without a value have the number 0.

    Example:
        >>> factorize(np.array([7, 7, 2]))[0].tolist(), factorize(pl.Series([0.5, None]))[0].tolist()
        ([1, 1, 0], [1, 0])
    """
    if isinstance(column, pl.Series):
        if column.dtype in (pl.String, pl.Categorical):
            column = column.cast(pl.Categorical).to_physical().cast(pl.Int64)
        if column.dtype.is_signed_integer() or column.dtype == pl.Boolean:
            column = column.cast(pl.Int64)
        small = column.dtype == pl.Int64 and column.is_between(-(1 << 60), 1 << 60).all()
        column = (column if small else column.rank("dense")).cast(pl.Int64)
        least: Any = column.min() or 0
        column = column.fill_null(least - 1).to_numpy()
    codes = column.astype(np.int64) - int(column.min(initial=0))
    most = int(codes.max(initial=0)) + 1
    if most > len(codes) + (1 << 20):
        values, codes = np.unique(codes, return_inverse=True)
        return codes, len(values)
    there = np.zeros(most, dtype=bool)
    there[codes] = True
    place = np.cumsum(there) - 1
    return place.take(codes), int(place[-1]) + 1


def unique_rows(columns: Iterable[Codes]) -> tuple[np.typing.NDArray[np.int64], np.typing.NDArray[np.int64]]:
    """Find the distinct rows of some columns.

    Args:
        columns: what :func:`factorize` says of each, all of one length.

    Returns:
        The place of one row of each kind, and the kind of each row.

    Example:
        >>> unique_rows([factorize(np.array([7, 7, 2])), factorize(np.array([1, 5, 1]))])[1].tolist()
        [1, 2, 0]
    """
    number, count = np.zeros(1, dtype=np.int64), 1
    for own, many in columns:
        if count * many > 1 << 16:  # tables of this size stay in the processor's cache
            number, count = factorize(number)
        if many > 1 or count == 1:
            number, count = number * many + own, count * many
    number, count = factorize(number)
    places = np.empty(count, dtype=np.int64)
    places[number] = np.arange(len(number))
    return places, number


# --- writing ------------------------------------------------------------------------------------------------


@dataclass
class Writer:
    """A table that appears under its name only once it is complete; what stood there stays if writing fails.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> file = Path(folder.name) / "out.csv"
        >>> with Writer(file) as writer:
        ...     writer.write(pl.DataFrame({"id": [1], "advice": [["a", "b"]]}))
        >>> file.read_text()
        'id,advice\\n1,a|b\\n'
        >>> folder.cleanup()
    """

    path: Path
    metadata: dict[str, str] | None = None
    _file: IO[bytes] = field(init=False)
    _sink: Future[Any] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Choose the format by the ending of the name."""
        if self.path.suffix not in FORMATS:
            raise InputError(f"{self.path}: tables are written as {', '.join(FORMATS)}")
        from concurrent.futures import ThreadPoolExecutor
        from queue import Queue

        self._threads, self._frames = ThreadPoolExecutor(1), Queue[pl.DataFrame | None](1)

    def __enter__(self) -> Writer:
        """Open the file that will take the name."""
        self._whole = ExitStack()
        self._part = self._whole.enter_context(atomic_write(self.path))
        self._file = self._part.open("wb")
        self._whole.callback(self._close)
        return self

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows."""
        if self.path.suffix == ".parquet":
            if self._sink is None:
                self._schema = frame.schema
                self._sink = self._threads.submit(self._write_parquet)
            for before, now in zip_longest(self._schema.items(), frame.schema.items()):
                if before != now:
                    raise InputError(f"{self.path}: a column is {before} and, further on, {now}; give .jsonl")
            self._pass_on(frame)
        elif self.path.suffix == ".csv":
            _flat(frame).write_csv(self._file, include_header=self._file.tell() == 0)
        else:
            frame.write_ndjson(self._file)

    def __exit__(self, *error: Any) -> None:
        """Give the file its name, or leave what stood there where something failed."""
        self._whole.__exit__(*error)

    def _close(self) -> None:
        if self._sink is not None:
            self._pass_on(None)
            self._sink.result()
        self._file.close()

    def _write_parquet(self) -> None:
        """Write the frames that are passed on, until None comes: Polars asks for them."""

        def frames(*_: Any) -> Iterator[pl.DataFrame]:
            while (frame := self._frames.get()) is not None:
                yield frame

        told: Any = {"compression_level": 1, "row_group_size": 1 << 16, "metadata": self.metadata}
        source = pl.io.plugins.register_io_source(frames, schema=self._schema)
        try:
            source.sink_parquet(self._part, statistics=False, **told)
        except pl.exceptions.PolarsError as error:  # a full disk, say
            raise OSError(short(error)) from error

    def _pass_on(self, frame: pl.DataFrame | None) -> None:
        """Wait until a frame is taken; where writing has failed, say why."""
        from queue import Full

        while True:
            if self._sink is not None and self._sink.done():
                self._sink.result()
            with suppress(Full):
                return self._frames.put(frame, timeout=0.1)


def write_table(frame: pl.DataFrame, path: str | Path, metadata: dict[str, str] | None = None) -> None:
    """Write a table as CSV, Parquet (with ``metadata``) or JSON lines, whole or not at all.

    Raises:
        InputError: the name ends otherwise.
    """
    with Writer(Path(path), metadata) as writer:
        writer.write(frame)


def write_text(text: str, path: str | Path) -> None:
    """Write a text file, whole or not at all."""
    write_bytes(text.encode(), path)


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write a file, whole or not at all."""
    with atomic_write(Path(path)) as part:
        part.write_bytes(content)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path to write to; the file takes its own name when all is written, and none where that fails.

    The folder is made where there is none.

    Raises:
        OSError: the file cannot be written; it is named as it was asked for.
    """
    part = temporary_path(path)
    try:
        with suppress(FileExistsError):
            path.parent.mkdir(parents=True)
        part.touch()
        yield part
        part.replace(path)
    except OSError as error:
        if str(error.filename) not in ("None", str(part)):  # of another file
            raise
        raise OSError(error.errno or 0, error.strerror or str(error), str(path)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def temporary_path(path: Path) -> Path:
    """Return a name to write to before a file takes its own: hidden, and another in each process.

    What processes of this machine that were killed left there is taken away.
    """
    host = platform.node()
    for left in path.parent.glob(f".{glob.escape(path.name)}.{glob.escape(host)}.*.part"):
        with suppress(OSError):  # another process was faster
            if not _runs(int(left.name.split(".")[-2])):
                left.unlink()
    return path.with_name(f".{path.name}.{host}.{os.getpid()}.part")


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def file_lock(lock: Path, waits: Callable[[], object]) -> Iterator[None]:
    """Let one process at a time do what follows; `waits` is called when another one is at it.

    The lock goes with the process, however it ends.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(file, fcntl.LOCK_EX)
        except ImportError:  # Windows: nobody waits
            pass
        yield


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, read part by part; of a folder, that of what sha256sum says of it."""
    import hashlib

    if path.is_dir():
        listed = "".join(f"{digest(file)}  {file.name}\n" for file in _files(path))
        return hashlib.sha256(listed.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON can hold them: numbers without a limit, which JSON has not, as text.

    Example:
        >>> as_records(pl.DataFrame({"ratio": [0.5, float("inf"), None]}))
        [{'ratio': 0.5}, {'ratio': 'inf'}, {'ratio': None}]
    """
    ends = (float("inf"), float("-inf"))
    return [{n: str(v) if v in ends else v for n, v in row.items()} for row in frame.iter_rows(named=True)]


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Write lists as text, items separated by a bar and lists within lists by a semicolon."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.List):
            inner = pl.element().cast(pl.List(pl.String)).list.join("|")
            column = column.list.eval(inner).list.join(";")
        elif isinstance(dtype, pl.List):
            column = column.cast(pl.List(pl.String)).list.join("|")
        columns.append(column)
    return frame.select(columns)


def refuse_overwrite(output: str | Path, *inputs: str | Path) -> None:
    """Refuse an output that is, or holds, an input or a file of one, whatever names or links lead to it.

    Raises:
        InputError: it is the same file.
    """
    for given in map(Path, inputs):
        for source in (given, *(given.iterdir() if given.is_dir() else ())):
            same, real = os.path.realpath(output), os.path.realpath(source)
            there = os.path.exists(output) and os.path.exists(source)
            if Path(real).is_relative_to(same) or (there and os.path.samefile(output, source)):
                raise InputError(f"{output} would overwrite the input {source}; give another name")


# --- files of known shape -----------------------------------------------------------------------------------

T = TypeVar("T")


def read_yaml(path: Any) -> Any:
    """Return what a YAML file holds; YAML takes twenty times as long to read as what is kept of it.

    Args:
        path: a Path, or a resource of a package.

    Raises:
        yaml.YAMLError, UnicodeDecodeError, OSError: it cannot be read.
    """

    def content() -> Any:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())

    return disk_cached(content, path) if isinstance(path, Path) else content()


def disk_cached(make: Callable[[], Any], *made_of: Path, name: str = "") -> Any:
    """Return what ``make`` makes of files of the project; it is kept on disk until one of them changes.

    It is kept in ``__pycache__`` beside the first, as Python keeps its modules: with the sizes and times of
    the files, and a checksum. What is made of files outside the project is not kept.

    Args:
        make: takes nothing and returns what ``marshal`` can hold; anything else is made anew each time.
        made_of: the files that the content depends on; of a folder, all.
        name: tells apart several contents that are made of the same files.

    Returns:
        What ``make`` returned, now or when the files were last changed.
    """
    if not all(path.is_relative_to(PROJECT) and path.exists() for path in made_of):
        return make()
    files = [file for path in made_of for file in (sorted(path.rglob("*.*")) if path.is_dir() else [path])]
    stats = [(file.name, file.stat()) for file in files if "__pycache__" not in file.parts]
    stamp = [(of, stat.st_size, stat.st_mtime_ns) for of, stat in stats]
    beside = made_of[0].parent / "__pycache__"
    kept = beside / f"{made_of[0].name}{name and '.'}{name}.{sys.implementation.cache_tag}"
    with suppress(OSError, EOFError):  # EOFError: four zeros agree with the CRC of nothing
        known = kept.read_bytes()
        whole = known[:4] == zlib.crc32(known[4:]).to_bytes(4)
        if whole and (held := marshal.loads(known[4:]))[0] == stamp:
            return held[1]
    content = make()
    with suppress(OSError, ValueError):  # a folder that cannot be written to; a date, which is not kept
        body = marshal.dumps((stamp, content))
        if not sys.dont_write_bytecode:
            write_bytes(zlib.crc32(body).to_bytes(4) + body, kept)
    return content


def _loader() -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C reader is ten times faster


def load_yaml(kind: type[T], path: Any) -> T:
    """Read a YAML file as ``kind``; see :func:`load`. ``path`` is a Path or a resource of a package."""
    try:
        return load(kind, read_yaml(path), path.name)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is not YAML: {short(error)}") from error


def load(kind: type[T], raw: Any, where: str) -> T:
    """Turn what a YAML file holds into ``kind``, checked field by field.

    Args:
        kind: a dataclass, or tuple[…], list[…], Mapping[…, …], Literal[…], a union with None, str, int, …
        raw: what was read; objects of a dataclass in it stay as they are.
        where: the file, for messages.

    Raises:
        InputError: a field is missing, unknown or of another type; the file, entry and field are named.

    Example:
        >>> load(tuple[Text, ...], [{"fr": "âge", "en": "age"}], "texts.yaml")
        (Text(fr='âge', en='age'),)
        >>> load(tuple[Text, ...], [{"fr": "âge", "enn": "age"}], "texts.yaml")
        Traceback (most recent call last):
        bobanalysis.tables.InputError: texts.yaml, entry 1: unknown field 'enn' (did you mean 'en'?)
    """
    return typing.cast(T, _load(kind, raw, where))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _made_of(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    return typing.get_origin(kind), typing.get_args(kind)


def _load(kind: Any, raw: Any, where: str) -> Any:
    origin, arguments = _made_of(kind)
    shape = origin or kind
    if kind is Any or (raw is None and type(None) in arguments):
        return raw
    if origin in (typing.Union, types.UnionType):
        *others, last = (a for a in arguments if a is not type(None))
        for other in others:
            with suppress(InputError):
                return _load(other, raw, where)
        return _load(last, raw, where)
    if origin is Literal:
        if raw not in arguments:
            near = _similar(str(raw), [str(a) for a in arguments])
            raise InputError(f"{where}: {raw!r} is not one of {', '.join(map(repr, arguments))}{near}")
        return raw
    if dataclasses.is_dataclass(kind) and isinstance(raw, Mapping):
        return _object(kind, raw, where)
    if isinstance(kind, type) and issubclass(kind, dict) and isinstance(raw, kind):
        return raw
    if isinstance(shape, type) and issubclass(shape, Mapping) and isinstance(raw, Mapping):
        key, value = arguments or (Any, Any)
        return {_load(key, k, where): _load(value, v, f"{where}, {k!r}") for k, v in raw.items()}
    if shape in (tuple, list, frozenset) and isinstance(raw, list):
        fixed = shape is tuple and ... not in arguments
        kinds = arguments if fixed else [arguments[0] if arguments else Any] * len(raw)
        if len(kinds) != len(raw):
            raise InputError(f"{where}: {raw!r} has {len(raw)} values, not {len(kinds)}")
        numbered = enumerate(zip(kinds, raw, strict=True), 1)
        return shape(_load(each, item, _entry(where, n, item)) for n, (each, item) in numbered)
    if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if isinstance(shape, type) and isinstance(raw, shape) and not (shape is int and isinstance(raw, bool)):
        return raw
    raise InputError(f"{where}: {raw!r} is not {_called(shape)}")


def _entry(where: str, number: int, value: Any) -> str:
    name = value.get("id", value.get("name")) if isinstance(value, Mapping) else None
    return f"{where}, entry {number}" + (f" ({name})" if name is not None else "")


def _object(kind: Any, raw: Mapping[str, Any], where: str) -> Any:
    fields, hints = {f.name: f for f in dataclasses.fields(kind) if f.init}, _hints(kind)
    for name in raw:
        if name not in fields:
            raise InputError(f"{where}: unknown field {name!r}{_similar(str(name), list(fields))}")
    for name, one in fields.items():
        if name not in raw and one.default is one.default_factory is dataclasses.MISSING:
            raise InputError(f"{where}: field {name!r} is missing")
    return kind(**{name: _load(hints[name], value, f"{where}, {name}") for name, value in raw.items()})


_CALLED: dict[Any, str] = {
    **{str: "a text", int: "a whole number", float: "a number", bool: "true or false"},
    **dict.fromkeys((tuple, list, frozenset), "a list"),
}


def _called(shape: Any) -> str:
    if dataclasses.is_dataclass(shape):
        return "a table with the fields " + ", ".join(f.name for f in dataclasses.fields(shape))
    return _CALLED.get(shape, "a table" if issubclass(shape, Mapping) else str(shape))
