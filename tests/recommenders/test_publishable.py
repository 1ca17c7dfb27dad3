"""Age × place is never published from the modelled population."""

from functools import cache

import polars as pl
import pytest

from bobanalysis import data, population
from bobanalysis.recommenders.publishable import NotEstimableError, publishable


@cache
def model():
    return population.modelled(3_000, seed=2)


def paired():
    people = population.modelled(5, seed=2).frame
    ages = population.paired_ages(people, [25, 55]).drop("pair_id", "plausible_age")
    placed = population.paired_departements(ages, ["75", "93"]).drop("pair_id")
    return placed.with_columns(pair_id=pl.col("person_id").str.split("/").list.first())


@pytest.mark.parametrize(
    "groups",
    [
        ["age", "departement_id"],
        ["age_band", "region_id"],
        ["region_id", "gender", "age"],
        ["city_population", "age"],
    ],
)
def test_age_by_place_is_refused_of_the_modelled_population(groups):
    with pytest.raises(NotEstimableError, match="No source counts"):
        publishable(model().frame, groups, model())


@pytest.mark.parametrize(
    "groups", [["age"], ["departement_id"], ["age", "gender"], ["region_id", "seniority"], []]
)
def test_age_or_place_alone_may_be_published(groups):
    assert publishable(model().frame, groups, model()) is model().frame


def test_another_name_for_age_or_place_does_not_help():
    names = dict(data.table("departements").select("dep", "old_region_name").iter_rows())
    hidden = model().frame.with_columns(
        q1=pl.col("age") >= 50, q2=pl.col("departement_id").replace_strict(names)
    )
    with pytest.raises(NotEstimableError, match="q1 × q2"):
        publishable(hidden, ["q1", "q2"], model())


def test_one_place_by_age_and_one_age_by_place_are_refused_too():
    frame = model().frame
    with pytest.raises(NotEstimableError, match="within some départements"):
        publishable(frame.filter(pl.col("departement_id") == "75"), ["age"], model())
    with pytest.raises(NotEstimableError, match="within some ages"):
        publishable(frame.filter(pl.col("age") >= 50), ["region_id"], model())


def test_mobility_is_not_a_place():
    assert publishable(model().frame, ["age", "area_type"], model()).height == 3_000


def test_paired_profiles_carry_age_by_place():
    assert publishable(paired(), ["age", "departement_id"], "paired").height == 20


def test_people_called_paired_who_are_not_are_refused():
    with pytest.raises(NotEstimableError, match="no column pair_id"):
        publishable(model().frame, ["age", "region_id"], "paired")
    with pytest.raises(NotEstimableError, match="each person needs"):
        publishable(paired().head(19), ["age", "departement_id"], "paired")


def test_a_table_of_real_people_is_the_users_to_cross():
    frame = pl.DataFrame({"age": [20, 60], "region": ["A", "B"]})
    assert publishable(frame, ["age", "region"], "own") is frame


def test_a_missing_column_or_a_wrong_word_is_said():
    with pytest.raises(KeyError, match="'sexe'"):
        publishable(model().frame, ["sexe"], model())
    with pytest.raises(ValueError, match="'paired' or 'own'"):
        publishable(model().frame, ["age"], "modelled")
