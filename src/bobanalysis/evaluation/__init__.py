"""How good is a ranking, and good for whom: measures and comparisons, from any table.

Nothing here knows Bob: a researcher can use it for another recommender.

    evaluate     measures per person; means with intervals, for everybody and by group
    compare      paired comparisons of runs
    stability    agreement of two lists of the same person
    prepare      lists and judgements, checked once
    measures     the measures, with formulas and sources, and their names
    by_group     largest gaps, curves along a number, exposure of groups of items
    files        TREC, CSV and Parquet
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from bobanalysis.evaluation.comparison import compare, stability
from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run
from bobanalysis.evaluation.lists import EvaluationError, EvaluationWarning, Lists, prepare
from bobanalysis.evaluation.measures import MEASURES, parse
from bobanalysis.evaluation.summary import Evaluation, evaluate
