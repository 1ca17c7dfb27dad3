"""The citizen questions, the sheet on personal data and the register: what is published, what is refused."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml
from audited import BOB

from bobanalysis.bob import DICTIONARY, catalogue
from bobanalysis.report import sheets
from bobanalysis.rules import inputs
from bobanalysis.tables import InputError, read_yaml
from bobanalysis.text import faults

ROOT = Path(__file__).parents[2]
FILES = {
    "ledger.yaml": sheets.citizen_questions,
    "privacy.yaml": sheets.privacy,
    "published.yaml": sheets.published,
    "register.yaml": sheets.register,
}


DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the C writer is ten times faster


@pytest.fixture(scope="module")
def published():
    return {name: read_yaml(ROOT / "data" / name) for name in FILES}


@pytest.fixture(scope="module")
def findings():
    path = ROOT / "reports" / "findings.json"
    if not path.exists():
        pytest.fail(f"{path} does not exist; make reports", pytrace=False)
    return json.loads(path.read_text(encoding="utf-8"))["findings"]


@pytest.fixture(scope="module")
def schema():
    return json.loads((ROOT / "data" / "register.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def readers():
    """The rules in use that read inputs."""
    rules = sorted(BOB.used_rules())
    read = {name: {v.name for v in inputs(catalogue()[name].expr)} for name in rules}
    return lambda names: tuple(name for name in rules if read[name] & set(names))


@pytest.fixture
def spoilt(published, tmp_path):
    """Write a published file after something in it was changed, and return the message of its reader."""

    def spoil(name, change):
        content = copy.deepcopy(published[name])
        change(content)
        path = tmp_path / name
        path.write_text(
            yaml.dump(content, Dumper=DUMPER, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        with pytest.raises(InputError) as caught:
            FILES[name](path)
        return str(caught.value)

    return spoil


def pairs(node, where=""):
    """Every text in two languages, with the way to it."""
    if isinstance(node, dict):
        if "fr" in node or "en" in node:
            yield where, node
        for key, value in node.items():
            yield from pairs(value, f"{where}.{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from pairs(value, f"{where}[{number}]")


# ---- what is published


def test_an_answer_that_rests_on_abstracts_alone_is_not_called_certain():
    weak = {"abstract", "excerpt", "listing"}
    known = sheets.citizen_questions()
    for entry in known.entries:
        read = {known.evidence[name].reading for name in entry.evidence}
        if read and read <= weak:
            assert (entry.status, entry.confidence) != ("answered", "high"), entry.id


def test_no_source_is_read_through_a_staging_host_or_at_a_site_of_copies():
    wrong = re.compile(r"staging|123dok|vdocuments|pdfprof|slideshare|trfetzer|://[^/]*\./")
    known = sheets.citizen_questions()
    assert not [id for id, piece in known.evidence.items() if wrong.search(piece.locator)]


def test_a_suspicion_about_people_is_labelled_as_an_allegation():
    labelled = {e.id for e in sheets.citizen_questions().entries if e.allegation}
    assert {"sold", "press-groups", "debbouze", "macron", "duan-motives", "private-operators"} <= labelled


def test_every_text_can_be_written_with_the_published_findings(findings, published):
    for name in FILES:
        for where, text in pairs(published[name]):
            for language in ("fr", "en"):
                written = sheets.fill(text, findings, language)
                assert "{" not in written, where
                assert not faults(written, language), f"{where}: {faults(written, language)}"


def test_findings_that_are_listed_are_published(findings):
    listed = {f for e in sheets.citizen_questions().entries for f in e.findings}
    listed |= {f.finding for field in sheets.register().fields.values() for f in field.findings}
    assert not listed - findings.keys()


def test_personal_data_are_read_by_exactly_the_rules_that_the_engine_says(readers):
    for field in sheets.privacy().fields:
        assert field.rules == readers(field.inputs), field.id


def test_every_input_of_the_rules_is_on_the_sheet_unless_it_says_nothing_of_a_person(readers):
    shown = {name for field in sheets.privacy().fields for name in field.inputs}
    same_for_all = {
        *("automation_risk_is_published", "covid_risk_is_published"),
        *("missions_everywhere", "seasonal_departements"),
    }
    read = {name for name in DICTIONARY if readers([name])}
    assert read - shown == same_for_all | {"diagnostic_category"}


def test_the_register_points_to_questions_that_exist():
    known = {e.id for e in sheets.citizen_questions().entries}
    record = sheets.register()
    pointed = {x for part in (*record.fields.values(), *record.duties) for x in part.ledger}
    assert not pointed - known


def test_the_register_types_no_figure_that_a_finding_could_give():
    allowed = re.compile(r"\b(?:\d{1,2} )?(?:juin|June)? ?(?:19|20)\d\d\b|6bdbeec|\{[^}]*\}")
    for name, field in sheets.register().fields.items():
        for language in ("fr", "en"):
            said = field.says.get(language)
            assert not re.search(r"\d", allowed.sub("", said)), f"{name}.{language}: {said}"


def test_the_four_items_of_the_decree_are_all_answered():
    sections = {item.section.en for item in sheets.register().forms["crpa"].items}
    assert {f"R311-3-1-2, {n}°" for n in (1, 2, 3, 4)} <= sections


def test_the_record_has_the_shape_of_its_schema_which_refuses_a_blank_field(published, schema, require):
    validator = require("jsonschema").Draft202012Validator
    validator.check_schema(schema)
    record = copy.deepcopy(published["register.yaml"])
    validator(schema).validate(record)
    record["fields"]["title"]["text"]["fr"] = ""
    assert not validator(schema).is_valid(record)


# ---- what the readers refuse


def test_a_missing_translation_is_refused_by_entry_and_field(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0]["answer"].pop("fr"))
    assert "ledger.yaml" in message
    assert "entry 1 (which-algorithms), answer: field 'fr' is missing" in message


def test_a_number_that_differs_between_languages_is_refused(spoilt):
    def change(content):
        content["entries"][0]["question"]["en"] += " 12"

    message = spoilt("ledger.yaml", change)
    assert "'which-algorithms', field question: numbers differ: fr [], en ['12']" in message


def test_an_unknown_status_is_refused_with_those_that_exist(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0].update(status="sure"))
    assert "status: 'sure' is not one of 'answered', 'partly', 'open'" in message


def test_an_answer_without_evidence_is_refused(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0].update(evidence=[], kinds=[]))
    assert "field evidence: empty, though the question is answered" in message


def test_evidence_that_does_not_exist_is_refused(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0]["evidence"].append("invented"))
    assert "no evidence is called 'invented'" in message


def test_an_entry_that_was_not_lowered_cannot_claim_it(spoilt):
    change = {"lowered_from": {"status": "open"}, "review": {"fr": "Non.", "en": "No."}}
    assert "not lower" in spoilt("ledger.yaml", lambda c: c["entries"][0].update(change))


def test_an_entry_that_does_not_exist_cannot_come_first(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["first"].append("invented"))
    assert "first: no entry is called 'invented'" in message


def test_an_entry_twice_is_refused(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"].append(c["entries"][0]))
    assert "entry 'which-algorithms': stands twice" in message


def test_a_misspelt_field_is_refused_with_the_nearest(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0].update(anwser="x"))
    assert "unknown field 'anwser' (did you mean 'answer'?)" in message


def test_french_typography_is_checked(spoilt):
    def change(content):
        content["entries"][0]["question"]["fr"] = "Quels algorithmes ?"

    assert "plain space before ?" in spoilt("ledger.yaml", change)


def test_money_whose_parts_do_not_make_the_total_that_was_stated_is_refused(spoilt):
    message = spoilt("published.yaml", lambda c: c["funders"][0].update(euros=1))
    assert "figures 'money.seed': the source states 740000, its parts make 440001" in message


def test_what_was_published_needs_evidence_that_exists(spoilt):
    message = spoilt("published.yaml", lambda c: c["figures"][0].update(evidence="hearsay"))
    assert "figures 'money.seed': no evidence is called 'hearsay'" in message


def test_an_event_without_evidence_is_refused(spoilt):
    message = spoilt("published.yaml", lambda c: c["events"][0].update(evidence=[]))
    assert "events 'lfse-launched': give the evidence that shows it" in message


def test_a_partner_leads_to_questions_that_exist(spoilt):
    message = spoilt("published.yaml", lambda c: c["partners"][0].update(questions=["invented"]))
    assert "partners 'pole-emploi': no question is called 'invented'" in message


def test_events_out_of_the_order_of_time_are_refused(spoilt):
    message = spoilt("published.yaml", lambda c: c["events"][0].update(when="2022"))
    assert "events 'bayes-impact': stands after 'lfse-launched', which came later" in message


def test_a_date_that_is_none_is_refused(spoilt):
    message = spoilt("published.yaml", lambda c: c["events"][-1].update(when="2022-6"))
    assert "events 'last-code', when: '2022-6' is no day, month or year" in message


def test_a_flow_to_nowhere_is_refused(spoilt):
    message = spoilt("privacy.yaml", lambda c: c["flow"]["edges"][0].update(to="the moon"))
    assert "field to: no node is called 'the moon'" in message


def test_a_place_in_the_code_that_is_none_is_refused(spoilt):
    message = spoilt("privacy.yaml", lambda c: c["flow"]["edges"][0].update(locators=["somewhere in it"]))
    assert "'somewhere in it' is no path in the code" in message


def test_a_blank_field_of_the_register_is_refused(spoilt):
    message = spoilt("register.yaml", lambda c: c["fields"]["title"]["text"].update(en=" "))
    assert "'title', field text.en: blank" in message


def test_a_field_not_applicable_needs_a_reason(spoilt):
    message = spoilt("register.yaml", lambda c: c["fields"]["training"].pop("reason"))
    assert "field 'training', field reason: missing or blank" in message


def test_a_form_that_is_left_out_is_refused(spoilt):
    assert "form 'crpa': missing" in spoilt("register.yaml", lambda c: c["forms"].pop("crpa"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml does not exist"):
        sheets.citizen_questions(tmp_path / "nowhere.yaml")


def test_a_finding_that_does_not_exist_cannot_be_written():
    with pytest.raises(InputError, match=r"no finding is called 'a\.b'"):
        sheets.fill({"fr": "{a.b}", "en": "{a.b}"}, {}, "fr")
