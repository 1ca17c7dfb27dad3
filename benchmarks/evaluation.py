"""Seven measures of 100,000 lists of ten, beside pytrec_eval (C) and ir_measures, on the same invented lists.

In memory both begin with the same two Polars frames; what a peer needs them turned into counts, or not, as
the line says. From files, reading counts; the two commands are whole processes.
"""

from __future__ import annotations

import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import HERE, Line, compare, function, process

LISTED, JUDGED, CATALOGUE = 10, 5, 60
OURS = ["ndcg@5", "ndcg@10", "ndcg", "map", "mrr", "p@5", "recall@10"]
TREC = {"ndcg_cut.5,10", "ndcg", "map", "recip_rank", "P.5", "recall.10"}
IR = "nDCG@5 nDCG@10 nDCG AP RR P@5 R@10"
Names = dict[str, dict[str, Any]]


def made(queries: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a run and judgements, names as text."""
    rng = np.random.default_rng(2016)
    names = np.char.add("q", np.arange(queries).astype(str))

    def items(each: int) -> Any:
        step = CATALOGUE // each  # one item of each stretch of the catalogue, so that none comes twice
        drawn = rng.integers(0, step, (queries, each)) + np.arange(each) * step
        return np.char.add("d", drawn.ravel().astype(str))

    score = rng.random(queries * LISTED).round(6)
    run = pl.DataFrame({"query": np.repeat(names, LISTED), "item": items(LISTED), "score": score})
    grades = rng.integers(0, 3, queries * JUDGED)
    return run, pl.DataFrame({"query": np.repeat(names, JUDGED), "item": items(JUDGED), "relevance": grades})


def converted(*frames: pl.DataFrame) -> list[Names]:
    """Return frames as pytrec_eval takes them."""
    found = []
    for frame in frames:
        names: Names = defaultdict(dict)
        for query, item, value in frame.iter_rows():
            names[query][item] = value
        found.append(names)
    return found


def by_trec(run: Names, qrels: Names) -> dict[str, float]:
    """Return pytrec_eval's means."""
    import pytrec_eval

    each = pytrec_eval.RelevanceEvaluator(qrels, TREC).evaluate(run)
    return {name: sum(of[name] for of in each.values()) / len(each) for name in next(iter(each.values()))}


def files_by_trec(run: Path, qrels: Path) -> dict[str, float]:
    """Return pytrec_eval's means of two files."""
    import pytrec_eval

    with run.open() as listed, qrels.open() as judged:
        return by_trec(pytrec_eval.parse_run(listed), pytrec_eval.parse_qrel(judged))


def lines(old: Path | None, scale: float) -> Iterator[Line]:
    """Evaluate in memory, from files, and by command."""
    from bobanalysis.evaluation import EvaluationWarning, evaluate, prepare
    from bobanalysis.evaluation.files import read_qrels, read_run

    warnings.simplefilter("ignore", EvaluationWarning)
    queries = round(100_000 * scale)
    run, qrels = made(queries)
    lists, names = prepare(run, qrels), converted(run, qrels)
    means = dict(zip(OURS, evaluate(lists, None, OURS, undefined="zero").table["value"], strict=True))
    agreed = by_trec(*names)
    for mine, theirs in (("ndcg@10", "ndcg_cut_10"), ("map", "map"), ("recall@10", "recall_10")):
        np.testing.assert_allclose(means[mine], agreed[theirs], atol=1e-9)
    trec, what = f"pytrec_eval {version('pytrec-eval-terrier')}", f"7 measures, {queries:,} lists"
    yield compare(
        f"{what}, from tables, conversion counted",
        partial(function, lambda: evaluate(run, qrels, OURS)),
        trec,
        partial(function, lambda: by_trec(*converted(run, qrels))),
        pairs=5,
    )
    yield compare(
        f"{what}, each in its own form, conversion not counted",
        partial(function, lambda: evaluate(lists, None, OURS)),
        trec,
        partial(function, lambda: by_trec(*names)),
        pairs=5,
    )
    with tempfile.TemporaryDirectory() as folder:
        listed, judged = Path(folder) / "a.run", Path(folder) / "a.qrels"
        ranked = run.sort("query", "score", descending=[False, True])
        place = (pl.int_range(pl.len()) + 1).over("query")
        parts = [pl.lit("Q0").alias("q0"), "item", place.alias("rank"), "score", pl.lit("tag").alias("tag")]
        written: dict[str, Any] = {"separator": " ", "include_header": False}
        ranked.select("query", *parts).write_csv(listed, **written)
        qrels.select("query", pl.lit(0).alias("no"), "item", "relevance").write_csv(judged, **written)
        yield compare(
            f"{what}, two TREC files read",
            partial(function, lambda: evaluate(read_run(listed), read_qrels(judged), OURS)),
            trec,
            partial(function, lambda: files_by_trec(listed, judged)),
            pairs=5,
        )
        yield compare(
            f"{what}, the command, start-up counted",
            partial(process, [HERE, "evaluate", listed, judged, "--metrics", ",".join(OURS)]),
            f"ir_measures {version('ir-measures')}",
            partial(process, [HERE.with_name("ir_measures"), judged, listed, IR]),
        )
