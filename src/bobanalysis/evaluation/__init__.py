"""How good is a ranking, and good for whom: measures, comparisons, logs, from any table.

Nothing here knows Bob: a researcher can use it for another recommender.

    evaluate        measures per person; means with intervals, for everybody and by group
    compare         paired comparisons of runs
    stability       agreement of two lists of the same person
    prepare         lists and judgements, checked once
    parse, describe names of measures; formulas and sources
    files           TREC, CSV and Parquet
    offpolicy       what another policy would have given, from logs
    simulation      return to work with planted effects: logs whose true value is known
    published       the figures of the randomised evaluation of Bob, and what it could have seen
"""

from bobanalysis.evaluation.agreement import stability
from bobanalysis.evaluation.comparison import compare, holm
from bobanalysis.evaluation.errors import EvaluationError, EvaluationWarning
from bobanalysis.evaluation.files import read_groups, read_items, read_qrels, read_run
from bobanalysis.evaluation.lists import Lists, prepare
from bobanalysis.evaluation.registry import MEASURES, describe, parse
from bobanalysis.evaluation.summary import Evaluation, evaluate

__all__ = [
    "MEASURES",
    "Evaluation",
    "EvaluationError",
    "EvaluationWarning",
    "Lists",
    "compare",
    "describe",
    "evaluate",
    "holm",
    "parse",
    "prepare",
    "read_groups",
    "read_items",
    "read_qrels",
    "read_run",
    "stability",
]
