"""The page of conditions on age and on place: every one of them, in words, with what it changes by itself.

What it shows comes from the tables that notebook 13 records.
"""

from __future__ import annotations

from typing import Any

from bobanalysis.audit import conditions as audited
from bobanalysis.report.cards import card_link, over_scales
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.text import capital


def conditions(page: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: conditions by criterion and use, those with the largest effect first."""
    rows = _measured(page) if page.content.recorded else _from_rules(page)
    beside = page.rows_of("conditions.outside", "criterion")
    sections = [
        {
            "id": criterion,
            "title": title,
            "parts": _parts(page, [r for r in rows if criterion in r["criteria"].split(", ")]),
            "outside": beside.get(criterion, []),
        }
        for criterion, title in page.words.names("sections").items()
    ]
    return {
        "sections": [s for s in sections if s["parts"] or s["outside"]],
        "measures": page.words.names("measures"),
        "facts": page.table_facts("conditions.rules"),
        "beside": page.table_facts("conditions.outside"),
    }


def _measured(page: PageRenderer) -> list[dict[str, Any]]:
    """Return the conditions whose effects were measured; ``lacks``: nobody holds what one reads."""
    lacking = {(name, row["input"]) for name, own in page.rows_of("rules.not_held").items() for row in own}
    rows = page.content.table("conditions.rules", page.where).to_dicts()
    for row in rows:
        read = row["condition"].split(" | ")[1]
        row["lacks"] = row["share"] == 0 and (row["rule"], read) in lacking
        row["scales"] = over_scales(page.words, row)
    return rows


def _from_rules(page: PageRenderer) -> list[dict[str, Any]]:
    """Return the conditions of an algorithm whose effects no notebook measured."""
    rows = []
    for c in audited.conditions(page.algorithm):
        said, source = audited.in_words(c, page.cards.titles), page.algorithm.rule(c.rule).source
        row = {"condition": c.id, "rule": c.rule, "status": c.status, "source": source, "share": None}
        rows.append({**row, "criteria": ", ".join(c.criteria), "hows": ", ".join(c.hows), **vars(said)})
    return rows


def _parts(page: PageRenderer, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the conditions by use; those in use by how they read the criterion, the most direct first."""
    hows, statuses = page.words.names("hows"), page.words.names("status")
    parts: dict[str, dict[str, list[Any]]] = {status: {} for status in statuses}
    order = [*hows]
    for row in rows:
        row["hows_read"] = row["hows"].split(", ")
        row["most_direct"] = min(map(order.index, row["hows_read"]))
    for row in sorted(rows, key=lambda row: (row["most_direct"], -(row["share"] or 0))):
        status = {"in use": "use"}.get(row["status"], row["status"])
        title = hows[order[row["most_direct"]]] if status == "use" else statuses[status]
        parts[status].setdefault(title, []).append(_row(page, row))
    return [
        {"status": status, "title": title, "rows": own}
        for status, titled in parts.items()
        for title, own in titled.items()
    ]


def _row(page: PageRenderer, row: dict[str, Any]) -> dict[str, Any]:
    words, measured = page.words, row["share"] is not None
    return {
        **row,
        "text": capital(words.polish(row[words.language])),
        "rule": card_link(page, row["rule"]),
        "hows": [words.name("hows", how) for how in row["hows_read"]],
        "share": words.quantity(row["share"], "share") if measured else None,
        "interval": words.interval(row["low"], row["high"], "share") if measured else "",
    }
