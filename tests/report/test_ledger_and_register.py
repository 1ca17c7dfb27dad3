"""The ledger, the sheet on personal data and the register: what is published, and what the readers refuse."""

import copy
import json
import re
from pathlib import Path

import pytest
import yaml

from bobanalysis.bob import DICTIONARY, catalogue
from bobanalysis.report import ledger as texts
from bobanalysis.text import faults

ROOT = Path(__file__).parents[2]
FILES = {"ledger.yaml": texts.ledger, "privacy.yaml": texts.privacy, "register.yaml": texts.register}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def raw(name):
    return yaml.load((ROOT / "data" / name).read_text(encoding="utf-8"), Loader=LOADER)


@pytest.fixture(scope="module")
def published():
    return {name: raw(name) for name in FILES}


@pytest.fixture(scope="module")
def findings():
    return json.loads((ROOT / "reports" / "findings.json").read_text(encoding="utf-8"))["findings"]


@pytest.fixture
def spoilt(published, tmp_path):
    """Write a published file after something in it was changed, and return the message of its reader."""

    def spoil(name, change):
        content = copy.deepcopy(published[name])
        change(content)
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
        with pytest.raises(texts.LedgerError) as caught:
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


@pytest.mark.parametrize("name", FILES)
def test_every_text_is_in_both_languages(name, published):
    assert not [w for w, t in pairs(published[name]) if not (t.get("fr") or "").strip()]
    assert not [w for w, t in pairs(published[name]) if not (t.get("en") or "").strip()]


@pytest.mark.parametrize("name", FILES)
def test_both_languages_carry_the_same_numbers_and_findings(name, published):
    for where, text in pairs(published[name]):
        assert texts.numbers(text["fr"], "fr") == texts.numbers(text["en"], "en"), where
        quoted = [sorted(re.findall(r"\{[^}]*\}", text[language])) for language in ("fr", "en")]
        assert quoted[0] == quoted[1], where


@pytest.mark.parametrize("name", FILES)
def test_texts_are_set_as_each_language_wants(name, published):
    for where, text in pairs(published[name]):
        for language in ("fr", "en"):
            shown = re.sub(r"\{[^}]*\}", "0", text[language])
            assert not faults(shown, language), f"{where}: {faults(shown, language)}"
            assert language == "en" or not re.search(r"[^\s\u202f][;:!?»](?:\s|$)|«[^\u202f]", shown), where


def test_every_question_is_there_once_with_a_known_status():
    entries = texts.ledger().entries
    assert len({e.id for e in entries}) == len(entries) == 104
    assert {e.status for e in entries} == set(texts.STATUSES)


def test_an_answer_rests_on_evidence_unless_the_question_is_open():
    assert not [e.id for e in texts.ledger().entries if not e.evidence and e.status != "open"]


def test_a_suspicion_about_people_is_labelled_as_an_allegation():
    labelled = {e.id for e in texts.ledger().entries if e.allegation}
    assert {"sold", "press-groups", "debbouze", "macron", "duan-motives", "private-operators"} <= labelled


def test_what_was_lowered_says_why():
    lowered = [e for e in texts.ledger().entries if e.lowered_from]
    assert lowered
    assert not [e.id for e in lowered if not e.review]


def test_an_answer_that_rests_on_abstracts_alone_is_not_called_certain():
    weak = {"abstract", "excerpt", "listing"}
    for entry in texts.ledger().entries:
        if entry.evidence and {e.reading for e in entry.evidence} <= weak:
            assert (entry.status, entry.confidence) != ("answered", "high"), entry.id


def test_findings_that_texts_cite_or_list_are_published(findings, published):
    listed = {f for e in texts.ledger().entries for f in e.findings}
    listed |= {f for field in texts.register().fields.values() for f in field.findings}
    for name in FILES:
        for _, text in pairs(published[name]):
            listed |= set(texts.cited(text))
    assert not listed - findings.keys()


def test_every_text_can_be_written_with_the_published_findings(findings, published):
    for name in FILES:
        for where, text in pairs(published[name]):
            for language in ("fr", "en"):
                written = texts.fill(text, findings, language)
                assert "{" not in written, where
                assert not faults(written, language), f"{where}: {faults(written, language)}"


def test_personal_data_are_read_by_exactly_the_rules_that_the_engine_says():
    for field in texts.privacy().fields:
        assert field.rules == texts.rules_reading(field.inputs), field.id


def test_rules_and_inputs_of_the_sheet_exist():
    rules = catalogue()
    for field in texts.privacy().fields:
        assert not [r for r in field.rules if r not in rules], field.id
        assert not [i for i in field.inputs if i not in DICTIONARY], field.id


def test_every_input_that_touches_a_protected_criterion_is_on_the_sheet():
    shown = {name for field in texts.privacy().fields for name in field.inputs}
    protected = {n for n, v in DICTIONARY.items() if v.protected and texts.rules_reading([n])}
    assert not protected - shown


def test_every_input_of_the_rules_is_on_the_sheet_unless_it_says_nothing_of_a_person():
    shown = {name for field in texts.privacy().fields for name in field.inputs}
    same_for_all = {
        "automation_risk_is_published",
        "covid_risk_is_published",
        "missions_everywhere",
        "seasonal_departements",
    }
    result = {"diagnostic_category"}
    read = {name for name in DICTIONARY if texts.rules_reading([name])}
    assert read - shown == same_for_all | result


def test_the_count_of_rules_in_use_is_the_published_one(findings):
    assert len(texts.rules_in_use()) == findings["algorithm.in_use"]["value"]


def test_data_are_sent_only_where_the_diagram_has_a_place():
    places = {n.id for n in texts.privacy().nodes}
    assert not {p for f in texts.privacy().fields for p in f.sent} - places


def test_the_register_points_to_entries_of_the_ledger():
    known = {e.id for e in texts.ledger().entries}
    record = texts.register()
    pointed = {x for f in record.fields.values() for x in f.ledger} | {
        x for d in record.duties for x in d.ledger
    }
    assert not pointed - known


def test_the_register_types_no_figure_that_a_finding_could_give(published):
    allowed = re.compile(r"\b(?:\d{1,2} )?(?:juin|June)? ?(?:19|20)\d\d\b|6bdbeec|\{[^}]*\}")
    for name, field in published["register.yaml"]["fields"].items():
        text = field.get("text") or field["reason"]
        for language in ("fr", "en"):
            assert not re.search(r"\d", allowed.sub("", text[language])), (
                f"{name}.{language}: {text[language]}"
            )


@pytest.mark.parametrize("form", texts.FORMS)
def test_no_line_of_a_form_is_blank(form, findings):
    sheet = texts.render_register(texts.register(), form, findings)
    assert sheet["items"]
    for item in sheet["items"]:
        assert item["status"] in texts.FIELD_STATUSES
        for part in ("section", "label", "text"):
            assert item[part]["fr"].strip(), (form, item)
            assert item[part]["en"].strip(), (form, item)


@pytest.mark.parametrize("form", texts.FORMS)
def test_a_form_says_whether_it_binds_bob_and_why(form):
    sheet = texts.render_register(texts.register(), form)
    assert sheet["duty"] in texts.DUTIES
    assert sheet["why"]["fr"]
    assert sheet["why"]["en"]


def test_the_four_items_of_the_decree_are_all_answered():
    sections = [i["section"]["en"] for i in texts.render_register(texts.register(), "crpa")["items"]]
    assert {"R311-3-1-2, 1°", "R311-3-1-2, 2°", "R311-3-1-2, 3°", "R311-3-1-2, 4°"} <= set(sections)


def test_the_record_has_the_shape_of_its_schema(published):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "data" / "register.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(published["register.yaml"])


def test_the_schema_refuses_a_blank_field(published):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "data" / "register.schema.json").read_text(encoding="utf-8"))
    record = copy.deepcopy(published["register.yaml"])
    record["fields"]["title"]["text"]["fr"] = ""
    assert not jsonschema.Draft202012Validator(schema).is_valid(record)


# ---- what the readers refuse


def test_a_missing_translation_is_refused_by_entry_and_field(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0]["answer"].pop("fr"))
    assert "ledger.yaml: entry 'which-algorithms', field answer" in message


def test_a_number_that_differs_between_languages_is_refused(spoilt):
    def change(content):
        content["entries"][0]["question"]["en"] += " 12"

    assert "field question: numbers differ: fr [], en ['12']" in spoilt("ledger.yaml", change)


def test_an_unknown_status_is_refused_with_those_that_exist(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0].update(status="sure"))
    assert "field status: 'sure' is none of answered, partly, open" in message


def test_an_answer_without_evidence_is_refused(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0].update(evidence=[], kinds=[]))
    assert "field evidence: empty, though the question is answered" in message


def test_evidence_that_does_not_exist_is_refused(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0]["evidence"].append("invented"))
    assert "no evidence is called 'invented'" in message


def test_an_entry_that_was_not_lowered_cannot_claim_it(spoilt):
    change = {"lowered_from": {"status": "open"}, "review": {"fr": "Non.", "en": "No."}}
    assert "not lower" in spoilt("ledger.yaml", lambda c: c["entries"][0].update(change))


def test_an_entry_twice_is_refused(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"].append(c["entries"][0]))
    assert "entry 'which-algorithms': stands twice" in message


def test_a_misspelt_field_is_refused_with_those_that_exist(spoilt):
    message = spoilt("ledger.yaml", lambda c: c["entries"][0].update(anwser="x"))
    assert "field anwser: unknown; known: id, theme" in message


def test_french_typography_is_checked(spoilt):
    def change(content):
        content["entries"][0]["question"]["fr"] = "Quels algorithmes ?"

    assert "plain space before ?" in spoilt("ledger.yaml", change)


def test_a_flow_to_nowhere_is_refused(spoilt):
    message = spoilt("privacy.yaml", lambda c: c["flow"]["edges"][0].update(to="the moon"))
    assert "field to: no node is called 'the moon'" in message


def test_a_place_in_the_code_that_is_none_is_refused(spoilt):
    message = spoilt("privacy.yaml", lambda c: c["flow"]["edges"][0].update(locators=["somewhere in it"]))
    assert "'somewhere in it' is no path in the code" in message


def test_a_blank_field_of_the_register_is_refused(spoilt):
    message = spoilt("register.yaml", lambda c: c["fields"]["title"]["text"].update(en=" "))
    assert "field 'title', field text.en: blank" in message


def test_a_field_not_applicable_needs_a_reason(spoilt):
    message = spoilt("register.yaml", lambda c: c["fields"]["training"].pop("reason"))
    assert "field 'training', field reason: missing or blank" in message


def test_a_form_that_is_left_out_is_refused(spoilt):
    assert "form 'crpa': missing" in spoilt("register.yaml", lambda c: c["forms"].pop("crpa"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(texts.LedgerError, match=r"nowhere\.yaml does not exist"):
        texts.ledger(tmp_path / "nowhere.yaml")


def test_an_unknown_form_is_refused_with_those_that_exist():
    with pytest.raises(texts.LedgerError, match="known: atrs, crpa, etalab, model-card, datasheet, annex-iv"):
        texts.render_register(texts.register(), "gdpr")


def test_a_finding_that_does_not_exist_cannot_be_written():
    with pytest.raises(texts.LedgerError, match=r"no finding is called 'a\.b'"):
        texts.fill({"fr": "{a.b}", "en": "{a.b}"}, {}, "fr")
