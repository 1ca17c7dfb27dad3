"""A small language for published rules: written once, evaluated, explained, traced and perturbed.

>>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when, sentence
>>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))])
>>> sentence(d.age >= 45, "fr")
'âge\\u202f: 45 ans ou plus'
"""

from .evaluate import STATUS, Evaluation, can_refuse, evaluate, refusals
from .explain import Line, Threshold, decision_table, sentence, thresholds
from .expr import (
    Expr,
    Named,
    Refuse,
    all_of,
    any_of,
    attempt,
    count,
    error,
    first_match,
    first_not_zero,
    inputs,
    is_condition,
    largest,
    lift,
    missing,
    passes,
    smallest,
    total,
    walk,
    when,
    zero_or_first,
)
from .nearest import Change, Counterfactual, Nearest, candidates, nearest
from .perturb import dropped, neutral, transform, with_threshold
from .trace import Trace, trace
from .variables import Choice, Dictionary, Language, Protected, Text, Variable

__all__ = [
    "STATUS",
    "Change",
    "Choice",
    "Counterfactual",
    "Dictionary",
    "Evaluation",
    "Expr",
    "Language",
    "Line",
    "Named",
    "Nearest",
    "Protected",
    "Refuse",
    "Text",
    "Threshold",
    "Trace",
    "Variable",
    "all_of",
    "any_of",
    "attempt",
    "can_refuse",
    "candidates",
    "count",
    "decision_table",
    "dropped",
    "error",
    "evaluate",
    "first_match",
    "first_not_zero",
    "inputs",
    "is_condition",
    "largest",
    "lift",
    "missing",
    "nearest",
    "neutral",
    "passes",
    "refusals",
    "sentence",
    "smallest",
    "thresholds",
    "total",
    "trace",
    "transform",
    "walk",
    "when",
    "with_threshold",
    "zero_or_first",
]
