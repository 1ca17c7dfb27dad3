"""The whole pipeline, Parquet to Parquet: diagnosis, ranked advice, strategies; and how it grows.

Whole processes: start-up, reading, checking, joining the market and writing count.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.harness import HERE, Line, compare, process

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
