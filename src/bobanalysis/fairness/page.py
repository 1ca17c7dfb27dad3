"""An audit in words and tables: one list of sections, for the terminal or a page that needs no network."""

from __future__ import annotations

import io
import locale
import math
import os
import re
import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from importlib.resources import files
from itertools import takewhile, zip_longest
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN
from bobanalysis.fairness.export import ROLES, metadata
from bobanalysis.fairness.metrics import EVERYONE_ELSE
from bobanalysis.fairness.result import Entry, Result
from bobanalysis.fairness.texts import text, texts
from bobanalysis.tables import load_yaml
from bobanalysis.text import LANGUAGES, NBSP, Language, colon, number, percent, percent_sign, quantity, quote

MOST_LINES = 300
"""Most lines of a table on a page; the files --output .csv and .parquet have all."""
MOST_DRAWN = 40
_FLAGS = ("most", "below", "small")


@dataclass(frozen=True)
class Words:
    """Texts and values in one language; means with ``decimals`` digits, None for shares."""

    lang: Language
    decimals: int | None = None
    bands: bool = False

    def word(self, key: str, **facts: Any) -> str:
        """Return a text of the page.

        Example:
            >>> Words("en").word("none")
            'not estimable'
        """
        return text(key, **facts).get(self.lang)

    def number(self, value: float | None, decimals: int = 0, people: int = 0) -> str:
        """Write a number; where some people have none, it is hidden."""
        return self.word("hidden") if value is None and people else number(value, self.lang, decimals)

    def share(self, value: float | None) -> str:
        """Write a share; nothing where there is none."""
        return percent(value, self.lang, brief=True)

    def metric(self, name: str, item: str | None = None) -> str:
        """Write the name of a measure, and of what it is about."""
        name = self.word(f"metric_{name}") if f"metric_{name}" in texts() else name
        return name if item is None else name + colon(self.lang) + quote(item, self.lang)

    def label(self, value: str | None) -> str:
        """Write the name of a group."""
        return "".join(map(self._part, re.split(r"( × |(?<==)[^,=]+)", str(value or ""))))

    def _part(self, label: str) -> str:
        if label == UNKNOWN:
            return self.word("unknown")
        for key in ("band_under", "band_over", "band_between") if self.bands and self.lang == "fr" else ():
            shape = re.escape(text(key, a="A", b="B").en).replace("A", "(?P<a>.+)").replace("B", "(?P<b>.+)")
            if found := re.fullmatch(shape, label):
                return self.word(key, **{end: n.replace(".", ",") for end, n in found.groupdict().items()})
        return label

    def part(self, name: str) -> str:
        """Write the name of a part of a gap."""
        return self.word(f"part_{name.replace(' ', '_')}")

    def place(self, value: float | None) -> str:
        """Write where on a number something is."""
        return self.number(value, 0 if value is None or float(value).is_integer() else 2)

    def places(self, low: float | None, high: float | None) -> str:
        """Write a stretch of a number."""
        if low is None or low == high:
            return self.place(low)
        return self.word("between", low=self.place(low), high=self.place(high))

    def value(self, value: float | None, suppressed: bool = False) -> str:
        """Write a share or a mean, or why there is none."""
        if value is None:
            return self.word("hidden" if suppressed else "none")
        return self.share(value) if self.decimals is None else self.number(value, self.decimals)

    def rate(self, value: float | None, suppressed: bool, share: float | None) -> str:
        """Write a rate of a category; nothing for people of unknown category, who have no share."""
        return "" if share is None and value is None and not suppressed else self.value(value, suppressed)

    def gap(self, value: float | None) -> str:
        """Write a difference with its sign; of shares in points."""
        if value is None:
            return ""
        shares = self.decimals is None
        written = quantity(float(value), "points", self.lang) if shares else self._points(value)
        return ("+" if value > 0 and re.search("[1-9]", written) else "") + written.replace(" ", NBSP)

    def error(self, value: float | None) -> str:
        """Write a standard error, of shares in points."""
        return self.gap(value).lstrip("+")

    def _points(self, value: float) -> str:
        return self.number(100 * value, 1) if self.decimals is None else self.number(value, self.decimals)

    def span(self, low: float | None, high: float | None, sign: bool = True) -> str:
        """Write an interval of shares or means; without ``sign`` of differences."""
        if low is None or high is None:
            return ""
        ends = self.word("between", low=self._points(low), high=self._points(high))
        return ends + (percent_sign(self.lang) if sign and self.decimals is None else "")

    def ratios(self, low: float | None, high: float | None) -> str:
        """Write an interval of ratios."""
        return "" if low is None else self.word("between", low=self.number(low, 2), high=self.number(high, 2))

    def p(self, value: float | None) -> str:
        """Write a p value."""
        if value is None:
            return ""
        return f"< {self.number(0.001, 3)}" if value < 0.001 else self.number(value, 3)

    def flags(self, *marks: bool) -> str:
        """Write what is remarkable about an impact ratio."""
        return ", ".join(self.word(key) for key, mark in zip(_FLAGS, marks, strict=True) if mark)


_WRITERS: dict[str, Callable[..., str]] = {
    writer.__name__: writer
    for writer in (
        *(Words.number, Words.share, Words.metric, Words.label, Words.value, Words.rate, Words.gap),
        *(Words.error, Words.span, Words.ratios, Words.p, Words.flags, Words.part, Words.place, Words.places),
    )
}
"""What ``columns.yaml`` may name; with a question mark, what is empty is said to be not estimable."""
_NAMING = ("metric", "label", "part")
"""Those that write words rather than numbers."""


@dataclass(frozen=True)
class Section:
    """A title, sentences, and a table of texts that may have been cut.

    Attributes:
        title: of the section.
        text: sentences before the table.
        head: column titles; empty without a table.
        lines: the table.
        left: lines that the table would have had in addition.
        words: how many first columns are words rather than numbers.
        drawn: points to draw: label, value, low, high.
        curve: points of a curve to draw: place, value, low, high.
        write: how values on the axis are written.
    """

    title: str
    text: Sequence[str] = ()
    head: Sequence[str] = ()
    lines: Sequence[Sequence[str]] = ()
    left: int = 0
    words: int = 1
    drawn: list[tuple[str, float, float | None, float | None]] = field(default_factory=list)
    curve: list[tuple[float, float, float, float]] = field(default_factory=list)
    write: Words = Words("en")

    def axis(self) -> dict[str, Any]:
        """Return the ends and the ticks of the axis of the values and their intervals, 0 among them."""
        given = (end for _, *ends in self.drawn or self.curve for end in ends if end is not None)
        ends = [end for end in given if math.isfinite(end)]
        ticks = _ticks(min([*ends, 0.0]), max([*ends, 1e-9]))
        digits = max(0, 1 - math.floor(math.log10(ticks[1] - ticks[0]))) if len(ticks) > 1 else 1
        write = self.write if self.write.decimals is None else Words(self.write.lang, digits)
        marks = [(tick, write.value(tick)) for tick in ticks]
        return {"bottom": min([*ends, ticks[0]]), "top": max([*ends, ticks[-1]]), "ticks": marks}

    def along(self) -> dict[str, Any]:
        """Return the ends and the ticks of the axis that a curve runs along."""
        low, high = self.curve[0][0], self.curve[-1][0]
        marks = [(tick, self.write.place(tick)) for tick in _ticks(low, high) if low <= tick <= high]
        return {"bottom": low, "top": high, "ticks": marks}


@dataclass(frozen=True)
class Chapter:
    """What is told about one attribute or crossing, or about the whole file."""

    title: str
    text: Sequence[str]
    sections: Sequence[Section]


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers from ``low`` to at least ``high``."""
    span = (high - low) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / 4))
    size = next(unit * by for by in (1, 2, 2.5, 5, 10) if span / (unit * by) <= 6)
    first, last = math.floor(low / size), math.ceil(high / size - 1e-9)
    return [round(size * at, 12) for at in range(first, last + 1)]


def chapters(audit: Result, lang: Language, most: int = MOST_LINES) -> list[Chapter]:
    """Return what is to be told about an audit, in order, tables cut to ``most`` lines."""
    words = Words(lang)
    said = [note.get(lang) for note in audit.notes]
    found = [Chapter(words.word("read_as"), said, [_read_as(audit, words)])]
    for entry in audit.entries:
        split = words.word("decomposed") + colon(lang) if entry.kind == "decomposition" else ""
        said = [note.get(lang) for note in entry.notes]
        told = _Told(entry, lang, most, audit.question.bands)
        found.append(Chapter(split + entry.name, said, told.sections()))
    reading = words.word("reading_1", min_group=audit.question.min_group), words.word("reading_2")
    return [*found, Chapter(words.word("reading"), reading, [])]


def page(audit: Result, lang: Language = "fr") -> str:
    """Return the audit as one HTML page, in French and English, that loads nothing from anywhere.

    Args:
        audit: see :func:`bobanalysis.fairness.audit_file`.
        lang: language shown first; the other is one click away.
    """
    return _rendered(audit, lang, LANGUAGES)


def fragment(audit: Result) -> str:
    """Return the tables of an audit as HTML for a notebook, in the language of the system."""
    return _rendered(audit, system_language(), ())


def _rendered(audit: Result, lang: Language, languages: Sequence[Language]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("bobanalysis.fairness", "")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    bodies: list[Any] = [{"lang": one, "words": Words(one)} for one in languages or [lang]]
    for body in bodies:
        body["chapters"] = chapters(audit, body["lang"])
    title, whole = f"{Words(lang).word('title')} {audit.path.name}", bool(languages)
    return pages.get_template("audit.html.jinja").render(lang=lang, title=title, bodies=bodies, whole=whole)


def printed(audit: Result) -> str:
    """Return an audit as text of 80 columns, in the language of the system."""
    from rich.console import Console

    screen = Console(width=80, file=io.StringIO(), emoji=False)
    show(audit, system_language(), screen)
    return str(screen.file.getvalue())  # type: ignore[attr-defined]


def system_language() -> Language:
    """Return French where the system speaks it, else English."""
    said = next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), None)
    return "fr" if (said or locale.getlocale()[0] or "").lower().startswith("fr") else "en"


def show(audit: Result, lang: Language, screen: Any, most: int = 20) -> None:
    """Print an audit to a Rich console, tables cut to ``most`` lines."""
    words, say = Words(lang), partial(screen.print, markup=False, highlight=False)
    for chapter in chapters(audit, lang, most):
        say(f"\n {chapter.title} ", style="bold reverse")
        for part in [Section("", chapter.text), *chapter.sections]:
            if part.title:
                say(f"\n{part.title}", style="bold")
            for sentence in part.text:
                say(sentence)
            if part.lines:
                _print_table(_narrow(part, words, screen.width), screen)
            if part.left:
                say(words.word("more", left=words.number(part.left)))


def _print_table(part: Section, screen: Any) -> None:
    """Print a table as it is; where the screen is too narrow, as Rich folds it, which takes long."""
    from rich.cells import cell_len
    from rich.markup import escape
    from rich.table import Table

    heads, sides, fixed = [*part.head], ["left"] * len(part.head), []
    for at, (title, *column) in enumerate(zip(part.head, *part.lines, strict=True)):
        cells = [line for cell in column for line in cell.split("\n")]
        if at >= part.words:
            wide = max(6, *map(len, cells))
            lines = (textwrap.fill(t, wide, break_long_words=False) for t in title.split("\n"))
            heads[at], sides[at] = "\n".join(lines), "right"
            fixed += [] if any(re.search(r"[^\W\d_]{4}", cell) for cell in cells) else [at]
    high = max(head.count("\n") for head in heads)
    heads = ["\n" * (high - head.count("\n")) + head for head in heads]
    rows = [[cell.split("\n") for cell in row] for row in (heads, *part.lines)]
    sizes = [max(cell_len(line) for cell in column for line in cell) for column in zip(*rows, strict=True)]
    if sum(sizes) + 2 * len(sizes) - 2 <= screen.width:
        for some, style in ((rows[:1] if any(part.head) else [], "bold"), (rows[1:], None)):
            said = []
            for line in (line for row in some for line in zip_longest(*row, fillvalue="")):
                blanks = [" " * (size - cell_len(cell)) for size, cell in zip(sizes, line, strict=True)]
                told = zip(line, blanks, sides, strict=True)
                cells = [gap + cell if side == "right" else cell + gap for cell, gap, side in told]
                said.append("  ".join(cells))
            if said:
                screen.out("\n".join(said), style=style, highlight=False)
        return
    table = Table(show_header=any(part.head), box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for at, (head, side) in enumerate(zip(heads, sides, strict=True)):
        table.add_column(escape(head), justify=side, no_wrap=at in fixed, overflow="fold")  # type: ignore[arg-type]
    for texts_of_row in part.lines:
        table.add_row(*map(escape, texts_of_row))
    screen.print(table)


def _narrow(part: Section, words: Words, width: int) -> Section:
    """Put intervals below their values where a table is too wide otherwise."""
    needed = []
    for at, cells in enumerate(zip(part.head, *part.lines, strict=True)):
        whole = " ".join(cells).split() if at < part.words else [*cells[0].split(), *cells[1:]]
        needed.append(max(map(len, whole), default=0) + 2)
    intervals = {words.word(key) for key in ("interval", "simultaneous", "band")}
    kept = [at for at, title in enumerate(part.head) if title not in intervals]
    if sum(needed) - 2 <= width or len(kept) == len(needed):
        return part
    spans = [slice(at, end) for at, end in zip(kept, [*kept[1:], len(needed)], strict=True)]
    joined = [["\n".join(row[span]).rstrip() for span in spans] for row in (part.head, *part.lines)]
    return replace(part, head=joined[0], lines=joined[1:])


# --- sections ---------------------------------------------------------------------------------------------


@cache
def _columns() -> dict[str, list[list[Any]]]:
    return load_yaml(dict[str, list[list[Any]]], files("bobanalysis.fairness") / "columns.yaml")


def _read_as(audit: Result, words: Words) -> Section:
    plan, told = audit.plan, metadata(audit)
    lines = [(words.word("file"), audit.path.name), (words.word("rows"), words.number(audit.rows))]
    if audit.people != audit.rows:
        lines.append((words.word("people"), words.number(audit.people)))
    lines.append((words.word("groups"), ", ".join(entry.name for entry in audit.entries)))
    lines += [(words.word(role), str(getattr(plan, role))) for role in ROLES if getattr(plan, role)]
    lines += [(words.word(key), told[key]) for key in ("package", "command", "sha256")]
    return Section("", (), ("", ""), lines, words=2)


def _written(words: Words, how: str, values: Sequence[Any]) -> str:
    text = _WRITERS[how.rstrip("?")](words, *values)
    return text or (words.word("none") if how.endswith("?") else "")


@dataclass(frozen=True)
class _Told:
    """What is told about an entry: its measures one by one, then its other tables."""

    entry: Entry
    lang: Language
    most: int
    bands: Collection[str]

    @cached_property
    def means(self) -> Words:
        """Words with the digits that show two figures of the typical error of a mean; two at least."""
        errors = pl.Series(dtype=pl.Float64)
        for name in {"measures", "curve", "decomposition"} & {*self.entry.tables}:
            of = self.entry[name].filter(metric="mean_score")
            errors = errors.extend((of["ci_high"] - of["ci_low"]) / 2)
        typical = errors.filter(errors.is_finite() & (errors > 0)).median()
        asked = 1 - math.floor(math.log10(typical)) if isinstance(typical, float) else 2
        return Words(self.lang, min(max(2, asked), 12), any(name in self.bands for name in self.entry.groups))

    def sections(self) -> list[Section]:
        """Return them in order."""
        parts, tell = [], {"measures": self.measure, "curve": self.curve}
        for name, rows in self.entry.tables.items():
            if name in tell:
                asked = rows.filter(pl.col("metric") != "count").select("metric", "item")
                for metric, item in asked.unique(maintain_order=True).rows():
                    mine = pl.col("metric").eq(metric) & pl.col("item").eq_missing(item)
                    parts.append(tell[name](rows.filter(mine), metric, item))
                continue
            rows = rows.filter("found") if name == "subgroups" else rows
            notes = {"median_text": name == "impact" and self.entry.by_median}
            notes["odds_text"] = name == "gaps" and "equalized_odds" in rows["metric"]
            notes["nothing_found"] = name == "subgroups" and rows.is_empty()
            sentences = [self.means.word(key) for key in (f"{name}_text", *notes) if notes.get(key, True)]
            parts.append(self.section(name, self.means.word(name), sentences, rows))
        return parts

    def section(
        self, name: str, title: str, sentences: Sequence[str], rows: pl.DataFrame, **drawn: Any
    ) -> Section:
        """A table with the columns that ``columns.yaml`` names; shares and means each in their way."""
        if rows.is_empty():
            return Section(title, sentences)
        entry, shares = self.entry, replace(self.means, decimals=None)
        of_score = name == "subgroups" and "selection_rate" not in entry["measures"]["metric"]
        columns: list[list[Any]] = []
        for key, *rest in _columns()[name]:
            if key == "observed" and rows["fitted"].count() and not rows["observed"].count():
                continue  # protected
            if key != "attributes" or rows["attributes"].n_unique() > 1:
                columns += [[shares.word(key), *rest]] if rest else [[g, "label", g] for g in entry.groups]
        lines, write = [], shares
        for row in rows.head(self.most).iter_rows(named=True):
            write = self.means if of_score or row.get("metric") == "mean_score" else shares
            given = [[row.get(one) if isinstance(one, str) else one for one in of] for _, _, *of in columns]
            lines.append([_written(write, how, of) for (_, how, *_), of in zip(columns, given, strict=True)])
        full = [at for at in range(len(columns)) if any(line[at] for line in lines)]  # not what all lack
        lines, columns = [[line[at] for at in full] for line in lines], [columns[at] for at in full]
        wide = sum(1 for _ in takewhile(lambda column: column[1] in _NAMING, columns))
        head, left = [column[0] for column in columns], rows.height - len(lines)
        return Section(title, sentences, head, lines, left, wide, write=write, **drawn)

    def measure(self, rows: pl.DataFrame, metric: str, item: str | None) -> Section:
        """A measure by group."""
        means, against = self.means, rows["reference"][0]
        named = means.word("else") if against == EVERYONE_ELSE else quote(means.label(against), self.lang)
        sentences = [*self.about(metric, item), f"{means.word('reference')} {named}."]
        label = pl.concat_str(self.entry.groups, separator=" × ")
        drawn = rows.head(MOST_DRAWN).drop_nulls("value").select(label, "value", "ci_low", "ci_high").rows()
        points = [(means.label(group), *values) for group, *values in drawn]
        return self.section("measure", means.metric(metric, item), sentences, rows, drawn=points)

    def curve(self, rows: pl.DataFrame, metric: str, item: str | None) -> Section:
        """A measure along a number, and a table of it at round places."""
        means, known, about = self.means, rows.drop_nulls("value"), self.about(metric, item)
        title = means.word("along", metric=means.metric(metric, item), name=self.entry.name)
        if known.is_empty():
            return Section(title, [*about, rows["status"][0] if self.lang == "en" else means.word("none")])
        low, high = known["at"][0], known["at"][-1]
        places = [low, *(tick for tick in _ticks(low, high) if low < tick < high), high]
        shown = known[list(dict.fromkeys((known["at"] - place).abs().arg_min() for place in places))]
        points = known.select("at", "value", "band_low", "band_high").rows()
        return self.section("curve", title, [*about, means.word("curve_text")], shown, curve=points)

    def about(self, metric: str, item: str | None) -> list[str]:
        """Return what a measure is, where there is a text."""
        key = f"about_{metric}" if item is None else "about_item"
        return [self.means.word(key)] if key in texts() else []
