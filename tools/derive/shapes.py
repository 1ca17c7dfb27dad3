"""Shapes for the map: metropolitan France on a flat plane, overseas and the Paris ring as insets.

Coordinates are grid steps of half a kilometre on a Lambert conformal conic plane (parallels 44° and 49°,
origin 46.5° N 3° E, as in Lambert-93 but on a sphere), x to the east and y to the north. An inset is moved
and enlarged, so that only shapes, not distances, may be read from it. Draw with a planar ("identity")
projection with y reflected.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bobanalysis.data import DataError

Ring = NDArray[np.float64]
Polygons = list[list[Ring]]

EARTH = 6371.0
STEPS_PER_KM = 2.0
RING_OF_PARIS = ("75", "92", "93", "94")
FRANCE = "250"

# Where each département overseas lies, in degrees: west, south, east, north.
OVERSEAS = {
    "971": (-62.0, 15.7, -60.9, 16.6),
    "972": (-61.4, 14.3, -60.7, 14.95),
    "973": (-55.0, 2.0, -51.0, 6.2),
    "974": (55.0, -21.5, 56.0, -20.7),
    "976": (44.8, -13.2, 45.5, -12.5),
}
# Boxes on the plane, in km: left, bottom, right, top.
BOXES = {
    "971": (-560, -770, -395, -605),
    "972": (-365, -770, -200, -605),
    "973": (-170, -770, -5, -605),
    "974": (25, -770, 190, -605),
    "976": (220, -770, 385, -605),
    "paris": (-595, 345, -370, 540),
}


def conic(lonlat: Ring) -> Ring:
    """Project degrees to kilometres with a Lambert conformal conic on a sphere.

    Parameters: `lonlat`, shape (n, 2), longitude and latitude in degrees. Returns x and y in km, shape (n,
    2). Source: J. P. Snyder, Map Projections – A Working Manual, USGS 1395 (1987), equations 15-1 to 15-4.

    >>> conic(np.array([[3.0, 46.5]])).tolist()
    [[0.0, 0.0]]
    """
    lon, lat = np.radians(lonlat).T
    low, high, origin, meridian = (math.radians(d) for d in (44.0, 49.0, 46.5, 3.0))
    half = [math.tan(math.pi / 4 + x / 2) for x in (low, high, origin)]
    n = math.log(math.cos(low) / math.cos(high)) / math.log(half[1] / half[0])
    f = math.cos(low) * half[0] ** n / n
    rho, rho0 = EARTH * f / np.tan(np.pi / 4 + lat / 2) ** n, EARTH * f / half[2] ** n
    turn = n * (lon - meridian)
    return np.column_stack([rho * np.sin(turn), rho0 - rho * np.cos(turn)])


def local_plane(lonlat: Ring) -> Ring:
    """Project a small territory to kilometres around its own middle latitude (equirectangular)."""
    lon, lat = np.radians(lonlat).T
    return EARTH * np.column_stack([lon * math.cos(float((lat.min() + lat.max()) / 2)), lat])


def snap(ring: Ring) -> list[list[int]]:
    """Round a ring to the grid, and leave out repeated points and points on a straight line.

    Neighbours round a common border alike, so no gap opens between them. A ring that shrinks to a line is
    empty.

    >>> snap(np.array([[0, 0], [0.5, 0], [1, 0], [1, 1], [0, 0.02], [0, 0]]))
    [[2, 0], [2, 2], [0, 0], [2, 0]]
    """
    points = np.rint(ring * STEPS_PER_KM).astype(int)[:-1]
    while len(points) > 2:
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        (ax, ay), (bx, by) = (points - before).T, (after - points).T
        flat = ax * by == ay * bx
        flat[1:] &= ~flat[:-1]  # never two neighbours in one pass
        flat[-1] &= not flat[0]
        if not flat.any():
            return [*points.tolist(), points[0].tolist()]
        points = points[~flat]
    return []


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path}: the raw file is not there; data/README.md shows which files the folder needs"
        ) from None


def _polygons(geometry: dict[str, Any]) -> Polygons:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[np.asarray(ring, dtype=float) for ring in part] for part in parts]


def topojson_polygons(topology: dict[str, Any], layer: str, identifier: str) -> Polygons:
    """Decode the polygons of one country of a TopoJSON file.

    Parameters: `topology`, the parsed file; `layer`, the name of the object; `identifier`, the id of the
    feature. Returns polygons as lists of rings in degrees. Source: the TopoJSON format specification,
    sections 2.1.2 to 2.1.5.
    """
    scale, shift = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    arcs = [np.cumsum(np.asarray(arc), axis=0) * scale + shift for arc in topology["arcs"]]

    def ring(indices: Sequence[int]) -> Ring:
        lines = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
        return np.concatenate([lines[0], *(line[1:] for line in lines[1:])])  # arcs share their end points

    for shape in topology["objects"][layer]["geometries"]:
        if shape.get("id") == identifier:
            parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
            return [[ring(indices) for indices in part] for part in parts]
    raise DataError(f"TopoJSON: no feature {identifier} in {layer}")


def fit(
    polygons: Polygons, box: tuple[float, float, float, float], margin: float = 0.04
) -> tuple[Polygons, float]:
    """Enlarge polygons and move them to the middle of a box. Returns them with the factor of enlargement."""
    every = np.concatenate([ring for part in polygons for ring in part])
    low, high = every.min(axis=0), every.max(axis=0)
    corner, size = np.array(box[:2]), np.array(box[2:]) - np.array(box[:2])
    factor = float(min(size * (1 - 2 * margin) / (high - low)))
    middle = corner + size / 2
    return [[(ring - (low + high) / 2) * factor + middle for ring in part] for part in polygons], factor


def _feature(dep: str, name: str, inset: str, scale: float, polygons: Polygons) -> dict[str, Any]:
    parts = [[r for r in map(snap, part) if r] for part in polygons]
    return {
        "type": "Feature",
        "properties": {"dep": dep, "name": name, "inset": inset, "scale": round(scale, 2)},
        "geometry": {"type": "MultiPolygon", "coordinates": [part for part in parts if part]},
    }


def _features(
    metropolitan: dict[str, Polygons], overseas: Polygons, names: dict[str, str]
) -> Iterator[dict[str, Any]]:
    flat = {dep: [[conic(ring) for ring in part] for part in shape] for dep, shape in metropolitan.items()}
    for dep in sorted(flat):
        yield _feature(dep, names[dep], "none", 1.0, flat[dep])
    for dep, (west, south, east, north) in OVERSEAS.items():
        inside = [p for p in overseas if ((p[0] > (west, south)) & (p[0] < (east, north))).all()]
        if not inside:
            raise DataError(f"countries-10m.json: no outline of {dep} inside {OVERSEAS[dep]}")
        whole = local_plane(np.concatenate([ring for part in inside for ring in part]))
        ends = np.cumsum([len(ring) for part in inside for ring in part])[:-1]
        rings = iter(np.split(whole, ends))
        shape, factor = fit([[next(rings) for _ in part] for part in inside], BOXES[dep])
        yield _feature(dep, names[dep], "overseas", factor, shape)
    ring_of_paris, factor = fit([part for dep in RING_OF_PARIS for part in flat[dep]], BOXES["paris"])
    parts = iter(ring_of_paris)
    for dep in RING_OF_PARIS:
        yield _feature(dep, names[dep], "paris", factor, [next(parts) for _ in flat[dep]])


def departements_map(raw: Path) -> bytes:
    """Make the GeoJSON of the map: 96 metropolitan shapes, 5 overseas and 4 around Paris as insets (105
    features).

    Properties of a feature: `dep`, `name`, `inset` (`none`, `overseas`, `paris`), `scale` (enlargement). The
    member `frames` of the collection holds a rectangle [left, bottom, right, top] for each inset.
    """
    names = {
        x["code"]: x["nom"].replace("'", "’")
        for x in _read(raw / "decoupage-administratif/departements.json")
    }
    shapes = _read(raw / "france-geojson/departements-version-simplifiee.geojson")["features"]
    metropolitan = {x["properties"]["code"]: _polygons(x["geometry"]) for x in shapes}
    overseas = topojson_polygons(_read(raw / "world-atlas/countries-10m.json"), "countries", FRANCE)
    collection = {
        "type": "FeatureCollection",
        "frames": {key: [round(v * STEPS_PER_KM) for v in box] for key, box in BOXES.items()},
        "features": list(_features(metropolitan, overseas, names)),
    }
    return (json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
