"""The page of conditions on age and on place: every one of them, in words, with what it changes by itself.

What it shows comes from the tables that notebook 13 records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bobanalysis.bob import DICTIONARY
from bobanalysis.report.cards import HOWS, STATUS, card_link, over_scales, source_link
from bobanalysis.report.renderer import PageRenderer
from bobanalysis.report.words import N_

MEASURES = {
    "years": N_("everybody at the age just below, this condition read as just above"),
    "country": N_("the rule reads the figures of the whole country"),
    "contrary": N_("this condition is decided the other way"),
}
"""How the effect of a condition is measured (see notebook 13)."""

SECTIONS = {"age": N_("Age"), "place": N_("Place of residence")}


def conditions(page: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: conditions by criterion and use, those with the largest effect first."""
    rows = page.content.table("conditions.rules", page.where).to_dicts()
    lacking = {(name, row["input"]) for name, own in page.rows_of("rules.not_held").items() for row in own}
    beside = page.content.table("conditions.outside", page.where).to_dicts()
    return {
        "sections": [
            {
                "id": criterion,
                "title": page.words.gettext(title),
                "parts": _parts(page, [r for r in rows if criterion in r["criteria"].split(", ")], lacking),
                "outside": [_outside(page, r) for r in beside if r["criterion"] == criterion],
            }
            for criterion, title in SECTIONS.items()
        ],
        "measures": {key: page.words.gettext(text) for key, text in MEASURES.items()},
        "facts": page.table_facts("conditions.rules"),
        "beside": page.table_facts("conditions.outside"),
    }


def _parts(
    page: PageRenderer, rows: list[dict[str, Any]], lacking: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return the conditions by use; those in use by how they read the criterion, the most direct first."""
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (_directness(row), -(row["share"] or 0))):
        status = {"in use": "use"}.get(row["status"], row["status"])
        how = list(HOWS)[_directness(row)] if status == "use" else ""
        parts.setdefault((status, how), []).append(_row(page, row, lacking))
    order = list(STATUS)
    return [
        {"status": status, "title": page.words.gettext((HOWS | STATUS)[how or status]), "rows": own}
        for (status, how), own in sorted(parts.items(), key=lambda part: order.index(part[0][0]))
    ]


def _directness(row: Mapping[str, Any]) -> int:
    return min(list(HOWS).index(how) for how in row["hows"].split(", "))


def _row(page: PageRenderer, row: Mapping[str, Any], lacking: set[tuple[str, str]]) -> dict[str, Any]:
    words = page.words
    read = row["condition"].split(" | ")[1]
    text = words.polish(row[words.language])
    return {
        "id": row["condition"],
        "text": text[:1].upper() + text[1:],
        "rule": card_link(page, row["rule"]),
        "name": row["rule"],
        "hows": [words.gettext(HOWS[how]) for how in row["hows"].split(", ")],
        "source": source_link(row["source"]),
        "measure": row["measure"] or "",
        "share": None if row["share"] is None else words.quantity(row["share"], "share"),
        "interval": "" if row["share"] is None else words.interval(row["low"], row["high"], "share"),
        "scales": over_scales(words, row),
        "lacks": row["share"] == 0 and (row["rule"], read) in lacking and DICTIONARY[read].name,
    }


def _outside(page: PageRenderer, row: Mapping[str, Any]) -> dict[str, Any]:
    words = page.words
    where, said = (words.polish(row[name]) for name in (f"where_{words.language}", words.language))
    return {
        "id": row["condition"],
        "where": where[:1].upper() + where[1:],
        "text": said[:1].upper() + said[1:],
        "source": source_link(row["source"]),
    }
