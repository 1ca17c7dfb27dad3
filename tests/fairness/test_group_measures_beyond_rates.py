"""Impact ratios, summaries, calibration, distances: others' figures, and honest where there is nothing."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bobanalysis.fairness import (
    calibration,
    disparities,
    distribution_distances,
    impact_ratios,
)


@pytest.fixture(scope="module")
def people():
    rng, n = np.random.default_rng(11), 3000
    age = rng.choice(["16-24", "25-49", "50+"], n, p=[0.2, 0.5, 0.3])
    told, hired = rng.random(n) < 0.2 + 0.2 * (age == "50+"), rng.random(n) < 0.4
    return pl.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["F", "M"], n),
            "told": told,
            "hired": hired,
            "challenge": rng.choice(["bravo", "stuck-market", "undefined-project"], n),
            "p": rng.random(n).round(3),
            "w": rng.gamma(2, 1, n),
        }
    )


@pytest.mark.parametrize("weight", [None, "w"])
def test_summaries_agree_with_fairlearn(people, weight):
    from fairlearn import metrics as theirs

    found = disparities(people, ["age", "sex"], "told", "hired", weight=weight)
    ours = {row["measure"]: row for row in found.to_dicts()}
    table = people.to_pandas()
    given = {
        "y_true": table["hired"].astype(int),
        "y_pred": table["told"].astype(int),
        "sensitive_features": table[["age", "sex"]],
        "sample_weight": table[weight] if weight else None,
    }
    for kind in ("difference", "ratio"):
        for name in ("demographic_parity", "equal_opportunity", "equalized_odds"):
            expected = getattr(theirs, f"{name}_{kind}")(**given)
            assert ours[name][kind] == pytest.approx(expected, abs=1e-9), name


def test_a_summary_leaves_out_what_is_not_estimable_and_says_how_many():
    people = pl.DataFrame(
        {
            "g": ["a"] * 40 + ["b"] * 40 + ["c"] * 40 + ["d"] * 3,
            "told": [1, 0] * 60 + [1] * 3,
            "hired": [0, 0, 1] * 41,
        }
    ).with_columns(hired=pl.when(pl.col("g") == "a").then(0).otherwise("hired"))
    rows = {row["measure"]: row for row in disparities(people, "g", "told", "hired").to_dicts()}
    assert rows["equal_opportunity"]["groups"] == 2
    assert rows["equal_opportunity"]["left_out"] == 2  # nobody hired in a; d has three people
    alone = disparities(people.filter(g="a"), "g", "told")
    assert alone.select("difference", "ratio", "highest").row(0) == (None, None, None)


def test_equalised_odds_are_not_estimable_where_one_of_the_two_is_not():
    people = pl.DataFrame({"g": ["a", "b"] * 40, "told": [1, 0, 0, 1] * 20, "hired": [1] * 80})
    rows = {row["measure"]: row for row in disparities(people, "g", "told", "hired").to_dicts()}
    assert rows["equal_opportunity"]["difference"] == 0
    assert rows["predictive_equality"]["difference"] is None
    assert rows["equalized_odds"]["difference"] is None


def test_people_of_unknown_group_are_not_compared_in_a_summary():
    people = pl.DataFrame({"g": ["a"] * 20 + ["b"] * 20 + [None] * 20, "told": [1, 0] * 20 + [1] * 20})
    assert disparities(people, "g", "told").select("difference", "groups", "left_out").row(0) == (0.0, 2, 0)
    nobody = people.with_columns(g=pl.lit(None, pl.String))
    assert disparities(nobody, "g", "told").select("difference", "groups").row(0) == (None, 0)
    assert impact_ratios(nobody, "g", "told").select("category", "n").rows() == [("unknown", 60)]


def test_impact_ratios_are_those_of_the_citys_example():
    # categories, applicants and selected as in the example table of the rules' summary of results
    table = {"Male": (1390, 667, 1.0), "Female": (1181, 555, 0.979)}
    people = pl.concat(
        pl.DataFrame({"sex": [sex] * n, "selected": [1] * x + [0] * (n - x)})
        for sex, (n, x, _) in table.items()
    )
    found = {row["category"]: row for row in impact_ratios(people, ["sex"], prediction="selected").to_dicts()}
    for sex, (n, _, ratio) in table.items():
        assert found[sex]["n"] == n
        assert found[sex]["impact_ratio"] == pytest.approx(ratio, abs=0.0006)
    assert found["unknown"]["n"] == 0


def test_impact_tables_cover_each_attribute_and_their_crossing_and_count_the_unknown(people):
    some = people.with_columns(sex=pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise("sex"))
    found = impact_ratios(some, ["age", "sex"], prediction="told")
    assert found["attributes"].unique(maintain_order=True).to_list() == ["age", "sex", "age × sex"]
    for attributes, part in found.group_by("attributes"):
        assert part["n"].sum() == 3000
        assert part.filter(category="unknown")["n"].item() == (0 if attributes == ("age",) else 300)
        known = part.filter(pl.col("category") != "unknown")
        assert known["impact_ratio"].max() == 1
        assert known["share"].sum() == pytest.approx(1)
        assert (known["below_four_fifths"] == (known["impact_ratio"] < 0.8)).all()


def test_small_categories_are_flagged():
    people = pl.DataFrame(
        {
            "race": ["a"] * 1000 + ["b"] * 1000 + ["c"] * 20,
            "told": [1, 0] * 500 + [1, 0, 0, 0] * 250 + [1] * 20,
        }
    )
    every = {r["category"]: r for r in impact_ratios(people, "race", prediction="told").to_dicts()}
    assert (every["c"]["impact_ratio"], every["c"]["below_two_percent"], every["a"]["impact_ratio"]) == (
        1,
        True,
        0.5,
    )
    assert [every[c]["most_selected"] for c in "abc"] == [False, False, True]
    assert every["b"]["below_four_fifths"]


def test_nobody_selected_is_not_estimable_rather_than_equal():
    people = pl.DataFrame({"g": ["a"] * 20 + ["b"] * 20, "told": [0] * 40})
    found = impact_ratios(people, "g", prediction="told")
    assert found["rate"].to_list() == [0, 0, None]
    assert found["impact_ratio"].null_count() == 3
    assert found["below_four_fifths"].null_count() == 3


def test_calibration_by_value_is_the_rate_among_those_with_that_score():
    deciles = pl.DataFrame({"g": ["a", "b"] * 300, "decile": list(range(1, 11)) * 60})
    people = deciles.with_columns(again=(pl.col("decile") + (pl.col("g") == "b").cast(int) * 2 > 6))
    found = calibration(people, "g", "decile", "again", bin="decile").filter(metric="base_rate")
    expected = people.group_by("g", pl.col("decile").cast(str).alias("item")).agg(
        value=pl.col("again").mean()
    )
    both = found.join(expected, on=["g", "item"], suffix="_expected")
    assert both.height == found.height == 10
    assert (both["value"] == both["value_expected"]).all()
    assert found["item"].to_list() == [str(d) for d in range(1, 11)]


def test_calibration_bins_agree_with_scikit_learn(people):
    from sklearn.calibration import calibration_curve

    one = people.filter(sex="F").with_columns(fifth=(pl.col("p").rank() / pl.len() * 5).ceil())
    found = calibration(one, [], "p", "hired", bin="fifth")
    rate, mean = calibration_curve(one["hired"], one["p"], n_bins=5, strategy="quantile")
    np.testing.assert_allclose(found.filter(metric="base_rate")["value"], rate, atol=0.01)
    np.testing.assert_allclose(found.filter(metric="mean_score")["value"], mean, atol=0.01)


def test_distances_agree_with_scipy():
    from scipy.spatial.distance import jensenshannon

    rng = np.random.default_rng(1)
    group = np.repeat(["a", "b", "c"], [300, 200, 100])
    said = np.where(group == "c", "only c", rng.choice(list("xyz"), 600))
    table = pl.DataFrame({"g": group, "said": said})
    counts = pd.crosstab(group, said).to_numpy()
    p, q = (counts[k] / counts[k].sum() for k in (1, 0))
    itself, one, other = distribution_distances(table, "g", "said", reference="a").rows(named=True)
    assert one["jensen_shannon"] == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    assert one["hellinger"] ** 2 == pytest.approx(1 - np.sqrt(p * q).sum(), abs=1e-12)
    assert one["total_variation"] == pytest.approx(np.maximum(p - q, 0).sum(), abs=1e-12)
    names = ("total_variation", "hellinger", "jensen_shannon")
    assert [other[name] for name in names] == pytest.approx([1, 1, 1])
    assert [itself[name] for name in names] == [0, 0, 0]
    assert itself["p_value"] is None


def test_the_chi_square_of_a_group_agrees_with_scipy(people):
    from scipy.stats import chi2_contingency

    row = distribution_distances(people, "age", "challenge").filter(age="50+").row(0, named=True)
    old = people["age"] == "50+"
    expected = chi2_contingency(pd.crosstab(old.to_numpy(), people["challenge"].to_numpy()), correction=False)
    assert row["chi_square"] == pytest.approx(expected.statistic, abs=1e-9)
    assert row["p_value"] == pytest.approx(expected.pvalue, abs=1e-9)
    assert row["degrees"] == expected.dof


def test_the_distance_expected_by_chance_is_what_alike_groups_show():
    rng, found = np.random.default_rng(5), []
    for _ in range(60):
        table = pl.DataFrame(
            {"g": ["a"] * 60 + ["b"] * 400, "said": rng.choice(list("xyz"), 460, p=[0.6, 0.3, 0.1])}
        )
        found.append(distribution_distances(table, "g", "said").row(0, named=True))
    seen = np.mean([row["total_variation"] for row in found])
    assert seen == pytest.approx(np.mean([row["expected_by_chance"] for row in found]), rel=0.12)
    assert np.mean([row["p_value"] < 0.05 for row in found]) < 0.14


def test_a_distance_to_nobody_or_to_few_is_null_and_never_zero():
    table = pl.DataFrame({"g": ["a"] * 30 + ["b"] * 3, "said": ["x", "y", "z"] * 11})
    found = distribution_distances(table, "g", "said")
    assert found["total_variation"].to_list() == [None, None]
    assert found["suppressed"].to_list() == [True, True]
    alone = distribution_distances(table.filter(g="a"), "g", "said")
    assert alone["total_variation"].to_list() == [None]
    with pytest.raises(ValueError, match="'c' is not among the groups: a, b"):
        distribution_distances(table, "g", "said", reference="c")
