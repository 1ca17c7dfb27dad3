"""Named assumptions: reading and checking ``scenarios.yaml``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .enums import ENUMS, FRUSTRATIONS

FILE = Path(__file__).with_name("scenarios.yaml")

_SHARES = (
    "project_kind",
    "passionate_level",
    "training_fulfillment_estimate",
    "weekly_applications_estimate",
    "network_estimate",
    "has_clear_project",
    "area_type",
    "family_situation",
)
_CONDITIONAL = {"previous_job_similarity": "project_kind", "seniority": "previous_job_similarity"}
_CHOICES = {"construction": ("occupation", "residence"), "situation": ("cleared", "derived")}
_RULES = {
    "requires_diploma": {"qualification": "levels", "all": None, "none": None},
    "hires_through_network": {"domains": "domains", "all": None, "none": None},
}
# What a project of this kind cannot be, whatever the scenario says.
_NO_EXPERIENCE = {"NO_SENIORITY", "INTERN"}


class ScenarioError(ValueError):
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

    def shares(self, answer: str) -> dict[str, float]:
        """Share of people by name of the answer, for an answer that depends on nothing."""
        return dict(self.values[answer])


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
    values = _inherit(name, known, path, ())
    title, why = values.pop("title", {}), values.pop("why", {})
    where = f"{path.name}: scenario {name!r}"
    for text, entry in ((title, "title"), (why, "why")):
        if not isinstance(text, dict) or not {"fr", "en"} <= text.keys():
            raise ScenarioError(f"{where}: {entry!r} must have a text in 'fr' and in 'en'; add them")
    return Scenario(name, title, why, _checked(values, where))


def _inherit(name: str, known: Mapping[str, Any], path: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    if name in seen:
        raise ScenarioError(f"{path.name}: scenario {name!r} inherits from itself; change its 'like'")
    own = dict(known[name])
    parent = own.pop("like", None)
    if parent is None:
        return own
    if parent not in known:
        raise ScenarioError(
            f"{path.name}: scenario {name!r}: 'like' names {parent!r}, which is not in the file"
        )
    values = _inherit(parent, known, path, (*seen, name))
    # Frustrations are independent of one another, so a scenario lists only those that it changes.
    own["frustrations"] = {**values.get("frustrations", {}), **own.get("frustrations", {})}
    return {**values, **own}


def _checked(values: dict[str, Any], where: str) -> dict[str, Any]:
    simple = {"search_not_started", "frustrations", "age_activity", "master_share", "long_search_months"}
    expected = {*_SHARES, *_CONDITIONAL, *_CHOICES, *_RULES, *simple, "interviews_per_month"}
    for missing in sorted(expected - values.keys()):
        raise ScenarioError(f"{where}: {missing!r} is missing; add it or inherit it with 'like'")
    for extra in sorted(values.keys() - expected):
        raise ScenarioError(
            f"{where}: {extra!r} is not an entry of a scenario; remove it or correct its spelling"
        )
    for key, allowed in _CHOICES.items():
        if values[key] not in allowed:
            raise ScenarioError(f"{where}: {key!r} is {values[key]!r}; choose one of {', '.join(allowed)}")
    out = dict(values)
    for key in _SHARES:
        out[key] = _distribution(values[key], f"{where}, {key!r}", ENUMS[key])
    for key, given in _CONDITIONAL.items():
        out[key] = _conditional(values[key], f"{where}, {key!r}", ENUMS[key], ENUMS[given])
    out["interviews_per_month"] = {
        _number(pace, f"{where}, 'interviews_per_month'", 0, 30): share
        for pace, share in _distribution(
            values["interviews_per_month"], f"{where}, 'interviews_per_month'"
        ).items()
    }
    out["frustrations"] = _frustrations(values["frustrations"], where)
    out["search_not_started"] = _number(values["search_not_started"], f"{where}, 'search_not_started'", 0, 1)
    out["master_share"] = _number(values["master_share"], f"{where}, 'master_share'", 0, 1)
    out["long_search_months"] = _number(
        values["long_search_months"], f"{where}, 'long_search_months'", 1, 240
    )
    out["age_activity"] = _age_activity(values["age_activity"], f"{where}, 'age_activity'")
    for key, rules in _RULES.items():
        out[key] = _rule(values[key], f"{where}, {key!r}", rules)
    _consistent(out, where)
    return out


def _number(value: object, where: str, low: float, high: float) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ScenarioError(f"{where}: {value!r} is not a number; write one from {low} to {high}") from None
    if isinstance(value, bool) or not low <= number <= high:
        raise ScenarioError(f"{where}: {value!r} is out of range; write a number from {low} to {high}")
    return number


def _distribution(shares: object, where: str, allowed: Mapping[str, int] | None = None) -> dict[str, float]:
    if not isinstance(shares, dict) or not shares:
        raise ScenarioError(f"{where}: expected a list of 'value: share'; got {shares!r}")
    out = {}
    for value, share in shares.items():
        if allowed is not None and str(value) not in allowed:
            raise ScenarioError(
                f"{where}: {value!r} is not a value of this answer; choose among {', '.join(allowed)}"
            )
        out[str(value)] = _number(share, f"{where}, value {value!r}", 0, 1)
    if abs(math.fsum(out.values()) - 1) > 1e-9:
        raise ScenarioError(f"{where}: the shares sum to {math.fsum(out.values()):g}, not to 1; correct them")
    return out


def _conditional(
    table: object, where: str, allowed: Mapping[str, int], given: Mapping[str, int]
) -> dict[str, dict[str, float]]:
    if not isinstance(table, dict) or set(table) != set(given):
        raise ScenarioError(f"{where}: one list of shares is needed for each of {', '.join(given)}")
    return {key: _distribution(shares, f"{where}, {key!r}", allowed) for key, shares in table.items()}


def _frustrations(shares: object, where: str) -> dict[str, float]:
    if not isinstance(shares, dict) or set(shares) != set(FRUSTRATIONS):
        odd = sorted(set(FRUSTRATIONS) ^ set(shares if isinstance(shares, dict) else ()))
        raise ScenarioError(
            f"{where}, 'frustrations': each difficulty needs one share; missing or unknown: {odd}"
        )
    return {name: _number(shares[name], f"{where}, 'frustrations', {name!r}", 0, 1) for name in FRUSTRATIONS}


def _age_activity(points: object, where: str) -> dict[int, float]:
    if not isinstance(points, dict) or len(points) < 2:
        raise ScenarioError(f"{where}: at least two points 'age: factor' are needed")
    out = {
        int(_number(age, where, 15, 80)): _number(factor, f"{where}, age {age}", 0, 1)
        for age, factor in points.items()
    }
    if list(out) != sorted(out):
        raise ScenarioError(f"{where}: the ages must rise; put them in order")
    if out[max(out)] != 0:
        raise ScenarioError(
            f"{where}: the factor at the highest age must be 0, the end of the registered ages"
        )
    return out


def _rule(rule: object, where: str, rules: Mapping[str, str | None]) -> dict[str, Any]:
    # A bare `none` is text in YAML, `null` and `~` are not; say so rather than guess.
    if not isinstance(rule, dict) or rule.get("rule") not in rules:
        raise ScenarioError(f"{where}: expected 'rule: ...' with one of {', '.join(rules)}; got {rule!r}")
    wanted = rules[rule["rule"]]
    extra = set(rule) - {"rule"} - ({wanted} if wanted else set())
    if extra or (wanted and not rule.get(wanted)):
        raise ScenarioError(
            f"{where}: the rule {rule['rule']!r} takes {wanted or 'nothing else'}; got {rule!r}"
        )
    return {"rule": rule["rule"], "values": tuple(str(value) for value in rule.get(wanted, ()))}


def _consistent(values: Mapping[str, Any], where: str) -> None:
    if values["previous_job_similarity"]["FIND_A_FIRST_JOB"].get("DONE_THIS", 0):
        raise ScenarioError(
            f"{where}, 'previous_job_similarity': someone who looks for a first job cannot have done it "
            f"(DONE_THIS); set 0"
        )
    experienced = [s for s, p in values["seniority"]["NEVER_DONE"].items() if p and s not in _NO_EXPERIENCE]
    if experienced:
        raise ScenarioError(
            f"{where}, 'seniority', 'NEVER_DONE': {experienced[0]} contradicts never having done the job; "
            f"set 0"
        )
