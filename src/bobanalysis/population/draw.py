"""Drawing people from the cells: systematic, in blocks, the same on every machine.

Every draw compares whole numbers: 32 random bits of PCG64 with thresholds rounded to 32 bits, so that no
difference of floating point between machines can flip one. Each answer of each block of people has its own
stream, named by the seed, the block and the answer: changing the shares of one answer leaves the other
answers of every person as they were, and how a file is cut into chunks changes nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np
import polars as pl

from bobanalysis import data

from .inputs import BANDS, DURATION_FROM
from .model import Joint, joint
from .scenarios import Scenario, load
from .vocabulary import COLUMNS, READ, Flags, Floats, Ints, constants

BLOCK = 65_536
DAYS_PER_MONTH = 30.5
LONGEST_MONTHS = 240
MOST_PEOPLE = 10**9


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


@lru_cache(1)
def plan(scenario: str, people: int, seed: int) -> Plan:
    """Prepare the draw of ``people`` people, once for all blocks that a process draws.

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
    assumed = load(scenario)
    model = joint(assumed)
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
    return Plan(model, assumed, people, seed, cumulated, raw % total, stride, codes)


def blocks(plan: Plan, rows: range | None = None) -> Iterator[pl.DataFrame]:
    """Draw everybody, or ``rows`` that begin with a block, :data:`BLOCK` people at a time."""
    rows = range(plan.people) if rows is None else rows
    return (block(plan, number) for number in range(rows.start // BLOCK, -(-rows.stop // BLOCK)))


def block(plan: Plan, number: int) -> pl.DataFrame:
    """People number ``number * BLOCK`` and following, at most :data:`BLOCK` of them.

    Returns: the columns of a population frame, with fap87 and age_band besides.
    """
    first = number * BLOCK
    last = min(first + BLOCK, plan.people)
    values = plan.scenario.values

    def bits(answer: str) -> Ints:
        stream = np.random.SeedSequence(plan.seed, spawn_key=(number, zlib.crc32(answer.encode())))
        raw = np.asarray(np.random.PCG64(stream).random_raw(last - first), dtype=np.uint64)
        return (raw >> np.uint64(32)).astype(np.int64)

    def said(answer: str, share: float) -> Flags:
        return bits(answer) < round(share * 2**32)

    def answer(name: str, other: Ints | None = None, others: str = "") -> Ints:
        return _answer(bits(name), values[name], READ.answers[name], other, READ.answers.get(others, {}))

    # Both products stay under 2^63 up to MOST_PEOPLE.
    position = np.arange(first, last, dtype=np.int64) * plan.stride % plan.people
    point = (position * int(plan.cumulated[-1]) + plan.start) // plan.people
    cell = np.searchsorted(plan.cumulated, point, side="right").astype(np.int64)
    band, sex = (plan.model.cells[c].to_numpy()[cell] for c in ("band", "sex"))
    age_index = _choose(bits("age"), plan.model.age_share.reshape(10, -1), sex * 5 + band)
    age = plan.model.ages[age_index]
    by_age = sex * len(plan.model.ages) + age_index
    degree = 1 + _choose(bits("highest_degree"), plan.model.degree_share.reshape(-1, 6), by_age)
    answers = {name: answer(name) for name in READ.independent}
    kind, similar = answer("project_kind"), "previous_job_similarity"
    similarity = answer(similar, kind, "project_kind")
    seniority = _cap(answer("seniority", similarity, similar), kind, age, degree)
    not_started = said("search_not_started", values["search_not_started"])
    months = _months(plan, bits("search_band"), bits("search_day"), by_age, age)
    pace = values["interviews_per_month"]
    interviews = _interviews(bits("interviews_per_month"), bits("interviews"), pace, months)
    training = answers.pop("training_fulfillment_estimate")
    # Experience in place of a diploma takes some experience; without any, the person is not sure.
    training = np.where((training == 2) & (seniority < 3), 4, training)
    situation = np.zeros_like(kind)  # as the published server reads it
    if values["situation"] == "derived":
        situation = np.select([kind == 7, kind == 5, training == 3], [5, 1, 3], 2)
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
        "situation": situation,
        "total_interview_count": np.where(not_started, -1, interviews).astype(np.int16),
        "search_length": np.where(not_started, -1.0, months),
        "search_not_started": not_started,
    }
    parent = np.isin(answers["family_situation"], (3, 4))
    # Nobody answered an application that was not sent, or went badly through an interview that did not take
    # place.
    asked = dict.fromkeys(("STAY_AT_HOME_PARENT", "CHILD_CARE"), parent)
    asked |= dict.fromkeys(("NO_OFFER_ANSWERS", "INTERVIEW"), ~not_started)
    for name in READ.frustrations:
        told = said(f"frustration_{name}", values["frustrations"][name])
        columns[f"frustration_{name.lower()}"] = told & asked.get(name, True)
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


def _answer(
    bits: Ints, shares: Any, numbers: dict[str, int], other: Ints | None, others: dict[str, int]
) -> Ints:
    """Numbers of the answers drawn; where they depend on another answer, it has a row of shares each."""
    if other is None:
        return np.array([numbers[name] for name in shares])[_choose(bits, np.array(list(shares.values())))]
    table = np.array([[row.get(name, 0.0) for name in numbers] for row in shares.values()])
    row = np.zeros(max(others.values()) + 1, dtype=np.int64)
    row[[others[name] for name in shares]] = range(len(shares))
    return np.array(list(numbers.values()))[_choose(bits, table, row[other])]


def _cap(seniority: Ints, kind: Ints, age: Ints, degree: Ints) -> Ints:
    """No more experience than the years since the youngest age at which the person's degree can be held."""
    years = age - np.array(READ.youngest_with_degree)[degree - 1]
    most = np.searchsorted(np.array(READ.years_of_experience), years, side="right") - 1
    capped = np.minimum(seniority, np.maximum(most, 3))
    # A first job: nothing but an internship before it.
    return np.where(kind == 5, np.minimum(capped, 2), capped)


def _months(plan: Plan, bits: Ints, day_bits: Ints, by_age: Ints, age: Ints) -> Floats:
    """Months searched: a band of the survey given age and sex, then a whole day drawn evenly in it
    (exponential past 3 years).

    Nobody has searched since before the age of 16.
    """
    drawn = _choose(bits, plan.model.duration_share.reshape(-1, len(DURATION_FROM)), by_age)
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
