"""The strategies: plans made of pieces of advice that the person was given (spec 03, section 4).

Each main challenge has its own strategies. One is proposed if its rule gives it points and at least one of
its pieces of advice was given. Points are capped by what the overall score leaves up to 100, then cut to a
whole number; strategies are sorted by points, the first one is the principal one.

People are taken challenge by challenge, in blocks of rows; within a block everything is numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from .configuration import Strategy, advice_modules, job_advice, strategies
from .ranking import BITS, Ranking

JOB_TIPS = "specific-to-job"
SECONDARY = 10  # points up to which a strategy is called secondary (the published literal, Q39)
_BLOCK = 1 << 15
_WIDE = 6  # bits for the place of a strategy in a sort key
_DEEP = 5  # bits for the place of a piece of advice in a strategy's table
_MOST = (1 << _DEEP) - 1

Ints = npt.NDArray[np.int16]


@dataclass(frozen=True)
class _Block:
    """The strategies of some rows, in the order of the rows: what is needed to build list columns."""

    rows: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]  # strategies of each row
    strategy: Ints
    points: Ints
    secondary: npt.NDArray[np.bool_]
    pieces: npt.NDArray[np.int64]  # pieces of advice of each strategy
    advice: Ints


def propose(
    category: pl.Series,
    overall: pl.Series,
    triggers: Mapping[str, pl.Series],
    tips: pl.Series,
    advice: Ranking,
) -> pl.DataFrame:
    """Return the strategies that are proposed to people.

    Parameters: ``category``, main challenge (id; null for none); ``overall``, overall score; ``triggers``,
    for each strategy its score from 0 to 3; ``tips``, place in ``job_advice()`` of the tips for the person's
    occupation (-1: none); ``advice``, their ranked advice. All have one row a person.

    Returns list columns in the same order: ``strategies`` (ids, best first: the first is the principal one),
    ``strategy_points`` (0 to 100), ``strategy_is_secondary``, and ``strategy_advice`` (for each strategy, ids
    of advice by stars).
    Raises ValueError if points are negative, as the published server does (Q47).
    """
    blocks = []
    for challenge in category.unique().drop_nulls().to_list():
        group = [s for s in strategies() if challenge in s.challenges]
        rows = (category == challenge).fill_null(False).arg_true().to_numpy().astype(np.int64)
        blocks += [(group, rows[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK)]
    score = overall.fill_null(0).to_numpy().astype(np.float64)
    given = {s.id: triggers[s.id].to_numpy() for group, _ in blocks for s in group}
    place = tips.to_numpy()
    with ThreadPoolExecutor() as threads:
        done = list(
            threads.map(lambda b: _block(b[0], b[1], score, given, place, advice) if b[0] else None, blocks)
        )
    return _frame(len(category), [b for b in done if b is not None])


def _block(
    group: list[Strategy],
    rows: npt.NDArray[np.int64],
    overall: npt.NDArray[np.float64],
    triggers: Mapping[str, npt.NDArray[np.float64]],
    tips: npt.NDArray[np.int64],
    advice: Ranking,
) -> _Block:
    n, most = len(rows), max(len(s.advice) for s in group) + 1
    order = np.zeros((n, len(group)), dtype=np.int16)  # sort keys of the strategies; 0: not proposed
    secondary = np.zeros((n, len(group)), dtype=bool)
    pieces = np.full((n, len(group), most), -1, dtype=np.int16)
    for k, strategy in enumerate(group):
        own, found = _pieces(strategy, rows, tips, advice)
        pieces[:, k, : own.shape[1]] = own
        score = triggers[strategy.id][rows]
        points = np.minimum(score * 100 / 3, 100 - overall[rows])
        proposed = (score != 0) & found
        if (points[proposed] < 0).any():
            raise ValueError(f"strategy {strategy.id!r} has negative points: the overall score is above 100")
        # Points in the high bits, the place in the table below, reversed: one sort gives the published order
        # (points descending, equals as in the table), and the key tells the strategy afterwards.
        key = (np.trunc(points).astype(np.int16) << _WIDE) | (len(group) - k)
        order[:, k] = np.where(proposed, key, 0)
        secondary[:, k] = points <= SECONDARY
    order.sort(axis=1)
    order = order[:, ::-1]
    shown = order != 0
    # From here on everything is a flat array with counts, and becomes Arrow lists without a loop over people.
    best = np.where(shown, len(group) - (order & ((1 << _WIDE) - 1)), 0).astype(np.int64)
    chosen = np.take_along_axis(pieces, best[:, :, None], axis=1)[shown]
    there = chosen >= 0
    ids = np.array([_PLACE[s.id] for s in group], dtype=np.int16)
    return _Block(
        rows,
        shown.sum(axis=1),
        ids[best][shown],
        (order >> _WIDE)[shown],
        np.take_along_axis(secondary, best, axis=1)[shown],
        there.sum(axis=1),
        chosen[there],
    )


_PLACE = {s.id: k for k, s in enumerate(strategies())}
_ADVICE = [m.id for m in advice_modules()]


def _pieces(
    strategy: Strategy, rows: npt.NDArray[np.int64], tips: npt.NDArray[np.int64], advice: Ranking
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return the pieces of advice of a strategy by stars (places of advice, -1 behind), and whether any.

    A piece is the best ranked advice whose id starts with the given text (C25); tips for the person's
    occupation come last, if the strategy is on their list. Equal stars keep the order of the table.
    """
    keys = []
    for prefix in strategy.advice:
        matching = [k for k, name in enumerate(_ADVICE) if name.startswith(prefix)]
        if matching:
            keys.append(advice.keys[matching][:, rows].max(axis=0))
    listed = np.array([strategy.id in j.strategies for j in job_advice()] + [False])
    own = advice.keys[_ADVICE.index(JOB_TIPS)][rows]
    keys.append(np.where(listed[tips[rows]], own, 0))
    table = np.stack(keys, axis=1)
    # Of a key of advice only the stars order the pieces of a strategy (the id does not break ties here): its
    # low bits are replaced by the place in the strategy's own table, reversed.
    place = np.arange(_MOST, _MOST - table.shape[1], -1, dtype=np.int16)
    order = np.where(table == 0, 0, ((table >> BITS) << _DEEP) | place).astype(np.int16)
    order.sort(axis=1)
    order = order[:, ::-1]
    places = np.minimum(_MOST - (order & _MOST), table.shape[1] - 1).astype(np.int64)
    items = np.take_along_axis(advice.item(table), places, axis=1)
    return np.where(order == 0, -1, items).astype(np.int16), order[:, 0] != 0


def _frame(people: int, blocks: list[_Block]) -> pl.DataFrame:
    """Put blocks back in the order of the people, as list columns."""
    names = ("rows", "counts", "strategy", "points", "secondary", "pieces", "advice")
    whole = {
        n: np.concatenate([getattr(b, n) for b in blocks]) if blocks else np.array([], int) for n in names
    }
    counts = np.zeros(people, dtype=np.int64)
    counts[whole["rows"]] = whole["counts"]
    starts = _offsets(whole["counts"])[:-1]
    start = np.zeros(people, dtype=np.int64)
    start[whole["rows"]] = starts
    flat = _ranges(start, counts)  # places of the strategies, person by person
    pieces = whole["pieces"][flat]
    nested = _ranges(_offsets(whole["pieces"])[:-1][flat], pieces)
    outer = pa.array(_offsets(counts), pa.int64())
    inner = pa.array(_offsets(pieces), pa.int64())

    def lists(values: pa.Array) -> pa.Array:
        return pa.LargeListArray.from_arrays(outer, values)

    table = pa.table(
        {
            "strategies": lists(_coded(whole["strategy"][flat], list(_PLACE))),
            "strategy_points": lists(pa.array(whole["points"][flat].astype(np.int16))),
            "strategy_is_secondary": lists(pa.array(whole["secondary"][flat].astype(bool))),
            "strategy_advice": lists(
                pa.LargeListArray.from_arrays(inner, _coded(whole["advice"][nested], _ADVICE))
            ),
        }
    )
    return pl.DataFrame(pl.from_arrow(table))


def _coded(codes: Ints, names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes.astype(np.int32)), pa.array(names, pa.large_string())
    )


def _offsets(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ranges(starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return start, start + 1, … for each pair of a start and a count, one after the other."""
    total = int(counts.sum())
    begin = _offsets(counts)[:-1]
    return np.arange(total) + np.repeat(starts - begin, counts)


def advice_lists(advice: Ranking, ids: list[str]) -> pl.DataFrame:
    """Return ranked items as list columns: ``advice`` (ids, best first) and ``stars`` (32-bit scores)."""
    shown = advice.sorted != 0
    keys = advice.sorted[shown]
    offsets = pa.array(_offsets(advice.counts), pa.int64())
    stars = pa.array(advice.values.astype(np.float32)[keys >> _WIDE])
    table = pa.table(
        {
            "advice": pa.LargeListArray.from_arrays(offsets, _coded(advice.item(keys), ids)),
            "stars": pa.LargeListArray.from_arrays(offsets, stars),
        }
    )
    return pl.DataFrame(pl.from_arrow(table))
