"""Named assumptions: reading and checking ``scenarios.yaml``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from bobanalysis.tables import InputError, load_yaml
from bobanalysis.tables import load as typed
from bobanalysis.text import Text

from .vocabulary import READ

FILE = Path(__file__).with_name("scenarios.yaml")

Shares = dict[str, float]

_GIVEN = {"previous_job_similarity": "project_kind", "seniority": "previous_job_similarity"}
"""Answers whose shares depend on another answer, and which."""


@dataclass(frozen=True)
class Scenario:
    """One set of assumed answers, the same at every age and in every place.

    ``values`` holds the entries of the YAML file with those of the central scenario; every share is a float
    and each distribution sums to 1. ``title`` and ``why`` have the keys ``fr`` and ``en``; ``construction``
    says how age meets place, ``occupation`` or ``residence``.
    """

    name: str
    title: Mapping[str, str]
    why: Mapping[str, str]
    construction: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class _Entries:
    """What a scenario holds: answers, each with the shares of people who give it."""

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
    frustrations: Shares
    age_activity: dict[int, float]
    master_share: float
    long_search_months: float
    requires_diploma: Literal["all", "none"] | tuple[str, ...]
    hires_through_network: Literal["all", "none"] | tuple[str, ...]


@dataclass(frozen=True)
class _File:
    version: int
    labels: dict[str, dict[str, str]]
    scenarios: dict[str, dict[str, Any]]


def names() -> list[str]:
    """Names of the scenarios, in the order of the file.

    >>> names()[:3]
    ['central', 'occupation', 'residence']
    """
    return list(load_yaml(_File, FILE).scenarios)


@cache
def labels() -> dict[str, dict[str, str]]:
    """What each assumed answer is, for readers.

    Returns: mapping answer -> ``{"kind": "assumed", "fr": ..., "en": ...}``.

    >>> labels()["area_type"]["kind"]
    'assumed'
    """
    return load_yaml(_File, FILE).labels


def load(name: str = "central") -> Scenario:
    """Read one scenario, with what it keeps of the central one, and check it.

    Parameters: ``name``, one of :func:`names`.
    Returns: a :class:`Scenario`.
    Raises: InputError (an unknown name, an unknown answer or value, shares that do not sum to 1, ...).

    >>> load("residence").construction
    'residence'
    """
    known = load_yaml(_File, FILE).scenarios
    if name not in known:
        raise InputError(f"{FILE.name}: no scenario {name!r}; choose one of {', '.join(known)}")
    central, own, where = known["central"], known[name], f"{FILE.name}: scenario {name!r}"
    # Frustrations are independent of one another, so a scenario lists only those that it changes.
    frustrations = {**central.get("frustrations", {}), **own.get("frustrations", {})}
    values = vars(typed(_Entries, {**central, **own, "frustrations": frustrations}, where))
    title, why = (vars(values.pop(text)) for text in ("title", "why"))
    for entry, problem in _problems(values):
        raise InputError(f"{where}, {entry}: {problem}")
    return Scenario(name, title, why, values.pop("construction"), values)


def _problems(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Check what types do not say: names of answers, sums, ranges, and what contradicts itself."""
    given = [(answer, READ.answers[other]) for answer, other in _GIVEN.items()]
    for entry, wanted in (("frustrations", READ.frustrations), *given):
        if odd := sorted(set(wanted) ^ set(values[entry])):
            each = f"one entry is needed for each of {', '.join(wanted)}"
            yield repr(entry), f"{each}; missing or unknown: {', '.join(odd)}"
    shared: list[tuple[str, Shares, dict[str, int]]] = [
        ("'interviews_per_month'", values["interviews_per_month"], {})
    ]
    for answer, known in READ.answers.items():
        if answer in _GIVEN:
            shared += [(f"{answer!r}, {other!r}", one, known) for other, one in values[answer].items()]
        elif isinstance(values.get(answer), dict):
            shared.append((repr(answer), values[answer], known))
    for entry, shares, known in shared:
        if known and (strange := set(shares) - set(known)):
            yield entry, f"{min(strange)!r} is not a value of this answer; choose among {', '.join(known)}"
        if abs(math.fsum(shares.values()) - 1) > 1e-9:
            yield entry, f"the shares sum to {math.fsum(shares.values()):g}, not to 1; correct them"
    points = values["age_activity"]
    ranges = [
        *((entry, shares.values(), 0, 1) for entry, shares, _ in shared),
        ("'interviews_per_month'", values["interviews_per_month"], 0, 30),
        ("'frustrations'", values["frustrations"].values(), 0, 1),
        ("'age_activity'", points, 15, 80),
        ("'age_activity'", points.values(), 0, 1),
        ("'search_not_started'", [values["search_not_started"]], 0, 1),
        ("'master_share'", [values["master_share"]], 0, 1),
        ("'long_search_months'", [values["long_search_months"]], 1, 240),
    ]
    for entry, numbers, low, high in ranges:
        if wrong := [number for number in numbers if not low <= number <= high]:
            yield entry, f"{wrong[0]:g} is out of range; write a number from {low} to {high}"
    if len(points) < 2 or list(points) != sorted(points):
        yield "'age_activity'", "give two points 'age: factor' or more; the ages must rise, put them in order"
    elif points[max(points)] != 0:
        yield "'age_activity'", "the factor at the highest age must be 0, the end of the registered ages"
    if values["previous_job_similarity"]["FIND_A_FIRST_JOB"].get("DONE_THIS"):
        wrong_first = "someone who looks for a first job cannot have done it (DONE_THIS); set 0"
        yield "'previous_job_similarity'", wrong_first
    never = values["seniority"]["NEVER_DONE"]
    for name in never.keys() - {"NO_SENIORITY", "INTERN"}:
        if never[name]:
            yield "'seniority', 'NEVER_DONE'", f"{name} contradicts never having done the job; set 0"
