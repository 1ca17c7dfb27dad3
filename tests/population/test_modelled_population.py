"""The modelled population: how it is drawn and what it fits."""

import weakref
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from bobanalysis import data, population
from bobanalysis.population import draw
from bobanalysis.population.build import summarise
from bobanalysis.population.inputs import EEC_FROM, read, single_years
from bobanalysis.population.model import Joint, build, fit, joint
from bobanalysis.population.raking import rake
from bobanalysis.population.scenarios import load, names
from bobanalysis.population.vocabulary import READ


@pytest.fixture(scope="module")
def central() -> population.Population:
    return population.modelled(20_000)


@pytest.fixture(scope="module")
def people(central: population.Population) -> pl.DataFrame:
    return central.frame


def _model(inputs=None, construction: str = "occupation") -> Joint:
    values = load().values
    return build(inputs or read(), construction, values["age_activity"], values["master_share"])


def _misplaced(lines: pl.DataFrame, margin: str) -> float:
    return summarise(lines).filter(pl.col("margin") == margin)["misplaced"].item()


# --- the draw


def test_the_same_seed_gives_the_same_people():
    assert_frame_equal(population.modelled(3000, seed=7).frame, population.modelled(3000, seed=7).frame)


def test_another_seed_gives_other_people():
    first, second = (population.modelled(3000, seed=s).frame["age"] for s in (7, 8))
    assert (first != second).any()


def test_the_first_people_of_a_seed_are_these_on_every_machine():
    # Values, not a digest: a machine that draws otherwise shows what it drew.
    columns = ("rome_id", "departement_id", "age", "gender", "project_kind", "total_interview_count")
    rows = population.modelled(1000, seed=2016).frame.select(columns).head(3).rows()
    assert rows == FIRST_ROWS


def test_every_département_of_the_market_gets_its_share_to_within_one_person(central):
    expected = joint(load()).cells.group_by("departement_id").agg(pl.col("people").sum())
    drawn = central.frame.group_by("departement_id").len()
    both = expected.join(drawn, on="departement_id", how="full", coalesce=True)
    gap = both["people"] / central.stock * central.people - both["len"]
    assert both.height == 100
    assert gap.abs().max() <= 1


def test_the_first_part_of_a_population_is_a_sample_of_the_whole_country(people):
    assert people.head(2000)["departement_id"].n_unique() > 90


def test_weights_are_equal_and_sum_to_the_stock_of_the_families_that_have_a_market(central):
    stock = (
        data.table("jobseekers_fap_year")
        .filter((pl.col("fap_level") == "87") & (pl.col("year") == 2019) & (pl.col("category") == "ABC"))[
            "thousands"
        ]
        .sum()
        * 1000
    )
    lost = central.lost.filter(pl.col("what") == "family_without_market")["people"].item()
    assert central.frame["weight"].n_unique() == 1
    assert central.frame["weight"].sum() == pytest.approx(stock - lost)


def test_changing_the_shares_of_one_answer_leaves_the_other_answers_of_each_person():
    one, other = (population.modelled(5000, scenario=s).frame for s in ("central", "engaged"))
    assert_frame_equal(one.select("age", "rome_id", "area_type"), other.select("age", "rome_id", "area_type"))
    assert (one["passionate_level"] != other["passionate_level"]).any()


def test_asking_for_nobody_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        population.modelled(0)


# --- the file


def test_a_file_holds_the_same_people_as_memory_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "BLOCK", 700)
    path = population.write_parquet(tmp_path / "people.parquet", 2000, seed=3)
    assert_frame_equal(pl.read_parquet(path), population.modelled(2000, seed=3).frame)
    assert pq.ParquetFile(path).metadata.num_row_groups == 3


def test_a_file_is_written_block_by_block_and_earlier_blocks_are_let_go(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "BLOCK", 500)
    made, most, original = [], [], draw.block

    def watched(plan, number):
        most.append(sum(ref() is not None for ref in made))
        frame = original(plan, number)
        made.append(weakref.ref(frame))
        return frame

    monkeypatch.setattr(draw, "block", watched)
    population.write_parquet(tmp_path / "people.parquet", 5000)
    assert len(made) == 10
    assert max(most) <= 1


def test_a_file_that_fails_half_way_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "BLOCK", 700)
    path = tmp_path / "people.parquet"
    path.write_bytes(b"before")

    written = []

    def stop(people: int) -> None:
        written.append(people)
        if sum(written) > 700:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        population.write_parquet(path, 2000, progress=stop)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["people.parquet"]


def test_a_file_says_that_age_by_place_is_not_publishable(tmp_path):
    path = population.write_parquet(tmp_path / "people.parquet", 10)
    assert pq.read_schema(path).metadata[b"bobanalysis.age_by_place_publishable"] == b"false"


# --- the fit


def test_raked_margins_are_met(central):
    raked = central.fit.filter("raked")
    assert raked["gap_relative"].abs().max() < 1e-6
    assert joint(load()).raked.converged


def test_margins_that_were_not_raked_are_reported_and_close(central):
    for margin, most in {
        "age": 0.03,
        "family_age": 0.03,
        "family_sex": 0.03,
        "degree": 0.03,
        "duration": 0.04,
    }.items():
        lines = central.fit.filter(pl.col("margin") == margin)
        assert not lines["raked"].any()
        assert 0 < _misplaced(central.fit, margin) < most, margin


def test_bands_sorted_like_the_alphabet_pass_the_raked_margins_and_are_caught_by_the_others():
    order = sorted(range(3), key=lambda i: ("< 25", "25-49", ">= 50")[i])
    assert order != [0, 1, 2]
    inputs = read()
    wrong = _model(replace(inputs, national=inputs.national[:, order]))
    lines = fit(wrong)
    assert lines.filter("raked")["gap_relative"].abs().max() < 1e-6
    assert _misplaced(lines, "age") > 0.2
    assert _misplaced(lines, "family_age") > 0.2


def test_bands_of_families_in_another_order_are_caught_too():
    inputs = read()
    lines = fit(_model(replace(inputs, age_share=inputs.age_share[:, [4, 0, 1, 2, 3]])))
    assert _misplaced(lines, "family_age") > 0.1


def test_the_drawn_people_follow_the_margins(central):
    drawn = central.fit.filter(pl.col("margin") == "age_sex")
    assert ((drawn["drawn"] - drawn["target"]) / central.stock).abs().max() < 0.01


def test_raking_has_a_price_that_is_reported(central):
    assert 1.2 < central.design_effect < 1.6


def test_people_that_could_not_be_placed_are_counted(central):
    counted = dict(central.lost.select("what", "rows").rows())
    assert counted["market_without_place"] == 24
    assert counted["family_without_market"] == 6


def test_the_two_constructions_of_age_by_place_disagree_and_neither_may_be_published():
    shares = population.compare_constructions()
    by_place = [shares["occupation"], shares["residence"]]
    assert np.corrcoef(*by_place)[0, 1] < 0.3
    assert by_place[1].max() - by_place[1].min() > 3 * (by_place[0].max() - by_place[0].min())
    assert not any(population.modelled(10, scenario=s).age_by_place for s in ("occupation", "residence"))


def test_the_residents_construction_follows_the_ages_of_each_département():
    model = joint(load("residence"))
    cells = model.cells.filter(pl.col("departement_id").is_in(["23", "93"]))
    older = cells.group_by("departement_id").agg(
        (pl.col("people") * (pl.col("band") >= 3)).sum() / pl.col("people").sum()
    )
    shares = dict(older.rows())
    assert shares["23"] > shares["93"] + 0.1


def test_mayotte_has_nobody_because_it_has_no_market(people):
    assert "976" not in people["departement_id"].to_list()
    assert people["departement_id"].n_unique() == 100


# --- ages, degrees, searches


def test_single_years_sum_to_their_bands():
    five = np.random.default_rng(1).uniform(1, 100, (3, 20))
    np.testing.assert_allclose(single_years(five).reshape(3, 20, 5).sum(axis=2), five)


def test_ages_inside_a_band_are_not_all_alike(people):
    assert people.filter(pl.col("age_band") == "30-49")["age"].n_unique() == 20


def test_every_age_is_in_its_band(people):
    low, high = (
        pl.col("age_band").str.extract(r"^(\d+)").cast(int),
        pl.col("age_band").str.extract(r"-(\d+)$").cast(int),
    )
    assert people.filter((pl.col("age") < low) | (pl.col("age") > high.fill_null(99))).is_empty()
    assert people["age"].min() >= 16


def test_nobody_has_more_experience_than_their_age_and_studies_allow(people):
    entry = pl.col("highest_degree").replace_strict(dict(enumerate(READ.youngest_with_degree, 1)))
    years = pl.col("seniority").replace_strict(dict(enumerate(READ.years_of_experience)))
    assert people.filter(pl.col("age") < entry + years).is_empty()
    assert people.filter((pl.col("age") <= 20) & (pl.col("seniority") >= 5)).is_empty()


def test_degrees_keep_the_survey_s_shares_though_none_comes_before_its_age():
    model, inputs = joint(load()), read()
    under_30 = np.searchsorted(EEC_FROM, model.ages, side="right") == 1
    cells = model.cells.filter(pl.col("sex") == 0).group_by("band").agg(pl.col("people").sum()).sort("band")
    by_age = (cells["people"].to_numpy()[:, None] * model.age_share[0]).sum(axis=0)
    share = (by_age[:, None] * model.degree_share[0])[under_30].sum(axis=0) / by_age[under_30].sum()
    np.testing.assert_allclose([*share[:4], share[4:].sum()], inputs.degrees[0, 0], atol=1e-5)
    assert model.degree_share[0, model.ages < 23, 5].max() == 0


def test_a_search_that_has_not_started_has_no_length_no_interview_and_no_application(people):
    waiting = people.filter("search_not_started")
    assert waiting.height > 500
    assert waiting["search_length"].unique().to_list() == [-1.0]
    assert waiting["total_interview_count"].unique().to_list() == [-1]
    assert waiting["weekly_applications_estimate"].unique().to_list() == [1]
    assert not waiting["frustration_no_offer_answers"].any()
    assert people.filter(~pl.col("search_not_started"))["search_length"].min() >= 0


def test_nobody_has_searched_since_before_sixteen(people):
    assert people.filter(pl.col("search_length") / 12 > pl.col("age") - 14).is_empty()


def test_a_search_is_a_whole_number_of_days(people):
    days = people.filter(~pl.col("search_not_started"))["search_length"] * 30.5
    assert (days - days.round()).abs().max() < 1e-6


def test_interviews_are_never_zero_because_zero_means_unknown(people):
    assert people.filter(pl.col("total_interview_count") == 0).is_empty()


# --- answers


def test_a_first_job_goes_with_no_experience(people):
    assert people.filter((pl.col("project_kind") == 5) & (pl.col("seniority") > 2)).is_empty()


def test_never_having_done_the_job_goes_with_no_experience_in_it(people):
    assert people.filter((pl.col("previous_job_similarity") == 3) & (pl.col("seniority") > 2)).is_empty()


def test_only_parents_speak_of_children(people):
    said = people.filter(pl.col("frustration_child_care") | pl.col("frustration_stay_at_home_parent"))
    assert set(said["family_situation"]) == {3, 4}


@pytest.mark.parametrize("answer", ["passionate_level", "network_estimate", "project_kind", "area_type"])
def test_assumed_answers_are_the_same_at_every_age_and_place(answer):
    drawn = population.modelled(60_000).frame
    whole = drawn[answer].value_counts(normalize=True).sort(answer)
    for part in (
        drawn.filter(pl.col("age") < 26),
        drawn.filter(pl.col("age") > 54),
        drawn.filter(pl.col("region_id") == "11"),
    ):
        shares = part[answer].value_counts(normalize=True).sort(answer)
        spread = 5 * (0.25 / part.height) ** 0.5
        assert (shares["proportion"] - whole["proportion"]).abs().max() < spread


def test_the_scenario_s_shares_are_drawn(people):
    share = people["passionate_level"].value_counts(normalize=True)
    assert dict(share.rows())[2] == pytest.approx(0.40, abs=0.015)


def test_the_situation_is_erased_as_the_published_server_does_unless_kept():
    assert set(population.modelled(500).frame["situation"]) == {0}
    kept = population.modelled(5000, scenario="situation_kept").frame
    assert set(kept["situation"]) == {1, 2, 3, 5}
    assert set(kept.filter(pl.col("project_kind") == 7)["situation"]) == {5}


@pytest.mark.parametrize("scenario", names())
def test_every_scenario_can_be_drawn(scenario):
    drawn = population.modelled(300, scenario=scenario)
    assert drawn.frame.null_count().sum_horizontal().item() == 0
    assert drawn.frame.columns == list(draw.COLUMNS)


# --- raking


def test_raking_says_when_margins_cannot_be_met_together():
    rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    seed = np.array([1.0, 0.0, 1.0, 1.0])
    outcome = rake(seed, [(rows, np.array([8.0, 2.0])), (columns, np.array([4.0, 6.0]))])
    assert not outcome.converged
    assert outcome.gap > 0.1


def test_raking_refuses_people_that_no_cell_can_hold():
    with pytest.raises(ValueError, match="margin 0, group 1"):
        rake(np.array([1.0, 0.0]), [(np.array([0, 1]), np.array([1.0, 1.0]))])


def test_raking_refuses_margins_with_other_totals():
    one = np.array([0, 0])
    with pytest.raises(ValueError, match="disagree on the total"):
        rake(np.ones(2), [(one, np.array([2.0])), (one, np.array([3.0]))])


FIRST_ROWS = [("A1414", "01", 54, 1, 4, -1), ("A1203", "72", 33, 1, 4, 10), ("F1606", "33", 21, 1, 4, 4)]
