"""The gap test: how often it is wrong when nothing is there, and what it finds when something is.

Every level is measured on 300 data sets without any difference, through the public function, with a bound of
four standard deviations; on 2,000 where slow tests are asked for. Small tables are counted out exactly.
"""

from itertools import combinations, product
from math import comb

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bobanalysis.fairness import Cube, Design, disparities, equivalence_test, gap_test, pairwise_gaps

SETS = 2_000
FEW = 300
UNEQUAL = np.geomspace(5, 700, 52).round().astype(int)
"""Sizes of 52 groups of 5 to 700 people."""


def groups_of(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def alarms(sizes, rate, weights=None, sets=SETS, draws=99, seed=1):
    """Share of data sets, groups truly alike, in which the test at 5 % rejects."""
    rng, group = np.random.default_rng(seed), groups_of(sizes)
    found = 0
    for k in range(sets):
        told = rng.random(len(group)) < rate
        columns = {"group": group, "told": told}
        if weights:
            columns["w"] = weights(rng, group, told)
        test = gap_test(
            pl.DataFrame(columns), ["group"], "told", weight="w" if weights else None, draws=draws, seed=k
        )
        assert (test.ci_low > 0) == (test.p_value <= 0.05)
        found += test.p_value <= 0.05
    return found / sets


LEVELS = {
    "52 equal": (np.full(52, 100), 0.3),
    "52 of 5 to 700": (UNEQUAL, 0.3),
    "52 of 5 to 700, rare": (UNEQUAL, 0.05),
    "4 small": (np.full(4, 60), 0.2),
}
MEANS = {
    "normal": lambda rng, group: rng.normal(size=len(group)),
    "of unequal variance": lambda rng, group: rng.normal(size=len(group)) * (1 + group % 5),
    "skewed": lambda rng, group: rng.exponential(size=len(group)),
}


def related(rng, group, told):
    """Weights that are related to the outcome and different between groups."""
    return rng.lognormal(0, 0.7, len(group)) * (1 + told) * (1 + group % 3)


def mean_alarms(draw, sets=SETS, sizes=UNEQUAL):
    """Share of data sets, groups of one mean, in which the test at 5 % rejects."""
    rng, group, found = np.random.default_rng(1), groups_of(sizes), 0
    for k in range(sets):
        table = pl.DataFrame({"group": group, "score": draw(rng, group)})
        test = gap_test(table, ["group"], score="score", draws=99, seed=k)
        assert (test.ci_low > 0) == (test.p_value <= 0.05)
        found += test.p_value <= 0.05
    return found / sets


def within_four_deviations(share, sets=FEW):
    return abs(share - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / sets)


@pytest.mark.parametrize("case", ["52 of 5 to 700, rare", "4 small"])
def test_groups_that_are_alike_are_told_apart_in_five_per_cent_of_data_sets(case):
    assert within_four_deviations(alarms(*LEVELS[case], sets=FEW))


def test_it_holds_with_weights_related_to_the_outcome_and_different_between_groups():
    assert within_four_deviations(alarms(UNEQUAL, 0.3, related, sets=FEW, draws=59))


@pytest.mark.parametrize("case", ["of unequal variance", pytest.param("skewed", marks=pytest.mark.slow)])
def test_groups_of_one_mean_are_told_apart_in_five_per_cent_of_data_sets(case):
    assert within_four_deviations(mean_alarms(MEANS[case], FEW))


TOWNS = {
    "rates": {},
    "rare": {"rate": 0.05},
    "means": {"kind": "mean"},
    "skewed means": {"kind": "skewed"},
    "rates with weights": {"weighted": True},
    "means with weights": {"kind": "mean", "weighted": True},
    "few towns": {"towns": 16},
    "two towns a stratum": {"towns": 60, "strata": 30},
    "each town of one group": {"towns": 60, "mixed": False},
    "many groups": {"towns": 80, "groups": 20, "kind": "mean"},
}


def town_alarms(sets, kind="rate", towns=40, groups=5, strata=1, rate=0.3, weighted=False, mixed=True):
    """Share of samples of towns, groups truly alike, in which the test at 5 % rejects."""
    from scipy.special import ndtri

    rng, town, found = np.random.default_rng(1), np.repeat(np.arange(towns), 25), 0
    for k in range(sets):
        share = rng.dirichlet(np.full(groups, 3.0))
        group = rng.choice(groups, len(town), p=share) if mixed else rng.integers(0, groups, towns)[town]
        u = rng.normal(size=towns)[town] * 0.1**0.5 + rng.normal(size=len(town)) * 0.9**0.5
        given = {"rate": u < ndtri(rate), "mean": u, "skewed": np.exp(u)}[kind]
        weight = rng.lognormal(0, 0.7, len(town)) * (1 + group % 3) * (1 + (kind == "rate") * (u < 0))
        table = pl.DataFrame(
            {"group": group, "given": given, "town": town, "stratum": town % strata, "w": weight}
        )
        role, weights = ("prediction" if kind == "rate" else "score"), "w" if weighted else None
        options = {role: "given", "weight": weights, "design": Design("stratum", "town")}
        test = gap_test(table, ["group"], draws=99, seed=k, **options)
        assert (test.ci_low > 0) == (test.p_value <= 0.05)
        found += test.p_value <= 0.05
    return found / sets


@pytest.mark.parametrize("case", ["rates", "means with weights", "each town of one group"])
def test_groups_alike_in_a_sample_of_towns_are_told_apart_in_five_per_cent_of_samples(case):
    assert within_four_deviations(town_alarms(100, **TOWNS[case]), 100)


@pytest.mark.slow
@pytest.mark.parametrize("case", TOWNS)
def test_the_level_in_samples_of_towns_holds_at_full_size(case):
    assert 0.018 <= town_alarms(SETS, **TOWNS[case]) <= 0.065  # of 700 samples each 0.027 to 0.049


def test_people_alike_within_towns_are_less_sure_a_gap_than_as_many_drawn_one_by_one():
    rng = np.random.default_rng(12)
    town = np.repeat(np.arange(40), 50)
    table = pl.DataFrame({"town": town, "group": town % 2, "told": rng.random(2000) < rng.random(40)[town]})
    plain, design = (gap_test(table, ["group"], "told", design=d) for d in (None, Design(cluster="town")))
    assert design.value == plain.value
    assert design.ci_high - design.ci_low > 1.5 * (plain.ci_high - plain.ci_low)
    margins = [
        equivalence_test(table, ["group"], "told", design=d).smallest for d in (None, Design(cluster="town"))
    ]
    assert margins[1] > 1.3 * margins[0]


@pytest.mark.parametrize("many", [1_500, pytest.param(50_000, marks=pytest.mark.slow)])
def test_very_many_groups_of_a_sample_of_towns_are_tested(many):
    rng = np.random.default_rng(13)
    group, town = np.arange(4 * many) % many, np.arange(4 * many) // many
    table = pl.DataFrame({"group": group, "town": town, "told": rng.random(4 * many) < 0.3})
    test = gap_test(table, ["group"], "told", design=Design(cluster="town"))
    assert test.groups == many
    assert test.p_value > 0.05


def errors_alike(rng, groups=4, n=400, gap=0.0):
    """Groups with the same error rates, but for the false positives of one."""
    group, true = rng.integers(0, groups, n), rng.random(n) < 0.4
    return pl.DataFrame(
        {"group": group, "told": rng.random(n) < np.where(true, 0.7, 0.3 + gap * (group == 0)), "true": true}
    )


def odds(table, **options):
    return gap_test(table, ["group"], "told", outcome="true", metric="equalized_odds", **options)


def test_equalised_odds_take_the_worse_of_two_gaps_each_tested_at_half_the_level():
    table = errors_alike(np.random.default_rng(14), gap=0.3, n=1_000)
    test = odds(table)
    each = [
        gap_test(table, ["group"], "told", outcome="true", metric=f"{m}_positive_rate")
        for m in ("true", "false")
    ]
    assert test.value == max(one.value for one in each)
    assert test.value == pytest.approx(disparities(table, ["group"], "told", "true")["difference"][1])
    assert test.p_value == pytest.approx(2 * min(one.p_value for one in each))
    assert test.ci_low < max(one.ci_low for one in each)  # at 97.5 % the limits are longer
    assert test.ci_high > max(one.ci_high for one in each)
    assert test.n == table.height


@pytest.mark.parametrize("sets", [100, pytest.param(SETS, marks=pytest.mark.slow)])
def test_groups_of_equal_odds_are_told_apart_in_at_most_five_per_cent_of_data_sets(sets):
    rng = np.random.default_rng(15)
    tests = [odds(errors_alike(rng), draws=199, seed=k) for k in range(sets)]
    assert all((test.ci_low > 0) == (test.p_value <= 0.05) for test in tests)
    assert np.mean([test.p_value <= 0.05 for test in tests]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / sets)


def test_limits_of_equalised_odds_hold_the_larger_of_the_two_true_gaps():
    rng = np.random.default_rng(16)
    tests = [odds(errors_alike(rng, gap=0.2, n=1_000), draws=199, seed=k) for k in range(60)]
    assert np.mean([test.ci_low <= 0.2 <= test.ci_high for test in tests]) >= 0.9


def test_equalised_odds_are_not_estimable_where_one_of_the_two_rates_is_not():
    table = errors_alike(np.random.default_rng(17)).filter(pl.col("true") | (pl.col("group") == 0))
    test = odds(table)
    assert (test.metric, test.value, test.p_value) == ("equalized_odds", None, None)
    assert test.reason.startswith("false_positive_rate: not estimable")


@pytest.mark.slow
@pytest.mark.parametrize("case", LEVELS)
def test_the_level_holds_at_full_size(case):
    assert 0.03 <= alarms(*LEVELS[case]) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.3, 0.05])
def test_the_level_with_weights_holds_at_full_size(rate):
    assert 0.03 <= alarms(UNEQUAL, rate, related, draws=59) <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("case", MEANS)
def test_the_level_of_means_holds_at_full_size(case):
    assert 0.03 <= mean_alarms(MEANS[case]) <= 0.075


@pytest.mark.parametrize(("sizes", "selected"), [((3, 4, 5), 5), ((6, 6), 4), ((2, 5, 6), 7)])
def test_the_test_of_a_small_table_is_that_of_all_tables_counted_out(sizes, selected):
    """Every way of dealing the selected out, with its chance: the p value and the level are exact."""
    ways = [
        way for way in product(*(range(n + 1) for n in sizes)) if sum(way) == selected
    ]  # fmt: skip
    chances = np.array(
        [np.prod([comb(n, k) for n, k in zip(sizes, way, strict=True)]) for way in ways], float
    )
    chances /= chances.sum()
    tests = [
        gap_test(people(**{f"g{i}": (k, n) for i, (k, n) in enumerate(zip(way, sizes, strict=True))}),
                 ["group"], "told", draws=19_999)
        for way in ways
    ]  # fmt: skip

    def apart(way):  # the largest gap in units in which Wilson intervals touch, pair by pair
        rates = [(k / n, n) for k, n in zip(way, sizes, strict=True)]
        found = []
        for (p, n), (q, m) in combinations(rates, 2):
            middle = (p * n**0.5 + q * m**0.5) / (n**0.5 + m**0.5)
            found.append(abs(p - q) / ((1 / n**0.5 + 1 / m**0.5) * max(middle * (1 - middle), 1e-12) ** 0.5))
        return max(found)

    distance = np.array([apart(way) for way in ways])
    for way, test, mine in zip(ways, tests, distance, strict=True):
        beyond = chances[distance > mine + 1e-9].sum() + chances[abs(distance - mine) <= 1e-9].sum() / 2
        assert test.p_value == pytest.approx(beyond, abs=0.02), way


def test_weights_a_hundred_thousand_groups_and_a_billion_people_are_tested_from_the_cube():
    counts = pl.DataFrame({"group": ["a", "a", "b", "b"], "_prediction": [True, False] * 2})
    cells = counts.with_columns(_n=pl.Series([500_100_000, 499_900_000, 500_000_000, 500_000_000]))
    cells = cells.with_columns(_w=pl.col("_n").cast(float), _w2=pl.col("_n").cast(float))
    test = gap_test(Cube(cells, ("group",)), draws=199)
    assert test.n == 2_000_000_000
    assert test.value == pytest.approx(1e-4)
    assert test.p_value <= 0.01


def planted(gap, sizes, rng, rate=0.3):
    group = groups_of(sizes)
    told = rng.random(len(group)) < np.where(group == len(sizes) - 8, rate + gap, rate)
    return pl.DataFrame({"group": group, "told": told})


def test_power_grows_with_the_gap_and_with_the_people():
    def found(gap, sizes):
        rng = np.random.default_rng(2)
        tests = [gap_test(planted(gap, sizes, rng), ["group"], "told", draws=199) for _ in range(60)]
        return np.mean([test.p_value < 0.05 for test in tests])

    small, middle, large = (found(gap, UNEQUAL) for gap in (0.05, 0.1, 0.2))
    assert small < middle < large
    assert large >= 0.99
    assert found(0.1, UNEQUAL * 3) > middle + 0.2


def test_a_planted_gap_is_recovered_and_its_group_named():
    rng = np.random.default_rng(3)
    tests = [gap_test(planted(0.25, UNEQUAL, rng), ["group"], "told", draws=199) for _ in range(100)]
    assert np.mean([test.ci_low <= 0.25 <= test.ci_high for test in tests]) >= 0.93
    assert np.mean([test.intervals.sort("low")["group"][-1] == "44" for test in tests]) >= 0.95
    assert np.mean([test.ci_low for test in tests]) > 0.1


@pytest.mark.parametrize("rates", [np.linspace(0.05, 0.6, 20), np.full(20, 0.3)], ids=["spread", "alike"])
def test_limits_of_all_pairs_hold_at_once_also_where_rates_differ(rates):
    rng, sizes = np.random.default_rng(4), np.geomspace(20, 700, 20).astype(int)
    group, held = groups_of(sizes), []
    for k in range(120):
        people = pl.DataFrame({"group": group, "told": rng.random(len(group)) < rates[group]})
        pairs = pairwise_gaps(people, ["group"], "told", draws=199, seed=k)
        one, other = (rates[pairs[c].cast(pl.Int64).to_numpy()] for c in ("group", "group_other"))
        low, high = (pairs[c].to_numpy() for c in ("ci_low", "ci_high"))
        held.append(((low <= one - other) & (one - other <= high)).all())
    assert np.mean(held) >= 0.92


def people(**groups):
    """A table of groups given as (selected, people)."""
    rows = [(name, k < x) for name, (x, n) in groups.items() for k in range(n)]
    return pl.DataFrame(rows, schema=["group", "told"], orient="row")


def test_a_single_pair_is_fishers_test_with_the_mid_p_value():
    from scipy.stats import hypergeom

    law = hypergeom(60, 25, 30)
    below = law.cdf(8) - law.pmf(8) / 2
    test = gap_test(people(a=(8, 30), b=(17, 30)), ["group"], "told", draws=20_000)
    assert test.p_value == pytest.approx(2 * below, abs=0.005)


def test_equal_weights_change_the_interval_by_chance_only():
    table = people(a=(20, 50), b=(30, 60), c=(50, 70)).with_columns(w=pl.lit(3.0))
    plain, weighted = (gap_test(table, ["group"], "told", weight=w, draws=9_999, seed=1) for w in (None, "w"))
    assert weighted.value == pytest.approx(plain.value)
    assert weighted.p_value == pytest.approx(plain.p_value, abs=0.005)
    assert (weighted.ci_low, weighted.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), abs=0.01)


def test_error_rates_are_compared_among_the_people_they_are_about():
    rng = np.random.default_rng(6)
    table = pl.DataFrame(
        {"group": rng.choice(list("ab"), 400), "told": rng.random(400) < 0.4, "true": rng.random(400) < 0.5}
    )
    test = gap_test(table, ["group"], "told", outcome="true", metric="false_positive_rate")
    among = gap_test(table.filter(~pl.col("true")), ["group"], "told")
    assert (test.value, test.p_value, test.n) == (among.value, among.p_value, among.n)


def test_the_same_seed_gives_the_same_answer_in_pandas_and_polars():
    table = people(a=(20, 50), b=(30, 60), c=(50, 70))
    assert (
        gap_test(table, ["group"], "told").p_value == gap_test(table.to_pandas(), ["group"], "told").p_value
    )
    assert isinstance(pairwise_gaps(table.to_pandas(), ["group"], "told"), pd.DataFrame)


def test_comparison_intervals_overlap_unless_the_gap_is_found():
    test = gap_test(people(a=(20, 100), b=(22, 100), c=(60, 100)), ["group"], "told")
    low, high = (dict(zip(test.intervals["group"], test.intervals[c], strict=True)) for c in ("low", "high"))
    assert low["b"] < high["a"]
    assert low["c"] > high["b"]
    assert test.ci_low == pytest.approx(low["c"] - high["a"])


def test_people_without_a_group_are_compared_as_a_group():
    table = people(a=(20, 50), b=(25, 50)).with_columns(pl.col("group").replace({"b": None}))
    assert gap_test(table, ["group"], "told").high == "unknown"


def test_a_group_with_one_row_is_left_out_and_named():
    test = gap_test(people(a=(20, 50), b=(25, 50), alone=(1, 1)), ["group"], "told")
    assert test.left_out == ("alone",)
    assert test.value == pytest.approx(0.1)


def test_one_group_is_not_estimable():
    test = gap_test(people(a=(20, 50), alone=(1, 1)), ["group"], "told")
    assert test.reason
    assert (test.value, test.p_value, test.ci_low) == (None, None, None)
    assert "a gap needs two" in test.reason


@pytest.mark.parametrize("selected", [0, 50])
def test_equal_predictions_show_no_gap_and_are_no_test(selected):
    test = gap_test(people(a=(selected, 50), b=(selected, 50)), ["group"], "told")
    assert (test.value, test.p_value, test.ci_high) == (0, None, None)
    assert "everybody is given the same" in test.reason


@pytest.mark.parametrize("many", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_very_many_groups_are_tested_or_said_to_be_too_small(many):
    rng = np.random.default_rng(7)
    group = np.arange(2 * many) % many
    test = gap_test(pl.DataFrame({"group": group, "told": rng.random(2 * many) < 0.3}), ["group"], "told")
    assert (test.groups, test.ci_low) == (many, 0)
    assert test.p_value > 0.05
    alone = gap_test(pl.DataFrame({"group": group[:many], "told": group[:many] % 2}), ["group"], "told")
    assert len(alone.left_out) == many
    assert alone.reason


def test_too_many_pairs_are_not_listed():
    table = pl.DataFrame({"group": np.arange(4_000) % 2_000, "told": np.arange(4_000) % 3 == 0})
    with pytest.raises(ValueError, match="2000 groups make too many pairs"):
        pairwise_gaps(table, ["group"], "told")


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (people(a=(1, 2), b=(1, 2)).clear(), {}, "the table has no rows"),
        (people(a=(1, 2)).rename({"group": "g"}), {}, "column 'group' is not in the table"),
        (pl.DataFrame({"group": [1, 2], "told": [0, 2]}), {}, "column 'told' holds 2 in row 1"),
        (pl.DataFrame({"group": [1, 2], "told": ["x", "y"]}), {}, "holds several answers"),
        (
            people(a=(1, 2)).with_columns(w=pl.lit(-1)),
            {"weight": "w"},
            "a weight must be a number, zero or more",
        ),
        (people(a=(1, 2)), {"metric": "luck"}, "metric 'luck' is not one of: selection_rate"),
        (people(a=(1, 2)), {"metric": "false_positive_rate"}, "false_positive_rate needs outcome="),
    ],
)
def test_bad_input_is_refused_by_name(table, options, message):
    with pytest.raises(ValueError, match=message):
        gap_test(table, ["group"], "told", **options)
