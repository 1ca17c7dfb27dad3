"""Read runs, judgements, groups and catalogues: TREC files, CSV, Parquet, each also as ``.gz``.

The format follows from the name: ``.parquet``, ``.csv`` (commas), ``.tsv`` (tabs); anything else is TREC.

* a TREC run has lines ``query Q0 item rank score tag``. As with ``trec_eval``, the order is that of the
  scores and the rank is not read; how many lines contradict it is in a warning;
* TREC qrels have lines ``query iteration item relevance``;
* CSV and Parquet have the columns of :func:`bobanalysis.evaluation.prepare`.
"""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from pathlib import Path

import polars as pl

from bobanalysis.evaluation.errors import EvaluationError, EvaluationWarning
from bobanalysis.evaluation.lists import NAMES, column

RUN = ("query", "Q0", "item", "rank", "score", "tag")
QRELS = ("query", "iteration", "item", "relevance")


def read_run(path: str | Path) -> pl.DataFrame:
    """Read a run.

    Returns:
        TREC: columns query, item, score. Otherwise the file's own columns, rank and score as numbers.

    Raises:
        EvaluationError: the file cannot be read, a line has too few or too many fields, or a value is no
            number; the text names file, line and value.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name) / "bob.run"
    >>> _ = file.write_text("p1 Q0 A1101 1 2.5 bob\\np1 Q0 B1101 2 1.5 bob\\n")
    >>> read_run(file).rows()
    [('p1', 'A1101', 2.5), ('p1', 'B1101', 1.5)]
    >>> folder.cleanup()
    """
    path = Path(path)
    if not _is_trec(path):
        return _typed(path, _table(path), ("rank", "score"))
    frame = _numbers(path, _trec(path, RUN), "score")
    ranks = frame["rank"].cast(pl.Float64, strict=False)
    contrary = frame.select("query", "score", "line", rank=ranks).drop_nulls().sort("query", "rank", "line")
    rises = (pl.col("score").diff() > 0) & (pl.col("query") == pl.col("query").shift())
    if lines := contrary.filter(rises).height:
        text = f"{path}: {lines} lines have a better score than the line ranked before; the score decides"
        warnings.warn(text, EvaluationWarning, stacklevel=2)
    return frame.select("query", "item", "score")


def read_qrels(path: str | Path) -> pl.DataFrame:
    """Read judgements.

    Returns:
        TREC: columns query, item, relevance. Otherwise the file's own columns, relevance as a number.

    Raises:
        EvaluationError: as :func:`read_run`.
    """
    path = Path(path)
    if not _is_trec(path):
        return _typed(path, _table(path), NAMES["relevance"])
    return _numbers(path, _trec(path, QRELS), "relevance").select("query", "item", "relevance")


def read_groups(path: str | Path) -> pl.DataFrame:
    """Read groups: CSV, TSV or Parquet with the query column and one or more columns of labels, as text.

    Raises:
        EvaluationError: the file cannot be read, or has no query column.
    """
    frame = _named(path)
    column(frame, "query", str(path))
    return frame


def read_items(path: str | Path) -> pl.DataFrame:
    """Read a catalogue: CSV, TSV or Parquet with the item column; columns of numbers become numbers.

    Raises:
        EvaluationError: the file cannot be read, or has no item column.
    """
    frame = _named(path)
    item = column(frame, "item", str(path))
    for name in frame.columns:
        if name != item and frame[name].dtype == pl.String:
            cast = frame[name].cast(pl.Float64, strict=False)
            if cast.null_count() == frame[name].null_count():
                frame = frame.with_columns(cast)
    return frame


def _named(path: str | Path) -> pl.DataFrame:
    path = Path(path)
    if _is_trec(path):
        raise EvaluationError(f"{path}: the name should end in .csv, .tsv or .parquet")
    return _table(path)


def _is_trec(path: Path) -> bool:
    return _kind(path) not in (".csv", ".tsv", ".parquet")


def _kind(path: Path) -> str:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return name.suffix.lower()


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        # Whatever its name, a file that starts like gzip is gzip.
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise EvaluationError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


def _text(path: Path) -> bytes:
    """Return the bytes of a text file without a byte order mark, once they are known to be UTF-8."""
    content = _bytes(path).removeprefix(b"\xef\xbb\xbf")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise EvaluationError(
            f"{path}, line {line}: byte {byte:#04x} is not UTF-8; save the file as UTF-8"
        ) from None
    return content


def _trec(path: Path, fields: tuple[str, ...]) -> pl.DataFrame:
    """Split lines at white space; columns ``fields`` as text, and ``line``."""
    content = _text(path)
    if not content.strip():
        raise EvaluationError(f"{path}: the file is empty")
    lines = pl.read_csv(
        io.BytesIO(content),
        has_header=False,
        separator="\x01",
        quote_char=None,
        new_columns=["text"],
        infer_schema=False,
        truncate_ragged_lines=True,
    ).with_row_index("line", offset=1)
    lines = lines.filter(pl.col("text").str.contains(r"\S"))
    pattern = r"^\s*" + r"\s+".join(rf"(?<f{i}>\S+)" for i in range(len(fields))) + r"\s*$"
    split = lines.with_columns(pl.col("text").str.extract_groups(pattern).alias("found"))
    wrong = split.filter(pl.col("found").struct[0].is_null())
    if wrong.height:
        line, text = wrong.row(0)[:2]
        count, form = len(text.split()), " ".join(fields)
        raise EvaluationError(
            f"{path}, line {line}: {text[:80]!r} has {count} fields and not {len(fields)} ({form})"
        )
    parts = [pl.col("found").struct[i].alias(field) for i, field in enumerate(fields)]
    return split.select(*parts, "line")


def _numbers(path: Path, frame: pl.DataFrame, name: str) -> pl.DataFrame:
    cast = frame[name].cast(pl.Float64, strict=False).fill_nan(None)
    wrong = cast.is_null().arg_true()
    if wrong.len():
        line, value = frame["line"][wrong[0]], frame[name][wrong[0]]
        raise EvaluationError(f"{path}, line {line}: the {name} {value!r} is no number")
    return frame.with_columns(cast.alias(name))


def _table(path: Path) -> pl.DataFrame:
    try:
        if _kind(path) == ".parquet":
            return pl.read_parquet(io.BytesIO(_bytes(path)))
        separator = "\t" if _kind(path) == ".tsv" else ","
        return pl.read_csv(io.BytesIO(_text(path)), infer_schema=False, separator=separator)
    except pl.exceptions.PolarsError as error:
        raise EvaluationError(f"{path}: cannot be read as a table: {str(error).splitlines()[0]}") from error


def _typed(path: Path, frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Make numbers of text columns; an empty field is null."""
    for name in (n for n in names if n in frame.columns and frame[n].dtype == pl.String):
        text = frame[name].str.strip_chars().replace("", None)
        cast = text.cast(pl.Float64, strict=False)
        wrong = (cast.is_null() & text.is_not_null()).arg_true()
        if wrong.len():
            # The header is line 1; a field with a line break in it would shift the count, rows do not.
            where = f"row {wrong[0] + 1} (line {wrong[0] + 2})"
            raise EvaluationError(f"{path}, {where}: the {name} {text[wrong[0]]!r} is no number")
        frame = frame.with_columns(cast.alias(name))
    return frame
