import numpy as np
import pandas as pd
import polars as pl
import pytest

from bobanalysis.evaluation import EvaluationError, EvaluationWarning, compare, evaluate, prepare, stability
from bobanalysis.evaluation.comparison import paired, randomisation


@pytest.fixture(scope="module")
def made():
    """200 people, 6 of 20 items listed, some relevant; half of them in each age group."""
    rng, people = np.random.default_rng(11), 200
    listed = np.argsort(rng.random((people, 20)), axis=1)[:, :6]
    run = pl.DataFrame(
        {
            "person_id": np.repeat([f"p{n:03}" for n in range(people)], 6),
            "item": [f"i{n}" for n in listed.ravel()],
            "rank": np.tile(np.arange(1, 7), people),
        }
    )
    qrels = run.select("person_id", "item", relevance=pl.Series(rng.integers(0, 3, people * 6)))
    first = qrels.group_by("person_id", maintain_order=True).first().with_columns(relevance=pl.lit(1))
    qrels = qrels.update(first, on=["person_id", "item"])
    groups = run.select(pl.col("person_id").unique(maintain_order=True)).with_columns(
        age=pl.Series(["young", "old"] * (people // 2))
    )
    return run, qrels, groups


def test_the_mean_and_its_t_interval_are_those_of_scipy(made):
    from scipy import stats

    found = evaluate(*made[:2], "ndcg@5")
    values, row = found.per_query["ndcg@5"].to_numpy(), found.table.row(0, named=True)
    low, high = stats.t.interval(0.95, 199, values.mean(), stats.sem(values))
    assert (row["value"], row["ci_low"], row["ci_high"]) == pytest.approx(
        (values.mean(), low, high), abs=1e-12
    )


@pytest.mark.parametrize("interval", ["t", "bootstrap"])
def test_intervals_of_a_mean_cover(interval):
    from bobanalysis.evaluation.measures import parse
    from bobanalysis.evaluation.summary import _mean

    rng, covered, tries = np.random.default_rng(8), 0, 300
    for seed in range(tries):
        values = 1 / rng.geometric(0.4, size=60)  # skewed, as reciprocal ranks are
        found = _mean(parse("mrr"), values, interval, seed)
        covered += found["ci_low"] <= 0.6108604879 <= found["ci_high"]
    assert covered / tries >= 0.925


def test_the_mean_that_the_coverage_test_expects_is_right():
    assert -0.4 / 0.6 * np.log(0.4) == pytest.approx(0.6108604879)


def test_a_rate_of_zero_has_an_interval_that_is_not_a_point():
    run = pl.DataFrame({"query": list("abcdefgh"), "item": ["x"] * 8, "rank": [1] * 8})
    qrels = run.select("query", item=pl.lit("y"), relevance=pl.lit(1))
    for name in ("hit_rate@1", "ndcg@5"):
        row = evaluate(run, qrels, name).table.row(0, named=True)
        assert (row["value"], row["ci_low"]) == (0, 0)
        assert row["ci_high"] == pytest.approx(0.3244, abs=1e-4)  # Wilson, 0 of 8


def test_one_person_has_a_value_and_no_interval_where_there_is_a_spread_to_know():
    run = pl.DataFrame({"query": ["a"], "item": ["x"], "rank": [1]})
    row = evaluate(run, run.select("query", "item", relevance=2), "dcg").table.row(0, named=True)
    assert (row["n"], row["value"], row["ci_low"], row["ci_high"]) == (1, 2.0, None, None)


def test_groups_have_the_means_of_their_people_and_everyone_comes_first(made):
    found = evaluate(*made[:2], ["map", "p@3"], groups=made[2])
    table = found.table
    assert table["age"].unique(maintain_order=True).to_list() == ["everyone", "old", "young"]
    old = found.per_query.filter(age="old")["map"].mean()
    assert table.filter(age="old", metric="map")["value"].item() == pytest.approx(old)
    assert table.filter(age="old", metric="map")["n"].item() == 100


def test_columns_of_groups_are_taken_one_at_a_time_and_crossed_when_asked(made):
    run, qrels, groups = made
    groups = groups.with_columns(region=pl.Series(["north"] * 50 + ["south"] * 150))
    labels = ["age", "region"]
    alone = evaluate(run, qrels, "map", groups=groups).table.select(*labels, "n").rows()
    assert alone == [
        ("everyone", "everyone", 200),
        *(("old", "everyone", 100), ("young", "everyone", 100)),
        *(("everyone", "north", 50), ("everyone", "south", 150)),
    ]
    crossed = evaluate(run, qrels, "map", groups=groups, by=[labels]).table.select(*labels, "n").rows()
    cells = [("old", "north", 25), ("old", "south", 75), ("young", "north", 25), ("young", "south", 75)]
    assert crossed == [("everyone", "everyone", 200), *cells]


def test_a_column_that_the_groups_lack_is_named_with_those_they_have(made):
    with pytest.raises(EvaluationError, match="groups has no column 'sex'; it has: age"):
        evaluate(*made[:2], "map", groups=made[2], by=["sex"])


@pytest.mark.parametrize("layout", [{"_DEEP": 0}, {"_DEEP": 0, "_GRID": -(10**9)}])
def test_lists_too_uneven_to_be_laid_out_are_evaluated_alike(made, monkeypatch, layout):
    run, qrels, groups = made
    run = run.filter(pl.int_range(pl.len()) % 7 != 0).sample(fraction=1, shuffle=True, seed=3)
    run = run.select("person_id", "item", score=(pl.col("rank") % 3).cast(pl.Float64))  # with ties
    names = ["ndcg@3", "map", "bpref", "err@4", "p@5", "judged@2"]
    before = evaluate(run, qrels, names, groups)
    for name, value in layout.items():
        monkeypatch.setattr(f"bobanalysis.evaluation.lists.{name}", value)
    after = evaluate(run, qrels, names, groups)
    assert after.per_query.equals(before.per_query)
    assert after.notes.equals(before.notes)


@pytest.mark.parametrize("layout", [{}, {"_DEEP": 0}])
def test_an_item_twice_in_a_list_is_found_in_any_layout(made, monkeypatch, layout):
    for name, value in layout.items():
        monkeypatch.setattr(f"bobanalysis.evaluation.lists.{name}", value)
    again = made[0].head(1).with_columns(rank=pl.lit(99, pl.Int64))
    with pytest.raises(EvaluationError, match="stands there more than once"):
        prepare(pl.concat([made[0], again]))


def test_small_groups_are_hidden_and_people_without_a_group_are_unknown(made):
    run, qrels, groups = made
    some = groups.head(30).with_columns(
        age=pl.when(pl.int_range(pl.len()) < 5).then(pl.lit("few")).otherwise("age")
    )
    found = evaluate(run, qrels, "map", groups=some).table
    few = found.filter(age="few").row(0, named=True)
    assert (few["n"], few["value"], few["ci_low"], few["suppressed"]) == (5, None, None, True)
    assert found.filter(age="unknown")["n"].item() == 170


def test_a_person_in_two_groups_is_refused(made):
    with pytest.raises(EvaluationError, match="groups: person_id 'p000' stands there more than once"):
        evaluate(*made[:2], "map", groups=pl.concat([made[2], made[2]]))


def test_groups_of_nobody_here_are_counted(made):
    more = pl.concat([made[2], pl.DataFrame({"person_id": ["nobody"], "age": ["old"]})])
    notes = evaluate(*made[:2], "map", groups=more).notes
    assert ("groups of people without lists or judgements", 1) in notes.select("what", "count").rows()


PUBLIC = {
    "table": lambda run, qrels, groups: evaluate(run, qrels, "map", groups=groups).table,
    "per_query": lambda run, qrels, groups: evaluate(run, qrels, "map", groups=groups).per_query,
    "notes": lambda run, qrels, groups: evaluate(run, qrels.head(900), "map", groups=groups).notes,
    "gaps": lambda run, qrels, groups: evaluate(run, qrels, "map", groups=groups).gaps,
    "curves": lambda run, qrels, groups: evaluate(run, qrels, "map", groups=groups).curves,
    "exposure": lambda run, qrels, _: (
        evaluate(run, qrels, "map", items=run.head(6), item_group="person_id").exposure
    ),
    "prepared": lambda run, qrels, _: evaluate(prepare(run, qrels), None, "map").table,
    "compare": lambda run, qrels, _: compare({k: evaluate(run, qrels, "map") for k in "ab"}, replicates=9),
    "stability": lambda run, *_: stability(run, run),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_pandas_in_means_pandas_out(made, name):
    ours = PUBLIC[name](*made)
    theirs = PUBLIC[name](*(frame.to_pandas() for frame in made))
    assert isinstance(theirs, pd.DataFrame)
    assert pl.from_pandas(theirs).equals(ours)


def test_an_evaluation_prints_as_its_table(made):
    found = evaluate(*made[:2], "map", groups=made[2])
    assert str(found) == str(found.table)
    assert "<table" in found._repr_html_()
    assert found.table["suppressed"].dtype == pl.Boolean


def test_prepared_lists_give_what_frames_give(made):
    lists = prepare(*made[:2])
    assert evaluate(lists, None, "map").table.equals(evaluate(*made[:2], "map").table)


def test_a_measure_over_many_people_is_that_of_scikit_learn():
    from sklearn.metrics import ndcg_score

    rng, people = np.random.default_rng(1), 2_000
    truth = rng.integers(0, 2, (people, 20))
    names = np.repeat(np.arange(people).astype(str), 20)
    items = np.tile(np.arange(20).astype(str), people)
    scores = np.tile(-np.arange(20.0), people)
    lists = prepare(
        pl.DataFrame({"query": names, "item": items, "score": scores}),
        pl.DataFrame({"query": names, "item": items, "relevance": truth.ravel()}),
    )
    ours = evaluate(lists, None, "ndcg@5").table["value"].item()
    theirs = ndcg_score(truth, scores.reshape(people, 20), k=5, ignore_ties=True)
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_paired_t_test_is_that_of_scipy():
    from scipy import stats

    rng = np.random.default_rng(4)
    one = rng.random(40)
    two = one + rng.normal(0.05, 0.1, 40)
    found, theirs = paired(one, two, 100), stats.ttest_rel(one, two)
    assert found["p_t"] == pytest.approx(theirs.pvalue)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(tuple(theirs.confidence_interval()))


def test_randomisation_test_agrees_with_all_changes_of_sign():
    apart = np.array([0.5, 0.25, 0.25, -0.125, 0.7, 0.0, 0.31, -0.2])
    signs = np.array(np.meshgrid(*[[-1, 1]] * apart.size)).reshape(apart.size, -1)
    exact = np.mean(np.abs(apart @ signs) >= abs(apart.sum()) - 1e-12)
    assert randomisation(apart, replicates=40_000) == pytest.approx(exact, abs=0.01)


def test_randomisation_test_holds_its_level_where_nothing_differs():
    rng = np.random.default_rng(6)
    apart = rng.choice([-0.5, -0.2, 0, 0.2, 0.5], (300, 30))
    p = np.array([randomisation(row, replicates=400) for row in apart])
    assert np.mean(p <= 0.05) <= 0.07


def test_comparing_runs_pairs_people_and_adjusts_for_all_comparisons(made):
    run, qrels, _ = made
    names = ["map", "mrr"]
    turned = run.with_columns(rank=7 - pl.col("rank"))
    best = run.join(qrels, on=["person_id", "item"]).select(
        "person_id", "item", rank=pl.col("relevance").rank("ordinal", descending=True).over("person_id")
    )
    runs = {"one": run, "turned": turned, "best": best}
    table = compare({name: evaluate(frame, qrels, names) for name, frame in runs.items()})
    assert table.height == 6
    row = table.filter(metric="map", run="one", other="best").row(0, named=True)
    assert row["difference"] < 0
    assert row["p_t_adjusted"] < 1e-6
    assert row["p_randomisation_adjusted"] == pytest.approx(6 / 10_001)
    assert (table["p_t_adjusted"] >= table["p_t"]).all()
    only = compare({name: evaluate(frame, qrels, names) for name, frame in runs.items()}, against="one")
    assert only["other"].unique().to_list() == ["one"]


def test_people_with_a_value_in_one_run_only_are_counted_and_not_compared(made):
    run, qrels, _ = made
    part = evaluate(run.filter(pl.col("person_id") < "p150"), qrels, "map", missing="skip")
    row = compare({"all": evaluate(run, qrels, "map"), "part": part}).row(0, named=True)
    assert (row["n"], row["unpaired"], row["difference"], row["p_t"]) == (150, 50, 0.0, 1.0)


def test_undefined_is_warned_about_where_the_user_called():
    run = pl.DataFrame({"query": ["a"], "item": ["x"], "rank": [1]})
    with pytest.warns(EvaluationWarning) as caught:
        evaluate(run, run.select("query", "item", relevance=0), "map")
    assert caught[0].filename == __file__


def test_groups_cut_by_pandas_keep_its_labels():
    import pandas as pd

    run = pd.DataFrame({"query": [f"q{i:02d}" for i in range(24)], "item": "x", "rank": 1})
    groups = pd.DataFrame({"query": run["query"], "band": pd.cut(range(24), [-1, 11, 23])})
    table = evaluate(run, run.assign(relevance=1), "p@1", groups=groups).table
    assert {*table["band"]} >= {"(-1, 11]", "(11, 23]"}
