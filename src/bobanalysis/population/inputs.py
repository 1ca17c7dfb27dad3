"""The published figures that the modelled population is built from, in the shape the model needs.

Bands carry their number in order of age; nothing here sorts a label of a band (``"< 25"`` sorts after
``"25-49"``, and such a slip lets every raked margin fit while the people are wrong).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import polars as pl

from bobanalysis import data

from .vocabulary import Floats

SEXES = ("M", "F")
BANDS = ("15-24", "25-29", "30-49", "50-54", "55+")
BAND_FROM = (15, 25, 30, 50, 55)
NATIONAL_OF_BAND = dict(zip(BANDS, ("15-24", "25-49", "25-49", "50+", "50+"), strict=True))
NATIONAL_BANDS = tuple(dict.fromkeys(NATIONAL_OF_BAND.values()))
FIRST_BAND = (0, 1, 3)  # the first band of each national one
EEC_BANDS = ("15-29", "30-39", "40-49", "50-59", "60+")
EEC_FROM = (15, 30, 40, 50, 60)
# Diplomas of the labour force survey, and the first of those that each degree stands for: BT and BG are both
# upper secondary; LMD (three years and more after it) is split further by the scenario.
DIPLOMAS = ("BC", "CBP", "BT", "BG", "TS", "LMD")
FIRST_DIPLOMA = (0, 1, 2, 4, 5)
DURATIONS = ("0", "1-2", "3-5", "6-11", "12-17", "18-23", "24-35", "36+")
DURATION_FROM = (0, 1, 3, 6, 12, 18, 24, 36)
STOCK_YEAR, MARKET_YEAR, POPULATION_YEAR = 2019, 2021, 2021

_FIVE_YEARS = (*(f"{age}-{age + 4}" for age in range(0, 95, 5)), "95+")
_ALL = pl.lit(True)


@dataclass(frozen=True)
class Inputs:
    """Figures for the model, all in people or shares; sexes in the order M, F and bands in the order of age.

    ``place``: departement_id, rome_id, fap87, people (job seekers of the market by job family, ambiguous job
    groups split by stock). ``stock``: fap87, people (A, B, C, 2019). ``age_share`` [81, 5] and
    ``women_share`` [81] (category A, 2020) in the order of ``stock``. ``national`` [2, 3]: job seekers A, B,
    C by sex and age, mean of 2019. ``residents`` [101, 2, 100]: people by département, sex and single year of
    age (0 to 99). ``degrees`` [2, 5, 5] and ``durations`` [2, 5, 8]: shares by sex and age band of the
    survey. ``lost``: what could not be placed (what, job seekers, rows).
    """

    place: pl.DataFrame
    stock: pl.DataFrame
    age_share: Floats
    women_share: Floats
    national: Floats
    departements: tuple[str, ...]
    residents: Floats
    degrees: Floats
    durations: Floats
    lost: pl.DataFrame


@cache
def fap_stock() -> pl.DataFrame:
    """Stock of job seekers (A, B, C) by job family, mean of 2019, people; the unclassified family included.

    Returns: fap87, people, sorted by fap87.

    >>> int(fap_stock()["people"].sum())
    5511320
    """
    known = data.table("jobseekers_fap_year").filter(fap_level="87", year=STOCK_YEAR, category="ABC")
    return known.select(fap87="fap", people=(pl.col("thousands") * 1000).round()).sort("fap87")


@cache
def fap_of_rome() -> pl.DataFrame:
    """Job families of each job group, with the share of its people that each gets (by stock of the families).

    Returns: rome_id, fap87, share (sums to 1 for each job group), sorted. 168 of the 532 job groups lead to
    several families.

    >>> fap_of_rome().filter(pl.col("rome_id") == "M1607")["share"].sum()
    1.0
    """
    families = data.table("rome_fap2009").select("fap87", rome_id="rome").unique()
    share = pl.col("people") / pl.col("people").sum().over("rome_id")
    found = families.join(fap_stock(), on="fap87").sort("rome_id", "fap87")
    return found.select("rome_id", "fap87", share=share)


@cache
def read() -> Inputs:
    """Read and arrange the published figures.

    Returns: :class:`Inputs`.
    Raises: ValueError when a table lacks a band, a sex or a family that the model needs.
    """
    market = data.table("market_rome_bassin_2021")
    shared = market.join(data.table("bassin_dep_share"), on="bassin", how="left")
    people = (pl.col("jobseekers_abc") * pl.col("share") * pl.col("share_fap")).sort().sum()
    placed = (
        shared.drop_nulls("dep")
        .join(fap_of_rome(), left_on="rome", right_on="rome_id", suffix="_fap")
        .group_by("fap87", departement_id="dep", rome_id="rome")
        .agg(people=people)
        .select("departement_id", "rome_id", "fap87", "people")
        .sort("departement_id", "rome_id", "fap87")
    )
    stock = fap_stock()
    covered = stock.filter(pl.col("fap87").is_in(placed["fap87"].unique().to_list()))
    families, departements = tuple(covered["fap87"]), tuple(sorted(data.table("departements")["dep"]))
    age_share = grid("jobseekers_fap87_age_2020", "share_pct", {"fap87": families, "age_band": BANDS})
    month = pl.col("month").str.starts_with(str(STOCK_YEAR))
    by_national_band = {"sex": SEXES, "age_band": NATIONAL_BANDS}
    by_band = {"dep": departements, "sex": SEXES, "age_band": _FIVE_YEARS}
    year = pl.col("year") == POPULATION_YEAR
    return Inputs(
        place=placed,
        stock=covered,
        age_share=age_share / age_share.sum(axis=1, keepdims=True),
        women_share=grid("jobseekers_fap87_sex_duration_2020", "women_pct", {"fap87": families}) / 100,
        national=grid("jobseekers_sex_age_month", "jobseekers", by_national_band, month),
        departements=departements,
        residents=single_years(grid("population_dep_sex_age5", "population", by_band, year)),
        degrees=_shares(five_degrees({"sex": SEXES, "age_band": EEC_BANDS})),
        durations=_shares(surveyed({"sex": SEXES, "age_band": EEC_BANDS, "duration_months": DURATIONS})),
        lost=_lost(shared, stock, covered),
    )


def grid(
    what: str, value: str, keys: dict[str, tuple[str, ...]], rows: pl.Expr = _ALL, counted: bool = False
) -> Floats:
    """Lay a table out as an array, each axis in the order given (never the alphabet's).

    Parameters: ``what``, the table; ``value``, its column; ``keys``, columns and their labels; ``rows``,
    which rows; ``counted``, sum the values of a cell (none: 0) instead of taking their mean.
    Raises: ValueError when a cell has no mean.
    """
    held = pl.col(value).sum() if counted else pl.col(value).mean()
    named = [pl.col(key).cast(pl.String) for key in keys]
    frame = data.table(what).filter(rows).group_by(named, maintain_order=True).agg(held)
    cells = pl.DataFrame(list(product(*keys.values())), dict.fromkeys(keys, pl.String), orient="row")
    found = cells.join(frame, on=list(keys), how="left", maintain_order="left")
    absent = found.filter(pl.col(value).is_null())
    if absent.height and not counted:
        cell = ", ".join(absent.row(0)[:-1])
        raise ValueError(f"table {what}: no figure for {cell}; run 'bobanalysis data check'")
    return found[value].fill_null(0).cast(pl.Float64).to_numpy().reshape([len(k) for k in keys.values()])


def surveyed(keys: dict[str, tuple[str, ...]]) -> Floats:
    """Count the people of the labour force survey; those without an answer are left out."""
    return grid("unemployed_eec2018", "weighted", keys, counted=True)


def five_degrees(keys: dict[str, tuple[str, ...]]) -> Floats:
    """Count the people of the survey by ``keys`` and then by degree, from none to three years and more."""
    return np.add.reduceat(surveyed({**keys, "diploma": DIPLOMAS}), FIRST_DIPLOMA, axis=-1)


def _shares(counts: Floats) -> Floats:
    return counts / counts.sum(axis=-1, keepdims=True)


def single_years(five: Floats) -> Floats:
    """People by single year of age from five-year bands.

    The density is drawn as straight lines through the middles of the bands, then each band is scaled back to
    its own total.
    Parameters: ``five``, array whose last axis holds 20 bands (0-4 ... 95 and over, taken as 95-99), people.
    Returns: array whose last axis holds the ages 0 to 99; five by five it sums to the bands.

    >>> float(single_years(np.full((1, 20), 10.0))[0, 30])
    2.0
    """
    middles, ages = np.arange(20) * 5 + 2.0, np.arange(100.0)
    flat = five.reshape(-1, 20)
    lines = np.stack([np.interp(ages, middles, row) for row in flat]).reshape(-1, 20, 5)
    held = lines.sum(axis=2, keepdims=True)
    scaled = lines * np.divide(flat[:, :, None], held, out=np.zeros_like(held), where=held > 0)
    return scaled.reshape(*five.shape[:-1], 100)


def _lost(shared: pl.DataFrame, stock: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    no_place = shared.filter(pl.col("dep").is_null())
    no_market = stock.join(covered, on="fap87", how="anti")
    survey = data.table("unemployed_eec2018")
    rows = [
        ("market_without_place", float(no_place["jobseekers_abc"].sum()), no_place.height),
        ("family_without_market", float(no_market["people"].sum()), no_market.height),
    ]
    for column in ("diploma", "duration_months"):
        gone = survey.filter(pl.col(column).is_null())
        rows.append((f"survey_without_{column}", float(gone["weighted"].sum()), int(gone["n_sample"].sum())))
    return pl.DataFrame(rows, schema=["what", "people", "rows"], orient="row")
