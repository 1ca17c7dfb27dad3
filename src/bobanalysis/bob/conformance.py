"""Conformance: does the pipeline answer what the published code answered for recorded people?

There is one implementation: recorded vectors go through the same columnar evaluation as a million people do.
A file of vectors holds one JSON object a line: a person, an instant, the market to use, what two outside
services answered, and what the published code said (see ``docs/conformance.md``).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.rules import STATUS, Evaluation, Expr, evaluate, inputs
from bobanalysis.tables import InputError
from bobanalysis.validation import validate

from .configuration import actions
from .diagnosis import Relevance, challenges
from .market import Market, join
from .outcomes import answers, details
from .pipeline import Bob, Run
from .records import read_users
from .rulebook import catalogue
from .uses import action_rules

PARTS = ("scores", "diagnostic", "advices", "strategies", "actions", "other projects", "errors")
TOLERANCE = 1e-9
_WITHOUT = {"nocovid": ("covidRisk",), "noauto": ("automationRisk",)}


@dataclass
class Mismatch:
    """One answer that is not the recorded one; for a score, the rule and the person that show why."""

    vector: str
    part: str
    what: str
    got: Any
    recorded: Any
    rule: Expr | None = None
    person: Mapping[str, Any] = field(default_factory=dict)
    group: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Report:
    """How many answers were compared and how many matched, part by part, then vector by vector."""

    matched: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    compared: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    vectors: int = 0
    wrong: dict[str, list[Mismatch]] = field(default_factory=dict)

    @property
    def vectors_matched(self) -> int:
        """Count the vectors all of whose answers match."""
        return self.vectors - len(self.wrong)

    @property
    def conforms(self) -> bool:
        """Tell whether every answer of every vector matches (and there was one)."""
        return self.vectors > 0 and not self.wrong

    def mismatches(self) -> list[Mismatch]:
        """Return every mismatch, in the order of the file."""
        return [m for found in self.wrong.values() for m in found]

    def lines(self) -> Iterator[str]:
        """Return one line a part, then one for the vectors."""
        for part in PARTS:
            yield f"{part} {self.matched[part]}/{self.compared[part]}"
        yield f"vectors {self.vectors_matched}/{self.vectors}"

    def compare(self, vector: str, part: str, what: str, got: Any, recorded: Any) -> None:
        """Count one answer."""
        self.compared[part] += 1
        if got == recorded:
            self.matched[part] += 1
        else:
            self.wrong.setdefault(vector, []).append(Mismatch(vector, part, what, got, recorded))


def read_vectors(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Read recorded vectors (JSON lines, maybe gzipped).

    Raises InputError, naming the file and the line, for what is not a vector.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file")
    found: list[dict[str, Any]] = []
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if limit is not None and len(found) >= limit:
                    break
                vector = json.loads(line)
                if absent := {"id", "now", "market", "user", "expected"} - set(vector):
                    raise InputError(f"{path}, line {number}: a vector needs {', '.join(sorted(absent))}")
                found.append(vector)
    except (EOFError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}, line {len(found) + 1}: not a vector ({error})") from error
    return found


def markets(folder: Path, names: set[str]) -> dict[str, Market]:
    """Return the markets that vectors name: full, empty, nocovid, noauto.

    Raises InputError for another name.
    """
    unknown = names - {"full", "empty", *_WITHOUT}
    if unknown:
        raise InputError(
            f"{folder}: no market is called {sorted(unknown)[0]!r}; there are full, empty, nocovid, noauto"
        )
    return {
        name: Market.empty() if name == "empty" else Market.from_documents(folder, _WITHOUT.get(name, ()))
        for name in names
    }


def conformance(path: Path, market: Path | None = None, limit: int | None = None) -> Report:
    """Run the pipeline on recorded vectors and compare every answer.

    Parameters: ``path``, the file of vectors; ``market``, the folder of market documents (default: ``market``
    beside the file); ``limit``, how many vectors to read.
    Returns the ``Report``. Raises InputError for a file that cannot be read.
    """
    vectors = read_vectors(path, limit)
    known = markets(market or path.parent / "market", {v["market"] for v in vectors})
    report = Report(vectors=len(vectors))
    for name, documents in known.items():
        _compare([v for v in vectors if v["market"] == name], documents, report)
    order = {v["id"]: k for k, v in enumerate(vectors)}
    report.wrong = dict(sorted(report.wrong.items(), key=lambda pair: order[pair[0]]))
    return report


def _compare(vectors: list[dict[str, Any]], market: Market, report: Report) -> None:
    """Compare the vectors that were recorded on one market."""
    services = [v.get("stubs", {}) for v in vectors]
    people = read_users([v["user"] for v in vectors], [v["now"] for v in vectors], services)
    bob, plan = Bob(market), action_rules()
    names = sorted({name for v in vectors for name in v["expected"].get("scores", {})})
    rules = {name: catalogue()[name].score for name in names}
    wanted = {v.name: v for v in [*bob.variables, *inputs(*rules.values(), *plan.values())]}
    came = validate(people, wanted.values(), strict=False)
    if came.num_rejected:
        raise InputError(
            f"{came.num_rejected} recorded projects cannot be read: {came.rejected.head(3).to_dicts()}"
        )
    run = bob.steps(came.valid, plan)
    places = {
        (r["user"], r["project"]): k for k, r in enumerate(run.diagnosed.select("user", "project").to_dicts())
    }
    lists = _Answers(run, bob)
    for number, vector in enumerate(vectors):
        said = vector["expected"]
        if (number, 0) not in places:
            continue
        first = lists.of(places[number, 0])
        _compare_project(vector["id"], first, said, report)
        report.compare(
            vector["id"], "actions", "action plan", lists.actions(places[number, 0]), said.get("actions", [])
        )
        for k, other in enumerate(said.get("otherProjects", []), 1):
            got = lists.of(places[number, k])
            report.compare(vector["id"], "other projects", f"project {k}", got, _recorded(other))
    _compare_scores(vectors, rules, join(came.valid, market), report)


def _compare_project(vector: str, got: dict[str, Any], said: Mapping[str, Any], report: Report) -> None:
    recorded = _recorded(said)
    for part, key in (("diagnostic", "diagnostic"), ("advices", "advices"), ("strategies", "strategies")):
        report.compare(vector, part, key, got.get(key), recorded.get(key))  # a step not reached has no answer
    if "pipelineError" in recorded or "pipelineError" in got:
        report.compare(
            vector, "errors", "pipelineError", got.get("pipelineError"), recorded.get("pipelineError")
        )


def _recorded(said: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("diagnostic", "advices", "strategies", "pipelineError")
    return {key: said[key] for key in keys if key in said}


class _Answers:
    """The answers of a run in the form of the recorded ones."""

    def __init__(self, run: Run, bob: Bob) -> None:
        self.run = run
        self.advice_ids = list(bob.advice)
        self.diagnosed = run.diagnosed.to_dicts()
        self.proposed = run.proposed.to_dicts()
        self.triggers = run.triggers.frame

    def of(self, row: int) -> dict[str, Any]:
        """Return what one project is told."""
        found = self.diagnosed[row]
        if found["diagnosis_error"] is not None:
            kind, _, named = found["diagnosis_error"].partition(": ")
            if kind == "error":
                return {"pipelineError": {"stage": "diagnose", "error": named}}
            missing = sorted(named.split(", ")) if named else []
            return {
                "pipelineError": {"stage": "diagnose", "error": "NotEnoughDataException", "missing": missing}
            }
        return {
            "diagnostic": {
                "categories": [
                    {
                        "categoryId": c.id,
                        "relevance": Relevance(found[c.column]).name,
                        "isHighlighted": c.id == found["main_challenge"],
                    }
                    for c in challenges()
                ],
                "categoryId": found["main_challenge"],
                "overallScore": found["overall_score"],
                "overallTemplateId": found["overall_row"],
            },
            "advices": [self._advice(row, key) for key in self.run.advice.sorted[row] if key],
            "strategies": self._strategies(row),
        }

    def _advice(self, row: int, key: np.int16) -> dict[str, Any]:
        code = np.array([key])
        name = self.advice_ids[int(self.run.advice.item(code)[0])]
        stars = np.float32(self.run.advice.score(code)[0])
        told: dict[str, Any] = {"adviceId": name, "numStars": float(str(stars))}
        status = f"advice {name}{STATUS}"
        if status in self.triggers.columns and self.triggers[status][row]:
            said = details(pl.col(status), self.run.triggers.refusals)
            told["missingFields"] = sorted(self.triggers[row].select(said).item().to_list())
        return told

    def _strategies(self, row: int) -> list[dict[str, Any]]:
        found = self.proposed[row]
        columns = ("strategies", "strategy_points", "strategy_is_secondary", "strategy_advice")
        told = zip(*(found[c] for c in columns), strict=True)
        return [
            {
                "strategyId": name,
                "score": points,
                "isSecondary": secondary,
                "isPrincipal": k == 0,
                "piecesOfAdvice": advice,
            }
            for k, (name, points, secondary, advice) in enumerate(told)
        ]

    def actions(self, row: int) -> list[str]:
        """Return the ids of the action plan, best first."""
        ranking = self.run.actions
        assert ranking is not None
        keys = ranking.sorted[row]
        ids = [a.id for a in actions()]
        return [ids[k] for k in ranking.item(keys[keys != 0])]


def _compare_scores(
    vectors: list[dict[str, Any]], rules: Mapping[str, Any], known: pl.DataFrame, report: Report
) -> None:
    """Compare the score of every named rule on the first project of every vector."""
    if not rules:
        return
    done = evaluate(rules, known, keep=["user", "project", "rome_id"])
    first = done.frame.filter(pl.col("project") == 0).sort("user")
    on_first = Evaluation(first, done.refusals)
    for name in rules:
        recorded = [v["expected"]["scores"].get(name) for v in (vectors[u] for u in first["user"])]
        for user, got, said in zip(first["user"], answers(on_first, name), recorded, strict=True):
            if said is None:
                continue
            if _equal(got, said):
                report.compare(vectors[user]["id"], "scores", name, True, True)
                continue
            report.compare(vectors[user]["id"], "scores", name, got, said)
            found = report.wrong[vectors[user]["id"]][-1]
            found.rule, found.group = rules[name], known.filter(pl.col("user") == user).to_dicts()
            found.person = found.group[0]


def _equal(got: Any, said: Any) -> bool:
    if isinstance(got, dict) or isinstance(said, dict) or got is None:
        return bool(got == said)
    return abs(got - said) <= TOLERANCE
