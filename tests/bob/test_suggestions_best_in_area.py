"""Best jobs of a département: which are listed, and in which order."""

import polars as pl
import pytest

from bobanalysis.bob.suggestions import best_jobs_in_area, good_job_groups, open_without

CODES = [f"A{k}" for k in range(1100, 1200)]


def tension(values, departement="15"):
    return pl.DataFrame(
        {"departement_id": [departement] * len(values), "rome_id": CODES[: len(values)], "tension": values}
    )


def section(found, name):
    return found.filter(pl.col("section") == name)


def test_jobs_from_seven_offers_per_ten_candidates_are_listed_most_offers_first():
    found = best_jobs_in_area(tension([6, 7, 9, 9]))
    assert found.select("rank", "item").rows() == [(1, CODES[2]), (2, CODES[3]), (3, CODES[1])]


def test_a_list_has_fifty_jobs_at_most():
    assert best_jobs_in_area(tension([9] * 60))["item"].to_list() == CODES[:50]


def test_the_relative_list_is_in_the_order_of_local_over_national_and_needs_both():
    national = pl.DataFrame({"rome_id": CODES[:5], "tension": [2, 20, None, 0, 1]})
    found = section(best_jobs_in_area(tension([8, 10, 9, 9, 6]), national), "best-relative-local-score")
    # No offer in the country counts as -1: the ratio is negative and comes last; 6 is not enough.
    assert found.select("item", "score").rows() == [(CODES[0], 4.0), (CODES[1], 0.5), (CODES[3], -9.0)]


def test_good_salaries_are_those_of_people_under_35_whatever_the_market_d5():
    salaries = pl.DataFrame(
        {
            "departement_id": ["15"] * 3,
            "rome_id": CODES[:3],
            "junior_min_salary": [2199, 2200, 3000],
            "senior_min_salary": [9000, 100, 100],
        }
    )
    found = section(best_jobs_in_area(tension([9, 0]), salaries=salaries), "best-salaries")
    assert found.select("item", "score", "offers_per_10").rows() == [
        (CODES[2], 3000, 0),
        (CODES[1], 2200, -1),
    ]


@pytest.mark.parametrize(
    ("risk", "short", "covid", "good"),
    [
        (84, 55, False, True),
        (85, 0, False, False),
        (0, 0, False, True),
        (None, None, None, True),
        (10, 55.1, False, False),
        (10, 0, True, False),
    ],
)
def test_a_good_job_group_is_not_at_risk_and_not_of_short_contracts(risk, short, covid, good):
    jobs = pl.DataFrame(
        {
            "rome_id": ["A1101"],
            "automation_risk": pl.Series([risk], dtype=pl.Float64),
            "short_or_interim_percent": pl.Series([short], dtype=pl.Float64),
            "covid_risky": pl.Series([covid], dtype=pl.Boolean),
        }
    )
    assert good_job_groups(jobs).to_list() == ["A1101"] * good


@pytest.mark.parametrize(("assumed", "good"), [(0, True), (50, False), (None, True)])
def test_an_unknown_risk_counts_as_one_says(assumed, good):
    jobs = pl.DataFrame(
        {
            "rome_id": ["A1101"],
            "automation_risk": [0],
            "short_or_interim_percent": [0],
            "covid_risky": [False],
        }
    )
    assert len(good_job_groups(jobs, automation=30, unknown_risk=assumed)) == good


def test_jobs_without_diploma_data_are_left_out_of_those_open_without_one_d23():
    asked = pl.DataFrame(
        {"rome_id": ["A", "A", "B", "C"], "level": [1, 2, 2, 1], "percent_required": [99, 49, 50, 99]}
    )
    assert open_without(asked, 1).to_list() == ["A", "C"]
    assert open_without(asked, 4).to_list() == ["A", "B", "C"]
