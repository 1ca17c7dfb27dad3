"""What the published rules do otherwise than their names or texts say, shown on the smallest person.

The texts and the people stand in `data/quirks/*.yaml`. Each quirk that the engine can show carries cases: a
person of whom only what matters is filled in, and what the rules answer. Quirks that rest on reading alone
say so, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from bobanalysis.rules import Text

FOLDER = Path(__file__).parents[3] / "data" / "quirks"


@dataclass(frozen=True)
class Quirk:
    """One quirk: what the name or text promises, what is published, what would repair it.

    ``evidence`` is "shown" (its ``cases`` are run by the engine) or "read" (only the published text supports
    it; ``unshown`` says why the engine cannot). ``touches`` names the condition that picks those concerned.
    """

    id: str
    title: Text
    promise: Text
    published: Text
    repair: Text
    evidence: str
    criteria: tuple[str, ...]
    rules: tuple[str, ...]
    source: tuple[str, ...]
    cases: tuple[Mapping[str, Any], ...] = ()
    touches: str = ""
    unshown: Text | None = None


@cache
def quirks() -> Mapping[str, Quirk]:
    """Return the quirks by id, in the order of their files."""
    found: dict[str, Quirk] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for raw in yaml.safe_load(path.read_text("utf-8")) or []:
            texts = {k: Text(**raw.pop(k)) for k in ("title", "promise", "published", "repair", "unshown") if k in raw}
            lists = {k: tuple(raw.pop(k, ())) for k in ("criteria", "rules", "source", "cases")}
            found[raw["id"]] = Quirk(**raw, **texts, **lists)
    return MappingProxyType(found)
