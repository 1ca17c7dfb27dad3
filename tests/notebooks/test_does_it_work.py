"""Key figures of the notebook on the trial, computed again by another formula."""

import json
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import nbformat
import pytest
import yaml

from bobanalysis.tables import read_yaml

ROOT = Path(__file__).parents[2]
SAID, LEDGER = (read_yaml(ROOT / "data" / f"{name}.yaml") for name in ("trial", "ledger"))


@pytest.fixture(scope="module")
def recorded():
    return json.loads((ROOT / "reports" / "findings.json").read_text("utf-8"))["findings"]


@pytest.fixture(scope="module")
def chosen():
    """The parameters of the notebook, as its first cell sets them."""
    book = nbformat.read(ROOT / "notebooks" / "17_does_it_work.ipynb", as_version=4)
    (cell,) = [c for c in book.cells if "parameters" in c.metadata.get("tags", [])]
    found = {}
    exec(cell.source, found)
    return found


def smallest(share_invited, employed, together, chance, level):
    """The smallest effect found with a chance: the textbook's sample size for two rates, solved by halving.

    Pooled variance under no effect and own variances under the effect, in place of the arcsine of Cohen.
    """
    people = SAID["trial"]["people"]["value"] / together
    n, m = people * share_invited, people * (1 - share_invited)
    none, found = NormalDist().inv_cdf(1 - level / 2), NormalDist().inv_cdf(chance)
    low, high = 0.0, 1 - employed
    for _ in range(60):
        gap = (low + high) / 2
        rate = employed + gap
        pooled = (n * rate + m * employed) / (n + m)
        needed = none * sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)) + found * sqrt(
            rate * (1 - rate) / n + employed * (1 - employed) / m
        )
        low, high = (gap, high) if gap < needed else (low, gap)
    return high


def grid(chosen):
    return [
        (invited, employed, smallest(invited, employed, together, chosen["CHANCE"], chosen["LEVEL"]))
        for invited in chosen["INVITED"]
        for employed in chosen["EMPLOYED"]
        for together in chosen["TOGETHER"]
    ]


def test_the_smallest_effects_of_an_invitation_are_those_of_the_textbooks_formula(chosen, recorded):
    found = [effect for _, _, effect in grid(chosen)]
    assert len(found) == recorded["trial.combinations"]["value"]
    assert recorded["trial.smallest_low"]["value"] == pytest.approx(min(found), rel=0.02)
    assert recorded["trial.smallest_high"]["value"] == pytest.approx(max(found), rel=0.02)


def test_the_smallest_effects_on_a_user_are_those_of_an_invitation_over_the_share_who_came(chosen, recorded):
    found = [effect / used for _, _, effect in grid(chosen) for used in chosen["USED"]]
    assert len(found) == recorded["trial.user_combinations"]["value"]
    assert recorded["trial.smallest_user_low"]["value"] == pytest.approx(min(found), rel=0.02)
    assert recorded["trial.smallest_user_high"]["value"] == pytest.approx(max(found), rel=0.02)


def test_one_unemployed_person_in_ten_fewer_would_be_seen_in_as_many_combinations_as_recorded(
    chosen, recorded
):
    seen = sum(
        (1 - employed) / 10 >= effect / used
        for _, employed, effect in grid(chosen)
        for used in chosen["USED"]
    )
    assert recorded["trial.tenth_user_seen"]["value"] == pytest.approx(seen, abs=2)


def test_a_trial_with_halves_of_equal_size_sees_more_than_any_other():
    even = smallest(0.5, 0.3, 1, 0.8, 0.05)
    assert even == pytest.approx(2.8016 * sqrt(0.3 * 0.7 * 4 / 212_277), rel=0.01)
    assert all(smallest(share, 0.3, 1, 0.8, 0.05) > even for share in (0.1, 0.25, 0.75, 0.9))


def test_the_two_ways_of_counting_recommendations_differ_as_counted_by_hand(recorded):
    assert recorded["recommend.team"]["value"] == pytest.approx(-3 / 11, abs=1e-6)  # 8, 9, 10; 0 to 5
    assert recorded["recommend.usual"]["value"] == pytest.approx(-5 / 11, abs=1e-6)  # 9, 10; 0 to 6


def test_the_rating_that_counts_as_favourable_is_the_sum_of_the_three_upper_answers(recorded):
    first, last = SAID["published"]["ratings"]["rows"][0], SAID["published"]["ratings"]["rows"][-1]
    for when, row in (("first", first), ("last", last)):
        assert recorded[f"rating.favourable_{when}"]["value"] == pytest.approx(sum(row[4:]) / 100)
        assert recorded[f"rating.bad_{when}"]["value"] == pytest.approx(row[2] / 100)


@pytest.mark.parametrize("row", SAID["published"]["ratings"]["rows"], ids=lambda row: str(row[0]))
def test_the_answers_of_a_date_make_a_whole_but_for_rounding(row):
    assert sum(row[2:]) == pytest.approx(100, abs=1.01)


def test_what_others_state_says_where_it_was_read_and_which_question_it_answers():
    questions = {entry["id"] for entry in LEDGER["entries"]}
    sources = yaml.safe_load((ROOT / "data" / "sources.yaml").read_text("utf-8"))["sources"]
    stated = [SAID["trial"]["people"], SAID["trial"]["months"], *SAID["published"].values()]
    for figure in stated:
        assert figure["source"] in sources
        assert figure["ledger"] in questions
        assert figure["read"] in ("abstract", "passage")


def test_the_trial_is_as_large_and_as_long_as_the_ledger_says(recorded):
    (answer,) = [e["answer"]["en"] for e in LEDGER["entries"] if e["id"] == "rct-effect"]
    said = " ".join(answer.split())
    assert "about {trial.people} job seekers, followed for {trial.months}, from" in said
    for name, unit in (("people", "people"), ("months", "months")):
        assert recorded[f"trial.{name}"]["value"] == SAID["trial"][name]["value"]
        assert recorded[f"trial.{name}"]["unit"] == unit
