"""The best jobs of a département, and the sections in which they were shown to people.

Spec 05, §4. Of the person, only the département enters. Sections are named as in the published configuration
(``section_generators``).
"""

from __future__ import annotations

import numpy as np
import polars as pl

from .frames import LOCAL, need, ranked
from .tension import published

GOOD_MARKET = 7
"""Offers per ten candidates from which a job is among the best."""
GOOD_MARKET_IN_SECTOR = 6
"""The same in a sector."""
GOOD_SALARY = 2200
"""Euro gross a month that people under 35 are offered at least (D5)."""
LISTED = 50
"""The most jobs of a list."""
SHOWN = 10
"""The most jobs of a list that are shown."""
FEWEST = 2
"""A section with fewer jobs is not shown."""
RISKY_AUTOMATION = 85
"""Risk of automation (per cent) from which a job group is not good."""
MANY_SHORT_CONTRACTS = 55
"""Per cent of short and interim contracts above which a job group is not good."""
OFTEN_REQUIRED = 50
"""Per cent of offers that ask for more than a diploma, from which a job is not open to those who hold it."""

MARKET, RELATIVE, SALARY = "best-local-market-score", "best-relative-local-score", "best-salaries"
SECTOR = "random-sector"
COLUMNS = ["departement_id", "section", "sector", "rank", "item", "score", "offers_per_10"]


def best_jobs_in_area(
    tension: pl.DataFrame,
    national: pl.DataFrame | None = None,
    salaries: pl.DataFrame | None = None,
    sectors: pl.DataFrame | None = None,
    *,
    limit: int = LISTED,
) -> pl.DataFrame:
    """Return the lists of best jobs of each département; those whose table is not given are left out.

    Parameters: ``tension``, a tension table (see ``tension``); ``national``, rome_id and tension of the
    country, for the relative list; ``salaries``, departement_id, rome_id, junior_min_salary (euro gross a
    month; see ``local_market.offered_salaries``), for the list of salaries: no such open table is shipped;
    ``sectors``, sector and rome_id, for the lists of sectors: ROME's cross-cutting sectors, not shipped;
    ``limit``, the most jobs of a list.

    Returns departement_id, section, sector (null but for sectors), rank (from 1), item (ROME code), score
    (what the list is sorted by), offers_per_10 (-1 for no offer, 0 for unknown), sorted by département,
    section, sector, rank. Equals stand in the order of ROME codes (open in the published code).

    - ``best-local-market-score``: 7 offers per ten candidates or more; score: the offers.
    - ``best-relative-local-score``: the same, where the country has a figure; score: local over national,
      each with -1 for no offer.
    - ``best-salaries``: the least that people under 35 are offered is 2,200 euro or more; ranked by it for
      everybody (D5); no tension needed.
    - ``random-sector``: 6 offers per ten candidates or more, for each sector.

    Source: spec 05 §4, ``best_jobs_in_area.py#L81-L191``, ``#L236-L249``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [6, 7]})
    >>> best_jobs_in_area(t).select("item", "rank", "score").rows()
    [('A1416', 1, 7.0)]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    local = known.select(*LOCAL, offers_per_10=published(pl.col("tension")))
    good = local.filter(pl.col("offers_per_10") >= GOOD_MARKET)
    lists = [_section(good, MARKET, pl.col("offers_per_10"), limit)]
    if national is not None:
        country = need(national, "national", ["tension"], ["rome_id"]).drop_nulls("tension")
        country = country.select("rome_id", national=published(pl.col("tension")))
        both = good.join(country, on="rome_id")
        lists.append(_section(both, RELATIVE, pl.col("offers_per_10") / pl.col("national"), limit))
    if salaries is not None:
        least = pl.col("junior_min_salary")
        paid = need(salaries, "salaries", ["junior_min_salary"], LOCAL).filter(least >= GOOD_SALARY)
        paid = paid.join(local, on=list(LOCAL), how="left")
        lists.append(_section(paid.with_columns(pl.col("offers_per_10").fill_null(0)), SALARY, least, limit))
    if sectors is not None:
        members = need(sectors, "sectors", [], ["sector", "rome_id"])
        hiring = local.filter(pl.col("offers_per_10") >= GOOD_MARKET_IN_SECTOR).join(members, on="rome_id")
        lists.append(_section(hiring, SECTOR, pl.col("offers_per_10"), limit))
    return pl.concat(lists).sort("departement_id", "section", "sector", "rank")


def _section(jobs: pl.DataFrame, section: str, score: pl.Expr, limit: int) -> pl.DataFrame:
    if "sector" not in jobs.columns:
        jobs = jobs.with_columns(sector=pl.lit(None, dtype=pl.String))
    scored = jobs.with_columns(
        section=pl.lit(section), item=pl.col("rome_id"), score=score.cast(pl.Float64)
    ).with_columns(pl.col("offers_per_10").cast(pl.Float64))
    return ranked(scored, ["departement_id", "sector"], "score", ["item"], limit).select(COLUMNS)


def good_job_groups(
    jobs: pl.DataFrame,
    *,
    automation: float = RISKY_AUTOMATION,
    short_contracts: float = MANY_SHORT_CONTRACTS,
    unknown_risk: float | None = None,
) -> pl.Series:
    """Return the ROME codes of job groups that sections may show.

    Parameters: ``jobs``, rome_id, automation_risk (per cent; 0 or null: unknown), short_or_interim_percent
    (per cent of contracts; null counts as 0), covid_risky (Boolean): one's own table, none is open;
    ``automation``, the risk must be below; ``short_contracts``, their share at most; ``unknown_risk``, what
    an unknown risk counts as (None: it passes). The advice on safe jobs uses ``automation=30,
    unknown_risk=0``.
    Source: spec 05 §4, ``frontend/server/jobs.py#L69-L90``.

    >>> good_job_groups(pl.DataFrame({"rome_id": ["A1101", "B1101"], "automation_risk": [85, 0],
    ...     "short_or_interim_percent": [10, 55], "covid_risky": [False, False]})).to_list()
    ['B1101']
    """
    needed = ["automation_risk", "short_or_interim_percent", "covid_risky"]
    known = need(jobs, "jobs", needed, ["rome_id"])
    risk = pl.col("automation_risk").fill_null(0)
    unknown = pl.lit(unknown_risk is None or unknown_risk < automation)
    safe = pl.when(risk == 0).then(unknown).otherwise(risk < automation)
    lasting = pl.col("short_or_interim_percent").fill_null(0) <= short_contracts
    return known.filter(safe & lasting & ~pl.col("covid_risky").fill_null(False)).sort("rome_id")["rome_id"]


def open_without(diplomas: pl.DataFrame, level: int) -> pl.Series:
    """Return the ROME codes of jobs that a diploma of this level is enough for, as the sections count it.

    Parameters: ``diplomas``, rome_id, level (number of spec 01 §6: 1 no degree, 2 CAP or BEP, 3
    baccalaureate, 4 two years after it, …), percent_required (``requirements.diplomas``); ``level``, above
    which the shares are summed: 1 for sections without qualification, 4 for low qualification.
    A job group passes where the sum is below 50. Jobs without any diploma data are left out (D23), though
    nobody asks for one there.
    Source: spec 05 §4, ``frontend/server/apps/jobflix.py#L288-L329``.

    >>> d = pl.DataFrame({"rome_id": ["A", "A", "B"], "level": [2, 3, 2], "percent_required": [40, 9, 50]})
    >>> open_without(d, 1).to_list()
    ['A']
    """
    known = need(diplomas, "diplomas", ["rome_id", "level", "percent_required"])
    above = pl.when(pl.col("level") > level).then("percent_required").otherwise(0).sum()
    sums = known.group_by("rome_id").agg(above.alias("above"))
    return sums.filter(pl.col("above") < OFTEN_REQUIRED).sort("rome_id")["rome_id"]


def shown(
    lists: pl.DataFrame,
    *,
    within: tuple[str, ...] = ("departement_id", "section", "sector"),
    good: pl.Series | None = None,
    seed: int = 0,
    most: int = SHOWN,
    fewest: int = FEWEST,
) -> pl.DataFrame:
    """Return what a page shows of the lists: good job groups only, shuffled, the first ten.

    Parameters: ``lists``, as ``best_jobs_in_area`` returns; ``within``, columns that name one list (with the
    person, if each is to have a draw of their own); ``good``, ROME codes that may be shown (None: all);
    ``seed``: the published draw changes at each visit; ``most``; ``fewest``, a list with fewer jobs is not
    shown.
    Returns the same columns, ``rank`` being the place on the page. All jobs of a list have the same chance,
    the 50th as the first.
    Source: spec 05 §4, ``frontend/server/apps/jobflix.py#L192-L247``, ``#L448-L456``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 12, "rome_id": [f"A11{k:02}" for k in range(12)],
    ...     "tension": [9] * 12})
    >>> shown(best_jobs_in_area(t), seed=1).height
    10
    """
    key = list(within)
    need(lists, "lists", [*key, "rank", "item"])
    kept = lists if good is None else lists.filter(pl.col("item").is_in(good.to_list()))
    kept = kept.filter(pl.len().over(key) >= fewest).sort([*key, "rank"])
    drawn = kept.with_columns(draw=np.random.default_rng(seed).random(kept.height)).sort([*key, "draw"])
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(key)
    return drawn.with_columns(rank=place).filter(pl.col("rank") <= most).drop("draw")
