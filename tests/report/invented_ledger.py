"""Invented tables for the pages of questions and answers, about the themes, forms and fields of today."""

import polars as pl
from recorder import Invented

from bobanalysis.report import sheets as texts

ABOUT = {"kind": "by construction", "vintage": "2016-2022"}


def both(name):
    return {"fr": name, "en": name}


def write(build):
    """Record the tables of the three pages; their findings are published."""
    book = Invented("14_invented", build=build)
    themes = [{"theme": t.id, "fr": t.fr, "en": t.en} for t in texts.citizen_questions().themes]
    statuses = {status: [3] * len(themes) for status in texts.STATUSES} | {"entries": [9] * len(themes)}
    by_theme = pl.DataFrame(themes).with_columns(**{k: pl.Series(v) for k, v in statuses.items()})
    forms = {
        "form": list(texts.FORMS),
        "filled": [4] * 6,
        "not_applicable": [2] * 6,
        "not_disclosed": [1] * 6,
    }
    fields = pl.DataFrame([{"field": f.id, "rules": len(f.rules)} for f in texts.privacy().fields])
    for id, frame in (
        ("ledger.by_theme", by_theme),
        ("register.by_form", pl.DataFrame(forms | {"lines": [7] * 6})),
        ("privacy.rules", fields),
    ):
        columns = {name: both(name) for name in frame.columns}
        book.table(id, frame, title=both("Compté"), columns=columns, **ABOUT)
