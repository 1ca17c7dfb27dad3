"""The frontier of quality and of the gap between groups."""

import polars as pl
import pytest

from bobanalysis.recommenders import frontier


def values(gap, n=400, name="r"):
    group = pl.int_range(n, eager=True) % 2
    value = (
        pl.select(pl.when(pl.int_range(n) // 2 % 2 == 0).then(0.2).otherwise(0.6)).to_series() + gap * group
    )
    frame = pl.DataFrame({"person_id": pl.int_range(n, eager=True).cast(pl.String), "value": value})
    groups = frame.select("person_id", g=group)
    return frame.select("person_id", "value", recommender=pl.lit(name)), groups


def test_the_frontier_tells_quality_and_the_gap_between_the_groups():
    frame, groups = values(0.1)
    (row,) = frontier(frame, groups, replicates=200).iter_rows(named=True)
    assert row["quality"] == pytest.approx(0.45)
    assert row["gap"] == pytest.approx(0.1)
    assert (row["best"], row["worst"], row["n"]) == ("1", "0", 400)
    assert row["quality_low"] < 0.45 < row["quality_high"]
    assert row["gap_low"] < 0.1 < row["gap_high"]


def test_intervals_of_the_frontier_cover_the_mean():
    """Width of the interval of a mean of 400 values of known spread: 2 × 1.96 × 0.2 / 20."""
    frame, groups = values(0.0)
    row = frontier(frame, groups, replicates=1000).row(0, named=True)
    assert row["quality_high"] - row["quality_low"] == pytest.approx(2 * 1.96 * 0.2 / 20, rel=0.12)


def test_who_is_worse_on_both_counts_is_dominated():
    (good, groups), (bad, _) = values(0.1, name="good"), values(0.2, name="bad")
    bad = bad.with_columns(pl.col("value") - 0.3)
    found = frontier(pl.concat([good, bad]), groups, replicates=50)
    assert dict(found.select("recommender", "dominated").rows()) == {"good": False, "bad": True}


def test_undefined_values_are_left_out_and_never_zero():
    frame, groups = values(0.1)
    holes = frame.with_columns(value=pl.when(pl.int_range(pl.len()) >= 40).then("value"))
    row = frontier(holes, groups, replicates=50).row(0, named=True)
    assert row["n"] == 360
    assert row["quality"] == pytest.approx(0.45)


def test_groups_too_small_to_compare_are_refused():
    frame, groups = values(0.1, n=40)
    with pytest.raises(ValueError, match="two are needed"):
        frontier(frame, groups, smallest=30)
