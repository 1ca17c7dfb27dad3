"""Who made the pages, which version, how to cite them, what was corrected, who was asked."""

import re
import tomllib
from itertools import count
from pathlib import Path

import pytest
import yaml
from audited import BOB, words

from bobanalysis.report import sheets
from bobanalysis.report.renderer import Content, PageRenderer
from bobanalysis.report.site import PAGES
from bobanalysis.tables import InputError

ROOT = Path(__file__).parents[2]
FILE = ROOT / "data" / "publication.yaml"
READ = sheets.publication
TEXT = {"fr": "Avant", "en": "Before"}


@pytest.fixture
def altered(tmp_path):
    """Read the file of the release with some fields changed."""

    files = count()

    def read(**changes):
        path = tmp_path / f"publication-{next(files)}.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(FILE.read_text("utf-8")) | changes), "utf-8")
        return READ(path)

    return read


@pytest.fixture
def made(invented_build, monkeypatch):
    """Make one page in one language, of a given release."""

    def make(slug, found, language="en"):
        monkeypatch.setattr(sheets, "publication", lambda: found)
        page = next(page for page in PAGES if page.slug == slug)
        return PageRenderer(Content.read(invented_build, BOB), words(language), page, PAGES).html()

    return make


def test_authors_and_version_are_those_of_the_citation_file_and_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    package = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = sheets.publication()
    assert [author.en for author in found.authors] == [author["name"] for author in cited["authors"]]
    assert found.version == cited["version"] == package["version"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"date": "29/11/2026"}, "release: '29/11/2026' is not a day"),
        ({"commit": "e5f1fd0"}, "commit: 'e5f1fd0' is not the forty digits"),
        ({"contact": None}, "contact"),
        ({"corrections": [{"date": "soon", "page": "age", "was": TEXT, "now": TEXT}]}, "correction 'age'"),
        ({"replies": [{"id": "x", "whom": TEXT, "questions": [], "ledger": []}]}, "what is to be asked"),
        (
            {"replies": [{"id": "x", "whom": TEXT, "questions": [TEXT], "ledger": ["nps"]}]},
            "no open question",
        ),
        (
            {"replies": [{"id": "x", "whom": TEXT, "questions": [TEXT], "ledger": [], "answer": TEXT}]},
            "an answer has its day",
        ),
    ],
)
def test_a_file_of_the_release_that_cannot_be_right_is_refused_with_the_fault(altered, changes, fault):
    with pytest.raises(InputError, match=fault):
        altered(**changes)


def test_the_foot_of_every_page_names_authors_version_date_and_where_to_write(pages):
    for path, page in pages.items():
        if "/" not in path or path.endswith("letter.html"):
            continue
        said = "Les contributeurs de bobanalysis" if path.startswith("fr/") else "bobanalysis contributors"
        foot = page.source.split('<footer class="foot">')[1]
        assert said in foot, path
        assert (
            "Version 0.1.0, 29 novembre 2026" if path.startswith("fr/") else "November 29, 2026"
        ) in foot, path
        for anchor in ("contact", "corrections", "reply", "version"):
            assert f"cite.html#{anchor}" in foot, path


def test_the_reference_of_a_page_has_its_title_and_its_place(pages):
    said = re.search(r'<p class="copy">(.*?)</p>', pages["fr/method.html"].source.split("<footer")[1], re.S)[
        1
    ]
    title = words("fr")._("How this was measured")
    assert said.startswith(f"Les contributeurs de bobanalysis (2026), «\u202f{title}\u202f»")
    assert said.strip().endswith("29 novembre 2026, page fr/method.html. Licence CC BY 4.0.")


def test_the_foot_of_a_page_lists_the_years_of_the_data_behind_its_figures(pages):
    foot = pages["en/index.html"].source.split("<footer")[1]
    assert re.search(r'Data of: .*2018–2021.* \(<a href="sources.html">sources</a>\)', foot)
    assert "Data of:" not in pages["en/glossary.html"].source.split("<footer")[1]


def test_a_release_without_commit_is_called_a_development_version_and_one_with_it_is_not(made, altered):
    assert "Development version" in made("cite", altered())
    assert "git log" in made("cite", altered())
    shown = made("cite", altered(commit="0123456789abcdef0123456789abcdef01234567"))
    assert "Development version" not in shown
    assert "git log" not in shown
    assert "commit 0123456789ab, page en/index.html" in shown


def test_an_address_of_the_site_stands_in_the_references_once_there_is_one(made, altered):
    assert "https://example.org/en/cite.html." in made("cite", altered(site="https://example.org"))


def test_without_a_contact_the_page_says_so_and_with_one_it_is_printed(made, altered):
    assert "There is no contact address yet" in made("cite", altered())
    shown = made("cite", altered(contact="desk@example.org"))
    assert "Write to desk@example.org." in shown
    assert "There is no contact address yet" not in shown


def test_a_correction_stands_with_its_day_its_page_and_both_texts(made, altered):
    now = {"fr": "Après", "en": "After"}
    shown = made(
        "cite", altered(corrections=[{"date": "2027-01-31", "page": "age", "was": TEXT, "now": now}]), "fr"
    )
    row = re.search(r"<tr><td>31 janvier 2027.*?</tr>", shown, re.S)[0]
    assert 'href="age.html"' in row
    assert row.index("Avant") < row.index("Après")
    assert "Aucune n’est enregistrée" not in shown


def test_the_page_says_that_nobody_was_asked_until_somebody_was(made, altered):
    one = {"id": "x", "whom": TEXT, "questions": [TEXT], "ledger": []}
    assert "Nobody has been asked yet" in made("cite", altered(replies=[one]))
    asked = made("cite", altered(replies=[one | {"asked": "2027-01-05"}]))
    assert "Nobody has been asked yet" not in asked
    assert "Asked on January 5, 2027, no answer yet." in asked
    answered = one | {
        "asked": "2027-01-05",
        "answered": "2027-02-01",
        "answer": {"fr": "Oui", "en": "Indeed"},
    }
    assert "<blockquote><p>Indeed</p></blockquote>" in made("cite", altered(replies=[answered]))


def test_each_question_to_ask_stands_on_the_page_in_both_languages(pages):
    for language in ("fr", "en"):
        source = pages[f"{language}/cite.html"].source
        for one in sheets.publication().replies:
            part = re.sub(r"</?a\b[^>]*>", "", source.split(f'id="reply-{one.id}"')[1].split("</section>")[0])
            assert part.count("<li>") == len(one.questions)
            assert all(words(language).say(question) in part for question in one.questions)


def test_the_method_box_has_five_lines_and_folds_on_the_pages_that_tell_the_inquiry(pages):
    for path, page in pages.items():
        section = next((p.section for p in PAGES if path.endswith(f"/{p.slug}.html")), "")
        inside = section in ("The essentials", "The inquiry", "Your département") and "/rules/" not in path
        assert ('data-publication="method"' in page.source) >= inside, path
    box = re.search(r'data-publication="method">(.*?)</p>', pages["en/age.html"].source, re.S)[1]
    assert box.count("<br>") == 4
    assert "<a" not in box
    folded = pages["en/age.html"].source.split('<details class="method-box">')[1]
    assert 'data-publication="method"' in folded.split("</details>")[0]


def test_the_summary_has_six_findings_what_is_not_known_the_method_and_the_reference(pages):
    for language in ("fr", "en"):
        source = pages[f"{language}/summary.html"].source
        assert source.split('<ol class="six">')[1].split("</ol>")[0].count("<li>") == 6
        assert source.count('data-publication="method"') == 1
        assert f"page {language}/summary.html" in source
        assert words(language)._("What is not known") in source


@pytest.mark.browser
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_summary_prints_on_exactly_one_sheet(browser, rendered, language):
    page = browser.new_page()
    page.goto((rendered / language / "summary.html").as_uri())
    for settings in ({"prefer_css_page_size": True}, {"format": "A4"}):
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(**settings))) == 1
    page.close()
