"""Named assumptions: reading and checking ``scenarios.yaml``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from bobanalysis.tables import InputError
from bobanalysis.tables import load as typed
from bobanalysis.text import Text

from .enums import ENUMS, FRUSTRATIONS

FILE = Path(__file__).with_name("scenarios.yaml")

Shares = dict[Any, float]

_CONDITIONAL = {"previous_job_similarity": "project_kind", "seniority": "previous_job_similarity"}
_RULES = {
    "requires_diploma": {"qualification": "levels", "all": None, "none": None},
    "hires_through_network": {"domains": "domains", "all": None, "none": None},
}
_RANGES = {"search_not_started": (0, 1), "master_share": (0, 1), "long_search_months": (1, 240)}
# What a project of this kind cannot be, whatever the scenario says.
_NO_EXPERIENCE = {"NO_SENIORITY", "INTERN"}


class ScenarioError(InputError):
    """The file of scenarios cannot be used; the message names the file, the scenario, the entry and what to
    do."""


@dataclass(frozen=True)
class Scenario:
    """One set of assumed answers, the same at every age and in every place.

    ``values`` holds the entries of the YAML file after inheritance; every share is a float and each
    distribution sums to 1. ``title`` and ``why`` have the keys ``fr`` and ``en``.
    """

    name: str
    title: Mapping[str, str]
    why: Mapping[str, str]
    values: Mapping[str, Any]

    @property
    def construction(self) -> str:
        """How age meets place: ``occupation`` or ``residence``."""
        return str(self.values["construction"])


@dataclass(frozen=True)
class _Rule:
    rule: str
    levels: tuple[Any, ...] = ()
    domains: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Entries:
    """What a scenario holds once it has inherited: answers, each with the shares of people who give it."""

    title: Text
    why: Text
    construction: Literal["occupation", "residence"]
    situation: Literal["cleared", "derived"]
    search_not_started: float
    project_kind: Shares
    previous_job_similarity: dict[str, Shares]
    seniority: dict[str, Shares]
    passionate_level: Shares
    training_fulfillment_estimate: Shares
    weekly_applications_estimate: Shares
    interviews_per_month: dict[float, float]
    network_estimate: Shares
    has_clear_project: Shares
    area_type: Shares
    family_situation: Shares
    frustrations: dict[str, float]
    age_activity: dict[int, float]
    master_share: float
    long_search_months: float
    requires_diploma: _Rule
    hires_through_network: _Rule


@cache
def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path.name}: not readable as YAML ({error}); correct the file") from error
    if not isinstance(document, dict) or not {"labels", "scenarios"} <= document.keys():
        raise ScenarioError(
            f"{path.name}: expected the entries 'labels' and 'scenarios' at the top; add them"
        )
    return document


def names(path: Path | None = None) -> list[str]:
    """Names of the scenarios, in the order of the file.

    Parameters: ``path``, a YAML file (default: the one shipped).
    Returns: list of names.

    >>> names()[:3]
    ['central', 'occupation', 'residence']
    """
    return list(_read(path or FILE)["scenarios"])


def labels(path: Path | None = None) -> dict[str, dict[str, str]]:
    """What each assumed answer is, for readers.

    Parameters: ``path``, a YAML file (default: the one shipped).
    Returns: mapping answer -> ``{"kind": "assumed", "fr": ..., "en": ...}``.

    >>> labels()["area_type"]["kind"]
    'assumed'
    """
    return {answer: dict(text) for answer, text in _read(path or FILE)["labels"].items()}


def load(name: str = "central", path: Path | None = None) -> Scenario:
    """Read one scenario, with what it inherits, and check it.

    Parameters: ``name``, one of :func:`names`; ``path``, a YAML file (default: the one shipped).
    Returns: a :class:`Scenario`.
    Raises: ScenarioError (an unknown name, an unknown answer or value, shares that do not sum to 1, ...).

    >>> load("residence").construction
    'residence'
    """
    path = path or FILE
    known = _read(path)["scenarios"]
    if name not in known:
        raise ScenarioError(f"{path.name}: no scenario {name!r}; choose one of {', '.join(known)}")
    where = f"{path.name}: scenario {name!r}"
    try:
        found = vars(typed(_Entries, _inherit(name, known, path, ()), where))
    except InputError as error:
        raise ScenarioError(str(error)) from None
    title, why = (vars(found.pop(text)) for text in ("title", "why"))
    return Scenario(name, title, why, _checked(found, where))


def _inherit(name: str, known: Mapping[str, Any], path: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise ScenarioError(f"{path.name}: scenario {name!r} inherits from itself; change its 'like'")
    own = dict(known[name])
    parent = own.pop("like", None)
    if parent is None:
        return own
    if parent not in known:
        where = f"{path.name}: scenario {name!r}"
        raise ScenarioError(f"{where}: 'like' names {parent!r}, which is not in the file")
    values = _inherit(parent, known, path, (*seen, name))
    # Frustrations are independent of one another, so a scenario lists only those that it changes.
    own["frustrations"] = {**values.get("frustrations", {}), **own.get("frustrations", {})}
    return {**values, **own}


def _checked(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Check what types do not say: ranges, sums, names of answers, and what contradicts itself."""
    for key, (low, high) in _RANGES.items():
        _within([values[key]], f"{where}, {key!r}", low, high)
    for key, allowed in ENUMS.items():
        if key in _CONDITIONAL:
            given = ENUMS[_CONDITIONAL[key]]
            if set(values[key]) != set(given):
                each = f"one list of shares is needed for each of {', '.join(given)}"
                raise ScenarioError(f"{where}, {key!r}: {each}")
            for other, shares in values[key].items():
                values[key][other] = _distribution(shares, f"{where}, {key!r}, {other!r}", allowed)
        elif isinstance(values.get(key), dict):
            values[key] = _distribution(values[key], f"{where}, {key!r}", allowed)
    _within(values["interviews_per_month"], f"{where}, 'interviews_per_month'", 0, 30)
    _distribution(values["interviews_per_month"], f"{where}, 'interviews_per_month'")
    told = values["frustrations"]
    if odd := sorted(set(FRUSTRATIONS) ^ set(told)):
        wrong = f"each difficulty needs one share; missing or unknown: {odd}"
        raise ScenarioError(f"{where}, 'frustrations': {wrong}")
    _within(told.values(), f"{where}, 'frustrations'", 0, 1)
    values["frustrations"] = {name: told[name] for name in FRUSTRATIONS}
    _age_activity(values["age_activity"], f"{where}, 'age_activity'")
    for key, rules in _RULES.items():
        values[key] = _rule(values[key], f"{where}, {key!r}", rules)
    _consistent(values, where)
    return values


def _within(numbers: Iterable[float], where: str, low: float, high: float) -> None:
    for number in numbers:
        if not low <= number <= high:
            raise ScenarioError(f"{where}: {number:g} is out of range; write a number from {low} to {high}")


def _distribution(shares: Shares, where: str, allowed: Mapping[str, int] | None = None) -> dict[str, float]:
    for value in shares:
        if allowed is not None and str(value) not in allowed:
            among = f"choose among {', '.join(allowed)}"
            raise ScenarioError(f"{where}: {value!r} is not a value of this answer; {among}")
    _within(shares.values(), where, 0, 1)
    if abs(math.fsum(shares.values()) - 1) > 1e-9:
        total = math.fsum(shares.values())
        raise ScenarioError(f"{where}: the shares sum to {total:g}, not to 1; correct them")
    return {str(value): share for value, share in shares.items()}


def _age_activity(points: dict[int, float], where: str) -> None:
    _within(points, where, 15, 80)
    _within(points.values(), where, 0, 1)
    problems = {
        "at least two points 'age: factor' are needed": len(points) < 2,
        "the ages must rise; put them in order": list(points) != sorted(points),
        "the factor at the highest age must be 0, the end of the registered ages": points
        and points[max(points)] != 0,
    }
    for problem in (text for text, there in problems.items() if there):
        raise ScenarioError(f"{where}: {problem}")


def _rule(rule: _Rule, where: str, rules: Mapping[str, str | None]) -> dict[str, Any]:
    if rule.rule not in rules:
        wanted = f"expected 'rule: ...' with one of {', '.join(rules)}"
        raise ScenarioError(f"{where}: {wanted}; got {rule.rule!r}")
    takes, given = rules[rule.rule], {"levels": rule.levels, "domains": rule.domains}
    if {name for name, listed in given.items() if listed} != ({takes} if takes else set()):
        raise ScenarioError(f"{where}: the rule {rule.rule!r} takes {takes or 'nothing else'}; got {given}")
    return {"rule": rule.rule, "values": tuple(map(str, given[takes] if takes else ()))}


def _consistent(values: Mapping[str, Any], where: str) -> None:
    if values["previous_job_similarity"]["FIND_A_FIRST_JOB"].get("DONE_THIS", 0):
        wrong = "someone who looks for a first job cannot have done it (DONE_THIS); set 0"
        raise ScenarioError(f"{where}, 'previous_job_similarity': {wrong}")
    for seniority, share in values["seniority"]["NEVER_DONE"].items():
        if share and seniority not in _NO_EXPERIENCE:
            wrong = f"{seniority} contradicts never having done the job; set 0"
            raise ScenarioError(f"{where}, 'seniority', 'NEVER_DONE': {wrong}")
