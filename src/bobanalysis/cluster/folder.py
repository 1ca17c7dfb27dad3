"""A table in parts: a folder that takes its name when all of its files are there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bobanalysis.tables import InputError, Part, digest, file_lock, write_text

_PART = re.compile(r"part-\d{5,}\.parquet")


@contextmanager
def parts_folder(output: Path, parts: Sequence[Part], asked: Mapping[str, Any]) -> Iterator[Path]:
    """Give a folder to write the parts of a table into; it takes its name when all of them are there.

    Until then it is ``NAME.partial``, and a later run of the same code that asks for the same finds there
    what was done. Where nothing was done when a run fails, nothing is left.

    Args:
        output: the folder to be; one that stands there is replaced if it holds nothing but such parts.
        parts: what it will hold.
        asked: what the parts depend on besides.

    Raises:
        InputError: ``output`` is a file, or a folder of other things; or another run writes to it.
    """
    output, names = output.resolve(), {part_name(part) for part in parts}
    if output.suffix:
        raise InputError(f"{output}: a table in parts is a folder; give a name without {output.suffix!r}")
    if output.exists() and not (output.is_dir() and all(_PART.fullmatch(p.name) for p in output.iterdir())):
        raise InputError(f"{output} is there and holds other things than parts of a table; give another name")

    def busy() -> None:
        raise InputError(f"{output}: another run writes there; wait for its end, or give another name")

    partial, before = (output.with_name(f"{output.name}.{end}") for end in ("partial", "before"))
    stamp, lock = partial / "_asked.json", partial / "_lock"
    made_with = [_code(), *map(version, ("bobanalysis", "polars", "numpy"))]
    asked = {**asked, "parts": [str(Path.cwd()), *map(str, parts)], "made_with": made_with}
    told = json.dumps(asked, sort_keys=True)
    if partial.exists() and not lock.exists():
        raise InputError(f"{partial} is there and is not of this command; take it away")
    with file_lock(lock, busy):
        if not (stamp.exists() and stamp.read_text(encoding="utf-8") == told):
            for left in (path for path in partial.iterdir() if path != lock):
                left.unlink()
        write_text(told, stamp)
        try:
            yield partial
        except BaseException as error:
            done = sum((partial / name).exists() for name in names)
            if not done:
                shutil.rmtree(partial, ignore_errors=True)
            elif isinstance(error, KeyboardInterrupt):
                error.args = (f"{done} of {len(names)} parts are done and kept in {partial}",)
            raise
        for left in (path for path in partial.iterdir() if path.name not in names):
            left.unlink()
        if output.exists():
            shutil.rmtree(before, ignore_errors=True)  # of a run that was stopped here
            output.rename(before)
        partial.rename(output)
        shutil.rmtree(before, ignore_errors=True)


@cache
def _code() -> str:
    """Return a digest of the package's own files, rules and words among them."""
    files = sorted(f for f in Path(__file__).parents[1].rglob("*") if f.suffix in (".py", ".yaml"))
    return hashlib.sha256("".join(map(digest, files)).encode()).hexdigest()


def part_name(part: Part) -> str:
    """Return the name of the file that a part is written to."""
    return f"part-{part.number:05}.parquet"
