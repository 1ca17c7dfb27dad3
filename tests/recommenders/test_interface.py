import polars as pl
import pytest

from bobanalysis.recommenders import COLUMNS, checked, ranking


def scored(rows):
    return pl.DataFrame(rows, schema=["person_id", "item", "score"], orient="row")


def test_the_highest_score_is_first_and_equals_stand_by_name():
    lists = ranking(scored([("p", "c", 1.0), ("p", "b", 2.0), ("p", "a", 1.0)]))
    assert lists["item"].to_list() == ["b", "a", "c"]
    assert lists["rank"].to_list() == [1, 2, 3]


def test_people_stay_in_their_order_and_lists_are_cut():
    lists = ranking(scored([("z", "a", 1.0), ("z", "b", 2.0), ("a", "a", 3.0), ("a", "b", 4.0)]), most=1)
    assert lists.select("person_id", "item").rows() == [("z", "b"), ("a", "b")]


def test_an_unknown_score_is_not_ranked():
    lists = ranking(scored([("p", "a", None), ("p", "b", float("nan")), ("p", "c", 0.0)]))
    assert lists["item"].to_list() == ["c"]


def test_an_item_twice_in_a_list_is_refused_with_the_person():
    with pytest.raises(ValueError, match="'a' stands twice for person 'p'"):
        ranking(scored([("p", "a", 1.0), ("p", "a", 2.0)]))


def test_rows_of_a_person_that_are_apart_are_refused():
    with pytest.raises(ValueError, match="stand together"):
        ranking(scored([("p", "a", 1.0), ("q", "a", 1.0), ("p", "b", 1.0)]))


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="no column score"):
        ranking(pl.DataFrame({"person_id": ["p"], "item": ["a"]}))


def test_no_candidate_gives_an_empty_list():
    assert ranking(scored([]).cast({"score": pl.Float64})).columns == list(COLUMNS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": [1, 3]}, "ranks are not"),
        ({"score": [1.0, 2.0]}, "score rises"),
        ({"item": ["a", "a"]}, "stands twice"),
        ({"person_id": ["q", "q"]}, "nobody asked about"),
    ],
)
def test_what_is_no_list_is_refused(change, message):
    good = {"person_id": ["p", "p"], "item": ["a", "b"], "rank": [1, 2], "score": [2.0, 1.0]}
    people = pl.DataFrame({"person_id": ["p"]})
    assert checked(pl.DataFrame(good), people).height == 2
    with pytest.raises(ValueError, match=message):
        checked(pl.DataFrame(good | change), people)
