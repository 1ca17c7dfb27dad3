"""One page in one language: its template, and what a template may show of what the notebooks recorded.

Nothing stands on a page that is not in the findings file. `site` lists the pages and writes them all.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from inspect import getmembers, isfunction
from itertools import groupby
from pathlib import Path
from traceback import extract_tb
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from bobanalysis.algorithm import Algorithm
from bobanalysis.data import sources
from bobanalysis.report import charts, findings, sheets
from bobanalysis.report.subjects import CardIndex, card_index
from bobanalysis.report.words import Words, environment, tidy
from bobanalysis.text import Language, Text, capital

MARKS = {"by construction": "c", "modelled": "m", "observed": "o", "derived": "d"}
"""The letter behind a figure that says its kind."""
TEXTS = ("code", "departement", "challenge", "class")
ENDS = (("_low", "_high"), ("_lowest", "_highest"), ("_from", "_to"), (".lowest", ".highest"))
"""How the ids of the two ends of a range end."""
WHOLE = ("people", "places", "years", "rank", "year")


ON_PAPER = 9
"""Rows of a folded table that are printed; of a longer one paper names the file."""


class PageError(ValueError):
    """A page asks for something that no notebook recorded; the message names both."""


@dataclass(frozen=True)
class Page:
    """A page: `slug` names the file and, unless `template` does, the template; `title` stands in the menu.

    `section` is the entry of the menu that the page stands under. `context` is a function of the page's
    `PageRenderer` that returns what else the template may use. `twin` is the page that stands for it in the
    other language, when it has none there.
    """

    slug: str
    title: str
    section: str = ""
    context: Callable[[PageRenderer], Mapping[str, Any]] | None = None
    template: str = ""
    twin: str = ""

    @property
    def home(self) -> str:
        """The way from the page to the folder of its language."""
        return "../" * self.slug.count("/")


@dataclass
class Content:
    """What the notebooks recorded: merged findings, the text of each table, the tables as frames.

    `books` are their executed copies; `seen` says on which page a finding or table was shown first.
    """

    merged: dict[str, Any]
    csv: dict[str, str]
    algorithm: Any = None
    within_site: bool = False
    drawings: dict[tuple[str, Language, bool], tuple[charts.Drawing, str]] = field(default_factory=dict)
    groups: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    books: dict[str, findings.Book] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, build: Path, algorithm: Algorithm) -> Content:
        """Merge the records in a build folder; raise `findings.FindingError` when they do not fit."""
        merged = findings.merge(build)
        texts = {id: (build / "tables" / f"{id}.csv").read_text(encoding="utf-8") for id in merged["tables"]}
        return cls(merged, texts, algorithm, books=findings.executed(build))

    @classmethod
    def of(cls, algorithm: Algorithm, within_site: bool = False) -> Content:
        """Return content without records, for pages that say what follows from the rules alone."""
        return cls({"findings": {}, "tables": {}, "notebooks": []}, {}, algorithm, within_site)

    def words(self, language: Language) -> Words:
        """Return the words of the pages in a language, with those that the algorithm adds."""
        return Words(language, self.algorithm.presentation.words)

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
            if name not in charts.CHARTS:
                raise PageError(f"there is no chart {name!r}; charts are {', '.join(charts.CHARTS)}")
            tables = {id: self.table(id, f"chart {name}") for id in charts.CHARTS[name].tables}
            drawing = charts.draw(name, tables, words, narrow)
            self.drawings[key] = (drawing, charts.svg(drawing, name + ("-narrow" if narrow else "")))
        return self.drawings[key]

    def grouped(self, id: str, key: str, where: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a table by the text in one of its columns; made once."""
        if (id, key) not in self.groups:
            parts = self.table(id, where).partition_by(key, as_dict=True)
            self.groups[id, key] = {value: rows.to_dicts() for (value,), rows in parts.items()}
        return self.groups[id, key]

    def table(self, id: str, where: str) -> pl.DataFrame:
        """Return a table; raise `PageError` naming who asked when no notebook recorded it."""
        self._recorded("table", id, where)
        return self.tables[id]

    def finding(self, id: str, where: str) -> dict[str, Any]:
        """Return a finding; raise `PageError` naming who asked when no notebook recorded it."""
        return self._recorded("finding", id, where)

    def ends(self, id: str) -> tuple[float, float] | None:
        """Return the ends of the range that a finding lies in, or is an end of; none where there is none."""
        known = self.merged["findings"]
        stem = re.sub(r"[_.](low|high|lowest|highest|from|to|median|value)$", "", id)
        for low, high in ENDS:
            values = [known[stem + end]["value"] for end in (low, high) if stem + end in known]
            if len(values) == 2 and None not in values:
                return values[0], values[1]
        return None

    def notebook_of(self, id: str) -> str:
        """Return the notebook that recorded a finding or a table."""
        return str((self.merged["findings"].get(id) or self.merged["tables"][id])["notebook"])

    def _recorded(self, what: str, id: str, where: str) -> dict[str, Any]:
        known: dict[str, dict[str, Any]] = self.merged[f"{what}s"]
        if id not in known:
            near = ", ".join(other for other in known if other.split(".")[0] == id.split(".")[0])
            there = f"Merged: {', '.join(self.merged['notebooks'])}. Recorded near it: {near or 'nothing'}"
            why = "which no notebook recorded; record it or correct it"
            raise PageError(f"{where} asks for {what} {id!r}, {why}. {there}")
        return known[id]


def read_table(text: str, meta: Mapping[str, Any]) -> pl.DataFrame:
    """Read a recorded table with the types that its units call for."""
    units = {column["name"]: column["unit"] for column in meta["columns"]}
    types: Any = {name: pl.String if unit in TEXTS else pl.Float64 for name, unit in units.items()}
    frame = pl.read_csv(io.StringIO(text), schema=types)
    counted = [name for name, unit in units.items() if unit in WHOLE]  # weighted counts may have decimals
    whole = [name for name in counted if (frame[name] == frame[name].round()).all()]
    return frame.with_columns(pl.col(whole).cast(pl.Int64))


class PageRenderer:
    """Make one page in one language; its public methods are what templates may call.

    Every figure shown is remembered, so that the page can end with where each one comes from.
    """

    def __init__(self, content: Content, words: Words, page: Page, menu: Sequence[Page] = ()) -> None:
        """Prepare a page; `menu` holds the pages of the menu."""
        self.content, self.words, self.page, self.menu = content, words, page, menu
        self.home, self.algorithm = page.home, content.algorithm
        self.where = f"template {page.slug}.html"  # what asks for a figure, for messages
        self.shown: dict[str, None] = {}
        self.vintages: set[str] = set()
        self.missing: dict[str, None] = {}

    def html(self) -> str:
        """Return the whole page; raise `PageError` where its template compares what has no value."""
        try:
            more = self.page.context(self) if self.page.context else {}
            made = self._made(self.page.template or f"{self.page.slug}.html", **more)
        except TypeError as error:
            at = [frame.line for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".html")]
            raise PageError(f"{self.where}: {error}, in {(at or [''])[-1]}") from error
        self._complete("a sentence")
        for id in self.shown:
            self.content.seen.setdefault(id, self.page.slug)
        return tidy(made)

    def _made(self, template: str, **more: Any) -> Markup:
        shown = {**self._common, **more}
        return Markup(environment(self.words.language).get_template(template).render(shown))

    @cached_property
    def _common(self) -> dict[str, Any]:
        """What every template can use."""
        sections = groupby(self.menu, key=lambda page: page.section)
        return {
            **vars(self),
            **calls(self),
            "pages": self.menu,
            "menu": [(section, list(pages)) for section, pages in sections],
            "language": self.words.language,
            "other": "en" if self.words.language == "fr" else "fr",
            "card_path": self.cards.path,
            "root": f"../{self.home}",
            "publication": sheets.publication,
        }

    @property
    def cards(self) -> CardIndex:
        """The cards of the algorithm."""
        return card_index(self.algorithm)

    # what stands in sentences

    def figure(self, id: str, bare: bool = False) -> Markup:
        """Show a finding in a sentence, with its interval, a mark of its kind and a link to its note."""
        finding = self._noted(id)
        text = escape(self.value(finding, bare))
        if finding["interval"] and not bare:
            text += escape(f" ({self._span(finding['interval'], finding['unit'])})")
        return self._marked(text, f"#note-{id}", finding)

    def count(self, id: str) -> str:
        """Show the number of a finding plainly, where a mark and a link would be in the way."""
        return self.words.number(self._noted(id)["value"])

    def number(self, id: str, low: bool = False, high: bool = False) -> float:
        """Return the number of a finding, or an end of its interval, to compare it with another.

        One that is missing is no number, and stops the page at the claim that asked for it: see `sure`.
        """
        finding = self.content.finding(id, self.where)
        found = (finding["interval"] or (None, None))[high] if low or high else finding["value"]
        if found is None:
            self.missing[id] = None
        return float("nan") if found is None else float(found)

    def numbers(self, table: str, column: str, **keys: Any) -> list[float]:
        """Return the numbers of a column in the rows that `keys` pick; no row, or one without, is missing."""
        found = self._rows(table, keys)[column].to_list() or [None]
        if None in found:
            self.missing[f"{column} of {table} {keys or ''}".rstrip()] = None
        return [float("nan") if value is None else float(value) for value in found]

    def ranged(self, label: str, id: str) -> tuple[str, float, float, float, Markup]:
        """Return a row of a small chart: a share with its range over choices, ``id_low`` to ``id_high``."""
        unit = [self._noted(f"{id}{end}")["unit"] for end in ("_low", "_high", "")][-1]
        low, high = self.number(f"{id}_low"), self.number(f"{id}_high")
        shown = self.figure(id, bare=True)
        if low < high:
            span = self._span((low, high), unit)
            shown += Markup(' <small data-finding="{}">({})</small>').format(id, span)
        return label, self.number(id), low, high, shown

    def sure(self, holds: bool, claim: str) -> str:
        """Show nothing; raise `PageError` when the records no longer bear out what the next sentence says."""
        self._complete(repr(claim))
        if not holds:
            raise PageError(f"{self.where}: the records do not bear out {claim!r}; write another sentence")
        return ""

    def _complete(self, claim: str) -> None:
        """Raise `PageError` when a number that was asked for has no value."""
        if lacking := ", ".join(self.missing):
            self.missing.clear()
            raise PageError(f"{self.where}: {claim} rests on {lacking}, which has no value or no interval")

    def cell(self, table: str, column: str, page: str = "", **keys: Any) -> Markup:
        """Show one value of a table in a sentence; `keys` pick the row, which must be the only one.

        `page` is the address of what says more about it where this page does not hold the table.
        """
        rows = self._rows(table, keys)
        if rows.height != 1:
            raise PageError(f"{self.where}: {rows.height} rows of table {table!r} have {keys}; one is needed")
        return self._from_table(table, column, rows[column][0], page)

    def bound(self, table: str, column: str, which: str) -> Markup:
        """Show the smallest ("min") or largest ("max") value of a column in a sentence."""
        series = self.content.table(table, self.where)[column]
        return self._from_table(table, column, series.min() if which == "min" else series.max())

    def steps(self) -> list[dict[str, Any]]:
        """List the largest changes from one age to the next, largest first, each value ready to be shown."""
        shown = []
        for row in charts.largest(self.content.table("age.cliffs", self.where)):
            step = {name: self._from_table("age.cliffs", name, value) for name, value in row.items()}
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
        return [escape(self.spelt(table, column, value)) for value in self._rows(table, keys)[column]]

    def lines(self, table: str, **keys: Any) -> list[tuple[dict[str, Any], dict[str, Markup]]]:
        """Return the rows that `keys` pick: each as it is, and with each value ready to be shown."""
        rows = self._rows(table, keys).to_dicts()
        return [(row, {n: self._from_table(table, n, value) for n, value in row.items()}) for row in rows]

    def kind(self, kind: str) -> Markup:
        """Show the label of a kind of figure, linked to its explanation."""
        name, slug = self.words.name("kinds", kind), kind.replace(" ", "-")
        link = Markup('<a class="kind k-{}" href="{}method.html#{}">{}</a>')
        return link.format(MARKS[kind], self.home, slug, name)

    def title_of(self, id: str) -> str:
        """Return the title of a source."""
        return self.words.say(sources()[id].title)

    def sources_of(self, ids: Sequence[str]) -> Markup:
        """List sources by their titles, each linked to the page of sources; a long list is folded."""
        link = Markup('<a href="{}sources.html#{}">{}</a>')
        links = [link.format(self.home, id, self.title_of(id)) for id in ids]
        if len(links) <= 2:
            return Markup(", ").join(links)
        count = self.words._("{n} sources").format(n=self.words.number(len(links)))
        return self._made("parts/sources.html", count=count, links=links)

    def lists_of_sources(self, notes: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, str]:
        """Name each list of more than two sources that notes share, so that it stands on the page once."""
        lists = dict.fromkeys(" ".join(note["sources"]) for _, note in notes if len(note["sources"]) > 2)
        return {ids: f"sources-{i}" for i, ids in enumerate(lists, 1)}

    def recorded_in(self, id: str) -> Markup:
        """Name the notebook that recorded a finding, linked to the cell where its executed copy is a page."""
        name = self.content.notebook_of(id)
        if name not in self.content.books:
            return Markup("<code>{}</code>").format(name)
        cell = self.content.books[name].cell_of(id)
        link = Markup('<a href="{}../en/notebooks/{}.html#cell-{}" hreflang="en"><code>{}</code></a>')
        return link.format(self.home, name, cell, name)

    # texts of sheets

    def say(self, text: Text | None) -> Markup:
        """Write a text in the language of the page, each finding that it cites as a figure with its note."""
        plain = str(escape(self.words.say(text)))
        return Markup(re.sub(r"\{([a-z0-9_.]+)\}", lambda m: str(self.figure(m[1], bare=True)), plain))

    def measured(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """List findings with their labels, but for those that a document states: the answer cites these.

        Raises `PageError` for one that has no label.
        """
        own = [id for id in ids if self.content.finding(id, self.where)["no_interval"] != "stated"]
        rows = [{"id": id, "label": self.label_of(id), "figure": self.figure(id)} for id in own]
        for row in rows:
            if not row["label"]:
                raise PageError(f"finding {row['id']!r} has no label; give it one")
        return rows

    # what stands on its own

    def chart(self, name: str) -> Markup:
        """Show a chart, wide and narrow, with kind, vintage, sources and downloads."""
        drawing, wide = self.content.drawing(name, self.words, narrow=False)
        _, narrow = self.content.drawing(name, self.words, narrow=True)
        tables = charts.CHARTS[name].tables
        shown = {"name": name, "title": drawing.title, "wide": Markup(wide), "narrow": Markup(narrow)}
        return self._made("parts/chart.html", tables=tables, **shown, **self.table_facts(tables[0]))

    def table(
        self,
        id: str,
        only: Sequence[str] = (),
        people: str = "",
        pivot: Mapping[str, Any] | None = None,
        unfolded: bool = False,
    ) -> Markup:
        """Show a table, folded unless `unfolded`; codes that have names by these.

        Columns `only`, or a `pivot` (see `_wide`); `people` is the sample's size.
        """
        frame, meta = self.content.table(id, self.where), self.content.merged["tables"][id]
        self.content.seen.setdefault(id, self.page.slug)
        named = self._names(id)
        say = self.words.say
        said = {name: {key: say(text) for key, text in names.items()} for name, names in named.items()}
        frame = frame.with_columns(pl.col(name).replace(texts) for name, texts in said.items())
        units = {column["name"]: column["unit"] for column in meta["columns"]}
        labels = {column["name"]: self.words.head(column) for column in meta["columns"]}
        if pivot:
            names, heads, rows = self._wide(frame, units, labels, named, **pivot)
        else:
            names = [*(only or frame.columns)]
            heads, rows = [labels[name] for name in names], []
            for line in frame.select(names).iter_rows():
                rows.append([self._shown(value, units[n]) for n, value in zip(names, line, strict=True)])
        shown = {"title": self.words.say(meta["title"]), "heads": heads, "rows": rows, "unfolded": unfolded}
        shown |= {"text": [units[name] in TEXTS for name in names], "people": people and self.count(people)}
        shown["long"] = len(rows) > ON_PAPER and not unfolded
        return self._made("parts/table.html", **shown, **self.table_facts(id))

    def _wide(
        self,
        frame: pl.DataFrame,
        units: Mapping[str, str],
        labels: Mapping[str, str],
        named: Collection[str],
        rows: str,
        columns: str,
        values: str,
        ends: Sequence[str] = (),
        beside: str = "",
        empty: tuple[str, float, str] | None = None,
    ) -> tuple[list[str], list[str], list[list[Any]]]:
        """Make a table wide.

        `rows`, `columns` and `values` name columns; `ends` those of the lowest and highest value, `beside`
        one that is the same in a row and stands after its name, and `empty` a column, a value and a key:
        where the first has the second, the key has no data. Keys of a column in `named` keep their order.
        Returns where each column is from, heads, rows.
        """
        keys = frame[columns].unique(maintain_order=True).to_list()
        keys = keys if columns in named else self._in_order(keys, units[columns])
        names = [rows, beside] if beside else [rows]
        lines: dict[Any, list[Any]] = {}
        for found in frame.iter_rows(named=True):
            if empty and (found[empty[0]], found[columns]) == empty[1:]:
                found |= dict.fromkeys((values, *ends))
            if found[rows] not in lines:
                before = [self._shown(found[name], units[name]) for name in names]
                lines[found[rows]] = [*before, *[self._shown(None, "")] * len(keys)]
            cell, span = self._shown(found[values], units[values]), [found[end] for end in ends]
            if span and None not in span:
                cell = Markup("{} <small>({})</small>").format(cell, self._span(span, units[values]))
            lines[found[rows]][len(names) + keys.index(found[columns])] = cell
        heads = [*(labels[name] for name in names), *(capital(self._shown(k, units[columns])) for k in keys)]
        return names + [values] * len(keys), heads, [*lines.values()]

    def notes(self) -> list[tuple[str, dict[str, Any]]]:
        """List the findings shown so far on this page, for the notes at its end."""
        return [(id, self.content.finding(id, self.where)) for id in self.shown]

    def data_of(self) -> str:
        """List the years of the data behind the figures shown so far on this page."""
        dates = {d.strip().replace("–", "-") for v in self.vintages for d in re.split("[,;/]", v)}
        return ", ".join(self.words.period(each) for each in sorted(dates))

    # for the page of downloads

    def all_charts(self) -> list[dict[str, str]]:
        """List all charts."""
        drawn = {name: self.content.drawing(name, self.words, narrow=False) for name in charts.CHARTS}
        return [{"name": name, "title": drawing.title} for name, (drawing, _) in drawn.items()]

    def entries(self, table: str, key: str) -> list[dict[str, str]]:
        """List the rows of a table that explains keys: each key by its name, with its text."""
        rows = self.content.table(table, self.where).select(key, self.words.language).iter_rows()
        named = self._names(table).get(key, {})
        said = ((capital(self.words.say(named.get(name)) or name), text) for name, text in rows)
        return [{"name": name, "text": self.words.polish(text)} for name, text in said]

    # for pages that are generated

    def rows_of(self, table: str, key: str = "rule") -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a table by the text in one of its columns; none where nothing was recorded."""
        return self.content.grouped(table, key, self.where) if self.content.recorded else {}

    def table_facts(self, id: str) -> dict[str, Any]:
        """Return what stands below figures taken from a table: kind, vintage, sources, caveats."""
        if not self.content.recorded:
            return {"id": id}
        self.content.table(id, self.where)
        meta = self.content.merged["tables"][id]
        self.vintages.add(meta["vintage"])
        caveats, vintage = self.words.say(meta["caveats"]), self.words.period(meta["vintage"])
        told = {"id": id, "k": meta["kind"], "caveats": caveats, "vintage": vintage}
        return {**told, "source_ids": meta["sources"]}

    def made_from(self, text: str, table: str) -> Markup:
        """Show a text made from a table, with the mark of its kind and a link to where the table is named."""
        return self._marked(text, f"#table-{table}", self.content.merged["tables"][table])

    def label_of(self, id: str) -> str:
        """Return the label of a finding; empty where it has none."""
        return self.words.say(self.content.finding(id, self.where)["label"])

    # helpers

    def _noted(self, id: str) -> dict[str, Any]:
        """Return a finding, and remember that the page shows it."""
        self.shown[id] = None
        finding = self.content.finding(id, self.where)
        self.vintages.add(finding["vintage"])
        return finding

    def value(self, finding: Mapping[str, Any], bare: bool = False) -> str:
        """Show the value of a finding."""
        if finding["value"] is None:
            return self.words._("not estimable")
        return self.words.quantity(finding["value"], finding["unit"], bare=bare)

    def interval(self, finding: Mapping[str, Any], id: str) -> str:
        """Show the interval of a finding and its range over choices, or why it has neither."""
        shown = [self._span(finding["interval"], finding["unit"])] if finding["interval"] else []
        if ends := self.content.ends(id):
            shown.append(self.words._("range: {span}").format(span=self._span(ends, finding["unit"])))
        return self.words.join(shown) or self.words.name("no_interval", finding["no_interval"])

    def _span(self, ends: Iterable[float], unit: str) -> str:
        low, high = ends
        return self.words.interval(low, high, unit)

    def _rows(self, table: str, keys: Mapping[str, Any]) -> pl.DataFrame:
        frame = self.content.table(table, self.where)
        return frame.filter(*[pl.col(name) == value for name, value in keys.items()])

    def unit_of(self, table: str, column: str) -> str:
        """Return the unit of a column of a table."""
        self.content.table(table, self.where)
        units = {c["name"]: str(c["unit"]) for c in self.content.merged["tables"][table]["columns"]}
        if column not in units:
            why = f"{self.where}: table {table!r} has no column {column!r}; it has {', '.join(units)}"
            raise PageError(why)
        return units[column]

    def _from_table(self, table: str, column: str, value: Any, page: str = "") -> Markup:
        shown = self.spelt(table, column, value)
        # no mark and no link on an age or a name: it says where, not how much
        if self.unit_of(table, column) in ("years", *TEXTS):
            return Markup('<span class="from-table">{}</span>').format(shown)
        return self._marked(shown, page or f"#table-{table}", self.content.merged["tables"][table])

    def spelt(self, table: str, column: str, value: Any) -> str:
        """Show a value of a table; a code that has a name by this."""
        unit, name = self.unit_of(table, column), self._names(table).get(column, {}).get(str(value))
        return self.words.say(name) if name else self._shown(value, unit)

    def _names(self, table: str) -> dict[str, Mapping[str, Any]]:
        """Return the names of the codes of each column of a table."""
        columns = self.content.merged["tables"][table]["columns"]
        return {column["name"]: column["names"] for column in columns if "names" in column}

    def _marked(self, text: str, href: str, record: Mapping[str, Any]) -> Markup:
        self.vintages.add(record["vintage"])
        kind, vintage = self.words.name("kinds", record["kind"]), self.words.period(record["vintage"])
        title = self.words._("{kind}; data: {vintage}").format(kind=kind, vintage=vintage)
        link = Markup('<a class="figure k-{0}" href="{1}" title="{2}">{3}<sup>{0}</sup></a>')
        return link.format(MARKS[record["kind"]], href, title, text)

    def _shown(self, value: Any, unit: str) -> str:
        if value is None:
            return Markup('<span class="none">{}</span>').format(self.words._("no data"))
        return self.words.shown(value, unit)

    def _in_order(self, keys: list[Any], unit: str) -> list[Any]:
        """Put keys in the order of their names in the vocabulary, or in their own."""
        named = unit in ("challenge", "class")
        return [key for key in self.words.names(unit) if key in keys] if named else sorted(keys)


def calls(made: Any) -> dict[str, Any]:
    """Return what templates may call of an object: its public methods, by name."""
    own = getmembers(type(made), isfunction)
    return {name: getattr(made, name) for name, _ in own if not name.startswith("_")}
