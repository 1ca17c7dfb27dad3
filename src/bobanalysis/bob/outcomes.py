"""What rules answered, in the form of the published code: a number, missing fields, or an exception."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from bobanalysis.rules import STATUS, Evaluation, Undefined

from .catalogue import DICTIONARY


def details(status: pl.Expr, refusals: Iterable[Undefined]) -> pl.Expr:
    """Return the fields, or the exception, that a status stands for, as a list; null where there is a score.

    Parameters: ``status``, a status column; ``refusals``, those of the evaluation. A field that holds the
    name of a text input in braces, such as ``{rome_id}``, is filled with each person's own value: the frame
    must have that column.

    >>> from bobanalysis.rules import missing
    >>> frame = pl.DataFrame({"status": [0, 1], "rome_id": ["A1101", "B1101"]})
    >>> frame.select(d=details(pl.col("status"), [missing("data.{rome_id}.risk")]))["d"].to_list()
    [None, ['data.B1101.risk']]
    """
    table = list(refusals)
    said = {k: "\n".join(refusal.details) for k, refusal in enumerate(table, 1)}
    text = status.replace_strict(said, default=None, return_dtype=pl.String)
    for name in {v.name for v in DICTIONARY.values() if v.kind == "text"}:
        if any(f"{{{name}}}" in detail for refusal in table for detail in refusal.details):
            text = text.str.replace_all(f"{{{name}}}", pl.col(name).fill_null(""), literal=True)
    return pl.when(text == "").then(pl.lit([], dtype=pl.List(pl.String))).otherwise(text.str.split("\n"))


def in_words(status: pl.Expr, refusals: Iterable[Undefined]) -> pl.Expr:
    """Return a refusal as a text, "missing: fields" or "error: exception"; null where there is an answer."""
    table = list(refusals)
    kinds = {k: refusal.kind for k, refusal in enumerate(table, 1)}
    kind = status.replace_strict(kinds, default=None, return_dtype=pl.String)
    return pl.when(kind.is_not_null()).then(pl.format("{}: {}", kind, details(status, table).list.join(", ")))


def answers(done: Evaluation, rule: str) -> list[Any]:
    """Return what a rule answered for each row, in the form of the recorded vectors.

    A number; ``{"missing": [fields]}``; ``{"error": name}``. The frame must hold the text inputs that fields
    are filled with (``evaluate(..., keep=["rome_id"])``).
    """
    values = done.frame[rule].to_list()
    if rule + STATUS not in done.frame.columns:
        return values
    status = done.frame[rule + STATUS].to_list()
    fields = done.frame.select(details(pl.col(rule + STATUS), done.refusals)).to_series().to_list()
    errors = set(done.statuses("error"))
    return [
        value if k == 0 else {"error": said[0]} if k in errors else {"missing": said}
        for value, k, said in zip(values, status, fields, strict=True)
    ]
