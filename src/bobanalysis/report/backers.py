"""The pages on who stood behind the service and on people's data: documents, events in time, partners."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from bobanalysis.report import sheet_pages, sheets
from bobanalysis.report.renderer import PageRenderer, environment
from bobanalysis.report.words import Words

WIDTHS = {"wide": (1000, 24), "narrow": (360, 22)}
"""Width of the drawing of events, and how far apart two of them in the same row stand, by layout."""


def backers(page: PageRenderer) -> dict[str, Any]:
    """Return what the page on who is behind the service shows: money, events, partners, their evidence."""
    found = sheets.published()
    return {
        **documents(page),
        "found": found,
        "timelines": {layout: Markup(timeline(found.events, layout, page.words)) for layout in WIDTHS},
    }


def your_data(page: PageRenderer) -> dict[str, Any]:
    """Return what the page on people's data shows: the sheet on personal data, and the questions asked."""
    return {**sheet_pages.privacy(page), **documents(page)}


def documents(page: PageRenderer) -> dict[str, Any]:
    """Return the questions and the evidence, for sentences that rest on documents."""
    known = sheets.citizen_questions()
    return {
        "questions": {entry.id: entry for entry in known.entries},
        "evidence": known.evidence,
        "say": partial(sheet_pages.say, page),
        "address": partial(sheet_pages.address, published=known),
    }


def timeline(events: Sequence[sheets.Event], layout: str, words: Words) -> str:
    """Draw events along the years, each with the number that it has in the list beside.

    Example:
        >>> timeline(sheets.published().events, "wide", Words("en")).count("<circle")
        25
    """
    width, apart = WIDTHS[layout]
    first, last = int(events[0].when[:4]), int(events[-1].when[:4]) + 1
    rows, points = list[float](), []
    for event in events:
        year, *rest = (int(part) for part in event.when.split("-"))
        at = year + sum((n - 1) / most for n, most in zip(rest, (12, 365), strict=False))
        x = 14 + (at - first) / (last - first) * (width - 28)
        free = next((i for i, end in enumerate(rows) if x - end >= apart), len(rows))
        rows[free : free + 1] = [x]
        points.append((x, free))
    years = [(year, 14 + (year - first) / (last - first) * (width - 28)) for year in range(first, last)]
    drawing = environment(words.language).get_template("parts/timeline.svg").module
    return str(drawing.timeline(f"timeline-{layout}", width, len(rows), years, points)).strip()
