"""Where our values are not those of fairlearn and statsmodels: the rows on groups of docs/differences.md."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bobanalysis.fairness import adjusted_effects, disparities, group_metrics, intervals, oaxaca


@pytest.fixture(scope="module")
def people():
    """80 people; nobody of group a was hired."""
    hired = [0] * 40 + [0, 1] * 20
    return pd.DataFrame({"group": ["a"] * 40 + ["b"] * 40, "told": [1, 0] * 40, "hired": hired})


def rates(table, metric, **options):
    found = group_metrics(table, ["group"], "told", "hired", **options)
    return dict(found.loc[found["metric"] == metric, ["group", "value"]].itertuples(index=False))


def test_a_rate_among_nobody_is_null_here_and_0_in_fairlearn(people):
    from fairlearn.metrics import MetricFrame, equal_opportunity_difference, true_positive_rate

    given = {"y_true": people["hired"], "y_pred": people["told"], "sensitive_features": people["group"]}
    theirs = MetricFrame(metrics=true_positive_rate, **given).by_group
    assert theirs.to_dict() == {"a": 0.0, "b": 0.0}
    assert equal_opportunity_difference(**given) == 0.0
    ours = group_metrics(people, ["group"], "told", "hired")
    known = ours[(ours["metric"] == "true_positive_rate")].set_index("group")["value"]
    assert np.isnan(known.get("a", np.nan))
    summary = disparities(people, ["group"], "told", "hired").set_index("measure")
    assert np.isnan(summary.loc["equal_opportunity", "difference"])
    assert summary.loc["equal_opportunity", "left_out"] == 1


def test_people_of_unknown_group_are_a_group_here_and_refused_by_fairlearn(people):
    from fairlearn.metrics import MetricFrame, selection_rate

    table = people.assign(group=[None] * 12 + people["group"].tolist()[12:])
    assert rates(table, "count") == {"a": 28, "b": 40, "unknown": 12}
    with pytest.raises(ValueError, match="missing values"):
        MetricFrame(
            metrics=selection_rate,
            y_true=table["hired"],
            y_pred=table["told"],
            sensitive_features=table["group"],
        )


def test_a_group_of_one_is_hidden_here_and_has_a_rate_in_fairlearn(people):
    from fairlearn.metrics import MetricFrame, selection_rate

    table = people.assign(group=["a"] * 79 + ["b"])
    assert np.isnan(rates(table, "selection_rate")["b"])
    assert rates(table, "selection_rate", min_group=1)["b"] == 0.0
    theirs = MetricFrame(
        metrics=selection_rate, y_true=table["hired"], y_pred=table["told"], sensitive_features=table["group"]
    )
    assert theirs.by_group["b"] == 0.0


def test_jeffreys_reaches_the_end_that_was_observed_here_and_not_in_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    assert float(intervals.jeffreys(0.0, 8)[0]) == 0.0
    assert proportion_confint(0, 8, method="jeffreys")[0] == pytest.approx(5.949e-05, rel=1e-3)


def test_a_category_of_three_is_moved_as_a_whole_here_and_column_by_column_in_statsmodels():
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {"region": rng.choice(["north", "south", "west"], 800), "years": rng.normal(size=800)}
    )
    chance = 0.8 * (table["region"] == "south") - 1.2 * (table["region"] == "west") + 0.5 * table["years"]
    table["told"] = (rng.random(800) < 1 / (1 + np.exp(-chance))).astype(float)
    model = smf.logit("told ~ C(region) + years", table).fit(disp=0, tol=1e-14)
    found = adjusted_effects(table, "told", ["region"], ["years"], reference={"region": "north"})
    south = found.set_index("level").loc["south", "effect"]
    placed = [model.predict(table.assign(region=where)).mean() for where in ("south", "north")]
    assert south == pytest.approx(placed[0] - placed[1], abs=1e-9)
    assert abs(model.get_margeff(dummy=True).margeff[0] - south) > 1e-4


def test_a_gap_is_the_group_less_the_reference_here_and_turned_to_be_positive_in_statsmodels():
    from statsmodels.stats.oaxaca import OaxacaBlinder

    rng = np.random.default_rng(1)
    older, years = np.repeat([0.0, 1.0], 100), rng.normal(10, 2, 200)
    score = years - 3 * older + rng.normal(size=200)
    table = pl.DataFrame({"older": np.where(older == 1, "yes", "no"), "years": years, "score": score})
    ours = (
        oaxaca(table, "score", "older", ["years"], reference="no").filter(part="gap")["contribution"].item()
    )
    *_, theirs = OaxacaBlinder(score, np.column_stack([years, older]), 1, hasconst=False).two_fold().params
    assert ours < 0
    assert theirs == pytest.approx(-ours, abs=1e-9)


def test_few_selected_are_compared_by_mid_p_here_and_by_a_normal_curve_in_statsmodels():
    from scipy.stats import fisher_exact
    from statsmodels.stats.proportion import proportions_ztest

    from bobanalysis.fairness.multiplicity import two_rates

    ours = two_rates([2], [20], [8], [20])[0]
    assert proportions_ztest([2, 8], [20, 20])[1] < ours < fisher_exact([[2, 18], [8, 12]]).pvalue


def test_the_interval_of_a_rate_of_few_is_longer_here_than_wilsons_in_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    for n, alike in ((20, False), (40, True)):
        table = pl.DataFrame({"group": ["a"] * n, "told": [1] + [0] * (n - 1)})
        found = group_metrics(table, ["group"], "told").filter(metric="selection_rate")
        low, high = proportion_confint(1, n, method="wilson")
        longer = found["ci_high"].item() - found["ci_low"].item() - (high - low)
        assert abs(longer) < 1e-12 if alike else longer > 1e-4


def test_many_selected_are_compared_with_the_factor_of_campbell_here_and_without_in_statsmodels():
    from scipy.stats import norm
    from statsmodels.stats.proportion import proportions_ztest

    from bobanalysis.fairness.multiplicity import two_rates

    z, theirs = proportions_ztest([81, 111], [235, 207])
    ours = two_rates([81], [235], [111], [207])[0]
    assert ours == pytest.approx(2 * norm.sf(abs(z) * np.sqrt(441 / 442)), rel=1e-9)
    assert ours > theirs * 1.01


def test_a_difference_of_means_has_limits_from_both_here_and_those_of_welch_in_scipy():
    from scipy.stats import ttest_ind

    rng = np.random.default_rng(4)
    score, group = rng.normal(size=60), np.repeat(["a", "b"], [20, 40])
    table = pl.DataFrame({"group": group, "score": score})
    found = group_metrics(table, ["group"], score="score").filter(metric="mean_score", group="a")
    theirs = ttest_ind(score[:20], score[20:], equal_var=False)
    assert found["p_value"].item() == pytest.approx(theirs.pvalue, rel=1e-9)
    ends = found.select("difference_low", "difference_high").row(0)
    assert ends == pytest.approx(theirs.confidence_interval(), abs=0.05)
    assert abs(ends[0] - theirs.confidence_interval()[0]) > 1e-4
