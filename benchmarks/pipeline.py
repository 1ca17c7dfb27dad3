"""The whole pipeline, Parquet to Parquet: diagnosis, ranked advice, strategies; and how it grows.

Whole processes: start-up, reading, checking, joining the market and writing count. Then where the time goes:
the same people, one step after the other.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.harness import HERE, Line, compare, process
from bobanalysis.bob import Bob
from bobanalysis.recommenders import french_market
from bobanalysis.tables import Writer
from bobanalysis.validation import read_people

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
PAIRED = 1_000_000


def lines(old: Path | None, scale: float) -> Iterator[Line]:
    """Score files of growing size, one of them beside the earlier commit."""
    with tempfile.TemporaryDirectory() as folder:
        for people in (round(size * scale) for size in SIZES):
            file, told = Path(folder) / "people.parquet", Path(folder) / "told.parquet"
            process([HERE, "population", "--people", str(people), "--seed", "1", "--output", file])
            words = ["score", file, "--output", told]
            paired = old and people == round(PAIRED * scale)
            theirs = partial(process, [old, *words]) if paired else None
            pairs = 3 if paired or people < PAIRED * scale else 1
            ours = partial(process, [HERE, *words])
            yield compare(f"score, {people:,} people", ours, "earlier commit", theirs, pairs=pairs)
            if people == round(PAIRED * scale):
                yield from steps(file, told)


STEPS = {
    "diagnosed": "the market is joined, and main challenges found",
    "triggers": "scores of advice and strategies",
    "advice": "ranking of advice",
    "proposed": "strategies with their advice",
    "answers": "lists as columns",
}


def steps(file: Path, output: Path) -> Iterator[Line]:
    """Measure each step of the pipeline by itself, in one thread."""
    bob, spent, start = Bob(french_market()), defaultdict[str, float](float), time.perf_counter()

    def lap(name: str) -> None:
        nonlocal start
        spent[name] += time.perf_counter() - start
        start = time.perf_counter()

    with Writer(output) as writer:
        for batch in read_people(file, bob.variables, requirements=bob.requirements):
            lap("people are read and checked")
            run = bob.steps(batch.valid)
            for step, said in STEPS.items():
                getattr(run, step)
                lap(said)
            writer.write(run.answers)
            lap("waiting for what is written beside it")
    lap("waiting for what is written beside it")
    for name, seconds in spent.items():
        yield Line(f"– {name}", seconds, 0.0)
