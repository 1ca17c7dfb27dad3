"""Who is scored: paired profiles (exact), the modelled population of job seekers, and the market that they
meet."""

from . import scenarios
from .build import Population, compare_constructions, margin_titles, modelled, summarise, write_parquet
from .markets import DEFAULT, MarketTables, market, market_cells, national_cells
from .paired import REFERENCE_JOBS, paired, paired_ages, paired_departements, reference_profiles
from .scenarios import Scenario, ScenarioError
from .texts import LIMITS, SCALES, Scale

__all__ = [
    "DEFAULT",
    "LIMITS",
    "REFERENCE_JOBS",
    "SCALES",
    "MarketTables",
    "Population",
    "Scale",
    "Scenario",
    "ScenarioError",
    "compare_constructions",
    "margin_titles",
    "market",
    "market_cells",
    "modelled",
    "national_cells",
    "paired",
    "paired_ages",
    "paired_departements",
    "reference_profiles",
    "scenarios",
    "summarise",
    "write_parquet",
]
