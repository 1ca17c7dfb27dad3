"""Every page is valid HTML: nothing for a browser to guess, each element where it may stand."""

import pytest
from reading_pages import EVERY, one_of_each
from valid_html import faults

START = '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>x</title></head><body>'


def every(folder):
    return sorted({p.relative_to(folder).as_posix() for part in EVERY for p in folder.glob(part)})


def each(folder):
    return one_of_each(folder, EVERY)


@pytest.mark.parametrize("chosen", [each, pytest.param(every, marks=pytest.mark.slow)])
def test_pages_are_valid_html(rendered, chosen):
    found = {path: faults((rendered / path).read_text("utf-8"))[:5] for path in chosen(rendered)}
    assert {path: said for path, said in found.items() if said} == {}
    assert len(found) > 35


def test_there_is_one_page_of_each_kind(rendered):
    chosen = each(rendered)
    for part in ("rules/", "notebooks/", "findings/", "register-", "ams/", "duo/", "letter", "index"):
        assert any(part in path for path in chosen), part
    assert len({path.removeprefix("fr/").removeprefix("en/") for path in chosen}) == len(chosen)


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<p>one</div>", "unexpected"),
        ("<p><ul><li>one</li></ul></p>", "unexpected"),
        ('<p id="a">one</p><p id="a">two</p>', "id 'a' stands 2 times"),
        ("<ul><p>one</p></ul>", "<p> in <ul>, which holds items only"),
        ("<ul>one<li>two</li></ul>", "words in <ul> outside of its items"),
        ("<span><div>one</div></span>", "<div> in <span>, which holds words only"),
        ("<div><li>one</li></div>", "<li> in <div>"),
        ('<button>one <a href="x">two</a></button>', "<a> inside something else to act on"),
        ("<details><p>one</p><summary>two</summary></details>", "<summary> is not the first in <details>"),
        ('<img src="x">', "<img> without alt"),
    ],
)
def test_a_fault_is_found(inside, fault):
    assert any(fault in said for said in faults(f"{START}{inside}</body></html>")), faults(inside)


def test_a_page_without_fault_has_none():
    inside = '<p>one <a href="x"><b>two</b></a></p><label>a <input id="i"></label><ul><li><p>x</p></li></ul>'
    assert faults(f"{START}{inside}</body></html>") == []
