"""Invented tables for the cards of rules and for the page of conditions, about the rules that there are."""

import polars as pl
from audited import CARDS

from bobanalysis.audit import conditions as audited
from bobanalysis.bob import Bob, Market, titles
from bobanalysis.bob.uses import outside

GROUPS = [("all", "all"), ("age", "15-24"), ("age", "55+"), ("region", "11"), ("region", "94")]
COUNTS = {
    "rules": ("cards", "in_use", "dead", "reads_age", "reads_birth_year", "reads_place", "reads_own_place"),
    "conditions": (
        *("all", "outside_n", "age_in_use", "age_acting", "place_in_use", "place_acting"),
        "people",
    ),
}
ABOUT = {"kind": "modelled", "vintage": "2018-2021", "sources": []}


def both(name):
    return {"fr": name, "en": name}


def reach():
    rows = [
        (name, by, group, k / 500, k / 600, k / 400, k / 700, k / 300, 300 - k)
        for k, name in enumerate(CARDS.subjects, 1)
        for by, group in GROUPS
    ]
    return pl.DataFrame(
        rows,
        schema=["rule", "by", "group", "share", "low", "high", "lowest", "highest", "people"],
        orient="row",
    )


def pairs():
    about = ["rule", "variable", "threshold", "below", "above", "answer_below", "answer_above", "person"]
    rows = [
        ("advice-senior", "age", ">= 45", "44", "45", "0", "2", "{}"),
        ("advice-senior", "age", "> 40", "40", "41", "0", "2", '{"frustration_age_discrimination": true}'),
        ("for-old(50)", "age", "> 50", "50", "51", "false", "true", "{}"),
        ("advice-training", "num_trainings", ">= 2", "1", "2", "missing: projects.0.kind", "3", "{}"),
        ("age-score", "age", "", "", "", "", "", "not found"),
        ("relevance_missing_diploma", "age", ">= 50", "49", "50", "3", "4", "{}"),
    ]
    return pl.DataFrame(rows, schema=about, orient="row")


def conditions():
    rows = []
    for k, c in enumerate(audited.conditions(Bob(Market.empty()))):
        said, use = audited.in_words(c, titles()), c.status == "in use"
        criteria, hows = ", ".join(c.criteria), ", ".join(c.hows)
        measured = ("country", k / 400, k / 500, k / 300, k / 600, k / 250, k / 450) if use else (None,) * 7
        rows.append((c.id, c.rule, c.status, criteria, hows, said.fr, said.en, "a.py#L1", *measured))
    columns = ["condition", "rule", "status", "criteria", "hows", "fr", "en", "source"]
    columns += ["measure", "share", "low", "high", "lowest", "highest", "share_challenge"]
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def beside():
    rows = [
        (o.condition, o.criterion, o.where.fr, o.where.en, o.said.fr, o.said.en, o.source) for o in outside()
    ]
    columns = ["condition", "criterion", "where_fr", "where_en", "fr", "en", "source"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def write(book):
    """Record what the pages of rules ask for."""
    for room, names in COUNTS.items():
        for k, name in enumerate(names, 3):
            id = f"{room}.{name}"
            book.record(
                id, value=k, unit="count", label=both("Inventé"), kind="by construction", vintage="2022"
            )
    lacking = pl.DataFrame({"rule": ["advice-training"], "input": ["num_trainings"]})
    shares = dict.fromkeys(("low", "high", "lowest", "highest"), "share")
    for id, frame, units in (
        ("rules.reach", reach(), {"people": "people", **shares}),
        ("rules.pairs", pairs(), {}),
        ("rules.not_held", lacking, {}),
        ("conditions.rules", conditions(), shares),
        ("conditions.outside", beside(), {}),
    ):
        columns = {c: both(c) for c in frame.columns}
        caveats = both("Inventé")
        book.table(id, frame, title=both("Inventé"), columns=columns, units=units, caveats=caveats, **ABOUT)
