"""The command ``audit`` as a whole process, beside an earlier commit: start-up counts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.harness import HERE, Line, compare, process

DECIDED = ["--prediction", "told", "--outcome", "hired"]
SCORED = ["--score", "score", "--outcome", "hired", "--weight", "weight"]


def table(rows: int) -> pl.DataFrame:
    """Return people of two attributes, some unknown, with a score, a decision, what was true, a weight."""
    rng = np.random.default_rng(1)
    regions = [f"region {k:02}" for k in range(13)]
    told = rng.random(rows) < 0.3
    return pl.DataFrame(
        {
            "sex": pl.Series(["F", "M", "X", ""]).gather(rng.choice(4, rows, p=[0.49, 0.49, 0.01, 0.01])),
            "region": pl.Series(regions).gather(rng.integers(0, 13, rows)),
            "told": told.astype(int),
            "hired": pl.Series(["no", "yes"]).gather((rng.random(rows) < 0.2 + 0.3 * told).astype(int)),
            "score": rng.normal(50, 10, rows).round(6),
            "weight": rng.gamma(2, 1, rows).round(4),
        }
    )


def lines(old: Path | None, scale: float) -> Iterator[Line]:
    """Audit three files."""
    rows = round(1_000_000 * scale)
    with tempfile.TemporaryDirectory() as folder:
        scored, decided = Path(folder) / "scored.csv", Path(folder) / "decided.csv"
        table(rows).write_csv(scored)
        people = table(5 * rows).drop("score", "weight")
        people.write_csv(decided)
        people.write_parquet(decided.with_suffix(".parquet"))
        del people
        for what, file, roles in (
            (f"audit, {rows:,} rows of CSV, weight, outcome and score", scored, SCORED),
            (f"audit, {5 * rows:,} rows of CSV, decision and outcome", decided, DECIDED),
            (f"audit, {5 * rows:,} rows of Parquet, the same", decided.with_suffix(".parquet"), DECIDED),
        ):
            asked = ["audit", file, "--groups", "sex,region", *roles, "--lang", "en"]
            theirs = partial(process, [old, *asked]) if old else None
            yield compare(what, partial(process, [HERE, *asked]), "earlier commit", theirs)
