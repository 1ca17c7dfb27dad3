"""The same people with one answer changed: how much of the outcome moves, and where.

The frames hold one row a (pair, value of the changed answer): everything else of the person is the same, so
what differs is caused by that answer alone. Nothing is sampled; the figures are exact for the people given.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from bobanalysis.fairness._cube import to_lazy


def changed_share(frame: Any, pair: str, value: str, weight: str | None = None) -> float | None:
    """Return the share of people whose outcome is not the same under every value of the changed answer.

    Parameters: ``frame``, pandas or Polars; ``pair``, the column that says which rows are one person;
    ``value``, any column (null counts as a value); ``weight``, the column of a person's weight.
    Returns a share from 0 to 1, None for an empty frame. Raises ValueError for a missing column.
    Source: Kusner et al. (2017), Counterfactual fairness, NeurIPS.

    >>> import polars as pl
    >>> changed_share(pl.DataFrame({"pair": [1, 1, 2, 2], "said": list("abaa")}), "pair", "said")
    0.5
    """
    columns = list(dict.fromkeys([pair, value, *([weight] if weight else [])]))
    table = to_lazy(frame, columns)[0].select(columns).collect()
    if table.is_empty():
        return None
    people = table.group_by(pair).agg(
        moved=pl.col(value).n_unique() > 1, weight=pl.col(weight).first() if weight else pl.lit(1.0)
    )
    return float(people.select((pl.col("moved") * pl.col("weight")).sum() / pl.col("weight").sum()).item())


def steps(frame: Any, pair: str, along: str, value: str, weight: str | None = None) -> Any:
    """Return where the outcome moves along an ordered answer, age by age say.

    Parameters: as for ``changed_share``; ``along``, the changed answer.
    Returns a frame of the same kind, one row a pair of neighbouring values at which somebody's outcome
    changes, in order: ``<along>_from``, ``<along>_to``, ``share_changed`` (0 to 1), ``n`` (people).
    Raises ValueError for a missing column, ValueError if a person lacks one of the values.

    >>> import polars as pl
    >>> sweep = pl.DataFrame({"pair": [1, 1, 1], "age": [29, 30, 31], "said": list("aab")})
    >>> steps(sweep, "pair", "age", "said").rows()
    [(30, 31, 1.0, 1)]
    """
    columns = list(dict.fromkeys([pair, along, value, *([weight] if weight else [])]))
    lazy, back = to_lazy(frame, columns)
    table = lazy.select(columns).collect().sort(pair, along)
    people, values = table[pair].n_unique(), table[along].n_unique()
    if table.height != people * values:
        raise ValueError(f"every {pair} needs one row for each of the {values} values of {along!r}")
    moved = table.with_columns(
        _from=pl.col(along).shift(1).over(pair),
        _changed=pl.col(value).ne_missing(pl.col(value).shift(1).over(pair)),
        _weight=pl.col(weight) if weight else pl.lit(1.0),
    ).drop_nulls("_from")
    ends, w = (pl.col("_from").alias(f"{along}_from"), pl.col(along).alias(f"{along}_to")), pl.col("_weight")
    share = (pl.col("_changed") * w).sum() / w.sum()
    result = moved.group_by(*ends).agg(share_changed=share, n=pl.len().cast(pl.Int64))
    return back(result.filter(pl.col("share_changed") > 0).sort(f"{along}_from"))
