"""Ranking many people at once gives what reading the specification person by person gives."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.bob.configuration import advice_modules, strategies
from bobanalysis.bob.pipeline import item_scores
from bobanalysis.bob.ranking import rank
from bobanalysis.bob.strategies import propose
from bobanalysis.rules import Dictionary, Text, Variable, evaluate, first_match, missing, when

IDS = ["b", "a", "d", "c", "e"]
SCORES = st.lists(st.sampled_from([None, 0.0, 0.1, 1.0, 2.0, 2.4, 3.0, -1.0]), min_size=5, max_size=5)
PAIRS = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=6)


def one_by_one(scores, pairs):
    """Read spec 03 §3.2 for one person."""
    ordered = sorted(zip(scores, IDS, strict=True), key=lambda p: (p[0] or 0, p[1]), reverse=True)
    kept, excluded = [], set()
    for score, item in ordered:
        if not score:
            break
        if item in excluded:
            continue
        kept.append((item, score))
        excluded |= {b for a, b in pairs if a == item and a != b}
    return kept


@settings(max_examples=300, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=6), PAIRS)
def test_a_frame_is_ranked_as_its_people_are_one_by_one(people, pairs):
    done = rank([pl.Series([p[k] for p in people], dtype=pl.Float64) for k in range(5)], IDS, pairs)
    for row, person in enumerate(people):
        keys = done.sorted[row][done.sorted[row] != 0]
        got = [(IDS[i], s) for i, s in zip(done.item(keys), done.score(keys), strict=True)]
        assert got == one_by_one(person, pairs)


def test_actions_below_zero_are_never_kept():
    done = rank([pl.Series([-1.0]), pl.Series([2.0])], ["a", "b"], negative=False)
    assert (done.sorted != 0).sum(axis=1).tolist() == [1]


def test_two_items_of_one_name_are_refused():
    with pytest.raises(ValueError, match="different items"):
        rank([pl.Series([1.0]), pl.Series([2.0])], ["a", "a"])


def test_nobody_is_ranked_without_an_error():
    assert rank([pl.Series([], dtype=pl.Float64)], ["a"]).sorted.shape == (0, 1)


def test_the_keys_of_one_person_alone_stay_in_the_order_of_the_items():
    scores = [pl.Series([1.0]), pl.Series([3.0]), pl.Series([2.0])]
    alone = rank(scores, ["a", "b", "c"])
    twice = rank([pl.concat([s, s]) for s in scores], ["a", "b", "c"])
    assert [key[0] for key in alone.keys] == [key[0] for key in twice.keys]


@settings(max_examples=100, deadline=None)
@given(st.lists(SCORES, min_size=1, max_size=6), PAIRS)
def test_scores_that_are_known_to_be_possible_change_no_ranking(people, pairs):
    scores = [pl.Series([p[k] for p in people], dtype=pl.Float64) for k in range(5)]
    found, told = (
        rank(scores, IDS, pairs, levels=levels) for levels in ([], [[-1, 0, 0.1, 1, 2, 2.4, 3, 9]] * 5)
    )
    for row in range(len(people)):
        lists = [[(d.item(k), d.score(k)) for k in d.sorted[row] if k] for d in (found, told)]
        assert lists[0] == lists[1]


def test_points_above_a_hundred_are_not_taken_for_those_of_another_strategy():
    first, second = [s.id for s in strategies() if "start-your-search" in s.challenges][-2:]
    points = {first: [0.301, 0.299], second: [0.151, 3.211]}  # out of 3
    ids = [m.id for m in advice_modules()]
    done = propose(
        pl.Series(["start-your-search"] * 2),
        pl.Series([-100] * 2),  # a changed diagnosis leaves 200 points
        {s.id: pl.Series(points.get(s.id, [0.0, 0.0])) for s in strategies()},
        pl.Series([-1, -1]),
        rank([pl.Series([1.0, 1.0])] * len(ids), ids),
    )
    assert done["strategy_points"].to_list() == [[10, 5], [107, 9]]


def test_what_lacks_data_scores_the_same_beside_scores_of_32_bits():
    d = Dictionary([Variable("months", "float", Text("mois", "months"), 0)])
    rule = first_match(when(d.months < 1, missing("a")), otherwise=d.months)
    frame = pl.DataFrame({"months": [0, 2.5]}, schema={"months": pl.Float32})
    assert item_scores(evaluate({"a": rule}, frame), ["a"])[0].to_list() == [0.1, 2.5]
