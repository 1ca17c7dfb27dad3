"""The command ``bobanalysis``: thin; everything it does is a function of the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer
from rich.console import Console
from rich.table import Table

from bobanalysis.data.cli import app as data_app
from bobanalysis.evaluation.cli import evaluate
from bobanalysis.fairness.cli import audit
from bobanalysis.population.cli import population

app = typer.Typer(
    help="Audit of Bob Emploi's published recommendation algorithm.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data", help="The figures and where they come from.")
app.command()(population)
app.command()(audit)
app.command()(evaluate)

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
    from bobanalysis.recommenders.market import french_market

    return french_market(scale) if scale else french_market()


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
    only_diagnosis: Annotated[bool, typer.Option(help="Leave out advice and strategies.")] = False,
    now: NowOption = "2022-06-29T00:00:00",
) -> None:
    """Tell people what Bob would: diagnosis, overall score, ranked advice with stars, strategies."""
    from bobanalysis.bob import Bob, InputError
    from bobanalysis.bob.files import Totals, score_file

    def progress(totals: Totals) -> None:
        if err.is_terminal:
            err.print(f"{totals.read:,} rows read", end="\r")

    try:
        bob = Bob(_market(market, scale))
        steps: Literal["everything", "diagnosis"] = "diagnosis" if only_diagnosis else "everything"
        totals = score_file(people, output, bob, now=now, rejects=rejects, steps=steps, progress=progress)
    except (InputError, FileNotFoundError, ValueError) as error:
        raise _stop(error) from error
    out.print(f"read {totals.read} = scored {totals.scored} + rejected {totals.rejected}", highlight=False)
    if totals.rejected:
        where = f"listed in {rejects}" if rejects else "list them with --rejects FILE"
        out.print(f"rejected rows: {where}", highlight=False)
    out.print(f"results: {output}", highlight=False)


@app.command()
def conformance(
    vectors: Annotated[Path, typer.Argument(help="Recorded vectors, JSON lines, maybe gzipped.")],
    market: Annotated[
        Path | None, typer.Option(help="Market folder; by default, market/ beside the file.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Read only so many vectors.")] = None,
    show: Annotated[int, typer.Option(help="Print so many mismatches.")] = 0,
) -> None:
    """Compare the pipeline with what the published code answered; exit status 0 only if all match."""
    from bobanalysis.bob import InputError
    from bobanalysis.bob.conformance import conformance as compare

    try:
        report = compare(vectors, market, limit)
    except (InputError, FileNotFoundError) as error:
        raise _stop(error) from error
    for line in report.lines():
        out.print(line, highlight=False)
    for mismatch in report.mismatches()[:show]:
        out.print(f"\n{mismatch.vector}, {mismatch.part}, {mismatch.what}", highlight=False)
        out.print(f"  recorded {mismatch.recorded}\n  got      {mismatch.got}", highlight=False)
        if mismatch.rule is not None:
            from bobanalysis.report.terminal import tree

            out.print(tree(mismatch.rule, mismatch.person, "en", mismatch.group))
    raise typer.Exit(0 if report.conforms else 1)


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
    from bobanalysis.bob.catalogue import titles
    from bobanalysis.report.terminal import explanation

    out.print(explanation(model, _rule(model), lang, titles()))


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
    from bobanalysis.bob.catalogue import titles
    from bobanalysis.bob.market import join
    from bobanalysis.report.terminal import tree
    from bobanalysis.rules import inputs

    rule = _rule(model)
    try:
        text = typer.get_text_stream("stdin").read() if str(person) == "-" else person.read_text("utf-8")
        record = json.loads(text)
        bob = Bob(_market(market, scale))
        read = inputs(rule)
        intake = admit(read_users([record], [now]), bob.with_keys(read), file=str(person))
    except (OSError, ValueError) as error:
        raise _stop(f"{person}: {error}") from error
    if intake.kept.is_empty():
        raise _stop(f"{person}: no project that can be read {intake.rejects.to_dicts()}")
    rows = join(intake.kept, bob.market, [v.name for v in bob.with_keys(read)]).to_dicts()
    out.print(tree(rule, rows[0], lang, rows, titles()))


@app.command()
def letter(
    person: Annotated[
        Path,
        typer.Argument(
            help="JSON or YAML file with one of Bob's records, or inputs by name; - for standard input."
        ),
    ],
    lang: LangOption = "fr",
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, - for standard output; by default letter-LANG.html here."),
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(
            help="One item: main_challenge, overall_score, an advice, a strategy; default: everything."
        ),
    ] = None,
    project: Annotated[int, typer.Option(min=1, help="Which project of the record, from 1.")] = 1,
    market: MarketOption = None,
    scale: ScaleOption = None,
    now: NowOption = "2022-06-29T00:00:00",
) -> None:
    """Write the letter "Why did I get this?" to one person: one page of HTML, without any other file."""
    from bobanalysis.bob import Bob, InputError
    from bobanalysis.report.letter import explain
    from bobanalysis.report.letter_page import folder_figures, open_figures, render
    from bobanalysis.report.person import read_person

    piped = str(person) == "-"
    file = "standard input" if piped else str(person)
    target = output or Path(f"letter-{lang}.html")
    try:
        given = read_person(person, text=typer.get_text_stream("stdin").read() if piped else None)
        figures = folder_figures(market.name) if market else open_figures(scale)
        made = explain(
            given,
            Bob(_market(market, scale)),
            now=now,
            project=project - 1,
            about=about,
            figures=figures,
            file=file,
        )
        text = render(made, lang)
    except (InputError, FileNotFoundError, ValueError) as error:
        raise _stop(error) from error
    if str(target) == "-":
        typer.echo(text, nl=False)
        return
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _stop(f"{target}: cannot be written ({error.strerror}); give another --output") from error
    out.print(f"letter: {target}", highlight=False)
