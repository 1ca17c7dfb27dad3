import numpy as np
import pandas as pd
import polars as pl
import pytest

from bobanalysis.fairness import MEASURE_COLUMNS, cube, group_metrics, intervals


@pytest.fixture(scope="module")
def people():
    rng, n = np.random.default_rng(7), 4000
    age, region = (
        rng.choice(["16-24", "25-49", "50+"], n, p=[0.2, 0.5, 0.3]),
        rng.choice(["11", "84", "93", "06"], n),
    )
    told, hired = rng.random(n) < 0.2 + 0.2 * (age == "50+"), rng.random(n) < 0.4
    challenge = rng.choice(["bravo", "stuck-market", "undefined-project"], n)
    return pl.DataFrame(
        {
            "age": age,
            "region": region,
            "told": told,
            "hired": hired,
            "challenge": challenge,
            "score": rng.normal(50, 15, n),
            "w": rng.gamma(2, 1, n),
        }
    )


def values(frame, metric, of="value"):
    return frame.filter(metric=metric)[of].to_numpy()


@pytest.mark.parametrize("weight", [None, "w"])
def test_rates_agree_with_fairlearn(people, weight):
    from fairlearn import metrics as theirs

    ours = group_metrics(people, ["age", "region"], prediction="told", outcome="hired", weight=weight)
    names = [
        "selection_rate",
        "true_positive_rate",
        "false_positive_rate",
        "true_negative_rate",
        "false_negative_rate",
    ]
    pandas = people.to_pandas()
    frame = theirs.MetricFrame(
        metrics={name: getattr(theirs, name) for name in names},
        y_true=pandas["hired"].astype(int),
        y_pred=pandas["told"].astype(int),
        sensitive_features=pandas[["age", "region"]],
        sample_params={name: {"sample_weight": pandas[weight]} for name in names} if weight else None,
    )
    for name in names:
        mine = ours.filter(metric=name).sort("age", "region")["value"]
        np.testing.assert_allclose(mine, frame.by_group.sort_index()[name], atol=1e-9)


def test_precision_and_accuracy_agree_with_scikit_learn(people):
    from sklearn.metrics import accuracy_score, precision_score

    ours = group_metrics(people, [], prediction="told", outcome="hired")
    assert values(ours, "positive_predictive_value") == pytest.approx(
        precision_score(people["hired"], people["told"])
    )
    assert values(ours, "accuracy") == pytest.approx(accuracy_score(people["hired"], people["told"]))


def test_a_gap_to_everyone_else_is_newcombes_interval_of_two_separate_groups(people):
    from statsmodels.stats.proportion import confint_proportions_2indep

    row = (
        group_metrics(people, ["age"], prediction="told")
        .filter(metric="selection_rate", age="50+")
        .row(0, named=True)
    )
    old, rest = (people.filter(pl.col("age") == "50+")["told"], people.filter(pl.col("age") != "50+")["told"])
    limits = confint_proportions_2indep(
        old.sum(), len(old), rest.sum(), len(rest), method="newcomb", compare="diff"
    )
    assert row["difference"] == pytest.approx(old.mean() - rest.mean(), abs=1e-12)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(limits, abs=1e-9)
    assert row["ratio"] == pytest.approx(old.mean() / rest.mean(), abs=1e-12)
    assert row["ratio_low"] < row["ratio"] < row["ratio_high"]
    assert row["reference"] == "everyone else"


def test_the_mean_of_everyone_else_has_the_interval_of_their_own_rows(people):
    ours = group_metrics(people, ["age"], score="score", weight="w").filter(metric="mean_score", age="50+")
    two = people.with_columns(old=pl.col("age") == "50+")
    pair = group_metrics(two, ["old"], score="score", weight="w", reference="false").filter(
        metric="mean_score"
    )
    expected = pair.filter(old="true")
    for name in ("value", "ci_low", "difference", "difference_low", "difference_high", "ratio_low"):
        assert ours[name].item() == pytest.approx(expected[name].item(), rel=1e-9), name


def test_a_mean_has_the_t_interval_of_its_group(people):
    from statsmodels.stats.weightstats import DescrStatsW

    row = (
        group_metrics(people, ["age"], score="score")
        .filter(metric="mean_score", age="16-24")
        .row(0, named=True)
    )
    theirs = DescrStatsW(people.filter(age="16-24")["score"].to_numpy())
    assert row["value"] == pytest.approx(theirs.mean, abs=1e-9)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(theirs.tconfint_mean(), abs=1e-9)


def test_weights_enter_by_their_shares_and_by_kishs_number_of_people(people):
    row = (
        group_metrics(people, [], prediction="told", weight="w")
        .filter(metric="selection_rate")
        .row(0, named=True)
    )
    w, told = people["w"].to_numpy(), people["told"].to_numpy()
    assert row["value"] == pytest.approx(w[told].sum() / w.sum())
    low, high = intervals.wilson(row["value"], w.sum() ** 2 / (w**2).sum())
    assert (row["ci_low"], row["ci_high"]) == (pytest.approx(low), pytest.approx(high))
    assert row["n"] == len(people)


def test_the_scale_of_weights_changes_nothing_but_the_count(people):
    one = group_metrics(people, ["age"], prediction="told", score="score", weight="w")
    ten = group_metrics(
        people.with_columns(pl.col("w") * 10), ["age"], prediction="told", score="score", weight="w"
    )
    rates = [
        f.filter(pl.col("metric") != "count").drop("metric", "item", "age", "reference") for f in (one, ten)
    ]
    for name in ("value", "ci_low", "ci_high", "difference", "difference_low"):
        np.testing.assert_allclose(rates[0][name], rates[1][name], rtol=1e-9)


def test_a_prediction_in_words_gives_one_rate_a_category_and_zero_where_nobody_got_it():
    people = pl.DataFrame(
        {"sex": ["F"] * 20 + ["M"] * 20, "challenge": ["bravo"] * 30 + ["stuck-market"] * 10}
    )
    rates = group_metrics(people, ["sex"], prediction="challenge").filter(metric="selection_rate")
    found = {(item, sex): value for item, sex, value in rates.select("item", "sex", "value").rows()}
    assert found == {
        ("bravo", "F"): 1,
        ("bravo", "M"): 0.5,
        ("stuck-market", "F"): 0,
        ("stuck-market", "M"): 0.5,
    }


def test_shares_of_the_categories_add_up_to_one_in_each_group(people):
    rates = group_metrics(people, ["age"], prediction="challenge").filter(metric="selection_rate")
    np.testing.assert_allclose(rates.group_by("age").agg(pl.col("value").sum())["value"], 1.0)


def test_each_item_is_measured_and_compared_on_its_own():
    people = pl.DataFrame(
        {
            "item": ["cv"] * 40 + ["car"] * 40,
            "sex": (["F"] * 20 + ["M"] * 20) * 2,
            "told": [1] * 20 + [0] * 20 + [1] * 40,
        }
    )
    rates = group_metrics(people, ["sex"], prediction="told", item="item").filter(metric="selection_rate")
    assert rates.select("item", "sex", "difference").rows() == [
        ("car", "F", 0.0),
        ("car", "M", 0.0),
        ("cv", "F", 1.0),
        ("cv", "M", -1.0),
    ]


def test_unknown_group_stays_a_group_and_comes_last():
    people = pl.DataFrame({"age": [40, 9, None] * 12, "told": [1, 0, 1] * 12})
    rates = group_metrics(people, ["age"], prediction="told").filter(metric="selection_rate")
    assert rates.select("age", "value").rows() == [("9", 0.0), ("40", 1.0), ("unknown", 1.0)]


def test_missing_predictions_are_counted_and_rates_are_among_the_others():
    people = pl.DataFrame({"dep": ["01"] * 20 + ["976"] * 20, "calm": [1] * 10 + [0] * 10 + [None] * 20})
    found = group_metrics(people, ["dep"], prediction="calm")
    assert list(values(found, "prediction_missing_rate")) == [0.0, 1.0]
    rate = found.filter(metric="selection_rate")
    assert rate["value"].to_list() == [0.5, None]
    assert rate["n"].to_list() == [20, 0]
    assert rate["suppressed"].to_list() == [False, False]


def test_not_estimable_is_null_and_not_zero():
    people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "told": [1] * 40, "hired": [0] * 20 + [1] * 20})
    found = group_metrics(people, ["sex"], prediction="told", outcome="hired").filter(
        metric="false_negative_rate"
    )
    row = found.filter(sex="F").row(0, named=True)
    assert (row["value"], row["ci_low"], row["difference"], row["n"], row["suppressed"]) == (
        None,
        None,
        None,
        0,
        False,
    )
    assert found.filter(sex="M")["value"].to_list() == [0.0]


def test_people_of_weight_zero_are_not_estimable():
    people = pl.DataFrame({"sex": ["F"] * 20 + ["M"] * 20, "told": [1] * 40, "w": [0.0] * 20 + [1.0] * 20})
    found = group_metrics(people, ["sex"], prediction="told", weight="w").filter(metric="selection_rate")
    assert found["value"].to_list() == [None, 1.0]
    assert found["difference"].to_list() == [None, None]


def test_small_groups_are_suppressed_with_their_gaps_and_flagged():
    people = pl.DataFrame({"dep": ["01"] * 10 + ["02"] * 11 + ["03"] * 50, "told": [1, 0] * 35 + [1]})
    rates = group_metrics(people, ["dep"], prediction="told").filter(metric="selection_rate")
    assert rates["suppressed"].to_list() == [True, False, False]
    hidden = rates.row(0, named=True)
    assert all(hidden[name] is None for name in ("value", "ci_low", "ci_high", "difference", "ratio"))
    assert rates["value"].null_count() == 1


def test_no_gap_to_a_suppressed_reference():
    people = pl.DataFrame({"dep": ["01"] * 10 + ["02"] * 50, "told": [1, 0] * 30})
    rates = group_metrics(people, ["dep"], prediction="told", reference="01").filter(metric="selection_rate")
    assert rates["difference"].to_list() == [None, None]


def test_suppression_looks_at_those_a_rate_is_among():
    people = pl.DataFrame({"sex": ["F"] * 50, "told": [1, 0] * 25, "hired": [1] * 5 + [0] * 45})
    found = group_metrics(people, ["sex"], prediction="told", outcome="hired")
    assert found.filter(metric="true_positive_rate")["suppressed"].item()
    assert not found.filter(metric="selection_rate")["suppressed"].item()


def test_a_named_reference_is_compared_with_itself_without_limits(people):
    found = group_metrics(people, ["age", "region"], prediction="told", reference=("25-49", 11))
    row = found.filter(metric="selection_rate", age="25-49", region="11").row(0, named=True)
    assert (row["difference"], row["ratio"], row["difference_low"], row["reference"]) == (
        0,
        1,
        None,
        "25-49 × 11",
    )
    other = found.filter(metric="selection_rate", age="50+", region="11").row(0, named=True)
    assert other["difference"] == pytest.approx(other["value"] - row["value"])


@pytest.mark.parametrize("reference", ["51+", ("51+",)])
def test_a_reference_that_is_not_there_is_refused_with_those_that_are(people, reference):
    with pytest.raises(ValueError, match=r"'51\+' is not among the groups: 16-24, 25-49, 50\+"):
        group_metrics(people, ["age"], prediction="told", reference=reference)


def test_figures_by_construction_have_no_interval(people):
    found = group_metrics(people, ["age"], prediction="told", exact=True).filter(metric="selection_rate")
    assert found["ci_low"].null_count() == found["difference_low"].null_count() == len(found)
    assert found["difference"].null_count() == 0


def test_nothing_to_measure_is_refused(people):
    with pytest.raises(ValueError, match="give prediction=, score= or outcome="):
        group_metrics(people, ["age"])


def test_a_group_column_named_like_a_measure_is_refused(people):
    with pytest.raises(ValueError, match="rename the group column 'value'"):
        group_metrics(people.rename({"age": "value"}), ["value"], prediction="told")


def test_pandas_in_pandas_out(people):
    ours = group_metrics(people.to_pandas(), ["age"], prediction="told")
    assert isinstance(ours, pd.DataFrame)
    assert list(ours.columns) == ["metric", "item", "age", *MEASURE_COLUMNS[2:]]
    polars = group_metrics(people, ["age"], prediction="told")
    np.testing.assert_allclose(ours["value"], polars["value"])


def test_lazy_in_gives_the_same_table(people):
    assert group_metrics(people.lazy(), ["age"], prediction="told").equals(
        group_metrics(people, ["age"], prediction="told")
    )


def test_a_cube_summed_from_parts_gives_the_measures_of_the_whole(people):
    parts = [cube(people[i::3], ["age"], prediction="told", score="score", weight="w") for i in range(3)]
    ours = group_metrics(parts[0] + parts[1] + parts[2])
    whole = group_metrics(people, ["age"], prediction="told", score="score", weight="w")
    for name in ("value", "ci_low", "difference_high", "ratio_low"):
        np.testing.assert_allclose(ours[name].to_numpy(), whole[name].to_numpy(), rtol=1e-9)


def test_count_is_the_sum_of_weights(people):
    found = group_metrics(people, [], prediction="told", weight="w").filter(metric="count")
    assert found["value"].item() == pytest.approx(people["w"].sum())
    assert found["difference"].item() is None


def test_no_people_no_columns_are_lost_in_many_groups():
    n = 100_000
    people = pl.DataFrame({"g": np.arange(n), "told": np.arange(n) % 2})
    found = group_metrics(people, ["g"], prediction="told", min_group=1).filter(metric="selection_rate")
    assert found["g"].to_list()[:3] == ["0", "1", "2"]
    assert len(found) == n
    assert found["value"].sum() == n // 2
