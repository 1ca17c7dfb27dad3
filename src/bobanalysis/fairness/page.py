"""An audit in words and tables: one list of sections, for the terminal or a page that needs no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import polars as pl

from bobanalysis.fairness._cube import UNKNOWN
from bobanalysis.fairness.audit import Audit
from bobanalysis.fairness.metrics import EVERYONE_ELSE
from bobanalysis.fairness.texts import text, texts
from bobanalysis.text import LANGUAGES, Language, colon, number, percent, percent_sign, quote

MOST_LINES = 300
"""Most lines of a table on a page; the files --output .csv and .parquet have all."""
MOST_DRAWN = 40
_SUMMARIES = (
    *("demographic_parity", "equalized_odds", "equal_opportunity"),
    *("predictive_equality", "predictive_parity", "accuracy"),
)


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

    def label(self, value: str | None) -> str:
        """Write the name of a group."""
        parts = str(value or "").split(" × ")
        return " × ".join(self.word("unknown") if part == UNKNOWN else part for part in parts)

    def value(self, value: float | None, suppressed: bool = False) -> str:
        """Write a share or a mean, or why there is none."""
        if value is None:
            return self.word("hidden" if suppressed else "none")
        if self.decimals is None:
            return percent(value, self.lang, brief=True)
        return self.number(value, self.decimals)

    def gap(self, value: float | None) -> str:
        """Write a difference with its sign; of shares in points."""
        if value is None:
            return ""
        written = self._points(value)
        sign = "+" if value > 0 and written.strip("0.,") else ""
        return sign + written + ("\u00a0pts" if self.decimals is None else "")

    def _points(self, value: float) -> str:
        return self.number(100 * value, 1) if self.decimals is None else self.number(value, self.decimals)

    def span(self, low: float | None, high: float | None, sign: bool = True) -> str:
        """Write an interval of shares or means; without ``sign`` of differences."""
        if low is None or high is None:
            return ""
        ends = self._between(self._points(low), self._points(high))
        return ends + (percent_sign(self.lang) if sign and self.decimals is None else "")

    def ratios(self, low: float | None, high: float | None) -> str:
        """Write an interval of ratios."""
        return "" if low is None else self._between(self.number(low, 2), self.number(high, 2))

    def _between(self, low: str, high: str) -> str:
        return low + (" à " if self.lang == "fr" else " to ") + high

    def p(self, value: float | None) -> str:
        """Write a p value."""
        if value is None:
            return ""
        return f"< {self.number(0.001, 3)}" if value < 0.001 else self.number(value, 3)


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

    def axis(self) -> SimpleNamespace:
        """Return where the points, their intervals and the ticks of the drawing are."""
        left, width, step = 230, 700, 22
        ends = [end for _, *ends in self.drawn for end in ends if end is not None and math.isfinite(end)]
        ticks = _ticks(min([*ends, 0.0]), max([*ends, 1e-9]))
        bottom, top = min([*ends, ticks[0]]), max([*ends, ticks[-1]])

        def x(value: float | None) -> str | None:
            if value is None:
                return None
            return f"{left + (value - bottom) / (top - bottom) * (width - left - 40):.1f}"

        digits = max(0, 1 - math.floor(math.log10(ticks[1] - ticks[0]))) if len(ticks) > 1 else 1
        write = self.write if self.write.decimals is None else Words(self.write.lang, digits)
        points = [
            (step * at + 16, label, x(value), x(low) if high is not None else None, x(high))
            for at, (label, value, low, high) in enumerate(self.drawn)
        ]
        return SimpleNamespace(
            left=left,
            width=width,
            height=step * len(self.drawn) + 30,
            ticks=[(x(tick), write.value(tick)) for tick in ticks],
            points=points,
        )


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
    parts = [_read_as(audit, words)]
    asked = audit.measures.filter(pl.col("metric") != "count").select("metric", "item")
    parts += [_measure(audit, m, item, lang, most) for m, item in asked.unique(maintain_order=True).rows()]
    tables = (
        (audit.gaps, _gaps),
        (audit.summary, _summary),
        (audit.impact, _impact),
        (audit.distances, _distances),
        (audit.calibration, _calibration),
        (audit.subgroups, _subgroups),
    )
    parts += [write(audit, table, words, most) for table, write in tables if table is not None]
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


# --- sections -----------------------------------------------------------------------------------------------


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


def _name(metric: str, item: str | None, words: Words) -> str:
    name = words.word(f"metric_{metric}") if f"metric_{metric}" in texts() else metric
    if item is None:
        return name
    return name + colon(words.lang) + quote(item, words.lang)


def _digits(rows: pl.DataFrame) -> int:
    """Digits that show two figures of the typical error of a mean; two at least."""
    half = ((rows["ci_high"] - rows["ci_low"]) / 2).drop_nulls()
    typical = half.filter(half.is_finite() & (half > 0)).median()
    return 2 if not isinstance(typical, float) else min(max(2, 1 - math.floor(math.log10(typical))), 12)


def _section(
    title: str,
    sentences: Sequence[str],
    columns: dict[str, Any],
    table: pl.DataFrame,
    words: Words,
    most: int,
    wide: int = 1,
    drawn: Sequence[Any] = (),
) -> Section:
    """A table whose columns are functions of its rows, titled by keys of texts or by names of groups."""
    lines = [[write(row) for write in columns.values()] for row in table.head(most).iter_rows(named=True)]
    head = [key[1:] if key.startswith("=") else words.word(key.partition("#")[0]) for key in columns]
    return Section(title, sentences, head, lines, table.height - len(lines), wide, list(drawn), words)


def _groups(audit: Audit, words: Words) -> dict[str, Any]:
    return {f"={name}": lambda row, name=name: words.label(row[name]) for name in audit.plan.groups}


def _measure(audit: Audit, metric: str, item: str | None, lang: Language, most: int) -> Section:
    rows = audit.measures.filter(pl.col("metric") == metric, pl.col("item").eq_missing(item))
    words, groups = Words(lang, _digits(rows) if metric == "mean_score" else None), audit.plan.groups
    sentences = [words.word(f"about_{metric}")] if f"about_{metric}" in texts() else []
    if item is not None:
        sentences = [words.word("about_item")]
    against = rows["reference"][0]
    named = words.word("else") if against == EVERYONE_ELSE else against
    columns = {
        **_groups(audit, words),
        "n": lambda row: words.number(row["n"]),
        "value": lambda row: words.value(row["value"], row["suppressed"]),
        "interval": lambda row: words.span(row["ci_low"], row["ci_high"]),
        "difference": lambda row: words.gap(row["difference"]),
        "interval#2": lambda row: words.span(row["difference_low"], row["difference_high"], sign=False),
        "ratio": lambda row: words.number(row["ratio"], 2),
    }
    drawn = [
        (" × ".join(words.label(row[name]) for name in groups), row["value"], row["ci_low"], row["ci_high"])
        for row in rows.head(MOST_DRAWN).iter_rows(named=True)
        if row["value"] is not None
    ]
    sentences.append(f"{words.word('reference')} {named}.")
    title = _name(metric, item, words)
    return _section(title, sentences, columns, rows, words, most, wide=len(groups), drawn=drawn)


def _gaps(audit: Audit, gaps: pl.DataFrame, words: Words, most: int) -> Section:
    means = Words(words.lang, _digits(audit.measures.filter(metric="mean_score")))
    of = {"mean_score": means}
    columns = {
        "metric": lambda row: _name(row["metric"], None, words),
        "highest": lambda row: words.label(row["high"]),
        "lowest": lambda row: words.label(row["low"]),
        "difference": lambda row: of.get(row["metric"], words).gap(row["value"]),
        "simultaneous": lambda row: of.get(row["metric"], words).span(row["ci_low"], row["ci_high"], False),
        "p": lambda row: words.p(row["p_value"]),
    }
    return _section(words.word("gaps"), [words.word("gaps_text")], columns, gaps, words, most, wide=3)


def _summary(audit: Audit, summary: pl.DataFrame, words: Words, most: int) -> Section:
    rows = {row["measure"]: row for row in summary.iter_rows(named=True)}
    none = words.word("none")
    lines = []
    for key in _SUMMARIES:
        if gap := rows.get(f"{key}_difference"):
            ratio = words.number(rows[f"{key}_ratio"]["value"], 2)
            named = (words.label(gap["highest"]), words.label(gap["lowest"]))
            lines.append(
                (words.word(f"summary_{key}"), words.gap(gap["value"]) or none, ratio or none, *named)
            )
    head = [words.word(key) for key in ("metric", "difference", "ratio", "highest", "lowest")]
    return Section(words.word("summary"), [words.word("summary_text")], head, lines)


def _impact(audit: Audit, impact: pl.DataFrame, words: Words, most: int) -> Section:
    sentences = [words.word("impact_text"), *([words.word("median_text")] if audit.by_median else [])]
    marks = {"most": "most_selected", "below": "below_four_fifths", "small": "below_two_percent"}
    columns = {
        "attributes": lambda row: row["attributes"],
        "group": lambda row: words.label(row["category"]),
        "n": lambda row: words.number(row["n"]),
        "share": lambda row: percent(row["share"], words.lang, brief=True),
        "rate": lambda row: "" if row["share"] is None else words.value(row["rate"], row["suppressed"]),
        "ratio": lambda row: words.number(row["impact_ratio"], 3),
        "interval": lambda row: words.ratios(row["ratio_low"], row["ratio_high"]),
        "flag": lambda row: ", ".join(words.word(key) for key, name in marks.items() if row[name]),
    }
    return _section(words.word("impact"), sentences, columns, impact, words, most, wide=2)


def _distances(audit: Audit, table: pl.DataFrame, words: Words, most: int) -> Section:
    columns = {
        **_groups(audit, words),
        "n": lambda row: words.number(row["n"]),
        "distance": lambda row: words.value(row["total_variation"], row["suppressed"]),
        "expected": lambda row: percent(row["expected_by_chance"], words.lang, brief=True),
        "p_adjusted": lambda row: words.p(row["p_adjusted"]),
    }
    sentences, width = [words.word("distances_text")], len(audit.plan.groups)
    return _section(words.word("distances"), sentences, columns, table, words, most, wide=width)


def _calibration(audit: Audit, table: pl.DataFrame, words: Words, most: int) -> Section:
    columns = {
        "bin": lambda row: row["item"],
        **_groups(audit, words),
        "n": lambda row: words.number(row["n"]),
        "rate": lambda row: words.value(row["value"], row["suppressed"]),
        "interval": lambda row: words.span(row["ci_low"], row["ci_high"]),
        "difference": lambda row: words.gap(row["difference"]),
    }
    rates, width = table.filter(metric="base_rate"), 1 + len(audit.plan.groups)
    sentences = [words.word("calibration_text")]
    return _section(words.word("calibration"), sentences, columns, rates, words, most, wide=width)


def _subgroups(audit: Audit, table: pl.DataFrame, words: Words, most: int) -> Section:
    found, sentences = table.filter(pl.col("found")), [words.word("subgroups_text")]
    if found.is_empty():
        return Section(words.word("subgroups"), [*sentences, words.word("nothing_found")])
    if audit.plan.score and not (audit.plan.prediction or audit.plan.selected):
        words = Words(words.lang, _digits(audit.measures.filter(metric="mean_score")))
    columns = {
        "group": lambda row: row["subgroup"],
        "n": lambda row: words.number(row["n"]),
        "value": lambda row: words.value(row["value"]),
        "difference": lambda row: words.gap(row["difference"]),
        "interval": lambda row: words.span(row["difference_low"], row["difference_high"], sign=False),
        "adds": lambda row: words.gap(row["adds"]),
        "p_adjusted": lambda row: words.p(row["p_adjusted"]),
    }
    return _section(words.word("subgroups"), sentences, columns, found, words, most)
