"""Ordered labels. Text sorts `100` before `25` and `25-49` before `< 25`: bands carry their order, never the
alphabet's."""

from __future__ import annotations

AGE5 = (*(f"{a}-{a + 4}" for a in range(0, 95, 5)), "95+")
"""Five years of age, as INSEE publishes them: 0-4 … 90-94, 95+."""

AGE_FAP = ("15-24", "25-29", "30-49", "50-54", "55+")
"""Ages in the portraits of job families (Dares)."""

AGE_NATIONAL = ("15-24", "25-49", "50+")
"""Ages in the monthly statistics of job seekers; the source writes `< 25`, `25-49`, `>= 50`."""

EEC_AGE = ("15-29", "30-39", "40-49", "50-59", "60+")
"""Ages in the extract of the labour force survey 2018."""

EEC_DURATION = ("0", "1-2", "3-5", "6-11", "12-17", "18-23", "24-35", "36+")
"""Whole months of unemployment in the same extract (`[0,1)` … `[36,Inf)`)."""

EEC_DIPLOMA = ("BC", "CBP", "BT", "BG", "TS", "LMD")
"""Diplomas in the same extract, lowest first, codes as in the source."""


def in_order(labels: list[str]) -> bool:
    """Say whether age or duration labels stand in rising order of their lower bounds.

    >>> in_order(["5-9", "10-14", "95+"]), in_order(["10-14", "5-9"])
    (True, False)
    """
    bounds = [int(label.rstrip("+").split("-")[0]) for label in labels]
    return bounds == sorted(bounds) and len(set(bounds)) == len(bounds)
