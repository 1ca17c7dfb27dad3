"""What holds for every published rule, on random people and markets."""

from functools import cache

import numpy as np
import polars as pl
import pytest
from scores import names

from bobanalysis.bob import catalogue, diagnosis
from bobanalysis.rules import STATUS, evaluate, inputs, thresholds, trace
from bobanalysis.rules.expr import Compare, IsIn, Var, Window, children, walk

PEOPLE = 60


@cache
def rules():
    found = {name: catalogue()[name].score for name in names()}
    return found | {f"diagnosis {name}": rule for name, rule in diagnosis().items()}


@cache
def compared():
    """Return every threshold of some rule: the name of the input and the number, each once."""
    return {(t.variable.name, t.value) for rule in rules().values() for t in thresholds(rule)}


def numbers_read(variable_name):
    """Return every number that some rule compares an input with."""
    return sorted(value for name, value in compared() if name == variable_name and value is not None)


def column(variable, rng, count):
    """Return random values of an input, the thresholds of the rules and their neighbours among them."""
    if variable.kind == "bool":
        return pl.Series(rng.random(count) < 0.5)
    if variable.kind == "enum":
        return pl.Series(rng.choice([*(c.number for c in variable.choices), 9], count), dtype=pl.Int32)
    if variable.kind == "text":
        return pl.Series(rng.choice(TEXTS.get(variable.name, ["", "a", "b"]), count))
    near = [n + step for n in numbers_read(variable.name) for step in (-1, 0, 1)] or [0, 1, 2]
    near = [n for n in near if variable.minimum is None or n >= variable.minimum] or [1]
    if variable.kind == "int":
        return pl.Series(rng.choice(near, count).astype(np.int32))
    return pl.Series(rng.choice(near, count) + rng.choice([0.0, 0.25], count))


TEXTS = {
    "rome_id": ["", "A1101", "M1602", "K2107", "D1102", "L1203"],
    "departement_id": ["", "01", "75", "2A", "971", "BRU"],
    "region_id": ["", "11", "84"],
    "diagnostic_category": ["", "bravo", "stuck-market", "missing-diploma", "find-what-you-like"],
    "code_ogr": ["", "12006", "11573"],
}


@cache
def people(seed):
    rng = np.random.default_rng(seed)
    read = {v.name: v for v in inputs(*rules().values())}
    groups = {"user": pl.Series(np.arange(PEOPLE) // 2), "project": pl.Series(np.arange(PEOPLE) % 2)}
    return pl.DataFrame({n: groups[n] if n in groups else column(v, rng, PEOPLE) for n, v in read.items()})


def outcomes(done, name):
    """Return value or refusal, row by row."""
    frame = pl.DataFrame(done.frame)
    status = frame[name + STATUS] if name + STATUS in frame.columns else [0] * frame.height
    return [done.refusals[s - 1] if s else v for v, s in zip(frame[name], status, strict=True)]


def same(got, expected):
    numbers = isinstance(got, int | float) and isinstance(expected, int | float)
    return (
        bool(np.isclose(got, expected, equal_nan=True))
        if numbers
        else got is expected or repr(got) == repr(expected)
    )


@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_every_rule_reads_one_person_as_it_reads_the_frame(share):
    frame = people(1)
    done = evaluate(rules(), frame)
    rows = frame.to_dicts()
    for name, rule in rules().items():
        for place, expected in list(enumerate(outcomes(done, name)))[::share]:
            group = rows[place - place % 2 : place - place % 2 + 2]
            read = trace(rule, rows[place], group)
            assert same(read.value if read.answered else read.refusal, expected), (name, rows[place])


def test_an_input_that_a_rule_does_not_list_never_changes_its_result():
    one, other = people(1), people(2)
    expected = evaluate(rules(), one)
    for name, rule in rules().items():
        read = {v.name for v in inputs(rule)}
        # a rule over all projects of a person reads which rows are one person's, and in which order
        fixed = read | {"user", "project"}
        mixed = one.with_columns(other.select(c for c in other.columns if c not in fixed))
        pairs = zip(outcomes(evaluate({name: rule}, mixed), name), outcomes(expected, name), strict=True)
        assert all(same(got, said) for got, said in pairs), name


@pytest.mark.parametrize("library", ["pandas", "pyarrow"])
def test_every_rule_answers_alike_in_other_libraries(library):
    frame = people(3)
    expected = evaluate(rules(), frame)
    other = frame.to_pandas() if library == "pandas" else frame.to_arrow()
    # a window over groups is asked of eager frames that keep their order only
    plain = {n: r for n, r in rules().items() if not any(isinstance(node, Window) for node in walk(r))}
    done = evaluate(plain, other)
    got = pl.from_pandas(done.frame) if library == "pandas" else pl.DataFrame(pl.from_arrow(done.frame))
    for name in plain:
        status = got[name + STATUS] if name + STATUS in got.columns else [0] * PEOPLE
        found = [done.refusals[int(s) - 1] if s else v for v, s in zip(got[name], status, strict=True)]
        assert all(map(same, found, outcomes(expected, name))), name


def enters_arithmetic(rule, variable):
    """Tell whether an input enters a score as a number, rather than through comparisons alone."""
    return any(
        isinstance(child, Var) and child.variable is variable
        for node in walk(rule)
        if not isinstance(node, Compare | IsIn)
        for child in children(node)
    )


def test_a_sweep_of_one_input_jumps_only_at_thresholds_that_the_explanation_lists():
    base = people(5).head(8)
    jumps = 0
    for name, rule in rules().items():
        if any(isinstance(node, Window) for node in walk(rule)):
            continue
        found = thresholds(rule)
        for variable in inputs(rule):
            listed = [t for t in found if t.variable is variable]
            if variable.kind not in ("int", "float") or enters_arithmetic(rule, variable):
                continue
            if any(t.value is None for t in listed):  # listed as a relation with another input
                continue
            grid = np.arange(-3 if variable.minimum is None else max(-3, variable.minimum), 75)
            swept = base.join(pl.DataFrame({"·": grid}), how="cross").with_columns(
                pl.col("·").cast(base.schema[variable.name]).alias(variable.name)
            )
            answers = np.array([repr(a) for a in outcomes(evaluate({name: rule}, swept), name)])
            table = answers.reshape(base.height, len(grid))
            moved = grid[1:][(table[:, 1:] != table[:, :-1]).any(axis=0)]
            for value in moved:
                jumps += 1
                near = [t.value for t in listed if value - 1 <= t.value <= value]
                assert near, f"{name} jumps between {value - 1} and {value} of {variable.name}"
    assert jumps > 100
