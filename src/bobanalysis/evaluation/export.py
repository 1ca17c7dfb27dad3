"""What an evaluation writes for machines: JSON of the shape that ``evaluation.schema.json`` describes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from bobanalysis.evaluation.lists import to_polars
from bobanalysis.evaluation.summary import Evaluation
from bobanalysis.fairness import MIN_GROUP
from bobanalysis.fairness.export import as_json, command_line
from bobanalysis.tables import as_records, digest

FORMAT = 1
"""Number of the shape of the JSON."""
WRITTEN = ("output", "per_query", "comparison")
"""Options that name what is written: they are no part of what is asked."""


def command(options: Sequence[Any], asked: Mapping[str, Any]) -> str:
    """Return the command that gives an evaluation again, in the folder of its files."""
    given = []
    for one in (one for one in options if one.name not in WRITTEN and asked.get(one.name) != one.default):
        value, flag = asked.get(one.name), one.opts[0] if one.param_type_name == "option" else ""
        given.append((flag.removeprefix("--"), [*value] if isinstance(value, tuple) else value))
    return command_line("evaluate", given)


def record(found: Evaluation, asked: str, files: Sequence[Any], tables: Mapping[str, Any]) -> str:
    """Return an evaluation as JSON, with the command, the files (role and path) and the tables by name."""
    kinds = [("groups", names) for names in found.sets] + [("curve", names) for names in found.numbers]
    measures = [(m.label, m.measure.formula, m.measure.source) for m in found.measures]
    told = {"format": FORMAT, "package": f"bobanalysis {version('bobanalysis')}", "command": asked}
    told |= {
        "files": [{"role": role, "name": path.name, "sha256": digest(path)} for role, path in files],
        "min_group": MIN_GROUP,
        "measures": [{"name": name, "formula": what, "source": source} for name, what, source in measures],
        "attributes": [{"columns": [*names], "kind": kind} for kind, names in kinds],
        "notes": as_records(to_polars(found.notes)[0]),
        "tables": {name: as_records(frame) for name, frame in tables.items()},
    }
    return as_json(told)
