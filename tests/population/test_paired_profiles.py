"""Paired profiles: only the age, or only the place, changes."""

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis import data, population
from bobanalysis.population.vocabulary import COLUMNS


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return population.modelled(50).frame


def test_each_person_is_repeated_at_every_age(people):
    pairs = population.paired_ages(people)
    assert pairs.height == 50 * 55
    assert pairs.group_by("pair_id").agg(pl.col("age").sort())["age"].to_list() == [list(range(16, 71))] * 50


def test_only_the_age_changes(people):
    pairs = population.paired_ages(people, ages=[20, 60])
    kept = (
        pairs.filter(pl.col("age") == 60)
        .drop("person_id", "age", "plausible_age")
        .rename({"pair_id": "person_id"})
    )
    assert_frame_equal(kept, people.drop("age"), check_column_order=False)


def test_only_the_place_changes(people):
    pairs = population.paired_departements(people, ["75", "976"])
    mayotte = pairs.filter(pl.col("departement_id") == "976")
    kept = mayotte.drop("person_id").rename({"pair_id": "person_id"})
    original = people.drop("departement_id", "region_id")
    assert_frame_equal(kept.select(original.columns), original)
    assert set(mayotte["region_id"]) == {"06"}


def test_all_101_départements_are_there_with_their_region_and_mayotte_too(people):
    pairs = population.paired_departements(people.head(1))
    table = data.table("departements").select("dep", "region").sort("dep")
    assert pairs.select("departement_id", "region_id").rows() == table.rows()
    assert "976" in pairs["departement_id"].to_list()


def test_every_row_of_a_pair_has_its_own_person_id(people):
    for pairs in (population.paired_ages(people), population.paired_departements(people)):
        assert pairs["person_id"].n_unique() == pairs.height


def test_types_do_not_change(people):
    for pairs in (population.paired_ages(people), population.paired_departements(people)):
        assert {c: pairs.schema[c] for c in people.columns} == dict(people.schema)


def test_an_age_too_low_for_the_experience_is_marked_and_kept():
    expert = population.reference_profiles().filter(pl.col("seniority") == 6).head(1)
    marked = population.paired_ages(expert, ages=[20, 27, 28, 40])
    assert marked["plausible_age"].to_list() == [False, False, True, True]


def test_an_unknown_département_is_refused(people):
    with pytest.raises(ValueError, match="'99'"):
        population.paired_departements(people, ["75", "99"])


def test_a_person_given_twice_is_refused(people):
    with pytest.raises(ValueError, match="several rows"):
        population.paired_ages(pl.concat([people, people.head(1)]))


def test_a_missing_column_is_named(people):
    with pytest.raises(ValueError, match="'region_id' is missing"):
        population.paired_departements(people.drop("region_id"))


def test_reference_profiles_are_all_different_and_consistent():
    profiles = population.reference_profiles()
    answers = profiles.drop("person_id")
    assert answers.is_unique().all()
    assert profiles["person_id"].n_unique() == profiles.height
    assert profiles.filter((pl.col("project_kind") == 5) & (pl.col("seniority") > 2)).is_empty()
    waiting = profiles.filter("search_not_started")
    assert set(waiting["total_interview_count"]) == {-1}


def test_reference_profiles_have_the_columns_and_types_of_a_population(people):
    profiles = population.reference_profiles(rome_ids=("M1607", "G1602"))
    wanted = [c for c in COLUMNS if c not in ("fap87", "age_band")]
    assert profiles.columns == wanted
    assert {c: profiles.schema[c] for c in wanted} == {c: people.schema[c] for c in wanted}
    assert profiles["rome_id"].n_unique() == 2


def test_the_job_groups_of_reference_profiles_are_made_up():
    codes = set(population.reference_profiles()["rome_id"])
    assert codes == set(population.REFERENCE_JOBS)
    assert not codes & set(data.table("rome")["rome"])


def test_any_column_can_be_varied_with_the_columns_that_go_with_it():
    """Nothing of Bob: people of another country, whose districts have a rent."""
    people = pl.DataFrame(
        {"person_id": [7, 8], "years": [30, 60], "district": ["a", "b"], "rent": [1.0, 2.0]}
    )
    assert population.paired(people, "years", (20, 40))["years"].to_list() == [20, 40, 20, 40]
    places = pl.DataFrame({"district": ["b", "c"], "rent": [2.0, 3.0]})
    moved = population.paired(people, "district", places, also=["rent"])
    assert moved.columns == ["pair_id", *people.columns]
    assert moved.rows()[:2] == [(7, "7/district=b", 30, "b", 2.0), (7, "7/district=c", 30, "c", 3.0)]


@pytest.mark.parametrize("values", [[], [30, 30]])
def test_a_value_given_twice_or_none_at_all_is_refused(people, values):
    with pytest.raises(ValueError, match="age: give at least one value, each once"):
        population.paired_ages(people, values)


PUBLIC = {
    "paired": lambda people: population.paired(people, "age", [20, 60]),
    "paired_ages": lambda people: population.paired_ages(people, [20, 60]),
    "paired_departements": lambda people: population.paired_departements(people, ["75", "976"]),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_pandas_in_means_pandas_out(people, name):
    ours, theirs = PUBLIC[name](people), PUBLIC[name](people.to_pandas())
    assert isinstance(theirs, pd.DataFrame)
    assert_frame_equal(pl.from_pandas(theirs), ours, check_dtypes=False)
