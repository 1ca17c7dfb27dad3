"""Who gets what: rates, means and gaps by group, with intervals, from any table.

Nothing here knows Bob: a researcher can use it for another algorithm. Wherever a table is taken, pandas comes
back as pandas; measures, tests and distances take a :class:`Cube` as well. In every function ``prediction``
is the decision and ``outcome`` what was true in the end.
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from bobanalysis.fairness._bootstrap import bootstrap
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube
from bobanalysis.fairness._exposure import exposure
from bobanalysis.fairness.adjusted import adjusted_effects, shrunk
from bobanalysis.fairness.audit import Audit, audit_file
from bobanalysis.fairness.curves import changed_share, curve, discontinuities, lack_of_fit, steps
from bobanalysis.fairness.decomposition import kitagawa, oaxaca, shapley
from bobanalysis.fairness.disclosure import protect
from bobanalysis.fairness.disparity import disparities, impact_ratios
from bobanalysis.fairness.distances import distribution_distances
from bobanalysis.fairness.gaps import (
    Equivalence,
    GapTest,
    equivalence_test,
    gap_test,
    minimum_detectable_gap,
    pairwise_gaps,
    power,
)
from bobanalysis.fairness.metrics import MEASURE_COLUMNS, MIN_GROUP, group_metrics
from bobanalysis.fairness.multiplicity import adjusted_p_values
from bobanalysis.fairness.ranking import calibration, roc_area, roc_points
from bobanalysis.fairness.regression import NotEstimableError
from bobanalysis.fairness.result import Entry, Question
from bobanalysis.fairness.specification import agreement, rank_intervals, specification_curve, unknown_bounds
from bobanalysis.fairness.subgroups import find_subgroups
from bobanalysis.fairness.survey import Design
