"""Texts of audits in French and in English, from ``texts.yaml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from bobanalysis.tables import load_yaml
from bobanalysis.text import Text, number, typeset


@cache
def texts() -> dict[str, Text]:
    """Return all texts by their key, typeset; what fills their blanks stays as it is."""
    found = load_yaml(dict[str, Text], files("bobanalysis.fairness") / "texts.yaml")
    return {key: Text(typeset(text.fr, "fr"), typeset(text.en, "en")) for key, text in found.items()}


def text(key: str, **facts: Any) -> Text:
    """Return one text, its blanks filled.

    Example:
        >>> text("one_value", asked="told", value=1).en
        "'told' has the same value wherever it is known (1)."
    """
    written = {key: _number(fact) if type(fact) is int else fact for key, fact in facts.items()}
    return texts()[key].filled(**written)


def _number(value: int) -> Text:
    return Text(number(value, "fr"), number(value, "en"))
