"""The findings file: every number that a report prints, recorded by the notebook that computed it.

A *finding* is one named number with its interval, unit, kind, vintage and sources. A *table* is a tidy
frame that a chart, a download and a table on a page are made from. A notebook records both with a
`Notebook`; `merge` puts the records of all notebooks together. Pages print nothing that is not in the
merged file.

Numbers are stored with `SIGNIFICANT` significant digits. Sums of floating-point numbers differ between
machines in about the sixteenth digit; six digits keep the stored files the same everywhere and lose nothing
that is printed.

What each figure is stands in ``data/findings/<notebook>.yaml``. An id there may be a pattern with choices in
braces (`why.age_{gap}_{end}`), which stand under `words` with their texts. Numbers in texts are written out:
figures on pages come from findings only.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import itertools
import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from bobanalysis.data import folder, sources
from bobanalysis.presentation import Vocabulary
from bobanalysis.tables import InputError, load, load_yaml, write_text
from bobanalysis.text import LANGUAGES, capital

Both = Mapping[str, str]
Folder = str | os.PathLike[str] | None
T = TypeVar("T")
KINDS = ("by construction", "modelled", "observed", "derived")
SIGNIFICANT = 6
"""Significant digits of stored floating-point numbers."""


@dataclass(frozen=True)
class Unit:
    """What a value may be measured in.

    Args:
        ends: between what numbers its values lie.
        otherwise: what to say of a value that does not.
        whole: whether it counts things, so that it describes and estimates nothing.
        tables_only: whether it is for columns of tables alone.
        columns: names of columns that have it when nothing else is said.
    """

    ends: tuple[float, float] | None = None
    otherwise: str = ""
    whole: bool = False
    tables_only: bool = False
    columns: tuple[str, ...] = ()


UNITS: Mapping[str, Unit] = load_yaml(dict[str, Unit], Path(__file__).with_name("units.yaml"))

REASONS = ("exact", "description", "bounds", "drawn", "stated")
"""Why a figure has no interval; what each means stands in the vocabulary."""

_NUMBER_IN_TEXT = re.compile(r"(?<![\d/])(?!(?:19|20)\d\d\b)\d+")


class FindingError(ValueError):
    """A finding or a table that cannot be published as it is; the message says what to change."""


def stable(value: float, digits: int = SIGNIFICANT) -> int | float:
    """Round a number so that it is stored the same on every machine.

    Parameters: `value`, any finite number; `digits`, significant digits kept of a float (an int is kept
    whole).
    Returns an int when the input is one, else a float, never -0.0. Raises `FindingError` for NaN and
    infinity.

    >>> stable(0.1 + 0.2), stable(-0.0), stable(1234567), stable(2 / 3)
    (0.3, 0.0, 1234567, 0.666667)
    >>> stable(0.91900149999999999), stable(0.9190015000000001)
    (0.919002, 0.919002)
    """
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FindingError(f"{value!r} is not a number; record a number, or None with a note that says why")
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        why = f"{value!r} cannot be stored; record None with a note that says why there is no value"
        raise FindingError(why)
    settled = float(f"{value:.12g}")  # noise beside a half would round one way here and the other there
    return float(f"{settled:.{digits}g}") + 0.0


def cell(value: Any) -> str:
    """Write one value of a table as text for a CSV file, the same on every machine; None and NaN are empty.

    >>> [cell(v) for v in (None, float("nan"), True, 3, 2.0, 1 / 3, "2A")]
    ['', '', 'true', '3', '2', '0.333333', '2A']
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = stable(value)
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


def build_folder(build: Folder = None) -> Path:
    """Return the folder of intermediate files: the argument, else $BOBANALYSIS_BUILD, else `build`."""
    return Path(build or os.environ.get("BOBANALYSIS_BUILD") or Path(__file__).parents[3] / "build")


class Notebook:
    """Record the findings and the tables of one notebook.

    Records go to ``findings/<name>.json`` and ``tables/<id>.csv`` at every call: nothing has to be closed.
    Creating the recorder empties what an earlier run of the same notebook left. What a figure is (unit, kind,
    sources, words) stands in ``data/findings/<name>.yaml``; ``words`` holds the texts of this description by
    topic, for tables that name things in both languages.

    Args:
        name: the file name of the notebook without ``.ipynb``.
        build: the folder to write to (see `build_folder`).
        names: what an algorithm calls things, by topic, for the tables that the notebook shows.

    Raises:
        FindingError: an id or a value that cannot be published.

    Example:
        >>> import tempfile
        >>> book = Notebook("05_age", build=tempfile.mkdtemp())
        >>> book.record("advice_age.agree_score", 0.1234567)
        0.123457
    """

    def __init__(self, name: str, build: Folder = None, names: Vocabulary | None = None) -> None:
        """Start an empty record for the notebook `name`."""
        import altair

        altair.renderers.enable("svg")  # charts as images: the usual way loads a script from the network
        self.name, self._names, self._build = name, names, build_folder(build)
        self.described = described(name)
        self.words = self.described.words
        self._records: dict[str, dict[str, dict[str, Any]]] = {"findings": {}, "tables": {}}
        for part in self._records:
            (self._build / part).mkdir(parents=True, exist_ok=True)
        self._path = self._build / "findings" / f"{name}.json"
        for stale in _read(self._path)["tables"] if self._path.exists() else ():
            (self._build / "tables" / f"{stale}.csv").unlink(missing_ok=True)
        self._write()

    def record(
        self,
        id: str,
        value: float | None,
        n: float | None = None,
        interval: Sequence[float] | None = None,
        design_effect: float | None = None,
    ) -> int | float | None:
        """Record one number under a name.

        Args:
            id: lower case with dots; described in the notebook's file.
            value: in its unit (a share is 0.12, not 12); None when it cannot be estimated.
            n: number of people behind it, or of what the description names in `n_of`.
            interval: (low, high) in the same unit.
            design_effect: of the `n` people drawn, for a share of them: its interval is then that of the draw
                (Wilson's, 95 %, of as many people as they are worth).

        Returns:
            The value as stored.

        Raises:
            FindingError: the id is not described, or the figure cannot be published as it is.
        """
        where = f"notebook {self.name}, finding {id!r}"
        about = self._about("findings", id, where)
        if design_effect and n and value is not None:
            from bobanalysis.fairness.intervals import wilson

            interval = [float(end) for end in wilson(value, n / design_effect)]
        reason = None
        if interval is None:
            exact = "exact" if about.kind == "by construction" else None
            whole = about.unit in UNITS and UNITS[about.unit].whole
            reason = about.no_interval or ("description" if whole else exact)
        finding: dict[str, Any] = {
            "value": None if value is None else stable(value),
            "unit": about.unit,
            "kind": about.kind,
            "n": None if n is None else stable(n),
            **({} if n is None or about.n_of == "people" else {"n_of": about.n_of}),
            "interval": None if interval is None else [stable(bound) for bound in interval],
            "no_interval": reason,
            "vintage": str(about.vintage),
            "sources": list(about.sources),
            "label": about.label and _text(about.label, f"{where}, label"),
            "note": about.note and _text(about.note, f"{where}, note"),
            "notebook": self.name,
        }
        if problems := _problems(finding):
            raise FindingError(f"{where}: {'; '.join(problems)}")
        self._records["findings"][id] = finding
        self._write()
        return finding["value"]  # type: ignore[no-any-return]

    def over(self, id: str, value: float, low: float, high: float, **drawn: float | None) -> None:
        """Record a number and the ends of its range over choices: ``id``, ``id_low``, ``id_high``.

        Args:
            id: as for `record`.
            value, low, high: in the same unit.
            drawn: `n` and `design_effect`, as for `record`.
        """
        for end, number in (("", value), ("_low", low), ("_high", high)):
            self.record(id + end, number, **drawn)  # type: ignore[arg-type]

    @staticmethod
    def ranges(
        frames: Mapping[Any, Any], keys: Sequence[str], default: Any, missing: float | None = None
    ) -> Any:
        """Return a share by default and its ends over all choices, such as scales.

        Args:
            frames: the same table for each choice, Polars: `keys` and the column ``share``.
            keys: columns that name a row.
            default: the choice whose value is the share itself.
            missing: what a row counts as where a choice lacks it; such a choice plays no part when None. With
                a value, the rows are those of the default choice, in their order.

        Returns:
            `keys`, ``share``, ``share_low``, ``share_high``, rounded to nine decimals.

        Example:
            >>> import polars as pl
            >>> row = lambda share: pl.DataFrame({"item": ["a"], "share": [share]})
            >>> Notebook.ranges({"one": row(0.25), "two": row(0.5)}, ["item"], default="one").row(0)
            ('a', 0.25, 0.25, 0.5)
        """
        import polars as pl

        share = pl.col("share").round(9)
        every = pl.concat(f.select(*keys, share, of=pl.lit(k)) for k, f in enumerate(frames.values()))
        lacked = pl.when(pl.len() < len(frames)).then(pl.lit(missing, pl.Float64))
        found = every.group_by(keys, maintain_order=True).agg(
            share=pl.col("share").filter(pl.col("of") == [*frames].index(default)).first(),
            share_low=pl.min_horizontal(pl.col("share").min(), lacked),
            share_high=pl.max_horizontal(pl.col("share").max(), lacked),
        )
        if missing is None:
            return found
        return frames[default].select(keys).join(found, on=keys, how="left", maintain_order="left")

    def table(self, id: str, frame: Any) -> Any:
        """Record a tidy frame that charts, downloads and tables on pages are made from.

        Args:
            id: lower case with dots; described in the notebook's file, with a label for each column.
            frame: Polars or pandas, rows in the order to publish.

        Returns:
            The table as a notebook shows it: named columns, per cent, names of places.

        Raises:
            FindingError: the id is not described, or the table cannot be published as it is.
        """
        import polars as pl

        where = f"notebook {self.name}, table {id!r}"
        about = self._about("tables", id, where)
        frame = pl.DataFrame(frame)
        if set(about.columns) != set(frame.columns):
            missing = sorted(set(frame.columns) - set(about.columns))
            extra = sorted(set(about.columns) - set(frame.columns))
            raise FindingError(f"{where}: `columns` must label each column; missing {missing}, extra {extra}")
        units = {name: about.units.get(name) or _unit(name, dtype) for name, dtype in frame.schema.items()}
        for name, unit in units.items():
            if unit not in UNITS:
                why = f"has no known unit ({unit})" if unit else "holds decimal numbers"
                raise FindingError(f"{where}: column {name!r} {why}; give one of: {', '.join(UNITS)}")
        rows = frame.rows()
        text = csv_text(frame.columns, rows)
        record = {
            "title": _text(about.title, f"{where}, title"),
            "columns": [
                {"name": name, "label": _text(about.columns[name], f"{where}, column {name!r}"), "unit": unit}
                | ({"names": about.names[name]} if name in about.names else {})
                for name, unit in units.items()
            ],
            "kind": about.kind,
            "vintage": str(about.vintage),
            "sources": list(about.sources),
            "caveats": about.caveats and _text(about.caveats, f"{where}, caveats"),
            "rows": len(rows),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "notebook": self.name,
        }
        if problems := _problems_of_origin(record):
            raise FindingError(f"{where}: {'; '.join(problems)}")
        write_text(text, self._build / "tables" / f"{id}.csv")
        self._records["tables"][id] = record
        self._write()
        return Shown(record, rows, self._names)

    def _about(self, part: str, id: str, where: str) -> Any:
        """Return what is said of a record that is new."""
        if any(id in records for records in self._records.values()):
            raise FindingError(f"{where}: the id is already used in this notebook; choose another")
        known: Mapping[str, Any] = getattr(self.described, part)
        if id not in known:
            raise FindingError(f"{where}: data/findings/{self.name}.yaml does not describe it; add it there")
        return known[id]

    def _write(self) -> None:
        found = {part: dict(sorted(records.items())) for part, records in self._records.items()}
        write_text(dump({"notebook": self.name, **found}), self._path)


@dataclass(frozen=True)
class Shown:
    """A table as a notebook shows it: named columns, per cent, names of places; a long one not whole."""

    record: Mapping[str, Any]
    rows: Sequence[Sequence[Any]]
    names: Vocabulary | None = None

    def _repr_html_(self, most: int = 30) -> str:
        from html import escape

        from bobanalysis.report.words import Words

        words, columns = Words("en", self.names), self.record["columns"]
        heads = "".join(f"<th>{escape(column['label']['en'])}</th>" for column in columns)
        lines = ""
        for row in self.rows[:most]:
            shown = (
                words.shown(words.say(column.get("names", {}).get(str(value))) or value, column["unit"])
                for value, column in zip(row, columns, strict=True)
            )
            lines += f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in shown)}</tr>"
        more = f"<p>{len(self.rows)} rows</p>" if len(self.rows) > most else ""
        caption = f"<caption>{escape(self.record['title']['en'])}</caption>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{more}"


def merge(folder: Path) -> dict[str, Any]:
    """Put the records of all notebooks together, as `reports/findings.json` holds them.

    Args:
        folder: where the notebooks wrote to.

    Returns:
        {"findings": {id: …}, "tables": {id: …}, "notebooks": [name, …]}, sorted by id.

    Raises:
        FindingError: a record is missing or damaged, two notebooks record the same id, or a table is not the
            one that was recorded.
    """
    every: dict[str, dict[str, Any]] = {"findings": {}, "tables": {}}
    if not (found := {path.stem: path for path in sorted((folder / "findings").glob("*.json"))}):
        why = f"no findings in {folder / 'findings'}; execute the notebooks first (make reports)"
        raise FindingError(why)
    for name, record in ((name, _read(path)) for name, path in found.items()):
        for part, entries in every.items():
            for id, entry in record[part].items():
                if other := every["findings"].get(id) or every["tables"].get(id):
                    both = f"{other['notebook']} and {name}"
                    raise FindingError(f"{id!r} is recorded twice, by notebooks {both}; rename one")
                entries[id] = entry
        if left := described(name).unrecorded(record["findings"], record["tables"]):
            why = f"data/findings/{name}.yaml describes {', '.join(left)}; {name} records none of that"
            raise FindingError(why)
        for id, table in record["tables"].items():
            path = folder / "tables" / f"{id}.csv"
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != table["sha256"]:
                why = f"{path} is missing or is not what notebook {name} recorded; execute {name} again"
                raise FindingError(why)
    return {**{part: dict(sorted(entries.items())) for part, entries in every.items()}, "notebooks": [*found]}


def _problems(finding: Mapping[str, Any]) -> list[str]:
    """List what keeps a finding from being published, in words; empty when nothing does."""
    value, unit, interval = finding["value"], finding["unit"], finding["interval"]
    problems = _problems_of_origin(finding)
    if unit not in UNITS or UNITS[unit].tables_only:
        known = [name for name, each in UNITS.items() if not each.tables_only]
        problems.append(f"unit {unit!r} is not one of {', '.join(known)}")
    elif value is not None and (ends := UNITS[unit].ends) and not ends[0] <= value <= ends[1]:
        problems.append(UNITS[unit].otherwise.format(value))
    if value is None and not finding["note"]:
        problems.append("there is no value; say why in `note`")
    if interval is not None:
        if len(interval) != 2 or interval[0] > interval[1]:
            problems.append(f"interval {interval} is not (low, high)")
        elif value is not None and not interval[0] <= value <= interval[1]:
            problems.append(f"value {value} lies outside its interval {interval}")
    elif finding["no_interval"] not in REASONS:
        problems.append(f"no interval: give `interval`, or `no_interval` with one of {', '.join(REASONS)}")
    return problems


def _problems_of_origin(record: Mapping[str, Any]) -> list[str]:
    """List what is wrong with kind, vintage and sources of a finding or a table."""
    problems = []
    if record["kind"] not in KINDS:
        problems.append(f"kind {record['kind']!r} is not one of {', '.join(KINDS)}")
    if not record["vintage"]:
        problems.append("vintage is empty; give the year or period of the data")
    if unknown := [id for id in record["sources"] if id not in sources()]:
        known = ", ".join(sorted(sources()))
        problems.append(f"source(s) {', '.join(unknown)} not in data/sources.yaml; known: {known}")
    return problems


def dump(content: Any) -> str:
    """Write JSON as the project stores it: UTF-8, one space of indent, a newline at the end."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _unit(column: str, dtype: Any) -> str:
    """Return the unit that a column has when nothing is said; none for decimal numbers."""
    for name, unit in UNITS.items():
        if column in unit.columns:
            return name
    if column.startswith("share"):
        return "share"
    return "" if dtype.is_float() else "count" if dtype.is_numeric() else "code"


def _text(text: Any, where: str) -> dict[str, str]:
    """Return a text that can be published: in both languages, without numbers but calendar years."""
    both = isinstance(text, Mapping) and set(text) == {*LANGUAGES}
    if not both or not all(isinstance(said, str) and said.strip() for said in text.values()):
        why = f'{where}: write it for readers in both languages, {{"fr": "…", "en": "…"}}, not {text!r}'
        raise FindingError(why)
    for language, said in text.items():
        if found := _NUMBER_IN_TEXT.search(said):
            advice = "record it as a finding or write it out (calendar years may stay)"
            raise FindingError(f"{where}, {language}: the text holds the number {found[0]!r}; {advice}")
    return {language: text[language] for language in LANGUAGES}


def csv_text(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Write a table as text for a CSV file, the same on every machine."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[cell(value) for value in row] for row in rows])
    return out.getvalue()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["findings"], content["tables"]
    except (ValueError, KeyError, TypeError) as error:
        why = f"{path} is damaged ({error}); delete it and execute notebook {path.stem} again"
        raise FindingError(why) from error
    return content


# ---- what notebooks record, said once: `data/findings/<notebook>.yaml` -----------------------------------


@dataclass(frozen=True)
class Figure:
    """What is said of a finding; `pattern` is the entry that says it, `n_of` what its number `n` counts."""

    pattern: str
    unit: str
    kind: str
    vintage: str
    label: Both
    sources: tuple[str, ...] = ()
    note: Both | None = None
    no_interval: str | None = None
    n_of: str = "people"


@dataclass(frozen=True)
class Sheet:
    """What is said of a table: title, caveats, and of columns the labels, units and names of codes."""

    title: Both
    columns: Mapping[str, Both]
    kind: str
    vintage: str
    units: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, Both]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    caveats: Both | None = None


@dataclass(frozen=True)
class Descriptions:
    """All that is said of the records of one notebook: findings and tables by id."""

    findings: Mapping[str, Figure]
    tables: Mapping[str, Sheet]
    words: Mapping[str, Any] = field(default_factory=dict)

    def unrecorded(self, findings: Iterable[str], tables: Iterable[str]) -> list[str]:
        """Return the entries that no record answers to: leave them out, or record them."""
        patterns = {figure.pattern for figure in self.findings.values()}
        found = {self.findings[id].pattern for id in findings if id in self.findings}
        return sorted((patterns - found) | (set(self.tables) - set(tables)))


@dataclass(frozen=True)
class _File:
    about: Mapping[str, Any]
    sources: Mapping[str, list[str]] = field(default_factory=dict)
    texts: Mapping[str, Both] = field(default_factory=dict)
    words: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def described(notebook: str) -> Descriptions:
    """Return what the file of a notebook says; nothing where there is no file (a notebook of one's own).

    Raises:
        InputError: the file says what nothing reads, or names a text, a list or a word that it lacks.

    Example:
        >>> described("05_age").findings["advice_age.people"].unit
        'people'
    """
    path = folder() / "findings" / f"{notebook}.yaml"
    return _said(path, path.stat().st_mtime_ns) if path.exists() else Descriptions({}, {})


@cache
def _said(path: Path, stamp: int) -> Descriptions:
    file = load_yaml(_File, path)
    found: dict[str, Figure] = {}
    # an id of its own says more than a pattern
    for pattern, entry in sorted(file.findings.items(), key=lambda item: "{" in item[0]):
        where = f"{path}, {pattern}"
        for named in _choices(pattern, file.words, where):
            id = pattern.format(**named)
            if id not in found:
                found[id] = _entry(Figure, {**entry, "pattern": pattern}, file, where, named)
    return Descriptions(found, {id: _sheet(id, file, path) for id in file.tables}, file.words)


def _choices(pattern: str, words: Mapping[str, Any], where: str) -> Iterable[dict[str, Any]]:
    """Iterate over the ways to fill in a pattern: choice -> key among its words."""
    choices = re.findall(r"\{(\w+)\}", pattern)
    if missing := [choice for choice in choices if choice not in words]:
        raise InputError(f"{where}: {', '.join(missing)} is not among the words of the file")
    for keys in itertools.product(*(words[choice] for choice in choices)):
        yield dict(zip(choices, keys, strict=True))


def _sheet(id: str, file: _File, path: Path) -> Sheet:
    columns = file.tables[id].get("columns") or {}
    labels = {name: {lang: said.get(lang, "") for lang in ("fr", "en")} for name, said in columns.items()}
    units = {name: said["unit"] for name, said in columns.items() if "unit" in said}
    topics = {name: said["names"] for name, said in columns.items() if "names" in said}
    if unknown := sorted({*topics.values()} - {*file.words}):
        raise InputError(f"{path}, {id}: {', '.join(unknown)} is not among the words of the file")
    names = {name: {str(key): text for key, text in file.words[t].items()} for name, t in topics.items()}
    entry = {**file.tables[id], "columns": labels, "units": units, "names": names}
    return _entry(Sheet, entry, file, f"{path}, {id}", {})


def _entry(kind: type[T], entry: Mapping[str, Any], file: _File, where: str, named: Mapping[str, Any]) -> T:
    """Read one entry: lists and texts that it names are looked up, choices of its pattern filled in."""
    said = {**file.about, **entry}
    said |= {"vintage": str(said["vintage"])} if "vintage" in said else {}
    for part in ("sources", "label", "note", "title", "caveats"):
        known: Mapping[str, Any] = file.sources if part == "sources" else file.texts
        if isinstance(said.get(part), str):
            name = said[part].format(**named)
            if name not in known:
                raise InputError(f"{where}: there is no {name!r}; there are {', '.join(known) or 'none'}")
            said[part] = known[name]
    for part in ("label", "note"):
        if named and isinstance(text := said.get(part), Mapping):
            words = {lang: {c: file.words[c][key][lang] for c, key in named.items()} for lang in text}
            said[part] = {lang: capital(plain.format(**words[lang])) for lang, plain in text.items()}
    return load(kind, said, where)


# ---- the executed copies of notebooks, and which of their cells recorded what ----------------------------


@dataclass(frozen=True)
class Book:
    """An executed notebook: `name` as its file is called, `cells` as nbformat reads them."""

    name: str
    cells: list[Any]

    @property
    def title(self) -> str:
        """Its main heading."""
        return str(self.cells[0].source.splitlines()[0].removeprefix("# "))

    @cached_property
    def literals(self) -> dict[str, list[str]]:
        """The texts in the code of each cell, by its id: what a finding's name is made from."""
        return {cell.id: _texts(cell.source) for cell in self.cells if cell.cell_type == "code"}

    def cell_of(self, finding: str) -> str:
        """Return the id of the cell that recorded a finding or table: the one whose code names most of it."""

        def named(cell: str) -> int:
            return max((len(text) for text in self.literals[cell] if finding.startswith(text)), default=0)

        return max(self.literals, key=named, default="")


def _texts(source: str) -> list[str]:
    found = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [text for text in found if isinstance(text, str) and "." in text]


def executed(build: Path) -> dict[str, Book]:
    """Read the executed copies in a build folder, by name; there may be none."""
    import nbformat

    paths = sorted((build / "notebooks").glob("*.ipynb"))
    return {path.stem: Book(path.stem, nbformat.read(path, as_version=4).cells) for path in paths}
