"""The recorded inputs and answers of the published code, and the invented market that it ran on."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis.bob import Bob, Market, read_users, validate

FOLDER = Path(__file__).parents[1] / "vectors"


@cache
def vectors() -> list[dict[str, Any]]:
    with gzip.open(FOLDER / "visible.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def market(name: str) -> Market:
    return Market.empty() if name == "empty" else Market.from_documents(FOLDER / "market")


def answered(bob_rules: dict[str, Any] | None = None) -> pl.DataFrame:
    """Diagnose every recorded project, each on its own market, and put the place of its vector beside it."""
    parts = []
    for name in sorted({v["market"] for v in vectors()}):
        chosen = [(k, v) for k, v in enumerate(vectors()) if v["market"] == name]
        bob = Bob(market(name)) if bob_rules is None else Bob(market(name), bob_rules)
        people = read_users([v["user"] for _, v in chosen], [v["now"] for _, v in chosen])
        done = bob.diagnosis_only.run(validate(people, bob.variables, strict=False).valid, validated=True)
        places = pl.Series([k for k, _ in chosen])
        parts.append(done.with_columns(vector=places.gather(done["user"])))
    return pl.concat(parts).sort("vector", "project")


def expected(vector: int, project: int) -> dict[str, Any]:
    """Return what the published code answered for one project."""
    whole = vectors()[vector]["expected"]
    return whole if project == 0 else whole["otherProjects"][project - 1]
