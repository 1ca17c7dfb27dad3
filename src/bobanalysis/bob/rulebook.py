"""Every published rule, and what to call in a text what rules name."""

from __future__ import annotations

from functools import cache

from bobanalysis.rules import Text

from .catalogue import TITLES, Catalogue
from .diagnosis import Relevance, challenges
from .models import CATALOGUE


def catalogue() -> Catalogue:
    """Return the catalogue with every published rule in it.

    >>> catalogue()["for-old(50)"].expr
    (age > 50)
    """
    return CATALOGUE


@cache
def titles() -> dict[str, Text]:
    """Return what to call in a text what rules name: rules, steps, shared computations, missing fields.

    Rules that follow a pattern are not in it: see ``PublishedRule.title``.

    >>> titles()["for-women"].fr, titles()["projects.0.kind"].en
    ('femme', 'the aim of the search')
    """
    found = {name: model.title for name, model in catalogue().models.items() if model.title}
    for part in ("parts", "fields"):
        found |= {name: Text(**text) for name, text in TITLES[part].items()}
    steps = TITLES["steps"]
    for c in challenges():
        relevant = (c.column, "relevance"), (f"{c.column}={Relevance.NEEDS_ATTENTION}", "needs_attention")
        for name, key in relevant:
            fr, en = (steps[key][k].format(challenge=c.label.get(k)) for k in ("fr", "en"))
            found[name] = Text(fr, en)
        found[c.id] = c.label
    return found | {n: Text(**steps[n]) for n in ("main_challenge", "overall_row", "overall_score")}
