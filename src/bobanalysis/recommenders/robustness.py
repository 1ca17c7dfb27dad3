"""Old names of ``audit.robustness``, for Bob."""  # alias

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from bobanalysis.algorithm import ordered_thresholds
from bobanalysis.audit import robustness
from bobanalysis.audit.robustness import given_answers as answers
from bobanalysis.bob import Bob, Market

TOGETHER, NO_ANSWER = Bob.input_roles.together, Bob.input_roles.unasked


def without_answers(people: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Repeat each person once for each answer, as if it had not been given."""
    return robustness.without_answers(Bob(Market.empty()), people, names)


def with_moved_threshold(algorithm: Bob, variable: str, old: float, new: float) -> Bob:
    """Return Bob with a threshold moved wherever its rules have it."""
    return algorithm.with_threshold(None, new, variable=variable, old=float(old))


__all__ = [
    "NO_ANSWER",
    "TOGETHER",
    "answers",
    "ordered_thresholds",
    "with_moved_threshold",
    "without_answers",
]
