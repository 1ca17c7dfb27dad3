"""Standard errors of surveys, against published figures, other packages and computations by brute force."""

import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness import Design, bootstrap, cube, find_subgroups, group_metrics

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says that it is no longer developed; its data and figures stay
    import samplics
    from samplics.estimation import ReplicateEstimator, TaylorEstimator
    from samplics.utils.types import PopParam, RepMethod

DATA = Path(samplics.__file__).parent / "datasets" / "data"
NHANES = Design(strata="stratid", cluster="psuid")


@pytest.fixture(scope="module")
def nhanes():
    return pl.read_csv(DATA / "nhanes2.csv").drop_nulls("race")


def errors(frame, groups=(), metric="mean_score", **options):
    """Group, value, standard error and that of the difference, of one measure."""
    found = group_metrics(frame, list(groups), min_group=1, **options).filter(metric=metric)
    return found.select(*groups, "value", "se", "difference", "difference_se", "degrees", "ci_low", "ci_high")


def clustered(rng, towns=30, people=900, strata=1):
    """People of towns alike in what they get; groups and weights differ between towns."""
    town = rng.integers(0, towns, people)
    told = rng.normal(size=towns)[town] * 0.5 + rng.normal(size=people)
    return pl.DataFrame(
        {
            "town": town,
            "stratum": town % strata,
            "group": np.array(list("abc"))[(rng.random(people) * 2 + (town % 3) / 2).astype(int)],
            "told": told > 0.4,
            "score": told * 10 + 1000,
            "w": rng.lognormal(0, 0.5, people) * (1 + told.clip(0)),
        }
    )


def test_marks_of_students_in_suites_have_the_standard_error_of_lohrs_textbook():
    """Lohr, Sampling: Design and Analysis (2010), example 5.2: mean 2.826, standard error 0.164."""
    marks = [3.08, 2.60, 3.44, 3.04, 2.36, 3.04, 3.28, 2.68, 2.00, 2.56, 2.52, 1.88]
    marks += [3.00, 2.88, 3.44, 3.64, 2.68, 1.92, 3.28, 3.20]
    frame = pl.DataFrame({"mark": marks, "suite": np.repeat(list("abcde"), 4)})
    found = errors(frame, score="mark", design=Design(cluster="suite")).row(0, named=True)
    assert found["value"] == pytest.approx(2.826)
    assert found["se"] * np.sqrt(1 - 5 / 100) == pytest.approx(0.164, abs=5e-4)  # of a hundred suites five


def test_zinc_in_the_blood_has_the_standard_error_and_the_limits_that_stata_publishes(nhanes):
    """Stata Survey Data Reference Manual, svy postestimation: 87.18207, .4944827, 86.17356 to 88.19057."""
    found = errors(nhanes, score="zinc", weight="finalwgt", design=NHANES).row(0, named=True)
    assert found["value"] == pytest.approx(87.18207, abs=5e-6)
    assert found["se"] == pytest.approx(0.4944827, abs=5e-8)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((86.17356, 88.19057), abs=5e-6)
    assert found["degrees"] == 31


def test_groups_of_a_survey_have_the_standard_errors_of_samplics(nhanes):
    for column, role in (("zinc", "score"), ("highbp", "prediction")):
        theirs, known = TaylorEstimator(PopParam.mean), nhanes.drop_nulls(column)
        arrays = (known[c].to_numpy() for c in (column, "finalwgt", "stratid", "psuid", "race"))
        theirs.estimate(**dict(zip(("y", "samp_weight", "stratum", "psu", "domain"), arrays, strict=True)))
        metric = "mean_score" if role == "score" else "selection_rate"
        found = errors(nhanes, ["race"], metric, weight="finalwgt", design=NHANES, **{role: column})
        for race, value, se in found.select("race", "value", "se").rows():
            assert value == pytest.approx(theirs.point_est[int(race)], rel=1e-9)
            assert se == pytest.approx(theirs.stderror[int(race)], rel=1e-9)


@pytest.mark.parametrize(
    ("file", "y", "method", "columns", "kind", "theirs"),
    [
        ("nhanes2brr_subset", "height", RepMethod.brr, "brr_*", "brr", {}),
        ("nhanes2brr_subset", "height", RepMethod.brr, "brr_*", "fay=0.3", {"fay_coef": 0.3}),
        ("nhanes2jk_subset", "height", RepMethod.jackknife, "jkw_*", "jk1", {}),
        ("nmihs_subset", "birth_weight", RepMethod.bootstrap, "bsrw*", "bootstrap", {}),
    ],
)
def test_replicate_weights_give_the_standard_errors_of_samplics(file, y, method, columns, kind, theirs):
    frame, design = pl.read_csv(DATA / f"{file}.csv"), Design(replicates=columns, kind=kind)
    other = ReplicateEstimator(method, PopParam.mean, **theirs)
    weights = frame.select(f"^{design.replicates.replace('*', '.*')}$").to_numpy()
    arrays = {"y": frame[y].to_numpy(), "samp_weight": frame["finalwgt"].to_numpy(), "rep_weights": weights}
    other.estimate(
        **arrays, conservative=True
    )  # distances from the estimate, not from the mean of replicates
    found = errors(frame, score=y, weight="finalwgt", design=design)
    assert found["value"].item() == pytest.approx(other.point_est, rel=1e-9)
    assert found["se"].item() == pytest.approx(other.stderror, rel=1e-9)


@pytest.mark.parametrize("role", ["score", "prediction"])
@pytest.mark.parametrize("reference", [None, "b"])
def test_differences_are_those_of_statsmodels_regression_with_clustered_errors(role, reference):
    import statsmodels.api as sm

    frame = clustered(np.random.default_rng(1))
    name, metric = ("score", "mean_score") if role == "score" else ("told", "selection_rate")
    design = Design(cluster="town")
    found = errors(frame, ["group"], metric, weight="w", reference=reference, design=design, **{role: name})
    y, w, towns = (frame[c].to_numpy().astype(float) for c in (name, "w", "town"))
    for group, _, _, difference, se, *_ in found.rows():
        if group == reference:
            assert se is None
            continue
        among = (frame["group"] == group) | ((frame["group"] == reference) if reference else True)
        here = (frame["group"] == group).to_numpy().astype(float)
        fit = sm.WLS(y, sm.add_constant(here), weights=w * among.to_numpy()).fit(
            cov_type="cluster", cov_kwds={"groups": towns, "use_correction": False}
        )
        assert difference == pytest.approx(fit.params[1], rel=1e-8)
        assert se == pytest.approx(fit.bse[1] * np.sqrt(30 / 29), rel=1e-8)


def jackknifed(frame, strata, y):
    """Replicate weights that leave out each town in turn, and the factor of each."""
    columns, scale = {}, []
    town, stratum, w = (frame[c].to_numpy() for c in ("town", strata, "w"))
    for at, out in enumerate(np.unique(town)):
        mine = stratum == stratum[town == out][0]
        n = len(np.unique(town[mine]))
        columns[f"r{at}"] = np.where(town == out, 0, np.where(mine, w * n / (n - 1), w))
        scale.append((n - 1) / n)
    return frame.with_columns(**{k: pl.Series(v) for k, v in columns.items()}), scale


def test_taylor_and_the_jackknife_of_a_stratified_sample_agree_where_towns_are_many():
    frame = clustered(np.random.default_rng(2), towns=200, people=6000, strata=4)
    again, scale = jackknifed(frame, "stratum", "score")
    taylor = errors(frame, ["group"], weight="w", score="score", design=Design("stratum", "town"))
    jackknife = Design(replicates="r[0-9]*", kind=scale)
    other = errors(again, ["group"], weight="w", score="score", design=jackknife)
    for column in ("se", "difference_se"):
        np.testing.assert_allclose(taylor[column], other[column], rtol=0.02)


def test_units_in_which_nobody_of_the_group_was_met_still_count():
    """By hand: eight towns of which three have somebody of the group."""
    frame = pl.DataFrame(
        {"town": [*range(8), 0, 1, 2], "group": ["x"] * 8 + ["g"] * 3, "score": [5.0] * 8 + [1.0, 2.0, 6.0]}
    )
    found = errors(frame, ["group"], score="score", design=Design(cluster="town")).filter(group="g")
    moved = np.array([1.0, 2.0, 6.0]) - 3
    assert found["se"].item() == pytest.approx(np.sqrt(8 / 7 * (moved**2).sum()) / 3)
    assert found["degrees"].item() == 2


def test_people_of_unknown_group_are_units_of_the_sample_too():
    frame = clustered(np.random.default_rng(3)).with_columns(group=pl.when(pl.col("town") > 4).then("group"))
    cells = cube(frame, ["group"], score="score", design=Design(cluster="town"))
    one, other = (group_metrics(c, min_group=1).filter(group="a")["se"][-1] for c in (cells, cells.known()))
    assert one == pytest.approx(other, rel=1e-12)


def test_a_group_met_in_one_unit_has_a_value_and_no_interval():
    frame = pl.DataFrame({"town": list("aabbcc"), "group": list("xyyyyy"), "told": [1, 0, 1, 0, 1, 1]})
    found = group_metrics(frame, ["group"], "told", min_group=1, design=Design(cluster="town"))
    row = found.filter(metric="selection_rate", group="x").row(0, named=True)
    assert row["value"] == 1
    assert (row["ci_low"], row["se"], row["p_value"], row["difference_low"]) == (None,) * 4


def test_of_a_rate_of_nobody_each_unit_counts_as_one_person():
    from bobanalysis.fairness.survey import shorter

    frame = pl.DataFrame({"town": np.repeat(np.arange(10), 9), "told": [False] * 90})
    found = group_metrics(frame, prediction="told", design=Design(cluster="town")).row(1, named=True)
    n = 10 * shorter(np.array([9.0]))[0]
    assert found["ci_high"] == pytest.approx(
        1.96**2 / (n + 1.96**2), abs=0.06
    )  # Wilson's, lengthened for few


def test_without_clusters_rows_are_the_units_of_their_strata():
    rng = np.random.default_rng(4)
    frame = pl.DataFrame(
        {"stratum": [0] * 40 + [1] * 60, "score": rng.normal(size=100), "w": [3.0] * 40 + [2.0] * 60}
    )
    found = errors(frame, score="score", weight="w", design=Design(strata="stratum"))["se"].item()
    parts = [frame.filter(stratum=s) for s in (0, 1)]
    by_hand = sum((p["w"][0] * p.height / 240) ** 2 * p["score"].var() / p.height for p in parts)
    # both strata have a weight of 120 of 240: the mean of the two means
    assert found == pytest.approx(np.sqrt(by_hand), rel=1e-9)


def test_a_stratum_of_one_unit_is_refused_by_name_or_counts_its_distance_from_all():
    frame = clustered(np.random.default_rng(5)).with_columns(
        stratum=pl.when(pl.col("town") == 7).then(pl.lit("alone")).otherwise(pl.lit("rest"))
    )
    with pytest.raises(ValueError, match="stratum 'alone' has one primary sampling unit, '7'"):
        errors(frame, score="score", design=Design("stratum", "town"))
    found = errors(frame, score="score", design=Design("stratum", "town", lonely="centre"))["se"].item()
    moved = frame.group_by("town").agg((pl.col("score") - frame["score"].mean()).sum() / frame.height)
    alone, rest = moved.filter(town=7)["score"].item(), moved.filter(pl.col("town") != 7)["score"]
    assert found == pytest.approx(np.sqrt(alone**2 + 29 * rest.var()), rel=1e-9)


def test_the_sum_of_the_cubes_of_two_parts_is_the_cube_of_the_whole():
    frame = clustered(np.random.default_rng(6))
    options = {"score": "score", "prediction": "told", "weight": "w", "design": Design(cluster="town")}
    one, other, whole = (cube(part, ["group"], **options) for part in (frame[:400], frame[400:], frame))
    both, alone = (group_metrics(c).drop("item") for c in (one + other, whole))
    assert both.select(pl.col("se", "difference_se", "degrees")).sum().row(0) == pytest.approx(
        alone.select(pl.col("se", "difference_se", "degrees")).sum().row(0)
    )


def test_scores_far_from_zero_keep_their_standard_error():
    frame = clustered(np.random.default_rng(7))
    near, far = (
        errors(f, ["group"], score="score", design=Design(cluster="town"))
        for f in (frame, frame.with_columns(pl.col("score") + 1e7))
    )
    for column in ("se", "difference_se"):
        np.testing.assert_allclose(far[column], near[column], rtol=1e-6)


def covered(sets, towns=24, seed=8):
    """Share of samples of towns whose intervals hold the true rate, and the true (zero) difference."""
    from scipy.special import ndtr

    rng, held, apart = np.random.default_rng(seed), [], []
    for _ in range(sets):
        town = np.repeat(np.arange(towns), 20)
        told = rng.normal(size=towns)[town] * 0.5 + rng.normal(size=len(town)) < -0.6
        frame = pl.DataFrame({"town": town, "told": told, "group": rng.choice(list("ab"), len(town))})
        row = group_metrics(frame, ["group"], "told", design=Design(cluster="town")).row(-1, named=True)
        held.append(row["ci_low"] <= ndtr(-0.6 / np.sqrt(1.25)) <= row["ci_high"])
        apart.append(row["difference_low"] <= 0 <= row["difference_high"])
    return np.mean(held), np.mean(apart)


@pytest.mark.parametrize("sets", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_intervals_of_rates_and_of_differences_hold_in_samples_of_towns(sets):
    off = 4 * np.sqrt(0.05 * 0.95 / sets)
    assert covered(sets) == pytest.approx((0.95, 0.95), abs=off)


def test_columns_of_replicates_are_found_by_pattern_in_the_order_of_their_numbers_without_the_weight_itself():
    columns = Design(replicates="w*").columns(["w", "w10", "w9", "other"], "w")
    assert columns == {"_r0_w": "w9", "_r1_w": "w10"}


@pytest.mark.parametrize(
    ("design", "message"),
    [
        ({}, "a design is strata and clusters, or replicate weights"),
        ({"replicates": "r*", "cluster": "town"}, "a design is strata and clusters, or"),
        ({"replicates": "x*"}, "'x\\*' names 0 of the columns"),
        ({"replicates": "r*", "kind": "magic"}, "'magic' is not one of: brr, fay=0.5"),
        ({"replicates": "r*", "kind": "fay=1"}, "'fay=1' is not one of"),
        ({"replicates": "r*", "kind": [0.5, 0.5]}, "30 replicates need 30 numbers as kind, not 2"),
        ({"cluster": "hole"}, "column 'hole' says nothing in some row; every row needs its psu"),
        ({"cluster": "nowhere"}, "column 'nowhere' is not in the table"),
    ],
)
def test_a_design_that_cannot_be_is_refused_by_name(design, message):
    frame, _ = jackknifed(clustered(np.random.default_rng(9)), "stratum", "score")
    frame = frame.with_columns(hole=pl.when(pl.col("town") > 0).then("town"))
    with pytest.raises(ValueError, match=message):
        errors(frame, score="score", weight="w", design=Design(**design))


def test_a_replicate_weight_that_is_missing_in_a_row_is_named():
    frame, _ = jackknifed(clustered(np.random.default_rng(9)), "stratum", "score")
    frame = frame.with_columns(r3=pl.when(pl.int_range(pl.len()) > 0).then("r3"))
    with pytest.raises(ValueError, match="replicate weight 4 of 30 is not a number in some row"):
        errors(frame, score="score", weight="w", design=Design(replicates="r*", kind="jk1"))


def test_what_takes_people_as_drawn_one_by_one_refuses_a_design():
    cells = cube(
        clustered(np.random.default_rng(10)), ["group"], prediction="told", design=Design(cluster="town")
    )
    for function in (bootstrap, find_subgroups):
        with pytest.raises(ValueError, match=r"drawn one by one|drawing rows"):
            function(cells)
