"""Names of measures: ``ndcg@5``, ``ndcg(gain=exp2)@10``, ``rbp(0.8)``, ``p(rel=2)@3``."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from bobanalysis.evaluation import accuracy, gain, variety
from bobanalysis.evaluation.errors import EvaluationError
from bobanalysis.evaluation.measure import DEEP, Asked, Measure

MEASURES: dict[str, Measure] = {m.name: m for room in (accuracy, gain, variety) for m in room.MEASURES}
ALIASES = {
    "precision": "p",
    "hit": "hit_rate",
    "success": "hit_rate",
    "ap": "map",
    "average_precision": "map",
    "rr": "mrr",
    "recip_rank": "mrr",
    "r_precision": "rprec",
    "diversity": "ild",
}
_NAME = re.compile(r"(?P<name>[a-z_]+)(?:\((?P<arguments>[^()]*)\))?(?:@(?P<k>[0-9]+))?", re.IGNORECASE)


def parse(name: str) -> Asked:
    """Read the name of a measure: ``name``, ``name@k``, ``name(argument, key=value)@k``.

    Raises:
        EvaluationError: unknown name, argument or value; k missing, forbidden or 0.

    >>> asked = parse("rbp(0.95)")
    >>> asked.measure.en, asked.arguments["p"]
    ('rank-biased precision', 0.95)
    >>> parse("nDCG@5").label
    'ndcg@5'
    """
    label = re.sub(r"\s+", "", name).lower()
    match = _NAME.fullmatch(label)
    if not match:
        raise EvaluationError(f"{name!r} is no name of a measure; write for example ndcg@5 or rbp(0.8)")
    short = ALIASES.get(match["name"], match["name"])
    if short not in MEASURES:
        known = ", ".join(MEASURES)
        raise EvaluationError(f"{name!r}: no measure is called {match['name']!r}; there are: {known}")
    measure = MEASURES[short]
    if match["k"] is not None and (int(match["k"]) == 0 or measure.cut == "no"):
        why = "k counts from 1" if measure.cut != "no" else f"{short} takes no @k"
        raise EvaluationError(f"{name!r}: {why}")
    k = int(match["k"]) if match["k"] else DEEP
    return Asked(label, measure, k, _arguments(measure, match["arguments"] or "", name))


def parse_all(names: str | Iterable[str]) -> list[Asked]:
    """Read several names: a list, or one text with commas between names.

    Raises:
        EvaluationError: as :func:`parse`; or none, or one twice.

    >>> [asked.label for asked in parse_all("ndcg(gain=exp2,discount=log2)@5,map")]
    ['ndcg(gain=exp2,discount=log2)@5', 'map']
    """
    split = re.split(r",(?![^(]*\))", names) if isinstance(names, str) else list(names)
    asked = [parse(name) for name in split if name.strip()]
    labels = [one.label for one in asked]
    if not asked:
        raise EvaluationError("no measure asked for; write for example ndcg@5,map")
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise EvaluationError(f"asked for more than once: {', '.join(sorted(twice))}")
    return asked


def describe() -> pl.DataFrame:
    """Return one row a measure: name, labels, formula, source, arguments, whether more is better.

    >>> describe().filter(name="mrr")["formula"].item()
    '1 / min{i ≤ k: r_i = 1}, 0 if there is none'
    """
    rows = [
        {
            "name": m.name,
            "fr": m.fr,
            "en": m.en,
            "formula": m.formula,
            "source": m.source,
            "arguments": ", ".join(f"{key}={value}" for key, value in m.arguments.items()),
            "per": m.per,
            "needs": m.needs,
            "higher_is_better": m.higher,
        }
        for m in MEASURES.values()
    ]
    return pl.DataFrame(rows)


def _arguments(measure: Measure, text: str, name: str) -> dict[str, float | str]:
    found = dict(measure.arguments)
    given = [part for part in text.split(",") if part]
    for place, part in enumerate(given):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = (list(found)[place] if place < len(found) else ""), part
        if key not in found:
            takes = ", ".join(found) or "no argument"
            raise EvaluationError(f"{name!r}: {part!r} is not understood; {measure.name} takes {takes}")
        found[key] = _value(measure, key, value, name)
    return found


def _value(measure: Measure, key: str, value: str, name: str) -> float | str:
    if key in measure.choices:
        if value not in measure.choices[key]:
            known = ", ".join(measure.choices[key])
            raise EvaluationError(f"{name!r}: {key}={value} is not one of: {known}")
        return value
    try:
        number = float(value)
    except ValueError:
        raise EvaluationError(f"{name!r}: {key}={value} is no number") from None
    low, high = {"p": (0.0, 1.0), "people": (1.0, float("inf"))}.get(key, (0.0, float("inf")))
    if not low <= number <= high or number in ({0.0, 1.0} if key == "p" else {0.0} if key == "rel" else ()):
        raise EvaluationError(f"{name!r}: {key}={value} is out of range")
    return number
