"""Run an algorithm on a file of people into a file of results, batch by batch, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from bobanalysis.algorithm import Algorithm
from bobanalysis.tables import InputError, Writer, no_column, refuse_overwrite, write_table
from bobanalysis.tables import rejects as no_rejects
from bobanalysis.text import Text
from bobanalysis.validation import ValidationResult, read_people

WORKERS = 2  # batches that are scored at a time


@dataclass(frozen=True)
class Totals:
    """How many rows came in, were scored and were rejected: read = scored + rejected.

    ``notes`` say what was assumed when the file was opened.
    """

    read: int
    scored: int
    rejected: int
    notes: tuple[Text, ...] = ()


def score_file(
    people: Path,
    output: Path,
    algorithm: Algorithm,
    *,
    now: str,
    keep: Sequence[str] = (),
    rejects: Path | None = None,
    progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Run an algorithm on the people of a file.

    Args:
        people: Any table (see ``read_people``), or the algorithm's own records as JSON.
        output: ``.parquet``, ``.csv`` or ``.jsonl``.
        algorithm: Ready to run.
        now: Instant of the computation (ISO 8601), from which records take ages.
        keep: Columns of the people to carry into the output, as the rules read them.
        rejects: A CSV file for the rows that cannot be read (written only if there are any).
        progress: Called after each batch.

    Returns:
        The totals.

    Raises:
        InputError: The file cannot be read at all, is one of the outputs, or lacks a column to keep; then no
            output is written and one that stood there is left as it was.
    """
    for path in (output, *([rejects] if rejects else [])):
        refuse_overwrite(path, people)
    refused: list[pl.DataFrame] = []
    totals = Totals(0, 0, 0)
    batches = read_people(
        people, algorithm.variables, requirements=algorithm.requirements, now=now, records=algorithm.records
    )
    with Writer(output) as writer:
        for batch, answers in score_batches(batches, algorithm, keep, str(people)):
            writer.write(answers)
            refused.append(batch.rejected)
            read, scored = totals.read + batch.read, totals.scored + batch.valid.height
            totals = Totals(read, scored, read - scored, batch.notes)
            progress(totals)
    if rejects is not None:
        every = pl.concat([no_rejects(), *refused])
        if every.height:
            write_table(every, rejects)
        else:
            rejects.unlink(missing_ok=True)
    return totals


def score_batches(
    batches: Iterable[ValidationResult], algorithm: Algorithm, keep: Sequence[str] = (), file: str = "frame"
) -> Iterator[tuple[ValidationResult, pl.DataFrame]]:
    """Iterate over batches of people with their answers, in order; some are scored while others are read.

    Args:
        batches: Validated people (``validate`` makes one batch of a frame, ``read_people`` some of a file).
        algorithm: Ready to run.
        keep: Columns of the people to carry over.
        file: Where the people come from, for messages.

    Yields:
        Each batch, and the answers of its valid rows.

    Raises:
        InputError: A column to keep is not there, or is one of the answers.
    """

    def score(people: pl.DataFrame) -> pl.DataFrame:
        answers = algorithm.compute(people).answers
        for name in keep:
            if name not in people.columns:
                raise no_column(name, people.columns, file)
            if name in answers.columns:
                raise InputError(f"{file}: column {name!r} is one of the answers already; do not keep it")
        return answers.with_columns(people.select(keep))

    waiting: deque[tuple[ValidationResult, Future[pl.DataFrame]]] = deque()
    with ThreadPoolExecutor(WORKERS) as threads:
        for batch in batches:
            waiting.append((batch, threads.submit(score, batch.valid)))
            if len(waiting) > WORKERS:
                done, answers = waiting.popleft()
                yield done, answers.result()
        for done, answers in waiting:
            yield done, answers.result()
