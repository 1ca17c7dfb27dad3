"""What published rules do otherwise than their names or texts say: records of it, and whom it affects.

A quirk affects those whose answer would be another if it were repaired, or on whom the odd branch acts;
the name that it ``touches`` says which of the two is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import polars as pl

from bobanalysis.algorithm import Algorithm
from bobanalysis.rules import Dictionary, Expr, Text, evaluate
from bobanalysis.rules.expr import Var
from bobanalysis.tables import InputError, load, load_yaml
from bobanalysis.validation import validate

from .activation import as_read, shares
from .person import input_columns

Concern = Literal["age", "place", "criteria", "missing", "order", "texts", "data"]
Promise = Literal["name", "text", "documentation", "sense"]
TEXTS = ("title", "promise", "published", "repair", "unshown", "uncounted", "first")
KINDS = ("rule", "step", "suggestion")
NO_RULE = "no such rule"
"""What is answered about a rule that does not exist."""


class QuirkError(ValueError):
    """A record is not what it should be; the message names the file, the quirk and what to do."""


@dataclass(frozen=True)
class Quirk:
    """One quirk: what the name or text promises, what is published, what would repair it.

    ``promised_by`` says whose expectation the promise is: that of the ``name``, of the ``text`` that people
    are shown, of the ``documentation`` or a note beside the code, or only ordinary ``sense``: nothing
    published promises it. ``kept`` are inputs of its people that the answers do not need.
    ``evidence`` is "shown" (its ``cases`` are run) or "read" (only the published text supports it;
    ``unshown`` says why it cannot be run). ``concern`` is the group of the page it stands in. ``criteria``
    are the protected criteria concerned, by their names in the data dictionary. ``touches`` names the
    ``Affected`` that says whom it affects; ``uncounted`` says why there is none. ``first`` tells in plain
    words one of those that a reader should know first.
    """

    id: str
    concern: Concern
    promised_by: Promise
    title: Text
    promise: Text
    published: Text
    repair: Text
    evidence: Literal["shown", "read"]
    criteria: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    cases: tuple[Mapping[str, Any], ...] = ()
    kept: tuple[str, ...] = ()
    touches: str = ""
    unshown: Text | None = None
    uncounted: Text | None = None
    first: Text | None = None

    @property
    def asked(self) -> list[Case]:
        """Its cases, numbered."""
        return [Case(self.id, number, asks) for number, asks in enumerate(self.cases, 1)]


@dataclass(frozen=True)
class Case:
    """One case of a quirk: its number from 1, and what is asked."""

    quirk: str
    number: int
    asks: Mapping[str, Any]

    @property
    def projects(self) -> Sequence[Mapping[str, Any]]:
        """What it says of its person, one mapping a project; one empty project if it says nothing."""
        given = self.asks.get("person") or {}
        return [given] if isinstance(given, Mapping) else given

    def columns(self, dictionary: Dictionary) -> list[dict[str, Any]]:
        """Return its projects as columns: names turned into numbers, several answers into one each.

        Raises:
            InputError: The data dictionary has no such input or answer.
        """
        where = f"quirk {self.quirk}, case {self.number}"
        asked = ({k: v for k, v in project.items() if k != "now"} for project in self.projects)
        return [input_columns(project, dictionary, where) for project in asked]


def quirks(algorithm: Algorithm) -> Mapping[str, Quirk]:
    """Return the quirks of an algorithm by id; none where it has no records of them."""
    return load_quirks(algorithm.quirk_folder) if algorithm.quirk_folder else {}


@cache
def load_quirks(folder: Path) -> Mapping[str, Quirk]:
    """Return the quirks of a folder of YAML files by id, in the order of the files and of their numbers.

    Raises:
        QuirkError: Names the file and the record that is wrong.
    """
    found: dict[str, Quirk] = {}
    for path in sorted(folder.glob("*.yaml")):
        written: Any = load_yaml(Any, path)
        for raw in written or ():
            quirk = _quirk(raw, path.name)
            if quirk.id in found:
                raise QuirkError(f"{path.name}: quirk {quirk.id} stands twice; remove one of the two")
            found[quirk.id] = quirk
    return MappingProxyType(found)


def _quirk(raw: dict[str, Any], file: str) -> Quirk:
    where = f"{file}, quirk {raw.get('id', '(without id)')}"
    try:
        quirk = load(Quirk, raw, where)
    except InputError as error:
        raise QuirkError(f"{error}; see data/quirks/README.md") from error
    problems = [
        (quirk.evidence == "shown" and not quirk.cases, "it is shown, so it needs a case"),
        (quirk.evidence == "read" and quirk.unshown is None, "it is read, so `unshown` must say why"),
        *((sum(k in c for k in KINDS) != 1, f"case {c} must have one of {KINDS}") for c in quirk.cases),
        *(("answer" not in c, f"case {c} has no answer") for c in quirk.cases),
    ]
    for wrong, said in problems:
        if wrong:
            raise QuirkError(f"{where}: {said}")
    return quirk


# --- whom they affect


@dataclass(frozen=True)
class AffectedPopulation:
    """People as they were validated (``valid``), as the rules read them (``known``), and the algorithm."""

    valid: pl.DataFrame
    known: pl.DataFrame
    algorithm: Algorithm

    @cached_property
    def answers(self) -> pl.DataFrame:
        """What the published rules answer them: the frame of ``Algorithm.run``."""
        return self.algorithm.compute(self.valid).answers

    def score(self, rule: str, expr: Expr | None = None) -> pl.Series:
        """Return what a published rule (or ``expr`` in its place) answers; null where it is undefined."""
        read = self.algorithm.rule(rule).expr if expr is None else expr
        return evaluate({rule: read}, self.known).frame[rule]


@dataclass(frozen=True)
class Affected:
    """Who is affected.

    Args:
        who: Finds them: one Boolean a person, in their order.
        reads: Answers without which nobody can be counted: where everybody lacks one of them, there is no
            figure.
        certain: The code alone decides it: it needs no interval.
    """

    who: Callable[[AffectedPopulation], pl.Series]
    reads: Sequence[str] = ()
    certain: bool = False


def affected_population(algorithm: Algorithm, people: pl.DataFrame) -> AffectedPopulation:
    """Prepare people for ``Affected.who``; InputError for a value outside the data dictionary."""
    known = as_read(algorithm, people, [Var(v) for v in algorithm.dictionary.values()])
    valid = validate(people.drop("person_id", strict=False), algorithm.variables).valid
    return AffectedPopulation(valid, known, algorithm)


def lacking_answers(algorithm: Algorithm, people: pl.DataFrame, names: Iterable[str]) -> list[str]:
    """Return the answers among some that nobody here gave: everybody has the dictionary's default."""
    defaults = {name: algorithm.dictionary[name].default for name in names}
    return [n for n, d in defaults.items() if n not in people.columns or (people[n] == d).all()]


def affected_shares(
    found: AffectedPopulation, quirks: Iterable[Quirk], table: Mapping[str, Affected], by: Mapping[str, str]
) -> pl.DataFrame:
    """Return the share of people whom each quirk affects, overall and by group.

    Args:
        found: From people with ``weight``.
        quirks: Those without ``touches`` are left out.
        table: What ``touches`` names.
        by: What to call a grouping → its column.

    Returns:
        One row a quirk and group: ``quirk``, ``touches``, ``by`` ("all" for everybody), ``group``, ``share``
        (weighted; null, and no groups, where nobody here gave an answer that it takes), ``people``,
        ``effective`` (the effective sample size) and ``certain``.

    Raises:
        KeyError: ``touches`` that the table does not have.
    """
    chosen = [q for q in quirks if q.touches]
    names = dict.fromkeys(q.touches for q in chosen)
    lost = {n for n in names if lacking_answers(found.algorithm, found.known, table[n].reads)}
    flags = {n: table[n].who(found).fill_null(False).alias(n) for n in names if n not in lost}
    frame = found.known.select("weight", *by.values()).with_columns(*flags.values())
    groups = shares(frame, flags, by).to_dicts()
    rows = [
        {"quirk": q.id, "touches": q.touches, "certain": table[q.touches].certain, **g}
        | {"share": g.get(q.touches)}
        for q in chosen
        for g in groups
        if g["by"] == "all" or q.touches not in lost
    ]
    texts, numbers = ("quirk", "touches", "by", "group"), {"share": pl.Float64, "people": pl.Int64}
    schema = {**dict.fromkeys(texts, pl.String), **numbers, "effective": pl.Float64, "certain": pl.Boolean}
    return pl.DataFrame(rows, schema=schema)
