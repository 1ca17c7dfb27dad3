"""The published figures that the modelled population is built from, in the shape the model needs.

Bands carry their number in order of age; nothing here sorts a label of a band (``"< 25"`` sorts after
``"25-49"``, and such a slip lets every raked margin fit while the people are wrong).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis import data

SEXES = ("M", "F")
BANDS = ("15-24", "25-29", "30-49", "50-54", "55+")
BAND_FROM = (15, 25, 30, 50, 55)
NATIONAL_BANDS = ("15-24", "25-49", "50+")
NATIONAL_OF_BAND = (0, 1, 1, 2, 2)
EEC_BANDS = ("15-29", "30-39", "40-49", "50-59", "60+")
EEC_FROM = (15, 30, 40, 50, 60)
# Diplomas of the labour force survey, and the degree of the enums they stand for: BT and BG are both upper
# secondary; LMD (three years and more after it) is split further by the scenario.
DEGREE_OF_DIPLOMA = {"BC": 1, "CBP": 2, "BT": 3, "BG": 3, "TS": 4, "LMD": 5}
DURATIONS = ("0", "1-2", "3-5", "6-11", "12-17", "18-23", "24-35", "36+")
DURATION_FROM = (0, 1, 3, 6, 12, 18, 24, 36)
STOCK_YEAR, MARKET_YEAR, POPULATION_YEAR = 2019, 2021, 2021

Floats = NDArray[np.float64]


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
    return (
        data.table("jobseekers_fap_year")
        .filter(
            (pl.col("fap_level") == "87") & (pl.col("year") == STOCK_YEAR) & (pl.col("category") == "ABC")
        )
        .select(pl.col("fap").alias("fap87"), (pl.col("thousands") * 1000).round().alias("people"))
        .sort("fap87")
    )


@cache
def fap_of_rome() -> pl.DataFrame:
    """Job families of each job group, with the share of its people that each gets (by stock of the families).

    Returns: rome_id, fap87, share (sums to 1 for each job group), sorted. 168 of the 532 job groups lead to
    several families.

    >>> fap_of_rome().filter(pl.col("rome_id") == "M1607")["share"].sum()
    1.0
    """
    stock = fap_stock().select("fap87", "people")
    return (
        data.table("rome_fap2009")
        .select(pl.col("rome").alias("rome_id"), "fap87")
        .unique()
        .join(stock, on="fap87")
        .sort("rome_id", "fap87")
        .with_columns((pl.col("people") / pl.col("people").sum().over("rome_id")).alias("share"))
        .drop("people")
    )


@cache
def read() -> Inputs:
    """Read and arrange the published figures.

    Returns: :class:`Inputs`.
    Raises: ValueError when a table lacks a band, a sex or a family that the model needs.
    """
    market = data.table("market_rome_bassin_2021")
    shared = market.join(data.table("bassin_dep_share"), on="bassin", how="left")
    placed = (
        shared.filter(pl.col("dep").is_not_null())
        .join(fap_of_rome(), left_on="rome", right_on="rome_id", suffix="_fap")
        .group_by(pl.col("dep").alias("departement_id"), pl.col("rome").alias("rome_id"), "fap87")
        .agg((pl.col("jobseekers_abc") * pl.col("share") * pl.col("share_fap")).sort().sum().alias("people"))
        .sort("departement_id", "rome_id", "fap87")
    )
    stock = fap_stock()
    covered = stock.filter(pl.col("fap87").is_in(placed["fap87"].unique().to_list()))
    departements = tuple(sorted(data.table("departements")["dep"].to_list()))
    return Inputs(
        place=placed,
        stock=covered,
        age_share=_age_share(covered),
        women_share=_women_share(covered),
        national=_national(),
        departements=departements,
        residents=_residents(departements),
        degrees=_survey("diploma", tuple(DEGREE_OF_DIPLOMA), DEGREE_OF_DIPLOMA, 5),
        durations=_survey("duration_months", DURATIONS, {name: i + 1 for i, name in enumerate(DURATIONS)}, 8),
        lost=_lost(shared, stock, covered),
    )


def _grid(frame: pl.DataFrame, keys: dict[str, tuple[str, ...]], value: str, what: str) -> Floats:
    """Lay a long table out as an array, each axis in the order given (never the alphabet's); every cell must
    be there."""
    out = np.full([len(labels) for labels in keys.values()], np.nan)
    index = [
        frame[key].replace_strict({v: i for i, v in enumerate(labels)}, default=None)
        for key, labels in keys.items()
    ]
    kept = frame.with_columns(i.alias(f"_{n}") for n, i in enumerate(index)).drop_nulls(
        [f"_{n}" for n in range(len(index))]
    )
    out[tuple(kept[f"_{n}"].to_numpy() for n in range(len(index)))] = kept[value].to_numpy()
    if np.isnan(out).any():
        first = np.argwhere(np.isnan(out))[0]
        cell = ", ".join(labels[int(i)] for labels, i in zip(keys.values(), first, strict=True))
        raise ValueError(f"table {what}: no figure for {cell}; run 'bobanalysis data check'")
    return out


def _age_share(covered: pl.DataFrame) -> Floats:
    families = tuple(covered["fap87"].to_list())
    table = data.table("jobseekers_fap87_age_2020")
    shares = _grid(table, {"fap87": families, "age_band": BANDS}, "share_pct", "jobseekers_fap87_age_2020")
    return shares / shares.sum(axis=1, keepdims=True)


def _women_share(covered: pl.DataFrame) -> Floats:
    table, families = data.table("jobseekers_fap87_sex_duration_2020"), tuple(covered["fap87"].to_list())
    return _grid(table, {"fap87": families}, "women_pct", "jobseekers_fap87_sex_duration_2020") / 100


def _national() -> Floats:
    year = (
        data.table("jobseekers_sex_age_month")
        .filter(pl.col("month").str.starts_with(str(STOCK_YEAR)))
        .group_by("sex", "age_band")
        .agg(pl.col("jobseekers").mean())
    )
    return _grid(year, {"sex": SEXES, "age_band": NATIONAL_BANDS}, "jobseekers", "jobseekers_sex_age_month")


def _residents(departements: tuple[str, ...]) -> Floats:
    table = data.table("population_dep_sex_age5").filter(pl.col("year") == POPULATION_YEAR)
    bands = tuple(table.sort("age_from")["age_band"].unique(maintain_order=True).to_list())
    five = _grid(
        table, {"dep": departements, "sex": SEXES, "age_band": bands}, "population", "population_dep_sex_age5"
    )
    return single_years(five)


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


def _survey(column: str, labels: tuple[str, ...], number: dict[str, int], size: int) -> Floats:
    """Shares of a survey answer by sex and age band; people without an answer are left out."""
    table = (
        data.table("unemployed_eec2018")
        .drop_nulls(column)
        .group_by("sex", "age_band", column)
        .agg(pl.col("weighted").sum())
    )
    counts = np.zeros((2, len(EEC_BANDS), size))
    known = table.filter(pl.col(column).is_in(labels))
    if known.height != table.height:
        odd = table.filter(~pl.col(column).is_in(labels))[column][0]
        raise ValueError(
            f"table unemployed_eec2018, column {column}: unknown value {odd!r}; run 'bobanalysis data check'"
        )
    for sex, band, value, people in known.iter_rows():
        counts[SEXES.index(sex), EEC_BANDS.index(band), number[value] - 1] += people
    return counts / counts.sum(axis=2, keepdims=True)


def _lost(shared: pl.DataFrame, stock: pl.DataFrame, covered: pl.DataFrame) -> pl.DataFrame:
    no_place = shared.filter(pl.col("dep").is_null())
    no_market = stock.filter(~pl.col("fap87").is_in(covered["fap87"].to_list()))
    survey = data.table("unemployed_eec2018")
    rows = [
        ("market_without_place", float(no_place["jobseekers_abc"].sum()), no_place.height),
        ("family_without_market", float(no_market["people"].sum()), no_market.height),
    ]
    for column in ("diploma", "duration_months"):
        gone = survey.filter(pl.col(column).is_null())
        rows.append((f"survey_without_{column}", float(gone["weighted"].sum()), int(gone["n_sample"].sum())))
    return pl.DataFrame(rows, schema=["what", "people", "rows"], orient="row")
