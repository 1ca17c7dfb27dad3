"""The figures that Bob's importer worked out beforehand, as far as the records of quirks run them (D1–D23).

Their tables (dated offers, catalogues of trainings, surveys) are private or not shipped: each function names
the columns of one's own. ``data/quirks/data.yaml`` runs each on a few rows that show what the importer does.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from bobanalysis.tables import InputError

from .frames import LOCAL, need, ranked
from .lists import BETTER, MOST, less_stressful_job_groups

END_OF_HISTORY = date(2017, 1, 1)
"""Offers created from this day on are not read (D6)."""
REFERENCE_YEAR = 2015
"""The "last year" of the published figures (D6)."""
MANY_IN_TITLE = 50
"""Offers of a title that must be exceeded."""
EASY_MARKET = 4
"""Offers per ten candidates from which one may be sent to a job."""
SEASONAL = "SAI"
"""The code of a seasonal contract."""
MANY_SEASONAL = 750
"""Seasonal offers of a département and calendar month, over all years, that must be exceeded (D9)."""
MANY_SEASONAL_IN_JOB = 10
"""The same in a job group."""
SINCE = "2015/01/01"
"""Start of the history, with slashes: compared as text with hyphens it rejects all of 2015 (D8)."""
EXPONENT, DIVISOR = 0.6, 40
"""A city is kept whose offers exceed (offers of the job group) ** 0.6 / 40."""
OFTEN = 0.05
"""Share of a job group's offers from which a licence or office software is listed."""
LICENCES = {"A": "MOTORCYCLE", "B": "CAR", "C": "TRUCK"}
"""Kinds of licence by the first letter of its type."""
LOWEST_LEVEL = 1
"""Levels of diploma up to this one are not listed."""
RISKY_AUTOMATION = 85
"""Risk of automation (per cent) from which a job group is not good."""
MANY_SHORT_CONTRACTS = 55
"""Per cent of short and interim contracts above which a job group is not good."""
OFTEN_REQUIRED = 50
"""Per cent of offers that ask for more than a diploma, from which a job is not open to those who hold it."""
SHORT_HOURS, LONG_HOURS = 120, 720
"""Durations of trainings that part very short, short and long ones."""


def offer_changes(offers: pl.DataFrame, year: int = REFERENCE_YEAR) -> pl.DataFrame:
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
    ``unqualified``, ROME codes of the thematic branch 017, "no qualification required"; ``before``, offers
    from that day on are not read.
    Returns departement_id, rank (from 1), item (ROME code), title, offers, tension (raw): in each market the
    title with most offers, kept with more than 50 of them and 4 offers per ten candidates or more, the five
    with most offers. Equals by title, then ROME code (open in the published code). The threshold is on the
    raw number of offers of one title over all years: small départements get fewer than the two jobs that the
    advice needs (D10).
    Source: spec 05 §5, ``reorient_jobbing.py#L52-L136``.
    """
    known = need(offers, "offers", [*LOCAL, "title", "created"]).filter(pl.col("created") < before)
    counts = known.group_by(*LOCAL, "title").agg(pl.len().cast(pl.Int64).alias("offers"))
    best = ranked(counts, LOCAL, "offers", ["title"], limit=1).drop("rank")
    market = need(tension, "tension", ["tension"], LOCAL).filter(pl.col("tension") >= EASY_MARKET)
    kept = best.filter(
        pl.col("rome_id").is_in(unqualified.to_list()) & (pl.col("offers") > MANY_IN_TITLE)
    ).join(market, on=list(LOCAL))
    return ranked(kept, ["departement_id"], "offers", ["rome_id"], MOST).select(
        "departement_id", "rank", "title", "offers", "tension", item="rome_id"
    )


def seasonal_jobbing(offers: pl.DataFrame, *, before: date = END_OF_HISTORY) -> pl.DataFrame:
    """Return the départements with many seasonal offers, by calendar month, and their job groups.

    Parameters: ``offers``, departement_id, rome_id, contract (code; "SAI" is seasonal), created; ``before``,
    offers from that day on are not read.
    Returns month (1 to 12), departement_id, rank (from 1), item (ROME code), offers, departement_offers: the
    départements whose seasonal offers of that month, all years together, exceed 750, and in them the five job
    groups with most offers among those with more than ten. Within a month, départements stand in the order of
    codes and not of volume. Raw counts: nothing is divided by inhabitants (D9), and the list is the same for
    everyone. Equal job groups by ROME code (open in the published code).
    Source: spec 05 §11, ``seasonal_jobbing.py#L35-L95``.
    """
    seasonal = need(offers, "offers", [*LOCAL, "contract", "created"]).filter(
        (pl.col("contract") == SEASONAL) & (pl.col("created") < before)
    )
    place = ["month", "departement_id"]
    counts = (
        seasonal.group_by(pl.col("created").dt.month().alias("month"), *LOCAL)
        .agg(pl.len().cast(pl.Int64).alias("offers"))
        .with_columns(departement_offers=pl.col("offers").sum().over(place))
        .filter((pl.col("departement_offers") > MANY_SEASONAL) & (pl.col("offers") > MANY_SEASONAL_IN_JOB))
    )
    return ranked(counts, place, "offers", ["rome_id"], MOST).select(
        *place, "rank", "offers", "departement_offers", item="rome_id"
    )


def hiring_cities(offers: pl.DataFrame, cities: pl.DataFrame, *, since: str = SINCE) -> pl.DataFrame:
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
    return by_rate(
        counts.filter(pl.col("offers") > total.pow(EXPONENT) / DIVISOR)
        .join(inhabitants.filter(pl.col("population") > 0), on="city_id")
        .with_columns(offers_per_inhabitant=pl.col("offers") / pl.col("population"))
    )


def by_rate(cities: pl.DataFrame) -> pl.DataFrame:
    """Return cities in the order of offers per inhabitant within their job group, with ``rank``."""
    ordered = cities.sort(
        ["rome_id", "offers_per_inhabitant", "city_id"], descending=[False, True, False]
    ).with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("rome_id"))
    return ordered.select("rome_id", "rank", "city_id", "offers", "offers_per_inhabitant")


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
    names = ["first_diploma", "second_diploma"]
    columns = [*names, "first_level", "second_level", "first_required", "second_required"]
    asked = need(offers, "offers", ["rome_id", *columns]).filter(
        pl.any_horizontal(pl.col(c).is_not_null() for c in names)
    )
    lacking = -1  # a level below all others
    first = pl.when(pl.col("first_diploma").is_not_null()).then("first_level").otherwise(lacking)
    second = pl.when(pl.col("second_diploma").is_not_null()).then("second_level").otherwise(lacking)
    must_first = pl.col("first_required").fill_null(False) & (first != lacking)
    base = pl.when(must_first).then(first).otherwise(LOWEST_LEVEL)
    must_second = pl.col("second_required").fill_null(False) & (second > base)
    none = pl.lit("")
    suggested = asked.select(
        "rome_id",
        level=pl.max_horizontal(first, second),
        name=pl.when(second > first).then("second_diploma").otherwise("first_diploma"),
    )
    required = asked.select(
        "rome_id",
        level=pl.when(must_second).then(second).otherwise(base),
        name=pl.when(must_second)
        .then("second_diploma")
        .when(must_first)
        .then("first_diploma")
        .otherwise(none),
    )
    return (
        _by_level(suggested, "percent_suggested")
        .join(_by_level(required, "percent_required"), on=["rome_id", "level"], how="full", coalesce=True)
        .with_columns(pl.col("percent_suggested", "percent_required").fill_null(0))
        .sort("rome_id", "level")
    )


def _by_level(found: pl.DataFrame, column: str) -> pl.DataFrame:
    """Round the share of each diploma's name, then add up by level."""
    counts = found.group_by("rome_id", "level", "name").agg(pl.len().alias("n"))
    share = _percent(pl.col("n"), pl.col("n").sum().over("rome_id"))
    return (
        counts.with_columns(share.alias(column))
        .filter((pl.col(column) > 0) & (pl.col("level") > LOWEST_LEVEL))
        .group_by("rome_id", pl.col("level").cast(pl.Int64))
        .agg(pl.col(column).sum())
    )


def driving_licences(offers: pl.DataFrame, licences: pl.DataFrame) -> pl.DataFrame:
    """Return the driving licences that at least 5 % of a job group's offers mention.

    Parameters: ``offers``, offer_id, rome_id: all offers; ``licences``, offer_id, licence (its type: "B",
    "C1" …), required (Boolean).
    Returns rome_id, rank, licence (motorcycle, car, truck), percent_suggested (share of offers),
    percent_required: share of the *mentions*, and never below 1 (D11); by count descending, then name.
    Source: spec 05 §9, ``job_offers_requirements.py#L71-L85``, ``#L257-L309``, ``#L386-L395``.
    """
    all_offers = need(offers, "offers", ["rome_id"], ["offer_id"])
    mentions = need(licences, "licences", ["offer_id", "licence", "required"])
    kind = pl.col("licence").str.head(1).replace_strict(LICENCES, default=None, return_dtype=pl.String)
    total = all_offers.group_by("rome_id").agg(pl.len().alias("all"))
    counts = (
        mentions.with_columns(licence=kind)
        .drop_nulls("licence")
        .join(all_offers, on="offer_id")
        .group_by("rome_id", "licence")
        .agg(pl.len().alias("n"), must=pl.col("required").fill_null(False).sum())
        .join(total, on="rome_id")
        .filter(pl.col("n") / pl.col("all") >= OFTEN)
    )
    return ranked(counts, ["rome_id"], "n", ["licence"]).select(
        "rome_id",
        "rank",
        "licence",
        percent_suggested=_percent(pl.col("n"), pl.col("all")),
        percent_required=_percent(pl.col("must"), pl.col("n")).clip(lower_bound=1),
    )


def job_group_of_family(crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Return the one job group that the survey of hiring needs is counted in, for each job family.

    Parameters: ``crosswalk``, rome and fap2009, maybe qualification, as
    ``bobanalysis.data.table("rome_fap2009")``. The published code takes the first line of a family in Dares'
    file, where lines without qualification come first, each part in the order of ROME codes: that order is
    made again here, because a table sorted otherwise gives other job groups.
    Returns fap2009, rome_id, sorted. A job group that is nobody's first line has no figure at all (D3).
    Source: spec 05 §3, ``local_diagnosis.py#L267-L308``.

    >>> job_group_of_family(pl.DataFrame({"rome": ["A1204", "H1208"], "fap2009": ["G1Z70"] * 2,
    ...     "qualification": ["0", None]})).row(0)
    ('G1Z70', 'H1208')
    """
    qualified = [pl.col("qualification").is_not_null()] if "qualification" in crosswalk.columns else []
    return (
        need(crosswalk, "crosswalk", ["rome", "fap2009"], whole=True)
        .sort([*qualified, pl.col("rome").str.head(5)], maintain_order=True)
        .group_by("fap2009", maintain_order=True)
        .agg(pl.col("rome").first().str.head(5).alias("rome_id"))
        .sort("fap2009")
    )


def hiring_needs(survey: pl.DataFrame, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Return which share of planned hirings is difficult, and seasonal (BMO).

    Parameters: ``survey``, one row an employment area and job family: departement_id, fap2009, hirings,
    difficult, seasonal (numbers; null counts as 0, as blanks and ``*`` do in the file; text is refused);
    ``crosswalk``, see ``job_group_of_family``.
    Returns departement_id, rome_id, percent_difficult, percent_seasonal (rounded half to even), where any
    hiring is planned. All families of a job group are summed, though the documentation says one (D3). Bob
    read the survey of 2018 for ever (D4).
    Source: spec 05 §3, ``local_diagnosis.py#L258-L321``.
    """
    figures = ["hirings", "difficult", "seasonal"]
    known = need(survey, "survey", ["departement_id", "fap2009", *figures])
    if text := [c for c in figures if not known[c].dtype.is_numeric()]:
        raise InputError(
            f"table survey: column {text[0]} is text; make it a number, with null for blanks and *"
        )
    sums = (
        known.join(job_group_of_family(crosswalk), on="fap2009")
        .group_by(LOCAL)
        .agg(pl.col(figures).fill_null(0).sum())
        .filter(pl.col("hirings") > 0)
    )

    def percent(part: str) -> pl.Expr:
        return (100 * pl.col(part) / pl.col("hirings")).round().cast(pl.Int64)

    return sums.select(
        *LOCAL, percent_difficult=percent("difficult"), percent_seasonal=percent("seasonal")
    ).sort(LOCAL)


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
            very_short=(length < SHORT_HOURS).sum(),
            short=((length >= SHORT_HOURS) & (length < LONG_HOURS)).sum(),
            long=(length > LONG_HOURS).sum(),
        )
        .sort("rome_id")
    )


def good_job_groups(
    jobs: pl.DataFrame,
    *,
    automation: float = RISKY_AUTOMATION,
    short_contracts: float = MANY_SHORT_CONTRACTS,
    unknown_risk: float | None = None,
) -> pl.Series:
    """Return the ROME codes of job groups that sections may show.

    Parameters: ``jobs``, rome_id, automation_risk (per cent; 0 or null: unknown), short_or_interim_percent
    (per cent of contracts; null counts as 0), covid_risky (Boolean): one's own table, none is open;
    ``automation``, the risk must be below; ``short_contracts``, their share at most; ``unknown_risk``, what
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
    lasting = pl.col("short_or_interim_percent").fill_null(0) <= short_contracts
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
    return sums.filter(pl.col("above") < OFTEN_REQUIRED).sort("rome_id")["rome_id"]


def less_stressful_job_groups_elsewhere(
    tension: pl.DataFrame, mobility: pl.DataFrame, *, ratio: float = BETTER, limit: int = MOST
) -> pl.DataFrame:
    """Return the same as ``less_stressful_job_groups`` by the rule for other countries than France.

    The target must have strictly more than ``ratio`` times the offers (D19), and every target counts as close
    whatever its link says.
    Source: spec 05 §12, ``data_analysis/lib/market_score_derivatives.py#L25-L97``.
    """
    found = less_stressful_job_groups(tension, mobility, ratio=ratio, limit=limit, strictly=True)
    return found.with_columns(kind=pl.lit("close"))


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
