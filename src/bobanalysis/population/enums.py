"""Numbers of the answers that a population is made of (``enums.yaml``), and what age allows.

They are the numbers of the specification (file 01, section 6), kept here as well as in the data dictionary of
the audited algorithm because this room knows nothing of that algorithm; a test keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.tables import load_yaml


@dataclass(frozen=True)
class _Enums:
    answers: dict[str, dict[str, int]]
    frustrations: tuple[str, ...]
    columns: tuple[str, ...]
    fixed: dict[str, Any]
    unasked: dict[str, Any]
    independent: tuple[str, ...]
    combined: tuple[dict[str, Any], ...]
    reference: dict[str, Any]


READ = load_yaml(_Enums, Path(__file__).with_name("enums.yaml"))
ENUMS, FRUSTRATIONS = READ.answers, READ.frustrations

_SEVERAL = {"frustrations": [f"frustration_{name.lower()}" for name in FRUSTRATIONS], "unasked": READ.unasked}
COLUMNS = tuple(name for column in READ.columns for name in _SEVERAL.get(column, [column]))
"""Columns of a population frame, in order."""

# The youngest age at which a person can hold each degree, in the order of the enum from NO_DEGREE: the usual
# length of the studies, without early starts.
YOUNGEST_WITH_DEGREE: tuple[int, ...] = (16, 18, 18, 20, 21, 23)

# Experience in years that each level of seniority takes at least, indexed by its number (0 and 1 take none).
YEARS_OF_EXPERIENCE: tuple[int, ...] = (0, 0, 0, 0, 2, 6, 10, 20)

WORKING_AGE = 16


def constants(values: Mapping[str, Any]) -> dict[str, pl.Expr]:
    """Return columns that hold one value; whole numbers in as few bits as the population has for them."""
    wide = {"city_population": pl.Int32, "age": pl.Int16}
    return {
        name: pl.lit(value, wide.get(name, pl.Int8) if type(value) is int else None)
        for name, value in values.items()
    }
