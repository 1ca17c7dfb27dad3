"""The command that writes a population."""

import polars as pl
import typer
from typer.testing import CliRunner

from bobanalysis.population.cli import population

app = typer.Typer()
app.command()(population)


def test_the_command_writes_the_people_and_says_how_they_fit_and_what_they_cannot_show(tmp_path):
    path = tmp_path / "people.parquet"
    result = CliRunner().invoke(app, ["--people", "300", "--seed", "5", "--output", str(path)])
    assert result.exit_code == 0, result.output
    assert pl.read_parquet(path).height == 300
    said = " ".join(result.output.split())
    assert "Fit of every margin" in said
    assert "family_age" in said
    assert "No finding on age by place" in said


def test_the_command_refuses_an_unknown_scenario_without_a_traceback(tmp_path):
    result = CliRunner().invoke(
        app, ["--people", "10", "--output", str(tmp_path / "x.parquet"), "--scenario", "nope"]
    )
    assert result.exit_code == 2
    assert "choose one of" in " ".join(result.output.split())
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())
