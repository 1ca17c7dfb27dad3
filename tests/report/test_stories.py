"""How Bob decides, is it any good, does it work, what is known: each page says what was recorded."""

import re
from dataclasses import replace

import pytest
from audited import BOB, words
from reading_pages import Parsed

from bobanalysis.report import sheets
from bobanalysis.report.renderer import Content, PageError, PageRenderer
from bobanalysis.report.sheets import citizen_questions
from bobanalysis.report.site import PAGES
from bobanalysis.report.words import environment

SLUGS = ("decides", "quality", "effect", "known")
PAGE = {page.slug: page for page in PAGES if page.slug in SLUGS}


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, BOB)


def made(content, slug, language="en"):
    return PageRenderer(content, words(language), PAGE[slug], PAGES).html()


def front(content, language="en"):
    maker = PageRenderer(content, words(language), PAGE["effect"], PAGES)
    shown = environment(language).get_template("parts/front_effect.html").render(maker._common)
    return Parsed(f"<html lang='{language}'><ul>{shown}</ul></html>")


BROKEN = [
    ("decides", "rules.reads_origin", 1, "no rule in use reads a sign of origin"),
    ("decides", "freelance.left_out", 1, "everybody is advised to start a business"),
    ("decides", "freelance.inputs_elsewhere", 1, "neither the year of birth, nor the job, nor the place"),
    ("decides", "freelance.stronger_low", 0.4, "most people get the higher mark in every scenario"),
    ("decides", "freelance.first_five", 3, "nobody has the advice among the first five"),
    ("quality", "eval.bob_jobs.of_three_places", 0.6, "fewer linked jobs in demand than the same links"),
    (
        "quality",
        "eval.random_linked.of_listed",
        0.7,
        "more are in demand than of the links in a random order",
    ),
    ("quality", "eval.age.shown_45", 0.6, "at forty-five fewer people are shown the list"),
    ("quality", "eval.place.paris_thinned", 0.5, "Paris with as few figures as Cantal"),
    ("quality", "blind.cost.bob_shown_age_neutral.of_listed", -0.1, "those listed are no worse"),
    ("quality", "blind.one_year.bob_shown_age_neutral", 0.1, "only a rule that reads the age"),
    ("quality", "instruments.false_alarms", 0.2, "rings falsely about as often as it says"),
    ("effect", "trial.effect_employment", 1, "the abstract reports no effect on employment"),
    ("effect", "trial.effect_service", 0, "more use of the public employment services"),
    ("effect", "trial.chance", 0.9, "four times out of five"),
    ("effect", "trial.smallest_high", 0.5, "harder to see than one of the invitation"),
    ("effect", "trial.tenth_low", 0.01, "would have been seen in every combination"),
    ("effect", "trial.tenth_user_seen", 300, "in some combinations and not in others"),
    ("effect", "rating.very_useful_last", 0.1, "the worst and the best answer grew more frequent"),
    ("effect", "recommend.team", -0.6, "the team's way of counting gives a higher score"),
]


@pytest.mark.parametrize(("slug", "id", "value", "claim"), BROKEN)
def test_a_claim_that_the_records_do_not_bear_out_stops_its_page(content, slug, id, value, claim):
    finding = {**content.finding(id, "test"), "value": value}
    other = replace(
        content, merged={**content.merged, "findings": {**content.merged["findings"], id: finding}}
    )
    with pytest.raises(PageError, match=f"{slug}.*{re.escape(claim)}"):
        made(other, slug)


def test_the_front_page_says_that_no_effect_was_found_and_that_the_estimate_was_not_read(content):
    page = front(content)
    said = " ".join(text for text, _ in page.texts)
    assert "212,277" in said
    assert "found no effect on jobs" in said
    assert "not proof that there was none" in said
    assert "neither its estimates nor their margin of error" in said
    assert [a["href"] for a in page.all("a")][-1] == "effect.html"


def test_the_front_page_does_not_say_so_when_the_abstract_reports_an_effect(content):
    finding = {**content.finding("trial.effect_employment", "test"), "value": 1}
    found = {**content.merged["findings"], "trial.effect_employment": finding}
    with pytest.raises(PageError, match="no effect on employment"):
        front(replace(content, merged={**content.merged, "findings": found}))


@pytest.mark.parametrize("slug", SLUGS)
def test_no_place_of_a_story_shows_an_id_of_the_code(content, slug):
    page = Parsed(made(content, slug))
    ids = {
        r
        for t in ("eval.recommenders", "blind.variants")
        for r in content.table(t, "test").to_series().to_list()
    }
    shown = {text.strip() for text, around in page.texts if not any(tag == "code" for tag, _ in around)}
    assert not {id for id in ids & shown if "-" in id}


def test_what_is_known_lists_every_question_once_under_its_status(content):
    page = Parsed(made(content, "known"))
    listed = [attributes["data-ledger"] for attributes in page.all("tr") if "data-ledger" in attributes]
    order = [e.id for status in sheets.STATUSES for e in citizen_questions().entries if e.status == status]
    assert listed == order


def test_what_is_known_names_who_could_answer_each_open_question(content):
    said = " ".join(text for text, _ in Parsed(made(content, "known")).texts)
    for entry in citizen_questions().entries:
        if entry.status == "open":
            assert words("en").say(entry.held_by) in said, entry.id


def test_what_is_known_gives_the_kind_of_each_finding_that_an_answer_cites(content):
    maker = PageRenderer(content, words("en"), PAGE["known"], PAGES)
    rows = PAGE["known"].context(maker)["by_kind"]({"trial.people": "effect.html#trial"})
    kinds = {row["id"]: kind for kind, found in rows.items() for row in found}
    assert kinds["trial.people"] == "observed"
    for id, kind in kinds.items():
        finding = content.finding(id, "test")
        assert kind == ("stated" if finding["no_interval"] == "stated" else finding["kind"]), id
    cited = {id for entry in citizen_questions().entries for id in entry.findings}
    assert {id for id in cited if not id.endswith(("_low", "_high"))} <= set(kinds)


def test_a_range_stands_beside_its_finding_and_not_as_two_of_its_own(content):
    found = dict(re.findall(r'<tr data-finding="([^"]+)">(.*?)</tr>', made(content, "known"), re.DOTALL))
    low, high = (content.finding(f"freelance.stronger_{end}", "test")["value"] for end in ("low", "high"))
    assert words("en").interval(low, high, "share") in found["freelance.stronger"]
    assert not {"freelance.stronger_low", "freelance.stronger_high"} & found.keys()


def test_an_open_question_without_anybody_who_could_answer_is_refused(tmp_path):
    import yaml

    raw = yaml.safe_load((sheets.path_of("ledger", None)).read_text("utf-8"))
    entry = next(e for e in raw["entries"] if e["status"] == "open")
    del entry["held_by"]
    changed = tmp_path / "ledger.yaml"
    changed.write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")
    with pytest.raises(sheets.InputError, match="an open question, and no other, says who could answer it"):
        citizen_questions(changed)
