"""What a reader can work out from a published table of counts."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.fairness import protect


def table(counts, rows, columns):
    return pl.DataFrame(
        {
            "sex": np.repeat([f"s{i}" for i in range(rows)], columns),
            "dep": np.tile([f"d{i}" for i in range(columns)], rows),
            "n": counts,
        }
    )


def test_totals_are_added_and_nothing_is_hidden_where_all_is_large():
    shown = protect(table([20, 30, 40, 50], 2, 2), ["sex", "dep"])
    assert shown["hidden"].null_count() == 9
    assert shown.filter(sex="total", dep="total")["n"].item() == 140
    assert shown.filter(sex="s0", dep="total")["n"].item() == 50


def test_a_small_cell_is_never_the_only_one_hidden_in_its_line():
    shown = protect(table([40, 3, 25, 50, 20, 30, 60, 70, 12], 3, 3), ["sex", "dep"])
    assert shown.filter(sex="s0", dep="d1")["hidden"].item() == "primary"
    for axis in ("sex", "dep"):
        for _, line in shown.group_by(axis):
            assert line["hidden"].count() != 1
    assert shown.filter(pl.col("hidden").is_not_null())["n"].null_count() == shown["hidden"].count()


def test_zero_is_shown_and_hides_nothing():
    shown = protect(table([40, 0, 25, 50], 2, 2), ["sex", "dep"])
    assert shown["hidden"].null_count() == 9


def test_a_small_total_is_hidden_too():
    shown = protect(table([2, 3, 400, 500, 300, 200], 3, 2), ["sex", "dep"])
    total = shown.filter(sex="s0", dep="total").row(0, named=True)
    assert (total["n"], total["hidden"]) == (None, "primary")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 4, 9, 11, 15, 30, 80, 200]), min_size=12, max_size=12), st.data())
def test_no_small_cell_can_be_worked_out_from_what_is_shown(counts, data):
    full = protect(table(counts, 3, 4), ["sex", "dep"])
    for row in full.filter(hidden="primary").to_dicts():
        wide = row["possible_high"] - row["possible_low"] >= 10 - 1e-6
        nothing_left = full.filter(pl.col("n") > 0).is_empty()
        assert wide or nothing_left, (counts, row)


def test_further_sums_are_hidden_with_the_count_and_three_attributes_can_be_crossed():
    rng = np.random.default_rng(0)
    cells = pl.DataFrame(
        {
            "a": np.repeat(["x", "y"], 12),
            "b": np.tile(np.repeat(["p", "q", "r"], 4), 2),
            "c": [1, 2, 10, None] * 6,
            "n": rng.integers(5, 90, 24),
        }
    ).with_columns(told=pl.col("n") // 2)
    shown = protect(cells, ["a", "b", "c"], values=["told"])
    assert (shown["n"].is_null() == shown["told"].is_null()).all()
    assert shown.height == 3 * 4 * 5
    assert shown["c"].unique(maintain_order=True).to_list() == ["unknown", "1", "2", "10", "total"]
    assert shown.filter(a="total", b="total", c="total")["n"].item() == cells["n"].sum()
    primary = shown.filter(hidden="primary")
    assert ((primary["possible_high"] - primary["possible_low"]) >= 10 - 1e-6).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": [1, 2, -3, 4]}, "'n' holds -3 in row 2, which is negative"),
        ({"n": [1, 2, None, 4]}, "which is missing"),
        ({"n": [1.0, 2.0, 0.5, 4.0]}, "not a whole number"),
        ({"sex": ["total", "a", "b", "c"]}, "has the value 'total'"),
    ],
)
def test_tables_that_are_no_counts_are_refused(change, message):
    cells = pl.DataFrame({"sex": list("abab"), "n": [1, 2, 3, 4]} | change)
    with pytest.raises(ValueError, match=message):
        protect(cells, ["sex"])
