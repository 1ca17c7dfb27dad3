"""The command ``bobanalysis evaluate``: measures of a run against judgements."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any

import polars as pl
import typer

from bobanalysis import tables as files
from bobanalysis.cluster.options import SchedulerOption, WorkersOption
from bobanalysis.cluster.workers import Workers
from bobanalysis.evaluation.by_group import EVERYONE, EXPOSURE
from bobanalysis.evaluation.comparison import compare
from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run, run_names
from bobanalysis.evaluation.lists import EvaluationWarning, Missing, to_polars
from bobanalysis.evaluation.measures import parse_all
from bobanalysis.evaluation.summary import Evaluation, Interval, Undefined, measured
from bobanalysis.evaluation.summary import evaluate as _evaluate
from bobanalysis.fairness import MIN_GROUP
from bobanalysis.fairness.attributes import numbers_by_name
from bobanalysis.fairness.export import as_json, command_line
from bobanalysis.tables import InputError, as_records, digest, load_yaml, no_column

SHOWN = ("n", "undefined", "value", "ci_low", "ci_high")
COMPARED = ("p_randomisation_adjusted",)
GAP = ("value", "ci_low", "ci_high", "high", "low", "p_adjusted")
CURVE = ("at", "value", "band_low", "band_high")
POINTS = 9
"""Points of a curve that are printed; files have all."""
LONG, ENDS = 40, 3
"""Of a table of more lines so many with the lowest, and with the highest figures are printed."""
DEFAULT = "ndcg@5,map,mrr,p@5,recall@5"
TABLES = ("measures", "gaps", "curves", "exposure", "comparison")
FORMAT = 1
"""Number of the shape of the JSON."""
WRITTEN = ("output", "per_query", "comparison", "workers", "scheduler")
"""Options that name what is written, or who works: they are no part of what is asked."""
_HELP = load_yaml(dict[str, str], Path(__file__).with_name("options.yaml"))


def _option(name: str, *flags: str) -> Any:
    return typer.Option(*flags, help=_HELP[name])


def evaluate(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help=_HELP["run"])],
    qrels: Annotated[Path, typer.Argument(metavar="QRELS", help=_HELP["qrels"])],
    metrics: Annotated[str, _option("metrics")] = DEFAULT,
    groups: Annotated[Path | None, _option("groups")] = None,
    by: Annotated[list[str] | None, _option("by", "--by")] = None,
    cross: Annotated[list[str] | None, _option("cross", "--cross")] = None,
    bands: Annotated[list[str] | None, _option("bands", "--bands")] = None,
    on: Annotated[str | None, _option("on", "--on")] = None,
    against: Annotated[list[Path] | None, _option("against", "--compare")] = None,
    items: Annotated[Path | None, _option("items")] = None,
    item_group: Annotated[str | None, _option("item_group")] = None,
    output: Annotated[list[Path] | None, _option("output", "--output")] = None,
    per_query: Annotated[Path | None, _option("per_query")] = None,
    missing: Annotated[Missing, _option("missing")] = "zero",
    undefined: Annotated[Undefined, _option("undefined")] = "null",
    interval: Annotated[Interval, _option("interval")] = "t",
    comparison: Annotated[Path | None, _option("comparison")] = None,
    protect: Annotated[bool, _option("protect", "--protect")] = False,
    workers: WorkersOption = 0,
    scheduler: SchedulerOption = None,
) -> None:
    """Evaluate ranked lists: means with 95 % intervals, for everyone and by group.

    A column of numbers of more than 20 values, such as an age in years, is a curve and no groups. The largest
    gap between the groups of each column is tested for each measure; the p values are adjusted for all tests.
    """
    from rich.console import Console

    screen = Console(stderr=True, soft_wrap=True, markup=False, emoji=False, highlight=False)
    runs, named = [run, *(against or ())], {"run": run, "qrels": qrels, "groups": groups, "items": items}
    read = [("run", run), *(("compare", path) for path in runs[1:])]
    read += [(role, path) for role, path in named.items() if path and role != "run"]
    try:
        if len({*runs}) < len(runs):
            raise InputError(f"--compare: {runs[-1]} is given twice; name another run")
        for target in filter(None, (*(output or ()), per_query, comparison)):
            if target.suffix != ".json" or target not in (output or ()):
                files.Writer(target)  # refuses a name that it cannot write before anything is read
            files.refuse_overwrite(target, *(path for _, path in read))
        of_items = [m.label for m in parse_all(metrics) if m.measure.needs == "items"]
        of_items += ["--item-group"] * bool(item_group)
        about_people = {"--by": by, "--cross": cross, "--bands": bands, "--on": on}
        for given, option, what, needed in (
            (groups, "--groups", "a table with one row a person", [n for n, v in about_people.items() if v]),
            (items, "--items", "a table with one row an item of the catalogue", of_items),
            (against, "--compare", "another run", ["--comparison"] * bool(comparison)),
        ):
            if needed and not given:
                raise InputError(f"{needed[0]} needs {option}: {what}")
        if protect and per_query:
            raise InputError("--protect does not reach what --per-query shows: ask for one of the two")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", EvaluationWarning)
            team, catalogue = Workers(workers, scheduler), items and read_items(items)
            alone = not team or item_group or any(m.measure.per != "query" for m in parse_all(metrics))
            judged = read_qrels(qrels) if alone else None
            each: Any = {"metrics": metrics, "missing": missing, "items": catalogue}
            people = read_groups(groups) if groups else None
            has = [] if people is None else people.columns
            sets = [[n.strip()] for one in by or () for n in ([one] if one in has else one.split(","))]
            sets += [[n.strip() for n in one.split(",")] for one in cross or ()]
            for name in (name for names in sets for name in names if name not in has):
                raise no_column(name, has, str(groups))
            about: dict[str, Any] = {"groups": people, "items": catalogue, "by": sets or None}
            about["bands"] = numbers_by_name("--bands", bands or ())
            about |= {n: context.params[n] for n in ("missing", "interval", "undefined", "on", "protect")}
            results = []
            for path in runs:
                named["run"] = path  # which one an error is about
                lists: Any = read_run(path) if alone else measured(path, qrels, team, **each)
                results.append(_evaluate(lists, judged, metrics, item_group=item_group, **about))
        found = results[0]
        made = {"measures": found.table} | {n: getattr(found, n) for n in ("gaps", "curves", "exposure")}
        labels = found.table.columns[1 : found.table.columns.index("n")]
        for at in ([], *found.sets):
            mine = [(pl.col(name) != EVERYONE) == (name in at) for name in labels]
            _show(found.table.filter(*mine).select("metric", *at, *SHOWN, "suppressed"), "value", "metric")
        # What is undefined is among the notes; other warnings are of the files.
        notes = [str(w.message) for w in caught if "undefined" not in str(w.message)]
        first, called = found.notes.rows(), run_names(runs)
        for of, one in zip(["", *(f" in {name}" for name in called[1:])], results, strict=True):
            rows = [row for row in one.notes.rows() if not of or row not in first]
            notes += [f"{count} {what}{of}: {why}" for what, count, why in rows]
        notes += _by_group(made, found.numbers)
        if results[1:]:
            made["comparison"] = compared = compare(dict(zip(called, results, strict=True)), called[0])
            _show(compared.select("metric", "run", "other", "difference", "ci_low", "ci_high", *COMPARED))
            notes.append("p values of the randomisation test, adjusted by Holm for all rows")
        for text in dict.fromkeys(notes):
            screen.print(f"note: {text}")
        made = {name: made[name] for name in TABLES if made.get(name) is not None and made[name].height}
        frames: dict[Path | None, Any] = dict.fromkeys(output or (), found.table)
        frames |= {per_query: found.per_query, comparison: made.get("comparison")}
        for path, frame in ((path, frame) for path, frame in frames.items() if path):
            if path.suffix == ".json":
                asked = _command(context.command.params, context.params)
                files.write_text(_record(found, asked, read, made), path)
            else:
                files.write_table(frame, path)
            screen.print(f"written: {path}")
    except (ValueError, OSError) as error:
        # what a frame is called in Python is a file here
        text = re.sub(r"^(run|qrels|groups|items)(?=[:,])", lambda m: str(named[m[1]]), str(error))
        screen.print(f"evaluate: {text}", style="red")
        raise typer.Exit(2) from None


def _by_group(made: dict[str, Any], numbers: Any) -> Iterator[str]:
    """Print what is by group beside means; give what is to be said of it."""
    for names in numbers:
        curve = made["curves"].filter(attribute=" × ".join(names))
        at = curve["at"].drop_nulls().unique().sort()
        some = [at[round(place * (at.len() - 1) / (POINTS - 1))] for place in range(POINTS) if at.len()]
        shown = curve.filter(pl.col("at").is_in(some)).drop_nulls("value")
        shown = shown.with_columns(pl.col("at").map_elements("{:g}".format, return_dtype=pl.String))
        shown = shown.select("metric", *(["group"] if names[1:] else []), *CURVE).rename({"at": names[0]})
        _show(shown, "value", "metric", names[0])
        yield f"along {names[0]!r}: some points of each curve; its band holds for all points at once (95 %)"
        failed = curve.filter(pl.col("value").is_null().all().over("metric", "group"))  # not here and there
        told = failed.group_by("metric", "status").agg(pl.col("group").unique().sort().str.join(", "))
        for metric, status, groups in told.sort(pl.all()).rows():
            yield f"{metric} along {names[0]!r}, {shorten(groups, 160, placeholder=' …')}: {status}"
    if (gaps := made["gaps"]).height:
        _show(gaps.drop_nulls("p_value").select("metric", "attribute", *GAP).rename({"value": "gap"}))
        yield "gaps: the largest between two groups; p adjusted by Holm for all measures and attributes"
        for metric, attribute, reason in gaps.select("metric", "attribute", "reason").drop_nulls().rows():
            yield f"gap of {metric} by {attribute}: {reason}"
        for attribute, few in gaps.filter(pl.col("left_out") != "").select("attribute", "left_out").rows():
            yield f"gaps by {attribute}: too few to compare: {shorten(few, 160, placeholder=' …')}"
    if (shown := made["exposure"]) is not None:
        _show(shown.select(*(name for name in EXPOSURE if name != "relevant_items")), "exposure")
        yield "exposure: share of the attention (1 / log2(place + 1)), of the catalogue, of relevant items"


def _show(cells: pl.DataFrame, by: str = "", *each: str) -> None:
    """Print a table that fits 80 columns, if it has rows; of a long one those at both ends of a figure."""
    if cells.is_empty():
        return
    said = None
    if by and cells.height > LONG:
        lines, lost = cells.height, cells[by].null_count()
        between = pl.int_range(pl.len()).is_between(ENDS, pl.len() - ENDS - 1)
        parts = cells.partition_by(each, maintain_order=True) if each else [cells]
        cells = pl.concat(part.drop_nulls(by).sort(by).filter(~between) for part in parts)
        said = f"{ENDS} lowest and highest each, of {lines:,} lines, {lost:,} without value: --output a.json"
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    numbers = [*SHOWN, "p_adjusted"] + [name for name, kind in cells.schema.items() if kind.is_numeric()]
    cells = cells.with_columns(pl.selectors.float().map_elements("{:.4f}".format, return_dtype=pl.String))
    if "suppressed" in cells.columns:
        empty = pl.when("suppressed").then(pl.lit("hidden")).otherwise(pl.lit("undefined"))
        cells = cells.with_columns(pl.col("value").fill_null(empty)).drop("suppressed")
    table = Table(padding=(0, 0), caption=said)
    for name in cells.columns:
        head = name.removesuffix("_randomisation_adjusted").removesuffix("_adjusted")
        table.add_column(escape(head), justify="right" if name in numbers else "left", overflow="fold")
    for row in cells.select(pl.all().cast(pl.String).fill_null("")).iter_rows():
        table.add_row(*map(escape, row))  # a group may be called [red]
    with suppress(SystemExit):  # Rich's, where nobody reads on, as behind head
        Console(soft_wrap=True, emoji=False).print(table)


def _command(options: Sequence[Any], asked: Mapping[str, Any]) -> str:
    """Return the command that gives an evaluation again, in the folder of its files."""
    given = []
    for one in (one for one in options if one.name not in WRITTEN and asked.get(one.name) != one.default):
        value, flag = asked.get(one.name), one.opts[0] if one.param_type_name == "option" else ""
        given.append((flag.removeprefix("--"), [*value] if isinstance(value, tuple) else value))
    return command_line("evaluate", given)


def _record(found: Evaluation, asked: str, read: Sequence[Any], tables: Mapping[str, Any]) -> str:
    """Return an evaluation as JSON (`evaluation.schema.json`): its command, files (role, path) and tables."""
    kinds = [("groups", names) for names in found.sets] + [("curve", names) for names in found.numbers]
    measures = [(m.label, m.measure.formula, m.measure.source) for m in found.measures]
    told = {"format": FORMAT, "package": f"bobanalysis {version('bobanalysis')}", "command": asked}
    told |= {
        "files": [{"role": role, "name": path.name, "sha256": digest(path)} for role, path in read],
        "min_group": MIN_GROUP,
        "measures": [{"name": name, "formula": what, "source": source} for name, what, source in measures],
        "attributes": [{"columns": [*names], "kind": kind} for kind, names in kinds],
        "notes": as_records(to_polars(found.notes)[0]),
        "tables": {name: as_records(frame) for name, frame in tables.items()},
    }
    return as_json(told)
