"""Measure queries in shares, in several processes or on a cluster, and put the values together."""

from __future__ import annotations

import warnings
from functools import partial
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.cluster.workers import Workers
from bobanalysis.evaluation.files import read_qrels, read_run
from bobanalysis.evaluation.lists import EvaluationWarning, Lists, prepare
from bobanalysis.evaluation.summary import Evaluation, evaluate
from bobanalysis.tables import InputError, Part

SHARES = 8
"""Shares of the queries where a cluster does not say how many workers it has."""
_Found = list[tuple[Evaluation, list[str]] | None]


def measured(run: Path, qrels: Path, team: Workers, **asked: Any) -> Lists:
    """Measure each query of a run by itself, the queries shared among workers.

    Whose share a query is a hash of its name says, so that its rows may be spread over files: each worker
    reads all files, one after another, and keeps the rows of its share.

    Args:
        run, qrels: files, or folders of files alike, that all workers see.
        team: who works, on as many shares (of a cluster eight).
        asked: ``metrics``, all of them a value a query, ``missing`` and ``items``, as for :func:`evaluate`.

    Returns:
        The queries with their values, for :func:`evaluate`. Where a share has no query with a list and
        judgements, or something is wrong with a file, what one process makes of all, or says of it.

    Raises:
        InputError: see :func:`read_run`, :meth:`bobanalysis.cluster.workers.Workers.combine`.
    """
    count = team.number or SHARES
    at = [path.resolve() if team.scheduler else path for path in (run, qrels)]
    work = partial(_of_share, at[0], at[1], count, asked)
    found = team.combine(work, [Part(run, number) for number in range(count)], add)
    done = [one for one in found if one]
    if len(done) < count:
        return prepare(read_run(run), read_qrels(qrels), asked["missing"])
    for told in dict.fromkeys(text for _, texts in done for text in texts):
        warnings.warn(told, EvaluationWarning, stacklevel=2)
    parts = [part for part, _ in done]
    name, none = parts[0].query_name, np.zeros(0, np.int64)
    each = pl.concat(part.per_query for part in parts).sort(name)
    notes = pl.concat(part.notes for part in parts).filter(~pl.col("what").str.ends_with(" is undefined"))
    sums = pl.col("count").sum(), pl.col("meaning").min()
    values = {m.label: each[m.label].to_numpy() for m in parts[0].measures}
    notes, laid = notes.group_by("what", maintain_order=True).agg(sums), (none, none, np.zeros(0))
    return Lists(
        name, each[name], none, pl.Series, laid, laid, notes, lambda frame: frame, pl.DataFrame, values
    )


def _of_share(run: Path, qrels: Path, count: int, asked: dict[str, Any], part: Part) -> _Found:
    """Evaluate a share, with the warnings; None if it cannot be evaluated."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", EvaluationWarning)
        share = part.number, count
        try:
            found = evaluate(read_run(run, share), read_qrels(qrels, share), **asked)
        except InputError:
            return [None]
    return [(found, [text for one in caught if "undefined" not in (text := str(one.message))])]
