"""The page docs/add_a_recommender.md runs as it stands."""

import re
import warnings
from pathlib import Path

import pytest

from bobanalysis.evaluation import EvaluationWarning
from bobanalysis.recommenders import COLUMNS, Learner, Recommender

PAGE = Path(__file__).parents[2] / "docs" / "add_a_recommender.md"


@pytest.fixture(scope="module")
def page():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict = {"blocks": blocks}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvaluationWarning)
        for block in blocks:
            exec(compile(block, str(PAGE), "exec"), names)
    return names


def test_the_example_is_a_recommender_of_twenty_lines_at_most(page):
    assert isinstance(page["SameTrade"](), Recommender)
    assert not isinstance(page["SameTrade"](), Learner)
    assert len([line for line in page["blocks"][0].splitlines() if line.strip()]) <= 20


def test_the_example_is_compared_with_another(page):
    assert set(page["comparison"]["run"]) | set(page["comparison"]["other"]) == {
        "same-trade",
        "rome-mobility",
    }


def test_the_learned_example_gives_lists_to_people_of_both_folds(page):
    assert tuple(page["learned"].columns) == COLUMNS
    assert page["learned"]["person_id"].n_unique() > 250
