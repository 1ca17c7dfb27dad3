"""How fast is nDCG@5 of 100,000 queries (20 ranked, 5 relevant each), beside ranx?

    python benchmarks/evaluation.py [--queries 100000] [--ranx PYTHON]

Two fresh processes, one after the other, on the same invented lists. Cold: import, reading the data frames
(each side its own library's) and the first result, with ranx' compilation (its cache is emptied); also as
seconds of processor, which a busy machine changes less. Warm: the same measure again on what was read. Making
the lists is not counted. PYTHON is an interpreter that has ranx, by default this one; nothing is installed.
To have one:

    python -m venv /tmp/ranx && /tmp/ranx/bin/pip install ranx
    python benchmarks/evaluation.py --ranx /tmp/ranx/bin/python
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

LISTED, RELEVANT, CATALOGUE = 20, 5, 60
MEASURES = ["ndcg@5", "map", "mrr", "p@5", "recall@5", "hit_rate@5"]
THEIRS = ["ndcg@5", "map", "mrr", "precision@5", "recall@5", "hit_rate@5"]


def made(queries: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return columns of a run and of qrels, names as text."""
    rng = np.random.default_rng(2016)
    names = np.char.add("q", np.arange(queries).astype(str))

    def items(each: int) -> Any:
        step = CATALOGUE // each  # one item of each stretch of the catalogue, so that none comes twice
        drawn = rng.integers(0, step, (queries, each)) + np.arange(each) * step
        return np.char.add("d", drawn.ravel().astype(str))

    run = {"query": np.repeat(names, LISTED), "item": items(LISTED), "score": rng.random(queries * LISTED)}
    grades = rng.integers(1, 4, queries * RELEVANT)
    return run, {"query": np.repeat(names, RELEVANT), "item": items(RELEVANT), "relevance": grades}


def ours(queries: int) -> dict[str, float]:
    run, qrels = made(queries)
    import polars as pl

    frames = pl.DataFrame(run), pl.DataFrame(qrels)
    clock, busy = [time.perf_counter()], time.process_time()
    from bobanalysis.evaluation import evaluate, prepare

    clock.append(time.perf_counter())
    lists = prepare(*frames)
    clock.append(time.perf_counter())
    value = evaluate(lists, None, "ndcg@5").table["value"].item()
    clock.append(time.perf_counter())
    busy = time.process_time() - busy
    warm = best(lambda: evaluate(lists, None, "ndcg@5"))
    return report(clock, busy, warm, best(lambda: evaluate(lists, None, MEASURES)), value)


def theirs(queries: int) -> dict[str, float]:
    run, qrels = made(queries)
    import pandas as pd

    text = {"query": object, "item": object}  # ranx reads no other kind of text
    frames = pd.DataFrame(run).astype(text), pd.DataFrame(qrels).astype(text)
    clock, busy = [time.perf_counter()], time.process_time()
    from ranx import Qrels, Run, evaluate

    clock.append(time.perf_counter())
    judged = Qrels.from_df(frames[1], q_id_col="query", doc_id_col="item", score_col="relevance")
    listed = Run.from_df(frames[0], q_id_col="query", doc_id_col="item", score_col="score")
    clock.append(time.perf_counter())
    value = float(evaluate(judged, listed, "ndcg@5"))
    clock.append(time.perf_counter())
    busy = time.process_time() - busy
    return report(
        clock,
        busy,
        best(lambda: evaluate(judged, listed, "ndcg@5")),
        best(lambda: evaluate(judged, listed, THEIRS)),
        value,
    )


def best(what: Any) -> float:
    """Seconds of the best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        what()
        times.append(time.perf_counter() - start)
    return min(times)


def report(clock: list[float], busy: float, warm: float, six: float, value: float) -> dict[str, float]:
    load, read, first = np.diff(clock)
    cold = load + read + first
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    named = {
        "import": load,
        "read": read,
        "first": first,
        "cold": cold,
        "cold CPU": busy,
        "warm": warm,
        "six warm": six,
    }
    return {**named, "peak MiB": peak, "value": value}


def fresh(python: str, side: str, queries: int) -> dict[str, float]:
    """Measure one side in a process of its own, with an empty cache of compiled code."""
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [python, __file__, "--side", side, "--queries", str(queries)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NUMBA_CACHE_DIR": cache},
        )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--ranx", default=sys.executable, help="an interpreter that has ranx")
    parser.add_argument("--side", choices=["ours", "ranx"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        print(json.dumps((ours if asked.side == "ours" else theirs)(asked.queries)))
        return
    mine = fresh(sys.executable, "ours", asked.queries)
    print(f"{asked.queries:,} queries, {LISTED} ranked, {RELEVANT} relevant; seconds")
    has = subprocess.run([asked.ranx, "-c", "import ranx"], capture_output=True, check=False).returncode == 0
    if not has:
        print("  ".join(f"{name} {mine[name]:.4g}" for name in mine))
        print(f"{asked.ranx} has no ranx, so nothing to compare with; to have one:")
        print("\n".join((__doc__ or "").rstrip().splitlines()[-2:]))
        return
    other = fresh(asked.ranx, "ranx", asked.queries)
    print(f"{'':>10}  {'bobanalysis':>12}  {'ranx':>12}  {'ratio':>8}")
    for name in mine:
        ratio = other[name] / mine[name]
        print(f"{name:>10}  {mine[name]:>12.4f}  {other[name]:>12.4f}  {ratio:>8.1f}")
    print(f"the two values differ by {abs(other['value'] - mine['value']):.0e}")


if __name__ == "__main__":
    main()
