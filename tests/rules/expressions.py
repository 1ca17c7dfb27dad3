"""Random rules over a small dictionary, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from bobanalysis.rules import (
    Choice,
    Dictionary,
    Expr,
    Named,
    Text,
    Variable,
    all_of,
    any_of,
    as_expr,
    attempt,
    error,
    first_match,
    largest,
    missing,
    smallest,
    when,
)

LEVELS = tuple(Choice(n, name, Text(name, name)) for n, name in enumerate(["NONE", "SOME", "MUCH"]))
DICTIONARY = Dictionary(
    [
        Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years")),
        Variable("months", "float", Text("durée", "length"), -1.0),
        Variable("level", "enum", Text("niveau", "level"), 0, choices=LEVELS),
        Variable("tired", "bool", Text("fatigue", "tired"), False),
        Variable("code", "text", Text("code", "code"), ""),
    ]
)
PEOPLE = st.fixed_dictionaries(
    {
        "age": st.integers(-3, 9),
        "months": st.sampled_from([-1.0, 0.0, 0.5, 1.5, 2.5, 6.0]),
        "level": st.integers(0, 3),
        "tired": st.booleans(),
        "code": st.sampled_from(["", "A", "AB", "B"]),
    }
)
REFUSALS = st.sampled_from([missing("a"), missing("a", "b"), missing(), error("ZeroDivisionError")])


def numbers(depth: int) -> st.SearchStrategy[Expr]:
    """Numeric expressions."""
    leaves = st.one_of(
        st.sampled_from([DICTIONARY.age, DICTIONARY.months, DICTIONARY.level]),
        st.integers(-2, 5).map(as_expr),
    )
    if depth == 0:
        return leaves
    below = numbers(depth - 1)
    return st.one_of(
        leaves,
        st.tuples(below, below).map(lambda p: p[0] + p[1]),
        st.tuples(below, below).map(lambda p: p[0] * p[1] - 1),
        st.tuples(below, below).map(lambda p: smallest(*p)),
        st.tuples(below, below).map(lambda p: largest(*p)),
        below.map(lambda x: x.round()),
        below.map(lambda x: -x),
        tables(depth - 1, below),
        st.tuples(tables(depth - 1, below), below, below).map(lambda p: attempt(*p)),
        below.map(lambda x: Named(f"n{id(x)}", x)),
    )


def conditions(depth: int) -> st.SearchStrategy[Expr]:
    """Conditions."""
    leaves = st.one_of(
        st.just(DICTIONARY.tired),
        st.sampled_from(["A", ""]).map(lambda c: DICTIONARY.code == c),
        st.just(DICTIONARY.code.starts_with("A")),
        st.just(DICTIONARY.level.is_in("SOME", "MUCH")),
        st.tuples(numbers(0), numbers(0)).map(lambda p: p[0] >= p[1]),
        st.tuples(numbers(0), numbers(0)).map(lambda p: p[0] != p[1]),
        st.booleans().map(as_expr),
    )
    if depth == 0:
        return leaves
    below = conditions(depth - 1)
    return st.one_of(
        leaves,
        st.lists(below, max_size=3).map(lambda ps: all_of(*ps)),
        st.lists(below, max_size=3).map(lambda ps: any_of(*ps)),
        below.map(lambda c: ~c),
        st.tuples(numbers(depth - 1), numbers(depth - 1)).map(lambda p: p[0] < p[1]),
        tables(depth - 1, below),
        below.map(lambda x: Named(f"c{id(x)}", x)),
    )


def tables(depth: int, results: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Decision tables, some rows of which refuse to answer."""
    rows = st.tuples(conditions(depth), st.one_of(results, REFUSALS)).map(lambda p: when(*p))
    return st.tuples(st.lists(rows, max_size=3), results).map(lambda p: first_match(*p[0], otherwise=p[1]))


RULES = st.one_of(conditions(2), numbers(2))
