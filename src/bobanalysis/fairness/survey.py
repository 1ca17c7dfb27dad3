"""Standard errors of a sample that was drawn in strata and clusters, or that comes with replicate weights.

A rate or a mean of a group is a ratio of two sums over the primary sampling units. Its variance is that of
the sums of the linearised ratio between the units of each stratum (Taylor), as if units had been drawn with
replacement: units in which nobody of the group was met count with a sum of 0. With replicate weights it is
the scaled sum of squared distances of the replicates from the estimate. Both come from sums by unit or by
replicate, whatever the number of rows. Degrees of freedom are units less strata, of those where the group
was met; replicates less one.

Sources: Binder, International Statistical Review 51 (1983), 279-292 (linearisation); Wolter, Introduction to
Variance Estimation (2007), chapters 3, 4 and 6; Korn and Graubard, Analysis of Health Surveys (1999), chapter
3; Parker et al., NCHS Vital and Health Statistics 2 (175) (2017), for the effective number of people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.fairness.intervals import Array
from bobanalysis.fairness.texts import text
from bobanalysis.text import Text

REPLICATES = r"^_r\d+_w$"
"""Columns of the sums of replicate weights."""
MOST_TOGETHER = 1_000
"""Most groups of which what they share is looked at in the test of the largest gap."""
_KINDS = "brr, fay=0.5 (its factor), jk1, bootstrap, scale=0.05, or a number for each replicate"
_CENTRE = 'merge it with one like it, or count its distance from the mean: lonely="centre", --lonely centre'
_MERGE = "no stratum has two, so no interval is possible: merge strata, or leave them out (rather wide then)"
_ONE = "there is no other, so no interval is possible: name smaller units, or leave the design out"
_UNIT = ["_stratum", "_psu"]


@dataclass(frozen=True)
class Design:
    """How the rows of a table were drawn, as who published it says.

    Attributes:
        strata: column of strata; without, there is one.
        cluster: column of primary sampling units, numbered anew in each stratum or not; without, each row is
            one.
        replicates: columns of replicate weights, or a pattern of their names such as "repwgt[0-9]*".
        kind: of replicates: "brr", "fay=0.5" (its factor), "jk1", "bootstrap", "scale=0.05" (what squared
            distances are multiplied by), or one such number a replicate, as JKn needs: the share of its units
            that the stratum keeps, (n - 1) / n.
        lonely: what becomes of a stratum with a single unit, which shows no variance: "refuse", or "centre":
            it then counts with its distance from the mean of all units, which errs on the long side.

    >>> Design(cluster="school").cluster
    'school'
    """

    strata: str | None = None
    cluster: str | None = None
    replicates: str | Sequence[str] = ()
    kind: str | Sequence[float] = "brr"
    lonely: str = "refuse"

    def columns(self, has: Sequence[str], weight: str | None) -> dict[str, str | None]:
        """Return what becomes of the columns of a table, role to name; None where there is no column."""
        units, given = {"_stratum": self.strata, "_psu": self.cluster}, self.replicates
        if not given and any(units.values()):
            return units
        if any(units.values()) or not given or not weight:
            raise ValueError("a design is strata and clusters, or replicate weights beside the weight itself")
        found = {c for c in has if fnmatchcase(c, given)} if isinstance(given, str) else {*given}
        names = sorted(found - {weight}, key=lambda c: ([int(d) for d in re.findall(r"\d+", c)], c))
        if len(names) < 2:
            raise ValueError(f"{given!r} names {len(names)} of the columns; two or more are needed")
        self._factors(len(names))
        return {f"_r{at}_w": name for at, name in enumerate(names)}

    def sample(self, cells: pl.DataFrame) -> Sample:
        """Return the units of the cells of a cube, or the factors of their replicates."""
        if self.replicates:
            sums = cells.select(pl.col(REPLICATES).sum()).row(0)
            if bad := [at for at, value in enumerate(sums, 1) if not np.isfinite(value)]:
                raise ValueError(f"replicate weight {bad[0]} of {len(sums)} is not a number in some row")
            return Sample(scale=self._factors(len(sums)))
        units = cells.select(_UNIT).unique()
        for role, name in zip(_UNIT, (self.strata, self.cluster), strict=True):
            if name and (units[role].is_null() | (units[role] == "unknown")).any():
                raise ValueError(f"column {name!r} says nothing in some row; every row needs its {role[1:]}")
        alone = units.group_by("_stratum").agg(pl.len(), pl.col("_psu").first()).filter(pl.col("len") == 1)
        if self.lonely != "centre" and not alone.is_empty():
            stratum, _, unit = alone.sort("_stratum").row(0)
            what = f"stratum {stratum!r} has one primary sampling unit, {unit!r} ({alone.height} such strata)"
            every = _MERGE if len(units) > 1 else _ONE
            raise ValueError(f"{what}; {every if alone.height == len(units) else _CENTRE}")
        return Sample(units)

    def _factors(self, count: int) -> Array:
        """What the squared distance of each replicate is multiplied by."""
        if not isinstance(self.kind, str):
            if len(self.kind) != count:
                raise ValueError(f"{count} replicates need {count} numbers as kind, not {len(self.kind)}")
            return np.asarray(self.kind, float)
        kind, _, given = self.kind.partition("=")
        known = {"brr": 1 / count, "jk1": 1 - 1 / count, "bootstrap": 1 / count}
        if re.fullmatch(r"0?\.\d+|\d+(\.\d+)?", given) and float(given) != 1:
            known |= {"fay": 1 / (count * (1 - float(given)) ** 2), "scale": float(given)}
        if kind not in known:
            raise ValueError(f"kind of replicates {self.kind!r} is not one of: {_KINDS}")
        return np.full(count, known[kind])


@dataclass(frozen=True)
class Sample:
    """The primary sampling units of a table, all of them, or the factors of its replicates."""

    units: pl.DataFrame = field(default_factory=pl.DataFrame)
    scale: Any = None

    def __add__(self, other: Sample) -> Sample:
        """Return the units of two tables."""
        return Sample(pl.concat([self.units, other.units]).unique(), self.scale)

    @property
    def keys(self) -> list[str]:
        """Keys by which the sums of groups are kept apart."""
        return _UNIT if self.scale is None else []

    def numbered(self) -> pl.DataFrame:
        """Return the units in order, with their number ``_unit`` and that of their stratum, ``_code``."""
        codes = pl.col("_stratum").rle_id().cast(pl.Int64).alias("_code")
        return self.units.sort(_UNIT).with_columns(codes).with_row_index("_unit")

    def told(self) -> Text:
        """Say what intervals heed."""
        if self.scale is not None:
            return text("replicated", replicates=len(self.scale))
        units, strata = self.units.height, self.units["_stratum"].n_unique()
        return text("as_drawn" if units > strata else "no_interval", units=units, strata=strata)


@dataclass(frozen=True)
class Errors:
    """Of each group, and of whom it is compared with: variances, degrees of freedom, units where met.

    Attributes:
        variance, degrees, units: first of the groups, then of the others.
        covariance: of the two estimates, which may share units.
    """

    variance: Array
    degrees: Array
    units: Array
    covariance: Array

    @property
    def correlation(self) -> Array:
        """Correlation of the two estimates, 0 where one has no variance."""
        size = np.sqrt(np.maximum(self.variance, 0).prod(axis=0))
        return np.clip(np.divide(self.covariance, size, out=np.zeros_like(size), where=size > 0), -1, 1)

    @property
    def difference_se(self) -> Array:
        """Standard error of the difference of the two, NaN where one has none."""
        variance = self.variance.sum(axis=0) - 2 * self.covariance
        return np.sqrt(np.where((variance > 0) & (self.degrees > 0).all(axis=0), variance, np.nan))

    def p_value(self, gap: Array) -> Array:
        """Return P values of differences, two-sided (Student's t with the fewer degrees of the two sides)."""
        from scipy.special import stdtr

        return 2 * stdtr(np.maximum(self.degrees.min(axis=0), 1), -np.abs(gap) / self.difference_se)


def people(value: Array, variance: Array, degrees: Array, units: Array, n: Array) -> Array:
    """Return how many people drawn one by one would tell as much of a rate; never more than were seen.

    Of a rate of 0 or 1 no variance is seen: each unit then counts as one person. Fewer people than their
    variance is worth, as limits of 95 % are Student's rather than normal.
    """
    spread = value * (1 - value)
    seen = np.divide(spread, variance, out=units + 0.0, where=(spread > 0) & (variance > 0))
    return np.minimum(seen, n) * shorter(degrees)


def shorter(degrees: Array) -> Array:
    """Return what is left of a precision when limits of 95 % are Student's rather than normal.

    >>> shorter(np.array([1.0, 30.0])).round(2)
    array([0.02, 0.92])
    """
    from scipy.special import ndtri, stdtrit

    return (ndtri(0.975) / stdtrit(np.where(degrees > 0, degrees, np.nan), 0.975)) ** 2


def errors(sums: pl.DataFrame, parts: pl.DataFrame, by: list[str], sample: Sample) -> Errors:
    """Return the errors of ratios x / w by group.

    Args:
        sums: a row a metric, item and group with ``x``, ``w``, ``ref_x``, ``ref_w`` and ``itself`` (and
            ``_r0_x``, ``_r0_w``, …), those of a metric and item together.
        parts: the same by unit; not looked at for replicates.
        by: group columns.
        sample: the units.
    """
    table, found = sums.with_row_index("_row"), []
    layout = None if sample.scale is not None else _Layout(sample, table, parts, ["metric", "item", *by])
    for block in table.partition_by("metric", "item", maintain_order=True):
        one = next(iter(np.flatnonzero(block["itself"])), None)
        if layout is not None:
            products, free, met = layout.compared(block, one)
        else:
            away = _away(block, one)
            products = (away[:, None] * away * sample.scale).sum(axis=-1)
            met = np.full(away.shape[:2], away.shape[2])
            free = met - 1
        found.append((products[[0, 1], [0, 1]], free, met, products[0, 1]))
    return Errors(*(np.concatenate(columns, axis=-1) for columns in zip(*found, strict=True)))


def covariance(sums: pl.DataFrame, parts: pl.DataFrame, by: list[str], sample: Sample) -> Any:
    """Return variances, covariances, degrees of freedom and units of the ratios x / w of all groups.

    Of more than a thousand groups there are no covariances: what groups of one unit share makes gaps smaller.
    """
    if sample.scale is not None:
        away, free = _away(sums)[0], np.full(sums.height, len(sample.scale) - 1)
        return away**2 @ sample.scale, (away * sample.scale) @ away.T, free, free + 1
    table = sums.with_row_index("_row")
    layout = _Layout(sample, table, parts, by)
    moved, count = layout.moved(table), sums.height
    free, units = (v[0] for v in layout.met(0, count, 0))
    # a ratio hides part of what its own units vary by, the more the fewer they are; unequal units tell less
    moved = moved * np.sqrt(units / np.maximum(units - 1, 1) * (1 - 1 / layout.units))[None]
    at, told = layout.parts["_row"].to_numpy(), layout.parts["w2"].to_numpy()
    free = free * np.bincount(at, told, count) ** 2 / np.bincount(at, told**2, count) / units
    together = layout.covariances(moved, moved) if count <= MOST_TOGETHER else None
    return layout.variances(moved, moved), together, free, units


class Strata:
    """The strata of units, and what sums by unit vary by between the units of each.

    Per stratum n / (n - 1) and 1 / (n - 1). A stratum of one unit has 1 and 0: linearised sums are 0 on
    average, so its distance from that counts.

    Args:
        stratum: number of the stratum of each unit, from 0 without gaps.

    >>> Strata(np.array([0, 0, 1, 1])).covariances(sums := np.array([[1.0], [3.0], [7.0], [9.0]]), sums)
    array([[8.]])
    """

    def __init__(self, stratum: Array) -> None:
        """Count the units of each stratum."""
        from scipy.sparse import csr_array

        n, self.stratum, self.units = np.bincount(stratum).astype(float), stratum, len(stratum)
        self.mean = np.where(n > 1, 1 / np.maximum(n - 1, 1), 0.0)
        self.factor = (1 + self.mean)[stratum]
        one_each = np.ones(self.units), (stratum, np.arange(self.units))
        self.indicator = csr_array(one_each, (len(n), self.units))

    def leave_one_out(self, sums: Array) -> Array:
        """Return what totals lose where a unit is left out and the others of its stratum stand for it."""
        return np.asarray(self.factor * sums.T - self.mean * (self.indicator @ sums).T @ self.indicator).T

    def covariances(self, a: Any, b: Any) -> Array:
        """Return the covariances of sums that units move by the columns of a and of b."""
        moved = a.T * self.factor @ b - (self.indicator @ a).T * self.mean @ (self.indicator @ b)
        return moved.toarray() if hasattr(moved, "toarray") else np.asarray(moved)

    def variances(self, a: Any, b: Any) -> Array:
        """Return the diagonal of :meth:`covariances`."""
        return (a * b).T @ self.factor - ((self.indicator @ a) * (self.indicator @ b)).T @ self.mean


class _Layout(Strata):
    """Sums of groups by unit."""

    def __init__(self, sample: Sample, sums: pl.DataFrame, parts: pl.DataFrame, keys: list[str]) -> None:
        units = sample.numbered()
        super().__init__(units["_code"].to_numpy())
        parts = parts.filter(pl.col("n") > 0).join(sums.select("_row", *keys), on=keys, nulls_equal=True)
        self.parts = parts.join(units, on=_UNIT).with_columns(pl.col("x", "w").cast(pl.Float64))

    def sums(self, first: int, count: int, centre: float) -> tuple[list[Any], Array]:
        """Columns of x - centre w and of w by unit, one a group from the first row on; and of all groups."""
        from scipy.sparse import csc_array

        mine = self.parts.filter(pl.col("_row").is_between(first, first + count - 1))
        at, unit = mine["_row"].to_numpy().astype(int) - first, mine["_unit"].to_numpy()
        w = mine["w"].to_numpy()
        values = mine["x"].to_numpy() - centre * w, w
        whole = np.stack([np.bincount(unit, v, self.units) for v in values], axis=1).astype(float)
        return [csc_array((v, (unit, at)), (self.units, count)) for v in values], whole

    def moved(self, block: pl.DataFrame) -> Any:
        """What each unit moves the ratio of each group by."""
        x, w = (block[c].cast(pl.Float64).to_numpy() for c in "xw")
        above, below = self.sums(block["_row"][0], block.height, 0.0)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            return above * (1 / w)[None] - below * (x / w / w)[None]

    def compared(self, block: pl.DataFrame, one: Any) -> tuple[Array, Array, Array]:
        """Covariances of each group and whom it is compared with, their degrees of freedom and units.

        From the covariances of four sums: x and w of the group, and of the reference or of everybody.
        """
        x, w, other_x, other_w = (block[c].cast(pl.Float64).to_numpy() for c in ("x", "w", "ref_x", "ref_w"))
        first, count, zero = block["_row"][0], block.height, np.zeros(block.height)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = x.sum() / w.sum()
            mine, whole = self.sums(first, count, centre)
            value, other, back = x / w - centre, other_x / other_w - centre, 1 / other_w
            if one is not None:
                whole = np.hstack([sums[:, [one]].toarray() for sums in mine])
            less = -back if one is None else zero
            load = np.array([[1 / w, -value / w, zero, zero], [less, -less * other, back, -back * other]])
            four = np.empty((4, 4, count))
            four[2:, 2:] = self.covariances(whole, whole)[..., None]
            for i in (0, 1):
                four[i, :2] = [self.variances(mine[i], sums) for sums in mine]
                four[i, 2:] = four[2:, i] = self.covariances(whole, mine[i])
            found = np.einsum("akg,klg,blg->abg", load, four, load)
        return found, *self.met(first, count, one)

    def met(self, first: int, count: int, one: Any) -> tuple[Array, Array]:
        """Degrees of freedom, and units where the groups and those they are compared with were met."""
        mine, found = self.parts.filter(pl.col("_row").is_between(first, first + count - 1)), []
        for unit in ("_unit", "_code"):
            pairs = mine.select("_row", unit).unique()
            alone = pairs.filter(pl.len().over(unit) == 1)
            own, only = (np.bincount(t["_row"].to_numpy() - first, minlength=count) for t in (pairs, alone))
            others = pairs[unit].n_unique() - only if one is None else np.full(count, own[one])
            found.append(np.array([own, others]))
        return found[0] - found[1], found[0]


def _away(block: pl.DataFrame, one: Any = None) -> Array:
    """How far each replicate of each group, and of whom it is compared with, is from the estimate."""
    x, w = (block.select(rf"^_r\d+_{c}$").to_numpy() for c in "xw")
    other = [v.sum(axis=0) - v if one is None else v[[one]] + 0 * v for v in (x, w)]
    with np.errstate(divide="ignore", invalid="ignore"):
        again = np.array([x / w, other[0] / other[1]])
        sides = [of for of in ("", "ref_") if f"{of}x" in block.columns]
        whole = [(block[f"{of}x"] / block[f"{of}w"]).to_numpy() for of in sides]
        return again[: len(whole)] - np.array(whole)[..., None]
