"""What happens to files when a run is killed, a disk is full, or two runs meet: the last good result stands.

Commands run in children of one process that has imported everything, so that a child costs a fraction of a
second and is killed while it works, not while it starts.
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from test_build import RECORD, notebook, project
from typer.testing import CliRunner

from bobanalysis import build as builder

ROOT = Path(__file__).parents[2]
SEED = 20_261
"""Of the random points; printed with each of them."""

PARENT = """
import ctypes, json, os, resource, sys, time, traceback
from pathlib import Path
from bobanalysis import build, cli
from bobanalysis.algorithms import load
import bobanalysis.audit.scoring, bobanalysis.bob.pipeline, bobanalysis.data.cli, bobanalysis.population.cli
import pooch, pyarrow.csv, pyarrow.parquet, test_build

def without_power_over_files():
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.capget(header, data)
    data[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    data[1] &= ~0b110
    if libc.capset(header, data):
        raise OSError(ctypes.get_errno(), "capset")

def child(asked):
    log = os.open(asked["log"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    os.dup2(log, 1), os.dup2(log, 2)
    os.setsid()
    os.chdir(asked["folder"])
    os.environ.update(asked["env"])
    for name, value in asked["limits"].items():
        if name == "AS":
            value += int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
    if asked["plain"]:
        without_power_over_files()
    if asked["words"][0] == "build":
        build.make_pages = test_build.render
        build.ROOT = Path(asked["folder"])
        build.build.__defaults__ = (build.ROOT, *build.build.__defaults__[1:])
        return build.main(asked["words"][1:])
    return cli.app(asked["words"])

for line in sys.stdin:
    asked = json.loads(line)
    if "wait" in asked:
        print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if not pid:
        code = 99
        try:
            code = child(asked) or 0
        except SystemExit as ended:
            code = ended.code or 0
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(code)
    print(pid, flush=True)
"""


class Parent:
    """A process that has imported everything and forks a child a command."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.runs = folder, 0
        paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
        env = {
            **os.environ,
            "PYTHONPATH": paths,
            "OMP_NUM_THREADS": "1",
            "POLARS_MAX_THREADS": "1",
            "COLUMNS": "300",
            **environment,
        }
        env["JUPYTER_PREFER_ENV_PATH"] = "1"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, "-c", PARENT], env=env, **pipes)

    def ask(self, **asked: Any) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(
        self,
        folder: Path,
        *words: object,
        plain: bool = False,
        env: dict[str, str] | None = None,
        **limits: int,
    ) -> "Run":
        self.runs += 1
        log = self.folder / f"log-{self.runs}"
        asked = {"words": [str(w) for w in words], "folder": str(folder), "log": str(log), "limits": limits}
        return Run(self, self.ask(**asked, plain=plain, env=env or {}), log)

    def run(self, folder: Path, *words: object, **options: Any) -> "Run":
        return self.start(folder, *words, **options).wait()


class Run:
    """A child at work, or ended."""

    def __init__(self, parent: Parent, pid: int, log: Path) -> None:
        self.parent, self.pid, self.log, self.code = parent, pid, log, -1

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait(self) -> "Run":
        self.code = self.parent.ask(wait=self.pid)
        return self

    def says(self, text: str) -> None:
        """Wait until it says something."""
        for _ in range(600):
            if text in self.said:
                return
            time.sleep(0.1)
        raise AssertionError(f"did not say {text!r}: {self.said}")

    def kill(self, after: float) -> "Run":
        """Kill it with no chance to tidy up; what it started lives on."""
        time.sleep(after)
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def end_group(self) -> None:
        """End what the child started and left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parent]:
    made = Parent(tmp_path_factory.mktemp("parent"))
    yield made
    made.process.kill()
    made.process.wait()


def slow(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.slow)


# ---- killed


class Work:
    """A command, the folder that it works in, and how to see whether what stands there is whole."""

    size = 50

    def __init__(self, parent: Parent, folder: Path) -> None:
        self.parent, self.folder = parent, folder
        folder.mkdir()

    def words(self, new: bool) -> list[object]:
        """The command that makes the old result, or the new one."""
        raise NotImplementedError

    def prepare(self, new: bool) -> None:
        """Put in place what the command reads."""

    def result(self) -> Any:
        """What stands under final names; raises when something is not whole."""
        raise NotImplementedError

    def run(self, new: bool) -> Run:
        self.prepare(new)
        return self.parent.run(self.folder, *self.words(new))

    def left(self) -> list[str]:
        """What an ended run leaves beside results: names that no result has."""
        return sorted(p.name for p in self.folder.rglob("*") if self.strange(p.name))

    def strange(self, name: str) -> bool:
        return name.endswith(".part")


class Population(Work):
    def words(self, new: bool) -> list[object]:
        return ["population", "--people", self.size + new, "--output", "people.parquet"]

    def result(self) -> Any:
        return (self.folder / "people.parquet").read_bytes()


class Score(Work):
    def words(self, new: bool) -> list[object]:
        return ["score", "new.parquet" if new else "old.parquet", "--output", "answers.csv"]

    def prepare(self, new: bool) -> None:
        if not (self.folder / "new.parquet").exists():
            for name, people in (("old", self.size), ("new", self.size + 1)):
                words = ["population", "--people", people, "--output", f"{name}.parquet"]
                assert self.parent.run(self.folder, *words).code == 0

    def result(self) -> Any:
        return (self.folder / "answers.csv").read_bytes()


class Download(Work):
    """A file that arrives bit by bit; the new one has one row more."""

    HEADER = "Date;Code commune;Type de données;Catégorie;Sexe;Tranche d'âge;Nombre de demandeurs d'emploi"
    ROWS = "".join(f"\n2024-T4;{n:05};Brutes;ABC;Total;Total;5" for n in range(1001, 1400))

    def __init__(self, parent: Parent, folder: Path) -> None:
        super().__init__(parent, folder)
        self.content = (self.HEADER + self.ROWS).encode()
        work = self

        class Slowly(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(work.content)))
                self.end_headers()
                step = len(work.content) // 8 + 1
                with contextlib.suppress(OSError):  # whoever asked was killed
                    for at in range(0, len(work.content), step):
                        self.wfile.write(work.content[at : at + step])
                        time.sleep(0.02)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Slowly)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        data = folder / "data"
        data.mkdir()
        (data / "reference").symlink_to(ROOT / "data" / "reference")
        text = (ROOT / "data" / "sources.yaml").read_text()
        start = text.index("https://data.dares.travail-emploi.gouv.fr/api", text.index("  dares_communes:"))
        address = f"http://127.0.0.1:{self.server.server_port}/defm.csv"
        (data / "sources.yaml").write_text(text[:start] + address + text[text.index('"', start) :])
        self.env = {"BOBANALYSIS_DATA": str(data), "BOBANALYSIS_CACHE": str(folder / "cache")}

    def words(self, new: bool) -> list[object]:
        return ["data", "fetch", "dares_communes", "--refresh"]

    def prepare(self, new: bool) -> None:
        self.content = (
            self.HEADER + self.ROWS * (1 if new else 0) + "\n2024-T4;01000;Brutes;ABC;Total;Total;5"
        ).encode()

    def result(self) -> Any:
        said = self.parent.run(self.folder, "data", "fetch", "dares_communes", env=self.env)
        assert said.code == 0, said.said
        return (self.folder / "cache" / "dares_communes" / "all-defm.csv").read_bytes()


class Build(Work):
    """Two invented notebooks and a page that holds the sum of what they record."""

    def words(self, new: bool) -> list[object]:
        return ["build", *["--force"] * (self.size > 100)]

    def prepare(self, new: bool) -> None:
        if not (self.folder / "uv.lock").exists():
            project(self.folder)
            notebook(self.folder, "02_two", RECORD.format(name="02_two", value=2))
        notebook(self.folder, "01_one", RECORD.format(name="01_one", value=50 if new else 40))

    def result(self) -> Any:
        for path in (self.folder / "build" / "findings").glob("*.json"):
            json.loads(path.read_text())
        (page,) = (p for p in (self.folder / "reports").rglob("*") if p.is_file())
        return page.read_text()

    def strange(self, name: str) -> bool:
        return name.startswith("next-") or "-running-" in name or name.endswith(("-before", ".part"))


class Shared(Work):
    """A command whose work two processes share; the new files have one row more."""

    output = ""

    def prepare(self, new: bool) -> None:
        for name, rows in (("old", 400), ("new", 401)):
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            for part in range(4):
                lines = [f"q{n},d{n % 7},{n % 11},{n % 3 % 2},g{n % 5}" for n in range(part, rows, 4)]
                (folder / f"{part}.csv").write_text("\n".join(["query,item,score,relevance,group", *lines]))

    def result(self) -> Any:
        return json.loads((self.folder / self.output).read_text())


class Audit(Shared):
    output = "audit.json"

    def words(self, new: bool) -> list[object]:
        asked = ["--by", "group", "--prediction", "relevance", "--output", self.output, "--workers", 2]
        return ["audit", "new" if new else "old", *asked]


class Evaluate(Shared):
    output = "measures.json"

    def words(self, new: bool) -> list[object]:
        name = "new" if new else "old"
        return ["evaluate", name, name, "--metrics", "ndcg@5", "--output", self.output, "--workers", 2]


WORKS = {work.__name__.lower(): work for work in (Population, Score, Download, Build)}
SHARED = {work.__name__.lower(): work for work in (Audit, Evaluate)}


def start(work: Work, new: bool) -> Run:
    work.prepare(new)
    return work.parent.start(work.folder, *work.words(new), env=getattr(work, "env", {}))


def killed(work: Work, times: int) -> None:
    """Kill a command at random points of its duration and see that the old result stands, or the new one."""
    took = []
    for _ in range(2):  # the first reads from a cold disk
        before = time.monotonic()
        assert start(work, False).wait().code == 0
        took.append(time.monotonic() - before)
    duration, old = min(took), work.result()
    draw, runs, results = random.Random(SEED), [], []
    points = sorted(draw.uniform(0.02, 0.9) * duration for _ in range(times))
    while points:
        point = points.pop()
        runs.append(start(work, True).kill(point))
        results.append(work.result())
        at = f"{point:.3f} of {duration:.3f} s"
        print(f"seed {SEED}: {type(work).__name__} killed after {at}: {runs[-1].code}")
        if not points and all(run.code == 0 for run in runs):  # it was quicker than the first time
            points = [point / 2]
    last = start(work, True).wait()
    assert last.code == 0, last.said
    new = work.result()
    assert new != old
    assert [result for result in results if result not in (old, new)] == []
    for run in runs:
        run.end_group()


@pytest.mark.parametrize(
    ("name", "times"),
    [
        *((name, 1) for name in WORKS),
        *(pytest.param(name, 20, marks=pytest.mark.slow) for name in WORKS),
        *(pytest.param(name, 5, marks=pytest.mark.slow) for name in SHARED),
    ],
)
def test_a_killed_run_leaves_the_last_good_result_and_the_next_one_completes(
    parent: Parent, tmp_path: Path, name: str, times: int
):
    work = (WORKS | SHARED)[name](parent, tmp_path / "work")
    work.size = 5000 if times > 1 else 50
    killed(work, times)
    if name == "build":  # kernels of the killed run may have lived on while the next one tidied up
        assert parent.run(work.folder, "build").code == 0
    assert work.left() == [], "the next run removes what a killed one left"


# ---- a full disk, a folder that cannot be written, too little memory

COMMANDS = {
    "population": ["population", "--people", "60", "--output", "people.parquet"],
    "score": ["score", "people.parquet", "--output", "answers.csv"],
    "letter": ["letter", "person.json", "--lang", "fr", "--output", "letter.html"],
    "observed": ["data", "observed", "-o", "observed"],
    "score to Parquet": ["score", "people.parquet", "--output", "answers.parquet"],
    "audit": [
        "audit",
        "answers.csv",
        "--by",
        "main_challenge",
        "--score",
        "overall_score",
        "--output",
        "audit.html",
    ],
    "evaluate": ["evaluate", "run.trec", "qrels.trec", "--metrics", "ndcg@5", "--output", "measures.json"],
}
SOME = [name if name == "score" else pytest.param(name, marks=pytest.mark.slow) for name in COMMANDS]


class Desk:
    """A folder with what commands read, and their good results, each made when it is asked for."""

    def __init__(self, parent: Parent, folder: Path) -> None:
        self.parent, self.folder, self.env = parent, folder, {"BOBANALYSIS_CACHE": str(folder / "cache")}
        shutil.copy(ROOT / "data" / "examples" / "person.json", folder)
        run = "".join(f"q{q} Q0 d{d} {d} {9 - d} bob\n" for q in range(30) for d in range(1, 6))
        (folder / "run.trec").write_text(run)
        (folder / "qrels.trec").write_text("".join(f"q{q} 0 d{1 + q % 5} 1\n" for q in range(30)))
        self.made: dict[str, bytes] = {}

    def good(self, name: str) -> bytes:
        if name not in self.made:
            if name != "population":
                self.good("population")
            if name == "audit":
                self.good("score")
            if name == "observed":
                communes = self.folder / "defm.csv"
                communes.write_text(Download.HEADER + Download.ROWS, encoding="utf-8")
                words = ["data", "fetch", "dares_communes", "--path", communes, "--keep"]
                assert self.parent.run(self.folder, *words, env=self.env).code == 0
            done = self.run(name)
            assert done.code == 0, done.said
            self.made[name] = self.result(name)
        return self.made[name]

    def result(self, name: str) -> bytes:
        path = self.folder / COMMANDS[name][-1]
        return (path / "dares_communes.csv" if path.is_dir() else path).read_bytes()

    def run(self, name: str, **options: Any) -> Run:
        return self.parent.run(self.folder, *COMMANDS[name], env=self.env, **options)

    def names(self) -> set[str]:
        return {p.name for p in self.folder.rglob("*")}


@pytest.fixture(scope="module")
def desk(parent: Parent, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(parent, tmp_path_factory.mktemp("desk"))


def is_refused(run: Run) -> None:
    """It ends with a sentence, and no traceback."""
    assert run.code in (1, 2), run.said
    assert "Traceback" not in run.said
    assert any(word in run.said for word in ("error:", "population:", "evaluate:")), run.said


@pytest.mark.parametrize("name", SOME)
def test_a_full_disk_is_told_and_leaves_the_last_good_result(desk: Desk, name: str):
    good, before = desk.good(name), desk.names()
    run = desk.run(name, FSIZE=len(good) - 1)  # which is more than what it prints
    is_refused(run)
    assert Path(COMMANDS[name][-1]).name in run.said
    assert ".part" not in run.said
    assert desk.result(name) == good
    assert {left for left in desk.names() - before if not left.endswith(".part")} == set()


@pytest.mark.parametrize("name", SOME)
def test_a_folder_that_cannot_be_written_is_told(desk: Desk, name: str):
    good, before = desk.good(name), desk.names()
    folders = [desk.folder, *(p for p in desk.folder.iterdir() if p.is_dir())]
    try:
        for folder in folders:
            folder.chmod(0o555)
        run = desk.run(name, plain=True)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    is_refused(run)
    assert re.search(r"(?i)permission denied", run.said)
    assert desk.result(name) == good
    assert desk.names() == before


LIMITED = """
import os, resource, sys
from bobanalysis import cli
from bobanalysis.audit import scoring

def aborts(*_, **__):
    os.write(2, b"memory allocation of 8 bytes failed")
    os.abort()

def waits(*_, **__):
    print(os.getpid(), flush=True)
    os.read(0, 1)

limit, enough, aborting = (int(word) for word in sys.argv[1:4])
cli.ENOUGH = enough << 20
if aborting:
    scoring.score_file = [aborts, waits][aborting - 1]
del sys.argv[1:4]
resource.setrlimit(resource.RLIMIT_AS, (limit << 20, limit << 20))
cli.app()
"""


def limited(
    folder: Path,
    words: list[str],
    mega: int,
    enough: int = 1280,
    aborting: bool = False,
    env: dict[str, str] | None = None,
) -> Any:
    """Run a command in a process of its own that has so many MB of addresses."""
    given = [str(int(n)) for n in (mega, enough, aborting)]
    told = {"capture_output": True, "text": True, "check": False, "env": os.environ | (env or {})}
    return subprocess.run([sys.executable, "-c", LIMITED, *given, *words], cwd=folder, timeout=120, **told)


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux")
def test_too_little_memory_is_told_before_anything_is_done(desk: Desk):
    good, before = desk.good("score"), desk.names()
    done = limited(desk.folder, COMMANDS["score"], 512)
    told = "error: memory is limited to 512 MB, 1,280 are needed; raise the limit: `ulimit -v unlimited`\n"
    assert (done.returncode, done.stderr) == (1, told)
    assert (desk.result("score"), desk.names()) == (good, before)


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux")
@pytest.mark.parametrize("name", SOME)
def test_commands_work_with_few_addresses(desk: Desk, name: str):
    good, to = desk.good(name), COMMANDS[name][-1]
    (desk.folder / to).rename(desk.folder / f"kept-{to}")
    try:
        done = limited(desk.folder, COMMANDS[name], 1280, env=desk.env)
        assert done.returncode == 0, done.stderr
        assert desk.result(name) == good
    finally:
        if (desk.folder / to).is_dir():
            shutil.rmtree(desk.folder / to)
        (desk.folder / f"kept-{to}").replace(desk.folder / to)


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux")
def test_a_library_that_aborts_for_want_of_memory_is_told_in_one_sentence(desk: Desk):
    good = desk.good("score")
    done = limited(desk.folder, COMMANDS["score"], 1280, aborting=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch("error: memory is used up; .*\n", done.stderr)
    assert desk.result("score") == good


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux")
def test_what_does_the_work_where_addresses_are_few_ends_with_the_command(desk: Desk):
    desk.good("population")
    words = [sys.executable, "-c", LIMITED, "1280", "1280", "2", *COMMANDS["score"]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, cwd=desk.folder, **pipes) as process:
        assert process.stdout
        worker = int(process.stdout.readline())
        assert worker != process.pid
        process.terminate()
        assert process.stdout.read() == "", "nobody holds the pipe any more"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux")
@pytest.mark.parametrize("mega", [640, 768, 896])
def test_memory_that_is_used_up_by_many_people_leaves_the_last_good_result(
    desk: Desk, tmp_path: Path, mega: int
):
    good = desk.good("score")
    (tmp_path / "answers.csv").write_bytes(good)
    many = ["population", "--people", "400000", "--output", "people.parquet"]
    assert desk.parent.run(tmp_path, *many).code == 0
    done = limited(tmp_path, COMMANDS["score"], mega, enough=0)
    assert done.returncode == 1
    assert re.fullmatch("error: .*\n", done.stderr)
    assert (tmp_path / "answers.csv").read_bytes() == good
    assert desk.parent.run(tmp_path, *COMMANDS["score"]).code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "people.parquet"]


@pytest.mark.parametrize("name", ["population", "score", "score to Parquet"])
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("taken", "Is a directory"),
        ("person.json/within", "Not a directory"),
        ("locked/out", "Permission denied"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_by_its_own_name(
    desk: Desk, name: str, place: str, said: str
):
    desk.good("population")
    output = place + Path(COMMANDS[name][-1]).suffix
    (desk.folder / "locked").mkdir(0o555, exist_ok=True)
    if place == "taken":
        (desk.folder / output).mkdir(exist_ok=True)
    run = desk.parent.run(desk.folder, *COMMANDS[name][:-1], output, plain=True)
    assert run.code in (1, 2)
    assert f"{said}: '{output}'" in run.said
    assert ".part" not in run.said


def test_memory_that_is_used_up_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from bobanalysis import cli
    from bobanalysis.audit import scoring

    def greedy(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(scoring, "score_file", greedy)
    words = [
        "score",
        str(tmp_path / "people.csv"),
        "--output",
        str(tmp_path / "out.csv"),
        "--algorithm",
        "ams",
    ]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 1
    assert "error: memory is used up; " in done.output


# ---- elsewhere


ELSEWHERE = {
    "LC_ALL": "C",
    "LANG": "C",
    "TZ": "Pacific/Kiritimati",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
}


def test_another_locale_and_time_zone_give_the_same_table(desk: Desk):
    good = desk.good("score")
    words = [
        sys.executable,
        "-c",
        "from bobanalysis.cli import app; app()",
        *COMMANDS["score"][:-1],
        "away.csv",
    ]
    subprocess.run(words, cwd=desk.folder, env={**os.environ, **ELSEWHERE}, check=True, capture_output=True)
    assert (desk.folder / "away.csv").read_bytes() == good


@pytest.mark.slow
def test_another_locale_and_time_zone_give_the_same_bytes_from_every_command(desk: Desk, tmp_path: Path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "desk").mkdir()
    away = Parent(tmp_path / "logs", **ELSEWHERE)
    try:
        there = Desk(away, tmp_path / "desk")
        assert {name: there.good(name) == desk.good(name) for name in COMMANDS} == dict.fromkeys(
            COMMANDS, True
        )
    finally:
        away.process.kill()
        away.process.wait()


# ---- two at once


@pytest.fixture
def build(parent: Parent, tmp_path: Path) -> Build:
    return Build(parent, tmp_path / "work")


def test_a_second_build_waits_for_the_first(build: Build):
    build.prepare(new=True)
    wait = "import os, pathlib, time\nwhile not pathlib.Path('../go').exists():\n    time.sleep(0.05)"
    (build.folder / "notebooks" / "02_two.ipynb").unlink()
    notebook(build.folder, "01_one", wait, RECORD.format(name="01_one", value=50))
    first = build.parent.start(build.folder, "build")
    first.says("executing")
    second = build.parent.start(build.folder, "build")
    second.says("another build is at work here: waiting for its end")
    (build.folder / "go").touch()
    assert (first.wait().code, second.wait().code) == (0, 0), second.said
    assert "unchanged" in second.said, "what the first one executed serves the second"
    assert build.result() == "50"


@pytest.mark.slow
def test_two_downloads_at_once_wait_for_each_other(parent: Parent, tmp_path: Path):
    work = Download(parent, tmp_path / "work")
    work.prepare(new=True)
    words = [word for word in work.words(new=True) if word != "--refresh"]
    runs = [parent.start(work.folder, *words, env=work.env) for _ in range(2)]
    assert [run.wait().code for run in runs] == [0, 0]
    assert sum("downloading" in run.said for run in runs) == 1
    assert work.result() == work.content


@pytest.mark.slow
@pytest.mark.parametrize("name", ["population", "score"])
def test_two_runs_to_one_file_leave_a_whole_one(desk: Desk, name: str):
    good = desk.good(name)
    runs = [desk.parent.start(desk.folder, *COMMANDS[name], env=desk.env) for _ in range(4)]
    ended = [run.wait() for run in runs]
    assert [run.said for run in ended if "Traceback" in run.said or run.code] == []
    assert desk.result(name) == good


# ---- a damaged cache

DAMAGED = {
    "a list of what was read that is cut": ("used.json", lambda path: path.write_text(path.read_text()[:20])),
    "a list that is gone": ("used.json", lambda path: path.unlink()),
    "a list of another kind": ("used.json", lambda path: path.write_text("[]")),
    "a record that was altered": ("findings/01_one.json", lambda path: path.write_text("7")),
    "a record that is gone": ("findings/01_one.json", lambda path: path.unlink()),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_cache_entry_is_not_used(tmp_path: Path, case: str):
    notebook(project(tmp_path), "01_one", "1")
    (job,) = builder._jobs(tmp_path, (), {})
    entry = tmp_path / "build" / "cache" / f"{job.name}-{job.own[:16]}-0"
    for kind in builder.RECORDED:
        (entry / kind).mkdir(parents=True)
    (entry / "findings" / "01_one.json").write_text("50")
    made = builder._tree(*(entry / kind for kind in builder.RECORDED))
    (entry / "used.json").write_text(json.dumps({"made": made, "used": {}}))
    assert builder._entry(job, tmp_path) == entry
    name, damage = DAMAGED[case]
    damage(entry / name)
    assert builder._entry(job, tmp_path) is None


@pytest.mark.slow
def test_a_build_with_a_damaged_cache_executes_again(build: Build):
    build.prepare(new=True)
    (build.folder / "notebooks" / "02_two.ipynb").unlink()
    assert build.parent.run(build.folder, "build").code == 0
    (entry,) = (build.folder / "build" / "cache").glob("01_one-*")
    (entry / "findings" / "01_one.json").write_text("7")
    again = build.parent.run(build.folder, "build")
    assert again.code == 0, again.said
    assert "01_one: executing" in again.said
    assert build.result() == "50"


@pytest.mark.slow
def test_a_build_on_a_full_disk_leaves_the_last_good_page(build: Build):
    assert start(build, False).wait().code == 0
    build.prepare(new=True)
    run = build.parent.run(build.folder, "build", FSIZE=1000)
    assert run.code == 1, run.said
    assert "The build failed; the pages made before are still in place." in run.said
    assert "Traceback" not in run.said.split("01_one.ipynb")[0]
    assert build.result() == "42"
    assert start(build, True).wait().code == 0
    assert build.result() == "52"


@pytest.mark.slow
def test_a_build_in_a_folder_that_cannot_be_written_leaves_the_last_good_page(build: Build):
    assert start(build, False).wait().code == 0
    build.prepare(new=True)
    folders = [build.folder, *(p for p in build.folder.rglob("*") if p.is_dir())]
    try:
        for folder in folders:
            folder.chmod(0o555)
        run = build.parent.run(build.folder, "build", plain=True)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert run.code == 1, run.said
    assert "Permission denied" in run.said
    assert "Traceback" not in run.said
    assert build.result() == "42"
