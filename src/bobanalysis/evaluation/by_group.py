"""Measures by group: what a column of groups is, the largest gaps, curves along a number, groups of items.

Everything is computed from one row a query; what a measure is, nothing here knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.evaluation.lists import EvaluationError, Lists, Notes
from bobanalysis.evaluation.measures import Metric, share
from bobanalysis.fairness import MIN_GROUP, UNKNOWN, adjusted_p_values, curve, gap_test, intervals
from bobanalysis.fairness._exposure import DISCOUNTS
from bobanalysis.fairness.attributes import MOST_VALUES, banded
from bobanalysis.tables import as_number

EVERYONE = "everyone"
HIDDEN = f"hidden: fewer than {MIN_GROUP} people"
Sets = Sequence[Sequence[str]]

_SURE = 0.9  # share of the people whose value is a number, for the column to be one
_GAP = ("value", "ci_low", "ci_high", "high", "low", "p_value", "reason")
_CURVE = ("value", "ci_low", "ci_high", "band_low", "band_high")


def kinds(
    labels: pl.DataFrame, bands: Mapping[str, Sequence[float]], notes: Notes
) -> tuple[pl.DataFrame, list[str]]:
    """Decide what each column is: groups, bands, or a number whose curve is drawn; the last are named.

    Args:
        labels: a row a query, text, "unknown" where nothing is known.
        bands: limits by column; none for a column means that each of its values is a group.
        notes: what was decided is added here.

    Raises:
        EvaluationError: bands of a column that is not there or holds no numbers, or limits that do not rise.
    """
    columns, curves = {}, []
    for name, limits in bands.items():
        if name not in labels.columns:
            raise EvaluationError(f"bands: {name!r} is no column taken; there are: {_listed(labels.columns)}")
        for low, high in pairwise(limits):
            if not low < high:
                wrong = f"bands of {name!r}: {high:g} comes after {low:g}"
                raise EvaluationError(f"{wrong}; write the limits from the lowest to the highest")
    for name in labels.columns:
        text, limits = labels[name], bands.get(name)
        known = text.filter(text != UNKNOWN)
        numbers = labels.select(as_number(pl.col(name))).to_series()
        numbers = numbers.set(numbers.is_infinite(), None)
        lost = known.len() - numbers.count()
        codes = known.str.contains(r"^0\d").any()  # 01 is a name, as of a département
        number = 0 < known.len() * _SURE <= numbers.count() and not codes
        if limits and not number:
            some = _listed(map(repr, known.unique().sort()[:5])) or "nothing"
            raise EvaluationError(
                f"bands of {name!r}: the column holds no numbers, but {some}; leave them out"
            )
        if limits:
            cut = banded(numbers, limits)
            kind = pl.Enum([*cut.cat.get_categories(), UNKNOWN])
            columns[name] = cut.cast(pl.String).fill_null(UNKNOWN).cast(kind)
        elif number and limits is None and (count := numbers.drop_nulls().n_unique()) > MOST_VALUES:
            columns[name] = numbers
            curves.append(name)
            other = f"for bands: --bands {name}=25,35,50; for a group a value: --bands {name}="
            notes.append((f"values of {name!r}, a number", count, f"a curve, without bands; {other}"))
        else:
            columns[name], lost = text, 0
        notes.append((f"people whose {name!r} is no number", lost, "in no band and on no curve"))
    return pl.DataFrame(columns), curves


def gaps(each: pl.DataFrame, sets: Sets, metrics: Sequence[Metric]) -> pl.DataFrame:
    """Test the largest gap of each measure between the groups of each attribute; "unknown" is no group."""
    rows: list[dict[str, Any]] = []
    for names in sets:
        keys = [f"g{at}" for at in range(len(names))]
        table = each.filter(pl.all_horizontal(pl.col(names).cast(pl.String) != UNKNOWN))
        for metric in metrics:
            people = table.select(
                *(pl.col(n).alias(k) for n, k in zip(names, keys, strict=True)), y=metric.label
            )
            row = {"metric": metric.label, "attribute": " × ".join(names), "n": 0, "groups": 0}
            row["reason"] = "not estimable: nobody has a value"
            if (people := people.drop_nulls()).height:
                role = "prediction" if metric.measure.binary else "score"
                test = gap_test(people, keys, min_group=MIN_GROUP, **{role: "y"})  # type: ignore[arg-type]
                row |= {name: getattr(test, name) for name in ("n", "groups", *_GAP)}
                row["left_out"] = _listed(test.left_out)
            rows.append(row)
    texts, counts = ("metric", "attribute", "high", "low", "left_out", "reason"), ("n", "groups")
    names = ("metric", "attribute", *counts, *_GAP[:-1], "left_out", "reason")
    schema = {n: pl.String if n in texts else pl.Int64 if n in counts else pl.Float64 for n in names}
    found = pl.DataFrame(rows, schema)
    adjusted = pl.Series(
        "p_adjusted", adjusted_p_values(found["p_value"].fill_null(np.nan).to_numpy(), "holm")
    )
    return found.insert_column(names.index("p_value") + 1, adjusted.fill_nan(None))


def curves(each: pl.DataFrame, sets: Sets, metrics: Sequence[Metric]) -> pl.DataFrame:
    """Draw each measure along the number that comes first in a set, a curve a group of the others."""
    texts = ("metric", "attribute", "group", "status")
    schema: dict[str, Any] = {
        "metric": pl.String,
        "attribute": pl.String,
        "group": pl.String,
        "at": pl.Float64,
    }
    schema |= {**dict.fromkeys(_CURVE, pl.Float64), "n": pl.Int64, "status": pl.String}
    parts = [pl.DataFrame(schema=schema)]
    for along, *names in sets:
        group = pl.concat_str(pl.col(names).cast(pl.String), separator=" × ") if names else pl.lit(EVERYONE)
        for metric in metrics:
            people = each.select(at=along, group=group, y=metric.label).drop_nulls()
            few = pl.len().over("group") < MIN_GROUP
            hidden = people.filter(few).group_by("group", maintain_order=True).agg(n=pl.len().cast(pl.Int64))
            found = [hidden.with_columns(n=None, status=pl.lit(HIDDEN))]
            if (people := people.filter(~few)).height:
                found.append(curve(people, "at", "y", by=["group"]))
            called = {"metric": metric.label, "attribute": " × ".join([along, *names])}
            part = pl.concat(found, how="diagonal_relaxed").with_columns(
                pl.lit(v).alias(k) for k, v in called.items()
            )
            parts.append(
                part.select(
                    pl.col(n).cast(k) if n in part.columns else pl.lit(None, k).alias(n)
                    for n, k in schema.items()
                )
            )
    return pl.concat(parts)


def exposure(lists: Lists, items: pl.DataFrame, column: str) -> pl.DataFrame:
    """Compare what share of the attention the groups of items get with their share of what there is.

    Attention of a place is 1 / log2(place + 1); an item is relevant from grade 1 on. The interval is that of
    a ratio of two means over people.

    Source: Singh and Joachims, KDD 2018, section 3; Cochran, Sampling Techniques (1977), 6.4 (ratio).
    """
    if column not in items.columns:
        there = _listed(n for n in items.columns if n not in ("code", "item"))
        raise EvaluationError(f"items: no column {column!r} to group items by; there are: {there or 'none'}")
    known = items.select("item", group=pl.col(column).cast(pl.String).fill_null(UNKNOWN))
    shown = lists.rows.cast({"item": pl.String}).join(known, on="item", maintain_order="left")
    judged = lists.judged().cast({"item": pl.String}).filter(pl.col("relevance") >= 1).join(known, on="item")
    query, group = shown["query"].to_numpy(), shown["group"].to_numpy()
    seen = shown.select(DISCOUNTS["log2"](pl.col("position"))).to_series().to_numpy()
    whole, rows = lists.total(query, seen), []
    for name in known["group"].unique().sort():
        here = group == name
        mine = lists.total(query[here], seen[here])
        part = share(mine.sum(), whole.sum())
        residual = (mine - part * whole) / max(whole.mean(), 1e-300)
        low, high = np.clip(intervals.student(part, residual.var(), lists.size), 0, 1)
        count, wanted = (int((frame["group"] == name).sum()) for frame in (known, judged))
        of = [
            float(share(np.array(x, float), y)) for x, y in ((count, known.height), (wanted, judged.height))
        ]
        ratios = [float(share(part, np.array(x))) for x in of]
        rows.append((name, count, wanted, float(part), float(low), float(high), *of, *ratios))
    names = ["group", "items", "relevant_items", "exposure", "ci_low", "ci_high", "catalogue", "relevant"]
    names += ["exposure_to_catalogue", "exposure_to_relevant"]
    return pl.DataFrame(rows, names, orient="row").with_columns(pl.col(pl.Float64).fill_nan(None))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
