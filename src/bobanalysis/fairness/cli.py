"""The command ``bobanalysis audit``: who gets what in a file, by group."""

from __future__ import annotations

from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bobanalysis.cluster.options import SchedulerOption, WorkersOption
from bobanalysis.cluster.workers import Workers
from bobanalysis.fairness.metrics import MIN_GROUP
from bobanalysis.tables import InputError, load_yaml, open_table, refuse_overwrite, write_table, write_text
from bobanalysis.text import Language

if TYPE_CHECKING:
    from bobanalysis.fairness.audit import Audit

_FORMATS = (".csv", ".parquet", ".json", ".html")


_HELP = load_yaml(dict[str, str], files("bobanalysis.fairness") / "options.yaml")


def _option(name: str, *flags: str, **rest: Any) -> Any:
    return typer.Option(*flags, help=_HELP[name], **rest)


def audit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_HELP["file"])],
    groups: Annotated[list[str] | None, _option("groups", "--groups", hidden=True)] = None,
    by: Annotated[list[str] | None, _option("by", "--by")] = None,
    cross: Annotated[list[str] | None, _option("cross", "--cross")] = None,
    bands: Annotated[list[str] | None, _option("bands", "--bands")] = None,
    on: Annotated[str | None, _option("on", "--on")] = None,
    curve: Annotated[list[str] | None, _option("curve", "--curve")] = None,
    jump: Annotated[list[str] | None, _option("jump", "--jump")] = None,
    adjust_for: Annotated[list[str] | None, _option("adjust_for", "--adjust-for")] = None,
    decompose: Annotated[list[str] | None, _option("decompose", "--decompose")] = None,
    prediction: Annotated[str | None, _option("prediction")] = None,
    outcome: Annotated[str | None, _option("outcome")] = None,
    score: Annotated[str | None, _option("score")] = None,
    weight: Annotated[str | None, _option("weight")] = None,
    count: Annotated[str | None, _option("count")] = None,
    selected: Annotated[str | None, _option("selected")] = None,
    strata: Annotated[str | None, _option("strata")] = None,
    cluster: Annotated[str | None, _option("cluster")] = None,
    replicate_weights: Annotated[str | None, _option("replicate_weights")] = None,
    replicate_kind: Annotated[str | None, _option("replicate_kind")] = None,
    lonely: Annotated[str | None, _option("lonely")] = None,
    reference: Annotated[list[str] | None, _option("reference", "--reference")] = None,
    output: Annotated[list[Path] | None, _option("output", "--output")] = None,
    min_group: Annotated[int, _option("min_group", min=1)] = MIN_GROUP,
    missing: Annotated[str | None, _option("missing")] = None,
    encoding: Annotated[str | None, _option("encoding")] = None,
    skip_bad_rows: Annotated[bool, _option("skip_bad_rows", "--skip-bad-rows")] = False,
    search: Annotated[bool, _option("search", "--search")] = False,
    protect: Annotated[bool, _option("protect", "--protect")] = False,
    lang: Annotated[Language | None, _option("lang", "--lang")] = None,
    workers: WorkersOption = 0,
    scheduler: SchedulerOption = None,
) -> None:
    """Measure who gets what in a file, by group, with intervals; write the measures or a page.

    --by age --by sex takes each attribute by itself, --cross age,sex crosses them.

    Exit code 0: measured. 1: the file cannot be audited, and the message says why. 2: the command is wrong.
    """
    from polars.exceptions import PolarsError
    from rich.console import Console

    from bobanalysis.fairness.attributes import numbers_by_name
    from bobanalysis.fairness.audit import audit_file
    from bobanalysis.fairness.export import ROLES
    from bobanalysis.fairness.page import show, system_language

    errors = Console(stderr=True, soft_wrap=True, emoji=False)
    outputs = output or []

    def progress(rows: int) -> None:
        if errors.is_terminal:
            errors.print(f"{rows:,} rows read", end="\r")

    try:
        for path in outputs:
            if path.suffix.lower() not in _FORMATS:
                raise typer.BadParameter(f"{path}: write to {', '.join(_FORMATS)}", param_hint="--output")
            refuse_overwrite(path, file)
        names = _names(groups, file)
        as_given = ("on", "min_group", "encoding", "skip_bad_rows", "search", "protect", *ROLES)
        found = audit_file(
            file,
            names,
            by=_names(by, file),
            cross=[_names([one], file) for one in cross or []],
            bands=numbers_by_name("--bands", bands or []),
            curve=_names(curve, file),
            jump=numbers_by_name("--jump", jump or []),
            adjust_for=_names(adjust_for, file),
            decompose=decompose or [],
            **{name: context.params[name] for name in (*as_given, "replicate_kind", "lonely")},
            reference=_labels(reference or [], 0 if by or cross else len(names)),
            missing=None if missing is None else ("", *(part.strip() for part in missing.split(","))),
            progress=None if workers or scheduler else progress,
            workers=Workers(workers, scheduler),
        )
        lang = lang or system_language()
        for path in outputs:
            _write(found, path, lang)
    except (ValueError, OSError, PolarsError) as error:
        errors.print(f"error: {error}", markup=False, highlight=False)
        raise typer.Exit(1) from None
    screen = Console(emoji=False)
    with suppress(SystemExit):  # Rich's, where nobody reads on, as behind head
        show(found, lang, screen if screen.is_terminal else Console(width=80, emoji=False))
        for path in outputs:
            screen.print(f"{path}", markup=False, highlight=False)
    if groups:
        errors.print("note: instead of --groups, write --by A for one column and --cross A,B for several")


def _names(asked: list[str] | None, file: Path) -> list[str]:
    """Column names; a comma parts them unless a column is named so."""
    has = open_table(file).columns if any("," in each for each in asked or []) and file.exists() else ()
    parts = [p for e in asked or [] for p in ([e] if e in has else (x.strip() for x in e.split(","))) if p]
    return list(dict.fromkeys(parts))


def _labels(asked: list[str], groups: int) -> Any:
    """Labels by attribute (sex=F), one a group column (F,75), or one."""
    if not asked or (groups == 0 and all("=" in one for one in asked)):
        return dict(one.split("=", 1) for one in asked) or None
    if len(asked) > 1:
        raise InputError(f"--reference {asked[1]}: one is taken, or one of each attribute, as sex=F")
    parts = asked[0].split(" × " if " × " in asked[0] else ",")
    return asked[0] if groups <= 1 else tuple(part.strip() for part in parts)


def _write(found: Audit, path: Path, lang: Language) -> None:
    """Write all of a file or none of it."""
    from bobanalysis.fairness.export import metadata, record
    from bobanalysis.fairness.page import page

    kind = path.suffix.lower()
    try:
        if kind in (".html", ".json"):
            write_text(page(found, lang) if kind == ".html" else record(found), path)
        else:
            crossed = found.question.groups and len(found.entries) == 1
            write_table(found.entries[0]["measures"] if crossed else found.table, path, metadata(found))
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from error
