"""The fields of Bob's JSON records, as ``records.yaml`` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.tables import load_yaml

from .catalogue import DICTIONARY


def camel(name: str) -> str:
    """Write the name of an input as records do."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _dtype(raw: Any) -> Any:
    """Return the Polars type that ``records.yaml`` writes as a name, a list or a table of fields."""
    if isinstance(raw, dict):
        return pl.Struct({name: _dtype(inner) for name, inner in raw.items()})
    if isinstance(raw, list):
        return pl.List(_dtype(raw[0]))
    return {"int": pl.Int64, "float": pl.Float64, "text": pl.String, "bool": pl.Boolean}[raw]


def read_fields(fields: Mapping[str, str], of: pl.Expr | None = None) -> dict[str, pl.Expr]:
    """Return the fields at some places, of a struct or of the frame; decimals keep 32 bits (spec 01 §2)."""
    found = {}
    for name, path in fields.items():
        head, *inner = path.split(".")
        field = pl.col(head) if of is None else of.struct.field(head)
        for part in inner:
            field = field.struct.field(part)
        found[name] = single_precision(field) if DICTIONARY[name].kind == "float" else field
    return found


def single_precision(value: pl.Expr) -> pl.Expr:
    """Round to 32 bits, as Bob's store does."""
    return value.cast(pl.Float32).cast(pl.Float64)


@cache
def user() -> dict[str, Any]:
    """Return the fields of a record of a user that are read, with their types."""
    known = {name: _dtype(raw) for name, raw in _FIELDS["user"].items()}
    return known | {"featuresEnabled": pl.Struct(dict.fromkeys(EXPERIMENTS.values(), pl.String))}


def local_stats() -> Any:
    """Return the type of the figures of a place that a project may bring."""
    return _dtype(_FIELDS["user"]["projects"][0]["localStats"])


@cache
def services() -> dict[str, Any]:
    """Return what outside services answer, with its types."""
    return {name: _dtype(raw) for name, raw in _FIELDS["services"].items()}


_FIELDS = load_yaml(dict[str, Any], Path(__file__).with_name("records.yaml"))
COLUMNS: dict[str, str] = _FIELDS["columns"]
LOCAL: dict[str, str] = _FIELDS["local"]
JOB: dict[str, str] = _FIELDS["job"]
EXPERIMENTS = {name: camel(name) for name in DICTIONARY.sets["active_experiments"]}
UNREAD = frozenset(_FIELDS["unread"])
OBJECTIVES: dict[str, list[str]] = _FIELDS["objectives"]
