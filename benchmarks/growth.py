"""Modelled people drawn, scored by the whole pipeline and counted by age and département: how time grows.

Two processes; scored people are not kept, only counts. The largest population is done in stretches: a run
stops after some minutes, and the next goes on (``python -m benchmarks.growth --people 100000000``).
Seconds are the sum of the stretches, start-up of each included; memory is the peak of all processes together.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import time
from functools import cache, partial
from pathlib import Path

import polars as pl

from benchmarks.harness import KEPT, Line, publish
from bobanalysis.algorithm import Algorithm
from bobanalysis.cluster.workers import Workers
from bobanalysis.population import draw
from bobanalysis.tables import Part
from bobanalysis.validation import validate

PART = 16 * draw.BLOCK
BY = ["departement_id", "age", "main_challenge"]
FOLDER = KEPT / "growth"


@cache
def algorithm() -> Algorithm:
    """Return Bob on the open market figures, once in each process."""
    from bobanalysis.algorithms import load

    return load("bob")


def counted(part: Part, folder: Path, people: int, seed: int) -> dict[str, float]:
    """Draw and score a part of the people, and write how many were told what."""
    target = folder / f"{part.number:05}.parquet"
    if not target.exists():
        bob, cells = algorithm(), []
        rows = range(part.first, part.first + (part.rows or 0))
        for block in draw.blocks(draw.plan("central", people, seed), rows):
            valid = validate(block, bob.variables, requirements=bob.requirements).valid
            told = bob.compute(valid).answers.select("main_challenge")
            alike = pl.concat([block.select("departement_id", "age"), told], how="horizontal")
            cells.append(alike.group_by(BY).len())
        whole = pl.concat(cells).group_by(BY).agg(pl.col("len").sum())
        whole.write_parquet(target.with_suffix(".part"))
        os.replace(target.with_suffix(".part"), target)
    return {str(os.getpid()): resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def largest(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """Return the peak of each process."""
    return {pid: max(one.get(pid, 0), other.get(pid, 0)) for pid in {*one, *other}}


def grow(people: int, minutes: float, workers: int, seed: int = 2016) -> bool:
    """Go on with a population for some minutes; tell whether all of it is done."""
    folder, start = FOLDER / str(people), time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / "took.json"
    took = (
        json.loads(record.read_text()) if record.exists() else {"seconds": 0.0, "memory": 0.0, "stretches": 0}
    )
    cuts = enumerate(range(0, people, PART))
    left = [
        Part(folder, n, at, min(PART, people - at))
        for n, at in cuts
        if not (folder / f"{n:05}.parquet").exists()
    ]
    team, work = Workers(workers), partial(counted, folder=folder, people=people, seed=seed)
    while left and time.monotonic() - start < 60 * minutes:
        now, left = left[: 16 * workers], left[16 * workers :]
        peaks = team.combine(work, now, largest)
        peaks |= {str(os.getpid()): resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        took["memory"] = max(took["memory"], sum(peaks.values()))
        print(f"{people:,}: {len(left)} parts left", flush=True)
    took["seconds"] += time.monotonic() - start
    took["stretches"] += 1
    record.write_text(json.dumps(took))
    return not left


def lines() -> list[Line]:
    """Return what each finished population took."""
    found = []
    for folder in sorted(FOLDER.iterdir(), key=lambda each: int(each.name)):
        took, people = json.loads((folder / "took.json").read_text()), int(folder.name)
        cells = pl.scan_parquet(folder / "*.parquet").group_by(BY).agg(pl.col("len").sum()).collect()
        if cells["len"].sum() == people:
            work = (
                f"{people:,} people ({people / took['seconds']:,.0f} a second, {took['stretches']} stretches)"
            )
            found.append(Line(work, took["seconds"], took["memory"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--minutes", type=float, default=8, help="stop after so many; run again to go on")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--anew", action="store_true", help="forget what was done")
    asked = parser.parse_args()
    for people in asked.people:
        if asked.anew:
            shutil.rmtree(FOLDER / str(people), ignore_errors=True)
        if not grow(people, asked.minutes, asked.workers):
            print(f"{people:,}: not all of it is done; run this again")
    publish("growth", iter(lines()))


if __name__ == "__main__":
    main()
