"""What an audit writes for machines: one long table, JSON of a published shape, and where both come from."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import polars as pl

from bobanalysis.fairness._cube import as_list
from bobanalysis.text import Text

if TYPE_CHECKING:
    from bobanalysis.fairness.audit import Audit

FORMAT = 1
"""Number of the shape of the JSON; see ``audit.schema.json``."""
LONG: dict[str, Any] = dict.fromkeys(("attribute", "table", "metric", "item", "group"), pl.String)
LONG |= {"at": pl.Float64, "n": pl.Int64}
LONG |= dict.fromkeys(("value", "ci_low", "ci_high", "band_low", "band_high"), pl.Float64)
LONG |= {"reference": pl.String} | dict.fromkeys(("difference", "difference_low", "difference_high"), pl.Float64)
LONG |= dict.fromkeys(("ratio", "ratio_low", "ratio_high", "p_value", "p_adjusted"), pl.Float64)
LONG |= {"suppressed": pl.Boolean, "status": pl.String}
"""Columns of the long table."""

_NAMES: dict[str, dict[str, dict[str, str]]] = {  # table: tables of the long one, and what is renamed there
    "shape": {
        "flatness": {"p_flat": "p_value"},
        "lack_of_fit": {"largest_from": "at", "observed": "value", "fitted": "", "p_value": "p_value"},
    },
    "jumps": {"jumps": {"jump": "value"}},
    "gaps": {"gaps": {"high": "group", "low": "reference"}},
    "summary": {"summary": {"measure": "metric", "highest": "group", "lowest": "reference"}},
    "impact": {"impact": {"category": "group", "rate": "value"} | {f"impact_{n}": n for n in ("ratio",)}},
    "distances": {"distances": {"total_variation": "value"}},
    "adjusted": {
        "unadjusted": {"level": "group", "observed": "value", "raw": "difference", "p_value": ""},
        "adjusted": {
            **{"level": "group", "adjusted": "value", "effect": "difference"},
            **{"ci_low": "difference_low", "ci_high": "difference_high"},
        },
    },
    "decomposition": {"decomposition": {"part": "item", "contribution": "value", "column": "group"}},
    "subgroups": {"subgroups": {"subgroup": "group"}},
}


def long(audit: Audit) -> pl.DataFrame:
    """Return all tables of all entries below each other.

    Returns:
        A frame with the columns ``LONG``: ``attribute`` (or crossing), ``table`` ("measures", "curve",
        "jumps", "gaps", "impact", "adjusted", …), ``metric``, ``item``, ``group`` or ``at`` (the value of a
        number), and the figures; null where a table has no such figure.
    """
    parts = [pl.DataFrame(schema=LONG)]
    for entry in audit.entries:
        for name, table in entry.tables.items():
            if set(entry.groups) <= set(table.columns) and "group" not in table.columns:
                table = table.with_columns(group=pl.concat_str(entry.groups, separator=" × "))
            for called, names in _NAMES.get(name, {name: {}}).items():
                taken = {new for old, new in names.items() if old in table.columns}
                columns = [
                    pl.col(old).cast(LONG[new]).alias(new)
                    for old, new in ((c, names.get(c, c if c not in taken else "")) for c in table.columns)
                    if new in LONG
                ]
                head = {"attribute": pl.lit(entry.name), "table": pl.lit(called)}
                parts.append(table.select(*columns).with_columns(**head))
    return pl.concat(parts, how="diagonal")


def command(audit: Audit) -> str:
    """Return the command that gives the audit again."""
    words = ["bobanalysis", "audit", audit.path.name]
    for option, value in audit.asked.items():
        flag = "--" + option.replace("_", "-")
        if value is True:
            words.append(flag)
        elif isinstance(value, Mapping):
            for name, one in value.items():
                joined = one if isinstance(one, str) else ",".join(f"{v:g}" for v in one)
                words += [flag, f"{name}={joined}"]
        elif option in ("groups", "adjust_for", "missing", "reference"):
            words += [flag, ",".join(as_list(value) if option != "reference" or not isinstance(value, tuple) else value)]
        else:
            for one in value if isinstance(value, list | tuple) else [value]:
                words += [flag, ",".join(one) if isinstance(one, tuple) else str(one)]
    return shlex.join(words)


def metadata(audit: Audit) -> dict[str, str]:
    """Return where an audit comes from: shape, package, command and file, as texts."""
    found = {"format": str(FORMAT), "package": f"bobanalysis {version('bobanalysis')}"}
    return found | {"command": command(audit), "file": audit.path.name, "sha256": audit.sha256}


def record(audit: Audit) -> str:
    """Return an audit as JSON of the shape that ``audit.schema.json`` describes."""
    told = metadata(audit)
    roles = ("prediction", "outcome", "score", "weight", "count", "selected")
    found = {
        "format": FORMAT,
        **{"package": told["package"], "command": told["command"]},
        "file": {"name": told["file"], "sha256": told["sha256"], "rows": audit.rows, "people": audit.people},
        "read_as": {role: getattr(audit.plan, role) for role in roles if getattr(audit.plan, role)},
        "min_group": audit.min_group,
        "notes": [_both(note) for note in audit.notes],
        "entries": [
            {
                **{"name": entry.name, "columns": list(entry.groups), "kind": entry.kind},
                "notes": [_both(note) for note in entry.notes],
                "by_median": entry.by_median,
                "tables": {
                    name: [{k: _plain(v) for k, v in row.items()} for row in table.iter_rows(named=True)]
                    for name, table in entry.tables.items()
                },
            }
            for entry in audit.entries
        ],
    }
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _both(note: Text) -> dict[str, str]:
    return {"fr": note.fr, "en": note.en}


def _plain(value: Any) -> Any:
    """Write a ratio without a limit as text, as JSON has no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    return value
