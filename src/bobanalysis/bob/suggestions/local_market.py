"""Figures of a département and job group: difficult hiring, salaries, seasons, contracts, time without work.

Spec 05, §3, §7 (trainings) and §10. None of these sources is among the shipped tables: each function names
the columns of one's own table. What needs the private history of job seekers (FHS) is said so.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ..door import InputError
from .frames import LOCAL, need, ranked

QUANTILES = {"min_salary": 0.35, "median_salary": 0.5, "max_salary": 0.65}
"""Quantiles of the salaries asked, by the column that they fill."""
SALARY_BETWEEN = (1000, 100_000)
"""Euro a year, between which, bounds left out, the upper bound of a bucket must lie."""
FEWEST_PEOPLE = 15
"""People without whom no salary is said."""
BUCKETS = ((100_000, 10_000), (70_000, 5000), (50_000, 2000), (35_000, 1000), (25_000, 500), (17_600, 200))
"""Salaries above the first are put in buckets of the second (euro a year); 100 below them all."""
SMALLEST_BUCKET = 100
AGE_GROUPS = {"junior": 1, "senior": 2}
"""Codes of the age groups of offered salaries: under 35; 35 and over."""
CONTRACTS = {"1": "CDI", "2": "CDD_LESS_EQUAL_3_MONTHS", "3": "CDD_OVER_3_MONTHS", "4": "INTERIM", "99": None}
"""Contract codes of Pôle emploi and what they stand for (null: not defined)."""
YES = "O"


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


def offered_salaries(salaries: pl.DataFrame, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """Return the range of salaries offered to people under 35, and to those of 35 and over (IMT).

    Parameters: ``salaries``, departement_id, pcs, age_group (1 under 35, 2 from 35 on), min_salary,
    max_salary (euro gross a month; 0 or less: not available); ``crosswalk``, pcs and rome_id.
    Returns departement_id, rome_id, junior_min_salary, junior_max_salary, senior_min_salary,
    senior_max_salary (null where unknown): the lowest and highest over all PCS of the job group. Reads
    **age**.
    Source: spec 05 §3, ``local_diagnosis.py#L540-L586``, ``cleaned_data.py#L672-L705``.
    """
    known = need(salaries, "salaries", ["departement_id", "pcs", "age_group", "min_salary", "max_salary"])
    links = need(crosswalk, "crosswalk", ["pcs", "rome_id"]).unique()
    bounds = []
    for name, code in AGE_GROUPS.items():
        own = pl.col("age_group") == code
        bounds.append(pl.col("min_salary").filter(own).min().alias(f"{name}_min_salary"))
        bounds.append(pl.col("max_salary").filter(own).max().alias(f"{name}_max_salary"))
    return (
        known.filter((pl.col("min_salary") > 0) & pl.col("age_group").is_in(list(AGE_GROUPS.values())))
        .join(links, on="pcs")
        .group_by(LOCAL)
        .agg(bounds)
        .sort(LOCAL)
    )


def salary_bucket(salary: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return the bounds of the bucket in which an annual salary is counted.

    A salary equal to a bound of ``BUCKETS`` uses the size below it.
    Source: spec 05 §10, ``fhs_salaries.py#L54-L135``.

    >>> low, high = salary_bucket(pl.col("s"))
    >>> pl.DataFrame({"s": [17600, 17700, 25010]}).select(low=low, high=high).rows()
    [(17600, 17700), (17600, 17800), (25000, 25500)]
    """
    size: pl.Expr = pl.lit(SMALLEST_BUCKET)
    for above, step in reversed(BUCKETS):
        size = pl.when(salary > above).then(step).otherwise(size)
    low = (salary - salary % size).cast(pl.Int64)
    return low, low + size


def asked_salaries(buckets: pl.DataFrame) -> pl.DataFrame:
    """Return low, middle and high annual salaries that registered job seekers ask for.

    Parameters: ``buckets``, departement_id, rome_id, salary_to (upper bound, euro gross a year), people: from
    the private FHS.
    Returns departement_id, rome_id, min_salary, median_salary, max_salary (quantiles 0.35, 0.5, 0.65), where
    at least 15 people are in buckets with a bound between 1,000 and 100,000. A quantile q is the largest
    bound whose people, with those below, are at most q of all; where the first bucket holds more, it is
    lowest · (1 - q) + highest · q of the bounds.
    Source: spec 05 §3, ``local_diagnosis.py#L324-L349``, ``#L381-L400``.
    """
    least, most = SALARY_BETWEEN
    bound = pl.col("salary_to")
    known = (
        need(buckets, "buckets", [*LOCAL, "salary_to", "people"])
        .filter((bound > least) & (bound < most))
        .group_by(*LOCAL, "salary_to")
        .agg(pl.col("people").sum())
        .sort(*LOCAL, "salary_to")
        .with_columns(total=pl.col("people").sum().over(LOCAL), below=pl.col("people").cum_sum().over(LOCAL))
        .filter(pl.col("total") >= FEWEST_PEOPLE)
    )

    def quantile(q: float) -> pl.Expr:
        reached = bound.filter(pl.col("below") <= q * pl.col("total")).max()
        return pl.coalesce(reached.cast(pl.Float64), bound.min() * (1 - q) + bound.max() * q)

    return known.group_by(LOCAL).agg(**{c: quantile(q) for c, q in QUANTILES.items()}).sort(LOCAL)


def unemployment_duration(periods: pl.DataFrame) -> pl.DataFrame:
    """Return the median length of the last period of unemployment (category A).

    Parameters: ``periods``, one row a person: departement_id, rome_id, days: from the private FHS. Who was
    still unemployed at extraction counts as having left that day, so the median is too low (D13).
    Returns departement_id, rome_id, days (truncated to a whole number).
    Source: spec 05 §3, ``local_diagnosis.py#L224-L255``.
    """
    known = need(periods, "periods", [*LOCAL, "days"])
    return known.group_by(LOCAL).agg(pl.col("days").median().floor().cast(pl.Int64)).sort(LOCAL)


def employment_types(contracts: pl.DataFrame) -> pl.DataFrame:
    """Return the shares of kinds of contract, the largest first (``employmentTypePercentages``).

    Parameters: ``contracts``, departement_id, rome_id, contract (code as text, see ``CONTRACTS``), percent.
    Returns departement_id, rome_id, rank, employment_type, percent; equals by code (open in the published
    code).
    Source: spec 05 §3, ``local_diagnosis.py#L513-L534``.
    """
    known = need(contracts, "contracts", ["percent"], [*LOCAL, "contract"])
    kind = pl.col("contract").replace_strict(CONTRACTS, default=None, return_dtype=pl.String)
    return ranked(known, LOCAL, "percent", ["contract"]).select(
        *LOCAL, "rank", kind.alias("employment_type"), "percent"
    )


def active_months(market: pl.DataFrame, months: Sequence[str]) -> pl.DataFrame:
    """Return whether hiring is seasonal, and in which months it is active.

    Parameters: ``market``, departement_id, rome_id, seasonal and twelve columns, "O" for yes; ``months``, the
    names of those columns, January first.
    Returns departement_id, rome_id, seasonal (Boolean), active_months (list of 1 to 12).
    Source: spec 05 §3, ``local_diagnosis.py#L468-L510``.
    """
    if len(months) != 12:
        raise InputError(f"months: {len(months)} names were given; twelve are needed, January first")
    known = need(market, "market", ["seasonal", *months], LOCAL)
    numbers = [pl.when(pl.col(c) == YES).then(pl.lit(k, pl.Int8)) for k, c in enumerate(months, 1)]
    return known.select(
        *LOCAL,
        seasonal=(pl.col("seasonal") == YES).fill_null(False),
        active_months=pl.concat_list(numbers).list.drop_nulls(),
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
