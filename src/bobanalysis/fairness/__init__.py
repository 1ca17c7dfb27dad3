"""Who gets what: rates, means and gaps by group, with intervals, from any table.

Nothing here knows Bob: a researcher can use it for another algorithm.

    group_metrics   the tidy measure frame of a table
    cube, Cube      the mergeable sums it is computed from, one row a cell; cubes of parts of a table add up
    intervals       the formulas, on numpy arrays
    changed_share   the same people with one answer changed: how many outcomes move
    steps           and where along that answer they move
    rank_intervals  which units are high or low under every specification
"""

from bobanalysis.fairness.counterfactual import changed_share, steps
from bobanalysis.fairness.cube import UNKNOWN, Cube, cube
from bobanalysis.fairness.metrics import MEASURE_COLUMNS, MIN_GROUP, group_metrics, measures
from bobanalysis.fairness.robustness import rank_intervals

__all__ = [
    "MEASURE_COLUMNS",
    "MIN_GROUP",
    "UNKNOWN",
    "Cube",
    "changed_share",
    "cube",
    "group_metrics",
    "measures",
    "rank_intervals",
    "steps",
]
