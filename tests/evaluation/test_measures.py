import itertools
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.evaluation import (
    MEASURES,
    EvaluationError,
    EvaluationWarning,
    evaluate,
    parse,
    prepare,
    read_qrels,
    read_run,
)
from bobanalysis.evaluation.measures import parse_all

TREC_EVAL = Path(__file__).parent / "trec_eval"


def frames(run, qrels):
    """Lists and judgements written as {query: [items]} and {query: {item: relevance}}."""
    listed = [(q, item, n) for q, items in run.items() for n, item in enumerate(items, 1)]
    judged = [(q, item, rel) for q, items in qrels.items() for item, rel in items.items()]
    return (
        pl.DataFrame(listed, ["query", "item", "rank"], orient="row"),
        pl.DataFrame(judged, ["query", "item", "relevance"], orient="row"),
    )


def one(measure, items, truth, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvaluationWarning)
        return (
            evaluate(*frames({"q": items}, {"q": truth}), [measure], **more)
            .per_query[parse(measure).label]
            .item()
        )


LOG3, LOG5 = np.log2(3), np.log2(5)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [  # list x a y b c; a 3, b 1, d 2 relevant, x judged 0, y and c not judged
        ("p@2", 1 / 2),
        ("p@10", 2 / 10),
        ("p", 2 / 5),
        ("p(rel=2)@2", 1 / 2),
        ("recall@2", 1 / 3),
        ("recall", 2 / 3),
        ("hit_rate@1", 0),
        ("hit_rate@2", 1),
        ("map", (1 / 2 + 2 / 4) / 3),
        ("map@2", (1 / 2) / 3),
        ("map(over=reachable)@2", (1 / 2) / 2),
        ("mrr", 1 / 2),
        ("mrr(rel=4)", None),
        ("mrr@1", 0),
        ("rprec", 1 / 3),
        ("judged@3", 2 / 3),
        ("dcg@4", 3 / LOG3 + 1 / LOG5),
        ("ndcg", (3 / LOG3 + 1 / LOG5) / (3 + 2 / LOG3 + 1 / 2)),
        ("ndcg@2", (3 / LOG3) / (3 + 2 / LOG3)),
        ("ndcg(gain=exp2)@4", (7 / LOG3 + 1 / LOG5) / (7 + 3 / LOG3 + 1 / 2)),
        ("ndcg(discount=log2_from_2)@4", (3 + 1 / 2) / (3 + 2 + 1 / LOG3)),
        ("dcg(discount=inverse)@4", 3 / 2 + 1 / 4),
        ("dcg(discount=none)", 4),
        ("rbp(0.8)", 0.2 * (0.8 + 0.8**3)),
        ("rbp(0.8)@2", 0.2 * 0.8),
        ("rbp_residual(0.8)", 1 - 0.2 * (1 + 0.8 + 0.8**3)),
        ("err(max=3)@2", (7 / 8) / 2),
        ("err", (7 / 16) / 2 + (9 / 16) * (1 / 16) / 4),
        ("bpref", ((1 - 1 / 1) + (1 - 1 / 1)) / 3),
        ("nDCG(dcg='exp-log2')@4", (7 / LOG3 + 1 / LOG5) / (7 + 3 / LOG3 + 1 / 2)),
        ("AP(rel=1)@2", (1 / 2) / 3),
        ("R@2", 1 / 3),
        ("ndcg_cut_2", (3 / LOG3) / (3 + 2 / LOG3)),
        ("P.2", 1 / 2),
    ],
)
def test_measures_computed_by_hand(measure, expected):
    found = one(measure, ["x", "a", "y", "b", "c"], {"a": 3, "b": 1, "d": 2, "x": 0})
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_a_run_with_ties_is_evaluated_as_trec_eval_does():
    answers = pl.read_csv(TREC_EVAL / "answers.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvaluationWarning)
        run, qrels = read_run(TREC_EVAL / "ties.run"), read_qrels(TREC_EVAL / "ties.qrels")
        ours = evaluate(run, qrels, answers.columns[1:]).per_query
    assert ours["query"].to_list() == answers["query"].to_list()
    for name in answers.columns[1:]:
        np.testing.assert_allclose(ours[name].to_numpy(), answers[name].to_numpy(), atol=1e-9, err_msg=name)


@st.composite
def cases(draw):
    """Some lists and judgements, with distinct scores, everybody with a relevant item and a list."""
    run, qrels = {}, {}
    for number in range(draw(st.integers(1, 4))):
        pool = [f"d{n}" for n in range(12)]
        run[f"q{number}"] = draw(st.lists(st.sampled_from(pool), min_size=1, unique=True))
        judged = draw(st.lists(st.sampled_from(pool), min_size=1, unique=True))
        grades = draw(st.lists(st.integers(0, 4), min_size=len(judged), max_size=len(judged)))
        qrels[f"q{number}"] = {judged[0]: 1} | dict(zip(judged[1:], grades[1:], strict=True))
    return run, qrels


@settings(max_examples=40)
@given(cases())
def test_ndcg_of_full_lists_equals_scikit_learn(case):
    from sklearn.metrics import ndcg_score

    run, qrels = case
    pool = [f"d{n}" for n in range(12)]
    full = {q: items + [d for d in pool if d not in items] for q, items in run.items()}
    ours = evaluate(*frames(full, qrels), ["ndcg", "ndcg@5"]).per_query
    truth = np.array([[qrels[q].get(d, 0) for d in pool] for q in sorted(full)])
    score = np.array([[-full[q].index(d) for d in pool] for q in sorted(full)])
    for name, k in (("ndcg", None), ("ndcg@5", 5)):
        theirs = [ndcg_score(truth[[i]], score[[i]], k=k, ignore_ties=True) for i in range(len(truth))]
        np.testing.assert_allclose(ours[name], theirs, atol=1e-9)


@settings(max_examples=40)
@given(cases())
def test_average_precision_of_full_lists_equals_scikit_learn(case):
    from sklearn.metrics import average_precision_score

    run, qrels = case
    pool = [f"d{n}" for n in range(12)]
    full = {q: items + [d for d in pool if d not in items] for q, items in run.items()}
    ours = evaluate(*frames(full, qrels), "map").per_query["map"]
    theirs = [
        average_precision_score([qrels[q].get(d, 0) >= 1 for d in full[q]], -np.arange(12))
        for q in sorted(full)
    ]
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@settings(max_examples=40)
@given(cases())
def test_bounded_measures_stay_between_0_and_1(case):
    names = [n for n, m in MEASURES.items() if m.bounded and m.needs == "qrels"]
    found = evaluate(*frames(*case), names).per_query.drop("query").to_numpy()
    assert np.nanmin(found) >= 0
    assert np.nanmax(found) <= 1 + 1e-12


RANX = {
    "ndcg@5": ("ndcg@5", 0.16880507999731517),
    "ndcg": ("ndcg", 0.3204893885595544),
    "ndcg(gain=exp2)@10": ("ndcg_burges@10", 0.24429306457859656),
    "map": ("map", 0.1751704853788187),
    "map@5": ("map@5", 0.0824537037037037),
    "mrr": ("mrr", 0.40724886224886225),
    "p@5": ("precision@5", 0.2),
    "recall@5": ("recall@5", 1 / 6),
    "hit_rate@3": ("hit_rate@3", 0.48333333333333334),
    "rprec": ("r-precision", 0.19444444444444448),
}
"""Our name → that of ranx 0.3.21, and what it answers about ``drawn()``: compiling it takes a minute."""


def drawn():
    """Draw 60 lists of 15 of 30 items, and 6 relevant items for each."""
    rng = np.random.default_rng(3)
    pool = [f"d{n}" for n in range(30)]
    run = {f"q{n}": list(rng.permutation(pool)[:15]) for n in range(60)}
    return run, {q: {d: int(rng.integers(1, 4)) for d in rng.permutation(pool)[:6]} for q in run}


def test_measures_equal_those_that_ranx_answered():
    ours = evaluate(*frames(*drawn()), list(RANX)).table
    for name, (_, answer) in RANX.items():
        assert ours.filter(metric=name)["value"].item() == pytest.approx(answer, abs=1e-9), name


@pytest.mark.slow
def test_ranx_answers_what_is_recorded_of_it():
    import ranx

    run, qrels = drawn()
    scores = {q: {d: 1 - n / 100 for n, d in enumerate(items)} for q, items in run.items()}
    theirs = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(scores), [name for name, _ in RANX.values()])
    for name, answer in RANX.values():
        assert theirs[name] == pytest.approx(answer, abs=1e-12), name


IR_MEASURES = {
    "nDCG@5": 0.16880507999731512,
    "nDCG": 0.32048938855955444,
    "nDCG(cutoff=5)": 0.16880507999731512,
    "P@5": 0.1999999999999999,
    "P(rel=2)@3": 0.11111111111111109,
    "P(rel=2,cutoff=3)": 0.11111111111111109,
    "R@5": 0.1666666666666666,
    "R(rel=2)@5": 0.18138888888888885,
    "AP": 0.17517048537881869,
    "AP@5": 0.08245370370370367,
    "AP(rel=2)": 0.14624014257347587,
    "RR": 0.4072488622488622,
    "RR@3": 0.3138888888888889,
    "Rprec": 0.1944444444444443,
    "Success@3": 0.48333333333333334,
    "Success(rel=2)@5": 0.6333333333333333,
    "Judged@5": 0.4166666666666666,
    "Bpref": 0.37,
    "Bpref(rel=2)": 0.2314861111111111,
    "RBP(rel=1)": 0.19003832824627195,
    "RBP(rel=1,p=0.5)": 0.18766632080078124,
    "RBP(p=0.8)": 0.19003832824627195,
}
"""What ir_measures 0.4.3 (pytrec_eval-terrier 0.5.11, cwl-eval 1.0.12) answers, by its names.

It computes no RBP without rel."""
GDEVAL = {
    "ERR@5": 0.10366833333333335,
    "ERR@10": 0.12574783333333334,
    "nDCG(dcg='exp-log2')@10": 0.24429333333333328,
}
"""The same where it calls gdeval.pl, which prints five decimals a query."""


def drawn_with_zeros():
    """Return what ``drawn()`` does, and 8 items more a list, judged not relevant."""
    rng = np.random.default_rng(3)
    pool = [f"d{n}" for n in range(30)]
    run = {f"q{n}": list(rng.permutation(pool)[:15]) for n in range(60)}
    qrels = {q: {d: int(rng.integers(1, 4)) for d in rng.permutation(pool)[:6]} for q in run}
    for judged in qrels.values():
        for item in rng.permutation(pool)[:8]:
            judged.setdefault(item, 0)
    return run, qrels


@pytest.mark.parametrize(("names", "close"), [(IR_MEASURES, 1e-9), (GDEVAL, 5e-6)])
def test_measures_by_their_names_in_ir_measures_equal_what_it_answers(names, close):
    run, qrels = frames(*drawn_with_zeros())
    for name, answer in names.items():  # one at a time: some are one measure by two names
        assert evaluate(run, qrels, name).table["value"].item() == pytest.approx(answer, abs=close), name


def test_ir_measures_answers_what_is_recorded_of_it(require):
    im = require("ir_measures")
    run, qrels = drawn_with_zeros()
    scores = {q: {d: 1 - n / 100 for n, d in enumerate(items)} for q, items in run.items()}
    for name, answer in IR_MEASURES.items():
        if not name.startswith("RBP"):  # cwl-eval computes these
            measure = im.parse_measure(name)
            assert im.calc_aggregate([measure], qrels, scores)[measure] == pytest.approx(answer, abs=1e-12), (
                name
            )


def test_scores_that_single_precision_holds_equal_are_in_their_order():
    """As in trec_eval 10; what compares in single precision would put b, the last letter, first."""
    run = pl.DataFrame({"query": ["q"] * 2, "item": ["b", "a"], "score": [0.5, 0.5 + 1e-10]})
    assert prepare(run).rows["item"].to_list() == ["a", "b"]


def test_a_note_of_what_is_not_relevant_names_the_measures_and_the_grade_there_is():
    run, qrels = frames({"a": ["x"]}, {"a": {"x": 0.5}})
    with pytest.warns(EvaluationWarning, match="map is undefined for 1 of 1"):
        notes = evaluate(run, qrels, "ndcg,map,p@1").notes
    told = {what: meaning for what, _, meaning in notes.rows()}
    grade = "nothing is relevant there to map, p@1; for the highest grade: map(rel=0.5)"
    assert told["queries with no item of relevance 1 or more"] == grade


@pytest.mark.parametrize("measure", ["ndcg", "map(rel=0.5)", "p(rel=0.5)@1", "err"])
def test_nothing_is_noted_where_grades_below_1_give_a_value(measure):
    run, qrels = frames({"a": ["x"]}, {"a": {"x": 0.5}})
    found = evaluate(run, qrels, measure)
    assert found.table["value"].item() > 0
    assert found.notes.height == 0


def test_what_needs_a_relevant_item_is_null_without_one_and_is_counted():
    run, qrels = frames({"a": ["x"], "b": ["x"]}, {"a": {"x": 0}, "b": {"x": 1}})
    with pytest.warns(EvaluationWarning, match="undefined for 1 of 2"):
        found = evaluate(run, qrels, ["ndcg@5", "map", "mrr", "recall", "hit_rate", "rprec", "p@1"])
    assert found.per_query.row(0) == ("a", None, None, None, None, None, None, 0.0)
    assert found.table.filter(metric="map").select("n", "undefined", "value").row(0) == (1, 1, 1.0)
    assert ("queries with no item of relevance 1 or more", 1) in found.notes.select("what", "count").rows()


def test_what_is_undefined_counts_as_zero_where_that_is_asked_and_is_said():
    run, qrels = frames({"a": ["x"], "b": ["x"]}, {"a": {"x": 0}, "b": {"x": 1}})
    with pytest.warns(EvaluationWarning, match="they count as 0"):
        found = evaluate(run, qrels, "map", undefined="zero")
    assert found.table.select("n", "undefined", "value").row(0) == (2, 0, 0.5)
    assert ("queries where map is undefined", 1) in found.notes.select("what", "count").rows()


def test_a_grade_above_the_scale_of_err_is_refused_with_the_scale_to_give():
    with pytest.raises(EvaluationError, match=r"write err\(max=7\)"):
        one("err", ["x"], {"x": 7})


def test_someone_without_a_list_counts_zero_unless_asked_to_be_skipped():
    run, qrels = frames({"a": ["x"]}, {"a": {"x": 1}, "b": {"x": 1}})
    assert evaluate(run, qrels, "mrr").per_query.rows() == [("a", 1.0), ("b", 0.0)]
    assert evaluate(run, qrels, "mrr", missing="skip").per_query.rows() == [("a", 1.0)]
    assert prepare(run, qrels).notes.rows()[0][:2] == ("judged queries without a list", 1)


def test_people_nobody_judged_are_left_out_and_counted():
    run, qrels = frames({"a": ["x"], "z": ["x", "y"]}, {"a": {"x": 1}})
    found = evaluate(run, qrels, "mrr")
    assert found.per_query.rows() == [("a", 1.0)]
    counted = dict(found.notes.select("what", "count").rows())
    assert counted == {"queries nobody judged": 1, "run rows of queries nobody judged": 2}


def test_rows_without_a_rank_or_a_relevance_are_dropped_and_counted_and_cost_no_good_row():
    run = pl.DataFrame(
        {"query": ["a", "a", None], "item": ["x", "y", "x"], "score": [1.0, float("nan"), 1.0]}
    )
    qrels = pl.DataFrame({"query": ["a", "a"], "item": ["x", "y"], "relevance": [1, None]})
    found = evaluate(run, qrels, "p")
    assert found.per_query.rows() == [("a", 1.0)]
    counted = dict(found.notes.select("what", "count").rows())
    assert counted["run rows dropped"] == 2
    assert counted["qrels rows dropped"] == 1


def test_the_rank_decides_where_there_is_a_score_too():
    run = pl.DataFrame({"query": ["a"] * 2, "item": ["x", "y"], "rank": [2, 1], "score": [9.0, 1.0]})
    assert prepare(run).rows["item"].to_list() == ["y", "x"]


def test_the_user_of_a_recommender_is_a_query_unless_another_column_is():
    from bobanalysis.evaluation.lists import column

    user = pl.DataFrame({"user_id": ["u1"]})
    assert column(user, "query", "run") == "user_id"
    assert column(user.with_columns(query=pl.lit("q1")), "query", "run") == "query"


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            {"query": ["a", "a"], "item": ["x", "x"], "rank": [1, 2]},
            "run: query 'a', item 'x' stands there more than once",
        ),
        ({"query": ["a", "a"], "item": ["x", "y"], "rank": [1, 1]}, "query 'a' has two items of rank 1"),
        (
            {"query": ["a"], "item": ["x"], "rank": ["first"]},
            "run, row 1, column 'rank': 'first' is no number",
        ),
        ({"query": ["a"], "item": ["x"]}, "no column rank or score"),
        ({"item": ["x"], "rank": [1]}, "no column query or person_id"),
        ({"query": ["a"], "qid": ["a"], "item": ["x"], "rank": [1]}, "could each be the query"),
        ({"query": ["z"], "item": ["x"], "rank": [1]}, "share no query: 'z' in the run, 'a' in the qrels"),
    ],
)
def test_a_run_that_cannot_be_read_is_refused_with_the_place(run, message):
    _, qrels = frames({}, {"a": {"x": 1}})
    with pytest.raises(EvaluationError, match=message):
        evaluate(pl.DataFrame(run), qrels, "p@1")


def test_an_empty_run_is_refused():
    run, qrels = frames({"a": ["x"]}, {"a": {"x": 1}})
    with pytest.raises(EvaluationError, match="the run is empty"):
        evaluate(run.clear(), qrels, "p@1")
    with pytest.raises(EvaluationError, match="the qrels are empty"):
        evaluate(run, qrels.clear(), "p@1")


def test_an_item_judged_twice_is_refused():
    run, qrels = frames({"a": ["x"]}, {"a": {"x": 1}})
    with pytest.raises(EvaluationError, match=r"qrels: .* 'x' stands there more than once"):
        evaluate(run, pl.concat([qrels, qrels]), "p@1")


@pytest.mark.parametrize("missing", ["zero", "skip"])
def test_a_query_that_comes_first_and_has_no_list_or_no_judgement_costs_the_others_nothing(missing):
    run, qrels = frames({"a": ["x"], "b": ["y", "x"], "d": ["x"]}, {"b": {"x": 1}, "d": {"x": 1}})
    found = evaluate(run, qrels, "map", missing=missing)
    assert found.per_query.rows() == [("b", 0.5), ("d", 1.0)]
    run, qrels = frames({"b": ["y", "x"]}, {"a": {"x": 1}, "b": {"x": 1}})
    found = evaluate(run, qrels, "map", missing=missing).per_query.rows()
    assert found == [("a", 0.0), ("b", 0.5)][missing == "skip" :]


def test_ndcg_of_the_worked_example_of_eight_judged_documents():
    grades = {"D1": 3, "D2": 2, "D3": 3, "D4": 0, "D5": 1, "D6": 2, "D7": 3, "D8": 2}
    listed = ["D1", "D2", "D3", "D4", "D5", "D6"]
    assert one("ndcg@6", listed, grades) == pytest.approx(6.861126688593502 / 8.740262365546284, abs=1e-12)
    assert one("ndcg@2", listed, grades) == pytest.approx((3 + 2 / LOG3) / (3 + 3 / LOG3), abs=1e-12)


def test_ids_are_the_same_in_a_table_of_numbers_and_in_one_of_text():
    run = pl.DataFrame({"query": ["1", "2"], "item": ["10", "20"], "score": [1.0, 1.0]})
    qrels = pl.DataFrame({"query": [1, 2], "item": [10, 21], "relevance": [1, 1]})
    assert evaluate(run, qrels, "mrr").table["value"].item() == 0.5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ndgc@5", "no measure is called 'ndgc'; there are: p, recall"),
        ("ndcg@0", "k counts from 1"),
        ("rprec@5", "takes no @k"),
        ("ndcg(gain=log)@5", "gain=log is not one of: linear, exp2"),
        ("rbp(1)", "out of range"),
        ("rbp(x)", "no number"),
        ("map(k=3)", "not understood"),
        ("ndcg@5@6", "is no name of a measure"),
    ],
)
def test_a_name_that_is_not_understood_says_what_would_be(name, message):
    with pytest.raises(EvaluationError, match=message):
        parse(name)


def test_a_measure_asked_for_twice_is_refused():
    with pytest.raises(EvaluationError, match=r"more than once: ndcg@5"):
        parse_all("ndcg@5, NDCG@5")


ITEMS = pl.DataFrame(
    {
        "item": ["a", "b", "c", "d"],
        "popularity": [0.5, 0.25, 0.125, 0.0],
        "x": [1.0, 0.0, 1.0, 1.0],
        "y": [0.0, 2.0, 1.0, 0.0],
        "family": ["f", "f", "g", "g"],
        "kind": ["k", "l", "l", "k"],
    }
)


def alone(measure, run, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvaluationWarning)
        return evaluate(frames(run, {})[0], None, measure, items=ITEMS, **more)


def test_novelty_is_the_mean_surprise_of_items_whose_popularity_is_known():
    found = alone("novelty", {"p": ["a", "b"], "q": ["c", "d"], "r": ["d"], "s": ["elsewhere"]})
    assert found.per_query["novelty"].to_list() == [1.5, 3.0, None, None]


def test_diversity_is_the_mean_distance_of_pairs():
    run = {"p": ["a", "b", "c"], "q": ["a", "d"], "r": ["a"]}
    cosine = alone("ild", run).per_query["ild"].to_list()
    assert cosine == pytest.approx([(1 + 2 * (1 - np.sqrt(0.5))) / 3, 0, None], abs=1e-12)
    assert alone("ild(mismatch)", run).per_query["ild(mismatch)"].to_list() == [
        (0.5 + 1 + 0.5) / 3,
        0.5,
        None,
    ]


def test_coverage_and_gini_count_items_that_nobody_gets():
    found = alone("coverage@1,coverage,gini@1", {"p": ["a", "b"], "q": ["a"]}).table
    assert dict(found.select("metric", "value").rows()) == {
        "coverage@1": 0.25,
        "coverage": 0.5,
        "gini@1": 0.75,
    }
    assert found["ci_low"].null_count() == 3


def test_expected_coverage_is_the_mean_over_all_draws_of_people():
    run = {"p": ["a", "b"], "q": ["a"], "r": ["c"], "s": ["b", "d"]}
    expected = np.mean(
        [len({i for q in draw for i in run[q]}) / 4 for draw in itertools.combinations(run, 2)]
    )
    assert alone("coverage(people=2)", run).table["value"].item() == pytest.approx(expected, abs=1e-12)
    assert alone("coverage(people=5)", run).table["value"].item() is None


def test_gini_is_0_for_equal_places_and_agrees_with_its_definition_by_pairs():
    assert alone("gini", {"p": ["a", "b", "c", "d"]}).table["value"].item() == 0
    run = {"p": ["a", "b"], "q": ["a", "c"], "r": ["a"]}
    counts = np.array([3, 1, 1, 0])
    by_pairs = np.abs(counts[:, None] - counts).sum() / (2 * 4 * counts.sum())
    assert alone("gini", run).table["value"].item() == pytest.approx(by_pairs)


def test_measures_of_items_say_what_they_need():
    run = frames({"p": ["a"]}, {})[0]
    with pytest.raises(EvaluationError, match=r"novelty needs items="):
        evaluate(run, None, "novelty")
    with pytest.raises(EvaluationError, match="needs a column popularity"):
        evaluate(run, None, "novelty", items=ITEMS.drop("popularity"))
    with pytest.raises(EvaluationError, match="at least one column of text"):
        evaluate(run, None, "ild(mismatch)", items=ITEMS.select("item", "x"))
    with pytest.raises(EvaluationError, match="needs judgements"):
        evaluate(run, None, "map")
