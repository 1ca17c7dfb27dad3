"""Best jobs of a département: which are listed, and in which order."""

import polars as pl

from bobanalysis.bob.suggestions import best_jobs_in_area

CODES = [f"A{k}" for k in range(1100, 1200)]


def tension(values, departement="15"):
    return pl.DataFrame(
        {"departement_id": [departement] * len(values), "rome_id": CODES[: len(values)], "tension": values}
    )


def test_jobs_from_seven_offers_per_ten_candidates_are_listed_most_offers_first():
    found = best_jobs_in_area(tension([6, 7, 9, 9]))
    assert found.select("rank", "item").rows() == [(1, CODES[2]), (2, CODES[3]), (3, CODES[1])]


def test_a_list_has_fifty_jobs_at_most():
    assert best_jobs_in_area(tension([9] * 60))["item"].to_list() == CODES[:50]


def test_the_relative_list_is_in_the_order_of_local_over_national_and_needs_both():
    national = pl.DataFrame({"rome_id": CODES[:5], "tension": [2, 20, None, 0, 1]})
    found = best_jobs_in_area(tension([8, 10, 9, 9, 6]), national)
    # No offer in the country counts as -1: the ratio is negative and comes last; 6 is not enough.
    assert found.select("item", "score").rows() == [(CODES[0], 4.0), (CODES[1], 0.5), (CODES[3], -9.0)]
