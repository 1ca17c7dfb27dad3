"""Former names of `sheets`, for notebook 14."""

from bobanalysis.report.sheets import CONFIDENCES, FIELD_STATUSES, STATUSES, privacy, register
from bobanalysis.report.sheets import citizen_questions as ledger


def rules_in_use() -> tuple[str, ...]:
    """Return the names of the rules that the diagnosis, advice, strategies or actions reach, sorted."""
    from bobanalysis.bob.uses import rules_in_use as in_use

    return tuple(sorted(in_use()))


__all__ = ["CONFIDENCES", "FIELD_STATUSES", "STATUSES", "ledger", "privacy", "register", "rules_in_use"]
