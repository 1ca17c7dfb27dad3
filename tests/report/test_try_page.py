"""The page "Try it" answers what Python answers, in a real browser, without a server and without a trace."""

import json
import random
import re
import shutil
from collections import Counter
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from audited import BOB, words

from bobanalysis import population
from bobanalysis import text as typography
from bobanalysis.bob import Bob, Market, catalogue, read_users, validate
from bobanalysis.bob.catalogue import DICTIONARY
from bobanalysis.bob.conformance import markets, read_vectors
from bobanalysis.bob.market import join
from bobanalysis.recommenders.market import french_market
from bobanalysis.report import tryit
from bobanalysis.report.renderer import Content, Page, PageRenderer
from bobanalysis.report.words import HERE
from bobanalysis.rules import inputs, thresholds
from bobanalysis.rules.expr import IsIn, StartsWith, walk
from bobanalysis.rules.javascript import compile_script

VECTORS = Path(__file__).parents[1] / "vectors"
RULES = list(BOB.roots.values())
READ = [v.name for v in inputs(*RULES)]
START, AGES = BOB.start, BOB.presentation.try_data()["ages"]


def lists(frame):
    """Put the answers of Python in the form of the page's engine."""
    for row in frame.drop("user", "project", "person_id", strict=False).to_dicts():
        columns = ("strategies", "strategy_points", "strategy_is_secondary", "strategy_advice")
        told = zip(*(row.pop(c) for c in columns), strict=True)
        proposed = [{"id": s, "points": p, "is_secondary": b, "advice": a} for s, p, b, a in told]
        yield row | {"strategies": proposed}


@pytest.fixture(scope="module")
def site(invented_build, tmp_path_factory):
    """Make this one page in both languages, with its script and its style."""
    folder = tmp_path_factory.mktemp("try")
    (folder / "assets").mkdir()
    for path, name in (("scripts/try.css", "try.css"), ("templates/style.css", "style.css")):
        shutil.copyfile(HERE / path, folder / "assets" / name)
    (folder / "assets" / "try.js").write_text(tryit.script(BOB), "utf-8")
    content = Content.read(invented_build, algorithm=BOB)
    for language in ("fr", "en"):
        (folder / language).mkdir()
        html = PageRenderer(content, words(language), Page("try", "Try it", context=tryit.page)).html()
        (folder / language / "try.html").write_text(html, "utf-8")
    return folder


@cache
def page_data(language):
    renderer = PageRenderer(Content.of(BOB), words(language), Page("try", "Try it"))
    return json.loads(tryit.page(renderer)["tryit"])


@pytest.fixture(scope="module")
def engine(browser, site):
    page = browser.new_page()
    page.goto((site / "en" / "try.html").as_uri())
    yield lambda rows: page.evaluate("rows => rows.map(bobTry.run)", rows)
    page.close()


@cache
def recorded():
    """Return every recorded project: its vector and number, its joined inputs, what Python answers."""
    vectors, found = read_vectors(VECTORS / "visible.jsonl.gz"), []
    for name, market in markets(VECTORS / "market", {v["market"] for v in vectors}).items():
        chosen = [v for v in vectors if v["market"] == name]
        services = [v["stubs"] for v in chosen]
        people = read_users([v["user"] for v in chosen], [v["now"] for v in chosen], services)
        bob = Bob(market)
        kept = validate(people, bob.variables, strict=False).valid
        rows = join(kept, market, [v.name for v in bob.variables]).select(READ).to_dicts()
        answers = lists(bob.run(kept, validated=True))
        places = kept.select("user", "project").rows()
        found += [
            (chosen[user], project, row, answer)
            for (user, project), row, answer in zip(places, rows, answers, strict=True)
        ]
    return found


@pytest.mark.browser
def test_the_engine_answers_as_python_on_every_project_of_the_visible_vectors(engine):
    projects = recorded()
    assert len({vector["id"] for vector, *_ in projects}) == 600
    for (vector, project, _, expected), got in zip(projects, engine([p[2] for p in projects]), strict=True):
        assert got == expected, (vector["id"], project)


@pytest.mark.browser
def test_the_engine_answers_what_the_published_code_answered(engine):
    first = [(vector, row) for vector, project, row, _ in recorded() if project == 0]
    stopped = 0
    for (vector, _), got in zip(first, engine([row for _, row in first]), strict=True):
        said = vector["expected"]
        if got["diagnosis_error"]:
            stopped += 1
            assert got["diagnosis_error"] == "missing: " + ", ".join(said["pipelineError"]["missing"])
            continue
        diagnostic = said["diagnostic"]
        assert got["main_challenge"] == diagnostic["categoryId"]
        assert (got["overall_score"], got["overall_row"]) == (
            diagnostic["overallScore"],
            diagnostic["overallTemplateId"],
        )
        assert got["advice"] == [a["adviceId"] for a in said["advices"]]
        assert got["stars"] == pytest.approx([a["numStars"] for a in said["advices"]], abs=1e-6)
        assert [(s["id"], s["points"], s["is_secondary"], s["advice"]) for s in got["strategies"]] == [
            (s["strategyId"], s["score"], s["isSecondary"], s["piecesOfAdvice"]) for s in said["strategies"]
        ]
    assert (len(first), stopped) == (600, 3)


def possible(variable):
    """List values of an input: every choice, both sides of every threshold, every text a rule knows."""
    if variable.kind == "bool":
        return [False, True]
    if variable.choices:
        return [c.number for c in variable.choices]
    rules = RULES
    if variable.kind == "text":
        known = {
            value
            for node in walk(*rules)
            if isinstance(node, IsIn | StartsWith) and variable in inputs(node)
            for value in node.values
        }
        return sorted({"", "X9999", *known})
    values = {float(variable.default)}
    for rule in rules:
        for t in thresholds(rule):
            if t.variable is variable and t.value is not None:
                values |= {t.value - 1, t.value, t.value + 1}
    low = -1.0 if variable.default == -1 else variable.minimum or 0.0
    return sorted(v if variable.kind == "float" else int(v) for v in values if v >= low)


def random_people(n, seed):
    draw = random.Random(seed)
    choices = {name: possible(DICTIONARY[name]) for name in READ if name != "diagnostic_category"}
    columns = {name: [draw.choice(values) for _ in range(n)] for name, values in choices.items()}
    columns |= {"departement_id": [""] * n, "diagnostic_category": [""] * n}
    return pl.DataFrame({"person_id": [str(k) for k in range(n)], **columns})


@pytest.mark.browser
def test_the_engine_answers_as_python_on_a_thousand_random_people(engine):
    people, bob = random_people(1000, seed=20161123), Bob(Market.empty())
    met = set()
    for start in range(0, 1000, 200):
        some = people.slice(start, 200)
        expected = list(lists(bob.run(some, strict=False)))
        for person, got, told in zip(
            some["person_id"], engine(some.select(READ).to_dicts()), expected, strict=True
        ):
            assert got == told, person
            met.add(got["main_challenge"])
    assert len(met) >= 6


@pytest.mark.browser
def test_the_page_looks_up_the_market_and_answers_as_python_for_a_thousand_modelled_people(browser, site):
    people, market = population.modelled(1000).frame, french_market()
    bob = Bob(market)
    kept = validate(people, bob.variables).valid
    known = join(kept, market, [v.name for v in bob.variables]).select(READ).to_dicts()
    asked = kept.select(v.name for v in bob.variables if v.name in kept.columns).to_dicts()
    page = browser.new_page()
    page.goto((site / "fr" / "try.html").as_uri())
    rows = page.evaluate("people => people.map(bobTry.join)", asked)
    told = page.evaluate("people => people.map(p => bobTry.run(bobTry.join(p)))", asked)
    page.close()
    for row, expected in zip(rows, known, strict=True):
        assert {name: row[name] for name in READ} == expected
    assert told == list(lists(bob.run(kept, validated=True)))


@pytest.mark.browser
def test_every_published_rule_in_javascript_answers_as_recorded(browser):
    vectors = [v for v in read_vectors(VECTORS / "visible.jsonl.gz") if v["market"] == "full"][:30]
    names = sorted(vectors[0]["expected"]["scores"])
    rules = {name: catalogue()[name].score for name in names}
    market = markets(VECTORS / "market", {"full"})["full"]
    people = read_users(
        [v["user"] for v in vectors], [v["now"] for v in vectors], [v["stubs"] for v in vectors]
    )
    wanted = inputs(*rules.values())
    frame = join(validate(people, wanted, strict=False).valid, market).select(v.name for v in wanted)
    groups = [frame.filter(pl.col("user") == k).to_dicts() for k in range(len(vectors))]
    page = browser.new_page()
    answers = page.evaluate(
        """([text, groups]) => {
            const rules = new Function(text + '; return rules;')();
            return groups.map(group => {
                const reader = rules.read(group[0], group);
                return Object.fromEntries(rules.names.map(n => [n, [reader.value(n), reader.refusal(n)]]));
            });
        }""",
        [compile_script(rules).text, groups],
    )
    page.close()
    for vector, group, got in zip(vectors, groups, answers, strict=True):
        for name, said in vector["expected"]["scores"].items():
            value, refusal = got[name]
            if refusal is None:
                assert value == pytest.approx(said, abs=1e-9), (vector["id"], name)
            else:
                details = [d.replace("{rome_id}", group[0]["rome_id"]) for d in refusal["details"]]
                expected = details[0] if refusal["kind"] == "error" else details
                assert said == {refusal["kind"]: expected}, (vector["id"], name)


# --- the page


@pytest.fixture
def visit(browser, site):
    opened = []

    def go(language, width=1280):
        page = browser.new_page(viewport={"width": width, "height": 900})
        opened.append(page)
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto((site / language / "try.html").as_uri())
        return page

    yield go
    for page in opened:
        page.close()


ASKED = {
    name: DICTIONARY[name].default for name in READ if DICTIONARY[name].group in ("person", "search", "place")
}


def examples(changes):
    """Return what Python answers to the page's example, each time with other changes."""
    people = [{"person_id": str(k), **ASKED, **START, **c} for k, c in enumerate(changes)]
    return list(lists(Bob(french_market()).run(pl.DataFrame(people), strict=False)))


def example(**changed):
    return examples([changed])[0]


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_shows_what_python_answers_to_its_example(visit, language):
    page, told = visit(language), example()
    assert (
        words(language).label("challenge", told["main_challenge"])
        in page.locator("#try-diagnosis .answer").inner_text()
    )
    for part, ids in (("advice", told["advice"]), ("strategies", [s["id"] for s in told["strategies"]])):
        shown = page.locator(f"#try-{part} > li").evaluate_all("items => items.map(i => i.dataset.id)")
        assert shown == ids
    assert page.locator("#try-advice > li .why").count() == len(told["advice"])
    assert all(page.locator(".try-list .why").all_inner_texts())


@pytest.mark.browser
def test_only_conditions_whose_contrary_changes_the_answer_are_called_decisive(visit):
    page = visit("en")
    page.evaluate("document.querySelectorAll('#try-questions details').forEach(d => { d.open = true; })")
    piece = page.locator("#try-advice > li[data-id=association-help]")
    stars = piece.locator(".badge").inner_text()
    page.select_option("#try-gender", "1")
    page.wait_for_timeout(200)
    assert piece.locator(".badge").inner_text() == stars
    decisive = " ".join(piece.locator(".decisive li").all_text_contents())
    read = " ".join(piece.locator(".read li").all_text_contents())
    assert "length of the search" in decisive
    assert "gender" in read
    assert "gender" not in decisive


@pytest.mark.browser
def test_the_marks_of_the_slider_stand_where_python_sees_a_change(visit):
    page = visit("fr")
    low, high = AGES
    told = examples([{"age": age} for age in range(low, high + 1)])
    changed = {low + k + 1 for k in range(high - low) if told[k] != told[k + 1]}
    diagnosis = ("main_challenge", "overall_score", "overall_row")
    first = [low + k + 1 for k in range(high - low) if any(told[k][c] != told[k + 1][c] for c in diagnosis)]
    ages = "marks => marks.map(m => Number(m.dataset.age))"
    marks = page.locator("#try-marks .mark").evaluate_all(ages)
    assert set(marks) == changed
    assert page.locator("#try-marks .level-1").evaluate_all(ages) == first
    assert len(first) >= 2
    assert page.locator("#try-cliffs > li").evaluate_all(ages) == marks


@pytest.mark.browser
def test_the_slider_answers_to_the_keyboard_and_a_cliff_to_its_button(visit):
    page = visit("en")
    page.focus("#try-age")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.getElementById('try-age-now').textContent.startsWith('31')")
    assert page.get_attribute("#try-age", "aria-valuetext") == "31 years old"
    after = example(age=31)["main_challenge"]
    assert words("en").label("challenge", after) in page.locator("#try-now").inner_text()
    page.locator("#try-cliffs button").last.press("Enter")
    last = page.locator("#try-cliffs > li").last.get_attribute("data-age")
    assert page.locator("#try-age-now").inner_text().startswith(last)
    assert page.evaluate("document.activeElement.id") == "try-age"


@pytest.mark.browser
def test_another_place_and_another_job_change_the_answer_at_once(visit):
    page = visit("fr")
    page.select_option("#try-departement_id", "2A")
    page.select_option("#try-rome_id", "K1304")
    expected = example(departement_id="2A", rome_id="K1304")
    page.wait_for_function(
        "label => document.getElementById('try-now').textContent.startsWith(label)",
        arg=words("fr").label("challenge", expected["main_challenge"]),
    )
    shown = page.locator("#try-advice > li").evaluate_all("items => items.map(i => i.dataset.id)")
    assert shown == expected["advice"]


@pytest.mark.browser
def test_the_table_of_places_counts_what_python_answers_everywhere(visit):
    page = visit("en")
    page.wait_for_selector("#try-elsewhere tr")
    places = sorted(page_data("en")["places"])
    told = examples([{"departement_id": place} for place in places])
    shown = page.locator("#try-elsewhere tr").evaluate_all(
        "rows => rows.map(r => [r.dataset.challenge, Number(r.cells[1].textContent)])"
    )
    assert dict(shown) == Counter(t["main_challenge"] for t in told)


@pytest.mark.browser
def test_finding_a_job_keeps_the_one_chosen(visit):
    page = visit("fr")
    page.fill("#try-find", "secretariat")
    names = page.locator("#try-rome_id option").all_inner_texts()
    assert 1 < len(names) < 20
    assert any("Secrétariat" in n for n in names)
    assert page.input_value("#try-rome_id") == START["rome_id"]


@pytest.mark.browser
def test_with_no_answer_at_all_the_page_says_what_python_says(visit):
    page = visit("en")
    page.click("#try-clear")
    unanswered = ASKED | {"departement_id": "", "num_objectives": 0}
    told = example(**unanswered | {k: START[k] for k in ("employment_cdi", "num_employment_types")})
    assert page.is_checked("#try-no-age")
    assert page.is_visible("#try-age-note")
    label = (
        words("en").label("challenge", told["main_challenge"]) if told["main_challenge"] else "server stops"
    )
    assert label in page.locator("#try-now").inner_text()
    page.click("#try-example")
    assert page.input_value("#try-age") == str(START["age"])


@pytest.mark.browser
def test_nothing_is_asked_of_the_network_nothing_is_kept_and_no_error_is_logged(visit):
    page = visit("fr", 390)
    page.locator("#try-questions details").evaluate_all("all => all.forEach(d => d.open = true)")
    page.check("#try-frustration_age_discrimination")
    page.fill("#try-search_length", "")
    page.select_option("#try-project_kind", "0")
    page.wait_for_timeout(400)
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    kept = "[localStorage.length, sessionStorage.length, document.cookie, location.search, location.hash]"
    assert page.evaluate(kept) == [0, 0, "", "", ""]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_control_has_a_name_and_room_for_a_finger(visit, language):
    page = visit(language, 390)
    page.locator("#try-questions details").evaluate_all("all => all.forEach(d => d.open = true)")
    controls = page.locator("#try :is(input, select)").evaluate_all(
        """all => all.map(c => [c.id, c.labels[0]?.textContent || '',
           c.closest('.field, .try-age').getBoundingClientRect().height])"""
    )
    assert len(controls) > 30
    assert [c for c, name, _ in controls if not name] == []
    assert min(height for *_, height in controls) >= 24


@pytest.mark.browser
def test_without_javascript_the_page_says_so_and_shows_no_dead_form(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "en" / "try.html").as_uri())
    assert page.locator("noscript").is_visible()
    assert "needs JavaScript" in page.locator("noscript").inner_text()
    assert not page.locator("#try").is_visible()
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_the_page_writes_keeps_the_typographic_rules(visit, language):
    page = visit(language)
    page.locator("#try details").evaluate_all("all => all.forEach(d => d.open = true)")
    page.wait_for_selector("#try-elsewhere td")
    texts = page.locator("#try :is(p, li, h4, th, summary, label, option)").evaluate_all(
        "all => all.filter(e => !e.querySelector('p, li, select, code')).map(e => e.textContent)"
    )
    assert len(texts) > 500
    assert [fault for text in texts for fault in typography.faults(text, language)] == []


# --- what it is made of


def test_script_and_texts_stay_small():
    assert len(tryit.script(BOB).encode()) < 1_000_000
    for language in ("fr", "en"):
        assert len(json.dumps(page_data(language), ensure_ascii=False).encode()) < 250_000


def test_both_languages_say_the_same_things_and_leave_nothing_out():
    pages = {language: page_data(language) for language in ("fr", "en")}
    for part in (
        "texts",
        "places",
        "jobs",
        "challenges",
        "advice",
        "strategies",
        "reasons",
        "conditions",
        "rules",
    ):
        assert list(pages["fr"][part]) == list(pages["en"][part]), part
        assert all(pages["fr"][part].values()), part
    assert len(pages["fr"]["places"]) == 101
    assert {*map(int, pages["fr"]["conditions"])} == set(tryit.compiled(BOB).conditions)


def test_every_condition_is_said_as_it_stands_and_as_its_contrary():
    for language in ("fr", "en"):
        for held, not_held in page_data(language)["conditions"].values():
            assert held != not_held


def test_every_question_of_the_page_is_read_by_the_rules():
    asked = {f["name"] for group in page_data("en")["fields"] for f in group["fields"]}
    assert asked - {"departement_id"} <= set(READ)
    assert set(START) <= {*READ, "departement_id"}


def test_every_text_of_the_page_is_used_by_its_script():
    script = (HERE / "scripts" / "page.js").read_text("utf-8")
    composed = re.compile(r"relevance \d|(advice|strategy) (appears|goes|moves)")
    assert [
        key for key in words("en").names("try") if f'"{key}"' not in script and not composed.fullmatch(key)
    ] == []
