"""Files published elsewhere, good and bad, as the command and Python read them."""

import gzip
import re

import numpy as np
import polars as pl
import pytest
import typer
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from bobanalysis.fairness import audit_file, group_metrics
from bobanalysis.fairness.cli import audit
from bobanalysis.tables import InputError

app = typer.Typer()
app.command()(audit)

# ProPublica, "How We Analyzed the COMPAS Recidivism Algorithm" (2016), contingency tables:
# survived low, survived high, recidivated low, recidivated high
COMPAS = {"African-American": (990, 805, 532, 1369), "Caucasian": (1139, 349, 461, 505)}


def compas():
    rows = []
    for race, (a, b, c, d) in COMPAS.items():
        rows += [(race, "Low", 0)] * a + [(race, "High", 0)] * b
        rows += [(race, "Low", 1)] * c + [(race, "Medium", 1)] * d
    return pl.DataFrame(rows, schema=["race", "score_text", "two_year_recid"], orient="row")


@pytest.fixture
def write(tmp_path):
    def put(text, name="file.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return put


def value(found, metric, **groups):
    return found.entries[0]["measures"].filter(metric=metric, **groups)["value"].item()


def test_compas_gives_the_published_error_rates(tmp_path):
    path, out = tmp_path / "compas.csv", tmp_path / "out.csv"
    compas().write_csv(path)
    said = CliRunner().invoke(
        app,
        [
            *(str(path), "--groups", "race", "--prediction", "score_text=High,Medium"),
            *("--outcome", "two_year_recid", "--output", str(out), "--lang", "en"),
        ],
    )
    assert said.exit_code == 0, said.output
    found = {
        (metric, race): rate
        for metric, race, rate in pl.read_csv(out).select("metric", "race", "value").rows()
    }
    published = {
        ("false_positive_rate", "African-American"): 0.4485,
        ("false_positive_rate", "Caucasian"): 0.2345,
        ("false_negative_rate", "African-American"): 0.2799,
        ("false_negative_rate", "Caucasian"): 0.4772,
        ("positive_predictive_value", "African-American"): 0.63,
        ("positive_predictive_value", "Caucasian"): 0.59,
    }
    for key, rate in published.items():
        assert found[key] == pytest.approx(rate, abs=0.005 if "pred" in key[0] else 0.00006), key
    assert "False positive rate" in said.output
    assert "44.8%" in said.output


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("1", "0"),
        ("1.0", "0.0"),
        ("True", "False"),
        ("TRUE", "FALSE"),
        ("yes", "No"),
        ("Oui", "Non"),
        ("Y", "N"),
    ],
)
def test_yes_and_no_are_read_in_every_usual_way(write, yes, no):
    path = write("sex,told\n" + f"F, {yes} \nF,{no}\nM,{no}\n" * 20)
    found = audit_file(path, ["sex"], prediction="told")
    assert value(found, "selection_rate", sex="F") == 0.5
    assert value(found, "selection_rate", sex="M") == 0


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_separators_and_encodings_are_found(write, mark, encoding):
    rows = [["région de vie", "reçu"], *[["Île-de-France", "oui"], ["Bretagne", "non"]] * 20]
    path = write("\r\n".join(mark.join(row) for row in rows) + "\r\n", encoding=encoding)
    found = audit_file(path, ["région de vie"], prediction="reçu")
    assert found.rows == 40
    assert value(found, "selection_rate", **{"région de vie": "Île-de-France"}) == 1
    assert bool(found.notes) == (encoding == "cp1252")


def test_texts_for_unknown_are_one_group_kept_apart_and_values_may_have_spaces(write):
    path = write("race,told\n" + ' "Black or African American", 1\nN/A,1\n,0\n ? ,0\nUnknown,1\n' * 20)
    found = audit_file(path, ["race"], prediction="told").entries[0]
    counts = found["measures"].filter(metric="selection_rate")
    assert counts.select("race", "n", "value").rows() == [
        ("Black or African American", 20, 1.0),
        ("unknown", 80, 0.5),
    ]


def test_the_texts_for_unknown_can_be_named(write):
    path = write("country,told\n" + "NA,1\nFR,0\n-,1\n" * 20)
    found = audit_file(path, ["country"], prediction="told", missing=("-",))
    assert found.entries[0]["measures"].filter(metric="selection_rate")["country"].to_list() == [
        "FR",
        "NA",
        "unknown",
    ]


def test_numbers_with_a_decimal_comma_are_read_where_semicolons_part_the_columns(write):
    path = write("g;poids;score\n" + "a;0,5;1,25\na;1,5;2\n" * 20)
    assert value(audit_file(path, ["g"], score="score", weight="poids"), "mean_score", g="a") == 1.8125


def test_groups_that_are_whole_numbers_stand_in_their_order_and_codes_stay_text(write):
    path = write("decile,dep,told\n" + "".join(f"{d},01,1\n" * 12 for d in (10, 9, 2, 1)))
    table = audit_file(path, ["decile", "dep"], prediction="told").entries[0]["measures"]
    deciles = table.filter(metric="selection_rate")
    assert deciles["decile"].to_list() == ["1", "2", "9", "10"]
    assert set(deciles["dep"]) == {"01"}


def test_quoted_separators_and_line_breaks_are_part_of_the_value(write):
    path = write("job,told\n" + '"nurse, night",1\n"sales\nclerk",0\n' * 20)
    assert value(audit_file(path, ["job"], prediction="told"), "selection_rate", job="nurse, night") == 1


def test_a_doubled_column_is_read_once_and_said(write):
    path = write("g,told,told\n" + "a,1,0\n" * 20)
    found = audit_file(path, ["g"], prediction="told")
    assert value(found, "selection_rate", g="a") == 1
    assert any("more than once" in english for english in (note.en for note in found.notes))


def test_csv_parquet_and_frames_agree_whatever_the_batches(tmp_path, monkeypatch):
    from bobanalysis import tables

    rng, n = np.random.default_rng(3), 30_000
    table = pl.DataFrame(
        {
            "age": rng.choice(["16-24", "25-49", "50+"], n),
            "told": rng.random(n) < 0.3,
            "hired": rng.integers(0, 2, n),
            "score": rng.normal(50, 10, n),
            "w": rng.gamma(2, 1, n),
        }
    )
    table.write_csv(tmp_path / "t.csv")
    table.write_parquet(tmp_path / "t.parquet")
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        file.write((tmp_path / "t.csv").read_bytes())
    monkeypatch.setattr(tables.Table.batches, "__defaults__", (None, 777))
    roles = {"prediction": "told", "outcome": "hired", "score": "score", "weight": "w"}
    expected = group_metrics(table, ["age"], **roles)
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        found = audit_file(tmp_path / name, ["age"], **roles).entries[0]["measures"]
        assert found.select("metric", "age", "n").equals(expected.select("metric", "age", "n"))
        for column in ("value", "ci_low", "difference", "difference_high", "ratio"):
            np.testing.assert_allclose(
                found[column].fill_null(-9), expected[column].fill_null(-9), rtol=1e-9, atol=1e-12
            )


def test_a_counted_table_counts_as_its_people(write):
    counted = write("sex,applicants,taken\nF,50,12\nM,40,20\n")
    found = audit_file(counted, ["sex"], count="applicants", selected="taken")
    assert found.people == 90
    assert found.entries[0]["impact"].select("category", "n", "rate", "impact_ratio").rows()[:2] == [
        ("F", 50, 0.24, 0.48),
        ("M", 40, 0.5, 1.0),
    ]


def test_a_score_without_decision_gives_scoring_rates_and_calibration(write):
    rows = [("a", d, int(d > 5)) for d in range(1, 11)] * 12 + [("b", d, 0) for d in range(1, 6)] * 24
    path = write("g,decile,again\n" + "".join(f"{g},{d},{y}\n" for g, d, y in rows))
    found = audit_file(path, ["g"], score="decile", outcome="again")
    assert found.entries[0].by_median
    assert found.entries[0]["impact"].filter(category="b")["rate"].item() == pytest.approx(
        1 / 5
    )  # the median is 4
    same = found.entries[0]["calibration"].filter(metric="base_rate", g="a")
    assert same["item"].to_list() == [str(d) for d in range(1, 11)]
    assert same["value"].to_list() == [0.0] * 5 + [1.0] * 5


def test_the_reference_can_be_one_label_a_column(tmp_path):
    path, out = tmp_path / "t.csv", tmp_path / "o.csv"
    path.write_text("a,b,told\n" + "x,1,1\nx,2,0\ny,1,0\n" * 12)
    said = CliRunner().invoke(
        app,
        [str(path), "--groups", "a,b", "--prediction", "told", "--reference", "x,2", "--output", str(out)],
    )
    assert said.exit_code == 0, said.output
    assert set(pl.read_csv(out)["reference"]) == {"x × 2"}


GOOD = "sex,told,hired,w\n" + "F,1,0,1\nM,0,1,2\n" * 20


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (b"", {"prediction": "told"}, r"empty \(0 bytes\)"),
        ("\n  \n", {"prediction": "told"}, "no header"),
        ("sex,told\n", {"prediction": "told"}, "no rows"),
        (GOOD, {"prediction": "tolt"}, r"no column 'tolt' \(did you mean 'told'\?\); it has: sex, told"),
        (
            GOOD.replace("F,1,0,1", "F,1,0,-3"),
            {"prediction": "told", "weight": "w"},
            r"column 'w', row 1: '-3' is neg",
        ),
        (
            GOOD.replace("M,0,1,2", "M,0,1,"),
            {"prediction": "told", "weight": "w"},
            r"column 'w', row 2: '' is missing",
        ),
        (
            GOOD.replace("M,0,1,2", "M,0,1,x"),
            {"prediction": "told", "weight": "w"},
            "row 2: 'x' is not a finite",
        ),
        (
            GOOD + "M,0,-1,2\n",
            {"prediction": "told", "outcome": "hired"},
            r"'hired' must be yes or no .* has 3 values: .*'-1' \(1 rows\).*hired=1",
        ),
        (
            GOOD.replace(",1,", ",NA,").replace(",0,", ",,"),
            {"prediction": "told"},
            "'told' is unknown in every row",
        ),
        (GOOD + "M,0", {"prediction": "told"}, "row 41: 'M,0' has 2 fields, not 4.*cut short"),
        (GOOD + "M,0,1,2,5\n", {"prediction": "told"}, "row 41: .* has 5 fields"),
        (b"PK\x03\x04 zip", {"prediction": "told"}, "spreadsheet"),
        (GOOD.encode() + b"\x00", {"prediction": "told"}, "binary"),
        (GOOD, {}, "nothing to measure"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(write, text, options, message):
    path = write(text)
    with pytest.raises(InputError, match=message):
        audit_file(path, ["sex"], **options)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("13,74", "'13,74' is not a finite number; write 13.74"),
        ("1,250", "'1,250' is not a finite number; write 1.250, or 1250"),
        ("1,250,000.5", "'1,250,000.5' is not a finite number; write 1250000.5"),
        ("many", "'many' is not a finite number"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_number_with_a_comma_is_refused_with_how_to_write_it(tmp_path, value, hint, kind):
    table = pl.DataFrame({"sex": ["F", "M"] * 20, "score": [value, value] * 20})
    path = tmp_path / f"t.{kind}"
    table.write_csv(path) if kind == "csv" else table.write_parquet(path)
    with pytest.raises(InputError, match=re.escape(f"row 1: {hint}") + "$"):
        audit_file(path, by=["sex"], score="score")


def test_a_curve_along_numbers_with_commas_is_refused_with_how_to_write_them(write):
    path = write("age,told\n" + '"30,5",1\n"41,5",0\n' * 20)
    with pytest.raises(InputError, match=re.escape("but '30,5', '41,5'; write 30.5") + "$"):
        audit_file(path, by=["age"], curve=["age"], prediction="told")


def test_a_file_cut_short_is_refused_or_counted(write, tmp_path):
    table = pl.DataFrame({"sex": ["F", "M"] * 500, "told": [1, 0] * 500})
    table.write_parquet(tmp_path / "whole.parquet")
    cut = write((tmp_path / "whole.parquet").read_bytes()[:-40], "cut.parquet")
    with pytest.raises(InputError, match="is not a whole Parquet file"):
        audit_file(cut, ["sex"], prediction="told")
    packed = gzip.compress(table.write_csv().encode())
    with pytest.raises(InputError, match="cut"):
        audit_file(write(packed[: len(packed) // 2], "cut.csv.gz"), ["sex"], prediction="told")
    found = audit_file(write(GOOD + "M,0"), ["sex"], prediction="told", skip_bad_rows=True)
    assert found.rows == 40
    assert any("1 rows were left out" in english for english in (note.en for note in found.notes))


def test_a_group_of_one_is_hidden_and_equal_predictions_make_no_gap(write):
    path = write("sex,told\n" + "F,1\nM,1\n" * 20 + "X,1\n")
    found = audit_file(path, ["sex"], prediction="told")
    alone = found.entries[0]["measures"].filter(metric="selection_rate", sex="X").row(0, named=True)
    assert (alone["n"], alone["value"], alone["suppressed"]) == (1, None, True)
    assert found.entries[0]["summary"].filter(measure="demographic_parity")["difference"].item() == 0
    nobody = audit_file(write("sex,told\n" + "F,0\nM,0\n" * 20), ["sex"], prediction="told")
    assert nobody.entries[0]["impact"]["impact_ratio"].null_count() == 3  # 0 / 0 is not estimable
    assert nobody.entries[0]["summary"].filter(measure="demographic_parity")["ratio"].item() is None


@pytest.mark.parametrize("groups", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_very_many_groups_are_measured(tmp_path, groups):
    n = 2 * groups
    table = pl.DataFrame({"place": np.arange(n) // 2, "told": np.arange(n) % 2})
    table.write_parquet(tmp_path / "many.parquet")
    found = audit_file(tmp_path / "many.parquet", ["place"], prediction="told", min_group=1)
    rates = found.entries[0]["measures"].filter(metric="selection_rate")
    assert rates.height == groups
    assert set(rates["value"]) == {0.5}


def test_the_page_holds_both_languages_and_loads_nothing(tmp_path):
    path, out = tmp_path / "compas <b>.csv", tmp_path / "out.html"
    compas().write_csv(path)
    arguments = ["--groups", "race", "--prediction", "score_text=High,Medium", "--outcome", "two_year_recid"]
    said = CliRunner().invoke(app, [str(path), *arguments, "--output", str(out)])
    assert said.exit_code == 0, said.output
    text = out.read_text("utf-8")
    for other in ("http:", "https:", "src=", "@import", "<script", "url("):
        assert other not in text
    assert "compas &lt;b&gt;.csv" in text
    assert "Taux de faux positifs" in text
    assert "False positive rate" in text
    assert "44,8\u202f%" in text
    assert "44.8%" in text


def test_the_command_says_what_is_wrong_without_a_traceback_and_leaves_no_file(tmp_path):
    path, out = tmp_path / "t.csv", tmp_path / "o.csv"
    path.write_text("sex,told\nF,2\nM,1\n")
    said = CliRunner().invoke(
        app, [str(path), "--groups", "sex", "--prediction", "told", "--output", str(out)]
    )
    assert said.exit_code == 1
    assert "'2' (1 rows)" in said.output
    assert "Traceback" not in said.output
    assert CliRunner().invoke(app, [str(path), "--groups", "sex", "--output", "x.doc"]).exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_a_header_without_an_end_of_line_is_a_table_without_rows(tmp_path):
    (tmp_path / "t.csv").write_text("g,told")
    with pytest.raises(InputError, match="has columns but no rows"):
        audit_file(tmp_path / "t.csv", ["g"], prediction="told")


def test_long_scores_keep_their_own_bins(write):
    path = write("g,score,again\n" + "".join(f"a,{1_000_000 + k % 5},{k % 2}\n" for k in range(100)))
    found = audit_file(path, ["g"], score="score", outcome="again").entries[0]["calibration"]
    assert found.filter(metric="base_rate")["item"].to_list() == [str(1_000_000 + k) for k in range(5)]


def test_of_too_many_distinct_scores_the_mean_is_kept_and_the_rest_said(write, monkeypatch):
    from bobanalysis import tables
    from bobanalysis.fairness import reading

    rows = "".join(f"{'ab'[k % 2]},{k * k},{k % 3 == 0:d}\n" for k in range(400))
    path = write("g,score,again\n" + rows)
    monkeypatch.setattr(tables.Table.batches, "__defaults__", (None, 50))
    expected = audit_file(path, ["g"], score="score", outcome="again").entries[0]["measures"]
    monkeypatch.setattr(reading, "MOST_SCORES", 20)
    found = audit_file(path, ["g"], score="score", outcome="again")
    assert {"calibration", "impact"} & {*found.entries[0].tables} == set()
    assert any("Too many distinct scores" in note.en for note in found.notes)
    for column in ("n", "value", "ci_low", "difference_high"):
        np.testing.assert_allclose(
            found.entries[0]["measures"][column].fill_null(-9), expected[column].fill_null(-9)
        )


def test_what_a_condition_reads_as_no_is_listed_by_how_often_and_then_in_order(write):
    path = write("g,level\n" + "a,low\nb,high\na,Low\nb,?\n" * 20 + "a,Low\n")
    found = audit_file(path, ["g"], prediction="level=high")
    assert any("read as no: 'Low' (21 rows), 'low' (20 rows)." in note.en for note in found.notes)
    assert value(found, "selection_rate", g="b") == 1


def test_a_column_of_lists_is_refused_by_name(tmp_path):
    pl.DataFrame({"g": [["a"]], "told": [1]}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="column 'g' holds List"):
        audit_file(tmp_path / "t.parquet", ["g"], prediction="told")


def test_several_answers_are_measured_one_by_one_and_as_distances(write):
    path = write("g,said\n" + "a,cv\na,car\nb,cv\nb,cv\n" * 20)
    found = audit_file(path, ["g"], prediction="said")
    rates = found.entries[0]["measures"].filter(metric="selection_rate").select("item", "g", "value").rows()
    assert rates == [("car", "a", 0.5), ("car", "b", 0.0), ("cv", "a", 0.5), ("cv", "b", 1.0)]
    assert found.entries[0]["distances"]["total_variation"].to_list() == [0.5, 0.5]
    assert {"impact", "summary"} & {*found.entries[0].tables} == set()


def test_the_search_of_combinations_is_part_of_an_audit_when_asked_for(write):
    path = write("sex,car,told\n" + "F,yes,1\nF,no,0\nM,yes,0\nM,no,0\n" * 50)
    found = audit_file(path, ["sex", "car"], prediction="told", search=True).entries[0]["subgroups"]
    first = found.filter(subgroup="sex=F, car=yes").row(0, named=True)
    assert (first["found"], first["value"], first["rest"]) == (True, 1.0, 0.0)


PEOPLE = "g,score,w,hired\n" + "a,1.5,1,1\nb,2,0.5,0\na,4,2,1\nb,8,1,1\n" * 10


@pytest.mark.parametrize(
    "last",
    ["a, 16 ,1,1\n", 'a,"16",1,1\n', "a,16.0,1.00,1\n", "a,\u00a0016,1,1\n", '"a",16, 1,1\n', "a,16,1,1\n\n"],
)
def test_a_number_written_otherwise_in_one_row_changes_nothing(write, last):
    roles = {"score": "score", "weight": "w", "outcome": "hired"}
    expected = audit_file(write(PEOPLE + "a,16,1,1\n"), ["g"], **roles)
    found = audit_file(write(PEOPLE + last), ["g"], **roles)
    assert found.entries[0]["measures"].equals(expected.entries[0]["measures"])
    assert found.entries[0]["calibration"].equals(expected.entries[0]["calibration"])


@pytest.mark.parametrize("wrong", ["inf", "-Infinity", "NAN", "1e999", "1,5", "x"])
def test_a_score_that_is_no_finite_number_is_named_with_its_row(write, wrong):
    path = write(PEOPLE.replace(",", ";") + f"a;{wrong};1;1\n".replace(",", "|"))
    with pytest.raises(InputError, match=r"column 'score', row 41: .* is not a finite number"):
        audit_file(path, ["g"], score="score", weight="w")


def test_points_are_read_where_commas_could_be_decimals(write):
    points = audit_file(write(PEOPLE.replace(",", ";")), ["g"], score="score", weight="w")
    commas = audit_file(write(PEOPLE.replace(",", ";").replace(".", ",")), ["g"], score="score", weight="w")
    assert points.entries[0]["measures"].equals(commas.entries[0]["measures"])


def test_a_score_that_is_a_group_too_keeps_its_label(write):
    path = write("decile,again\n" + "1,0\n2,1\n10,1\n" * 20)
    found = audit_file(path, ["decile"], score="decile", outcome="again").entries[0]["measures"]
    assert found.filter(metric="mean_score")["decile"].to_list() == ["1", "2", "10"]


def test_a_comparison_is_known_though_its_answer_is_named_as_unknown(write):
    path = write("g,decile\n" + "a,3\nb,7\n" * 20)
    found = audit_file(path, ["g"], prediction="decile>=5", missing=("", "0"))
    assert value(found, "selection_rate", g="a") == 0


def test_spellings_of_one_label_are_one_group(write):
    path = write("g,told\n" + ' a ,1\na,0\n "a",1\nb,yes\nb,NO\n' * 20)
    counts = audit_file(path, ["g"], prediction="told").entries[0]["measures"].filter(metric="selection_rate")
    assert counts.select("g", "n", "value").rows() == [("a", 60, 2 / 3), ("b", 40, 0.5)]


def test_people_without_a_score_have_no_bin_and_count_in_the_other_rates(write):
    path = write("g,score,again\n" + "a,1,1\na,,0\nb,2,0\nb,NA,1\n" * 20)
    found = audit_file(path, ["g"], score="score", outcome="again")
    assert found.entries[0]["measures"].filter(metric="base_rate")["n"].to_list() == [40, 40]
    assert found.entries[0]["measures"].filter(metric="mean_score")["n"].to_list() == [20, 20]
    bins = found.entries[0]["calibration"].filter(metric="base_rate").select("item", "g", "n", "value").rows()
    assert bins == [("1", "a", 20, 1.0), ("2", "b", 20, 0.0)]


def test_a_score_that_nobody_has_is_refused(write):
    with pytest.raises(InputError, match="'score' is unknown in every row"):
        audit_file(write("g,score\n" + "a,\nb,NA\n" * 20), ["g"], score="score")


def test_scores_by_more_crossings_than_a_number_holds_are_those_of_each_attribute(tmp_path):
    rng, names = np.random.default_rng(8), [f"a{k}" for k in range(14)]
    people = pl.DataFrame({name: [f"g{v}" for v in rng.integers(0, 60, 900)] for name in names})
    people = people.with_columns(
        score=pl.Series(rng.random(900).round(3)), hired=pl.Series(rng.random(900) < 0.5)
    )
    people.write_parquet(tmp_path / "people.parquet")
    asked = {"score": "score", "outcome": "hired", "min_group": 1}
    together = audit_file(tmp_path / "people.parquet", by=names, **asked)
    for name in names[::4]:
        alone = audit_file(tmp_path / "people.parquet", by=[name], **asked)
        for table in ("measures", "ranking"):
            assert_frame_equal(together[name][table], alone[name][table], rel_tol=1e-9)
