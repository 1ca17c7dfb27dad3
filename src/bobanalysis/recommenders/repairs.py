"""Whom a quirk of Bob affects, by the name that its record gives in ``touches``; the words are in YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import polars as pl

from bobanalysis.audit.conditions import force_condition
from bobanalysis.audit.quirks import Affected, AffectedPopulation, affected_population, lacking_answers
from bobanalysis.bob import DICTIONARY, Bob, Market, catalogue, configuration
from bobanalysis.bob.diagnosis import overall_rows
from bobanalysis.bob.pipeline import _yaml
from bobanalysis.bob.suggestions import less_stressful_departements, local_tension
from bobanalysis.rules import Text, inputs, neutral, walk
from bobanalysis.rules.expr import Compare, Expr, Var

Seen, Repair = AffectedPopulation, Affected  # alias


def _bob(found: AffectedPopulation) -> Bob:
    return cast(Bob, found.algorithm)


def _otherwise_told(found: AffectedPopulation, rule: str) -> pl.Series:
    """Say whose main challenge is another once the age condition of a rule is decided the other way."""
    bob = _bob(found)
    node = next(n for n in walk(catalogue()[rule].expr) if _compares_age(n))
    changed = bob.diagnosis_only.with_rule(rule, force_condition(bob, rule, node, ~node))
    other = changed.run(found.valid, validated=True)["main_challenge"]
    return found.answers["main_challenge"].ne_missing(other)


def _compares_age(node: Expr) -> bool:
    return isinstance(node, Compare) and isinstance(node.left, Var) and node.left.variable.name == "age"


def _aged(found: AffectedPopulation, rule: str, age: int) -> pl.Series:
    """Return what a rule would answer at one age, the other answers being the same."""
    return found.score(rule, neutral(catalogue()[rule].expr, {"age": age}))


def _score_set_by_age(found: AffectedPopulation) -> pl.Series:
    filters = {f for row in overall_rows() for f in row.filters}
    scores = [
        _bob(found)
        .diagnosis_only.with_rule(rule, ~catalogue()[rule].expr)
        .run(found.valid, validated=True)["overall_score"]
        for rule in sorted(filters)
        if any(v.name == "age" for v in inputs(catalogue()[rule].expr))
    ]
    own = found.answers["overall_score"]
    return pl.select(pl.any_horizontal(*(own.ne_missing(s) for s in scores))).to_series()


def _work_study_refused_by_age(found: AffectedPopulation) -> pl.Series:
    rule = "advice-try-alternance"
    return (found.score(rule) == 0) & (_aged(found, rule, 55) > 0)


def _work_study_score_set_by_age(found: AffectedPopulation) -> pl.Series:
    rule = "advice-try-alternance"
    own = found.score(rule)
    return (own > 0) & (own < _aged(found, rule, 25))


def _work_study_points_halved(found: AffectedPopulation) -> pl.Series:
    rule = "strategy-get-alternance"
    proposed = found.answers["strategies"].list.contains("get-alternance")
    return proposed & (found.score(rule) < _aged(found, rule, 30))


def _senior_advice_unexplained(found: AffectedPopulation) -> pl.Series:
    given = found.answers["advice"].list.contains("senior")
    return given & ~found.known["frustration_age_discrimination"]


def _close_job_refused_by_age(found: AffectedPopulation) -> pl.Series:
    rule = "advice-reorient-to-close-job"
    return (found.score(rule) == 0) & (_aged(found, rule, 44) > 0)


def _challenge_set_by_place(found: AffectedPopulation) -> pl.Series:
    other = _bob(found).diagnosis_only.blind_to("place").run(found.valid, validated=True)["main_challenge"]
    return found.answers["main_challenge"].ne_missing(other)


def _low_mobility_inverted(found: AffectedPopulation) -> pl.Series:
    at_most = DICTIONARY.area_type <= "DEPARTEMENT"
    rule = "for-low-mobility(departement)"
    return found.score(rule) != found.score(rule, at_most)


def _rank_among_equals(found: AffectedPopulation) -> pl.Series:
    ranks = less_stressful_departements(local_tension(_bob(found).market))
    equal = ranks.select("departement_id", "rome_id", equal=pl.col("at_least") < pl.col("at_most"))
    place = found.known.select(pl.col("departement_id", "rome_id").cast(pl.String))
    keys = pl.col("departement_id", "rome_id").cast(pl.String)
    return place.join(
        equal.with_columns(keys), on=["departement_id", "rome_id"], how="left", maintain_order="left"
    )["equal"]


def _without_local_non_profit(found: AffectedPopulation) -> pl.Series:
    served = {d for a in configuration.associations() for d in a.departements or ()}
    return ~found.known["departement_id"].is_in(sorted(served))


def _home_years_not_feminine(found: AffectedPopulation) -> pl.Series:
    rule = "for-long-term-mom"
    as_woman = neutral(catalogue()[rule].expr, {"gender": DICTIONARY["gender"].number_of("FEMININE")})
    return ~found.score(rule) & found.score(rule, as_woman)


def _origin_discrimination_unread(found: AffectedPopulation) -> pl.Series:
    declared = found.known["frustration_race_discrimination"]
    return declared & (found.score("advice-create-your-company") == 1)


def _master_told_missing_diploma(found: AffectedPopulation) -> pl.Series:
    master = DICTIONARY["highest_degree"].number_of("DEA_DESS_MASTER_PHD")
    told = found.answers["main_challenge"].cast(pl.String) == "missing-diploma"
    return told & (found.known["highest_degree"] >= master)


def _first_advice_tied(found: AffectedPopulation) -> pl.Series:
    stars = found.answers["stars"]
    return stars.list.get(0, null_on_oob=True) == stars.list.get(1, null_on_oob=True)


def _network_advice_by_prefix(found: AffectedPopulation) -> pl.Series:
    named = {name for strategy in configuration.strategies() for name in strategy.advice}
    by_prefix = sorted({m.id for m in configuration.advice_modules()} - named)
    held = pl.element().list.eval(pl.element().cast(pl.String).is_in(by_prefix)).list.any()
    return found.answers.select(pl.col("strategy_advice").list.eval(held).list.any()).to_series()


def _methods_rules_differ(found: AffectedPopulation) -> pl.Series:
    used, named = "relevance-enhance-methods", "relevance-enhance-methods-to-interview"
    return found.score(used).ne_missing(found.score(named))


def _told_without_checking(found: AffectedPopulation) -> pl.Series:
    advice = found.answers["advice"]
    return advice.list.contains("civic-service") | advice.list.contains("immersion-milo")


_WHO = {
    "challenge_liked_by_age": lambda found: _otherwise_told(found, "category-find-what-you-like"),
    "challenge_diploma_by_age": lambda found: _otherwise_told(found, "category-missing-diploma"),
    "score_set_by_age": _score_set_by_age,
    "work_study_refused_by_age": _work_study_refused_by_age,
    "work_study_score_set_by_age": _work_study_score_set_by_age,
    "work_study_points_halved": _work_study_points_halved,
    "senior_advice_unexplained": _senior_advice_unexplained,
    "close_job_refused_by_age": _close_job_refused_by_age,
    "exactly_at_the_bound": lambda found: found.known["age"].is_in([25, 50]),
    "challenge_set_by_place": _challenge_set_by_place,
    "told_stuck_market": lambda found: found.answers["main_challenge"].cast(pl.String) == "stuck-market",
    "low_mobility_inverted": _low_mobility_inverted,
    "rank_among_equals": _rank_among_equals,
    "without_local_non_profit": _without_local_non_profit,
    "disability_declared": lambda found: found.known["has_handicap"],
    "home_years_not_feminine": _home_years_not_feminine,
    "origin_inferred": lambda found: found.score("for-migrant"),
    "origin_discrimination_unread": _origin_discrimination_unread,
    "short_search_not_started": lambda found: (
        (found.known["search_length"] < 0) & found.score("for-short-search(-1)")
    ),
    "master_told_missing_diploma": _master_told_missing_diploma,
    "first_advice_tied": _first_advice_tied,
    "network_advice_by_prefix": _network_advice_by_prefix,
    "methods_rules_differ": _methods_rules_differ,
    "strategy_at_ten_points": lambda found: found.answers["strategy_points"].list.contains(10),
    "told_to_move": lambda found: found.answers["advice"].list.contains("relocate"),
    "told_without_checking": _told_without_checking,
    "everybody": lambda found: pl.repeat(True, found.known.height, eager=True),
}

REPAIRS: Mapping[str, Affected] = {
    name: Affected(
        Text(said["fr"], said["en"]), _WHO[name], tuple(said.get("reads", ())), said.get("certain", False)
    )
    for name, said in _yaml("affected").items()
}


def seen(people: pl.DataFrame, bob: Bob) -> AffectedPopulation:  # alias
    """Prepare people."""
    return affected_population(bob, people)


def unheld(people: pl.DataFrame, names: Iterable[str]) -> list[str]:  # alias
    """Return the answers among some that nobody here gave."""
    return lacking_answers(Bob(Market.empty()), people, names)


def touched_by(found: AffectedPopulation, names: Iterable[str]) -> Mapping[str, pl.Series]:  # alias
    """Return who is affected, by the name of the row: a Boolean a person."""
    return {name: REPAIRS[name].who(found).fill_null(False).alias(name) for name in dict.fromkeys(names)}
