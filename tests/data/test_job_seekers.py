"""Age by département from official files: what is not known is refused, downloads never cost what is there.

All figures are invented; the files have the layout and the quirks of the official ones.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from bobanalysis.cli import app
from bobanalysis.data import DataError, fetch, official, registry, source, table
from bobanalysis.data.cache import cached
from bobanalysis.tables import InputError


def run(*words: object) -> Any:
    """Run the command `bobanalysis data`."""
    return CliRunner().invoke(app, ["data", *map(str, words)])


HEADER = (
    "Date;Code région;Région;Code département;Département;Code commune;Commune;"
    "Type de données;Catégorie;Sexe;Tranche d'âge;Nombre de demandeurs d'emploi"
)
AGES = ("Total", "Moins de 25 ans", "De 25 à 49 ans", "50 ans et plus")


def row(
    commune: str = "01001", sex: str = "Total", age: str = "Total", people: object = 5, **other: str
) -> str:
    own = {"quarter": "2024-T4", "kind": "Brutes", "category": "ABC", **other}
    place = f"84;ARA;{commune[:2]};Nom;{commune};Nom"
    return f"{own['quarter']};{place};{own['kind']};{own['category']};{sex};{age};{people}"


def town(commune: str, people: int, quarter: str = "2024-T4") -> list[str]:
    """Six rows of a town: a fifth is under 25, a fifth 50 and over, two fifths are women."""
    ages = zip(AGES, (people, people // 5, 3 * people // 5, people // 5), strict=True)
    sexes = (("Femmes", 2 * people // 5), ("Hommes", 3 * people // 5))
    rows = [row(commune, "Total", age, n, quarter=quarter) for age, n in ages]
    return rows + [row(commune, sex, "Total", n, quarter=quarter) for sex, n in sexes]


def communes(path: Path, *rows: str) -> Path:
    path.write_text("\r\n".join([HEADER, *rows]) + "\r\n", encoding="utf-8-sig")
    return path


def whole(path: Path) -> Path:
    """Three départements over two quarters, Paris twice, and a row of totals."""
    rows = [line for q in ("2023-T4", "2024-T4") for n in (1, 2) for line in town(f"0100{n}", 100 * n, q)]
    rows += [
        line
        for place in ("75056", "75101", "75102")
        for line in town(place, 200 if place == "75056" else 100)
    ]
    return communes(path, *rows, *town("97411", 50), row("Total", people=9990))


# ---- job seekers


def test_communes_are_read_with_paris_once_and_totals_left_out(tmp_path: Path):
    loaded = official.dares_communes(whole(tmp_path / "defm.csv"))
    newest = loaded.frame.filter(sex="total", age_band="total", quarter="2024-T4")
    assert dict(newest.select("commune", "jobseekers").iter_rows()) == {
        "01001": 100, "01002": 200, "75056": 200, "97411": 50,
    }  # fmt: skip
    assert loaded.problems == ["defm.csv: Paris: 200, others printed 196,995"]
    assert "defm.csv: 1 rows of totals are left out" in loaded.notes


UNKNOWN = {
    "another quarter": (row(quarter="2024-T3"), "row 3, column quarter: '2024-T3' is not"),
    "another category": (row(category="A"), "row 3, column category: 'A' is not ABC"),
    "adjusted figures": (row(kind="CVS-CJO"), "row 3, column data_type: 'CVS-CJO' is not Brutes"),
    "another sex": (row(sex="Autres"), "row 3, column sex: 'Autres' is not Total, Hommes, Femmes"),
    "another age": (row(age="55 ans et plus"), "row 3, column age_band: '55 ans et plus' is not Total"),
    "another commune": (row("0100A"), "row 3, column commune: '0100A' is not"),
    "sex and age crossed": (
        row(sex="Femmes", age=AGES[1]),
        "row 3, column age_band: '15-24' stands beside a sex",
    ),
    "a département": (row("01"), "row 3, column commune: '01' is not"),
    "the same twice": (row("01002"), "row 2, column commune: '01002' has two rows"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_the_known_layout_is_refused_with_its_row_and_what_to_do(tmp_path: Path, case: str):
    wrong, said = UNKNOWN[case]
    path = communes(tmp_path / "defm.csv", row("01002"), wrong)
    with pytest.raises(DataError) as failure:
        official.dares_communes(path)
    assert said in str(failure.value)
    assert "defm.csv" in str(failure.value)
    assert "which data/official.py must learn" in str(failure.value)


@pytest.mark.parametrize(
    "written",
    [
        lambda lines: "\r\n".join(lines).encode("utf-8-sig"),
        lambda lines: "\n".join(lines).encode("cp1252"),
        lambda lines: "\n".join(lines).encode("utf-16"),
        lambda lines: "\n".join(lines).replace("d'", "d’").encode(),
        lambda lines: "\n".join(lines).replace(";", ",").encode(),
        lambda lines: "\n".join(";".join(f'"{c}"' for c in line.split(";")) for line in lines).encode(),
        lambda lines: "\n".join(";".join(reversed(line.split(";"))) for line in lines).encode(),
        lambda lines: "\n".join(f"{line};x{n}" for n, line in enumerate(lines)).encode(),
        lambda lines: "\n".join(lines).replace(";01001;", ";1001;").encode(),
        lambda lines: "\n".join(lines).replace(";1000", ";1\u202f000,0").encode(),
    ],
    ids=["bom", "cp1252", "utf-16", "apostrophes", "commas", "quoted", "reversed", "more", "zeros", "spaces"],
)
def test_communes_are_the_same_however_they_are_written(tmp_path: Path, written: Any):
    path = tmp_path / "defm.csv"
    path.write_bytes(written([HEADER, *town("01001", 1000), *town("01002", 500)]))
    loaded = official.dares_communes(path)
    assert loaded.problems == []
    total = loaded.frame.filter(sex="total", age_band="total")
    assert total.select("commune", "jobseekers").rows() == [("01001", 1000), ("01002", 500)]


@pytest.mark.parametrize("hidden", ["", "*", "s", "nd", "NS", "n.d.", "c", "..", "…", "///", "secret"])
def test_a_figure_that_its_producer_hides_is_missing_without_a_problem(tmp_path: Path, hidden: str):
    loaded = official.dares_communes(communes(tmp_path / "defm.csv", row(people=hidden)))
    assert loaded.frame["jobseekers"].to_list() == [None]
    assert loaded.problems == []
    changed = {"figure_3": put(8, 3, hidden), "figure_1": put(1, 1, "Taux de chômage en 2025")}
    rates = official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx", **changed))
    assert rates.frame.filter(dep="04", age_band="15-24")["rate_pct"].to_list() == [None]
    assert [problem for problem in rates.problems if "others printed" not in problem] == []


def test_a_file_with_a_header_alone_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"defm\.csv: no row below the header; .*--refresh"):
        official.dares_communes(communes(tmp_path / "defm.csv"))


@pytest.mark.parametrize("people", ["7", "-5"])
def test_a_count_that_is_not_rounded_to_five_is_told(tmp_path: Path, people: str):
    loaded = official.dares_communes(communes(tmp_path / "defm.csv", row(people=people)))
    assert f"row 2, column jobseekers: {people} is not a count rounded to 5" in loaded.problems[0]


def test_arrondissements_that_do_not_add_up_to_their_city_are_told(tmp_path: Path):
    rows = [row("13055", people=100), row("13201", people=500), row("69381", people=10)]
    problems = official.dares_communes(communes(tmp_path / "defm.csv", *rows)).problems
    assert (
        "arrondissements of 69123 add up to 10, the whole city is not there, or is hidden (1" in problems[0]
    )
    assert "arrondissements of 13055 add up to 500, the whole city says 100" in problems[1]


@pytest.mark.parametrize(
    ("place", "people", "said"),
    [
        ("33063", 142_570, "note: Gironde: 142,570, as others printed"),
        ("33063", 142_575, "note: Gironde: 142,575, others printed 142,570"),
        ("75056", 100_000, "problem: Paris: 100,000, others printed 196,995"),
    ],
)
def test_figures_that_others_printed_are_compared_and_the_difference_is_told(
    tmp_path: Path, place: str, people: int, said: str
):
    loaded = official.dares_communes(communes(tmp_path / "defm.csv", row(place, people=people)))
    told = [f"note: {n}" for n in loaded.notes] + [f"problem: {p}" for p in loaded.problems]
    assert said in [line.replace("defm.csv: ", "") for line in told]


def test_a_later_quarter_is_read_and_the_break_of_the_series_told(tmp_path: Path):
    loaded = official.dares_communes(communes(tmp_path / "defm.csv", row(quarter="2025-T4")))
    assert loaded.frame["quarter"].to_list() == ["2025-T4"]
    assert "the series breaks in 2025" in " ".join(loaded.notes)


@pytest.mark.slow
def test_a_file_of_two_million_rows_is_read(tmp_path: Path):
    places = [f"{n:05}" for n in range(1000, 35_917) if not 13_201 <= n <= 13_216]
    quarters = [f"{year}-T4" for year in range(2015, 2025)]
    rows = [line for place in places for quarter in quarters for line in town(place, 100, quarter)]
    loaded = official.dares_communes(communes(tmp_path / "defm.csv", *rows))
    assert loaded.frame.height == len(rows) > 2_000_000
    assert loaded.frame["jobseekers"].sum() == len(places) * 10 * 300


# ---- unemployment rates

RATES = {1: 8.0, 2: 0.5, 3: 20.0, 4: 7.0, 5: 6.0}
TITLES = {1: "l'ensemble", 2: "l'écart", 3: "15-24 ans", 4: "25-49 ans", 5: "50 ans ou plus"}


def figure(number: int) -> list[list[object]]:
    names = dict(table("departements").filter(pl.col("dep") != "976").select("dep", "name").iter_rows())
    head: list[list[object]] = [[f"Taux de chômage de {TITLES[number]} en 2025"], ["en %"], []]
    rows: list[list[object]] = [[dep, name, RATES[number]] for dep, name in names.items()]
    notes: list[list[object]] = [["Note"], ["Champ"], ["Source : Insee"]]
    return [*head, ["Code", "Libellé", "Taux"], *rows, *notes]


def workbook(path: Path, **changed: Any) -> Path:
    """A workbook of five figures, some of which are changed by a function of their rows (None: left out)."""
    book = Workbook()
    book.remove(book.active)
    for number in RATES:
        change = changed.get(f"figure_{number}", lambda rows: rows)
        if change is not None:
            page = book.create_sheet(f"Territoire - Figure {number}")
            for cells in change(figure(number)):
                page.append(cells)
    book.save(path)
    return path


def put(line: int, column: int, value: object) -> Any:
    """A change of one cell; both are counted from 1."""

    def change(rows: list[list[object]]) -> list[list[object]]:
        rows[line - 1] = [value if n == column else cell for n, cell in enumerate(rows[line - 1], 1)]
        return rows

    return change


def test_rates_are_read_by_age_with_the_year_of_their_title(tmp_path: Path):
    loaded = official.insee_unemployment_by_age(workbook(tmp_path / "50_MTS-52_CHO.xlsx"))
    assert loaded.frame.height == 4 * 100
    assert loaded.frame.filter(dep="2A").rows() == [
        (2025, "2A", "15-24", 20.0),
        (2025, "2A", "25-49", 7.0),
        (2025, "2A", "50+", 6.0),
        (2025, "2A", "total", 8.0),
    ]
    assert [p.split("CHO.xlsx: ")[1] for p in loaded.problems] == [
        "Ain: 8, others printed 5.7", "Ain, 15-24: 20, others printed 14.7",
        "Aisne: 8, others printed 10.4", "Aisne, 15-24: 20, others printed 28.5",
    ]  # fmt: skip


def test_rates_of_another_year_are_not_compared_with_those_of_2025(tmp_path: Path):
    changed = {f"figure_{n}": put(1, 1, f"Taux de chômage : {TITLES[n]} en 2026") for n in TITLES}
    loaded = official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx", **changed))
    assert loaded.problems == []
    assert loaded.frame["year"].unique().to_list() == [2026]


MOVED = {
    "a sheet that is not there": ({"figure_5": None}, "no sheet 'Territoire - Figure 5'"),
    "sheets in another order": (
        {"figure_3": put(1, 1, "de 25 à 49 ans")},
        "sheet Territoire - Figure 3: its title",
    ),
    "one line more above": (
        {"figure_4": lambda rows: [[], *rows]},
        "row 5, column B: 'Libellé' stands beside the code",
    ),
    "one line less above": ({"figure_4": lambda rows: rows[1:]}, "do not begin in row 5, column A"),
    "another name": ({"figure_1": put(6, 2, "Ain")}, "row 6, column B: 'Ain' is not the name of '02'"),
    "a region among them": (
        {"figure_1": put(7, 1, "R84")},
        "row 7, column B: 'Allier' stands beside the code 'R84'",
    ),
    "nothing": ({"figure_1": lambda rows: rows[:4]}, "do not begin in row 5"),
    "another age in the title": ({"figure_5": put(1, 1, "Taux des 55 ans ou plus")}, "is not of ages 50+"),
    "an age that is narrower": ({"figure_5": put(1, 1, "Taux des 50-64 ans")}, "is not of ages 50+"),
    "no rate": ({"figure_4": lambda rows: [line[:2] for line in rows]}, "or rates in C"),
    "columns in another order": (
        {"figure_4": lambda rows: [[*reversed(line[:2]), *line[2:]] for line in rows]},
        "do not begin in row 5, column A",
    ),
    "one twice": (
        {"figure_1": lambda rows: [*rows[:6], rows[5], *rows[6:]]},
        "column A: a département stands in two rows",
    ),
}


@pytest.mark.parametrize("case", MOVED)
def test_a_workbook_of_another_layout_is_refused_with_sheet_row_and_value(tmp_path: Path, case: str):
    changed, said = MOVED[case]
    with pytest.raises(DataError) as failure:
        official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx", **changed))
    assert said in str(failure.value)
    assert "cho.xlsx" in str(failure.value)
    assert "the layout has changed" in str(failure.value)


def called(book: Any) -> None:
    for page in book.worksheets:
        page.title = page.title.replace(" - ", "\u00a0–\u00a0")


ALIKE = {
    "sheets beside": lambda book: (book.create_sheet("Lisez-moi", 0), book.create_chartsheet("Graphique", 1)),
    "another order": lambda book: book._sheets.reverse(),
    "other signs in names": called,
    "a hidden sheet": lambda book: setattr(book.worksheets[2], "sheet_state", "hidden"),
    "a title over columns": lambda book: book.worksheets[0].merge_cells("A1:C1"),
    "a rate as text": lambda book: setattr(book.worksheets[0]["C5"], "value", "8,0"),
    "codes as numbers": lambda book: setattr(book.worksheets[0]["A5"], "value", 1),
    "France below": lambda book: book.worksheets[0].append([None, "France", 7.5]),
}


@pytest.mark.parametrize("case", ALIKE)
def test_a_workbook_that_differs_in_what_does_not_matter_gives_the_same_rates(tmp_path: Path, case: str):
    plain = official.insee_unemployment_by_age(workbook(tmp_path / "plain.xlsx"))
    book = load_workbook(tmp_path / "plain.xlsx")
    ALIKE[case](book)
    book.save(tmp_path / "cho.xlsx")
    loaded = official.insee_unemployment_by_age(tmp_path / "cho.xlsx")
    assert loaded.frame.equals(plain.frame)
    assert len(loaded.problems) == len(plain.problems)


def test_sheets_of_two_years_are_told(tmp_path: Path):
    changed = {"figure_5": put(1, 1, "Taux de chômage des 50 ans ou plus en 2024")}
    loaded = official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx", **changed))
    assert "are taken for those of 2025; titles name 2024, 2025" in loaded.problems[0]


def test_a_rate_that_is_no_number_is_missing_and_told(tmp_path: Path):
    changed = {"figure_3": put(8, 3, "n.d.?")}
    loaded = official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx", **changed))
    assert "row 8, column rate_pct: 'n.d.?' is not a number" in loaded.problems[0]
    assert loaded.frame.filter(dep="04", age_band="15-24")["rate_pct"].to_list() == [None]


def test_a_rate_of_all_ages_beyond_those_of_the_ages_is_told(tmp_path: Path):
    changed = {"figure_1": put(9, 3, 25)}
    loaded = official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx", **changed))
    assert any("Hautes-Alpes: the rate of all ages, 25.0, is not between" in p for p in loaded.problems)


# ---- downloads


class Served(BaseHTTPRequestHandler):
    """Answers as the server's `answer` says: ok, cut, chunked, moved, lost, broken, page."""

    def do_GET(self) -> None:
        answer, content = self.server.answer, self.server.content  # type: ignore[attr-defined]
        if self.path == "/old":
            answer = "ok"
        self.send_response({"moved": 302, "circle": 302, "lost": 404, "broken": 500}.get(answer, 200))
        if answer in ("moved", "circle"):
            self.send_header("Location", "/old" if answer == "moved" else self.path)
        if answer == "page":
            content = b"<html>Maintenance</html>"
        if answer == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header(
                "Content-Length", str(len(content) if answer in ("ok", "cut", "page", "half") else 0)
            )
        self.end_headers()
        if answer in ("ok", "page"):
            self.wfile.write(content)
        elif answer == "cut":
            self.wfile.write(content[: len(content) // 2])
        elif answer == "chunked":  # a first part, and never the last
            self.wfile.write(b"%x\r\n%s\r\n" % (100, content[:100]))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Served)
    made.answer, made.content = "ok", b""  # type: ignore[attr-defined]
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def kept(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good file in the cache, downloaded from this machine."""
    monkeypatch.setenv("BOBANALYSIS_CACHE", str(tmp_path / "cache"))
    server.content = whole(tmp_path / "defm.csv").read_bytes()
    registered(monkeypatch, files={"all": f"http://127.0.0.1:{server.server_port}/defm.csv"})
    return fetch("dares_communes")


def registered(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """Change what the registry says of the job seekers."""
    from dataclasses import replace

    every = registry.sources()
    made = {**every, "dares_communes": replace(every["dares_communes"], **changed)}
    monkeypatch.setattr(registry, "sources", lambda: made)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.name != ".lock")


FAILS = {
    "cut": "could not be downloaded",
    "chunked": "could not be downloaded",
    "lost": "could not be downloaded",
    "broken": "could not be downloaded",
    "circle": "could not be downloaded",
    "page": "what is there is kept, this is not it",
}


@pytest.mark.parametrize("answer", FAILS)
def test_a_download_that_fails_leaves_the_last_good_copy_and_nothing_half(
    server: Any, kept: Path, answer: str
):
    before, there = kept.read_bytes(), names(kept.parent)
    server.answer = answer
    with pytest.raises(DataError, match=FAILS[answer]):
        fetch("dares_communes", refresh=True)
    assert kept.read_bytes() == before
    assert names(kept.parent) == there
    assert fetch("dares_communes") == kept


@pytest.mark.parametrize("answer", FAILS)
def test_a_first_download_that_fails_leaves_no_file(server: Any, kept: Path, answer: str):
    for path in kept.parent.iterdir():
        path.unlink()
    server.answer = answer
    with pytest.raises(DataError, match=FAILS[answer]):
        fetch("dares_communes")
    assert names(kept.parent) == []
    assert cached("dares_communes") is None


def test_a_redirect_is_followed(server: Any, kept: Path):
    server.answer, server.content = "moved", server.content.replace(b"9990", b"9995")
    assert b"9995" in fetch("dares_communes", refresh=True).read_bytes()


def test_a_checksum_of_the_registry_that_is_not_met_leaves_the_last_good_copy(
    server: Any, kept: Path, monkeypatch: pytest.MonkeyPatch
):
    before = kept.read_bytes()
    registered(monkeypatch, sha256="0" * 64, files={"all": f"http://127.0.0.1:{server.server_port}/defm.csv"})
    with pytest.raises(DataError, match=r"could not be downloaded \(SHA256 hash .* does not match"):
        fetch("dares_communes", refresh=True)
    assert kept.read_bytes() == before


def test_a_stop_between_record_and_file_leaves_a_copy_that_is_still_known(
    server: Any, kept: Path, monkeypatch: pytest.MonkeyPatch
):
    before = kept.read_bytes()
    server.content = server.content.replace(b"9990", b"9995")

    def stopped(path: Path, to: Path) -> Path:
        if to == kept:
            raise KeyboardInterrupt
        return path.rename(to)

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", stopped)
            with pytest.raises(KeyboardInterrupt):
                fetch("dares_communes", refresh=True)
        assert fetch("dares_communes") == kept
        assert kept.read_bytes() == before
    assert fetch("dares_communes", refresh=True).read_bytes() == server.content


@pytest.mark.parametrize("content", ["{", "[]", '{"url": 1}', "7"])
def test_a_damaged_record_is_named(kept: Path, content: str):
    record = kept.with_name(kept.name + ".json")
    record.write_text(content)
    if content == "[]":  # holds nothing: as if nothing had been downloaded
        assert cached("dares_communes") is None
        return
    with pytest.raises(DataError, match=r"\.json: the record of a download is damaged; delete it"):
        fetch("dares_communes")


def test_what_a_download_ended_by_force_left_is_removed_by_the_next(kept: Path):
    left = kept.parent / ".abc.part"
    left.mkdir()
    (left / "half").write_text("half")
    fetch("dares_communes", refresh=True)
    assert not left.exists()


# ---- what is made of them


def test_a_workbook_without_an_address_is_kept_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BOBANALYSIS_CACHE", str(tmp_path / "cache"))
    told = run("fetch", "insee_unemployment_by_age")
    assert "is not published at an address we know" in told.stderr
    assert "--path FILE --keep" in told.stderr
    book = workbook(tmp_path / "mine.xlsx")
    given = ["fetch", "insee_unemployment_by_age", "--path", str(book), "--keep"]
    assert run(*given).exit_code == 1, "the invented figures are not those that others printed"
    assert cached("insee_unemployment_by_age").read_bytes() == book.read_bytes()
    wrong = communes(tmp_path / "wrong.xlsx", row())
    told = run(*given[:3], str(wrong), "--keep")
    assert (
        "wrong.xlsx: what is there is kept, this is not it: wrong.xlsx: not a whole workbook" in told.stderr
    )
    assert cached("insee_unemployment_by_age").read_bytes() == book.read_bytes()


def test_observed_age_by_departement_is_written_with_kind_vintage_and_source(kept: Path, tmp_path: Path):
    fetch("insee_unemployment_by_age", given=workbook(tmp_path / "cho.xlsx"))
    done = run("observed", "-o", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    people = pl.read_csv(tmp_path / "out/dares_communes.csv", schema_overrides={"dep": pl.String})
    assert people.filter(dep="01", age_band="50+").rows() == [
        ("2024-T4", "01", "50+", 60.0, 0, 0.2, "observed", "2024-T4", "dares_communes")
    ]
    rates = pl.read_csv(tmp_path / "out/insee_unemployment_by_age.csv", schema_overrides={"dep": pl.String})
    assert rates.select("kind", "vintage", "source").unique().rows() == [
        ("observed", 2025, "insee_unemployment_by_age")
    ]
    page = (tmp_path / "out/observed.md").read_text(encoding="utf-8")
    assert "- Ain (01)\u00a0: 20,0\u202f%" in page
    assert "- Ain (01): 20.0%" in page
    assert "Paris: 200, others printed 196,995" in page
    assert "Paris: 200, others printed 196,995" in done.output


def test_observed_says_which_file_is_missing_and_refuses_where_both_are(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    done = run("observed", "-o", str(tmp_path / "out"))
    assert "insee_unemployment_by_age is not in the cache" in done.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["dares_communes.csv", "observed.md"]
    monkeypatch.setenv("BOBANALYSIS_CACHE", str(tmp_path / "empty"))
    done = run("observed", "-o", str(tmp_path / "none"))
    assert done.exit_code == 1
    assert "dares_communes is not in the cache; `bobanalysis data show dares_communes`" in done.stderr
    assert not (tmp_path / "none").exists()


def test_the_registry_describes_the_columns_that_loaders_give(tmp_path: Path):
    rates = official.insee_unemployment_by_age(workbook(tmp_path / "cho.xlsx")).frame
    assert rates.columns == list(source("insee_unemployment_by_age").columns)
    people = official.dares_communes(whole(tmp_path / "defm.csv")).frame
    assert people.columns == list(source("dares_communes").columns)
    assert json.dumps(rates.head(1).to_dicts())
    assert issubclass(DataError, InputError)
