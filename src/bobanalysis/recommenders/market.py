"""The French market as Bob reads it: open figures on one scale, with the indicators that advice needs."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from bobanalysis import data
from bobanalysis.bob.suggestions import with_indicators
from bobanalysis.population import DEFAULT, MarketTables, market
from bobanalysis.tables import disk_cached


def french_market(scale: str = DEFAULT, scenario: str = "central") -> MarketTables:
    """Return the market on one scale, with what advice reads of other départements and of linked jobs.

    Parameters: ``scale``, a key of ``population.SCALES``; ``scenario``, one of
    ``population.scenarios.names()``.
    Returns the tables of ``population.market``; ``local`` has two columns more:
    market_num_better_departements (départements that come before, out of 101) and market_num_close_jobs
    (linked job groups with at least 1.5 times the offers per candidate, 0 to 5), Int32. Without them the
    advice to relocate and the advice to change to a close job would go to nobody.
    Raises ValueError for an unknown scale, ScenarioError for an unknown scenario.
    Source: spec 05 §3; ROME's links between job groups.

    >>> local = french_market().local
    >>> local["market_num_better_departements"].max() <= 100, local["market_num_close_jobs"].max()
    (True, 5)
    """

    def made() -> tuple[bytes, bytes]:
        found = market(scale, scenario)
        return _written(with_indicators(found, data.table("rome_mobility"))), _written(found.jobs)

    of = (data.folder() / "reference", data.folder() / "sources.yaml")
    by = (Path(__file__).parents[1] / room for room in ("bob", "data", "population", "recommenders"))
    kept = disk_cached(made, *of, *by, name=f"{scale}-{scenario}-{pl.__version__}")
    return MarketTables(*(pl.read_ipc_stream(frame) for frame in kept))


def _written(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_ipc_stream(file)
    return file.getvalue()
