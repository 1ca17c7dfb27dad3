"""Run an algorithm on a file of people into a file of results, batch by batch, in bounded memory."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import polars as pl

from bobanalysis.algorithm import Algorithm
from bobanalysis.cluster.folder import part_name, parts_folder
from bobanalysis.cluster.workers import ALONE, Progress, Workers
from bobanalysis.tables import Part, Writer, parts, refuse_overwrite, write_table, write_text
from bobanalysis.tables import rejects as no_rejects
from bobanalysis.text import Text
from bobanalysis.validation import read_people


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
    people: Path | Part,
    output: Path,
    algorithm: Algorithm,
    *,
    now: str,
    rejects: Path | None = None,
    progress: Callable[[Totals], None] = lambda totals: None,
) -> Totals:
    """Run an algorithm on the people of a file.

    Args:
        people: Any table (see ``read_people``), a part of one, or the algorithm's own records as JSON.
        output: ``.parquet``, ``.csv`` or ``.jsonl``.
        algorithm: Ready to run.
        now: Instant of the computation (ISO 8601), from which records take ages.
        rejects: A CSV file for the rows that cannot be read (written only if there are any).
        progress: Called after each batch.

    Returns:
        The totals.

    Raises:
        InputError: The file cannot be read at all, or is one of the outputs; then no output is written and
            one that stood there is left as it was.
    """
    for path in (output, *([rejects] if rejects else [])):
        refuse_overwrite(path, people.path if isinstance(people, Part) else people)
    refused: list[pl.DataFrame] = []
    totals = Totals(0, 0, 0)
    batches = read_people(
        people, algorithm.variables, requirements=algorithm.requirements, now=now, records=algorithm.records
    )
    with Writer(output) as writer, ThreadPoolExecutor(1) as threads:
        written: Future[None] | None = None  # one batch is written while the next is scored
        for batch in batches:
            found = algorithm.compute(batch.valid).answers
            if written is not None:
                written.result()
            written = threads.submit(writer.write, found)
            refused.append(batch.rejected)
            read, scored = totals.read + batch.read, totals.scored + batch.valid.height
            totals = Totals(read, scored, read - scored, batch.notes)
            progress(totals)
        if written is not None:
            written.result()
    if rejects is not None:
        _write_rejects(pl.concat([no_rejects(), *refused]), rejects)
    return totals


def score_parts(
    people: Path,
    output: Path,
    make: Callable[[], Algorithm],
    *,
    now: str,
    rejects: Path | None = None,
    workers: Workers = ALONE,
    progress: Progress = lambda done, parts: None,
) -> Totals:
    """Run an algorithm on the people of a table part by part, into a folder of Parquet files.

    A part that fails stops none of the others; a later run with the same question does only what is left.

    Args:
        people: As in ``score_file``, or a folder of tables alike.
        output: The folder; it takes its name when all parts are there.
        make: Makes the algorithm, once in each process.
        now, rejects: As in ``score_file``.
        workers: Who does the work.
        progress: See ``Workers.combine``.

    Returns:
        The totals.

    Raises:
        InputError: As in ``score_file``; or parts failed: they are named.
    """
    refuse_overwrite(output, people)
    made, each = pickle.dumps(make), parts(people)
    asked = {"now": now, "algorithm": hashlib.sha256(made).hexdigest(), "parts": [*map(str, each)]}
    with parts_folder(output, asked) as folder:
        totals = workers.combine(
            partial(_score_part, folder=folder, made=made, now=now), each, _add, progress
        )
        if rejects is not None:
            refused = [pl.read_parquet(file) for file in sorted(folder.glob("_rejects-*"))]
            _write_rejects(pl.concat([no_rejects(), *refused]), rejects)
    return totals


def _score_part(part: Part, folder: Path, made: bytes, now: str) -> Totals:
    """Score a part, or say what an earlier run did of it if it has not changed since."""
    name, file = part_name(part), part.path.stat()
    done, source = folder / f"_{name}.json", [file.st_size, file.st_mtime_ns]
    if done.exists() and (told := json.loads(done.read_text(encoding="utf-8")))["source"] == source:
        return Totals(*told["totals"])
    totals = score_file(part, folder / name, _made(made), now=now, rejects=folder / f"_rejects-{name}")
    counts = [totals.read, totals.scored, totals.rejected]
    write_text(json.dumps({"source": source, "totals": counts}), done)
    return totals


@cache
def _made(made: bytes) -> Algorithm:
    algorithm: Algorithm = pickle.loads(made)()
    return algorithm


def _add(one: Totals, other: Totals) -> Totals:
    read, scored = one.read + other.read, one.scored + other.scored
    return Totals(read, scored, read - scored, one.notes or other.notes)


def _write_rejects(rows: pl.DataFrame, path: Path) -> None:
    """Write what could not be read, or take away the file of an earlier run where all could."""
    if rows.height:
        write_table(rows, path)
    else:
        path.unlink(missing_ok=True)
