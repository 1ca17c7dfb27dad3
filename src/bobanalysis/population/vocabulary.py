"""What a population is made of and what readers are told of it (``vocabulary.yaml``).

Numbers of answers are those of the specification (file 01, section 6), kept here as well as in the data
dictionary of the audited algorithm because this room knows nothing of that algorithm; a test keeps the two
equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl

from bobanalysis.tables import load_yaml

Ints: TypeAlias = "np.typing.NDArray[np.int64]"
Floats: TypeAlias = "np.typing.NDArray[np.float64]"
Flags: TypeAlias = "np.typing.NDArray[np.bool_]"


@dataclass(frozen=True)
class Scale:
    """One defensible way to turn yearly offers and job seekers into offers per ten candidates.

    ``fr`` and ``en`` say it to readers; ``kind`` is ``rescaled`` (one factor over the whole table: ``years``,
    the part of a year's offers that is counted, or ``median_of``, what has a median of 5 after it) or
    ``assumed`` (classes).
    """

    fr: str
    en: str
    kind: Literal["rescaled", "assumed"] = "rescaled"
    is_default: bool = False
    years: tuple[int, int] | None = None
    median_of: Literal["cells", "jobs", "people"] | None = None


@dataclass(frozen=True)
class Margin:
    """What a line of the fit is about; ``raked``: the model was made to agree with it; ``scaled``: its
    figures are of another year or definition, hence brought to the model's total; ``columns``: those of the
    drawn people that give its categories, if they do."""

    source: str
    fr: str
    en: str
    raked: bool = False
    scaled: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Vocabulary:
    answers: dict[str, dict[str, int]]
    frustrations: tuple[str, ...]
    youngest_with_degree: tuple[int, ...]
    years_of_experience: tuple[int, ...]
    columns: tuple[str, ...]
    fixed: dict[str, Any]
    unasked: dict[str, Any]
    independent: tuple[str, ...]
    combined: tuple[dict[str, Any], ...]
    reference: dict[str, Any]
    scales: Mapping[str, Scale]
    margins: Mapping[str, Margin]
    limits: Mapping[str, dict[str, str]]


READ = load_yaml(_Vocabulary, Path(__file__).with_name("vocabulary.yaml"))
SCALES = READ.scales
LIMITS = READ.limits

_SEVERAL = {"frustrations": [f"frustration_{n.lower()}" for n in READ.frustrations], "unasked": READ.unasked}
COLUMNS = tuple(name for column in READ.columns for name in _SEVERAL.get(column, [column]))
"""Columns of a population frame, in order."""

WORKING_AGE = 16


def constants(values: Mapping[str, Any]) -> dict[str, pl.Expr]:
    """Return columns that hold one value; whole numbers in as few bits as the population has for them."""
    wide = {"city_population": pl.Int32, "age": pl.Int16}
    kinds = {name: wide.get(name, pl.Int8) for name, value in values.items() if type(value) is int}
    return {name: pl.lit(value, kinds.get(name)) for name, value in values.items()}
