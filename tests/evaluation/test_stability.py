import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bobanalysis.evaluation import EvaluationError, stability


def frame(lists):
    rows = [(q, item, n) for q, items in lists.items() for n, item in enumerate(items, 1)]
    return pl.DataFrame(rows, {"person_id": pl.String, "item": pl.String, "rank": pl.Int64}, orient="row")


def rbo_by_its_formula(one, two, p):
    """Webber, Moffat and Zobel (2010), equation 32, term by term."""
    short, long = sorted((one, two), key=len)
    s, l = len(short), len(long)  # noqa: E741
    x = {d: len(set(short[:d]) & set(long[:d])) for d in range(1, l + 1)}
    total = sum(x[d] / d * p**d for d in range(1, l + 1))
    total += sum(x[s] * (d - s) / (s * d) * p**d for d in range(s + 1, l + 1))
    return (1 - p) / p * total + ((x[l] - x[s]) / l + x[s] / s) * p**l


some = st.lists(st.sampled_from("abcdefghij"), min_size=1, unique=True)


@settings(max_examples=60)
@given(st.lists(st.tuples(some, some), min_size=1, max_size=4), st.sampled_from([0.3, 0.8, 0.98]))
def test_rank_biased_overlap_is_its_formula(pairs, p):
    one, two = ({f"p{n}": pair[side] for n, pair in enumerate(pairs)} for side in (0, 1))
    found = stability(frame(one), frame(two), [f"rbo({p})"])[f"rbo({p})"]
    np.testing.assert_allclose(found, [rbo_by_its_formula(a, b, p) for a, b in pairs], atol=1e-12)


@settings(max_examples=60)
@given(st.lists(st.tuples(some, some), min_size=1, max_size=4))
def test_kendall_is_that_of_scipy_on_the_items_in_both(pairs):
    from scipy.stats import kendalltau

    one, two = ({f"p{n}": pair[side] for n, pair in enumerate(pairs)} for side in (0, 1))
    found = stability(frame(one), frame(two), ["kendall"])["kendall"].to_list()
    for (a, b), tau in zip(pairs, found, strict=True):
        both = [item for item in a if item in b]
        if len(both) < 2:
            assert tau is None
        else:
            assert tau == pytest.approx(kendalltau(range(len(both)), [b.index(i) for i in both]).statistic)


def test_the_same_lists_agree_fully_and_disjoint_lists_not_at_all():
    one, two = frame({"p": list("abc"), "q": list("abc")}), frame({"p": list("abc"), "q": list("xyz")})
    assert stability(one, two, ["rbo(0.9)", "kendall", "overlap@2"]).rows() == [
        ("p", pytest.approx(1), 1.0, 1.0),
        ("q", 0.0, None, 0.0),
    ]


def test_someone_with_one_list_only_agrees_in_nothing():
    found = stability(frame({"p": ["a"]}), frame({"p": ["a"], "q": ["a"]}), ["rbo(0.9)", "overlap@1"])
    assert found.row(1) == ("q", 0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "message"), [("tau", "no measure of agreement"), ("rbo(1)", "between 0 and 1")]
)
def test_an_unknown_measure_of_agreement_is_refused(name, message):
    with pytest.raises(EvaluationError, match=message):
        stability(frame({"p": ["a"]}), frame({"p": ["a"]}), [name])
