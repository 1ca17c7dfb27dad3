"""Exact coverage of the default interval of a rate: sums over every outcome of a binomial, no simulation."""

import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness import group_metrics, intervals
from bobanalysis.fairness.coverage import REPAIRED_UP_TO, coverage, repaired_wilson

SIZES = [*range(10, 130), 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000]
RATES = np.linspace(0.01, 0.5, 2_001)


def limits(n, method=repaired_wilson, confidence=0.95):
    return method(np.arange(n + 1) / n, np.full(n + 1, n), confidence)


def worst(low, high, rates_from=0.01):
    """Least coverage where five or more are expected, and elsewhere; it is least just beside a limit."""
    n = len(low) - 1
    ends = np.concatenate([low, high])
    rates = np.concatenate([ends - 1e-10, ends + 1e-10, RATES])
    rates = rates[(rates >= rates_from) & (rates <= 0.5)]
    found, usual = coverage(low, high, rates), n * rates >= 5 - 1e-9
    return found[usual].min(initial=1), found[~usual].min(initial=1)


def test_mean_coverage_is_within_half_a_point_of_nominal_at_every_size():
    means = {n: coverage(*limits(n), RATES).mean() for n in SIZES}
    assert {n: m for n, m in means.items() if abs(m - 0.95) > 0.005} == {}


def test_coverage_never_falls_under_its_floors():
    found = {n: worst(*limits(n)) for n in SIZES}
    assert {n: c for n, c in found.items() if c[0] < 0.925 or c[1] < 0.85} == {}


def test_wilsons_interval_alone_would_fall_under_them():
    found = [worst(*limits(n, intervals.wilson)) for n in range(10, 35)]
    assert min(c[0] for c in found) < 0.92
    assert min(c[1] for c in found) < 0.84


def test_from_forty_people_on_it_is_wilsons_interval():
    p, n = np.array([0.0, 0.2, 1.0]), np.array([40, 57.3, 10_000])
    np.testing.assert_array_equal(repaired_wilson(p, n), intervals.wilson(p, n))
    assert REPAIRED_UP_TO == 40


@pytest.mark.parametrize("n", range(1, 40))
def test_the_repair_is_small_symmetric_and_keeps_the_order_of_counts(n):
    (low, high), (wlow, whigh) = limits(n), limits(n, intervals.wilson)
    assert np.abs([low - wlow, high - whigh]).max() < (0.02 if n > 1 else 0.06)
    np.testing.assert_allclose(low, 1 - high[::-1], atol=1e-12)
    assert (np.diff(low) >= 0).all()
    assert (low <= np.arange(n + 1) / n + 1e-12).all()


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.99])
def test_other_levels_miss_at_most_half_as_often_again_and_thrice_at_the_rarest(confidence):
    for n in range(10, REPAIRED_UP_TO):
        usual, rare = worst(*limits(n, confidence=confidence))
        assert usual >= 1 - 1.6 * (1 - confidence), n
        assert rare >= 1 - 4.2 * (1 - confidence), n


def test_between_whole_numbers_of_people_limits_lie_between_theirs():
    low, high = repaired_wilson([0.3, 0.3, 0.3], [20, 20.5, 21])
    assert low[0] < low[1] < low[2]
    assert high[0] > high[1] > high[2]


def test_nobody_has_no_limits():
    low, high = repaired_wilson([np.nan, 0.5], [0, 0])
    assert np.isnan([*low, *high]).all()


def test_the_measure_frame_has_these_limits_unless_told_otherwise():
    people = pl.DataFrame({"told": [True] * 3 + [False] * 9})
    row = group_metrics(people, [], prediction="told").filter(metric="selection_rate").row(0, named=True)
    assert (row["ci_low"], row["ci_high"]) == tuple(float(x) for x in repaired_wilson(0.25, 12))
