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

_FIVE_YEARS = (*(f"{age}-{age + 4}" for age in range(0, 95, 5)), "95+")
_ALL = pl.lit(True)

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
    table = data.table("jobseekers_fap_year")
    known = table.filter(fap_level="87", year=STOCK_YEAR, category="ABC")
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
    age_share = _grid("jobseekers_fap87_age_2020", "share_pct", {"fap87": families, "age_band": BANDS})
    month = pl.col("month").str.starts_with(str(STOCK_YEAR))
    by_band = {"dep": departements, "sex": SEXES, "age_band": _FIVE_YEARS}
    year = pl.col("year") == POPULATION_YEAR
    return Inputs(
        place=placed,
        stock=covered,
        age_share=age_share / age_share.sum(axis=1, keepdims=True),
        women_share=_grid("jobseekers_fap87_sex_duration_2020", "women_pct", {"fap87": families}) / 100,
        national=_grid(
            "jobseekers_sex_age_month", "jobseekers", {"sex": SEXES, "age_band": NATIONAL_BANDS}, month
        ),
        departements=departements,
        residents=single_years(_grid("population_dep_sex_age5", "population", by_band, year)),
        degrees=_survey("diploma", DEGREE_OF_DIPLOMA),
        durations=_survey("duration_months", {name: i for i, name in enumerate(DURATIONS, 1)}),
        lost=_lost(shared, stock, covered),
    )


def _grid(what: str, value: str, keys: dict[str, tuple[str, ...]], rows: pl.Expr = _ALL) -> Floats:
    """Lay the means of a table out as an array, each axis in the order given (never the alphabet's); every
    cell must be there."""
    frame = data.table(what).filter(rows).group_by(list(keys), maintain_order=True).agg(pl.col(value).mean())
    places = [
        frame[key].replace_strict({v: i for i, v in enumerate(labels)}, default=None)
        for key, labels in keys.items()
    ]
    known = pl.DataFrame({f"{n}": place for n, place in enumerate(places)}).with_columns(frame[value])
    *axes, held = known.drop_nulls([f"{n}" for n in range(len(keys))]).get_columns()
    out = np.full([len(labels) for labels in keys.values()], np.nan)
    out[tuple(axis.to_numpy() for axis in axes)] = held.to_numpy()
    if np.isnan(out).any():
        first = np.argwhere(np.isnan(out))[0]
        cell = ", ".join(labels[int(i)] for labels, i in zip(keys.values(), first, strict=True))
        raise ValueError(f"table {what}: no figure for {cell}; run 'bobanalysis data check'")
    return out


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


def _survey(column: str, number: dict[str, int]) -> Floats:
    """Shares of a survey answer by sex and age band; people without an answer are left out."""
    table = data.table("unemployed_eec2018").drop_nulls(column).group_by("sex", "age_band", column)
    counts = np.zeros((2, len(EEC_BANDS), max(number.values())))
    for sex, band, value, people in table.agg(pl.col("weighted").sum()).iter_rows():
        if value not in number:
            wrong = f"unknown value {value!r}; run 'bobanalysis data check'"
            raise ValueError(f"table unemployed_eec2018, column {column}: {wrong}")
        counts[SEXES.index(sex), EEC_BANDS.index(band), number[value] - 1] += people
    return counts / counts.sum(axis=2, keepdims=True)


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
