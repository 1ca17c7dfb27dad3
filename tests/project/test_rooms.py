"""Dependencies between rooms point one way, read from the imports in the code."""

import pytest

from tools import code_reader as code

FLOOR = {"text", "tables", "cluster"}
KERNEL = FLOOR | {"rules", "presentation", "algorithm", "validation"}
MAY_IMPORT = {
    "text": set(),
    "tables": {"text"},
    "cluster": {"text", "tables"},
    "rules": {"text", "tables"},
    "validation": {"text", "tables", "rules"},
    "presentation": {"text", "tables", "rules"},
    "algorithm": FLOOR | {"rules", "validation", "presentation"},
    "data": FLOOR,
    "bob": KERNEL,
    "population": FLOOR | {"data"},
    "fairness": FLOOR,
    "evaluation": FLOOR | {"fairness"},
    "audit": KERNEL | {"data", "fairness"},
    "recommenders": KERNEL | {"bob", "data", "population"},
    "algorithms": KERNEL | {"bob", "data", "population", "recommenders", "audit"},
    "report": KERNEL | {"data", "population", "recommenders", "evaluation", "fairness", "audit"},
}
MAY_IMPORT["build"] = {"tables", "cluster", "data", "report", "algorithms"}
MAY_IMPORT["cli"] = {*MAY_IMPORT} - {"cli"}
MODULES = code.modules()
IMPORTS = code.imports(MODULES)
ROOMS = sorted({name.split(".")[1] for name in MODULES if "." in name})

NOT_YET: set[str] = set()
"""Arrows up that are still in the code: may only shrink."""
CIRCLES_LEFT: set[tuple[str, ...]] = set()
"""Circles of modules that are still in the code: may only shrink."""


def arrows():
    """Which rooms each room imports, and where: (room, room) -> modules."""
    found = {}
    for name, imported in IMPORTS.items():
        for other in imported:
            if "." in name and "." in other and name.split(".")[1] != other.split(".")[1]:
                found.setdefault((name.split(".")[1], other.split(".")[1]), []).append(name)
    return found


def test_every_room_has_its_place():
    assert [room for room in ROOMS if room not in MAY_IMPORT] == []


def test_a_room_imports_only_the_rooms_it_may():
    up = {f"{a} -> {b}": where for (a, b), where in arrows().items() if b not in MAY_IMPORT[a]}
    assert {arrow: where for arrow, where in up.items() if arrow not in NOT_YET} == {}
    assert set(up) >= NOT_YET, "an arrow is gone: take it out of NOT_YET"


def test_what_rooms_may_import_has_no_circle():
    assert code.circles(MAY_IMPORT) == []


def test_no_module_imports_itself_in_a_circle():
    found = set(code.circles(IMPORTS))
    assert found - CIRCLES_LEFT == set()
    assert found >= CIRCLES_LEFT, "a circle is gone: take it out of CIRCLES_LEFT"


def test_a_circle_is_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"d"}, "e": set()}
    assert code.circles(graph) == [("b", "c"), ("d",)]


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("import bobanalysis.bob.models", {"bobanalysis.bob.models"}),
        ("from bobanalysis import bob", {"bobanalysis.bob"}),
        ("from bobanalysis.bob import Bob", {"bobanalysis.bob"}),
        ("def f():\n    from ..bob import Bob", {"bobanalysis.bob"}),
        ("from .. import bob", {"bobanalysis.bob"}),
        ("from .cube import cube", {"bobanalysis.fairness.cube"}),
        ("from . import cube as c", {"bobanalysis.fairness.cube"}),
        ("import polars", set()),
    ],
)
def test_every_way_to_import_a_module_is_seen(tmp_path, source, imported):
    known = dict.fromkeys(
        ["bobanalysis.bob", "bobanalysis.bob.models", "bobanalysis.fairness.cube"], tmp_path / "e"
    )
    known |= {"bobanalysis.fairness.asks": tmp_path / "asks.py"}
    (tmp_path / "asks.py").write_text(source)
    (tmp_path / "e").write_text("")
    assert code.imports(known)["bobanalysis.fairness.asks"] == imported
