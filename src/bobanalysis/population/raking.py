"""Raking: fitting the weights of cells to several known margins at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .vocabulary import Floats, Ints

MOST_ROUNDS = 500


@dataclass(frozen=True)
class Raked:
    """Outcome of :func:`rake`.

    ``weights``: float array, one a cell; ``rounds``: rounds used; ``gap``: largest relative gap left on a
    raked margin; ``converged``: whether that gap is under the tolerance; ``design_effect``: Kish's, of the
    factors that raking applied.
    """

    weights: Floats
    rounds: int
    gap: float
    converged: bool
    design_effect: float


def rake(seed: Floats, margins: Sequence[tuple[Ints, Floats]], tolerance: float = 1e-9) -> Raked:
    """Iterative proportional fitting of cell weights to margins.

    Parameters: ``seed``, start weights, one a cell, zero or more (people); ``margins``, pairs of a group
    number a cell (0 ... k - 1) and the k totals wanted (people; all margins must sum to the same total within
    0.01 %); ``tolerance``, relative.
    Returns: :class:`Raked`.
    Raises: ValueError when a margin wants people where no cell can hold any, or when margins disagree on the
    total.
    Source: Deming & Stephan (1940), Annals of Mathematical Statistics 11(4); design effect of weights: Kish
    (1965).

    >>> rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> r = rake(np.ones(4), [(rows, np.array([6.0, 2.0])), (columns, np.array([5.0, 3.0]))])
    >>> r.weights.round(6).tolist(), r.converged
    ([3.75, 2.25, 1.25, 0.75], True)
    """
    totals = [float(target.sum()) for _, target in margins]
    if max(totals) - min(totals) > 1e-4 * max(totals):
        raise ValueError(f"the margins disagree on the total ({totals}); scale them to one total first")
    for number, (groups, target) in enumerate(margins):
        held = np.bincount(groups, seed, len(target))
        for empty in np.flatnonzero((held <= 0) & (target > 0)):
            wanted = f"{target[empty]:g} people are wanted but no cell can hold them"
            raise ValueError(f"margin {number}, group {empty}: {wanted}")
    weights = seed.astype(np.float64)
    rounds, gap = 0, float("inf")
    while gap > tolerance and rounds < MOST_ROUNDS:
        rounds += 1
        for groups, target in margins:
            held = np.bincount(groups, weights, len(target))
            weights = weights * np.divide(target, held, out=np.zeros_like(target), where=held > 0)[groups]
        gap = 0.0
        for groups, target in margins:
            held = np.bincount(groups, weights, len(target))
            gap = max(gap, float(np.max(np.abs(held - target) / np.where(target > 0, target, 1.0))))
    return Raked(weights, rounds, gap, gap <= tolerance, design_effect(seed, weights))


def rake_table(seed: Floats, rows: Floats, columns: Floats, tolerance: float = 1e-9) -> Floats:
    """Rake a table to the totals of its rows and of its columns; see :func:`rake`.

    >>> rake_table(np.ones((2, 2)), np.array([6.0, 2.0]), np.array([5.0, 3.0])).round(6).tolist()
    [[3.75, 2.25], [1.25, 0.75]]
    """
    row, column = np.indices(seed.shape).reshape(2, -1)
    return rake(seed.ravel(), [(row, rows), (column, columns)], tolerance).weights.reshape(seed.shape)


def design_effect(seed: Floats, weights: Floats) -> float:
    """Kish's design effect of the factors ``weights / seed``, each cell counting for its seed.

    Parameters: two float arrays of the same shape (people).
    Returns: 1 when every cell was multiplied by the same factor, more otherwise (1.4: the variance of a mean
    is 1.4 times that of a simple sample of the same size).

    >>> design_effect(np.array([1.0, 1.0]), np.array([1.0, 3.0]))
    1.25
    """
    held = seed > 0
    factors = weights[held] / seed[held]
    return float(seed[held].sum() * (seed[held] * factors**2).sum() / (seed[held] * factors).sum() ** 2)
