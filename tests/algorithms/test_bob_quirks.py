"""Records of quirks: complete, held by the engine, small, the same in both languages; whom they touch."""

import re
from functools import cache

import polars as pl
import pytest

from bobanalysis.algorithms import bob_quirks as records
from bobanalysis.algorithms.ams import ams
from bobanalysis.algorithms.bob_affected import AFFECTED, WHO
from bobanalysis.algorithms.bob_quirks import (
    quirks,
    run,
    touched,
    uncounted,
    verify,
)
from bobanalysis.audit.quirks import TEXTS, Case, QuirkError, affected_population, load_quirks
from bobanalysis.audit.quirks import quirks as of_algorithm
from bobanalysis.audit.values import format_answer
from bobanalysis.bob import DICTIONARY, Bob, Market, catalogue
from bobanalysis.tables import InputError

LISTED = [
    *(f"Q{n:02}" for n in range(1, 51)),
    *(f"M{n}" for n in range(1, 42)),
    *(f"C{n}" for n in range(1, 26)),
    *(f"O{n}" for n in range(1, 33)),
    *(f"D{n}" for n in range(1, 24)),
]
"""Every quirk of the specification."""
STEPS = {"diagnosis", "advice", "strategies", "actions"}
SHOWN = [q.id for q in quirks().values() if q.cases]


def test_every_quirk_of_the_specification_has_a_record() -> None:
    assert sorted(quirks()) == sorted(LISTED)


# --- the cases


@pytest.fixture(scope="module")
def verified() -> pl.DataFrame:
    return verify()


@pytest.mark.parametrize("quirk", SHOWN)
def test_the_engine_answers_each_case_as_recorded(quirk: str, verified: pl.DataFrame) -> None:
    own = verified.filter(quirk=quirk)
    assert own.height == len(quirks()[quirk].cases)
    assert own.filter(~pl.col("holds")).rows() == []


def test_a_case_that_does_not_hold_is_reported_with_what_was_computed() -> None:
    wrong = [Case("Q17", 1, {"rule": "advice-senior", "person": {"age": 44}, "answer": 2})]
    assert [format_answer(g) for g in run(wrong)] == ["0"]


@cache
def removable() -> dict[str, list[str]]:
    """Return, for each quirk, the inputs that can be taken from all its people without any other answer."""
    asked: list[Case] = []
    for case in (case for quirk in quirks().values() for case in quirk.asked):
        person = case.asks.get("person")
        if isinstance(person, dict):
            others = [n for c in quirks()[case.quirk].asked for n in c.asks.get("person") or ()]
            for name in dict.fromkeys(others) if isinstance(case.asks["person"], dict) else ():
                less = {k: v for k, v in person.items() if k != name}
                asked.append(Case(f"{case.quirk} {name}", case.number, {**case.asks, "person": less}))
    same: dict[str, bool] = {}
    for case, got in zip(asked, run(asked), strict=True):
        same[case.quirk] = same.get(case.quirk, True) and format_answer(case.asks["answer"]) == format_answer(
            got
        )
    found: dict[str, list[str]] = {}
    for key, unchanged in same.items():
        quirk, name = key.split()
        if unchanged:
            found.setdefault(quirk, []).append(name)
    return found


def flat(quirk: str) -> set[str]:
    """Return the inputs of a quirk's people, as records name them and by their columns."""
    own = quirks()[quirk].asked
    named = {n for c in own for given in c.projects for n in given}
    return named | {n for c in own for given in c.columns(DICTIONARY) for n in given}


@pytest.mark.parametrize("quirk", SHOWN)
def test_no_input_can_be_taken_from_the_people_of_a_quirk_but_those_it_says_it_keeps(quirk: str) -> None:
    assert set(removable().get(quirk, ())) <= set(quirks()[quirk].kept)


@pytest.mark.parametrize("quirk", [q.id for q in quirks().values() if q.kept])
def test_what_a_quirk_keeps_is_an_input_of_its_people(quirk: str) -> None:
    assert set(quirks()[quirk].kept) <= flat(quirk)


# --- the records


def numbers(text: str, language: str) -> list[str]:
    """Return the numbers of a text, however its language writes them."""
    text = text.replace("\u202f", " ")
    if language == "fr":
        text = re.sub(r"(?<=\d) (?=\d{3}\b)", "", text)
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    else:
        text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return sorted(re.findall(r"\d+(?:\.\d+)?", text))


@pytest.mark.parametrize("quirk", LISTED)
def test_both_languages_of_a_record_carry_the_same_numbers(quirk: str) -> None:
    record = quirks()[quirk]
    texts = [t for t in (getattr(record, name) for name in TEXTS) if t]
    pairs = [(t.fr, t.en) for t in texts]
    pairs += [(c["about"]["fr"], c["about"]["en"]) for c in record.cases if "about" in c]
    assert [numbers(fr, "fr") for fr, _ in pairs] == [numbers(en, "en") for _, en in pairs]


def test_thousands_and_decimals_are_the_same_numbers_in_both_languages() -> None:
    assert numbers("2 022 ans, 1,5 fois, 20 001 €", "fr") == numbers("2,022 years, 1.5 times, €20,001", "en")


@pytest.mark.parametrize("quirk", LISTED)
def test_the_rules_of_a_record_exist(quirk: str) -> None:
    assert [r for r in quirks()[quirk].rules if r not in catalogue() and r not in STEPS] == []


@pytest.mark.parametrize("quirk", LISTED)
def test_the_criteria_of_a_record_are_those_of_the_data_dictionary(quirk: str) -> None:
    known = {v.protected.criterion for v in DICTIONARY.values() if v.protected}
    assert set(quirks()[quirk].criteria) <= known


@pytest.mark.parametrize("quirk", LISTED)
def test_the_sources_of_a_record_are_paths_with_lines(quirk: str) -> None:
    shape = re.compile(r"(frontend|common|data_analysis)/[\w./-]+(#L\d+(-L\d+)?)?")
    assert quirks()[quirk].source
    assert [s for s in quirks()[quirk].source if not shape.fullmatch(s)] == []


@pytest.mark.parametrize("quirk", [q.id for q in quirks().values() if q.touches])
def test_who_is_touched_names_a_function(quirk: str) -> None:
    assert quirks()[quirk].touches in AFFECTED


def test_every_function_is_used_by_a_record() -> None:
    assert set(AFFECTED) == {q.touches for q in quirks().values() if q.touches}
    assert set(WHO) <= set(AFFECTED)


def test_the_quirks_that_rules_name_exist() -> None:
    assert {q for rule in catalogue() for q in catalogue()[rule].quirks} <= set(quirks())


GOOD = """- id: X1
  concern: age
  promised_by: name
  title: {fr: a, en: a}
  promise: {fr: a, en: a}
  published: {fr: a, en: a}
  repair: {fr: a, en: a}
  evidence: shown
  cases: [{rule: for-women, person: {}, answer: 0}]
"""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("concern: age", "concern: ages"), "concern: 'ages'"),
        (("promised_by: name", "promised_by: me"), "promised_by: 'me'"),
        (("evidence: shown", "evidence: seen"), "evidence: 'seen'"),
        (("evidence: shown", "evidence: read"), "`unshown` must say why"),
        (("  cases: [{rule: for-women, person: {}, answer: 0}]\n", ""), "needs a case"),
        (("rule: for-women, ", ""), "must have one of"),
        ((", answer: 0", ""), "has no answer"),
        (("title: {fr: a, en: a}", "title: {fr: a}"), "README.md"),
        (("  repair: {fr: a, en: a}\n", ""), "README.md"),
    ],
)
def test_a_bad_record_is_named_with_its_file(tmp_path, change, complaint) -> None:
    (tmp_path / "own.yaml").write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(QuirkError, match=r"own\.yaml, quirk X1") as caught:
        load_quirks(tmp_path)
    assert complaint in str(caught.value)


def test_a_record_that_stands_twice_is_refused(tmp_path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD + GOOD, encoding="utf-8")
    with pytest.raises(QuirkError, match="X1 stands twice"):
        load_quirks(tmp_path)


def test_an_algorithm_without_records_has_no_quirks() -> None:
    assert of_algorithm(ams()) == {}
    assert of_algorithm(Bob(Market.empty())) == quirks()


def test_an_unknown_input_of_a_case_is_named_with_its_quirk() -> None:
    with pytest.raises(InputError, match="quirk Q17, case 1: ages"):
        run([Case("Q17", 1, {"rule": "advice-senior", "person": {"ages": 44}, "answer": 2})])


# --- whom they touch

DIPLOMA = {"rome_id": "A1234", "jg_requires_diploma": True, "passionate_level": "LIFE_GOAL_JOB"}
HANDMADE = {
    "challenge_liked_by_age": ({"age": 30, "seniority": "JUNIOR"}, {"age": 30, "seniority": "EXPERT"}),
    "challenge_diploma_by_age": (
        {"age": 49, "seniority": "EXPERT", **DIPLOMA},
        {"age": 49, "seniority": "SENIOR", **DIPLOMA},
    ),
    "score_set_by_age": ({"age": 45, **DIPLOMA}, {"age": 45, "market_offers_per_10_candidates": 3}),
    "work_study_refused_by_age": ({"age": 56}, {"age": 55}),
    "work_study_score_set_by_age": ({"age": 26}, {"age": 25}),
    "work_study_points_halved": ({"age": 31, **DIPLOMA}, {"age": 30, **DIPLOMA}),
    "senior_advice_unexplained": ({"age": 45}, {"age": 45, "frustrations": ["AGE_DISCRIMINATION"]}),
    "close_job_refused_by_age": (
        {"age": 45, "market_offers_per_10_candidates": 4, "market_num_close_jobs": 2},
        {"age": 44, "market_offers_per_10_candidates": 4, "market_num_close_jobs": 2},
    ),
    "exactly_at_the_bound": ({"age": 50}, {"age": 51}),
    "challenge_set_by_place": (
        {"age": 40, "market_offers_per_10_candidates": 3, "jg_national_market_score": 0.5},
        {"age": 40, "market_offers_per_10_candidates": 3, "jg_national_market_score": 0.1},
    ),
    "told_stuck_market": ({"market_offers_per_10_candidates": 3}, {"market_offers_per_10_candidates": 4}),
    "low_mobility_inverted": ({"area_type": "WORLD"}, {"area_type": "DEPARTEMENT"}),
    "without_local_non_profit": ({"departement_id": "2A"}, {"departement_id": "69"}),
    "disability_declared": ({"has_handicap": True}, {"frustrations": ["HANDICAPED"]}),
    "home_years_not_feminine": (
        {"gender": "MASCULINE", "frustrations": ["STAY_AT_HOME_PARENT"]},
        {"gender": "FEMININE", "frustrations": ["STAY_AT_HOME_PARENT"]},
    ),
    "origin_inferred": ({"frustrations": ["LANGUAGE"]}, {"frustrations": ["RACE_DISCRIMINATION"]}),
    "origin_discrimination_unread": (
        {"frustrations": ["RACE_DISCRIMINATION"]},
        {"frustrations": ["RACE_DISCRIMINATION", "SEX_DISCRIMINATION"]},
    ),
    "short_search_not_started": (
        {"search_length": -1, "search_not_started": True},
        {"search_length": 1},
    ),
    "master_told_missing_diploma": (
        {"age": 40, "highest_degree": "DEA_DESS_MASTER_PHD", **DIPLOMA},
        {"age": 40, "highest_degree": "LICENCE_MAITRISE", **DIPLOMA},
    ),
    "first_advice_tied": ({"search_length": 20}, {"search_length": 3}),
    "network_advice_by_prefix": (
        {"network_estimate": 2, "market_offers_per_10_candidates": 3},
        {"network_estimate": 1, "market_offers_per_10_candidates": 3},
    ),
    "methods_rules_differ": ({"search_length": 3}, {}),
    "strategy_at_ten_points": ({"market_offers_per_10_candidates": 3}, {"has_clear_project": "FALSE"}),
    "told_to_move": (
        {"area_type": "COUNTRY", "market_offers_per_10_candidates": 5, "market_num_better_departements": 1},
        {"area_type": "COUNTRY", "market_offers_per_10_candidates": 5},
    ),
    "told_without_checking": ({"age": 20}, {"age": 40}),
}
"""A person whom each function counts, and one beside them whom it does not."""


def crowd(people: list[dict]) -> pl.DataFrame:
    """Return people of whom only the answers given are known, and an age, as a population holds them."""
    asked = [Case("made", k, {"rule": "for-women", "person": {"age": 40, **p}}) for k, p in enumerate(people)]
    frame = records.people(asked).drop("user", "project", "now")
    return frame.with_columns(weight=pl.lit(1.0), age_band=pl.lit("30-49"), region_id=pl.lit("84"))


@pytest.fixture(scope="module")
def found() -> dict[str, list[bool]]:
    everyone = [p for pair in HANDMADE.values() for p in pair]
    crowded = affected_population(Bob(Market.empty()), crowd(everyone))
    flags = {name: AFFECTED[name].who(crowded) for name in HANDMADE}
    places = {name: 2 * k for k, name in enumerate(HANDMADE)}
    return {name: flags[name].to_list()[places[name] : places[name] + 2] for name in HANDMADE}


@pytest.mark.parametrize("name", HANDMADE)
def test_a_function_counts_the_person_inside_and_not_the_one_beside(name: str, found) -> None:
    assert found[name] == [True, False]


def test_every_function_but_everybody_is_tried_on_a_person_inside_and_one_outside() -> None:
    assert set(AFFECTED) - set(HANDMADE) == {"everybody", "rank_among_equals"}


def test_the_rank_of_a_departement_hangs_on_the_order_of_equals_where_another_has_the_same_figure() -> None:
    offers = {"01": 4, "02": 4, "03": 6}
    documents = [
        {"_id": f"{dep}:A1234", "imt": {"yearlyAvgOffersPer10Candidates": n}} for dep, n in offers.items()
    ]
    market = Market.from_collections({"local_diagnosis": documents})
    people = crowd([{"departement_id": dep, "rome_id": "A1234"} for dep in [*offers, "04"]])
    equal = AFFECTED["rank_among_equals"].who(affected_population(Bob(market), people)).fill_null(False)
    assert equal.to_list() == [True, True, False, False]


def touched_by(quirk: str, people: pl.DataFrame) -> pl.DataFrame:
    return touched(people, Bob(Market.empty())).filter(quirk=quirk)


@pytest.fixture(scope="module")
def why_not() -> pl.DataFrame:
    return uncounted(crowd([{"age": 45}]), Bob(Market.empty()))


def test_shares_are_weighted_and_people_of_equal_weight_are_counted() -> None:
    people = crowd([{"age": 45}] * 20 + [{"age": 20}] * 20)
    people = people.with_columns(weight=pl.Series([3.0] * 20 + [1.0] * 20))
    row = touched_by("Q17", people).row(0, named=True)
    assert row["share"] == pytest.approx(0.75)
    assert row["effective"] == pytest.approx(80**2 / (20 * 9 + 20))


def test_groups_have_shares_of_their_own() -> None:
    people = crowd([{"age": 45}] * 3 + [{"age": 20}] * 2)
    people = people.with_columns(age_band=pl.Series(["30-49"] * 3 + ["15-24"] * 2))
    rows = touched_by("Q17", people)
    assert rows.filter(by="age").select("group", "share", "people").rows() == [
        ("15-24", 0.0, 2),
        ("30-49", 1.0, 3),
    ]


def test_what_nobody_here_declared_is_not_counted_and_says_why() -> None:
    people = crowd([{"age": 45}] * 20)
    assert touched_by("Q10", people)["share"].to_list() == [None]
    assert uncounted(people, Bob(Market.empty())).filter(quirk="Q10").rows() == [("Q10", "said", "")]


def test_what_everybody_meets_by_construction_is_certain() -> None:
    rows = touched(crowd([{"age": 45}] * 20), Bob(Market.empty())).filter(by="all")
    certain = dict(rows.select("quirk", "certain").iter_rows())
    assert (certain["Q25"], certain["Q17"]) == (True, False)


@pytest.mark.parametrize(
    ("quirk", "reason"),
    [("Q24", "read"), ("M25", "dead"), ("M4", "not held"), ("M15", "documents"), ("Q19", "said")],
)
def test_a_quirk_that_is_not_counted_has_the_reason_that_fits(quirk: str, reason: str, why_not) -> None:
    assert set(why_not.filter(quirk=quirk)["reason"]) == {reason}


def test_a_quirk_that_is_counted_needs_no_reason(why_not) -> None:
    assert why_not.filter(quirk="Q17").is_empty()


def test_inputs_that_nobody_holds_are_named(why_not) -> None:
    rows = why_not.filter(quirk="M4")
    assert {"has_car_driving_license", "city_urban_score"} <= set(rows["input"])
