"""The same people with one answer missing; rules with one threshold moved are ``Algorithm.with_threshold``.

Nothing is sampled: what moves is caused by the one thing that changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from bobanalysis.algorithm import Algorithm


def given_answers(algorithm: Algorithm, people: pl.DataFrame) -> list[str]:
    """Return the answers that the rules read and that some of these people gave, in reading order.

    An answer that everybody lacks cannot go missing.
    """
    roles = algorithm.input_roles
    inside = {column: name for name, columns in roles.together.items() for column in columns}
    found = [v for v in algorithm.variables if v.group in roles.asked and v.name not in roles.unasked]
    given = [v.name for v in found if v.name in people.columns and (people[v.name] != v.default).any()]
    return list(dict.fromkeys(inside.get(name, name) for name in given))


def without_answers(algorithm: Algorithm, people: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Repeat each person once for each answer, as if it had not been given.

    Args:
        algorithm: Its dictionary tells what rules read without an answer.
        people: One row a person, ``person_id``.
        names: Answers (``given_answers``).

    Returns:
        The same columns after ``pair_id`` (the person) and ``missing`` (the answer), answer after answer;
        ``person_id`` is made unique.

    Raises:
        ValueError: An answer that the dictionary or the frame does not have.
    """
    dictionary, parts = algorithm.dictionary, []
    for name in names:
        together = algorithm.input_roles.together.get(name, (name,))
        columns = [c for c in together if c in people.columns]
        if not columns or name not in dictionary:
            raise ValueError(f"{name!r} is no answer: the data dictionary or the people do not have it")
        empty = {
            c: pl.lit(dictionary[c].default if c in dictionary else "").cast(people.schema[c])
            for c in columns
        }
        part = people.with_columns(
            person_id=pl.col("person_id") + f"/without={name}",
            pair_id=pl.col("person_id"),
            missing=pl.lit(name),
            **empty,
        )
        parts.append(part.select("pair_id", "missing", *people.columns))
    return pl.concat(parts)
