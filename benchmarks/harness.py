"""What every benchmark shares: processes timed in pairs, and lines that are printed and kept.

Two programs, or two functions, run in turn, A B A B …, after one round that does not count; of each pair the
ratio is taken, and of the ratios the median. So a machine that slows down slows both.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(sys.executable).with_name("bobanalysis")
KEPT = Path(__file__).parents[1] / "build" / "benchmarks"


@dataclass(frozen=True)
class Took:
    """What one finished run took: seconds of the clock and of processors, mebibytes at the peak."""

    wall: float
    cpu: float
    memory: float = 0.0


@dataclass(frozen=True)
class Line:
    """One comparison; without a peer, what ours took."""

    work: str
    ours: float
    memory: float
    peer: str = ""
    theirs: float | None = None
    peer_memory: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    pairs: int = 1
    unit: str = "s"


LAUNCH = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
print(json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""Starts a command from a small process: what is started takes over the peak memory of who started it."""


def process(command: Sequence[str | Path]) -> Took:
    """Run a command in a process of its own, as the operating system accounts for it."""
    words = [sys.executable, "-S", "-c", LAUNCH, *map(str, command)]
    code, wall, cpu, memory = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    if code:
        raise SystemExit(f"{' '.join(words[4:])} stopped with exit code {code}")
    return Took(wall, cpu, _mebibytes(memory))


def function(call: Callable[[], Any]) -> Took:
    """Call a function; the memory of this process is nobody's."""
    start, busy = time.perf_counter(), time.process_time()
    call()
    return Took(time.perf_counter() - start, time.process_time() - busy)


def here() -> float:
    """Return the peak memory of this process, in mebibytes."""
    return _mebibytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _mebibytes(size: int) -> float:
    return size / (2**20 if sys.platform == "darwin" else 2**10)


def compare(
    work: str,
    ours: Callable[[], Took],
    peer: str = "",
    theirs: Callable[[], Took] | None = None,
    pairs: int = 3,
) -> Line:
    """Measure ours, and a peer in turn with it where there is one."""
    rounds = [(ours(), theirs() if theirs else None) for _ in range(pairs + 1)][1:]
    mine, other = [a for a, _ in rounds], [b for _, b in rounds if b]
    line = Line(work, median(took.wall for took in mine), median(took.memory for took in mine), pairs=pairs)
    if not other:
        return line
    ratios = sorted(b.wall / a.wall for a, b in zip(mine, other, strict=True))
    found: dict[str, Any] = {"peer": peer, "theirs": median(took.wall for took in other)}
    found |= {"peer_memory": median(took.memory for took in other) or None}
    found |= {"ratio": median(ratios), "low": ratios[0], "high": ratios[-1]}
    return Line(**{**asdict(line), **found})


def publish(room: str, lines: Iterator[Line]) -> None:
    """Print each line as soon as it is there, and keep them all for the page."""
    kept = []
    for line in lines:
        kept.append(asdict(line))
        told = f"{line.work:<72}  {line.ours:>9.3f} {line.unit}"
        told += f"  {line.memory:>7,.0f} MiB" if line.memory else ""
        if line.ratio is not None:
            told += f"  {line.peer} {line.theirs:.3f} {line.unit}: {line.ratio:.2f} × ours"
            told += f" ({line.low:.2f} to {line.high:.2f}, {line.pairs} pairs)"
        print(told, flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    part = KEPT / f"{room}.json.part"
    part.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    part.replace(KEPT / f"{room}.json")
