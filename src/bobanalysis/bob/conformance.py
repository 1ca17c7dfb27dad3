"""Conformance: does the pipeline answer what the published code answered for recorded people?

There is one implementation: recorded vectors go through the same columnar evaluation as a million people do.
A file of vectors holds one JSON object a line: a person, an instant, the market to use, what two outside
services answered, and what the published code said (see ``docs/conformance.md``).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.rules import STATUS, Evaluation, Expr, evaluate, inputs
from bobanalysis.tables import InputError
from bobanalysis.validation import validate

from .diagnosis import Relevance, challenges
from .market import Market, join
from .outcomes import answers, details
from .pipeline import Bob, Run, item_scores
from .ranking import rank
from .records import read_users
from .rulebook import catalogue
from .strategies import advice_lists
from .uses import action_rules

PARTS = ("scores", "diagnostic", "advices", "strategies", "actions", "other projects", "errors")
TOLERANCE = 1e-9
_ANSWERS = ("diagnostic", "advices", "strategies", "pipelineError")
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
    group: Sequence[Mapping[str, Any]] = ()


@dataclass
class Report:
    """How many answers were compared and how many matched, part by part, and those that did not."""

    matched: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    compared: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    vectors: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def vectors_matched(self) -> int:
        """Count the vectors all of whose answers match."""
        return self.vectors - len({m.vector for m in self.mismatches})

    @property
    def conforms(self) -> bool:
        """Tell whether every answer of every vector matches (and there was one)."""
        return self.vectors > 0 and not self.mismatches

    def lines(self) -> Iterator[str]:
        """Return one line a part, then one for the vectors."""
        for part in PARTS:
            yield f"{part} {self.matched[part]}/{self.compared[part]}"
        yield f"vectors {self.vectors_matched}/{self.vectors}"

    def compare(self, vector: str, part: str, what: str, got: Any, recorded: Any, **shown: Any) -> None:
        """Count one answer, and keep it if it is not the recorded one; ``shown``, its rule and people."""
        self.compared[part] += 1
        self.matched[part] += got == recorded
        if got != recorded:
            self.mismatches.append(Mismatch(vector, part, what, got, recorded, **shown))


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
            for line in islice(lines, limit):
                vector = json.loads(line)
                if absent := {"id", "now", "market", "user", "expected"} - set(vector):
                    raise ValueError(f"a vector needs {', '.join(sorted(absent))}")
                found.append(vector)
    except (EOFError, OSError, ValueError, TypeError, zlib.error) as error:
        raise InputError(f"{path}, line {len(found) + 1}: not a vector ({error})") from error
    return found


def markets(folder: Path, names: set[str]) -> dict[str, Market]:
    """Return the markets that vectors name: full, empty, nocovid, noauto.

    Raises InputError for another name.
    """
    if unknown := names - {"full", "empty", *_WITHOUT}:
        known = ", ".join(["full", "empty", *_WITHOUT])
        raise InputError(f"{folder}: no market is called {min(unknown)!r}; there are {known}")
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
    known = markets(market or path.parent / "market", {str(v["market"]) for v in vectors})
    report = Report(vectors=len(vectors))
    for name, documents in known.items():
        try:
            _compare([v for v in vectors if v["market"] == name], documents, report)
        except (LookupError, TypeError, AttributeError, ArithmeticError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{path}: a vector of market {name!r} is not as recorded: {error!r}") from error
    order = {str(vector["id"]): place for place, vector in enumerate(vectors)}
    report.mismatches.sort(key=lambda m: order[str(m.vector)])
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
        rows = came.rejected.head(3).to_dicts()
        raise InputError(f"{came.num_rejected} recorded projects cannot be read: {rows}")
    run = bob.steps(came.valid, plan.values())
    scored = evaluate(plan, run.known, keep=["rome_id"])
    ranked = rank(item_scores(scored, plan), list(plan), negative=False)
    plans = advice_lists(ranked, list(plan))["advice"].to_list()
    told = _told(run)
    places = {key: k for k, key in enumerate(run.diagnosed.select("user", "project").iter_rows())}
    for number, vector in enumerate(vectors):
        if (number, 0) not in places:
            continue
        first, said = places[number, 0], vector["expected"]
        compare = partial(report.compare, vector["id"])
        for part in ("diagnostic", "advices", "strategies"):  # a step not reached has no answer
            compare(part, part, told[first].get(part), said.get(part))
        if "pipelineError" in {*told[first], *said}:
            compare("errors", "pipelineError", told[first].get("pipelineError"), said.get("pipelineError"))
        compare("actions", "action plan", plans[first], said.get("actions", []))
        for k, other in enumerate(said.get("otherProjects", []), 1):
            recorded = {key: other[key] for key in _ANSWERS if key in other}
            compare("other projects", f"project {k}", told[places[number, k]], recorded)
    if rules:
        _compare_scores(vectors, rules, join(came.valid, market), report)


def _told(run: Run) -> list[dict[str, Any]]:
    """Return what each project is told, in the form of the recorded answers."""
    done = run.triggers
    lacking = [c for c in done.frame.columns if c.startswith("advice ") and c.endswith(STATUS)]
    fields = done.frame.select(details(pl.col(c), done.refusals).alias(_named(c)) for c in lacking)
    rows = zip(run.answers.to_dicts(), fields.to_dicts() or [{}] * run.known.height, strict=True)
    return [_project(row, {k: said for k, said in lacks.items() if said is not None}) for row, lacks in rows]


def _named(column: str) -> str:
    return column.removeprefix("advice ").removesuffix(STATUS)


def _project(found: Mapping[str, Any], missing: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return what one project is told; ``missing``, the fields that pieces of advice lack."""
    if found["diagnosis_error"] is not None:
        kind, _, named = found["diagnosis_error"].partition(": ")
        if kind == "error":
            return {"pipelineError": {"stage": "diagnose", "error": named}}
        lacks = sorted(named.split(", ")) if named else []
        return {"pipelineError": {"stage": "diagnose", "error": "NotEnoughDataException", "missing": lacks}}
    main = found["main_challenge"]
    categories = [
        {"categoryId": c.id, "relevance": Relevance(found[c.column]).name, "isHighlighted": c.id == main}
        for c in challenges()
    ]
    return {
        "diagnostic": {
            "categories": categories,
            "categoryId": main,
            "overallScore": found["overall_score"],
            "overallTemplateId": found["overall_row"],
        },
        "advices": [
            {"adviceId": name, "numStars": float(str(np.float32(stars)))}
            | ({"missingFields": sorted(missing[name])} if name in missing else {})
            for name, stars in zip(found["advice"], found["stars"], strict=True)
        ],
        "strategies": [
            {
                "strategyId": name,
                "score": found["strategy_points"][k],
                "isSecondary": found["strategy_is_secondary"][k],
                "isPrincipal": k == 0,
                "piecesOfAdvice": found["strategy_advice"][k],
            }
            for k, name in enumerate(found["strategies"])
        ],
    }


def _compare_scores(
    vectors: list[dict[str, Any]], rules: Mapping[str, Any], known: pl.DataFrame, report: Report
) -> None:
    """Compare the score of every named rule on the first project of every vector."""
    done = evaluate(rules, known, keep=["user", "project", "rome_id"])
    first = done.frame.filter(pl.col("project") == 0).sort("user")
    on_first = Evaluation(first, done.refusals)
    for name, rule in rules.items():
        for user, got in zip(first["user"], answers(on_first, name), strict=True):
            said = vectors[user]["expected"]["scores"].get(name)
            if said is None:
                continue
            numbers = not (isinstance(got, dict | None) or isinstance(said, dict))
            equal = abs(got - said) <= TOLERANCE if numbers else got == said
            shown = {} if equal else {"rule": rule, "group": known.filter(pl.col("user") == user).to_dicts()}
            report.compare(vectors[user]["id"], "scores", name, said if equal else got, said, **shown)
