"""Charts of the reports: Altair from tidy tables, written as SVG that is the same to the byte everywhere.

Each chart exists in two languages and two shapes, wide and narrow (for a phone). It is drawn only from
tables of the findings file and from the shipped map; its title and its alternative text are generated from
the same rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

from bobanalysis.report.words import HERE, Words, departement_names

if TYPE_CHECKING:
    import polars as pl

STYLE = yaml.safe_load((HERE / "charts.yaml").read_text(encoding="utf-8"))
"""Fonts, colours and sizes."""
FONT, MEASURE = STYLE["font"], STYLE["measure"]
STAND_INS: Mapping[str, str] = STYLE["stand_ins"]
INK, QUIET, RULE, PAPER, HATCH = (STYLE[name] for name in ("ink", "quiet", "rule", "paper", "hatch"))
CHALLENGE_COLOURS: Mapping[str, str] = STYLE["challenges"]
CLASS_COLOURS: Mapping[str, str] = {**STYLE["classes"], "unknown": HATCH}

Tables = Mapping[str, "pl.DataFrame"]


@dataclass(frozen=True)
class Drawing:
    """A chart in one language and one shape: `title` and `description` for readers, `spec` in Vega-Lite."""

    title: str
    description: str
    spec: Any


@dataclass(frozen=True)
class ChartKind:
    """A chart that pages can ask for: the tables it needs, and the function that draws it."""

    tables: tuple[str, ...]
    draw: Callable[[Tables, Words, bool], Drawing]


def svg(drawing: Drawing, name: str) -> str:
    """Write a drawing as SVG text.

    Parameters: `drawing`; `name`, letters, digits and hyphens, unique among the charts of a page.
    Returns an `<svg role="img">` with `<title>` and `<desc>`; coordinates have one decimal; ids start with
    `name`. The same text comes out whatever fonts are on the machine.
    """
    import vl_convert

    text = vl_convert.vegalite_to_svg(measurable(drawing))
    for character, stand_in in STAND_INS.items():
        text = text.replace(stand_in, character)
    text = text.replace(f'font-family="{MEASURE}"', f'font-family="{FONT}"')
    text = re.sub(r'(?<= d=")[^"]+', lambda m: _shorten(m.group()), text)
    text = re.sub(r'(?<= transform=")[^"]+', lambda m: _shorten(m.group()), text)
    text = re.sub(r' (?:class|aria-[a-z]+|role|pointer-events|xmlns:xlink|version)="[^"]*"', "", text)
    text = re.sub(r'<path d="M0,0h0v0h0Z"/>', "", text)
    for i, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))):
        # the converter counts ids on from one chart to the next; here they only depend on the chart
        text = re.sub(rf'(?<=\bid="){found}(?=")|(?<=url\(#){found}(?=\))', f"{name}-part{i}", text)
    text = text.replace(f'fill="{HATCH}"', f'fill="url(#{name}-hatch)"')
    head, rest = text.split(">", 1)
    head = f'{head} role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
    labels = (
        f'<title id="{name}-title">{escape(drawing.title, quote=False)}</title>'
        f'<desc id="{name}-desc">{escape(drawing.description, quote=False)}</desc>'
    )
    hatch = (
        f'<defs><pattern id="{name}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="5" height="5" fill="#f4f4f1"/>'
        f'<rect width="1.5" height="5" fill="#9a9a94"/></pattern></defs>'
    )
    return head + labels + (hatch if f"#{name}-hatch" in rest else "") + rest + "\n"


def measurable(drawing: Drawing) -> str:
    """Return the Vega-Lite text of a drawing, with stand-ins for what cannot be measured everywhere."""
    spec = drawing.spec.to_dict()
    names = sorted(set(re.findall(r'"name": "(rows-[0-9a-f]+)"', json.dumps(spec))))
    spec["datasets"] = {key: _ROWS[key] for key in names}
    text = json.dumps(spec, ensure_ascii=False)
    for character, stand_in in STAND_INS.items():
        text = text.replace(character, stand_in)
    return text


def _shorten(numbers: str) -> str:
    def short(match: re.Match[str]) -> str:
        text = f"{float(match.group()):.1f}".removesuffix(".0")
        return "0" if text == "-0" else text

    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", short, numbers)


def age_challenges(tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw what share of people is told each main challenge at each age; the largest changes are marked."""
    alt = _altair()

    shares = tables["age.challenge_share"]
    order = [c for c in words.names("challenge") if c in set(shares["main_challenge"])]
    first, last = _bounds(shares, "age")
    rows = _bands(shares, order)
    width, height = (250, 300) if narrow else (500, 360)
    x = _ages("from:Q", first - 0.5, last + 0.5, words, last)
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr=_percent_label(words), grid=False)
    y = alt.Y("low:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis)
    bands = _of(rows).mark_rect(stroke=None)
    bands = bands.encode(x=x, x2="to:Q", y=y, y2="high:Q", color=_as_is("Color", "colour"))
    edges = _of([row for row in rows if row["low"] > 0]).mark_rule(stroke=PAPER, strokeWidth=1)
    edges = edges.encode(x="from:Q", x2="to:Q", y="low:Q")
    layers = [bands, edges, *_cliff_marks(tables["age.cliffs"], words, narrow)]
    if not narrow:
        layers.append(_band_names(rows, order, last, words))
    chart = alt.layer(*layers).properties(width=width, height=height)
    if narrow:
        # from top to bottom as the bands are from top to bottom
        key = _key({name: words.label("challenge", name) for name in order}, CHALLENGE_COLOURS)
        chart = alt.vconcat(key, chart, spacing=18)
    title = words._("What the same people are told, by age")
    return Drawing(
        title, _age_description(shares, tables["age.cliffs"], words), _dress(chart, "age-challenges")
    )


def age_cliffs(tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw the share of people whose main challenge changes from each age to the next."""
    alt = _altair()

    cliffs = tables["age.cliffs"]
    rows = cliffs.with_columns(at=(cliffs["age_from"] + cliffs["age_to"]) / 2).to_dicts()
    first, last = _bounds(tables["age.challenge_share"], "age")
    top = max([0.01, *(row["share_changed"] * 1.25 for row in rows)])
    x = _ages("at:Q", first, last, words, last)
    axis = alt.Axis(tickCount=4, labelExpr=_percent_label(words), grid=False)
    y = alt.Y("share_changed:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False), axis=axis)
    bars = _of(rows).mark_bar(size=4 if narrow else 7, color=CLASS_COLOURS["high"]).encode(x=x, y=y)
    named = [
        {**row, "at": row["age_to"] - 0.5, "name": step_with_share(row, words)} for row in largest(cliffs)
    ]
    names = _of(named).mark_text(dy=-8, fontSize=12, color=INK)
    names = names.encode(x="at:Q", y="share_changed:Q", text="name:N")
    chart = alt.layer(bars, names).properties(width=290 if narrow else 620, height=170)
    title = words._("Where one more year of age changes the answer")
    told = ", ".join(row["name"] for row in named)
    text = words._(
        "Bar chart: share of people whose main challenge changes from one age to the next. Largest: {list}."
    )
    return Drawing(title, text.format(list=told), _dress(chart, "age-cliffs"))


def place_map(tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw the classes of départements: a map with insets when wide, a grid of tiles when narrow."""
    alt = _altair()

    places = tables["place.stressed"]
    classes = dict(zip(places["departement_id"], places["class"], strict=True))
    chart = _tiles(classes, 340) if narrow else _shapes(classes, words)
    counts = {name: sum(c == name for c in classes.values()) for name in words.names("classes")}
    said = {name: f"{words.label('class', name)} ({words.number(n)})" for name, n in counts.items() if n}
    key = _key(said, CLASS_COLOURS)
    chart = alt.vconcat(key, chart, spacing=14)
    title = words._("Where the same people are most often told that the market is stuck")
    return Drawing(title, _place_description(classes, words), _dress(chart, "place-map"))


def place_ranks(tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw the lowest and highest rank of each département over all scales of the market figures."""
    alt = _altair()
    import polars as pl

    places = tables["place.stressed"].filter(pl.col("rank_low").is_not_null())
    places = places.with_columns(middle=(pl.col("rank_low") + pl.col("rank_high")) / 2)
    places = places.sort("middle", "rank_low", "departement_id")
    names = departement_names()
    rows = [
        {
            **row,
            "name": f"{names[row['departement_id']]} ({row['departement_id']})",
            "row": i,
            "colour": {**CLASS_COLOURS, "depends": "#8a8474"}[row["class"]],
        }
        for i, row in enumerate(places.to_dicts())
    ]
    axis = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
    y = alt.Y("row:O", axis=axis, scale=alt.Scale(paddingInner=0.2))
    x = alt.X(
        "rank_low:Q",
        title=words._("Rank over all scales"),
        scale=alt.Scale(domain=[0, len(rows) + 1], nice=False),
        axis=alt.Axis(values=[1, *range(20, len(rows) + 1, 20)], orient="top"),
    )
    colour = _as_is("Color", "colour")
    lines = _of(rows).mark_rule(strokeWidth=3).encode(x=x, x2="rank_high:Q", y=y, color=colour)
    points = _of(rows).mark_point(filled=True, size=26, opacity=1)
    ends = [points.encode(x=f"{end}:Q", y=y, color=colour) for end in ("rank_low", "rank_high")]
    labels = _of(rows).mark_text(align="right", fontSize=10, color=INK, x=-8).encode(y=y, text="name:N")
    chart = alt.layer(lines, *ends, labels).properties(width=172 if narrow else 500, height=len(rows) * 13)
    title = words._("Rank of each département over all scales")
    text = words._(
        "Interval plot with one line for each département: from its highest to its lowest rank over all"
        " scales. The table holds the same values."
    )
    return Drawing(title, text, _dress(chart, "place-ranks"))


def others_by_age(tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw what each of three algorithms answers the same people at every age, in a panel of its own."""
    import polars as pl

    titles = {
        "bob": words._("Bob: mean overall score, modelled job seekers"),
        "ams": words._("AMS: mean chance of work, all combinations"),
        "duo_observed": words._("DUO: mean score, students of 2014"),
    }
    panels = []
    for name, title in titles.items():
        means = pl.concat([*tables.values()]).filter(population=name).sort("age")
        first, last = _bounds(means, "age")
        lines = _lines(means, _ages("age:Q", first, last, words, last), {"mean": "high"}, "step-after")
        panels.append(_panel(lines, title, words, percent=name == "ams"))
    title = words._("Only age changes: what the same people are answered")
    text = words._("Lines over age, a panel each, with its own unit and people. The tables hold the values.")
    return Drawing(title, text, _dress(_side_by_side(panels, narrow), "others-by-age"))


def observed_by_age(tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw the share in the two highest classes by age, as people are and with everybody set to each age."""
    alt = _altair()

    said = {"high": words._("As they are"), "low": words._("Everybody, set to that age")}
    axis = alt.Axis(labelAngle=0, labelExpr="replace(datum.label, '-', '–')")
    x = alt.X("group:N", title=words._("Age, in years"), axis=axis)
    panels = []
    for (year,), rows in tables["observed.standardised"].group_by("year", maintain_order=True):
        lines = _lines(rows, x, {"share_own": "high", "share_same": "low"}, "linear")
        panels.append(_panel(lines, str(year), words, percent=True))
    shown = _side_by_side(panels, narrow).resolve_scale(y="shared")
    chart = alt.vconcat(_key(said, CLASS_COLOURS), shown, spacing=14)
    title = words._("Share in the two highest classes, by age")
    text = words._("Two lines by age, for each of two years. The table holds the values.")
    return Drawing(title, text, _dress(chart, "observed-by-age"))


def _lines(rows: pl.DataFrame, x: Any, columns: Mapping[str, str], how: str) -> list[Any]:
    base = _of(rows.to_dicts())
    marks = (base.mark_line(interpolate=how, color=CLASS_COLOURS[colour]) for colour in columns.values())
    return [mark.encode(x=x, y=f"{column}:Q") for column, mark in zip(columns, marks, strict=True)]


def _panel(lines: list[Any], title: str, words: Words, percent: bool) -> Any:
    alt = _altair()
    label = {"labelExpr": _percent_label(words)} if percent else {}
    y = alt.Y(title=None, axis=alt.Axis(tickCount=4, grid=False, **label))
    said = alt.TitleParams(title.split(", "), anchor="start", fontSize=12, fontWeight=600, color=INK)
    return alt.layer(*lines).encode(y=y).properties(title=said)


def _side_by_side(panels: list[Any], narrow: bool) -> Any:
    alt = _altair()
    width = 290 if narrow else 690 // len(panels) - 45
    panels = [panel.properties(width=width, height=150) for panel in panels]
    return alt.vconcat(*panels) if narrow else alt.hconcat(*panels, bounds="flush", spacing=45)


CHARTS: Mapping[str, ChartKind] = {
    "age-challenges": ChartKind(("age.challenge_share", "age.cliffs"), age_challenges),
    "age-cliffs": ChartKind(("age.cliffs", "age.challenge_share"), age_cliffs),
    "place-map": ChartKind(("place.stressed",), place_map),
    "place-ranks": ChartKind(("place.stressed",), place_ranks),
    "others-by-age": ChartKind(("three.by_age_score", "three.by_age_chance"), others_by_age),
    "observed-by-age": ChartKind(("observed.standardised",), observed_by_age),
}
"""Charts that pages can ask for, by name."""


def largest(cliffs: pl.DataFrame, n: int = 3, floor: float = 0.005) -> list[dict[str, Any]]:
    """Return the rows of `age.cliffs` with the `n` largest changes of at least `floor`, largest first."""
    import polars as pl

    rows = cliffs.filter(pl.col("share_changed") >= floor)
    return rows.sort("share_changed", "age_from", descending=[True, False]).head(n).to_dicts()


@cache
def region_names() -> Mapping[str, str]:
    """Return the name of each region by its code."""
    from bobanalysis import data

    table = data.table("departements").select("region", "region_name").unique()
    return {str(code): str(name) for code, name in table.rows()}


def _tiles(classes: Mapping[str, str], width: int) -> Any:
    alt = _altair()

    from bobanalysis import data

    grid = data.table("departements_tiles")
    columns, lines = (_bounds(grid, name)[1] + 1 for name in ("col", "row"))
    side = width / columns
    rows = [
        {
            "x": tile["col"] * side,
            "x2": (tile["col"] + 1) * side - 2,
            "y": tile["row"] * side,
            "y2": (tile["row"] + 1) * side - 2,
            "mx": (tile["col"] + 0.5) * side - 1,
            "my": (tile["row"] + 0.5) * side - 1,
            "dep": tile["dep"],
            "fill": CLASS_COLOURS[kind],
            "ink": PAPER if kind in ("high", "low") else INK,
        }
        for tile in grid.sort("dep").to_dicts()
        for kind in [classes.get(tile["dep"], "unknown")]
    ]
    fill = _of(rows).mark_rect()
    fill = fill.encode(
        x=_pixel("X", "x"), x2="x2:Q", y=_pixel("Y", "y"), y2="y2:Q", color=_as_is("Color", "fill")
    )
    text = _of(rows).mark_text(fontSize=11 if width < 400 else 13, fontWeight=600)
    text = text.encode(x=_pixel("X", "mx"), y=_pixel("Y", "my"), text="dep:N", color=_as_is("Color", "ink"))
    return alt.layer(fill, text).properties(width=columns * side, height=lines * side)


def _shapes(classes: Mapping[str, str], words: Words, width: int = 640) -> Any:
    """Draw the map in pixels: shapes and frames of insets, then the numbers of the marked départements."""
    from bobanalysis import data

    alt = _altair()
    content = data.geojson("departements_map")
    shapes, frames = content["features"], content["frames"]
    left, bottom, right, top = _extent(shapes, frames)
    zoom = width / (right - left)

    def place(point: tuple[float, float]) -> list[float]:
        return [round((point[0] - left) * zoom, 1), round((top - point[1]) * zoom, 1)]

    features = []
    for x1, y1, x2, y2 in frames.values():
        corners = [(x1, y1), (x1, y2), (x2, y2), (x2, y1), (x1, y1)]
        features.append(_feature("Polygon", [[place(corner) for corner in corners]], PAPER, RULE))
    for shape in shapes:
        kind = classes.get(shape["properties"]["dep"], "unknown")
        polygons = [[[place(point) for point in ring] for ring in rings] for rings in _polygons(shape)]
        features.append(_feature("MultiPolygon", polygons, CLASS_COLOURS[kind], PAPER))
    ground = (
        _of(features)
        .mark_geoshape(strokeWidth=0.7)
        .encode(fill=_as_is("Fill", "fill"), stroke=_as_is("Stroke", "stroke"))
        .project(type="identity", scale=1, translate=[0, 0])
    )
    doubled = {s["properties"]["dep"] for s in shapes if s["properties"]["inset"] == "paris"}
    numbers = [
        {"at": place(_middle(shape)), "name": shape["properties"]["dep"]}
        for shape in shapes
        if classes.get(shape["properties"]["dep"]) in ("high", "low")
        and not (shape["properties"]["inset"] == "none" and shape["properties"]["dep"] in doubled)
    ]
    names = {**departement_names(), "paris": words._("Paris and the inner ring")}
    captions = [
        {"at": place((box[0], box[3])), "name": names[inset]} for inset, box in sorted(frames.items())
    ]
    texts = [
        _pixel_text([{"x": row["at"][0], "y": row["at"][1], "name": row["name"]} for row in rows], **style)
        for rows, style in (
            (numbers, {"fontSize": 9, "fontWeight": 600, "color": PAPER}),
            (captions, {"fontSize": 11, "color": QUIET, "align": "left", "baseline": "bottom", "dy": -3}),
        )
        if rows
    ]
    return alt.layer(ground, *texts).properties(width=width, height=round((top - bottom) * zoom))


def _pixel_text(rows: list[dict[str, Any]], **style: Any) -> Any:
    return _of(rows).mark_text(**style).encode(x=_pixel("X", "x"), y=_pixel("Y", "y"), text="name:N")


def _feature(kind: str, coordinates: Any, fill: str, stroke: str) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "fill": fill, "stroke": stroke}


def _polygons(shape: Mapping[str, Any]) -> Any:
    geometry = shape["geometry"]
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def _extent(shapes: Any, frames: Mapping[str, Any]) -> tuple[float, float, float, float]:
    points = [point for shape in shapes for rings in _polygons(shape) for point in rings[0]]
    points += [corner for x1, y1, x2, y2 in frames.values() for corner in ((x1, y1), (x2, y2))]
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def _middle(shape: Mapping[str, Any]) -> tuple[float, float]:
    """Return the centre of gravity of the largest polygon of a shape."""

    def area(ring: Any) -> float:
        pairs = pairwise(ring)
        return float(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2

    ring = max((rings[0] for rings in _polygons(shape)), key=lambda ring: abs(area(ring)))
    sides = [(a, b, a[0] * b[1] - b[0] * a[1]) for a, b in pairwise(ring)]
    whole = 6 * area(ring)
    x = sum((a[0] + b[0]) * cross for a, b, cross in sides) / whole
    y = sum((a[1] + b[1]) * cross for a, b, cross in sides) / whole
    return x, y


def _key(said: Mapping[str, str], colours: Mapping[str, str]) -> Any:
    alt = _altair()
    rows = [{"row": i, "name": said[id], "fill": colours[id]} for i, id in enumerate(said)]
    y = alt.Y("row:O", axis=None)
    squares = _of(rows).mark_square(size=150, opacity=1, x=7, stroke="#8a8a84", strokeWidth=0.5)
    squares = squares.encode(y=y, fill=_as_is("Fill", "fill"))
    names = _of(rows).mark_text(align="left", x=22, fontSize=12, color=INK).encode(y=y, text="name:N")
    return alt.layer(squares, names).properties(width=290, height=len(rows) * 19)


def _bands(shares: pl.DataFrame, order: list[str]) -> list[dict[str, Any]]:
    """Stack the shares from the top down; join neighbouring ages with the same shares, for a small file."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    open_bands: dict[str, dict[str, Any]] = {}
    for (age,), group in shares.sort("age").group_by(["age"], maintain_order=True):
        told = dict(group.select("main_challenge", pl.col("share").fill_null(0)).iter_rows())
        top = 1.0
        for name in order:
            low, high = round(top - told.get(name, 0.0), 4) + 0.0, round(top, 4)
            top = low
            band = open_bands.get(name)
            if band and (band["low"], band["high"]) == (low, high):
                band["to"] = age + 0.5
                continue
            span = {"challenge": name, "from": age - 0.5, "to": age + 0.5, "low": max(low, 0.0), "high": high}
            open_bands[name] = {**span, "colour": CHALLENGE_COLOURS[name]}
            rows.append(open_bands[name])
    return rows


def _band_names(rows: list[dict[str, Any]], order: list[str], last: int, words: Words) -> Any:
    alt = _altair()

    ends = {row["challenge"]: row for row in rows if row["to"] == last + 0.5}
    places = [(name, (ends[name]["low"] + ends[name]["high"]) / 2) for name in order if name in ends]
    placed = _apart([y for _, y in places], 0.047)
    names = [
        {"y": y, "name": words.label("challenge", name), "colour": CHALLENGE_COLOURS[name], "at": last + 0.5}
        for (name, _), y in zip(places, placed, strict=True)
    ]
    base = _of(names).encode(x="at:Q", y="y:Q")
    dots = base.mark_square(size=90, opacity=1, xOffset=12, stroke="#8a8a84", strokeWidth=0.5).encode(
        fill=_as_is("Fill", "colour")
    )
    texts = base.mark_text(align="left", dx=22, fontSize=12, color=INK).encode(text="name:N")
    return alt.layer(dots, texts)


def _apart(values: list[float], least: float) -> list[float]:
    """Move falling values apart by at least `least`, and keep them within 0 and 1."""
    placed: list[float] = []
    for value in values:
        placed.append(min(value, placed[-1] - least) if placed else value)
    floor = least / 2
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = max(placed[i], floor)
        floor = placed[i] + least
    return [round(value, 4) for value in placed]


def _cliff_marks(cliffs: pl.DataFrame, words: Words, narrow: bool) -> list[Any]:
    rows = [
        {**row, "at": row["age_to"] - 0.5, "name": _step_name(row, words)}
        for row in sorted(largest(cliffs), key=lambda row: row["age_from"])
    ]
    if not rows:
        return []
    for i, row in enumerate(rows):
        near = i and row["at"] - rows[i - 1]["at"] < (14 if narrow else 8)
        row["lift"] = -20 if near and rows[i - 1]["lift"] == -8 else -8
    lines = _of(rows).mark_rule(stroke=INK, strokeWidth=1.2, strokeDash=[4, 3]).encode(x="at:Q")
    names = [
        _of([row])
        .mark_text(fontSize=12, fontWeight=600, color=INK, y=row["lift"])
        .encode(x="at:Q", text="name:N")
        for row in rows
    ]
    return [lines, *names]


def step_with_share(row: Mapping[str, Any], words: Words) -> str:
    """Name a step from one age to the next with the share whose answer changes there."""
    share = words.quantity(row["share_changed"], "share")
    return words._("{step}: {share}").format(step=_step_name(row, words), share=share)


def _step_name(row: Mapping[str, Any], words: Words) -> str:
    years = words.quantity(row["age_to"], "years")
    last = years if words.language == "fr" else words.number(row["age_to"])
    return f"{words.number(row['age_from'])} → {last}"


def _age_description(shares: pl.DataFrame, cliffs: pl.DataFrame, words: Words) -> str:
    first, last = _bounds(shares, "age")
    rows = shares.select("age", "main_challenge", "share").rows()
    told = {(age, name): words.quantity(share, "share") for age, name, share in rows if age in (first, last)}
    nobody = words.quantity(0.0, "share")
    parts = [
        words._("{name}: {first} at {age_first}, {last} at {age_last}").format(
            name=words.label("challenge", name),
            first=told.get((first, name), nobody),
            last=told.get((last, name), nobody),
            age_first=words.quantity(first, "years"),
            age_last=words.quantity(last, "years"),
        )
        for name in words.names("challenge")
    ]
    steps = ", ".join(_step_name(row, words) for row in largest(cliffs))
    text = words._(
        "Stacked areas: share of people told each main challenge, by age. {list}. Marked, the largest"
        " changes: {steps}."
    )
    return text.format(list=words.join(parts), steps=steps)


def _place_description(classes: Mapping[str, str], words: Words) -> str:
    names = departement_names()
    lists = {
        kind: ", ".join(names[dep] for dep in sorted(classes) if classes[dep] == kind)
        for kind in ("high", "low", "unknown")
    }
    text = words._(
        "Départements in classes. Among the highest on every scale: {high}. Among the lowest on every scale:"
        " {low}. No data: {unknown}. The class of the others depends on the scale."
    )
    nothing = words._("none")
    return text.format(**{kind: names or nothing for kind, names in lists.items()})


def _percent_label(words: Words) -> str:
    space = "\u202f" if words.language == "fr" else ""
    return f"format(datum.value * 100, '.0f') + '{space}%'"


def _altair() -> Any:
    import altair  # half a second, so only when a chart is drawn

    return altair


def _bounds(frame: pl.DataFrame, column: str) -> tuple[int, int]:
    values = frame[column].to_list()
    return min(values), max(values)


_ROWS: dict[str, Any] = {}
"""Rows of charts by a key made from what they hold: Altair copies inline data many times, names are cheap."""


def _data(rows: Any) -> Any:
    key = "rows-" + hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]
    _ROWS[key] = rows
    return _altair().NamedData(name=key)


def _of(rows: Any) -> Any:
    """Return a chart of some rows."""
    return _altair().Chart(_data(rows))


def _as_is(channel: str, field: str) -> Any:
    """Return a channel whose values are colours."""
    return getattr(_altair(), channel)(f"{field}:N", scale=None)


def _pixel(channel: str, field: str) -> Any:
    """Return a channel whose values are pixels."""
    return getattr(_altair(), channel)(f"{field}:Q", axis=None, scale=None)


def _ages(field: str, first: float, last: float, words: Words, ticks_to: int) -> Any:
    """Return the axis of ages."""
    alt = _altair()
    return alt.X(
        field,
        title=words._("Age, in years"),
        scale=alt.Scale(domain=[first, last], nice=False),
        axis=alt.Axis(values=list(range(20, ticks_to + 1, 10)), grid=False),
    )


def _dress(chart: Any, name: str) -> Any:
    return (
        chart.properties(name=name, background=PAPER, padding=6)
        .configure(font=MEASURE, aria=False)
        .configure_view(stroke=None)
        .configure_axis(**STYLE["axis"])
        .configure_concat(spacing=10)
    )
