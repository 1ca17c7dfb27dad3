"""No room without a door: a notebook, a command, a page, a tool or a tutorial reaches every function."""

from pathlib import Path

import pytest
import yaml

from tools import code_reader as code
from tools import doors

WAITING = yaml.safe_load(Path(__file__).with_name("waiting.yaml").read_text("utf-8")) or {}
MOST_WAITING = 0
"""Functions that wait for their door; may only be lowered."""


@pytest.fixture(scope="module")
def reader():
    return doors.Reader()


def test_no_function_is_reached_by_tests_alone(reader):
    assert doors.unused(reader, WAITING) == []


def test_what_waits_exists_has_no_door_yet_and_names_the_one_to_come(reader):
    unreached = doors.unused(reader)
    assert [name for name in WAITING if name not in reader.parts] == []
    assert [name for name in WAITING if name not in unreached] == [], "has a door now: take it off the list"
    assert [name for name, door in WAITING.items() if not str(door or "").strip()] == []


def test_fewer_and_fewer_functions_wait():
    assert len(WAITING) <= MOST_WAITING


MADE_UP = {
    "__init__": "",
    "cli": """
import typer
from bobanalysis import room
from bobanalysis.room import shown as seen
app = typer.Typer()
@app.command()
def show():
    from bobanalysis.late import called
    seen(), called(), room.by_module(), room.Kind().method(), room.Reader()
""",
    "build": "",
    "report/__init__": "",
    "report/pages": "def render(): pass",
    "room/__init__": """
from .inner import shown, by_module, Kind, alone
from .named import Reader
""",
    "room/named": """
from typing import Protocol
def named_in_yaml(): pass
def nowhere(): pass
def look_up(name): return globals()[name]
class Interface(Protocol):
    def promised(self): pass
class Visitor:
    def visit(self, node): return getattr(self, f"_{type(node).__name__.lower()}")(look_up(node))
class Reader(Visitor):
    def __init__(self): self.visit(self)
    def _kind(self, node): pass
    def _absent(self, node): pass
    def _repr_html_(self): pass
""",
    "room/inner": """
from functools import cache
TABLE = []
def register(f): TABLE.append(f); return f
def shown(): return _helper()
def _helper(): pass
def by_module(): return [nested() for _ in TABLE]
def nested():
    def inside(): pass
    return inside
def alone(): return _of_alone()
def _of_alone(): pass
@register
def registered(): return _of_registered()
def _of_registered(): pass
@cache
def remembered(): pass
class Kind:
    def __init__(self): pass
    def method(self): return self.other
    @property
    def other(self): pass
    def unwanted(self): pass
""",
    "late": "def called(): pass\ndef show(): pass",
}


def test_only_what_nothing_reaches_is_found(tmp_path, monkeypatch):
    for name, text in MADE_UP.items():
        path = tmp_path / "bobanalysis" / f"{name}.py"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    monkeypatch.setattr(code, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("")
    (tmp_path / "bobanalysis" / "room" / "names.yaml").write_text("first: {compute: named_in_yaml}\n")
    found = doors.unused(doors.Reader(code.modules(tmp_path)))
    assert [name.removeprefix("bobanalysis.") for name in found] == [
        "late.show",
        "room.inner.Kind.unwanted",
        "room.inner._of_alone",
        "room.inner.alone",
        "room.inner.remembered",
        "room.named.Reader._absent",
        "room.named.nowhere",
    ]
