"""Job suggestions and market figures that the published service worked out beforehand (spec 05).

Functions take tables and return tables; each says its columns. A *tension table* has one row a
(``departement_id``, ``rome_id``) and the column ``tension``: offers per ten candidates. 0 means that there is
no offer; a null or an absent row, that nothing is known. In documents that people's rules read, the same
figure is coded otherwise: -1 for no offer, 0 for unknown. A *national* table has ``rome_id`` and ``tension``.
A *mobility table* has ``rome``, ``rome_target`` and ``kind`` ("close", "evolution"), as
``data.table("rome_mobility")``. Where the published code leaves the order of equals open, it is fixed here
(by code) and said so.

The second half are figures of Bob's importer (D1–D23) whose tables (dated offers, catalogues of trainings,
surveys) are private: ``data/quirks/data.yaml`` runs each on a few rows that show what the importer does.

>>> sorted(SUGGESTIONS)
['best-local-market-score', 'best-relative-local-score', 'less-stressful-job-groups']
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from bobanalysis.tables import InputError

from .market import MarketLike

LOCAL = ("departement_id", "rome_id")
NO_OFFER, UNKNOWN = -1, 0  # how documents say that there is no offer at all, that nothing is known
MOST = 5  # job groups of a list
LISTED = 50  # jobs of a département's list
GOOD_MARKET = 7  # offers per ten candidates from which a job is among the best
GOOD_SALARY = 2200  # euro gross a month that people under 35 are offered at least (D5)
END_OF_HISTORY = date(2017, 1, 1)  # offers created from this day on are not read (D6)
MARKET, RELATIVE, SALARY = "best-local-market-score", "best-relative-local-score", "best-salaries"
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


def published(tension: pl.Expr) -> pl.Expr:
    """Return the figure as documents hold it: -1 for no offer, 0 for unknown (spec 05 §2).

    >>> pl.select(published(pl.Series([4, 0, None]))).to_series().to_list()
    [4, -1, 0]
    """
    return pl.when(tension.is_null()).then(UNKNOWN).when(tension == 0).then(NO_OFFER).otherwise(tension)


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


def less_stressful_job_groups_elsewhere(tension: pl.DataFrame, mobility: pl.DataFrame) -> pl.DataFrame:
    """Return the same as ``less_stressful_job_groups`` by the rule for other countries than France.

    The target must have strictly more than 1.5 times the offers (D19), and every target counts as close
    whatever its link says.
    Source: spec 05 §12, ``data_analysis/lib/market_score_derivatives.py#L25-L97``.
    """
    return less_stressful_job_groups(tension, mobility, strictly=True).with_columns(kind=pl.lit("close"))


def best_jobs_in_area(
    tension: pl.DataFrame, national: pl.DataFrame | None = None, salaries: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the best jobs of each département, by section.

    Parameters: ``tension``, a tension table; ``national``, a national one, for the relative section;
    ``salaries``, departement_id, rome_id, junior_min_salary (euro gross a month), for the section of
    salaries: one's own table.

    Returns departement_id, section, rank (from 1, at most 50), item (ROME code), score (what the list is
    sorted by), offers_per_10 (-1 for no offer, 0 for unknown), sorted by département, section, rank. Equals
    stand in the order of ROME codes (open in the published code).

    - ``best-local-market-score``: 7 offers per ten candidates or more; score: the offers.
    - ``best-relative-local-score``: the same, where the country has a figure; score: local over national,
      each with -1 for no offer.
    - ``best-salaries``: the least that people under 35 are offered is 2,200 euro or more; ranked by it for
      everybody (D5); no tension needed.

    Source: spec 05 §4, ``best_jobs_in_area.py#L81-L191``, ``#L236-L249``.

    >>> t = pl.DataFrame({"departement_id": ["15"] * 2, "rome_id": ["A1101", "A1416"], "tension": [6, 7]})
    >>> best_jobs_in_area(t).select("item", "rank", "score").rows()
    [('A1416', 1, 7.0)]
    """
    offers, least = pl.col("offers_per_10"), pl.col("junior_min_salary")
    known = need(tension, "tension", ["tension"], LOCAL).drop_nulls("tension")
    local = known.select(*LOCAL, offers_per_10=published(pl.col("tension")))
    good = local.filter(offers >= GOOD_MARKET)
    lists = [(good, MARKET, offers)]
    if national is not None:
        country = need(national, "national", ["tension"], ["rome_id"]).drop_nulls("tension")
        country = country.select("rome_id", national=published(pl.col("tension")))
        lists.append((good.join(country, on="rome_id"), RELATIVE, offers / pl.col("national")))
    if salaries is not None:
        paid = need(salaries, "salaries", ["junior_min_salary"], LOCAL).filter(least >= GOOD_SALARY)
        paid = paid.join(local, on=list(LOCAL), how="left").with_columns(offers.fill_null(UNKNOWN))
        lists.append((paid, SALARY, least))
    scored = pl.concat(
        jobs.select(
            "departement_id",
            section=pl.lit(section),
            item="rome_id",
            score=score.cast(pl.Float64),
            offers_per_10=offers.cast(pl.Float64),
        )
        for jobs, section, score in lists
    )
    return ranked(scored, ["departement_id", "section"], "score", ["item"], LISTED)


def suggest_jobs(
    people: pl.DataFrame, market: MarketLike, mobility: pl.DataFrame | None = None, *, suggestion: str = CLOSE
) -> pl.DataFrame:
    """Return the job groups that a published suggestion lists for each person.

    Parameters: ``people``, person_id, rome_id, departement_id; ``market``, anything with ``local`` and
    ``jobs`` (``bobanalysis.population.market()``); ``mobility``, a mobility table, needed by
    "less-stressful-job-groups" only; ``suggestion``, one of ``SUGGESTIONS``.

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
    return for_people(people, lists, ["departement_id"])


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


def offer_changes(offers: pl.DataFrame, year: int = 2015) -> pl.DataFrame:
    """Return the change in the number of offers from one year to the next.

    Parameters: ``offers``, departement_id, rome_id, created; ``year``, the reference year.
    Returns departement_id, rome_id, job_offers_change (per cent, rounded half to even),
    num_job_offers_last_year (that of ``year``), num_job_offers_previous_year; for each market with an offer
    in any year.
    Kept as published (D7): a previous year without offers counts as one offer, also in the figure returned;
    so 0 → 0 is -100 % and 0 → n is 100 · (n - 1) %.
    Source: spec 05 §8, ``job_offers_changes.py#L34-L76``.

    >>> o = pl.DataFrame({"departement_id": ["15"] * 3, "rome_id": ["A1101"] * 3,
    ...     "created": [date(2014, 5, 1), date(2015, 5, 1), date(2015, 6, 1)]})
    >>> offer_changes(o).row(0)
    ('15', 'A1101', 100, 2, 1)
    """
    created = pl.col("created").dt.year()
    counts = (
        need(offers, "offers", [*LOCAL, "created"])
        .group_by(LOCAL)
        .agg(n1=(created == year).sum().cast(pl.Int64), n0=(created == year - 1).sum().cast(pl.Int64))
        .with_columns(n0=pl.when(pl.col("n0") == 0).then(1).otherwise("n0"))
    )
    change = (100 * pl.col("n1") / pl.col("n0") - 100).round()
    return counts.select(
        *LOCAL,
        job_offers_change=change.cast(pl.Int64),
        num_job_offers_last_year="n1",
        num_job_offers_previous_year="n0",
    ).sort(LOCAL)


def reorient_jobbing(
    offers: pl.DataFrame, tension: pl.DataFrame, unqualified: pl.Series, *, before: date = END_OF_HISTORY
) -> pl.DataFrame:
    """Return jobs without qualification that one could change to in each département.

    Parameters: ``offers``, departement_id, rome_id, title, created; ``tension``, a tension table;
    ``unqualified``, ROME codes of the thematic branch 017, "no qualification required".
    Returns departement_id, rank (from 1), item (ROME code), title, offers, tension (raw): in each market the
    title with most offers, kept with more than 50 of them and 4 offers per ten candidates or more, the five
    with most offers. Equals by title, then ROME code (open in the published code). The threshold is on the
    raw number of offers of one title over all years: small départements get fewer than the two jobs that the
    advice needs (D10).
    Source: spec 05 §5, ``reorient_jobbing.py#L52-L136``.
    """
    known = need(offers, "offers", [*LOCAL, "title", "created"]).filter(pl.col("created") < END_OF_HISTORY)
    counts = known.group_by(*LOCAL, "title").agg(pl.len().cast(pl.Int64).alias("offers"))
    best = ranked(counts, LOCAL, "offers", ["title"], limit=1).drop("rank")
    market = need(tension, "tension", ["tension"], LOCAL).filter(pl.col("tension") >= 4)
    kept = best.filter(pl.col("rome_id").is_in(unqualified.to_list()) & (pl.col("offers") > 50)).join(
        market, on=list(LOCAL)
    )
    return ranked(kept, ["departement_id"], "offers", ["rome_id"], MOST).select(
        "departement_id", "rank", "title", "offers", "tension", item="rome_id"
    )


def seasonal_jobbing(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the départements with many seasonal offers, by calendar month, and their job groups.

    Parameters: ``offers``, departement_id, rome_id, contract (code; "SAI" is seasonal), created.
    Returns month (1 to 12), departement_id, rank (from 1), item (ROME code), offers, departement_offers: the
    départements whose seasonal offers of that month, all years together, exceed 750, and in them the five job
    groups with most offers among those with more than ten. Within a month, départements stand in the order of
    codes and not of volume. Raw counts: nothing is divided by inhabitants (D9), and the list is the same for
    everyone. Equal job groups by ROME code (open in the published code).
    Source: spec 05 §11, ``seasonal_jobbing.py#L35-L95``.
    """
    seasonal = need(offers, "offers", [*LOCAL, "contract", "created"]).filter(
        (pl.col("contract") == "SAI") & (pl.col("created") < END_OF_HISTORY)
    )
    place = ["month", "departement_id"]
    counts = (
        seasonal.group_by(pl.col("created").dt.month().alias("month"), *LOCAL)
        .agg(pl.len().cast(pl.Int64).alias("offers"))
        .with_columns(departement_offers=pl.col("offers").sum().over(place))
        .filter((pl.col("departement_offers") > 750) & (pl.col("offers") > 10))
    )
    return ranked(counts, place, "offers", ["rome_id"], MOST).select(
        *place, "rank", "offers", "departement_offers", item="rome_id"
    )


def hiring_cities(offers: pl.DataFrame, cities: pl.DataFrame, *, since: str = "2015/01/01") -> pl.DataFrame:
    """Return the cities with most offers per inhabitant in each job group.

    Parameters: ``offers``, one row an offer: rome_id, city_id (current INSEE code), created (text,
    "2016-05-31"); ``cities``, city_id, population; ``since``, the first day, compared as text. As published,
    it is written with slashes, and a hyphen sorts before a slash, so every offer of 2015 is left out (D8);
    give "2015-01-01" for what was meant.
    Returns rome_id, rank (from 1), city_id, offers, offers_per_inhabitant, in descending order; equals by
    city (open in the published code). The job group's offers are counted over all cities.
    Source: spec 05 §13, ``offers_per_city.py#L55-L167``.
    """
    known = need(offers, "offers", ["rome_id", "city_id", "created"])
    inhabitants = need(cities, "cities", ["population"], ["city_id"])
    counts = (
        known.filter(pl.col("created").cast(pl.String) >= since)
        .group_by("rome_id", "city_id")
        .agg(pl.len().cast(pl.Int64).alias("offers"))
    )
    total = pl.col("offers").sum().over("rome_id").cast(pl.Float64)
    kept = (
        counts.filter(pl.col("offers") > total.pow(0.6) / 40)
        .join(inhabitants.filter(pl.col("population") > 0), on="city_id")
        .with_columns(offers_per_inhabitant=pl.col("offers") / pl.col("population"))
    )
    return ranked(kept, ["rome_id"], "offers_per_inhabitant", ["city_id"]).select(
        "rome_id", "rank", "city_id", "offers", "offers_per_inhabitant"
    )


def _percent(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return (100 * part / whole).round().cast(pl.Int64)  # half to even


def diplomas(offers: pl.DataFrame) -> pl.DataFrame:
    """Return the share of offers that suggest, and that require, each level of diploma.

    Parameters: ``offers``, rome_id; first_diploma, second_diploma (names, null for none); first_level,
    second_level (0 to 6: 0 unknown label, 1 below, 2 CAP or BEP, 3 baccalaureate, 4 two years after it, 5
    three or four, 6 five and more); first_required, second_required (Boolean).

    Returns rome_id, level (2 to 6), percent_suggested, percent_required, ascending. Of each offer with a
    diploma: the suggestion is the higher of the two, the first on ties; the requirement is the first diploma
    if it is required, else level 1, and the second instead if it is required and higher. The share of each
    *name* is rounded, zeros dropped, and added up by level, so sums need not be 100. ``percent_suggested`` is
    the share of exactly that level, and not of "at least this level" as the published format says (D22).
    Source: spec 05 §9, ``job_offers_requirements.py#L147-L219``, ``#L282-L288``, ``#L361-L384``.
    """
    first, second = (
        pl.when(pl.col(f"{which}_diploma").is_not_null()).then(f"{which}_level").otherwise(-1)
        for which in ("first", "second")
    )
    columns = [
        f"{which}_{what}" for which in ("first", "second") for what in ("diploma", "level", "required")
    ]
    asked = need(offers, "offers", ["rome_id", *columns]).filter((first != -1) | (second != -1))
    must_first = pl.col("first_required").fill_null(False) & (first != -1)
    base = pl.when(must_first).then(first).otherwise(1)
    must_second = pl.col("second_required").fill_null(False) & (second > base)
    name = pl.when(second > first).then("second_diploma").otherwise("first_diploma")
    required = (
        pl.when(must_second)
        .then("second_diploma")
        .when(must_first)
        .then("first_diploma")
        .otherwise(pl.lit(""))
    )
    level = pl.when(must_second).then(second).otherwise(base)

    def by_level(column: str, name: pl.Expr, level: pl.Expr) -> pl.DataFrame:
        counts = asked.group_by("rome_id", level=level, name=name).agg(pl.len().alias("n"))
        share = _percent(pl.col("n"), pl.col("n").sum().over("rome_id"))
        named = counts.with_columns(share.alias(column)).filter((pl.col(column) > 0) & (pl.col("level") > 1))
        return named.group_by("rome_id", pl.col("level").cast(pl.Int64)).agg(pl.col(column).sum())

    suggested = by_level("percent_suggested", name, pl.max_horizontal(first, second))
    both = suggested.join(
        by_level("percent_required", required, level), on=["rome_id", "level"], how="full", coalesce=True
    )
    return both.with_columns(pl.col("^percent_.*$").fill_null(0)).sort("rome_id", "level")


def driving_licences(offers: pl.DataFrame, licences: pl.DataFrame) -> pl.DataFrame:
    """Return the driving licences that at least 5 % of a job group's offers mention.

    Parameters: ``offers``, offer_id, rome_id: all offers; ``licences``, offer_id, licence (its type: "B",
    "C1" …), required (Boolean).
    Returns rome_id, rank, licence (motorcycle, car, truck), percent_suggested (share of offers),
    percent_required: share of the *mentions*, and never below 1 (D11); by count descending, then name.
    Source: spec 05 §9, ``job_offers_requirements.py#L71-L85``, ``#L257-L309``, ``#L386-L395``.
    """
    all_offers = need(offers, "offers", ["rome_id"], ["offer_id"]).with_columns(all=pl.len().over("rome_id"))
    mentions = need(licences, "licences", ["offer_id", "licence", "required"])
    kind = (
        pl.col("licence")
        .str.head(1)
        .replace_strict({"A": "MOTORCYCLE", "B": "CAR", "C": "TRUCK"}, default=None, return_dtype=pl.String)
    )
    counts = (
        mentions.with_columns(licence=kind)
        .drop_nulls("licence")
        .join(all_offers, on="offer_id")
        .group_by("rome_id", "licence", "all")
        .agg(pl.len().alias("n"), must=pl.col("required").fill_null(False).sum())
        .filter(pl.col("n") / pl.col("all") >= 0.05)
    )
    return ranked(counts, ["rome_id"], "n", ["licence"]).select(
        "rome_id",
        "rank",
        "licence",
        percent_suggested=_percent(pl.col("n"), pl.col("all")),
        percent_required=_percent(pl.col("must"), pl.col("n")).clip(lower_bound=1),
    )


def hiring_needs(survey: pl.DataFrame, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Return which share of planned hirings is difficult, and seasonal (BMO).

    Parameters: ``survey``, one row an employment area and job family: departement_id, fap2009, hirings,
    difficult, seasonal (numbers; null counts as 0, as blanks and ``*`` do in the file);
    ``crosswalk``, rome, fap2009, maybe qualification, as ``data.table("rome_fap2009")``. Of a family, the
    first line in Dares' file counts, where lines without qualification come first, each part in the order of
    ROME codes. A job group that is nobody's first line has no figure at all (D3).
    Returns departement_id, rome_id, percent_difficult, percent_seasonal (rounded half to even), where any
    hiring is planned. All families of a job group are summed, though the documentation says one (D3). Bob
    read the survey of 2018 for ever (D4).
    Source: spec 05 §3, ``local_diagnosis.py#L258-L321``.
    """
    known = need(survey, "survey", ["departement_id", "fap2009", "hirings", "difficult", "seasonal"])
    qualified = [pl.col("qualification").is_not_null()] if "qualification" in crosswalk.columns else []
    first = (
        need(crosswalk, "crosswalk", ["rome", "fap2009"], whole=True)
        .sort([*qualified, pl.col("rome").str.head(5)], maintain_order=True)
        .group_by("fap2009")
        .agg(rome_id=pl.col("rome").first().str.head(5))
    )
    sums = known.join(first, on="fap2009").group_by(LOCAL).agg(pl.exclude("fap2009").fill_null(0).sum())
    return (
        sums.filter(pl.col("hirings") > 0)
        .select(
            *LOCAL,
            **{f"percent_{c}": _percent(pl.col(c), pl.col("hirings")) for c in ("difficult", "seasonal")},
        )
        .sort(LOCAL)
    )


def training_counts(trainings: pl.DataFrame) -> pl.DataFrame:
    """Return the number of trainings by département and job group (``trainingCount``).

    Parameters: ``trainings``, one row a training and job group: rome_id, postcode (text).
    Returns departement_id, rome_id, trainings. The département is the first two characters of the postcode
    (three from 97 on); postcodes of four characters are filled with a 0. Corsican postcodes give "20", which
    is no département: Corsica has no figure (D12).
    Source: spec 05 §3, ``local_diagnosis.py#L608-L623``.
    """
    known = need(trainings, "trainings", ["rome_id", "postcode"])
    code = pl.col("postcode").str.zfill(5)
    place = pl.when(code.str.starts_with("97")).then(code.str.head(3)).otherwise(code.str.head(2))
    return (
        known.group_by(place.alias("departement_id"), "rome_id").agg(pl.len().alias("trainings")).sort(LOCAL)
    )


def training_lengths(trainings: pl.DataFrame) -> pl.DataFrame:
    """Return the number of trainings of each length by job group.

    Parameters: ``trainings``, rome_id, duration (the unit of CPF's catalogue).
    Returns rome_id, very_short (below 120), short (120 to below 720), long (above 720). Exactly 720 is in no
    class (D17).
    Source: spec 05 §7, ``job_group_info.py#L317-L323``, ``#L619-L629``.

    >>> training_lengths(pl.DataFrame({"rome_id": ["A"] * 3, "duration": [119, 720, 721]})).row(0)
    ('A', 1, 0, 1)
    """
    length = pl.col("duration")
    known = need(trainings, "trainings", ["rome_id", "duration"])
    return (
        known.group_by("rome_id")
        .agg(
            very_short=(length < 120).sum(),
            short=((length >= 120) & (length < 720)).sum(),
            long=(length > 720).sum(),
        )
        .sort("rome_id")
    )


def good_job_groups(
    jobs: pl.DataFrame, *, automation: float = 85, unknown_risk: float | None = None
) -> pl.Series:
    """Return the ROME codes of job groups that sections may show.

    Parameters: ``jobs``, rome_id, automation_risk (per cent; 0 or null: unknown), short_or_interim_percent
    (per cent of contracts; null counts as 0), covid_risky (Boolean): one's own table, none is open;
    ``automation``, the risk must be below; ``unknown_risk``, what
    an unknown risk counts as (None: it passes). The advice on safe jobs uses ``automation=30,
    unknown_risk=0``.
    Source: spec 05 §4, ``frontend/server/jobs.py#L69-L90``.

    >>> good_job_groups(pl.DataFrame({"rome_id": ["A1101", "B1101"], "automation_risk": [85, 0],
    ...     "short_or_interim_percent": [10, 55], "covid_risky": [False, False]})).to_list()
    ['B1101']
    """
    needed = ["automation_risk", "short_or_interim_percent", "covid_risky"]
    known = need(jobs, "jobs", needed, ["rome_id"])
    risk = pl.col("automation_risk").fill_null(0)
    unknown = pl.lit(unknown_risk is None or unknown_risk < automation)
    safe = pl.when(risk == 0).then(unknown).otherwise(risk < automation)
    lasting = pl.col("short_or_interim_percent").fill_null(0) <= 55
    return known.filter(safe & lasting & ~pl.col("covid_risky").fill_null(False)).sort("rome_id")["rome_id"]


def open_without(diplomas: pl.DataFrame, level: int) -> pl.Series:
    """Return the ROME codes of jobs that a diploma of this level is enough for, as the sections count it.

    Parameters: ``diplomas``, rome_id, level (number of spec 01 §6: 1 no degree, 2 CAP or BEP, 3
    baccalaureate, 4 two years after it, …), percent_required (``requirements.diplomas``); ``level``, above
    which the shares are summed: 1 for sections without qualification, 4 for low qualification.
    A job group passes where the sum is below 50. Jobs without any diploma data are left out (D23), though
    nobody asks for one there.
    Source: spec 05 §4, ``frontend/server/apps/jobflix.py#L288-L329``.

    >>> d = pl.DataFrame({"rome_id": ["A", "A", "B"], "level": [2, 3, 2], "percent_required": [40, 9, 50]})
    >>> open_without(d, 1).to_list()
    ['A']
    """
    known = need(diplomas, "diplomas", ["rome_id", "level", "percent_required"])
    above = pl.when(pl.col("level") > level).then("percent_required").otherwise(0).sum()
    sums = known.group_by("rome_id").agg(above.alias("above"))
    return sums.filter(pl.col("above") < 50).sort("rome_id")["rome_id"]


def similar_jobs(mobility: pl.DataFrame) -> pl.DataFrame:
    """Return what each job group or title is linked to, whatever the market (``similar_jobs``).

    Parameters: ``mobility``, a mobility table. Returns source (a title where the link starts from a title,
    else a job group), item (ROME code of the target), kind; sorted. Links towards titles stand once a target
    group, and their kind is null: their type is lost (D20). The published server reads none of this.
    Source: spec 05 §6, ``rome_mobility.py#L37-L165``.

    >>> similar_jobs(pl.DataFrame({"rome": ["A1101"], "rome_target": ["A1416"], "kind": ["close"]})).rows()
    [('A1101', 'A1416', 'close')]
    """
    links = need(mobility, "mobility", ["rome", "rome_target", "kind"], whole=True)
    none = pl.lit(None, dtype=pl.String)
    title = pl.col("title").cast(pl.String) if "title" in links.columns else none
    to_title = pl.col("title_target").is_not_null() if "title_target" in links.columns else pl.lit(False)
    kind = pl.when(~to_title).then(pl.col("kind").cast(pl.String))
    found = links.select(source=pl.coalesce(title, "rome"), item="rome_target", kind=kind).unique()
    return found.sort("source", "item", "kind", nulls_last=True)
