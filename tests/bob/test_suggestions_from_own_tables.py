"""Indicators that need a table of one's own: worked by hand on small tables, quirks included."""

from datetime import date

import polars as pl
import pytest

from bobanalysis.algorithms.bob_quirks import importer_figure


def offers(*groups):
    """Repeat each row (a number, then columns) that number of times."""
    rows = [row for number, row in groups for _ in range(number)]
    return pl.DataFrame(rows, infer_schema_length=None)


def offer(created, rome="A1101", departement="15", **other):
    return {"departement_id": departement, "rome_id": rome, "created": created, **other}


# Offers over time (spec 05 §8)


@pytest.mark.parametrize(
    ("before", "year", "change", "previous"),
    [(10, 15, 50, 10), (8, 7, -12, 8), (0, 0, -100, 1), (0, 3, 200, 1), (0, 1, 0, 1), (4, 0, -100, 4)],
)
def test_a_change_in_offers_is_in_per_cent_and_a_year_without_offers_counts_as_one_d7(
    before, year, change, previous
):
    table = offers(
        (before, offer(date(2014, 6, 1))), (year, offer(date(2015, 6, 1))), (1, offer(date(2016, 6, 1)))
    )
    assert importer_figure("offer_changes", {"offers": table}).row(0)[2:] == (change, year, previous)


# Jobs without qualification (§5)


def jobbing(*groups, tension=4, unqualified=("A1101", "B1101")):
    table = offers(*groups)
    markets = table.select("departement_id", "rome_id").unique().with_columns(tension=pl.lit(tension))
    tables = {"offers": table, "tension": markets, "unqualified": pl.DataFrame({"rome_id": unqualified})}
    return importer_figure("reorient_jobbing", tables)


def test_the_title_with_most_offers_stands_for_its_job_group_and_needs_more_than_fifty_d10():
    day = date(2016, 1, 1)
    found = jobbing(
        (51, offer(day, title="t1")), (30, offer(day, title="t2")), (50, offer(day, "B1101", title="t3"))
    )
    assert found.select("item", "title", "offers").rows() == [("A1101", "t1", 51)]


def test_offers_after_the_history_hard_markets_and_qualified_jobs_are_left_out():
    day, late = date(2016, 12, 31), date(2017, 1, 1)
    assert jobbing((51, offer(late, title="t"))).is_empty()
    assert jobbing((51, offer(day, title="t")), tension=3).is_empty()
    assert jobbing((51, offer(day, title="t")), unqualified=("B1101",)).is_empty()
    assert jobbing((51, offer(day, title="t"))).height == 1


# Seasonal jobs (§11)


def seasonal(*groups):
    return importer_figure("seasonal_jobbing", {"offers": offers(*groups)})


def test_a_departement_is_seasonal_above_750_offers_of_a_month_over_the_years_d9():
    first, second = offer(date(2015, 7, 1), contract="SAI"), offer(date(2016, 7, 31), contract="SAI")
    assert seasonal((700, first), (50, second)).is_empty()
    found = seasonal((700, first), (51, second))
    assert found.select("month", "departement_id", "item", "offers").rows() == [(7, "15", "A1101", 751)]


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [((10, 11, 900), [900, 11]), ((11, 12, 13, 14, 15, 900), [900, 15, 14, 13, 12])],
)
def test_the_five_largest_job_groups_with_more_than_ten_offers_are_kept(numbers, kept):
    day = date(2016, 7, 1)
    found = seasonal(*((n, offer(day, f"A110{k}", contract="SAI")) for k, n in enumerate(numbers)))
    assert found["offers"].to_list() == kept


def test_other_contracts_and_later_offers_are_not_seasonal():
    assert seasonal((800, offer(date(2016, 7, 1), contract="CDD"))).is_empty()
    assert seasonal((800, offer(date(2017, 7, 1), contract="SAI"))).is_empty()


def test_departements_of_a_month_stand_in_the_order_of_codes_not_of_offers():
    day = date(2016, 7, 1)
    found = seasonal(
        (800, offer(day, departement="83", contract="SAI")),
        (760, offer(day, departement="06", contract="SAI")),
    )
    assert found["departement_id"].to_list() == ["06", "83"]


# Cities (§13, spec 04 §2.6)

TOWNS = pl.DataFrame({"city_id": ["c1", "c2"], "population": [1000, 100]})


def hiring_cities(table, since="2015/01/01"):
    return importer_figure("hiring_cities", {"offers": table, "cities": TOWNS}, {"since": since})


def test_the_start_date_with_slashes_rejects_all_offers_of_2015_d8():
    table = offers(
        (9, {"rome_id": "A1101", "city_id": "c1", "created": "2015-12-31"}),
        (1, {"rome_id": "A1101", "city_id": "c2", "created": "2016-01-01"}),
    )
    assert hiring_cities(table)["city_id"].to_list() == ["c2"]
    assert hiring_cities(table, since="2015-01-01")["offers"].to_list() == [1, 9]


def test_a_city_is_kept_above_a_bound_that_grows_with_the_job_groups_offers():
    row = {"rome_id": "A1101", "created": "2016-01-01"}

    def kept(large, small):
        table = offers((large, {**row, "city_id": "c1"}), (small, {**row, "city_id": "c2"}))
        return "c2" in hiring_cities(table)["city_id"].to_list()

    # 1 > n ** 0.6 / 40 up to n = 40 ** (1 / 0.6) = 467.8…
    assert kept(466, 1)
    assert not kept(467, 1)


# A département's market (§3, §10)


def test_planned_hirings_of_all_families_of_a_job_group_are_summed_and_rounded_half_to_even_d3():
    crosswalk = pl.DataFrame({"rome": ["A1101", "A1101", "B1101"], "fap2009": ["f1", "f2", "f2"]})
    survey = pl.DataFrame(
        {
            "departement_id": ["15", "15", "75"],
            "fap2009": ["f1", "f2", "f2"],
            "hirings": [100, 100, 0],
            "difficult": [25, 0, 0],
            "seasonal": [None, 27, 0],
        }
    )
    found = importer_figure("hiring_needs", {"survey": survey, "crosswalk": crosswalk})
    assert found.rows() == [("15", "A1101", 12, 14)]


def test_trainings_are_counted_by_postcode_so_that_corsica_has_none_d12():
    codes = ["1000", "97410", "20000", "75011", "75020"]
    trainings = pl.DataFrame({"rome_id": ["A1101"] * 5, "postcode": codes})
    found = importer_figure("training_counts", {"trainings": trainings})
    assert dict(found.select("departement_id", "trainings").rows()) == {"01": 1, "974": 1, "20": 1, "75": 2}


# Job groups (§7)


def test_a_training_of_exactly_720_is_in_no_class_d17():
    table = pl.DataFrame({"rome_id": ["A"] * 5, "duration": [119, 120, 719, 720, 721]})
    assert importer_figure("training_lengths", {"trainings": table}).row(0) == ("A", 1, 2, 1)


# Requirements (§9)


def diplomas(table):
    return importer_figure("diplomas", {"offers": table})


def test_diplomas_count_the_higher_as_suggested_and_the_required_as_required():
    columns = [
        "first_diploma",
        "first_level",
        "first_required",
        "second_diploma",
        "second_level",
        "second_required",
    ]
    rows = [
        ("cap", 2, True, "bac", 3, False),  # suggests bac, requires cap
        ("cap", 2, True, "bac", 3, True),  # suggests and requires bac
        ("bts", 4, False, None, None, None),  # suggests bts, requires none
        ("bac", 3, False, "bacpro", 3, True),  # a tie: the first is suggested; the second is required
        (None, None, None, None, None, None),  # no diploma: left out
    ]
    table = pl.DataFrame(rows, schema=columns, orient="row").with_columns(rome_id=pl.lit("A"))
    assert diplomas(table).rows() == [("A", 2, 0, 25), ("A", 3, 75, 50), ("A", 4, 25, 0)]


def test_diplomas_are_rounded_by_name_before_they_are_added_by_level():
    rows = [(1, "a", 2), (1, "b", 2), (198, "bac", 3)]
    table = offers(
        *[
            (n, {"rome_id": "A", "first_diploma": name, "first_level": level, "first_required": True})
            for n, name, level in rows
        ]
    ).with_columns(
        second_diploma=pl.lit(None, pl.String),
        second_level=pl.lit(None, pl.Int64),
        second_required=pl.lit(False),
    )
    # two names of half a per cent each round to nothing (half to even), though together they are one per cent
    assert diplomas(table).rows() == [("A", 3, 99, 99)]


def test_of_two_diplomas_of_one_level_the_first_is_suggested():
    row = {"rome_id": "A", "first_required": False, "second_required": False}
    bac = {**row, "first_diploma": "bac", "first_level": 3, "second_diploma": None, "second_level": None}
    bep = {**bac, "first_diploma": "bep", "first_level": 2}
    both = {**bep, "first_diploma": "cap", "second_diploma": "bep", "second_level": 2}
    # cap and bep have half a per cent each, which rounds to nothing; a second bep would make one per cent
    found = diplomas(offers((198, bac), (1, bep), (1, both)))
    assert found["level"].to_list() == [3]


def test_licences_are_listed_from_five_per_cent_and_required_by_one_at_least_d11():
    table = pl.DataFrame({"offer_id": list(range(100)), "rome_id": ["A"] * 100})
    mentions = pl.DataFrame(
        {
            "offer_id": list(range(10)) + list(range(4)) + [9],
            "licence": ["B"] * 10 + ["A2"] * 4 + ["E"],
            "required": [False] * 15,
        }
    )
    found = importer_figure("driving_licences", {"offers": table, "licences": mentions})
    assert found.rows() == [("A", "CAR", 10, 1)]


# Sections (§4)


def test_good_salaries_are_those_of_people_under_35_d5():
    salaries = pl.DataFrame(
        {
            "departement_id": ["15"] * 3,
            "rome_id": ["A1101", "A1102", "A1103"],
            "junior_min_salary": [2199, 2200, 3000],
            "senior_min_salary": [9000, 100, 100],
        }
    )
    found = importer_figure("best_paid_jobs", {"salaries": salaries})
    assert found.select("item", "score").rows() == [("A1103", 3000), ("A1102", 2200)]


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
    found = importer_figure("good_job_groups", {"jobs": jobs}, {"automation": 85})
    assert found["rome_id"].to_list() == ["A1101"] * good


def test_jobs_without_diploma_data_are_left_out_of_those_open_without_one_d23():
    asked = pl.DataFrame(
        {"rome_id": ["A", "A", "B", "C"], "level": [1, 2, 2, 1], "percent_required": [99, 49, 50, 99]}
    )
    for level, listed in ((1, ["A", "C"]), (4, ["A", "B", "C"])):
        found = importer_figure("open_without", {"diplomas": asked}, {"level_enough": level})
        assert found["rome_id"].to_list() == listed
