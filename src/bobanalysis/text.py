"""Texts, numbers and typography in French and in English: the one formatter of the package.

Babel knows most of it. What it lacks for French is done here: the narrow no-break space (U+202F) before
% ; : ! ? and inside « », the apostrophe ’, the minus sign − (U+2212), intervals and percentages. Sources:
Imprimerie nationale, *Lexique des règles typographiques*; Unicode CLDR for digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")

NBSP = "\u00a0"
THIN = "\u202f"  # narrow no-break space
MINUS = "\u2212"

_TAG = re.compile(r"(<[^>]*>)")


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

    def filled(self, **facts: Any) -> Text:
        """Return the text with its blanks filled; a fact that is a text fills them in its language.

        >>> Text("{n} ({what})", "{n} ({what})").filled(n=2, what=Text("âge", "age")).fr
        '2 (âge)'
        """
        own = ({k: getattr(v, lang, v) for k, v in facts.items()} for lang in LANGUAGES)
        return Text(*(self.get(lang).format(**said) for lang, said in zip(LANGUAGES, own, strict=True)))


# ---- numbers ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def number(value: float | None, lang: str, decimals: int | None = 0) -> str:
    """Write a number with its digits grouped by thousands; None is empty, infinity a sign.

    Args:
        value: the number.
        lang: "fr" or "en".
        decimals: how many; None writes one where the number is not whole.

    Example:
        >>> number(-1234567.25, "fr", 1), number(-1234567.25, "en", 1), number(2.5, "en", None)
        ('−1\u202f234\u202f567,2', '−1,234,567.2', '2.5')
    """
    from babel.numbers import format_decimal

    if value is None:
        return ""
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else MINUS + "∞"
    if decimals is None:
        decimals = 0 if float(value).is_integer() else 1
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = str(format_decimal(value, format=pattern, locale=lang))
    if not re.search("[1-9]", text):
        text = text.lstrip("-")  # a number that rounds to nothing has no sign
    return text.replace("-", MINUS).replace(NBSP, THIN)


def significant(value: float, lang: str) -> str:
    """Write a constant of a rule: the digits it has, six at most; thousands are grouped from 10,000 on.

    Example:
        >>> significant(0.25, "fr"), significant(2013, "fr"), significant(-12000, "en")
        ('0,25', '2013', '−12,000')
    """
    if float(value).is_integer() and abs(value) >= 1e4:
        return number(value, lang)
    text = f"{value:g}".replace("-", MINUS)
    return text.replace(".", ",") if lang == "fr" else text


def percent_sign(lang: str) -> str:
    """Return the sign with the space before it."""
    return THIN + "%" if lang == "fr" else "%"


@lru_cache(maxsize=1 << 16)
def percent(share: float | None, lang: str, decimals: int = 1, brief: bool = False) -> str:
    """Write a share (0 to 1) in per cent; what is small but not nothing is never written as 0.

    Args:
        share: the share; None is empty.
        lang: "fr" or "en".
        decimals: how many.
        brief: for tables: "< 0.1%" instead of words, and all shares with the same decimals.

    Example:
        >>> values = percent(0.1234, "fr"), percent(0.0002, "en"), percent(0.99999, "fr")
        >>> (*values, percent(0.0002, "en", brief=True))
        ('12,3\u202f%', 'less than 0.1%', 'plus de 99,9\u202f%', '< 0.1%')
    """
    if share is None:
        return ""
    step = 10.0**-decimals
    limit, sign = step / 200, percent_sign(lang)
    if 0 < share < limit:
        less = "< " if brief else "moins de " if lang == "fr" else "less than "
        return less + number(step, lang, decimals) + sign
    if 1 - limit < share < 1 and not brief:
        return ("plus de " if lang == "fr" else "more than ") + number(100 - step, lang, decimals) + sign
    exact = share in (0, 1) and not brief
    return number(share * 100, lang, 0 if exact else decimals) + sign


_DECIMALS = {"share": 1, "points": 1, "score": 1, "ratio": 2, "months": 1}
_UNITS = {  # singular and plural
    "points": (Text("point", "point"), Text("points", "points")),
    "years": (Text("an", "year"), Text("ans", "years")),
    "months": (Text("mois", "month"), Text("mois", "months")),
}


def quantity(value: float, unit: str, lang: Language, bare: bool = False) -> str:
    """Write a value of a finding in its unit.

    Args:
        value: in the unit; shares and points from 0 to 1.
        unit: one of `report.findings.UNITS`.
        lang: "fr" or "en".
        bare: leave out a unit that is a word.

    Example:
        >>> quantity(0.034, "points", "fr"), quantity(0.034, "points", "en"), quantity(50.25, "score", "en")
        ('3,4\xa0points', '3.4 points', '50.2')
        >>> quantity(31, "years", "fr"), quantity(2021, "year", "fr"), quantity(0.01, "points", "en")
        ('31\xa0ans', '2021', '1.0 points')
        >>> quantity(740000, "euros", "fr"), quantity(740, "euros", "en"), quantity(0.42, "round_share", "en")
        ('740\u202f000\xa0€', '€740', '42%')
    """
    if unit in ("share", "round_share"):
        return percent(value, lang, decimals=0 if unit == "round_share" else 1)
    if unit == "year":
        return str(int(value))
    scaled = value * 100 if unit == "points" else value
    decimals = 0 if isinstance(value, int) else _DECIMALS.get(unit, 0 if value.is_integer() else 1)
    text = number(scaled, lang, decimals)
    if unit == "euros":
        return f"€{text}" if lang == "en" else f"{text}{NBSP}€"
    if bare or unit not in _UNITS:
        return text
    several = abs(scaled) >= 2 if lang == "fr" else text not in ("1", MINUS + "1")
    return text + (NBSP if lang == "fr" else " ") + _UNITS[unit][several].get(lang)


def interval(low: float, high: float, unit: str, lang: Language) -> str:
    """Write an interval in words, with the unit once.

    Example:
        >>> interval(0.123, 0.145, "share", "fr"), interval(0.123, 0.145, "share", "en")
        ('de 12,3 à 14,5\u202f%', '12.3% to 14.5%')
        >>> interval(-0.012, 0.034, "points", "fr")
        'de −1,2 à 3,4\xa0points'
    """
    first, last = quantity(low, unit, lang, bare=True), quantity(high, unit, lang)
    if lang == "en":
        return f"{first} to {last}"
    if unit == "share" and last.endswith("%"):
        first = first.removesuffix(percent_sign(lang))
    return f"de {first} à {last}"


def date(instant: str, lang: str) -> str:
    """Write the day of an instant in full; of a date without a day, its month; without a month, its year.

    Example:
        >>> date("2020-03-01T12:00:00Z", "fr"), date("2016-01", "en"), date("2014", "fr")
        ('1 mars 2020', 'January 2016', '2014')
    """
    from babel.dates import format_date, format_skeleton

    if len(instant) < len("2014-01-01"):
        month = "-" in instant and datetime.fromisoformat(f"{instant}-01")
        return str(format_skeleton("yMMMM", month, locale=lang)) if month else instant
    return str(format_date(datetime.fromisoformat(instant.removesuffix("Z")), "long", locale=lang))


# ---- words -----------------------------------------------------------------------------------------------


def plural(n: float, one: Any, many: Any, lang: str) -> Any:
    """Choose the singular or the plural: 0 and 1.5 are singular in French, plural in English.

    Example:
        >>> plural(1.5, "an", "ans", "fr"), plural(1.5, "year", "years", "en")
        ('an', 'years')
    """
    return one if (n < 2 if lang == "fr" else n == 1) else many


def colon(lang: str) -> str:
    """Return a colon with the spaces around it."""
    return f"{THIN}: " if lang == "fr" else ": "


def join(texts: Iterable[str], lang: str) -> str:
    """Join texts that may hold commas, with semicolons.

    Example:
        >>> join(["a, b", "c"], "en")
        'a, b; c'
    """
    return (f"{THIN}; " if lang == "fr" else "; ").join(texts)


def quote(text: str, lang: str) -> str:
    """Put a text in the quotation marks of a language; those inside it become the inner ones.

    Example:
        >>> quote("« Marché » ?", "fr"), quote("“Market”?", "en")
        ('«\u202f“Marché” ?\u202f»', '“‘Market’?”')
    """
    if lang == "en":
        return f"“{text.replace('“', '‘').replace('”', '’')}”"
    inner = re.sub(rf"«[ {THIN}]?", "“", re.sub(rf"[ {THIN}]?»", "”", text))
    return f"«{THIN}{inner}{THIN}»"


def split_label(label: str, lang: str) -> tuple[str, str]:
    """Part the label of one answer of a question into the question and the answer ("" where it is none).

    Example:
        >>> split_label("frein déclaré : âge", "fr"), split_label("age", "en")
        (('frein déclaré', 'âge'), ('age', ''))
    """
    head, _, member = label.partition(" : " if lang == "fr" else ": ")
    return head, member


def capital(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]


# ---- typography ------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def typeset(text: str, lang: str) -> str:
    """Apply the typographic rules of a language to the text of an HTML fragment; tags are left alone.

    Example:
        >>> typeset('<a title="c: l\\'eau">Pourquoi l\\'âge ? « Oui » : 5 %...</a>', "fr")
        '<a title="c: l\\'eau">Pourquoi l’âge\u202f? «\u202fOui\u202f»\u202f: 5\u202f%…</a>'
        >>> typeset("Bob's answer - a fixed one", "en")
        'Bob’s answer – a fixed one'
    """
    parts = _TAG.split(text)
    return "".join(part if i % 2 else _typeset(part, lang) for i, part in enumerate(parts))


def _typeset(text: str, lang: str) -> str:
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = text.replace("&#39;", "’").replace("...", "…").replace("oeuvre", "œuvre")
    text = re.sub(r" - ", " – ", text)
    text = re.sub(r"(?<![\w\u2212-])-(?=\d)", MINUS, text)
    if lang == "en":
        return re.sub(r"(?<=\w)'", "’", text)
    text = re.sub(r"[ \u00a0\n]+(?=(?:%(?!\()|[;:!?»]))", THIN, text)
    text = re.sub(r"(?<=«)[ \u00a0\n]+", THIN, text)
    return re.sub(r"(?<![\d,.])(\d{1,3})[ \u00a0](?=\d{3}(?!\d))", rf"\1{THIN}", text)  # thousands


_FAULTS = (  # pattern, what is wrong
    (r"\w'\w", "apostrophe ' for ’"),
    (r"(?<![\w\u2212-])-\d", "hyphen for a minus sign"),
    ('"', 'straight quotation mark "'),
    (r"\.\.\.", "three full stops for …"),
)
_FAULTS_FR = (
    (r"[^\s\u202f\d/][!?;»]|\d%|«[^\u202f]|\w:(?=\s|$)", "no narrow space at a mark that needs one"),
    (r"\d[ \u00a0]\d{3}\b", "thousands not parted by U+202F"),
)


def faults(text: str, lang: str) -> list[str]:
    """List breaches of the typographic rules in a text without tags; empty when there are none.

    Example:
        >>> faults("L'âge : 5 %", "fr")
        ["L'âge : 5 %: apostrophe ' for ’", "L'âge : 5 %: plain space before : or %"]
        >>> faults("−3,4\u202f% des cas\u202f: rien", "fr")
        []
    """
    found = [what for pattern, what in _FAULTS if re.search(pattern, text)]
    if lang == "fr":
        if marks := dict.fromkeys(re.findall(r"[ \u00a0\n]([%;:!?»])", text)):
            found.append(f"plain space before {' or '.join(marks)}")
        found += [what for pattern, what in _FAULTS_FR if re.search(pattern, text)]
    elif re.search(r" [%;:!?]", text):
        found.append("space before a mark in English")
    shown = " ".join(text.split())[:60]
    return [f"{shown}: {what}" for what in found]
