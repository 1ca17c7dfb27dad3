"""Every public measure takes a table of any library and gives its result in the same one."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis import fairness

RNG = np.random.default_rng(5)
N = 240
PEOPLE = pl.DataFrame(
    {
        "sex": ["F", "M", "X"] * (N // 3),
        "age": RNG.integers(20, 60, N),
        "told": RNG.random(N) < 0.4,
        "true": RNG.random(N) < 0.5,
        "score": RNG.random(N),
        "w": RNG.gamma(2, 1, N),
        "answer": RNG.choice(["cv", "car", "job"], N),
    }
)
LISTS = pl.DataFrame({"who": [1, 1, 2, 2], "sex": list("FFMM"), "item": list("abba"), "rank": [1, 2, 1, 2]})
PAIRS = pl.DataFrame({"pair": [1, 1, 2, 2], "age": [25, 26, 25, 26], "said": list("abaa")})
COUNTS = pl.DataFrame({"sex": list("FFMM"), "dep": ["01", "2A"] * 2, "n": [40, 3, 50, 20]})
RANKED = pl.DataFrame({"u": list("abcabc"), "s": [1, 1, 1, 2, 2, 2], "value": [0.9, 0.5, 0.1, 0.6, 0.2, 0.3]})
CALLS = {
    "adjusted_effects": (PEOPLE, lambda f, t: f(t, "told", ["sex"], ["age"], weight="w")),
    "agreement": (RANKED, lambda f, t: f(t, by=["u"])),
    "bootstrap": (PEOPLE, lambda f, t: f(t, ["sex"], "told", replicates=20)),
    "calibration": (PEOPLE, lambda f, t: f(t, ["sex"], "score", "true", bin="answer")),
    "curve": (PEOPLE, lambda f, t: f(t, "age", "told", by=["sex"])),
    "discontinuities": (PEOPLE, lambda f, t: f(t, "age", "told", smooth=4)),
    "disparities": (PEOPLE, lambda f, t: f(t, ["sex"], "told", "true")),
    "distribution_distances": (PEOPLE, lambda f, t: f(t, ["sex"], "answer", weight="w")),
    "exposure": (LISTS, lambda f, t: f(t, ["sex"], "who", "item", "rank", min_group=1)),
    "find_subgroups": (PEOPLE, lambda f, t: f(t, ["sex", "answer"], "told")),
    "group_metrics": (PEOPLE, lambda f, t: f(t, ["sex"], "told", "score", "true", weight="w")),
    "impact_ratios": (PEOPLE, lambda f, t: f(t, ["sex"], "told", weight="w")),
    "kitagawa": (PEOPLE, lambda f, t: f(t, "told", "sex", ["answer"], reference="F")),
    "lack_of_fit": (PEOPLE, lambda f, t: f(t, "age", "told", smooth=4)),
    "oaxaca": (
        PEOPLE.filter(pl.col("sex") != "X"),
        lambda f, t: f(t, "score", "sex", ["age"], reference="M"),
    ),
    "pairwise_gaps": (PEOPLE, lambda f, t: f(t, ["sex"], "told", draws=199)),
    "protect": (COUNTS, lambda f, t: f(t, ["sex", "dep"])),
    "rank_intervals": (RANKED, lambda f, t: f(t, "u", "s", "value", extreme=1)),
    "roc_area": (PEOPLE, lambda f, t: f(t, ["sex"], "score", "true", weight="w")),
    "roc_points": (PEOPLE, lambda f, t: f(t, ["sex"], "age", "true", weight="w")),
    "shrunk": (PEOPLE, lambda f, t: f(t, "told", "sex")),
    "steps": (PAIRS, lambda f, t: f(t, "pair", "age", "said")),
    "unknown_bounds": (PEOPLE, lambda f, t: f(t, "told", ["sex"])),
}
NO_FRAME = {"gap_test", "equivalence_test", "changed_share", "cube", "audit_file", "specification_curve"}
NO_FRAME |= {"adjusted_p_values", "power", "minimum_detectable_gap", "shapley"}


@pytest.mark.parametrize("name", CALLS)
def test_what_comes_in_as_pandas_or_arrow_goes_out_so_with_the_values_of_polars(name):
    table, call = CALLS[name]
    measure = getattr(fairness, name)
    expected = call(measure, table)
    pandas, arrow = call(measure, table.to_pandas()), call(measure, table.to_arrow())
    assert isinstance(expected, pl.DataFrame)
    assert isinstance(pandas, pd.DataFrame)
    assert type(arrow) is type(table.to_arrow())
    assert_frame_equal(pl.DataFrame(arrow), expected, check_dtypes=False)
    assert_frame_equal(pl.from_pandas(pandas), expected, check_dtypes=False)


def test_every_public_function_is_among_them():
    functions = {name for name, one in vars(fairness).items() if callable(one) and name.islower()}
    assert functions == {*CALLS} | NO_FRAME


def test_scalars_are_the_same_from_pandas():
    for call in (
        lambda t: fairness.gap_test(t, ["sex"], "told", weight="w", draws=199).p_value,
        lambda t: fairness.equivalence_test(t, ["sex"], "told", margin=0.3).smallest,
    ):
        assert call(PEOPLE.to_pandas()) == call(PEOPLE)
    assert fairness.changed_share(PAIRS.to_pandas(), "pair", "said") == 0.5


@pytest.mark.parametrize(
    "measure",
    [
        fairness.group_metrics,
        fairness.disparities,
        fairness.find_subgroups,
        fairness.impact_ratios,
        fairness.pairwise_gaps,
        lambda t, g=None, **c: fairness.gap_test(t, g, **c).intervals,
        lambda t, g=None, **c: fairness.bootstrap(t, g, replicates=50, **c),
    ],
)
def test_a_cube_gives_what_its_rows_give(measure):
    roles = {"prediction": "told", "weight": "w"}
    cells = fairness.cube(PEOPLE, ["sex", "answer"], **roles)
    parts = fairness.cube(PEOPLE[:100], ["sex"], **roles) + fairness.cube(PEOPLE[100:], ["sex"], **roles)
    expected = measure(PEOPLE, ["sex"], **roles)
    assert_frame_equal(measure(cells, ["sex"]), expected)
    assert_frame_equal(measure(parts), expected)


def test_bands_made_with_pandas_cut_are_groups():
    people = pd.DataFrame({"age": [22, 31, 44, 58] * 15, "told": [1, 0, 0, 1] * 15})
    people["band"] = pd.cut(people["age"], [18, 30, 50, 65])
    found = fairness.group_metrics(people, ["band"], prediction="told")
    rates = found[found["metric"] == "selection_rate"].set_index("band")["value"].to_dict()
    assert rates == {"(18, 30]": 1.0, "(30, 50]": 0.0, "(50, 65]": 1.0}


def test_a_column_of_text_and_numbers_is_read_as_text():
    people = pd.DataFrame({"dep": pd.Series([75, "2A", 13] * 20, dtype=object), "told": [1, 0, 1] * 20})
    found = fairness.group_metrics(people, ["dep"], prediction="told")
    rates = found[found["metric"] == "selection_rate"].set_index("dep")["value"].to_dict()
    assert rates == {"13": 1.0, "2A": 0.0, "75": 1.0}


@pytest.mark.parametrize("name", ["order", "itself", "x", "w", "m2", "ref_n", "y"])
def test_a_group_column_may_have_any_name_but_those_of_the_result(name):
    people = PEOPLE.select(pl.col("sex").alias(name), "told", "score", "answer")
    rates = fairness.group_metrics(people, [name], "told").filter(metric="selection_rate")
    assert rates[name].to_list() == ["F", "M", "X"]
    assert fairness.impact_ratios(people, [name], "told")["category"].to_list() == ["F", "M", "X", "unknown"]
    assert fairness.distribution_distances(people, [name], "answer")[name].to_list() == ["F", "M", "X"]
    assert fairness.gap_test(people, [name], score="score", draws=99).intervals["group"].to_list() == list(
        "FMX"
    )


def test_words_for_yes_and_no_are_decisions_in_any_language():
    people = pl.DataFrame({"sex": ["F", "M"] * 20, "told": ["Oui", "non"] * 20, "true": ["y", "N"] * 20})
    found = fairness.group_metrics(people, ["sex"], "told", outcome="true")
    assert found.filter(metric="accuracy")["value"].to_list() == [1.0, 1.0]


@pytest.mark.parametrize("kind", ["decimal32", "decimal64", "decimal128"])
def test_decimals_of_every_width_have_the_values_that_were_written(kind):
    from decimal import Decimal

    import pyarrow as pa

    pay = pa.array([Decimal("100.1"), Decimal("200.2")] * 20, getattr(pa, kind)(9, 1))
    found = fairness.group_metrics(pa.table({"sex": ["F", "M"] * 20, "pay": pay}), ["sex"], score="pay")
    means = pl.DataFrame(found).filter(metric="mean_score")["value"].to_list()
    assert means == pytest.approx([100.1, 200.2])
