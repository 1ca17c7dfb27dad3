"""Validation of people, until it moves here from ``bob.door``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from bobanalysis.rules import Variable


class InputError(ValueError):
    """A file that cannot be read at all; the message names the file and says what to do."""


@dataclass(frozen=True)
class ValidationResult:
    """Valid rows, the rejected ones (one row a problem), and how many were read."""

    valid: pl.DataFrame
    rejected: pl.DataFrame
    read: int


def validate(
    frame: pl.DataFrame,
    variables: Iterable[Variable],
    *,
    file: str = "frame",
    first_row: int = 1,
    strict: bool = True,
) -> ValidationResult:
    """Check a frame of people and turn its answers into what rules read."""
    from importlib import import_module

    came = import_module("bobanalysis.bob.door").admit(
        frame, variables, file=file, first_row=first_row, strict=strict
    )
    return ValidationResult(came.kept, came.rejects, came.read)
