"""Drawing people from the cells: systematic, in blocks, the same on every machine.

Every draw compares whole numbers: 32 random bits of PCG64 with thresholds rounded to 32 bits, so that no
difference of floating point between machines can flip one. Each answer of each block of people has its own
stream, named by the seed, the block and the answer: changing the shares of one answer leaves the other
answers of every person as they were, and how a file is cut into chunks changes nothing.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bobanalysis import data

from .enums import COLUMNS, ENUMS, FRUSTRATIONS, READ, YEARS_OF_EXPERIENCE, YOUNGEST_WITH_DEGREE, constants
from .inputs import BANDS, DURATION_FROM, Floats
from .model import Joint
from .scenarios import Scenario

BLOCK = 65_536
DAYS_PER_MONTH = 30.5
LONGEST_MONTHS = 240
MOST_PEOPLE = 10**9

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Plan:
    """All that a block needs: thresholds and the order of the draw (made once)."""

    model: Joint
    scenario: Scenario
    people: int
    seed: int
    cumulated: Ints
    start: int
    stride: int
    codes: pl.DataFrame


def _bits(plan: Plan, block: int, answer: str, size: int) -> Ints:
    stream = np.random.SeedSequence(plan.seed, spawn_key=(block, zlib.crc32(answer.encode())))
    raw = np.asarray(np.random.PCG64(stream).random_raw(size), dtype=np.uint64)
    return (raw >> np.uint64(32)).astype(np.int64)


def _choose(bits: Ints, shares: Floats, group: Ints | None = None) -> Ints:
    """Index of the value drawn for each person, from one list of shares or from the list of the person's
    group."""
    # Upper bounds in 32 bits of each value's share of the draw; the last one is open.
    upper = np.rint(np.cumsum(shares, axis=-1) * 2**32).astype(np.int64)
    upper[..., -1] = 2**32
    if group is None:
        return np.searchsorted(upper, bits, side="right")
    # The groups' lists are laid end to end on one scale, so that one sorted search serves all.
    scale = (np.arange(len(upper), dtype=np.int64)[:, None] << 32) + upper
    flat = np.searchsorted(scale.ravel(), (group << 32) + bits, side="right")
    return flat - group * upper.shape[1]


def plan(model: Joint, scenario: Scenario, people: int, seed: int) -> Plan:
    """Prepare the draw of ``people`` people.

    The cells (sorted by département, job group, family, sex, band) are laid end to end, each as long as its
    people, and every person takes the point at a fixed distance from the one before: each département gets
    its share to within one person and all weights are equal. Person number i takes point (i x stride) mod
    people, so that any first part of the file is a sample of the whole country.
    """
    if people < 1:
        raise ValueError(f"people is {people}; ask for at least 1")
    if people > MOST_PEOPLE:
        several = "write several files with other seeds"
        raise ValueError(f"people is {people}; the draw is exact up to {MOST_PEOPLE}, {several}")
    if seed < 0:
        raise ValueError(f"seed is {seed}; a seed is a whole number, zero or more")
    # Thousandths of people, whole: the last bits of a raked weight may differ between machines, these do not.
    cumulated = np.cumsum(np.rint(model.cells["people"].to_numpy() * 1000).astype(np.int64))
    total = int(cumulated[-1])
    raw = int(np.random.PCG64(np.random.SeedSequence(seed)).random_raw())
    stride = max(1, round(people * 0.6180339887498949))
    while gcd(stride, people) != 1:
        stride += 1
    regions = dict(data.table("departements").select("dep", "region").iter_rows())
    region = pl.col("departement_id").replace_strict(regions, return_dtype=pl.String).alias("region_id")
    codes = model.cells.select("rome_id", "departement_id", region, "fap87")
    return Plan(model, scenario, people, seed, cumulated, raw % total, stride, codes)


def _cells_of(plan: Plan, first: int, last: int) -> Ints:
    # Both products stay under 2^63 up to MOST_PEOPLE.
    position = np.arange(first, last, dtype=np.int64) * plan.stride % plan.people
    point = (position * int(plan.cumulated[-1]) + plan.start) // plan.people
    return np.searchsorted(plan.cumulated, point, side="right").astype(np.int64)


def block(plan: Plan, number: int) -> pl.DataFrame:
    """People number ``number * BLOCK`` and following, at most :data:`BLOCK` of them.

    Returns: the columns of a population frame, with fap87 and age_band besides.
    """
    first = number * BLOCK
    last = min(first + BLOCK, plan.people)
    size, values = last - first, plan.scenario.values

    def bits(answer: str) -> Ints:
        return _bits(plan, number, answer, size)

    cell = _cells_of(plan, first, last)
    band, sex = (plan.model.cells[c].to_numpy()[cell] for c in ("band", "sex"))
    age_index = _choose(bits("age"), plan.model.age_share.reshape(10, -1), sex * 5 + band)
    age = plan.model.ages[age_index]
    by_age = sex * len(plan.model.ages) + age_index
    degree = 1 + _choose(bits("highest_degree"), plan.model.degree_share.reshape(-1, 6), by_age)
    answers = {name: _answer(bits(name), name, values[name]) for name in READ.independent}
    kind = _answer(bits("project_kind"), "project_kind", values["project_kind"])
    similar = "previous_job_similarity"
    similarity = _given(bits(similar), similar, values, kind, "project_kind")
    seniority = _given(bits("seniority"), "seniority", values, similarity, similar)
    seniority = _cap(seniority, kind, age, degree)
    not_started = _yes(bits("search_not_started"), values["search_not_started"])
    months = _months(plan, bits("search_band"), bits("search_day"), by_age, age)
    pace = values["interviews_per_month"]
    interviews = _interviews(bits("interviews_per_month"), bits("interviews"), pace, months)
    training = answers.pop("training_fulfillment_estimate")
    # Experience in place of a diploma takes some experience; without any, the person is not sure.
    training = np.where((training == 2) & (seniority < 3), 4, training)
    columns: dict[str, Any] = {
        "age": age.astype(np.int16),
        "gender": (sex + 1).astype(np.int8),
        "highest_degree": degree,
        "seniority": seniority,
        "project_kind": kind,
        similar: similarity,
        "training_fulfillment_estimate": training,
        **answers,
        # No application and no interview before the search starts.
        "weekly_applications_estimate": np.where(not_started, 1, answers["weekly_applications_estimate"]),
        "situation": _situation(values["situation"], kind, training),
        "total_interview_count": np.where(not_started, -1, interviews).astype(np.int16),
        "search_length": np.where(not_started, -1.0, months),
        "search_not_started": not_started,
    }
    parent = np.isin(answers["family_situation"], (3, 4))
    for name in FRUSTRATIONS:
        share = values["frustrations"][name]
        said = _yes(bits(f"frustration_{name}"), share)
        columns[f"frustration_{name.lower()}"] = _frustration(name, said, parent, not_started)
    frame = pl.DataFrame({n: v.astype(np.int8) if v.dtype == np.int64 else v for n, v in columns.items()})
    bands = pl.Series(band).replace_strict(dict(enumerate(BANDS)), return_dtype=pl.String)
    person = pl.int_range(first, last, dtype=pl.Int64, eager=True).cast(pl.String).str.zfill(9)
    return (
        pl.concat([frame, plan.codes[cell]], how="horizontal")
        .with_columns(
            person_id=pl.lit(f"{plan.scenario.name}-{plan.seed}-") + person,
            weight=plan.model.people / plan.people,
            age_band=bands,
            search_length_now="search_length",
            **constants(READ.fixed | READ.unasked),
        )
        .select(COLUMNS)
    )


def _answer(bits: Ints, answer: str, shares: dict[str, float]) -> Ints:
    number = np.array([ENUMS[answer][name] for name in shares], dtype=np.int64)
    return number[_choose(bits, np.array(list(shares.values())))]


def _given(bits: Ints, answer: str, values: Any, other: Ints, other_name: str) -> Ints:
    """An answer whose shares depend on another answer."""
    names, table = list(ENUMS[answer]), values[answer]
    shares = np.array([[table[group].get(name, 0.0) for name in names] for group in table])
    row = np.zeros(16, dtype=np.int64)
    for i, group in enumerate(table):
        row[ENUMS[other_name][group]] = i
    number = np.array([ENUMS[answer][name] for name in names], dtype=np.int64)
    return number[_choose(bits, shares, row[other])]


def _cap(seniority: Ints, kind: Ints, age: Ints, degree: Ints) -> Ints:
    """No more experience than the years since the youngest age at which the person's degree can be held."""
    years = age - np.array(YOUNGEST_WITH_DEGREE)[degree - 1]
    most = np.searchsorted(np.array(YEARS_OF_EXPERIENCE), years, side="right") - 1
    capped = np.minimum(seniority, np.maximum(most, 3))
    # A first job: nothing but an internship before it.
    return np.where(kind == 5, np.minimum(capped, 2), capped)


def _yes(bits: Ints, share: float) -> Flags:
    return bits < round(share * 2**32)


def _months(plan: Plan, bits: Ints, day_bits: Ints, by_age: Ints, age: Ints) -> Floats:
    """Months searched: a band of the survey given age and sex, then a whole day drawn evenly in it
    (exponential past 3 years).

    Nobody has searched since before the age of 16.
    """
    shares = plan.model.duration_share.reshape(-1, len(DURATION_FROM))
    drawn = _choose(bits, shares, by_age)
    low = np.ceil(np.array(DURATION_FROM) * DAYS_PER_MONTH).astype(np.int64)
    width = np.append(np.diff(low), 1)
    even = low[drawn] + (width[drawn] * day_bits >> 32)
    share = (day_bits + 0.5) / 2**32
    mean = plan.scenario.values["long_search_months"]
    past = np.round(-np.log1p(-share) * mean * DAYS_PER_MONTH, 6).astype(np.int64)
    days = np.where(drawn == len(DURATION_FROM) - 1, low[-1] + past, even)
    since_16 = np.maximum(age - 15, 1) * 366
    return np.minimum(np.minimum(days, since_16), int(LONGEST_MONTHS * DAYS_PER_MONTH)) / DAYS_PER_MONTH


def _interviews(bits: Ints, extra_bits: Ints, shares: dict[float, float], months: Floats) -> Ints:
    """Interviews so far: a pace per month times the months, rounded up or down at random; none is written
    -1."""
    pace = np.array(list(shares))[_choose(bits, np.array(list(shares.values())))]
    expected = np.round(pace * months, 6)
    whole = np.floor(expected)
    count = whole + (extra_bits < np.rint((expected - whole) * 2**32))
    return np.where(count == 0, -1, np.minimum(count, 999)).astype(np.int64)


def _situation(mode: str, kind: Ints, training: Ints) -> Ints:
    if mode == "cleared":
        return np.zeros_like(kind)
    rest = np.where(training == 3, 3, 2)
    return np.select([kind == 7, kind == 5], [5, 1], rest)


def _frustration(name: str, said: Flags, parent: Flags, not_started: Flags) -> Flags:
    if name in ("STAY_AT_HOME_PARENT", "CHILD_CARE"):
        return said & parent
    # Nobody answered an application that was not sent, or went badly through an interview that did not take
    # place.
    return said & ~not_started if name in ("NO_OFFER_ANSWERS", "INTERVIEW") else said
