"""Charts of the reports: Vega-Lite from tidy tables, written as SVG that is the same to the byte everywhere.

Each chart exists in two languages and two shapes, wide and narrow (for a phone). `charts.yaml` says what it
looks like. It is drawn only from tables of the findings file and from the shipped map; its title and its
alternative text are generated from the same rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import Any

import numpy as np
import polars as pl

from bobanalysis import data
from bobanalysis.report.words import HERE, Words, departement_names
from bobanalysis.tables import load, load_yaml
from bobanalysis.text import Text, percent_sign

STYLE = load_yaml(dict[str, Any], HERE / "charts.yaml")
"""Fonts, colours, and the look of each chart."""
HATCH: str = STYLE["hatch"]

Tables = Mapping[str, pl.DataFrame]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Drawing:
    """A chart in one language and one shape: `title` and `description` for readers, `spec` in Vega-Lite."""

    title: str
    description: str
    spec: str


@dataclass(frozen=True)
class ChartKind:
    """A chart that pages can ask for: texts, tables, what `read` takes from these, sources of shapes."""

    title: Text
    description: Text
    tables: tuple[str, ...]
    read: str
    shapes: tuple[str, ...] = ()
    wide: Any = None
    narrow: Any = None
    pieces: Any = None


def draw(name: str, tables: Tables, words: Words, narrow: bool) -> Drawing:
    """Draw a chart from its tables; see `svg`.

    What cannot be measured with the fonts of every machine has a stand-in in the drawing.
    """
    chart = CHARTS[name]
    told, values = globals()[chart.read](tables, words, narrow)
    look = {**STYLE["common"], **(chart.narrow if narrow else chart.wide)}
    spec = json.dumps(_filled(look, values), ensure_ascii=False)
    for character, stand_in in STYLE["stand_ins"].items():
        spec = spec.replace(character, stand_in)
    return Drawing(words.say(chart.title), words.say(chart.description).format(**told), spec)


def _filled(part: Any, values: Mapping[str, Any]) -> Any:
    """Put values in the place of their names, which begin with a dollar sign."""
    if isinstance(part, str) and part.startswith("$"):
        return values[part[1:]]
    if isinstance(part, dict):
        return {key: _filled(inner, values) for key, inner in part.items()}
    return [_filled(inner, values) for inner in part] if isinstance(part, list) else part


def svg(drawing: Drawing, name: str) -> str:
    """Write a drawing as SVG text.

    Parameters: `drawing`; `name`, letters, digits and hyphens, unique among the charts of a page.
    Returns an `<svg role="img">` with `<title>` and `<desc>`; coordinates have one decimal; ids start with
    `name`. The same text comes out whatever fonts are on the machine.
    """
    import vl_convert

    text = vl_convert.vegalite_to_svg(drawing.spec)
    for character, stand_in in STYLE["stand_ins"].items():
        text = text.replace(stand_in, character)
    text = text.replace(f'font-family="{STYLE["measure"]}"', f'font-family="{STYLE["font"]}"')
    text = plain(text, name)
    hatched = text.replace(f'fill="{HATCH}"', f'fill="url(#{name}-hatch)"')
    head, rest = hatched.split(">", 1)
    head = f'{head} role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
    title = f'<title id="{name}-title">{escape(drawing.title, quote=False)}</title>'
    about = f'<desc id="{name}-desc">{escape(drawing.description, quote=False)}</desc>'
    hatching = STYLE["hatching"].format(name=name) if hatched != text else ""
    return f"{head}{title}{about}{hatching}{rest}\n"


def plain(text: str, name: str) -> str:
    """Leave what draws in the SVG of a chart: coordinates of one decimal, and ids that start with `name`."""
    text = re.sub(r'(?<= d=")[^"]+|(?<= transform=")[^"]+', lambda m: _shorten(m.group()), text)
    text = re.sub(r' (?:class|aria-[a-z]+|role|pointer-events|xmlns:xlink|version)="[^"]*"', "", text)
    text = re.sub(r'<path d="M0,0h0v0h0Z"/>', "", text)
    text = re.sub(rf"M{_POINT}(?:L{_POINT}){{3,}}", lambda m: _relative(m.group()), text)
    for i, found in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text))):
        # the converter counts ids on from one chart to the next; here they only depend on the chart
        text = re.sub(rf'(?<=\bid="){found}(?=")|(?<=url\(#){found}(?=\))', f"{name}-part{i}", text)
    return text


_POINT = r"-?[\d.]+,-?[\d.]+"


def _relative(line: str) -> str:
    """Write a line from point to point instead of by places, half as long where points are near.

    >>> _relative("M10,20.5L10.1,20L12,20")
    'M10,20.5l0.1,-0.5 1.9,0'
    """
    points = [[round(10 * float(n)) for n in point.split(",")] for point in line[1:].split("L")]
    steps = ((b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
    return f"M{line[1:].split('L')[0]}l" + " ".join(f"{x / 10:g},{y / 10:g}" for x, y in steps)


def _shorten(numbers: str) -> str:
    """Write numbers with one decimal at most."""
    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda m: f"{round(float(m[0]), 1) + 0.0:g}", numbers)


Parts = tuple[Mapping[str, str], Mapping[str, Any]]
"""What fills the description, and what stands in the place of each `$name`."""


def _age_challenges(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show what share of people is told each main challenge at each age; the largest changes are marked."""
    shares, labels = tables["age.challenge_share"], words.names("challenge")
    ages = _of_ages(shares["age"], words)
    first, last = ages["first"], ages["last"]
    order = [name for name in labels if name in set(shares["main_challenge"])]
    kind, from_top = pl.col("main_challenge"), {name: -place for place, name in enumerate(order)}
    places = kind.replace_strict(from_top, return_dtype=pl.Int64)
    rows = shares.select("age", pl.col("share").fill_null(0.0), kind=kind, order=places)
    begin, end = (dict(rows.filter(age=age).select("kind", "share").iter_rows()) for age in (first, last))
    ends = {"age_first": words.quantity(first, "years"), "age_last": words.quantity(last, "years")}
    told = []
    for name, label in labels.items():
        shown = (words.quantity(shares.get(name, 0.0), "share") for shares in (begin, end))
        told.append(words.name("chart", "shares").format(label, *shown, **ends))
    steps = [{**row, "name": _step_name(row, words)} for row in largest(tables["age.cliffs"])]
    values = {
        **ages,
        "shares": rows.to_dicts(),
        "steps": _lifted(steps, near=14 if narrow else 8),
        "ends": _names_at_the_end({name: end[name] for name in order if name in end}, last, labels),
        # from top to bottom as the areas are from top to bottom
        "key": _key({name: labels[name] for name in order}),
    }
    return {"list": words.join(told), "steps": ", ".join(row["name"] for row in steps)}, values


def _lifted(steps: Rows, near: int) -> Rows:
    """Say how high the name of each step stands: higher where the one before it is low and `near`."""
    rows = [{**row, "at": row["age_to"] - 0.5} for row in sorted(steps, key=lambda row: row["age_from"])]
    at, lift = -float("inf"), -20
    for row in rows:
        lift = -20 if row["at"] - at < near and lift == -8 else -8
        at, row["lift"] = row["at"], lift
    return rows


def _names_at_the_end(shares: Mapping[str, float], last: int, labels: Mapping[str, str]) -> Rows:
    """Put names beside their areas, from the top down; those of thin areas are moved apart."""
    least, top, rows = 0.047, 1.0, list[dict[str, Any]]()
    for name, share in shares.items():
        middle, top = top - share / 2, top - share
        middle = min(middle, rows[-1]["share"] - least) if rows else middle
        rows.append({"kind": name, "name": labels[name], "at": last, "share": middle})
    floor = least / 2
    for row in reversed(rows):
        row["share"] = max(row["share"], floor)
        floor = row["share"] + least
    return rows


def _age_cliffs(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show the share of people whose main challenge changes from each age to the next."""
    cliffs = tables["age.cliffs"].with_columns(at=pl.col("age_to") - 0.5)
    named = largest(cliffs)
    for row in named:
        row["name"] = _step_name(row, words) + words.colon + words.quantity(row["share_changed"], "share")
    ages = _of_ages(tables["age.challenge_share"]["age"], words)
    top = max([0.01, *(cliffs["share_changed"] * 1.25)])
    values = {**ages, "cliffs": cliffs.to_dicts(), "largest": named, "top": top}
    return {"list": ", ".join(row["name"] for row in named)}, values


def _of_ages(values: pl.Series, words: Words) -> dict[str, Any]:
    first, last = min(values), max(values)
    ages = {"first": first, "last": last, "ages": list(range(20, last + 1, 10))}
    return {**ages, "age_in_years": words.name("chart", "ages"), "per_cent": _per_cent(words)}


def _per_cent(words: Words) -> str:
    return f"format(datum.value * 100, '.0f') + '{percent_sign(words.language)}'"


def _place_map(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show the class of each département."""
    places, labels, names = tables["place.stressed"], words.names("map_classes"), departement_names()
    kinds = dict(zip(places["departement_id"], places["class"], strict=True))
    of = {kind: [dep for dep in sorted(kinds) if kinds[dep] == kind] for kind in labels}
    kind = pl.col("dep").replace_strict(kinds, default="unknown")
    values = {
        "key": _key({k: f"{labels[k]} ({words.number(len(deps))})" for k, deps in of.items() if deps}),
        "tiles": data.table("departements_tiles").sort("dep").with_columns(kind=kind).to_dicts(),
        **_shapes(kinds, {**names, "paris": words.name("chart", "paris")}),
    }
    nothing = words._("none")
    return {kind: ", ".join(names[dep] for dep in deps) or nothing for kind, deps in of.items()}, values


def _shapes(kinds: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    """Return shapes and frames of insets, and the numbers of the marked départements."""
    content = data.geojson("departements_map")
    shapes, frames = content["features"], content["frames"]
    placed = [(s, s["properties"]["dep"], s["properties"]["inset"]) for s in shapes]
    doubled = {dep for _, dep, inset in placed if inset == "paris"}
    once = [(s, dep) for s, dep, inset in placed if inset != "none" or dep not in doubled]
    numbers = [{**_middle(s), "name": dep} for s, dep in once if kinds.get(dep) in ("high", "low")]
    rings = [[(a, b), (a, d), (c, d), (c, b), (a, b)] for a, b, c, d in frames.values()]
    return {
        "shapes": [{**s, "kind": kinds.get(dep, "unknown")} for s, dep, _ in placed],
        "frames": [{"type": "Polygon", "coordinates": [ring]} for ring in rings],
        "numbers": numbers,
        "captions": [{"x": a, "y": d, "name": names[i]} for i, (a, _, _, d) in sorted(frames.items())],
    }


def _middle(shape: Mapping[str, Any]) -> dict[str, float]:
    """Return the centre of gravity of the largest polygon of a shape."""
    found = []
    for outline, *_ in shape["geometry"]["coordinates"]:
        x, y = np.array(outline).T
        cross = x[:-1] * y[1:] - x[1:] * y[:-1]
        middle = {"x": (x[:-1] + x[1:]) @ cross, "y": (y[:-1] + y[1:]) @ cross}
        found.append((abs(cross.sum()), {axis: value / cross.sum() / 3 for axis, value in middle.items()}))
    return max(found, key=lambda each: each[0])[1]


def _place_ranks(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show the lowest and highest rank of each département over all scales of the market figures."""
    places, names = tables["place.stressed"].drop_nulls("rank_low"), departement_names()
    dep = pl.col("departement_id")
    middle = (places["rank_low"] + places["rank_high"]) / 2
    name = pl.format("{} ({})", dep.replace_strict(names), dep)
    ranked = places.with_columns(middle=middle, kind="class", name=name).sort("middle", "rank_low", dep)
    ranks = ranked.with_row_index("row").to_dicts()
    values = {
        "ranks": ranks,
        "height": len(ranks) * 13,
        "below": len(ranks) + 1,
        "ticks": [1, *range(20, len(ranks) + 1, 20)],
        "rank": [words.name("chart", "rank"), words.name("chart", "first_rank")],
        "key": _key({k: name for k, name in words.names("map_classes").items() if k in {*places["class"]}}),
    }
    return {}, values


def _age_advice(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show the share given each of the pieces of advice that move most with age, a panel each."""
    given, names = tables["advice_age.given"], tables["advice_age.names"]
    titles = dict(names.select("item", words.language).iter_rows())
    spread = given.group_by("item").agg(moves=pl.col("share").max() - pl.col("share").min())
    moving = spread.sort("moves", "item", descending=[True, False]).head(6)["item"].to_list()
    panels = []
    for item in moving:
        rows = given.filter(item=item).sort("age").rename({"share": "mean"}).to_dicts()
        ages = _of_ages(given["age"], words)
        ages |= {"ages": ages["ages"][:: 2 if narrow else 1], "width": 125 if narrow else 180}
        values = {**ages, "rows": rows, "title": wrap(words.polish(titles[item]), 25)}
        panels.append(_filled(STYLE["panels"]["advice"], values))
    return {}, {"panels": panels}


def _others_by_age(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show what each of three algorithms answers the same people at every age, in a panel of its own."""
    panels = []
    for name, title in ((name, words.say(text)) for name, text in STYLE["algorithms_by_age"].items()):
        (means,) = (found for table in tables.values() if len(found := table.filter(population=name)))
        rows = means.sort("age").select("age", "mean").to_dicts()
        ages = _of_ages(means["age"], words)
        label = ages["per_cent"] if name == "ams" else "datum.label"
        values = {**ages, "rows": rows, "title": title.split(", "), "label": label}
        panels.append(_filled(STYLE["panels"]["ages"], values | {"width": 290 if narrow else 185}))
    return {}, {"panels": panels}


def _observed_by_age(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show the share in the two highest classes by age, as people are and with everybody set to each age."""
    panels = []
    for (year,), rows in tables["observed.standardised"].group_by("year", maintain_order=True):
        both = rows.select("group", high="share_own", low="share_same")
        lines = both.unpivot(index="group", variable_name="kind", value_name="share").to_dicts()
        values: dict[str, Any] = {"rows": lines, "title": str(year), "label": _per_cent(words)}
        values |= {"age_in_years": words.name("chart", "ages"), "width": 290 if narrow else 300}
        panels.append(_filled(STYLE["panels"]["groups"], values))
    return {}, {"panels": panels, "key": _key(words.names("standardised"))}


def _money(tables: Tables, words: Words, narrow: bool) -> Parts:
    """Show the sums that were shown, by funder, in a panel for each time."""
    table, natures, panels, told = tables["money.funders"], words.names("natures"), [], []
    for given, title in words.names("rounds").items():
        drawn = table.filter(given=given).sort("euros", descending=True).with_row_index("row")
        bars = drawn.with_columns(kind=pl.format("money_{}", "nature"), name=words.language).to_dicts()
        for bar in bars:
            bar["shown"] = words.quantity(bar["euros"], "euros")
            told.append(f"{bar['name']}, {natures[bar['nature']]}, {bar['shown']}")
        top = table["euros"].max() * (1.45 if narrow else 1.2)  # type: ignore[operator]
        values = {"rows": bars, "title": title, "top": top, "width": 320 if narrow else 620}
        panels.append(_filled(STYLE["panels"]["sums"], values))
    key = _key({f"money_{nature}": name for nature, name in natures.items()})
    return {"list": words.join(told)}, {"panels": panels, "key": key}


CHARTS = load(dict[str, ChartKind], STYLE["charts"], "charts.yaml")
"""Charts that pages can ask for, by name."""


def largest(cliffs: pl.DataFrame, n: int = 3, floor: float = 0.005) -> Rows:
    """Return the rows of `age.cliffs` with the `n` largest changes of at least `floor`, largest first."""
    rows = cliffs.filter(cliffs["share_changed"] >= floor)
    return rows.sort("share_changed", "age_from", descending=[True, False]).head(n).to_dicts()


def _step_name(row: Mapping[str, Any], words: Words) -> str:
    """Name a step from one age to the next."""
    last = words.quantity(row["age_to"], "years", bare=words.language != "fr")
    return f"{words.number(row['age_from'])} → {last}"


def _key(said: Mapping[str, str]) -> Rows:
    return [{"row": i, "kind": kind, "name": name} for i, (kind, name) in enumerate(said.items())]


@cache
def region_names() -> Mapping[str, str]:
    """Return the name of each region by its code."""
    table = data.table("departements").select("region", "region_name").unique()
    return {str(code): str(name) for code, name in table.rows()}
