import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness.specification import (
    agreement,
    specification_curve,
    unknown_bounds,
)


def test_every_combination_is_run_once_and_ordered():
    seen = []
    found = specification_curve(
        lambda cut, scale: seen.append((cut, scale)) or cut * scale,
        {"cut": {"low": 1, "high": 2}, "scale": [-1, 3]},
    )
    assert sorted(seen) == [(1, -1), (1, 3), (2, -1), (2, 3)]
    assert found["value"].to_list() == [-2, -1, 3, 6]
    assert found["rank"].to_list() == [1, 2, 3, 4]
    assert found["sign"].to_list() == [-1, -1, 1, 1]
    assert found["cut"].to_list() == ["high", "low", "low", "high"]


def test_a_combination_without_a_result_is_kept_and_says_why():
    def measure(cut):
        if cut == 99:
            raise ValueError("nobody is 99")
        return None if cut == 98 else 1.0

    found = specification_curve(measure, {"cut": [50, 98, 99]})
    assert found["value"].to_list() == [1.0, None, None]
    assert found["status"].to_list() == ["estimated", "not estimable", "not estimable: nobody is 99"]
    assert agreement(found).row(0, named=True)["estimable"] == 1


def test_another_error_stops_and_says_where():
    with pytest.raises(ZeroDivisionError) as caught:
        specification_curve(lambda cut: 1 / cut, {"cut": {"none": 0}})
    assert caught.value.__notes__ == ["specification: cut = none"]


def test_a_measure_of_many_units_is_ranked_unit_by_unit():
    def measure(scale):
        return pl.DataFrame(
            {"place": ["01", "2A"], "value": [scale, -scale], "ci_low": [0.1, -9.0], "ci_high": [9.0, 9.0]}
        )

    found = specification_curve(measure, {"scale": [1.0, 2.0, 3.0]})
    assert found.filter(place="2A")["rank"].to_list() == [1, 2, 3]
    assert found.filter(place="2A")["value"].to_list() == [-3, -2, -1]
    by = agreement(found, by=["place"])
    assert by["sign"].to_list() == [1, -1]
    assert by["clear"].to_list() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({}, "at least one choice"),
        ({"cut": []}, "no options"),
        ({"value": [1]}, "rename the choice 'value'"),
        ({"cut": [1, "1"]}, "one label"),
        ({str(i): range(10) for i in range(6)}, "1,000,000 combinations"),
    ],
)
def test_choices_that_cannot_be_run_are_named(choices, message):
    with pytest.raises(ValueError, match=message):
        specification_curve(lambda **_: 1.0, choices)


def test_agreement_counts_signs_zeros_and_what_has_no_result():
    curve = pl.DataFrame(
        {
            "value": [1, 2, 3, -1, 0, None],
            "ci_low": [0.5, -1, 1, -2, -1, None],
            "ci_high": [2.0, 3, 4, -0.5, 1, None],
        }
    )
    found = agreement(curve).row(0, named=True)
    assert (found["specifications"], found["estimable"], found["sign"]) == (6, 5, 1)
    assert found["agreement"] == 0.6
    assert found["agreement_of_all"] == 0.5
    assert found["clear"] == 0.4
    order = [found[name] for name in ("lowest", "quarter", "median", "three_quarters", "highest")]
    assert order == np.quantile([1, 2, 3, -1, 0], [0, 0.25, 0.5, 0.75, 1]).tolist()


def test_a_tie_has_no_sign_and_nothing_estimable_has_no_agreement():
    tie = agreement(pl.DataFrame({"value": [1.0, -1.0]})).row(0, named=True)
    assert (tie["sign"], tie["agreement"]) == (None, 0.5)
    nothing = agreement(pl.DataFrame({"value": pl.Series([None, None], dtype=pl.Float64)})).row(0, named=True)
    assert (nothing["sign"], nothing["agreement"], nothing["median"]) == (None, None, None)


@pytest.mark.parametrize("weight", [None, "w"])
def test_bounds_are_those_of_every_way_to_fill_in_the_unknown(weight):
    rng = np.random.default_rng(3)
    frame = pl.DataFrame(
        {"y": rng.random(40) < 0.4, "w": rng.random(40), "hide": rng.random(40) < 0.3}
    ).with_columns(y=pl.when(~pl.col("hide")).then("y"))
    found = unknown_bounds(frame, "y", weight=weight).row(0, named=True)
    w = frame["w"].to_numpy() if weight else np.ones(40)
    filled = [np.average(frame["y"].fill_null(fill).to_numpy(), weights=w) for fill in (False, True)]
    assert [found["low"], found["high"]] == pytest.approx(filled, abs=1e-12)
    assert found["high"] - found["low"] == pytest.approx(found["share_unknown"], abs=1e-12)
    assert found["n_known"] == 40 - frame["hide"].sum()


def test_the_interval_holds_the_truth_wherever_between_the_bounds_it_is():
    """600 data sets as groups of one table; the worst the unknown can be is that all are told, or none."""
    rng = np.random.default_rng(4)
    sets, n = 600, 200
    truth = rng.random((sets, n)) < 0.3
    for hidden in (truth & (rng.random((sets, n)) < 0.5), ~truth & (rng.random((sets, n)) < 0.3)):
        frame = pl.DataFrame({"set": np.repeat(np.arange(sets), n), "y": truth.ravel(), "h": hidden.ravel()})
        frame = frame.with_columns(y=pl.when(~pl.col("h")).then("y"))
        found = unknown_bounds(frame, "y", ["set"])
        held = ((found["ci_low"] <= 0.3) & (found["ci_high"] >= 0.3)).mean()
        assert 0.92 <= held <= 0.98


def test_the_interval_of_what_is_fully_known_is_two_sided():
    rng = np.random.default_rng(5)
    frame = pl.DataFrame({"set": np.repeat(np.arange(600), 300), "y": rng.random(600 * 300) < 0.4})
    found = unknown_bounds(frame, "y", ["set"])
    assert 0.92 <= ((found["ci_low"] <= 0.4) & (found["ci_high"] >= 0.4)).mean() <= 0.975


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        ({"y": [2.0]}, {}, "out of 0 to 1"),
        ({"y": [1.0], "w": [-1.0]}, {"weight": "w"}, r"'w' holds -1.0 in row 0"),
        ({"y": pl.Series([], dtype=pl.Float64)}, {}, "no rows"),
        ({"y": ["text"]}, {}, "'y' holds String"),
    ],
)
def test_bounds_refuse_what_has_none(frame, options, message):
    with pytest.raises(ValueError, match=message):
        unknown_bounds(pl.DataFrame(frame), "y", **options)
