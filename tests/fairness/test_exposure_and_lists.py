"""Rankings: attention by group, and how far two lists are from each other."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.fairness import (
    attention_fairness,
    exposure,
    list_differences,
    list_overlaps,
    rank_biased_overlap,
)


@pytest.fixture(scope="module")
def lists():
    """300 people, each with a random list of 1 to 6 of 8 items; the old see item 0 first more often."""
    rng, rows = np.random.default_rng(2), []
    for person in range(300):
        items = rng.permutation(8)[: rng.integers(1, 7)]
        group = "old" if person % 3 == 0 else "young"
        if group == "old" and 0 in items:
            items = np.array([0, *items[items != 0]])
        rows += [(person, group, f"i{item}", rank, 1 + person % 4) for rank, item in enumerate(items, 1)]
    return pl.DataFrame(rows, schema=["who", "age", "item", "rank", "w"], orient="row")


@pytest.mark.parametrize(
    ("discount", "attention"),
    [
        ("log2", lambda r: 1 / np.log2(r + 1)),
        ("reciprocal", lambda r: 1 / r),
        ("rbp", lambda r: 0.3 * 0.7 ** (r - 1)),
    ],
)
def test_exposure_is_the_mean_attention_with_zero_for_those_not_shown(lists, discount, attention):
    found = exposure(lists, "age", "who", "item", "rank", discount=discount, persistence=0.7, top=4)
    table = lists.to_pandas()
    table["a"] = np.where(table["rank"] <= 4, attention(table["rank"].astype(float)), 0)
    people = table.groupby("age")["who"].nunique()
    for (age, item), sum_ in table.groupby(["age", "item"])["a"].sum().items():
        row = found.filter(age=age, item=item)
        assert row["value"].item() == pytest.approx(sum_ / people[age], abs=1e-12)
        assert row["n"].item() == people[age]


def test_the_interval_of_exposure_is_students_over_people(lists):
    from statsmodels.stats.weightstats import DescrStatsW

    row = exposure(lists, "age", "who", "item", "rank").filter(age="old", item="i0").row(0, named=True)
    old = lists.filter(age="old").with_columns(a=(pl.col("item") == "i0") / (pl.col("rank") + 1).log(2))
    each = old.group_by("who").agg(pl.col("a").sum())["a"].to_numpy()
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(DescrStatsW(each).tconfint_mean(), abs=1e-9)
    assert row["difference"] > 0.1


def test_people_who_are_shown_nothing_count_and_weights_are_peoples():
    table = pl.DataFrame(
        {
            "who": [1, 2, 3],
            "g": ["a", "a", None],
            "item": ["x", None, "x"],
            "rank": [1, None, 1],
            "w": [1.0, 3.0, 1.0],
        }
    )
    found = exposure(table, "g", "who", "item", "rank", weight="w", min_group=1)
    assert found.select("g", "n", "value").rows() == [("a", 2, 0.25), ("unknown", 1, 1.0)]


def test_an_item_never_shown_to_a_group_has_exposure_zero(lists):
    only = pl.concat(
        [lists, lists.filter(age="old").head(1).with_columns(item=pl.lit("rare"), rank=pl.lit(9, pl.Int64))]
    )
    found = exposure(only, "age", "who", "item", "rank").filter(item="rare")
    assert found.filter(age="young")["value"].item() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": [0, 2, 1]}, r"'rank' holds 0.0 for item 'x' of who 1"),
        ({"item": ["x", "x", "x"]}, "'x' stands more than once in the list of who 1"),
        ({"g": ["a", "b", "b"]}, "who 1 has several groups"),
        ({"w": [-1.0, -1.0, 1.0]}, "a weight must be"),
    ],
)
def test_broken_lists_are_refused_with_their_place(change, message):
    table = pl.DataFrame(
        {
            "who": [1, 1, 2],
            "g": ["a", "a", "b"],
            "item": ["x", "y", "x"],
            "rank": [1, 2, 1],
            "w": [1.0, 1.0, 1.0],
        }
        | change
    )
    with pytest.raises(ValueError, match=message):
        exposure(table, "g", "who", "item", "rank", weight="w")


def test_attention_fairness_is_one_less_the_distance_to_the_target_shares():
    table = pl.DataFrame(
        {
            "who": [1, 1, 2, 2, 3],
            "g": list("aaaab"),
            "kind": ["x", "y", "y", "x", "x"],
            "rank": [1, 2, 1, 2, 1],
        }
    )
    found = attention_fairness(
        table,
        "g",
        "who",
        "kind",
        "rank",
        {"x": 0.5, "y": 0.25, "z": 0.25},
        discount="reciprocal",
        min_group=1,
    )
    one = 1 - (abs(2 / 3 - 0.5) + abs(1 / 3 - 0.25) + 0.25) / 2
    two = 1 - (abs(1 / 3 - 0.5) + abs(2 / 3 - 0.25) + 0.25) / 2
    assert dict(found.select("g", "value").rows()) == pytest.approx({"a": (one + two) / 2, "b": 0.5})
    with pytest.raises(ValueError, match="no share for 'y'"):
        attention_fairness(table, "g", "who", "kind", "rank", {"x": 1.0})


def long_sum(first, second, p, depth=400):
    """Rank-biased overlap by its definition, over lists that are long enough for the tail not to count."""
    return (1 - p) * sum(p ** (d - 1) * len({*first[:d]} & {*second[:d]}) / d for d in range(1, depth))


short_lists = st.lists(st.integers(0, 9), min_size=1, max_size=7, unique=True)


@settings(max_examples=60, deadline=None)
@given(short_lists, short_lists, st.sampled_from([0.5, 0.8, 0.9]))
def test_the_bounds_of_overlap_are_those_of_the_least_and_most_alike_continuations(a, b, p):
    found = rank_biased_overlap(a, b, p)
    nothing = [a + [f"a{i}" for i in range(400)], b + [f"b{i}" for i in range(400)]]
    tail = [f"t{i}" for i in range(400)]
    alike = [a + [x for x in b if x not in a] + tail, b + [x for x in a if x not in b] + tail]
    assert found.minimum == pytest.approx(long_sum(*nothing, p), abs=1e-9)
    # each continuation puts what it lacks first, which is the most alike the two can become
    assert found.minimum + found.residual == pytest.approx(long_sum(*alike, p), abs=1e-9)
    assert found.minimum - 1e-9 <= found.extrapolated <= found.minimum + found.residual + 1e-9


@settings(max_examples=60, deadline=None)
@given(short_lists)
def test_lists_that_are_the_same_overlap_fully_and_lists_without_a_common_item_not_at_all(a):
    assert rank_biased_overlap(a, a).extrapolated == pytest.approx(1)
    assert rank_biased_overlap(a, [f"x{i}" for i in a]).extrapolated == pytest.approx(0)


def test_the_extrapolated_overlap_of_lists_of_one_length_is_agreement_going_on():
    a, b, p, k = "abcdef", "bacfgh", 0.8, 6
    share = [len({*a[:d]} & {*b[:d]}) / d for d in range(1, k + 1)]
    by_hand = (1 - p) * sum(s * p ** (d - 1) for d, s in enumerate(share, 1)) + share[-1] * p**k
    assert rank_biased_overlap(a, b, p).extrapolated == pytest.approx(by_hand, abs=1e-12)


def as_table(lists_):
    rows = [(who, item, rank) for who, items in lists_.items() for rank, item in enumerate(items, 1)]
    return pl.DataFrame(rows, schema=["who", "item", "rank"], orient="row")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(short_lists, short_lists), min_size=1, max_size=6))
def test_many_lists_at_once_agree_with_one_at_a_time_and_with_scipy(pairs):
    from scipy.stats import kendalltau

    first, second = ({who: pair[side] for who, pair in enumerate(pairs)} for side in (0, 1))
    found = list_overlaps(as_table(first), as_table(second), "who", "item", "rank")
    assert found["who"].to_list() == list(range(len(pairs)))
    for row, (a, b) in zip(found.to_dicts(), pairs, strict=True):
        assert row["overlap"] == pytest.approx(rank_biased_overlap(a, b).extrapolated, abs=1e-12)
        assert row["same_first"] == (a[0] == b[0])
        assert row["same_list"] == (a == b)
        items = sorted({*a, *b})
        ranks = [[side.index(i) if i in side else 99 for i in items] for side in (a, b)]
        expected = kendalltau(*ranks).statistic if len(items) > 1 else np.nan
        if np.isnan(expected):
            assert row["kendall_tau"] is None
        else:
            assert row["kendall_tau"] == pytest.approx(expected, abs=1e-12)
        assert 0 <= row["kendall_distance"] <= 1
        assert (row["kendall_distance"] == 1) == (not {*a} & {*b})


def test_only_people_in_both_tables_are_compared_and_pandas_comes_back():
    a, b = as_table({1: "ab", 2: "abc"}), as_table({2: "cba", 3: "a"})
    found = list_overlaps(a.to_pandas(), b.to_pandas(), "who", "item", "rank")
    assert found["who"].tolist() == [2]
    assert found["kendall_tau"].tolist() == [-1]


def test_orders_of_groups_are_compared_pair_by_pair(lists):
    found = list_differences(lists, "age", "who", "item", "rank")
    assert found.select("group", "other").rows() == [("old", "young")]
    assert found["overlap"].item() < 1
    same = lists.with_columns(age=pl.lit("all")).vstack(
        lists.with_columns(pl.col("who") + 1000, age=pl.lit("copy"))
    )
    assert list_differences(same, "age", "who", "item", "rank")["overlap"].item() == pytest.approx(1)
