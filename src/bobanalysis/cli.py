"""The command ``bobanalysis``: thin; everything it does is a function of the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

from bobanalysis.data.cli import app as data_app
from bobanalysis.population.cli import population

app = typer.Typer(
    help="Audit of Bob Emploi's published recommendation algorithm.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data", help="The figures and where they come from.")
app.command()(population)

Lang: TypeAlias = Literal["fr", "en"]
out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

MarketOption = Annotated[
    Path | None,
    typer.Option(help="Folder with Bob's market documents (JSON); without it, the project's real figures."),
]
ScaleOption = Annotated[str | None, typer.Option(help="Scale of the real market figures.")]
LangOption = Annotated[Lang, typer.Option(help="Language of the answer.")]
NowOption = Annotated[str, typer.Option(help="Instant of the computation, for records with a year of birth.")]


def _market(folder: Path | None, scale: str | None) -> Any:
    from bobanalysis.bob import Market

    if folder is not None:
        return Market.from_documents(folder)
    from bobanalysis import population as room

    return room.market(scale) if scale else room.market()


def _stop(message: object) -> typer.Exit:
    err.print(f"[bold red]error:[/] {message}", highlight=False)
    return typer.Exit(1)


@app.command()
def score(
    people: Annotated[Path, typer.Argument(help="Parquet, CSV, or JSON lines of Bob's records.")],
    output: Annotated[Path, typer.Option(help="Results: .parquet, .csv or .jsonl.")],
    market: MarketOption = None,
    scale: ScaleOption = None,
    rejects: Annotated[Path | None, typer.Option(help="CSV file for the rows that cannot be read.")] = None,
    now: NowOption = "2022-06-29T00:00:00",
) -> None:
    """Diagnose people: main challenge, relevance of each challenge, overall score."""
    from bobanalysis.bob import Bob, InputError
    from bobanalysis.bob.files import Totals, score_file

    def progress(totals: Totals) -> None:
        if err.is_terminal:
            err.print(f"{totals.read:,} rows read", end="\r")

    try:
        bob = Bob(_market(market, scale))
        totals = score_file(people, output, bob, now=now, rejects=rejects, progress=progress)
    except (InputError, FileNotFoundError, ValueError) as error:
        raise _stop(error) from error
    out.print(f"read {totals.read} = scored {totals.scored} + rejected {totals.rejected}", highlight=False)
    if totals.rejected:
        where = f"listed in {rejects}" if rejects else "list them with --rejects FILE"
        out.print(f"rejected rows: {where}", highlight=False)
    out.print(f"results: {output}", highlight=False)


@app.command()
def columns(lang: LangOption = "fr") -> None:
    """Describe every column that a file of people may have: the data dictionary."""
    from bobanalysis.bob import DICTIONARY

    table = Table("column", "type", "values", "meaning", "protected criterion", "evidence")
    for v in DICTIONARY.variables:
        values = ", ".join(f"{c.number} {c.name}" for c in v.choices)
        if v.minimum is not None:
            values = f"{v.minimum:g} … {v.maximum:g}"
        protected = f"{v.protected.criterion} ({v.protected.how})" if v.protected else ""
        table.add_row(v.name, v.kind, values, v.label.get(lang), protected, v.evidence)
    out.print(table)


def _rule(name: str) -> Any:
    from bobanalysis.bob import catalogue, diagnosis

    known = diagnosis()
    if name in known:
        return known[name]
    try:
        return catalogue()[name].expr
    except KeyError as error:
        raise _stop(f"{error.args[0]}. The diagnosis has the rules {', '.join(known)}.") from error


@app.command()
def explain(
    model: Annotated[str, typer.Argument(help="A published rule, for-old(50) say, or main_challenge.")],
    lang: LangOption = "fr",
) -> None:
    """Explain a rule: its decision table, its inputs, its thresholds."""
    from bobanalysis.report.terminal import explanation

    out.print(explanation(model, _rule(model), lang))


@app.command()
def trace(
    person: Annotated[
        Path, typer.Argument(help="A JSON file with one of Bob's records, - for standard input.")
    ],
    model: Annotated[str, typer.Option(help="A published rule, or main_challenge.")] = "main_challenge",
    market: MarketOption = None,
    scale: ScaleOption = None,
    lang: LangOption = "fr",
    now: NowOption = "2022-06-29T00:00:00",
) -> None:
    """Show how a rule was read for one person: which conditions held, with their values."""
    from bobanalysis.bob import Bob, admit, read_users
    from bobanalysis.bob.market import join
    from bobanalysis.report.terminal import tree

    rule = _rule(model)
    try:
        text = typer.get_text_stream("stdin").read() if str(person) == "-" else person.read_text("utf-8")
        record = json.loads(text)
        bob = Bob(_market(market, scale), {model: rule})
        intake = admit(read_users([record], [now]), bob.variables, file=str(person))
    except (OSError, ValueError) as error:
        raise _stop(f"{person}: {error}") from error
    if intake.kept.is_empty():
        raise _stop(f"{person}: no project that can be read {intake.rejects.to_dicts()}")
    row = join(intake.kept.head(1), bob.market).row(0, named=True)
    out.print(tree(rule, row, lang))
