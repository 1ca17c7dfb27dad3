"""The market: offers per ten candidates on every scale."""

import polars as pl
import pytest

from bobanalysis import data, population
from bobanalysis.population.markets import factor

# On the national scale place plays no part, so it has no order of places to keep.
RESCALED = [name for name, s in population.SCALES.items() if s.kind == "rescaled" and name != "national"]


def _joined(scale: str) -> pl.DataFrame:
    keys = ["departement_id", "rome_id"]
    return population.market(scale).local.join(population.market_cells(), on=keys)


@pytest.mark.parametrize("scale", population.SCALES)
def test_an_unknown_market_has_no_row_and_is_never_calm(scale):
    known = population.market_cells().select("departement_id", "rome_id")
    local = population.market(scale).local
    assert local.join(known, on=["departement_id", "rome_id"], how="anti").is_empty()
    assert local["market_offers_per_10_candidates"].min() >= 1
    assert local.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("scale", population.SCALES)
def test_mayotte_has_no_market_on_any_scale(scale):
    assert "976" not in population.market(scale).local["departement_id"].to_list()


def test_the_median_of_known_cells_is_five_by_default():
    assert population.DEFAULT == "cell_median"
    assert population.SCALES[population.DEFAULT].is_default
    assert population.market().local["market_offers_per_10_candidates"].median() == 5


def test_half_of_the_job_seekers_stand_under_five_on_the_people_scale():
    cells = _joined("people_median")
    below = cells.filter(pl.col("offers") / pl.col("jobseekers") * factor("people_median") <= 5)[
        "jobseekers"
    ].sum()
    assert below / cells["jobseekers"].sum() == pytest.approx(0.5, abs=0.01)


def test_offers_and_job_seekers_are_summed_before_the_ratio():
    raw = data.table("market_rome_bassin_2021").join(data.table("bassin_dep_share"), on="bassin")
    raw = raw.filter((pl.col("dep") == "33") & (pl.col("rome") == "M1607"))
    assert raw.height > 1
    ratio = (raw["offers"] * raw["share"]).sum() / (raw["jobseekers_abc"] * raw["share"]).sum()
    cell = _joined("vacancy_60").filter((pl.col("departement_id") == "33") & (pl.col("rome_id") == "M1607"))
    assert cell["market_offers_per_10_candidates"].item() == max(1, round(ratio * 10 * 60 / 365))


def test_an_area_over_a_border_is_shared_and_nothing_is_lost_but_the_area_without_a_place():
    table = data.table("market_rome_bassin_2021")
    unmatched = table.join(data.table("bassin_dep_share"), on="bassin", how="anti")
    lost = table["offers"].sum() - population.market_cells()["offers"].sum()
    assert unmatched.height == 24
    assert lost == pytest.approx(unmatched["offers"].sum(), rel=1e-4)


def test_a_cell_with_hardly_any_offer_is_written_one_because_zero_means_unknown():
    ratio = pl.col("offers") / pl.col("jobseekers") * factor("flow_12")
    small = _joined("flow_12").filter(ratio < 0.5)
    assert set(small["market_offers_per_10_candidates"]) == {1}
    assert small.height > 0


@pytest.mark.parametrize("scale", RESCALED)
def test_rescaling_keeps_the_order_of_places(scale):
    one, other = (_joined(s).sort("departement_id", "rome_id") for s in (scale, "cell_median"))
    # Rounded to whole offers, so ties may appear; no pair may be turned around.
    ratio = (one["offers"] / one["jobseekers"]).arg_sort()
    for cells in (one, other):
        assert cells["market_offers_per_10_candidates"].gather(ratio).is_sorted()


def test_national_figures_are_the_same_in_every_département():
    per_job = (
        population.market("national")
        .local.group_by("rome_id")
        .agg(pl.col("market_offers_per_10_candidates").n_unique())
    )
    assert per_job["market_offers_per_10_candidates"].max() == 1


def test_yearly_offers_are_observed_and_the_same_on_every_scale():
    keys = ["departement_id", "rome_id"]
    first = population.market("cell_median").local.select(*keys, "market_num_job_offers_last_year")
    second = population.market("vacancy_45").local.select(*keys, "market_num_job_offers_last_year")
    assert first.equals(second)


def test_the_national_score_is_made_of_national_sums():
    cell = population.national_cells().filter(pl.col("rome_id") == "M1607").row(0, named=True)
    score = (
        population.market("flow_12")
        .jobs.filter(pl.col("rome_id") == "M1607")["jg_national_market_score"]
        .item()
    )
    assert score == pytest.approx(cell["offers"] / cell["jobseekers"] / 12, rel=1e-6)


def test_every_job_group_is_listed_once_and_without_a_figure_its_score_is_zero():
    jobs = population.market().jobs
    assert jobs.height == jobs["rome_id"].n_unique() == data.table("rome").height
    unknown = jobs.filter(~pl.col("rome_id").is_in(population.national_cells()["rome_id"].to_list()))
    assert unknown["jg_national_market_score"].to_list() == [0.0] * unknown.height


def test_the_columns_have_the_types_that_rules_read():
    tables = population.market()
    assert dict(tables.local.schema) == {
        "departement_id": pl.String,
        "rome_id": pl.String,
        "market_offers_per_10_candidates": pl.Int32,
        "market_num_job_offers_last_year": pl.Int32,
    }
    assert dict(tables.jobs.schema) == {
        "rome_id": pl.String,
        "jg_national_market_score": pl.Float32,
        "jg_requires_diploma": pl.Boolean,
        "jg_hires_mainly_through_network": pl.Boolean,
    }


def test_diplomas_follow_the_scenario_between_its_two_bounds():
    share = {s: population.market(scenario=s).jobs["jg_requires_diploma"].mean() for s in _BOUNDS}
    assert share["diplomas_nowhere"] == 0 < share["central"] < 1 == share["diplomas_everywhere"]


def test_a_missing_class_of_tension_is_an_unknown_market():
    assert population.market("tension_2019").local.height < population.market().local.height


def test_an_unknown_scale_is_refused_with_the_list_of_scales():
    with pytest.raises(ValueError, match="cell_median"):
        population.market("median")


def test_every_scale_is_described_in_both_languages():
    for scale in population.SCALES.values():
        assert len(scale.fr) > 20
        assert len(scale.en) > 20
    assert [s.is_default for s in population.SCALES.values()].count(True) == 1


_BOUNDS = ("diplomas_nowhere", "central", "diplomas_everywhere")
