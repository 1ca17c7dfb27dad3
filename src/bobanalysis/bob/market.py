"""Market figures as inputs of the rules: by département and job, and by job in the whole country.

Bob keeps them as documents; the rules read a few numbers of each. Lists (diplomas asked for, ways of
applying) are reduced once per job group to the named inputs of the data dictionary, then joined by key.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

LOCAL_KEY = ("departement_id", "rome_id")
LOCAL_SCHEMA = {
    "departement_id": pl.String,
    "rome_id": pl.String,
    "market_offers_per_10_candidates": pl.Int32,
    "market_num_job_offers_last_year": pl.Int32,
}
JOBS_SCHEMA = {
    "rome_id": pl.String,
    "jg_national_market_score": pl.Float32,
    "jg_requires_diploma": pl.Boolean,
    "jg_hires_mainly_through_network": pl.Boolean,
}


class MarketLike(Protocol):
    """Anything with the two frames of a market."""

    @property
    def local(self) -> pl.DataFrame:
        """One row a département and job group."""

    @property
    def jobs(self) -> pl.DataFrame:
        """One row a job group."""


@dataclass(frozen=True)
class Market:
    """Two frames: ``local``, one row a (departement_id, rome_id), and ``jobs``, one row a rome_id.

    Columns are those of ``LOCAL_SCHEMA`` and ``JOBS_SCHEMA``; a row that is absent means "unknown".
    """

    local: pl.DataFrame
    jobs: pl.DataFrame

    @classmethod
    def empty(cls) -> Market:
        """Return a market in which nothing is known.

        >>> Market.empty().local.height
        0
        """
        return cls(pl.DataFrame(schema=LOCAL_SCHEMA), pl.DataFrame(schema=JOBS_SCHEMA))

    @classmethod
    def from_documents(cls, folder: Path) -> Market:
        """Read Bob's own documents: ``local_diagnosis``, ``recent_job_offers``, ``job_group_info`` (JSON).

        The documents of ``recent_job_offers`` are laid over those of ``local_diagnosis`` (spec 01 §3, LS).
        Raises FileNotFoundError naming the file that is missing.
        """
        local = {d["_id"]: d for d in _documents(folder, "local_diagnosis")}
        recent = {d["_id"]: d for d in _documents(folder, "recent_job_offers")}
        rows = [_local_row(key, local.get(key, {}), recent.get(key, {})) for key in {**local, **recent}]
        jobs = [_job_row(d) for d in _documents(folder, "job_group_info")]
        return cls(
            pl.DataFrame(rows, schema=LOCAL_SCHEMA, orient="row"),
            pl.DataFrame(jobs, schema=JOBS_SCHEMA, orient="row"),
        )


def _documents(folder: Path, name: str) -> list[dict[str, Any]]:
    plain, packed = folder / f"{name}.json", folder / f"{name}.json.gz"
    if packed.exists():
        return list(json.loads(gzip.decompress(packed.read_bytes())))
    if not plain.exists():
        raise FileNotFoundError(f"{plain}: no such file (nor {packed.name}); a market folder holds it")
    return list(json.loads(plain.read_text(encoding="utf-8")))


def _local_row(key: str, document: Mapping[str, Any], over: Mapping[str, Any]) -> tuple[Any, ...]:
    departement, rome = key.split(":", 1)
    offers = _merged(document.get("imt", {}), over.get("imt", {}), "yearlyAvgOffersPer10Candidates")
    return departement, rome, offers, _merged(document, over, "numJobOffersLastYear")


def _merged(document: Mapping[str, Any], over: Mapping[str, Any], field: str) -> int:
    return over.get(field) or document.get(field) or 0


def _job_row(document: Mapping[str, Any]) -> tuple[Any, ...]:
    diplomas = document.get("requirements", {}).get("diplomas", [])
    modes = [entry.get("modes", []) for entry in document.get("applicationModes", {}).values()]
    return (
        document["_id"],
        document.get("nationalMarketScore", 0.0),
        requires_diploma(
            (d.get("percentRequired", 0), d.get("diploma", {}).get("level", "UNKNOWN_DEGREE"))
            for d in diplomas
        ),
        any(_is_main_channel(m, "PERSONAL_OR_PROFESSIONAL_CONTACTS") for m in modes),
    )


def requires_diploma(diplomas: Iterable[tuple[int, str]]) -> bool:
    """Tell whether a job group asks for a diploma, as the rule "missing diploma" reads it (spec 02, K02).

    Parameters: ``diplomas``, pairs of the share of offers that ask for it (per cent) and its level. Any share
    other than 0 of any level but "none" is enough (Q16).

    >>> requires_diploma([(80, "NO_DEGREE"), (1, "CAP_BEP")])
    True
    """
    return any(percent != 0 and level not in ("NO_DEGREE", 1) for percent, level in diplomas)


def _is_main_channel(modes: list[Mapping[str, Any]], mode: str) -> bool:
    """Tell whether a way of applying comes first, or second at most 15 points behind (spec 04 §2.1)."""
    if not modes:
        return False
    if modes[0].get("mode") == mode:
        return True
    if len(modes) < 2 or modes[1].get("mode") != mode:
        return False
    first, second = (float(np.float32(m.get("percentage", 0.0))) for m in modes[:2])
    return first - second <= 15


def join(people: pl.DataFrame, market: MarketLike) -> pl.DataFrame:
    """Return the people with the market figures of their job and département.

    Parameters: ``people``, one row a project, with ``departement_id``, ``rome_id`` and maybe ``job_key`` (the
    key of the job group's document where it differs) and columns of local figures that the person's own
    record holds (they win where they are not null). Figures that nobody knows are 0 or false.
    """
    local = market.local.rename({c: f"{c}·" for c in market.local.columns if c not in LOCAL_KEY})
    figures = [c for c in market.local.columns if c not in LOCAL_KEY]
    joined = people.join(local, on=list(LOCAL_KEY), how="left", maintain_order="left")
    if "job_key" in people.columns:  # a document in another language, else the plain one
        known = pl.col("job_key").is_in(market.jobs["rome_id"].to_list())
        joined = joined.with_columns(job_key=pl.when(known).then("job_key").otherwise("rome_id"))
        jobs = market.jobs.rename({"rome_id": "job_key"})
        joined = joined.join(jobs, on="job_key", how="left", maintain_order="left")
    else:
        joined = joined.join(market.jobs, on="rome_id", how="left", maintain_order="left")
    own = [
        (pl.coalesce(c, f"{c}·") if c in people.columns else pl.col(f"{c}·")).fill_null(0).alias(c)
        for c in figures
    ]
    national = [
        pl.col("jg_national_market_score").cast(pl.Float64).fill_null(0.0),
        pl.col("jg_requires_diploma", "jg_hires_mainly_through_network").fill_null(False),
    ]
    return joined.with_columns(*own, *national).drop([f"{c}·" for c in figures])
