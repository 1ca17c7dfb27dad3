"""Who is scored: paired profiles (exact), the modelled population of job seekers, and the market that they
meet."""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from . import scenarios
from .build import Population, compare_constructions, margin_titles, modelled, write_parquet
from .markets import DEFAULT, MarketTables, market, market_cells, national_cells
from .paired import REFERENCE_JOBS, paired, paired_ages, paired_departements, reference_profiles
from .scenarios import Scenario
from .vocabulary import LIMITS, SCALES, Scale
