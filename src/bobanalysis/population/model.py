"""The joint distribution of place, job, age and sex: made once, fitted to known margins, never drawn from
here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import polars as pl

from . import inputs as figures
from .inputs import BAND_FROM, BANDS, EEC_BANDS, EEC_FROM, FIRST_BAND, Inputs, grid
from .raking import Raked, rake, rake_table
from .scenarios import Scenario
from .vocabulary import READ, WORKING_AGE, Floats, Ints

DEGREES = ("none", "CAP/BEP", "bac", "bac+2", "bac+3 or more")

ASSUMED_ACTIVITY = 0.73
"""Share of residents aged 15 to 64 in work or looking for it: assumed, for one indicative comparison only."""


@dataclass(frozen=True)
class Joint:
    """Cells of the modelled population.

    ``cells``: departement_id, rome_id, fap87, family and place (numbers), sex (0 men, 1 women), band (0-4),
    seed and people (Float64), sorted. ``ages``: the single years of age, and ``age_share`` [2, 5, ages] their
    shares by sex and band. ``degree_share`` [2, ages, 6] and ``duration_share`` [2, ages, 8]: shares by sex
    and age. ``raked``: how the fit went. ``inputs``: what it was made from.
    """

    cells: pl.DataFrame
    ages: Ints
    age_share: Floats
    degree_share: Floats
    duration_share: Floats
    raked: Raked
    inputs: Inputs

    @property
    def people(self) -> float:
        """Job seekers that the cells stand for."""
        return float(self.inputs.stock["people"].sum())


@cache
def _cached(construction: str, activity: tuple[tuple[int, float], ...], master_share: float) -> Joint:
    return build(figures.read(), construction, dict(activity), master_share)


def joint(scenario: Scenario) -> Joint:
    """The cells for a scenario (computed once for all scenarios that share a construction and ages)."""
    values = scenario.values
    return _cached(scenario.construction, tuple(values["age_activity"].items()), values["master_share"])


def build(inputs: Inputs, construction: str, activity: dict[int, float], master_share: float) -> Joint:
    """Make the cells and fit them.

    Start: job seekers of each job family in each département (market of 2021) x age and x sex given the
    family (category A, 2020), taken as independent. Raked to the stock of each family (A, B, C, 2019) and to
    the national age x sex margin. ``residence`` is raked besides to the age x sex structure of each
    département's residents times the national ratio.

    Parameters: ``inputs``; ``construction``, ``occupation`` or ``residence``; ``activity``, age -> factor (0
    to 1); ``master_share``, among degrees of three years and more.
    Returns: :class:`Joint`.
    """
    families = {name: i for i, name in enumerate(inputs.stock["fap87"])}
    places = {name: i for i, name in enumerate(inputs.departements)}
    kinds = pl.DataFrame({"sex": np.repeat([0, 1], 5), "band": np.tile(np.arange(5), 2)})
    cells = (
        inputs.place.filter(pl.col("people") > 0)
        .with_columns(
            family=pl.col("fap87").replace_strict(families, return_dtype=pl.Int64),
            place=pl.col("departement_id").replace_strict(places, return_dtype=pl.Int64),
        )
        .join(kinds, how="cross", maintain_order="left_right")
    )
    family, place, sex, band = (cells[name].to_numpy() for name in ("family", "place", "sex", "band"))
    women, stock = inputs.women_share[:, None, None], inputs.stock["people"].to_numpy()
    profile = np.concatenate([1 - women, women], axis=1) * inputs.age_share[:, None, :]
    seed = cells["people"].to_numpy() * profile[family, sex, band]
    # The two sources disagree by half a percent on the total; the families' stock is the reference.
    national = inputs.national.ravel() * stock.sum() / inputs.national.sum()
    margins = [(family, stock), (sex * 3 + _bands(FIRST_BAND, band), national)]
    raked = rake(seed, margins)
    ages = np.arange(WORKING_AGE, max(activity), dtype=np.int64)
    factor = np.interp(ages, list(activity), list(activity.values()), left=0)
    if construction == "residence":
        group = place * 10 + sex * 5 + band
        raked = rake(seed, [*margins, (group, _residence(inputs, raked.weights, group, ages, factor))])
    # Single years within a band: residents of France x the scenario's factors.
    able = (inputs.residents.sum(axis=0)[:, ages] * factor)[:, None, :]
    able = able * (_bands(BAND_FROM, ages) == np.arange(5)[:, None])
    age_share = able / able.sum(axis=2, keepdims=True)
    seekers = np.zeros((2, 5))
    np.add.at(seekers, (sex, band), raked.weights)
    by_age = (seekers[:, :, None] * age_share).sum(axis=1)
    return Joint(
        cells=cells.with_columns(seed=pl.Series(seed), people=pl.Series(raked.weights)),
        ages=ages,
        age_share=age_share,
        degree_share=_degrees(inputs.degrees, ages, by_age, master_share),
        duration_share=inputs.durations[:, _bands(EEC_FROM, ages)],
        raked=raked,
        inputs=inputs,
    )


def _residence(inputs: Inputs, weights: Floats, group: Ints, ages: Ints, factor: Floats) -> Floats:
    """Job seekers by département, sex and band from residents x the national ratio, with the modelled totals
    by place."""
    size, in_band = len(inputs.departements), _bands(BAND_FROM, ages)
    modelled = np.bincount(group, weights, size * 10).reshape(size, 10)
    able = inputs.residents[:, :, ages] * factor
    residents = np.stack([able[:, :, in_band == b].sum(axis=2) for b in range(5)], axis=2).reshape(size, 10)
    wanted = residents * (modelled.sum(axis=0) / residents.sum(axis=0))
    # Totals by place and the national structure are both kept; Mayotte has no market and gets nobody.
    wanted = np.where(modelled.sum(axis=1, keepdims=True) > 0, wanted, 0)
    return rake_table(wanted, modelled.sum(axis=1), modelled.sum(axis=0)).ravel()


def _bands(lowest: Sequence[int], ages: Ints) -> Ints:
    """Number the band of each age, given the lowest age of each band."""
    return np.searchsorted(lowest, ages, side="right") - 1


def _degrees(five: Floats, ages: Ints, by_age: Floats, master_share: float) -> Floats:
    """Shares of the six degrees by sex and age: the survey's shares in each of its bands, with no degree
    before its age.

    A band of the survey goes from 15 to 29; its shares hold for the band as a whole, and inside it a small
    raking moves the degrees that take years to the ages at which they can be held.
    """
    long_studies = five[:, :, 4:] * np.array([1 - master_share, master_share])
    six, band = np.concatenate([five[:, :, :4], long_studies], axis=2), _bands(EEC_FROM, ages)
    possible = (ages[:, None] >= np.array(READ.youngest_with_degree)).astype(np.float64)
    out = np.zeros((2, len(ages), 6))
    for s, b in product(range(2), np.unique(band)):
        here = np.flatnonzero(band == b)
        people = by_age[s, here]
        seed = people[:, None] * six[s, b] * possible[here]
        out[s, here] = rake_table(seed, people, people.sum() * six[s, b], tolerance=1e-7)
    return out / out.sum(axis=2, keepdims=True)


def fit(model: Joint) -> pl.DataFrame:
    """Every known margin against what the cells give, raked and not raked.

    Parameters: ``model``.
    Returns: frame with margin, raked (Boolean), category (String), target, achieved, gap (people),
    gap_relative (gap over target), and gap_share (gap between the shares within the margin). Targets of
    other years or definitions are scaled to the model's total.
    """
    lines = pl.concat(_line(model, *margin) for margin in _margins(model))
    total = pl.col("target").sum().over("margin")
    share = pl.col("achieved") / pl.col("achieved").sum().over("margin") - pl.col("target") / total
    # Rounded, so that a raked margin reads 0 on every machine and not the noise of floating point; with 0
    # added, a negative zero is zero.
    gap = (pl.col("achieved") - pl.col("target")).round(2) + 0.0
    return lines.with_columns(gap=gap, gap_relative=gap / pl.col("target"), gap_share=share.round(9) + 0.0)


def _line(
    model: Joint, margin: str, labels: Sequence[Sequence[str]], target: Floats, achieved: Floats
) -> pl.DataFrame:
    told, category = READ.margins[margin], [" ".join(names) for names in product(*labels)]
    if told.scaled:
        target = target / target.sum() * model.people
    lines = {"target": target.ravel(), "achieved": achieved.ravel()}
    return pl.DataFrame({"margin": margin, "raked": told.raked, "category": category, **lines})


def _margins(model: Joint) -> list[tuple[str, Sequence[Sequence[str]], Floats, Floats]]:
    """Each known margin: the labels of its categories, the people wanted in each, and those that the cells
    hold."""
    inputs, cells = model.inputs, model.cells
    families, stock = tuple(inputs.stock["fap87"]), inputs.stock["people"].to_numpy()
    held = np.zeros((len(families), 2, 5))
    np.add.at(held, tuple(cells[k].to_numpy() for k in ("family", "sex", "band")), cells["people"].to_numpy())
    placed = cells.group_by("departement_id", maintain_order=True).agg(pl.col("people", "seed").sum())
    code, *sums = placed.sort("departement_id").get_columns()
    places, here, market = tuple(code), *(column.to_numpy() for column in sums)
    by_age = (held.sum(axis=0)[:, :, None] * model.age_share).sum(axis=1)
    degree, months = (
        (by_age[:, :, None] * share).sum(axis=(0, 1)) for share in (model.degree_share, model.duration_share)
    )
    past_year = (model.age_share * model.duration_share[:, :, 4:].sum(axis=2)[:, None, :]).sum(axis=2)
    # The true tables, not those the cells were made from: a slip in the order of bands must show here.
    ages, whole = (
        grid("jobseekers_fap87_age_2020", "share_pct", {"fap87": some, "age_band": BANDS})
        for some in (families, ("ALL",))
    )
    women, long = (
        grid("jobseekers_fap87_sex_duration_2020", f"{what}_pct", {"fap87": families}) / 100 * stock
        for what in ("women", "one_year_or_more")
    )
    year = pl.col("year") == figures.POPULATION_YEAR
    rate = grid("unemployment_rate_dep", "rate_pct", {"dep": places}, year) / 100
    adults = inputs.residents[[inputs.departements.index(p) for p in places], :, 15:65].sum(axis=(1, 2))
    by_sex_and_band = np.add.reduceat(held.sum(axis=0), FIRST_BAND, axis=1)
    surveyed = figures.surveyed({"age_band": EEC_BANDS})
    in_survey = np.bincount(_bands(EEC_FROM, model.ages), by_age.sum(axis=0), 5).astype(float)
    degrees, durations = figures.five_degrees({}), figures.surveyed({"duration_months": figures.DURATIONS})
    return [
        ("family_stock", [families], stock, held.sum(axis=(1, 2))),
        ("age_sex", [figures.SEXES, figures.NATIONAL_BANDS], inputs.national, by_sex_and_band),
        ("age", [BANDS], whole, held.sum(axis=(0, 1))),
        ("family_age", [families, BANDS], (ages.T / ages.sum(axis=1) * stock).T, held.sum(axis=1)),
        ("family_sex", [families, ["F"]], women, held[:, 1].sum(axis=1)),
        ("one_year_or_more", [families], long, (held * past_year).sum(axis=(1, 2))),
        ("place_market", [places], market, here),
        ("place_unemployment", [places], rate * adults * ASSUMED_ACTIVITY, here),
        ("survey_age", [EEC_BANDS], surveyed, in_survey),
        ("degree", [DEGREES], degrees, np.append(degree[:4], degree[4:].sum())),
        ("duration", [figures.DURATIONS], durations, months),
    ]
