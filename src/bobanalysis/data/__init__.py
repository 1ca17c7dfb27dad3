"""Where figures come from: the registry of sources, the shipped tables, official files, and their checks.

>>> from bobanalysis import data
>>> data.table("departements").height
101
"""

# ruff: noqa: F401 what is imported here is what other rooms import from here

from bobanalysis.data.cache import fetch
from bobanalysis.data.checks import Report, check
from bobanalysis.data.registry import Column, DataError, Source, folder, show, source, sources
from bobanalysis.data.tables import geojson, table
