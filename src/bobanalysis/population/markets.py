"""The market that a job seeker meets: offers per ten candidates by job group and département.

What is what:

- *observed*: offers (a year's flow, 2021) and job seekers in categories A, B, C (a stock), by job group and
  employment area (bassin), France Travail and Dares; employment areas are summed to the département before
  any ratio is made, the 20 that cross a border being shared by inhabitants.
- *rescaled*: ``market_offers_per_10_candidates`` and ``jg_national_market_score``. A year's offers over a
  stock of people is not the score that the audited algorithm read (median 5 offers per ten candidates in
  2017), so it is brought to that scale in one of the ways of :data:`SCALES`. Levels depend on the scale;
  never publish one alone.
- *assumed*: ``jg_requires_diploma`` and ``jg_hires_mainly_through_network`` (scenario inputs: no real figure
  exists), and the offers per ten that stand for each class of tension.

A cell that the source cut or lacks has no row, is unknown, and is never calm. Mayotte has no row at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import polars as pl

from bobanalysis import data

from .inputs import fap_of_rome
from .scenarios import Scenario, load
from .vocabulary import SCALES

BOB_MEDIAN = 5.0
"""Median of the published score in 2017, offers per ten candidates (known cells)."""

DEFAULT = "cell_median"


@dataclass(frozen=True)
class MarketTables:
    """A market on one scale.

    ``local``: departement_id, rome_id (String), market_offers_per_10_candidates,
    market_num_job_offers_last_year (Int32); known cells only. ``jobs``: rome_id, jg_national_market_score
    (Float32, offers per candidate, 0 = unknown), jg_requires_diploma, jg_hires_mainly_through_network
    (Boolean); one row for each of the 532 job groups.
    """

    local: pl.DataFrame
    jobs: pl.DataFrame


@cache
def market_cells() -> pl.DataFrame:
    """Offers and job seekers of each known job group × département, before any scale: observed.

    Returns: departement_id, rome_id, offers (a year's flow), jobseekers (stock, A, B, C), tension (mean class
    1 to 5).
    Source: France Travail and Dares through Mobiville, 2021.

    >>> market_cells().columns
    ['departement_id', 'rome_id', 'offers', 'jobseekers', 'tension']
    """
    cells = data.table("market_rome_bassin_2021").join(data.table("bassin_dep_share"), on="bassin")
    return _summed(cells, departement_id="dep", rome_id="rome")


@cache
def national_cells() -> pl.DataFrame:
    """Offers and job seekers of each job group over the whole country (the employment area without a place
    included).

    Returns: rome_id, offers, jobseekers, tension (mean class), sorted; observed.
    """
    return _summed(data.table("market_rome_bassin_2021").with_columns(share=1), rome_id="rome")


def _summed(cells: pl.DataFrame, **keys: str) -> pl.DataFrame:
    """Sum offers and job seekers by ``keys`` (our name, name in the table), always in the same order."""
    seekers = pl.col("jobseekers_abc") * pl.col("share")
    return (
        cells.sort(*keys.values(), "bassin")
        .group_by(maintain_order=True, **keys)
        .agg(
            offers=(pl.col("offers") * pl.col("share")).sum(),
            jobseekers=seekers.sum(),
            tension=(pl.col("tension_class") * pl.col("jobseekers_abc") * pl.col("share")).sum()
            / seekers.sum(),
        )
    )


@cache
def market(scale: str = DEFAULT, scenario: str = "central") -> MarketTables:
    """The market on one scale, ready for scoring.

    Parameters: ``scale``, a key of :data:`SCALES`; ``scenario``, whose assumptions on diplomas and hiring
    through contacts are used.
    Returns: :class:`MarketTables`. Offers per ten candidates are whole numbers, as in the published table; a
    known cell that rounds to 0 is written 1 (0 means unknown); -1 ("no offer at all") never
    occurs, because the source lists no cell without offers.
    Raises: ValueError for an unknown scale or scenario.

    >>> market("national").local["market_offers_per_10_candidates"].min() >= 1
    True
    """
    if scale not in SCALES:
        raise ValueError(f"no market scale {scale!r}; choose one of {', '.join(SCALES)}")
    country = _values(scale, national_cells(), "country")
    if scale == "national":
        local = market_cells().join(country.select("rome_id", "value"), on="rome_id", how="left")
    else:
        local = _values(scale, market_cells(), "departement")
    local, value = local.drop_nulls("value"), _whole(pl.col("value"))
    table = local.select(
        *("departement_id", "rome_id"),
        market_offers_per_10_candidates=value.clip(lower_bound=1).cast(pl.Int32),
        market_num_job_offers_last_year=_whole(pl.col("offers")).cast(pl.Int32),
    ).sort("departement_id", "rome_id")
    score = (pl.col("value") / 10).round(9).cast(pl.Float32).fill_null(0)
    jobs = (
        data.table("rome")
        .select(rome_id="rome")
        .join(country.select("rome_id", jg_national_market_score=score), on="rome_id", how="left")
        .join(_assumed_jobs(load(scenario)), on="rome_id", how="left")
        .with_columns(
            pl.col("jg_national_market_score").fill_null(0),
            pl.col("jg_requires_diploma", "jg_hires_mainly_through_network").fill_null(False),
        )
        .sort("rome_id")
    )
    return MarketTables(table, jobs)


def factor(scale: str) -> float:
    """What a year's offers over job seekers is multiplied by to give offers per ten candidates.

    Parameters: ``scale``, one of the scales of kind ``rescaled``.
    Raises: ValueError for the scales that read classes of tension.

    >>> round(factor("flow_12"), 4)
    0.8333
    """
    told = SCALES[scale]
    if told.years:
        return 10 * told.years[0] / told.years[1]
    if told.median_of is None:
        raise ValueError(f"the scale {scale!r} has no factor; it is not one of the rescaled ones")
    cells = national_cells() if told.median_of == "jobs" else market_cells()
    ratio = pl.col("offers") / pl.col("jobseekers")
    if told.median_of == "people":
        half = pl.col("jobseekers").cum_sum() >= pl.col("jobseekers").sum() / 2
        return BOB_MEDIAN / float(cells.sort(ratio).filter(half).select(ratio).item(0, 0))
    return BOB_MEDIAN / float(cells.select(ratio.median()).item())


def _whole(value: pl.Expr) -> pl.Expr:
    """Nearest whole number, halves up; a hair of floating point beside a half rounds alike on every
    machine."""
    return (value.round(9) + 0.5).floor()


def _values(scale: str, cells: pl.DataFrame, level: str) -> pl.DataFrame:
    """Add the ``value`` of each cell: offers per ten candidates on one scale."""
    if SCALES[scale].kind == "rescaled":
        return cells.with_columns(value=factor(scale) * pl.col("offers") / pl.col("jobseekers"))
    # Assumed: 1, 3, 5, 7 or 9 offers for the classes, so that 1 and 2 meet the rules' "stressed", 4 and 5
    # "unstressed".
    offers = 2 * _whole(pl.col("tension")) - 1
    if scale == "tension_2019":
        on = [key for key in ("departement_id", "rome_id") if key in cells.columns]
        cells = cells.join(classes_2019(level).select(*on, "tension_class"), on=on, how="left")
        offers = 2 * pl.col("tension_class").cast(pl.Float64) - 1
    return cells.with_columns(value=offers)


@cache
def classes_2019(level: str = "departement") -> pl.DataFrame:
    """Dares' class of tension of each job group: departement_id, rome_id, tension_class (1 to 5).

    Parameters: ``level``, "departement" or "country" (then departement_id is "FR"). A job group that leads to
    several families takes their mean, weighted by job seekers, rounded (halves up). No class: no row.
    Source: Dares and France Travail, 2019.

    >>> classes_2019()["tension_class"].max()
    5
    """
    tension = data.table("tension_fap_area_2019").drop_nulls("tension_class")
    tension = tension.filter(pl.col("fap_level").cast(pl.String) == "87", pl.col("area_level") == level)
    mean = (pl.col("tension_class") * pl.col("share")).sum() / pl.col("share").sum()
    families = fap_of_rome().join(tension, left_on="fap87", right_on="fap")
    classes = families.group_by("rome_id", departement_id="area").agg(
        tension_class=_whole(mean).cast(pl.Int8)
    )
    return classes.select("departement_id", "rome_id", "tension_class").sort("departement_id", "rome_id")


def _assumed_jobs(scenario: Scenario) -> pl.DataFrame:
    """Job groups that ask for a diploma, and that hire through contacts, as the scenario assumes."""

    def held(entry: str, start: int) -> pl.Expr:
        assumed = scenario.values[entry]
        if isinstance(assumed, str):
            return pl.lit(assumed == "all")
        # A job group that leads to several families follows the larger part of its crosswalk lines.
        return pl.col("fap2009").str.slice(start, 1).is_in(assumed).mean() >= 0.5

    return (
        data.table("rome_fap2009")
        .group_by(rome_id="rome")
        .agg(
            jg_requires_diploma=held("requires_diploma", 3),
            jg_hires_mainly_through_network=held("hires_through_network", 0),
        )
    )
