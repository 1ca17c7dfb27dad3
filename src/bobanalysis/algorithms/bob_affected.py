"""Whom a quirk of Bob affects, by the name in its record under ``touches``: see ``bob/affected.yaml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, cast

import polars as pl
import yaml

from bobanalysis.audit.conditions import force_condition
from bobanalysis.audit.person import input_columns
from bobanalysis.audit.quirks import Affected
from bobanalysis.audit.quirks import AffectedPopulation as People
from bobanalysis.bob import DICTIONARY, Bob, catalogue, configuration, overall_rows
from bobanalysis.bob.suggestions import less_stressful_departements, local_tension
from bobanalysis.rules import inputs, neutral, walk
from bobanalysis.rules.expr import Compare, Expr, Var
from bobanalysis.tables import load_yaml

PLACE_AND_JOB = ["departement_id", "rome_id"]


def _meets(condition: str) -> Callable[[People], pl.Series]:
    """Return who meets a condition in SQL on inputs, answers and rules ("rule", "rule @ input=answer")."""

    def who(s: People) -> pl.Series:
        rules = [_answered(s, name) for name in {*re.findall(r'"(.+?)"', condition)}]
        return s.known.with_columns(*s.answers, *rules).with_columns(who=pl.sql_expr(condition))["who"]

    return who


def _answered(s: People, name: str) -> pl.Series:
    """Return what a rule answers, with another answer to one input if its name says so."""
    rule, _, changed = name.partition(" @ ")
    input, _, answer = changed.partition("=")
    given = {input: yaml.safe_load(answer)} if changed else {}
    expr = neutral(catalogue()[rule].expr, input_columns(given, DICTIONARY, name))
    return s.score(rule, expr).alias(name)


def _diagnosed(s: People, change: Callable[[Bob], Bob], column: str = "main_challenge") -> pl.Series:
    """Tell whose diagnosis is another once Bob is changed."""
    changed = change(cast(Bob, s.algorithm).diagnosis_only)
    return s.answers[column].ne_missing(changed.run(s.valid, validated=True)[column])


def _challenge_turned(rule: str) -> Callable[[People], pl.Series]:
    """Return whose challenge is another once the age condition of a rule is decided the other way."""

    def compares_age(node: Expr) -> bool:
        return isinstance(node, Compare) and isinstance(node.left, Var) and node.left.variable.name == "age"

    node = next(n for n in walk(catalogue()[rule].expr) if compares_age(n))
    return lambda s: _diagnosed(s, lambda bob: bob.with_rule(rule, force_condition(bob, rule, node, ~node)))


def _score_set_by_age(s: People) -> pl.Series:
    filters = {f: catalogue()[f].expr for row in overall_rows() for f in row.filters}
    aged = [f for f, expr in sorted(filters.items()) if any(v.name == "age" for v in inputs(expr))]
    turned = [_diagnosed(s, lambda bob, f=f: bob.with_rule(f, ~filters[f]), "overall_score") for f in aged]  # type: ignore[misc]
    return pl.select(pl.any_horizontal(*turned)).to_series()


def _rank_among_equals(s: People) -> pl.Series:
    ranks = less_stressful_departements(local_tension(cast(Bob, s.algorithm).market))
    keys = pl.col(PLACE_AND_JOB).cast(pl.String)
    equal = ranks.select(keys, equal=pl.col("at_least") < pl.col("at_most"))
    return s.known.select(keys).join(equal, on=PLACE_AND_JOB, how="left", maintain_order="left")["equal"]


def _without_local_non_profit(s: People) -> pl.Series:
    served = {d for a in configuration.associations() for d in a.departements or ()}
    return ~s.known["departement_id"].is_in(sorted(served))


def _network_advice_by_prefix(s: People) -> pl.Series:
    named = {name for strategy in configuration.strategies() for name in strategy.advice}
    by_prefix = sorted({m.id for m in configuration.advice_modules()} - named)
    held = pl.element().list.eval(pl.element().cast(pl.String).is_in(by_prefix)).list.any()
    return s.answers.select(pl.col("strategy_advice").list.eval(held).list.any()).to_series()


WHO: Mapping[str, Callable[[People], pl.Series]] = {
    "challenge_liked_by_age": _challenge_turned("category-find-what-you-like"),
    "challenge_diploma_by_age": _challenge_turned("category-missing-diploma"),
    "score_set_by_age": _score_set_by_age,
    "challenge_set_by_place": lambda s: _diagnosed(s, lambda bob: bob.blind_to("place")),
    "rank_among_equals": _rank_among_equals,
    "without_local_non_profit": _without_local_non_profit,
    "network_advice_by_prefix": _network_advice_by_prefix,
}
"""Those whom no condition finds."""

AFFECTED: Mapping[str, Affected] = {
    name: Affected(
        _meets(said["who"]) if "who" in said else WHO[name], said.get("reads", ()), said.get("certain", False)
    )
    for name, said in load_yaml(dict[str, dict[str, Any]], files("bobanalysis.bob") / "affected.yaml").items()
}
