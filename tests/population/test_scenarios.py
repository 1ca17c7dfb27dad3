"""The file of scenarios is read strictly and its errors say what to do."""

import pytest
import yaml

from bobanalysis.population import scenarios
from bobanalysis.population.scenarios import FILE
from bobanalysis.tables import InputError


@pytest.fixture
def spoilt(tmp_path, monkeypatch):
    """Write the shipped file with one change to the central scenario, and read it."""

    def read(change) -> None:
        document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
        change(document["scenarios"]["central"])
        path = tmp_path / "scenarios.yaml"
        monkeypatch.setattr(scenarios, "FILE", path)
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
        scenarios.load("central")

    return read


def _put(**entries):
    return lambda scenario: scenario.update(entries)


@pytest.mark.parametrize("name", scenarios.names())
def test_every_shipped_scenario_is_valid_and_told_in_both_languages(name):
    scenario = scenarios.load(name)
    for text in (scenario.title, scenario.why):
        assert text["fr"] != text["en"]


def test_every_assumed_entry_has_a_label_in_both_languages():
    labels = scenarios.labels()
    assert set(scenarios.load().values) == set(labels)
    assert {label["kind"] for label in labels.values()} == {"assumed"}
    assert all(label["fr"] and label["en"] for label in labels.values())


def test_no_scenario_depends_on_age_or_place():
    text = FILE.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    keys = {key for scenario in document["scenarios"].values() for key in scenario}
    assert not {key for key in keys if "departement" in key or key.startswith("by_")}


def test_a_variant_keeps_what_it_does_not_change():
    central, engaged = scenarios.load(), scenarios.load("engaged")
    assert engaged.values["project_kind"] == central.values["project_kind"]
    assert engaged.values["frustrations"]["RESUME"] == central.values["frustrations"]["RESUME"]
    assert engaged.values["frustrations"]["MOTIVATION"] != central.values["frustrations"]["MOTIVATION"]


def test_an_unknown_scenario_is_refused_with_the_list():
    with pytest.raises(InputError, match=r"no scenario 'optimist'; choose one of central"):
        scenarios.load("optimist")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_put(passionate_level={"LIKEABLE_JOB": 0.5}), "'passionate_level': the shares sum to 0.5, not to 1"),
        (_put(passionate_level={"LOVED_JOB": 1}), "'LOVED_JOB' is not a value of this answer"),
        (_put(network_estimate={"1": "many"}), "'many' is not a number"),
        (_put(search_not_started=8), "'search_not_started': 8 is out of range"),
        (_put(colour="blue"), "unknown field 'colour'"),
        (lambda s: s.pop("area_type"), "field 'area_type' is missing"),
        (_put(construction="both"), "is not one of 'occupation', 'residence'"),
        (_put(age_activity={20: 1, 16: 0}), "the ages must rise"),
        (_put(age_activity={16: 1, 64: 1}), "must be 0"),
        (_put(requires_diploma="some"), "requires_diploma: 'some' is not a list"),
        (_put(requires_diploma=[4, 7]), "4 is not a text"),
        (_put(title={"en": "Only English"}), "title: field 'fr' is missing"),
        (lambda s: s["frustrations"].pop("RESUME"), "RESUME"),
        (
            lambda s: s["seniority"].update(NEVER_DONE={"EXPERT": 1}),
            "EXPERT contradicts never having done the job",
        ),
        (
            lambda s: s["previous_job_similarity"].update(FIND_A_FIRST_JOB={"DONE_THIS": 1}),
            "first job cannot have done it",
        ),
        (
            lambda s: s["seniority"].pop("NEVER_DONE"),
            "'seniority': one entry is needed for each of DONE_THIS",
        ),
        (_put(age_activity={67: 0}), "give two points"),
    ],
)
def test_a_mistake_names_the_file_the_scenario_the_entry_and_what_to_do(spoilt, change, message):
    with pytest.raises(InputError) as error:
        spoilt(change)
    assert str(error.value).startswith("scenarios.yaml: scenario 'central'")
    assert message in str(error.value)
