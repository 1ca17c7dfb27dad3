"""Work on the parts of a table: one after another, in several processes, or on a cluster (Dask).

What is done with a part, and how two results become one, is for the caller to say; results must not depend on
how they are put together. People's data stay on this machine unless the address of a scheduler is given.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import reduce
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from polars.exceptions import PolarsError

from bobanalysis.tables import InputError, Part, short

T = TypeVar("T")
Merge = Callable[[T, T], T]
Progress = Callable[[int, int], None]

_Found = tuple[T | None, list[str]]

FANOUT = 8
"""Results that are put together in one step: sums of many parts never meet in one process."""
PATIENCE = 10
"""Seconds to wait for a scheduler."""
DEATHS = 5
"""Workers that one part may cost before it counts as failed."""


@dataclass(frozen=True)
class Workers:
    """Who does the work.

    Attributes:
        number: processes on this machine; with none, and no scheduler, this process does all of it.
        scheduler: address of the scheduler of a cluster whose workers see the same files.
    """

    number: int = 0
    scheduler: str | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anybody but this process."""
        return bool(self.number or self.scheduler)

    def combine(
        self,
        work: Callable[[Part], T],
        parts: Sequence[Part],
        merge: Merge[T],
        progress: Progress = lambda done, parts: None,
    ) -> T:
        """Do something with every part and put the results together, in the order of the parts.

        A worker that dies is replaced and its parts are done again. A part that fails stops none of the
        others.

        Args:
            work: what to do with a part; it may be done twice.
            parts: at least one.
            merge: makes one result of two.
            progress: called with the number of parts that are done, and of all.

        Returns:
            One result for all parts.

        Raises:
            InputError: a part failed; all that did are named, with what was wrong.

        Example:
            >>> from pathlib import Path
            >>> three = [Part(Path("people.parquet"), n, 10 * n, 10) for n in range(3)]
            >>> Workers().combine(lambda part: part.rows, three, lambda a, b: a + b)
            30
        """
        if len(parts) == 1 and not self.scheduler:
            return work(parts[0])
        if not self:
            found: _Found[Any] = (None, [])
            for done, part in enumerate(parts, 1):
                found = _merged(merge, found, _attempt(work, part))
                progress(done, len(parts))
            return _whole(found, len(parts))
        with self._client() as client:
            from distributed import as_completed, wait

            parts = [replace(part, path=part.path.resolve()) for part in parts]  # workers stand elsewhere
            level = [client.submit(_attempt, work, part, pure=False) for part in parts]
            for done, _ in enumerate(as_completed(level), 1):
                progress(done, len(parts))
            dead = [at for at, future in enumerate(level) if future.status == "error"]
            lost = [f"{parts[at]}: {short(level[at].exception())}" for at in dead]
            level = [future for future in level if future.status != "error"]
            while len(level) > 1:
                groups = [level[at : at + FANOUT] for at in range(0, len(level), FANOUT)]
                level = [client.submit(_merged, merge, *group, pure=False) for group in groups]
                wait(level)
            result, wrong = level[0].result() if level else (None, [])
            return _whole((result, lost + wrong), len(parts))

    @contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            import dask
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise InputError("--workers and --scheduler need: pip install 'bobanalysis[cluster]'") from error
        if self.scheduler:
            try:
                client = Client(self.scheduler, timeout=PATIENCE)
                client.wait_for_workers(1, timeout=PATIENCE)
            except (OSError, ValueError, TimeoutError) as error:
                why = f"no worker answers: {short(error)}"
                raise InputError(f"--scheduler {self.scheduler}: {why}") from error
            with client:
                yield client
            return
        # Measured: Dask opens some 26 files, and 10 a worker; without them it shows where it failed, not why.
        with suppress(ImportError):  # Windows has no such limit
            from resource import RLIMIT_NOFILE, getrlimit

            if 0 <= getrlimit(RLIMIT_NOFILE)[0] < (least := 30 + 10 * self.number):
                raise InputError(f"--workers {self.number} needs {least} open files: `ulimit -n {least}`")
        dask.config.set({"distributed.scheduler.allowed-failures": DEATHS})
        threads = f"{(os.cpu_count() or 1) // self.number or 1}"
        own = {"POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": "1"}
        server = {"dashboard_address": "127.0.0.1:0"}  # without a dashboard: any free port
        here: dict[str, Any] = {"host": "127.0.0.1", "env": own, "scheduler_kwargs": server}
        quiet = {"silence_logs": logging.CRITICAL, "threads_per_worker": 1, "dashboard_address": None}
        mask: Any = getattr(signal, "pthread_sigmask", lambda *_: None)  # Windows has none
        resource_tracker.ensure_running()  # or it unblocks, when the first worker starts, what is blocked
        mask(signal.SIG_BLOCK, {signal.SIGINT})  # as workers inherit: Ctrl-C is for this process alone
        try:
            with LocalCluster(n_workers=self.number, **here, **quiet) as cluster, Client(cluster) as client:
                mask(signal.SIG_UNBLOCK, {signal.SIGINT})
                yield client
        finally:
            mask(signal.SIG_UNBLOCK, {signal.SIGINT})


ALONE = Workers()
"""This process does all of it."""


def _attempt(work: Callable[[Part], T], part: Part) -> _Found[T]:
    """The result of a part, or what is wrong with it: an error that is raised would be tried again."""
    try:
        return work(part), []
    except (ValueError, OSError, PolarsError) as error:
        told = str(error) if isinstance(error, InputError) else short(error)
        return None, [f"{part}: {told.removeprefix(f'{part.path}: ')}"]


def _merged(merge: Merge[Any], *found: _Found[Any]) -> _Found[Any]:
    results = [result for result, _ in found if result is not None]
    return reduce(merge, results) if results else None, [text for _, wrong in found for text in wrong]


def _whole(found: _Found[T], parts: int) -> T:
    result, wrong = found
    if wrong or result is None:
        others, shown = ("the others are done", 20) if len(wrong) < parts else ("the first", 1)
        raise InputError(f"{len(wrong)} of {parts} parts failed, {others}: " + "; ".join(wrong[:shown]))
    return result
