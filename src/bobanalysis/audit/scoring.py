"""Run an algorithm on a file of people into a file of results, batch by batch, in bounded memory."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis import tables as t
from bobanalysis.algorithm import Algorithm
from bobanalysis.cluster.folder import part_name, parts_folder
from bobanalysis.cluster.workers import ALONE, Progress, Workers
from bobanalysis.data import registry
from bobanalysis.tables import InputError, Part
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
    people: Path | Part,
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
        people: Any table (see ``read_people``), a part of one, or the algorithm's own records as JSON.
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
        t.refuse_overwrite(path, people.path if isinstance(people, Part) else people)
    refused, totals = list[pl.DataFrame](), Totals(0, 0, 0)
    about: dict[str, Any] = {"requirements": algorithm.requirements, "records": algorithm.records}
    batches = read_people(people, algorithm.variables, now=now, **about)
    with t.Writer(output) as writer:
        for batch, answers in score_batches(batches, algorithm, keep, str(people)):
            writer.write(answers)
            refused.append(batch.rejected)
            scored = batch.valid.height
            totals = _add(totals, Totals(batch.read, scored, batch.read - scored, batch.notes))
            progress(totals)
    if rejects is not None:
        _write_rejects(pl.concat([t.rejects(), *refused]), rejects)
    return totals


def score_parts(
    people: Path,
    output: Path,
    make: Callable[[], Algorithm],
    *,
    now: str,
    keep: Sequence[str] = (),
    rejects: Path | None = None,
    reads: Path | None = None,
    workers: Workers = ALONE,
    progress: Progress = lambda done, parts: None,
) -> Totals:
    """Run an algorithm on the people of a table part by part, into a folder of Parquet files.

    A part that fails stops none of the others; a later run with the same question does only what is left.

    Args:
        people: As in ``score_file``, or a folder of tables alike.
        output: The folder; it takes its name when all parts are there.
        make: Makes the algorithm, once in each process.
        now, keep, rejects: As in ``score_file``.
        reads: Folder of files that the algorithm is made from.
        workers: Who does the work.
        progress: See ``Workers.combine``.

    Returns:
        The totals.

    Raises:
        InputError: As in ``score_file``; or parts failed: they are named.
    """
    for path in (output, *([rejects] if rejects else [])):
        t.refuse_overwrite(path, people, *([reads] if reads else []))
    if rejects and rejects.resolve().is_relative_to(output.resolve()):
        raise InputError(f"{rejects} would be within {output}, which holds parts alone; give another name")
    made, each = pickle.dumps(make), t.parts(people)
    _made(made)  # what is wrong with it is said before anything is written
    algorithm, figures = hashlib.sha256(made).hexdigest(), t.digest(registry.folder() / "reference")
    of = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in sorted(reads.iterdir())] if reads else []
    asked = {"now": now, "keep": [*keep], "algorithm": algorithm, "figures": figures, "reads": of}
    with parts_folder(output, each, asked) as folder:
        work = partial(_score_part, folder=folder, made=made, now=now, keep=keep)
        totals = workers.combine(work, each, _add, progress)
        if rejects is not None:
            refused = [pl.read_parquet(file) for file in sorted(folder.glob("_rejects-*"))]
            _write_rejects(pl.concat([t.rejects(), *refused]), rejects)
    return totals


def _score_part(part: Part, folder: Path, made: bytes, **asked: Any) -> Totals:
    """Score a part, or say what an earlier run did of it if it has not changed since."""
    name, file = part_name(part), part.path.stat()
    done, about = folder / f"_{name}.json", dict[str, Any](source=[file.st_size, file.st_mtime_ns])
    with suppress(OSError, ValueError, LookupError, TypeError):  # not done, or damaged since
        told = json.loads(done.read_text(encoding="utf-8"))
        if told == about | {"made": _digests(folder, name), "totals": told["totals"]}:
            return Totals(*told["totals"])
    totals = score_file(part, folder / name, _made(made), **asked, rejects=folder / f"_rejects-{name}")
    about |= {"made": _digests(folder, name), "totals": [totals.read, totals.scored, totals.rejected]}
    t.write_text(json.dumps(about), done)
    return totals


def _digests(folder: Path, name: str) -> list[str]:
    """Return those of a part and of what was rejected of it."""
    return [*map(t.digest, sorted(folder.glob(f"*{name}")))]


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
        t.write_table(rows, path)
    else:
        path.unlink(missing_ok=True)


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
                raise t.no_column(name, people.columns, file)
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
