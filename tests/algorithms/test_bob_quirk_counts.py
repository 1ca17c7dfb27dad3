"""The counts that the quirks of the published tables state, made again from the restated tables."""

import re

import pytest

from bobanalysis import data
from bobanalysis.algorithms.bob_quirks import quirks
from bobanalysis.bob.configuration import (
    actions,
    advice_modules,
    associations,
    challenges,
    job_advice,
    overall_rows,
    strategies,
)

CHALLENGES = {c.id for c in challenges()}
DEAD = [s for s in strategies() if not CHALLENGES & set(s.challenges)]
ADVICE = [m.id for m in advice_modules()]


def stated(quirk: str) -> list[int]:
    """Return the whole numbers that a quirk's English text states, in order."""
    return [int(n) for n in re.findall(r"(?<![\w.])\d+(?![\w.]*\d)", quirks()[quirk].published.en)]


def test_four_strategies_and_one_row_of_scores_belong_to_a_challenge_that_does_not_exist() -> None:
    rows = [r for r in overall_rows() if r.challenge not in CHALLENGES]
    assert stated("C1")[:2] == [len(DEAD), len(rows)]


def test_the_links_of_those_strategies_are_counted() -> None:
    assert stated("O27")[:2] == [len(DEAD), sum(len(s.advice) for s in DEAD)]


def test_twelve_rows_point_to_advice_that_does_not_exist() -> None:
    rows = [p for s in strategies() for p in s.advice if not any(a.startswith(p) for a in ADVICE)]
    assert stated("C2")[1] == len(rows)
    assert len(set(rows)) == 2


def test_five_links_lead_to_three_actions_without_content() -> None:
    known = {a.id for a in actions()}
    links = [a for s in strategies() for a in s.actions if a not in known]
    assert stated("C5") == [len(links), len(set(links))]


def test_two_lists_of_tips_name_an_unknown_strategy() -> None:
    known = {s.id for s in strategies()}
    assert stated("C6")[0] == sum(name not in known for tips in job_advice() for name in tips.strategies)


def test_one_piece_of_advice_excludes_itself() -> None:
    assert [m.id for m in advice_modules() if m.id in m.excludes] == ["network-application-good"]


def test_no_local_non_profit_serves_the_departements_that_the_quirk_names() -> None:
    served = {d for a in associations() for d in a.departements or ()}
    without = set(data.table("departements")["dep"].to_list()) - served
    text = quirks()["C19"].published.en
    assert without == {"2A", "2B", "976"}
    assert all(d in text for d in without)


@pytest.mark.parametrize(("departement", "count"), [("75", 23), ("59", 14), ("44", 13), ("69", 11)])
def test_the_non_profits_of_the_best_served_departements_are_counted(departement: str, count: int) -> None:
    assert sum(departement in (a.departements or ()) for a in associations()) == count
    assert re.search(rf"\b{count} in [^,;:()]+ \({departement}\)", quirks()["C19"].published.en)


def test_what_is_left_without_a_local_non_profit_is_for_disability() -> None:
    assert {a.public for a in associations() if a.departements is None} == {"DISABILITY"}


def test_all_missions_locales_of_the_table_are_for_people_under_25() -> None:
    local = [a for a in associations() if a.mission_locale]
    assert {a.public for a in local} == {"UNDER_25"}
    assert f"{len(local)} Missions Locales" in quirks()["C20"].promise.en


def test_five_subjects_have_a_constant_as_actions_and_a_rule_as_advice() -> None:
    rules = {m.id: m.trigger for m in advice_modules()}
    fixed = [a for a in actions() if a.advice and a.trigger == "constant(1.5)"]
    apart = [a.id for a in fixed if a.advice in rules and rules[a.advice] != a.trigger]
    assert len(apart) == 5


def test_nine_pieces_of_advice_are_counted_out_of_all() -> None:
    everyone = quirks()["O25"].cases[0]["only"]
    assert stated("O25") == [len(everyone), len(ADVICE)]
