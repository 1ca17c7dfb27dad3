"""What the randomised evaluation of Bob published, where it says so, and what a trial of its size could see.

Published results are of others and are given with their place. The sizes of the two arms and the share of
people who used Bob were not found, so the analysis of power is made over a range of both, for people drawn
one by one and without covariates; it is no result of the trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import yaml

FILE = Path(__file__).with_name("published.yaml")


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document


def study() -> dict[str, Any]:
    """Return authors, title, series and year of the evaluation.

    >>> study()["series"]
    'NBER Working Paper 29914'
    """
    return dict(_document()["study"])


def figures(lang: Literal["fr", "en"] = "en") -> pl.DataFrame:
    """Return what is known of the trial: ``id, what, value, unit, date, place, url``; a row a place.

    >>> figures().filter(id="people")["value"].to_list()
    [212277, 212277, 212277]
    """
    kinds = {"value": pl.Int64, "unit": pl.String, "date": pl.Date}
    return _table("figures", lang, ("value", "unit", "date"), kinds)


def findings(lang: Literal["fr", "en"] = "en") -> pl.DataFrame:
    """Return what the trial found: ``id, what, effect`` (in words: no number stands there), ``place, url``.

    >>> findings().filter(id="employment")["effect"].item()
    'no effect seen'
    """
    words = {key: text[lang] for key, text in _document()["effects"].items()}
    frame = _table("findings", lang, ("effect",), {"effect": pl.String})
    return frame.with_columns(pl.col("effect").replace_strict(words))


def sample_size() -> int:
    """Return how many job seekers were in the experiment.

    >>> sample_size()
    212277
    """
    return int(next(entry["value"] for entry in _document()["figures"] if entry["id"] == "people"))


def detectable(
    people: int,
    encouraged: float,
    baseline: float,
    take_up: float = 1.0,
    power: float = 0.8,
    level: float = 0.05,
) -> dict[str, float]:
    """Return the smallest rise of a rate that a trial would find with the power asked for.

    Args:
        people: in both arms.
        encouraged: share of them in the encouraged arm, between 0 and 1.
        baseline: rate in the other arm (in work after some months, say), between 0 and 1.
        take_up: how much more often the encouraged use the product than the others, above 0 and up to 1.
        power: chance of finding it.
        level: of the two-sided test.

    Returns:
        ``offered``: the rise for the whole encouraged arm, in points; ``used``: the rise for those whom the
        encouragement made use it, in points, if it moves nobody else (``offered / take_up``); NaN where no
        such rise is possible.

    Raises:
        ValueError: a share out of range.

    Source: Cohen, Statistical Power Analysis (1988), chapter 6, as in statsmodels' ``NormalIndPower``; Bloom,
    Evaluation Review 8 (1984), 225-246 (take-up); Angrist, Imbens and Rubin, JASA 91 (1996), 444-455.

    >>> found = detectable(1000, encouraged=0.5, baseline=0.5)
    >>> round(found["offered"], 1)
    8.8
    """
    from statsmodels.stats.power import NormalIndPower

    shares = {"encouraged": encouraged, "baseline": baseline, "power": power, "level": level}
    wrong = [name for name, share in shares.items() if not 0 < share < 1]
    if wrong or not 0 < take_up <= 1:
        raise ValueError(f"{wrong[0] if wrong else 'take_up'} is a share above 0 and below 1")
    treated = people * encouraged
    effect = NormalIndPower().solve_power(
        nobs1=treated, ratio=(people - treated) / treated, alpha=level, power=power, alternative="two-sided"
    )
    angle = np.arcsin(np.sqrt(baseline)) + float(np.squeeze(effect)) / 2
    raised = np.sin(angle) ** 2 if angle < np.pi / 2 else np.nan
    offered = float(100 * (raised - baseline))
    used = offered / take_up
    return {"offered": offered, "used": used if baseline + used / 100 <= 1 else float("nan")}


def power_table(
    people: int | None = None,
    encouraged: Sequence[float] = (0.1, 0.25, 0.5),
    baseline: Sequence[float] = (0.2, 0.35, 0.5),
    take_up: Sequence[float] = (0.05, 0.1, 0.25, 0.5, 1.0),
    power: float = 0.8,
    level: float = 0.05,
) -> pl.DataFrame:
    """Return :func:`detectable` over a range of what is not known of the trial.

    Args:
        people: default: as many as in the randomised evaluation.
        encouraged, baseline, take_up: **assumptions**; none of the three was found published.
        power, level: as for :func:`detectable`.

    Returns:
        ``people, encouraged, baseline, take_up, offered, used``, points in the last two; ``used`` null where
        no such rise is possible.

    >>> power_table(encouraged=[0.5], baseline=[0.5], take_up=[0.1, 1.0]).height
    2
    """
    n = sample_size() if people is None else people
    rows = [
        {"people": n, "encouraged": e, "baseline": b, "take_up": t, **detectable(n, e, b, t, power, level)}
        for e in encouraged
        for b in baseline
        for t in take_up
    ]
    return pl.DataFrame(rows).with_columns(pl.col("used").fill_nan(None))


def _table(part: str, lang: str, fields: Sequence[str], kinds: dict[str, Any]) -> pl.DataFrame:
    places = _document()["places"]
    rows = [
        {
            "id": entry["id"],
            "what": entry[lang],
            **{name: entry.get(name) for name in fields},
            "place": places[place]["text"],
            "url": places[place]["url"],
        }
        for entry in _document()[part]
        for place in entry["places"]
    ]
    return pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None)
