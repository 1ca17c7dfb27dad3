"""Do two runs tell a person the same? Agreement of two ranked lists, per person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.evaluation.lists import Array, EvaluationError, Ints, Lists, prepare
from bobanalysis.evaluation.measures import share

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
    if unknown := [name for name, match in asked.items() if not match]:
        raise EvaluationError(
            f"{unknown[0]!r} is no measure of agreement; there are rbo(p), kendall, overlap@k"
        )
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
