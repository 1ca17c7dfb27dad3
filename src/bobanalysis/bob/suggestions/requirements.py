"""What offers of a job group ask for: diplomas, driving licences, office software, contracts.

Spec 05, §9. National, no age. The history of offers is private: each function names the columns of one's own
offers table, one row an offer. Titles (``specificJobs``) are in ``offers``.
"""

from __future__ import annotations

import polars as pl

from .frames import need, ranked

OFTEN = 0.05
"""Share of a job group's offers from which a licence or office software is listed."""
LICENCES = {"A": "MOTORCYCLE", "B": "CAR", "C": "TRUCK"}
"""Kinds of licence by the first letter of its type."""
LONG_CONTRACT_DAYS = 90
DAYS_PER_MONTH = 30
LOWEST_LEVEL = 1
"""Levels of diploma up to this one are not listed."""


def _percent(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return (100 * part / whole).round().cast(pl.Int64)  # half to even


def diplomas(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the share of offers that suggest, and that require, each level of diploma.

    Parameters: ``offers``, rome_id; first_diploma, second_diploma (names, null for none); first_level,
    second_level (0 to 6: 0 unknown label, 1 below, 2 CAP or BEP, 3 baccalaureate, 4 two years after it, 5
    three or four, 6 five and more); first_required, second_required (Boolean).

    Returns rome_id, level (2 to 6), percent_suggested, percent_required, ascending. Of each offer with a
    diploma: the suggestion is the higher of the two, the first on ties; the requirement is the first diploma
    if it is required, else level 1, and the second instead if it is required and higher. The share of each
    *name* is rounded, zeros dropped, and added up by level, so sums need not be 100. ``percent_suggested`` is
    the share of exactly that level, and not of "at least this level" as the published format says (D22).
    Source: spec 05 §9, ``job_offers_requirements.py#L147-L219``, ``#L282-L288``, ``#L361-L384``.
    """
    names = ["first_diploma", "second_diploma"]
    columns = [*names, "first_level", "second_level", "first_required", "second_required"]
    asked = need(offers, "offers", ["rome_id", *columns]).filter(
        pl.any_horizontal(pl.col(c).is_not_null() for c in names)
    )
    lacking = -1  # a level below all others
    first = pl.when(pl.col("first_diploma").is_not_null()).then("first_level").otherwise(lacking)
    second = pl.when(pl.col("second_diploma").is_not_null()).then("second_level").otherwise(lacking)
    must_first = pl.col("first_required").fill_null(False) & (first != lacking)
    base = pl.when(must_first).then(first).otherwise(LOWEST_LEVEL)
    must_second = pl.col("second_required").fill_null(False) & (second > base)
    none = pl.lit("")
    suggested = asked.select(
        "rome_id",
        level=pl.max_horizontal(first, second),
        name=pl.when(second > first).then("second_diploma").otherwise("first_diploma"),
    )
    required = asked.select(
        "rome_id",
        level=pl.when(must_second).then(second).otherwise(base),
        name=pl.when(must_second)
        .then("second_diploma")
        .when(must_first)
        .then("first_diploma")
        .otherwise(none),
    )
    return (
        _by_level(suggested, "percent_suggested")
        .join(_by_level(required, "percent_required"), on=["rome_id", "level"], how="full", coalesce=True)
        .with_columns(pl.col("percent_suggested", "percent_required").fill_null(0))
        .sort("rome_id", "level")
    )


def _by_level(found: pl.DataFrame, column: str) -> pl.DataFrame:
    """Round the share of each diploma's name, then add up by level."""
    counts = found.group_by("rome_id", "level", "name").agg(pl.len().alias("n"))
    share = _percent(pl.col("n"), pl.col("n").sum().over("rome_id"))
    return (
        counts.with_columns(share.alias(column))
        .filter((pl.col(column) > 0) & (pl.col("level") > LOWEST_LEVEL))
        .group_by("rome_id", pl.col("level").cast(pl.Int64))
        .agg(pl.col(column).sum())
    )


def driving_licences(offers: pl.DataFrame, licences: pl.DataFrame) -> pl.DataFrame:
    """Return the driving licences that at least 5 % of a job group's offers mention.

    Parameters: ``offers``, offer_id, rome_id: all offers; ``licences``, offer_id, licence (its type: "B",
    "C1" …), required (Boolean).
    Returns rome_id, rank, licence (motorcycle, car, truck), percent_suggested (share of offers),
    percent_required: share of the *mentions*, and never below 1 (D11); by count descending, then name.
    Source: spec 05 §9, ``job_offers_requirements.py#L71-L85``, ``#L257-L309``, ``#L386-L395``.
    """
    all_offers = need(offers, "offers", ["rome_id"], ["offer_id"])
    mentions = need(licences, "licences", ["offer_id", "licence", "required"])
    kind = pl.col("licence").str.head(1).replace_strict(LICENCES, default=None, return_dtype=pl.String)
    total = all_offers.group_by("rome_id").agg(pl.len().alias("all"))
    counts = (
        mentions.with_columns(licence=kind)
        .drop_nulls("licence")
        .join(all_offers, on="offer_id")
        .group_by("rome_id", "licence")
        .agg(pl.len().alias("n"), must=pl.col("required").fill_null(False).sum())
        .join(total, on="rome_id")
        .filter(pl.col("n") / pl.col("all") >= OFTEN)
    )
    return ranked(counts, ["rome_id"], "n", ["licence"]).select(
        "rome_id",
        "rank",
        "licence",
        percent_suggested=_percent(pl.col("n"), pl.col("all")),
        percent_required=_percent(pl.col("must"), pl.col("n")).clip(lower_bound=1),
    )


def office_skills(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the levels of office software that at least 5 % of a job group's offers ask for.

    Parameters: ``offers``, rome_id, first_tool, second_tool (names), first_tool_level, second_tool_level
    (null: none; "expert" is the highest).
    Returns rome_id, level (2; 3 for experts), percent_suggested: level 2 where the first tool has a level and
    a name that begins with T (in French: word processor, spreadsheet), level 3 as well where the better of
    the two is expert.
    Source: spec 05 §9, ``job_offers_requirements.py#L311-L328``, ``#L397-L405``.
    """
    levels = ["first_tool_level", "second_tool_level"]
    known = need(offers, "offers", ["rome_id", "first_tool", "second_tool", *levels])
    uses = (pl.col("first_tool_level").is_not_null() & pl.col("first_tool").str.starts_with("T")).fill_null(
        False
    )
    expert = pl.any_horizontal((pl.col(c) == "expert").fill_null(False) for c in levels)
    counts = known.group_by("rome_id").agg(
        uses.sum().alias("2"), (uses & expert).sum().alias("3"), pl.len().alias("all")
    )
    long = counts.unpivot(["2", "3"], index=["rome_id", "all"], variable_name="level", value_name="n")
    return (
        long.filter(pl.col("n") / pl.col("all") >= OFTEN)
        .select(
            "rome_id", pl.col("level").cast(pl.Int64), percent_suggested=_percent(pl.col("n"), pl.col("all"))
        )
        .sort("rome_id", "level")
    )


def contract_types(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the share of kinds of contract among a job group's offers.

    Parameters: ``offers``, rome_id, contract ("CDI", "MIS" for a mission, or any other), months (duration of
    the contract, null if unknown).
    Returns rome_id, rank, employment_type, percent_suggested; ``percentRequired`` is always 100 and left out.
    A contract of unknown duration counts as short; months have 30 days.
    Source: spec 05 §9, ``job_offers_requirements.py#L130-L144``, ``#L407-L415``.
    """
    known = need(offers, "offers", ["rome_id", "contract", "months"])
    long = pl.col("months").fill_null(0) * DAYS_PER_MONTH > LONG_CONTRACT_DAYS
    kind = (
        pl.when(pl.col("contract") == "CDI")
        .then(pl.lit("CDI"))
        .when(pl.col("contract") == "MIS")
        .then(pl.lit("INTERIM"))
        .when(long)
        .then(pl.lit("CDD_OVER_3_MONTHS"))
        .otherwise(pl.lit("CDD_LESS_EQUAL_3_MONTHS"))
    )
    counts = known.group_by("rome_id", kind.alias("employment_type")).agg(pl.len().alias("n"))
    counts = counts.with_columns(all=pl.col("n").sum().over("rome_id"))
    return ranked(counts, ["rome_id"], "n", ["employment_type"]).select(
        "rome_id", "rank", "employment_type", percent_suggested=_percent(pl.col("n"), pl.col("all"))
    )
