"""The lists of job groups that the published service suggests, for places and for people.

Spec 05, §3 (``lessStressfulJobGroups``) and §4 (best jobs of a département; sections are named as in the
published configuration). Of the person, only the target job and the département enter. A *mobility table*
has ``rome``, ``rome_target`` and ``kind`` ("close", "evolution"), as ``data.table("rome_mobility")``. Where
the published code leaves the order of equals open, it is fixed here (by code) and said so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from bobanalysis.tables import InputError

from ..market import MarketLike
from .frames import LOCAL, need, ranked
from .tension import less_stressful_departements, local_tension, national_tension, published

BETTER = 1.5
"""How many times the offers per candidate a job group must have to be called less stressful."""
MOST = 5
"""The most job groups that are listed."""
GOOD_MARKET = 7
"""Offers per ten candidates from which a job is among the best."""
GOOD_MARKET_IN_SECTOR = 6
"""The same in a sector."""
GOOD_SALARY = 2200
"""Euro gross a month that people under 35 are offered at least (D5)."""
LISTED = 50
"""The most jobs of a list."""
SHOWN = 10
"""The most jobs of a list that are shown."""
FEWEST = 2
"""A section with fewer jobs is not shown."""
MARKET, RELATIVE, SALARY = "best-local-market-score", "best-relative-local-score", "best-salaries"
SECTOR = "random-sector"
COLUMNS = ["departement_id", "section", "sector", "rank", "item", "score", "offers_per_10"]
CLOSE = "less-stressful-job-groups"
SUGGESTIONS = {
    CLOSE: "job groups linked to the person's, with at least 1.5 times the offers per candidate around",
    MARKET: "the département's job groups with most offers per candidate",
    RELATIVE: "the département's job groups whose offers per candidate exceed the country's most",
}
"""Suggestions that a market and ROME's links suffice for."""


def group_links(mobility: pl.DataFrame) -> pl.DataFrame:
    """Return the links between whole job groups: rome_id, item (ROME code), kind.

    Links from or to a single title are left out (``data_analysis/lib/cleaned_data.py#L247-L295``); the
    shipped table holds none.
    """
    titles = [c for c in ("title", "title_target") if c in mobility.columns]
    links = need(mobility, "mobility", ["rome", "rome_target", "kind", *titles])
    if titles:
        links = links.filter(pl.all_horizontal(pl.col(c).is_null() for c in titles))
    return links.select(rome_id="rome", item="rome_target", kind=pl.col("kind").cast(pl.String)).unique(
        maintain_order=True
    )


def less_stressful_job_groups(
    tension: pl.DataFrame,
    mobility: pl.DataFrame,
    *,
    ratio: float = BETTER,
    limit: int | None = MOST,
    strictly: bool = False,
) -> pl.DataFrame:
    """Return for each job group and département the linked job groups where there are more offers.

    Parameters: ``tension``, a tension table (see ``tension``); ``mobility``, a mobility table; ``ratio``, how
    many times the source's tension the target's must reach; ``limit``, the most targets kept; ``strictly``,
    whether it must exceed it: France includes equality, other countries do not (D19).

    Returns departement_id, rome_id, rank (from 1), item (ROME code of the target), kind ("close" or
    "evolution"), own_tension, tension (of the target, where 0 stays 0 and does not become -1). Sorted by
    tension of the target descending; equals by ROME code (open in the published code).

    Kept as published: where the source and a target both have no offer, 0 is at least 1.5 × 0 and the target
    is listed (D1). Targets without a figure in the département are not listed, and a source without a figure
    has no list.
    Source: spec 05 §3, ``local_diagnosis.py#L403-L447``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [4, 6]})
    >>> links = pl.DataFrame({"rome": ["A1101"], "rome_target": ["A1416"], "kind": ["close"]})
    >>> less_stressful_job_groups(t, links).select("item", "tension").rows()
    [('A1416', 6)]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    own = known.rename({"tension": "own_tension"})
    target = known.rename({"rome_id": "item"})
    found = own.join(group_links(mobility), on="rome_id").join(target, on=["departement_id", "item"])
    needed = ratio * pl.col("own_tension")
    enough = pl.col("tension") > needed if strictly else pl.col("tension") >= needed
    return ranked(found.filter(enough), LOCAL, "tension", ["item", "kind"], limit).select(
        *LOCAL, "rank", "item", "kind", "own_tension", "tension"
    )


def best_jobs_in_area(
    tension: pl.DataFrame,
    national: pl.DataFrame | None = None,
    salaries: pl.DataFrame | None = None,
    sectors: pl.DataFrame | None = None,
    *,
    limit: int = LISTED,
) -> pl.DataFrame:
    """Return the lists of best jobs of each département; those whose table is not given are left out.

    Parameters: ``tension``, a tension table (see ``tension``); ``national``, rome_id and tension of the
    country, for the relative list; ``salaries``, departement_id, rome_id, junior_min_salary (euro gross a
    month; see ``local_market.offered_salaries``), for the list of salaries: no such open table is shipped;
    ``sectors``, sector and rome_id, for the lists of sectors: ROME's cross-cutting sectors, not shipped;
    ``limit``, the most jobs of a list.

    Returns departement_id, section, sector (null but for sectors), rank (from 1), item (ROME code), score
    (what the list is sorted by), offers_per_10 (-1 for no offer, 0 for unknown), sorted by département,
    section, sector, rank. Equals stand in the order of ROME codes (open in the published code).

    - ``best-local-market-score``: 7 offers per ten candidates or more; score: the offers.
    - ``best-relative-local-score``: the same, where the country has a figure; score: local over national,
      each with -1 for no offer.
    - ``best-salaries``: the least that people under 35 are offered is 2,200 euro or more; ranked by it for
      everybody (D5); no tension needed.
    - ``random-sector``: 6 offers per ten candidates or more, for each sector.

    Source: spec 05 §4, ``best_jobs_in_area.py#L81-L191``, ``#L236-L249``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [6, 7]})
    >>> best_jobs_in_area(t).select("item", "rank", "score").rows()
    [('A1416', 1, 7.0)]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    local = known.select(*LOCAL, offers_per_10=published(pl.col("tension")))
    good = local.filter(pl.col("offers_per_10") >= GOOD_MARKET)
    lists = [_section(good, MARKET, pl.col("offers_per_10"), limit)]
    if national is not None:
        country = need(national, "national", ["tension"], ["rome_id"]).drop_nulls("tension")
        country = country.select("rome_id", national=published(pl.col("tension")))
        both = good.join(country, on="rome_id")
        lists.append(_section(both, RELATIVE, pl.col("offers_per_10") / pl.col("national"), limit))
    if salaries is not None:
        least = pl.col("junior_min_salary")
        paid = need(salaries, "salaries", ["junior_min_salary"], LOCAL).filter(least >= GOOD_SALARY)
        paid = paid.join(local, on=list(LOCAL), how="left")
        lists.append(_section(paid.with_columns(pl.col("offers_per_10").fill_null(0)), SALARY, least, limit))
    if sectors is not None:
        members = need(sectors, "sectors", [], ["sector", "rome_id"])
        hiring = local.filter(pl.col("offers_per_10") >= GOOD_MARKET_IN_SECTOR).join(members, on="rome_id")
        lists.append(_section(hiring, SECTOR, pl.col("offers_per_10"), limit))
    return pl.concat(lists).sort("departement_id", "section", "sector", "rank")


def _section(jobs: pl.DataFrame, section: str, score: pl.Expr, limit: int) -> pl.DataFrame:
    if "sector" not in jobs.columns:
        jobs = jobs.with_columns(sector=pl.lit(None, dtype=pl.String))
    scored = jobs.with_columns(
        section=pl.lit(section), item=pl.col("rome_id"), score=score.cast(pl.Float64)
    ).with_columns(pl.col("offers_per_10").cast(pl.Float64))
    return ranked(scored, ["departement_id", "sector"], "score", ["item"], limit).select(COLUMNS)


def shown(
    lists: pl.DataFrame,
    *,
    within: tuple[str, ...] = ("departement_id", "section", "sector"),
    good: pl.Series | None = None,
    seed: int = 0,
    most: int = SHOWN,
    fewest: int = FEWEST,
) -> pl.DataFrame:
    """Return what a page shows of the lists: good job groups only, shuffled, the first ten.

    Parameters: ``lists``, as ``best_jobs_in_area`` returns; ``within``, columns that name one list (with the
    person, if each is to have a draw of their own); ``good``, ROME codes that may be shown (None: all);
    ``seed``: the published draw changes at each visit; ``most``; ``fewest``, a list with fewer jobs is not
    shown.
    Returns the same columns, ``rank`` being the place on the page. All jobs of a list have the same chance,
    the 50th as the first.
    Source: spec 05 §4, ``frontend/server/apps/jobflix.py#L192-L247``, ``#L448-L456``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 12, "rome_id": [f"A11{k:02}" for k in range(12)],
    ...     "tension": [9] * 12})
    >>> shown(best_jobs_in_area(t), seed=1).height
    10
    """
    key = list(within)
    need(lists, "lists", [*key, "rank", "item"])
    kept = lists if good is None else lists.filter(pl.col("item").is_in(good.to_list()))
    kept = kept.filter(pl.len().over(key) >= fewest).sort([*key, "rank"])
    drawn = kept.with_columns(draw=np.random.default_rng(seed).random(kept.height)).sort([*key, "draw"])
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(key)
    return drawn.with_columns(rank=place).filter(pl.col("rank") <= most).drop("draw")


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
