"""Job suggestions and market figures that the published service worked out beforehand (spec 05).

Functions take tables and return tables; each says its columns. A *tension table* has one row a
(``departement_id``, ``rome_id``) and the column ``tension``: offers per ten candidates. 0 means that there is
no offer; a null or an absent row, that nothing is known. In documents that people's rules read, the same
figure is coded otherwise: -1 for no offer, 0 for unknown. A *national* table has ``rome_id`` and ``tension``.
A *mobility table* has ``rome``, ``rome_target`` and ``kind`` ("close", "evolution"), as
``data.table("rome_mobility")``. Where the published code leaves the order of equals open, it is fixed here
(by code) and said so.

Figures of Bob's importer whose tables (dated offers, catalogues of trainings, surveys) are private are
queries that run on a few rows, for its quirks (``data/quirks/importer``).

>>> sorted(SUGGESTIONS)
['best-local-market-score', 'best-relative-local-score', 'less-stressful-job-groups']
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from bobanalysis.tables import InputError

from .market import MarketLike

LOCAL = ("departement_id", "rome_id")
NO_OFFER, UNKNOWN = -1, 0  # how documents say that there is no offer at all, that nothing is known
MOST = 5  # job groups of a list
LISTED = 50  # jobs of a département's list
GOOD_MARKET = 7  # offers per ten candidates from which a job is among the best
MARKET, RELATIVE = "best-local-market-score", "best-relative-local-score"
CLOSE = "less-stressful-job-groups"
SUGGESTIONS = {
    CLOSE: "job groups linked to the person's, with at least 1.5 times the offers per candidate around",
    MARKET: "the département's job groups with most offers per candidate",
    RELATIVE: "the département's job groups whose offers per candidate exceed the country's most",
}
"""Suggestions that a market and ROME's links suffice for."""


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
        there = ", ".join(frame.columns) or "none"
        raise InputError(f"table {table}: no column {', '.join(lacking)}; it has {there}; rename or add it")
    kept = frame if whole else frame.select(wanted)
    if not key:
        return kept
    bad = pl.any_horizontal(pl.col(c).is_null() for c in key) | pl.struct(key).is_duplicated()
    rows = frame.select(bad.arg_true().alias("row"))["row"]
    if len(rows):
        row = int(rows[-1])  # of two rows with one key, the later one
        values = ", ".join(f"{c} = {frame[c][row]!r}" for c in key)
        where = f"table {table}: row {row + 1}, columns {', '.join(key)}"
        raise InputError(f"{where}: {values} is empty or stands twice; keep one row of each")
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


def local_tension(market: MarketLike) -> pl.DataFrame:
    """Return the tension table of a market: -1 becomes 0, and unknown cells are left out.

    Parameters: ``market``, anything with ``local`` (``bobanalysis.population.market()``, ``Market``).
    Returns departement_id, rome_id, tension (offers per ten candidates), sorted by key.
    Source: the encoding of spec 05 §2 read backwards (``local_diagnosis.py#L466-L490``).
    """
    figure = pl.col("market_offers_per_10_candidates")
    known = need(market.local, "market.local", [figure.meta.output_name()], LOCAL)
    return (
        known.filter(figure.is_not_null() & (figure != UNKNOWN))
        .select(*LOCAL, tension=pl.when(figure == NO_OFFER).then(0).otherwise(figure))
        .sort(LOCAL)
    )


def national_tension(market: MarketLike) -> pl.DataFrame:
    """Return the country's tension by job group, from the documents of job groups.

    Parameters: ``market``, anything with ``jobs``. Returns rome_id, tension (offers per ten candidates).
    A national score of 0 is left out as unknown: that there is no offer cannot be told from it (D18).
    Source: spec 05 §2, ``job_group_info.py#L287-L290``.
    """
    score = pl.col("jg_national_market_score")
    known = need(market.jobs, "market.jobs", ["jg_national_market_score"], ["rome_id"])
    return (
        known.filter(score.is_not_null() & (score != 0))
        .select("rome_id", tension=score.cast(pl.Float64) * 10)
        .sort("rome_id")
    )


def less_stressful_departements(tension: pl.DataFrame) -> pl.DataFrame:
    """Return how many départements come before each one, for each job group.

    Parameters: ``tension``, a tension table.
    Returns departement_id, rome_id, num_less_stressful_departements (UInt32): the place, from 0, among the
    départements with a figure, by tension descending (``numLessStressfulDepartements``). It is a rank and not
    a count of strictly better départements (D2): of two with equal tension one comes first. The published
    order of equals is open; here it is the order of codes. ``at_least`` (strictly better départements) and
    ``at_most`` (as good or better, itself left out) say what any order of equals could have given.
    Source: spec 05 §3, §12, ``local_diagnosis.py#L450-L463``, ``market_score_derivatives.py#L63-L68``.

    >>> t = pl.DataFrame({"departement_id": ["01", "02"], "rome_id": ["A1101"] * 2, "tension": [4, 4]})
    >>> less_stressful_departements(t)["num_less_stressful_departements"].to_list()
    [0, 1]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    down = pl.col("tension").rank("min", descending=True).over("rome_id") - 1
    last = pl.col("tension").rank("max", descending=True).over("rome_id") - 1
    return (
        ranked(known, ["rome_id"], "tension", ["departement_id"])
        .select(
            *LOCAL,
            num_less_stressful_departements=(pl.col("rank") - 1).cast(pl.UInt32),
            at_least=down.cast(pl.UInt32),
            at_most=last.cast(pl.UInt32),
        )
        .sort(LOCAL)
    )


def less_stressful_job_groups(
    tension: pl.DataFrame, mobility: pl.DataFrame, *, strictly: bool = False
) -> pl.DataFrame:
    """Return for each job group and département the linked job groups where there are more offers.

    Parameters: ``tension``, a tension table; ``mobility``, a mobility table; ``strictly``, whether the
    target's tension must exceed 1.5 times the source's: France includes equality, other countries do not
    (D19).

    Returns departement_id, rome_id, rank (from 1), item (ROME code of the target), kind ("close" or
    "evolution"), own_tension, tension (of the target, where 0 stays 0 and does not become -1). Sorted by
    tension of the target descending; equals by ROME code (open in the published code).

    Kept as published: where the source and a target both have no offer, 0 is at least 1.5 × 0 and the target
    is listed (D1). Targets without a figure in the département are not listed, and a source without a figure
    has no list. Links from or to a single title are left out.
    Source: spec 05 §3, ``local_diagnosis.py#L403-L447``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [4, 6]})
    >>> links = pl.DataFrame({"rome": ["A1101"], "rome_target": ["A1416"], "kind": ["close"]})
    >>> less_stressful_job_groups(t, links).select("item", "tension").rows()
    [('A1416', 6)]
    """
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    titles = [pl.col(c).is_null() for c in ("title", "title_target") if c in mobility.columns]
    groups = need(mobility, "mobility", ["rome", "rome_target", "kind"], whole=True).filter(*titles)
    links = groups.select(rome_id="rome", item="rome_target", kind=pl.col("kind").cast(pl.String)).unique()
    own = known.rename({"tension": "own_tension"})
    target = known.rename({"rome_id": "item"})
    found = own.join(links, on="rome_id").join(target, on=["departement_id", "item"])
    needed = 1.5 * pl.col("own_tension")
    enough = pl.col("tension") > needed if strictly else pl.col("tension") >= needed
    return ranked(found.filter(enough), LOCAL, "tension", ["item", "kind"], MOST).select(
        *LOCAL, "rank", "item", "kind", "own_tension", "tension"
    )


def best_jobs_in_area(tension: pl.DataFrame, national: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the best jobs of each département: those with 7 offers per ten candidates or more.

    Parameters: ``tension``, a tension table; ``national``, a national one, for the relative list.

    Returns departement_id, rank (from 1, at most 50), item (ROME code), score, sorted by département and
    rank. The score is the offers per ten candidates; for the relative list, where the country has a figure,
    local over national, each with -1 for no offer. Equals stand in the order of ROME codes (open in the
    published code).
    Source: spec 05 §4, ``best_jobs_in_area.py#L81-L191``, ``#L236-L249``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [6, 7]})
    >>> best_jobs_in_area(t).select("item", "rank", "score").rows()
    [('A1416', 1, 7.0)]
    """
    score = pl.col("tension")
    jobs = need(tension, "tension", ["tension"], LOCAL).filter(score >= GOOD_MARKET)
    if national is not None:
        country = need(national, "national", ["tension"], ["rome_id"]).drop_nulls("tension")
        coded = score.replace(0, NO_OFFER).alias("national")
        jobs, score = jobs.join(country.select("rome_id", coded), on="rome_id"), score / pl.col("national")
    scored = jobs.select("departement_id", item="rome_id", score=score.cast(pl.Float64))
    return ranked(scored, ["departement_id"], "score", ["item"], LISTED)


def suggest_jobs(
    people: pl.DataFrame, market: MarketLike, mobility: pl.DataFrame, *, suggestion: str = CLOSE
) -> pl.DataFrame:
    """Return the job groups that a published suggestion lists for each person.

    Parameters: ``people``, person_id, rome_id, departement_id; ``market``, anything with ``local`` and
    ``jobs`` (``bobanalysis.population.market()``); ``mobility``, a mobility table;
    ``suggestion``, one of ``SUGGESTIONS``.

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
        lists = less_stressful_job_groups(tension, mobility)
        return for_people(people, lists.with_columns(score="tension"), LOCAL)
    national = national_tension(market) if suggestion == RELATIVE else None
    return for_people(people, best_jobs_in_area(tension, national), ["departement_id"])


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
