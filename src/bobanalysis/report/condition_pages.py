"""The page of conditions on age and on place: every one of them, in words, with what it changes by itself.

What it shows comes from the tables that notebook 13 records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bobanalysis.audit import conditions as audited
from bobanalysis.report.cards import card_link, over_scales
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.report.words import vocabulary

HOWS = list(vocabulary()["hows"])


def conditions(page: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: conditions by criterion and use, those with the largest effect first."""
    if not page.content.recorded:
        return _from_rules(page)
    rows = page.content.table("conditions.rules", page.where).to_dicts()
    lacking = {(name, row["input"]) for name, own in page.rows_of("rules.not_held").items() for row in own}
    beside = page.content.table("conditions.outside", page.where).to_dicts()
    return {
        "sections": [
            {
                "id": criterion,
                "title": title,
                "parts": _parts(page, [r for r in rows if criterion in r["criteria"].split(", ")], lacking),
                "outside": [_outside(page, r) for r in beside if r["criterion"] == criterion],
            }
            for criterion, title in page.words.names("sections").items()
        ],
        "measures": page.words.names("measures"),
        "facts": page.table_facts("conditions.rules"),
        "beside": page.table_facts("conditions.outside"),
    }


def _from_rules(page: PageRenderer) -> dict[str, Any]:
    """Return what the page shows of an algorithm whose effects no notebook measured."""
    titles = page.cards.titles
    rows = []
    for c in audited.conditions(page.algorithm):
        said, rule = audited.in_words(c, titles), page.algorithm.rule(c.rule)
        known = {"condition": c.id, "rule": c.rule, "status": c.status, "source": rule.source, "share": None}
        held = {"criteria": ", ".join(c.criteria), "hows": ", ".join(c.hows), "measure": ""}
        rows.append({**known, **held, "fr": said.fr, "en": said.en, "lowest": None})
    sections = [
        {"id": key, "title": title, "parts": _parts(page, own, set()), "outside": []}
        for key, title in page.words.names("sections").items()
        if (own := [r for r in rows if key in str(r["criteria"]).split(", ")])
    ]
    return {"sections": sections, "facts": {}, "beside": {}}


def _parts(
    page: PageRenderer, rows: list[dict[str, Any]], lacking: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return the conditions by use; those in use by how they read the criterion, the most direct first."""
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (_directness(row), -(row["share"] or 0))):
        status = {"in use": "use"}.get(row["status"], row["status"])
        how = HOWS[_directness(row)] if status == "use" else ""
        parts.setdefault((status, how), []).append(_row(page, row, lacking))
    order = list(page.words.names("status"))
    return [
        {
            "status": status,
            "title": page.words.name("hows", how) if how else page.words.name("status", status),
            "rows": own,
        }
        for (status, how), own in sorted(parts.items(), key=lambda part: order.index(part[0][0]))
    ]


def _directness(row: Mapping[str, Any]) -> int:
    return min(HOWS.index(how) for how in row["hows"].split(", "))


def _row(page: PageRenderer, row: Mapping[str, Any], lacking: set[tuple[str, str]]) -> dict[str, Any]:
    words = page.words
    read = row["condition"].split(" | ")[1]
    text = words.polish(row[words.language])
    return {
        "id": row["condition"],
        "text": text[:1].upper() + text[1:],
        "rule": card_link(page, row["rule"]),
        "name": row["rule"],
        "hows": [words.name("hows", how) for how in row["hows"].split(", ")],
        "source": row["source"],
        "measure": row["measure"] or "",
        "share": None if row["share"] is None else words.quantity(row["share"], "share"),
        "interval": "" if row["share"] is None else words.interval(row["low"], row["high"], "share"),
        "scales": over_scales(words, row),
        "lacks": row["share"] == 0
        and (row["rule"], read) in lacking
        and page.algorithm.dictionary[read].name,
    }


def _outside(page: PageRenderer, row: Mapping[str, Any]) -> dict[str, Any]:
    words = page.words
    where, said = (words.polish(row[name]) for name in (f"where_{words.language}", words.language))
    return {
        "id": row["condition"],
        "where": where[:1].upper() + where[1:],
        "text": said[:1].upper() + said[1:],
        "source": row["source"],
    }
