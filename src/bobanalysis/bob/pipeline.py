"""Bob's pipeline on frames of people."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from bobanalysis.rules import STATUS, Expr, Variable, evaluate, inputs

from .diagnosis import diagnosis, overall_rows
from .door import InputError, admit
from .market import Market, MarketLike, join, looked_up_by
from .outcomes import in_words


@dataclass(frozen=True)
class Bob:
    """Bob's published algorithm on one job market.

    ``market`` is any object with the two frames of ``bobanalysis.bob.Market``; ``rules`` are those of the
    diagnosis, and may be perturbed.

    >>> bob = Bob(Market.empty())
    >>> len(bob.variables) > 20
    True
    """

    market: MarketLike = field(default_factory=Market.empty)
    rules: dict[str, Expr] = field(default_factory=lambda: dict(diagnosis()))

    @cached_property
    def variables(self) -> list[Variable]:
        """Return the inputs that the rules read, and those by which market figures are looked up."""
        read = inputs(*self.rules.values())
        keys = looked_up_by([v.name for v in read], self.market)
        return read + [k for k in keys if k not in read]

    def diagnose(self, people: Any, *, strict: bool = True) -> Any:
        """Return the diagnosis of people.

        Parameters: ``people``, a Polars or pandas frame with one row a person and the columns of the data
        dictionary (market figures are joined by département and job); ``strict``, see ``admit``.

        Returns a frame of the same kind, in the same order: ``person_id`` (if there is one),
        ``relevance_<challenge>`` (see ``Relevance``), ``main_challenge``, ``overall_row``, ``overall_score``
        (0 to 100), ``market_known``, and ``diagnosis_error``: null, or what the published server would
        stop on (then the diagnosis is null).

        Raises InputError if a column is missing or a value is outside the dictionary; files with bad rows go
        through ``read_people``, which keeps the good ones.
        """
        frame = _polars(people)
        intake = admit(frame, self.variables, strict=strict)
        if not intake.rejects.is_empty():
            worst = intake.rejects.row(0, named=True)
            raise InputError(
                f"{intake.rejected} of {intake.read} rows cannot be read; the first: row {worst['row']}, "
                f"column {worst['column']!r}, value {worst['value']!r} {worst['problem']}"
            )
        return _like(people, self.diagnose_admitted(intake.kept))

    def diagnose_admitted(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the diagnosis of people who came through the door (``admit``); see ``diagnose``."""
        known = join(people, self.market, [v.name for v in self.variables])
        keep = [c for c in ("person_id", "user", "project") if c in known.columns]
        done = evaluate(self.rules, known, keep=[*keep, "market_offers_per_10_candidates"])
        failed = pl.col("overall_score" + STATUS) != 0
        out = {c: pl.col(c) for c in self.rules}
        ids = pl.Series([row.id for row in overall_rows()], dtype=pl.Enum([row.id for row in overall_rows()]))
        out["overall_row"] = pl.lit(ids).gather(pl.col("overall_row").fill_null(0))
        return done.frame.select(
            *keep,
            *(pl.when(~failed).then(value).alias(c) for c, value in out.items()),
            market_known=pl.col("market_offers_per_10_candidates") != 0,
            diagnosis_error=in_words(pl.col("overall_score" + STATUS), done.refusals),
        )


def _polars(frame: Any) -> pl.DataFrame:
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if type(frame).__module__.startswith("pandas"):
        return pl.from_pandas(frame)
    raise InputError(f"people must be a Polars or pandas frame, not {type(frame).__name__}")


def _like(given: Any, result: pl.DataFrame) -> Any:
    return result.to_pandas() if type(given).__module__.startswith("pandas") else result
