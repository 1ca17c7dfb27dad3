"""How fast is the command ``audit``, as a whole process, next to an earlier commit on the same machine?

    python benchmarks/audit.py [--old ../earlier/.venv/bin/bobanalysis] [--rows 1000000] [--pairs 3]

Three files, made from a seed: a CSV with weight, outcome and score; and two groups with decision and outcome
as CSV and as Parquet, five times as many rows. The two programs run in turn, A B A B …; of each pair the
ratio is taken, of the ratios the median. Start-up counts. Without ``--old`` only this commit is measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

HERE = Path(sys.executable).with_name("bobanalysis")
DECIDED = ["--prediction", "told", "--outcome", "hired"]
SCORED = ["--score", "score", "--outcome", "hired", "--weight", "weight"]


@dataclass(frozen=True)
class Run:
    """What one finished process took, as the operating system accounts for it."""

    wall: float
    cpu: float
    memory: float


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


def run(program: Path, file: Path, roles: list[str]) -> Run:
    """Audit a file in a process of its own."""
    return measure([str(program), "audit", str(file), "--groups", "sex,region", *roles, "--lang", "en"])


def measure(command: list[str]) -> Run:
    """Run a command to its end."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} stopped with exit code {process.returncode}")
    wall = time.perf_counter() - start
    return Run(
        wall, used.ru_utime + used.ru_stime, used.ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    )


def compare(what: str, file: Path, roles: list[str], old: Path | None, pairs: int) -> None:
    """Print what an audit takes, and how many times that the older program takes."""
    programs = [HERE, *([old] if old else [])]
    found = [[run(program, file, roles) for program in programs] for _ in range(pairs + 1)][1:]
    for measure, unit in (("wall", "s"), ("cpu", "s"), ("memory", "MB")):
        mine = [getattr(pair[0], measure) for pair in found]
        line = f"{what + ', ' + measure:<58}  {median(mine):>8.2f} {unit:<2}"
        if old:
            theirs = [getattr(pair[1], measure) for pair in found]
            ratios = sorted(b / a for a, b in zip(mine, theirs, strict=True))
            line += f"  before {median(theirs):>8.2f} {unit:<2}  {median(ratios):>6.2f} × ours"
            line += f" ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3, help="counted runs; one more comes first")
    parser.add_argument("--old", type=Path, help="the command bobanalysis of an earlier commit")
    options = parser.parse_args()
    if options.old and not shutil.which(options.old):
        parser.error(f"--old {options.old}: no such program")
    with tempfile.TemporaryDirectory() as folder:
        scored, decided = Path(folder) / "scored.csv", Path(folder) / "decided.csv"
        table(options.rows).write_csv(scored)
        people = table(5 * options.rows).drop("score", "weight")
        people.write_csv(decided)
        people.write_parquet(decided.with_suffix(".parquet"))
        del people
        for what, file, roles in (
            (f"{options.rows:,} rows of CSV with weight and score", scored, SCORED),
            (f"{5 * options.rows:,} rows of CSV", decided, DECIDED),
            (f"{5 * options.rows:,} rows of Parquet", decided.with_suffix(".parquet"), DECIDED),
        ):
            compare(what, file, roles, options.old, options.pairs)


if __name__ == "__main__":
    main()
