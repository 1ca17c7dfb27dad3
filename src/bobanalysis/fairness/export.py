"""What an audit writes for machines: one long table, JSON of a published shape, and where both come from."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
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
_SAMPLE = ("strata", "cluster", "replicate_weights")
ROLES = ("prediction", "outcome", "score", "weight", "count", "selected", *_SAMPLE)
"""What columns are read as, in the order in which it is told."""
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
                kept = {n: o for n, o in (left | takes).items() if n in schema and o in table.columns}
                names = {"attribute": pl.lit(entry.name), "table": pl.lit(called), "metric": pl.lit(called)}
                parts.append(table.select(**names | {n: pl.col(o).cast(schema[n]) for n, o in kept.items()}))
    return pl.concat(parts, how="diagonal")


def command_line(name: str, asked: Iterable[tuple[str, Any]]) -> str:
    """Return a command as one types it, in the folder of its files.

    Args:
        name: of the command.
        asked: its arguments (without a name) and options with their values, None where one is not given: a
            list repeats the option, a tuple is one word with commas, a mapping gives ``name=values``.

    Example:
        >>> command_line("audit", [("", "a.csv"), ("by", ["age", "sex"]), ("bands", {"age": (25.0, 50.0)})])
        'bobanalysis audit a.csv --by age --by sex --bands age=25,50'
    """
    words = ["bobanalysis", name]
    for option, value in asked:
        flag = [f"--{option.replace('_', '-')}"] if option else []
        if isinstance(value, Mapping):
            value = [f"{of}={_word(each)}" for of, each in value.items()]
        given = value if isinstance(value, list) else [] if value is None else [value]
        words += [word for one in given for word in (*flag, *([] if one is True else [_word(one)]))]
    return shlex.join(words)


def _word(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(_word, value))
    return f"{value:g}" if isinstance(value, float) else value.name if isinstance(value, Path) else str(value)


def command(audit: Result) -> str:
    """Return the command that gives the audit again."""
    asked = vars(audit.question) | {name: one for name, one in vars(audit.plan).items() if name != "groups"}
    asked |= {name: tuple(asked[name]) for name in ("groups", "adjust_for")}
    usual = {"min_group": MIN_GROUP, "missing": MISSING}
    given = [(name, value) for name, value in asked.items() if value and value != usual.get(name)]
    return command_line("audit", [("", audit.path), *given])


def metadata(audit: Result) -> dict[str, str]:
    """Return where an audit comes from: shape, package, command and file, as texts."""
    found = {"format": str(FORMAT), "package": f"bobanalysis {version('bobanalysis')}"}
    return found | {"command": command(audit), "file": audit.path.name, "sha256": audit.sha256}


def record(audit: Result) -> str:
    """Return an audit as JSON of the shape that ``audit.schema.json`` describes."""
    told, roles = metadata(audit), [*ROLES, "replicate_kind"]
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
    return as_json(found)


def as_json(content: Any) -> str:
    """Write JSON as the project stores it: UTF-8, one space of indent, a newline at the end."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _both(note: Text) -> dict[str, str]:
    return {"fr": note.fr, "en": note.en}
