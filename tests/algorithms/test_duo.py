"""The Dutch profile gives the printed scores, as a range where ages are unknown."""

import itertools
import math

import numpy as np
import polars as pl
import pytest

from bobanalysis import algorithms

PROFILE = algorithms.load("duo")


def answers(*people):
    unknown = {"age_moved_out": -1, "age_at_address": -1}
    return PROFILE.run(pl.DataFrame([unknown | person for person in people]))


def printed(score):
    return math.floor(score + 0.5)  # halves go up


@pytest.mark.parametrize(
    ("education", "age", "metres", "score"),
    [
        (1, 16, 0, 144),
        (2, 21, 0, 116),
        (4, 30, 0, 64),
        (3, 23, 3_000, 55),
        (2, 40, 60_000, 6),
        (4, 50, 500_000, 4),
        (1, 20, -1, 0),
    ],
)
def test_a_printed_score_is_found(education, age, metres, score):
    found = answers({"education": education, "age": age, "distance_m": metres})
    assert printed(found["score_low"][0]) == score


@pytest.mark.parametrize(("score", "number"), [(144, "1"), (64, "2"), (55, "3"), (6, "5"), (0, "6")])
def test_a_score_has_its_class(score, number):
    people = {
        144: {"education": 1, "age": 16, "distance_m": 0},
        64: {"education": 4, "age": 30, "distance_m": 0},
        55: {"education": 3, "age": 23, "distance_m": 3_000},
        6: {"education": 2, "age": 40, "distance_m": 60_000},
        0: {"education": 1, "age": 20, "distance_m": -1},
    }
    assert answers(people[score])["class_low"][0] == number


def test_a_distance_belongs_to_the_row_that_ends_with_it():
    ends = [0, 1, 1_000, 1_001, 2_000, 2_001, 50_000, 50_001]
    found = answers(*({"education": 3, "age": 15, "distance_m": m} for m in ends))
    assert found["score_low"].to_list() == [120, 100, 100, 95, 95, 85, 35, 20]


@pytest.mark.parametrize(
    ("age", "out", "since", "low", "high"),
    [
        (20, -1, -1, 0, 0),
        (22, -1, -1, 0, 5),
        (24, 17, -1, 0, 15),
        (24, 18, 19, 10, 10),
        (30, -1, 21, 0, 15),
        (30, 20, 20, 25, 25),
        (30, 24, -1, 0, 0),
        (30, 18, 30, 0, 0),
    ],
)
def test_ages_that_are_unknown_leave_a_range(age, out, since, low, high):
    person = {"education": 3, "age": age, "distance_m": -1, "age_moved_out": out, "age_at_address": since}
    found = answers(person).row(0, named=True)
    assert (found["score_low"], found["score_high"]) == (low, high)


def test_people_of_unknown_distance_can_leave_the_class_of_the_unknown():
    found = answers({"education": 1, "age": 30, "distance_m": -1}).row(0, named=True)
    assert (found["class_low"], found["class_high"]) == ("6", "4")


POINTS = np.array(
    [
        *([120, 110, 105, 100, 80], [100, 95, 85, 75, 65], [95, 85, 75, 65, 60], [85, 75, 65, 55, 45]),
        *([75, 65, 55, 45, 35], [50, 40, 30, 25, 20], [35, 25, 20, 15, 10], [20, 20, 15, 10, 5], [0] * 5),
    ]
)
METRES = [0, 1000, 2000, 5000, 10_000, 20_000, 50_000, 500_000, -1]
MOVED = {  # age now, when moving out and when the address began, each as a band: points
    **{(2, 0, 0): 5, (3, 0, 0): 15, (3, 0, 1): 10, (4, 0, 0): 30, (4, 0, 1): 25, (4, 0, 2): 15},
    **{(4, 1, 1): 25, (4, 2, 2): 15},
}
BANDS = [(17, 18), (19, 20), (21, 22), (23, 24), (25, 50)]


def test_all_180_cells_get_the_score_of_the_printed_table_by_hand_and_the_highest_supplement():
    cells = [*itertools.product(range(4), range(9), range(5))]
    people = [{"education": e + 1, "distance_m": METRES[d], "age": BANDS[a][0]} for e, d, a in cells]
    found = answers(*people)
    factor = np.array([1.2, 1.1, 1.0, 0.8])
    low = [factor[e] * POINTS[d, a] for e, d, a in cells]
    high = [factor[e] * (POINTS[d, a] + (0, 0, 5, 15, 30)[a]) for e, d, a in cells]
    np.testing.assert_allclose(found["score_low"].to_numpy(), low, atol=1e-12)
    np.testing.assert_allclose(found["score_high"].to_numpy(), high, atol=1e-12)
    for end, scores in (("low", low), ("high", high)):
        classes = [next((k for k, least in enumerate((80, 60, 40, 20), 1) if s >= least), 5) for s in scores]
        expected = [str(k if s > 0 else 6) for k, s in zip(classes, scores, strict=True)]
        assert found[f"class_{end}"].to_list() == expected


def test_known_ages_give_the_printed_supplement_at_every_age():
    def band(age):
        return next((k for k, (low, high) in enumerate(BANDS) if low <= age <= high), None)

    ages = [t for t in itertools.product(range(15, 51), repeat=3) if t[1] <= t[2] <= t[0]]
    found = answers(
        *({"education": 3, "age": now, "distance_m": -1, "age_moved_out": out, "age_at_address": since}
          for now, out, since in ages)
    )  # fmt: skip
    expected = [MOVED.get(tuple(band(age) for age in three), 0) for three in ages]
    assert found["score_low"].to_list() == found["score_high"].to_list() == expected


def test_an_empty_distance_is_unknown_and_ages_out_of_order_are_refused(tmp_path):
    from bobanalysis.audit.scoring import score_file

    people = tmp_path / "people.csv"
    people.write_text(
        "education,age,distance_m,age_moved_out,age_at_address\nHBO,30,,,\nHBO,30,0,20,18\nHBO,14,0,,\n"
    )
    rejects, now = tmp_path / "rejected.csv", "2022-06-29T00:00:00"
    totals = score_file(people, tmp_path / "out.csv", PROFILE, now=now, rejects=rejects)
    assert (totals.scored, totals.rejected) == (1, 2)
    assert pl.read_csv(tmp_path / "out.csv")["score_high"].to_list() == [30.0]
    assert pl.read_csv(tmp_path / "rejected.csv")["column"].to_list() == ["age_at_address", "age"]
