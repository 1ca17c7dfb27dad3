"""The letter "Why did I get this?" says nothing that is not so, and says it in two languages."""

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from bobanalysis import data
from bobanalysis import text as typography
from bobanalysis.audit.person import NOW, Answers, Person, read_person
from bobanalysis.bob import (
    DICTIONARY,
    UPSTREAM_COMMIT,
    Bob,
    InputError,
    Market,
    catalogue,
    read_users,
    validate,
)
from bobanalysis.bob.conformance import markets, read_vectors
from bobanalysis.bob.market import join
from bobanalysis.cli import app
from bobanalysis.recommenders.market import french_market
from bobanalysis.report import letter_page
from bobanalysis.report.letter import Letter, Stopped, item_called
from bobanalysis.report.letter_page import EXAMPLE, letter_pages, render
from bobanalysis.rules import inputs, trace, walk

SAMPLE = (0, 1, 114, 285, 399, 513)
NOTHING = Bob(Market.empty())
VECTORS = Path(__file__).parents[1] / "vectors"


@cache
def french_bob():
    return Bob(french_market())


def explain(given, bob=None, about=None, figures=None, **options):
    person = Person.of(given, bob or french_bob(), **options)
    return Letter(person, about, options.get("now", NOW), figures)


def letter(given, lang="fr", **options):
    return render(explain(given, **options), lang)


@cache
def example():
    return letter_page.example(french_bob())


@cache
def vectors():
    return read_vectors(VECTORS / "visible.jsonl.gz")


@cache
def market(name):
    return markets(VECTORS / "market", {name})[name]


class Reader(HTMLParser):
    """Reads a letter: its headings, its visible text, and the inputs that it names."""

    def __init__(self, html):
        super().__init__()
        self.headings, self.texts, self.names, self.hidden = [], [], set(), 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.hidden += tag in ("style", "title")
        self.names |= set((given.get("data-name") or given.get("data-names") or "").split())
        if tag == "h2":
            self.headings.append(given.get("id"))

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "title")

    def handle_data(self, text):
        if not self.hidden and text.strip():
            self.texts.append(text)


def numbers(html, lang):
    text = " ".join(Reader(html).texts)
    if lang == "fr":
        text = re.sub(r"(?<=\d)[\u202f\u00a0](?=\d)", "", text).replace(",", ".")
    else:
        text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return sorted(re.findall(r"\d+(?:\.\d+)?", text))


@pytest.fixture(scope="module", params=[3, pytest.param(len(SAMPLE), marks=pytest.mark.slow)])
def sample(request):
    """Letters to people of the recorded vectors, each on the market that was recorded."""
    found = []
    for k in SAMPLE[:: len(SAMPLE) // request.param]:
        v = vectors()[k]
        bob = Bob(market(v["market"]))
        made = explain(v["user"], bob, now=v["now"], strict=False)
        found.append((v, bob, made, Person.of(v["user"], bob, now=v["now"], strict=False)))
    return found


def rerun(vector, bob, sets):
    """Run Bob again on a recorded person with changes, starting from the record."""
    read = validate(read_users([vector["user"]], [vector["now"]]), bob.variables, strict=False).valid
    admitted = join(read, bob.market, [v.name for v in bob.variables])
    frames = []
    for k, changes in enumerate(sets):
        frame = admitted
        for change in changes:
            columns = followed(change, admitted)
            everywhere = change.variable.group == "person"
            here = pl.lit(True) if everywhere else pl.col("project") == 0
            frame = frame.with_columns(
                **{n: pl.when(here).then(pl.lit(value)).otherwise(n) for n, value in columns.items()}
            )
        frames.append(frame.with_columns(user=pl.lit(k, dtype=admitted.schema["user"])))
    done = bob.run(pl.concat(frames, how="vertical_relaxed"), validated=True)
    return [Answers.of(bob, row) for row in done.filter(project=0).iter_rows(named=True)]


def followed(change, admitted):
    """Say what follows from a change of the dates of the search: there is one date behind two lengths."""
    name, after = change.variable.name, change.after
    if name not in ("search_length", "search_not_started"):
        contracts = {v.name for v in DICTIONARY.sets["employment_types"].values()}
        more = {"num_employment_types": admitted["num_employment_types"][0] + (1 if after else -1)}
        return {name: after} | (more if name in contracts else {})
    then, today = admitted["search_length"][0], admitted["search_length_now"][0]
    if name == "search_not_started":
        return {name: after} | ({"search_length": -1.0, "search_length_now": -1.0} if after else {})
    if after < 0:
        return {name: after, "search_length_now": -1.0}
    return {
        "search_length": after,
        "search_length_now": after + (today - then if then >= 0 else 0),
        "search_not_started": False,
    }


# --- what is said is so


def test_every_condition_told_as_held_holds_for_the_person(sample):
    for vector, _, made, person in sample:
        for e in made.explained:
            for reason in e.reasons:
                if reason.why != "used":
                    read = trace(reason.item, person.row, person.known)
                    assert read.value is reason.holds, (vector["id"], e.item, reason)


def test_every_condition_quoted_stands_in_the_rule_with_its_threshold(sample):
    for vector, _, made, _ in sample:
        for e in made.explained:
            nodes = {id(node) for node in walk(e.read.item)}
            assert {id(reason.item) for reason in e.reasons} <= nodes, (vector["id"], e.item.id)


def test_every_change_gives_what_it_claims_when_the_whole_program_is_run_again(sample):
    told = 0
    for vector, bob, made, _ in sample:
        claims = [(e.item, other) for e in made.explained for other in e.found]
        again = rerun(vector, bob, [other.changes for _, other in claims])
        for (item, other), now in zip(claims, again, strict=True):
            said = [(c.variable.name, c.before, c.after) for c in other.changes]
            assert item.answer(now) == other.answer, (vector["id"], item.id, said)
            assert other.answer != item.answer(made.answers), (vector["id"], item.id, said)
        told += len(claims)
    assert told * len(SAMPLE) > 200 * len(sample)


def test_what_an_item_is_said_to_read_is_all_that_can_alter_it(sample):
    for vector, _, made, person in sample[:4]:
        changes = person.changes()
        after = person.would_be_answered([(c,) for c in changes])
        for e in made.explained:
            known = set(e.reads)
            base = e.item.answer(made.answers)
            for change, told in zip(changes, after, strict=True):
                now = e.item.answer(told)
                if now != base and not isinstance(now, Stopped) and not isinstance(base, Stopped):
                    assert change.variable.name in known, (vector["id"], e.item.id, change.variable.name)


def test_a_change_before_the_change_is_the_value_of_the_person(sample):
    for _, _, made, person in sample:
        for e in made.explained:
            for other in e.found:
                assert all(person.row[c.variable.name] == c.before for c in other.changes)


@pytest.mark.parametrize("people", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_letter_names_no_input_that_can_not_alter_what_it_explains(sample, people):
    for vector, _, made, person in sample[:people]:
        for e in made.explained[2:6]:
            html = render(Letter(person, f"{e.item.outcome.root}:{e.item.id}"), "en")
            names = Reader(html.split('id="item-4"')[0]).names
            assert names <= set(e.reads), (vector["id"], e.item.id)


def test_a_letter_about_one_rule_names_only_what_that_rule_reads():
    rule = catalogue()["advice-senior"].expr
    html = letter({"age": 47, "project_kind": "FIND_A_NEW_JOB"}, bob=NOTHING, about="senior")
    assert Reader(html.split('id="item-4"')[0]).names == {v.name for v in inputs(rule)}


def test_the_nearest_age_is_told_on_both_sides():
    made = explain({"age": 47, "project_kind": "FIND_A_NEW_JOB"}, NOTHING, about="senior")
    (only,) = made.explained[0].found
    assert [(c.after, only.answer) for c in only.changes] == [(44, None)]
    told = explain({"age": 30, "project_kind": "FIND_A_NEW_JOB"}, NOTHING, about="advice-senior")
    assert [o.changes[0].after for o in told.explained[0].found] == [45]


def test_a_change_of_year_of_birth_in_the_record_does_what_the_letter_says():
    record = json.loads(EXAMPLE.read_text("utf-8"))
    bob = Bob(french_market())
    for e in example().explained:
        for other in e.found:
            if [c.variable.name for c in other.changes] != ["age"]:
                continue
            record["profile"]["yearOfBirth"] = int(NOW[:4]) - other.changes[0].after
            assert e.item.answer(Person.of(record, bob).answers) == other.answer, e.item.id


def test_departements_where_the_answer_differs_are_counted_on_records_from_there():
    record = json.loads(EXAMPLE.read_text("utf-8"))
    own = record["projects"][0]["city"]["departementId"]
    users = []
    for place in data.table("departements")["dep"]:
        moved = json.loads(json.dumps(record))
        moved["projects"][0]["city"]["departementId"] = place
        users += [moved] if place != own else []
    bob = Bob(french_market())
    frame = validate(read_users(users, [NOW] * len(users)), bob.variables).valid
    there = [Answers.of(bob, row) for row in bob.run(frame, validated=True).iter_rows(named=True)]
    counted = {}
    for e in example().explained:
        if "departement_id" in e.elsewhere:
            differ = sum(e.item.answer(told) != e.answer for told in there)
            moved_to = e.elsewhere["departement_id"]
            assert (moved_to.total, moved_to.differ) == (len(users), differ), e.item
            counted[e.item] = differ
    assert any(counted.values())


def test_a_place_brings_its_market_even_where_the_record_holds_the_figures_of_another():
    record = json.loads(EXAMPLE.read_text("utf-8"))
    record["projects"][0]["localStats"] = {"imt": {"yearlyAvgOffersPer10Candidates": 2}}
    bob = Bob(french_market())
    held = explain(record, bob, about="main_challenge").explained[0]
    assert held.answer == "stuck-market"
    plain = explain(json.loads(EXAMPLE.read_text("utf-8")), bob, about="main_challenge").explained[0]
    there = held.elsewhere["departement_id"]
    elsewhere = dict(plain.elsewhere["departement_id"].answers)["stuck-market"]
    assert there.total - there.differ == elsewhere


def test_only_two_changes_together_are_told_where_no_single_one_is_enough():
    person = {
        "age": 47,
        "project_kind": "FIND_A_NEW_JOB",
        "search_length": 14,
        "frustrations": ["AGE_DISCRIMINATION"],
    }
    (e,) = explain(person, NOTHING, about="create-your-company").explained
    assert e.paired
    assert {len(other.changes) for other in e.found} == {2}
    names = {frozenset(c.variable.name for c in other.changes) for other in e.found}
    assert frozenset({"frustration_age_discrimination", "search_length"}) in names


def test_what_everybody_gets_is_said_to_be_for_everybody():
    (e,) = explain({"age": 47, "project_kind": "FIND_A_NEW_JOB"}, NOTHING, about="jobflix").explained
    assert e.for_everybody
    assert e.found == ()
    assert "everybody gets the same" in letter({"age": 47}, "en", bob=NOTHING, about="jobflix")


def test_advice_that_another_excludes_names_the_other():
    person = {"age": 40, "project_kind": "FIND_A_NEW_JOB", "search_length": 14, "has_resume": "FALSE"}
    made = explain(person, NOTHING, about="fresh-resume")
    assert made.explained[0].answer is None
    said = " ".join(Reader(render(made, "en")).texts)
    assert "but another piece of advice excludes it: “" in said


# --- people of whom something is not known


def test_a_person_without_a_year_of_birth_is_told_what_the_code_reads_instead():
    html = letter({"project_kind": "FIND_A_NEW_JOB"}, "en", bob=NOTHING, about="senior")
    assert "year of birth not given; the published code then reads 2022" in html
    assert "no answer given" in html


def test_an_unknown_market_is_shown_as_unknown():
    person = {"age": 40, "project_kind": "FIND_A_NEW_JOB", "departement_id": "976", "rome_id": "A1101"}
    assert "For your job and place the figure is unknown." in letter(person, "en", bob=Bob(french_market()))


def test_where_the_published_server_stops_the_letter_says_so_and_what_would_give_an_answer():
    person = {
        "age": 40,
        "has_clear_project": "TRUE",
        "search_length": 2,
        "total_interview_count": 10,
        "passionate_level": "LIFE_GOAL_JOB",
        "seniority": "EXPERT",
    }
    made = explain(person, NOTHING)
    assert made.answers.error == "missing: projects.0.kind"
    assert "No answer at all." in render(made, "en")
    assert "il manque le but de la recherche" in render(made, "fr")
    assert [e.item.outcome.id for e in made.explained] == ["overall_score"]
    assert "project_kind" in {c.variable.name for o in made.explained[0].found for c in o.changes}
    about = explain(person, NOTHING, about="senior")
    assert "No answer at all." in render(about, "en")


def test_of_several_projects_the_one_asked_about_is_explained():
    vector = next(v for v in vectors() if len(v["user"]["projects"]) > 2)
    bob = Bob(market(vector["market"]))
    for number in range(len(vector["user"]["projects"])):
        given = {"now": vector["now"], "strict": False, "about": "main_challenge", "project": number}
        made = explain(vector["user"], bob, **given)
        whole = vector["expected"] if number == 0 else vector["expected"]["otherProjects"][number - 1]
        assert made.answers.values["main_challenge"] == whole["diagnostic"]["categoryId"], number


# --- the page


@pytest.fixture(scope="module")
def pages():
    return {lang: render(example(), lang) for lang in ("fr", "en")}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_answer_comes_first_then_the_four_items_in_their_order(pages, lang):
    assert Reader(pages[lang]).headings == ["item-1", "item-2", "item-3", "item-4"]
    assert pages[lang].index('class="answer"') < pages[lang].index('id="item-1"')


def test_both_languages_carry_the_same_numbers(pages):
    assert numbers(pages["fr"], "fr") == numbers(pages["en"], "en")


def test_both_languages_name_the_same_inputs(pages):
    assert Reader(pages["fr"]).names == Reader(pages["en"]).names


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_texts_keep_the_rules_of_typography(pages, lang):
    found = [fault for text in Reader(pages[lang]).texts for fault in typography.faults(text, lang)]
    code = [f for f in found if "frontend/server" not in f]
    assert code == []


def test_the_letter_says_who_writes_it_which_code_it_is_about_and_that_nothing_leaves(pages):
    assert "written by an independent project, not by Bob Emploi" in pages["en"]
    assert f"audited commit <code>{UPSTREAM_COMMIT}</code>" in pages["en"]
    assert "Nothing was sent or stored anywhere else." in pages["en"]


def test_the_letter_has_no_script_and_no_address_of_another_place(pages):
    for html in (*pages.values(), *letter_pages(example()).values()):
        assert "<script" not in html
        assert "http" not in html
        assert "@import" not in html
        assert "url(" not in html


def test_what_would_change_by_a_protected_criterion_stands_apart_and_is_labelled(pages):
    apart = re.findall(r'<div class="criteria">.*?</div>', pages["en"], re.S)
    assert apart
    inside = "".join(apart)
    assert 'data-name="age"' in inside
    assert "protected criterion: age" in inside
    outside = pages["en"].replace(inside, "")
    for block in apart:
        outside = outside.replace(block, "")
    changes = "".join(re.findall(r'<ul class="changes">.*?</ul>', outside, re.S))
    assert 'data-name="age"' not in changes
    assert 'data-name="has_handicap"' not in changes


def test_the_page_of_the_site_says_that_the_person_is_invented_and_leads_back():
    made = letter_pages(example())
    assert list(made) == ["fr/letter.html", "en/letter.html"]
    assert "This person is invented." in made["en/letter.html"]
    for html in made.values():
        assert 'href="index.html"' in html


def test_the_same_person_gets_the_same_letter(pages):
    assert render(explain(read_person(EXAMPLE), figures=example().figures), "fr") == pages["fr"]


# --- the command


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def command(*arguments, given=None):
        return CliRunner().invoke(app, ["letter", *map(str, arguments)], input=given)

    return command


def test_the_command_writes_a_page_beside_the_reader_by_default(run):
    done = run(EXAMPLE, "--about", "senior", "--lang", "en")
    assert done.exit_code == 0, done.output
    assert Path("letter-en.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_command_reads_standard_input_and_writes_standard_output(run):
    done = run("-", "--about", "senior", "--output", "-", given=EXAMPLE.read_text("utf-8"))
    assert done.exit_code == 0
    assert done.stdout.startswith("<!doctype html>")
    assert list(Path().iterdir()) == []


def test_inputs_by_name_in_yaml_are_read(run):
    Path("me.yaml").write_text("age: 47\nproject_kind: FIND_A_NEW_JOB\nfrustrations: [MOTIVATION]\n")
    done = run("me.yaml", "--about", "senior", "--output", "-", "--lang", "en")
    assert "47 years" in done.stdout


def test_dates_in_yaml_are_read_as_in_json(run):
    record = json.loads(EXAMPLE.read_text("utf-8"))
    Path("me.yaml").write_text(yaml.safe_dump(record).replace("Z'", "Z").replace("'20", "20"), "utf-8")
    assert ": 2022-06-01T09:00:00Z\n" in Path("me.yaml").read_text("utf-8")
    letters = [run(str(file), "--about", "senior", "--output", "-").stdout for file in ("me.yaml", EXAMPLE)]
    assert letters[0] == letters[1] != ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age: 30\n30: 5\n", "'30' is not in the data dictionary"),
        ("age: &a [*a]\n", "cannot be read: Circular reference detected"),
        ("age: !!set {30}\n", "cannot be read: Object of type set is not JSON serializable"),
        ("? [1, 2]\n: 3\n", "cannot be read: while constructing a mapping"),
        ("age: 2024-02-30\n", "'2024-02-30' is not a whole number"),
    ],
)
def test_yaml_that_json_could_not_hold_is_refused(run, text, said):
    Path("me.yaml").write_text(text)
    done = run("me.yaml")
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"projects": [', "cannot be read: Expecting value: line 1 column 15"),
        ("[" * 100_000, "cannot be read: maximum recursion depth"),
        ("[1]", "not one person"),
        ("null", "not one person"),
        ('{"projects": []}', "projects is empty"),
        ('{"projects": [{"kind": "NOPE"}]}', "project_kind (projects[].kind): 'NOPE' is not one of"),
        ('{"profile": {"yearOfBirth": "1970"}, "projects": [{}]}', "profile.yearOfBirth"),
        ('{"projects": [{"jobSearchStartedAt": "hier"}]}', "projects[0].jobSearchStartedAt"),
        ('{"profile": {"frustrations": ["XX"]}, "projects": [{}]}', "'XX' is not what this field takes"),
        ('{"agee": 47}', "did you mean 'age'"),
        ('{"age": 300}', "is not between 10 and 110"),
        ('{"age": "old"}', "is not a whole number"),
        ('{"frustrations": "MOTIVATION"}', "is not a list of answers"),
        ('{"project_kind": "FIND_A_JOB"}', "Did you mean"),
    ],
)
def test_a_person_who_cannot_be_read_is_refused_with_file_field_and_value(run, text, said):
    Path("person.json").write_text(text)
    done = run("person.json")
    assert done.exit_code == 1
    assert "person.json" in done.stderr
    assert said in " ".join(done.stderr.split())
    assert not Path("letter-fr.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json"], "no such file"),
        ([EXAMPLE, "--about", "seniorr"], "Did you mean 'senior'?"),
        ([EXAMPLE, "--project", "3"], "there is no project 3: the person has 1"),
        ([EXAMPLE, "--scale", "x"], "no market scale 'x'"),
        ([EXAMPLE, "--now", "hier"], "'hier' is not an instant"),
        ([EXAMPLE, "--about", "senior", "--output", f"{EXAMPLE}/x.html"], "cannot be written"),
    ],
)
def test_an_option_that_cannot_be_served_is_refused_with_what_to_do(run, arguments, said):
    done = run(*arguments)
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())


def test_the_folder_of_a_letter_is_made(run):
    assert run(EXAMPLE, "--about", "senior", "--output", "new/x.html").exit_code == 0
    assert Path("new/x.html").exists()


def test_an_item_is_found_by_its_id_its_rule_or_its_kind():
    assert item_called("advice-senior", NOTHING) == item_called("senior", NOTHING)
    assert item_called("life-balance", NOTHING).outcome.id == "advice"
    assert item_called("strategy:life-balance", NOTHING).outcome.id == "strategies"
    with pytest.raises(InputError, match="main_challenge"):
        item_called("nothing-like-it", NOTHING)


# --- in a browser


@pytest.fixture(scope="module")
def files(pages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("letters")
    for lang, html in pages.items():
        (folder / f"{lang}.html").write_text(html, "utf-8")
    return folder


@pytest.fixture
def visit(browser, files):
    opened = []

    def go(lang, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append(context)
        page = context.new_page()
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto((files / f"{lang}.html").as_uri())
        return page

    yield go
    for context in opened:
        context.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["fr", pytest.param("en", marks=pytest.mark.slow)])
def test_the_letter_asks_nothing_of_the_network(visit, files, lang):
    page = visit(lang)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert [u for u in page.requests if not u.startswith("data:")] == [(files / f"{lang}.html").as_uri()]


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["fr", pytest.param("en", marks=pytest.mark.slow)])
def test_axe_finds_no_fault_in_the_letter_open_or_folded(visit, require, lang):
    axe = require("axe_playwright_python.sync_playwright")
    page = visit(lang)
    for script in ("0", "document.querySelectorAll('details').forEach(d => d.open = true)"):
        page.evaluate(script)
        assert axe.Axe().run(page).response["violations"] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_letter_does_not_scroll_sideways_with_everything_open(visit, width):
    page = visit("fr", width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_without_javascript_what_is_folded_opens_by_keyboard(visit):
    page = visit("fr", java_script_enabled=False)
    summary = page.locator("#advice-senior > summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#advice-senior .inside").is_visible()


@pytest.mark.browser
def test_on_paper_what_is_folded_is_printed(visit):
    page = visit("fr")
    page.emulate_media(media="print")
    assert page.locator("#advice-senior .inside").bounding_box()["height"] > 20
