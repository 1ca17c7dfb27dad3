"""How well a score ranks people: scikit-learn's areas, DeLong's variance by brute force, honest limits."""

import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness import Design, roc_area, roc_points


def scored(rng, n=400, shift=1.0, levels=None):
    again = rng.random(n) < 0.4
    score = rng.normal(size=n) + shift * again
    score = score if levels is None else np.floor(np.clip(score * 2 + 3, 0, levels - 1))
    return pl.DataFrame(
        {"sex": rng.choice(["F", "M"], n), "score": score, "again": again, "w": rng.gamma(2, 1, n)}
    )


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("levels", [None, 6])
def test_areas_and_points_are_those_of_scikit_learn(weight, levels):
    from sklearn.metrics import roc_auc_score, roc_curve

    frame = scored(np.random.default_rng(1), levels=levels)
    areas = dict(roc_area(frame, ["sex"], "score", "again", weight=weight).select("sex", "area").rows())
    points = roc_points(frame, ["sex"], "score", "again", weight=weight)
    for (sex,), mine in frame.group_by("sex"):
        given = (mine["again"].to_numpy(), mine["score"].to_numpy())
        w = mine["w"].to_numpy() if weight else None
        assert areas[sex] == pytest.approx(roc_auc_score(*given, sample_weight=w), abs=1e-12)
        false, true, _ = roc_curve(*given, sample_weight=w, drop_intermediate=False)
        ours = points.filter(sex=sex)
        np.testing.assert_allclose(ours["true_positive_rate"], true[1:], atol=1e-12)
        np.testing.assert_allclose(ours["false_positive_rate"], false[1:], atol=1e-12)


def test_limits_rest_on_delongs_variance_computed_pair_by_pair():
    from bobanalysis.fairness.coverage import repaired_wilson

    frame = scored(np.random.default_rng(2), n=300, levels=8).with_columns(sex=pl.lit("F"))
    high, low = (frame.filter(again=yes)["score"].to_numpy() for yes in (True, False))
    wins = (high[:, None] > low) + (high[:, None] == low) / 2
    area = wins.mean()
    variance = wins.mean(axis=1).var(ddof=1) / len(high) + wins.mean(axis=0).var(ddof=1) / len(low)
    expected = repaired_wilson([area], [min(area * (1 - area) / variance, 300)])
    found = roc_area(frame, ["sex"], "score", "again").row(0, named=True)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx([end[0] for end in expected])


@pytest.mark.parametrize("sets", [100, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_limits_hold_the_true_area_about_as_often_as_they_say(sets, shift):
    from scipy.special import ndtr

    rng, true = np.random.default_rng(3), float(ndtr(shift / np.sqrt(2)))
    frames = [scored(rng, 80, shift).with_columns(sex=pl.lit(str(k))) for k in range(sets)]
    found = roc_area(pl.concat(frames), ["sex"], "score", "again")
    held = ((found["ci_low"] <= true) & (true <= found["ci_high"])).mean()
    assert held == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / sets))


def test_people_of_one_town_are_one_unit_and_the_jackknife_agrees():
    rng = np.random.default_rng(4)
    frame = scored(rng, 3000).with_columns(town=pl.Series(rng.integers(0, 60, 3000)))
    frame = frame.with_columns(pl.col("score") + pl.Series(rng.normal(size=60))[frame["town"]])
    left = {f"r{t}": pl.when(pl.col("town") != t).then(pl.col("w") * 60 / 59).otherwise(0) for t in range(60)}
    taylor, jackknife, alone = (
        roc_area(table, ["sex"], "score", "again", weight="w", design=design)
        for table, design in (
            (frame, Design(cluster="town")),
            (frame.with_columns(**left), Design(replicates="r*", kind="jk1")),
            (frame, None),
        )
    )
    widths = [(t["ci_high"] - t["ci_low"]).to_numpy() for t in (taylor, jackknife, alone)]
    np.testing.assert_allclose(widths[0], widths[1], rtol=0.06)
    assert abs(widths[0] - widths[2]).min() > 0.001


def test_a_perfect_score_has_limits_and_a_group_without_one_side_has_no_area():
    frame = pl.DataFrame({"sex": ["F"] * 40 + ["M"] * 40, "score": [0.0] * 20 + [1.0] * 20 + [1.0] * 40})
    frame = frame.with_columns(again=pl.col("score") == 1)
    perfect, one_side = roc_area(frame, ["sex"], "score", "again", min_group=1).rows(named=True)
    assert (perfect["area"], perfect["ci_high"]) == (1, 1)
    assert 0.8 < perfect["ci_low"] < 0.9  # as of 20 people
    assert (one_side["area"], one_side["suppressed"]) == (None, True)


def test_small_groups_are_hidden_and_their_points_left_out():
    frame = scored(np.random.default_rng(5), 60)
    assert roc_area(frame, ["sex"], "score", "again", min_group=50)["area"].null_count() == 2
    assert roc_points(frame, ["sex"], "score", "again", min_group=50).is_empty()


def test_groups_are_needed():
    with pytest.raises(ValueError, match="give groups="):
        roc_area(scored(np.random.default_rng(6)), None, "score", "again")
