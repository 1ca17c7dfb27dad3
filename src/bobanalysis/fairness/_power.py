"""What a table can show: the smallest gap it can detect, and the gaps it can exclude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from bobanalysis.fairness import intervals
from bobanalysis.fairness.gaps import MEAN, compare
from bobanalysis.fairness.intervals import Array

_MOST_GROUPS = 3_000  # all pairs of which are looked at


def power(rate: Any, gap: Any, n: Any, m: Any, level: float = 0.05, tests: int = 1) -> Array:
    """Chance that a two-sided test of two rates finds a gap, as statsmodels computes it.

    Args:
        rate: rate of those that a group is compared with.
        gap: rate of the group minus that rate; outside 0 to 1 in sum gives NaN.
        n, m: people in the group, and in the one it is compared with; effective numbers with weights.
        level: chance of a false alarm, of all tests together.
        tests: number of tests that it is shared among (Bonferroni).

    Returns:
        Power, 0 to 1.

    Source: Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 6.

    Example:
        >>> power(0.3, [0.05, 0.1, 0.2], 350, 350).round(2)
        array([0.29, 0.79, 1.  ])
    """
    from statsmodels.stats.power import normal_power
    from statsmodels.stats.proportion import proportion_effectsize

    p, gap, n, m = np.broadcast_arrays(*(np.asarray(v, float) for v in (rate, gap, n, m)))
    possible = (p + gap >= 0) & (p + gap <= 1) & (n > 0) & (m > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, size = proportion_effectsize(p + gap, p), n * m / (n + m)
    return np.where(possible, normal_power(effect, size, level / tests), np.nan)


def minimum_detectable_gap(
    rate: Any, n: Any, m: Any, chance: float = 0.8, level: float = 0.05, tests: int = 1
) -> Array:
    """Smallest gap upwards that would be found with a given chance: :func:`power`, turned round.

    Args:
        rate: rate of those that a group is compared with; for gaps downwards give 1 minus it.
        n, m, level, tests: as for :func:`power`.
        chance: of finding the gap.

    Returns:
        A difference of shares; NaN where even the largest possible gap would be found less often.

    Example:
        >>> minimum_detectable_gap(0.3, [20, 350], [1000, 350]).round(2)
        array([0.31, 0.1 ])
    """
    p, n, m = np.broadcast_arrays(*(np.asarray(v, float) for v in (rate, n, m)))
    normal = NormalDist()
    effect = (normal.inv_cdf(1 - level / tests / 2) + normal.inv_cdf(chance)) * np.sqrt(1 / n + 1 / m)
    angle = np.arcsin(np.sqrt(p)) + effect / 2
    return np.where(angle <= np.pi / 2, np.sin(angle) ** 2 - p, np.nan)


@dataclass(frozen=True)
class Equivalence:
    """Whether a gap larger than a margin can be excluded.

    Attributes:
        margin: the margin asked for, a difference of shares.
        excluded: whether every gap is shown to be smaller.
        smallest: the smallest margin that can be excluded; None where it is not estimable.
        high, low: labels of the two groups that decide it.
        left_out: labels of the groups too small to compare, about which nothing is shown.
        reason: why it is not estimable, or None.
    """

    margin: float
    excluded: bool
    smallest: float | None
    high: str | None
    low: str | None
    left_out: tuple[str, ...]
    reason: str | None = None


def equivalence_test(
    frame: Any,
    groups: Sequence[str] | None = None,
    prediction: str | None = None,
    margin: float = 0.05,
    metric: str | None = None,
    min_group: int = 2,
    level: float = 0.05,
    **roles: Any,
) -> Equivalence:
    """Test whether gaps of more than a margin can be excluded (two one-sided tests of every pair).

    "No significant gap" may only mean few people. This asks the opposite question, and the burden of proof is
    on the claim that groups are treated alike. It needs no correction for the number of pairs: the claim
    is made only if it holds for each.

    Args:
        frame, groups, prediction, metric, min_group, roles: as for :func:`bobanalysis.fairness.gap_test`.
        margin: difference of shares, more than 0 and less than 1; 0.05 is five points.
        level: chance of excluding the margin wrongly.

    Returns:
        The result; see :class:`Equivalence`.

    Raises:
        ValueError: as :func:`bobanalysis.fairness.gap_test`; a margin that cannot be.

    Source: Schuirmann, J. of Pharmacokinetics and Biopharmaceutics 15 (1987), 657-680; Berger and Hsu,
    Statistical Science 11 (1996), 283-319, for all pairs; Newcombe's limits for a difference.

    >>> import polars as pl
    >>> people = pl.DataFrame({"sex": ["F", "M"] * 4000, "told": [1, 1, 0, 0] * 2000})
    >>> found = equivalence_test(people, ["sex"], "told", margin=0.05)
    >>> found.excluded, round(found.smallest, 3)
    (True, 0.018)
    """
    if not 0 < margin < 1:
        raise ValueError(f"a margin lies between 0 and 1 (0.05 is five points), not {margin}")
    levels = compare(frame, groups, roles | {"prediction": prediction}, metric, min_group)
    if levels.metric == MEAN:
        raise ValueError("an equivalence test compares rates: give prediction= or outcome=")
    if len(levels.value) < 2:
        return Equivalence(margin, False, None, None, None, levels.left_out, levels.reason)
    if len(levels.value) > _MOST_GROUPS:
        raise ValueError(f"{len(levels.value)} groups make too many pairs; compare fewer groups")
    p = levels.value
    low, high = intervals.wilson(p, levels.people, 1 - 2 * level)
    # upper limit of what the group of the row has more than that of the column
    up = p[:, None] - p + np.hypot((high - p)[:, None], p - low)
    np.fill_diagonal(up, -1.0)
    i, j = divmod(int(up.argmax()), len(p))
    smallest, labels = float(up[i, j]), levels.labels
    return Equivalence(margin, smallest < margin, smallest, labels[i], labels[j], levels.left_out)
