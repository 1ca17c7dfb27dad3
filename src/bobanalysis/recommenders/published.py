"""Bob as recommenders: its advice, its strategies and its job suggestions, as published or blind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from bobanalysis import data
from bobanalysis.algorithm import How
from bobanalysis.bob import Bob, MarketLike, suggestions
from bobanalysis.bob.suggestions import CLOSE

from .interface import COLUMNS, ranking
from .market import french_market

Blind = Literal["age", "place"]

CLOSE_ADVICE = "reorient-to-close-job"
"""The advice on whose page the close jobs stand."""


def bob(market: MarketLike | None = None, blind: Blind | None = None, how: How = "neutral") -> Bob:
    """Return Bob on the French market, as published or blind to age or place (``Bob.blind_to``).

    >>> len(bob().changes), len(bob(blind="age").changes)
    (0, 1)
    """
    whole = Bob(french_market() if market is None else market)
    return whole if blind is None else whole.blind_to(blind, how)


@dataclass
class BobAdvice:
    """Bob's advice: up to 43 pieces; the score is its stars (0 to 3)."""

    algorithm: Bob
    name: str = "bob-advice"
    outcome = "advice"

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the items of people; nobody is without advice unless their diagnosis fails."""
        return _items(self.algorithm, people, self.outcome)


@dataclass
class BobStrategies(BobAdvice):
    """Bob's strategies; the score is their points (0 to 100). People with an undefined project have few."""

    name: str = "bob-strategies"
    outcome = "strategies"


@dataclass
class BobJobs:
    """Bob's job suggestions (spec 05 §3, §4).

    ``market`` as ``french_market()``; ``suggestion``, one of ``bob.suggestions.SUGGESTIONS``; ``blind``, None
    or "place" (age is not read here: it is read by the advice that shows the list); ``how``, for the close
    jobs, "neutral": the country's market figures take the place of the département's; "dropped": the
    condition on the local market goes, and with it the order that the market gave: ROME's close jobs, then
    its evolutions, at most five, equals by code; ``told``: a Bob whose advice decides who sees the list
    (None: everybody).

    >>> from bobanalysis.population import modelled
    >>> lists = BobJobs(french_market()).recommend(modelled(100).frame)
    >>> lists["rank"].max()
    5
    """

    market: MarketLike
    suggestion: str = CLOSE
    blind: Blind | None = None
    how: How = "neutral"
    told: Bob | None = None
    name: str = "bob-jobs"

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.blind == "age":
            raise ValueError("job suggestions do not read age; give told=bob(blind='age') for who sees them")
        if self.blind and self.suggestion != CLOSE:
            raise ValueError(f"{self.suggestion} is made of the place alone; only {CLOSE} can be blind to it")

    def recommend(self, people: pl.DataFrame) -> pl.DataFrame:
        """Return the job groups suggested to people; none where the market has no figure for theirs."""
        asked = people if self.told is None else _told(people, self.told)
        mobility = data.table("rome_mobility")
        if self.blind is None:
            found = suggestions.suggest_jobs(asked, self.market, mobility, suggestion=self.suggestion)
            return found.select(COLUMNS)
        if self.how == "dropped":
            return linked(asked, most=5)
        whole = pl.col("tension").round(6).round().clip(1)  # whole numbers, as documents hold them
        country = suggestions.national_tension(self.market)
        country = country.select("rome_id", departement_id=pl.lit("the whole country"), tension=whole)
        lists = suggestions.less_stressful_job_groups(country, mobility).with_columns(score="tension")
        return suggestions.for_people(asked, lists, ["rome_id"]).select(COLUMNS)


def linked(people: pl.DataFrame, most: int | None = None) -> pl.DataFrame:
    """Return the job groups that ROME links to each person's: close ones (score 2), then evolutions (1)."""
    score = pl.when(pl.col("kind").cast(pl.String) == "close").then(2.0).otherwise(1.0)
    links = data.table("rome_mobility").select(rome_id="rome", item="rome_target", score=score)
    pairs = people.select("person_id", "rome_id").join(links, on="rome_id", maintain_order="left_right")
    return ranking(pairs, most)


def _told(people: pl.DataFrame, algorithm: Bob) -> pl.DataFrame:
    advised = _items(algorithm, people, "advice").filter(pl.col("item") == CLOSE_ADVICE)
    return people.filter(pl.col("person_id").is_in(advised["person_id"].implode()))


def _items(algorithm: Bob, people: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Return a list outcome as one row a person and item, best first; people without an item have no row."""
    found = algorithm.outcome(outcome)
    lists = algorithm.run(people).select("person_id", item=found.column, score=found.scores)
    length = pl.col("item").list.len()
    told = lists.filter(length > 0).with_columns(rank=pl.int_ranges(1, length + 1))
    kinds = pl.Schema({"item": pl.String, "rank": pl.Int32, "score": pl.Float64})
    return told.explode("item", "rank", "score").select(COLUMNS).cast(kinds)
