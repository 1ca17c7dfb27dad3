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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

import polars as pl
import yaml

from bobanalysis.bob import DICTIONARY, Bob, Market, admit, catalogue, read_users, suggestions
from bobanalysis.bob.market import JOINED, join
from bobanalysis.bob.outcomes import answers
from bobanalysis.rules import Text, evaluate
from bobanalysis.rules.variables import LOADER

from .conditions import rule_status
from .repairs import REPAIRS, seen, touched_by, unheld

FOLDER = Path(__file__).parents[3] / "data" / "quirks"
NOW = "2022-06-15T12:00:00Z"
NO_RULE = "no such rule"
Concern = Literal["age", "place", "criteria", "missing", "order", "texts", "data"]
Promise = Literal["name", "text", "documentation", "sense"]
TEXTS = ("title", "promise", "published", "repair", "unshown", "uncounted")
KINDS = ("rule", "step", "suggestion")


class QuirkError(ValueError):
    """A record is not what it should be; the message names the file, the quirk and what to do."""


@dataclass(frozen=True)
class Quirk:
    """One quirk: what the name or text promises, what is published, what would repair it.

    ``promised_by`` says whose expectation the promise is: that of the ``name``, of the ``text`` that people
    are shown, of the ``documentation`` or a note beside the code, or only ordinary ``sense``: nothing
    published promises it. ``kept`` are inputs of its people that the answers do not need.
    ``evidence`` is "shown" (its ``cases`` are run by the engine) or "read" (only the published text supports
    it; ``unshown`` says why the engine cannot). ``concern`` is the group of the page it stands in.
    ``criteria`` are the protected criteria concerned, by their names in the data dictionary. ``touches`` is
    the name of a function of ``repairs`` that says whom it touches; ``uncounted`` says why there is none.
    """

    id: str
    concern: Concern
    promised_by: Promise
    title: Text
    promise: Text
    published: Text
    repair: Text
    evidence: Literal["shown", "read"]
    criteria: tuple[str, ...]
    rules: tuple[str, ...]
    source: tuple[str, ...]
    cases: tuple[Mapping[str, Any], ...] = ()
    kept: tuple[str, ...] = ()
    touches: str = ""
    unshown: Text | None = None
    uncounted: Text | None = None


@cache
def quirks() -> Mapping[str, Quirk]:
    """Return the quirks by id, in the order of their files and of their numbers.

    Raises QuirkError that names the file and the record that is wrong.

    >>> quirks()["Q17"].criteria
    ('age',)
    """
    found: dict[str, Quirk] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for raw in yaml.load(path.read_text("utf-8"), Loader=LOADER) or []:
            quirk = _quirk(dict(raw), path.name)
            if quirk.id in found:
                raise QuirkError(f"{path.name}: quirk {quirk.id} stands twice; remove one of the two")
            found[quirk.id] = quirk
    return MappingProxyType(found)


def _quirk(raw: dict[str, Any], file: str) -> Quirk:
    where = f"{file}, quirk {raw.get('id', '(without id)')}"
    try:
        texts: dict[str, Any] = {k: Text(**raw.pop(k)) for k in TEXTS if k in raw}
        lists: dict[str, Any] = {
            k: tuple(raw.pop(k, ())) for k in ("criteria", "rules", "source", "cases", "kept")
        }
        quirk = Quirk(**raw, **texts, **lists)
    except (TypeError, AttributeError) as error:
        raise QuirkError(f"{where}: {error}; see data/quirks/README.md") from error
    problems = [
        (
            quirk.concern not in get_args(Concern),
            f"concern {quirk.concern!r} is not one of {get_args(Concern)}",
        ),
        (
            quirk.promised_by not in get_args(Promise),
            f"promised_by {quirk.promised_by!r} is not one of {get_args(Promise)}",
        ),
        (quirk.evidence not in ("shown", "read"), f"evidence {quirk.evidence!r} is not 'shown' or 'read'"),
        (quirk.evidence == "shown" and not quirk.cases, "it is shown, so it needs a case"),
        (quirk.evidence == "read" and quirk.unshown is None, "it is read, so `unshown` must say why"),
        *((sum(k in c for k in KINDS) != 1, f"case {c} must have one of {KINDS}") for c in quirk.cases),
        *(("answer" not in c, f"case {c} has no answer") for c in quirk.cases),
    ]
    for wrong, said in problems:
        if wrong:
            raise QuirkError(f"{where}: {said}")
    return quirk


# --- the cases


@dataclass(frozen=True)
class Case:
    """One case of a quirk: its number from 1, and what is asked."""

    quirk: str
    number: int
    asks: Mapping[str, Any]


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
    chosen = [q for q in (quirks().values() if of is None else of) if q.touches]
    found = seen(people, bob)
    names = list(dict.fromkeys(q.touches for q in chosen))
    lost = {name for name in names if unheld(found.known, REPAIRS[name].reads)}
    flags = touched_by(found, [name for name in names if name not in lost])
    groupings = {"age": "age_band", "region": "region_id"} if by is None else dict(by)
    frame = found.known.select("weight", *groupings.values()).with_columns(*flags.values())
    weight = pl.col("weight")
    shares = [((pl.col(name).cast(pl.Float64) * weight).sum() / weight.sum()).alias(name) for name in flags]
    size = [
        pl.len().cast(pl.Int64).alias("people"),
        (weight.sum() ** 2 / (weight**2).sum()).alias("effective"),
    ]
    parts = [frame.select(*shares, *size).with_columns(by=pl.lit("all"), group=pl.lit("all"))]
    for label, column in groupings.items():
        grouped = frame.group_by(column).agg(*shares, *size).sort(column)
        parts.append(grouped.rename({column: "group"}).with_columns(by=pl.lit(label)))
    rows = [
        {"quirk": q.id, "touches": q.touches, "certain": REPAIRS[q.touches].certain, **r}
        | {"share": r.get(q.touches)}
        for q in chosen
        for r in pl.concat(parts, how="diagonal").iter_rows(named=True)
        if r["by"] == "all" or q.touches not in lost
    ]
    texts, numbers = ("quirk", "touches", "by", "group"), {"share": pl.Float64, "people": pl.Int64}
    schema = {**dict.fromkeys(texts, pl.String), **numbers, "effective": pl.Float64, "certain": pl.Boolean}
    return pl.DataFrame(rows, schema=schema)


def uncounted(people: pl.DataFrame, bob: Bob, of: Iterable[Quirk] | None = None) -> pl.DataFrame:
    """Return why nobody is counted for each quirk that ``touched`` gives no share.

    Parameters: as for ``touched``.
    Returns ``quirk``, ``reason`` (a key of ``REASONS``) and ``input``: for "not held" one row an input of its
    people that nobody here gave, else empty. Raises QuirkError for a quirk without a reason.
    """
    known = seen(people, bob).known
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


def said(answer: Any) -> str:
    """Write an answer as text: a number, a list, "missing: fields", "error: name".

    >>> said({"missing": ["profile.isAutonomous"]}), said(3.0), said(["a", "b"])
    ('missing: profile.isAutonomous', '3', 'a, b')
    """
    if isinstance(answer, Mapping):
        ((kind, details),) = answer.items()
        return f"{kind}: {details if isinstance(details, str) else ', '.join(details)}"
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return ", ".join(map(said, answer))
    if isinstance(answer, bool) or answer is None or isinstance(answer, str):
        return str(answer)
    return f"{answer:.6g}"


def _same(expected: Any, got: Any) -> bool:
    return said(expected) == said(got)
