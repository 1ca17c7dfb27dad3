"""How long does the whole pipeline take for everybody at every age in every département?

    python benchmarks/sweep.py [--people 1000]

People × 55 ages × 101 départements: diagnosis, ranked advice and strategies. One age stands for its stretch
(rules read age by comparing it with constants only), and the door is passed once. Two peers are run on a
sample and *extrapolated* to the same number of variants: the same pipeline with every variant a row of its
own, door included (blocks of 100,000), and a loop that runs one variant at a time.
"""

from __future__ import annotations

import argparse
import resource
import time

import polars as pl

from bobanalysis import population
from bobanalysis.audit.grid import answer_grid
from bobanalysis.bob import Bob
from bobanalysis.recommenders import french_market

AGES = range(16, 71)
ONE_BY_ONE = 20  # variants of the loop
BLOCK = 100_000


def variants(people: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the first variants, a row each."""
    some = people.head(1 + most // (len(AGES) * 101))
    ages = population.paired_ages(some).drop("pair_id", "plausible_age")
    return population.paired_departements(ages).drop("pair_id").head(most)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000, help="people to sweep")
    people = population.modelled(parser.parse_args().people).frame
    bob = Bob(french_market())
    answer_grid(bob, people.head(2))  # warm
    start = time.perf_counter()
    found = answer_grid(bob, people)
    seconds = time.perf_counter() - start
    print(f"{people.height:,} people × {len(AGES)} ages × 101 départements = {found.runs:,} variants")
    print(
        f"sweep: {seconds:.1f} s, {found.answers.height:,} rows run, {found.lists['list'].n_unique():,} lists"
    )

    rows = variants(people, BLOCK)
    start = time.perf_counter()
    bob.run(rows)
    block = (time.perf_counter() - start) / rows.height * found.runs
    ratio = block / seconds
    print(f"every variant a row: {block:,.0f} s (extrapolated from {rows.height:,}), {ratio:.1f} × the sweep")

    start = time.perf_counter()
    for row in range(ONE_BY_ONE):
        bob.run(rows.slice(row, 1))
    loop = (time.perf_counter() - start) / ONE_BY_ONE * found.runs
    print(f"one at a time: {loop:,.0f} s (extrapolated from {ONE_BY_ONE}), {loop / seconds:,.0f} × the sweep")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
