"""Findings, charts and pages: what a reader gets to see, in French and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bobanalysis.report.site import render

__all__ = ["findings", "render"]


def __getattr__(name: str) -> Any:
    """Load a part of the room when it is asked for: notebooks need the recorder, not the page page."""
    import importlib

    if name == "render":
        return importlib.import_module("bobanalysis.report.site").render
    if name in ("findings", "charts"):
        return importlib.import_module(f"bobanalysis.report.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
