"""Download official files to a cache on this machine, and prove on every use that they are still what was
downloaded.

A file whose publisher never changes it has its sha256 in the registry. For a file that changes, the sha256
and the date of the download are written beside it; later uses compare with that, so a silent change is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bobanalysis.data.errors import DataError
from bobanalysis.data.registry import Source, root, source

ACCESS_TEXT = {
    "account": "needs an account with its producer",
    "restricted": "is open only to researchers with an agreement",
    "closed": "is not published at an address we know",
}


def cache_folder() -> Path:
    """Return the folder of downloaded files: $BOBANALYSIS_CACHE, or the cache folder of the operating
    system."""
    if chosen := os.environ.get("BOBANALYSIS_CACHE"):
        return Path(chosen)
    import pooch

    return Path(pooch.os_cache("bobanalysis"))


def parts(entry: Source) -> list[str]:
    """Return the names of the official files of a source (often years), the newest last."""
    return sorted(key for key in entry.files if key != "mirror")


def fetch(
    identifier: str,
    part: str | None = None,
    *,
    refresh: bool = False,
    progress: bool = False,
    say: Callable[[str], object] = lambda text: None,
) -> Path:
    """Get an official file, from the cache if it is there.

    Parameters: `identifier`, id of a source; `part`, which of its files (the newest when None); `refresh`,
    download again even if it is there; `progress`, show a bar; `say`, a function that is told what changed.
    Returns the path of the file. Raises `DataError` when it cannot be had or is not what it was; the text
    names the shipped tables that serve instead.
    """
    entry = source(identifier)
    part, url = _choose(entry, part)
    target = cache_folder() / entry.id / (part + "-" + _name(url))
    known = entry.official_sha256.get(part)
    record = target.with_name(target.name + ".json")
    before = json.loads(record.read_text(encoding="utf-8")) if record.exists() else None
    if target.exists() and not refresh:
        expected = known or (before or {}).get("sha256")
        found = file_digest(target)
        if expected and found != expected:
            raise DataError(
                f"{target}: sha256 is {found}, "
                f"{'the registry' if known else 'the record of the download'} says {expected}; "
                f"delete the file, then run `bobanalysis data fetch {entry.id}` again"
            )
        if expected:
            return target
    _download(entry, url, target, known, progress)
    digest = file_digest(target)
    if before and before["sha256"] != digest:
        say(f"{url} has changed since {before['downloaded']}: sha256 was {before['sha256']}, is {digest}")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record.write_text(
        json.dumps({"url": url, "sha256": digest, "downloaded": now}, indent=1) + "\n", encoding="utf-8"
    )
    return target


def _choose(entry: Source, part: str | None) -> tuple[str, str]:
    if entry.access != "download":
        raise DataError(f"{entry.id} {ACCESS_TEXT[entry.access]}; see {entry.landing}{_instead(entry)}")
    names = parts(entry)
    if not names:
        raise DataError(f"{entry.id} has no official file to download; see {entry.landing}{_instead(entry)}")
    if part is None:
        part = names[-1]
    if part not in names:
        raise DataError(f"{entry.id} has no file {part!r}; it has {', '.join(names)}")
    return part, entry.files[part]


def _name(url: str) -> str:
    split = urlsplit(url)
    name = Path(split.path).name or "file"
    return (
        name
        if not split.query or "." in name
        else f"{name}-{hashlib.sha256(split.query.encode()).hexdigest()[:8]}"
    )


def _instead(entry: Source) -> str:
    shipped = (entry.id,) if entry.table else entry.shipped_as
    if not shipped:
        return ""
    return f". Without it, the shipped tables serve: {', '.join(shipped)} (in {root() / 'reference'})"


def file_digest(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(entry: Source, url: str, target: Path, known: str | None, progress: bool) -> None:
    import pooch
    import requests

    incoming = target.with_name(target.name + ".part")
    incoming.unlink(missing_ok=True)
    pooch.get_logger().setLevel("ERROR")
    loader = pooch.HTTPDownloader(progressbar=_Bar() if progress else False, timeout=60)
    try:
        pooch.retrieve(url, known_hash=known, fname=incoming.name, path=incoming.parent, downloader=loader)
    except (requests.RequestException, OSError) as error:
        raise DataError(f"{url}: could not be downloaded ({_short(error)}){_instead(entry)}") from None
    except ValueError as error:  # pooch says so when the sha256 is not the known one
        raise DataError(
            f"{url}: what came is not the file of the registry ({_short(error)}); nothing was kept. "
            "If the producer has "
            f"published a new version, change official_sha256 in sources.yaml{_instead(entry)}"
        ) from None
    incoming.replace(target)  # an interrupted download never stands under the name of a whole one


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) < 200 else text[:200] + "…"


class _Bar:
    """A progress bar as pooch wants it, drawn by rich."""

    def __init__(self) -> None:
        from rich.progress import Progress

        self._progress = Progress(transient=True)
        self._task = self._progress.add_task("download", total=None)
        self._progress.start()

    @property
    def total(self) -> int | None:
        return None

    @total.setter
    def total(self, value: int) -> None:
        self._progress.update(self._task, total=value or None)

    def update(self, amount: int) -> None:
        self._progress.advance(self._task, amount)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
