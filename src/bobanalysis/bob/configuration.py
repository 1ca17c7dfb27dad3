"""The published configuration, restated in this project's own layout (``config/*.yaml``).

Identifiers, filters and numbers only; each file says where it comes from and holds its rows in the published
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any, TypeVar

from bobanalysis.tables import load_yaml
from bobanalysis.text import Text

Row = TypeVar("Row")
ABOUT = load_yaml(dict[str, Any], files("bobanalysis.bob") / "algorithm.yaml")
"""What audits and pages need to know of Bob beside its rules."""


@dataclass(frozen=True)
class AdviceModule:
    """One piece of advice: which rule scores it, and which others it excludes once it is chosen."""

    id: str
    label: Text
    trigger: str
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Public:
    """For whom non-profits are: the filters that remain once the départements are taken out."""

    id: str
    filters: tuple[str, ...]


@dataclass(frozen=True)
class Association:
    """One non-profit: its public and the départements that it serves (None: all of them)."""

    id: str
    public: str
    departements: tuple[str, ...] | None = None
    mission_locale: bool = False

    def serves(self, departement: str) -> bool:
        """Tell whether a département is on its list."""
        return self.departements is None or departement in self.departements


@dataclass(frozen=True)
class JobAdvice:
    """Tips for one occupation: who gets them, and in which strategies."""

    id: str
    filters: tuple[str, ...]
    strategies: tuple[str, ...]


@dataclass(frozen=True)
class Strategy:
    """One strategy: for which challenges, which rule scores it, its pieces of advice and actions, in order.

    ``advice`` are prefixes of identifiers of advice (C25).
    """

    id: str
    challenges: tuple[str, ...]
    trigger: str
    advice: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """One template of the action plan: which rule scores it, and the advice that it belongs to."""

    id: str
    trigger: str
    advice: str
    duration: str


@dataclass(frozen=True)
class Contents:
    """A published list of contents that the service picks from outside the ranking: filters by content."""

    id: str
    label: Text
    source: str
    contents: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Challenge:
    """One main challenge: what it is called, what a person is told, when it needs attention."""

    id: str
    label: Text
    told: Text
    filters: tuple[str, ...]
    relevance: str | None = None

    @property
    def column(self) -> str:
        """Return the name of the column that holds its relevance."""
        return "relevance_" + self.id.replace("-", "_")


@dataclass(frozen=True)
class OverallRow:
    """One row of the published table of overall scores."""

    id: str
    challenge: str
    score: int
    filters: tuple[str, ...]


@cache
def rows(kind: type[Row], name: str) -> tuple[Row, ...]:
    """Return the rows of one file of the configuration.

    >>> len(rows(AdviceModule, "advice")), len(rows(Association, "associations"))
    (43, 116)
    """
    of_kind: Any = tuple[kind, ...]  # type: ignore[valid-type]
    return tuple(load_yaml(of_kind, files("bobanalysis.bob") / "config" / f"{name}.yaml"))


@cache
def reasons() -> Mapping[str, Text]:
    """Return what each code of a rule's row tells the person.

    >>> reasons()["READY_TO_MOVE"].en
    'moving is possible, going by the answers'
    """
    return load_yaml(dict[str, Text], files("bobanalysis.bob") / "because.yaml")


advice_modules = partial(rows, AdviceModule, "advice")
"""The 43 published pieces of advice."""
association_publics = partial(rows, Public, "association_publics")
"""The 22 distinct publics of non-profits."""
associations = partial(rows, Association, "associations")
"""The 116 published non-profits."""
job_advice = partial(rows, JobAdvice, "job_advice")
"""The 27 published lists of tips for one occupation, in the order in which they are tried."""
strategies = partial(rows, Strategy, "strategies")
"""The 26 published strategies."""
actions = partial(rows, Action, "actions")
"""The 49 published templates of the action plan."""
contents = partial(rows, Contents, "contents")
"""The published lists of contents that are picked outside the ranking."""
challenges = partial(rows, Challenge, "challenges")
"""The published main challenges, in the order in which they are tried."""
overall_rows = partial(rows, OverallRow, "overall")
"""The published rows of overall scores, in the order in which they are tried."""
