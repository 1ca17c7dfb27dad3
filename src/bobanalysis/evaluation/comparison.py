"""Two runs of the same people: is one better than the other, and do they tell a person the same?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.evaluation.lists import Array, EvaluationError, Ints, prepare, to_polars
from bobanalysis.evaluation.measures import share
from bobanalysis.evaluation.summary import Evaluation
from bobanalysis.fairness import MIN_GROUP
from bobanalysis.fairness.multiplicity import adjusted_p_values

REPLICATES = 10_000
_FOUND = ("value", "other_value", "difference", "ci_low", "ci_high", "p_t", "p_randomisation")


def compare(
    evaluations: Mapping[str, Evaluation], against: str | None = None, replicates: int = REPLICATES
) -> Any:
    """Compare runs on the people that both have a value for.

    Args:
        evaluations: name of each run → what :func:`evaluate` returned, for the same qrels and measures.
        against: the run that all others are compared with; None compares all pairs.
        replicates: of the randomisation test.

    Returns:
        One row a measure and pair: ``metric, run, other, n, unpaired`` (people with a value in one run only),
        ``value, other_value, difference, ci_low, ci_high`` (95 %), ``p_t, p_randomisation`` (two-sided), and
        the two p values adjusted by Holm's method for all rows of the frame: ``p_t_adjusted``,
        ``p_randomisation_adjusted``. Null where fewer than two people can be compared; with ``protect`` also
        where fewer than 11 can be, or are unpaired. A frame of the library that the first run came in.

    Raises:
        EvaluationError: fewer than two runs, no measure in common, or an unknown ``against``.

    Source: Smucker, Allan and Carterette, CIKM 2007, 623-632 (both tests); Holm, Scandinavian Journal of
    Statistics 6 (1979), 65-70.

    >>> from bobanalysis.evaluation import evaluate
    >>> qrels = pl.DataFrame({"query": ["a", "b", "c"], "item": ["x"] * 3, "relevance": [1] * 3})
    >>> one = qrels.select("query", "item", rank=1)
    >>> two = one.with_columns(item=pl.Series(["x", "y", "z"]))
    >>> table = compare({"one": evaluate(one, qrels, "p@1"), "two": evaluate(two, qrels, "p@1")})
    >>> table.select("n", "value", "other_value").row(0)
    (3, 1.0, 0.3333333333333333)
    """
    if len(evaluations) < 2:
        raise EvaluationError(f"two runs or more can be compared; there is {len(evaluations)}")
    if against is not None and against not in evaluations:
        raise EvaluationError(f"against={against!r} is none of the runs: {', '.join(evaluations)}")
    first, *others = evaluations.values()
    names = [name for name in first.per_person if all(name in other.per_person for other in others)]
    if not names:
        raise EvaluationError("the runs have no measure per person in common")
    pairs = [(a, b) if against != a else (b, a) for a, b in combinations(evaluations, 2)]
    columns, frames = pl.col(names).cast(pl.Float64), {}
    for name, evaluation in evaluations.items():
        query = pl.col(evaluation.query_name).cast(pl.String).alias("_query")
        frames[name] = to_polars(evaluation.per_query)[0].select(query, columns)
    rows = []
    for run, other in (pair for pair in pairs if against in (None, *pair)):
        both = frames[run].join(frames[other], on="_query", how="full", coalesce=True, suffix=" other")
        for name in names:
            one, two = (both[column].to_numpy() for column in (name, f"{name} other"))
            rows.append({"metric": name, "run": run, "other": other, **paired(one, two, replicates)})
    table = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col(pl.Float64).fill_nan(None))
    few = pl.any_horizontal(pl.col("n", "unpaired").is_between(1, MIN_GROUP - 1))
    if any(one.hidden for one in evaluations.values()):  # the mean of few unpaired would follow
        table = table.with_columns(pl.when(~few).then(pl.col("n", "unpaired", *_FOUND)).name.keep())
    for p in ("p_t", "p_randomisation"):
        adjusted = pl.Series(f"{p}_adjusted", adjusted_p_values(table[p].to_numpy(), "holm"))
        table = table.with_columns(adjusted.fill_nan(None))
    return to_polars(first.per_query)[1](table)


def paired(one: Array, two: Array, replicates: int = REPLICATES) -> dict[str, float | int]:
    """Compare two values a person, NaN where undefined.

    Returns:
        ``n, unpaired, value, other_value, difference, ci_low, ci_high, p_t, p_randomisation``.

    >>> found = paired(np.array([1.0, 0.8, 0.9]), np.array([0.5, 0.6, np.nan]), 100)
    >>> found["n"], found["unpaired"], round(found["difference"], 2)
    (2, 1, 0.35)
    """
    from scipy.stats import ttest_rel

    there = ~np.isnan(one) & ~np.isnan(two)
    unpaired = np.count_nonzero(np.isnan(one) != np.isnan(two))
    one, two = one[there], two[there]
    n, apart = one.size, one - two
    found: dict[str, float | int] = {"n": n, "unpaired": int(unpaired), **dict.fromkeys(_FOUND, np.nan)}
    if n:
        found |= zip(_FOUND, (float(values.mean()) for values in (one, two, apart)), strict=False)
    if n > 1:
        found["p_randomisation"] = randomisation(apart, replicates)
        if np.ptp(apart) >= 1e-12:  # less is rounding: nothing to say of the spread
            test = ttest_rel(one, two)
            low, high = test.confidence_interval()
            found |= {"ci_low": float(low), "ci_high": float(high), "p_t": float(test.pvalue)}
        elif abs(found["difference"]) < 1e-12:
            found["p_t"] = 1.0
    return found


def randomisation(apart: Array, replicates: int = REPLICATES) -> float:
    """Two-sided p value of a mean difference when the sign of each person's difference is arbitrary.

    Of people with the same absolute difference only the number of changed signs matters, which is binomial;
    so the cost is in distinct values, not in people as in scipy's ``permutation_test``. The observed signs
    count as one replicate, hence p is never 0.

    Source: Fisher (1935); Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9
    (2010), article 39.

    >>> randomisation(np.array([0.0, 0.0]))
    1.0
    """
    rng, reached = np.random.default_rng(0), 1
    size, counts = np.unique(np.abs(apart), return_counts=True)
    # sums of the same numbers in another order may differ in the last digit
    observed = abs(float(apart.sum())) * (1 - 1e-12) - 1e-12
    step = max(1, 2_000_000 // size.size)
    for first in range(0, replicates, step):
        drawn = rng.binomial(counts, 0.5, size=(min(step, replicates - first), size.size))
        reached += int(np.count_nonzero(np.abs((2 * drawn - counts) @ size) >= observed))
    return reached / (replicates + 1)


# --- agreement of two lists of the same person --------------------------------------------------------------

_NAME = re.compile(r"rbo\((?:p=)?([0-9.]+)\)|(kendall)|overlap@([0-9]+)")


def stability(run: Any, other: Any, measures: Sequence[str] = ("rbo(0.9)", "kendall", "overlap@5")) -> Any:
    """Compare the lists of two runs for each person: the same rules with one answer missing, say.

    Args:
        run, other: as for :func:`bobanalysis.evaluation.evaluate`.
        measures: of

            * ``rbo(p)``: rank-biased overlap, extrapolated to unequal lengths; 0 disjoint, 1 the same.
              RBO = (1-p) Σ_d p^(d-1) X_d / d, X_d the number of items in both first d (Webber, Moffat and
              Zobel, ACM TOIS 28 (2010), article 20, equation 32);
            * ``kendall``: τ over the items in both lists, (pairs in the same order - in reverse) / pairs;
              -1 reversed, 1 the same order (Kendall, Biometrika 30 (1938), 81-93). It says nothing about
              items in one list only, so read it beside the others; undefined with fewer than two in both;
            * ``overlap@k``: items in both first k / size of the larger of the two (Fagin, Kumar and
              Sivakumar, SIAM J. Discrete Mathematics 17 (2003), 134-160).

    Returns:
        One row a person of either run: the name column of ``run``, one column a measure, in the library of
        ``run``. Someone with a list in one run only has 0 for ``rbo`` and ``overlap``.

    Raises:
        EvaluationError: as :func:`prepare`; or an unknown measure.

    >>> a = pl.DataFrame({"person_id": ["p"] * 3, "item": ["x", "y", "z"], "rank": [1, 2, 3]})
    >>> b = pl.DataFrame({"person_id": ["p"] * 3, "item": ["y", "x", "z"], "rank": [1, 2, 3]})
    >>> stability(a, b, ["overlap@1", "overlap@2"]).row(0)
    ('p', 0.0, 1.0)
    """
    asked = {name: _NAME.fullmatch(re.sub(r"\s", "", name.lower())) for name in measures}
    for name in (name for name, match in asked.items() if not match):
        raise EvaluationError(f"{name!r} is no measure of agreement; there are rbo(p), kendall, overlap@k")
    lists, others = prepare(run), prepare(other)
    names = pl.concat([lists.queries, others.queries]).unique().sort()
    rows, length = [], np.zeros((2, names.len()), np.int64)
    for side, given in enumerate((lists, others)):
        place = given.queries.cast(pl.Enum(names)).to_physical()
        length[side, place.to_numpy()] = given.length
        who = place.gather(given.rows["query"])
        rows.append(given.rows.select(pl.col("item").cast(pl.String), "position", person=who))
    common = rows[0].join(rows[1], on=["person", "item"]).sort("person", "position")
    person, first, second = common.select("person", r"^position.*$").cast(pl.Int64).to_numpy().T
    found = {}
    for name, match in asked.items():
        p, _, k = match.groups() if match else ()
        if p:
            found[name] = _rbo(float(p), length, person, first, second)
        elif k:
            both = np.bincount(person[(first <= int(k)) & (second <= int(k))], minlength=names.len())
            found[name] = share(both.astype(float), np.minimum(length.max(axis=0), int(k)).astype(float))
        else:
            found[name] = _kendall(names.len(), person, second)
    frame = pl.DataFrame({lists.query_name: names, **found})
    return lists.back(frame.with_columns(pl.col(found).fill_nan(None)))


def _rbo(p: float, length: Ints, person: Ints, first: Ints, second: Ints) -> Array:
    """Sum p^d X_d / d over d item by item: an item counts in X_d from its later place on."""
    if not 0 < p < 1:
        raise EvaluationError(f"rbo({p:g}): p lies between 0 and 1, both excluded")
    short, long = length.min(axis=0), length.max(axis=0)
    depth = np.arange(1, int(long.max()) + 1)
    powers = np.concatenate([[0.0], np.cumsum(p**depth)])
    parts = np.concatenate([[0.0], np.cumsum(p**depth / depth)])
    later = np.maximum(first, second)
    seen = np.bincount(person, parts[long[person]] - parts[later - 1], len(long))
    in_both = np.bincount(person, minlength=len(long))
    in_short = np.bincount(person, later <= short[person], len(long))
    rate = np.divide(in_short, short, out=np.zeros(len(long)), where=short > 0)
    unseen = rate * (powers[long] - powers[short]) - in_short * (parts[long] - parts[short])
    last = ((in_both - in_short) / long + rate) * p**long
    return (1 - p) / p * (seen + unseen) + last


def _kendall(size: int, person: Ints, second: Ints) -> Array:
    """Compare each item with the next of its list, then with the one after it, and so on."""
    n, ordered = np.bincount(person, minlength=size), np.zeros(size)
    at, step = np.arange(person.size), 1
    while (at := at[at < person.size - step]).size:
        at = at[person[at] == person[at + step]]
        ordered += np.bincount(person[at], second[at] < second[at + step], size)
        step += 1
    return share(2 * ordered, n * (n - 1) / 2) - 1
