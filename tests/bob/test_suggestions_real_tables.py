"""Suggestions on the shipped tables: every count is worked out again in another way."""

import dataclasses
from collections import defaultdict

import polars as pl
import pytest

from bobanalysis import data, population
from bobanalysis.bob.suggestions import (
    best_jobs_in_area,
    less_stressful_departements,
    less_stressful_job_groups,
    local_tension,
    national_tension,
    suggest_jobs,
    with_indicators,
)

SCALES = ["cell_median", "vacancy_60", "tension_classes"]


@pytest.fixture(scope="module", params=SCALES)
def market(request):
    return population.market(request.param)


@pytest.fixture(scope="module")
def mobility():
    return data.table("rome_mobility")


def as_dict(market):
    return {(d, r): t for d, r, t in local_tension(market).rows()}


def test_less_stressful_jobs_are_those_that_a_plain_reading_finds(market, mobility):
    offers = as_dict(market)
    linked = defaultdict(list)
    for rome, target, kind in mobility.rows():
        linked[rome].append((target, kind))
    wanted = []
    for (departement, rome), own in offers.items():
        better = [
            (-offers[departement, target], target, kind)
            for target, kind in linked[rome]
            if (departement, target) in offers and offers[departement, target] >= 1.5 * own
        ]
        wanted += [
            (departement, rome, place, target, kind, own, -minus)
            for place, (minus, target, kind) in enumerate(sorted(better)[:5], 1)
        ]
    assert less_stressful_job_groups(local_tension(market), mobility).rows() == sorted(wanted)


def test_each_departement_lists_all_its_easy_markets_up_to_fifty(market):
    easy = defaultdict(int)
    for (departement, _), value in as_dict(market).items():
        easy[departement] += value >= 7
    for national in (None, national_tension(market)):
        lists = best_jobs_in_area(local_tension(market), national)
        counts = dict(lists.group_by("departement_id").len().iter_rows())
        # All known cells have a national figure, so both lists are cut at the same length.
        assert counts == {d: min(n, 50) for d, n in easy.items() if n}


def test_ranks_of_departements_fill_every_place_of_each_job_group(market):
    ranks = less_stressful_departements(local_tension(market))
    assert ranks.height == market.local.height
    place = pl.col("num_less_stressful_departements")
    places = ranks.group_by("rome_id").agg(pl.len(), distinct=place.n_unique(), last=place.max())
    assert places.filter(
        (pl.col("distinct") != pl.col("len")) | (pl.col("last") + 1 != pl.col("len"))
    ).is_empty()


def test_indicators_of_a_market_count_the_lists_and_keep_its_rows(market, mobility):
    local = with_indicators(market, mobility)
    assert local.select(market.local.columns).equals(market.local)
    listed = less_stressful_job_groups(local_tension(market), mobility)
    assert local["market_num_close_jobs"].sum() == listed.height
    assert local["market_num_close_jobs"].max() <= 5
    best = local.filter(pl.col("market_num_better_departements") == 0)
    assert best.height == market.local["rome_id"].n_unique()
    again = with_indicators(dataclasses.replace(market, local=local), mobility)
    assert again.equals(local)


def test_suggestions_for_a_population_are_linked_hire_more_and_are_ranked(mobility):
    market = population.market()
    people = population.modelled(5_000).frame.select("person_id", "rome_id", "departement_id")
    found = suggest_jobs(people, market, mobility).join(people, on="person_id")
    assert found.group_by("person_id").len()["len"].max() <= 5
    assert set(found.select("rome_id", "item").unique().rows()) <= set(
        mobility.select("rome", "rome_target").rows()
    )
    offers = as_dict(market)
    for _, item, _, score, rome, departement in found.unique(["rome_id", "departement_id", "item"]).rows():
        assert offers[departement, item] == score >= 1.5 * offers[departement, rome]


def test_where_the_market_is_unknown_nothing_is_suggested_and_nothing_fails(mobility):
    market = population.market()
    places = data.table("departements").select(departement_id="dep")
    people = data.table("rome").select(rome_id="rome").join(places, how="cross")
    people = people.with_columns(person_id=pl.int_range(pl.len()).cast(pl.String))
    unknown = people.join(local_tension(market), on=["departement_id", "rome_id"], how="anti")
    assert unknown.height == people.height - market.local.height > 0
    assert suggest_jobs(unknown, market, mobility).is_empty()
    nowhere = people.filter(~pl.col("departement_id").is_in(market.local["departement_id"].to_list()))
    assert nowhere["departement_id"].unique().to_list() == ["976"]
    assert suggest_jobs(nowhere, market, mobility, suggestion="best-local-market-score").is_empty()
    lost = nowhere.head(1).with_columns(departement_id=None)
    assert suggest_jobs(lost, market, mobility).is_empty()
