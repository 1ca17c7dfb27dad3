"""Market figures as inputs of the rules: by département and job, by job in the whole country, by list.

Bob keeps them as documents; the rules read a few numbers of each. Lists (diplomas asked for, ways of
applying, hiring cities) are reduced once per job group or place (``documents``) to the named inputs of the
data dictionary, then joined by key.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache, reduce
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import polars as pl

from bobanalysis.rules import STATUS, Variable, evaluate, inputs
from bobanalysis.tables import InputError

from . import documents
from .catalogue import DICTIONARY
from .configuration import associations
from .models import CATALOGUE

COLLECTIONS = (
    *("local_diagnosis", "recent_job_offers", "job_group_info", "hiring_cities", "cities", "departements"),
    *("reorient_jobbing", "volunteering_missions", "seasonal_jobbing", "online_salons"),
)
KEYS = {
    "local": ["departement_id", "rome_id"],
    "jobs": ["rome_id"],
    "departements": ["departement_id"],
    "titles": ["rome_id", "code_ogr"],
    "months": ["month"],
    "hiring": ["rome_id", "city_id"],
}
"""By what the figures of each table are found; hiring cities are reduced to the commuting of each pair."""
DAMAGED = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
COMMUTING = ("commute_cities", "commute_best_ratio")
JOINED = tuple(dict.fromkeys(v.group for v in DICTIONARY.values() if v.joined))
"""Groups of inputs that are joined here, not asked of people."""


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return the columns of each table of a market, with their types."""
    place = {"latitude": pl.Float64, "longitude": pl.Float64}
    hiring = {"population": pl.Int64, **place, "offers_per_inhabitant": pl.Float64}
    local = ["jobbing_market_score", "missions_in_departement"]
    return {
        "local": documents.schema(["departement_id", "rome_id"], documents.names("market")),
        "jobs": documents.schema(["rome_id"], documents.names("job")),
        "titles": documents.schema(["rome_id", "code_ogr"], ["own_title_percent"]),
        "departements": documents.schema(["departement_id"], local),
        "months": {"month": pl.Int32, "seasonal_departements": pl.Int32},
        "hiring": documents.schema(["rome_id", "city_id"], []) | hiring,
        "cities": documents.schema(["city_id"], []) | place,
    }


class MarketLike(Protocol):
    """Anything with the two frames of a market; the other tables of ``Market`` are optional."""

    @property
    def local(self) -> pl.DataFrame:
        """One row a département and job group."""

    @property
    def jobs(self) -> pl.DataFrame:
        """One row a job group."""


class NoFigures:
    """A market of which nothing is known, for those who read rules only: tables are made when read."""

    local = cached_property(lambda self: _table("local"))
    jobs = cached_property(lambda self: _table("jobs"))


@dataclass(frozen=True)
class Market:
    """A job market as tables; a row that is absent means "unknown", a column that is absent too.

    ``local``: one row a (departement_id, rome_id). ``jobs``: one row a rome_id. ``titles``: one row a
    (rome_id, code_ogr). ``departements``: one row a departement_id. ``months``: one row a month (1 to 12).
    ``hiring``: cities that hire, several rows a rome_id, and ``cities``: where each city lies. ``salons``:
    documents of online job fairs. ``facts``: inputs that are the same for everybody.
    """

    local: pl.DataFrame
    jobs: pl.DataFrame
    titles: pl.DataFrame = field(default_factory=lambda: _table("titles"))
    departements: pl.DataFrame = field(default_factory=lambda: _table("departements"))
    months: pl.DataFrame = field(default_factory=lambda: _table("months"))
    hiring: pl.DataFrame = field(default_factory=lambda: _table("hiring"))
    cities: pl.DataFrame = field(default_factory=lambda: _table("cities"))
    salons: Sequence[documents.Document] = ()
    facts: Mapping[str, int | bool] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Market:
        """Return a market in which nothing is known.

        >>> Market.empty().local.height
        0
        """
        return cls(_table("local"), _table("jobs"))

    @classmethod
    def from_documents(cls, folder: Path, without: Collection[str] = ()) -> Market:
        """Read Bob's own documents (JSON, maybe gzipped), one file a collection.

        Parameters: ``folder``; ``without``, fields of job groups to leave out ("covidRisk", say).
        The documents of ``recent_job_offers`` are laid over those of ``local_diagnosis`` (spec 01 §3, LS).
        Raises FileNotFoundError naming the file that is missing, InputError for what is damaged.
        """
        read = {name: documents.read(folder, name) for name in COLLECTIONS}
        jobs = read["job_group_info"]
        try:
            read["job_group_info"] = [{k: v for k, v in job.items() if k not in without} for job in jobs]
            return cls.from_collections(read)
        except (*DAMAGED, pl.exceptions.PolarsError) as error:
            raise InputError(f"{folder}: documents are not as Bob writes them: {error!r}") from error

    @classmethod
    def from_collections(cls, read: Mapping[str, Sequence[documents.Document]]) -> Market:
        """Reduce Bob's own documents, by name of collection; a collection that is absent is empty."""
        by_id = {name: {d["_id"]: d for d in read.get(name, ())} for name in COLLECTIONS}
        local, recent = by_id["local_diagnosis"], by_id["recent_job_offers"]
        missions = {k: len(d.get("missions", [])) for k, d in by_id["volunteering_missions"].items()}
        jobbing = {k: documents.jobbing_score(d) for k, d in by_id["reorient_jobbing"].items()}
        known = set(by_id["departements"])
        groups, single = read.get("job_group_info", ()), documents.single
        jobs = [documents.job_row(d) for d in groups]
        places = {k: (d.get("latitude", 0), d.get("longitude", 0)) for k, d in by_id["cities"].items()}
        seasons = {int(k): documents.seasonal_count(d, known) for k, d in by_id["seasonal_jobbing"].items()}
        figures = {k: documents.merged(local.get(k, {}), recent.get(k, {})) for k in {**local, **recent}}
        return cls(
            local=documents.local_table(figures).cast(pl.Schema(schemas()["local"])),
            jobs=pl.DataFrame(jobs, schema=schemas()["jobs"]),
            titles=_table("titles", [row for d in groups for row in documents.title_rows(d)]),
            departements=_table(
                "departements",
                [(d, jobbing.get(d, 0.0), missions.get(d, 0)) for d in {**jobbing, **missions}],
            ),
            months=_table("months", list(seasons.items())),
            hiring=_table(
                "hiring", [row for d in read.get("hiring_cities", ()) for row in documents.city_rows(d)]
            ),
            cities=_table("cities", [(k, single(lat), single(lon)) for k, (lat, lon) in places.items()]),
            salons=read.get("online_salons", ()),
            facts={
                "missions_everywhere": missions.get("", 0),
                "covid_risk_is_published": any(job["jg_covid_risk"] != 0 for job in jobs),
                "automation_risk_is_published": any(job["jg_automation_risk"] > 0 for job in jobs),
            },
        )


def _table(name: str, rows: Sequence[Any] = ()) -> pl.DataFrame:
    """Return one of the tables of a market."""
    return pl.DataFrame(rows, schema=schemas()[name], orient="row")


_PLACES = {"city_id": "cityId", "departement_id": "departementId", "region_id": "regionId"}


def join(people: pl.DataFrame, market: MarketLike, wanted: Iterable[str] | None = None) -> pl.DataFrame:
    """Return the people with the market figures of their job, place and month.

    Parameters: ``people``, one row a project, with ``departement_id``, ``rome_id`` and maybe ``job_key`` (the
    key of the job group's document where it differs) and columns of local figures that the person's own
    record holds (they win where they are not null); ``wanted``, the inputs that will be read (default: all).
    Figures that nobody knows read their default.
    """
    every = [v.name for v in DICTIONARY.values() if v.group in JOINED]
    names = set(every) if wanted is None else set(every) & set(wanted)
    known, whole = people, _whole(market)
    job = "rome_id"
    if "job_key" in people.columns:  # a document in another language, else the plain one
        job, there = "job_key", pl.col("job_key").is_in(market.jobs["rome_id"].to_list())
        known = known.with_columns(job_key=pl.when(there).then("job_key").otherwise("rome_id"))
    lookups = [(_Held(t.clone()), (*key,)) for key, columns, t in _lookups(whole) if columns != COMMUTING]
    kinds, figures = _figures(tuple(lookups), frozenset(names))
    kinds = {k: of for k, of in {job: kinds.get("rome_id"), **kinds}.items() if of and k in known.columns}
    codes = known.select(_code(k, of) for k, of in kinds.items())
    for key, rows, table in figures:
        by = [job, *key[1:]] if key[0] == "rome_id" else key
        if {*by} <= {*kinds}:
            known = _with_figures(known, table, rows.gather(codes.select(_combined(by, kinds)).to_series()))
    if whole.hiring.height and names & {*COMMUTING} and {*KEYS["hiring"]} <= {*known.columns}:
        found, home = commuting(people, whole), known.select(KEYS["hiring"])
        rows = home.join(found.with_row_index("·"), on=home.columns, how="left", maintain_order="left")["·"]
        known = _with_figures(known, _with_default(found.select(c for c in COMMUTING if c in names)), rows)
    if "open_online_salons" in names and whole.salons:
        known = known.with_columns(open_online_salons=open_salons(known, whole.salons))
    types, facts = known.schema, {}
    for n in sorted(names):
        if n not in types:
            facts[n] = pl.lit(whole.facts.get(n, DICTIONARY[n].default))
        elif n in people.columns or types[n] == pl.Float32:  # a market may lack what a record leaves out
            filled = pl.col(n).fill_null(_unknown(n))
            facts[n] = filled.cast(pl.Float64) if types[n] == pl.Float32 else filled
    return known.with_columns(**facts)


def _whole(market: MarketLike) -> Market:
    return market if isinstance(market, Market) else Market(market.local, market.jobs)


def _lookups(market: Market) -> Iterator[tuple[list[str], Sequence[str], pl.DataFrame]]:
    """Iterate over how figures are found: by which columns, which ones, and the table."""
    for name, key in KEYS.items():
        table = getattr(market, name)
        if table.height or name in ("local", "jobs", "departements"):  # what every market is asked for
            yield key, COMMUTING if name == "hiring" else [*schemas()[name]], table
    yield ["departement_id"], association_table().columns, association_table()


def looked_up_by(names: Iterable[str], market: MarketLike) -> list[Variable]:
    """Return the inputs of people by which ``join`` finds the inputs called ``names``.

    >>> [v.name for v in looked_up_by(["jobbing_market_score", "age"], Market.empty())]
    ['departement_id']
    """
    wanted, whole = set(names), _whole(market)
    found = [k for key, columns, _ in _lookups(whole) if wanted & {*columns} - {*key} for k in key]
    if "open_online_salons" in wanted and whole.salons:
        found += ["area_type", "rome_id", *_PLACES]
        found += [v.name for s in whole.salons for v in inputs(CATALOGUE.check(s.get("filters", ())))]
    return [DICTIONARY[name] for name in dict.fromkeys(found)]


@dataclass(frozen=True, eq=False)
class _Held:
    """A table as part of the key of a cache: what it holds counts, as tables may be changed in place."""

    table: pl.DataFrame

    def __hash__(self) -> int:
        return hash(self.table.shape)

    def __eq__(self, other: object) -> bool:
        one, two = self.table, getattr(other, "table", pl.DataFrame())
        return one.schema == two.schema and one.equals(two)


class _Figures(NamedTuple):
    """Figures, the last row for whom there are none, and the row of each combination of keys, numbered."""

    key: tuple[str, ...]
    rows: pl.Series
    table: pl.DataFrame


@lru_cache(maxsize=4)
def _figures(
    lookups: tuple[tuple[_Held, tuple[str, ...]], ...], names: frozenset[str]
) -> tuple[dict[str, pl.Enum], list[_Figures]]:
    """Make tables ready to be looked up in: return the values of each key, and the wanted figures."""
    wanted = [(held.table, key, names & {*held.table.columns} - {*key}) for held, key in lookups]
    wanted = [(table, key, columns) for table, key, columns in wanted if columns]
    every = {k for _, key, _ in wanted for k in key}
    texts = {k: [t.select(_text(k)).to_series() for t, key, _ in wanted if k in key] for k in every}
    kinds = {k: pl.Enum(pl.concat(parts).drop_nulls().unique()) for k, parts in texts.items()}
    found = []
    for table, key, columns in wanted:
        keys = table.select(key).drop_nulls()  # nobody looks up an empty one
        if (again := keys.filter(keys.is_duplicated())).height:
            raise InputError(f"a market has several rows for {again.row(0, named=True)}; keep one of them")
        combinations = math.prod(len(kinds[k].categories) for k in key)
        rows = pl.repeat(table.height, combinations, dtype=pl.UInt32, eager=True)
        codes = table.select(_code(k, kinds[k]) for k in key).select(code=_combined(key, kinds))
        codes = codes.with_row_index().drop_nulls()
        figures = _with_default(table.select(c for c in table.columns if c in columns))
        found.append(_Figures(key, rows.scatter(codes["code"], codes["index"]), figures))
    return kinds, found


def _text(key: str) -> pl.Expr:
    """Return keys as texts: a month is a whole number, of whatever type its column is."""
    return (pl.col(key).cast(pl.Int32, strict=False) if key == "month" else pl.col(key)).cast(pl.String)


def _code(key: str, kind: pl.Enum) -> pl.Expr:
    """Return the number of each value; null where it is none of the known."""
    return _text(key).cast(kind, strict=False).to_physical().cast(pl.UInt32)


def _combined(key: Iterable[str], kinds: Mapping[str, pl.Enum]) -> pl.Expr:
    """Return the number of a combination of values from their numbers."""
    sizes = {k: len(kinds[k].categories) for k in key}
    return reduce(lambda code, k: code * sizes[k] + pl.col(k), key, pl.lit(0, dtype=pl.UInt32))


def _with_default(figures: pl.DataFrame) -> pl.DataFrame:
    """Return figures with a last row, of what is read where there are none."""
    default = pl.DataFrame({c: [_unknown(c)] for c in figures.columns}, schema_overrides=figures.schema)
    return pl.concat([figures.select(pl.col(c).fill_null(_unknown(c)) for c in figures.columns), default])


def _with_figures(people: pl.DataFrame, figures: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Add each one's row of figures (null: the last one); what the people's own records hold wins."""
    gathered = figures[rows.fill_null(figures.height - 1)]
    own = [pl.coalesce(c, gathered[c]).fill_null(_unknown(c)) for c in figures.columns if c in people.columns]
    return people.with_columns(*own, *(c for c in gathered if c.name not in people.columns))


def _unknown(name: str) -> Any:
    """Return what an input reads where its table has no row."""
    return _elsewhere().get(name, DICTIONARY[name].default)


@cache
def association_table() -> pl.DataFrame:
    """Count the published non-profits by département and by public, that is, by all filters but the place.

    Of the 116 lists of filters, 22 differ once the département is taken out. Returns one row a département
    that some list names (the empty one too, Q27); the others read what non-profits without a list of
    départements give.
    """
    members = DICTIONARY.tables["associations"]
    listed = Counter((place, a.public) for a in associations() for place in {*(a.departements or ())})
    rows = [
        (place, *(listed[place, public] + _elsewhere()[v.name] for public, v in members.items()))
        for place in sorted({place for place, _ in listed})
    ]
    names = [v.name for v in members.values()]
    return pl.DataFrame(rows, schema=documents.schema(["departement_id"], names), orient="row")


@cache
def _elsewhere() -> dict[str, int]:
    members = DICTIONARY.tables["associations"]
    return {
        v.name: sum(a.public == public and a.departements is None for a in associations())
        for public, v in members.items()
    }


def commuting(people: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Look from each (rome_id, city_id) of the people at the cities that hire for the job (spec 04 §2.6).

    Returns one row a pair: ``commute_cities``, cities between 8 and 35 km away, and ``commute_best_ratio``,
    their best figure of offers per inhabitant over that of the own city (0 where that is unknown, M13).
    """
    homes = people.select("rome_id", "city_id").unique().join(market.cities, on="city_id")
    own = market.hiring.filter(pl.col("population") != 0).unique(KEYS["hiring"], keep="first")
    own = own.select(*KEYS["hiring"], own="offers_per_inhabitant")
    pairs = homes.join(market.hiring, on="rome_id", suffix="_there").join(own, KEYS["hiring"], how="left")
    middle = ((pl.col("latitude_there") + pl.col("latitude")) / 2).radians()
    north = (pl.col("latitude_there") - pl.col("latitude")) * 111
    east = (pl.col("longitude_there") - pl.col("longitude")) * 111 * middle.cos()
    distance = (east**2 + north**2).sqrt()
    reached, near = distance < 35, distance.cast(pl.Float32) < 8
    known = pl.col("own").fill_null(0) != 0
    ratio = pl.when(known).then(pl.col("offers_per_inhabitant") / pl.col("own")).otherwise(0.0)
    cities, best = (reached & ~near).sum(), ratio.cast(pl.Float32).filter(reached & ~near).max()
    told = (cities > 1) | ((cities == 1) & (reached & near).any())  # one city alone is not worth telling
    found = pairs.group_by(KEYS["hiring"]).agg(
        commute_cities=pl.when(told).then(cities).otherwise(0),
        commute_best_ratio=pl.when(told).then(best).otherwise(0),
    )
    return found.cast(pl.Schema(documents.schema(KEYS["hiring"], COMMUTING)))


def open_salons(people: pl.DataFrame, salons: Iterable[documents.Document]) -> pl.Series:
    """Count, for each row, the online job fairs that it may join (spec 04 §2.16).

    Raises ValueError if the filters of a fair may refuse to answer: such a fair cannot be counted.
    """
    earliest = str(people["now"].min()).replace(" ", "T")
    ends = {s["_id"]: s.get("applicationEndDate", "1970-01-01T00:00:00Z") for s in salons}
    waiting = [s for s in salons if ends[s["_id"]] > earliest]
    rules = {s["_id"]: CATALOGUE.check(s.get("filters", ())) for s in waiting}
    rules = {k: rule for k, rule in rules.items() if inputs(rule)}
    allowed = evaluate(rules, people).frame if rules else pl.DataFrame()
    refusing = [c for c in allowed.columns if c.endswith(STATUS)]
    if refusing:
        raise ValueError(f"the filters of the online job fair {refusing[0][: -len(STATUS)]!r} may lack data")
    columns = [pl.repeat(0, pl.len(), dtype=pl.Int32)]
    for salon in waiting:
        end = pl.lit(ends[salon["_id"]].removesuffix("Z")).str.to_datetime(time_unit="us")
        condition = pl.col("now") < end
        if places := salon.get("locations"):
            condition &= pl.any_horizontal(*map(_within, places))
        if jobs := salon.get("jobGroupIds"):
            condition &= pl.any_horizontal(*(pl.col("rome_id").str.starts_with(j) for j in jobs))
        if salon["_id"] in rules:
            condition &= pl.lit(allowed[salon["_id"]])
        columns.append(condition.cast(pl.Int32))
    return people.select(open_online_salons=pl.sum_horizontal(*columns)).to_series()


def _within(place: documents.Document) -> pl.Expr:
    """Compare the place of a fair with the person's, at the wider of their two areas; empty equals empty."""
    own, area = pl.col("area_type"), documents.number("area_type", place.get("areaType", 0))
    wider = pl.max_horizontal(own, pl.lit(area, dtype=pl.Int32))
    same: Any = pl.when(own == 0).then(True)
    for width, (column, key) in enumerate(_PLACES.items(), 1):
        same = same.when(wider == width).then(pl.col(column) == place.get("city", {}).get(key, ""))
    within: pl.Expr = same.otherwise(True)
    return within
