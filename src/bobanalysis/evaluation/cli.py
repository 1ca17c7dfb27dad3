"""The command ``bobanalysis evaluate``: measures of a run against judgements."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from bobanalysis.evaluation.comparison import compare
from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run
from bobanalysis.evaluation.lists import EvaluationWarning, Missing
from bobanalysis.evaluation.measures import parse_all
from bobanalysis.evaluation.summary import EVERYONE, Interval, Undefined
from bobanalysis.evaluation.summary import evaluate as _evaluate
from bobanalysis.tables import InputError, Writer, refuse_overwrite, write_table

SHOWN = ("n", "undefined", "value", "ci_low", "ci_high")
COMPARED = ("p_randomisation_adjusted",)
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
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="A column of the groups, by itself; a,b crosses two. All by themselves."),
    ] = None,
    against: Annotated[
        list[Path] | None, typer.Option("--compare", help="Another run of the same people, to compare with.")
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
    undefined: Annotated[
        Undefined,
        typer.Option("--undefined", help="Undefined values: left out of means, or 0 as in trec_eval 10."),
    ] = "null",
    interval: Annotated[Interval, typer.Option("--interval", help="Interval of means.")] = "t",
    comparison: Annotated[
        Path | None, typer.Option("--comparison", help="Write the comparison of runs here.")
    ] = None,
) -> None:
    """Evaluate ranked lists: means with 95 % intervals, for everyone and by group."""
    from rich.console import Console

    screen = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    try:
        runs = [run, *(against or ())]
        if len({*runs}) < len(runs):
            raise InputError(f"--compare: {runs[-1]} is given twice; name another run")
        for target in filter(None, (output, per_query, comparison)):
            Writer(target)  # refuses a name that it cannot write before anything is read
            refuse_overwrite(target, *filter(None, (*runs, qrels, groups, items)))
        if groups is None and by:
            raise InputError("--by needs --groups: a table with one row a person")
        if comparison and not against:
            raise InputError("--comparison needs --compare: another run")
        for name in (m.label for m in parse_all(metrics) if items is None and m.measure.needs == "items"):
            raise InputError(f"{name} needs --items: a table with one row an item of the catalogue")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", EvaluationWarning)
            judged, people = read_qrels(qrels), groups and read_groups(groups)
            catalogue = items and read_items(items)
            sets = [name.split(",") for name in by] if by else None
            found, *others = (
                _evaluate(
                    read_run(path), judged, metrics, people, catalogue, missing, interval, sets, undefined
                )
                for path in runs
            )
        labels = found.table.columns[1 : found.table.columns.index("n")]
        shown: list[list[str]] = [[], *(sets or ([name] for name in labels))]
        for at in shown:
            alone = [(pl.col(name) != EVERYONE) == (name in at) for name in labels]
            _show(found.table.filter(*alone).select("metric", *at, *SHOWN, "suppressed"))
        frames = [(output, found.table), (per_query, found.per_query)]
        if others:
            named = [path.name for path in runs]
            named = named if len({*named}) == len(named) else [*map(str, runs)]
            compared = compare(dict(zip(named, (found, *others), strict=True)), named[0])
            _show(compared.select("metric", "run", "other", "difference", "ci_low", "ci_high", *COMPARED))
            screen.print("note: p values of the randomisation test, adjusted by Holm for all rows")
            frames.append((comparison, compared))
        # What is undefined is among the notes; other warnings are of the files.
        for text in dict.fromkeys(str(w.message) for w in caught if "undefined" not in str(w.message)):
            screen.print(f"note: {text}")
        for what, count, meaning in found.notes.iter_rows():
            screen.print(f"note: {count} {what}: {meaning}")
        for path, frame in frames:
            if path is not None:
                write_table(frame, path)
                screen.print(f"written: {path}")
    except (InputError, OSError) as error:
        screen.print(f"evaluate: {error}", style="red")
        raise typer.Exit(2) from None


def _show(cells: pl.DataFrame) -> None:
    """Print a table that fits 80 columns."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    cells = cells.with_columns(pl.selectors.float().map_elements("{:.4f}".format, return_dtype=pl.String))
    if "suppressed" in cells.columns:
        empty = pl.when("suppressed").then(pl.lit("hidden")).otherwise(pl.lit("undefined"))
        cells = cells.with_columns(pl.col("value").fill_null(empty)).drop("suppressed")
    table = Table(padding=(0, 0))
    for name in cells.columns:
        number = name in (*SHOWN, *COMPARED, "difference")
        head = name.removesuffix("_randomisation_adjusted")
        table.add_column(escape(head), justify="right" if number else "left", overflow="fold")
    for row in cells.select(pl.all().cast(pl.String).fill_null("")).iter_rows():
        table.add_row(*map(escape, row))  # a group may be called [red]
    Console(soft_wrap=True).print(table)
