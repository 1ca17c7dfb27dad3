"""The observed counts of the Dutch checks on students' grants, from the workbook of Statistics Netherlands.

Counts are of people, rounded to ten by the producer, each by itself: parts do not add up to their total.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
from python_calamine import CalamineWorkbook

FILE = "duo-cub/DUO_CUB_Netherlands_Statistics.xlsx"
POPULATIONS = {"Table 1": 2014, "Table 2": 2019}
RANDOM_SAMPLES = {"Table 3": 2014, "Table 4": 2017}
ORIGINS = {
    "all": "Total",
    "netherlands": "Country of origin: NL",
    "europe": "Country of origin: Europe (excl. NL)",
    "outside_europe": "Country of origin: Outside Europe",
}
EDUCATION = {"mbo 1-2": "MBO_1_2", "mbo 3-4": "MBO_3_4", "hbo": "HBO", "wo": "WO"}
COUNTED = {
    "Selected for control: yes": "selected",
    "Selected for control: no": "not selected",
    "Outcome house visit: duly": "duly",
    "Outcome house visit: unduly": "unduly",
    "Outcome house visit: could not take place": "no visit",
}


def _rows(raw: Path, sheet: str) -> Iterator[tuple[list[str], str, int]]:
    """Iterate over the counts of a sheet: the parts of its category, the origin, the count."""
    rows = CalamineWorkbook.from_path(str(raw / FILE)).get_sheet_by_name(sheet).to_python()
    start = next(k for k, row in enumerate(rows) if row and row[0] == "Nr")
    heads = [" ".join(str(cell).replace("(number)", "").split()) for cell in rows[start]]
    places = {origin: heads.index(head) for origin, head in ORIGINS.items()}
    for row in rows[start + 1 :]:
        if isinstance(row[0], float | int):
            for origin, place in places.items():
                yield str(row[1]).split(" & "), origin, int(str(row[place]).removesuffix(".0"))


def duo_students(raw: Path) -> pl.DataFrame:
    """Return the students by education, age, distance to the parents and origin, in 2014 and 2019."""
    found = [
        (
            year,
            EDUCATION[parts[0].partition(": ")[2]],
            *(p.partition(": ")[2] for p in parts[1:]),
            origin,
            count,
        )
        for sheet, year in POPULATIONS.items()
        for parts, origin, count in _rows(raw, sheet)
        if len(parts) == 3
    ]
    schema = ["year", "education", "age_band", "distance", "origin", "students"]
    frame = pl.DataFrame(found, schema=schema, orient="row")
    return frame.with_columns(pl.col("age_band").str.strip_suffix(" years"))


def duo_checks(raw: Path) -> pl.DataFrame:
    """Return who was in which class, selected for a visit, and what the visit found, by origin."""
    sheets = {**dict.fromkeys(POPULATIONS, "population"), **dict.fromkeys(RANDOM_SAMPLES, "random sample")}
    years = POPULATIONS | RANDOM_SAMPLES
    found = []
    for sheet, group in sheets.items():
        for parts, origin, count in _rows(raw, sheet):
            risk = next((p.rpartition(" ")[2] for p in parts if p.startswith("Risk category")), "all")
            what = [COUNTED[p] for p in parts if p in COUNTED]
            other = [
                p for p in parts if p not in COUNTED and not p.startswith("Risk category") and p != "Total"
            ]
            if not other:
                found.append((years[sheet], group, risk, what[0] if what else "students", origin, count))
    schema = ["year", "group", "risk_class", "counted", "origin", "students"]
    return pl.DataFrame(found, schema=schema, orient="row")
