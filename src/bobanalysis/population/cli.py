"""The command ``bobanalysis population``: a modelled population in a Parquet file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from bobanalysis.cluster.options import SchedulerOption, WorkersOption
from bobanalysis.cluster.workers import Workers

from . import build, scenarios
from .model import fit, joint
from .vocabulary import LIMITS


def population(
    people: Annotated[int, Option(min=1, help="How many people to draw.")] = 100_000,
    seed: Annotated[int, Option(min=0, help="The same seed gives the same people on every machine.")] = 2016,
    output: Annotated[
        Path, Option(help="The Parquet file to write; a name without ending: parts of one.")
    ] = Path("population.parquet"),
    scenario: Annotated[str, Option(help="Named assumptions (see scenarios.yaml).")] = "central",
    workers: WorkersOption = 0,
    scheduler: SchedulerOption = None,
) -> None:
    """Draw job seekers from published figures, write them to a Parquet file, and say how well they fit."""
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    screen = Console(stderr=True, emoji=False)
    try:
        wanted = scenarios.load(scenario)
        with Progress(console=screen, transient=True) as bar:
            task = bar.add_task("people", total=people)
            if workers or scheduler or not output.suffix:

                def progress(done: int, parts: int) -> None:
                    bar.update(task, completed=people * done // parts)

                build.write_parts(output, people, seed, scenario, Workers(workers, scheduler), progress)
            else:
                build.write_parquet(output, people, seed, scenario, partial(bar.advance, task))
    except (ValueError, OSError) as error:
        screen.print(f"population: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from None
    model = joint(wanted)
    out = Console()
    out.print(
        f"{output}: {people} people, seed {seed}, scenario {scenario} ({wanted.title['en']}), "
        f"{wanted.construction} construction."
    )
    out.print(
        f"They stand for {model.people:.0f} job seekers (A, B, C, 2019); {model.cells.height} cells; "
        f"raked in {model.raked.rounds} rounds; design effect {model.raked.design_effect:.2f}."
    )
    heads = ("margin", "raked", "lines", "misplaced, %", "largest gap, points")
    table = Table(*heads, title="Fit of every margin")
    for line in build.summarise(fit(model)).iter_rows(named=True):
        raked = "yes" if line["raked"] else "no"
        # A gap of nothing but float noise reads 0, not -0 or 1e-10.
        misplaced, largest = f"{100 * line['misplaced']:.2f}", f"{100 * line['largest_gap']:.2f}"
        table.add_row(line["margin"], raked, str(line["lines"]), misplaced, largest)
    out.print(table)
    for what, lost, rows in model.inputs.lost.iter_rows():
        out.print(f"Left out, {what}: {lost:.0f} people in {rows} rows.")
    out.print("What this population cannot show:")
    for limit in LIMITS.values():
        out.print(f"- {limit['en']}", highlight=False)
