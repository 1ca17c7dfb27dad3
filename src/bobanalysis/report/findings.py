"""The findings file: every number that a report prints, recorded by the notebook that computed it.

A *finding* is one named number with its interval, unit, kind, vintage and sources. A *table* is a tidy
frame that a chart, a download and a table on a page are made from. A notebook records both with a
`Notebook`; `merge` puts the records of all notebooks together. Pages print nothing that is not in the
merged file.

Numbers are stored with `SIGNIFICANT` significant digits. Sums of floating-point numbers differ between
machines in about the sixteenth digit; six digits keep the stored files the same everywhere and lose nothing
that is printed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from bobanalysis.presentation import Vocabulary
from bobanalysis.report.described import described

Kind = Literal["by construction", "modelled", "observed"]
Text = Mapping[str, str]

KINDS: tuple[str, ...] = get_args(Kind)
LANGUAGES = ("fr", "en")
SIGNIFICANT = 6
"""Significant digits of stored floating-point numbers."""

UNITS = {
    "share": "a part of a whole, from 0 to 1; shown in per cent",
    "points": "a difference of two shares, from -1 to 1; shown in percentage points",
    "score": "points of an algorithm's own score (Bob's overall score: from 0 to 100)",
    "people": "a number of people",
    "places": "a number of départements",
    "count": "a plain number of things",
    "years": "an age or a duration in years",
    "months": "a duration in months",
    "ratio": "one quantity divided by another",
    "rank": "a place in an order, 1 is first",
    "year": "a calendar year (tables only)",
    "code": "a key or a name, printed as it is (tables only)",
    "departement": "the code of a département, printed with its name (tables only)",
    "challenge": "the id of one of the seven main challenges, printed as its label (tables only)",
    "class": "high, low, depends or unknown, printed as its label (tables only)",
}
"""What a value may be measured in, and what that says about the stored number."""

LIMITS: Mapping[str, tuple[float, float, str]] = {
    "share": (0, 1, "a share lies from 0 to 1, not {}; divide per cent by one hundred"),
    "points": (-1, 1, "points are a difference of shares, from -1 to 1, not {}; divide by one hundred"),
    "score": (-180, 180, "a score lies within 180 points (Bob's within 100), not {}"),
}
"""Between what numbers of a unit lie, and what to say of others."""

REASONS = {
    "exact": "the same people are scored twice and only one answer is changed; who was drawn still matters",
    "description": "a description of the data or of the computation, not an estimate",
    "bounds": "the uncertainty that matters is not sampling; bounds or a range over scales are given instead",
}
"""Why a figure has no interval."""

NAMED = {
    "age": "years",
    "age_from": "years",
    "age_to": "years",
    "class": "class",
    "departement_id": "departement",
    "main_challenge": "challenge",
    "rank_low": "rank",
    "rank_high": "rank",
}
"""Units that a column of a table has by its name, when nothing else is said."""

TABLE_ONLY = ("year", "code", "departement", "challenge", "class")
_WHOLE = ("people", "places", "count", "rank", "years")
_SAID = {
    *("unit", "kind", "vintage", "sources", "label", "note", "no_interval"),
    *("title", "columns", "units", "names", "caveats"),
}
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_NOTEBOOK = re.compile(r"[0-9]{2}_[a-z0-9_]+")
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
        raise FindingError(
            f"{value!r} cannot be stored; record None with a note that says why there is no value"
        )
    settled = float(f"{value:.12g}")  # noise beside a half would round one way here and the other there
    return float(f"{settled:.{digits}g}") + 0.0


def cell(value: Any) -> str:
    """Write one value of a table as text for a CSV file, the same on every machine; None and NaN are empty.

    >>> [cell(v) for v in (None, float("nan"), True, 3, 2.0, 1 / 3, "2A")]
    ['', '', 'true', '3', '2', '0.333333', '2A']
    """
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        value = stable(value)
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return str(value)


def build_folder(build: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of intermediate files: the argument, else $BOBANALYSIS_BUILD, else `build`."""
    return Path(build or os.environ.get("BOBANALYSIS_BUILD") or Path(__file__).parents[3] / "build")


class Notebook:
    """Record the findings and the tables of one notebook.

    Records go to ``findings/<name>.json`` and ``tables/<id>.csv`` at every call: nothing has to be closed.
    Creating the recorder empties what an earlier run of the same notebook left. What a figure is (unit, kind,
    sources, words) comes from ``data/findings/<name>.yaml``; where there is no such file, each call says it.

    Args:
        name: the file name of the notebook without ``.ipynb``.
        build: the folder to write to (see `build_folder`).
        names: what an algorithm calls things, by topic, for the tables that the notebook shows.
        defaults: what every figure has unless said otherwise: kind, vintage, sources.

    Raises:
        FindingError: a name, an id or a value that cannot be published.

    Example:
        >>> import tempfile
        >>> book = Notebook("03_example", build=tempfile.mkdtemp(), kind="by construction", vintage="2021")
        >>> book.record("age.changed", 0.1234567, unit="share")
        0.123457
    """

    def __init__(
        self,
        name: str,
        build: str | os.PathLike[str] | None = None,
        names: Vocabulary | None = None,
        **defaults: Any,
    ) -> None:
        """Start an empty record for the notebook `name`."""
        if not _NOTEBOOK.fullmatch(name):
            raise FindingError(
                f"{name!r} is not the name of a notebook: use its file name, such as '03_diagnosis'"
            )
        self.name, self._names, self._defaults = name, names, defaults
        self._described = described(name)
        self._build = build_folder(build)
        self._findings: dict[str, dict[str, Any]] = {}
        self._tables: dict[str, dict[str, Any]] = {}
        for stale in _read(self._path).get("tables", {}) if self._path.exists() else ():
            (self._build / "tables" / f"{stale}.csv").unlink(missing_ok=True)
        self._write()
        _draw_without_network()

    @property
    def _path(self) -> Path:
        return self._build / "findings" / f"{self.name}.json"

    @property
    def words(self) -> Mapping[str, Any]:
        """Texts of the notebook's description, by topic, for tables that name things in both languages."""
        return self._described.words if self._described else {}

    def record(
        self,
        id: str,
        value: float | None,
        n: float | None = None,
        interval: tuple[float, float] | None = None,
        **said: Any,
    ) -> int | float | None:
        """Record one number under a name.

        Args:
            id: lower case with dots.
            value: in its unit, one of `UNITS` (a share is 0.12, not 12); None when it cannot be estimated.
            n: number of people or rows behind it.
            interval: (low, high) in the same unit.
            said: what its description does not say, or says otherwise: ``unit``; ``kind``, one of `KINDS`;
                ``no_interval``, one of `REASONS` ("exact" is implied by construction, "description" by a
                count); ``vintage``, year or period of the data; ``sources``, ids of ``data/sources.yaml``;
                ``label`` and ``note``, ``{"fr": …, "en": …}``.

        Returns:
            The value as stored.

        Raises:
            FindingError: the id is not described, or the figure cannot be published as it is.
        """
        where = f"notebook {self.name}, finding {id!r}"
        self._claim(id, where)
        about = self._about(id, said, "findings", where)
        value = None if value is None else stable(value)
        reason = None if interval else about.get("no_interval")
        if interval is None and reason is None:
            by_construction = about.get("kind") == "by construction"
            reason = "description" if about.get("unit") in _WHOLE else "exact" if by_construction else None
        finding: dict[str, Any] = {
            "value": value,
            "unit": about.get("unit"),
            "kind": about.get("kind"),
            "n": None if n is None else stable(n),
            "interval": None if interval is None else [stable(bound) for bound in interval],
            "no_interval": said.get("no_interval") if interval else reason,
            "vintage": str(about.get("vintage") or ""),
            "sources": list(about.get("sources", ())),
            "label": _text(about.get("label"), f"{where}, label"),
            "note": _text(about.get("note"), f"{where}, note"),
            "notebook": self.name,
        }
        _stop_on(problems_of_finding(finding), where)
        check_sources(finding["sources"], where)
        self._findings[id] = finding
        self._write()
        return value

    def over(
        self, id: str, value: float, low: float, high: float, n: float | None = None, **said: Any
    ) -> None:
        """Record a number and the ends of its range over choices: ``id``, ``id_low``, ``id_high``.

        Args:
            id, n, said: as for `record`.
            value, low, high: in the same unit.
        """
        for end, number in (("", value), ("_low", low), ("_high", high)):
            self.record(id + end, number, n, **said)

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
        if missing is not None:
            grid = every.select(keys).unique().join(pl.DataFrame({"of": range(len(frames))}), how="cross")
            every = grid.join(every, on=[*keys, "of"], how="left").with_columns(
                pl.col("share").fill_null(missing)
            )
        found = every.group_by(keys, maintain_order=True).agg(
            share=pl.col("share").filter(pl.col("of") == [*frames].index(default)).first(),
            share_low=pl.col("share").min(),
            share_high=pl.col("share").max(),
        )
        if missing is None:
            return found
        return frames[default].select(keys).join(found, on=keys, how="left", maintain_order="left")

    def table(self, id: str, frame: Any, **said: Any) -> Any:
        """Record a tidy frame that charts, downloads and tables on pages are made from.

        Args:
            id: lower case with dots.
            frame: Polars or pandas, rows in the order to publish.
            said: what its description does not say, or says otherwise: ``title``; ``columns``, a text a
                column; ``units``, one of `UNITS` a column (by default those of `NAMED`, "share" for a name
                that starts with share, "count" for whole numbers and "code" for texts); ``kind``,
                ``vintage``, ``sources`` as for `record`; ``caveats``, what the table cannot show.

        Returns:
            The table as a notebook shows it: named columns, per cent, names of places.

        Raises:
            FindingError: the id is not described, or the table cannot be published as it is.
        """
        where = f"notebook {self.name}, table {id!r}"
        self._claim(id, where)
        about = self._about(id, said, "tables", where)
        names, rows, floats, numbers = _rows_of(frame, where)
        columns, units = about.get("columns") or {}, dict(about.get("units") or {})
        coded = about.get("names") or {}
        for name in names:
            if name not in units and (guess := _guess(name)):
                units[name] = guess
            if name not in units and name in floats:
                raise FindingError(
                    f"{where}: column {name!r} holds decimal numbers; give its unit, one of: {_list(UNITS)}"
                )
            units.setdefault(name, "count" if name in numbers else "code")
        if set(columns) != set(names):
            missing, extra = set(names) - set(columns), set(columns) - set(names)
            raise FindingError(
                f"{where}: `columns` must label each column; missing {sorted(missing)}, extra {sorted(extra)}"
            )
        if wrong := sorted(set(units.values()) - set(UNITS)) or sorted(set(units) - set(names)):
            raise FindingError(f"{where}: {wrong} in `units` is not known; units are {_list(UNITS)}")
        if about.get("kind") not in KINDS:
            raise FindingError(f"{where}: kind {about.get('kind')!r} is not one of {_list(KINDS)}")
        check_sources(about.get("sources", ()), where)
        text = _csv(names, rows)
        labels = {name: _text(columns[name], f"{where}, column {name!r}", required=True) for name in names}
        record = {
            "title": _text(about.get("title"), f"{where}, title", required=True),
            "columns": [
                {"name": name, "label": labels[name], "unit": units[name]}
                | ({"names": coded[name]} if name in coded else {})
                for name in names
            ],
            "kind": about["kind"],
            "vintage": str(about["vintage"]),
            "sources": list(about.get("sources", ())),
            "caveats": _text(about.get("caveats"), f"{where}, caveats"),
            "rows": len(rows),
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "notebook": self.name,
        }
        _write_text(self._build / "tables" / f"{id}.csv", text)
        self._tables[id] = record
        self._write()
        return Shown(record, rows, self._names)

    def _about(self, id: str, said: Mapping[str, Any], part: str, where: str) -> dict[str, Any]:
        """Put together what is said of a record: by default, by its description, at the call."""
        if unknown := set(said) - _SAID:
            raise FindingError(
                f"{where}: {_list(sorted(unknown))} cannot be said; known: {_list(sorted(_SAID))}"
            )
        entry: dict[str, Any] = {}
        if self._described:
            if id not in (known := getattr(self._described, part)):
                raise FindingError(
                    f"{where}: data/findings/{self.name}.yaml does not describe it; add it there"
                )
            entry = vars(known[id])
        return {**self._defaults, **{k: v for k, v in {**entry, **said}.items() if v is not None}}

    def _claim(self, id: str, where: str) -> None:
        if not _ID.fullmatch(id):
            raise FindingError(f"{where}: an id is lower case words with dots, such as 'age.changed_share'")
        if id in self._findings or id in self._tables:
            raise FindingError(f"{where}: the id is already used in this notebook; choose another")

    def _write(self) -> None:
        found, tables = (dict(sorted(own.items())) for own in (self._findings, self._tables))
        _write_text(self._path, dump({"notebook": self.name, "findings": found, "tables": tables}))


class Shown:
    """A table as a notebook shows it: named columns, per cent, names of places; a long one not whole."""

    ROWS = 30

    def __init__(
        self, record: Mapping[str, Any], rows: Sequence[Sequence[Any]], names: Vocabulary | None = None
    ) -> None:
        """Keep the record of a table, its rows, and an algorithm's names of things."""
        self.record, self.rows, self.names = record, rows, names

    def _repr_html_(self) -> str:
        from html import escape

        from bobanalysis.report import words

        said = words.Words("en", self.names)
        columns = self.record["columns"]
        units = [column["unit"] for column in columns]
        coded = [{k: t["en"] for k, t in column.get("names", {}).items()} for column in columns]
        heads = "".join(f"<th>{escape(c['label']['en'])}</th>" for c in self.record["columns"])
        lines = "".join(
            "<tr>"
            + "".join(
                f"<td>{escape(said.shown(names.get(str(v), v), u))}</td>"
                for v, u, names in zip(row, units, coded, strict=True)
            )
            + "</tr>"
            for row in self.rows[: self.ROWS]
        )  # fmt: skip
        more = f"<p>{len(self.rows)} rows</p>" if len(self.rows) > self.ROWS else ""
        caption = f"<caption>{escape(self.record['title']['en'])}</caption>"
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{more}"


def _draw_without_network() -> None:
    """Let a notebook show its charts as images: the usual way loads a script from the network."""
    import altair as alt

    alt.renderers.enable("svg")


def merge(
    build: str | os.PathLike[str] | None = None, notebooks: Sequence[str] | None = None
) -> dict[str, Any]:
    """Put the records of all notebooks together, as `reports/findings.json` holds them.

    Parameters: `build`, see `build_folder`; `notebooks`, names that must have a record (others are left
    out); all records found when None.
    Returns {"findings": {id: …}, "tables": {id: …}, "notebooks": [name, …]}, sorted by id. Raises
    `FindingError` when a record is missing or damaged, when two notebooks record the same id, or when a
    table is not the one that was recorded.
    """
    folder = build_folder(build)
    found = {path.stem: path for path in sorted((folder / "findings").glob("*.json"))}
    wanted = sorted(found) if notebooks is None else sorted(notebooks)
    if missing := [name for name in wanted if name not in found]:
        raise FindingError(
            f"no findings of notebook(s) {', '.join(missing)} in {folder / 'findings'}; execute them first"
        )
    if not wanted:
        raise FindingError(
            f"no findings in {folder / 'findings'}; execute the notebooks first (make reports)"
        )
    merged: dict[str, Any] = {"findings": {}, "tables": {}, "notebooks": wanted}
    owner: dict[str, str] = {}
    for name in wanted:
        record = _read(found[name])
        for part in ("findings", "tables"):
            for id, entry in record[part].items():
                if id in owner:
                    raise FindingError(
                        f"{id!r} is recorded twice, by notebooks {owner[id]} and {name}; rename one"
                    )
                owner[id] = name
                merged[part][id] = entry
        said = described(name)
        if said and (left := said.unrecorded(record["findings"], record["tables"])):
            raise FindingError(
                f"data/findings/{name}.yaml describes {_list(left)}; {name} records none of that"
            )
        for id, finding in record["findings"].items():
            _stop_on(problems_of_finding(finding), f"notebook {name}, finding {id!r}")
        for id, table in record["tables"].items():
            path = folder / "tables" / f"{id}.csv"
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != table["sha256"]:
                raise FindingError(
                    f"{path} is missing or is not what notebook {name} recorded; execute {name} again"
                )
    for part in ("findings", "tables"):
        merged[part] = dict(sorted(merged[part].items()))
    return merged


def problems_of_finding(finding: Mapping[str, Any]) -> list[str]:
    """List what keeps a finding from being published, in words; empty when nothing does.

    >>> problems_of_finding({"value": 12, "unit": "share", "kind": "guessed"})[0]
    "kind 'guessed' is not one of by construction, modelled, observed"
    """
    value, unit, interval = finding.get("value"), finding.get("unit"), finding.get("interval")
    reason = finding.get("no_interval")
    problems = []
    if finding.get("kind") not in KINDS:
        problems.append(f"kind {finding.get('kind')!r} is not one of {_list(KINDS)}")
    if unit not in UNITS or unit in TABLE_ONLY:
        problems.append(f"unit {unit!r} is not one of {_list([u for u in UNITS if u not in TABLE_ONLY])}")
    if not finding.get("vintage"):
        problems.append("vintage is empty; give the year or period of the data")
    if value is None and not finding.get("note"):
        problems.append("there is no value; say why in `note`")
    low, high, said = LIMITS.get(str(unit), (None, None, ""))
    if value is not None and low is not None and not low <= value <= high:
        problems.append(said.format(value))
    if interval is not None:
        if len(interval) != 2 or interval[0] > interval[1]:
            problems.append(f"interval {interval} is not (low, high)")
        elif value is not None and not interval[0] <= value <= interval[1]:
            problems.append(f"value {value} lies outside its interval {interval}")
        if reason:
            problems.append("there is an interval and a reason for having none; keep one of them")
    elif reason not in REASONS:
        problems.append(f"no interval: give `interval`, or `no_interval` with one of {_list(REASONS)}")
    return problems


def check_sources(ids: Sequence[str], where: str) -> None:
    """Raise `FindingError` for an id that is not in `data/sources.yaml`; do nothing where there is none."""
    known = known_sources()
    if known is not None and (unknown := [id for id in ids if id not in known]):
        raise FindingError(
            f"{where}: source(s) {_list(unknown)} not in data/sources.yaml; known: {_list(sorted(known))}"
        )


def known_sources() -> dict[str, dict[str, Any]] | None:
    """Read the registry of sources: id -> entry, or None where there is no registry."""
    root = Path(os.environ.get("BOBANALYSIS_DATA") or Path(__file__).parents[3] / "data")
    path = root / "sources.yaml"
    if not path.exists():
        return None
    return _registry(path, path.stat().st_mtime_ns)


def dump(content: Any) -> str:
    """Write JSON as the project stores it: UTF-8, one space of indent, a newline at the end."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


@cache
def _registry(path: Path, stamp: int) -> dict[str, dict[str, Any]]:
    import yaml

    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    content = content.get("sources", content) if isinstance(content, dict) else content
    if isinstance(content, dict):
        content = [{"id": key, **value} for key, value in content.items()]
    return {entry["id"]: entry for entry in content}


def _guess(column: str) -> str | None:
    return NAMED.get(column, "share" if column.startswith("share") else None)


def _text(text: Text | None, where: str, required: bool = False) -> dict[str, str] | None:
    if text is None and not required:
        return None
    both = isinstance(text, Mapping) and set(text) == {*LANGUAGES}
    if text is None or not both or not all(isinstance(t, str) and t.strip() for t in text.values()):
        raise FindingError(
            f'{where}: write it for readers in both languages, {{"fr": "…", "en": "…"}}, not {text!r}'
        )
    for language, words in text.items():
        if found := _NUMBER_IN_TEXT.search(words):
            raise FindingError(
                f"{where}, {language}: the text holds the number {found.group()!r}; record it as a finding"
                " or write it out (calendar years may stay)"
            )
    return {language: text[language] for language in LANGUAGES}


def _rows_of(frame: Any, where: str) -> tuple[list[str], list[Sequence[Any]], set[str], set[str]]:
    import narwhals as nw

    try:
        frame = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise FindingError(
            f"{where}: a table is made from a Polars or pandas frame, not {type(frame).__name__}"
        ) from error
    floats = {name for name, dtype in frame.schema.items() if dtype.is_float()}
    numbers = {name for name, dtype in frame.schema.items() if dtype.is_numeric()}
    return list(frame.columns), frame.rows(), floats, numbers


def _csv(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
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
        raise FindingError(
            f"{path} is damaged ({error}); delete it and execute notebook {path.stem} again"
        ) from error
    return content


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")  # never leave half a file behind
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)


def _stop_on(problems: Sequence[str], where: str) -> None:
    if problems:
        raise FindingError(f"{where}: " + "; ".join(problems))


def _list(words: Any) -> str:
    return ", ".join(words)
