"""Run the comparisons room by room, each in a process of its own, and write docs/benchmarks.md.

    python -m benchmarks [ROOM …] [--old PROGRAM] [--scale 1]

Rooms: waiting, audit, evaluation, fairness, pipeline. ``--old`` is the command ``bobanalysis`` of an earlier
commit; ``--scale 0.01`` is for trying a benchmark out, and writes no page. What a room found is kept under
build/benchmarks; ``--page`` writes the page of what is there. The largest populations are a benchmark of
their own: ``python -m benchmarks.growth``.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.harness import KEPT, publish

ROOT = Path(__file__).parents[1]
ROOMS = ("waiting", "audit", "evaluation", "fairness", "pipeline")
PAGE = ROOT / "docs" / "benchmarks.md"
PACKAGES = ("polars", "pyarrow", "numpy", "scipy", "distributed")
LOSES = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rooms", nargs="*", help="by default all")
    parser.add_argument("--old", type=Path, help="the command bobanalysis of an earlier commit")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows")
    parser.add_argument("--page", action="store_true", help="only write the page of what was measured")
    asked = parser.parse_args()
    if unknown := {*asked.rooms} - {*ROOMS}:
        parser.error(f"{', '.join(sorted(unknown))}: rooms are {', '.join(ROOMS)}")
    if asked.old and not shutil.which(asked.old):
        parser.error(f"--old {asked.old}: no such program")
    if len(asked.rooms) == 1 and os.environ.get("BENCHMARK") == asked.rooms[0]:
        room = importlib.import_module(f"benchmarks.{asked.rooms[0]}")
        publish(asked.rooms[0], room.lines(asked.old, asked.scale))
        return
    for room in () if asked.page else asked.rooms or ROOMS:
        print(f"\n{room}", flush=True)
        words = [sys.executable, "-m", "benchmarks", room, "--scale", str(asked.scale)]
        words += ["--old", str(asked.old)] if asked.old else []
        subprocess.run(words, check=True, cwd=ROOT, env={**os.environ, "BENCHMARK": room})
    if asked.scale == 1:
        PAGE.write_text(page(), encoding="utf-8")
        print(f"\nwritten: {PAGE.relative_to(ROOT)}")


def page() -> str:
    """Return the page of what was measured last."""
    head = (Path(__file__).parent / "page.md").read_text("utf-8")
    made = datetime.now(UTC).date().isoformat()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    machine = f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}"
    machine += f", Python {platform.python_version()}"
    text = [head.format(date=made, machine=machine, versions=versions, version=version("bobanalysis"))]
    for room in (*ROOMS, "growth"):
        file = KEPT / f"{room}.json"
        if not file.exists():
            continue
        said = " ".join((importlib.import_module(f"benchmarks.{room}").__doc__ or "").split())
        text += [f"\n## {room.capitalize()}\n", f"{said}\n"]
        text += [
            "| work | ours | memory | peer | its time | its memory | ratio |",
            "|---|--:|--:|---|--:|--:|--:|",
        ]
        text += [row(line) for line in json.loads(file.read_text("utf-8"))]
        if room == "growth":
            text += ["", beyond(json.loads(file.read_text("utf-8"))[-1])]
    return "\n".join(text) + "\n"


def beyond(line: dict[str, Any]) -> str:
    """Say what a thousand million people would take, from the largest population that was measured."""
    people = int(line["work"].split()[0].replace(",", ""))
    rate = people / line["ours"] / 2
    times = ", ".join(f"{n} processes {1e9 / rate / n / 60:,.1f} minutes" for n in (2, 16, 64))
    said = f"Computed from the last line, not measured: {rate:,.0f} people a second and process; 10⁹ people"
    return f"{said} would take {times}, if disk and scheduler keep up."


def row(line: dict[str, Any]) -> str:
    """Return one line of a table of the page; a peer that is faster is marked."""

    def seconds(value: float | None) -> str:
        return "" if value is None else f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.1f} ms"

    def memory(value: float | None) -> str:
        return f"{value:,.0f} MiB" if value else ""

    ratio = ""
    if line["ratio"] is not None:
        ratio = f"{line['ratio']:.2f} ({line['low']:.2f}–{line['high']:.2f})"
        ratio = f"**{ratio}, we lose**" if line["ratio"] < LOSES else ratio
    cells = (line["work"], seconds(line["ours"]), memory(line["memory"]), line["peer"])
    return f"| {' | '.join([*cells, seconds(line['theirs']), memory(line['peer_memory']), ratio])} |"


if __name__ == "__main__":
    main()
