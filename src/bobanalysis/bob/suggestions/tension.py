"""Offers per ten candidates, and what is made of it: départements in order, how stressed others are.

Spec 05, §2, §3, §7 and §12. A *tension table* has one row a (``departement_id``, ``rome_id``) and the column
``tension``: offers per ten candidates. 0 means that there is no offer; a null or an absent row, that nothing
is known. In documents that people's rules read, the same figure is coded otherwise: -1 for no offer, 0 for
unknown (``published``). A *national* table has ``rome_id`` and ``tension``.
"""

from __future__ import annotations

import polars as pl

from ..market import MarketLike
from .frames import LOCAL, need, ranked

NO_OFFER = -1
"""How documents say that there is no offer at all."""
UNKNOWN = 0
"""How documents say that nothing is known."""
STRESS_WITHOUT_OFFERS = 1000.0
"""Candidates per offer where there is no offer (``scoring_base.py#L192-L202``)."""


def local_tension(market: MarketLike) -> pl.DataFrame:
    """Return the tension table of a market: -1 becomes 0, and unknown cells are left out.

    Parameters: ``market``, anything with ``local`` (``bobanalysis.population.market()``, ``Market``).
    Returns departement_id, rome_id, tension (offers per ten candidates), sorted by key.
    Source: the encoding of spec 05 §2 read backwards (``local_diagnosis.py#L466-L490``).
    """
    figure = pl.col("market_offers_per_10_candidates")
    known = need(market.local, "market.local", [figure.meta.output_name()], LOCAL)
    return (
        known.filter(figure.is_not_null() & (figure != UNKNOWN))
        .select(*LOCAL, tension=pl.when(figure == NO_OFFER).then(0).otherwise(figure))
        .sort(LOCAL)
    )


def national_tension(market: MarketLike) -> pl.DataFrame:
    """Return the country's tension by job group, from the documents of job groups.

    Parameters: ``market``, anything with ``jobs``. Returns rome_id, tension (offers per ten candidates).
    A national score of 0 is left out as unknown: that there is no offer cannot be told from it (D18).
    Source: spec 05 §2, ``job_group_info.py#L287-L290``.
    """
    score = pl.col("jg_national_market_score")
    known = need(market.jobs, "market.jobs", ["jg_national_market_score"], ["rome_id"])
    return (
        known.filter(score.is_not_null() & (score != 0))
        .select("rome_id", tension=score.cast(pl.Float64) * 10)
        .sort("rome_id")
    )


def tension_from_cells(cells: pl.DataFrame, factor: float = 10.0, whole: bool = True) -> pl.DataFrame:
    """Make a tension table of offers and job seekers; the published code reads it ready-made.

    Parameters: ``cells``, with departement_id, rome_id, offers, jobseekers
    (``bobanalysis.population.market_cells()``); ``factor``, what offers over job seekers is multiplied by
    (``bobanalysis.population.markets.factor(scale)``); ``whole``, round to whole numbers, halves up, as the
    published figure is one (spec 05 §14). Rounded to 0, it says that there is no offer. Unrounded figures
    have nearly no ties, which shows what rounding decides.
    Returns departement_id, rome_id, tension; cells without job seekers are unknown and left out.

    >>> tension_from_cells(pl.DataFrame({"departement_id": ["15"], "rome_id": ["A1101"],
    ...     "offers": [3.0], "jobseekers": [4.0]}))["tension"].to_list()
    [8.0]
    """
    known = need(cells, "cells", ["offers", "jobseekers"], LOCAL).filter(pl.col("jobseekers") > 0)
    ratio = factor * pl.col("offers") / pl.col("jobseekers")
    value = (ratio.round(9) + 0.5).floor() if whole else ratio
    return known.select(*LOCAL, tension=value).drop_nulls("tension").sort(LOCAL)


def published(tension: pl.Expr) -> pl.Expr:
    """Return the figure as documents hold it: -1 for no offer, 0 for unknown (spec 05 §2).

    >>> pl.select(published(pl.Series([4, 0, None]))).to_series().to_list()
    [4, -1, 0]
    """
    return pl.when(tension.is_null()).then(UNKNOWN).when(tension == 0).then(NO_OFFER).otherwise(tension)


def market_score(tension: pl.DataFrame) -> pl.DataFrame:
    """Return offers per candidate; cells without a figure dropped, no offer kept as 0.

    Parameters: ``tension``, a tension table, local or national. Returns its key and ``market_score``.
    Source: spec 05 §2, ``data_analysis/lib/cleaned_data.py#L645-L669``.

    >>> market_score(pl.DataFrame({"rome_id": ["A", "B", "C"], "tension": [5, 0, None]})).rows()
    [('A', 0.5), ('B', 0.0)]
    """
    key = [c for c in LOCAL if c in tension.columns]
    known = need(tension, "tension", ["tension"], key).drop_nulls("tension")
    return known.select(*key, market_score=pl.col("tension") / 10)


def stress(offers_per_10: pl.Expr) -> pl.Expr:
    """Return candidates per offer, as the models read it, from the documents' figure (-1, 0, or more).

    1000 where there is no offer, null where nothing is known. Source: spec 05 §2,
    ``frontend/server/scoring_base.py#L192-L202``.

    >>> pl.select(stress(pl.Series([5, -1, 0]))).to_series().to_list()
    [2.0, 1000.0, None]
    """
    return (
        pl.when(offers_per_10 == NO_OFFER)
        .then(STRESS_WITHOUT_OFFERS)
        .when(offers_per_10 != UNKNOWN)
        .then(10 / offers_per_10)
    )


def less_stressful_departements(tension: pl.DataFrame) -> pl.DataFrame:
    """Return how many départements come before each one, for each job group.

    Parameters: ``tension``, a tension table.
    Returns departement_id, rome_id, num_less_stressful_departements (UInt32): the place, from 0, among the
    départements with a figure, by tension descending (``numLessStressfulDepartements``). It is a rank and not
    a count of strictly better départements (D2): of two with equal tension one comes first. The published
    order of equals is open; here it is the order of codes. ``at_least`` (strictly better départements) and
    ``at_most`` (as good or better, itself left out) say what any order of equals could have given.
    Source: spec 05 §3, §12, ``local_diagnosis.py#L450-L463``, ``market_score_derivatives.py#L63-L68``.

    >>> t = pl.DataFrame({"departement_id": ["01", "02"], "rome_id": ["A1101"] * 2, "tension": [4, 4]})
    >>> less_stressful_departements(t)["num_less_stressful_departements"].to_list()
    [0, 1]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    down = pl.col("tension").rank("min", descending=True).over("rome_id") - 1
    last = pl.col("tension").rank("max", descending=True).over("rome_id") - 1
    return (
        ranked(known, ["rome_id"], "tension", ["departement_id"])
        .select(
            *LOCAL,
            num_less_stressful_departements=(pl.col("rank") - 1).cast(pl.UInt32),
            at_least=down.cast(pl.UInt32),
            at_most=last.cast(pl.UInt32),
        )
        .sort(LOCAL)
    )


def departement_scores(tension: pl.DataFrame, limit: int | None = None) -> pl.DataFrame:
    """Return for each job group its départements, least stressful first (``departementScores``).

    Parameters: ``tension``, a tension table; ``limit``, the most départements to keep (published: all).
    Returns rome_id, rank (from 1), departement_id, offers_per_10 (-1 for no offer; no unknown). Equals stand
    in the order of codes (open in the published code).
    Source: spec 05 §7, §12, ``job_group_info.py#L264-L285``, ``market_score_derivatives.py#L104-L123``.
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    return ranked(known, ["rome_id"], "tension", ["departement_id"], limit).select(
        "rome_id", "rank", "departement_id", offers_per_10=published(pl.col("tension"))
    )


def more_stressed_jobseekers(tension: pl.DataFrame, jobseekers: pl.DataFrame) -> pl.DataFrame:
    """Return the share of the country's job seekers whose market is as stressed, or more.

    Parameters: ``tension``, a tension table; ``jobseekers``, departement_id, rome_id, jobseekers (number).
    The published code counts people of the private FHS salary file; ``population.market_cells()`` gives
    France Travail's stock, which is another count.
    Returns departement_id, rome_id, more_stressed_jobseekers_percentage (0 to 100, to one decimal; 0 where
    the market has no figure), for each row of either table. Job seekers without a figure are left out of the
    total.
    Source: spec 05 §3, ``local_diagnosis.py#L352-L378``.
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    people = need(jobseekers, "jobseekers", ["jobseekers"], LOCAL)
    both = known.select(*LOCAL, score=published(pl.col("tension"))).join(
        people, on=list(LOCAL), how="full", coalesce=True
    )
    by_score = (
        both.drop_nulls("score")
        .group_by("score")
        .agg(pl.col("jobseekers").fill_null(0).sum())
        .sort("score")
        .select("score", share=(100 * pl.col("jobseekers").cum_sum() / pl.col("jobseekers").sum()).round(1))
    )
    return (
        both.join(by_score, on="score", how="left")
        .select(*LOCAL, more_stressed_jobseekers_percentage=pl.col("share").fill_nan(0).fill_null(0))
        .sort(LOCAL)
    )
