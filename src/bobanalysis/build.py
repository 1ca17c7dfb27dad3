"""Execute every notebook, then render the pages: ``python -m bobanalysis.build``, or ``make reports``.

A notebook is executed again only when something it can depend on has changed: its own cells, the package, the
data, the lock file or the version of Python. What it recorded and its executed copy are kept under
``build/cache``. New files are made aside and take the place of the old ones at the very end, so a build that
fails leaves the last good pages where they are.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FORMAT = "1"
"""Part of every cache key; raise it when what a cache entry holds changes."""

KEPT = 3
"""Cache entries kept for each notebook."""

TIMEOUT = 600
"""Seconds that one cell may take."""

RECORDED = ("findings", "tables", "notebooks")
KERNEL = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}

Render = Callable[[Path, Path], Any]


class BuildError(Exception):
    """A build that could not be finished; the message says where and what to do."""


@dataclass(frozen=True)
class Job:
    """A notebook to execute and the folder that keeps, or will keep, what comes out of it."""

    notebook: Path
    cache: Path

    @property
    def name(self) -> str:
        """Name of the notebook without its ending."""
        return self.notebook.stem


def build(
    root: Path = ROOT,
    only: Sequence[str] = (),
    force: bool = False,
    jobs: int = 2,
    render: Render | None = None,
) -> None:
    """Bring ``build/`` and ``reports/`` up to date.

    Args:
        root: the project folder.
        only: names of notebooks, such as "01_data": execute these alone and render no page.
        force: execute notebooks, and render pages, that have not changed too.
        jobs: how many notebooks to execute at the same time; each takes a processor and its memory.
        render: what makes pages in its second argument from the records in its first;
            ``bobanalysis.report.render`` unless given.

    Raises:
        BuildError: there is no such notebook, or a cell of one failed; earlier pages are left in place.
    """
    started = time.monotonic()
    folder = root / "build"
    todo = _jobs(root, folder / "cache", only)
    with _progress() as progress:
        _execute_all(todo, force, jobs, progress)
    with tempfile.TemporaryDirectory(prefix="next-", dir=folder) as aside:
        staged = Path(aside)
        _gather(todo, staged)
        if only:
            _put(staged, folder, RECORDED, merge=True)
        else:
            made = _render(root, staged, force, [job.cache.name for job in todo], render)
            _put(staged, folder, RECORDED)
            if made:
                _put(staged, root, ["reports"])
                _remember(root, [job.cache.name for job in todo])
    _say_where(root, pages=not only, seconds=time.monotonic() - started)


def cache_key(notebook: Path, inputs: str) -> str:
    """Return the key of a notebook's cache entry: everything that its results can depend on.

    Args:
        notebook: the file; outputs and execution counts in it do not count.
        inputs: digest of what all notebooks share, from :func:`inputs_digest`.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        source = [[cell["cell_type"], cell.get("id"), "".join(cell["source"])] for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{notebook} is not a notebook ({error}); restore it with git") from error
    return _digest([json.dumps(source).encode(), inputs.encode()])


def inputs_digest(root: Path) -> str:
    """Return a digest of what all notebooks share: package code, data, lock file, minor version of Python."""
    data = Path(os.environ.get("BOBANALYSIS_DATA") or root / "data")
    files = [*_files(root / "src"), *_files(data), root / "uv.lock"]
    parts = [FORMAT.encode(), f"{sys.version_info.major}.{sys.version_info.minor}".encode()]
    for file in (file for file in files if file.is_file()):
        named = file.relative_to(root) if file.is_relative_to(root) else file
        parts += [named.as_posix().encode(), file.read_bytes()]
    return _digest(parts)


def _digest(parts: Sequence[bytes]) -> str:
    sha = hashlib.sha256()
    for part in parts:
        sha.update(len(part).to_bytes(8, "big") + part)  # the length keeps neighbours apart
    return sha.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (f for f in sorted(folder.rglob("*")) if f.is_file() and _NOISE.isdisjoint(f.parts))


def _jobs(root: Path, cache: Path, only: Sequence[str]) -> list[Job]:
    cache.mkdir(parents=True, exist_ok=True)
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    wanted = {name.removesuffix(".ipynb").rpartition("/")[2] for name in only}
    if missing := wanted - {notebook.stem for notebook in notebooks} or (not notebooks and {"*"}):
        there = ", ".join(notebook.stem for notebook in notebooks) or "none"
        raise BuildError(f"no notebook {min(missing)} in {root / 'notebooks'}; there are: {there}")
    inputs = inputs_digest(root)
    chosen = [notebook for notebook in notebooks if not wanted or notebook.stem in wanted]
    return [Job(n, cache / f"{n.stem}-{cache_key(n, inputs)[:24]}") for n in chosen]


def _execute_all(todo: Sequence[Job], force: bool, jobs: int, progress: Any) -> None:
    """Execute what is not in the cache; when one fails the others finish, so they need not run again."""
    stale = [job for job in todo if force or not job.cache.exists()]
    for job in todo:
        if job not in stale:
            progress.console.print(f"{job.name}: unchanged")

    async def one_of_few(job: Job, free: asyncio.Semaphore) -> None:
        async with free:
            await _execute(job, progress)

    async def all_of_them() -> list[BaseException | None]:
        free = asyncio.Semaphore(max(jobs, 1))
        return await asyncio.gather(*(one_of_few(job, free) for job in stale), return_exceptions=True)

    failures = [failure for failure in asyncio.run(all_of_them()) if failure]
    for failure in failures:
        if not isinstance(failure, BuildError):
            raise failure
    if failures:
        raise BuildError("\n\n".join(map(str, failures)))


async def _execute(job: Job, progress: Any) -> None:
    """Execute one notebook in a kernel of its own and keep what it recorded in the cache."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError

    notebook = nbformat.read(job.notebook, as_version=4)
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    at: list[int] = []
    bar = progress.add_task(job.name, total=len(code))

    def begin(cell: Any, cell_index: int) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # nbclient's handlers would end one kernel of several
            asyncio.get_running_loop().remove_signal_handler(number)
        at.append(cell_index)
        progress.update(bar, completed=len(at) - 1)

    started = time.monotonic()
    progress.console.print(f"{job.name}: executing {len(code)} cells")
    with tempfile.TemporaryDirectory(prefix=f"{job.name}-running-", dir=job.cache.parent) as aside:
        folder = Path(aside) / "done"
        (folder / "notebooks").mkdir(parents=True)
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT,
            kernel_name="python3",
            extra_arguments=["--IPKernelApp.log_level=40"],  # no word on the transport of its messages
            resources={"metadata": {"path": str(job.notebook.parent)}},
            record_timing=False,
            store_widget_state=False,
            shutdown_kernel="immediate",
            on_cell_execute=begin,
        )
        env = {
            **os.environ,
            **KERNEL,
            "BOBANALYSIS_BUILD": str(folder),
            "IPYTHONDIR": str(Path(aside) / "ipython"),
        }
        try:
            await client.async_execute(env=env)
        except (CellExecutionError, CellControlSignal, DeadKernelError) as error:
            raise BuildError(_failure(job, notebook, at, code, error)) from error
        nbformat.write(notebook, folder / "notebooks" / job.notebook.name)
        _replace(folder, job.cache)
    _prune(job)
    progress.update(bar, completed=len(code), visible=False)
    progress.console.print(f"{job.name}: done in {time.monotonic() - started:.0f} s")


def _failure(job: Job, notebook: Any, at: list[int], code: list[int], error: Exception) -> str:
    """Say what happened, then in the last line where."""
    if not at:
        return f"{job.notebook}: the kernel did not start: {error}"
    name, text = getattr(error, "ename", type(error).__name__), getattr(error, "evalue", str(error))
    place = f"code cell {code.index(at[-1]) + 1} of {len(code)} (id {notebook.cells[at[-1]].get('id')})"
    return f"{_COLOUR.sub('', str(error)).strip()}\n\n{job.notebook} failed in {place}: {name}: {text}"


def _prune(job: Job) -> None:
    entries = [entry for entry in job.cache.parent.glob(f"{job.name}-*") if "-running-" not in entry.name]
    for entry in sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(entry, ignore_errors=True)


def _gather(todo: Sequence[Job], staged: Path) -> None:
    for kind in RECORDED:
        (staged / kind).mkdir()
    for job in todo:
        shutil.copytree(job.cache, staged, dirs_exist_ok=True)


def _render(root: Path, staged: Path, force: bool, keys: Sequence[str], render: Render | None) -> bool:
    """Make the pages in ``staged/reports``, unless those in place are what would be made."""
    if not force and _remembered(root) == _state(root, keys):
        print("pages: unchanged", flush=True)
        return False
    if render is None:
        from bobanalysis import algorithms, report

        render = partial(report.render, algorithm=algorithms.load("bob"))
    print("pages: rendering", flush=True)
    (staged / "reports").mkdir()
    from bobanalysis.report.findings import FindingError
    from bobanalysis.report.renderer import PageError
    from bobanalysis.report.words import CatalogueError

    try:
        render(staged, staged / "reports")
    except (FindingError, PageError, CatalogueError) as error:
        raise BuildError(f"pages: {error}") from error
    return True


def _state(root: Path, keys: Sequence[str]) -> dict[str, str]:
    """Describe what the pages were made from and what they are, to see whether either has changed."""
    made = [
        part
        for f in _files(root / "reports")
        for part in (f.relative_to(root).as_posix().encode(), f.read_bytes())
    ]
    return {"from": _digest([key.encode() for key in keys]), "to": _digest(made)}


def _remember(root: Path, keys: Sequence[str]) -> None:
    (root / "build" / "state.json").write_text(json.dumps(_state(root, keys)), encoding="utf-8")


def _remembered(root: Path) -> Any:
    try:
        return json.loads((root / "build" / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _put(staged: Path, target: Path, names: Sequence[str], merge: bool = False) -> None:
    """Let new folders take the place of the old ones, or with ``merge`` add their files to them."""
    for name in names:
        if merge:
            shutil.copytree(staged / name, target / name, dirs_exist_ok=True)
        else:
            _replace(staged / name, target / name)


def _replace(new: Path, old: Path) -> None:
    """Put a folder in the place of another; both are renamed, so there is no time with half of one."""
    with tempfile.TemporaryDirectory(prefix="old-", dir=new.parent) as attic:
        if old.exists():
            old.replace(Path(attic) / old.name)
        new.replace(old)


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(highlight=False, markup=False, soft_wrap=True)
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _say_where(root: Path, pages: bool, seconds: float) -> None:
    here = Path.cwd()
    shown = root.relative_to(here) if root.is_relative_to(here) else root
    print(f"\nDone in {seconds:.0f} s.")
    print(f"Executed notebooks:  {shown / 'build' / 'notebooks'}")
    if pages:
        print(f"Report in French:    {shown / 'reports' / 'fr' / 'index.html'}")
        print(f"Report in English:   {shown / 'reports' / 'en' / 'index.html'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 when the build failed."""
    parser = argparse.ArgumentParser(
        prog="python -m bobanalysis.build", description=__doc__.split("\n")[0] if __doc__ else None
    )
    parser.add_argument(
        "--only", nargs="+", metavar="NOTEBOOK", default=(), help="execute these alone; no pages"
    )
    parser.add_argument("--force", action="store_true", help="execute and render what has not changed too")
    parser.add_argument(
        "--jobs", type=int, default=2, help="notebooks executed at the same time (default: 2)"
    )
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # a kernel named python3 elsewhere is not ours
    try:
        build(only=chosen.only, force=chosen.force, jobs=chosen.jobs)
    except BuildError as error:
        print(f"\n{error}\n\nThe build failed; the pages made before are still in place.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the pages made before are still in place.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
