"""The pages of any algorithm: an invented one goes all the way, and its page answers as Python does."""

import itertools
import json
import random
import re
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from audited import OTHERS
from reading_pages import parse_all

from bobanalysis import text as typography
from bobanalysis.algorithms.ams import ams
from bobanalysis.audit.person import Person
from bobanalysis.report.letter import Letter
from bobanalysis.report.letter_page import render
from bobanalysis.report.site import render_algorithm
from bobanalysis.rules import first_match, missing, when

sys.path.insert(0, str(Path(__file__).parents[1]))

from toy import TOY, D

AMS, DUO = OTHERS
PAGES = (
    "rules",
    "conditions",
    "letter",
    "try",
    "rules/score",
    "rules/class",
    "rules/factor",
    "rules/forgotten",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return render_algorithm(TOY, tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def made(folder):
    return parse_all(folder)


def text(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.source).split())


def test_every_rule_has_a_card_and_every_page_both_languages(made):
    cards = {f"rules/{name.replace(' ', '-')}" for name in TOY.rules}
    for language in ("fr", "en"):
        assert {f"{language}/{slug}.html" for slug in (*PAGES, *cards)} <= set(made)


def test_links_lead_to_pages_that_exist(made, folder):
    for path, page in made.items():
        for link in page.all("a"):
            if not link["href"].startswith(("http", "#")):
                assert ((folder / path).parent / link["href"].split("#")[0]).exists(), (path, link["href"])


def test_what_the_pages_say_keeps_the_typographic_rules(made):
    for path, page in made.items():
        for said, around in page.texts:
            if any(tag in ("style", "script", "code") for tag, _ in around):
                continue
            assert not typography.faults(said, path[:2]), (path, said)


def test_no_page_of_another_algorithm_speaks_of_bob(made):
    assert [path for path, page in made.items() if re.search(r"\bBob\b|France Travail", page.source)] == []


def test_the_card_of_a_sum_lists_its_terms_and_says_that_they_add_up(made):
    card = text(made["en/rules/score.html"])
    assert "A sum: every line that holds counts" in card
    assert "Term It adds age: 50 years or more −20" in card
    assert "Read from top to bottom" not in card


def test_a_rule_that_nothing_uses_says_so(made):
    assert "nothing uses it" in text(made["en/rules/forgotten.html"])


def test_the_conditions_on_age_and_place_are_those_of_the_rules(made):
    rows = re.findall(r'data-condition="([^"]+)"', made["en/conditions.html"].source)
    assert {row.split(" | ")[0] for row in rows} >= {"score", "offers mentor", "factor", "forgotten"}


def test_the_letter_tells_answers_terms_and_changes_that_hold():
    person = Person.of({"age": 40, "region": "NORTH", "years_worked": 5}, TOY)
    letter = " ".join(re.sub(r"<[^>]+>", " ", render(Letter(person), "en")).split())
    assert "Score: 61 points" in letter
    assert "“factor of the region” +1 61" in letter
    assert "Class: high" in letter
    assert "“score”: 60 or more" in letter
    changed = TOY.run(pl.DataFrame({"age": [50], "region": [1], "years_worked": [5], "trained": [False]}))
    assert changed["class"].item() == "LOW"
    assert re.search(r"Age: 50 years instead of 40 years[^→]*→ low", letter)


def test_an_answer_that_the_rules_leave_undefined_is_told_in_the_letter():
    class_ = first_match(when(D.years_worked > 10, "HIGH"), otherwise=missing("years_worked"))
    letter = render(Letter(Person.of(dict(TOY.start), TOY.with_rule("class", class_))), "en")
    assert "years_worked" in letter


def test_changed_rules_are_told_in_the_letter():
    changed = TOY.with_threshold("score", 65, variable="age", old=50)
    letter = render(Letter(Person.of(dict(TOY.start), changed)), "en")
    assert "In the rule score, the threshold 50 of age becomes 65." in letter


@pytest.mark.browser
def test_the_page_to_try_answers_as_python(browser, folder):
    draw = random.Random(11)
    people = [
        {
            "age": draw.randint(18, 70),
            "region": draw.randint(1, 4),
            "years_worked": draw.randint(0, 50),
            "trained": draw.random() < 0.5,
        }
        for _ in range(500)
    ]
    page = browser.new_page()
    page.goto((folder / "en" / "try.html").as_uri())
    told = page.evaluate("people => people.map(bobTry.answers)", people)
    page.close()
    for got, row in zip(told, TOY.run(pl.DataFrame(people)).to_dicts(), strict=True):
        assert got["score"] == pytest.approx(row["score"])
        assert got["class"] == row["class"]
        assert [item for item, _ in got["offers"]] == row["offers"]
        assert [score for _, score in got["offers"]] == row["offer_scores"]


def every_ams():
    """Every valid combination of the AMS model, one age for each of its three bands."""
    values = {v.name: [c.number for c in v.choices] or [False, True] for v in AMS.dictionary.values()}
    values["age"] = [25, 40, 60]
    every = pl.DataFrame([*itertools.product(*values.values())], schema=[*values], orient="row")
    return every.filter((pl.col("case_years") > 0) | (~pl.col("long_case") & (pl.col("measure") == 0)))


def every_duo():
    """The 180 cells of the DUO profile, with every age at which R3 can change, known or unknown."""
    metres, people = DUO.grid(DUO.axis("place"))["distance_m"], []
    for education, distance, now in itertools.product(range(1, 5), metres, (16, 20, 22, 24, 30)):
        for out, since in itertools.product((-1, 16, 18, 20, 22, 24, 30), repeat=2):
            if max(out, since) <= now and (-1 in (out, since) or out <= since):
                ages = {"age": now, "age_moved_out": out, "age_at_address": since}
                people.append({"education": education, "distance_m": distance, **ages})
    return pl.DataFrame(people)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(
    ("algorithm", "people", "count"), [(AMS, every_ams, 108_000), (DUO, every_duo, 3_456)], ids=["ams", "duo"]
)
def test_the_page_to_try_answers_as_python_on_every_combination(browser, rendered, algorithm, people, count):
    people = people()
    assert people.height == count
    page = browser.new_page()
    page.goto((rendered / algorithm.id / "en" / "try.html").as_uri())
    names, asked = [o.id for o in algorithm.outcomes], people.columns
    run = """([names, asked, rows]) => JSON.stringify(JSON.parse(rows).map(row => {
        const told = bobTry.answers(Object.fromEntries(asked.map((name, k) => [name, row[k]])));
        return names.map(name => told[name]);
    }))"""  # as text: the browser's driver would pack every number by itself
    told = json.loads(page.evaluate(run, [names, asked, json.dumps(people.rows())]))
    page.close()
    found = algorithm.run(people)
    for k, outcome in enumerate(algorithm.outcomes):
        got = [row[k] for row in told]
        if outcome.kind == "number":
            np.testing.assert_allclose(got, found[outcome.column].to_numpy(), atol=1e-12)
        else:
            assert got == found[outcome.column].cast(pl.String).to_list()


@pytest.mark.browser
def test_the_page_to_try_lists_the_terms_of_a_sum_that_counted_as_the_letter_does(browser, tmp_path):
    model = ams()
    render_algorithm(model, tmp_path)
    letter = render(Letter(Person.of(dict(model.start), model)), "en")
    terms = re.search(r'<table class="terms">(.+?)</table>', letter, re.S)[1]
    told = re.findall(r'<th scope="row">(.+?)</th><td><b>(.+?)</b></td><td>(.+?)</td>', terms)
    page = browser.new_page()
    page.goto((tmp_path / "en" / "try.html").as_uri())
    tables = page.locator("table.terms")
    rows = [row.locator("th, td").all_inner_texts() for row in tables.first.locator("tbody tr").all()]
    assert rows == [list(term) for term in told]
    assert len(rows) == 2
    assert page.locator(".why li").count() == 0
    page.check("#try-care_duty")
    page.select_option("#try-gender", "2")
    counted = "Sex: “woman” and care duty (counted for women only): yes\t−0.15\t−0.32"
    assert counted in tables.first.inner_text()
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_reader_changes_an_answer_and_sees_the_new_one(open_page, folder, language):
    page = open_page((folder / language / "try.html").as_uri())
    shown = page.locator("[data-outcome=class]")
    before = shown.inner_text()
    page.fill("#try-age", "55")
    assert shown.inner_text() != before
    page.click("#try-example")
    assert shown.inner_text() == before
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.complaints == []


# --- what is refused, and the address of a profile


@pytest.fixture(scope="module")
def duo_folder(tmp_path_factory):
    return render_algorithm(DUO, tmp_path_factory.mktemp("duo"))


@pytest.fixture
def duo_page(open_page, duo_folder):
    opened = []

    def go(language, address=""):
        opened.append(open_page((duo_folder / language / "try.html").as_uri() + address))
        return opened[-1]

    yield go
    assert [text for page in opened for text in page.complaints] == []


@pytest.mark.browser
@pytest.mark.parametrize("typed", ["-5", "9999", "20.5", "twenty"])
def test_an_impossible_age_is_refused_in_words_and_the_last_answer_stays(duo_page, typed):
    page = duo_page("en")
    page.fill("#try-age", "20")
    before = page.inner_text("#try-answers")
    page.fill("#try-age", typed)
    said = page.inner_text("#try-age-fault")
    assert "a whole number is needed (15 to 50)" in said
    assert "The last accepted answer stays: 20 years." in said
    assert page.is_visible("#try-kept")
    assert page.inner_text("#try-answers") == before
    page.fill("#try-age", "21")
    assert not page.is_visible("#try-age-fault")


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "needed"), [("fr", "Refusé, car il faut"), ("en", "Refused, since this must hold")]
)
def test_answers_that_an_algorithm_refuses_together_are_refused_in_words(duo_page, language, needed):
    page = duo_page(language)
    page.fill("#try-age", "20")
    page.fill("#try-age_moved_out", "30")
    assert needed in page.inner_text("#try-age_moved_out-fault")
    page.fill("#try-age_moved_out", "18")
    assert not page.is_visible("#try-kept")


@pytest.mark.browser
def test_the_address_of_a_profile_restores_it_and_what_cannot_be_is_refused(duo_page):
    page = duo_page("en")
    page.fill("#try-age", "26")
    page.fill("#try-age_moved_out", "18")
    page.select_option("#try-education", "4")
    told, address = page.inner_text("#try-answers"), page.input_value("#try-address").split("#")[1]
    page = duo_page("en", "#" + address)
    assert not page.is_visible("#try-refused")
    assert page.inner_text("#try-answers") == told
    page = duo_page("en", "#profile&age=99&salary=3&education=9&age_moved_out=40&distance_m=1000")
    refused = page.inner_text("#try-refused")
    for part in ("“99” is refused", "salary=3", "“9” is not a possible answer", "this must hold"):
        assert part in refused
    assert page.input_value("#try-distance_m") == "1000"
