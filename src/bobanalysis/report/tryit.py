"""The page "Try it": the rules as JavaScript, the published tables, the market, and the texts.

`script` makes the one script that both languages of the page share; `page_data` the texts of one language.
Nothing here decides anything: the rules are compiled from the expressions that every page is made with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from markupsafe import Markup

from bobanalysis.report.renderer import PageRenderer
from bobanalysis.report.words import HERE, N_, Words

FIELDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("The person"), ("age", "departement_id", "highest_degree")),
    (
        N_("The job"),
        (
            *("rome_id", "project_kind", "previous_job_similarity", "seniority"),
            *("training_fulfillment_estimate", "passionate_level", "has_clear_project"),
        ),
    ),
    (
        N_("The search"),
        (
            *("search_length", "area_type", "weekly_applications_estimate", "total_interview_count"),
            "network_estimate",
        ),
    ),
    (N_("Declared difficulties"), ("frustrations",)),
    (
        N_("Other answers"),
        ("gender", "family_situation", "situation", "has_handicap", "has_car_driving_license"),
    ),
)
"""The questions of the page, by group: names of inputs, and of the one question with several answers."""

START: Mapping[str, Any] = {
    "age": 30,
    "departement_id": "59",
    "rome_id": "G1602",
    "highest_degree": 2,
    "project_kind": 6,
    "previous_job_similarity": 1,
    "seniority": 3,
    "training_fulfillment_estimate": 4,
    "passionate_level": 2,
    "has_clear_project": 2,
    "search_length": 8.0,
    "search_length_now": 8.0,
    "area_type": 2,
    "weekly_applications_estimate": 2,
    "total_interview_count": 2,
    "network_estimate": 2,
    "employment_cdi": True,
    "num_employment_types": 1,
}
"""An example to start from, the same for every reader; other answers are not given."""

AGES = (16, 75)


@cache
def rules() -> dict[str, Any]:
    """Return every rule that the page reads, by the name the script knows it by."""
    from bobanalysis.bob import Bob, Market

    bob = Bob(Market.empty())
    return {
        **bob.diagnosis,
        **{f"advice {k}": rule for k, rule in bob.advice.items()},
        **{f"strategy {k}": rule for k, rule in bob.strategies.items()},
        "job tips": bob.job_tips,
    }


@cache
def compiled() -> Any:
    """Return the rules as a script (see `bobanalysis.rules.javascript`)."""
    from bobanalysis.rules.javascript import compile_script

    return compile_script(rules(), "bobRules")


def script() -> str:
    """Return the script of the page: compiled rules, published tables and market, pipeline, page."""
    parts = [
        "// Written by bobanalysis from the rules that the whole audit runs; do not edit.\n"
        "// Code: GPL-3.0-or-later. Figures: see the page of sources.\n",
        compiled().text,
        f"var bobData = {_dump(published())};\n",
        *((HERE / "scripts" / name).read_text(encoding="utf-8") for name in ("pipeline.js", "page.js")),
    ]
    return "".join(parts)


def published() -> dict[str, Any]:
    """Return the published tables that the pipeline reads, the defaults of all inputs, and the market."""
    from bobanalysis.bob import challenges
    from bobanalysis.bob.configuration import advice_modules, job_advice, strategies
    from bobanalysis.bob.diagnosis import overall_rows
    from bobanalysis.bob.market import association_table
    from bobanalysis.rules import inputs

    read = inputs(*rules().values())
    excluded: dict[str, list[str]] = {}
    for module in advice_modules():
        for other in module.excludes:
            if other != module.id and other in {m.id for m in advice_modules()}:
                excluded.setdefault(other, []).append(module.id)
    nobody = association_table().clear()
    served = [c for c in nobody.columns if c in {v.name for v in read}]
    return {
        "challenges": [{"id": c.id, "column": c.column} for c in challenges()],
        "overall": [row.id for row in overall_rows()],
        "advice": [{"id": m.id} for m in advice_modules()],
        "excluded": [[id, by] for id, by in excluded.items()],
        "strategies": [
            {"id": s.id, "challenges": list(s.challenges), "advice": _prefixes(s.advice)}
            for s in strategies()
        ],
        "tips": [list(tips.strategies) for tips in job_advice()],
        "defaults": {v.name: v.default for v in read} | {"departement_id": ""},
        "associations": {
            "columns": served,
            "rows": {
                row[0]: list(row[1:]) for row in association_table().select("departement_id", *served).rows()
            },
            "elsewhere": _elsewhere(served),
        },
        "market": _market({v.name for v in read}),
        "start": dict(START),
        "ages": list(AGES),
    }


def _prefixes(advice: tuple[str, ...]) -> list[str]:
    """Leave out the pieces that no advice bears the name of: they can never be given."""
    from bobanalysis.bob.configuration import advice_modules

    return [p for p in advice if any(m.id.startswith(p) for m in advice_modules())]


def _elsewhere(columns: list[str]) -> list[int]:
    from bobanalysis.bob.market import _elsewhere

    return [_elsewhere()[c] for c in columns]


def _market(read: set[str]) -> dict[str, Any]:
    """Reduce the market to what the rules read: a text of figures a job, in the order of the départements."""
    import polars as pl

    from bobanalysis.recommenders.market import french_market

    market = french_market()
    places = sorted(market.local["departement_id"].unique())
    columns = [c for c in market.local.columns if c in read - {"departement_id", "rome_id"}]
    at = {place: k for k, place in enumerate(places)}
    local: dict[str, dict[str, str]] = {c: {} for c in columns}
    for (job,), cells in sorted(market.local.partition_by("rome_id", as_dict=True).items()):
        for column in columns:
            texts = [""] * len(places)
            for place, value in cells.select("departement_id", column).iter_rows():
                texts[at[place]] = "" if value is None else str(value)
            local[column][str(job)] = ",".join(texts)
    known = [c for c in market.jobs.columns if c in read and c != "rome_id"]
    wide = market.jobs.sort("rome_id").with_columns(pl.col(pl.Float32).cast(pl.Float64))
    rows = {job: list(figures) for job, *figures in wide.select("rome_id", *known).rows()}
    return {"places": places, "local": local, "jobs": {"columns": known, "rows": rows}}


# --- texts


def page_data(words: Words, cards: Any) -> dict[str, Any]:
    """Return the texts of the page in one language: labels, questions, conditions, reasons.

    Parameters: ``words``, of the language.
    """
    from bobanalysis import data
    from bobanalysis.bob import UPSTREAM_COMMIT, catalogue, challenges
    from bobanalysis.bob.configuration import advice_modules, reasons, strategies
    from bobanalysis.bob.presentation import strategy_title

    lang: Any = words.language

    def said(text: Any) -> str:
        return words.polish(text.get(lang))

    triggers = {f"advice {m.id}": m.trigger for m in advice_modules()}
    triggers |= {f"strategy {s.id}": s.trigger for s in strategies()}
    return {
        "language": lang,
        "commit": UPSTREAM_COMMIT,
        "texts": words.names("try"),
        "fields": [
            {"title": words.gettext(title), "fields": _fields(names, said)} for title, names in FIELDS
        ],
        "places": {
            d: words.polish(name) for d, name in data.table("departements").select("dep", "name").rows()
        },
        "jobs": {r: words.polish(name) for r, name in data.table("rome").select("rome", "name").rows()},
        "challenges": {c.id: {"label": said(c.label), "told": said(c.told)} for c in challenges()},
        "advice": {m.id: said(m.label) for m in advice_modules()},
        "strategies": {s.id: words.say(strategy_title(s.id)) for s in strategies()},
        "reasons": {code: said(text) for code, text in reasons().items()},
        "conditions": _conditions(words),
        "rules": {n: [rule, catalogue()[rule].source, cards.path(rule)] for n, rule in triggers.items()},
    }


def _fields(names: tuple[str, ...], said: Any) -> list[dict[str, Any]]:
    from bobanalysis.bob.catalogue import DICTIONARY
    from bobanalysis.rules import inputs

    read = {v.name for v in inputs(*rules().values())}
    made = []
    for name in names:
        if name in DICTIONARY.sets:
            members = [v for v in DICTIONARY.sets[name].values() if v.name in read]
            made += [
                {"name": v.name, "kind": "bool", "label": said(v.label).split(":", 1)[1].strip()}
                for v in members
            ]
            continue
        variable = DICTIONARY[name]
        options = [[c.number, said(c.label)] for c in variable.choices]
        made.append({"name": name, "kind": variable.kind, "label": said(variable.label), "options": options})
    return made


def _conditions(words: Words) -> dict[int, list[str]]:
    """Say every elementary condition twice: as it stands where it holds, and where it does not."""
    from bobanalysis.bob import challenges
    from bobanalysis.rules import sentence

    lang: Any = words.language
    quoted = {
        f"«\u202f{c.id}\u202f»" if lang == "fr" else f"“{c.id}”": c.label.get(lang) for c in challenges()
    }

    def say(condition: Any) -> str:
        text = sentence(condition, lang)
        for code, label in quoted.items():
            text = text.replace(code, f"«\u202f{label}\u202f»" if lang == "fr" else f"“{label}”")
        return words.polish(text)

    return {k: [say(condition), say(~condition)] for k, condition in compiled().conditions.items()}


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def page(renderer: PageRenderer) -> dict[str, Any]:
    """Return what the page shows: its texts as JSON for a script element."""
    return {"tryit": Markup(_dump(page_data(renderer.words, renderer.cards)))}
