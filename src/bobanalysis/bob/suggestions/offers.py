"""What a history of job offers tells: changes, seasonal jobs, jobs to change to, titles most asked for.

Spec 05, §5, §8, §9 (titles), §11 and §13 (recent offers). The history that was used (all offers of Pôle
emploi, 2015 and 2016) is private and frozen (D6): these functions need one's own *offers table*, one row an
offer, with the columns that each names: ``departement_id``, ``rome_id``, ``title`` (code of the job title),
``created`` (Date).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from .frames import LOCAL, need, ranked

END_OF_HISTORY = date(2017, 1, 1)
"""Offers created from this day on are not read (D6)."""
REFERENCE_YEAR = 2015
"""The "last year" of the published figures (D6)."""
MANY_IN_TITLE = 50
"""Offers of a title that must be exceeded."""
EASY_MARKET = 4
"""Offers per ten candidates from which one may be sent to a job."""
MOST = 5
"""The most jobs of a list."""
SEASONAL = "SAI"
"""The code of a seasonal contract."""
MANY_SEASONAL = 750
"""Seasonal offers of a département and calendar month, over all years, that must be exceeded (D9)."""
MANY_SEASONAL_IN_JOB = 10
"""The same in a job group."""
COMMON_TITLE = 0.01
"""Share of a job group's offers from which a title is listed."""
NO_BETTER_JOB = ("K2107", "K2401")
"""Job groups (teaching, research) for which no better title is advised."""


def offer_changes(offers: pl.DataFrame, year: int = REFERENCE_YEAR) -> pl.DataFrame:
    """Return the change in the number of offers from one year to the next.

    Parameters: ``offers``, departement_id, rome_id, created; ``year``, the reference year.
    Returns departement_id, rome_id, job_offers_change (per cent, rounded half to even),
    num_job_offers_last_year (that of ``year``), num_job_offers_previous_year; for each market with an offer
    in any year.
    Kept as published (D7): a previous year without offers counts as one offer, also in the figure returned;
    so 0 → 0 is -100 % and 0 → n is 100 · (n - 1) %.
    Source: spec 05 §8, ``job_offers_changes.py#L34-L76``.

    >>> o = pl.DataFrame({"departement_id": ["15"] * 3, "rome_id": ["A1101"] * 3,
    ...     "created": [date(2014, 5, 1), date(2015, 5, 1), date(2015, 6, 1)]})
    >>> offer_changes(o).row(0)
    ('15', 'A1101', 100, 2, 1)
    """
    created = pl.col("created").dt.year()
    counts = (
        need(offers, "offers", [*LOCAL, "created"])
        .group_by(LOCAL)
        .agg(n1=(created == year).sum().cast(pl.Int64), n0=(created == year - 1).sum().cast(pl.Int64))
        .with_columns(n0=pl.when(pl.col("n0") == 0).then(1).otherwise("n0"))
    )
    change = (100 * pl.col("n1") / pl.col("n0") - 100).round()
    return counts.select(
        *LOCAL,
        job_offers_change=change.cast(pl.Int64),
        num_job_offers_last_year="n1",
        num_job_offers_previous_year="n0",
    ).sort(LOCAL)


def recent_job_offers(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the number of open offers by market (``numAvailableJobOffers``).

    Parameters: ``offers``, the offers that are open now: departement_id, rome_id.
    Source: spec 05 §13, ``recent_job_offers_count.py#L31-L55``.
    """
    known = need(offers, "offers", LOCAL)
    return known.group_by(LOCAL).agg(pl.len().alias("num_available_job_offers")).sort(LOCAL)


def reorient_jobbing(
    offers: pl.DataFrame,
    tension: pl.DataFrame,
    unqualified: pl.Series,
    *,
    before: date = END_OF_HISTORY,
) -> pl.DataFrame:
    """Return jobs without qualification that one could change to in each département.

    Parameters: ``offers``, departement_id, rome_id, title, created; ``tension``, a tension table;
    ``unqualified``, ROME codes of the thematic branch 017, "no qualification required"; ``before``, offers
    from that day on are not read.
    Returns departement_id, rank (from 1), item (ROME code), title, offers, tension (raw): in each market the
    title with most offers, kept with more than 50 of them and 4 offers per ten candidates or more, the five
    with most offers. Equals by title, then ROME code (open in the published code). The threshold is on the
    raw number of offers of one title over all years: small départements get fewer than the two jobs that the
    advice needs (D10).
    Source: spec 05 §5, ``reorient_jobbing.py#L52-L136``.
    """
    known = need(offers, "offers", [*LOCAL, "title", "created"]).filter(pl.col("created") < before)
    counts = known.group_by(*LOCAL, "title").agg(pl.len().cast(pl.Int64).alias("offers"))
    best = ranked(counts, LOCAL, "offers", ["title"], limit=1).drop("rank")
    market = need(tension, "tension", ["tension"], LOCAL).filter(pl.col("tension") >= EASY_MARKET)
    kept = best.filter(
        pl.col("rome_id").is_in(unqualified.to_list()) & (pl.col("offers") > MANY_IN_TITLE)
    ).join(market, on=list(LOCAL))
    return ranked(kept, ["departement_id"], "offers", ["rome_id"], MOST).select(
        "departement_id", "rank", "title", "offers", "tension", item="rome_id"
    )


def seasonal_jobbing(offers: pl.DataFrame, *, before: date = END_OF_HISTORY) -> pl.DataFrame:
    """Return the départements with many seasonal offers, by calendar month, and their job groups.

    Parameters: ``offers``, departement_id, rome_id, contract (code; "SAI" is seasonal), created; ``before``,
    offers from that day on are not read.
    Returns month (1 to 12), departement_id, rank (from 1), item (ROME code), offers, departement_offers: the
    départements whose seasonal offers of that month, all years together, exceed 750, and in them the five job
    groups with most offers among those with more than ten. Within a month, départements stand in the order of
    codes and not of volume. Raw counts: nothing is divided by inhabitants (D9), and the list is the same for
    everyone. Equal job groups by ROME code (open in the published code).
    Source: spec 05 §11, ``seasonal_jobbing.py#L35-L95``.
    """
    seasonal = need(offers, "offers", [*LOCAL, "contract", "created"]).filter(
        (pl.col("contract") == SEASONAL) & (pl.col("created") < before)
    )
    place = ["month", "departement_id"]
    counts = (
        seasonal.group_by(pl.col("created").dt.month().alias("month"), *LOCAL)
        .agg(pl.len().cast(pl.Int64).alias("offers"))
        .with_columns(departement_offers=pl.col("offers").sum().over(place))
        .filter((pl.col("departement_offers") > MANY_SEASONAL) & (pl.col("offers") > MANY_SEASONAL_IN_JOB))
    )
    return ranked(counts, place, "offers", ["rome_id"], MOST).select(
        *place, "rank", "offers", "departement_offers", item="rome_id"
    )


def specific_jobs(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the titles of each job group that make up one per cent of its offers or more.

    Parameters: ``offers``, rome_id, title.
    Returns rome_id, rank (from 1), title, percent_suggested (share of the group's offers, rounded half to
    even), offers; by offers descending, then title.
    Source: spec 05 §9, ``job_offers_requirements.py#L334-L338``, ``#L417-L423``.

    >>> o = pl.DataFrame({"rome_id": ["A1101"] * 4, "title": ["1", "2", "2", "2"]})
    >>> specific_jobs(o).select("title", "percent_suggested").rows()
    [('2', 75), ('1', 25)]
    """
    known = need(offers, "offers", ["rome_id", "title"])
    counts = known.group_by("rome_id", "title").agg(pl.len().cast(pl.Int64).alias("offers"))
    counts = counts.with_columns(all=pl.col("offers").sum().over("rome_id"))
    listed = counts.filter(pl.col("offers") / pl.col("all") >= COMMON_TITLE)
    return ranked(listed, ["rome_id"], "offers", ["title"]).select(
        "rome_id",
        "rank",
        "title",
        percent_suggested=(100 * pl.col("offers") / pl.col("all")).round().cast(pl.Int64),
        offers="offers",
    )


def better_job_in_group(people: pl.DataFrame, specific: pl.DataFrame) -> pl.DataFrame:
    """Return for each person the title of their job group that most offers are for, if it is another.

    Parameters: ``people``, person_id, rome_id, title (code of the job looked for; null or empty: none said);
    ``specific``, as ``specific_jobs`` returns (or rome_id, rank, title, percent_suggested of one's own).
    Returns person_id, item (the title), top_percent, own_percent (0 where the person's title is not listed),
    in the order of people. Nobody of two job groups is listed, nor who looks for the first title already, nor
    whose job group has no list: there the advice ``advice-better-job-in-group`` scores 0. Its further rows
    compare the two shares.
    Source: spec 04 §2.4 rows 1 and 2, ``frontend/server/modules/better_job_in_group.py#L15-L55``.

    >>> p = pl.DataFrame({"person_id": ["p"], "rome_id": ["A1101"], "title": ["1"]})
    >>> s = pl.DataFrame({"rome_id": ["A1101"] * 2, "rank": [1, 2], "title": ["2", "1"],
    ...     "percent_suggested": [75, 25]})
    >>> better_job_in_group(p, s).rows()
    [('p', '2', 75, 25)]
    """
    asked = need(people, "people", ["person_id", "rome_id", "title"])
    listed = need(specific, "specific", ["rank", "title", "percent_suggested"], ["rome_id", "rank"])
    first = listed.sort("rank").group_by("rome_id").agg(pl.all().first())
    top = first.select("rome_id", item="title", top_percent="percent_suggested")
    own = listed.sort("rank").unique(["rome_id", "title"], keep="first", maintain_order=True)
    own = own.select("rome_id", "title", own_percent="percent_suggested")
    empty = pl.lit("")
    return (
        asked.filter(~pl.col("rome_id").is_in(NO_BETTER_JOB))
        .join(top, on="rome_id", maintain_order="left")
        .filter(pl.col("item").fill_null(empty) != pl.col("title").fill_null(empty))
        .join(own, on=["rome_id", "title"], how="left", maintain_order="left")
        .select("person_id", "item", "top_percent", pl.col("own_percent").fill_null(0))
    )
