"""Numbers of the answers that a population is made of (``enums.yaml``), and what age allows.

They are the numbers of the specification (file 01, section 6), kept here as well as in the data dictionary of
the audited algorithm because this room knows nothing of that algorithm; a test keeps the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bobanalysis.tables import load_yaml


@dataclass(frozen=True)
class _Enums:
    answers: dict[str, dict[str, int]]
    frustrations: tuple[str, ...]


_READ = load_yaml(_Enums, Path(__file__).with_name("enums.yaml"))
ENUMS, FRUSTRATIONS = _READ.answers, _READ.frustrations

# The youngest age at which a person can hold each degree, in the order of the enum from NO_DEGREE: the usual
# length of the studies, without early starts.
YOUNGEST_WITH_DEGREE: tuple[int, ...] = (16, 18, 18, 20, 21, 23)

# Experience in years that each level of seniority takes at least, indexed by its number (0 and 1 take none).
YEARS_OF_EXPERIENCE: tuple[int, ...] = (0, 0, 0, 0, 2, 6, 10, 20)

WORKING_AGE = 16
