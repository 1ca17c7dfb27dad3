"""Tension, order of départements and linked jobs: the decision rows and quirks of spec 05, by hand."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bobanalysis.algorithms.bob_quirks import importer_figure
from bobanalysis.bob import InputError, Market
from bobanalysis.bob.suggestions import (
    less_stressful_departements,
    less_stressful_job_groups,
    local_tension,
    national_tension,
    suggest_jobs,
)

OWN, T1, T2, T3, T4, T5, T6 = "A1101", "B1101", "B1201", "B1301", "B1302", "B1303", "B1401"


def tension(cells, departement="15"):
    rows = [(departement, rome, value) for rome, value in cells.items()]
    return pl.DataFrame(rows, schema=["departement_id", "rome_id", "tension"], orient="row")


def of_departements(values, rome=OWN):
    rows = [(departement, rome, value) for departement, value in values.items()]
    return pl.DataFrame(rows, schema=["departement_id", "rome_id", "tension"], orient="row")


def links(*targets, source=OWN, kind="close"):
    rows = [(source, target, kind) for target in targets]
    return pl.DataFrame(rows, schema=["rome", "rome_target", "kind"], orient="row")


def market(cells, departement="15"):
    local = tension(cells, departement).rename({"tension": "market_offers_per_10_candidates"})
    return Market(local, Market.empty().jobs)


@pytest.mark.parametrize(
    ("own", "target", "listed"), [(4, 6, True), (4, 5, False), (3, 5, True), (3, 4, False)]
)
def test_a_linked_job_is_listed_from_one_and_a_half_times_the_offers(own, target, listed):
    found = less_stressful_job_groups(tension({OWN: own, T1: target}), links(T1))
    assert found["item"].to_list() == [T1] * listed


def test_the_five_with_most_offers_are_listed_and_equals_by_code():
    t = tension({OWN: 1, T6: 9, T5: 9, T4: 2, T3: 7, T2: 8, T1: 7})
    found = less_stressful_job_groups(t, links(T1, T2, T3, T4, T5, T6))
    assert found.select("rank", "item").rows() == [(1, T5), (2, T6), (3, T2), (4, T1), (5, T3)]


def test_where_there_is_no_offer_at_all_equally_empty_jobs_are_called_less_stressful_d1():
    found = less_stressful_job_groups(tension({OWN: 0, T1: 0, T2: 3}), links(T1, T2))
    assert found.select("item", "tension").rows() == [(T2, 3), (T1, 0)]


def test_equality_counts_in_france_and_not_elsewhere_d19():
    t = tension({OWN: 4, T1: 6, T2: 7})
    evolution = links(T1, T2, kind="evolution")
    assert less_stressful_job_groups(t, evolution)["item"].to_list() == [T2, T1]
    assert less_stressful_job_groups(t, evolution, strictly=True)["item"].to_list() == [T2]


@pytest.mark.parametrize("cells", [{OWN: None, T1: 9}, {T1: 9}, {OWN: 1, T1: None}, {OWN: 1}])
def test_an_unknown_market_is_neither_compared_nor_listed(cells):
    assert less_stressful_job_groups(tension(cells), links(T1)).is_empty()


def test_only_the_departement_of_the_job_counts():
    t = pl.concat([tension({OWN: 1, T1: 1}), tension({T1: 9}, "75")])
    assert less_stressful_job_groups(t, links(T1)).is_empty()


def test_links_of_single_titles_are_left_out_of_the_list_but_kept_without_type_among_similar_jobs_d20():
    table = links(T1, T2, T3).with_columns(
        title=pl.Series([None, "100", None], dtype=pl.String),
        title_target=pl.Series([None, None, "200"], dtype=pl.String),
    )
    found = less_stressful_job_groups(tension({OWN: 1, T1: 9, T2: 9, T3: 9}), table)
    assert found["item"].to_list() == [T1]
    similar = importer_figure("similar_jobs", {"mobility": table})
    assert similar.rows() == [("100", T2, "close"), (OWN, T1, "close"), (OWN, T3, None)]


def test_departements_of_equal_tension_get_different_ranks_d2():
    found = less_stressful_departements(of_departements({"01": 4, "02": 4, "03": 9, "04": 0}))
    assert found.select(
        "departement_id", "num_less_stressful_departements", "at_least", "at_most"
    ).rows() == [
        ("01", 1, 1, 2),
        ("02", 2, 1, 2),
        ("03", 0, 0, 0),
        ("04", 3, 3, 3),
    ]


@given(st.lists(st.integers(0, 4) | st.none(), min_size=1, max_size=12))
def test_ranks_are_all_the_places_there_are_and_lie_within_their_bounds(values):
    known = [v for v in values if v is not None]
    t = of_departements({f"{k:02}": v for k, v in enumerate(values)}).cast({"tension": pl.Int64})
    found = less_stressful_departements(t).join(t, on=["departement_id", "rome_id"])
    places = found["num_less_stressful_departements"]
    assert sorted(places.to_list()) == list(range(len(known)))
    for place, low, high, value in found.select(
        "num_less_stressful_departements", "at_least", "at_most", "tension"
    ).rows():
        assert low == sum(v > value for v in known)
        assert high == sum(v >= value for v in known) - 1
        assert low <= place <= high


def test_documents_say_minus_one_for_no_offer_and_zero_for_unknown_and_are_read_back():
    found = local_tension(market({OWN: 7, T1: -1, T2: 0}))
    assert found.select("rome_id", "tension").rows() == [(OWN, 7), (T1, 0)]


def test_a_national_score_of_zero_is_unknown_d18():
    jobs = pl.DataFrame({"rome_id": [OWN, T1], "jg_national_market_score": [0.5, 0.0]})
    assert national_tension(Market(Market.empty().local, jobs)).rows() == [(OWN, 5.0)]


def test_a_market_listed_twice_is_refused_with_its_row():
    twice = pl.concat([tension({OWN: 4}), tension({OWN: 5})])
    with pytest.raises(InputError, match=r"table tension: row 2, columns .*'15'.*'A1101'.*stands twice"):
        less_stressful_departements(twice)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="table mobility: no column kind"):
        less_stressful_job_groups(tension({OWN: 4}), links(T1).drop("kind"))


def test_people_get_the_jobs_of_their_own_market_in_their_own_order():
    people = pl.DataFrame(
        {"person_id": ["z", "a", "m"], "rome_id": [OWN, T1, OWN], "departement_id": ["15", "15", "75"]}
    )
    m = market({OWN: 2, T1: 3, T2: 9})
    table = pl.concat([links(T1, T2), links(T2, source=T1)])
    assert suggest_jobs(people, m, table).rows() == [("z", T2, 1, 9.0), ("z", T1, 2, 3.0), ("a", T2, 1, 9.0)]


def test_an_unknown_suggestion_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match="less-stressful-job-groups"):
        suggest_jobs(pl.DataFrame(), market({OWN: 2}), links(T1), suggestion="nearest-job")


def test_no_answer_but_job_and_departement_changes_what_is_suggested():
    people = pl.DataFrame(
        {"person_id": ["a", "b"], "rome_id": [OWN] * 2, "departement_id": ["15"] * 2, "age": [20, 60]}
    )
    found = suggest_jobs(people, market({OWN: 2, T1: 3}), links(T1))
    assert found.drop("person_id").unique().height == 1
