"""Cities that hire in a job group, and those that a person could commute to.

Spec 05, §13 (``hiring_cities``), and spec 04, §2.6. The history of offers by city is private: these functions
need one's own tables.
"""

from __future__ import annotations

import math

import polars as pl

from .frames import need

SINCE = "2015/01/01"
"""Start of the history, with slashes: compared as text with hyphens it rejects all of 2015 (D8)."""
EXPONENT, DIVISOR = 0.6, 40
"""A city is kept whose offers exceed (offers of the job group) ** 0.6 / 40."""
REACHABLE_KM = 35
"""From this distance on a city is out of reach."""
OBVIOUS_KM = 8
"""Below this distance a city goes without saying."""
KM_PER_DEGREE = 111
"""Kilometres of a degree of latitude."""


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


def cities_to_commute_to(people: pl.DataFrame, hiring: pl.DataFrame, cities: pl.DataFrame) -> pl.DataFrame:
    """Return the cities within reach of a person that hire in their job group.

    Parameters: ``people``, person_id, rome_id, city_id; ``hiring``, as ``hiring_cities`` returns; ``cities``,
    city_id, latitude, longitude (degrees), population: of the person's city and of the hiring ones.

    Returns person_id, rank (from 1), item (city), distance_km, relative_offers (offers per inhabitant over
    those of the person's own city; 0 where that is not listed with a population), obvious (nearer than 8 km).
    Both figures are float32, as stored. Sorted by relative offers descending, equals in the order of
    ``hiring``. Cities from 35 km on are left out. A single city that is not obvious, with no obvious one, is
    left out too. People without a located city or a listed job group have no row; the advice has nothing to
    say to people without a row that is not obvious.
    Source: spec 04 §2.6, ``frontend/server/modules/commute.py#L12-L123``.
    """
    asked = need(people, "people", ["person_id", "rome_id", "city_id"]).with_columns(
        pl.col("rome_id", "city_id").cast(pl.String)
    )
    listed = need(hiring, "hiring", ["rank", "offers_per_inhabitant"], ["rome_id", "city_id"])
    where = need(cities, "cities", ["latitude", "longitude", "population"], ["city_id"])
    # Distances are worked out once for each job group and city that people name, then joined to them.
    place = ["rome_id", "home"]
    homes = asked.select("rome_id", home="city_id").drop_nulls().unique()
    located = homes.join(where.select(home="city_id", lat="latitude", lon="longitude"), on="home")
    inhabited = where.filter(pl.col("population") > 0).select("city_id")
    own = listed.join(inhabited, on="city_id").select(
        "rome_id", home="city_id", own_rate="offers_per_inhabitant"
    )
    north = (pl.col("latitude") - pl.col("lat")) * KM_PER_DEGREE
    middle = (pl.col("latitude") + pl.col("lat")) / 2 * math.pi / 180
    east = (pl.col("longitude") - pl.col("lon")) * KM_PER_DEGREE * middle.cos()
    rate = pl.col("offers_per_inhabitant") / pl.col("own_rate")
    near = (
        located.join(listed, on="rome_id")
        .join(where.drop("population"), on="city_id")
        .join(own, on=place, how="left")
        .with_columns(km=(north**2 + east**2).sqrt())
        .filter(pl.col("km") < REACHABLE_KM)
        .with_columns(
            distance_km=pl.col("km").cast(pl.Float32),
            relative_offers=pl.when(pl.col("own_rate") > 0).then(rate).otherwise(0).cast(pl.Float32),
        )
        .with_columns(obvious=pl.col("distance_km") < OBVIOUS_KM)
    )
    alone = ~pl.col("obvious") & (pl.len().over(place) == 1)
    found = (
        near.filter(~alone)
        .sort([*place, "relative_offers", "rank"], descending=[False, False, True, False])
        .select(
            *place,
            pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(place).alias("rank"),
            pl.col("city_id").alias("item"),
            "distance_km",
            "relative_offers",
            "obvious",
        )
    )
    return asked.rename({"city_id": "home"}).join(found, on=place, maintain_order="left_right").drop(place)
