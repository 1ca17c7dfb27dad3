"""Two runs of the same people: is one better than the other, and do they tell a person the same?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.evaluation.lists import Array, EvaluationError, Ints, Lists, prepare, to_polars
from bobanalysis.evaluation.measures import share
from bobanalysis.evaluation.summary import Evaluation
from bobanalysis.fairness import intervals
from bobanalysis.fairness.multiplicity import adjusted_p_values

REPLICATES = 10_000
_FOUND = ("value", "other_value", "difference", "ci_low", "ci_high", "p_t", "p_randomisation")


def compare(
    evaluations: Mapping[str, Evaluation],
    against: str | None = None,
    confidence: float = 0.95,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Any:
    """Compare runs on the people that both have a value for.

    Args:
        evaluations: name of each run → what :func:`evaluate` returned, for the same qrels and measures.
        against: the run that all others are compared with; None compares all pairs.
        confidence: nominal coverage of the interval of each difference, one at a time.
        replicates: of the randomisation test.
        seed: of the randomisation test.

    Returns:
        One row a measure and pair: ``metric, run, other, n, unpaired`` (people with a value in one run only),
        ``value, other_value, difference, ci_low, ci_high, p_t, p_randomisation`` (two-sided), and the two p
        values adjusted by Holm's method for all rows of the frame: ``p_t_adjusted``,
        ``p_randomisation_adjusted``. Null where fewer than two people can be compared. A frame of the library
        that the first run came in.

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
    pairs = [pair for pair in pairs if against is None or against in pair]
    frames = {name: _columns(evaluation, names) for name, evaluation in evaluations.items()}
    rows = []
    for run, other in pairs:
        both = frames[run].join(frames[other], on="_query", how="full", coalesce=True, suffix=" other")
        for name in names:
            one, two = (both[column].to_numpy() for column in (name, f"{name} other"))
            found = paired(one, two, confidence, replicates, seed)
            rows.append({"metric": name, "run": run, "other": other, **found})
    table = pl.DataFrame(rows, infer_schema_length=None).with_columns(pl.col(pl.Float64).fill_nan(None))
    for p in ("p_t", "p_randomisation"):
        adjusted = pl.Series(f"{p}_adjusted", adjusted_p_values(table[p].to_numpy(), "holm"))
        table = table.with_columns(adjusted.fill_nan(None))
    return to_polars(first.per_query)[1](table)


def paired(one: Array, two: Array, confidence: float, replicates: int, seed: int) -> dict[str, float | int]:
    """Compare two values a person, NaN where undefined.

    Returns:
        ``n, unpaired, value, other_value, difference, ci_low, ci_high, p_t, p_randomisation``.

    >>> found = paired(np.array([1.0, 0.8, 0.9]), np.array([0.5, 0.6, np.nan]), 0.95, 100, 0)
    >>> found["n"], found["unpaired"], round(found["difference"], 2)
    (2, 1, 0.35)
    """
    from scipy.special import stdtr

    there = ~np.isnan(one) & ~np.isnan(two)
    unpaired = int(np.count_nonzero(np.isnan(one) != np.isnan(two)))
    one, two = one[there], two[there]
    n, apart = one.size, one - two
    found: dict[str, float | int] = {"n": n, "unpaired": unpaired, **dict.fromkeys(_FOUND, np.nan)}
    if n == 0:
        return found
    mean, variance = float(apart.mean()), float(apart.var())
    found |= {"value": float(one.mean()), "other_value": float(two.mean()), "difference": mean}
    if n > 1:
        found["p_randomisation"] = randomisation(apart, replicates, seed)
        if float(np.ptp(apart)) >= 1e-12:  # less is rounding: nothing to say of the spread
            low, high = (float(end) for end in intervals.student(mean, variance, n, confidence))
            p_t = float(2 * stdtr(n - 1, -abs(mean) / np.sqrt(variance / (n - 1))))
            found |= {"ci_low": low, "ci_high": high, "p_t": p_t}
        elif abs(mean) < 1e-12:
            found["p_t"] = 1.0
    return found


def randomisation(apart: Array, replicates: int = REPLICATES, seed: int = 0) -> float:
    """Two-sided p value of a mean difference when the sign of each person's difference is arbitrary.

    Of people with the same absolute difference only the number of changed signs matters, which is binomial;
    so the cost is in distinct values, not in people. The observed signs count as one replicate, hence p is
    never 0.

    Source: Fisher (1935); Phipson and Smyth, Statistical Applications in Genetics and Molecular Biology 9
    (2010), article 39.

    >>> randomisation(np.array([0.0, 0.0]))
    1.0
    """
    rng = np.random.default_rng(seed)
    size, counts = np.unique(np.abs(apart[apart != 0]), return_counts=True)
    if size.size == 0:
        return 1.0
    observed, sums = abs(float(apart.sum())), np.zeros(replicates)
    often, alone = counts > 1, size[counts == 1]
    step = max(1, 2_000_000 // max(1, size.size))
    for first in range(0, replicates, step):
        many = min(step, replicates - first)
        drawn = 2 * rng.binomial(counts[often], 0.5, size=(many, int(often.sum()))) - counts[often]
        bits = np.unpackbits(rng.integers(0, 256, (many, -(-alone.size // 8)), np.uint8), axis=1)
        signs = bits[:, : alone.size].astype(np.float64) * 2 - 1
        sums[first : first + many] = drawn @ size[often] + signs @ alone
    # Sums of the same numbers in another order may differ in the last digit.
    reached = np.count_nonzero(np.abs(sums) >= observed * (1 - 1e-12) - 1e-12)
    return float(reached + 1) / (replicates + 1)


def _columns(evaluation: Evaluation, names: list[str]) -> pl.DataFrame:
    query, values = pl.col(evaluation.query_name).cast(pl.String), pl.col(names).cast(pl.Float64)
    return to_polars(evaluation.per_query)[0].select(values, _query=query)


# --- agreement of two lists of the same person --------------------------------------------------------------

AGREEMENTS = ("rbo(0.9)", "kendall", "overlap@5")
_NAME = re.compile(r"(rbo)\((?:p=)?([0-9.]+)\)|(kendall)|(overlap)@([0-9]+)")


def stability(run: Any, other: Any, measures: Sequence[str] = AGREEMENTS) -> Any:
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
    lists = prepare(run)
    pair = _Pair(lists, prepare(other))
    columns = {name: pair.measure(match) for name, match in asked.items() if match}
    frame = pl.DataFrame({pair.name: pair.queries, **columns})
    return lists.back(frame.with_columns(pl.col(columns).fill_nan(None)))


class _Pair:
    """The items that the two lists of each person share, with their two positions."""

    def __init__(self, run: Lists, other: Lists) -> None:
        self.name = run.query_name
        names = pl.concat([run.queries, other.queries]).unique().sort()
        self.queries = names.alias(self.name)
        rows, length = [], np.zeros((2, names.len()), np.int64)
        for side, lists in enumerate((run, other)):
            person = lists.queries.cast(pl.Enum(names)).to_physical()
            length[side, person.to_numpy()] = lists.length
            rows.append(lists.rows.select("item", "position", person=person.gather(lists.rows["query"])))
        common = rows[0].join(rows[1], on=["person", "item"]).sort("person", "position")
        self.size, self.length = names.len(), length
        self.person = common["person"].to_numpy().astype(np.int64)
        self.first: Ints = common["position"].to_numpy()
        self.second: Ints = common["position_right"].to_numpy()

    def measure(self, match: re.Match[str]) -> Array:
        if match[1]:
            return self.rbo(float(match[2]))
        return self.kendall() if match[3] else self.overlap(int(match[5]))

    def count(self, kept: Any, values: Any = None) -> Array:
        chosen = None if values is None else values[kept]
        return np.bincount(self.person[kept], chosen, minlength=self.size).astype(float)

    def overlap(self, k: int) -> Array:
        both = self.count((self.first <= k) & (self.second <= k))
        return share(both, np.minimum(self.length.max(axis=0), k).astype(float))

    def rbo(self, p: float) -> Array:
        """Sum p^d X_d / d over d item by item: an item counts in X_d from its later place on."""
        if not 0 < p < 1:
            raise EvaluationError(f"rbo({p:g}): p lies between 0 and 1, both excluded")
        short, long = self.length.min(axis=0), self.length.max(axis=0)
        depth = np.arange(1, int(long.max()) + 1)
        powers = np.concatenate([[0.0], np.cumsum(p**depth)])
        parts = np.concatenate([[0.0], np.cumsum(p**depth / depth)])
        later = np.maximum(self.first, self.second)
        every = np.ones(later.size, bool)
        seen = self.count(every, parts[long[self.person]] - parts[later - 1])
        in_both, in_short = self.count(every), self.count(later <= short[self.person])
        rate = np.divide(in_short, short, out=np.zeros(self.size), where=short > 0)
        unseen = rate * (powers[long] - powers[short]) - in_short * (parts[long] - parts[short])
        last = ((in_both - in_short) / long + rate) * p**long
        return (1 - p) / p * (seen + unseen) + last

    def kendall(self) -> Array:
        """Compare each item with the next of its list, then with the one after it, and so on."""
        n, ordered = self.count(slice(None)), np.zeros(self.size)
        at, step = np.arange(self.person.size), 1
        while (at := at[at < self.person.size - step]).size:
            at = at[self.person[at] == self.person[at + step]]
            ordered += np.bincount(self.person[at], self.second[at] < self.second[at + step], self.size)
            step += 1
        return share(2 * ordered, n * (n - 1) / 2) - 1
