"""Rules on how the search goes: its length, interviews, whether it has started.

The length of the search is -1 month where it has not started and where the question was not answered (Q03).
"""

from bobanalysis.rules import Expr, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .project import employed

CATALOGUE.add("for-active-search", d.has_creation_date & ~d.search_not_started)

long_accumulated_search = CATALOGUE.add(
    "for-long-accumulated-search(2)",
    first_match(when(employed, d.search_length >= 6), otherwise=d.search_length >= 2),
)


@CATALOGUE.family(r"for-long-search\(([0-9]+)\)")
def for_long_search(months: str) -> Expr:
    """Searching for N months or more when the project was created."""
    return d.search_length >= int(months)


@CATALOGUE.family(r"for-many-interviews\(([0-9]+)\)")
def for_many_interviews(count: str) -> Expr:
    """More than N interviews; N itself is not many."""
    return d.total_interview_count > int(count)


@CATALOGUE.family(r"for-many-interviews-per-month\(([0-9]+(?:\.[0-9]+)?)\)")
def for_many_interviews_per_month(rate: str) -> Expr:
    """More than X interviews a month since the search began; unknown counts as none."""
    return (d.search_length >= 0) & (d.total_interview_count > float(rate) * d.search_length)


CATALOGUE.add(
    "for-with-resume",
    first_match(
        when(d.has_resume == "UNKNOWN_BOOL", missing("projects.0.hasResume")),
        otherwise=d.has_resume == "TRUE",
    ),
)
