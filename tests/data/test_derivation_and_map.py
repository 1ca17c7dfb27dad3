"""The derivation is repeatable, and the map and the tiles show every département."""

import gzip
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bobanalysis.data import DataError, folder, geojson, sources, table
from tools.derive import __main__ as derive
from tools.derive.shapes import conic, snap, topojson_polygons
from tools.derive.tables import unemployment_rate_dep


def test_every_shipped_table_has_a_function_that_makes_it():
    made = set(derive.TABLES) | {"departements_map"}
    assert made == {source.id for source in sources().values() if source.table}


def test_compressed_bytes_repeat_and_carry_no_time():
    frame = pl.DataFrame({"a": [1, 2], "b": [0.5, None]})
    packed = derive.as_bytes(frame, compressed=True)
    assert packed == derive.as_bytes(frame, compressed=True)
    assert packed[4:8] == b"\x00\x00\x00\x00"
    assert gzip.decompress(packed) == b"a,b\n1,0.5\n2,\n"


def test_rows_are_sorted_whatever_their_order_in_the_raw_file():
    shuffled = table("jobseekers_fap87_age_2020").sample(fraction=1, shuffle=True, seed=1)
    columns = sources()["jobseekers_fap87_age_2020"].columns.values()
    orders = {column.name: column.order for column in columns if column.order}
    text = shuffled.with_columns(pl.col("age_band").cast(pl.String))
    written = derive.as_bytes(derive.sort_rows(text, orders), compressed=False)
    assert written == (folder() / "reference/jobseekers_fap87_age_2020.csv").read_bytes()


def test_the_tiles_are_made_again_to_the_byte(tmp_path: Path):
    (path,) = derive.write_tables(tmp_path, tmp_path / "out", ("departements_tiles",))
    assert path.read_bytes() == (folder() / "reference/departements_tiles.csv").read_bytes()


def test_a_raw_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"chomage_departemental_INSEE\.csv: the raw file is not there"):
        derive.write_tables(tmp_path, tmp_path / "out", ("unemployment_rate_dep",))


def test_a_leading_zero_is_kept_and_a_padding_zero_is_not(tmp_path: Path):
    folder = tmp_path / "orion-insee-chomage"
    folder.mkdir()
    text = "codeDepartement;libelleDepartement;rentreeScolaire;tauxChomage\n"
    text += "001;AIN;2023;5,7\n02A;X;2023;6,0\n971;G;2023;18,5\n"
    (folder / "chomage_departemental_INSEE.csv").write_text(text)
    assert unemployment_rate_dep(tmp_path)["dep"].to_list() == ["01", "2A", "971"]


def test_an_age_label_that_the_source_changes_stops_the_derivation(tmp_path: Path):
    folder = tmp_path / "dares-portraits/inputs"
    folder.mkdir(parents=True)
    (folder / "age_demandeur_emploi.csv").write_text('"Fap3","Age","Part"\n"A0Z","15 à 24 ans",19.8\n')
    with pytest.raises(DataError, match="not the columns or labels that"):
        derive.write_tables(tmp_path, tmp_path / "out", ("jobseekers_fap87_age_2020",))


def test_recording_changes_rows_and_checksum_of_one_entry_only(tmp_path: Path):
    registry = tmp_path / "sources.yaml"
    before = (folder() / "sources.yaml").read_text()
    registry.write_text(before.replace("rows: 532", "rows: 1"))
    assert derive.record("rome", folder() / "reference/rome.csv", registry)
    assert registry.read_text() == before


def test_the_tile_map_shows_101_departements_on_different_tiles():
    tiles = table("departements_tiles")
    assert set(tiles["dep"]) == set(table("departements")["dep"])
    assert tiles.select("row", "col").n_unique() == 101


@pytest.mark.parametrize(
    ("north", "south"), [("59", "75"), ("75", "45"), ("63", "34"), ("2B", "2A"), ("50", "35"), ("67", "68")]
)
def test_north_is_up_on_the_tile_map(north: str, south: str):
    rows = dict(table("departements_tiles").select("dep", "row").rows())
    assert rows[north] < rows[south]


@pytest.mark.parametrize(
    ("west", "east"), [("29", "35"), ("33", "69"), ("44", "67"), ("64", "06"), ("92", "94")]
)
def test_west_is_left_on_the_tile_map(west: str, east: str):
    columns = dict(table("departements_tiles").select("dep", "col").rows())
    assert columns[west] < columns[east]


def test_the_map_has_every_departement_once_in_its_place_or_as_an_inset():
    shapes = table("departements_map")
    once = shapes.filter(pl.col("inset") != "paris")
    assert sorted(once["dep"]) == sorted(table("departements")["dep"])
    assert set(shapes.filter(pl.col("inset") == "paris")["dep"]) == {"75", "92", "93", "94"}
    assert set(shapes.filter(pl.col("inset") == "overseas")["dep"]) == {"971", "972", "973", "974", "976"}


def test_insets_lie_in_their_frames_and_cover_no_other_shape():
    collection = geojson()
    for feature in collection["features"]:
        points = np.array([p for part in feature["geometry"]["coordinates"] for ring in part for p in ring])
        properties = feature["properties"]
        assert len(points) > 3, properties
        for name, (left, bottom, right, top) in collection["frames"].items():
            inside = (
                (points[:, 0] > left)
                & (points[:, 0] < right)
                & (points[:, 1] > bottom)
                & (points[:, 1] < top)
            )
            frame = properties["dep"] if properties["inset"] == "overseas" else properties["inset"]
            assert inside.all() if frame == name else not inside.any(), (properties, name)


def test_rings_are_closed_and_have_no_repeated_point():
    for feature in geojson()["features"]:
        for part in feature["geometry"]["coordinates"]:
            for ring in part:
                assert ring[0] == ring[-1]
                assert all(a != b for a, b in pairwise(ring))


def test_the_projection_keeps_distances_in_france_within_half_a_percent():
    paris_marseille = conic(np.array([[2.3522, 48.8566], [5.3698, 43.2965]]))
    length = float(np.linalg.norm(paris_marseille[0] - paris_marseille[1]))
    assert length == pytest.approx(660.5, rel=0.005)


def test_a_ring_smaller_than_the_grid_vanishes():
    assert snap(np.array([[0, 0], [0.01, 0], [0.01, 0.01], [0, 0]])) == []


def test_topojson_arcs_are_joined_in_either_direction():
    topology = {
        "transform": {"scale": [1, 1], "translate": [10, 0]},
        "arcs": [[[0, 0], [1, 0]], [[0, 0], [0, 1], [1, -1]]],
        "objects": {"countries": {"geometries": [{"type": "Polygon", "id": "250", "arcs": [[0, -2]]}]}},
    }
    ((ring,),) = topojson_polygons(topology, "countries", "250")
    assert ring.tolist() == [[10, 0], [11, 0], [10, 1], [10, 0]]
