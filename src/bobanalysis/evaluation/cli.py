"""The command ``bobanalysis evaluate``: measures of a run against judgements."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run
from bobanalysis.evaluation.lists import EvaluationError, EvaluationWarning, Missing
from bobanalysis.evaluation.summary import Evaluation, Interval
from bobanalysis.evaluation.summary import evaluate as _evaluate

DEFAULT = "ndcg@5,map,mrr,p@5,recall@5"
_WRITERS = {".csv": "write_csv", ".parquet": "write_parquet"}


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="TREC run, CSV or Parquet; also .gz.")],
    qrels: Annotated[Path, typer.Argument(metavar="QRELS", help="TREC qrels, CSV or Parquet; also .gz.")],
    metrics: Annotated[
        str,
        typer.Option("--metrics", help="Measures with commas between: ndcg@5, map, rbp(0.8), p(rel=2)@3 …"),
    ] = DEFAULT,
    groups: Annotated[
        Path | None, typer.Option("--groups", help="CSV or Parquet: a person a row, and columns to group by.")
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option("--items", help="CSV or Parquet: the catalogue, for coverage, gini, novelty, ild."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write the table here: .csv or .parquet.")
    ] = None,
    per_query: Annotated[
        Path | None, typer.Option("--per-query", help="Write a row a person here: .csv or .parquet.")
    ] = None,
    missing: Annotated[
        Missing, typer.Option("--missing", help="Judged people without a list count zero, or are skipped.")
    ] = "zero",
    interval: Annotated[Interval, typer.Option("--interval", help="Interval of means.")] = "t",
) -> None:
    """Evaluate ranked lists: means with 95 % intervals, for everyone and by group."""
    from rich.console import Console

    screen = Console(stderr=True, soft_wrap=True)
    try:
        for path in (output, per_query):
            if path is not None and path.suffix not in _WRITERS:
                raise EvaluationError(f"{path}: the name should end in .csv or .parquet")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", EvaluationWarning)
            found = _evaluate(
                read_run(run),
                read_qrels(qrels),
                metrics,
                groups=None if groups is None else read_groups(groups),
                items=None if items is None else read_items(items),
                missing=missing,
                interval=interval,
            )
        _show(found)
        # What is undefined is among the notes; other warnings are of the files.
        for text in dict.fromkeys(str(w.message) for w in caught if "undefined" not in str(w.message)):
            screen.print(f"note: {text}", markup=False, highlight=False)
        for what, count, meaning in found.notes.iter_rows():
            screen.print(f"note: {count} {what}: {meaning}", markup=False, highlight=False)
        for path, frame in ((output, found.table), (per_query, found.per_query)):
            if path is not None:
                getattr(frame, _WRITERS[path.suffix])(path)
                screen.print(f"written: {path}", markup=False, highlight=False)
    except (EvaluationError, OSError) as error:
        screen.print(f"evaluate: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None


def _show(found: Evaluation) -> None:
    from rich.console import Console
    from rich.table import Table

    frame = found.table
    rounded = frame.with_columns(
        pl.col(pl.Float64).map_elements(lambda value: f"{value:.4f}", return_dtype=pl.String)
    )
    table = Table()
    for name, kind in frame.schema.items():
        if name != "suppressed":
            table.add_column(name, justify="right" if kind.is_numeric() else "left", overflow="fold")
    for row in rounded.iter_rows(named=True):
        hidden = row.pop("suppressed")
        empty = "hidden" if hidden else "undefined"
        cells = (empty if v is None and k == "value" else "" if v is None else str(v) for k, v in row.items())
        table.add_row(*cells)
    Console(soft_wrap=True).print(table)
