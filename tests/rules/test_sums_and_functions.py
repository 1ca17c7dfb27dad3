"""Rules of other people: sums, exponentials, thresholds on computations, look-ups, in every reading."""

import math

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from bobanalysis.report.terminal import explanation, tree
from bobanalysis.rules import (
    Choice,
    Dictionary,
    Named,
    Text,
    Variable,
    bound,
    decision_table,
    dropped,
    evaluate,
    exp,
    explain_rule,
    first_match,
    limits,
    log,
    lookup,
    sentence,
    simplify,
    total,
    trace,
    when,
    with_bound,
)
from bobanalysis.rules.expr import Const, Sum
from bobanalysis.rules.javascript import compile_script
from bobanalysis.rules.simplify import as_sum

LEVELS = (Choice(1, "LOW", Text("bas", "low")), Choice(2, "HIGH", Text("haut", "high")))
d = Dictionary(
    [
        Variable("age", "int", Text("âge", "age"), 0, Text("ans", "years")),
        Variable("woman", "bool", Text("femme", "woman"), False),
        Variable("level", "enum", Text("diplôme", "education"), 1, choices=LEVELS),
        Variable("days", "float", Text("jours", "days"), 0.0),
    ]
)
SCORE = Named(
    "score",
    total(when(True, 0.1), when(d.woman, -0.14), when(d.age >= 50, -0.7), when(d.level == 2, 0.3 * d.days)),
)
CHANCE = Named("chance", 1 / (1 + exp(-SCORE)))
GROUP = first_match(when(CHANCE > 0.66, "A"), when(CHANCE < 0.25, "C"), otherwise="B")
TITLES = {"score": Text("points", "points"), "chance": Text("chance d’emploi", "chance of a job")}
PEOPLE = [
    {"age": age, "woman": woman, "level": level, "days": days}
    for age, woman, level, days in [
        (30, True, 1, 0.0),
        (55, True, 2, 3.5),
        (50, False, 2, 12.0),
        (61, False, 1, 1.0),
    ]
]
FRAMES = {
    "polars": pl.DataFrame,
    "pandas": pd.DataFrame,
    "pyarrow": pa.Table.from_pylist,
}


def shown(renderable, width=80):
    from rich.console import Console

    console = Console(width=width, soft_wrap=True, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(renderable)
    return console.export_text()


# --- functions


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (CHANCE, lambda p: 1 / (1 + math.exp(-points(p)))),
        (log(d.days + 1), lambda p: math.log(p["days"] + 1)),
        (-d.age, lambda p: -p["age"]),
        (math.e ** (d.days / 10), lambda p: math.exp(p["days"] / 10)),
        (2**d.days, lambda p: 2 ** p["days"]),
        (-(d.days.round()), lambda p: -round(p["days"])),
    ],
)
def test_functions_are_computed_alike_on_frames_and_in_traces(kind, rule, value):
    frame = FRAMES[kind](PEOPLE)
    together = nw.from_native(evaluate({"it": rule}, frame).frame).lazy().collect()["it"].to_list()
    alone = [trace(rule, person).value for person in PEOPLE]
    assert together == pytest.approx(alone, rel=1e-15)
    assert alone == pytest.approx([value(p) for p in PEOPLE], rel=1e-14)


def points(p):
    return 0.1 - 0.14 * p["woman"] - 0.7 * (p["age"] >= 50) + 0.3 * p["days"] * (p["level"] == 2)


def test_what_has_no_number_is_infinite_or_not_a_number_in_traces_as_on_frames():
    people = [PEOPLE[0] | {"days": days} for days in (-1.0, 0.0, 1000.0)]
    rules = {"log": log(d.days), "exp": exp(d.days), "power": d.days**0.5, "inverse": d.days**-1}
    frame = evaluate(rules, pl.DataFrame(people)).frame
    for name, rule in rules.items():
        assert frame[name].to_list() == pytest.approx(
            [trace(rule, p).value for p in people], rel=1e-14, nan_ok=True
        )


@pytest.mark.browser
def test_functions_are_computed_in_the_browser_to_one_unit_in_the_last_place(browser):
    rules = {
        "exp": exp(-d.days),
        "log": log(d.days + 1),
        "minus": -d.days,
        "power": 2**d.days,
        "score": SCORE,
    }
    people = [PEOPLE[k % 4] | {"days": k / 7} for k in range(200)]
    page = browser.new_page()
    said = page.evaluate(
        """([text, people]) => {
            const rules = new Function(text + '; return rules;')();
            return people.map(p => rules.names.map(name => rules.read(p).value(name)));
        }""",
        [compile_script(rules).text, people],
    )
    page.close()
    for person, values in zip(people, said, strict=True):
        for (name, rule), value in zip(rules.items(), values, strict=True):
            expected = trace(rule, person).value
            exact = name in ("minus", "score")
            assert abs(value - expected) <= (0 if exact else math.ulp(expected)), (name, person)


def test_two_signs_cancel_and_constants_are_computed():
    opposite = -d.age
    assert -opposite is d.age
    assert -Const(3) is Const(-3)


@pytest.mark.parametrize(
    ("lang", "said"),
    [("fr", "1 ÷ (1 + exp(−«\u202fpoints\u202f»))"), ("en", "1 ÷ (1 + exp(−“points”))")],
)
def test_a_logistic_is_said_with_the_name_of_its_score(lang, said):
    assert sentence(CHANCE.item, lang, TITLES) == said


def test_logarithms_and_signs_are_said():
    assert sentence(log(d.days + 1), "en") == "ln(days + 1)"
    assert sentence(-(d.days + d.age), "fr") == "−(jours + âge)"


def test_an_input_inside_a_function_cannot_be_dropped_from_the_score():
    with pytest.raises(ValueError, match="neutral"):
        dropped(exp(d.days), ["days"])


# --- sums


def test_a_sum_is_told_as_terms_that_are_added_never_as_cases():
    lines = decision_table(SCORE, "en")
    assert [(line.condition, line.result) for line in lines] == [
        ("in every case", "+0.1"),
        ("woman: yes", "−0.14"),
        ("age: 50 years or more", "−0.7"),
        ("education: “high”", "+0.3 × days"),
    ]
    told = explain_rule(SCORE, "fr", {})
    assert told.adds
    assert [row.value for row in told.cases] == [0.1, -0.14, -0.7, None, 0]


def test_a_chain_of_plus_and_minus_is_a_sum_with_the_conditions_of_its_tables():
    chain = (
        0.1 + first_match(when(d.woman, -0.14), otherwise=0) - total(when(d.age >= 50, 0.7)) + 0.3 * d.days
    )
    assert as_sum(chain) is total(
        when(True, 0.1), when(d.woman, -0.14), when(d.age >= 50, -0.7), when(True, 0.3 * d.days)
    )
    for person in PEOPLE:
        assert trace(as_sum(chain), person).value == pytest.approx(trace(chain, person).value, abs=1e-15)


@pytest.mark.parametrize("rule", [d.age + 1, 3 * d.days, GROUP, d.woman])
def test_a_short_computation_is_no_sum(rule):
    assert as_sum(rule) is None


def test_a_trace_tells_the_terms_that_counted_with_their_amounts_and_the_sum_so_far():
    terms = [t for t in trace(SCORE.item, PEOPLE[1]).terms() if t.counts]
    assert [t.amount.value for t in terms] == pytest.approx([0.1, -0.14, -0.7, 1.05])
    assert [t.so_far for t in terms] == pytest.approx([0.1, -0.04, -0.74, 0.31])


def test_named_computations_of_an_explanation_are_mentioned_and_told_apart():
    told = explain_rule(GROUP, "en", TITLES, local=["chance", "score"])
    assert [c.condition.text for c in told.cases[:2]] == [
        "“chance of a job”: over 0.66",
        "“chance of a job”: under 0.25",
    ]
    assert [(part.title, part.adds) for part in told.parts] == [("chance of a job", False), ("points", True)]


# --- thresholds on computations


def test_thresholds_on_a_named_computation_are_listed_and_said_in_both_languages():
    assert [bound(row.condition) for row in GROUP.rows] == [("chance", 0.66), ("chance", 0.25)]
    for lang, said in (
        ("fr", "«\u202fchance d’emploi\u202f»\u202f: plus de 0,66"),
        ("en", "“chance of a job”: over 0.66"),
    ):
        assert said in [limit.text for limit in limits(GROUP, lang, TITLES) if limit.variable is None]


def test_a_threshold_on_a_named_computation_moves_alone():
    moved = with_bound(GROUP, "chance", 0.66, 0.6)
    assert moved is first_match(when(CHANCE > 0.6, "A"), when(CHANCE < 0.25, "C"), otherwise="B")


# --- look-ups


TABLE = {("LOW", range(0, 50)): 1, ("LOW", 50): 2, ("HIGH", range(0, 50)): 3}


def test_a_table_of_two_inputs_is_looked_up_and_explained_row_by_row():
    rule = lookup(TABLE, d.level, d.age, otherwise=0)
    frame = pl.DataFrame({"level": [1, 1, 2, 2], "age": [49, 50, 0, 50]})
    assert evaluate({"it": rule}, frame).frame["it"].to_list() == [1, 2, 3, 0]
    assert decision_table(rule, "en")[1].condition == "education: “low” and age: 50 years"


def test_a_key_without_a_value_for_each_input_is_refused():
    with pytest.raises(ValueError, match="has 1 values for 2 inputs"):
        lookup({"LOW": 1}, d.level, d.age, otherwise=0)


# --- the terminal


def test_the_terminal_tells_sums_as_sums_and_computations_by_their_titles():
    text = shown(explanation("group", GROUP, "en", TITLES))
    assert "“chance of a job”: over 0.66" in text
    assert "1 ÷ (1 + exp(−“points”))" in text
    assert "a sum: counts if" in text
    assert text.count("otherwise") == 1


def test_the_tree_of_a_person_shows_values_and_the_terms_that_counted():
    lines = [line.strip("│├└─ ") for line in shown(tree(GROUP, PEOPLE[1], "en", titles=TITLES)).splitlines()]
    assert lines[0] == "result: B"
    assert lines[1] == "✗ “chance of a job”: over 0.66 (here: 0.576885)"
    assert "points → 0.31" in lines
    assert "+1.05  education: “high”; 0.3 × days  (total: 0.31)" in lines
    assert sum("total" in line for line in lines) == 4


def test_the_tree_is_never_cut_at_the_width_of_the_window():
    text = shown(tree(GROUP, PEOPLE[1], "fr", titles=TITLES), width=30)
    assert "chance d’emploi" in text.replace("\n", " ")
    assert all(len(line) <= 30 for line in text.splitlines())
    assert "0,576885" in text


def test_a_text_of_the_person_is_printed_as_it_is():
    code = Dictionary([Variable("code", "text", Text("code", "code"), "")]).code
    assert "[red]" in shown(tree(code == "[red]x", {"code": "[red]x"}, "en"))


def test_simplifying_keeps_a_sum_a_sum():
    assert isinstance(simplify(SCORE.item), Sum)
