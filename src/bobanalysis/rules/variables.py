"""The inputs that rules read: a data dictionary with types, labels and protected criteria."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml

from bobanalysis.text import Language as Language
from bobanalysis.text import Text

from .expr import Expr, Var

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads files of texts: the C reader, where there is one, is ten times faster."""

Kind = Literal["bool", "int", "float", "text", "enum"]


@dataclass(frozen=True)
class Choice:
    """One value of an enumerated input: its number (which gives the order), its name, its label."""

    number: int
    name: str
    label: Text


@dataclass(frozen=True)
class Protected:
    """Which legally protected criterion an input is (direct) or stands for (proxy), and by which law."""

    criterion: str
    how: Literal["direct", "proxy", "place-keyed data", "declared"]
    basis: str


@dataclass(frozen=True, eq=False)
class Variable:
    """One input of the rules.

    ``default`` is what the rules read where there is no answer; ``evidence`` says for the project's own
    data whether the figure is observed, rescaled or assumed. ``codes`` are numbers of a numeric input that
    stand for something else than a quantity (-1 for none, say). ``grid`` are values that an audit tries, with
    their names. A table of people may lack a ``joined`` input (its figure is looked up later) and an
    ``optional`` one (it then reads its default).
    """

    name: str
    kind: Kind
    label: Text
    default: bool | int | float | str
    unit: Text | None = None
    choices: tuple[Choice, ...] = ()
    protected: Protected | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    group: str = ""
    path: str = ""
    evidence: str = ""
    note: Text | None = None
    codes: tuple[Choice, ...] = ()
    grid: tuple[tuple[Any, Text], ...] = ()
    joined: bool = False
    optional: bool = False

    def number_of(self, name: str) -> int:
        """Return the number of the enumerated value ``name``; ValueError names the nearest."""
        for choice in self.choices:
            if choice.name == name:
                return choice.number
        near = get_close_matches(name.upper(), [c.name for c in self.choices], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{self.name}: {name!r} is not one of {[c.name for c in self.choices]}.{hint}")

    def choice(self, number: int) -> Choice | None:
        """Return the enumerated value numbered ``number``, or None if there is none."""
        return next((c for c in self.choices if c.number == number), None)

    def code(self, number: float) -> Text | None:
        """Return what a number stands for where it is no quantity, else None."""
        return next((c.label for c in self.codes if c.number == number), None)


@dataclass
class Dictionary(Mapping[str, Variable]):
    """The data dictionary: variables by name; attribute access gives the expression that reads one.

    >>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0)])
    >>> d.age >= 45
    (age >= 45)
    """

    variables: list[Variable]
    sets: dict[str, dict[str, Variable]] = field(default_factory=dict)
    tables: dict[str, dict[str, Variable]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the variables by name."""
        self._by_name = {v.name: v for v in self.variables}

    def __getitem__(self, name: str) -> Variable:
        """Return the variable called ``name``; KeyError that names the nearest one."""
        try:
            return self._by_name[name]
        except KeyError:
            near = get_close_matches(name, self._by_name, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise KeyError(f"{name!r} is not in the data dictionary{hint}") from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """Count the variables."""
        return len(self._by_name)

    def __getattr__(self, name: str) -> Any:
        """Return the expression that reads the variable ``name`` (or the multi-valued answer ``name``)."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.sets:
            return Answers(name, self.sets[name])
        if name in self.tables:
            return Figures(name, self.tables[name])
        try:
            return Var(self[name])
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    @classmethod
    def from_yaml(cls, path: Path) -> Dictionary:
        """Read a data dictionary; ValueError names the file, the entry and the field that is wrong.

        A ``set`` entry (a question with several answers) becomes one boolean variable a value, a ``table``
        entry (a figure for each value) one integer variable a value.
        """
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
        legal = entries.get("legal", {})
        variables: list[Variable] = []
        sets: dict[str, dict[str, Variable]] = {}
        tables: dict[str, dict[str, Variable]] = {}
        groups = entries.get("groups", {})
        for entry in entries["variables"]:
            try:
                absent = {k: entry.get("group") in groups.get(k, ()) for k in ("joined", "optional")}
                made = [replace(v, **absent) for v in _variables(entry, entries.get("enums", {}), legal)]
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, entry {entry.get('name', entry)!r}: {error!r}") from error
            variables += made
            if entry["kind"] in ("set", "table"):
                values = entries["enums"][entry["enum"]]
                members = {v["name"]: m for v, m in zip(values, made, strict=True)}
                (sets if entry["kind"] == "set" else tables)[entry["name"]] = members
        return cls(variables, sets, tables)


@dataclass(frozen=True)
class Answers:
    """A question with several answers: one boolean column for each value."""

    name: str
    members: Mapping[str, Variable]

    def has(self, value: str) -> Expr:
        """Return the condition that ``value`` was among the answers; ValueError if there is no such value."""
        if value not in self.members:
            near = get_close_matches(value.upper(), self.members, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{self.name}: {value!r} is not a value.{hint}")
        return Var(self.members[value])

    def has_any(self, *values: str) -> Expr:
        """Return the condition that at least one of ``values`` was among the answers."""
        result = self.has(values[0])
        for value in values[1:]:
            result = result | self.has(value)
        return result


@dataclass(frozen=True)
class Figures:
    """A figure for each value of an enumeration: one integer column a value."""

    name: str
    members: Mapping[str, Variable]

    def of(self, value: str) -> Expr:
        """Return the expression that reads the figure of ``value``; ValueError if there is no such value."""
        if value not in self.members:
            near = get_close_matches(value.upper(), self.members, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{self.name}: {value!r} is not a value.{hint}")
        return Var(self.members[value])


def _text(raw: dict[str, str] | None) -> Text | None:
    return None if raw is None else Text(raw["fr"], raw["en"])


def _grid(raw: Any) -> tuple[tuple[Any, Text], ...]:
    """Read ``{from: 16, to: 70}``, or a list of ``{value, fr, en}``."""
    if isinstance(raw, dict):
        return tuple((n, Text(str(n), str(n))) for n in range(raw["from"], raw["to"] + 1))
    return tuple((row["value"], Text(row["fr"], row["en"])) for row in raw)


def _protected(raw: dict[str, str] | None, legal: Mapping[str, str]) -> Protected | None:
    if raw is None:
        return None
    return Protected(raw["criterion"], raw["how"], legal[raw["basis"]])  # type: ignore[arg-type]


_DEFAULTS: dict[str, bool | int | float | str] = {
    "bool": False,
    "int": 0,
    "float": 0.0,
    "text": "",
    "enum": 0,
}


def _variables(
    entry: dict[str, Any], enums: dict[str, list[dict[str, Any]]], legal: Mapping[str, str]
) -> Iterator[Variable]:
    """Make the variable, or the boolean variables, that one entry of the file describes."""
    common = {
        "group": entry.get("group", ""),
        "path": entry.get("path", ""),
        "evidence": entry.get("evidence", ""),
        "note": _text(entry.get("note")),
        "codes": tuple(Choice(c["number"], "", Text(c["fr"], c["en"])) for c in entry.get("codes", ())),
    }
    label = Text(entry["label"]["fr"], entry["label"]["en"])
    unit = _text(entry.get("unit"))
    if entry["kind"] in ("set", "table"):
        kind: Kind = "bool" if entry["kind"] == "set" else "int"
        default = entry.get("default", _DEFAULTS[kind])
        for value in enums[entry["enum"]]:
            member = Text(f"{label.fr} : {value['fr']}", f"{label.en}: {value['en']}")
            protected = _protected(value.get("protected", entry.get("protected")), legal)
            name = f"{entry['stem']}_{value['name'].lower()}"
            yield Variable(name, kind, member, default, unit=unit, protected=protected, **common)
        return
    choices = tuple(
        Choice(v["number"], v["name"], Text(v["fr"], v["en"])) for v in enums.get(entry.get("enum", ""), ())
    )
    yield Variable(
        entry["name"],
        entry["kind"],
        label,
        entry.get("default", _DEFAULTS[entry["kind"]]),
        unit=unit,
        choices=choices,
        protected=_protected(entry.get("protected"), legal),
        minimum=entry.get("minimum"),
        maximum=entry.get("maximum"),
        pattern=entry.get("pattern"),
        grid=_grid(entry.get("grid", ())),
        **common,
    )
