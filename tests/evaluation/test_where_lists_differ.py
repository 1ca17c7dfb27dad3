"""Where our values are not those of pytrec_eval and ir_measures: the rows on lists of docs/differences.md."""

import warnings

import polars as pl
import pytest

from bobanalysis.evaluation import EvaluationError, EvaluationWarning, evaluate


def ours(run, qrels, measure, **options):
    """Give {query: value} for a run {query: {item: score}} and judgements {query: {item: relevance}}."""
    listed = [(q, item, score) for q, items in run.items() for item, score in items.items()]
    judged = [(q, item, float(rel)) for q, items in qrels.items() for item, rel in items.items()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvaluationWarning)
        found = evaluate(
            pl.DataFrame(listed, ["query", "item", "score"], orient="row"),
            pl.DataFrame(judged, ["query", "item", "relevance"], orient="row"),
            [measure],
            **options,
        )
    return dict(found.per_query.iter_rows())


@pytest.fixture
def pytrec_eval(require):
    def values(run, qrels, measure):
        found = require("pytrec_eval").RelevanceEvaluator(qrels, {measure}).evaluate(run)
        return {query: each[measure] for query, each in found.items()}

    return values


@pytest.fixture
def ir_measures(require):
    def values(run, qrels, measure):
        im = require("ir_measures")
        judged = [im.Qrel(q, d, rel) for q, items in qrels.items() for d, rel in items.items()]
        listed = [im.ScoredDoc(q, d, score) for q, items in run.items() for d, score in items.items()]
        return {m.query_id: m.value for m in im.parse_measure(measure).iter_calc(judged, listed)}

    return values


def test_a_query_with_nothing_relevant_is_null_here_and_0_there(pytrec_eval, ir_measures):
    case = {"1": {"x": 1.0}, "2": {"x": 1.0}}, {"1": {"x": 0}, "2": {"x": 1}}
    assert ours(*case, "ndcg@5") == {"1": None, "2": 1.0}
    assert ours(*case, "ndcg@5", undefined="zero") == {"1": 0.0, "2": 1.0}
    assert pytrec_eval(*case, "ndcg_cut_5") == {"1": 0.0, "2": 1.0}
    assert ir_measures(*case, "nDCG@5") == {"1": 0.0, "2": 1.0}


def test_a_judged_query_without_a_list_is_0_here_and_in_ir_measures_and_absent_in_pytrec_eval(
    pytrec_eval, ir_measures
):
    case = {"1": {"x": 1.0}}, {"1": {"x": 1}, "2": {"x": 1}}
    assert ours(*case, "map") == ir_measures(*case, "AP") == {"1": 1.0, "2": 0.0}
    assert ours(*case, "map", missing="skip") == pytrec_eval(*case, "map") == {"1": 1.0}


def test_scores_that_differ_after_the_seventh_digit_are_ordered_here_and_equal_in_pytrec_eval(pytrec_eval):
    """pytrec_eval 0.5.11 holds trec_eval 9, which compares scores in single precision."""
    case = {"1": {"x": 1.00000001, "y": 1.0}}, {"1": {"x": 1}}
    assert ours(*case, "mrr") == {"1": 1.0}
    assert pytrec_eval(*case, "recip_rank") == {"1": 0.5}


def test_equal_scores_go_by_name_last_letter_first_as_in_pytrec_eval(pytrec_eval):
    case = {"1": {"x": 1.0, "y": 1.0}}, {"1": {"x": 1}}
    assert ours(*case, "mrr") == pytrec_eval(*case, "recip_rank") == {"1": 0.5}


def test_of_equal_scores_ir_measures_takes_another_order_for_judged_than_for_rr(ir_measures):
    case = {"1": {"x": 1.0, "y": 1.0}}, {"1": {"x": 1}}
    assert ours(*case, "judged@1") == {"1": 0.0}
    assert ir_measures(*case, "Judged@1") == {"1": 1.0}
    assert ir_measures(*case, "RR") == {"1": 0.5}


def test_grades_may_be_fractions_here_and_must_be_whole_in_pytrec_eval(pytrec_eval):
    case = {"1": {"x": 2.0, "y": 1.0}}, {"1": {"x": 0.5, "y": 1}}
    assert ours(*case, "ndcg")["1"] == pytest.approx(0.8597186998521972)
    with pytest.raises(TypeError, match="integer"):
        pytrec_eval(*case, "ndcg")


def test_grades_below_0_count_as_0_and_as_judged_here_as_there(pytrec_eval, ir_measures):
    case = {"1": {"x": 2.0, "y": 1.0}}, {"1": {"x": -1, "y": 1, "z": 0}}
    assert ours(*case, "ndcg@5")["1"] == pytest.approx(pytrec_eval(*case, "ndcg_cut_5")["1"])
    assert ours(*case, "judged@2") == ir_measures(*case, "Judged@2") == {"1": 1.0}


def test_exponential_gains_and_err_have_all_digits_here_and_five_in_ir_measures(ir_measures):
    """ir_measures asks gdeval, which prints five decimals."""
    case = {"1": {"x": 2.0, "y": 1.0, "w": 0.5}}, {"1": {"x": 1, "y": 3, "z": 2}}
    assert ours(*case, "err@5") == {"1": 0.267578125}
    assert ir_measures(*case, "ERR@5") == {"1": 0.26758}
    assert ours(*case, "ndcg(gain=exp2)@5")["1"] == pytest.approx(0.5766666455144387)
    assert ir_measures(*case, "nDCG(dcg='exp-log2')@5") == {"1": 0.57667}
    named = {"q": case[0]["1"]}, {"q": case[1]["1"]}
    assert ours(*named, "err@5") == {"q": 0.267578125}
    with pytest.raises(Exception, match="non-zero exit status"):
        ir_measures(*named, "ERR@5")


def test_a_grade_above_4_needs_its_scale_for_err_here_and_is_no_grade_in_gdeval(ir_measures):
    case = {"1": {"x": 2.0}}, {"1": {"x": 7, "y": 3}}
    with pytest.raises(EvaluationError, match=r"err\(max=7\)"):
        ours(*case, "err@5")
    assert ours(*case, "err(max=7)@5") == {"1": 127 / 128}
    with pytest.raises(Exception, match="non-zero exit status"):
        ir_measures(*case, "ERR@5")


def test_ndcg_of_equal_scores_is_one_order_here_and_the_mean_of_all_orders_in_scikit_learn():
    from sklearn.metrics import ndcg_score

    case = {"1": {"x": 1.0, "y": 1.0}}, {"1": {"x": 1, "y": 0}}
    assert ours(*case, "ndcg")["1"] == pytest.approx(0.6309297535714575)
    assert ndcg_score([[1, 0]], [[1.0, 1.0]]) == pytest.approx((1 + 0.6309297535714575) / 2)
