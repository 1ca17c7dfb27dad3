"""Austria's job-seeker model (AMS), in the one variant of 96 whose coefficients are public.

A logistic model of the chance of at least 90 days of unsubsidised work within seven months, for people with
complete data. Classes steered what support people got: A above 66 %. Class C rests on a second, long-term
model that is not public, so that everybody else is "B or C".

The figures are restated from a public calculator and from two press articles (see ``words.yaml``); the
documentation of 2018 itself was not read.
"""

from __future__ import annotations

from pathlib import Path

from bobanalysis.algorithm import Requirement, RuleAlgorithm
from bobanalysis.algorithms.described import described
from bobanalysis.rules import Dictionary, Named, exp, first_match, total, when

HERE = Path(__file__).parent
HIGH = 0.66
"""The chance above which a person is in class A."""


def ams() -> RuleAlgorithm:
    """Return the model, ready to run.

    Example:
        >>> import polars as pl
        >>> model = ams()
        >>> man = {v.name: v.default for v in model.dictionary.values()} | {"age": 25}
        >>> model.run(pl.DataFrame([man])).select(pl.col("score", "chance").round(3), "class").row(0)
        (0.1, 0.525, 'B_OR_C')
    """
    d = Dictionary.from_yaml(HERE / "dictionary.yaml")
    woman, case = d.gender == "WOMAN", d.case_years != "NONE"
    score = total(
        when(True, 0.10),
        when(woman, -0.14),
        when((d.age >= 30) & (d.age < 50), -0.13),
        when(d.age >= 50, -0.70),
        when(d.state_group == "EU", 0.16),
        when(d.state_group == "OTHER", -0.05),
        when(d.schooling == "APPRENTICESHIP", 0.28),
        when(d.schooling == "UPPER_SECONDARY", 0.01),
        when(woman & d.care_duty, -0.15),
        when(d.office_type == 2, -0.34),
        when(d.office_type == 3, -0.18),
        when(d.office_type == 4, -0.83),
        when(d.office_type == 5, -0.82),
        when(d.impaired, -0.67),
        when(d.occupation_group == "PRODUCTION", 0.17),
        when(~d.steady_work, -0.74),
        when(d.case_years == "ONE", 0.65),
        when(d.case_years == "TWO", 1.19),
        when(d.case_years == "THREE_OR_FOUR", 1.98),
        when(d.long_case, -0.80),
        when(d.measure == "SUPPORTIVE", -0.57),
        when(d.measure == "QUALIFYING", -0.21),
        when(d.measure == "JOB_SUBSIDY", -0.43),
    )
    chance = 1 / (1 + exp(-Named("score", score)))
    classes = first_match(when(Named("chance", chance) > HIGH, "A"), otherwise="B_OR_C")
    requirements = (
        Requirement(case | ~d.long_case, "long_case", "a long case needs a year with a case"),
        Requirement(case | (d.measure == "NONE"), "measure", "a measure needs a year with a case"),
    )
    rules = {"score": score, "chance": chance, "class": classes}
    return described(HERE / "words.yaml", d, rules, requirements)
