"""What the tables must look like: refuse a table that would give wrong answers quietly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from bobanalysis.tables import InputError

LOCAL = ("departement_id", "rome_id")


def need(
    frame: pl.DataFrame, table: str, columns: Iterable[str], key: Sequence[str] = (), whole: bool = False
) -> pl.DataFrame:
    """Return a table's needed columns, once they are seen to be there and the key to name one row.

    Parameters: ``table``, its name in messages; ``columns``, those that are needed; ``key``, columns whose
    values together may stand only once and may not be null; ``whole``, return the other columns as well.

    Raises InputError naming the table, the column, and the first row and value that is wrong.

    >>> need(pl.DataFrame({"a": [1], "b": [2]}), "figures", ["a"]).columns
    ['a']
    """
    wanted = list(dict.fromkeys([*key, *columns]))
    if lacking := [c for c in wanted if c not in frame.columns]:
        raise InputError(
            f"table {table}: no column {', '.join(lacking)}; it has {', '.join(frame.columns) or 'none'}; "
            f"rename or add it"
        )
    kept = frame if whole else frame.select(wanted)
    if not key:
        return kept
    bad = pl.any_horizontal(pl.col(c).is_null() for c in key) | pl.struct(key).is_duplicated()
    rows = frame.select(bad.arg_true().alias("row"))["row"]
    if len(rows):
        row = int(rows[-1])  # of two rows with one key, the later one
        values = ", ".join(f"{c} = {frame[c][row]!r}" for c in key)
        raise InputError(
            f"table {table}: row {row + 1}, columns {', '.join(key)}: {values} is empty or stands twice; "
            f"keep one row of each"
        )
    return kept


def ranked(
    frame: pl.DataFrame, within: Sequence[str], by: str, ties: Sequence[str], limit: int | None = None
) -> pl.DataFrame:
    """Return rows in order within groups, best first, with ``rank`` from 1.

    Parameters: ``within``, columns of a group; ``by``, the column sorted descending; ``ties``, columns sorted
    ascending where ``by`` is equal, so that the same table always gives the same order (the published code
    leaves it open); ``limit``, the most rows of a group to keep.

    >>> f = pl.DataFrame({"g": [1, 1, 1], "x": [2, 3, 3], "id": ["a", "c", "b"]})
    >>> ranked(f, ["g"], "x", ["id"], limit=2)["id"].to_list()
    ['b', 'c']
    """
    order = [*within, by, *ties]
    down = [c == by for c in order]
    done = frame.sort(order, descending=down, nulls_last=True).with_columns(
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(list(within))
    )
    return done if limit is None else done.filter(pl.col("rank") <= limit)
