"""Standard errors of a sample that was drawn in strata and clusters, or that comes with replicate weights.

A rate or a mean of a group is a ratio of two sums over the primary sampling units. Its variance is that of
the sums of the linearised ratio between the units of each stratum (Taylor), as if units had been drawn with
replacement: units in which nobody of the group was met count with a sum of 0. With replicate weights it is the
scaled sum of squared distances of the replicates from the estimate. Both come from sums by unit or by
replicate, whatever the number of rows.

Sources: Binder, International Statistical Review 51 (1983), 279-292 (linearisation); Wolter, Introduction to
Variance Estimation (2007), chapters 3, 4 and 6; Korn and Graubard, Analysis of Health Surveys (1999), chapter
3; Parker et al., NCHS Vital and Health Statistics 2 (175) (2017), for the effective number of people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

import numpy as np
import polars as pl

from bobanalysis.fairness.intervals import Array

REPLICATES = r"^_r\d+_w$"
"""Columns of the sums of replicate weights."""

_KINDS = "brr, fay=0.5 (its factor), jk1, jkn, bootstrap, or scale=0.05 (what squares are multiplied by)"
_UNIT = ["_stratum", "_psu"]
MOST_TOGETHER = 1_000
"""Most groups of which what they share is looked at in the test of the largest gap."""


@dataclass(frozen=True)
class Design:
    """How the rows of a table were drawn, as who published it says.

    Attributes:
        strata: column of strata; without, there is one.
        cluster: column of primary sampling units, numbered anew in each stratum or not; without, each row is
            one.
        replicates: columns of replicate weights, or a pattern of their names such as "repwgt[0-9]*".
        kind: of replicates: "brr", "fay=0.5" (its factor), "jk1", "jkn" (with ``scale``), "bootstrap", or
            "scale=0.05": what squared distances are multiplied by.
        scale: what the squared distance of each replicate is multiplied by; for "jkn" the share of its units
            that a stratum keeps, (n - 1) / n.
        lonely: what becomes of a stratum with a single unit, which shows no variance: "refuse", or "centre":
            it then counts with its distance from the mean of all units, which errs on the long side.
        degrees: degrees of freedom; by default units less strata (of those where a group was met), or
            replicates less one.

    >>> Design(cluster="school").cluster
    'school'
    """

    strata: str | None = None
    cluster: str | None = None
    replicates: str | Sequence[str] = ()
    kind: str = "brr"
    scale: Sequence[float] = ()
    lonely: Literal["refuse", "centre"] = "refuse"
    degrees: int | None = None

    def columns(self, has: Sequence[str], weight: str | None) -> dict[str, str | None]:
        """Return what becomes of the columns of a table: role to name; None where one stands for all rows."""
        if not self.replicates:
            if not (self.strata or self.cluster):
                raise ValueError("a design needs strata, clusters or replicate weights")
            return {"_stratum": self.strata, "_psu": self.cluster}
        if self.strata or self.cluster:
            raise ValueError("replicate weights say how a sample was drawn: leave out strata and clusters")
        if not weight:
            raise ValueError("replicate weights need the weight that they replicate: give weight=")
        pattern = self.replicates
        names = [c for c in has if fnmatchcase(c, pattern)] if isinstance(pattern, str) else list(pattern)
        names = sorted(
            (c for c in names if c != weight), key=lambda c: [int(d) for d in re.findall(r"\d+", c)]
        )
        if len(names) < 2:
            raise ValueError(
                f"{pattern!r} names {len(names)} of the columns; two or more replicates are needed"
            )
        self._factors(len(names))
        return {f"_r{at}_w": name for at, name in enumerate(names)}

    def sample(self, cells: pl.DataFrame) -> Sample:
        """Return the units of a cube, or the factors of its replicates."""
        if self.replicates:
            sums = cells.select(pl.col(REPLICATES).sum())
            if bad := [at for at, value in enumerate(sums.row(0)) if not np.isfinite(value)]:
                raise ValueError(f"replicate weight number {bad[0] + 1} is not a number in some row")
            return Sample(degrees=self.degrees or sums.width - 1, scale=self._factors(sums.width))
        for role, name in zip(_UNIT, (self.strata, self.cluster), strict=True):
            if name and (
                lost := int(cells.filter(pl.col(role).is_null() | (pl.col(role) == "unknown"))["_n"].sum())
            ):
                raise ValueError(
                    f"column {name!r} says nothing in {lost} rows; each row needs its {role[1:]}"
                )
        units = cells.select(_UNIT).unique()
        alone = units.group_by("_stratum").agg(pl.len(), pl.col("_psu").first()).filter(pl.col("len") == 1)
        if self.lonely == "refuse" and not alone.is_empty():
            stratum, _, unit = alone.sort("_stratum").row(0)
            raise ValueError(
                f"stratum {stratum!r} has a single primary sampling unit, {unit!r} ({alone.height} such strata): "
                'its variance is not estimable; merge it with a like one, or count its distance from all (lonely="centre")'
            )
        return Sample(units, self.degrees)

    def _factors(self, count: int) -> Array:
        """What the squared distance of each replicate is multiplied by."""
        kind, _, given = self.kind.partition("=")
        try:
            number = float(given or "nan")
        except ValueError:
            number = np.nan
        known = {"brr": 1 / count, "jk1": 1 - 1 / count, "bootstrap": 1 / count}
        known |= {"fay": 1 / (count * (1 - number) ** 2)} if 0 <= number < 1 else {}
        known |= {"scale": number} if number > 0 else {}
        if self.scale and len(self.scale) == count:
            return np.asarray(self.scale, float)
        if self.scale or kind == "jkn":
            raise ValueError(f"{count} replicates need as many factors in scale=, not {len(self.scale)}")
        if kind not in known:
            raise ValueError(f"kind of replicates {self.kind!r} is not one of: {_KINDS}")
        return np.full(count, known[kind])


@dataclass(frozen=True)
class Sample:
    """The primary sampling units of a table, all of them, or the factors of its replicates."""

    units: pl.DataFrame = field(default_factory=pl.DataFrame)
    degrees: int | None = None
    scale: Array | None = None

    def __add__(self, other: Sample) -> Sample:
        """Return the units of two tables."""
        return Sample(pl.concat([self.units, other.units]).unique(), self.degrees, self.scale)

    @property
    def keys(self) -> list[str]:
        """Keys by which the sums of groups are kept apart."""
        return _UNIT if self.scale is None else []


@dataclass(frozen=True)
class Errors:
    """Of each group: variance of its estimate, degrees of freedom, units where it was met; and of the other.

    Attributes:
        variance, degrees, units: of the group.
        other_variance, other_degrees, other_units: of whom it is compared with.
        covariance: of the two estimates, which may share units.
    """

    variance: Array
    degrees: Array
    units: Array
    other_variance: Array
    other_degrees: Array
    other_units: Array
    covariance: Array

    def of(self, other: bool) -> tuple[Array, Array, Array]:
        """Return variance, degrees and units of the groups, or of whom they are compared with."""
        if other:
            return self.other_variance, self.other_degrees, self.other_units
        return self.variance, self.degrees, self.units

    @property
    def correlation(self) -> Array:
        """Correlation of the two estimates, 0 where one has no variance."""
        size = np.sqrt(np.maximum(self.variance, 0) * np.maximum(self.other_variance, 0))
        return np.clip(np.divide(self.covariance, size, out=np.zeros_like(size), where=size > 0), -1, 1)

    @property
    def difference_se(self) -> Array:
        """Standard error of the difference of the two, NaN where one has none."""
        variance = self.variance + self.other_variance - 2 * self.covariance
        return np.sqrt(
            np.where((variance > 0) & (self.degrees > 0) & (self.other_degrees > 0), variance, np.nan)
        )

    def p_value(self, gap: Array) -> Array:
        """Return P values of differences, two-sided (Student's t with the degrees of the side that has fewer)."""
        from scipy.special import stdtr

        degrees = np.minimum(self.degrees, self.other_degrees)
        return 2 * stdtr(np.maximum(degrees, 1), -np.abs(gap) / self.difference_se)


def people(value: Array, variance: Array, degrees: Array, units: Array, n: Array) -> Array:
    """Return how many people drawn one by one would tell as much of a rate; never more than were seen.

    Of a rate of 0 or 1 no variance is seen: each unit then counts as one person.
    """
    spread = value * (1 - value)
    seen = np.divide(spread, variance, out=units + 0.0, where=(spread > 0) & (variance > 0))
    return np.minimum(seen, n) * shorter(degrees)


def shorter(degrees: Array) -> Array:
    """Part of the people that is left when limits of 95 % are those of Student rather than normal.

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
    index, found = sums.with_row_index("_at"), []
    if sample.scale is None:
        layout = _Layout(sample)
        keys = ["metric", "item", *by]
        parts = parts.filter(pl.col("n") > 0).join(index.select("_at", *keys), on=keys, nulls_equal=True)
        parts = parts.join(layout.units, on=_UNIT)
    for block in index.partition_by("metric", "item", maintain_order=True):
        first, last = block["_at"][0], block["_at"][-1]
        one = next(iter(np.flatnonzero(block["itself"])), None)
        if sample.scale is None:
            mine = parts.filter(pl.col("_at").is_between(first, last)).with_columns(pl.col("_at") - first)
            found.append(_linear(block, mine, one, layout, sample.degrees))
        else:
            found.append(_replicated(block, one, sample))
    return Errors(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def covariance(
    sums: pl.DataFrame, parts: pl.DataFrame, by: list[str], sample: Sample
) -> tuple[Array, Array | None, Array, Array]:
    """Return variances and covariances of the ratios x / w of all groups, degrees of freedom and units.

    Of more than a thousand groups there are no covariances: what groups of one unit share makes gaps smaller.
    """
    count = sums.height
    if sample.scale is not None:
        away, free = _away(sums), np.full(count, sample.degrees)
        return away**2 @ sample.scale, (away * sample.scale) @ away.T, free, free + 1
    layout = _Layout(sample)
    parts = parts.filter(pl.col("n") > 0).join(sums.select(by).with_row_index("_at"), on=by)
    parts = parts.join(layout.units, on=_UNIT)
    z = _moved(sums["x"].to_numpy(), sums["w"].to_numpy(), parts, layout)
    units, strata = (_met(parts, c, count)[0] for c in ("_unit", "_layer"))
    free = np.full(count, sample.degrees) if sample.degrees else units - strata
    return layout.pairs(z, z), layout.products(z, z) if count <= MOST_TOGETHER else None, free, units


class _Layout:
    """Units with numbers, the stratum of each, and per stratum n / (n - 1) and 1 / (n - 1).

    A stratum of one unit has 1 and 0: linearised sums are 0 on average, so its distance from that counts.
    """

    def __init__(self, sample: Sample) -> None:
        from scipy.sparse import csr_array

        layers = pl.col("_stratum").rle_id().cast(pl.Int64).alias("_layer")
        self.units = sample.units.sort(_UNIT).with_columns(layers).with_row_index("_unit")
        self.layer = self.units["_layer"].to_numpy()
        self.count, n = len(self.layer), np.bincount(self.layer).astype(float)
        self.mean = np.where(n > 1, 1 / np.maximum(n - 1, 1), 0.0)
        self.factor = (1 + self.mean)[self.layer]
        ones = np.ones(self.count), (self.layer, np.arange(self.count))
        self.strata = csr_array(ones, (len(n), self.count))

    def columns(self, values: Array, parts: pl.DataFrame, groups: int) -> Any:
        """Return values by unit and group as columns."""
        from scipy.sparse import csc_array

        at = parts["_unit"].to_numpy(), parts["_at"].to_numpy()
        return csc_array((values, at), (self.count, groups))

    def products(self, a: Any, b: Any) -> Array:
        """Return the covariances of sums that units move by the columns of a and of b."""
        moved = a.T * self.factor @ b - (self.strata @ a).T * self.mean @ (self.strata @ b)
        return moved.toarray() if hasattr(moved, "toarray") else np.asarray(moved)

    def pairs(self, a: Any, b: Any) -> Array:
        """Return the diagonal of :meth:`products`."""
        return (a * b).T @ self.factor - ((self.strata @ a) * (self.strata @ b)).T @ self.mean


def _moved(x: Array, w: Array, parts: pl.DataFrame, layout: _Layout) -> Any:
    """What each unit moves the ratio of each group by."""
    mine, at = parts.select(pl.col("x", "w").cast(pl.Float64)), parts["_at"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (mine["x"].to_numpy() - (x / w)[at] * mine["w"].to_numpy()) / w[at]
    return layout.columns(value, parts, len(w))


def _linear(block: pl.DataFrame, parts: pl.DataFrame, one: Any, layout: _Layout, degrees: int | None) -> Any:
    """The fields of Errors for one metric and item; ``one`` is the place of the reference, or None."""
    x, w, other_x, other_w = (block[c].cast(pl.Float64).to_numpy() for c in ("x", "w", "ref_x", "ref_w"))
    z, groups = _moved(x, w, parts, layout), len(w)
    if one is None:  # everyone else: all people of a unit, less those of the group
        unit, mine = parts["_unit"].to_numpy(), parts.select(pl.col("x", "w").cast(pl.Float64)).to_numpy().T
        all_x, all_w = (np.bincount(unit, column, layout.count) for column in mine)
        mean = x.sum() / w.sum() if w.sum() else np.nan
        less, basis = _moved(other_x, other_w, parts, layout), np.stack([all_x - mean * all_w, all_w], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            load = np.stack([np.ones(groups), mean - other_x / other_w]) / other_w
    else:
        less, basis, load = 0 * z, z[:, [one]].toarray(), np.ones((1, groups))
    load = np.where(np.isfinite(load), load, np.nan)
    whole = (load * (layout.products(basis, basis) @ load)).sum(axis=0)
    other = whole - 2 * (load * layout.products(basis, less)).sum(axis=0) + layout.pairs(less, less)
    both = (load * layout.products(basis, z)).sum(axis=0) - layout.pairs(less, z)
    (units, others), (strata, other_strata) = (_met(parts, c, groups, one) for c in ("_unit", "_layer"))
    free, other_free = (
        np.full(groups, degrees) if degrees else n - m for n, m in ((units, strata), (others, other_strata))
    )
    return layout.pairs(z, z), free, units, other, other_free, others, both


def _met(parts: pl.DataFrame, unit: str, groups: int, one: Any = None) -> tuple[Array, Array]:
    """In how many units (or strata) each group was met, and the others."""
    pairs = parts.select("_at", unit).unique()
    alone = pairs.filter(pl.len().over(unit) == 1)
    count, only = (np.bincount(table["_at"].to_numpy(), minlength=groups) for table in (pairs, alone))
    return count, pairs[unit].n_unique() - only if one is None else np.full(groups, count[one])


def _away(block: pl.DataFrame, one: Any = None, others: bool = False) -> Array:
    """How far each replicate of each group (or of whom it is compared with) is from the estimate."""
    x, w = (block.select(rf"^_r\d+_{c}$").to_numpy() for c in "xw")
    if others:
        x, w = (v.sum(axis=0) - v if one is None else v[[one]] for v in (x, w))
    of = "ref_" if others else ""
    with np.errstate(divide="ignore", invalid="ignore"):
        return x / w - (block[f"{of}x"] / block[f"{of}w"]).to_numpy()[:, None]


def _replicated(block: pl.DataFrame, one: Any, sample: Sample) -> Any:
    """The fields of Errors for one metric and item."""
    mine, other, free = _away(block), _away(block, one, True), np.full(block.height, sample.degrees)
    squares = [(a * b) @ sample.scale for a, b in ((mine, mine), (other, other), (mine, other))]
    return squares[0], free, free + 1, squares[1], free, free + 1, squares[2]
