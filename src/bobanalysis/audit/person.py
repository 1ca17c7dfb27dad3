"""One person before an algorithm: what they are answered, and what they would be answered otherwise.

Whatever is said of a change here is found by running the whole algorithm again with that change, never by
reasoning about one rule alone.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from bobanalysis.algorithm import Algorithm, Result
from bobanalysis.rules import Change, Dictionary, Expr, Trace, candidates, trace
from bobanalysis.tables import InputError, short
from bobanalysis.validation import record_faults, validate

NOW = "2022-06-29T00:00:00"
CORRECT = "Correct it, or leave it out (that counts as no answer)"
LISTED = "`bobanalysis columns`, with the same --algorithm, lists what is known."


@dataclass(frozen=True)
class Answers:
    """What an algorithm answers one person.

    Args:
        values: By outcome: a category, a number, or the items of a list with their scores, best first.
        details: By list outcome and further column, what it says of each item.
        error: What stopped the algorithm: then nothing is answered.
        known: Whether looked-up figures are known.
    """

    values: Mapping[str, Any]
    details: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    error: str | None = None
    known: bool = True

    @classmethod
    def of(cls, algorithm: Algorithm, row: Mapping[str, Any]) -> Answers:
        """Read one row of ``Algorithm.run``."""
        values: dict[str, Any] = {}
        details: dict[str, Mapping[str, Any]] = {}
        for outcome in algorithm.outcomes:
            value = row[outcome.column]
            if outcome.kind == "list":
                items = list(value or ())
                scores = (row[outcome.scores] if outcome.scores else None) or [None] * len(items)
                rounded = [round(s, 6) if isinstance(s, float) else s for s in scores]
                value = dict(zip(items, rounded, strict=True))
                details |= {c: dict(zip(items, row[c] or (), strict=True)) for c in outcome.details}
            values[outcome.id] = value
        known = bool(row[algorithm.known_column]) if algorithm.known_column else True
        return cls(values, details, row[algorithm.error_column] if algorithm.error_column else None, known)


@cache
def _loader() -> Any:
    """Return a reader of YAML that leaves dates as they are written, as JSON does; few files are YAML."""

    class Plain(yaml.SafeLoader):
        """Has a table of its own."""

    Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    return Plain


def read_person(path: Path, *, text: str | None = None) -> Any:
    """Return what a file says of a person: one of an algorithm's records, or inputs by name.

    Parameters: `path`, a JSON file, or a YAML one (`.yaml`, `.yml`); `text`, what it holds, if it was read
    already. Raises InputError that names the file and says what to do.
    """
    try:
        text = path.read_text("utf-8-sig") if text is None else text
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file. Give the path of a JSON file with one person.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Give a text file in UTF-8.") from error
    try:
        held = json.dumps(yaml.load(text, _loader())) if path.suffix in (".yaml", ".yml") else text
        return json.loads(held)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {' '.join(str(error).split())}. Correct it.") from error


@dataclass(frozen=True)
class Person:
    """One person before an algorithm.

    Args:
        algorithm: Ready to run.
        rows: The person's rows, validated; several where they have several projects, say.
        at: Which row is asked about. Figures that the rows hold win over those that are looked up.
    """

    algorithm: Algorithm
    rows: pl.DataFrame
    at: int = 0

    @classmethod
    def of(
        cls,
        given: Any,
        algorithm: Algorithm,
        *,
        now: str = NOW,
        project: int = 0,
        file: str = "person",
        strict: bool = True,
    ) -> Person:
        """Return the person that a record or a mapping of inputs describes.

        Args:
            given: One of the algorithm's own records, or inputs by their names in the data dictionary,
                enumerated values by name, several answers as a list (a list of such mappings: the rows of one
                person).
            algorithm: Ready to run.
            now: Instant of the computation (ISO 8601), from which records take ages.
            project: Place of the row that is asked about, from 0.
            file: For messages.
            strict: See ``validate``.

        Raises:
            InputError: Names the file, the field, the value and what to do.
        """
        frame = _record(given, algorithm, now, file)
        frame = _inputs(given, algorithm, now, file) if frame is None else frame
        needs = algorithm.requirements
        found = validate(frame, algorithm.variables, requirements=needs, file=file, strict=strict)
        for wrong in found.rejected.iter_rows(named=True):
            column = wrong["column"]
            needed = column in algorithm.dictionary and algorithm.dictionary[column].required
            todo = "Give it" if needed and wrong["value"] in (None, "") else CORRECT
            why = f"{_field(algorithm, column)}: {wrong['value']!r} {wrong['problem']}"
            raise InputError(f"{file}: {why}. {todo}; {LISTED}")
        many = found.valid.height
        if not 0 <= project < many:
            raise InputError(
                f"{file}: there is no project {project + 1}: the person has {many}. Number them from 1."
                if many
                else f"{file}: projects is empty: there is nothing to explain. Give one project at least."
            )
        return cls(algorithm, found.valid, project)

    @cached_property
    def result(self) -> Result:
        """What was found, and what rules read, in one computation."""
        return self.algorithm.compute(self.rows)

    @cached_property
    def known(self) -> list[dict[str, Any]]:
        """The rows as rules read them: with looked-up figures and results of earlier steps."""
        return self.result.known.to_dicts()

    @property
    def row(self) -> dict[str, Any]:
        """The row that is asked about, as rules read it."""
        return self.known[self.at]

    @cached_property
    def answers(self) -> Answers:
        """What the person is answered."""
        return Answers.of(self.algorithm, self.result.answers.row(self.at, named=True))

    def trace(self, rule: Expr) -> Trace:
        """Read a rule for the person."""
        return trace(rule, self.row, self.known)

    def changes(self) -> list[Change]:
        """Return the single changes at which the algorithm can change its mind.

        Inputs that are tried apart (``Inputs.elsewhere``) are not among them: see ``alternatives``.
        """
        roles = self.algorithm.input_roles
        apart = {*roles.fixed, *roles.elsewhere, *roles.keys}
        free = (v for v in self.algorithm.variables if self.algorithm.can_change(v))
        among = [v.name for v in free if v.name not in apart]
        rules = [*self.algorithm.roots.values()]
        found = candidates(*rules, person=self.row, among=among)
        return self.algorithm.adjust_changes(found, self.row)

    def alternatives(self, name: str, values: Sequence[Any] | None = None) -> list[Change]:
        """Return the other values of an input, all else being equal (by default, those of its grid)."""
        variable, own = self.algorithm.dictionary[name], self.row[name]
        tried = self.algorithm.grid(variable)[name].to_list() if values is None else values
        return [Change(variable, own, v, 1.0) for v in tried if v != own]

    def would_be_answered(self, sets: Sequence[Sequence[Change]]) -> list[Answers]:
        """Run the algorithm once for each set of changes; return what the person would be answered."""
        if not sets:
            return []
        found = self.algorithm.compute(self.with_changes(sets)).answers
        asked = found.gather_every(self.rows.height, self.at)
        return [Answers.of(self.algorithm, row) for row in asked.iter_rows(named=True)]

    def with_changes(self, sets: Sequence[Sequence[Change]]) -> pl.DataFrame:
        """Return the person's rows once for each set of changes, with the changes and what follows from them.

        An answer of the person changes in all rows, any other in the row that is asked about. The first key
        of the algorithm tells the sets apart.
        """
        count, held = self.rows.height, frozenset(self.rows.columns)
        row = self.row | self.rows.row(self.at, named=True)
        edits: dict[str, dict[int, Any]] = {}
        for k, changes in enumerate(sets):
            for change in changes:
                places = range(count) if change.variable.group == "person" else [self.at]
                after = self.algorithm.followers(change.variable.name, change.after, row, held)
                for name, value in after.items():
                    for place in places:
                        edits.setdefault(name, {})[k * count + place] = value
        frame = self.rows[list(range(count)) * len(sets)]
        columns, kinds = [], frame.schema
        for key in self.algorithm.input_roles.keys[:1]:
            apart = [k for k in range(len(sets)) for _ in range(count)]
            columns.append(pl.Series(key, apart, dtype=kinds.get(key, pl.Int64)))
        for name, at in edits.items():
            dtype = kinds.get(name) or self.algorithm.dictionary[name].dtype
            column = frame[name] if name in kinds else pl.repeat(None, frame.height, dtype=dtype, eager=True)
            columns.append(column.alias(name).scatter([*at], pl.Series([*at.values()], dtype=dtype)))
        return frame.with_columns(columns)


def _record(given: Any, algorithm: Algorithm, now: str, file: str) -> pl.DataFrame | None:
    """Return the rows of one of the algorithm's own records; None if it is no record."""
    records = algorithm.records
    if records is None or not isinstance(given, Mapping) or not {*records.schema} & {*given}:
        return None
    for fault in record_faults(given, pl.Struct(records.schema), records.unread):
        # other fields of a record say nothing that is read
        if not fault.unknown or "did you mean" in fault.problem:
            raise InputError(f"{file}: {fault.place}: {fault.shown} {fault.problem}. {CORRECT}.")
    try:
        raw = pl.read_ndjson(io.BytesIO(json.dumps(given).encode()), schema=records.schema)
        return records.to_rows(raw.with_columns(record=pl.lit(1, pl.Int64)), now).drop("record")
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{file}: {short(error)}. {CORRECT}.") from error


def _inputs(given: Any, algorithm: Algorithm, now: str, file: str) -> pl.DataFrame:
    """Return people described by inputs as rows of texts; figures that are not given are looked up later."""
    rows = [given] if isinstance(given, Mapping) else given
    read = isinstance(rows, list) and rows and all(isinstance(p, Mapping) for p in rows)
    if not read or len(rows) > 1 >= len(algorithm.input_roles.keys):  # several rows: projects of one person
        raise InputError(
            f"{file}: holds {type(given).__name__}, not one person. Give one of the algorithm's records (an "
            f"object), or an object of inputs by name; {LISTED}"
        )
    columns = [input_columns(p, algorithm.dictionary, file) for p in rows]
    names = dict.fromkeys(name for row in columns for name in row)
    texts = {n: [None if row.get(n) is None else str(row[n]) for row in columns] for n in names}
    held = {n: pl.Series(values, dtype=pl.String) for n, values in texts.items()}
    frame = pl.DataFrame({"·": [0] * len(rows)} | held)  # who answers nothing is a row all the same
    keys = [k for k in algorithm.input_roles.keys if k not in names]
    numbers = [pl.lit(0, pl.Int32), *[pl.int_range(pl.len(), dtype=pl.Int32)] * (len(keys) - 1)]
    frame = frame.with_columns(number.alias(k) for k, number in zip(keys, numbers, strict=False))
    if algorithm.records:
        frame = algorithm.records.complete(frame, now)
    absent = [v for v in algorithm.variables if v.name not in frame.columns and not v.joined]
    return frame.drop("·").with_columns(pl.lit(None, v.dtype).alias(v.name) for v in absent)


def input_columns(person: Mapping[str, Any], dictionary: Dictionary, file: str) -> dict[str, Any]:
    """Turn inputs by name into columns: names of answers into numbers, several answers into one each.

    Args:
        person: Inputs by name.
        dictionary: Of the algorithm.
        file: For messages.

    Raises:
        InputError: An input or answer that the dictionary does not have.
    """
    found: dict[str, Any] = {}
    for name, value in person.items():
        members = dictionary.sets.get(name) or dictionary.tables.get(name) or {}
        try:
            if members and not isinstance(value, Mapping if name in dictionary.tables else list):
                raise ValueError("is not a list of answers")
            if unknown := [k for k in value if k not in members] if members else []:
                raise ValueError(f"{unknown[0]!r} is not one of {', '.join(members)}")
            if members:
                found |= {members[k].name: value[k] if isinstance(value, Mapping) else True for k in value}
            else:
                variable = dictionary[name]
                named = variable.choices and isinstance(value, str)
                found[name] = variable.number_of(value) if named else value
        except (ValueError, KeyError) as error:
            why = str(error.args[0])
            said = why if why.startswith(f"{name}:") else f"{name}: {value!r}: {why}"
            raise InputError(f"{file}: {said.rstrip('?.')}. {CORRECT}; {LISTED}") from error
    return found


def _field(algorithm: Algorithm, column: str) -> str:
    """Name a column as the file does: by its path in a record, where it has one."""
    path = algorithm.dictionary[column].path if column in algorithm.dictionary else ""
    return f"{column} ({path})" if path else column
