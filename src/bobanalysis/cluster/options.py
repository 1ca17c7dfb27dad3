"""Options of the commands whose work can be spread; imported by the list of commands, so without tables."""

from __future__ import annotations

from typing import Annotated

import typer

WorkersOption = Annotated[
    int,
    typer.Option("--workers", min=0, help="Processes to spread the work over; needs the extra 'cluster'."),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", help="Address of a Dask scheduler; its workers read the files."),
]
