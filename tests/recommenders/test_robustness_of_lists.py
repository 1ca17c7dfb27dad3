import polars as pl
import pytest

from bobanalysis.population import modelled
from bobanalysis.recommenders import (
    answers,
    bob,
    french_market,
    frontier,
    ordered_thresholds,
    with_moved_threshold,
    without_answers,
)

BOB = bob(french_market())
PEOPLE = modelled(300, seed=11).frame


def test_an_answer_that_nobody_gave_cannot_go_missing():
    named = answers(BOB, PEOPLE)
    assert "seniority" in named
    assert "city_urban_score" not in named
    assert "age" not in named


def test_a_missing_answer_is_missing_everywhere_it_is_kept_and_nothing_else_changes():
    without = without_answers(PEOPLE, ["search_length", "seniority"])
    searched = without.filter(pl.col("missing") == "search_length")
    assert searched["search_length_now"].unique().to_list() == [-1.0]
    assert (~searched["search_not_started"]).all()
    assert searched["seniority"].to_list() == PEOPLE["seniority"].to_list()
    assert searched["pair_id"].to_list() == PEOPLE["person_id"].to_list()
    assert without["person_id"].is_unique().all()


def test_an_answer_without_which_the_diagnosis_is_the_same_moves_nothing():
    same = without_answers(PEOPLE, ["frustration_language"]).drop("pair_id", "missing")
    assert BOB.diagnose(same)["main_challenge"].to_list() == BOB.diagnose(PEOPLE)["main_challenge"].to_list()


def test_an_unknown_answer_is_refused():
    with pytest.raises(ValueError, match="'shoe_size' is no answer"):
        without_answers(PEOPLE, ["shoe_size"])


def test_a_moved_threshold_moves_those_at_it_and_no_others():
    at_45 = PEOPLE.with_columns(age=pl.lit(45, pl.Int16))
    moved = with_moved_threshold(BOB, "age", 45, 46)
    for age, same in ((44, True), (45, False), (46, False), (47, True)):
        people = at_45.with_columns(age=pl.lit(age, pl.Int16))
        before, after = (b.advise(people)["item"].cast(pl.String).to_list() for b in (BOB, moved))
        assert (before == after) is same


def test_a_threshold_moved_there_and_back_is_where_it_was():
    back = with_moved_threshold(with_moved_threshold(BOB, "age", 45, 45.5), "age", 45.5, 45)
    assert ordered_thresholds(back) == ordered_thresholds(BOB)
    assert back.advise(PEOPLE).equals(BOB.advise(PEOPLE))


def test_codes_of_no_answer_are_no_thresholds():
    """ "Offers is not 0" says that offers are known: that 0 is a code, only order makes a threshold."""
    assert ("jg_national_market_score", 0.0) not in ordered_thresholds(BOB)


def test_a_threshold_that_no_rule_has_is_refused():
    with pytest.raises(LookupError, match="no rule compares 'age' with 44"):
        with_moved_threshold(BOB, "age", 44, 45)


def values(gap, n=400, name="r"):
    group = pl.int_range(n, eager=True) % 2
    value = (
        pl.select(pl.when(pl.int_range(n) // 2 % 2 == 0).then(0.2).otherwise(0.6)).to_series() + gap * group
    )
    frame = pl.DataFrame({"person_id": pl.int_range(n, eager=True).cast(pl.String), "value": value})
    groups = frame.select("person_id", g=group)
    return frame.select("person_id", "value", recommender=pl.lit(name)), groups


def test_the_frontier_tells_quality_and_the_gap_between_the_groups():
    frame, groups = values(0.1)
    (row,) = frontier(frame, groups, replicates=200).iter_rows(named=True)
    assert row["quality"] == pytest.approx(0.45)
    assert row["gap"] == pytest.approx(0.1)
    assert (row["best"], row["worst"], row["n"]) == ("1", "0", 400)
    assert row["quality_low"] < 0.45 < row["quality_high"]
    assert row["gap_low"] < 0.1 < row["gap_high"]


def test_intervals_of_the_frontier_cover_the_mean():
    """Width of the interval of a mean of 400 values of known spread: 2 × 1.96 × 0.2 / 20."""
    frame, groups = values(0.0)
    row = frontier(frame, groups, replicates=1000).row(0, named=True)
    assert row["quality_high"] - row["quality_low"] == pytest.approx(2 * 1.96 * 0.2 / 20, rel=0.12)


def test_who_is_worse_on_both_counts_is_dominated():
    (good, groups), (bad, _) = values(0.1, name="good"), values(0.2, name="bad")
    bad = bad.with_columns(pl.col("value") - 0.3)
    found = frontier(pl.concat([good, bad]), groups, replicates=50)
    assert dict(found.select("recommender", "dominated").rows()) == {"good": False, "bad": True}


def test_undefined_values_are_left_out_and_never_zero():
    frame, groups = values(0.1)
    holes = frame.with_columns(value=pl.when(pl.int_range(pl.len()) >= 40).then("value"))
    row = frontier(holes, groups, replicates=50).row(0, named=True)
    assert row["n"] == 360
    assert row["quality"] == pytest.approx(0.45)


def test_groups_too_small_to_compare_are_refused():
    frame, groups = values(0.1, n=40)
    with pytest.raises(ValueError, match="two are needed"):
        frontier(frame, groups, smallest=30)
