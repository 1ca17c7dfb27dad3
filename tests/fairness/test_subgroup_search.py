"""The search over all combinations: complete, pruned without loss, and seldom wrong."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness import find_subgroups


def people(seed, n=1500, effect=0.0):
    rng = np.random.default_rng(seed)
    table = pl.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n),
            "age": rng.choice(["16-24", "25-49", "50+", ""], n, p=[0.2, 0.5, 0.25, 0.05]),
            "dep": rng.choice(["01", "2A", "75", "976"], n, p=[0.4, 0.1, 0.45, 0.05]),
            "car": rng.random(n) < 0.5,
            "w": rng.gamma(2, 1, n),
        }
    )
    table = table.with_columns(age=pl.col("age").replace("", None))
    target = (table["sex"] == "F").to_numpy() & (table["dep"] == "75").to_numpy()
    hit = 0.3 + effect * target
    return table.with_columns(
        told=pl.Series(rng.random(n) < hit), score=pl.Series(rng.normal(50 + 20 * effect * target, 10))
    )


NAMES = ["sex", "age", "dep", "car"]


def brute_force(table, enough):
    found = {}
    for size in range(1, len(NAMES) + 1):
        for names in combinations(NAMES, size):
            groups = table.with_columns(pl.col(NAMES).cast(pl.String).fill_null("unknown")).group_by(names)
            for row in groups.agg(n=pl.len(), value=pl.col("told").mean()).to_dicts():
                if row["n"] >= enough:
                    found[", ".join(f"{name}={row[name]}" for name in names)] = (row["n"], row["value"])
    return found


def test_every_group_that_is_large_enough_is_looked_at_and_no_other():
    table = people(1)
    found = find_subgroups(table, NAMES, "told", min_share=0.02, min_people=40)
    seen = {name: (n, value) for name, n, value in found.select("subgroup", "n", "value").rows()}
    expected = brute_force(table, 40)
    assert seen.keys() == expected.keys()
    for name, (n, value) in expected.items():
        assert seen[name] == (n, pytest.approx(value)), name


def test_one_row_a_group_holds_its_attributes_and_the_rest():
    table = people(1)
    row = find_subgroups(table, NAMES, "told").filter(subgroup="sex=F, age=50+").row(0, named=True)
    inside = table.filter(sex="F", age="50+")["told"]
    assert (row["sex"], row["age"], row["dep"], row["attributes"]) == ("F", "50+", None, 2)
    assert row["rest"] == pytest.approx((table["told"].sum() - inside.sum()) / (1500 - len(inside)))
    assert row["share"] == pytest.approx(len(inside) / 1500)
    parts = [table.filter(sex="F")["told"].mean(), table.filter(age="50+")["told"].mean()]
    assert abs(row["adds"]) == pytest.approx(min(abs(inside.mean() - part) for part in parts))


def test_the_test_of_a_group_is_fishers_and_of_a_mean_close_to_welchs():
    from scipy.stats import fisher_exact, ttest_ind

    table = people(2, effect=0.2)
    row = find_subgroups(table, NAMES, "told").filter(subgroup="dep=2A").row(0, named=True)
    inside, rest = (table.filter((pl.col("dep") == "2A") == is_in)["told"] for is_in in (True, False))
    counts = [[inside.sum(), len(inside) - inside.sum()], [rest.sum(), len(rest) - rest.sum()]]
    smaller = min(fisher_exact(counts, side).pvalue for side in ("less", "greater"))
    assert row["p_value"] == pytest.approx(2 * smaller, abs=1e-9)
    mean = find_subgroups(table, NAMES, score="score").filter(subgroup="dep=2A").row(0, named=True)
    a, b = (table.filter((pl.col("dep") == "2A") == is_in)["score"] for is_in in (True, False))
    assert mean["value"] == pytest.approx(a.mean())
    assert mean["p_value"] == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue, abs=0.03)
    limits = ttest_ind(a, b, equal_var=False).confidence_interval()
    looked_at = find_subgroups(table, NAMES, score="score")
    assert mean["difference_low"] < limits.low  # wider: many groups were looked at
    assert looked_at["found"].any()


def test_means_below_zero_have_the_differences_and_intervals_of_the_same_means_above():
    table = people(7, effect=0.1).with_columns(below=pl.col("score") - 1000)
    above, below = (find_subgroups(table, NAMES, score=c).sort("subgroup") for c in ("score", "below"))
    for column in ("difference", "difference_low", "difference_high", "adds", "p_value"):
        np.testing.assert_allclose(above[column], below[column], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(above["rest"], below["rest"] + 1000, rtol=1e-9)


@pytest.mark.parametrize("weight", [None, "w"])
def test_a_planted_group_is_found_first_and_what_it_adds_is_seen(weight):
    table = people(3, effect=0.25)
    found = find_subgroups(table, NAMES, "told", weight=weight)
    first = found.row(0, named=True)
    assert first["found"]
    assert first["sex"] == "F"
    assert first["dep"] == "75"
    both = found.filter(subgroup="sex=F, dep=75").row(0, named=True)
    assert both["found"]
    assert both["difference_low"] < 0.25 < both["difference_high"]
    assert both["adds"] > 0.08


def test_without_any_difference_something_is_found_in_few_tables():
    wrong = [find_subgroups(people(s, 800), NAMES, "told")["found"].any() for s in range(120)]
    assert np.mean(wrong) <= 0.08


def test_with_weights_that_go_with_the_outcome_few_tables_give_a_false_find():
    wrong = []
    for seed in range(100):
        table = people(seed, 1200).with_columns(w=pl.when("told").then(pl.col("w") * 3).otherwise("w"))
        wrong.append(find_subgroups(table, NAMES, "told", weight="w")["found"].any())
    assert np.mean(wrong) <= 0.09


def test_error_rates_are_searched_among_those_they_are_about():
    table = people(4).with_columns(hired=pl.Series(np.arange(1500) % 3 == 0))
    found = find_subgroups(table, NAMES, "told", outcome="hired", metric="false_positive_rate", min_people=50)
    row = found.filter(subgroup="sex=F").row(0, named=True)
    among = table.filter(~pl.col("hired"), sex="F")
    assert (row["n"], row["value"]) == (among.height, pytest.approx(among["told"].mean()))


def test_all_alike_finds_nothing_and_nobody_gives_an_empty_table():
    alike = people(5).with_columns(told=pl.lit(True))
    assert not find_subgroups(alike, NAMES, "told")["found"].any()
    few = find_subgroups(people(5, 20), NAMES, "told", min_people=30)
    assert few.is_empty()
    assert "p_adjusted" in few.columns


def test_ten_attributes_of_many_people_are_searched_in_seconds():
    rng, n = np.random.default_rng(0), 40_000
    table = pl.DataFrame({f"a{i}": rng.integers(0, 4, n) for i in range(10)} | {"told": rng.random(n) < 0.3})
    found = find_subgroups(table, [f"a{i}" for i in range(10)], "told", min_share=0.01)
    assert found.height > 3000
    assert found["n"].min() >= 400


def test_mistakes_are_refused():
    table = people(6)
    with pytest.raises(ValueError, match="metric 'fpr' is not one that the columns allow: selection_rate"):
        find_subgroups(table, NAMES, "told", metric="fpr")
    with pytest.raises(ValueError, match="columns allow: selection_rate"):
        find_subgroups(table, NAMES, "told", metric="false_positive_rate")
