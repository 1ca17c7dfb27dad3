"""What a person waits for: one command, one person, beside an earlier commit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.harness import HERE, Line, compare, process

ROOT = Path(__file__).parents[1]
PERSON = ROOT / "data" / "examples" / "person.json"


def lines(old: Path | None, scale: float) -> Iterator[Line]:
    """Call each command."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.parquet"
        process([HERE, "population", "--people", "100", "--output", one])
        pl.read_parquet(one).head(1).write_parquet(one)
        commands: dict[str, list[str | Path]] = {
            "--help": ["--help"],
            "columns": ["columns"],
            "explain advice-senior": ["explain", "advice-senior"],
            "trace of one person": ["trace", PERSON],
            "score of one person": ["score", one, "--output", Path(folder) / "told.parquet"],
            "letter to one person": ["letter", PERSON, "--output", Path(folder) / "letter.html"],
        }
        for what, words in commands.items():
            paired = old and what != "columns"  # at cdd6201 it stopped with an error
            theirs = partial(process, [old, *words]) if paired else None
            yield compare(what, partial(process, [HERE, *words]), "earlier commit", theirs, pairs=5)
