"""Old names of ``audit.activation``, ``audit.boundary`` and ``bob.uses``, for Bob."""  # alias

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import polars as pl

from bobanalysis.audit import activation, boundary
from bobanalysis.audit.activation import EVERYBODY, as_read
from bobanalysis.audit.activation import activation_over as over_scales
from bobanalysis.audit.boundary import DRAWN
from bobanalysis.audit.boundary import UNKNOWN_TEXT as NO_JOB_GROUP
from bobanalysis.audit.values import format_answer as answer
from bobanalysis.bob import Bob, Market
from bobanalysis.bob import uses as _uses
from bobanalysis.bob.uses import rules_in_use as in_use
from bobanalysis.rules import Expr


@cache
def _bob() -> Bob:
    return Bob(Market.empty())


@cache
def published_rules() -> Mapping[str, Expr]:
    """Return the expression of every published rule by name."""
    return MappingProxyType({name: rule.expr for name, rule in _uses.published_rules().items()})


def acts(name: str, rule: Expr) -> Expr:
    """Return the condition that a rule acts on a person."""
    return _bob().is_active(name, rule)


def reach(
    people: pl.DataFrame, rules: Mapping[str, Expr], by: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return the share of people on whom each rule acts."""
    groups = {"age": "age_band", "region": "region_id"} if by is None else by
    return activation.activation_rates(_bob(), people, rules, groups)


def not_held(people: pl.DataFrame, rules: Mapping[str, Expr]) -> pl.DataFrame:
    """Return what each rule reads and nobody here answered."""
    return activation.unanswered(_bob(), people, rules)


def pairs(rules: Mapping[str, Expr], people: int = DRAWN, seed: int = 2016) -> pl.DataFrame:
    """Return, for each rule and each threshold, two people whom it parts."""
    return boundary.boundary_pairs(rules, people, seed, ("user", "project"))


__all__ = [
    "EVERYBODY",
    "NO_JOB_GROUP",
    "acts",
    "answer",
    "as_read",
    "in_use",
    "not_held",
    "over_scales",
    "pairs",
    "published_rules",
    "reach",
]
