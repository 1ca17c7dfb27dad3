"""What readers are told of the modelled population and of the market: ``texts.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bobanalysis.tables import load_yaml


@dataclass(frozen=True)
class Scale:
    """One defensible way to turn yearly offers and job seekers into offers per ten candidates.

    ``fr`` and ``en`` say it to readers; ``kind`` is ``rescaled`` (one factor over the whole table) or
    ``assumed`` (classes).
    """

    fr: str
    en: str
    kind: Literal["rescaled", "assumed"] = "rescaled"
    is_default: bool = False


@dataclass(frozen=True)
class Margin:
    """What a line of the fit is about; ``raked`` says whether the model was made to agree with it."""

    source: str
    fr: str
    en: str
    raked: bool = False


@dataclass(frozen=True)
class _Texts:
    scales: Mapping[str, Scale]
    margins: Mapping[str, Margin]
    limits: Mapping[str, dict[str, str]]


_READ = load_yaml(_Texts, Path(__file__).with_name("texts.yaml"))
SCALES, MARGINS, LIMITS = _READ.scales, _READ.margins, _READ.limits
