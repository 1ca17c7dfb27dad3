"""The published job suggestions as ranked lists a person."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ..door import InputError
from ..market import MarketLike
from .best_in_area import FEWEST, MARKET, RELATIVE, SHOWN, best_jobs_in_area, shown
from .close_jobs import less_stressful_job_groups
from .frames import LOCAL, need
from .tension import less_stressful_departements, local_tension, national_tension

CLOSE = "less-stressful-job-groups"
SUGGESTIONS = {
    CLOSE: "job groups linked to the person's, with at least 1.5 times the offers per candidate around",
    MARKET: "the département's job groups with most offers per candidate",
    RELATIVE: "the département's job groups whose offers per candidate exceed the country's most",
}
"""Suggestions that a market and ROME's links suffice for."""


def suggest_jobs(
    people: pl.DataFrame,
    market: MarketLike,
    mobility: pl.DataFrame | None = None,
    *,
    suggestion: str = CLOSE,
    seed: int | None = None,
    good: pl.Series | None = None,
) -> pl.DataFrame:
    """Return the job groups that a published suggestion lists for each person.

    Parameters: ``people``, person_id, rome_id, departement_id; ``market``, anything with ``local`` and
    ``jobs`` (``bobanalysis.population.market()``); ``mobility``, a mobility table
    (``bobanalysis.data.table("rome_mobility")``), needed by "less-stressful-job-groups" only;
    ``suggestion``, one of ``SUGGESTIONS``; ``seed``, for the lists of the département: None gives the stored
    list (at most 50), a number what a page shows of it, ten in a random order, drawn for each person alone;
    ``good``, ROME codes that a page may show (``good_job_groups``).

    Returns person_id, item (ROME code), rank (Int32, from 1), score (Float64), in the order of people. Score:
    offers per ten candidates of the item in the département; for "best-relative-local-score" local over
    national. People whose market has no figure, or without such a job, have no row: nothing is made up for
    them. Age, sex and answers play no part. Whether a person is shown the advice at all is another matter:
    that is for the advice models.

    Raises InputError for a suggestion that is not known, or a table that lacks something.
    Source: spec 05 §3, §4.

    >>> from bobanalysis.bob import Market
    >>> local = pl.DataFrame({"departement_id": ["15", "15"], "rome_id": ["A1101", "A1416"],
    ...     "market_offers_per_10_candidates": [4, 6], "market_num_job_offers_last_year": [9, 9]})
    >>> links = pl.DataFrame({"rome": ["A1101"], "rome_target": ["A1416"], "kind": ["close"]})
    >>> people = pl.DataFrame({"person_id": ["p1"], "rome_id": ["A1101"], "departement_id": ["15"]})
    >>> suggest_jobs(people, Market(local, Market.empty().jobs), links).rows()
    [('p1', 'A1416', 1, 6.0)]
    """
    if suggestion not in SUGGESTIONS:
        raise InputError(f"no suggestion {suggestion!r}; choose one of {', '.join(SUGGESTIONS)}")
    tension = local_tension(market)
    if suggestion == CLOSE:
        if mobility is None:
            raise InputError(f'the suggestion {CLOSE} needs mobility, as data.table("rome_mobility")')
        lists = less_stressful_job_groups(tension, mobility)
        return for_people(people, lists.with_columns(score="tension"), LOCAL)
    national = national_tension(market) if suggestion == RELATIVE else None
    lists = best_jobs_in_area(tension, national).filter(pl.col("section") == suggestion)
    if good is not None:
        lists = lists.filter(pl.col("item").is_in(good.to_list()))
        place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("departement_id")
        lists = lists.with_columns(rank=place)
    if seed is None:
        return for_people(people, lists, ["departement_id"])
    names = need(people, "people", ["departement_id"], ["person_id"])
    rows = names.with_columns(person_id=pl.int_range(pl.len(), dtype=pl.UInt32))  # numbers sort faster
    own = for_people(rows, lists, ["departement_id"])
    drawn = shown(own, within=("person_id",), seed=seed, most=SHOWN, fewest=FEWEST)
    return drawn.with_columns(person_id=names["person_id"].gather(drawn["person_id"]))


def with_indicators(market: MarketLike, mobility: pl.DataFrame) -> pl.DataFrame:
    """Return a market's local figures with the two indicators that advice reads and its tension suffices for.

    Parameters: ``market``, anything with ``local``; ``mobility``, a mobility table.
    Returns ``market.local``, rows and order kept, with market_num_better_departements
    (``less_stressful_departements``, equals in the order of codes, D2) and market_num_close_jobs (number of
    ``less_stressful_job_groups``, 0 to 5), Int32; 0 where the market has no figure. Without them, the advice
    to relocate and the advice to change to a close job go to nobody. Columns of those names are replaced:
    ``dataclasses.replace(market, local=with_indicators(market, mobility))``.
    Source: spec 05 §3 (``numLessStressfulDepartements``, ``lessStressfulJobGroups``), spec 04 §2.18, §2.20.

    >>> from bobanalysis.bob import Market
    >>> local = pl.DataFrame({"departement_id": ["15", "75"], "rome_id": ["A1101"] * 2,
    ...     "market_offers_per_10_candidates": [4, 6]})
    >>> none = pl.DataFrame(schema={"rome": pl.String, "rome_target": pl.String, "kind": pl.String})
    >>> found = with_indicators(Market(local, Market.empty().jobs), none)
    >>> found["market_num_better_departements"].to_list()
    [1, 0]
    """
    tension = local_tension(market)
    places = less_stressful_departements(tension).select(
        *LOCAL, market_num_better_departements="num_less_stressful_departements"
    )
    jobs = (
        less_stressful_job_groups(tension, mobility)
        .group_by(LOCAL)
        .agg(pl.len().alias("market_num_close_jobs"))
    )
    made = ("market_num_better_departements", "market_num_close_jobs")
    local = market.local.drop(made, strict=False)
    for figures in (places, jobs):
        local = local.join(figures, on=list(LOCAL), how="left", maintain_order="left")
    return local.with_columns(pl.col(*made).fill_null(0).cast(pl.Int32))


def for_people(people: pl.DataFrame, lists: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    """Return the lists of people's own keys, person by person.

    Parameters: ``people``, person_id (each once) and the columns ``on``; ``lists``, those columns, item, rank
    and score: any list of this package, the own tables' ones too (name a column ``score`` first).
    Returns person_id, item, rank (Int32), score (Float64), in the order of people, then rank.
    """
    asked = need(people, "people", on, ["person_id"]).with_columns(pl.col(*on).cast(pl.String))
    listed = need(lists, "lists", [*on, "item", "rank", "score"])
    return asked.join(listed.sort([*on, "rank"]), on=list(on), maintain_order="left_right").select(
        "person_id", "item", pl.col("rank").cast(pl.Int32), pl.col("score").cast(pl.Float64)
    )
