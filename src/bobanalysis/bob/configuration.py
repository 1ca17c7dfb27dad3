"""The published configuration, restated in this project's own layout (``config/*.yaml``).

Identifiers, filters and numbers only; each file says where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from bobanalysis.rules import Text
from bobanalysis.rules.variables import LOADER


def table(name: str) -> list[dict[str, Any]]:
    """Return one file of the configuration, as its rows."""
    text = (files("bobanalysis.bob") / "config" / f"{name}.yaml").read_text(encoding="utf-8")
    return list(yaml.load(text, Loader=LOADER))


@cache
def reasons() -> dict[str, Text]:
    """Return what each code of a rule's row tells the person.

    >>> reasons()["READY_TO_MOVE"].en
    'is ready to move'
    """
    text = (files("bobanalysis.bob") / "because.yaml").read_text(encoding="utf-8")
    return {code: Text(**texts) for code, texts in yaml.load(text, Loader=LOADER).items()}


@dataclass(frozen=True)
class AdviceModule:
    """One piece of advice: which rule scores it, and which others it excludes once it is chosen."""

    id: str
    label: Text
    trigger: str
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Public:
    """For whom non-profits are: the filters that remain once the départements are taken out."""

    id: str
    filters: tuple[str, ...]


@dataclass(frozen=True)
class Association:
    """One non-profit: its public and the départements that it serves (None: all of them)."""

    id: str
    public: str
    departements: tuple[str, ...] | None
    mission_locale: bool = False

    def serves(self, departement: str) -> bool:
        """Tell whether a département is on its list."""
        return self.departements is None or departement in self.departements


@dataclass(frozen=True)
class JobAdvice:
    """Tips for one occupation: who gets them, and in which strategies."""

    id: str
    filters: tuple[str, ...]
    strategies: tuple[str, ...]


@dataclass(frozen=True)
class Strategy:
    """One strategy: for which challenges, which rule scores it, its pieces of advice and actions, in order.

    ``advice`` are prefixes of identifiers of advice (C25).
    """

    id: str
    challenges: tuple[str, ...]
    trigger: str
    advice: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """One template of the action plan: which rule scores it, and the advice that it belongs to."""

    id: str
    trigger: str
    advice: str
    duration: str


@cache
def advice_modules() -> tuple[AdviceModule, ...]:
    """Return the 43 published pieces of advice, in their order.

    >>> len(advice_modules())
    43
    """
    return tuple(
        AdviceModule(r["id"], Text(**r["label"]), r["trigger"], tuple(r.get("excludes", ())))
        for r in table("advice")
    )


@cache
def association_publics() -> tuple[Public, ...]:
    """Return the distinct publics of non-profits."""
    return tuple(Public(r["id"], tuple(r["filters"])) for r in table("association_publics"))


@cache
def associations() -> tuple[Association, ...]:
    """Return the 116 published non-profits, in their order.

    >>> len(associations()), len(association_publics())
    (116, 22)
    """
    return tuple(
        Association(
            r["id"],
            r["public"],
            tuple(r["departements"]) if "departements" in r else None,
            r.get("mission_locale", False),
        )
        for r in table("associations")
    )


@cache
def job_advice() -> tuple[JobAdvice, ...]:
    """Return the 27 published lists of tips for one occupation, in the order in which they are tried."""
    return tuple(JobAdvice(r["id"], tuple(r["filters"]), tuple(r["strategies"])) for r in table("job_advice"))


@cache
def strategies() -> tuple[Strategy, ...]:
    """Return the 26 published strategies, in their order."""
    return tuple(
        Strategy(r["id"], tuple(r["challenges"]), r["trigger"], tuple(r["advice"]), tuple(r["actions"]))
        for r in table("strategies")
    )


@cache
def actions() -> tuple[Action, ...]:
    """Return the 49 published templates of the action plan, in their order."""
    return tuple(Action(r["id"], r["trigger"], r["advice"], r["duration"]) for r in table("actions"))


@dataclass(frozen=True)
class Contents:
    """A published list of contents that the service picks from outside the ranking: filters by content."""

    id: str
    label: Text
    source: str
    contents: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class OutsideRule:
    """A condition on age or place that the server reads outside the named rules.

    ``input`` is an entry of the data dictionary; ``op`` and ``threshold`` the comparison, if it is one with a
    number; ``where`` what it chooses; ``says`` the condition in words (None: the comparison says it).
    """

    id: str
    input: str
    where: Text
    says: Text | None
    op: str
    threshold: float | None
    source: str
    spec: str


@cache
def contents() -> tuple[Contents, ...]:
    """Return the published lists of contents that are picked outside the ranking.

    >>> {c.id: len(c.contents) for c in contents()}["job-boards"]
    123
    """
    return tuple(
        Contents(r["id"], Text(**r["label"]), r["source"], {k: tuple(v) for k, v in r["contents"].items()})
        for r in table("contents")
    )


@cache
def outside_rules() -> tuple[OutsideRule, ...]:
    """Return the conditions on age or place that are read outside the named rules.

    >>> [(r.id, r.threshold) for r in outside_rules() if r.input == "age"]
    [('mission-locale-licence', 18), ('salary-comment', 35)]
    """
    return tuple(
        OutsideRule(
            r["id"],
            r["input"],
            Text(**r["where"]),
            Text(**r["says"]) if "says" in r else None,
            r.get("op", ""),
            r.get("threshold"),
            r["source"],
            r["spec"],
        )
        for r in table("outside_rules")
    )
