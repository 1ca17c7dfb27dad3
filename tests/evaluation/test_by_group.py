"""Curves along a number, bands, largest gaps, groups of items, and the JSON of the command."""

import json
import re
import warnings
from datetime import date
from importlib.resources import files as resources
from pathlib import Path

import jsonschema
import numpy as np
import polars as pl
import pytest
import typer
from scipy.optimize import linprog
from typer.testing import CliRunner

from bobanalysis.evaluation import EvaluationError, EvaluationWarning, compare, evaluate
from bobanalysis.evaluation.cli import evaluate as command
from bobanalysis.fairness import exposure as exposure_of_items
from bobanalysis.fairness import gap_test
from bobanalysis.fairness.audit import audit_file
from bobanalysis.tables import InputError

PEOPLE = 90


@pytest.fixture(scope="module")
def made():
    """90 people of 30 ages, 6 of 20 items listed; the older, the more of them are relevant."""
    rng = np.random.default_rng(5)
    ids = [f"p{n:02}" for n in range(PEOPLE)]
    listed = np.argsort(rng.random((PEOPLE, 20)), axis=1)[:, :6]
    age = np.repeat(np.arange(20, 50), 3)
    run = pl.DataFrame(
        {
            "person_id": np.repeat(ids, 6),
            "item": [f"i{n:02}" for n in listed.ravel()],
            "rank": np.tile(np.arange(1, 7), PEOPLE),
        }
    )
    relevant = rng.random(PEOPLE * 6) < np.repeat((age - 10) / 50, 6)
    qrels = run.select("person_id", "item", relevance=pl.Series(relevant.astype(int)))
    groups = pl.DataFrame(
        {
            "person_id": ids,
            "age": age,
            "region": ["north", "south", "west"] * 30,
            "sex": ["F"] * 60 + ["M"] * 25 + ["X"] * 5,
        }
    )
    items = pl.DataFrame(
        {"item": [f"i{n:02}" for n in range(20)], "sector": ["care", "farm", "farm", None] * 5}
    )
    return run, qrels, groups, items


def quiet(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvaluationWarning)
        return evaluate(*arguments, **options)


def test_a_number_of_many_values_is_a_curve_and_no_column_of_groups(made):
    found = quiet(*made[:2], "p@3", made[2])
    assert found.table.columns[:4] == ["metric", "region", "sex", "n"]
    assert found.curves["at"].to_list() == [float(age) for age in range(20, 50)]
    assert found.per_query["age"].dtype == pl.Float64
    told = dict(found.notes.select("what", "meaning").rows())["values of 'age', a number"]
    assert "--bands age=25,35,50 gives bands" in told


def test_a_curve_of_few_people_is_the_cubic_polynomial_of_least_squares(made):
    found = quiet(*made[:2], "p@3", made[2], by=["age"])
    each = found.per_query
    cubic = np.polynomial.Polynomial.fit(each["age"].to_numpy(), each["p@3"].to_numpy(), 3)
    values = cubic(found.curves["at"].to_numpy())
    np.testing.assert_allclose(found.curves["value"], np.clip(values, 0, 1), atol=1e-9)
    inner = found.curves.filter(pl.col("band_low") > 0, pl.col("band_high") < 1)
    assert inner.height > 20
    assert (inner["band_low"] < inner["ci_low"]).all()


def test_a_curve_stays_within_the_values_that_a_measure_can_have(made):
    curves = quiet(*made[:2], "p@1,p@3,dcg", made[2], by=["age"]).curves
    ends = curves.filter(pl.col("metric") != "dcg").select("ci_low", "ci_high", "band_low", "band_high")
    assert ends.min_horizontal().min() == 0
    assert ends.max_horizontal().max() <= 1
    assert curves.filter(metric="dcg")["value"].max() > 1


def test_a_number_of_few_values_is_groups_as_is_one_of_codes(made):
    few = made[2].with_columns(age=pl.col("age") // 2)
    assert quiet(*made[:2], "p@3", few, by=["age"]).numbers == []
    codes = made[2].with_columns(age=pl.format("0{}", "age"))
    found = quiet(*made[:2], "p@3", codes, by=["age"])
    assert (found.numbers, found.table.height) == ([], 31)


def test_bands_cut_a_number_into_groups_in_their_order(made):
    found = quiet(*made[:2], "p@3", made[2], by=["age"], bands={"age": [25, 40]})
    assert found.table["age"].to_list() == ["everyone", "under 25", "25–39", "40 and over"]
    assert found.table["n"].to_list() == [90, 15, 45, 30]
    middle = made[2].filter(pl.col("age").is_between(25, 39))["person_id"]
    mean = found.per_query.filter(pl.col("person_id").is_in(middle.implode()))["p@3"].mean()
    assert found.table.filter(age="25–39")["value"].item() == pytest.approx(mean, abs=1e-12)


def test_no_limits_make_each_value_of_a_number_a_group(made):
    found = quiet(*made[:2], "p@3", made[2], by=["age"], bands={"age": []})
    assert (found.table.height, found.numbers) == (31, [])


def test_a_number_crossed_with_groups_is_a_curve_each_and_small_ones_are_hidden(made):
    found = quiet(*made[:2], "p@3", made[2], by=[["sex", "age"]])
    assert found.numbers == [["age", "sex"]]
    status = dict(found.curves.select("group", "status").unique().filter(group="X").rows())
    assert status == {"X": "hidden: fewer than 11 people"}
    assert found.curves.filter(group="X")["value"].null_count() == 1
    assert found.curves.filter(group="F", status="estimated").height == 20


def test_values_that_are_no_number_are_on_no_curve_and_are_counted(made):
    some = made[2].with_columns(age=pl.col("age").cast(pl.String).replace("20", "twenty"))
    found = quiet(*made[:2], "p@3", some, by=["age"])
    assert found.curves["n"].unique().to_list() == [87]
    assert dict(found.notes.select("what", "count").rows())["people whose 'age' is no number"] == 3


def test_gaps_are_the_largest_differences_of_means_with_p_values_of_holm(made):
    from statsmodels.stats.multitest import multipletests

    found = quiet(*made[:2], "ndcg@5,p@3", made[2], by=["region", "sex", "age"], bands={"age": [35]})
    gaps, each = found.gaps, found.per_query
    assert gaps["attribute"].to_list() == ["region", "region", "sex", "sex", "age", "age"]
    np.testing.assert_allclose(
        gaps["p_adjusted"], multipletests(gaps["p_value"], method="holm")[1], atol=1e-9
    )
    assert gaps["p_adjusted"].min() == pytest.approx(6 * gaps["p_value"].min())
    for row in gaps.rows(named=True):
        known = each.drop_nulls(row["metric"]).filter(
            pl.col("sex") != "X" if row["attribute"] == "sex" else True
        )
        means = dict(known.group_by(row["attribute"]).agg(pl.col(row["metric"]).mean()).rows())
        assert row["value"] == pytest.approx(max(means.values()) - min(means.values()), abs=1e-9)
        assert means[row["high"]] == max(means.values())
    assert gaps.filter(attribute="age")["p_adjusted"].max() < 0.01
    assert gaps.filter(attribute="sex")["left_out"].to_list() == ["X", "X"]


def test_the_gap_of_a_measure_of_yes_and_no_is_tested_as_a_rate(made):
    found = quiet(*made[:2], "hit_rate@2", made[2], by=["region"])
    people = found.per_query.drop_nulls()
    test = gap_test(people, ["region"], prediction="hit_rate@2", min_group=11)
    assert found.gaps["p_value"].item() == test.p_value
    assert found.gaps["ci_high"].item() == pytest.approx(test.ci_high, abs=1e-12)


def test_who_is_in_no_group_is_in_no_gap(made):
    some = made[2].with_columns(region=pl.when(pl.col("age") < 30).then("region"))
    gaps = quiet(*made[:2], "p@3", some, by=["region"]).gaps
    assert (gaps["groups"].item(), gaps["left_out"].item()) == (0, "north, south, west")
    assert gaps["reason"].item().startswith("not estimable: 0 groups")


def test_a_measure_that_nobody_has_gives_no_gap_and_no_curve(made):
    nothing = made[1].with_columns(relevance=0)
    found = quiet(made[0], nothing, "map", made[2], by=["region", "age"])
    assert found.gaps["reason"].item() == "not estimable: nobody has a value"
    assert found.curves.height == 0


def test_exposure_of_a_group_is_the_sum_of_that_of_its_items(made):
    run, qrels, _, items = made
    shown = quiet(run, qrels, "p@3", items=items, item_group="sector").exposure
    each = exposure_of_items(run.with_columns(all=pl.lit("a")), ["all"], "person_id", "item", "rank")
    by_sector = each.join(items, on="item").group_by("sector").agg(pl.col("value").sum())
    expected = {name or "unknown": value / each["value"].sum() for name, value in by_sector.rows()}
    for name, value in shown.select("group", "exposure").rows():
        assert value == pytest.approx(expected[name], abs=1e-9)
    relevant = qrels.filter(relevance=1).join(items, on="item")["sector"].fill_null("unknown").value_counts()
    assert dict(shown.select("group", "relevant_items").rows()) == dict(relevant.rows())
    assert shown["catalogue"].to_list() == [0.25, 0.5, 0.25]
    np.testing.assert_allclose(shown["relevant"].sum(), 1, atol=1e-9)
    ratio = shown["exposure"] / shown["relevant"]
    np.testing.assert_allclose(shown["exposure_to_relevant"], ratio, atol=1e-12)


def test_items_that_are_relevant_to_nobody_have_no_ratio_to_what_is_relevant(made):
    run, qrels, _, items = made
    own = items.with_columns(sector=pl.when(item="i03").then(pl.lit("rare")).otherwise("sector"))
    new = pl.concat([own, pl.DataFrame({"item": ["i99"], "sector": ["never listed"]})])
    nobody = qrels.with_columns(relevance=pl.when(item="i03").then(0).otherwise("relevance"))
    shown = quiet(run, nobody, "p@3", items=new, item_group="sector").exposure
    ratios = dict(shown.select("group", "exposure_to_relevant").rows())
    assert shown.filter(group="rare")["exposure"].item() > 0
    assert ratios["rare"] is ratios["never listed"] is None
    assert ratios["care"] > 0


def test_the_interval_of_exposure_covers_what_is_true():
    from bobanalysis.evaluation import prepare
    from bobanalysis.evaluation.by_group import exposure
    from bobanalysis.evaluation.summary import _catalogue

    rng, covered, tries = np.random.default_rng(2), 0, 200
    items = _catalogue(pl.DataFrame({"item": ["a", "b"], "kind": ["a", "b"]}))
    truth = 0.7 + 0.3 / (1 + 1 / np.log2(3))  # 70 % have a alone
    truth = (0.7 + 0.3 / np.log2(3)) / (1 + 0.3 / np.log2(3))  # the others have b first, a second
    for _ in range(tries):
        both = rng.random(40) < 0.3
        rows = [(f"p{n:02}", "a", 1 + two) for n, two in enumerate(both)]
        rows += [(f"p{n:02}", "b", 1) for n, two in enumerate(both) if two]
        run = pl.DataFrame(rows, ["query", "item", "rank"], orient="row")
        low, high = exposure(prepare(run), items, "kind").select("ci_low", "ci_high").row(0)
        covered += low <= truth <= high
    assert covered / tries >= 0.91


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bands": {"age": [50, 25]}}, "bands of 'age': 50, 25 do not rise; write the lowest limit first"),
        ({"bands": {"height": [1]}}, "bands: 'height' is no column of groups; there are: age, region, sex"),
        ({"bands": {"region": [1]}}, "column 'region' does not hold numbers, but 'north', 'south', 'west'"),
        ({"by": [["age", "size"]]}, "age and size are numbers of many values; give bands for one"),
        ({"item_group": "sector"}, "item_group needs items="),
        ({"by": ["nothing"]}, "column 'nothing' has no value for anybody evaluated; leave it out"),
    ],
)
def test_what_cannot_be_grouped_by_is_refused_with_column_and_value(made, options, message):
    groups = made[2]
    groups = (
        groups.with_columns(size=pl.col("age") * 2, nothing=pl.lit(None, pl.String))
        if "by" in options
        else groups
    )
    with pytest.raises(InputError, match=message):
        quiet(*made[:2], "p@3", groups, **options)


def test_groups_of_nobody_evaluated_are_refused_with_two_ids(made):
    other = made[2].with_columns(pl.col("person_id").str.to_uppercase())
    with pytest.raises(EvaluationError, match="has nobody who is evaluated: 'P00' there, 'p00' in the run"):
        quiet(*made[:2], "p@3", other)


def test_a_group_called_as_a_measure_is_refused(made):
    with pytest.raises(EvaluationError, match="rename 'map'; a measure is called that"):
        quiet(*made[:2], "map", made[2].rename({"sex": "map"}))


@pytest.fixture(scope="module")
def born(made):
    """The people with a date of birth, of which half had their birthday this year on 30 June 2026."""
    months = pl.Series([3, 9] * (PEOPLE // 2))
    years = 2026 - pl.col("age") - (months > 6).cast(pl.Int64)
    return made[2].select("person_id", "age", birth=pl.date(years, months, 15))


def test_a_date_of_birth_is_an_age_in_completed_years_on_a_day(made, born):
    for given in ("2026-06-30", date(2026, 6, 30)):
        by_birth = quiet(*made[:2], "p@3", born, by=["birth"], on=given).curves
        by_age = quiet(*made[:2], "p@3", born, by=["age"]).curves
        assert by_birth.drop("attribute").equals(by_age.drop("attribute"))
    later = quiet(*made[:2], "p@3", born, by=["birth"], on="2026-12-31").curves
    assert later["at"].to_list() == [float(age) for age in range(20, 51)]


def test_ages_of_dates_are_cut_into_bands_and_the_day_is_told(made, born):
    found = quiet(*made[:2], "p@3", born, by=["birth"], bands={"birth": [25, 40]}, on="2026-06-30")
    assert found.table["birth"].to_list() == ["everyone", "under 25", "25–39", "40 and over"]
    told = dict(found.notes.select("what", "meaning").rows())["dates in 'birth'"]
    assert told == "'birth' is a date of birth: age in completed years on 2026-06-30."


@pytest.mark.parametrize(
    ("on", "message"),
    [
        (None, "column 'birth' holds dates; --on 2026-01-31 takes the age on that day"),
        ("31/01/2026", "--on 31/01/2026: write a day as 2026-01-31"),
    ],
)
def test_dates_without_a_day_are_refused_as_an_audit_refuses_them(made, born, tmp_path, on, message):
    with pytest.raises(InputError, match=message):
        quiet(*made[:2], "p@3", born, by=["birth"], on=on)
    born.with_columns(told=True).write_csv(tmp_path / "people.csv")
    with pytest.raises(InputError, match=message):
        audit_file(tmp_path / "people.csv", by=["birth"], prediction="told", on=on)


def test_a_day_without_dates_of_birth_is_refused_in_both_commands(made, tmp_path):
    with pytest.raises(InputError, match=r"--on 2026-06-30: .*sex hold no dates of birth"):
        quiet(*made[:2], "p@3", made[2], by=["sex"], on="2026-06-30")
    made[2].with_columns(told=True).write_csv(tmp_path / "people.csv")
    with pytest.raises(InputError, match="--on 2026-06-30: sex hold no dates of birth"):
        audit_file(tmp_path / "people.csv", by=["sex"], prediction="told", on="2026-06-30")


# --- protected ----------------------------------------------------------------------------------------------


def possible(each, shown, counts, cell):
    """Between which numbers the people of a group lie, as somebody reckons who has all numbers shown.

    ``each``: labels of all people; ``shown``: conditions whose number is known; ``cell``: the condition.
    """
    kinds = each.unique(maintain_order=True).to_dicts()
    holds = lambda asked: [float(asked.items() <= kind.items()) for kind in kinds]  # noqa: E731
    matrix, aim = np.array([holds(asked) for asked in shown]), np.array(holds(cell))
    ends = [linprog(way * aim, A_eq=matrix, b_eq=counts, bounds=(0, None)) for way in (1, -1)]
    return [end.fun * way if end.status == 0 else np.inf for end, way in zip(ends, (1, -1), strict=True)]


@pytest.fixture(scope="module")
def small(made):
    """An evaluation whose sexes and sexes by region have small groups, protected and not."""
    asked = {"by": ["sex", "region", ["sex", "region"]]}
    return [quiet(*made[:2], "p@3,map", made[2], **asked, protect=on) for on in (True, False)]


def test_a_small_group_is_not_the_total_less_the_others(small):
    shown, plain = (one.table.filter(metric="p@3", region="everyone") for one in small)
    assert plain.filter("suppressed")["sex"].to_list() == ["X"]
    assert shown.filter("suppressed")["sex"].to_list() == ["M", "X"]
    hidden = shown.filter("suppressed").select("n", "undefined", "value", "ci_low", "ci_high")
    assert hidden.null_count().sum_horizontal().item() == 10
    assert shown.filter(~pl.col("suppressed")).equals(plain.filter(pl.col("sex").is_in(["everyone", "F"])))


@pytest.mark.parametrize("metric", ["p@3", "map"])
def test_no_small_number_follows_from_all_tables_together(small, metric):
    shown, plain = (one.table.filter(metric=metric).select("sex", "region", "n") for one in small)
    each = small[0].per_query.drop_nulls(metric).select("sex", "region")
    conditions = [{k: v for k, v in row.items() if k != "n" and v != "everyone"} for row in shown.to_dicts()]
    known = [at for at, n in enumerate(shown["n"]) if n is not None]
    tight = 0
    for at, n in enumerate(plain["n"]):
        if 0 < n < 11:
            low, high = possible(
                each, [conditions[k] for k in known], plain["n"].gather(known), conditions[at]
            )
            assert high - low >= 10
            tight += 1
    assert tight >= 1


def test_a_group_of_few_with_a_value_is_hidden_with_another(made):
    run, qrels, groups, _ = made
    south = groups.filter(pl.col("region") == "south")["person_id"][4:]
    some = qrels.with_columns(
        relevance=pl.when(pl.col("person_id").is_in(south.implode())).then(0).otherwise("relevance")
    )
    found = quiet(run, some, "p@3,map", groups, by=["region"], protect=True)
    hidden = found.table.filter("suppressed").select("metric", "region").rows()
    assert len({region for _, region in hidden}) == 2
    assert {metric for metric, _ in hidden} == {"p@3", "map"}
    assert "south" in {region for _, region in hidden}


def test_gaps_are_between_groups_that_are_shown(small):
    gaps = small[0].gaps.filter(pl.col("attribute") != "region")
    assert gaps["left_out"].drop_nulls().str.contains("X").any() is False
    labels = {*gaps["high"].drop_nulls(), *gaps["low"].drop_nulls()}
    assert not labels & small[0].hidden["sex",]
    assert not labels & small[0].hidden["sex", "region"]
    assert (
        small[0]
        .gaps.filter(attribute="region")
        .drop("p_adjusted")
        .equals(small[1].gaps.filter(attribute="region").drop("p_adjusted"))
    )


def test_curves_of_groups_that_give_a_small_one_away_are_hidden_and_no_number_of_people_is_shown(made):
    found = quiet(*made[:2], "p@3", made[2], by=["age", ["sex", "age"]], protect=True).curves
    status = dict(found.select("group", "status").unique(maintain_order=True).rows())
    assert status["M"] == status["X"] == "hidden: fewer than 11 people, or such could be worked out"
    assert found.filter(pl.col("group").is_in(["M", "X"]))["value"].null_count() == 2
    assert found.filter(group="F", status="estimated").height == 14  # of 20 ages three at each end are few
    assert found["n"].null_count() == found.height
    alone = quiet(*made[:2], "p@3", made[2], by=["age"], protect=True)
    assert alone.curves["n"].null_count() == alone.curves.height > 0


def test_people_of_no_number_are_not_counted_where_small_groups_are_hidden(made):
    some = made[2].with_columns(age=pl.col("age").cast(pl.String).replace("20", "twenty"))
    found = quiet(*made[:2], "p@3", some, by=["age"], bands={"age": [35]}, protect=True)
    assert found.table.filter("suppressed").height == 2
    assert not found.notes["what"].str.contains("no number").any()
    reason = "fewer than 11 people, or such could be worked out"
    assert ("groups hidden", 2, reason) in found.notes.rows()


def test_items_shown_to_few_are_hidden_with_what_they_could_be_worked_out_from(made):
    run, qrels, _, items = made
    rare = run.filter(~((pl.col("item") == "i03") & (pl.col("person_id") > "p20")))
    kinds = items.with_columns(
        sector=pl.when(pl.col("item") == "i03").then(pl.lit("rare")).otherwise("sector")
    )
    shown, plain = (
        quiet(rare, qrels, "p@3", items=kinds, item_group="sector", protect=on).exposure
        for on in (True, False)
    )
    assert plain["exposure"].null_count() == 0
    lost = shown.filter(pl.col("exposure").is_null())
    assert "rare" in lost["group"].to_list()
    assert lost.height >= 2
    assert shown.drop_nulls("exposure").equals(plain.filter(~pl.col("group").is_in(lost["group"].implode())))
    others = lost.drop("group", "items", "catalogue")
    assert others.null_count().sum_horizontal().item() == others.width * others.height


def test_runs_are_not_compared_where_the_few_unpaired_could_be_worked_out(made):
    run, qrels = made[:2]
    runs = {"one": run, "two": run.filter(pl.col("person_id") != "p07")}
    for on in (False, True):
        both = {k: quiet(r, qrels, "judged@3", protect=on) for k, r in runs.items()}
        told = compare(both, replicates=100)
        assert told.select("n", "unpaired").row(0) == ((None, None) if on else (89, 1))
        assert told["value"].null_count() == on


def test_so_few_people_that_all_would_be_hidden_are_refused(made):
    few = made[0].filter(pl.col("person_id") < "p08")
    with pytest.raises(ValueError, match="so few people that even their number gives groups below 11 away"):
        quiet(few, made[1], "p@3", made[2], by=["region"], missing="skip", protect=True)


# --- the command --------------------------------------------------------------------------------------------


def call(*arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, ["run.csv", "qrels.csv", *arguments], env={"COLUMNS": "80"})


def write(made, folder):
    for frame, name in zip(made, ("run", "qrels", "people", "items"), strict=True):
        frame.write_csv(folder / f"{name}.csv")


@pytest.fixture
def called(made, tmp_path, monkeypatch):
    """Call the command in a folder with the files run, qrels, people and items."""
    write(made, tmp_path)
    monkeypatch.chdir(tmp_path)
    return call


EVERYTHING = (
    *(
        "--groups",
        "people.csv",
        "--by",
        "age",
        "--by",
        "region",
        "--cross",
        "sex,region",
        "--metrics",
        "ndcg@5,P@3",
    ),
    *("--items", "items.csv", "--item-group", "sector", "--compare", "other.csv"),
)


@pytest.fixture
def other(made, called):
    made[0].with_columns(rank=7 - pl.col("rank")).write_csv("other.csv")


def test_the_json_has_the_published_shape_and_its_command_gives_it_again(called, other, tmp_path):
    done = called(*EVERYTHING, "--output", "result.json", "--output", "table.csv")
    assert done.exit_code == 0, done.output
    first = (tmp_path / "result.json").read_text("utf-8")
    found = json.loads(first)
    schema = json.loads((resources("bobanalysis.evaluation") / "evaluation.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found, schema)
    assert {*found["tables"]} == {"measures", "gaps", "curves", "exposure", "comparison"}
    assert [file["role"] for file in found["files"]] == ["run", "compare", "qrels", "groups", "items"]
    assert {"columns": ["age"], "kind": "curve"} in found["attributes"]
    assert len(found["tables"]["gaps"]) == 4
    assert len({row["at"] for row in found["tables"]["curves"]}) == 30
    assert pl.read_csv("table.csv").height == len(found["tables"]["measures"])
    words = found["command"].split()
    assert words[:4] == ["bobanalysis", "evaluate", "run.csv", "qrels.csv"]
    assert called(*words[4:], "--output", "again.json").exit_code == 0
    assert (tmp_path / "again.json").read_text("utf-8") == first


def test_a_curve_that_ends_before_others_is_not_said_to_be_not_estimable(called):
    said = " ".join(called("--groups", "people.csv", "--cross", "age,sex", "--metrics", "p@3").output.split())
    assert "p@3 along 'age', X: hidden" in said
    assert "not estimable" not in said


def test_a_group_keeps_a_name_that_reads_like_markup_or_an_emoji(called, tmp_path):
    people = pl.read_csv("people.csv").with_columns(sex=pl.lit(":smile:"), region=pl.lit("[red]"))
    people.write_csv("named.csv")
    told = called("--groups", "named.csv", "--by", "sex", "--by", "region", "--metrics", "p@3").output
    assert ":smile:" in told
    assert "[red]" in told


def test_the_digest_of_a_file_in_the_json_is_that_of_its_bytes(called, tmp_path):
    from hashlib import sha256

    assert called("--output", "result.json").exit_code == 0
    for file in json.loads((tmp_path / "result.json").read_text("utf-8"))["files"]:
        assert file["sha256"] == sha256((tmp_path / file["name"]).read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def result(made, tmp_path_factory):
    """The JSON of an evaluation by group, as text."""
    folder = tmp_path_factory.mktemp("result")
    write(made, folder)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        assert call("--groups", "people.csv", "--metrics", "p@3", "--output", "r.json").exit_code == 0
    return (folder / "r.json").read_text("utf-8")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.pop("command"),
        lambda found: found["tables"]["gaps"][0].update(p_value=2),
        lambda found: found["tables"]["measures"][0].update(n="many"),
        lambda found: found["files"][0].update(sha256="?"),
        lambda found: found["tables"]["curves"][0].pop("band_low"),
    ],
)
def test_the_schema_refuses_what_is_not_of_its_shape(result, spoil):
    found = json.loads(result)
    schema = json.loads((resources("bobanalysis.evaluation") / "evaluation.schema.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    spoil(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema)


def test_the_command_prints_curves_gaps_and_exposure_within_eighty_columns(called, other):
    done = called(*EVERYTHING)
    assert done.exit_code == 0, done.output
    printed = done.output.split("note:")[0]
    assert max(map(len, printed.splitlines())) <= 80
    for head in (
        "┃age┃ value┃band_low┃band_high┃",
        "┃   gap┃ci_low┃ci_high┃high",
        "┃group  ┃items┃exposure┃ci_low",
    ):
        assert head in printed
    assert "p adjusted by Holm for all measures and attributes" in done.output
    assert "a curve without bins; --bands age=25,35,50 gives bands" in " ".join(done.output.split())


def test_the_command_takes_bands(called):
    done = called("--groups", "people.csv", "--by", "age", "--bands", "age=25,35", "--metrics", "p@3")
    assert "25–34" in done.output
    each = called("--groups", "people.csv", "--by", "age", "--bands", "age=", "--metrics", "p@3")
    assert "hidden" in each.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--by", "regoin"),
            "people.csv has no column 'regoin' (did you mean 'region'?); it has: person_id",
        ),
        (("--bands", "age=35,25"), "bands of 'age': 35, 25 do not rise; write the lowest limit first"),
        (("--bands", "age=old"), "--bands age=old: write it as --bands age=25,35,50"),
        (("--items", "items.csv", "--item-group", "size"), "items.csv: no column 'size' to group items by"),
        (("--item-group", "sector"), "--item-group needs --items"),
        (("--groups", "double.csv"), "double.csv: person_id 'p00' stands there more than once"),
        (
            ("--groups", "strangers.csv"),
            "strangers.csv: column 'person_id' has nobody who is evaluated: 'xp00'",
        ),
        (
            ("--groups", "empty.csv", "--by", "sex"),
            "empty.csv: column 'sex' has no value for anybody evaluated",
        ),
        (("--compare", "twice.csv"), "twice.csv: query 'p00' has two items of rank 1"),
        (("--output", "people.csv"), "people.csv would overwrite the input people.csv"),
    ],
)
def test_bad_inputs_end_in_a_sentence_that_names_file_and_column(made, called, arguments, message):
    run, _, groups, _ = made
    pl.concat([groups, groups]).write_csv("double.csv")
    groups.with_columns(person_id=pl.format("x{}", "person_id")).write_csv("strangers.csv")
    groups.with_columns(sex=pl.lit(None, pl.String)).write_csv("empty.csv")
    run.with_columns(rank=1).write_csv("twice.csv")
    usual = [] if "--groups" in arguments else ["--groups", "people.csv"]
    done = called(*usual, *arguments)
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output


@pytest.mark.parametrize("option", [("--bands", "age=30"), ("--on", "2026-01-31")])
def test_what_is_asked_of_people_needs_groups(called, option):
    assert f"{option[0]} needs --groups" in called(*option).output


def test_the_command_takes_the_age_on_a_day(born, called):
    born.drop("age").write_csv("born.csv")
    asked = ("--groups", "born.csv", "--by", "birth", "--metrics", "p@3")
    done = called(*asked, "--on", "2026-06-30", "--output", "r.json")
    assert done.exit_code == 0, done.output
    found = json.loads(Path("r.json").read_text("utf-8"))
    assert "--on 2026-06-30" in found["command"]
    assert found["tables"]["curves"][-1]["at"] == 49
    assert "column 'birth' holds dates; --on 2026-01-31" in " ".join(called(*asked).output.split())


def test_texts_for_not_known_in_a_file_of_groups_are_no_group(made, called):
    groups = made[2].with_columns(region=pl.col("region").replace({"west": "NA", "south": ""}))
    groups.write_csv("some.csv")
    done = called("--groups", "some.csv", "--by", "region", "--metrics", "p@3", "--output", "r.csv")
    assert done.exit_code == 0, done.output
    assert dict(pl.read_csv("r.csv").select("region", "n").rows()) == {
        "everyone": 90,
        "north": 30,
        "unknown": 60,
    }


def test_no_common_query_is_told_with_the_file_and_two_ids(made, called):
    made[0].with_columns(pl.col("person_id").str.to_uppercase()).write_csv("run.csv")
    done = called()
    assert done.exit_code == 2
    text = " ".join(done.output.split())
    assert "run.csv: it and the qrels share no query: 'P00' in the run, 'p00' in the qrels" in text


def test_prepared_lists_print_as_a_table(made):
    from bobanalysis.evaluation import prepare

    lists = prepare(*made[:2])
    assert str(lists) == str(lists.rows)
    assert "<table" in lists._repr_html_()


def test_a_protected_curve_ends_where_eleven_people_are(made):
    shown, hidden = (quiet(*made[:2], "p@3", made[2], by=["age"], protect=p).curves for p in (False, True))
    assert (shown["at"].min(), shown["at"].max()) == (20, 49)
    assert (hidden["at"].min(), hidden["at"].max()) == (23, 46)  # three people of each age


def test_the_command_protects_every_table_it_writes(called, other, tmp_path):
    done = called(*EVERYTHING, "--by", "sex", "--protect", "--output", "r.json", "--output", "r.csv")
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))
    schema = json.loads((resources("bobanalysis.evaluation") / "evaluation.schema.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    rows = [row for row in found["tables"]["measures"] if row["sex"] == "M" and row["region"] == "everyone"]
    assert [(row["n"], row["value"]) for row in rows] == [(None, None)] * 2
    table = pl.read_csv("r.csv").filter(sex="M", region="everyone")
    assert table["n"].null_count() == table["value"].null_count() == 2
    assert re.search(r"│M\s*│\s*│\s*│\s*hidden│", done.output)
    assert "--protect" in found["command"]
    refused = called("--protect", "--per-query", "each.csv")
    assert "--protect does not reach what --per-query shows" in " ".join(refused.output.split())


def test_of_many_groups_those_with_the_lowest_and_highest_values_are_printed(called):
    ids = [f"q{n:04}" for n in range(600)]
    items = pl.DataFrame({"person_id": ids, "item": ["x"] * 600})
    items.with_columns(rank=1).write_csv("one.csv")
    share = pl.Series([n % 15 < n // 15 // 3 for n in range(600)]).cast(int)
    items.with_columns(relevance=share).write_csv("judged.csv")
    pl.DataFrame({"person_id": ids, "town": [f"t{n // 15:02}" for n in range(600)]}).write_csv("towns.csv")
    app = typer.Typer()
    app.command()(command)
    words = ["one.csv", "judged.csv", "--metrics", "p@1,p@2", "--groups", "towns.csv"]
    done = CliRunner().invoke(app, [*words, "--output", "all.json"], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    table = done.output.split("┏")[2]
    assert re.findall(r"t\d\d", table)[:3] == ["t00", "t01", "t02"]
    assert len(re.findall(r"t\d\d", table)) == 2 * 6
    assert "3 lowest and highest each, of 80 lines, 0 without value" in table
    assert max(map(len, table.splitlines())) <= 80
    assert len(json.loads(Path("all.json").read_text("utf-8"))["tables"]["measures"]) == 2 * 41


def test_by_takes_columns_by_themselves_and_cross_crosses_them(called):
    for words, kinds in (
        (("--by", "region,sex"), [["region"], ["sex"]]),
        (("--by", "sex", "--cross", "region,sex"), [["sex"], ["region", "sex"]]),
    ):
        done = called("--groups", "people.csv", *words, "--metrics", "p@3", "--output", "r.json")
        assert done.exit_code == 0, done.output
        found = json.loads(Path("r.json").read_text("utf-8"))["attributes"]
        assert [one["columns"] for one in found] == kinds


def test_curves_of_many_small_groups_are_told_in_one_note(called, made):
    people = made[2].with_columns(town=pl.format("t{}", pl.int_range(pl.len()) % 40))
    people.write_csv("towns.csv")
    done = called("--groups", "towns.csv", "--cross", "age, town", "--metrics", "p@3")
    assert done.exit_code == 0, done.output
    said = [line for line in done.output.splitlines() if "hidden: fewer than 11" in line]
    assert len(said) == 1
    assert said[0].startswith("note: p@3 along 'age', t0, t1, t10, t11,")
