"""Curves of samples that were drawn in strata and clusters."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import norm, t

from bobanalysis.fairness import Design, group_metrics, kitagawa, oaxaca
from bobanalysis.fairness.curves import curve, discontinuities, lack_of_fit
from bobanalysis.fairness.regression import rows

DESIGN = Design("stratum", "town")


def even(seed, ages, towns=(2, 3, 5), each=4):
    """As much weight at each age in each town of a stratum; strata and towns differ strongly."""
    rng, parts = np.random.default_rng(seed), []
    for stratum, count in enumerate(towns):
        weight = rng.permuted(np.arange(1.0, each + 1)) * (stratum + 1)
        for town in range(count):
            for age in ages:
                level = 20 * stratum + rng.normal(0, 3)
                score = level + rng.normal(0, 2, each)
                parts.append({"stratum": stratum, "town": town, "age": age, "score": score, "w": weight})
    frame = pl.DataFrame(parts).explode("score", "w").with_columns(age=pl.col("age").cast(float))
    return frame.with_columns(told=pl.col("score") > 20 + 5 * pl.col("score").sin())


def survey_mean(frame, value):
    """Mean of a column and its standard error, from the sums by unit of survey.py."""
    found = group_metrics(frame, score=value, weight="w", design=DESIGN)
    return found.filter(metric="mean_score").select("value", "se").row(0)


@pytest.mark.parametrize("value", ["score", "told"])
def test_where_units_weigh_alike_the_error_at_each_age_is_that_of_the_mean_of_a_survey(value):
    frame = even(1, [30, 50])
    drawn = curve(frame, "age", value, smooth=2, weight="w", design=DESIGN)
    for age, mean, se in drawn.select("age", "value", "se").rows():
        here = frame.filter(age=age).with_columns(pl.col(value).cast(float))
        assert (mean, se) == pytest.approx(survey_mean(here, value), rel=1e-9)


def test_the_error_at_each_age_is_that_of_statsmodels_within_strata_with_units_over_units_less_one():
    import statsmodels.api as sm

    frame = even(2, [30, 50], towns=(4, 4, 4))
    drawn = curve(frame, "age", "score", smooth=2, weight="w", design=DESIGN)
    for age, se in drawn.select("age", "se").rows():
        here = frame.filter(age=age)
        stratum, w = here["stratum"].to_numpy(), here["w"].to_numpy()
        share = np.bincount(stratum, w) / w.sum()
        towns = {"groups": (4 * stratum + here["town"].to_numpy()), "use_correction": False}
        theirs = sm.WLS(here["score"].to_numpy(), np.eye(3)[stratum], weights=w)
        cov = theirs.fit(cov_type="cluster", cov_kwds=towns).cov_params()
        assert se == pytest.approx(np.sqrt(share @ cov @ share * 4 / 3), rel=1e-9)


def test_the_error_of_a_curve_is_that_of_leaving_out_each_unit_with_the_others_of_its_stratum_instead():
    rng, towns = np.random.default_rng(3), np.repeat([0, 1, 2], [3, 4, 5])
    town = np.r_[np.tile(np.arange(12), 4), rng.integers(0, 12, 300)]
    age = np.r_[np.repeat([20.0, 31, 44, 60], 12), rng.integers(20, 61, 300)]
    score = 9 * towns[town] + age / 9 + rng.normal(0, 2, 12)[town] + rng.normal(0, 1, len(town))
    frame = pl.DataFrame({"age": age, "score": score, "town": town, "stratum": towns[town]})
    whole = curve(frame, "age", "score", smooth=2, design=DESIGN)
    variance = 0
    for one in range(12):
        n = (towns == towns[one]).sum()
        w = np.where(town == one, 0, np.where(towns[town] == towns[one], n / (n - 1), 1.0))
        line = np.polynomial.Polynomial.fit(age, score, 1, w=np.sqrt(w))
        variance += (n - 1) / n * (line(whole["age"].to_numpy()) - whole["value"].to_numpy()) ** 2
    np.testing.assert_allclose(whole["se"], np.sqrt(variance), rtol=1e-9)


def test_the_flat_test_of_two_ages_is_students_with_the_degrees_of_freedom_of_the_design():
    frame = even(4, [30, 50]).with_columns(score=pl.col("score") + 0.05 * pl.col("age"))
    w, share = pl.col("w"), ((pl.col("age") == 50) * pl.col("w")).sum() / pl.col("w").sum()
    mean = (pl.col("score") * w).sum() / w.sum()
    moved = frame.with_columns(v=(pl.col("score") - mean) * ((pl.col("age") == 50) - share))
    value, se = survey_mean(moved, "v")
    found = lack_of_fit(frame, "age", "score", smooth=2, weight="w", design=DESIGN)["p_flat"].item()
    assert found == pytest.approx(2 * t.sf(abs(value) / se, 10 - 3), rel=1e-9)


def test_the_jump_is_measured_within_strata():
    frame = even(5, [20, 30, 40, 50])
    age, w, y = (frame[c].to_numpy() for c in ("age", "w", "score"))
    x, step = np.column_stack([np.ones(len(age)), age]), (age >= 40) * 1.0
    y, step = (v - x @ np.linalg.solve((x.T * w) @ x, (x.T * w) @ v) for v in (y, step))
    value, se = survey_mean(frame.with_columns(v=pl.Series(y * step)), "v")
    z = value / np.sqrt(se**2 + value**2 / (10 - 3))
    options = {"at": [40], "smooth": 2, "weight": "w", "design": DESIGN}
    found = discontinuities(frame, "age", "score", **options).row(0, named=True)
    assert found["p_value"] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)


def test_a_misfit_is_measured_within_strata():
    frame = even(6, [20, 30, 40], each=12)
    stratum = pl.col("stratum") - (pl.col("stratum") * pl.col("w")).sum() / pl.col("w").sum()
    # at one age strata differ much more: no mean changes, nor anything within strata
    apart = frame.with_columns(score=pl.col("score") + 50 * stratum * (pl.col("age") == 30))
    options = {"smooth": 2, "weight": "w", "design": DESIGN}
    both = [lack_of_fit(f, "age", "score", **options)["p_value"].item() for f in (frame, apart)]
    assert both[0] == pytest.approx(both[1], rel=1e-6)
    assert both[0] < 0.9


def test_each_stratum_takes_a_degree_of_freedom_from_a_point():
    frame = even(10, [30, 50])
    drawn = curve(frame, "age", "score", smooth=2, weight="w", design=DESIGN).row(0, named=True)
    w = frame.filter(age=30).group_by("stratum", "town").agg(pl.col("w").sum())["w"].to_numpy()
    degrees = (w**2).sum() ** 2 / (w**4).sum() * (10 - 3) / (10 - 1)
    assert drawn["ci_high"] - drawn["value"] == pytest.approx(t.ppf(0.975, degrees) * drawn["se"], rel=1e-9)


def test_one_stratum_gives_what_clusters_give_and_pandas_the_same():
    rng = np.random.default_rng(7)
    town = rng.integers(0, 20, 500)
    frame = pl.DataFrame({"age": rng.integers(20, 60, 500), "town": town}).with_columns(
        score=pl.Series(rng.normal(0, 1, 20)[town] + rng.normal(0, 1, 500))
    )
    for measure in (curve, lack_of_fit, discontinuities):
        clusters = measure(frame, "age", "score", smooth=5, cluster="town")
        drawn = measure(frame, "age", "score", smooth=5, design=Design(cluster="town"))
        assert_frame_equal(drawn, clusters, check_exact=False, rel_tol=1e-5)
        pandas = measure(frame.to_pandas(), "age", "score", smooth=5, design=Design(cluster="town"))
        assert_frame_equal(pl.from_pandas(pandas), drawn, check_dtypes=False)


def test_units_of_nobody_with_an_outcome_are_units_and_no_degrees_of_freedom():
    frame = even(8, [30, 50])
    silent = frame.with_columns(score=pl.when((pl.col("stratum") < 2) | (pl.col("town") > 0)).then("score"))
    found = rows(silent, "score", ["age"], "w", design=DESIGN)
    assert (found.strata.units, found.degrees, found.left_out) == (10, 6, 8)


def test_a_stratum_of_one_unit_is_refused_or_counts_with_its_distance():
    frame = even(9, [30, 50], towns=(1, 4, 4))
    with pytest.raises(ValueError, match="stratum '0' has one primary sampling unit"):
        curve(frame, "age", "score", smooth=2, design=DESIGN)
    one = curve(
        frame, "age", "score", smooth=2, weight="w", design=Design("stratum", "town", lonely="centre")
    )
    sums = (
        frame.join(one, on="age")
        .group_by("age", "stratum", "town")
        .agg(s=((pl.col("score") - pl.col("value")) * pl.col("w")).sum(), w=pl.col("w").sum())
    )
    for age, se in one.select("age", "se").rows():
        here, variance = sums.filter(age=age), 0
        for (stratum,), part in here.partition_by("stratum", as_dict=True).items():
            s = part["s"].to_numpy()
            # without the stratum of one unit, only the others are left
            rest = here["w"].sum() - (part["w"].sum() if stratum == 0 else 0)
            variance += ((s**2).sum() if len(s) == 1 else 4 / 3 * ((s - s.mean()) ** 2).sum()) / rest**2
        assert se == pytest.approx(np.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize(
    "options",
    [
        {"design": DESIGN, "cluster": "town"},
        {"design": Design("stratum"), "count": "age"},
    ],
)
def test_a_design_that_a_curve_cannot_heed_is_refused(options):
    with pytest.raises(ValueError, match="design= stands in place of cluster="):
        curve(even(1, [30, 50]), "age", "score", **options)


def replicated(seed=8):
    """A survey with 24 replicate weights, each of which doubles some towns and leaves others out."""
    frame, rng = even(seed, [20, 30, 40, 50]), np.random.default_rng(seed)
    unit = frame["stratum"].to_numpy() * 5 + frame["town"].to_numpy()
    again = {f"rep{k}": pl.Series(frame["w"] * rng.integers(0, 3, 15)[unit]) for k in range(24)}
    return frame.with_columns(**again)


@pytest.mark.parametrize("value", ["score", "told"])
def test_a_curve_of_replicate_weights_is_fitted_again_with_each(value):
    import statsmodels.api as sm

    frame, design = replicated(), Design(replicates="rep*", kind="fay=0.5")
    drawn = curve(frame, "age", value, smooth=2, weight="w", design=design)
    x, y = sm.add_constant(frame["age"].to_numpy()), frame[value].cast(float).to_numpy()
    places, lines = sm.add_constant(np.array([20.0, 30, 40, 50])), []
    for name in ("w", *(f"rep{k}" for k in range(24))):
        w = frame[name].to_numpy()
        family = sm.families.Gaussian() if value == "score" else sm.families.Binomial()
        lines.append(places @ sm.GLM(y, x, family=family, freq_weights=w).fit(tol=1e-13).params)
    se = np.sqrt(((np.array(lines[1:]) - lines[0]) ** 2).sum(axis=0) / (24 * 0.25))
    half = t.ppf(0.975, 23) * se
    back = np.asarray if value == "score" else (lambda eta: 1 / (1 + np.exp(-eta)))
    np.testing.assert_allclose(drawn["ci_low"], back(lines[0] - half), rtol=1e-7)
    np.testing.assert_allclose(drawn["ci_high"], back(lines[0] + half), rtol=1e-7)
    assert (drawn["band_high"] > drawn["ci_high"]).all()


def test_no_test_of_a_curve_is_made_with_replicate_weights_and_it_is_said():
    asked = {"weight": "w", "design": Design(replicates="rep*")}
    for found in (
        lack_of_fit(replicated(), "age", "score", **asked),
        discontinuities(replicated(), "age", "score", **asked),
    ):
        assert found["status"].item() == "not estimable: no test of a curve is made with replicate weights"


def test_a_replicate_without_the_people_of_a_stretch_leaves_the_curve_without_an_interval():
    frame = replicated().with_columns(rep3=pl.col("rep3") * (pl.col("age") < 30))
    drawn = curve(frame, "age", "score", smooth=4, weight="w", design=Design(replicates="rep*"))
    assert drawn["value"].null_count() == 0
    assert drawn["band_low"].null_count() == drawn.height


def surveyed(rng, truth, strata, towns):
    """Strata differ strongly, people of a town are alike."""
    count, n = strata * towns, 900
    town = np.arange(n) % count
    age = np.clip(np.round(rng.normal(38, 12, n)), 16, 70)
    level = np.linspace(-12, 12, strata)[town % strata] + rng.normal(0, 2, count)[town]
    score = truth(age) + level + rng.normal(0, 3, n)
    return pl.DataFrame(
        {"age": age, "score": score, "town": town, "stratum": town % strata, "w": rng.gamma(4, 1, n)}
    )


@pytest.mark.slow
@pytest.mark.parametrize(("strata", "towns"), [(12, 5), (25, 2)])
def test_bands_and_tests_of_samples_in_strata_hold_what_they_say(strata, towns):
    """With clusters alone bands hold 0.993 of these curves."""
    rng, sets, held, alarms = np.random.default_rng(1), 400, [], []
    options = {"smooth": 6, "weight": "w", "design": DESIGN}
    for _ in range(sets):
        sample = surveyed(rng, lambda age: 40 + 10 * np.sin(age / 11.0), strata, towns)
        found = curve(sample, "age", "score", **options).filter(status="estimated")
        low, high, age = (found[c].to_numpy() for c in ("band_low", "band_high", "age"))
        truth = 40 + 10 * np.sin(age / 11.0)
        held.append(((low <= truth) & (truth <= high)).all())
        even = surveyed(rng, lambda age: 40 + 0 * age, strata, towns)
        shape = lack_of_fit(even, "age", "score", **options).row(0, named=True)
        jump = discontinuities(even, "age", "score", at=[40], **options)["p_value"].item()
        alarms.append([p < 0.05 for p in (shape["p_flat"], shape["p_value"], jump)])
    assert 0.92 <= np.mean(held) <= 0.98
    flat, misfit, jumps = np.mean(alarms, axis=0)
    assert 0.025 <= flat <= 0.08
    assert misfit <= 0.09
    assert 0.02 <= jumps <= 0.09


def test_no_jump_has_an_error_where_each_stratum_has_one_unit():
    frame = even(3, range(20, 60), towns=(1, 1, 1))
    found = discontinuities(frame, "age", "score", at=[40], design=Design("stratum", "town", lonely="centre"))
    assert found["status"].str.starts_with("not estimable").all()
    assert found["se"].null_count() == found.height


def test_a_gap_is_not_split_under_a_design_that_would_not_be_heeded():
    frame = even(4, range(20, 60)).with_columns(group=pl.col("age") > 40)
    for split, by in ((kitagawa, ["stratum"]), (oaxaca, ["age"])):
        with pytest.raises(TypeError, match="design"):
            split(frame, "score", "group", by, reference=False, design=DESIGN)
