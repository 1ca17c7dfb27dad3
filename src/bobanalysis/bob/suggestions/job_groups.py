"""National figures of job groups: growth, automation, ways of applying, trainings, wordings by prefix.

Spec 05, §7. No place, no age. None of the sources (France Stratégie, Brookings, IMT channels, CPF, hand-made
tables) is among the shipped tables; each function names the columns of one's own. ``departementScores`` and
``nationalMarketScore`` are in ``tension``.
"""

from __future__ import annotations

import polars as pl

from .frames import need, ranked

MERGED_FAMILIES = {"D3Z": "D0Z", "F1Z": "F0Z", "F3Z": "F2Z"}
"""Job families that the forecast counts together, and under which of the two they stand here."""
DROPPED_FAMILY = "K0Z"
KNOWN_ZERO_GROWTH = 0.000001
"""A growth of exactly 0, as stored: 0 means unknown."""
MODES = {
    "R1": "PLACEMENT_AGENCY",
    "R2": "PERSONAL_OR_PROFESSIONAL_CONTACTS",
    "R3": "SPONTANEOUS_APPLICATION",
    "R4": "OTHER_CHANNELS",
}
SHORT_HOURS, LONG_HOURS = 120, 720
"""Durations of trainings that part very short, short and long ones."""


def growth_2012_2022(forecast: pl.DataFrame, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Return the forecast growth of jobs, 2012 to 2022, by job group (``growth20122022``).

    Parameters: ``forecast``, fap87, jobs_2022, creations; ``crosswalk``, rome and fap87, as
    ``bobanalysis.data.table("rome_fap2009")``.
    Returns rome_id, growth (share of the jobs of 2012; exactly 0 becomes 0.000001, unknown is 0), a row for
    each job group of the crosswalk: the mean over its families, weighted by their jobs of 2012.
    Source: spec 05 §7, ``job_group_info.py#L245-L250``, ``#L544-L572``.
    """
    family = pl.col("fap87").str.head(3).replace(MERGED_FAMILIES)
    known = need(forecast, "forecast", ["fap87", "jobs_2022", "creations"])
    growth = (
        known.with_columns(fap87=family)
        .filter(pl.col("fap87") != DROPPED_FAMILY)
        .group_by("fap87")
        .agg(pl.col("jobs_2022", "creations").sum())
        .with_columns(jobs_2012=pl.col("jobs_2022") - pl.col("creations"))
    )
    links = need(crosswalk, "crosswalk", ["rome", "fap87"])
    links = links.select(rome_id="rome", fap87=family).unique()
    jobs, created = pl.col("jobs_2012").sum(), pl.col("creations").sum()
    # The mean of creations / jobs weighted by jobs is the sum of creations over the sum of jobs.
    rate = pl.when(jobs != 0).then(created / jobs).otherwise(0.0)
    exact = pl.col("growth") == 0
    means = links.join(growth, on="fap87").group_by("rome_id").agg(growth=rate)
    means = means.with_columns(growth=pl.when(exact).then(KNOWN_ZERO_GROWTH).otherwise("growth"))
    every = links.select("rome_id").unique()
    return (
        every.join(means, on="rome_id", how="left")
        .with_columns(pl.col("growth").fill_null(0))
        .sort("rome_id")
    )


def automation_risk(occupations: pl.DataFrame, risks: pl.DataFrame) -> pl.DataFrame:
    """Return the risk that a job group is automated (``automationRisk``).

    Parameters: ``occupations``, rome_id and soc: the US occupations that a job group reaches through ISCO-08;
    ``risks``, soc and risk (0 to 1).
    Returns rome_id, automation_risk (per cent; 0 is stored as 1, unknown is 0).
    Source: spec 05 §7, ``job_group_info.py#L252-L262``, ``#L601-L616``.
    """
    links = need(occupations, "occupations", ["rome_id", "soc"]).unique()
    known = need(risks, "risks", ["risk"], ["soc"]).drop_nulls("risk")
    percent = (100 * pl.col("risk").mean()).round().cast(pl.Int64)
    found = links.join(known, on="soc").group_by("rome_id").agg(automation_risk=percent)
    found = found.with_columns(
        automation_risk=pl.when(pl.col("automation_risk") == 0).then(1).otherwise("automation_risk")
    )
    every = links.select("rome_id").unique()
    return (
        every.join(found, on="rome_id", how="left")
        .with_columns(pl.col("automation_risk").fill_null(0))
        .sort("rome_id")
    )


def application_modes(channels: pl.DataFrame, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Return the ways of hiring of each job family of a job group, the most used first.

    Parameters: ``channels``, fap, channel ("R1" to "R4"), percent; ``crosswalk``, rome_id and fap.
    Returns rome_id, fap, rank, mode, percent; equals in the order of codes (open in the published code).
    Source: spec 05 §7, ``job_group_info.py#L239-L243``, ``#L534-L541``.
    """
    known = need(channels, "channels", ["percent"], ["fap", "channel"])
    links = need(crosswalk, "crosswalk", ["rome_id", "fap"]).unique()
    mode = pl.col("channel").replace_strict(MODES, default=None, return_dtype=pl.String)
    return ranked(links.join(known, on="fap"), ["rome_id", "fap"], "percent", ["channel"]).select(
        "rome_id", "fap", "rank", mode.alias("mode"), "percent"
    )


def training_lengths(trainings: pl.DataFrame) -> pl.DataFrame:
    """Return the number of trainings of each length by job group.

    Parameters: ``trainings``, rome_id, duration (the unit of CPF's catalogue).
    Returns rome_id, very_short (below 120), short (120 to below 720), long (above 720). Exactly 720 is in no
    class (D17).
    Source: spec 05 §7, ``job_group_info.py#L317-L323``, ``#L619-L629``.

    >>> training_lengths(pl.DataFrame({"rome_id": ["A"] * 3, "duration": [119, 720, 721]})).row(0)
    ('A', 1, 0, 1)
    """
    length = pl.col("duration")
    known = need(trainings, "trainings", ["rome_id", "duration"])
    return (
        known.group_by("rome_id")
        .agg(
            very_short=(length < SHORT_HOURS).sum(),
            short=((length >= SHORT_HOURS) & (length < LONG_HOURS)).sum(),
            long=(length > LONG_HOURS).sum(),
        )
        .sort("rome_id")
    )


def by_longest_prefix(job_groups: pl.Series, table: pl.DataFrame) -> pl.DataFrame:
    """Return what a hand-made table by ROME prefix says of each job group (Covid risk, domain, …).

    Parameters: ``job_groups``, ROME codes; ``table``, prefix and any columns (null: not filled).
    Returns rome_id and those columns: for each, the longest matching prefix that fills it wins.
    Source: spec 05 §7, ``data_analysis/lib/job_airtable.py#L42-L62``.

    >>> t = pl.DataFrame({"prefix": ["A", "A11"], "covid": ["safe", None], "domain": ["farm", "fields"]})
    >>> by_longest_prefix(pl.Series(["A1101"]), t).row(0)
    ('A1101', 'safe', 'fields')
    """
    rows = need(table, "table", [], ["prefix"], whole=True)
    fields = [c for c in rows.columns if c != "prefix"]
    codes = pl.DataFrame({"rome_id": job_groups.cast(pl.String)}).unique()
    lengths = sorted(set(rows["prefix"].str.len_chars().to_list()), reverse=True)
    matches = [
        codes.with_columns(prefix=pl.col("rome_id").str.head(k)).join(rows, on="prefix") for k in lengths
    ]
    empty = codes.clear().with_columns(pl.lit(None, dtype=rows[c].dtype).alias(c) for c in fields)
    found = pl.concat([empty, *(m.select("rome_id", *fields) for m in matches)])  # longest prefixes first
    first = found.group_by("rome_id").agg(pl.col(c).drop_nulls().first() for c in fields)
    return codes.join(first, on="rome_id", how="left").sort("rome_id")
