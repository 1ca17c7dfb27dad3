"""Dependencies between rooms point one way, read from the imports in the code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "bobanalysis"
FLOOR = {"text", "tables"}
KERNEL = FLOOR | {"rules", "presentation", "algorithm", "validation"}
MAY_IMPORT = {
    "text": set(),
    "tables": {"text"},
    "rules": {"text"},
    "validation": FLOOR | {"rules"},
    "presentation": FLOOR | {"rules"},
    "algorithm": FLOOR | {"rules", "validation", "presentation"},
    "data": FLOOR,
    "bob": KERNEL,
    "population": FLOOR | {"data"},
    "fairness": FLOOR,
    "evaluation": FLOOR | {"fairness"},
    "audit": KERNEL | {"data", "fairness"},
    "recommenders": KERNEL | {"bob", "data", "population", "audit"},  # audit: aliases
    "algorithms": KERNEL | {"bob", "data", "population", "recommenders"},
    "report": KERNEL | {"bob", "data", "population", "recommenders", "evaluation", "fairness", "audit"},
}
MAY_IMPORT["build"] = {"report", "algorithms"}
MAY_IMPORT["cli"] = {*MAY_IMPORT}


ROOMS = sorted(
    p.stem
    for p in PACKAGE.iterdir()
    if p.stem != "__init__" and (p.is_dir() or p.suffix == ".py") and p.stem != "__pycache__"
)


def imported_rooms(source: str, package: tuple[str, ...]) -> set[str]:
    """Names of rooms that a module of ``package`` imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    split = (name.split(".") for name in names)
    return {parts[1] for parts in split if parts[0] == "bobanalysis" and len(parts) > 1}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room):
    assert room in MAY_IMPORT, f"say in {Path(__file__).name} what the room {room!r} may import"
    path = PACKAGE / room
    for file in [path.with_suffix(".py")] if not path.is_dir() else sorted(path.rglob("*.py")):
        package = ("bobanalysis", *file.relative_to(PACKAGE).parent.parts)
        rooms = imported_rooms(file.read_text(), package) & set(ROOMS)
        assert rooms - {room} <= MAY_IMPORT[room], (
            f"{file.relative_to(ROOT)} imports {rooms - {room} - MAY_IMPORT[room]}"
        )


def test_what_rooms_may_import_has_no_circle():
    left = dict(MAY_IMPORT)
    while free := [room for room, needs in left.items() if not needs & left.keys()]:
        for room in free:
            del left[room]
    assert not left


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("import bobanalysis.bob.models", {"bob"}),
        ("from bobanalysis import bob", {"bob"}),
        ("from bobanalysis.bob import Bob", {"bob"}),
        ("def f():\n    from ..bob import Bob", {"bob"}),
        ("from .. import bob", {"bob"}),
        ("from .cube import cube", {"fairness"}),
        ("import polars", set()),
    ],
)
def test_every_way_to_import_a_room_is_seen(source, rooms):
    assert imported_rooms(source, ("bobanalysis", "fairness")) == rooms
