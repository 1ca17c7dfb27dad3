"""An audit in words and tables: one list of sections, for the terminal or a page that needs no network."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN
from bobanalysis.fairness.audit import Audit
from bobanalysis.fairness.metrics import EVERYONE_ELSE
from bobanalysis.fairness.texts import text, texts
from bobanalysis.tables import load_yaml
from bobanalysis.text import LANGUAGES, Language, colon, number, percent, percent_sign, quote

MOST_LINES = 300
"""Most lines of a table on a page; the files --output .csv and .parquet have all."""
MOST_DRAWN = 40
_FLAGS = ("most", "below", "small")


@dataclass(frozen=True)
class Words:
    """Texts and values in one language; means with ``decimals`` digits, None for shares."""

    lang: Language
    decimals: int | None = None

    def word(self, key: str, **facts: Any) -> str:
        """Return a text of the page.

        Example:
            >>> Words("en").word("none")
            'not estimable'
        """
        return text(key, **facts).get(self.lang)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Write a number."""
        return number(value, self.lang, decimals)

    def known_number(self, value: float | None, decimals: int = 0) -> str:
        """Write a number, or that there is none."""
        return self.number(value, decimals) or self.word("none")

    def share(self, value: float | None) -> str:
        """Write a share; nothing where there is none."""
        return percent(value, self.lang, brief=True)

    def metric(self, name: str, item: str | None = None) -> str:
        """Write the name of a measure, and of what it is about."""
        name = self.word(f"metric_{name}") if f"metric_{name}" in texts() else name
        return name if item is None else name + colon(self.lang) + quote(item, self.lang)

    def label(self, value: str | None) -> str:
        """Write the name of a group."""
        parts = str(value or "").split(" × ")
        return " × ".join(self.word("unknown") if part == UNKNOWN else part for part in parts)

    def value(self, value: float | None, suppressed: bool = False) -> str:
        """Write a share or a mean, or why there is none."""
        if value is None:
            return self.word("hidden" if suppressed else "none")
        return self.share(value) if self.decimals is None else self.number(value, self.decimals)

    def rate(self, value: float | None, suppressed: bool, share: float | None) -> str:
        """Write a rate of a category; nothing for people of unknown category, who have no share."""
        return "" if share is None else self.value(value, suppressed)

    def gap(self, value: float | None) -> str:
        """Write a difference with its sign; of shares in points."""
        if value is None:
            return ""
        written = self._points(value)
        sign = "+" if value > 0 and written.strip("0.,") else ""
        return sign + written + ("\u00a0pts" if self.decimals is None else "")

    def known_gap(self, value: float | None) -> str:
        """Write a difference, or that there is none."""
        return self.gap(value) or self.word("none")

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
        *(Words.number, Words.known_number, Words.share, Words.metric, Words.label, Words.value),
        *(Words.rate, Words.gap, Words.known_gap, Words.span, Words.ratios, Words.p, Words.flags),
    )
}
"""What ``columns.yaml`` may name."""
_NAMING = ("metric", "label")
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
        write: how values on the axis are written.
    """

    title: str
    text: Sequence[str] = ()
    head: Sequence[str] = ()
    lines: Sequence[Sequence[str]] = ()
    left: int = 0
    words: int = 1
    drawn: list[tuple[str, float, float | None, float | None]] = field(default_factory=list)
    write: Words = Words("en")

    def axis(self) -> dict[str, Any]:
        """Return the ends and the ticks of the axis of the points and their intervals, 0 among them."""
        ends = [end for _, *ends in self.drawn for end in ends if end is not None and math.isfinite(end)]
        ticks = _ticks(min([*ends, 0.0]), max([*ends, 1e-9]))
        digits = max(0, 1 - math.floor(math.log10(ticks[1] - ticks[0]))) if len(ticks) > 1 else 1
        write = self.write if self.write.decimals is None else Words(self.write.lang, digits)
        marks = [(tick, write.value(tick)) for tick in ticks]
        return {"bottom": min([*ends, ticks[0]]), "top": max([*ends, ticks[-1]]), "ticks": marks}


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers from ``low`` to at least ``high``."""
    span = (high - low) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / 4))
    size = next(unit * by for by in (1, 2, 2.5, 5, 10) if span / (unit * by) <= 6)
    first, last = math.floor(low / size), math.ceil(high / size - 1e-9)
    return [round(size * at, 12) for at in range(first, last + 1)]


def sections(audit: Audit, lang: Language, most: int = MOST_LINES) -> list[Section]:
    """Return what is to be told about an audit, in order, tables cut to ``most`` lines."""
    words = Words(lang)
    means = Words(lang, _digits(audit.measures.filter(metric="mean_score")))
    asked = audit.measures.filter(pl.col("metric") != "count").select("metric", "item")
    parts = [_read_as(audit, words)]
    parts += [_measure(audit, m, item, means, most) for m, item in asked.unique(maintain_order=True).rows()]
    found = None if audit.subgroups is None else audit.subgroups.filter(pl.col("found"))
    tables = {"gaps": audit.gaps, "summary": audit.summary, "impact": audit.impact}
    tables |= {"distances": audit.distances, "calibration": audit.calibration, "subgroups": found}
    for name, rows in tables.items():
        if rows is not None:
            sentences = [words.word(f"{name}_text")]
            if name == "impact" and audit.by_median:
                sentences.append(words.word("median_text"))
            if name == "subgroups" and rows.is_empty():
                sentences.append(words.word("nothing_found"))
            parts.append(_section(audit, name, words.word(name), sentences, rows, means, most))
    reading = words.word("reading_1", min_group=audit.min_group), words.word("reading_2")
    return [*parts, Section(words.word("reading"), reading)]


def page(audit: Audit, lang: Language = "fr") -> str:
    """Return the audit as one HTML page, in French and English, that loads nothing from anywhere.

    Args:
        audit: see :func:`bobanalysis.fairness.audit_file`.
        lang: language shown first; the other is one click away.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("bobanalysis.fairness", "")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    bodies = [{"lang": one, "words": Words(one), "sections": sections(audit, one)} for one in LANGUAGES]
    title = f"{Words(lang).word('title')} {audit.path.name}"
    return pages.get_template("audit.html.jinja").render(lang=lang, title=title, bodies=bodies)


def show(audit: Audit, lang: Language, screen: Any, most: int = 20) -> None:
    """Print an audit to a Rich console, tables cut to ``most`` lines."""
    from rich.markup import escape
    from rich.table import Table

    words = Words(lang)
    for part in sections(audit, lang, most):
        screen.print(f"\n[bold]{escape(part.title)}[/]", highlight=False)
        for sentence in part.text:
            screen.print(sentence, markup=False, highlight=False)
        if part.lines:
            table = Table(show_header=any(part.head), box=None, pad_edge=False, padding=(0, 2, 0, 0))
            for at, title in enumerate(part.head):
                table.add_column(escape(title), justify="left" if at < part.words else "right")
            for line in part.lines:
                table.add_row(*(escape(text) for text in line))
            screen.print(table)
        if part.left:
            screen.print(words.word("more", left=words.number(part.left)), markup=False, highlight=False)


# --- sections ---------------------------------------------------------------------------------------------


@cache
def _columns() -> dict[str, list[list[Any]]]:
    return load_yaml(dict[str, list[list[Any]]], files("bobanalysis.fairness") / "columns.yaml")


def _section(
    audit: Audit,
    name: str,
    title: str,
    sentences: Sequence[str],
    rows: pl.DataFrame,
    means: Words,
    most: int,
    drawn: Sequence[Any] = (),
) -> Section:
    """A table with the columns that ``columns.yaml`` names; shares and means each in their way."""
    if rows.is_empty():
        return Section(title, sentences)
    shares, plan = Words(means.lang), audit.plan
    of_score = name == "subgroups" and not (plan.prediction or plan.selected) and bool(plan.score)
    columns: list[list[Any]] = []
    for key, *rest in _columns()[name]:
        columns += [[shares.word(key), *rest]] if rest else [[g, "label", g] for g in plan.groups]
    lines, write = [], shares
    for row in rows.head(most).iter_rows(named=True):
        write = means if of_score or row.get("metric") == "mean_score" else shares
        given = [[row[one] if isinstance(one, str) else one for one in of] for _, _, *of in columns]
        lines.append([_WRITERS[how](write, *of) for (_, how, *_), of in zip(columns, given, strict=True)])
    wide = sum(1 for _ in takewhile(lambda column: column[1] in _NAMING, columns))
    head = [column[0] for column in columns]
    return Section(title, sentences, head, lines, rows.height - len(lines), wide, list(drawn), write)


def _read_as(audit: Audit, words: Words) -> Section:
    plan = audit.plan
    lines = [(words.word("file"), audit.path.name), (words.word("rows"), words.number(audit.rows))]
    if audit.people != audit.rows:
        lines.append((words.word("people"), words.number(audit.people)))
    lines.append((words.word("groups"), " × ".join(plan.groups)))
    roles = ("prediction", "outcome", "score", "weight", "count", "selected")
    lines += [(words.word(role), getattr(plan, role)) for role in roles if getattr(plan, role)]
    notes = [note.get(words.lang) for note in audit.notes]
    return Section(words.word("read_as"), notes, ("", ""), lines, words=2)


def _digits(rows: pl.DataFrame) -> int:
    """Digits that show two figures of the typical error of a mean; two at least."""
    half = ((rows["ci_high"] - rows["ci_low"]) / 2).drop_nulls()
    typical = half.filter(half.is_finite() & (half > 0)).median()
    return 2 if not isinstance(typical, float) else min(max(2, 1 - math.floor(math.log10(typical))), 12)


def _measure(audit: Audit, metric: str, item: str | None, means: Words, most: int) -> Section:
    rows = audit.measures.filter(pl.col("metric") == metric, pl.col("item").eq_missing(item))
    words, against = Words(means.lang), rows["reference"][0]
    about = f"about_{metric}" if item is None else "about_item"
    sentences = [words.word(about)] if about in texts() else []
    named = words.word("else") if against == EVERYONE_ELSE else against
    sentences.append(f"{words.word('reference')} {named}.")
    label = pl.concat_str(audit.plan.groups, separator=" × ")
    drawn = rows.head(MOST_DRAWN).drop_nulls("value").select(label, "value", "ci_low", "ci_high").rows()
    points = [(words.label(group), *values) for group, *values in drawn]
    return _section(audit, "measure", words.metric(metric, item), sentences, rows, means, most, points)
