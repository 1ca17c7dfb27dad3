"""The joint distribution of place, job, age and sex: made once, fitted to known margins, never drawn from
here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis import data

from .enums import WORKING_AGE, YOUNGEST_WITH_DEGREE
from .inputs import (
    BAND_FROM,
    BANDS,
    DEGREE_OF_DIPLOMA,
    DURATIONS,
    EEC_BANDS,
    EEC_FROM,
    NATIONAL_BANDS,
    NATIONAL_OF_BAND,
    POPULATION_YEAR,
    SEXES,
    Floats,
    Inputs,
    read,
)
from .raking import Raked, rake
from .scenarios import Scenario
from .texts import MARGINS

Ints = NDArray[np.int64]

ASSUMED_ACTIVITY = 0.73
"""Share of residents aged 15 to 64 in work or looking for it: assumed, for one indicative comparison only."""


@dataclass(frozen=True)
class Joint:
    """Cells of the modelled population.

    ``cells``: departement_id, rome_id, fap87, band (0-4), sex (0 men, 1 women), seed and people (Float64),
    sorted. ``ages``: the single years of age, and ``age_share`` [2, 5, ages] their shares by sex and band.
    ``degree_share`` [2, ages, 6] and ``duration_share`` [2, ages, 8]: shares by sex and age. ``raked``: how
    the fit went. ``inputs``: what it was made from.
    """

    cells: pl.DataFrame
    ages: Ints
    age_share: Floats
    degree_share: Floats
    duration_share: Floats
    raked: Raked
    inputs: Inputs
    construction: str

    @property
    def people(self) -> float:
        """Job seekers that the cells stand for."""
        return float(self.inputs.stock["people"].sum())


@cache
def _cached(construction: str, activity: tuple[tuple[int, float], ...], master_share: float) -> Joint:
    return build(read(), construction, dict(activity), master_share)


def joint(scenario: Scenario) -> Joint:
    """The cells for a scenario (computed once for all scenarios that share a construction and ages)."""
    values = scenario.values
    return _cached(scenario.construction, tuple(values["age_activity"].items()), values["master_share"])


def build(inputs: Inputs, construction: str, activity: dict[int, float], master_share: float) -> Joint:
    """Make the cells and fit them.

    Start: job seekers of each job family in each département (market of 2021) x age and x sex given the
    family (category A, 2020). Raked to the stock of each family (A, B, C, 2019) and to the national age x sex
    margin. ``residence`` is raked besides to the age x sex structure of each département's residents times
    the national ratio.

    Parameters: ``inputs``; ``construction``, ``occupation`` or ``residence``; ``activity``, age -> factor (0
    to 1); ``master_share``, among degrees of three years and more.
    Returns: :class:`Joint`.
    """
    cells = _start(inputs)
    family = cells["family"].to_numpy()
    band, sex = cells["band"].to_numpy(), cells["sex"].to_numpy()
    stock = inputs.stock["people"].to_numpy()
    # The two sources disagree by half a percent on the total; the families' stock is the reference.
    national = inputs.national.ravel() * stock.sum() / inputs.national.sum()
    age_sex = (sex * 3 + np.array(NATIONAL_OF_BAND)[band]).astype(np.int64)
    seed = cells["seed"].to_numpy()
    margins = [(family, stock), (age_sex, national)]
    raked = rake(seed, margins)
    if construction == "residence":
        place = cells["place"].to_numpy()
        target = _residence(inputs, raked.weights, place, band, sex, activity)
        raked = rake(seed, [*margins, (place * 10 + sex * 5 + band, target)])
    cells = cells.with_columns(pl.Series("people", raked.weights))
    ages = np.arange(WORKING_AGE, max(activity), dtype=np.int64)
    age_share = _ages(inputs, ages, activity)
    seekers = np.zeros((2, 5))
    np.add.at(seekers, (sex, band), raked.weights)
    by_age = (seekers[:, :, None] * age_share).sum(axis=1)
    return Joint(
        cells=cells.select("departement_id", "rome_id", "fap87", "family", "band", "sex", "seed", "people"),
        ages=ages,
        age_share=age_share,
        degree_share=_degrees(inputs, ages, by_age, master_share),
        duration_share=inputs.durations[:, _bands(EEC_FROM, ages)],
        raked=raked,
        inputs=inputs,
        construction=construction,
    )


def _start(inputs: Inputs) -> pl.DataFrame:
    """Cells before raking; within a family, age and sex are taken as independent."""
    families = {name: i for i, name in enumerate(inputs.stock["fap87"].to_list())}
    places = {name: i for i, name in enumerate(inputs.departements)}
    given = inputs.place.filter(pl.col("people") > 0).with_columns(
        pl.col("fap87").replace_strict(families, return_dtype=pl.Int64).alias("family"),
        pl.col("departement_id").replace_strict(places, return_dtype=pl.Int64).alias("place"),
    )
    women = inputs.women_share[:, None, None]
    profile = np.concatenate([1 - women, women], axis=1) * inputs.age_share[:, None, :]
    kind = pl.DataFrame({"sex": np.repeat([0, 1], 5), "band": np.tile(np.arange(5), 2)})
    cells = given.join(kind, how="cross", maintain_order="left_right")
    share = profile[cells["family"].to_numpy(), cells["sex"].to_numpy(), cells["band"].to_numpy()]
    return cells.with_columns((pl.col("people") * pl.Series(share)).alias("seed")).drop("people")


def _residence(
    inputs: Inputs, weights: Floats, place: Ints, band: Ints, sex: Ints, activity: dict[int, float]
) -> Floats:
    """Job seekers by département, sex and band from residents x the national ratio, with the modelled totals
    by place."""
    size, ages = len(inputs.departements), np.arange(WORKING_AGE, max(activity), dtype=np.int64)
    modelled = np.bincount(place * 10 + sex * 5 + band, weights, size * 10).reshape(size, 10)
    able, in_band = inputs.residents[:, :, ages] * _activity(ages, activity), _bands(BAND_FROM, ages)
    residents = np.stack([able[:, :, in_band == b].sum(axis=2) for b in range(5)], axis=2).reshape(size, 10)
    wanted = residents * (modelled.sum(axis=0) / residents.sum(axis=0))
    row, column = np.indices(wanted.shape).reshape(2, -1)
    # Totals by place and the national structure are both kept; Mayotte has no market and gets nobody.
    national = [(row, modelled.sum(axis=1)), (column, modelled.sum(axis=0))]
    return rake(np.where(modelled.sum(axis=1, keepdims=True) > 0, wanted, 0).ravel(), national).weights


def _activity(ages: Ints, points: dict[int, float]) -> Floats:
    return np.interp(ages, list(points), list(points.values()), left=0)


def _bands(lowest: Sequence[int], ages: Ints) -> Ints:
    """Number the band of each age, given the lowest age of each band."""
    return np.searchsorted(lowest, ages, side="right") - 1


def _ages(inputs: Inputs, ages: Ints, activity: dict[int, float]) -> Floats:
    """Shares of single years within each band: residents of France x the scenario's factors."""
    able = inputs.residents.sum(axis=0)[:, ages] * _activity(ages, activity)
    shares = able[:, None, :] * (_bands(BAND_FROM, ages) == np.arange(5)[:, None])
    return shares / shares.sum(axis=2, keepdims=True)


def _degrees(inputs: Inputs, ages: Ints, by_age: Floats, master_share: float) -> Floats:
    """Shares of the six degrees by sex and age: the survey's shares in each of its bands, with no degree
    before its age.

    A band of the survey goes from 15 to 29; its shares hold for the band as a whole, and inside it a small
    raking moves the degrees that take years to the ages at which they can be held.
    """
    five = inputs.degrees
    six = np.concatenate(
        [five[:, :, :4], five[:, :, 4:] * np.array([1 - master_share, master_share])], axis=2
    )
    band = _bands(EEC_FROM, ages)
    possible = (ages[:, None] >= np.array(YOUNGEST_WITH_DEGREE)).astype(np.float64)
    out = np.zeros((2, len(ages), 6))
    for s in range(2):
        for b in np.unique(band):
            here = np.flatnonzero(band == b)
            people = by_age[s, here]
            grid = people[:, None] * six[s, b] * possible[here]
            row, column = np.indices(grid.shape).reshape(2, -1)
            fitted = rake(grid.ravel(), [(row, people), (column, people.sum() * six[s, b])], tolerance=1e-7)
            out[s, here] = fitted.weights.reshape(grid.shape)
    return out / out.sum(axis=2, keepdims=True)


_DEGREES = ("none", "CAP/BEP", "bac", "bac+2", "bac+3 or more")


def fit(model: Joint) -> pl.DataFrame:
    """Every known margin against what the cells give, raked and not raked.

    Parameters: ``model``.
    Returns: frame with margin, raked (Boolean), category (String), target, achieved, gap (people),
    gap_relative (gap over target), and gap_share (gap between the shares within the margin). Targets of
    other years or definitions are scaled to the model's total.
    """
    lines = pl.concat(
        pl.DataFrame(
            {"category": list(names), "target": target.ravel(), "achieved": achieved.ravel()}
        ).with_columns(margin=pl.lit(margin), raked=pl.lit(MARGINS[margin].raked))
        for margin, (names, target, achieved) in _margins(model).items()
    )
    total = pl.col("target").sum().over("margin")
    share = pl.col("achieved") / pl.col("achieved").sum().over("margin") - pl.col("target") / total
    # Rounded, so that a raked margin reads 0 on every machine and not the noise of floating point.
    gap = _rounded(pl.col("achieved") - pl.col("target"), 2)
    return lines.select(
        *("margin", "raked", "category", "target", "achieved"),
        gap=gap,
        gap_relative=gap / pl.col("target"),
        gap_share=_rounded(share, 9),
    )


def _rounded(value: pl.Expr, decimals: int) -> pl.Expr:
    """Round, and write a negative zero as zero."""
    rounded = value.round(decimals)
    return pl.when(rounded == 0).then(0.0).otherwise(rounded)


def _sums(cells: pl.DataFrame, keys: list[str], sizes: list[int], value: str = "people") -> Floats:
    index = np.ravel_multi_index([cells[k].to_numpy() for k in keys], sizes)
    held = np.bincount(index, cells[value].to_numpy(), int(np.prod(sizes)))
    return held.reshape(sizes).astype(np.float64)


def _margins(model: Joint) -> dict[str, tuple[Sequence[str], Floats, Floats]]:
    """Each known margin: its categories, the people wanted in each, and those that the cells hold."""
    cells = model.cells.with_columns(pl.col("band", "sex").cast(pl.Int64))
    inputs, people = model.inputs, model.people
    families, wanted = inputs.stock["fap87"].to_list(), inputs.stock["people"].to_numpy()
    size = len(families)
    three = pl.col("band").replace_strict(dict(enumerate(NATIONAL_OF_BAND)), return_dtype=pl.Int64)
    by_age = _sums(cells, ["family", "band"], [size, 5])
    by_sex = _sums(cells, ["family", "sex"], [size, 2])
    # The true table, not the one the cells were made from: a slip in the order of bands must show here.
    ages = data.table("jobseekers_fap87_age_2020").filter(pl.col("fap87").is_in([*families, "ALL"]))
    wide = {(f, b): share for f, b, share in ages.select("fap87", "age_band", "share_pct").iter_rows()}
    share = np.array([[wide[f, b] for b in BANDS] for f in families])
    whole = np.array([wide["ALL", b] for b in BANDS])
    known = {f: (w, y) for f, w, y in data.table("jobseekers_fap87_sex_duration_2020").iter_rows()}
    women, long = (np.array([known[f][i] for f in families]) for i in (0, 1))
    past_year = (model.age_share * model.duration_share[:, :, 4:].sum(axis=2)[:, None, :]).sum(axis=2)
    one_year = (_sums(cells, ["family", "sex", "band"], [size, 2, 5]) * past_year).sum(axis=(1, 2))
    by_place = cells.group_by("departement_id", maintain_order=True).agg(pl.col("people", "seed").sum())
    placed = by_place.sort("departement_id")
    places, here = placed["departement_id"].to_list(), placed["people"].to_numpy()
    single = (_sums(cells, ["sex", "band"], [2, 5])[:, :, None] * model.age_share).sum(axis=1)
    degree = (single[:, :, None] * model.degree_share).sum(axis=(0, 1))
    months = (single[:, :, None] * model.duration_share).sum(axis=(0, 1))
    survey_band = _bands(EEC_FROM, model.ages)

    def of_whole(counts: Floats) -> Floats:
        return counts / counts.sum() * people

    return {
        "family_stock": (families, wanted, _sums(cells, ["family"], [size])),
        "age_sex": (
            [f"{sex} {band}" for sex in SEXES for band in NATIONAL_BANDS],
            inputs.national * people / inputs.national.sum(),
            _sums(cells.with_columns(band=three), ["sex", "band"], [2, 3]),
        ),
        "age": (BANDS, of_whole(whole), by_age.sum(axis=0)),
        "family_age": (
            [f"{f} {b}" for f in families for b in BANDS],
            share / share.sum(axis=1, keepdims=True) * wanted[:, None],
            by_age,
        ),
        "family_sex": ([f"{f} F" for f in families], women / 100 * wanted, by_sex[:, 1]),
        "one_year_or_more": (families, long / 100 * wanted, one_year),
        "place_market": (places, of_whole(placed["seed"].to_numpy()), here),
        "place_unemployment": (places, of_whole(_unemployed(inputs, places)), here),
        "survey_age": (
            EEC_BANDS,
            of_whole(_surveyed("age_band", EEC_BANDS)),
            np.bincount(survey_band, single.sum(axis=0), 5).astype(np.float64),
        ),
        "degree": (
            _DEGREES,
            of_whole(_surveyed("diploma", tuple(DEGREE_OF_DIPLOMA), tuple(DEGREE_OF_DIPLOMA.values()))),
            np.append(degree[:4], degree[4:].sum()),
        ),
        "duration": (DURATIONS, of_whole(_surveyed("duration_months", DURATIONS)), months),
    }


def _unemployed(inputs: Inputs, places: Sequence[str]) -> Floats:
    rates = data.table("unemployment_rate_dep").filter(pl.col("year") == POPULATION_YEAR)
    rate = dict(rates.select("dep", "rate_pct").iter_rows())
    adults = dict(zip(inputs.departements, inputs.residents[:, :, 15:65].sum(axis=(1, 2)), strict=True))
    return np.array([rate[n] / 100 * adults[n] * ASSUMED_ACTIVITY for n in places])


def _surveyed(column: str, labels: Sequence[str], numbers: Sequence[int] = ()) -> Floats:
    """People of the survey by answer; ``numbers``, from 1, where several answers count as one."""
    place = dict(zip(labels, numbers or range(1, len(labels) + 1), strict=True))
    survey = data.table("unemployed_eec2018").drop_nulls(column)
    found = survey.group_by(column).agg(pl.col("weighted").sum())
    out = np.zeros(max(place.values()))
    for value, people in found.iter_rows():
        out[place[value] - 1] += people
    return out
