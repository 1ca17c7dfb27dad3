"""Key figures of the notebooks on three algorithms and on observed students, computed again plainly."""

import itertools
import json
import math
from pathlib import Path

import polars as pl
import pytest

from bobanalysis import algorithms, data
from bobanalysis.report.findings import described

ROOT = Path(__file__).parents[2]
FACTOR = {"MBO_1_2": 12, "MBO_3_4": 11, "HBO": 10, "WO": 8}  # in tenths
BANDS = ["15-18", "19-20", "21-22", "23-24", "25-50"]
POINTS = {
    "0km": [120, 110, 105, 100, 80],
    "1m-1km": [100, 95, 85, 75, 65],
    "1-2km": [95, 85, 75, 65, 60],
    "2-5km": [85, 75, 65, 55, 45],
    "5-10km": [75, 65, 55, 45, 35],
    "10-20km": [50, 40, 30, 25, 20],
    "20-50km": [35, 25, 20, 15, 10],
    "50-500km": [20, 20, 15, 10, 5],
    "unknown": [0, 0, 0, 0, 0],
}


def observed(year):
    """Students of a year in each cell, with the score in tenths, without points for having moved out."""
    rows = [
        (education, band, distance, factor * points[k])
        for (education, factor), (distance, points) in itertools.product(FACTOR.items(), POINTS.items())
        for k, band in enumerate(BANDS)
    ]
    scores = pl.DataFrame(rows, schema=["education", "age_band", "distance", "tenths"], orient="row")
    cells = data.table("duo_students").with_columns(
        pl.col("education", "age_band", "distance", "origin").cast(pl.String)
    )
    return cells.filter(year=year, origin="all").join(scores, on=["education", "age_band", "distance"])


def mean(cells, value):
    return cells.select((pl.col("students") * value).sum() / pl.col("students").sum()).item()


def counted(**where):
    table = data.table("duo_checks").with_columns(pl.exclude("year", "students").cast(pl.String))
    return table.filter(group="population", **where)["students"].item()


def test_the_mean_score_of_the_students_of_2014_is_27_66_without_r3():
    assert round(mean(observed(2014), pl.col("tenths") / 10), 2) == 27.66


def test_26060_students_of_2014_are_in_class_2():
    assert observed(2014).filter(pl.col("tenths").is_between(600, 799))["students"].sum() == 26_060


def test_the_rule_gives_every_cell_the_score_of_the_printed_table():
    cells = observed(2014)
    metres = dict(zip(POINTS, [0, 1000, 2000, 5000, 10_000, 20_000, 50_000, 500_000, -1], strict=True))
    age = pl.col("age_band").str.slice(0, 2).cast(pl.Int32)
    people = cells.select(
        "education",
        age=age,
        distance_m=pl.col("distance").replace_strict(metres, return_dtype=pl.Int32),
        age_moved_out=-1,
        age_at_address=-1,
    )
    found = algorithms.load("duo").run(people)["score_low"]
    assert (found * 10).round(6).to_list() == cells["tenths"].cast(pl.Float64).to_list()


def test_the_youngest_of_2014_are_like_others_in_the_two_highest_classes_and_not_in_the_mean():
    high, tenths = (pl.col("tenths") >= 600).cast(pl.Float64), pl.col("tenths") / 10
    by_age = {band: observed(2014).filter(age_band=band) for band in BANDS}
    shares = {band: mean(cells, high) for band, cells in by_age.items()}
    means = {band: mean(cells, tenths) for band, cells in by_age.items()}
    assert min(shares.values()) < shares["15-18"] < max(shares.values())
    assert means["15-18"] == max(means.values())


@pytest.mark.parametrize(
    ("where", "people"),
    [
        ({"year": 2014, "risk_class": "all", "counted": "selected", "origin": "all"}, 3_180),
        ({"year": 2019, "risk_class": "all", "counted": "selected", "origin": "all"}, 930),
        ({"year": 2014, "risk_class": "1", "counted": "selected", "origin": "netherlands"}, 390),
        ({"year": 2014, "risk_class": "1", "counted": "students", "origin": "netherlands"}, 8_670),
        ({"year": 2014, "risk_class": "1", "counted": "selected", "origin": "outside_europe"}, 1_460),
        ({"year": 2014, "risk_class": "1", "counted": "students", "origin": "outside_europe"}, 7_280),
    ],
)
def test_a_published_count_is_in_the_shipped_table(where, people):
    assert counted(**where) == people


def without_age():
    """Scores of all valid combinations of the AMS model for people under 30, in hundredths."""
    person = [0, -14], [16, 0, -5], [0, 28, 1], [0, -67], [0, 17], [0, -74], [0, -34, -18, -83, -82]
    cases = [0, *(y + long + m for y in (65, 119, 198) for long in (0, -80) for m in (0, -57, -21, -43))]
    for gender, *rest in itertools.product(*person):
        for care in (0, -15 if gender else 0):
            yield from (10 + gender + care + sum(rest) + case for case in cases)


def test_age_alone_changes_the_class_of_an_ams_combination_as_often_as_recorded():
    limit = 100 * math.log(0.66 / 0.34)
    scores = [*without_age()]
    assert 3 * len(scores) == 108_000
    changes = sum(score > limit >= score - 70 for score in scores) / len(scores)
    assert changes == pytest.approx(0.109056, abs=1e-6)


@pytest.mark.parametrize("name", ["15_three_algorithms", "16_observed"])
def test_every_text_of_a_notebook_stands_in_both_languages(name):
    def texts(node):
        if isinstance(node, dict) and "fr" in node:
            yield node
        elif isinstance(node, dict):
            yield from itertools.chain.from_iterable(texts(v) for v in node.values())

    assert all(t["fr"] and t["en"] for t in texts(described(name).words))


def execute(name, folder, monkeypatch):
    """Run the code of a notebook and return what it recorded."""
    monkeypatch.setenv("BOBANALYSIS_BUILD", str(folder))
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())["cells"]
    exec("\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code"), {})
    found = json.loads((folder / "findings" / f"{name}.json").read_text())["findings"]
    return {id: finding["value"] for id, finding in found.items()}


@pytest.mark.slow
def test_the_notebook_on_observed_students_records_what_plain_sums_give(tmp_path, monkeypatch):
    found = execute("16_observed", tmp_path, monkeypatch)
    for year in (2014, 2019):
        expected = mean(observed(year), pl.col("tenths") / 10)
        assert found[f"observed.mean_{year}_everyone_low"] == pytest.approx(expected, abs=1e-4)
    share = counted(year=2014, risk_class="1", counted="selected", origin="outside_europe") / 7_280
    assert found["observed.selected_2014_outside_europe_1"] == pytest.approx(share, abs=1e-6)
    gap = found["observed.selection_gap_2014_outside_europe"]
    parts = [found[f"observed.selection_{part}_2014_outside_europe"] for part in ("composition", "rates")]
    assert sum(parts) == pytest.approx(gap, abs=1e-6)
    assert gap == pytest.approx(2_010 / 54_820 - 1_050 / 178_200, abs=3e-4)  # counts of classes are rounded


@pytest.mark.slow
def test_the_notebook_on_three_algorithms_records_what_plain_sums_give(tmp_path, monkeypatch):
    found = execute("15_three_algorithms", tmp_path, monkeypatch)
    assert found["three.ams_people"] == 108_000
    assert found["three.ams_age_changed"] == pytest.approx(0.109056, abs=1e-6)
    expected = (observed(2014)["students"].sum(), 4)
    assert (found["three.duo_observed_people"], found["three.duo_observed_birthdays"]) == expected
