"""Numbers and texts as a French and an English newspaper would print them.

Babel knows most of it; what it lacks for French is done here: the narrow no-break space (U+202F) before
% ; : ! ? and inside « », the apostrophe ’, the minus sign − (U+2212), intervals and percentages. Sources:
Imprimerie nationale, *Lexique des règles typographiques*; Unicode CLDR for digits.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Language = Literal["fr", "en"]

THIN = "\u202f"
"""Narrow no-break space."""
MINUS = "\u2212"
"""Minus sign."""

_TAG = re.compile(r"(<[^>]*>)")


@lru_cache(maxsize=1 << 16)
def number(value: float, language: str, decimals: int = 0) -> str:
    """Write a number in a language, with digits grouped by thousands.

    >>> number(-1234567.25, "fr", 1), number(-1234567.25, "en", 1)
    ('−1\u202f234\u202f567,2', '−1,234,567.2')
    """
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = str(format_decimal(value, format=pattern, locale=language))
    if not re.search("[1-9]", text):
        text = text.lstrip("-")  # a number that rounds to nothing has no sign
    return text.replace("-", MINUS).replace("\u00a0", THIN)


@lru_cache(maxsize=1 << 16)
def percent(share: float, language: str, decimals: int = 1) -> str:
    """Write a share (0 to 1) in per cent; what is small but not nothing is never written as 0.

    >>> percent(0.1234, "fr"), percent(0.1234, "en"), percent(0.0002, "en"), percent(0.99999, "fr")
    ('12,3\u202f%', '12.3%', 'less than 0.1%', 'plus de 99,9\u202f%')
    """
    step = 10.0**-decimals
    limit = step / 200
    sign = THIN + "%" if language == "fr" else "%"
    if 0 < share < limit:
        return ("moins de " if language == "fr" else "less than ") + number(step, language, decimals) + sign
    if 1 - limit < share < 1:
        return (
            ("plus de " if language == "fr" else "more than ") + number(100 - step, language, decimals) + sign
        )
    exact = share in (0, 1)
    return number(share * 100, language, 0 if exact else decimals) + sign


def _decimals(unit: str) -> int:
    return {"share": 1, "points": 1, "score": 1, "ratio": 2, "months": 1}.get(unit, 0)


def quantity(value: float, unit: str, language: str, bare: bool = False) -> str:
    """Write a value in its unit (see `findings.UNITS`); `bare` leaves out a unit that is a word.

    >>> quantity(0.034, "points", "fr"), quantity(0.034, "points", "en"), quantity(50.25, "score", "en")
    ('3,4\xa0points', '3.4 points', '50.2')
    >>> quantity(31, "years", "fr"), quantity(2021, "year", "fr"), quantity(0.01, "points", "en")
    ('31\xa0ans', '2021', '1.0 points')
    """
    fr = language == "fr"
    if unit == "share":
        return percent(value, language)
    if unit == "year":
        return str(int(value))
    scaled = value * 100 if unit == "points" else value
    if isinstance(value, float) and not value.is_integer():
        decimals = _decimals(unit) or 1
    else:
        decimals = 0 if isinstance(value, int) else _decimals(unit)
    text = number(scaled, language, decimals)
    plural = abs(scaled) >= 2 if fr else text not in ("1", MINUS + "1")
    words = {
        "points": ("points" if plural else "point", "points" if plural else "point"),
        "years": ("ans" if plural else "an", "years" if plural else "year"),
        "months": ("mois", "months" if plural else "month"),
    }
    if bare or unit not in words:
        return text
    return f"{text}\u00a0{words[unit][0 if fr else 1]}" if fr else f"{text} {words[unit][1]}"


def interval(low: float, high: float, unit: str, language: str) -> str:
    """Write an interval in words, with the unit once.

    >>> interval(0.123, 0.145, "share", "fr"), interval(0.123, 0.145, "share", "en")
    ('de 12,3 à 14,5\u202f%', '12.3% to 14.5%')
    >>> interval(-0.012, 0.034, "points", "fr")
    'de −1,2 à 3,4\xa0points'
    """
    last = quantity(high, unit, language)
    if language == "en":
        first = quantity(low, unit, language, bare=True)
        return f"{first} to {last}"
    if unit == "share":
        first = percent(low, language)
        first = first.removesuffix(THIN + "%") if last.endswith("%") else first
    else:
        first = quantity(low, unit, language, bare=True)
    return f"de {first} à {last}"


@lru_cache(maxsize=1 << 16)
def polish(text: str, language: str) -> str:
    """Apply the typographic rules of a language to the text of an HTML fragment; tags are left alone.

    >>> polish('<a title="c: l\\'eau">Pourquoi l\\'âge ? « Oui » : 5 %...</a>', "fr")
    '<a title="c: l\\'eau">Pourquoi l’âge\u202f? «\u202fOui\u202f»\u202f: 5\u202f%…</a>'
    >>> polish("Bob's answer - a fixed one", "en")
    'Bob’s answer – a fixed one'
    """
    parts = _TAG.split(text)
    return "".join(part if i % 2 else _polish(part, language) for i, part in enumerate(parts))


def _polish(text: str, language: str) -> str:
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = text.replace("&#39;", "’").replace("...", "…")
    text = re.sub(r" - ", " – ", text)
    text = re.sub(r"(?<![\w\u2212-])-(?=\d)", MINUS, text)
    if language == "fr":
        text = re.sub(r"[ \u00a0\n]+(?=(?:%(?!\()|[;:!?»]))", THIN, text)
        text = re.sub(r"(?<=«)[ \u00a0\n]+", THIN, text)
        text = re.sub(r"(?<![\d,.])(\d{1,3})[ \u00a0](?=\d{3}(?!\d))", rf"\1{THIN}", text)  # thousands
    else:
        text = re.sub(r"(?<=\w)'", "’", text)
    return text


def faults(text: str, language: str) -> list[str]:
    """List breaches of the typographic rules in a text without tags; empty when there are none.

    >>> faults("L'âge : 5 %", "fr")
    ["L'âge : 5 %: apostrophe ' for ’", "L'âge : 5 %: plain space before : or %"]
    >>> faults("−3,4\u202f% des cas\u202f: rien", "fr")
    []
    """
    found = []
    shown = " ".join(text.split())[:60]
    if re.search(r"\w'\w", text):
        found.append(f"{shown}: apostrophe ' for ’")
    if re.search(r"(?<![\w\u2212-])-\d", text):
        found.append(f"{shown}: hyphen for a minus sign")
    if '"' in text:
        found.append(f'{shown}: straight quotation mark "')
    if "..." in text:
        found.append(f"{shown}: three full stops for …")
    if language == "fr":
        marks = dict.fromkeys(m.group(1) for m in re.finditer(r"[ \u00a0\n]([%;:!?»])", text))
        if marks:
            found.append(f"{shown}: plain space before {' or '.join(marks)}")
        if re.search(r"[^\s\u202f\d/][!?;»]|\d%|«[^\u202f]|\w:(?=\s|$)", text):
            found.append(f"{shown}: no narrow space at a mark that needs one")
        if re.search(r"\d[ \u00a0]\d{3}\b", text):
            found.append(f"{shown}: thousands not parted by U+202F")
    elif re.search(r" [%;:!?]", text):
        found.append(f"{shown}: space before a mark in English")
    return found
