"""The pages of questions, personal data and the register, as they are rendered from invented findings."""

import json
import re

import pytest

from bobanalysis.report import sheet_pages
from bobanalysis.report import sheets as texts
from bobanalysis.report.sheet_pages import address

BOTH = pytest.mark.parametrize("language", ["fr", "en"])


def inner(source, tag, attribute):
    """What stands between each opening and closing tag that carries an attribute, without tags."""
    found = re.findall(rf"<{tag} [^>]*{attribute}=\"([^\"]+)\"[^>]*>(.*?)</{tag}>", source, re.S)
    return [(name, re.sub(r"<[^>]+>", "", text).strip()) for name, text in found]


# ---- questions


@BOTH
def test_every_question_stands_under_its_theme_with_its_status_in_words(pages, language):
    source = pages[f"{language}/questions.html"].source
    names = {
        "fr": ("réponse trouvée", "réponse partielle", "sans réponse"),
        "en": ("answered", "partly answered", "open"),
    }
    named = dict(zip(texts.STATUSES, names[language], strict=True))
    for theme in texts.citizen_questions().themes:
        section = source.split(f'aria-labelledby="theme-{theme.id}"')[1].split("</section>")[0]
        wanted = [e for e in texts.citizen_questions().entries if e.theme == theme.id]
        assert re.findall(r'<article class="entry [^"]+" id="([^"]+)"', section) == [e.id for e in wanted]
        for entry in wanted:
            article = section.split(f'id="{entry.id}"')[1].split("</article>")[0]
            badge = re.search(r'class="badge[^"]*"><span aria-hidden="true">.</span> ([^<]+)', article)[1]
            assert badge.strip() == named[entry.status], entry.id


@BOTH
def test_an_allegation_is_labelled_and_what_is_not_verified_says_so(pages, language):
    source = pages[f"{language}/questions.html"].source
    for entry in texts.citizen_questions().entries:
        article = source.split(f'id="{entry.id}" data-ledger')[1].split("</article>")[0]
        assert ('<span class="claim">' in article) == entry.allegation, entry.id
        said = {"fr": "Non vérifié", "en": "Not verified:"}[language]
        assert (said in article) == (entry.not_verified is not None), entry.id


@BOTH
def test_every_piece_of_evidence_is_folded_below_its_answer_with_its_address(pages, language):
    source = pages[f"{language}/questions.html"].source
    known = texts.citizen_questions()
    for entry in known.entries:
        article = source.split(f'id="{entry.id}" data-ledger')[1].split("</article>")[0]
        folded = article.partition("<details>")[2]
        for id in entry.evidence:
            piece = known.evidence[id]
            assert piece.locator.replace("&", "&amp;") in folded, (entry.id, id)
            assert address(piece.locator, known).replace("&", "&amp;") in folded


@BOTH
def test_what_was_measured_stands_with_the_answer_and_leads_to_its_note(pages, language):
    page = pages[f"{language}/questions.html"]
    ids = {a.get("id") for _, a in page.elements}
    for entry in texts.citizen_questions().entries:
        article = page.source.split(f'id="{entry.id}" data-ledger')[1].split("</article>")[0]
        for id in entry.findings:
            assert f'href="#note-{id}"' in article, entry.id
            assert f"note-{id}" in ids


@BOTH
def test_the_questions_that_come_first_lead_to_their_answers(pages, language):
    first = pages[f"{language}/questions.html"].source.split('data-ledger="first"')[1].split("</ol>")[0]
    known = texts.citizen_questions()
    assert re.findall(r'<a href="#([^"]+)"', first) == list(known.first)
    assert len(known.first) == 10


@BOTH
def test_an_open_question_says_whether_an_answer_may_have_been_missed_not_a_bare_confidence(pages, language):
    source = pages[f"{language}/questions.html"].source
    for entry in texts.citizen_questions().entries:
        article = source.split(f'id="{entry.id}" data-ledger')[1].split("</article>")[0]
        said = re.search(r'class="confidence">([^<]+)', article)[1]
        bare = {"fr": "confiance", "en": "confidence"}[language]
        assert (bare in said) == (entry.status != "open"), entry.id


@pytest.mark.browser
@BOTH
def test_the_search_keeps_what_matches_without_accents_and_counts_it(browser, rendered, language):
    page = browser.new_page()
    page.goto((rendered / language / "questions.html").as_uri())
    page.fill("#search", {"fr": "impots total", "en": "taxes total"}[language])
    shown = page.evaluate(
        "[...document.querySelectorAll('.entry')].filter(e => e.checkVisibility()).map(e => e.id)"
    )
    count = page.inner_text("#search-count")
    page.check("#show-answered")
    none = page.inner_text("#search-count")
    page.fill("#search", "")
    whole = page.evaluate("document.querySelectorAll('.entry[hidden]').length")
    page.close()
    assert shown == ["total-taxes"]
    assert count.endswith("1")
    assert none.endswith("0")
    assert whole == 0


# ---- personal data


@pytest.mark.parametrize("layout", sheet_pages.LAYOUTS.values(), ids=sheet_pages.LAYOUTS)
def test_no_boxes_of_the_diagram_overlap_and_all_stand_inside(layout):
    boxes = list(layout.boxes.items())
    for i, (a, (x, y, w, h)) in enumerate(boxes):
        assert 0 <= x <= x + w <= layout.size[0], a
        assert 0 <= y <= y + h <= layout.size[1], a
        for b, (p, q, r, s) in boxes[i + 1 :]:
            assert x + w <= p or p + r <= x or y + h <= q or q + s <= y, (a, b)


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@BOTH
def test_every_name_in_the_diagram_fits_into_its_box(browser, rendered, language, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((rendered / language / "privacy.html").as_uri())
    out = page.evaluate(
        """[...document.querySelectorAll('figure.flow svg')].filter(s => s.checkVisibility()).flatMap(s =>
           [...s.querySelectorAll('[data-node]')].filter(g => {
             const t = g.querySelector('text').getBBox(), b = g.querySelector('rect').getBBox();
             return t.x < b.x || t.y < b.y || t.x + t.width > b.x + b.width ||
                    t.y + t.height > b.y + b.height;
           }).map(g => g.dataset.node))"""
    )
    page.close()
    assert out == []


@BOTH
def test_arrows_and_rows_of_the_table_have_the_same_numbers(pages, language):
    source = pages[f"{language}/privacy.html"].source
    rows = re.findall(r'<tr id="flow-[^"]+"><td>(\d+)</td>', source)
    assert rows == [str(n) for n in range(1, len(texts.privacy().flow.edges) + 1)]
    for drawing in re.findall(r'<svg viewBox="0 0 \d+ \d+" xmlns.*?</svg>', source, re.S):
        assert re.findall(r'font-weight="700" fill="[^"]+">(\d+)</text>', drawing) == rows


@BOTH
def test_rules_that_read_a_piece_of_data_are_named_and_lead_to_their_cards(pages, language):
    source = pages[f"{language}/privacy.html"].source
    for field in texts.privacy().fields:
        section = source.split(f'id="data-{field.id}"')[1].split("</section>")[0]
        assert section.count('href="rules/') == len(field.rules), field.id


# ---- the register


@BOTH
@pytest.mark.parametrize("form", texts.FORMS)
def test_a_form_shows_every_line_of_the_record_in_order_and_none_is_blank(pages, form, language):
    source = pages[f"{language}/register-{form}.html"].source
    shown = inner(source, "dd", "data-field")
    assert [name for name, _ in shown] == [item.field for item in texts.register().forms[form].items]
    assert not [name for name, text in shown if len(text) < 3]
    assert len(inner(source, "dt", "class")) <= len(shown)


@BOTH
@pytest.mark.parametrize("form", texts.FORMS)
def test_a_line_that_is_not_filled_says_which_of_the_two_reasons_it_is(pages, form, language):
    says = {
        "fr": {
            "not applicable": "sans objet",
            "not disclosed by the operator": "non communiqué par l’opérateur",
        },
        "en": {k: k.replace("not applicable", "does not apply") for k in texts.FIELD_STATUSES[1:]},
    }[language]
    source = pages[f"{language}/register-{form}.html"].source
    shown = [text for _, text in inner(source, "dd", "data-field")]
    record = texts.register()
    for item, text in zip(record.forms[form].items, shown, strict=True):
        for status, words in says.items():
            assert (words in text[: len(words) + 4]) == (record.fields[item.field].status == status), (
                item.field
            )


@BOTH
def test_the_page_of_the_register_says_which_duties_bind_and_which_are_voluntary(pages, language):
    source = pages[f"{language}/register.html"].source
    rows = re.search(r'data-ledger="duties">.*?</table>', source, re.S)[0].split("<tr>")[2:]
    bound = {"fr": "Obligatoire", "en": "Binding"}[language]
    assert [bound in row for row in rows] == [d.duty == "binds" for d in texts.register().duties]
    assert {form.duty for form in texts.register().forms.values()} == {"voluntary"}


def test_the_register_can_be_taken_as_json_with_its_schema_and_fits_it(rendered, pages, require):
    jsonschema = require("jsonschema")
    record = json.loads((rendered / "register.json").read_text("utf-8"))
    schema = json.loads((rendered / "register.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(record)
    assert "{" not in "".join(f.get("text", f.get("reason"))["fr"] for f in record["fields"].values())
    for page in ("register", *(f"register-{form}" for form in texts.FORMS)):
        links = [a["href"] for a in pages[f"fr/{page}.html"].all("a")]
        assert "../register.json" in links, page
        assert "../register.schema.json" in links, page
