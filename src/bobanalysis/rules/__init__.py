"""A small language for published rules: written once, evaluated, explained, traced and perturbed.

Example:
    >>> from bobanalysis.rules import Dictionary, Text, Variable, first_match, when, sentence
    >>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years"))])
    >>> sentence(d.age >= 45, "fr")
    'âge\\u202f: 45 ans ou plus'
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from bobanalysis.text import Text

from .change import Threshold, bound, dropped, neutral, thresholds, transform, with_bound
from .counterfactual import Change, Question, candidates, counterfactuals, search
from .evaluate import STATUS, Evaluation, evaluate
from .expr import (
    Choice,
    Expr,
    Named,
    Undefined,
    Variable,
    all_of,
    any_of,
    as_expr,
    attempt,
    count,
    error,
    exp,
    first_match,
    first_not_zero,
    inputs,
    is_condition,
    largest,
    log,
    lookup,
    missing,
    passes,
    smallest,
    total,
    walk,
    when,
    zero_or_first,
)
from .simplify import constants, simplify
from .trace import Trace, trace
from .variables import Dictionary
from .words import (
    Clause,
    RuleExplanation,
    decision_table,
    explain_rule,
    format_value,
    input_text,
    limits,
    sentence,
)
