import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis.fairness import curves
from bobanalysis.fairness.curves import _largest, curve, discontinuities, lack_of_fit

AGES = np.arange(16, 71)


def rate(age):
    return 1 / (1 + np.exp(1.5 - 1.2 * np.sin(age / 11.0)))


def mean(age):
    return 40 + 10 * np.sin(age / 11.0)


def ages(rng, n):
    """More people in the middle, as among job seekers."""
    return np.clip(np.round(rng.normal(38, 12, n)), 16, 70)


def told(rng, n, truth=rate):
    age = ages(rng, n)
    return pl.DataFrame({"age": age, "told": rng.random(n) < truth(age)})


def inside(frame, truth, kind):
    low, high = (frame[f"{kind}_{end}"].to_numpy() for end in ("low", "high"))
    return (low <= truth) & (truth <= high)


def test_a_curve_of_rates_is_the_spline_regression_of_statsmodels():
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    frame = told(np.random.default_rng(1), 800).with_columns(
        w=pl.Series(np.random.default_rng(2).random(800) + 0.1)
    )
    data = frame.to_pandas().assign(told=lambda d: d["told"].astype(float))
    formula = "told ~ bs(age, df=6, degree=3, include_intercept=True) - 1"
    model = smf.glm(formula, data, family=sm.families.Binomial(), var_weights=data["w"])
    found = curve(frame, "age", "told", weight="w", smooth=6)
    at = pd.DataFrame({"age": found["age"].to_numpy()})
    theirs = model.fit(cov_type="HC0", tol=1e-12).get_prediction(at)
    np.testing.assert_allclose(found["value"], theirs.predicted, atol=1e-9)
    # ours allow for each person's pull on the curve (HC2), which matters little among so many
    inner = found["age"].is_between(25, 61).to_numpy()
    np.testing.assert_allclose(found["se"].to_numpy()[inner], theirs.se[inner], rtol=0.03)


def test_a_curve_of_means_is_the_regression_of_statsmodels():
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(3)
    data = pd.DataFrame({"age": (age := ages(rng, 500)), "score": mean(age) + rng.normal(0, age / 10)})
    formula = "score ~ bs(age, df=7, degree=3, include_intercept=True) - 1"
    found = curve(data, "age", "score", smooth=7)
    theirs = smf.ols(formula, data).fit(cov_type="HC2").get_prediction(found[["age"]])
    np.testing.assert_allclose(found["value"], theirs.predicted, atol=1e-9)
    np.testing.assert_allclose(found["se"], theirs.se, rtol=1e-9)


def many(sets, make):
    """Data sets in one table, each a group of its own."""
    return pl.concat([make().with_columns(set=pl.lit(i)) for i in range(sets)])


def coverage(frame, truth, outcome, **options):
    """Share of data sets whose band holds the whole curve; share of points whose own interval holds."""
    found = pl.concat(
        curve(one, "age", outcome, **options).with_columns(set=pl.lit(key))
        for (key,), one in frame.partition_by("set", as_dict=True).items()
    ).filter(status="estimated")
    at = truth(found["age"].to_numpy())
    held = found.select(
        "set", band=pl.Series(inside(found, at, "band")), ci=pl.Series(inside(found, at, "ci"))
    )
    return held.group_by("set").agg(pl.col("band").all())["band"].mean(), held["ci"].mean()


# Of 1,000 data sets bands hold 0.956 (rates) and 0.979 (weights), points 0.956 and 0.958. The ranges below
# have these in them, and leave out what other methods give: with the degrees of freedom of the whole table,
# bands of means with weights hold 0.92.


@pytest.mark.parametrize(
    ("n", "smooth", "sets"),
    [
        pytest.param(1500, 8, 300, marks=pytest.mark.slow),
        pytest.param(300, 6, 300, marks=pytest.mark.slow),
        (300, 6, 100),
    ],
)
def test_the_band_of_rates_holds_the_whole_curve_about_as_often_as_it_says(n, smooth, sets):
    rng = np.random.default_rng(4)
    band, each = coverage(many(sets, lambda: told(rng, n)), rate, "told", smooth=smooth)
    assert 0.93 <= band <= 0.98
    assert 0.94 <= each <= 0.97


@pytest.mark.slow
def test_the_band_of_means_holds_with_weights_that_go_with_the_noise():
    rng = np.random.default_rng(5)

    def sample():
        age, weight = ages(rng, 600), rng.exponential(1, 600) + 0.05
        score = mean(age) + rng.normal(0, 4 * np.sqrt(weight))
        return pl.DataFrame({"age": age, "score": score, "w": weight})

    band, each = coverage(many(300, sample), mean, "score", smooth=8, weight="w")
    assert 0.955 <= band <= 0.995
    assert 0.945 <= each <= 0.97


def towns(rng, n=900, count=60, alike=3.0, truth=mean):
    """People of a town are alike; so are their weights."""
    town, age = rng.integers(0, count, n), ages(rng, n)
    score = truth(age) + rng.normal(0, 3, n) + rng.normal(0, alike, count)[town]
    weight = rng.gamma(4, 1, n) * rng.gamma(4, 1, count)[town]
    return pl.DataFrame({"age": age, "score": score, "town": town, "w": weight})


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("sets", [8, pytest.param(300, marks=pytest.mark.slow)])
def test_the_band_holds_when_people_of_a_town_are_alike_and_does_not_without_saying_so(sets, weight):
    rng = np.random.default_rng(6)
    frame = many(sets, lambda: towns(rng))
    band, each = coverage(frame, mean, "score", smooth=6, cluster="town", weight=weight)
    few = 4 * np.sqrt(0.05 * 0.95 / sets)
    assert band >= 0.925 - few / 2
    assert 0.94 - few <= each <= 0.96 + few
    assert coverage(frame.filter(pl.col("set") < 40), mean, "score", smooth=6, weight=weight)[0] < 0.85


def test_the_standard_error_of_a_mean_curve_is_that_of_leaving_out_each_town():
    frame = towns(np.random.default_rng(20), 300, 12).filter(pl.col("age").is_between(25, 50)).drop("w")
    # every town has somebody at both ends and at two ages between, so that knots and points stay
    every = pl.DataFrame({"age": [25.0, 50.0, 30.0, 41.0], "score": [40.0, 40.0, 45.0, 35.0]})
    frame = pl.concat([frame, *[every.with_columns(town=pl.lit(t, pl.Int64)) for t in range(12)]])
    options = {"smooth": 4, "cluster": "town"}
    at = pl.col("age").is_in([30.0, 41.0])
    whole = curve(frame, "age", "score", **options).filter(at)
    without = [
        curve(frame.filter(town != pl.col("town")), "age", "score", **options).filter(at)["value"]
        for town in range(12)
    ]
    moved = np.array(without) - whole["value"].to_numpy()
    np.testing.assert_allclose(whole["se"], np.sqrt((moved**2).sum(axis=0) * 11 / 12), rtol=1e-9)


def test_one_cluster_gives_a_curve_without_an_interval():
    frame = told(np.random.default_rng(15), 300).with_columns(town=pl.lit("only"))
    found = curve(frame, "age", "told", cluster="town").row(0, named=True)
    assert found["value"] is not None
    assert (found["se"], found["band_low"]) == (None, None)
    assert found["status"] == "no interval: the curve or a stretch of it rests on one cluster"
    assert lack_of_fit(frame, "age", "told", cluster="town")["status"].item() == found["status"]


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("sets", [25, pytest.param(1000, marks=pytest.mark.slow)])
def test_towns_alike_are_seldom_called_a_misfit_a_slope_or_a_jump(sets, weight):
    """False alarms at 5 % of samples of towns in which nothing depends on age."""
    rng = np.random.default_rng(21)
    flat = lambda age: 40 + 0 * age  # noqa: E731
    options = {"along": "age", "value": "score", "by": ["set"], "smooth": 5, "cluster": "town"}
    options |= {"weight": weight}
    frame = many(sets, lambda: towns(rng, truth=flat))
    fit, jump = lack_of_fit(frame, **options), discontinuities(frame, at=[40], **options)
    shares = [(p < 0.05).mean() for p in (fit["p_value"], fit["p_flat"], jump["p_value"])]
    assert max(shares) <= 0.07 + 3 * np.sqrt(0.05 * 0.95 / sets), shares


def test_no_band_is_promised_at_a_cliff():
    """A rule that starts at a birthday: no spline follows it."""
    rng = np.random.default_rng(7)
    cliff = lambda age: np.where(age >= 50, 0.6, 0.2)  # noqa: E731

    def sample():
        age = rng.integers(40, 60, 4000)
        return pl.DataFrame({"age": age, "told": rng.random(4000) < cliff(age)})

    assert coverage(many(20, sample), cliff, "told")[0] == 0


def test_misfit_finds_the_cliff_and_its_age():
    rng = np.random.default_rng(8)
    frame = told(rng, 6000, lambda age: np.where(age >= 50, 0.6, 0.2))
    found = lack_of_fit(frame, "age", "told").row(0, named=True)
    assert found["p_value"] < 0.001
    assert found["largest_from"] in (49, 50)


@pytest.mark.parametrize("kind", ["rate", pytest.param("mean", marks=pytest.mark.slow)])
def test_misfit_is_rarely_found_where_there_is_none(kind):
    rng = np.random.default_rng(9)

    def sample():
        if kind == "rate":
            return told(rng, 1500).rename({"told": "score"})
        return pl.DataFrame({"age": (age := ages(rng, 900)), "score": mean(age) + rng.normal(0, age / 10)})

    found = lack_of_fit(many(300, sample), "age", "score", by=["set"], smooth=8)
    # of 1,000 data sets 0.045 (rates) and 0.044 (means); with sums of few measured by their own squares 0.008
    # of means
    assert 0.017 <= (found["p_value"] < 0.05).mean() <= 0.075


def test_several_curves_share_one_band(monkeypatch):
    rng = np.random.default_rng(13)
    frame = pl.concat(
        pl.DataFrame({"age": AGES.repeat(20), "told": rng.random(1100) < 0.3, "sex": sex}) for sex in "FM"
    )
    together = curve(frame, "age", "told", by=["sex"], smooth=6).filter(sex="F", status="estimated")
    alone = curve(frame.filter(sex="F"), "age", "told", smooth=6)
    np.testing.assert_allclose(together["ci_low"], alone["ci_low"], rtol=1e-9)
    assert (together["band_low"] < alone["band_low"]).all()
    monkeypatch.setattr(curves, "CONFIDENCE", np.sqrt(0.95))  # Šidák
    wider = curve(frame.filter(sex="F"), "age", "told", smooth=6)
    np.testing.assert_allclose(together["band_low"], wider["band_low"], rtol=1e-9)


def test_a_group_without_a_curve_says_why_and_costs_the_others_nothing():
    rng = np.random.default_rng(14)
    good = told(rng, 500).with_columns(place=pl.lit("good"))
    few = good.head(4).with_columns(place=pl.lit("few"))
    never = good.with_columns(place=pl.lit("never"), told=pl.lit(False))
    one_age = good.with_columns(place=pl.lit("one age"), age=pl.lit(40.0))
    cut = good.with_columns(place=pl.lit("cut"), told=(pl.col("age") > 40) & pl.col("told"))
    far = pl.DataFrame({"age": [90.0] * 20, "told": [True, False] * 10, "place": "far"})
    found = curve(pl.concat([good, few, never, one_age, cut, far]), "age", "told", by=["place"])
    found = found.filter(pl.col("age").is_in([40.0, 90.0]), pl.col("place") != "far")
    told_of = dict(found.filter(age=40).select("place", "status").rows())
    assert told_of["good"] == "estimated"
    reasons = {"few": "4 rows", "never": "is 0 in every row", "one age": "one value", "cut": "whole stretch"}
    for place, why in reasons.items():
        assert told_of[place].startswith("not estimable")
        assert why in told_of[place]
    nothing = found.filter(pl.col("place") != "good")
    assert nothing.select("value", "se", "band_low").null_count().row(0) == (8, 8, 8)
    beyond = found.filter(place="good", age=90).row(0, named=True)
    assert (beyond["value"], beyond["status"]) == (None, "not estimable: beyond the data")


def test_rows_without_an_age_are_left_out_and_counted():
    frame = told(np.random.default_rng(16), 300)
    holes = frame.with_columns(age=pl.when(pl.int_range(pl.len()) >= 20).then("age"))
    found = curve(holes, "age", "told", smooth=4)
    assert set(found["left_out"]) == {20}
    assert found.drop("left_out").equals(curve(frame[20:], "age", "told", smooth=4).drop("left_out"))


def test_a_curve_has_as_many_points_as_ages_and_says_how_many_people_are_there():
    frame = told(np.random.default_rng(17), 300)
    found = curve(frame.to_pandas(), "age", "told")
    assert isinstance(found, pd.DataFrame)
    assert found["n_here"].sum() == 300
    assert len(found) == frame["age"].n_unique()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smooth": 1}, "smooth=1"),
        ({"along": "sex"}, "'sex' holds"),
        ({"along": "missing"}, "'missing' is not in the table"),
        ({"smooth": "each"}, "smooth='each'"),
        ({"value": "sex"}, "'sex' holds"),
    ],
)
def test_bad_input_is_named(options, message):
    frame = told(np.random.default_rng(18), 50).with_columns(sex=pl.lit("F"))
    with pytest.raises(ValueError, match=message):
        curve(frame, options.pop("along", "age"), options.pop("value", "told"), **options)


def test_the_critical_value_is_sidaks_for_independent_estimates_and_the_ordinary_one_for_equal_ones():
    from scipy.stats import norm

    assert _largest(np.eye(20), 0.95) == pytest.approx(norm.ppf(0.5 + 0.95 ** (1 / 20) / 2), abs=0.04)
    assert _largest(np.ones((20, 20)), 0.95) == pytest.approx(1.96, abs=0.03)


def test_rows_that_are_counted_give_what_single_rows_give():
    rng = np.random.default_rng(8)
    frame = told(rng, 900).with_columns(w=pl.Series(rng.integers(1, 4, 900)))
    counted = frame.group_by("age", "told", "w").agg(n=pl.len()).sample(fraction=1, shuffle=True, seed=1)
    for measure in (curve, lack_of_fit, discontinuities):
        single = measure(frame, "age", "told", weight="w", smooth=5)
        counts = measure(counted, "age", "told", weight="w", smooth=5, count="n")
        assert_frame_equal(single, counts, check_exact=False, rel_tol=1e-7)


@pytest.mark.parametrize("value", ["told", "score"])
def test_many_rows_are_looked_at_part_by_part_with_the_same_result(monkeypatch, value):
    rng = np.random.default_rng(8)
    frame = pl.DataFrame({"x": rng.gamma(3, 5, 700)}).with_columns(score=pl.Series(rng.normal(0, 1, 700)))
    frame = frame.with_columns(told=pl.Series(rng.random(700) < 0.4))
    whole = [measure(frame, "x", value) for measure in (lack_of_fit, discontinuities)]
    monkeypatch.setattr(curves, "CHUNK", 64)
    for measure, expected in zip((lack_of_fit, discontinuities), whole, strict=True):
        assert_frame_equal(measure(frame, "x", value), expected, check_exact=False, rel_tol=1e-7)
        assert expected["status"].item() == "estimated"
    assert whole[1]["tried"].item() <= curves.MOST_TRIED


def test_a_jump_at_an_age_is_found_there_and_measured():
    def cliff(age):
        return rate(age) * 0.5 + 0.3 * (age >= 50)

    found = discontinuities(told(np.random.default_rng(2), 20_000, cliff), "age", "told").row(0, named=True)
    assert found["age"] == 50
    assert found["p_adjusted"] < 0.001
    assert found["ci_low"] < 0.3 < found["ci_high"]
    assert found["from"] - found["below"] == pytest.approx(found["jump"])


def test_named_ages_are_each_tested_and_corrected_for_their_number():
    frame = told(np.random.default_rng(4), 5_000)
    alone = discontinuities(frame, "age", "told", at=[45]).row(0, named=True)
    both = discontinuities(frame, "age", "told", at=[45, 55])
    assert both["age"].to_list() == [45, 55]
    assert both["tried"].to_list() == [2, 2]
    assert both["p_value"][0] == pytest.approx(alone["p_value"])
    assert both["p_adjusted"][0] > alone["p_value"] == pytest.approx(alone["p_adjusted"], abs=0.02)


def test_limits_of_a_jump_of_a_rate_stay_within_one():
    counted = [(20 + k, told, n) for k in range(40) for told, n in ((1, k % 7), (0, 10 + k % 5 - k % 7))]
    frame = pl.DataFrame(counted, schema=["age", "told", "n"], orient="row").filter(pl.col("n") > 0)
    found = discontinuities(frame, "age", "told", count="n").row(0, named=True)
    assert found["ci_low"] == -1
    assert found["jump"] < found["ci_high"] < 0


def test_an_age_with_too_few_people_beyond_has_no_jump():
    frame = told(np.random.default_rng(4), 500)
    found = discontinuities(frame, "age", "told", at=[45, 500])
    assert found["jump"].is_null().to_list() == [False, True]
    assert found["status"][1] == "not estimable: too few people on one side"


def test_a_flat_rate_is_not_called_uneven_and_a_curve_is():
    rng = np.random.default_rng(6)
    assert lack_of_fit(told(rng, 2_000), "age", "told")["p_flat"].item() < 0.001
    weighed = told(rng, 2_000, lambda age: 0 * age + 0.3).with_columns(w=pl.Series(rng.gamma(2, 1, 2_000)))
    assert lack_of_fit(weighed, "age", "told", weight="w")["p_flat"].item() > 0.05


@pytest.mark.parametrize("sets", [20, pytest.param(1_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["rate", "mean"])
def test_without_a_jump_or_a_slope_the_tests_raise_an_alarm_in_a_twentieth_of_data_sets(sets, kind):
    rng, jumps, flats = np.random.default_rng(11), [], []
    for _ in range(sets):
        age = ages(rng, 800)
        if kind == "rate":
            smooth, flat = rng.random(800) < rate(age), rng.random(800) < 0.2
        else:
            smooth, flat = (m + rng.gamma(2, 4, 800) for m in (mean(age), 0))
        frame = pl.DataFrame({"age": age, "smooth": smooth, "flat": flat})
        p_value = discontinuities(frame, "age", "smooth")["p_adjusted"].item()
        jumps.append(p_value is not None and p_value <= 0.05)  # of some small samples there is no curve
        p_flat = lack_of_fit(frame, "age", "flat")["p_flat"].item()
        flats.append(p_flat is not None and p_flat <= 0.05)
    most = 0.06 + 3 * np.sqrt(0.06 * 0.94 / sets)  # at 5 %, 4 to 6 % were seen in 1,000 small samples
    assert np.mean(jumps) < most
    assert np.mean(flats) < most
