"""One person before the published algorithm: what they are told, and what they would be told otherwise.

`Person` holds the answers of one person as the rules read them. Whatever is said of a change here is found by
running the whole pipeline again with that change, never by reasoning about one rule alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from bobanalysis import data
from bobanalysis.bob import DICTIONARY, Bob, InputError, admit, read_users
from bobanalysis.bob.market import JOINED
from bobanalysis.bob.records import USER
from bobanalysis.rules import Change, Trace, Variable, candidates, trace
from bobanalysis.rules.expr import Expr

NOW = "2022-06-29T00:00:00"
PLACE, JOB = "departement_id", "rome_id"
DERIVED = (
    *("user", "project", "num_projects", "num_objectives", "month", "search_length_now"),
    *(
        "has_creation_date",
        "num_employment_types",
        "diagnostic_category",
        "diagnostic_overall_score",
        "proposed_strategies",
    ),
    *("num_good_subdiagnostics", "region_id", "city_id", PLACE, JOB, "code_ogr"),
)
"""Inputs that no change is tried on: they follow from others, or are tried apart (place and job)."""
_TYPES: dict[str, Any] = {
    "int": pl.Int32,
    "enum": pl.Int32,
    "float": pl.Float64,
    "bool": pl.Boolean,
    "text": pl.String,
}


@dataclass(frozen=True)
class Told:
    """What the whole pipeline tells one project; items by id, best first, with their stars or points.

    `error` is what the published server stops on: then nothing is told and the rest is empty.
    """

    challenge: str | None
    score: int | None
    error: str | None
    market_known: bool
    advice: Mapping[str, float]
    strategies: Mapping[str, int]
    pieces: Mapping[str, tuple[str, ...]]


def read_person(path: Path, *, text: str | None = None) -> Any:
    """Return what a file says of a person: one of Bob's records, or inputs by name.

    Parameters: `path`, a JSON file, or a YAML one (`.yaml`, `.yml`); `text`, what it holds, if it was read
    already. Raises InputError that names the file and says what to do.
    """
    try:
        text = path.read_text("utf-8") if text is None else text
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file. Give the path of a JSON file with one person.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}). Give a text file in UTF-8.") from error
    try:
        if path.suffix in (".yaml", ".yml"):
            import yaml

            return yaml.safe_load(text)
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}: not JSON: line {error.lineno}, column {error.colno}: {error.msg}. Correct that line."
        ) from error
    except Exception as error:
        if type(error).__module__.startswith("yaml"):
            raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}. Correct it.") from error
        raise


@dataclass(frozen=True)
class Person:
    """One project of a person before Bob.

    `rows` are the person's projects as `admit` lets them in, one row each; `at` is the place of the one that
    is asked about. Market figures that the rows hold win over those of the market.
    """

    bob: Bob
    rows: pl.DataFrame
    at: int = 0

    @classmethod
    def of(
        cls,
        given: Any,
        bob: Bob,
        *,
        now: str = NOW,
        project: int = 0,
        file: str = "person",
        strict: bool = True,
    ) -> Person:
        """Return the person that a record or a mapping of inputs describes.

        Parameters: `given`, one of Bob's records (with `profile` or `projects`), or inputs by their names in
        the data dictionary, enumerated values by name, several answers as a list (a list of such mappings:
        the projects of one person); `bob`, on a market; `now`, the instant of the computation (ISO 8601),
        from which records take ages; `project`, place of the project, from 0; `file`, for messages; `strict`,
        see `admit`.
        Raises InputError that names the file, the field, the value and what to do.

        >>> from bobanalysis.bob import Market
        >>> person = Person.of({"age": 52, "has_clear_project": "FALSE"}, Bob(Market.empty()))
        >>> person.told.challenge
        'undefined-project'
        """
        _instant(now)
        frame = _record(given, now, file) if _is_record(given) else _inputs(given, now, file)
        wanted = list(bob.variables)
        try:
            intake = admit(frame, wanted, file=file, strict=strict)
        except pl.exceptions.PolarsError as error:
            raise InputError(f"{file}: {_short(error)}. Correct it, or leave it out.") from error
        for wrong in intake.rejects.iter_rows(named=True):
            raise InputError(
                f"{file}: {_field(wrong['column'])}: {wrong['value']!r} {wrong['problem']}. Correct it, or "
                "leave it out (that counts as no answer); `bobanalysis columns` lists what is known."
            )
        if not 0 <= project < intake.kept.height:
            many = intake.kept.height
            raise InputError(
                f"{file}: there is no project {project + 1}: the person has {many}. Number them from 1."
                if many
                else f"{file}: projects is empty: there is nothing to explain. Give one project at least."
            )
        return cls(bob, intake.kept, project)

    @cached_property
    def known(self) -> list[dict[str, Any]]:
        """The projects as rules read them: with market figures and the results of the diagnosis."""
        return self.bob.compute(self.rows).known.to_dicts()

    @property
    def row(self) -> dict[str, Any]:
        """The project that is asked about, as rules read it."""
        return self.known[self.at]

    @cached_property
    def told(self) -> Told:
        """What the person is told."""
        return self.would_be_told([()])[0]

    def trace(self, rule: Expr) -> Trace:
        """Read a rule for the person."""
        return trace(rule, self.row, self.known)

    def changes(self) -> list[Change]:
        """Return the single changes at which some rule of the pipeline can change its mind.

        Place and job are not among them: see `places` and `jobs`.
        """
        rules = list(self.bob.roots.values())
        among = [v.name for v in self.bob.variables if v.name not in DERIVED and self._may_change(v)]
        found = candidates(*rules, person=self.row, among=among)
        length = DICTIONARY["search_length"]
        if length.name not in self.row:
            return found
        own = self.row[length.name]
        found = [c for c in found if c.variable is not length or c.after >= 0 or c.after == length.default]
        tried = {c.after for c in found if c.variable is length} | {own}
        later = candidates(*rules, person=self.row, among=["search_length_now"])
        moved = [self._since_signing_up(c.after) for c in later if c.after >= 0]
        new = [after for after in dict.fromkeys(moved) if after >= 0 and after not in tried]
        return found + [Change(length, own, after, abs(after - own)) for after in new]

    def _since_signing_up(self, now: float) -> float:
        """Return, in whole months, the length when signing up that brings today's to `now` or past it."""
        today, then = self.row["search_length_now"], self.row["search_length"]
        moved = now - (today - then if then >= 0 else 0)
        return float(math.floor(moved) if now < today else math.ceil(moved))

    def _may_change(self, variable: Variable) -> bool:
        """Tell whether an input can be changed: of joined figures, those of the job and of its market."""
        if variable.group not in JOINED:
            return True
        return any(variable.name in t.columns for t in (self.bob.market.local, self.bob.market.jobs))

    def places(self) -> list[Change]:
        """Return the other départements, all else being equal: other market figures come with each."""
        return self._elsewhere(PLACE, data.table("departements")["dep"].to_list())

    def jobs(self) -> list[Change]:
        """Return the other job groups of ROME: other market figures come with each."""
        return self._elsewhere(JOB, data.table("rome")["rome"].to_list())

    def _elsewhere(self, name: str, values: Sequence[str]) -> list[Change]:
        own = self.row[name]
        return [Change(DICTIONARY[name], own, v, 1.0) for v in values if v != own]

    def would_be_told(self, sets: Sequence[Sequence[Change]]) -> list[Told]:
        """Run the whole pipeline once for each set of changes; return what the person would be told."""
        if not sets:
            return []
        found = self.bob.run_admitted(self.with_changes(sets))
        own = found[list(range(self.at, found.height, self.rows.height))]
        return [told_in(row) for row in own.iter_rows(named=True)]

    def with_changes(self, sets: Sequence[Sequence[Change]]) -> pl.DataFrame:
        """Return the person's rows once for each set of changes, with the changes and what follows from them.

        An answer of the person changes in all projects, one about the search in the project that is asked
        about. `user` tells the sets apart.
        """
        count = self.rows.height
        edits: dict[str, dict[int, Any]] = {}
        for k, changes in enumerate(sets):
            for change in changes:
                everywhere = change.variable.group == "person"
                rows = range(count) if everywhere else [self.at]
                for name, value in self._with_followers(change).items():
                    for row in rows:
                        edits.setdefault(name, {})[k * count + row] = value
        frame = self.rows[list(range(count)) * len(sets)]
        user = [k for k in range(len(sets)) for _ in range(count)]
        columns = [pl.Series("user", user, dtype=frame.schema.get("user", pl.Int64))]
        for name, at in edits.items():
            values = frame[name].to_list() if name in frame.columns else [None] * frame.height
            for row, value in at.items():
                values[row] = value
            dtype = frame.schema.get(name) or _TYPES[DICTIONARY[name].kind]
            columns.append(pl.Series(name, values, dtype=dtype))
        return frame.with_columns(columns)

    def _with_followers(self, change: Change) -> dict[str, Any]:
        """Return a change as columns, with what follows: another place has another market."""
        name, after, row = change.variable.name, change.after, self.row
        found = {name: after}
        if name in (PLACE, JOB):
            found |= dict.fromkeys(self._held_figures[name])
            regions = dict(data.table("departements").select("dep", "region").rows())
            if name == PLACE and "region_id" in self.rows.columns:
                found["region_id"] = regions[after]
            if name == JOB:
                found |= {"code_ogr": ""} if "code_ogr" in self.rows.columns else {}
                if "job_key" in self.rows.columns:
                    language, colon, _ = self.rows["job_key"][self.at].rpartition(":")
                    found["job_key"] = f"{language}{colon}{after}"
        elif name == "search_length":
            gap = row["search_length_now"] - row["search_length"] if row["search_length"] >= 0 else 0
            found["search_length_now"] = after + gap if after >= 0 else -1.0
            found |= {"search_not_started": False} if after >= 0 else {}
        elif name == "search_not_started" and after:
            found |= {"search_length": -1.0, "search_length_now": -1.0}
        elif name in _CONTRACTS:
            found["num_employment_types"] = row["num_employment_types"] + (1 if after else -1)
        return {k: v for k, v in found.items() if k in self.rows.columns or k == name}

    @cached_property
    def _held_figures(self) -> dict[str, list[str]]:
        """The figures that the rows hold and that another place, or another job, would replace."""
        groups: dict[str, tuple[str, ...]] = {PLACE: ("market", "list"), JOB: JOINED}
        joined = [v for v in DICTIONARY.variables if v.name in self.rows.columns and v.group in JOINED]
        return {key: [v.name for v in joined if v.group in groups[key]] for key in groups}


_CONTRACTS = {v.name for v in DICTIONARY.sets["employment_types"].values()}


def told_in(row: Mapping[str, Any]) -> Told:
    """Return what one row of `Bob.run` tells."""
    return Told(
        row["main_challenge"],
        row["overall_score"],
        row["diagnosis_error"],
        bool(row["market_known"]),
        dict(zip(row["advice"] or (), (round(x, 6) for x in row["stars"] or ()), strict=True)),
        dict(zip(row["strategies"] or (), row["strategy_points"] or (), strict=True)),
        dict(zip(row["strategies"] or (), map(tuple, row["strategy_advice"] or ()), strict=True)),
    )


def _is_record(given: Any) -> bool:
    return isinstance(given, Mapping) and bool({"profile", "projects"} & set(given))


def _record(given: Mapping[str, Any], now: str, file: str) -> pl.DataFrame:
    for field, value, kind in _misfits(given, pl.Struct(USER), ""):
        raise InputError(
            f"{file}: {field}: {json.dumps(value, ensure_ascii=False)[:80]} is not {kind}. Correct it, or "
            "leave it out (that counts as no answer)."
        )
    try:
        return read_users([given], [now])
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{file}: {_short(error)}. Correct it, or leave it out.") from error


_KINDS: tuple[tuple[Any, tuple[type, ...], str], ...] = (
    (pl.Int64, (int,), "a whole number (without quotation marks)"),
    (pl.Float64, (int, float), "a number (without quotation marks)"),
    (pl.Boolean, (bool,), "true or false (without quotation marks)"),
    (pl.String, (str, int), "a text (in quotation marks)"),
)


def _misfits(value: Any, dtype: Any, field: str) -> Iterator[tuple[str, Any, str]]:
    """Iterate over the values of a record that do not fit their field: which field, what, what it takes."""
    if value is None:
        return
    if isinstance(dtype, pl.Struct):
        if not isinstance(value, Mapping):
            yield field, value, "an object"
            return
        for inner in dtype.fields:
            below = f"{field}.{inner.name}" if field else inner.name
            yield from _misfits(value.get(inner.name), inner.dtype, below)
    elif isinstance(dtype, pl.List):
        if not isinstance(value, list):
            yield field, value, "a list"
            return
        for number, item in enumerate(value):
            yield from _misfits(item, dtype.inner, f"{field}[{number}]")
    else:
        _, kinds, said = next(k for k in _KINDS if dtype == k[0])
        if not isinstance(value, kinds) or isinstance(value, bool) is not (dtype == pl.Boolean):
            yield field, value, said
        elif field.endswith("At") and not _is_instant(str(value)):
            yield field, value, "a date (such as 2022-06-29T00:00:00Z)"


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return False
    return True


def _inputs(given: Any, now: str, file: str) -> pl.DataFrame:
    """Return people described by inputs as rows; figures that are not given are left to the market."""
    projects = [given] if isinstance(given, Mapping) else given
    good = isinstance(projects, list) and projects and all(isinstance(p, Mapping) for p in projects)
    if not good:
        raise InputError(
            f"{file}: holds {type(given).__name__}, not one person. Give one of Bob's records (an object "
            "with profile and projects), or an object of inputs by name; `bobanalysis columns` lists them."
        )
    rows = [_columns(p, file) for p in projects]
    names = dict.fromkeys(name for row in rows for name in row)
    figures = {n for n in names if DICTIONARY[n].group in JOINED}
    asked = [v for v in DICTIONARY.values() if v.group not in JOINED or v.name in figures]
    default = {v.name: None if v.group in JOINED else v.default for v in asked}
    columns = {name: [row.get(name, value) for row in rows] for name, value in default.items()}
    try:
        instant = _instant(now)
        frame = pl.DataFrame(columns, schema={v.name: _TYPES[v.kind] for v in asked}, strict=True)
    except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
        raise InputError(f"{file}: {_short(error)}. Correct it, or leave it out.") from error
    if (
        "age" not in names
    ):  # nobody gave a year of birth: the published code reads the year of the computation
        frame = frame.with_columns(age=pl.lit(None, dtype=pl.Int32), age_if_unknown=pl.lit(instant.year))
    return frame.with_columns(
        user=pl.lit(0, dtype=pl.Int32),
        project=pl.int_range(pl.len(), dtype=pl.Int32),
        now=pl.lit(instant),
        month=pl.lit(instant.month, dtype=pl.Int32),
    )


def _instant(now: str) -> datetime:
    if not _is_instant(now):
        raise InputError(f"now: {now!r} is not an instant. Write it like 2022-06-29T00:00:00.")
    return datetime.fromisoformat(now.removesuffix("Z"))


def _columns(person: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Turn inputs by name into columns: names of answers into numbers, several answers into one each."""
    found: dict[str, Any] = {}
    for name, value in person.items():
        try:
            if name in DICTIONARY.sets:
                if not isinstance(value, list):
                    raise ValueError("is not a list of answers")
                found |= {_member(DICTIONARY.sets[name], item).name: True for item in value}
            elif name in DICTIONARY.tables:
                found |= {_member(DICTIONARY.tables[name], k).name: v for k, v in dict(value).items()}
            else:
                variable = DICTIONARY[name]
                named = variable.choices and isinstance(value, str)
                found[name] = variable.number_of(value) if named else _checked(variable, value)
        except (ValueError, KeyError, TypeError) as error:
            why = str(error.args[0]) if error.args else type(error).__name__
            said = why if why.startswith(f"{name}:") else f"{name}: {value!r}: {why}"
            raise InputError(
                f"{file}: {said.rstrip('?.')}. Correct it, or leave it out; `bobanalysis columns` lists "
                "what is known."
            ) from error
    contracts = sum(bool(found.get(c)) for c in _CONTRACTS)
    return {"num_employment_types": contracts, "search_length_now": found.get("search_length", -1.0)} | found


def _member(members: Mapping[str, Variable], name: Any) -> Variable:
    if name not in members:
        raise ValueError(f"{name!r} is not one of {', '.join(members)}")
    return members[name]


def _checked(variable: Variable, value: Any) -> Any:
    kinds: dict[str, Any] = {
        "bool": (bool,),
        "int": (int,),
        "enum": (int,),
        "float": (int, float),
        "text": (str,),
    }
    wrong_yes = isinstance(value, bool) and variable.kind != "bool"
    if wrong_yes or not isinstance(value, kinds[variable.kind]):
        raise ValueError(f"is not of type {variable.kind}")
    return float(value) if variable.kind == "float" else value


def _field(column: str) -> str:
    """Name a column as the file does: by its path in a record, where it has one."""
    path = DICTIONARY[column].path if column in DICTIONARY else ""
    return f"{column} ({path})" if path else column


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
