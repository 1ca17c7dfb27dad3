"""How fast are people diagnosed, Parquet to Parquet, and how does it compare with one person at a time?

    python benchmarks/diagnosis.py [--largest 1000000]

The peer is the row-at-a-time reading of the same rules (``bobanalysis.rules.trace``), run in the same process
on people of the same file. Imports are not counted; reading, checking, joining the market, evaluating and
writing are.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import polars as pl

from bobanalysis import population
from bobanalysis.audit.scoring import score_file
from bobanalysis.bob import Bob, validate
from bobanalysis.bob.market import join
from bobanalysis.rules import trace

NOW = "2022-06-29T00:00:00"
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


def one_at_a_time(file: Path, bob: Bob, people: int = 1_000) -> float:
    """Return people per second of the row-at-a-time reading."""
    sample = pl.scan_parquet(file).head(people).collect()
    rows = join(validate(sample, bob.diagnosis_only.variables).valid, bob.market).to_dicts()
    start = time.perf_counter()
    for row in rows:
        for rule in bob.diagnosis.values():
            trace(rule, row)
    return len(rows) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--largest", type=int, default=1_000_000, help="people in the largest file")
    largest = parser.parse_args().largest
    bob = Bob(population.market())
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for size in (s for s in SIZES if s <= largest):
            files[size] = Path(folder) / f"{size}.parquet"
            population.write_parquet(files[size], size, seed=1)
        first = next(iter(files.values()))
        score_file(first, Path(folder) / "warm.parquet", bob.diagnosis_only, now=NOW)
        peer = one_at_a_time(first, bob)
        print(f"{'people':>12}  {'seconds':>8}  {'people/s':>12}  {'× one at a time':>16}  {'peak MiB':>9}")
        for size, file in files.items():
            start = time.perf_counter()
            score_file(file, Path(folder) / "out.parquet", bob.diagnosis_only, now=NOW)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            speed = size / seconds
            print(f"{size:>12,}  {seconds:>8.2f}  {speed:>12,.0f}  {speed / peer:>16,.0f}  {peak:>9,.0f}")
        print(f"one at a time: {peer:,.0f} people/s")


if __name__ == "__main__":
    main()
