"""Market documents become inputs once per key, and are joined to people by key."""

import polars as pl
import pytest
from scores import projects

from bobanalysis.bob import DICTIONARY, InputError, Market, catalogue, read_users
from bobanalysis.bob.configuration import association_publics, associations
from bobanalysis.bob.documents import job_row, merged
from bobanalysis.bob.market import commuting, join, looked_up_by
from bobanalysis.bob.models.advice import associations as counted
from bobanalysis.rules import count, evaluate


def market(**collections):
    return Market.from_collections(collections)


def people(**columns):
    return pl.DataFrame({"departement_id": ["69", "2A"], "rome_id": ["A1234", "A1234"]} | columns)


def test_a_figure_that_nobody_knows_reads_its_default():
    local = [{"_id": "69:A1234", "imt": {"yearlyAvgOffersPer10Candidates": 4}}]
    known = join(people(), market(local_diagnosis=local))
    assert known["market_offers_per_10_candidates"].to_list() == [4, 0]
    assert known["jg_requires_diploma"].to_list() == [False, False]


def test_a_figure_of_the_own_record_wins_over_that_of_the_market():
    local = [{"_id": "69:A1234", "jobOffersChange": 4}, {"_id": "2A:A1234", "jobOffersChange": 5}]
    own = pl.Series([-7, None], dtype=pl.Int32)
    known = join(people(market_job_offers_change=own), market(local_diagnosis=local))
    assert known["market_job_offers_change"].to_list() == [-7, 5]


def test_only_the_inputs_that_are_wanted_are_joined_and_the_order_is_kept():
    known = join(people(person_id=["b", "a"]), Market.empty(), ["jg_growth_2012_2022"])
    assert known.columns == ["departement_id", "rome_id", "person_id", "jg_growth_2012_2022"]
    assert known["person_id"].to_list() == ["b", "a"]


def test_recent_offers_are_laid_over_the_local_figures():
    both = merged({"numJobOffersLastYear": 5, "bmo": {"percentDifficult": 10}}, {"numJobOffersLastYear": 0})
    assert both == {"numJobOffersLastYear": 5, "bmo": {"percentDifficult": 10}}


def test_thirty_two_bit_fields_are_rounded_before_they_are_compared():
    modes = [
        {"mode": "SPONTANEOUS_APPLICATION", "percentage": 45.2},
        {"mode": "PERSONAL_OR_PROFESSIONAL_CONTACTS", "percentage": 30.2},
    ]
    assert job_row({"_id": "A", "applicationModes": {"F": {"modes": modes}}})[
        "jg_hires_mainly_through_network"
    ]
    assert job_row({"_id": "A", "nationalMarketScore": 0.3})["jg_national_market_score"] > 0.3


def test_the_table_of_non_profits_counts_what_their_lists_of_filters_count():
    publics = {p.id: p.filters for p in association_publics()}
    lists = []
    for one in associations():
        place = [f"for-departement({', '.join(one.departements)})"] if one.departements else []
        lists.append(catalogue().check([*publics[one.public], *place]))
    _, frame = projects("full")
    done = evaluate({"table": counted, "lists": count(*lists)}, frame).frame
    assert done["table"].to_list() == done["lists"].to_list()
    assert done["table"].max() > 3


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([(0.2, 0.004)], (0, 0.0)),  # one city alone, not next door, is not worth telling
        ([(0.02, 0.001), (0.2, 0.004)], (1, 4.0)),
        ([(0.2, 0.004), (0.25, 0.002), (0.5, 0.009)], (2, 4.0)),  # the last is beyond 35 km
    ],
)
def test_cities_within_reach_are_counted_and_compared_with_the_own_city(others, expected):
    def city(name, north, offers):
        place = {"cityId": name, "population": 1, "latitude": 45 + north, "longitude": 4}
        return {"city": place, "offersPerInhabitant": offers}

    hiring = [city(f"c{k}", north, offers) for k, (north, offers) in enumerate(others)]
    if expected[0]:
        hiring.append(city("home", 0, 0.001))
    found = commuting(
        pl.DataFrame({"rome_id": ["A1234"], "city_id": ["home"]}),
        market(
            hiring_cities=[{"_id": "A1234", "hiringCities": hiring}],
            cities=[{"_id": "home", "latitude": 45, "longitude": 4}],
        ),
    )
    assert found.row(0)[2] == expected[0]
    assert found.row(0)[3] == pytest.approx(expected[1])


def test_what_figures_are_looked_up_by_is_asked_of_people():
    salons = [{"_id": "s", "filters": ["for-young(30)"], "applicationEndDate": "2030-01-01T00:00:00Z"}]
    asked = {v.name for v in looked_up_by(["open_online_salons"], market(online_salons=salons))}
    assert asked == {"age", "area_type", "rome_id", "city_id", "departement_id", "region_id"}


def test_an_online_fair_whose_filters_may_lack_data_is_refused():
    salons = [{"_id": "s1", "filters": ["for-autonomous"], "applicationEndDate": "2030-01-01T00:00:00Z"}]
    _, frame = projects("full")
    with pytest.raises(ValueError, match="'s1'"):
        join(frame.drop("open_online_salons"), market(online_salons=salons))


def test_a_figure_that_neither_the_record_nor_the_market_has_reads_its_default():
    record = read_users([{"projects": [{"city": {"departementId": "59"}}]}], ["2022-06-29T00:00:00"])
    empty = Market.empty()
    lacking = Market(empty.local.drop("market_median_salary"), empty.jobs)
    known = join(record, lacking, ["market_median_salary", "departement_id", "rome_id"])
    assert known["market_median_salary"].to_list() == [0.0]


def test_a_market_with_two_rows_for_one_job_and_place_is_refused_by_name():
    row = {"departement_id": ["69"], "rome_id": ["A1234"], "market_offers_per_10_candidates": [4]}
    twice = pl.concat([pl.DataFrame(row)] * 2)
    with pytest.raises(InputError, match=r"several rows for {'departement_id': '69', 'rome_id': 'A1234'}"):
        join(people(), Market(twice, Market.empty().jobs), ["market_offers_per_10_candidates"])


def test_two_markets_alike_but_for_their_figures_are_not_taken_for_each_other():
    def offers(many):
        local = [{"_id": "69:A1234", "imt": {"yearlyAvgOffersPer10Candidates": many}}]
        return join(people(), market(local_diagnosis=local))["market_offers_per_10_candidates"][0]

    assert [offers(n) for n in (4, 5, 4)] == [4, 5, 4]


def test_a_market_that_is_changed_in_place_is_read_anew():
    local = {"departement_id": ["69"], "rome_id": ["A1234"], "market_offers_per_10_candidates": [4]}
    own = Market(pl.DataFrame(local), Market.empty().jobs)
    told = [join(people(), own)["market_offers_per_10_candidates"][0]]
    own.local.replace_column(2, pl.Series("market_offers_per_10_candidates", [7]))
    told.append(join(people(), own)["market_offers_per_10_candidates"][0])
    assert told == [4, 7]


def test_figures_that_are_added_to_one_market_in_place_are_not_those_of_another():
    own = Market.empty()
    own.months.extend(pl.DataFrame([(3, 5)], schema=own.months.schema, orient="row"))
    assert join(people(month=[3, 4]), own)["seasonal_departements"].to_list() == [5, 0]
    assert join(people(month=[3, 4]), Market.empty())["seasonal_departements"].to_list() == [0, 0]


def test_rows_of_a_market_without_a_key_are_nobodys_however_many_they_are():
    jobs = pl.DataFrame({"rome_id": ["A1234", None, None], "jg_growth_2012_2022": [0.5, 0.25, 0.75]})
    known = join(people(rome_id=["A1234", None]), Market(Market.empty().local, jobs))
    assert known["jg_growth_2012_2022"].to_list() == [0.5, DICTIONARY.jg_growth_2012_2022.variable.default]


@pytest.mark.parametrize("theirs", [pl.Int8, pl.Float64, pl.String])
@pytest.mark.parametrize("ours", [pl.Int8, pl.Float32, pl.String])
def test_months_are_found_whatever_the_types_of_their_columns(ours, theirs):
    months = pl.DataFrame({"month": [3, 4], "seasonal_departements": [5, 6]}).cast({"month": theirs})
    empty = Market.empty()
    person = people(month=[4, 5]).cast({"month": ours})
    known = join(person, Market(empty.local, empty.jobs, months=months))
    assert known["seasonal_departements"].to_list() == [6, 0]


def test_figures_of_the_own_record_that_are_all_unknown_read_the_default():
    market_without = Market(Market.empty().local.drop("market_median_salary"), Market.empty().jobs)
    known = join(people(market_median_salary=[None, None]), market_without)
    assert known["market_median_salary"].to_list() == [0, 0]
