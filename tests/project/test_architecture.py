"""The diagram of rooms is drawn from the code that is."""

from tools import architecture


def test_the_diagram_is_that_of_the_imports():
    text = architecture.DOCUMENT.read_text("utf-8")
    assert text == architecture.drawn(text), "python -m tools.architecture draws it"


def test_an_arrow_that_follows_from_others_is_left_out():
    assert architecture.diagram({"a": {"b", "c"}, "b": {"c"}, "c": set()}).splitlines()[2:-1] == [
        "    a --> b",
        "    b --> c",
    ]
