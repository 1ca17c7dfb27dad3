"""Whom a quirk of Bob affects, by the name that its record gives in ``touches``; the words are in YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, cast

import polars as pl

from bobanalysis.audit.conditions import force_condition
from bobanalysis.audit.quirks import Affected
from bobanalysis.audit.quirks import AffectedPopulation as People
from bobanalysis.bob import DICTIONARY, Bob, catalogue, configuration, overall_rows
from bobanalysis.bob.suggestions import less_stressful_departements, local_tension
from bobanalysis.rules import Text, inputs, neutral, walk
from bobanalysis.rules.expr import Compare, Expr, Var
from bobanalysis.tables import load_yaml

ALTERNANCE, POINTS = "advice-try-alternance", "strategy-get-alternance"
CLOSE_JOB, MOM = "advice-reorient-to-close-job", "for-long-term-mom"
MOBILITY, METHODS = "for-low-mobility(departement)", "relevance-enhance-methods"
PLACE_AND_JOB = ["departement_id", "rome_id"]


def _diagnosed(s: People, change: Callable[[Bob], Bob], column: str = "main_challenge") -> pl.Series:
    """Tell whose diagnosis is another once Bob is changed."""
    changed = change(cast(Bob, s.algorithm).diagnosis_only)
    return s.answers[column].ne_missing(changed.run(s.valid, validated=True)[column])


def _reversed(rule: str) -> Callable[[Bob], Bob]:
    """Decide the age condition of a rule the other way."""

    def compares_age(node: Expr) -> bool:
        return isinstance(node, Compare) and isinstance(node.left, Var) and node.left.variable.name == "age"

    node = next(n for n in walk(catalogue()[rule].expr) if compares_age(n))
    return lambda bob: bob.with_rule(rule, force_condition(bob, rule, node, ~node))


def _score_set_by_age(s: People) -> pl.Series:
    filters = sorted({f for row in overall_rows() for f in row.filters})
    aged = [f for f in filters if any(v.name == "age" for v in inputs(catalogue()[f].expr))]
    turned = [lambda bob, f=f: bob.with_rule(f, ~catalogue()[f].expr) for f in aged]  # type: ignore[misc]
    return pl.select(pl.any_horizontal(*(_diagnosed(s, t, "overall_score") for t in turned))).to_series()


def _with(s: People, rule: str, **answers: Any) -> pl.Series:
    """Return what a rule would answer if some answers were others."""
    return s.score(rule, neutral(catalogue()[rule].expr, answers))


def _gives(s: People, outcome: str, *items: Any) -> pl.Series:
    """Tell to whom a list gives one of some items."""
    lists = pl.col(outcome).cast(pl.List(pl.String)) if isinstance(items[0], str) else pl.col(outcome)
    return s.answers.select(pl.any_horizontal(*(lists.list.contains(item) for item in items))).to_series()


def _told(s: People, challenge: str) -> pl.Series:
    return s.answers["main_challenge"].cast(pl.String) == challenge


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
    "challenge_liked_by_age": lambda s: _diagnosed(s, _reversed("category-find-what-you-like")),
    "challenge_diploma_by_age": lambda s: _diagnosed(s, _reversed("category-missing-diploma")),
    "score_set_by_age": _score_set_by_age,
    "work_study_refused_by_age": lambda s: (s.score(ALTERNANCE) == 0) & (_with(s, ALTERNANCE, age=55) > 0),
    "work_study_score_set_by_age": lambda s: s.score(ALTERNANCE).is_between(
        0, _with(s, ALTERNANCE, age=25), closed="none"
    ),
    "work_study_points_halved": lambda s: (
        _gives(s, "strategies", "get-alternance") & (s.score(POINTS) < _with(s, POINTS, age=30))
    ),
    "senior_advice_unexplained": lambda s: (
        _gives(s, "advice", "senior") & ~s.known["frustration_age_discrimination"]
    ),
    "close_job_refused_by_age": lambda s: (s.score(CLOSE_JOB) == 0) & (_with(s, CLOSE_JOB, age=44) > 0),
    "exactly_at_the_bound": lambda s: s.known["age"].is_in([25, 50]),
    "challenge_set_by_place": lambda s: _diagnosed(s, lambda bob: bob.blind_to("place")),
    "told_stuck_market": lambda s: _told(s, "stuck-market"),
    "low_mobility_inverted": lambda s: (
        s.score(MOBILITY) != s.score(MOBILITY, DICTIONARY.area_type <= "DEPARTEMENT")
    ),
    "rank_among_equals": _rank_among_equals,
    "without_local_non_profit": _without_local_non_profit,
    "disability_declared": lambda s: s.known["has_handicap"],
    "home_years_not_feminine": lambda s: (
        ~s.score(MOM) & _with(s, MOM, gender=DICTIONARY["gender"].number_of("FEMININE"))
    ),
    "origin_inferred": lambda s: s.score("for-migrant"),
    "origin_discrimination_unread": lambda s: (
        s.known["frustration_race_discrimination"] & (s.score("advice-create-your-company") == 1)
    ),
    "short_search_not_started": lambda s: (s.known["search_length"] < 0) & s.score("for-short-search(-1)"),
    "master_told_missing_diploma": lambda s: (
        _told(s, "missing-diploma")
        & (s.known["highest_degree"] >= DICTIONARY["highest_degree"].number_of("DEA_DESS_MASTER_PHD"))
    ),
    "first_advice_tied": lambda s: (
        s.answers["stars"].list.get(0, null_on_oob=True) == s.answers["stars"].list.get(1, null_on_oob=True)
    ),
    "network_advice_by_prefix": _network_advice_by_prefix,
    "methods_rules_differ": lambda s: s.score(METHODS).ne_missing(s.score(f"{METHODS}-to-interview")),
    "strategy_at_ten_points": lambda s: _gives(s, "strategy_points", 10),
    "told_to_move": lambda s: _gives(s, "advice", "relocate"),
    "told_without_checking": lambda s: _gives(s, "advice", "civic-service", "immersion-milo"),
    "everybody": lambda s: pl.repeat(True, s.known.height, eager=True),
}

_SAID = load_yaml(dict[str, Any], files("bobanalysis.bob") / "affected.yaml")
AFFECTED: Mapping[str, Affected] = {
    name: Affected(
        Text(said["fr"], said["en"]), WHO[name], tuple(said.get("reads", ())), said.get("certain", False)
    )
    for name, said in _SAID.items()
}
