"""The data dictionary: the inputs that rules read, checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bobanalysis.tables import InputError, read_yaml
from bobanalysis.text import Text

from .expr import KINDS, Choice, Expr, Protected, Var, Variable, any_of, did_you_mean


class Dictionary(dict[str, Variable]):
    """The data dictionary: variables by name; attribute access gives the expression that reads one.

    Args:
        variables: the inputs.
        sets: questions with several answers: name → answer → its boolean variable.
        tables: figures for each value of an enumeration: name → value → its variable.

    Raises:
        ValueError: an entry cannot be used; the message names it and says what to do.

    Example:
        >>> d = Dictionary([Variable("age", "int", Text("âge", "age"), 0)])
        >>> d.age >= 45
        (age >= 45)
    """

    def __init__(
        self,
        variables: Iterable[Variable],
        sets: Mapping[str, Mapping[str, Variable]] | None = None,
        tables: Mapping[str, Mapping[str, Variable]] | None = None,
    ) -> None:
        """Check the variables and index them by name."""
        super().__init__()
        self.sets, self.tables = sets or {}, tables or {}
        for variable in variables:
            if wrong := _fault(variable, self):
                raise ValueError(f"data dictionary, entry {variable.name!r}: {wrong}")
            self[variable.name] = variable
        for name in (*self.sets, *self.tables):
            if _is_reserved(name):
                raise ValueError(f"data dictionary, entry {name!r}: {_RESERVED}")

    def __missing__(self, name: str) -> Variable:
        """Refuse a name that is not there; KeyError that names the nearest one."""
        hint = did_you_mean(name, self).replace(" D", "; d")
        raise KeyError(f"{name!r} is not in the data dictionary{hint}")

    def __getattr__(self, name: str) -> Any:
        """Return the expression that reads the variable ``name`` (or the multi-valued answer ``name``)."""
        if name.startswith("_"):
            raise AttributeError(name)
        if (members := self.sets.get(name) or self.tables.get(name)) is not None:
            return Members(name, members)
        try:
            return Var(self[name])
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    @classmethod
    def from_yaml(cls, path: Path) -> Dictionary:
        """Read a data dictionary; InputError names the file, the entry and the field that is wrong.

        A ``set`` entry (a question with several answers) becomes one boolean variable a value, a ``table``
        entry (a figure for each value) one integer variable a value.
        """
        try:
            return cls._of(read_yaml(path))
        except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError) as error:
            why = error.args[0] if type(error) is ValueError else repr(error)
            raise InputError(f"{path.name}{'' if why[:1] == ',' else ': '}{' '.join(why.split())}") from error

    @classmethod
    def _of(cls, entries: Mapping[str, Any]) -> Dictionary:
        variables: list[Variable] = []
        grouped: dict[str, dict[str, dict[str, Variable]]] = {"set": {}, "table": {}}
        groups, legal = entries.get("groups", {}), entries.get("legal", {})
        for entry in entries["variables"]:
            try:
                joined, optional = (entry.get("group") in groups.get(k, ()) for k in ("joined", "optional"))
                made = [
                    replace(v, joined=joined, optional=optional)
                    for v in _variables(entry, entries.get("enums", {}), legal)
                ]
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f", entry {entry.get('name', entry)!r}: {error!r}") from error
            variables += made
            if entry["kind"] in grouped:
                names = (value["name"] for value in entries["enums"][entry["enum"]])
                grouped[entry["kind"]][entry["name"]] = dict(zip(names, made, strict=True))
        return cls(variables, grouped["set"], grouped["table"])


_RESERVED = "the name is one that the dictionary uses itself; choose another name"


def _is_reserved(name: str) -> bool:
    return name.startswith("_") or hasattr(Dictionary, name) or name in ("sets", "tables")


def _fault(variable: Variable, before: Mapping[str, Variable]) -> str:
    """Say what is wrong with a variable; empty if nothing is."""
    kind, default = variable.kind, variable.default
    if variable.name in before:
        return "the name is there twice; rename one of the two"
    if _is_reserved(variable.name):
        return _RESERVED
    if kind not in KINDS:
        return f"the kind {kind!r} is not one of {', '.join(KINDS)}; use one of these"
    if not isinstance(default, KINDS[kind].types) or isinstance(default, bool) is not (kind == "bool"):
        return f"the default {default!r} is not of kind {kind}; give one that is"
    if kind == "enum" and variable.choices and variable.choice(int(default)) is None:
        known = ", ".join(f"{c.number} ({c.name})" for c in variable.choices)
        return f"the default {default!r} is not among the choices: {known}; give the number of one of them"
    return ""


@dataclass(frozen=True)
class Members:
    """A question with several answers, or a figure for each value: one column a value."""

    name: str
    members: Mapping[str, Variable]

    def of(self, value: str) -> Expr:
        """Return the expression that reads the column of ``value``; ValueError if there is no such value."""
        if value not in self.members:
            hint = did_you_mean(value.upper(), self.members)
            raise ValueError(f"{self.name}: {value!r} is not a value.{hint}")
        return Var(self.members[value])

    has = of

    def has_any(self, *values: str) -> Expr:
        """Return the condition that at least one of ``values`` was among the answers."""
        return any_of(*map(self.of, values))


def _text(raw: Mapping[str, Any] | None) -> Any:
    return None if raw is None else Text(raw["fr"], raw["en"])


def _choices(raw: Any) -> tuple[Choice, ...]:
    return tuple(Choice(c["number"], c.get("name", ""), _text(c)) for c in raw)


def _grid(raw: Any) -> tuple[tuple[Any, Text], ...]:
    """Read ``{from: 16, to: 70}``, or a list of ``{value, fr, en}``."""
    if isinstance(raw, dict):
        return tuple((n, Text(str(n), str(n))) for n in range(raw["from"], raw["to"] + 1))
    return tuple((row["value"], _text(row)) for row in raw)


def _variables(
    entry: dict[str, Any], enums: dict[str, list[dict[str, Any]]], legal: Mapping[str, str]
) -> Iterator[Variable]:
    """Make the variable, or the variables of the members, that one entry of the file describes."""
    kind, label, choices = entry["kind"], _text(entry["label"]), enums.get(entry.get("enum", ""), [])
    kind = {"set": "bool", "table": "int"}.get(kind, kind)
    common: dict[str, Any] = {
        **{key: entry.get(key, "") for key in ("group", "path", "evidence")},
        **{key: _text(entry.get(key)) for key in ("note", "unit")},
        "codes": _choices(entry.get("codes", ())),
        "default": entry.get("default", KINDS[kind].default if kind in KINDS else 0),
    }

    def protected(raw: Any) -> Protected | None:
        return raw and Protected(raw["criterion"], raw["how"], legal[raw["basis"]])

    law = entry.get("protected")
    if kind != entry["kind"]:
        for value in choices:
            member = Text(f"{label.fr} : {value['fr']}", f"{label.en}: {value['en']}")
            name, own = f"{entry['stem']}_{value['name'].lower()}", protected(value.get("protected", law))
            yield Variable(name, kind, member, protected=own, **common)
        return
    common |= {key: entry.get(key) for key in ("minimum", "maximum", "pattern")}
    common |= {
        "choices": _choices(choices),
        "grid": _grid(entry.get("grid", ())),
        "required": entry.get("required", False),
        "protected": protected(law),
    }
    yield Variable(entry["name"], kind, label, **common)
