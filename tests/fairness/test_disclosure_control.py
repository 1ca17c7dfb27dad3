"""What a reader can work out from a published table of counts."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bobanalysis.fairness import cube, disparities, group_metrics, impact_ratios, protect
from bobanalysis.fairness.audit import audit_file
from bobanalysis.fairness.disclosure import Shield, top_and_bottom_coded
from bobanalysis.fairness.page import chapters


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


COMBINED = pl.DataFrame({"sex": list("FM")})
for name, values in {"dep": list("abc"), "told": [True, False], "true": [True, False]}.items():
    COMBINED = COMBINED.join(pl.DataFrame({name: values}), how="cross")
ROWS = COMBINED.rows(named=True)
"""Two attributes, a decision and an outcome: 24 combinations, whose numbers of people are the secret."""
MADE = {  # of which decisions and outcomes a rate is made: who counts, among whom
    "count": (lambda p, y: True, lambda p, y: True),
    "selection_rate": (lambda p, y: p, lambda p, y: True),
    "base_rate": (lambda p, y: y, lambda p, y: True),
    "true_positive_rate": (lambda p, y: p, lambda p, y: y),
    "false_positive_rate": (lambda p, y: p, lambda p, y: not y),
    "true_negative_rate": (lambda p, y: not p, lambda p, y: not y),
    "false_negative_rate": (lambda p, y: not p, lambda p, y: y),
    "positive_predictive_value": (lambda p, y: y, lambda p, y: p),
    "negative_predictive_value": (lambda p, y: not y, lambda p, y: not p),
    "accuracy": (lambda p, y: p == y, lambda p, y: True),
}


def those(test):
    return np.array([float(test(row)) for row in ROWS])


def read(shown, groups):
    """What an intruder reads in a measure frame: sums of the 24 numbers that are known."""
    for line in shown.rows(named=True):
        who, among = MADE[line["metric"]]
        mine = those(lambda row, line=line: all(row[g] == line[g] for g in groups))
        base = those(lambda row, among=among: among(row["told"], row["true"]))
        hit = base * those(lambda row, who=who: who(row["told"], row["true"]))
        if line["n"] is not None:
            yield base * mine, line["n"]
        if line["value"] is not None and line["metric"] != "count":
            assert line["n"] is not None
            yield hit * mine, line["value"] * line["n"]
        if line.get("difference") is not None:  # tells the rate of everyone else
            rate = line["value"] - line["difference"]
            yield (hit - rate * base) * (1 - mine), 0.0


def of_impact(table):
    """Impact ratios as lines of a measure frame."""
    for (attributes,), mine in table.filter(pl.col("category") != "unknown").group_by("attributes"):
        groups = attributes.split(" × ")
        named = pl.col("category").str.split(" × ").list.to_struct(fields=groups)
        lines = mine.select(metric=pl.lit("selection_rate"), n="n", value="rate", named=named)
        yield from read(lines.unnest("named"), groups)


def possible(known, target):
    """Least and greatest value of a sum of the 24 numbers, given all that is known."""
    from scipy.optimize import linprog

    a, b = np.array([v for v, _ in known]), np.array([v for _, v in known])
    found = [linprog(way * target, A_eq=a, b_eq=b, bounds=(0, None), method="highs") for way in (1, -1)]
    assert all(one.status in (0, 3) for one in found)  # solved, or without end
    return [
        way * one.fun if one.status == 0 else way * -np.inf for way, one in zip((1, -1), found, strict=True)
    ]


def small_cells(counts):
    """Every count from 1 to 10 of the table with all its totals, as the sum of which of the 24 it is."""
    for which in product(*([*COMBINED[name].unique(), None] for name in COMBINED.columns)):
        asked = {
            name: value for name, value in zip(COMBINED.columns, which, strict=True) if value is not None
        }
        target = those(lambda row, asked=asked: asked.items() <= row.items())
        if 0 < target @ counts < 11:
            yield target


SIZES = st.sampled_from([0, 1, 3, 7, 11, 14, 25, 60, 200])


def solved(counts, protected=True):
    """How narrow the range of the small count is that an intruder knows best, from all tables of an audit."""
    people = COMBINED.select(pl.all().repeat_by(pl.Series(counts))).explode(pl.all())
    whole = cube(people, ["sex", "dep"], prediction="told", outcome="true")
    shield, known = Shield(whole) if protected else None, [(np.ones(24), float(sum(counts)))]
    for groups in (["sex"], ["dep"], ["sex", "dep"]):
        shown = group_metrics(whole, groups)
        known += read(shield.conceal(shown, groups) if shield else shown, groups)
        assert not shield or disparities(whole, groups, shield=shield).height
    known += of_impact(impact_ratios(whole, shield=shield))
    ends = [possible(known, target) for target in small_cells(counts)]
    return min((high - low for low, high in ends), default=np.inf)


@pytest.mark.parametrize("examples", [2, pytest.param(150, marks=pytest.mark.slow)])
def test_no_small_count_can_be_solved_from_all_the_tables_of_an_audit(examples):
    """Each attribute by itself and both crossed: what is shown leaves every small count a range of ten."""

    @settings(
        max_examples=examples, deadline=None, phases=(Phase.reuse, Phase.generate)
    )  # smaller takes long
    @given(st.lists(SIZES, min_size=24, max_size=24).filter(lambda counts: sum(counts) > 500))
    def attack(counts):
        assert solved(counts) >= 10 - 1e-4, counts

    attack()


def test_without_protection_the_tables_of_an_audit_give_small_counts_away():
    assert solved([60, 3, 25, 60] * 6, protected=False) < 1e-6
    assert solved([60, 3, 25, 60] * 6) >= 10 - 1e-4


def test_so_few_people_that_their_number_gives_them_away_are_refused():
    people = pl.DataFrame({"sex": list("FFFM"), "told": [1, 0, 1, 1]})
    with pytest.raises(ValueError, match="so few people that even their number"):
        Shield(cube(people, ["sex"], prediction="told"))


def test_answers_of_several_kinds_and_people_without_one_are_shielded_too():
    told = ["a"] * 300 + ["b"] * 100 + ["c"] * 3 + [None] * 20
    people = pl.DataFrame({"sex": ["F", "M", "X"] * 141, "told": told})
    whole = cube(people, ["sex"], prediction="told")
    shown = Shield(whole).conceal(group_metrics(whole), ["sex"])
    assert shown.filter(metric="selection_rate", item="c")["value"].null_count() == 3
    assert shown.filter(metric="selection_rate", item="a")["value"].null_count() == 3  # n would tell the 20
    assert shown.filter(metric="count")["n"].to_list() == [141] * 3


def test_a_table_of_scores_alone_is_protected(tmp_path):
    people = pl.DataFrame({"sex": ["F"] * 40 + ["M"] * 50 + ["X"] * 3, "points": range(93)})
    people.write_csv(tmp_path / "points.csv")
    found = audit_file(tmp_path / "points.csv", by=["sex"], score="points", protect=True)["sex"]["measures"]
    shown = found.filter(metric="mean_score").drop_nulls("value")["sex"].to_list()
    assert shown == ["M"]


def one_old_person(ages=(20, 30, 40, 50, 60), each=40):
    """People of a few ages with a score, one of them far older than the others."""
    rows = [(age, 50.0 + (k % 7)) for age in ages for k in range(each)]
    return pl.DataFrame([*rows, (99, 87.5)], schema=["age", "points"], orient="row")


def test_a_protected_curve_does_not_end_at_one_person(tmp_path):
    one_old_person().write_csv(tmp_path / "p.csv")
    asked = {"by": ["age"], "score": "points", "curve": ["age"]}
    open_, shielded = (audit_file(tmp_path / "p.csv", **asked, protect=p)["age"] for p in (False, True))
    assert open_["curve"]["at"].max() == 99
    assert shielded["curve"]["at"].max() == 60
    assert shielded["shape"]["observed"].null_count() == shielded["shape"].height


def test_a_protected_audit_has_no_column_of_what_it_does_not_show(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    one_old_person(range(20, 60), 5).write_csv(tmp_path / "p.csv")
    asked = {"by": ["age"], "score": "points"}
    open_, shielded = (repr(audit_file(tmp_path / "p.csv", **asked, protect=p)) for p in (False, True))
    assert ("Observed" in open_, "Observed" in shielded) == (True, False)


@pytest.mark.parametrize("most", [1, 11, 200])
def test_at_both_ends_there_are_as_many_people_as_asked(most):
    rng = np.random.default_rng(7)
    people = pl.DataFrame({"at": rng.integers(0, 90, 500), "n": rng.integers(0, 4, 500)})
    closed = top_and_bottom_coded(people, "at", "n", most).group_by("at").agg(pl.col("n").sum()).sort("at")
    assert closed["n"].sum() == people["n"].sum()
    assert min(closed["n"][0], closed["n"][-1]) >= most


def people_with_few_above_60(above, of_no_weight=0):
    """Of those above half have a yes; some of them have no weight."""
    rng = np.random.default_rng(3)
    age = np.concatenate([rng.integers(20, 60, 600), rng.integers(60, 66, above)])
    yes = np.where(age < 60, rng.random(len(age)) < 0.5, np.arange(len(age)) % 2 > 0)
    weight = np.where(np.arange(len(age)) < len(age) - of_no_weight, 1, 0)
    points = (50 + 0.2 * age + rng.normal(0, 3, len(age))).round(1)
    return pl.DataFrame({"age": age, "told": yes.astype(int), "w": weight, "points": points})


@pytest.mark.parametrize(
    ("above", "roles", "hidden"),
    [
        ((60,), {"prediction": "told"}, False),
        ((58,), {"prediction": "told"}, True),
        ((60, 30), {"score": "points", "weight": "w"}, False),
        ((60, 31), {"score": "points", "weight": "w"}, True),
    ],
)
def test_a_jump_is_hidden_where_few_on_a_side_have_a_yes_or_a_weight(tmp_path, above, roles, hidden):
    people_with_few_above_60(*above).write_csv(tmp_path / "p.csv")
    asked = roles | {"by": ["age"], "jump": {"age": [40, 60]}, "min_group": 30}
    audits = [audit_file(tmp_path / "p.csv", **asked, protect=protect) for protect in (False, True)]
    open_, shielded = (audit["age"]["jumps"] for audit in audits)
    figures = ["below", "from", "jump", "se", "ci_low", "ci_high", "p_value", "p_adjusted"]
    assert open_[figures].null_count().sum_horizontal().item() == 0
    assert shielded["suppressed"].to_list() == [False, hidden]
    assert shielded[figures].null_count().row(0) == (int(hidden),) * len(figures)


@pytest.mark.parametrize(("lang", "said"), [("en", "hidden"), ("fr", "masqué")])
def test_a_page_says_that_a_jump_is_hidden_rather_than_not_estimable(tmp_path, lang, said):
    people_with_few_above_60(58).write_csv(tmp_path / "p.csv")
    asked = {"by": ["age"], "prediction": "told", "jump": {"age": [60]}, "min_group": 30, "protect": True}
    (line,) = chapters(audit_file(tmp_path / "p.csv", **asked), lang)[1].sections[-1].lines
    assert line[2:4] == [said, said]


@pytest.mark.parametrize(("few", "yes", "hidden"), [(12, 6, True), (40, 5, True), (22, 11, False)])
def test_a_protected_curve_of_few_values_does_not_show_the_rate_of_few_people(tmp_path, few, yes, hidden):
    places = [(place, k % 2) for place in (1, 2, 4, 5, 6) for k in range(300)]
    rows = [*places, *((3, int(k < yes)) for k in range(few))]
    pl.DataFrame(rows, schema=["grade", "told"], orient="row").write_csv(tmp_path / "p.csv")
    asked = {"by": ["grade"], "curve": ["grade"], "prediction": "told", "protect": True}
    shown = audit_file(tmp_path / "p.csv", **asked)["grade"]["curve"].drop_nulls("value")["at"].to_list()
    assert shown == [1, 2, *([] if hidden else [3]), 4, 5, 6]
