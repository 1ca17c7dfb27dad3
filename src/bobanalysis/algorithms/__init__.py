"""The algorithms that are audited, by name, ready to run.

>>> names()
['bob', 'ams', 'duo']
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import Algorithm
from bobanalysis.tables import InputError


def _bob(
    market: Path | None = None, scale: str | None = None, only_diagnosis: bool = False, figures: bool = True
) -> Algorithm:
    """Return Bob on open market figures of a scale, on a folder of Bob's own market documents, or on none."""
    from bobanalysis.bob import Bob, Market, NoFigures

    if not figures:
        return Bob(NoFigures())
    from bobanalysis.recommenders.market import french_market

    open_figures = french_market(scale) if scale else french_market()
    figures_of = open_figures if market is None else Market.from_documents(market)
    return Bob(figures_of, only_diagnosis=only_diagnosis)


def _ams() -> Algorithm:
    from bobanalysis.algorithms.ams import ams

    return ams()


def _duo() -> Algorithm:
    from bobanalysis.algorithms.duo import duo

    return duo()


_LOADERS: dict[str, Callable[..., Algorithm]] = {"bob": _bob, "ams": _ams, "duo": _duo}


def names() -> list[str]:
    """Return the names of the algorithms."""
    return [*_LOADERS]


def load(name: str, *, figures: bool = True, **options: Any) -> Algorithm:
    """Return an algorithm ready to run.

    Args:
        name: One of ``names``.
        figures: False, to read its rules only: figures of places and jobs, if it has any, stay unread.
        options: What the algorithm can be asked for; None counts as not asked. Bob: ``market`` (folder of
            market documents), ``scale`` (of the open figures), ``only_diagnosis``.

    Raises:
        InputError: No such algorithm, or it has no such option.
    """
    if name not in _LOADERS:
        near = get_close_matches(name, _LOADERS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"no algorithm is called {name!r}; there are {', '.join(names())}.{hint}")
    asked = {k: v for k, v in options.items() if v not in (None, False)}
    asked |= {"figures": False} if name == "bob" and not figures else {}
    try:
        return _LOADERS[name](**asked)
    except TypeError as error:
        raise InputError(f"{name} cannot be asked for {', '.join(asked)} ({error}).") from error
