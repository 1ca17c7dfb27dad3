"""On how many people each rule acts, overall and by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from bobanalysis.algorithm import Algorithm
from bobanalysis.rules import STATUS, Expr, Named, inputs
from bobanalysis.rules import evaluate as evaluate_rules
from bobanalysis.validation import validate

EVERYBODY = "all"


def as_read(algorithm: Algorithm, people: pl.DataFrame, rules: Iterable[Expr] = ()) -> pl.DataFrame:
    """Return people as the rules of every step read them: with looked-up figures and earlier results.

    Args:
        algorithm: Ready to run.
        people: One row a person; an input that they were not asked for reads its default.
        rules: Further rules that will be read.
    """
    roles, rules = algorithm.input_roles, list(rules)
    read = algorithm.reads([*algorithm.roots.values(), *rules])
    if roles.keys:
        first, *others = roles.keys
        people = people.with_row_index(first).with_columns(pl.lit(0, pl.UInt32).alias(k) for k in others)
    unasked = [v for v in read if v.name not in people.columns and not (v.joined or v.optional)]
    filled = people.with_columns(pl.lit(v.default).alias(v.name) for v in unasked)
    return algorithm.compute(validate(filled, read).valid, rules).known


def shares(frame: pl.DataFrame, flags: Iterable[str], by: Mapping[str, str]) -> pl.DataFrame:
    """Return the weighted share of people for whom each flag holds, overall and by group.

    Args:
        frame: One row a person: ``weight``, the flags (Boolean or 0 and 1), the columns of groups.
        flags: Columns.
        by: What to call a grouping → its column.

    Returns:
        One row a group, everybody first: ``by`` ("all" for everybody), ``group``, a column a flag, ``people``
        and ``effective`` (the effective sample size, Kish 1965).
    """
    weight = pl.col("weight")
    measures = [
        *((pl.col(c).cast(pl.Float64) * weight).sum() / weight.sum() for c in flags),
        pl.len().cast(pl.Int64).alias("people"),
        (weight.sum() ** 2 / (weight**2).sum()).alias("effective"),
    ]
    parts = [frame.select(measures).with_columns(by=pl.lit(EVERYBODY), group=pl.lit(EVERYBODY))]
    for label, column in by.items():
        grouped = frame.group_by(column).agg(measures).sort(column).rename({column: "group"})
        parts.append(grouped.with_columns(pl.col("group").cast(pl.String), by=pl.lit(label)))
    return pl.concat(parts, how="diagonal")


def activation_rates(
    algorithm: Algorithm, people: pl.DataFrame, rules: Mapping[str, Expr], by: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return the share of people on whom each rule acts, overall and by group: all rules in one evaluation.

    Args:
        algorithm: Tells when a rule is active (``Algorithm.is_active``).
        people: As the rules read them (``as_read``), with ``weight``.
        rules: By name.
        by: What to call a grouping → its column; by default none.

    Returns:
        One row a rule and group, rules in the order given: ``rule``, ``by`` ("all" for everybody), ``group``,
        ``share`` (weighted; a rule that is undefined for a person does not act), ``refused`` (share of people
        for whom it is undefined), ``people`` and ``effective`` (the effective sample size).

    Raises:
        KeyError: A column that a rule reads and the people have not.
    """
    groupings = dict(by or {})
    done = evaluate_rules({n: algorithm.is_active(n, Named(n, rule)) for n, rule in rules.items()}, people)
    columns: dict[str, pl.Expr] = {}
    for k, name in enumerate(rules):
        refusing = pl.col(name + STATUS) != 0 if name + STATUS in done.frame.columns else pl.lit(False)
        columns |= {f"{k}": pl.col(name).fill_null(False), f"{k}?": refusing}
    groups = people.select("weight", *dict.fromkeys(groupings.values()))
    wide = shares(done.frame.select(**columns).with_columns(groups), columns, groupings)
    told = ("by", "group"), ("people", "effective")
    return pl.concat(
        wide.select(pl.lit(name).alias("rule"), *told[0], share=f"{k}", refused=f"{k}?").with_columns(
            wide.select(told[1])
        )
        for k, name in enumerate(rules)
    )


def activation_over(
    people: pl.DataFrame, rules: Mapping[str, Expr], algorithms: Mapping[str, Algorithm]
) -> pl.DataFrame:
    """Return between which shares the activation rate of each rule lies, over several algorithms.

    Args:
        people: One row a person, with ``weight``.
        rules: By name.
        algorithms: The same one on the figures of each scale, say.

    Returns:
        ``rule``, ``lowest`` and ``highest`` (shares of everybody), in the order of the rules.
    """
    found = [
        activation_rates(a, as_read(a, people, rules.values()), rules).select("rule", "share")
        for a in algorithms.values()
    ]
    ends = pl.concat(found).group_by("rule", maintain_order=True)
    return ends.agg(lowest=pl.col("share").min(), highest=pl.col("share").max())


def unanswered(algorithm: Algorithm, people: pl.DataFrame, rules: Mapping[str, Expr]) -> pl.DataFrame:
    """Return what each rule reads and nobody here answered: everybody has the dictionary's default.

    Returns:
        ``rule`` and ``input``, one row each; for such a rule a share of 0 says nothing about real people.
    """
    roles = algorithm.input_roles
    kept = {v.name: v.default for v in inputs(*rules.values()) if v.name in people.columns}
    read = {n: default for n, default in kept.items() if n not in {*roles.unasked, *roles.keys}}
    same = people.select((pl.col(n) == default).all() for n, default in read.items()).row(0)
    empty = {name for name, one in zip(read, same, strict=True) if one}
    rows = [(name, v.name) for name, rule in rules.items() for v in inputs(rule) if v.name in empty]
    return pl.DataFrame(rows, schema={"rule": pl.String, "input": pl.String}, orient="row")
