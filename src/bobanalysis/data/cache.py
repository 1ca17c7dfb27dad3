"""Download official files to a cache on this machine, and prove on every use that they are still what was
downloaded.

The sha256 and the date of the download are written beside a file; later uses compare with that, so a silent
change is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bobanalysis.data.official import LOADERS
from bobanalysis.data.registry import DataError, Source, folder, source
from bobanalysis.tables import InputError, digest, file_lock, short, write_text

ACCESS_TEXT = {
    "account": "needs an account with its producer",
    "restricted": "is open only to researchers with an agreement",
    "closed": "is not published at an address we know",
}


def fetch(
    identifier: str,
    part: str | None = None,
    *,
    refresh: bool = False,
    given: Path | None = None,
    say: Callable[[str], object] = lambda text: None,
) -> Path:
    """Get an official file, from the cache if it is there.

    Parameters: `identifier`, id of a source; `part`, which of its files (the newest when None); `refresh`,
    download again even if it is there; `given`, a file to keep in place of a download; `say`, a function that
    is told what is downloaded and what changed. Returns the path of the file. Raises `DataError` when it
    cannot be had, cannot be read or is not what it was, and leaves what was in the cache; the text names the
    shipped tables that serve instead.
    """
    entry = source(identifier)
    ids = ", ".join((entry.id,) if entry.table else entry.shipped_as)
    instead = f". Without it, the shipped tables serve: {ids} (in {folder()}/reference)" if ids else ""
    part = part or (entry.parts or [""])[-1]
    if part and part not in entry.parts:
        raise DataError(f"{entry.id} has no file {part!r}; it has {', '.join(entry.parts)}")
    if part and not (refresh or given) and (kept := cached(identifier, part)):
        return kept
    if not part or (entry.access != "download" and not given):
        why = ACCESS_TEXT.get(entry.access, "has no official file to download")
        by_hand = f"; if you have it: `bobanalysis data fetch {entry.id} --path FILE --keep`" * bool(part)
        raise DataError(f"{entry.id} {why}; see {entry.landing}{by_hand}{instead}")
    url, (target, record) = entry.files[part], _places(entry, part)
    with file_lock(
        target.with_name(".lock"), lambda: say(f"another download of {entry.id} is at work: waiting")
    ):
        if not (refresh or given) and (kept := cached(identifier, part)):
            return kept
        for left in target.parent.glob(".*.part"):  # of a download that was ended by force
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=target.parent) as aside:
            incoming = Path(aside, target.name)
            if given:
                shutil.copyfile(given, incoming)
            else:
                say(f"downloading {url}")
                _download(url, incoming, entry.sha256 if entry.table is None else None, instead)
            try:
                LOADERS.get(entry.id, lambda path: None)(incoming)
            except InputError as error:
                wrong = str(error).replace(str(incoming), given.name if given else incoming.name)
                raise DataError(f"{given or url}: what is there is kept, this is not it: {wrong}") from None
            before, found = _read(record), digest(incoming)
            if before and before["sha256"] != found:
                said = f"{before['downloaded']}: sha256 was {before['sha256']}, is {found}"
                say(f"{url} has changed since {said}")
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            made = {"url": f"given: {given.name}" if given else url, "sha256": found, "downloaded": now}
            # The record comes first and says what stands there: whichever of the two a kill leaves is known.
            stands = digest(target) if target.exists() else ""
            made["before"] = stands if stands in (before.get("sha256"), before.get("before")) else ""
            write_text(json.dumps(made, indent=1) + "\n", record)
            incoming.replace(target)
    return target


def cached(identifier: str, part: str | None = None) -> Path | None:
    """Find an official file in the cache, None when it is not there.

    Raises `DataError` when it is not what was downloaded.
    """
    entry = source(identifier)
    target, record = _places(entry, part or entry.parts[-1])
    if not (target.exists() and (before := _read(record))):
        return None
    if (found := digest(target)) in (before["sha256"], before.get("before")):
        return target
    why = f"sha256 is {found}, the record of the download says {before['sha256']}"
    raise DataError(f"{target}: {why}; delete the file, then run `bobanalysis data fetch {entry.id}` again")


def _places(entry: Source, part: str) -> tuple[Path, Path]:
    """Where a file is kept, and where its record: in $BOBANALYSIS_CACHE, or in the cache of the system."""
    import pooch

    cache = Path(os.environ.get("BOBANALYSIS_CACHE") or pooch.os_cache("bobanalysis"))
    target = cache / entry.id / f"{part}-{_name(entry.files[part])}"
    return target, target.with_name(target.name + ".json")


def _read(record: Path) -> dict[str, str]:
    """Read what was written when a file was downloaded; nothing when there is no record."""
    try:
        read = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        return {**read, "sha256": read["sha256"], "downloaded": read["downloaded"]} if read else {}
    except (ValueError, TypeError, KeyError):
        damaged = "the record of a download is damaged; delete it, then fetch again"
        raise DataError(f"{record}: {damaged}") from None


def _name(url: str) -> str:
    split = urlsplit(url)
    name = Path(split.path).name or "file"
    plain = not split.query or "." in name
    return name if plain else f"{name}-{hashlib.sha256(split.query.encode()).hexdigest()[:8]}"


def _download(url: str, incoming: Path, sha256: str | None, instead: str) -> None:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    loader = pooch.HTTPDownloader(timeout=60)
    try:
        pooch.retrieve(url, sha256, fname=incoming.name, path=incoming.parent, downloader=loader)
    except (OSError, ValueError) as error:  # as the errors of requests are, and a wrong checksum
        raise DataError(f"{url}: could not be downloaded ({short(error)}){instead}") from None
