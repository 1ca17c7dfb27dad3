import itertools
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from bobanalysis.fairness.decomposition import kitagawa, oaxaca, shapley
from bobanalysis.fairness.regression import NotEstimableError


def game(factors, seed=0, size=None):
    """A value for each set of factors, made of random numbers of very different sizes."""
    rng = np.random.default_rng(seed)
    sets = [frozenset(s) for k in range(len(factors) + 1) for s in itertools.combinations(factors, k)]
    return {s: rng.normal(0, 10.0 ** rng.integers(-3, 4), size) for s in sets}


@pytest.mark.parametrize("k", [1, 2, 3, 6, 10])
def test_shapley_parts_add_up_to_the_gap_exactly(k):
    factors = [f"f{i}" for i in range(k)]
    values = game(factors, k)
    gap = values[frozenset(factors)] - values[frozenset()]
    parts = shapley(factors, values.__getitem__)
    assert abs(parts["contribution"].sum() - gap) <= 1e-12 * max(1, abs(gap))


def test_shapley_parts_are_the_mean_over_all_orders():
    factors = list("abcd")
    values = game(factors, 7)
    expected = dict.fromkeys(factors, 0.0)
    orders = list(itertools.permutations(factors))
    for order in orders:
        for i, factor in enumerate(order):
            gain = values[frozenset(order[: i + 1])] - values[frozenset(order[:i])]
            expected[factor] += gain / len(orders)
    parts = dict(shapley(factors, values.__getitem__).select("factor", "contribution").rows())
    assert parts == pytest.approx(expected, abs=1e-9)


def test_shapley_asks_for_each_combination_once():
    asked = Counter()
    shapley(list("abcde"), lambda on: asked.update([on]) or len(on) ** 2)
    assert set(asked.values()) == {1}
    assert len(asked) == 2**5


def test_a_factor_that_does_nothing_gets_nothing_and_equal_factors_get_the_same():
    value = lambda on: 10.0 * ("a" in on and "b" in on)  # noqa: E731
    found = shapley(["a", "b", "idle"], value)
    assert found["contribution"].to_list() == pytest.approx([5, 5, 0])
    assert found["alone"].to_list() == [0, 0, 0]
    assert found["last"].to_list() == [10, 10, 0]


def test_shapley_splits_a_column_of_gaps_group_by_group():
    factors, places = ["age", "place", "market"], ["01", "2A", "971"]
    values = game(factors, 3, len(places))
    found = shapley(factors, lambda on: pl.Series(values[on]), labels=places)
    one = shapley(factors, lambda on: values[on][1])
    assert found.filter(group="2A")["contribution"].to_list() == pytest.approx(one["contribution"].to_list())
    sums = found.group_by("group", maintain_order=True).agg(pl.col("contribution").sum())
    gap = values[frozenset(factors)] - values[frozenset()]
    np.testing.assert_allclose(sums["contribution"], gap, rtol=0, atol=1e-12 * np.abs(gap).max())


def test_a_gap_that_is_not_estimable_has_no_parts_and_costs_no_other_group_its_own():
    found = shapley(["a", "b"], lambda on: pl.Series([None if on == {"a"} else 1.0, float(len(on))]))
    assert found.filter(group=0)["contribution"].to_list() == [None, None]
    assert found.filter(group=1)["contribution"].to_list() == [1, 1]


@pytest.mark.parametrize(
    ("factors", "message"), [([], "0 factors"), (["a", "a"], "twice"), ([str(i) for i in range(17)], "17")]
)
def test_shapley_refuses_factors_it_cannot_split(factors, message):
    with pytest.raises(ValueError, match=message):
        shapley(factors, len)


def test_shapley_refuses_columns_of_different_lengths():
    with pytest.raises(ValueError, match="different lengths"):
        shapley(["a"], lambda on: np.zeros(1 + len(on)))


def people(rng, n, weights=False):
    """Two groups that differ in job, in years and in what they get for the same."""
    old = rng.random(n) < 0.4
    job = rng.choice(list("abc"), n)
    job[old & (rng.random(n) < 0.3)] = "a"
    years = rng.normal(5, 2, n) + 3 * old
    score = 2 + 0.5 * years + 1.5 * (job == "a") - 1.0 * old + 0.3 * old * years + rng.normal(0, 1, n)
    frame = pl.DataFrame({"old": np.where(old, "old", "young"), "job": job, "years": years, "score": score})
    told = rng.random(n) < 1 / (1 + np.exp(2 - score / 3))
    w = rng.exponential(1, n) + 0.1 if weights else np.ones(n)
    return frame.with_columns(told=told, w=w)


@pytest.mark.parametrize("weight", [None, "w"])
def test_kitagawa_parts_add_up_to_the_gap_exactly(weight):
    frame = people(np.random.default_rng(1), 500, weights=True)
    parts = dict(
        kitagawa(frame, "told", "old", ["job"], reference="young", weight=weight)
        .select("part", "contribution")
        .rows()
    )
    weights = frame["w"].to_numpy() if weight else np.ones(500)
    old = (frame["old"] == "old").to_numpy()
    told = frame["told"].to_numpy()
    gap = np.average(told[old], weights=weights[old]) - np.average(told[~old], weights=weights[~old])
    assert parts["gap"] == pytest.approx(gap, abs=1e-12)
    assert parts["composition"] + parts["rates"] + parts["not shared"] == pytest.approx(gap, abs=1e-12)
    assert parts["not shared"] == 0


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize(("split", "columns"), [(kitagawa, ["job"]), (oaxaca, ["job", "years"])])
def test_a_counted_table_is_split_as_as_many_rows_are(split, columns, weight):
    rng = np.random.default_rng(8)
    sex, job = rng.choice(["F", "M"], 200), rng.choice(["a", "b", "c"], 200)
    numbers = {"told": rng.random(200) < 0.4, "years": rng.integers(0, 9, 200), "w": rng.integers(1, 4, 200)}
    frame, times = pl.DataFrame({"sex": sex, "job": job, **numbers}), rng.integers(1, 50, 200)
    asked = {"reference": "M", "weight": weight}
    counted = split(frame.with_columns(n=times), "told", "sex", columns, count="n", **asked)
    as_rows = split(frame[np.repeat(np.arange(200), times)], "told", "sex", columns, **asked)
    assert_frame_equal(counted, as_rows, rel_tol=1e-9, abs_tol=1e-12)


def test_kitagawa_is_shapley_of_two_factors():
    frame = people(np.random.default_rng(2), 400)
    rates = frame.group_by("old", "job").agg(pl.col("told").mean().alias("r"), pl.len().alias("n"))
    table = {k: v.sort("job") for (k,), v in rates.group_by("old")}

    def value(on):
        n = table["old" if "composition" in on else "young"]["n"].to_numpy()
        return n @ table["old" if "rates" in on else "young"]["r"].to_numpy() / n.sum()

    expected = shapley(["composition", "rates"], value)["contribution"].to_list()
    found = kitagawa(frame, "told", "old", "job", reference="young")["contribution"].to_list()
    assert found[1:3] == pytest.approx(expected, abs=1e-12)


def test_strata_of_one_group_only_are_set_apart_and_the_parts_still_add_up():
    frame = pl.DataFrame(
        {"g": ["a"] * 6 + ["b"] * 4, "s": list("xxyyzz") + list("xxyy"), "y": [1, 0, 1, 1, 1, 1, 0, 0, 1, 0]}
    )
    found = kitagawa(frame, "y", "g", ["s"], reference="b")
    parts = dict(found.select("part", "contribution").rows())
    assert parts["not shared"] == pytest.approx(5 / 6 - 3 / 4)
    assert parts["composition"] + parts["rates"] + parts["not shared"] == pytest.approx(parts["gap"])
    assert found["matched"][0] == pytest.approx(4 / 6)


def test_without_a_shared_stratum_nothing_but_the_gap_is_estimable():
    frame = pl.DataFrame({"g": list("aabb"), "s": list("xxyy"), "y": [1, 0, 1, 1]})
    found = kitagawa(frame, "y", "g", ["s"], reference="b")
    assert found["contribution"].to_list() == [-0.5, None, None, None]


def spread_of(draws):
    return np.std(draws, axis=0, ddof=1)


def theirs(frame):
    from statsmodels.stats.oaxaca import OaxacaBlinder

    x = np.column_stack([frame["years"], frame["job"] == "b", frame["job"] == "c", frame["old"] == "young"])
    model = OaxacaBlinder(frame["score"].to_numpy(), x.astype(float), 3, hasconst=False, swap=False)
    return model.two_fold(two_fold_type="pooled").params


def test_two_fold_agrees_with_statsmodels():
    frame = people(np.random.default_rng(4), 300)
    unexplained, explained, gap = theirs(frame)
    found = oaxaca(frame, "score", "old", ["years", "job"], reference="young")
    parts = dict(found.filter(pl.col("column").is_null()).select("part", "contribution").rows())
    expected = {"gap": gap, "explained": explained, "unexplained": unexplained}
    assert parts == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("weight", [None, "w"])
def test_oaxaca_parts_add_up_to_the_gap_and_columns_to_their_part(weight):
    frame = people(np.random.default_rng(6), 300, weights=True)
    found = oaxaca(frame, "score", "old", ["years", "job"], reference="young", weight=weight)
    whole = found.filter(pl.col("column").is_null())
    assert whole["contribution"][1:].sum() == pytest.approx(whole["contribution"][0], abs=1e-12)
    by_column = (
        found.filter(pl.col("column").is_not_null()).group_by("part").agg(pl.col("contribution").sum())
    )
    for part, total in by_column.iter_rows():
        assert total == pytest.approx(whole.filter(part=part)["contribution"].item(), abs=1e-9)


def test_the_parts_of_a_category_do_not_depend_on_which_value_is_left_out():
    """As many people in each job, so that the name decides which of them is left out."""
    frame = people(np.random.default_rng(7), 900)
    frame = frame.filter(pl.int_range(pl.len()).over("job") < 200)
    renamed = frame.with_columns(pl.col("job").replace({"a": "z"}))
    found, again = (oaxaca(f, "score", "old", ["years", "job"], reference="young") for f in (frame, renamed))
    for column in ("contribution", "se"):
        np.testing.assert_allclose(found[column], again[column], atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"weight": "w"}])
def test_oaxaca_standard_errors_are_those_of_repeated_samples(options):
    rng = np.random.default_rng(8)
    draws, errors = [], []
    for _ in range(150):
        frame = people(rng, 500, weights=True)
        found = oaxaca(frame, "score", "old", ["years", "job"], reference="young", **options)
        draws.append(found["contribution"].to_numpy())
        errors.append(found["se"].to_numpy())
    np.testing.assert_allclose(np.mean(errors, axis=0), np.std(draws, axis=0, ddof=1), rtol=0.2)


def test_planted_parts_are_recovered():
    """Old people have 3 years more at 0.62 a year: 0.5, and 0.3 more for the four in ten who are old."""
    frame = people(np.random.default_rng(9), 200_000).with_columns(
        pl.col("score") - 1.5 * (pl.col("job") == "a")
    )
    found = oaxaca(frame, "score", "old", ["years"], reference="young")
    parts = dict(found.filter(pl.col("column").is_null()).select("part", "contribution").rows())
    expected = {"gap": 2.9, "explained": 1.86, "unexplained": 1.04}
    assert parts == pytest.approx(expected, abs=0.05)


def test_pandas_in_pandas_out():
    frame = people(np.random.default_rng(11), 100).to_pandas()
    assert isinstance(kitagawa(frame, "told", "old", "job", reference="young"), pd.DataFrame)
    assert isinstance(oaxaca(frame, "score", "old", ["years"], reference="young"), pd.DataFrame)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "nobody"}, "not among the groups"),
        ({"explain": ["years", "double"]}, "'double' is not estimable"),
        ({"explain": ["only"]}, "one value only|'only' is"),
        ({"explain": ["own"]}, "group 'young' nobody has own = x"),
        ({"group": "job"}, "3 groups"),
        ({"explain": ["missing"]}, "'missing' is not in the table"),
    ],
)
def test_oaxaca_says_what_is_not_estimable(change, message):
    frame = people(np.random.default_rng(12), 100).with_columns(
        double=pl.col("years") * 2,
        only=pl.lit("same"),
        own=pl.when((pl.col("old") == "old") & (pl.col("job") == "a"))
        .then(pl.lit("x"))
        .otherwise(pl.lit("y")),
    )
    options = {"group": "old", "explain": ["years"], "reference": "young"} | change
    if options["group"] == "job":
        options["reference"] = "a"
    with pytest.raises(ValueError, match=message):
        oaxaca(frame, "score", **options)


def test_a_group_too_small_for_its_regression_is_not_estimable():
    frame = people(np.random.default_rng(13), 100).filter(
        (pl.col("old") == "young") | (pl.int_range(pl.len()) < 4)
    )
    with pytest.raises(NotEstimableError, match=r"group 'old'"):
        oaxaca(frame, "score", "old", ["years", "job"], reference="young")
