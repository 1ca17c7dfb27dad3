"""How answers are written in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bobanalysis.rules import Undefined


def format_answer(value: Any, refusal: Undefined | None = None) -> str:
    """Write an answer for a table: true, false, a number, a text, a list, or what is missing.

    >>> format_answer(3.0), format_answer(True), format_answer(None, Undefined("missing", ("a",)))
    ('3', 'true', 'missing: a')
    >>> format_answer({"missing": ["profile.gender"]}), format_answer(["a", "b"])
    ('missing: profile.gender', 'a, b')
    """
    if refusal is not None:
        return format_answer({refusal.kind: refusal.details}).removesuffix(": ")
    if isinstance(value, Mapping):
        ((kind, details),) = value.items()
        return f"{kind}: {details if isinstance(details, str) else ', '.join(details)}".removesuffix(": ")
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(format_answer, value))
    return value if isinstance(value, str) else "None" if value is None else f"{value:.6g}"
