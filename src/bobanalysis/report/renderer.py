"""One page in one language: its template, and what a template may show of what the notebooks recorded.

Nothing stands on a page that is not in the findings file. `site` lists the pages and writes them all.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from bobanalysis.algorithm import Algorithm
from bobanalysis.report import charts, findings
from bobanalysis.report.subjects import CardIndex, card_index
from bobanalysis.report.words import HERE, Words
from bobanalysis.text import Language, capital

MARKS = {"by construction": "c", "modelled": "m", "observed": "o"}
"""The letter behind a figure that says its kind."""
TEXTS = ("code", "departement", "challenge", "class")
WHOLE = ("people", "places", "years", "rank", "year")


class PageError(ValueError):
    """A page asks for something that no notebook recorded; the message names both."""


@dataclass(frozen=True)
class Page:
    """A page: `slug` names the file and, unless `template` does, the template; `title` stands in the menu.

    `section` is the entry of the menu that the page stands under. `context` is a function of the page's
    `PageRenderer` that returns what else the template may use.
    """

    slug: str
    title: str
    section: str = ""
    context: Callable[[PageRenderer], Mapping[str, Any]] | None = None
    template: str = ""

    @property
    def home(self) -> str:
        """The way from the page to the folder of its language."""
        return "../" * self.slug.count("/")


@dataclass
class Content:
    """What the notebooks recorded: merged findings, the text of each table, the tables as frames."""

    merged: dict[str, Any]
    csv: dict[str, str]
    algorithm: Any = None
    within_site: bool = False
    drawings: dict[tuple[str, str, bool], tuple[charts.Drawing, str]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, build: Path, notebooks: Sequence[str] | None = None, algorithm: Algorithm | None = None
    ) -> Content:
        """Merge the records in a build folder; raise `findings.FindingError` when they do not fit."""
        merged = findings.merge(build, notebooks)
        texts = {id: (build / "tables" / f"{id}.csv").read_text(encoding="utf-8") for id in merged["tables"]}
        return cls(merged, texts, algorithm)

    @classmethod
    def of(cls, algorithm: Algorithm, within_site: bool = False) -> Content:
        """Return content without records, for pages that say what follows from the rules alone."""
        return cls({"findings": {}, "tables": {}, "notebooks": []}, {}, algorithm, within_site)

    @property
    def recorded(self) -> bool:
        """Whether notebooks recorded anything."""
        return bool(self.merged["notebooks"])

    @cached_property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables as frames: keys are text, ages and ranks are whole, other numbers are decimal."""
        return {id: read_table(self.csv[id], meta) for id, meta in self.merged["tables"].items()}

    def drawing(self, name: str, words: Words, narrow: bool) -> tuple[charts.Drawing, str]:
        """Draw a chart once; return the drawing and its SVG."""
        key = (name, words.language, narrow)
        if key not in self.drawings:
            kind = charts.CHARTS.get(name)
            if kind is None:
                raise PageError(f"there is no chart {name!r}; charts are {', '.join(charts.CHARTS)}")
            tables = {id: self.table(id, f"chart {name}") for id in kind.tables}
            drawing = kind.draw(tables, words, narrow)
            self.drawings[key] = (drawing, charts.svg(drawing, name + ("-narrow" if narrow else "")))
        return self.drawings[key]

    def grouped(self, id: str, key: str, where: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a table by the text in one of its columns; made once."""
        if (id, key) not in self.groups:
            parts: dict[str, list[dict[str, Any]]] = {}
            for row in self.table(id, where).to_dicts():
                parts.setdefault(row[key], []).append(row)
            self.groups[id, key] = parts
        return self.groups[id, key]

    def table(self, id: str, where: str) -> pl.DataFrame:
        """Return a table; raise `PageError` naming who asked when no notebook recorded it."""
        if id not in self.tables:
            raise PageError(_unknown("table", id, where, self.merged))
        return self.tables[id]

    def finding(self, id: str, where: str) -> dict[str, Any]:
        """Return a finding; raise `PageError` naming who asked when no notebook recorded it."""
        if id not in self.merged["findings"]:
            raise PageError(_unknown("finding", id, where, self.merged))
        found: dict[str, Any] = self.merged["findings"][id]
        return found


def read_table(text: str, meta: Mapping[str, Any]) -> pl.DataFrame:
    """Read a recorded table with the types that its units call for."""
    types: dict[str, Any] = {}
    for column in meta["columns"]:
        unit = column["unit"]
        types[column["name"]] = pl.String if unit in TEXTS else pl.Float64
    frame = pl.read_csv(io.StringIO(text), schema=types)
    counted = [c["name"] for c in meta["columns"] if c["unit"] in WHOLE]  # weighted counts may have decimals
    whole = [name for name in counted if (frame[name] == frame[name].round()).all()]
    return frame.with_columns(pl.col(whole).cast(pl.Int64))


CALLS = (
    *("figure", "count", "cell", "bound", "listing", "items", "steps", "card", "chart", "table", "kind"),
    *("sources_of", "notes", "entries", "all_findings", "all_tables", "all_charts", "value", "sure"),
    "rows_of",
)
"""What templates may call."""


class PageRenderer:
    """Make one page in one language; its methods are what templates may call.

    Every figure shown is remembered, so that the page can end with where each one comes from.
    """

    def __init__(self, content: Content, words: Words, page: Page, menu: Sequence[Page] = ()) -> None:
        """Prepare a page; `menu` holds the pages of the menu."""
        self.content, self.words, self.page, self.menu = content, words, page, menu
        self.home, self.algorithm = page.home, content.algorithm
        self.shown: list[str] = []

    def html(self) -> str:
        """Return the whole page."""
        other = "en" if self.words.language == "fr" else "fr"
        calls = {name: getattr(self, name) for name in CALLS}
        page = self._templates.get_template(self.page.template or f"{self.page.slug}.html")
        more = self.page.context(self) if self.page.context else {}
        sources = [
            {"quirks": (), "rows": None, **entry} for entry in (findings.known_sources() or {}).values()
        ]
        shown = {
            "page": self.page,
            "pages": self.menu,
            "language": self.words.language,
            "other": other,
            "words": self.words,
            "story": self.content.recorded,
            "within_site": self.content.within_site,
            "algorithm": self.algorithm,
            "home": self.home,
            "root": f"../{self.home}",
            "sources": sources,
            "registry": self._source,
        }
        text = page.render(**shown, **calls, **more)
        return tidy(text)

    # what stands in sentences

    def figure(self, id: str, bare: bool = False) -> Markup:
        """Show a finding in a sentence, with its interval, a mark of its kind and a link to its note."""
        finding = self.content.finding(id, self.where)
        if id not in self.shown:
            self.shown.append(id)
        text = escape(self._value(finding, bare))
        if finding["interval"] and not bare:
            low, high = finding["interval"]
            text += escape(f" ({self.words.interval(low, high, finding['unit'])})")
        return self._marked(text, f"#note-{id}", finding["kind"], finding["vintage"])

    def value(self, id: str, low: bool = False) -> float:
        """Return the number of a finding, or the low end of its interval, to compare it with another."""
        finding = self.content.finding(id, self.where)
        return float(finding["interval"][0] if low else finding["value"])

    def sure(self, holds: bool, claim: str) -> str:
        """Show nothing; raise `PageError` when the records no longer bear out what the next sentence says."""
        if not holds:
            raise PageError(f"{self.where}: the records do not bear out {claim!r}; write another sentence")
        return ""

    def cell(self, table: str, column: str, **keys: Any) -> Markup:
        """Show one value of a table in a sentence; `keys` pick the row, which must be the only one."""
        frame = self.content.table(table, self.where)
        rows = frame.filter(*[pl.col(name) == value for name, value in keys.items()])
        if rows.height != 1:
            raise PageError(f"{self.where}: {rows.height} rows of table {table!r} have {keys}; one is needed")
        return self._from_table(table, column, rows[column][0])

    def bound(self, table: str, column: str, which: str) -> Markup:
        """Show the smallest ("min") or largest ("max") value of a column in a sentence."""
        series = self.content.table(table, self.where)[column]
        return self._from_table(table, column, series.min() if which == "min" else series.max())

    def steps(self) -> list[dict[str, Any]]:
        """List the largest changes from one age to the next, largest first, each value ready to be shown."""
        rows = charts.largest(self.content.table("age.cliffs", self.where))
        shown = []
        for row in rows:
            step = {name: self._from_table("age.cliffs", name, row[name]) for name in row}
            id = f"age.cliff_{row['age_from']}_{row['age_to']}"
            if id in self.content.merged["findings"]:
                step["share_changed"] = self.figure(id)
            shown.append(step)
        return shown

    def listing(self, table: str, column: str, **keys: Any) -> Markup:
        """List the values of a column in the rows that `keys` pick, or say that there is none."""
        shown = self.items(table, column, **keys)
        words = Markup(", ").join(shown) if shown else escape(self.words._("none"))
        return Markup('<span class="from-table" data-table="{}">{}</span>').format(table, words)

    def items(self, table: str, column: str, **keys: Any) -> list[Markup]:
        """Return the values of a column in the rows that `keys` pick, each ready to be shown."""
        rows = self.content.table(table, self.where).filter(
            *[pl.col(k) == value for k, value in keys.items()]
        )
        unit = self._unit(table, column)
        return [escape(self._shown(value, unit)) for value in rows[column]]

    # what stands on its own

    def card(self, id: str, caption: str, low: str = "", high: str = "", basis: str = "") -> Markup:
        """Show a finding large, with its interval.

        Where choices decide more than chance does, name the findings `low` and `high`: their range is shown
        large, and the finding below it, followed by the words `basis` that say for which choice it holds.
        """
        finding = self.content.finding(id, self.where)
        if id not in self.shown:
            self.shown.append(id)
        facts = self._facts(finding)
        if low:
            ends = [self.content.finding(end, self.where)["value"] for end in (low, high)]
            facts["interval"] = None
            facts["range"] = self.words.interval(ends[0], ends[1], finding["unit"])
            self.shown.extend(end for end in (low, high) if end not in self.shown)
        return self._part(
            "card.html", id=id, value=self._value(finding), caption=caption, basis=basis, **facts
        )

    def chart(self, name: str) -> Markup:
        """Show a chart, wide and narrow, with kind, vintage, sources and downloads."""
        kind = charts.CHARTS.get(name)
        shapes = [self.content.drawing(name, self.words, narrow) for narrow in (False, True)]
        meta = self._meta(kind.tables[0] if kind else name)
        return self._part(
            "chart.html", name=name, title=shapes[0][0].title, tables=kind.tables if kind else (),
            wide=Markup(shapes[0][1]), narrow=Markup(shapes[1][1]),
            caveats=self.words.pick(meta["caveats"]), **self._facts(meta),
        )  # fmt: skip

    def table(
        self,
        id: str,
        pivot: tuple[str, str, str] | None = None,
        only: Sequence[str] | None = None,
        ends: tuple[str, str] | None = None,
        beside: str = "",
        empty: tuple[str, float, str] | None = None,
        people: str = "",
        unfolded: bool = False,
    ) -> Markup:
        """Show a table, folded unless `unfolded`; codes that have names by these.

        `pivot` names the columns for rows, columns and values of a wide view, in which `ends` names those of
        the lowest and highest value, `beside` one that is the same in a row and stands after its name, and
        `empty` a column, a value and a key: where the first has the second, the key has no data. `only` is
        the columns to show; `people`, the finding with the size of the sample.
        """
        frame, meta = self.content.table(id, self.where), self._meta(id)
        columns = {column["name"]: column for column in meta["columns"]}
        for name, names in ((c["name"], c["names"]) for c in meta["columns"] if "names" in c):
            frame = frame.with_columns(pl.col(name).replace({k: self.words.say(t) for k, t in names.items()}))
        if pivot is None:
            frame = frame.select(only or frame.columns)
            heads = [self.words.pick(columns[name]["label"]) for name in frame.columns]
            units = [columns[name]["unit"] for name in frame.columns]
        else:
            row, column, value = pivot
            keys = frame[column].unique(maintain_order="names" in columns[column]).to_list()
            if "names" not in columns[column]:
                keys = self._in_order(keys, columns[column]["unit"])
            heads = [self.words.pick(columns[row]["label"])]
            heads += [str(self._shown(key, columns[column]["unit"])) for key in keys]
            units = [columns[row]["unit"], *[columns[value]["unit"]] * len(keys)]
            if empty:
                untold = (pl.col(empty[0]) == empty[1]) & (pl.col(column) == empty[2])
                hidden = [pl.when(~untold).then(c).alias(c) for c in (value, *(ends or ()))]
                frame = frame.with_columns(hidden)
            index = [row, beside] if beside else [row]
            wide = frame.pivot(on=column, index=index, values=value)
            spans = [frame.pivot(on=column, index=row, values=end) for end in ends or ()]
            frame = wide.select(*index, *[pl.col(str(key)) for key in keys])
            if beside:
                heads.insert(1, self.words.pick(columns[beside]["label"]))
                units.insert(1, columns[beside]["unit"])
        rows = [
            [self._shown(value, unit) for value, unit in zip(values, units, strict=True)]
            for values in frame.rows()
        ]
        if ends:
            self._add_ends(rows, frame, spans, units[-1])
        heads = [head[:1].upper() + head[1:] for head in heads]
        text = [unit in TEXTS for unit in units]
        return self._part(
            "table.html", id=id, title=self.words.pick(meta["title"]), heads=heads, rows=rows, text=text,
            caveats=self.words.pick(meta["caveats"]), people=self.count(people) if people else "",
            unfolded=unfolded, **self._facts(meta),
        )  # fmt: skip

    def _add_ends(
        self, rows: list[list[Any]], wide: pl.DataFrame, spans: Sequence[pl.DataFrame], unit: str
    ) -> None:
        """Write the lowest and highest value behind each value of a wide table."""
        first = wide.width - (spans[0].width - 1)
        low, high = (span.select(wide.columns[first:]).rows() for span in spans)
        for n, shown in enumerate(rows):
            for k, ends in enumerate(zip(low[n], high[n], strict=True)):
                if None not in ends:
                    text = self.words.interval(*ends, unit)
                    shown[first + k] = Markup("{} <small>({})</small>").format(shown[first + k], text)

    def count(self, id: str) -> str:
        """Show the number of a finding plainly, where a mark and a link would be in the way."""
        if id not in self.shown:
            self.shown.append(id)
        return self.words.number(self.content.finding(id, self.where)["value"])

    def kind(self, kind: str) -> Markup:
        """Show the label of a kind of figure, linked to its explanation."""
        if kind not in findings.KINDS:
            raise PageError(f"{self.where}: there is no kind {kind!r}; kinds are {', '.join(findings.KINDS)}")
        slug = kind.replace(" ", "-")
        name = self.words.name("kinds", kind)
        return Markup('<a class="kind k-{}" href="{}method.html#{}">{}</a>').format(
            MARKS[kind], self.page.home, slug, name
        )

    def sources_of(self, ids: Sequence[str]) -> Markup:
        """List sources by their titles, each linked to the page of sources; a long list is folded."""
        links = [
            Markup('<a href="{}sources.html#{}">{}</a>').format(self.page.home, id, self._source(id)["title"])
            for id in ids
        ]
        if len(links) <= 2:
            return Markup(", ").join(links)
        count = self.words._("{n} sources").format(n=self.words.number(len(links)))
        return self._part("sources.html", count=count, links=links)

    def notes(self) -> list[dict[str, Any]]:
        """List the findings shown so far on this page, for the notes at its end."""
        return [self._note(id) for id in self.shown]

    # for the page of downloads

    def all_findings(self) -> list[dict[str, Any]]:
        """List all findings."""
        return [self._note(id) for id in self.content.merged["findings"]]

    def all_tables(self) -> list[dict[str, Any]]:
        """List all tables."""
        return [
            {
                "id": id,
                "title": self.words.pick(meta["title"]),
                "rows": self.words.number(meta["rows"]),
                **self._facts(meta),
            }
            for id, meta in self.content.merged["tables"].items()
        ]

    def all_charts(self) -> list[dict[str, str]]:
        """List all charts."""
        return [
            {"name": name, "title": self.content.drawing(name, self.words, False)[0].title}
            for name in charts.CHARTS
        ]

    def entries(self, table: str, key: str) -> list[dict[str, str]]:
        """List the rows of a table that explains keys: each key with its text in this language."""
        frame = self.content.table(table, self.where)
        rows = frame.select(key, self.words.language).iter_rows()
        return [{"key": name, "text": self.words.polish(text)} for name, text in rows]

    # for pages that are generated

    def rows_of(self, table: str, key: str = "rule") -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a table by the text in one of its columns; none where nothing was recorded."""
        if not self.content.recorded:
            return {}
        return self.content.grouped(table, key, self.where)

    def table_facts(self, id: str) -> dict[str, Any]:
        """Return what stands below figures taken from a table: kind, vintage, sources, caveats."""
        if not self.content.recorded:
            return {"id": id}
        meta = self._meta(id)
        return {"id": id, "caveats": self.words.pick(meta["caveats"]), **self._facts(meta)}

    @property
    def cards(self) -> CardIndex:
        """The cards of the algorithm."""
        return card_index(self.algorithm)

    # helpers

    @cached_property
    def _templates(self) -> Any:
        return environment(self.words.language)

    @property
    def where(self) -> str:
        """Return what asks for a figure, for messages."""
        return f"template {self.page.slug}.html"

    def _part(self, template: str, **values: Any) -> Markup:
        calls = {"kind": self.kind, "sources_of": self.sources_of, "words": self.words}
        calls |= {"home": self.page.home, "root": f"../{self.page.home}"}
        return Markup(self._templates.get_template(f"parts/{template}").render(**calls, **values))

    def _value(self, finding: Mapping[str, Any], bare: bool = False) -> str:
        if finding["value"] is None:
            return self.words._("not estimable")
        return self.words.quantity(finding["value"], finding["unit"], bare)

    def _facts(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Put kind, interval, vintage and sources of a finding or a table into words."""
        facts = {"k": record["kind"], "vintage": _years(record["vintage"]), "source_ids": record["sources"]}
        if "interval" in record:
            low_high = record["interval"]
            facts["interval"] = (
                self.words.interval(low_high[0], low_high[1], record["unit"])
                if low_high
                else self.words.name("no_interval", record["no_interval"])
            )
        return facts

    def _note(self, id: str) -> dict[str, Any]:
        finding = self.content.finding(id, self.where)
        label = self.label_of(id)
        n = None if finding["n"] is None else self.words.number(finding["n"])
        note = {
            "id": id,
            "label": label,
            "value": self._value(finding),
            "n": n,
            "text": self.words.pick(finding["note"]),
        }
        return {**note, "notebook": finding["notebook"], **self._facts(finding)}

    def label_of(self, id: str) -> str:
        """Return the label of a finding; empty where it has none."""
        finding = self.content.finding(id, self.where)
        return self.words.say(finding["label"])

    def _meta(self, id: str) -> dict[str, Any]:
        self.content.table(id, self.where)
        meta: dict[str, Any] = self.content.merged["tables"][id]
        return meta

    def _unit(self, table: str, column: str) -> str:
        units = {c["name"]: c["unit"] for c in self._meta(table)["columns"]}
        if column not in units:
            raise PageError(
                f"{self.where}: table {table!r} has no column {column!r}; it has {', '.join(units)}"
            )
        return str(units[column])

    def _from_table(self, table: str, column: str, value: Any) -> Markup:
        meta, unit = self._meta(table), self._unit(table, column)
        shown = self._shown(value, unit)
        if unit == "years":  # no mark and no link on an age: it says where, not how much
            return Markup('<span class="from-table">{}</span>').format(shown)
        return self._marked(escape(shown), f"#table-{table}", meta["kind"], meta["vintage"])

    def _marked(self, text: Markup, href: str, kind: str, vintage: str) -> Markup:
        name = self.words.name("kinds", kind)
        title = self.words._("{kind}; data: {vintage}").format(kind=name, vintage=_years(vintage))
        return Markup('<a class="figure k-{0}" href="{1}" title="{2}">{3}<sup>{0}</sup></a>').format(
            MARKS[kind], href, title, text
        )

    def _shown(self, value: Any, unit: str) -> str | Markup:
        if value is None:
            return Markup('<span class="none">{}</span>').format(self.words._("no data"))
        return self.words.shown(value, unit)

    def _in_order(self, keys: list[Any], unit: str) -> list[Any]:
        topic = {"challenge": "challenge", "class": "classes"}.get(unit)
        order = [*self.words.names(topic)] if topic else None
        return sorted(keys, key=order.index if order else None)  # type: ignore[arg-type]

    def _source(self, id: str) -> dict[str, Any]:
        entry = {"id": id, **(findings.known_sources() or {}).get(id, {})}
        title = entry.get("title", id)
        title = title.get(self.words.language, id) if isinstance(title, Mapping) else title
        return {**entry, "title": self.words.polish(str(title))}


def _years(vintage: str) -> str:
    return re.sub(r"(?<=\d{4})-(?=\d{4})", "–", vintage)


def tidy(html: str) -> str:
    """Take blank lines and spaces at the ends of lines out of a page."""
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip()) + "\n"


@cache
def environment(language: Language) -> Any:
    """Return the Jinja environment of a language."""
    import jinja2

    words = Words(language)

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        extensions=["jinja2.ext.i18n"],
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.filters |= {"groupby_in_order": _grouped, "say": words.say, "capital": capital}
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def _grouped(items: Sequence[Any], attribute: str) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for item in items:
        groups.setdefault(getattr(item, attribute), []).append(item)
    return list(groups.items())


def _unknown(what: str, id: str, where: str, merged: Mapping[str, Any]) -> str:
    room = id.split(".")[0]
    near = [known for known in merged[f"{what}s"] if known.split(".")[0] == room]
    return (
        f"{where} asks for {what} {id!r}, which no notebook recorded; record it or correct it. Merged: "
        f"{', '.join(merged['notebooks'])}. Recorded near it: {', '.join(near) or 'nothing'}"
    )
