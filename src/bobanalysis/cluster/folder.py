"""A table in parts: a folder that takes its name when all of its files are there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bobanalysis.tables import InputError, Part, write_text


@contextmanager
def parts_folder(output: Path, asked: Mapping[str, Any]) -> Iterator[Path]:
    """Give a folder to write the parts of a table into; it takes its name when all of them are there.

    Until then it is ``NAME.partial``, and a later run that asks for the same finds there what was done.

    Args:
        output: the folder to be; one that stands there is replaced if it holds nothing but such parts.
        asked: what the parts depend on.

    Raises:
        InputError: ``output`` is a file, or a folder of other things.
    """
    if output.suffix:
        raise InputError(f"{output}: a table in parts is a folder; give a name without {output.suffix!r}")
    if output.exists() and not (output.is_dir() and all(map(is_part, output.iterdir()))):
        raise InputError(f"{output} is there and holds other things than parts of a table; give another name")
    partial = output.with_name(f"{output.name}.partial")
    stamp, told = (
        partial / "_asked.json",
        json.dumps({**asked, "version": version("bobanalysis")}, sort_keys=True),
    )
    if partial.exists() and not (stamp.exists() and stamp.read_text(encoding="utf-8") == told):
        shutil.rmtree(partial)
    partial.mkdir(parents=True, exist_ok=True)
    write_text(told, stamp)
    yield partial
    for left in (path for path in partial.iterdir() if not is_part(path)):
        left.unlink()
    if output.exists():
        before = output.with_name(f"{output.name}.before")
        output.rename(before)
        partial.rename(output)
        shutil.rmtree(before)
    else:
        partial.rename(output)


def part_name(part: Part) -> str:
    """Return the name of the file that a part is written to."""
    return f"part-{part.number:05}.parquet"


def is_part(path: Path) -> bool:
    """Tell whether a file is called as a part."""
    return bool(re.fullmatch(r"part-\d{5,}\.parquet", path.name))
