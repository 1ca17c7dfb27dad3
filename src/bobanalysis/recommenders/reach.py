"""On whom each published rule acts, and two people whom one of its thresholds parts.

``reach`` evaluates all rules at once on a modelled population. ``pairs`` constructs, for each rule and each
threshold, a person just below and just above: the same but for one answer, and the rule answers differently.
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.bob import Bob, admit, catalogue, configuration
from bobanalysis.bob.diagnosis import Relevance, challenges, diagnosis
from bobanalysis.bob.market import join
from bobanalysis.bob.pipeline import action_rules, advice_rules, job_tips_rule, strategy_rules
from bobanalysis.rules import (
    STATUS,
    Expr,
    Named,
    Refuse,
    Text,
    Threshold,
    Variable,
    evaluate,
    inputs,
    is_condition,
    thresholds,
    trace,
    walk,
)
from bobanalysis.rules.expr import COMPARISONS, Compare, Const, IsIn, Listed, Over, StartsWith, Var, children

from .robustness import NO_ANSWER

EVERYBODY = "all"
DRAWN = 2_000
"""Constructed people among whom a pair is sought, for each threshold."""

NO_JOB_GROUP = "X9999"
"""A job group that no rule names, for constructed people."""
AGES = {20, 40, 60}
"""Ages of constructed people beside the thresholds of a rule."""

REASONS: Mapping[str, Text] = {
    "never": Text(
        "Ce seuil ne change jamais la réponse de cette règle : toutes les combinaisons ont été essayées.",
        "This threshold never changes the answer of this rule: all combinations were tried.",
    ),
    "not found": Text(
        "Aucune paire trouvée parmi les personnes construites : une autre condition décide sans doute avant.",
        "No pair found among the constructed people: another condition probably decides first.",
    ),
    "out of range": Text(
        "Une seule valeur existe de ce côté du seuil : il n’y a personne en face.",
        "Values exist on one side of this threshold only: there is nobody opposite.",
    ),
}
"""Why a threshold has no pair."""

# What rows are told apart by: no answer of anybody.
_ROWS = ("user", "project")


@cache
def in_use() -> frozenset[str]:
    """Return the names of the rules that the diagnosis, advice, strategies or the action plan reach.

    >>> "advice-senior" in in_use(), "age-score" in in_use()
    (True, False)
    """
    rules = catalogue()
    steps = {**diagnosis(), **advice_rules(), **strategy_rules(), **action_rules(), "tips": job_tips_rule()}
    used = {n.name for n in walk(*steps.values()) if isinstance(n, Named) and n.name in rules}
    used |= {m.trigger for m in configuration.advice_modules()} | {a.trigger for a in configuration.actions()}
    there = {c.id for c in challenges()}
    return frozenset(used | {s.trigger for s in configuration.strategies() if set(s.challenges) & there})


@cache
def published_rules() -> Mapping[str, Expr]:
    """Return every rule that has a fixed name, then the members of families in use, by name.

    >>> rules = published_rules()
    >>> "age-score" in rules, "for-old(50)" in rules
    (True, True)
    """
    exact = list(catalogue())
    members = sorted(in_use() - set(exact))
    return MappingProxyType({name: catalogue()[name].expr for name in [*exact, *members]})


# --- reach


def as_read(bob: Bob, people: pl.DataFrame, rules: Iterable[Expr] = ()) -> pl.DataFrame:
    """Return people as the rules of every step read them: with market figures and their own diagnosis.

    Parameters: ``bob``, on ``french_market()`` where advice matters; ``people``, a population frame;
    ``rules``, further rules that will be read.
    """
    read = bob.with_keys([*bob.variables, *inputs(*rules)])
    alone = people.with_row_index("user").with_columns(project=pl.lit(0, dtype=pl.UInt32))
    asked = [
        v
        for v in read
        if v.name in alone.columns or v.group in ("market", "job", "list", "result", "service")
    ]
    unasked = {v.name: pl.lit(v.default) for v in read if v not in asked}
    kept = admit(alone.with_columns(**unasked), read).kept
    known = join(kept, bob.market, [v.name for v in read])
    said = bob.diagnose_admitted(kept)
    before = pl.col("diagnostic_overall_score") if "diagnostic_overall_score" in known.columns else 0
    known = known.with_columns(diagnostic_category=said["main_challenge"].fill_null("")).with_columns(
        diagnostic_overall_score=pl.coalesce(said["overall_score"].cast(pl.Int32), before)
    )
    return known


def acts(name: str, rule: Expr) -> Expr:
    """Return the condition that a rule acts on a person.

    A filter acts where it passes, a score where it is above 0, the relevance of a challenge where the
    challenge needs attention.
    """
    if name.startswith("relevance_"):
        return rule == Relevance.NEEDS_ATTENTION
    return rule if is_condition(rule) else rule > 0


def reach(
    people: pl.DataFrame,
    rules: Mapping[str, Expr],
    by: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """Return the share of people on whom each rule acts, overall and by group: all rules in one evaluation.

    Parameters: ``people``, as the rules read them (``as_read``), with ``weight``; ``rules``, by name; ``by``,
    what to call a grouping → its column, by default age → age_band and region → region_id.
    Returns one row a rule and group, rules in the order given: ``rule``, ``by`` ("all" for everybody),
    ``group``, ``share`` (weighted; a rule that refuses to answer does not act), ``refused`` (share of people
    whom it refuses to answer), ``people`` and ``effective`` (number of people of equal weight that tell as
    much: Kish).
    Raises KeyError for a column that a rule reads and the people have not.

    >>> from bobanalysis.bob import DICTIONARY
    >>> frame = pl.DataFrame({"age": [20, 60], "weight": [1.0, 3.0]})
    >>> reach(frame, {"old": DICTIONARY.age > 50}, {}).select("share", "effective").row(0)
    (0.75, 1.6)
    """
    groupings = {"age": "age_band", "region": "region_id"} if by is None else dict(by)
    done = evaluate({name: acts(name, Named(name, rule)) for name, rule in rules.items()}, people)
    names = {str(k): name for k, name in enumerate(rules)}
    acting = {k: pl.col(name).fill_null(False) for k, name in names.items()}
    refusing = {
        f"{k}?": (pl.col(name + STATUS) != 0) if name + STATUS in done.frame.columns else pl.lit(False)
        for k, name in names.items()
    }
    flags = done.frame.select(**acting, **refusing).with_columns(
        people.select("weight", *dict.fromkeys(groupings.values()))
    )
    weight = pl.col("weight")
    measures = [
        *((pl.col(c) * weight).sum() / weight.sum() for c in [*acting, *refusing]),
        pl.len().alias("people"),
        (weight.sum() ** 2 / (weight**2).sum()).alias("effective"),
    ]
    parts = [flags.select(measures).with_columns(by=pl.lit(EVERYBODY), group=pl.lit(EVERYBODY))]
    for label, column in groupings.items():
        grouped = flags.group_by(column).agg(measures).sort(column)
        parts.append(grouped.rename({column: "group"}).with_columns(by=pl.lit(label)))
    wide = pl.concat(parts, how="diagonal").with_row_index("·at")
    index = ["·at", "by", "group", "people", "effective"]
    share = wide.unpivot(list(acting), index=index, variable_name="k", value_name="share")
    refused = wide.unpivot(list(refusing), index=["·at"], variable_name="k", value_name="refused")
    whole = share.with_columns(refused=refused["refused"], place=pl.col("k").cast(pl.Int32))
    ordered = whole.sort("place", "·at").with_columns(rule=pl.col("k").replace_strict(names))
    return ordered.select("rule", "by", "group", "share", "refused", "people", "effective")


def over_scales(people: pl.DataFrame, rules: Mapping[str, Expr], bobs: Mapping[str, Bob]) -> pl.DataFrame:
    """Return between which shares the reach of each rule lies, over several scales of the market figures.

    Parameters: ``people``, a population frame with ``weight``; ``rules``, by name; ``bobs``, Bob on the
    market of each scale, by the name of the scale.
    Returns ``rule``, ``lowest`` and ``highest`` (shares of everybody), in the order of the rules.
    """
    found = [
        reach(as_read(bob, people, rules.values()), rules, {}).select("rule", "share")
        for bob in bobs.values()
    ]
    ends = pl.concat(found).group_by("rule", maintain_order=True)
    return ends.agg(lowest=pl.col("share").min(), highest=pl.col("share").max())


def not_held(people: pl.DataFrame, rules: Mapping[str, Expr]) -> pl.DataFrame:
    """Return what each rule reads and the people do not hold: everybody has the same value, "no answer".

    Parameters: as for ``reach``.
    Returns ``rule`` and ``input``, one row each; for such a rule a share of 0 says nothing about real people.
    """
    kept = {v.name: v.default for v in inputs(*rules.values()) if v.name in people.columns}
    read = {name: default for name, default in kept.items() if name not in {*NO_ANSWER, *_ROWS}}
    same = people.select((pl.col(name) == default).all() for name, default in read.items()).row(0)
    empty = {name for name, one in zip(read, same, strict=True) if one}
    rows = [(name, v.name) for name, rule in rules.items() for v in inputs(rule) if v.name in empty]
    return pl.DataFrame(rows, schema={"rule": pl.String, "input": pl.String}, orient="row")


# --- pairs

PAIRS_SCHEMA = {
    "rule": pl.String,
    "variable": pl.String,
    "threshold": pl.String,
    "below": pl.String,
    "above": pl.String,
    "answer_below": pl.String,
    "answer_above": pl.String,
    "person": pl.String,
}


def pairs(rules: Mapping[str, Expr], people: int = DRAWN, seed: int = 2016) -> pl.DataFrame:
    """Return, for each rule and each threshold, two people whom it parts.

    The two differ in that one input, are just below and just above the threshold, and get different answers.
    They are sought among constructed people, then simplified: every other answer becomes "no answer" while
    the answers still differ, so that the smallest person remains.

    Parameters: ``rules``, by name; ``people``, how many are constructed a threshold where there are too many
    combinations to try them all; ``seed``.
    Returns one row a rule and threshold, in reading order: ``rule``, ``variable``, ``threshold`` (operator
    and value, or the relation where the bound depends on another input), ``below`` and ``above`` (the two
    values of the input), ``answer_below`` and ``answer_above`` (as ``answer`` writes them), ``person`` (JSON
    of the inputs that the rule reads and that are not "no answer"). Without a pair the values and answers are
    empty and ``person`` is a key of ``REASONS``.

    >>> from bobanalysis.bob import DICTIONARY
    >>> found = pairs({"old": DICTIONARY.age > 50}).row(0, named=True)
    >>> found["below"], found["above"], found["answer_below"], found["answer_above"]
    ('50', '51', 'false', 'true')
    """
    rows = [row for name, rule in rules.items() for row in _pairs(name, rule, people, seed)]
    return pl.DataFrame(rows, schema=PAIRS_SCHEMA, orient="row")


def answer(value: Any, refusal: Refuse | None = None) -> str:
    """Write what a rule answered: true, false, a number, a text, or a refusal with what is missing.

    >>> answer(3.0), answer(True), answer(None, Refuse("missing", ("profile.gender",)))
    ('3', 'true', 'missing: profile.gender')
    """
    if refusal is not None:
        return f"{refusal.kind}: {', '.join(refusal.details)}".removesuffix(": ")
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return value if isinstance(value, str) else f"{value:.6g}"


def _pairs(name: str, rule: Expr, people: int, seed: int) -> Iterator[tuple[str, ...]]:
    bounds = [t for t in thresholds(rule) if t.variable.name not in _ROWS]
    if not bounds:
        return
    values = {v.name: _values(v, rule) for v in inputs(rule)}
    plain = {v.name: v.default for v in inputs(rule)}
    steps = {t: _steps(t, values[t.variable.name]) for t in bounds}
    exhaustive = math.prod(map(len, values.values())) <= 4 * people
    draw = np.random.default_rng([seed, zlib.crc32(name.encode())])
    frame = _everybody(rule, values) if exhaustive else _some(rule, values, people, draw)
    found = _first_pairs(rule, frame, steps)
    chosen = {t: (frame.row(at, named=True), low, high) for t, (at, low, high) in found.items()}
    if not exhaustive and (left := {t: steps[t] for t in bounds if t not in found}):
        frame = _some(rule, values, 10 * people, draw)
        for t, (at, low, high) in _first_pairs(rule, frame, left).items():
            chosen[t] = (frame.row(at, named=True), low, high)
    for t in bounds:
        variable, text = t.variable.name, t.relation or f"{t.op} {t.value:g}"
        if t not in chosen:
            certain = exhaustive and _compares_constants(rule)
            reason = "out of range" if not steps[t] else "never" if certain else "not found"
            yield name, variable, text, "", "", "", "", reason
            continue
        start, low, high = chosen[t]
        person = _smallest(rule, start, plain, variable, low, high)
        said = [answer(read.value, read.refusal) for read in _both(rule, person, variable, low, high)]
        kept = {k: v for k, v in person.items() if v != plain[k] and k != variable}
        yield name, variable, text, answer(low), answer(high), *said, json.dumps(kept, ensure_ascii=False)


def _everybody(rule: Expr, values: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Return one row a combination of values."""
    rows = list(itertools.product(*values.values()))
    return pl.DataFrame(rows, schema={v.name: _dtype(v) for v in inputs(rule)}, orient="row")


def _some(
    rule: Expr, values: Mapping[str, Sequence[Any]], people: int, draw: np.random.Generator
) -> pl.DataFrame:
    """Draw people: the first answers nothing, the last everything."""
    answered = np.linspace(0, 1, people)
    columns = {}
    for v in inputs(rule):
        there = draw.random(people) < answered
        options = pl.Series([v.default, *values[v.name]], dtype=_dtype(v))
        columns[v.name] = options.gather(np.where(there, 1 + draw.integers(len(options) - 1, size=people), 0))
    return pl.DataFrame(columns)


def _dtype(variable: Variable) -> Any:
    kinds = {"bool": pl.Boolean, "int": pl.Int32, "float": pl.Float64, "text": pl.String, "enum": pl.Int32}
    return kinds[variable.kind]


def _values(variable: Variable, rule: Expr) -> list[Any]:
    """List values that the rule may tell apart: choices, both sides of thresholds, known texts."""
    if variable.kind == "bool":
        return [False, True]
    if variable.choices:
        return [c.number for c in variable.choices]
    here = [n for n in walk(rule) if any(isinstance(c, Var) and c.variable is variable for c in children(n))]
    if variable.kind == "text":
        return sorted({str(variable.default), NO_JOB_GROUP}.union(*map(_texts, here)))
    values: set[float] = {float(variable.default)}
    related = False
    for bound in thresholds(rule):
        if bound.variable is variable and bound.value is not None:
            step = _step(variable, bound.value)
            values |= {bound.value - step, bound.value, bound.value + step}
        related |= bound.variable is variable and bound.value is None
    if related or len(values) == 1:  # enters the arithmetic of the rule: a few sizes
        values |= AGES if variable.name == "age" else {0, 1, 2, 3, 4, 5, 6, 12, 24, 50, 100}
        values |= {8, 15, 1000, 1500, 20000} if (variable.maximum or 0) >= 1e6 else set()
        values |= {0.05, 0.3, 0.5} if variable.kind == "float" else set()
    return sorted(
        (round(v, 9) if variable.kind == "float" else int(v)) for v in values if _possible(variable, v)
    )


def _texts(node: Expr) -> set[str]:
    """Return the texts that a condition knows."""
    match node:
        case Compare(right=Const(value=str(text))):
            return {text}
        case IsIn(values=known):
            return set(map(str, known))
        case StartsWith(prefixes=beginnings):
            return set(beginnings)
        case Listed(values=listed):
            return set(listed)
    return set()


def _possible(variable: Variable, value: float) -> bool:
    if value == variable.default:
        return True
    low = variable.minimum if variable.minimum is not None else (-1 if variable.default == -1 else 0)
    low = max(low, -1)  # months and counts below -1 are no answer
    return low <= value <= (math.inf if variable.maximum is None else variable.maximum)


def _step(variable: Variable, value: float) -> float:
    """Return a small step beside a value: 1 for whole numbers, else a unit of its last digit."""
    if variable.kind != "float":
        return 1
    digits = next(d for d in range(7) if round(value, d) == round(value, 6))
    return float(10.0 ** -max(1, digits))


def _steps(bound: Threshold, values: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return the pairs of neighbouring values that the threshold parts, nearest first."""
    variable = bound.variable
    if bound.value is None:
        return list(itertools.pairwise(values))
    if variable.choices:
        numbers = sorted(c.number for c in variable.choices)
        sides = [(a, b) for a, b in itertools.pairwise(numbers)]
        return [(a, b) for a, b in sides if _parts(bound.op, bound.value, a, b)]
    if variable.kind == "bool":
        return [(False, True)]
    step = _step(variable, bound.value)
    near = [round(bound.value - step, 9), bound.value, round(bound.value + step, 9)]
    if variable.kind != "float":
        near = (
            [math.floor(bound.value), math.floor(bound.value) + 1]
            if bound.value % 1
            else [int(v) for v in near]
        )
    near = [v for v in near if _possible(variable, v)]
    return [(a, b) for a, b in itertools.pairwise(near) if _parts(bound.op, bound.value, a, b)]


def _parts(op: str, value: float, low: float, high: float) -> bool:
    return bool(COMPARISONS[op](low, value)) is not bool(COMPARISONS[op](high, value))


def _compares_constants(rule: Expr) -> bool:
    """Tell whether the rule does nothing with its inputs but compare them with constants."""
    for node in walk(rule):
        if isinstance(node, Over):
            return False
        plain = isinstance(node, IsIn | StartsWith | Listed) or (
            isinstance(node, Compare) and isinstance(node.right, Const)
        )
        if not plain and any(isinstance(c, Var) and c.variable.kind != "bool" for c in children(node)):
            return False
    return True


def _first_pairs(
    rule: Expr, frame: pl.DataFrame, steps: Mapping[Threshold, Sequence[tuple[Any, Any]]]
) -> dict[Threshold, tuple[int, Any, Any]]:
    """Return, for each threshold, the first row and the first two values for which the answers differ."""
    found = {}
    # A person is one row for rules that read all projects of a person.
    alone = {c: pl.int_range(pl.len()).cast(frame.schema[c]) for c in _ROWS if c in frame.columns}
    people = frame.with_columns(**alone)
    for variable in dict.fromkeys(t.variable for t in steps):
        mine = [t for t in steps if t.variable is variable and steps[t]]
        sides = sorted({v for t in mine for step in steps[t] for v in step})
        if not sides:
            continue
        changed = [people.with_columns(pl.lit(v, dtype=_dtype(variable)).alias(variable.name)) for v in sides]
        said = _distinct(evaluate({"answer": rule}, pl.concat(changed)).frame)
        by_side = {v: said.slice(k * people.height, people.height) for k, v in enumerate(sides)}
        for t in mine:
            differ = [by_side[low].ne_missing(by_side[high]).arg_true() for low, high in steps[t]]
            first = [(int(rows[0]), k) for k, rows in enumerate(differ) if len(rows)]
            if first:
                at, k = min(first)
                found[t] = (at, *steps[t][k])
    return found


def _distinct(said: pl.DataFrame) -> pl.Series:
    """Return one text an answer, refusals included."""
    parts = [pl.col(c).cast(pl.String).fill_null("") for c in said.columns]
    return said.select(pl.concat_str(parts, separator=" ")).to_series()


def _both(rule: Expr, person: Mapping[str, Any], variable: str, low: Any, high: Any) -> list[Any]:
    return [trace(rule, {**person, variable: value}) for value in (low, high)]


def _smallest(
    rule: Expr, person: Mapping[str, Any], plain: Mapping[str, Any], variable: str, low: Any, high: Any
) -> dict[str, Any]:
    """Return the person with every answer taken away that is not needed for the two answers to differ."""
    kept = dict(person)
    changed = True
    while changed:
        changed = False
        for name in kept:
            if name == variable or kept[name] == plain[name]:
                continue
            without = {**kept, name: plain[name]}
            one, other = _both(rule, without, variable, low, high)
            if answer(one.value, one.refusal) != answer(other.value, other.refusal):
                kept, changed = without, True
    return kept
