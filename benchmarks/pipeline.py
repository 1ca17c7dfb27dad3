"""How fast does the whole pipeline run, Parquet to Parquet, beside the same rules one person at a time?

    python benchmarks/pipeline.py [--largest 1000000] [--old ../earlier/.venv/bin/bobanalysis] [--pairs 3]

Diagnosis, the 43 advice scores and their ranking with exclusions, strategies; reading, checking, joining the
market and writing included. The peer is the row-at-a-time reading of the same rules
(``bobanalysis.rules.trace``) in the same process. With ``--old`` the command ``score`` of this commit and of
an earlier one also run in turn, A B A B …, each in a process of its own, on the largest file: of each pair
the ratio is taken, of the ratios the median. Start-up counts.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import polars as pl

from audit import HERE, measure
from bobanalysis import population
from bobanalysis.audit.scoring import score_file
from bobanalysis.bob import Bob, validate
from bobanalysis.bob.market import join
from bobanalysis.recommenders.market import french_market
from bobanalysis.rules import trace

NOW = "2022-06-29T00:00:00"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


def one_at_a_time(file: Path, bob: Bob, people: int = 200) -> float:
    """Return people per second of the row-at-a-time reading of every rule of the pipeline."""
    sample = pl.scan_parquet(file).head(people).collect()
    names = [v.name for v in bob.variables]
    rows = join(validate(sample, bob.variables).valid, bob.market, names).to_dicts()
    rules = [*bob.diagnosis.values(), *bob.advice.values(), *bob.strategies.values()]
    start = time.perf_counter()
    for row in rows:
        for rule in rules:
            trace(rule, row)
    return len(rows) / (time.perf_counter() - start)


def compare(file: Path, old: Path, pairs: int) -> None:
    """Print what ``score`` takes as a whole process, and how many times that the older program takes."""
    rest = ["score", str(file), "--output", str(file.with_name("compared.parquet"))]
    found = [[measure([str(program), *rest]) for program in (HERE, old)] for _ in range(pairs)]
    for what, unit in (("wall", "s"), ("cpu", "s"), ("memory", "MB")):
        mine, theirs = ([getattr(pair[k], what) for pair in found] for k in (0, 1))
        ratios = sorted(b / a for a, b in zip(mine, theirs, strict=True))
        print(
            f"{what:<8}  {median(mine):>8.2f} {unit:<2}  before {median(theirs):>8.2f} {unit:<2}  "
            f"{median(ratios):>6.2f} × ours ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000, help="people in the largest file")
    parser.add_argument("--old", type=Path, help="the command bobanalysis of an earlier commit")
    parser.add_argument("--pairs", type=int, default=3, help="runs of both programs")
    options = parser.parse_args()
    if options.old and not shutil.which(options.old):
        parser.error(f"--old {options.old}: no such program")
    largest = options.largest
    bob = Bob(french_market())
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for size in (s for s in SIZES if s <= largest):
            files[size] = Path(folder) / f"{size}.parquet"
            population.write_parquet(files[size], size, seed=1)
        first = next(iter(files.values()))
        score_file(first, Path(folder) / "warm.parquet", bob, now=NOW)
        peer = one_at_a_time(first, bob)
        print(f"{'people':>12}  {'seconds':>8}  {'people/s':>12}  {'× one at a time':>16}  {'peak MiB':>9}")
        for size, file in files.items():
            start = time.perf_counter()
            score_file(file, Path(folder) / "out.parquet", bob, now=NOW)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            speed = size / seconds
            print(f"{size:>12,}  {seconds:>8.2f}  {speed:>12,.0f}  {speed / peer:>16,.0f}  {peak:>9,.0f}")
        print(f"one at a time: {peer:,.0f} people/s")
        if options.old:
            compare(files[max(files)], options.old, options.pairs)


if __name__ == "__main__":
    main()
