"""The command ``bobanalysis evaluate``: measures of a run against judgements."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run
from bobanalysis.evaluation.lists import EvaluationWarning, Missing
from bobanalysis.evaluation.measures import parse_all
from bobanalysis.evaluation.summary import Evaluation, Interval
from bobanalysis.evaluation.summary import evaluate as _evaluate
from bobanalysis.tables import InputError, Writer, refuse_overwrite, write_table

DEFAULT = "ndcg@5,map,mrr,p@5,recall@5"


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="TREC run, or a table; also .gz.")],
    qrels: Annotated[Path, typer.Argument(metavar="QRELS", help="TREC qrels, or a table; also .gz.")],
    metrics: Annotated[
        str,
        typer.Option("--metrics", help="Measures with commas between: ndcg@5, map, rbp(0.8), p(rel=2)@3 …"),
    ] = DEFAULT,
    groups: Annotated[
        Path | None, typer.Option("--groups", help="Table: a person a row, and columns to group by.")
    ] = None,
    items: Annotated[
        Path | None, typer.Option("--items", help="Table: the catalogue, for coverage, gini, novelty, ild.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write the table here: .csv, .parquet or .jsonl.")
    ] = None,
    per_query: Annotated[Path | None, typer.Option("--per-query", help="Write a row a person here.")] = None,
    missing: Annotated[
        Missing, typer.Option("--missing", help="Judged people without a list count zero, or are skipped.")
    ] = "zero",
    interval: Annotated[Interval, typer.Option("--interval", help="Interval of means.")] = "t",
) -> None:
    """Evaluate ranked lists: means with 95 % intervals, for everyone and by group."""
    from rich.console import Console

    screen = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    try:
        for target in filter(None, (output, per_query)):
            Writer(target)  # refuses a name that it cannot write before anything is read
            refuse_overwrite(target, *filter(None, (run, qrels, groups, items)))
        for name in (m.label for m in parse_all(metrics) if items is None and m.measure.needs == "items"):
            raise InputError(f"{name} needs --items: a table with one row an item of the catalogue")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", EvaluationWarning)
            lists, judged = read_run(run), read_qrels(qrels)
            people, catalogue = groups and read_groups(groups), items and read_items(items)
            found = _evaluate(lists, judged, metrics, people, catalogue, missing, interval)
        _show(found)
        # What is undefined is among the notes; other warnings are of the files.
        for text in dict.fromkeys(str(w.message) for w in caught if "undefined" not in str(w.message)):
            screen.print(f"note: {text}")
        for what, count, meaning in found.notes.iter_rows():
            screen.print(f"note: {count} {what}: {meaning}")
        for path, frame in ((output, found.table), (per_query, found.per_query)):
            if path is not None:
                write_table(frame, path)
                screen.print(f"written: {path}")
    except (InputError, OSError) as error:
        screen.print(f"evaluate: {error}", style="red")
        raise typer.Exit(2) from None


def _show(found: Evaluation) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    empty = pl.when("suppressed").then(pl.lit("hidden")).otherwise(pl.lit("undefined"))
    text = pl.selectors.float().map_elements("{:.4f}".format, return_dtype=pl.String)
    cells = found.table.with_columns(text).with_columns(pl.col("value").fill_null(empty)).drop("suppressed")
    table = Table()
    for name in cells.columns:
        number = found.table.schema[name].is_numeric()
        table.add_column(escape(name), justify="right" if number else "left", overflow="fold")
    for row in cells.select(pl.all().cast(pl.String).fill_null("")).iter_rows():
        table.add_row(*map(escape, row))  # a group may be called [red]
    Console(soft_wrap=True).print(table)
