"""Answers that go missing and thresholds that move change what depends on them, and nothing else."""

import polars as pl
import pytest

from bobanalysis.algorithm import ordered_thresholds
from bobanalysis.audit.robustness import given_answers, without_answers
from bobanalysis.bob import Bob
from bobanalysis.population import modelled
from bobanalysis.recommenders import french_market

BOB = Bob(french_market())
PEOPLE = modelled(300, seed=11).frame


def moved(algorithm, old, new):
    return algorithm.with_threshold(None, new, variable="age", old=old)


def test_an_answer_that_nobody_gave_cannot_go_missing():
    named = given_answers(BOB, PEOPLE)
    assert "seniority" in named
    assert "city_urban_score" not in named
    assert "age" not in named


def test_a_missing_answer_is_missing_everywhere_it_is_kept_and_nothing_else_changes():
    without = without_answers(BOB, PEOPLE, ["search_length", "seniority"])
    searched = without.filter(pl.col("missing") == "search_length")
    assert searched["search_length_now"].unique().to_list() == [-1.0]
    assert (~searched["search_not_started"]).all()
    assert searched["seniority"].to_list() == PEOPLE["seniority"].to_list()
    assert searched["pair_id"].to_list() == PEOPLE["person_id"].to_list()
    assert without["person_id"].is_unique().all()


def test_an_answer_without_which_the_diagnosis_is_the_same_moves_nothing():
    same = without_answers(BOB, PEOPLE, ["frustration_language"]).drop("pair_id", "missing")
    assert BOB.run(same)["main_challenge"].equals(BOB.run(PEOPLE)["main_challenge"])


def test_an_unknown_answer_is_refused():
    with pytest.raises(ValueError, match="'shoe_size' is no answer"):
        without_answers(BOB, PEOPLE, ["shoe_size"])


def test_a_moved_threshold_moves_those_at_it_and_no_others():
    at_45 = PEOPLE.with_columns(age=pl.lit(45, pl.Int16))
    other = moved(BOB, 45, 46)
    for age, same in ((44, True), (45, False), (46, False), (47, True)):
        people = at_45.with_columns(age=pl.lit(age, pl.Int16))
        before, after = (b.run(people)["advice"].to_list() for b in (BOB, other))
        assert (before == after) is same


def test_a_threshold_moved_there_and_back_is_where_it_was():
    back = moved(moved(BOB, 45, 45.5), 45.5, 45)
    assert ordered_thresholds(back) == ordered_thresholds(BOB)
    assert back.run(PEOPLE).equals(BOB.run(PEOPLE))


def test_codes_of_no_answer_are_no_thresholds():
    """ "Offers is not 0" says that offers are known: that 0 is a code, only order makes a threshold."""
    assert ("jg_national_market_score", 0.0) not in ordered_thresholds(BOB)


def test_a_threshold_that_no_rule_has_is_refused():
    with pytest.raises(LookupError, match="has 0 such thresholds, not one"):
        moved(BOB, 44, 45)
