"""Rules on how the search goes: its length, interviews, whether it has started.

The length of the search is -1 month where it has not started and where the question was not answered (Q03).
"""

from bobanalysis.rules import Expr, first_match, missing, when

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .project import employed

SCORING = "frontend/server/scoring.py"


active_search = CATALOGUE.add(
    "for-active-search",
    d.has_creation_date & ~d.search_not_started,
    source=f"{SCORING}#L1105-L1107",
    spec="02, F01",
    quirks=("O10",),
)
no_interview = CATALOGUE.add(
    "for-no-interview", d.total_interview_count == -1, source=f"{SCORING}#L1224-L1226", spec="02, F40"
)
long_accumulated_search = CATALOGUE.add(
    "for-long-accumulated-search(2)",
    first_match(when(employed, d.search_length >= 6), otherwise=d.search_length >= 2),
    source=f"{SCORING}#L692-L703",
    spec="02, F54",
)


@CATALOGUE.family(r"for-long-search\(([0-9]+)\)", source=f"{SCORING}#L638-L646", spec="02, P22")
def for_long_search(months: str) -> Expr:
    """Searching for N months or more when the project was created."""
    return d.search_length >= int(months)


@CATALOGUE.family(
    r"for-many-interviews\(([0-9]+)\)", source=f"{SCORING}#L680-L689", spec="02, P18", quirks=("O22",)
)
def for_many_interviews(count: str) -> Expr:
    """More than N interviews; N itself is not many."""
    return d.total_interview_count > int(count)


@CATALOGUE.family(
    r"for-many-interviews-per-month\(([0-9]+(?:\.[0-9]+)?)\)",
    source=f"{SCORING}#L663-L677",
    spec="02, P17",
    quirks=("Q29",),
)
def for_many_interviews_per_month(rate: str) -> Expr:
    """More than X interviews a month since the search began; unknown counts as none."""
    return (d.search_length >= 0) & (d.total_interview_count > float(rate) * d.search_length)


for name, months, lines, spec in (("-1", 1, "L1258-L1260", "F52"), ("-3", 3, "L1261-L1263", "F53")):
    CATALOGUE.add(
        f"for-short-search({name})",
        d.search_length <= months,
        source=f"{SCORING}#{lines}",
        spec=f"02, {spec}",
        quirks=("Q03", "Q22"),
    )

CATALOGUE.add("for-searching-forever", d.search_length >= 19, source=f"{SCORING}#L1255-L1257", spec="02, F51")
CATALOGUE.add(
    "for-application(2)",
    d.weekly_applications_estimate >= "SOME",
    source=f"{SCORING}#L1108-L1110",
    spec="02, F02",
)
CATALOGUE.add(
    "for-exact-interview(1)", d.total_interview_count == 1, source=f"{SCORING}#L1159-L1161", spec="02, F19"
)
CATALOGUE.add(
    "for-with-resume",
    first_match(
        when(d.has_resume == "UNKNOWN_BOOL", missing("projects.0.hasResume")),
        otherwise=d.has_resume == "TRUE",
    ),
    source=f"{SCORING}#L953-L965",
    spec="02, F66",
    quirks=("Q09",),
)
