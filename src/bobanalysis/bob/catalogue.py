"""The catalogue of Bob's published rules: found by name, as the published code finds them.

``rules.yaml`` says of each rule what a reader needs to check it: where it stands in the published code, the
paragraph of the specification, the quirks that it keeps; and it holds the rules that are one condition.
``tables.yaml`` holds the decision tables; the rules that compute are registered by ``models``. Names that
follow a pattern, such as ``for-old(50)``, are one definition: a *family*. ``rulebook.catalogue()`` gives the
catalogue with everything in it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from bobanalysis.algorithm import PublishedRule
from bobanalysis.rules import (
    Dictionary,
    Expr,
    Named,
    Text,
    all_of,
    any_of,
    as_expr,
    error,
    first_match,
    largest,
    missing,
    passes,
    smallest,
    when,
)
from bobanalysis.tables import load_yaml

from .configuration import advice_modules

UPSTREAM_COMMIT = "6bdbeec316c75ee7a2a01421555ccea820c6727c"
DICTIONARY = Dictionary.from_yaml(Path(__file__).with_name("dictionary.yaml"))


def _yaml(name: str) -> dict[str, Any]:
    return load_yaml(dict[str, Any], Path(__file__).with_name(name))


TITLES = _yaml("titles.yaml")
_ADVICE = {module.trigger: module.label for module in advice_modules()}
_ROWS = {part: {row["name"]: row for row in rows} for part, rows in _yaml("rules.yaml").items()}
_COMPARISONS: dict[str, Callable[..., Expr]] = {
    **{"==": operator.eq, "!=": operator.ne},
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    "is": lambda read, held: read if held else ~read,
    "in": lambda read, held: read.is_in(*parts(held)),
    "starts": lambda read, held: read.starts_with(*parts(held)),
    "has": lambda read, held: read.has(held),
    "has any": lambda read, held: read.has_any(*held),
}


@dataclass(frozen=True)
class Family:
    """Rules whose names follow a pattern: one definition, ``build``, called with what the name holds."""

    name: str  # the start that the names have in common, without the mark that ends it
    pattern: re.Pattern[str]
    build: Callable[..., Expr]
    source: str
    spec: str
    quirks: tuple[str, ...]

    @property
    def title(self) -> Text:
        """Return what to call the family in a text."""
        return Text(**TITLES["families"][self.name]["title"])

    @property
    def example(self) -> str:
        """Return the name of a typical member."""
        return str(TITLES["families"][self.name]["example"])


@dataclass
class Catalogue:
    """Rules by exact name, then by pattern."""

    models: dict[str, PublishedRule] = field(default_factory=dict)
    families: list[Family] = field(default_factory=list)
    _made: dict[str, PublishedRule] = field(default_factory=dict)

    def add(self, name: str, *table: Expr, **last: Any) -> Named:
        """Register a rule that ``rules.yaml`` lists; return the expression that other rules use it by.

        Parameters: ``table``, the expression, or the rows of a decision table whose ``last`` row is given by
        name (``otherwise``, maybe ``because``).
        """
        if name in self.models:
            raise ValueError(f"rule {name!r} is registered twice")
        title = Text(**TITLES["rules"][name]) if name in TITLES["rules"] else _ADVICE.get(name)
        expr = first_match(*table, **last) if last else table[0]  # type: ignore[arg-type]
        self.models[name] = PublishedRule(name, expr, title=title, **_provenance(_ROWS["rules"][name]))
        return Named(name, expr)

    def add_written(self) -> None:
        """Register the conditions and families of ``rules.yaml``, then the decision tables."""
        for name, row in _ROWS["rules"].items():
            if "is" in row:
                self.add(name, self._read(row["is"]))
        for row in _ROWS["families"].values():
            if "input" in row:
                self.family(row["pattern"])(partial(_compared, row["input"], row["op"]))
        tables = _yaml("tables.yaml")
        for name, table in tables["scores"].items():
            self.add(name, self._table(table))
        for name, table in tables["out of 100"].items():
            self.add(name, hundred(self._table(table)))

    def _table(self, table: Sequence[Mapping[str, Any]]) -> Expr:
        *rows, last = ({"because": (), **row, "then": self._read(row["then"])} for row in table)
        decided = (when(self._read(row["if"]), row["then"], row["because"]) for row in rows)
        return first_match(*decided, otherwise=last["then"], because=last["because"])

    def _read(self, written: Any) -> Expr:
        """Return what ``tables.yaml`` writes: a comparison, several, a refusal to answer, or a value."""
        match written:
            case [name]:
                return self.use(name) if name in self.models else getattr(DICTIONARY, name)
            case [{"rounded": name}, op, value]:
                return _COMPARISONS[op](getattr(DICTIONARY, name).round(), value)
            case [name, op, {"input": other}]:
                return _COMPARISONS[op](getattr(DICTIONARY, name), getattr(DICTIONARY, other))
            case [name, op, value]:
                condition = _COMPARISONS[op.removeprefix("not ")](getattr(DICTIONARY, name), value)
                return ~condition if op.startswith("not ") else condition
            case {"all": conditions}:
                return all_of(*map(self._read, conditions))
            case {"any": conditions}:
                return any_of(*map(self._read, conditions))
            case {"missing": fields}:
                return missing(*fields)
            case {"error": name}:
                return error(name)
        return as_expr(written)

    def family(self, pattern: str) -> Callable[[Callable[..., Expr]], Callable[..., Expr]]:
        """Register the function below as the definition of every name that matches ``pattern`` entirely.

        The function gets the captured texts; a ValueError from it means that there is no such rule.
        """

        def register(build: Callable[..., Expr]) -> Callable[..., Expr]:
            name = re.split(r"-?\\?\(", pattern)[0]
            said = _provenance(_ROWS["families"][name])
            self.families.append(Family(name, re.compile(pattern), build, **said))
            self.families.sort(key=lambda family: [*_ROWS["families"]].index(family.name))
            return build

        return register

    def __getitem__(self, name: str) -> PublishedRule:
        """Return the rule called ``name``; KeyError that names the nearest one if there is none."""
        if (found := self._find(name)) is None:
            near = get_close_matches(name, self.models, n=1)
            raise KeyError(f"no rule is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return found

    def __contains__(self, name: str) -> bool:
        """Tell whether a rule is called ``name``."""
        try:
            return self._find(name) is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        """Iterate over the exact names, in the order of ``rules.yaml``."""
        return (name for name in _ROWS["rules"] if name in self.models)

    def use(self, name: str) -> Named:
        """Return the expression by which another rule uses the rule called ``name``."""
        return Named(name, self[name].expr)

    def check(self, names: Iterable[str]) -> Expr:
        """Return the condition that filters all pass, read up to the first that does not (spec 01 §4.5)."""
        return all_of(*(passes(self.use(name)) for name in names))

    def _find(self, name: str) -> PublishedRule | None:
        if (known := self.models.get(name) or self._made.get(name)) is not None:
            return known
        for family in self.families:
            # The published code tolerates one trailing line feed after a pattern, not after an exact name.
            match = family.pattern.fullmatch(name.removesuffix("\n"))
            if match is None:
                continue
            try:
                expr = family.build(*match.groups())
            except (ValueError, KeyError) as error:
                raise KeyError(f"no rule is called {name!r}: {error.args[0]}") from error
            title, pattern = self._member_title(family, match.groups()), family.pattern.pattern
            made = PublishedRule(name, expr, family.source, family.spec, title, family.quirks, pattern)
            return self._made.setdefault(name, made)
        return None

    def _member_title(self, family: Family, held: tuple[str, ...]) -> Text:
        """Return what to call a member of a family, from what its name holds."""
        texts = TITLES["families"][family.name]
        said = [self._said(held[i], how) for i, how in enumerate(texts["says"])]
        fr, en = ([text.get(lang) for text in said] for lang in ("fr", "en"))  # type: ignore[arg-type]
        return Text(texts["member"]["fr"].format(*fr), texts["member"]["en"].format(*en))

    def _said(self, held: str, how: str) -> Text:
        if how == "rule":
            return self[held].title or Text(held, held)
        if how == "number":
            return Text(held.replace(".", ","), held)
        if how in ("codes", "text"):
            text = ", ".join(parts(held))
            return Text(text, text)
        labels = [_answer(how, part) for part in parts(held)]
        return Text(", ".join(t.fr for t in labels), ", ".join(t.en for t in labels))


def _answer(question: str, name: str) -> Text:
    """Return the label of one answer to a question of the dictionary."""
    members = DICTIONARY.sets.get(question) or DICTIONARY.tables.get(question)
    if members is None:
        variable = DICTIONARY[question]
        choice = variable.choice(variable.number_of(name))
        assert choice is not None
        return choice.label
    label = members[name].label
    return Text(label.fr.rsplit(" : ", 1)[1], label.en.rsplit(": ", 1)[1])


def parts(held: str | Sequence[str]) -> list[str]:
    """Split a list of a rule's name on commas; an empty part stays (Q27).

    >>> parts("75, 93,")
    ['75', '93', '']
    """
    return [part.strip() for part in held.split(",")] if isinstance(held, str) else [*held]


def _compared(name: str, op: str, held: str) -> Expr:
    """Return the comparison of an input with what the name of a rule holds."""
    read = getattr(DICTIONARY, name)
    if op in ("in", "starts", "has"):
        return _COMPARISONS[op](read, held)
    variable = DICTIONARY[name]
    return _COMPARISONS[op](read, variable.number_of(held) if variable.choices else int(held))


def step(name: str, *rows: Any, **last: Any) -> Named:
    """Return a decision table that rules share, under a name."""
    return Named(name, first_match(*rows, **last))


def hundred(raw: Expr | float) -> Expr:
    """Return a raw value out of 100 on the 0–3 scale (spec 01 §4.2)."""
    return smallest(largest(raw, 0), 100) * 3 / 100


def _provenance(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"source": row["source"], "spec": row["spec"], "quirks": tuple(row.get("quirks", ()))}


CATALOGUE = Catalogue()
rule = CATALOGUE.add
CATALOGUE.add_written()
