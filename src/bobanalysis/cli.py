"""The command ``bobanalysis``: thin; everything it does is a function of the package."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import textwrap
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer
from rich.console import Console

from bobanalysis.cluster.options import SchedulerOption, WorkersOption

if TYPE_CHECKING:
    from bobanalysis.algorithm import Algorithm


class _LazyModule(ModuleType):
    """A library that is imported when something in it is first asked for: most commands answer without it.

    ``importlib.util.LazyLoader`` would import it at the next ``import`` that names it, used or not.
    """

    def __getattr__(self, name: str) -> Any:
        """Import the library, and remember what was asked for."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)
        return found


for _name in {"numpy", "polars", "yaml"} - {*sys.modules}:
    _spec = find_spec(_name)
    sys.modules[_name] = _LazyModule(_name)
    sys.modules[_name].__spec__ = _spec

# Rules are many small objects that stay: looking through them for waste, again and at the end, frees nothing.
gc.set_threshold(100_000, 50, 50)
sys.setswitchinterval(0.001)  # seconds: who reads a file and who sums it wait less for each other
atexit.register(gc.freeze)


HERE = Path(__file__).parent
COLUMNS = ("rules", "bob", "algorithms", "report/vocabulary.yaml", "report/words.py", "text.py")
"""What the answer of the command ``columns`` is made of."""
ROOMS = {
    "data": ("bobanalysis.data.cli:app", "Where the figures come from: list, show, fetch and check sources."),
    "population": (
        "bobanalysis.population.cli:population",
        "Draw job seekers from published figures, write them to a Parquet file, and say how well they fit.",
    ),
    "audit": (
        "bobanalysis.fairness.cli:audit",
        "Measure who gets what in a file, by group, with intervals; write the measures or a page.",
    ),
    "evaluate": (
        "bobanalysis.evaluation.cli:evaluate",
        "Evaluate ranked lists: means with 95 % intervals, for everyone and by group.",
    ),
}
"""Commands of the rooms: where each stands, and what the list of commands says of it."""

ENOUGH, PLENTY = 1280 << 20, 8 << 30
"""Bytes of addresses with which commands work, and with which libraries may take what they like."""
SPARING = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
SPARING |= dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""What libraries are told where addresses are few: pools and threads reserve 2 GB that they never use."""
USED_UP = "error: memory is used up; raise its limit (`ulimit -v`), give fewer rows, or take a larger machine"


def _spare_memory() -> bool:
    """Use few addresses where they are limited; return whether they are.

    Libraries abort where there are none: a process of its own does the work, and this one tells how it ended.
    """
    import resource

    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    if (limit := min((n for n in limits if n >= 0), default=PLENTY)) >= PLENTY:
        return False
    if limit < ENOUGH:
        less = f"{limit >> 20:,} MB, {ENOUGH >> 20:,} are needed"
        sys.exit(f"error: memory is limited to {less}; raise the limit: `ulimit -v unlimited`")
    import ctypes
    import signal

    os.environ.update(SPARING)
    libc, told = ctypes.CDLL(None), os.memfd_create("what libraries say")
    if child := os.fork():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child has it too, and says what is kept
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(2, b"" if (aborted := code == -signal.SIGABRT) else os.pread(told, 1 << 16, 0))
        sys.exit(USED_UP if aborted else code if code >= 0 else 128 - code)
    libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: it ends with its parent
    getattr(libc, "mallopt", max)(-8, 1)  # M_ARENA_MAX: the environment tells those alone that start
    sys.stderr = open(os.dup(2), "w", 1, encoding="utf-8")  # noqa: SIM115
    os.dup2(told, 2)
    for name in ("pyarrow.csv", "pyarrow.parquet", "scipy.special"):
        import_module(name)  # while there is room: OpenBLAS waits for ever where there is none
    return True


def _hide_interrupt(found: Any) -> None:
    """Say what nobody can catch, but for a Ctrl-C that met a reader being closed: it is told at the end."""
    if found.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(found)


class _App(typer.Typer):
    """The command, which says in a sentence when memory is limited too much."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; what is printed is UTF-8, whatever the locale."""
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
        if sys.unraisablehook is sys.__unraisablehook__:
            sys.unraisablehook = _hide_interrupt
        scarce = sys.platform == "linux" and _spare_memory()
        try:
            return super().__call__(*args, **kwargs)
        except SystemExit as ended:
            if ended.code == 130:  # Ctrl-C
                told = str(getattr(ended.__context__, "__cause__", "")) or "outputs are as they were"
                print(f"stopped: {told}; to go on, give the same command", file=sys.stderr)
            raise
        except BaseException as error:
            if scarce and type(error).__name__ in ("PanicException", "RuntimeError", "ImportError"):
                os.abort()  # no thread or no library could be had
            raise


class _Commands(typer.core.TyperGroup):
    """The commands, which say in a sentence what is wrong, and stop."""

    def invoke(self, ctx: Any) -> Any:
        """Run one of them."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # who read what is printed has read enough
            raise
        except MemoryError:
            sys.exit(USED_UP)
        except (ValueError, OSError, RecursionError) as error:
            err.print("error:", style="bold red", end=" ")
            err.print(str(error))
            raise typer.Exit(1) from error


app = _App(
    cls=_Commands,
    help="Audit of published algorithms: Bob Emploi's recommendations first.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _add(name: str, place: str, said: str) -> None:
    """Add a command of a room, which is imported when it is called: the list of commands comes at once."""

    passed_on = {"allow_extra_args": True, "ignore_unknown_options": True}

    @app.command(name, help=said, add_help_option=False, context_settings=passed_on)
    def run(ctx: typer.Context) -> None:
        inner = resolve_name(place)
        if not isinstance(inner, typer.Typer):
            command, inner = inner, typer.Typer(pretty_exceptions_enable=False)
            inner.command()(command)
        typer.main.get_command(inner).main(args=ctx.args, prog_name=f"bobanalysis {name}")


for _name, (_place, _said) in ROOMS.items():
    _add(_name, _place, _said)

Lang: TypeAlias = Literal["fr", "en"]
# What is printed quotes names of users and their files, which are no markup.
out = Console(soft_wrap=True, markup=False, emoji=False, highlight=False)
err = Console(stderr=True, soft_wrap=True, markup=False, emoji=False, highlight=False)
NOW = "2022-06-29T00:00:00"
PERSON = "JSON or YAML file with one of the algorithm's records, or inputs by name"

AlgorithmOption = Annotated[str, typer.Option(help="Which published algorithm.")]
MarketOption = Annotated[
    Path | None,
    typer.Option(help="Folder with Bob's market documents (JSON); without it, the project's real figures."),
]
ScaleOption = Annotated[str | None, typer.Option(help="Scale of the real market figures.")]
LangOption = Annotated[Lang, typer.Option(help="Language of the answer.")]
NowOption = Annotated[str, typer.Option(help="Instant of the computation, for records with a year of birth.")]


def _algorithm(name: str, **options: Any) -> Algorithm:
    from bobanalysis.algorithms import load

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no matrix is multiplied here, and threads take time
    return load(name, **options)


@app.command()
def score(
    people: Annotated[Path, typer.Argument(help="Any table (CSV, Parquet), or records as JSON.")],
    output: Annotated[
        Path, typer.Option(help="Results: .parquet, .csv or .jsonl; a name without ending: Parquet in parts.")
    ],
    algorithm: AlgorithmOption = "bob",
    market: MarketOption = None,
    scale: ScaleOption = None,
    keep: Annotated[
        str, typer.Option(help="Columns of the people to carry into the results: age,departement_id, say.")
    ] = "",
    rejects: Annotated[Path | None, typer.Option(help="CSV file for the rows that cannot be read.")] = None,
    only_diagnosis: Annotated[bool, typer.Option(help="Leave out advice and strategies.")] = False,
    now: NowOption = NOW,
    workers: WorkersOption = 0,
    scheduler: SchedulerOption = None,
) -> None:
    """Tell people what an algorithm would: Bob's diagnosis, overall score, ranked advice and strategies."""
    from bobanalysis.audit.scoring import Totals, score_file, score_parts
    from bobanalysis.cluster.workers import Workers

    def read(totals: Totals) -> None:
        if err.is_terminal:
            err.print(f"{totals.read:,} rows read", end="\r")

    def done(parts: int, of: int) -> None:
        if err.is_terminal:
            err.print(f"{parts:,} of {of:,} parts", end="\r")

    options = {"market": market, "scale": scale, "only_diagnosis": only_diagnosis}
    run, team = partial(_algorithm, algorithm, **options), Workers(workers, scheduler)
    kept = [*dict.fromkeys(name.strip() for name in keep.split(",") if name.strip())]
    asked: dict[str, Any] = {"now": now, "keep": kept, "rejects": rejects}
    if team or not output.suffix:
        totals = score_parts(people, output, run, **asked, reads=market, workers=team, progress=done)
    else:
        totals = score_file(people, output, run(), **asked, progress=read)
    for note in totals.notes:
        out.print(note.en)
    out.print(f"read {totals.read} = scored {totals.scored} + rejected {totals.rejected}")
    if totals.rejected:
        out.print(f"rejected rows: {f'listed in {rejects}' if rejects else 'list them with --rejects FILE'}")
    out.print(f"results: {output}")


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
    from bobanalysis.bob.conformance import conformance as compare

    report = compare(vectors, market, limit)
    for line in report.lines():
        out.print(line)
    for mismatch in report.mismatches[:show]:
        out.print(f"\n{mismatch.vector}, {mismatch.part}, {mismatch.what}")
        out.print(f"  recorded {mismatch.recorded}\n  got      {mismatch.got}")
        if mismatch.rule is not None:
            from bobanalysis.report.terminal import tree

            out.print(tree(mismatch.rule, mismatch.group[0], "en", mismatch.group))
    raise typer.Exit(0 if report.conforms else 1)


@app.command()
def columns(algorithm: AlgorithmOption = "bob", lang: LangOption = "fr") -> None:
    """Describe every column that a file of people may have: the data dictionary."""
    from bobanalysis.tables import disk_cached

    width, made_of = shutil.get_terminal_size().columns, [HERE / place for place in COLUMNS]
    dictionary = partial(_columns, algorithm, lang)
    for name, kind, *said in disk_cached(dictionary, *made_of, name=f"{algorithm}-{lang}"):
        typer.echo(f"{typer.style(name, bold=True)} ({kind})")
        for line in filter(None, said):
            typer.echo(textwrap.fill(line, width, initial_indent="    ", subsequent_indent="      "))


def _columns(algorithm: str, lang: Lang) -> list[tuple[str, ...]]:
    """Return what is said of each column, from its name on."""
    from bobanalysis.report.words import Words
    from bobanalysis.rules.words import word

    words, rows = Words(lang), list[tuple[str, ...]]()
    for v in _algorithm(algorithm, figures=False).dictionary.values():
        values = ", ".join(f"{c.number}={c.name}" for c in v.choices)
        if not values and (v.minimum is not None or v.maximum is not None):
            ends = ["" if end is None else f"{end:g}" for end in (v.minimum, v.maximum)]
            values = " … ".join(ends).strip()
        evidence = words.names("provenance").get(v.evidence, v.evidence)
        told = {"protected": words.criterion(v), "evidence": evidence}
        said = [f"{word(key, lang)}{words.colon}{text}" for key, text in told.items() if text]
        rows.append((v.name, v.kind, v.label.get(lang) or "", values, *said))
    return rows


def _rule(algorithm: Algorithm, name: str) -> Any:
    try:
        return algorithm.rule(name).expr
    except KeyError as error:
        answers = ", ".join(o.root for o in algorithm.outcomes if o.kind != "list")
        raise ValueError(f"{error.args[0]} (what is answered: {answers})") from error


@app.command()
def explain(
    model: Annotated[str, typer.Argument(help="A published rule, for-old(50) say, or main_challenge.")],
    algorithm: AlgorithmOption = "bob",
    lang: LangOption = "fr",
) -> None:
    """Explain a rule: its decision table, its inputs, its thresholds."""
    from bobanalysis.report.terminal import explanation

    known = _algorithm(algorithm, figures=False)
    out.print(explanation(model, _rule(known, model), lang, known.titles()))


@app.command()
def trace(
    person: Annotated[Path, typer.Argument(help=f"{PERSON}; - for standard input.")],
    model: Annotated[str, typer.Option(help="A published rule; by default, the first answer.")] = "",
    algorithm: AlgorithmOption = "bob",
    market: MarketOption = None,
    scale: ScaleOption = None,
    lang: LangOption = "fr",
    now: NowOption = NOW,
) -> None:
    """Show how a rule was read for one person: which conditions held, with their values."""
    from bobanalysis.report.terminal import tree

    known = _algorithm(algorithm, market=market, scale=scale)
    rule = _rule(known, model or known.outcomes[0].root)
    group = known.compute(_person(person, known, now).rows, [rule]).known.to_dicts()
    out.print(tree(rule, group[0], lang, group, known.titles()))


def _person(file: Path, algorithm: Algorithm, now: str, project: int = 1) -> Any:
    """Return the person that a file, or standard input, describes."""
    from bobanalysis.audit.person import Person, read_person

    piped = str(file) == "-"
    given = read_person(file, text=typer.get_text_stream("stdin").read() if piped else None)
    name = "standard input" if piped else str(file)
    return Person.of(given, algorithm, now=now, project=project - 1, file=name)


@app.command()
def letter(
    person: Annotated[Path, typer.Argument(help=f"{PERSON}; - for standard input.")],
    lang: LangOption = "fr",
    output: Annotated[
        Path | None,
        typer.Option(help="File to write, - for standard output; by default letter-LANG.html here."),
    ] = None,
    about: Annotated[
        str | None,
        typer.Option(help="One item: main_challenge, an advice, a strategy…; by default everything."),
    ] = None,
    project: Annotated[int, typer.Option(min=1, help="Which project of the record, from 1.")] = 1,
    algorithm: AlgorithmOption = "bob",
    market: MarketOption = None,
    scale: ScaleOption = None,
    now: NowOption = NOW,
) -> None:
    """Write the letter "Why did I get this?" to one person: one page of HTML, without any other file."""
    from bobanalysis.report.letter import Letter
    from bobanalysis.report.letter_page import folder_figures, open_figures, render
    from bobanalysis.tables import refuse_overwrite, write_text

    target = output or Path(f"letter-{lang}.html")
    known: Any = _algorithm(algorithm, market=market, scale=scale)
    if str(person) != "-":
        refuse_overwrite(target, person)
    figures = folder_figures(market.name) if market else open_figures(scale)
    text = render(Letter(_person(person, known, now, project), about, now, figures), lang)
    if str(target) == "-":
        typer.echo(text, nl=False)
        return
    try:
        write_text(text, target)
    except OSError as error:
        raise OSError(f"{target}: cannot be written ({error.strerror}); give another --output") from error
    out.print(f"letter: {target}")
