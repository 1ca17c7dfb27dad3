import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import t

from bobanalysis.fairness.adjusted import adjusted_effects, shrunk
from bobanalysis.fairness.regression import NotEstimableError, covariance, design, fit, rows
from bobanalysis.fairness.survey import Design as design_of


def people(rng, n, towns=40, effect=0.8, luck=0.0):
    """Old people are told more, as are people with few years, in a town of more or less luck."""
    old, sex = rng.random(n) < 0.4, rng.choice(["F", "M"], n)
    region = rng.choice(["north", "south", "west"], n, p=[0.5, 0.3, 0.2])
    years, town = rng.normal(5, 2, n) + 2 * old, rng.integers(0, towns, n)
    eta = -1 + effect * old - 0.2 * years + 0.5 * (region == "south") + luck * rng.normal(0, 1, towns)[town]
    return pl.DataFrame(
        {
            "told": rng.random(n) < 1 / (1 + np.exp(-eta)),
            "score": 50 + 5 * eta + rng.normal(0, 3, n),
            "old": old,
            "sex": sex,
            "region": region,
            "years": years,
            "town": town.astype(str),
            "w": rng.random(n) + 0.2,
        }
    )


def row(found, attribute, level=None):
    return found.filter(pl.col("attribute") == attribute, pl.col("level").eq_missing(level)).row(
        0, named=True
    )


@pytest.mark.parametrize("cluster", [None, "town"])
def test_effects_of_a_logit_agree_with_statsmodels(cluster):
    import statsmodels.api as sm

    frame = people(np.random.default_rng(1), 600)
    x = np.column_stack([np.ones(600), frame["old"], frame["sex"] == "M", frame["years"]]).astype(float)
    model = sm.Logit(frame["told"].to_numpy().astype(float), x)
    how, small = {"cov_type": "HC0"}, np.sqrt(600 / (600 - 4))  # HC1, which statsmodels has for no logit
    if cluster:
        small = 1
        how = {"cov_type": "cluster", "cov_kwds": {"groups": frame["town"].cast(int).to_numpy()}}
    theirs = model.fit(disp=0, tol=1e-14, **how).get_margeff(dummy=True)
    found = adjusted_effects(
        frame, "told", ["old", "sex", "years"], cluster=cluster, reference={"sex": "F", "old": "false"}
    )
    ours = [row(found, "old", "true"), row(found, "sex", "M"), row(found, "years")]
    np.testing.assert_allclose([r["effect"] for r in ours], theirs.margeff, atol=1e-9)
    np.testing.assert_allclose([r["se"] for r in ours], theirs.margeff_se * small, rtol=1e-6)


@pytest.mark.parametrize("weight", [None, "w"])
def test_effects_of_a_linear_model_agree_with_statsmodels(weight):
    import statsmodels.formula.api as smf

    frame = people(np.random.default_rng(2), 500)
    data = frame.to_pandas()
    weights = data["w"] if weight else np.ones(500)
    fitted = smf.wls("score ~ C(region, Treatment('south')) + years", data, weights=weights)
    for cluster, how in (
        (None, {"cov_type": "HC1"}),
        ("town", {"cov_type": "cluster", "cov_kwds": {"groups": data["town"].astype(int)}}),
    ):
        theirs = fitted.fit(**how, use_t=True)
        found = adjusted_effects(
            frame, "score", ["region", "years"], model="linear", weight=weight, cluster=cluster,
            reference={"region": "south"},
        )  # fmt: skip
        ours = [row(found, "region", "north"), row(found, "region", "west"), row(found, "years")]
        np.testing.assert_allclose([r["effect"] for r in ours], theirs.params[1:], atol=1e-9)
        np.testing.assert_allclose([r["se"] for r in ours], theirs.bse[1:], rtol=1e-9)
        # with clusters statsmodels has rows - columns degrees of freedom where ours are clusters - 1
        if cluster is None:
            np.testing.assert_allclose(
                [r["p_value"] for r in ours], theirs.pvalues[1:], rtol=1e-6, atol=1e-12
            )
            np.testing.assert_allclose([r["ci_low"] for r in ours], theirs.conf_int()[0][1:], atol=1e-9)


def test_a_category_of_three_is_moved_as_a_whole():
    """Everybody is put in one place at a time; moving one 0/1 column leaves people in two at once."""
    import statsmodels.formula.api as smf

    frame = people(np.random.default_rng(3), 800)
    data = frame.to_pandas().assign(told=lambda d: d["told"].astype(float))
    model = smf.logit("told ~ C(region) + years", data).fit(disp=0, tol=1e-14)
    means = {r: model.predict(data.assign(region=r)).mean() for r in ("north", "south", "west")}
    found = adjusted_effects(frame, "told", ["region"], ["years"], reference={"region": "north"})
    for level in means:
        assert row(found, "region", level)["adjusted"] == pytest.approx(means[level], abs=1e-9)
        assert row(found, "region", level)["effect"] == pytest.approx(means[level] - means["north"], abs=1e-9)


def test_rows_counted_once_with_their_weights_are_the_same_as_rows():
    frame = people(np.random.default_rng(4), 300).with_columns(pl.col("years").round(0), w=pl.lit(2.0))
    once = adjusted_effects(frame, "told", ["old"], ["years"])
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    again = adjusted_effects(shuffled, "told", ["old"], ["years"], weight="w")
    columns = ["effect", "se", "ci_low"]
    np.testing.assert_allclose(once[columns].fill_null(0), again[columns].fill_null(0), atol=1e-9)


@pytest.mark.parametrize("cluster", [None, "town"])
@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize(("outcome", "model"), [("told", "logit"), ("score", "linear")])
def test_a_counted_table_gives_what_as_many_rows_give(outcome, model, weight, cluster):
    rng = np.random.default_rng(5)
    frame = people(rng, 120, towns=15).with_columns(pl.col("w", "years").round(1))
    times = rng.integers(1, 90, 120)
    asked = {"of": ["old", "region", "years"], "adjust": ["sex"], "model": model, "weight": weight}
    counted = adjusted_effects(frame.with_columns(n=times), outcome, **asked, cluster=cluster, count="n")
    as_rows = adjusted_effects(frame[np.repeat(np.arange(120), times)], outcome, **asked, cluster=cluster)
    assert counted["n"].sum() > 2 * times.sum()
    assert_frame_equal(counted, as_rows, rel_tol=1e-9, abs_tol=1e-12)


def test_a_table_of_as_many_rows_as_coefficients_is_enough_where_each_is_many_people():
    told = {"told": [1, 0, 1, 0], "sex": ["F", "F", "M", "M"], "n": [30, 70, 50, 50]}
    effects = adjusted_effects(pl.DataFrame(told), "told", ["sex"], count="n", reference={"sex": "M"})
    found = row(effects, "sex", "F")
    assert (found["n"], found["effect"]) == (100, pytest.approx(-0.2))


def test_a_planted_effect_is_recovered_where_the_plain_gap_misleads():
    """Being old does nothing; old people have more years, and years do something."""
    frame = people(np.random.default_rng(5), 40_000, effect=0.0)
    found = adjusted_effects(frame, "told", ["old"], ["years", "region"], reference={"old": "false"})
    old, young = row(found, "old", "true"), row(found, "old", "false")
    assert old["observed"] - young["observed"] < -0.03
    assert old["effect"] == pytest.approx(0, abs=0.015)
    assert old["ci_low"] < 0 < old["ci_high"]


def test_intervals_hold_a_planted_effect_about_as_often_as_they_say_when_towns_matter():
    """The attribute is the town's, so that plain standard errors are far too small."""
    rng = np.random.default_rng(6)
    held = {None: 0, "town": 0}
    wider = []
    for _ in range(200):
        town = rng.integers(0, 50, 600)
        urban = rng.random(50) < 0.5
        told = rng.random(600) < np.clip(0.4 + 0.1 * urban[town] + rng.normal(0, 0.12, 50)[town], 0, 1)
        frame = pl.DataFrame({"told": told, "urban": urban[town], "town": town})
        se = {}
        for cluster in held:
            found = adjusted_effects(
                frame, "told", ["urban"], cluster=cluster, model="linear", reference={"urban": "false"}
            )
            one = row(found, "urban", "true")
            held[cluster] += one["ci_low"] <= 0.1 <= one["ci_high"]
            se[cluster] = one["se"]
        wider.append(se["town"] / se[None])
    assert 0.90 <= held["town"] / 200 <= 0.985
    assert held[None] / 200 < 0.9
    assert np.mean(wider) > 1.2


def test_standard_errors_of_a_logit_are_hc1_by_hand():
    """A 2 × 2 table: the effect is a difference of shares, whose HC0 variance is Σ e² / n² in each group."""
    told = np.array([1] * 6 + [0] * 14 + [1] * 9 + [0] * 3)
    frame = pl.DataFrame({"told": told, "old": [False] * 20 + [True] * 12})
    found = row(adjusted_effects(frame, "told", ["old"], reference={"old": "false"}), "old", "true")
    hc0 = 0.3 * 0.7 / 20 + 0.75 * 0.25 / 12
    assert found["effect"] == pytest.approx(0.75 - 0.3, abs=1e-9)
    assert found["se"] == pytest.approx(np.sqrt(hc0 * 32 / (32 - 2)), rel=1e-9)


@pytest.mark.parametrize("weight", [None, "w"])
def test_the_covariance_of_a_logit_is_hc1_term_by_term(weight):
    frame = people(np.random.default_rng(21), 60)
    table = rows(frame, "told", ["years", "old"], weight)
    x = design(table.table, ["years", "old"]).x
    found = fit(table, x, logit=True)
    bread, meat = np.zeros((3, 3)), np.zeros((3, 3))
    for xi, y, w in zip(x, table.y, table.w, strict=True):
        p = 1 / (1 + np.exp(-xi @ found.params))
        bread += w * p * (1 - p) * np.outer(xi, xi)
        meat += (w * (y - p)) ** 2 * np.outer(xi, xi)
    hc1 = np.linalg.inv(bread) @ meat @ np.linalg.inv(bread) * 60 / (60 - 3)
    np.testing.assert_allclose(covariance(found.moved, 3), hc1, rtol=1e-9)


def test_a_value_within_one_cluster_has_an_effect_but_no_standard_error():
    frame = people(np.random.default_rng(8), 400).with_columns(
        region=pl.when(pl.col("town") == "3").then(pl.lit("alone")).otherwise("region")
    )
    found = adjusted_effects(frame, "told", ["region"], cluster="town", model="linear")
    alone = row(found, "region", "alone")
    assert alone["effect"] is not None
    assert (alone["se"], alone["ci_low"], alone["p_value"]) == (None, None, None)
    assert "one cluster" in alone["status"]
    assert row(found, "region", "south")["se"] > 0


def test_people_of_unknown_region_are_a_region_and_those_of_unknown_years_are_counted():
    frame = people(np.random.default_rng(9), 400).with_columns(
        region=pl.when(pl.col("region") != "west").then("region"),
        years=pl.when(pl.int_range(pl.len()) >= 7).then("years"),
    )
    found = adjusted_effects(frame, "told", ["region"], ["years"])
    assert found["level"].to_list() == ["north", "south", "unknown"]
    assert found["left_out"].to_list() == [7] * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"of": ["never"]}, r"'never' = 'true': perfect separation"),
        ({"of": ["line"]}, r"separate the outcomes perfectly"),
        ({"adjust": ["years", "double"]}, r"'double' is not estimable: it follows from the columns before"),
        ({"of": ["same"]}, r"'same' is 'x' in every row"),
        ({"cluster": "same"}, r"one cluster"),
        ({"value": "score"}, r"a logit needs 0 to 1"),
        ({"value": "always"}, r"is 1 in every row"),
        ({"of": ["missing"]}, r"'missing' is not in the table"),
        ({"weight": "years"}, r"a weight must be a number, zero or more"),
        ({"reference": {"region": "east"}}, r"'east' is not among the values of 'region'"),
        ({"of": []}, r"name the attributes"),
        ({"model": "probit"}, r"'probit'"),
    ],
)
def test_what_is_not_estimable_is_said(change, message):
    frame = people(np.random.default_rng(10), 200).with_columns(
        never=(pl.int_range(pl.len()) < 30) & ~pl.col("told"),
        line=pl.col("told").cast(float) + pl.int_range(pl.len()) / 1000,
        double=pl.col("years") * 2 + 1,
        same=pl.lit("x"),
        always=pl.lit(1),
        years=pl.col("years") - 3,
    )
    options = {"value": "told", "of": ["region"], "adjust": ["years"]} | change
    with pytest.raises(ValueError, match=message):
        adjusted_effects(frame, **options)


def test_pandas_in_pandas_out():
    frame = people(np.random.default_rng(11), 200).to_pandas()
    assert isinstance(adjusted_effects(frame, "told", ["old"]), pd.DataFrame)
    assert isinstance(shrunk(frame, "told", "town"), pd.DataFrame)


def places(rng, count=60, spread=0.06, sizes=(2, 80)):
    """Rates of places of very different size around 0.3."""
    truth = np.clip(rng.normal(0.3, spread, count), 0.01, 0.99)
    n = rng.integers(*sizes, count)
    place = np.repeat(np.arange(count), n)
    frame = pl.DataFrame({"place": [f"{i:03}" for i in place], "told": rng.random(len(place)) < truth[place]})
    return frame, truth


def test_shrunk_rates_are_nearer_the_truth_than_raw_ones_and_their_intervals_hold_it():
    rng = np.random.default_rng(14)
    held = []
    for _ in range(15):
        frame, truth = places(rng)
        found = shrunk(frame, "told", "place")
        raw, near = (np.mean((found[c].to_numpy() - truth) ** 2) for c in ("observed", "shrunk"))
        assert near < raw
        held += ((found["ci_low"].to_numpy() <= truth) & (truth <= found["ci_high"].to_numpy())).tolist()
    assert 0.92 <= np.mean(held) <= 0.98


def test_places_that_differ_by_chance_only_are_shrunk_together():
    rng = np.random.default_rng(15)
    for _ in range(20):
        found = shrunk(places(rng, spread=0.0)[0], "told", "place")
        spread = found["shrunk"].max() - found["shrunk"].min()
        assert spread < 0.5 * (found["observed"].max() - found["observed"].min())


def test_a_large_place_keeps_its_own_figure_and_a_small_one_does_not():
    rng = np.random.default_rng(16)
    frame, _ = places(rng, spread=0.05)
    big = pl.DataFrame({"place": "big", "told": rng.random(20_000) < 0.6})
    tiny = pl.DataFrame({"place": "tiny", "told": [True, True]})
    found = shrunk(pl.concat([frame, big, tiny]), "told", "place")
    big, tiny = (found.filter(place=name).row(0, named=True) for name in ("big", "tiny"))
    assert big["shrunk"] == pytest.approx(big["observed"], abs=0.005)
    assert tiny["observed"] == 1
    assert tiny["shrunk"] < 0.5
    assert big["reliability"] > 0.98 > 0.2 > tiny["reliability"]


def test_equal_weights_change_nothing_and_a_constant_factor_neither():
    frame = people(np.random.default_rng(17), 500, luck=1.0).with_columns(c=pl.lit(3.0))
    plain, weighted = (shrunk(frame, "told", "town", weight=w) for w in (None, "c"))
    np.testing.assert_allclose(plain["shrunk"], weighted["shrunk"], atol=1e-9)
    np.testing.assert_allclose(plain["ci_low"], weighted["ci_low"], atol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group": "old"}, "2 groups"),
        ({"value": "score"}, "not 0 or 1"),
        ({"group": "missing"}, "'missing' is not in the table"),
        ({"group": "told"}, "cannot be used twice"),
    ],
)
def test_shrinking_says_what_it_cannot_do(options, message):
    options = {"value": "told", "group": "town"} | options
    with pytest.raises(ValueError, match=message):
        shrunk(people(np.random.default_rng(19), 200), **options)


def test_a_single_group_error_is_one_that_can_be_told_from_bad_input():
    with pytest.raises(NotEstimableError):
        shrunk(people(np.random.default_rng(20), 50), "told", "old")


def drawn(n=900):
    """People of towns in strata that differ strongly, with weights and 20 replicate weights."""
    rng = np.random.default_rng(11)
    town = rng.integers(0, 24, n)
    frame = people(rng, n).with_columns(town=town % 6, stratum=town // 6, tired=rng.integers(0, 3, n))
    lift = pl.col("stratum") * 4 + pl.Series(rng.normal(0, 2, 24))[town]
    again = {f"rep{k}": frame["w"] * pl.Series(rng.choice([0.3, 1.7], 24))[town] for k in range(20)}
    return frame.with_columns(score=pl.col("score") + lift, **again)


@pytest.mark.parametrize("model", ["linear", "logit"])
def test_effects_of_a_survey_have_the_variance_of_linearised_scores_of_units_within_strata(model):
    import statsmodels.api as sm

    frame, value = drawn(), "score" if model == "linear" else "told"
    x = np.column_stack([np.ones(900), frame["old"], frame["years"]]).astype(float)
    w, y = frame["w"].to_numpy(), frame[value].cast(float).to_numpy()
    family = sm.families.Gaussian() if model == "linear" else sm.families.Binomial()
    fitted = sm.GLM(y, x, family=family, freq_weights=w).fit(tol=1e-13)
    slope = np.ones(900) if model == "linear" else fitted.fittedvalues * (1 - fitted.fittedvalues)
    influence = (x * (w * (y - fitted.fittedvalues))[:, None]) @ np.linalg.inv((x.T * (w * slope)) @ x)
    covariance_ = 0
    for stratum in range(4):
        units = [
            influence[((frame["stratum"] == stratum) & (frame["town"] == k)).to_numpy()].sum(axis=0)
            for k in range(6)
        ]
        covariance_ = covariance_ + 6 * np.cov(np.array(units).T)

    def effect(params):
        one, none = (
            fitted.family.link.inverse(np.column_stack([x[:, 0], x[:, 0] * old, x[:, 2]]) @ params)
            for old in (1, 0)
        )
        return np.average(one - none, weights=w)

    steps = np.eye(3) * 1e-6
    gradient = [(effect(fitted.params + s) - effect(fitted.params - s)) / 2e-6 for s in steps]
    options = {"model": model, "weight": "w", "reference": {"old": "false"}}
    asked = {"design": design_of("stratum", "town")}
    found = row(adjusted_effects(frame, value, ["old"], ["years"], **options, **asked), "old", "true")
    assert found["effect"] == pytest.approx(effect(fitted.params), rel=1e-8)
    assert found["se"] == pytest.approx(np.sqrt(gradient @ covariance_ @ gradient), rel=1e-6)
    assert found["ci_high"] - found["effect"] == pytest.approx(t.ppf(0.975, 24 - 4) * found["se"])


def test_effects_of_replicate_weights_are_estimated_again_with_each():
    frame, options = drawn(), {"reference": {"old": "false"}}
    asked = {"weight": "w", "design": design_of(replicates="rep*", kind="fay=0.3")}
    found = row(adjusted_effects(frame, "told", ["old"], ["years"], **options, **asked), "old", "true")
    again = [
        row(adjusted_effects(frame, "told", ["old"], ["years"], weight=f"rep{k}", **options), "old", "true")
        for k in range(20)
    ]
    away = np.array([one["effect"] for one in again]) - found["effect"]
    assert found["se"] == pytest.approx(np.sqrt((away**2).sum() / (20 * 0.7**2)), rel=1e-9)
    assert found["ci_high"] - found["effect"] == pytest.approx(t.ppf(0.975, 19) * found["se"])
