"""Examples worked by the published code on markets of their own (spec 04, section 7)."""

import json
from pathlib import Path

import pytest

from bobanalysis.bob import Market, catalogue, read_users, validate
from bobanalysis.bob.market import join, looked_up_by
from bobanalysis.bob.outcomes import answers
from bobanalysis.rules import evaluate, inputs

EXAMPLES = json.loads(Path(__file__).with_name("worked_examples.json").read_text(encoding="utf-8"))
NOW = "2022-06-15T12:00:00"


def outcome(example):
    rule = catalogue()[example["model"]].score
    market = Market.from_collections(example.get("market", {}))
    read = inputs(rule)
    names = [v.name for v in read]
    user = {"profile": example.get("profile", {}), "projects": example["projects"]}
    people = read_users([user], [NOW])
    valid = validate(people, [*read, *looked_up_by(names, market)], strict=False).valid
    return answers(evaluate({"it": rule}, join(valid, market, names), keep=["rome_id"]), "it")[0]


def test_every_worked_example_gives_its_recorded_outcome():
    wrong = {}
    for example in EXAMPLES:
        got, said = outcome(example), example["outcome"]
        if got != (pytest.approx(said, abs=1e-9) if isinstance(said, float) else said):
            wrong[f"{example['number']} {example['model']}"] = got, said
    assert not wrong
