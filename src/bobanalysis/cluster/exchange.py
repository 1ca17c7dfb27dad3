"""Folders that change as a whole: whoever looks at one, or stops what makes it, finds the old or the new."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

CALLS = {
    "renameat2": lambda call, a, b: call(-100, a, -100, b, 2),
    "renamex_np": lambda call, a, b: call(a, b, 2),
}
"""How Linux and macOS exchange two names; -100 is the working folder, 2 asks for the exchange."""


def exchange(new: Path, old: Path) -> None:
    """Put a folder in the place of another in one step, and the other in its place.

    A file system that can not do that takes three steps; what one of them leaves aside `restore` puts back.
    """
    if not old.exists():
        new.replace(old)
    elif not _exchanged(os.fsencode(new), os.fsencode(old)):
        old.replace(_aside(old))
        new.replace(old)
        _aside(old).replace(new)


def restore(folder: Path) -> None:
    """Put back what an exchange left aside when it was stopped between two steps."""
    if _aside(folder).exists() and folder.exists():
        shutil.rmtree(_aside(folder))
    elif _aside(folder).exists():
        _aside(folder).replace(folder)


def _exchanged(new: bytes, old: bytes) -> bool:
    """Ask the system to exchange two names; return whether it did."""
    system = ctypes.CDLL(None)
    known = (how(getattr(system, name), new, old) for name, how in CALLS.items() if hasattr(system, name))
    return 0 in known


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}-before")
