"""The strategies: plans made of pieces of advice that the person was given (spec 03, section 4).

Each main challenge has its own strategies. One is proposed if its rule gives it points and at least one of
its pieces of advice was given. Points are capped by what the overall score leaves up to 100, then cut to a
whole number; strategies are sorted by points, the first one is the principal one.

Of many people few differ in what a strategy reads: plans are made once for each distinct case, challenge by
challenge, and then gathered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from bobanalysis.tables import Codes, factorize, unique_rows

from .configuration import advice_modules, job_advice, strategies
from .ranking import BITS, Ints, Ranking

SECONDARY = 10  # points up to which a strategy is called secondary (the published literal, Q39)
if TYPE_CHECKING:
    import pyarrow as pa

_DEEP = 5  # bits for a place in a sort key
_ADVICE = [m.id for m in advice_modules()]
_IDS = [s.id for s in strategies()]
_NAMED = {  # the columns of advice that each piece may be; some texts start the id of no advice at all
    s.id: [
        columns
        for start in s.advice
        if (columns := tuple(k for k, name in enumerate(_ADVICE) if name.startswith(start)))
    ]
    for s in strategies()
}
_TIPS = _ADVICE.index("specific-to-job")
_LISTED = {s.id: [*(s.id in j.strategies for j in job_advice()), False] for s in strategies()}
_GROUPS = {
    challenge: [s for s in strategies() if challenge in s.challenges]
    for challenge in dict.fromkeys(c for s in strategies() for c in s.challenges)
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
    told = category.cast(pl.Enum([*_GROUPS]), strict=False).to_physical().fill_null(len(_GROUPS)).to_numpy()
    order = np.argsort(told, kind="stable")
    ends = np.searchsorted(told[order], np.arange(len(_GROUPS) + 1))
    left = 100 - overall.fill_null(0).to_numpy().astype(np.float64)
    levels = len(advice.values)
    listed = tips.to_numpy().take(order)
    none, nothing = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int16)
    outcomes, plans = [_Lists(none, (nothing,) * 3)], [_Lists(none, (nothing,))]  # the first: no challenge
    outcome = np.zeros(len(category), dtype=np.int64)
    plan = np.full((len(category), max(map(len, _GROUPS.values()))), -1, dtype=np.int64)
    for group, first, end in zip(_GROUPS.values(), ends[:-1], ends[1:], strict=True):
        if first == end:
            continue
        rows, own, codes = order[first:end], np.empty((end - first, len(group)), dtype=np.int64), []
        keys = {c: advice.keys[c].take(rows) for c in {_TIPS, *chain(*chain(*(_NAMED[s.id] for s in group)))}}
        pieces: dict[tuple[int, ...], tuple[Ints, Codes]] = {}  # the keys of each piece of advice
        for any_of in {*chain(*(_NAMED[s.id] for s in group))}:
            best_ranked = reduce(np.maximum, (keys[c] for c in any_of))
            stars = best_ranked >> BITS  # of one piece, their place says all; of several, which one too
            coded = factorize(best_ranked) if any_of[1:] else (stars, levels if stars.any() else 1)
            pieces[any_of] = best_ranked, coded
        for k, one in enumerate(group):
            held = [pieces[any_of] for any_of in _NAMED[one.id]]
            if any(_LISTED[one.id]) or not held:
                told_tips = np.array(_LISTED[one.id])[listed[first:end]]
                tip = np.where(told_tips, keys[_TIPS], np.int16(0))
                held.append((tip, (tip >> BITS, levels)))
            number, found = _plans(held, advice)
            own[:, k] = number + sum(len(p.counts) for p in plans)
            plans.append(found)
            score = triggers[one.id].to_numpy()[rows]
            points = np.minimum(score * 100 / 3, left[rows])
            proposed = (score != 0) & (found.counts > 0)[number]
            if (proposed & (points < 0)).any():
                raise ValueError(f"strategy {one.id!r} has negative points: the overall score is above 100")
            code = (points.astype(np.int16) << 1) + (points <= SECONDARY) + 1
            codes.append(np.where(proposed, code, 0).astype(np.int16))
        places, number = unique_rows((code, int(code.max()) + 1) for code in codes)
        table = np.stack([code[places] for code in codes], axis=1)
        best, whole = _best_first(np.where(table > 0, (table - 1) >> 1, np.int16(-1)))
        shown = best >= 0
        ids = np.array([_IDS.index(s.id) for s in group])
        secondary = (np.take_along_axis(table, best, axis=1)[shown] - 1) & 1 == 1
        outcome[rows] = number + sum(len(o.counts) for o in outcomes)
        outcomes.append(_Lists(shown.sum(axis=1), (ids[best[shown]], whole[shown], secondary)))
        chosen = best.take(number, axis=0)
        own = own.take(chosen + np.arange(0, own.size, len(group))[:, None])
        plan[rows, : len(group)] = np.where(chosen < 0, -1, own)
    counts, (ids, points, secondary) = _joined(outcomes)
    lengths, (advised,) = _joined(plans)
    columns = {
        "strategies": _lists(counts, _coded(_codes(ids), _IDS)),
        "strategy_points": _lists(counts, _arrow(points.astype(np.int16))),
        "strategy_is_secondary": _lists(counts, _arrow(secondary.astype(bool))),
    }
    distinct = pl.DataFrame({name: _read(lists) for name, lists in columns.items()})
    frame = distinct.select(pl.all().gather(_series(outcome)))
    given = _read(_lists(lengths, _codes(advised))).gather(_series(plan[plan >= 0])).to_arrow()
    named = type(given).from_arrays(given.offsets, _coded(given.values, _ADVICE))
    own_plans = _read(_lists(counts[outcome], named))
    return frame.with_columns(strategy_advice=own_plans)


class _Lists(NamedTuple):
    """Lists, one after the other: how long each one is, and what they hold, maybe several columns of it."""

    counts: np.typing.NDArray[np.int64]
    values: tuple[np.typing.NDArray[Any], ...]


def _joined(parts: Sequence[_Lists]) -> _Lists:
    """Return the lists of all parts."""
    values = zip(*(p.values for p in parts), strict=True)
    return _Lists(np.concatenate([p.counts for p in parts]), tuple(map(np.concatenate, values)))


def _plans(
    pieces: Sequence[tuple[Ints, Codes]], advice: Ranking
) -> tuple[np.typing.NDArray[np.int64], _Lists]:
    """Return the distinct plans of a strategy, lists of pieces of advice by stars, and whose is which.

    A piece is the best ranked advice whose id starts with the given text (C25); tips for the person's
    occupation come last, if the strategy is on their list.
    """
    places, number = unique_rows(own for _, own in pieces)
    held = np.stack([piece[places] for piece, _ in pieces], axis=1)
    # Of a key of advice only the stars order the pieces of a strategy: the id does not break ties here.
    best, _ = _best_first(np.where(held == 0, np.int16(-1), held >> BITS))
    there = best >= 0
    return number, _Lists(there.sum(axis=1), (advice.item(np.take_along_axis(held, best, axis=1)[there]),))


def _best_first(values: Ints) -> tuple[np.typing.NDArray[np.int64], Ints]:
    """Return the places of the values from 0 to 1,023, best first, equals in their order; -1 behind.

    The values come with them. A value in the high bits and its place, reversed, in the low ones sort at once.
    """
    last = (1 << _DEEP) - 1
    place = np.arange(last, last - values.shape[-1], -1, dtype=np.int16)
    packed = np.where(values < 0, np.int16(0), (values << _DEEP) | place)
    packed.sort(axis=-1)
    packed = packed[..., ::-1]
    return np.where(packed == 0, -1, last - (packed & last)).astype(np.int64), packed >> _DEEP


@dataclass(frozen=True)
class _Capsule:
    """An array as Arrow's C interface hands it on: ``pl.from_arrow`` begins with importing all of Arrow."""

    array: pa.Array

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.array.__arrow_c_array__(requested_schema)


def _read(array: pa.Array) -> pl.Series:
    return pl.Series(_Capsule(array))


def _lists(counts: np.typing.NDArray[np.integer], values: pa.Array) -> pa.LargeListArray:
    """Return lists of so many values, one after the other."""
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    import pyarrow as pa

    return pa.LargeListArray.from_arrays(_arrow(offsets), values)


def _arrow(values: np.typing.NDArray[Any]) -> pa.Array:
    """Return an array in Arrow: its own reading imports pandas, that of Polars the masked arrays of numpy."""
    import pyarrow as pa

    bits = np.packbits(values, bitorder="little") if values.dtype == bool else np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(bits)])


def _series(values: np.typing.NDArray[Any]) -> pl.Series:
    return _read(_arrow(values))


def _codes(places: np.typing.NDArray[np.integer]) -> pa.Array:
    return _arrow(places.astype(np.uint32))


def _coded(codes: pa.Array, names: list[str]) -> pa.Array:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(codes, pl.Series(names).to_arrow())


def advice_lists(advice: Ranking, ids: list[str]) -> pl.DataFrame:
    """Return ranked items as list columns: ``advice`` (ids, best first) and ``stars`` (32-bit scores)."""
    every = _series(advice.sorted.ravel())
    keys = every.filter(every != 0).to_numpy()
    counts = reduce(np.add, (key != 0 for key in advice.keys), np.zeros(len(advice.sorted), dtype=np.uint8))
    stars = advice.values.astype(np.float32).take(keys >> BITS)
    by_id = [ids[k] for k in advice.items]
    lists = {"advice": _coded(_codes(keys & ((1 << BITS) - 1)), by_id), "stars": _arrow(stars)}
    return pl.DataFrame({name: _read(_lists(counts, values)) for name, values in lists.items()})
