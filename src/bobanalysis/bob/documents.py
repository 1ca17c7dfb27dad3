"""Bob's own market documents, reduced once per job group, place or month to the inputs of the rules.

Each function takes documents (dictionaries in JSON form, absent fields being 0) and returns rows. Nothing is
done person by person. Fields that Bob stores in 32 bits are rounded to 32 bits first (spec 01, section 2).
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from bobanalysis.tables import InputError, short

from .catalogue import DICTIONARY
from .fields import JOB, LOCAL, local_stats, read_fields

Document = Mapping[str, Any]


def schema(keys: Iterable[str], variables: Iterable[str]) -> dict[str, Any]:
    """Return the columns of a table: its keys (texts), then inputs of the data dictionary."""
    return dict.fromkeys(keys, pl.String) | {name: DICTIONARY[name].dtype for name in variables}


def names(group: str) -> list[str]:
    """Return the inputs of one group of the data dictionary."""
    return [v.name for v in DICTIONARY.values() if v.group == group]


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return one collection (``name.json`` or ``name.json.gz``); errors name the file."""
    plain, packed = folder / f"{name}.json", folder / f"{name}.json.gz"
    if not plain.exists() and not packed.exists():
        raise FileNotFoundError(f"{plain}: no such file (nor {packed.name}); a market folder holds it")
    path = packed if packed.exists() else plain
    try:
        content = gzip.decompress(path.read_bytes()) if path == packed else path.read_bytes()
        return list(json.loads(content))
    except (ValueError, TypeError, EOFError, OSError, RecursionError, zlib.error) as error:
        raise InputError(f"{path}: not a whole JSON list of documents: {short(error)}") from None


def number(variable: str, value: str | int) -> int:
    """Return the number of an enumerated value given by its name or its number."""
    return DICTIONARY[variable].number_of(value) if isinstance(value, str) else value


def single(value: float) -> float:
    """Round to 32 bits, as Bob's store does."""
    return float(np.float32(value))


def merged(document: Document, over: Document) -> dict[str, Any]:
    """Lay a document over another: fields that are set win, lists are appended (spec 01 §3, LS).

    >>> merged({"a": 1, "b": [1], "c": {"d": 2}}, {"a": 3, "b": [2], "c": {"e": 4}})
    {'a': 3, 'b': [1, 2], 'c': {'d': 2, 'e': 4}}
    """
    result = dict(document)
    for key, value in over.items():
        if isinstance(value, dict):
            result[key] = merged(result.get(key, {}), value)
        elif isinstance(value, list):
            result[key] = [*result.get(key, []), *value]
        elif value:
            result[key] = value
    return result


def from_json(items: Iterable[Any], schema: dict[str, Any]) -> pl.DataFrame:
    """Read dictionaries in JSON form as a frame with the fields of ``schema``; absent ones are null."""
    lines = "\n".join(json.dumps(item) for item in items)
    return pl.read_ndjson(io.BytesIO(lines.encode()), schema=schema) if lines else pl.DataFrame(schema=schema)


MOBILITIES = ("CLOSE", "EVOLUTION", "1", "2")  # the kinds of move that count as a close job (spec 04 §2.20)


def local_figures(stats: pl.Expr) -> dict[str, pl.Expr]:
    """Return the figures of local stats, a market's or a project's own: 0 where a field is left out.

    All are null where there are no local stats.
    """
    close = pl.element().struct.field("mobilityType").is_in(list(MOBILITIES))
    jobs = stats.struct.field("lessStressfulJobGroups").list.eval(pl.element().filter(close)).list.len()
    figures = read_fields(LOCAL, stats) | {"market_num_close_jobs": jobs}
    zeros = {"market_salary_unit": "0", "market_median_salary": 0.0}
    return {
        name: pl.when(stats.is_not_null()).then(value.fill_null(zeros.get(name, 0)))
        for name, value in figures.items()
    }


def local_table(documents: Mapping[str, Document]) -> pl.DataFrame:
    """Return the figures of départements and job groups, by keys such as "69:A1234" (spec 01 §5.4)."""
    rows = ({"key": key, "stats": document} for key, document in documents.items())
    raw = from_json(rows, {"key": pl.String, "stats": local_stats()})
    unit = DICTIONARY["market_salary_unit"]
    numbers = {c.name: str(c.number) for c in unit.choices}
    keys = pl.col("key").str.split_exact(":", 1).struct
    return raw.select(
        departement_id=keys.field("field_0"), rome_id=keys.field("field_1"), **local_figures(pl.col("stats"))
    ).with_columns(pl.col(unit.name).replace(numbers).cast(pl.Int32))


def job_row(document: Document) -> dict[str, Any]:
    """Return the national figures of one job group (spec 01 §5.5)."""
    wanted = document.get("requirements", {})
    diplomas = [
        (d.get("percentRequired", 0), number("jg_lowest_diploma", d.get("diploma", {}).get("level", 0)))
        for d in wanted.get("diplomas", [])
    ]
    modes = [entry.get("modes", []) for entry in document.get("applicationModes", {}).values()]
    licences = [x for x in wanted.get("drivingLicenses", []) if x.get("drivingLicense") in ("CAR", 2)]
    top: Document = next(iter(wanted.get("specificJobs", [])), {})
    return {
        "rome_id": document["_id"],
        **{name: _field(name, document, path) for name, path in JOB.items()},
        "jg_requires_diploma": requires_diploma(diplomas),
        "jg_has_diplomas": bool(diplomas),
        "jg_max_diploma_percent": max((percent for percent, _ in diplomas), default=0),
        "jg_lowest_diploma": min((level for _, level in diplomas), default=0),
        "jg_hires_mainly_through_network": any(_is_main_channel(m, 3) for m in modes),
        "jg_hires_mainly_through_spontaneous": any(_is_main_channel(m, 1) for m in modes),
        **_channels("jg_first_modes", modes, 0),
        **_channels("jg_second_modes", modes, 1),
        **_contracts(wanted.get("contractTypes", [])),
        "jg_car_license_percent": licences[0].get("percentRequired", 0) if licences else 0,
        "jg_top_title": top.get("codeOgr", ""),
        "jg_top_title_percent": top.get("percentSuggested", 0),
    }


def _field(name: str, document: Document, path: str) -> Any:
    """Return the field of a document that an input is, as the input holds it."""
    found: Any = document
    for part in path.split("."):
        found = found.get(part, {})
    kind = DICTIONARY[name].kind
    if kind == "bool":
        return bool(found)
    if kind == "enum":
        return number(name, found or 0)
    if kind == "float":
        return single(found or 0)
    return len(found) if isinstance(found, list) else found or 0


def requires_diploma(diplomas: Iterable[tuple[int, int]]) -> bool:
    """Tell whether a job group asks for a diploma, as the rule "missing diploma" reads it (spec 02, K02).

    Parameters: ``diplomas``, pairs of the share of offers that ask for it (per cent) and its level. Any share
    other than 0 of any level but "none" (1) is enough (Q16).

    >>> requires_diploma([(80, 1), (1, 2)])
    True
    """
    return any(percent != 0 and level != 1 for percent, level in diplomas)


_CHANNEL = "preferred_application_mode"


def _is_main_channel(modes: Sequence[Document], mode: int) -> bool:
    """Tell whether a way of applying comes first, or second at most 15 points behind (spec 04 §2.1)."""
    found = [number(_CHANNEL, m.get("mode", 0)) for m in modes[:2]]
    if mode not in found:
        return False
    if found[0] == mode:
        return True
    first, second = (single(m.get("percentage", 0)) for m in modes[:2])
    return first - second <= 15


def _channels(name: str, entries: Iterable[Sequence[Document]], place: int) -> dict[str, bool]:
    """Tell which ways of applying stand at a given place of some entry; shorter entries are skipped."""
    found = {number(_CHANNEL, e[place].get("mode", 0)) for e in entries if len(e) > place}
    members = DICTIONARY.sets[name]
    return {v.name: number(_CHANNEL, mode) in found for mode, v in members.items()}


def _contracts(contracts: Sequence[Document]) -> dict[str, int]:
    """Add up the share of offers of each kind of contract."""
    members = DICTIONARY.tables["jg_contract_percent"]
    shares = dict.fromkeys(members, 0)
    for contract in contracts:
        kind = contract.get("contractType", 0)
        name = [*members][kind] if isinstance(kind, int) and kind < len(members) else kind
        if name in shares:
            shares[name] += contract.get("percentSuggested", 0)
    return {members[name].name: share for name, share in shares.items()}


def title_rows(document: Document) -> list[tuple[str, str, int]]:
    """Return the titles of one job group: its code, the title's code, its share of offers.

    The first of two entries of one title counts (spec 04 §2.4).
    """
    titles = reversed(document.get("requirements", {}).get("specificJobs", []))
    shares = {title.get("codeOgr", ""): title.get("percentSuggested", 0) for title in titles}
    return [(document["_id"], code, share) for code, share in shares.items()]


def city_rows(document: Document) -> Iterator[tuple[Any, ...]]:
    """Iterate over the hiring cities of one job group."""
    for entry in document.get("hiringCities", []):
        city = entry.get("city", {})
        yield (
            document["_id"],
            city.get("cityId", ""),
            city.get("population", 0),
            single(city.get("latitude", 0)),
            single(city.get("longitude", 0)),
            single(entry.get("offersPerInhabitant", 0)),
        )


def jobbing_score(document: Document) -> float:
    """Return the smaller market score of the first two jobs of a département's list; 0 if there are fewer.

    The published code keeps jobs up to the first that is no better than the person's own, and asks for two
    (M9): only the first two matter.
    """
    jobs = document.get("departementJobStats", {}).get("jobs", [])[:2]
    return min(float(job.get("marketScore", 0)) for job in jobs) if len(jobs) == 2 else 0.0


def seasonal_count(document: Document, known: set[str]) -> int:
    """Count the départements of a month that the advice names; -1 where the published code crashes.

    An unknown département is deleted by an index counted from the wrong end (M17).

    >>> stats = {"departementStats": [{"departementId": d} for d in ("999", "998", "01")]}
    >>> seasonal_count(stats, {"01"}), seasonal_count(stats, {"01", "998", "999"})
    (-1, 3)
    """
    stats = [s.get("departementId", "") for s in document.get("departementStats", [])]
    kept = list(stats)
    for place, departement in enumerate(reversed(stats)):
        if departement not in known:
            if place >= len(kept):
                return -1
            del kept[place]
    return len(kept)
