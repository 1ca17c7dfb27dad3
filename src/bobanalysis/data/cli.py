"""The command `bobanalysis data`: list, show, fetch and check the sources of figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from bobanalysis.data import cache, checks, observed, official, registry, tables
from bobanalysis.tables import digest, refuse_overwrite, write_table

OBSERVED = Path("build/observed")
app = typer.Typer(
    help="Where the figures come from: list, show, fetch and check sources.", no_args_is_help=True
)


@app.command("list")
def list_() -> None:
    """List every source: id, how it can be had, vintage, title."""
    known = registry.sources()
    width = max(map(len, known))
    for entry in known.values():
        state = "shipped" if entry.table else "fetch" if entry.access == "download" else entry.access
        typer.echo(f"{entry.id:<{width}}  {state:<10}  {entry.vintage.en[:24]:<24}  {entry.title.en}")
    shipped = sum(entry.table is not None for entry in known.values())
    typer.echo(f"\n{len(known)} sources, {shipped} shipped in data/reference; `data show ID` says more.")


@app.command()
def show(identifier: Annotated[str, Argument(metavar="ID")], rows: int = 5) -> None:
    """Show one source: producer, licence, columns, quirks, checks, and the first rows if it is shipped."""
    entry = registry.source(identifier)
    typer.echo(registry.show(identifier))
    if entry.table:
        frame = tables.table(identifier)
        typer.echo(f"\nFirst rows of {frame.height:,} (shipped table, no network needed):")
        typer.echo(str(frame.drop("geometry", strict=False).head(rows)))


@app.command()
def fetch(
    identifier: Annotated[str, Argument(metavar="ID")],
    part: Annotated[str | None, Option(help="Which file, such as a year (the newest if not given).")] = None,
    refresh: Annotated[bool, Option(help="Download again even if it is in the cache.")] = False,
    path: Annotated[Path | None, Option(exists=True, dir_okay=False, help="Read this file instead.")] = None,
    keep: Annotated[bool, Option("--keep", help="Put the file of --path into the cache.")] = False,
    output: Annotated[
        Path | None, Option(help="Write the tidy table here (.csv, .parquet or .jsonl).")
    ] = None,
) -> None:
    """Download an official file to the cache, read it, and check it against itself and published totals."""
    if output is not None and path is not None:
        refuse_overwrite(output, path)
    if path is None or keep:
        path = cache.fetch(identifier, part, refresh=refresh, given=path, say=typer.echo)
        typer.echo(f"{identifier}: {path} ({path.stat().st_size:,} bytes, sha256 {digest(path)})")
    if identifier not in official.LOADERS:
        typer.echo("There is no loader for this file: what is in it was not looked at.")
        return
    loaded = official.LOADERS[identifier](path)
    typer.echo(f"{loaded.frame.height:,} rows: {', '.join(loaded.frame.columns)}")
    if output is not None:
        write_table(loaded.frame, output)
        typer.echo(f"written to {output}")
    for note in loaded.notes:
        typer.echo(f"note: {note}")
    for problem in loaded.problems:
        typer.echo(f"problem: {problem}", err=True)
    if loaded.problems:
        raise typer.Exit(1)


@app.command("observed")
def observed_(output: Annotated[Path, Option("--output", "-o", help="Folder.")] = OBSERVED) -> None:
    """Write age by département as observed, from the official files that are in the cache."""
    typer.echo("\n".join(observed.observed(output)))


@app.command()
def check(identifiers: Annotated[list[str] | None, Argument(metavar="[ID]...")] = None) -> None:
    """Check every shipped table: sha256, columns, rows, keys, identities and published totals."""
    reports = checks.check(identifiers or None)
    for report in reports:
        for problem in report.problems:
            typer.echo(f"FAILED  {report.id}: {problem}", err=True)
        if not report.problems:
            typer.echo(f"ok      {report.id}: {report.rows:,} rows, {report.done} checks")
    if failed := sum(bool(report.problems) for report in reports):
        typer.echo(f"{failed} of {len(reports)} failed; the others can be used.", err=True)
        raise typer.Exit(1)
    typer.echo(f"All {len(reports)} hold. These are the shipped tables; no network was used.")
