"""Sums, lists in a text, and rules that read all rows of a group, on several kinds of frames."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bobanalysis.rules import (
    Dictionary,
    Text,
    Variable,
    count,
    dropped,
    evaluate,
    first_match,
    first_not_zero,
    missing,
    neutral,
    sentence,
    total,
    trace,
    when,
    zero_or_first,
)


def variable(name, kind="int", default=0):
    return Variable(name, kind, Text(name, name), default)


D = Dictionary(
    [
        variable("user"),
        variable("place"),
        variable("score"),
        variable("tags", "text", ""),
        variable("tall", "bool", False),
        variable("old", "bool", False),
    ]
)
# user 1 stands in two blocks and out of order: the order is that of the place, not of the rows
ROWS = {
    "user": [1, 2, 1, 3, 3],
    "place": [1, 0, 0, 0, 1],
    "score": [5, 0, 0, 4, 7],
    "tags": ["", "a", "ab,c", "b", "c,a"],
    "tall": [True, False, True, False, True],
    "old": [True, False, False, False, True],
}
KINDS = {"polars": pl.DataFrame, "pandas": pd.DataFrame, "pyarrow": pa.table}
lacking = first_match(when(D.score == 4, missing("it")), otherwise=D.score)


@pytest.fixture(params=KINDS)
def answer(request):
    def evaluated(rule):
        done = evaluate({"it": rule}, KINDS[request.param](ROWS)).frame
        return (
            [None if v != v else v for v in done["it"].to_pylist()]
            if request.param == "pyarrow"
            else [None if v is None or v != v else v for v in list(done["it"])]
        )

    return evaluated


def test_the_first_score_that_is_not_zero_is_read_in_order(answer):
    assert answer(first_not_zero(D.score, D.user, D.place)) == [5, 0, 5, 4, 4]


def test_a_single_zero_decides_for_the_whole_group(answer):
    assert answer(zero_or_first(D.score, D.user, D.place)) == [0, 0, 0, 4, 4]


def test_a_refusal_met_on_the_way_is_the_outcome_of_the_group(answer):
    assert answer(first_not_zero(lacking, D.user, D.place)) == [5, 0, 5, None, None]


def test_a_refusal_behind_the_score_that_decides_is_never_seen(answer):
    late = first_match(when(D.score == 7, missing("it")), otherwise=D.score)
    assert answer(first_not_zero(late, D.user, D.place)) == [5, 0, 5, 4, 4]


def test_windows_can_be_used_inside_windows(answer):
    inner = first_not_zero(D.score, D.user, D.place)
    assert answer(zero_or_first(inner + D.place, D.user, D.place)) == [5, 0, 5, 4, 4]


def test_a_text_lists_whole_items_only(answer):
    assert answer(D.tags.lists_any("a", "x")) == [False, True, False, False, True]


def test_a_total_adds_every_row_that_holds(answer):
    assert answer(total(when(D.tall, D.score), when(D.old, 100))) == [105, 0, 0, 0, 107]
    assert answer(count(D.tall, D.old)) == [2, 0, 1, 0, 2]


def test_small_integers_do_not_overflow_in_arithmetic():
    frame = pl.DataFrame(ROWS, schema_overrides={"score": pl.Int8})
    assert evaluate({"it": D.score * 100}, frame).frame["it"].to_list() == [500, 0, 0, 400, 700]


@pytest.mark.parametrize(
    "rule",
    [
        first_not_zero(lacking, D.user, D.place),
        zero_or_first(D.score, D.user, D.place),
        total(when(D.tall, D.score), when(D.old, 100)),
        count(D.tall, D.tags.lists_any("c")),
    ],
)
def test_reading_one_row_at_a_time_gives_the_same(rule):
    rows = pl.DataFrame(ROWS).to_dicts()
    together = evaluate({"it": rule}, pl.DataFrame(ROWS)).frame["it"].to_list()
    alone = [trace(rule, row, [r for r in rows if r["user"] == row["user"]]).value for row in rows]
    assert alone == together


def test_a_row_that_only_a_dropped_input_decides_leaves_the_total():
    assert dropped(count(D.tall, D.old), ["tall"]) is count(D.old)


def test_a_total_blind_to_an_input_decides_it_as_for_the_reference():
    blind = neutral(count(D.tall, D.old), {"tall": True})
    assert evaluate({"it": blind}, pl.DataFrame(ROWS)).frame["it"].to_list() == [2, 1, 1, 1, 2]


def test_totals_and_windows_are_said_in_words():
    assert sentence(count(D.tall, D.old) >= 2, "en") == "number of “yes” among (tall: yes; old: yes) ≥ 2"
    assert sentence(first_not_zero(D.score, D.user, D.place), "fr").startswith("premier résultat")
