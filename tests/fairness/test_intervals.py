import numpy as np
import pytest

from bobanalysis.fairness import intervals

CASES = [(0, 8), (1, 8), (4, 8), (8, 8), (3, 1000), (512, 1024), (56, 70), (7, 11)]
COUNT, NOBS = (np.array(column, float) for column in zip(*CASES, strict=True))


def test_wilson_agrees_with_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    for confidence in (0.9, 0.95, 0.99):
        low, high = intervals.wilson(COUNT / NOBS, NOBS, confidence)
        theirs = proportion_confint(COUNT, NOBS, alpha=1 - confidence, method="wilson")
        np.testing.assert_allclose(low, theirs[0], atol=1e-9)
        np.testing.assert_allclose(high, theirs[1], atol=1e-9)


def test_jeffreys_agrees_with_statsmodels_away_from_the_ends():
    from statsmodels.stats.proportion import proportion_confint

    inside = (COUNT > 0) & (COUNT < NOBS)
    low, high = intervals.jeffreys(COUNT / NOBS, NOBS)
    theirs = proportion_confint(COUNT, NOBS, method="jeffreys")
    np.testing.assert_allclose(low[inside], theirs[0][inside], atol=1e-9)
    np.testing.assert_allclose(high[inside], theirs[1][inside], atol=1e-9)


@pytest.mark.parametrize("method", [intervals.wilson, intervals.jeffreys])
def test_an_interval_reaches_the_end_that_was_observed(method):
    low, high = method([0.0, 1.0], [8, 8])
    assert (low[0], high[1]) == (0.0, 1.0)
    assert 0 < high[0] < 0.4
    assert 0.6 < low[1] < 1


@pytest.mark.parametrize("method", [intervals.wilson, intervals.jeffreys])
def test_nobody_gives_no_interval(method):
    low, high = method([np.nan, 0.5], [0, 0])
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_student_agrees_with_statsmodels():
    from statsmodels.stats.weightstats import DescrStatsW

    values = np.random.default_rng(1).normal(50, 20, 37)
    low, high = intervals.student(values.mean(), values.var(), 37)
    np.testing.assert_allclose((low, high), DescrStatsW(values).tconfint_mean(), atol=1e-9)


def test_a_mean_of_one_person_has_no_interval():
    low, high = intervals.student([3.0], [0.0], [1])
    assert np.isnan(low[0])
    assert np.isnan(high[0])


@pytest.mark.parametrize(
    ("a", "b"), [((56, 70), (48, 80)), ((0, 20), (5, 40)), ((10, 10), (0, 20)), ((3, 1000), (9, 90))]
)
def test_the_difference_of_two_rates_is_newcombes_interval(a, b):
    from statsmodels.stats.proportion import confint_proportions_2indep

    (p, n), (q, m) = (a[0] / a[1], a[1]), (b[0] / b[1], b[1])
    ours = intervals.difference(p, intervals.wilson(p, n), q, intervals.wilson(q, m))
    theirs = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff")
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize(
    ("a", "b"), [((300, 1000), (450, 900)), ((40, 200), (30, 300)), ((800, 900), (500, 800))]
)
def test_the_ratio_of_two_rates_is_close_to_koopmans_interval_in_large_groups(a, b):
    from statsmodels.stats.proportion import confint_proportions_2indep

    (p, n), (q, m) = (a[0] / a[1], a[1]), (b[0] / b[1], b[1])
    ours = intervals.ratio(p, intervals.wilson(p, n), q, intervals.wilson(q, m))
    theirs = confint_proportions_2indep(*a, *b, method="score", compare="ratio")
    np.testing.assert_allclose(ours, theirs, rtol=0.01)


def test_the_ratio_of_swapped_groups_is_the_inverse():
    p, q = np.array([0.2]), np.array([0.5])
    a, b = intervals.wilson(p, [40]), intervals.wilson(q, [60])
    low, high = intervals.ratio(p, a, q, b)
    swapped_low, swapped_high = intervals.ratio(q, b, p, a)
    np.testing.assert_allclose([low, high], [1 / swapped_high, 1 / swapped_low], rtol=1e-12)


def test_the_ratio_interval_covers_about_as_often_as_it_says():
    """Exact coverage by summing over every outcome of two binomials, not by simulation."""
    from scipy.stats import binom

    for n, m, p, q in [(30, 60, 0.1, 0.3), (20, 20, 0.4, 0.4), (100, 50, 0.05, 0.2)]:
        x, y = np.meshgrid(np.arange(n + 1), np.arange(1, m + 1), indexing="ij")
        a, b = x.ravel() / n, y.ravel() / m
        low, high = intervals.ratio(a, intervals.wilson(a, n), b, intervals.wilson(b, m))
        chance = (binom.pmf(x, n, p) * binom.pmf(y, m, q)).ravel()
        covered = ((low <= p / q) & (p / q <= high)) @ chance / chance.sum()
        assert 0.93 <= covered <= 0.98, (n, m, p, q, covered)


def test_a_ratio_to_nothing_is_not_estimable_and_one_to_almost_nothing_has_no_upper_limit():
    none, some = intervals.wilson([0.0], [20]), intervals.wilson([0.5], [20])
    low, high = intervals.ratio([0.5], some, [0.0], none)
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    means = (np.array([-0.1]), np.array([2.1]))
    assert intervals.ratio([1.0], means, [1.0], means)[1][0] == np.inf


def test_kish_counts_equal_weights_as_people():
    assert intervals.kish(3 * 7, 3 * 7**2) == pytest.approx(3)
