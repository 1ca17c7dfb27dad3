"""Invented figures for the page of quirks: cases answer what is recorded, shares are made up."""

import polars as pl

from bobanalysis.algorithms.bob_affected import AFFECTED
from bobanalysis.algorithms.bob_quirks import quirks
from bobanalysis.audit.values import format_answer as said

ABOUT = {"kind": "by construction", "vintage": "2022"}
MADE_UP = {"kind": "modelled", "vintage": "2018-2021"}
GROUPS = [("all", "all"), ("age", "15-24"), ("age", "55+"), ("region", "84"), ("region", "11")]


def both(name):
    return {"fr": name, "en": name}


def touched():
    """One share a quirk and group; none for those whose answers nobody gave, none for one small group."""
    rows = []
    for quirk in quirks().values():
        if quirk.touches:
            held = not AFFECTED[quirk.touches].reads or quirk.touches != "disability_declared"
            for by, group in GROUPS if held else GROUPS[:1]:
                share = 0.25 if held and group != "11" else None
                sure = AFFECTED[quirk.touches].certain or share is None
                low, high = (None, None) if sure else (0.2, 0.3)
                rows.append((quirk.id, quirk.touches, by, group, share, low, high, 100, 71.5))
    columns = ["quirk", "touches", "by", "group", "share", "low", "high", "people", "effective"]
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def uncounted():
    rows = []
    for quirk in quirks().values():
        if quirk.uncounted:
            rows.append((quirk.id, "said", ""))
        elif not quirk.touches:
            rows += [(quirk.id, "not held", name) for name in ("has_handicap", "city_urban_score")]
    return pl.DataFrame(rows, schema=["quirk", "reason", "input"], orient="row")


def write(book):
    """Record what notebook 13 records for the page."""
    for number, name in enumerate(("n", "shown", "read", "cases", "counted"), 3):
        book.record(f"quirks.{name}", value=number, unit="count", label=both("Un libellé inventé"), **ABOUT)
    every = list(quirks().values())
    listed = pl.DataFrame({"quirk": [q.id for q in every], "evidence": [q.evidence for q in every]})
    concerns = pl.DataFrame({"concern": list(dict.fromkeys(q.concern for q in every))})
    cases = [case for quirk in every for case in quirk.asked]
    answers = [(c.quirk, c.number, said(c.asks["answer"]), said(c.asks["answer"]), True) for c in cases]
    frames = {
        "verified": listed.with_columns(cases=2, hold=2),
        "by_concern": concerns.with_columns(shown=7, read=2, cases=11),
        "answers": pl.DataFrame(answers, schema=["quirk", "case", "expected", "got", "holds"], orient="row"),
        "touched": touched(),
        "uncounted": uncounted(),
    }
    for name, frame in frames.items():
        book.table(
            f"quirks.{name}",
            frame,
            title=both("Un titre inventé"),
            columns={c: both(c) for c in frame.columns},
            units={"low": "share", "high": "share", "effective": "people"} if name == "touched" else None,
            **(MADE_UP if name in ("touched", "uncounted") else ABOUT),
        )
