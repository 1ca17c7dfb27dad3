"""Two people whom one threshold of a rule parts, the smallest that there are."""

from __future__ import annotations

import itertools
import json
import math
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.algorithm import CRITERIA
from bobanalysis.rules import Expr, Threshold, Variable, evaluate, inputs, thresholds, trace, walk
from bobanalysis.rules import expr as e

from .values import format_answer

DRAWN = 2_000
"""Constructed people among whom a pair is sought, where there are too many combinations to try them all."""
SEED = 2016
UNKNOWN_TEXT = "X9999"
"""A text that no rule names, for constructed people."""
AGES = {20, 40, 60}
"""Ages of constructed people beside the thresholds of a rule."""
COLUMNS = ("rule", "variable", "threshold", "below", "above", "answer_below", "answer_above", "person")


def boundary_pairs(rules: Mapping[str, Expr], keys: Collection[str] = ()) -> pl.DataFrame:
    """Return, for each rule and each threshold, two people whom it parts.

    The two differ in that one input, are just below and just above the threshold, and get different answers.
    They are sought among constructed people, then simplified: every other answer becomes "no answer" while
    the answers still differ, so that the smallest person remains.

    Args:
        rules: By name.
        keys: Inputs that only tell rows apart.

    Returns:
        One row a rule and threshold, in reading order: ``rule``, ``variable``, ``threshold`` (operator and
        value, or the relation where the bound depends on another input), ``below`` and ``above`` (the two
        values of the input), ``answer_below`` and ``answer_above`` (as ``format_answer`` writes them),
        ``person`` (JSON of the inputs that the rule reads and that are not "no answer"). Without a pair the
        values and answers are empty and ``person`` says why: "never" (all combinations were tried), "not
        found" (another condition probably decides first) or "out of range" (values exist on one side only).

    >>> from bobanalysis.rules import Dictionary, Text
    >>> age = Dictionary([Variable("age", "int", Text("âge", "age"), 0)]).age
    >>> boundary_pairs({"old": age > 50}).row(0)[3:7]
    ('50', '51', 'false', 'true')
    """
    rows = [row for name, rule in rules.items() for row in _pairs(name, rule, keys)]
    return pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def _pairs(name: str, rule: Expr, keys: Collection[str]) -> Iterator[tuple[str, ...]]:
    bounds = [t for t in thresholds(rule) if t.variable.name not in keys]
    if not bounds:
        return
    values = {v.name: _values(v, rule) for v in inputs(rule)}
    plain = {v.name: v.default for v in inputs(rule)}
    steps = {t: _steps(t, values[t.variable.name]) for t in bounds}
    exhaustive = math.prod(map(len, values.values())) <= 4 * DRAWN
    draw = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    drawn = (_some(rule, values, people, draw) for people in (DRAWN, 10 * DRAWN))
    chosen: dict[Threshold, tuple[dict[str, Any], Any, Any]] = {}
    for frame in [_everybody(rule, values)] if exhaustive else drawn:
        left = {t: steps[t] for t in bounds if t not in chosen}
        for t, (at, low, high) in _first_pairs(rule, frame, left, keys).items():
            chosen[t] = (frame.row(at, named=True), low, high)
        if len(chosen) == len(steps):
            break
    for t in bounds:
        variable, text = t.variable.name, t.relation or f"{t.op} {t.value:g}"
        if t not in chosen:
            certain = exhaustive and _compares_constants(rule)
            reason = "out of range" if not steps[t] else "never" if certain else "not found"
            yield name, variable, text, "", "", "", "", reason
            continue
        start, low, high = chosen[t]
        person = _smallest(rule, start, plain, variable, low, high)
        kept = {k: v for k, v in person.items() if v != plain[k] and k != variable}
        sides = [format_answer(low), format_answer(high), *_said(rule, person, variable, low, high)]
        yield name, variable, text, *sides, json.dumps(kept, ensure_ascii=False)


def _everybody(rule: Expr, values: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Return one row a combination of values."""
    rows = list(itertools.product(*values.values()))
    return pl.DataFrame(rows, schema={v.name: v.dtype for v in inputs(rule)}, orient="row")


def _some(
    rule: Expr, values: Mapping[str, Sequence[Any]], people: int, draw: np.random.Generator
) -> pl.DataFrame:
    """Draw people: the first answers nothing, the last everything."""
    answered = np.linspace(0, 1, people)
    columns = {}
    for v in inputs(rule):
        there = draw.random(people) < answered
        options = pl.Series([v.default, *values[v.name]], dtype=v.dtype)
        columns[v.name] = options.gather(np.where(there, 1 + draw.integers(len(options) - 1, size=people), 0))
    return pl.DataFrame(columns)


def _values(variable: Variable, rule: Expr) -> list[Any]:
    """List values that the rule may tell apart: choices, both sides of thresholds, known texts."""
    if variable.kind == "bool":
        return [False, True]
    if variable.choices:
        return [c.number for c in variable.choices]
    here = [n for n in walk(rule) if variable in _read_by(n)]
    if variable.kind == "text":
        return sorted({str(variable.default), UNKNOWN_TEXT}.union(*map(_texts, here)))
    values: set[float] = {float(variable.default)}
    related = False
    for bound in thresholds(rule):
        if bound.variable is variable and bound.value is not None:
            step = _step(variable, bound.value)
            values |= {bound.value - step, bound.value, bound.value + step}
        related |= bound.variable is variable and bound.value is None
    if related or len(values) == 1:  # enters the arithmetic of the rule: a few sizes
        values |= AGES if _is_age(variable) else {0, 1, 2, 3, 4, 5, 6, 12, 24, 50, 100}
        values |= {8, 15, 1000, 1500, 20000} if (variable.maximum or 0) >= 1e6 else set()
        values |= {0.05, 0.3, 0.5} if variable.kind == "float" else set()
    possible = (v for v in values if _possible(variable, v))
    return sorted(round(v, 9) if variable.kind == "float" else int(v) for v in possible)


def _read_by(node: Expr) -> list[Variable]:
    """Return the inputs that a node reads itself."""
    return [c.variable for c in e.children(node) if isinstance(c, e.Var)]


def _is_age(variable: Variable) -> bool:
    protected = variable.protected
    return bool(protected and protected.criterion == CRITERIA["age"] and protected.how == "direct")


def _texts(node: Expr) -> set[str]:
    """Return the texts that a condition knows."""
    match node:
        case e.Compare(right=e.Const(value=str(text))):
            return {text}
        case e.Membership(values=known):
            return set(map(str, known))
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
        return [(a, b) for a, b in itertools.pairwise(numbers) if _parts(bound.op, bound.value, a, b)]
    if variable.kind == "bool":
        return [(False, True)]
    step = _step(variable, bound.value)
    near = [round(bound.value - step, 9), bound.value, round(bound.value + step, 9)]
    if variable.kind != "float":
        below = math.floor(bound.value)
        near = [below, below + 1] if bound.value % 1 else [below - 1, below, below + 1]
    near = [v for v in near if _possible(variable, v)]
    return [(a, b) for a, b in itertools.pairwise(near) if _parts(bound.op, bound.value, a, b)]


def _parts(op: str, value: float, low: float, high: float) -> bool:
    return bool(e.COMPARISONS[op](low, value)) is not bool(e.COMPARISONS[op](high, value))


def _compares_constants(rule: Expr) -> bool:
    """Tell whether the rule does nothing with its inputs but compare them with constants."""
    for node in walk(rule):
        if isinstance(node, e.Window):
            return False
        compared = isinstance(node, e.Compare) and isinstance(node.right, e.Const)
        plain = compared or isinstance(node, e.Membership)
        if not plain and any(v.kind != "bool" for v in _read_by(node)):
            return False
    return True


def _first_pairs(
    rule: Expr,
    frame: pl.DataFrame,
    steps: Mapping[Threshold, Sequence[tuple[Any, Any]]],
    keys: Collection[str],
) -> dict[Threshold, tuple[int, Any, Any]]:
    """Return, for each threshold, the first row and the first two values for which the answers differ."""
    found = {}
    # A person is one row for rules that read all projects of a person.
    alone = {c: pl.int_range(pl.len()).cast(frame.schema[c]) for c in keys if c in frame.columns}
    people = frame.with_columns(**alone)
    for variable in dict.fromkeys(t.variable for t in steps):
        mine = [t for t in steps if t.variable is variable and steps[t]]
        sides = sorted({v for t in mine for step in steps[t] for v in step})
        if not sides:
            continue
        changed = [people.with_columns(pl.lit(v, dtype=variable.dtype).alias(variable.name)) for v in sides]
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


def _said(rule: Expr, person: Mapping[str, Any], variable: str, low: Any, high: Any) -> list[str]:
    """Return what the rule answers the person with each of the two values."""
    read = [trace(rule, {**person, variable: value}) for value in (low, high)]
    return [format_answer(one.value, one.refusal) for one in read]


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
            one, other = _said(rule, without, variable, low, high)
            if one != other:
                kept, changed = without, True
    return kept
