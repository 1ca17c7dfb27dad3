"""Who gets what: rates, means and gaps by group, with intervals, from any table.

Nothing here knows Bob: a researcher can use it for another algorithm.

    group_metrics   the tidy measure frame of a table
    cube, Cube      the mergeable sums it is computed from, one row a cell; cubes of parts of a table add up
    intervals       the formulas, on numpy arrays
    disparities     the largest difference and the smallest ratio of each rate, as fairlearn names them
    impact_ratios   selection or scoring rates against the highest, as New York City's rules ask
    calibration     does the same score mean the same thing in every group? also calibration_error
    distribution_distances  how far apart the answers of groups are, when there are several answers
    exposure        attention that each item gets from each group; also attention_fairness
    list_overlaps   how much two lists of the same person differ; list_differences, between groups
    find_subgroups  search of all combinations of attributes, false discoveries controlled
    protect         a table of counts with its totals, fit to be published
    audit_file      all of it for a CSV or Parquet file of any size
    gap_test        do groups differ at all, and how large is the largest gap? also pairwise_gaps
    equivalence_test  can a gap of more than five points be excluded?
    with_tests      P values corrected for how many there are; adjusted_p_values, on an array
    minimum_detectable_gap  the smallest gap that a table can show; also power, design_effect
    bootstrap       replicates from the cube, at a cost that does not grow with the rows
    changed_share   the same people with one answer changed: how many outcomes move
    steps           and where along that answer they move
    rank_intervals  which units are high or low under every specification
    curve           an outcome along age without bins, with a band for the whole curve; curve_gaps, misfit
    exact_curve     the same for paired profiles, exact: cliffs are read here
    adjusted_effects  gaps between people alike otherwise; shrunk, levels of places raw and shrunk
    shapley         exact parts of any gap that can be computed again; kitagawa and oaxaca for observed data
    specification_curve  a measure under every combination of choices; agreement, by_choice, regroup, bands
    unknown_bounds  the lowest and highest a share can be, whatever the unknown values are
"""

from bobanalysis.fairness.adjusted import adjusted_effects, shrunk  # before the function named adjusted
from bobanalysis.fairness.audit import Audit, audit_file
from bobanalysis.fairness.bootstrap import bootstrap
from bobanalysis.fairness.calibration import calibration, calibration_error
from bobanalysis.fairness.counterfactual import changed_share, steps
from bobanalysis.fairness.cube import UNKNOWN, Cube, cube
from bobanalysis.fairness.curves import curve, curve_gaps, exact_curve, misfit
from bobanalysis.fairness.decomposition import kitagawa, oaxaca, shapley
from bobanalysis.fairness.disclosure import protect
from bobanalysis.fairness.disparity import disparities
from bobanalysis.fairness.distances import distribution_distances
from bobanalysis.fairness.exposure import (
    attention_fairness,
    exposure,
    list_differences,
    list_overlaps,
    rank_biased_overlap,
)
from bobanalysis.fairness.gaps import GapTest, gap_test, pairwise_gaps
from bobanalysis.fairness.impact import impact_ratios
from bobanalysis.fairness.metrics import MEASURE_COLUMNS, MIN_GROUP, group_metrics, measures
from bobanalysis.fairness.multiplicity import adjusted_p_values, with_tests
from bobanalysis.fairness.power import (
    Equivalence,
    design_effect,
    equivalence_test,
    minimum_detectable_gap,
    power,
)
from bobanalysis.fairness.regression import NotEstimableError
from bobanalysis.fairness.robustness import rank_intervals
from bobanalysis.fairness.specification import (
    agreement,
    bands,
    by_choice,
    regroup,
    specification_curve,
    unknown_bounds,
)
from bobanalysis.fairness.subgroups import find_subgroups

__all__ = [
    "MEASURE_COLUMNS",
    "MIN_GROUP",
    "UNKNOWN",
    "Audit",
    "Cube",
    "Equivalence",
    "GapTest",
    "NotEstimableError",
    "adjusted_effects",
    "adjusted_p_values",
    "agreement",
    "attention_fairness",
    "audit_file",
    "bands",
    "bootstrap",
    "by_choice",
    "calibration",
    "calibration_error",
    "changed_share",
    "cube",
    "curve",
    "curve_gaps",
    "design_effect",
    "disparities",
    "distribution_distances",
    "equivalence_test",
    "exact_curve",
    "exposure",
    "find_subgroups",
    "gap_test",
    "group_metrics",
    "impact_ratios",
    "kitagawa",
    "list_differences",
    "list_overlaps",
    "measures",
    "minimum_detectable_gap",
    "misfit",
    "oaxaca",
    "pairwise_gaps",
    "power",
    "protect",
    "rank_biased_overlap",
    "rank_intervals",
    "regroup",
    "shapley",
    "shrunk",
    "specification_curve",
    "steps",
    "unknown_bounds",
    "with_tests",
]
