"""Rules on the languages of the place and of the job. In France only French counts; in Brussels Dutch too."""

from collections.abc import Mapping
from itertools import combinations

from bobanalysis.rules import Expr, Named, all_of, any_of, attempt, first_match, first_not_zero, missing, when
from bobanalysis.rules.expr import Row

from ..catalogue import CATALOGUE
from ..catalogue import DICTIONARY as d
from .challenges import NEUTRAL, NOT_RELEVANT, RELEVANT_AND_GOOD

# Jobs that need the language spoken and written, and those that need it spoken (M1025 is no job group: M34).
WRITTEN_JOBS = (
    *("M1025", "M1203", "M1501", "M1502"),
    *("M1601", "M1602", "M1604", "M1605", "M1607", "M1608", "M1609"),
)
SPOKEN_JOBS = ("G17", "G18", "D12")

in_brussels = d.departement_id == "BRU"
SPOKEN = {"fr": d.speaks_french, "nl": d.speaks_dutch}
WRITTEN = {"fr": d.writes_french, "nl": d.writes_dutch}


def in_use(language: str, condition: Expr) -> Expr:
    """Return the condition, for a language that is used in the place."""
    return in_brussels & condition if language == "nl" else condition


def unknown(knowledge: Mapping[str, Expr], field: str) -> dict[str, Expr]:
    """Return the fields of what is not known of each language, with when each is missing."""
    return {
        f"profile.languages.{language}.{field}": in_use(language, known == "UNKNOWN_BOOL")
        for language, known in knowledge.items()
    }


def lacking(fields: Mapping[str, Expr]) -> list[Row]:
    """Return the rows that refuse to answer, with all the fields that are missing.

    >>> from bobanalysis.bob.catalogue import DICTIONARY as d
    >>> lacking({"a": d.age < 0, "b": d.age > 9})[0]
    when(((age < 0) & (age > 9)), missing('a', 'b'))
    """
    return [
        when(all_of(*(fields[f] for f in some)), missing(*some))
        for size in range(len(fields), 0, -1)
        for some in combinations(fields, size)
    ]


def over_projects(condition: Expr) -> Expr:
    """Return the condition that one of the person's projects meets a condition."""
    return first_not_zero(first_match(when(condition, 1), otherwise=0), d.user, d.project) > 0


missing_language = CATALOGUE.add(
    "for-missing-language",
    first_match(
        when(any_of(*(in_use(k, v == "TRUE") for k, v in SPOKEN.items())), False),
        *lacking(unknown(SPOKEN, "hasSpokenKnowledge")),
        otherwise=True,
    ),
)

written = Named("job that needs writing", over_projects(d.rome_id.starts_with(*WRITTEN_JOBS)))
spoken = Named("job that needs speaking", over_projects(d.rome_id.starts_with(*WRITTEN_JOBS, *SPOKEN_JOBS)))

CATALOGUE.add(
    "for-missing-job-language",
    first_match(
        when(~spoken, False),
        when(any_of(*(in_use(k, v == "FALSE") for k, v in SPOKEN.items())), True),
        when(written & any_of(*(in_use(k, v == "FALSE") for k, v in WRITTEN.items())), True),
        *lacking(
            unknown(SPOKEN, "hasSpokenKnowledge")
            | {f: written & c for f, c in unknown(WRITTEN, "hasWrittenKnowledge").items()}
        ),
        otherwise=False,
    ),
)
CATALOGUE.add(
    "language-relevance",
    first_match(
        when(~in_brussels, NOT_RELEVANT),
        otherwise=attempt(
            first_match(when(missing_language, RELEVANT_AND_GOOD), otherwise=RELEVANT_AND_GOOD),
            with_fields=NEUTRAL,
            without_fields=NEUTRAL,
        ),
    ),
)
