"""Execute every notebook, then render the pages: ``python -m bobanalysis.build``, or ``make reports``.

A notebook is executed again only when something that it used has changed: its own cells, a file that it
opened or a folder that it listed when it was last executed (modules, configuration, data), the lock file or
the minor version of Python. What it recorded and its executed copy are kept under ``build/cache``, with the
list of what was used. New files are made aside and take the place of the old ones at the very end, so a build
that fails leaves the last good pages where they are.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

from bobanalysis import algorithms
from bobanalysis.cluster.exchange import exchange, restore
from bobanalysis.tables import file_lock, write_text

ROOT = Path(__file__).parents[2]
FORMAT = "3"
"""Part of every cache key; raise it when what a cache entry holds changes."""

KEPT = 3
"""Cache entries kept for each notebook."""

TIMEOUT = 600
"""Seconds that one cell may take."""

LONG = ("13_explanations", "12_what_if_it_were_blind", "08_why", "11_robustness", "19_each_place")
"""Notebooks to begin with, so that the last one does not run alone."""

RECORDED = ("findings", "tables", "notebooks")
KERNEL = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
RECORDER = ROOT / "tools" / "record_reads.py"
"""What a kernel runs before the first cell, to write down what the cells read."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
_MADE = {"build", "reports", ".venv", ".tools", ".git", "notebooks"}


class BuildError(Exception):
    """A build that could not be finished; the message says where and what to do."""


@dataclass(frozen=True)
class Job:
    """A notebook to execute and what its cache entries are called; ``own`` digests all but what it reads."""

    path: Path
    book: nbformat.NotebookNode
    name: str
    own: str


def build(
    root: Path = ROOT,
    only: Sequence[str] = (),
    force: bool = False,
    jobs: int = 2,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Bring ``build/`` and ``reports/`` up to date.

    Args:
        root: the project folder.
        only: names of notebooks, such as "01_data": execute these alone and render no page.
        force: execute notebooks, and render pages, that have not changed too.
        jobs: how many notebooks to execute at the same time; each takes a processor and its memory.
        parameters: values in place of those in the cells tagged ``parameters``: execute the notebooks that
            have such parameters, write to ``build/trial`` and render no page.

    Raises:
        BuildError: there is no such notebook or parameter, or a cell of one failed; earlier pages are left
            in place.
    """
    started, folder, pages = time.monotonic(), root / "build", not (only or parameters)
    target = folder / "trial" if parameters else folder
    waits = partial(print, "another build is at work here: waiting for its end", flush=True)
    with file_lock(folder / ".lock", waits):
        for place in (root / "reports", *(folder / kind for kind in RECORDED)):
            restore(place)
        for left in (*folder.glob("next-*"), *folder.glob("cache/*-running-*")):  # of a build ended by force
            shutil.rmtree(left, ignore_errors=True)
        entries = asyncio.run(_execute_all(_jobs(root, only, parameters or {}), root, force, jobs))
        with tempfile.TemporaryDirectory(prefix="next-", dir=folder) as aside:
            staged = Path(aside)
            for kind in RECORDED:
                (staged / kind).mkdir()
            for entry in entries:
                shutil.copytree(entry, staged, dirs_exist_ok=True, ignore=shutil.ignore_patterns("used.json"))
            made = _render(root, staged, force) if pages else ""
            for kind in RECORDED:
                if pages:
                    exchange(staged / kind, folder / kind)
                else:
                    shutil.copytree(staged / kind, target / kind, dirs_exist_ok=True)
            if made:
                exchange(staged / "reports", root / "reports")
                write_text(f"{made} {_tree(root / 'reports')}", folder / "state")
    print(f"\nDone in {time.monotonic() - started:.0f} s. Notebooks: {os.path.relpath(target)}/notebooks")
    if pages:
        print("Pages:", *(os.path.relpath(root / "reports" / lang / "index.html") for lang in ("fr", "en")))


def _jobs(root: Path, only: Sequence[str], parameters: Mapping[str, Any]) -> list[Job]:
    paths = {path.stem: path for path in sorted((root / "notebooks").glob("*.ipynb"))}
    wanted = {Path(name).stem for name in only} or {*paths}
    if not paths or not wanted <= paths.keys():
        missing, there = ", ".join(sorted(wanted - {*paths})), ", ".join(paths) or "none"
        raise BuildError(f"no notebook {missing} in {root / 'notebooks'}; there are: {there}")
    found = (_job(paths[name], root, parameters) for name in paths if name in wanted)
    if not (jobs := [job for job in found if job]):
        raise BuildError(f"no notebook sets {', '.join(parameters)} in a cell tagged parameters")
    return jobs


def _job(path: Path, root: Path, parameters: Mapping[str, Any]) -> Job | None:
    """Read a notebook and set its parameters; None where a cell tagged ``parameters`` lacks one of them."""
    try:
        book = nbformat.read(path, as_version=4)
    except ValueError as error:
        raise BuildError(f"{path} is not a notebook ({error}); restore it with git") from error
    tagged = {i: cell for i, cell in enumerate(book.cells) if "parameters" in cell.metadata.get("tags", ())}
    nodes = ((index, node) for index, cell in tagged.items() for node in ast.walk(ast.parse(cell.source)))
    names = ((index, node) for index, node in nodes if isinstance(node, ast.Name))
    known = {name.id: index for index, name in names if isinstance(name.ctx, ast.Store)}
    if parameters.keys() - known.keys():
        return None
    if parameters:
        source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
        after = max(known[name] for name in parameters) + 1
        book.cells.insert(after, nbformat.v4.new_code_cell(source, id="injected"))
    cells = [[cell.cell_type, cell.get("id"), cell.source] for cell in book.cells]
    own = json.dumps([FORMAT, sys.version_info[:2], _digest(root / "uv.lock"), cells])
    return Job(path, book, path.stem + "+set" * bool(parameters), hashlib.sha256(own.encode()).hexdigest())


def _digest(path: Path) -> str:
    """Return a digest of a file's content, or of the names in a folder; of nothing when there is neither."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    names = sorted(p.name for p in path.glob("*") if p.name not in _NOISE)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def _tree(*folders: Path) -> str:
    """Return a digest of all files below folders."""
    files = {(f.name, p.relative_to(f).as_posix()): p for f in folders for p in sorted(f.rglob("*"))}
    digests = [(*name, _digest(p)) for name, p in files.items() if _NOISE.isdisjoint(p.parts)]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def _data(root: Path) -> Path:
    return Path(os.environ.get("BOBANALYSIS_DATA") or root / "data").resolve()


def _used(log: Path, root: Path, since: float) -> dict[str, str]:
    """Describe what a kernel read of the project and the data: path -> digest of what is there."""
    found = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        cached = "__pycache__" in line and line.endswith(".pyc")
        path = Path(importlib.util.source_from_cache(line) if cached else line)
        inside = path.is_relative_to(root) and path.relative_to(root).parts[:1]
        if (inside and inside[0] not in _MADE) or path.is_relative_to(_data(root)):
            changed = path.is_file() and path.stat().st_mtime > since  # so what was read is not known
            found[os.path.relpath(path, root)] = "changed" if changed else _digest(path)
    return dict(sorted(found.items()))


def _entry(job: Job, root: Path) -> Path | None:
    """Find what an earlier execution recorded, if all that it used is still the same."""
    for entry in _newest(root, f"{job.name}-{job.own[:16]}-*"):
        try:
            kept = json.loads((entry / "used.json").read_text(encoding="utf-8"))
            same = all(_digest(root / name) == before for name, before in kept["used"].items())
            same = same and kept["made"] == _tree(*(entry / kind for kind in RECORDED))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue  # half removed, or damaged
        if same:
            return entry
    return None


def _newest(root: Path, pattern: str) -> list[Path]:
    entries = [path for path in (root / "build" / "cache").glob(pattern) if "-running-" not in path.name]
    return sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True)


async def _execute_all(todo: Sequence[Job], root: Path, force: bool, jobs: int) -> list[Path]:
    """Execute what is not in the cache; when one fails the others finish, so they need not run again."""
    free = asyncio.Semaphore(max(jobs, 1))

    async def one(job: Job) -> Path | BuildError:
        if not force and (entry := _entry(job, root)):
            print(f"{job.name}: unchanged", flush=True)
            return entry
        async with free:
            try:
                return await _execute(job, root)
            except BuildError as error:
                return error

    done = await asyncio.gather(*map(one, sorted(todo, key=lambda job: job.name not in LONG)))
    if failures := [str(failure) for failure in done if isinstance(failure, BuildError)]:
        raise BuildError("\n\n".join(failures))
    return [entry for entry in done if isinstance(entry, Path)]


async def _execute(job: Job, root: Path) -> Path:
    """Execute one notebook in a kernel of its own; return the cache entry that keeps what it recorded."""
    cells = sum(cell.cell_type == "code" for cell in job.book.cells)
    at: list[str] = []

    def begin(cell: Any, cell_index: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # nbclient's handlers would end one kernel of several
            asyncio.get_running_loop().remove_signal_handler(number)
        at.append(cell.get("id"))

    started, cache = time.time(), root / "build" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    print(f"{job.name}: executing {cells} cells", flush=True)
    with tempfile.TemporaryDirectory(prefix=f"{job.name}-running-", dir=cache) as aside:
        folder, log, start = (Path(aside, name) for name in ("done", "reads", "profile_default/startup"))
        for made in (folder / "notebooks", start):
            made.mkdir(parents=True)
        shutil.copy(RECORDER, start)
        client = NotebookClient(
            job.book,
            timeout=TIMEOUT,
            kernel_name="python3",
            extra_arguments=["--IPKernelApp.log_level=40"],  # no word on the transport of its messages
            resources={"metadata": {"path": str(job.path.parent)}},
            record_timing=False,
            store_widget_state=False,
            shutdown_kernel="immediate",
            on_cell_execute=begin,
        )
        own = {"BOBANALYSIS_BUILD": str(folder), "BOBANALYSIS_READS": str(log), "IPYTHONDIR": aside}
        try:
            await client.async_execute(env={**os.environ, **KERNEL, **own})
        except (CellControlSignal, DeadKernelError) as error:
            cell = f"{len(at)} of {cells} (id {at[-1]})" if at else "0: the kernel did not start"
            why = f"{getattr(error, 'ename', type(error).__name__)}: {getattr(error, 'evalue', error)}"
            said = f"{_COLOUR.sub('', str(error)).strip()}\n\n{job.path} failed in code cell {cell}: {why}"
            raise BuildError(said) from error
        nbformat.write(job.book, folder / "notebooks" / job.path.name)
        whole = _tree(*(folder / kind for kind in RECORDED))
        used = json.dumps({"made": whole, "used": _used(log, root.resolve(), started)}, indent=0)
        (folder / "used.json").write_text(used, encoding="utf-8")
        entry = cache / f"{job.name}-{job.own[:16]}-{hashlib.sha256(used.encode()).hexdigest()[:8]}"
        exchange(folder, entry)
    for old in _newest(root, f"{job.name}-*")[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    print(f"{job.name}: done in {time.time() - started:.0f} s", flush=True)
    return entry


def make_pages(build: Path, reports: Path) -> None:
    """Make the pages of a folder of records."""
    from bobanalysis.report.site import render

    bob, *others = (algorithms.load(name) for name in algorithms.names())
    render(build, reports, bob, others)


def _render(root: Path, staged: Path, force: bool) -> str:
    """Make the pages in ``staged/reports``, unless those in place are; return a digest of their origin."""
    made_from = _tree(staged / "findings", staged / "tables", root / "src", _data(root))
    made_from += _digest(root / "uv.lock")
    state = root / "build" / "state"
    if not force and state.exists() and state.read_text().split() == [made_from, _tree(root / "reports")]:
        print("pages: unchanged", flush=True)
        return ""
    print("pages: rendering", flush=True)
    (staged / "reports").mkdir()
    try:
        make_pages(staged, staged / "reports")
    except ValueError as error:  # what findings, pages and catalogues of words raise
        raise BuildError(f"pages: {error}") from error
    return made_from


def _parameter(text: str) -> tuple[str, Any]:
    name, value = text.split("=", 1)
    return name, yaml.safe_load(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 when the build failed."""
    parser = argparse.ArgumentParser("python -m bobanalysis.build", description=str(__doc__).split("\n")[0])
    add = parser.add_argument
    add("--only", nargs="+", metavar="NOTEBOOK", default=(), help="execute these alone; no pages")
    add("--force", action="store_true", help="execute and render what has not changed too")
    add("--jobs", type=int, default=2, help="notebooks executed at the same time (default: 2)")
    add("--set", nargs="+", type=_parameter, default=(), metavar="NAME=VALUE", help="write to build/trial")
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # a kernel named python3 elsewhere is not ours
    try:
        build(only=chosen.only, force=chosen.force, jobs=chosen.jobs, parameters=dict(chosen.set))
    except (BuildError, OSError) as error:
        print(f"\n{error}\n\nThe build failed; the pages made before are still in place.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the pages made before are still in place.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
