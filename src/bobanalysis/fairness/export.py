"""What an audit writes for machines: one long table, JSON of a published shape, and where both come from."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import polars as pl

from bobanalysis.fairness.metrics import MIN_GROUP
from bobanalysis.fairness.reading import MISSING
from bobanalysis.tables import as_records, load_yaml
from bobanalysis.text import Text

if TYPE_CHECKING:
    from bobanalysis.fairness.result import Result

FORMAT = 1
"""Number of the shape of the JSON; see ``audit.schema.json``."""
_KINDS = {"text": pl.String, "number": pl.Float64, "count": pl.Int64, "mark": pl.Boolean}


@cache
def _shape() -> dict[str, Any]:
    return load_yaml(dict[str, Any], files("bobanalysis.fairness") / "long.yaml")


def long(audit: Result) -> pl.DataFrame:
    """Return all tables of all entries below each other.

    Returns:
        A frame with the columns of ``long.yaml``: ``attribute`` (or crossing), ``table`` ("measures",
        "curve", "jumps", "gaps", "impact", "adjusted", …), ``metric``, ``item``, ``group`` or ``at`` (the
        value of a number), and the figures; null where a table has no such figure.
    """
    schema = {name: _KINDS[kind] for name, kind in _shape()["columns"].items()}
    parts = [pl.DataFrame(schema=schema)]
    for entry in audit.entries:
        for name, table in entry.tables.items():
            if name in ("measures", "distances", "calibration"):
                table = table.with_columns(group=pl.concat_str(entry.groups, separator=" × "))
            for called, takes in _shape()["tables"].get(name, {name: {}}).items():
                left = {old: old for old in table.columns if old not in takes.values()}
                chosen = {
                    new: old for new, old in (left | takes).items() if new in schema and old in table.columns
                }
                names = {"attribute": pl.lit(entry.name), "table": pl.lit(called), "metric": pl.lit(called)}
                parts.append(
                    table.select(**names | {n: pl.col(o).cast(schema[n]) for n, o in chosen.items()})
                )
    return pl.concat(parts, how="diagonal")


def command(audit: Result) -> str:
    """Return the command that gives the audit again."""
    words = ["bobanalysis", "audit", audit.path.name]
    asked = {one.name: getattr(audit.question, one.name) for one in fields(audit.question)}
    asked |= {one.name: getattr(audit.plan, one.name) for one in fields(audit.plan)[1:]}  # all but the groups
    usual = {"min_group": MIN_GROUP, "missing": MISSING}
    for option, value in asked.items():
        flag = "--" + option.replace("_", "-")
        if not value or value == usual.get(option):
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, Mapping):
            each = {
                name: [one] if isinstance(one, str) else [f"{n:g}" for n in one]
                for name, one in value.items()
            }
            words += [word for name, one in each.items() for word in (flag, f"{name}={','.join(one)}")]
        elif option in ("groups", "adjust_for", "missing") or isinstance(value, tuple):
            words += [flag, ",".join(value)]
        else:
            each_one = value if isinstance(value, list) else [value]
            words += [
                w
                for one in each_one
                for w in (flag, str(one) if isinstance(one, str | date | int) else ",".join(one))
            ]
    return shlex.join(words)


def metadata(audit: Result) -> dict[str, str]:
    """Return where an audit comes from: shape, package, command and file, as texts."""
    found = {"format": str(FORMAT), "package": f"bobanalysis {version('bobanalysis')}"}
    return found | {"command": command(audit), "file": audit.path.name, "sha256": audit.sha256}


def record(audit: Result) -> str:
    """Return an audit as JSON of the shape that ``audit.schema.json`` describes."""
    told = metadata(audit)
    roles = ["prediction", "outcome", "score", "weight", "count", "selected"]
    roles += ["strata", "cluster", "replicate_weights", "replicate_kind"]
    found = {
        "format": FORMAT,
        **{"package": told["package"], "command": told["command"]},
        "file": {"name": told["file"], "sha256": told["sha256"], "rows": audit.rows, "people": audit.people},
        "read_as": {role: getattr(audit.plan, role) for role in roles if getattr(audit.plan, role)},
        "min_group": audit.question.min_group,
        "notes": [_both(note) for note in audit.notes],
        "entries": [
            {
                **{"name": entry.name, "columns": list(entry.groups), "kind": entry.kind},
                "notes": [_both(note) for note in entry.notes],
                "by_median": entry.by_median,
                "tables": {name: as_records(table) for name, table in entry.tables.items()},
            }
            for entry in audit.entries
        ],
    }
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _both(note: Text) -> dict[str, str]:
    return {"fr": note.fr, "en": note.en}
