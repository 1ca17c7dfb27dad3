"""Who stood behind the service, what others published, and whose data it was: figures and their pages."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from audited import BOB, words

from bobanalysis.report import sheet_pages, sheets
from bobanalysis.report.findings import described
from bobanalysis.report.renderer import Content, PageError, PageRenderer
from bobanalysis.report.site import PAGES

BOTH = pytest.mark.parametrize("language", ["fr", "en"])
RECORD = described("18_who_is_behind")
FIGURES = sheets.published().figures
READ = {"passage": ("passage", "image", "code"), "page": ("page", "reprint"), "abstract": ("abstract",)}


def page_of(build, slug, language="en"):
    page = next(page for page in PAGES if page.slug == slug)
    return PageRenderer(Content.read(build, algorithm=BOB), words(language), page, PAGES)


def said(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


# ---- figures


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_the_note_of_a_figure_says_how_its_document_was_read(figure):
    notes = described_texts()
    piece = sheets.citizen_questions().evidence[figure.evidence]
    assert RECORD.findings[figure.id].note in [notes[name] for name in READ[piece.reading]]


def described_texts():
    """The notes of the notebook's file, by name."""
    import yaml

    path = Path(__file__).parents[2] / "data" / "findings" / "18_who_is_behind.yaml"
    return yaml.safe_load(path.read_text("utf-8"))["texts"]


def test_what_a_document_states_is_observed_and_has_no_interval_because_it_states_none():
    for figure in FIGURES:
        assert (RECORD.findings[figure.id].kind, RECORD.findings[figure.id].no_interval) == (
            "observed",
            "stated",
        )


def test_public_money_is_the_sum_of_what_public_bodies_gave():
    found = sheets.published()
    assert found.sum(nature="public") == 200_000 + 185_000 + 30_000
    assert found.sum(given="later", nature="public") == 0


# ---- the questions cite them


def test_no_sum_of_money_is_typed_in_an_answer():
    typed = {
        entry.id: re.findall(r"\d[\d\u202f,.]*\u00a0M?€|€\d", entry.answer.fr + entry.answer.en)
        for entry in sheets.citizen_questions().entries
    }
    assert {id: found for id, found in typed.items() if found} == {}


@BOTH
def test_a_figure_that_was_only_read_is_not_listed_as_measured(pages, language):
    article = pages[f"{language}/questions.html"].source.split('id="funding-total"')[1].split("</article>")[0]
    assert 'href="#note-money.seed"' in article
    assert 'class="measured"' not in article


@BOTH
def test_a_figure_that_was_computed_here_is_listed_as_measured(pages, language):
    article = pages[f"{language}/questions.html"].source.split('id="public-share"')[1].split("</article>")[0]
    measured = article.split('class="measured"')[1]
    assert 'href="#note-money.public_share_low"' in measured
    assert 'href="#note-money.seed"' not in measured


# ---- who is behind it


@BOTH
def test_every_funder_stands_with_sum_nature_and_evidence(pages, language):
    source = pages[f"{language}/backers.html"].source
    rows = source.split('id="table-money.funders"')[1].split("</table>")[0].split("<tr>")[2:]
    assert len(rows) == len(sheets.published().funders)
    for funder, row in zip(sheets.published().funders, rows, strict=True):
        assert f'href="#note-money.{funder.id}"' in row
        assert words(language).name("natures", funder.nature) in row
        assert row.count('rel="noreferrer"') == len(funder.evidence)


@BOTH
def test_every_event_has_a_date_an_evidence_and_a_dot_with_its_number(pages, language):
    source = pages[f"{language}/backers.html"].source
    events = sheets.published().events
    listed = re.findall(r'<li id="event-([^"]+)"><b>([^<]+)</b>', source)
    assert [id for id, _ in listed] == [event.id for event in events]
    assert [date for _, date in listed] == [words(language).date(event.when) for event in events]
    for drawing in re.findall(r"<svg[^>]*timeline-.*?</svg>", source, re.S):
        numbers = re.findall(r'font-weight="600"[^>]*>(\d+)<', drawing)
        assert numbers == [str(n) for n in range(1, len(events) + 1)]


@pytest.mark.parametrize("layout", sheet_pages.WIDTHS)
def test_no_two_dots_of_the_timeline_overlap(layout):
    drawing = sheet_pages.timeline(sheets.published().events, layout, words("fr"))
    dots = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawing)]
    assert len(dots) == len(sheets.published().events)
    for i, (x, y) in enumerate(dots):
        assert 10 <= x <= sheet_pages.WIDTHS[layout][0] - 10
        assert y >= 10
        assert all((x - p) ** 2 + (y - q) ** 2 >= 20**2 for p, q in dots[i + 1 :])


@BOTH
@pytest.mark.parametrize(
    "name",
    [
        "Pôle emploi",
        "La France s’engage",
        "Total",
        "SNC",
        "CARIF-OREF",
        "L’Échappée Volée",
        "Etalab",
        "Emploi Store",
    ],
)
def test_every_partner_that_the_citizen_asked_about_has_a_section(pages, language, name):
    names = re.findall(r'<h3 id="name-[^"]+">(.*?)</h3>', pages[f"{language}/backers.html"].source)
    assert any(name in title for title in names)


def test_an_event_of_a_year_or_a_month_is_dated_no_more_precisely():
    event = sheets.published().events[0]
    assert [words("fr").date(when) for when in (event.when, "2015-06")] == ["2014", "juin 2015"]


# ---- claims that the records no longer bear out stop the build


@pytest.mark.parametrize(
    ("slug", "id", "value", "claim"),
    [
        ("backers", "money.total_shown", 1, "the two totals make the whole"),
        ("backers", "money.public_seed_share", 0.4, "more than half of the seed money is public"),
        ("backers", "money.public_share_high", 0.6, "public money is less than half of all"),
        ("backers", "money.press_launch", 700_000, "the press gave more than the page shows"),
        ("your-data", "privacy.kept", 3, "most pieces of data stay after deletion"),
        (
            "your-data",
            "privacy.processors_identifying",
            2,
            "most outside receivers get what points to a person",
        ),
        ("index", "money.seed", 5, "the sums shown make the total"),
    ],
)
def test_a_claim_that_the_figures_do_not_bear_out_stops_the_page(invented_build, slug, id, value, claim):
    renderer = page_of(invented_build, slug)
    renderer.content.merged["findings"][id]["value"] = value
    template = "parts/front_backers.html" if slug == "index" else f"{slug}.html"
    more = renderer.page.context(renderer) if slug != "index" else {}
    with pytest.raises(PageError, match=claim):
        renderer._made(template, **more)


@pytest.mark.parametrize(
    ("slug", "id", "claim"),
    [
        ("backers", "funders-influence", "whether a funder shaped the service is open"),
        ("your-data", "sold", "no sale was found"),
        ("your-data", "cnil-opinion", "no opinion of the CNIL on Bob was found"),
        ("your-data", "asked-consent", "whether people were asked is not known"),
    ],
)
def test_a_question_that_gets_another_status_stops_the_page(invented_build, slug, id, claim):
    renderer = page_of(invented_build, slug)
    asked = renderer.content.tables["ledger.status"]
    changed = pl.when(question=id).then(pl.lit("answered")).otherwise("status").alias("status")
    renderer.content.tables["ledger.status"] = asked.with_columns(changed)
    with pytest.raises(PageError, match=claim):
        renderer.html()


# ---- the front page and the data


@BOTH
def test_the_front_page_can_say_who_paid_with_a_bar_for_each_funder(invented_build, language):
    shown = page_of(invented_build, "index", language)._made("parts/front_backers.html")
    assert shown.count('<tr><th scope="row"') == len(sheets.published().funders)
    assert 'href="backers.html"' in shown
    widths = [float(width) for width in re.findall(r'style="width:([\d.]+)%"', shown)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 100


@BOTH
def test_only_outside_receivers_are_listed_as_such(pages, language):
    source = pages[f"{language}/your-data.html"].source
    rows = source.split('data-ledger="flows"')[1].split("</table>")[0]
    flow = sheets.privacy().flow
    names = [n.name.get(language) for n in flow.nodes if n.kind == "processor"]
    assert sorted(re.findall(r'<th scope="row">(.*?)</th>', rows)) == sorted(names)


@BOTH
def test_every_promise_stands_beside_what_the_code_shows_and_leads_to_its_place(pages, language):
    source = pages[f"{language}/your-data.html"].source
    privacy = {a.get("id") for _, a in pages[f"{language}/privacy.html"].elements}
    links = re.findall(r'href="privacy\.html#(promise-[^"]+)"', source)
    assert links == [f"promise-{p.id}" for p in sheets.privacy().promises]
    assert set(links) <= privacy


def test_the_file_for_download_has_its_figures_written_in(rendered):
    text = (rendered / "published.json").read_text("utf-8")
    assert "{money." not in text
    assert len(json.loads(text)["events"]) == len(sheets.published().events)
