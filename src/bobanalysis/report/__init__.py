"""Findings, charts and pages: what a reader gets to see, in French and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bobanalysis.report.site import render

__all__ = ["render"]


def __getattr__(name: str) -> Any:
    """Load what renders when it is asked for: notebooks need the recorder, not the pages."""
    if name == "render":
        from bobanalysis.report.site import render

        return render
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
