"""Every claim of every page: each figure that it rests on is altered, and the page must not be made."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from audited import BOB, words
from claims import (
    TEMPLATES,
    Recording,
    alterations,
    altered,
    bare_comparisons,
    claims_in,
    templates_of,
    typed,
)

from bobanalysis.report.renderer import Content, Page, PageError, PageRenderer
from bobanalysis.report.site import PAGES, every_page

FROM_EACH = 2
"""Pages looked at of those that are made from one template."""
EVEN = {}
"""Claims that a change of sign rightly leaves standing, and why."""
UNRECORDED = {"ten quirks are told first"}
"""Claims on texts of this project, which no notebook records; other tests hold them."""
WEIGHTLESS = {}
"""Figures that a claim reads and that cannot overturn it alone, and why: (claim, figure)."""

UNCLAIMED = yaml.safe_load(Path(__file__).with_name("unclaimed.yaml").read_text("utf-8"))
NOT_A_FIGURE = re.compile(
    r"\b(?:19|20)\d\d\b|CC BY 4\.0|GPL-3\.0-or-later|UTF-8"  # years and the names of licences and encodings
    r"|\b(?:[Aa]rticles?|§|L\.|R\.) ?\d+(?:[-.]\d+)*"  # paragraphs of laws
)


def claiming():
    """Pages whose template, or a part of it, claims something; a few where one template makes many."""
    by_template = {}
    for page in every_page(BOB):
        by_template.setdefault(page.template or f"{page.slug}.html", []).append(page)
    return [
        page
        for template, pages in by_template.items()
        if any(map(claims_in, templates_of(template)))
        for page in pages[:: max(1, len(pages) // FROM_EACH)][:FROM_EACH]
    ]


CLAIMING = claiming()


@pytest.fixture(scope="module")
def content(invented_build):
    return Content.read(invented_build, BOB)


def told(content, page):
    """What a page claims, by the place and the words of each claim."""
    return {(t.template, t.at, t.claim): t for t in Recording(content, page, PAGES).run()}


@pytest.fixture(scope="module")
def broken(content):
    """By page: its claims, and by claim and figure the alterations that overturn it, with the message."""

    def find(page):
        before = told(content, page)
        found = {key: {read: {} for read in claim.reads} for key, claim in before.items()}
        for read in sorted({read for claim in before.values() for read in claim.reads}):
            for how in alterations(content, read):
                with altered(content, read, how):
                    after = told(content, page)
                last = [*after.values()][-1].stopped  # where a page stops, the claims below are not reached
                for key, claim in before.items():
                    stopped = after[key].stopped if key in after else last
                    if read in claim.reads and stopped:
                        found[key][read][how] = stopped
        return before, found

    return cache(find)


# one page after the other: what overturns its claims is found once
pages = pytest.mark.parametrize("page", CLAIMING, ids=lambda page: page.slug, scope="module")


@pages
def test_every_claim_holds_on_what_is_published(content, page):
    assert [claim.stopped for claim in told(content, page).values() if claim.stopped] == []


@pages
def test_every_claim_reads_a_figure(broken, page):
    before, _ = broken(page)
    assert [
        claim.claim for claim in before.values() if not claim.reads and claim.claim not in UNRECORDED
    ] == []


@pages
def test_each_figure_of_a_claim_moved_above_or_below_all_others_stops_the_page(broken, page):
    _, found = broken(page)
    idle = [
        (claim, read[1:])
        for (_, _, claim), reads in found.items()
        for read, ways in reads.items()
        if not {"above", "below", "over all", "reversed", "spread", "other"} & ways.keys()
        and (claim, read[1]) not in WEIGHTLESS
    ]
    assert idle == []


@pages
def test_a_claim_on_a_figure_with_a_sign_stops_the_page_where_the_sign_turns(content, broken, page):
    _, found = broken(page)
    for (_, _, claim), reads in found.items():
        signed = [read for read in reads if "turned" in alterations(content, read)]
        assert not signed or claim in EVEN or any("turned" in reads[read] for read in signed), claim


@pages
def test_a_claim_on_an_interval_stops_the_page_where_the_interval_lies_over_all(broken, page):
    _, found = broken(page)
    for (_, _, claim), reads in found.items():
        spans = [read for read in reads if read[0] == "interval"]
        assert not spans or any("over all" in reads[read] for read in spans), claim


@pages
def test_a_missing_value_stops_the_page_and_names_page_claim_and_figure(broken, page):
    _, found = broken(page)
    for (_, _, claim), reads in found.items():
        for (what, id, column), ways in reads.items():
            said = ways.get("missing", "nothing stopped it")
            assert f"{page.slug}.html" in said, (claim, id, column, said)
            if what != "column":
                assert all(name in said for name in (repr(claim), id)), (claim, id, said)


def test_a_claim_that_does_not_hold_stops_the_real_page_and_is_named(content):
    page = next(page for page in PAGES if page.slug == "observed")
    read = ("finding", "observed.far_2019_15_18", "")
    claim = "in 2019 there were far fewer students with this grant, and the youngest lived nearer"
    for how in ("above", "missing"):
        with altered(content, read, how), pytest.raises(PageError, match=f"observed.html: .*{claim}"):
            PageRenderer(content, words("en"), page, PAGES).html()


def test_a_missing_number_stops_the_page_even_where_the_claim_denies_it(content):
    maker = PageRenderer(content, words("en"), Page("index", "x"))
    found = content.merged["findings"]["age.changed_share"]
    with altered(content, ("finding", "age.changed_share", ""), "missing"):
        holds = not maker.number("age.changed_share") > 0.5
    assert found["value"] is not None
    with pytest.raises(PageError, match=r"'few' rests on age\.changed_share, which has no value"):
        maker.sure(holds, "few")


def test_a_number_without_an_interval_cannot_be_asked_for_an_end_of_it(content):
    maker = PageRenderer(content, words("en"), Page("index", "x"))
    maker.number("place.unknown_mean", high=True)
    with pytest.raises(PageError, match=r"rests on place\.unknown_mean"):
        maker.sure(True, "it lies above")


# ---- sentences


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_figure_is_typed_in_a_template(template):
    assert [text for text in typed(template) if re.search(r"\d", NOT_A_FIGURE.sub("", text))] == []


def test_a_typed_figure_would_be_found_in_markup_and_in_words_to_translate(tmp_path, monkeypatch):
    page = "<p title='3'>One&#8239;{{ number('a.b') }} <b>12</b></p>{% trans x=1 %}{{ x }} of 7{% endtrans %}"
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "typed_figure.html").write_text(page)
    monkeypatch.setattr("claims.HERE", tmp_path)
    assert [re.findall(r"\d+", text) for text in typed("typed_figure.html") if re.search(r"\d", text)] == [
        ["7"],
        ["12"],
    ]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_sentence_that_compares_stands_behind_a_claim_or_in_the_list_of_those_that_need_none(template):
    allowed = tuple(start for starts in UNCLAIMED.values() for start in starts)
    assert [said for said in bare_comparisons(template) if not said.startswith(allowed)] == []


def test_a_comparison_without_a_claim_in_its_part_of_the_page_is_found(tmp_path, monkeypatch):
    said = "{% trans n=1 %}The highest is {{ n }}. There are {{ n }}.{% endtrans %}"
    claim = "{{ sure(number('a.b') > 1, 'highest') }}"
    (tmp_path / "templates").mkdir()
    chosen = f"{{% if a.b > 1 %}}{said}{{% endif %}}"
    (tmp_path / "templates" / "bare_claim.html").write_text(f"{claim}{said}<h2>x</h2>{said}{chosen}")
    monkeypatch.setattr("claims.HERE", tmp_path)
    assert bare_comparisons("bare_claim.html") == ["The highest is %(n)s."]
