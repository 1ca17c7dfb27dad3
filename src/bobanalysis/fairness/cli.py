"""The command ``bobanalysis audit``: who gets what in a file, by group."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bobanalysis.fairness.metrics import MIN_GROUP

if TYPE_CHECKING:
    from bobanalysis.fairness.audit import Audit

_FORMATS = (".csv", ".parquet", ".html")


def audit(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or Parquet of any size, one row a person.")
    ],
    groups: Annotated[
        list[str], typer.Option("--groups", help="Columns to cross: a,b. Also one --groups a column.")
    ],
    prediction: Annotated[
        str | None,
        typer.Option(help="Column of decisions, or a condition: 'decile_score>=5', 'level=High,Medium'."),
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="Column of what was true, or a condition.")] = None,
    score: Annotated[str | None, typer.Option(help="Column of numbers.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of weights, zero or more.")] = None,
    count: Annotated[
        str | None, typer.Option(help="Column saying for how many people a row stands (a counted table).")
    ] = None,
    selected: Annotated[
        str | None, typer.Option(help="With --count: column saying how many of them were selected.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="Group others are compared with: x, or x,y; default everyone else.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", help="Where to write: .csv, .parquet or .html; repeat for more."),
    ] = None,
    min_group: Annotated[int, typer.Option(min=1, help="Smallest group shown.")] = MIN_GROUP,
    missing: Annotated[
        str | None, typer.Option(help="Texts that mean 'not known', comma between; default NA, N/A, ?, ….")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV; default UTF-8.")] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out and count rows of a wrong number of fields.")
    ] = False,
    search: Annotated[
        bool, typer.Option("--search", help="Also search all combinations of the groups' values.")
    ] = False,
    lang: Annotated[Literal["fr", "en"], typer.Option(help="Language of the answer.")] = "fr",
) -> None:
    """Measure who gets what in a file, by group, with intervals; write the measures or a page.

    Exit code 0: measured. 1: the file cannot be audited, and the message says why. 2: the command is wrong.
    """
    from polars.exceptions import PolarsError
    from rich.console import Console

    from bobanalysis.fairness.audit import audit_file
    from bobanalysis.fairness.page import show
    from bobanalysis.fairness.reading import MISSING
    from bobanalysis.tables import refuse_overwrite

    errors = Console(stderr=True, soft_wrap=True)
    outputs = output or []
    for path in outputs:
        if path.suffix.lower() not in _FORMATS:
            errors.print(
                f"error: --output {path}: write to {', '.join(_FORMATS)}", markup=False, highlight=False
            )
            raise typer.Exit(2)

    def progress(rows: int) -> None:
        if errors.is_terminal:
            errors.print(f"{rows:,} rows read", end="\r")

    try:
        for path in outputs:
            refuse_overwrite(path, file)
        names = _names(groups, file)
        found = audit_file(
            file,
            names,
            prediction=prediction,
            outcome=outcome,
            score=score,
            weight=weight,
            count=count,
            selected=selected,
            reference=_labels(reference, len(names)),
            min_group=min_group,
            missing=MISSING if missing is None else ("", *(part.strip() for part in missing.split(","))),
            encoding=encoding,
            skip_bad_rows=skip_bad_rows,
            search=search,
            progress=progress,
        )
        for path in outputs:
            _write(found, path, lang)
    except (ValueError, OSError, PolarsError) as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    screen = Console()
    show(found, lang, screen if screen.is_terminal else Console(width=160))
    for path in outputs:
        screen.print(f"{path}", markup=False, highlight=False)


def _names(asked: list[str], file: Path) -> list[str]:
    """Column names; a comma parts them unless a column is named so."""
    from bobanalysis.tables import open_table

    has = open_table(file).columns if any("," in each for each in asked) and file.is_file() else ()
    parts = [p for e in asked for p in ([e] if e in has else (x.strip() for x in e.split(","))) if p]
    return list(dict.fromkeys(parts))


def _labels(asked: str | None, groups: int) -> Any:
    if asked is None or groups == 1:
        return asked
    return tuple(part.strip() for part in asked.split(" × " if " × " in asked else ","))


def _write(found: Audit, path: Path, lang: Literal["fr", "en"]) -> None:
    """Write all of a file or none of it."""
    from bobanalysis.fairness.page import page
    from bobanalysis.tables import write_table, write_text

    try:
        if path.suffix.lower() == ".html":
            write_text(page(found, lang), path)
        else:
            write_table(found.measures, path)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from error
