"""Old names of ``audit.person``, for Bob."""  # alias

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bobanalysis import data
from bobanalysis.audit import person as audited
from bobanalysis.audit.person import NOW, read_person
from bobanalysis.bob import Bob
from bobanalysis.bob.pipeline import JOB, PLACE
from bobanalysis.rules import Change


@dataclass(frozen=True)
class Told:
    """What the whole pipeline tells one project."""

    challenge: str | None
    score: int | None
    error: str | None
    market_known: bool
    advice: Mapping[str, float]
    strategies: Mapping[str, int]
    pieces: Mapping[str, tuple[str, ...]]


class Person(audited.Person):
    """One project of a person before Bob."""

    @property
    def bob(self) -> Bob:
        """The algorithm."""
        assert isinstance(self.algorithm, Bob)
        return self.algorithm

    @cached_property
    def told(self) -> Told:
        """What the person is told."""
        return told_in(self.result.answers.row(self.at, named=True))

    def would_be_told(self, sets: Sequence[Sequence[Change]]) -> list[Told]:
        """Run the whole pipeline once for each set of changes."""
        return [told_in(row) for row in self._run(sets)]

    def places(self) -> list[Change]:
        """Return the other départements."""
        return self.alternatives(PLACE)

    def jobs(self) -> list[Change]:
        """Return the other job groups."""
        return self.alternatives(JOB, data.table("rome")["rome"].to_list())


def told_in(row: Mapping[str, Any]) -> Told:
    """Return what one row of `Bob.run` tells."""
    return Told(
        row["main_challenge"],
        row["overall_score"],
        row["diagnosis_error"],
        bool(row["market_known"]),
        dict(zip(row["advice"] or (), (round(x, 6) for x in row["stars"] or ()), strict=True)),
        dict(zip(row["strategies"] or (), row["strategy_points"] or (), strict=True)),
        dict(zip(row["strategies"] or (), map(tuple, row["strategy_advice"] or ()), strict=True)),
    )


__all__ = ["JOB", "NOW", "PLACE", "Person", "Told", "read_person", "told_in"]
