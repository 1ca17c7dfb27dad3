"""What the published rules do otherwise than their names or texts say, shown on the smallest person.

The texts and the people stand in `data/quirks/*.yaml`, one record a quirk (`data/quirks/README.md` says how
to write one). A quirk that the engine can show carries cases: a person of whom only what matters is filled
in, and what the rules answer. `verify` runs all of them. Quirks that rest on reading alone say why.

A case asks for one of

- ``rule``: a published name; the answer is its score (a filter: 3 or 0), "missing: fields", "error: name" or
  "no such rule";
- ``step``: a column of ``Bob.run`` (main_challenge, overall_score, diagnosis_error, relevance_<challenge>,
  advice, strategies, strategy_points…), of a list only the items of ``only``, in their order, of a list
  with one item a strategy the one of ``strategy``;
- ``suggestion``: a function of ``bobanalysis.bob.suggestions`` on ``tables``, with the arguments ``given``;
  the answer is the list of ``column``

about a ``person`` (inputs by their names in the data dictionary; a list of them: the projects of one person,
the first of which is answered for) or a ``user`` (a record as Bob stores it), on a ``market`` (Bob's own
documents by collection; none: nothing is known but what the person's row says).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.audit.quirks import (
    Case,
    Quirk,
    QuirkError,
    affected_population,
    affected_shares,
    load_quirks,
)
from bobanalysis.audit.values import format_answer as said
from bobanalysis.bob import DICTIONARY, Bob, Market, admit, catalogue, read_users, suggestions
from bobanalysis.bob.market import JOINED, join
from bobanalysis.bob.outcomes import answers
from bobanalysis.rules import Text, evaluate

from .conditions import rule_status
from .repairs import REPAIRS, unheld

FOLDER = Path(__file__).parents[3] / "data" / "quirks"
NOW = "2022-06-15T12:00:00Z"
NO_RULE = "no such rule"


@cache
def quirks() -> Mapping[str, Quirk]:
    """Return the quirks of Bob by id; see ``audit.quirks.load_quirks``.

    >>> quirks()["Q17"].criteria
    ('age',)
    """
    return load_quirks(FOLDER)


def cases(of: Iterable[Quirk] | None = None) -> list[Case]:
    """Return all cases of some quirks (default: all)."""
    chosen = quirks().values() if of is None else of
    return [Case(q.id, n, asks) for q in chosen for n, asks in enumerate(q.cases, 1)]


def verify(of: Iterable[Quirk] | None = None) -> pl.DataFrame:
    """Run the cases of some quirks (default: all), and say which hold.

    Returns a frame, one row a case: quirk, case (number from 1), expected, got (both as text), holds.
    Raises QuirkError for a case that cannot be run, KeyError for a table's missing column.

    >>> verify([quirks()["Q17"]])["holds"].all()
    True
    """
    asked = cases(of)
    got = run(asked)
    rows = [
        (c.quirk, c.number, said(c.asks["answer"]), said(g), _same(c.asks["answer"], g))
        for c, g in zip(asked, got, strict=True)
    ]
    schema = {
        "quirk": pl.String,
        "case": pl.Int64,
        "expected": pl.String,
        "got": pl.String,
        "holds": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def run(asked: Sequence[Case]) -> list[Any]:
    """Return what the engine answers to each case.

    All rules are evaluated on all people at once; the pipeline runs once on all people of steps.
    """
    found: dict[int, Any] = {}
    for kind, answer in (("rule", _rules), ("step", _steps), ("suggestion", _suggestions)):
        chosen = [k for k, case in enumerate(asked) if kind in case.asks]
        if chosen:
            found |= zip(chosen, answer([asked[k] for k in chosen]), strict=True)
    return [found[k] for k in range(len(asked))]


def _rules(asked: Sequence[Case]) -> list[Any]:
    names = sorted({c.asks["rule"] for c in asked if c.asks["rule"] in catalogue()})
    done = evaluate(
        {n: catalogue()[n].score for n in names}, people(asked), keep=["rome_id", "user", "project"]
    )
    first = (done.frame["project"] == 0).arg_true().to_list()
    given = {n: answers(done, n) for n in names}
    return [
        given[c.asks["rule"]][row] if c.asks["rule"] in given else NO_RULE
        for c, row in zip(asked, first, strict=True)
    ]


def _steps(asked: Sequence[Case]) -> list[Any]:
    frame = people(asked)
    first = (frame["project"] == 0).arg_true()
    told = Bob(Market.empty()).run(frame, strict=False)[first]
    found = []
    for case, row in zip(asked, told.iter_rows(named=True), strict=True):
        if case.asks["step"] not in row:
            raise QuirkError(
                f"quirk {case.quirk}, case {case.number}: no step {case.asks['step']!r}; {list(row)}"
            )
        value = row[case.asks["step"]]
        if strategy := case.asks.get("strategy"):
            value = dict(zip(row["strategies"] or (), value or (), strict=True)).get(strategy)
        if "only" in case.asks:
            value = [item for item in value or () if item in case.asks["only"]]
        found.append(value)
    return found


def _suggestions(asked: Sequence[Case]) -> list[Any]:
    found = []
    for case in asked:
        tables = {k: _table(rows) for k, rows in case.asks["tables"].items()}
        made = getattr(suggestions, case.asks["suggestion"])(**tables, **case.asks.get("given", {}))
        found.append(made.to_list() if isinstance(made, pl.Series) else made[case.asks["column"]].to_list())
    return found


def _table(rows: Sequence[Any]) -> pl.DataFrame | pl.Series:
    """Return the table of a case: each row as often as its ``times`` says; of plain values, a series."""
    if not all(isinstance(row, Mapping) for row in rows):
        return pl.Series(rows)
    repeated = [dict(row) for row in rows for _ in range(row.get("times", 1))]
    return pl.DataFrame([{k: v for k, v in row.items() if k != "times"} for row in repeated])


def people(asked: Sequence[Case]) -> pl.DataFrame:
    """Return the people of some cases, one row a project, with a column for each input of the rules.

    ``user`` is the place of the case in ``asked``, ``project`` the place of the project from 0. Figures of
    the market that a case does not give are joined: nothing is known but the published non-profits, and what
    the case's ``market`` holds.
    """
    markets: dict[str, list[int]] = {}
    for k, case in enumerate(asked):
        markets.setdefault(json.dumps(case.asks.get("market"), sort_keys=True, default=str), []).append(k)
    rows = []
    for key, places in markets.items():
        documents = json.loads(key)
        market = Market.from_collections(documents) if documents else Market.empty()
        frames = [_persons([(k, asked[k]) for k in places if "user" not in asked[k].asks])]
        frames += [_record(k, asked[k]) for k in places if "user" in asked[k].asks]
        frame = pl.concat([f for f in frames if f.height], how="diagonal_relaxed")
        unknown = [c for c in _JOINED if c in frame.columns and frame[c].null_count() == frame.height]
        rows.append(join(frame.drop(unknown), market))
    whole = pl.concat(rows, how="diagonal_relaxed").sort("user", "project")
    return whole.with_columns(pl.col(v.name).fill_null(v.default) for v in DICTIONARY.values())


_JOINED = [v.name for v in DICTIONARY.values() if v.group in JOINED]
_TYPES: dict[str, Any] = {
    "int": pl.Int32,
    "enum": pl.Int32,
    "float": pl.Float64,
    "bool": pl.Boolean,
    "text": pl.String,
}


def _persons(asked: Sequence[tuple[int, Case]]) -> pl.DataFrame:
    """Return the people that cases describe by inputs: null is a figure that the market may give."""
    every = [
        {"user": k, "project": n, "now": str(given.get("now", NOW)), **columns(given, case)}
        for k, case in asked
        for n, given in enumerate(projects(case))
    ]
    default = {v.name: None if v.group in JOINED else v.default for v in DICTIONARY.values()}
    held = {name: [p.get(name, value) for p in every] for name, value in default.items()}
    frame = pl.DataFrame(held, schema={v.name: _TYPES[v.kind] for v in DICTIONARY.values()})
    now = pl.Series([p["now"].removesuffix("Z") for p in every], dtype=pl.String)
    return frame.with_columns(now=now.str.to_datetime(time_unit="us"))


def projects(case: Case) -> Sequence[Mapping[str, Any]]:
    """Return what a case says of its person, one mapping a project; one empty project if it says nothing."""
    given = case.asks.get("person") or {}
    return [given] if isinstance(given, Mapping) else given


def _record(place: int, case: Case) -> pl.DataFrame:
    """Return the person of a case that holds a record as Bob stores it."""
    read = read_users([case.asks["user"]], [case.asks.get("now", NOW)], [{}])
    wanted = [v for v in DICTIONARY.values() if v.group not in JOINED]
    return admit(read, wanted, strict=False).kept.with_columns(user=pl.lit(place, dtype=pl.Int32))


def columns(person: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Turn what a case says of a project into columns: names into numbers, several answers into one each.

    Raises QuirkError for an input that the data dictionary does not have.
    """
    found: dict[str, Any] = {}
    for name, value in person.items():
        if name == "now":
            continue
        if name in DICTIONARY.sets:
            found |= {DICTIONARY.sets[name][item].name: True for item in value}
        elif name in DICTIONARY.tables:
            found |= {DICTIONARY.tables[name][item].name: figure for item, figure in value.items()}
        elif name in DICTIONARY:
            variable = DICTIONARY[name]
            found[name] = variable.number_of(value) if variable.choices and isinstance(value, str) else value
        else:
            raise QuirkError(
                f"quirk {case.quirk}, case {case.number}: the data dictionary has no input {name!r}"
            )
    return found


# --- whom they touch

REASONS: Mapping[str, Text] = {
    "said": Text("La fiche dit pourquoi.", "The record says why."),
    "read": Text(
        "Rien n’est compté : le moteur ne peut pas montrer ce point.",
        "Nothing is counted: the engine cannot show this point.",
    ),
    "dead": Text(
        "Rien de publié n’emploie ces règles : les réponses données n’en dépendent pas.",
        "Nothing published uses these rules: the answers given do not depend on them.",
    ),
    "not held": Text(
        "Cela dépend de réponses ou de chiffres que la population modélisée ne contient pas :",
        "This depends on answers or figures that the modelled population does not hold:",
    ),
    "documents": Text(
        "Cela dépend de tableaux que le service tenait, et que les sources ouvertes ne donnent pas.",
        "This depends on tables that the service kept, and that open sources do not give.",
    ),
}
"""Why nobody is counted, by key."""


def touched(
    people: pl.DataFrame,
    bob: Bob,
    of: Iterable[Quirk] | None = None,
    by: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return the share of people whom each quirk touches, overall and by group.

    Parameters: ``people``, a population frame with ``weight``; ``bob``, on ``french_market()``; ``of``, some
    quirks (default: all); ``by``, what to call a grouping → its column, by default age → age_band and region
    → region_id.
    Returns one row a quirk with ``touches`` and a group: ``quirk``, ``touches`` (the function of
    ``repairs``), ``by`` ("all" for everybody), ``group``, ``share`` (weighted; null, and no groups, where
    nobody here gave an answer that it takes), ``people``, ``effective`` (people of equal weight that tell as
    much: Kish) and ``certain`` (the code alone decides it: nothing is sampled).
    Raises KeyError for ``touches`` that ``repairs`` does not have.
    """
    groups = {"age": "age_band", "region": "region_id"} if by is None else by
    chosen = quirks().values() if of is None else of
    return affected_shares(affected_population(bob, people), chosen, REPAIRS, groups)


def uncounted(people: pl.DataFrame, bob: Bob, of: Iterable[Quirk] | None = None) -> pl.DataFrame:
    """Return why nobody is counted for each quirk that ``touched`` gives no share.

    Parameters: as for ``touched``.
    Returns ``quirk``, ``reason`` (a key of ``REASONS``) and ``input``: for "not held" one row an input of its
    people that nobody here gave, else empty. Raises QuirkError for a quirk without a reason.
    """
    known = affected_population(bob, people).known
    rows: list[tuple[str, str, str]] = []
    for quirk in quirks().values() if of is None else of:
        reads = REPAIRS[quirk.touches].reads if quirk.touches else _asked(quirk)
        lacking = unheld(known, reads)
        if quirk.touches and not lacking:
            continue
        named = [r for r in quirk.rules if r in catalogue()]
        dead = bool(named) and len(named) == len(quirk.rules) and all(rule_status(r) == "dead" for r in named)
        documents = any({"tables", "market", "user"} & set(c) for c in quirk.cases)
        tests = {
            "said": quirk.uncounted is not None,
            "read": quirk.evidence == "read",
            "dead": dead,
            "not held": bool(lacking),
            "documents": documents,
        }
        reason = next((key for key, holds in tests.items() if holds), "")
        if not reason:
            raise QuirkError(
                f"quirk {quirk.id}: nobody is counted; give `touches`, or say why in `uncounted`"
            )
        rows += [(quirk.id, reason, name) for name in (lacking if reason == "not held" else [""])]
    return pl.DataFrame(rows, schema=dict.fromkeys(("quirk", "reason", "input"), pl.String), orient="row")


def _asked(quirk: Quirk) -> list[str]:
    """List the inputs of a quirk's people."""
    named = [name for c in cases([quirk]) for given in projects(c) for name in columns(given, c)]
    return list(dict.fromkeys(named))


def _same(expected: Any, got: Any) -> bool:
    return said(expected) == said(got)
