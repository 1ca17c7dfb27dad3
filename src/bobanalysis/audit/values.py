"""How inputs and answers are held and written in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.rules import Refuse, Variable

_DTYPES = {"bool": pl.Boolean, "int": pl.Int32, "float": pl.Float64, "text": pl.String, "enum": pl.Int32}


def dtype_of(variable: Variable) -> Any:
    """Return the Polars type of the column of an input."""
    return _DTYPES[variable.kind]


def format_answer(value: Any, refusal: Refuse | None = None) -> str:
    """Write an answer for a table: true, false, a number, a text, a list, or what is missing.

    >>> format_answer(3.0), format_answer(True), format_answer(None, Refuse("missing", ("profile.gender",)))
    ('3', 'true', 'missing: profile.gender')
    >>> format_answer({"missing": ["profile.gender"]}), format_answer(["a", "b"])
    ('missing: profile.gender', 'a, b')
    """
    if refusal is not None:
        value = {refusal.kind: refusal.details}
    if isinstance(value, Mapping):
        ((kind, details),) = value.items()
        return f"{kind}: {details if isinstance(details, str) else ', '.join(details)}".removesuffix(": ")
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(format_answer, value))
    return value if isinstance(value, str) else "None" if value is None else f"{value:.6g}"
