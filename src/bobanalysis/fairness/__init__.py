"""Who gets what: rates, means and gaps by group, with intervals, from any table.

Nothing here knows Bob: a researcher can use it for another algorithm. Wherever a table is taken, pandas comes
back as pandas; measures, tests and distances take a :class:`Cube` as well. In every function ``prediction``
is the decision and ``outcome`` what was true in the end.
"""

from bobanalysis.fairness._bootstrap import bootstrap
from bobanalysis.fairness._calibration import calibration
from bobanalysis.fairness._cube import UNKNOWN, Cube, cube
from bobanalysis.fairness._exposure import exposure
from bobanalysis.fairness._power import Equivalence, equivalence_test, minimum_detectable_gap, power
from bobanalysis.fairness.adjusted import adjusted_effects, shrunk
from bobanalysis.fairness.audit import Audit, audit_file
from bobanalysis.fairness.counterfactual import changed_share, steps
from bobanalysis.fairness.curves import curve, discontinuities, lack_of_fit
from bobanalysis.fairness.decomposition import kitagawa, oaxaca, shapley
from bobanalysis.fairness.disclosure import protect
from bobanalysis.fairness.disparity import disparities
from bobanalysis.fairness.distances import distribution_distances
from bobanalysis.fairness.gaps import GapTest, gap_test, pairwise_gaps
from bobanalysis.fairness.impact import impact_ratios
from bobanalysis.fairness.metrics import MEASURE_COLUMNS, MIN_GROUP, group_metrics
from bobanalysis.fairness.multiplicity import adjusted_p_values
from bobanalysis.fairness.ranking import roc_area, roc_points
from bobanalysis.fairness.regression import NotEstimableError
from bobanalysis.fairness.result import Entry, Question
from bobanalysis.fairness.robustness import rank_intervals
from bobanalysis.fairness.specification import agreement, specification_curve, unknown_bounds
from bobanalysis.fairness.subgroups import find_subgroups
from bobanalysis.fairness.survey import Design

__all__ = ["MEASURE_COLUMNS", "MIN_GROUP", "UNKNOWN", "Audit", "Cube", "Design", "Entry", "Equivalence"]
__all__ += ["GapTest", "NotEstimableError", "Question", "adjusted_effects", "adjusted_p_values", "agreement"]
__all__ += ["audit_file", "bootstrap", "calibration", "changed_share", "cube", "curve"]
__all__ += ["discontinuities", "disparities", "distribution_distances", "equivalence_test", "exposure"]
__all__ += ["find_subgroups", "gap_test", "group_metrics", "impact_ratios", "kitagawa", "lack_of_fit"]
__all__ += ["minimum_detectable_gap", "oaxaca", "pairwise_gaps", "power", "protect", "rank_intervals"]
__all__ += ["roc_area", "roc_points", "shapley", "shrunk", "specification_curve", "steps", "unknown_bounds"]
