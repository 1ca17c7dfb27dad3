"""The numbers that a population stores are those of the data dictionary of the audited algorithm."""

from pathlib import Path

import pytest
import yaml

from bobanalysis.population.vocabulary import COLUMNS, READ

DICTIONARY = Path(__file__).parents[2] / "src/bobanalysis/bob/dictionary.yaml"


@pytest.fixture(scope="module")
def dictionary():
    return yaml.safe_load(DICTIONARY.read_text(encoding="utf-8"))


@pytest.mark.parametrize("answer", sorted(set(READ.answers) - {"network_estimate"}))
def test_each_answer_has_the_numbers_of_the_dictionary(dictionary, answer):
    variable = next(v for v in dictionary["variables"] if v["name"] == answer)
    enum = {str(e["name"]): e["number"] for e in dictionary["enums"][variable["enum"]]}
    assert {name: enum.get(name) for name in READ.answers[answer]} == READ.answers[answer]


def test_the_difficulties_are_those_of_the_dictionary(dictionary):
    assert list(READ.frustrations) == [e["name"] for e in dictionary["enums"]["Frustration"] if e["number"]]
    assert sum(c.startswith("frustration_") for c in COLUMNS) == 19
