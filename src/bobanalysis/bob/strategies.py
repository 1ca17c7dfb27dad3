"""The strategies: plans made of pieces of advice that the person was given (spec 03, section 4).

Each main challenge has its own strategies. One is proposed if its rule gives it points and at least one of
its pieces of advice was given. Points are capped by what the overall score leaves up to 100, then cut to a
whole number; strategies are sorted by points, the first one is the principal one.

People are taken challenge by challenge, in blocks of rows; within a block everything is numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from .configuration import Strategy, advice_modules, job_advice, strategies
from .ranking import BITS, Ints, Ranking, in_threads

JOB_TIPS = "specific-to-job"
SECONDARY = 10  # points up to which a strategy is called secondary (the published literal, Q39)
_DEEP = 5  # bits for a place in a sort key
_ADVICE = [m.id for m in advice_modules()]
_IDS = [s.id for s in strategies()]
_NAMED = {  # the columns of advice that each piece may be; some texts start the id of no advice at all
    s.id: [
        columns
        for start in s.advice
        if (columns := [k for k, name in enumerate(_ADVICE) if name.startswith(start)])
    ]
    for s in strategies()
}


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
    left = 100 - overall.fill_null(0).to_numpy().astype(np.float64)
    given = {name: points.to_numpy() for name, points in triggers.items()}
    blocks = []
    told = category.cast(pl.String)
    for challenge in {c: None for s in strategies() for c in s.challenges}:
        group = [s for s in strategies() if challenge in s.challenges]
        rows = (told == challenge).arg_true().to_numpy().astype(np.int64)
        blocks += in_threads(partial(_block, group, left, given, tips.to_numpy(), advice), rows)
    found = pl.concat(blocks).sort("row", maintain_order=True)
    counts = np.bincount(found["row"].to_numpy(), minlength=len(category))
    return pl.DataFrame({name: _lists(counts, found[name]) for name in found.columns if name != "row"})


def _block(
    group: list[Strategy],
    left: npt.NDArray[np.float64],
    triggers: Mapping[str, npt.NDArray[np.float64]],
    tips: npt.NDArray[np.int64],
    advice: Ranking,
    rows: npt.NDArray[np.int64],
) -> pl.DataFrame:
    """Return the strategies of some people with one challenge, one row a person and strategy, best first."""
    given = _given(group, tips[rows], advice.keys[:, rows])
    score = np.stack([triggers[s.id][rows] for s in group], axis=1)
    points = np.minimum(score * 100 / 3, left[rows, None])
    proposed = (score != 0) & given.any(axis=2)
    if len(wrong := np.argwhere(proposed & (points < 0))):
        name = group[wrong[0][1]].id
        raise ValueError(f"strategy {name!r} has negative points: the overall score is above 100")
    best, whole = _best_first(np.where(proposed, points, -1).astype(np.int16))
    shown = best >= 0
    # From here on everything is a flat array with counts, and becomes Arrow lists without a loop over people.
    person, chosen = np.nonzero(shown)[0], best[shown]
    keys = given[person, chosen]
    # Of a key of advice only the stars order the pieces of a strategy: the id does not break ties here.
    places, _ = _best_first(np.where(keys == 0, np.int16(-1), keys >> BITS))
    there = places >= 0
    pieces = advice.item(np.take_along_axis(keys, places, axis=1)[there])
    ids = np.array([_IDS.index(s.id) for s in group])
    return pl.DataFrame(
        {
            "row": rows[person],
            "strategies": _coded(ids[chosen], _IDS),
            "strategy_points": whole[shown],
            "strategy_is_secondary": points[person, chosen] <= SECONDARY,
            "strategy_advice": _lists(there.sum(axis=1), _coded(pieces, _ADVICE)),
        }
    )


def _given(group: list[Strategy], tips: npt.NDArray[np.int64], keys: Ints) -> Ints:
    """Return the keys of the pieces of advice of each strategy: people × strategies × pieces, 0 for none.

    A piece is the best ranked advice whose id starts with the given text (C25); tips for the person's
    occupation come last, if the strategy is on their list.
    """
    most = max(len(_NAMED[s.id]) for s in group) + 1
    table = np.zeros((len(tips), len(group), most), dtype=np.int16)
    for k, strategy in enumerate(group):
        for place, columns in enumerate(_NAMED[strategy.id]):
            table[:, k, place] = keys[columns].max(axis=0)
        listed = np.array([strategy.id in j.strategies for j in job_advice()] + [False])
        table[:, k, most - 1] = np.where(listed[tips], keys[_ADVICE.index(JOB_TIPS)], 0)
    return table


def _best_first(values: Ints) -> tuple[npt.NDArray[np.int64], Ints]:
    """Return the places of the values from 0 to 1,023, best first, equals in their order; -1 behind.

    The values come with them. A value in the high bits and its place, reversed, in the low ones sort at once.
    """
    last = (1 << _DEEP) - 1
    place = np.arange(last, last - values.shape[-1], -1, dtype=np.int16)
    packed = np.where(values < 0, np.int16(0), (values << _DEEP) | place)
    packed.sort(axis=-1)
    packed = packed[..., ::-1]
    return np.where(packed == 0, -1, last - (packed & last)).astype(np.int64), packed >> _DEEP


def _lists(counts: npt.NDArray[np.int64], values: pl.Series) -> pl.Series:
    """Return lists of so many values, one after the other."""
    # Arrow is given what Polars made: pyarrow's own reading of arrays begins with the import of pandas.
    offsets = pl.Series(np.concatenate([[0], np.cumsum(counts)])).to_arrow()
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(offsets, values.to_arrow())))


def _coded(codes: npt.NDArray[np.integer], names: list[str]) -> pl.Series:
    return pl.Series(names, dtype=pl.Categorical).gather(codes)


def advice_lists(advice: Ranking, ids: list[str]) -> pl.DataFrame:
    """Return ranked items as list columns: ``advice`` (ids, best first) and ``stars`` (32-bit scores)."""
    shown = advice.sorted != 0
    keys, counts = advice.sorted[shown], shown.sum(axis=1)
    stars = pl.Series(advice.score(keys).astype(np.float32))
    return pl.DataFrame(
        {"advice": _lists(counts, _coded(advice.item(keys), ids)), "stars": _lists(counts, stars)}
    )
