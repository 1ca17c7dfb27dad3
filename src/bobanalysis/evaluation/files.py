"""Read runs, judgements, groups and catalogues: TREC files and tables, each also as ``.gz``.

``.csv``, ``.tsv``, ``.parquet``, ``.json`` and ``.jsonl`` are tables with the columns of
:func:`bobanalysis.evaluation.prepare`; all other names, and a ``.csv`` or ``.tsv`` that begins with as many
fields as a TREC line and no name of a column, are TREC:

* a run has lines ``query Q0 item rank score tag``. As with ``trec_eval`` 10, the order is that of the scores
  and the rank is not read (how many lines contradict it is in a warning), whatever follows the tag is left
  out, and so are lines that begin with ``#``;
* qrels have lines ``query iteration item relevance``.
"""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from bobanalysis.evaluation.lists import NAMES, EvaluationError, EvaluationWarning, column, numbers
from bobanalysis.fairness.reading import MISSING
from bobanalysis.tables import Part, as_number, open_table, parts, read_table

RUN = ("query", "Q0", "item", "rank", "score", "tag")
QRELS = ("query", "iteration", "item", "relevance")
_TABLES = (".csv", ".tsv", ".parquet", ".json", ".jsonl")


Share = tuple[int, int] | None
"""Number of a share of the queries, from 0, and how many shares there are; None for all queries."""


def read_run(path: str | Path, share: Share = None) -> pl.DataFrame:
    """Read a run.

    Args:
        path: the file, or a folder of files alike, among which the rows of a query may be spread.
        share: keep only the queries of this share, whatever the file: a hash of their names says whose
            they are.

    Returns:
        TREC: columns query, item, score. Otherwise the file's own columns, rank and score as numbers.

    Raises:
        InputError: the file cannot be read, a line has too few or too many fields, or a value is no number;
            the text names file, line and value.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "bob.run"
    >>> _ = file.write_text("p1 Q0 A1101 1 2.5 bob\\np1 Q0 B1101 2 1.5 bob\\n")
    >>> read_run(file).rows()
    [('p1', 'A1101', 2.5), ('p1', 'B1101', 1.5)]
    >>> folder.cleanup()
    """
    return _whole(Path(path), share, RUN, ("rank", "score"))


def _contrary(frame: pl.DataFrame) -> int:
    """Count the lines of a run with a better score than the line that is ranked before them."""
    frame = frame.with_columns(pl.col("rank").cast(pl.Float64, strict=False))  # where it is text
    runs = frame["query"].rle().struct.unnest()
    starts = runs["len"].cum_sum().shift(1, fill_value=0)
    near = pl.repeat(True, frame.height, eager=True).scatter(starts, False)  # compares no text twice
    falls = (frame["rank"].diff() < 0) | frame["rank"].is_null()
    if runs["value"].n_unique() < runs.height or (near & falls).any():  # else the file is in their order
        frame = frame.select("query", "rank", "score").drop_nulls().sort("query", "rank", maintain_order=True)
        near = frame["query"] == frame["query"].shift()
    return int((near & (frame["score"].diff() > 0)).sum())


def read_qrels(path: str | Path, share: Share = None) -> pl.DataFrame:
    """Read judgements.

    Args:
        path, share: as for :func:`read_run`.

    Returns:
        TREC: columns query, item, relevance. Otherwise the file's own columns, relevance as a number.

    Raises:
        InputError: as :func:`read_run`.
    """
    return _whole(Path(path), share, QRELS, NAMES["relevance"])


def _part(part: Part, fields: tuple[str, ...], numbers: tuple[str, ...]) -> pl.DataFrame:
    """Read a file, or some rows of one."""
    if not _is_trec(path := part.path, fields):
        return _table(part, numbers)
    frame = _trec(path, fields, number := "score" if fields == RUN else "relevance")
    if fields == RUN and (lines := _contrary(frame)):
        text = f"{path}: {lines} lines have a better score than the line ranked before; the score decides"
        warnings.warn(text, EvaluationWarning, stacklevel=4)
    return frame.select("query", "item", number)


def _whole(path: Path, share: Share, fields: tuple[str, ...], numbers: tuple[str, ...]) -> pl.DataFrame:
    """Read a file, or all parts of a table and of each what is of a share."""
    if not share and not path.is_dir():
        return _part(Part(path), fields, numbers)
    (number, count), found = share or (0, 1), list[pl.DataFrame]()
    for part in parts(path):
        frame = _part(part, fields, numbers)
        query, item = (pl.col(column(frame, role, str(part))).cast(pl.String) for role in ("query", "item"))
        others = cs.by_name(*NAMES["relevance"], "rank", "score", require_all=False)
        found.append(frame.select(query, item, others).filter(query.hash(0) % count == number))
        if {*found[-1].columns} != {*found[0].columns}:
            raise EvaluationError(f"{part.path} has other columns than the files before it; write all alike")
    return pl.concat(found, how="diagonal_relaxed")


def run_names(paths: Sequence[Path]) -> list[str]:
    """Return what runs are called: their files, or where these are named alike the tags of their first lines.

    Where the tags are alike too, or tables have none, the whole paths.
    """
    names = [path.name for path in paths]
    if len({*names}) == len(names):
        return names
    trec = (not path.is_dir() and _is_trec(path, RUN) for path in paths)
    heads = (
        _bytes(path).split(b"\n", 1)[0].split() if is_it else []
        for path, is_it in zip(paths, trec, strict=True)
    )
    tags = [b" ".join(words[len(RUN) - 1 :]).decode() for words in heads]
    return tags if len({*tags} - {""}) == len(names) else [*map(str, paths)]


def read_groups(path: str | Path) -> pl.DataFrame:
    """Read a table with the query column and one or more columns of labels; texts as NA or ? are no label.

    Raises:
        InputError: the file cannot be read, or has no query column.
    """
    frame = read_table(path)
    name = column(frame, "query", str(path))
    return frame.with_columns(cs.string().exclude(name).replace(MISSING, None))


def read_items(path: str | Path) -> pl.DataFrame:
    """Read a catalogue: a table with the item column; columns of numbers become numbers.

    Raises:
        InputError: the file cannot be read, or has no item column.
    """
    table, frame = open_table(path), read_table(path)
    item = column(frame, "item", str(path))
    # A series and not its name: of a column called * the name means every column.
    others = [c for c in frame if c.name != item]
    found = frame.select(as_number(pl.lit(c), c.dtype, table.decimal_comma).alias(c.name) for c in others)
    return frame.with_columns(c for c in found if c.null_count() == frame[c.name].null_count())


def _is_trec(path: Path, fields: tuple[str, ...]) -> bool:
    kind = (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
    if kind not in (".csv", ".tsv"):
        return kind not in _TABLES
    start = _bytes(path)[: 1 << 16].decode("utf-8", "replace")
    lines = (line.split() for line in start.splitlines() if line[:1] != "#")
    first = next((words for words in lines if words), [])
    return len(first) == len(fields) and not any(set(first) & set(names) for names in NAMES.values())


def _bytes(path: Path) -> bytes:
    """Return the bytes of a file without a byte order mark, unpacked if it starts like gzip."""
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        text = f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        raise EvaluationError(text) from error
    return content.removeprefix(b"\xef\xbb\xbf")


def _trec(path: Path, fields: tuple[str, ...], number: str) -> pl.DataFrame:
    """Split lines at white space; columns ``fields`` as text but for ``number``."""
    content = _bytes(path)
    if not content or content.isspace():
        raise EvaluationError(f"{path}: the file is empty")
    if not any(mark in content for mark in (b"\t", b"\r", b"#")):
        kinds = {field: pl.Float64 if field in ("rank", number) else pl.String for field in fields}
        try:  # one space between fields, as most programs write them
            table = pl.scan_csv(content, has_header=False, separator=" ", quote_char=None, schema=kinds)
            frame = table.drop("Q0", strict=False).collect()
        except (pl.exceptions.PolarsError, OSError):
            frame = pl.DataFrame({"query": [None]}, {"query": pl.String})
        if not any(column.null_count() for column in frame) and not frame[number].is_nan().any():
            return frame
    if (at := content.find(b"\x01")) >= 0:
        line = content.count(b"\n", 0, at) + 1
        raise EvaluationError(f"{path}, line {line}: byte 0x01 is no text; take it out")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        text = f"{path}, line {line}: byte {byte:#04x} is not UTF-8; save the file as UTF-8"
        raise EvaluationError(text) from None
    # one column: nothing separates, nothing quotes
    one: dict[str, Any] = {"has_header": False, "separator": "\x01", "quote_char": None}
    one |= {"infer_schema": False, "truncate_ragged_lines": True}
    lines = pl.read_csv(io.BytesIO(content), new_columns=["text"], **one)
    lines = lines.with_row_index("line", offset=1).filter(pl.col("text").str.contains(r"^\s*[^\s#]|^\s+#"))
    rest = r"(?:\s.*)?$" if fields == RUN else r"\s*$"
    pattern = r"^\s*" + r"\s+".join(rf"(?<f{i}>\S+)" for i in range(len(fields))) + rest
    split = lines.with_columns(pl.col("text").str.extract_groups(pattern).alias("found"))
    for line, text, _ in split.filter(pl.col("found").struct[0].is_null()).head(1).iter_rows():
        form = f"{len(text.split())} fields and not {len(fields)} ({' '.join(fields)})"
        raise EvaluationError(f"{path}, line {line}: {text[:80]!r} has {form}")
    parts = [pl.col("found").struct[i].alias(field) for i, field in enumerate(fields)]
    split = split.select(*parts, "line")
    found = split.with_columns(as_number(pl.col(number)))
    for line, value in split.filter(found[number].is_null()).select("line", number).head(1).iter_rows():
        raise EvaluationError(f"{path}, line {line}: the {number} {value!r} is no number")
    return found.drop("line")


def _table(path: Part, names: tuple[str, ...]) -> pl.DataFrame:
    """Read a table, with numbers in some columns; an empty field is null."""
    comma, frame = open_table(path).decimal_comma, read_table(path)
    texts = [n for n in names if n in frame.columns and frame[n].dtype == pl.String]
    return frame.with_columns(numbers(frame, name, str(path), comma) for name in texts)
