"""The Dutch risk profile for checks on students' grants (DUO, "CUB", 2012 to 2023).

Score = R1 × (R2 + R3): education, a table of distance to the parents by age, and how long ago the student
moved out. R3 needs two ages that are often unknown: the score is then a range, from no R3 to the highest that
the known ages allow. Classes run from 1 (very high) to 5 (very low); 6 is a score of 0, "unknown".

It selects people for checks; it recommends nothing. Distance from the parents is no region.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import Requirement, RuleAlgorithm
from bobanalysis.algorithms.described import described
from bobanalysis.rules import Dictionary, Expr, Named, all_of, first_match, lookup, when
from bobanalysis.tables import load_yaml

HERE = Path(__file__).parent
UNKNOWN = -1
EDUCATION = {"MBO_1_2": 1.2, "MBO_3_4": 1.1, "HBO": 1.0, "WO": 0.8}
AGES = (range(15, 19), range(19, 21), range(21, 23), range(23, 25), range(25, 51))
TABLES = load_yaml(dict[str, Any], HERE / "tables.yaml")
"""The published tables: points by distance and age, and points by what is known of moving out."""
CLASSES = ((80, 1), (60, 2), (40, 3), (20, 4))


def duo() -> RuleAlgorithm:
    """Return the profile, ready to run.

    Example:
        >>> import polars as pl
        >>> student = {"education": ["WO"], "age": [26], "distance_m": [0], "age_moved_out": [-1]}
        >>> people = pl.DataFrame({**student, "age_at_address": [-1]})
        >>> duo().run(people).select("score_low", "score_high", "class_low", "class_high").row(0)
        (64.0, 88.0, '2', '1')
    """
    d = Dictionary.from_yaml(HERE / "dictionary.yaml")
    factor = Named("factor", lookup(EDUCATION, d.education, otherwise=0))
    points = Named("points", lookup(dict(_points()), d.distance_m, d.age, otherwise=0))
    rules: dict[str, Expr] = {"factor": factor.item, "points": points.item}
    for end in ("low", "high"):
        leaving = Named(f"leaving_{end}", _leaving(d, sure=end == "low"))
        score = Named(f"score_{end}", factor * (points + leaving))
        rules |= {leaving.name: leaving.item, score.name: score.item, f"class_{end}": _class(score)}
    known = (d.age_moved_out != UNKNOWN) & (d.age_at_address != UNKNOWN)
    after = "the address cannot begin before the student moved out"
    requirements = (
        Requirement(d.age_moved_out <= d.age, "age_moved_out", "is above the age now"),
        Requirement(d.age_at_address <= d.age, "age_at_address", "is above the age now"),
        Requirement(~known | (d.age_moved_out <= d.age_at_address), "age_at_address", after),
    )
    return described(HERE / "words.yaml", d, rules, requirements)


def _points() -> Iterator[tuple[tuple[int | range, range], int]]:
    """Iterate over the cells of the published table: (distance, age), points."""
    nearer = -1
    for metres, row in TABLES["metres"].items():
        distance: int | range = 0 if metres == 0 else range(nearer + 1, metres + 1)
        nearer = metres
        for ages, points in zip(AGES, row, strict=True):
            yield (distance, ages), points


def _leaving(d: Dictionary, sure: bool) -> Expr:
    """Return R3 where both ages are known; else 0 (``sure``), or the highest that is possible."""

    def within(item: Expr, ages: range) -> Expr:
        inside = (item >= ages.start) & (item < ages.stop)
        return inside if sure else (item == UNKNOWN) | inside

    rows = []
    for *bounds, points in TABLES["leaving"]:
        now, out, since = (range(first, last + 1) for first, last in bounds)
        held = (d.age >= now.start) & (d.age < now.stop)
        rows.append(when(all_of(held, within(d.age_moved_out, out), within(d.age_at_address, since)), points))
    return first_match(*rows, otherwise=0)


def _class(score: Expr) -> Expr:
    rows = [when(score >= least, str(number)) for least, number in CLASSES]
    return first_match(*rows, when(score > 0, "5"), otherwise="6")
