"""Rankings: attention by group."""

import numpy as np
import polars as pl
import pytest

from bobanalysis.fairness import exposure


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
        ("rbp", lambda r: 0.2 * 0.8 ** (r - 1)),
    ],
)
def test_exposure_is_the_mean_attention_with_zero_for_those_not_shown(lists, discount, attention):
    found = exposure(lists, "age", "who", "item", "rank", discount=discount)
    table = lists.to_pandas()
    table["a"] = attention(table["rank"].astype(float))
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
