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


def published(tension: pl.Expr) -> pl.Expr:
    """Return the figure as documents hold it: -1 for no offer, 0 for unknown (spec 05 §2).

    >>> pl.select(published(pl.Series([4, 0, None]))).to_series().to_list()
    [4, -1, 0]
    """
    return pl.when(tension.is_null()).then(UNKNOWN).when(tension == 0).then(NO_OFFER).otherwise(tension)


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
