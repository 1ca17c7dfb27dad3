import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.fairness import cube, group_metrics

rows = st.lists(
    st.tuples(
        st.sampled_from(["16-24", "25-49", "50+", None]),
        st.sampled_from([1, 2, None]),
        st.sampled_from([True, False, None]),
        st.sampled_from([True, False]),
        st.one_of(st.none(), st.floats(-1e6, 1e6)),
        st.floats(0, 100),
    ),
    max_size=30,
)
SCHEMA = {
    "age": pl.String,
    "sex": pl.Int8,
    "told": pl.Boolean,
    "hired": pl.Boolean,
    "score": pl.Float64,
    "w": pl.Float64,
}
FULL = [("50+", 1, True, True, 1.0, 1.0)]
WHAT = {"prediction": "told", "outcome": "hired", "score": "score", "weight": "w"}


def table(values):
    return pl.DataFrame(values, schema=SCHEMA, orient="row")


def assert_same(one, other):
    keys = one.keys
    a, b = (c.cells.sort(keys, nulls_last=True) for c in (one, other))
    assert a.select(keys).equals(b.select(keys))
    for name in a.columns[len(keys) :]:
        mine, theirs = a[name].to_numpy(), b[name].to_numpy()
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9 * (1 + np.abs(theirs).max(initial=0)))


@settings(max_examples=60)
@given(rows, rows)
def test_the_cube_of_two_parts_is_the_sum_of_their_cubes(one, other):
    one, other = table(FULL + one), table(FULL + other)
    whole = cube(pl.concat([one, other]), ["age", "sex"], **WHAT)
    assert_same(cube(one, ["age", "sex"], **WHAT) + cube(other, ["age", "sex"], **WHAT), whole)


@settings(max_examples=30)
@given(rows)
def test_summing_a_group_out_is_the_same_as_never_crossing_it(values):
    people = table(FULL + values)
    assert_same(cube(people, ["age", "sex"], **WHAT).over(["age"]), cube(people, ["age"], **WHAT))


def test_scores_far_from_zero_keep_their_variance():
    people = pl.DataFrame({"g": ["a"] * 4, "score": [1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.7e9 + 3]})
    one, other = cube(people[:1], ["g"], score="score"), cube(people[1:], ["g"], score="score")
    assert (one + other).cells["_score_m2"].item() == pytest.approx(5.0)


def test_cubes_of_different_columns_do_not_add_up():
    people = pl.DataFrame({"g": ["a"], "told": [1], "score": [1.0]})
    with pytest.raises(ValueError, match="different columns"):
        cube(people, ["g"], prediction="told") + cube(people, ["g"], score="score")


@pytest.mark.parametrize("convert", [pl.DataFrame.lazy, pl.DataFrame.to_pandas, pl.DataFrame.to_arrow])
def test_every_kind_of_frame_gives_the_same_cube(convert):
    people = pl.DataFrame({"g": ["a", "b", "b"], "told": [1, 0, 1], "w": [0.5, 1.0, 2.0]})
    assert_same(
        cube(convert(people), ["g"], prediction="told", weight="w"),
        cube(people, ["g"], prediction="told", weight="w"),
    )


def test_pandas_numbers_with_gaps_count_the_gap_as_unknown():
    people = pd.DataFrame({"age": [40, np.nan, 40], "told": [1, 0, np.nan]})
    cells = cube(people, ["age"], prediction="told").cells
    assert cells.filter(pl.col("age").is_null())["_n"].sum() == 1
    assert cells.filter(pl.col("_prediction").is_null())["_n"].sum() == 1


def test_a_pyarrow_table_may_have_chunks():
    table = pa.concat_tables(
        [pa.table({"g": ["a"], "told": [True]}), pa.table({"g": ["a"], "told": [False]})]
    )
    assert cube(table, ["g"], prediction="told").cells["_n"].sum() == 2


PEOPLE = pl.DataFrame({"g": ["a", "b", "c"], "told": [1, 0, 1], "w": [1.0, 1.0, 1.0], "t": ["x", "y", "x"]})


@pytest.mark.parametrize(
    ("change", "what", "message"),
    [
        ({}, {"prediction": "tld"}, "column 'tld' is not in the table; it has: 'g', 'told', 'w', 't'"),
        ({"told": [1, 2, 0]}, {"prediction": "told"}, r"'told' holds 2 in row 1 .*needs yes and no"),
        ({"told": [0.0, 0.5, 1.0]}, {"prediction": "told"}, r"'told' holds 0\.5 in row 1"),
        ({"told": [None] * 3}, {"prediction": "told"}, "'told' is empty in every one of the 3 rows"),
        (
            {"w": [1.0, 1.0, -2.0]},
            {"prediction": "told", "weight": "w"},
            r"'w' holds -2\.0 in row 2 .*zero or more",
        ),
        ({"w": [1.0, None, 1.0]}, {"prediction": "told", "weight": "w"}, "'w' holds None in row 1"),
        ({"w": [1.0, float("nan"), 1.0]}, {"prediction": "told", "weight": "w"}, "'w' holds nan in row 1"),
        ({"w": [float("inf"), 1.0, 1.0]}, {"score": "w"}, "'w' holds inf in row 0 .*finite"),
        ({}, {"score": "t"}, "'t' holds String; give numbers"),
        ({}, {"prediction": "t", "outcome": "told"}, "'t' holds text; rates against an outcome"),
        ({"told": [0, 1, 7]}, {"outcome": "told"}, "'told' holds 7 in row 2"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_place(change, what, message):
    people = PEOPLE.with_columns(**{name: pl.Series(values) for name, values in change.items()})
    with pytest.raises(ValueError, match=message):
        cube(people, ["g"], **what)


def test_an_empty_table_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        cube(PEOPLE.clear(), ["g"], prediction="told")


def test_a_group_column_of_lists_is_refused():
    with pytest.raises(ValueError, match="column 'g' holds List"):
        cube(PEOPLE.with_columns(g=pl.concat_list("g")), ["g"], prediction="told")


def test_groups_of_identifiers_as_far_apart_as_numbers_go_are_counted_each():
    far = [-(1 << 63), (1 << 63) - 1, None, 0]
    people = pl.DataFrame({"id": pl.Series(far * 20, dtype=pl.Int64), "told": [True, False] * 40})
    found = group_metrics(people, ["id"], prediction="told").filter(metric="count")
    assert dict(found.select("id", "n").rows()) == dict.fromkeys([*map(str, far[:2]), "0", "unknown"], 20)
