"""What can go wrong: one error, whose text says where and what to do, and one warning that counts."""

from __future__ import annotations


class EvaluationError(ValueError):
    """An input that cannot be evaluated; the text names file, line, column and value, and says what to do."""


class EvaluationWarning(UserWarning):
    """Something was left out or is undefined; the text says how much."""
