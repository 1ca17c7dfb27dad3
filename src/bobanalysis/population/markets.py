"""The market that a job seeker meets: offers per ten candidates by job group and département.

What is what:

- *observed*: offers (a year's flow, 2021) and job seekers in categories A, B, C (a stock), by job group and
employment
  area (bassin), France Travail and Dares; employment areas are summed to the département before any ratio is
  made, the 20 that cross a border being shared by inhabitants.
- *rescaled*: ``market_offers_per_10_candidates`` and ``jg_national_market_score``. A year's offers over a
stock of people
  is not the score that the audited algorithm read (median 5 offers per ten candidates in 2017), so it is
  brought to that scale in one of the ways of :data:`SCALES`. Levels depend on the scale; never publish one
  alone.
- *assumed*: ``jg_requires_diploma`` and ``jg_hires_mainly_through_network`` (scenario inputs: no real figure
exists), and
  the offers per ten that stand for each class of tension.

A cell that the source cut or lacks has no row, is unknown, and is never calm. Mayotte has no row at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import polars as pl

from bobanalysis import data

from .inputs import fap_of_rome
from .scenarios import Scenario, load
from .texts import SCALES

BOB_MEDIAN = 5.0
"""Median of the published score in 2017, offers per ten candidates (known cells)."""

OFFERS_OF_CLASS = {1: 1.0, 2: 3.0, 3: 5.0, 4: 7.0, 5: 9.0}
"""Assumed offers per ten candidates for each class of tension: 1 and 2 meet the rules' "stressed", 4 and 5
"unstressed"."""

DEFAULT = "cell_median"


@dataclass(frozen=True)
class MarketTables:
    """A market on one scale.

    ``local``: departement_id, rome_id (String), market_offers_per_10_candidates,
    market_num_job_offers_last_year (Int32); known cells only. ``jobs``: rome_id, jg_national_market_score
    (Float32, offers per candidate, 0 = unknown), jg_requires_diploma, jg_hires_mainly_through_network
    (Boolean); one row for each of the 532 job groups. ``rounded_up``: cells below half an offer per ten,
    written 1, because 0 would read as unknown.
    """

    local: pl.DataFrame
    jobs: pl.DataFrame
    scale: str
    scenario: str
    rounded_up: int


def market_cells() -> pl.DataFrame:
    """Offers and job seekers of each known job group × département, before any scale: observed.

    Returns: departement_id, rome_id, offers (a year's flow), jobseekers (stock, A, B, C), tension (mean class
    1 to 5).
    Source: France Travail and Dares through Mobiville, 2021.

    >>> market_cells().columns
    ['departement_id', 'rome_id', 'offers', 'jobseekers', 'tension']
    """
    cells = data.table("market_rome_bassin_2021").join(data.table("bassin_dep_share"), on="bassin")
    return _summed(cells.sort("dep", "rome", "bassin"), {"dep": "departement_id", "rome": "rome_id"}, "share")


def national_cells() -> pl.DataFrame:
    """Offers and job seekers of each job group over the whole country (the employment area without a place
    included).

    Returns: rome_id, offers, jobseekers, tension (mean class), sorted; observed.
    """
    return _summed(data.table("market_rome_bassin_2021").sort("rome", "bassin"), {"rome": "rome_id"})


def _summed(cells: pl.DataFrame, by: dict[str, str], share: str | None = None) -> pl.DataFrame:
    """Sum offers and job seekers by the columns ``by`` (name in the table → ours), in the order of the
    rows."""
    part = pl.col(share) if share else pl.lit(1)
    seekers = pl.col("jobseekers_abc") * part
    tension = (pl.col("tension_class") * pl.col("jobseekers_abc") * part).sum() / seekers.sum()
    keys = [pl.col(name).alias(ours) for name, ours in by.items()]
    offers = (pl.col("offers") * part).sum()
    return cells.group_by(keys, maintain_order=True).agg(
        offers=offers, jobseekers=seekers.sum(), tension=tension
    )


def market(scale: str = DEFAULT, scenario: str = "central") -> MarketTables:
    """The market on one scale, ready for scoring.

    Parameters: ``scale``, a key of :data:`SCALES`; ``scenario``, whose assumptions on diplomas and hiring
    through contacts are used.
    Returns: :class:`MarketTables`. Offers per ten candidates are whole numbers, as in the published table; a
    known cell that rounds to 0 is written 1 (0 means unknown) and counted; -1 ("no offer at all") never
    occurs, because the source lists no cell without offers.
    Raises: ValueError for an unknown scale, ScenarioError for an unknown scenario.

    >>> market("national").local["market_offers_per_10_candidates"].min() >= 1
    True
    """
    if scale not in SCALES:
        raise ValueError(f"no market scale {scale!r}; choose one of {', '.join(SCALES)}")
    return _market(scale, scenario)


@cache
def _market(scale: str, scenario: str) -> MarketTables:
    country = _values(scale, national_cells(), "country")
    by_job = country if scale == "national" else None
    local = _values(scale, market_cells(), "departement", by_job).filter(pl.col("value").is_not_null())
    value = _whole(pl.col("value"))
    table = local.select(
        "departement_id",
        "rome_id",
        market_offers_per_10_candidates=value.clip(lower_bound=1).cast(pl.Int32),
        market_num_job_offers_last_year=_whole(pl.col("offers")).cast(pl.Int32),
    ).sort("departement_id", "rome_id")
    score = (pl.col("value") / 10).round(9).cast(pl.Float32).fill_null(0)
    jobs = (
        data.table("rome")
        .select(rome_id="rome")
        .join(country.select("rome_id", jg_national_market_score=score), on="rome_id", how="left")
        .join(_assumed_jobs(load(scenario)), on="rome_id", how="left")
        .with_columns(pl.col("jg_national_market_score").fill_null(0))
        .with_columns(pl.col("jg_requires_diploma", "jg_hires_mainly_through_network").fill_null(False))
        .sort("rome_id")
    )
    return MarketTables(table, jobs, scale, scenario, local.filter(value < 1).height)


def factor(scale: str) -> float:
    """What a year's offers over job seekers is multiplied by to give offers per ten candidates.

    Parameters: ``scale``, one of the scales of kind ``rescaled``.
    Raises: ValueError for the scales that read classes of tension.

    >>> round(factor("flow_12"), 4)
    0.8333
    """
    if scale.startswith("vacancy_"):
        return 10 * int(scale.removeprefix("vacancy_")) / 365
    if scale == "flow_12":
        return 10 / 12
    known, ratio = market_cells(), pl.col("offers") / pl.col("jobseekers")
    if scale in ("cell_median", "national"):
        return BOB_MEDIAN / float(known.select(ratio.median()).item())
    if scale == "job_median":
        return BOB_MEDIAN / float(national_cells().select(ratio.median()).item())
    if scale == "people_median":
        ranked = known.select(ratio.alias("ratio"), "jobseekers").sort("ratio")
        half = pl.col("jobseekers").cum_sum() >= pl.col("jobseekers").sum() / 2
        return BOB_MEDIAN / float(ranked.filter(half)["ratio"][0])
    raise ValueError(f"the scale {scale!r} has no factor; it is not one of the rescaled ones")


def _whole(value: pl.Expr) -> pl.Expr:
    """Nearest whole number, halves up; a hair of floating point beside a half rounds alike on every
    machine."""
    return (value.round(9) + 0.5).floor()


def _of_class(tension: pl.Expr) -> pl.Expr:
    return _whole(tension).cast(pl.Int64).replace_strict(OFFERS_OF_CLASS, return_dtype=pl.Float64)


def _values(scale: str, cells: pl.DataFrame, level: str, by_job: pl.DataFrame | None = None) -> pl.DataFrame:
    """Add the ``value`` of each cell: offers per ten candidates on one scale."""
    if by_job is not None:
        return cells.join(by_job.select("rome_id", "value"), on="rome_id", how="left")
    if scale == "tension_classes":
        return cells.with_columns(value=_of_class(pl.col("tension")))
    if scale == "tension_2019":
        found = _dares_class(level)
        keys = [name for name in ("departement_id", "rome_id") if name in cells.columns]
        return cells.join(found.select(*keys, "value"), on=keys, how="left")
    return cells.with_columns(value=factor(scale) * pl.col("offers") / pl.col("jobseekers"))


def _dares_class(level: str) -> pl.DataFrame:
    """Offers per ten of the 2019 class of tension of a job group's families, weighted by the families'
    stock."""
    tension = data.table("tension_fap_area_2019").drop_nulls("tension_class")
    tension = tension.filter(pl.col("fap_level").cast(pl.String) == "87", pl.col("area_level") == level)
    mean = (pl.col("tension_class") * pl.col("share")).sum() / pl.col("share").sum()
    families = fap_of_rome().join(tension, left_on="fap87", right_on="fap")
    return families.group_by("rome_id", departement_id="area").agg(value=_of_class(mean))


def _assumed_jobs(scenario: Scenario) -> pl.DataFrame:
    """Job groups that ask for a diploma, and that hire through contacts, as the scenario assumes."""
    levels, domains = pl.col("fap2009").str.slice(3, 1), pl.col("fap87").str.slice(0, 1)
    families = data.table("rome_fap2009").group_by(rome_id="rome").agg(levels=levels, domains=domains)

    def held(entry: str, column: str) -> pl.Expr:
        rule = scenario.values[entry]
        if rule["rule"] in ("all", "none"):
            return pl.lit(rule["rule"] == "all")
        # A job group that leads to several families follows the larger part of its crosswalk lines.
        return pl.col(column).list.eval(pl.element().is_in(list(rule["values"]))).list.mean() >= 0.5

    return families.select(
        "rome_id",
        jg_requires_diploma=held("requires_diploma", "levels"),
        jg_hires_mainly_through_network=held("hires_through_network", "domains"),
    )
