"""Two folders of reports are compared file by file."""

import pytest

from tools import compare_reports


@pytest.fixture
def folders(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name / "fr").mkdir(parents=True)
        (tmp_path / name / "fr" / "index.html").write_text("<p>same\n<p>told twice")
    return tmp_path / "old", tmp_path / "new"


def test_equal_folders_have_no_difference_and_one_digest(folders):
    assert compare_reports.compare(*folders) == []
    assert compare_reports.digest(folders[0]) == compare_reports.digest(folders[1])


def test_a_changed_line_is_shown_with_its_file(folders):
    old, new = folders
    (new / "fr" / "index.html").write_text("<p>same\n<p>told once")
    assert compare_reports.compare(old, new) == [
        "differs: fr/index.html",
        "    -<p>told twice",
        "    +<p>told once",
    ]
    assert compare_reports.digest(old) != compare_reports.digest(new)


def test_a_file_that_is_lost_or_new_is_named(folders):
    old, new = folders
    (old / "card.html").write_text("")
    (new / "map.svg").write_text("")
    assert compare_reports.compare(old, new) == [f"only in {old}: card.html", f"only in {new}: map.svg"]


def test_renamed_words_are_no_difference_but_parts_of_words_are_left(folders):
    old, new = folders
    (old / "fr" / "index.html").write_text("told and untold")
    (new / "fr" / "index.html").write_text("recommended and untold")
    assert compare_reports.compare(old, new, {"told": "recommended"}) == []
    assert compare_reports.compare(old, new) != []


def test_pictures_are_compared_too(folders):
    old, new = folders
    (old / "a.png").write_bytes(b"\x89\x00")
    (new / "a.png").write_bytes(b"\x89\x01")
    assert compare_reports.compare(old, new, {"told": "x"})[0] == "differs: a.png"
