"""What a reader can work out from a published table of counts."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.fairness import cube, disparities, group_metrics, impact_ratios, protect
from bobanalysis.fairness.disclosure import Shield


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


def audited(counts):
    """Two attributes, a decision and an outcome, with the number of people of each combination."""
    cells = pl.DataFrame({"sex": list("FM")}).join(pl.DataFrame({"dep": list("abc")}), how="cross")
    for name in ("told", "true"):
        cells = cells.join(pl.DataFrame({name: [True, False]}), how="cross")
    cells = cells.with_columns(n=pl.Series(counts))
    return cells, cells.select(pl.all().exclude("n").repeat_by("n")).explode(pl.all())


MADE = {  # of which decisions and outcomes a rate is made: who counts, among whom
    "selection_rate": (lambda p, y: p, lambda p, y: True),
    "base_rate": (lambda p, y: y, lambda p, y: True),
    "true_positive_rate": (lambda p, y: p, lambda p, y: y),
    "false_positive_rate": (lambda p, y: p, lambda p, y: not y),
    "true_negative_rate": (lambda p, y: not p, lambda p, y: not y),
    "false_negative_rate": (lambda p, y: not p, lambda p, y: y),
    "positive_predictive_value": (lambda p, y: y, lambda p, y: p),
    "negative_predictive_value": (lambda p, y: not y, lambda p, y: not p),
    "accuracy": (lambda p, y: p == y, lambda p, y: True),
    "count": (lambda p, y: True, lambda p, y: True),
}


def equations(cells, shown, groups):
    """What an intruder reads in a measure frame: sums of cells that are known."""
    rows = cells.rows(named=True)

    def vector(test):
        return np.array([float(test(row)) for row in rows])

    for line in shown.filter(pl.col("value").is_not_null() | pl.col("n").is_not_null()).rows(named=True):
        who, among = MADE[line["metric"]]
        mine = [all(row[g] == line[g] for g in groups) for row in rows]
        base = vector(lambda row, among=among: among(row["told"], row["true"]))
        hit = base * vector(lambda row, who=who: who(row["told"], row["true"]))
        mine = np.array(mine, float)
        if line["n"] is not None:
            yield base * mine, line["n"]
            if line["value"] is not None and line["metric"] != "count":
                yield hit * mine, line["value"] * line["n"]
        if line["difference"] is not None:  # tells the rate of everyone else
            rate = line["value"] - line["difference"]
            yield (hit - rate * base) * (1 - mine), 0.0


def possible(known, cells, target):
    """Least and greatest value of a sum of cells, given all that is known."""
    from scipy.optimize import linprog

    a, b = np.array([v for v, _ in known]), np.array([v for _, v in known])
    found = [
        linprog(way * target, A_eq=a, b_eq=b, bounds=(0, None), method="highs", options={"primal_feasibility_tolerance": 1e-9})
        for way in (1, -1)
    ]
    assert all(one.status in (0, 3) for one in found)
    return [way * one.fun if one.status == 0 else way * -np.inf for way, one in zip((1, -1), found, strict=True)]


SIZES = st.sampled_from([0, 1, 3, 7, 11, 14, 25, 60, 200])


@pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.slow)])
def test_no_small_count_can_be_solved_from_all_the_measures_of_an_audit(examples):
    """Each attribute by itself and both crossed: what is shown leaves every small count a range of ten."""

    @settings(max_examples=examples, deadline=None)
    @given(st.lists(SIZES, min_size=24, max_size=24).filter(lambda counts: sum(counts) > 500))
    def solve(counts):
        cells, people = audited(counts)
        whole = cube(people, ["sex", "dep"], prediction="told", outcome="true")
        shield, known = Shield(whole), [(np.ones(24), float(sum(counts)))]
        for groups in (["sex"], ["dep"], ["sex", "dep"]):
            shown = shield.conceal(group_metrics(whole, groups), groups)
            assert shown.filter(pl.col("value").is_not_null())["n"].min() is None or True
            known += list(equations(cells, shown, groups))
            for name in groups[:1] if len(groups) == 1 else ():
                for (label,), mine in cells.group_by(name):
                    for told, true in ((True, True), (True, False), (False, True), (False, False)):
                        n = mine.filter(told=told, true=true)["n"].sum()
                        if not 0 < n < 11:
                            continue
                        target = [float(r[name] == label and (r["told"], r["true"]) == (told, true)) for r in cells.rows(named=True)]
                        small.append((np.array(target), n))
        for target, n in small:
            low, high = possible(known, cells, target)
            assert low - 1e-6 <= n <= high + 1e-6
            assert high - low >= 10 - 1e-4, (counts, n, low, high)
        small.clear()

    small = []
    solve()
