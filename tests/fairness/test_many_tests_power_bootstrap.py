"""Corrections for many tests, power, equivalence, and the bootstrap on the cube."""

from fractions import Fraction
from math import comb

import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness import (
    adjusted_p_values,
    bootstrap,
    cube,
    equivalence_test,
    group_metrics,
    minimum_detectable_gap,
    power,
)
from bobanalysis.fairness.multiplicity import two_means, two_rates


@pytest.mark.parametrize(
    ("ours", "theirs"), [("benjamini-hochberg", "fdr_bh"), ("holm", "holm"), ("bonferroni", "bonferroni")]
)
def test_corrections_agree_with_statsmodels(ours, theirs):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(1).random(40) ** 3
    np.testing.assert_allclose(adjusted_p_values(p, ours), multipletests(p, method=theirs)[1], atol=1e-12)


def test_what_is_not_estimable_is_no_test():
    assert adjusted_p_values([0.01, np.nan, 0.04], "bonferroni")[0] == pytest.approx(0.02)
    assert np.isnan(adjusted_p_values([0.01, np.nan, 0.04])[1])


def test_a_p_value_outside_zero_to_one_and_an_unknown_method_are_refused():
    with pytest.raises(ValueError, match=r"from 0 to 1, not 1\.5"):
        adjusted_p_values([0.5, 1.5])
    with pytest.raises(ValueError, match="'sidak' is not one of"):
        adjusted_p_values([0.5], "sidak")


def people(rates, n, seed=2, **columns):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(rates)), n)
    return pl.DataFrame(
        {"group": group, "told": rng.random(len(group)) < np.asarray(rates)[group], **columns}
    )


def test_each_family_of_tests_is_corrected_on_its_own():
    table = people([0.3, 0.3, 0.5], 100).with_columns(true=pl.int_range(pl.len()) % 2 == 0)
    found = group_metrics(table, ["group"], prediction="told", outcome="true")
    for metric in ("selection_rate", "accuracy"):
        rates = found.filter(metric=metric)
        assert rates["p_adjusted"].to_list() == adjusted_p_values(rates["p_value"]).tolist()
    assert found.filter(metric="count")["p_adjusted"].null_count() == 3


def test_a_reference_is_not_tested_against_itself_and_figures_by_construction_are_not_tested():
    table = people([0.3, 0.5], 100)
    to_first = group_metrics(table, ["group"], prediction="told", reference="0").filter(
        metric="selection_rate"
    )
    assert to_first["p_value"].is_null().to_list() == [True, False]
    exact = group_metrics(table, ["group"], prediction="told", exact=True)
    assert exact["p_value"].null_count() == len(exact)


def test_rows_of_many_small_groups_raise_false_findings_seldom():
    """All groups alike and small, where a normal test would call one person in five a finding."""
    any_finding = []
    for seed in range(200):
        table = people([0.05] * 40, 12, seed)
        found = group_metrics(table, ["group"], prediction="told", min_group=1)
        any_finding.append((found["p_adjusted"] <= 0.05).any())
    assert np.mean(any_finding) <= 0.07


def test_large_groups_are_compared_as_statsmodels_does():
    from statsmodels.stats.proportion import proportions_ztest

    ours = two_rates([300], [1000], [700], [2000])[0]
    assert ours == pytest.approx(proportions_ztest([300, 700], [1000, 2000])[1], rel=0.01)


def test_means_are_compared_as_scipy_does():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(3)
    a, b = rng.normal(0, 1, 20), rng.normal(0.5, 2, 35)
    ours = two_means(a.mean(), a.var(), 20, b.mean(), b.var(), 35)
    assert float(ours) == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue)


def exact_mid_p(x, n, y, m):
    """Twice the smaller mid-P tail of Fisher's conditional law, in whole numbers."""
    terms = {k: comb(n, k) * comb(m, x + y - k) for k in range(max(0, x + y - m), min(n, x + y) + 1)}
    lower = 2 * sum(term for k, term in terms.items() if k < x) + terms[x]
    both = 2 * sum(terms.values())
    return float(min(Fraction(2 * min(lower, both - lower), both), Fraction(1)))


@pytest.mark.parametrize(
    "table",
    [
        (3, 12, 1, 15),
        (0, 40, 9, 41),
        (9, 9, 3, 30),
        (1, 200, 8, 150),
        (3, 292, 9_878, 1_000_000),
        (0, 81, 900, 99_000),
    ],
)
def test_a_p_value_of_few_people_is_exact_whatever_the_size_of_the_other_group(table):
    x, n, y, m = table
    assert two_rates([x], [n], [y], [m])[0] == pytest.approx(exact_mid_p(*table), rel=1e-13)


def test_an_empty_group_has_no_p_value():
    assert np.isnan(two_rates([0], [0], [5], [10]))[0]


@pytest.mark.parametrize(
    ("p", "gap", "n", "m"), [(0.3, 0.1, 350, 350), (0.1, 0.1, 100, 1000), (0.5, 0.2, 60, 60)]
)
def test_power_is_the_share_of_data_sets_in_which_the_gap_is_found(p, gap, n, m):
    rng = np.random.default_rng(4)
    x, y = rng.binomial(n, p + gap, 4_000), rng.binomial(m, p, 4_000)
    found = (two_rates(x, np.full(4_000, n), y, np.full(4_000, m)) <= 0.05).mean()
    assert power(p, gap, n, m) == pytest.approx(found, abs=0.04)


def test_the_smallest_detectable_gap_has_the_power_asked_for():
    gap = minimum_detectable_gap(0.3, [50, 500, 5_000], 10_000, chance=0.9, tests=52)
    np.testing.assert_allclose(power(0.3, gap, [50, 500, 5_000], 10_000, tests=52), 0.9, atol=1e-6)
    assert (np.diff(gap) < 0).all()


def test_where_no_gap_could_be_found_the_smallest_is_not_estimable():
    assert np.isnan(minimum_detectable_gap(0.5, 3, 3))


def test_a_gap_at_the_margin_is_excluded_in_five_per_cent_of_data_sets():
    rng = np.random.default_rng(5)
    found = []
    for _ in range(800):
        x, y = rng.binomial(1_000, 0.35), rng.binomial(1_000, 0.3)
        counts = pl.DataFrame({"group": ["a", "a", "b", "b"], "told": [1, 0, 1, 0]})
        table = counts.select(pl.all().repeat_by(pl.Series([x, 1_000 - x, y, 1_000 - y])).explode())
        found.append(equivalence_test(table, ["group"], "told", margin=0.05).excluded)
    assert 0.03 <= np.mean(found) <= 0.07


def test_equivalence_needs_people_not_the_absence_of_a_finding():
    few, many = (equivalence_test(people([0.3, 0.3], n), ["group"], "told") for n in (30, 5_000))
    assert (few.excluded, many.excluded) == (False, True)
    assert few.smallest > 0.1 > 0.05 > many.smallest


def test_a_margin_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="a margin lies between 0 and 1"):
        equivalence_test(people([0.3, 0.3], 30), ["group"], "told", margin=5)


def test_equivalence_of_one_group_is_not_estimable():
    found = equivalence_test(people([0.3], 30), ["group"], "told")
    assert (found.excluded, found.smallest) == (False, None)
    assert "a gap needs two" in found.reason


def test_the_bootstrap_on_the_cube_is_the_bootstrap_of_rows():
    table = people([0.2, 0.4, 0.5], 200)
    rows, rng = table.to_numpy(), np.random.default_rng(6)
    drawn = rows[rng.integers(0, len(rows), (4_000, len(rows)))]
    by_row = [
        np.where(drawn[..., 0] == g, drawn[..., 1], 0).sum(1) / (drawn[..., 0] == g).sum(1) for g in range(3)
    ]
    by_cube = bootstrap(table, ["group"], "told")
    low, high = np.quantile(by_row, [0.025, 0.975], axis=1)
    np.testing.assert_allclose(by_cube["ci_low"], low, atol=0.006)
    np.testing.assert_allclose(by_cube["ci_high"], high, atol=0.006)


def test_weights_are_resampled_with_their_rows():
    table = people([0.2, 0.5], 300).with_columns(
        w=pl.Series(np.random.default_rng(7).lognormal(0, 1, 600)) * (1 + pl.col("told"))
    )
    by_cube = bootstrap(table, ["group"], "told", weight="w")
    g, y, w = (table[c].to_numpy() for c in ("group", "told", "w"))
    rng = np.random.default_rng(8)
    by_row = []
    for _ in range(4_000):
        i = rng.integers(0, 600, 600)
        by_row.append([w[i][(g[i] == k) & y[i]].sum() / w[i][g[i] == k].sum() for k in (0, 1)])
    low, high = np.quantile(by_row, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(by_cube["ci_high"] - by_cube["ci_low"], high - low, rtol=0.08)
    np.testing.assert_allclose(by_cube["ci_low"], low, atol=0.01)


def test_bootstrap_intervals_of_large_groups_are_near_wilsons():
    table = people([0.2, 0.4], 2_000)
    ours = bootstrap(table, ["group"], "told", metrics=["selection_rate"])
    wilson = group_metrics(table, ["group"], prediction="told").filter(metric="selection_rate")
    for column in ("value", "ci_low", "ci_high"):
        np.testing.assert_allclose(ours[column], wilson[column], atol=0.003)


def test_a_rate_of_nobody_stays_not_estimable_in_the_bootstrap():
    table = pl.DataFrame({"group": list("aabb"), "told": [1, 0, 1, 0], "true": [1, 0, 0, 0]})
    found = bootstrap(
        table, ["group"], "told", outcome="true", metrics=["false_negative_rate"], replicates=500
    )
    assert found["value"].to_list() == [0, None]
    assert found["ci_low"].to_list()[1] is None


def test_the_bootstrap_of_one_person_has_no_interval_and_says_so():
    table = pl.DataFrame({"group": list("abbbb"), "told": [0, 1, 0, 1, 0], "true": [1, 1, 1, 1, 0]})
    found = bootstrap(table, ["group"], "told", outcome="true", replicates=500)
    one = found.filter(metric="selection_rate", group="a").row(0, named=True)
    assert (one["value"], one["ci_low"], one["ci_high"]) == (0, None, None)
    assert one["status"] == "no interval: one person shows no chance"
    assert found.filter(metric="selection_rate", group="b")["status"].item() == "estimated"
    assert found.filter(metric="false_positive_rate", group="a")["status"].item() == "not estimable: nobody"


def test_ten_thousand_replicates_of_three_rates_take_about_a_second():
    import time

    rng = np.random.default_rng(9)
    table = pl.DataFrame(
        {
            "group": rng.integers(0, 52, 100_000),
            "told": rng.random(100_000) < 0.3,
            "true": rng.random(100_000) < 0.5,
        }
    )
    cells = cube(table, ["group"], prediction="told", outcome="true")
    metrics = ["selection_rate", "false_positive_rate", "false_negative_rate"]
    start = time.process_time()
    bootstrap(cells, ["group"], metrics=metrics)
    assert time.process_time() - start < 1
