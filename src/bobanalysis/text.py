"""Texts in the two languages of the reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["fr", "en"]


@dataclass(frozen=True)
class Text:
    """One text in the two languages of the reports.

    >>> Text(fr="âge", en="age").get("fr")
    'âge'
    """

    fr: str
    en: str

    def get(self, lang: Language) -> str:
        """Return the text in ``lang`` ("fr" or "en")."""
        return self.fr if lang == "fr" else self.en
