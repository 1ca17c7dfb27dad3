"""Every recorded name evaluated on every recorded person, in the form of the recorded answers."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import polars as pl

from bobanalysis.bob import Market, catalogue, read_users, validate
from bobanalysis.bob.market import join
from bobanalysis.bob.outcomes import answers
from bobanalysis.rules import Expr, evaluate, inputs
from vectors import FOLDER, vectors

WITHOUT = {"full": (), "nocovid": ("covidRisk",), "noauto": ("automationRisk",)}


@cache
def names() -> list[str]:
    groups = json.loads((FOLDER / "models.json").read_text(encoding="utf-8"))
    return [*groups["named"], *groups["fromConfiguration"], *groups["extra"]]


@cache
def rules() -> dict[str, Expr]:
    return {name: catalogue()[name].score for name in names()}


@cache
def market(name: str) -> Market:
    return Market.empty() if name == "empty" else Market.from_documents(FOLDER / "market", WITHOUT[name])


@cache
def projects(name: str) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    """Return the vectors of one market, and all their projects with every input of the rules."""
    chosen = [v for v in vectors() if v["market"] == name]
    people = read_users([v["user"] for v in chosen], [v["now"] for v in chosen], [v["stubs"] for v in chosen])
    admitted = validate(people, inputs(*rules().values()), strict=False)
    assert admitted.num_rejected == 0
    return chosen, join(admitted.valid, market(name))


@cache
def scores() -> dict[str, dict[str, Any]]:
    """Return, by name and by vector, what the rule answers for the person's first project."""
    found: dict[str, dict[str, Any]] = {name: {} for name in names()}
    for name in (*WITHOUT, "empty"):
        chosen, frame = projects(name)
        done = evaluate(rules(), frame, keep=["user", "project", "rome_id"])
        first = done.frame["project"] == 0
        ids = [chosen[user]["id"] for user in done.frame["user"]]
        for rule in names():
            found[rule] |= {k: a for k, f, a in zip(ids, first, answers(done, rule), strict=True) if f}
    return found
