"""The catalogue of Bob's published rules: found by name, as the published code finds them.

A rule is registered with what a reader needs to check it: where it stands in the published code (file and
lines at the audited commit), the paragraph of the specification, the quirks that it keeps. Names that follow
a pattern, such as ``for-old(50)``, are one definition: a *family*.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from bobanalysis.rules import Dictionary, Expr, Named, Text, all_of, first_match, is_condition, passes, when

UPSTREAM_COMMIT = "6bdbeec316c75ee7a2a01421555ccea820c6727c"
DICTIONARY = Dictionary.from_yaml(Path(__file__).with_name("dictionary.yaml"))


@dataclass(frozen=True)
class Model:
    """One published rule.

    ``expr`` is a condition (a filter: 3 where it holds, 0 elsewhere) or a score. ``source`` is the file and
    the lines in the published code, ``spec`` the paragraph of the specification, ``quirks`` the numbers of
    what the rule does otherwise than its name says, ``family`` the pattern that its name follows.
    """

    name: str
    expr: Expr
    source: str
    spec: str
    title: Text | None = None
    quirks: tuple[str, ...] = ()
    family: str = ""

    @property
    def is_filter(self) -> bool:
        """Tell whether the rule is a condition."""
        return is_condition(self.expr)

    @property
    def score(self) -> Expr:
        """Return the rule as a score: a filter gives 3 or 0."""
        return first_match(when(self.expr, 3), otherwise=0) if self.is_filter else self.expr


@dataclass(frozen=True)
class _Family:
    pattern: re.Pattern[str]
    build: Callable[..., Expr]
    source: str
    spec: str
    quirks: tuple[str, ...]


@dataclass
class Catalogue:
    """Rules by exact name, then by pattern."""

    models: dict[str, Model] = field(default_factory=dict)
    families: list[_Family] = field(default_factory=list)
    _made: dict[str, Model] = field(default_factory=dict)

    def add(
        self,
        name: str,
        expr: Expr,
        *,
        source: str,
        spec: str,
        title: Text | None = None,
        quirks: tuple[str, ...] = (),
    ) -> Named:
        """Register a rule and return the expression that other rules use it by."""
        if name in self.models:
            raise ValueError(f"rule {name!r} is registered twice")
        self.models[name] = Model(name, expr, source, spec, title, quirks)
        return Named(name, expr)

    def family(
        self, pattern: str, *, source: str, spec: str, quirks: tuple[str, ...] = ()
    ) -> Callable[[Callable[..., Expr]], Callable[..., Expr]]:
        """Register the function below as the definition of every name that matches ``pattern`` entirely.

        The function gets the captured texts; a ValueError from it means that there is no such rule.
        """

        def register(build: Callable[..., Expr]) -> Callable[..., Expr]:
            self.families.append(_Family(re.compile(pattern), build, source, spec, quirks))
            return build

        return register

    def __getitem__(self, name: str) -> Model:
        """Return the rule called ``name``; KeyError that names the nearest one if there is none."""
        if name not in self.models and name not in self._made:
            self._made[name] = self._from_family(name)
        return self.models.get(name) or self._made[name]

    def __contains__(self, name: str) -> bool:
        """Tell whether a rule is called ``name``."""
        try:
            self[name]
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        """Iterate over the exact names, in order of registration."""
        return iter(self.models)

    def use(self, name: str) -> Named:
        """Return the expression by which another rule uses the rule called ``name``."""
        return Named(name, self[name].expr)

    def check(self, names: Iterable[str]) -> Expr:
        """Return the condition that filters all pass, read up to the first that does not (spec 01 §4.5)."""
        return all_of(*(passes(self.use(name)) for name in names))

    def _from_family(self, name: str) -> Model:
        for family in self.families:
            # The published code tolerates one trailing line feed after a pattern, not after an exact name.
            match = family.pattern.fullmatch(name.removesuffix("\n"))
            if match is None:
                continue
            try:
                expr = family.build(*match.groups())
            except (ValueError, KeyError) as error:
                raise KeyError(f"no rule is called {name!r}: {error.args[0]}") from error
            return Model(name, expr, family.source, family.spec, None, family.quirks, family.pattern.pattern)
        near = get_close_matches(name, self.models, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise KeyError(f"no rule is called {name!r}{hint}")


CATALOGUE = Catalogue()


@cache
def catalogue() -> Catalogue:
    """Return the catalogue with every published rule in it."""
    from . import models  # registers the rules

    return models.CATALOGUE


__all__ = ["CATALOGUE", "DICTIONARY", "UPSTREAM_COMMIT", "Catalogue", "Model", "catalogue"]
