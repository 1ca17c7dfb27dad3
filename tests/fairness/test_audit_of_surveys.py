"""The audit of a survey's file, and the audit that gives no small group away."""

import json

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from bobanalysis.fairness import (
    Design,
    adjusted_effects,
    audit_file,
    curve,
    discontinuities,
    gap_test,
    group_metrics,
    lack_of_fit,
    roc_area,
)
from bobanalysis.fairness.cli import audit
from bobanalysis.fairness.page import page

app = typer.Typer()
app.command()(audit)


@pytest.fixture(scope="module")
def people():
    rng, n = np.random.default_rng(1), 1_200
    town = rng.integers(0, 30, n)
    u = rng.normal(size=30)[town] * 0.5 + rng.normal(size=n)
    frame = pl.DataFrame(
        {
            "sex": rng.choice(["F", "M"], n),
            "region": rng.choice(["N", "S", "W"], n, p=[0.6, 0.38, 0.02]),
            "age": rng.integers(18, 66, n),
            "town": town,
            "stratum": town % 3,
            "w": rng.gamma(2, 1, n).round(2),
            "hired": u < -0.3,
            "told": u + rng.normal(size=n) < -0.4,
            "score": (50 - 10 * u + rng.normal(0, 5, n)).round(0),
        }
    )
    drawn = {f"rep{i}": pl.col("w") * pl.Series(rng.choice([0, 2], 30))[town] for i in range(16)}
    return frame.with_columns(**drawn)


@pytest.fixture(scope="module")
def file(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("survey") / "people.csv"
    people.write_csv(path)
    return path


ROLES = {"prediction": "told", "outcome": "hired", "score": "score", "weight": "w"}


@pytest.fixture(scope="module")
def found(file):
    return audit_file(file, by=["sex", "age"], **ROLES, strata="stratum", cluster="town")


def test_the_measures_of_a_file_are_those_of_the_table_with_its_design(found, people):
    design = Design("stratum", "town")
    options = {"prediction": "told", "outcome": "hired", "score": "score", "weight": "w"}
    expected = group_metrics(people, ["sex"], **options, design=design)
    figures = ("value", "ci_low", "difference_high", "se", "difference_se", "design_effect", "degrees")
    for column in figures:
        np.testing.assert_allclose(found["sex"]["measures"][column], expected[column], rtol=1e-9)
    test = gap_test(people, ["sex"], "told", weight="w", design=design, min_group=11)
    gaps = found["sex"]["gaps"].filter(metric="selection_rate").row(0, named=True)
    assert (gaps["p_value"], gaps["ci_high"]) == pytest.approx((test.p_value, test.ci_high))
    areas = roc_area(people, ["sex"], "score", "hired", weight="w", design=design)
    np.testing.assert_allclose(found["sex"]["ranking"]["ci_low"], areas["ci_low"], rtol=1e-9)


@pytest.mark.parametrize("metric", ["selection_rate", "false_positive_rate"])
def test_a_curve_of_a_survey_is_that_of_the_table_with_its_design(found, people, metric):
    drawn = found["age"]["curve"].filter(metric=metric)
    # the false positive rate is of those who were not hired, in the units of everybody
    among = people.with_columns(told=pl.when(~pl.col("hired") | (metric == "selection_rate")).then("told"))
    options = {"weight": "w", "design": Design("stratum", "town")}
    for key, measure in (("curve", curve), ("shape", lack_of_fit), ("jumps", discontinuities)):
        told = measure(among, "age", "told", **options)
        mine = found["age"][key].filter(metric=metric)
        for column in {"se", "ci_low", "p_value", "p_flat"} & {*told.columns}:
            np.testing.assert_allclose(mine[column], told[column], rtol=1e-6)
    heedless = curve(among, "age", "told", weight="w", cluster="town")
    assert not np.allclose(drawn["se"], heedless["se"], rtol=1e-3)


def test_a_unit_of_which_nobody_is_on_a_curve_is_a_unit_of_its_stratum(people, tmp_path):
    spared = people.with_columns(hired=pl.col("hired") | pl.col("town").is_in([4, 5, 7]))
    spared.write_csv(tmp_path / "people.csv")
    options = {
        "prediction": "told",
        "outcome": "hired",
        "weight": "w",
        "strata": "stratum",
        "cluster": "town",
    }
    found = audit_file(tmp_path / "people.csv", by=["age"], **options)["age"]["curve"]
    among = spared.with_columns(told=pl.when(~pl.col("hired")).then("told"))
    told = curve(among, "age", "told", weight="w", design=Design("stratum", "town"))
    np.testing.assert_allclose(found.filter(metric="false_positive_rate")["se"], told["se"], rtol=1e-6)
    without = curve(among.drop_nulls(), "age", "told", weight="w", design=Design("stratum", "town"))
    assert not np.allclose(without["se"], told["se"], rtol=1e-4)


def test_the_page_says_how_the_sample_was_drawn_and_shows_standard_errors(found):
    told = page(found, "fr").replace("\u202f", " ").replace("\xa0", " ")
    assert "(unités primaires : 30 ; strates : 3)" in told
    for word in ("Erreur type", "Effet de plan", "Degrés de liberté", "Standard error", "Aire"):
        assert word in told


def test_adjusted_gaps_of_a_file_heed_strata_as_those_of_the_table_do(file, people):
    drawn = {"strata": "stratum", "cluster": "town"}
    asked = {"by": ["sex"], "adjust_for": ["age"], "prediction": "told", "weight": "w"}
    mine = audit_file(file, **asked, **drawn)["sex"]["adjusted"]
    options = {"weight": "w", "design": Design("stratum", "town")}
    theirs = adjusted_effects(people, "told", ["sex"], ["age"], **options)
    for column in ("effect", "se", "ci_low"):
        np.testing.assert_allclose(mine[column].drop_nulls(), theirs[column].drop_nulls(), rtol=1e-6)


def test_curves_and_adjusted_gaps_of_a_file_heed_replicate_weights(file, people):
    asked = {"by": ["age", "sex"], "adjust_for": ["age"], "prediction": "told", "outcome": "hired"}
    found = audit_file(file, **asked, weight="w", replicate_weights="rep*", replicate_kind="fay=0.3")
    options = {"weight": "w", "design": Design(replicates="rep*", kind="fay=0.3")}
    drawn = found["age"]["curve"].filter(metric="selection_rate")
    theirs = curve(people, "age", "told", **options)
    for column in ("value", "se", "band_low"):
        np.testing.assert_allclose(drawn[column], theirs[column], rtol=1e-6)
    assert {*found["age"]["shape"]["status"]} == {
        "not estimable: no test of a curve is made with replicate weights"
    }
    mine = found["sex"]["adjusted"]
    effects = adjusted_effects(people, "told", ["sex"], ["age"], **options)
    np.testing.assert_allclose(mine["se"].drop_nulls(), effects["se"].drop_nulls(), rtol=1e-6)
    assert "computed again with each" in page(found, "en")


@pytest.mark.parametrize("options", [{"cluster": "town"}, {"strata": "stratum"}])
def test_clusters_or_strata_alone_are_a_design_too(file, people, options):
    one = audit_file(file, by=["sex"], prediction="told", **options)["sex"]["measures"]
    expected = group_metrics(people, ["sex"], "told", design=Design(**options))
    np.testing.assert_allclose(one["se"][2:], expected["se"][2:], rtol=1e-9)


def test_the_command_takes_replicate_weights_and_the_record_has_what_they_give(file, people, tmp_path):
    out = tmp_path / "found.json"
    words = [file, "--by", "sex", "--prediction", "told", "--weight", "w", "--output", out]
    words += ["--replicate-weights", "rep*", "--replicate-kind", "fay=0.3"]
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code == 0, said.output
    record = json.loads(out.read_text())
    assert "--replicate-weights 'rep*' --replicate-kind fay=0.3" in record["command"]
    design = Design(replicates="rep*", kind="fay=0.3")
    expected = group_metrics(people, ["sex"], "told", weight="w", design=design)
    assert [row["se"] for row in record["entries"][0]["tables"]["measures"]] == pytest.approx(
        expected["se"].to_list()
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strata": "score"}, "has one primary sampling unit"),
        ({"cluster": "village"}, "no column 'village'"),
        ({"replicate_weights": "rep*"}, "beside the weight itself"),
        ({"replicate_weights": "rep*", "weight": "w", "replicate_kind": "magic"}, "'magic' is not one of"),
        ({"strata": "stratum", "count": "age"}, "--count goes with --cluster"),
        ({"cluster": "town", "search": True}, "--search and --decompose take people as drawn one by one"),
    ],
)
def test_a_design_that_cannot_be_is_refused(file, options, message):
    with pytest.raises(ValueError, match=message):
        audit_file(file, by=["sex"], prediction="told", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"strata": "town", "cluster": "town"},
            "no stratum has two, so no interval is possible: merge strata",
        ),
        ({"cluster": "land"}, "there is no other, so no interval is possible: name smaller units"),
    ],
)
def test_where_no_stratum_has_two_units_what_would_help_is_advised(people, tmp_path, options, message):
    people.with_columns(land=1).write_csv(tmp_path / "t.csv")
    with pytest.raises(ValueError, match=message) as refused:
        audit_file(tmp_path / "t.csv", by=["sex"], prediction="told", **options)
    assert "centre" not in str(refused.value)


@pytest.mark.parametrize("options", [{"strata": "town"}, {}], ids=str)
def test_that_no_interval_is_possible_is_told_where_lonely_units_are_centred(people, tmp_path, options):
    people.with_columns(land=1).write_csv(tmp_path / "t.csv")
    options = {"cluster": "town" if options else "land", "lonely": "centre"} | options
    found = audit_file(tmp_path / "t.csv", by=["sex"], prediction="told", **options)
    assert found["sex"]["measures"]["ci_low"].null_count() == found["sex"]["measures"].height
    assert "No interval is possible" in found.notes[-1].en
    assert "Aucun intervalle n’est possible" in found.notes[-1].fr


@pytest.fixture(scope="module")
def shielded(file):
    asked = {"by": ["sex", "region", "age"], "cross": [["sex", "region"]], "protect": True}
    return audit_file(file, **asked, **ROLES)


def test_protection_hides_small_groups_their_complements_and_the_counts_in_notes(shielded, file):
    plain = audit_file(file, by=["region"], **ROLES)["region"]["measures"]
    mine = shielded["region"]["measures"]
    small = plain.filter(pl.col("n") < 11, pl.col("n") > 0)
    assert small.height > 0
    for metric in small["metric"].unique():
        hidden = mine.filter(metric=metric)["n"].null_count()
        assert hidden >= 2, metric  # one alone would follow from the total
    assert all(entry.notes == () for entry in shielded.entries if entry.kind != "curve")
    assert [note.en[:19] for note in shielded["age"].notes] == ["At both ends of the"]
    assert shielded["age"]["curve"]["n_here"].null_count() == shielded["age"]["curve"].height


def test_protection_hides_standard_errors_and_design_effects_that_would_tell_a_hidden_count(file):
    found = audit_file(file, by=["region"], **ROLES, cluster="town", protect=True)["region"]["measures"]
    hidden = found.filter(pl.col("n").is_null() | pl.col("value").is_null())
    assert hidden.filter(pl.col("metric") != "mean_score").height > 0
    for column in ("se", "difference_se", "design_effect", "degrees"):
        assert hidden.filter(pl.col("value").is_null())[column].null_count() == hidden["value"].null_count()
    assert found.filter(metric="mean_score")["n"].null_count() == 3  # it would count who has no score


def test_what_cannot_be_checked_is_left_out_of_a_protected_audit_and_it_says_so(shielded):
    assert {*shielded["region"].tables} == {"measures", "gaps", "summary", "impact"}
    assert "Small counts are hidden" in shielded.notes[0].en
    assert "masqué" in page(shielded, "fr")


def test_a_protected_audit_compares_only_groups_that_it_shows(shielded):
    gaps = shielded["region"]["gaps"]
    shown = shielded["region"]["measures"].drop_nulls("value")
    for row in gaps.filter(pl.col("metric").is_in(["selection_rate", "false_positive_rate"])).to_dicts():
        labels = shown.filter(metric=row["metric"])["region"].to_list()
        assert {row["high"], row["low"]} <= {*labels}
