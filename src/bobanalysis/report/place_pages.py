"""A page for each département and each region, and the page that finds them by name, number or postcode.

Every figure is a cell of a recorded table; which sentences stand is decided by those cells, in the templates
`departement.html` and `region.html`. How French says "in" a place stands in `place_words.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from markupsafe import Markup

from bobanalysis import data
from bobanalysis.audit.quirks import Quirk, quirks
from bobanalysis.report.glossary import plain
from bobanalysis.report.renderer import Page, PageRenderer, calls
from bobanalysis.report.words import HERE, N_
from bobanalysis.tables import load_yaml

SECTION = N_("Your département")
LEAST = 0.01
"""A difference of shares below which two places are called alike, however sure it is."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A département or a region: code, name, region, "in" it in French, the départements inside a region."""

    code: str
    name: str
    region: str
    within: str
    members: tuple[str, ...] = ()
    zone: str = ""

    @property
    def slug(self) -> str:
        """The page of the place."""
        return f"{'regions' if self.members else 'places'}/{self.code}"


WORDS = load_yaml(dict[str, Any], HERE / "place_words.yaml")
"""French words for "in" each place, and the quirks that name places."""


@cache
def departements() -> dict[str, Place]:
    """Return the 101 départements by code."""
    words = WORDS["departements"]
    rows = data.table("departements").select("dep", "name", "region", "zone").iter_rows()
    return {dep: Place(dep, name, region, words[dep], zone=zone) for dep, name, region, zone in rows}


@cache
def regions() -> dict[str, Place]:
    """Return the 18 present regions by code, in the order of their names."""
    words, table = WORDS["regions"], data.table("departements")
    names = sorted(table.select("region", "region_name").unique().rows(), key=lambda row: plain(row[1]))
    inside = {code: table.filter(region=code)["dep"].to_list() for code, _ in names}
    return {code: Place(code, name, code, words[code], tuple(inside[code])) for code, name in names}


@cache
def pages() -> tuple[Page, ...]:
    """Return the page of each département and of each region; only other pages lead to them."""
    made = [(place, "departement.html") for place in departements().values()]
    made += [(place, "region.html") for place in regions().values()]
    return tuple(Page(p.slug, p.name, SECTION, partial(_Local, p), template) for p, template in made)


def search(page: PageRenderer) -> dict[str, Any]:
    """Return what the page that finds places shows: all of them, the map in tiles, the odd postcodes."""
    odd = data.table("postcodes_departements").group_by("postcode", maintain_order=True).all()
    classes = {d: r["class"] for d, (r,) in page.rows_of("place.stressed", "departement_id").items()}
    found = {"regions": list(regions().values()), "places": departements(), "tiles": _tiles()}
    return {**found, "also": _also(), "odd": dict(odd.rows()), "classes": classes}


@cache
def _also() -> dict[str, list[str]]:
    """Return by page the other names that a place is looked for by: in English, and its towns."""
    found = {slug: list(names) for slug, names in WORDS["english"].items()}
    for dep, town in data.table("towns").rows():
        found.setdefault(departements()[dep].slug, []).append(town)
    return found


@cache
def _tiles() -> dict[str, Any]:
    """Return the map in tiles: where each département lies, and all of them as one outline."""
    at = {dep: (10 * col, 10 * row) for dep, row, col in data.table("departements_tiles").iter_rows()}
    path = "".join(f"M{x} {y}h9v9h-9z" for x, y in at.values())
    ends = [max(of) + 10 for of in zip(*at.values(), strict=True)]
    return {"at": at, "path": path, "width": ends[0], "height": ends[1]}


class _Local(dict[str, Any]):
    """What the template of one place may use, in the language of a page."""

    def __init__(self, place: Place, page: PageRenderer) -> None:
        super().__init__()
        self.place, self.page, self.words = place, page, page.words
        self.used: dict[str, None] = {}
        self.update(calls(self), place=place, places=departements(), region=regions()[place.region])
        self.update(tiles=_tiles(), within=self.said(place), source=page.algorithm.source)

    # rows of tables

    def _cells(self, table: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a table by the place that they are about: its first column of places."""
        meta = self.page.content.table(table, self.page.where).columns
        first = next((c for c in meta if c in ("departement_id", "dep", "region", "unit")), meta[0])
        return self.page.rows_of(table, first)

    def every(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a table."""
        return [row for rows in self._cells(table).values() for row in rows]

    def here(self, table: str, key: str = "") -> list[dict[str, Any]]:
        """Return the rows of a table that are about this place, or about what has another key."""
        return self._cells(table).get(key or self.place.code, [])

    def all_of(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table that are about the départements of a region."""
        return [row for dep in self.place.members for row in self.here(table, dep)]

    def by_name(self, table: str, name: str) -> list[dict[str, Any]]:
        """Return the rows of a table that are about a region by its name."""
        return [row for row in self.every(table) if name in (row.get("region"), row.get("unit"))]

    def kind_of(self, table: str) -> Markup:
        """Show the kind of a table's figures, and count it among those that the page is from."""
        self.used[table] = None
        link = Markup(' <a href="#table-{}">{}</a>').format(table, self.words._("origin"))
        return self.page.kind(self.page.content.merged["tables"][table]["kind"]) + link

    def position(self, table: str, column: str, row: Row) -> float:
        """Return the share of places whose value is smaller than that of a row: 0 lowest, near 1 highest."""
        values = [other[column] for other in self.every(table) if other[column] is not None]
        return sum(value < row[column] for value in values) / len(values)

    # figures

    def told(self, table: str, row: Row, *columns: str, bare: bool = False) -> Markup | str:
        """Show a value of a row, or the range between two; see `between`."""
        return self.between(table, columns[0], row[columns[0]], row[columns[-1]], bare)

    def span(self, table: str, row: Row, name: str, bare: bool = False) -> Markup | str:
        """Show the range over the scales of a quantity; see `between`."""
        return self.told(table, row, f"{name}_low", f"{name}_high", bare=bare)

    def between(self, table: str, column: str, low: Any, high: Any, bare: bool = False) -> Markup | str:
        """Show two values of a column as a range, or as one value where they read alike.

        The figure leads to the table that it is from, unless `bare`.
        """
        self.used[table] = None
        unit = self.page.unit_of(table, column)
        if column == "per_thousand":  # of few accounts, so without decimals
            low, high, unit = round(low), round(high), "count"
        show = self.words.quantity if unit == "points" else self.words.shown
        ends = [show(value, unit) for value in (low, high)]
        text = ends[0] if ends[0] == ends[1] else self.words.interval(low, high, unit)
        return text if bare else self.page.made_from(text, table)

    def middle(self, table: str, *columns: str, bare: bool = False) -> Markup | str:
        """Show the value of the middle place, or its range."""
        frame = self.page.content.table(table, self.page.where)
        values = {column: frame[column].median() for column in columns}
        return self.told(table, values, *columns, bare=bare)

    def compared(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of this place, each with what is sure about its difference from elsewhere.

        ``way`` is "more" or "less" where the difference has one sign and exceeds its sampling error on every
        scale, "alike" where it does on none, "depends" elsewhere; ``size`` is the difference without sign.
        """
        rows = []
        for row in self.here(table):
            low, high = row["difference_low"], row["difference_high"]
            least, most = sorted((abs(low), abs(high)))
            doubt = max(row["error"], LEAST)
            way = "more" if low > 0 else "less"
            if low * high <= 0 or least <= doubt:
                way = "alike" if most <= doubt else "depends"
            rows.append({**row, "way": way, "size": {"difference_low": least, "difference_high": most}})
        return rows

    def tables_used(self) -> list[dict[str, Any]]:
        """List the tables that figures so far are from, with what stands below such figures."""
        say, metas = self.words.say, self.page.content.merged["tables"]
        return [{**self.page.table_facts(id), "title": say(metas[id]["title"])} for id in self.used]

    # words and links

    def said(self, place: Place) -> str:
        """Say "in" a place."""
        return place.within if self.words.language == "fr" else f"in {place.name}"

    def place_link(self, code: str) -> Markup:
        """Return a link to the page of a département, by its name and number."""
        place = departements()[code]
        link = Markup('<a class="from-table" href="{}{}.html">{} ({})</a>')
        return link.format(self.page.home, place.slug, place.name, code)

    def links_of(self, rows: Iterable[Row]) -> Markup:
        """Return links to the départements that rows are about."""
        return Markup(", ").join(self.place_link(row["departement_id"]) for row in rows)

    def advice_name(self, advice: str, quoted: bool = True) -> str:
        """Return the name of a piece of advice."""
        name = self.words.say(self.page.algorithm.outcome("advice").items[advice])
        return self.words.quote(name) if quoted else name

    def quirks_of(self, place: Place) -> list[Quirk]:
        """Return the quirks whose records name a place."""
        named, records = WORDS["quirks"], quirks(self.page.algorithm)
        return [records[id] for id, deps in named.items() if place.code in deps]
