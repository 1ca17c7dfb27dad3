"""Score a file of people into a file of results, batch by batch, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import polars as pl

from bobanalysis.algorithm import Algorithm

from .door import REJECTS_SCHEMA, InputError, read_people

FORMATS = (".parquet", ".csv", ".jsonl")


@dataclass(frozen=True)
class Totals:
    """How many rows came in, were scored and were rejected: read = scored + rejected."""

    read: int
    scored: int
    rejected: int


class Sink:
    """A file of results that appears under its name only once it is complete."""

    def __init__(self, path: Path) -> None:
        """Choose the format by the ending of ``path``; InputError if there is no such format."""
        if path.suffix not in FORMATS:
            raise InputError(f"{path}: results are written as {', '.join(FORMATS)}, not {path.suffix!r}")
        self.path = path
        self._part = path.with_name(path.name + ".part")
        self._file: IO[bytes] | None = None
        self._parquet: Any = None

    def __enter__(self) -> Sink:
        """Open the part file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._part.open("wb")
        return self

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows."""
        assert self._file is not None
        if self.path.suffix == ".parquet":
            import pyarrow.parquet

            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if self._parquet is None:
                self._parquet = pyarrow.parquet.ParquetWriter(
                    self._file, table.schema, compression="zstd", write_statistics=False
                )
            self._parquet.write_table(table)
        elif self.path.suffix == ".csv":
            _flat(frame).write_csv(self._file, include_header=self._file.tell() == 0)
        else:
            frame.write_ndjson(self._file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Give the file its name, or leave what stood there where something failed."""
        if self._parquet is not None:
            self._parquet.close()
        assert self._file is not None
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink(missing_ok=True)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Write lists as text, items separated by a bar and lists within lists by a semicolon, for CSV."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.List):
            if isinstance(dtype.inner, pl.List):
                inner = pl.element().cast(pl.List(pl.String)).list.join("|")
                column = column.list.eval(inner).list.join(";")
            else:
                column = column.cast(pl.List(pl.String)).list.join("|")
        columns.append(column)
    return frame.select(columns)


def score_file(
    people: Path,
    output: Path,
    algorithm: Algorithm,
    *,
    now: str,
    rejects: Path | None = None,
    progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Run an algorithm on the people of a file.

    Parameters: ``people``, Parquet, CSV or JSON lines of Bob's records; ``output``, ``.parquet``, ``.csv`` or
    ``.jsonl``; ``now``, the instant of the computation, from which records take ages; ``rejects``, a CSV file
    for the rows that cannot be read (written only if there are any); ``progress``, called after each batch.

    Returns the totals. Raises InputError for a file that cannot be read at all; then no output is written and
    one that stood there is left as it was.
    """
    refused: list[pl.DataFrame] = []
    totals = Totals(0, 0, 0)
    with (
        Sink(output) as sink,
        ThreadPoolExecutor(1) as writer,
    ):  # one batch is written while the next is scored
        written: Future[None] | None = None
        for intake in read_people(people, algorithm.variables, now=now):
            found = algorithm.run(intake.valid, validated=True)
            if written is not None:
                written.result()
            written = writer.submit(sink.write, found)
            refused.append(intake.rejected)
            totals = Totals(
                totals.read + intake.read,
                totals.scored + intake.valid.height,
                totals.rejected + intake.num_rejected,
            )
            progress(totals)
        if written is not None:
            written.result()
    if rejects is not None:
        every = pl.concat([pl.DataFrame(schema=REJECTS_SCHEMA), *refused])
        if every.height:
            every.write_csv(rejects)
        else:
            rejects.unlink(missing_ok=True)
    return totals
