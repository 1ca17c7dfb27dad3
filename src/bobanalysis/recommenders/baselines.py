"""What any recommender should beat: chance, popularity, local demand, and ROME's own links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from bobanalysis import data
from bobanalysis.population import market_cells

from .interface import ranking
from .published import linked


def job_groups() -> list[str]:
    """Return the codes of the 532 job groups.

    >>> len(job_groups())
    532
    """
    return sorted(data.table("rome")["rome"].to_list())


@dataclass
class Random:
    """Items drawn at random, each person alone, all items alike.

    ``pool``: what is drawn from; None: the job groups that ROME links to the person's. The draw follows the
    order of people: the same frame gives the same lists.
    """

    pool: Sequence[str] | None = field(default_factory=job_groups)
    most: int = 5
    seed: int = 0
    name: str = "random"

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return ``most`` items a person (fewer if there are fewer); the score is the draw, 0 to 1."""
        rng = np.random.default_rng(self.seed)
        if self.pool is None:
            pairs = linked(people).select("person_id", "item")
            return ranking(pairs.with_columns(score=pl.Series(rng.random(pairs.height))), self.most)
        names = np.array(sorted(self.pool))
        most = min(self.most, names.size)
        draws = rng.random((people.height, names.size), dtype=np.float32)
        chosen = np.argpartition(-draws, most - 1, axis=1)[:, :most]
        person = people["person_id"].gather(np.repeat(np.arange(people.height), most))
        item = pl.Series(names.tolist(), dtype=pl.String).gather(chosen.ravel())
        score = np.take_along_axis(draws, chosen, axis=1).ravel()
        return ranking(pl.DataFrame({"person_id": person, "item": item, "score": score}))


@dataclass
class MostPopular:
    """The same list for everybody: the job groups that most of Bob's users aimed at (observed, 2017)."""

    most: int = 5
    name: str = "most-popular"

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the list, for each person; the score is the number of users."""
        users = data.table("bob_users_rome_2017").select(item="rome", score="users")
        top = users.sort("score", "item", descending=[True, False]).head(self.most)
        return ranking(people.select("person_id").join(top, how="cross", maintain_order="left_right"))


@dataclass
class LocalDemand:
    """The job groups with most offers per job seeker in the person's département, whatever the person's own.

    Figures of 2021, unrounded. ``among`` "all" job groups, or those "linked" by ROME to the person's, which
    is Bob's list without its condition that the market be 1.5 times better. The person's own job group is
    left out.
    """

    among: str = "all"
    most: int = 5
    name: str = "local-demand"

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the lists; the score is a year's offers per job seeker."""
        cells = market_cells().filter(pl.col("jobseekers") > 0)
        cells = cells.select("departement_id", item="rome_id", score=pl.col("offers") / pl.col("jobseekers"))
        asked = people.select("person_id", "departement_id", "rome_id")
        if self.among == "linked":
            pairs = linked(people).select("person_id", "item")
            pairs = pairs.join(asked, on="person_id", maintain_order="left")
            found = pairs.join(cells, on=["departement_id", "item"], maintain_order="left")
            return ranking(found, self.most)
        # the first of each place is enough: one more than asked for, should one be the person's own
        best = cells.sort("departement_id", "score", "item", descending=[False, True, False])
        best = best.group_by("departement_id", maintain_order=True).head(self.most + 1)
        found = asked.join(best, on="departement_id", maintain_order="left_right")
        return ranking(found.filter(pl.col("item") != pl.col("rome_id")), self.most)


@dataclass
class Mobility:
    """The job groups that ROME links to the person's: close ones first, then evolutions."""

    most: int = 5
    name: str = "rome-mobility"

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the lists; the score is 2 for a close job group, 1 for an evolution."""
        return linked(people, self.most)


def baselines() -> list[Any]:
    """Return the recommenders of job groups that know nothing of Bob and learn nothing."""
    linked_demand = LocalDemand("linked", name="local-demand-linked")
    by_chance = [Random(), Random(pool=None, name="random-linked")]
    return [*by_chance, MostPopular(), LocalDemand(), linked_demand, Mobility()]
