import pytest
from hypothesis import given
from hypothesis import strategies as st

from bobanalysis import text as typography

THIN = "\u202f"


def test_french_thousands_are_parted_by_a_narrow_no_break_space():
    assert typography.number(1234567, "fr") == f"1{THIN}234{THIN}567"


def test_a_negative_number_has_a_minus_sign_in_both_languages():
    assert typography.number(-3.4, "fr", 1) == "−3,4"
    assert typography.number(-3.4, "en", 1) == "−3.4"


def test_a_number_that_rounds_to_nothing_has_no_sign():
    assert typography.number(-0.01, "fr", 1) == "0,0"


def test_french_percent_has_a_narrow_space_and_english_none():
    assert typography.percent(0.5, "fr") == f"50,0{THIN}%"
    assert typography.percent(0.5, "en") == "50.0%"


@given(st.floats(min_value=1e-9, max_value=1 - 1e-9))
def test_a_share_that_is_neither_nothing_nor_all_is_never_printed_as_such(share):
    assert typography.percent(share, "en") not in ("0%", "0.0%", "100%", "100.0%")


def test_exactly_nothing_and_all_are_printed_without_decimals():
    assert [typography.percent(share, "en") for share in (0, 1)] == ["0%", "100%"]


def test_an_interval_says_its_unit_once():
    assert typography.interval(0.123, 0.145, "share", "fr") == f"de 12,3 à 14,5{THIN}%"
    assert typography.interval(1200, 3400, "people", "en") == "1,200 to 3,400"


def test_one_point_and_a_half_is_singular_in_french_and_plural_in_english():
    assert typography.quantity(0.015, "points", "fr").endswith("1,5\u00a0point")
    assert typography.quantity(0.015, "points", "en") == "1.5 points"


def test_a_year_is_not_parted_by_thousands():
    assert typography.quantity(2021, "year", "fr") == "2021"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("L'âge : 5 % !", f"L’âge{THIN}: 5{THIN}%{THIN}!"),
        ("« Oui »", f"«{THIN}Oui{THIN}»"),
        ("de -3 à 4", "de −3 à 4"),
        ("Voir https://a.fr/b?c=1", "Voir https://a.fr/b?c=1"),
        ("part : %(share)s", f"part{THIN}: %(share)s"),
        ("de %(low)s à %(high)s", "de %(low)s à %(high)s"),
        ('<a href="x.html?a : b">c ?</a>', f'<a href="x.html?a : b">c{THIN}?</a>'),
    ],
)
def test_french_text_is_polished_and_tags_addresses_and_placeholders_are_left_alone(raw, clean):
    assert typography.typeset(raw, "fr") == clean


@given(st.text(alphabet="Lâé' :;!?%«»-0123456789.()", max_size=30))
def test_polishing_twice_changes_nothing_more(text):
    once = typography.typeset(text, "fr")
    assert typography.typeset(once, "fr") == once


@pytest.mark.parametrize(
    "text", ["L'âge", "5 %", "Quoi ?", "Quoi?", "«Oui»", "1 234 567", "de -3 à 4", 'le "mot"']
)
def test_each_french_fault_is_found(text):
    assert typography.faults(text, "fr")
