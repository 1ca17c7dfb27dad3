"""An audit takes each attribute by itself: groups, bands or a curve, crossings; in print and as data."""

import hashlib
import json
import re
import shlex
from datetime import date
from importlib.resources import files

import jsonschema
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
import typer
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from bobanalysis.fairness import (
    adjusted_effects,
    audit_file,
    curve,
    gap_test,
    group_metrics,
    impact_ratios,
    kitagawa,
    oaxaca,
)
from bobanalysis.fairness.attributes import attribute, banded
from bobanalysis.fairness.cli import audit
from bobanalysis.fairness.page import chapters, system_language
from bobanalysis.tables import InputError
from bobanalysis.text import quote

app = typer.Typer()
app.command()(audit)


def ask(*words, code=0):
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code == code, said.output
    return said.output


def english(entry):
    return " ".join(note.en for note in entry.notes)


@pytest.fixture(scope="module")
def people():
    rng, n = np.random.default_rng(5), 1_500
    age, sex = rng.integers(18, 66, n), rng.choice(["F", "H"], n)
    chance = np.clip(0.5 - 0.005 * (age - 40) + 0.1 * (sex == "H"), 0, 1)
    return pl.DataFrame(
        {
            "age": age,
            "sex": sex,
            "région": rng.choice(["Île-de-France", "Bretagne", "Provence-Alpes-Côte d’Azur"], n),
            "diploma": rng.choice(["bac", "master"], n),
            "told": (rng.random(n) < chance).astype(int),
            "hired": rng.integers(0, 2, n),
            "score": (chance + rng.normal(0, 0.05, n)) / 2,
            "w": rng.integers(1, 4, n),
        }
    )


@pytest.fixture(scope="module")
def file(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("audit") / "people.csv"
    people.write_csv(path)
    return path


@pytest.fixture
def write(tmp_path):
    def put(text, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


# --- what an attribute is -----------------------------------------------------------------------------------


def test_each_attribute_is_measured_by_itself_and_then_crossed(people, file):
    roles = {"prediction": "told", "outcome": "hired"}
    found = audit_file(file, by=["sex", "région"], cross=[["sex", "diploma"]], **roles)
    assert [entry.name for entry in found.entries] == ["sex", "région", "sex × diploma"]
    for groups in (["sex"], ["région"], ["sex", "diploma"]):
        entry = found[" × ".join(groups)]
        assert_frame_equal(entry["measures"], group_metrics(people, groups, **roles), check_exact=False)
        test = gap_test(people, groups, **roles, min_group=11)
        assert entry["gaps"].row(0, named=True)["p_value"] == test.p_value
        impact = impact_ratios(people, groups, "told").filter(attributes=" × ".join(groups))
        assert_frame_equal(entry["impact"], impact, check_exact=False)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize(("role", "value"), [("prediction", "told"), ("score", "score")])
def test_a_number_of_many_values_is_a_curve_over_people(people, file, weight, role, value):
    entry = audit_file(file, by=["age"], weight=weight, **{role: value})["age"]
    expected = curve(people, "age", value, weight=weight)
    assert entry.kind == "curve"
    assert "measures" not in entry.tables
    found = entry["curve"].rename({"at": "age"}).select(expected.columns)
    assert_frame_equal(found, expected, check_exact=False, rel_tol=1e-7)


def test_along_a_number_error_rates_are_drawn_among_those_they_are_about(people, file):
    entry = audit_file(file, by=["age"], prediction="told", outcome="hired")["age"]
    drawn = entry["curve"]["metric"].unique(maintain_order=True).to_list()
    assert drawn == ["selection_rate", "base_rate", "false_positive_rate", "false_negative_rate"]
    alone = curve(people.filter(hired=0), "age", "told")
    mine = entry["curve"].filter(metric="false_positive_rate")
    np.testing.assert_allclose(mine["value"], alone["value"], rtol=1e-7)


def test_several_answers_have_a_curve_each(write):
    rows = "".join(f"{20 + k % 40},{'abc'[k * 7 % 3]}\n" for k in range(600))
    entry = audit_file(write("age,said\n" + rows), by=["age"], prediction="said")["age"]
    assert sorted(entry["shape"]["item"]) == ["a", "b", "c"]


def test_few_whole_numbers_are_groups_and_each_says_how_to_have_it_otherwise(write):
    path = write("decile,age,told\n" + "".join(f"{k % 10},{20 + k % 40},{k % 3 % 2}\n" for k in range(400)))
    found = audit_file(path, by=["decile", "age"], prediction="told")
    assert (found["decile"].kind, found["age"].kind) == ("groups", "curve")
    assert "--curve decile" in english(found["decile"])
    assert "--bands age=25,35,50" in english(found["age"])
    assert "--bands age= each value is a group" in english(found["age"])
    assert audit_file(path, by=["decile"], curve=["decile"], prediction="told")["decile"].kind == "curve"
    assert audit_file(path, ["age"], prediction="told")["age"]["measures"]["age"].n_unique() == 40


def test_a_number_that_is_a_curve_by_itself_keeps_its_values_in_groups(write):
    path = write("age,told\n" + "".join(f"{20 + k % 40},{k % 3 % 2}\n" for k in range(480)))
    found = audit_file(path, ["age"], by=["age"], prediction="told")
    assert found.entries[1]["measures"]["age"].unique(maintain_order=True).to_list()[:2] == ["20", "21"]


def test_codes_that_begin_with_zero_are_groups(write):
    path = write("dep,told\n" + "".join(f"{k % 40:02d},{k % 3 % 2}\n" for k in range(400)))
    assert audit_file(path, by=["dep"], prediction="told")["dep"].kind == "groups"


@pytest.mark.parametrize(
    ("numbers", "limits", "labels"),
    [
        ([24, 25, 49, 50], [25, 50], ["under 25", "25–49", "25–49", "50 and over"]),
        ([1, 2, 3], [2, 3], ["under 2", "2", "3 and over"]),
        ([1.5, 2.0, 3.9], [2, 4], ["under 2", "2 to under 4", "2 to under 4"]),
        ([None, 60], [50, 25], [None, "50 and over"]),
    ],
)
def test_bands_hold_what_their_labels_say(numbers, limits, labels):
    assert banded(pl.Series(numbers, dtype=pl.Float64), limits).to_list() == labels


def test_bands_stand_in_their_order_and_people_without_a_number_are_said(write):
    path = write("age,told\n" + "9,1\n30,0\n70,1\n,1\n" * 20)
    entry = audit_file(path, by=["age"], bands={"age": [25, 50]}, prediction="told")["age"]
    rates = entry["measures"].filter(metric="selection_rate")
    assert rates.select("age", "value").rows() == [
        *(("under 25", 1.0), ("25–49", 0.0), ("50 and over", 1.0), ("unknown", 1.0)),
    ]
    assert "as their group is unknown: 20 of 80" in english(entry)
    assert "moins de 25" in ask(
        path, "--by", "age", "--bands", "age=25,50", "--prediction", "told", "--lang", "fr"
    )


def test_bands_are_french_in_all_tables_and_in_what_others_are_compared_with(file):
    asked = {"by": ["age"], "cross": [["age", "sex"]], "bands": {"age": [25, 40.5]}, "search": True}
    asked |= {"prediction": "told", "score": "score", "adjust_for": ["diploma"]}
    found = audit_file(file, reference={"age": "under 25", "sex": "F"}, **asked)
    parts = [part for chapter in chapters(found, "fr")[1:] for part in chapter.sections]
    said = str([[part.text, part.lines, part.drawn] for part in parts])
    assert re.findall("under|over", said) == []
    assert parts[0].text[-1].endswith(f"comparent chaque groupe à {quote('moins de 25', 'fr')}.")
    assert "age=40,5 et plus, sex=F" in said


def test_what_is_no_number_among_numbers_is_unknown_and_costs_no_row(write):
    good = "".join(f"{20 + k % 40},{k % 3 % 2}\n" for k in range(400))
    path = write("age,told\n" + good + "NR,1\ninf,0\n")
    entry = audit_file(path, by=["age"], prediction="told")["age"]
    assert entry.kind == "curve"
    assert entry["curve"]["n"].unique().to_list() == [400]
    assert "('NR', 'inf'), read as unknown: 2" in english(entry)
    assert "is unknown: 2 of 402" in english(entry)


# --- dates of birth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "years"),
    [
        *(("1990-06-15", 35), ("1990-06-16", 34), ("1990-06-14", 35), ("2004-02-29", 21)),
        *(("2025-06-16", None), ("1850-01-01", None)),
    ],
)
def test_age_is_counted_in_completed_years(born, years):
    cells = pl.DataFrame({"born": [born, *["1980-01-01"] * 20], "_n": 1})
    assert attribute(cells, "born", on=date(2025, 6, 15)).values[0] == years


def test_a_leap_day_child_is_a_year_older_on_the_first_of_march_of_other_years():
    cells = pl.DataFrame({"born": ["2004-02-29"], "_n": 1})
    ages = [attribute(cells, "born", on=date(2025, *day)).values[0] for day in ((2, 28), (3, 1))]
    assert ages == [20, 21]


def test_dates_of_birth_are_a_curve_over_age_and_need_the_day(write):
    rows = "".join(f"{k % 28 + 1:02d}/{k % 12 + 1:02d}/{1960 + k % 45},{k % 3 % 2}\n" for k in range(500))
    path = write("born,told\n" + rows + ",1\nNR,0\n")
    entry = audit_file(path, by=["born"], on="2026-01-31", prediction="told")["born"]
    assert entry.kind == "curve"
    assert entry["curve"]["at"].min() == 21
    assert "age in completed years on 2026-01-31" in english(entry)
    assert "read as day, month, year" in english(entry)
    with pytest.raises(InputError, match=r"'born' holds dates; --on 2026-01-31 takes the age"):
        audit_file(path, by=["born"], prediction="told")


def test_dates_of_parquet_are_dates(tmp_path):
    days = pl.date_range(date(1960, 1, 1), date(2000, 1, 1), "30d", eager=True)
    for kind in (pl.Date, pl.Datetime):
        pl.DataFrame({"born": days.cast(kind), "told": np.arange(len(days)) % 2}).write_parquet(
            tmp_path / "t.parquet"
        )
        found = audit_file(tmp_path / "t.parquet", by=["born"], on="2026-01-31", prediction="told")
        assert found["born"]["curve"]["at"].to_list() == list(range(26, 67))


# --- crossings ----------------------------------------------------------------------------------------------


def test_a_number_is_crossed_in_bands_only(file):
    with pytest.raises(
        InputError, match="'age' is a number of 48 values; crossed it needs --bands age=25,35,50"
    ):
        audit_file(file, cross=[["age", "sex"]], prediction="told")
    found = audit_file(file, by=["age"], cross=[["age", "sex"]], bands={"age": [40]}, prediction="told")
    assert found["age × sex"]["measures"].filter(metric="count").select("age", "sex").rows() == [
        *(("under 40", "F"), ("under 40", "H"), ("40 and over", "F"), ("40 and over", "H")),
    ]


def test_a_crossed_group_of_nobody_is_not_estimable_and_never_a_number(write):
    path = write("age,town,told,hired,score\n" + "old,north,1,0,5\nold,south,0,1,6\nnew,south,1,1,7\n" * 20)
    roles = {"prediction": "told", "outcome": "hired", "score": "score"}
    entry = audit_file(path, cross=[["age", "town"]], **roles)["age × town"]
    nobody = entry["measures"].filter(
        (pl.col("metric") != "count") & (pl.col("n") == 0), age="new", town="north"
    )
    assert set(nobody["metric"]) >= {"selection_rate", "mean_score", "base_rate"}
    for name in ("value", "ci_low", "difference", "ratio", "p_value"):
        assert nobody[name].null_count() == nobody.height
    assert not nobody["suppressed"].any()
    alone = entry["impact"].filter(category="new × north").row(0, named=True)
    assert (alone["n"], alone["rate"], alone["impact_ratio"]) == (0, None, None)
    assert "nobody is in, so not estimable: 1." in english(entry)
    said = ask(path, "--cross", "age,town", "--prediction", "told", "--lang", "en")
    assert re.search(r"new +north +0 +not estimable", said)


# --- all else equal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "sentence"),
    [
        ("en", "Where it is a disadvantage .* the group worse off is that of the highest rate"),
        ("fr", "Là où c’est un désavantage .* le groupe défavorisé est celui dont le taux est le plus élevé"),
    ],
)
def test_impact_ratios_say_what_they_mean_where_to_be_selected_is_a_harm(file, lang, sentence):
    said = " ".join(ask(file, "--by", "sex", "--prediction", "told", "--lang", lang).split())
    assert re.search(sentence, said)


def test_adjusted_gaps_stand_beside_raw_ones(people, file):
    options = {"reference": {"sex": "H"}}
    found = audit_file(file, by=["sex", "age"], adjust_for=["age", "diploma"], prediction="told", **options)
    mine = found["sex"]["adjusted"].filter(level="F").row(0, named=True)
    expected = adjusted_effects(people, "told", ["sex"], ["age", "diploma"], **options).filter(level="F")
    rates = people.group_by("sex").agg(pl.col("told").mean()).sort("sex")["told"]
    assert mine["effect"] == pytest.approx(expected["effect"].item())
    assert mine["ci_low"] == pytest.approx(expected["ci_low"].item())
    assert mine["raw"] == pytest.approx(rates[0] - rates[1])
    slope = adjusted_effects(people, "told", ["age"], ["diploma"])["effect"].item()
    assert found["age"]["adjusted"]["effect"].item() == pytest.approx(slope)
    assert "Held equal: age, diploma." in english(found["sex"])


def test_a_table_that_is_counted_is_adjusted_without_a_row_a_person(write):
    rows = [(s, d, n, n * share // 10) for s, d, n, share in COUNTED]
    path = write("\n".join(["sex,diploma,people,told", *(",".join(map(str, row)) for row in rows)]))
    asked = {"by": ["sex"], "adjust_for": ["diploma"], "decompose": ["sex=F"], "selected": "told"}
    found = audit_file(path, count="people", **asked)
    effect = found["sex"]["adjusted"].filter(level="F").row(0, named=True)
    # of so many people the mean over everybody is that over four kinds of them
    small = [(s, d, told) for s, d, n, share in COUNTED for told in [1] * share + [0] * (10 - share)
             for _ in range(n // 10**9)]  # fmt: skip
    people = pl.DataFrame(small, ["sex", "diploma", "told"], orient="row")
    expected = adjusted_effects(people, "told", ["sex"], ["diploma"]).filter(level="F")["effect"].item()
    assert (effect["n"], effect["effect"]) == (5 * 10**9, pytest.approx(expected, rel=1e-9))
    assert found["sex=F"]["decomposition"]["contribution"].null_count() == 0


COUNTED = [("F", "bac", 3 * 10**9, 2), ("F", "master", 2 * 10**9, 4), ("H", "bac", 10**9, 3)]
COUNTED += [("H", "master", 5 * 10**9, 6)]


def test_what_no_model_can_adjust_is_not_estimable_and_the_rest_goes_on(write):
    path = write("sex,job,told\n" + "F,a,1\nF,b,0\nM,a,1\nM,b,0\n" * 20)
    entry = audit_file(path, by=["sex"], adjust_for=["job"], prediction="told")["sex"]
    assert "adjusted" not in entry.tables
    assert "“Share selected”: not estimable" in english(entry)
    assert entry["measures"].height > 0


def test_no_gap_is_adjusted_for_what_it_is_a_gap_of(file):
    asked = {"prediction": "told", "score": "score", "decompose": ["age>=50"]}
    found = audit_file(file, by=["sex"], adjust_for=["score", "diploma"], **asked)
    for name, table in (("sex", "adjusted"), ("age>=50", "decomposition")):
        assert found[name][table]["metric"].unique().to_list() == ["selection_rate"]
        assert "“Mean score”: not estimable ('score' itself is among the columns held equal)" in english(
            found[name]
        )
    found = audit_file(file, by=["sex"], adjust_for=["told"], **asked)["age>=50"]
    assert found["decomposition"]["metric"].unique().to_list() == ["mean_score"]


def test_the_area_of_few_with_the_outcome_is_hidden_and_of_nobody_is_not_estimable(write):
    rows = [f"{sex},{k % 7},{int(k < n)}" for sex, n in (("F", 20), ("H", 5), ("X", 0)) for k in range(40)]
    said = ask(write("sex,score,hired\n" + "\n".join(rows)), "--by", "sex", "--score", "score",
               "--outcome", "hired", "--lang", "en")  # fmt: skip
    assert re.search(r"F +40 +20 +0\.\d+ ", said)
    assert re.search(r"H +40 +5 +hidden", said)
    assert re.search(r"X +40 +0 +not estimable", said)


def test_a_gap_is_decomposed_and_says_over_what(people, file):
    side = people.with_columns(side=pl.when(pl.col("age") >= 50).then(pl.lit("old")).otherwise(pl.lit("new")))
    asked = {"prediction": "told", "decompose": ["age>=50"]}
    found = audit_file(file, by=["age", "sex", "diploma"], **asked)["age>=50"]
    expected = kitagawa(side, "told", "side", ["sex", "diploma"], reference="new")
    np.testing.assert_allclose(found["decomposition"]["contribution"], expected["contribution"])
    assert "decomposed over sex, diploma (Kitagawa" in english(found)
    found = audit_file(file, by=["sex"], adjust_for=["diploma", "score"], **asked)["age>=50"]
    expected = oaxaca(side, "told", "side", ["diploma", "score"], reference="new")
    np.testing.assert_allclose(found["decomposition"]["contribution"], expected["contribution"])
    assert "decomposed over diploma, score (Oaxaca and Blinder" in english(found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decompose": ["age>=50"]}, "say over which columns, with --adjust-for"),
        ({"decompose": ["age>=500"], "adjust_for": ["sex"]}, "makes no two groups"),
        ({"decompose": ["sex"], "adjust_for": ["age"]}, "write 'age>=50' or 'sex=F'"),
        ({"by": ["sex"], "bands": {"sex": [3]}}, "--bands: column 'sex' does not hold numbers, but 'F', 'H'"),
        ({"by": ["sex"], "bands": {"age": [3]}}, "'age' is not among the attributes: sex"),
        (
            {"by": ["told"], "jump": {"told": [1]}},
            "--jump told: it is no curve here; --curve told makes it one",
        ),
        ({"by": ["sex", "diploma"], "reference": "F"}, "write of which attribute, as sex=…"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_write(file, options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        audit_file(file, prediction="told", **options)


# --- what was left out --------------------------------------------------------------------------------------


def test_what_was_left_out_is_always_said(write):
    rows = "F,1,0,1\nM,0,1,1\nM,1,1,0\n,1,1,1\n" * 20 + "X,1,1,1\n" + "Z,0,0,1\n" * 20
    path = write("sex,told,hired,w\n" + rows)
    options = {"prediction": "told", "outcome": "hired", "weight": "w"}
    found = audit_file(path, by=["sex", "hired"], **options)
    said = english(found["sex"])
    assert "as their group is unknown: 20 of 101" in said
    assert "fewer than 11 people: 1 (1 people in all)" in said
    assert "Values not estimable, as nobody counts in them: " in said
    assert "People of weight zero: 20." in " ".join(note.en for note in found.notes)
    assert "No group and nobody was left out." in english(
        audit_file(path, by=["told"], prediction="told")["told"]
    )


def test_what_few_people_decide_is_hidden_along_a_number_and_in_a_split(write):
    rows = "".join(f"{20 + k % 40},{'ab'[k % 2]},{k % 3 % 2}\n" for k in range(480)) + "99,a,1\n" * 3
    path = write("age,g,told\n" + rows)
    found = audit_file(path, by=["age"], adjust_for=["g"], decompose=["age>=90"], prediction="told")
    here = dict(found["age"]["curve"].select("at", "n_here").rows())
    assert (here[20], here[99]) == (12, None)
    assert found["age>=90"].tables == {}
    assert "fewer than 11 people on one side" in english(found["age>=90"])
    assert "fewer than 11 people on one side" in repr(found)
    few = audit_file(path, by=["age"], min_group=1_000, prediction="told")["age"]
    assert few.tables == {}
    assert "in which fewer than 1,000 people count" in english(few)


# --- in print -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_table_fits_eighty_columns(file, lang):
    options = ["--by", "age", "--by", "région", "--cross", "sex,région", "--adjust-for", "diploma,sex"]
    roles = ["--prediction", "told", "--outcome", "hired", "--score", "score", "--weight", "w"]
    said = ask(file, *options, *roles, "--decompose", "sex=F", "--lang", lang)
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said
    assert "Provence-Alpes-Côte" in said


def test_a_score_between_0_and_1_is_printed_with_the_digits_that_its_spread_asks_for(write):
    scores = [0.0101, 0.0102, 0.0103, 0.0104]
    path = write(
        "g,score\n" + "".join(f"{'ab'[k % 2]},{scores[k % 4] + k % 2 * 0.001:.4f}\n" for k in range(400))
    )
    said = ask(path, "--by", "g", "--score", "score", "--lang", "en")
    row = next(line for line in said.splitlines() if line.startswith("a "))
    assert re.search(r"a +200 +0\.0102\d* .*−0\.0011", row)
    assert " 0.00 " not in row


def test_the_result_shows_itself_as_tables_in_python_and_in_a_notebook(file, monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    found = audit_file(file, by=["sex"], prediction="told")
    assert re.search(r"F +\d+ +\d+\.\d%", repr(found))
    shown = found._repr_html_()
    assert shown.count("<table") >= 4
    assert "<style" not in shown
    assert "<svg" not in shown


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LC_ALL": "fr_CA", "LANG": "en_GB"}, "fr"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_system(file, monkeypatch, environment, lang):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert system_language() == lang
    said = ask(file, "--by", "sex", "--prediction", "told")
    assert ("Part des personnes retenues" if lang == "fr" else "Share selected") in said


# --- the page -----------------------------------------------------------------------------------------------


def test_the_page_has_contents_a_section_an_attribute_and_its_curve_in_both_languages(file, tmp_path):
    out = tmp_path / "o.html"
    ask(file, "--by", "age", "--by", "région", "--prediction", "told", "--output", out)
    text = out.read_text("utf-8")
    links, ids = re.findall(r'href="#([^"]+)">([^<]+)<', text), re.findall(r'<section id="([^"]+)"', text)
    assert [link for link, _ in links] == ids
    assert len(ids) == len(set(ids)) == 8
    assert [title for _, title in links][:4] == ["Ce qui a été lu", "age", "région", "Comment lire"]
    assert text.count("<polyline") == 2
    assert "Part des personnes retenues, selon «\u202fage\u202f»" in text
    assert "Share selected, along age" in text
    assert hashlib.sha256(file.read_bytes()).hexdigest() in text
    assert "bobanalysis audit people.csv --by age" in text
    for other in ("http:", "https:", "src=", "<script", "url("):
        assert other not in text


# --- for machines -------------------------------------------------------------------------------------------

EVERYTHING = [
    *("--by", "age", "--by", "sex", "--cross", "sex,région", "--adjust-for", "diploma,sex"),
    *("--decompose", "age>=50", "--prediction", "told", "--outcome", "hired", "--score", "score"),
    *("--bands", "score=0.2", "--by", "score", "--jump", "age=50,60", "--weight", "w"),
]


@pytest.fixture(scope="module")
def outputs(file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    paths = {kind: folder / f"o.{kind}" for kind in ("json", "csv", "parquet")}
    ask(file, *EVERYTHING, *(word for path in paths.values() for word in ("--output", path)))
    return paths


def test_the_json_has_the_published_shape_and_the_digest_of_the_file(file, outputs):
    found = json.loads(outputs["json"].read_text("utf-8"))
    schema = json.loads((files("bobanalysis.fairness") / "audit.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found, schema)
    assert found["file"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    tables = {name for entry in found["entries"] for name in entry["tables"]}
    assert tables >= {"measures", "curve", "shape", "jumps", "gaps", "summary", "impact", "adjusted"}
    assert "decomposition" in tables
    del found["entries"][0]["tables"]["curve"][0]["band_low"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema)


def test_the_recorded_command_gives_the_same_results_again(file, outputs, tmp_path):
    words = shlex.split(json.loads(outputs["json"].read_text("utf-8"))["command"])
    assert words[:3] == ["bobanalysis", "audit", file.name]
    ask(file, *words[3:], "--output", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text("utf-8") == outputs["json"].read_text("utf-8")


def test_parquet_says_where_it_comes_from_and_holds_what_the_csv_holds(file, outputs):
    told = pl.read_parquet_metadata(outputs["parquet"])
    assert (
        told.items()
        <= {k.decode(): v.decode() for k, v in pq.read_metadata(outputs["parquet"]).metadata.items()}.items()
    )
    assert told["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert told["package"].startswith("bobanalysis ")
    assert told["command"].startswith("bobanalysis audit people.csv ")
    parquet, text = pl.read_parquet(outputs["parquet"]), pl.read_csv(outputs["csv"], infer_schema_length=None)
    assert parquet.columns == text.columns
    assert parquet.height == text.height


def test_one_long_table_holds_all_measures_of_all_attributes(file, outputs):
    table, found = pl.read_parquet(outputs["parquet"]), json.loads(outputs["json"].read_text("utf-8"))
    assert table["attribute"].unique(maintain_order=True).to_list() == [e["name"] for e in found["entries"]]
    counted = {entry["name"]: len(entry["tables"].get("measures", [])) for entry in found["entries"]}
    rows = table.filter(table="measures").group_by("attribute").len()
    assert dict(rows.rows()) == {name: n for name, n in counted.items() if n}
    women = table.filter(attribute="sex", table="measures", metric="selection_rate", group="F").row(
        0, named=True
    )
    first = next(r for r in found["entries"][1]["tables"]["measures"] if r["metric"] == "selection_rate")
    for name in ("n", "value", "ci_low", "difference", "difference_high", "ratio", "p_adjusted"):
        assert women[name] == first[name]
    adjusted = table.filter(attribute="sex", metric="selection_rate", table="adjusted", group="F")
    raw = table.filter(attribute="sex", metric="selection_rate", table="unadjusted", group="F")
    row = next(r for r in found["entries"][1]["tables"]["adjusted"] if r["level"] == "F")
    assert (raw["difference"].item(), adjusted["difference"].item()) == (row["raw"], row["effect"])
    assert table.filter(table="jumps", metric="selection_rate")["at"].to_list() == [50, 60]
    assert table.filter(table="flatness", attribute="age")["p_value"].null_count() == 0


def test_crossed_groups_keep_their_columns(file, tmp_path):
    ask(file, "--groups", "sex,diploma", "--prediction", "told", "--output", tmp_path / "o.csv")
    assert pl.read_csv(tmp_path / "o.csv").columns[:5] == ["metric", "item", "sex", "diploma", "n"]


# --- files as they come -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.txt"])
def test_json_lines_are_read_as_json_lines_also_after_a_byte_order_mark(write, mark, name):
    line = '{{"sex": "{}", "told": {}}}\n'
    path = write(mark + "".join(line.format("FM"[k % 2], k % 2) for k in range(40)).encode(), name)
    rates = audit_file(path, by=["sex"], prediction="told")["sex"]["measures"].filter(metric="selection_rate")
    assert rates.select("sex", "n", "value").rows() == [("F", 20, 0.0), ("M", 20, 1.0)]


def test_two_ways_to_write_an_accent_are_one_group_and_it_is_said(write):
    path = write("town,told\n" + "Orl\u00e9ans,1\nOrle\u0301ans,0\n" * 20)
    found = audit_file(path, by=["town"], prediction="told=1")
    rates = found["town"]["measures"].filter(metric="selection_rate")
    assert rates.select("town", "n", "value").rows() == [("Orl\u00e9ans", 40, 0.5)]
    assert any("this concerns 20 people" in note.en for note in found.notes)


def test_the_same_holds_for_answers_and_conditions(write):
    path = write("g,said\n" + "a,re\u0301ussi\nb,r\u00e9ussi\nb,non\n" * 20)
    found = audit_file(path, by=["g"], prediction="said=r\u00e9ussi")
    assert found["g"]["measures"].filter(metric="selection_rate")["value"].to_list() == [1.0, 0.5]


def test_columns_that_nobody_asked_for_are_not_read(tmp_path, monkeypatch):
    from datetime import timedelta

    from bobanalysis import tables

    frame = pl.DataFrame({"sex": ["F", "M"] * 20, "told": [1, 0] * 20, "wait": [timedelta(1)] * 40})
    frame.write_parquet(tmp_path / "t.parquet")
    seen = []
    monkeypatch.setattr(tables, "plain", lambda frame, where: seen.extend(frame.columns) or frame)
    audit_file(tmp_path / "t.parquet", by=["sex"], prediction="told")
    assert set(seen) == {"sex", "told"}


@pytest.mark.parametrize("condition", ["decile>=5", "decile=5,6,7,8,9,10", "decile!=1,2,3,4", "decile>4.5"])
@pytest.mark.parametrize("shape", ["{}", "{}.0", " {} "])
def test_a_condition_compares_numbers_as_numbers(write, condition, shape):
    rows = "".join(f"a,{shape.format(k % 10 + 1)}\n" for k in range(100))
    found = audit_file(write("g,decile\n" + rows), by=["g"], prediction=condition)
    assert found["g"]["measures"].filter(metric="selection_rate")["value"].item() == 0.6


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("decile=11", "never holds '11'; the nearest value is '10'"),
        ("decile=4,5.5", "never holds '5.5'; the nearest value is '5'"),
        ("decile>=11", "'decile>=11' holds for nobody; the nearest value is 10"),
        ("decile<0", "'decile<0' holds for nobody; the nearest value is 1"),
        ("level=hihg", "never holds 'hihg'; the nearest value is 'high'"),
        ("level!=Low", "never holds 'Low'; the nearest value is 'low'"),
    ],
)
def test_a_condition_on_a_value_that_never_occurs_is_refused_with_the_nearest(write, condition, message):
    path = write(
        "g,decile,level\n" + "".join(f"a,{k % 10 + 1},{'low' if k % 2 else 'high'}\n" for k in range(40))
    )
    with pytest.raises(InputError, match=re.escape(message)):
        audit_file(path, by=["g"], prediction=condition)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": ["sex"], "adjust_for": ["sex"]}, "--adjust-for changes nothing here"),
        ({"cross": [["sex", "diploma"]], "adjust_for": ["age"]}, "--adjust-for changes nothing here"),
        ({"by": ["sex"], "reference": {"job": "x"}}, "--reference changes nothing for 'job'"),
        ({"cross": [["sex", "diploma"]], "reference": {"sex": "F"}}, "--reference changes nothing for 'sex'"),
        ({"decompose": ["sex=F"], "adjust_for": ["age"], "reference": "F"}, "--reference changes nothing"),
        ({"by": ["age"], "reference": "30"}, "--reference of 'age': a curve has no groups"),
        (
            {"by": ["age"], "bands": {"age": [30]}, "curve": ["age"]},
            "--curve and --bands name the same column",
        ),
        ({"by": ["sex"], "adjust_for": ["age"], "jump": {"age": [30]}}, "--jump changes nothing here"),
        (
            {"decompose": ["sex=F"], "adjust_for": ["age"], "outcome": "hired"},
            "--outcome changes nothing here",
        ),
        ({"decompose": ["sex=F"], "adjust_for": ["age"], "search": True}, "--search changes nothing here"),
        ({"by": ["sex"], "lonely": "centre"}, "--lonely centre: it takes centre or refuse, and goes with"),
        ({"by": ["sex"], "cluster": "age", "lonely": "center"}, "--lonely center: it takes centre or refuse"),
        ({"by": ["sex"], "replicate_kind": "jk1"}, "--replicate-kind goes with --replicate-weights"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(file, options, message):
    with pytest.raises(InputError, match=message):
        audit_file(file, prediction="told", **options)


def test_a_second_reference_of_one_attribute_is_refused(file):
    said = ask(file, "--by", "sex", "--prediction", "told", "--reference", "F", "--reference", "H", code=1)
    assert "--reference H: one is taken, or one of each attribute, as sex=F" in said


@pytest.mark.parametrize(
    "options",
    [
        {"by": ["sex", "age"], "adjust_for": ["sex"]},
        {"by": ["sex"], "cross": [["sex", "diploma"]], "reference": {"sex": "F"}},
        {"cross": [["sex", "diploma"]], "reference": {"sex": "F", "diploma": "bac"}},
        {"by": ["sex"], "decompose": ["age>=50"], "outcome": "hired"},
    ],
)
def test_an_option_that_changes_one_of_several_tables_is_taken(file, options):
    assert audit_file(file, prediction="told", **options).entries


@pytest.mark.parametrize(
    "options", [{"adjust_for": ["age"]}, {"decompose": ["age>=50"]}, {"search": True}], ids=str
)
def test_what_does_not_take_a_decision_of_several_answers_is_told(file, options):
    found = audit_file(file, by=["sex"], prediction="région", **options)
    assert any("do not take a decision of several answers" in note.en for note in found.notes)


def test_bands_without_limits_make_each_value_of_a_number_a_group_also_crossed(file):
    found = audit_file(file, by=["age"], cross=[["age", "sex"]], bands={"age": ()}, prediction="told")
    assert found["age"].kind == "groups"
    assert found["age"]["measures"]["age"].n_unique() == 48
    assert found["age × sex"]["measures"].select("age", "sex").n_unique() == 96
    assert "--bands age=" in ask(file, "--by", "age", "--bands", "age=", "--prediction", "told")


def test_the_older_option_for_groups_works_and_names_the_present_ones(file):
    said = ask(file, "--groups", "sex", "--prediction", "told")
    assert "instead of --groups, write --by A for one column and --cross A,B for several" in said
    assert "--groups" not in CliRunner().invoke(app, ["--help"]).output


@pytest.mark.parametrize("label", ["2", "2.0"])
def test_codes_that_gaps_made_decimals_are_told_and_found_as_whole_numbers(write, label):
    path = write("code,told\n" + "1.0,1\n2.0,0\n3.0,1\n,1\n" * 20)
    found = audit_file(path, by=["code"], prediction="told", reference={"code": label})
    assert found["code"]["measures"]["code"].unique(maintain_order=True).to_list() == [
        "1",
        "2",
        "3",
        "unknown",
    ]
    assert {*found["code"]["measures"]["reference"]} == {"2"}


@pytest.mark.parametrize("label", ["2", "2.0"])
def test_a_reference_is_found_by_its_whole_number_beside_numbers_that_are_not(write, label):
    path = write("grade,told\n" + "1.5,1\n2.0,0\n" * 20)
    found = audit_file(path, by=["grade"], prediction="told", reference=label)
    assert {*found["grade"]["measures"]["reference"]} == {"2.0"}


@pytest.mark.parametrize("label", ["2", "2.0", "1,3"])
def test_a_gap_is_split_at_codes_that_gaps_made_decimals(write, label):
    path = write("code,sex,told\n" + "1.0,F,1\n2.0,M,0\n3.0,F,1\n,M,1\n" * 20 + "2.0,F,0\n1.0,M,0\n" * 20)
    asked = f"code={label}"
    found = audit_file(path, decompose=[asked], adjust_for=["sex"], prediction="told")[asked]["decomposition"]
    assert found.filter(part="gap")["contribution"].item() == pytest.approx(-2 / 3 if "2" in label else 2 / 3)


def test_a_gap_is_split_at_a_label_with_a_comma(write):
    path = write("job,sex,told\n" + '"Sales, retail",F,1\nNurse,F,0\n' * 20)
    asked = "job=Sales, retail"
    found = audit_file(path, decompose=[asked], adjust_for=["sex"], prediction="told")[asked]["decomposition"]
    assert found.filter(part="gap")["contribution"].item() == 1.0


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_table_of_the_page_that_a_phone_cuts_says_so(file, tmp_path, browser, lang):
    out = tmp_path / "o.html"
    ask(file, "--by", "age,sex", "--prediction", "told", "--lang", lang, "--output", out)
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(out.as_uri())
    said, cut = phone.evaluate(
        """lang => { const tables = [...document.querySelectorAll(`#page-${lang} .table`)];
        const said = table => getComputedStyle(table, "::before").content.length > 10;
        return [tables.map(said), tables.map(table => table.scrollWidth > table.clientWidth)]; }""",
        lang,
    )
    assert any(cut)
    assert not said[0]  # what was read, in two columns, is never cut
    assert all(one for one, of in zip(said, cut, strict=True) if of)
    phone.close()
