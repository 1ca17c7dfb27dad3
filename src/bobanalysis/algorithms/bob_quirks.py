"""What Bob's rules do otherwise than their names or texts say, shown on the smallest person.

The texts and the people stand in `data/quirks/*.yaml`, one record a quirk (`data/quirks/README.md` says how
to write one). `verify` runs the cases of all that the engine can show. A case asks for

- ``rule``: a published name; the answer is its score (a filter: 3 or 0), "missing: fields", "error: name" or
  "no such rule";
- ``step``: a column of ``Bob.run``, of a list only the items of ``only``, in their order, of a list with one
  item a strategy the one of ``strategy``;
- ``suggestion``: a figure of the importer on ``tables`` and ``given`` (``importer_figure``); the answer is
  the list of ``column``

about a ``person`` (inputs by their names in the data dictionary; a list of them: the projects of one person,
the first of which is answered for) or a ``user`` (a record as Bob stores it), on a ``market`` (Bob's own
documents by collection; none: nothing is known but what the person's row says).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import polars as pl

from bobanalysis.audit.quirks import (
    NO_RULE,
    Case,
    Quirk,
    QuirkError,
    affected_population,
    affected_shares,
    lacking_answers,
    load_quirks,
)
from bobanalysis.audit.values import format_answer
from bobanalysis.bob import DICTIONARY, Bob, Market, catalogue, read_users, validate
from bobanalysis.bob.market import JOINED, join
from bobanalysis.bob.outcomes import answers
from bobanalysis.bob.suggestions import less_stressful_departements, less_stressful_job_groups
from bobanalysis.rules import evaluate

from .bob_affected import AFFECTED

NOW = "2022-06-15T12:00:00Z"
GROUPS = {"age": "age_band", "region": "region_id"}
ON_REAL_MARKETS: Mapping[str, Callable[..., pl.DataFrame]] = {
    function.__name__: function for function in (less_stressful_departements, less_stressful_job_groups)
}


def quirks() -> Mapping[str, Quirk]:
    """Return the quirks of Bob by id; see ``audit.quirks.load_quirks``.

    >>> quirks()["Q17"].criteria
    ('age',)
    """
    return load_quirks(Bob.quirk_folder)


def verify() -> pl.DataFrame:
    """Run all cases, and say which hold.

    Returns:
        One row a case: quirk, case (number from 1), expected, got (both as text), holds.

    Raises:
        QuirkError: A case cannot be run.
        KeyError: A table has no such column.
    """
    asked = [case for quirk in quirks().values() for case in quirk.asked]
    texts = {
        "quirk": [c.quirk for c in asked],
        "case": [c.number for c in asked],
        "expected": [format_answer(c.asks["answer"]) for c in asked],
        "got": [format_answer(got) for got in run(asked)],
    }
    return pl.DataFrame(texts).with_columns(holds=pl.col("expected") == pl.col("got"))


def run(asked: Sequence[Case]) -> list[Any]:
    """Return what the engine answers to each case: all rules, and all steps, are run at once."""
    found: dict[int, Any] = {}
    for kind, answer in (("rule", _rules), ("step", _steps), ("suggestion", _suggestions)):
        if chosen := {k: case for k, case in enumerate(asked) if kind in case.asks}:
            found |= zip(chosen, answer([*chosen.values()]), strict=True)
    return [found[k] for k in range(len(asked))]


def _rules(asked: Sequence[Case]) -> Iterator[Any]:
    scores = {n: catalogue()[n].score for n in {c.asks["rule"] for c in asked} if n in catalogue()}
    done = evaluate(scores, people(asked), keep=["rome_id", "user", "project"])
    given = {n: answers(done, n) for n in scores}
    for case, row in zip(asked, (done.frame["project"] == 0).arg_true(), strict=True):
        rule = case.asks["rule"]
        yield given[rule][row] if rule in given else NO_RULE


def _steps(asked: Sequence[Case]) -> Iterator[Any]:
    frame = people(asked)
    told = Bob(Market.empty()).run(frame, strict=False).filter(frame["project"] == 0)
    for case, row in zip(asked, told.iter_rows(named=True), strict=True):
        step = case.asks["step"]
        if step not in row:
            raise QuirkError(f"quirk {case.quirk}, case {case.number}: no step {step!r}; {list(row)}")
        value = row[step]
        if strategy := case.asks.get("strategy"):
            value = dict(zip(row["strategies"] or (), value or (), strict=True)).get(strategy)
        if "only" in case.asks:
            value = [item for item in value or () if item in case.asks["only"]]
        yield value


def _suggestions(asked: Sequence[Case]) -> Iterator[Any]:
    for case in asked:
        tables = {name: _table(rows) for name, rows in case.asks["tables"].items()}
        made = importer_figure(case.asks["suggestion"], tables, case.asks.get("given", {}))
        yield made[case.asks.get("column", made.columns[0])].to_list()


def importer_figure(
    name: str, tables: Mapping[str, pl.DataFrame], given: Mapping[str, Any] = MappingProxyType({})
) -> pl.DataFrame:
    """Return a figure that Bob's importer worked out beforehand.

    Args:
        name: A function of ``bobanalysis.bob.suggestions`` that is run on real markets, or a query of
            ``data/quirks/importer``, whose tables are private: here it runs on a few rows.
        tables: Its tables, as the function or the query says.
        given: The arguments of the function; of a query, the one row of its table ``given``.
    """
    if function := ON_REAL_MARKETS.get(name):
        return function(**tables, **given)
    query = (Bob.quirk_folder / "importer" / f"{name}.sql").read_text("utf-8")
    return pl.SQLContext({**tables, "given": pl.DataFrame([given])}, eager=True).execute(query)


def _table(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Return the table of a case: each row as often as its ``times`` says."""
    frame = pl.DataFrame([{"times": 1, **row} for row in rows])
    return frame.select(pl.exclude("times").repeat_by("times").explode())


def people(asked: Sequence[Case]) -> pl.DataFrame:
    """Return the people of some cases, one row a project, with a column for each input of the rules.

    ``user`` is the place of the case in ``asked``, ``project`` the place of the project from 0. Figures of
    the market that a case does not give are joined: nothing is known but the published non-profits, and what
    the case's ``market`` holds.
    """
    markets: dict[str, list[pl.DataFrame]] = {}
    for place, case in enumerate(asked):
        held = _record(case) if "user" in case.asks else _persons(case)
        key = json.dumps(case.asks.get("market"), sort_keys=True, default=str)
        markets.setdefault(key, []).append(held.with_columns(user=pl.lit(place, dtype=pl.Int32)))
    rows = []
    for key, frames in markets.items():
        documents, frame = json.loads(key), pl.concat(frames, how="diagonal_relaxed")
        known = [s.name for s in frame if s.null_count() < len(s) or s.name not in _FIGURES]
        market = Market.from_collections(documents) if documents else Market.empty()
        rows.append(join(frame.select(known), market))
    whole = pl.concat(rows, how="diagonal_relaxed").sort("user", "project")
    return whole.with_columns(pl.col(v.name).fill_null(v.default) for v in DICTIONARY.values())


_FIGURES = {v.name for v in DICTIONARY.values() if v.group in JOINED}
_DEFAULTS = {v.name: None if v.name in _FIGURES else v.default for v in DICTIONARY.values()}
"""What people answer who are described by inputs: null is a figure that the market may give."""


def _persons(case: Case) -> pl.DataFrame:
    """Return the projects of a case that describes its person by inputs."""
    rows = [
        {**_DEFAULTS, "project": number, **columns, "now": str(given.get("now", NOW)).removesuffix("Z")}
        for number, (given, columns) in enumerate(zip(case.projects, case.columns(DICTIONARY), strict=True))
    ]
    schema = {v.name: v.dtype for v in DICTIONARY.values()} | {"now": pl.String}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("now").str.to_datetime(time_unit="us"))


def _record(case: Case) -> pl.DataFrame:
    """Return the person of a case that holds a record as Bob stores it."""
    read = read_users([case.asks["user"]], [case.asks.get("now", NOW)], [{}])
    wanted = [v for v in DICTIONARY.values() if v.group not in JOINED]
    return validate(read, wanted, strict=False).valid


# --- whom they affect


def touched(people: pl.DataFrame, bob: Bob) -> pl.DataFrame:
    """Return the share of people whom each quirk affects, overall and by group.

    Args:
        people: A population frame with ``weight``.
        bob: On ``french_market()``.

    Returns:
        See ``audit.quirks.affected_shares``.
    """
    return affected_shares(affected_population(bob, people), quirks().values(), AFFECTED, GROUPS)


def uncounted(people: pl.DataFrame, bob: Bob) -> pl.DataFrame:
    """Return why nobody is counted for each quirk that ``touched`` gives no share.

    Args:
        people, bob: As for ``touched``.

    Returns:
        ``quirk``, ``reason`` (a key of ``uncounted`` in Bob's words, or "said": the record says why) and
        ``input``: for "not held" one row an input of its people that nobody here gave, else empty.

    Raises:
        QuirkError: A quirk has no reason.
    """
    known = affected_population(bob, people).known
    rows: list[tuple[str, str, str]] = []
    for quirk in quirks().values():
        named = [name for c in quirk.asked for columns in c.columns(DICTIONARY) for name in columns]
        reads = AFFECTED[quirk.touches].reads if quirk.touches else dict.fromkeys(named)
        lacking = lacking_answers(bob, known, reads)
        if quirk.touches and not lacking:
            continue
        ruled = bool(quirk.rules) and all(r in catalogue() for r in quirk.rules)
        tests = {
            "said": quirk.uncounted is not None,
            "read": quirk.evidence == "read",
            "dead": ruled and all(bob.rule_status(r) == "dead" for r in quirk.rules),
            "not held": bool(lacking),
            "documents": any({"tables", "market", "user"} & {*c} for c in quirk.cases),
        }
        reason = next((key for key, holds in tests.items() if holds), "")
        if not reason:
            raise QuirkError(f"quirk {quirk.id}: nobody is counted; give `touches` or say why in `uncounted`")
        rows += [(quirk.id, reason, name) for name in (lacking if reason == "not held" else [""])]
    return pl.DataFrame(rows, schema=["quirk", "reason", "input"], orient="row")
